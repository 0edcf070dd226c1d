"""The command `gradient`: what it prints, which files it writes, what it says of mistakes."""

import json
import re

import pytest
from making import ROOT
from morphology_example import NAME, butterflies
from PIL import Image

from core.__main__ import main
from core.curation import Desk
from core.library import Library

DOCS = (ROOT / "docs" / "methods" / "gradients.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    root = tmp_path_factory.mktemp("butterflies")
    workspace = butterflies(root)
    desk = Desk(workspace)
    opened = Library.with_desk(workspace, desk).open(NAME)
    desk.act(opened, "slice.create", list(range(10)), name="pale", how="by hand")
    return root


@pytest.fixture
def run(home, capfdbinary):
    def call(*arguments, code=0):
        folder = str(home / "workspace")
        assert main(["gradient", NAME, *arguments, "--workspace", folder]) == code
        said = capfdbinary.readouterr()
        return said.out.decode() if code == 0 else said.err.decode()

    return call


def documented():
    """The fields of the table of `gradient NAME --json`."""
    table = DOCS.split("## `gradient NAME --json`")[1].split("\n## ")[0]
    return re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)


def test_it_prints_the_documented_json(run):
    found = json.loads(run("--from", "apollo", "--to", "brimstone", "--json"))
    assert sorted(found) == sorted(documented())
    assert found["request"]["by"] == "label"
    assert found["auc"] == 1.0
    assert list(found["places"][0]) == [
        "target", "row", "item_id", "t", "residual", "text", "group", "bridge",
    ]  # fmt: skip


def test_in_words_it_tells_the_finding_the_strip_and_the_warnings(run):
    said = run("--from", "apollo", "--to", "brimstone", "--unit", "specimen")
    assert said.startswith("From apollo to brimstone: on units held out, the axis puts the right")
    assert len(re.findall(r"^ +-?\d\.\d\d  (?:row|\(no image\))", said, re.MULTILINE)) == 9
    assert re.search(r"size: r = -?\d\.\d\d, p = ", said)
    assert re.search(r"^gradient [0-9a-f]{32}$", said, re.MULTILINE)
    assert "Copies were not looked for" not in said
    assert "caution: Copies were not looked for" in run("--from", "apollo", "--to", "comma")


def test_files_are_written_by_what_their_names_end_with(run, tmp_path):
    files = [tmp_path / "new" / f"strip.{kind}" for kind in ("png", "svg", "csv", "json")]
    out = [part for file in files for part in ("--out", str(file))]
    said = run("--from", "0", "--to", "60", "--kind", "geodesic", "--k", "20", *out)
    assert said.splitlines()[-4:] == [str(file) for file in files]
    with Image.open(files[0]) as image:
        assert image.width > 700
    assert files[1].read_text().startswith("<svg")
    assert len(files[2].read_text().splitlines()) == 89
    assert json.loads(files[3].read_text())["kind"] == "geodesic"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "give --from and --to, or --kind principal"),
        (("--from", "apollo", "--to", "moth"), "“moth” is neither a label, a slice nor an image"),
        (("--from", "apollo", "--to", "pale"), "different columns (label and slices)"),
        (("--from", "north", "--to", "0", "--by", "size"), "does not hold categories"),
        (("--from", "apollo", "--to", "0", "--kind", "discriminant"), "needs two groups"),
        (("--kind", "principal", "--from", "apollo"), "no ends"),
        (("--from", "0", "--to", "1", "--places", "1"), "places 1"),
        (("--from", "0", "--to", "1", "--out", "strip.gif"), ".png, .svg, .csv, .json"),
        (("--from", "0", "--to", "1", "--out", "."), "is a folder"),
        (("--from", "0", "--to", "1", "--correlate", "side"), "no numbers there"),
    ],
)
def test_mistakes_are_said_in_a_line(run, arguments, said):
    found = run(*arguments, code=2)
    assert said in found
    assert found.count("\n") == 1


def test_a_picture_of_the_set_is_never_overwritten(run, home):
    target = home / "pictures" / "00.png"
    before = target.read_bytes()
    found = run("--from", "0", "--to", "1", "--out", str(target), code=2)
    assert "00.png" in found
    assert target.read_bytes() == before
    assert "own folder" in run("--kind", "principal", "--out", str(target.with_name("s.png")),
                               code=2)  # fmt: skip

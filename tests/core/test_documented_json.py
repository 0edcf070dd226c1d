"""What docs/cli.md says that `--json` prints, and what is printed: part, search, export, more."""

import json
import re
from types import SimpleNamespace

import contrastive
import numpy as np
import pytest
from making import ROOT, json_here, picture, run_here, run_json
from vectorsets import vector_set

from core.__main__ import main
from core.encoders import open_encoder
from core.storage.store import Workspace

DOCS = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")


def section(heading):
    """Return the text of a section of the command line's documentation."""
    return DOCS.split(f"\n## {heading}\n")[1].split("\n## ")[0]


def in_table(heading):
    """Return the fields that a section's table lists."""
    rows = re.findall(r"^\| (`[^|]+) \|", section(heading), re.MULTILINE)
    return {name for row in rows for name in re.findall(r"`(\w+)`", row) if "--" not in row}


def in_braces(heading):
    """Return the fields of the last `{a, b, …}` of a section."""
    return set(re.split(r",\s*", re.findall(r"`\{([^}]+)\}`", section(heading))[-1]))


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    root = tmp_path_factory.mktemp("documented")
    for seed in range(24):
        (root / "pictures" / "ab"[seed % 2]).mkdir(parents=True, exist_ok=True)
        picture(seed).save(root / "pictures" / "ab"[seed % 2] / f"{seed}.png")
    ran = run_here(root / "pictures", "s", workspace=root / "ws")
    lines = "".join(f"a/{seed}.png\n" for seed in range(0, 24, 2))
    (root / "ids.txt").write_text(lines)
    run_json("slice", "s", "a", "--ids", root / "ids.txt", workspace=root / "ws")
    return root, ran


def test_part_prints_what_run_does_and_what_is_said_to_be_more(home, capsys):
    root, ran = home
    made = json_here(capsys, "part", "s", "--slice", "a", "--map", "pca", workspace=root / "ws")
    more = set(re.findall(r"`(\w+)`", section("part NAME").split("`--json` prints")[1]))
    (found,) = made["maps"]
    assert set(made) | set(found) >= more
    assert set(made) == set(ran) | (more - {"m2"})
    assert "m2" in found
    assert (made["base"], made["parent"], made["depth"], made["items"]) == ("s", "s", 1, 12)


def test_search_prints_the_documented_fields(home, capsys):
    root, _ = home
    found = json_here(capsys, "search", "s", "--item", "3", "--top", "4", workspace=root / "ws")
    assert set(found) == in_table("search NAME")
    described = re.search(r"a list of `\{([^}]+)\}`", section("search NAME"))[1]
    assert set(found["results"][0]) == set(described.split(", "))


def test_zero_shot_prints_the_fields_of_propagate_and_its_own(tmp_path, capsys):
    contrastive.write_untrained(tmp_path / "pair")
    encoder = open_encoder(f"open_clip:local-dir:{tmp_path / 'pair'}", device="cpu")
    workspace = Workspace(tmp_path / "ws")
    seen = [encoder.prepare(SimpleNamespace(image=picture(seed))) for seed in range(12)]
    labels = np.array(["one", "two", None] * 4, dtype=object)
    vector_set(workspace, encoder.encode(np.stack(seen)), name="w", spec=encoder.spec, label=labels)
    asked = ("zero-shot", "w", "--label", "one", "--label", "two=pair, two", "--least", "0.01")
    assert main([*asked, "--json", "--workspace", str(workspace.root)]) == 0
    found = json.loads(capsys.readouterr().out)
    own = section("zero-shot NAME").split("`--json` prints")[1]
    assert "`propagate` (without `reach`)" in own.replace("\n", " ")
    named = set(re.findall(r"`(\w+)`", own.split("and `by`")[1])) | {"by"}
    first = re.findall(r"`\{([^}]+)\}`", section("propagate NAME"))[0]
    of_propagate = set(re.split(r",\s*", first))
    assert set(found) == of_propagate - {"reach"} | named
    assert found["proposals"]
    assert set(found["proposals"][0]) == in_braces("propagate NAME")
    assert set(found["by_label"][0]) == {"label", "known", "told"}


def test_replay_prints_the_documented_fields(home, tmp_path, capsys):
    root, _ = home
    json_here(capsys, "bundle", "s", "--out", tmp_path / "b.zip", workspace=root / "ws")
    found = json_here(
        capsys, "replay", tmp_path / "b.zip", root / "pictures", workspace=tmp_path / "ws"
    )
    assert set(found) == in_braces("replay LOG SOURCE")
    assert (found["same"], found["items"]) == (True, 24)


def test_export_prints_the_documented_fields(home, tmp_path, capsys):
    root, _ = home
    documented = in_braces("export NAME --to FORMAT")
    one = json_here(
        capsys, "export", "s", "--to", "csv", "--out", tmp_path / "s.csv", workspace=root / "ws"
    )
    assert set(one) == documented
    many = json_here(
        capsys, "export", "s", "--to", "copies", "--slice", "a", "--out", tmp_path / "out",
        workspace=root / "ws",
    )  # fmt: skip
    assert set(many) == documented | {"seconds"}
    assert (many["items"], many["written"]) == (12, 12)

"""The command `morphology`: what it prints, what it says of mistakes, and its check of a file."""

import json

import pytest

from core.__main__ import main
from core.comparing.result import KIND
from core.keys import unsealed
from core.storage.store import Workspace


@pytest.fixture(scope="module")
def made(made_butterflies, tmp_path_factory):
    return made_butterflies.copy(tmp_path_factory.mktemp("command"))


@pytest.fixture
def run(made, capfdbinary):
    def call(*arguments, code=0):
        assert main([*arguments, "--workspace", str(made.workspace.root)]) == code
        said = capfdbinary.readouterr()
        return (said.out if code in {0, 1} else said.err).decode()

    return call


ASKED = (
    *("morphology", "butterflies", "--by", "label", "--unit", "specimen", "--covariate", "size"),
    *("--preset", "lurig", "--pair", "side", "--permutations", "199", "--draws", "50"),
)


def test_it_prints_what_the_job_says_sealed(run, made):
    found = json.loads(run(*ASKED, "--json"))
    assert unsealed(found) == json.loads(json.dumps(made.result))
    assert set(found) >= {
        "tests", "distances", "dispersion", "pairwise", "metric_card", "disparity", "distinct",
        "tree", "ordination", "lurig", "design", "methods", "citations", "seconds",
    }  # fmt: skip
    assert set(found["tests"][0]) >= {
        "name", "statistic", "p", "p_min", "effect", "ci", "n_units", "status", "warnings",
    }  # fmt: skip
    assert set(found["distances"][0]) >= {"a", "b", "distance", "ci"}
    assert found["kind"] == KIND


def test_in_words_the_effect_comes_first(run):
    lines = run(*ASKED).splitlines()
    assert lines[0].startswith("Groups of label explain 66 % of the differences (chance 13 %")
    assert lines[1] == ("88 images, 24 units (specimen): apollo 6, brimstone 6, comma 6, dryad 6")
    assert any(line.startswith("PERMANOVA, unequal spread (label): ω² 0.603 (") for line in lines)
    assert any("apollo – comma" in line for line in lines)


def test_comparisons_are_listed(run, made):
    assert run("morphology", "butterflies").startswith(made.key)
    (line,) = json.loads(run("morphology", "butterflies", "--json"))
    assert line["key"] == made.key


def test_a_file_is_verified_and_a_changed_one_is_not(run, tmp_path):
    file = tmp_path / "it.json"
    page = tmp_path / "new" / "it.html"
    said = run(*ASKED, "--out", str(file), "--out", str(page)).splitlines()
    assert said[-2:] == [str(file), str(page)]
    assert page.read_bytes().startswith(b"<!DOCTYPE html>")
    assert b"data:image/" in page.read_bytes()
    assert run("morphology", "--verify", str(file)).strip() == (
        "the same: every number came out again"
    )
    value = json.loads(file.read_text(encoding="utf-8"))
    value["pairwise"][0]["effect"] += 0.01
    file.write_text(json.dumps(value), encoding="utf-8")
    said = run("morphology", "--verify", str(file), code=1)
    assert "differs from its checksum" in said
    assert "pairwise[0].effect" in said
    found = json.loads(run("morphology", "--verify", str(file), "--json", code=1))
    assert not found["same"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "give the name of a set, or --verify FILE"),
        (("nothing", "--by", "label"), "no set named 'nothing'"),
        (("butterflies", "--by", "nothing"), "no column 'nothing'"),
        (("butterflies", "--by", "label", "--slice", "a"), "not both"),
        (("butterflies", "--by", "label", "--permutations", "5"), "permutations 5"),
        (("butterflies", "--by", "label", "--verify", "x.json"), "--verify checks a file"),
        (("butterflies", "--by", "label", "--out", "a.txt"), "must end with .html, .pdf, .json"),
        (("butterflies", "--by", "label", "--out", "."), "must end with"),
        (("butterflies", "--out", "a.html"), "name its groups by --by"),
        (("--verify", "gone.json"), "gone.json cannot be read"),
    ],
)
def test_mistakes_are_named_and_start_no_job(run, made, arguments, words):
    before = list(Workspace(made.workspace.root).artefacts())
    assert words in run("morphology", *arguments, code=2)
    assert list(Workspace(made.workspace.root).artefacts()) == before


def test_what_is_no_json_is_said(run, tmp_path):
    file = tmp_path / "it.json"
    file.write_text("{", encoding="utf-8")
    assert "is not JSON" in run("morphology", "--verify", str(file), code=2)

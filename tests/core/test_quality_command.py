"""The command `quality`: what it prints, as documented, and what it says of mistakes."""

import json
import re

import numpy as np
import pandas as pd
import pytest
from making import ROOT
from vectorsets import blobs, vector_set

from core.__main__ import main
from core.curation import Desk
from core.library import Library
from core.storage.store import Workspace

DOCS = (ROOT / "docs" / "methods" / "outliers.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    root = tmp_path_factory.mktemp("checked") / "workspace"
    vectors, group = blobs([60, 60], spread=0.1)
    vectors[5], vectors[6] = vectors[4], vectors[4] + 1e-4
    vectors[7] = np.random.default_rng(3).normal(size=16)
    group[[8, 9]] = 1
    ids = [f"{row if row != 5 else 4:064x}" for row in range(120)]
    label = pd.Series([f"kind {one}" for one in group], dtype="string")
    label[7] = None
    workspace = Workspace(root)
    vector_set(workspace, vectors, name="s", ids=ids, label=label)
    vector_set(workspace, vectors[:20], name="other", ids=ids[:20])
    return root


@pytest.fixture
def run(home, capfdbinary):
    def call(*arguments, code=0):
        assert main([*arguments, "--workspace", str(home)]) == code
        said = capfdbinary.readouterr()
        return said.out.decode() if code == 0 else said.err.decode()

    return call


def documented():
    """The fields of the table of `quality NAME --json`, and what it says of each."""
    table = DOCS.split("## `quality NAME --json`")[1].split("\n## ")[0]
    lines = re.findall(r"^\| (`[^|]+) \| (.*) \|$", table, re.MULTILINE)
    return {name: text for row, text in lines for name in re.findall(r"`(\w+)`", row)}


def test_it_prints_the_documented_json(run):
    found = json.loads(run("quality", "s", "--json", "--tau", "0.01", "--turned"))
    told = documented()
    assert set(found) == set(told)
    ids = [f"{row if row != 5 else 4:064x}" for row in range(120)]
    copies = found["duplicates"]
    assert set(copies) == {"identical", "pixels", "near", "turned", "rows", "leaks"}
    assert copies["identical"] == [[ids[4], ids[4]]]
    assert copies["near"]["threshold"] == 0.01
    assert copies["near"]["source"] == "given"
    assert [sorted(group) for group in copies["rows"]["near"]] == [[4, 5, 6]]
    assert [sorted(group) for group in copies["near"]["groups"]] == [
        sorted([ids[4], ids[4], ids[6]])
    ]
    first = found["outliers"][0]
    fields = re.search(r"`\{([^}]+)\}`", told["outliers"])[1].split(", ")
    assert list(first) == fields
    assert (first["item_id"], first["row"], first["p"]) == (ids[7], 7, None)
    assert found["pictures"]["dark"] == []
    labels = found["labels"]
    assert set(labels) == {"column", "issues", "balance", "ber", "ber_curve"}
    assert {line["row"] for line in labels["issues"]} == {8, 9}
    fields = re.search(r"issues \[\{([^}]+)\}\]", told["labels"])[1].split(", ")
    assert set(labels["issues"][0]) >= set(fields)
    assert labels["issues"][0]["given"] == "kind 1"
    assert labels["issues"][0]["proposed"] == "kind 0"
    fields = re.search(r"balance \{([^}]+)\}", told["labels"])[1].split(", ")
    assert list(labels["balance"]) == fields
    assert 0 <= labels["ber"]["lower"] <= labels["ber"]["upper"]
    assert set(found["told"]) == set(found["topics"])


def test_only_what_is_asked_for_is_told(run):
    found = json.loads(run("quality", "s", "--json", "--only", "outliers", "--share", "0.05"))
    assert found["topics"] == ["outliers"]
    assert [found[topic] for topic in ("duplicates", "pictures", "labels")] == [None] * 3
    assert len(found["outliers"]) == 6


def test_copies_in_another_set_are_leaks(run):
    found = json.loads(run("quality", "s", "--json", "--only", "duplicates", "--against", "other"))
    leaks = found["duplicates"]["leaks"]
    assert {(line["kind"], line["second"]) for line in leaks} == {("set", "other")}
    assert {line["row"] for line in leaks} >= set(range(20))


def test_a_reference_gives_p(run, home):
    workspace = Workspace(home)
    desk = Desk(workspace)
    one = Library.with_desk(workspace, desk).open("s")
    desk.act(one, "slice.create", np.arange(20, 120, 2), name="clean")
    said = run("quality", "s", "--json", "--only", "outliers", "--reference", "clean", "--q", "0.5")
    found = json.loads(said)
    assert all(line["p"] > 0 and line["discovered"] for line in found["outliers"])
    assert found["told"]["outliers"]["reference"] == "clean"


def test_for_a_person_it_says_it_in_words(run):
    said = run("quality", "s", "--tau", "0.01")
    assert "s: 120 items checked" in said
    assert "near-duplicates: 1 group, 2 copies" in said
    assert "a ranking, not a test" in said
    assert "vectors and no pictures" in said
    assert "2 of 119 are probably wrong" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing"], "no set named 'nothing'"),
        (["s", "--reference", "none"], "there is no slice “none”"),
        (["s", "--column", "kind"], "no column 'kind'"),
        (["s", "--tau", "3"], "tau 3.0: a number above 0, up to 2"),
        (["s", "--outliers", "glosh", "--per-class"], "per_class: only with outliers=rank"),
        (["s", "--against", "s"], "'s' is the set itself"),
    ],
)
def test_a_mistake_is_one_line_and_starts_no_job(run, home, arguments, said):
    told = run("quality", *arguments, code=2)
    assert said in told
    assert len(told.strip().splitlines()) == 1

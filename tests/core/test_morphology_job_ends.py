"""The job that compares forms on sets with little in them, and how it may end."""

import hashlib
import json
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from making import ROOT
from vectorsets import blobs, vector_set

from core.comparing import run_morphology, verify
from core.comparisons import Comparisons
from core.config import load_settings
from core.curation import Desk
from core.errors import ArtifactCorruptError, InputError, JobCancelled, NotFoundError
from core.keys import sealed
from core.library import Library
from core.progress import Progress
from core.storage.store import Workspace

FAST = {"permutations": 99, "draws": 20}


@pytest.fixture
def settings(tmp_path):
    return load_settings({"workspace": str(tmp_path / "workspace"), "workers": 1}, {})


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path / "workspace")


def compare(workspace, settings, name="set", progress=None, **asked):
    return run_morphology({"name": name, **FAST, **asked}, workspace, settings, progress)


def state_of(workspace):
    """Names and content of every comparison stored."""
    folder = workspace.root / "artefacts" / "morphology"
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


# -- little in it ----------------------------------------------------------------------------------


def undefined(result):
    assert json.loads(json.dumps(result, allow_nan=False)) == result
    for test in result["tests"]:
        assert test["status"] == "undefined"
        assert test["p"] is test["p_min"] is test["effect"] is None
        assert test["warnings"]
    assert "Nothing can be tested" in result["headline"]


def test_identical_points_have_no_p(workspace, settings):
    vector_set(workspace, np.ones((20, 4)), label=pd.Series(["a", "b"] * 10, dtype="string"))
    found = compare(workspace, settings, by="label", aggregate="image")
    undefined(found)
    assert "all units lie in one place" in found["tests"][0]["warnings"]
    assert [line["p"] for line in found["pairwise"]] == [None]
    assert found["distances"][0]["distance"] == 0
    assert [line["p"] for line in found["disparity"]["pairs"]] == [None]
    assert [line["p"] for line in found["distinct"]["groups"]] == [None, None]
    assert verify(sealed(found), workspace, settings)["same"]


def test_groups_too_small_are_shown_and_not_tested(workspace, settings):
    vectors, group = blobs([5, 2, 1, 6], spread=0.3)
    vector_set(workspace, vectors, label=pd.Series([f"k{g}" for g in group], dtype="string"))
    found = compare(workspace, settings, by="label", aggregate="image")
    assert [one["tested"] for one in found["design"]["groups"]] == [True, False, False, True]
    assert found["tests"][0]["n_units"] == 11
    assert len(found["pairwise"]) == 1
    ends = {(line["a"], line["b"]): line["ci"] for line in found["distances"]}
    assert set(ends) == {("k0", "k1"), ("k0", "k3"), ("k1", "k3")}
    assert ends["k0", "k1"] is None  # two units have no interval
    assert ends["k0", "k3"] is not None
    assert found["tree"]["leaves"] == ["k0", "k1", "k3"]
    matrix = Comparisons(workspace).open(found["comparison"]).arrays["matrix"]
    assert np.isnan(matrix[2]).all()
    assert found["disparity"]["groups"][2]["variance"] is None


@pytest.mark.parametrize("sizes", [[2, 2], [9, 1], [1, 1, 1]])
def test_fewer_than_two_groups_are_undefined_and_no_failure(workspace, settings, sizes):
    vectors, group = blobs(sizes, spread=0.3)
    vector_set(workspace, vectors, label=pd.Series([f"k{g}" for g in group], dtype="string"))
    found = compare(workspace, settings, by="label", aggregate="image", preset="lurig")
    undefined(found)
    assert found["lurig"]["status"] == "undefined"
    assert {one["code"] for one in found["design"]["warnings"]} >= {"few_units", "small_groups"}
    assert Comparisons(workspace).list("set")[0].headline == found["headline"]


def test_one_group_and_one_image(workspace, settings):
    vector_set(workspace, blobs([4])[0], label=pd.Series(["only"] * 4, dtype="string"))
    undefined(compare(workspace, settings, by="label", aggregate="image"))
    vector_set(workspace, np.ones((1, 4)), name="one", label=pd.Series(["a"], dtype="string"))
    undefined(compare(workspace, settings, "one", by="label", aggregate="image"))


def test_nothing_left_is_said(workspace, settings):
    vector_set(workspace, blobs([6, 6])[0], label=pd.Series(["a", "b"] * 6, dtype="string"))
    desk = Desk(workspace)
    opened = Library.with_desk(workspace, desk).open("set")
    desk.act(opened, "drop", np.arange(12))
    with pytest.raises(InputError, match="no vector is left to compare: 12 excluded or dropped"):
        compare(workspace, settings, by="label")
    assert list(workspace.artefacts()) == [
        found for found in workspace.artefacts() if found[0] != "morphology"
    ]


def test_a_covariate_that_is_the_group_explains_nothing_of_its_own(workspace, settings):
    vectors, group = blobs([8, 8], spread=0.4)
    label = pd.Series([f"k{g}" for g in group], dtype="string")
    vector_set(workspace, vectors, label=label, same=label)
    found = compare(workspace, settings, by="label", aggregate="image", covariates=["same"])
    marginal = [t for t in found["tests"] if t["name"] == "PERMANOVA, marginal"]
    assert [t["status"] for t in marginal] == ["undefined"] * 2
    assert "says nothing that the others do not" in marginal[0]["warnings"][0]


def test_more_groups_than_are_tested_in_pairs(workspace, settings):
    vectors, group = blobs([3] * 41, spread=0.3)
    vector_set(workspace, vectors, label=pd.Series([f"k{g:02}" for g in group], dtype="string"))
    found = compare(workspace, settings, by="label", aggregate="image", draws=2)
    assert found["pairwise"] == []
    assert found["disparity"]["pairs"] == []
    assert any("40 groups at most; here are 41" in note for note in found["design"]["notes"])
    assert len(found["distances"]) == 41 * 40 / 2


def test_a_set_that_was_not_run_to_its_end(workspace, settings):
    vector_set(workspace, blobs([6, 6])[0], label=pd.Series(["a", "b"] * 6, dtype="string"))
    workspace.write_set("set", {**workspace.read_set("set"), "neighbors": None})
    with pytest.raises(NotFoundError, match="has no neighbours yet"):
        compare(workspace, settings, by="label")


# -- ends ------------------------------------------------------------------------------------------


def test_cancelled_at_any_stage_it_stores_no_comparison(workspace, settings):
    vectors, group = blobs([12, 12, 12], spread=0.5)
    label = pd.Series([f"k{one}" for one in group], dtype="string")
    vector_set(workspace, vectors, label=label, size=pd.Series(np.arange(36.0)))
    stages = []
    compare(workspace, settings, progress=Progress(lambda step: stages.append(step.stage)),
            by="label", covariates=["size"])  # fmt: skip
    stages = list(dict.fromkeys(stages))
    assert {"permutations", "distances of groups", "ordination", "distinctiveness"} <= set(stages)
    before = state_of(workspace)
    for stage in stages[1:]:
        heard = []
        progress = Progress(lambda step, h=heard: h.append(step.stage))
        progress = replace(progress, cancelled=lambda h=heard, s=stage: s in h, interval=0.0)
        try:
            compare(workspace, settings, progress=progress, by="label", covariates=["size"], seed=9)
        except JobCancelled:
            assert state_of(workspace) == before, stage
        else:
            assert stage == "storing"  # asked to stop once it was stored


def test_two_that_ask_alike_at_once_compute_once(workspace, settings, monkeypatch):
    from core.comparing import job

    vectors, group = blobs([12, 12], spread=0.5)
    vector_set(workspace, vectors, label=pd.Series([f"k{g}" for g in group], dtype="string"))
    made, make = [], job.make

    def counted(subject, *rest):
        made.append(subject)
        return make(subject, *rest)

    monkeypatch.setattr(job, "make", counted)
    with ThreadPoolExecutor(2) as pool:
        jobs = [pool.submit(compare, workspace, settings, by="label") for _ in range(2)]
        first, second = (one.result() for one in jobs)
    assert first == second
    assert len(made) == 1
    assert len(Comparisons(workspace).list("set")) == 1


KILLED = """
import os, signal, sys
from pathlib import Path
from core.comparing import run_morphology
from core.config import load_settings
from core.progress import Progress
from core.storage.store import Workspace
def die(): os.kill(os.getpid(), signal.SIGKILL)
fill = Workspace._fill
def filling(self, folder, kind, *rest):
    fill(self, folder, kind, *rest)
    if kind == "morphology": die()
Workspace._fill = filling
root = Path(sys.argv[1])
asked = {"name": "set", "by": "label", "permutations": 99, "draws": 20}
run_morphology(asked, Workspace(root), load_settings({"workspace": str(root)}, {}), Progress())
"""


def test_killed_while_it_is_written_nothing_half_is_there(workspace, settings):
    vectors, group = blobs([12, 12], spread=0.5)
    vector_set(workspace, vectors, label=pd.Series([f"k{g}" for g in group], dtype="string"))
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, str(workspace.root)], cwd=ROOT, check=False
    )
    assert ended.returncode == -signal.SIGKILL
    fresh = Workspace(workspace.root)
    assert Comparisons(fresh).list("set") == []
    assert "morphology" not in {kind for kind, _ in fresh.artefacts()}
    found = compare(fresh, settings, by="label")
    assert Comparisons(fresh).open(found["comparison"]).meta["headline"] == found["headline"]


def test_damage_is_named(workspace, settings):
    vectors, group = blobs([12, 12], spread=0.5)
    vector_set(workspace, vectors, label=pd.Series([f"k{g}" for g in group], dtype="string"))
    key = compare(workspace, settings, by="label")["comparison"]
    path = workspace.folder("morphology", key) / "units.parquet"
    path.write_bytes(path.read_bytes()[:-3] + b"???")
    with pytest.raises(ArtifactCorruptError, match=r"units\.parquet"):
        Comparisons(Workspace(workspace.root)).open(key)

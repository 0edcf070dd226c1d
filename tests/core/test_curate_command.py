"""The commands `curate` and `split` as a person types them, on a set and on a part of one."""

import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from making import ROOT, command, run_json, told_here
from vectorsets import blobs, vector_set

from core.choices import Choices, SplitRequest
from core.choosing import data_of
from core.config import load_settings
from core.jobs import JobBoard
from core.splitting import run_split
from core.storage.partrecords import write_part, write_rows
from core.storage.store import Workspace, now

#: What the issue asks of `curate --json`.
ASKED = {"selected", "reasons", "clusters", "covered", "random", "bins", "independent", "verdict"}


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    root = tmp_path_factory.mktemp("command")
    vectors, group = blobs([60, 50, 40, 30, 10, 5, 3, 2])
    vector_set(Workspace(root), vectors, label=[f"l{g % 3}" for g in group],
               themes=np.where(group < 5, group, -1))  # fmt: skip
    return root


def as_part(workspace, rows):
    """Store the first rows of the set as a part of it, as `part` does."""
    rows = np.asarray(rows)
    base = data_of("set", workspace).opened
    unit = data_of("set", workspace).unit(workspace)
    vector_set(workspace, unit[rows], name="twin", ids=[base.item_id(int(r)) for r in rows],
               themes=np.zeros(len(rows)))  # fmt: skip
    record = workspace.read_set("twin")
    (workspace.root / "sets" / "twin.json").unlink()
    name = "set/" + "a" * 16
    write_part(workspace, name, {
        **record, "name": name, "base": "set", "base_imageset": base.key, "parent": "set",
        "lineage": [{"name": "set", "title": "set", "count": len(base), "named": False}],
        "title": "", "count": len(rows), "m2": {}, "m2_between": {}, "updated": now(),
        "rows_sha256": write_rows(workspace, name, np.stack([rows, base.occurrences[rows]])),
    })  # fmt: skip
    return name


def test_curate_prints_what_is_documented_and_makes_the_slice(root):
    found = run_json("curate", "set", "--budget", "20", "--strategy", "Full coverage",
                     "--seed", "3", "--slice", "mine", workspace=root)  # fmt: skip
    assert set(found) >= ASKED
    assert len(found["selected"]) == len(found["reasons"]) == found["count"] == 20
    assert set(found["random"]) >= {"mean", "sd", "low", "high"}
    assert set(found["bins"][0]) >= {"size", "clusters", "covered", "random_mean"}
    assert set(found["independent"]) >= {"clusters", "covered", "random_mean"}
    data = data_of("set", Workspace(root))
    assert [data.opened.item_id(row) for row in found["rows"]] == found["selected"]
    assert data.view.slice("mine").rows.tolist() == sorted(found["rows"])
    again = run_json("curate", "set", "--budget", "20", "--strategy", "coverage", "--seed", "3",
                     workspace=root)  # fmt: skip
    assert (again["selected"], again["choice"]) == (found["selected"], found["choice"])
    assert again["slice"] == ""


def test_a_person_is_told_the_verdict_as_a_sentence(root):
    found = run_json("curate", "set", "--budget", "20", workspace=root)
    told = command("curate", "set", "--budget", "20", workspace=root).stdout
    assert f"20 of 200 chosen\n  {found['verdict']['sentence']}\n" in told
    assert "{" not in told


@pytest.mark.parametrize(
    "flags",
    [["--budget", "0"], ["--budget", "201"], ["--strategy", "best"], ["--pool", "slice:none"]],
)
def test_mistakes_are_one_line_and_exit_code_2(root, capsys, flags):
    out, err = told_here(capsys, "curate", "set", *flags, workspace=root, code=2)
    assert out == ""
    assert err.startswith("error: ")
    assert err.count("\n") == 1


def test_split_prints_every_item_once(root):
    found = run_json("split", "set", "--shares", "60/20/20", "--slices", "fold", workspace=root)
    ids = [*found["train"], *found["validation"], *found["test"]]
    assert sorted(ids) == sorted(data_of("set", Workspace(root)).opened.items["item_id"])
    assert len(found["test"]) == found["counts"]["test"] == 40
    assert found["proof"]["pairs_within_tau"] == 0
    assert found["candidates"] == 200
    assert found["slices"]["train"] == "fold train"
    told = command("split", "set", "--shares", "60/20/20", workspace=root).stdout
    assert "test: 40" in told
    assert "0 of" in told


def test_a_part_of_a_set_is_chosen_from_and_divided_like_a_set(root):
    workspace = Workspace(root)
    rows = np.arange(10, 170)
    name = as_part(workspace, rows)
    found = run_json("curate", name, "--budget", "10%", "--slice", "in part", workspace=root)
    assert (found["count"], found["pool"]) == (16, 160)
    base = data_of("set", workspace)
    assert base.view.slice("in part").rows.tolist() == sorted(rows[found["rows"]].tolist())
    assert [base.opened.item_id(row) for row in rows[found["rows"]]] == found["selected"]
    parts = run_json("split", name, workspace=root)
    assert sum(parts["counts"].values()) == 160
    assert [line.count for line in Choices(workspace).list(name)] == [16]


def test_a_killed_job_leaves_nothing_half_made_and_the_next_one_goes_on(tmp_path):
    workspace = Workspace(tmp_path)
    vector_set(workspace, np.random.default_rng(0).standard_normal((3000, 16)))
    flags = ["split", "set", "--slices", "fold", "--candidates", "1000"]
    job = subprocess.Popen(
        [sys.executable, "app.py", *flags, "--workspace", str(tmp_path)], cwd=ROOT,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    board = JobBoard(tmp_path)
    while not any(line.stage == "splits" for line in board.list()):  # it is at work then
        assert job.poll() is None, "the job ended before it could be killed"
        time.sleep(0.02)
    os.kill(job.pid, signal.SIGKILL)
    job.wait()
    assert Choices(workspace).list_splits("set") == []
    assert data_of("set", workspace).view.slices == []
    run = SplitRequest("set", slices="fold", candidates=10)
    done = run_split(run.to_json(), workspace, load_settings({}, {}))
    assert len(data_of("set", workspace).view.slices) == 3
    assert Choices(workspace).open_splits(done["splits"]).meta["candidates"] == 10

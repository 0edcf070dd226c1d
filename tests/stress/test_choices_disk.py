"""Choices and reports on a disk that fills up, cancelled, and checked again in another place."""

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest
from making import ROOT, command, picture, run_json
from vectorsets import blobs, vector_set

from core.choosing import data_of
from core.curation import Desk
from core.jobs import JobBoard
from core.storage.store import Workspace

SIZES = [60, 50, 40, 30, 10, 5, 3, 2]
ASKED = {
    "choice": ("curate", "set", "--budget", "20", "--slice", "chosen"),
    "splits": ("split", "set", "--slices", "fold", "--candidates", "5"),
    "report": ("report", "set", "--slice", "mine", "--draws", "100"),
    "stability": ("clusters", "set", "--kind", "micro", "--stability"),
}


def made(root):
    workspace = Workspace(root)
    vectors, group = blobs(SIZES)
    vector_set(workspace, vectors, themes=np.where(group < 4, group, -1))
    opened = data_of("set", workspace).opened
    Desk(workspace).act(opened, "slice.create", rows=range(0, 40, 2), name="mine", how="picked")
    return workspace


@pytest.fixture
def full_disk(tmp_path):
    """A workspace on a file system with a few kilobytes left, and what makes it larger."""
    mount = tmp_path / "small disk ü"
    mount.mkdir()
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", mount],
                          capture_output=True, text=True)  # fmt: skip
    if done.returncode:
        pytest.skip(f"cannot mount a small file system: {done.stderr.strip()}")
    made(mount / "ws")
    command("jobs", workspace=mount / "ws")  # the table of jobs is there then
    left = os.statvfs(mount)
    (mount / "filler").write_bytes(bytes(left.f_bavail * left.f_frsize - 24 * 1024))
    yield mount
    subprocess.run(["umount", "-l", mount], check=True)  # arrays of it may still be mapped


def test_a_full_disk_is_one_line_and_the_same_command_goes_on(full_disk):
    root = full_disk / "ws"
    before = sorted(Workspace(root).artefacts())
    for arguments in ASKED.values():
        done = command(*arguments, "--json", workspace=root, code=2)
        assert (done.stdout, done.stderr.count("\n")) == ("", 1)
        assert "the disk is full" in done.stderr
        assert not list((root / "artefacts").glob("*/.*"))
    kept = sorted(Workspace(root).artefacts())
    assert [one for one in kept if one[0] != "partition"] == before
    assert len(data_of("set", Workspace(root)).view.slices) == 1
    (full_disk / "filler").unlink()
    for arguments in ASKED.values():
        run_json(*arguments, workspace=root)
    kinds = [kind for kind, _ in Workspace(root).artefacts()]
    assert all(kinds.count(kind) == 1 for kind in ASKED)
    assert len(data_of("set", Workspace(root)).view.slices) == 5


@pytest.mark.parametrize(
    ("arguments", "how"),
    [
        (("curate", "set", "--budget", "500", "--slice", "chosen"), "cancel"),
        (("curate", "set", "--budget", "500", "--slice", "chosen"), "Ctrl+C"),
        pytest.param(
            ("split", "set", "--slices", "fold", "--candidates", "1000"),
            "cancel",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            ("report", "set", "--slice", "mine", "--draws", "5000"),
            "cancel",
            marks=pytest.mark.slow,
        ),
        pytest.param(
            ("clusters", "set", "--kind", "micro", "--stability"),
            "cancel",
            marks=pytest.mark.slow,
        ),
    ],
    ids=["curate", "curate-ctrl-c", "split", "report", "clusters"],
)
def test_a_cancelled_command_says_so_and_leaves_nothing(tmp_path, arguments, how):
    workspace = Workspace(tmp_path)
    vector_set(workspace, np.random.default_rng(0).standard_normal((6000, 16)))
    opened = data_of("set", workspace).opened
    Desk(workspace).act(opened, "slice.create", rows=range(3000), name="mine", how="picked")
    before = sorted(workspace.artefacts())
    job = subprocess.Popen(
        [sys.executable, "app.py", *arguments, "--json", "--workspace", str(tmp_path)], cwd=ROOT,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        # a shell may have this test itself ignore Ctrl+C
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    board = JobBoard(tmp_path)
    while not (lines := board.list()) or lines[0].stage in {"", "pool", "choice", "clusters"}:
        assert job.poll() is None, "the job ended before it could be cancelled"
        time.sleep(0.01)
    if how == "cancel":
        board.cancel(lines[0].id)  # what the page and `jobs --cancel` do; a process would come late
    else:
        job.send_signal(signal.SIGINT)
    printed, said = job.communicate(timeout=120)
    assert job.returncode == 130, said
    assert printed == ""
    assert board.list()[0].state == "cancelled"
    left = [one for one in workspace.artefacts() if one not in before and one[0] != "partition"]
    assert left == []
    assert [one.name for one in data_of("set", workspace).view.slices] == ["mine"]


@pytest.mark.slow
def test_a_report_is_verified_in_another_workspace_on_copied_pictures(tmp_path):
    first = tmp_path / "pictures"
    first.mkdir()
    for number in range(60):
        picture(number).save(first / f"{number}.png")
    run = ("--name", "set", "--encoder", "pixels", "--map", "pca")
    run_json("run", first, *run, workspace=tmp_path / "ws")
    run_json("curate", "set", "--budget", "12", "--slice", "s", workspace=tmp_path / "ws")
    file = tmp_path / "report.json"
    command("report", "set", "--slice", "s", "--draws", "100", "--json", file,
            workspace=tmp_path / "ws")  # fmt: skip
    assert str(tmp_path) not in file.read_text()

    second = shutil.copytree(first, tmp_path / "another place" / "ü")  # with other times
    shutil.rmtree(first)
    other = tmp_path / "other ws"
    said = command("report", "--verify", file, workspace=other, code=2).stderr
    assert "run the same folder with the same encoder first" in said
    run_json("run", second, "--name", "other", *run[2:], workspace=other)
    found = run_json("report", "--verify", file, workspace=other)
    assert (found["same"], found["differences"]) == (True, [])

    moved = tmp_path / "moved ws"
    shutil.move(tmp_path / "ws", moved)
    assert run_json("report", "--verify", file, workspace=moved)["same"] is True

    report = json.loads(file.read_text())
    report["coverage"]["covered"] += 1
    file.write_text(json.dumps(report))
    found = run_json("report", "--verify", file, workspace=other, code=1)
    assert not found["intact"]
    assert "coverage.covered" in [one["field"] for one in found["differences"]]

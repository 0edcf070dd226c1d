"""A run as a process: stopped by signals, by the job table, following another, out of its pace."""

import json
import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from making import ROOT, picture, run_here

from core.config import load_settings
from core.errors import JobCancelled, StorageError
from core.jobs import JobBoard
from core.pipeline import run
from core.progress import Progress
from core.request import RunRequest
from core.runner import execute
from core.storage.store import Workspace


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """Pictures large enough that a run of them can be stopped; nobody writes into them."""
    root = tmp_path_factory.mktemp("pictures")
    for number in range(120):
        picture(number, (600, 400)).save(root / f"{number}.png")
    return root


def start(source, workspace, *more):
    return subprocess.Popen(
        [sys.executable, "app.py", "run", str(source), "--name", "set", "--map", "pca",
         "--workspace", str(workspace), "--json", *more],
        cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        # a shell that runs the tests in the background has its children ignore it
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip


def wait_until_encoding(workspace, process):
    """Wait until a run has told of encoded pictures; return its job."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        if (workspace / "jobs.sqlite").is_file():
            jobs = JobBoard(workspace).list()
            if jobs and jobs[0].stage == "embed" and jobs[0].done:
                return jobs[0]
        time.sleep(0.05)
    pytest.fail("the run did not get so far")


@pytest.mark.parametrize(
    "how", [pytest.param("SIGINT", marks=pytest.mark.slow), "SIGTERM", "cancel"]
)
def test_a_stopped_run_says_so_in_one_line_and_goes_on_later(tmp_path, pictures, how):
    process = start(pictures, tmp_path / "ws")
    job = wait_until_encoding(tmp_path / "ws", process)
    if how == "cancel":
        JobBoard(tmp_path / "ws").cancel(job.id)  # as `jobs --cancel` does
    else:
        process.send_signal(getattr(signal, how))
    out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (130, "")
    assert err.count("\n") == 1
    assert "goes on from there" in err
    assert JobBoard(tmp_path / "ws").get(job.id).state == "cancelled"
    again = run_here(pictures, "set", encoder="colour-texture", workspace=tmp_path / "ws")
    assert again["items"] == 120
    assert again["reused"] >= job.done  # nothing that was reported as done is done again


def test_the_same_request_twice_is_computed_once_and_told_twice(tmp_path, pictures):
    first = start(pictures, tmp_path / "ws")
    wait_until_encoding(tmp_path / "ws", first)
    second = start(pictures, tmp_path / "ws")
    told = [json.loads(process.communicate(timeout=300)[0]) for process in (first, second)]
    assert told[0] == told[1]
    assert told[0]["encoded"] == 120


def test_two_names_of_one_source_share_the_work(tmp_path, pictures):
    processes = [
        start(pictures, tmp_path / "ws", "--encoder", "colour-texture", "--name", name)
        for name in ("one", "two")
    ]
    told = [json.loads(process.communicate(timeout=300)[0]) for process in processes]
    assert sum(found["encoded"] for found in told) == 120
    assert sorted(found["set"] for found in told) == ["one", "two"]
    assert told[0]["clusters"] == told[1]["clusters"]


def test_a_stop_that_a_library_swallows_is_heard_at_the_next_report(tmp_path, monkeypatch):
    Workspace(tmp_path)
    board = JobBoard(tmp_path)
    job, _ = board.adopt("run", {"a": 1})

    def deaf(job, settings, progress):
        try:
            os.kill(os.getpid(), signal.SIGTERM)
            time.sleep(5)
        except Exception:  # as libraries do around what is optional to them
            progress.report("embed", 1, 1)
        return {}

    monkeypatch.setattr("core.runner._compute", deaf)
    before = signal.getsignal(signal.SIGTERM)
    try:
        with pytest.raises(JobCancelled):
            execute(board, job, load_settings({"workspace": str(tmp_path)}, {}))
    finally:
        signal.signal(signal.SIGTERM, before)
    assert board.get(job.id).state == "cancelled"


def test_waiting_for_another_process_is_told_and_can_be_cancelled(tmp_path):
    workspace = Workspace(tmp_path)
    steps = []
    with workspace.lock("clustering/x"):
        progress = Progress(steps.append, lambda: bool(steps), interval=0)
        thread_error = []

        def wait():
            try:
                with workspace.lock("clustering/x", progress):
                    pass
            except JobCancelled as error:
                thread_error.append(error)

        thread = threading.Thread(target=wait)
        thread.start()
        thread.join(30)
    assert [step.stage for step in steps] == ["waiting"]
    assert len(thread_error) == 1


def test_a_process_that_cannot_be_started_fails_its_job(tmp_path, monkeypatch):
    Workspace(tmp_path)
    board = JobBoard(tmp_path)

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(subprocess, "Popen", full)
    with pytest.raises(StorageError, match="disk is full"):
        board.submit("run", {"a": 1})
    assert [(job.state, "disk is full" in job.error) for job in board.list()] == [("failed", True)]


def test_a_picture_changed_while_it_is_read_keeps_no_wrong_vector(tmp_path):
    """The new content must not be stored under the old content's identity."""
    root = tmp_path / "pictures"
    root.mkdir()
    for number in range(5):
        picture(number).save(root / f"{number}.png")
        os.utime(root / f"{number}.png", (1_700_000_000, 1_700_000_000))
    workspace = Workspace(tmp_path / "ws")
    request = RunRequest(str(root), "set", encoder="pixels", maps=("pca",))
    settings = load_settings({"workspace": str(workspace.root), "workers": 1}, {})

    def change(step):
        if step.stage == "embed" and step.done == 0:
            picture(99).save(root / "2.png")
            (root / "3.png").unlink(missing_ok=True)

    found = run(request, workspace, settings, Progress(change, interval=0))
    reasons = {broken["path"]: broken["reason"] for broken in found["broken"]}
    assert found["items"] == 3
    assert "changed while" in reasons["2.png"]
    assert "not found" in reasons["3.png"]
    again = run(request, workspace, settings)
    assert (again["items"], again["encoded"], again["broken"]) == (4, 1, [])
    elsewhere = Workspace(tmp_path / "other")
    fresh = run(request, elsewhere, load_settings({"workspace": str(elsewhere.root)}, {}))
    assert fresh["maps"] == again["maps"]

"""Jobs: recorded before they start, one for one request, found when dead, stopped when asked."""

import os
import subprocess
import sys
import time

import pytest

from core.errors import NotFoundError, StorageError
from core.jobs import JobBoard, process_started


@pytest.fixture
def board(tmp_path, monkeypatch):
    """A board whose jobs run in processes that only sleep."""
    (tmp_path / "logs").mkdir()
    board = JobBoard(tmp_path)

    def spawn(arguments, log_name):
        child = subprocess.Popen(
            [sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True
        )
        board._children.append(child)
        return child

    monkeypatch.setattr(board, "_spawn", spawn)
    yield board
    for child in board._children:
        child.kill()
        child.wait()


def test_a_job_is_recorded_with_its_request(board):
    job = board.submit("run", {"a": 1}, "a title")
    assert (job.kind, job.request, job.title, job.state) == ("run", {"a": 1}, "a title", "queued")
    assert [j.id for j in JobBoard(board.workspace).list()] == [job.id]


def test_the_same_live_request_is_the_same_job(board):
    first = board.submit("run", {"a": 1, "b": 2})
    assert board.submit("run", {"b": 2, "a": 1}).id == first.id
    assert board.submit("run", {"a": 2}).id != first.id
    assert board.adopt("run", {"a": 1, "b": 2})[1] is False


def test_an_ended_request_may_run_again(board):
    first, ours = board.adopt("run", {"a": 1})
    assert ours
    board.finish(first.id, {"ok": True})
    assert board.get(first.id).result == {"ok": True}
    assert board.submit("run", {"a": 1}).id != first.id


def test_no_more_jobs_run_at_once_than_allowed(board):
    for number in range(3):
        board.submit("run", {"n": number})
    assert len(board._children) == 1


def test_a_job_is_claimed_once(board):
    job = board.submit("run", {"a": 1})
    assert board.claim(job.id).state == "running"
    assert board.claim(job.id) is None


def test_a_job_whose_process_died_is_lost_and_the_next_one_starts(board):
    first, second = board.submit("run", {"n": 1}), board.submit("run", {"n": 2})
    board._children[0].kill()
    board._children[0].wait()
    states = {job.id: job for job in board.list()}
    assert states[first.id].state == "lost"
    assert "run it again" in states[first.id].error
    assert states[second.id].state == "queued"
    assert [c.poll() for c in board._children] == [None]


def test_a_waiting_job_is_cancelled_at_once(board):
    board.submit("run", {"n": 1})
    waiting = board.submit("run", {"n": 2})
    assert board.cancel(waiting.id).state == "cancelled"
    assert board.claim(waiting.id) is None


def test_a_running_job_learns_that_it_should_stop(board):
    job, _ = board.adopt("run", {"a": 1})
    assert not board.cancelled(job.id)
    board.cancel(job.id)
    assert board.cancelled(job.id)
    board.fail(job.id, "cancelled", "cancelled during embed")
    assert board.get(job.id).state == "cancelled"


def test_a_job_that_does_not_stop_is_terminated(board, monkeypatch):
    monkeypatch.setattr("core.jobs.TERM_AFTER", 0.0)
    job = board.submit("run", {"a": 1})
    child = board._children[0]
    with board._connect() as connection:  # as if that process had claimed it
        connection.execute(
            "UPDATE jobs SET state = 'running', pid = ?, pid_started = ? WHERE id = ?",
            (child.pid, process_started(child.pid), job.id),
        )
    board.cancel(job.id)
    board.sweep()
    child.wait(timeout=30)
    assert board.list()[0].state == "cancelled"


def test_a_later_process_with_the_same_number_is_never_signalled(board, monkeypatch):
    monkeypatch.setattr("core.jobs.TERM_AFTER", 0.0)
    job = board.submit("run", {"a": 1})
    child = board._children[0]
    with board._connect() as connection:
        connection.execute(
            "UPDATE jobs SET state = 'running', pid = ?, pid_started = ? WHERE id = ?",
            (child.pid, process_started(child.pid) - 100, job.id),
        )
    board.cancel(job.id)
    board.sweep()
    assert child.poll() is None
    assert board.get(job.id).state == "cancelled"


def test_progress_of_a_stage_is_timed_from_its_start(board):
    job, _ = board.adopt("run", {"a": 1})
    board.update(job.id, "embed", 10, 100, "")
    began = board.get(job.id).stage_began
    board.update(job.id, "embed", 50, 100, "")
    found = board.get(job.id)
    assert (found.done, found.total, found.stage_began) == (50, 100, began)
    assert found.live


def test_time_left_follows_the_pace(board, monkeypatch):
    job, _ = board.adopt("run", {"a": 1})
    board.update(job.id, "embed", 25, 100, "")
    began = board.get(job.id).stage_began
    monkeypatch.setattr(time, "time", lambda: began + 10)
    assert board.get(job.id).seconds_left == pytest.approx(30)


def test_an_unknown_job_is_an_error_a_person_understands(board):
    with pytest.raises(NotFoundError, match="no job"):
        board.cancel("nothing")


def test_a_damaged_table_is_named(tmp_path):
    (tmp_path / "jobs.sqlite").write_bytes(b"not a database at all" * 100)
    with pytest.raises(StorageError, match=r"jobs\.sqlite"):
        JobBoard(tmp_path)


def test_this_process_is_alive_and_a_made_up_one_is_not():
    assert process_started(os.getpid()) is not None
    assert process_started(2**22 + 12345) is None

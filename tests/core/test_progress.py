"""Progress: the first and last step always pass, and a cancelled job stops at the next report."""

import pytest

from core.errors import JobCancelled
from core.progress import Progress


def test_first_and_last_step_pass_the_rate_limit():
    steps = []
    progress = Progress(steps.append, interval=1000)
    for done in range(1, 101):
        progress.report("embed", done, 100)
    assert [s.done for s in steps] == [1, 100]


def test_a_new_stage_is_reported_at_once():
    steps = []
    progress = Progress(steps.append, interval=1000)
    progress.report("scan", 0, 5)
    progress.report("embed", 0, 9)
    assert [s.stage for s in steps] == ["scan", "embed"]


def test_cancelling_raises_at_the_next_report():
    asked = []
    progress = Progress(cancelled=lambda: bool(asked), interval=0)
    progress.report("embed", 1, 10)
    asked.append(True)
    with pytest.raises(JobCancelled, match="embed"):
        progress.report("embed", 2, 10)


def test_seconds_of_a_stage_that_comes_twice_are_added(monkeypatch):
    clock = iter([0.0, 1.0, 3.0, 7.0])
    monkeypatch.setattr("core.progress.monotonic", lambda: next(clock))
    progress = Progress()
    progress.report("a")
    progress.report("b")
    progress.report("a")
    assert progress.finish() == {"a": 5.0, "b": 2.0}

"""How long work tells where it is and learns that it should stop."""

from collections.abc import Callable
from dataclasses import dataclass, field
from time import monotonic

from core.errors import JobCancelled


@dataclass(frozen=True, slots=True)
class Step:
    """One report: `done` of `total` units of `stage`; `total` is 0 where it is not known."""

    stage: str
    done: int
    total: int
    note: str = ""


def _ignore(step: Step) -> None:
    """Drop a report."""


def _never() -> bool:
    """Answer that nobody asked to stop."""
    return False


@dataclass(slots=True)
class Progress:
    """Passes steps to a listener and raises when the work was cancelled.

    Parameters
    ----------
    listener
        Called with each step that gets through the rate limit.
    cancelled
        Asked at each report; True makes `report` raise `JobCancelled`.
    interval
        Least seconds between two reports of one stage; its first and last always pass.
    """

    listener: Callable[[Step], None] = _ignore
    cancelled: Callable[[], bool] = _never
    interval: float = 0.2
    seconds: dict[str, float] = field(default_factory=dict)
    _stage: str = ""
    _stage_began: float = 0.0
    _reported: float = 0.0

    def report(self, stage: str, done: int = 0, total: int = 0, note: str = "") -> None:
        """Tell the listener where the work is; raise `JobCancelled` if it should stop."""
        now = monotonic()
        if stage != self._stage:
            self._close_stage(now)
            self._stage, self._stage_began, self._reported = stage, now, 0.0
        if now - self._reported >= self.interval or (total and done >= total):
            self._reported = now
            if self.cancelled():
                raise JobCancelled(f"cancelled during {stage}")
            self.listener(Step(stage, done, total, note))

    def finish(self) -> dict[str, float]:
        """Close the running stage and return the seconds spent in each."""
        self._close_stage(monotonic())
        self._stage = ""
        return dict(self.seconds)

    def _close_stage(self, now: float) -> None:
        if self._stage:
            spent = self.seconds.get(self._stage, 0.0) + now - self._stage_began
            self.seconds[self._stage] = round(spent, 3)

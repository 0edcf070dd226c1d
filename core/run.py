"""The state of one run of the pipeline."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from typing import Any

from core.checking.record import save_keeping_check
from core.config import Settings
from core.imaging.decode import Limits
from core.progress import Progress
from core.request import RunRequest
from core.storage.catalog import Catalog
from core.storage.store import Workspace, now


@dataclass(slots=True)
class Run:
    """One run's state, handed from step to step; `record` is what the set's file will hold.

    `fresh` are the items that were encoded, `lacked` those that had to be, by one encoder or
    another, of the `asked_for` that can be read; `notes` are for the record.

    While `held`, the record is not published: the set stays what it was, also if the run is killed.
    """

    request: RunRequest
    workspace: Workspace
    settings: Settings
    progress: Progress
    catalog: Catalog
    record: dict[str, Any] = field(default_factory=dict)
    fresh: set[str] = field(default_factory=set)
    lacked: set[str] = field(default_factory=set)
    asked_for: int = 0
    notes: list[str] = field(default_factory=list)
    quarantined: dict[str, str] = field(default_factory=dict)
    unreadable_now: dict[str, dict[str, Any]] = field(default_factory=dict)
    held: bool = False

    @property
    def encoded(self) -> int:
        """How many items were encoded: once each, however many encoders there are."""
        return len(self.fresh)

    @property
    def reused(self) -> int:
        """How many items had all their vectors already, or are known to have none."""
        return self.asked_for - len(self.lacked)

    def count(self, readable: Collection[str], missing: Iterable[str]) -> None:
        """Count the items that can be read, and those of them that an encoder has to encode."""
        self.asked_for = max(self.asked_for, len(readable))
        self.lacked.update(missing)

    @property
    def limits(self) -> Limits:
        """Return the limits on one picture."""
        return Limits(self.settings.max_pixels, self.settings.max_file_mb * 2**20)

    def save(self) -> None:
        """Publish what is there so far, so that a page can show it; does nothing while held."""
        if self.held:
            return
        self.record["updated"] = now()
        save_keeping_check(self.workspace, self.request.name, self.record)

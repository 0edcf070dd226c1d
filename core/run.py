"""The state of one run of the pipeline."""

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

    While `held`, the record is not published: the set stays what it was, also if the run is killed.
    """

    request: RunRequest
    workspace: Workspace
    settings: Settings
    progress: Progress
    catalog: Catalog
    record: dict[str, Any] = field(default_factory=dict)
    encoded: int = 0
    reused: int = 0
    quarantined: dict[str, str] = field(default_factory=dict)
    unreadable_now: dict[str, dict[str, Any]] = field(default_factory=dict)
    held: bool = False

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

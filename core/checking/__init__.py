"""The job "quality": what may be wrong with a set."""

from typing import Any

from core.config import Settings
from core.progress import Progress
from core.quality.request import QualityRequest
from core.storage.store import Workspace

__all__ = ["QualityRequest", "run_quality"]


def run_quality(
    request: dict[str, Any],
    workspace: Workspace,
    settings: Settings,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Check a set or part as a request asks; see `core.checking.job.run_quality`."""
    from core.checking.job import run_quality as check

    return check(request, workspace, settings, progress)

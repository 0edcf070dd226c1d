"""The jobs that compare two sets, and batches with a reference."""

from collections.abc import Mapping
from typing import Any

from core.config import Settings
from core.progress import Progress
from core.storage.store import Workspace


def run_drift(
    request: Mapping[str, Any],
    workspace: Workspace,
    settings: Settings,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Compare two sets as a request asks, and keep what was found (`core.drifting.job`)."""
    from core.drifting.job import run_drift as run

    return run(request, workspace, settings, progress)


def run_series(
    request: Mapping[str, Any],
    workspace: Workspace,
    settings: Settings,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Compare batches with a reference, and keep what was found (`core.drifting.series`)."""
    from core.drifting.series import run_series as run

    return run(request, workspace, settings, progress)

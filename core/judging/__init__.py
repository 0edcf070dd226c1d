"""The jobs that hold encoders against each other, and nuisances against the clusters."""

from collections.abc import Mapping
from typing import Any

from core.config import Settings
from core.progress import Progress
from core.storage.store import Workspace


def run_court(
    request: Mapping[str, Any],
    workspace: Workspace,
    settings: Settings,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Hold encoders against each other on the same images (`core.judging.court`)."""
    from core.judging.court import run_court as run

    return run(request, workspace, settings, progress)


def run_nuisance(
    request: Mapping[str, Any],
    workspace: Workspace,
    settings: Settings,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Test what explains the clusters of a set (`core.judging.nuisance`)."""
    from core.judging.nuisance import run_nuisance as run

    return run(request, workspace, settings, progress)

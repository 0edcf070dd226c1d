"""The jobs that compare forms, and lay images along a gradient between two of them."""

from typing import Any

from core.config import Settings
from core.morphology.request import MorphologyRequest
from core.progress import Progress
from core.storage.store import Workspace

__all__ = ["MorphologyRequest", "run_gradient", "run_morphology", "verify"]


def run_morphology(
    request: dict[str, Any],
    workspace: Workspace,
    settings: Settings,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Compare groups of images; see `core.comparing.job.run_morphology`."""
    from core.comparing.job import run_morphology as compare

    return compare(request, workspace, settings, progress)


def run_gradient(
    request: dict[str, Any],
    workspace: Workspace,
    settings: Settings,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Lay images along a gradient; see `core.comparing.gradient.run_gradient`."""
    from core.comparing.gradient import run_gradient as lay

    return lay(request, workspace, settings, progress)


def verify(
    kept: Any, workspace: Workspace, settings: Settings, progress: Progress | None = None
) -> dict[str, Any]:
    """Compute a comparison again from its file; see `core.comparing.again.verify`."""
    from core.comparing.again import verify as again

    return again(kept, workspace, settings, progress)

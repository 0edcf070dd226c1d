"""A comparison of two sets as a file: the pictures that it needs are gathered here."""

from typing import Any

from core.config import Settings
from core.drifts.report import render_html
from core.drifts.stored import Drift
from core.report.html import Pictures
from core.reportfiles import pictures_of
from core.storage.store import Workspace


def drift_file(
    drift: Drift, first: Any, second: Any, workspace: Workspace, settings: Settings
) -> bytes:
    """Return a comparison as one HTML file, with the pictures of both sets where they are there.

    Parameters
    ----------
    drift
        What was computed.
    first, second
        The opened sets of A and B. Of one that is None, or another by now, there are no pictures:
        rows would mean other images.
    workspace, settings
        Where the thumbnails are; limits of decoding.

    Returns
    -------
    bytes
        See `core.drifts.report.render_html`.
    """
    one, two = (
        _pictures(opened, drift.meta[side]["imageset"], workspace, settings)
        for side, opened in (("a", first), ("b", second))
    )
    return render_html(drift.meta, drift.images, one, two, key=drift.key, created=drift.created)


def _pictures(opened: Any, imageset: str, workspace: Workspace, settings: Settings) -> Pictures:
    """Return what gives the picture of a row of one side."""
    if opened is None or opened.key != imageset:
        return lambda row: None
    return pictures_of(opened, workspace, settings)

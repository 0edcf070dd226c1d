"""A comparison as a file: the pictures that it needs are gathered here."""

from core.comparisons.report import render_html
from core.comparisons.stored import Comparison
from core.config import Settings
from core.library import OpenSet
from core.report.html import Pictures
from core.reportfiles import pictures_of
from core.storage.store import Workspace


def comparison_file(
    comparison: Comparison, opened: OpenSet | None, workspace: Workspace, settings: Settings
) -> bytes:
    """Return a comparison as one HTML file, with the set's pictures where they are there.

    Parameters
    ----------
    comparison
        What was computed.
    opened
        The set it is about. None, or a set that is another by now, gives a file without pictures:
        rows would mean other images.
    workspace, settings
        Where the thumbnails are; limits of decoding.

    Returns
    -------
    bytes
        See `core.comparisons.report.render_html`.
    """
    pictures: Pictures = _none
    if opened is not None and opened.key == comparison.meta["imageset"]:
        pictures = pictures_of(opened, workspace, settings)
    return render_html(
        comparison.meta, comparison.tables["units"], comparison.arrays, pictures,
        created=comparison.created,
    )  # fmt: skip


def _none(row: int) -> bytes | None:
    """Return no picture."""
    return None

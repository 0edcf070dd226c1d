"""A comparison of two sets as a file: the pictures that it needs are gathered here."""

from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import pandas as pd
from PIL import Image

from core.config import Settings
from core.drifts.overlay import heated, jpeg, opened_picture
from core.drifts.patches import patches_of_drift
from core.drifts.report import render_html
from core.drifts.report.places import Places
from core.drifts.stored import Drift
from core.report.html import Pictures
from core.reportfiles import pictures_of
from core.storage.store import Workspace

#: Pictures of each side with strange parts, and their longest side in pixels.
STRANGE, LONGEST = 8, 160


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
    return render_html(
        drift.meta, _named(drift, {"a": first, "b": second}), one, two, key=drift.key,
        created=drift.created,
        places=_places(drift, {"a": (first, one), "b": (second, two)}, workspace),
    )  # fmt: skip


def _named(drift: Drift, sides: Mapping[str, Any]) -> pd.DataFrame:
    """Return the images of a comparison with "name", that of each one's file; "" where unknown."""
    images = drift.images
    names = np.full(len(images), "", object)
    for side, opened in sides.items():
        if opened is None or opened.key != drift.meta[side]["imageset"]:
            continue
        mine = np.flatnonzero(images["side"].to_numpy() == side)
        paths = opened.items["path"].fillna("").astype(str).iloc[images["row"].to_numpy()[mine]]
        names[mine] = [PurePosixPath(path).stem for path in paths]
    return images.assign(name=names)


def _places(drift: Drift, sides: Mapping[str, tuple[Any, Pictures]], workspace: Workspace) -> Any:
    """Return the pictures of a comparison by place; None where it has none."""
    kept = patches_of_drift(drift, workspace)
    if kept is None:
        return None
    means = {side: jpeg(Image.fromarray(mean)) for side, mean in kept.means.items()}
    strange = {}
    for side, (opened, pictures) in sides.items():
        lines = []
        for row, score in kept.strangest(side, STRANGE):
            data = pictures(row)
            if data is not None:
                heat = kept.colour(side, row)
                picture = heated(opened_picture(data), heat, opened.spec, LONGEST)
                lines.append((row, score, picture))
        strange[side] = lines
    return Places(means, strange)


def _pictures(opened: Any, imageset: str, workspace: Workspace, settings: Settings) -> Pictures:
    """Return what gives the picture of a row of one side."""
    if opened is None or opened.key != imageset:
        return lambda row: None
    return pictures_of(opened, workspace, settings)

"""What one item of a set is called."""

import pandas as pd

from core.ingest.objects.making import PICTURE, SIDES

#: Columns that tell objects in pictures, and frames of videos, by what one is called.
_TOLD = {"object": (PICTURE, *SIDES), "frame": ("unit", "time", "key frame")}


#: How the sources of frames begin; pictures of a sequence have no column that tells them.
_CLIPS = ("video:", "sequence:")


def called(items: pd.DataFrame, source: object = "") -> str:
    """Return "object", "frame" or "image", by a table of items with pictures and its source.

    Where a set of several sources holds others too, its items are images.
    """
    if str(source).startswith(_CLIPS):
        return "frame"
    for name, columns in _TOLD.items():
        if set(columns) <= set(items.columns):
            ends = items[list(columns)].iloc[[0, -1]] if len(items) else items[list(columns)]
            if bool(ends.notna().all(axis=None)):
                return name
    return "image"

"""What a set says itself of which of its items belong together."""

import pandas as pd

UNIT = "unit"


def own_unit(items: pd.DataFrame) -> str | None:
    """Return the column of units of an item table where it says anything, else None.

    Frames of one clip, or objects of one picture, are not independent of each other: where the
    source says so, it counts unless a person names another column.
    """
    told = UNIT in items and bool(items[UNIT].dropna().duplicated().any())
    return UNIT if told else None

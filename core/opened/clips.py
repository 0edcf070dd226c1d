"""Clips of a set: items that follow one another in time, such as the frames of a video."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.columns import as_numbers, holds_dates

#: Items a clip has on average, below which a set is none of clips.
FEWEST = 3


@dataclass(frozen=True, slots=True)
class Clips:
    """The clips of a set.

    Attributes
    ----------
    names
        Of the clips, in the order in which the set has them.
    code
        Shape `(n,)` int64: the place in `names` of each item's clip.
    time
        Shape `(n,)` float64: seconds, after the beginning of the clip or, where `dates`, since
        1970.
    dates
        Whether times are moments rather than seconds of each clip.
    """

    names: tuple[str, ...]
    code: np.ndarray
    time: np.ndarray
    dates: bool

    def rows(self, clip: int) -> np.ndarray:
        """Return the rows of a clip in the order of time, int64."""
        mine = np.flatnonzero(self.code == clip)
        return mine[np.argsort(self.time[mine], kind="stable")]


def clips_of(items: pd.DataFrame) -> Clips | None:
    """Return the clips of a set; None where not every item has a unit and a time.

    Where there are fewer than three items a unit, units are no clips but specimens.
    """
    if not {"unit", "time"} <= set(items.columns) or not len(items):
        return None
    if items["unit"].isna().any() or items["time"].isna().any():  # most sets end here, quickly
        return None
    units, time = items["unit"].astype("string"), as_numbers(items["time"])
    if (units == "").any() or not np.isfinite(time).all():
        return None
    code, names = pd.factorize(units)
    if len(items) < FEWEST * len(names):
        return None
    return Clips(tuple(map(str, names)), code.astype(np.int64), time, holds_dates(items["time"]))

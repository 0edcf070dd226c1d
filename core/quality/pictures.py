"""Faulty pictures: what their measures say against thresholds, and when thresholds do not fit.

Every issue is a score in [0, 1], low where it is bad, and a threshold that a person can move; the
scores and defaults of the first five are cleanvision's. Where most of a set has an issue it is how
the set looks, and the threshold is called unsuited instead of the pictures faulty.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.errors import InputError

#: Share of a set above which an issue says more about the threshold than about the pictures.
UNSUITED = 0.3
#: Bits of entropy that count as full information, and interquartile ranges to an odd size.
FULL_ENTROPY, ODD_SIZE = 10.0, 3.0
#: Share of a set that makes a size the one it has; sizes are the same up to this many pixels.
ONE_SIZE, SAME_SIZE = 0.95, 0.5


@dataclass(frozen=True, slots=True)
class Issue:
    """A kind of fault: what it is called, and the score below which a picture has it."""

    name: str
    title: str
    threshold: float
    explain: str


ISSUES = {
    issue.name: issue
    for issue in (
        Issue("dark", "Dark", 0.32, "99 % of its pixels are darker than this"),
        Issue("light", "Light", 0.05, "95 % of its pixels are at most this far from white"),
        Issue("low_information", "Little in it", 0.3, "entropy of its colours, of 10 bits"),
        Issue("blurry", "Blurred", 0.29, "sharpness of its edges at 64 pixels; a hint, no verdict"),
        Issue("odd_aspect", "Odd shape", 0.35, "shorter side by longer side"),
        Issue("odd_size", "Odd size", 0.5, "how near to the usual size of the set"),
        Issue("grey", "Grey among colour", 0.01, "share of pixels that have a colour"),
        Issue("border", "Border", 0.9, "share of it inside a border of one colour"),
        Issue(
            "orientation",
            "Turned wrongly",
            0.5,
            "1 unless its orientation tag disagrees with what else the file says; a suspicion",
        ),
    )
}


@dataclass(frozen=True, slots=True)
class Found:
    """One issue in a set.

    Attributes
    ----------
    score
        Shape `(n,)` in [0, 1], NaN where a picture was not measured.
    rows
        Those below the threshold, the worst first.
    threshold
        The one used.
    unsuited
        Why the threshold does not suit this set; "" where it does. `rows` are listed all the same.
    """

    issue: Issue
    score: np.ndarray
    rows: np.ndarray
    threshold: float
    unsuited: str = ""


def picture_issues(
    measures: pd.DataFrame, thresholds: Mapping[str, float] | None = None
) -> dict[str, Found]:
    """Find faulty pictures by what was measured of them.

    Parameters
    ----------
    measures
        One row an item, in row order: the fields of `core.imaging.measures.Measures`, `width`,
        `height` and `orientation`; missing values, or no such column, where pictures could not be
        measured.
    thresholds
        Other thresholds, by issue, in [0, 1].

    Returns
    -------
    dict
        Every issue of `ISSUES`, in their order.

    Raises
    ------
    InputError
        A threshold is for no issue, or none.
    """
    given = dict(thresholds or {})
    for name, value in given.items():
        if name not in ISSUES:
            raise InputError(f"no picture issue {name!r}: there are {', '.join(ISSUES)}")
        if not 0 <= value <= 1:
            raise InputError(f"threshold of {name}: must lie between 0 and 1, not {value}")
    scores = issue_scores(measures)
    found = {}
    for name, issue in ISSUES.items():
        score, threshold = scores[name], given.get(name, issue.threshold)
        with np.errstate(invalid="ignore"):
            rows = np.flatnonzero(score < threshold)
        rows = rows[np.argsort(score[rows], kind="stable")]
        found[name] = Found(issue, score, rows, threshold, _unsuited(issue, score, rows))
    return found


def _unsuited(issue: Issue, score: np.ndarray, rows: np.ndarray) -> str:
    """Return why a threshold does not suit a set; "" where it does."""
    measured = int(np.isfinite(score).sum())
    if not measured or len(rows) / measured <= UNSUITED:
        return ""
    return (
        f"{100 * len(rows) / measured:.0f} % of the set is like this: the threshold does not suit "
        "it. Move it, or leave this issue out."
    )


def issue_scores(measures: pd.DataFrame) -> dict[str, np.ndarray]:
    """Return the score of every issue `(n,)`, low where it is bad, NaN where not measured."""

    def column(name: str) -> np.ndarray:
        if name not in measures:
            return np.full(len(measures), np.nan)
        values: np.ndarray = measures[name].to_numpy(dtype=np.float64, na_value=np.nan)
        return values

    width, height = column("width"), column("height")
    with np.errstate(invalid="ignore", divide="ignore"):
        aspect = np.minimum(width / height, height / width)
    grey = 1 - column("grey")
    return {
        "dark": column("brightness_high"),
        "light": 1 - column("brightness_low"),
        "low_information": np.minimum(column("entropy") / FULL_ENTROPY, 1.0),
        "blurry": column("sharpness"),
        "odd_aspect": aspect,
        "odd_size": _size_score(np.sqrt(width * height)),
        "grey": grey if _is_coloured(grey) else np.where(np.isnan(grey), np.nan, 1.0),
        "border": 1 - column("border"),
        "orientation": column("orientation"),
    }


def _is_coloured(colour: np.ndarray) -> bool:
    """Tell whether a set is in colour, so that a grey picture is odd in it: more than half are."""
    known = colour[np.isfinite(colour)]
    return bool(len(known)) and float((known > ISSUES["grey"].threshold).mean()) > 0.5


def _size_score(size: np.ndarray) -> np.ndarray:
    """Score sizes, .5 at three interquartile ranges beyond the quartiles, as cleanvision does.

    Where most sizes are nearly one, that range is a pixel or two: .5 then is at a quarter more or
    less than the usual size. Where nearly all have exactly one size, any other is odd.
    """
    known = size[np.isfinite(size)]
    if not len(known):
        return np.full(len(size), np.nan)
    usual = float(np.median(known))
    if float((np.abs(known - usual) < SAME_SIZE).mean()) >= ONE_SIZE:
        return np.where(
            np.isnan(size), np.nan, np.where(np.abs(size - usual) < SAME_SIZE, 1.0, 0.0)
        )
    low, high = np.percentile(known, [25, 75])
    least, most = low - ODD_SIZE * (high - low), high + ODD_SIZE * (high - low)
    middle = (least + most) / 2
    gap = max(most - least, middle / 2)
    score: np.ndarray = 1 - np.clip(np.abs(size - middle) / gap, 0, 1)
    return score

"""Batches by time: hours, days, weeks, months, quarters or years of a column of dates."""

import re

import numpy as np
import pandas as pd

from core.errors import InputError

#: Periods from the shortest to the longest.
PERIODS = ("hour", "day", "week", "month", "quarter", "year")
#: Batches that a period may make before a longer one is taken, and images that batches should have.
MANY, ENOUGH = 60, 10

_FORMATS = {"hour": "%Y-%m-%dT%H", "day": "%Y-%m-%d", "month": "%Y-%m", "year": "%Y",
            "week": "%G-W%V"}  # fmt: skip
_WRITTEN = {
    "hour": r"\d{4}-\d\d-\d\dT\d\d", "day": r"\d{4}-\d\d-\d\d", "week": r"\d{4}-W\d\d",
    "month": r"\d{4}-\d\d", "quarter": r"\d{4}-Q[1-4]", "year": r"\d{4}",
}  # fmt: skip


def period_texts(values: pd.Series, every: str) -> np.ndarray:
    """Return the period of each moment as text `(n,)` object, "" where there is none.

    Parameters
    ----------
    values
        Dates or times; those with a time zone are taken in UTC.
    every
        One of `PERIODS`.

    Returns
    -------
    numpy.ndarray
        "2026-11-21T14", "2026-11-21", "2026-W47" (ISO 8601 weeks), "2026-11", "2026-Q4" or "2026",
        which sort by time.
    """
    if every not in PERIODS:
        raise InputError(f"every {every!r:.40}: one of {', '.join(PERIODS)}")
    moments = pd.to_datetime(values)
    if moments.dt.tz is not None:
        moments = moments.dt.tz_convert("UTC").dt.tz_localize(None)
    if every == "quarter":
        texts = moments.dt.year.astype("Int64").astype("string") + "-Q"
        texts = texts + moments.dt.quarter.astype("Int64").astype("string")
    else:
        texts = moments.dt.strftime(_FORMATS[every])
    found: np.ndarray = texts.astype("string").fillna("").to_numpy(dtype=object)
    return found


def period_for(values: pd.Series) -> str:
    """Return the shortest period that makes at most 60 batches of which half have ten images."""
    fitting = ""
    for every in PERIODS:
        texts = period_texts(values, every)
        counts = np.unique(texts[texts != ""], return_counts=True)[1]
        if not len(counts) or len(counts) > MANY:
            continue
        fitting = fitting or every
        if len(counts) > 1 and np.median(counts) >= ENOUGH:
            return every
    return fitting or PERIODS[-1]


def period_rows(values: pd.Series, text: str) -> np.ndarray | None:
    """Return the rows of a period written as `period_texts` does; None where it is no period."""
    for every, form in _WRITTEN.items():
        if re.fullmatch(form, text):
            return np.flatnonzero(period_texts(values, every) == text)
    return None

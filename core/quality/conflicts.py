"""Copies that bear different labels: at least one of them is wrong."""

import numpy as np
import pandas as pd

#: The code of an item without a label.
NO_LABEL = -1


def label_codes(labels: pd.Series | np.ndarray | list[str | None] | None, n: int) -> np.ndarray:
    """Return the label of every item as a number `(n,)` int64, `NO_LABEL` where it has none."""
    if labels is None:
        return np.full(n, NO_LABEL, np.int64)
    texts = pd.Series(labels).reset_index(drop=True).astype("string")
    codes = pd.factorize(texts.mask(texts.str.strip() == ""))[0]
    return np.asarray(codes, np.int64)


def in_conflict(rows: np.ndarray, starts: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """Return which groups hold two labels or more.

    Parameters
    ----------
    rows
        Members `(m,)`, group after group.
    starts
        Where each group begins `(g,)`.
    codes
        Label of every item of the set, `NO_LABEL` for none.

    Returns
    -------
    numpy.ndarray
        Shape `(g,)` bool.
    """
    if not len(starts):
        return np.zeros(0, bool)
    own = codes[rows]
    least = np.minimum.reduceat(np.where(own == NO_LABEL, np.iinfo(np.int64).max, own), starts)
    most: np.ndarray = np.maximum.reduceat(own, starts)
    return (most != NO_LABEL) & (least != most)

"""Which images to label next: those the labels so far leave undecided, spread out, and some by lot.

The unsure ones teach most but are no fair sample; the share drawn by lot is, and is what a model is
to be evaluated on.
"""

from dataclasses import dataclass

import numpy as np

from core.errors import InputError
from core.space import unit_rows

#: Candidates for each image of the batch, and the share of it drawn by lot.
CANDIDATES, BY_LOT = 10, 0.2


@dataclass(frozen=True, slots=True)
class Batch:
    """Images to label next.

    Attributes
    ----------
    unsure
        Rows chosen because neighbours disagree, spread over the set.
    margin
        Lead of the likeliest class over the second, of each of these.
    by_lot
        Rows drawn by lot: keep them for evaluation.
    """

    unsure: np.ndarray
    margin: np.ndarray
    by_lot: np.ndarray


def next_batch(
    vectors: np.ndarray,
    margins: np.ndarray,
    waiting: np.ndarray,
    n: int,
    *,
    units: np.ndarray | None = None,
    seed: int = 0,
    by_lot: float = BY_LOT,
) -> Batch:
    """Choose images to label next.

    Parameters
    ----------
    vectors
        Shape `(n_items, d)`; scaled to unit length here.
    margins
        Lead of the likeliest class over the second of each waiting item `(len(waiting),)`, 0 to 1;
        all alike where nothing is known.
    waiting
        Rows without a label.
    n
        Images wanted.
    units
        Unit of every row `(n_items,)`; each is its own if None. A second of a unit is taken only
        where there are not enough units: it would tell nothing new.
    by_lot
        Share of them drawn by lot, rounded up.

    Returns
    -------
    Batch
        The lot is drawn first, from all; of the 10 n others with the smallest margin (all, where
        the margins are alike) the rest are taken by D² sampling: each next one with a chance
        proportional to its squared distance to the nearest taken one.

    Raises
    ------
    InputError
        More are wanted than wait, or a share is none.

    Notes
    -----
    Margin sampling: Scheffer, Decomain and Wrobel (2001), doi:10.1007/3-540-44816-0_31; D²: Arthur
    and Vassilvitskii (2007).
    """
    waiting = np.asarray(waiting, dtype=np.int64)
    if not 0 < n <= len(waiting):
        raise InputError(f"a batch of {n} images: give a number from 1 to {len(waiting)}")
    if not 0 <= by_lot <= 1:
        raise InputError(f"share drawn by lot: must lie between 0 and 1, not {by_lot}")
    rng = np.random.default_rng(seed)
    places = waiting if units is None else np.asarray(units)[waiting]
    lot = np.sort(rng.choice(len(waiting), int(np.ceil(by_lot * n)), replace=False))
    rest = np.setdiff1d(np.arange(len(waiting)), lot)
    rest = rest[np.lexsort((rest, margins[rest]))]
    new = _one_each(places[rest], places[lot])
    wanted = n - len(lot)
    alike = len(rest) > 0 and float(np.ptp(margins[rest])) == 0
    near = rest[new] if alike else rest[new][: CANDIDATES * n]
    picked = near[_spread(unit_rows(vectors[waiting[near]]), min(wanted, len(near)), rng)]
    more = rest[~np.isin(rest, picked)][: wanted - len(picked)]
    picked = np.concatenate([picked, more])
    return Batch(waiting[picked], margins[picked], waiting[lot])


def _one_each(places: np.ndarray, taken: np.ndarray) -> np.ndarray:
    """Tell which is the first of its unit, and of a unit that nothing was taken of."""
    _, first = np.unique(places, return_index=True)
    new = np.zeros(len(places), bool)
    new[first] = True
    found: np.ndarray = new & ~np.isin(places, taken)
    return found


def _spread(unit: np.ndarray, n: int, rng: np.random.Generator) -> np.ndarray:
    """Return n places, the first being the first, each next drawn by squared distance."""
    if n == 0:
        return np.zeros(0, np.int64)
    chosen = [0]
    away = np.square(unit.astype(np.float64) - unit[0]).sum(axis=1)
    while len(chosen) < n:
        away[chosen] = 0
        total = away.sum()
        if total <= 0:  # only copies are left
            left = np.setdiff1d(np.arange(len(unit)), chosen)
            return np.array([*chosen, *left[: n - len(chosen)].tolist()])
        at = int(np.searchsorted(np.cumsum(away), rng.random() * total, side="right"))
        chosen.append(min(at, len(unit) - 1))
        away = np.minimum(away, np.square(unit.astype(np.float64) - unit[chosen[-1]]).sum(axis=1))
    return np.array(chosen)

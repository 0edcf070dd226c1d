"""What labelled neighbours say of an item, where no item of its own unit has a vote."""

from dataclasses import dataclass

import numpy as np

from core.progress import Progress
from core.space import blocks

#: Distances below this count as this, so that one copy does not outvote everyone.
NEAREST = 1e-6


@dataclass(frozen=True, slots=True)
class Verdict:
    """The two likeliest labels of each item, by its neighbours' weighted votes.

    `best` and `second` are codes `(m,)` int64, −1 for none; `share` and `next_share` their part of
    the votes, 0 to 1.
    """

    best: np.ndarray
    share: np.ndarray
    second: np.ndarray
    next_share: np.ndarray


def nearest_labelled(
    unit: np.ndarray,
    rows: np.ndarray,
    known: np.ndarray,
    places: np.ndarray | None,
    k: int,
    progress: Progress | None = None,
    stage: str = "neighbours",
) -> tuple[np.ndarray, np.ndarray]:
    """Find the k nearest known rows of some rows, exactly.

    Parameters
    ----------
    unit
        Rows `(n, d)` float32 of length one.
    rows, known
        Row numbers `(m,)` to search from and `(q,)` to search among, ascending.
    places
        Unit of every row `(n,)`: those of a row's own unit are not found. None leaves out nothing
        but the row itself.

    Returns
    -------
    near : numpy.ndarray
        Shape `(m, k)` int64 row numbers, the nearest first; −1 where there are fewer.
    distances : numpy.ndarray
        Shape `(m, k)` float64, measured as ‖x − y‖; infinite where there are fewer.
    """
    progress = progress or Progress()
    near = np.full((len(rows), k), -1, np.int64)
    away = np.full((len(rows), k), np.inf)
    have = min(k, len(known))
    own = np.arange(len(unit)) if places is None else np.asarray(places)
    among, theirs = unit[known].T, own[known]
    for part in blocks(len(rows), max(1, len(known))) if have else ():
        mine = rows[part]
        cosines = unit[mine] @ among
        cosines[own[mine][:, None] == theirs] = -np.inf
        first = np.argpartition(-cosines, have - 1, axis=1)[:, :have]
        gap = _distances(unit, mine, known[first])
        gap[np.isneginf(np.take_along_axis(cosines, first, axis=1))] = np.inf
        order = np.lexsort((known[first], gap))
        gap = np.take_along_axis(gap, order, axis=1)
        found = np.take_along_axis(known[first], order, axis=1)
        near[part, :have] = np.where(np.isinf(gap), -1, found)
        away[part, :have] = gap
        progress.report(stage, part.stop, len(rows))
    return near, away


def _distances(unit: np.ndarray, rows: np.ndarray, others: np.ndarray) -> np.ndarray:
    found = np.empty(others.shape)
    for part in blocks(len(others), others.shape[1] * unit.shape[1]):
        gap = unit[others[part]].astype(np.float64) - unit[rows[part]][:, None, :]
        found[part] = np.sqrt(np.einsum("ijk,ijk->ij", gap, gap))
    return found


def weights_of(distances: np.ndarray) -> np.ndarray:
    """Return the votes of neighbours: 1 / distance, 0 where there is none; rows sum to 1."""
    votes = 1 / np.maximum(distances, NEAREST)
    total = votes.sum(axis=1, keepdims=True)
    return np.divide(votes, total, out=np.zeros_like(votes), where=total > 0)


def verdict(codes: np.ndarray, votes: np.ndarray) -> Verdict:
    """Count votes.

    Parameters
    ----------
    codes
        Label of each neighbour `(m, k)`, below 0 where there is none.
    votes
        Weight of each `(m, k)`.
    """
    m, k = codes.shape
    if not k:
        none = np.full(m, -1, np.int64)
        return Verdict(none, np.zeros(m), none, np.zeros(m))
    order = np.argsort(codes, axis=1, kind="stable")
    codes = np.take_along_axis(codes, order, axis=1)
    added = np.cumsum(np.take_along_axis(votes, order, axis=1), axis=1)
    ends = np.ones((m, k), bool)
    ends[:, :-1] = codes[:, 1:] != codes[:, :-1]
    before = np.zeros((m, k))
    before[:, 1:] = np.maximum.accumulate(np.where(ends, added, 0.0), axis=1)[:, :-1]
    totals = np.where(ends & (codes >= 0), added - before, -1.0)
    lines = np.arange(m)
    first = totals.argmax(axis=1)
    best, share = codes[lines, first], totals[lines, first].copy()
    totals[lines, first] = -1.0
    then = totals.argmax(axis=1)
    second, after = codes[lines, then], totals[lines, then]
    return Verdict(
        np.where(share >= 0, best, -1), np.clip(share, 0, 1), np.where(after >= 0, second, -1),
        np.clip(after, 0, 1),
    )  # fmt: skip

"""Outliers with an error rate: against a reference that is known to be clean.

Half of the reference says what is near, the other half how far a clean item lies from it; an
item's p is the share of clean ones that lie as far. Only this is called p.
"""

from dataclasses import dataclass

import numpy as np

from core.errors import InputError
from core.progress import Progress
from core.space import blocks, unit_rows

STAGE = "conformal outliers"

#: Neighbours whose mean distance is the score.
K = 20


@dataclass(frozen=True, slots=True)
class ConformalOutliers:
    """Items tested against a clean reference.

    Attributes
    ----------
    p
        Shape `(m,)`: (1 + clean ones that lie as far) / (clean ones + 1); never 0.
    discovered
        Shape `(m,)` bool: after Benjamini and Hochberg at `q`.
    score
        Mean chordal distance `(m,)` to the k nearest of the fitted half.
    q, p_least
        False discovery rate asked for, and the least p that can be.
    n_fitted, n_clean
        Items of the reference in each half.
    notice
        Says so where the reference is too small for any discovery.
    """

    p: np.ndarray
    discovered: np.ndarray
    score: np.ndarray
    q: float
    p_least: float
    n_fitted: int
    n_clean: int
    notice: str = ""


def conformal_outliers(
    vectors: np.ndarray,
    reference: np.ndarray,
    tested: np.ndarray,
    *,
    units: np.ndarray | None = None,
    k: int = K,
    q: float = 0.05,
    counted: np.ndarray | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> ConformalOutliers:
    """Test whether items could be of a clean reference.

    The null hypothesis of each is that it is exchangeable with the held-out half.

    Parameters
    ----------
    vectors
        Shape `(n, d)`; scaled to unit length here.
    reference, tested
        Rows; they must not overlap.
    units
        Unit of each item `(n,)`: whole units go to one half, and of the held-out half one item a
        unit counts, drawn by the seed. An item that is tested is measured against other units
        than its own, as those held out are. Each item is its own if None.
    k
        Neighbours whose mean distance is the score.
    q
        False discovery rate of `discovered`.
    counted
        Which of those tested are the family that the rate is of, bool `(m,)`: the others get a p,
        and are discovered where theirs is as small as that of a discovery. All are if None.

    Raises
    ------
    InputError
        Fewer than 10 units of reference, rows that overlap, or q outside (0, 1).

    Notes
    -----
    Bates, Candès, Lei, Romano and Sesia (2023), doi:10.1214/22-AOS2244 (conformal p-values for
    outliers, and BH on them); Benjamini and Hochberg (1995).
    """
    progress = progress or Progress()
    reference, tested = np.unique(reference), np.asarray(tested, dtype=np.int64)
    if np.isin(tested, reference).any():
        raise InputError("items of the reference cannot be tested against it; leave them out")
    unit = unit_rows(vectors)
    places = np.arange(len(unit)) if units is None else np.asarray(units)
    fitted, clean = halves(reference, places, seed)
    progress.report(STAGE, 0, len(clean) + len(tested))
    near = _Fitted(unit, fitted, places, k, progress)
    return conformal_test(
        near.mean_distance(clean), near.mean_distance(tested), len(fitted), q=q, counted=counted
    )


def conformal_test(
    clean: np.ndarray,
    tested: np.ndarray,
    n_fitted: int,
    *,
    q: float = 0.05,
    counted: np.ndarray | None = None,
) -> ConformalOutliers:
    """Test items by any score that is the larger the more alone one is.

    Parameters
    ----------
    clean, tested
        Scores of the held-out half of a clean reference, one a unit, and of what is tested `(m,)`,
        by a rule that was made from the other half alone.
    n_fitted
        Items of that other half.
    q, counted
        As in `conformal_outliers`.

    Raises
    ------
    InputError
        q outside (0, 1).
    """
    if not 0 < q < 1:
        raise InputError(f"q must lie between 0 and 1, not {q}")
    usual, score = np.sort(clean), np.asarray(tested)
    further = len(usual) - np.searchsorted(usual, score - 1e-12, side="left")
    p, least = (1 + further) / (len(usual) + 1), 1 / (len(usual) + 1)
    family = np.ones(len(p), bool) if counted is None else np.asarray(counted, dtype=bool)
    found = np.zeros(len(p), bool)
    found[family] = discoveries(p[family], q)
    if found.any():
        found |= p <= p[found].max()
    notice, count = "", int(family.sum())
    if count and least > q / count:
        enough = int(np.ceil(count / q)) - 1
        notice = (
            f"A single outlier among {count:,} could not be found with {len(usual):,} clean "
            f"items held out: that needs {enough:,}. Name more clean items, or allow a higher rate."
        )
    return ConformalOutliers(p, found, score, q, least, n_fitted, len(usual), notice)


def discoveries(p: np.ndarray, q: float) -> np.ndarray:
    """Return which p-values Benjamini and Hochberg's procedure rejects at rate q: bool."""
    found = np.zeros(len(p), bool)
    if not len(p):
        return found
    order = np.argsort(p, kind="stable")
    below = np.flatnonzero(p[order] <= q * np.arange(1, len(p) + 1) / len(p))
    if len(below):
        found[order[: below[-1] + 1]] = True
    return found


def halves(reference: np.ndarray, places: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Deal whole units of a clean reference into two halves; of the second one item a unit.

    Parameters
    ----------
    reference
        Rows.
    places
        Unit of each item of the set `(n,)`.

    Raises
    ------
    InputError
        Fewer than 10 units of reference.
    """
    rng = np.random.default_rng(seed)
    names, place = np.unique(places[reference], return_inverse=True)
    if len(names) < 10:
        raise InputError(
            f"the reference has {len(names)} units: 10 or more are needed, better hundreds"
        )
    order = rng.permutation(len(names))
    first = np.zeros(len(names), bool)
    first[order[: len(names) // 2]] = True
    fitted = reference[first[place]]
    rest, of = reference[~first[place]], place[~first[place]]
    turn = rng.permutation(len(rest))
    one = turn[np.unique(of[turn], return_index=True)[1]]
    return fitted, np.sort(rest[one])


class _Fitted:
    """The fitted half, and how far an item lies from it."""

    def __init__(
        self, unit: np.ndarray, rows: np.ndarray, places: np.ndarray, k: int, progress: Progress
    ):
        self._unit, self._places, self._progress = unit, places, progress
        self._known, self._of = unit[rows], places[rows]
        largest = int(np.unique(self._of, return_counts=True)[1].max())
        self._k = max(1, min(k, len(rows) - largest))  # so many are there beside any one unit

    def mean_distance(self, rows: np.ndarray) -> np.ndarray:
        """Return the mean distance of some rows to their k nearest of other units."""
        unit, k, found = self._unit, self._k, np.empty(len(rows))
        for part in blocks(len(rows), max(len(self._known), k * unit.shape[1])):
            points = unit[rows[part]]
            cosines = points @ self._known.T
            cosines[self._places[rows[part]][:, None] == self._of] = -np.inf
            near = np.argpartition(-cosines, k - 1, axis=1)[:, :k]
            gap = self._known[near].astype(np.float64) - points[:, None, :]
            found[part] = np.sqrt(np.einsum("ijk,ijk->ij", gap, gap)).mean(axis=1)
            self._progress.report(STAGE, int(part.stop), len(rows))
        return found

"""Common and edge cases: representative images, and a share of edge cases unlike each other."""

import numpy as np

from core.curate.edges import edge_rows
from core.curate.facility import EXACT_UP_TO, Facility
from core.curate.kcenter import k_center
from core.curate.picks import Budget, Picks, PickSpace, Pool
from core.progress import Progress


def common_and_edges(
    space: PickSpace,
    n: int | None,
    pool: Pool,
    *,
    share: float = 0.2,
    until: float | None = None,
    exact_up_to: int = EXACT_UP_TO,
    progress: Progress | None = None,
) -> Picks:
    """Choose (1 − share) n images by facility location, then share · n edge cases by k-center.

    Parameters
    ----------
    space
        Unit vectors, neighbour graph and micro-clusters, which say what an edge case is.
    n
        How many, at most the pool's size; None ends the representative part by `until`.
    pool
        Rows to choose from and those already chosen.
    share
        Share of edge cases, 0 to 1; where the pool has fewer, representative ones take their place.
    until
        Stop the representative part once the next 1 % of the pool adds less than this share.
    exact_up_to
        See `core.curate.facility`.
    progress
        Told about images chosen.

    Returns
    -------
    Picks
        Every gain, also an edge case's, is the similarity to the pool that it added.
    """
    progress = progress or Progress()
    edges = pool.rows[_edges(space, progress)[pool.rows]]
    state = Facility(space, pool, exact_up_to, progress)
    most = len(pool) if n is None else n
    wanted = min(round(share * most), len(edges))
    budget = Budget(most - wanted if n is not None else most, until, len(pool), state.base)
    state.greedy(budget)
    if len(state.chosen) > budget.kept(state.gains):  # a step was one too many: choose again
        budget = Budget(budget.kept(state.gains), None, len(pool), state.base)
        state = Facility(space, pool, exact_up_to, progress)
        state.greedy(budget)
    common = pool.rows[np.array(state.chosen, dtype=np.int64)]
    left = np.setdiff1d(edges, common)
    if until is not None:
        wanted = min(most - len(common), _beside(len(common), share, most))
    notes: tuple[str, ...] = ()
    if len(left) < wanted:
        notes = (f"Only {len(left):,} edge cases were left beside the common ones.",)
    if min(wanted, len(left)):
        seeds = np.union1d(common, pool.already)
        found = k_center(space.unit, min(wanted, len(left)), Pool(left, seeds), progress=progress)
        for j in np.searchsorted(pool.rows, found.rows).tolist():
            state.take(j)
    if n is not None and until is None:  # fewer edge cases than places: common ones fill them
        state.greedy(Budget(n, None, len(pool)))
    done = state.result(len(state.chosen))
    return Picks(done.rows, done.gains, done.total, done.objective, None, notes)


def _beside(common: int, share: float, most: int) -> int:
    """Return how many edge cases make up a share beside so many common ones."""
    return most if share >= 1 else round(common * share / (1 - share))


def _edges(space: PickSpace, progress: Progress) -> np.ndarray:
    """Return which rows of the set are edge cases, finding neighbours where none are stored."""
    if space.neighbors is None and space.micro is None:
        from core.neighbors import find_neighbors

        found = find_neighbors(space.unit, key="edges", k=10, progress=progress)
        return edge_rows(found, None)
    return edge_rows(space.neighbors, space.micro)

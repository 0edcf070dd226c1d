"""The strategies a person can choose by, and the one call that carries them out."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.curate.balanced import balanced
from core.curate.common import common_and_edges
from core.curate.cover import graph_of
from core.curate.dsquared import d_squared, density_of
from core.curate.facility import facility_location
from core.curate.kcenter import k_center
from core.curate.picks import Picks, PickSpace, Pool, StrategyOptions, make_pool
from core.curate.quota import quota
from core.curate.typical import low_budget
from core.errors import InputError
from core.progress import Progress

__all__ = ["STRATEGIES", "PickSpace", "Picks", "Strategy", "StrategyOptions", "choose"]


@dataclass(frozen=True, slots=True)
class Strategy:
    """A strategy as a person meets it: its name, what it does, and what it is best for."""

    title: str
    text: str
    best_for: str


STRATEGIES: dict[str, Strategy] = {
    "representative": Strategy(
        "Representative",
        "Facility location: the images that together are most similar to all others.",
        "A first labelling set of any size, a test set, and whenever nothing speaks for another.",
    ),
    "coverage": Strategy(
        "Full coverage",
        "A quota for every micro-cluster, one at least, its middle first.",
        "Missing no kind of image, however rare.",
    ),
    "extremes": Strategy(
        "Extremes",
        "k-center: each next image is the one farthest from all chosen before.",
        "Finding the unusual: outliers, broken files, rare conditions. Not for training: it takes"
        " the common too rarely.",
    ),
    "low-budget": Strategy(
        "Low budget",
        "TypiClust: the most typical image of each of as many groups as there are places.",
        "A few dozen images, when nothing is labelled yet; about as good as Representative there.",
    ),
    "density": Strategy(
        "Density-weighted",
        "Drawn by chance in proportion to distance² × density: far from those chosen, yet where"
        " there are many.",
        "A choice by chance that still spreads out and keeps the distribution of the pool.",
    ),
    "balanced": Strategy(
        "Balanced",
        "The same number for each value of a label or column, the most representative in each.",
        "Classes or sources of very different size.",
    ),
    "edges": Strategy(
        "Common and edge cases",
        "Mostly representative images, and a share of edge cases as unlike each other as can be.",
        "Training on the usual without missing the unusual.",
    ),
}


@dataclass(frozen=True, slots=True)
class _Task:
    """What every strategy is told."""

    space: PickSpace
    n: int | None
    pool: Pool
    seed: int
    options: StrategyOptions
    until: float | None
    progress: Progress

    @property
    def most(self) -> int:
        """Return the most picks: n, or as many as the pool has."""
        return len(self.pool) if self.n is None else self.n


def choose(
    strategy: str,
    space: PickSpace,
    n: int | None,
    *,
    candidates: np.ndarray | None = None,
    already: np.ndarray | None = None,
    seed: int = 0,
    options: StrategyOptions | None = None,
    until: float | None = None,
    progress: Progress | None = None,
) -> Picks:
    """Choose images.

    Parameters
    ----------
    strategy
        One of `STRATEGIES`.
    space
        Unit vectors of the whole set, and what was stored about them.
    n
        How many; as many as there are or more takes all. None goes with `until`.
    candidates
        Rows to choose from; None is all. What is chosen stands for these.
    already
        Rows chosen before: never chosen again, and every strategy goes on from them.
    seed
        The same seed gives the same choice.
    options
        Settings of single strategies.
    until
        A share, such as 0.01: stop once the next 1 % of the pool would add less than this share of
        the objective so far.
    progress
        Told about stage "choosing", and asked whether to stop.

    Returns
    -------
    Picks
        See `docs/methods/curation.md` for each strategy's objective.

    Raises
    ------
    InputError
        The strategy is unknown, the pool is empty, or n, `until` or an option makes no sense.
    """
    if strategy not in STRATEGIES:
        raise InputError(f"strategy {strategy!r}: choose one of {', '.join(STRATEGIES)}")
    if n is None and until is None:
        raise InputError("budget: give a number of images, or when to stop")
    if n is not None and n < 1:
        raise InputError(f"budget: {n} images; give 1 or more")
    if until is not None and not 0 < until < 1:
        raise InputError(f"budget: stop below a share between 0 and 1, not {until:g}")
    pool = make_pool(len(space.unit), candidates, already)
    if not len(pool):
        raise InputError("pool: no images are left to choose from")
    task = _Task(
        space, None if n is None else min(n, len(pool)), pool, seed,
        options or StrategyOptions(), until, progress or Progress(),
    )  # fmt: skip
    return _RUN[strategy](task)


def _representative(task: _Task) -> Picks:
    return facility_location(
        task.space, task.most, task.pool, until=task.until, progress=task.progress
    )


def _coverage(task: _Task) -> Picks:
    return quota(
        task.space, task.n, task.pool, alpha=task.options.alpha, seed=task.seed,
        until=task.until, progress=task.progress,
    )  # fmt: skip


def _extremes(task: _Task) -> Picks:
    return k_center(task.space.unit, task.most, task.pool, until=task.until, progress=task.progress)


def _low_budget(task: _Task) -> Picks:
    return low_budget(
        task.space, task.n, task.pool, seed=task.seed, until=task.until, progress=task.progress
    )


def _density(task: _Task) -> Picks:
    weights = density_of(task.space, task.pool, task.progress) ** task.options.beta
    cover = graph_of(task.pool, task.space.unit, task.space.neighbors, task.progress)
    return d_squared(
        task.space.unit, task.most, task.pool, weights=weights, cover=cover, seed=task.seed,
        until=task.until, progress=task.progress,
    )  # fmt: skip


def _balanced(task: _Task) -> Picks:
    inside = task.options.inside
    if inside == "balanced" or inside not in STRATEGIES:
        others = ", ".join(name for name in STRATEGIES if name != "balanced")
        raise InputError(f"inside: {inside!r} is no strategy for a stratum; choose one of {others}")

    def within(n: int | None, pool: Pool) -> Picks:
        return _RUN[inside](
            _Task(task.space, n, pool, task.seed, task.options, task.until, task.progress)
        )

    return balanced(task.space, task.n, task.pool, task.options, within)


def _edges(task: _Task) -> Picks:
    return common_and_edges(
        task.space, task.n, task.pool, share=task.options.edge_share, until=task.until,
        progress=task.progress,
    )  # fmt: skip


_RUN: dict[str, Callable[[_Task], Picks]] = {
    "representative": _representative,
    "coverage": _coverage,
    "extremes": _extremes,
    "low-budget": _low_budget,
    "density": _density,
    "balanced": _balanced,
    "edges": _edges,
}

"""Batches over time against one reference: control band, trend, change point."""

from dataclasses import dataclass, replace

import numpy as np

from core.drift.kernel import bandwidth, square_distances
from core.drift.units import deals, sides_of
from core.errors import InputError
from core.progress import Progress
from core.quality.balance import holm
from core.quality.threads import calm_threads

STAGE = "batches"
#: Draws of the reference for the control band; its share; units a batch needs.
DRAWS, BAND, FEWEST = 200, 0.95, 10
#: Units of the reference, and of a batch, that are compared; more are drawn by the seed.
REFERENCE, BATCH = 3000, 1000
#: How much dearer it is to look one value of a table up than to multiply and add one.
_GATHER = 8


@dataclass(frozen=True, slots=True)
class BatchResult:
    """One batch against the reference.

    Attributes
    ----------
    name
        The batch.
    units
        Its units.
    distance
        Unbiased MMD² to the reference; None where the batch has too few units.
    low, high
        Where 95 % of draws of as many units of the reference lie, each against the rest of it.
    p, p_adjusted
        By dealing the units of batch and reference anew; after Holm over the batches. None where
        the batch has too few units, or all of both are the same.
    outside
        Whether the batch differs (p_adjusted below .05).
    """

    name: str
    units: int
    distance: float | None
    low: float | None
    high: float | None
    p: float | None
    p_adjusted: float | None
    outside: bool


@dataclass(frozen=True, slots=True)
class Series:
    """Batches in order, with what can be said of the order.

    Attributes
    ----------
    batches
        One result a batch.
    trend, trend_p
        Spearman's correlation of distance and order, and its permutation p; None below 4 batches.
    change, change_p
        Place of the first batch after the largest step, and the p of the largest step under any
        order of the batches; None below 6 batches. It is a change point only where p is small.
    """

    batches: tuple[BatchResult, ...]
    trend: float | None
    trend_p: float | None
    change: int | None
    change_p: float | None


def series(
    reference: np.ndarray,
    batches: dict[str, np.ndarray],
    *,
    permutations: int = 999,
    seed: int = 0,
    progress: Progress | None = None,
) -> Series:
    """Compare batches with a reference that stays.

    Parameters
    ----------
    reference
        Points of its units `(n, d)`.
    batches
        Points of the units of each batch, in the order of time.
    permutations
        Of the units of one batch and the reference; of the order of batches.

    Raises
    ------
    InputError
        The reference has fewer than 20 units, or there is no batch.
    """
    if len(reference) < 2 * FEWEST:
        raise InputError(f"reference: {len(reference)} units; a series needs {2 * FEWEST}")
    if not batches:
        raise InputError("batches: there are none")
    rng = np.random.default_rng(seed)
    held = _drawn(np.asarray(reference, np.float64), REFERENCE, rng)
    with calm_threads(len(held) ** 2):
        square = square_distances(held)
    scale = bandwidth(square) or 1.0
    table = np.exp(-square / scale)
    progress = progress or Progress()
    bands: dict[int, tuple[float, float]] = {}
    found = []
    for at, (name, points) in enumerate(batches.items()):
        progress.report(STAGE, at, len(batches), note=name)
        if len(points) < FEWEST:
            found.append(BatchResult(name, len(points), None, None, None, None, None, False))
            continue
        mine = _drawn(np.asarray(points, np.float64), BATCH, rng)
        size = min(len(mine), len(held) // 2)
        if size not in bands:
            bands[size] = _band(table, size, rng)
        pooled = _pooled(table, held, mine, scale)
        if pooled.min() > 1 - 1e-12:  # nothing can be told of images that are all the same
            found.append(BatchResult(name, len(points), 0.0, 0.0, 0.0, None, None, False))
            continue
        distance, p = _against(pooled, len(mine), permutations, seed)
        found.append(BatchResult(name, len(points), distance, *bands[size], p, None, False))
    found = _judged(found)
    values = np.array([one.distance for one in found if one.distance is not None])
    places = [at for at, one in enumerate(found) if one.distance is not None]
    trend, trend_p = _trend(values, permutations, rng)
    change, change_p = _change(values, permutations, rng)
    return Series(
        tuple(found), trend, trend_p, None if change is None else places[change], change_p
    )


def _drawn(points: np.ndarray, most: int, rng: np.random.Generator) -> np.ndarray:
    if len(points) <= most:
        return points
    return points[np.sort(rng.choice(len(points), most, replace=False))]


def _band(table: np.ndarray, size: int, rng: np.random.Generator) -> tuple[float, float]:
    """Return where draws of the reference lie, each against the rest of it."""
    n = len(table)
    drawn = np.stack([rng.choice(n, size, replace=False) for _ in range(DRAWS)])
    low, high = np.quantile(_discrepancies(table, drawn), [(1 - BAND) / 2, (1 + BAND) / 2])
    return float(low), float(high)


def _pooled(table: np.ndarray, held: np.ndarray, mine: np.ndarray, scale: float) -> np.ndarray:
    """Return the kernel table of reference and batch; the reference's part is there already."""
    n, m = len(held), len(mine)
    found = np.empty((n + m, n + m))
    found[:n, :n] = table
    with calm_threads((n + m) * m):
        middle = held.mean(axis=0)
        one, two = held - middle, mine - middle
        square = np.einsum("ij,ij->i", one, one)[:, None] + np.einsum("ij,ij->i", two, two)
        across = np.exp(-np.maximum(square - 2 * one @ two.T, 0) / scale)
        found[n:, n:] = np.exp(-square_distances(mine) / scale)
    found[:n, n:], found[n:, :n] = across, across.T
    return found


def _discrepancies(table: np.ndarray, chosen: np.ndarray) -> np.ndarray:
    """Return the unbiased MMD² of splits whose second side is `chosen` `(b, m)`, rows of the table.

    The table has ones on its diagonal.
    """
    m = chosen.shape[1]
    n = len(table) - m
    beside = table.sum(axis=1)
    if m * m * _GATHER < len(table) ** 2:
        within = np.array([table[np.ix_(one, one)].sum() for one in chosen])
    else:
        middle = float(table.mean())  # sums of the table less its mean, so that float32 keeps them
        hot = np.zeros((len(chosen), len(table)), np.float32)
        np.put_along_axis(hot, chosen, 1, axis=1)
        with calm_threads(table.size):
            sums = hot @ (table - middle).astype(np.float32)
        within = np.einsum("ij,ij->i", sums, hot, dtype=np.float64) + middle * m * m
    across = beside[chosen].sum(axis=1) - within
    first = beside.sum() - within - 2 * across
    value: np.ndarray = (
        (within - m) / (m * (m - 1)) + (first - n) / (n * (n - 1)) - 2 * across / (n * m)
    )
    return value


def _against(pooled: np.ndarray, m: int, permutations: int, seed: int) -> tuple[float, float]:
    """Return the discrepancy of the last `m` rows from the others, and its permutation p."""
    total = len(pooled)
    second = np.arange(total) >= total - m
    observed = float(_discrepancies(pooled, np.flatnonzero(second)[None])[0])
    larger = done = 0
    for dealt in deals(sides_of(second), permutations, seed):
        chosen = np.nonzero(dealt)[1].reshape(len(dealt), m)
        larger += int((_discrepancies(pooled, chosen) >= observed - 1e-12).sum())
        done += len(dealt)
    return observed, (1 + larger) / (1 + done)


def _judged(found: list[BatchResult]) -> list[BatchResult]:
    known = [at for at, one in enumerate(found) if one.p is not None]
    adjusted = holm(np.array([found[at].p for at in known], np.float64))
    for at, p in zip(known, adjusted, strict=True):
        found[at] = replace(found[at], p_adjusted=float(p), outside=bool(p < 1 - BAND))
    return found


def _trend(
    values: np.ndarray, permutations: int, rng: np.random.Generator
) -> tuple[float | None, float | None]:
    if len(values) < 4 or values.std() == 0:
        return None, None
    from scipy.stats import rankdata

    ranks = rankdata(values)
    time = np.arange(len(values), dtype=np.float64)
    ranks, time = ranks - ranks.mean(), time - time.mean()
    norm = np.sqrt((ranks**2).sum() * (time**2).sum())
    observed = float(ranks @ time / norm)
    others = np.array([rng.permutation(ranks) @ time / norm for _ in range(permutations)])
    p = (1 + (np.abs(others) >= abs(observed) - 1e-10).sum()) / (1 + permutations)
    return observed, float(p)


def _change(
    values: np.ndarray, permutations: int, rng: np.random.Generator
) -> tuple[int | None, float | None]:
    if len(values) < 6 or values.std() == 0:
        return None, None
    steps = _steps(values)
    at = int(steps.argmax())
    others = np.array([_steps(rng.permutation(values)).max() for _ in range(permutations)])
    p = (1 + (others >= steps[at] - 1e-10).sum()) / (1 + permutations)
    return at + 2, float(p)


def _steps(values: np.ndarray) -> np.ndarray:
    """Return the standardised step before each place from the third to the last but one."""
    n = len(values)
    before = np.cumsum(values)[1 : n - 2]
    k = np.arange(2, n - 1, dtype=np.float64)
    gap = np.abs(before / k - (values.sum() - before) / (n - k))
    found: np.ndarray = gap * np.sqrt(k * (n - k) / n) / max(float(values.std()), 1e-300)
    return found

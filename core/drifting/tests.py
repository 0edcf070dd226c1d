"""The tests of two sides, the headline three first, as JSON values."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from core.drift.approximate import approximate_mmd_test
from core.drift.classifier import classifier_test
from core.drift.components import component_tests, sliced_distance
from core.drift.frechet import frechet, kernel_distance
from core.drift.kernel import kernel_tests, mmd_test
from core.drift.manifold import K, overlap
from core.drift.occupancy import CLUSTERS, Occupancy, occupancy_test, pooled_clusters
from core.drift.result import DriftTest
from core.drift.shares import divergence_interval, stability_index, stability_p
from core.drift.units import sides_of
from core.drifting.pool import Pool
from core.progress import Progress
from core.quality.balance import holm
from core.quality.threads import calm_threads

Line = dict[str, Any]
#: Names by which `--fail-on` knows the headline tests.
HEADLINE = ("mmd", "classifier", "occupancy")
#: Units a side for the balls of the overlap, and draws for the interval of divergences.
BALLS, DRAWS = 1500, 400
#: Units a side for the kernel test of four scales and the energy test.
DETAILS = 1500
#: Splits of both sides together for the null of the overlap.
OVERLAP_SPLITS = 5
#: Units of the pool to a cluster at least, and splits that clusters are judged by at least: less
#: could not show one of twenty after Holm.
PER_CLUSTER, SPLITS = 20, 999


@dataclass(frozen=True)
class Tested:
    """The tests of two sides.

    Attributes
    ----------
    lines
        The headline three as JSON values, Holm's adjustment made.
    several, energy
        The kernel test of four scales, and the energy test.
    occupancy
        The counts of clusters, with their test.
    """

    lines: list[dict[str, Any]]
    several: DriftTest
    energy: DriftTest
    occupancy: Occupancy


def headline_tests(pool: Pool, clusters: np.ndarray, progress: Progress) -> Tested:
    """Return the three headline tests with Holm's adjustment, and what is had with them.

    Parameters
    ----------
    pool
        Both sides.
    clusters
        Cluster of every image of the pool `(n,)`.
    """
    asked, rows = pool.asked, pool.tested
    sides = sides_of(pool.unit_second[rows])
    some: dict[str, Any] = {
        "permutations": asked.permutations,
        "seed": asked.seed,
        "progress": progress,
    }
    progress.report("two-sample test")
    several, energy, kernel = _kernels(pool, some)
    progress.report("classifier test")
    with calm_threads(pool.components.size):
        classifier = classifier_test(pool.components, sides, seed=asked.seed)
    some["permutations"] = max(SPLITS, asked.permutations)
    found = occupancy_test(clusters, pool.of_images, **some)
    tests = (kernel, classifier, found.test)
    known = [at for at, test in enumerate(tests) if test.p is not None]
    adjusted: list[float | None] = [None] * len(tests)
    for at, p in zip(known, holm(np.array([tests[at].p for at in known], float)), strict=True):
        adjusted[at] = float(p)
    lines = [
        told(test, key, p) | {"headline": True}
        for test, key, p in zip(tests, HEADLINE, adjusted, strict=True)
    ]
    return Tested(lines, several, energy, found)


def _kernels(pool: Pool, some: Mapping[str, Any]) -> tuple[DriftTest, DriftTest, DriftTest]:
    """Return the kernel test of four scales, the energy test, and the headline kernel test.

    The first two of fewer units where there are many: they are details, and cost five times as
    much as the headline test.
    """
    rows = pool.tested
    few = pool.drawn(DETAILS)
    with calm_threads(len(few) ** 2):
        kernel, several, energy = kernel_tests(
            pool.unit_points[few], sides_of(pool.unit_second[few]), **some
        )
    everyone = pool.standing
    if pool.asked.approximate and len(everyone) > len(rows):
        whole = sides_of(pool.unit_second[everyone])
        return several, energy, approximate_mmd_test(pool.unit_points[everyone], whole, **some)
    if len(few) < len(rows):
        with calm_threads(len(rows) ** 2):
            kernel = mmd_test(pool.unit_points[rows], sides_of(pool.unit_second[rows]), **some)
    return several, energy, kernel


def told(test: DriftTest, key: str, p_adjusted: float | None = None) -> dict[str, Any]:
    """Return a test as JSON values."""
    found = asdict(test)
    low, high = found.pop("low"), found.pop("high")
    ci = None if low is None or high is None else [low, high]
    return {"key": key, **found, "ci": ci, "p_adjusted": p_adjusted}


def detail_tests(pool: Pool, tested: Tested, clusters: np.ndarray, progress: Progress) -> Line:
    """Return what else tells two sets apart; each None where it cannot be said."""
    asked, rows = pool.asked, pool.tested
    side = pool.unit_second[rows]
    first, second = pool.split(rows)
    progress.report("other tests")
    found: Line = {
        "mmd_scales": told(tested.several, "mmd_scales"), "energy": told(tested.energy, "energy"),
        "components": _components(pool, side), "sliced": None, "frechet": None, "kernel": None,
        "overlap": None, "stability": None, "divergence": None,
    }  # fmt: skip
    found["sliced"] = {"value": sliced_distance(first, second, seed=asked.seed)}
    found["overlap"] = _overlap(first, second, asked.seed)
    progress.report("Fréchet distance")
    with calm_threads(first.shape[1] ** 2):
        distance = frechet(first, second, seed=asked.seed)
    if distance is not None:
        found["frechet"] = {"value": distance.value, "unbiased": distance.unbiased}
    if min(len(first), len(second)) >= 3:
        found["kernel"] = asdict(kernel_distance(first, second))
    counts = tested.occupancy.first, tested.occupancy.second
    if (index := stability_index(*counts)) is not None:
        p = stability_p(clusters, pool.of_images, permutations=asked.permutations, seed=asked.seed)
        found["stability"] = {**asdict(index), "p": p}
        one = divergence_interval(clusters, pool.of_images, draws=DRAWS, seed=asked.seed)
        found["divergence"] = {**asdict(one), "ci": [one.low, one.high]}
    return found


def _overlap(first: np.ndarray, second: np.ndarray, seed: int) -> Line | None:
    """Return how the sides overlap, each number beside its mean over splits of both together."""
    if min(len(first), len(second)) <= K:
        return None
    rng = np.random.default_rng(seed)
    one, two = (
        side if len(side) <= BALLS else side[np.sort(rng.choice(len(side), BALLS, replace=False))]
        for side in (first, second)
    )
    both = np.concatenate([one, two])
    splits = []
    for _ in range(OVERLAP_SPLITS):
        order = rng.permutation(len(both))
        splits.append(asdict(overlap(both[order[: len(one)]], both[order[len(one) :]])))
    null = {f"{name}_null": float(np.mean([split[name] for split in splits]))
            for name in ("precision", "recall", "density")}  # fmt: skip
    return {**asdict(overlap(one, two)), **null, "units": [len(one), len(two)]}


def _components(pool: Pool, side: np.ndarray) -> list[dict[str, Any]]:
    """Return the components along which the sides differ, by p."""
    tests = component_tests(pool.components, side)
    lines = [
        {"component": at + 1, "statistic": float(s), "p_adjusted": float(p), "share": float(share)}
        for at, (s, p, share) in enumerate(zip(tests.statistic, tests.p, tests.share, strict=True))
    ]
    return sorted(lines, key=lambda one: (one["p_adjusted"], one["component"]))


def clusters_of(pool: Pool, progress: Progress) -> np.ndarray:
    """Return the cluster of every image of the pool `(n,)`, fitted on the tested units."""
    progress.report("clusters")
    rows = pool.tested
    points = pool.unit_points[rows].astype(np.float64)
    count = max(2, min(CLUSTERS, len(points) // PER_CLUSTER))
    codes = pooled_clusters(points, count, pool.asked.seed)
    centres = np.stack([points[codes == code].mean(axis=0) for code in range(codes.max() + 1)])
    near = np.einsum("ij,ij->i", centres, centres) - 2 * pool.points @ centres.T
    found: np.ndarray = np.asarray(near).argmin(axis=1).astype(np.int64)
    used, place = np.unique(found, return_inverse=True)
    return place.reshape(-1).astype(np.int64) if len(used) else found

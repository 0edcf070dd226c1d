"""The test of group differences: 70,000 units, and beside scikit-bio in the same run.

    python -m benchmarks.morphology [--large 70000] [--small 2000] [--dims 256]
                                    [--permutations 99] [--repeats 3]

Each line is measured in a process of its own, the peers in turns: wall seconds (median; of small
data also over several calls in the process), processor seconds of all threads, and by how much the
peak memory exceeds that of the process before it began. Data: ten groups of uneven size around
means hardly apart. scikit-bio is given a matrix of distances, which is timed by itself; `ratio` is
what scikit-bio takes with its matrix over what Vitrine takes, `test alone` without. Statistics must
agree to 1e-9, p-values within three Monte Carlo standard errors, or the run fails.
"""

import argparse
import multiprocessing
import resource
import statistics
import sys
import time
from importlib.metadata import version

import numpy as np

Numbers = dict[str, float]
#: Calls in one process, of which the median counts, for up to so many units.
CALLS, FEW = 7, 5000
#: How far statistics may differ, and p-values in Monte Carlo standard errors.
SAME, ERRORS = 1e-9, 3.0


def groups_of(n: int, dims: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    groups = np.concatenate(
        [np.arange(10), rng.choice(10, n - 10, p=rng.dirichlet(np.full(10, 5)))]
    )
    means = 0.006 * rng.normal(size=(10, dims))
    return means[groups] + rng.normal(size=(n, dims)), groups


def vitrine_permanova(points: np.ndarray, groups: np.ndarray, permutations: int) -> Numbers:
    from core.morphology.permanova import permanova

    found = permanova(points, groups, permutations=permutations, seed=1).classic
    return {"statistic": found.statistic or 0.0, "p": found.p or 0.0}


def skbio_permanova(points: np.ndarray, groups: np.ndarray, permutations: int) -> Numbers:
    from scipy.spatial.distance import pdist, squareform
    from skbio.stats.distance import DistanceMatrix, permanova

    start = time.perf_counter()
    matrix = DistanceMatrix(squareform(pdist(points)))
    made = time.perf_counter() - start
    found = permanova(matrix, groups, permutations=permutations, seed=1)
    return {"statistic": found["test statistic"], "p": found["p-value"], "matrix": made}


CASES = {
    "vitrine PERMANOVA": vitrine_permanova,
    "scikit-bio PERMANOVA": skbio_permanova,
}


def peak() -> float:
    """Return the most memory that this process has held, MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure(name: str, n: int, dims: int, permutations: int) -> Numbers:
    """Run one case once; in a process of its own, so that peaks are its own."""
    points, groups = groups_of(n, dims)
    CASES[name](points[:200], groups[:200], 9)  # what is imported and compiled at first use
    before = peak()
    runs = []
    for _ in range(CALLS if n <= FEW else 1):
        wall, processor = time.perf_counter(), time.process_time()
        found = CASES[name](points, groups, permutations)
        taken = {"wall": time.perf_counter() - wall, "processor": time.process_time() - processor}
        runs.append({**found, **taken})
    middle = {key: statistics.median(run[key] for run in runs) for key in runs[0]}
    return {**middle, "memory": peak() - before}


def repeated(names: list[str], n: int, options: argparse.Namespace) -> dict[str, Numbers]:
    """Run cases in turns, each in a new process; return the median of each figure."""
    spawn = multiprocessing.get_context("spawn")
    runs: dict[str, list[Numbers]] = {name: [] for name in names}
    for _ in range(options.repeats):
        for name in names:
            with spawn.Pool(1) as pool:
                found = pool.apply(measure, (name, n, options.dims, options.permutations))
                runs[name].append(found)
    return {
        name: {key: statistics.median(run[key] for run in each) for key in each[0]}
        for name, each in runs.items()
    }


def told(n: int, found: dict[str, Numbers]) -> None:
    for name, one in found.items():
        print(
            f"{n:8,d} {name:22} {one['wall']:8.3f} {one['processor']:8.3f} {one['memory']:8.0f}"
            f" {one['statistic']:14.9f} {one['p']:7.4f}"
        )


def main() -> int:
    """Print both tables; return 1 where numbers differ."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--large", type=int, default=70_000)
    parser.add_argument("--small", type=int, default=2000)
    parser.add_argument("--dims", type=int, default=256)
    parser.add_argument("--permutations", type=int, default=99)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    print(
        f"numpy {version('numpy')}, scikit-bio {version('scikit-bio')}, {options.dims}-d, "
        f"{options.permutations} permutations, ten groups"
    )
    print(f"{'units':>8} {'':22} {'wall s':>8} {'cpu s':>8} {'+MiB':>8} {'statistic':>14} {'p':>7}")
    told(options.large, repeated(["vitrine PERMANOVA"], options.large, options))
    found = repeated(list(CASES), options.small, options)
    told(options.small, found)
    ours, theirs = found["vitrine PERMANOVA"], found["scikit-bio PERMANOVA"]
    alone = theirs["wall"] - theirs["matrix"]
    print(
        f"PERMANOVA of {options.small:,}: ratio {theirs['wall'] / ours['wall']:.1f} "
        f"(test alone {alone / ours['wall']:.1f}); memory {theirs['memory']:.0f} MiB against "
        f"{ours['memory']:.0f}"
    )
    error = np.sqrt(max(ours["p"] * (1 - ours["p"]), 1e-4) / options.permutations)
    same = abs(ours["statistic"] / theirs["statistic"] - 1) <= SAME
    near = abs(ours["p"] - theirs["p"]) <= ERRORS * np.sqrt(2) * error
    print(f"statistics agree: {same}; p-values agree: {near}")
    return 0 if same and near else 1


if __name__ == "__main__":
    sys.exit(main())

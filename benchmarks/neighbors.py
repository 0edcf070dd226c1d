"""The neighbour graph against faiss alone, exact and approximate, as the set grows.

    python -m benchmarks.neighbors [--sizes 5000 10000 20000] [--dims 384] [--k 30] [--repeats 3]

Each size: processor seconds (median) of `find_neighbors` exact, of `faiss.IndexFlatIP` on the same
unit rows in the same run, and of `find_neighbors` approximate with the recall it reports. `exact /
faiss` is what scaling, leaving the item out and exact distances cost on top; the target is below
1.25 from 10,000 items on. Data: 200 Gaussians of uneven size and spread and 5 % background.
"""

import argparse
import resource
import statistics
import time
from collections.abc import Callable
from functools import partial
from importlib.metadata import version

import numpy as np

from core.neighbors import find_neighbors
from core.space import unit_rows


def gaussians(n: int, dims: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    weights = rng.dirichlet(np.ones(200))
    which = rng.choice(200, n, p=weights)
    spread = rng.uniform(0.2, 0.8, 200)[which, None]
    points = rng.normal(size=(200, dims))[which] + spread * rng.normal(size=(n, dims))
    far = rng.random(n) < 0.05
    points[far] = 1.2 * rng.normal(size=(int(far.sum()), dims))
    return points.astype(np.float32)


def median_seconds(work: Callable[[], object], repeats: int) -> float:
    taken = []
    for _ in range(repeats):
        start = time.process_time()
        work()
        taken.append(time.process_time() - start)
    return statistics.median(taken)


def main() -> None:
    import faiss

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[5000, 10_000, 20_000])
    parser.add_argument("--dims", type=int, default=384)
    parser.add_argument("--k", type=int, default=30)
    parser.add_argument("--repeats", type=int, default=3)
    args = parser.parse_args()
    print(f"faiss-cpu {version('faiss-cpu')}, numpy {version('numpy')}, {args.dims}-d, k={args.k}")
    print(f"{'items':>8} {'faiss s':>8} {'exact s':>8} {'ratio':>6} {'approx s':>9} {'recall':>7}")
    for n in args.sizes:
        vectors = gaussians(n, args.dims)
        unit = unit_rows(vectors)

        def alone(unit: np.ndarray = unit) -> None:
            index = faiss.IndexFlatIP(unit.shape[1])
            index.add(unit)
            index.search(unit, args.k + 1)

        def find(exact_up_to: int, vectors: np.ndarray = vectors) -> float:
            return find_neighbors(vectors, key="b", k=args.k, exact_up_to=exact_up_to).recall

        bare = median_seconds(alone, args.repeats)
        exact = median_seconds(partial(find, n), args.repeats)
        start = time.process_time()
        recall = find(0)
        quick = time.process_time() - start
        print(f"{n:8d} {bare:8.2f} {exact:8.2f} {exact / bare:6.2f} {quick:9.2f} {recall:7.4f}")
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


if __name__ == "__main__":
    main()

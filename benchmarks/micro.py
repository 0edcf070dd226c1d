"""Micro-clusters as the set grows.

    python -m benchmarks.micro [--sizes 10000 20000 70000] [--dims 64]

Random normals: the hard case, without groups. Seconds by the clock and of the processor, and how
many groups, shards and groups of one there are. The target is below 60 s for 70,000 items on two
processors, and a cost that grows in proportion to the items.
"""

import argparse
import resource
import time
from importlib.metadata import version

import numpy as np

from core.clusters.micro import find_micro_clusters


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 20_000, 70_000])
    parser.add_argument("--dims", type=int, default=64)
    args = parser.parse_args()
    print(f"scikit-learn {version('scikit-learn')}, scipy {version('scipy')}, {args.dims}-d")
    print(f"{'items':>8} {'clock s':>8} {'cpu s':>8} {'groups':>7} {'shards':>7} {'of one':>7}")
    for n in args.sizes:
        vectors = np.random.default_rng(0).normal(size=(n, args.dims)).astype(np.float32)
        clock, processor = time.perf_counter(), time.process_time()
        spec = find_micro_clusters(vectors, key="b").spec
        clock, processor = time.perf_counter() - clock, time.process_time() - processor
        print(
            f"{n:8d} {clock:8.1f} {processor:8.1f} {spec['n_clusters']:7d} {spec['shards']:7d}"
            f" {spec['singletons']:7d}", flush=True,
        )  # fmt: skip
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MiB")


if __name__ == "__main__":
    main()

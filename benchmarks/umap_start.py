"""What a person waits for the first UMAP in a new process, and for the second.

    python -m benchmarks.umap_start [--items 1797] [--dims 256] [--class-search]

Each line is a fresh process on the same vectors and ready neighbours. `cold` has an empty numba
cache, as a fresh installation has; `kept` finds what an earlier process compiled. Times are
processor seconds, which other load does not move; import and fit run on one processor.

import    importing umap-learn and, cold, compiling what pynndescent asks for (ours imports as part
          of `first`, without that)
first     the first two-dimensional map, compiling included
bare      the same map again: the fit alone
themes    a ten-dimensional layout after it: no compiling is left

With `--class-search` also umap-learn's own search, the naive way (one to two minutes).
The targets: import + first below 30 s cold; a second map within 1.2 x of `bare`.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version

import numpy as np


def measure(args: argparse.Namespace) -> None:
    """Run inside a fresh process: print one JSON object."""
    from core.maps.pca import principal_components
    from core.maps.umap_layout import umap_layout, warm_umap
    from core.neighbors import find_neighbors
    from core.space import unit_rows

    rng = np.random.default_rng(0)
    centres = rng.normal(size=(10, args.dims))
    vectors = centres[rng.integers(0, 10, args.items)] + rng.normal(size=(args.items, args.dims))
    graph = find_neighbors(vectors, key="b")
    unit = unit_rows(vectors)
    flat, deep = (principal_components(unit, m).scores for m in (2, 10))
    laps = {}

    def lap(name: str) -> None:
        nonlocal start
        laps[name] = round(time.process_time() - start, 2)
        start = time.process_time()

    start = time.process_time()
    if args.way == "warmed":
        warm_umap()
        lap("warm")
    if args.way in {"class", "search"}:
        import umap

        lap("import")
    if args.way in {"ours", "warmed"}:
        for name in ("first", "bare"):
            umap_layout(graph.indices, graph.distances, flat)
            lap(name)
        umap_layout(graph.indices, graph.distances, deep, min_dist=0.0)
        lap("themes")
    else:
        knn = (
            np.hstack([np.arange(args.items)[:, None], graph.indices[:, :14]]).astype(np.int32),
            np.hstack([np.zeros((args.items, 1)), graph.distances[:, :14]]).astype(np.float32),
        )
        given = {"precomputed_knn": knn} if args.way == "class" else {
            "force_approximation_algorithm": True
        }  # fmt: skip
        for name, dims in (("first", 2), ("bare", 2), ("themes", 10)):
            umap.UMAP(n_components=dims, random_state=0, n_jobs=1, **given).fit(unit)
            lap(name)
    print(json.dumps(laps))


def fresh(way: str, args: argparse.Namespace, cache: str) -> dict[str, float]:
    """Return the laps of a fresh process."""
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.umap_start", "--way", way,
               "--items", str(args.items), "--dims", str(args.dims)]  # fmt: skip
    done = subprocess.run(
        command, check=True, capture_output=True, text=True,
        env={**os.environ, "NUMBA_CACHE_DIR": cache},
    )  # fmt: skip
    laps: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return laps


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--items", type=int, default=1797)
    parser.add_argument("--dims", type=int, default=256)
    parser.add_argument("--class-search", action="store_true")
    parser.add_argument("--way", choices=["ours", "warmed", "class", "search"])
    args = parser.parse_args()
    if args.way:
        measure(args)
        return
    print(", ".join(f"{name} {version(name)}" for name in ("umap-learn", "numba", "pynndescent")))
    print(f"{'':28} {'warm':>6} {'import':>7} {'first':>6} {'bare':>6} {'themes':>7}")
    with tempfile.TemporaryDirectory() as ours, tempfile.TemporaryDirectory() as theirs:
        ways = [("ours", ours, "ours, cold"), ("ours", ours, "ours, kept"),
                ("warmed", ours, "ours, after warm_umap"),
                ("class", theirs, "UMAP class, graph, cold"),
                ("class", theirs, "UMAP class, graph, kept")]  # fmt: skip
        if args.class_search:
            ways.append(("search", theirs, "UMAP class, its own search"))
        for way, cache, title in ways:
            laps = fresh(way, args, cache)
            warm, imported = laps.get("warm", 0), laps.get("import", 0)
            print(
                f"{title:28} {warm:6.2f} {imported:7.2f} {laps['first']:6.2f}"
                f" {laps['bare']:6.2f} {laps['themes']:7.2f}", flush=True,
            )  # fmt: skip


if __name__ == "__main__":
    main()

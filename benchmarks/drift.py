"""Comparing two sets: false alarms, what is found, seconds, beside DataEval on the same pairs.

    python -m benchmarks.drift [null] [planted] [power] [large] [peers]
        [--vectors FILE.npz] [--splits 400] [--seeds 50] [--runs 100] [--pairs 200] [--size 200]
        [--large 3000] [--dims 768] [--peers PYTHON]

Without a part named, all but `peers` are run. The data are scikit-learn's digits, or "vectors"
`(n, d)` and "label" `(n,)` of a file. Every part runs the tests as the job does.

null     one set is split in two at random, so often: rejections at .05 of every test; then with
         every image five times, a little changed, as units of five and as if each stood alone.
planted  one label is in the second set only, as 5 % of it (new), or in the first only (gone):
         how often a cluster or region that holds it is named so, over seeds.
power    how often each test sees every dimension moved by .1 of its spread, and a label 2.5 times
         as common, over runs.
large    two sets of given size, 999 permutations: seconds and peak memory.
peers    the same pairs given to DataEval, in which PYTHON has it: false alarms over pairs of one
         set, sights of a new 5 %, of a label 2.5 times as common, and seconds.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from core.drift.components import component_tests
from core.drift.grown import changes
from core.drift.request import DriftRequest
from core.drift.shares import stability_index, stability_p
from core.drifting.explaining import power_of, sized
from core.drifting.pool import Pool
from core.drifting.tests import Tested, clusters_of, detail_tests, headline_tests
from core.drifting.where import where_they_differ
from core.progress import Progress
from core.quality.threads import calm_threads
from core.space import unit_rows

ALPHA, MODE, TIMES = 0.05, 0.05, 2.5
#: Kept to show that it rejects too often: the job deals units instead.
BY_TABLE = "stability index by its table"
#: Splits after which counts are told.
EVERY = 10


@dataclass(frozen=True)
class Arrays(Pool):
    """A pool of given vectors: the job's tests without a workspace."""

    @cached_property
    def second(self) -> np.ndarray:
        """Which images are of the second side."""
        return np.asarray(self.sides.second)  # type: ignore[attr-defined]

    @cached_property
    def units(self) -> np.ndarray:
        """The unit of each image."""
        return np.asarray(self.sides.units)  # type: ignore[attr-defined]

    @cached_property
    def points(self) -> np.ndarray:
        """The unit vectors."""
        return np.asarray(self.sides.points)  # type: ignore[attr-defined]

    @property
    def parts(self) -> Any:
        """Rows of both sides, without ids."""
        sizes = int((~self.second).sum()), int(self.second.sum())
        return tuple(
            SimpleNamespace(rows=np.arange(size), opened=SimpleNamespace(items=_Ids()))
            for size in sizes
        )


class _Ids:
    """Ids of images that have none."""

    def __getitem__(self, name: str) -> Any:
        return SimpleNamespace(iloc=_Rows())


class _Rows:
    def __getitem__(self, rows: np.ndarray) -> Any:
        return SimpleNamespace(tolist=lambda: [str(row) for row in rows])


def pool_of(
    first: np.ndarray, second: np.ndarray, *, seed: int, permutations: int = 199,
    units: np.ndarray | None = None,
) -> Arrays:  # fmt: skip
    points = unit_rows(np.concatenate([first, second]))
    side = np.repeat([False, True], [len(first), len(second)])
    given = SimpleNamespace(
        points=points, second=side, units=np.arange(len(points)) if units is None else units
    )
    asked = DriftRequest("a", "b", permutations=permutations, seed=seed, explain=False)
    return Arrays(asked, given, SimpleNamespace(root=Path()))  # type: ignore[arg-type]


def judged(pool: Pool) -> tuple[Tested, np.ndarray]:
    clusters = clusters_of(pool, Progress())
    return headline_tests(pool, clusters, Progress()), clusters


def drifted(tested: Tested) -> bool:
    return min(line["p_adjusted"] for line in tested.lines) < ALPHA


def data_of(path: str | None) -> tuple[np.ndarray, np.ndarray]:
    if path is None:
        from sklearn.datasets import load_digits

        found = load_digits()
        return found.data, found.target
    with np.load(path, allow_pickle=False) as given:
        names, codes = np.unique(given["label"], return_inverse=True)
        return given["vectors"], np.where(names[codes] == "", -1, codes)


def null_rates(vectors: np.ndarray, splits: int, size: int) -> dict[str, float]:
    """Return the share of random splits in which each test rejects at .05."""
    counts: dict[str, int] = {}
    for seed in range(splits):
        order = np.random.default_rng(seed).permutation(len(vectors))
        one, two = vectors[order[:size]], vectors[order[size : 2 * size]]
        pool = pool_of(one, two, seed=seed)
        tested, clusters = judged(pool)
        found = {line["key"]: line["p"] < ALPHA for line in tested.lines}
        found |= {"headline, after Holm": drifted(tested)}
        found |= {test.name: (test.p or 1) < ALPHA for test in (tested.several, tested.energy)}
        some = changes(clusters, pool.of_images, tested.occupancy)
        found["any cluster"] = any(line.state != "same" for line in some)
        where = where_they_differ(pool, clusters, tested.occupancy, Progress())
        found["any region"] = bool((where.images["local"] != 0).any())
        along = component_tests(pool.components, pool.unit_second)
        found["any component"] = bool(along.p.min() < ALPHA)
        index = stability_index(tested.occupancy.first, tested.occupancy.second)
        found[BY_TABLE] = index is not None and index.p < ALPHA
        p = stability_p(clusters, pool.of_images, permutations=199, seed=seed)
        found["stability index"] = p is not None and p < ALPHA
        _count(counts, found, seed, splits)
    return {name: count / splits for name, count in counts.items()}


def frame_rates(vectors: np.ndarray, splits: int) -> dict[str, float]:
    """Return the same where every image comes five times, by units and image by image."""
    counts: dict[str, int] = {}
    for seed in range(splits):
        rng = np.random.default_rng(seed)
        order = rng.permutation(len(vectors))[: 2 * 40]
        chosen = np.repeat(vectors[order], 5, axis=0)
        chosen = chosen + 0.05 * vectors.std() * rng.standard_normal(chosen.shape)
        found = {}
        for what, units in (("units", np.repeat(np.arange(80), 5)), ("images", None)):
            tested, _ = judged(pool_of(chosen[:200], chosen[200:], seed=seed, units=units))
            for line in tested.lines:
                found[f"{line['key']}, {what} of five frames"] = line["p"] < ALPHA
        _count(counts, found, seed, splits)
    return {name: count / splits for name, count in counts.items()}


def null(vectors: np.ndarray, splits: int, size: int) -> None:
    """Print the rejections of every test where nothing differs."""
    print(f"\nnull: {splits} splits, {size} units a side, rejections at .05 (at most .0725)")
    for rates in (null_rates(vectors, splits, size), frame_rates(vectors, min(splits, 200))):
        for name, rate in rates.items():
            print(f"  {name:42} {rate:.4f}", flush=True)


def _count(counts: dict[str, int], found: dict[str, bool], at: int, total: int) -> None:
    """Add to counts, and say every now and then how far it is."""
    for name, value in found.items():
        counts[name] = counts.get(name, 0) + bool(value)
    _still(at, total, counts)


def _still(at: int, total: int, counts: dict[str, int]) -> None:
    """Say every now and then how far it is."""
    if (at + 1) % EVERY == 0 and at + 1 < total:
        print(f"  ({at + 1} of {total}: {counts})", file=sys.stderr, flush=True)


def planted_pairs(
    vectors: np.ndarray, labels: np.ndarray, size: int, seed: int
) -> tuple[np.ndarray, np.ndarray, int]:
    """Return rows of both sides and the label of which the second alone has 5 %."""
    rng = np.random.default_rng(seed)
    new = int(rng.choice(np.unique(labels[labels >= 0])))
    base = labels < 0 if (labels < 0).any() else labels != new
    others = rng.permutation(np.flatnonzero(base))
    size = min(size, len(others) // 2)
    count = min(round(MODE * size), int((labels == new).sum()))
    strangers = rng.permutation(np.flatnonzero(labels == new))[:count]
    two = np.concatenate([others[size : 2 * size - count], strangers])
    return others[:size], two, new


def planted(vectors: np.ndarray, labels: np.ndarray, seeds: int, size: int) -> None:
    """Print how often what is new and what is gone is named so."""
    print(f"\nplanted: {seeds} seeds, {size} a side at most")
    counts = dict.fromkeys(("new: verdict", "new: region", "new: cluster", "gone: verdict",
                            "gone: region", "gone: cluster", "wrong regions"), 0)  # fmt: skip
    for seed in range(seeds):
        one, two, label = planted_pairs(vectors, labels, size, seed)
        for what, pair in (("new", (one, two)), ("gone", (two, one))):
            pool = pool_of(vectors[pair[0]], vectors[pair[1]], seed=seed, permutations=999)
            tested, clusters = judged(pool)
            where = where_they_differ(pool, clusters, tested.occupancy, Progress())
            mine = labels[np.concatenate(pair)] == label
            marked = (where.images["local"] == (1 if what == "new" else -1)).to_numpy()
            named = [line["id"] for line in where.clusters if line["state"] == what]
            inside = np.isin(clusters, named)
            counts[f"{what}: verdict"] += drifted(tested)
            # named: half of the planted images or more are marked, and most marked are planted
            counts[f"{what}: region"] += _names(marked, mine)
            counts[f"{what}: cluster"] += _names(inside, mine)
            counts["wrong regions"] += bool(
                marked.any() and (mine & marked).sum() < marked.sum() / 2
            )
        _still(seed, seeds, counts)
    for name, count in counts.items():
        print(f"  {name:20} {count / (seeds * (1 + (name == 'wrong regions'))):.2f}")


def _names(marked: np.ndarray, mine: np.ndarray) -> bool:
    both = int((marked & mine).sum())
    return both >= mine.sum() / 2 and both > marked.sum() / 2


def seen_by(pool: Arrays) -> dict[str, bool]:
    """Return which tests see a difference."""
    tested, _ = judged(pool)
    found = {line["key"]: line["p"] < ALPHA for line in tested.lines}
    found |= {test.name: (test.p or 1) < ALPHA for test in (tested.several, tested.energy)}
    along = component_tests(pool.components, pool.unit_second)
    return found | {
        "any component": bool(along.p.min() < ALPHA), "verdict": drifted(tested)
    }  # fmt: skip


def power(vectors: np.ndarray, labels: np.ndarray, runs: int, size: int) -> None:
    """Print how often each test sees two changes."""
    print(f"\npower: {runs} runs, {size} a side: moved by .1 of the spread; a label x {TIMES}")
    moved: dict[str, int] = {}
    common: dict[str, int] = {}
    unit = unit_rows(vectors)
    for seed in range(runs):
        rng = np.random.default_rng(seed)
        order = rng.permutation(len(unit))
        one, two = unit[order[:size]], unit[order[size : 2 * size]]
        shift = 0.1 * unit.std(axis=0) * rng.choice([-1, 1], unit.shape[1])
        for name, value in seen_by(pool_of(one, two + shift, seed=seed)).items():
            moved[name] = moved.get(name, 0) + value
        rest = order[size:]
        weight = np.where(labels[rest] == rng.choice(np.unique(labels)), TIMES, 1.0)
        often = rng.choice(rest, size, replace=False, p=weight / weight.sum())
        for name, value in seen_by(pool_of(one, unit[often], seed=seed)).items():
            common[name] = common.get(name, 0) + value
        _still(seed, runs, moved | {f"x {name}": count for name, count in common.items()})
    for name, count in moved.items():
        print(f"  {name:42} {count / runs:.2f} {common[name] / runs:.2f}")


def large(n: int, dims: int) -> None:
    """Print the seconds of a comparison of two large sets, stage by stage."""
    rng = np.random.default_rng(0)
    centres = rng.standard_normal((30, dims))
    code = rng.integers(0, 30, 2 * n)
    points = centres[code] + 1.5 * rng.standard_normal((2 * n, dims))
    pool = pool_of(points[:n], points[n:], seed=0, permutations=999)
    _ = pool.points
    del points
    start, used = time.perf_counter(), time.process_time()
    with calm_threads(len(pool.tested) ** 2):
        tested, clusters = judged(pool)
        where_they_differ(pool, clusters, tested.occupancy, Progress())
        detail_tests(pool, tested, clusters, Progress())
        sized(pool, 1.5, {}, Progress())
        power_of(pool, Progress(), differ=drifted(tested))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\nlarge: {n} against {n} x {dims}, 999 permutations: "
          f"{time.perf_counter() - start:.1f} s, {time.process_time() - used:.1f} CPU s, "
          f"{peak:.0f} MB")  # fmt: skip


def pairs_of(
    vectors: np.ndarray, labels: np.ndarray, pairs: int, size: int
) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Yield what was done and rows of both sides."""
    for seed in range(pairs):
        order = np.random.default_rng(seed).permutation(len(vectors))
        yield "same", order[:size], order[size : 2 * size]
    for seed in range(pairs // 4):
        one, two, _ = planted_pairs(vectors, labels, size, seed)
        yield "5 % new", one, two
        rng = np.random.default_rng(seed)
        weight = np.where(labels == rng.choice(np.unique(labels)), TIMES, 1.0)
        order = rng.permutation(len(vectors))
        rest = order[size:]
        chance = weight[rest] / weight[rest].sum()
        yield "label x 2.5", order[:size], rng.choice(rest, size, replace=False, p=chance)


PEER = """
import json, sys, time, warnings
warnings.simplefilter("ignore")
import numpy as np
from dataeval.shift import DriftDomainClassifier, DriftKNeighbors, DriftMMD, DriftUnivariate
given = np.load(sys.argv[1])
vectors = given["vectors"]
tools = {"DriftMMD": DriftMMD, "DriftKNeighbors": DriftKNeighbors,
         "DriftUnivariate (KS)": DriftUnivariate}
if int(sys.argv[2]):
    tools["DriftDomainClassifier"] = DriftDomainClassifier
seen = {}
for name, tool in tools.items():
    seen[name] = []
    for at in range(int(given["pairs"])):
        if name == "DriftDomainClassifier" and at >= int(sys.argv[2]):
            break
        start = time.perf_counter()
        made = tool()
        made.fit(vectors[given[f"a{at}"]])
        found = made.predict(vectors[given[f"b{at}"]])
        p = found.details["p_val"] if name == "DriftMMD" else None
        seen[name].append((bool(found.drifted), time.perf_counter() - start, p))
print(json.dumps(seen))
"""


def peers(vectors: np.ndarray, labels: np.ndarray, pairs: int, size: int, python: str) -> None:
    """Print what DataEval and Vitrine say of the same pairs."""
    unit = unit_rows(vectors)
    listed = list(pairs_of(vectors, labels, pairs, size))
    mine = []
    for at, (_, one, two) in enumerate(listed):
        start = time.perf_counter()
        tested, _ = judged(pool_of(unit[one], unit[two], seed=at, permutations=999))
        mine.append((drifted(tested), time.perf_counter() - start, None))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "pairs.npz"
        rows = {f"a{at}": one for at, (_, one, _) in enumerate(listed)}
        rows |= {f"b{at}": two for at, (_, _, two) in enumerate(listed)}
        arrays: dict[str, Any] = {"vectors": unit, "pairs": np.array(len(listed)), **rows}
        np.savez(file, **arrays)
        done = subprocess.run([python, "-c", PEER, str(file), "20"], capture_output=True, text=True)
    if done.returncode:
        sys.exit(done.stderr[-2000:])
    seen = {"Vitrine, verdict": mine, **json.loads(done.stdout.splitlines()[-1])}
    print(f"\npeers: {pairs} pairs of one set, {pairs // 4} of each change, {size} a side")
    print(f"  {'':26}{'false alarms':>14}{'5 % new':>10}{'x 2.5':>8}{'s a pair':>10}{'p = 0':>7}")
    for name, found in seen.items():
        said: dict[str, list[bool]] = {"same": [], "5 % new": [], "label x 2.5": []}
        for (what, _, _), (drift, _, _) in zip(listed, found, strict=False):
            said[what].append(drift)
        rates = [f"{np.mean(one):.3f}" if one else "–" for one in said.values()]
        seconds = float(np.median([one[1] for one in found]))
        zeros = sum(p is not None and p == 0 for _, _, p in found)
        print(f"  {name:26}{rates[0]:>14}{rates[1]:>10}{rates[2]:>8}{seconds:>10.2f}{zeros:>7}"
              f"  ({len(found)} pairs)")  # fmt: skip


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument(
        "parts", nargs="*", choices=("null", "planted", "power", "large", "peers", [])
    )
    parser.add_argument("--vectors")
    parser.add_argument("--splits", type=int, default=400)
    parser.add_argument("--seeds", type=int, default=50)
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--pairs", type=int, default=200)
    parser.add_argument("--size", type=int, default=200)
    parser.add_argument("--large", type=int, default=3000)
    parser.add_argument("--dims", type=int, default=768)
    parser.add_argument("--peers")
    options = parser.parse_args()
    parts = options.parts or ["null", "planted", "large"]
    vectors, labels = data_of(options.vectors)
    small = 4 * options.size**2
    with calm_threads(small):
        if "null" in parts:
            null(vectors, options.splits, options.size)
        if "planted" in parts:
            planted(vectors, labels, options.seeds, 3 * options.size)
        if "power" in parts:
            power(vectors, labels, options.runs, options.size)
        if "peers" in parts:
            if not options.peers:
                parser.error("peers: give --peers PYTHON, an interpreter that has DataEval")
            peers(vectors, labels, options.pairs, options.size, options.peers)
    if "large" in parts:
        large(options.large, options.dims)
    return 0


if __name__ == "__main__":
    sys.exit(main())

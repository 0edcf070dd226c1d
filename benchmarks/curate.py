"""Choosing images: every strategy at size, and facility location against other ways to do it.

    python -m benchmarks.curate [--items 70000] [--dims 64] [--choose 20000] [--strategy S ...]

Each strategy chooses in a fresh process, given unit vectors, the neighbour graph (90) and the
micro-clusters as they are stored: seconds by the clock and of the processor, and the peak memory
of the process with all of it. The target for 20,000 of 70,000 × 64 is below two minutes on two
processors and below 4 GiB. Data: Gaussians of uneven size and spread, and 5 % background.

Then, on `--peer-items` of the same, `--peer-choose` are chosen by facility location, exactly, by
Vitrine, by a naive greedy that computes all gains anew, and by apricot-select where it is
installed; all from vectors, all pairs included. They must choose the same.

    python -m benchmarks.curate --commands [--strategy S ...]

instead types `run`, `curate` and `report` as a person would, each a process of its own in a fresh
workspace: seconds by the clock and of the processor, and peak memory. The target for `curate` and
`report` together is below three minutes on two processors.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import numpy as np

from benchmarks.neighbors import gaussians
from core.clusters.micro import find_micro_clusters
from core.curate.facility import facility_location
from core.curate.picks import PickSpace, make_pool
from core.curate.strategies import STRATEGIES, choose
from core.model import Clustering, Neighbors
from core.neighbors import find_neighbors
from core.space import unit_rows


def prepare(folder: Path, items: int, dims: int) -> None:
    """Store vectors, graph, micro-clusters and ten uneven labels."""
    unit = unit_rows(gaussians(items, dims))
    graph = find_neighbors(unit, key="b", k=90)
    micro = find_micro_clusters(unit, key="b", neighbors=graph)
    labels = np.random.default_rng(0).choice(10, items, p=np.arange(1, 11) / 55)
    for name, array in (
        ("unit", unit), ("indices", graph.indices), ("distances", graph.distances),
        ("micro", micro.labels), ("labels", labels),
    ):  # fmt: skip
        np.save(folder / f"{name}.npy", array)
    print(f"{items:,} × {dims}, {int(micro.labels.max()) + 1:,} micro-clusters", flush=True)


def stored(folder: Path) -> PickSpace:
    """Open what was prepared, as the workspace does: mapped, not read."""
    array = {path.stem: np.load(path, mmap_mode="r") for path in folder.glob("*.npy")}
    graph = Neighbors("b", array["indices"], array["distances"], True, 1.0)
    labels = np.asarray(array["micro"])
    none = np.zeros(0, np.float32)
    import pandas as pd

    micro = Clustering("b", "micro", {}, labels, none, none, pd.DataFrame())
    return PickSpace(np.asarray(array["unit"]), graph, micro, np.asarray(array["labels"]))


def one(folder: Path, strategy: str, count: int) -> None:
    """Choose once and print what it took, as JSON."""
    space = stored(folder)
    clock, processor = time.perf_counter(), time.process_time()
    found = choose(strategy, space, count)
    print(
        json.dumps(
            {
                "clock": time.perf_counter() - clock,
                "cpu": time.process_time() - processor,
                "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
                "chosen": len(found.rows),
                "total": found.total,
            }
        )
    )


def table(folder: Path, strategies: list[str], count: int) -> None:
    print(f"{'strategy':>16} {'chosen':>8} {'clock s':>8} {'cpu s':>8} {'peak GiB':>9}")
    for name in strategies:
        command = [sys.executable, "-m", "benchmarks.curate", "--part", name]
        command += ["--folder", str(folder), "--choose", str(count)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        found = json.loads(done.stdout.splitlines()[-1])
        print(
            f"{name:>16} {found['chosen']:8,} {found['clock']:8.1f} {found['cpu']:8.1f}"
            f" {found['peak']:9.2f}", flush=True,
        )  # fmt: skip


def typed(folder: Path, *arguments: str) -> str:
    """Run a command in a fresh process, print what it took, and return what it printed."""
    command = [sys.executable, "app.py", *arguments, "--workspace", str(folder / "ws")]
    with (folder / "out").open("w+") as out:
        clock = time.perf_counter()
        child = subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL)
        _, status, used = os.wait4(child.pid, 0)
        clock = time.perf_counter() - clock
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode:
            raise SystemExit(f"{' '.join(arguments)} ended with {child.returncode}")
        cpu, peak = used.ru_utime + used.ru_stime, used.ru_maxrss / 2**20
        print(f"{arguments[0]:>16} {clock:8.1f} {cpu:8.1f} {peak:9.2f}", flush=True)
        out.seek(0)
        return out.read()


def commands(folder: Path, items: int, dims: int, strategies: list[str], count: int) -> None:
    """Type the commands from a file of vectors to the report on each strategy's choice."""
    np.save(folder / "big.npy", gaussians(items, dims))
    print(f"{items:,} × {dims}, {count:,} chosen")
    print(f"{'command':>16} {'clock s':>8} {'cpu s':>8} {'peak GiB':>9}")
    done = json.loads(typed(folder, "run", str(folder / "big.npy"), "--name", "big", "--map",
                            "pca", "--json"))  # fmt: skip
    print(f"  of which micro-clusters {done['seconds']['micro-clusters']} s by the clock")
    for name in strategies:
        print(f"  {name}")
        chosen = json.loads(typed(folder, "curate", "big", "--budget", str(count), "--strategy",
                                  name, "--slice", name, "--json"))  # fmt: skip
        typed(folder, "report", "big", "--choice", chosen["choice"], "--html",
              str(folder / "report.html"), "--json", str(folder / "report.json"))  # fmt: skip


def own(unit: np.ndarray, count: int) -> list[int]:
    rows: list[int] = facility_location(PickSpace(unit), count, make_pool(len(unit))).rows.tolist()
    return rows


def naive(unit: np.ndarray, count: int) -> list[int]:
    """Compute every gain anew for each pick."""
    similar = np.maximum(unit @ unit.T, 0)
    best = np.zeros(len(unit), np.float32)
    rows: list[int] = []
    for _ in range(count):
        gains = np.maximum(similar - best, 0).sum(axis=1, dtype=np.float64)
        gains[rows] = -1
        rows.append(int(np.argmax(gains)))
        np.maximum(best, similar[rows[-1]], out=best)
    return rows


def apricot(unit: np.ndarray, count: int) -> list[int]:
    if not hasattr(np, "int"):  # apricot-select 0.6.1 uses names that numpy took away
        np.int, np.float = int, float  # type: ignore[attr-defined]
    from apricot import FacilityLocationSelection

    wide = unit.astype(np.float64)
    similar = np.maximum(wide @ wide.T, 0)
    model = FacilityLocationSelection(count, metric="precomputed", optimizer="lazy")
    rows: list[int] = [int(row) for row in model.fit(similar).ranking]
    return rows


def peers(items: int, dims: int, count: int) -> None:
    unit = unit_rows(gaussians(items, dims))
    ways: dict[str, Callable[[np.ndarray, int], list[int]]] = {"Vitrine": own, "naive": naive}
    try:
        ways[f"apricot {version('apricot-select')}"] = apricot
    except PackageNotFoundError:
        print("apricot-select is not installed")
    print(f"facility location, exact: {count:,} of {items:,} × {dims}")
    answers, seconds = {}, {}
    for name, way in ways.items():
        way(unit[:200], 5)  # what is compiled or imported at first
        start = time.process_time()
        answers[name] = way(unit, count)
        seconds[name] = time.process_time() - start
        shared = len(set(answers[name]) & set(answers["Vitrine"]))
        print(
            f"{name:>16} {seconds[name]:8.2f} cpu s, {seconds[name] / seconds['Vitrine']:6.1f}"
            f" times Vitrine's, {shared:,} of {count:,} the same", flush=True,
        )  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--items", type=int, default=70_000)
    parser.add_argument("--dims", type=int, default=64)
    parser.add_argument("--choose", type=int, default=20_000)
    parser.add_argument("--strategy", action="append", choices=list(STRATEGIES))
    parser.add_argument("--peer-items", type=int, default=5000)
    parser.add_argument("--peer-choose", type=int, default=500)
    parser.add_argument("--commands", action="store_true", help="time the commands as typed")
    parser.add_argument("--part", help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, default=None, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.part:
        one(args.folder, args.part, args.choose)
        return
    print(", ".join(f"{name} {version(name)}" for name in ("numpy", "scikit-learn", "faiss-cpu")))
    if args.commands:
        asked = args.strategy or ["representative", "coverage", "extremes"]
        with tempfile.TemporaryDirectory() as name:
            commands(Path(name), args.items, args.dims, asked, args.choose)
        return
    with tempfile.TemporaryDirectory() as name:
        prepare(Path(name), args.items, args.dims)
        table(Path(name), args.strategy or list(STRATEGIES), args.choose)
    peers(args.peer_items, args.dims, args.peer_choose)


if __name__ == "__main__":
    main()

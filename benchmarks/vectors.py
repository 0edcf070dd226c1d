"""Write and read 100,000 x 768 vectors through the cache, beside one plain .npy file.

    python -m benchmarks.vectors [--rows 100000] [--dims 768] [--folder DIR] [--repeat 3]

Prints medians in seconds, ratios to the plain file and to the targets (write 3 s with a flush to
disk for each batch of 256; read all 0.3 s, warm), how both grow with the number of rows, and
versions. The plain file is flushed once and has no index, no checksums and no way to resume.
"""

import argparse
import hashlib
import os
import shutil
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from core.model import EncoderSpec
from core.storage.vectors import VectorCache

BATCH = 256


def timed(action: Callable[[], object]) -> float:
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def write_cache(folder: Path, ids: list[str], vectors: np.ndarray) -> VectorCache:
    cache = VectorCache(folder, EncoderSpec("bench", "", "given", vectors.shape[1]))
    with cache.writer():
        for start in range(0, len(ids), BATCH):
            cache.append(ids[start : start + BATCH], vectors[start : start + BATCH])
    return cache


def write_plain(path: Path, vectors: np.ndarray) -> None:
    with path.open("wb") as file:
        np.save(file, vectors)
        file.flush()
        os.fsync(file.fileno())


def measure(folder: Path, rows: int, dims: int, repeat: int) -> dict[str, float]:
    rng = np.random.default_rng(0)
    vectors = rng.standard_normal((rows, dims), dtype=np.float32)
    ids = [hashlib.sha256(str(row).encode()).hexdigest() for row in range(rows)]
    some = rng.choice(rows, min(1000, rows), replace=False)
    seen: dict[str, list[float]] = {}
    for _ in range(repeat):
        place = folder / "cache"
        shutil.rmtree(place, ignore_errors=True)
        seen.setdefault("write", []).append(timed(lambda p=place: write_cache(p, ids, vectors)))
        seen.setdefault("plain write", []).append(
            timed(lambda: write_plain(folder / "plain.npy", vectors))
        )
        cache = VectorCache(place, EncoderSpec("bench", "", "given", dims))
        assert np.array_equal(cache.load(ids), vectors)
        seen.setdefault("read", []).append(timed(lambda c=cache: c.load(ids)))
        seen.setdefault("plain read", []).append(timed(lambda: np.load(folder / "plain.npy")))
        seen.setdefault("1000 random rows", []).append(
            timed(lambda c=cache: c.load([ids[row] for row in some]))
        )
        seen.setdefault("missing", []).append(timed(lambda c=cache: c.missing(ids)))
    return {name: statistics.median(values) for name, values in seen.items()}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--dims", type=int, default=768)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--folder", type=Path, default=None, help="on the disk to be measured")
    args = parser.parse_args()
    print(f"numpy {np.__version__}, sqlite {sqlite3.sqlite_version}, {os.cpu_count()} processors")
    folder = Path(tempfile.mkdtemp(dir=args.folder))
    try:
        for rows in (args.rows // 10, args.rows // 3, args.rows):
            found = measure(folder, rows, args.dims, args.repeat)
            line = ", ".join(f"{name} {value:.3f} s" for name, value in found.items())
            print(f"{rows:7d} x {args.dims}: {line}")
        print(
            f"write / plain write {found['write'] / found['plain write']:.2f}, "
            f"read / plain read {found['read'] / found['plain read']:.2f}"
        )
        if (args.rows, args.dims) == (100_000, 768):
            print(
                f"write / target {found['write'] / 3:.2f}, read / target {found['read'] / 0.3:.2f}"
            )
    finally:
        shutil.rmtree(folder)


if __name__ == "__main__":
    main()

"""Files to stored vectors, against the ideal: decode and forward pass with nothing in between.

    python -m benchmarks.encode --images DIR [--encoder timm:local-dir:FOLDER] [--workers 2]

In one run and on the same files it measures, each in a fresh process for its peak memory:

ideal      processor seconds an image of `load_picture` alone plus those of the network alone on
           ready tensors (one torch thread; the best batch size of 1 to 32), and their inverse
pipeline   `embed` and `VectorCache` with its flushes: processor seconds an image, images a second
           by the clock, without and with thumbnails

Printed: `work` = ideal processor seconds / the pipeline's, which other load on the machine does
not move, and `clock` = the pipeline's images a second / (processors x ideal), which it does. Peak
memory is printed for N and 3 N images: it must not grow with them. The target is work >= 0.9.
"""

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from core.embed import embed
from core.encoders import open_encoder
from core.imaging.decode import ItemFile, load_picture
from core.storage.vectors import VectorCache

SUFFIXES = {".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp", ".bmp"}


def pictures(folder: Path, count: int) -> list[Path]:
    found = sorted(p for p in folder.rglob("*") if p.suffix.lower() in SUFFIXES)
    return found[:count] if count else found


def ideal(args: argparse.Namespace) -> dict[str, Any]:
    """Processor seconds an image of decoding alone and of the network alone."""
    encoder = open_encoder(args.encoder, device="cpu")
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)
    paths = pictures(args.images, args.count)
    start = time.process_time()
    for path in paths:
        load_picture(path, at_least=encoder.at_least)
    decode = (time.process_time() - start) / len(paths)
    inputs = np.stack(
        [encoder.prepare(load_picture(p, at_least=encoder.at_least)) for p in paths[:32]]
    )
    forward = {size: forward_seconds(encoder, inputs, size) for size in (1, 2, 4, 8, 16, 32)}
    best = min(forward, key=forward.__getitem__)
    return {"decode": decode, "forward": forward[best], "batch": best}


def forward_seconds(encoder: Any, inputs: np.ndarray, size: int) -> float:
    """Processor seconds an image of the bare network on normalised tensors."""
    run = bare_network(encoder, inputs[:size])
    run()
    seen = []
    for _ in range(3):
        start = time.process_time()
        for _ in range(max(1, 32 // size)):
            run()
        seen.append((time.process_time() - start) / (max(1, 32 // size) * size))
    return statistics.median(seen)


def bare_network(encoder: Any, inputs: np.ndarray) -> Any:
    """Return a call of the network alone, or of `encode` for encoders that have none."""
    if not hasattr(encoder, "features"):
        return lambda: encoder.encode(inputs)
    import torch

    tensor = torch.from_numpy(inputs).permute(0, 3, 1, 2).float().div_(255)

    def run() -> Any:
        with torch.inference_mode():
            return encoder.features(tensor)

    return run


def pipeline(args: argparse.Namespace) -> dict[str, Any]:
    """Encode all pictures `--copies` times over into a fresh cache."""
    encoder = open_encoder(args.encoder, device="cpu")
    paths = pictures(args.images, args.count)
    items = [ItemFile(f"{c}-{i}", p) for c in range(args.copies) for i, p in enumerate(paths)]
    folder = Path(tempfile.mkdtemp(dir=args.folder))
    wanted = args.thumbnails
    began, start = time.perf_counter(), time.process_time()
    cache = VectorCache(folder, encoder.spec)
    with cache.writer():
        batches = embed(items, encoder, workers=args.workers, want_thumbnail=lambda _: wanted)
        for batch in batches:
            cache.append(batch.item_ids, batch.vectors)
    spent, wall = time.process_time() - start, time.perf_counter() - began
    stored = len(cache)
    shutil.rmtree(folder)
    return {
        "stored": stored,
        "processor": spent / len(items),
        "rate": len(items) / wall,
        "peak": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }


def fresh(args: argparse.Namespace, part: str, *more: str) -> dict[str, Any]:
    """Run one part of this benchmark in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.encode", "--images", str(args.images)]
    command += ["--encoder", args.encoder, "--workers", str(args.workers), "--part", part]
    command += ["--count", str(args.count), *more]
    if args.folder:
        command += ["--folder", str(args.folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--images", type=Path, required=True, help="a folder of images")
    parser.add_argument("--encoder", default="colour-texture")
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--count", type=int, default=0, help="use the first so many; 0 is all")
    parser.add_argument("--folder", type=Path, default=None, help="on the disk to be measured")
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--part", choices=("ideal", "pipeline"), help=argparse.SUPPRESS)
    parser.add_argument("--copies", type=int, default=1, help=argparse.SUPPRESS)
    parser.add_argument("--thumbnails", action="store_true", help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.part:
        print(json.dumps({"ideal": ideal, "pipeline": pipeline}[args.part](args)))
        return
    libraries = ("torch", "timm", "pillow", "simplejpeg", "numpy")
    print(", ".join(f"{name} {version(name)}" for name in libraries))
    print(f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}, {args.workers} workers")
    compare(args)
    for copies in (1, 2, 3):
        found = fresh(args, "pipeline", "--copies", str(copies), "--thumbnails")
        print(f"{found['stored']} images: peak memory {found['peak']:.0f} MiB")


def compare(args: argparse.Namespace) -> None:
    """Take turns at the ideal and the pipeline; print each and the median ratios."""
    ratios: dict[str, list[tuple[float, float]]] = {"without thumbnails": [], "with thumbnails": []}
    for _ in range(args.repeat):
        best = fresh(args, "ideal")
        seconds = best["decode"] + best["forward"]
        print(
            f"ideal: decode {1000 * best['decode']:.2f} + forward {1000 * best['forward']:.2f} ms "
            f"(batches of {best['batch']}), {1 / seconds:.1f} images a processor second"
        )
        for title, flag in (("without thumbnails", ()), ("with thumbnails", ("--thumbnails",))):
            found = fresh(args, "pipeline", *flag)
            work = seconds / found["processor"]
            clock = found["rate"] * seconds / min(args.workers, os.cpu_count() or 1)
            ratios[title].append((work, clock))
            print(
                f"pipeline {title}: {1000 * found['processor']:.2f} ms an image, "
                f"{found['rate']:.1f} images a second; work {work:.2f}, clock {clock:.2f}"
            )
    for title, seen in ratios.items():
        work, clock = (statistics.median(values) for values in zip(*seen, strict=True))
        print(f"median {title}: work {work:.2f}, clock {clock:.2f}")


if __name__ == "__main__":
    main()

"""Near-duplicates beside imagededup, cleanvision and DataEval, on pictures with planted copies.

    python -m benchmarks.quality --images DIR [--images DIR ...] --peers PYTHON
        [--items 2000] [--copies 400] [--encoder colour-texture] [--seed 0]

Takes pictures from the folders, and of some of them makes one copy each: half the size, 5 % of
each edge cut off, brighter, mirrored, JPEG at 60. Every tool gets the same folder in the same run,
a process of its own, and says which pairs are near-duplicates; seconds are counted inside the
process, after imports, and those of the processor beside them. Right is a pair of a picture and its
copy. Pictures that were alike before count against every tool alike, but for those that
`--known FILE` names: on each line two pictures that show the same, by file name; they and their
copies count neither way. `--wrong` prints the pairs that are neither, by the names they came with.
For Vitrine the seconds are those of a check for copies alone, with the learned threshold; it reads
the thumbnails that `run` made. Those of `run` with the encoder are beside it: no other tool needs,
or makes, vectors.

PYTHON is an interpreter in which the other tools are installed; those it lacks are said to be
missing. DataEval needs pictures in memory, which is part of its time, as reading is of the others'.

    python -m benchmarks.quality --vectors 100000 [--dims 128]

instead finds near-duplicate groups among as many vectors, of which 2 % are copies: seconds and peak
memory.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

from benchmarks.duplicate_peers import TOOLS, processor_seconds

#: What a check imports when it gets there: before the clock starts, as with every tool.
MODULES = (
    "core.checking.duplicates", "core.checking.glances", "core.checking.job",
    "core.checking.leaks", "core.checking.perturbations", "core.quality.threshold",
    "scipy.cluster.hierarchy", "scipy.sparse.csgraph", "scipy.spatial.distance",
)  # fmt: skip
CHANGES = ("half", "crop", "brighter", "mirrored", "jpeg")
ENDINGS = {".jpg", ".jpeg", ".png"}


def changed(image: Image.Image, change: str) -> Image.Image:
    """Return a picture changed as its copy is."""
    width, height = image.size
    if change == "half":
        return image.resize((max(1, width // 2), max(1, height // 2)), Image.Resampling.BICUBIC)
    if change == "crop":
        x, y = round(width * 0.05), round(height * 0.05)
        return image.crop((x, y, width - x, height - y))
    if change == "brighter":
        return ImageEnhance.Brightness(image).enhance(1.25)
    return ImageOps.mirror(image) if change == "mirrored" else image


def plant(
    sources: list[Path], folder: Path, items: int, planted: int, seed: int
) -> tuple[dict[str, tuple[str, str]], dict[str, str]]:
    """Fill a folder; return picture and change of every copy, and where every picture is from."""
    rng = np.random.default_rng(seed)
    originals = items - planted
    if len(sources) < originals:
        raise SystemExit(f"{originals:,} pictures are needed, the folders hold {len(sources):,}")
    taken = [sources[at] for at in rng.permutation(len(sources))[:originals]]
    copies: dict[str, tuple[str, str]] = {}
    origins: dict[str, str] = {}
    for number, path in enumerate(taken):
        name = f"p{number:05}{path.suffix.lower()}"
        (folder / name).write_bytes(path.read_bytes())
        origins[name] = path.name
        if number >= planted:
            continue
        change = CHANGES[number % len(CHANGES)]
        with Image.open(path) as image:
            copy = changed(ImageOps.exif_transpose(image).convert("RGB"), change)
        to = folder / f"q{number:05}.{'jpg' if change == 'jpeg' else 'png'}"
        copy.save(to, quality=60)  # of which PNG takes no notice
        copies[to.name] = (name, change)
        origins[to.name] = path.name
    return copies, origins


def known_pairs(path: str | None) -> set[frozenset[str]]:
    """Return pairs of names of pictures that show the same, from a file of two names a line."""
    lines = Path(path).read_text().splitlines() if path else []
    return {frozenset(line.split()) for line in lines if line.strip() and line[0] != "#"}


def vitrine(folder: Path, encoder: str, workspace: Path) -> dict[str, Any]:
    """Run and check a folder in this process; return its pairs and seconds."""
    from core.checking import run_quality
    from core.config import load_settings
    from core.findings import Findings
    from core.library import Library
    from core.pipeline import run
    from core.progress import Progress
    from core.quality.request import QualityRequest
    from core.request import RunRequest
    from core.runner import open_workspace

    settings = load_settings({"workspace": str(workspace)})
    place = open_workspace(settings)
    for module in MODULES:
        import_module(module)
    began = time.perf_counter()
    run(RunRequest(str(folder), "q", encoder, ("pca",)), place, settings, Progress())
    encoded, busy = time.perf_counter(), processor_seconds()
    asked = QualityRequest("q", turned=True, topics=("duplicates",))
    run_quality(asked.to_json(), place, settings, Progress())
    checked, used = time.perf_counter(), processor_seconds() - busy
    opened = Library(place).open("q")
    check = Findings(place).check(opened)
    assert check is not None
    assert check.duplicates is not None
    members = check.duplicates.tables["members"]
    names = opened.items["path"]
    groups = [names.iloc[rows].tolist() for rows in members.groupby("group")["row"].apply(list)]
    return {
        "pairs": [list(pair) for pair in _pairs(groups)],
        "seconds": checked - encoded,
        "processor": used,
        "run": encoded - began,
        "version": "this",
    }


def _pairs(groups: Iterable[Iterable[str]]) -> list[tuple[str, str]]:
    from benchmarks.duplicate_peers import all_pairs

    return [(one, two) for one, two in all_pairs(groups)]


def judged(
    pairs: list[list[str]], copies: dict[str, tuple[str, str]]
) -> tuple[float, float, dict[str, float]]:
    """Return precision, recall, and the recall of each change."""
    right = {tuple(sorted((copy, name))) for copy, (name, _) in copies.items()}
    said = {tuple(pair) for pair in pairs}
    hit = said & right
    by = {}
    for change in CHANGES:
        mine = {tuple(sorted((c, n))) for c, (n, how) in copies.items() if how == change}
        by[change] = len(mine & said) / max(1, len(mine))
    return len(hit) / max(1, len(said)), len(hit) / max(1, len(right)), by


def compare(options: argparse.Namespace) -> None:
    """Print a line for every tool."""
    sources = sorted(
        path
        for folder in options.images
        for path in Path(folder).rglob("*")
        if path.suffix.lower() in ENDINGS
    )
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "pictures"
        folder.mkdir()
        copies, origins = plant(
            sources, folder, options.items, options.copies or options.items // 5, options.seed
        )
        known = known_pairs(options.known)
        print(f"{options.items:,} pictures, {len(copies):,} of them copies", flush=True)
        commands = {
            f"Vitrine, {options.encoder}": [
                sys.executable, "-m", "benchmarks.quality", "--alone", str(folder), "--encoder",
                options.encoder, "--workspace", str(Path(place) / "workspace"),
            ]
        }  # fmt: skip
        if options.peers:
            script = Path(__file__).parent / "duplicate_peers.py"
            for tool in TOOLS:
                commands[tool] = [options.peers, str(script), str(folder), tool]
        for tool, command in commands.items():
            done = subprocess.run(command, capture_output=True, text=True)
            if done.returncode:
                print(f"{tool}: {done.stderr.strip().splitlines()[-1]}", flush=True)
                continue
            found = json.loads(done.stdout.strip().splitlines()[-1])
            pairs = [pair for pair in found["pairs"]
                     if frozenset(origins[name] for name in pair) not in known]  # fmt: skip
            precision, recall, by = judged(pairs, copies)
            each = ", ".join(f"{change} {share:.2f}" for change, share in by.items())
            more = f" + run {found['run']:.1f}" if "run" in found else ""
            print(
                f"{tool} ({found['version']}): recall {recall:.3f} ({each}), precision "
                f"{precision:.3f}, {found['seconds']:.1f} s{more}, "
                f"processor {found['processor']:.1f} s",
                flush=True,
            )
            if options.wrong:
                print_wrong(pairs, copies, origins)


def print_wrong(
    pairs: list[list[str]], copies: dict[str, tuple[str, str]], origins: dict[str, str]
) -> None:
    """Print the pairs that are no picture and its copy, once by the names they came with."""
    right = {frozenset((copy, name)) for copy, (name, _) in copies.items()}
    wrong = {
        tuple(sorted(origins[name] for name in pair))
        for pair in pairs
        if frozenset(pair) not in right
    }
    for one, two in sorted(wrong):
        print(f"    {one} {two}", flush=True)


def scale(items: int, dims: int) -> None:
    """Print how long near-duplicate groups of many vectors take, the graph not counted."""
    from benchmarks.neighbors import gaussians
    from core.curate.duplicates import duplicate_groups
    from core.neighbors import find_neighbors
    from core.space import unit_rows

    unit = unit_rows(gaussians(items, dims))
    copies = items // 50
    rng = np.random.default_rng(0)
    noise = rng.standard_normal((copies, dims)).astype(np.float32) * (0.01 / dims**0.5)
    unit[-copies:] = unit_rows(unit[:copies] + noise)
    graph = find_neighbors(unit, key="b", k=30)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    groups = duplicate_groups(graph, 0.02, unit)
    seconds = time.perf_counter() - began
    after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = float((groups[-copies:] == groups[:copies]).mean())
    print(
        f"{items:,} × {dims}: {seconds:.1f} s, {(after - before) / 1024:.0f} MiB more at the peak, "
        f"{found:.3f} of {copies:,} copies grouped with their originals"
    )


def main() -> None:
    """Compare, or measure many vectors."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--images", action="append", default=[])
    parser.add_argument("--peers")
    parser.add_argument("--items", type=int, default=2000)
    parser.add_argument("--copies", type=int, help="a fifth of the pictures")
    parser.add_argument("--encoder", default="colour-texture")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--known")
    parser.add_argument("--wrong", action="store_true")
    parser.add_argument("--vectors", type=int)
    parser.add_argument("--dims", type=int, default=128)
    parser.add_argument("--alone", help=argparse.SUPPRESS)
    parser.add_argument("--workspace", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.alone:
        told = vitrine(Path(options.alone), options.encoder, Path(options.workspace))
        print(json.dumps(told))
    elif options.vectors or not options.images:
        scale(options.vectors or 100_000, options.dims)
    else:
        compare(options)


if __name__ == "__main__":
    main()

"""Other tools' near-duplicates of a folder, for `benchmarks.quality`; imports nothing of Vitrine.

    PYTHON benchmarks/duplicate_peers.py FOLDER TOOL

Runs in a Python that has the tool, with the tool's own defaults, and prints
`{"pairs": [[name, name]], "seconds", "processor", "version"}`; processor seconds are those of all
its threads and processes together.
"""

import json
import os
import sys
import time
from collections.abc import Iterable
from importlib import import_module
from importlib.metadata import version
from itertools import combinations
from pathlib import Path
from typing import Any

Pairs = list[list[str]]


def all_pairs(groups: Iterable[Iterable[str]]) -> Pairs:
    """Return every pair of names that are in one group."""
    found = {
        tuple(sorted(pair)) for group in groups for pair in combinations(sorted(set(group)), 2)
    }
    return [list(pair) for pair in sorted(found)]


def linked(found: dict[str, list[str]]) -> Pairs:
    """Return every pair of a name and one that is listed for it."""
    return [list(p) for p in sorted({tuple(sorted((a, b))) for a, to in found.items() for b in to})]


def imagededup(folder: Path, method: str) -> Pairs:
    """Perceptual or difference hash; 10 bits may differ, the default."""
    from imagededup import methods

    return linked(getattr(methods, method)(verbose=False).find_duplicates(image_dir=folder))


def cleanvision(folder: Path, kinds: tuple[str, ...]) -> Pairs:
    """Exact and near duplicates."""
    from cleanvision import Imagelab

    lab = Imagelab(data_path=str(folder))
    lab.find_issues({kind: {} for kind in kinds}, verbose=False)
    groups = [group for kind in kinds for group in lab.info[kind]["sets"]]
    return all_pairs([[Path(name).name for name in group] for group in groups])


class Pictures:
    """The pictures of a folder as DataEval wants them: channels first."""

    def __init__(self, folder: Path):
        self.paths = sorted(path for path in folder.iterdir() if path.is_file())
        self.metadata = {"id": folder.name}

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.paths)

    def __getitem__(self, place: int) -> Any:
        """Return one, `(3, height, width)` uint8."""
        import numpy as np
        from PIL import Image

        if not 0 <= place < len(self):
            raise IndexError(place)
        return np.moveaxis(np.asarray(Image.open(self.paths[place]).convert("RGB")), 2, 0)


def dataeval(folder: Path, flags: str) -> Pairs:
    """Its hashes, as they are or turned and mirrored."""
    from dataeval.flags import ImageStats
    from dataeval.quality import Duplicates

    pictures = Pictures(folder)
    found = Duplicates(flags=getattr(ImageStats, flags)).evaluate(pictures)
    table = found.data() if callable(getattr(found, "data", None)) else found
    groups = [list(row) for row in table["item_indices"]]
    return all_pairs([[pictures.paths[at].name for at in group] for group in groups])


def processor_seconds() -> float:
    """Return what this process and those it waited for have used."""
    return sum(os.times()[:4])


TOOLS = {
    "imagededup phash": ("imagededup", lambda folder: imagededup(folder, "PHash")),
    "imagededup dhash": ("imagededup", lambda folder: imagededup(folder, "DHash")),
    "cleanvision": (
        "cleanvision",
        lambda folder: cleanvision(folder, ("exact_duplicates", "near_duplicates")),
    ),
    "DataEval": ("dataeval", lambda folder: dataeval(folder, "HASH_DUPLICATES_BASIC")),
    "DataEval turned": ("dataeval", lambda folder: dataeval(folder, "HASH_DUPLICATES_D4")),
}

#: What is imported before the clock starts.
MODULES = {
    "imagededup": ("imagededup.methods",),
    "cleanvision": ("cleanvision",),
    "dataeval": ("dataeval.quality", "dataeval.flags", "PIL.Image"),
}


def main() -> None:
    """Run one tool and print what it found."""
    folder, name = Path(sys.argv[1]), sys.argv[2]
    package, find = TOOLS[name]
    for module in MODULES[package]:
        import_module(module)
    began, busy = time.perf_counter(), processor_seconds()
    pairs = find(folder)
    told = {"seconds": time.perf_counter() - began, "processor": processor_seconds() - busy}
    print(json.dumps({"pairs": pairs, "version": version(package)} | told))


if __name__ == "__main__":
    main()

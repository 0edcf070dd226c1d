"""Sequences of pictures: a folder of numbered files is a clip."""

from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from core.errors import InputError
from core.ingest.folders import hash_usable, labels_and_splits, list_files, natural_key
from core.ingest.items import item_table
from core.ingest.schemes import Reading
from core.ingest.video.clips import times_of
from core.ingest.video.options import Wanted
from core.ingest.video.taking import frames_by, remembered, without_repeats
from core.keys import digest
from core.model import Region, Scan


def scan_sequences(source: str, path: Path, wanted: Wanted, reading: Reading) -> Scan:
    """Return the pictures of a folder, those of one sub-folder being one clip.

    A picture that cannot be used keeps its place in time.
    """
    if not path.is_dir():
        raise InputError(f"{source}: a sequence is a folder of pictures; use video: for a file")
    root = path.resolve(strict=True)
    listing = list_files(root)
    sizes = {name: listing.sizes[name] for name in sorted(listing.sizes, key=natural_key)}
    found = list(hash_usable(root, sizes, reading.hashes, reading.limits, reading.progress))
    rows: list[tuple[str, str, str, float]] = []
    for clip, names in _clips(list(sizes)).items():
        rows += _taken(root, clip, names, {name: sha for name, sha, _ in found}, wanted, reading)
    for name, sha256, reason in found:
        if sha256 is None:
            listing.refuse(name, reason)
    notes: tuple[str, ...] = ()
    if listing.links_not_followed:
        notes = (f"{listing.links_not_followed} links to folders inside were not followed",)
    broken = tuple(sorted(listing.broken, key=lambda file: natural_key(file.path)))
    return Scan("table", source, str(root), _table(root, rows), broken, None, notes)


def _clips(names: list[str]) -> dict[str, list[str]]:
    """Return the files of each folder, in natural order."""
    found: dict[str, list[str]] = {}
    for name in names:
        parent = PurePosixPath(name).parent.as_posix()
        found.setdefault("" if parent == "." else parent, []).append(name)
    return found


def _taken(
    root: Path,
    clip: str,
    names: list[str],
    hashes: dict[str, str | None],
    wanted: Wanted,
    reading: Reading,
) -> list[tuple[str, str, str, float]]:
    """Return clip, path, hash and seconds of each picture of a folder that is taken."""
    usable = np.array([hashes[name] is not None for name in names], bool)
    pictures = np.flatnonzero(usable | _numbered_like(names, usable))
    seconds = np.arange(len(pictures)) / (wanted.fps or 1.0)
    chosen = frames_by(wanted, seconds, np.ones(len(pictures), bool))
    chosen = chosen[usable[pictures[chosen]]]
    if wanted.stream is not None and len(chosen):
        chosen = chosen[_kept(root, clip, [names[i] for i in pictures[chosen]], hashes, wanted,
                              reading)]  # fmt: skip
    return [
        (clip, names[place], str(hashes[names[place]]), float(second))
        for place, second in zip(pictures[chosen].tolist(), seconds[chosen].tolist(), strict=True)
    ]


def _numbered_like(names: list[str], usable: np.ndarray) -> np.ndarray:
    """Tell which files end as the usable ones do: damaged pictures of the sequence."""
    endings = {PurePosixPath(names[i]).suffix.lower() for i in np.flatnonzero(usable)}
    return np.array([PurePosixPath(name).suffix.lower() in endings for name in names], bool)


def _kept(
    root: Path,
    clip: str,
    names: list[str],
    hashes: dict[str, str | None],
    wanted: Wanted,
    reading: Reading,
) -> np.ndarray:
    """Return which pictures of a clip are left without repeats."""
    threshold = wanted.stream or 0.0

    def thin() -> np.ndarray:
        return without_repeats(
            [(root / name, Region()) for name in names], threshold, root=root,
            limits=reading.limits, progress=reading.progress, note=f"repeats of {clip or 'it'}",
        )  # fmt: skip

    key = digest("sequence without repeats", 1, [hashes[name] for name in names], threshold)
    kept = remembered(reading.files_folder, key, thin)
    return kept if kept.shape == (len(names),) and kept.dtype == bool else thin()


def _table(root: Path, rows: list[tuple[str, str, str, float]]) -> pd.DataFrame:
    """Return a row for each picture that is taken."""
    labels, splits = labels_and_splits([row[0] for row in rows])
    given = {} if splits is None else {"split": pd.Series(splits, dtype="string")}
    known = {
        "item_id": [row[2] for row in rows],
        "path": [row[1] for row in rows],
        "unit": [row[0] or root.name for row in rows],
        "label": labels,
        "time": times_of([np.array([row[3] for row in rows], float)]),
    }
    return item_table(len(rows), known, given)

"""A watched folder: each sub-folder is a batch, and pictures beside them are that of their day.

The batches make a set of their own, from a table of its pictures; it is encoded as the reference
was, by the run that brings any set up to date. Nothing is copied, moved or deleted.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from core.errors import InputError, VitrineError
from core.ingest.folders import IMAGE_SUFFIXES, list_files
from core.request import RunRequest
from core.storage.flushed import write_flushed
from core.storage.store import Workspace, check_name, read_json, storage_errors, write_json

#: The column that tells batches apart.
COLUMN = "batch"


@dataclass(frozen=True, slots=True)
class Look:
    """What lay in a folder at one look: each batch's pictures by path, with size and time.

    `unusable` are paths that cannot be read, each with the reason.
    """

    batches: Mapping[str, Mapping[str, tuple[int, float]]]
    unusable: tuple[tuple[str, str], ...] = field(default=())

    def settled(self, before: "Look") -> "Look":
        """Return the batches that are as they were at an earlier look: nothing is being copied."""
        same = {name: files for name, files in self.batches.items()
                if before.batches.get(name) == files}  # fmt: skip
        return Look(same, self.unusable)


def look(folder: Path) -> Look:
    """Return the batches in a folder as they are now.

    Parameters
    ----------
    folder
        Each sub-folder is a batch of its name; pictures directly in it are the batch of the day
        (UTC) on which they were last written.

    Raises
    ------
    InputError
        There is no such folder.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder")
    listing = list_files(folder.resolve())
    batches: dict[str, dict[str, tuple[int, float]]] = {}
    broken = [(one.path, one.reason) for one in listing.broken]
    for path in listing.sizes:
        if Path(path).suffix.lower() not in IMAGE_SUFFIXES:
            continue
        try:
            told = (folder / path).stat()
        except OSError:  # it went while we looked
            continue
        first, slash, _ = path.partition("/")
        day = datetime.fromtimestamp(told.st_mtime, UTC).date().isoformat()
        batches.setdefault(first if slash else day, {})[path] = (told.st_size, told.st_mtime)
    return Look(batches, tuple(broken))


def batch_set(
    name: str, folder: Path, found: Look, reference: Any, workspace: Workspace, seed: int = 0
) -> RunRequest:
    """Write the table of a set of batches, and return what is to be run to bring it up to date.

    Parameters
    ----------
    name
        Of the set of batches.
    folder, found
        The watched folder, and the batches in it that are to be in the set.
    reference
        The open set whose encoder is used.

    Raises
    ------
    InputError
        A set of that name is there and is not of this folder, nothing is in the folder, or the
        reference was not made from pictures.
    """
    check_name(name)
    encoder = str(reference.base.request.get("encoder") or "")
    if not encoder or reference.spec.model_type == "given":
        raise InputError(
            f"{reference.name!r} was given as vectors: pictures cannot be encoded as it was; name "
            "a reference that was made from pictures"
        )
    if not found.batches:
        raise InputError(f"{folder}: there are no pictures in it yet")
    place = str(folder.resolve())
    _check_own(name, place, workspace)
    kept = workspace.root / "sources" / name
    kept.mkdir(parents=True, exist_ok=True)
    write_json(kept / "batches.json", {"folder": place, "encoder": encoder})
    data = io.BytesIO()
    _table(folder.resolve(), found).to_parquet(data, index=False)
    source = kept / "batches.parquet"
    with storage_errors(f"writing {source.name}"):
        write_flushed(source, data.getvalue())
    return RunRequest(str(source), name, encoder, ("pca",), 2, seed, place=True)


def _check_own(name: str, place: str, workspace: Workspace) -> None:
    if name not in workspace.set_names():
        return
    about = workspace.root / "sources" / name / "batches.json"
    try:
        known = read_json(about).get("folder") if about.is_file() else None
    except VitrineError:
        known = None
    if known != place:
        raise InputError(
            f"name {name!r}: there is another set of this name, not made from {place}; give the "
            "set of batches a name of its own"
        )


def _table(folder: Path, found: Look) -> pd.DataFrame:
    """Return path, batch, time and label of each picture; labels are folders within a batch."""
    lines = []
    for batch, files in found.batches.items():
        for path, (_, written) in sorted(files.items()):
            parts = path.split("/")
            moment = datetime.fromtimestamp(written, UTC).isoformat(timespec="microseconds")
            lines.append((str(folder / path), batch, moment, "/".join(parts[1:-1]) or None))
    table = pd.DataFrame(lines, columns=["path", COLUMN, "time", "label"]).astype("string")
    return table if table["label"].notna().any() else table.drop(columns="label")

"""The records of parts on disk: `parts/<set>/<key>.json`, and beside each the rows it is made of.

A part is named `<set>/<key>`. Its rows lie in `<key>.npy`, int64 `(2, m)`: the row in the set, and
the how-many-eth item with its item id that row is there, counted from 1, so that the item is found
again when the set's rows have moved. The file is written before the record that gives its
checksum. What a person chose is in these two files, so they are never evicted.
"""

import hashlib
import io
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import ArtifactCorruptError, NotFoundError
from core.storage.flushed import write_flushed
from core.storage.store import Workspace, check_name, read_json, storage_errors, write_json

_KEY = re.compile(r"[0-9a-f]{16}")


def is_part_name(name: str) -> bool:
    """Tell whether a name is that of a part and not of a set."""
    return "/" in name


def part_path(workspace: Workspace, name: str) -> Path:
    """Return where the record of the part called `name` lies or would lie.

    Raises
    ------
    InputError
        The set's name can be none.
    NotFoundError
        The part's key can be none.
    """
    base, _, key = name.partition("/")
    check_name(base)
    if not _KEY.fullmatch(key):
        raise NotFoundError(f"no part {key!r} of {base!r}; open the set and select again")
    return workspace.root / "parts" / base / f"{key}.json"


def part_names(workspace: Workspace, base: str | None = None) -> list[str]:
    """Return the names of the parts of a set, or of all sets, sorted."""
    folder = workspace.root / "parts"
    files = folder.glob(f"{check_name(base)}/*.json") if base else folder.glob("*/*.json")
    return sorted(f"{p.parent.name}/{p.stem}" for p in files if _KEY.fullmatch(p.stem))


def read_part(workspace: Workspace, name: str) -> dict[str, Any]:
    """Return a part's record.

    Raises
    ------
    NotFoundError
        There is no such part.
    ArtifactCorruptError
        Its record is damaged; the message names the file.
    """
    path = part_path(workspace, name)
    if not path.is_file():
        base, _, key = name.partition("/")
        raise NotFoundError(f"no part {key} of {base!r}; open the set and select again")
    return read_json(path)


def read_rows(workspace: Workspace, name: str, record: Mapping[str, Any]) -> np.ndarray:
    """Return the rows of a part, int64 `(2, m)`: rows in the set, and counts of their item ids.

    Raises
    ------
    ArtifactCorruptError
        The file is missing or differs from the checksum in the record.
    """
    path = part_path(workspace, name).with_suffix(".npy")
    with storage_errors(f"reading {path}"):
        data = path.read_bytes() if path.is_file() else b""
    if hashlib.sha256(data).hexdigest() != record.get("rows_sha256"):
        what = "differs from its checksum" if data else "is missing"
        raise ArtifactCorruptError(f"{path} {what}; delete it and its .json, and select again")
    rows: np.ndarray = np.load(io.BytesIO(data), allow_pickle=False)
    return rows


def write_rows(workspace: Workspace, name: str, rows: np.ndarray) -> str:
    """Store a part's rows `(2, m)` and return the checksum for its record."""
    path = part_path(workspace, name).with_suffix(".npy")
    buffer = io.BytesIO()
    np.save(buffer, np.ascontiguousarray(rows, dtype=np.int64), allow_pickle=False)
    data = buffer.getvalue()
    checksum = hashlib.sha256(data).hexdigest()
    with storage_errors(f"storing the part {name}"):
        write_flushed(path, data)
    return checksum


def write_part(workspace: Workspace, name: str, record: Mapping[str, Any]) -> None:
    """Store a part's record; its rows must be there."""
    write_json(part_path(workspace, name), dict(record))

"""Vectors made elsewhere, given to images by their ids: `vectors:FILE?images=SOURCE&by=COLUMN`.

FILE is a .npy, .npz or Parquet of vectors with ids in it or in a table beside it; SOURCE is where
the images are. `by` says what an id is: `item_id` (the SHA-256 of the file), `path`, `name`, `stem`
(the file's name without its ending) or a column that the images have; without it, that which most
ids are. `id` names the column of the ids where it is not called id.
"""

from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pandas as pd

from core.errors import InputError
from core.imaging.files import reason_of_os_error
from core.ingest.fields import PATH_NAMES, find_column
from core.ingest.folders import printable
from core.ingest.given import ID_NAMES, check_unique, given_spec, other_vectors, read_given
from core.ingest.schemes import Reading
from core.model import BrokenFile, GivenVectors, Scan

_OPTIONS = ("images", "by", "id")
_HOW = "write vectors:FILE?images=SOURCE, and &by=path, name, stem, item_id or a column"
_NAMED = 3


def scan_named(source: str, reading: Reading) -> Scan:
    """Return the images that have a vector, with it, and what has no partner, by name.

    Raises
    ------
    InputError
        The file or the images cannot be used, ids are given twice, or none is an image's.
    """
    path, options = _taken(source)
    try:
        given, vectors, faults = read_given(path)
    except OSError as error:
        raise InputError(f"{printable(str(path))}: {reason_of_os_error(error)}") from error
    ids = _ids(given.table, options.get("id"), path.name)
    images = _images(options["images"], reading)
    by, rows = _matched(images.items, ids, options.get("by"), path.name)
    found = np.flatnonzero(rows >= 0)
    clashes = other_vectors(
        images.items["item_id"].iloc[found].tolist(), rows[found].tolist(), vectors
    )
    wrong = {**clashes, **faults}
    kept = np.array([row for row in found.tolist() if rows[row] not in wrong], dtype=np.int64)
    names = images.items["path"].astype("string").fillna("").tolist()
    lost = [
        BrokenFile(names[row], _why(int(rows[row]), wrong, by))
        for row in range(len(rows))
        if rows[row] < 0 or int(rows[row]) in wrong
    ]
    spare = np.setdiff1d(np.arange(len(ids)), rows[found])
    lost += [BrokenFile(printable(ids[row]), f"row {row + 1}: no image has this {by}")
             for row in spare.tolist()]  # fmt: skip
    return Scan(
        kind="vectors",
        source=source,
        root=images.root,
        items=images.items.iloc[kept].reset_index(drop=True),
        broken=(*images.broken, *lost),
        given=GivenVectors(vectors[rows[kept]], given_spec(path, vectors.shape[1])),
        notes=(*images.notes, *given.notes, f"vectors were given by {by}"),
    )


def _taken(source: str) -> tuple[Path, dict[str, str]]:
    """Take a source apart into the file of vectors and the options."""
    file, _, query = source.removeprefix("vectors:").partition("?")
    options: dict[str, str] = {}
    for part in query.split("&") if query else ():
        name, equals, value = part.partition("=")
        if name not in _OPTIONS or not equals or not value or name in options:
            raise InputError(f"{printable(source)}: {printable(part)!r} is no option; {_HOW}")
        options[name] = unquote(value)
    if not file or "images" not in options:
        raise InputError(f"{printable(source)}: {_HOW}")
    return Path(file).expanduser().absolute(), options


def _images(source: str, reading: Reading) -> Scan:
    from core.ingest.source import scan

    found = scan(source, known_hashes=reading.hashes, limits=reading.limits,
                 progress=reading.progress, files_folder=reading.files_folder)  # fmt: skip
    if found.given is not None:
        raise InputError(f"images {printable(source)}: holds vectors itself; name images")
    return found


def _ids(table: pd.DataFrame, wanted: str | None, name: str) -> list[str]:
    """Return the id of each vector, as text."""
    if wanted is not None and wanted not in table.columns:
        known = ", ".join(map(str, table.columns)) or "none"
        raise InputError(f"{name}: no column {wanted!r}; there are {known}")
    column = wanted or find_column(table, ID_NAMES) or find_column(table, PATH_NAMES)
    if column is None:
        raise InputError(
            f"{name}: no ids beside the vectors; add a column named id, or a table of the same "
            "name beside it"
        )
    ids = [str(one) for one in table[column].astype("string").fillna("").tolist()]
    check_unique([one for one in ids if one], f"{name}: column {column!r}")
    return ids


def _keys(items: pd.DataFrame, by: str) -> list[str]:
    """Return what each image is called by one way of naming."""
    paths = items["path"].astype("string").fillna("").tolist()
    if by == "path":
        return paths
    if by in {"name", "stem"}:
        return [getattr(Path(one), by) for one in paths]
    return [str(one) for one in items[by].astype("string").fillna("").tolist()]


def _matched(
    items: pd.DataFrame, ids: list[str], by: str | None, name: str
) -> tuple[str, np.ndarray]:
    """Return what the ids are, and the vector of each image as a row, -1 where it has none."""
    ways = ["item_id", "path", "name", "stem"]
    ways += [str(c) for c in items.columns if c not in {*ways, "frame", "mask"}]
    if by is not None and by not in ways:
        raise InputError(f"by={by}: the images have no such column; use one of {', '.join(ways)}")
    place: dict[str, int] = {one: row for row, one in enumerate(ids) if one}
    best: tuple[int, str, list[int]] = (0, "", [])
    for way in [by] if by is not None else ways:
        keys = _keys(items, way)
        rows = [place.get(key, -1) if key else -1 for key in keys]
        used = [row for row in rows if row >= 0]
        if way != "item_id" and len(set(used)) < len(used):  # two images of one name
            if by is not None:
                twice = next(one for one in keys if one and keys.count(one) > 1)
                raise InputError(f"by={by}: several images are called {twice!r}; use another")
            continue
        if len(used) > best[0]:
            best = (len(used), way, rows)
    if not best[0]:
        told = ", ".join(repr(one) for one in ids[:_NAMED])
        raise InputError(f"{name}: no id is an image's{f' {by}' if by else ''}; ids are {told}")
    return best[1], np.array(best[2], dtype=np.int64)


def _why(row: int, wrong: dict[int, str], by: str) -> str:
    return f"row {row + 1}: {wrong[row]}" if row >= 0 else f"no vector is given for its {by}"

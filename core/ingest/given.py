"""Vectors that come with the source: .npy, .npz and Parquet, with ids, metadata and images."""

import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.errors import InputError
from core.imaging.files import FileHashes, sha256_of_file
from core.imaging.imagefile import Limits
from core.ingest.fields import PATH_NAMES, find_column, find_roles
from core.ingest.folders import printable
from core.ingest.items import free_name, item_table
from core.ingest.tables import path_column, read_arrow, read_table, table_items
from core.keys import digest
from core.model import BrokenFile, EncoderSpec, GivenVectors, Scan
from core.progress import Progress

_VECTOR_NAMES = ("vectors", "vector", "embeddings", "embedding", "features", "x")
ID_NAMES = ("id", "ids", "item_id", "item_ids", "uid", "key", "image_id", "name", "names")
_NAMES_LISTED = 5


@dataclass(frozen=True, slots=True)
class Given:
    """Vectors `(n, d)` as stored, the table beside them (n rows, perhaps no column), notes."""

    vectors: np.ndarray
    table: pd.DataFrame
    notes: tuple[str, ...] = ()


def holds_vectors(path: Path) -> bool:
    """Tell whether a Parquet file has a column of vectors."""
    return _vector_column(_read_schema(path)) is not None


def _read_schema(path: Path) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with path.open("rb") as file:
            return pq.read_schema(file)
    except (pa.ArrowException, ValueError) as error:
        text = " ".join(str(error).split())[:200]
        raise InputError(f"{path.name}: not a Parquet file ({text})") from error
    except OSError as error:
        if error.errno:
            raise
        raise InputError(f"{path.name}: damaged Parquet file") from error


def _vector_column(schema: Any) -> str | None:
    """Return the column of vectors: by name, else the only list of numbers.

    Beside paths of images a list of any length is more likely an outline than a vector.
    """
    import pyarrow as pa

    lists = []
    for column in schema:
        kind = column.type
        if (
            pa.types.is_list(kind)
            or pa.types.is_large_list(kind)
            or pa.types.is_fixed_size_list(kind)
        ) and (pa.types.is_floating(kind.value_type) or pa.types.is_integer(kind.value_type)):
            lists.append(column.name)
    named = [name for wanted in _VECTOR_NAMES for name in lists if name.lower() == wanted]
    if named:
        return named[0]
    if find_column(pd.DataFrame(columns=schema.names), PATH_NAMES) is not None:
        lists = [name for name in lists if pa.types.is_fixed_size_list(schema.field(name).type)]
    plain = [name for name in lists if name.lower() not in {"bbox", "box"}]
    return plain[0] if len(plain) == 1 else None


def scan_vectors(
    source: str, path: Path, hashes: FileHashes, limits: Limits, progress: Progress
) -> Scan:
    """Return items with their vectors, with images where a column of paths comes along.

    Raises
    ------
    InputError
        The file holds no `(n, d)` array of real numbers, or its ids are not unique.
    """
    path = path.resolve(strict=True)
    progress.report("scan", note="reading vectors")
    given, vectors, faults = read_given(path)
    notes = given.notes
    name = path_column(given.table, path.parent)
    if name is not None:
        items, broken, root, rows = table_items(
            given.table, name, path.parent, hashes, limits, progress
        )
        if len(vectors) and not len(items):  # as in a file that was exported and carried elsewhere
            told = f"none of the {len(vectors):,} pictures that column {name!r} names was found"
            notes, name = (*notes, f"{told}; the set has vectors only"), None
    if name is not None:
        labels_of = given.table[name].astype("string").fillna("").tolist()
        clashes = other_vectors(items["item_id"].tolist(), rows, vectors)
        faults = clashes | faults
    else:
        items, labels_of = _items_without_images(given.table, vectors, path.name)
        broken, root, rows = (), path.parent, list(range(len(vectors)))
    kept = np.array([row not in faults for row in rows], dtype=bool)
    lost = [
        BrokenFile(printable(labels_of[row]), f"row {row + 1}: {faults[row]}")
        for row in rows
        if row in faults
    ]
    progress.report("scan", len(vectors), len(vectors))
    spec = given_spec(path, vectors.shape[1])
    return Scan(
        kind="vectors",
        source=source,
        root=str(root),
        items=items[kept].reset_index(drop=True),
        broken=(*broken, *lost),
        given=GivenVectors(vectors[np.array(rows, dtype=np.int64)[kept]], spec),
        notes=notes,
    )


def read_given(path: Path) -> tuple[Given, np.ndarray, dict[int, str]]:
    """Return a file's vectors with their table, as float32 `(n, d)`, and why rows cannot be used.

    Raises
    ------
    InputError
        The file holds no `(n, d)` array of real numbers.
    OSError
        It cannot be opened.
    """
    given = _read(path)
    vectors = _as_float32(given.vectors, path.name)
    return given, vectors, vector_faults(vectors)


def given_spec(path: Path, dims: int) -> EncoderSpec:
    """Return the spec of vectors that came in a file."""
    told = "vectors given with the source"
    return EncoderSpec(f"vectors:{path.name}", sha256_of_file(path), "given", dims, good_for=told)


def vector_faults(vectors: np.ndarray) -> dict[int, str]:
    """Return why rows of `(n, d)` cannot be used: NaN, infinity, or all zero."""
    faults: dict[int, str] = {}
    for start in range(0, len(vectors), 65536):
        part = vectors[start : start + 65536]
        nan = np.isnan(part).any(axis=1)
        infinite = np.isinf(part).any(axis=1) & ~nan
        zero = ~part.any(axis=1)
        for mask, reason in (
            (nan, "vector holds NaN"),
            (infinite, "vector holds infinity"),
            (zero, "vector is all zero"),
        ):
            faults |= dict.fromkeys((np.flatnonzero(mask) + start).tolist(), reason)
    return faults


def other_vectors(ids: list[str], rows: list[int], vectors: np.ndarray) -> dict[int, str]:
    """Return rows that show a picture seen before with a vector unlike the one it has there."""
    first: dict[str, int] = {}
    faults = {}
    for item, row in zip(ids, rows, strict=True):
        seen = first.setdefault(item, row)
        if not np.array_equal(vectors[seen], vectors[row], equal_nan=True):
            faults[row] = f"same picture as row {seen + 1} with another vector"
    return faults


def _items_without_images(
    table: pd.DataFrame, vectors: np.ndarray, file_name: str
) -> tuple[pd.DataFrame, list[str]]:
    """Return items known by id and vector alone, and their ids as text."""
    name = find_column(table, ID_NAMES)
    if name is None:
        ids = [str(row) for row in range(len(vectors))]
    else:
        ids = table[name].astype("string").fillna("").tolist()
        if name == "item_id" and len(set(ids)) < len(ids):  # our own: equal for equal pictures
            ids = [f"{one}-{row}" for row, one in enumerate(ids)]
        check_unique(ids, f"{file_name}: column {name!r}")
    roles = find_roles(table)
    known = {key: value for key, value in roles.known.items() if not key.startswith("box_")}
    known["item_id"] = [
        digest("given-vector", one, row.tobytes()) for one, row in zip(ids, vectors, strict=True)
    ]
    given = {str(n): table[n] for n in table.columns if n not in roles.used}
    given = given if name is not None else {"id": pd.Series(ids, dtype="string")} | given
    return item_table(len(vectors), known, given), ids


def check_unique(ids: list[str], where: str) -> None:
    """Raise `InputError` naming ids that are given twice."""
    seen: set[str] = set()
    twice = list(dict.fromkeys(one for one in ids if one in seen or seen.add(one)))  # type: ignore[func-returns-value]
    if twice:
        listed = ", ".join(repr(one) for one in twice[:_NAMES_LISTED])
        more = f" and {len(twice) - _NAMES_LISTED} more" if len(twice) > _NAMES_LISTED else ""
        raise InputError(f"{where}: ids must be unique; given twice: {listed}{more}")


def _as_float32(array: np.ndarray, name: str) -> np.ndarray:
    """Return vectors as C-ordered float32; a value too large for it becomes infinite."""
    if array.dtype.kind not in "fiu":
        raise InputError(f"{name}: holds {array.dtype} values; vectors must be real numbers")
    if array.ndim != 2 or array.shape[1] == 0:
        shape = " × ".join(map(str, array.shape)) or "a single value"
        raise InputError(f"{name}: holds {shape}; vectors must be (number of items, dimensions)")
    with np.errstate(over="ignore", invalid="ignore"):
        return np.ascontiguousarray(array, dtype=np.float32)


def _read(path: Path) -> Given:
    """Read the vectors of a file and the table in it or beside it."""
    suffix = path.suffix.lower()
    if suffix in {".parquet", ".pq"}:
        given = _read_parquet(path)
    elif suffix == ".npz":
        given = _read_npz(path)
    else:
        array = _load_numpy(path)
        if not isinstance(array, np.ndarray):
            array.close()
            raise InputError(f"{path.name}: an archive named .npy; rename it to .npz")
        given = Given(array, pd.DataFrame(index=pd.RangeIndex(len(array) if array.ndim else 0)))
    return given if suffix in {".parquet", ".pq"} else _with_pair(given, path)


def _load_numpy(path: Path) -> Any:
    """Open a NumPy file without unpickling anything."""
    try:
        return np.load(path, allow_pickle=False)
    except (ValueError, EOFError, zipfile.BadZipFile, zlib.error, MemoryError) as error:
        raise InputError(_numpy_fault(path.name, error)) from error
    except OSError as error:
        if error.errno:
            raise
        raise InputError(_numpy_fault(path.name, error)) from error


def _numpy_fault(name: str, error: BaseException) -> str:
    text = " ".join(str(error).split())
    if "Object arrays" in text:
        return (
            f"{name}: holds Python objects, which are never loaded since that can run code:"
            " save it as a plain array of numbers"
        )
    if "pickle" in text:
        return f"{name}: not a NumPy file"
    return f"{name}: damaged NumPy file ({text[:200] or type(error).__name__})"


def _read_npz(path: Path) -> Given:
    archive = _load_numpy(path)
    if isinstance(archive, np.ndarray):
        raise InputError(f"{path.name}: a single array named .npz; rename it to .npy")
    with archive:
        try:
            arrays = {name: archive[name] for name in archive.files}
        except (ValueError, EOFError, zipfile.BadZipFile, zlib.error, MemoryError) as error:
            raise InputError(_numpy_fault(path.name, error)) from error
        except (OSError, NotImplementedError) as error:
            raise InputError(_numpy_fault(path.name, error)) from error
    chosen = _vectors_of(arrays, path.name)
    count = len(arrays[chosen])
    columns: dict[str, pd.Series] = {}
    for name, array in arrays.items():
        if name != chosen and array.shape == (count,):
            singular = {"ids": "id", "paths": "path", "labels": "label"}.get(name, name)
            columns[free_name(singular, columns)] = _column(array)
    return Given(arrays[chosen], pd.DataFrame(columns, index=pd.RangeIndex(count)))


def _vectors_of(arrays: Mapping[str, np.ndarray], name: str) -> str:
    """Return the name of the array of vectors."""
    named = [n for wanted in _VECTOR_NAMES for n in arrays if n.lower() == wanted]
    flat = [n for n, array in arrays.items() if array.ndim == 2]
    chosen = named or (flat if len(flat) == 1 else [])
    if not chosen or arrays[chosen[0]].ndim == 0:
        raise InputError(
            f"{name}: holds {', '.join(arrays) or 'no array'}; name the (n, d) array of vectors"
            " 'vectors'"
        )
    return chosen[0]


def _column(array: np.ndarray) -> pd.Series:
    """Return a one-dimensional array as a nullable column."""
    if array.dtype.kind in "SU":
        texts = array.astype(str) if array.dtype.kind == "U" else np.char.decode(array, "utf-8")
        return pd.Series(texts.tolist(), dtype="string")
    native = array.astype(array.dtype.newbyteorder("="))
    if native.dtype.kind == "f":
        return pd.Series(native.astype(np.float64)).astype("Float64")
    dtype = {"i": "Int64", "u": "UInt64", "b": "boolean"}.get(native.dtype.kind)
    if dtype is not None:
        return pd.Series(native, dtype=dtype)
    if native.dtype.kind == "M":
        return pd.Series(native)
    return pd.Series([str(value) for value in native.tolist()], dtype="string")


def _read_parquet(path: Path) -> Given:
    name = _vector_column(_read_schema(path))
    assert name is not None, "only asked for files that hold vectors"
    column = read_arrow(path).column(name).combine_chunks()
    declared = getattr(column.type, "list_size", 0)  # known without a row
    rows = column.to_pylist()
    lengths = {len(row) for row in rows if row is not None}
    if len(lengths) > 1:
        raise InputError(
            f"{path.name}: column {name!r} holds vectors of {min(lengths)} to {max(lengths)}"
            " numbers; all must have the same length"
        )
    width = lengths.pop() if lengths else declared
    blank = [np.nan] * width
    vectors = np.array(
        [blank if row is None else [np.nan if v is None else v for v in row] for row in rows],
        dtype=np.float64,
    ).reshape(len(rows), width)
    table, notes = read_table(path)
    return Given(vectors, table.drop(columns=[name]), notes)


def _with_pair(given: Given, path: Path) -> Given:
    """Add the table of the same name beside an array, if it has one row a vector."""
    for suffix in (".csv", ".parquet", ".tsv"):
        beside = path.with_suffix(suffix)
        if not beside.is_file():
            continue
        table, notes = read_table(beside)
        if len(table) != len(given.table):
            note = f"{beside.name} has {len(table)} rows for {len(given.table)} vectors: not used"
            return replace(given, notes=(*given.notes, note))
        own = {n: given.table[n] for n in given.table.columns if n not in table.columns}
        joined = table.assign(**own)
        return replace(given, table=joined, notes=(*given.notes, *notes))
    return given

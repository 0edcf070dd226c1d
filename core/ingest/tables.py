"""Tables of images: CSV and Parquet, read with every column kept."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd

from core.errors import InputError
from core.imaging.files import FileHashes
from core.imaging.imagefile import Limits
from core.ingest.fields import MASK_NAMES, PATH_NAMES, find_column, find_roles, from_text, is_text
from core.ingest.items import free_name, item_table
from core.ingest.locate import Located, LocatedFile, common_parent, locate_files
from core.keys import item_id
from core.model import BrokenFile, Region, Scan
from core.progress import Progress

#: Endings of files that can hold more than one frame: a "frame" column counts for these only.
_FRAMED = (".tif", ".tiff", ".gif", ".webp", ".apng", ".mpo", ".heic", ".heif", ".avif", "ubyte")
_SAMPLE = 200


def read_table(path: Path) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return a CSV or Parquet file with nullable typed columns, and notes.

    Every column can be written to Parquet again: nested values become JSON text, bytes are left
    out with a note.

    Raises
    ------
    InputError
        It cannot be read as a table; the message names the file and, where known, the line.
    OSError
        It cannot be opened.
    """
    if path.suffix.lower() in {".parquet", ".pq"}:
        return _read_parquet(path)
    return _read_csv(path)


def _read_csv(path: Path) -> tuple[pd.DataFrame, tuple[str, ...]]:
    data = path.read_bytes()
    notes: tuple[str, ...] = ()
    try:
        text = data.decode("utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig")
    except UnicodeDecodeError:
        text, notes = data.decode("latin-1"), ("not UTF-8: read as Latin-1",)
    first = text.split("\n", 1)[0]
    separator = max(",;\t", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    rows: list[tuple[int, list[str]]] = []
    try:
        rows.extend((reader.line_num, row) for row in reader if row)
    except csv.Error as error:
        raise InputError(f"{path.name}: line {reader.line_num}: {error}") from error
    if not rows:
        raise InputError(f"{path.name}: empty; a table needs a line of column names")
    header, body = rows[0][1], rows[1:]
    if body and all(len(row) == len(header) + 1 for _, row in body):
        header = ["row_name", *header]  # as R writes its row names
    for line, row in body:
        if len(row) > len(header):
            raise InputError(
                f"{path.name}: line {line} has {len(row)} cells, the header {len(header)}:"
                " put quotes around cells that hold the separator"
            )
    columns: dict[str, pd.Series] = {}
    for index, name in enumerate(header):
        cells = [row[index] if index < len(row) else "" for _, row in body]
        columns[free_name(name.strip() or f"column_{index + 1}", columns)] = from_text(cells)
    return pd.DataFrame(columns, index=pd.RangeIndex(len(body))), notes


def _read_parquet(path: Path) -> tuple[pd.DataFrame, tuple[str, ...]]:
    return table_from_arrow(read_arrow(path))


def table_from_arrow(table: Any) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return a pyarrow table with nullable typed columns, as `read_table` does, and notes."""
    columns: dict[str, pd.Series] = {}
    notes: list[str] = []
    for index, name in enumerate(table.column_names):
        series = _from_arrow(table.column(index))
        if series is None:
            notes.append(f"column {name!r} holds bytes and was left out")
        elif not name.startswith("__index_level_"):
            columns[free_name(name, columns)] = series
    return pd.DataFrame(columns, index=pd.RangeIndex(table.num_rows)), tuple(notes)


def read_arrow(path: Path) -> Any:
    """Return a Parquet file as a pyarrow table; `InputError` if it is none."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with path.open("rb") as file:
            return pq.ParquetFile(file).read()  # read_table refuses a name used twice
    except (pa.ArrowException, ValueError) as error:
        text = " ".join(str(error).split())[:200]
        raise InputError(f"{path.name}: not a Parquet file ({text})") from error
    except OSError as error:
        if error.errno:
            raise
        text = " ".join(str(error).split())[:200]
        raise InputError(f"{path.name}: damaged Parquet file ({text})") from error


def _from_arrow(column: Any) -> pd.Series | None:
    """Return an arrow column as a nullable pandas one; None if it holds bytes."""
    import pyarrow as pa

    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
        kind = column.type
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
        return None
    is_: Callable[..., bool]
    for is_, arrow, dtype in (
        (pa.types.is_boolean, pa.bool_(), "boolean"),
        (pa.types.is_uint64, pa.uint64(), "UInt64"),
        (pa.types.is_integer, pa.int64(), "Int64"),
        (pa.types.is_floating, pa.float64(), "Float64"),
        (pa.types.is_decimal, pa.float64(), "Float64"),
    ):
        if is_(kind):
            values = column.cast(arrow, safe=False) if kind != arrow else column
            return pd.Series(values.to_pylist(), dtype=dtype)
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return pd.Series(pd.to_datetime(column.to_pandas()))
    values = [
        None if v is None else v if isinstance(v, str) else _as_json(v) for v in column.to_pylist()
    ]
    return pd.Series(values, dtype="string")


def _as_json(value: Any) -> str:
    return json.dumps(value, default=str) if isinstance(value, list | dict | tuple) else str(value)


def path_column(frame: pd.DataFrame, folder: Path) -> str | None:
    """Return the column of image paths: by name, else the first text whose values mostly exist."""
    texts = [name for name in frame.columns if is_text(frame[name])]
    named: list[str] = []
    for wanted in PATH_NAMES:
        found = find_column(frame[texts], [wanted])
        if found is not None:
            named.append(found)
    for name in named:
        if located_share(frame[name], folder) > 0:
            return name
    for name in texts:
        if located_share(frame[name], folder) > 0.5:
            return name
    return named[0] if named else None


def located_share(column: pd.Series, folder: Path) -> float:
    """Return the share of a column's first values that are files."""
    values = column.dropna().iloc[:_SAMPLE].tolist()
    found = locate_files(values, folder)
    return sum(one.path is not None for one in found.files) / len(values) if values else 0.0


def scan_table(
    source: str, path: Path, hashes: FileHashes, limits: Limits, progress: Progress
) -> Scan:
    """Return the images that a table names, one item a row, in the table's order.

    Raises
    ------
    InputError
        It cannot be read, or no column holds paths of files.
    """
    path = path.resolve(strict=True)
    progress.report("scan", note="reading the table")
    frame, notes = read_table(path)
    name = path_column(frame, path.parent)
    if name is None:
        raise InputError(
            f"{path.name}: no column of image paths among {', '.join(map(str, frame.columns))};"
            f" name it path, or one of {', '.join(PATH_NAMES[1:])}"
        )
    items, broken, root, _ = table_items(frame, name, path.parent, hashes, limits, progress)
    progress.report("scan", len(items), len(items))
    return Scan("table", source, str(root), items, broken, None, notes)


def table_items(
    frame: pd.DataFrame,
    name: str,
    folder: Path,
    hashes: FileHashes,
    limits: Limits,
    progress: Progress,
) -> tuple[pd.DataFrame, tuple[BrokenFile, ...], Path, list[int]]:
    """Return the items of a table's rows, the rows that cannot be used, root and rows kept.

    Parameters
    ----------
    frame
        The table.
    name
        Its column of paths.
    folder
        The folder that relative paths count from: the table's.
    hashes, limits, progress
        As for `scan`.
    """
    located, masks, mask_name = _located(frame, name, folder)
    located = located.hashed(hashes, limits, progress)
    roles = find_roles(frame)
    known, used = dict(roles.known), set(roles.used)
    if mask_name == "mask":
        used.add("mask")
    frames = _frames(frame, located)
    if frames is not None:
        used.add("frame")
    ids: list[str] = []
    rows: list[int] = []
    broken: list[BrokenFile] = []
    for row, file in enumerate(located.files):
        reason = file.reason
        mask = masks[row] if masks else None
        if not reason and mask is not None and mask.reason:
            reason = f"mask {mask.given}: {mask.reason}"
        box = _box(known, row)
        if not reason and box is not None and not (box[2] > 0 and box[3] > 0):
            reason = f"box of width {box[2]:g} and height {box[3]:g}"
        if reason or file.path is None or file.sha256 is None:
            broken.append(BrokenFile(file.given or f"row {row + 1}", f"row {row + 1}: {reason}"))
            continue
        region = Region(box, mask.path if mask else None, frames[row] if frames else None)
        ids.append(item_id(file.sha256, region))
        rows.append(row)
    known |= {"path": [file.path for file in located.files], "item_id": [""] * len(frame)}
    if masks:
        known["mask"] = [mask.path for mask in masks]
    if frames:
        known["frame"] = frames
    given = {str(n): frame[n] for n in frame.columns if n not in used and n != "path"}
    if "path" in frame.columns and name != "path":
        given["path"] = frame["path"]
    items = item_table(len(frame), known, given).iloc[rows].reset_index(drop=True)
    items["item_id"] = pd.Series(ids, dtype="string")
    return items, tuple(broken), located.root, rows


def _box(known: dict[str, Any], row: int) -> tuple[float, float, float, float] | None:
    if "box_x" not in known or known["box_x"][row] is None:
        return None
    x, y, w, h = (known[name][row] for name in ("box_x", "box_y", "box_w", "box_h"))
    return x, y, w, h


def _frames(frame: pd.DataFrame, located: Located) -> list[int | None] | None:
    """Return frame numbers; None where the column is only about the pictures, one file a frame."""
    if "frame" not in frame.columns or str(frame["frame"].dtype) != "Int64":
        return None
    paths = [file.path.lower() for file in located.files if file.path]
    if not paths or not all(path.removesuffix(".gz").endswith(_FRAMED) for path in paths):
        return None
    return [None if pd.isna(value) else int(value) for value in frame["frame"]]


def _located(
    frame: pd.DataFrame, name: str, folder: Path
) -> tuple[Located, list[LocatedFile], str | None]:
    """Return the pictures, the masks if a column names files that are there, and that column.

    Masks that are written out may lie anywhere, as pictures may: the root is the common parent.
    """
    cells = frame[name].tolist()
    located = locate_files(cells, folder)
    column = find_column(frame, MASK_NAMES)
    if column is None or not is_text(frame[column]) or not located_share(frame[column], folder):
        return located, [], None
    given = frame[column].tolist()
    masks = locate_files(given, folder, optional=True)
    if masks.root != located.root:
        root = common_parent(masks.root, located.root)
        located = locate_files(cells, folder, root=root)
        masks = locate_files(given, folder, root=root, optional=True)
    return located, masks.files, column

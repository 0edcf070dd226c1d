"""Parquet files with the bytes of pictures in them, as data sets of the hub are kept.

The column of pictures holds bytes, or an object of `bytes` and `path`. Names of classes are read
from the file's own description (`ClassLabel`). The other columns are kept as in any table.
"""

import json
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any, cast

import pandas as pd

from core.errors import DecodeError, InputError, StorageError
from core.imaging.files import EMPTY, open_regular, reason_of_os_error
from core.imaging.imagefile import NOT_AN_IMAGE, check_bytes
from core.ingest.copies import Copies
from core.ingest.folders import IMAGE_SUFFIXES, printable
from core.ingest.members import as_place, begins, safe_name
from core.ingest.packed import Gathered, Taken, split_of
from core.ingest.schemes import Reading
from core.ingest.tables import table_from_arrow
from core.model import BrokenFile

#: Rows read at a time: some hundred pictures in memory.
_ROWS = 256
_SUFFIXES = {"JPEG": ".jpg", "TIFF": ".tif", "HEIF": ".heic", "JPEG2000": ".jp2"}


def _schema(path: Path) -> Any:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with open_regular(path) as file:
            return pq.read_schema(file)
    except (pa.ArrowException, ValueError) as error:
        raise InputError(f"{path.name}: not a whole Parquet file: copy it again") from error
    except OSError as error:
        if error.errno:
            raise
        raise InputError(f"{path.name}: damaged Parquet file: copy it again") from error


def picture_columns(schema: Any) -> list[str]:
    """Return the columns that can hold the bytes of pictures, the likeliest first."""
    import pyarrow as pa

    found = []
    for column in schema:
        kind = column.type
        if pa.types.is_struct(kind):
            fields = {kind.field(i).name: kind.field(i).type for i in range(kind.num_fields)}
            kind = fields.get("bytes", pa.null())
        if pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
            found.append(column.name)
    return sorted(found, key=lambda name: name.lower() not in {"image", "img", "picture", "jpg"})


def holds_pictures(path: Path) -> bool:
    """Tell whether a Parquet file has the bytes of pictures in one of its first rows.

    Raises
    ------
    InputError
        It is no Parquet file, or a damaged one.
    """
    return bool(picture_columns(_schema(path))) and _picture_column(path) is not None


def _picture_column(path: Path) -> str | None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with open_regular(path) as file:
            table = pq.ParquetFile(file)
            names = picture_columns(table.schema_arrow)
            first = next(table.iter_batches(batch_size=32, columns=names), None)
    except (pa.ArrowException, ValueError, OSError) as error:
        if isinstance(error, OSError) and error.errno:
            raise
        raise InputError(f"{path.name}: damaged Parquet file: copy it again") from error
    for name in names:
        values = first.column(first.schema.get_field_index(name)).to_pylist() if first else []
        cells = [_cell(value) for value in values]
        if any(data and begins(data) for data, _ in cells):
            return str(name)
        if any(isinstance(value, dict) and value.get("path") for value in values):
            return str(name)  # bytes may come later
    return None


def _cell(value: Any) -> tuple[bytes | None, str]:
    """Return the bytes and the name in one cell."""
    if isinstance(value, dict):
        return value.get("bytes"), str(value.get("path") or "")
    return value, ""


def gather_rows(
    path: Path, copies: Copies, root: str, reading: Reading, version: str, prefix: str = ""
) -> Gathered:
    """Take the pictures of a Parquet file in, one a row, with the file's other columns.

    Raises
    ------
    InputError
        It is damaged, or no column holds pictures.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    column = _picture_column(path)
    if column is None:
        raise InputError(f"{path.name}: no column holds the bytes of pictures")
    try:
        with open_regular(path) as file:
            table = pq.ParquetFile(file)
            others = [name for name in table.schema_arrow.names if name != column]
            frame, left_out = table_from_arrow(table.read(columns=others))
            frame = _with_class_names(frame, table.schema_arrow.metadata or {})
            taker = _Taker(path, column, copies, root, reading, version, prefix)
            for row, name, data in _pictures(table, column, taker):
                reading.progress.report("scan", row, table.metadata.num_rows, "reading pictures")
                taker.take(row, name, data)
    except (pa.ArrowException, ValueError, OSError) as error:
        if isinstance(error, DecodeError | InputError | StorageError) or getattr(
            error, "errno", None
        ):
            raise
        raise InputError(f"{path.name}: damaged Parquet file: copy it again") from error
    return taker.done(frame, left_out)


def _pictures(table: Any, column: str, taker: "_Taker") -> Iterator[tuple[int, str, bytes | None]]:
    """Give row, name and bytes of each picture; of known ones only the row, if all are known."""
    if taker.all_known(table.metadata.num_rows):
        yield from ((row, "", None) for row in range(table.metadata.num_rows))
        return
    row = 0
    for batch in table.iter_batches(batch_size=_ROWS, columns=[column]):
        for value in batch.column(0).to_pylist():
            data, name = _cell(value)
            yield row, name, data
            row += 1


class _Taker:
    """Takes the rows of one file in."""

    def __init__(
        self, path: Path, column: str, copies: Copies, root: str, reading: Reading,
        version: str, prefix: str,
    ) -> None:  # fmt: skip
        self._path, self._column, self._prefix = path, column, prefix
        self._copies, self._root, self._reading = copies, root, reading
        self._version = version
        self._taken: dict[int, Taken] = {}
        self._broken: list[BrokenFile] = []
        self._names: set[str] = set()
        self._known = {
            json.loads(copy.place)["row"]: (name, copy.sha256)
            for name, copy in copies.known(root).items()
            if copy.version == version and name.startswith(prefix)
        }

    def all_known(self, rows: int) -> bool:
        """Tell whether every row was taken in from this version of the file before."""
        return len(self._known) == rows

    def take(self, row: int, name: str, data: bytes | None) -> None:
        """Take one row's picture in, or note why not."""
        if row in self._known:
            path, content = self._known[row]
            self._names.add(path)
            self._taken[row] = Taken(path, content, {})
            return
        try:
            if not data:
                raise DecodeError("no bytes of a picture" if data is None else EMPTY)
            check_bytes(len(data), self._reading.limits)
            path = self._free(row, name, data)
            place = {"kind": "parquet", "file": str(self._path), "name": self._path.name,
                     "column": self._column, "row": row}  # fmt: skip
            content = self._copies.put(self._root, path, data, self._version, as_place(place))
            self._taken[row] = Taken(path, content, {})
        except DecodeError as error:
            self._refuse(row, name, str(error))
        except StorageError:
            raise
        except OSError as error:
            self._refuse(row, name, f"its copy {reason_of_os_error(error)}")

    def _refuse(self, row: int, name: str, reason: str) -> None:
        path = self._prefix + (printable(name) or self._path.name)
        self._broken.append(BrokenFile(path, f"row {row + 1}: {reason}"))

    def _free(self, row: int, name: str, data: bytes) -> str:
        """Return the path of a row's picture: as given, if that is a name and free."""
        path, reason = safe_name(name) if name else ("", "none")
        kind = begins(data)
        if kind is None:
            raise DecodeError(NOT_AN_IMAGE)
        if reason or PurePosixPath(path).suffix.lower() not in IMAGE_SUFFIXES:
            path = f"{row:06d}{_SUFFIXES.get(kind, f'.{kind.lower()}')}"
        if self._prefix + path in self._names:
            path = f"{row:06d}-{PurePosixPath(path).name}"
        self._names.add(self._prefix + path)
        return self._prefix + path

    def done(self, frame: pd.DataFrame, notes: tuple[str, ...]) -> Gathered:
        """Return the pictures with their columns."""
        split = split_of(self._prefix or f"{self._path.stem}/")
        rows = sorted(self._taken)
        records = cast(list[dict[str, Any]], frame.iloc[rows].astype(object).to_dict("records"))
        taken = []
        for row, record in zip(rows, records, strict=True):
            values = {str(n): None if pd.isna(v) else v for n, v in record.items()}
            if split:
                values.setdefault("split", split)
            taken.append(Taken(self._taken[row].path, self._taken[row].sha256, values))
        return Gathered(taken, self._broken, list(notes))


def _with_class_names(frame: pd.DataFrame, metadata: dict[bytes, bytes]) -> pd.DataFrame:
    """Replace numbers of classes by their names, where the file describes them."""
    try:
        features = json.loads(metadata[b"huggingface"])["info"]["features"]
        names = {
            str(column): [str(name) for name in about["names"]]
            for column, about in features.items()
            if isinstance(about, dict) and about.get("_type") == "ClassLabel" and about.get("names")
        }
    except (KeyError, ValueError, TypeError, AttributeError):
        return frame
    for column, known in names.items():
        if column in frame and str(frame[column].dtype) == "Int64":
            values = [
                pd.NA if pd.isna(v) or v < 0 else known[v] if v < len(known) else str(v)
                for v in frame[column]
            ]
            frame[column] = pd.Series(values, dtype="string", index=frame.index)
    return frame


def read_row(path: Path, place: dict[str, Any]) -> bytes:
    """Return the bytes of one row's picture again.

    Raises
    ------
    DecodeError
        The file has changed or is damaged.
    OSError
        It cannot be opened.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with open_regular(path) as file:
            table = pq.ParquetFile(file)
            row = int(place["row"])
            for group in range(table.num_row_groups):
                count = table.metadata.row_group(group).num_rows
                if row < count:
                    column = table.read_row_group(group, columns=[place["column"]]).column(0)
                    return _cell(column[row].as_py())[0] or b""
                row -= count
    except (pa.ArrowException, ValueError, KeyError) as error:
        if isinstance(error, DecodeError):
            raise
        raise DecodeError(f"{path.name}: damaged, or changed since the run") from error
    return b""

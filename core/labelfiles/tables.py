"""Labels from CSV and Parquet: which columns name the items, and which one holds the labels."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from core.curation.words import counted
from core.errors import InputError
from core.ingest.fields import PATH_NAMES, SYNONYMS, find_column, find_roles, from_text
from core.ingest.tables import read_table
from core.labelfiles.cells import is_picture_name, read_cells
from core.labelfiles.model import Box, Entry, LabelFile, named

_ID_NAMES = ("item_id", "address")
_OTHER_NAMES = ("image_id", "imageid", "id", "uid", "uuid", "key", "name", "ids", "names")
_LABEL_NAMES = (*SYNONYMS["label"], "labels", "classname", "class_label", "annotation", "tag", "y")
_BOX = ("box_x", "box_y", "box_w", "box_h")
_ADDRESS = re.compile(r"[0-9a-f]{64}(:[0-9]+)?")
#: What some programs write where there is nothing.
_NOTHING = frozenset({"NA", "N/A", "NaN", "nan", "null", "None", "<NA>"})

Cells = Sequence[str | None]


def read_text_table(path: Path, column: str | None) -> LabelFile:
    """Return the labels of a CSV file, or of one with any other separator.

    Raises
    ------
    InputError
        It is no table, or its columns cannot be told; the message lists them.
    """
    header, rows, notes = read_cells(path)
    cells: list[Cells] = list(zip(*rows, strict=True)) if rows else [()] * len(header)
    columns = dict(zip(header, cells, strict=True))
    return _label_file(path.name, "csv", columns, column, notes)


def read_parquet_table(path: Path, column: str | None) -> LabelFile:
    """Return the labels of a Parquet file; see `read_text_table`."""
    frame, notes = read_table(path)
    columns: dict[str, Cells] = {str(name): _texts(frame[name]) for name in frame.columns}
    return _label_file(path.name, "parquet", columns, column, notes)


def _texts(column: pd.Series) -> list[str | None]:
    return [None if pd.isna(value) else str(value) for value in column.tolist()]


def _label_file(
    name: str,
    form: str,
    columns: Mapping[str, Cells],
    column: str | None,
    notes: tuple[str, ...],
) -> LabelFile:
    """Return what a table says, its columns told."""
    names = list(columns)
    empty = pd.DataFrame(columns=names)
    labels = _given(empty, column, name) if column else find_column(empty, _LABEL_NAMES)
    rest = empty.drop(columns=[labels] if labels else [])
    address = find_column(rest, _ID_NAMES)
    path = find_column(rest, PATH_NAMES) or next(
        (one for one in rest.columns if any(is_picture_name(c or "") for c in columns[one][:50])),
        None,
    )
    other = None if address or path else find_column(rest, _OTHER_NAMES)
    left = [one for one in rest.columns if one not in (address, path, other)]
    if not (address or path or other) and labels and len(left) == 1:
        other, left = left[0], []
    if not (address or path or other):
        raise InputError(
            f"{name}: no column of image names among {', '.join(names)}; call it path, file_name "
            "or item_id"
        )
    if labels is None:
        if len(left) != 1:
            raise InputError(
                f"{name}: no column of labels among {', '.join(names)}; say which one it is"
            )
        labels = left[0]
    keys = _keys(columns, address, path, other, len(columns[labels]))
    return _assembled(name, form, labels, columns, keys, notes)


def _given(table: pd.DataFrame, column: str, name: str) -> str:
    """Return the column that a person named, in whatever capitals."""
    found = column if column in table else find_column(table, [column.strip().lower()])
    if found is None:
        raise InputError(f"{name}: no column {column!r}; it has {', '.join(table.columns)}")
    return found


def _keys(
    columns: Mapping[str, Cells], address: str | None, path: str | None, other: str | None, n: int
) -> list[tuple[tuple[str, str], ...]]:
    """Return each row's keys; () where it names nothing."""
    found: list[tuple[tuple[str, str], ...]] = []
    ids, paths, others = (columns[c] if c else [None] * n for c in (address, path, other))
    for one, text, word in zip(ids, paths, others, strict=True):
        keys: tuple[tuple[str, str], ...] = ()
        if one and one.strip():
            keys += (("id", one.strip()),)
        if text and text.strip():
            keys += tuple(map(named, dict.fromkeys((text, text.strip()))))
        if word and word.strip():
            keys += (("id", word.strip()),)
            keys += () if _ADDRESS.fullmatch(word.strip()) else (named(word.strip()),)
        found.append(keys)
    return found


def _assembled(
    name: str,
    form: str,
    labels: str,
    columns: Mapping[str, Cells],
    keys: Sequence[tuple[tuple[str, str], ...]],
    notes: tuple[str, ...],
) -> LabelFile:
    boxes, frames = _boxes(columns), _frames(columns)
    texts = [(text or "").strip() or None for text in columns[labels]]
    if any(text and text.startswith("[{") and 'labels":' in text for text in texts):
        raise InputError(
            f"{name}: the column {labels!r} holds Label Studio's regions: export them as JSON or "
            "JSON-MIN"
        )
    entries = tuple(
        Entry(key, text, box, frame)
        for key, text, box, frame in zip(keys, texts, boxes, frames, strict=True)
        if key
    )
    nameless = sum(not key for key in keys)
    if nameless:
        notes = (*notes, f"left out: {counted(nameless, 'line')} without the name of an image")
    blank = sum(text in _NOTHING for text in texts)
    if blank:
        words = ", ".join(sorted({text for text in texts if text in _NOTHING}))  # type: ignore[type-var]
        notes = (*notes, f"{words} taken for a label, on {counted(blank, 'line')}")
    return LabelFile(name, form, labels, tuple(columns), entries, notes)


def _boxes(columns: Mapping[str, Cells]) -> list[Box | None]:
    """Return the region of each row, by the columns that `run` understands too."""
    texts = {name: from_text([cell or "" for cell in cells]) for name, cells in columns.items()}
    frame = pd.DataFrame(texts)
    known = find_roles(frame).known
    if "box_x" not in known:
        return [None] * len(frame)
    rows = zip(*(known[name] for name in _BOX), strict=True)
    return [None if row[0] is None else row for row in rows]


def _frames(columns: Mapping[str, Cells]) -> list[int | None]:
    """Return the frame number of each row, if there is a column of them."""
    name = next((one for one in columns if one.strip().lower() == "frame"), None)
    if name is None:
        return [None] * len(next(iter(columns.values())))
    return [int(cell) if cell and cell.strip().isdecimal() else None for cell in columns[name]]

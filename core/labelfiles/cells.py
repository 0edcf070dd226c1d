"""Tables of text as they come: any separator, byte order marks, old encodings, no header."""

import csv
import io
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from core.errors import InputError
from core.ingest.fields import PATH_NAMES
from core.ingest.folders import IMAGE_SUFFIXES

_SEPARATORS = ",;\t|"


def is_picture_name(text: str) -> bool:
    """Tell whether a text ends as names of picture files do."""
    return PurePosixPath(text.strip().replace("\\", "/")).suffix.lower() in IMAGE_SUFFIXES


def read_cells(path: Path) -> tuple[list[str], list[list[str]], tuple[str, ...]]:
    """Return a text table's column names, its rows of as many cells, and notes.

    Cells are the file's own text: "007" and "1.10" are labels, not numbers. A table whose first
    line already names a picture has no header; its columns are called "column 1" and so on.

    Raises
    ------
    InputError
        It is no table; the message names the file and, where known, the line.
    OSError
        It cannot be read.
    """
    text, notes = _decoded(path.read_bytes())
    first = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(_SEPARATORS, key=lambda mark: _outside_quotes(first, mark))
    if separator not in first and is_picture_name(" ".join(first.split()[:-1])):
        rows = [(n, line.rsplit(None, 1)) for n, line in _lines(text)]  # a list: "a b.jpg 3"
    else:
        rows = _split(text, separator, path.name)
    if not rows:
        raise InputError(f"{path.name}: empty; a file of labels needs a line for each image")
    header = [name.strip() for name in rows[0][1]]
    if any(map(is_picture_name, header)):
        header = [f"column {place}" for place in range(1, len(header) + 1)]
        notes = (*notes, "no line of column names: the first line is an image")
    else:
        rows = rows[1:]
    width = len(header)
    if rows and all(len(row) == width + 1 for _, row in rows) and not _is_path(header, rows):
        header, width = ["row_name", *header], width + 1  # as R writes its row names
    return _unique(header), [_filled(row, width, line, path.name) for line, row in rows], notes


def _is_path(header: Sequence[str], rows: Sequence[tuple[int, list[str]]]) -> bool:
    """Tell whether the first column is the paths that its name says, and so no row names."""
    named = header[0].lower() in PATH_NAMES
    return named and all(is_picture_name(row[0]) for _, row in rows)


def _decoded(data: bytes) -> tuple[str, tuple[str, ...]]:
    try:
        utf_16 = data[:2] in (b"\xff\xfe", b"\xfe\xff")
        return data.decode("utf-16" if utf_16 else "utf-8-sig"), ()
    except UnicodeDecodeError:
        return data.decode("latin-1"), ("not UTF-8: read as Latin-1",)


def _outside_quotes(line: str, mark: str) -> int:
    """Return how often a separator stands outside of double quotes."""
    return sum(part.count(mark) for part in line.split('"')[::2])


def _lines(text: str) -> list[tuple[int, str]]:
    return [(n, line) for n, line in enumerate(text.splitlines(), 1) if line.strip()]


def _split(text: str, separator: str, name: str) -> list[tuple[int, list[str]]]:
    """Return the rows that are not empty, each with the number of its last line."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    rows: list[tuple[int, list[str]]] = []
    try:
        rows.extend((reader.line_num, row) for row in reader if any(cell.strip() for cell in row))
    except csv.Error as error:
        raise InputError(f"{name}: line {reader.line_num}: {error}") from error
    return rows


def _filled(row: list[str], width: int, line: int, name: str) -> list[str]:
    """Return a row with a cell for every column; empty ones too many are cut off."""
    while len(row) > width and not row[-1].strip():
        row = row[:-1]
    if len(row) > width:
        raise InputError(
            f"{name}: line {line} has {len(row)} cells, the header {width}: put quotes around "
            "cells that hold the separator"
        )
    return row + [""] * (width - len(row))


def _unique(header: Sequence[str]) -> list[str]:
    """Return column names without empty ones and repetitions."""
    found: list[str] = []
    for place, name in enumerate(header, 1):
        wanted, number = name or f"column {place}", 2
        while wanted in found:
            wanted, number = f"{name} ({number})", number + 1
        found.append(wanted)
    return found

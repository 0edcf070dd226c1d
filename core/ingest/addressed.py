"""Tables whose pictures lie elsewhere: a column of addresses, or of paths beside the table."""

import re
from collections.abc import Sequence
from pathlib import Path, PurePosixPath
from typing import Any, cast
from urllib.parse import urlsplit

import pandas as pd

from core.errors import InputError
from core.ingest.archives import copies_of
from core.ingest.credentials import conceal, put_away, without_secrets
from core.ingest.fetching import open_place
from core.ingest.fields import PATH_NAMES, find_column, is_text
from core.ingest.folders import printable
from core.ingest.listing import Entry
from core.ingest.members import safe_name
from core.ingest.packed import Gathered, Taken
from core.ingest.packed_items import packed_scan
from core.ingest.schemes import Reading
from core.ingest.tables import located_share, path_column, read_table, table_from_arrow
from core.ingest.transfers import Transfers, Wanted
from core.keys import digest
from core.model import BrokenFile, Scan

_ADDRESS = re.compile(r"[a-z][a-z0-9+.-]+://[^/\s]", re.IGNORECASE)
ADDRESS_NAMES = (*PATH_NAMES, "url", "image_url", "uri", "link", "href", "address")


def address_column(frame: pd.DataFrame) -> str | None:
    """Return the first column most of whose values are addresses of files elsewhere; else None.

    One with a name such as path or url comes before others; where a column is called as one of
    paths is, and holds none, no other is meant.
    """
    texts = [name for name in frame.columns if is_text(frame[name])]
    named = [found for name in ADDRESS_NAMES if (found := find_column(frame[texts], [name]))]
    paths = find_column(frame[texts], PATH_NAMES)
    for name in dict.fromkeys(named if paths else [*named, *texts]):
        values = frame[name].dropna().iloc[:200]
        if len(values) and values.map(lambda v: bool(_ADDRESS.match(str(v)))).mean() > 0.5:
            return str(name)
    return None


def scan_addressed(source: str, path: Path, reading: Reading) -> Scan | None:
    """Return the pictures that a table of addresses names; None if it has no such column.

    Raises
    ------
    InputError
        The table cannot be read, or nothing may be written.
    """
    if not _may_have_addresses(path):
        return None
    frame, notes = read_table(path)
    name, here = address_column(frame), path_column(frame, path.parent)
    if name is None or (here is not None and located_share(frame[here], path.parent) > 0):
        return None
    cells = frame[name].fillna("").astype(str).str.strip().tolist()
    return _scan(source, frame, name, cells, notes, reading)


def _may_have_addresses(path: Path) -> bool:
    """Tell by its first rows whether a table is worth reading for a column of addresses."""
    if path.suffix.lower() not in {".parquet", ".pq"}:
        with path.open("rb") as file:
            head = file.read(1 << 16)
        return b"://" in head or b":\0/\0/" in head  # the second is UTF-16
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with path.open("rb") as file:
            first = next(pq.ParquetFile(file).iter_batches(batch_size=200), None)
    except (pa.ArrowException, ValueError, OSError):
        return False  # who reads it whole says what is wrong
    if first is None:
        return False
    frame, _ = table_from_arrow(pa.Table.from_batches([first]))
    return address_column(frame) is not None


def scan_beside(source: str, table: Path, reading: Reading) -> Scan | None:
    """Return the pictures that a table elsewhere names, in full or from its own folder.

    Parameters
    ----------
    source
        The table's address.
    table
        Its copy here.
    reading
        As for any source.

    Returns
    -------
    Scan or None
        None if no column is called as one of paths or addresses is.
    """
    if table.suffix.lower() in {".parquet", ".pq"}:
        from core.ingest.given import holds_vectors

        if holds_vectors(table):
            return None
    frame, notes = read_table(table)
    name = address_column(frame) or find_column(frame, ADDRESS_NAMES)
    if name is None or not is_text(frame[name]):
        return None
    folder = without_query(source).rpartition("/")[0]
    cells = []
    for cell in frame[name].fillna("").astype(str).str.strip():
        whole = bool(_ADDRESS.match(cell)) or not cell or ".." in PurePosixPath(cell).parts
        cells.append(cell if whole else f"{folder}/{cell.lstrip('/')}")
    return _scan(source, frame, name, cells, notes, reading)


def without_query(source: str) -> str:
    """Return an address without what follows its path."""
    return source.partition("?")[0].partition("#")[0]


def _scan(
    source: str,
    frame: pd.DataFrame,
    name: str,
    cells: Sequence[str],
    notes: Sequence[str],
    reading: Reading,
) -> Scan:
    root = f"addresses-{digest('addresses', without_secrets(source))[:20]}"
    with copies_of(reading, source) as copies:
        transfers = Transfers(copies, root, reading)
        wanted, problems = _wanted(cells)
        unique = list(wanted)
        answers = dict(zip(unique, transfers.take_all(list(wanted.values())), strict=True))
        found = Gathered(notes=[*notes, *transfers.note()])
        others = [str(column) for column in frame.columns if column != name]
        records = cast(list[dict[str, Any]], frame[others].astype(object).to_dict("records"))
        for row, (cell, record) in enumerate(zip(cells, records, strict=True)):
            answer = answers.get(cell)
            if isinstance(answer, str):
                values = {column: None if pd.isna(v) else v for column, v in record.items()}
                found.taken.append(Taken(wanted[cell].entry.path, answer, values))
                continue
            reason = answer.reason if answer else problems[cell]
            shown = printable(conceal(cell)) or f"row {row + 1}"
            found.broken.append(BrokenFile(shown, f"row {row + 1}: {reason}"))
        return packed_scan(source, copies, root, found, reading)


def _wanted(cells: Sequence[str]) -> tuple[dict[str, Wanted], dict[str, str]]:
    """Return each different address as a file to be had, and what is wrong with other cells."""
    systems: dict[str, Any] = {}
    wanted: dict[str, Wanted] = {}
    problems = {"": "no address given"}
    taken: set[str] = set()
    for cell in dict.fromkeys(cells):
        if not cell:
            continue
        if not _ADDRESS.match(cell):
            problems[cell] = "not an address, as https://host/picture.jpg"
            continue
        try:
            stored = put_away(cell)
            parts = urlsplit(without_secrets(stored))
            path, reason = safe_name(f"{parts.netloc or parts.scheme}{parts.path}")
            if reason:
                problems[cell] = reason.replace("the archive", "its host")
                continue
            if path in taken or parts.query:
                pure = PurePosixPath(path)
                path = str(pure.with_name(f"{pure.stem}-{digest('a', cell)[:8]}{pure.suffix}"))
            taken.add(path)
            system, inner = _opened(stored, systems)
            wanted[cell] = Wanted(Entry(path, inner), system, stored)
        except (InputError, ValueError) as error:
            problems[cell] = str(error)
    return wanted, problems


def _opened(address: str, systems: dict[str, Any]) -> tuple[Any, str]:
    """Return an address's file system, one for each host and name, and the path there."""
    from core.ingest.credentials import reveal

    parts = urlsplit(reveal(address))
    host = f"{parts.scheme}://{parts.netloc}"
    if parts.scheme in {"http", "https"} and host in systems:
        bare = parts.netloc.rpartition("@")[2]
        return systems[host], parts._replace(netloc=bare, fragment="").geturl()
    system, inner = open_place(address)
    systems[host] = system
    return system, inner

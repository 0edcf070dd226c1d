"""Several sources as one set: every root is read as it would be alone.

Paths count from the folder that all roots lie in. The column `source` tells the root where a
table does not say otherwise; where no picture has a label, the root is its label too, so that
`run cats dogs` has two classes.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, cast

import pandas as pd

from core.errors import InputError
from core.ingest.credentials import conceal
from core.ingest.folders import printable
from core.ingest.locate import common_parent
from core.ingest.naming import parse_roots
from core.ingest.schemes import Reading
from core.model import Scan

_PLACE = ["path", "frame", "box_x", "box_y", "box_w", "box_h", "mask"]
#: Kinds whose item ids are those of files; others cannot be mixed with them.
_OF_FILES = frozenset({"folder", "table"})


def scan_named(source: str, reading: Reading) -> Scan:
    """Return what several sources hold, in their order; an item that two of them hold is one.

    Raises
    ------
    InputError
        One of them cannot be used (the message names it), or brings vectors.
    """
    from core.ingest.source import scan

    roots = parse_roots(source)
    scans = []
    for root in roots:
        try:
            scans.append(
                scan(
                    root,
                    files_folder=reading.files_folder,
                    known_hashes=reading.hashes,
                    limits=reading.limits,
                    progress=reading.progress,
                )
            )
        except InputError as error:
            known = conceal(root)
            text = str(error)
            raise InputError(text if known in text else f"{known}: {text}") from error
    kinds = {scan.kind for scan in scans}
    if "vectors" in kinds or any(scan.given is not None for scan in scans):
        raise InputError("several roots: one brings vectors, which make a set of their own")
    if len(kinds - _OF_FILES) and kinds & _OF_FILES:
        raise InputError("several roots: idx files cannot be mixed with pictures; name one kind")
    return join(source, scans, names_of(roots))


def names_of(roots: Sequence[str]) -> list[str]:
    """Return a short name for each root: its last part, with its folder's where two are alike."""
    parts = [
        [p.rpartition("@")[2] for p in conceal(root).replace("\\", "/").split("/") if p]
        for root in roots
    ]
    names = [part[-1] if part else "root" for part in parts]
    for depth in range(2, 6):
        counts = Counter(names)
        if max(counts.values()) == 1:
            return names
        names = [
            "/".join(part[-depth:]) if counts[name] > 1 else name
            for part, name in zip(parts, names, strict=True)
        ]
    return [f"{name} ({number})" for number, name in enumerate(names, 1)]


def join(source: str, scans: Sequence[Scan], names: Sequence[str]) -> Scan:
    """Return several scans as one, with paths that count from the folder they all lie in."""
    base = common_parent(*(Path(scan.root) for scan in scans))
    tables, broken, notes = [], [], []
    for scan, name in zip(scans, names, strict=True):
        here = _between(Path(scan.root), base)
        tables.append(_moved(scan, here, name))
        broken += [replace(one, path=f"{name}: {one.path}") for one in scan.broken]
        notes += [f"{name}: {note}" for note in scan.notes]
    if all(table["label"].isna().all() for table in tables):
        for table, name in zip(tables, names, strict=True):
            table["label"] = pd.Series([name] * len(table), dtype="string")
    items = _stacked(tables)
    twice = items.duplicated(_PLACE)
    if twice.any():
        notes.append(f"{int(twice.sum()):,} items lie in two of the roots and count once")
        items = items[~twice].reset_index(drop=True)
    kind: Literal["idx", "table"] = "idx" if all(scan.kind == "idx" for scan in scans) else "table"
    return Scan(kind, source, str(base), items, tuple(dict.fromkeys(broken)), None, tuple(notes))


def _between(root: Path, base: Path) -> str:
    inner = root.relative_to(base).as_posix()
    return "" if inner == "." else f"{inner}/"


def _moved(scan: Scan, here: str, name: str) -> pd.DataFrame:
    """Return a scan's items with paths from the common folder, and the root as their source."""
    items = scan.items.copy()
    for column in ("path", "mask"):
        given = items[column].notna() & (items[column] != "")
        items.loc[given, column] = printable(here) + items.loc[given, column]
    items["source"] = items["source"].fillna(name)
    return items


def _stacked(tables: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Return tables one below the other; a column of two types becomes text."""
    names = list(dict.fromkeys(name for table in tables for name in table.columns))
    columns: dict[str, pd.Series] = {}
    for name in names:
        parts = [table.get(name) for table in tables]
        kinds = {str(part.dtype) for part in parts if part is not None and part.notna().any()}
        kind = next(iter(kinds)) if len(kinds) == 1 else "string"
        if not kinds:
            kind = str(next(part.dtype for part in parts if part is not None))
        filled = [
            pd.Series([None] * len(table), dtype=kind)
            if part is None or part.isna().all()
            else part.astype(cast(Any, kind))
            for part, table in zip(parts, tables, strict=True)
        ]
        columns[name] = pd.concat(filled, ignore_index=True)
    return pd.DataFrame(columns)

"""A curation log applied to a source again, on any machine: the same manifest, byte for byte.

No encoder is needed. An item that the log knows is recognised by the SHA-256 of its bytes, so what
could be read there can be read here; only items that the log does not know are decoded.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import pandas as pd

from core.config import Settings
from core.curation.acts import stored
from core.curation.boxes import with_boxes
from core.curation.bundle import ReadLog, read_log
from core.curation.fold import State, fold
from core.curation.manifest import Selection, build_manifest
from core.curation.roster import Roster, Universe, read_roster
from core.curation.source import last_source, read_aside
from core.curation.words import counted
from core.embed import read_pictures
from core.errors import InputError
from core.imaging.decode import ItemFile, Limits
from core.ingest import scan
from core.model import Scan
from core.opened.addresses import make_addresses, occurrences
from core.progress import Progress
from core.storage.catalog import Catalog
from core.storage.records import region_of
from core.storage.store import Workspace

#: Files named in a sentence.
_NAMED = 5


@dataclass(frozen=True, slots=True)
class Replayed:
    """A replayed log.

    Attributes
    ----------
    manifest
        Its bytes.
    items, events
        Items of the source, and lines of the log.
    missing, new
        Paths (addresses, where an item is no file) that the log's set had and the source has not,
        and the other way round.
    renamed
        Old and new path of items that lie elsewhere in the source.
    reordered
        Whether the same items come in another order.
    left_out
        Items that were set aside when the log was kept, and so are here.
    notes
        What else a person should know.
    """

    manifest: bytes
    items: int
    events: int
    missing: list[str]
    new: list[str]
    renamed: list[tuple[str, str]]
    reordered: bool
    left_out: int
    notes: tuple[str, ...]

    @property
    def same(self) -> bool:
        """Tell whether the source has just the items of the log's set, where they were."""
        return not (self.missing or self.new or self.renamed or self.reordered)

    def statement(self) -> str:
        """Return in words how the source differs from the log's set; "" if it does not."""
        parts = []
        if self.missing:
            parts.append(f"{len(self.missing):,} missing ({_named(self.missing)})")
        if self.new:
            parts.append(f"{len(self.new):,} new ({_named(self.new)})")
        if self.renamed:
            pairs = [f"{old} is {new} now" for old, new in self.renamed]
            parts.append(f"{len(self.renamed):,} renamed ({_named(pairs)})")
        if self.reordered:
            parts.append("the items come in another order")
        told = ", ".join(parts)
        return f"the source is not the set that the log was kept for: {told}" if told else ""


def _named(names: Sequence[str]) -> str:
    """Return the first of some names, and how many more there are."""
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more:,} more" if more > 0 else "")


def replay(
    log: Path,
    source: str,
    workspace: Workspace,
    settings: Settings,
    *,
    slice: str | None = None,
    progress: Progress | None = None,
) -> Replayed:
    """Apply a log to a source.

    Parameters
    ----------
    log
        A workspace's log.jsonl, one from a bundle, or the bundle itself. A bundle that was
        restricted to a slice or to rows gives the manifest with the same restriction.
    source
        What `run` takes: a folder, a table, an idx or a vector file, sample:digits.
    workspace
        Where hashes of files are remembered; nothing else of it is used.
    slice
        Restrict the manifest to a slice.

    Raises
    ------
    InputError
        The log or the source cannot be used, or no slice has this name.
    ArtifactCorruptError
        The log is damaged; the message names file and line.
    """
    read = read_log(log)
    told = last_source(read.events)
    recorded, aside = read_roster(told, read.lists), read_aside(told, read.lists)
    progress = progress or Progress()
    found = with_boxes(_scan(source, workspace, settings, progress), read.events, read.lists)
    keep, left_out = _set_aside(found, recorded, aside)
    unreadable = _unreadable(found, keep, recorded, settings, progress)
    keep[unreadable] = False
    items = found.items[keep].reset_index(drop=True)
    addresses = make_addresses(items["item_id"], occurrences(items["item_id"]))
    roster = Roster.of_items(items, addresses)
    _, state = fold(read.events, Universe(roster, read.lists))
    manifest = build_manifest(read.events, state, _selection(read, state, slice))
    notes = _notes(read, len(unreadable))
    differs = _compare(recorded, roster)
    return Replayed(manifest, len(roster), len(read.events), *differs, left_out, notes)


def _limits(settings: Settings) -> Limits:
    return Limits(settings.max_pixels, settings.max_file_mb * 2**20)


def _scan(source: str, workspace: Workspace, settings: Settings, progress: Progress) -> Scan:
    """Return what the source holds; hashes are remembered in the workspace's catalogue."""
    with Catalog(workspace.root / "catalog.sqlite") as catalog:
        return scan(
            source,
            samples_folder=workspace.root / "samples",
            files_folder=workspace.root / "files",
            known_hashes=catalog,
            limits=_limits(settings),
            progress=progress,
        )


def _notes(read: ReadLog, unreadable: int) -> tuple[str, ...]:
    notes = []
    if read.torn:
        notes.append("the log's last line was cut off while it was written and does not count")
    if unreadable:
        notes.append(f"{counted(unreadable, 'file')} that the log does not know cannot be read")
    return tuple(notes)


def _set_aside(found: Scan, recorded: Roster, paths_then: list[str]) -> tuple[np.ndarray, int]:
    """Return which scanned items to go on with, and how many are left out.

    Left out is what the log's set left out too, for a reason that may not be seen here: its
    vector was zero, or its file could not be read then. It is known by its path, and by not being
    an item of the set there.
    """

    aside = Counter(paths_then)
    keep = np.ones(len(found.items), bool)
    paths = found.items["path"]
    suspects = np.flatnonzero(paths.isin(list(aside)).to_numpy(dtype=bool))
    if not len(suspects):
        return keep, 0
    there = {
        (address.partition(":")[0], path)
        for address, path in zip(recorded.addresses, recorded.paths, strict=True)
        if path in aside
    }
    ids = found.items["item_id"]
    for row in suspects.tolist():
        path = str(paths.iat[row])
        if aside[path] and (ids.iat[row], path) not in there:
            aside[path] -= 1
            keep[row] = False
    return keep, int((~keep).sum())


def _unreadable(
    found: Scan,
    keep: np.ndarray,
    recorded: Roster,
    settings: Settings,
    progress: Progress,
) -> np.ndarray:
    """Return the rows that the log does not know and whose pictures cannot be decoded."""
    known = pd.Series([address.partition(":")[0] for address in recorded.addresses], dtype=object)
    strange = keep & ~found.items["item_id"].isin(known).to_numpy(dtype=bool)
    if found.given is not None or not strange.any():  # a given vector is good without its picture
        return np.zeros(0, np.int64)
    rows = np.flatnonzero(strange)
    table = cast(list[dict[str, Any]], found.items.iloc[rows].to_dict("records"))
    root = Path(found.root)
    files = {
        row["item_id"]: ItemFile(row["item_id"], root / row["path"], region_of(row), root)
        for row in table
    }
    broken: set[str] = set()
    for batch in read_pictures(
        list(files.values()),
        limits=_limits(settings),
        want_thumbnail=lambda _: False,
        workers=settings.n_workers,
        progress=progress,
    ):
        broken |= {key for key, fact in batch.facts.items() if "broken" in fact}
    return rows[[row["item_id"] in broken for row in table]]


def _compare(
    recorded: Roster, roster: Roster
) -> tuple[list[str], list[str], list[tuple[str, str]], bool]:
    """Return what is missing, new, at another path, and whether only the order differs."""
    at = roster.rows(recorded.addresses)
    missing = [_name(recorded, row) for row in np.flatnonzero(at < 0).tolist()]
    back = recorded.rows(roster.addresses)
    new = [_name(roster, row) for row in np.flatnonzero(back < 0).tolist()]
    renamed = [
        (str(recorded.paths[old]), str(roster.paths[row]))
        for old, row in enumerate(at.tolist())
        if row >= 0 and recorded.paths[old] != roster.paths[row]
    ]
    same = not (missing or new or renamed)
    return missing, new, renamed, same and bool((np.diff(at) < 0).any())


def _name(roster: Roster, row: int) -> str:
    return roster.paths[row] or roster.addresses[row]


def _selection(read: ReadLog, state: State, slice: str | None) -> Selection | None:
    """Return what the manifest is restricted to: a slice asked for, else what the bundle says."""
    universe = state.universe
    if slice is not None:
        slice = stored(slice)
        problem = state.refusal("slice.set", slice)
        if problem:
            raise InputError(problem)
        return Selection(slice, universe.addresses(state.slices[slice].codes))
    if read.selection is None:
        return None
    return Selection(
        read.selection.name, universe.addresses(universe.resolve(read.selection.addresses))
    )

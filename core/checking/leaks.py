"""Copies across the splits and slices of a set, and between it and other sets."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from core.choices.stored import SPLITS, Choices
from core.curate.duplicates import cross_pairs
from core.keys import digest
from core.library import Library
from core.model import Neighbors
from core.opened.openset import OpenSet
from core.progress import Progress
from core.quality.copies import LEAK_COLUMNS, empty_table
from core.quality.leaks import MOST, Links, leaks_between
from core.space import pair_distances, unit_rows
from core.storage.store import Workspace
from core.storage.vectors import VectorCache

#: Newest slices that are compared, and most values of a column of splits.
SLICES, VALUES = 12, 6
#: Columns of a set that say in which split an image is.
NAMED = ("split", "subset", "fold", "partition")


@dataclass(frozen=True, slots=True)
class Sides:
    """Two lists of rows that should share no picture."""

    kind: str
    names: tuple[str, str]
    first: np.ndarray
    second: np.ndarray


def sides_of(opened: OpenSet, view: Any, workspace: Workspace) -> list[Sides]:
    """Return what should be apart in a set: its splits, and slices that share no image.

    Splits are those of its newest division here, and the values of a column named split, subset,
    fold or partition. The smaller side comes first.
    """
    found = []
    for kind, held in (*_splits(opened, workspace), ("slice", _slices(view))):
        for (one, first), (two, second) in combinations(held.items(), 2):
            if np.intersect1d(first, second).size:
                continue
            if len(second) < len(first):
                (one, first), (two, second) = (two, second), (one, first)
            found.append(Sides(kind, (one, two), first, second))
    return found


def _slices(view: Any) -> dict[str, np.ndarray]:
    newest = sorted(view.slices, key=lambda one: one.created)[-SLICES:]
    return {one.name: np.asarray(one.rows) for one in newest if one.count}


def _splits(opened: OpenSet, workspace: Workspace) -> Iterator[tuple[str, dict[str, np.ndarray]]]:
    choices = Choices(workspace)
    lines = [line for line in choices.list_splits(opened.name) if line.imageset == opened.key]
    if lines:
        kept = choices.open_splits(lines[0].key)
        yield "split", {name: kept.rows(name) for name in SPLITS if len(kept.rows(name))}
    columns = {str(name).casefold(): name for name in opened.items.columns}
    for name in NAMED:
        if name not in columns:
            continue
        texts = opened.items[columns[name]].astype("string").fillna("")
        values = [value for value in texts.unique().tolist() if value]
        if 2 <= len(values) <= VALUES:
            yield "split", {value: np.flatnonzero(texts == value) for value in sorted(values)}


def sides_key(sides: Sequence[Sides], others: Sequence[str], workspace: Workspace) -> str:
    """Return what identifies these sides and the other sets as they are now."""
    records = [workspace.read_set(name) for name in others]
    return digest(
        [(one.kind, one.names[0], one.names[1], one.first, one.second) for one in sides],
        [(r["name"], r["imageset"], r["embeddings"]) for r in records],
    )


def leaks_of(
    sides: Sequence[Sides],
    links: Links,
    neighbors: Neighbors,
    unit: np.ndarray,
    tau: float,
    progress: Progress,
) -> pd.DataFrame:
    """Return the images of every first side that have a copy in the second.

    The graph holds every pair within τ, unless an image has more near ones than it has places;
    between those all pairs are searched.
    """
    found = []
    full = _full(neighbors, tau)
    for one in sides:
        more = links
        side = np.full(len(unit), -1, np.int64)
        for number, rows in enumerate((one.first, one.second)):
            crowded = rows[full[rows]]  # of equal vectors one a side will do
            side[crowded[np.unique(links.same[crowded], return_index=True)[1]]] = number
        if (side == 0).any() and (side == 1).any():
            pairs = cross_pairs(unit, side, tau, progress)
            far = _apart(unit, pairs)
            again = Links.of(links.files, links.pictures, links.same, pairs, far)
            more = Links(
                links.files, links.pictures, links.same,
                np.concatenate([links.pairs, again.pairs]),
                np.concatenate([links.distance, again.distance]),
            )  # fmt: skip
        found.append(leaks_between(more, one.kind, one.names, one.first, one.second))
    found = [table for table in found if len(table)]
    return pd.concat(found, ignore_index=True) if found else empty_table(LEAK_COLUMNS)


def _full(neighbors: Neighbors, tau: float) -> np.ndarray:
    """Return which rows `(n,)` may have more near ones than the graph holds."""
    total, k = neighbors.indices.shape
    if not k or k >= total - 1:
        return np.zeros(total, bool)
    found: np.ndarray = np.asarray(neighbors.distances[:, -1]) <= np.float32(tau)
    return found


def _apart(unit: np.ndarray, pairs: np.ndarray) -> np.ndarray:
    """Return the distances of pairs of rows."""
    found: np.ndarray = pair_distances(unit, pairs[:, 0], pairs[:, 1:])[:, 0]
    return found


def leaks_to_sets(
    opened: OpenSet,
    unit: np.ndarray,
    others: Sequence[str],
    tau: float,
    workspace: Workspace,
    progress: Progress,
) -> tuple[pd.DataFrame, list[str]]:
    """Return the images of a set that have a copy in other sets, and what could not be compared.

    Equal files are found in any set; near-duplicates in sets with vectors of the same encoder,
    by searching all pairs.
    """
    found, notes = [], []
    library = Library(workspace)
    for name in others:
        other = library.open(name)
        ids = opened.items["item_id"]
        same = ids.map(other.items["item_id"].drop_duplicates().reset_index()
                       .set_index("item_id")["index"])  # fmt: skip
        hit = same.notna().to_numpy(bool)
        rows = np.flatnonzero(hit)
        tables = [_lines(opened, name, rows, same.to_numpy()[hit].astype(np.int64), 0.0,
                         "identical")]  # fmt: skip
        if other.spec.key == opened.spec.key:
            tables.append(_near(opened, unit, hit, other, tau, workspace, progress))
        else:
            notes.append(
                f"{name} has vectors of another encoder: only equal files were looked for in it."
            )
        found += [table for table in tables if len(table)]
    return (pd.concat(found, ignore_index=True) if found else empty_table(LEAK_COLUMNS)), notes


def _near(
    opened: OpenSet,
    unit: np.ndarray,
    known: np.ndarray,
    other: OpenSet,
    tau: float,
    workspace: Workspace,
    progress: Progress,
) -> pd.DataFrame:
    """Return the near-duplicates in another set of what has no equal file there."""
    folder = workspace.root / "vectors" / other.spec.key
    vectors = VectorCache(folder, other.spec).load(other.items["item_id"].tolist())
    both = np.concatenate([unit, unit_rows(vectors)])
    side = np.repeat([0, 1], [len(unit), len(both) - len(unit)])
    side[: len(unit)][known] = -1
    pairs = cross_pairs(both, side, tau, progress)
    far = _apart(both, pairs)
    order = np.lexsort((far, pairs[:, 0]))
    pairs, far = pairs[order], far[order]
    first = np.unique(pairs[:, 0], return_index=True)[1]
    rows, found = pairs[first, 0], pairs[first, 1] - len(unit)
    return _lines(opened, other.name, rows, found, far[first], "near")


def _lines(
    opened: OpenSet, name: str, rows: np.ndarray, found: np.ndarray, far: Any, level: str
) -> pd.DataFrame:
    lines = pd.DataFrame({
        "kind": "set", "first": opened.name, "second": name, "row": rows, "other": found,
        "distance": far, "level": level,
    })  # fmt: skip
    return lines.astype({"distance": np.float64}).iloc[:MOST]

"""What propagation, probe and batch need of a set: vectors, labels, units, and the pool."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from core.curation.desk import Desk
from core.errors import InputError, NotFoundError
from core.keys import artefact_key
from core.labelled.values import LabelColumn, label_column
from core.library import Library
from core.opened.openset import OpenSet
from core.quality.label_request import LabelRequest
from core.selection import Selections
from core.storage.partrecords import is_part_name, read_part
from core.storage.store import Workspace
from core.storage.vectors import VectorCache

FORMAT = 1


@dataclass(frozen=True, slots=True)
class Data:
    """A set opened for a request about its labels.

    Attributes
    ----------
    labels
        The column asked for, as edited.
    codes
        Label code of each row `(n,)`; −1 where it has none or is not in the working set.
    units
        Unit of each row `(n,)` int64: what has the same value in the column `unit`, or is a group
        of near-duplicates, is one.
    pool
        Rows of the pool in the working set, ascending int64.
    title
        What the pool is, in words.
    notes
        What was left out and why, each a sentence.
    """

    asked: LabelRequest
    opened: OpenSet
    desk: Desk
    view: Any
    workspace: Workspace
    labels: LabelColumn
    codes: np.ndarray
    units: np.ndarray
    pool: np.ndarray
    title: str
    notes: tuple[str, ...]

    @property
    def waiting(self) -> np.ndarray:
        """Rows of the pool that have no label, ascending int64."""
        return self.pool[self.labels.codes[self.pool] < 0]

    def vectors(self) -> np.ndarray:
        """Return the vectors of all rows `(n, d)`."""
        folder = self.workspace.root / "vectors" / self.opened.spec.key
        return VectorCache(folder, self.opened.spec).load(self.opened.items["item_id"].tolist())

    def key(self, kind: str, *parts: Any) -> str:
        """Return the key of an artefact made from this data and further parts."""
        return artefact_key(
            kind, FORMAT, self.opened.key, self.opened.embeddings, self.opened.spec.key,
            self.labels.name, list(self.labels.names), self.codes, self.units, self.asked.seed,
            *parts,
        )  # fmt: skip

    def meta(self) -> dict[str, Any]:
        """Return what every artefact of labels tells of where it comes from."""
        return {
            "format": FORMAT, "name": self.opened.name, "imageset": self.opened.key,
            "embeddings": self.opened.embeddings, "request": self.asked.to_json(),
            "column": self.labels.name, "pool": self.title, "seed": self.asked.seed,
        }  # fmt: skip


def data_of(asked: LabelRequest, workspace: Workspace) -> Data:
    """Open a set or part for a request about its labels.

    Raises
    ------
    NotFoundError
        There is no such set, slice, selection or column, or the set has no vectors yet.
    InputError
        The column holds no categories, or nothing is left of the pool.
    """
    desk = Desk(workspace)
    opened = Library.with_desk(workspace, desk).open(asked.name)
    if opened.neighbors is None:
        raise NotFoundError(
            f"{opened.title!r} has no vectors and neighbours yet: run the set first"
        )
    view = desk.view(opened)
    labels = label_column(opened, view, asked.column)
    rows, title = _named(asked.pool, opened, view, workspace)
    pool = np.intersect1d(rows, view.working)
    notes = []
    if len(pool) < len(rows):
        notes.append(f"{len(rows) - len(pool):,} excluded or dropped are not looked at")
    if not len(pool):
        raise InputError(f"nothing is left of {title}: all of it is excluded or dropped")
    codes = np.full(len(opened), -1, np.int64)
    codes[view.working] = labels.codes[view.working]
    units = units_in(opened, workspace)
    return Data(asked, opened, desk, view, workspace, labels, codes, units, pool, title,
                tuple(notes))  # fmt: skip


def _named(pool: str, opened: OpenSet, view: Any, workspace: Workspace) -> tuple[np.ndarray, str]:
    """Return the rows a pool names, ascending, and what it is called."""
    kind, _, name = pool.partition(":")
    if kind == "slice":
        one = view.slice(name)
        if not len(one.rows):
            raise InputError(f"slice “{one.name}” has no {view.noun}s here")
        return np.asarray(one.rows, dtype=np.int64), f"slice “{one.name}”"
    if kind == "selection":
        rows = Selections(workspace).load(name, opened.key)
        return np.unique(np.asarray(rows, dtype=np.int64)), f"a selection of {len(rows):,}"
    return np.arange(len(opened), dtype=np.int64), f"all {view.noun}s"


def units_in(opened: OpenSet, workspace: Workspace) -> np.ndarray:
    """Return the unit of every row of a set or part, int64 `(n,)`.

    Rows belong to one unit that have the same value in the column `unit`, or that are
    near-duplicates: as the set's check found them, else as its neighbours tell.
    """
    from core.curate.duplicates import duplicate_groups, duplicate_threshold, join

    total = len(opened)
    chains = []
    if "unit" in opened.items:
        codes = opened.items["unit"].astype("string")
        chains.append(_chain(codes.mask(codes == "").factorize()[0]))
    checked = _checked_pairs(opened, workspace)
    if checked is not None:
        chains.append(checked)
    elif opened.neighbors is not None:
        tau = duplicate_threshold(opened.neighbors)
        chains.append(_chain(duplicate_groups(opened.neighbors, tau)))
    if not chains:
        return np.arange(total, dtype=np.int64)
    first, second = (np.concatenate(ends) for ends in zip(*chains, strict=True))
    return join(first, second, total)


def _chain(groups: np.ndarray, rows: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Return pairs of rows that hold every group together; −1 is no group."""
    rows = np.arange(len(groups)) if rows is None else rows
    order = np.argsort(groups, kind="stable")
    same = (groups[order[1:]] == groups[order[:-1]]) & (groups[order[1:]] >= 0)
    return rows[order[:-1][same]], rows[order[1:][same]]


def _checked_pairs(opened: OpenSet, workspace: Workspace) -> tuple[np.ndarray, np.ndarray] | None:
    """Return pairs that hold the copies together that the set's check found; None without one."""
    name = opened.name
    record = read_part(workspace, name) if is_part_name(name) else workspace.read_set(name)
    key = (record.get("quality") or {}).get("duplicates")
    if not key or not workspace.has("duplicates", key):
        return None
    stored = workspace.read("duplicates", key)
    if stored.meta.get("imageset") != opened.key:
        return None
    groups, members = stored.tables["groups"], stored.tables["members"]
    near = groups.loc[groups["level"].isin(["identical", "pixels", "near"]), "group"]
    mine = members[members["group"].isin(near)]
    return _chain(mine["group"].to_numpy(np.int64), mine["row"].to_numpy(np.int64))

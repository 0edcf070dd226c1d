"""What holds between two open sets or two of their maps: the same items, selections, agreement.

Items are matched by their durable addresses. What is worked out is kept as an artefact, named by
what it was made from, so each process of a server works out nothing twice.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from core.columns import Colouring
from core.errors import NotFoundError
from core.keys import digest
from core.maps.agreement import (
    NEIGHBOURS,
    Agreement,
    Graph,
    Plane,
    Structure,
    measure_agreement,
    summarise,
)
from core.opened.openset import OpenSet
from core.selection import Selections
from core.storage.store import Workspace

#: Versions of what is kept here, part of its keys.
VERSION = {"rowlink": 1, "agreement": 1, "itemids": 1}

#: Items looked up to tell whether another set holds most of them.
PROBES = 2048

#: Share of a set's items that another must hold to be offered for comparison.
MOST = 0.5


@dataclass(frozen=True, slots=True)
class Side:
    """One of two structures to compare: a map of a set by its name, or "" for its vectors."""

    opened: OpenSet
    map: str = ""

    @property
    def key(self) -> str:
        """What it is made from."""
        if self.map:
            return self.opened.projection(self.map).key
        return self.opened.neighbors.key if self.opened.neighbors is not None else ""


def identity(opened: OpenSet) -> str:
    """Return what names the rows of a set or part: equal for the same items in the same order."""
    rows = opened.base_rows if opened.is_part else "all"
    return digest("rows", opened.base.key, rows)[:32]


class Links:
    """Ties between sets of one workspace.

    Parameters
    ----------
    workspace
        Where what was worked out is kept.
    selections
        The selections of the same workspace.
    """

    def __init__(self, workspace: Workspace, selections: Selections):
        self._workspace = workspace
        self._selections = selections

    # -- the same items --------------------------------------------------------------------------

    def key(self, source: OpenSet, target: OpenSet) -> str:
        """Return the key of `rows`."""
        return _key("rowlink", identity(source), identity(target))

    def rows(self, source: OpenSet, target: OpenSet) -> np.ndarray:
        """Return where each row of one set is in another: int32 `(n,)`, −1 where it is not."""
        if identity(source) == identity(target):
            return np.arange(len(source), dtype=np.int32)
        key = self.key(source, target)
        if not self._workspace.has("rowlink", key):
            found = target.find_rows(source.addresses).astype(np.int32)
            self._workspace.write(
                "rowlink", key, meta={"common": int((found >= 0).sum())}, arrays={"rows": found}
            )
        return self._workspace.read("rowlink", key).arrays["rows"]

    def common(self, source: OpenSet, target: OpenSet) -> int:
        """Return how many items two sets both hold."""
        return int((self.rows(source, target) >= 0).sum())

    def holds_most(self, source: OpenSet, target: OpenSet) -> bool:
        """Tell whether a set holds at least half of another's items.

        Looks up 2,048 items of `source` at most, and of `target` only the ids, once.
        """
        if source.base.key == target.base.key and not target.is_part:
            return True
        if not len(source):
            return False
        ids = source.items["item_id"]
        probes = np.unique(np.linspace(0, len(ids) - 1, min(len(ids), PROBES)).astype(np.int64))
        wanted, known = _hashed(ids.iloc[probes].tolist()), self._ids(target)
        place = np.minimum(np.searchsorted(known, wanted), max(0, len(known) - 1))
        return bool(len(known)) and float((known[place] == wanted).mean()) >= MOST

    def _ids(self, opened: OpenSet) -> np.ndarray:
        """Return hashes of the item ids of a set, each once, ascending uint64."""
        if opened.is_part:
            return np.unique(_hashed(opened.items["item_id"].tolist()))
        key = _key("itemids", opened.key, pd.__version__)
        if not self._workspace.has("itemids", key):
            path = self._workspace.folder("imageset", opened.key) / "items.parquet"
            ids = np.unique(_hashed(pd.read_parquet(path, columns=["item_id"])["item_id"].tolist()))
            self._workspace.write("itemids", key, meta={"count": len(ids)}, arrays={"ids": ids})
        return self._workspace.read("itemids", key).arrays["ids"]

    # -- selections and colours ------------------------------------------------------------------

    def translate(self, source: OpenSet, target: OpenSet, selection: str) -> dict[str, Any]:
        """Make the selection of the same items in another set.

        Parameters
        ----------
        source, target
            Where the selection was made, and where it is wanted.
        selection
            Its id.

        Returns
        -------
        dict
            {"selection": the id there, "count", "total": items there, "missing": how many of the
            selected items are not there}. The same items in the same order keep the id.

        Raises
        ------
        NotFoundError
            There is no such selection in `source`.
        """
        rows = self._selections.load(selection, source.key)
        if source.key == target.key and identity(source) == identity(target):
            return {"selection": selection, "count": len(rows), "total": len(target), "missing": 0}
        there = self.rows(source, target)[rows]
        found = np.sort(there[there >= 0]).astype(np.int64)
        how = {"how": f"as selected in {source.title}", "set": source.name, "from": selection}
        made = self._selections.choose(target.key, len(target), found, how)
        return {**made, "missing": len(rows) - len(found)}

    def colouring(self, source: OpenSet, by: str, target: OpenSet) -> Colouring:
        """Return the colours of a column of one set for the items of another; else no value."""
        colours = source.colouring(by)
        return replace(colours, codes=self._carried(colours.codes, source, target, 0))

    def _carried(
        self, values: np.ndarray, source: OpenSet, target: OpenSet, otherwise: Any
    ) -> np.ndarray:
        """Return one value an item of a set for the items of another."""
        link = self.rows(target, source)
        found = np.full(len(link), otherwise, values.dtype)
        found[link >= 0] = values[link[link >= 0]]
        return found

    # -- agreement -------------------------------------------------------------------------------

    def agreement(self, first: Side, second: Side) -> Agreement:
        """Return how far two maps, or two vector spaces, agree on nearest neighbours.

        Only items in both sets count, as items and as neighbours. `shares` are in row order of
        the first set, NaN where an item is not in both or was not measured.

        Raises
        ------
        NotFoundError
            A map, or the neighbours of a set's vectors, are not there.
        """
        key = self._agreement_key(first, second)
        if not self._workspace.has("agreement", key):
            with self._workspace.lock(f"agreement/{key}"):
                if not self._workspace.has("agreement", key):
                    found = self._measure(first, second)
                    meta = {"k": found.k, "chance": found.chance if found.measured else None}
                    self._workspace.write(
                        "agreement", key, meta=meta, arrays={"shares": found.shares}
                    )
        stored = self._workspace.read("agreement", key)
        chance = stored.meta["chance"]
        return summarise(
            stored.arrays["shares"], stored.meta["k"], np.nan if chance is None else chance
        )

    def _agreement_key(self, first: Side, second: Side) -> str:
        sides = [(side.key, bool(side.map), identity(side.opened)) for side in (first, second)]
        return _key("agreement", sides, NEIGHBOURS)

    def _measure(self, first: Side, second: Side) -> Agreement:
        """Measure two structures on the items that both hold."""
        link = self.rows(first.opened, second.opened)
        here = np.flatnonzero(link >= 0)
        shares = np.full(len(link), np.nan, np.float32)
        if len(here) < 3 or _degenerate(first) or _degenerate(second):
            return Agreement(shares, np.nan, np.nan, np.nan, np.nan, 0, 0)
        found = measure_agreement(
            _structure(first, here), _structure(second, link[here]), len(here)
        )
        shares[here] = found.shares
        return replace(found, shares=shares)

    def agreement_colouring(
        self, first: Side, second: Side, target: OpenSet | None = None
    ) -> Colouring:
        """Return the agreement of each item as colours from 0 to 1, for `target`'s rows."""
        shares = np.asarray(self.agreement(first, second).shares)
        known = ~np.isnan(shares)
        codes = np.zeros(len(shares), np.uint8)
        codes[known] = 1 + np.rint(shares[known] * 254)
        if target is not None:
            codes = self._carried(codes, first.opened, target, 0)
        return Colouring("agreement", "number", codes, (), 0.0, 1.0)


def translate(links: Links, source: OpenSet, target: OpenSet, selection: str) -> str:
    """Return the id of the selection of the same items in another set; see `Links.translate`."""
    return str(links.translate(source, target, selection)["selection"])


def _key(kind: str, *parts: Any) -> str:
    return digest("vitrine", kind, VERSION[kind], *parts)[:32]


def _hashed(ids: Sequence[str]) -> np.ndarray:
    """Return ids as uint64 hashes `(n,)`."""
    return pd.util.hash_array(np.asarray(ids, dtype=object), categorize=False)


def _degenerate(side: Side) -> bool:
    """Tell whether a map has nothing to compare: its points were only set in a line."""
    return bool(side.map) and bool(side.opened.projection(side.map).notice)


def _structure(side: Side, rows: np.ndarray) -> Structure:
    """Return the neighbours of some rows of a side, among themselves."""
    if side.map:
        return Plane(np.asarray(side.opened.projection(side.map).coordinates)[rows])
    graph = side.opened.neighbors
    if graph is None:
        raise NotFoundError(f"the neighbours of {side.opened.title!r} are not computed yet")
    return Graph(graph.indices, graph.distances, rows)

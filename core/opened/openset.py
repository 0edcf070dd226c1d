"""An opened set: its items, maps, clusters and neighbours, memory-mapped from disk."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.columns import NAMED, Colouring, Column, Entry
from core.encoders.base import spec_from_dict
from core.errors import NotFoundError
from core.model import BrokenFile, EncoderSpec, Neighbors, Projection
from core.opened.addresses import make_addresses, occurrences, positions
from core.opened.cards import Near
from core.opened.clustered import Clustered, Hooks
from core.opened.values import Values, is_missing
from core.selection import quantise
from core.storage.records import unpack_neighbors, unpack_projection
from core.storage.store import Artefact, Workspace


@dataclass(frozen=True, slots=True)
class Level:
    """One step of a lineage, from the set down to a part of a part.

    `m2` has, for each map, the Procrustes statistic in [0, 1] between it and the places the same
    items had on the level above: 0 is the same arrangement. It is empty for a set.
    """

    name: str
    title: str
    count: int
    m2: dict[str, float] = field(default_factory=dict)


class OpenSet(Clustered):
    """A set as it is stored now; its clusters are those of `Clustered`.

    Attributes
    ----------
    name, key
        Its name and its image set's key.
    root
        The folder its paths are relative to.
    summary
        What the last finished run reported; {} while the first one runs.
    projections
        Method ("umap", "tsne", "pca", with "3d" behind for three dimensions) to key.
    is_part
        Whether it is a part of a set: some of its rows, analysed on their own.
    """

    is_part = False

    def __init__(self, workspace: Workspace, record: Mapping[str, Any], hooks: Hooks | None = None):
        self._workspace = workspace
        self._record = record
        self._begin(record, hooks)
        self.name: str = record["name"]
        self.key: str = record["imageset"]
        self.root = Path(record["root"])
        self.kind: str = record["kind"]
        self.summary: dict[str, Any] = record.get("summary") or {}
        self.request: dict[str, Any] = dict(record["request"])
        self.notes: list[str] = list(record.get("notes", []))
        self.spec: EncoderSpec = spec_from_dict(record["encoder"])
        self.embeddings: str = record["embeddings"]
        self.projections: dict[str, str] = dict(record["projections"])
        self._values = Values(self, self._hooks.extra_columns)
        self._quantised: dict[str, np.ndarray] = {}
        self._read: dict[tuple[Any, ...], Any] = {}

    # -- lineage -------------------------------------------------------------------------------

    @property
    def title(self) -> str:
        """What a person calls it."""
        return self.name

    @property
    def base(self) -> "OpenSet":
        """The set that it is, or that it is a part of."""
        return self

    @cached_property
    def base_rows(self) -> np.ndarray:
        """The row in `base` of each row: int64 `(n,)`."""
        return np.arange(len(self), dtype=np.int64)

    @property
    def lineage(self) -> tuple[Level, ...]:
        """The levels from the set down to this one."""
        return (Level(self.name, self.title, len(self)),)

    # -- items ---------------------------------------------------------------------------------

    @cached_property
    def items(self) -> pd.DataFrame:
        """The item table, one row an item, in row order."""
        return self._workspace.read("imageset", self.key).tables["items"]

    @cached_property
    def broken(self) -> tuple[BrokenFile, ...]:
        """The files that could not be used, with the reason."""
        table = self._workspace.read("imageset", self.key).tables["broken"]
        return tuple(BrokenFile(p, r) for p, r in zip(table["path"], table["reason"], strict=True))

    def __len__(self) -> int:
        """Return the number of items."""
        return len(self.items)

    def check_row(self, row: int) -> int:
        """Return `row` if the set has it, else raise `NotFoundError`."""
        if not 0 <= row < len(self):
            raise NotFoundError(f"no item {row} in {self.name!r}, which has {len(self)} items")
        return row

    def item_id(self, row: int) -> str:
        """Return the durable identity of a row."""
        return str(self.items["item_id"].iat[self.check_row(row)])

    @cached_property
    def _rows_by_id(self) -> dict[str, int]:
        """The first row of every item id."""
        ids = self.items["item_id"].tolist()
        return {key: row for row, key in reversed(list(enumerate(ids)))}

    def first_row(self, item_id: str) -> int | None:
        """Return the first row that holds an item; None if none does."""
        return self._rows_by_id.get(item_id)

    def record(self, row: int) -> dict[str, Any]:
        """Return all that is known of one item, for the inspector; missing values left out."""
        values: dict[Any, Any] = self.items.iloc[self.check_row(row)].to_dict()
        known = self._values.of_row(row)
        kept = {
            f"{k}_given" if k in known else str(k): v
            for k, v in values.items()
            if not is_missing(v)
        }
        return {"row": row, **kept, **known}

    @cached_property
    def occurrences(self) -> np.ndarray:
        """The how-many-eth row of `base` with its item id each row is: int64 `(n,)`, from 1."""
        return occurrences(self.items["item_id"])

    @cached_property
    def addresses(self) -> list[str]:
        """The durable address of each row: `item_id`, or `item_id:k` for its k-th row in `base`."""
        return make_addresses(self.items["item_id"], self.occurrences)

    @cached_property
    def _known(self) -> pd.Index:
        return pd.Index(self.addresses, dtype=object)

    def find_rows(self, addresses: Sequence[str]) -> np.ndarray:
        """Return the row here of each address, in the order given; -1 where it is not here."""
        return positions(self._known, addresses)

    def rows_at(self, addresses: Sequence[str]) -> tuple[np.ndarray, int]:
        """Find rows again by their durable addresses.

        Returns
        -------
        rows : numpy.ndarray
            The rows here that have one of these addresses, ascending int64.
        missing : int
            How many different addresses are not here.
        """
        wanted = list(dict.fromkeys(addresses))
        found = self.find_rows(wanted)
        rows: np.ndarray = np.sort(found[found >= 0])
        return rows, int((found < 0).sum())

    # -- maps ------------------------------------------------------------------------------------

    def faithfulness(self, name: str) -> Artefact | None:
        """Return what was measured of a map, by its method or key; None while it is not."""
        key = self.projections.get(name, name)
        kept: Artefact | None = self._read.get(("faithfulness", key))
        if kept is None and self._workspace.has("faithfulness", key):
            kept = self._workspace.read("faithfulness", key)
            self._read["faithfulness", key] = kept
        return kept

    def projection(self, name: str) -> Projection:
        """Return a map by its method or its key.

        Raises
        ------
        NotFoundError
            The set has no such map; the message lists those it has.
        """
        key = self.projections.get(name, name)
        if key not in self.projections.values():
            have = ", ".join(self.projections) or "none yet"
            raise NotFoundError(f"no map {name!r} of {self.name!r}; its maps are: {have}")
        return unpack_projection(self._workspace.read("projection", key), self.faithfulness(key))

    def points(self, name: str) -> np.ndarray:
        """Return a map's points as the browser has them: uint16 `(n, 2)` in row order."""
        projection = self.projection(name)
        if projection.key not in self._quantised:
            self._quantised[projection.key] = quantise(projection.coordinates)
        return self._quantised[projection.key]

    @cached_property
    def placement(self) -> tuple[np.ndarray, np.ndarray] | None:
        """How each item came onto the maps; None where none was added later.

        `status` `(n,)` uint8 (0 it was there before, 1 placed later, 2 off the map) and the
        chordal `distance` `(n,)` float32 to its nearest neighbour of before.
        """
        key = self._record.get("placement")
        if not key or not self._workspace.has("placement", key):
            return None
        arrays = self._workspace.read("placement", key).arrays
        if len(arrays["status"]) != len(self):  # it tells of the set before it changed
            return None
        return arrays["status"], arrays["distance"]

    # -- neighbours ------------------------------------------------------------------------------

    @cached_property
    def neighbors(self) -> Neighbors | None:
        """The neighbour graph; None while it is not computed."""
        key = self._record.get("neighbors")
        if not key or not self._workspace.has("neighbors", key):
            return None
        return unpack_neighbors(self._workspace.read("neighbors", key))

    def neighbors_of(self, row: int, k: int = 12) -> list[Near]:
        """Return the nearest items of a row, nearest first; [] while they are not computed."""
        self.check_row(row)
        if self.neighbors is None:
            return []
        indices = self.neighbors.indices[row, :k]
        distances = self.neighbors.distances[row, :k]
        return [
            Near(int(i), self.item_id(int(i)), float(d))
            for i, d in zip(indices, distances, strict=True)
        ]

    # -- columns -------------------------------------------------------------------------------

    def columns(self) -> list[Column]:
        """Return what the map can be coloured and filtered by, clusters first."""
        return self._values.columns()

    def column(self, name: str) -> Column:
        """Return one of `columns()`.

        Raises
        ------
        NotFoundError
            There is no such column; the message lists those there are.
        """
        source = self._values.source(name)
        return Column(name, source.label, source.kind, source.dates)

    def values(self, name: str) -> pd.Series:
        """Return a column's values, one a row; `NotFoundError` if there is no such column."""
        return self._values.source(name).read()

    def colouring(self, by: str) -> Colouring:
        """Return the colour codes of a column; `NotFoundError` if there is no such column."""
        return self._values.colouring(by)

    def categories(self, by: str, text: str = "", limit: int = NAMED) -> tuple[list[Entry], int]:
        """Return a column's commonest values that contain a text in any case, and how many do."""
        return self._values.categories(by, text, limit)

    def filter(self, by: str, **wanted: Any) -> np.ndarray:
        """Return the rows whose value in a column is wanted; see `core.columns.filter_rows`."""
        return self._values.filter(by, **wanted)

"""The read side of a workspace, for pages: sets, their columns, maps, clusters and neighbours.

Opening is cheap and nothing here imports what computes; results come memory-mapped from disk.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from threading import Lock
from typing import Any, cast

import numpy as np
import pandas as pd

from core.columns import Colouring, Column, Kind, colour_by, filter_rows, list_columns
from core.encoders.base import spec_from_dict
from core.errors import NotFoundError, VitrineError
from core.model import BrokenFile, Clustering, EncoderSpec, Neighbors, Projection
from core.selection import quantise
from core.storage.records import (
    unpack_clustering,
    unpack_neighbors,
    unpack_projection,
)
from core.storage.store import Workspace

NOISE = "unassigned"


@dataclass(frozen=True, slots=True)
class SetSummary:
    """One line about a set.

    `clusters` is None while they are not computed; `problem` says what is wrong with the stored
    set, "" if nothing is.
    """

    name: str
    key: str
    items: int
    encoder: str
    model_type: str
    dims: int
    created: str
    updated: str
    maps: list[str]
    clusters: int | None
    noise_share: float | None
    broken: int
    source: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Near:
    """A neighbour of an item: its row, its identity and its chordal distance (0 to 2)."""

    row: int
    item_id: str
    distance: float


@dataclass(frozen=True, slots=True)
class ClusterCard:
    """One cluster as a page shows it; `purity` is a column's commonest value and its share."""

    cluster: int
    name: str
    size: int
    share: float
    density: float | None
    diameter: float | None
    exemplars: list[int]
    purity: dict[str, tuple[str, float]]


def _missing(value: Any) -> bool:
    """Tell whether one value of an item table says nothing."""
    return value is None or value is pd.NA or value == "" or value != value  # NaN, NaT


class OpenSet:
    """A set as it is stored now.

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
    """

    def __init__(self, workspace: Workspace, record: Mapping[str, Any]):
        self._workspace = workspace
        self._record = record
        self.name: str = record["name"]
        self.key: str = record["imageset"]
        self.root = Path(record["root"])
        self.kind: str = record["kind"]
        self.summary: dict[str, Any] = record.get("summary") or {}
        self.request: dict[str, Any] = dict(record["request"])
        self.notes: list[str] = list(record.get("notes", []))
        self.spec: EncoderSpec = spec_from_dict(record["encoder"])
        self.projections: dict[str, str] = dict(record["projections"])
        self._clusterings: dict[str, str] = dict(record["clusterings"])
        self._quantised: dict[str, np.ndarray] = {}
        self._colourings: dict[str, Colouring] = {}

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
        kept = {str(k): v for k, v in values.items() if not _missing(v)}
        for name in self._derived():
            value = self._column(name).iat[row]
            kept[name] = NOISE if _missing(value) else value
        return {"row": row, **kept}

    # -- maps, clusters, neighbours --------------------------------------------------------------

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
        faithfulness = None
        if self._workspace.has("faithfulness", key):
            faithfulness = self._workspace.read("faithfulness", key)
        return unpack_projection(self._workspace.read("projection", key), faithfulness)

    def points(self, name: str) -> np.ndarray:
        """Return a map's points as the browser has them: uint16 `(n, 2)` in row order."""
        projection = self.projection(name)
        if projection.key not in self._quantised:
            self._quantised[projection.key] = quantise(projection.coordinates)
        return self._quantised[projection.key]

    def clustering(self, kind: str = "themes") -> Clustering | None:
        """Return the themes or the micro-clusters; None while they are not computed."""
        key = self._clusterings.get(kind)
        if key is None or not self._workspace.has("clustering", key):
            return None
        return unpack_clustering(self._workspace.read("clustering", key))

    def cluster_rows(self, label: int, kind: str = "themes") -> np.ndarray:
        """Return a cluster's rows, ascending; -1 is what no theme holds.

        Raises
        ------
        NotFoundError
            There is no such cluster.
        """
        clustering = self.clustering(kind)
        rows = np.flatnonzero(clustering.labels == label) if clustering else np.zeros(0, np.int64)
        if clustering is None or (not len(rows) and label != -1):
            raise NotFoundError(f"no cluster {label} among the {kind} of {self.name!r}")
        return rows

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

    def cluster_cards(self, kind: str = "themes") -> list[ClusterCard]:
        """Return every cluster of a kind, the largest first, and last what no theme holds (-1)."""
        clustering = self.clustering(kind)
        if clustering is None:
            return []
        purity = self._purity(clustering)
        word = "Theme" if kind == "themes" else "Group"
        cards = [
            ClusterCard(
                cluster=int(c["cluster"]),
                name=f"{word} {int(c['cluster']) + 1}",
                size=int(c["size"]),
                share=int(c["size"]) / max(1, len(self)),
                density=None if pd.isna(c["density"]) else float(c["density"]),
                diameter=None if pd.isna(c["diameter"]) else float(c["diameter"]),
                exemplars=[int(r) for r in c["exemplars"]],
                purity=purity.get(int(c["cluster"]), {}),
            )
            for c in clustering.table.to_dict("records")
        ]
        noise = np.flatnonzero(clustering.labels < 0)
        if len(noise):
            few = [int(r) for r in noise[np.linspace(0, len(noise) - 1, 9).astype(int)]]
            share = len(noise) / len(self)
            exemplars = list(dict.fromkeys(few))
            cards.append(
                ClusterCard(-1, NOISE, len(noise), share, None, None, exemplars, purity.get(-1, {}))
            )
        return cards

    def _purity(self, clustering: Clustering) -> dict[int, dict[str, tuple[str, float]]]:
        """Return, for each cluster, the commonest label among its labelled items."""
        if "label" not in self.items or self.items["label"].isna().all():
            return {}
        frame = pd.DataFrame(
            {"cluster": clustering.labels, "label": self.items["label"].astype("string")}
        ).dropna()
        counts = frame.groupby(["cluster", "label"]).size()
        found = {}
        for cluster, part in counts.groupby(level=0):
            _, label = cast(tuple[int, str], part.idxmax())
            share = int(part.max()) / int(part.sum())
            found[int(cast(int, cluster))] = {"label": (label, share)}
        return found

    # -- columns -------------------------------------------------------------------------------

    def _derived(self) -> list[str]:
        """Return the names of the columns that are computed and not in the item table."""
        names = []
        if self.clustering("themes") is not None:
            names.append("cluster")
        if self.clustering("micro") is not None:
            names.append("micro cluster size")
        return names

    def columns(self) -> list[Column]:
        """Return what the map can be coloured and filtered by, clusters first."""
        kinds: dict[str, Kind] = {"cluster": "category", "micro cluster size": "number"}
        found = [Column(name, name, kinds[name]) for name in self._derived()]
        if self.clustering("themes") is not None:
            found += [
                Column("cluster probability", "cluster probability", "number"),
                Column("outlier score", "outlier score", "number"),
            ]
        if self.neighbors is not None and self.neighbors.indices.shape[1] >= 1:
            found.append(Column("neighbour distance", "distance to neighbours", "number"))
        for name, key in self.projections.items():
            if self._workspace.has("faithfulness", key):
                found.append(
                    Column(f"faithfulness {name}", f"faithfulness of the {name} map", "number")
                )
        return found + list_columns(self.items)

    def _column(self, by: str) -> pd.Series:
        """Return the values of a column, computed or given."""
        themes = self.clustering("themes")
        if by == "cluster" and themes is not None:
            names = np.array([f"Theme {i + 1}" for i in range(len(themes.table))] + [None], object)
            return pd.Series(names[themes.labels], dtype="string")
        if by == "cluster probability" and themes is not None:
            return pd.Series(themes.probabilities)
        if by == "outlier score" and themes is not None:
            return pd.Series(themes.outlier_scores)
        micro = self.clustering("micro")
        if by == "micro cluster size" and micro is not None:
            sizes = np.bincount(micro.labels, minlength=1)
            return pd.Series(sizes[micro.labels])
        if by == "neighbour distance" and self.neighbors is not None:
            return pd.Series(np.asarray(self.neighbors.distances[:, :10]).mean(axis=1))
        if by.startswith("faithfulness "):
            return pd.Series(np.asarray(self.projection(by.split(" ", 1)[1]).faithfulness))
        return self.items[by]

    def column(self, name: str) -> Column:
        """Return one of `columns()`.

        Raises
        ------
        NotFoundError
            There is no such column; the message lists those there are.
        """
        known = self.columns()
        for column in known:
            if column.name == name:
                return column
        names = ", ".join(c.name for c in known) or "none"
        raise NotFoundError(f"no column {name!r} in {self.name!r}; its columns are: {names}")

    def colouring(self, by: str) -> Colouring:
        """Return the colour codes of a column; `NotFoundError` if there is no such column."""
        if by not in self._colourings:
            column = self.column(by)
            missing = NOISE if by == "cluster" else "no value"
            self._colourings[by] = colour_by(self._column(by), by, column.kind, missing)
        return self._colourings[by]

    def filter(self, by: str, **wanted: Any) -> np.ndarray:
        """Return the rows whose value in a column is wanted; see `core.columns.filter_rows`."""
        return filter_rows(self._column(self.column(by).name), self.column(by).kind, **wanted)


class Library:
    """All sets of a workspace, as they are stored now.

    An opened set is kept while its record on disk does not change, so that a page asks for it as
    often as it likes.
    """

    def __init__(self, workspace: Workspace):
        self.workspace = workspace
        self._open: dict[str, tuple[int, OpenSet]] = {}
        self._lock = Lock()

    def names(self) -> list[str]:
        """Return the names of the sets, sorted."""
        return self.workspace.set_names()

    def open(self, name: str) -> OpenSet:
        """Return a set; `NotFoundError`, listing those there are, if none has this name."""
        path = self.workspace.root / "sets" / f"{name}.json"
        stamp = path.stat().st_mtime_ns if name in self.names() else 0
        with self._lock:
            kept = self._open.get(name)
            if kept is not None and stamp and kept[0] == stamp:
                return kept[1]
        found = OpenSet(self.workspace, self.workspace.read_set(name))
        with self._lock:
            self._open[name] = (stamp, found)
        return found

    def find(self, imageset_key: str) -> OpenSet:
        """Return a set that has this image set, one whose folder is there if there is a choice."""
        found = []
        for name in self.names():
            with suppress(VitrineError, KeyError):  # a damaged set must not hide the others
                opened = self.open(name)
                found += [opened] if opened.key == imageset_key else []
        if not found:
            raise NotFoundError("this set has changed or is gone; reload the page")
        return next((s for s in found if s.root.is_dir()), found[0])

    def sets(self) -> list[SetSummary]:
        """Return a line about every set, the one updated last first."""
        lines = [self._summarise(name) for name in self.names()]
        return sorted(lines, key=lambda line: line.updated, reverse=True)

    def _summarise(self, name: str) -> SetSummary:
        """Return a line about one set; a damaged one must not hide the others."""
        try:
            return self._line(self.workspace.read_set(name))
        except (VitrineError, KeyError) as error:
            problem = str(error) if isinstance(error, VitrineError) else "its record is damaged"
            return SetSummary(
                name, "", 0, "", "", 0, "", "", [], None, None, 0, "", problem=problem
            )

    def _line(self, record: Mapping[str, Any]) -> SetSummary:
        """Return a line about one set."""
        summary = record.get("summary") or {}
        stored = self.workspace.read("imageset", record["imageset"])
        clusters = summary.get("clusters") or {}
        return SetSummary(
            name=record["name"],
            key=record["imageset"],
            items=int(stored.meta["items"]),
            encoder=record["encoder"]["name"],
            model_type=record["encoder"]["model_type"],
            dims=int(record["encoder"]["dims"]),
            created=record["created"],
            updated=record["updated"],
            maps=list(record["projections"]),
            clusters=clusters.get("count"),
            noise_share=clusters.get("noise_share"),
            broken=int(stored.meta["broken"]),
            source=record["request"]["source"],
        )

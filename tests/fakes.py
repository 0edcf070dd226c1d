"""A workspace in memory: what pages and components ask for, with answers a test knows."""

from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd

from core.clusters.sparse import crowd_of
from core.columns import (
    Colouring,
    Column,
    Entry,
    colour_by,
    filter_rows,
    find_categories,
    name_counts,
)
from core.errors import ArtifactCorruptError, NotFoundError
from core.jobs import Job
from core.library import ClusterCard, Near, SetSummary
from core.model import BrokenFile, Clustering, EncoderSpec, Projection, ProjectionSpec
from core.opened.trust import Check, check_label, commonest
from core.selection import combine

SPEC = EncoderSpec("pixels", "", "hand-made", 64)


def item_id(row: int) -> str:
    return f"{row:064x}"


class FakeSet:
    """Twelve pictures: two clusters of five, two unassigned; two maps."""

    def __init__(self, name: str = "moths", maps: tuple[str, ...] = ("pca", "umap")):
        self.name, self.key, self.kind = name, f"key-{name}", "folder"
        self.embeddings = f"vectors-{name}"
        self.items = pd.DataFrame(
            {
                "item_id": [item_id(r) for r in range(12)],
                "path": [f"{r}.png" for r in range(12)],
                "label": ["moth", "wasp"] * 6,
                "width": 48,
                "height": 32,
            }
        )
        self.broken: tuple[BrokenFile, ...] = ()
        self.spec = SPEC
        self.projections = {m: f"{m}-key" for m in maps}
        self.request = {"source": "/pictures", "name": name, "encoder": "pixels",
                        "maps": ["umap"], "dims": 2, "seed": 0}  # fmt: skip
        self.summary: dict[str, Any] = {"set": name}
        self.labels = np.array([0] * 5 + [1] * 5 + [-1] * 2, np.int32)
        self.clustered = True
        self.notice = ""

    def without_pictures(self) -> "FakeSet":
        """Make this a set of vectors only, which may still have a column called width."""
        self.kind = "vectors"
        self.items["path"] = None
        return self

    def __len__(self) -> int:
        return len(self.items)

    # -- a part of a set is a set too; this one is whole
    is_part = False
    neighbors: Any = None
    lineage: tuple[Any, ...] = ()

    @property
    def base(self) -> "FakeSet":
        return self

    @property
    def title(self) -> str:
        return self.name

    @property
    def base_rows(self) -> np.ndarray:
        return np.arange(len(self))

    @property
    def addresses(self) -> list[str]:
        return list(self.items["item_id"])

    def projection(self, name: str) -> Projection:
        if name not in self.projections:
            raise NotFoundError(f"no map {name!r}")
        scores = {"trustworthiness": 0.91, "continuity": 0.92, "knn_recall": 0.4,
                  "knn_recall_chance": 0.01}  # fmt: skip
        spec = ProjectionSpec(name.removesuffix("3d"))  # type: ignore[arg-type]
        zeros = np.zeros((12, 3 if name.endswith("3d") else 2), np.float32)
        return Projection(self.projections[name], spec, zeros, zeros[:, 0], scores, 12)

    def points(self, name: str) -> np.ndarray:
        return np.repeat(np.arange(len(self), dtype=np.uint16)[:, None] * 1000, 2, axis=1)

    def clustering(self, kind: str = "themes") -> Clustering | None:
        if not self.clustered:
            return None
        cards = [c for c in self.cluster_cards(kind) if c.cluster >= 0]
        labels = self.labels
        if kind == "micro":
            labels = np.repeat(np.arange(len(cards)), [c.size for c in cards]).astype(np.int32)
        table = pd.DataFrame(
            {
                "cluster": np.array([c.cluster for c in cards], np.int64),
                "size": np.array([c.size for c in cards], np.int64),
                "density": np.array([c.density for c in cards], np.float64),
            }
        )
        none = np.zeros(12, np.float32)
        near = np.where(labels < 0, self.nearest, labels).astype(np.int32)
        chance = np.where(labels < 0, 0.25, 1.0).astype(np.float32)
        return Clustering("c", kind, {}, labels, none, none, table, self.notice,  # type: ignore[arg-type]
                          near, chance)  # fmt: skip

    def cluster_rows(self, label: int, kind: str = "themes") -> np.ndarray:
        rows = np.flatnonzero(self.clustering(kind).labels == label)  # type: ignore[union-attr]
        if not len(rows) and label != -1:
            raise NotFoundError(f"no cluster {label}")
        return rows

    def theme_names(self) -> tuple[str, ...]:
        return ("Theme 1", "Theme 2")

    def merged(self) -> list[tuple[int, ...]]:
        return []

    def cluster_cards(self, kind: str = "themes") -> list[ClusterCard]:
        if kind == "micro":
            sizes = [3, 2, 2, 1, 1, 1, 1, 1]
            return [
                ClusterCard(i, f"Group {i + 1}", s, s / 12, 0.5, 0.2, [i], {})
                for i, s in enumerate(sizes)
            ]
        return [
            ClusterCard(0, "Theme 1", 5, 5 / 12, 0.2, 0.9, [0, 1], {"label": ("moth", 0.6)}),
            ClusterCard(1, "Theme 2", 5, 5 / 12, 0.8, 0.4, [5, 6], {"label": ("wasp", 0.5)}),
            ClusterCard(-1, "unassigned", 2, 2 / 12, None, None, [10, 11], {}),
        ]

    # -- how far the clusters may be believed: as a test says
    nearest: Any = 1
    measured: Any = None
    swept: Any = None
    grown: Any = None
    tested: Any = None

    def trust(self, kind: str = "themes") -> Any:
        return self.measured

    def sweep(self) -> Any:
        return self.swept

    def damage(self) -> list[str]:
        return []

    def tree(self) -> Any:
        return self.grown

    def structure(self) -> Any:
        return self.tested

    def crowd(self, kind_of: str = "sparse") -> list[ClusterCard]:
        cards = self.cluster_cards("micro")
        chosen = crowd_of(self.clustering("micro").table, kind_of)  # type: ignore[union-attr, arg-type]
        return [cards[i] for i in chosen]

    def purity(self, kind: str, column: str) -> dict[int, tuple[str, float, int]]:
        labels = self.clustering(kind).labels  # type: ignore[union-attr]
        return commonest(labels, self.items[column])

    def relabel_check(self, kind: str, cluster: int, label: str) -> Check:
        return check_label(self.items["label"].iloc[self.cluster_rows(cluster, kind)], label)

    def columns(self) -> list[Column]:
        found = [Column("label", "label", "category"), Column("width", "width", "number")]
        return ([Column("cluster", "cluster", "category")] if self.clustered else []) + found

    def column(self, name: str) -> Column:
        return next(c for c in self.columns() if c.name == name)

    def values(self, by: str) -> pd.Series:
        if by == "cluster":
            names = [*self.theme_names(), None]
            return pd.Series([names[code] for code in self.labels], dtype="string")
        return self.items[by]

    def categories(self, by: str, text: str = "", limit: int = 40) -> Any:
        return find_categories(name_counts(self.values(by)), text, limit)

    def filter(self, by: str, **wanted: Any) -> np.ndarray:
        return filter_rows(self.items[by], self.column(by).kind, **wanted)

    def colouring(self, by: str) -> Colouring:
        if by in {"width", "label"}:
            return colour_by(self.items[by], by, self.column(by).kind)
        codes = (self.labels + 1).astype(np.uint8)
        entries = (Entry(1, "Theme 1", 5), Entry(2, "Theme 2", 5), Entry(0, "unassigned", 2))
        return Colouring(by, "category", codes, entries)

    def record(self, row: int) -> dict[str, Any]:
        return {"row": row, **self.items.iloc[row].to_dict(), "notes": "first of 7 frames"}

    def neighbors_of(self, row: int, k: int = 12) -> list[Near]:
        others = [r for r in range(12) if r != row][:k]
        return [Near(r, item_id(r), 0.1 * i) for i, r in enumerate(others)]


class FakeLibrary:
    """Sets by name; a damaged one is an error message instead of a set."""

    workspace: Any = SimpleNamespace(root=Path("none"), set_names=list)

    def __init__(self, *sets: FakeSet, damaged: str = ""):
        self.opened = {s.name: s for s in sets}
        self.damaged = damaged

    def names(self) -> list[str]:
        return sorted([*self.opened, *([self.damaged] if self.damaged else [])])

    def parts(self, name: str) -> list[Any]:
        return []

    def part_states(self) -> list[str]:
        return []

    def open(self, name: str) -> FakeSet:
        if name == self.damaged:
            raise ArtifactCorruptError("artefacts/imageset/items.parquet differs from its checksum")
        if name not in self.opened:
            raise NotFoundError(f"no set {name!r}")
        return self.opened[name]

    def sets(self) -> list[SetSummary]:
        return [self._line(name) for name in self.names()]

    def _line(self, name: str) -> SetSummary:
        if name == self.damaged:
            return SetSummary(name, "", 0, "", "", 0, "", "", [], None, None, 0, "",
                              problem="items.parquet differs from its checksum")  # fmt: skip
        found = self.opened[name]
        return SetSummary(
            name, found.key, len(found), "pixels", "hand-made", 64, "2026-11-01T10:00:00Z",
            "2026-11-01T10:05:00Z", list(found.projections), 2 if found.clustered else None,
            1 / 6 if found.clustered else None, len(found.broken), "/pictures",
        )  # fmt: skip


def job(job_id: str = "j1", state: str = "running", **given: Any) -> Job:
    fields: dict[str, Any] = {
        "id": job_id, "kind": "run", "title": "moths: pixels", "request": {"name": "moths"},
        "state": state, "stage": "embed", "done": 30, "total": 120, "note": "",
        "stage_began": 100.0, "created": 90.0, "started": 95.0, "ended": None, "error": "",
        "result": None, "pid": None, "log_path": "",
    }  # fmt: skip
    return Job(**{**fields, **given})


@dataclass
class FakeBoard:
    """Jobs as given; remembers what was submitted and cancelled."""

    jobs: list[Job] = field(default_factory=list)
    submitted: list[tuple[str, dict[str, Any], str]] = field(default_factory=list)
    cancelled: list[str] = field(default_factory=list)

    def list(self, limit: int = 200) -> Any:
        return self.jobs

    def submit(self, kind: str, request: dict[str, Any], title: str = "") -> Job:
        self.submitted.append((kind, request, title))
        return job("new", "queued", title=title)

    def cancel(self, job_id: str) -> None:
        self.cancelled.append(job_id)

    def log_tail(self, job_id: str, size: int = 8000) -> str:
        return f"log of {job_id}"


@dataclass
class FakeSlice:
    """A slice as `core.curation` shows it."""

    name: str
    rows: np.ndarray
    missing: int = 0
    how: str = "lasso on UMAP"
    created: str = "2026-11-01T10:00:00Z"
    updated: str = "2026-11-01T10:00:00Z"

    @property
    def count(self) -> int:
        return len(self.rows)

    @property
    def total(self) -> int:
        return len(self.rows) + self.missing


@dataclass
class FakeLine:
    """One line of a history."""

    number: int
    text: str
    undone: bool = False
    when: str = "2026-11-01T10:00:00Z"
    kind: str = "exclude"
    count: int = 2


@dataclass
class FakeView:
    """What was decided about a set."""

    slices: list[FakeSlice] = field(default_factory=list)
    excluded: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    lines: list[FakeLine] = field(default_factory=list)
    can_undo: str | None = None
    can_redo: str | None = None
    noun: str = "image"

    @property
    def working(self) -> np.ndarray:
        return np.setdiff1d(np.arange(12), self.excluded)

    @property
    def decisions(self) -> dict[str, np.ndarray]:
        return {"exclude": self.excluded} if len(self.excluded) else {}

    labels: dict[int, str] = field(default_factory=dict)

    def label_of(self, row: int) -> str | None:
        return self.labels.get(row)

    def slice(self, name: str) -> FakeSlice:
        for one in self.slices:
            if one.name == name:
                return one
        raise NotFoundError(f"no slice {name!r}")

    def theme_names(self, key: str) -> dict[int, str]:
        return {}

    def columns(self, own: Any) -> dict[str, Any]:
        return {}

    def history(self, limit: int = 200, slice: str | None = None) -> list[FakeLine]:
        return self.lines[:limit]


class FakeDesk:
    """Decisions in memory; remembers the acts."""

    def __init__(self) -> None:
        self.shown = FakeView()
        self.acts: list[tuple[Any, ...]] = []

    def view(self, opened: Any) -> FakeView:
        return self.shown

    def act(self, opened: Any, kind: str, rows: Any = None, **fields: Any) -> Any:
        self.acts.append((kind, None if rows is None else [int(r) for r in rows], fields))
        return None

    def undo(self, opened: Any) -> Any:
        self.acts.append(("undo", None, {}))
        return None

    def redo(self, opened: Any) -> Any:
        self.acts.append(("redo", None, {}))
        return None


class FakeSelections:
    """Selections in memory."""

    def __init__(self) -> None:
        self.kept: dict[str, np.ndarray] = {}

    def save(self, set_key: str, rows: np.ndarray, provenance: Any) -> str:
        key = f"s{len(self.kept)}"
        self.kept[key] = rows
        return key

    def choose(
        self, set_key: str, total: int, rows: np.ndarray, provenance: Any,
        *, base: str | None = None, mode: Any = "replace",
    ) -> dict[str, Any]:  # fmt: skip
        found = combine(np.asarray(rows), np.asarray(self.kept[base]) if base else None, mode)
        key = self.save(set_key, found, provenance)
        return {"selection": key, "count": len(found), "total": total}

    def describe(self, key: str) -> str:
        return "lasso on UMAP"

    def load(self, key: str, set_key: str) -> np.ndarray:
        if key not in self.kept:
            raise NotFoundError("no selection with this id")
        return self.kept[key]


@dataclass
class FakeSettings:
    """The one setting pages read."""

    seed: int = 0


class FakeChoices:
    """Choices and divisions by key."""

    def __init__(self) -> None:
        self.made: dict[str, Any] = {}
        self.lines: list[Any] = []
        self.divided: dict[str, Any] = {}
        self.split_lines: list[Any] = []

    def list(self, name: str, view: Any = None) -> Any:
        return self.lines

    def open(self, key: str) -> Any:
        if key not in self.made:
            raise NotFoundError("no choice with this id is kept here; make it again")
        return self.made[key]

    def list_splits(self, name: str) -> Any:
        return self.split_lines

    def open_splits(self, key: str) -> Any:
        if key not in self.divided:
            raise NotFoundError("no division into splits with this id is kept here")
        return self.divided[key]


class FakeReports:
    """Reports by id."""

    def __init__(self) -> None:
        self.made: dict[str, Any] = {}
        self.lines: list[Any] = []
        self.compared: dict[str, Any] = {"rows": [], "same": {}, "sentences": []}

    def list(self, name: str) -> Any:
        return self.lines

    def open(self, report_id: str) -> Any:
        if report_id not in self.made:
            raise NotFoundError("no report with this id")
        return self.made[report_id]

    def compare(self, first: str, second: str) -> Any:
        return self.compared


class FakeCourts:
    """No encoders were compared."""

    def measured(self, opened):
        return None

    def list(self, name):
        return []

    def open(self, key):
        raise NotFoundError(f"there is no {key!r} here")

    nuisances, nuisance = list, open


class FakeComparisons:
    """No forms were compared, and no gradient laid."""

    def list(self, name: str) -> Any:
        return []

    def list_gradients(self, name: str) -> Any:
        return []

    def open(self, key: str) -> Any:
        raise NotFoundError("no comparison with this id is kept here; make it again")

    def open_gradient(self, key: str) -> Any:
        raise NotFoundError("no gradient with this id is kept here; make it again")


class FakeDrifts:
    """Comparisons of two sets of a workspace in which none was made."""

    def list(self, name: str) -> list[Any]:
        return []

    def open(self, key: str) -> Any:
        raise NotFoundError("no comparison with this id is kept here; make it again")


class FakeFindings:
    """Nothing was checked."""

    def check(self, opened: Any) -> None:
        """Return that there is no check."""


class FakeServices:
    """What `components.state.services` returns in a test."""

    def __init__(self, *sets: FakeSet, damaged: str = "", jobs: Any = ()):
        self.library = FakeLibrary(*sets, damaged=damaged)
        self.jobs = FakeBoard(list(jobs))
        self.selections = FakeSelections()
        self.settings = FakeSettings()
        self.curation = FakeDesk()
        self.choices = FakeChoices()
        self.reports = FakeReports()
        self.findings = FakeFindings()
        self.comparisons = FakeComparisons()
        self.courts = FakeCourts()
        self.drifts = FakeDrifts()

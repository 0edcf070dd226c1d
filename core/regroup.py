"""The job "clusters": how firm clusters are, other least sizes, other themes, a theme split.

What it measures is stored under the clustering's key and measured once. Themes with other options
are kept in the set's record; a split is an act in the curation log.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from core.analyse import clusters_of, results_of, theme_space_of
from core.clusters.inside import find_parts
from core.clusters.request import RegroupRequest
from core.clusters.stability import Measured, micro_stability, stability_key, theme_stability
from core.clusters.subset import units_of
from core.clusters.sweep import sweep_key, sweep_sizes
from core.config import Settings
from core.curation.desk import Desk
from core.errors import InputError, NotFoundError
from core.library import Library
from core.model import Clustering, Neighbors
from core.neighbors import find_neighbors
from core.opened.cards import group_of
from core.opened.openset import OpenSet
from core.progress import Progress
from core.storage.partrecords import is_part_name, read_part, write_part
from core.storage.store import Workspace, now
from core.storage.vectors import VectorCache


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the set's own request says of maps and clusters."""

    seed: int
    maps: tuple[str, ...] = ()
    dims: int = 2


@dataclass(slots=True)
class _Regroup:
    """The state of one job, as `core.analyse.State` wants it."""

    asked: RegroupRequest
    opened: OpenSet
    desk: Desk
    workspace: Workspace
    settings: Settings
    progress: Progress
    record: dict[str, Any] = field(default_factory=dict)

    @property
    def request(self) -> _Asked:
        """Return what the set was made with."""
        return _Asked(int(self.opened.request.get("seed", 0)))

    @property
    def seed(self) -> int:
        """Return the seed of what is drawn."""
        return self.request.seed if self.asked.seed is None else self.asked.seed

    def save(self) -> None:
        """Publish the themes, in the record as it is now.

        Raises
        ------
        InputError
            The set was run again meanwhile.
        """
        name = self.opened.name
        with self.workspace.lock(f"record/{name}", self.progress):
            self._write(name)

    def _write(self, name: str) -> None:
        now_there = _read_record(self.workspace, name)
        if now_there["embeddings"] != self.record["embeddings"]:
            raise InputError(f"{name!r} was run again meanwhile: its themes are new")
        changed = {**now_there, "updated": now()}
        changed["clusterings"] = {
            **now_there["clusterings"], "themes": self.record["clusterings"]["themes"],
        }  # fmt: skip
        changed.pop("theme_options", None)
        for one in ("theme_options", "summary"):
            if self.record.get(one):
                changed[one] = self.record[one]
        if is_part_name(name):
            write_part(self.workspace, name, changed)
        else:
            self.workspace.write_set(name, changed)

    def vectors(self, rows: np.ndarray | None = None) -> np.ndarray:
        """Return the vectors of all rows, or of some."""
        ids = self.opened.items["item_id"]
        cache = VectorCache(self.workspace.root / "vectors" / self.opened.spec.key,
                            self.opened.spec)  # fmt: skip
        return cache.load((ids if rows is None else ids.iloc[rows]).tolist())

    def clustering(self) -> Clustering:
        """Return the clusters asked for, as found; `NotFoundError` while there are none."""
        found = self.opened.clustering_as_found(self.asked.kind)
        if found is None:
            raise NotFoundError(f"{self.opened.name!r} has no clusters yet; run it to its end")
        return found

    def neighbors(self) -> Neighbors:
        """Return the neighbour graph; `NotFoundError` while there is none."""
        found = self.opened.neighbors
        if found is None:
            raise NotFoundError(f"{self.opened.name!r} has no neighbours yet; run it to its end")
        return found


def _read_record(workspace: Workspace, name: str) -> dict[str, Any]:
    return read_part(workspace, name) if is_part_name(name) else workspace.read_set(name)


def run_clusters(
    request: Mapping[str, Any],
    workspace: Workspace,
    settings: Settings,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Do what a request asks of the clusters of a set or part.

    Parameters
    ----------
    request
        As `RegroupRequest.from_json` takes it.
    workspace, settings
        Where results are looked up and kept; numbers of neighbours.
    progress
        Told the stage and the count; may cancel.

    Returns
    -------
    dict
        `set`, `do` and the figures documented in `docs/methods/trust.md`; JSON values only.

    Raises
    ------
    VitrineError
        With a message for a person: no such set or theme, no clusters yet, cancelled.
    """
    asked = RegroupRequest.from_json(request)
    progress = progress or Progress()
    progress.report("clusters")
    desk = Desk(workspace)
    opened = Library.with_desk(workspace, desk).open(asked.name)
    record = _read_record(workspace, opened.name)
    state = _Regroup(asked, opened, desk, workspace, settings, progress, record)
    found = _DO[asked.do](state)
    return {"set": opened.name, "do": asked.do, **found, "seconds": progress.finish()}


# -- measuring -------------------------------------------------------------------------------------


def _stability(state: _Regroup) -> dict[str, Any]:
    """Measure how firm the clusters are, unless that is known."""
    found, workspace = state.clustering(), state.workspace
    key = stability_key(found.key, state.seed)
    with workspace.lock(f"stability/{key}", state.progress):
        if not workspace.has("stability", key):
            measured = _measure(state, found)
            meta = {name: getattr(measured, name) for name in _TOLD}
            workspace.write(
                "stability", key, meta={**meta, "clustering": found.key, "seed": state.seed},
                tables={"stability": measured.table},
            )  # fmt: skip
    stored = workspace.read("stability", key)
    table = stored.tables["stability"]
    counts = {name: int((table["state"] == name).sum()) for name in _STATES}
    value = {"kind": found.kind, **counts, **stored.meta}
    if found.kind == "themes":
        value["clusters"] = _lines(table)
    return value


_STATES = ("firm", "shaky", "dissolved")
_TOLD = ("ari_mean", "noise_mean", "runs", "n_used", "method", "notice")


def _measure(state: _Regroup, found: Clustering) -> Measured:
    units, notice = units_of(state.opened.items)
    vectors = state.vectors()
    if found.kind == "micro":
        measured = micro_stability(
            vectors, found, units=units, seed=state.seed, progress=state.progress
        )
    else:
        neighbors = state.neighbors()
        space = theme_space_of(state, vectors, neighbors) if len(found.table) else None
        measured = theme_stability(
            vectors, neighbors, found, space, units=units, seed=state.seed, progress=state.progress
        )
    return replace(measured, notice=" ".join(text for text in (measured.notice, notice) if text))


def _sweep(state: _Regroup) -> dict[str, Any]:
    """Try other least sizes of a theme, unless that was done."""
    found, workspace = state.clustering(), state.workspace
    key = sweep_key(found.key)
    with workspace.lock(f"sweep/{key}", state.progress):
        if not workspace.has("sweep", key):
            vectors, neighbors = state.vectors(), state.neighbors()
            space = theme_space_of(state, vectors, neighbors)
            if not space.any():  # too few images, or all alike
                raise InputError(f"there is nothing to sweep: {found.notice}")
            table, used = sweep_sizes(
                space, neighbors, vectors, found, seed=state.request.seed, progress=state.progress
            )
            meta = {"clustering": found.key, "n_used": used,
                    "min_samples": int(found.spec["min_samples"])}  # fmt: skip
            workspace.write("sweep", key, meta=meta, tables={"sweep": table})
    stored = workspace.read("sweep", key)
    return {**stored.meta, "sizes": _lines(stored.tables["sweep"])}


def _lines(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return a table as JSON values; null for NaN."""
    return [
        {str(name): _plain(value) for name, value in line.items()}
        for line in table.to_dict("records")
    ]


def _plain(value: Any) -> Any:
    value = value.item() if isinstance(value, np.generic) else value
    return None if isinstance(value, float) and np.isnan(value) else value


# -- changing --------------------------------------------------------------------------------------


def _themes(state: _Regroup) -> dict[str, Any]:
    """Find the themes again with the options asked for, and keep them with the set."""
    asked, total = state.asked, len(state.opened)
    chosen = {"min_cluster_size": asked.min_cluster_size, "min_samples": asked.min_samples}
    options = {name: value for name, value in chosen.items() if value is not None}
    if options.get("min_cluster_size", 0) > total:
        raise InputError(
            f"min_cluster_size {asked.min_cluster_size}: {state.opened.name!r} has {total:,} images"
        )
    state.clustering()  # a set that is still being run is left to its run
    state.record.pop("theme_options", None)
    if options:
        state.record["theme_options"] = options
    with state.workspace.lock(f"clusters/{state.opened.name}", state.progress):
        found = clusters_of(state, "themes", state.vectors(), state.neighbors())
        if state.record.get("summary"):
            clusters = results_of(state)["clusters"]
            state.record["summary"] = {**state.record["summary"], "clusters": clusters}
            state.save()
    noise = float((found.labels < 0).mean()) if total else 0.0
    return {
        "clustering": found.key, "options": options, "count": len(found.table),
        "noise_share": round(noise, 6), "sizes": found.table["size"].tolist(),
        "min_cluster_size": found.spec["min_cluster_size"],
        "min_samples": found.spec["min_samples"], "notice": found.notice,
    }  # fmt: skip


def _split(state: _Regroup) -> dict[str, Any]:
    """Look for themes inside one and, if there are, split it in the curation log."""
    asked, opened, settings = state.asked, state.opened, state.settings
    themes = opened.clustering("themes")
    if themes is None:
        raise NotFoundError(f"{opened.name!r} has no themes yet; run it to its end")
    if asked.clustering not in (None, themes.key):
        raise InputError(
            f"the themes of {opened.name!r} are others by now: look at them and split again"
        )
    rows = opened.cluster_rows(int(asked.cluster or 0), "themes")
    cluster = group_of(int(asked.cluster or 0), opened.merged())[0]
    vectors = state.vectors(rows)
    near = find_neighbors(
        vectors, key="", k=settings.neighbors, exact_up_to=settings.exact_neighbors_up_to,
        seed=state.seed, progress=state.progress,
    )  # fmt: skip
    inside = find_parts(
        vectors, near, seed=state.seed, min_cluster_size=asked.min_cluster_size,
        min_samples=asked.min_samples or 5, progress=state.progress,
    )  # fmt: skip
    sizes = [len(part) for part in inside.parts]
    value = {"clustering": themes.key, "cluster": cluster, "sizes": sizes, "rest": inside.rest,
             "notice": inside.notice, "into": []}  # fmt: skip
    if not sizes:
        return value
    count = len(themes.table)
    state.desk.act(
        opened, "theme.split", rows=rows[np.concatenate(inside.parts)],
        clustering=themes.key, cluster=cluster, sizes=sizes,
    )  # fmt: skip
    return {**value, "into": [cluster, *range(count, count + len(sizes) - 1)]}


_DO: dict[str, Callable[[_Regroup], dict[str, Any]]] = {
    "stability": _stability, "sweep": _sweep, "themes": _themes, "split": _split,
}  # fmt: skip

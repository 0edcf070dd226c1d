"""Re-runs the analysis on a part of a set: from the vectors, never from the map, to any depth.

A part's neighbours, clusters and PCA map have the keys, and so are the artefacts, of the same
images analysed alone. t-SNE and UMAP start from the places the items had on the map they were
selected on, and are turned onto them. See `docs/methods/parts.md`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from core.analyse import Start, map_and_cluster, map_name, results_of
from core.checking.record import save_keeping_check
from core.config import Settings
from core.encoders.base import spec_to_dict
from core.keys import artefact_key
from core.library import Library
from core.model import Projection
from core.opened.part import part_title
from core.partplan import PartRequest, Plan, part_name, plan
from core.progress import Progress
from core.storage.partrecords import part_path, read_part, write_rows
from core.storage.records import imageset_key
from core.storage.store import Workspace, now
from core.storage.vectors import VectorCache

__all__ = ["PartRequest", "Plan", "part_name", "plan", "run_part"]


@dataclass(slots=True)
class PartRun:
    """The state of one re-run; `record` is what the part's file will hold."""

    request: PartRequest
    workspace: Workspace
    settings: Settings
    progress: Progress
    plan: Plan
    record: dict[str, Any] = field(default_factory=dict)

    def save(self) -> None:
        """Publish what is there so far, so that a page can show it."""
        self.measure()
        self.record["updated"] = now()
        save_keeping_check(self.workspace, self.plan.name, self.record)

    def above(self, name: str) -> Projection | None:
        """Return a map of the parent with places of all items; None where there is none."""
        parent = self.plan.parent
        key = parent.projections.get(name) if parent is not None else None
        if parent is None or key is None or not self.workspace.has("projection", key):
            return None
        found = parent.projection(key)
        return None if found.notice else found

    def start(self, name: str) -> Start | None:
        """Return where a map starts from; None starts it from PCA."""
        found = None if self.request.fresh else self.above(name)
        rows = self.plan.rows
        if found is None or rows is None:
            return None
        return Start(found.key, rows, np.asarray(found.coordinates)[rows])

    def measure(self) -> None:
        """Note m², for each map that both this part and its parent have."""
        record, measured, between = self.record, {}, {}
        for name, key in record["projections"].items():
            above = self.above(name)
            known = record["m2_between"].get(name)
            if known and known[0] == key and (above is None or known[1] == above.key):
                measured[name], between[name] = record["m2"][name], known
                continue
            value = None if above is None else self._distance(key, above)
            if above is not None and value is not None:
                measured[name], between[name] = value, [key, above.key]
        record["m2"], record["m2_between"] = measured, between

    def _distance(self, key: str, above: Projection) -> float | None:
        """Return m² between a map and the places that the items have above; None for a line."""
        from core.maps.projection import align

        stored = self.workspace.read("projection", key)
        if stored.meta["notice"]:
            return None
        there = np.asarray(above.coordinates)[self.plan.rows]
        return align(np.asarray(stored.arrays["coordinates"]), there)[1]


def run_part(
    request: PartRequest,
    workspace: Workspace,
    settings: Settings,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Map and cluster a part of a set on its own.

    Parameters
    ----------
    request
        The selection, and how to map it.
    workspace
        Where the vectors are, and where results are looked up and kept.
    settings
        Numbers of neighbours, and limits.
    progress
        Told the stage and the count; may cancel.

    Returns
    -------
    dict
        The part's name and its summary; JSON values only. See `docs/methods/parts.md`.

    Raises
    ------
    VitrineError
        With a message for a person: an empty selection, a set that is gone, a full disk,
        cancelled.
    """
    progress = progress or Progress()
    workspace.sweep()
    progress.report("part")
    planned = plan(request, Library(workspace))
    state = PartRun(planned.request, workspace, settings, progress, planned)
    with workspace.lock(f"part/{planned.name}", progress):
        _compute(state)
    summary: dict[str, Any] = state.record["summary"]
    return summary


def _compute(state: PartRun) -> None:
    """Make what was asked for; the caller is the only one at work on this part."""
    request, spec = state.request, state.plan.source.spec
    items = _store_items(state)
    cache = VectorCache(state.workspace.root / "vectors" / spec.key, spec)
    vectors = cache.load(list(items["item_id"]))
    starts = {}
    for method in request.maps:
        name = map_name(method, request.dims)
        start = None if method == "pca" else state.start(name)
        if start is not None:
            starts[name] = start
    map_and_cluster(state, vectors, starts)
    state.record["summary"] = _summary(state)
    state.save()


def _store_items(state: PartRun) -> pd.DataFrame:
    """Store the part's items and rows, begin its record, and return the items."""
    planned, workspace = state.plan, state.workspace
    rows = planned.base_rows
    items = planned.base.items.iloc[rows].reset_index(drop=True)
    key = imageset_key(items, ())
    workspace.write(
        "imageset",
        key,
        meta={"items": len(items), "broken": 0},
        tables={"items": items, "broken": pd.DataFrame({"path": [], "reason": []}, dtype="str")},
    )
    state.record = _begin_record(state, key, items)
    addressed = np.stack([rows, planned.base.occurrences[rows]])
    state.record["rows_sha256"] = write_rows(workspace, planned.name, addressed)
    return items


def _begin_record(state: PartRun, key: str, items: pd.DataFrame) -> dict[str, Any]:
    """Return the part's record, with what an earlier run left; it is published with a map."""
    planned, base, spec = state.plan, state.plan.base, state.plan.source.spec
    old = _earlier(state.workspace, planned.name)
    title = state.request.title or old.get("title", "")
    again = replace(state.request, name=planned.name, selection="", title=title)
    return {
        "name": planned.name,
        "base": base.name,
        "base_imageset": base.key,
        "parent": planned.parent_name,
        "lineage": planned.above,
        "title": title,
        "count": len(items),
        "created": old.get("created", now()),
        "kind": base.kind,
        "root": str(base.root),
        "notes": [],
        "request": again.to_json(),
        "imageset": key,
        "embeddings": artefact_key("embeddings", list(items["item_id"]), spec.key),
        "encoder": spec_to_dict(spec),
        "neighbors": old.get("neighbors"),
        "projections": _still_there(state.workspace, "projection", old),
        "clusterings": _still_there(state.workspace, "clustering", old),
        "summary": old.get("summary"),
        **({"theme_options": old["theme_options"]} if old.get("theme_options") else {}),
        **({"quality": old["quality"]} if old.get("quality") else {}),
        "m2": old.get("m2", {}),
        "m2_between": old.get("m2_between", {}),
    }


def _earlier(workspace: Workspace, name: str) -> dict[str, Any]:
    """Return the record of an earlier run of this part, {} if there is none."""
    return read_part(workspace, name) if part_path(workspace, name).is_file() else {}


def _still_there(workspace: Workspace, kind: str, old: Mapping[str, Any]) -> dict[str, str]:
    """Return the artefacts that an earlier record names, less those that were deleted since."""
    named: dict[str, str] = old.get(f"{kind}s", {})
    return {name: key for name, key in named.items() if workspace.has(kind, key)}


def _summary(state: PartRun) -> dict[str, Any]:
    """Return what `part --json` prints: what `run` does, and where the part belongs."""
    record, planned = state.record, state.plan
    results = results_of(state)
    for line in results["maps"]:
        line["m2"] = record["m2"].get(line["method"])
    return {
        "set": planned.name,
        "name": planned.name,
        "base": record["base"],
        "parent": record["parent"],
        "title": part_title(record),
        "depth": len(record["lineage"]),
        "source": planned.base.summary.get("source", ""),
        "key": record["imageset"],
        "items": record["count"],
        "broken": [],
        "quarantined": 0,
        "encoder": planned.source.spec.name,
        "encoder_key": planned.source.spec.key,
        "dims": planned.source.spec.dims,
        "encoded": 0,
        "reused": record["count"],
        **results,
        "notes": [],
        "seconds": state.progress.finish(),
    }

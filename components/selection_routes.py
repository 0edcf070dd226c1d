"""The HTTP routes of selections and of the windows of a gallery; each calls one core function."""

from typing import Any

import flask
import numpy as np

from components.answers import blueprint, immutable, json_body, whole
from components.state import services
from core.errors import InputError
from core.selection import bitmap, rows_in_polygon

routes = blueprint("selections")

#: Ids in one window of the gallery, at most.
WINDOW = 1000


def _select(opened: Any, rows: np.ndarray, body: dict[str, Any], how: str) -> dict[str, Any]:
    """Combine rows with the selection that the request starts from, and store them."""
    chosen: dict[str, Any] = services().selections.choose(
        opened.key,
        len(opened),
        rows,
        {"how": how},
        base=str(body["base"]) if body.get("base") else None,
        mode=body.get("mode") or "replace",
    )
    return chosen


@routes.post("/api/select")
def select() -> dict[str, Any]:
    """Resolve a polygon on a map against all points."""
    body = json_body()
    opened = services().library.open(str(body.get("set", "")))
    xy = opened.points(str(body.get("projection", "")))
    rows = rows_in_polygon(xy, body.get("polygon") or [])
    return _select(opened, rows, body, "polygon")


@routes.post("/api/filter")
def filter_by_column() -> dict[str, Any]:
    """Select by a column: `names`, a range `low` to `high`, or `text`."""
    body = json_body()
    opened = services().library.open(str(body.get("set", "")))
    wanted = {k: body[k] for k in ("names", "low", "high", "text") if body.get(k) is not None}
    rows = opened.filter(str(body.get("by", "")), **wanted)
    return _select(opened, rows, body, f"filter by {body.get('by')}")


@routes.get("/api/selection/<key>/mask")
def mask_of(key: str) -> flask.Response:
    """Answer with one bit an item, set where it is selected."""
    stored = services().library.workspace.read("selection", key)
    opened = services().library.find(stored.meta["set"])
    return immutable(bitmap(stored.arrays["rows"], len(opened)), "application/octet-stream", key)


def window_rows(opened: Any, arguments: Any) -> np.ndarray:
    """Return the rows that a gallery address names: a selection, a cluster, or all."""
    rows = np.arange(len(opened))
    if arguments.get("cluster"):
        try:
            label = int(arguments["cluster"])
        except ValueError:
            raise InputError(f"cluster: {arguments['cluster']!r} is no number") from None
        rows = opened.cluster_rows(label, arguments.get("kind") or "themes")
    if arguments.get("selection"):
        chosen = services().selections.load(arguments["selection"], opened.key)
        rows = np.intersect1d(rows, chosen)
    return rows


@routes.get("/api/window")
def window() -> dict[str, Any]:
    """Answer with rows, ids and captions of one window of a gallery."""
    opened = services().library.open(flask.request.args.get("set", ""))
    rows = window_rows(opened, flask.request.args)
    start = max(0, whole("start", 0))
    part = rows[start : start + max(0, min(WINDOW, whole("count", WINDOW)))]
    table = opened.items.iloc[part]
    labels = table["label"].astype("string").fillna("") if "label" in table else [""] * len(part)
    return {
        "total": len(rows),
        "start": start,
        "rows": part.tolist(),
        "ids": table["item_id"].tolist(),
        "labels": list(labels),
    }

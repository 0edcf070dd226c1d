"""The HTTP routes of selections and of the windows of a gallery; each calls one core function."""

from typing import Any

import flask
import numpy as np

from components.answers import blueprint, immutable, json_body, text, whole
from components.selection_ops import marks_of, select, service, view_of, window_rows
from components.state import services
from core.errors import InputError, NotFoundError
from core.selection import bitmap, of_polygon, rows_in_polygon

routes = blueprint("selections")

#: Ids in one window of the gallery, at most.
WINDOW = 1000

#: What a filter may ask for.
WANTED = ("names", "low", "high", "text", "missing")


def _select(
    opened: Any, rows: np.ndarray, body: dict[str, Any], made: dict[str, Any]
) -> dict[str, Any]:
    """Combine rows with the selection that the request starts from, and store them."""
    chosen: dict[str, Any] = services().selections.choose(
        opened.key,
        len(opened),
        rows,
        made,
        base=text(body, "base") or None,
        mode=body.get("mode") or "replace",
    )
    return chosen


@routes.post("/api/select")
def select_on_map() -> dict[str, Any]:
    """Resolve a polygon on a map against all points."""
    body = json_body()
    opened = services().library.open(text(body, "set"))
    key = text(body, "projection")
    polygon = body.get("polygon") or []
    rows = rows_in_polygon(opened.points(key), polygon)
    method = next((m for m, made in opened.projections.items() if made == key), key)
    return _select(opened, rows, body, of_polygon(method, polygon))


@routes.post("/api/filter")
def filter_by_column() -> dict[str, Any]:
    """Select by a column: `names`, a range `low` to `high`, `text`, or `missing`."""
    body = json_body()
    opened = services().library.open(text(body, "set"))
    wanted = {k: body[k] for k in WANTED if body.get(k) is not None}
    names = wanted.get("names", [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise InputError("names: needs a list of categories, each a text")
    text(body, "text")
    column = text(body, "by")
    rows = opened.filter(column, **wanted)
    return _select(opened, rows, body, {"how": "filter", "column": column, **wanted})


@routes.post("/api/selection")
def make_selection() -> dict[str, Any]:
    """Make a selection from others, from rows, neighbours, slices or clusters (`op`)."""
    body = json_body()
    opened = services().library.open(text(body, "set"))
    return select(opened, text(body, "op"), body)


@routes.get("/api/selection/<key>/mask")
def mask_of(key: str) -> flask.Response:
    """Answer with one bit an item, set where it is selected."""
    stored = services().selections.stored(key)
    total = stored.meta.get("total") or len(services().library.find(stored.meta["set"]))
    return immutable(bitmap(stored.arrays["rows"], total), "application/octet-stream", key)


def _ordered(opened: Any, rows: np.ndarray, query: str) -> tuple[np.ndarray, np.ndarray]:
    """Return rows and distances, the nearest to a search first."""
    searches = service("search")
    if searches is None:
        raise NotFoundError("query: searching is not available here")
    found = searches.found(opened, query)
    order, distances = np.asarray(found.order), np.asarray(found.distances)
    if len(rows) == len(opened):
        return order, distances
    wanted = np.zeros(len(opened), bool)
    wanted[rows] = True
    among = wanted[order]
    return order[among], distances[among]


@routes.get("/api/window")
def window() -> dict[str, Any]:
    """Answer with rows, ids, captions and marks of one window of a gallery.

    With `query` the nearest to that search come first, and `distances` are given.
    """
    arguments = flask.request.args
    opened = services().library.open(arguments.get("set", ""))
    rows, distances = window_rows(opened, arguments), None
    if arguments.get("query"):
        rows, distances = _ordered(opened, rows, arguments["query"])
    start = max(0, whole("start", 0))
    end = start + max(0, min(WINDOW, whole("count", WINDOW)))
    part = rows[start:end]
    table = opened.items.iloc[part]
    labels = table["label"].astype("string").fillna("") if "label" in table else [""] * len(part)
    answer = {
        "total": len(rows),
        "start": start,
        "rows": part.tolist(),
        "ids": table["item_id"].tolist(),
        "labels": list(labels),
    }
    if distances is not None:
        answer["distances"] = [round(float(d), 6) for d in distances[start:end]]
    view = view_of(opened)
    if view is not None:
        answer["marks"] = marks_of(view, part)
        if view.labels:
            edited = zip(answer["rows"], answer["labels"], strict=True)
            answer["labels"] = [view.labels.get(row, label) for row, label in edited]
    return answer

"""The HTTP routes the map and the gallery read from; each calls one core function.

Pictures go out by opaque id only, always re-encoded; what is named by its content is immutable
and the browser keeps it.
"""

import io
import re
from threading import BoundedSemaphore
from typing import Any

import flask
import numpy as np
from werkzeug.exceptions import HTTPException

from components.palette import palette_for
from components.state import services
from core.errors import InputError, NotFoundError, VitrineError
from core.maps.raster import draw_map
from core.pictures import picture_bytes, thumbnail_bytes
from core.selection import bitmap, rows_in_polygon

routes = flask.Blueprint("vitrine", __name__)

IMMUTABLE = "private, max-age=31536000, immutable"

#: Ids in one window of the gallery, at most.
WINDOW = 1000

#: Pictures decoded for pages at the same time.
_decoding = BoundedSemaphore(2)


@routes.errorhandler(VitrineError)
def _explain(error: VitrineError) -> flask.Response:
    """Answer with the sentence meant for a person."""
    status = 404 if isinstance(error, NotFoundError) else 400
    return flask.make_response(({"error": str(error)}, status))


@routes.errorhandler(HTTPException)
def _refuse(error: HTTPException) -> flask.Response:
    """Answer an unusable request in the same form."""
    return flask.make_response(({"error": error.description}, error.code or 400))


def _bytes(data: bytes, mimetype: str, tag: str) -> flask.Response:
    """Answer with immutable bytes, or with 304 if the browser has them."""
    response = flask.Response(data, mimetype=mimetype)
    response.headers["Cache-Control"] = IMMUTABLE
    response.set_etag(tag)
    response.make_conditional(flask.request)
    return response


# -- pictures --------------------------------------------------------------------------------------


@routes.get("/thumb/<item_id>")
def thumb(item_id: str) -> flask.Response:
    """Answer with an item's thumbnail."""
    if not re.fullmatch(r"[0-9a-f]{64}", item_id):
        raise NotFoundError("no picture with this id")
    with _decoding:
        data, mimetype = thumbnail_bytes(services().library, item_id)
    return _bytes(data, mimetype, item_id)


@routes.get("/thumb/<key>/<int:row>")
def thumb_of_row(key: str, row: int) -> flask.Response:
    """Answer with the thumbnail of a row of an image set."""
    return thumb(services().library.find(key).item_id(row))


@routes.get("/image/<key>/<int:row>")
def image(key: str, row: int) -> flask.Response:
    """Answer with the picture of a row, re-encoded at 1,600 pixels at most."""
    opened = services().library.find(key)
    with _decoding:
        data, mimetype = picture_bytes(opened, row, services().settings)
    return _bytes(data, mimetype, f"{opened.item_id(row)}-large")


# -- the map ---------------------------------------------------------------------------------------


def _opened_by_projection(key: str) -> Any:
    """Return the set that a projection belongs to: the one named, else any that has it."""
    name = flask.request.args.get("set")
    library = services().library
    for candidate in [name] if name else library.names():
        opened = library.open(candidate)
        if key in opened.projections.values():
            return opened
    raise NotFoundError("this map is gone or was made anew; reload the page")


@routes.get("/map/<key>/points")
def points(key: str) -> flask.Response:
    """Answer with the points: uint32 n, uint32 0, uint16 x[n], uint16 y[n], little-endian."""
    xy = _opened_by_projection(key).points(key)
    head = np.array([len(xy), 0], "<u4").tobytes()
    data = head + xy[:, 0].astype("<u2").tobytes() + xy[:, 1].astype("<u2").tobytes()
    return _bytes(data, "application/octet-stream", f"{key}-points")


@routes.get("/map/<key>/colour")
def colour(key: str) -> flask.Response:
    """Answer with one colour code an item, uint8, for the column `by`."""
    opened = _opened_by_projection(key)
    codes = opened.colouring(flask.request.args.get("by", "")).codes
    response = flask.Response(codes.tobytes(), mimetype="application/octet-stream")
    response.headers["Cache-Control"] = "private, no-cache"  # a theme can change under its name
    response.add_etag()
    response.make_conditional(flask.request)
    return response


def _numbers(text: str, count: int, name: str) -> list[float]:
    """Return `count` numbers from a comma-separated argument."""
    try:
        found = [float(part) for part in text.split(",")]
    except ValueError:
        found = []
    if len(found) != count or not np.isfinite(found).all():
        raise InputError(f"{name}: needs {count} numbers")
    return found


@routes.get("/map/<key>/raster.png")
def raster(key: str) -> flask.Response:
    """Answer with the map as a picture, for browsers without WebGL2."""
    opened = _opened_by_projection(key)
    given = flask.request.args
    view = _numbers(given.get("view", "0,0,1,1"), 4, "view")
    width, height = _numbers(f"{given.get('w', '800')},{given.get('h', '600')}", 2, "w and h")
    if not (16 <= width <= 4096 and 16 <= height <= 4096):
        raise InputError("w and h: between 16 and 4096 pixels")
    dark = given.get("dark") == "1"
    mask = None
    if given.get("selection"):
        rows = services().selections.load(given["selection"], opened.key)
        mask = np.zeros(len(opened), bool)
        mask[rows] = True
    colouring = opened.colouring(given["by"]) if given.get("by") else None
    xy = opened.points(key)
    picture = draw_map(
        xy,
        colouring.codes if colouring else np.zeros(len(xy), np.uint8),
        palette_for(colouring.kind if colouring else "category", dark=dark),
        view=(view[0], view[1], view[2], view[3]),
        size=(int(width), int(height)),
        dark=dark,
        mask=mask,
    )
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=1)
    response = flask.Response(buffer.getvalue(), mimetype="image/png")
    response.headers["Cache-Control"] = "private, no-cache"
    return response


# -- selections and windows ------------------------------------------------------------------------


def _body() -> dict[str, Any]:
    """Return the JSON object sent, else refuse."""
    value = flask.request.get_json(silent=True)
    if not isinstance(value, dict):
        raise InputError("send one JSON object with Content-Type: application/json")
    return value


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
    body = _body()
    opened = services().library.open(str(body.get("set", "")))
    xy = opened.points(str(body.get("projection", "")))
    rows = rows_in_polygon(xy, body.get("polygon") or [])
    return _select(opened, rows, body, "polygon")


@routes.post("/api/filter")
def filter_by_column() -> dict[str, Any]:
    """Select by a column: `names`, a range `low` to `high`, or `text`."""
    body = _body()
    opened = services().library.open(str(body.get("set", "")))
    wanted = {k: body[k] for k in ("names", "low", "high", "text") if body.get(k) is not None}
    rows = opened.filter(str(body.get("by", "")), **wanted)
    return _select(opened, rows, body, f"filter by {body.get('by')}")


def _whole(name: str, default: int) -> int:
    """Return a whole-number argument of the request."""
    text = flask.request.args.get(name, str(default))
    try:
        return int(text)
    except ValueError:
        raise InputError(f"{name}: needs a whole number, not {text!r}") from None


@routes.get("/api/selection/<key>/mask")
def mask_of(key: str) -> flask.Response:
    """Answer with one bit an item, set where it is selected."""
    stored = services().library.workspace.read("selection", key)
    opened = services().library.find(stored.meta["set"])
    return _bytes(bitmap(stored.arrays["rows"], len(opened)), "application/octet-stream", key)


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
    start = max(0, _whole("start", 0))
    part = rows[start : start + max(0, min(WINDOW, _whole("count", WINDOW)))]
    table = opened.items.iloc[part]
    labels = table["label"].astype("string").fillna("") if "label" in table else [""] * len(part)
    return {
        "total": len(rows),
        "start": start,
        "rows": part.tolist(),
        "ids": table["item_id"].tolist(),
        "labels": list(labels),
    }

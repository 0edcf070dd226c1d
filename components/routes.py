"""The HTTP routes of pictures and maps; each calls one core function.

Pictures go out by opaque id only, always re-encoded; what is named by its content is immutable
and the browser keeps it.
"""

import io
import re
from threading import BoundedSemaphore
from typing import Any

import flask
import numpy as np

from components.answers import blueprint, immutable, numbers
from components.palette import palette_for
from components.state import services
from core.errors import InputError, NotFoundError
from core.maps.raster import draw_map
from core.maps.representatives import representatives
from core.maps.sample import cube as cube_of
from core.opened.whole import whole_picture
from core.pictures import picture_bytes, thumbnail_bytes

routes = blueprint("pictures")

#: True neighbours that the map draws lines to.
NEAR = 10

#: Pictures decoded for pages at the same time.
_decoding = BoundedSemaphore(2)


# -- pictures --------------------------------------------------------------------------------------


@routes.get("/thumb/<item_id>")
def thumb(item_id: str) -> flask.Response:
    """Answer with an item's thumbnail."""
    if not re.fullmatch(r"[0-9a-f]{64}", item_id):
        raise NotFoundError("no picture with this id")
    with _decoding:
        data, mimetype = thumbnail_bytes(services().library, item_id)
    return immutable(data, mimetype, item_id)


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
    return immutable(data, mimetype, f"{opened.item_id(row)}-large")


@routes.get("/whole/<key>/<int:row>")
def whole(key: str, row: int) -> flask.Response:
    """Answer with the whole picture that a row is a region of, at 1,200 pixels at most."""
    opened = services().library.find(key)
    with _decoding:
        data, mimetype = whole_picture(opened, row, services().settings)
    return immutable(data, mimetype, f"{opened.item_id(row)}-whole")


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


def _changing(data: bytes) -> flask.Response:
    """Answer with bytes that can change under their address, or with 304 if they did not."""
    response = flask.Response(data, mimetype="application/octet-stream")
    response.headers["Cache-Control"] = "private, no-cache"
    response.add_etag()
    response.make_conditional(flask.request)
    return response


@routes.get("/map/<key>/points")
def points(key: str) -> flask.Response:
    """Answer with the points: uint32 n, uint32 0, uint16 x[n], uint16 y[n], little-endian."""
    xy = _opened_by_projection(key).points(key)
    head = np.array([len(xy), 0], "<u4").tobytes()
    data = head + xy[:, 0].astype("<u2").tobytes() + xy[:, 1].astype("<u2").tobytes()
    return immutable(data, "application/octet-stream", f"{key}-points")


@routes.get("/map/<key>/colour")
def colour(key: str) -> flask.Response:
    """Answer with one colour code an item, uint8, for the column `by`."""
    opened = _opened_by_projection(key)
    codes = opened.colouring(flask.request.args.get("by", "")).codes
    return _changing(codes.tobytes())


@routes.get("/map/<key>/rank")
def rank(key: str) -> flask.Response:
    """Answer with which pictures come first: uint32 m, uint32 exemplars[m], uint8 rank[n]."""
    opened = _opened_by_projection(key)
    found = representatives(len(opened), opened.clustering("themes"), opened.clustering("micro"))
    head = np.array([len(found.exemplars), *found.exemplars], "<u4").tobytes()
    return _changing(head + found.ranks.tobytes())


@routes.get("/map/<key>/near/<int:row>")
def near(key: str, row: int) -> flask.Response:
    """Answer with a row's true nearest neighbours and their chordal distances, nearest first."""
    found = _opened_by_projection(key).neighbors_of(row, NEAR)
    body = {"rows": [n.row for n in found], "distances": [round(n.distance, 6) for n in found]}
    response = flask.jsonify(body)
    response.headers["Cache-Control"] = "private, max-age=600"
    return response


@routes.get("/map/<key>/cube")
def cube(key: str) -> flask.Response:
    """Answer with an even sample of a map in three dimensions.

    uint32 m, uint32 n of all, uint32 rows[m], uint16 x[m], y[m], z[m], little-endian.
    """
    found = cube_of(_opened_by_projection(key).projection(key).coordinates)
    head = np.array([len(found.rows), found.total, *found.rows], "<u4").tobytes()
    data = head + found.places.T.astype("<u2").tobytes()
    return immutable(data, "application/octet-stream", f"{key}-cube")


@routes.get("/map/<key>/raster.png")
def raster(key: str) -> flask.Response:
    """Answer with the map as a picture, for browsers without WebGL2."""
    opened = _opened_by_projection(key)
    given = flask.request.args
    view = numbers(given.get("view", "0,0,1,1"), 4, "view")
    width, height = numbers(f"{given.get('w', '800')},{given.get('h', '600')}", 2, "w and h")
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

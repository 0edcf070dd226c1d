"""The HTTP routes of two linked maps: which rows match, selections and colours carried over."""

from typing import Any

import flask

from components.answers import blueprint, immutable, json_body, text
from components.beside import links, resolve
from components.state import services
from core.columns import Colouring
from core.errors import InputError, NotFoundError
from core.link import Side

routes = blueprint("link")


def _opened(name: str, field: str) -> Any:
    """Return the set that a request names in a field."""
    if not name:
        raise InputError(f"{field}: name a set")
    return services().library.open(name)


@routes.get("/api/link/rows/<key>")
def rows(key: str) -> flask.Response:
    """Answer with the row in the set `to` of each row of the set `from`: int32, −1 where none."""
    given = flask.request.args
    source, target = _opened(given.get("from", ""), "from"), _opened(given.get("to", ""), "to")
    ties = links()
    if ties.key(source, target) != key:
        raise NotFoundError("one of the two sets has changed; reload the page")
    data = ties.rows(source, target).astype("<i4").tobytes()
    return immutable(data, "application/octet-stream", key)


@routes.post("/api/link/selection")
def selection() -> dict[str, Any]:
    """Make the `selection` of the set `from` one of the same items in the set `to`."""
    body = json_body()
    source, target = (_opened(text(body, name), name) for name in ("from", "to"))
    return links().translate(source, target, text(body, "selection"))


@routes.get("/api/link/colour")
def colour() -> flask.Response:
    """Answer with the colours of a `column` of the set `from` for the items of `set`: uint8."""
    given = flask.request.args
    target, source = _opened(given.get("set", ""), "set"), _opened(given.get("from", ""), "from")
    return _codes(links().colouring(source, given.get("column", ""), target))


@routes.get("/api/link/agreement")
def agreement() -> flask.Response:
    """Answer with how far two maps agree on each item, as colours: uint8, 1 none to 255 all.

    `set` and `map` are the left map, `beside` the right one; `side` says for whose items.
    """
    given = flask.request.args
    found = _opened(given.get("set", ""), "set")
    beside = resolve(found, given.get("beside"))
    if beside is None:
        raise InputError("beside: name the other map")
    if given.get("side", "left") not in {"left", "right"}:
        raise InputError("side: left or right")
    target = beside.found if given.get("side") == "right" and beside.foreign else None
    sides = Side(found, given.get("map", "")), Side(beside.found, beside.map)
    if not sides[0].map:
        raise InputError("map: name a map")
    return _codes(links().agreement_colouring(*sides, target))


def _codes(colouring: Colouring) -> flask.Response:
    """Answer with colour codes, asked for anew each time: what is behind a name can change."""
    response = flask.Response(colouring.codes.tobytes(), mimetype="application/octet-stream")
    response.headers["Cache-Control"] = "private, no-cache"
    response.add_etag()
    response.make_conditional(flask.request)
    return response

"""The HTTP routes of the search by picture and words; each calls one core function."""

from typing import Any

import flask

from components.answers import blueprint, immutable, json_body, text
from components.state import services
from core.errors import InputError
from core.search.encoding import EncoderBusyError
from core.search.given import too_large

routes = blueprint("search")

#: Seconds that a request waits for a picture to be encoded; the page asks again after that.
WAIT = 20.0

#: Largest distance a request may name; chordal ones end at 2.
MOST = 1e6


@routes.errorhandler(EncoderBusyError)
def _ask_again(error: EncoderBusyError) -> flask.Response:
    """Tell that the same request will be answered later."""
    answer = flask.make_response(({"error": str(error), "again": True}, 503))
    answer.headers["Retry-After"] = "1"
    return answer


@routes.post("/api/search/picture")
def picture() -> dict[str, Any]:
    """Encode the picture that is the body, for the set named in the address."""
    request, settings = flask.request, services().settings
    kind = request.mimetype
    if not kind.startswith("image/") and kind != "application/octet-stream":
        raise InputError("send a picture's bytes with its own Content-Type, such as image/jpeg")
    opened = services().library.open(request.args.get("set", ""))
    limit = settings.max_file_mb * 2**20
    if (request.content_length or 0) > limit:
        raise InputError(too_large(settings))
    request.max_content_length = limit
    return {"picture": services().search.encode(opened, request.get_data(cache=False), WAIT)}


@routes.get("/api/search/picture/<key>/thumb")
def thumbnail(key: str) -> flask.Response:
    """Answer with the thumbnail of a picture given to the set named in the address."""
    opened = services().library.open(flask.request.args.get("set", ""))
    data, mimetype = services().search.thumbnail(opened, key)
    return immutable(data, mimetype, key)


def _listed(body: dict[str, Any], name: str, kind: type) -> list[Any]:
    """Return a list of numbers or texts sent; [] where there is none."""
    values = body.get(name) or []
    if not isinstance(values, list) or not all(type(value) is kind for value in values):
        texts = "picture ids" if name == "pictures" else "texts"
        raise InputError(f"{name}: needs a list of {'rows' if kind is int else texts}")
    return values


@routes.post("/api/search/words")
def words() -> dict[str, Any]:
    """Have words read by the set's encoder, in the templates sent."""
    body = json_body()
    opened = services().library.open(text(body, "set"))
    said, around = _listed(body, "words", str), _listed(body, "templates", str)
    return {"templates": list(services().search.read(opened, said, around, WAIT))}


@routes.post("/api/search")
def search() -> dict[str, Any]:
    """Start a search from rows, given pictures and words that were read."""
    body = json_body()
    opened = services().library.open(text(body, "set"))
    found = services().search.start(
        opened,
        _listed(body, "positives", int),
        _listed(body, "negatives", int),
        _listed(body, "pictures", str),
        _listed(body, "words", str),
        _listed(body, "unwords", str),
        _listed(body, "templates", str),
        body.get("every") is True,
    )
    near = None if found.usual is None else found.count(found.usual)
    return {**found.definition(), "usual": found.usual, "within": near, "total": len(found)}


@routes.post("/api/search/within")
def within() -> dict[str, Any]:
    """Select what lies no further from a query than a distance."""
    body = json_body()
    opened = services().library.open(text(body, "set"))
    found = services().search.found(opened, text(body, "query"))
    distance = body.get("distance", found.usual)
    number = isinstance(distance, int | float) and not isinstance(distance, bool)
    if not number or abs(distance) > MOST:
        raise InputError(f"distance: needs a number of {MOST:g} at most")
    chosen: dict[str, Any] = services().selections.choose(
        opened.key,
        len(opened),
        found.within(distance),
        {"how": "search", "query": found.id, "distance": float(distance)},
        base=text(body, "base") or None,
        mode=body.get("mode") or "replace",
    )
    return chosen

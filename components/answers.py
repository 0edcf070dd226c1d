"""How HTTP routes answer: explained errors, immutable bytes, checked arguments."""

from collections.abc import Mapping
from typing import Any

import flask
import numpy as np
from werkzeug.exceptions import HTTPException

from core.errors import InputError, NotFoundError, VitrineError

IMMUTABLE = "private, max-age=31536000, immutable"

#: Characters of a name or an id in a request; none is longer, and an answer repeats it.
LONGEST = 1000


def blueprint(name: str) -> flask.Blueprint:
    """Return a blueprint whose errors are answered as {"error": a sentence for a person}."""
    made = flask.Blueprint(name, __name__)
    made.register_error_handler(VitrineError, _explain)
    made.register_error_handler(HTTPException, _refuse)
    return made


def _explain(error: VitrineError) -> flask.Response:
    """Answer with the sentence meant for a person."""
    status = 404 if isinstance(error, NotFoundError) else 400
    return flask.make_response(({"error": str(error)}, status))


def _refuse(error: HTTPException) -> flask.Response:
    """Answer an unusable request in the same form."""
    return flask.make_response(({"error": error.description}, error.code or 400))


def immutable(data: bytes, mimetype: str, tag: str) -> flask.Response:
    """Answer with immutable bytes, or with 304 if the browser has them."""
    response = flask.Response(data, mimetype=mimetype)
    response.headers["Cache-Control"] = IMMUTABLE
    response.set_etag(tag)
    response.make_conditional(flask.request)
    return response


def numbers(text: str, count: int, name: str) -> list[float]:
    """Return `count` numbers from a comma-separated argument."""
    try:
        found = [float(part) for part in text.split(",")]
    except ValueError:
        found = []
    if len(found) != count or not np.isfinite(found).all():
        raise InputError(f"{name}: needs {count} numbers")
    return found


def json_body() -> dict[str, Any]:
    """Return the JSON object sent, else refuse."""
    try:
        value = flask.request.get_json(silent=True)
    except RecursionError:  # thousands of brackets, one in another
        value = None
    if not isinstance(value, dict):
        raise InputError("send one JSON object with Content-Type: application/json")
    return value


def text(body: Mapping[str, Any], name: str) -> str:
    """Return a field of the JSON sent as text; "" where it was not given."""
    value = body.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or _halved(value):
        raise InputError(f"{name}: needs a text")
    if len(value) > LONGEST:
        raise InputError(f"{name}: has {len(value):,} characters, {LONGEST:,} at most are taken")
    return value


def _halved(value: str) -> bool:
    """Tell whether a text has half a character, which JSON can hold and UTF-8 cannot."""
    return any("\ud800" <= character <= "\udfff" for character in value)


def whole(name: str, default: int) -> int:
    """Return a whole-number argument of the request."""
    text = flask.request.args.get(name, str(default))
    try:
        return int(text)
    except ValueError:
        raise InputError(f"{name}: needs a whole number, not {text!r}") from None

"""Routes of gradients: the strip as PNG or SVG, the positions as CSV, the figures as JSON."""

import re
from typing import Any

import flask

from components.answers import blueprint
from components.export_routes import disposition
from components.state import services
from core.comparisons.strip_files import TYPES, file_name, strip_file
from core.errors import NotFoundError, VitrineError
from core.imaging.imagefile import Limits

routes = blueprint("gradient")

_ERROR = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>No file · Vitrine</title>
<link rel="stylesheet" href="/assets/vendor/bootstrap.min.css">
<link rel="stylesheet" href="/assets/app.css"></head>
<body><main class="vt-page vt-page-narrow"><h1>This file was not made</h1>
<p class="vt-lead">{{ reason }}</p></main></body></html>"""


def _explain(error: VitrineError) -> flask.Response:
    """Answer a browser with a page, since a link led here, and a program with JSON."""
    status = 404 if isinstance(error, NotFoundError) else 400
    reason = str(error)
    if "text/html" in flask.request.headers.get("Accept", ""):
        shown = f"{reason[:1].upper()}{reason[1:]}"
        return flask.make_response(flask.render_template_string(_ERROR, reason=shown), status)
    return flask.make_response(({"error": reason}, status))


routes.register_error_handler(VitrineError, _explain)


@routes.get("/api/gradient/<key>.<kind>")
def download(key: str, kind: str) -> flask.Response:
    """Answer with a gradient as a file: png, svg, csv or json."""
    if kind not in TYPES:
        raise NotFoundError(f"a gradient is a file of {', '.join(TYPES)}, not of {kind!r:.20}")
    if not re.fullmatch(r"[0-9a-f]{8,64}", key):
        raise NotFoundError("no gradient with this id is kept here")
    app = services()
    gradient = app.comparisons.open_gradient(key)
    opened: Any = app.library.open(gradient.meta["name"])
    limits = Limits(app.settings.max_pixels, app.settings.max_file_mb * 2**20)
    data = strip_file(gradient, kind, opened, app.library.workspace, limits)
    response = flask.Response(data, content_type=TYPES[kind])
    response.headers["Content-Disposition"] = disposition(file_name(gradient, kind))
    response.headers["Cache-Control"] = "private, no-store"
    return response

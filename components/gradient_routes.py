"""Routes of gradients: the strip as PNG or SVG, the positions as CSV, the figures as JSON."""

import re
from typing import Any

import flask

from components.answers import blueprint
from components.file_answers import explain, file
from components.state import services
from core.comparisons.strip_files import TYPES, file_name, strip_file
from core.errors import NotFoundError, VitrineError
from core.imaging.imagefile import Limits

routes = blueprint("gradient")

routes.register_error_handler(VitrineError, explain)


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
    return file(data, file_name(gradient, kind), TYPES[kind])

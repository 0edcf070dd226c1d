"""Routes of gradients: the strip as PNG or SVG, the positions as CSV, the figures as JSON."""

import re
from collections.abc import Callable
from typing import Any

import flask

from components.answers import blueprint
from components.file_answers import explain, file
from components.morphology_csv import flat
from components.state import services
from core.comparisons.strip_files import TYPES, file_name, strip_file
from core.errors import NotFoundError, VitrineError
from core.imaging.imagefile import Limits

routes = blueprint("gradient")

routes.register_error_handler(VitrineError, explain)


def _opened(key: str) -> Any:
    """Return a gradient by the key in the address."""
    if not re.fullmatch(r"[0-9a-f]{8,64}", key):
        raise NotFoundError("no gradient with this id is kept here")
    return services().comparisons.open_gradient(key)


#: What makes the records of each table, by its name in the address.
TABLES: dict[str, Callable[[dict[str, Any]], list[dict[str, Any]]]] = {
    "correlations": lambda meta: meta["correlations"],
    "neighbours": lambda meta: [{"k": int(k), **one} for k, one in (meta["by_k"] or {}).items()],
}


@routes.get("/api/gradient/<key>/<table>.csv")
def table(key: str, table: str) -> flask.Response:
    """Answer with a table of a gradient as CSV in UTF-8, its numbers not rounded."""
    if table not in TABLES:
        raise NotFoundError(f"no table {table!r:.40}: give one of {', '.join(TABLES)}")
    gradient = _opened(key)
    data = flat(TABLES[table](gradient.meta)).to_csv(index=False)
    name = f"{file_name(gradient, '').rstrip('.')}, {table}.csv"
    return file(data.encode(), name, TYPES["csv"])


@routes.get("/api/gradient/<key>.<kind>")
def download(key: str, kind: str) -> flask.Response:
    """Answer with a gradient as a file: png, svg, csv or json."""
    if kind not in TYPES:
        raise NotFoundError(f"a gradient is a file of {', '.join(TYPES)}, not of {kind!r:.20}")
    app, gradient = services(), _opened(key)
    opened: Any = app.library.open(gradient.meta["name"])
    limits = Limits(app.settings.max_pixels, app.settings.max_file_mb * 2**20)
    data = strip_file(gradient, kind, opened, app.library.workspace, limits)
    return file(data, file_name(gradient, kind), TYPES[kind])

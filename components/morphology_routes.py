"""Routes of comparisons of forms: every table as CSV, the whole as JSON and as one HTML file."""

import json
import re
from typing import Any

import flask

from components.answers import blueprint
from components.file_answers import explain, file, stem
from components.morphology_csv import table_of
from components.state import services
from core.comparing.result import result_of
from core.comparisons.file import comparison_file
from core.errors import NotFoundError, VitrineError
from core.keys import sealed

routes = blueprint("morphology")

routes.register_error_handler(VitrineError, explain)


def _opened(key: str) -> Any:
    """Return a comparison by the key in the address."""
    if not re.fullmatch(r"[0-9a-f]{8,64}", key):
        raise NotFoundError("no comparison with this id is kept here")
    return services().comparisons.open(key)


def _set_of(comparison: Any) -> Any:
    """Return the set whose rows a comparison's are; None where it has changed or is gone."""
    try:
        found = services().library.open(comparison.meta["name"])
    except VitrineError:
        return None
    return found if found.key == comparison.meta["imageset"] else None


def _stem(comparison: Any) -> str:
    """Return a file's name without its ending."""
    title = f"{comparison.meta['name']} {comparison.meta['title']}"
    return stem(title.replace(":", ","), "comparison")


@routes.get("/api/morphology/<key>/<table>.csv")
def table(key: str, table: str) -> flask.Response:
    """Answer with a table of a comparison as CSV in UTF-8, its numbers not rounded."""
    comparison = _opened(key)
    found = _set_of(comparison) if table in {"units", "rows"} else None
    data = table_of(comparison, table, None if found is None else found.items).to_csv(index=False)
    return file(data.encode(), f"{_stem(comparison)}, {table}.csv", "text/csv; charset=utf-8")


@routes.get("/api/morphology/<key>.json")
def document(key: str) -> flask.Response:
    """Answer with a comparison as `morphology --json` prints it; `morphology --verify` reads it."""
    comparison = _opened(key)
    told = sealed(result_of(comparison.key, comparison.meta))
    data = json.dumps(told, ensure_ascii=False, allow_nan=False).encode("utf-8", "backslashreplace")
    return file(data, f"{_stem(comparison)}.json", "application/json")


@routes.get("/api/morphology/<key>.html")
def page(key: str) -> flask.Response:
    """Answer with a comparison as one HTML file that needs nothing else."""
    comparison, app = _opened(key), services()
    data = comparison_file(comparison, _set_of(comparison), app.library.workspace, app.settings)
    return file(data, f"{_stem(comparison)}.html", "text/html; charset=utf-8")

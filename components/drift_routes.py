"""Routes of comparisons of two sets: tables as CSV, the whole as HTML, PDF and JSON."""

import json
import re
from typing import Any

import flask

from components.answers import blueprint
from components.drift_csv import table_of
from components.file_answers import asked_paper, explain, file, printed, stem
from components.state import services
from core.drifting.document import document_of
from core.drifts import Drift
from core.drifts.file import drift_file
from core.errors import NotFoundError, VitrineError

routes = blueprint("drift")
routes.register_error_handler(VitrineError, explain)


def _opened(key: str) -> Drift:
    """Return a comparison by the key in the address."""
    if not re.fullmatch(r"[0-9a-f]{8,64}", key):
        raise NotFoundError("no comparison with this id is kept here")
    found: Drift = services().drifts.open(key)
    return found


def _sets(drift: Drift) -> tuple[Any, Any]:
    """Return the sets whose rows a comparison's are, None where one has changed or is gone."""
    found = []
    for side in ("a", "b"):
        told = drift.meta[side]
        try:
            opened = services().library.open(told["set"])
        except VitrineError:
            opened = None
        found.append(opened if opened is not None and opened.key == told["imageset"] else None)
    return found[0], found[1]


def _stem(drift: Drift) -> str:
    return stem(drift.meta["title"], "comparison")


def _page(drift: Drift) -> bytes:
    app = services()
    return drift_file(drift, *_sets(drift), app.library.workspace, app.settings)


@routes.get("/api/drift/<key>/<table>.csv")
def table(key: str, table: str) -> flask.Response:
    """Answer with a table of a comparison as CSV in UTF-8, its numbers not rounded."""
    drift = _opened(key)
    data = table_of(drift, table, _sets(drift)).to_csv(index=False)
    return file(data.encode(), f"{_stem(drift)}, {table}.csv", "text/csv; charset=utf-8")


@routes.get("/api/drift/<key>.json")
def document(key: str) -> flask.Response:
    """Answer with a comparison as `drift --json` prints it; `drift --verify` reads it."""
    drift = _opened(key)
    told = document_of(drift.key, drift.meta, drift.images)
    data = json.dumps(told, indent=1, allow_nan=False).encode("ascii")
    return file(data, f"{_stem(drift)}.json", "application/json")


@routes.get("/api/drift/<key>.html")
def page(key: str) -> flask.Response:
    """Answer with a comparison as one HTML file that needs nothing else."""
    drift = _opened(key)
    return file(_page(drift), f"{_stem(drift)}.html", "text/html; charset=utf-8")


@routes.get("/api/drift/<key>.pdf")
def paper(key: str) -> flask.Response:
    """Answer with a comparison as PDF; `paper` is A4 or letter."""
    drift, size = _opened(key), asked_paper()
    return file(printed(_page(drift), size), f"{_stem(drift)}.pdf", "application/pdf")

"""Routes of batches over time: the table as CSV, the whole as HTML, PDF and JSON."""

import json
import re

import flask

from components.answers import blueprint
from components.file_answers import asked_paper, explain, file, printed, stem
from components.state import services
from core.drifts.report.series import render_series
from core.drifts.series import KeptSeries
from core.errors import NotFoundError, VitrineError

routes = blueprint("drift-series")
routes.register_error_handler(VitrineError, explain)


def _opened(key: str) -> KeptSeries:
    """Return a series by the key in the address."""
    if not re.fullmatch(r"[0-9a-f]{8,64}", key):
        raise NotFoundError("no series with this id is kept here")
    found: KeptSeries = services().drifts.series(key)
    return found


def _stem(series: KeptSeries) -> str:
    return stem(series.meta["title"], "series")


def _page(series: KeptSeries) -> bytes:
    return render_series(series.meta, key=series.key, created=series.created)


@routes.get("/api/drift-series/<key>.csv")
def table(key: str) -> flask.Response:
    """Answer with the batches as CSV in UTF-8, the numbers not rounded."""
    series = _opened(key)
    data = series.batches.to_csv(index=False).encode()
    return file(data, f"{_stem(series)}.csv", "text/csv; charset=utf-8")


@routes.get("/api/drift-series/<key>.json")
def document(key: str) -> flask.Response:
    """Answer with a series as `drift-series --json` prints it."""
    from core.drifting.series_again import document_of

    series = _opened(key)
    told = document_of(series.key, series.meta)
    data = json.dumps(told, indent=1, allow_nan=False).encode("ascii")
    return file(data, f"{_stem(series)}.json", "application/json")


@routes.get("/api/drift-series/<key>.html")
def page(key: str) -> flask.Response:
    """Answer with a series as one HTML file that needs nothing else."""
    series = _opened(key)
    return file(_page(series), f"{_stem(series)}.html", "text/html; charset=utf-8")


@routes.get("/api/drift-series/<key>.pdf")
def paper(key: str) -> flask.Response:
    """Answer with a series as PDF; `paper` is A4 or letter."""
    series, size = _opened(key), asked_paper()
    return file(printed(_page(series), size), f"{_stem(series)}.pdf", "application/pdf")

"""Routes of reports: a report as HTML, PDF and JSON.

The files are made when they are asked for, from the stored report and the set as it is. A PDF
takes a browser some seconds, so one is made at a time and it is ended when it takes too long.
"""

import json
import re
from collections.abc import Callable, Mapping
from threading import BoundedSemaphore
from typing import Any

import flask

from components.answers import blueprint
from components.export_routes import disposition
from components.state import services
from core.errors import InputError, NotFoundError, VitrineError
from core.library import OpenSet
from core.report.html import title
from core.report.pdf import PAPERS, PdfUnavailableError, render_pdf
from core.reportfiles import report_files

routes = blueprint("report")

#: Seconds that printing may take, and that a request waits for its turn.
PRINTING, WAITING = 45.0, 20.0

_printing = BoundedSemaphore(1)

_ERROR = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>No file · Vitrine</title>
<link rel="stylesheet" href="/assets/vendor/bootstrap.min.css">
<link rel="stylesheet" href="/assets/app.css"></head>
<body><main class="vt-page vt-page-narrow"><h1>This file was not made</h1>
<p class="vt-lead">{{ reason }}</p></main></body></html>"""


def _explain(error: VitrineError) -> flask.Response:
    """Answer a browser with a page, since a link led here, and a program with JSON."""
    status = 404 if isinstance(error, NotFoundError) else 400
    status = 503 if isinstance(error, PdfUnavailableError) else status
    reason = str(error)
    if "text/html" in flask.request.headers.get("Accept", ""):
        shown = f"{reason[:1].upper()}{reason[1:]}"
        return flask.make_response(flask.render_template_string(_ERROR, reason=shown), status)
    return flask.make_response(({"error": reason}, status))


routes.register_error_handler(VitrineError, _explain)


@routes.get("/api/report/<report_id>.<kind>")
def download(report_id: str, kind: str) -> flask.Response:
    """Answer with a report as a file: html, pdf (`paper` is A4 or letter) or json."""
    if kind not in _MAKERS:
        raise NotFoundError(f"a report is a file of {', '.join(_MAKERS)}, not of {kind!r}")
    if not re.fullmatch(r"[0-9a-f]{8,64}", report_id):
        raise NotFoundError("no report with this id is kept here")
    report = services().reports.open(report_id)
    make, mimetype = _MAKERS[kind]
    response = flask.Response(make(report), content_type=mimetype)
    response.headers["Content-Disposition"] = disposition(f"{_file_name(report)}.{kind}")
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _file_name(report: Mapping[str, Any]) -> str:
    """Return a file's name without its ending: the report's title without what files forbid."""
    plain = "".join(c if c.isalnum() or c in " -_.,()" else "_" for c in title(report))
    return plain[:120].strip(" .") or "report"


def _json(report: Mapping[str, Any]) -> bytes:
    return json.dumps(report, indent=1).encode("ascii")  # exactly what a checksum is over


def _html(report: Mapping[str, Any]) -> bytes:
    app = services()
    return report_files(report, _opened(report), app.library.workspace, app.settings)


def _opened(report: Mapping[str, Any]) -> OpenSet | None:
    """Return the set that a report is about; None where it is gone."""
    try:
        return services().library.open(report["set"]["name"])
    except VitrineError:
        return None


def _pdf(report: Mapping[str, Any]) -> bytes:
    paper = flask.request.args.get("paper", "A4")
    if paper not in PAPERS:
        raise InputError(f"paper: give one of {', '.join(PAPERS)}, not {paper!r}")
    page = _html(report)
    if not _printing.acquire(timeout=WAITING):
        raise PdfUnavailableError("another PDF is being made: ask again in a minute")
    try:
        return render_pdf(page, services().settings, paper=paper, patience=PRINTING)
    finally:
        _printing.release()


_MAKERS: dict[str, tuple[Callable[[Mapping[str, Any]], bytes], str]] = {
    "html": (_html, "text/html; charset=utf-8"),
    "pdf": (_pdf, "application/pdf"),
    "json": (_json, "application/json"),
}

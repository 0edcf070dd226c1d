"""Routes of reports: a report as HTML, PDF and JSON.

The files are made when they are asked for, from the stored report and the set as it is. A PDF
takes a browser some seconds, so one is made at a time and it is ended when it takes too long.
"""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

import flask

from components.answers import blueprint
from components.file_answers import asked_paper, explain, file, printed, stem
from components.state import services
from core.errors import NotFoundError, VitrineError
from core.library import OpenSet
from core.report.html import title
from core.reportfiles import report_files

routes = blueprint("report")

routes.register_error_handler(VitrineError, explain)


@routes.get("/api/report/<report_id>.<kind>")
def download(report_id: str, kind: str) -> flask.Response:
    """Answer with a report as a file: html, pdf (`paper` is A4 or letter) or json."""
    if kind not in _MAKERS:
        raise NotFoundError(f"a report is a file of {', '.join(_MAKERS)}, not of {kind!r}")
    if not re.fullmatch(r"[0-9a-f]{8,64}", report_id):
        raise NotFoundError("no report with this id is kept here")
    report = services().reports.open(report_id)
    make, mimetype = _MAKERS[kind]
    return file(make(report), f"{stem(title(report), 'report')}.{kind}", mimetype)


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
    paper = asked_paper()  # before the page is made
    return printed(_html(report), paper)


_MAKERS: dict[str, tuple[Callable[[Mapping[str, Any]], bytes], str]] = {
    "html": (_html, "text/html; charset=utf-8"),
    "pdf": (_pdf, "application/pdf"),
    "json": (_json, "application/json"),
}

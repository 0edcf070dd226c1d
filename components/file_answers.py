"""How files are answered that a link leads to: a page that explains, a name, a PDF in its turn."""

from threading import BoundedSemaphore

import flask

from components.export_routes import disposition
from components.state import services
from core.errors import InputError, NotFoundError, VitrineError
from core.report.pdf import PAPERS, PdfUnavailableError, render_pdf

#: Seconds that printing may take, and that a request waits for its turn.
PRINTING, WAITING = 45.0, 20.0

_printing = BoundedSemaphore(1)

_ERROR = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>No file · Vitrine</title>
<link rel="stylesheet" href="/assets/vendor/bootstrap.min.css">
<link rel="stylesheet" href="/assets/app.css"></head>
<body><main class="vt-page vt-page-narrow"><h1>This file was not made</h1>
<p class="vt-lead">{{ reason }}</p></main></body></html>"""


def explain(error: VitrineError) -> flask.Response:
    """Answer a browser with a page, since a link led here, and a program with JSON."""
    status = 404 if isinstance(error, NotFoundError) else 400
    status = 503 if isinstance(error, PdfUnavailableError) else status
    reason = str(error)
    if "text/html" in flask.request.headers.get("Accept", ""):
        shown = f"{reason[:1].upper()}{reason[1:]}"
        return flask.make_response(flask.render_template_string(_ERROR, reason=shown), status)
    return flask.make_response(({"error": reason}, status))


def file(data: bytes, name: str, mimetype: str) -> flask.Response:
    """Answer with bytes as a file of this name."""
    response = flask.Response(data, content_type=mimetype)
    response.headers["Content-Disposition"] = disposition(name)
    response.headers["Cache-Control"] = "private, no-store"
    return response


def stem(title: object, otherwise: str) -> str:
    """Return a file's name without its ending: a title without what files forbid."""
    plain = "".join(c if c.isalnum() or c in " -_.,()" else "_" for c in str(title))
    return plain[:120].strip(" .") or otherwise


def asked_paper() -> str:
    """Return the paper that the address asks for, A4 unless told; `InputError` for others."""
    paper = flask.request.args.get("paper", "A4")
    if paper not in PAPERS:
        raise InputError(f"paper: give one of {', '.join(PAPERS)}, not {paper!r:.40}")
    return paper


def printed(html: bytes, paper: str) -> bytes:
    """Return an HTML file as PDF; one is printed at a time, each within its patience."""
    if not _printing.acquire(timeout=WAITING):
        raise PdfUnavailableError("another PDF is being made: ask again in a minute")
    try:
        return render_pdf(html, services().settings, paper=paper, patience=PRINTING)
    finally:
        _printing.release()

"""The HTTP routes of exports: files to download, and the job that writes into a folder.

A download is written to a temporary file, sent, and deleted. Nothing is written elsewhere on this
machine by a GET; a folder is written by a job, which only our own pages can ask for.
"""

import tempfile
import time
import zipfile
from pathlib import Path
from typing import Any
from urllib.parse import quote

import flask

from components.answers import blueprint, json_body, text
from components.state import services
from core.errors import InputError, JobCancelled, NotFoundError, VitrineError
from core.export import MOST, Options, chosen_rows, export_set, format_of
from core.export.handing import needs_pictures, settled
from core.export.request import ExportRequest, checked_request, file_name
from core.imaging.imagefile import Limits
from core.progress import Progress
from core.storage.store import storage_errors

routes = blueprint("export")

#: Seconds after which a download that is still being drawn is refused.
PATIENCE = 15.0
CHUNK = 2**18

_ERROR = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Not exported · Vitrine</title>
<link rel="stylesheet" href="/assets/vendor/bootstrap.min.css">
<link rel="stylesheet" href="/assets/app.css"></head>
<body><main class="vt-page vt-page-narrow"><h1>This was not exported</h1>
<p class="vt-lead">{{ reason }}</p></main></body></html>"""


# -- downloads -------------------------------------------------------------------------------------


def _explain(error: VitrineError) -> flask.Response:
    """Answer a browser with a page, since a link led here, and a program with JSON."""
    status = 404 if isinstance(error, NotFoundError) else 400
    reason = str(error)
    if flask.request.method == "GET" and "text/html" in flask.request.headers.get("Accept", ""):
        shown = f"{reason[:1].upper()}{reason[1:]}"
        return flask.make_response(flask.render_template_string(_ERROR, reason=shown), status)
    return flask.make_response(({"error": reason}, status))


routes.register_error_handler(VitrineError, _explain)


@routes.get("/export/<to>")
def download(to: str) -> flask.Response:
    """Answer with one file: `set`, and `selection` or `slice`; options as `name=1`."""
    known, given = format_of(to), flask.request.args
    if known.folder:
        raise InputError(f"{known.title} go into a folder on this computer: start them as a job")
    app = services()
    opened, workspace = app.library.open(given.get("set", "")), app.library.workspace
    if needs_pictures(opened, workspace, to):
        raise InputError(
            f"{known.title} of frames and pages need these as pictures: write them into a folder "
            "on this computer"
        )
    slice_name = given.get("slice") or None
    rows = chosen_rows(
        opened, workspace, selection=given.get("selection") or None, slice=slice_name
    )
    name = file_name(opened, to, slice=slice_name, count=None if rows is None else len(rows))
    wanted = {flag: given.get(flag) == "1" for flag in ("absolute", "null", "escape_formulas")}
    options = Options.from_json(wanted)
    folder = _temporary_folder(workspace.root)
    try:
        target = Path(folder.name) / f"export{known.suffix}"
        files = _export(opened, workspace, to, target, rows, options, slice_name)
        if len(files) > 1:
            files, name = [_zipped(files, Path(name).stem)], f"{Path(name).stem}.zip"
        return _attachment(files[0], name, known.mimetype)
    finally:
        folder.cleanup()  # the file is open by now, and gone once it is closed


def _temporary_folder(root: Path) -> tempfile.TemporaryDirectory[str]:
    """Return a folder of the workspace for one download; its disk is the one with room."""
    place = root / "exports"
    with storage_errors(f"writing in {root}"):
        place.mkdir(exist_ok=True)
        return tempfile.TemporaryDirectory(
            dir=place, prefix=".download-", ignore_cleanup_errors=True
        )


def _export(
    opened: Any, workspace: Any, to: str, target: Path, rows: Any, options: Options,
    slice_name: str | None,
) -> list[Path]:  # fmt: skip
    """Write the files, giving up where drawing takes longer than a person waits for a page."""
    until = time.monotonic() + PATIENCE
    settings = services().settings
    limits = Limits(settings.max_pixels, settings.max_file_mb * 2**20)
    try:
        return export_set(
            opened, workspace, to, target, rows, options=options, slice=slice_name,
            limits=limits, progress=Progress(cancelled=lambda: time.monotonic() > until),
        )  # fmt: skip
    except JobCancelled:
        raise InputError(
            f"this sheet of {min(MOST[to], len(opened)):,} pictures takes longer than "
            f"{PATIENCE:.0f} seconds, since most of them must be read anew: ask again, which goes "
            f"on from here, or let the command line do it (export --to {to})"
        ) from None


def _zipped(files: list[Path], stem: str) -> Path:
    """Return one archive of several files, named as the download is."""
    target = files[0].with_suffix(".zip")
    with storage_errors(f"writing {target}"), zipfile.ZipFile(target, "w") as archive:
        for file in files:
            how = zipfile.ZIP_DEFLATED if file.suffix == ".csv" else zipfile.ZIP_STORED
            archive.write(file, f"{stem}{file.suffix}", how)
    return target


def disposition(name: str) -> str:
    """Return a Content-Disposition header (RFC 6266) with a plain name for old programs."""
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\%' else "_" for c in name)
    stem, dot, suffix = plain.rpartition(".")
    if not stem.strip("_ .-"):
        plain = f"vitrine-export{dot}{suffix}"
    extended = "" if plain == name else f"; filename*=UTF-8''{quote(name, safe='')}"
    return f'attachment; filename="{plain}"{extended}'


def _attachment(path: Path, name: str, mimetype: str) -> flask.Response:
    """Stream a file that may be deleted as soon as this returns."""
    file = path.open("rb")

    def parts() -> Any:
        with file:
            while data := file.read(CHUNK):
                yield data

    response = flask.Response(parts(), content_type=mimetype)
    response.content_length = path.stat().st_size
    response.call_on_close(file.close)
    response.headers["Content-Disposition"] = disposition(name)
    response.headers["Cache-Control"] = "private, no-store"
    return response


# -- the job ---------------------------------------------------------------------------------------


def start_export(asked: ExportRequest) -> tuple[Any, str, str]:
    """Check what is asked for and start its job; return the job, its title and the target.

    Raises
    ------
    VitrineError
        It cannot be done; the message says why, and no job was started.
    """
    app = services()
    opened = app.library.open(asked.name)
    asked = settled(asked, opened, app.library.workspace)
    request, title = checked_request(asked, opened, app.library.workspace)
    return app.jobs.submit("export", request, title), title, str(request["target"])


@routes.post("/api/export")
def export() -> dict[str, Any]:
    """Start the job that writes into a folder (or a large sheet to a file) on this machine."""
    body = json_body()
    allowed = {"set", "selection", "slice", "cluster", "to", "target", "options"}
    unknown = sorted(set(map(str, body)) - allowed)
    if unknown:
        raise InputError(f"unknown field {unknown[0]!r} in the request of an export")
    given = {k: v for k, v in body.items() if k != "set" and v not in (None, "")}
    asked = ExportRequest.from_json({"name": text(body, "set"), **given})
    job, title, target = start_export(asked)
    return {"job": job.id, "title": title, "target": target}

"""Vitrine's dashboard and command line.

`python app.py [FOLDER]` serves the dashboard; `run`, `sets`, `export` and the other commands work
without it. See docs/cli.md.
"""

import argparse
import itertools
import logging
import socket
import sys
import threading
import time
import webbrowser
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.__main__ import Parser, add_commands, perform
from core.choices import Choices
from core.comparisons import Comparisons
from core.config import Settings, load_settings
from core.courts import Courts
from core.curation.desk import Desk
from core.drifts import Drifts
from core.errors import InputError, VitrineError
from core.findings import Findings
from core.imaging.video_apart import decode_apart
from core.jobs import JobBoard
from core.labelled import Labelled
from core.library import Library
from core.reports import Reports
from core.runner import open_workspace
from core.search.searches import Searches
from core.selection import Selections

ROOT = Path(__file__).parent

_INDEX = """<!DOCTYPE html>
<html lang="en">
<head>
{%metas%}
<title>{%title%}</title>
<script src="/assets/theme.js"></script>
{%favicon%}
{%css%}
</head>
<body>
{%app_entry%}
<footer hidden>{%config%}{%scripts%}{%renderer%}</footer>
</body>
</html>"""


@dataclass(frozen=True, slots=True)
class Services:
    """What a page may ask."""

    settings: Settings
    library: Library
    jobs: JobBoard
    selections: Selections
    curation: Desk
    search: Searches
    choices: Choices
    reports: Reports
    findings: Findings
    labelled: Labelled
    comparisons: Comparisons
    drifts: Drifts
    courts: Courts


def open_services(settings: Settings) -> Services:
    """Open the workspace that the settings name, with what was decided about its sets.

    Raises
    ------
    StorageError
        The workspace cannot be opened.
    """
    workspace = open_workspace(settings)
    desk = Desk(workspace)
    return Services(
        settings,
        Library.with_desk(workspace, desk),
        JobBoard(workspace.root, settings.max_jobs),
        Selections(workspace),
        desk,
        Searches(workspace, settings),
        Choices(workspace),
        Reports(workspace),
        Findings(workspace),
        Labelled(workspace),
        Comparisons(workspace),
        Drifts(workspace),
        Courts(workspace),
    )


def create_app(settings: Settings) -> Any:
    """Build the Dash application over the workspace that the settings name.

    No module holds state: several processes may serve one workspace. Nothing that computes
    (torch, numba, umap, scikit-learn) is imported.

    Raises
    ------
    StorageError
        The workspace cannot be opened.
    """
    import dash

    from components import (
        drift_routes,
        export_routes,
        gradient_routes,
        link_routes,
        morphology_routes,
        places_routes,
        report_routes,
        routes,
        search_routes,
        selection_routes,
        shell,
    )
    from components.notices import show_error
    from components.security import protect

    services = open_services(settings)
    app = dash.Dash(
        "vitrine",
        title="Vitrine",
        update_title="",
        use_pages=True,
        pages_folder=str(ROOT / "pages"),
        assets_folder=str(ROOT / "assets"),
        assets_ignore=r"(^|.*/)(vendor|icons)(/.*|$)|theme\.js|bootstrap.*",
        external_stylesheets=["/assets/vendor/bootstrap.min.css"],
        index_string=_INDEX,
        serve_locally=True,
        suppress_callback_exceptions=True,
        on_error=show_error,
        meta_tags=[{"name": "viewport", "content": "width=device-width, initial-scale=1"}],
    )
    app.server.config["VITRINE"] = services
    app.layout = shell.layout
    for module in (
        routes, selection_routes, search_routes, link_routes, export_routes, report_routes,
        morphology_routes, gradient_routes, drift_routes, places_routes,
    ):  # fmt: skip
        app.server.register_blueprint(module.routes)
    protect(app.server, settings, lambda: app.csp_hashes(), lambda: app.callback_map)
    return app


def create_server(settings: Settings | None = None) -> Any:
    """Return the WSGI application, for `gunicorn 'app:create_server()'`."""
    decode_apart()
    return create_app(settings or load_settings()).server


# -- serving ---------------------------------------------------------------------------------------


def free_port(host: str, port: int) -> int:
    """Return `port`, or the next of a hundred that nobody listens on; 0 lets the system choose.

    Raises
    ------
    InputError
        None of them is free, or the host is not one of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for candidate in range(port, min(port + 100, 65536)) if port else [0]:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, candidate))
                return int(probe.getsockname()[1])
            except OSError as error:
                if isinstance(error, socket.gaierror) or error.errno == 99:
                    raise InputError(f"--host {host}: not an address of this machine") from error
    raise InputError(f"--port {port}: it and the next hundred are taken; give another")


def _first_job(board: JobBoard, library: Library, path: str | None, settings: Settings) -> None:
    """Start the set a person asked for, or the sample set in an empty workspace."""
    from core.ingest.naming import canonical, is_there
    from core.request import RunRequest, default_encoder, name_for

    if path is not None:
        source = canonical(path)
        if not is_there(source):
            raise InputError(f"{path}: no such file or folder")
        lines = {line.name: line for line in library.sets()}
        wanted = name_for(source)
        numbered = (f"{wanted[:76]} {number}" for number in itertools.count(2))
        name = next(
            name
            for name in itertools.chain([wanted], numbered)
            if name not in lines or lines[name].source in {source, ""}  # "" is a damaged record
        )
        if name in lines and not lines[name].problem:
            request = RunRequest.from_json(library.open(name).request)  # bring it up to date
        else:
            request = RunRequest(source, name, default_encoder(source), seed=settings.seed)
    elif not library.names():
        request = RunRequest("sample:digits", "digits", "pixels", seed=settings.seed)
    else:
        return
    board.submit("run", request.to_json(), f"{request.name}: {request.encoder}")


def _tend(board: JobBoard, settings: Settings) -> None:
    """Look after jobs while the server runs, also when no page is open."""
    while True:
        try:
            board.sweep()
            if settings.warm_worker:
                board.ensure_warm_worker()
        except VitrineError as error:  # a full disk passes
            logging.getLogger("vitrine").warning("%s", error)
        time.sleep(1.0)


def serve(options: argparse.Namespace, settings: Settings) -> int:
    """Serve the dashboard until interrupted."""
    from waitress import create_server as waitress_server

    from components.security import check_binding

    check_binding(settings)
    port = free_port(settings.host, settings.port)
    decode_apart()  # what crashes a video's decoder must not end the dashboard
    app = create_app(settings)
    services: Services = app.server.config["VITRINE"]
    if settings.warm_worker:
        services.jobs.ensure_warm_worker()
    _first_job(services.jobs, services.library, options.path, settings)
    threading.Thread(target=_tend, args=(services.jobs, settings), daemon=True).start()
    server = waitress_server(app.server, host=settings.host, port=port, threads=8, ident="vitrine")
    shown = f"[{settings.host}]" if ":" in settings.host else settings.host
    address = f"http://{shown}:{port}/"
    print(
        f"Vitrine is at {address} (workspace {settings.workspace_path}); Ctrl+C ends it", flush=True
    )
    if not options.no_browser:
        threading.Timer(0.5, webbrowser.open, (address,)).start()
    try:
        server.run()
    except KeyboardInterrupt:
        print("ended; running jobs go on, `jobs` lists them")
    return 0


def build_parser() -> tuple[Parser, tuple[str, ...]]:
    """Return the parser of the whole command line, and the names of its commands."""
    parser = Parser(
        prog="app.py",
        description="Look into, curate and compare sets of images. Without a command: serve.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    serving = commands.add_parser("serve", help="serve the dashboard (the default)")
    serving.add_argument("path", nargs="?", help="folder, table, idx or vector file to open")
    serving.add_argument("--workspace", help="folder Vitrine keeps everything in")
    serving.add_argument("--host", help="address to listen on")
    serving.add_argument("--port", type=int, help="port; the next free one when it is taken")
    serving.add_argument("--no-browser", action="store_true", help="do not open a browser")
    serving.add_argument("--behind-proxy", action="store_true", default=None,
                         help="an authenticating proxy is in front")  # fmt: skip
    serving.set_defaults(do=serve)
    add_commands(commands)
    return parser, tuple(commands.choices)


def main(arguments: Sequence[str] | None = None) -> int:
    """Parse the command line and run it; return the exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    parser, commands = build_parser()
    if not given or (given[0] not in commands and given[0] not in {"-h", "--help"}):
        given.insert(0, "serve")
    return perform(parser.parse_args(given))


if __name__ == "__main__":
    sys.exit(main())

"""A page with the search panel and an inspector alone, served for a browser test.

Run as `PYTHONPATH=. python tests/e2e/search_page.py WORKSPACE SET`; it prints its address. It is
a process of its own because the first Dash application of a process takes all callbacks.
"""

import sys
from pathlib import Path
from types import SimpleNamespace

import dash
from dash import Input, Output, dcc, html
from waitress import create_server

from components import inspector, search, search_routes, selection_routes, theme
from components import routes as pictures
from components.security import protect
from core.config import load_settings
from core.library import Library
from core.runner import open_workspace
from core.search import Searches
from core.selection import Selections

ROOT = Path(__file__).parents[2]
NAME = "page"


def build(workspace: str):
    """Return the application over a workspace."""
    settings = load_settings({"workspace": workspace}, {})
    store = open_workspace(settings)
    app = dash.Dash("search", assets_folder=str(ROOT / "assets"), serve_locally=True,
                    assets_ignore=r"(^|.*/)(vendor|icons)(/.*|$)|theme\.js|bootstrap.*",
                    external_stylesheets=["/assets/vendor/bootstrap.min.css"],
                    suppress_callback_exceptions=True)  # fmt: skip
    services = SimpleNamespace(settings=settings, library=Library(store),
                               selections=Selections(store), search=Searches(store, settings),
                               jobs=None)  # fmt: skip
    app.server.config["VITRINE"] = services
    for module in (pictures, selection_routes, search_routes):
        app.server.register_blueprint(module.routes)
    protect(app.server, settings, lambda: app.csp_hashes())
    return app


def layout(app, set_name: str):
    """Return the page's layout for the query in the address."""

    def made():
        services = app.server.config["VITRINE"]
        found = services.library.open(set_name)
        return html.Main(
            [
                html.H1("Search"),
                dcc.Location(id="address"),
                dcc.Store(id="chosen", data={}),
                theme.store(),
                html.Div(search.panel(found, None, NAME, "chosen"), id="slot"),
                html.Div(search.inspector_actions(NAME)),
                inspector.panel(NAME, found.name, 5),
                html.Output(id="told-query"),
                html.Output(id="told-selection"),
            ]
        )

    app.layout = made

    @app.callback(Output("slot", "children"), Input("address", "search"))
    def restore(query: str | None):
        if not query:
            return dash.no_update
        services = app.server.config["VITRINE"]
        found = services.library.open(set_name)
        kept = services.search.found(found, query.removeprefix("?query="))
        return search.panel(found, kept, NAME, "chosen")

    @app.callback(Output("told-query", "children"), Input(search.store_id(NAME), "data"))
    def tell_query(data):
        return (data or {}).get("query", "none")

    @app.callback(Output("told-selection", "children"), Input("chosen", "data"))
    def tell_selection(data):
        return str((data or {}).get("count", "none"))


if __name__ == "__main__":
    application = build(sys.argv[1])
    layout(application, sys.argv[2])
    server = create_server(application.server, host="127.0.0.1", port=0, threads=6)
    print(f"http://127.0.0.1:{server.effective_port}", flush=True)
    server.run()

"""The real app with one small page of two linked maps, run as a script by its tests."""

import sys
from pathlib import Path
from urllib.parse import parse_qsl

ROOT = Path(__file__).parents[2]


def make(root):
    """Return the app over a workspace; its page reads `beside` and `color` as Explore does."""
    from dash import Input, Output, dcc, html

    from app import create_app
    from components import link_routes, linked
    from components.beside import resolve
    from components.state import services
    from core.config import load_settings

    app = create_app(load_settings({"workspace": root, "warm_worker": False}, {}))
    if "link" not in app.server.blueprints:
        app.server.register_blueprint(link_routes.routes)

    app.layout = html.Main(
        [
            dcc.Location(id="address"),
            dcc.Store(id="selection"),
            dcc.Store(id="inspected"),
            html.Output("", id="told"),
            html.Div(id="page", style={"flex": "1", "minHeight": 0}),
        ],
        style={"display": "flex", "flexDirection": "column", "height": "100vh"},
    )

    @app.callback(Output("page", "children"), Input("address", "search"))
    def show(search):
        given = dict(parse_qsl(search.removeprefix("?")))
        found, colour = services().library.open("moths"), given.get("color", "label")
        beside = resolve(found, given["beside"], "pca")
        stores = {"selection_store": "selection", "inspect_store": "inspected"}
        return [
            linked.pair(found, "pca", beside, colour, None, **stores),
            html.Div(linked.notes(found, "pca", beside, colour)),
        ]

    @app.callback(
        Output("told", "children"), Input("selection", "data"), Input("inspected", "data")
    )
    def tell(selection, inspected):
        chosen = selection["count"] if selection else "none"
        row = inspected["row"] if inspected else "none"
        return f"selected {chosen}, inspected {row}"

    return app


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    from waitress import create_server

    server = create_server(make(sys.argv[1]).server, host="127.0.0.1", port=0, threads=4)
    print(f"http://127.0.0.1:{server.effective_port}", flush=True)
    server.run()

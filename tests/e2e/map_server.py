"""A small server of synthetic maps: the real assets, the routes' formats, nothing else."""

import html
import io
import json
import logging
import threading
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import flask
import numpy as np
from PIL import Image
from werkzeug.serving import make_server

from components.palette import palette_for
from components.scatter import attributes, part_id
from core.maps.raster import draw_map
from core.selection import bitmap, combine, rows_in_polygon

#: How Chromium is started: WebGL in software, nothing in the background.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--no-first-run",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
)

ASSETS = Path(__file__).parents[2] / "assets"
POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' blob: data:; "
    "object-src 'none'; base-uri 'none'"
)
STUB = """'use strict';
window.calls = [];
window.violations = [];
window.dash_clientside = {
  set_props(id, props) { window.calls.push({ id, props }); },
};
document.addEventListener('securitypolicyviolation', (e) => {
  window.violations.push(e.violatedDirective + ' ' + e.blockedURI);
});
"""


def blobs(n: int, seed: int = 0, groups: int = 4) -> tuple[np.ndarray, np.ndarray]:
    """Return points `(n, 2)` uint16 in round groups with some noise, and their codes uint8."""
    random = np.random.default_rng(seed)
    codes = random.integers(0, groups + 1, n).astype(np.uint8)
    turn = 2 * np.pi * codes / groups
    centres = 0.5 + 0.3 * np.stack([np.cos(turn), np.sin(turn)], axis=1)
    spread = np.where(codes == 0, 0.18, 0.05)[:, None]
    centres[codes == 0] = 0.5
    place = np.clip(centres + random.normal(0, 1, (n, 2)) * spread, 0.02, 0.98)
    return np.rint(place * 65535).astype(np.uint16), codes


def picture(row: int) -> bytes:
    """Return a PNG whose colour tells its row."""
    buffer = io.BytesIO()
    colour = (row % 256, row // 256, 200)
    Image.new("RGB", (32, 32), colour).save(buffer, "PNG")
    return buffer.getvalue()


class MapServer:
    """Serves sets of points and records what is asked.

    Attributes
    ----------
    sets
        Name → (points, {column: codes}).
    asked
        Method and path of every request but those of assets.
    posted
        Bodies sent to /api/select.
    near
        Name → neighbours `(n, k)` of each row, in whose order their distances grow.
    ranks
        Name → (rows that stand for themes, rank of each row).
    cubes
        Name → (rows, places `(m, 3)`) of maps in three dimensions.
    fail
        Paths that answer 500 with a sentence.
    """

    def __init__(self) -> None:
        self.sets: dict[str, tuple[np.ndarray, dict[str, np.ndarray]]] = {}
        self.picture = picture
        self.reset()
        self.app = self._make_app()
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self._server = make_server("127.0.0.1", 0, self.app, threaded=True)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def reset(self) -> None:
        """Forget sets, selections and what was asked."""
        self.sets.clear()
        self.asked: list[str] = []
        self.posted: list[dict] = []
        self.selections: dict[str, np.ndarray] = {}
        self.fail: set[str] = set()
        self.near: dict[str, np.ndarray] = {}
        self.ranks: dict[str, tuple[list[int], np.ndarray]] = {}
        self.cubes: dict[str, tuple[np.ndarray, np.ndarray]] = {}
        self.theme = "light"
        self.body = ""

    def add(self, name: str, xy: np.ndarray, **columns: np.ndarray) -> None:
        """Add a set; the first column is what it is coloured by at first."""
        self.sets[name] = (xy, columns)

    def attributes(self, name: str, **changes: str) -> dict[str, str]:
        """Return the host's attributes for a set, with changes by name ("data-labels" …)."""
        xy, columns = self.sets[name]
        by = next(iter(columns))
        colouring = SimpleNamespace(by=by, kind="category", entries=(), low=None, high=None)
        made = attributes(
            set_name=name, imageset_key=name, projection_key=name, n=len(xy), colouring=colouring
        )
        stores = {
            "data-selection-store": json.dumps(part_id(name, "selection"), sort_keys=True),
            "data-inspect-store": "inspect",
        }
        return {**made, **stores, **changes}

    def show(self, *names: str, **changes: str) -> None:
        """Make the page show these sets' maps."""
        hosts = []
        for name in names:
            given = self.attributes(name, **changes).items()
            text = " ".join(f'{key}="{html.escape(value)}"' for key, value in given)
            hosts.append(f'<div class="slot"><div class="vt-map" tabindex="0" {text}></div></div>')
        self.body = "\n".join(hosts)

    @contextmanager
    def running(self):
        """Serve in a thread."""
        thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            thread.join()
            self._server.server_close()

    def _page(self) -> str:
        sheets = ["vendor/bootstrap.min.css", "app.css", "map.css", "map_cube.css"]
        styles = "".join(
            f'<link rel="stylesheet" href="/assets/{s}">' for s in sheets if (ASSETS / s).exists()
        )
        names = sorted(p.name for p in ASSETS.glob("map*.js"))
        scripts = "".join(f'<script src="/assets/{name}"></script>' for name in names)
        return (
            f'<!doctype html><html lang="en" data-bs-theme="{self.theme}"><head><title>Map</title>'
            '<meta name="viewport" content="width=device-width, initial-scale=1">'
            '<link rel="icon" href="data:,">'
            f"<style>body{{margin:0}}.slot{{height:100vh}}</style>{styles}</head>"
            f'<body><main>{self.body}</main><script src="/stub.js"></script>{scripts}</body></html>'
        )

    def _make_app(self) -> flask.Flask:
        app = flask.Flask(__name__, static_folder=None)
        routes = {
            "/": self._page,
            "/stub.js": lambda: flask.Response(STUB, mimetype="text/javascript"),
            "/assets/<path:name>": lambda name: flask.send_from_directory(ASSETS, name),
            "/map/<name>/points": self._points,
            "/map/<name>/colour": self._colour,
            "/map/<name>/rank": self._rank,
            "/map/<name>/near/<int:row>": self._near,
            "/map/<name>/cube": self._cube,
            "/map/<name>/raster.png": self._raster,
            "/thumb/<name>/<int:row>": self._thumb,
            "/api/selection/<key>/mask": self._mask,
        }
        for rule, act in routes.items():
            app.add_url_rule(rule, rule, act)
        app.add_url_rule("/api/select", "select", self._select, methods=["POST"])
        app.before_request(self._note)
        app.after_request(self._protect)
        return app

    def _note(self):
        path = flask.request.path
        if not path.startswith(("/assets/", "/stub.js")):
            self.asked.append(f"{flask.request.method} {path}")
        if path in self.fail:
            return {"error": "the disk is full."}, 500
        return None

    def _protect(self, response: flask.Response) -> flask.Response:
        response.headers["Content-Security-Policy"] = POLICY
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    def _points(self, name: str) -> flask.Response:
        xy = self.sets[name][0]
        head = np.array([len(xy), 0], "<u4").tobytes()
        return _binary(head + xy[:, 0].astype("<u2").tobytes() + xy[:, 1].astype("<u2").tobytes())

    def _colour(self, name: str) -> flask.Response:
        return _binary(self.sets[name][1][flask.request.args["by"]].tobytes())

    def _rank(self, name: str) -> flask.Response:
        nothing = ([], np.zeros(len(self.sets[name][0]), np.uint8))
        exemplars, ranks = self.ranks.get(name, nothing)
        return _binary(np.array([len(exemplars), *exemplars], "<u4").tobytes() + ranks.tobytes())

    def _near(self, name: str, row: int) -> dict:
        rows = self.near[name][row].tolist() if name in self.near else []
        return {"rows": rows, "distances": [0.1 * (i + 1) for i in range(len(rows))]}

    def _cube(self, name: str) -> flask.Response:
        rows, places = self.cubes[name]
        head = np.array([len(rows), len(self.sets[name][0]), *rows], "<u4").tobytes()
        return _binary(head + places.T.astype("<u2").tobytes())

    def _raster(self, name: str) -> flask.Response:
        given = flask.request.args
        xy, columns = self.sets[given["set"]]
        dark = given["dark"] == "1"
        mask = None
        if given["selection"]:
            mask = np.isin(np.arange(len(xy)), self.selections[given["selection"]])
        view = tuple(float(v) for v in given["view"].split(","))
        made = draw_map(
            xy, columns[given["by"]], palette_for("category", dark=dark), view=view,
            size=(int(given["w"]), int(given["h"])), dark=dark, mask=mask,
        )  # fmt: skip
        buffer = io.BytesIO()
        made.save(buffer, "PNG")
        return flask.Response(buffer.getvalue(), mimetype="image/png")

    def _thumb(self, name: str, row: int) -> flask.Response:
        response = flask.Response(self.picture(row), mimetype="image/png")
        response.headers["Cache-Control"] = "private, max-age=31536000, immutable"
        return response

    def _select(self):
        body = flask.request.get_json()
        self.posted.append(body)
        xy = self.sets[body["set"]][0]
        base = self.selections[body["base"]] if body["base"] else None
        rows = combine(rows_in_polygon(xy, body["polygon"]), base, body["mode"])
        key = f"s{len(self.posted)}"
        self.selections[key] = rows
        return {"selection": key, "count": len(rows), "total": len(xy)}

    def _mask(self, key: str) -> flask.Response:
        total = len(next(iter(self.sets.values()))[0])
        return _binary(bitmap(self.selections[key], total))


def _binary(data: bytes) -> flask.Response:
    return flask.Response(data, mimetype="application/octet-stream")

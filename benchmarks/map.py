"""How fast the map is in a browser, beside plotly's scattergl: `python -m benchmarks.map`.

Synthetic points in 30 groups, headless Chromium with software WebGL, everything local. Each
figure is the median of the repetitions. Ratios count; absolute figures belong to the machine.

- first paint: from the arrival of the points to a picture of them on the screen
- frame p95: 95th percentile of the time between frames while panning and zooming without pause
- lasso: from letting go to the highlighted selection on the screen
- first page: from letting go to the first page of the selection in the gallery, in the real app
- hover: from the pointer's move to the thumbnail on the screen
- colour: from another colouring's address to its picture on the screen
- all drawn: from rest to the complete picture
"""

import argparse
import json
import shutil
import statistics
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import flask
import numpy as np
from playwright.sync_api import Page, sync_playwright
from plotly.offline import get_plotlyjs
from werkzeug.serving import make_server

from benchmarks.map_page import app, first_page
from tests.e2e.map_server import ARGUMENTS, MapServer, blobs
from tests.e2e.synthetic import make_set

SIZE = {"width": 1200, "height": 800}

#: Move without pause for a while; return the times between frames.
MOVE = """async (act, frames) => {
  const gaps = []; let last = performance.now();
  for (let i = 0; i < frames; i++) {
    act(i);
    await new Promise((r) => requestAnimationFrame(() => setTimeout(r, 0)));
    if (window.finish) window.finish();
    const now = performance.now(); gaps.push(now - last); last = now;
  }
  gaps.sort((a, b) => a - b);
  return gaps[Math.floor(gaps.length * 0.95)];
}"""

#: Note when the first points are on the screen.
WATCH = """document.addEventListener('DOMContentLoaded', () => {
  const look = () => {
    const host = document.querySelector('.vt-map');
    if (!host) return;
    if (!(Number(host.dataset.drawn) > 0)) { requestAnimationFrame(look); return; }
    host.vitrineMap.finish();
    window.painted = performance.now();
  };
  look();
});"""

PAN_ZOOM = """(i) => {
  const stage = document.querySelector('.vt-map-stage');
  const at = { clientX: 600, clientY: 400, bubbles: true, cancelable: true, pointerId: 1 };
  stage.dispatchEvent(new WheelEvent('wheel', { ...at, deltaY: i % 20 < 10 ? -40 : 40 }));
}"""


def own_layer(page: Page, server: MapServer, n: int) -> dict[str, float]:
    """Return the times of our map, in milliseconds."""
    xy, codes = blobs(n, seed=n, groups=30)
    server.reset()
    server.add("bench", xy, label=codes, other=np.roll(codes, 1))
    server.show("bench")
    page.add_init_script(WATCH)
    page.goto(server.url)
    page.locator(".vt-map[data-state=ready]").wait_for(timeout=120_000)
    host = "document.querySelector('.vt-map').vitrineMap"
    page.evaluate(f"() => {{ window.finish = () => {host}.finish(); }}")
    page.evaluate(f"() => {host}.settled()")
    found = {"first paint": page.evaluate(f"() => window.painted - {host}.stats.arrived")}
    found["frame p95"] = page.evaluate(f"() => ({MOVE})({PAN_ZOOM}, 120)")
    found["all drawn"] = page.evaluate(
        f"async () => {{ const t = performance.now(); await {host}.settled(); {host}.finish();"
        " return performance.now() - t; }"
    )
    found["lasso"] = page.evaluate(
        f"""async () => {{
          const corners = []; for (let i = 0; i < 120; i++) {{
            const t = i / 120 * 2 * Math.PI;
            corners.push([600 + 260 * Math.cos(t), 400 + 260 * Math.sin(t)]);
          }}
          const began = performance.now();
          const frames = {host}.stats.frames;
          await {host}.select(corners);
          while (!{host}.stats.mask || {host}.stats.frames === frames) {{
            await new Promise((r) => requestAnimationFrame(r));
          }}
          {host}.finish();
          return performance.now() - began;
        }}"""
    )
    page.evaluate(f"() => {host}.settled()")
    found["hover"] = hover(page, host)
    found["colour"] = page.evaluate(
        f"""async () => {{
          const began = performance.now();
          const before = {host}.stats.colour;
          const frames = {host}.stats.frames;
          document.querySelector('.vt-map').dataset.colour =
            '/map/bench/colour?set=bench&by=other';
          while ({host}.stats.colour === before || {host}.stats.frames === frames) {{
            await new Promise((r) => requestAnimationFrame(r));
          }}
          {host}.finish();
          return performance.now() - began;
        }}"""
    )
    return found


def hover(page: Page, host: str) -> float:
    """Return how long a thumbnail takes to appear beside the pointer."""
    return page.evaluate(
        f"""async () => {{
          const stage = document.querySelector('.vt-map-stage');
          const times = [];
          for (let row = 0; row < 9; row++) {{
            const [x, y] = {host}.project(row);
            const began = performance.now();
            stage.dispatchEvent(new PointerEvent('pointermove',
              {{ clientX: x, clientY: y, pointerId: 1, pointerType: 'mouse', bubbles: true }}));
            const shown = () => stage.querySelector('.vt-map-tooltip:not([hidden]) img');
            const before = shown();
            while (!shown() || shown() === before) await new Promise((r) => setTimeout(r, 1));
            times.push(performance.now() - began);
          }}
          times.sort((a, b) => a - b);
          return times[4];
        }}"""
    )


PLOTLY_PAGE = """<!doctype html><title>plotly</title><link rel="icon" href="data:,">
<body style="margin:0"><div id="chart" style="width:1200px;height:800px"></div>
<script src="/plotly.js"></script></body>"""


@contextmanager
def plotly_server(n: int):
    """Serve a page with plotly and the same points as JSON-free binary."""
    xy, codes = blobs(n, seed=n, groups=30)
    app = flask.Flask("plotly", static_folder=None)
    app.add_url_rule("/", "page", lambda: PLOTLY_PAGE)
    script = get_plotlyjs()
    app.add_url_rule("/plotly.js", "js", lambda: flask.Response(script, mimetype="text/javascript"))
    data = xy[:, 0].astype("<u2").tobytes() + xy[:, 1].astype("<u2").tobytes() + codes.tobytes()
    app.add_url_rule("/points", "points", lambda: flask.Response(data))
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def scattergl(page: Page, n: int) -> dict[str, float]:
    """Return the times of plotly's scattergl with the same points, in milliseconds."""
    found: dict[str, float] = {}
    with plotly_server(n) as url:
        page.goto(url)
        page.evaluate("() => { window.finish = undefined; }")
        found["first paint"] = page.evaluate(
            f"""async () => {{
              const n = {n};
              const bytes = await (await fetch('/points')).arrayBuffer();
              const began = performance.now();
              const x = new Uint16Array(bytes, 0, n), y = new Uint16Array(bytes, 2 * n, n);
              const color = Array.from(new Uint8Array(bytes, 4 * n, n));
              const marker = {{ color, size: 3, colorscale: 'Viridis' }};
              await Plotly.newPlot('chart', [{{ type: 'scattergl', mode: 'markers',
                x: Float32Array.from(x), y: Float32Array.from(y), marker }}],
                {{ dragmode: 'lasso', margin: {{ l: 0, r: 0, t: 0, b: 0 }} }});
              await new Promise((r) => requestAnimationFrame(() => setTimeout(r, 0)));
              window.finish = () => {{
                const gl = document.querySelector('.gl-canvas-context').getContext('webgl');
                gl.readPixels(0, 0, 1, 1, gl.RGBA, gl.UNSIGNED_BYTE, new Uint8Array(4));
              }};
              window.finish();
              return performance.now() - began;
            }}"""
        )
        move = """(i) => { const k = 1 - 0.03 * (i % 20 < 10 ? i % 20 : 20 - i % 20);
          window.moving = Plotly.relayout('chart', { 'xaxis.range': [32768 * (1 - k),
          32768 * (1 + k)], 'yaxis.range': [32768 * (1 - k), 32768 * (1 + k)] }); }"""
        found["frame p95"] = page.evaluate(f"() => ({MOVE})({move}, 30)")
        found["lasso"] = plotly_lasso(page)
    return found


def plotly_lasso(page: Page) -> float:
    """Return how long plotly takes from the lasso's end to its selection event and picture."""
    page.evaluate(
        """() => { window.done = new Promise((resolve) => document.getElementById('chart')
          .on('plotly_selected', () => requestAnimationFrame(() => {
            window.finish(); resolve(performance.now()); }))); }"""
    )
    turn = np.linspace(0, 2 * np.pi, 24)
    path = [(600 + 260 * np.cos(t), 400 + 260 * np.sin(t)) for t in turn]
    page.mouse.move(*path[0])
    page.mouse.down()
    for x, y in path[1:]:
        page.mouse.move(x, y)
    page.evaluate(
        "() => document.addEventListener('mouseup', () => { window.up = performance.now(); }, true)"
    )
    page.mouse.up()
    return page.evaluate("async () => (await window.done) - window.up")


def measure(repeats: int, sizes: list[int]) -> dict[str, dict[str, float]]:
    """Return the median times by contender and size."""
    runs: dict[str, list[dict[str, float]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        for n in sizes:
            make_set(Path(folder), f"bench-{n}", n)
        with app(Path(folder)) as site:
            measure_in(runs, repeats, sizes, site)
    return {
        name: {key: statistics.median(run[key] for run in found) for key in found[0]}
        for name, found in runs.items()
    }


def measure_in(
    runs: dict[str, list[dict[str, float]]], repeats: int, sizes: list[int], site: str
) -> None:
    """Add the times of every repetition to `runs`, the contenders in turn."""

    def ours(page: Page, n: int) -> dict[str, float]:
        found = own_layer(page, server, n)
        return {**found, "first page": first_page(page, site, f"bench-{n}")}

    with MapServer().running() as server, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(ARGUMENTS)
        )
        contenders: list[tuple[str, Any]] = [
            (f"map {n:,}", lambda page, n=n: ours(page, n)) for n in sizes
        ]
        contenders.append(("plotly 100,000", lambda page: scattergl(page, 100_000)))
        for _ in range(repeats):
            for name, run in contenders:
                context = browser.new_context(viewport=SIZE)
                page = context.new_page()
                page.set_default_timeout(180_000)
                runs.setdefault(name, []).append(run(page))
                context.close()
        browser.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--sizes", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    given = parser.parse_args()
    began = time.perf_counter()
    found = measure(given.repeats, given.sizes)
    if given.json:
        print(json.dumps(found))
        return
    keys = ["first paint", "frame p95", "all drawn", "lasso", "first page", "hover", "colour"]
    print(f"{'milliseconds':<18}" + "".join(f"{key:>13}" for key in keys))
    for name, times in found.items():
        cells = (f"{times[key]:13.0f}" if key in times else f"{'–':>13}" for key in keys)
        print(f"{name:<18}" + "".join(cells))
    ours, theirs = found.get("map 100,000"), found["plotly 100,000"]
    if ours:
        ratios = ", ".join(f"{key} {theirs[key] / ours[key]:.1f} x" for key in theirs)
        print(f"plotly scattergl / map at 100,000 points: {ratios}")
    print(f"{given.repeats} repetitions, {time.perf_counter() - began:.0f} s")


if __name__ == "__main__":
    main()

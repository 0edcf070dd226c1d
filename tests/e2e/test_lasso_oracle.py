"""The lasso against an independent point-in-polygon over all points of a million-point map.

A hundred random lassos are drawn on the screen at random zooms and places, thinned by the map's
own script, and posted as the browser posts them. Shapely decides what lies inside what was posted;
points exactly on an edge, where even-odd rules may differ, do not occur (asserted by the equality).
"""

import os

import numpy as np
import pytest
import shapely

from app import create_app
from core.config import load_settings
from core.library import Library
from core.storage.store import Workspace
from tests.e2e.map_server import ASSETS
from tests.e2e.synthetic import make_set
from tests.e2e.visiting import served, visitor

pytestmark = pytest.mark.browser
if os.environ.get("CI") != "true":
    pytest.importorskip("playwright.sync_api")

N = 1_000_000
SPAN = 65535
WIDTH, HEIGHT = 900, 640
KINDS = ("convex", "concave", "touching", "crossing", "tiny", "huge", "scribble", "box")

#: Sets up a camera, puts it at each view, and does to each gesture what the map does to it.
POSTED = """([bounds, gestures]) => {
  const M = window.Vitrine.map;
  const camera = new M.Camera();
  camera.resize(900, 640, 48);
  camera.setBounds(bounds);
  return gestures.map(({ view, path }) => {
    camera.view = view;
    return M.simplify(path).map(([x, y]) => camera.toMap(x, y));
  });
}"""

NO_WEBGL = """HTMLCanvasElement.prototype.getContext = ((real) => function (kind, ...rest) {
  return kind === 'webgl2' ? null : real.call(this, kind, ...rest);
})(HTMLCanvasElement.prototype.getContext);"""

#: Never complete the picture: only the sample that is drawn while moving stays on the screen.
ONLY_SAMPLE = """window.setTimeout = ((real) => (act, ms, ...rest) =>
  ms === 160 ? 0 : real(act, ms, ...rest))(window.setTimeout);"""


@pytest.fixture(scope="module")
def big(tmp_path_factory):
    """A workspace with a million-point set, and its points as the browser has them."""
    root = tmp_path_factory.mktemp("big") / "ws"
    make_set(root, "million", N)
    opened = Library(Workspace(root)).open("million")
    return root, opened, opened.points("umap")


def gesture(random, kind):
    """A path on the screen, as a hand draws it."""
    corners = int(random.integers(3, 260))
    turn = np.sort(random.uniform(0, 2 * np.pi, corners))
    centre = random.uniform([100, 80], [WIDTH - 100, HEIGHT - 80])
    reach = {"tiny": 3.0, "huge": 900.0}.get(kind, random.uniform(30, 330))
    if kind == "box":
        (x0, y0), (x1, y1) = centre, centre + random.uniform(20, 300, 2)
        return [[x0, y0], [x1, y0], [x1, y1], [x0, y1]]
    if kind == "scribble":
        return (centre + np.cumsum(random.normal(0, 25, (corners, 2)), axis=0)).tolist()
    radius = np.full(corners, reach)
    if kind in {"concave", "huge"}:
        radius = reach * random.uniform(0.25, 1.0, corners)
    path = centre + np.column_stack([np.cos(turn), np.sin(turn)]) * radius[:, None]
    if kind == "touching":  # comes back to where it has been, and goes on
        path = np.vstack([path, path[:1], path[:1] + random.uniform(-90, 90, (4, 2))])
    if kind == "crossing":  # a figure of eight, drawn twice around
        twice = np.linspace(0, 4 * np.pi, 90)
        path = centre + reach * np.column_stack([np.sin(twice), np.sin(2.5 * twice) / 2])
    return path.tolist()


def gestures(count, seed=0):
    random = np.random.default_rng(seed)
    return [
        {"view": {"x": random.uniform(0.2, 0.8), "y": random.uniform(0.2, 0.8),
                  "zoom": float(np.exp(random.uniform(-0.6, 4)))},
         "path": gesture(random, KINDS[i % len(KINDS)])}
        for i in range(count)
    ]  # fmt: skip


def inside(polygon, points):
    """Rows inside a polygon by the even-odd rule, by shapely."""
    ring = np.array(polygon) * SPAN
    shape = shapely.make_valid(shapely.Polygon(ring), method="linework")  # even-odd
    (x0, y0), (x1, y1) = ring.min(axis=0), ring.max(axis=0)
    x, y = points.T
    near = np.flatnonzero((x >= x0) & (x <= x1) & (y >= y0) & (y <= y1))
    shapely.prepare(shape)
    return near[shapely.contains_xy(shape, points[near].astype(float))]


def rows_of(client, selection):
    mask = client.get(f"/api/selection/{selection}/mask").data
    return np.flatnonzero(np.unpackbits(np.frombuffer(mask, np.uint8), bitorder="little"))


def as_posted(browser, points, drawn):
    """The polygons that the map's own script makes of gestures."""
    bounds = [*(points.min(axis=0) / SPAN), *(points.max(axis=0) / SPAN)]
    page = browser.new_page()
    page.goto("about:blank")
    page.evaluate("() => { window.Vitrine = { map: {} }; }")
    for name in ("map_camera.js", "map_geometry.js"):
        page.add_script_tag(path=ASSETS / name)
    found = page.evaluate(POSTED, [bounds, drawn])
    page.close()
    return found


def test_a_hundred_random_lassos_select_what_shapely_finds(browser, big):
    root, opened, points = big
    drawn = gestures(100)
    polygons = as_posted(browser, points, drawn)
    assert max(len(p) for p in polygons) == 64, "long gestures are thinned"
    settings = load_settings({"workspace": str(root), "warm_worker": False}, {})
    client = create_app(settings).server.test_client()
    sizes, wild = [], 0
    for number, polygon in enumerate(polygons):
        body = {"set": "million", "projection": opened.projections["umap"], "polygon": polygon}
        done = client.post("/api/select", json=body).json
        expected = inside(polygon, points)
        np.testing.assert_array_equal(rows_of(client, done["selection"]), expected, f"{number}")
        assert (done["count"], done["total"]) == (len(expected), N)
        sizes.append(len(expected))
        wild += not shapely.Polygon(polygon).is_valid
    assert min(sizes) < 50
    assert max(sizes) > N / 2
    assert np.median(sizes) > 1000
    assert wild >= 15, "some cross themselves"


def lasso_by_hand(page, corners):
    box = page.locator(".vt-map-stage").bounding_box()
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in corners]
    page.locator(".vt-map").focus()
    page.keyboard.press("l")
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in [*places[1:], places[0]]:
        page.mouse.move(*place, steps=5)
    with page.expect_response(lambda r: r.url.endswith("/api/select")) as answer:
        page.mouse.up()
    page.locator(".vt-map").focus()
    page.keyboard.press("l")
    return answer.value.request.post_data_json, answer.value.json()


#: Corners as shares of the map's width and height, and the view they are drawn in.
BY_HAND = (
    (1, [(0.3, 0.2), (0.8, 0.3), (0.7, 0.8), (0.25, 0.7)]),
    (3, [(0.3, 0.3), (0.7, 0.7), (0.7, 0.3), (0.3, 0.7)]),
    (12, [(0.4, 0.2), (0.6, 0.3), (0.5, 0.5), (0.7, 0.8), (0.2, 0.6)]),
)


def draw_by_hand(browser, site, points, webgl):
    """Draw the lassos; return what was posted and the ids that came back, checked one by one."""
    found = []
    with visitor(browser) as page:
        page.set_default_timeout(60_000)
        page.add_init_script(ONLY_SAMPLE if webgl else NO_WEBGL)
        page.goto(f"{site}/explore?set=million")
        page.locator(f".vt-map[data-state={'ready' if webgl else 'raster'}]").wait_for()
        if webgl:
            page.locator(".vt-map[data-drawn='120000']").wait_for()
            status = page.locator(".vt-map-status").inner_text()
            assert "120,000 of 1,000,000 drawn" in status
        else:
            assert page.locator(".vt-map canvas").count() == 0
        for zoom, corners in BY_HAND:
            page.locator(".vt-map").evaluate(
                "(h, zoom) => { h.vitrineMap.view = { x: 0.62, y: 0.5, zoom }; }", zoom
            )
            sent, answer = lasso_by_hand(page, corners)
            expected = inside(sent["polygon"], points)
            assert len(expected) > 100
            mask = page.request.get(f"{site}/api/selection/{answer['selection']}/mask").body()
            bits = np.unpackbits(np.frombuffer(mask, np.uint8), bitorder="little")
            np.testing.assert_array_equal(np.flatnonzero(bits), expected)
            found.append((np.array(sent["polygon"]), answer["selection"]))
    return found


@pytest.mark.slow
def test_by_hand_a_lasso_holds_the_same_where_a_sample_or_a_raster_is_drawn(browser, big):
    root, _, points = big
    with served(root) as site:
        ways = [draw_by_hand(browser, site, points, webgl) for webgl in (True, False)]
    for (polygon, selection), (same, also) in zip(*ways, strict=True):
        np.testing.assert_allclose(polygon, same, atol=1e-12)
        assert selection == also

"""Maps in three dimensions, by what is on the screen and what is sent: assets/map_cube*.js."""

import json
import os

import numpy as np
import pytest

from components.palette import category_palette, ground, rgb
from components.scatter import part_id
from tests.e2e.map_server import MapServer
from tests.e2e.test_map_layer import MAP, Screen, apart, near, touch

pytestmark = pytest.mark.browser
if os.environ.get("CI") != "true":
    pytest.importorskip("playwright.sync_api")

LIGHT = category_palette()
TOTAL = 400


@pytest.fixture(scope="module")
def running():
    with MapServer().running() as server:
        yield server


@pytest.fixture
def server(running):
    running.reset()
    return running


@pytest.fixture
def deep(server):
    """A map of 400 points of which 120, spread over a cube, are drawn."""
    random = np.random.default_rng(6)
    rows = np.sort(random.permutation(TOTAL)[:120])
    places = random.integers(4000, 61_000, (120, 3)).astype(np.uint16)
    codes = (np.arange(TOTAL) % 5).astype(np.uint8)
    flat = np.zeros((TOTAL, 2), np.uint16)
    server.add("deep", flat, label=codes, other=((codes + 1) % 5).astype(np.uint8))
    server.cubes["deep"] = (rows, places)
    server.show("deep", **{"data-dims": "3"})
    return rows, places, codes


@pytest.fixture
def make(browser, server):
    """Open pages that hold no surprises at their end."""
    made = []

    def screen(**options):
        settings = {"viewport": {"width": 800, "height": 640}, "reduced_motion": "reduce"}
        context = browser.new_context(**{**settings, **options})
        made.append((context, Screen(context.new_page(), server)))
        return made[-1][1]

    yield screen
    for context, opened in made:
        opened.check()
        context.close()


@pytest.fixture
def screen(make):
    return make()


def lone(screen, rows, distance=16):
    """Places of the drawn rows that stand alone: {row: [x, y]}."""
    places = screen.project(rows)
    return {int(rows[i]): places[i] for i in apart(places, distance)}


def faded(seen, code):
    """Whether a colour lies between a category's and the ground's, by distance from the eye."""
    plain, far = np.array(rgb(LIGHT[code])), np.array(rgb(ground()))
    way = far - plain
    share = np.dot(np.array(seen) - plain, way) / np.dot(way, way)
    return -0.02 <= share <= 0.58 and near(seen, plain + share * way, 10)


def test_points_are_drawn_in_their_colours_where_the_map_says_they_are(screen, deep):
    rows, _, codes = deep
    screen.open()
    alone = lone(screen, rows)
    assert len(alone) > 15
    for (row, _), seen in zip(alone.items(), screen.colours_at(alone.values()), strict=True):
        assert faded(seen, codes[row]), f"row {row}"


def test_it_says_that_it_is_a_sample(screen, deep):
    screen.open()
    status = screen.page.locator(".vt-map-status").inner_text()
    assert status == "3-D · 120 of 400 drawn, evenly"
    assert screen.js("m => [m.drawn, m.total]") == [120, 400]
    assert screen.js("m => m.rows") == deep[0].tolist()
    absent = min(set(range(TOTAL)) - set(deep[0].tolist()))
    assert screen.js("(m, row) => m.project(row)", absent) is None


def test_turning_keeps_distances_and_moves_the_front_along(screen, server):
    corners = np.array([[0, 0, 65535], [65535, 0, 65535], [0, 65535, 0], [32768] * 3], np.uint16)
    server.add("box", np.zeros((4, 2), np.uint16), label=np.ones(4, np.uint8))
    server.cubes["box"] = (np.arange(4), corners)
    server.show("box", **{"data-dims": "3", "data-thumbs": ""})
    screen.open()
    screen.js("m => { m.view = { azimuth: 0, elevation: 0, zoom: 1 }; }")
    left, right, back, middle = screen.project(range(4))
    assert middle == pytest.approx([400, 320], abs=0.1)
    assert left[0] < 400 < right[0]
    assert left[1] > 320 > back[1], "up is up"
    assert abs(back[0] - 400) < abs(left[0] - 400), "what is far is smaller"
    screen.drag([(400, 320), (440, 320)])
    assert screen.project([0])[0][0] > left[0], "the front follows the pointer"
    screen.js("m => { m.view = { azimuth: Math.PI, elevation: 0, zoom: 1 }; }")
    assert screen.project([0])[0][0] > 400
    screen.drag([(400, 320), (400, 360)])
    assert screen.js("m => m.view.elevation") == pytest.approx(40 * 0.008)


def test_keys_buttons_and_wheel_change_the_view(screen, deep):
    screen.open()
    start = screen.js("m => m.view")
    screen.press("ArrowRight")
    assert screen.js("m => m.view.azimuth") > start["azimuth"]
    screen.press("ArrowDown")
    assert screen.js("m => m.view.elevation") > start["elevation"]
    screen.press("+")
    assert screen.js("m => m.view.zoom") > 1
    screen.press("0")
    assert screen.js("m => m.view") == start
    screen.page.mouse.move(400, 300)
    screen.page.mouse.wheel(0, -120)
    screen.settle()
    assert screen.js("m => m.view.zoom") > 1
    screen.button("Show the map as at first").click()
    assert screen.js("m => m.view") == start
    screen.js("m => { m.view = { azimuth: 9, elevation: 99, zoom: 1e9 }; }")
    view = screen.js("m => m.view")
    assert view["elevation"] < np.pi / 2
    assert view["zoom"] == 40


def test_hovering_shows_the_picture_and_a_click_the_item(screen, deep):
    screen.open()
    row, place = next(iter(lone(screen, deep[0], 25).items()))
    screen.page.mouse.move(*place, steps=2)
    screen.page.locator(f".vt-map-tooltip img[src='/thumb/deep/{row}']").wait_for()
    screen.page.mouse.click(*place)
    assert screen.calls() == [{"id": "inspect", "props": {"data": {"row": row}}}]
    screen.page.mouse.move(3, 636)
    screen.page.locator(".vt-map-tooltip").wait_for(state="hidden")


def test_of_two_points_at_one_place_the_nearer_is_found(screen, server):
    places = np.array([[32768, 32768, 9000], [32768, 32768, 60000], [0, 0, 0]], np.uint16)
    server.add("two", np.zeros((3, 2), np.uint16), label=np.array([1, 2, 3], np.uint8))
    server.cubes["two"] = (np.arange(3), places)
    server.show("two", **{"data-dims": "3", "data-thumbs": ""})
    screen.open()
    for azimuth, front in ((0, 1), (np.pi, 0)):
        screen.js("(m, azimuth) => { m.view = { azimuth, elevation: 0, zoom: 1 }; }", azimuth)
        screen.settle()
        x, y = screen.project([front])[0]
        assert screen.js("(m, x, y) => m.pick(x, y)", x, y) == front
        assert faded(screen.colours_at([(x, y)])[0], front + 1)


def test_a_selection_dims_the_others_and_escape_clears_it(screen, server, deep):
    rows, _, codes = deep
    server.selections["given"] = np.flatnonzero(codes == 2)
    screen.open()
    screen.set("data-base", "given")
    screen.set("data-mask", "/api/selection/given/mask")
    assert "· 80 selected" in screen.page.locator(".vt-map-status").inner_text()
    alone = lone(screen, rows)
    dim = np.array(rgb("#e3e5e6"))
    kinds = set()
    for (row, _), seen in zip(alone.items(), screen.colours_at(alone.values()), strict=True):
        selected = codes[row] == 2
        kinds.add(selected)
        if selected:
            assert faded(seen, 2), f"row {row}"
        else:
            assert np.abs(np.array(seen) - dim).max() < 60, f"row {row}"
    assert kinds == {True, False}
    screen.press("Escape")
    cleared = {"id": part_id("deep", "selection"), "props": {"data": None}}
    assert screen.calls() == [cleared]
    assert "selected" not in screen.page.locator(".vt-map-status").inner_text()


def test_other_colours_are_asked_for_without_the_points(screen, server, deep):
    rows, _, codes = deep
    screen.open()
    server.asked.clear()
    screen.set("data-colour", "/map/deep/colour?set=deep&by=other")
    assert server.asked == ["GET /map/deep/colour"]
    alone = lone(screen, rows)
    for (row, _), seen in zip(alone.items(), screen.colours_at(alone.values()), strict=True):
        assert faded(seen, (codes[row] + 1) % 5)


def test_nothing_can_be_lassoed(screen, server, deep):
    screen.open()
    screen.drag([(200, 200), (500, 200), (500, 500), (200, 500)], keys=["Shift"])
    screen.press("l")
    assert server.posted == []
    assert screen.page.get_by_role("button", name="Lasso").count() == 0


def test_it_turns_by_itself_at_first_then_rests_and_never_where_motion_is_reduced(make, deep):
    still = make().open()
    assert still.button("Turn").get_attribute("aria-pressed") == "false"
    first = still.js("m => m.view.azimuth")
    moving = make(reduced_motion="no-preference")
    moving.page.goto(moving.server.url)
    moving.page.wait_for_function(
        f"a => document.querySelector('{MAP}').vitrineMap?.view.azimuth > a + 0.05", arg=first
    )
    moving.page.locator("button[data-action=turn][aria-pressed=false]").wait_for()
    rested = moving.js("m => m.view.azimuth")
    moving.settle()
    assert moving.js("m => m.view.azimuth") == rested
    moving.page.locator(MAP).press("t")
    moving.page.wait_for_function(
        f"a => document.querySelector('{MAP}').vitrineMap.view.azimuth > a + 0.05", arg=rested
    )
    moving.page.locator(MAP).press("ArrowUp")
    assert moving.button("Turn").get_attribute("aria-pressed") == "false"


def test_fingers_turn_zoom_and_show(make, deep):
    screen = make(has_touch=True).open()
    fingers = screen.page.context.new_cdp_session(screen.page)
    start = screen.js("m => m.view")
    touch(fingers, "touchStart", (300, 300))
    for step in range(1, 6):
        touch(fingers, "touchMove", (300 + 16 * step, 300))
    touch(fingers, "touchEnd")
    screen.settle()
    assert screen.js("m => m.view.azimuth") - start["azimuth"] == pytest.approx(0.64, abs=0.15)
    touch(fingers, "touchStart", (300, 300), (400, 300))
    for step in range(1, 6):
        touch(fingers, "touchMove", (300 - 20 * step, 300), (400 + 20 * step, 300))
    touch(fingers, "touchEnd")
    screen.settle()
    assert screen.js("m => m.view.zoom") == pytest.approx(3, rel=0.2)


def test_one_host_changes_from_two_dimensions_to_three_and_back(screen, server, deep):
    rows, _, codes = deep
    random = np.random.default_rng(1)
    server.add("deep", random.integers(0, 65536, (TOTAL, 2)).astype(np.uint16), label=codes)
    server.show("deep")
    screen.open()
    assert screen.js("m => m.drawn") == TOTAL
    for dims, drawn in (("3", len(rows)), ("2", TOTAL), ("3", len(rows))):
        screen.page.locator(MAP).evaluate("(h, d) => h.setAttribute('data-dims', d)", dims)
        screen.page.wait_for_function(f"n => document.querySelector('{MAP}').vitrineMap.drawn === n", arg=drawn)  # fmt: skip  # noqa: E501
        screen.settle()
        assert screen.page.locator(f"{MAP} canvas").count() == 1
        assert screen.page.locator(".vt-map-tools").count() == 1


def test_without_webgl_a_sentence_and_the_way_to_a_flat_map(screen, server, deep):
    server.show("deep", **{"data-dims": "3", "data-flat": "/explore?set=deep&map=umap"})
    screen.page.add_init_script(
        "HTMLCanvasElement.prototype.getContext = ((real) => function (kind, ...rest) {"
        "return kind === 'webgl2' ? null : real.call(this, kind, ...rest); })"
        "(HTMLCanvasElement.prototype.getContext)"
    )
    screen.page.goto(server.url)
    screen.page.locator(f"{MAP}[data-state=flat]").wait_for()
    assert "needs WebGL2" in screen.message()
    way = screen.page.get_by_role("link", name="two dimensions")
    assert way.get_attribute("href") == "/explore?set=deep&map=umap"
    assert not screen.asked("/cube")


def test_points_that_cannot_be_read_give_a_reason_and_a_way_on(screen, server, deep):
    server.fail.add("/map/deep/cube")
    screen.expected = ("500",)
    screen.open(state="error")
    assert screen.message() == "The points could not be read: the disk is full."
    server.fail.clear()
    screen.button("Try again").click()
    screen.page.locator(f"{MAP}[data-state=ready]").wait_for()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_to_mend(screen, server, deep, theme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    server.theme = theme
    screen.open()
    found = axe.Axe().run(screen.page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag22aa"]})
    assert found.response["violations"] == []
    names = [b.get_attribute("aria-label") for b in screen.page.get_by_role("button").all()]
    assert len(names) == 5
    assert all(names)
    description = screen.host("h => h.getAttribute('aria-description')")
    assert "Arrow keys" in description
    assert json.loads(screen.host("h => h.dataset.palette"))

"""The map layer, by what is on the screen and what is sent: assets/map*.js."""

import io
import json
import os
import re

import numpy as np
import pytest
from PIL import Image
from shapely import Point, Polygon

from components.palette import category_palette, dimmed, ground, rgb
from components.scatter import part_id
from tests.e2e.map_server import MapServer, blobs

pytestmark = pytest.mark.browser
if os.environ.get("CI") != "true":
    pytest.importorskip("playwright.sync_api")

MAP = ".vt-map"
STUCK = 15_000  # milliseconds after which a wait has failed
LIGHT = category_palette()


@pytest.fixture(scope="module")
def running():
    with MapServer().running() as server:
        yield server


@pytest.fixture
def server(running):
    running.reset()
    return running


class Screen:
    """One map in one page, with words for what a person does and sees."""

    def __init__(self, page, server):
        self.page, self.server = page, server
        self.expected: tuple[str, ...] = ()
        self.problems: list[str] = []
        page.set_default_timeout(STUCK)
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("request", self._on_request)

    def _on_console(self, message):
        if message.type == "error" and not re.search("|".join(self.expected) or "$^", message.text):
            self.problems.append(message.text)

    def _on_request(self, request):
        if not request.url.startswith((self.server.url, "data:", "blob:")):
            self.problems.append(f"request to {request.url}")

    def open(self, state="ready"):
        self.page.goto(self.server.url)
        self.page.locator(f"{MAP}[data-state={state}]").first.wait_for()
        self.settle()
        return self

    def settle(self):
        self.js("m => m.settled()")

    def js(self, function, *arguments):
        """Call a function of `host.vitrineMap` and a list of arguments."""
        return self.page.evaluate(
            f"a => ({function})(document.querySelector('{MAP}').vitrineMap, ...a)", arguments
        )

    def host(self, function):
        return self.page.evaluate(f"() => ({function})(document.querySelector('{MAP}'))")

    def set(self, name, value):
        self.page.locator(MAP).first.evaluate("(h, [k, v]) => h.setAttribute(k, v)", [name, value])
        self.settle()

    def project(self, rows):
        return np.array(self.js("(m, rows) => rows.map(m.project)", [int(r) for r in rows]))

    def picture(self):
        """The screen as `(height, width, 3)` int."""
        shot = self.page.screenshot(scale="css", animations="disabled")
        return np.asarray(Image.open(io.BytesIO(shot)).convert("RGB")).astype(int)

    def colours_at(self, places):
        shot = self.picture()
        return [tuple(int(c) for c in shot[int(y), int(x)]) for x, y in places]

    def drag(self, path, button="left", keys=()):
        mouse = self.page.mouse
        for key in keys:
            self.page.keyboard.down(key)
        mouse.move(*path[0])
        mouse.down(button=button)
        for x, y in path[1:]:
            mouse.move(x, y)
        mouse.up(button=button)
        for key in keys:
            self.page.keyboard.up(key)
        self.settle()

    def press(self, key):
        self.page.locator(MAP).first.press(key)
        self.settle()

    def button(self, name):
        return self.page.get_by_role("button", name=name).first

    def message(self):
        return self.page.locator(".vt-map-message p:visible").inner_text()

    def calls(self):
        return self.page.evaluate("() => window.calls")

    def asked(self, part):
        return [path for path in self.server.asked if part in path]

    def check(self):
        self.problems += self.page.evaluate("() => window.violations || []")
        assert self.problems == []


def screen_of(browser, server, **options):
    settings = {"viewport": {"width": 800, "height": 640}, "service_workers": "block", **options}
    return browser.new_context(**settings)


@pytest.fixture
def screen(browser, server):
    context = screen_of(browser, server)
    made = Screen(context.new_page(), server)
    yield made
    made.check()
    context.close()


@pytest.fixture
def cloud(server):
    """600 points in four groups and noise."""
    xy, codes = blobs(600)
    server.add("cloud", xy, label=codes, other=((codes + 1) % 5).astype(np.uint8))
    server.show("cloud")
    return xy, codes


def apart(places, distance=14.0, margin=60):
    """Rows whose points stand alone and away from the tools at the edge."""
    gaps = np.linalg.norm(places[:, None] - places[None], axis=2) + np.eye(len(places)) * 1e9
    inside = (places > margin).all(axis=1) & (places < np.array([800, 640]) - margin).all(axis=1)
    return np.flatnonzero((gaps.min(axis=1) > distance) & inside)


def near(colour, other, tolerance=6):
    return max(abs(a - b) for a, b in zip(colour, other, strict=True)) <= tolerance


def inside_on_screen(path, places, margin=1.5):
    """Rows inside a drawn path; those within a margin of its line are undecided."""
    shape = Polygon(path)
    spots = [Point(*p) for p in places]
    sure = {i for i, p in enumerate(spots) if shape.exterior.distance(p) > margin}
    return {i for i in sure if shape.contains(spots[i])}, sure


def wave(centre, radius, corners):
    """A round path with a wavy edge, as a hand draws it."""
    turn = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    reach = radius * (1 + 0.18 * np.sin(5 * turn))
    return [(centre[0] + r * np.cos(t), centre[1] + r * np.sin(t))
            for r, t in zip(reach, turn, strict=True)]  # fmt: skip


# -- what is drawn ---------------------------------------------------------------------------------


def test_each_point_is_drawn_in_its_colour_where_the_map_says_it_is(screen, cloud):
    xy, codes = cloud
    screen.open()
    places = screen.project(range(len(xy)))
    alone = apart(places)
    assert len(alone) > 15
    for row, seen in zip(alone, screen.colours_at(places[alone]), strict=True):
        assert near(seen, rgb(LIGHT[codes[row]])), f"row {row}"


def test_one_scale_serves_both_axes_and_y_points_up(screen, server):
    xy = np.array([[10000, 10000], [30000, 10000], [10000, 30000]], np.uint16)
    server.add("three", xy, label=np.array([1, 2, 3], np.uint8))
    server.show("three", **{"data-thumbs": ""})
    origin, right, up = screen.open().project([0, 1, 2])
    assert right[0] - origin[0] == pytest.approx(origin[1] - up[1])
    assert right[0] > origin[0]
    assert up[1] < origin[1]


def test_points_are_round_and_their_edges_smooth(screen, server):
    server.add("one", np.array([[30000, 30000]], np.uint16), label=np.array([1], np.uint8))
    server.show("one", **{"data-thumbs": ""})
    screen.open()
    (x, y), size = screen.project([0])[0], 10
    shot = screen.picture()[int(y) - 8 : int(y) + 9, int(x) - 8 : int(x) + 9]
    amount = (
        1
        - np.abs(shot - rgb(LIGHT[1])).sum(axis=2)
        / np.abs(np.array(rgb(ground())) - rgb(LIGHT[1])).sum()
    )
    assert amount.sum() == pytest.approx(np.pi * (size / 2) ** 2, rel=0.12)
    assert ((amount > 0.1) & (amount < 0.9)).sum() >= 8


def test_noise_lies_below_the_other_points(screen, server):
    place = np.full((40, 2), 30000, np.uint16)
    codes = np.zeros(40, np.uint8)
    codes[7] = 3
    server.add("pile", place, label=codes)
    server.show("pile", **{"data-thumbs": ""})
    screen.open()
    assert near(screen.colours_at(screen.project([0]))[0], rgb(LIGHT[3]))


def test_a_screen_of_double_density_gets_twice_the_pixels(browser, server, cloud):
    context = screen_of(browser, server, device_scale_factor=2)
    screen = Screen(context.new_page(), server).open()
    assert screen.host("h => h.querySelector('canvas').width") == 1600
    screen.check()
    context.close()


def test_the_map_follows_the_size_of_its_host(screen, cloud):
    screen.open()
    screen.page.set_viewport_size({"width": 500, "height": 400})
    screen.page.locator("canvas[width='500']").wait_for()
    screen.settle()
    places = screen.project(range(600))
    assert places.min() > 0
    assert places[:, 0].max() < 500
    assert places[:, 1].max() < 400
    row = apart(places, 8)[0]
    assert near(screen.colours_at([places[row]])[0], rgb(LIGHT[cloud[1][row]]), 12)


def test_a_sample_shows_every_tile_of_the_map_and_says_how_many_are_drawn(screen, server):
    xy, codes = blobs(150_000, seed=3)
    xy[149_999] = [64500, 1000]
    codes[149_999] = 4
    server.add("big", xy, label=codes)
    server.show("big")
    screen.page.add_init_script("window.setTimeout = ((real) => (f, ms, ...a) => ms === 160 ? 0 : real(f, ms, ...a))(window.setTimeout)")  # fmt: skip  # noqa: E501
    screen.page.goto(server.url)
    screen.page.locator(f"{MAP}[data-drawn='120000']").wait_for()
    assert "120,000 of 150,000 drawn" in screen.page.locator(".vt-map-status").inner_text()
    x, y = screen.project([149_999])[0].astype(int)
    around = screen.picture()[y - 1 : y + 2, x - 1 : x + 2].reshape(-1, 3)
    assert np.abs(around - rgb(LIGHT[4])).max(axis=1).min() < 60


def tiles(xy):
    return xy[:, 1] // 1024 * 64 + xy[:, 0] // 1024


def rooted(held, size):
    """What each tile gives to a sample: t · √held for one t, at least 1, at most all it has."""
    low, high = 0.0, 1000.0
    while high - low > 1e-9:
        t = (low + high) / 2
        given = np.where(held > 0, np.clip(t * np.sqrt(held) + 0.5, 1, held), 0)
        low, high = (t, high) if given.sum() < size else (low, t)
    return given


def test_every_beginning_of_the_order_is_an_even_sample(screen, cloud):
    xy, _ = blobs(60_000, seed=8)
    xy[59_999] = [65535, 0]
    screen.open()
    order = "(x, y) => window.Vitrine.map.sampleOrder({ n: x.length, x, y })"
    twice = screen.page.evaluate(
        f"([x, y]) => [0, 1].map(() => [...({order})(Uint16Array.from(x), Uint16Array.from(y))])",
        xy.T.tolist(),
    )
    assert twice[0] == twice[1]
    rows = np.array(twice[0])
    np.testing.assert_array_equal(np.sort(rows), np.arange(60_000))
    held = np.bincount(tiles(xy), minlength=4096)
    filled = np.count_nonzero(held)
    for size in (filled, filled + 1, 8000, 20_000):
        taken = np.bincount(tiles(xy[rows[:size]]), minlength=4096)
        assert ((taken > 0) == (held > 0)).all(), f"a tile is lost among the first {size}"
    wanted = rooted(held, 20_000)
    assert np.abs(taken - wanted).max() <= 1.1, "in proportion to the root of its points"
    assert np.ptp(wanted[held > 60]) > 10
    first = held[tiles(xy[rows[:filled]])]
    assert (np.diff(first.astype(int)) >= 0).all(), "the emptiest tiles come first"


def test_slow_frames_shrink_the_sample_and_rest_still_completes_it(screen, server):
    xy, codes = blobs(150_000, seed=3)
    server.add("big", xy, label=codes)
    server.show("big")
    screen.open()
    drawn = screen.host(
        "async (h) => { let t = 0; performance.now = () => (t += 100); const seen = new Set();"
        "for (let i = 0; i < 14; i++) { h.vitrineMap.view = { x: 0.5, y: 0.5, zoom: 1 + i / 20 };"
        "await new Promise((r) => requestAnimationFrame(r)); seen.add(h.vitrineMap.drawn); }"
        "return [...seen]; }"
    )
    assert {60_000, 30_000} <= set(drawn)
    screen.settle()
    assert screen.js("m => m.drawn") == 150_000


def test_at_rest_all_points_are_drawn(screen, server):
    xy, codes = blobs(150_000, seed=3)
    server.add("big", xy, label=codes)
    server.show("big")
    screen.open()
    assert screen.js("m => [m.drawn, m.total]") == [150_000, 150_000]
    shot = screen.picture()
    assert (np.abs(shot - rgb(ground())).sum(axis=2) > 60).mean() > 0.1


def test_no_points_give_a_note_instead_of_a_blank(screen, server):
    server.add("none", np.zeros((0, 2), np.uint16), label=np.zeros(0, np.uint8))
    server.show("none")
    screen.open()
    assert screen.page.get_by_text("There are no points to show.").is_visible()


# -- moving ----------------------------------------------------------------------------------------


def test_dragging_moves_the_points_along(screen, cloud):
    screen.open()
    before = screen.project([5])[0]
    screen.drag([(300, 300), (380, 330)])
    after = screen.project([5])[0]
    assert after - before == pytest.approx([80, 30])
    alone = apart(screen.project(range(600)))[:5]
    places = screen.project(alone)
    for row, seen in zip(alone, screen.colours_at(places), strict=True):
        assert near(seen, rgb(LIGHT[cloud[1][row]]))


def test_the_wheel_zooms_at_the_pointer(screen, cloud):
    screen.open()
    target = screen.project([10])[0]
    screen.page.mouse.move(*target)
    for _ in range(4):
        screen.page.mouse.wheel(0, -120)
    screen.settle()
    assert screen.js("m => m.view.zoom") > 2
    assert screen.project([10])[0] == pytest.approx(target, abs=3)  # the mouse has whole pixels


def test_keys_and_buttons_move_the_view(screen, cloud):
    screen.open()
    start = screen.js("m => m.view")
    screen.press("+")
    assert screen.js("m => m.view.zoom") > start["zoom"]
    screen.press("ArrowRight")
    assert screen.js("m => m.view.x") > start["x"]
    screen.press("ArrowUp")
    assert screen.js("m => m.view.y") > start["y"]
    screen.press("0")
    assert screen.js("m => m.view") == start
    screen.button("Zoom in").click()
    screen.button("Zoom out").click()
    assert screen.js("m => m.view.zoom") == pytest.approx(1)


def test_a_double_click_shows_the_whole_map(screen, cloud):
    screen.open()
    screen.js("m => { m.view = { x: 0.4, y: 0.4, zoom: 6 }; }")
    screen.page.mouse.dblclick(700, 600)
    assert screen.js("m => m.view.zoom") == 1


def test_another_map_resets_the_view(screen, server, cloud):
    server.add("other", blobs(50, seed=9)[0], label=np.ones(50, np.uint8))
    screen.open()
    screen.js("m => { m.view = { x: 0.4, y: 0.4, zoom: 6 }; }")
    screen.page.locator(MAP).evaluate(
        "(h, a) => Object.entries(a).forEach(([k, v]) => h.setAttribute(k, v))",
        server.attributes("other"),
    )
    screen.settle()
    assert screen.js("m => [m.total, m.view.zoom]") == [50, 1]


# -- selecting -------------------------------------------------------------------------------------


@pytest.mark.parametrize("zoom", [1, 3])
def test_the_lasso_selects_the_points_inside_it_as_seen(screen, server, cloud, zoom):
    screen.open()
    screen.js("(m, zoom) => { m.view = { x: 0.78, y: 0.5, zoom }; }", zoom)
    screen.settle()
    screen.press("l")
    places = screen.project(range(600))
    path = wave((400, 320), 190, 90)
    screen.drag(path)
    (sent,) = server.posted
    assert (sent["set"], sent["projection"], sent["mode"], sent["base"]) == (
        "cloud", "cloud", "replace", None,
    )  # fmt: skip
    assert len(sent["polygon"]) <= 64
    wanted, sure = inside_on_screen(path, places)
    shape = Polygon(sent["polygon"])
    xy = cloud[0] / 65535
    got = {i for i in sure if shape.contains(Point(*xy[i]))}
    assert got == wanted
    assert len(wanted) > 20
    assert len(sure) > 550
    assert set(server.selections["s1"]) & sure == wanted


def test_a_box_selects_what_lies_in_it(screen, server, cloud):
    screen.open()
    screen.button("Box").click()
    screen.drag([(200, 150), (420, 400)])
    places = screen.project(range(600))
    inside = ((places > [200, 150]) & (places < [420, 400])).all(axis=1)
    assert len(server.posted[0]["polygon"]) == 4
    assert list(server.selections["s1"]) == list(np.flatnonzero(inside))


def test_a_selection_tells_the_page_and_a_screen_reader(screen, server, cloud):
    screen.open()
    screen.press("v")
    data = {"selection": "s1", "count": 600, "total": 600}
    wanted = {"id": part_id("cloud", "selection"), "props": {"data": data}}
    assert screen.calls() == [wanted]
    assert screen.page.get_by_role("status").inner_text() == "600 of 600 images selected."
    assert screen.host("h => [h.dataset.base, h.dataset.mask]") == ["s1", "/api/selection/s1/mask"]


def test_points_outside_the_selection_are_dimmed(screen, server, cloud):
    screen.open()
    screen.press("b")
    screen.drag([(60, 60), (400, 580)])
    rows = set(server.selections["s1"].tolist())
    places = screen.project(range(600))
    alone = apart(places)
    fade = np.array(rgb(dimmed()))
    kinds = set()
    for row, seen in zip(alone, screen.colours_at(places[alone]), strict=True):
        plain = np.array(rgb(LIGHT[cloud[1][row]]))
        wanted = plain if row in rows else plain + (fade - plain) * 0.85
        assert near(seen, wanted, 7), f"row {row}"
        kinds.add(row in rows)
    assert kinds == {True, False}
    assert f"{len(rows)} selected" in screen.page.locator(".vt-map-status").inner_text()


def test_shift_adds_to_the_selection_and_alt_takes_away(screen, server, cloud):
    screen.open()
    screen.press("b")
    screen.drag([(60, 60), (300, 580)])
    screen.drag([(500, 60), (700, 580)], keys=["Shift"])
    screen.drag([(60, 60), (700, 300)], keys=["Alt"])
    modes = [(sent["mode"], sent["base"]) for sent in server.posted]
    assert modes == [("replace", None), ("add", "s1"), ("subtract", "s2")]
    x, y = screen.project(range(600)).T
    wanted = (((x > 60) & (x < 300)) | ((x > 500) & (x < 700))) & (y > 300) & (y < 580)
    assert list(server.selections["s3"]) == list(np.flatnonzero(wanted))


def test_shift_and_drag_lassos_without_changing_the_tool(screen, server, cloud):
    screen.open()
    screen.drag(wave((400, 320), 150, 30), keys=["Shift"])
    assert server.posted[0]["mode"] == "replace"
    assert screen.button("Pan").get_attribute("aria-pressed") == "true"


def test_escape_clears_the_selection(screen, server, cloud):
    screen.open()
    screen.press("v")
    screen.press("Escape")
    assert screen.calls()[-1] == {"id": part_id("cloud", "selection"), "props": {"data": None}}
    assert screen.host("h => [h.dataset.base, h.dataset.mask]") == ["", ""]
    assert "selected" not in screen.page.locator(".vt-map-status").inner_text()


def test_escape_gives_up_a_lasso_that_is_being_drawn(screen, server, cloud):
    screen.open()
    screen.press("l")
    screen.page.mouse.move(200, 200)
    screen.page.mouse.down()
    screen.page.mouse.move(400, 200, steps=4)
    screen.page.mouse.move(400, 400, steps=4)
    assert screen.page.locator(".vt-map-ink polygon").is_visible()
    screen.page.keyboard.press("Escape")
    screen.page.mouse.up()
    screen.settle()
    assert server.posted == []
    assert screen.calls() == []
    assert not screen.page.locator(".vt-map-ink polygon").is_visible()


def test_a_mask_given_by_the_page_is_shown_and_read_once(screen, server, cloud):
    server.selections["given"] = np.arange(0, 600, 2)
    screen.open()
    screen.set("data-base", "given")
    screen.set("data-mask", "/api/selection/given/mask")
    screen.set("data-mask", "/api/selection/given/mask")
    assert "300 selected" in screen.page.locator(".vt-map-status").inner_text()
    assert len(screen.asked("/mask")) == 1


def test_a_refused_selection_is_explained_and_the_map_stays(screen, server, cloud):
    screen.open()
    screen.expected = ("500",)
    server.fail.add("/api/select")
    screen.press("v")
    assert "the disk is full." in screen.page.locator(".vt-map-status").inner_text()
    assert screen.host("h => h.dataset.state") == "ready"


def test_simplifying_keeps_a_rectangle_and_bounds_the_error(screen, cloud):
    screen.open()
    path = wave((400, 320), 200, 400)
    thin = screen.page.evaluate("p => window.Vitrine.map.simplify(p)", path)
    assert len(thin) <= 64
    changed = Polygon(path).symmetric_difference(Polygon(thin)).area
    assert changed < 0.005 * Polygon(path).area
    box = [[0, 0], [50, 0], [100, 0], [100, 50], [100, 100], [0, 100]]
    corners = screen.page.evaluate("p => window.Vitrine.map.simplify(p)", box)
    assert sorted(corners) == [[0, 0], [0, 100], [100, 0], [100, 100]]


# -- pointing --------------------------------------------------------------------------------------


def test_hovering_shows_the_picture_of_the_point_under_the_pointer(screen, server, cloud):
    screen.open()
    places = screen.project(range(600))
    row = int(apart(places, 25)[0])
    screen.page.mouse.move(*(places[row] + 2), steps=2)
    image = screen.page.locator(".vt-map-tooltip img")
    image.wait_for()
    assert image.get_attribute("src") == f"/thumb/cloud/{row}"
    x, y = (int(v) for v in (lambda b: (b["x"] + b["width"] / 2, b["y"] + b["height"] / 2))(
        image.bounding_box()))  # fmt: skip
    assert near(screen.colours_at([(x, y)])[0], (row % 256, row // 256, 200))
    screen.page.mouse.move(5, 635)
    image.wait_for(state="hidden")


def test_the_tooltip_stays_inside_the_map(screen, server):
    corners = np.array([[0, 0], [65535, 0], [0, 65535], [65535, 65535]], np.uint16)
    server.add("corners", corners, label=np.ones(4, np.uint8))
    server.show("corners")
    screen.open()
    for row, place in enumerate(screen.project(range(4)).tolist()):
        screen.page.mouse.move(*place, steps=2)
        screen.page.locator(f".vt-map-tooltip img[src$='/{row}']").wait_for()
        box = screen.page.locator(".vt-map-tooltip").bounding_box()
        assert box["x"] >= 0
        assert box["y"] >= 0
        assert box["x"] + box["width"] <= 800
        assert box["y"] + box["height"] <= 640


def test_pictures_are_asked_for_once(screen, server, cloud):
    screen.open()
    places = screen.project(range(600))
    first, second = (int(r) for r in apart(places, 25)[:2])
    for row in (first, second, first, second, first):
        screen.page.mouse.move(*places[row], steps=2)
        screen.page.locator(f".vt-map-tooltip img[src$='/{row}']").wait_for()
    assert len(screen.asked("/thumb/")) == 2


def test_picking_finds_the_nearest_point(screen, cloud):
    screen.open()
    places = screen.project(range(600))
    random = np.random.default_rng(1)
    for x, y in random.uniform([100, 50], [700, 600], (60, 2)):
        distance = np.hypot(*(places - [x, y]).T)
        wanted = int(distance.argmin()) if distance.min() < 8.9 else -1
        if 8.9 <= distance.min() <= 9.1:
            continue
        assert screen.js("(m, x, y) => m.pick(x, y)", x, y) == wanted


def test_a_click_asks_the_page_to_show_the_item(screen, cloud):
    screen.open()
    places = screen.project(range(600))
    row = int(apart(places, 25)[3])
    screen.page.mouse.click(*places[row])
    screen.page.mouse.click(400, 5)
    assert screen.calls() == [{"id": "inspect", "props": {"data": {"row": row}}}]


def test_zoomed_in_pictures_lie_at_their_points_and_not_over_each_other(screen, server, cloud):
    screen.open()
    assert screen.page.locator(".vt-map-picture").count() == 0
    x, y = cloud[0][cloud[1] == 2].mean(axis=0) / 65535
    screen.js("(m, x, y) => { m.view = { x, y, zoom: 9 }; }", x, y)
    screen.settle()
    pictures = screen.page.locator(".vt-map-picture")
    pictures.first.wait_for()
    found = pictures.evaluate_all(
        "list => list.map(i => [Number(i.src.split('/').pop()), ...(b => "
        "[b.x, b.y, b.width, b.height])(i.getBoundingClientRect())])"
    )
    assert len(found) > 5
    boxes = np.array(found)
    middle = boxes[:, 1:3] + boxes[:, 3:5] / 2
    assert np.abs(middle - screen.project(boxes[:, 0])).max() < 1
    gaps = np.abs(middle[:, None] - middle[None]).max(axis=2) + np.eye(len(boxes)) * 999
    assert gaps.min() >= boxes[0, 3] - 0.5


def boxes_of(pictures):
    """Row, then x, y, width and height of each picture on the screen."""
    return np.array(pictures.evaluate_all(
        "list => list.map(i => [Number(i.src.split('/').pop()), ...(b => "
        "[b.x, b.y, b.width, b.height])(i.getBoundingClientRect())])"
    ))  # fmt: skip


def none_overlap(boxes):
    for i, (_, x, y, w, h) in enumerate(boxes):
        for _, ox, oy, ow, oh in boxes[:i]:
            if x < ox + ow - 0.5 and ox < x + w - 0.5 and y < oy + oh - 0.5 and oy < y + h - 0.5:
                return False
    return True


def test_zoomed_in_those_pictures_come_first_that_stand_for_others(screen, server, cloud):
    xy, codes = cloud
    crowd = np.flatnonzero(codes == 2)
    middle = xy[crowd].mean(axis=0)
    nearest = crowd[np.argsort(np.hypot(*(xy[crowd] - middle).T))]
    exemplars = nearest[[2, 5, 9]]  # not the first ones in row order
    ranks = np.full(600, 200, np.uint8)
    ranks[exemplars] = 0
    ranks[nearest[20]] = 30
    server.ranks["cloud"] = ([], ranks)
    screen.open()
    x, y = middle / 65535
    screen.js("(m, x, y) => { m.view = { x, y, zoom: 9 }; }", x, y)
    screen.settle()
    found = boxes_of(screen.page.locator(".vt-map-picture"))
    assert len(found) > 5
    assert none_overlap(found)
    order = found[:, 0].astype(int).tolist()
    places = dict(enumerate(screen.project(range(600))))

    def hidden_by(row, others):
        return any(np.abs(places[row] - places[o]).max() < 52 for o in others)

    kept = []
    for row in exemplars[np.argsort(exemplars)]:
        if not hidden_by(row, kept):
            kept.append(int(row))
    assert order[: len(kept)] == kept
    for row in crowd:
        inside = (places[row] > 0).all() and (places[row] < [800, 640]).all()
        assert not inside or row in order or hidden_by(row, order), f"{row} has room"


def leaders_and_pictures_meet(screen, boxes, places):
    """Whether each picture covers its point or a line joins the two."""
    drawn = screen.page.locator(".vt-map-leaders").get_attribute("d")
    ends = {tuple(float(v) for v in way.split("L")[1].split()) for way in drawn.split("M")[1:]}
    for (_, x, y, w, h), (px, py) in zip(boxes, places, strict=True):
        over = x - 1 <= px <= x + w + 1 and y - 1 <= py <= y + h + 1
        if not over and not any(np.hypot(px - ex, py - ey) < 0.01 for ex, ey in ends):
            return False
    return True


def covered(boxes, places):
    """How many points lie under pictures."""
    x, y = places.T
    under = [(x > b[1]) & (x < b[1] + b[3]) & (y > b[2]) & (y < b[2] + b[4]) for b in boxes]
    return int(np.any(under, axis=0).sum())


def test_a_picture_stands_beside_a_small_island_and_not_on_it(screen, server):
    random = np.random.default_rng(1)
    centres = np.array([[12000, 30000], [50000, 12000], [40000, 52000]])
    codes = np.repeat([1, 2, 3], 200).astype(np.uint8)
    xy = np.clip(centres[codes - 1] + random.normal(0, 350, (600, 2)), 0, 65535).astype(np.uint16)
    server.add("islands", xy, label=codes)
    server.ranks["islands"] = ([10, 210, 410], np.zeros(600, np.uint8))
    server.show("islands")
    screen.open()
    found = boxes_of(screen.page.locator(".vt-map-picture"))
    assert found[:, 0].tolist() == [10, 210, 410]
    places = screen.project(range(600))
    assert covered(found, places) < 60, "of 600; on the islands they would cover all"
    assert leaders_and_pictures_meet(screen, found, places[[10, 210, 410]])


def test_the_whole_map_shows_exemplars_of_the_largest_themes(screen, server, cloud):
    xy, codes = cloud
    exemplars = [int(np.flatnonzero(codes == code)[3]) for code in (2, 4, 1, 3)]
    server.ranks["cloud"] = (exemplars, np.ones(600, np.uint8))
    label = [{"x": xy[exemplars[0]][0] / 65535, "y": xy[exemplars[0]][1] / 65535, "text": "two",
              "index": 2}]  # fmt: skip
    server.show("cloud", **{"data-labels": json.dumps(label)})
    screen.open()
    pictures = screen.page.locator(".vt-map-picture.is-theme.is-loaded")
    pictures.nth(3).wait_for()
    found = boxes_of(pictures)
    assert found[:, 0].astype(int).tolist() == exemplars
    middle = found[:, 1:3] + found[:, 3:5] / 2
    places = screen.project(exemplars)
    assert np.abs(middle - places).max() < 150, "each stands by its point"
    assert leaders_and_pictures_meet(screen, found, places)
    box = screen.page.get_by_text("two", exact=True).bounding_box()
    name = np.array([[0, box["x"], box["y"], box["width"], box["height"]]])
    assert none_overlap(np.vstack([found, name])), "a name does not lie over a picture"
    assert near(screen.colours_at(middle[:1])[0], (exemplars[0] % 256, exemplars[0] // 256, 200))
    assert (covered(found, screen.project(range(600))) <= covered(
        np.column_stack([found[:, 0], places - 22, found[:, 3:]]), screen.project(range(600))
    ))  # fmt: skip
    screen.page.mouse.click(*(middle[1] + 15))
    assert screen.calls()[-1]["props"] == {"data": {"row": exemplars[1]}}
    screen.press("i")
    assert screen.page.locator(".vt-map-picture").count() == 0
    assert screen.button("Pictures").get_attribute("aria-pressed") == "false"
    screen.button("Pictures").click()
    assert screen.page.locator(".vt-map-picture").count() == 4
    screen.page.set_viewport_size({"width": 390, "height": 600})
    screen.page.locator("canvas[width='390']").wait_for()
    screen.settle()
    assert screen.page.locator(".vt-map-picture").count() == 0, "a small map has no room for them"


def test_pictures_of_themes_give_way_to_larger_themes_and_are_few(screen, server):
    xy, codes = blobs(2000, seed=4)
    server.add("many", xy, label=codes)
    server.ranks["many"] = (list(range(60)), np.zeros(2000, np.uint8))
    server.show("many")
    screen.open()
    found = boxes_of(screen.page.locator(".vt-map-picture"))
    assert found[:, 0].astype(int).tolist() == list(range(12)), "there is room for all"
    assert none_overlap(found)
    tools = screen.page.locator(".vt-map-tools").bounding_box()
    box = np.array([[0, tools["x"], tools["y"], tools["width"], tools["height"]]])
    assert none_overlap(np.vstack([found, box]))
    screen.page.set_viewport_size({"width": 490, "height": 370})
    screen.page.locator("canvas[width='490']").wait_for()
    screen.settle()
    few = boxes_of(screen.page.locator(".vt-map-picture"))
    assert none_overlap(few)
    assert few[0, 0] == 0, "the largest theme keeps its picture"


def test_pictures_come_in_row_order_where_their_ranks_cannot_be_read(screen, server, cloud):
    server.fail.add("/map/cloud/rank")
    screen.expected = ("500",)
    screen.open()
    x, y = cloud[0][cloud[1] == 2].mean(axis=0) / 65535
    screen.js("(m, x, y) => { m.view = { x, y, zoom: 9 }; }", x, y)
    screen.settle()
    assert screen.page.locator(".vt-map-picture").count() > 5
    assert screen.host("h => h.dataset.state") == "ready"


# -- lines to true neighbours ----------------------------------------------------------------------


@pytest.fixture
def near_ones(server, cloud):
    """Ten neighbours of each row, anywhere on the map."""
    random = np.random.default_rng(2)
    server.near["cloud"] = np.array([random.permutation(600)[:10] for _ in range(600)])
    return server.near["cloud"]


def lines(screen):
    """Row of each line's end, its two ends on the screen, its strength, whether it leaves."""
    return screen.page.locator(".vt-map-near > g").evaluate_all(
        "list => list.map(g => { const l = g.children[1], n = (k) => Number(l.getAttribute(k));"
        "return { row: Number(g.dataset.row), from: [n('x1'), n('y1')], to: [n('x2'), n('y2')],"
        "strength: n('stroke-opacity'), outside: g.classList.contains('is-outside'),"
        "mark: ['cx', 'cy'].map(k => Number(g.children[2].getAttribute(k))) }; })"
    )


@pytest.mark.parametrize("raster", [False, True])
def test_hovering_draws_lines_to_the_true_neighbours(screen, server, near_ones, raster):
    if raster:
        server.show("cloud", **{"data-force-raster": "1"})
    screen.open(state="raster" if raster else "ready")
    places = screen.project(range(600))
    row = int(apart(places, 25)[0])
    screen.page.mouse.move(*(places[row] + 1), steps=2)
    screen.settle()
    assert lines(screen) == []
    assert not screen.asked("/near/"), "off by default"
    screen.press("n")
    found = lines(screen)
    assert [line["row"] for line in found] == near_ones[row].tolist()
    for line in found:
        assert line["from"] == pytest.approx(places[row], abs=0.01)
        assert line["to"] == pytest.approx(places[line["row"]], abs=0.01)
        assert line["mark"] == pytest.approx(places[line["row"]], abs=0.01)
        assert not line["outside"]
    strengths = [line["strength"] for line in found]
    assert strengths == sorted(strengths, reverse=True)
    assert strengths[0] > 2 * strengths[-1] > 0
    screen.page.mouse.move(5, 635, steps=2)
    screen.settle()
    assert lines(screen) == []


def test_a_line_on_the_screen_joins_the_point_and_its_neighbour(screen, server):
    xy = np.array([[10000, 30000], [50000, 30000], [30000, 50000]], np.uint16)
    server.add("three", xy, label=np.array([1, 2, 3], np.uint8))
    server.near["three"] = np.array([[1], [0], [0]])
    server.show("three", **{"data-thumbs": "", "data-marked": "0"})
    screen.open()
    (ax, y), (bx, _) = screen.project([0, 1])
    way = [((ax + bx) / 2 + d, y) for d in (-40, 0, 40)]
    assert all(near(c, rgb(ground())) for c in screen.colours_at(way))
    screen.press("n")
    column = screen.picture()[int(y) - 4 : int(y) + 5, int(way[0][0])]
    assert (np.abs(column - rgb(ground())).sum(axis=1) > 300).any()


def test_lines_follow_the_view_and_mark_where_they_leave_it(screen, server, near_ones):
    screen.open()
    screen.press("n")
    row = 5
    screen.set("data-marked", str(row))
    assert [line["row"] for line in lines(screen)] == near_ones[row].tolist(), "of what is shown"
    x, y = screen.server.sets["cloud"][0][row] / 65535
    screen.js("(m, x, y) => { m.view = { x, y, zoom: 6 }; }", x, y)
    screen.settle()
    found = lines(screen)
    places = screen.project([line["row"] for line in found])
    for line, place in zip(found, places, strict=True):
        assert line["to"] == pytest.approx(place, abs=0.01)
        inside = (place >= 0).all() and (place <= [800, 640]).all()
        assert line["outside"] != inside
        mark, start = np.array(line["mark"]), np.array(line["from"])
        assert (mark >= 0).all()
        assert (mark <= [800, 640]).all()
        (mx, my), (wx, wy) = mark - start, place - start
        assert abs(mx * wy - my * wx) < 1e-6 * np.hypot(wx, wy) ** 2, "on the line"
    assert any(line["outside"] for line in found)


def test_neighbours_are_asked_for_one_row_at_a_time_and_once(screen, server, near_ones):
    screen.open()
    screen.press("n")
    open_now, most = 0, 0

    def begin(route):
        nonlocal open_now, most
        open_now += 1
        most = max(most, open_now)
        route.continue_()

    def end(request):
        nonlocal open_now
        open_now -= "/near/" in request.url

    screen.page.route("**/near/**", begin)
    screen.page.on("requestfinished", end)
    places = screen.project(range(600))
    rows = [int(r) for r in apart(places, 25)[:3]]
    for row in [*rows, *rows]:
        screen.page.mouse.move(*places[row], steps=2)
        screen.page.wait_for_function("() => true")
    screen.settle()
    for row in rows:
        screen.page.mouse.move(*places[row], steps=2)
        screen.settle()
        assert [line["row"] for line in lines(screen)] == near_ones[row].tolist()
    asked = screen.asked("/near/")
    assert most == 1
    assert len(asked) == len(set(asked))
    assert len(asked) >= 3


def test_a_set_without_neighbours_says_so(screen, server, cloud):
    screen.open()
    screen.press("n")
    screen.js("m => m.pointAt(3)")
    screen.settle()
    assert "not computed yet" in screen.page.locator(".vt-map-status").inner_text()
    assert lines(screen) == []


# -- what linked maps use --------------------------------------------------------------------------


def test_a_map_tells_what_it_points_at_and_can_be_pointed_from_elsewhere(screen, server, cloud):
    screen.open()
    screen.page.evaluate(
        "() => { window.heard = []; document.addEventListener('vt-hover',"
        "(e) => window.heard.push([e.target.className, e.detail.row])); }"
    )
    places = screen.project(range(600))
    row = int(apart(places, 25)[0])
    screen.page.mouse.move(*places[row], steps=2)
    screen.settle()
    screen.page.mouse.move(5, 635)
    screen.settle()
    assert screen.page.evaluate("() => window.heard") == [["vt-map", row], ["vt-map", -1]]
    screen.js("m => m.pointAt(7)")
    ring = screen.page.locator(".vt-map-ink > circle")
    at = [float(ring.get_attribute(k)) for k in ("cx", "cy")]
    assert at == pytest.approx(places[7], abs=0.01)
    assert ring.is_visible()
    assert not screen.page.locator(".vt-map-tooltip").is_visible()
    screen.drag([(400, 300), (440, 320)])
    moved = [float(ring.get_attribute(k)) for k in ("cx", "cy")]
    assert moved == pytest.approx(places[7] + [40, 20], abs=0.01), "the ring stays with its point"
    screen.js("m => m.pointAt(-1)")
    assert not ring.is_visible()
    assert len(screen.page.evaluate("() => window.heard")) == 2, "pointing from elsewhere is quiet"


def test_a_selection_can_be_shown_without_telling_the_page(screen, server, cloud):
    server.selections["given"] = np.arange(0, 600, 3)
    screen.open()
    screen.js("m => m.setSelection({ selection: 'given' })")
    screen.settle()
    assert "200 selected" in screen.page.locator(".vt-map-status").inner_text()
    screen.js("m => m.setSelection(null)")
    screen.settle()
    assert "selected" not in screen.page.locator(".vt-map-status").inner_text()
    assert screen.calls() == []


# -- labels, themes, colours -----------------------------------------------------------------------


def test_labels_follow_their_places_and_never_cover_each_other(screen, server, cloud):
    crowd = [{"x": 0.2, "y": 0.5, "text": f"crowd {i}", "index": 1} for i in range(90)]
    labels = [{"x": 0.8, "y": 0.5, "text": "right", "index": 4}, *crowd]
    server.show("cloud", **{"data-labels": json.dumps(labels)})
    screen.open()
    shown = screen.page.locator(".vt-map-label:visible")
    assert "right" in shown.all_inner_texts()
    assert 2 <= shown.count() < len(labels)
    boxes = [b for b in (shown.nth(i).bounding_box() for i in range(shown.count())) if b]
    for i, a in enumerate(boxes):
        for b in boxes[:i]:
            apart_x = a["x"] >= b["x"] + b["width"] or b["x"] >= a["x"] + a["width"]
            apart_y = a["y"] >= b["y"] + b["height"] or b["y"] >= a["y"] + a["height"]
            assert apart_x or apart_y
    before = screen.page.get_by_text("right", exact=True).bounding_box()
    screen.drag([(400, 300), (350, 340)])
    after = screen.page.get_by_text("right", exact=True).bounding_box()
    assert [after["x"] - before["x"], after["y"] - before["y"]] == pytest.approx([-50, 40], abs=2)


def test_the_theme_changes_the_colours_without_asking_the_server(screen, server, cloud):
    screen.open()
    before = len(server.asked)
    screen.page.evaluate("() => document.documentElement.setAttribute('data-bs-theme', 'dark')")
    screen.settle()
    places = screen.project(range(600))
    alone = apart(places)
    palette = category_palette(dark=True)
    for row, seen in zip(alone, screen.colours_at(places[alone]), strict=True):
        assert near(seen, rgb(palette[cloud[1][row]]))
    assert near(screen.colours_at([(790, 5)])[0], rgb(ground(dark=True)))
    assert len(server.asked) == before


def test_another_colouring_asks_for_the_colours_only(screen, server, cloud):
    screen.open()
    server.asked.clear()
    screen.set("data-colour", "/map/cloud/colour?set=cloud&by=other")
    assert server.asked == ["GET /map/cloud/colour"]
    places = screen.project(range(600))
    alone = apart(places)
    for row, seen in zip(alone, screen.colours_at(places[alone]), strict=True):
        assert near(seen, rgb(LIGHT[(cloud[1][row] + 1) % 5]))


def test_another_palette_asks_for_nothing(screen, server, cloud):
    screen.open()
    server.asked.clear()
    screen.set("data-palette", json.dumps(["#00ff00"] * 256))
    assert server.asked == []
    places = screen.project(range(600))
    assert near(screen.colours_at(places[apart(places)[:1]])[0], (0, 255, 0))


# -- touch, access, life ---------------------------------------------------------------------------


def touch(session, kind, *fingers):
    points = [{"x": x, "y": y, "id": i} for i, (x, y) in enumerate(fingers)]
    session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})


def test_one_finger_pans_two_fingers_zoom_and_a_tap_inspects(browser, server, cloud):
    context = screen_of(browser, server, has_touch=True)
    screen = Screen(context.new_page(), server).open()
    fingers = context.new_cdp_session(screen.page)
    before = screen.project([5])[0]
    touch(fingers, "touchStart", (300, 300))
    for step in range(1, 9):
        touch(fingers, "touchMove", (300 + 10 * step, 300))
    touch(fingers, "touchEnd")
    screen.settle()
    assert screen.project([5])[0] - before == pytest.approx([80, 0], abs=12)
    touch(fingers, "touchStart", (300, 300), (400, 300))
    for step in range(1, 11):
        touch(fingers, "touchMove", (300 - 10 * step, 300), (400 + 10 * step, 300))
    touch(fingers, "touchEnd")
    screen.settle()
    assert screen.js("m => m.view.zoom") == pytest.approx(3, rel=0.15)
    screen.js("m => { m.view = { x: 0.5, y: 0.5, zoom: 1 }; }")
    screen.settle()
    places = screen.project(range(600))
    row = int(apart(places, 45)[0])
    screen.page.touchscreen.tap(*places[row])
    assert screen.calls() == [{"id": "inspect", "props": {"data": {"row": row}}}]
    screen.check()
    context.close()


def test_a_finger_that_stays_shows_the_item_once(browser, server, cloud):
    context = screen_of(browser, server, has_touch=True)
    screen = Screen(context.new_page(), server).open()
    fingers = context.new_cdp_session(screen.page)
    places = screen.project(range(600))
    row = int(apart(places, 45)[0])
    touch(fingers, "touchStart", tuple(places[row]))
    screen.page.locator(f".vt-map-tooltip img[src$='/{row}']").wait_for()
    touch(fingers, "touchEnd")
    screen.settle()
    assert screen.calls() == [{"id": "inspect", "props": {"data": {"row": row}}}]
    screen.check()
    context.close()


def test_enter_shows_the_item_nearest_the_middle(screen, server, cloud):
    screen.open()
    row = 11
    x, y = cloud[0][row] / 65535
    screen.js("(m, x, y) => { m.view = { x, y, zoom: 40 }; }", x, y)
    screen.settle()
    left = screen.page.locator(".vt-map-tools").bounding_box()
    offset = (left["x"] + left["width"]) / 2
    places = screen.project(range(600)) - [400 + offset, 320]
    screen.press("Enter")
    shown = screen.calls()[-1]["props"]["data"]["row"]
    assert shown == int(np.hypot(*places.T).argmin())
    screen.button("Zoom in").focus()
    zoom = screen.js("m => m.view.zoom")
    screen.page.keyboard.press("Enter")
    assert screen.js("m => m.view.zoom") > zoom, "on a button Enter presses it"
    assert len(screen.calls()) == 1


def test_the_tools_are_named_buttons_that_tell_which_is_in_hand(screen, cloud):
    screen.open()
    names = [b.get_attribute("aria-label") for b in screen.page.get_by_role("button").all()]
    assert len(names) == 10
    assert all(names)
    screen.press("l")
    pressed = screen.page.locator("button[data-kind=tool][aria-pressed=true]")
    assert pressed.count() == 1
    assert "Lasso" in pressed.get_attribute("aria-label")
    host = screen.page.get_by_role("application", name="Map of images")
    assert host.count() == 1
    assert "Escape" in host.get_attribute("aria-description")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_to_mend(screen, server, cloud, theme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    server.theme = theme
    labels = [{"x": 0.8, "y": 0.5, "text": "right", "index": 4}]
    server.show("cloud", **{"data-labels": json.dumps(labels)})
    screen.page.context.set_extra_http_headers({})
    screen.open()
    found = axe.Axe().run(screen.page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag22aa"]})
    assert found.response["violations"] == []


def test_two_maps_on_a_page_live_apart(screen, server, cloud):
    server.add("second", blobs(80, seed=5)[0], label=np.ones(80, np.uint8))
    server.show("cloud", "second")
    screen.open()
    totals = screen.page.locator(f"{MAP}[data-state=ready]")
    totals.nth(1).wait_for()
    assert totals.evaluate_all("l => l.map(h => h.vitrineMap.total)") == [600, 80]
    screen.js("m => { m.view = { x: 0.5, y: 0.5, zoom: 4 }; }")
    zooms = totals.evaluate_all("l => l.map(h => h.vitrineMap.view.zoom)")
    assert zooms == [4, 1]


def test_a_map_taken_off_the_page_frees_its_context_and_can_come_back(screen, cloud):
    screen.open()
    lost = screen.host(
        "async (h) => { const gl = h.querySelector('canvas').getContext('webgl2');"
        "window.kept = h; h.remove(); await new Promise((r) => setTimeout(r, 50));"
        "return [gl.isContextLost(), h.children.length, h.vitrineMap === undefined]; }"
    )
    assert lost == [True, 0, True]
    screen.page.evaluate("() => { document.querySelector('.slot').append(window.kept); }")
    screen.page.locator(f"{MAP} canvas").wait_for()
    screen.page.locator(f"{MAP}[data-state=ready]").wait_for()
    screen.settle()
    places = screen.project(range(600))
    row = apart(places)[0]
    assert near(screen.colours_at([places[row]])[0], rgb(LIGHT[cloud[1][row]]))


def test_a_host_that_is_made_anew_keeps_the_view(screen, cloud):
    screen.open()
    view = {"x": 0.4, "y": 0.6, "zoom": 5}
    screen.host("h => { h.id = 'here'; }")
    screen.js("(m, view) => { m.view = view; }", view)
    screen.settle()
    screen.host("h => { const fresh = h.cloneNode(); fresh.removeAttribute('data-state');"
                "h.replaceWith(fresh); }")  # fmt: skip
    screen.page.locator(f"{MAP}[data-state=ready]").wait_for()
    screen.settle()
    assert screen.js("m => m.view") == pytest.approx(view)


def test_a_lost_context_is_made_again(screen, cloud):
    screen.open()
    screen.host(
        "async (h) => { const e = h.querySelector('canvas').getContext('webgl2')"
        ".getExtension('WEBGL_lose_context'); const wait = () => new Promise((r) => "
        "setTimeout(r, 60)); e.loseContext(); await wait(); e.restoreContext(); await wait(); }"
    )
    screen.settle()
    places = screen.project(range(600))
    alone = apart(places)[:8]
    for row, seen in zip(alone, screen.colours_at(places[alone]), strict=True):
        assert near(seen, rgb(LIGHT[cloud[1][row]]))


def test_points_that_cannot_be_read_give_a_reason_and_a_way_on(screen, server, cloud):
    server.fail.add("/map/cloud/points")
    screen.expected = ("500",)
    screen.open(state="error")
    assert screen.message() == "The points could not be read: the disk is full."
    server.fail.clear()
    screen.button("Try again").click()
    screen.page.locator(f"{MAP}[data-state=ready]").wait_for()
    assert not screen.button("Try again").is_visible()


def test_colours_of_another_length_are_an_error(screen, server, cloud):
    server.sets["cloud"][1]["label"] = np.zeros(7, np.uint8)
    screen.open(state="error")
    assert screen.message() == "The colours do not belong to these points."


# -- without WebGL2 --------------------------------------------------------------------------------


def test_without_webgl_the_server_draws_and_the_same_tools_work(screen, server, cloud):
    server.show("cloud", **{"data-force-raster": "1"})
    screen.open(state="raster")
    assert screen.page.locator(f"{MAP} canvas").count() == 0
    places = screen.project(range(600))
    alone = apart(places)
    for row, seen in zip(alone, screen.colours_at(places[alone]), strict=True):
        assert near(seen, rgb(LIGHT[cloud[1][row]]), 30), f"row {row}"
    screen.press("b")
    screen.drag([(60, 60), (400, 580)])
    inside = ((places > [60, 60]) & (places < [400, 580])).all(axis=1)
    assert list(server.selections["s1"]) == list(np.flatnonzero(inside))
    outside = [r for r in alone if not inside[r]]
    fade = np.array(rgb(dimmed()))
    for row, seen in zip(outside, screen.colours_at(places[outside]), strict=True):
        plain = np.array(rgb(LIGHT[cloud[1][row]]))
        assert near(seen, plain + (fade - plain) * 0.85, 30)


def test_the_server_drawn_map_follows_pan_and_zoom(screen, server, cloud):
    server.show("cloud", **{"data-force-raster": "1"})
    screen.open(state="raster")
    screen.drag([(300, 300), (380, 330)])
    screen.press("+")
    places = screen.project(range(600))
    alone = apart(places)
    for row, seen in zip(alone, screen.colours_at(places[alone]), strict=True):
        assert near(seen, rgb(LIGHT[cloud[1][row]]), 30), f"row {row}"


def test_a_browser_without_webgl_gets_the_server_drawn_map(screen, server, cloud):
    screen.page.add_init_script(
        "HTMLCanvasElement.prototype.getContext = ((real) => function (kind, ...rest) {"
        "return kind === 'webgl2' ? null : real.call(this, kind, ...rest); })"
        "(HTMLCanvasElement.prototype.getContext)"
    )
    screen.open(state="raster")
    assert screen.asked("raster.png")

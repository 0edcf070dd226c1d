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


def test_the_tools_are_named_buttons_that_tell_which_is_in_hand(screen, cloud):
    screen.open()
    names = [b.get_attribute("aria-label") for b in screen.page.get_by_role("button").all()]
    assert len(names) == 8
    assert all(names)
    screen.press("l")
    pressed = screen.page.locator("button[aria-pressed=true]")
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

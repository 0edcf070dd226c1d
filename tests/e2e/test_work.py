"""Explore as one works in it: choose, save, decide, undo, map again, compare, search, export."""

import csv
import io
import re
import time
from pathlib import Path

import numpy as np
import pytest
from making import Finished, picture, run_here
from PIL import Image
from visiting import explore, lasso, ready, served, visitor

pytestmark = pytest.mark.browser

#: Pictures of the set made here; the colour of each says which it is.
COUNT, STEP = 400, 20


def colour_of(index):
    return (index % STEP * 12 + 8, index // STEP * 12 + 8, index * 7 % 13 * 19)


@pytest.fixture(scope="module")
def colours(tmp_path_factory):
    """A workspace whose pictures have a left half of a colour that no other has."""
    folder, root = tmp_path_factory.mktemp("colours"), tmp_path_factory.mktemp("work") / "ws"
    for index in range(COUNT):
        name = folder / ("ab"[index % 2]) / f"{index:03d}.png"
        name.parent.mkdir(exist_ok=True)
        made = picture(index, (32, 32))
        made.paste(colour_of(index), (0, 0, 16, 32))
        made.save(name)
    return Finished(root, run_here(folder, "colours", maps=("pca", "tsne"), workspace=root))


@pytest.fixture(scope="module")
def studio(colours):
    with served(colours.root) as address:
        yield address


def menu(page, name):
    """Open a menu of the bar."""
    page.locator(".vt-selection-bar .vt-menu > summary", has_text=name).click()


def total(page, count):
    page.wait_for_selector(f'.vt-gallery[data-state="ready"][data-total="{count}"]', timeout=30_000)


def counted(page):
    return int(page.locator(".vt-gallery").get_attribute("data-total"))


LEFT = [(0.01, 0.01), (0.53, 0.01), (0.53, 0.99), (0.01, 0.99)]

#: A pixel in the left half of every picture that the gallery shows, with its row.
PIXELS = """() => [...document.querySelectorAll('.vt-gallery img')]
  .filter((img) => img.complete && img.naturalWidth)
  .map((img) => {
    const canvas = document.createElement('canvas');
    canvas.width = img.naturalWidth;
    canvas.height = img.naturalHeight;
    const context = canvas.getContext('2d');
    context.drawImage(img, 0, 0);
    const place = [canvas.width >> 2, canvas.height >> 1];
    const id = new URL(img.currentSrc).pathname.split('/').pop();
    return { id, pixel: [...context.getImageData(...place, 1, 1).data].slice(0, 3) };
  })"""


def check_pictures(page, part):
    """Every picture shown is the one that its id names, and is in the part."""
    wanted, deadline = min(len(part), 12), time.monotonic() + 30
    shown = page.evaluate(PIXELS)
    while len(shown) < wanted and time.monotonic() < deadline:
        page.wait_for_timeout(100)
        shown = page.evaluate(PIXELS)
    assert len(shown) >= wanted
    paths = dict(zip(part.items["item_id"], part.items["path"], strict=True))
    for one in shown:
        index = int(re.search(r"(\d+)\.png", paths[one["id"]]).group(1))
        assert np.abs(np.subtract(one["pixel"], colour_of(index))).max() <= 4, (index, one)


@pytest.mark.slow
def test_maps_of_maps_to_depth_five_never_mix_ids_and_pictures(browser, studio, colours):
    """Map a selection again, five times over; at each depth the pictures are those of the ids."""
    library = colours.library
    with visitor(browser) as page:
        explore(page, studio, "set=colours&map=tsne")
        rows = np.arange(COUNT)
        for depth in range(1, 6):
            before = counted(page)
            lasso(page, LEFT)
            page.wait_for_selector(
                f'.vt-gallery[data-state="ready"][data-total]:not([data-total="{before}"])'
            )
            chosen = counted(page)
            assert 5 < chosen < before
            menu(page, "Map")
            page.get_by_label("Method").select_option("tsne")
            page.get_by_role("button", name="Map these alone").click()
            way = page.get_by_role("link", name="Open when ready")
            name = re.search(r"set=([^&]+)", way.get_attribute("href")).group(1)
            name = name.replace("%2F", "/")
            page.wait_for_selector(".vt-indicator", state="attached", timeout=30_000)
            page.wait_for_selector(".vt-indicator", state="detached", timeout=120_000)
            way.click()
            # the page before shows as many pictures: the breadcrumb tells the new one
            page.wait_for_selector(f".vt-lineage li:nth-child({depth + 1}) h1")
            ready(page, ".vt-map")
            total(page, chosen)
            part = library.open(name)
            assert len(part.lineage) == depth + 1
            assert set(part.base_rows) < set(rows)
            rows = part.base_rows
            check_pictures(page, part)
        crumbs = page.locator(".vt-lineage li")
        assert crumbs.count() == 6
        crumbs.first.get_by_role("link").click()
        total(page, COUNT)


def test_a_selection_becomes_a_slice_that_another_page_knows(browser, studio):
    with visitor(browser) as page:
        explore(page, studio, "set=colours&map=pca")
        lasso(page, LEFT)
        page.wait_for_selector(f'.vt-gallery[data-total]:not([data-total="{COUNT}"])')
        count = counted(page)
        menu(page, "Slice")
        page.get_by_label("Name of a new slice").fill("left side")
        page.get_by_role("button", name="Save as slice").click()
        page.get_by_text("left side").first.wait_for()
        page.goto(f"{studio}/slices?set=colours")
        card = page.locator(".vt-slice", has_text="left side")
        card.get_by_text(f"{count} images").wait_for()
        card.locator(".vt-cluster-link").click()
        total(page, count)


def test_what_is_excluded_is_marked_and_comes_back_with_z(browser, studio):
    with visitor(browser) as page:
        explore(page, studio, "set=colours&map=pca")
        page.locator(".vt-gallery").focus()
        page.keyboard.press("Space")
        page.keyboard.press("x")
        page.wait_for_selector('.vt-cell[data-mark="excluded"]')
        page.get_by_text("1 excluded").wait_for()
        assert page.locator('.vt-cell[data-mark="excluded"]').count() == 1
        page.locator(".vt-map").focus()
        page.keyboard.press("z")
        page.wait_for_selector('.vt-cell[data-mark="excluded"]', state="detached")
        page.goto(f"{studio}/slices?set=colours")
        page.locator("table s", has_text="Excluded 1 image").wait_for()


def test_after_an_act_the_keyboard_goes_on_where_it_was(browser, studio):
    with visitor(browser) as page:
        explore(page, studio, "set=colours&map=tsne")
        lasso(page, LEFT)
        page.wait_for_selector(f'.vt-gallery[data-total]:not([data-total="{COUNT}"])')
        menu(page, "Decide")
        page.get_by_label("Reason").fill("dull")
        page.keyboard.press("Enter")
        page.locator(".vt-told", has_text="dull").wait_for()
        page.wait_for_selector('.vt-cell[data-mark="excluded"]')
        page.wait_for_selector(".vt-menu > summary:focus, .vt-gallery:focus")
        page.keyboard.press("Control+z")
        page.wait_for_selector('.vt-cell[data-mark="excluded"]', state="detached")


def test_two_maps_hold_the_same_selection(browser, studio):
    with visitor(browser) as page:
        explore(page, studio, "set=colours&map=pca&beside=tsne")
        maps = page.locator(".vt-map")
        assert maps.count() == 2
        box = maps.nth(1).locator(".vt-map-stage").bounding_box()
        maps.nth(1).focus()
        page.keyboard.press("l")
        page.mouse.move(box["x"] + 5, box["y"] + 5)
        page.mouse.down()
        for x, y in ((0.5, 0.01), (0.5, 0.99), (0.01, 0.99)):
            page.mouse.move(box["x"] + x * box["width"], box["y"] + y * box["height"], steps=5)
        page.mouse.up()
        page.wait_for_selector(f'.vt-gallery[data-total]:not([data-total="{COUNT}"])')
        page.wait_for_selector('.vt-map:not([data-base=""]) >> nth=1')
        bases = [maps.nth(k).get_attribute("data-base") for k in range(2)]
        assert bases[0]
        assert bases[0] == bases[1]
        assert "by chance" in page.locator(".vt-linked-told").inner_text()


def test_more_like_this_puts_the_nearest_first(browser, studio, colours):
    with visitor(browser) as page:
        explore(page, studio, "set=colours&map=pca&row=40")
        page.get_by_role("button", name="More like this").click()
        page.wait_for_url("**query=*")
        page.wait_for_selector(".vt-search-fold[open] .vt-search-chip")
        page.wait_for_selector('.vt-gallery[data-window*="query="][data-state="ready"]')
        nearest = colours.library.open("colours").item_id(40)
        page.wait_for_selector(f'.vt-cell[aria-posinset="1"] img[src$="{nearest}"]')


def test_a_table_of_what_is_selected_can_be_had(browser, studio):
    with visitor(browser) as page:
        explore(page, studio, "set=colours&map=pca&color=label")
        page.locator(".vt-legend-entry", has_text="a").click()
        total(page, COUNT // 2)
        page.locator(".vt-export > summary").click()
        with page.expect_download() as download:
            page.get_by_role("link", name="Table as CSV").click()
        with Path(download.value.path()).open(newline="", encoding="utf-8") as file:
            lines = list(csv.DictReader(file))
        assert len(lines) == COUNT // 2
        assert {line["label"] for line in lines} == {"a"}
        sheet = io.BytesIO(page.request.get(f"{studio}/export/sheet-png?set=colours").body())
        assert Image.open(sheet).format == "PNG"

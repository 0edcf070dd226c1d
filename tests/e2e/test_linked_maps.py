"""Two linked maps in the browser: what is done on one is seen on the other."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from linking import HALF, TOTAL, make_linked
from visiting import ready, visitor

from core.link import Links
from core.selection import Selections

pytestmark = pytest.mark.browser
if os.environ.get("CI") != "true":
    pytest.importorskip("playwright.sync_api")

LEFT, RIGHT = (f".vt-linked-side:nth-child({n}) .vt-map" for n in (1, 2))
STUCK = 15_000


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return make_linked(tmp_path_factory)


@pytest.fixture(scope="module")
def address(workspace):
    script = Path(__file__).parent / "linked_app.py"
    environ = {k: v for k, v in os.environ.items() if not k.startswith("VITRINE_")}
    with subprocess.Popen(
        [sys.executable, script, workspace.root], stdout=subprocess.PIPE, text=True, env=environ
    ) as server:
        yield re.search(r"http://\S+", server.stdout.readline()).group()
        server.terminate()


@pytest.fixture(scope="module")
def there(workspace):
    """The row in "half" of each row of "moths"."""
    library = workspace.library
    links = Links(library.workspace, Selections(library.workspace))
    return links.rows(library.open("moths"), library.open("half"))


def visit(page, address, query):
    page.set_default_timeout(STUCK)
    page.goto(f"{address}/?{query}")
    ready(page, LEFT)
    ready(page, RIGHT)


def place(page, host, row):
    """Where a row's point is on the screen."""
    box = page.locator(host).bounding_box()
    x, y = page.locator(host).evaluate("(h, row) => h.vitrineMap.project(row)", row)
    return box["x"] + x, box["y"] + y


def wait_ring(page, host, row):
    """Wait until the item of a row is ringed."""
    page.wait_for_function(
        "([n, row]) => { const h = document.querySelector(n);"
        "const [x, y] = h.vitrineMap.project(row);"
        "return [...h.querySelectorAll('.vt-map-ink > circle')].some((c) =>"
        "c.style.display !== 'none' && Math.abs(c.getAttribute('cx') - x) < 1"
        " && Math.abs(c.getAttribute('cy') - y) < 1); }",
        arg=[host, int(row)],
    )


def alone(page, host, rows):
    """The first of these rows that the pointer finds at its place on a map."""
    return page.locator(host).evaluate(
        "(h, rows) => rows.find((r) => h.vitrineMap.pick(...h.vitrineMap.project(r)) === r)",
        [int(r) for r in rows],
    )


def selected(page, host):
    """The rows that a map shows as selected, from what its mask holds."""
    data = page.locator(host).evaluate(
        "async (h) => h.dataset.mask ? [...new Uint8Array(await (await fetch(h.dataset.mask))"
        ".arrayBuffer())] : []"
    )
    return np.flatnonzero(np.unpackbits(np.array(data, np.uint8), bitorder="little"))


def lasso(page, host):
    """Select the left part of a map with the box tool."""
    page.locator(host).focus()
    page.keyboard.press("b")
    box = page.locator(f"{host} .vt-map-stage").bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 4)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.55, box["y"] + box["height"] - 4, steps=4)
    page.mouse.up()


def wait_selected(page, count):
    page.wait_for_function(
        "count => document.querySelector('#told').textContent.startsWith(`selected ${count},`)",
        arg=count,
    )


def wait_base(page, host, other=""):
    """Wait until a map shows a selection that is not `other`; return its id."""
    page.wait_for_function(
        "([n, other]) => (document.querySelector(n).dataset.base || '') !== other",
        arg=[host, other],
    )
    return page.locator(host).get_attribute("data-base")


def test_what_is_pointed_at_on_one_map_is_ringed_on_the_other(browser, address):
    with visitor(browser) as page:
        visit(page, address, "beside=tsne")
        for here, there_ in ((LEFT, RIGHT), (RIGHT, LEFT)):
            row = alone(page, here, range(TOTAL))
            page.mouse.move(*place(page, here, row))
            wait_ring(page, there_, row)
            page.mouse.move(2, 2)
            page.wait_for_function(
                "n => [...document.querySelector(n)"
                ".querySelectorAll('.vt-map-ink > circle')]"
                ".every((c) => c.style.display === 'none')",
                arg=there_,
            )


def test_a_selection_on_either_map_of_a_set_is_that_of_both(browser, address):
    with visitor(browser) as page:
        visit(page, address, "beside=tsne")
        lasso(page, LEFT)
        first = wait_base(page, RIGHT)
        assert first == page.locator(LEFT).get_attribute("data-base")
        count = len(selected(page, RIGHT))
        assert 0 < count < TOTAL
        wait_selected(page, count)
        lasso(page, RIGHT)
        second = wait_base(page, LEFT, first)
        assert second == page.locator(RIGHT).get_attribute("data-base")
        wait_selected(page, len(selected(page, LEFT)))
        page.locator(RIGHT).focus()
        page.keyboard.press("Escape")
        assert wait_base(page, LEFT, second) == ""
        wait_selected(page, "none")


def test_a_map_of_another_set_rings_selects_and_inspects_the_same_pictures(browser, address, there):
    back = {int(r): row for row, r in enumerate(there) if r >= 0}
    gone = [r for r in range(36) if r not in back]
    with visitor(browser) as page:
        visit(page, address, "beside=half:pca")
        row = alone(page, LEFT, np.flatnonzero(there >= 0))
        page.mouse.move(*place(page, LEFT, row))
        wait_ring(page, RIGHT, there[row])
        own = alone(page, RIGHT, back)
        page.mouse.move(*place(page, RIGHT, own))
        wait_ring(page, LEFT, back[own])
        page.mouse.click(*place(page, RIGHT, own))
        page.wait_for_function(
            "row => document.querySelector('#told').textContent.endsWith(`inspected ${row}`)",
            arg=back[own],
        )
        stranger = alone(page, RIGHT, gone)
        page.mouse.click(*place(page, RIGHT, stranger))
        page.locator(".vt-linked-notice", has_text="This image is not in moths.").wait_for()

        lasso(page, LEFT)
        wait_base(page, RIGHT)
        chosen = selected(page, LEFT)
        expected = sorted(int(there[r]) for r in chosen if there[r] >= 0)
        assert selected(page, RIGHT).tolist() == expected
        assert page.locator(RIGHT).get_attribute("data-base") != page.locator(LEFT).get_attribute(
            "data-base"
        )
        before = page.locator(LEFT).get_attribute("data-base")
        page.locator(RIGHT).focus()
        page.keyboard.press("v")
        wait_base(page, LEFT, before)
        wait_selected(page, HALF)
        assert selected(page, LEFT).tolist() == np.flatnonzero(there >= 0).tolist()
        page.locator(".vt-linked-notice", has_text="6 of the selected are not in moths.").wait_for()
        page.locator(f"{RIGHT} .vt-map-status", has_text="30 selected").wait_for()


def test_the_marked_item_is_marked_on_both(browser, address, there):
    with visitor(browser) as page:
        visit(page, address, "beside=half:pca")
        row = int(np.flatnonzero(there >= 0)[3])
        page.locator(LEFT).evaluate("(h, row) => h.setAttribute('data-marked', row)", row)
        page.wait_for_function(
            "([n, row]) => document.querySelector(n).dataset.marked === row",
            arg=[RIGHT, str(there[row])],
        )
        missing = int(np.flatnonzero(there < 0)[0])
        page.locator(LEFT).evaluate("(h, row) => h.setAttribute('data-marked', row)", missing)
        page.wait_for_function("n => document.querySelector(n).dataset.marked === ''", arg=RIGHT)


def test_agreement_colours_both_maps_and_is_told_beneath(browser, address):
    with visitor(browser) as page:
        visit(page, address, "beside=texture:pca&color=agreement")
        told = page.locator(".vt-linked-told")
        told.get_by_text("All 48 images are in both.").wait_for()
        assert re.search(
            r"On average \d+ % of an image’s 15 nearest on one map are among its 15 nearest on the "
            r"other; by chance 32 %\. Of the encoders themselves, before any map: \d+ %\.",
            told.inner_text(),
        )
        page.get_by_text("Bright: the same neighbours on both maps.").wait_for()


@pytest.mark.parametrize("size", ["desktop", "phone"])
def test_the_maps_stand_side_by_side_or_on_a_phone_one_above_the_other(browser, address, size):
    with visitor(browser, size) as page:
        visit(page, address, "beside=tsne")
        left, right = (page.locator(h).bounding_box() for h in (LEFT, RIGHT))
        assert min(left["height"], right["height"]) >= 240
        if size == "desktop":
            assert left["x"] + left["width"] <= right["x"] + 1
            assert left["y"] == right["y"]
        else:
            assert left["y"] + left["height"] <= right["y"]
            assert left["width"] > 380
            assert page.evaluate("() => document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_to_mend(browser, address, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    with visitor(browser, scheme=scheme) as page:
        visit(page, address, "beside=half:pca")
        page.locator(".vt-linked-told p").wait_for()
        found = axe.Axe().run(
            page, context=".vt-linked-frame", options={"runOnly": ["wcag2a", "wcag2aa", "wcag22aa"]}
        )
        assert found.response["violations"] == []

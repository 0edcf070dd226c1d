"""What a person does on the pages with more than the sample set: names, marks, filters, vectors."""

import re

import numpy as np
import pytest
from making import picture, run_here
from visiting import explore, ready, served, visitor

pytestmark = pytest.mark.browser


def on_map(page, spot):
    """The place on the screen of a place on the map."""
    box = page.locator(".vt-map-stage").bounding_box()
    return box["x"] + spot[0], box["y"] + spot[1]


def test_the_legend_selects_a_category_and_keeps_the_focus(browser, site, digits):
    opened = digits.library.open("digits")
    wanted = opened.colouring("label").entries[2]
    with visitor(browser) as page:
        explore(page, site, "set=digits&color=label")
        entry = page.locator(".vt-legend-entry").nth(2)
        entry.focus()
        page.keyboard.press("Enter")
        page.wait_for_selector(f'.vt-gallery[data-total="{wanted.count}"]')
        page.wait_for_selector('.vt-legend-entry[aria-pressed="true"]')
        assert entry.get_attribute("aria-pressed") == "true"
        assert entry.evaluate("e => e === document.activeElement")
        page.wait_for_url("**sel=*")
        page.reload()
        page.wait_for_selector('.vt-legend-entry[aria-pressed="true"]', timeout=60_000)
        entry.click()
        page.wait_for_selector('.vt-gallery[data-total="1797"]')
        assert page.locator('.vt-legend-entry[aria-pressed="true"]').count() == 0


def test_names_on_the_map_stand_beside_their_points_and_select_them(browser, site, digits):
    sizes = {
        str(e.label): e.count for e in digits.library.open("digits").colouring("label").entries
    }
    with visitor(browser) as page:
        explore(page, site, "set=digits&color=label")
        page.evaluate("document.querySelector('.vt-map').vitrineMap.settled()")
        covered = page.evaluate(
            """() => {
              const map = document.querySelector('.vt-map').vitrineMap;
              const spots = Array.from({ length: map.total }, (_, row) => map.project(row));
              const stage = document.querySelector('.vt-map-stage').getBoundingClientRect();
              const shown = [...document.querySelectorAll('.vt-map-label:not([hidden])')];
              return shown.map((label) => {
                const box = label.getBoundingClientRect();
                return spots.filter(([x, y]) => x + stage.x > box.left && x + stage.x < box.right &&
                  y + stage.y > box.top && y + stage.y < box.bottom).length;
              });
            }"""
        )
        assert len(covered) >= 8
        assert sum(covered) < 0.02 * 1797
        label = page.locator(".vt-map-label:visible").nth(1)
        name, box = label.inner_text(), label.bounding_box()
        page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.wait_for_selector(f'.vt-gallery[data-total="{sizes[name]}"]')


def test_the_inspected_point_is_marked_and_the_gallery_points_at_the_map(browser, site):
    with visitor(browser) as page:
        explore(page, site, "set=digits&row=5")
        ring = page.locator(".vt-map-mark")
        ring.wait_for()
        spot = page.evaluate("document.querySelector('.vt-map').vitrineMap.project(5)")
        place = [float(v) for v in re.findall(r"[-\d.]+", ring.get_attribute("transform"))]
        assert place == pytest.approx(spot, abs=0.5)
        page.locator('.vt-cell[data-row="7"]').hover()
        page.wait_for_selector(".vt-map-ink > circle", state="visible")
        page.locator('.vt-cell[data-row="7"]').click()
        page.wait_for_selector('.vt-map[data-marked="7"]')
        page.keyboard.press("Escape")
        page.wait_for_selector('.vt-map[data-marked=""]')
        assert not ring.is_visible()


def test_the_filter_closes_by_key_by_a_click_elsewhere_and_when_it_has_worked(browser, site):
    with visitor(browser) as page:
        explore(page, site, "set=digits&color=label")
        button = page.locator(".vt-filter summary")
        button.click()
        page.wait_for_selector(".vt-filter[open]")
        page.locator("#explore-filter-column").focus()
        page.keyboard.press("Escape")
        page.wait_for_selector(".vt-filter:not([open])")
        assert button.evaluate("e => e === document.activeElement")
        button.click()
        page.mouse.click(*on_map(page, (300, 500)))
        page.wait_for_selector(".vt-filter:not([open])")
        button.click()
        page.get_by_label(re.compile(r"^3 \(")).check()
        page.click("#explore-filter-apply")
        page.wait_for_selector(".vt-filter:not([open])")


def test_the_phone_s_bar_stays_one_line_beside_a_running_job(browser, site):
    with visitor(browser, "phone") as page:
        page.goto(site)
        page.wait_for_selector("h1")
        page.evaluate(
            """() => {
              const bar = document.createElement('progress');
              bar.className = 'vt-progress';
              const link = document.createElement('a');
              link.className = 'vt-indicator';
              link.append(bar);
              document.getElementById('vt-indicator').replaceChildren(link);
            }"""
        )
        tops = page.eval_on_selector_all(
            ".vt-brand, .vt-bar-end", "all => all.map(e => e.getBoundingClientRect().top)"
        )
        assert tops[0] == tops[1]


@pytest.fixture(scope="module")
def odd_sets(tmp_path_factory):
    """Sets that are unlike others: vectors without pictures, one picture, none, a 3-D map."""
    root = tmp_path_factory.mktemp("odd")
    vectors = np.random.default_rng(0).normal(size=(60, 8)).astype(np.float32)
    np.save(root / "points.npy", vectors)
    for count in (0, 1, 6):
        (root / f"p{count}").mkdir()
        for number in range(count):
            picture(number).save(root / f"p{count}" / f"{number}.png")
    workspace = root / "ws"
    for name, source in (("vectors", "points.npy"), ("none", "p0"), ("one", "p1"), ("deep", "p6")):
        run_here(root / source, name, dims=3 if name == "deep" else 2, workspace=workspace)
    with served(workspace) as address:
        yield address


def test_odd_sets_open_everywhere_without_a_complaint(browser, odd_sets):
    with visitor(browser) as page:
        page.goto(odd_sets)
        page.wait_for_selector("h1")
        page.wait_for_load_state("networkidle")
        explore(page, odd_sets, "set=vectors&row=3")
        page.wait_for_selector(".vt-near .vt-word")
        page.locator('.vt-cell[data-row="4"]').click()
        page.wait_for_selector(".vt-inspector-word:has-text('Vector 4')")
        assert page.locator('.vt-cell[data-row="4"]').get_attribute("data-words") == "no. 4"
        for query in ("set=vectors&view=pages", "set=one", "set=deep"):
            page.goto(f"{odd_sets}/explore?{query}")
            ready(page, ".vt-map")
        page.goto(f"{odd_sets}/explore?set=none")
        page.wait_for_selector("text=This set is empty")
        for query in ("set=vectors", "set=vectors&kind=micro", "set=one", "set=none"):
            page.goto(f"{odd_sets}/clusters?{query}")
            page.wait_for_selector("main h1")
            page.wait_for_load_state("networkidle")

"""Every state of the pages, as it is worked in, on a desk and on a phone: nothing for axe to find,
nothing that leaves the screen; menus that the keyboard opens and closes."""

import pytest
from visiting import SIZES, explore, lasso, ready, visitor

pytestmark = pytest.mark.browser

WIDER = "() => document.documentElement.scrollWidth - window.innerWidth"

#: A lasso around most of the map.
MOST = [(0.2, 0.2), (0.8, 0.2), (0.8, 0.8), (0.2, 0.8)]


def tab(page, name):
    """Show the map or the gallery, where one hides the other."""
    button = page.locator(f'[data-vt-tab="{name}"]')
    if button.is_visible():
        button.click()


def check(page, state):
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    told = [f"{v['id']}: {v['nodes'][0]['html'][:160]}" for v in found]
    assert (state, told) == (state, [])
    assert (state, page.evaluate(WIDER)) == (state, 0)


@pytest.mark.parametrize(("size", "scheme"), [("desktop", "dark"), ("phone", "light")])
def test_no_open_panel_breaks_a_rule_or_leaves_the_screen(browser, site, size, scheme):
    with visitor(browser, size, scheme) as page:
        page.goto(f"{site}/explore?set=digits")
        ready(page, ".vt-map")
        for panel in page.locator(".vt-toolbar details").all():
            panel.locator("summary").first.click()
            check(page, panel.inner_text()[:20])
            box = panel.locator(".vt-card").first.bounding_box()
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= SIZES[size][0]
            page.keyboard.press("Escape")
            assert panel.get_attribute("open") is None
        lasso(page, MOST)
        page.wait_for_selector('.vt-map:not([data-base=""])')
        tab(page, "gallery")
        page.wait_for_selector('.vt-selection-bar[data-selected="true"]')
        menus = page.locator(".vt-selection-bar details")
        assert menus.count() == 5
        for at in range(5):
            summary = menus.nth(at).locator("> summary")
            summary.focus()
            page.keyboard.press("Enter")
            assert menus.nth(at).get_attribute("open") is not None
            check(page, summary.inner_text())
            page.keyboard.press("Escape")
            assert menus.nth(at).get_attribute("open") is None
            assert page.evaluate("document.activeElement.tagName") == "SUMMARY"


@pytest.mark.parametrize(("size", "scheme"), [("desktop", "light"), ("phone", "dark")])
def test_ticks_inspector_search_and_help_break_no_rule(browser, site, size, scheme):
    with visitor(browser, size, scheme) as page:
        page.goto(f"{site}/explore?set=digits")
        ready(page, ".vt-map")
        tab(page, "gallery")
        ready(page, ".vt-gallery")
        page.locator(".vt-gallery").focus()
        page.keyboard.press("Space")
        page.wait_for_selector(".vt-ticks:not([hidden])")
        check(page, "ticks")
        page.keyboard.press("?")
        page.wait_for_selector("#vt-help[open]")
        check(page, "help")
        page.goto(f"{site}/explore?set=digits&row=3")
        page.get_by_role("button", name="More like this").click()
        page.wait_for_selector(".vt-search-fold[open] .vt-search-chip", state="attached")
        check(page, "search")


def test_themes_are_merged_and_parted_again_by_a_person(browser, site):
    with visitor(browser) as page:
        page.goto(f"{site}/clusters?set=digits&cluster=0")
        cards = "/clusters?set=digits"
        page.locator("summary", has_text="Merge with another theme").click()
        check(page, "merge")
        other = page.locator("#clusters-other").input_value()
        page.locator("#clusters-merge").click()
        page.wait_for_selector(f'h1:has-text("Themes 1 + {int(other) + 1}")')
        page.goto(f"{site}{cards}&cluster={other}")  # the other's address leads to both
        page.wait_for_selector(f'h1:has-text("Themes 1 + {int(other) + 1}")')
        explore(page, site, f"set=digits&cluster={other}")
        joined = int(page.locator(".vt-gallery").get_attribute("data-total"))
        page.goto(f"{site}/slices?set=digits")
        page.locator("#slices-undo").click()
        page.wait_for_selector("text=Undid: Merged themes")
        explore(page, site, f"set=digits&cluster={other}")
        assert int(page.locator(".vt-gallery").get_attribute("data-total")) < joined
        page.goto(f"{site}{cards}&cluster={other}")
        page.wait_for_selector(f'h1:text-is("Theme {int(other) + 1}")')


VIEW = "() => document.querySelector('.vt-map').vitrineMap.view"


def test_the_place_on_the_map_is_in_the_address(browser, site):
    with visitor(browser) as page:
        explore(page, site)
        whole = page.evaluate(VIEW)
        page.locator(".vt-map").focus()
        for key in ("+", "+", "ArrowRight"):
            page.keyboard.press(key)
        page.wait_for_url("**at=*")
        there = page.evaluate(VIEW)
        assert there["zoom"] > 1.5 * whole["zoom"]
        page.locator(".vt-legend-entry").first.click()  # what else changes leaves it there
        page.wait_for_url("**sel=*")
        assert "at=" in page.url
        shared = page.url
        page.goto(shared)
        ready(page, ".vt-map")
        again = page.evaluate(VIEW)
        assert all(again[k] == pytest.approx(there[k], abs=1e-4) for k in there)
        page.select_option("#explore-map-choice", "pca")
        page.wait_for_url(lambda url: "at=" not in url)
        for wrong in ("x_y_z", "1_2", "0.5_0.5_-1", "1e999_0_2"):
            page.goto(f"{site}/explore?set=digits&at={wrong}")
            ready(page, ".vt-map")
            assert page.evaluate(VIEW)["zoom"] == whole["zoom"]

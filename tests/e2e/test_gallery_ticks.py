"""Ticking pictures in the gallery of Explore, and what is done with what is ticked."""

from urllib.parse import parse_qs, urlsplit

from visiting import explore, ready, visitor

COUNT = ".vt-ticks:not([hidden]) .vt-ticks-count"


def focus(page):
    page.locator(".vt-gallery").focus()


def press(page, *keys):
    for key in keys:
        page.keyboard.press(key)


def said(page, text, selector=COUNT):
    page.locator(selector, has_text=text).wait_for()


def ticked(page):
    """Return the rows of the cells on screen that are ticked."""
    return page.eval_on_selector_all(
        '.vt-cell[aria-checked="true"]', "cells => cells.map(c => Number(c.dataset.row)).sort()"
    )


def marked(page, word):
    return page.eval_on_selector_all(
        f'.vt-cell[data-mark="{word}"]', "cells => cells.map(c => Number(c.dataset.row)).sort()"
    )


def selected(page, count):
    """Wait until that many are selected and the gallery shows them; return the selection."""
    page.wait_for_selector('.vt-selection-bar[data-selected="true"]')
    said(page, f"{count:,} selected of 1,797", ".vt-selection-bar .vt-count")
    page.wait_for_selector(f'.vt-gallery[data-total="{count}"][data-state="ready"]')
    return parse_qs(urlsplit(page.url).query).get("sel", [""])[0]


def test_ticks_are_kept_by_row_however_far_one_scrolls(browser, site):
    with visitor(browser) as page:
        explore(page, site)
        focus(page)
        press(page, "ArrowRight", "Space", "ArrowRight", "ArrowRight", "Space")
        said(page, "2 ticked")
        assert ticked(page) == [1, 3]
        gallery = page.locator(".vt-gallery")
        for share in (1.0, 0.4):
            gallery.evaluate("(g, s) => { g.scrollTop = s * g.scrollHeight }", share)
            page.locator('.vt-cell[data-row="1"]').wait_for(state="detached")
            assert ticked(page) == []
        assert gallery.evaluate("g => g.querySelectorAll('*').length") < 250
        press(page, "Home")
        page.wait_for_selector('.vt-cell[data-row="1"][aria-checked="true"]')
        assert ticked(page) == [1, 3]
        page.click('[data-vt-ticks="select"]')
        key = selected(page, 2)
        assert page.locator(".vt-ticks").is_hidden()
        explore(page, site, f"set=digits&sel={key}")  # the link, in another visit
        assert selected(page, 2) == key


def test_ranges_all_and_none(browser, site):
    with visitor(browser) as page:
        explore(page, site)
        corner = {"x": 12, "y": 12}
        page.locator('.vt-cell[data-row="1"]').click(position=corner)
        assert page.locator(".vt-inspector").is_hidden()
        page.locator('.vt-cell[data-row="6"]').click(modifiers=["Shift"])
        said(page, "6 ticked")
        assert ticked(page) == [1, 2, 3, 4, 5, 6]
        press(page, "Shift+ArrowLeft", "Shift+ArrowLeft")
        said(page, "4 ticked")
        press(page, "Escape")
        page.locator(".vt-ticks").wait_for(state="hidden")
        assert ticked(page) == []
        press(page, "Control+a")
        said(page, "1,797 ticked")
        press(page, "Space")  # all but the present one
        said(page, "1,796 ticked")
        page.click('[data-vt-ticks="select"]')
        selected(page, 1796)


def test_what_is_ticked_is_excluded_by_a_key_and_taken_back(browser, site):
    with visitor(browser) as page:
        explore(page, site)
        focus(page)
        press(page, "End")
        page.wait_for_selector('.vt-cell[data-row="1796"]')
        press(page, "Space", "ArrowLeft", "Space")
        said(page, "2 ticked")
        press(page, "x")
        said(page, "Excluded 2 images", ".vt-told")
        page.wait_for_selector('.vt-cell[data-mark="excluded"]')
        assert marked(page, "excluded") == [1795, 1796]  # where one was, not back at the top
        assert page.locator(".vt-ticks").is_hidden()
        assert page.evaluate("document.activeElement.className") == "vt-gallery"
        press(page, "z")
        said(page, "Undid: excluded 2 images", ".vt-told")
        page.wait_for_selector('.vt-cell[data-mark="excluded"]', state="detached")


def test_the_bar_makes_a_slice_and_shows_it(browser, site):
    with visitor(browser) as page:
        explore(page, site)
        focus(page)
        press(page, "Space", "ArrowRight", "Space")
        page.click('[data-vt-ticks="select"]')
        selected(page, 2)
        page.locator(".vt-menu summary", has_text="Slice").click()
        name = page.get_by_label("Name of a new slice")
        assert name.input_value() == "2 picked images"
        name.fill("first two")
        press(page, "Enter")
        said(page, "Saved slice “first two” with 2 images", ".vt-told")
        page.click('.vt-count [data-vt-act="clear"]')
        page.wait_for_selector('.vt-selection-bar[data-selected="false"]')
        page.locator(".vt-menu summary", has_text="Show").click()
        page.get_by_label("Slice, or working set").select_option("first two")
        page.locator('.vt-menu [data-vt-act="show"]').click()
        selected(page, 2)


def test_the_pages_have_plain_checkboxes(browser, site):
    with visitor(browser) as page:
        page.goto(f"{site}/explore?set=digits&view=pages")
        ready(page, ".vt-map")
        page.get_by_label("Tick image 4", exact=True).check()
        page.get_by_label("Tick image 7", exact=True).check()
        said(page, "2 ticked")
        page.click('[data-vt-ticks="clear"]')
        page.locator(".vt-ticks").wait_for(state="hidden")
        assert not page.get_by_label("Tick image 4", exact=True).is_checked()
        page.get_by_label("Tick image 7", exact=True).check()
        page.click('[data-vt-ticks="select"]')
        said(page, "1 selected of 1,797", ".vt-selection-bar .vt-count")

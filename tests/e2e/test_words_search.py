"""Search by words on Explore: a contrastive pair trained here on real digits and their names."""

import re

import contrastive
import numpy as np
import pytest
from contrastive import WORDS
from making import Finished, run_here
from playwright.sync_api import expect
from visiting import explore, ready, served, visitor

pytestmark = pytest.mark.browser

PANEL = ".vt-search"

#: The page asks again while the text tower is loading; the browser notes each such answer.
LOADING = ("503 (SERVICE UNAVAILABLE)",)


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """A workspace with every fourth digit that the pair was not trained on, twice encoded."""
    root = tmp_path_factory.mktemp("textsearch")
    name = contrastive.trained(tmp_path_factory)
    contrastive.save_digits(root / "pictures", np.arange(1, 1797, 4))
    summary = run_here(root / "pictures", "digits", encoder=name, workspace=root / "ws")
    run_here(root / "pictures", "plain", workspace=root / "ws")
    return Finished(root / "ws", summary)


@pytest.fixture(scope="module")
def words_site(pair):
    with served(pair.root) as address:
        yield address


def shown(page, pair, count=20):
    """Return which word each of the first pictures of the gallery is of, in order."""
    ready(page, ".vt-gallery")
    rows = page.evaluate(
        """async (count) => {
            const url = new URL(document.querySelector('.vt-gallery').dataset.window, location);
            url.searchParams.set('start', 0);
            url.searchParams.set('count', count);
            return (await (await fetch(url)).json()).rows;
        }""",
        count,
    )
    page.locator(f'.vt-gallery .vt-cell[data-row="{rows[0]}"]').wait_for()
    paths = pair.library.open("digits").items["path"]
    return [re.search(r"-(\w+)\.png", paths.iat[row]).group(1) for row in rows]


def unfolded(page):
    page.get_by_text("Search by picture or words").click()
    return page.locator(PANEL)


def search(page, text, button="Search words"):
    """Type words and press a button; wait until what is found is shown."""
    before = page.locator(f"{PANEL} [data-search-state]")
    told = before.get_attribute("data-search-state") if before.count() else ""
    page.locator(PANEL).get_by_label("Words", exact=True).fill(text)
    page.locator(PANEL).get_by_role("button", name=button).click()
    state = page.locator(f"{PANEL} [data-search-state]")
    expect(state).not_to_have_attribute("data-search-state", told, timeout=120_000)
    expect(page.locator(".vt-search-status")).to_have_text("", timeout=60_000)


def test_words_find_what_they_name_and_the_hits_become_a_selection(browser, words_site, pair):
    with visitor(browser, forgiven=LOADING) as page:
        explore(page, words_site, "set=digits&map=pca")
        panel = unfolded(page)
        search(page, "three")
        page.wait_for_url("**query=*")
        page.wait_for_selector(".vt-gallery[data-window*='query=']")
        found = shown(page, pair)
        assert len(found) == 20
        assert np.mean([word == "three" for word in found]) >= 0.8

        told = panel.locator(".vt-search-body [role=status]")
        line = panel.locator(".shapelayer path")
        line.wait_for(state="attached")
        before, at = told.text_content(), line.get_attribute("d")
        for _ in range(3):
            panel.get_by_role("slider").press("ArrowRight")
        expect(told).not_to_have_text(before)
        expect(line).not_to_have_attribute("d", at)
        count = re.match(r"[\d,]+", told.text_content()).group()
        panel.get_by_role("button", name="Select these").click()
        page.wait_for_selector(f'.vt-gallery[data-total="{count}"]')

        page.reload()  # the address holds the search
        expect(page.locator(f"{PANEL} .vt-search-chip")).to_have_text(re.compile("three"))
        assert np.mean([word == "three" for word in shown(page, pair)]) >= 0.8


def test_several_words_and_words_to_leave_out_are_one_search(browser, words_site, pair):
    with visitor(browser, forgiven=LOADING) as page:
        explore(page, words_site, "set=digits&map=pca")
        panel = unfolded(page)
        panel.get_by_label("Words", exact=True).fill("zero; one")
        page.keyboard.press("Enter")
        expect(panel.locator(".vt-search-chip")).to_have_count(2, timeout=120_000)
        search(page, "four", "Less of this")
        expect(panel.locator(".vt-search-unlike")).to_have_text(re.compile("four"))
        page.wait_for_selector(".vt-gallery[data-window*='query=']")
        assert set(shown(page, pair)) <= {"zero", "one", "four"}
        panel.get_by_text("How the words are read").click()
        state = panel.locator("[data-search-state]")
        told = state.get_attribute("data-search-state")
        panel.get_by_label("Read as").select_option("plain")
        expect(state).not_to_have_attribute("data-search-state", told, timeout=60_000)
        assert '"templates": ["{}"]' in state.get_attribute("data-search-state")
        panel.get_by_label("Near to").select_option("all")
        expect(state).to_have_attribute("data-search-state", re.compile('"every": true'))
        panel.get_by_role("button", name="Take “four” out of the search").click()
        expect(panel.locator(".vt-search-unlike")).to_have_count(0)
        panel.get_by_role("button", name="End search").click()
        expect(panel.locator(".vt-search-chip")).to_have_count(0)


def test_a_text_that_cannot_be_read_is_told_beside_the_field(browser, words_site):
    page = browser.new_page()  # a refused request is written into the console by the browser
    explore(page, words_site, "set=digits&map=pca")
    panel = unfolded(page)
    panel.get_by_label("Words", exact=True).fill("many words " * 12)
    panel.get_by_role("button", name="Search words").click()
    told = page.locator(".vt-search-status[data-kind=error]")
    expect(told).to_contain_text("this encoder reads 16", timeout=120_000)
    page.close()


def test_an_encoder_without_words_says_so_and_names_the_set_that_has(browser, words_site):
    with visitor(browser, forgiven=LOADING) as page:
        explore(page, words_site, "set=plain&map=pca")
        panel = unfolded(page)
        expect(panel).to_contain_text("pixels has none")
        assert panel.get_by_label("Words", exact=True).count() == 0
        panel.get_by_role("link", name=re.compile("^digits")).click()
        page.wait_for_url("**set=digits*")


def test_labels_are_proposed_by_words_and_accepted(browser, words_site, pair):
    with visitor(browser, forgiven=LOADING) as page:
        page.goto(f"{words_site}/labels?set=digits&view=propagate")
        form = page.get_by_role("region", name="Propose by words")
        form.get_by_label("Labels, one a line").fill("\n".join(WORDS))
        form.get_by_role("button", name="Propose by words").click()
        result = page.get_by_role("region", name="Proposed labels")
        expect(result).to_contain_text("Nothing is promised", timeout=180_000)
        result.get_by_role("button", name=re.compile("^Accept [0-9]+ label")).click()
        expect(result).to_contain_text("Nothing is left to accept", timeout=60_000)


@pytest.mark.parametrize(("size", "scheme"), [("desktop", "light"), ("phone", "dark")])
def test_the_panel_with_words_is_accessible(browser, words_site, size, scheme):
    from axe_playwright_python.sync_playwright import Axe

    with visitor(browser, size, scheme, forgiven=LOADING) as page:
        page.goto(f"{words_site}/explore?set=digits&map=pca")
        ready(page, ".vt-map")
        gallery = page.locator('[data-vt-tab="gallery"]')
        if gallery.is_visible():
            gallery.click()
        unfolded(page)
        search(page, "seven")
        page.get_by_text("How the words are read").click()
        found = Axe().run(page, context=PANEL).response["violations"]
        assert [(v["id"], [n["html"] for n in v["nodes"]]) for v in found] == []
        wide = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        assert page.evaluate(wide)

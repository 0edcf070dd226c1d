"""The page of clusters as a person works in it: label a whole cluster after its check, walk the
tabs, find no rule of accessibility broken and nothing that leaves the screen."""

import pytest
from visiting import visitor

pytestmark = pytest.mark.browser

WIDER = "() => document.documentElement.scrollWidth - window.innerWidth"


def check(page, state):
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    told = [f"{v['id']}: {v['nodes'][0]['html'][:160]}" for v in found]
    assert (state, told) == (state, [])
    assert (state, page.evaluate(WIDER)) == (state, 0)


def test_every_tab_and_menu_keeps_the_rules_on_a_phone(browser, site):
    with visitor(browser, "phone", "dark") as page:
        page.goto(f"{site}/clusters?set=digits")
        page.wait_for_selector(".vt-clusters")
        page.wait_for_selector(".vt-figure .main-svg")
        page.locator("summary", has_text="The tree as a list").click()
        check(page, "themes")
        for tab in ("Micro-clusters", "Sparse", "Dense", "Clusters of one"):
            page.locator(".vt-cluster-tabs a", has_text=tab).click()
            page.wait_for_selector(f'.vt-tab-here:has-text("{tab}")')
            page.wait_for_selector(".vt-clusters, .vt-singles")
            check(page, tab)
        page.goto(f"{site}/clusters?set=digits&cluster=0")
        page.wait_for_selector(".vt-cluster-acts")
        menus = page.locator(".vt-cluster-acts > details")
        assert menus.count() == 4
        for at in range(4):
            menus.nth(at).locator("> summary").click()
            check(page, f"menu {at}")
            page.keyboard.press("Escape")


def test_a_crowd_is_shown_on_the_map_and_the_page_left_without_a_complaint(browser, site, digits):
    crowd = digits.library.open("digits").crowd("dense")
    total = sum(card.size for card in crowd)
    with visitor(browser) as page:
        page.goto(f"{site}/clusters?set=digits&kind=dense")
        page.get_by_role("button", name="Show all in Explore").click()
        page.wait_for_url("**/explore?*sel=*")
        page.wait_for_selector(f'.vt-gallery[data-total="{total}"]')


def test_a_whole_cluster_is_labelled_after_its_check_and_undone(browser, site, digits):
    opened = digits.library.open("digits")
    size, wanted = len(opened.cluster_rows(1)), opened.relabel_check("themes", 1, "seven")
    assert wanted.same == 0
    with visitor(browser) as page:
        page.goto(f"{site}/clusters?set=digits&cluster=1")
        page.locator("summary", has_text="Label all").click()
        page.locator("#clusters-label").fill("seven")
        page.keyboard.press("Enter")
        page.wait_for_selector("#clusters-label-apply")
        assert (
            f"{size:,} have another label" in page.locator("#clusters-label-checked").inner_text()
        )
        page.locator("#clusters-label-apply").click()
        page.wait_for_selector(f"text=Labelled {size:,} images “seven”.")
        page.wait_for_selector("text=seven (100 %)")
        page.locator("#clusters-undo").click()
        page.wait_for_selector("text=Undid: labelled")
        page.wait_for_selector("text=seven (100 %)", state="detached")

"""Drift as a person works in it: two sides are chosen, the job leads to its result, all is seen.

The sets are small and their vectors are given, so that a comparison is a matter of seconds.
"""

import pytest
from visiting import served, visitor

from tests.drift_example import A, B, drifted, placed

pytestmark = pytest.mark.browser

WIDER = "() => document.documentElement.scrollWidth - window.innerWidth"
SHOWN = "#drift-preview .vt-preview-sentence"
#: Views by the screen on which they are looked at here.
VIEWS = {"desktop": ("verdict", "where", "clusters", "time"),
         "phone": ("design", "images", "explain", "planning")}  # fmt: skip


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    """The two example sets, compared, two that were compared by place, and their address."""
    root = tmp_path_factory.mktemp("drift")
    made = drifted(root)
    placed(made.workspace, root / "placed")
    with served(made.workspace.root) as address:
        yield made, address


def check(page, state):
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    told = [f"{v['id']}: {v['nodes'][0]['html'][:160]}" for v in found]
    assert (state, told) == (state, [])
    assert (state, page.evaluate(WIDER)) == (state, 0)


def test_the_sides_follow_the_job_leads_to_its_verdict_and_images_become_a_slice(browser, sets):
    made, site = sets
    with visitor(browser) as page:
        page.goto(f"{site}/drift?set={A}&view=design")
        page.wait_for_selector(f'{SHOWN}:text-is("after, held against before.")')
        page.select_option("#drift-b-by", "label")
        page.wait_for_selector("#drift-b-value-part:not([hidden]) option[value=ant]",
                               state="attached")  # fmt: skip
        page.select_option("#drift-b-value", "ant")
        page.wait_for_selector(f'{SHOWN}:text-is("label ant (after), held against before.")')
        page.get_by_text("More", exact=True).click()
        page.get_by_label("Encode some changed pictures").uncheck()
        page.fill("#drift-permutations", "99")
        page.get_by_role("button", name="Compare", exact=True).click()
        page.wait_for_url("**view=verdict&key=*", timeout=90_000)
        page.wait_for_selector("h1:text-is('Drift: label ant (after) against before')")
        assert made.key not in page.url
        page.get_by_text("Other comparisons (1)").click()
        page.locator(".vt-morph-others a").click()
        page.wait_for_selector("h1:text-is('Drift: after against before')")
        assert made.key in page.url
        page.get_by_role("link", name="See the images").click()
        page.wait_for_selector(".vt-drift-pair img")
        page.get_by_label("Name").fill("new ones")
        page.get_by_label("How many").fill("24")
        page.get_by_role("button", name="Save as slice").click()
        page.get_by_role("link", name="Explore it").click()
        page.wait_for_url(f"**/explore?set={B}&slice=new+ones")


@pytest.mark.parametrize(("size", "scheme"), [("desktop", "dark"), ("phone", "light")])
def test_every_view_is_accessible_and_fits(browser, sets, size, scheme):
    made, site = sets
    with visitor(browser, size, scheme) as page:
        for view in VIEWS[size]:
            page.goto(f"{site}/drift?set={A}&key={made.key}&view={view}")
            page.wait_for_selector(".vt-tab-here")
            page.wait_for_load_state("networkidle")
            check(page, (view, scheme, size))


def test_places_that_differ_are_outlined_and_parts_are_shown_in_colour(browser, sets):
    """From the frame to two images side by side, on a phone."""
    _, site = sets
    loaded = "() => [...document.querySelectorAll('main img')].every(i => i.naturalWidth > 0)"
    with visitor(browser, "phone") as page:
        page.goto(f"{site}/drift?set=plain&view=verdict")
        page.get_by_role("link", name="In the frame").click()
        page.wait_for_selector("text=most at the bottom on the left")
        page.wait_for_selector(".vt-drift-frame .shapelayer path")
        assert page.locator("img.vt-drift-mean").count() == 2
        page.wait_for_function(loaded)
        check(page, ("frame", "light", "phone"))
        page.get_by_role("link", name="Drifted images beside their counterparts").click()
        page.wait_for_selector(".vt-drift-pair img[alt='In colour: what its counterpart lacks']")
        page.get_by_role("link", name="Closer").first.click()
        page.wait_for_selector(".vt-drift-large img[src*='size=large'][src*='beside=']")
        page.wait_for_function(loaded)
        page.get_by_role("link", name="What the other set lacks").first.click()
        page.wait_for_selector(".vt-drift-large img[alt='In colour: what the other set lacks']")
        check(page, ("closer", "light", "phone"))

"""Encoders as a person compares them: the form, the job that leads to its court, every view."""

import pytest
from visiting import served, visitor

from tests.court_example import sets

pytestmark = pytest.mark.browser

WIDER = "() => document.documentElement.scrollWidth - window.innerWidth"

#: Screens, schemes and views that are looked at.
LOOKS = (("phone", "dark", "court"), ("desktop", "dark", "nuisance"),
         ("phone", "light", "nuisance"), ("phone", "light", "list"))  # fmt: skip


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The example sets, a test of nuisances made, and their address."""
    made = sets(tmp_path_factory.mktemp("encoders"))
    made.nuisance()
    with served(made.workspace.root) as address:
        yield address


def check(page, state):
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    told = [f"{v['id']}: {v['nodes'][0]['html'][:160]}" for v in found]
    assert (state, told) == (state, [])
    assert (state, page.evaluate(WIDER)) == (state, 0)


def test_a_court_is_held_and_every_view_is_accessible_and_fits(browser, site):
    with visitor(browser, "desktop", "light") as page:
        page.goto(f"{site}/encoders?set=colours&view=court")
        page.get_by_text("More", exact=True).click()
        page.select_option("#court-clusters", "none")
        page.get_by_role("button", name="Compare encoders", exact=True).click()
        page.wait_for_url("**view=court&done=*", timeout=240_000)
        page.wait_for_selector("h2:text-is('One encoder for each question')")
        page.wait_for_load_state("networkidle")
        check(page, "court")
        assert page.locator(".vt-court-strip").count() == 2
        page.locator(".vt-court-others a").first.click()
        page.wait_for_url("**row=*")
        page.wait_for_selector(".vt-court-strip img")
    for size, scheme, view in LOOKS:
        with visitor(browser, size, scheme) as page:
            name = "colours" if view == "court" else "shapes"
            page.goto(f"{site}/encoders?set={name}&view={view}")
            page.wait_for_selector(".vt-tab-here")
            page.wait_for_load_state("networkidle")
            check(page, (view, size, scheme))

"""Morphology as a person works in it: the form follows, the job leads to its result, all is taken.

The set is small and its vectors are given, so that a comparison is a matter of seconds.
"""

import json

import pytest
from visiting import served, visitor

from tests.morphology_example import NAME, compared

pytestmark = pytest.mark.browser

WIDER = "() => document.documentElement.scrollWidth - window.innerWidth"
SHOWN = "#morph-preview .vt-preview-sentence"
VIEWS = ("design", "overview", "card", "distances", "disparity", "distinct", "ordination", "preset")


@pytest.fixture(scope="module")
def butterflies(tmp_path_factory):
    """The example set, compared by species, and its address."""
    made = compared(tmp_path_factory.mktemp("morphology"), gradient=False)
    with served(made.workspace.root) as address:
        yield made, address


def check(page, state):
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    told = [f"{v['id']}: {v['nodes'][0]['html'][:160]}" for v in found]
    assert (state, told) == (state, [])
    assert (state, page.evaluate(WIDER)) == (state, 0)


def test_the_form_follows_and_the_job_it_starts_leads_to_what_it_found(browser, butterflies):
    made, site = butterflies
    with visitor(browser) as page:
        page.goto(f"{site}/morphology?set={NAME}&view=design")
        page.wait_for_selector(f'{SHOWN}:text-is("88 images in 4 groups.")')
        page.wait_for_selector(".vt-morph-fail:has-text('specimen')")  # it is found by itself
        page.get_by_role("button", name="Take “specimen” as the unit").click()
        page.wait_for_selector(f'{SHOWN}:text-is("88 images of 24 units in 4 groups.")')
        page.select_option("#morph-by", "site")
        page.wait_for_selector(f'{SHOWN}:has-text("in 2 groups.")')
        page.get_by_text("Only some of the groups").click()
        page.get_by_label("north (").check()
        page.wait_for_selector("#morph-preview :text('one cannot be compared')")
        page.get_by_label("south (").check()
        page.wait_for_selector(f'{SHOWN}:has-text("in 2 groups.")')
        page.get_by_text("More", exact=True).click()
        page.fill("#morph-permutations", "99")
        page.get_by_role("button", name="Compare", exact=True).click()
        page.wait_for_url("**view=overview&key=*", timeout=60_000)
        page.wait_for_selector(".vt-morph-effect:has-text('Groups by site explain')")
        assert made.key not in page.url
        page.get_by_text("Other comparisons (1)").click()
        page.locator(".vt-morph-others a").click()
        page.wait_for_selector(".vt-morph-effect:has-text('Groups by label explain')")
        assert made.key in page.url


def test_what_was_found_is_taken_along(browser, butterflies):
    made, site = butterflies
    with visitor(browser) as page:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=site)
        page.goto(f"{site}/morphology?set={NAME}&key={made.key}")
        page.get_by_role("button", name="Copy the methods paragraph").click()
        page.wait_for_selector("button:text-is('Copied')")
        copied = page.evaluate("() => navigator.clipboard.readText()")
        assert copied.startswith(made.result["methods"])
        assert made.result["citations"][-1] in copied  # they are folded, and come along
        with page.expect_download() as table:
            page.get_by_role("link", name="Pairs of groups").click()
        assert len(table.value.path().read_text().splitlines()) == 1 + 6  # pairs of four groups
        told = json.loads(page.request.get(f"{site}/api/morphology/{made.key}.json").body())
        assert told["tests"] == made.result["tests"]


@pytest.mark.parametrize(
    ("size", "scheme", "views"), [("phone", "dark", VIEWS[:3]), ("desktop", "light", VIEWS[3:5])]
)
def test_no_view_breaks_a_rule_or_leaves_a_phone(browser, butterflies, size, scheme, views):
    made, site = butterflies
    with visitor(browser, size, scheme) as page:
        for view in views:
            page.goto(f"{site}/morphology?set={NAME}&view={view}&key={made.key}")
            here = page.wait_for_selector(".vt-tab-row .vt-tab-here")
            page.wait_for_function(
                "here => { const box = here.getBoundingClientRect();"
                " return box.left >= 0 && box.right <= window.innerWidth; }",
                arg=here,
            )
            check(page, view)

"""From the sample set to its report in one click; nothing for axe to find on the way."""

import re

import pytest
from visiting import visitor

pytestmark = pytest.mark.browser

WIDER = "() => document.documentElement.scrollWidth - window.innerWidth"
SEVERAL = 180_000  # milliseconds that choosing and reporting may take on a slow machine

#: What else is looked at: an address, and what is there when it is.
OTHERS = (
    ("/curate?set=digits", ".vt-preview .main-svg"),
    ("/curate?set=digits&view=split", "#split-go"),
    ("/report?set=digits", ".vt-history-line"),
    ("/report/nope?set=digits", ".vt-empty"),
)


def check(page, state):
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    told = [f"{v['id']}: {v['nodes'][0]['html'][:160]}" for v in found]
    assert (state, told) == (state, [])
    assert (state, page.evaluate(WIDER)) == (state, 0)


@pytest.fixture(scope="module")
def report(browser, site):
    """The address of the report that one click on the form of the sample set led to."""
    with visitor(browser) as page:
        page.goto(f"{site}/")
        page.get_by_role("link", name="Curate").first.click()
        page.wait_for_selector(".vt-preview-sentence")
        page.get_by_role("button", name="Choose and report").click()
        page.wait_for_url(re.compile(r"/report/[0-9a-f]{32}"), timeout=SEVERAL)
        page.wait_for_selector(".vt-verdict-sentence")
        return page.url


def test_one_click_leads_from_the_sample_set_to_a_report_and_back_to_its_images(
    browser, site, report
):
    with visitor(browser) as page:
        page.goto(report)
        page.wait_for_selector(".vt-verdict-sentence")
        assert "random" in page.locator(".vt-verdict-sentence").inner_text()
        drawn = page.locator(".vt-report-map:visible")
        assert drawn.count() == 2
        for at in range(2):
            drawn.nth(at).scroll_into_view_if_needed()
            page.wait_for_function("(e) => e.complete && e.naturalWidth > 0",
                                   arg=drawn.nth(at).element_handle())  # fmt: skip
        for kind, begins in (("json", b"{"), ("html", b"<!")):
            answer = page.request.get(f"{site}/api/report/{report_id(report)}.{kind}")
            assert answer.ok
            assert answer.body().lstrip()[: len(begins)].lower() == begins
        page.get_by_role("link", name="See the images").click()
        page.wait_for_selector('.vt-gallery[data-state="ready"]', timeout=60_000)
        assert page.locator(".vt-gallery").get_attribute("data-total") == "180"
        page.keyboard.press("g")
        page.keyboard.press("r")
        page.wait_for_selector(".vt-history-line")


def report_id(address):
    return re.search(r"/report/([0-9a-f]+)", address)[1]


@pytest.mark.parametrize(("size", "scheme"), [("desktop", "dark"), ("phone", "light")])
def test_no_page_of_curate_or_report_breaks_a_rule(browser, site, report, size, scheme):
    with visitor(browser, size, scheme) as page:
        page.goto(report)
        page.wait_for_selector(".vt-chart .js-plotly-plot .main-svg")
        page.eval_on_selector_all(".vt-report details", "all => all.forEach(d => d.open = true)")
        check(page, "report")
        others = OTHERS if size == "desktop" else OTHERS[:1]
        for path, seen in others:
            page.goto(site + path)
            page.wait_for_selector(seen)
            page.eval_on_selector_all("#vt-main details", "all => all.forEach(d => d.open = true)")
            check(page, path)
        page.goto(f"{site}/curate?set=digits")
        page.locator(".vt-recent a").first.click()
        page.wait_for_selector(".vt-chosen-one")
        assert page.evaluate(WIDER) == 0

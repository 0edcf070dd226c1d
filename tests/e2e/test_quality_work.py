"""Quality as a person works in it: keys, the threshold's line, pictures compared, many at once."""

import pytest
from visiting import served, visitor

from tests.quality_example import IDENTICAL, NEAR, checked

pytestmark = pytest.mark.browser

WIDER = "() => document.documentElement.scrollWidth - window.innerWidth"

#: What is drawn, one after the other, on a page that is loaded once: links that change the page.
VIEWS = ("overview", "duplicates", "outliers", "pictures", "labels")


@pytest.fixture(scope="module")
def moths(tmp_path_factory):
    """The example set, checked, and its address."""
    made = checked(tmp_path_factory.mktemp("quality"))
    with served(made.workspace.root) as address:
        yield made, address


def case(page, key):
    """Wait until a case is shown."""
    page.wait_for_selector(f'.vt-queue-line[aria-current="true"][href*="case={key}"]')
    page.wait_for_url(f"**case={key}*")


def press(page, key):
    """Press a key once its button may be pressed: it is locked while a decision is written."""
    page.wait_for_selector(f'[data-vt-key="{key}"]:enabled')
    page.keyboard.press(key)


def check(page, state):
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    told = [f"{v['id']}: {v['nodes'][0]['html'][:160]}" for v in found]
    assert (state, told) == (state, [])
    assert (state, page.evaluate(WIDER)) == (state, 0)


def test_keys_decide_walk_and_take_back_and_the_log_has_the_reason(browser, moths):
    made, site = moths
    with visitor(browser) as page:
        page.goto(f"{site}/quality?set=moths")
        page.get_by_role("link", name="Begin with duplicates").click()
        case(page, "identical-0")
        press(page, "x")
        case(page, "pixels-2")
        assert made.desk.view(made.open()).excluded.tolist() == IDENTICAL[1:]
        press(page, "n")
        case(page, "near-4")
        page.get_by_role("link", name="Keep 05.png instead").click()
        page.wait_for_selector("text=You chose the one to keep")
        press(page, "x")
        case(page, "near-5")
        stays = [row for row in NEAR if row not in made.desk.view(made.open()).excluded]
        assert stays == [5]
        press(page, "k")
        case(page, "turned-6")
        line = made.desk.view(made.open()).history(1)[0].text
        assert "2 images" in line
        assert "almost the same" in line  # the reason that the page gave
        for key in ("near-5", "near-4", "identical-0"):
            press(page, "z")
            case(page, key)
        assert not len(made.desk.view(made.open()).excluded)
        page.reload()  # the address says where one was
        case(page, "identical-0")


def test_an_act_of_another_list_is_shown_before_z_takes_it_back(browser, moths):
    made, site = moths
    with visitor(browser) as page:
        page.goto(f"{site}/quality?set=moths&view=outliers&case=outlier-11")
        case(page, "outlier-11")
        press(page, "k")
        page.wait_for_selector("#quality-undo", state="visible")
        words = made.desk.view(made.open()).can_undo
        page.goto(f"{site}/quality?set=moths&view=labels")
        page.wait_for_selector("#quality-case")
        assert page.locator("#quality-undo").get_attribute("title") == words
        press(page, "z")
        page.wait_for_selector("#quality-confirm[open]")
        assert words in page.locator("#quality-confirm-body").inner_text()
        check(page, "asked")
        page.get_by_role("button", name="Cancel").click()
        page.wait_for_selector("#quality-confirm:not([open])", state="attached")
        assert made.desk.view(made.open()).can_undo == words
        press(page, "z")
        page.get_by_role("button", name="Take it back").click()
        page.wait_for_selector("#quality-undo", state="hidden")
        assert made.desk.view(made.open()).can_undo is None


def test_pictures_are_compared_and_the_line_of_the_threshold_is_dragged(browser, moths):
    _, site = moths
    told = ".vt-difference-told"
    with visitor(browser) as page:
        page.goto(f"{site}/quality?set=moths&view=duplicates&case=identical-0")
        page.get_by_role("button", name="Difference").click()
        page.wait_for_selector(f'{told}:text-is("No pixel differs.")')
        page.goto(f"{site}/quality?set=moths&view=duplicates&case=near-4")
        page.get_by_role("button", name="Difference").click()
        page.wait_for_selector(f'{told}:text-is("No pixel differs.")')  # 4 is 3 in another format
        page.get_by_role("button", name="Compare 05.png").click()
        page.wait_for_selector(f'{told}:has-text("at most 5;")')  # 5 was added to every value
        press(page, "n")
        case(page, "near-5")
        page.wait_for_selector(f'{told}:has-text("at most 8;")')  # the way to compare stays
        press(page, "n")
        case(page, "turned-6")
        page.wait_for_selector(f'{told}:text-is("No pixel differs.")')  # it is turned back
        page.goto(f"{site}/quality?set=moths&view=duplicates&kind=near")
        page.locator(".vt-tau summary").first.click()
        page.wait_for_selector(".vt-tau .js-plotly-plot .bars")
        line = page.locator("#quality-tau-line")
        box, top = line.bounding_box(), float(line.get_attribute("max"))
        track = box["width"] - 16
        start = box["x"] + 8 + track * float(line.input_value()) / top
        page.mouse.move(start, box["y"] + 40)
        page.mouse.down()
        page.mouse.move(box["x"] + 8 + track * 0.8, box["y"] + 40, steps=4)
        page.mouse.up()
        assert float(line.input_value()) == pytest.approx(0.8 * top, rel=0.02)
        field = page.locator("#quality-tau-value")
        page.wait_for_function(
            "wanted => Math.abs(document.getElementById('quality-tau-value').value - wanted)"
            " < 0.01 * wanted", arg=float(line.input_value()),
        )  # fmt: skip
        page.wait_for_selector("#quality-tau-use:enabled")
        moved = page.locator("#quality-tau-told").inner_text()
        line.focus()
        page.keyboard.press("Home")
        page.wait_for_function("() => document.getElementById('quality-tau-value').value === '0'")
        page.wait_for_function(
            "before => document.getElementById('quality-tau-told').innerText !== before", arg=moved
        )
        field.fill("0.05")
        page.wait_for_selector("#quality-tau-use:disabled")  # it is the one in use


def test_no_view_breaks_a_rule_or_leaves_a_dark_phone(browser, moths):
    made, site = moths
    with visitor(browser, "phone", "dark") as page:
        for view in (*VIEWS, "duplicates&kind=leaks", "duplicates&kind=sequence"):
            page.goto(f"{site}/quality?set=moths&view={view}")
            page.wait_for_selector(".vt-topic, .vt-queue-line, .vt-leaks, #quality-stream-go")
            check(page, view)
    assert made.desk.view(made.open()).can_undo is None


def test_nothing_that_opens_breaks_a_rule_on_a_desk(browser, moths):
    _, site = moths
    with visitor(browser) as page:
        page.goto(f"{site}/quality?set=moths&view=duplicates&case=near-4")
        page.locator("[data-vt-mode=swipe]").click()
        page.wait_for_selector(".vt-difference[data-drawn=swipe]")
        page.locator(".vt-tau summary").first.click()
        check(page, "compared, with the threshold")
        page.locator(".vt-queue .btn", has_text="Drop the copies").click()
        page.wait_for_selector("#quality-confirm[open]")
        check(page, "confirm")
        page.keyboard.press("Escape")
        page.goto(f"{site}/quality?set=moths&view=outliers&state=decided")
        page.wait_for_selector(".vt-case-none")
        check(page, "nothing listed")

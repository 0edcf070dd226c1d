"""Objects as a person works with them: one among its picture's others, and a box drawn anew."""

import pytest
from objects_example import SIZE, objects_of, write_coco
from visiting import served, visitor

from core.config import load_settings
from core.curation import Desk
from core.library import Library
from core.pipeline import run
from core.request import RunRequest
from core.storage.store import Workspace

pytestmark = pytest.mark.browser

WIDER = "() => document.documentElement.scrollWidth - window.innerWidth"
FIELDS = ".vt-object-fields input"


@pytest.fixture(scope="module")
def objects(tmp_path_factory):
    """A set of twelve objects in four pictures, served; its desk and its library."""
    folder = tmp_path_factory.mktemp("objects")
    workspace = Workspace(folder / "workspace")
    settings = load_settings({"workspace": str(workspace.root)}, {})
    wanted = RunRequest(f"coco:{write_coco(folder)}", "objects", "pixels", ("pca",))
    run(wanted, workspace, settings)
    desk = Desk(workspace)
    with served(workspace.root) as address:
        yield address, desk, Library.with_desk(workspace, desk)


def drag(page, start, end):
    """Drag over the whole picture, from one place to another, in its pixels."""
    page.locator(".vt-object-stage").scroll_into_view_if_needed()
    frame = page.locator(".vt-object-stage").bounding_box()

    def at(place):
        across, down = place[0] / SIZE[0], place[1] / SIZE[1]
        return frame["x"] + across * frame["width"], frame["y"] + down * frame["height"]

    page.mouse.move(*at(start))
    page.mouse.down()
    page.mouse.move(*at([(a + b) / 2 for a, b in zip(start, end, strict=True)]))
    page.mouse.move(*at(end))
    page.mouse.up()


def typed(page):
    return [float(field.input_value()) for field in page.locator(FIELDS).all()]


@pytest.mark.parametrize("size", ["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_part_is_sound_in_both_sizes_and_colours(browser, objects, size, scheme):
    from axe_playwright_python.sync_playwright import Axe

    site, *_ = objects
    with visitor(browser, size, scheme) as page:
        page.goto(f"{site}/explore?set=objects&row=4")
        page.wait_for_selector(".vt-object-stage")
        page.get_by_text("Edit the box").click()
        page.wait_for_selector(FIELDS)
        found = Axe().run(page, context=".vt-inspector").response["violations"]
        assert [f"{v['id']}: {v['nodes'][0]['html'][:160]}" for v in found] == []
        assert page.evaluate(WIDER) == 0


def test_a_box_is_drawn_anew_saved_and_only_it_is_embedded(browser, objects):
    site, desk, library = objects
    with visitor(browser) as page:
        page.goto(f"{site}/explore?set=objects&row=4")
        page.wait_for_selector(".vt-object-stage")
        page.get_by_role("button", name="Object at 5, 6, leaf").click()
        page.wait_for_selector("text=Object 3 of objects")
        page.get_by_role("button", name="Object at 40, 11, seed").click()
        page.wait_for_selector("text=Object 4 of objects")
        page.get_by_text("Edit the box").click()
        assert typed(page) == list(objects_of(1)[1][1])
        drag(page, (38, 9), (54, 27))
        assert typed(page) == pytest.approx([38, 9, 16, 18], abs=1)
        page.locator(FIELDS).nth(2).fill("17")
        drawn = page.locator(".vt-object-own").evaluate("own => own.style.width")
        assert float(drawn.removesuffix("%")) == pytest.approx(100 * 17 / 96, abs=0.01)
        box = tuple(typed(page))
        page.get_by_role("button", name="Save box").click()
        page.wait_for_selector("text=Saved. Undo takes it back.")
        assert desk.view(library.open("objects")).boxes == {4: box}
        before = library.open("objects").items["item_id"].tolist()
        page.get_by_role("button", name="Bring up to date").click()
        page.wait_for_selector(".vt-object-waiting", state="hidden", timeout=120_000)
        after = library.open("objects").items["item_id"].tolist()
        assert [row for row in range(12) if before[row] != after[row]] == [4]
        for _ in range(600):  # the set is there before its maps are made
            if library.open("objects").summary:
                break
            page.wait_for_timeout(200)
        assert library.open("objects").summary["encoded"] == 1


@pytest.mark.parametrize(("size", "scheme"), [("desktop", "light"), ("phone", "dark")])
def test_two_objects_are_compared_as_the_encoder_sees_them(browser, objects, size, scheme):
    from axe_playwright_python.sync_playwright import Axe

    site, *_ = objects
    with visitor(browser, size, scheme) as page:
        seeds = {"set": "objects", "op": "rows", "rows": [4, 7]}  # of two pictures
        made = page.request.post(f"{site}/api/selection", data=seeds).json()
        page.goto(f"{site}/explore?set=objects&sel={made['selection']}")
        if size == "phone":
            page.get_by_role("button", name="Gallery", exact=True).click()
        page.get_by_text("Where do these two objects differ?").click()
        page.get_by_role("button", name="By the encoder").click()
        page.wait_for_selector('.vt-difference[data-places="shown"]', timeout=60_000)
        told = page.locator(".vt-difference-told").inner_text()
        assert "Most unlike, as pixels sees them, in" in told
        assert "of 1.png, object 5 (" in told
        assert "of two objects of this set" in told
        for picture in page.locator(".vt-places img").all():
            picture.evaluate("image => image.decode()")
            assert picture.evaluate("image => image.naturalWidth") == 720
        found = Axe().run(page, context=".vt-two").response["violations"]
        assert [f"{v['id']}: {v['nodes'][0]['html'][:160]}" for v in found] == []
        assert page.evaluate(WIDER) == 0

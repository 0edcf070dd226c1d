"""Films in Explore: the timeline is drawn over, filled in and looked along."""

import pytest
from visiting import explore, served, visitor

from core.config import load_settings
from core.pipeline import run
from core.request import RunRequest
from core.storage.store import Workspace
from tests.clips import write_video

pytestmark = pytest.mark.browser

BAND, TOLD = ".vt-timeline-band", ".vt-timeline-strip p"


@pytest.fixture(scope="module")
def cinema(tmp_path_factory):
    """Two films of 50 frames, two seconds each; one shows one number, one another every second."""
    folder, root = tmp_path_factory.mktemp("films"), tmp_path_factory.mktemp("work") / "ws"
    write_video(folder / "one.mp4", [3] * 50)
    write_video(folder / "two.mp4", [9] * 25 + [200] * 25)
    asked = RunRequest(f"video:{folder}?every=1", "films", "pixels?colour=1", ("pca",))
    run(asked, Workspace(root), load_settings({"workspace": str(root)}, {}))
    with served(root) as address:
        yield address


def test_frames_are_selected_along_the_timeline(browser, cinema):
    with visitor(browser) as page:
        explore(page, cinema, "set=films")
        page.locator(".vt-timeline > summary").click()
        page.select_option("#timeline-clip", "1")
        page.wait_for_selector('.vt-timeline-pictures[aria-label="Frames of two.mp4"]')
        box = page.locator(BAND).bounding_box()
        across, y = (lambda share: box["x"] + share * box["width"]), box["y"] + 5
        page.mouse.move(across(0.249), y)
        page.mouse.down()
        page.mouse.move(across(0.4), y, steps=3)
        page.mouse.move(across(0.501), y, steps=3)
        page.mouse.up()
        page.wait_for_function(
            "() => document.querySelector('.vt-timeline-strip p').textContent.includes('selected')"
        )
        # 1.96 s long, a frame each 0.04 s: from 0.49 to 0.98 s are the frames 13 to 24
        assert page.locator(TOLD).inner_text() == "50 frames, 1.96 s; 12 selected"
        page.fill("#timeline-from", "1")
        page.fill("#timeline-to", "")
        page.click("#timeline-select")
        page.wait_for_function(
            "() => document.querySelector('.vt-timeline-strip p').textContent"
            ".endsWith('25 selected')"
        )
        page.wait_for_selector('.vt-gallery[data-state="ready"][data-total="25"]')
        page.fill("#timeline-from", "7")
        page.fill("#timeline-to", "8")
        page.click("#timeline-select")
        page.wait_for_selector("#timeline-told >> text=No frame lies between 7 and 8")
        page.locator(".vt-timeline-pictures button").first.click()
        page.wait_for_selector(".vt-inspector >> text=two.mp4")

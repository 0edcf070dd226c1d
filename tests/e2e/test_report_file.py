"""The report's file in a browser: nothing for axe to find, nothing that leaves the screen."""

import io

import pytest
from PIL import Image
from report_example import example
from visiting import SIZES, visitor

from core.report.html import render_html

pytestmark = pytest.mark.browser

OUTSIDE = """() => [...document.querySelectorAll('main *:not(svg *)')].filter(one => {
    const box = one.getBoundingClientRect();
    return box.right > innerWidth + 1 && !one.closest('.scroll');
}).map(one => one.outerHTML.slice(0, 120))"""


def picture(size, colour):
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize(("size", "scheme"), [("desktop", "light"), ("phone", "dark")])
def test_the_file_breaks_no_rule_and_stays_on_the_screen(browser, tmp_path, size, scheme):
    from axe_playwright_python.sync_playwright import Axe

    maps = {"curated": picture((90, 70), (0, 90, 90)), "random": picture((90, 70), (160, 90, 0))}
    file = tmp_path / "report.html"
    file.write_bytes(render_html(example(), lambda row: picture((80, 60), (row % 256, 9, 9)), maps))
    with visitor(browser, size, scheme) as page:
        page.goto(file.as_uri())
        found = Axe().run(page).response["violations"]
        assert [f"{v['id']}: {v['nodes'][0]['html'][:160]}" for v in found] == []
        assert page.evaluate(OUTSIDE) == []
        assert page.evaluate("document.documentElement.scrollWidth") == SIZES[size][0]
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert (ground == "rgb(19, 23, 26)") == (scheme == "dark")
        page.emulate_media(media="print", color_scheme="dark")
        ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert ground == "rgb(255, 255, 255)"
        ink = page.evaluate("getComputedStyle(document.querySelector('.sentence')).color")
        assert ink == "rgb(28, 34, 38)"

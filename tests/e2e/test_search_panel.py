"""The search panel in a browser, on a page of its own with an inspector."""

import os
import re
import subprocess
import sys
from contextlib import contextmanager

import numpy as np
import pytest
from making import ROOT
from PIL import Image
from playwright.sync_api import expect
from visiting import visitor

pytestmark = pytest.mark.browser

QUERY, SELECTION = "#told-query", "#told-selection"


@pytest.fixture(scope="module")
def site(digits):
    environ = {k: v for k, v in os.environ.items() if not k.startswith("VITRINE_")}
    environ["PYTHONPATH"] = str(ROOT)
    command = [sys.executable, "tests/e2e/search_page.py", str(digits.root), "digits"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=environ) as run:
        try:
            yield re.search(r"http://\S+", run.stdout.readline()).group()
        finally:
            run.terminate()


def arrive(page, site):
    page.goto(site)
    expect(page.locator(QUERY)).to_have_text("none", timeout=60_000)
    page.wait_for_selector(".vt-inspector:not([hidden])")


@contextmanager
def arrived(browser, site, size="desktop", scheme="light"):
    with visitor(browser, size, scheme) as page:
        arrive(page, site)
        yield page


def searched(page, before="none"):
    """Wait until another search is shown and return its id."""
    told = page.locator(QUERY)
    expect(told).to_have_text(re.compile(f"^(?!{before}|none)[0-9a-f]{{32}}$"), timeout=60_000)
    query = told.text_content()
    page.wait_for_selector(f"[data-search-state*='{query}']", state="attached")
    page.wait_for_selector(".vt-search .js-plotly-plot .main-svg")
    return query


def of_the_set(digits, tmp_path, row):
    """Return a file with the picture of a row."""
    from sklearn.datasets import load_digits

    path = tmp_path / f"{row}.png"
    pixels = np.rint(load_digits().images[row] * 255 / 16).astype(np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def test_a_chosen_picture_finds_itself_and_what_is_near_is_selected(
    browser, site, digits, tmp_path
):
    with arrived(browser, site) as page:
        with page.expect_file_chooser() as choosing:
            page.get_by_role("button", name="Choose a picture").press("Enter")
        choosing.value.set_files(of_the_set(digits, tmp_path, 10))
        query = searched(page)
        chip = page.locator(".vt-search-chip img")
        assert chip.evaluate("i => i.decode().then(() => i.naturalWidth)") == 8
        told = page.locator(".vt-search-body [role=status]").text_content()
        page.get_by_role("button", name="Select these").click()
        expect(page.locator(SELECTION)).not_to_have_text("none")
        assert told.startswith(f"{page.locator(SELECTION).text_content()} image")

        page.goto(f"{site}/?query={query}")  # the same search after a reload
        assert searched(page) == query
        assert page.locator(".vt-search-chip img").count() == 1


def test_the_line_is_moved_with_the_keyboard_and_the_count_follows(browser, site):
    with arrived(browser, site) as page:
        page.get_by_role("button", name="More like this").click()
        searched(page)
        told = page.locator(".vt-search-body [role=status]")
        line = page.locator(".vt-search .shapelayer path")
        before, at = told.text_content(), line.get_attribute("d")
        for _ in range(3):
            page.get_by_role("slider").press("ArrowRight")
        expect(told).not_to_have_text(before)
        expect(line).not_to_have_attribute("d", at)


def test_examples_are_added_from_the_inspector_and_taken_out_again(browser, site):
    with arrived(browser, site) as page:
        page.get_by_role("button", name="More like this").click()
        first = searched(page)
        page.locator(".vt-near button").nth(2).click()
        expect(page.locator(".vt-inspector strong").first).not_to_have_text("Image 5")
        page.get_by_role("button", name="Less like this").click()
        second = searched(page, first)
        assert page.locator(".vt-search-unlike").count() == 1
        page.locator(".vt-search-unlike").get_by_role("button").click()
        assert searched(page, second) == first
        page.get_by_role("button", name="End search").click()
        expect(page.locator(QUERY)).to_have_text("none")
        expect(page.locator(".vt-search-chip")).to_have_count(0)


def test_what_is_no_picture_is_refused_with_the_servers_sentence(browser, site):
    # a refused request is written into the console by the browser itself
    page = browser.new_page()
    arrive(page, site)
    page.evaluate(
        """() => {
            const transfer = new DataTransfer();
            transfer.items.add(new File(['only words'], 'words.txt', {type: 'text/plain'}));
            const event = new DragEvent('drop',
                {bubbles: true, cancelable: true, dataTransfer: transfer});
            document.querySelector('.vt-search-drop').dispatchEvent(event);
        }"""
    )
    page.wait_for_selector(".vt-search-status[data-kind=error]", timeout=60_000)
    assert "not an image Vitrine can read" in page.locator(".vt-search-status").text_content()
    assert page.locator(".vt-search[aria-busy=true]").count() == 0
    page.close()


@pytest.mark.parametrize(("size", "scheme"), [("desktop", "light"), ("phone", "dark")])
def test_a_pasted_picture_is_searched_for_and_the_panel_is_accessible(
    browser, site, digits, tmp_path, size, scheme
):
    from axe_playwright_python.sync_playwright import Axe

    data = list(of_the_set(digits, tmp_path, 20).read_bytes())
    with arrived(browser, site, size, scheme) as page:
        page.evaluate(
            f"""bytes => {{
                document.documentElement.setAttribute('data-bs-theme', '{scheme}');
                document.documentElement.lang = 'en';
                const transfer = new DataTransfer();
                transfer.items.add(
                    new File([new Uint8Array(bytes)], 'a.png', {{type: 'image/png'}}));
                document.dispatchEvent(
                    new ClipboardEvent('paste', {{bubbles: true, clipboardData: transfer}}));
            }}""",
            data,
        )
        searched(page)
        found = Axe().run(page, context=".vt-search").response["violations"]
        assert [(v["id"], [n["html"] for n in v["nodes"]]) for v in found] == []
        wide = "document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        assert page.evaluate(wide)

"""The real app in a real browser: what a new user does, on the sample set and on own pictures."""

import io
import json
import re
import time
from urllib.parse import urlsplit

import numpy as np
import pandas as pd
import pytest
from making import picture, run_json
from PIL import Image
from visiting import SIZES, explore, lasso, ready, served, visitor

from components.theme import template
from core.jobs import JobBoard
from core.library import Library
from core.storage.store import Workspace

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("size", "scheme"),
    [("desktop", "light"), ("phone", "dark"),
     pytest.param("desktop", "dark", marks=pytest.mark.slow),
     pytest.param("phone", "light", marks=pytest.mark.slow)],
)  # fmt: skip
@pytest.mark.parametrize(
    "path", ["/", "/explore?set=digits", "/clusters?set=digits", "/slices?set=digits", "/jobs"]
)
def test_each_page_opens_without_a_complaint(browser, site, path, size, scheme):
    with visitor(browser, size, scheme) as page:
        page.goto(site + path)
        page.wait_for_selector("h1", timeout=60_000)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.lang") == "en"
        assert page.evaluate("document.documentElement.dataset.bsTheme") == scheme
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= SIZES[size][0], "the page is wider than the screen"


def test_the_map_is_drawn_in_the_colours_of_its_legend(browser, site):
    with visitor(browser) as page:
        explore(page, site)
        shot = page.locator(".vt-map-stage").screenshot()
        pixels = np.asarray(Image.open(io.BytesIO(shot)).convert("RGB")).reshape(-1, 3)
        swatches = page.eval_on_selector_all(
            ".vt-legend .vt-swatch", "s => s.map(e => getComputedStyle(e).backgroundColor)"
        )
        for colour in swatches[:8]:
            wanted = np.array([int(v) for v in re.findall(r"\d+", colour)[:3]])
            assert (np.abs(pixels.astype(int) - wanted).sum(axis=1) < 12).sum() > 20, colour


def test_a_lasso_fills_the_gallery_with_exactly_what_it_holds(browser, site):
    with visitor(browser) as page:
        explore(page, site)
        with page.expect_response("**/api/select") as answer:
            lasso(page, [(0.1, 0.5), (0.98, 0.5), (0.98, 0.98), (0.1, 0.98)])
        found = answer.value.json()
        assert 0 < found["count"] < 1797
        page.wait_for_selector(f'.vt-gallery[data-total="{found["count"]}"]')
        page.wait_for_url("**sel=*")
        page.reload()
        page.wait_for_selector(f'.vt-gallery[data-total="{found["count"]}"]', timeout=60_000)
        page.get_by_role("button", name="Clear the selection").first.click()
        page.wait_for_selector('.vt-gallery[data-total="1797"]')


def test_escape_clears_the_selection(browser, site):
    with visitor(browser) as page:
        explore(page, site)
        lasso(page, [(0.1, 0.5), (0.98, 0.5), (0.98, 0.98), (0.1, 0.98)])
        page.wait_for_selector('.vt-gallery:not([data-total="1797"])')
        page.locator(".vt-map").focus()
        page.keyboard.press("Escape")
        page.wait_for_selector('.vt-gallery[data-total="1797"]')


def test_a_picture_opens_the_inspector_with_its_neighbours(browser, site, digits):
    opened = digits.library.open("digits")
    with visitor(browser) as page:
        explore(page, site)
        page.locator('.vt-gallery [role="option"]').nth(2).click()
        page.wait_for_selector(".vt-inspector .vt-near li")
        assert "Image 2 of digits" in page.locator(".vt-inspector figcaption").inner_text()
        pictures = page.eval_on_selector_all(
            ".vt-near img", "all => all.map(i => i.getAttribute('src'))"
        )
        wanted = [near.item_id for near in opened.neighbors_of(2, 12)]
        assert [src.split("/")[-1].split("?")[0] for src in pictures] == wanted
        page.keyboard.press("Escape")


def test_colouring_by_another_column_keeps_the_positions(browser, site):
    with visitor(browser) as page:
        explore(page, site)
        asked = []
        page.on("request", lambda r: asked.append(r.url) if "/map/" in r.url else None)
        with page.expect_response("**/colour?**by=label**"):
            page.select_option("#explore-colour-choice", "label")
        page.wait_for_url("**color=label**")
        assert not [url for url in asked if url.endswith("/points")]


def test_the_keyboard_goes_everywhere(browser, site):
    with visitor(browser) as page:
        page.goto(f"{site}/jobs")
        page.wait_for_selector("h1")
        for key, path in (("e", "/explore"), ("c", "/clusters"), ("s", "/"), ("j", "/jobs")):
            page.keyboard.press("g")
            page.keyboard.press(key)
            page.wait_for_url(lambda url, path=path: urlsplit(url).path == path)
        page.keyboard.press("?")
        page.wait_for_selector("#vt-help[open]")
        page.keyboard.press("Escape")
        page.wait_for_selector("#vt-help:not([open])", state="attached")


def test_the_gallery_keeps_few_nodes_however_far_it_is_scrolled(browser, site):
    with visitor(browser) as page:
        explore(page, site)
        for share in (0.3, 0.6, 1.0):
            page.eval_on_selector(
                ".vt-gallery", "(g, s) => { g.scrollTop = s * g.scrollHeight }", share
            )
            page.locator(".vt-gallery img:visible").first.wait_for()
            nodes = page.eval_on_selector(".vt-gallery", "g => g.querySelectorAll('*').length")
            assert nodes < 200


@pytest.mark.parametrize(
    "query",
    ["set=none", "set=digits&map=none", "set=digits&color=none", f"set=digits&sel={'0' * 32}",
     "set=digits&row=99999", "set=../../etc", "set=digits&view=none"],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/explore", pytest.param("/clusters", marks=pytest.mark.slow)])
def test_a_stale_link_gets_an_explanation_and_a_way_on(browser, site, path, query):
    with visitor(browser) as page:
        page.goto(f"{site}{path}?{query}")
        page.wait_for_selector("main h1", timeout=60_000)
        page.wait_for_load_state("networkidle")
        assert len(page.locator("main").inner_text()) > 60
        assert page.locator("main a, main button").count() > 0


def test_opening_pages_starts_no_job(browser, digits, site):
    before = [job.id for job in JobBoard(digits.root).list()]
    with visitor(browser) as page:
        for path in ("/", "/explore?set=digits", "/clusters?set=digits", "/jobs", "/"):
            page.goto(site + path)
            page.wait_for_selector("h1")
            page.wait_for_load_state("networkidle")
    assert [job.id for job in JobBoard(digits.root).list()] == before


def test_a_theme_switch_is_remembered_and_figures_follow(browser, site):
    inks = "() => document.querySelector('.js-plotly-plot').layout.template.layout.font.color"
    with visitor(browser, scheme="light") as page:
        page.goto(f"{site}/curate?set=digits")
        page.wait_for_selector(".js-plotly-plot .main-svg")
        assert page.evaluate(inks) == template("light")["layout"]["font"]["color"]
        page.get_by_role("button", name="Switch between light and dark").click()
        page.wait_for_selector('html[data-bs-theme="dark"]')
        dark = template("dark")["layout"]["font"]["color"]
        page.wait_for_function(f"() => ({inks})() === '{dark}'")
        page.reload()
        page.wait_for_selector('html[data-bs-theme="dark"] .js-plotly-plot .main-svg')
        page.wait_for_function(f"() => ({inks})() === '{dark}'")


def test_an_empty_workspace_opens_with_the_sample_set_on_its_way(browser, tmp_path):
    with served(tmp_path / "ws") as site, visitor(browser) as page:
        page.goto(site)
        page.wait_for_selector('a[href="/explore?set=digits"]', timeout=180_000)
        for path in ("/explore", "/clusters", "/jobs"):
            page.goto(site + path)
            page.wait_for_selector("main h1")
            assert page.locator("main a, main button").count() > 0
        page.goto(f"{site}/explore?set=digits")
        ready(page, ".vt-map")


def test_a_filter_by_column_selects(browser, site, digits):
    threes = int((digits.library.open("digits").items["label"].astype(str) == "3").sum())
    with visitor(browser) as page:
        explore(page, site, "set=digits&color=label")
        page.locator(".vt-map").focus()
        page.keyboard.press("/")
        page.get_by_label(re.compile(r"^3 \(")).check()
        page.click("#explore-filter-apply")
        page.wait_for_selector(f'.vt-gallery[data-total="{threes}"]')


def test_own_pictures_walk_from_folder_to_dot_to_gallery_to_export(browser, tmp_path):
    """One marked picture, followed all the way."""
    root = tmp_path / "pictures"
    (root / "a").mkdir(parents=True)
    for number in range(60):
        picture(number).save(root / "a" / f"{number:02}.png")
    Image.new("RGB", (48, 32), (255, 0, 255)).save(root / "a" / "99-marked.png")
    (root / "broken.jpg").write_bytes(b"\xff\xd8\xff")
    with served(tmp_path / "ws") as site, visitor(browser) as page:
        page.goto(site)
        page.fill("#home-source", str(root))
        page.fill("#home-name", "mine")
        page.get_by_label("UMAP: groups and their shape").uncheck()
        page.click("#home-start")
        page.wait_for_selector('a[href="/explore?set=mine"]', timeout=180_000)
        deadline = time.monotonic() + 180
        while not Library(Workspace(tmp_path / "ws")).open("mine").summary:
            assert time.monotonic() < deadline
            time.sleep(0.5)
        opened = Library(Workspace(tmp_path / "ws")).open("mine")
        row = opened.items.index[opened.items["path"] == "a/99-marked.png"][0]
        explore(page, site, "set=mine&map=pca")
        spot = page.evaluate(
            "row => document.querySelector('.vt-map').vitrineMap.project(row)", int(row)
        )
        box = page.locator(".vt-map-stage").bounding_box()
        page.mouse.click(box["x"] + spot[0], box["y"] + spot[1])
        page.wait_for_selector(".vt-inspector figcaption")
        assert "a/99-marked.png" in page.locator(".vt-inspector").inner_text()
        large = page.locator(".vt-inspector figure img").get_attribute("src")
        shown = Image.open(io.BytesIO(page.request.get(site + large).body())).convert("RGB")
        assert shown.getpixel((20, 20)) == (255, 0, 255)
        page.goto(f"{site}/")
        page.wait_for_selector('text="broken.jpg"', state="attached", timeout=30_000)
    out = tmp_path / "out.csv"
    run_json("export", "mine", "--to", "csv", "--out", out, workspace=tmp_path / "ws")
    table = pd.read_csv(out)
    line = table[table["path"] == "a/99-marked.png"].iloc[0]
    assert line["row"] == row
    assert line["item_id"] == opened.item_id(int(row))
    assert json.dumps(opened.summary["broken"]).count("broken.jpg") == 1


@pytest.mark.parametrize("scheme", [pytest.param("light", marks=pytest.mark.slow), "dark"])
@pytest.mark.parametrize(
    "path",
    ["/", "/explore?set=digits", "/explore?set=digits&row=3", "/explore?set=digits&view=pages",
     "/explore?set=digits&view=table", "/explore?set=digits&cluster=0&beside=pca",
     "/slices?set=digits",
     "/clusters?set=digits", "/clusters?set=digits&cluster=0", "/clusters?set=digits&kind=micro",
     "/jobs"],
)  # fmt: skip
def test_axe_finds_nothing(browser, site, path, scheme):
    from axe_playwright_python.sync_playwright import Axe

    with visitor(browser, scheme=scheme) as page:
        page.goto(site + path)
        page.wait_for_selector("h1", timeout=60_000)
        page.wait_for_load_state("networkidle")
        context = page.context
        context.set_default_timeout(60_000)
        found = Axe().run(page)
        told = [f"{v['id']}: {v['nodes'][0]['html'][:160]}" for v in found.response["violations"]]
        assert told == []

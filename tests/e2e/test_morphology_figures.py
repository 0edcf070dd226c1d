"""Results of a comparison in a browser: no rule broken, figures as files, pictures at points."""

import io
import re
from pathlib import Path

import pytest
from morphology_example import compared
from PIL import Image
from test_access import check
from visiting import served, visitor

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    return compared(tmp_path_factory.mktemp("figures"), gradient=False)


@pytest.fixture(scope="module")
def shapes(example):
    with served(example.workspace.root) as address:
        yield address


def visit(page, shapes, example, view, **more):
    """Open a view and wait until its figures are drawn."""
    query = "".join(f"&{name}={value}" for name, value in more.items())
    page.goto(f"{shapes}/morphology?set={example.name}&view={view}&key={example.key}{query}")
    page.wait_for_selector(".vt-shape-view")
    for at in range(page.locator(".vt-shape-figure").count()):
        page.locator(".vt-shape-figure").nth(at).locator(".main-svg").first.wait_for()


def downloaded(page, figure, kind):
    """Return a figure's file as bytes, and its name."""
    with page.expect_download() as waiting:
        figure.locator(f'[data-vt-figure="{kind}"]').click()
    return Path(waiting.value.path()).read_bytes(), waiting.value.suggested_filename


@pytest.mark.parametrize(
    ("size", "scheme", "views"),
    [("desktop", "dark", ("distances", "disparity", "preset")),
     ("phone", "light", ("distinct", "ordination"))],
)  # fmt: skip
def test_no_view_of_a_comparison_breaks_a_rule_or_leaves_the_screen(
    browser, shapes, example, size, scheme, views
):
    with visitor(browser, size, scheme) as page:
        for view in views:
            visit(page, shapes, example, view)
            check(page, view)


def test_a_figure_downloads_the_same_from_a_dark_phone_as_from_a_light_desk(
    browser, shapes, example
):
    found = []
    for size, scheme in (("phone", "dark"), ("desktop", "light")):
        with visitor(browser, size, scheme) as page:
            visit(page, shapes, example, "distances")
            tree = page.locator(".vt-shape-figure", has_text="Tree of groups")
            data, name = downloaded(page, tree, "svg")
            wide = int(tree.get_attribute("data-wide"))
            if scheme == "dark":
                png, _ = downloaded(page, tree, "png")
        assert name == "butterflies-label-tree.svg"
        text = data.decode()
        assert text.count("<image") == 4  # one for each species, inside the file
        assert not re.search(r'href="(?!data:|#)', text)
        plain = re.sub(r"(trace|clip|defs-|legend)[0-9a-f]{6}", "", text)  # names drawn by chance
        found.append(sorted(re.findall(r'[\w:-]+="[^"]*"|>[^<]+<', plain)))
    assert found[0] == found[1]
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    assert picture.size[0] == 3 * (wide + 28)
    assert picture.getpixel((3, 3)) == (255, 255, 255)


def test_a_point_shows_its_picture_and_links_choose_axes(browser, shapes, example):
    with visitor(browser, "desktop", "dark") as page:
        visit(page, shapes, example, "ordination")
        point = page.locator(".vt-shape-side .scatterlayer .point").first
        box = point.bounding_box()
        middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(middle[0], middle[1] + 2)
        page.mouse.move(*middle)
        page.wait_for_selector('.vt-shape-hover img[src^="/thumb/"]')
        page.mouse.move(2, 2)
        page.wait_for_selector(".vt-shape-hover", state="detached")
        choices = page.get_by_role("navigation", name="Across")
        choices.get_by_role("link", name="PC 3").click()
        page.wait_for_url("**x=3*")
        page.get_by_role("heading", name="PC 3 and PC 2").wait_for()
        # on dark, marks have the dark form of their colour
        ink = page.locator(".vt-shape-side .scatterlayer .point").first
        assert ink.evaluate("one => getComputedStyle(one).fill") == "rgb(49, 136, 254)"

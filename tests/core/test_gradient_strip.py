"""A gradient as files: the strip as PNG and SVG, its positions as CSV, its figures as JSON."""

import io
import json
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from morphology_example import NAME, SPECIES, butterflies, settings_of
from PIL import Image

from core.comparing import run_gradient
from core.comparisons.drawing import Bar, Drawing, Line, Words, png, svg, wrapped
from core.comparisons.gradients import Gradients
from core.comparisons.strip_files import strip_file
from core.curation import Desk
from core.errors import InputError
from core.keys import unsealed
from core.library import Library

ENDS = {"by": "label", "a": SPECIES[0], "b": SPECIES[1]}


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The workspace of butterflies; nobody decides anything in it."""
    return butterflies(tmp_path_factory.mktemp("butterflies"))


def lay(workspace, **asked):
    return run_gradient({"name": NAME, **asked}, workspace, settings_of(workspace))


def opened_of(workspace):
    return Library.with_desk(workspace, Desk(workspace)).open(NAME)


def file_of(workspace, found, kind):
    gradient = Gradients(workspace).open_gradient(found["gradient"])
    return strip_file(gradient, kind, opened_of(workspace), workspace)


def test_the_strip_shows_the_very_pictures_and_leaves_empty_places_empty(made):
    found = lay(made, **ENDS, places=15)
    empty = [at for at, one in enumerate(found["places"]) if one["row"] is None]
    assert empty  # two species that stand apart
    data = file_of(made, found, "png")
    assert file_of(made, found, "png") == data
    image = Image.open(io.BytesIO(data)).convert("RGB")
    opened = opened_of(made)
    side, width = 160, image.width
    left = (width - 15 * side - 14 * 16) // 2
    for at, place in enumerate(found["places"]):
        box = (left + at * 176, 138, left + at * 176 + side, 138 + side)
        cell = np.asarray(image.crop(box), float)
        if place["row"] is None:
            assert (cell[20:60, 20:140] == 255).all()
            continue
        path = Path(opened.root) / opened.items["path"].iat[place["row"]]
        with Image.open(path) as given:
            wanted = np.asarray(given.convert("RGB").resize((144, 96), 0), float)
        assert np.abs(cell[32:128, 8:152] - wanted).mean() < 6


def test_the_svg_holds_the_pictures_and_escapes_names(tmp_path):
    workspace = butterflies(tmp_path)
    Desk(workspace).act(opened_of(workspace), "relabel", list(range(20)), label="<b> & “c”")
    found = lay(workspace, by="label", a="<b> & “c”", b="comma")
    root = ET.fromstring(file_of(workspace, found, "svg"))
    space = "{http://www.w3.org/2000/svg}"
    shown = sum(one["row"] is not None for one in found["places"])
    images = root.findall(f"{space}image")
    assert len(images) == shown
    assert all(one.get("href").startswith("data:image/") for one in images)
    texts = [one.text for one in root.findall(f"{space}text")]
    assert any(text.startswith("<b> & ") for text in texts)
    assert root.find(f"{space}title").text.startswith("<b> & “c” to comma")


def test_the_table_has_a_line_an_image_in_order(made):
    found = lay(made, **ENDS)
    table = pd.read_csv(io.BytesIO(file_of(made, found, "csv")))
    assert list(table) == ["row", "item_id", "path", "t", "residual", "group", "unit", "shown"]
    assert table["t"].is_monotonic_increasing
    assert len(table) == found["n_images"]
    shown = {one["row"] for one in found["places"] if one["row"] is not None}
    assert set(table.loc[table["shown"], "row"]) == shown
    opened = opened_of(made)
    assert table["item_id"].tolist() == [opened.addresses[row] for row in table["row"]]


def test_the_json_says_from_what_it_was_made_and_is_sealed(made):
    found = lay(made, **ENDS)
    kept = json.loads(file_of(made, found, "json"))
    told = unsealed(kept)
    assert told is not None
    assert told["made_from"]["imageset"] == opened_of(made).key
    assert told["places"] == found["places"]
    assert unsealed({**kept, "text": "other"}) is None
    with pytest.raises(InputError, match="png, svg, csv, json"):
        file_of(made, found, "pdf")


def test_a_strip_of_vectors_says_that_there_are_no_pictures(tmp_path):
    workspace = butterflies(tmp_path, pictures=False)
    found = lay(workspace, **ENDS)
    texts = [one.text for one in ET.fromstring(file_of(workspace, found, "svg")).iter()]
    assert "no picture" in texts
    assert Image.open(io.BytesIO(file_of(workspace, found, "png"))).width > 700


def test_pictures_that_are_gone_leave_their_reason(tmp_path):
    workspace = butterflies(tmp_path)
    found = lay(workspace, **ENDS)
    for path in (tmp_path / "pictures").iterdir():
        path.unlink()
    texts = [one.text or "" for one in ET.fromstring(file_of(workspace, found, "svg")).iter()]
    assert texts.count("file not found") == sum(one["row"] is not None for one in found["places"])


def test_a_drawing_is_the_same_in_both_forms():
    drawing = Drawing(200, 100, "#ffffff", [
        Bar(10, 10, 50, 30, "#ff0000"), Bar(80, 10, 50, 30, None, "#0000ff", dashed=True),
        Line(0, 60, 200, 60, "#00ff00", 2), Words(100, 80, "a < b", 16, "#000000", "middle"),
    ], "told")  # fmt: skip
    image = Image.open(io.BytesIO(png(drawing))).convert("RGB")
    assert image.size == (200, 100)
    assert image.getpixel((30, 20)) == (255, 0, 0)
    assert image.getpixel((100, 25)) == (255, 255, 255)
    assert image.getpixel((81, 10)) == (0, 0, 255)
    assert image.getpixel((5, 60)) == (0, 255, 0)
    assert np.asarray(image.crop((80, 72, 120, 90))).min() < 60  # the words
    root = ET.fromstring(svg(drawing))
    assert [one.tag.rpartition("}")[2] for one in root][2:] == ["rect", "rect", "line", "text"]
    assert root[-1].text == "a < b"
    lines = wrapped("one two three four five", 60, 16, most=2)
    assert len(lines) == 2
    assert lines[1].endswith("…") or lines[1].endswith("five")

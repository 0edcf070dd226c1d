"""The map component's attributes, ids and legend, and the colours of palettes."""

import itertools
import json
from types import SimpleNamespace

import numpy as np
import pytest
from dash import dcc, html

from components.palette import (
    HUES_DARK,
    HUES_LIGHT,
    category_palette,
    contrast,
    ground,
    number_palette,
    palette_for,
    rgb,
)
from components.scatter import ATTRIBUTES, attributes, legend, part_id, scatter

ENTRIES = (
    SimpleNamespace(index=1, label="moth", count=1200),
    SimpleNamespace(index=255, label="3 others", count=7),
    SimpleNamespace(index=0, label="none", count=2),
)
BY_LABEL = SimpleNamespace(by="label", kind="category", entries=ENTRIES, low=None, high=None)
BY_SCORE = SimpleNamespace(by="score", kind="number", entries=(), low=0.25, high=12345.678)


def shown(**changes):
    given = {"set_name": "my set", "imageset_key": "img", "projection_key": "proj", "n": 9,
             "colouring": BY_LABEL, **changes}  # fmt: skip
    return attributes(**given)


# -- the component ---------------------------------------------------------------------------------


def test_attributes_name_the_routes_of_the_set():
    made = shown(selection="s7")
    assert made["data-points"] == "/map/proj/points?set=my+set"
    assert (made["data-dims"], shown(dims=3)["data-dims"]) == ("2", "3")
    assert made["data-colour"] == "/map/proj/colour?set=my+set&by=label"
    assert made["data-mask"] == "/api/selection/s7/mask"
    assert made["data-base"] == "s7"
    assert made["data-thumbs"] == "/thumb/img/"
    assert made["data-total"] == "9"
    assert json.loads(made["data-names"]) == {"1": "moth", "255": "3 others", "0": "None"}


def test_all_attributes_are_text_and_are_data_attributes():
    made = shown(labels=[{"x": 0.5, "y": 0.25, "text": "“moth” & <wasp>", "index": 1}])
    assert all(isinstance(value, str) for value in made.values())
    assert all(name.startswith("data-") for name in made)
    assert json.loads(made["data-labels"])[0]["text"] == "“moth” & <wasp>"


def test_every_attribute_that_a_page_writes_is_given():
    assert set(shown()) == set(ATTRIBUTES)


def test_without_a_selection_or_pictures_their_attributes_are_empty():
    made = shown(pictures=False)
    assert (made["data-mask"], made["data-base"], made["data-thumbs"]) == ("", "", "")


def test_names_with_special_characters_cannot_leave_their_place_in_a_url():
    made = shown(set_name="a&by=b#?/", selection="../x")
    assert made["data-points"] == "/map/proj/points?set=a%26by%3Db%23%3F%2F"
    assert made["data-colour"] == "/map/proj/colour?set=a%26by%3Db%23%3F%2F&by=label"
    assert made["data-mask"] == "/api/selection/..%2Fx/mask"


def test_a_prefix_moves_every_route():
    made = shown(selection="s", prefix="/app/")
    urls = [made[f"data-{name}"] for name in ("points", "colour", "mask", "thumbs", "select")]
    assert all(url.startswith("/app/") for url in urls)


def test_the_map_owns_its_stores_under_its_name():
    tree = scatter("explore", shown())
    host, *stores = tree.children
    assert host.id == part_id("explore", "graph")
    assert host.className == "vt-map"
    assert [s.id for s in stores] == [part_id("explore", p) for p in ("selection", "inspect")]
    assert all(isinstance(s, dcc.Store) for s in stores)
    written = host.to_plotly_json()["props"]
    target = written["data-selection-store"]
    assert target == '{"component":"scatter","name":"explore","part":"selection"}'
    assert json.loads(target) == part_id("explore", "selection")


def test_stores_of_the_page_replace_its_own():
    tree = scatter("x", shown(), selection_store="explore-selection",
                   inspect_store={"b": "1", "a": "2"})  # fmt: skip
    (host,) = tree.children
    written = host.to_plotly_json()["props"]
    assert written["data-selection-store"] == "explore-selection"
    assert written["data-inspect-store"] == '{"a":"2","b":"1"}'


def texts(component):
    """All text of a component tree."""
    if isinstance(component, str):
        return component
    children = getattr(component, "children", None) or []
    inside = children if isinstance(children, list) else [children]
    return " ".join(texts(child) for child in inside)


def test_a_legend_lists_names_and_counts_beside_the_map_s_colours():
    made = legend(BY_LABEL)
    assert isinstance(made, html.Ul)
    assert "moth  1,200" in texts(made)
    swatch = made.children[0].children[0]
    light, dark = palette_for("category")[1], palette_for("category", dark=True)[1]
    assert swatch.style["background"] == f"light-dark({light}, {dark})"


def test_the_entries_of_a_map_s_legend_are_buttons_that_tell_which_are_selected():
    made = legend(BY_LABEL, "explore", pressed={1})
    (moth,), others, (none,) = [item.children for item in made.children]
    assert moth.id == {"component": "scatter", "part": "entry", "name": "explore", "code": "1"}
    pressed = [b.to_plotly_json()["props"]["aria-pressed"] for b in (moth, none)]
    assert pressed == ["true", "false"]
    assert len(others) == 3, "what is not one category cannot be selected as one"


def test_the_point_of_the_inspected_item_is_marked_from_the_first():
    host = scatter("x", shown(), marked=0).children[0].to_plotly_json()["props"]
    assert host["data-marked"] == "0"
    assert scatter("x", shown()).children[0].to_plotly_json()["props"]["data-marked"] == ""


def test_a_legend_of_numbers_is_a_ramp_between_their_extremes():
    made = legend(BY_SCORE)
    assert "0.25" in texts(made)
    assert "12,346" in texts(made)
    assert "No value" in texts(made)
    assert "No value" not in texts(legend(BY_SCORE, missing=False))
    ramp = made.children[1].style["background"]
    assert ramp.count("light-dark(") == 9
    assert palette_for("number")[255] in ramp


# -- the palettes ----------------------------------------------------------------------------------

BOTH = pytest.mark.parametrize("dark", [False, True])

#: Machado, Oliveira and Fernandes 2009, severity 1; linear RGB.
SIGHTS = {
    "normal": np.eye(3),
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216],
                   [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413],
                     [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602],
                   [0.004733, 0.691367, 0.303900]],
}  # fmt: skip


def oklab(colour, sight):
    """OKLab coordinates of a colour as seen with a kind of sight."""
    c = np.array(rgb(colour)) / 255
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    seen = np.clip(np.array(SIGHTS[sight]) @ linear, 0, 1)
    to_lms = [[0.4122214708, 0.5363325363, 0.0514459929],
              [0.2119034982, 0.6806995451, 0.1073969566],
              [0.0883024619, 0.2817188376, 0.6299787005]]  # fmt: skip
    to_lab = [[0.2104542553, 0.7936177850, -0.0040720468],
              [1.9779984951, -2.4285922050, 0.4505937099],
              [0.0259040371, 0.7827717662, -0.8086757660]]  # fmt: skip
    return np.array(to_lab) @ np.cbrt(np.array(to_lms) @ seen)


@BOTH
@pytest.mark.parametrize("sight", SIGHTS)
def test_the_ten_hues_differ_for_every_kind_of_sight(dark, sight):
    hues = HUES_DARK if dark else HUES_LIGHT
    grey = category_palette(dark=dark)[0]
    places = [oklab(colour, sight) for colour in (*hues, grey)]
    least = min(np.linalg.norm(a - b) for a, b in itertools.combinations(places, 2))
    assert least > 0.06  # three times what can just be told apart side by side


@BOTH
def test_every_hue_stands_out_from_the_ground(dark):
    hues = HUES_DARK if dark else HUES_LIGHT
    assert min(contrast(colour, ground(dark=dark)) for colour in hues) >= 3


@BOTH
@pytest.mark.parametrize("make", [category_palette, number_palette])
def test_a_palette_has_256_colours_that_can_be_seen(dark, make):
    colours = make(dark=dark)
    assert len(colours) == 256
    assert all(len(c) == 7 and c.startswith("#") for c in colours)
    assert min(contrast(c, ground(dark=dark)) for c in colours) > 1.5


def test_contrast_is_that_of_wcag():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@BOTH
def test_categories_past_the_tenth_are_muted(dark):
    def colourfulness(colour):
        return max(rgb(colour)) - min(rgb(colour))

    colours = category_palette(dark=dark)
    vivid = [colourfulness(c) for c in colours[1:11]]
    muted = [colourfulness(c) for c in colours[11:41]]
    assert max(muted) < min(vivid)


def test_the_focus_gets_the_hues_wherever_its_codes_are():
    colours = category_palette(focus=[30, 2])
    assert (colours[30], colours[2]) == HUES_LIGHT[:2]
    assert not set(colours[3:30]) & set(HUES_LIGHT)


def test_few_categories_leave_the_other_codes_muted():
    assert set(category_palette(3)[1:]) & set(HUES_LIGHT) == set(HUES_LIGHT[:3])


@pytest.mark.parametrize("name", ["viridis", "cividis"])
def test_numbers_get_lighter_from_low_to_high(name):
    lightness = [contrast(c, "#000000") for c in number_palette(name)[1:]]
    assert all(b > a - 0.02 for a, b in itertools.pairwise(lightness))
    assert lightness[-1] > 3 * lightness[0]


def test_an_unknown_scale_is_refused_by_name():
    with pytest.raises(ValueError, match="jet"):
        number_palette("jet")

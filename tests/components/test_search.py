"""The search panel as data, and its callbacks as plain functions."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from dash import no_update

from components import search, search_chart
from core.errors import NotFoundError
from core.search import Found
from tests.fakes import FakeServices, FakeSet, item_id
from tests.trees import data, find, ids, nodes, text

STORE = {"component": "search", "part": "query", "name": "t"}


def found_of(positives=(3,), negatives=(), pictures=(), usual=0.35, nearest=0.0, **words):
    """Twelve items, each 0.1 further than the one before, beginning with row 3."""
    order = np.roll(np.arange(12), -3)
    distances = np.float32(nearest) + np.arange(12, dtype=np.float32) / 10
    key = json.dumps([positives, negatives, pictures])
    return Found(
        key, order, distances, usual, tuple(positives), tuple(negatives), tuple(pictures), **words
    )


class FakeSearches:
    """Answers with `found_of`; the query's id says what was asked for."""

    def start(self, opened, positives=(), negatives=(), pictures=(), **words):
        return found_of(positives, negatives, pictures, **words)

    def found(self, opened, query):
        if query == "gone":
            raise NotFoundError("this search is not kept here; start it again")
        return found_of(*json.loads(query))


@pytest.fixture
def searching(inside):
    services = FakeServices(FakeSet())
    services.search = FakeSearches()
    return inside(services)


def pressed(monkeypatch, value, **told):
    """Make a callback believe that this was clicked."""
    context = SimpleNamespace(triggered=[{"value": value}], triggered_id=told)
    monkeypatch.setattr(search, "ctx", context)


# -- the panel -----------------------------------------------------------------------------------


def test_without_a_search_it_says_how_to_begin():
    panel = search.panel(FakeSet(), None, "t", "chosen")
    (store,) = find(panel, id=STORE)
    assert store["data"] == {}
    assert "More like this" in text(panel)
    assert "Search by words needs an encoder with a text tower" in text(panel)
    assert "open_clip:<model>:<weights>" in text(panel)
    assert not find(panel, data__search__say="words")
    assert not find(panel, data__search__select="1")
    assert [n["type"] for n in nodes(panel)].count("Input") == 0


def test_a_search_of_the_address_is_shown_and_kept():
    panel = search.panel(FakeSet(), found_of([3], [7], ["ab"]), "t", {"component": "x"})
    (store,) = find(panel, id=STORE)
    assert store["data"] == {**found_of([3], [7], ["ab"]).definition()}
    (state,) = [n["props"]["data-search-state"] for n in nodes(panel)
                if "data-search-state" in n["props"]]  # fmt: skip
    assert json.loads(state) == store["data"]
    (root,) = find(panel, aria__label="Search by picture or words")
    assert json.loads(root["data-search-store"]) == STORE
    assert json.loads(root["data-selection-store"]) == {"component": "x"}
    assert root["data-search-set"] == "moths"


def test_each_example_has_its_picture_its_sign_and_a_button_to_take_it_out():
    shown = search.results(FakeSet(), found_of([3, 4], [7], ["ab"]), "t")
    chips = [n["props"] for n in nodes(shown) if n["type"] == "Li"]
    pictures = [n["props"]["src"] for n in nodes(chips) if n["type"] == "Img"]
    assert pictures == ["/api/search/picture/ab/thumb?set=moths",
                        *(f"/thumb/{item_id(row)}" for row in (3, 4, 7))]  # fmt: skip
    buttons = [n["props"]["aria-label"] for n in nodes(chips) if n["type"] == "Button"]
    assert buttons == ["Take the picture given out of the search",
                       *(f"Take image {r} out of the search" for r in (3, 4, 7))]  # fmt: skip
    assert ["Less like" in text(chip["children"]) for chip in chips] == [False] * 3 + [True]
    told = ids(shown)
    assert len(told) == len(set(told))


def test_a_set_of_vectors_takes_no_picture_and_shows_words():
    given = FakeSet().without_pictures()
    given.spec = SimpleNamespace(model_type="given")
    panel = search.panel(given, found_of([3]), "t", "chosen")
    assert "came without their encoder" in text(panel)
    assert not find(panel, data__search__choose="1")
    assert not [n for n in nodes(panel) if n["type"] == "Img"]
    assert "wasp" in text(panel)
    (root,) = find(panel, aria__label="Search by picture or words")
    assert root["data-search-usable"] == ""


# -- words ---------------------------------------------------------------------------------------


def speaking_set():
    found = FakeSet()
    found.spec = replace(found.spec, model_type="contrastive", extra={"text": True})
    return found


def test_words_are_typed_where_the_encoder_has_a_text_tower():
    panel = search.panel(speaking_set(), None, "t", "chosen")
    assert find(panel, data__search__say="words")
    assert find(panel, data__search__say="unwords")
    (choice,) = [n["props"] for n in nodes(panel) if n["type"] == "Select"]
    assert (choice["value"], choice["options"][-1]["value"]) == ("photo", "own")
    assert "text tower" not in text(panel)


def test_the_templates_of_a_search_are_shown_again():
    query = found_of((), words=("dog",), templates=("{}",))
    panel = search.panel(speaking_set(), query, "t", "chosen")
    assert [n["props"]["value"] for n in nodes(panel) if n["type"] == "Select"] == ["plain"]
    own = found_of((), words=("dog",), templates=("an X-ray of {}", "{}"))
    panel = search.panel(speaking_set(), own, "t", "chosen")
    assert [n["props"]["value"] for n in nodes(panel) if n["type"] == "Select"] == ["own"]
    assert "an X-ray of {} ; {}" in [n["props"].get("value") for n in nodes(panel)]


def test_words_are_chips_with_their_sign_that_can_be_taken_out():
    query = found_of([3], words=("a red dog",), unwords=("cat",), templates=("{}",))
    shown = search.results(speaking_set(), query, "t")
    chips = [n["props"] for n in nodes(shown) if n["type"] == "Li"]
    assert ["Less like" in text(chip["children"]) for chip in chips] == [False, False, True]
    assert "Take “a red dog” out of the search" in json.dumps(chips, ensure_ascii=False)
    kept = search.without(query.definition(), "words", "a red dog")
    assert (kept["words"], kept["unwords"], kept["templates"]) == ([], ["cat"], ["{}"])
    only = found_of((), words=("dog",)).definition()
    assert search.without(only, "words", "dog") is None
    assert search.with_row(only, 5, less=False)["words"] == ["dog"]


def test_any_or_all_is_asked_once_there_are_two_examples():
    one = search.results(speaking_set(), found_of((), words=("dog",)), "t")
    two = search.results(speaking_set(), found_of([3], words=("dog",), every=True), "t")
    assert not [n for n in nodes(one) if n["type"] == "Select"]
    assert [n["props"]["value"] for n in nodes(two) if n["type"] == "Select"] == ["all"]


def test_with_words_the_chart_begins_at_the_nearest_and_says_what_the_line_is():
    query = found_of((), usual=1.25, nearest=1.0, words=("dog",))
    shown = search.results(speaking_set(), query, "t")
    (field,) = find(shown, type="range")
    assert (field["min"], field["max"]) == (pytest.approx(1.0), pytest.approx(2.1))
    assert "Images up to 1.25 stand out" in text(shown)
    nothing = found_of((), usual=None, nearest=1.0, words=("dog",))
    shown = search.results(speaking_set(), nothing, "t")
    assert "No images stand out here" in text(shown)
    (field,) = find(shown, type="range")
    assert field["value"] == pytest.approx(2.1)  # behind the nearest twenty, here all twelve


def test_sets_of_the_same_images_that_have_words_are_linked():
    other = speaking_set()
    other.name = "wordy"
    panel = search.panel(FakeSet(), None, "t", "chosen", [other])
    assert [n["props"]["href"] for n in nodes(panel) if n["type"] == "Link"] == [
        "/explore?set=wordy"
    ]


# -- the chart -----------------------------------------------------------------------------------


def test_the_line_begins_where_similar_usually_ends():
    query = found_of(usual=0.35)
    shown = search.results(FakeSet(), query, "t")
    (graph,) = [n["props"] for n in nodes(shown) if n["type"] == "Graph"]
    (line,) = graph["figure"]["layout"]["shapes"]
    assert (line["x0"], line["x1"]) == (0.35, 0.35)
    assert sum(graph["figure"]["data"][0]["y"]) == 12
    (field,) = find(shown, type="range")
    assert (field["value"], field["min"]) == (0.35, 0)
    assert field["max"] == pytest.approx(1.1)
    assert "4 images of 12 not further than 0.35." in text(shown)


def test_without_a_graph_nothing_is_called_usual():
    shown = search.results(FakeSet(), found_of(usual=None), "t")
    assert "once the set has a neighbour graph" in text(shown)
    (field,) = find(shown, type="range")
    assert field["value"] == pytest.approx(0.55)


def test_the_chart_tells_its_content_in_words():
    (label,) = [n["props"]["aria-label"] for n in nodes(search_chart.chart("t", found_of(), 0.2))
                if n["props"].get("role") == "img"]  # fmt: skip
    assert "12 images" in label
    assert "half of them below 0.55" in label


def test_objects_are_called_objects():
    query = found_of(usual=None)
    assert search_chart.count_text(query, 0.51, "object").startswith("6 objects of 12")
    shown = json.dumps(data(search_chart.chart("t", query, 0.2, "object")))
    assert "12 objects" in shown
    assert "images" not in shown
    assert search_chart.where_it_begins(found_of(usual=0.3), "object").startswith("Objects are")


def test_moving_the_line_counts_anew_and_sends_no_data(searching):
    patch, told = search.move("0.51", found_of().definition(), "moths")
    assert told == "6 images of 12 not further than 0.51."
    changes = patch.to_plotly_json()["operations"]
    assert {c["location"][-1]: c["params"]["value"] for c in changes} == {"x0": 0.51, "x1": 0.51}
    for value, asked in ((None, found_of().definition()), ("0.5", {}), ("0.5", None)):
        assert search.move(value, asked, "moths") == (no_update, no_update)


# -- changing the examples -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "row", "less", "expected"),
    [
        (None, 5, False, ([5], [], [])),
        ({}, 5, True, ([], [5], [])),
        ({"positives": [2], "negatives": [5]}, 5, False, ([2, 5], [], [])),
        ({"positives": [2, 5], "pictures": ["a"]}, 5, True, ([2], [5], ["a"])),
        ({"positives": [5]}, 5, False, ([5], [], [])),
    ],
)
def test_an_item_is_on_one_side_only(query, row, less, expected):
    made = search.with_row(query, row, less)
    assert (made["positives"], made["negatives"], made["pictures"]) == expected


def test_taking_out_the_last_thing_to_be_like_ends_the_search():
    query = {"positives": [2], "negatives": [5], "pictures": ["a"]}
    assert search.without(query, "pictures", "a")["positives"] == [2]
    assert search.without(query, "negatives", "5")["negatives"] == []
    assert search.without({"positives": [2], "negatives": [5]}, "positives", "2") is None


def test_only_a_click_takes_the_inspected_item_into_the_search(searching, monkeypatch):
    pressed(monkeypatch, None, part="more")
    assert search.like_this(None, None, {"row": 4}, {}, "moths") is no_update
    pressed(monkeypatch, 1, part="more")
    assert search.like_this(1, None, {}, {}, "moths") is no_update
    assert search.like_this(1, None, {"row": 4}, {}, "moths")["positives"] == [4]
    pressed(monkeypatch, 1, part="less")
    now = search.like_this(1, 1, {"row": 4}, {"positives": [1, 4]}, "moths")
    assert (now["positives"], now["negatives"]) == ([1], [4])


def test_only_a_click_takes_an_example_out(searching, monkeypatch):
    query = found_of([3, 4]).definition()
    pressed(monkeypatch, None, side="positives", what="4")
    assert search.take_out([None, None], query, "moths") is no_update
    pressed(monkeypatch, 1, side="positives", what="4")
    assert search.take_out([None, 1], query, "moths")["positives"] == [3]
    assert search.take_out([1], found_of([4]).definition(), "moths") is None
    assert (search.end(None), search.end(1)) == (no_update, None)


def test_the_panel_follows_its_store(searching):
    assert "Ranks all images" in text(search.show({}, "moths", STORE))
    assert "Ranks all images" in text(search.show(None, "moths", STORE))
    shown = search.show(found_of([3, 4]).definition(), "moths", STORE)
    assert len([n for n in nodes(shown) if n["type"] == "Li"]) == 2
    with pytest.raises(NotFoundError, match="start it again"):
        search.show({"query": "gone"}, "moths", STORE)


def test_the_inspector_gets_two_buttons_of_the_pages_name():
    buttons = [n["props"] for n in nodes(search.inspector_actions("t")) if n["type"] == "Button"]
    assert [b["children"] for b in buttons] == ["More like this", "Less like this"]
    assert [b["id"] for b in buttons] == [
        {"component": "search", "part": part, "name": "t"} for part in ("more", "less")
    ]

"""The slices page: what it shows of a set's slices and decisions, and what its buttons do."""

import numpy as np
import pytest
from dash.development.base_component import Component

from components import slice_views
from tests.fakes import FakeLine, FakeSet, FakeSlice


def text_of(part):
    if isinstance(part, Component):
        return text_of(getattr(part, "children", None))
    if isinstance(part, list | tuple):
        return "".join(text_of(p) for p in part)
    return "" if part is None else str(part)


def links(part):
    found = [part.href] if getattr(part, "href", None) else []
    children = getattr(part, "children", None)
    for child in children if isinstance(children, list) else [children]:
        found += links(child) if isinstance(child, Component) else []
    return found


@pytest.fixture
def night():
    return FakeSlice("night", np.array([0, 1, 2, 3]))


@pytest.fixture
def blurred():
    return FakeSlice("blurred", np.array([2, 3, 4]), missing=2)


def test_a_card_names_size_origin_and_what_is_missing(night, blurred):
    told = text_of(slice_views.card(FakeSet(), blurred))
    assert "3 images · 25 %" in told
    assert "lasso on UMAP" in told
    assert "2 images of it are not in this set any more." in told
    assert "not in this set" not in text_of(slice_views.card(FakeSet(), night))


def test_a_card_leads_to_its_pictures(night):
    assert "/explore?set=moths&slice=night" in links(slice_views.card(FakeSet(), night))


def test_the_slice_changed_last_comes_first(night, blurred):
    night.updated = "2026-10-01T10:00:00Z"
    told = text_of(slice_views.cards(FakeSet(), [night, blurred]))
    assert told.index("blurred") < told.index("night")


def test_a_comparison_counts_what_is_common_and_what_is_not(night, blurred):
    shown = slice_views.comparison(FakeSet(), night, blurred)
    told = text_of(shown)
    assert "5 images in either; 40 % of them in both." in told
    assert [text_of(li)[-8:] for li in shown.children[1].children] == [
        "2 images", "2 images", "d1 image"
    ]  # fmt: skip
    assert links(shown) == [
        "/explore?set=moths&slice=night&without=blurred",
        "/explore?set=moths&slice=night&within=blurred",
        "/explore?set=moths&slice=blurred&without=night",
    ]


def test_slices_with_nothing_in_common_link_only_to_what_there_is(night):
    other = FakeSlice("day", np.array([7]))
    assert len(links(slice_views.comparison(FakeSet(), night, other))) == 2


def test_two_empty_slices_compare_without_dividing_by_zero():
    empty = FakeSlice("a", np.zeros(0, np.int64)), FakeSlice("b", np.zeros(0, np.int64))
    assert "Both slices are empty" in text_of(slice_views.comparison(FakeSet(), *empty))


def test_what_was_undone_is_struck_and_said_to_be_so():
    lines = [FakeLine(2, "Excluded 2 images", undone=True), FakeLine(1, "Saved slice “night”")]
    shown = slice_views.history(lines)
    assert "Undone: Excluded 2 images" in text_of(shown)
    assert "Undone: Saved" not in text_of(shown)


# -- the page --------------------------------------------------------------------------------------


def test_a_set_without_slices_says_how_to_make_one(pages, inside):
    inside(FakeSet())
    told = text_of(pages["slices"].body({"set": "moths", "a": "", "b": "", "of": ""}))
    assert "Save as slice" in told
    assert "All 12 images are in the working set." in told
    assert "Nothing was decided yet." in told


def test_two_slices_are_compared_as_the_address_says(pages, inside, night, blurred):
    found = inside(FakeSet())
    found.curation.shown.slices = [night, blurred]
    told = text_of(pages["slices"].body({"set": "moths", "a": "blurred", "b": "night", "of": ""}))
    assert told.index("Only in blurred") < told.index("Only in night")
    told = text_of(pages["slices"].body({"set": "moths", "a": "gone", "b": "", "of": ""}))
    assert told.index("Only in night") < told.index("Only in blurred")


def test_what_was_taken_out_is_counted_and_linked(pages, inside):
    found = inside(FakeSet())
    found.curation.shown.excluded = np.array([3, 4])
    page = pages["slices"].body({"set": "moths", "a": "", "b": "", "of": ""})
    assert "10 of 12 images are in the working set; 2 were taken out." in text_of(page)


def test_an_empty_workspace_leads_to_the_sets(pages, inside):
    inside()
    assert "No set yet" in text_of(pages["slices"].body({"set": "", "a": "", "b": "", "of": ""}))


def test_the_buttons_say_what_they_would_undo(night):
    from tests.fakes import FakeView

    shown = slice_views.steps(FakeView(can_undo="Excluded 2 images"), "u", "r")
    undo, redo = shown.children
    assert (undo.children, undo.disabled) == ("Undo: excluded 2 images", False)
    assert (redo.children, redo.disabled) == ("Redo", True)


def test_the_history_of_one_slice_is_named_and_leads_back(pages, inside, night):
    found = inside(FakeSet())
    found.curation.shown.slices = [night]
    page = pages["slices"].body({"set": "moths", "a": "", "b": "", "of": "night"})
    assert "History of night" in text_of(page)
    assert "The whole history" in text_of(page)
    page = pages["slices"].body({"set": "moths", "a": "", "b": "", "of": "gone"})
    assert "History of" not in text_of(page)

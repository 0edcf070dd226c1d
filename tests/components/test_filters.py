"""The filter panel: fields that suit a column, and what they ask for."""

import pandas as pd
import pytest

from components import filters
from core.columns import Column, colour_by, filter_rows, find_categories, name_counts
from tests.fakes import FakeServices, FakeSet
from tests.trees import find, nodes, text


class Columns(FakeSet):
    """Twelve pictures, or more, with columns of every kind."""

    def __init__(self, times=1):
        super().__init__()
        items = self.items.loc[self.items.index.repeat(times)].reset_index(drop=True)
        items["species"] = [f"species {i:05d}" for i in range(len(items))]
        items["when"] = pd.date_range("2024-02-20", periods=len(items), freq="D")
        items["seen"] = [None, *range(1, len(items))]
        self.items = items
        self.kinds = {"species": "category", "when": "number", "seen": "number",
                      "label": "category", "width": "number", "notes": "text"}  # fmt: skip
        items["notes"] = [f"note {i}" for i in range(len(items))]

    def columns(self):
        return [Column(n, n, k, n == "when") for n, k in self.kinds.items()]

    def colouring(self, by):
        return colour_by(self.items[by], by, self.kinds[by])

    def categories(self, by, text="", limit=40):
        return find_categories(name_counts(self.items[by]), text, limit)

    def filter(self, by, **wanted):
        return filter_rows(self.items[by], self.kinds[by], **wanted)


def shown(found, column):
    """Return the ids of the fields of a column that are not hidden."""
    ids = set()
    for part in filters.fields(found, column):
        if not part.hidden:
            ids |= {n["props"].get("id") for n in nodes(part)}
    return ids & {filters.NAMES, filters.LOW, filters.TEXT, filters.KNOWN}


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        ("label", {filters.NAMES}),
        ("width", {filters.LOW}),
        ("seen", {filters.LOW, filters.KNOWN}),
        ("when", {filters.LOW}),
        ("notes", {filters.TEXT}),
    ],
)
def test_fields_suit_the_column(column, expected):
    assert shown(Columns(), column) == expected


@pytest.mark.parametrize("column", ["when", "seen", "width"])
def test_the_values_of_a_column_of_numbers_are_not_counted_one_by_one(column, monkeypatch):
    found = Columns()
    monkeypatch.setattr(found, "categories", lambda *asked: pytest.fail("a range is asked for"))
    assert filters.LOW in shown(found, column)


def test_days_are_asked_for_within_those_there_are():
    (low,) = find(filters.fields(Columns(), "when"), id=filters.LOW)
    assert (low["type"], low["min"], low["max"]) == ("date", "2024-02-20", "2024-03-02")
    (low,) = find(filters.fields(Columns(), "width"), id=filters.LOW)
    assert low["type"] == "number"


def test_many_categories_are_searched_and_few_are_listed():
    found = Columns(times=900)  # 10,800 categories
    tree = filters.fields(found, "species")
    assert shown(found, "species") == {filters.NAMES, filters.TEXT}
    (names,) = find(tree, id=filters.NAMES)
    assert len(names["options"]) == filters.LISTED
    assert "40 of 10,800 values are listed" in text(tree)


def test_typing_narrows_the_list_and_what_is_ticked_stays(inside):
    inside(FakeServices(Columns(times=900)))
    options, told = filters.narrow("0079", ["species 00001"], "species", "moths")
    values = [o["value"] for o in options]
    assert values[0] == "species 00001"
    every = [f"species {number:05d}" for number in range(10_800)]
    assert values[1:] == [name for name in every if "0079" in name]
    assert told == f"{len(values) - 1} values contain this."
    assert filters.narrow("nothing", [], "species", "moths") == ([], "No value contains this.")


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ((["a"], None, None, "b"), {"names": ["a"]}),
        (([], None, None, " b "), {"text": "b"}),
        (([], "1", 2, ""), {"low": 1.0, "high": 2.0}),
        (([], "2024-02-29", None, ""), {"low": "2024-02-29", "high": None}),
        ((["a"], None, None, "b", "missing"), {"missing": True}),
        ((None, None, None, None, "known"), {"missing": False}),
        ((["a"], None, None, "", ""), {"names": ["a"]}),
    ],
)
def test_what_the_fields_ask_for(given, asked):
    assert filters.wanted(*given) == asked


def test_what_is_asked_for_is_what_a_set_answers():
    found = Columns()
    assert found.filter("seen", **filters.wanted([], None, None, "", "missing")).tolist() == [0]
    days = filters.wanted([], "2024-02-29", "2024-03-01", "")
    assert found.filter("when", **days).tolist() == [9, 10]
    many = filters.wanted(["species 00003", "species 00001"], None, None, "")
    assert found.filter("species", **many).tolist() == [1, 3]

"""Columns: filtering any of them, dates and missing values included, and finding categories."""

from collections import Counter
from datetime import UTC, datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.columns import (
    OTHER,
    as_numbers,
    colour_by,
    column_kind,
    filter_rows,
    find_categories,
    list_columns,
    missing_mask,
    name_counts,
)
from core.errors import InputError

WORDS = pd.Series(["moth", None, "wasp", "", "Moth eater", "moth"])
NUMBERS = pd.Series([1.0, np.nan, 2.5, -np.inf, 2.0])
DAYS = ["2024-02-28T12:00:00", "2024-02-29T00:00:00", "2024-02-29T23:59:59.5", None, "2024-03-01"]


def days(unit="us", tz=None):
    values = pd.Series(pd.to_datetime(DAYS, format="ISO8601").astype(f"datetime64[{unit}]"))
    return values.dt.tz_localize(tz) if tz else values


# -- ranges ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_dates_are_seconds_whatever_unit_they_are_stored_in(unit):
    found = as_numbers(days(unit))
    assert found[1] == datetime(2024, 2, 29, tzinfo=UTC).timestamp()
    assert np.isnan(found[3])


def test_dates_with_a_zone_are_the_same_moments():
    found = as_numbers(days(tz="Asia/Tokyo"))
    assert found[1] == datetime(2024, 2, 28, 15, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("low", "high", "rows"),
    [
        ("2024-02-29", "2024-02-29", [1, 2]),  # a day is all of it
        ("2024-02-29", None, [1, 2, 4]),
        (None, "2024-02-28", [0]),
        ("2024-02-29T12:00", None, [2, 4]),
        (None, "2024-02-29T00:00:00", [0, 1]),
        (datetime(2024, 2, 29, tzinfo=UTC).timestamp(), None, [1, 2, 4]),
    ],
)
def test_dates_are_filtered_by_days_moments_and_seconds(low, high, rows):
    assert filter_rows(days(), "number", low=low, high=high).tolist() == rows


def test_dates_that_are_few_and_so_a_category_can_be_filtered_by_a_range():
    assert column_kind(days()) == "category"
    assert filter_rows(days(), "category", low="2024-03-01").tolist() == [4]


@given(
    st.lists(st.one_of(st.none(), st.floats(-50, 50)), max_size=30),
    st.floats(-60, 60),
    st.floats(-60, 60),
)
def test_a_range_of_numbers_holds_both_ends_and_nothing_missing(values, one, two):
    low, high = sorted((one, two))
    found = filter_rows(pd.Series(values, dtype="float64"), "number", low=low, high=high)
    expected = [i for i, v in enumerate(values) if v is not None and low <= v <= high]
    assert found.tolist() == expected


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ({"low": "soon"}, "low: 'soon' is not a date"),
        ({"high": "2024-13-01"}, "high: '2024-13-01' is not a date"),
        ({"low": "2024-03-01", "high": "2024-02-01"}, "empty"),
        ({}, "give"),
        ({"missing": True, "text": "a"}, "missing"),
    ],
)
def test_a_bad_range_of_dates_names_its_field(wanted, said):
    with pytest.raises(InputError, match=said):
        filter_rows(days(), "number", **wanted)


@pytest.mark.parametrize("bad", ["x", float("nan"), float("inf"), [1], "1e999"])
def test_a_bad_number_names_its_field(bad):
    with pytest.raises(InputError, match=r"^low: .* is not a number"):
        filter_rows(NUMBERS, "number", low=bad)


def test_a_range_of_words_is_refused():
    with pytest.raises(InputError, match="numbers or dates"):
        filter_rows(WORDS, "category", low=1)


# -- missing, names, text --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "kind", "gone"),
    [
        (WORDS, "category", [1, 3]),
        (WORDS.astype("string"), "text", [1, 3]),
        (NUMBERS, "number", [1, 3]),
        (days(), "number", [3]),
        (days(tz="UTC"), "category", [3]),
        (pd.Series([True, None, False], dtype="boolean"), "category", [1]),
        (pd.Series([1, None, 3], dtype="Int64"), "number", [1]),
    ],
)
def test_missing_and_known_part_every_column(values, kind, gone):
    known = [row for row in range(len(values)) if row not in gone]
    assert filter_rows(values, kind, missing=True).tolist() == gone
    assert filter_rows(values, kind, missing=False).tolist() == known
    assert np.flatnonzero(missing_mask(values, kind)).tolist() == gone


def test_several_names_are_joined_and_the_empty_one_is_missing():
    assert filter_rows(WORDS, "category", names=["wasp", "moth"]).tolist() == [0, 2, 5]
    assert filter_rows(WORDS, "category", names=["", "wasp"]).tolist() == [1, 2, 3]
    assert filter_rows(WORDS, "category", names=["nobody"]).tolist() == []


def test_text_is_found_in_any_case_and_is_no_pattern():
    assert filter_rows(WORDS, "text", text="MOTH").tolist() == [0, 4, 5]
    assert filter_rows(WORDS, "text", text="m.th").tolist() == []


# -- many categories -------------------------------------------------------------------------------


def test_categories_are_found_by_a_part_of_their_name_the_commonest_first():
    counts = name_counts(pd.Series(["b", "a", "b", None, "ab", "", "B1"]))
    entries, count = find_categories(counts, "b")
    assert [(e.label, e.count) for e in entries] == [("b", 2), ("B1", 1), ("ab", 1)]
    assert count == 3
    assert find_categories(counts, "zz") == ([], 0)


def test_of_ten_thousand_categories_few_are_listed_and_all_are_counted():
    values = pd.Series([f"species {i % 10_000:05d}" for i in range(20_000)])
    entries, count = find_categories(name_counts(values), "SPECIES", 40)
    assert (len(entries), count) == (40, 10_000)
    (one,), count = find_categories(name_counts(values), "09999", 40)
    assert (one.label, one.count, count) == ("species 09999", 2, 1)


def test_legend_and_search_agree_on_the_order():
    values = pd.Series([f"n{i}" for i in range(60) for _ in range(1 + i % 7)])
    legend = [e.label for e in colour_by(values, "x", "category").entries][:20]
    assert [e.label for e in find_categories(name_counts(values), "", 20)[0]] == legend


def test_a_column_of_moments_says_so():
    table = pd.DataFrame({"when": days(), "label": ["a"] * 5})
    assert {c.name: c.dates for c in list_columns(table)} == {"when": True, "label": False}


@given(st.lists(st.sampled_from(["a", "b", "B", "é", "", None]), max_size=40))
def test_categories_are_ranked_by_count_then_name_and_every_value_gets_its_code(words):
    values = pd.Series(words, dtype="string")
    counted = Counter(word for word in words if word)
    expected = sorted(counted.items(), key=lambda one: (-one[1], one[0]))
    counts = name_counts(values)
    assert list(zip(counts.index, counts.tolist(), strict=True)) == expected
    found = colour_by(values, "word", "category", "none")
    code_of = {name: code for code, (name, _) in enumerate(expected, 1)}
    assert found.codes.tolist() == [code_of.get(word, 0) for word in words]
    named = [(e.index, e.label, e.count) for e in found.entries if e.index]
    assert named == [(code, name, count) for code, (name, count) in enumerate(expected, 1)]
    gone = sum(not word for word in words)
    assert [e.count for e in found.entries if not e.index] == ([gone] if gone else [])


def test_a_text_that_is_never_the_same_twice_has_forty_named_values_and_the_others_in_one():
    values = pd.Series([f"note {i:05d}" for i in reversed(range(5000))] + [None], dtype="string")
    found = colour_by(values, "notes", "text")
    assert [e.label for e in found.entries[:2]] == ["note 00000", "note 00001"]
    assert (found.entries[40].index, found.entries[40].count) == (OTHER, 4960)
    assert found.codes[[4999, 4960, 4959, 0, 5000]].tolist() == [1, 40, OTHER, OTHER, 0]

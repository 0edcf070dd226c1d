"""How many images a batch needs; batches by period; what is said of a series."""

import numpy as np
import pandas as pd
import pytest

from core.drift.periods import PERIODS, period_for, period_rows, period_texts
from core.drift.power import planted_power
from core.drift.series_plan import Plan, mean_plan, plan
from core.drift.series_words import change_words, plan_words, trend_words, verdict
from core.errors import InputError

RNG = np.random.default_rng(0)
KNOWN = RNG.normal(size=(600, 6))
NEW = RNG.normal(size=(120, 6)) * 0.3 + 3 * np.eye(6)[0]


# -- plans -----------------------------------------------------------------------------------------


def test_power_is_that_of_the_permutation_test():
    """Critical values from draws of the reference stand for permutations of each batch."""
    shares = (0.05, 0.1, 0.2, 0.4)
    direct = planted_power(KNOWN, NEW, 80, shares=shares, repeats=100, seed=1)
    drawn = plan(KNOWN, NEW, sizes=(80,), shares=shares, seed=2)
    assert drawn.power[0] == pytest.approx(direct.power, abs=0.16)  # 3 standard errors of both
    assert drawn.power[0][-1] > 0.95


def test_images_of_the_known_kind_are_seen_no_more_often_than_the_level():
    rng = np.random.default_rng(7)
    known, same = rng.normal(size=(1500, 6)), rng.normal(size=(1500, 6))
    found = plan(known, same, sizes=(10, 20), shares=(0.2, 1.0), seed=0)
    for line in found.power:
        assert all(0.01 < value < 0.1 for value in line)


def test_larger_batches_and_larger_shares_show_more():
    found = plan(KNOWN, NEW, sizes=(10, 40, 160, 640), shares=(0.05, 0.2), seed=0)
    assert found.sizes == (10, 40, 160)  # half of the reference at most
    few, many = zip(*found.power, strict=True)
    assert few[0] is not None
    assert many[0] < many[1] <= many[2]
    assert many[-1] > few[-1]


def test_shares_of_less_than_half_a_unit_are_not_planned():
    found = plan(KNOWN, NEW, sizes=(10,), shares=(0.01, 0.05), draws=(400, 10), seed=0)
    assert found.power[0][0] is None
    assert found.power[0][1] is not None


def test_the_least_size_lies_on_the_line_between_two():
    made = Plan((10, 40, 160), (0.1,), ((0.2,), (0.6,), (1.0,)), 0.05)
    assert made.needed(0.1) == pytest.approx(80)  # half way in the logarithm
    assert made.needed(0.1, 0.2) == 10
    assert Plan((10, 40), (0.1,), ((None,), (0.6,)), 0.05).needed(0.1) is None


def test_plans_of_several_groups_are_one():
    one = Plan((10, 40), (0.1,), ((None,), (0.4,)), 0.05)
    two = Plan((10, 40, 80), (0.1,), ((0.2,), (0.8,), (1.0,)), 0.05)
    both = mean_plan([one, two])
    assert both.sizes == (10, 40)
    assert both.power == ((0.2,), (pytest.approx(0.6),))


def test_a_plan_is_the_same_again_and_needs_enough():
    some = {"sizes": (20,), "shares": (0.2,), "draws": (400, 50)}
    assert plan(KNOWN, NEW, seed=3, **some) == plan(KNOWN, NEW, seed=3, **some)
    assert plan(KNOWN[:39], NEW, **some) is None
    assert plan(KNOWN, NEW[:9], **some) is None


# -- periods ---------------------------------------------------------------------------------------

MOMENTS = pd.Series(pd.to_datetime([
    "2025-12-31T23:30:00+00:00", "2026-01-01T00:30:00+00:00", None, "2026-11-21T14:05:00+00:00",
]))  # fmt: skip


@pytest.mark.parametrize(
    ("every", "expected"),
    [
        ("hour", ["2025-12-31T23", "2026-01-01T00", "", "2026-11-21T14"]),
        ("day", ["2025-12-31", "2026-01-01", "", "2026-11-21"]),
        ("week", ["2026-W01", "2026-W01", "", "2026-W47"]),
        ("month", ["2025-12", "2026-01", "", "2026-11"]),
        ("quarter", ["2025-Q4", "2026-Q1", "", "2026-Q4"]),
        ("year", ["2025", "2026", "", "2026"]),
    ],
)
def test_periods(every, expected):
    assert period_texts(MOMENTS, every).tolist() == expected
    zone = MOMENTS.dt.tz_convert("America/New_York")
    assert period_texts(zone, every).tolist() == expected  # in UTC, whatever the zone
    assert period_texts(MOMENTS.dt.tz_localize(None), every).tolist() == expected
    for text in set(expected) - {""}:
        assert period_rows(MOMENTS, text).tolist() == [
            at for at, one in enumerate(expected) if one == text
        ]


def test_what_is_no_period_is_none():
    assert period_rows(MOMENTS, "spring") is None
    assert period_rows(MOMENTS, "2026-13-1") is None
    with pytest.raises(InputError, match="one of hour, day"):
        period_texts(MOMENTS, "decade")


@pytest.mark.parametrize(
    ("gap", "count", "expected"),
    [("1min", 400, "hour"), ("20min", 900, "day"), ("3h", 900, "week"), ("1D", 900, "month"),
     ("8D", 600, "quarter"), ("60D", 400, "year")],
)  # fmt: skip
def test_the_period_fits_the_dates(gap, count, expected):
    """At most 60 batches, of which half have ten images or more."""
    values = pd.Series(pd.date_range("2000-01-03", periods=count, freq=gap, tz="UTC"))
    found = period_for(values)
    assert found == expected
    sizes = pd.Series(period_texts(values, found)).value_counts()
    if found != "year":
        assert len(sizes) <= 60
        assert sizes.median() >= 10
        shorter = PERIODS[: PERIODS.index(found)]
        for every in shorter:
            other = pd.Series(period_texts(values, every)).value_counts()
            assert len(other) > 60 or other.median() < 10 or len(other) == 1


# -- words -----------------------------------------------------------------------------------------


def batch(name, p, outside=False):
    return {"name": name, "p_adjusted": p, "outside": outside}


def test_a_verdict_names_the_batches_and_those_not_tested():
    told = verdict("the past", [batch("a", 0.5), batch("b", 0.01, True), batch("c", None)])
    assert told == {
        "level": "drift", "sentence": "1 of 2 batches differs from the past: b. Not tested: 1 "
        "batch (fewer than 10 units, or all images the same).",
    }  # fmt: skip
    many = verdict("the past", [batch(f"b{at}", 0.01, True) for at in range(9)])
    assert many["sentence"].endswith("b0, b1, b2, b3, b4 and 4 more.")
    assert verdict("x", [batch("a", 0.5)])["level"] == "none seen"
    assert verdict("x", [batch("a", None)])["level"] == "too few"


def test_trends_and_steps_are_named_only_with_their_tests():
    assert "grows with time" in trend_words(0.8, 0.01)
    assert "falls with time" in trend_words(-0.8, 0.01)
    assert trend_words(0.8, 0.2).startswith("No trend is seen")
    assert "four batches" in trend_words(None, None)
    assert change_words("a", "b", 0.01).startswith("Change point: the distance steps between a and")
    assert change_words("a", "b", 0.2).startswith("No change point")
    assert "six batches" in change_words("", "", None)


def test_a_plan_says_where_its_number_is_from():
    line = {"share": 0.05, "units": 40, "images": 80, "how": "measured"}
    assert plan_words(0.05, line, "like B").endswith("it needs 40 units (about 80 images).")
    assert "more than this reference can show" in plan_words(
        0.05, {**line, "how": "formula"}, "like B"
    )
    none = {"share": 0.05, "units": None, "images": None, "how": "none"}
    assert "no size" in plan_words(0.05, none, "like B")

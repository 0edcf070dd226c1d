"""How many images of a group must be looked at before all of it gets a label."""

import numpy as np
import pytest

from core.errors import InputError
from core.quality.spotcheck import draw_checks, spot_check


def test_a_bound_is_that_of_wilson_and_the_numbers_left_are_right():
    from scipy.stats import binomtest

    found = spot_check(24, 1, 10_000_000)
    wilson = binomtest(24, 25).proportion_ci(0.90, "wilson")  # one-sided 95 %
    assert found.low == pytest.approx(wilson.low, abs=1e-5)
    assert not found.enough
    assert spot_check(24 + found.more, 1, 10_000_000).enough
    assert not spot_check(24 + found.more - 1, 1, 10_000_000).enough
    assert spot_check(0, 0, 10_000_000).more == 25


def test_a_small_group_needs_fewer_and_a_checked_one_none():
    assert spot_check(0, 0, 30).more < 25
    done = spot_check(9, 1, 10)
    assert done.low == 0.9
    assert done.enough
    assert spot_check(3, 0, 3).enough
    assert not spot_check(9, 0, 100, least=0.5).enough  # ten are looked at in any case


def test_too_many_wrong_ones_are_said():
    found = spot_check(5, 10, 40)
    assert found.more is None
    assert "too many are wrong" in found.text
    for right, wrong, total in ((5, 6, 10), (-1, 0, 10), (0, 0, 0)):
        with pytest.raises(InputError, match="cannot be"):
            spot_check(right, wrong, total)
    with pytest.raises(InputError, match="share"):
        spot_check(1, 1, 10, least=1.0)


def test_the_bound_holds_as_often_as_it_says():
    """Groups of 200 with 85 % right: enough to be labelled in one act in 5 % of cases at most."""
    rng = np.random.default_rng(0)
    group = np.arange(200) < 170
    passed = 0
    for _ in range(400):
        checked = group[rng.permutation(200)[:30]]
        passed += spot_check(int(checked.sum()), int((~checked).sum()), 200).enough
    assert passed <= 0.05 * 400


def test_rows_are_drawn_at_random_one_of_each_unit_first():
    rows = np.arange(100, 200)
    units = np.arange(300) // 10
    drawn = draw_checks(rows, units=units, seed=1)
    assert sorted(drawn.tolist()) == rows.tolist()
    assert len(set(units[drawn[:10]].tolist())) == 10
    assert drawn.tolist() == draw_checks(rows[::-1], units=units, seed=1).tolist()
    assert drawn.tolist() != draw_checks(rows, units=units, seed=2).tolist()
    assert draw_checks(rows).tolist() != rows.tolist()

"""Batches over time: a band of honest size, Holm over batches, trends and steps that are there."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from core.drift.anchors import discrepancy
from core.drift.kernel import bandwidth, square_distances
from core.drift.series import series
from core.errors import InputError


def batches(seed, shifts, n=40, d=4):
    rng = np.random.default_rng(seed)
    return {f"day {at + 1}": rng.normal(size=(n, d)) + shift * np.eye(d)[0]
            for at, shift in enumerate(shifts)}  # fmt: skip


REFERENCE = np.random.default_rng(100).normal(size=(400, 4))


def test_batches_that_drift_are_outside_and_the_others_are_not():
    found = series(REFERENCE, batches(0, [0, 0, 0, 1.5, 1.5]))
    assert [one.outside for one in found.batches] == [False, False, False, True, True]
    assert all(one.low < 0.02 for one in found.batches)
    assert found.batches[3].distance > found.batches[3].high
    assert found.batches[3].p_adjusted == pytest.approx(5 * 0.001)
    scale = bandwidth(square_distances(REFERENCE))
    direct = discrepancy(REFERENCE, batches(0, [0, 0, 0, 1.5, 1.5])["day 4"], scale)
    assert found.batches[3].distance == pytest.approx(direct)


def test_the_band_is_of_the_size_of_the_batch():
    small = series(REFERENCE, batches(1, [0], n=15)).batches[0]
    large = series(REFERENCE, batches(1, [0], n=120)).batches[0]
    assert small.high - small.low > 2 * (large.high - large.low)


def test_the_band_is_honest():
    """Batches of the reference's kind lie within it 19 times in 20."""
    beyond = []
    for seed in range(8):
        rng = np.random.default_rng(500 + seed)
        reference = rng.normal(size=(200, 4))
        given = {f"{at}": rng.normal(size=(15 + 15 * (at % 2), 4)) for at in range(24)}
        found = series(reference, given, permutations=9, seed=seed)
        beyond += [not one.low <= one.distance <= one.high for one in found.batches]
    assert 0.02 < np.mean(beyond) < 0.09


def test_images_that_are_all_the_same_are_no_evidence():
    same = np.ones((40, 3))
    (one,) = series(same, {"more": same[:12]}).batches
    assert (one.distance, one.p, one.outside) == (0, None, False)
    (other,) = series(same, {"else": same[:12] * 2}, permutations=99).batches
    assert other.outside


def test_nothing_is_named_more_often_than_is_promised():
    """Holm over six batches: any false one in at most 5 % of series."""
    false = 0
    for seed in range(20):
        reference = np.random.default_rng(1000 + seed).normal(size=(80, 3))
        found = series(reference, batches(seed, [0] * 6, n=20, d=3), permutations=139, seed=seed)
        false += any(one.outside for one in found.batches)
    assert false <= 4  # of 20 at .05, binomial 99.7 %


def test_a_slow_change_is_a_trend_and_a_step_is_a_step():
    slow = series(REFERENCE, batches(3, np.linspace(0, 1.2, 10)), permutations=499)
    assert slow.trend > 0.7
    assert slow.trend_p <= 0.01
    values = [one.distance for one in slow.batches]
    assert slow.trend == pytest.approx(spearmanr(np.arange(10), values).statistic)
    step = series(REFERENCE, batches(4, [0] * 6 + [1.2] * 6), permutations=499)
    assert step.change == 6
    assert step.change_p <= 0.01
    level = series(REFERENCE, batches(5, [0] * 12), permutations=499)
    assert level.trend_p > 0.01
    assert level.change_p > 0.01


def test_batches_too_small_are_shown_and_not_tested():
    given = batches(6, [0, 0, 0, 0, 0, 1.5, 1.5])
    given["day 2"] = given["day 2"][:4]
    found = series(REFERENCE, given)
    assert found.batches[1].distance is None
    assert found.batches[1].units == 4
    assert not found.batches[1].outside
    assert found.change in {5, None} or found.change_p > 0.05
    assert series(REFERENCE, batches(7, [0, 0])).trend is None


def test_it_is_the_same_again():
    given = batches(8, [0, 0.5, 1])
    assert series(REFERENCE, given, seed=4) == series(REFERENCE, given, seed=4)


def test_a_reference_too_small_is_refused():
    with pytest.raises(InputError, match="a series needs 20"):
        series(REFERENCE[:12], batches(9, [0]))
    with pytest.raises(InputError, match="there are none"):
        series(REFERENCE, {})


@pytest.mark.slow
def test_of_400_series_without_drift_few_are_called_one():
    """A batch, a trend, a step, and any batch after Holm: at most 7.25 % each."""
    rng = np.random.default_rng(2026)
    told = dict.fromkeys(("batch", "trend", "change", "any"), 0)
    for seed in range(400):
        reference = rng.normal(size=(80, 8))
        given = {f"{at}": rng.normal(size=(20, 8)) for at in range(8)}
        found = series(reference, given, permutations=199, seed=seed)
        told["batch"] += found.batches[0].p <= 0.05
        told["trend"] += found.trend_p <= 0.05
        told["change"] += found.change_p <= 0.05
        told["any"] += any(one.outside for one in found.batches)
    assert max(told.values()) <= 29
    assert told["batch"] >= 8  # a test that never rejects would pass otherwise

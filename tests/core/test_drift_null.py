"""Where nothing differs, every test of a comparison of two sets keeps its level. Long: -m slow."""

import pytest
from sklearn.datasets import load_digits

from benchmarks.drift import BY_TABLE, frame_rates, null_rates

#: Largest share of 400 splits in which a test at .05 may reject: 1.96 standard errors above it.
MOST = 0.0725


@pytest.mark.slow
def test_four_hundred_random_splits_are_seldom_called_different():
    rates = null_rates(load_digits().data, 400, 200)
    assert rates.pop(BY_TABLE) > MOST  # why its p is not taken from there
    assert set(rates) >= {"mmd", "classifier", "occupancy", "headline, after Holm", "any region"}
    assert {name: rate for name, rate in rates.items() if rate > MOST} == {}


@pytest.mark.slow
def test_repeated_frames_are_one_unit():
    rates = frame_rates(load_digits().data, 200)
    by_unit = {name: rate for name, rate in rates.items() if "units" in name}
    assert len(by_unit) == 3
    assert max(by_unit.values()) <= 0.085  # of 200 splits
    assert min(rate for name, rate in rates.items() if "images" in name) > 0.5

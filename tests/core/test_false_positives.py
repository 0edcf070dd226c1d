"""Where nothing differs, tests of groups reject 5 %: seeded draws against binomial bands.

The table over 4,000 draws each is in docs/methods/false-positives.md.
"""

from functools import cache

import numpy as np
import pytest

from core.errors import InputError
from core.morphology.nulls import (
    STUDIES,
    Sample,
    Study,
    averaged,
    band,
    headline,
    in_blocks,
    rejections,
    sites,
    specimens,
    spreads,
)

#: Draws where the true rate is known to be .05, and where only a bound is.
RUNS, MORE = 250, 600
#: The highest true rates that are let pass (the issue's own bound for unequal spreads is .09).
SOUND, APPROXIMATE = 0.05, 0.09

LEVEL = {
    "equal": ("F", "F₂", "PERMDISP"),
    "equal3": ("F", "F₂", "PERMDISP"),
    "sites": ("F₂ within sites",),
    "sized": ("marginal F beside size",),
    "more_specimens": ("F₂ of specimens",),
}
NEARLY = ("small_wide", "large_wide", "three_small_wide", "three_large_wide")
#: What goes wrong without them: by study and test, the least and the largest share rejected.
WRONG = {
    ("small_wide", "F"): (0.95, 1.0),
    ("large_wide", "F"): (0.0, 0.01),
    ("extreme", "F"): (0.98, 1.0),
    ("specimens", "F₂ of images"): (0.99, 1.0),
    ("sites", "F₂, sites ignored"): (0.2, 0.6),
    ("sized", "F₂, size ignored"): (0.5, 1.0),
    ("circular", "F₂"): (1.0, 1.0),
}


@cache
def rejected(name: str, runs: int) -> dict[str, int]:
    """Return what `rejections` does; a design is drawn once for all that is asked of it."""
    return rejections(STUDIES[name], runs)


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(LEVEL))
def test_sound_tests_hold_their_level(name):
    low, high = band(SOUND, RUNS, 0.999)
    for test in LEVEL[name]:
        assert low <= rejected(name, RUNS)[test] <= high, test


@pytest.mark.slow
@pytest.mark.parametrize("name", NEARLY)
def test_unequal_spreads_hold_it_nearly(name):
    assert rejected(name, MORE)["F₂"] <= APPROXIMATE * MORE


@pytest.mark.slow
def test_very_unequal_sizes_and_spreads_hold_it_less_well():
    """The job says "approximate" there: .082 over 4,000 draws."""
    low, high = band(0.082, RUNS, 0.999)
    assert low <= rejected("extreme", RUNS)["F₂"] <= high


@pytest.mark.slow
@pytest.mark.parametrize(("name", "test"), sorted(WRONG))
def test_what_is_warned_of_does_go_wrong(name, test):
    runs = MORE if name in NEARLY else RUNS
    least, most = WRONG[name, test]
    assert least * runs <= rejected(name, runs)[test] <= most * runs


@pytest.mark.slow
def test_eight_specimens_can_be_dealt_in_70_ways_so_two_in_70_are_rejected():
    """4 against 4: p is a multiple of 2/70, and .05 lies between the first and the second."""
    found = rejected("specimens", RUNS)["F₂ of specimens"]
    low, high = band(2 / 70, RUNS, 0.999)
    assert low <= found <= high


def test_the_first_draws_of_a_longer_study_are_those_of_a_shorter_one():
    study = Study("", spreads((8, 8), (1, 1)), {"all": lambda sample, seed: 0.0})
    assert rejections(study, 7) == {"all": 7}
    seen: list[float] = []
    kept = Study("", study.draw, {"kept": lambda s, _: seen.append(float(s.points.sum()))})
    assert rejections(kept, 3, seed=4) == rejections(kept, 5, seed=4) == {"kept": 0}
    assert seen[:3] == seen[3:6]
    rejections(kept, 1, seed=5)
    assert seen[-1] != seen[0]


def test_exactly_five_in_a_hundred_counts_as_rejected_and_undefined_does_not():
    exact = Study("", spreads((5, 5), (1, 1)), {"at": lambda *_: 0.05, "over": lambda *_: 0.055,
                                                "none": lambda *_: None})  # fmt: skip
    assert rejections(exact, 4) == {"at": 4, "over": 0, "none": 0}


def test_units_are_the_means_of_their_images():
    sample = specimens(6, 4)(np.random.default_rng(0))
    found = averaged(sample)
    assert found.groups.tolist() == [0, 0, 0, 1, 1, 1]
    for unit in range(6):
        assert found.points[unit] == pytest.approx(sample.points[sample.units == unit].mean(axis=0))
    with pytest.raises(InputError, match="units"):
        averaged(Sample(sample.points, sample.groups))


def test_within_sites_a_difference_of_sites_is_not_one_of_groups():
    sample = sites(effect=3.0)(np.random.default_rng(1))
    assert headline(sample, 0) == 0.005
    assert in_blocks(sample, 0) > 0.05


def test_a_band_holds_what_a_rate_gives():
    draws = np.random.default_rng(2).binomial(600, 0.05, 4000)
    low, high = band(0.05, 600)
    assert 0.985 <= ((draws >= low) & (draws <= high)).mean() <= 0.997

"""What a random choice covers: enumeration, SciPy, simulation and the rules of chance."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import hypergeom

from core.curate.coverage import (
    BINS,
    bin_name,
    covered,
    expected_new_cluster_probability,
    miss_probability,
    new_cluster_probability,
    random_coverage,
    size_bin,
)
from core.errors import InputError


def enumerated(sizes, total, n):
    """Mean and standard deviation of the clusters covered over every possible choice."""
    labels = np.repeat(np.arange(len(sizes)), sizes)
    labels = np.concatenate([labels, np.full(total - len(labels), -1)])
    hits = [len(set(labels[list(chosen)]) - {-1}) for chosen in combinations(range(total), n)]
    return np.mean(hits), np.std(hits)


def test_the_known_answer():
    found = random_coverage([1, 2, 3, 4], 10, 4)
    assert found.mean == pytest.approx(2.828571, abs=1e-6)
    assert found.sd == pytest.approx(0.616552, abs=1e-6)
    assert (found.clusters, found.ceiling) == (4, 4)


def test_a_chance_to_miss_equals_scipys_hypergeometric():
    missed = miss_probability(np.array([1, 2, 3, 40]), 70_000, 20_000)
    wanted = hypergeom.pmf(0, 70_000, [1, 2, 3, 40], 20_000)
    assert missed == pytest.approx(wanted, rel=1e-9)
    assert missed[2] == pytest.approx(1 - 0.635575, abs=1e-6)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(1, 4), min_size=1, max_size=4), st.integers(0, 3), st.integers(0, 12))
def test_mean_and_variance_equal_every_choice_counted(sizes, outside, n):
    total = sum(sizes) + outside
    n = min(n, total)
    found = random_coverage(sizes, total, n)
    mean, sd = enumerated(sizes, total, n)
    assert found.mean == pytest.approx(mean, abs=1e-9)
    assert found.sd == pytest.approx(sd, abs=1e-6)


def test_a_simulation_agrees_within_its_error():
    random = np.random.default_rng(3)
    sizes = random.integers(1, 30, 400)
    labels = np.repeat(np.arange(400), sizes)
    total, n = len(labels), 900
    hits = [covered(labels, random.choice(total, n, replace=False), 400).sum() for _ in range(400)]
    found = random_coverage(sizes, total, n)
    assert abs(np.mean(hits) - found.mean) < 4 * found.sd / np.sqrt(400)
    assert np.std(hits) == pytest.approx(found.sd, rel=0.15)


def test_choosing_all_covers_all_and_choosing_none_covers_none():
    all_of_it = random_coverage([3, 5], 8, 8)
    assert (all_of_it.mean, all_of_it.sd) == (2, 0)
    nothing = random_coverage([3, 5], 8, 0)
    assert (nothing.mean, nothing.sd, nothing.ceiling) == (0, 0, 0)
    assert random_coverage([], 8, 3).mean == 0


def test_order_of_the_clusters_does_not_matter():
    assert random_coverage([1, 9, 4], 20, 5) == random_coverage([4, 1, 9], 20, 5)


@pytest.mark.parametrize(
    ("sizes", "total", "n", "said"),
    [
        ([1], 3, 4, "0 to 3"),
        ([1], 3, -1, "0 to 3"),
        ([0], 3, 1, "1 or more"),
        ([4], 3, 1, "more than"),
    ],
)
def test_what_cannot_be_is_refused(sizes, total, n, said):
    with pytest.raises(InputError, match=said):
        random_coverage(sizes, total, n)


def test_bins_hold_each_size_once():
    names = [bin_name(at) for at in size_bin(np.array([1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 900]))]
    assert names == ["1", "2–3", "2–3", "4–7", "4–7", "8–15", "8–15", "16–31", "16–31",
                     "32 or more", "32 or more"]  # fmt: skip
    assert len(BINS) == 6


def test_the_next_random_item_opens_a_cluster_as_often_as_its_items_are_left():
    labels = np.array([0, 0, 0, 1, 1, 2, -1, -1])
    hit = covered(labels, np.array([0, 6]), 3)
    assert hit.tolist() == [True, False, False]
    assert new_cluster_probability([3, 2, 1], hit, 8, 2) == pytest.approx(3 / 6)
    assert new_cluster_probability([3, 2, 1], hit, 8, 8) == 0


def test_the_expected_chance_of_a_new_cluster_is_the_gain_of_one_more():
    sizes, total = [1, 2, 3, 4, 9], 25
    for n in range(total):
        gain = random_coverage(sizes, total, n + 1).mean - random_coverage(sizes, total, n).mean
        assert expected_new_cluster_probability(sizes, total, n) == pytest.approx(gain, abs=1e-9)

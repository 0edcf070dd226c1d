"""The independent grouping: k-means by known groups, by scikit-learn's, and at its edges."""

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.datasets import load_digits
from sklearn.metrics import adjusted_rand_score

from core.clusters.partition import (
    independent_groups,
    independent_labels,
    independent_partition,
)
from core.errors import InputError, JobCancelled
from core.progress import Progress
from core.space import unit_rows


def inertia(unit, labels):
    """Sum of squared distances from the mean of one's group."""
    unit = unit.astype(np.float64)
    return sum(
        np.square(unit[labels == one] - unit[labels == one].mean(axis=0)).sum()
        for one in range(labels.max() + 1)
    )


@pytest.fixture(scope="module")
def digits():
    return unit_rows(load_digits().data)


def test_groups_that_are_apart_are_found():
    rng = np.random.default_rng(0)
    truth = np.repeat(np.arange(6), [50, 40, 30, 20, 10, 5])
    vectors = 20 * rng.standard_normal((6, 8))[truth] + rng.standard_normal((len(truth), 8)) * 0.1
    found = independent_partition(vectors, 6)
    assert adjusted_rand_score(truth, found) == 1.0
    assert np.bincount(found).tolist() == [50, 40, 30, 20, 10, 5]


@pytest.mark.parametrize("k", [10, 45, 180])
def test_groups_are_about_as_tight_as_those_of_plain_k_means(digits, k):
    found = independent_partition(digits, k)
    assert len(np.unique(found)) == found.max() + 1
    assert k * 0.97 <= found.max() + 1 <= k
    plain = KMeans(k, n_init=1, random_state=0).fit(digits).inertia_
    assert inertia(digits, found) < 1.15 * plain


def test_the_same_seed_gives_the_same_groups_and_another_others(digits):
    first = independent_partition(digits, 100, 3)
    assert (first == independent_partition(digits, 100, 3)).all()
    assert (first != independent_partition(digits, 100, 4)).any()


def test_only_directions_count(digits):
    scale = np.random.default_rng(0).uniform(0.5, 2, len(digits))[:, None]
    first, other = independent_partition(digits, 50), independent_partition(digits * scale, 50)
    assert adjusted_rand_score(first, other) > 0.99


def test_identical_items_are_one_group_and_none_is_no_group():
    same = np.ones((300, 5))
    assert independent_partition(same, 200).max() == 0
    assert independent_partition(np.ones((0, 5)), 3).shape == (0,)
    assert sorted(independent_partition(np.eye(4), 9).tolist()) == [0, 1, 2, 3]


def test_a_thousand_copies_and_some_others_are_told_apart():
    rng = np.random.default_rng(1)
    vectors = np.vstack([np.ones((1000, 6)), rng.standard_normal((40, 6))])
    found = independent_partition(vectors, 60)
    assert len(np.unique(found[:1000])) == 1
    assert found[0] not in found[1000:]


def test_it_knows_of_the_micro_clusters_only_how_many_there_are(digits):
    rows = np.arange(0, len(digits), 2)
    micro = np.arange(len(digits)) % 400
    first = independent_labels(digits, micro, rows, 90)
    renamed = np.random.default_rng(0).permutation(400)[micro]
    assert (first == independent_labels(digits, renamed, rows, 90)).all()
    assert (first[1::2] == -1).all()
    assert first[rows].min() == 0


@pytest.mark.parametrize(
    ("clusters", "n", "groups"), [(385, 180, 180), (385, 1000, 385), (385, 1, 2), (1, 50, 1)]
)
def test_there_are_never_more_groups_than_images_chosen(clusters, n, groups):
    assert independent_groups(clusters, n) == groups


def test_no_groups_are_refused(digits):
    with pytest.raises(InputError, match="k must be 1 or more"):
        independent_partition(digits, 0)


def test_it_can_be_cancelled(digits):
    with pytest.raises(JobCancelled):
        independent_partition(digits, 50, progress=Progress(cancelled=lambda: True))

"""Outlier scores against scikit-learn, planted outliers and calibrated references."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InputError
from core.neighbors import find_neighbors
from core.quality.conformal import conformal_outliers, discoveries
from core.quality.outliers import class_outlier_scores, outlier_scores, percentiles
from core.space import unit_rows


def points(n=400, d=16, seed=0):
    return np.random.default_rng(seed).normal(size=(n, d)).astype(np.float32) + 2


def area(outlier, score):
    """Area under the ROC curve, by counting pairs."""
    yes, no = score[outlier], score[~outlier]
    return (yes[:, None] > no).mean() + 0.5 * (yes[:, None] == no).mean()


@pytest.mark.parametrize("graph", [True, False])
def test_the_factor_is_that_of_scikit_learn(graph):
    from sklearn.neighbors import LocalOutlierFactor

    vectors = points()
    neighbors = find_neighbors(vectors, key="k") if graph else None
    found = outlier_scores(vectors, neighbors, k=20)
    unit = unit_rows(vectors).astype(np.float64)
    peer = LocalOutlierFactor(20).fit(unit)
    np.testing.assert_allclose(found.lof, -peer.negative_outlier_factor_, rtol=1e-6)
    distances = peer.kneighbors()[0]
    np.testing.assert_allclose(found.distance, distances.mean(axis=1), rtol=1e-6)
    np.testing.assert_allclose(
        found.score, (percentiles(found.distance) + percentiles(found.lof)) / 2
    )


def test_the_graph_saves_the_search_and_changes_nothing():
    vectors = points()
    units = np.arange(len(vectors)) // 3
    alone = outlier_scores(vectors, units=units)
    helped = outlier_scores(vectors, find_neighbors(vectors, key="k", k=25), units=units)
    np.testing.assert_allclose(alone.score, helped.score, atol=1e-9)


def test_pictures_with_shuffled_pixels_stand_out():
    from sklearn.datasets import load_digits

    rng = np.random.default_rng(0)
    digits = load_digits().data.astype(np.float32)
    shuffled = rng.permuted(digits[rng.choice(len(digits), 36, replace=False)], axis=1)
    outlier = np.arange(len(digits) + 36) >= len(digits)
    assert area(outlier, outlier_scores(np.concatenate([digits, shuffled])).score) >= 0.98


def test_frames_of_one_video_do_not_vouch_for_one_another():
    rng = np.random.default_rng(0)
    crowd = points(200, 16)
    strange = rng.normal(size=16) - 3
    video = strange + rng.normal(scale=0.001, size=(30, 16))
    vectors = np.concatenate([crowd, video]).astype(np.float32)
    units = np.r_[np.arange(200), np.full(30, 200)]
    by_unit = outlier_scores(vectors, find_neighbors(vectors, key="k"), units=units)
    assert by_unit.score[200:].min() > by_unit.score[:200].max()
    assert outlier_scores(vectors).distance[200:].max() < 0.01  # images alone see nothing


def test_nothing_to_compare_is_said():
    same = outlier_scores(np.ones((30, 4), np.float32))
    assert same.status == "undefined"
    assert (same.score == 0.5).all()
    assert "equally far" in same.notice
    one = outlier_scores(points(5), units=np.zeros(5, int))
    assert one.status == "undefined"
    assert "other units" in one.notice
    assert len(outlier_scores(np.zeros((0, 4), np.float32)).score) == 0
    with pytest.raises(InputError, match="3 units for 5"):
        outlier_scores(points(5), units=np.zeros(3, int))


def test_piles_of_equal_items_keep_finite_scores():
    vectors = np.concatenate([np.repeat(points(3), 25, axis=0), points(40, seed=1)])
    found = outlier_scores(vectors)
    assert np.isfinite(found.score).all()
    assert np.isfinite(found.lof).all()


def test_an_item_may_be_odd_for_its_class_only():
    rng = np.random.default_rng(0)
    first = rng.normal(size=(60, 8)) * 0.1 + np.eye(8)[0] * 3
    second = rng.normal(size=(60, 8)) * 0.1 + np.eye(8)[1] * 3
    vectors = np.concatenate([first, second, first[:1] + 0.01, first[:3]])
    labels = np.r_[np.zeros(60, int), np.ones(60, int), 1, -1, 2, 2]
    found = class_outlier_scores(vectors, labels)
    assert np.argmax(np.nan_to_num(found.score)) == 120
    assert np.isnan(found.score[121:]).all()
    assert "1 class has fewer than 30 units" in found.notice


@given(st.lists(st.floats(-10, 10), min_size=1, max_size=30))
def test_percentiles_keep_order_and_ties(values):
    from scipy.stats import rankdata

    array = np.array(values)
    np.testing.assert_allclose(percentiles(array), (rankdata(array) - 0.5) / len(array))


def test_p_is_uniform_for_items_like_the_reference():
    p = np.concatenate(
        [
            conformal_outliers(points(600, seed=s), np.arange(400), np.arange(400, 600)).p
            for s in range(20)
        ]
    )
    for alpha, low, high in ((0.05, 0.035, 0.065), (0.2, 0.17, 0.23), (0.5, 0.46, 0.54)):
        assert low <= (p <= alpha).mean() <= high
    assert p.min() > 0


def test_planted_outliers_are_discovered_and_little_else():
    rng = np.random.default_rng(3)
    vectors = points(1500, seed=3)
    vectors[1400:1440] = rng.normal(size=(40, 16)) - 2
    found = conformal_outliers(vectors, np.arange(1000), np.arange(1000, 1500))
    planted = np.isin(np.arange(1000, 1500), np.arange(1400, 1440))
    assert found.discovered[planted].mean() > 0.95
    assert (found.discovered & ~planted).sum() <= 5
    assert found.p_least == 1 / 501
    assert "needs 9,999" in found.notice


def test_one_item_of_each_unit_is_held_out():
    units = np.r_[np.repeat(np.arange(40), 10), np.full(100, 99)]
    found = conformal_outliers(points(500), np.arange(400), np.arange(400, 500), units=units)
    assert (found.n_fitted, found.n_clean) == (200, 20)


def test_what_cannot_be_tested_is_refused():
    with pytest.raises(InputError, match="10 or more"):
        conformal_outliers(points(50), np.arange(9), np.arange(20, 30))
    with pytest.raises(InputError, match="leave them out"):
        conformal_outliers(points(50), np.arange(30), np.arange(20, 40))
    with pytest.raises(InputError, match="between 0 and 1"):
        conformal_outliers(points(50), np.arange(30), np.arange(30, 40), q=5)


@given(st.lists(st.floats(0.0001, 1), max_size=40), st.floats(0.01, 0.5))
def test_discoveries_are_those_of_scipy(values, q):
    from scipy.stats import false_discovery_control

    p = np.array(values)
    expected = false_discovery_control(p) <= q if len(p) else np.zeros(0, bool)
    close = np.abs(false_discovery_control(p) - q) < 1e-12 if len(p) else expected
    assert (discoveries(p, q) == expected)[~close].all()

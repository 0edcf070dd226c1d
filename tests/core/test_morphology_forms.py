"""Distances of forms, their variety, gradients and trees, against R, SciPy and known answers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.distance import cdist, pdist
from scipy.stats import mannwhitneyu
from sklearn.datasets import load_iris, make_swiss_roll
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from core.errors import InputError
from core.morphology.centroids import group_distances
from core.morphology.dendrogram import average_tree, branches, group_tree
from core.morphology.disparity import disparity, disparity_difference
from core.morphology.distinct import distinct, groups_differ, mean_square_distance
from core.morphology.geodesic import geodesic, geodesics
from core.morphology.gradient import auc, held_out_auc, largest_gap, mean_axis, strip
from core.morphology.metric import (
    agreement,
    calibration,
    hubness,
    invariance,
    participation_ratio,
    two_nn,
    usual_distance,
)
from core.neighbors import find_neighbors
from core.space import unit_rows

IRIS = load_iris()
SPECIES = IRIS.target


def close(value):
    return pytest.approx(value, rel=1e-4)


# -- distances of groups ---------------------------------------------------------------------------


def test_distances_of_species_are_those_of_the_means_and_freed_of_noise():
    found = group_distances(IRIS.data, SPECIES)
    assert found.raw[0, 1] == close(3.20828116)
    assert found.raw[0, 2] == close(4.754507335)
    assert found.raw[1, 2] == close(1.620488815)
    assert found.squared[1, 2] == close(2.5957201633)
    assert (found.low <= found.distance).all()
    assert (found.distance <= found.high).all()


def test_the_interval_is_that_of_leaving_out_one_unit_at_a_time():
    rng = np.random.default_rng(0)
    points, groups = rng.normal(size=(13, 5)), np.repeat([0, 1], [5, 8])
    points[groups == 1] += 0.7

    def squared(keep):
        a, b = (points[keep & (groups == code)] for code in (0, 1))
        noise = sum(part.var(axis=0, ddof=1).sum() / len(part) for part in (a, b))
        return ((a.mean(axis=0) - b.mean(axis=0)) ** 2).sum() - noise

    without = np.array([squared(np.arange(13) != out) for out in range(13)])
    error = 0.0
    for code, n in ((0, 5), (1, 8)):
        own = without[groups == code]
        error += (n - 1) / n * ((own - own.mean()) ** 2).sum()
    found = group_distances(points, groups)
    half = 2.776445105 * np.sqrt(error)  # t of 4 degrees
    assert found.squared[0, 1] == pytest.approx(squared(np.ones(13, bool)))
    assert found.high[0, 1] ** 2 == pytest.approx(found.squared[0, 1] + half)


def test_the_estimate_is_right_on_average_where_the_means_are_equal():
    rng, groups = np.random.default_rng(1), np.repeat([0, 1], 10)
    found = [group_distances(rng.normal(size=(20, 256)), groups) for _ in range(200)]
    assert abs(np.mean([one.squared[0, 1] for one in found])) < 1.0
    assert np.mean([one.raw[0, 1] ** 2 for one in found]) == pytest.approx(51.2, rel=0.03)
    assert np.mean([one.low[0, 1] == 0 for one in found]) >= 0.93


def test_the_interval_holds_the_truth():
    rng, groups, held = np.random.default_rng(2), np.repeat([0, 1], [10, 25]), 0
    for _ in range(200):
        points = rng.normal(size=(35, 20))
        points[groups == 1, 0] += 2.0
        found = group_distances(points, groups)
        held += found.low[0, 1] <= 2.0 <= found.high[0, 1]
    assert held / 200 >= 0.93


def test_a_group_of_one_has_no_distance():
    found = group_distances(np.eye(5), np.array([0, 0, 1, 1, 2]))
    assert np.isnan(found.distance[0, 2])
    assert found.high[0, 1] == np.inf  # two units each: no interval


# -- variety ---------------------------------------------------------------------------------------


def test_disparity_of_iris():
    found = disparity(IRIS.data, SPECIES)
    assert found.variance == close(np.array([0.3092040816, 0.6248244898, 0.8883673469]))
    assert found.distance == close(np.array([0.6968168791, 0.9973606733, 1.1767808011]))
    assert (found.variance_low < found.variance).all()


def test_its_jackknife_is_that_of_leaving_out_one_at_a_time():
    points = np.random.default_rng(3).normal(size=(9, 4))
    found = disparity(points, np.zeros(9, int))
    for measure, low in ((lambda x: x.var(axis=0, ddof=1).sum(), found.variance_low),
                         (lambda x: pdist(x).mean(), found.distance_low)):  # fmt: skip
        without = np.array([measure(np.delete(points, out, axis=0)) for out in range(9)])
        error = np.sqrt(8 / 9 * ((without - without.mean()) ** 2).sum())
        assert low[0] == pytest.approx(measure(points) - 2.306004135 * error)


def test_groups_of_one_have_no_variety_and_of_two_no_interval():
    found = disparity(np.eye(3), np.array([0, 1, 1]))
    assert np.isnan(found.variance[0])
    assert found.variance[1] == pytest.approx(1.0)
    assert np.isnan(found.variance_low[1])


def test_a_difference_of_variety_is_found_and_one_of_means_is_not():
    rng, groups = np.random.default_rng(4), np.repeat([0, 1], [30, 40])
    points = rng.normal(size=(70, 6))
    points[groups == 1] += 5
    none = disparity_difference(points, groups, 0, 1, permutations=199)
    assert none.low < 0 < none.high
    assert none.p > 0.05
    points[groups == 1] *= 2
    found = disparity_difference(points, groups, 0, 1, permutations=199)
    assert found.high < 0
    assert found.p == 0.005
    assert disparity_difference(points[:32], groups[:32], 0, 1) is None


def test_intervals_of_a_difference_hold_the_truth():
    rng, groups, held = np.random.default_rng(5), np.repeat([0, 1], [15, 25]), 0
    for _ in range(200):
        points = rng.normal(size=(40, 8)) * np.repeat([1.0, 1.5], [15, 25])[:, None]
        found = disparity_difference(points, groups, 1, 0, permutations=1)
        held += found.low <= 8 * 1.25 <= found.high
    assert held / 200 >= 0.91


# -- how unusual -----------------------------------------------------------------------------------


def test_the_four_distances_are_what_they_say():
    rng = np.random.default_rng(6)
    points, groups = rng.normal(size=(40, 5)), rng.integers(0, 3, 40)
    found, apart = distinct(points, groups), cdist(points, points)
    assert found.distinctiveness == pytest.approx(apart.sum(axis=1) / 39)
    assert found.uniqueness == pytest.approx((apart + np.eye(40) * 99).min(axis=1))
    assert found.originality == pytest.approx(np.linalg.norm(points - points.mean(axis=0), axis=1))
    own = [
        np.linalg.norm(p - points[groups == g].mean(axis=0))
        for p, g in zip(points, groups, strict=True)
    ]
    assert found.specialisation == pytest.approx(own)
    assert mean_square_distance(points) == pytest.approx((apart**2).sum(axis=1) / 39)


def test_two_copies_are_not_unique_at_all():
    points = np.concatenate([np.eye(4), np.eye(4)[:1]])
    assert distinct(points, np.zeros(5, int)).uniqueness[[0, 4]].tolist() == [0.0, 0.0]
    with pytest.raises(InputError, match="two units"):
        distinct(np.eye(1), np.zeros(1, int))


def test_a_group_of_unusual_ones_is_found():
    rng, groups = np.random.default_rng(7), np.repeat([0, 1, 2], 30)
    values = rng.normal(size=90) + (groups == 2)
    gap, p = groups_differ(values, groups, permutations=199)
    assert gap[2] == pytest.approx(values[60:].mean() - values[:60].mean())
    assert p[2] == 0.005
    assert gap[0] < 0


# -- gradients -------------------------------------------------------------------------------------


def test_a_row_halfway_lies_at_a_half_and_beside_by_its_distance():
    points = np.array([[0.0, 0], [4, 0], [2, 3], [8, 0], [-4, 0]])
    axis = mean_axis(points, np.array([0]), np.array([1]))
    assert axis.position.tolist() == [0, 1, 0.5, 2, -1]
    assert axis.residual.tolist() == [0, 0, 3, 0, 0]
    assert axis.share == pytest.approx(
        np.var([0, 4, 2, 8, -4]) / (np.var([0, 4, 2, 8, -4]) + np.var([0, 0, 3, 0, 0]))
    )


def test_a_strip_takes_what_lies_nearest_and_leaves_gaps_empty():
    position = np.array([0.0, 0.02, 0.25, 0.26, 1.0])
    points = np.stack([position, [0.5, 0.0, 0.1, 0.1, 0.0]], axis=1)
    axis = mean_axis(np.concatenate([points, [[0, 0], [1, 0]]]), np.array([5]), np.array([6]))
    axis_of = type(axis)(axis.start, axis.direction, axis.position[:5], axis.residual[:5], 0.0)
    assert strip(axis_of, places=5).tolist() == [1, 2, -1, -1, 4]
    assert largest_gap(axis_of.position) == pytest.approx(0.74)
    with pytest.raises(InputError, match="strip"):
        strip(axis_of, places=1)


@given(st.integers(0, 10_000), st.integers(2, 12))
def test_no_row_comes_twice_and_each_lies_in_its_place(seed, places):
    points = np.random.default_rng(seed).normal(size=(30, 3))
    axis = mean_axis(points, np.arange(5), np.arange(5, 10))
    shown = strip(axis, places=places)
    there = shown[shown >= 0]
    assert len(set(there.tolist())) == len(there)
    at = np.linspace(0, 1, places)[shown >= 0]
    assert (np.abs(axis.position[there] - at) <= 0.5 / (places - 1) + 1e-9).all()


def test_ends_that_are_one_form_are_refused():
    with pytest.raises(InputError, match="same form"):
        mean_axis(np.ones((4, 2)), np.array([0]), np.array([1]))
    with pytest.raises(InputError, match="no images"):
        mean_axis(np.eye(4), np.array([], int), np.array([1]))


SCORES = st.lists(st.integers(0, 6), min_size=1, max_size=20)


@given(SCORES, SCORES)
def test_auc_is_mann_and_whitneys(first, second):
    expected = mannwhitneyu(second, first).statistic / (len(first) * len(second))
    assert auc(np.array(first, float), np.array(second, float)) == pytest.approx(expected)


def test_auc_of_petal_length_is_as_published():
    assert auc(IRIS.data[50:100, 2], IRIS.data[100:, 2]) == pytest.approx(0.9822)
    assert auc(IRIS.data[50:100, 0], IRIS.data[100:, 0]) == pytest.approx(0.7896)


def test_the_held_out_score_does_not_flatter_as_the_seen_one_does():
    rng, seen, held = np.random.default_rng(8), [], []
    for seed in range(40):
        points, second = rng.normal(size=(40, 64)), np.repeat([False, True], 20)
        axis = mean_axis(points, np.flatnonzero(~second), np.flatnonzero(second))
        seen.append(auc(axis.position[~second], axis.position[second]))
        held.append(held_out_auc(points, second, seed=seed)[0])
    assert np.mean(seen) > 0.95
    assert 0.42 < np.mean(held) < 0.58


def test_units_are_held_out_whole():
    rng, found = np.random.default_rng(9), []
    units = np.repeat(np.arange(8), 10)
    second = units >= 4
    for seed in range(40):
        centres = rng.normal(size=(8, 16))[units] * 3  # each specimen has its own look
        points = centres + rng.normal(size=(80, 16)) * 0.1
        found.append((held_out_auc(points, second, seed=seed)[0],
                      held_out_auc(points, second, units, seed=seed)[0]))  # fmt: skip
    leaky, honest = np.mean(found, axis=0)
    assert leaky > 0.8
    assert 0.3 < honest < 0.7


def test_the_mean_axis_holds_up_where_a_discriminant_overfits():
    rng, second = np.random.default_rng(10), np.repeat([False, True], 20)
    scores = []
    for seed in range(10):
        train, test = rng.normal(size=(2, 40, 64))
        train[second, :8] += 0.7
        test[second, :8] += 0.7
        seen = LinearDiscriminantAnalysis().fit(train, second).decision_function(test)
        axis = mean_axis(train, np.flatnonzero(~second), np.flatnonzero(second))
        own = test @ axis.direction
        scores.append((auc(seen[~second], seen[second]), auc(own[~second], own[second])))
        assert 0 <= held_out_auc(train, second, seed=seed)[0] <= 1
    discriminant, mean = np.mean(scores, axis=0)
    assert mean > discriminant


# -- along the images ------------------------------------------------------------------------------


def test_along_a_circle_the_way_is_an_arc():
    angle = np.linspace(0, np.pi, 200)
    unit = np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)
    graph = find_neighbors(unit, key="t", k=30)
    path = geodesic(unit, graph, 0, 199, k=4)
    assert path.rows[[0, -1]].tolist() == [0, 199]
    assert path.length == pytest.approx(np.pi, rel=1e-3)
    assert path.chord == pytest.approx(2.0)
    assert path.straightness == pytest.approx(2 / np.pi, rel=1e-3)
    assert path.steps.sum() == pytest.approx(path.length)


def test_too_many_neighbours_take_a_short_cut_and_the_lengths_tell():
    roll, along = make_swiss_roll(1500, noise=0.0, random_state=0)
    points = np.c_[roll, np.full(1500, 80.0)]  # far from the origin: a roll in directions
    unit = unit_rows(points)
    graph = find_neighbors(unit, key="t", k=90)
    start, end = int(along.argmin()), int(along.argmax())
    found = geodesics(unit, graph, start, end, k=15)
    wide = geodesic(unit, graph, start, end, k=90)
    assert list(found) == [7, 15, 30]
    assert wide.length < 0.7 * found[7].length
    assert found[15].straightness < 0.4


def test_without_a_way_there_is_none():
    unit = unit_rows(np.r_[np.eye(8)[:4] + 5 * np.eye(8)[4], np.eye(8)[:4] - 5 * np.eye(8)[4]])
    graph = find_neighbors(unit, key="t", k=3)
    path = geodesic(unit, graph, 0, 7, k=3)
    assert not len(path.rows)
    assert path.length == np.inf
    with pytest.raises(InputError, match="same image"):
        geodesic(unit, graph, 1, 1, k=3)
    with pytest.raises(InputError, match="has 3"):
        geodesic(unit, graph, 0, 1)


# -- trees -----------------------------------------------------------------------------------------


def test_the_cophenetic_correlation_of_iris():
    assert average_tree(cdist(IRIS.data, IRIS.data))[1] == close(0.8769561465)


def test_branches_and_their_support():
    rng, groups = np.random.default_rng(11), np.repeat(np.arange(4), 12)
    centres = np.array([[0, 0], [1.5, 0], [9, 0], [9, 1.5]])
    tree = group_tree(centres[groups] + rng.normal(size=(48, 2)) * 0.4, groups, draws=100)
    assert set(branches(tree.links)) == {
        frozenset({0, 1}), frozenset({2, 3}), frozenset({0, 1, 2, 3}),
    }  # fmt: skip
    assert tree.support.tolist() == [1.0, 1.0, 1.0]
    assert tree.cophenetic > 0.95
    loose = group_tree(rng.normal(size=(48, 2)), groups, draws=100)
    assert loose.support[:2].max() < 0.9
    assert loose.support[2] == 1.0


# -- the metric card -------------------------------------------------------------------------------


def test_a_change_that_moves_nothing_passes_and_one_that_moves_far_fails():
    rng = np.random.default_rng(12)
    unit = unit_rows(rng.normal(size=(300, 16)))
    rows, usual = np.arange(0, 300, 3), usual_distance(unit, None)
    slight = unit_rows(unit[rows] + rng.normal(size=(100, 16)) * 0.01)
    assert invariance(unit, rows, slight, usual).passed
    other = invariance(unit, rows, unit_rows(rng.normal(size=(100, 16))), usual)
    assert not other.passed
    assert other.ratio == pytest.approx(1.0, abs=0.05)
    assert other.retrieval < 0.1


def test_a_copy_elsewhere_is_no_failure_to_find_a_picture_again():
    unit = unit_rows(np.r_[np.eye(4), np.eye(4)])
    found = invariance(unit, np.arange(4, 8), unit[4:], 1.0)
    assert found.retrieval == 1.0


def test_calibration_is_perfect_for_separate_groups_and_absent_for_noise():
    rng = np.random.default_rng(13)
    labels = np.repeat(np.arange(5), 60)
    apart = unit_rows(np.eye(8)[labels] + rng.normal(size=(300, 8)) * 0.02)
    found = calibration(apart, labels)
    assert found.auc == 1.0
    assert found.same[0] == 1.0
    assert found.same[-1] == 0.0
    assert found.monotone
    noise = calibration(unit_rows(rng.normal(size=(300, 8))), labels)
    assert noise.auc == pytest.approx(0.5, abs=0.02)
    assert calibration(apart, np.zeros(300, int)) is None


def test_agreement_is_one_at_best_and_none_by_chance():
    rng = np.random.default_rng(14)
    labels = np.repeat([0, 1], [200, 100])
    apart = unit_rows(np.eye(4)[labels] + rng.normal(size=(300, 4)) * 0.02)
    best = agreement(find_neighbors(apart, key="t", k=15), labels)
    assert (best.share, best.kappa) == (1.0, 1.0)
    assert best.chance == pytest.approx(5 / 9)
    noise = agreement(find_neighbors(unit_rows(rng.normal(size=(300, 4))), key="t", k=15), labels)
    assert noise.low < 0 < noise.high
    assert agreement(find_neighbors(apart, key="t", k=15), np.zeros(300, int)) is None


def test_images_of_one_unit_are_no_separate_witnesses():
    rng = np.random.default_rng(15)
    units = np.repeat(np.arange(10), 30)
    unit = unit_rows(np.eye(10)[units] + rng.normal(size=(300, 10)) * 0.02)
    labels = units % 2
    graph = find_neighbors(unit, key="t", k=15)
    assert agreement(graph, labels, units).share == agreement(graph, labels).share == 1.0
    labels = rng.permutation(labels)
    one, many = agreement(graph, labels, units), agreement(graph, labels)
    assert one.high - one.low != many.high - many.low


@pytest.mark.parametrize(("dims", "low", "high"), [(2, 1.85, 2.15), (5, 4.4, 5.4), (20, 14, 19)])
def test_intrinsic_dimension_of_a_cube(dims, low, high):
    points = np.random.default_rng(16).uniform(size=(3000, dims)) * 0.01
    unit = unit_rows(np.c_[points, np.ones(3000)])
    assert low < two_nn(find_neighbors(unit, key="t", k=10)) < high


def test_participation_ratio_counts_equal_directions():
    rng = np.random.default_rng(17)
    assert participation_ratio(rng.normal(size=(20_000, 6))) == pytest.approx(6, rel=0.01)
    one = np.outer(rng.normal(size=50), np.ones(200))
    assert participation_ratio(one) == pytest.approx(1.0)


def test_hubs_come_with_dimensions():
    rng = np.random.default_rng(18)
    low = hubness(find_neighbors(unit_rows(rng.normal(size=(2000, 3))), key="t", k=10))
    high = hubness(find_neighbors(unit_rows(rng.normal(size=(2000, 100)) + 1.0), key="t", k=10))
    assert low[0] < 1.5 < high[0]
    assert low[1] < high[1]

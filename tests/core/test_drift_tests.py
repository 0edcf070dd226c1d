"""Tests of two sets, against R's pROC, SciPy, closed forms and splits in which nothing differs."""

from itertools import combinations

import numpy as np
import pytest
from scipy.stats import chi2_contingency, energy_distance, false_discovery_control
from sklearn.datasets import load_iris

from core.drift.classifier import classifier_test, delong
from core.drift.components import component_tests, sliced_distance
from core.drift.kernel import aggregated_mmd_test, energy_test, mmd_test, witness
from core.drift.local import local_map, neighbours_wanted
from core.drift.occupancy import occupancy_test, pooled_clusters
from core.drift.planning import classifier_power, images_needed
from core.drift.units import deals, sides_of
from core.errors import InputError
from core.neighbors import find_neighbors
from core.quality.balance import holm
from core.space import unit_rows

IRIS = load_iris().data
TWO = np.repeat([False, True], 50)
TESTS = (mmd_test, aggregated_mmd_test, energy_test, classifier_test)


def close(value):
    return pytest.approx(value, rel=1e-4)


def test_the_discrepancy_of_two_species_is_as_published():
    found = mmd_test(IRIS[50:], sides_of(TWO), permutations=99)
    assert found.effect == close(0.5608335191)
    assert found.p == 0.01


def test_it_is_the_closed_form_on_average():
    rng = np.random.default_rng(0)
    points = rng.normal(size=(3000, 8))
    points[1500:, 0] += 1
    square = ((points[:, None, :100] - points[None, :20, :100]) ** 2).sum(axis=2)
    assert square.shape == (3000, 20)
    from core.drift import kernel

    table = np.exp(-kernel.square_distances(points) / 8)  # σ² = 4
    one, two, across = table[:1500, :1500], table[1500:, 1500:], table[:1500, 1500:]
    own = sum((part.sum() - 1500) / (1500 * 1499) for part in (one, two))
    assert own - 2 * across.mean() == pytest.approx(0.031587391751, abs=0.004)


def test_the_energy_distance_is_scipys_squared():
    rng = np.random.default_rng(1)
    one, two = rng.normal(size=40), rng.normal(1, 2, size=25)
    sides = sides_of(np.repeat([False, True], [40, 25]))
    found = energy_test(np.r_[one, two][:, None], sides, permutations=9)
    assert found.effect == pytest.approx(energy_distance(one, two) ** 2, rel=1e-5)
    assert energy_test(IRIS[50:], sides_of(TWO), permutations=9).effect == close(1.5541661278)


def test_splits_are_compared_exactly():
    rng = np.random.default_rng(2)
    points, second = rng.normal(size=(24, 3)), np.repeat([False, True], 12)
    found = mmd_test(points, sides_of(second), permutations=50, seed=3)

    def biased(side):
        return mmd_test(points, sides_of(side), permutations=1).effect

    others = [biased(one) for block in deals(sides_of(second), 50, 3) for one in block]
    assert len(others) == 50
    assert found.p == (1 + sum(one >= found.effect - 1e-7 for one in others)) / 51


def test_few_units_are_split_in_every_way():
    units = np.repeat(np.arange(8), 2)
    sides = sides_of(np.repeat([False, True], [6, 10]), units)
    every = np.concatenate(list(deals(sides, 10, 0)))
    assert len({one.tobytes() for one in every}) == len(every) == 56 - 1
    wanted = set(combinations(range(8), 5))
    assert {tuple(np.flatnonzero(one[::2]).tolist()) for one in every} < wanted


def test_units_stay_whole_and_one_on_both_sides_is_two():
    second = np.array([0, 0, 1, 1, 0, 1] * 10, bool)
    units = np.repeat(np.arange(20), 3)
    sides = sides_of(second, units)
    assert len(sides.of_unit) == 40
    for dealt in deals(sides, 20, 0):
        for one in dealt:
            assert all(len(set(one[sides.unit == u])) == 1 for u in range(40))
    with pytest.raises(InputError, match="units"):
        sides_of(second, units[:5])


def p_of(test, points, sides, seed):
    """Return a test's p, of few splits."""
    few = {} if test is classifier_test else {"permutations": 59}
    return test(points, sides, seed=seed, **few).p


@pytest.mark.parametrize("test", TESTS, ids=lambda test: test.__name__)
def test_where_nothing_differs_few_are_rejected(test):
    rng, sides = np.random.default_rng(4), sides_of(np.repeat([False, True], 30))
    p = [p_of(test, rng.normal(size=(60, 8)), sides, seed) for seed in range(60)]
    assert np.mean(np.array(p) <= 0.05) <= 0.12
    assert 0.35 < np.mean(p) < 0.65


@pytest.mark.parametrize("test", TESTS, ids=lambda test: test.__name__)
def test_repeated_frames_are_no_drift(test):
    rng = np.random.default_rng(5)
    units = np.repeat(np.arange(30), 5)
    sides, alone, p = sides_of(units >= 15, units), sides_of(units >= 15), []
    for seed in range(25):
        points = rng.normal(size=(30, 8))[units] + rng.normal(size=(150, 8)) * 0.1
        p.append((p_of(test, points, sides, seed), p_of(test, points, alone, seed)))
    held, fooled = (np.array(p) <= 0.05).mean(axis=0)
    assert held <= 0.15
    assert fooled > 0.6  # frames taken for witnesses


@pytest.mark.parametrize("test", TESTS, ids=lambda test: test.__name__)
def test_a_shift_is_found(test):
    rng = np.random.default_rng(6)
    points = rng.normal(size=(200, 12))
    points[100:] += 0.4
    found = test(points, sides_of(np.repeat([False, True], 100)))
    assert found.p <= 0.01
    assert found.status == "ok"
    assert found.effect > 0


@pytest.mark.parametrize("test", TESTS, ids=lambda test: test.__name__)
def test_nothing_to_test_has_no_p(test):
    few = test(np.eye(15), sides_of(np.repeat([False, True], [6, 9])))
    assert (few.status, few.p) == ("undefined", None)
    assert "6 units" in few.notice
    same = test(np.ones((40, 3)), sides_of(np.repeat([False, True], 20)))
    assert (same.status, same.notice) == ("undefined", "all images are the same")


# -- where -----------------------------------------------------------------------------------------


def test_what_images_add_sums_to_the_whole():
    found = witness(IRIS[50:], TWO)
    assert found.share.sum() == pytest.approx(found.total)
    assert found.total == close(0.5795233211)
    assert found.value[~TWO].mean() - found.value[TWO].mean() == pytest.approx(found.total)
    assert found.value[~TWO].mean() > 0 > found.value[TWO].mean()
    with pytest.raises(InputError, match="empty"):
        witness(IRIS, np.zeros(150, bool))


def test_occupancy_is_pearsons_chi_square():
    rng = np.random.default_rng(7)
    clusters, second = rng.integers(0, 6, 300), rng.random(300) < 0.4
    found = occupancy_test(clusters, sides_of(second), permutations=99)
    table = np.array([np.bincount(clusters[second == side], minlength=6) for side in (False, True)])
    expected = chi2_contingency(table)
    assert found.test.statistic == pytest.approx(expected.statistic)
    assert found.test.p == pytest.approx(expected.pvalue, abs=0.12)
    assert (found.first == table[0]).all()
    assert (found.second == table[1]).all()
    share = table.sum(axis=0) / 300
    spread = np.sqrt(expected.expected_freq[1] * (1 - share) * (1 - second.mean()))
    assert found.residual == pytest.approx((table[1] - expected.expected_freq[1]) / spread)


def test_the_cluster_that_grew_is_named():
    rng = np.random.default_rng(8)
    clusters = np.r_[rng.integers(0, 8, 200), rng.integers(0, 8, 130), np.full(70, 3)]
    found = occupancy_test(clusters, sides_of(np.repeat([False, True], 200)), permutations=499)
    assert found.test.p == 0.002
    assert found.residual.argmax() == 3
    assert np.flatnonzero(found.residual_p <= 0.05).tolist() == [3]


def test_one_cluster_says_nothing():
    found = occupancy_test(np.zeros(40, int), sides_of(np.repeat([False, True], 20)))
    assert found.test.status == "undefined"
    assert (found.residual_p == 1).all()


def test_clusters_of_the_pool_are_no_more_than_its_points():
    assert set(pooled_clusters(np.repeat(np.eye(3), 20, axis=0))) == {0, 1, 2}


def test_holm_is_as_r_gives_it():
    p = np.array([0.001, 0.008, 0.039, 0.041, 0.042, 0.06, 0.074, 0.205, 0.212, 0.216])
    assert holm(p) == close(np.array([0.01, 0.072] + [0.312] * 5 + [0.615] * 3))


def test_new_and_vanished_regions_are_found_and_noise_is_not():
    rng = np.random.default_rng(9)
    centres = np.eye(6) * 8
    label = np.r_[rng.integers(0, 5, 600), rng.integers(1, 6, 600)]
    unit = unit_rows(centres[label] + rng.normal(size=(1200, 6)))
    sides = sides_of(np.repeat([False, True], 600))
    graph = find_neighbors(unit, key="t", k=neighbours_wanted(1200))
    found = local_map(graph, sides)
    assert (found.state[label == 5] == 1).mean() > 0.9
    assert (found.state[label == 0] == -1).mean() > 0.9
    assert (found.state[(label > 0) & (label < 5)] != 0).mean() < 0.1
    even = local_map(graph, sides_of(rng.permutation(sides.second)))
    assert (even.state != 0).mean() < 0.01


def test_discoveries_are_those_of_scipys_procedure():
    rng = np.random.default_rng(10)
    unit = unit_rows(rng.normal(size=(400, 3)))
    second = unit[:, 0] + rng.normal(size=400) * 0.5 > 0.2
    found = local_map(find_neighbors(unit, key="t", k=20), sides_of(second))
    assert ((found.state != 0) == (false_discovery_control(found.p) <= 0.05)).all()
    assert found.k == 20


def test_an_images_own_unit_is_no_neighbour():
    rng = np.random.default_rng(11)
    units = np.repeat(np.arange(60), 10)
    unit = unit_rows(rng.normal(size=(60, 8))[units] + rng.normal(size=(600, 8)) * 0.01)
    second = rng.permutation(np.repeat([False, True], 30))[units]
    graph = find_neighbors(unit, key="t", k=24)
    assert (local_map(graph, sides_of(second)).state != 0).mean() > 0.2  # copies vouch for copies
    counted = local_map(graph, sides_of(second, units))
    assert (counted.ratio[second] > 0).mean() < 0.8


# -- one number ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("column", "area", "low", "high"), [(0, 0.7896, 0.70171, 0.87749)])
def test_delongs_interval_is_that_of_proc(column, area, low, high):
    found = delong(IRIS[50:100, column], IRIS[100:, column])
    assert found == (close(area), close(low), close(high))


def test_delongs_interval_holds_the_truth():
    rng, held = np.random.default_rng(12), 0
    for _ in range(300):
        _, low, high = delong(rng.normal(size=40), rng.normal(1.0, 1.0, 60))
        held += low <= 0.760250 <= high  # Φ(1 / √2)
    assert held / 300 >= 0.91


def test_components_are_compared_one_by_one():
    rng = np.random.default_rng(13)
    points = rng.normal(size=(300, 6)) * [9, 5, 3, 1, 1, 1]
    points[150:, 1] += 4
    found = component_tests(points, np.repeat([False, True], 150), 4)
    assert found.p.argmin() == 1
    assert found.p[1] < 0.001 < found.p[0]
    assert len(found.p) == 4
    assert found.share.sum() < 1
    assert np.all(np.diff(found.share) <= 0)


def test_the_sliced_distance_of_a_shift():
    points = np.random.default_rng(14).normal(size=(1500, 5))
    shift = np.array([3.0, 0, 0, 0, 0])
    expected = 3 / np.sqrt(5)  # a random direction holds 1 / d of a square
    assert sliced_distance(points, points + shift) == pytest.approx(expected, rel=0.06)
    assert sliced_distance(points, (points + shift)[:700]) == pytest.approx(expected, rel=0.06)
    assert sliced_distance(points, points) == 0


def test_the_planned_power_is_that_of_simulations():
    rng, n, share = np.random.default_rng(15), 100, 0.25
    from scipy.stats import mannwhitneyu

    hits = 0
    for _ in range(400):
        old, batch = rng.normal(size=n), rng.normal(size=n)
        batch[rng.random(n) < share] += 10
        hits += mannwhitneyu(batch, old, alternative="greater").pvalue <= 0.05
    assert classifier_power(share, n) == pytest.approx(hits / 400, abs=0.07)


def test_as_many_images_as_needed_and_no_more():
    n = images_needed(0.1)
    assert classifier_power(0.1, n) >= 0.8 > classifier_power(0.1, n - 1)
    assert images_needed(0.3) < n < images_needed(0.05)
    assert images_needed(0.0) is None

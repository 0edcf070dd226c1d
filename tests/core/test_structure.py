"""The dip, the valley and the verdict on themes, on ready groups (whole runs: test_umap)."""

from itertools import pairwise

import numpy as np
import pytest
from scipy.optimize import linprog

from core.clusters.between import project_between, shrunk_covariance
from core.clusters.dip import CHANCES, CRITICAL, dip, dip_chance
from core.clusters.structure import judge_themes, undefined, valley
from core.neighbors import find_neighbors
from core.space import unit_rows


def nearest_unimodal(values):
    """Return the dip by its definition: a linear programme for each place of the mode."""
    x = np.sort(values)
    n = len(x)
    return min(_distance(x, np.arange(n) / n, mode) for mode in range(n))


def _distance(x, before, mode):
    """Return how near a distribution, convex up to x[mode] and concave beyond, can come."""
    n = len(x)
    count = n + 2  # its values (two at the mode, where it may jump) and the distance
    rows, bounds = [], []

    def at_most(weights, bound):
        row = np.zeros(count)
        for place, weight in weights:
            row[place] += weight
        rows.append(row)
        bounds.append(bound)

    left = [*range(mode), mode]
    right = [mode + 1, *range(mode + 2, n + 1)]
    for i in range(n):
        places = (left[i], left[i]) if i < mode else (right[i - mode],) * 2
        low, high = (mode, mode + 1) if i == mode else places
        for place, value in ((low, before[i]), (high, before[i] + 1 / n)):
            at_most([(place, 1), (count - 1, -1)], value)
            at_most([(place, -1), (count - 1, -1)], -value)
        if i != mode:
            at_most([(low, 1), (count - 1, -1)], before[i])
            at_most([(low, -1), (count - 1, -1)], -before[i] - 1 / n)
    at_most([(mode, 1), (mode + 1, -1)], 0)
    for places, spots, sign in ((left, x[: mode + 1], 1), (right, x[mode:], -1)):
        for a, b in pairwise(places):
            at_most([(a, 1), (b, -1)], 0)
        for k in range(len(places) - 2):
            first, second = spots[k + 1] - spots[k], spots[k + 2] - spots[k + 1]
            a, b, c = places[k : k + 3]
            at_most(
                [(b, sign / first), (a, -sign / first), (c, -sign / second), (b, sign / second)], 0
            )
    cost = np.zeros(count)
    cost[-1] = 1
    return linprog(cost, A_ub=np.array(rows), b_ub=bounds, bounds=[(None, None)] * count).fun


@pytest.mark.parametrize("seed", range(8))
def test_dip_is_the_distance_to_the_nearest_distribution_with_one_hump(seed):
    rng = np.random.default_rng(seed)
    values = rng.uniform(size=rng.integers(4, 13)) + (seed % 2) * rng.integers(0, 2) * 2
    if seed % 2:
        values[: len(values) // 2] += 2

    assert dip(values) == pytest.approx(nearest_unimodal(values), abs=1e-9)


def test_dip_of_two_far_heaps_is_near_a_quarter_and_of_a_ladder_the_least():
    heaps = np.concatenate([np.linspace(0, 1e-3, 500), np.linspace(1, 1 + 1e-3, 500)])

    assert dip(heaps) == pytest.approx(0.25, abs=0.002)
    assert dip(np.arange(100.0)) == pytest.approx(1 / 200)


def test_dip_knows_no_scale_place_or_direction():
    values = np.random.default_rng(0).normal(size=200) ** 3

    assert dip(7 * values - 3) == pytest.approx(dip(values), abs=1e-12)
    assert dip(-values) == pytest.approx(dip(values), abs=1e-12)


def test_tabulated_chances_are_those_of_uniform_numbers():
    rng = np.random.default_rng(3)
    for n in (16, 100):
        dips = np.array([dip(rng.uniform(size=n)) for _ in range(1500)])
        chances = np.array([dip_chance(found, n) for found in dips])
        for level in (0.2, 0.05):
            error = np.sqrt(level * (1 - level) / 1500)
            assert (chances < level).mean() == pytest.approx(level, abs=4 * error)


def test_chance_falls_with_the_dip_and_goes_on_beyond_the_table():
    chances = [dip_chance(found, 300) for found in np.linspace(0, 0.25, 60)]

    assert chances[0] == 1.0
    assert (np.diff(chances) <= 0).all()
    assert 0 <= chances[-1] < 1e-30
    assert all(len(row) == len(CHANCES) and list(row) == sorted(row) for row in CRITICAL.values())


def test_valley_is_none_in_one_hump_and_whole_between_two_far_ones():
    rng = np.random.default_rng(0)
    between = np.concatenate([rng.normal(0, 0.1, 300), rng.normal(1, 0.1, 300)])

    assert valley(rng.normal(0.5, 0.5, 2000)) > 0.9
    assert valley(between) < 0.02
    assert valley(np.zeros(5)) == valley(np.full(9, 1.0)) == 1.0


def test_valley_of_two_gaussians_is_that_of_their_density():
    rng = np.random.default_rng(1)
    places = np.concatenate([rng.normal(0, 0.25, 40_000), rng.normal(1, 0.25, 40_000)])

    density = 2 * np.exp(-0.5 * 2**2) / (1 + np.exp(-0.5 * 4**2))
    assert valley(places[::40]) == pytest.approx(density, abs=0.08)


def test_shrunk_covariance_is_near_the_truth_with_many_rows_and_round_with_few():
    rng = np.random.default_rng(0)
    truth = np.diag([4.0, 1, 1, 0.25])
    rows = rng.normal(size=(5000, 4)) * np.sqrt(np.diag(truth))

    assert shrunk_covariance(rows, 1) == pytest.approx(truth, abs=0.2)
    few = shrunk_covariance(rows[:5], 1)
    assert np.linalg.cond(few) < np.linalg.cond(rows[:5].T @ rows[:5] + 1e-9 * np.eye(4))
    assert np.array_equal(shrunk_covariance(np.zeros((5, 3)), 1), np.eye(3))


def blobs(sizes, apart, d=12, seed=0):
    """Return Gaussian groups with centres `apart` from one another, and which each is in."""
    rng = np.random.default_rng(seed)
    truth = np.repeat(np.arange(len(sizes)), sizes)
    centres = np.eye(d)[: len(sizes)] * apart / np.sqrt(2)
    points = centres[truth] + rng.normal(size=(len(truth), d))
    return unit_rows(np.hstack([points, np.full((len(truth), 1), 60.0)])), truth.astype(np.int32)


def judged(unit, labels, **changes):
    graph = find_neighbors(unit, key="n", k=30)
    given = {"nearest": labels, "groups": np.arange(len(unit)), **changes}
    return judge_themes(unit, labels, given["nearest"], given["groups"], graph)


def test_line_puts_the_centres_at_zero_and_one_without_having_seen_the_items():
    unit, truth = blobs([200, 200], 8)

    (places,) = project_between(unit, truth, [(0, 1)], 0)

    assert len(places) > 380
    order = np.sort(places)
    assert np.median(order[: len(order) // 2]) == pytest.approx(0, abs=0.1)
    assert np.median(order[len(order) // 2 :]) == pytest.approx(1, abs=0.1)


def test_themes_between_which_nothing_lies_are_all_set_apart():
    found = judged(*blobs([150, 100, 60], 9))

    assert found["verdict"] == "structure"
    assert found["p"] < 1e-6
    assert found["separated"] == [True] * 3
    assert len(set(found["joined"])) == 3
    assert found["text"] == "Every theme is set apart from its neighbours."


def halves(unit, seed=0):
    """Cut a cloud along a random plane, as a clustering of noise does."""
    line = np.random.default_rng(seed).normal(size=unit.shape[1])
    return (unit @ line > np.median(unit @ line)).astype(np.int32)


@pytest.mark.parametrize("d", [3, 20, 100])
def test_cloud_cut_in_parts_has_no_structure(d):
    for seed in range(5):
        rng = np.random.default_rng(seed)
        unit = unit_rows(np.hstack([rng.normal(size=(400, d)), np.full((400, 1), 5.0)]))
        labels = halves(unit, seed) + 2 * halves(unit, seed + 100)

        found = judged(unit, labels.astype(np.int32))

        assert found["verdict"] == "no structure"
        assert found["separated"] == [False] * 4
        assert len(set(found["joined"])) == 1
        assert found["p"] == 1.0


def test_theme_cut_in_two_is_told_and_the_others_stay():
    unit, truth = blobs([200, 100, 100], 9)
    cut = np.where((truth == 0) & (halves(unit) == 1), 3, truth).astype(np.int32)

    found = judged(unit, cut)

    assert found["verdict"] == "structure"
    assert found["separated"] == [False, True, True, False]
    assert found["joined"][0] == found["joined"][3] != found["joined"][1]
    assert found["text"].startswith("2 of 4 themes are set apart")


def test_items_of_no_theme_between_two_fill_the_valley():
    unit, truth = blobs([150, 150], 9)
    rng = np.random.default_rng(0)
    share = rng.uniform(size=(900, 1))
    centres = [unit[truth == k].mean(axis=0) for k in (0, 1)]
    filling = share * centres[0] + (1 - share) * centres[1] + rng.normal(size=(900, 13)) / 60
    all_unit = unit_rows(np.vstack([unit, filling]))
    labels = np.append(truth, np.full(900, -1)).astype(np.int32)
    nearest = np.append(truth, (share[:, 0] < 0.5).astype(np.int32))

    assert judged(unit, truth)["verdict"] == "structure"
    assert judged(all_unit, labels, nearest=nearest)["verdict"] == "no structure"


def test_copies_of_items_prove_nothing():
    rng = np.random.default_rng(0)
    unit = unit_rows(np.hstack([rng.normal(size=(100, 6)), np.full((100, 1), 5.0)]))
    again = np.repeat(np.arange(100), 20)

    found = judged(unit[again], halves(unit)[again], groups=again)

    assert found["verdict"] == "no structure"


def test_piles_of_equal_items_are_set_apart_and_one_theme_cannot_be_tested():
    unit, truth = blobs([1, 1], 9)
    again = np.repeat([0, 1], 60)
    cloud, _ = blobs([100], 0)

    piles = judged(unit[again], truth[again], groups=again)
    alone = judged(cloud, np.zeros(100, np.int32))

    assert piles["verdict"] == "structure"
    assert piles["separated"] == [True, True]
    assert piles["p"] is None
    none = judged(cloud, np.full(100, -1, np.int32))
    assert alone["verdict"] == undefined()["verdict"] == "undefined"
    assert none["verdict"] == "no structure"
    assert none["text"] == "No themes: nowhere is denser than elsewhere."


def test_verdict_is_the_same_again():
    unit, truth = blobs([80, 70, 60], 6)

    assert judged(unit, truth) == judged(unit, truth)

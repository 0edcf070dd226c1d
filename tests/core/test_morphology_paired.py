"""Units in several groups: their distances, tree and effects against the long way round."""

import numpy as np
import pytest
from scipy.stats import t, ttest_rel

from core.morphology.centroids import group_distances
from core.morphology.effect import effect_intervals
from core.morphology.paired import paired_distances, paired_tree, partial_effects
from core.morphology.permanova import permanova


def specimens(n=12, sides=3, gap=0.4, own=2.0, noise=0.1, dims=6, seed=0):
    """Observations of units that differ much, whose sides differ a little: each side by `gap`."""
    rng = np.random.default_rng(seed)
    unit, group = np.tile(np.arange(n), sides), np.repeat(np.arange(sides), n)
    points = own * rng.standard_normal((n, dims))[unit]
    points[:, 0] += gap * group
    return points + noise * rng.standard_normal(points.shape), group, unit


def test_what_units_have_in_common_does_not_hide_their_difference():
    gaps, blind = [], []
    for seed in range(200):
        points, group, unit = specimens(sides=2, seed=seed)
        found = paired_distances(points, group, unit)
        gaps.append(found.squared[0, 1])
        blind.append(group_distances(points, group).squared[0, 1])
    # the truth is .16; the standard error of the mean of 200 is below .002
    assert np.mean(gaps) == pytest.approx(0.16, abs=0.008)
    assert np.mean(blind) < -2


def test_the_interval_holds_the_truth_as_often_as_it_says():
    held = 0
    for seed in range(300):
        points, group, unit = specimens(sides=2, noise=0.5, seed=1000 + seed)
        found = paired_distances(points, group, unit)
        held += found.low[0, 1] <= 0.4 <= found.high[0, 1]
    assert held / 300 >= 0.91


def test_distance_and_interval_are_those_of_the_differences():
    points, group, unit = specimens()
    found = paired_distances(points, group, unit)

    def squared(rows):
        ends = [np.array([points[(group == g) & (unit == u)][0] for u in rows]) for g in (0, 2)]
        gaps = ends[1] - ends[0]
        return (gaps.mean(axis=0) ** 2).sum() - np.trace(np.cov(gaps.T)) / len(gaps)

    assert found.squared[0, 2] == pytest.approx(squared(range(12)))
    without = np.array([squared([u for u in range(12) if u != out]) for out in range(12)])
    half = t.ppf(0.975, 11) * (11 / 12 * ((without - without.mean()) ** 2).sum()) ** 0.5
    assert found.low[0, 2] ** 2 == pytest.approx(max(0, found.squared[0, 2] - half))
    assert found.high[0, 2] ** 2 == pytest.approx(found.squared[0, 2] + half)


def test_units_in_one_group_only_take_no_part():
    points, group, unit = specimens(sides=2)
    some = (unit < 9) | (group == 0)
    found = paired_distances(points[some], group[some], unit[some])
    both = unit < 9
    assert found.squared == pytest.approx(paired_distances(points[both], group[both],
                                                           unit[both]).squared)  # fmt: skip
    order = np.random.default_rng(4).permutation(len(points))
    moved = paired_distances(points[order], group[order], unit[order])
    assert moved.squared == pytest.approx(paired_distances(points, group, unit).squared)


def test_groups_that_share_no_two_units_have_no_distance_and_no_tree():
    points, group, unit = specimens()
    apart = np.where(group == 2, unit + 100, unit)
    found = paired_distances(points, group, apart)
    assert np.isnan(found.distance[0, 2])
    assert np.isfinite(found.distance[0, 1])
    assert paired_tree(points, group, apart) is None


def test_the_tree_joins_the_nearer_sides_and_is_firm():
    points, group, unit = specimens(sides=4, gap=0.0, noise=0.05)
    points[:, 1] += np.where(group >= 2, 1.0, 0.0)
    points[:, 2] += np.where(group % 2, 0.2, 0.0)
    found = paired_tree(points, group, unit, draws=50, seed=1)
    assert {frozenset(pair) for pair in found.links[:2, :2].astype(int).tolist()} == {
        frozenset({0, 1}), frozenset({2, 3}),
    }  # fmt: skip
    assert found.draws == 50
    assert (found.support == 1).all()
    again = paired_tree(points, group, unit, draws=50, seed=1)
    assert again.support.tolist() == found.support.tolist()
    assert found.links[2, 2] == pytest.approx(1, abs=0.1)


def test_of_two_sides_in_one_dimension_f_is_the_paired_t_squared():
    points, group, unit = specimens(sides=2, dims=1, gap=0.05)
    found = partial_effects(points, group, unit)
    one, two = points[group == 0, 0], points[group == 1, 0]
    assert found.f == pytest.approx(ttest_rel(one, two).statistic ** 2)
    assert found.null == pytest.approx(1 / 12)


def test_effects_within_units_are_those_of_a_model_with_units_in_it():
    points, group, unit = specimens(n=9, sides=3, gap=0.1)

    def residual(*factors):
        columns = np.concatenate([f[:, None] == np.unique(f) for f in factors], axis=1)
        fitted = columns @ np.linalg.lstsq(columns.astype(float), points, rcond=None)[0]
        return ((points - fitted) ** 2).sum()

    total, rest = residual(unit), residual(unit, group)
    found = partial_effects(points, group, unit)
    f = ((total - rest) / 2) / (rest / (27 - 9 - 2))
    assert found.r2 == pytest.approx(1 - rest / total)
    assert found.f == pytest.approx(f)
    assert found.omega2 == pytest.approx(2 * (f - 1) / (2 * (f - 1) + 27))
    shares = []
    rng = np.random.default_rng(0)
    for _ in range(400):
        dealt = np.concatenate([rng.permutation(3) for _ in range(9)])
        order = np.argsort(unit, kind="stable")
        groups = np.empty(27, int)
        groups[order] = dealt
        shares.append(partial_effects(points, groups, unit).r2)
    assert np.mean(shares) == pytest.approx(found.null, abs=0.02)


@pytest.mark.parametrize("paired", [False, True])
def test_intervals_of_effects_leave_out_whole_units(paired):
    points, group, unit = specimens(n=8, own=0.5, gap=0.2, noise=0.4)
    if paired:
        kept = np.r_[0:23]  # the last unit lacks its last side
        points, group, unit = points[kept], group[kept], unit[kept]

    def effects(rows):
        if paired:
            found = partial_effects(points[rows], group[rows], unit[rows])
            return found.r2, found.omega2
        found = permanova(points[rows], group[rows], permutations=1)
        return found.classic.effect, found.headline.effect

    found = effect_intervals(points, group, unit if paired else None)
    names = unit if paired else np.arange(len(points))
    whole = effects(names >= 0)
    without = np.array([effects(names != out) for out in np.unique(names)])
    for interval, value, others in zip((found.r2, found.omega2), whole, without.T, strict=True):
        strata = [others] if paired else [others[group == code] for code in range(3)]
        error = sum((len(v) - 1) / len(v) * ((v - v.mean()) ** 2).sum() for v in strata)
        half = t.ppf(0.975, len(strata[0]) - 1) * error**0.5
        low = value - half
        assert interval[0] == pytest.approx(max(0, low) if value == whole[0] else low)
        assert interval[1] == pytest.approx(min(1, value + half))


def test_there_is_no_interval_where_nothing_can_be_compared():
    assert effect_intervals(np.ones((6, 2)), np.repeat([0, 1], 3)) is None
    assert effect_intervals(np.eye(5), np.array([0, 0, 0, 1, 1])) is None

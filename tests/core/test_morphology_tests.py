"""Tests of means and spread, against R's vegan (4.2.2 with 2.6-4), SciPy and known answers."""

from itertools import permutations as orders_of

import numpy as np
import pytest
from scipy.stats import f_oneway, ttest_ind
from sklearn.datasets import load_iris

from core.errors import InputError
from core.morphology.dispersion import dispersion, spatial_median
from core.morphology.permanova import pairwise, permanova, small
from core.morphology.permute import arrangements
from core.morphology.result import p_value
from core.morphology.terms import indicators, marginal_terms

IRIS = load_iris()
SEPAL, PETAL, SPECIES = IRIS.data[:, :2], IRIS.data[:, 2:], IRIS.target
CUT = np.r_[0:50, 50:70, 100:110]


def close(value):
    return pytest.approx(value, rel=1e-4)


def test_the_classic_test_of_iris_is_that_of_adonis2():
    found = permanova(IRIS.data, SPECIES, permutations=99)
    assert found.classic.statistic == close(487.3308763749)
    assert found.classic.effect == close(0.8689444481)
    assert found.ss_between == close(592.0732)
    assert found.ss_within == close(89.2974)
    assert found.classic.p == 0.01
    assert found.classic.effect_null == pytest.approx(2 / 149)


def test_of_equal_sizes_the_headline_is_the_classic_ratio():
    found = permanova(IRIS.data, SPECIES, permutations=9)
    assert found.headline.statistic == close(487.3308763749)


def test_of_unequal_sizes_the_headline_is_brown_and_forsythes():
    found = permanova(IRIS.data[CUT], SPECIES[CUT], permutations=9)
    assert found.headline.statistic == close(167.5943085418)
    table = [IRIS.data[CUT][SPECIES[CUT] == code] for code in range(3)]
    means, n = [part.mean(axis=0) for part in table], [len(part) for part in table]
    grand = IRIS.data[CUT].mean(axis=0)
    above = sum(k * ((mean - grand) ** 2).sum() for k, mean in zip(n, means, strict=True))
    below = sum(
        (1 - k / sum(n)) * np.trace(np.cov(part.T)) for k, part in zip(n, table, strict=True)
    )
    assert found.headline.statistic == pytest.approx(above / below)


def test_of_two_groups_in_one_dimension_it_is_welchs_t_squared():
    rng = np.random.default_rng(0)
    one, two = rng.normal(0, 1, 12), rng.normal(1, 3, 30)
    points, groups = np.r_[one, two][:, None], np.repeat([0, 1], [12, 30])
    found = permanova(points, groups, permutations=9)
    assert found.headline.statistic == pytest.approx(ttest_ind(one, two, equal_var=False)[0] ** 2)
    assert found.classic.statistic == pytest.approx(f_oneway(one, two)[0])


@pytest.mark.parametrize(
    ("one", "two", "f", "share"),
    [(0, 1, 551.0039155, 0.8489993702), (0, 2, 943.7992366, 0.9059319718),
     (1, 2, 86.76969887, 0.4696100031)],
)  # fmt: skip
def test_pairs_of_species_are_those_of_adonis2(one, two, f, share):
    found = {(a, b): result for a, b, result in pairwise(IRIS.data, SPECIES, permutations=9)}
    assert found[one, two].classic.statistic == close(f)
    assert found[one, two].classic.effect == close(share)


def test_marginal_terms_are_those_of_adonis2():
    found = marginal_terms(
        SEPAL, {"petal length": PETAL[:, 0], "species": indicators(SPECIES)}, permutations=99
    )
    assert found.tests["petal length"].statistic == close(115.49136355)
    assert found.tests["species"].statistic == close(38.38038913)
    assert found.tests["petal length"].effect == close(0.1892854139)
    assert found.tests["species"].effect == close(0.1258076382)
    assert (found.residual, found.residual_freedom) == (close(31.22113514), 146)
    assert found.sums["species"] == close(16.41478515)
    assert found.freedom == {"petal length": 1, "species": 2}
    assert {test.p for test in found.tests.values()} == {0.01}


def test_a_term_that_says_nothing_new_is_undefined():
    twice = {"length": PETAL[:, 0], "length in mm": PETAL[:, 0] * 10}
    found = marginal_terms(SEPAL, twice, permutations=9)
    assert found.tests["length"].status == "undefined"
    assert found.tests["length"].p is None


def test_a_covariate_that_only_follows_another_is_not_significant():
    rng = np.random.default_rng(1)
    real = rng.normal(size=60)
    points = np.outer(real, [1.0, 2.0]) + rng.normal(size=(60, 2)) * 0.3
    follows = real + rng.normal(size=60) * 0.5
    found = marginal_terms(points, {"real": real, "follows": follows}, permutations=199, seed=2)
    assert found.tests["real"].p == 0.005
    assert found.tests["follows"].p > 0.05
    alone = marginal_terms(points, {"follows": follows}, permutations=199, seed=2)
    assert alone.tests["follows"].p == 0.005


@pytest.mark.parametrize(("middle", "f"), [("centroid", 11.34675693), ("median", 10.74807928)])
def test_spread_of_iris_is_that_of_betadisper(middle, f):
    found = dispersion(IRIS.data, SPECIES, middle=middle, permutations=99)
    assert found.test.statistic == close(f)
    assert found.test.p <= 0.02


def test_mean_distances_to_the_middle_are_those_of_betadisper():
    median = dispersion(IRIS.data, SPECIES, adjusted=False, permutations=9).mean
    assert median == close(np.array([0.4813763508, 0.7057103459, 0.8160983908]))
    centroid = dispersion(
        IRIS.data, SPECIES, middle="centroid", adjusted=False, permutations=9
    ).mean
    assert centroid == close(np.array([0.4817052365, 0.706870204, 0.8193394076]))


def test_unbalanced_spread_is_that_of_betadisper():
    found = dispersion(IRIS.data[CUT], SPECIES[CUT], adjusted=False, permutations=9)
    assert found.test.statistic == close(9.127613438)


def test_distances_to_the_middle_of_few_are_made_as_large_as_to_that_of_all():
    """The mean of squares is then the variance that n - 1 divides, whatever the size of a group."""
    found = dispersion(IRIS.data[CUT], SPECIES[CUT], middle="centroid", permutations=9)
    for code in range(3):
        rows = SPECIES[CUT] == code
        variance = IRIS.data[CUT][rows].var(axis=0, ddof=1).sum()
        assert (found.distance[rows] ** 2).mean() == close(variance)


def test_no_point_has_a_smaller_sum_of_distances_than_the_spatial_median():
    rng = np.random.default_rng(3)
    points = np.concatenate([rng.normal(size=(30, 3)), [[50.0, 0, 0]]])
    at = spatial_median(points)
    least = np.linalg.norm(points - at, axis=1).sum()
    for step in rng.normal(size=(200, 3)) * 0.05:
        assert np.linalg.norm(points - at - step, axis=1).sum() > least


def test_the_spatial_median_may_be_a_point():
    points = np.array([[0.0, 0], [1, 0], [-1, 0], [0, 1], [0, -1]])
    assert np.allclose(spatial_median(points), 0)
    assert np.allclose(spatial_median(np.array([[0.0, 0]] * 5 + [[1.0, 0]])), 0)


# -- nothing to test -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("points", "groups", "why"),
    [
        (np.ones((12, 4)), np.repeat([0, 1], 6), "one place"),
        (np.eye(12), np.zeros(12, int), "two groups"),
        (np.eye(12), np.repeat([0, 1], [10, 2]), "every group needs 3"),
        (np.eye(6), np.arange(6), "a group has 1 unit:"),
    ],
)
def test_where_there_is_nothing_to_test_there_is_no_p(points, groups, why):
    found = permanova(points, groups)
    for test in (found.headline, found.classic, dispersion(points, groups).test):
        assert (test.status, test.p, test.statistic) == ("undefined", None, None)
        assert why in test.warnings[0]


def test_bad_input_is_refused():
    with pytest.raises(InputError, match="groups"):
        permanova(np.eye(4), np.zeros(3, int))
    with pytest.raises(InputError, match="has none"):
        permanova(np.eye(4), np.array([0, 0, 1, -1]))
    with pytest.raises(InputError, match="infinite"):
        permanova(np.full((4, 2), np.inf), np.array([0, 0, 1, 1]))
    with pytest.raises(InputError, match="permutations"):
        permanova(IRIS.data, SPECIES, permutations=0)
    with pytest.raises(InputError, match="'length'"):
        marginal_terms(SEPAL, {"length": np.full(150, np.nan)})


# -- permutations ----------------------------------------------------------------------------------


def test_few_arrangements_are_all_looked_at():
    points = np.random.default_rng(4).normal(size=(7, 3))
    groups = np.array([0, 0, 0, 1, 1, 1, 1])
    found = permanova(points, groups).classic
    every = [
        permanova(points[list(order)], groups, permutations=1).classic.statistic
        for order in {tuple(sorted(o[:3])) + tuple(sorted(o[3:])) for o in orders_of(range(7))}
    ]
    assert len(every) == 35
    assert found.permutations == 34
    assert found.p == np.mean(np.array(every) >= found.statistic - 1e-9)
    assert found.p_error == 0


def test_equal_groups_can_swap_names_so_that_the_least_p_doubles():
    points = np.r_[np.zeros(3), np.ones(3)][:, None] + np.arange(6)[:, None] * 1e-3
    found = permanova(points, np.repeat([0, 1], 3)).headline
    assert (found.p, found.p_min) == (2 / 20, 2 / 20)
    assert "out of reach" in found.warnings[0]
    assert arrangements(np.repeat([0, 1], [3, 4]), None, 99, 0).p_min == 1 / 35


def test_groups_are_exchanged_inside_blocks_only():
    groups, blocks = np.tile([0, 1], 20), np.repeat(np.arange(4), 10)
    ways = arrangements(groups, blocks, 50, 0)
    assert not ways.complete
    assert (blocks[ways.orders] == blocks).all()
    assert (np.sort(ways.orders, axis=1) == np.arange(40)).all()
    few = arrangements(np.tile([0, 1], 4), np.repeat([0, 1], 4), 50, 0)
    assert few.complete
    assert len(few.orders) == 6 * 6 - 1
    assert len({tuple(np.tile([0, 1], 4)[order]) for order in few.orders}) == 35


def test_a_difference_of_blocks_is_none_of_groups_within_them():
    rng = np.random.default_rng(5)
    blocks = np.repeat(np.arange(6), 10)
    groups = np.concatenate(
        [rng.permutation([0] * (3 + b % 5) + [1] * (7 - b % 5)) for b in range(6)]
    )
    points = rng.normal(size=(60, 8)) + blocks[:, None] * 3.0
    inside = [
        permanova(rng.permuted(points.reshape(6, 10, 8), axis=1).reshape(60, 8), groups,
                  blocks=blocks, permutations=99, seed=s).headline.p
        for s in range(60)
    ]  # fmt: skip
    assert 0.3 < np.mean(inside) < 0.7
    assert np.mean(np.array(inside) <= 0.05) <= 0.12


def test_blocks_of_one_group_are_said():
    points = np.random.default_rng(6).normal(size=(20, 2))
    groups, blocks = np.repeat([0, 1], 10), np.repeat([0, 1, 2, 3], 5)
    found = permanova(points, groups, blocks=blocks, permutations=19)
    assert "4 of 4 blocks hold one group only" in found.headline.warnings[-1]
    assert found.headline.p == 1.0


def test_rounding_does_not_make_an_equal_value_smaller():
    assert p_value(3.0, np.array([3.0 - 1e-12, 1.0, 1.0])) == 0.5
    assert p_value(3.0, np.array([2.9, 1.0, 1.0])) == 0.25


def test_turning_into_fewer_dimensions_keeps_distances():
    points = np.random.default_rng(7).normal(size=(20, 300))
    turned = small(points)
    assert turned.shape == (20, 20)
    centred = points - points.mean(axis=0)
    assert np.allclose(turned @ turned.T, centred @ centred.T)
    assert np.array_equal(small(points[:, :3]), points[:, :3] - points[:, :3].mean(axis=0))


def test_the_same_seed_gives_the_same_p():
    one = permanova(SEPAL[50:], SPECIES[50:] - 1, permutations=99, seed=4)
    two = permanova(SEPAL[50:], SPECIES[50:] - 1, permutations=99, seed=4)
    assert one.headline == two.headline
    assert one.headline.effect_null == 0.0


@pytest.mark.parametrize(("sizes", "spreads"), [((50, 10), (1, 2)), ((10, 50), (1, 2))])
def test_unequal_spread_alone_is_no_difference_of_means(sizes, spreads):
    rng, rejected = np.random.default_rng(8), 0
    groups = np.repeat([0, 1], sizes)
    for seed in range(150):
        points = rng.normal(size=(60, 16)) * np.repeat(spreads, sizes)[:, None]
        rejected += permanova(points, groups, permutations=99, seed=seed).headline.p <= 0.05
    assert rejected / 150 <= 0.09


def test_a_difference_is_found_and_its_effect_told():
    rng = np.random.default_rng(9)
    points = rng.normal(size=(60, 16))
    points[30:, 0] += 2
    found = permanova(points, np.repeat([0, 1], 30)).headline
    assert found.p == 0.001
    assert 0.02 < found.effect < 0.12
    assert found.effect_name == "ω²"

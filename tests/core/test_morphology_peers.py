"""Tests of forms against R's vegan (4.2.2 with 2.6-4), scikit-bio 0.7.4 and brute force."""

from importlib.resources import files
from itertools import permutations as orders_of

import numpy as np
import pandas as pd
import pytest
from scipy.spatial.distance import pdist, squareform
from scipy.stats import pearsonr, rankdata, spearmanr, zscore
from skbio.stats import distance as skbio_distance
from sklearn.datasets import load_iris

from core.errors import InputError
from core.morphology.anosim import MOST, anosim, anosim_of_distances
from core.morphology.dispersion import dispersion
from core.morphology.mantel import mantel, mantel_of_distances
from core.morphology.permanova import permanova

IRIS = load_iris()
SEPAL, PETAL, SPECIES = IRIS.data[:, :2], IRIS.data[:, 2:], IRIS.target


def close(value):
    return pytest.approx(value, rel=1e-4)


def drawn(seed, sizes=(7, 9, 6), dims=4):
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(len(sizes)), sizes)
    return rng.normal(size=(len(groups), dims)) + 0.8 * groups[:, None], groups


# -- means and spread ------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_the_classic_ratio_is_scikit_bios_permanova(seed):
    points, groups = drawn(seed, sizes=(4, 11, 7), dims=9)
    table = skbio_distance.DistanceMatrix(squareform(pdist(points)))
    theirs = skbio_distance.permanova(table, groups, permutations=0)["test statistic"]
    assert permanova(points, groups, permutations=9).classic.statistic == pytest.approx(
        theirs, rel=1e-9
    )


@pytest.mark.parametrize(("middle", "rel"), [("centroid", 1e-9), ("median", 1e-4)])
def test_spread_is_scikit_bios_permdisp(middle, rel):
    points, groups = drawn(1, sizes=(6, 11, 8), dims=5)
    points[groups == 1] *= 2
    table = skbio_distance.DistanceMatrix(squareform(pdist(points)))
    theirs = skbio_distance.permdisp(
        table, groups, test=middle, permutations=0, dimensions=len(points), warn_neg_eigval=False
    )["test statistic"]
    found = dispersion(points, groups, middle=middle, permutations=9, adjusted=False)
    assert found.test.statistic == pytest.approx(theirs, rel=rel)


# -- ANOSIM ----------------------------------------------------------------------------------------


def test_r_of_iris_is_vegans():
    found = anosim(IRIS.data, SPECIES, permutations=99)
    assert found.statistic == close(0.879381551)
    assert (found.effect, found.p, found.p_min) == (found.statistic, 0.01, 0.01)


@pytest.mark.parametrize("seed", range(3))
def test_r_is_scikit_bios(seed):
    points, groups = drawn(seed)
    table = skbio_distance.DistanceMatrix(squareform(pdist(points)))
    theirs = skbio_distance.anosim(table, groups, permutations=0)["test statistic"]
    assert anosim(points, groups, 9).statistic == pytest.approx(theirs, rel=1e-12)


def test_the_example_that_scikit_bio_publishes():
    # documentation of skbio.stats.distance.anosim: R = 0.25; p = 0.66 of 99 draws, where all
    # arrangements give 4/6
    table = np.array([[0, 1, 1, 4], [1, 0, 3, 2], [1, 3, 0, 3], [4, 2, 3, 0]], float)
    found = anosim_of_distances(table, np.array([0, 0, 1, 1]))
    assert found.statistic == 0.25
    assert found.p == pytest.approx(4 / 6)
    assert found.permutations == 5
    assert found.p_error == 0


def test_p_of_few_units_is_that_of_all_arrangements():
    points, groups = drawn(5, sizes=(3, 4), dims=2)
    ranks = squareform(rankdata(pdist(points)))

    def r(codes):
        same = codes[:, None] == codes[None]
        above = np.triu(np.ones_like(same), 1)
        return (ranks[above & ~same].mean() - ranks[above & same].mean()) / (21 / 2)

    every = set(orders_of(groups.tolist()))
    assert len(every) == 35
    values = [r(np.array(order)) for order in every]
    found = anosim(points, groups, 5)
    assert found.statistic == pytest.approx(r(groups))
    assert found.p == pytest.approx(np.mean([value >= r(groups) - 1e-9 for value in values]))


def test_groups_that_differ_in_spread_alone_are_found_by_it_so_it_is_descriptive():
    rng = np.random.default_rng(3)
    groups = np.repeat([0, 1], [30, 10])
    points = rng.normal(size=(40, 16)) * np.where(groups == 0, 3.0, 1.0)[:, None]
    found = anosim(points, groups, 199, 1)
    assert found.warnings[0].startswith("descriptive")
    shifted = anosim(points + 5 * groups[:, None], groups, 199, 1)
    assert shifted.statistic > found.statistic
    assert shifted.p == 0.005


def test_exchanging_within_blocks_takes_a_difference_of_blocks_away():
    blocks = np.repeat([0, 1, 2], 6)
    groups = np.array([0] * 5 + [1] + [0] * 3 + [1] * 3 + [0] + [1] * 5)
    free, within = np.ones((2, 30))
    for seed in range(30):
        points = np.random.default_rng(seed).normal(size=(18, 3)) + 4 * blocks[:, None]
        free[seed] = anosim(points, groups, 99, 0).p
        within[seed] = anosim(points, groups, 99, 0, blocks).p
    assert (free <= 0.05).sum() >= 15
    assert (within <= 0.05).sum() <= 5  # of 30, a test that holds its level has more once in 300


def test_what_cannot_be_ranked_is_undefined_and_has_no_p():
    for points, groups, why in (
        (np.ones((9, 2)), np.repeat([0, 1, 2], 3), "one place"),
        (np.eye(5), np.array([0, 0, 0, 1, 1]), "every group needs 3"),
        (np.zeros((MOST + 1, 1)) + np.arange(MOST + 1)[:, None], np.arange(MOST + 1) % 2, "5,000"),
    ):
        found = anosim(points, groups)
        assert (found.status, found.p, found.statistic) == ("undefined", None, None)
        assert why in found.warnings[0]


# -- Mantel ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "r", "partial"),
    [("pearson", 0.7326486184, 0.5937585748), ("spearman", 0.7257538196, 0.5698098822)],
)
def test_mantel_of_iris_is_vegans(method, r, partial):
    found = mantel(SEPAL, PETAL, method, 99)
    assert (found.statistic, found.p) == (close(r), 0.01)
    given = mantel(SEPAL, PETAL, method, 99, given=SPECIES)
    assert (given.name, given.statistic, given.p) == ("partial Mantel", close(partial), 0.01)


def test_mantel_of_lichen_pastures_is_that_of_vegans_manual():
    # ?vegan::mantel: vegdist(varespec) against scaled varechem, r = 0.3047, p = 0.001-0.002; the
    # table comes with scikit-bio's own tests
    folder = files("skbio") / "stats" / "ordination" / "tests" / "data"
    if not (folder / "varespec.csv").is_file():
        pytest.skip("this scikit-bio has no varespec")
    species, soil = (
        pd.read_csv(folder / name, index_col=0) for name in ("varespec.csv", "varechem.csv")
    )
    tables = [
        squareform(pdist(species.to_numpy(float), "braycurtis")),
        squareform(pdist(zscore(soil.to_numpy(float), ddof=1))),
    ]
    found = mantel_of_distances(tables, permutations=999, seed=1)
    assert found.statistic == close(0.3047454127)
    assert found.p <= 0.006


def test_the_example_that_scikit_bio_publishes_for_mantel():
    # documentation of skbio.stats.distance.pwmantel: 0.755929, -0.755929, -0.142857
    x, y, z = (squareform(row) for row in ([1.0, 2, 3], [2.0, 7, 6], [5.0, 6, 1]))
    assert mantel_of_distances([x, y]).statistic == close(0.755929)
    assert mantel_of_distances([x, z]).statistic == close(-0.755929)
    assert mantel_of_distances([y, z]).statistic == close(-0.142857)
    # the same from points: three on a line, and a triangle
    found = mantel(np.array([1.0, 0, 3]), np.array([[0.0, 0], [2, 0], [4.25, 30.9375**0.5]]))
    assert found.statistic == close(0.755929)
    assert (found.permutations, found.p_min) == (5, 1 / 6)


@pytest.mark.parametrize("method", ["pearson", "spearman"])
def test_mantel_is_scikit_bios(method):
    points, _ = drawn(1)
    rng = np.random.default_rng(2)
    values = points[:, :1] + rng.normal(size=(len(points), 1))
    one, two = (squareform(pdist(table)) for table in (points, values))
    r, p, _ = skbio_distance.mantel(one, two, method, 499, alternative="greater", seed=0)
    found = mantel(points, values, method, 999)
    assert found.statistic == pytest.approx(r, rel=1e-12)
    assert found.p == pytest.approx(p, abs=5 * np.sqrt(p * (1 - p) / 499) + 0.002)


def test_partial_mantel_is_the_correlation_of_residuals():
    points, groups = drawn(4)
    values = np.random.default_rng(5).normal(size=len(points)) + groups
    given = np.random.default_rng(6).normal(size=len(points)) + groups
    one, two, three = (pdist(np.atleast_2d(t.T).T) for t in (points, values, given))
    line = [np.polyfit(three, table, 1) for table in (one, two)]
    rest = [table - np.polyval(fit, three) for table, fit in zip((one, two), line, strict=True)]
    found = mantel(points, values, permutations=9, given=given)
    assert found.statistic == pytest.approx(pearsonr(*rest).statistic)
    assert mantel(points, values, "spearman", 9).statistic == pytest.approx(
        spearmanr(one, two).statistic
    )


def test_p_of_mantel_of_few_units_is_that_of_all_orders():
    rng = np.random.default_rng(7)
    points, values = rng.normal(size=(5, 2)), rng.normal(size=5)
    two = pdist(values[:, None])
    every = [pearsonr(pdist(points[list(order)]), two).statistic for order in orders_of(range(5))]
    found = mantel(points, values)
    assert found.permutations == 119
    assert found.p == pytest.approx(np.mean(np.array(every) >= found.statistic - 1e-9))


def test_neighbours_alike_by_place_fool_mantel_so_it_is_descriptive():
    # two independent random walks along a line: neighbours resemble each other in both
    hits = 0
    for seed in range(60):
        rng = np.random.default_rng(seed)
        one, two = rng.normal(size=(2, 40)).cumsum(axis=1)
        found = mantel(one, two, permutations=99, seed=seed)
        hits += found.p <= 0.05
        assert found.warnings[0].startswith("descriptive")
    assert hits > 9  # 3 are expected of a test that holds its level; 9 has a chance below 0.001


def test_what_mantel_cannot_answer_is_undefined_or_an_error():
    points = np.random.default_rng(0).normal(size=(8, 3))
    assert mantel(points, np.ones(8)).status == "undefined"
    assert mantel(np.eye(8), np.arange(8.0)).status == "undefined"  # all equally far
    assert mantel(points[:2], np.arange(2.0)).status == "undefined"
    same = mantel(points, np.arange(8.0), given=2 * np.arange(8.0))
    assert (same.status, same.p) == ("undefined", None)
    with pytest.raises(InputError, match="values are missing"):
        mantel(points, np.r_[np.nan, np.arange(7.0)])
    with pytest.raises(InputError, match="for 8 units"):
        mantel(points, np.arange(7.0))
    with pytest.raises(InputError, match="pearson or spearman"):
        mantel(points, np.arange(8.0), "kendall")

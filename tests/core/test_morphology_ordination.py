"""Ordination, supplementary variables and hulls, against R, SciPy, scikit-learn and known forms."""

from itertools import permutations as orders_of

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial import ConvexHull
from scipy.spatial.distance import pdist, squareform
from scipy.stats import rankdata, spearmanr
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA

from core.errors import InputError
from core.morphology.centroids import group_distances
from core.morphology.hull import rarefied_hull, volume
from core.morphology.ordination import coordinates, ordinate
from core.morphology.supplementary import correlate, orders, ranks

IRIS = load_iris()
SPECIES = IRIS.target


def drawn(n, d, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)) @ np.diag(np.linspace(3, 0.5, d)) + 5


# -- principal components --------------------------------------------------------------------------


@pytest.mark.parametrize(("n", "d"), [(60, 12), (12, 60), (30, 30)])
def test_components_are_scikit_learns(n, d):
    points = drawn(n, d)
    found = ordinate(points, 5)
    theirs = PCA(5, svd_solver="full").fit(points)
    assert found.explained == pytest.approx(theirs.explained_variance_ratio_, rel=1e-9)
    signs = np.sign((found.axes * theirs.components_).sum(axis=1))
    assert np.allclose(found.axes, theirs.components_ * signs[:, None], atol=1e-9)
    assert np.allclose(found.scores, theirs.transform(points) * signs, atol=1e-9)
    assert np.allclose(found.axes @ found.axes.T, np.eye(5), atol=1e-9)


def test_the_sign_of_an_axis_is_that_of_its_largest_loading():
    found, turned = ordinate(drawn(40, 6), 3), ordinate(10 - drawn(40, 6), 3)
    assert np.allclose(found.axes, turned.axes)
    assert (found.axes[np.arange(3), np.abs(found.axes).argmax(axis=1)] > 0).all()


def test_distances_between_scores_are_those_between_points():
    points = drawn(20, 50)
    assert pdist(ordinate(points, 19).scores) == pytest.approx(pdist(points))


def test_axes_beyond_the_rank_are_empty_and_other_points_find_their_place():
    line = np.outer(np.arange(6.0), [3.0, 4.0])
    found = ordinate(line, 4)
    assert found.explained == pytest.approx([1, 0, 0, 0])
    assert (found.scores[:, 1:] == 0).all()
    assert found.place(np.array([[6.0, 8.0]]))[0] == pytest.approx(found.scores[2])
    assert (ordinate(np.ones((5, 3)), 2).scores == 0).all()


def test_points_that_cannot_be_ordinated_are_refused():
    with pytest.raises(InputError, match="NaN"):
        ordinate(np.array([[1.0, np.nan], [0, 1]]))
    with pytest.raises(InputError, match="rows × dimensions"):
        ordinate(np.ones(4))
    with pytest.raises(InputError, match="axes"):
        ordinate(np.eye(3), 0)


# -- principal coordinates -------------------------------------------------------------------------


def test_coordinates_of_straight_distances_are_the_components():
    points = drawn(25, 4)
    found, axes = coordinates(squareform(pdist(points)), 3), ordinate(points, 3)
    assert np.allclose(np.abs(found.scores), np.abs(axes.scores), atol=1e-8)
    assert found.explained == pytest.approx(axes.explained)
    assert found.negative < 1e-9


def test_eigenvalues_of_other_distances_are_those_of_rs_cmdscale():
    found = coordinates(squareform(pdist(IRIS.data, "cityblock")), 4)
    assert found.eigenvalues[:4] == pytest.approx(
        [1746.353428, 160.8504471, 47.99633807, 32.39809596], rel=1e-8
    )
    assert found.eigenvalues[-1] == pytest.approx(-54.20932404, rel=1e-8)
    values = found.eigenvalues
    assert found.negative == pytest.approx(-values[values < 0].sum() / np.abs(values).sum())
    assert 0.05 < found.negative < 0.2


def test_groups_are_drawn_from_their_debiased_distances():
    table = group_distances(IRIS.data, SPECIES).distance
    found = coordinates(table, 2)
    assert squareform(pdist(found.scores)) == pytest.approx(table, rel=1e-6)
    assert coordinates(np.zeros((3, 3))).negative == 0
    with pytest.raises(InputError, match="square"):
        coordinates(np.full((2, 2), np.nan))


# -- supplementary variables -----------------------------------------------------------------------


def test_correlations_are_scipys_and_units_without_a_value_are_left_out():
    scores = ordinate(IRIS.data, 2).scores
    width = IRIS.data[:, 1].copy()
    width[[0, 7, 140]] = np.nan
    found = correlate(scores, {"length": IRIS.data[:, 0], "width": width}, permutations=99)
    assert [(one.column, one.axis, one.n) for one in found] == [
        ("length", 1, 150), ("length", 2, 150), ("width", 1, 147), ("width", 2, 147),
    ]  # fmt: skip
    known = ~np.isnan(width)
    for one, (column, rows) in zip(
        found, [(IRIS.data[:, 0], known | True)] * 2 + [(width, known)] * 2, strict=True
    ):
        wanted = spearmanr(column[rows], scores[rows, one.axis - 1]).statistic
        assert one.r == pytest.approx(wanted)
        assert one.p == 0.01


def test_p_of_few_units_is_that_of_all_orders():
    rng = np.random.default_rng(1)
    scores, values = rng.normal(size=(6, 1)), rng.normal(size=6)
    every = [
        spearmanr(values[list(order)], scores[:, 0]).statistic for order in orders_of(range(6))
    ]
    [found] = correlate(scores, {"size": values})
    assert len(every) == 720
    assert found.p == pytest.approx(np.mean(np.abs(every) >= abs(found.r) - 1e-9))


def test_p_is_adjusted_over_columns_and_axes():
    rng = np.random.default_rng(2)
    scores = rng.normal(size=(40, 2))
    columns = {"real": scores[:, 0] + 0.1 * rng.normal(size=40), "flat": np.ones(40)}
    columns |= {f"noise {at}": rng.normal(size=40) for at in range(5)}
    found = correlate(scores, columns, permutations=199, seed=1)
    real = found[0]
    assert (real.p, real.p_adjusted) == (0.005, pytest.approx(0.005 * 12))
    flat = [one for one in found if one.column == "flat"]
    assert [(one.r, one.p, one.p_adjusted, one.n) for one in flat] == [(None, None, None, 40)] * 2
    assert all(one.p <= one.p_adjusted <= 1 for one in found if one.column != "flat")
    assert correlate(scores, columns, permutations=199, seed=1) == found


def test_a_column_that_only_follows_blocks_is_not_found_within_them():
    free, within = np.ones((2, 40))
    blocks = np.repeat([0, 1, 2], 8)
    for seed in range(40):
        rng = np.random.default_rng(seed)
        scores = (2 * blocks + rng.normal(size=24))[:, None]
        column = {"size": 3 * blocks + rng.normal(size=24)}
        free[seed] = correlate(scores, column, permutations=99, seed=seed)[0].p
        within[seed] = correlate(scores, column, blocks=blocks, permutations=99, seed=seed)[0].p
    assert (free == 0.01).sum() >= 38
    assert (within <= 0.05).sum() <= 6  # of 40; more has a chance of 0.003 where nothing is there


def test_orders_keep_units_in_their_block_and_differ():
    blocks = np.array(["b", "a", "b", "a", "b", "a", "b", "c", "c"])
    drawn_orders = list(orders(9, blocks, 300, 3))
    assert all((blocks[order] == blocks).all() for order in drawn_orders)
    assert all(sorted(order.tolist()) == list(range(9)) for order in drawn_orders)
    seen = {tuple(order.tolist()) for order in drawn_orders}
    assert 165 < len(seen) <= 24 * 6 * 2  # 186 of the 288 are expected of 300 draws
    first = np.bincount([order[0] for order in drawn_orders], minlength=7)[[0, 2, 4, 6]]
    assert first.min() > 45  # 75 expected of each


def test_what_is_the_same_in_each_block_is_described_and_not_tested():
    scores, blocks = np.arange(12.0)[:, None], np.repeat(np.arange(6), 2)
    [found] = correlate(scores, {"x": 3.0 * blocks}, blocks=blocks, permutations=19)
    assert found.r == pytest.approx(spearmanr(scores[:, 0], blocks).statistic)
    assert (found.p, found.p_adjusted, found.n) == (None, None, 12)
    [alone] = correlate(np.arange(5.0)[:, None], {"x": np.arange(5.0)}, blocks=np.arange(5))
    assert (alone.r, alone.p) == (pytest.approx(1), None)
    [few] = correlate(np.arange(3.0)[:, None], {"x": np.arange(3.0)})
    assert (few.r, few.p, few.n) == (None, None, 3)
    with pytest.raises(InputError, match="'x'"):
        correlate(np.arange(5.0)[:, None], {"x": np.arange(4.0)})


@given(st.lists(st.integers(-5, 5), min_size=1, max_size=30))
def test_ranks_are_scipys(values):
    assert ranks(np.array(values, float)).tolist() == rankdata(values).tolist()


# -- hulls -----------------------------------------------------------------------------------------


def cube(n, seed=0):
    corners = np.array(np.meshgrid([0, 1], [0, 1], [0, 1])).reshape(3, -1).T.astype(float)
    return np.concatenate([corners, np.random.default_rng(seed).uniform(0.1, 0.9, (n - 8, 3))])


def test_the_hull_of_a_cube_is_one():
    [found] = rarefied_hull(cube(30), np.zeros(30, int))
    assert (found.volume, found.low, found.high) == (pytest.approx(1),) * 3
    assert found.units == 30
    assert volume(cube(30)[:, :2]) == pytest.approx(1)  # an area
    assert volume(cube(30)[:, :1]) == 1  # a length
    assert volume(cube(30) * [1, 1, 0]) == 0


def test_groups_are_compared_at_the_size_of_the_smallest():
    rng = np.random.default_rng(4)
    points = rng.normal(size=(620, 3))
    groups = np.repeat([0, 1, 2], [25, 580, 15])
    small, large, none = rarefied_hull(points, groups, 200, 1)
    assert none is None
    assert (small.units, large.units) == (25, 25)
    assert small.volume == pytest.approx(ConvexHull(points[:25]).volume)
    assert ConvexHull(points[groups == 1]).volume > 3 * large.high  # what rarefaction takes off
    assert large.low < small.volume < large.high
    drawn_again = [
        ConvexHull(points[rng.choice(np.flatnonzero(groups == 1), 25, replace=False)]).volume
        for _ in range(400)
    ]
    assert large.volume == pytest.approx(np.mean(drawn_again), rel=0.08)
    assert rarefied_hull(points, groups, 200, 1) == [small, large, none]


def test_hulls_need_units_and_few_axes():
    assert rarefied_hull(np.ones((19, 2)), np.zeros(19, int)) == [None]
    [flat] = rarefied_hull(np.ones((25, 2)), np.zeros(25, int))
    assert flat.volume == 0
    with pytest.raises(InputError, match="axes"):
        rarefied_hull(np.ones((25, 4)), np.zeros(25, int))
    with pytest.raises(InputError, match="groups for 25"):
        rarefied_hull(np.ones((25, 3)), np.zeros(24, int))

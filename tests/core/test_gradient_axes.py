"""Axes and ways of a gradient: against scikit-learn, against circles, and what they refuse."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse.csgraph import dijkstra
from sklearn.datasets import load_iris
from sklearn.decomposition import PCA
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from core.errors import InputError
from core.model import Neighbors
from core.morphology.geodesic import _links, geodesic, stops
from core.morphology.gradient import auc, dealt, held_out_auc, largest_gap
from core.morphology.gradient_axes import (
    discriminant,
    principal_axis,
    quantile_strip,
    scaled_between,
)
from core.morphology.gradient_request import GradientRequest
from core.neighbors import find_neighbors
from core.space import unit_rows

IRIS = load_iris()


# -- the best discriminant -------------------------------------------------------------------------


@pytest.mark.parametrize(("dims", "count"), [(4, 60), (40, 60), (120, 40)])
def test_the_discriminant_is_that_of_scikit_learn(dims, count):
    rng = np.random.default_rng(dims)
    second = np.arange(count) % 3 == 0
    points = rng.normal(size=(count, dims)) * rng.uniform(0.2, 3, dims)
    points[second] += 0.4
    found = discriminant(points[~second], points[second])
    model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto").fit(points, second)
    wanted = model.coef_[0]
    assert found @ wanted / np.linalg.norm(found) / np.linalg.norm(wanted) == pytest.approx(1)


def test_shrinkage_keeps_the_discriminant_from_taking_chance_for_form():
    rng, second = np.random.default_rng(10), np.repeat([False, True], 20)
    plain, shrunk = [], []
    for seed in range(10):
        train, test = rng.normal(size=(2, 40, 64))
        train[second, :8] += 0.7
        test[second, :8] += 0.7
        one = LinearDiscriminantAnalysis().fit(train, second).coef_[0]
        two = discriminant(train[~second], train[second])
        plain.append(auc(test[~second] @ one, test[second] @ one))
        shrunk.append(auc(test[~second] @ two, test[second] @ two))
        held = held_out_auc(train, second, seed=seed, along=discriminant)[0]
        assert 0.4 < held <= 1
    assert np.mean(shrunk) > np.mean(plain) + 0.05


def test_a_discriminant_of_too_little_is_refused():
    with pytest.raises(InputError, match="three units"):
        discriminant(np.zeros((1, 3)), np.ones((1, 3)))
    with pytest.raises(InputError, match="one place"):
        discriminant(np.zeros((3, 3)), np.ones((3, 3)))
    assert discriminant(np.eye(3)[:1], np.eye(3)[1:]).shape == (3,)  # one group of one


def test_a_column_that_never_varies_takes_part_in_no_discriminant():
    rng = np.random.default_rng(2)
    points = np.c_[rng.normal(size=(30, 3)), np.full(30, 5.0)]
    second = np.arange(30) < 12
    points[second, 0] += 2
    found = discriminant(points[~second], points[second])
    assert np.isfinite(found).all()
    assert abs(found[3]) < 1e-3 * abs(found[0])


def test_any_direction_can_be_scaled_so_that_the_ends_lie_at_0_and_1():
    rng = np.random.default_rng(3)
    points, direction = rng.normal(size=(20, 5)), rng.normal(size=5)
    axis = scaled_between(points, points[3], points[7], direction)
    assert axis.position[[3, 7]] == pytest.approx([0, 1])
    away = points - points[3]
    along = away @ direction / np.linalg.norm(direction)
    assert axis.residual == pytest.approx(
        np.sqrt((away**2).sum(axis=1) - along**2), rel=1e-6, abs=1e-6
    )
    turned = scaled_between(points, points[3], points[7], -direction)
    assert turned.position == pytest.approx(axis.position)
    with pytest.raises(InputError, match="both ends are the same"):
        scaled_between(points, points[3], points[3], direction)


def test_units_of_both_groups_are_dealt_evenly_and_whole():
    units = np.repeat(np.arange(23), 3)
    second = units >= 11
    fold = dealt(second, units, folds=5, seed=1)
    assert all(len(set(fold[units == unit])) == 1 for unit in range(23))
    for side in (False, True):
        counts = np.bincount(fold[(second == side)], minlength=5) / 3
        assert counts.max() - counts.min() <= 1


# -- principal axes --------------------------------------------------------------------------------


def test_a_principal_axis_is_that_of_scikit_learn_in_standard_deviations():
    wanted = PCA(2).fit(IRIS.data)
    for number in (1, 2):
        axis = principal_axis(IRIS.data, IRIS.data, number)
        scores = wanted.transform(IRIS.data)[:, number - 1]
        assert abs(np.corrcoef(scores, axis.position)[0, 1]) == pytest.approx(1)
        assert axis.position.std(ddof=1) == pytest.approx(1)
        assert axis.position.mean() == pytest.approx(0, abs=1e-9)
        assert axis.share == pytest.approx(wanted.explained_variance_ratio_[number - 1])
    with pytest.raises(InputError, match="axis 5"):
        principal_axis(IRIS.data, IRIS.data, 5)


def test_a_unit_with_many_images_does_not_turn_the_axis():
    rng = np.random.default_rng(4)
    units = np.c_[rng.normal(size=40) * 3, rng.normal(size=(40, 2))]
    copies = np.repeat(units[:1], 500, axis=0) + np.array([0, 40, 0])
    many = np.concatenate([units, copies])
    axis = principal_axis(many, units, 1)
    assert abs(axis.direction[0]) / np.linalg.norm(axis.direction) > 0.98


def test_places_at_quantiles_hold_equally_many_and_show_the_least_beside():
    rng = np.random.default_rng(5)
    position, beside = rng.normal(size=400) ** 3, rng.uniform(size=400)
    found = quantile_strip(position, beside, 9)
    targets, rows = np.array([one[0] for one in found]), np.array([one[1] for one in found])
    assert targets == pytest.approx(np.quantile(position, np.linspace(0.02, 0.98, 9)))
    assert len(set(rows.tolist())) == 9
    assert (np.diff(position[rows]) > 0).all()
    order = np.argsort(position)
    middle = order[176:224]  # 44 to 56 of a hundred
    assert rows[4] == middle[beside[middle].argmin()]
    assert [row for _, row in quantile_strip(np.arange(3.0), np.zeros(3), 5)].count(-1) == 2


# -- through neighbours ----------------------------------------------------------------------------


def circle(count=200, noise=0.0):
    angle = np.linspace(0, np.pi, count)
    points = np.stack([np.cos(angle), np.sin(angle), np.zeros(count)], axis=1)
    return unit_rows(points + noise * np.random.default_rng(0).normal(size=points.shape)), angle


def test_along_a_circle_positions_are_angles():
    unit, angle = circle()
    path = geodesic(unit, find_neighbors(unit, key="t", k=12), 20, 180, k=6)
    inside = slice(20, 181)
    wanted = (angle - angle[20]) / (angle[180] - angle[20])
    assert path.position[inside] == pytest.approx(wanted[inside], abs=0.005)
    assert path.position[path.rows[[0, -1]]] == pytest.approx([0, 1], abs=1e-12)
    assert path.residual[path.rows] == pytest.approx(0, abs=1e-6)
    assert path.position[0] < 0
    assert path.position[-1] > 1
    walked = np.concatenate([[0], np.cumsum(path.steps)]) / path.length
    assert path.position[path.rows] == pytest.approx(walked)


def test_what_lies_beside_the_way_is_placed_by_its_two_distances():
    unit, _ = circle(noise=0.03)
    graph = find_neighbors(unit, key="t", k=12)
    path = geodesic(unit, graph, 10, 190, k=8)
    far = dijkstra(_links(unit, graph, 8), directed=False, indices=[10, 190])
    length = far[0, 190]
    t, beside = path.position, path.residual
    known = far[0] ** 2 - (t * length) ** 2 > 0
    assert far[0][known] == pytest.approx(np.hypot(t * length, beside)[known])
    assert far[1][known] == pytest.approx(np.hypot((1 - t) * length, beside)[known])


def test_a_link_that_nothing_around_it_supports_is_a_bridge():
    angle = np.concatenate([np.linspace(0, 0.5, 6), np.linspace(1.2, 1.7, 6)])
    unit = unit_rows(np.stack([np.cos(angle), np.sin(angle)], axis=1))
    near = np.array([[1, 2, 3], [0, 2, 3], [1, 3, 4], [2, 4, 5], [3, 5, 2], [4, 3, 6]])
    near = np.concatenate([near, 11 - near[::-1]]).astype(np.int32)  # the same on the other side
    graph = Neighbors("t", near, np.zeros(near.shape, np.float32), True, 1.0)
    path = geodesic(unit, graph, 0, 11, k=3)
    steps = list(zip(path.rows[:-1].tolist(), path.rows[1:].tolist(), strict=True))
    assert [steps[at] for at in np.flatnonzero(path.bridges)] == [(5, 6)]
    near[4, 2], near[6, 1] = 6, 4  # now 4 is a neighbour of both sides
    path = geodesic(unit, Neighbors("t", near, np.zeros(near.shape), True, 1.0), 0, 11, k=3)
    assert not path.bridges.any()


def test_a_short_way_is_shown_whole_and_of_a_long_one_what_lies_nearest():
    unit, _ = circle()
    graph = find_neighbors(unit, key="t", k=12)
    short = geodesic(unit, graph, 0, 30, k=12)
    shown = stops(short, 9)
    assert [row for _, row in shown] == short.rows.tolist()
    assert [at for at, _ in shown] == pytest.approx(short.position[short.rows])
    long = geodesic(unit, graph, 0, 199, k=2)
    shown = stops(long, 9)
    assert [at for at, _ in shown] == pytest.approx(np.linspace(0, 1, 9))
    assert (shown[0][1], shown[-1][1]) == (0, 199)
    rows = [row for _, row in shown]
    assert long.position[rows] == pytest.approx(np.linspace(0, 1, 9), abs=0.01)


def test_a_long_step_leaves_places_empty():
    angle = np.concatenate([np.linspace(0, 0.6, 40), np.linspace(2.2, 3, 40)])
    unit = unit_rows(np.stack([np.cos(angle), np.sin(angle)], axis=1))
    path = geodesic(unit, find_neighbors(unit, key="t", k=60), 0, 79, k=41)
    assert stops(path, 3)[0] == (0.0, 0)
    whole = geodesic(unit, find_neighbors(unit, key="t", k=60), 0, 79, k=60)
    assert len(whole.rows) < len(unit)
    many = stops(whole, 2)
    assert [row for _, row in many] == [0, 79]


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10_000))
def test_the_way_is_never_shorter_than_straight(seed):
    unit = unit_rows(np.random.default_rng(seed).normal(size=(30, 4)))
    path = geodesic(unit, find_neighbors(unit, key="t", k=10), 0, 1, k=10)
    if len(path.rows):
        assert 0 < path.straightness <= 1 + 1e-9
        reached = np.isfinite(path.position)
        assert reached[path.rows].all()
        assert largest_gap(path.position[reached]) <= 1


# -- what is asked for -----------------------------------------------------------------------------


def test_a_request_survives_its_json():
    asked = GradientRequest(
        "s", "geodesic", by="label", a="x", to_item="9" * 64, places=5, k=9, correlate=("size",),
    )  # fmt: skip
    assert GradientRequest.from_json(asked.to_json()) == asked
    assert asked.everyone
    assert not GradientRequest("s", by="label", a="x", b="y").everyone
    assert GradientRequest("s", by="label", a="x", b="y", among="all").everyone


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "two ends"),
        ({"a": "x", "b": "y"}, "by: say which column"),
        ({"by": "label", "a": "x"}, "b, a group, or to_item"),
        ({"by": "label", "a": "x", "b": "x"}, "both 'x'"),
        ({"by": "label", "a": "x", "from_item": "1", "b": "y"}, "not both"),
        ({"from_item": "1", "to_item": "1"}, "same image"),
        ({"kind": "discriminant", "from_item": "1", "to_item": "2"}, "two groups"),
        ({"kind": "principal", "by": "label", "a": "x"}, "no ends"),
        ({"kind": "straight"}, "means, discriminant, geodesic, principal"),
        ({"kind": "principal", "axis": 0}, "axis 0"),
        ({"kind": "principal", "places": 1}, "places 1: a whole number from 2 to 25"),
        ({"kind": "principal", "k": True}, "k True"),
        ({"kind": "principal", "among": "some"}, "ends or all"),
        ({"kind": "principal", "correlate": "size"}, "correlate: needs a list"),
        ({"kind": "principal", "within": ""}, "within: needs a text"),
        ({"kind": "principal", "seed": -1}, "seed -1"),
        ({"kind": "principal", "colour": 1}, "unknown field 'colour'"),
    ],
)
def test_what_cannot_be_asked_for_is_named(given, said):
    with pytest.raises(InputError) as raised:
        GradientRequest.from_json({"name": "s", **given})
    assert said in str(raised.value)

"""Selections: polygons against an independent oracle, set algebra, and ids that stay."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ArtifactCorruptError, InputError, NotFoundError
from core.selection import SPAN, Selections, bitmap, combine, quantise, rows_in_polygon
from core.storage.store import Workspace

ROWS = st.lists(st.integers(0, 40), unique=True).map(lambda r: np.array(sorted(r), np.int64))


@pytest.mark.parametrize("seed", range(20))
def test_polygon_agrees_with_shapely(seed):
    random = np.random.default_rng(seed)
    points = random.integers(0, SPAN + 1, (5000, 2)).astype(np.uint16)
    angles = np.sort(random.uniform(0, 2 * np.pi, random.integers(3, 40)))
    radii = random.uniform(0.05, 0.5, len(angles))
    corners = 0.5 + np.column_stack([np.cos(angles), np.sin(angles)]) * radii[:, None]
    polygon = shapely.Polygon(corners * SPAN)
    expected = np.flatnonzero(shapely.contains_xy(polygon.buffer(0), points.astype(float)))
    found = rows_in_polygon(points, corners.tolist())
    if polygon.is_valid:
        np.testing.assert_array_equal(found, expected)
    else:
        pytest.fail("the star-shaped polygon of this test is always valid")


def test_a_box_holds_what_lies_between_its_sides():
    points = quantise(np.array([[0.0, 0.0], [1.0, 1.0], [0.5, 0.5]]))
    box = [[0.4, 0.4], [0.6, 0.4], [0.6, 0.6], [0.4, 0.6]]
    assert rows_in_polygon(points, box).tolist() == [2]


@pytest.mark.parametrize(
    "polygon",
    [[], [[0, 0], [1, 1]], [[0, 0], [1, 1], [1]], "abc", [[0, 0], [1, 0], [float("nan"), 1]],
     [[0, 0]] * 600, [[[0, 0]]] * 4],
)  # fmt: skip
def test_a_bad_polygon_is_refused(polygon):
    with pytest.raises(InputError, match="polygon"):
        rows_in_polygon(np.zeros((3, 2), np.uint16), polygon)


def test_quantised_points_keep_shape_and_scale():
    coordinates = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 5.0]])
    x, y = quantise(coordinates).astype(float).T
    assert (x[1] - x[0]) == pytest.approx(2 * (y[2] - y[0]), abs=2)
    assert x.min() == pytest.approx(0.02 * SPAN, abs=1)
    assert (y.min() + y.max()) / 2 == pytest.approx(SPAN / 2, abs=1)


@pytest.mark.parametrize("n", [0, 1, 2])
def test_maps_without_extent_are_placed_in_the_middle(n):
    points = quantise(np.ones((n, 2)))
    assert points.shape == (n, 2)
    assert ((points > 32000) & (points < 33500)).all()


@given(ROWS, ROWS)
def test_modes_are_set_operations(rows, base):
    a, b = set(rows.tolist()), set(base.tolist())
    assert set(combine(rows, base, "add").tolist()) == a | b
    assert set(combine(rows, base, "subtract").tolist()) == b - a
    assert set(combine(rows, base, "intersect").tolist()) == a & b
    assert set(combine(rows, base, "replace").tolist()) == a


def test_an_unknown_mode_is_named():
    with pytest.raises(InputError, match="banana"):
        combine(np.zeros(0, np.int64), None, "banana")


@given(ROWS)
def test_bitmap_has_one_bit_a_row(rows):
    bits = np.unpackbits(np.frombuffer(bitmap(rows, 41), np.uint8), bitorder="little")
    assert len(bitmap(rows, 41)) == 6
    np.testing.assert_array_equal(np.flatnonzero(bits), rows)


def test_a_selection_keeps_its_id_and_belongs_to_its_set(tmp_path):
    selections = Selections(Workspace(tmp_path))
    one = selections.save("a" * 32, np.array([1, 5]), {"how": "polygon"})
    assert selections.save("a" * 32, np.array([1, 5]), {"how": "filter"}) == one
    assert selections.save("b" * 32, np.array([1, 5]), {}) != one
    assert Selections(Workspace(tmp_path)).load(one, "a" * 32).tolist() == [1, 5]
    with pytest.raises(NotFoundError, match="another set"):
        selections.load(one, "b" * 32)
    with pytest.raises(NotFoundError):
        selections.load("../../etc/passwd", "a" * 32)


def test_a_damaged_selection_is_named(tmp_path):
    key = Selections(Workspace(tmp_path)).save("a" * 32, np.arange(9), {})
    file = tmp_path / "artefacts" / "selection" / key / "rows.npy"
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    with pytest.raises(ArtifactCorruptError, match=r"rows\.npy"):
        Selections(Workspace(tmp_path)).load(key, "a" * 32)

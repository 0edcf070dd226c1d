"""Unit vectors and chordal distance."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from core import space
from core.errors import InputError
from core.space import pair_distances, spread, unit_rows


def test_rows_are_scaled_to_length_one_in_order():
    unit = unit_rows(np.array([[3.0, 4.0], [0.0, -2.0]]))

    np.testing.assert_allclose(unit, [[0.6, 0.8], [0.0, -1.0]], atol=1e-7)
    assert unit.dtype == np.float32


@given(arrays(np.float32, (4, 3), elements=st.floats(0.5, 100, width=32)), st.floats(1e-6, 1e6))
@settings(max_examples=50, deadline=None)
def test_scale_of_the_vectors_does_not_matter(vectors, scale):
    np.testing.assert_allclose(
        unit_rows(vectors.astype(np.float64) * scale), unit_rows(vectors), atol=2e-7
    )


def test_norms_of_extreme_float32_values_neither_overflow_nor_vanish():
    unit = unit_rows(np.array([[3e30, 4e30], [3e-30, 4e-30]], np.float32))

    np.testing.assert_allclose(unit, [[0.6, 0.8], [0.6, 0.8]], atol=1e-6)


@pytest.mark.parametrize(("value", "says"), [(np.nan, "NaN"), (np.inf, "NaN or infinite")])
def test_non_finite_row_is_refused_and_the_first_is_named(value, says):
    vectors = np.ones((5, 3), np.float32)
    vectors[3, 1] = vectors[4, 0] = value

    with pytest.raises(InputError, match=f"row 3 .*{says}"):
        unit_rows(vectors)


def test_zero_row_is_refused_by_name():
    with pytest.raises(InputError, match="row 1 has zero length"):
        unit_rows(np.array([[1.0, 0.0], [0.0, 0.0]]))


def test_row_number_is_right_beyond_the_first_block(monkeypatch):
    monkeypatch.setattr(space, "BLOCK_VALUES", 6)
    vectors = np.ones((10, 3))
    vectors[7] = 0

    with pytest.raises(InputError, match="row 7"):
        unit_rows(vectors)


def test_table_of_wrong_shape_is_refused():
    with pytest.raises(InputError, match="rows × dimensions"):
        unit_rows(np.ones(3))


def test_no_rows_are_no_error():
    assert unit_rows(np.zeros((0, 7), np.float32)).shape == (0, 7)


def test_pair_distances_see_differences_far_below_the_float32_cosine_floor():
    angle = 1e-5
    unit = unit_rows(np.array([[1.0, 0.0], [np.cos(angle), np.sin(angle)]]))

    found = pair_distances(unit, np.array([0]), np.array([[0, 1]]))

    np.testing.assert_allclose(found, [[0.0, 1e-5]], rtol=1e-3)


def test_pair_distances_equal_root_of_two_less_twice_the_cosine(monkeypatch):
    monkeypatch.setattr(space, "BLOCK_VALUES", 40)
    unit = unit_rows(np.random.default_rng(0).normal(size=(20, 5)))
    others = np.arange(20)[::-1].reshape(1, 20).repeat(20, axis=0)

    found = pair_distances(unit, np.arange(20), others)

    cosine = (unit.astype(np.float64) @ unit.T.astype(np.float64))[:, ::-1]
    np.testing.assert_allclose(found, np.sqrt(np.maximum(2 - 2 * cosine, 0)), atol=1e-3)


def test_spread_is_zero_for_one_direction_and_one_for_opposite_ones():
    assert spread(unit_rows(np.array([[1.0, 2.0], [2.0, 4.0], [3.0, 6.0]]))) < space.SAME
    assert spread(unit_rows(np.array([[1.0, 0.0], [-1.0, 0.0]]))) == pytest.approx(1.0)

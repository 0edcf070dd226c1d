"""Maps as pictures: where points land, what lies on top, and what is refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InputError
from core.maps.raster import draw_map, point_size

RED, BLUE, GREY = (220, 20, 20), (20, 20, 220), (128, 128, 128)
PALETTE = ["#808080", "#dc1414", "#1414dc"] + ["#00aa00"] * 253
WHITE = (255, 255, 255)


def draw(places, codes, **options):
    xy = np.rint(np.array(places, float).reshape(-1, 2) * 65535).astype(np.uint16)
    options = {"size": (200, 200), **options}
    return np.asarray(draw_map(xy, np.array(codes, np.uint8), PALETTE, **options)).astype(int)


def test_a_point_lies_where_the_view_puts_it_with_y_upwards():
    pixels = draw([(0.25, 0.75)], [1])
    assert tuple(pixels[50, 50]) == RED
    assert tuple(pixels[150, 50]) == WHITE
    assert tuple(pixels[50, 150]) == WHITE


def test_a_view_zooms_into_its_rectangle():
    pixels = draw([(0.5, 0.5), (0.9, 0.9)], [1, 2], view=(0.4, 0.4, 0.6, 0.6))
    assert tuple(pixels[100, 100]) == RED
    assert not (pixels == BLUE).all(axis=2).any()


def test_one_scale_serves_both_axes_of_a_wide_picture():
    pixels = draw([(0.5, 0.5), (0.5, 1.0)], [1, 2], size=(400, 200), view=(0, 0, 1, 1))
    assert tuple(pixels[100, 200]) == RED
    assert tuple(pixels[2, 200]) == BLUE


def test_points_are_discs_with_the_size_the_browser_gives_them():
    pixels = draw([(0.5, 0.5)], [1], size=(400, 400))
    amount = (255 - pixels[:, :, 1]) / 235
    assert amount.sum() == pytest.approx(np.pi * (point_size(400, 1) / 2) ** 2, rel=0.1)


def test_a_point_is_as_large_at_the_edge_as_inside():
    inside = draw([(0.5, 0.5)], [1])
    edge = draw([(0.0, 0.5)], [1])
    half = (inside != 255).any(axis=2)[:, 100:].sum()
    assert (edge != 255).any(axis=2).sum() == pytest.approx(half, abs=6)


def test_noise_lies_below_and_dimmed_points_below_noise():
    same = [(0.5, 0.5)] * 3
    assert tuple(draw(same, [1, 0, 0])[100, 100]) == RED
    selected = np.array([False, True, False])
    assert tuple(draw(same, [1, 0, 2], mask=selected)[100, 100]) == GREY


def test_points_outside_the_selection_fade_towards_the_ground():
    pixels = draw([(0.3, 0.5), (0.7, 0.5)], [1, 1], mask=np.array([True, False]))
    assert tuple(pixels[100, 60]) == RED
    faded = pixels[100, 140]
    assert faded.min() > 180
    assert faded[0] > faded[1]


def test_the_ground_follows_the_theme():
    light, dark = (draw([], [], dark=d)[0, 0].sum() for d in (False, True))
    assert light > 700
    assert dark < 120


def test_labels_are_written_where_there_is_room():
    one = [{"x": 0.5, "y": 0.5, "text": "wasp"}]
    plain = draw([], [])
    labelled = draw([], [], labels=one)
    changed = np.argwhere((labelled != plain).any(axis=2))
    assert np.abs(changed.mean(axis=0) - 100).max() < 4
    twice = draw([], [], labels=[*one, {"x": 0.5, "y": 0.51, "text": "moth"}])
    assert (twice == labelled).all()


def test_the_order_of_rows_does_not_matter_where_points_are_apart():
    random = np.random.default_rng(0)
    places = [(x / 10, y / 10) for x in range(1, 10) for y in range(1, 10)]
    codes = random.integers(0, 3, len(places))
    order = random.permutation(len(places))
    assert (draw(places, codes) == draw(np.array(places)[order], codes[order])).all()


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1), st.integers(0, 255)), max_size=30),
    st.tuples(st.integers(1, 90), st.integers(1, 90)),
)
def test_any_points_and_any_size_give_a_picture_of_that_size(points, size):
    pixels = draw([p[:2] for p in points], [p[2] for p in points], size=size)
    assert pixels.shape == (size[1], size[0], 3)


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({"view": (0.5, 0, 0.5, 1)}, "view"),
        ({"size": (0, 10)}, "size"),
        ({"mask": np.ones(3, bool)}, "mask"),
    ],
)
def test_what_does_not_fit_is_refused(options, word):
    with pytest.raises(InputError, match=word):
        draw([(0.5, 0.5)], [1], **options)


def test_a_palette_of_another_length_is_refused():
    with pytest.raises(InputError, match="palette"):
        draw_map(np.zeros((1, 2), np.uint16), np.zeros(1, np.uint8), ["#000000"])

"""Where one picture lies in another: scales and shifts that are known are found again."""

import numpy as np
import pytest
from PIL import Image
from test_aligned import shown, small

from core.quality.aligned import COARSE, FINE, ROUGH
from core.quality.moving import SIDE, placed, roughly_placed


def cut(image, left, top, right, bottom):
    """Cut shares of a picture off; return it and where it lies: scale and shift along both."""
    width, height = image.size
    box = (left * width, top * height, (1 - right) * width, (1 - bottom) * height)
    part = image.crop(tuple(round(value) for value in box))
    scale = (1 - left - right, 1 - top - bottom)
    return part, np.array([*scale, (left - right) / 2, (top - bottom) / 2])


CUTS = [(0.05, 0.05, 0.05, 0.05), (0.1, 0, 0, 0), (0, 0.08, 0.04, 0), (0.02, 0.02, 0.02, 0.02)]


def stacked(*images):
    return np.stack([small(one) for one in images]).astype(np.float32)


@pytest.mark.parametrize("parts", CUTS)
def test_a_part_is_found_in_the_whole_from_rough_to_fine(parts):
    wholes = [shown(seed, 200) for seed in range(8)]
    cuts = [cut(one, *parts) for one in wholes]
    first, second = stacked(*(part for part, _ in cuts)), stacked(*wholes)
    place, away = roughly_placed(first, second)
    expected = np.stack([where for _, where in cuts])
    assert away.max() < ROUGH / 2
    assert np.abs(place - expected).max() < 0.05  # of 16 values a side
    for level in (COARSE, FINE):
        place = placed(first, second, level, place)
    assert np.abs(place - expected).max() < 0.006  # a fifth of a value of the smaller one


@pytest.mark.parametrize("parts", CUTS)
def test_a_whole_is_laid_around_its_part(parts):
    """The other way round: what reaches beyond the edges does not count."""
    wholes = [shown(seed, 200) for seed in range(8)]
    cuts = [cut(one, *parts) for one in wholes]
    first, second = stacked(*wholes), stacked(*(part for part, _ in cuts))
    place, away = roughly_placed(first, second)
    assert away.max() < ROUGH / 2
    where = np.stack([where for _, where in cuts])
    expected = np.concatenate([1 / where[:, :2], -where[:, 2:] / where[:, :2]], axis=1)
    for level in (COARSE, FINE):
        place = placed(first, second, level, place)
    assert np.abs(place - expected).max() < 0.01


def test_brightness_and_contrast_do_not_matter():
    one = stacked(shown(1), shown(2))
    place, away = roughly_placed(one, 30 + 0.6 * one)
    np.testing.assert_allclose(place, [[1, 1, 0, 0]] * 2, atol=1e-3)
    assert away.max() < 1e-4


def test_pictures_of_other_things_stay_apart():
    one = stacked(*(shown(seed) for seed in range(30)))
    _, away = roughly_placed(one[:-1], one[1:])
    assert (away > ROUGH).mean() > 0.9


def test_nothing_in_a_picture_is_no_error():
    flat = np.full((2, SIDE, SIDE), 128, np.float32)
    place, away = roughly_placed(flat, stacked(shown(0), shown(1)))
    assert np.isfinite(place).all()
    assert np.isfinite(away).all()
    assert (away > ROUGH).all()
    image = Image.new("RGB", (50, 50))
    place, _ = roughly_placed(stacked(image), stacked(image))
    np.testing.assert_allclose(place, [[1, 1, 0, 0]])

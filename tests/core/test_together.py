"""Pictures measured together are measured as each is alone."""

from dataclasses import astuple

import numpy as np
import pytest
from PIL import Image

from core.imaging.measures import measure_reduced, sharp_size
from core.imaging.together import in_squares, measure_together

SIZES = ((128, 96), (64, 64), (61, 127), (256, 90), (1, 1), (2, 40), (300, 3), (65, 64))


def colourful(size, seed=0):
    rng = np.random.default_rng(seed)
    coarse = Image.fromarray(rng.integers(0, 256, (6, 5, 3), np.uint8))
    fine = rng.integers(-20, 20, (size[1], size[0], 3))
    smooth = np.asarray(coarse.resize(size, Image.Resampling.BICUBIC)).astype(int)
    return Image.fromarray(np.clip(smooth + fine, 0, 255).astype(np.uint8))


def framed(size, box, colour=(250, 250, 250)):
    image = Image.new("RGB", size, colour)
    left, top, right, bottom = box
    image.paste(colourful((right - left, bottom - top), 7), (left, top))
    return image


def together(images, thin=1):
    return measure_together(
        [np.asarray(image) for image in images],
        [image.resize(sharp_size(image.size)).convert("L") for image in images],
        [image.entropy() for image in images], [thin] * len(images),
    )  # fmt: skip


def same(images):
    for found, image in zip(together(images), images, strict=True):
        np.testing.assert_allclose(astuple(found), astuple(measure_reduced(image)), atol=1e-6)


def test_all_measures_are_those_of_each_alone():
    same([colourful(size, seed) for seed, size in enumerate(SIZES)])
    assert together([]) == []


def test_dark_light_grey_and_empty_pictures_too():
    grey = colourful((90, 70)).convert("L").convert("RGB")
    dark = colourful((128, 80), 3).point(lambda value: value // 20)
    plain = [Image.new("RGB", (80, 100), (value,) * 3) for value in (0, 128, 255)]
    same([grey, dark, *plain])
    assert together([grey])[0].grey == 1


@pytest.mark.parametrize(
    ("box", "share"),
    [((0, 0, 100, 80), 0.2), ((10, 0, 100, 100), 0.1), ((0, 0, 70, 100), 0.3),
     ((0, 25, 100, 100), 0.25), ((10, 10, 90, 90), 0.36), ((0, 0, 100, 100), 0.0)],
)  # fmt: skip
def test_borders_on_any_side_are_found(box, share):
    image = framed((100, 100), box)
    assert together([image, colourful((100, 100), 4)])[0].border == pytest.approx(share)
    same([image])


def test_a_side_whose_ends_and_middle_are_alike_need_not_be_a_border():
    values = np.asarray(colourful((90, 60), 5)).copy()
    values[0, [0, 45, 89]] = 200
    assert together([Image.fromarray(values)])[0].border == 0


def test_of_every_other_pixel_brightness_and_grey_are_those_of_these():
    image = colourful((120, 90), 6)
    thin, whole = together([image], 2)[0], together([image])[0]
    less = together([Image.fromarray(np.asarray(image)[::2, ::2].copy())])[0]
    assert (thin.brightness_low, thin.brightness_high, thin.grey) == (
        less.brightness_low, less.brightness_high, less.grey,
    )  # fmt: skip
    assert (thin.entropy, thin.sharpness, thin.border) == (
        whole.entropy, whole.sharpness, whole.border,
    )  # fmt: skip


def test_squares_hold_pictures_in_their_corner():
    greys = [colourful(size).convert("L") for size in ((3, 5), (8, 8))]
    found = in_squares(greys, 8)
    assert found.shape == (2, 8, 8)
    assert (found[0, :5, :3] == np.asarray(greys[0])).all()
    assert found[0, 5:].max() == found[0, :, 3:].max() == 0
    assert (found[1] == np.asarray(greys[1])).all()

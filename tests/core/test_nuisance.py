"""Changes that a form does not know: what each does to the pixels, and to what is masked out."""

import numpy as np
import pytest
from making import picture
from PIL import Image
from skimage.transform import rotate

from core.imaging.decode import Picture
from core.imaging.nuisance import NUISANCES, changes, ground_of, on_ground, shift_of


def shown(image, alpha=None):
    return Picture(image, alpha, image.width, image.height, "RGB", "PNG")


def values(image):
    return np.asarray(image).astype(int)


def test_a_shift_moves_every_column_by_one_and_repeats_the_edge():
    image = picture(1, (30, 20))
    before = values(image)
    right = values(changes(1, 1)["shift"](image))
    left = values(changes(-1, 3)["shift"](image))
    assert (right[:, 1:] == before[:, :-1]).all()
    assert (right[:, 0] == before[:, 0]).all()
    assert (left[:, :-3] == before[:, 3:]).all()
    assert (left[:, -3:] == before[:, -1:]).all()


@pytest.mark.parametrize(("width", "seen", "step"), [(8, 16, 1), (320, None, 1), (320, 16, 20),
                                                     (28, 16, 2), (500, 224, 2)])  # fmt: skip
def test_one_pixel_is_one_that_the_encoder_sees(width, seen, step):
    assert shift_of(width, seen) == step


def test_less_light_is_four_fifths_of_every_value():
    image = picture(2)
    assert np.abs(values(changes(1, 1)["gain"](image)) - 0.8 * values(image)).max() <= 0.5


@pytest.mark.parametrize("sign", [1, -1])
def test_a_turn_is_that_of_scikit_image_where_nothing_comes_from_outside(sign):
    image = picture(3, (120, 90))
    found = values(changes(sign, 1)["rotate"](image))
    wanted = rotate(np.asarray(image), sign * 5, order=3, mode="symmetric", preserve_range=True)
    assert found.shape == (90, 120, 3)
    inner = (slice(15, 75), slice(15, 105))
    assert np.abs(found[inner] - wanted[inner]).max() <= 3
    assert np.abs(found[inner] - values(image)[inner]).max() > 10


def test_a_turn_of_one_colour_leaves_no_corners():
    image = Image.new("RGB", (64, 40), (200, 30, 90))
    assert (values(changes(1, 1)["rotate"](image)) == (200, 30, 90)).all()


@pytest.mark.parametrize("name", sorted(set(NUISANCES) - {"background"}))
def test_what_is_masked_out_stays_grey(name):
    """The mask goes with pixels that move, so that no ground comes to light."""
    alpha = Image.new("L", (60, 40), 0)
    alpha.paste(255, (20, 10, 40, 30))
    image = Image.composite(picture(4, (60, 40)), Image.new("RGB", (60, 40), (128,) * 3), alpha)
    changed = changes(1, 2)[name].of(shown(image, alpha))
    out = np.asarray(changed.alpha) == 0
    assert 0.5 < out.mean() < 0.95
    assert (values(changed.image)[out] == values(image)[0, 0]).all()


def test_every_change_of_a_picture_is_named_once():
    assert set(changes(1, 1)) | {"background"} == set(NUISANCES)
    for name, change in changes(1, 1).items():
        image = picture(5, (80, 60))
        assert (values(change(image)).shape != values(image).shape) or (
            values(change(image)) != values(image)
        ).any(), name


def test_an_object_is_put_on_the_ground_of_another():
    alpha = Image.new("L", (40, 20), 0)
    alpha.paste(255, (10, 5, 30, 15))
    own = Image.new("RGB", (40, 20), (250, 0, 0))
    other = Image.new("RGB", (80, 40), (0, 200, 0))
    other.paste((0, 0, 255), (20, 10, 60, 30))  # its object, which must not come along
    ground = ground_of(other, alpha)
    assert (values(ground) == (0, 200, 0)).all()
    found = on_ground(shown(own, alpha), ground)
    inside = np.asarray(alpha) > 0
    assert (values(found.image)[inside] == (250, 0, 0)).all()
    assert (values(found.image)[~inside] == (0, 200, 0)).all()
    assert found.alpha is None


def test_under_an_object_the_colours_around_it_go_on():
    """A ground that runs from dark to light: drawn in, it still does, and nothing stands out."""
    ramp = np.repeat(np.linspace(20, 220, 96)[None, :, None], 64, axis=0).repeat(3, axis=2)
    whole = Image.fromarray(ramp.round().astype(np.uint8))
    alpha = Image.new("L", whole.size, 0)
    whole.paste((255, 0, 0), (30, 16, 66, 48))
    alpha.paste(255, (30, 16, 66, 48))
    found = values(ground_of(whole, alpha))
    assert np.abs(found - ramp).max() < 45
    assert np.abs(found - ramp).mean() < 4
    assert found[..., 0].max() < 230  # no red is left
    everything = ground_of(whole, Image.new("L", whole.size, 255))
    assert (values(everything) == 128).all()


def test_a_picture_without_a_mask_has_no_ground_to_swap():
    with pytest.raises(ValueError, match="no mask"):
        on_ground(shown(picture(6)), picture(7))

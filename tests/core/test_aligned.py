"""Pictures compared by their pixels: changed ones are the same, others are not."""

import numpy as np
import pytest
from PIL import Image, ImageFilter

from core.imaging.perceptual import TURNS
from core.imaging.perturb import TRANSFORMS
from core.quality.aligned import (
    GRAINS,
    LIMIT,
    MOVED,
    SIDE,
    Pictures,
    compare,
    grain_of,
    limits_of,
    turned,
)

LIMITS = np.tile([LIMIT, MOVED], (len(GRAINS), 1))


def shown(seed, side=160):
    """A picture with things in it: ellipses of any grey, a slope, some texture."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0 : 1 : side * 1j, 0 : 1 : side * 1j]
    grey = 90 + 60 * (x * rng.normal() + y * rng.normal())
    for _ in range(14):
        cx, cy, a, b = *rng.random(2), *(0.03 + 0.15 * rng.random(2))
        grey[((x - cx) / a) ** 2 + ((y - cy) / b) ** 2 < 1] = rng.integers(0, 255)
    grey += rng.normal(scale=4, size=grey.shape)
    return Image.fromarray(np.clip(grey, 0, 255).astype(np.uint8)).convert("RGB")


def small(image):
    return np.asarray(image.convert("L").resize((SIDE, SIDE), Image.Resampling.LANCZOS))


def pictures(*images):
    return Pictures(np.stack([small(one) for one in images]),
                    np.array([min(one.size) for one in images], float))  # fmt: skip


def apart(first, second, way=0, limits=LIMITS):
    return float(compare(pictures(first, second), np.array([[0, 1]]), np.array([way]), limits)[0])


@pytest.mark.parametrize("name", ["jpeg60", "half", "gain_up", "gain_down", "crop2", "crop5",
                                  "brighter", "darker", "blurred", "grey"])  # fmt: skip
def test_known_changes_are_copies(name):
    for seed in range(6):
        assert apart(shown(seed), TRANSFORMS[name](shown(seed))) <= 1, seed


def test_a_squeezed_picture_is_a_copy():
    whole = shown(2)
    assert apart(whole, whole.resize((160, 60))) <= 1
    assert apart(whole, whole.filter(ImageFilter.GaussianBlur(4))) <= 1


def test_different_pictures_are_none():
    shot = [shown(seed) for seed in range(24)]
    pairs = np.stack(np.triu_indices(24, 1), axis=1)
    found = compare(pictures(*shot), pairs, np.zeros(len(pairs), int), LIMITS)
    assert found.min() > 1.2


@pytest.mark.parametrize("way", range(8))
def test_turned_ones_are_found_in_their_way_only(way):
    mirrored, quarters = TURNS[way]
    image = shown(5)
    back = image.rotate(-90 * quarters) if quarters else image
    back = back.transpose(Image.Transpose.FLIP_LEFT_RIGHT) if mirrored else back
    assert (
        np.abs(turned(small(back)[None], np.array([way]))[0].astype(int) - small(image)).max() < 9
    )
    assert apart(image, back, way) <= 0.5
    assert apart(image, back, (way + 2) % 8) > 1


def test_pictures_of_nothing_are_never_copies():
    flat = Image.new("RGB", (80, 80), (5, 5, 5))
    assert apart(flat, Image.new("RGB", (80, 80), (5, 5, 5))) == np.inf
    assert apart(flat, shown(1)) == np.inf
    assert compare(pictures(flat), np.zeros((0, 2), int), np.zeros(0, int), LIMITS).tolist() == []


def test_less_is_allowed_where_different_pictures_are_alike():
    rng = np.random.default_rng(0)
    base = np.asarray(shown(0).convert("L"), float)
    alike = [
        Image.fromarray(np.clip(base + 10 * noise, 0, 255).astype(np.uint8))
        for noise in (
            np.kron(rng.normal(size=(8, 8)), np.ones((20, 20))) for _ in range(60)
        )
    ]  # fmt: skip
    strict = limits_of(pictures(*alike), 60)
    assert strict[0, 0] < 0.1
    assert strict[0, 1] < strict[0, 0]
    different = limits_of(pictures(*[shown(seed) for seed in range(60)]), 60)
    assert different[0, 0] == LIMIT
    assert limits_of(pictures(*alike[:20]), 20).tolist() == LIMITS.tolist()  # too few to tell
    copies = np.ones((60, 60), bool)
    assert limits_of(pictures(*alike), 60, copies).tolist() == LIMITS.tolist()
    some = limits_of(pictures(*alike), 60, grains=[0])
    assert some[0].tolist() == strict[0].tolist()
    assert some[1:].tolist() == LIMITS[1:].tolist()  # no picture is compared so


def test_what_small_pictures_cannot_show_is_left_out():
    assert grain_of(np.array([500, 48, 47, 20, 19, 1])).tolist() == [0, 0, 1, 1, 2, 2]


@pytest.mark.parametrize(("side", "name", "most"), [(28, "crop2", 2e-4), (28, "half", 2e-4)])
def test_a_small_picture_cut_or_made_smaller_keeps_its_detail(side, name, most):
    # limits of 28 × 28 clothes: a copy keeps within them only if neither the cut edge nor the
    # pixels that were lost count
    limits = np.full((len(GRAINS), 2), most)
    for seed in range(6):
        whole = shown(seed, 280).resize((side, side), Image.Resampling.LANCZOS)
        assert apart(whole, TRANSFORMS[name](whole), limits=limits) <= 1, seed
        assert apart(whole, shown(seed + 50, 280).resize((side, side)), limits=limits) > 3

"""Features by place: they are those that are pooled, and they lie where the picture shows them."""

import json
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from PIL import Image
from safetensors.torch import save_file

from core.encoders import open_encoder
from core.encoders.places import averaged, check_places, in_picture, patches_of, seen
from core.errors import EncoderUnavailableError
from core.imaging.decode import Picture

MODELS = {
    "conv": ("test_efficientnet", {}),
    "vit": ("test_vit", {"img_size": 64}),
    "convnext": ("test_convnext", {}),
}


def saved(folder: Path, architecture: str, args: dict, **config) -> str:
    """Save a network of random weights; return the name of the encoder."""
    torch.manual_seed(3)
    model = timm.create_model(architecture, num_classes=5, **args).eval()
    save_file(model.state_dict(), folder / "model.safetensors")
    given = {"input_size": [3, 64, 64], "interpolation": "bicubic", "crop_pct": 0.875,
             "crop_mode": "center", "mean": [0.5] * 3, "std": [0.5] * 3, "num_classes": 5,
             "first_conv": model.pretrained_cfg["first_conv"], "fixed_input_size": bool(args),
             "classifier": model.pretrained_cfg["classifier"], **config}  # fmt: skip
    record = {"architecture": architecture, "num_classes": 5, "pretrained_cfg": given}
    (folder / "config.json").write_text(json.dumps(record))
    return f"timm:local-dir:{folder}"


@pytest.fixture(scope="module", params=MODELS)
def name(request, tmp_path_factory):
    return saved(tmp_path_factory.mktemp(request.param), *MODELS[request.param])


def picture(image: Image.Image) -> Picture:
    return Picture(image, None, *image.size, "RGB", "PNG")


def inputs(encoder, count: int = 3, size=(64, 64)) -> np.ndarray:
    rng = np.random.default_rng(0)
    found = [Image.fromarray(rng.integers(0, 256, (9, 9, 3), np.uint8)).resize(size)
             for _ in range(count)]  # fmt: skip
    return np.stack([encoder.prepare(picture(one)) for one in found])


@pytest.mark.parametrize("layer", ["", "layer=-1", "layer=-2"])
def test_the_mean_over_places_is_the_pooled_vector(name, layer):
    """The same layer, pooled by the encoder, is the mean of what lies at the places."""
    encoder = open_encoder("&".join(part for part in (f"{name}?pool=avg", layer) if part))
    given = inputs(encoder)
    places = check_places(encoder).feature_map(given)
    assert places.ndim == 4
    assert places.dtype == np.float32
    np.testing.assert_allclose(places.mean((1, 2)), encoder.encode(given), rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("kind", MODELS)
def test_in_detail_the_last_three_sizes_of_maps_are_told_together(kind, tmp_path):
    """At each place a third of the features is of the finer map, of the middle, of the coarser."""
    name = saved(tmp_path, *MODELS[kind])
    encoder = open_encoder(name)
    given = inputs(encoder)
    found = patches_of(check_places(encoder), given, detailed=True)
    np.testing.assert_allclose(np.linalg.norm(found, axis=-1), 1, rtol=1e-5)
    if kind == "vit":  # all its maps are of one size
        np.testing.assert_array_equal(found, patches_of(check_places(encoder), given))
        return
    fine, middle, coarse = (
        check_places(open_encoder(f"{name}?layer={at}")).feature_map(given) for at in (-3, -2, -1)
    )
    n, high, wide = middle.shape[:3]
    assert found.shape == (n, high, wide, sum(one.shape[3] for one in (fine, middle, coarse)))
    blocks = fine.reshape(n, high, 2, wide, 2, -1).mean((2, 4))
    start = 0
    for one in (blocks, middle, coarse):
        part = found[..., start : start + one.shape[3]] * np.sqrt(3)
        start += one.shape[3]
        one = one / np.linalg.norm(one, axis=-1, keepdims=True)
        if one.shape[1] < high:  # interpolated: the corners are those of the coarse map
            one, part = one[:, 0, 0], part[:, 0, 0]
        np.testing.assert_allclose(part, one, rtol=1e-3, atol=1e-4)


def test_a_layer_that_was_named_stands_alone_in_detail(tmp_path):
    encoder = open_encoder(saved(tmp_path, *MODELS["conv"]) + "?layer=-2")
    plain = patches_of(check_places(encoder), inputs(encoder))
    found = patches_of(check_places(encoder), inputs(encoder), detailed=True)
    np.testing.assert_array_equal(found, plain)


def test_what_changes_in_a_corner_changes_there_most(name):
    """A bright square in one corner changes the features of that corner most."""
    encoder = open_encoder(f"{name}?layer=0")
    plain = Image.new("RGB", (64, 64), (90, 90, 90))
    for row, column in ((0, 0), (0, 1), (1, 0)):
        spot = plain.copy()
        spot.paste((250, 40, 10), (44 * column + 4, 44 * row + 4, 44 * column + 16, 44 * row + 16))
        maps = check_places(encoder).feature_map(
            np.stack([encoder.prepare(picture(one)) for one in (plain, spot)])
        )
        change = np.abs(maps[1] - maps[0]).sum(-1)
        high, wide = change.shape
        at = np.unravel_index(change.argmax(), change.shape)
        assert (at[0] >= high / 2, at[1] >= wide / 2) == (bool(row), bool(column))


def test_the_pixels_lie_where_they_are():
    """The map of pixels is the picture itself."""
    encoder = open_encoder("pixels?side=20&colour=1")
    image = Image.fromarray(np.random.default_rng(1).integers(0, 256, (20, 20, 3), np.uint8))
    found = check_places(encoder).feature_map(np.stack([encoder.prepare(picture(image))]))
    np.testing.assert_allclose(found[0] * 255, np.asarray(image), atol=1e-4)


@pytest.mark.parametrize("mode", ["center", "squash", "border"])
@pytest.mark.parametrize("size", [(200, 120), (90, 160), (128, 128)])
@pytest.mark.parametrize("crop", [0.875, 1.0])
def test_what_is_seen_is_what_the_encoder_is_given(tmp_path, mode, size, crop):
    """Of a picture whose colours say where they are, the prepared one shows the part named."""
    args = MODELS["conv"]
    encoder = open_encoder(saved(tmp_path, *args, crop_mode=mode, crop_pct=crop))
    width, height = size
    across = np.broadcast_to(np.linspace(0, 255, width)[None], (height, width))
    down = np.broadcast_to(np.linspace(0, 255, height)[:, None], (height, width))
    image = Image.fromarray(np.stack([across, down, 0 * down], -1).astype(np.uint8))
    given = encoder.prepare(picture(image))
    left, top, wide, high = seen(encoder.spec, width, height)
    side = given.shape[0]
    for x, y in ((0.3, 0.4), (0.5, 0.5), (0.7, 0.6)):  # inside of any border
        at = given[int(y * side), int(x * side)].astype(float)
        assert at[0] / 255 == pytest.approx(left + x * wide, abs=0.03)
        assert at[1] / 255 == pytest.approx(top + y * high, abs=0.03)
        found = in_picture(encoder.spec, width, height, x, y)
        np.testing.assert_allclose(found, at[:2] / 255, atol=0.03)
    corners = (
        in_picture(encoder.spec, width, height, 0, 0),
        in_picture(encoder.spec, width, height, 1, 1),
    )
    assert all(0 <= side <= 1 for corner in corners for side in corner)


def test_fine_maps_are_averaged_over_blocks():
    """Blocks of 40 rows in 16 are of 2 or 3; every one is the mean of what lies in it."""
    rng = np.random.default_rng(2)
    found = rng.normal(size=(2, 40, 7, 3)).astype(np.float32)
    small = averaged(found)
    assert small.shape == (2, 16, 7, 3)
    np.testing.assert_allclose(small[:, 0], found[:, 0:2].mean(1), rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(small[:, 15], found[:, 37:40].mean(1), rtol=1e-5, atol=1e-6)
    assert averaged(found, 64) is found


def test_an_encoder_or_layer_without_places_says_so(tmp_path):
    with pytest.raises(EncoderUnavailableError, match="colour-texture gives one vector a picture"):
        check_places(open_encoder("colour-texture"))
    encoder = open_encoder(saved(tmp_path, *MODELS["conv"]) + "?layer=global_pool")
    with pytest.raises(EncoderUnavailableError, match="no features by place"):
        patches_of(check_places(encoder), inputs(encoder))

import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from core.encoders import ENCODERS, describe, open_encoder
from core.encoders.base import Memo, spec_from_dict, spec_to_dict
from core.encoders.texture import BLOCKS, DIMS, block
from core.encoders.training import good_for, is_metric, training_of
from core.errors import EncoderUnavailableError
from core.imaging.decode import Picture
from core.model import EncoderSpec


def picture(pixels: np.ndarray, alpha: np.ndarray | None = None) -> Picture:
    image = Image.fromarray(pixels.astype(np.uint8)).convert("RGB")
    mask = None if alpha is None else Image.fromarray(alpha.astype(np.uint8))
    return Picture(image, mask, *image.size, "RGB", "PNG")


def vector_of(name: str, shown: Picture) -> np.ndarray:
    encoder = open_encoder(name)
    return encoder.encode(encoder.prepare(shown)[None])[0]


def noise(height: int = 60, width: int = 80, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3))


# -- names ------------------------------------------------------------------------------------


def test_asking_about_encoders_loads_no_heavy_library():
    code = (
        "import sys; from core.encoders import describe; import core.embed, core.storage.vectors;"
        "describe('pixels'); describe('colour-texture'); describe('timm:resnet18.a1_in1k');"
        "heavy = {'torch','timm','skimage','scipy','sklearn','huggingface_hub'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("pixel", ["no encoder", "did you mean pixels", "colour-texture", "timm:<name>"]),
        ("resnet18", ["did you mean timm:resnet18"]),
        ("", ["no encoder"]),
        ("pixels?sid=8", ["unknown option 'sid'", "did you mean side?", "side, colour"]),
        ("pixels?side=0", ["from 1 to 256", "'0'"]),
        ("pixels?side=1e2", ["whole number"]),
        ("pixels?side=²", ["whole number"]),
        ("pixels?side", ["name=value"]),
        ("pixels?side=", ["name=value"]),
        ("pixels?side=8&side=9", ["given twice"]),
        ("pixels?colour=maybe", ["colour is 1 or 0"]),
        ("colour-texture?side=8", ["unknown option", "it takes none"]),
        ("timm:", ["name a model"]),
        ("timm:x?pol=avg", ["did you mean pool?", "model_args.<name>"]),
        ("timm:x?pool=mean", ["pool is avg, max, token"]),
        ("timm:x?size=big", ["size is a whole number"]),
        ("timm:org/model", ["timm:local-dir:<folder>"]),
        ("timm:x?checkpoint=/no/such.pth", ["no checkpoint file"]),
        ("timm:local-dir:/no/such", ["config.json", "hf download"]),
        ("timm:local-dir:/no/such?checkpoint=a.pth", ["leave checkpoint out"]),
    ],
)
@pytest.mark.parametrize("ask", [describe, open_encoder])
def test_a_name_that_cannot_be_used_says_what_to_do(name, words, ask):
    with pytest.raises(EncoderUnavailableError) as caught:
        ask(name)
    assert all(word in str(caught.value) for word in words), str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["pixels", "pixels?side=5&colour=1", "colour-texture"])
def test_what_is_described_is_what_is_opened(name):
    spec = describe(name)
    encoder = open_encoder(name)
    assert spec == encoder.spec
    assert spec.name == name
    assert spec.good_for
    assert encoder.concurrent
    assert vector_of(name, picture(noise())).shape == (spec.dims,)


def test_options_that_change_vectors_change_the_key():
    names = ["pixels", "pixels?side=15", "pixels?colour=1", "colour-texture"]
    assert len({describe(name).key for name in names}) == 4
    assert describe("pixels?side=16").key == describe("pixels").key


def test_the_listing_names_each_encoder_and_what_it_is_for():
    assert [listing.name for listing in ENCODERS][:2] == ["pixels", "colour-texture"]
    assert all(listing.title and listing.good_for for listing in ENCODERS)
    assert {e.name for e in ENCODERS if not e.needs_weights} == {
        "pixels", "colour-texture", "python:<module>:<function>", "ensemble:<a>+<b>",
        "residual:<a>?columns=<column>",
    }  # fmt: skip


def test_a_spec_survives_json():
    spec = EncoderSpec(
        "n", "w", "contrastive", 3, (2, 3), mean=(0.1, 0.2), std=(1.0, 1.0), extra={"a": [1, "b"]}
    )
    again = spec_from_dict(spec_to_dict(spec))
    assert again.key == spec.key
    assert again.mean == spec.mean
    assert again.input_size == spec.input_size
    with pytest.raises(TypeError):
        spec_from_dict({"name": "n"})


def test_a_memo_forgets_rather_than_fails(tmp_path):
    memo = Memo(tmp_path / "memo")
    assert memo.get("a") is None
    memo.put({"x": 1}, "a", 2)
    assert memo.get("a", 2) == {"x": 1}
    assert memo.get("a", 3) is None
    (path,) = (tmp_path / "memo").iterdir()
    path.write_text("{")
    assert memo.get("a", 2) is None
    (tmp_path / "file").write_text("")
    Memo(tmp_path / "file").put({"x": 1}, "a")
    Memo(None).put({"x": 1}, "a")
    assert Memo(None).get("a") is None


# -- pixels -----------------------------------------------------------------------------------


def test_pixels_of_a_picture_of_the_same_size_are_its_pixels():
    grey = np.arange(256).reshape(16, 16)
    vector = vector_of("pixels", picture(np.repeat(grey[..., None], 3, axis=2)))
    assert np.array_equal(vector, (grey.ravel() / 255).astype(np.float32))


def test_pixels_are_means_over_areas_where_the_picture_shrinks():
    blocks = np.random.default_rng(0).integers(0, 256, (4, 4))
    grey = np.kron(blocks, np.ones((5, 3)))
    vector = vector_of("pixels?side=4", picture(np.repeat(grey[..., None], 3, axis=2)))
    assert np.allclose(vector, blocks.ravel() / 255, atol=1e-6)


def test_pixels_of_a_smaller_picture_are_interpolated():
    ramp = np.tile(np.linspace(0, 240, 8), (8, 1))
    grid = vector_of("pixels", picture(np.repeat(ramp[..., None], 3, axis=2))).reshape(16, 16)
    assert (np.diff(grid, axis=1) >= 0).all()
    assert len(np.unique(grid[0])) > 10
    assert np.ptp(grid, axis=0).max() < 0.01


def test_pixels_keep_colour_when_asked():
    red = np.zeros((10, 10, 3))
    red[..., 0] = 255
    assert np.array_equal(vector_of("pixels?side=2&colour=1", picture(red)), [1, 0, 0] * 4)
    assert np.allclose(vector_of("pixels?side=2", picture(red)), 0.299, atol=0.005)


# -- colour-texture ---------------------------------------------------------------------------


def test_the_layout_is_as_documented():
    assert BLOCKS == (
        ("moments", 9), ("colours", 80), ("patterns", 54), ("gradients", 60), ("cooccurrence", 8),
    )  # fmt: skip
    assert sum(n for _, n in BLOCKS) == DIMS == describe("colour-texture").dims == 211
    assert block("patterns") == slice(89, 143)
    with pytest.raises(KeyError):
        block("shape")


@pytest.mark.parametrize("shape", [(1, 1), (2, 300), (60, 80), (400, 300)])
@pytest.mark.parametrize("flat", [True, False])
def test_no_block_is_longer_than_one_whatever_the_picture(shape, flat):
    pixels = np.full((*shape, 3), 77) if flat else noise(*shape)
    vector = vector_of("colour-texture", picture(pixels)).astype(np.float64)
    assert np.isfinite(vector).all()
    for name, _ in BLOCKS:
        length = np.linalg.norm(vector[block(name)])
        assert length <= 1 + 1e-6
        if name in {"colours", "patterns"} or (
            name == "gradients" and min(shape) > 10 and not flat
        ):
            assert length == pytest.approx(1, abs=1e-6)


def test_moments_of_a_half_black_half_white_picture_are_known():
    pixels = np.zeros((40, 40, 3))
    pixels[:, 20:] = 255
    moments = vector_of("colour-texture", picture(pixels))[block("moments")] * 3
    # L is 0 or 100: mean 50, standard deviation 50, no skew; a and b are 0
    assert np.allclose(moments, [0, 0, 0, 1, 0, 0, 0, 0, 0], atol=2e-3)


def test_colours_and_patterns_do_not_change_when_the_picture_is_turned():
    pixels = np.kron(noise(20, 20), np.ones((4, 4, 1)))
    upright = vector_of("colour-texture", picture(pixels))
    turned = vector_of("colour-texture", picture(np.rot90(pixels)))
    assert np.allclose(upright[block("moments")], turned[block("moments")], atol=1e-5)
    assert np.allclose(upright[block("colours")], turned[block("colours")], atol=1e-5)
    assert np.allclose(upright[block("patterns")], turned[block("patterns")], atol=0.05)


def test_gradients_tell_horizontal_from_vertical_stripes():
    stripes = np.tile((np.arange(80) // 8 % 2 * 255)[:, None, None], (1, 80, 3))
    across = vector_of("colour-texture", picture(stripes))[block("gradients")][:12]
    down = vector_of("colour-texture", picture(stripes.transpose(1, 0, 2)))[block("gradients")][:12]
    assert np.argmax(across) == 6  # the gradient points down: 90 of 180 degrees
    assert np.argmax(down) in {0, 11}
    assert across @ down < 1e-6


def test_an_alpha_mask_keeps_the_background_out_of_the_colours():
    pixels = np.full((50, 50, 3), 128)
    pixels[10:40, 10:40] = (200, 30, 30)
    alpha = np.zeros((50, 50))
    alpha[10:40, 10:40] = 255
    masked = vector_of("colour-texture", picture(pixels, alpha))
    inside = vector_of("colour-texture", picture(pixels[10:40, 10:40]))
    whole = vector_of("colour-texture", picture(pixels))
    colour = slice(0, block("colours").stop)
    assert np.allclose(masked[colour], inside[colour], atol=1e-4)
    assert not np.allclose(whole[colour], inside[colour], atol=0.05)
    nothing = vector_of("colour-texture", picture(pixels, np.zeros((50, 50))))
    assert np.allclose(nothing, whole)


def test_likeness_follows_colour_and_texture():
    def one(seed: int, smooth: int, tint: tuple[int, int, int]) -> np.ndarray:
        rough = noise(90, 90, seed)
        grain = np.kron(rough[:: smooth or 1, :: smooth or 1], np.ones((smooth, smooth, 1)))[
            :90, :90
        ]
        return vector_of("colour-texture", picture(grain * 0.4 + np.array(tint) * 0.6))

    red_fine, also = one(0, 1, (255, 0, 0)), one(1, 1, (255, 0, 0))
    red_coarse, blue_fine = one(2, 9, (255, 0, 0)), one(3, 1, (0, 0, 255))
    near = np.linalg.norm(red_fine - also)
    assert near * 3 < np.linalg.norm(red_fine - red_coarse)
    assert near * 3 < np.linalg.norm(red_fine - blue_fine)


# -- how models were trained ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("resnet50.a1_in1k", "classification"),
        ("mobilenetv2_100.coral_qat_in1k", "classification"),
        ("convnext_base.fb_in22k_ft_in1k", "classification"),
        ("vit_base_patch16_224.augreg2_in21k_ft_in1k", "classification"),
        ("vit_small_patch14_dinov2.lvd142m", "self-supervised"),
        ("vit_small_patch16_dinov3.lvd1689m", "self-supervised"),
        ("vit_base_patch16_224.dino", "self-supervised"),
        ("vit_base_patch16_224.mae", "self-supervised"),
        ("convnextv2_base.fcmae", "self-supervised"),
        ("convnextv2_base.fcmae_ft_in1k", "classification"),
        ("vit_base_patch16_clip_224.openai", "contrastive"),
        ("vit_base_patch32_clip_224.laion2b", "contrastive"),
        ("vit_base_patch16_clip_224.openai_ft_in1k", "classification"),
        ("vit_base_patch16_siglip_224.webli", "contrastive"),
        ("samvit_base_patch16.sa1b", "segmentation"),
        ("resnet50.", "classification"),
    ],
)
def test_training_is_told_from_the_name(name, kind):
    assert training_of(*name.split(".", 1)) == kind
    assert good_for(kind)
    assert is_metric(kind) is (kind != "segmentation")

"""Contrastive encoders of open_clip: tiny real models, saved to folders by the test itself."""

import json
import pickle
import shutil
import subprocess
import sys

import contrastive
import numpy as np
import open_clip
import pytest
import torch
from making import ROOT
from PIL import Image
from safetensors.torch import load_file, save_file

from core.encoders import describe, open_encoder
from core.encoders.base import TextEncoder
from core.encoders.prompts import (
    TEMPLATES,
    filled,
    has_text,
    mean_direction,
    name_of,
    templates_of,
    words_of,
)
from core.errors import EncoderUnavailableError, InputError
from core.imaging.decode import load_picture

TEXTS = ["a photo of a dog", "three", "Zwölf Boxkämpfer jagen Viktor"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("pair") / "tiny"
    contrastive.write_untrained(made)
    return made


@pytest.fixture(scope="module")
def encoder(folder):
    return open_encoder(f"open_clip:local-dir:{folder}", device="cpu")


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    root, rng = tmp_path_factory.mktemp("photos"), np.random.default_rng(0)
    paths = []
    for at, size in enumerate([(40, 30), (16, 16), (90, 20), (33, 64), (200, 150)]):
        small = rng.integers(0, 256, (5, 7, 3), dtype=np.uint8)
        paths.append(root / f"{at}.png")
        Image.fromarray(small).resize(size, Image.Resampling.BICUBIC).save(paths[-1])
    return paths


def encoded(encoder, paths):
    return encoder.encode(np.stack([encoder.prepare(load_picture(path)) for path in paths]))


def copied(folder, to, **changes):
    """Copy a model's folder, with parts of its config replaced."""
    shutil.copytree(folder, to)
    config = json.loads((to / "open_clip_config.json").read_text())
    for part, values in changes.items():
        config[part] = {**config[part], **values}
    (to / "open_clip_config.json").write_text(json.dumps(config))
    return to


# -- the towers ----------------------------------------------------------------------------------


def test_pictures_and_texts_are_those_of_open_clip_itself(folder, encoder, photos):
    model, _, transform = open_clip.create_model_and_transforms(f"local-dir:{folder}")
    tokenizer = open_clip.get_tokenizer(f"local-dir:{folder}")
    model.eval()
    with torch.inference_mode():
        pixels = torch.stack([transform(Image.open(path).convert("RGB")) for path in photos])
        seen = model.encode_image(pixels).numpy()
        read = model.encode_text(tokenizer(TEXTS)).numpy()
    np.testing.assert_allclose(encoded(encoder, photos), seen, atol=2e-5)
    np.testing.assert_allclose(encoder.encode_texts(TEXTS), read, atol=2e-5)


@pytest.mark.parametrize("mode", ["shortest", "longest", "squash"])
def test_each_way_to_prepare_a_picture_is_open_clips(folder, photos, tmp_path, mode):
    own = {"resize_mode": mode, "interpolation": "bicubic", "fill_color": 90}
    made = copied(folder, tmp_path / mode, preprocess_cfg=own)
    encoder = open_encoder(f"open_clip:local-dir:{made}", device="cpu")
    _, _, transform = open_clip.create_model_and_transforms(f"local-dir:{made}")
    assert encoder.spec.crop_mode == mode
    for path in photos:
        picture = load_picture(path)
        wanted = transform(Image.open(path).convert("RGB")).permute(1, 2, 0).numpy()
        mean, std = (np.array(values) for values in (encoder.spec.mean, encoder.spec.std))
        np.testing.assert_allclose((encoder.prepare(picture) / 255 - mean) / std, wanted, atol=1e-5)


def test_batches_change_nothing(encoder, photos):
    whole = encoded(encoder, photos)
    alone = np.concatenate([encoded(encoder, [path]) for path in photos])
    np.testing.assert_allclose(whole, alone, atol=1e-5)
    many = [f"number {n}" for n in range(70)]
    parts = np.concatenate([encoder.encode_texts([text]) for text in many])
    np.testing.assert_allclose(encoder.encode_texts(many), parts, atol=1e-5)
    assert encoder.encode_texts([]).shape == (0, encoder.spec.dims)


def test_a_spec_says_what_it_is(encoder, folder):
    spec = encoder.spec
    assert (spec.model_type, spec.metric, spec.dims, spec.input_size) == (
        "contrastive", True, 32, (16, 16)
    )  # fmt: skip
    assert (spec.crop_mode, spec.interpolation, spec.mean) == ("squash", "bilinear", (0.3,) * 3)
    assert has_text(spec)
    assert isinstance(encoder, TextEncoder)
    scale = load_file(folder / "open_clip_model.safetensors")["logit_scale"].exp()
    assert spec.extra["scale"] == pytest.approx(float(scale), abs=1e-5)
    assert not has_text(open_encoder("pixels").spec)
    assert not isinstance(open_encoder("pixels"), TextEncoder)


def test_it_is_remembered_and_known_again_without_loading_it(folder, tmp_path):
    name, memo = f"open_clip:local-dir:{folder}", tmp_path / "memo"
    assert describe(name, memo=memo) is None
    spec = open_encoder(name, memo=memo, device="cpu").spec
    script = (
        "import sys; from pathlib import Path; from core.encoders import describe;"
        f"found = describe({name!r}, memo=Path({str(memo)!r}));"
        "print(found.key, [n for n in ('torch', 'open_clip', 'timm') if n in sys.modules])"
    )
    told = subprocess.run(
        [sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert told.stdout.split(" ", 1) == [spec.key, "[]\n"]


def test_the_key_covers_weights_config_and_preparation_but_not_the_folder(
    folder, encoder, tmp_path
):
    moved = copied(folder, tmp_path / "moved")
    assert open_encoder(f"open_clip:local-dir:{moved}", device="cpu").spec.key == encoder.spec.key
    other = tmp_path / "other"
    contrastive.write_untrained(other, seed=1)
    mean = copied(folder, tmp_path / "mean", preprocess_cfg={"mean": [0.5, 0.5, 0.5]})
    gelu = copied(folder, tmp_path / "gelu", model_cfg={"quick_gelu": True})
    keys = {
        open_encoder(f"open_clip:local-dir:{one}", device="cpu").spec.key
        for one in (folder, other, mean, gelu)
    }
    sized = open_encoder(f"open_clip:local-dir:{folder}?size=32", device="cpu")
    assert sized.spec.input_size == (32, 32)
    assert len(keys | {sized.spec.key}) == 5


def test_weights_may_lie_in_a_file_or_a_folder_of_their_own(folder, tmp_path):
    model = open_clip.create_model("ViT-S-32-alt", pretrained_text=False)
    bare = tmp_path / "bare"
    bare.mkdir()
    torch.save(model.state_dict(), bare / "open_clip_pytorch_model.bin")
    by_folder = open_encoder(f"open_clip:ViT-S-32-alt:{bare}", device="cpu")
    path = bare / "open_clip_pytorch_model.bin"
    by_file = open_encoder(f"open_clip:ViT-S-32-alt:{path}", device="cpu")
    assert by_folder.spec.key == by_file.spec.key
    assert (by_file.spec.dims, by_file.spec.input_size) == (256, (224, 224))
    with_config = open_encoder(f"open_clip:anything:{folder}", device="cpu")
    assert with_config.spec.dims == 32


@pytest.fixture
def hub(tmp_path, monkeypatch):
    """An empty cache of the hub, out of reach of a network; a function puts files into it."""
    import huggingface_hub.constants as constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))

    def put(repository, *files):
        held = tmp_path / "hub" / f"models--{repository.replace('/', '--')}"
        (held / "refs").mkdir(parents=True)
        (held / "refs" / "main").write_text("abc")
        (held / "snapshots" / "abc").mkdir(parents=True)
        for file in files:
            shutil.copy(file, held / "snapshots" / "abc" / file.name)

    return put


def test_a_cached_repository_is_used_without_asking_the_network(folder, encoder, photos, hub):
    hub("owner/tiny", *folder.iterdir())
    found = open_encoder("open_clip:hf-hub:owner/tiny", device="cpu")
    assert found.spec.key == encoder.spec.key
    np.testing.assert_array_equal(encoded(found, photos), encoded(encoder, photos))
    np.testing.assert_array_equal(found.encode_texts(TEXTS[:2]), encoder.encode_texts(TEXTS[:2]))


def test_a_tag_brings_its_own_preparation_and_activation(hub, tmp_path, monkeypatch):
    from open_clip import pretrained

    told = {"hf_hub": "owner/alt/", "mean": (0.1, 0.2, 0.3), "std": (0.5, 0.5, 0.5),
            "interpolation": "bilinear", "resize_mode": "squash", "quick_gelu": True}  # fmt: skip
    monkeypatch.setitem(pretrained._PRETRAINED, "ViT-S-32-alt", {"mine": told})
    torch.manual_seed(0)
    model = open_clip.create_model("ViT-S-32-alt", pretrained_text=False, force_quick_gelu=True)
    path = tmp_path / "open_clip_model.safetensors"
    save_file(model.state_dict(), path)
    hub("owner/alt", path)
    by_tag = open_encoder("open_clip:ViT-S-32-alt:mine", device="cpu")
    assert (by_tag.spec.mean, by_tag.spec.crop_mode) == ((0.1, 0.2, 0.3), "squash")
    tokens = open_clip.get_tokenizer("ViT-S-32-alt")(["a dog"])
    with torch.inference_mode():
        wanted = model.eval().encode_text(tokens).numpy()
    np.testing.assert_allclose(by_tag.encode_texts(["a dog"]), wanted, atol=2e-5)
    plain = open_encoder(f"open_clip:ViT-S-32-alt:{path}", device="cpu")  # another activation
    assert np.abs(plain.encode_texts(["a dog"]) - wanted).max() > 1e-3


# -- what cannot be opened -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("open_clip:ViT-B-32", "name a model and its weights"),
        ("open_clip:", "name a model and its weights"),
        ("open_clip:ViT-B-23:openai", "did you mean ViT-B-32"),
        ("open_clip:ViT-B-32:laion2b_s34b_b97k", "did you mean laion2b_s34b_b79k"),
        ("open_clip:local-dir:/nowhere", "open_clip_config.json is not there"),
        ("open_clip:ViT-B-32:/nowhere/x.safetensors", "there is no file or folder"),
        ("open_clip:hf-hub:bioclip", "hf-hub:owner/name"),
        ("open_clip:ViT-B-32:openai?layer=2", "unknown option 'layer'"),
        ("open_clip:ViT-B-32:openai?size=big", "size is a whole number"),
    ],
)
def test_a_wrong_name_says_what_is_wrong(name, said):
    with pytest.raises(EncoderUnavailableError, match=said):
        open_encoder(name, device="cpu")


@pytest.mark.parametrize(
    "name",
    ["open_clip:ViT-B-32:laion2b_s34b_b79k", "open_clip:ViT-B-16-SigLIP:webli",
     "open_clip:MobileCLIP-S1:datacompdr", "open_clip:hf-hub:imageomics/bioclip"],
)  # fmt: skip
@pytest.mark.usefixtures("hub")
def test_out_of_reach_of_the_hub_it_says_so_at_once_and_how_to_fetch(name):
    with pytest.raises(EncoderUnavailableError, match=r"hf download .* --local-dir FOLDER") as told:
        open_encoder(name, device="cpu")
    assert "HF_HUB_OFFLINE is set" in str(told.value)
    assert "open_clip:local-dir:FOLDER" in str(told.value)


def test_weights_that_miss_something_are_refused(folder, tmp_path):
    made = copied(folder, tmp_path / "short")
    state = load_file(made / "open_clip_model.safetensors")
    state.pop("text_projection")
    save_file(state, made / "open_clip_model.safetensors")
    with pytest.raises(EncoderUnavailableError, match="text_projection"):
        open_encoder(f"open_clip:local-dir:{made}", device="cpu")


class Harmful:
    def __reduce__(self):
        return print, ("harm was done",)


def test_a_pickle_is_never_run(folder, tmp_path, capfd):
    made = copied(folder, tmp_path / "pickled")
    (made / "open_clip_model.safetensors").unlink()
    with (made / "open_clip_pytorch_model.bin").open("wb") as file:
        pickle.dump({"state_dict": Harmful()}, file)
    with pytest.raises(EncoderUnavailableError, match=r"never loaded|damaged"):
        open_encoder(f"open_clip:local-dir:{made}", device="cpu")
    assert "harm was done" not in capfd.readouterr().out


@pytest.mark.parametrize(
    "damage",
    [
        lambda f: (f / "open_clip_model.safetensors").write_bytes(b"\0" * 40),
        lambda f: (f / "open_clip_model.safetensors").unlink(),
        lambda f: (f / "open_clip_config.json").write_text("{"),
        lambda f: (f / "open_clip_config.json").write_text('{"model_cfg": {"embed_dim": 4}}'),
        lambda f: (f / "open_clip_config.json").write_text("[1, 2]"),
    ],
)
def test_a_damaged_folder_is_named(folder, tmp_path, damage):
    made = copied(folder, tmp_path / "damaged")
    damage(made)
    with pytest.raises(EncoderUnavailableError, match="damaged"):
        open_encoder(f"open_clip:local-dir:{made}", device="cpu")


# -- text ----------------------------------------------------------------------------------------


def test_a_text_longer_than_the_tower_reads_is_refused_and_not_cut(encoder):
    with pytest.raises(InputError, match="this encoder reads 16"):
        encoder.encode_texts(["word " * 30])
    with pytest.raises(InputError, match="empty"):
        encoder.encode_texts(["dog", "  "])


def test_a_tokenizer_that_is_not_installed_is_told_while_pictures_work(
    folder, photos, tmp_path, monkeypatch
):
    monkeypatch.setitem(sys.modules, "transformers", None)
    made = copied(folder, tmp_path / "siglip")
    config = json.loads((made / "open_clip_config.json").read_text())
    config["model_cfg"]["text_cfg"]["hf_tokenizer_name"] = "owner/tokenizer"
    (made / "open_clip_config.json").write_text(json.dumps(config))
    encoder = open_encoder(f"open_clip:local-dir:{made}", device="cpu")
    assert encoded(encoder, photos).shape == (5, 32)
    with pytest.raises(EncoderUnavailableError, match="uv run --extra text"):
        encoder.encode_texts(["dog"])


def test_templates_are_named_or_ones_own():
    assert templates_of(None) == templates_of([]) == TEMPLATES["photo"]
    assert templates_of("plain") == ("{}",)
    assert templates_of(["plain", "an X-ray of {}", "plain"]) == ("{}", "an X-ray of {}")
    assert [name_of(TEMPLATES[name]) for name in TEMPLATES] == list(TEMPLATES)
    assert name_of(["an X-ray of {}"]) is None
    assert filled("dog {}", ("a {}.", "{}")) == ["a dog {}.", "dog {}"]
    for wrong in ("an X-ray", "{} and {}", "{}" + "x" * 500):
        with pytest.raises(InputError, match="template"):
            templates_of(wrong)


def test_words_are_kept_once_with_single_spaces():
    assert words_of([" a  red\tcar ", "a red car", "Dog"]) == ["a red car", "Dog"]
    for wrong in (["", "dog"], [3], ["x" * 501], [str(n) for n in range(65)]):
        with pytest.raises(InputError, match="text"):
            words_of(wrong)


def test_the_mean_direction_is_that_of_unit_vectors():
    found = mean_direction(np.array([[3.0, 0.0], [0.0, 0.5]]))
    np.testing.assert_allclose(found, [np.sqrt(0.5)] * 2)
    for wrong in ([[1.0, 0.0], [-1.0, 0.0]], [[0.0, 0.0]], [[np.nan, 1.0]]):
        with pytest.raises(InputError):
            mean_direction(np.array(wrong))

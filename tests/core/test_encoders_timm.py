"""Real timm models, tiny and with random weights, saved to folders by the test itself."""

import json
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import timm
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from timm.data import create_transform

from core.embed import embed
from core.encoders import describe, open_encoder
from core.encoders.batches import Batches
from core.encoders.device import choose_device, mixed_precision, out_of_memory
from core.errors import EncoderUnavailableError
from core.imaging.decode import ItemFile, Picture, load_picture

CONV, VIT = "test_efficientnet", "test_vit"

PREPROCESSING = {
    "input_size": [3, 64, 64],
    "interpolation": "bicubic",
    "crop_pct": 0.875,
    "crop_mode": "center",
    "mean": [0.4, 0.5, 0.6],
    "std": [0.2, 0.25, 0.3],
}


def save_model(
    folder: Path, architecture: str = CONV, seed: int = 0, args: dict | None = None, **config
) -> Path:
    """Save a random network of seven classes as timm's local-dir wants it; return the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    model = random_model(architecture, seed, args)
    save_file(model.state_dict(), folder / "model.safetensors")
    defaults = {"classifier": model.pretrained_cfg["classifier"], "num_classes": 7,
                "first_conv": model.pretrained_cfg["first_conv"],
                "fixed_input_size": architecture == VIT}  # fmt: skip
    record = {
        "architecture": architecture,
        "num_classes": 7,
        "model_args": args or {},
        "pretrained_cfg": {**defaults, **PREPROCESSING, **config},
    }
    (folder / "config.json").write_text(json.dumps(record))
    return folder


def random_model(architecture: str, seed: int = 0, args: dict | None = None):
    """Return a network whose every parameter and statistic is random, so that each one counts."""
    torch.manual_seed(seed)
    fixed = {"img_size": 64} if architecture == VIT else {}
    model = timm.create_model(architecture, num_classes=7, **{**fixed, **(args or {})}).eval()
    with torch.no_grad():
        for name, value in model.state_dict().items():
            if value.dtype.is_floating_point:
                value.add_(torch.rand_like(value) * (0.1 if "weight" in name else 0.3))
    return model


@pytest.fixture(scope="module")
def conv(tmp_path_factory) -> Path:
    return save_model(tmp_path_factory.mktemp("conv"))


@pytest.fixture(scope="module")
def vit(tmp_path_factory) -> Path:
    return save_model(tmp_path_factory.mktemp("vit"), VIT)


@pytest.fixture(scope="module")
def images(tmp_path_factory) -> list[Path]:
    folder, rng = tmp_path_factory.mktemp("images"), np.random.default_rng(0)
    paths = []
    for i, size in enumerate([(90, 70), (64, 64), (40, 120), (300, 200), (65, 1000), (33, 21)]):
        small = rng.integers(0, 256, (7, 9, 3), dtype=np.uint8)
        image = Image.fromarray(small).resize(size, Image.Resampling.BICUBIC)
        paths.append(folder / f"{i}.png")
        image.save(paths[-1])
    return paths


def encoded(encoder, paths: list[Path]) -> np.ndarray:
    return encoder.encode(np.stack([encoder.prepare(load_picture(p)) for p in paths]))


def timms_own(folder: Path, paths: list[Path], **changes) -> np.ndarray:
    """Return what timm alone makes of the pictures: its transform, its model, one at a time."""
    model = timm.create_model(f"local-dir:{folder}", pretrained=True, num_classes=0).eval()
    config = {**json.loads((folder / "config.json").read_text())["pretrained_cfg"], **changes}
    transform = create_transform(**{k: config[k] for k in PREPROCESSING}, is_training=False)
    with torch.inference_mode():
        parts = [model(transform(Image.open(p).convert("RGB"))[None]) for p in paths]
    return torch.cat(parts).numpy()


# -- the model's own preprocessing ------------------------------------------------------------


@pytest.mark.parametrize("crop_mode", ["center", "squash", "border"])
@pytest.mark.parametrize("crop_pct", [0.875, 1.0])
@pytest.mark.parametrize("interpolation", ["bicubic", "bilinear"])
def test_input_is_what_timms_transform_makes(tmp_path, images, crop_mode, crop_pct, interpolation):
    changes = {"crop_mode": crop_mode, "crop_pct": crop_pct, "interpolation": interpolation}
    encoder = open_encoder(f"timm:local-dir:{save_model(tmp_path, **changes)}")
    assert encoder.spec.crop_mode == crop_mode
    assert encoder.spec.interpolation == interpolation
    transform = create_transform(**{**PREPROCESSING, **changes}, is_training=False)
    for path in images:
        pixels = torch.from_numpy(encoder.prepare(load_picture(path)).copy()).permute(2, 0, 1)
        mean, std = (torch.tensor(PREPROCESSING[k])[:, None, None] for k in ("mean", "std"))
        expected = transform(Image.open(path).convert("RGB"))
        assert torch.allclose((pixels / 255 - mean) / std, expected, atol=1e-6)


@pytest.mark.parametrize("model", ["conv", "vit"])
def test_vectors_are_what_timm_alone_gives(model, images, request):
    folder = request.getfixturevalue(model)
    encoder = open_encoder(f"timm:local-dir:{folder}")
    vectors = encoded(encoder, images)
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(images), encoder.spec.dims)
    assert np.allclose(vectors, timms_own(folder, images), atol=1e-4, rtol=1e-4)


def test_a_grey_model_gets_grey_pictures(tmp_path, images):
    folder = save_model(tmp_path, args={"in_chans": 1}, input_size=[1, 64, 64], mean=[0.5],
                        std=[0.5])  # fmt: skip
    encoder = open_encoder(f"timm:local-dir:{folder}")
    assert encoder.prepare(load_picture(images[0])).shape == (64, 64, 1)
    assert encoded(encoder, images).shape == (len(images), encoder.spec.dims)


def test_twice_the_target_is_asked_of_the_decoder(conv):
    assert open_encoder(f"timm:local-dir:{conv}").at_least == 256
    assert open_encoder(f"timm:local-dir:{conv}?size=224").at_least == 512


# -- weights and model arguments --------------------------------------------------------------


def test_model_arguments_are_honoured(tmp_path, images):
    plain = save_model(tmp_path / "plain")
    same = save_model(tmp_path / "same", args={"pad_type": "same"})
    assert (plain / "model.safetensors").read_bytes() == (same / "model.safetensors").read_bytes()
    opened = {f: open_encoder(f"timm:local-dir:{f}") for f in (plain, same)}
    vectors = {f: encoded(e, images) for f, e in opened.items()}
    assert opened[plain].spec.key != opened[same].spec.key
    assert not np.allclose(vectors[plain], vectors[same], atol=1e-3)
    assert np.allclose(vectors[same], timms_own(same, images), atol=1e-4, rtol=1e-4)
    option = open_encoder(f"timm:local-dir:{plain}?model_args.pad_type=same")
    assert np.allclose(encoded(option, images), vectors[same], atol=1e-6)


def test_other_weights_are_another_encoder_and_another_place_is_not(tmp_path):
    a, b = save_model(tmp_path / "a"), save_model(tmp_path / "b", seed=1)
    c = save_model(tmp_path / "c")
    keys = [open_encoder(f"timm:local-dir:{f}").spec.key for f in (a, b, c)]
    assert keys[0] == keys[2]
    assert keys[0] != keys[1]


@pytest.mark.parametrize("harm", ["missing", "renamed", "shape"])
def test_weights_that_do_not_fit_are_refused_never_filled_up(tmp_path, harm):
    folder = save_model(tmp_path)
    state = load_file(folder / "model.safetensors")
    name = "blocks.0.0.conv.weight"
    taken = state.pop(name)
    if harm == "renamed":
        state["other.weight"] = taken
    if harm == "shape":
        state[name] = taken[:1].contiguous()
    save_file(state, folder / "model.safetensors")
    with pytest.raises(EncoderUnavailableError, match="cannot be loaded") as caught:
        open_encoder(f"timm:local-dir:{folder}")
    assert name in str(caught.value)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda f: (f / "model.safetensors").unlink(), "no weights file"),
        (lambda f: (f / "model.safetensors").write_bytes(b"rubbish"), "cannot be loaded"),
        (lambda f: (f / "config.json").write_text("{"), "does not describe"),
        (lambda f: (f / "config.json").write_text("[1]"), "does not describe"),
        (lambda f: (f / "config.json").write_text('{"a": 1}'), "architecture"),
    ],
)
def test_a_spoilt_folder_says_what_is_wrong(tmp_path, spoil, words):
    folder = save_model(tmp_path)
    spoil(folder)
    with pytest.raises(EncoderUnavailableError, match=words):
        open_encoder(f"timm:local-dir:{folder}")


@pytest.mark.parametrize("kind", ["safetensors", "pth", "training"])
def test_a_checkpoint_file_is_loaded_into_its_architecture(tmp_path, images, kind):
    model = random_model(CONV, 3)
    path = tmp_path / f"my weights+1.{'safetensors' if kind == 'safetensors' else 'pth'}"
    if kind == "safetensors":
        save_file(model.state_dict(), path)
    else:
        state = model.state_dict()
        torch.save(state if kind == "pth" else {"state_dict": state, "epoch": 3}, path)
    encoder = open_encoder(f"timm:{CONV}?checkpoint={path}&size=64")
    model.reset_classifier(0)
    tensors = [
        torch.from_numpy(encoder.prepare(load_picture(p)).copy()).permute(2, 0, 1)[None] / 255
        for p in images
    ]
    mean, std = (torch.tensor(getattr(encoder.spec, k))[:, None, None] for k in ("mean", "std"))
    with torch.inference_mode():
        expected = model((torch.cat(tensors) - mean) / std).numpy()
    assert np.allclose(encoded(encoder, images), expected, atol=1e-4, rtol=1e-4)


def test_a_checkpoint_that_would_run_code_is_refused(tmp_path):
    marker = tmp_path / "ran"

    class Attack:
        def __reduce__(self):
            return (Path.touch, (marker,))

    path = tmp_path / "evil.pth"
    path.write_bytes(pickle.dumps({"state_dict": Attack()}))
    with pytest.raises(EncoderUnavailableError, match="cannot be loaded"):
        open_encoder(f"timm:{CONV}?checkpoint={path}")
    assert not marker.exists()


# -- knowing without loading ------------------------------------------------------------------


def test_a_model_is_known_from_the_memo_once_it_was_loaded(tmp_path, conv):
    memo, name = tmp_path / "memo", f"timm:local-dir:{conv}"
    assert describe(name, memo=memo) is None
    spec = open_encoder(name, memo=memo).spec
    assert describe(name, memo=memo) == spec
    assert describe(name) is None
    assert describe(f"{name}?pool=max", memo=memo) is None
    code = (
        "import sys; from pathlib import Path; from core.encoders import describe;"
        f"assert describe({name!r}, memo=Path({str(memo)!r})).key == {spec.key!r};"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_the_memo_notices_other_weights_in_the_same_folder(tmp_path):
    folder, memo = save_model(tmp_path / "model"), tmp_path / "memo"
    name = f"timm:local-dir:{folder}"
    first = open_encoder(name, memo=memo).spec
    save_model(folder, seed=5)
    assert describe(name, memo=memo) is None
    assert open_encoder(name, memo=memo).spec.key != first.key
    save_model(folder)
    assert describe(name, memo=memo) == first


# -- the hub ----------------------------------------------------------------------------------


@pytest.fixture
def no_network(monkeypatch, tmp_path) -> Path:
    """Send the hub's client to a closed port and an empty cache; return the cache."""
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    return tmp_path / "hub"


def test_a_hub_out_of_reach_says_how_to_get_weights_or_do_without(no_network):
    with pytest.raises(EncoderUnavailableError) as caught:
        open_encoder("timm:test_resnet.r160_in1k")
    for word in ("hf download timm/test_resnet.r160_in1k", "timm:local-dir:", "HF_HUB_CACHE",
                 "pixels and colour-texture need no weights"):  # fmt: skip
        assert word in str(caught.value)
    assert "\n" not in str(caught.value)


def test_offline_mode_does_not_try_the_network(no_network, monkeypatch):
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    with pytest.raises(EncoderUnavailableError, match="HF_HUB_OFFLINE is set"):
        open_encoder("timm:test_resnet")


def test_weights_in_the_hubs_cache_are_used_without_a_network(no_network, tmp_path, images):
    repository = no_network / "models--timm--test_resnet.r160_in1k"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text("0" * 40)
    snapshot = repository / "snapshots" / ("0" * 40)
    snapshot.mkdir(parents=True)
    model = timm.create_model("test_resnet").eval()
    save_file(model.state_dict(), snapshot / "model.safetensors")
    memo = tmp_path / "memo"
    encoder = open_encoder("timm:test_resnet.r160_in1k", memo=memo)
    tensor = torch.rand(2, 160, 160, 3)
    pixels = (tensor * 255).byte().numpy()
    mean, std = (torch.tensor(getattr(encoder.spec, k)) for k in ("mean", "std"))
    model.reset_classifier(0)
    with torch.inference_mode():
        normal = (torch.from_numpy(pixels) / 255 - mean) / std
        expected = model(normal.permute(0, 3, 1, 2)).numpy()
    assert np.allclose(encoder.encode(pixels), expected, atol=1e-4, rtol=1e-4)
    assert describe("timm:test_resnet.r160_in1k", memo=memo) == encoder.spec


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("timm:resnet19", ["no model 'resnet19'", "resnet18"]),
        ("timm:resnet18.a1_in2k", ["no weights 'resnet18.a1_in2k'", "resnet18.a1_in1k"]),
    ],
)
def test_an_unknown_model_is_answered_with_close_ones(no_network, name, words):
    with pytest.raises(EncoderUnavailableError) as caught:
        open_encoder(name)
    assert all(word in str(caught.value) for word in words), str(caught.value)


def test_an_architecture_without_trained_weights_is_not_run_at_random(no_network):
    without = next(n for n in timm.list_models("resnet*") if not timm.list_pretrained(n))
    with pytest.raises(EncoderUnavailableError, match="no trained weights"):
        open_encoder(f"timm:{without}")


# -- layers, pooling, sizes -------------------------------------------------------------------


def features_of(folder: Path, paths: list[Path], layer: str) -> torch.Tensor:
    """Return a module's output for pictures, by a hook on timm's own model."""
    model = timm.create_model(f"local-dir:{folder}", pretrained=True).eval()
    seen: list[torch.Tensor] = []
    model.get_submodule(layer).register_forward_hook(lambda m, i, o: seen.append(o))
    transform = create_transform(**PREPROCESSING, is_training=False)
    with torch.inference_mode():
        model(torch.stack([transform(Image.open(p).convert("RGB")) for p in paths]))
    return seen[0]


@pytest.mark.parametrize("pool", ["avg", "max"])
def test_a_convolutional_layer_is_pooled_over_places(conv, images, pool):
    encoder = open_encoder(f"timm:local-dir:{conv}?layer=blocks.1&pool={pool}")
    output = features_of(conv, images, "blocks.1")
    expected = output.mean((2, 3)) if pool == "avg" else output.amax((2, 3))
    assert np.allclose(encoded(encoder, images), expected.numpy(), atol=1e-4, rtol=1e-4)
    assert (encoder.spec.layer, encoder.spec.pooling) == ("blocks.1", pool)


@pytest.mark.parametrize("pool", ["avg", "max", "token"])
def test_a_transformer_block_is_pooled_over_patches_or_read_at_its_token(vit, images, pool):
    encoder = open_encoder(f"timm:local-dir:{vit}?layer=blocks.2&pool={pool}")
    output = features_of(vit, images, "blocks.2")
    patches = output[:, 1:]
    expected = {"avg": patches.mean(1), "max": patches.amax(1), "token": output[:, 0]}[pool]
    assert np.allclose(encoded(encoder, images), expected.numpy(), atol=1e-4, rtol=1e-4)


@pytest.mark.parametrize("pool", ["avg", "token"])
def test_a_stage_number_is_the_block_of_that_number(vit, images, pool):
    last = len(timm.create_model(VIT).blocks) - 1
    by_number = open_encoder(f"timm:local-dir:{vit}?layer=-1&pool={pool}")
    by_name = open_encoder(f"timm:local-dir:{vit}?layer=blocks.{last}&pool={pool}")
    assert np.allclose(encoded(by_number, images), encoded(by_name, images), atol=1e-4)
    assert by_number.spec.key != by_name.spec.key


def test_the_last_features_can_be_pooled_another_way(vit, images):
    plain, token, most = (
        open_encoder(f"timm:local-dir:{vit}{q}") for q in ("", "?pool=token", "?pool=max")
    )
    norm = features_of(vit, images, "norm")
    assert np.allclose(encoded(token, images), norm[:, 0].numpy(), atol=1e-4, rtol=1e-4)
    assert np.allclose(encoded(most, images), norm[:, 1:].amax(1).numpy(), atol=1e-4, rtol=1e-4)
    assert len({e.spec.key for e in (plain, token, most)}) == 3


@pytest.mark.parametrize(
    ("model", "query", "words"),
    [
        ("conv", "layer=block.1", "no layer 'block.1'.*did you mean blocks.1"),
        ("conv", "layer=99", "at layer 99"),
        ("conv", "pool=token", "no class token"),
        ("conv", "layer=blocks.1&pool=token", "no class token"),
        ("conv", "layer=1&pool=token", "at layer 1|no class token"),
        ("vit", "layer=classifier", "no layer"),
        ("conv", "model_args.no_such=1", "cannot be loaded.*no_such"),
    ],
)
def test_a_layer_or_pooling_the_model_lacks_is_refused(model, query, words, request):
    folder = request.getfixturevalue(model)
    with pytest.raises(EncoderUnavailableError, match=words):
        open_encoder(f"timm:local-dir:{folder}?{query}")


@pytest.mark.parametrize("model", ["conv", "vit"])
def test_another_input_size_can_be_asked_for(model, images, request):
    folder = request.getfixturevalue(model)
    encoder = open_encoder(f"timm:local-dir:{folder}?size=96")
    assert encoder.spec.input_size == (96, 96)
    assert encoder.prepare(load_picture(images[0])).shape == (96, 96, 3)
    assert encoded(encoder, images).shape == (len(images), encoder.spec.dims)
    assert encoder.spec.key != open_encoder(f"timm:local-dir:{folder}").spec.key


# -- running ----------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["conv", "vit"])
def test_vectors_do_not_depend_on_threads_or_batches(model, images, request):
    folder = request.getfixturevalue(model)
    encoder = open_encoder(f"timm:local-dir:{folder}?layer=blocks.1", device="cpu")
    items = [ItemFile(f"{c}-{p.name}", p) for c in range(5) for p in images]
    before = torch.get_num_threads()
    results = [
        np.concatenate([b.vectors for b in embed(items, encoder, workers=w, batch_size=s)])
        for w, s in ((1, 30), (4, 3), (2, 7))
    ]
    assert torch.get_num_threads() == before
    for other in results[1:]:
        assert np.allclose(results[0], other, atol=1e-5, rtol=1e-5)


def test_a_batch_that_does_not_fit_is_halved_until_it_does(conv, images):
    encoder = open_encoder(f"timm:local-dir:{conv}", device="cpu")
    inputs = np.concatenate([[encoder.prepare(load_picture(p)) for p in images]] * 4)
    expected, forward, sizes = encoder.encode(inputs), encoder.features, []

    def small(batch):
        sizes.append(len(batch))
        if len(batch) > 3:
            raise torch.OutOfMemoryError("CUDA out of memory")
        return forward(batch)

    encoder.features, encoder._batches = small, Batches("cpu", 0)
    assert np.allclose(encoder.encode(inputs), expected, atol=1e-5, rtol=1e-5)
    assert sizes == [24, 12, 6, *[3] * 8]
    sizes.clear()
    encoder.encode(inputs)
    assert sizes == [3] * 8


def test_other_errors_and_a_single_picture_too_large_are_not_swallowed(conv, images):
    encoder = open_encoder(f"timm:local-dir:{conv}", device="cpu")
    inputs = np.stack([encoder.prepare(load_picture(images[0]))])

    def failing(error):
        def forward(batch):
            raise error

        return forward

    encoder.features = failing(torch.OutOfMemoryError("out of memory"))
    with pytest.raises(torch.OutOfMemoryError):
        encoder.encode(inputs)
    encoder.features = failing(RuntimeError("shapes differ"))
    with pytest.raises(RuntimeError, match="shapes differ"):
        encoder.encode(np.concatenate([inputs] * 3))


def test_devices_are_chosen_or_refused_by_name(monkeypatch):
    assert choose_device("cpu") == "cpu"
    assert choose_device("auto") in {"cpu", "cuda", "mps"}
    with pytest.raises(EncoderUnavailableError, match="use auto"):
        choose_device("tpu")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: True)
    assert choose_device("auto") == "mps"
    with pytest.raises(EncoderUnavailableError, match="'cuda' is not there"):
        choose_device("cuda")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert choose_device("auto") == "cuda"
    assert choose_device("cuda:1") == "cuda:1"


def test_only_memory_errors_count_as_such():
    assert out_of_memory(MemoryError())
    assert out_of_memory(RuntimeError("MPS backend out of memory"))
    assert out_of_memory(RuntimeError("DefaultCPUAllocator: not enough memory: you tried ..."))
    assert not out_of_memory(RuntimeError("shape mismatch"))
    assert not out_of_memory(ValueError("out of memory"))
    with mixed_precision("cpu"):
        assert not torch.is_autocast_enabled("cpu")


def test_a_picture_is_not_changed_by_being_prepared(conv):
    encoder = open_encoder(f"timm:local-dir:{conv}")
    image = Image.effect_noise((90, 80), 50).convert("RGB")
    before = image.tobytes()
    encoder.prepare(Picture(image, None, 90, 80, "RGB", "PNG"))
    assert image.tobytes() == before

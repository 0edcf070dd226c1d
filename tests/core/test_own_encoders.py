"""Encoders of one's own: made here by torch, onnx and plain Python, and their bad twins."""

import argparse
import io
import json
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from core.__main__ import Parser, perform
from core.commands import encoders as command
from core.config import load_settings
from core.encoders import describe, open_encoder
from core.encoders.base import parse_name
from core.encoders.own.onnx_weights import external_files
from core.encoders.own.outputs import pooled
from core.encoders.own.preprocessing import read_preprocessing
from core.encoders.own.proving import prove
from core.encoders.own.registering import check, checked_text, forget, register, registered
from core.errors import EncoderUnavailableError, InputError, NotFoundError
from core.imaging.decode import Picture
from core.library import Library
from core.pipeline import run
from core.request import RunRequest
from core.storage.store import Workspace

#: torch advises its users to export instead; files made the old way are what is tested.
pytestmark = pytest.mark.filterwarnings(r"ignore:.*torch\.jit.*:FutureWarning")

SIDE = 24


class Net(torch.nn.Module):
    """Eight means of a convolution: small enough to write down by hand in numpy."""

    def __init__(self, pool: bool = True):
        super().__init__()
        torch.manual_seed(0)
        self.conv = torch.nn.Conv2d(3, 8, 3, stride=2)
        self.pool = pool

    def forward(self, x):
        y = self.conv(x).relu()
        return y.mean((2, 3)) if self.pool else y


def by_hand(batch: np.ndarray, kind: str = "mean") -> np.ndarray:
    """Return what `Net` gives for normalised `(n, 3, h, w)`, by explicit windows."""
    net = Net()
    weight, bias = (p.detach().numpy().astype(np.float64) for p in net.conv.parameters())
    windows = np.lib.stride_tricks.sliding_window_view(batch.astype(np.float64), (3, 3), (2, 3))
    found = np.einsum("nchwij,ocij->nohw", windows[:, :, ::2, ::2], weight)
    found = np.maximum(found + bias[:, None, None], 0)
    return found.max((2, 3)) if kind == "max" else found.mean((2, 3))


def pictures(n: int = 6) -> list[Picture]:
    made = []
    for seed in range(n):
        pixels = np.random.default_rng(seed).integers(0, 256, (SIDE, SIDE, 3), dtype=np.uint8)
        made.append(Picture(Image.fromarray(pixels), None, SIDE, SIDE, "RGB", "PNG"))
    return made


def as_batch(shown: list[Picture], mean: float = 0.0, std: float = 1.0) -> np.ndarray:
    stack = np.stack([np.asarray(one.image) for one in shown]).transpose(0, 3, 1, 2)
    return (stack / 255 - mean) / std


def encoded(encoder, shown: list[Picture]) -> np.ndarray:
    return encoder.encode(np.stack([encoder.prepare(one) for one in shown]))


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> Path:
    """One network as TorchScript, exported program, ONNX, and as what must not be loaded."""
    root, example = tmp_path_factory.mktemp("own"), torch.zeros(2, 3, SIDE, SIDE)
    net = Net().eval()
    torch.jit.trace(net, example).save(str(root / "net.ts"))
    dynamic = {"x": {0: torch.export.Dim("n", min=1)}}
    torch.export.save(torch.export.export(net, (example,), dynamic_shapes=dynamic),
                      root / "net.pt2")  # fmt: skip
    torch.jit.trace(Net(pool=False).eval(), example).save(str(root / "map.ts"))
    torch.save(net, root / "pickled.pt")
    (root / "raw.pkl").write_bytes(pickle.dumps({"weights": [1, 2]}))
    for name, options in (("net", {}), ("map", {"pool": False}), ("fixed", {"batch": 2})):
        save_onnx(root / f"{name}.onnx", **options)
    return root


def save_onnx(path: Path, *, pool: bool = True, batch: int | None = None, apart: bool = False,
              noise: bool = False, inputs: int = 1) -> None:  # fmt: skip
    """Write `Net` as an ONNX file with onnx alone."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    weight, bias = (p.detach().numpy() for p in Net().conv.parameters())
    nodes = [helper.make_node("Conv", ["x", "w", "b"], ["c"], strides=[2, 2]),
             helper.make_node("Relu", ["c"], ["r"])]  # fmt: skip
    last, shape = "r", [batch or "n", 8, None, None]
    if pool:
        nodes += [helper.make_node("GlobalAveragePool", ["r"], ["g"]),
                  helper.make_node("Flatten", ["g"], ["y"])]  # fmt: skip
        last, shape = "y", [batch or "n", 8]
    if noise:
        nodes += [helper.make_node("RandomNormalLike", [last], ["e"]),
                  helper.make_node("Add", [last, "e"], ["z"])]  # fmt: skip
        last = "z"
    kind = TensorProto.FLOAT
    taken = [helper.make_tensor_value_info(name, kind, [batch or "n", 3, SIDE, SIDE])
             for name in ("x", "more")[:inputs]]  # fmt: skip
    weights = [numpy_helper.from_array(weight, "w"), numpy_helper.from_array(bias, "b")]
    given = helper.make_tensor_value_info(last, kind, shape)
    graph = helper.make_graph(nodes, "net", taken, [given], weights)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    more = {"save_as_external_data": True, "location": f"{path.stem}.bin", "size_threshold": 0}
    onnx.save(model, str(path), **(more if apart else {}))


def code(folder: Path, text: str, name: str = "mine") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.py").write_text(text)
    sys.modules.pop(name, None)
    return folder


# -- what is declared is what is done ------------------------------------------------------------


def prepared(options: str, size: tuple[int, int], fill: np.ndarray | None = None) -> np.ndarray:
    height, width = size
    if fill is None:
        fill = np.tile(np.linspace(0, 255, width), (height, 1))[..., None].repeat(3, 2)
    image = Image.fromarray(fill.astype(np.uint8))
    ready = read_preprocessing(parse_name(f"onnx:x?{options}"))
    return ready.prepare(Picture(image, None, width, height, "RGB", "PNG"))


def test_the_middle_is_kept_by_crop_all_by_squash_and_grey_borders_by_pad():
    wide = (40, 120)
    ramp = np.linspace(0, 255, 120)
    cropped = prepared("size=40&fit=crop&interpolation=bilinear", wide)
    assert np.allclose(cropped[0, :, 0], ramp[40:80], atol=1)
    squashed = prepared("size=40&fit=squash&interpolation=box", wide)
    assert np.allclose(squashed[0, :, 0], ramp.reshape(40, 3).mean(1), atol=1)
    padded = prepared("size=120&fit=pad", wide)
    assert (padded[:40] == 128).all()
    assert (padded[80:] == 128).all()
    assert np.allclose(padded[60, :, 0], ramp, atol=1)
    assert prepared("size=30x50", wide).shape == (30, 50, 3)


def test_a_crop_share_resizes_larger_first():
    square = np.zeros((100, 100, 3))
    square[25:75, 25:75] = 255
    assert (prepared("size=50&crop=0.5&interpolation=nearest", (100, 100), square) == 255).all()


def test_channels_mean_std_and_layout_are_as_declared():
    red = np.zeros((8, 8, 3))
    red[..., 0] = 255
    assert prepared("size=8", (8, 8), red)[0, 0].tolist() == [255, 0, 0]
    assert prepared("size=8&colour=bgr", (8, 8), red)[0, 0].tolist() == [0, 0, 255]
    assert prepared("size=8&colour=grey", (8, 8), red).shape == (8, 8, 1)
    ready = read_preprocessing(parse_name("onnx:x?size=8&mean=imagenet&std=0.5"))
    values = ready.normalised(red.astype(np.uint8)[None])
    assert values.shape == (1, 3, 8, 8)
    assert np.allclose(values[0, :, 0, 0], (np.array([1, 0, 0]) - [0.485, 0.456, 0.406]) / 0.5)
    last = read_preprocessing(parse_name("onnx:x?size=8&layout=nhwc"))
    assert last.normalised(red.astype(np.uint8)[None]).shape == (1, 8, 8, 3)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ("size=0", "size is a side"), ("size=8x", "size is a side"), ("crop=0", "crop is a share"),
        ("fit=stretch", "fit is crop, squash, pad"), ("colour=cmyk", "colour is rgb, bgr, grey"),
        ("mean=a", "mean is numbers"), ("mean=1,2", "one number or 3, not 2"),
        ("std=0", "std must be above 0"), ("std=nan", "std is numbers"),
        ("interpolation=cubic", "did you mean bicubic"), ("type=best", "type says how"),
        ("sise=3", "did you mean size"), ("pool=mean", "pool is avg, max, token"),
    ],
)  # fmt: skip
def test_an_option_that_cannot_be_used_is_named(files, options, words):
    with pytest.raises(EncoderUnavailableError, match=words):
        describe(f"onnx:{files / 'net.onnx'}?{options}")


# -- four families, one network ------------------------------------------------------------------


@pytest.mark.parametrize(
    "name",
    [
        "onnx:{}/net.onnx", "onnx:{}/fixed.onnx", "onnx:{}/map.onnx?pool=avg",
        "torchscript:{}/net.ts?size=24", "torchscript:{}/map.ts?size=24&pool=avg",
        "exported:{}/net.pt2?size=24", "onnx:{}/map.onnx?pool=max",
    ],
)  # fmt: skip
def test_every_family_gives_what_the_network_gives_by_hand(files, name, tmp_path):
    text = name.format(files)
    encoder = open_encoder(text, memo=tmp_path)
    kind = "max" if "pool=max" in name else "mean"
    vectors = encoded(encoder, pictures(5))
    assert np.allclose(vectors, by_hand(as_batch(pictures(5)), kind), atol=1e-5)
    assert encoder.spec.dims == 8
    assert vectors.dtype == np.float32
    assert describe(text, memo=tmp_path) == encoder.spec
    assert encoder.spec.input_size == (SIDE, SIDE)


def test_declared_statistics_reach_the_network(files, tmp_path):
    name = f"onnx:{files / 'net.onnx'}?mean=0.4&std=0.2"
    vectors = encoded(open_encoder(name, memo=tmp_path), pictures(3))
    assert np.allclose(vectors, by_hand(as_batch(pictures(3), 0.4, 0.2)), atol=1e-5)
    plain = open_encoder(f"onnx:{files / 'net.onnx'}", memo=tmp_path)
    assert plain.spec.key != open_encoder(name, memo=tmp_path).spec.key


def test_nothing_heavy_is_loaded_to_describe_what_was_checked(files, tmp_path):
    names = [f"onnx:{files / 'net.onnx'}", f"torchscript:{files / 'net.ts'}?size=24",
             f"exported:{files / 'net.pt2'}?size=24"]  # fmt: skip
    keys = [open_encoder(name, memo=tmp_path).spec.key for name in names]
    asked = (
        "import sys; from pathlib import Path; from core.encoders import describe;"
        "from core.encoders.own.registering import registered;"
        f"found = [describe(n, memo=Path({str(tmp_path)!r})).key for n in {names!r}];"
        f"assert found == {keys!r}, found; registered(Path({str(tmp_path)!r}));"
        "assert not {'torch', 'onnxruntime', 'onnx'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", asked], check=True)


def test_other_bytes_are_another_encoder_wherever_they_lie(files, tmp_path):
    first = open_encoder(f"onnx:{files / 'net.onnx'}", memo=tmp_path).spec
    moved = tmp_path / "elsewhere.onnx"
    moved.write_bytes((files / "net.onnx").read_bytes())
    assert describe(f"onnx:{moved}", memo=tmp_path).key == first.key
    save_onnx(moved, batch=2)
    assert describe(f"onnx:{moved}", memo=tmp_path) is None
    assert open_encoder(f"onnx:{moved}", memo=tmp_path).spec.key != first.key


# -- weights beside an ONNX file ------------------------------------------------------------------


def test_weights_beside_the_file_count_as_part_of_it(tmp_path):
    save_onnx(tmp_path / "net.onnx", apart=True)
    assert external_files(tmp_path / "net.onnx") == [tmp_path / "net.bin"]
    name, memo = f"onnx:{tmp_path / 'net.onnx'}", tmp_path / "memo"
    first = open_encoder(name, memo=memo)
    assert np.allclose(encoded(first, pictures(2)), by_hand(as_batch(pictures(2))), atol=1e-5)
    weights = np.frombuffer((tmp_path / "net.bin").read_bytes(), np.float32)
    (tmp_path / "net.bin").write_bytes((weights * 2).astype(np.float32).tobytes())
    assert describe(name, memo=memo) is None
    assert open_encoder(name, memo=memo).spec.key != first.spec.key
    (tmp_path / "net.bin").unlink()
    with pytest.raises(EncoderUnavailableError, match=r"net\.bin.*not there"):
        describe(name, memo=memo)


@pytest.mark.parametrize("where", ["../weights.bin", "/etc/hostname", "C:\\\\weights.bin"])
def test_weights_outside_the_folder_are_refused(tmp_path, where):
    import onnx

    save_onnx(tmp_path / "net.onnx", apart=True)
    model = onnx.load(str(tmp_path / "net.onnx"), load_external_data=False)
    for tensor in model.graph.initializer:
        for entry in tensor.external_data:
            if entry.key == "location":
                entry.value = where
    (tmp_path / "net.onnx").write_bytes(model.SerializeToString())
    with pytest.raises(EncoderUnavailableError, match="outside its folder"):
        describe(f"onnx:{tmp_path / 'net.onnx'}", memo=tmp_path)


@pytest.mark.parametrize("content", [b"", b"not a model at all", b"\x08", b"\xff" * 40])
def test_a_damaged_onnx_file_is_named(tmp_path, content):
    (tmp_path / "bad.onnx").write_bytes(content)
    with pytest.raises(EncoderUnavailableError, match=r"bad\.onnx|cannot load it"):
        open_encoder(f"onnx:{tmp_path / 'bad.onnx'}", memo=tmp_path)


def test_a_truncated_onnx_file_is_named(files, tmp_path):
    whole = (files / "net.onnx").read_bytes()
    (tmp_path / "cut.onnx").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(EncoderUnavailableError, match="not an ONNX file, or damaged"):
        open_encoder(f"onnx:{tmp_path / 'cut.onnx'}", memo=tmp_path)


def test_models_that_do_not_take_pictures_say_what_is_wrong(files, tmp_path):
    save_onnx(tmp_path / "two.onnx", inputs=2)
    for name, words in (
        (f"onnx:{tmp_path / 'two.onnx'}", "takes 2 inputs"),
        (f"onnx:{files / 'net.onnx'}?colour=grey", "takes 3 channels"),
        (f"onnx:{files / 'net.onnx'}?size=32", "takes 24x24 px"),
        (f"onnx:{files / 'net.onnx'}?output=z", "no output 'z'"),
        (f"onnx:{files / 'map.onnx'}", "pool=avg or max"),
        (f"torchscript:{files / 'map.ts'}?size=24", "pool=avg or max"),
        (f"torchscript:{files / 'none.ts'}", "there is no program"),
    ):
        with pytest.raises(EncoderUnavailableError, match=words):
            open_encoder(name, memo=tmp_path)


def test_pooling_a_sequence_and_a_map():
    tokens = np.arange(24.0).reshape(2, 3, 4)
    assert np.array_equal(pooled(tokens, "token", "x"), tokens[:, 0])
    assert np.array_equal(pooled(tokens, "avg", "x"), tokens.mean(1))
    assert np.array_equal(pooled(tokens[..., None, None].swapaxes(1, 2)[:, :, 0], "", "x"),
                          tokens[:, 0])  # fmt: skip


# -- pickles --------------------------------------------------------------------------------------


class Evil:
    """What a pickle may do: run a function while it is read."""

    def __init__(self, mark: Path):
        self.mark = mark

    def __reduce__(self):
        return (Path.write_text, (self.mark, "ran"))


def test_pickles_are_refused_before_anything_runs(files, tmp_path):
    mark = tmp_path / "ran"
    torch.save(Evil(mark), tmp_path / "evil.pt")
    (tmp_path / "evil.pkl").write_bytes(pickle.dumps(Evil(mark)))
    for path in (tmp_path / "evil.pt", tmp_path / "evil.pkl", files / "pickled.pt",
                 files / "raw.pkl"):  # fmt: skip
        for family in ("torchscript", "exported"):
            with pytest.raises(EncoderUnavailableError, match="can run any code"):
                open_encoder(f"{family}:{path}", memo=tmp_path)
    assert not mark.exists()


def rewritten(source: Path, target: Path, change) -> Path:
    """Copy an archive, each member's bytes through `change(name, data)`; None leaves it out."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for member in old.infolist():
            data = change(member.filename.partition("/")[2], old.read(member))
            if data is not None:
                new.writestr(member.filename, data)
    return target


def test_a_pickle_hidden_in_an_exported_program_is_refused(files, tmp_path):
    mark, hidden = tmp_path / "ran", io.BytesIO()
    torch.save((Evil(mark),), hidden)

    def as_inputs(name, data):
        return hidden.getvalue() if name == "data/sample_inputs/model.pt" else data

    def as_weight(name, data):
        if name != "data/weights/model_weights_config.json":
            return data
        listed = json.loads(data)
        next(iter(listed["config"].values()))["use_pickle"] = True
        return json.dumps(listed)

    def as_constant(name, data):
        if name != "data/constants/model_constants_config.json":
            return data
        entry = {"path_name": "opaque_obj_0", "is_param": False, "use_pickle": False,
                 "tensor_meta": None}  # fmt: skip
        return json.dumps({"config": {"c": entry}})

    for number, (change, words) in enumerate([
        (as_inputs, "can run any code"), (as_weight, "pickled object"),
        (as_constant, "pickled object"),
    ]):  # fmt: skip
        bad = rewritten(files / "net.pt2", tmp_path / f"{number}.pt2", change)
        with pytest.raises(EncoderUnavailableError, match=words):
            open_encoder(f"exported:{bad}?size=24", memo=tmp_path)
    assert not mark.exists()
    same = rewritten(files / "net.pt2", tmp_path / "same.pt2", lambda _, data: data)
    with zipfile.ZipFile(same, "a") as archive:
        archive.writestr("net/data/aotinductor/model/code.so", b"\x7fELF")
    with pytest.raises(EncoderUnavailableError, match="compiled code"):
        open_encoder(f"exported:{same}?size=24", memo=tmp_path)


def test_one_kind_of_program_under_the_name_of_the_other_says_so(files, tmp_path):
    with pytest.raises(EncoderUnavailableError, match="write exported:"):
        open_encoder(f"torchscript:{files / 'net.pt2'}", memo=tmp_path)
    with pytest.raises(EncoderUnavailableError, match="write torchscript:"):
        open_encoder(f"exported:{files / 'net.ts'}", memo=tmp_path)
    cut = tmp_path / "cut.ts"
    cut.write_bytes((files / "net.ts").read_bytes()[:2000])
    with pytest.raises(EncoderUnavailableError, match="damaged"):
        open_encoder(f"torchscript:{cut}", memo=tmp_path)


# -- Python functions ------------------------------------------------------------------------------

MEANS = "def encode(x):\n    return x.reshape(len(x), 3, -1)[:, :, ::7].reshape(len(x), -1)\n"


def test_a_function_runs_only_once_registered_and_again_after_each_change(tmp_path):
    scaled = MEANS.replace("return x", "return scale * x")
    folder = code(tmp_path / "code", f"from helping import scale\n\n{scaled}", "fresh")
    memo = tmp_path / "memo"
    code(
        folder,
        f"import pathlib\npathlib.Path({str(tmp_path / 'ran')!r}).touch()\nscale = 2.0\n",
        "helping",
    )
    name = f"python:fresh:encode?path={folder}&size=8"
    assert describe(name, memo=memo) is None
    with pytest.raises(EncoderUnavailableError, match="only after you registered it"):
        open_encoder(name, memo=memo)
    assert not (tmp_path / "ran").exists()
    first = register(name, memo)
    assert (tmp_path / "ran").exists()
    assert describe(name, memo=memo).key == first.spec.key == open_encoder(name, memo=memo).spec.key
    (folder / "helping.py").write_text("scale = 3.0\n")  # what it imports is part of it
    assert [one.state for one in registered(memo)] == ["changed"]
    with pytest.raises(EncoderUnavailableError, match="not what was registered"):
        open_encoder(name, memo=memo)
    (folder / "helping.py").unlink()
    (folder / "fresh.py").unlink()
    assert [one.state for one in registered(memo)] == ["missing"]
    forget(name, memo)
    assert registered(memo) == []
    with pytest.raises(NotFoundError):
        forget(name, memo)


def test_a_function_gets_declared_inputs_as_numpy_or_torch(tmp_path):
    text = ("import numpy, torch\n\ndef plain(x):\n    assert isinstance(x, numpy.ndarray)\n"
            "    return x.mean((2, 3))\n\ndef tensors(x):\n    assert torch.is_tensor(x)\n"
            "    return x.mean((2, 3)).double()\n")  # fmt: skip
    folder = code(tmp_path / "both", text, "both")
    expected = as_batch(pictures(4), 0.5, 0.25).mean((2, 3))
    for function, takes in (("plain", "numpy"), ("tensors", "torch")):
        name = f"python:both:{function}?path={folder}&size={SIDE}&mean=0.5&std=0.25&takes={takes}"
        encoder = open_encoder(name)
        assert np.allclose(encoded(encoder, pictures(4)), expected, atol=1e-5)
        assert not encoder.concurrent


def test_the_files_that_a_function_reads_count_as_part_of_it(tmp_path):
    text = ("import numpy\nfrom pathlib import Path\nW = numpy.load(Path(__file__).parent / "
            "'w.npy')\n\ndef encode(x):\n    return x.mean((2, 3)) @ W\n")  # fmt: skip
    folder, memo = code(tmp_path / "weighted", text, "weighted"), tmp_path / "memo"
    np.save(folder / "w.npy", np.eye(3))
    name = f"python:weighted:encode?path={folder}&size=8&files=w.npy"
    register(name, memo)
    assert describe(name, memo=memo) is not None
    np.save(folder / "w.npy", 2 * np.eye(3))
    assert describe(name, memo=memo) is None
    (folder / "w.npy").unlink()
    with pytest.raises(EncoderUnavailableError, match="there is no file"):
        describe(name, memo=memo)


@pytest.mark.parametrize(
    ("body", "failed", "words"),
    [
        ("return R.normal(size=(len(x), 4))", "determinism", "the same pictures twice"),
        ("y = x.mean((2, 3)); return y - y.mean(0) + 1", "batch", "batch statistics"),
        ("y = x.mean((2, 3)); y[0] = numpy.nan; return y", "finite", "NaN"),
        ("return numpy.ones((len(x), 4))", "values", "same vector"),
        ("return numpy.zeros((len(x), 4))", "values", "no direction"),
        ("return x.mean((2, 3))[:, : 3 if len(x) > 1 else 1]", "shape", "declared"),
    ],
)  # fmt: skip
def test_what_a_check_finds_is_named_and_not_registered(tmp_path, body, failed, words):
    source = f"import numpy\nR = numpy.random.default_rng(0)\n\ndef encode(x):\n    {body}\n"
    folder = code(tmp_path / "bad", source, "badfunction")
    name, memo = f"python:badfunction:encode?path={folder}&size=16", tmp_path / "memo"
    found = check(name, memo=memo)
    assert not found.passed
    assert [proof.name for proof in found.proofs if not proof.passed] == [failed]
    with pytest.raises(EncoderUnavailableError, match=f"not registered.*{words}"):
        register(name, memo)
    assert registered(memo) == []
    with pytest.raises(EncoderUnavailableError):
        open_encoder(name, memo=memo)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("raise ValueError('no weights')", "raised ValueError: no weights"),
        ("return x", "one vector each is needed"),
        ("return 'abc'", "real numbers are needed"),
        ("return x.mean((1, 2, 3))", "one vector each is needed"),
        ("return x.mean((2, 3))[:1].repeat(3, 0)", "one vector each is needed"),
    ],
)
def test_a_function_that_gives_no_vectors_says_what_it_gave(tmp_path, body, words):
    folder = code(tmp_path / "bad", f"def encode(x):\n    {body}\n", "wrongfunction")
    with pytest.raises(EncoderUnavailableError, match=words):
        check(f"python:wrongfunction:encode?path={folder}&size=8")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("python:", "write python:module:function"),
        ("python:os.path", "write python:module:function"),
        ("python:no_such_module_here:f", "there is no module"),
        ("python:mine:f?path=/no/such/folder", "there is no folder"),
        ("python:mine:f?takes=jax", "takes is numpy or torch"),
    ],
)
def test_a_function_that_is_not_there_is_named(name, words, tmp_path):
    with pytest.raises(EncoderUnavailableError, match=words):
        describe(name, memo=tmp_path)


def test_a_module_that_is_loaded_already_under_the_name_is_not_taken_for_it(tmp_path):
    folder = code(tmp_path / "a", MEANS, "twin")
    check(f"python:twin:encode?path={folder}&size=8")
    other = tmp_path / "b"
    other.mkdir()
    (other / "twin.py").write_text(MEANS + "\n# another\n")
    with pytest.raises(EncoderUnavailableError, match="another module named 'twin'"):
        check(f"python:twin:encode?path={other}&size=8")


def test_a_program_with_dropout_left_on_is_found(tmp_path):
    class Trained(Net):
        def forward(self, x):
            return torch.nn.functional.dropout(super().forward(x), 0.5, training=True)

    torch.jit.trace(Trained(), torch.zeros(2, 3, SIDE, SIDE), check_trace=False).save(
        str(tmp_path / "dropout.ts")
    )
    with pytest.raises(EncoderUnavailableError, match="dropout"):
        open_encoder(f"torchscript:{tmp_path / 'dropout.ts'}?size=24", memo=tmp_path)


def test_onnx_noise_is_found(tmp_path):
    save_onnx(tmp_path / "noise.onnx", noise=True)
    found = check(f"onnx:{tmp_path / 'noise.onnx'}")
    assert "determinism" in [proof.name for proof in found.proofs if not proof.passed]


def test_our_own_encoders_pass_the_same_checks():
    assert all(proof.passed for proof in prove(open_encoder("pixels")))
    assert all(proof.passed for proof in prove(open_encoder("colour-texture")))


def test_a_page_may_not_have_code_loaded():
    with pytest.raises(InputError, match="command line"):
        checked_text("python:os:getcwd")
    with pytest.raises(InputError, match="Name an encoder"):
        checked_text("  ")
    with pytest.raises(EncoderUnavailableError, match="an encoder of your own"):
        checked_text("pixels")
    assert checked_text(" onnx:a.onnx ") == "onnx:a.onnx"


# -- a whole run, and the command ------------------------------------------------------------------


def test_a_set_is_made_with_an_encoder_of_ones_own(files, tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    for number, one in enumerate(pictures(12)):
        one.image.save(folder / f"{number:02}.png")
    settings = load_settings({"workspace": str(tmp_path / "ws"), "device": "cpu"}, {})
    workspace = Workspace(settings.workspace_path)
    name = f"onnx:{files / 'net.onnx'}"
    summary = run(RunRequest(str(folder), "own", name, ("pca",)), workspace, settings)
    assert (summary["encoded"], summary["dims"]) == (12, 8)
    again = run(RunRequest(str(folder), "own", name, ("pca",)), workspace, settings)
    assert (again["encoded"], again["reused"]) == (0, 12)
    opened = Library(workspace).open("own")
    expected = by_hand(as_batch(pictures(12)))
    expected /= np.linalg.norm(expected, axis=1)[:, None]
    nearest = np.linalg.norm(expected[:, None] - expected[None], axis=2)
    np.fill_diagonal(nearest, np.inf)
    shown = [opened.neighbors_of(row, 1)[0].distance for row in range(12)]
    assert np.allclose(shown, nearest.min(axis=1), atol=1e-4)


@pytest.fixture
def ask(tmp_path, capsys):
    """Give a function that runs the command and returns exit code, stdout and stderr."""

    def asked(*arguments):
        common = argparse.ArgumentParser(add_help=False)
        common.add_argument("--workspace")
        common.add_argument("--json", action="store_true")
        parser = Parser(prog="t")
        command.add(parser.add_subparsers(required=True), common)
        code = perform(parser.parse_args([*arguments, "--workspace", str(tmp_path / "ws")]))
        told = capsys.readouterr()
        return code, told.out, told.err

    return asked


def test_the_command_checks_registers_lists_shows_and_forgets(ask, files):
    name = f"onnx:{files / 'net.onnx'}"
    code, out, _ = ask("encoders", "check", name, "--json")
    found = json.loads(out)
    assert (code, found["passed"], found["dims"]) == (0, True, 8)
    assert {c["name"] for c in found["checks"]} == {"shape", "finite", "values", "determinism",
                                                    "batch"}  # fmt: skip
    assert json.loads(ask("encoders", "list", "--json")[1])["own"] == []
    assert "registered; 8 numbers" in ask("encoders", "register", name)[1]
    (line,) = json.loads(ask("encoders", "list", "--json")[1])["own"]
    assert (line["name"], line["state"], line["key"]) == (name, "ready", found["key"])
    assert "pixels: Pixels" in ask("encoders", "list")[1]
    assert json.loads(ask("encoders", "show", name, "--json")[1])["key"] == found["key"]
    assert "taken off" in ask("encoders", "forget", name)[1]
    assert json.loads(ask("encoders", "list", "--json")[1])["own"] == []


def test_the_command_says_what_is_wrong_in_one_line(ask, files, tmp_path):
    for arguments, words in (
        (("check",), "needs an encoder as its name"),
        (("list", "pixels"), "takes no name"),
        (("register", f"torchscript:{files / 'pickled.pt'}"), "can run any code"),
        (("register", "timm:resnet18"), "an encoder of your own is"),
        (("show", f"onnx:{tmp_path / 'none.onnx'}"), "there is no ONNX file"),
    ):
        code, out, err = ask("encoders", *arguments)
        assert (code, out) == (2, "")
        assert words in err
        assert err.count("\n") == 1

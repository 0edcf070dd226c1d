"""Contrastive models of open_clip: pictures and words in one space (CLIP, SigLIP, MobileCLIP …).

Names::

    open_clip:<model>:<tag>               weights that open_clip knows, from the hub or its cache
    open_clip:<model>:<file or folder>    weights of your own for a known architecture
    open_clip:local-dir:<folder>          open_clip_config.json and open_clip_model.safetensors
    open_clip:hf-hub:<owner>/<name>       a repository of the hub with such files (BioCLIP …)

Option, after `?`: `size` of the input in pixels.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.encoders.base import (
    AT_LEAST,
    EncoderName,
    Memo,
    check_options,
    spec_from_dict,
    spec_to_dict,
    whole_number,
)
from core.encoders.batches import Batches
from core.encoders.device import choose_device, mixed_precision, normalised
from core.encoders.open_clip.source import Built, Source, build, find_source
from core.encoders.open_clip.text import Tokenizer
from core.encoders.timm.source import file_digest
from core.encoders.training import good_for
from core.errors import EncoderUnavailableError
from core.keys import digest
from core.model import EncoderSpec

if TYPE_CHECKING:
    from core.imaging.decode import Picture

OPTIONS = ("size",)

#: Texts in one forward pass.
_TEXTS = 64

#: Raised when the meaning of a remembered spec changes.
_MEMO_VERSION = 1


def describe(name: EncoderName, memo: Path | None) -> EncoderSpec | None:
    """Return the spec as it was remembered when the model was last loaded, or None.

    Weights files are hashed (the hash is remembered too); torch is not imported.

    Raises
    ------
    EncoderUnavailableError
        The name or an option is wrong, or a folder or file is not there.
    """
    size = _size(name)
    store = Memo(memo)
    found = store.get(*_memo_key(find_source(name), size, store))
    if found is None:
        return None
    try:
        return replace(spec_from_dict(found), name=name.text)
    except TypeError:
        return None


def _size(name: EncoderName) -> int | None:
    check_options(name, OPTIONS)
    return whole_number(name, "size", 224, 8, 4096) if "size" in name.options else None


def _memo_key(source: Source, size: int | None, memo: Memo) -> tuple[object, ...]:
    return ("open_clip", _MEMO_VERSION, version("open-clip-torch"), size, *source.identity(memo))


def open_named(name: EncoderName, memo: Path | None, device: str) -> "OpenClipEncoder":
    """Load a model, both towers, and remember what it is.

    Raises
    ------
    EncoderUnavailableError
        The model, its weights or the device is not there.
    """
    source, store, size = find_source(name), Memo(memo), _size(name)
    place = choose_device(device)
    built = build(source, size)
    encoder = OpenClipEncoder(_spec(name, built, store), built, place)
    store.put(spec_to_dict(encoder.spec), *_memo_key(source, size, store))
    return encoder


def _spec(name: EncoderName, built: Built, store: Memo) -> EncoderSpec:
    """Return what a loaded model is."""
    shown, model = built.preprocess, built.model
    height, width = _pair(shown["size"])
    scale, bias = model.logit_scale, getattr(model, "logit_bias", None)
    return EncoderSpec(
        name=name.text,
        weights_digest=digest(file_digest(built.weights, store), built.model_cfg),
        model_type="contrastive",
        dims=int(built.model_cfg["embed_dim"]),
        input_size=(height, width),
        crop_mode=str(shown["resize_mode"]),
        interpolation=str(shown["interpolation"]),
        mean=_three(shown["mean"]),
        std=_three(shown["std"]),
        good_for=good_for("contrastive"),
        extra={
            "encoder": "open_clip",
            "version": 1,
            "text": True,
            "context": Tokenizer(built.model_cfg["text_cfg"], built.weights.parent).context,
            "tokenizer": built.source.tokenizer(store),
            "fill": shown.get("fill_color", 0),
            "scale": round(float(scale.detach().exp().reshape(-1)[0]), 6),
            "bias": None if bias is None else round(float(bias.detach().reshape(-1)[0]), 6),
        },
    )


def _pair(size: Any) -> tuple[int, int]:
    if isinstance(size, int):
        return size, size
    height, width = size
    return int(height), int(width)


def _three(values: Any) -> tuple[float, ...]:
    given = values if isinstance(values, list | tuple) else [values] * 3
    return tuple(float(value) for value in given)


class OpenClipEncoder:
    """Pictures and texts to vectors in one space."""

    def __init__(self, spec: EncoderSpec, built: Built, device: str):
        self.spec = spec
        self.device = device
        self.concurrent = device == "cpu"
        assert spec.input_size is not None
        self.at_least = max(AT_LEAST, 2 * max(spec.input_size))
        self._steps = _steps(built.preprocess)
        self._model = built.model.to(device)
        self._tokenizer = Tokenizer(built.model_cfg["text_cfg"], built.weights.parent)
        self._batches = Batches(device)

    def prepare(self, picture: "Picture") -> np.ndarray:
        """Return the picture resized and cropped as the model's config says, uint8 `(h, w, 3)`."""
        image: Any = picture.image.convert("RGB")
        for step in self._steps:
            image = step(image)
        return np.asarray(image)

    def encode(self, inputs: np.ndarray) -> np.ndarray:
        """Return float32 `(n, dims)` for inputs uint8 `(n, h, w, 3)`: the image tower's vectors.

        A batch that does not fit into memory is halved, again and again if need be, and later
        ones are cut to what did fit.
        """
        return self._batches.run(self._see, inputs)

    def encode_texts(self, texts: Sequence[str]) -> np.ndarray:
        """Return float32 `(n, dims)` for texts: the text tower's vectors.

        Raises
        ------
        InputError
            A text is empty or longer than the tower reads.
        EncoderUnavailableError
            The tokenizer is not there.
        """
        if not texts:
            return np.empty((0, self.spec.dims), np.float32)
        tokens = self._tokenizer(texts)
        parts = [self._read(tokens[at : at + _TEXTS]) for at in range(0, len(tokens), _TEXTS)]
        return np.concatenate(parts)

    def _see(self, inputs: np.ndarray) -> np.ndarray:
        import torch

        with torch.inference_mode():
            normal = normalised(inputs, self.spec, self.device)
            return self._finite(lambda: self._model.encode_image(normal, normalize=False))

    def _read(self, tokens: Any) -> np.ndarray:
        import torch

        with torch.inference_mode():
            given = tokens.to(self.device)
            return self._finite(lambda: self._model.encode_text(given, normalize=False))

    def _finite(self, forward: Any) -> np.ndarray:
        """Return what a tower gives, in float32 where a GPU's float16 overflowed."""
        import torch

        with mixed_precision(self.device):
            vectors = forward().float()
        if self.device != "cpu" and not torch.isfinite(vectors).all():
            vectors = forward().float()
        found: np.ndarray = vectors.cpu().numpy()
        return found


def _steps(preprocess: Mapping[str, Any]) -> Sequence[Any]:
    """Return open_clip's own preparation of a picture, up to its last two steps.

    These make a tensor and normalise it; what is left takes and gives pictures, so that what
    travels to the network is a quarter of the bytes.
    """
    from open_clip.transform import PreprocessCfg, image_transform_v2

    steps: Sequence[Any] = image_transform_v2(PreprocessCfg(**preprocess), False).transforms
    if type(steps[-1]).__name__ != "Normalize" or type(steps[-2]).__name__ != "MaybeToTensor":
        raise EncoderUnavailableError(
            "this version of open_clip prepares pictures otherwise than expected; "
            "install open-clip-torch 3"
        )
    return steps[:-2]

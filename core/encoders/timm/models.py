"""Any model of timm as an encoder, with the preprocessing of the model's own config.

Names::

    timm:<architecture>.<tag>                    trained weights from the hub or its cache
    timm:local-dir:<folder>                      config.json and model.safetensors in a folder
    timm:<architecture>?checkpoint=<file>        weights of your own for a known architecture

Options, after `?`, joined by `&`: `size` of the input in pixels; `layer`, a module's name or the
number of a feature stage; `pool`, avg, max or token; `model_args.<name>` for the architecture.
"""

from collections.abc import Callable, Mapping
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
    suggest,
    whole_number,
)
from core.encoders.batches import Batches
from core.encoders.device import choose_device, mixed_precision, normalised
from core.encoders.timm.features import POOLINGS, Features
from core.encoders.timm.source import Source, build, file_digest, find_source, state_digest
from core.encoders.training import good_for, is_metric, training_of
from core.errors import EncoderUnavailableError
from core.keys import digest
from core.model import EncoderSpec

if TYPE_CHECKING:
    from core.imaging.decode import Picture

OPTIONS = ("checkpoint", "layer", "pool", "size")

#: Raised when the meaning of a remembered spec changes.
_MEMO_VERSION = 1


def describe(name: EncoderName, memo: Path | None) -> EncoderSpec | None:
    """Return the spec as it was remembered when the model was last loaded, or None.

    Weights files are hashed (the hash is remembered too); torch is not imported.

    Raises
    ------
    EncoderUnavailableError
        An option is wrong, or a folder or file is not there.
    """
    _check(name)
    found = Memo(memo).get(*_memo_key(name, find_source(name), Memo(memo)))
    if found is None:
        return None
    try:
        return replace(spec_from_dict(found), name=name.text)
    except TypeError:
        return None


def _check(name: EncoderName) -> None:
    check_options(name, OPTIONS, ("model_args.",))
    pool = name.options.get("pool", "avg")
    if pool not in POOLINGS:
        raise EncoderUnavailableError(
            f"encoder {name.text!r}: pool is {', '.join(POOLINGS)}, "
            f"not {pool!r}{suggest(pool, POOLINGS)}"
        )
    _size(name)


def _size(name: EncoderName) -> int | None:
    return whole_number(name, "size", 224, 8, 4096) if "size" in name.options else None


def _memo_key(name: EncoderName, source: Source, memo: Memo) -> tuple[object, ...]:
    shape = {n: name.options[n] for n in ("layer", "pool", "size") if n in name.options}
    return ("timm", _MEMO_VERSION, version("timm"), shape, *source.identity(memo))


def open_named(name: EncoderName, memo: Path | None, device: str) -> "TimmEncoder":
    """Load a timm model and remember what it is.

    Raises
    ------
    EncoderUnavailableError
        The model, its weights, a layer or the device is not there.
    """
    _check(name)
    source, store, size = find_source(name), Memo(memo), _size(name)
    place = choose_device(device)
    model, weights = build(source, size)
    features = Features(model, name.options.get("layer", ""), name.options.get("pool", ""))
    config = _data_config(model, size)
    spec = EncoderSpec(
        name=name.text,
        weights_digest=_weights_digest(source, model, weights, store),
        model_type=(kind := training_of(_architecture(source, model), _tag(source, model))),
        dims=features.dims(config["input_size"]),
        input_size=(int(config["input_size"][1]), int(config["input_size"][2])),
        layer=features.layer,
        pooling=features.pooling,
        crop_pct=float(config["crop_pct"]),
        crop_mode=str(config["crop_mode"]),
        interpolation=str(config["interpolation"]),
        mean=tuple(float(value) for value in config["mean"]),
        std=tuple(float(value) for value in config["std"]),
        metric=is_metric(kind),
        good_for=good_for(kind),
        extra={"encoder": "timm", "version": 1},
    )
    store.put(spec_to_dict(spec), *_memo_key(name, source, store))
    return TimmEncoder(spec, features, config, place)


def _weights_digest(source: Source, model: Any, weights: Path | None, memo: Memo) -> str:
    """Return what tells these weights, in this architecture with these arguments, from others."""
    held = state_digest(model) if weights is None else file_digest(weights, memo)
    config = source.config
    return digest(
        held,
        config.get("architecture", source.model.partition(".")[0]),
        config.get("pretrained_cfg", {}),
        {**config.get("model_args", {}), **source.model_args},
    )


def _architecture(source: Source, model: Any) -> str:
    return str(model.pretrained_cfg.get("architecture") or source.model.partition(".")[0])


def _tag(source: Source, model: Any) -> str:
    if source.kind == "checkpoint":
        return source.model.partition(".")[2]
    return str(model.pretrained_cfg.get("tag") or "")


def _data_config(model: Any, size: int | None) -> dict[str, Any]:
    from timm.data import resolve_model_data_config

    config: dict[str, Any] = resolve_model_data_config(model)
    channels, height, width = config["input_size"]
    if size is not None:
        height = width = size
    if channels not in {1, 3}:
        raise EncoderUnavailableError(
            f"a model of {channels} input channels cannot take pictures; 1 or 3 are needed"
        )
    return {**config, "input_size": (channels, height, width)}


class TimmEncoder:
    """Pictures to the features of a network."""

    def __init__(
        self, spec: EncoderSpec, features: Features, config: Mapping[str, Any], device: str
    ):
        from timm.data import create_transform

        self.spec = spec
        self.device = device
        self.concurrent = device == "cpu"
        self._mode = "L" if config["input_size"][0] == 1 else "RGB"
        # All but the last step of timm's own transform, which makes a tensor: what is left takes
        # and gives pictures, and what travels to the network is a third of the bytes.
        steps = create_transform(**config, is_training=False, use_prefetcher=True).transforms
        self._steps = steps[:-1]
        assert spec.input_size is not None
        self.at_least = max(AT_LEAST, 2 * int(max(spec.input_size) / spec.crop_pct))
        self.features = features.to(device)
        self._batches = Batches(device)

    def prepare(self, picture: "Picture") -> np.ndarray:
        """Return the picture resized and cropped as the model's config says, uint8 `(h, w, c)`."""
        image = picture.image.convert(self._mode)
        for step in self._steps:
            image = step(image)
        pixels = np.asarray(image)
        return pixels[..., None] if pixels.ndim == 2 else pixels

    def encode(self, inputs: np.ndarray) -> np.ndarray:
        """Return float32 `(n, dims)` for inputs uint8 `(n, h, w, c)`.

        A batch that does not fit into memory is halved, again and again if need be, and later
        ones are cut to what did fit.
        """
        return self._stepped(inputs, self.features)

    def feature_map(self, inputs: np.ndarray) -> np.ndarray:
        """Return the features before pooling, float32 `(n, rows, columns, channels)`.

        Places run from the top left of what `prepare` made; see `core.encoders.places`.

        Raises
        ------
        EncoderUnavailableError
            The layer has no places.
        """
        return self._stepped(inputs, self.features.at_places)

    def detailed_map(self, inputs: np.ndarray) -> np.ndarray:
        """Return finer features by place, as `feature_map`, from the last three sizes of maps."""
        return self._stepped(inputs, self.features.in_detail)

    def _stepped(self, inputs: np.ndarray, features: Callable[[Any], Any]) -> np.ndarray:
        """Return what the network makes of inputs, as many at a time as fit into memory."""
        return self._batches.run(lambda part: self._forward(part, features), inputs)

    def _forward(self, inputs: np.ndarray, features: Callable[[Any], Any]) -> np.ndarray:
        import torch

        with torch.inference_mode():
            normal = normalised(inputs, self.spec, self.device)
            with mixed_precision(self.device):
                vectors = features(normal).float()
            if self.device != "cpu" and not torch.isfinite(vectors).all():
                vectors = features(normal).float()  # float16 overflowed
            return np.ascontiguousarray(vectors.cpu().numpy())

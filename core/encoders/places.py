"""Features by place: what an encoder sees at each place of a picture, and which part it sees."""

from typing import Protocol, runtime_checkable

import numpy as np

from core.encoders.base import Encoder
from core.errors import EncoderUnavailableError
from core.model import EncoderSpec

#: Places along a side at most; finer maps are averaged over blocks.
FINEST = 16


@runtime_checkable
class PlaceEncoder(Protocol):
    """An encoder that also tells what it sees where."""

    @property
    def spec(self) -> EncoderSpec:
        """What the encoder is."""

    def feature_map(self, inputs: np.ndarray) -> np.ndarray:
        """Return float32 `(n, rows, columns, channels)` for inputs stacked from `prepare`."""


@runtime_checkable
class DetailEncoder(Protocol):
    """An encoder that also tells what it sees where in more places, for small things."""

    def detailed_map(self, inputs: np.ndarray) -> np.ndarray:
        """Return float32 `(n, rows, columns, channels)` for inputs stacked from `prepare`."""


def check_places(encoder: Encoder) -> PlaceEncoder:
    """Return the encoder as one that has places.

    Raises
    ------
    EncoderUnavailableError
        It gives one vector a picture and nothing else.
    """
    if not isinstance(encoder, PlaceEncoder):
        raise EncoderUnavailableError(
            f"the encoder {encoder.spec.name} gives one vector a picture and nothing by place; "
            "timm models and pixels do"
        )
    return encoder


def patches_of(
    encoder: PlaceEncoder, inputs: np.ndarray, finest: int = FINEST, *, detailed: bool = False
) -> np.ndarray:
    """Return features by place, at most `finest` along a side, float32 `(n, rows, columns, c)`.

    Those of a network are of length 1, as whole pictures' vectors are when they are compared: else
    places where the network is merely loud would be the furthest from everything. Those measured
    by hand (brightness of pixels) stay as they are.

    Parameters
    ----------
    detailed
        From the encoder's finer map, where it has one.

    Raises
    ------
    EncoderUnavailableError
        This layer of the encoder has no places.
    """
    look = encoder.feature_map
    if detailed and isinstance(encoder, DetailEncoder):
        look = encoder.detailed_map
    found = averaged(np.asarray(look(inputs), np.float32), finest)
    if encoder.spec.model_type == "hand-made":
        return found
    length = np.linalg.norm(found, axis=-1, keepdims=True)
    return np.asarray(found / np.where(length > 0, length, 1), np.float32)


def averaged(found: np.ndarray, finest: int = FINEST) -> np.ndarray:
    """Return maps `(n, h, w, c)` averaged over blocks until no side has more than `finest` places.

    Blocks are of nearly the same size: edges are at whole places, i · side // places.
    """
    for axis in (1, 2):
        side = found.shape[axis]
        if side > finest:
            edges = np.arange(finest) * side // finest
            size = np.diff([*edges, side]).astype(np.float32)
            shape = [1, 1, 1, 1]
            shape[axis] = finest
            found = np.add.reduceat(found, edges, axis=axis) / size.reshape(shape)
    return found


def seen(spec: EncoderSpec, width: int, height: int) -> tuple[float, float, float, float]:
    """Return which part of a picture the encoder sees, as left, top, width and height in 0..1.

    Parts beyond 0 and 1 are a border that the encoder adds around the picture.

    Parameters
    ----------
    spec
        The encoder; its input size, crop and crop mode say what of a picture is cut away.
    width, height
        Of the upright picture, in pixels.
    """
    if spec.input_size is None or spec.crop_mode == "squash":
        part = spec.crop_pct if spec.input_size is not None else 1.0
        return (1 - part) / 2, (1 - part) / 2, part, part
    high, wide = spec.input_size
    target = (high / spec.crop_pct, wide / spec.crop_pct)
    ratios = target[0] / height, target[1] / width
    scale = min(ratios) if spec.crop_mode == "border" else max(ratios)
    part_x, part_y = wide / (width * scale), high / (height * scale)
    return (1 - part_x) / 2, (1 - part_y) / 2, part_x, part_y


def in_picture(
    spec: EncoderSpec, width: int, height: int, across: float, down: float
) -> tuple[float, float]:
    """Return where a place of what the encoder sees lies in the picture, in 0..1.

    Parameters
    ----------
    spec, width, height
        As in `seen`.
    across, down
        The place, in 0..1 of what the encoder sees.
    """
    left, top, wide, high = seen(spec, width, height)
    x, y = left + across * wide, top + down * high
    return min(1.0, max(0.0, x)), min(1.0, max(0.0, y))

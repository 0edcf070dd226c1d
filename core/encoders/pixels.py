"""The `pixels` encoder: a picture made very small, its pixels in a row.

Options: `side` (default 16, 1 to 256) and `colour=1`. The picture is squashed to a square: each
axis is averaged over areas where it shrinks and interpolated linearly where it grows. Values run
from 0 (black) to 1, row by row from the top left, red green blue within a pixel for colour. A
solid black picture is a zero vector, which has no direction: `embed` quarantines it.
"""

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from core.encoders.base import AT_LEAST, EncoderName, check_options, truth, whole_number
from core.model import EncoderSpec

if TYPE_CHECKING:
    from core.imaging.decode import Picture

OPTIONS = ("side", "colour")


def describe(name: EncoderName) -> EncoderSpec:
    """Return the spec of `pixels` with the options of `name`.

    Raises
    ------
    EncoderUnavailableError
        An option is unknown or out of range.
    """
    check_options(name, OPTIONS)
    side = whole_number(name, "side", 16, 1, 256)
    colour = truth(name, "colour")
    return EncoderSpec(
        name=name.text,
        weights_digest="",
        model_type="hand-made",
        dims=side * side * (3 if colour else 1),
        input_size=(side, side),
        crop_mode="squash",
        interpolation="box",
        metric=False,
        good_for="small aligned pictures: digits, glyphs, sprites; duplicates of whole pictures",
        extra={"encoder": "pixels", "version": 1, "colour": colour},
    )


class PixelsEncoder:
    """Pictures to their own pixels at a small size."""

    concurrent = True

    def __init__(self, name: EncoderName):
        self.spec = describe(name)
        assert self.spec.input_size is not None
        self._side = self.spec.input_size[0]
        self._mode = "RGB" if self.spec.extra["colour"] else "L"
        self.at_least = max(2 * self._side, AT_LEAST)

    def prepare(self, picture: "Picture") -> np.ndarray:
        """Return the picture's pixels, uint8 `(dims,)`."""
        image, side = picture.image.convert(self._mode), self._side
        across = Image.Resampling.BOX if image.width > side else Image.Resampling.BILINEAR
        image = image.resize((side, image.height), across)
        down = Image.Resampling.BOX if image.height > side else Image.Resampling.BILINEAR
        return np.asarray(image.resize((side, side), down)).reshape(-1)

    def encode(self, inputs: np.ndarray) -> np.ndarray:
        """Return float32 `(n, dims)` in 0..1 for inputs uint8 `(n, dims)`."""
        return inputs.astype(np.float32) / np.float32(255)

    def feature_map(self, inputs: np.ndarray) -> np.ndarray:
        """Return the pixels where they are, float32 `(n, side, side, 1 or 3)` in 0..1."""
        return self.encode(inputs).reshape(len(inputs), self._side, self._side, -1)

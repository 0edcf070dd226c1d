"""How pictures are prepared for an encoder of one's own: declared in its name, done the same way.

Options: `size` (224, or 160x96 as height x width), `crop` (share of the resized picture that is
kept, .01 to 1), `fit` (crop: the shorter side is resized and the middle cut out; squash: both sides
are resized; pad: the whole picture on mid-grey), `interpolation`, `colour` (rgb, bgr, grey), `mean`
and `std` (one number or one a channel; or `imagenet`, `clip`; values run from 0 to 1 before them),
`layout` (nchw or nhwc).
"""

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from core.encoders.base import AT_LEAST, EncoderName, suggest
from core.errors import EncoderUnavailableError

if TYPE_CHECKING:
    from core.imaging.decode import Picture

OPTIONS = ("size", "crop", "fit", "interpolation", "colour", "mean", "std", "layout")

FITS = ("crop", "squash", "pad")
COLOURS = ("rgb", "bgr", "grey")
LAYOUTS = ("nchw", "nhwc")
_FILTERS = {
    "nearest": Image.Resampling.NEAREST,
    "box": Image.Resampling.BOX,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}
INTERPOLATIONS = tuple(_FILTERS)

#: Statistics that many models were trained with, by name.
_KNOWN: dict[str, dict[str, tuple[float, ...]]] = {
    "mean": {
        "imagenet": (0.485, 0.456, 0.406),
        "clip": (0.48145466, 0.4578275, 0.40821073),
    },
    "std": {
        "imagenet": (0.229, 0.224, 0.225),
        "clip": (0.26862954, 0.26130258, 0.27577711),
    },
}
_SIDES = re.compile(r"(\d{1,4})(?:x(\d{1,4}))?")
_LARGEST = 4096
_GREY = 128


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """What is done to a picture before an encoder sees it.

    `size` is height and width in pixels; `mean` and `std` have one value a channel and apply to
    values from 0 to 1.
    """

    size: tuple[int, int]
    crop: float
    fit: str
    interpolation: str
    colour: str
    mean: tuple[float, ...]
    std: tuple[float, ...]
    layout: str

    @property
    def channels(self) -> int:
        """Return 1 for grey pictures, else 3."""
        return 1 if self.colour == "grey" else 3

    @property
    def at_least(self) -> int:
        """Return the least shorter side to decode: twice what is needed."""
        return max(AT_LEAST, 2 * int(max(self.size) / self.crop))

    @property
    def shape(self) -> tuple[int, int, int]:
        """Return the shape of one input as the encoder gets it."""
        height, width = self.size
        if self.layout == "nhwc":
            return (height, width, self.channels)
        return (self.channels, height, width)

    def spec_fields(self) -> dict[str, Any]:
        """Return the fields of an `EncoderSpec` that tell the same."""
        return {
            "input_size": self.size,
            "crop_pct": self.crop,
            "crop_mode": self.fit,
            "interpolation": self.interpolation,
            "mean": self.mean,
            "std": self.std,
        }

    def prepare(self, picture: "Picture") -> np.ndarray:
        """Return one picture resized and cropped, uint8 `(h, w, channels)`."""
        image = picture.image.convert("L" if self.colour == "grey" else "RGB")
        pixels = np.asarray(self._fitted(image))
        if pixels.ndim == 2:
            return pixels[..., None]
        return pixels[..., ::-1] if self.colour == "bgr" else pixels

    def _fitted(self, image: Image.Image) -> Image.Image:
        height, width = self.size
        method = _FILTERS[self.interpolation]
        if self.fit == "squash":
            return image.resize((width, height), method)
        across, down = width / self.crop, height / self.crop
        ratios = across / image.width, down / image.height
        scale = max(ratios) if self.fit == "crop" else min(ratios)
        sides = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        image = image.resize(sides, method)
        left, top = (image.width - width) // 2, (image.height - height) // 2
        if left < 0 or top < 0 or image.width < width or image.height < height:
            ground = Image.new(image.mode, (width, height), (_GREY,) * len(image.getbands()))
            ground.paste(image, (-left, -top))
            return ground
        return image.crop((left, top, left + width, top + height))

    def normalised(self, inputs: np.ndarray) -> np.ndarray:
        """Return float32 inputs as the encoder takes them, for uint8 `(n, h, w, channels)`."""
        values = inputs.astype(np.float32)
        values /= np.float32(255)
        values -= np.asarray(self.mean, np.float32)
        values /= np.asarray(self.std, np.float32)
        return (
            values if self.layout == "nhwc" else np.ascontiguousarray(values.transpose(0, 3, 1, 2))
        )


def read_preprocessing(name: EncoderName, size: tuple[int, int] | None = None) -> Preprocessing:
    """Return the preprocessing that an encoder's name declares.

    Parameters
    ----------
    name
        The name with its options.
    size
        The size that the model itself wants, where it tells; an option must agree with it.

    Raises
    ------
    EncoderUnavailableError
        An option is out of range; the message names it.
    """
    colour = _one_of(name, "colour", COLOURS)
    channels = 1 if colour == "grey" else 3
    std = _statistics(name, "std", channels, 1.0)
    if not all(value > 0 for value in std):
        raise EncoderUnavailableError(f"encoder {name.text!r}: std must be above 0")
    return Preprocessing(
        size=_size(name, size),
        crop=_share(name),
        fit=_one_of(name, "fit", FITS),
        interpolation=_one_of(name, "interpolation", INTERPOLATIONS, "bicubic"),
        colour=colour,
        mean=_statistics(name, "mean", channels, 0.0),
        std=std,
        layout=_one_of(name, "layout", LAYOUTS),
    )


def _one_of(name: EncoderName, option: str, known: tuple[str, ...], default: str = "") -> str:
    text = name.options.get(option, default or known[0]).lower()
    text = {"gray": "grey", "l": "grey"}.get(text, text) if option == "colour" else text
    if text not in known:
        raise EncoderUnavailableError(
            f"encoder {name.text!r}: {option} is {', '.join(known)}, not {text!r}"
            f"{suggest(text, known)}"
        )
    return text


def _size(name: EncoderName, own: tuple[int, int] | None) -> tuple[int, int]:
    text = name.options.get("size")
    if text is None:
        return own or (224, 224)
    found = _SIDES.fullmatch(text)
    sides = () if found is None else (int(found[1]), int(found[2] or found[1]))
    if not sides or not all(1 <= side <= _LARGEST for side in sides):
        raise EncoderUnavailableError(
            f"encoder {name.text!r}: size is a side in pixels from 1 to {_LARGEST}, or height x "
            f"width as 160x96, not {text!r}"
        )
    if own is not None and sides != own:
        raise EncoderUnavailableError(
            f"encoder {name.text!r}: the model takes {own[0]}x{own[1]} px and nothing else; "
            "leave size out"
        )
    return sides[0], sides[1]


def _share(name: EncoderName) -> float:
    values = _numbers(name, "crop", "1")
    if len(values) != 1 or not 0.01 <= values[0] <= 1:
        raise EncoderUnavailableError(
            f"encoder {name.text!r}: crop is a share from .01 to 1, not {name.options['crop']!r}"
        )
    return values[0]


def _statistics(name: EncoderName, option: str, channels: int, default: float) -> tuple[float, ...]:
    text = name.options.get(option, str(default))
    known = _KNOWN[option].get(text.lower())
    values = known if known is not None else _numbers(name, option, text)
    if len(values) == 1:
        values = values * channels
    if len(values) != channels:
        raise EncoderUnavailableError(
            f"encoder {name.text!r}: {option} needs one number or {channels}, "
            f"not {len(values)} ({text})"
        )
    return values


def _numbers(name: EncoderName, option: str, default: str) -> tuple[float, ...]:
    text = name.options.get(option, default)
    try:
        values = tuple(float(part) for part in text.split(","))
    except ValueError:
        values = ()
    if not values or not np.isfinite(values).all():
        known = _KNOWN.get(option)
        also = f", or {' or '.join(known)}" if known else ""
        raise EncoderUnavailableError(
            f"encoder {name.text!r}: {option} is numbers joined by commas{also}, not {text!r}"
        )
    return values

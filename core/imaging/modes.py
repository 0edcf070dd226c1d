"""Any pixel mode that Pillow knows → 8-bit RGB and a mask of what is opaque."""

import sys
from typing import Any

import numpy as np
from PIL import Image

from core.errors import DecodeError

#: Transparent parts are shown, and encoded, on this grey.
MID_GREY = (128, 128, 128)
DEEP_MODES = {
    "I;16": "16-bit",
    "I;16B": "16-bit",
    "I;16L": "16-bit",
    "I;16N": "16-bit",
    "I": "32-bit",
    "F": "floating-point",
}


def scale_to_8_bit(values: np.ndarray, depth: str) -> tuple[np.ndarray, str]:
    """Stretch values linearly so that their own finite minimum and maximum become 0 and 255.

    Parameters
    ----------
    values
        Numbers of any shape; all equal ones become 0.
    depth
        The word for their type in the note, such as "16-bit".

    Returns
    -------
    scaled
        The same shape, uint8, rounded to nearest; non-finite values become 0.
    note
        What was done, for a person.

    Raises
    ------
    DecodeError
        No value is finite.
    """
    numbers = values.astype(np.float64)
    finite = np.isfinite(numbers)
    if not finite.any():
        raise DecodeError("holds no finite pixel value")
    low, high = float(numbers[finite].min()), float(numbers[finite].max())
    note = f"{depth} scaled by its own range {low:.6g}..{high:.6g}"
    if not finite.all():
        note += f", {int((~finite).sum())} non-finite values set to 0"
        numbers[~finite] = low
    if high == low:
        return np.zeros(numbers.shape, np.uint8), note
    # Halved first: the range of two extreme doubles would overflow.
    scaled = (numbers / 2 - low / 2) / (high / 2 - low / 2) * 255
    return np.rint(scaled).astype(np.uint8), note


def _lab_to_rgb(image: Image.Image) -> Image.Image:
    from PIL import ImageCms

    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    converted = ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")
    assert converted is not None
    return converted


def to_rgb_and_alpha(
    image: Image.Image,
) -> tuple[Image.Image, Image.Image | None, tuple[str, ...]]:
    """Return a loaded picture as RGB, its alpha ("L", None when all is opaque) and notes.

    Alpha is not applied here; see `flatten`.
    """
    if image.mode in DEEP_MODES:
        array, note = scale_to_8_bit(np.asarray(image), DEEP_MODES[image.mode])
        return Image.fromarray(array).convert("RGB"), None, (note,)
    if image.mode == "LAB":
        return _lab_to_rgb(image), None, ()
    if not image.has_transparency_data:
        return (image if image.mode == "RGB" else image.convert("RGB")), None, ()
    full = image.convert("RGBA")
    alpha = full.getchannel("A")
    rgb = full.convert("RGB")
    return rgb, (None if alpha.getextrema() == (255, 255) else alpha), ()


def flatten(rgb: Image.Image, alpha: Image.Image | None) -> Image.Image:
    """Return RGB with `alpha` ("L", same size) composited on mid-grey."""
    if alpha is None:
        return rgb
    base = Image.new("RGB", rgb.size, MID_GREY)
    base.paste(rgb, mask=alpha)
    return base


def _other_byte(raw_mode: str) -> str | None:
    """Return the raw mode that reads the low byte of each 16-bit value instead of the high one.

    Pillow has no 16-bit colour mode: it keeps the high byte, the first of a big-endian value.
    Read as little-endian, the "high" byte is the other one.
    """
    native = "B" if sys.byteorder == "little" else "L"
    for order, other in (("B", "L"), ("L", "B"), ("N", native)):
        if raw_mode.endswith(f";16{order}"):
            return raw_mode[:-1] + other
    return None


def low_byte_tiles(image: Any) -> list[Any] | None:
    """Return the tiles that load a 16-bit colour file's low bytes; None if it is no such file."""
    tiles = getattr(image, "tile", None)
    if image.mode not in {"RGB", "RGBA"} or not tiles:
        return None
    swapped = []
    for tile in tiles:
        args = tile[3]
        raw_mode = args if isinstance(args, str) else (args[0] if args else "")
        other = _other_byte(raw_mode) if isinstance(raw_mode, str) else None
        if other is None:
            return None
        swapped.append(tile._replace(args=other if isinstance(args, str) else (other, *args[1:])))
    return swapped


def join_bytes(high: Image.Image, low: Image.Image) -> tuple[Image.Image, str]:
    """Return 16-bit colour, given as pictures of its high and low bytes, scaled to 8 bits.

    The range is that of all colour channels together; alpha keeps its high byte. The text is the
    note on it.
    """
    high_bytes, low_bytes = np.asarray(high), np.asarray(low)
    values = high_bytes[..., :3].astype(np.uint16) * 256 + low_bytes[..., :3]
    scaled, note = scale_to_8_bit(values, "16-bit colour")
    if high.mode == "RGBA":
        scaled = np.dstack([scaled, high_bytes[..., 3]])
    return Image.fromarray(scaled), note

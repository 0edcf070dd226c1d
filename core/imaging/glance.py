"""A glance at a picture's thumbnail: what looking for copies asks of it, without its file.

A run has decoded every picture once and kept a thumbnail. Of that, at half its scale, measures and
hashes take a tenth of the time of a look (`core.imaging.pixels`) and differ little from those of
one. That pixels are equal cannot be seen there; that they are not, mostly can.
"""

import hashlib
import io
import struct
from collections.abc import Sequence
from dataclasses import dataclass, fields
from operator import attrgetter

import numpy as np
from PIL import Image

from core.imaging.measures import Measures, sharp_size
from core.imaging.perceptual import SIDE as HASH_SIDE
from core.imaging.perceptual import hashes_of
from core.imaging.thumbnails import thumbnail_type
from core.imaging.together import in_squares, measure_together

#: Raised when a glance holds other values or the same ones measured otherwise.
VERSION = 1
#: Side of the grey square that pictures are compared by, and the least shorter side of what it and
#: the measures are taken of.
SIDE = 64
#: Brightness and grey are taken of every so-manieth pixel along both sides.
THIN = 2

_NAMES = tuple(field.name for field in fields(Measures))
_values = attrgetter(*_NAMES)
#: Measures; the eight hashes; width and height of the thumbnail; the mark of its bytes.
_LAYOUT = struct.Struct(f"<{len(_NAMES)}d8Q2I16s")


@dataclass(frozen=True, slots=True)
class Glance:
    """What a thumbnail tells of a picture.

    Attributes
    ----------
    measures
        Brightness, information, sharpness, grey and border.
    hashes
        Perceptual hashes `(8,)` uint64, turned and mirrored as in `perceptual.TURNS`.
    width, height
        Of the thumbnail, in pixels.
    mark
        16 bytes, equal where the thumbnail's bytes are.
    """

    measures: Measures
    hashes: np.ndarray
    width: int
    height: int
    mark: bytes


@dataclass(frozen=True, slots=True)
class _Seen:
    """A decoded thumbnail, of which nothing was measured yet."""

    values: np.ndarray
    image: Image.Image
    grey: Image.Image
    square: Image.Image
    size: tuple[int, int]
    mark: bytes

    @property
    def tiny(self) -> bool:
        """Whether all is small enough to be taken of it as a look does."""
        return max(self.image.size) < 2 * SIDE

    @property
    def sharp(self) -> Image.Image:
        """What sharpness is taken of, in grey."""
        small = sharp_size(self.image.size)
        if not self.tiny or small == self.image.size:
            return self.grey
        return self.image.resize(small).convert("L")


def glances_at(thumbnails: Sequence[bytes]) -> list[tuple[Glance, np.ndarray] | None]:
    """Look at thumbnails; what is measured of them, and their hashes, are taken together.

    Parameters
    ----------
    thumbnails
        JPEG or PNG files, as `encode_thumbnail` makes them.

    Returns
    -------
    list
        Of each the glance and its grey square `(64, 64)` uint8; None where it is damaged.
    """
    seen = [_see(data) for data in thumbnails]
    found = [one for one in seen if one is not None]
    if not found:
        return [None] * len(seen)
    squares = in_squares([one.square for one in found], SIDE)
    measures = measure_together(
        [one.values for one in found], [one.sharp for one in found],
        [one.image.entropy() for one in found], [1 if one.tiny else THIN for one in found],
    )  # fmt: skip
    each = iter(zip(measures, hashes_of(_smaller(found, squares)), squares, strict=True))
    glances: list[tuple[Glance, np.ndarray] | None] = []
    for one in seen:
        if one is None:
            glances.append(None)
            continue
        measured, hashes, square = next(each)
        glances.append((Glance(measured, hashes, *one.size, one.mark), square))
    return glances


def _see(data: bytes) -> _Seen | None:
    """Decode a thumbnail and make its grey square."""
    try:
        values, size = _decoded(data)
    except (OSError, ValueError, SyntaxError):
        return None
    image = Image.fromarray(values)
    grey = image.convert("L")
    mark = hashlib.blake2b(data, digest_size=16).digest()
    return _Seen(values, image, grey, _squared(grey), size, mark)


def _smaller(seen: Sequence[_Seen], squares: np.ndarray) -> np.ndarray:
    """Return the grey values `(k, 32, 32)` uint8 that hashes are taken of.

    A picture is stretched along one side and then along the other, so that of squares laid below
    each other, and then beside each other, all are at once.
    """
    below = Image.fromarray(squares.reshape(-1, SIDE))
    across = np.asarray(below.resize((HASH_SIDE, below.height), Image.Resampling.LANCZOS))
    turned = across.reshape(len(seen), SIDE, HASH_SIDE).transpose(1, 0, 2)
    beside = Image.fromarray(turned.reshape(SIDE, -1))
    down = np.asarray(beside.resize((beside.width, HASH_SIDE), Image.Resampling.LANCZOS))
    found = down.reshape(HASH_SIDE, len(seen), HASH_SIDE).transpose(1, 0, 2).copy()
    for place, one in enumerate(seen):
        if one.tiny:
            size = (HASH_SIDE, HASH_SIDE)
            found[place] = np.asarray(one.grey.resize(size, Image.Resampling.LANCZOS))
    return found


def _decoded(data: bytes) -> tuple[np.ndarray, tuple[int, int]]:
    """Return a thumbnail in RGB, at half its scale where that is enough, and its own size."""
    if thumbnail_type(data) == "image/png":
        with Image.open(io.BytesIO(data)) as image:
            return np.asarray(image.convert("RGB")), image.size
    import simplejpeg

    height, width = simplejpeg.decode_jpeg_header(data)[:2]
    enough = min(width, height) >= 2 * SIDE
    wanted = {"min_width": -(-width // 2), "min_height": -(-height // 2)} if enough else {}
    return simplejpeg.decode_jpeg(data, **wanted), (width, height)


def thumbnail_square(data: bytes) -> np.ndarray:
    """Return the grey square of a thumbnail, as `glances_at` does.

    Raises
    ------
    OSError, ValueError
        It is damaged.
    """
    return grey_square(Image.fromarray(_decoded(data)[0]))


def grey_square(image: Image.Image) -> np.ndarray:
    """Return a picture's grey values `(64, 64)` uint8, stretched to a square."""
    return np.asarray(_squared(image if image.mode == "L" else image.convert("L")))


def _squared(grey: Image.Image) -> Image.Image:
    """Return a grey picture stretched to a square."""
    return grey.resize((SIDE, SIDE), Image.Resampling.LANCZOS, reducing_gap=3.0)


def pack(glance: Glance) -> bytes:
    """Return a glance as bytes, always of one length."""
    return _LAYOUT.pack(
        *_values(glance.measures), *glance.hashes.tolist(), glance.width, glance.height,
        glance.mark,
    )  # fmt: skip


def unpack(data: bytes) -> Glance | None:
    """Return the glance that `pack` packed; None if these bytes are none."""
    if len(data) != _LAYOUT.size:
        return None
    values = _LAYOUT.unpack(data)
    at = len(_NAMES)
    hashes = np.array(values[at : at + 8], np.uint64)
    return Glance(Measures(*values[:at]), hashes, *values[at + 8 :])

"""One look at a picture: its measures, the digest of its pixels and its perceptual hashes.

Everything that the checks of pictures and of duplicates ask of the pixels is taken from one decode
in full, since equal pixels can only be told from all of them.
"""

import re
import struct
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import numpy as np
from PIL import Image

from core.imaging.decode import ItemFile, Limits, Picture, load_picture
from core.imaging.measures import Measures, measure_reduced, reduced
from core.imaging.orientation import UPRIGHT, orientation_score
from core.imaging.perceptual import perceptual_hashes, pixel_digest

#: Raised when a look holds other values or the same ones measured otherwise: all are taken again.
VERSION = 1

_NAMES = tuple(field.name for field in fields(Measures))
#: Measures, orientation; width, height; the digest; the eight hashes. Little-endian.
_LAYOUT = struct.Struct(f"<{len(_NAMES) + 1}d2I32s8Q")
#: How decoding tells that more than 8 bits were brought to 8, and by which range.
_RANGE = re.compile(r"scaled by its own range (\S+)\.\.([^\s,]+)")
#: Ranges whose scaling is that of the format itself, so that nothing was stretched.
_WHOLE_RANGES = frozenset({("0", "1"), ("0", "255"), ("0", "65535")})


@dataclass(frozen=True, slots=True)
class Look:
    """What one decode of a picture tells.

    Attributes
    ----------
    measures
        Brightness, information, sharpness, grey and border.
    width, height
        Of what was looked at, upright, in pixels: of a region its own.
    digest
        64 hex digits over size and pixels: equal pixels in any format have one.
    hashes
        Perceptual hashes `(8,)` uint64, turned and mirrored as in `perceptual.TURNS`.
    orientation
        1 where nothing disagrees with the orientation tag, lower where something does.
    """

    measures: Measures
    width: int
    height: int
    digest: str
    hashes: np.ndarray
    orientation: float = UPRIGHT


def look_at(image: Image.Image, *, orientation: float = UPRIGHT, salt: str = "") -> Look:
    """Look at a decoded picture.

    Parameters
    ----------
    image
        RGB, upright, in full.
    orientation
        What its file says of its orientation (`orientation_score`).
    salt
        Pictures of different salts never count as equal.
    """
    small = reduced(image)
    return Look(
        measures=measure_reduced(small),
        width=image.width,
        height=image.height,
        digest=pixel_digest(image, salt),
        hashes=perceptual_hashes(small),
        orientation=orientation,
    )


def look_at_item(item: ItemFile, limits: Limits | None = None) -> Look:
    """Decode an item in full and look at it; a region is looked at as it is cut out.

    Raises
    ------
    DecodeError
        It cannot be decoded; the message is the reason.
    """
    limits = limits or Limits()
    picture = load_picture(item.path, item.region, root=item.root, limits=limits)
    score = orientation_score(item.path, picture.format, root=item.root, limits=limits)
    return look_at(picture.image, orientation=score, salt=_stretched(picture))


def look_at_file(path: Path, limits: Limits | None = None) -> Look:
    """Look at a whole picture file, as `look_at_item` does."""
    return look_at_item(ItemFile("", path), limits)


def _stretched(picture: Picture) -> str:
    """Return the range that more than 8 bits were scaled by; "" where none or all of it was used.

    A dim and a bright 16-bit picture, each scaled by its own range, may well come out the same;
    they are not the same pixels.
    """
    for note in picture.notes:
        found = _RANGE.search(note)
        if found and found.groups() not in _WHOLE_RANGES:
            return "..".join(found.groups())
    return ""


def pack(look: Look) -> bytes:
    """Return a look as bytes, always of one length."""
    return _LAYOUT.pack(
        *astuple(look.measures), look.orientation, look.width, look.height,
        bytes.fromhex(look.digest), *look.hashes.tolist(),
    )  # fmt: skip


def unpack(data: bytes) -> Look | None:
    """Return the look that `pack` packed; None if these bytes are none."""
    if len(data) != _LAYOUT.size:
        return None
    values = _LAYOUT.unpack(data)
    at = len(_NAMES)
    return Look(
        Measures(*values[:at]),
        width=values[at + 1],
        height=values[at + 2],
        digest=values[at + 3].hex(),
        hashes=np.array(values[at + 4 :], np.uint64),
        orientation=values[at],
    )

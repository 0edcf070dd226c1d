"""Whether a picture is likely shown turned wrongly, by what its own file says.

Cameras store pixels as the sensor read them and a tag that says how to turn them. Programs that
turn the pixels and leave the tag make pictures that every honest reader, this one too, turns once
too often. Three witnesses in the file can disagree with the tag: the size noted in EXIF, the
embedded thumbnail, and a second tag in XMP.
"""

import io
import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
from PIL import ExifTags, Image

from core.imaging.decode import Limits
from core.imaging.files import open_regular, resolve_inside
from core.imaging.imagefile import open_image

#: Nothing disagrees; then by which witness: XMP, size, thumbnail, size and thumbnail.
UPRIGHT, BY_XMP, BY_SIZE, BY_THUMBNAIL, BY_BOTH = 1.0, 0.3, 0.2, 0.1, 0.0
#: Formats whose files may hold EXIF.
FORMATS = frozenset({"JPEG", "MPO", "PNG", "TIFF", "WEBP", "HEIF", "AVIF"})

_ORIENTATION, _EXIF, _THUMBNAIL_IFD = 0x0112, ExifTags.IFD.Exif, ExifTags.IFD.IFD1
_WIDTH, _HEIGHT, _START, _LENGTH = 0xA002, 0xA003, 0x0201, 0x0202
_QUARTER = frozenset({5, 6, 7, 8})
_TURNS: dict[int, Image.Transpose] = {
    3: Image.Transpose.ROTATE_180,
    6: Image.Transpose.ROTATE_270,
    8: Image.Transpose.ROTATE_90,
}
_XMP = re.compile(rb"tiff:Orientation(?:=[\"']|>)\s*([1-8])")
#: Side at which a thumbnail is compared, the least correlation by which it shows the picture
#: turned, and by how much that must be more than as it is.
_SIDE, _LIKE, _MORE = 24, 0.9, 0.2


def orientation_score(
    path: Path, kind: str, *, root: Path | None = None, limits: Limits | None = None
) -> float:
    """Return 1 unless a picture's orientation tag disagrees with what else its file says.

    Parameters
    ----------
    path
        The file; relative paths count from `root`.
    kind
        Its format, as decoding told it: only some hold EXIF.
    root
        The folder that the file must lie in; None trusts the path.
    limits
        Larger pictures are not opened.

    Returns
    -------
    float
        0 where the size noted in EXIF and the thumbnail both say that the pixels are turned
        already, 0.1 the thumbnail alone, 0.2 the size alone, 0.3 where XMP names another
        orientation; 1 where nothing disagrees, or nothing is said.
    """
    if kind not in FORMATS:
        return UPRIGHT
    with suppress(Exception):  # metadata fail in every way, and say nothing then
        if root is not None:
            path = resolve_inside(path, root)
        with open_regular(path, follow=root is None) as file:
            return _score(open_image(file, limits or Limits()))
    return UPRIGHT


def _score(image: Any) -> float:
    exif = image.getexif()
    tag = int(exif.get(_ORIENTATION, 1))
    size = tag in _QUARTER and _turned_in_size(exif, image.size)
    thumbnail = tag in _TURNS and _turned_in_thumbnail(image, exif, _TURNS[tag])
    if size or thumbnail:
        return BY_BOTH if size and thumbnail else BY_THUMBNAIL if thumbnail else BY_SIZE
    return BY_XMP if _other_in_xmp(image, tag) else UPRIGHT


def _turned_in_size(exif: Any, size: tuple[int, int]) -> bool:
    """Tell whether EXIF notes the stored width as height: the pixels were turned since."""
    noted = exif.get_ifd(_EXIF)
    width, height = int(noted.get(_WIDTH, 0)), int(noted.get(_HEIGHT, 0))
    if width <= 0 or height <= 0 or width == height:
        return False
    return (height, width) == size


def _turned_in_thumbnail(image: Any, exif: Any, turn: Image.Transpose) -> bool:
    """Tell whether the stored picture is the embedded thumbnail with the tag's turn applied.

    A thumbnail is made with the picture and stored as the sensor read it. A picture that looks
    like the thumbnail turned was turned itself.
    """
    first = exif.get_ifd(_THUMBNAIL_IFD)
    start, length = first.get(_START), first.get(_LENGTH)
    data = image.info.get("exif", b"")
    if not start or not length or not data:
        return False
    data = data.removeprefix(b"Exif\x00\x00")
    with Image.open(io.BytesIO(data[start : start + length])) as thumbnail:
        small = thumbnail.convert("L")
    if small.size[0] < 8 or small.size[1] < 8:
        return False
    image.draft("L", (4 * _SIDE, 4 * _SIDE))
    stored = _pattern(image.convert("L"))
    as_it_is = float((stored * _pattern(small)).mean())
    turned = float((stored * _pattern(small.transpose(turn))).mean())
    return turned >= _LIKE and turned >= as_it_is + _MORE


def _pattern(grey: Image.Image) -> np.ndarray:
    """Return a grey picture at 24 × 24, of mean 0 and variance 1 (or 0 where it is flat)."""
    small = grey.resize((_SIDE, _SIDE), Image.Resampling.BOX)
    values = np.asarray(small, dtype=np.float64)
    spread = float(values.std())
    scaled: np.ndarray = (values - values.mean()) / (spread or 1.0)
    return scaled


def _other_in_xmp(image: Any, tag: int) -> bool:
    """Tell whether XMP names another orientation than EXIF."""
    packet = image.info.get("xmp") or b""
    if isinstance(packet, str):
        packet = packet.encode()
    found = _XMP.search(packet)
    return found is not None and int(found.group(1)) != tag

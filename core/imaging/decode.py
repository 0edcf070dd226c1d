"""One file, or a region or frame of it → an upright 8-bit RGB picture.

JPEG, by far the most common, goes through libjpeg-turbo at a reduced scale where a smaller
picture is wanted (the inverse cosine transform itself is done smaller, which is both faster and
a good low-pass filter); everything else goes through Pillow. Every failure is a `DecodeError`
whose message is the reason shown to a person.
"""

from dataclasses import dataclass, replace
from io import BufferedReader, BytesIO
from math import ceil
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
from PIL import Image, ImageChops

from core.errors import DecodeError
from core.imaging import idx
from core.imaging.files import EMPTY, file_size, open_regular, resolve_inside
from core.imaging.imagefile import (
    QUARTER_TURNS,
    Limits,
    check_bytes,
    check_pixels,
    failures_in_words,
    open_image,
    orientation,
)
from core.imaging.modes import flatten, join_bytes, low_byte_tiles, scale_to_8_bit, to_rgb_and_alpha
from core.imaging.recent import Recent, state_of
from core.imaging.regions import Box, clip_box, cut_box, load_mask
from core.imaging.thumbnails import encode_thumbnail, thumbnail_type
from core.imaging.video import container_of_file
from core.imaging.video_apart import is_apart, read_apart
from core.imaging.video_frames import read_frame
from core.model import Region

__all__ = [
    "ItemFile",
    "Limits",
    "Picture",
    "encode_thumbnail",
    "load_picture",
    "thumbnail_type",
]

WHOLE = Region()
DEFAULT_LIMITS = Limits()
#: Formats whose further "frames" are layers of one picture.
_LAYERED = frozenset({"PSD"})


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture.

    Attributes
    ----------
    image
        RGB, upright (EXIF applied), alpha and mask composited on mid-grey.
    alpha
        "L", as large as `image`: what is not transparent or masked out; None when all of it shows.
    width, height
        Upright size in the file, in pixels, whatever was cut out or at whichever scale.
    mode, format
        As in the file: "CMYK", "I;16"; "JPEG", "TIFF", "IDX".
    notes
        What a person should know of the decoding: "first of 7 frames".
    """

    image: Image.Image
    alpha: Image.Image | None
    width: int
    height: int
    mode: str
    format: str
    notes: tuple[str, ...] = ()


def _bytes_of(picture: Picture) -> int:
    width, height = picture.image.size
    return width * height * (3 if picture.alpha is None else 4)


#: Pictures of which regions were cut last: one with many objects is decoded once.
_recent = Recent(_bytes_of)


@dataclass(frozen=True, slots=True)
class ItemFile:
    """Where one item's pixels lie."""

    item_id: str
    path: Path
    region: Region = WHOLE
    root: Path | None = None


def load_picture(
    path: Path,
    region: Region = WHOLE,
    *,
    root: Path | None = None,
    at_least: int | None = None,
    limits: Limits = DEFAULT_LIMITS,
) -> Picture:
    """Decode one item. May be called from many threads at once.

    Parameters
    ----------
    path
        The file; relative paths count from `root`.
    region
        The part of it that is wanted. A box is cut at the picture's borders.
    root
        The folder that the file, and a mask, must lie in after every link is followed; None
        trusts the path.
    at_least
        The picture (or its box) may be decoded smaller, but its shorter side not below this many
        pixels. None decodes in full.
    limits
        Larger files and pictures are refused.

    Raises
    ------
    DecodeError
        It cannot be decoded; the message is the reason, without any absolute path.
    """
    with failures_in_words():
        if root is not None:
            path = resolve_inside(path, root)
        with open_regular(path, follow=root is None) as file:
            whole = _decode(file, path, region, at_least, limits)
        return _cut(whole, region, root or path.parent, limits)


def _cut(whole: Picture, region: Region, root: Path, limits: Limits) -> Picture:
    """Apply a region's mask and box, and composite what is not to be seen on mid-grey.

    The box is cut first: of a large picture only that much is composited.
    """
    image, alpha, size = whole.image, whole.alpha, (whole.width, whole.height)
    if region.mask is not None:
        mask = load_mask(region.mask, root, size, image.size, limits)
        alpha = mask if alpha is None else ImageChops.darker(alpha, mask)
    if region.box is not None:
        image = cut_box(image, region.box, *size)
        alpha = cut_box(alpha, region.box, *size) if alpha is not None else None
    return replace(whole, image=flatten(image, alpha), alpha=alpha)


def _decode(
    file: BufferedReader, path: Path, region: Region, at_least: int | None, limits: Limits
) -> Picture:
    """Return the whole upright picture or frame, alpha not yet applied."""
    prefix = file.read(4)
    if not prefix:
        raise DecodeError(EMPTY)
    if idx.looks_like_idx(prefix) or prefix[:2] == idx.GZIP_MAGIC:
        return _decode_idx(file, path, region.frame, limits)
    if region.frame is not None and container_of_file(file):
        return _decode_video(file, path, region.frame, limits)
    check_bytes(file_size(file), limits)
    if prefix[:3] == b"\xff\xd8\xff" and not region.frame:
        file.seek(0)
        data = file.read(limits.max_bytes)
        state = None if region.box is None else state_of(file)
        return _decode_jpeg(data, region.box, at_least, limits, state)
    if region.box is None:
        return _decode_any(file, region.frame, limits)
    key = (*state_of(file), region.frame, limits)
    found: Picture = _recent.get(key, lambda: _decode_any(file, region.frame, limits))
    return found


def _decode_idx(file: BufferedReader, path: Path, frame: int | None, limits: Limits) -> Picture:
    if not idx.is_idx_file(path):
        raise DecodeError("a gzip archive: unpack it first")
    array, count = idx.read_frame(path, frame, max_pixels=limits.max_pixels)
    height, width = array.shape[:2]
    notes: tuple[str, ...] = ()
    mode = "L" if array.ndim == 2 else "RGB"
    if array.dtype != np.uint8:
        mode = array.dtype.name
        array, note = scale_to_8_bit(array, mode)
        notes = (note,)
    if frame is None and count > 1:
        notes = (f"first of {count} frames", *notes)
    image = Image.fromarray(np.ascontiguousarray(array)).convert("RGB")
    return Picture(image, None, width, height, mode, "IDX", notes)


def _decode_video(file: BufferedReader, path: Path, frame: int, limits: Limits) -> Picture:
    """Decode a frame; a video is read piece by piece, so that its size in bytes is no matter."""
    if is_apart():
        image, codec, notes = read_apart(path.resolve(), frame, limits)
    else:
        image, index, notes = read_frame(file, frame, limits)
        codec = index.codec
    return Picture(image, None, image.width, image.height, "RGB", codec.upper(), notes)


def _decode_any(file: BufferedReader, frame: int | None, limits: Limits) -> Picture:
    """Decode any format through Pillow, in full."""
    image = _open_frame(file, frame, limits)
    no_notes: tuple[str, ...] = ()
    mode, kind, notes = image.mode, image.format, _frame_note(image, frame)
    decoded, more = image, no_notes
    low_tiles = low_byte_tiles(image)
    image.load()
    if low_tiles:
        decoded, more = _deep_colour(file, frame, limits, image, low_tiles)
    method, unreadable = orientation(image)
    rgb, alpha, scaled = to_rgb_and_alpha(decoded)
    if method is not None:
        rgb = rgb.transpose(method)
        alpha = alpha.transpose(method) if alpha else None
    notes = (*notes, *more, *scaled, *unreadable)
    return Picture(rgb, alpha, rgb.width, rgb.height, mode, kind, notes)


def _deep_colour(
    file: BinaryIO, frame: int | None, limits: Limits, high: Any, low_tiles: list[Any]
) -> tuple[Image.Image, tuple[str, ...]]:
    """Read a 16-bit colour file a second time for the bytes that Pillow leaves out."""
    low = _open_frame(file, frame, limits)
    low.tile = low_tiles
    try:
        low.load()
    except ValueError:  # Pillow has no raw mode for the other byte
        return high, ("16-bit colour cut to its high 8 bits",)
    joined, note = join_bytes(high, low)
    return joined, (note,)


def _open_frame(file: BinaryIO, frame: int | None, limits: Limits) -> Any:
    image = open_image(file, limits)
    if frame:
        count = 1 if image.format in _LAYERED else getattr(image, "n_frames", 1)
        if not 0 <= frame < count:
            raise DecodeError(f"has no frame {frame}, only {count} (counted from 0)")
        image.seek(frame)
        check_pixels(image.width, image.height, limits)
    return image


def _frame_note(image: Any, frame: int | None) -> tuple[str, ...]:
    if frame is not None or image.format in _LAYERED or not getattr(image, "is_animated", False):
        return ()
    return (f"first of {image.n_frames} frames",)


def _decode_jpeg(
    data: bytes,
    box: Box | None,
    at_least: int | None,
    limits: Limits,
    state: tuple[Any, ...] | None = None,
) -> Picture:
    """Decode a JPEG from its bytes at the smallest scale that `at_least` allows.

    With the `state` of its file it is kept a moment, for other regions of it.
    """
    image = open_image(BytesIO(data), limits)
    method, _ = orientation(image)
    width, height = image.size
    if method in QUARTER_TURNS:
        width, height = height, width
    divisor = _divisor(width, height, box, at_least)
    if state is None:
        return _scaled_jpeg(data, image, divisor)
    found: Picture = _recent.get((*state, divisor), lambda: _scaled_jpeg(data, image, divisor))
    return found


def _scaled_jpeg(data: bytes, image: Any, divisor: int) -> Picture:
    """Decode a JPEG whose header is read, its sides divided."""
    mode, kind = image.mode, image.format
    notes = _frame_note(image, None)
    method, more = orientation(image)
    notes += more
    width, height = image.size
    if method in QUARTER_TURNS:
        width, height = height, width
    rgb = _turbo_jpeg(data, image, divisor) if mode in {"RGB", "L"} else None
    if rgb is None:
        if divisor > 1:
            image.draft(None, (image.width // divisor, image.height // divisor))
        image.load()
        rgb, _, more = to_rgb_and_alpha(image)
        notes += more
    if method is not None:
        rgb = rgb.transpose(method)
    return Picture(rgb, None, width, height, mode, kind, notes)


def _divisor(width: int, height: int, box: Box | None, at_least: int | None) -> int:
    """Return the largest of 8, 4, 2, 1 that the sides can be divided by.

    The powers of two are the scales for which libjpeg-turbo has vector code; its other eighths
    take longer than they save.
    """
    if at_least is None:
        return 1
    shorter: float = min(width, height)
    if box is not None:
        left, top, right, bottom = clip_box(box, width, height)
        shorter = min(right - left, bottom - top)
    return next((d for d in (8, 4, 2) if shorter // d >= at_least), 1)


def _turbo_jpeg(data: bytes, image: Any, divisor: int) -> Image.Image | None:
    """Decode an 8-bit RGB or grey JPEG with libjpeg-turbo; None where Pillow has to try."""
    import simplejpeg

    try:
        pixels = simplejpeg.decode_jpeg(
            data,
            colorspace="RGB" if image.mode == "RGB" else "GRAY",
            min_height=ceil(image.height / divisor),
            min_width=ceil(image.width / divisor),
            strict=True,
        )
    except ValueError as error:
        if "premature end of data" in str(error):  # Pillow would fill the rest with grey
            raise DecodeError("damaged: its JPEG data end before the picture does") from error
        return None
    if pixels.shape[2] == 1:
        return Image.fromarray(pixels[..., 0]).convert("RGB")
    return Image.fromarray(pixels)

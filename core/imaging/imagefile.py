"""Image files opened through Pillow, bounded, with every failure put into words.

Pillow's own bomb check is one global number that warns at one size and raises at twice that;
here each call brings its limits. So the plugins are asked one by one, as `Image.open` does, and
the size in the header is checked before a pixel is decoded.
"""

import io
import re
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import Any, BinaryIO

from PIL import Image

from core.errors import DecodeError, VitrineError
from core.imaging.files import reason_of_os_error

NOT_AN_IMAGE = "not an image Vitrine can read"
TRUNCATED = "truncated: the file ends before the picture does"
#: Not pictures of their own (IPTC), stubs without a decoder, or drawn by another program (EPS).
REFUSED_FORMATS = frozenset({"BUFR", "EPS", "GRIB", "HDF5", "IPTC", "MPEG", "WMF"})
_BOMBS = (Image.DecompressionBombError, Image.DecompressionBombWarning)
_ENDS_EARLY = re.compile(r"truncat|premature end of|unexpected end|end of file|not enough", re.I)
_HEIF_BRANDS = frozenset(
    {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs", b"mif1", b"msf1"}
)
_ORIENTATION = 0x0112
_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
#: The turns that swap width and height.
QUARTER_TURNS = frozenset(_UPRIGHT[number] for number in (5, 6, 7, 8))
_opening = Lock()


@dataclass(frozen=True, slots=True)
class Limits:
    """What is decoded at most: pixels of one picture, bytes of one file."""

    max_pixels: int = 200_000_000
    max_bytes: int = 512 * 2**20


def check_pixels(width: int, height: int, limits: Limits) -> None:
    """Raise `DecodeError` when a header announces more pixels than allowed, or none."""
    if width <= 0 or height <= 0:
        raise DecodeError(f"damaged: a picture of {width} × {height} pixels")
    if width * height > limits.max_pixels:
        raise DecodeError(
            f"{width * height / 1e6:.1f} megapixels, more than the limit of"
            f" {limits.max_pixels / 1e6:.1f}: raise max_pixels if you trust the file"
        )


def check_bytes(size: int, limits: Limits) -> None:
    """Raise `DecodeError` when a file is larger than allowed."""
    if size > limits.max_bytes:
        raise DecodeError(
            f"{size / 2**20:.1f} MiB, more than the limit of {limits.max_bytes / 2**20:.1f}:"
            " raise max_file_mb if you trust the file"
        )


def reason_of(error: BaseException) -> str:
    """Return any failure of a decoder in words for a person, short and free of paths."""
    text = " ".join(str(error).split())
    if isinstance(error, VitrineError):
        return text
    if isinstance(error, _BOMBS):
        return "too many pixels: more than Pillow decodes of this format"
    if isinstance(error, MemoryError):
        return "needs more memory than is free"
    if isinstance(error, OSError) and error.errno:
        return reason_of_os_error(error)
    if isinstance(error, Image.UnidentifiedImageError):
        return NOT_AN_IMAGE
    if isinstance(error, EOFError) or _ENDS_EARLY.search(text):
        return TRUNCATED
    if not text or re.search(r"[/\\<]", text):
        text = type(error).__name__
    return f"damaged: {text[:120]}"


@contextmanager
def failures_in_words() -> Iterator[None]:
    """Turn whatever a decoder raises into a `DecodeError` that tells the reason.

    Decoders of untrusted bytes fail in every way: OSError, SyntaxError, ValueError, struct.error,
    EOFError, MemoryError, zlib.error, IndexError and more.
    """
    try:
        yield
    except DecodeError:
        raise
    except Exception as error:
        raise DecodeError(reason_of(error)) from error


@cache
def _register_heif() -> None:
    """Let Pillow read HEIC and HEIF."""
    try:
        import pi_heif
    except ImportError as error:
        raise DecodeError("HEIC: the package pi-heif is needed to read it") from error
    pi_heif.register_heif_opener()


@cache
def _formats() -> tuple[str, ...]:
    """Return the formats to try: the common ones first, those without a signature last."""
    Image.init()
    common = ("JPEG", "PNG", "TIFF", "WEBP", "GIF", "BMP")
    rest = [name for name in Image.ID if name not in common and name not in REFUSED_FORMATS]
    signed = [name for name in rest if Image.OPEN[name][1] is not None]
    return (*common, *signed, *(name for name in rest if name not in signed))


def _candidates(prefix: bytes) -> Iterator[str]:
    """Give the formats that a file's first 16 bytes allow."""
    with _opening:  # plugins are imported and registered once
        if prefix[4:8] == b"ftyp" and prefix[8:12] in _HEIF_BRANDS:
            _register_heif()
            yield "HEIF"
        formats = _formats()
    for name in formats:
        accept = Image.OPEN[name][1]
        answer = accept(prefix) if accept else True
        if answer and not isinstance(answer, str):  # a text is Pillow's reason why not
            yield name


def open_image(file: BinaryIO, limits: Limits) -> Any:
    """Return the picture in `file`, header read and its size checked, pixels not yet decoded.

    Returns
    -------
    PIL.ImageFile.ImageFile
        Typed loosely: what it offers depends on the format.

    Raises
    ------
    DecodeError
        No plugin reads it or it has too many pixels; other failures as the plugins raise them.
    """
    file.seek(0)
    prefix = file.read(16)
    failed: list[tuple[str, Exception]] = []
    for name in _candidates(prefix):
        file.seek(0)
        try:
            image = Image.OPEN[name][0](file, "")
        except (SyntaxError, IndexError, TypeError, KeyError, struct.error, EOFError) as error:
            if Image.OPEN[name][1] is not None:
                failed.append((name, error))
            continue
        check_pixels(image.width, image.height, limits)
        return image
    raise _unreadable(file, prefix, failed)


def _unreadable(file: BinaryIO, prefix: bytes, failed: list[tuple[str, Exception]]) -> DecodeError:
    """Tell apart a damaged picture, a kind that is refused on purpose, and no picture at all."""
    strong = {"JPEG": b"\xff\xd8\xff", "PNG": b"\x89PNG", "GIF": b"GIF8", "WEBP": b"RIFF"}
    strong |= {"TIFF": prefix[:4], "HEIF": prefix[:4], "AVIF": prefix[:4], "PSD": b"8BPS"}
    for name, error in failed:
        if name in strong and prefix.startswith(strong[name]):
            file.seek(0, io.SEEK_END)
            if isinstance(error, EOFError) or _ENDS_EARLY.search(str(error)) or file.tell() < 512:
                return DecodeError(f"truncated: ends inside its {name} header")
            return DecodeError(f"damaged: its {name} header cannot be read")
    file.seek(0)
    if b"<svg" in file.read(1024).lower():
        return DecodeError("an SVG drawing, which Vitrine does not read: export it as PNG")
    if prefix.startswith((b"%!PS", b"\xc5\xd0\xd3\xc6")):
        return DecodeError("PostScript, which Vitrine does not read: export it as PNG")
    return DecodeError(NOT_AN_IMAGE)


def orientation(image: Any) -> tuple[Image.Transpose | None, tuple[str, ...]]:
    """Return the turn that makes a picture upright, by EXIF or XMP, and notes.

    Unreadable metadata says nothing about the pixels, and is no reason to leave a picture out.
    """
    try:
        return _UPRIGHT.get(image.getexif().get(_ORIENTATION, 1)), ()
    except Exception:  # the parser fails in as many ways as the decoders
        return None, ("EXIF cannot be read, orientation unknown",)


def signature_of(prefix: bytes) -> str | None:
    """Return the format that a file's first 16 bytes announce; None if no signature is known.

    Formats without a signature are left out, and so are two that ordinary bytes may fall into.
    """
    for name in _candidates(prefix):
        if Image.OPEN[name][1] is not None and name not in {"MSP", "PCX", "PIXAR"}:
            return name
    return None

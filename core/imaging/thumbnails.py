"""Small pictures for the gallery and the map, encoded once and served as they are."""

import io
from typing import Literal

import numpy as np
from PIL import Image

#: A picture up to this long is kept pixel for pixel.
EXACT_SIDE = 64
QUALITY = 80


def encode_thumbnail(image: Image.Image, side: int = 256) -> bytes:
    """Return a picture's thumbnail as a file: re-encoded, free of metadata.

    Parameters
    ----------
    image
        RGB.
    side
        Longest side of the thumbnail in pixels; smaller pictures are not enlarged.

    Returns
    -------
    JPEG of quality 80, or PNG, pixel for pixel, when the longest side is at most 64.
    """
    if max(image.size) > side:
        image = image.copy() if image.readonly else image
        scale = side / max(image.size)
        size = (max(1, round(image.width * scale)), max(1, round(image.height * scale)))
        image = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
    if max(image.size) <= EXACT_SIDE:
        buffer = io.BytesIO()
        image.save(buffer, "PNG")
        return buffer.getvalue()
    import simplejpeg

    pixels = np.ascontiguousarray(np.asarray(image.convert("RGB")))
    return bytes(simplejpeg.encode_jpeg(pixels, quality=QUALITY, colorsubsampling="420"))


def thumbnail_type(data: bytes) -> Literal["image/jpeg", "image/png"]:
    """Return the media type of what `encode_thumbnail` made."""
    return "image/png" if data.startswith(b"\x89PNG") else "image/jpeg"

"""A picture as the encoder saw it, coloured where its patches are unlike others."""

import io

import numpy as np
from PIL import Image

from core.encoders.framing import framed
from core.model import EncoderSpec

#: The colour of what is unlike, and how much of it covers the picture at most.
COLOUR, COVERED = (255, 64, 0), 0.7
QUALITY = 85


def heated(image: Image.Image, heat: np.ndarray | None, spec: EncoderSpec, longest: int) -> bytes:
    """Return a picture with places in colour as a JPEG file.

    Parameters
    ----------
    image
        The upright picture, at any scale.
    heat
        `(h, w)` in 0..1 over what the encoder sees; None for the picture alone.
    spec
        The encoder, which says what it sees.
    longest
        Longest side in pixels.
    """
    seen = framed(image, spec, longest)
    return jpeg(seen if heat is None else coloured(seen, heat))


def coloured(seen: Image.Image, heat: np.ndarray) -> Image.Image:
    """Return a picture greyed a little, with places in colour as strong as `heat` `(h, w)`."""
    mask = Image.fromarray(np.asarray(np.round(255 * heat), np.uint8))
    mask = mask.resize(seen.size, Image.Resampling.BICUBIC)
    mask = mask.point([round(COVERED * value) for value in range(256)])
    grey = seen.convert("L").convert("RGB")
    base = Image.blend(seen, grey, 0.55)
    return Image.composite(Image.new("RGB", seen.size, COLOUR), base, mask)


def jpeg(image: Image.Image) -> bytes:
    """Return a picture as a JPEG file."""
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue()


def opened_picture(data: bytes) -> Image.Image:
    """Return the picture in bytes that Vitrine wrote itself."""
    return Image.open(io.BytesIO(data)).convert("RGB")

"""Cutting a region, a box or a mask, out of a decoded picture."""

from math import isfinite
from pathlib import Path

import numpy as np
from PIL import Image

from core.errors import DecodeError
from core.imaging.files import file_size, open_regular, resolve_inside
from core.imaging.imagefile import Limits, check_bytes, open_image, orientation, reason_of
from core.imaging.shapes import draw_shape, is_shape

Box = tuple[float, float, float, float]


def clip_box(box: Box, width: int, height: int) -> Box:
    """Return a box (x, y, w, h) as left, top, right, bottom inside a picture.

    Raises
    ------
    DecodeError
        Nothing of it lies inside, or it is not finite.
    """
    x, y, w, h = box
    left, top, right, bottom = max(0.0, x), max(0.0, y), min(width, x + w), min(height, y + h)
    if not (all(map(isfinite, box)) and right > left and bottom > top):
        raise DecodeError(
            f"box x={x:g} y={y:g} w={w:g} h={h:g} lies outside the picture of {width} × {height}"
        )
    return left, top, right, bottom


def cut_box(image: Image.Image, box: Box, width: int, height: int) -> Image.Image:
    """Return the box, given in pixels of the full `width` × `height`, out of a scaled decode."""
    left, top, right, bottom = clip_box(box, width, height)
    across, down = image.width / width, image.height / height
    x0 = min(round(left * across), image.width - 1)
    y0 = min(round(top * down), image.height - 1)
    x1, y1 = max(x0 + 1, round(right * across)), max(y0 + 1, round(bottom * down))
    # Not `crop`: it holds every large box against Pillow's global limit.
    return image.transform(
        (x1 - x0, y1 - y0), Image.Transform.EXTENT, (x0, y0, x1, y1), Image.Resampling.NEAREST
    )


def load_mask(
    mask: str, root: Path, full: tuple[int, int], size: tuple[int, int], limits: Limits
) -> Image.Image:
    """Return a mask, non-zero inside, as "L" of 0 and 255.

    Parameters
    ----------
    mask, root
        The file, relative to the folder it must lie in; or an outline (`core.imaging.shapes`).
    full
        Width and height of the upright picture; the mask's own must be the same.
    size
        Width and height wanted: those of the decode.
    limits
        As for pictures.

    Raises
    ------
    DecodeError
        It cannot be read, has another size or marks nothing.
    """
    if is_shape(mask):
        drawn = Image.fromarray(draw_shape(mask, *full).astype(np.uint8) * np.uint8(255))
        if drawn.getextrema() == (0, 0):
            raise DecodeError("its outline marks no pixel")
        return drawn if drawn.size == size else drawn.resize(size, Image.Resampling.NEAREST)
    name = Path(mask).name
    try:
        with open_regular(resolve_inside(Path(mask), root), follow=False) as file:
            check_bytes(file_size(file), limits)
            image = open_image(file, limits)
            image.load()
            turn, _ = orientation(image)
            # A palette's index is the value that counts, not its colour.
            flat = image if image.mode in {"1", "L", "P"} else image.convert("L")
    except Exception as error:  # any decoder's failure, as for the picture itself
        raise DecodeError(f"mask {name}: {reason_of(error)}") from error
    inside = Image.fromarray((np.asarray(flat) != 0).astype(np.uint8) * np.uint8(255))
    if turn is not None:
        inside = inside.transpose(turn)
    if inside.size != full:
        raise DecodeError(
            f"mask {name}: is {inside.width} × {inside.height}, the picture {full[0]} × {full[1]}"
        )
    if inside.getextrema() == (0, 0):
        raise DecodeError(f"mask {name}: marks no pixel")
    return inside if inside.size == size else inside.resize(size, Image.Resampling.NEAREST)

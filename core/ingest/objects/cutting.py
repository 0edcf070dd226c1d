"""From an object's box and outline to the region of its picture that is its item."""

from math import isfinite

from core.errors import DecodeError
from core.imaging.regions import clip_box
from core.imaging.shapes import shape_bounds
from core.ingest.objects.found import Box
from core.keys import item_id
from core.model import Region


def region_of_object(
    box: Box, size: tuple[int, int], context: float, mask: str | None = None
) -> Region:
    """Return the region that an object is shown by: its box with context, inside its picture.

    Parameters
    ----------
    box
        x, y, width, height in pixels of the upright picture.
    size
        Width and height of the picture.
    context
        Share of the box's sides that is added on each side.
    mask
        Its outline, if it is cut out by that.

    Raises
    ------
    DecodeError
        The box has no area, is not finite or lies outside the picture.
    """
    x, y, w, h = box
    if not (all(map(isfinite, box)) and w > 0 and h > 0):
        raise DecodeError(f"a box of width {w:g} and height {h:g}")
    clip_box(box, *size)  # the object itself, not only its surroundings, must be inside
    around, above = context * w, context * h
    left, top, right, bottom = clip_box(
        (x - around, y - above, w + 2 * around, h + 2 * above), *size
    )
    region = tuple(round(v, 2) for v in (left, top, right - left, bottom - top))
    return Region((region[0], region[1], region[2], region[3]), mask)


def object_id(sha256: str, region: Region) -> str:
    """Return the id of the item that shows this region of a picture."""
    return item_id(sha256, region)


def outline_box(shape: str, size: tuple[int, int]) -> Box:
    """Return the box around an outline; `DecodeError` if it marks nothing in the picture."""
    x, y, w, h = shape_bounds(shape, *size)
    return round(x, 3), round(y, 3), round(w, 3), round(h, 3)


def reaches_over(box: Box, size: tuple[int, int], by: float = 1.0) -> bool:
    """Tell whether a box reaches over its picture's border by more than `by` pixels."""
    x, y, w, h = box
    return x < -by or y < -by or x + w > size[0] + by or y + h > size[1] + by

"""Outlines of objects as text, which an item's region holds in place of the name of a mask file.

`rle:640x480:…` are COCO's compressed run lengths in a picture of that size; `poly:` are polygons,
`x,y` pairs with spaces between and `;` between rings, in pixels of the upright picture. The text is
the outline, so that what is cut out by it has one identity wherever its files lie.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from core.errors import DecodeError
from core.imaging import rle

_RLE, _POLYGON = "rle:", "poly:"
#: Corners that one object may have.
MOST_CORNERS = 1_000_000

Ring = Sequence[float]


def is_shape(mask: str) -> bool:
    """Tell whether a region's mask is an outline as text, not the name of a file."""
    return mask.startswith((_RLE, _POLYGON))


def polygon_text(rings: Iterable[Ring]) -> str:
    """Return polygons, each x1, y1, x2, y2, …, as text, to a thousandth of a pixel.

    Raises
    ------
    ValueError
        A ring has fewer than three corners, half of one, or numbers that are not finite.
    """
    texts = []
    for ring in rings:
        values = np.asarray(ring, float)
        if values.ndim != 1 or len(values) < 6 or len(values) % 2:
            raise ValueError("a polygon needs x and y of three corners or more")
        if not np.isfinite(values).all() or len(values) > 2 * MOST_CORNERS:
            raise ValueError("a polygon with corners that are no places in a picture")
        pairs = values.reshape(-1, 2)
        texts.append(" ".join(f"{_number(x)},{_number(y)}" for x, y in pairs.tolist()))
    if not texts:
        raise ValueError("no polygon")
    return _POLYGON + ";".join(texts)


def _number(value: float) -> str:
    text = f"{value:.3f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def rle_text(counts: Iterable[int], width: int, height: int) -> str:
    """Return run lengths as text; `ValueError` if they do not fill a picture of this size."""
    return f"{_RLE}{width}x{height}:{rle.compress(rle.checked(counts, width, height).tolist())}"


def mask_text(mask: np.ndarray) -> str:
    """Return a mask, bool `(height, width)`, as text."""
    height, width = mask.shape
    return rle_text(rle.runs_of(mask), width, height)


def rings_of(shape: str) -> list[list[float]] | None:
    """Return the rings of polygons, each x1, y1, x2, y2, …; None if the text is run lengths."""
    if not shape.startswith(_POLYGON):
        return None
    try:
        return [
            [float(value) for pair in ring.split() for value in pair.split(",")]
            for ring in shape.removeprefix(_POLYGON).split(";")
        ]
    except ValueError as error:
        raise DecodeError("its outline is damaged: not pairs of numbers") from error


def runs_of(shape: str) -> tuple[np.ndarray, int, int] | None:
    """Return run lengths and the width and height they are of; None if the text is polygons.

    Raises
    ------
    DecodeError
        The text is damaged.
    """
    if not shape.startswith(_RLE):
        return None
    try:
        size, text = shape.removeprefix(_RLE).split(":", 1)
        width, height = (int(side) for side in size.split("x"))
        return rle.checked(rle.expand(text), width, height), width, height
    except ValueError as error:
        raise DecodeError(f"its outline is damaged: {error}") from error


def shape_bounds(shape: str, width: int, height: int) -> tuple[float, float, float, float]:
    """Return x, y, width and height of an outline inside a picture.

    Raises
    ------
    DecodeError
        It is damaged, of a picture of another size, or nothing of it lies inside.
    """
    rings = rings_of(shape)
    if rings is None:
        runs, _ = _sized(shape, width, height)
        found = rle.bounds(runs, height)
        if found is None:
            raise DecodeError("its mask marks no pixel")
        x, y, w, h = found
        return float(x), float(y), float(w), float(h)
    xs = np.clip(np.concatenate([ring[0::2] for ring in rings]), 0, width)
    ys = np.clip(np.concatenate([ring[1::2] for ring in rings]), 0, height)
    left, top, right, bottom = xs.min(), ys.min(), xs.max(), ys.max()
    if not (right > left and bottom > top):
        raise DecodeError(f"its outline lies outside the picture of {width} × {height}")
    return float(left), float(top), float(right - left), float(bottom - top)


def _sized(shape: str, width: int, height: int) -> tuple[np.ndarray, int]:
    found = runs_of(shape)
    if found is None:
        raise DecodeError("its outline is of no known kind")
    runs, wide, high = found
    if (wide, high) != (width, height):
        raise DecodeError(f"its mask is {wide} × {high}, the picture {width} × {height}")
    return runs, high


def draw_shape(shape: str, width: int, height: int) -> np.ndarray:
    """Return an outline as a mask, bool `(height, width)`.

    A pixel is inside where its centre is; what any of several polygons holds is inside.

    Raises
    ------
    DecodeError
        It is damaged, or of a picture of another size.
    """
    rings = rings_of(shape)
    if rings is None:
        runs, _ = _sized(shape, width, height)
        return rle.mask_of(runs, width, height)
    inside = np.zeros((height, width), bool)
    for ring in rings:
        _fill(inside, np.asarray(ring[0::2]), np.asarray(ring[1::2]))
    return inside


def _fill(inside: np.ndarray, xs: np.ndarray, ys: np.ndarray) -> None:
    """Mark the pixels whose centres a ring goes around an odd number of times."""
    height, width = inside.shape
    top, bottom = max(0, int(np.ceil(ys.min() - 0.5))), min(height, int(np.ceil(ys.max() - 0.5)))
    next_x, next_y = np.roll(xs, -1), np.roll(ys, -1)
    for row in range(top, bottom):
        y = row + 0.5
        cut = (ys <= y) != (next_y <= y)
        if not cut.any():
            continue
        slope = (next_x[cut] - xs[cut]) / (next_y[cut] - ys[cut])
        across = np.sort(xs[cut] + (y - ys[cut]) * slope)
        ends = np.clip(np.ceil(across - 0.5), 0, width).astype(np.int64)
        for left, right in zip(ends[0::2].tolist(), ends[1::2].tolist(), strict=True):
            inside[row, left:right] = True

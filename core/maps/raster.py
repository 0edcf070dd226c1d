"""Maps as pictures: for browsers without WebGL2, and for reports.

The look is that of `assets/map.js`: round points, dimmed ones below noise below the rest, one
size for all that grows as the points come apart.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from core.errors import InputError

#: Map coordinates are uint16.
SPAN = 65535

#: The picture is drawn so many times larger, then averaged: smooth edges.
FINE = 2

#: Share of the way to the dimmed colour for points outside a selection, as in map_gl.js.
FADE = 0.85

_GROUND = {False: (255, 255, 255), True: (27, 32, 36)}
_DIM = {False: (227, 229, 230), True: (45, 52, 58)}
_TEXT = {False: (28, 34, 38), True: (232, 234, 235)}


def point_size(scale: float, n: int) -> float:
    """Return a point's diameter in pixels; `scale` is pixels a map unit (as in map_camera.js)."""
    return float(np.clip(0.33 * scale / np.sqrt(max(1, n)), 2.0, 10.0))


def draw_map(
    xy: np.ndarray,
    codes: np.ndarray,
    palette: Sequence[str],
    *,
    view: tuple[float, float, float, float] = (0.0, 0.0, 1.0, 1.0),
    size: tuple[int, int] = (800, 600),
    dark: bool = False,
    mask: np.ndarray | None = None,
    labels: Sequence[Mapping[str, Any]] | None = None,
) -> Image.Image:
    """Draw a map.

    Parameters
    ----------
    xy
        `(n, 2)` uint16 map coordinates, x right, y up.
    codes
        `(n,)` uint8 colour codes; 0 (noise, missing) is drawn below the others.
    palette
        256 colours "#rrggbb" by code.
    view
        Visible rectangle x0, y0, x1, y1 in 0..1 map units. One scale serves both axes: where the
        rectangle is not of the picture's shape, more of the map is shown.
    size
        Width and height in pixels.
    dark
        On a dark ground.
    mask
        `(n,)` bool, the selected rows; all others are dimmed. None is no selection.
    labels
        Names to write, the most important first: {"x", "y" in map units, "text"}; one that would
        cover another is left out.

    Returns
    -------
    PIL.Image.Image
        RGB, of `size`.

    Raises
    ------
    InputError
        An array has the wrong shape, or the view or the size is empty.
    """
    _check(xy, codes, palette, view, size, mask)
    width, height = size
    scale = min(width / (view[2] - view[0]), height / (view[3] - view[1]))
    centre = ((view[0] + view[2]) / 2, (view[1] + view[3]) / 2)
    fine = (width * FINE, height * FINE)
    column = (xy[:, 0] / SPAN - centre[0]) * (scale * FINE) + fine[0] / 2
    line = (centre[1] - xy[:, 1] / SPAN) * (scale * FINE) + fine[1] / 2
    radius = point_size(scale, len(xy)) / 2 * FINE
    seen = (
        (column > -radius) & (column < fine[0] + radius)
        & (line > -radius) & (line < fine[1] + radius)
    )  # fmt: skip
    rows = np.flatnonzero(seen)
    place = np.stack([column[rows], line[rows]], axis=1).astype(np.int32)
    shown = _paint(place, _layers(codes[rows], None if mask is None else mask[rows]),
                   codes[rows], fine, radius)  # fmt: skip
    pixels = _colours(palette, dark)[shown]
    picture = Image.fromarray(pixels).resize(size, Image.Resampling.BOX)
    if labels:
        _write(picture, labels, scale, centre, dark)
    return picture


def _check(
    xy: np.ndarray,
    codes: np.ndarray,
    palette: Sequence[str],
    view: tuple[float, float, float, float],
    size: tuple[int, int],
    mask: np.ndarray | None,
) -> None:
    """Refuse arguments that do not fit together."""
    n = len(xy)
    if xy.ndim != 2 or xy.shape[1] != 2 or len(codes) != n or (mask is not None and len(mask) != n):
        raise InputError("xy, codes and mask: need one row, one code and one flag a point")
    if len(palette) != 256:
        raise InputError(f"palette: needs 256 colours, got {len(palette)}")
    if not (view[2] > view[0] and view[3] > view[1]):
        raise InputError("view: x0, y0, x1, y1 must enclose an area")
    if min(size) < 1:
        raise InputError("size: needs at least one pixel along each side")


def _layers(codes: np.ndarray, mask: np.ndarray | None) -> np.ndarray:
    """Return how each point is drawn, back to front: 0 dimmed, 1 noise, 2 the rest."""
    layers = np.where(codes == 0, 1, 2).astype(np.uint8)
    if mask is not None:
        layers[~np.asarray(mask, bool)] = 0
    return layers


def _colours(palette: Sequence[str], dark: bool) -> np.ndarray:
    """Return `(513, 3)` uint8: the palette, the palette dimmed, and the ground."""
    plain = np.array([[int(c[i : i + 2], 16) for i in (1, 3, 5)] for c in palette], np.float64)
    faded = plain + (np.array(_DIM[dark]) - plain) * FADE
    return np.rint(np.vstack([plain, faded, [_GROUND[dark]]])).astype(np.uint8)


def _paint(
    place: np.ndarray, layers: np.ndarray, codes: np.ndarray, fine: tuple[int, int], radius: float
) -> np.ndarray:
    """Return `(height, width)` uint16 indices into `_colours`.

    Points on the same pixel are one, the last row's; what is left is stamped as discs, so the
    cost of a crowded map is that of its pixels.
    """
    reach = int(np.ceil(radius))
    width, height = fine[0] + 2 * reach + 2, fine[1] + 2 * reach + 2
    offsets = [
        dy * width + dx
        for dy in range(-reach, reach + 1)
        for dx in range(-reach, reach + 1)
        if dx * dx + dy * dy <= radius * radius
    ]
    pixels = np.full(width * height, 512, np.uint16)
    at = (place[:, 1] + reach + 1) * width + place[:, 0] + reach + 1
    for layer in range(3):
        of_layer = layers == layer
        first = np.full(width * height, 512, np.uint16)
        first[at[of_layer]] = codes[of_layer] + np.uint16(256 if layer == 0 else 0)
        centres = np.flatnonzero(first != 512)
        centres = centres[_stampable(centres, width, height, reach)]
        values = first[centres]
        for offset in offsets:
            pixels[centres + offset] = values
    inner = pixels.reshape(height, width)
    return inner[reach + 1 : reach + 1 + fine[1], reach + 1 : reach + 1 + fine[0]]


def _stampable(centres: np.ndarray, width: int, height: int, reach: int) -> np.ndarray:
    """Tell which centres are far enough from the buffer's edge for a whole disc."""
    line, column = np.divmod(centres, width)
    return (line >= reach) & (line < height - reach) & (column >= reach) & (column < width - reach)


def _write(
    picture: Image.Image,
    labels: Sequence[Mapping[str, Any]],
    scale: float,
    centre: tuple[float, float],
    dark: bool,
) -> None:
    """Write labels at their places, none over another."""
    width, height = picture.size
    font = ImageFont.load_default(size=13)
    pen = ImageDraw.Draw(picture)
    taken: list[tuple[float, float, float, float]] = []
    for label in labels:
        x = (float(label["x"]) - centre[0]) * scale + width / 2
        y = (centre[1] - float(label["y"])) * scale + height / 2
        text = str(label["text"])
        left, top, right, bottom = pen.textbbox((x, y), text, font=font, anchor="mm")
        box = (left - 4, top - 3, right + 4, bottom + 3)
        if box[0] < 0 or box[1] < 0 or box[2] > width or box[3] > height:
            continue
        if any(box[0] < o[2] and o[0] < box[2] and box[1] < o[3] and o[1] < box[3] for o in taken):
            continue
        taken.append(box)
        pen.text(
            (x, y), text, font=font, anchor="mm",
            fill=_TEXT[dark], stroke_width=2, stroke_fill=_GROUND[dark],
        )  # fmt: skip

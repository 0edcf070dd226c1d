"""What is measured of many small pictures at once: nearly what `measures` finds of each.

A call of numpy costs more than the few thousand pixels of a thumbnail, so those of all pictures
are laid behind or beside one another and measured together.
"""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from core.imaging.measures import (
    BORDER,
    GREY,
    HIGH,
    LOW,
    SHARP_SIDE,
    WEIGHTS,
    Measures,
    border_of,
    sharp_size,
    sharpness_of,
)


def measure_together(
    pictures: Sequence[np.ndarray],
    shown: Sequence[Image.Image],
    entropies: Sequence[float],
    thin: Sequence[int],
) -> list[Measures]:
    """Measure pictures in a fifth of the time that `measure_reduced` takes for each.

    Parameters
    ----------
    pictures
        In colour `(h, w, 3)` uint8.
    shown
        The same in grey: sharpness is taken of these.
    entropies
        The information of each, in bits.
    thin
        Brightness and grey are taken of every so-manieth pixel of each, along both sides.

    Returns
    -------
    list
        As `measure_reduced` would, where `thin` is 1; brightness to six digits.
    """
    if not pictures:
        return []
    some = [
        value[::step, ::step].reshape(-1, 3) for value, step in zip(pictures, thin, strict=True)
    ]
    ends = np.cumsum([len(one) for one in some])
    planes = np.ascontiguousarray(np.concatenate(some).T)
    low, high = _brightness(planes, ends)
    columns = (low, high, entropies, _sharpness(shown), _grey(planes, ends), _borders(pictures))
    return [Measures(*map(float, row)) for row in zip(*columns, strict=True)]


def _brightness(planes: np.ndarray, ends: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the 5th and 99th percentile of perceived brightness of each picture, 0 to 1."""
    squares = planes.astype(np.float32)
    squares *= squares
    squares *= np.array(WEIGHTS, np.float32)[:, None]
    total = squares.sum(axis=0)
    counts = np.diff(ends, prepend=0)
    rows = np.full((len(counts), counts.max()), np.inf, np.float32)
    rows[np.arange(rows.shape[1]) < counts[:, None]] = total
    rows.sort(axis=1)
    found = []
    for share in (LOW, HIGH):
        place = share * (counts - 1)
        first = place.astype(np.int64)
        pair = np.stack([first, np.minimum(first + 1, counts - 1)], axis=1)
        near = np.sqrt(np.take_along_axis(rows, pair, axis=1).astype(np.float64)) / 255
        found.append(near[:, 0] + (near[:, 1] - near[:, 0]) * (place - first))
    return found[0], found[1]


def _grey(planes: np.ndarray, ends: np.ndarray) -> np.ndarray:
    """Return the share of grey pixels of each picture."""
    counts = np.diff(ends, prepend=0)
    grey = (planes.max(axis=0) - planes.min(axis=0)) <= GREY
    found: np.ndarray = np.add.reduceat(grey, ends - counts, dtype=np.int64) / counts
    return found


def _sharpness(greys: Sequence[Image.Image]) -> np.ndarray:
    """Return how sharp each picture is."""
    shown = in_squares(
        [grey if (size := sharp_size(grey.size)) == grey.size else grey.resize(size)
         for grey in greys], SHARP_SIDE,
    )  # fmt: skip
    sizes = np.array([sharp_size(grey.size) for grey in greys])
    own = np.arange(SHARP_SIDE)
    across, down = (own < sizes[:, side, None] for side in (0, 1))
    inside = down[:, :, None] & across[:, None, :]
    across, down = ((own > 0) & (own < sizes[:, side, None] - 1) for side in (0, 1))
    inner = down[:, :, None] & across[:, None, :]
    count = inside.sum(axis=(1, 2))
    places = np.arange(len(greys))[:, None, None] * 256 + shown
    histograms = np.bincount(places[inside], minlength=256 * len(greys)).reshape(-1, 256)
    edges = np.where(inner, _edges(shown), shown).reshape(len(greys), -1).astype(np.float64)
    edges[~inside.reshape(len(greys), -1)] = 0
    mean = edges.sum(axis=1, dtype=np.float64) / count
    spread = np.sqrt(np.maximum(np.einsum("ij,ij->i", edges, edges) / count - mean**2, 0))
    return sharpness_of(spread, histograms.std(axis=1))


def in_squares(pictures: Sequence[Image.Image], side: int) -> np.ndarray:
    """Return grey pictures no larger than a square in its upper left: `(k, side, side)` uint8."""
    below = Image.new("L", (side, side * len(pictures)))
    for place, picture in enumerate(pictures):
        below.paste(picture, (0, side * place))
    return np.asarray(below).reshape(len(pictures), side, side)


def _edges(shown: np.ndarray) -> np.ndarray:
    """Return how much values `(k, s, s)` uint8 differ from those around, 0 at the outer edge."""
    wide = shown.astype(np.int16)
    rows = wide[:, :-2] + wide[:, 1:-1] + wide[:, 2:]
    around = rows[:, :, :-2] + rows[:, :, 1:-1] + rows[:, :, 2:]
    found = np.zeros_like(wide)
    np.clip(9 * wide[:, 1:-1, 1:-1] - around, 0, 255, out=found[:, 1:-1, 1:-1])
    return found


def _borders(values: Sequence[np.ndarray]) -> np.ndarray:
    """Return the share of one-coloured rows and columns at the edges of each picture.

    A side is of one colour only if its ends and its middle are: of most pictures none is.
    """
    ends = np.stack([value.reshape(-1, 3)[_around(*value.shape[:2])] for value in values])
    ends = ends.astype(np.int16)
    found = np.zeros(len(values))
    maybe = np.zeros(len(values), bool)
    for side in ([0, 1, 2], [3, 4, 5], [0, 6, 3], [2, 7, 5]):
        maybe |= (np.abs(ends[:, side] - ends[:, side[:1]]) <= BORDER).all(axis=(1, 2))
    for place in np.flatnonzero(maybe).tolist():
        value = values[place]
        found[place] = border_of([value[:, :, channel] for channel in range(3)])
    return found


def _around(height: int, width: int) -> list[int]:
    """Return the places of the corners and the middles of the sides, row by row."""
    half, last, down = width // 2, (height - 1) * width, height // 2 * width
    return [0, half, width - 1, last, last + half, last + width - 1, down, down + width - 1]

"""What can be measured of one decoded picture: brightness, information, sharpness, grey, borders.

The first four are those of cleanvision (Cleanlab, Apache-2.0), so that its thresholds hold; taken
of the picture reduced to 512 pixels, since none of them needs more. What they mean for a set is in
`core.quality.pictures`.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageFilter

#: Longest side that brightness and information are measured on, and sharpness.
SIDE, SHARP_SIDE = 512, 64
#: Scale of the exponentials of sharpness, and the share below which a histogram's spread is 0.
SCALE, LEAST_SPREAD = 0.01, 0.18
#: The percentiles of brightness that are told, as shares.
LOW, HIGH = 0.05, 0.99
#: How much red, green and blue count in brightness.
WEIGHTS = (0.241, 0.691, 0.068)
#: Largest difference of two channels of a grey pixel, and the share of pixels that must be grey.
GREY, GREY_SHARE = 12, 0.99
#: Largest difference from its first pixel in a row or column that counts as border.
BORDER = 4


@dataclass(frozen=True, slots=True)
class Measures:
    """Raw values of one picture.

    Attributes
    ----------
    brightness_low, brightness_high
        5th and 99th percentile of the perceived brightness of its pixels, 0 to 1.
    entropy
        Bits of the histogram of its three channels together, 0 to log2(768) = 9.58.
    sharpness
        0 (blurred) to 1.
    grey
        Share of pixels whose channels are the same but for compression.
    border
        Share of its area in rows and columns of one colour around it, at its edges.
    """

    brightness_low: float
    brightness_high: float
    entropy: float
    sharpness: float
    grey: float
    border: float


def reduced(image: Image.Image) -> Image.Image:
    """Return a picture in RGB with no side longer than 512 pixels: what is measured of it."""
    small = image.convert("RGB")
    if max(small.size) > SIDE:
        # `reduce` first: several times quicker, and exact where the factor is whole
        small = small.copy()
        small.thumbnail((SIDE, SIDE), Image.Resampling.BOX, reducing_gap=2.0)
    return small


def measure_picture(image: Image.Image) -> Measures:
    """Measure a picture.

    Parameters
    ----------
    image
        RGB, upright.

    Returns
    -------
    Measures
        Of the picture reduced so that no side is longer than 512 pixels.
    """
    return measure_reduced(reduced(image))


def measure_reduced(small: Image.Image) -> Measures:
    """Measure a picture that `reduced` returned."""
    planes = [np.asarray(plane) for plane in small.split()]  # numpy is quick along rows only
    low, high = _brightness(planes)
    red, green, blue = planes
    most = np.maximum(np.maximum(red, green), blue)
    gap = most - np.minimum(np.minimum(red, green), blue)
    return Measures(
        brightness_low=low,
        brightness_high=high,
        entropy=float(small.entropy()),
        sharpness=_sharpness(small),
        grey=float((gap <= GREY).mean()),
        border=border_of(planes),
    )


def _brightness(planes: list[np.ndarray]) -> tuple[float, float]:
    """Return the 5th and 99th percentile of perceived brightness, 0 to 1.

    That is a weighted root mean square of the channels; the root is taken of what counts only.
    """
    squares = np.arange(256, dtype=np.float64) ** 2
    red, green, blue = ((w * squares)[plane] for w, plane in zip(WEIGHTS, planes, strict=True))
    values = (red + green + blue).reshape(-1)
    last = len(values) - 1
    places = [share * last for share in (LOW, HIGH)]
    wanted = sorted({min(int(place) + step, last) for place in places for step in (0, 1)})
    values.partition(wanted)
    found = []
    for place in places:
        first = int(place)
        low, high = np.sqrt(values[[first, min(first + 1, last)]]) / 255
        found.append(float(low + (high - low) * (place - first)))
    return found[0], found[1]


def _sharpness(image: Image.Image) -> float:
    """Return how sharp a picture is: the spread of its edges at 64 pixels, and of its greys."""
    size = sharp_size(image.size)
    grey = (image if size == image.size else image.resize(size)).convert("L")
    edges = np.asarray(grey.filter(ImageFilter.FIND_EDGES)).std(dtype=np.float64)
    return float(sharpness_of(edges, np.array(grey.histogram()).std()))


def sharp_size(size: tuple[int, int]) -> tuple[int, int]:
    """Return the size at which sharpness is taken of a picture of a size."""
    ratio = max(size) / SHARP_SIDE
    width, height = size
    return size if ratio <= 1 else (max(int(width // ratio), 1), max(int(height // ratio), 1))


def sharpness_of(edges: np.ndarray, greys: np.ndarray) -> np.ndarray:
    """Return the sharpness of a standard deviation of edges, and one of a histogram of greys."""
    spread = 1 - np.exp(-SCALE * greys)
    found = 1 - np.exp(-SCALE * edges) + np.where(spread > LEAST_SPREAD, spread, 0)
    least: np.ndarray = np.minimum(1.0, found)
    return least


def border_of(planes: list[np.ndarray]) -> float:
    """Return the share of the area in one-coloured rows and columns at the edges."""
    height, width = planes[0].shape
    outer = [(plane[[0, -1]], plane[:, [0, -1]]) for plane in planes]
    ends = [np.all([_flat(pair[axis], 1 - axis) for pair in outer], axis=0) for axis in (0, 1)]
    if not np.any(ends):  # as of most pictures
        return 0.0
    rows, columns = np.ones(height, bool), np.ones(width, bool)
    for plane in planes:
        rows &= _flat(plane, 1)
        columns &= _flat(plane, 0)
    flat_rows, flat_columns = rows.tolist(), columns.tolist()
    if all(flat_rows) and all(flat_columns):
        return 0.0  # one colour all over is low information, not a border
    top, bottom = _leading(flat_rows), _leading(flat_rows[::-1])
    left, right = _leading(flat_columns), _leading(flat_columns[::-1])
    inside = max(0, height - top - bottom) * max(0, width - left - right)
    return 1 - inside / (height * width)


def _flat(plane: np.ndarray, axis: int) -> np.ndarray:
    """Return which lines along an axis nowhere differ much from their first pixel."""
    first = plane.take(0, axis=axis).astype(np.int16)
    above, below = plane.max(axis=axis) - first, first - plane.min(axis=axis)
    flat: np.ndarray = np.maximum(above, below) <= BORDER
    return flat


def _leading(flags: list[bool]) -> int:
    """Return how many flags are set before the first that is not."""
    return flags.index(False) if False in flags else len(flags)

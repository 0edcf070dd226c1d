"""What is compared of two pictures: their grey values smoothed, as far as their pixels can show.

Pictures of many pixels are compared by detail, once for each picture; those of few by what is left
of both when they have the same number of pixels, pair by pair.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image

from core.quality.moving import SIDE, smooth

#: Smoothing of the picture that is compared, by the shorter side of the smaller original: what its
#: pixels cannot show is left out, and with enough of them also what is coarser than detail.
GRAINS = ((48, 1.0, 6.0), (20, 1.8, 0.0), (0, 3.7, 0.0))
#: Pictures of few pixels, one this much larger than the other: both are brought to the pixels of
#: the smaller one first, if that has as many as its smoothing leaves.
LARGER, FEWEST = 1.2, 12
#: Spread of grey values below which there is nothing to compare.
FLAT = 1.0
#: Pairs compared at a time.
BLOCK = 128


def grain_of(sides: np.ndarray) -> np.ndarray:
    """Return which of `GRAINS` pictures of these shorter sides are compared at."""
    found = np.full(len(sides), len(GRAINS) - 1)
    for number in range(len(GRAINS) - 1, -1, -1):
        found[sides >= GRAINS[number][0]] = number
    return found


def features_of(grey: np.ndarray, grain: int) -> np.ndarray:
    """Return what is compared of pictures: smoothed, and where they are large enough, detail."""
    _, fine, coarse = GRAINS[grain]
    found = smooth(grey, fine)
    return found - smooth(grey, coarse) if coarse else found


@dataclass(frozen=True, slots=True)
class Features:
    """What is compared of pictures, each taken once; turning does not change it but for turning.

    Attributes
    ----------
    rows
        The pictures, ascending.
    shown
        What is compared of each `(p, 64, 64)` float32.
    mean, length
        Its mean, and the length of what differs from that `(p,)` float64.
    """

    rows: np.ndarray
    shown: np.ndarray
    mean: np.ndarray
    length: np.ndarray

    @classmethod
    def of(cls, grey: np.ndarray, pairs: np.ndarray, grain: int) -> "Features":
        """Take it of all pictures in some pairs."""
        rows = np.unique(pairs)
        shown = np.empty((len(rows), SIDE, SIDE), np.float32)
        for start in range(0, len(rows), BLOCK):
            part = slice(start, start + BLOCK)
            shown[part] = features_of(grey[rows[part]].astype(np.float32), grain)
        mean = shown.mean(axis=(1, 2), dtype=np.float64)
        square = products(shown, shown) - SIDE * SIDE * mean * mean
        return cls(rows, shown, mean, np.sqrt(np.maximum(square, 0)))

    def places(self, rows: np.ndarray) -> np.ndarray:
        """Return where some of the pictures are in `shown`."""
        found: np.ndarray = np.searchsorted(self.rows, rows)
        return found


def products(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """Return the sum of products of pictures `(k, s, s)`: `(k,)` float64."""
    rows = np.einsum("kij,kij->ki", one, two)  # of few values each, so that float32 will do
    found: np.ndarray = rows.sum(axis=1, dtype=np.float64)
    return found


def levelled(
    first: np.ndarray, second: np.ndarray, sides: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return pairs of pictures, those of unlike size both with the pixels of the smaller one.

    Making a picture smaller moves what its last pixels show; a copy made smaller has that behind
    it, so the other one goes the same way.
    """
    few = np.round(sides.min(axis=1)).astype(int)
    unlike = (sides.max(axis=1) >= LARGER * few) & (few >= FEWEST)
    for side in np.unique(few[unlike]).tolist():
        rows, back = unlike & (few == side), _there_and_back(side)
        first[rows] = back @ first[rows] @ back.T
        second[rows] = back @ second[rows] @ back.T
    return first, second


@cache
def _there_and_back(side: int) -> np.ndarray:
    """Return the matrix that brings columns of 64 values to fewer, and to 64 again."""
    lanczos = Image.Resampling.LANCZOS
    ones = Image.fromarray(np.eye(SIDE, dtype=np.float32))
    return np.asarray(ones.resize((SIDE, side), lanczos).resize((SIDE, SIDE), lanczos))


def turned(grey: np.ndarray, ways: np.ndarray) -> np.ndarray:
    """Return pictures `(k, s, s)` each turned in its way."""
    found = grey.copy()
    for way in np.unique(ways[ways > 0]).tolist():
        mirrored, quarters = divmod(way, 4)
        shown = grey[ways == way]
        shown = shown[:, :, ::-1] if mirrored else shown
        found[ways == way] = np.rot90(shown, quarters, axes=(1, 2))
    return found

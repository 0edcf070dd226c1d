"""How near different pictures of a set lie: what a threshold for copies must stay below.

A set that is to be cleaned holds copies, so the distance to the nearest image tells nothing by
itself. Equal pixels and perceptual hashes, which know nothing of the vectors, tell which neighbours
surely are copies and which surely are not.
"""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd

from core.imaging.perceptual import hamming
from core.model import Neighbors
from core.space import pair_distances

#: Vectors of equal pixels differ by rounding alone: nothing nearer is a different picture.
FLOOR = 1e-6
#: Neighbours of these ranks are different pictures of one kind: how alike their perceptual hashes
#: are tells how alike those of copies must be, so that hardly any of the former pass for copies.
FROM, TO, MISTAKEN = 4, 20, 2e-4
#: Bits by which hashes of copies differ at most, turned or mirrored ones too; above the second,
#: pictures are surely different.
MOST_BITS, DIFFERENT_BITS = 10, 20
#: Share of different pictures that hashes must tell apart for these alone to decide.
DECIDED = 0.8
#: Bits of entropy below which a hash says nothing.
INFORMATION = 3.0
#: Bits apart of a pair whose hashes say nothing: neither a copy nor surely different.
UNKNOWN_BITS = 255


class Pictures(Protocol):
    """What is known of the pictures (`core.checking.pixels.Pixels`)."""

    @property
    def table(self) -> pd.DataFrame:
        """One row an item, with `digest` and `entropy`."""

    @property
    def hashes(self) -> np.ndarray:
        """Perceptual hashes `(n, 8)` uint64."""

    @property
    def known(self) -> np.ndarray:
        """Whether a picture was read `(n,)`."""


@dataclass(frozen=True, slots=True)
class Told:
    """What pixels tell.

    Attributes
    ----------
    digests, meaning, hashes
        A number for each digest `(n,)`, −1 unknown; whose hashes mean something `(n,)`; all
        hashes `(n, 8)`.
    copies
        By how many bits the hashes of copies differ at most.
    decided
        Whether hashes tell most different pictures apart.
    """

    digests: np.ndarray
    meaning: np.ndarray
    hashes: np.ndarray
    copies: int = 0
    decided: bool = False

    @classmethod
    def of(cls, pixels: Pictures, indices: np.ndarray) -> "Told":
        """Return what the pixels of a set tell, whose neighbours are `indices` `(n, k)`.

        Small, plain pictures of one kind have like hashes without being copies. How many bits
        tell copies is learned from neighbours of farther ranks, which are none.
        """
        entropy = pixels.table["entropy"].to_numpy(dtype=np.float64, na_value=np.nan)
        meaning = np.asarray(pixels.known) & (np.nan_to_num(entropy) >= INFORMATION)
        codes = pd.factorize(pixels.table["digest"])[0]
        plain = cls(codes, meaning, np.asarray(pixels.hashes))
        rows = np.arange(0, len(indices), max(1, len(indices) // 5000))
        upright, turned = plain.bits_apart(rows, indices[rows, FROM:TO])
        upright, turned = (bits[bits < UNKNOWN_BITS] for bits in (upright, turned))
        if not len(upright):
            return plain
        shares = np.cumsum(np.bincount(upright, minlength=65)) / len(upright)
        copies = max(0, min(MOST_BITS, int((shares <= MISTAKEN).sum()) - 1))
        unlike = upright[np.minimum(upright, turned) > MOST_BITS]  # the others may be copies
        decided = len(unlike) > 0 and float((unlike > DIFFERENT_BITS).mean()) >= DECIDED
        return cls(codes, meaning, plain.hashes, copies, decided)

    def bits_apart(self, rows: np.ndarray, others: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return by how many bits `others` `(m, k)` differ from `rows` `(m,)`, uint8.

        As they are, and turned or mirrored as they are least apart. Equal pixels are 0 bits
        apart, equal hashes of other pixels at least 1.
        """
        mine = self.hashes[rows, :1]
        upright = np.maximum(hamming(self.hashes[others, 0], mine), 1)
        turned = np.full_like(upright, 64)
        for way in range(1, self.hashes.shape[1]):
            np.minimum(turned, hamming(self.hashes[others, way], mine), out=turned)
        silent = ~(self.meaning[others] & self.meaning[rows, None])
        same = (self.digests[others] == self.digests[rows, None]) & (self.digests[others] >= 0)
        for bits in (upright, turned):
            bits[silent], bits[same] = UNKNOWN_BITS, 0
        return upright, turned


@dataclass(frozen=True, slots=True)
class Nearest:
    """How far the nearest other picture of each row is.

    Attributes
    ----------
    unlike, different
        Shape `(n,)` float64, infinity where the graph knows none. `unlike` leaves out what is
        known to be a copy, `different` only counts what surely is none.
    decided
        Of which rows `different` counts most of the pictures that are `(n,)`.
    told
        Of which rows hashes tell something `(n,)`.
    """

    unlike: np.ndarray
    different: np.ndarray
    decided: np.ndarray
    told: np.ndarray


def nearest_different(
    neighbors: Neighbors,
    unit: np.ndarray,
    units: np.ndarray | None = None,
    pixels: Pictures | None = None,
) -> Nearest:
    """Return how far the nearest different picture of each row is, as far as the graph knows."""
    indices, distances = np.asarray(neighbors.indices), np.asarray(neighbors.distances)
    total, width = indices.shape
    if width == 0:
        return Nearest(*np.full((2, total), np.inf), *np.zeros((2, total), bool))
    told = None if pixels is None else Told.of(pixels, indices)
    places = np.full((2, total), -1, np.int64)
    for start in range(0, total, 4096):
        rows = np.arange(start, min(start + 4096, total))
        unlike, different = _kinds(rows, indices[rows], units, told)
        apart = distances[rows] > FLOOR
        for place, kind in zip(places, (unlike & apart, different & apart), strict=True):
            place[rows] = np.where(kind.any(axis=1), np.argmax(kind, axis=1), -1)
    unlike, different = (_distance(unit, indices, place) for place in places)
    meaning = np.zeros(total, bool) if told is None else told.meaning
    decided = meaning & (told is not None and told.decided)
    return Nearest(unlike, different, decided | (units is not None), meaning)


def _kinds(
    rows: np.ndarray, others: np.ndarray, units: np.ndarray | None, told: Told | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return which of `others` `(m, k)` are no known copies of `rows`, and which surely none."""
    unlike = np.ones(others.shape, bool)
    different = np.zeros(others.shape, bool)
    if told is not None:
        upright, turned = told.bits_apart(rows, others)
        unlike = upright > told.copies
        different = (upright > DIFFERENT_BITS) & (upright < UNKNOWN_BITS) & (turned > MOST_BITS)
    if units is not None:
        unlike &= np.asarray(units)[others] != np.asarray(units)[rows, None]
        different = unlike
    return unlike, different


def _distance(unit: np.ndarray, indices: np.ndarray, place: np.ndarray) -> np.ndarray:
    """Return the distance of each row to its neighbour of this rank; infinity where it is −1."""
    rows = np.arange(len(indices))
    found = pair_distances(unit, rows, indices[rows, place][:, None])[:, 0]
    return np.where(place >= 0, found, np.inf)

"""What a search found: every item of a set by its distance from the query."""

from dataclasses import dataclass
from functools import cached_property
from math import isfinite

import numpy as np

from core.errors import InputError

#: Bars of a histogram of distances.
BINS = 48

#: Items up to the line where nothing says where it belongs.
FIRST = 20


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many items lie at which distance.

    Attributes
    ----------
    edges
        `(bins + 1,)` float64, up to the largest distance.
    counts
        `(bins,)` int64.
    usual
        Where "similar" ends; None if that is not known.
    """

    edges: np.ndarray
    counts: np.ndarray
    usual: float | None


@dataclass(frozen=True)
class Found:
    """All items of a set, nearest to the query first.

    Attributes
    ----------
    id
        Opaque; the same query of the same set and encoder has the same.
    order
        `(n,)` rows, nearest first: the query's own rows, then by distance, then by row.
    distances
        `(n,)` float32 aligned to `order`: chordal, from the nearest positive, with what a nearer
        negative adds (docs/methods/search.md); 0 to 4, to 2 without negatives. With words they are
        on the scale of the first words.
    usual
        Where "similar" ends; None while the set has no neighbour graph and, with words, where no
        items stand out.
    positives, negatives
        Rows that the wanted items should and should not be like, ascending.
    pictures
        Ids of given pictures that they should be like.
    words, unwords
        What they should and should not show, in words.
    templates
        What stands around each of the words when they are read.
    every
        Whether they should be like all of the examples, and not like one.
    """

    id: str
    order: np.ndarray
    distances: np.ndarray
    usual: float | None
    positives: tuple[int, ...] = ()
    negatives: tuple[int, ...] = ()
    pictures: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    unwords: tuple[str, ...] = ()
    templates: tuple[str, ...] = ()
    every: bool = False

    def __len__(self) -> int:
        """Return the number of items."""
        return len(self.order)

    @cached_property
    def _by_row(self) -> np.ndarray:
        """The distances in row order."""
        distances = np.empty(len(self), np.float32)
        distances[self.order] = self.distances
        return distances

    def of(self, rows: np.ndarray) -> np.ndarray:
        """Return the distances, float32, of some rows in the order given."""
        return self._by_row[rows]

    def arrange(self, rows: np.ndarray) -> np.ndarray:
        """Return some different rows, nearest first."""
        wanted = np.zeros(len(self), bool)
        wanted[rows] = True
        return np.asarray(self.order[wanted[self.order]], dtype=np.int64)

    def count(self, distance: float) -> int:
        """Return how many items are no further than a distance, the query's own among them.

        Raises
        ------
        InputError
            It is no finite number.
        """
        if not isfinite(distance):
            raise InputError("distance: needs a finite number")
        return int(np.searchsorted(self.distances, np.float32(distance), side="right"))

    def within(self, distance: float) -> np.ndarray:
        """Return the rows, ascending int64, no further than a distance."""
        return np.sort(self.order[: self.count(distance)]).astype(np.int64)

    def histogram(self) -> Histogram:
        """Return how many items lie at which distance, in bins of equal width.

        They begin at 0 or, with words, from which every picture is far, at the nearest item.
        """
        low = float(self.distances[0]) if len(self) and (self.spoken or self.every) else 0.0
        top = float(self.distances[-1]) if len(self) else 0.0
        counts, edges = np.histogram(
            self.distances, bins=BINS, range=(low, top if top > low else low + 1.0)
        )
        return Histogram(edges, counts.astype(np.int64), self.usual)

    def definition(self) -> dict[str, object]:
        """Return the query as JSON values: what a page keeps and a link names."""
        return {
            "query": self.id,
            "positives": list(self.positives),
            "negatives": list(self.negatives),
            "pictures": list(self.pictures),
            "words": list(self.words),
            "unwords": list(self.unwords),
            "templates": list(self.templates),
            "every": self.every,
        }

    @property
    def spoken(self) -> bool:
        """Whether words are among the examples."""
        return bool(self.words or self.unwords)

    @property
    def begin(self) -> float:
        """Where the line of "similar" begins: `usual`, else a place to look from."""
        if self.usual is not None:
            return float(self.usual)
        if not len(self):
            return 0.0
        if self.spoken or self.every:
            return float(self.distances[min(FIRST, len(self)) - 1])
        return float(self.distances[-1]) / 2

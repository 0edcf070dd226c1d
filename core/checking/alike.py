"""Which pictures show the same: candidates by hash and by vector, compared by their pixels."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any, cast

import numpy as np

from core.checking.pieces import in_pieces
from core.checking.pixels import Pixels
from core.errors import DecodeError
from core.imaging.decode import ItemFile, load_picture
from core.imaging.glance import grey_square, thumbnail_square
from core.imaging.perceptual import hamming
from core.keys import artefact_key
from core.model import Neighbors
from core.opened.openset import OpenSet
from core.progress import Progress
from core.quality.aligned import SIDE, Pictures, compare, grain_of, limits_of
from core.quality.lookalike import candidate_pairs
from core.quality.near import Alike
from core.quality.pictures import ISSUES, issue_scores
from core.storage.records import region_of
from core.storage.store import Workspace

FORMAT = 8
STAGE = "duplicates"
#: Bits in which hashes may differ for any two pictures to be compared; for near neighbours, as they
#: are and turned (of eight ways one is near by chance).
BITS, NEIGHBOUR_BITS, TURNED_BITS = 6, 24, 16
#: Of near neighbours of so few pixels hashes only forbid what is less alike than by chance: half a
#: pixel cut off moves them as far as 5 % of a photograph.
FEW_PIXELS, FEW_BITS = 48, 32
#: The hashes of a picture as it is, and of it turned.
UPRIGHT, TURNED = slice(0, 1), slice(1, 8)
#: Nearest neighbours of each picture that are compared, where their hashes do not forbid it.
NEIGHBOURS = 8
#: Pictures from which the likeness of different ones is estimated.
SAMPLE = 600
#: Most members of what hangs together that are all compared, and most such pairs.
WHOLE, MOST_PAIRS = 60, 200_000
#: Pictures read, and pairs compared, between two reports.
PIECE, PAIRS = 200, 4000


@dataclass
class Comparer:
    """Compares pictures of one set by their pixels, each read once.

    Parameters
    ----------
    opened, workspace
        The set, and where its thumbnails lie.
    pixels
        What was seen of its pictures.
    pictures
        Codes `(n,)` equal where pixels are equal; of those the first is read.
    workers
        Threads that read and compare.
    """

    opened: OpenSet
    workspace: Workspace
    pixels: Pixels
    pictures: np.ndarray
    progress: Progress
    workers: int = 2
    limits: np.ndarray = field(default_factory=lambda: np.zeros(0))
    _grey: dict[int, np.ndarray] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Find which rows can be compared at all."""
        measures = self.pixels.table
        entropy = issue_scores(measures)["low_information"]
        with np.errstate(invalid="ignore"):
            full = entropy >= ISSUES["low_information"].threshold
        first = np.zeros(len(measures), bool)
        first[np.unique(self.pictures, return_index=True)[1]] = True
        self.hashes = np.asarray(self.pixels.hashes)
        self.comparable = np.asarray(self.pixels.known) & first
        self.usable = self.comparable & full  # of the others hashes alone say nothing
        self.sides = np.nan_to_num(measures[["width", "height"]].to_numpy(np.float64).min(axis=1))
        self.records = self.opened.items
        self._grey = dict(self.pixels.squares)

    def bits(self, pairs: np.ndarray, ways: slice) -> tuple[np.ndarray, np.ndarray]:
        """Return in how many bits hashes of pairs differ at least, and in which of some ways."""
        plain = self.hashes[pairs[:, 0], 0][:, None]
        differ = hamming(plain, self.hashes[pairs[:, 1], ways]).astype(np.int64)
        way = differ.argmin(axis=1)
        return differ[np.arange(len(pairs)), way], way + ways.start

    def compare(self, pairs: np.ndarray, way: np.ndarray, bits: np.ndarray) -> Alike:
        """Compare pairs of rows `(k, 2)`, the second turned in its way."""
        there = self._read(np.unique(pairs))
        known = np.isin(pairs, there).all(axis=1)
        pairs, way, bits = pairs[known], way[known], bits[known]
        if not len(pairs):
            return Alike()
        if not len(self.limits):
            self._learn()
        rows, places = np.unique(pairs, return_inverse=True)
        shown = Pictures(np.stack([self._grey[row] for row in rows.tolist()]), self.sides[rows])
        places = places.reshape(pairs.shape)

        def work(part: Sequence[int]) -> np.ndarray:
            at = slice(part[0], part[-1] + 1)
            return compare(shown, places[at], way[at], self.limits)

        apart = []
        size = min(PAIRS, -(-len(pairs) // max(1, self.workers)))
        for piece in in_pieces(range(len(pairs)), size, self.workers, work):
            apart.append(piece)
            done = min(len(pairs), len(apart) * size)
            self.progress.report(STAGE, done, len(pairs), "comparing pictures")
        return Alike(pairs, np.concatenate(apart), way, bits)

    def _learn(self) -> None:
        """Find how alike different pictures of the set are, from some drawn at random."""
        rows = np.flatnonzero(self.comparable)
        if len(rows) > SAMPLE:
            rows = np.sort(np.random.default_rng(0).choice(rows, SAMPLE, replace=False))
        rows = self._read(rows)
        grey = [self._grey[row] for row in rows.tolist()]
        shown = Pictures(np.stack(grey), self.sides[rows])
        hashes = self.hashes[rows, 0]
        related = hamming(hashes[:, None], hashes[None, :]) <= BITS
        grains = np.unique(grain_of(self.sides[self.comparable])).tolist()
        self.limits = limits_of(shown, int(self.comparable.sum()), related, grains)

    def _read(self, rows: np.ndarray) -> np.ndarray:
        """Read pictures that were not read before; return the rows of those that could be."""
        wanted = [row for row in rows.tolist() if row not in self._grey]
        with ThreadPoolExecutor(self.workers, "vitrine-alike") as pool:
            for start in range(0, len(wanted), PIECE):
                self.progress.report(STAGE, start, len(wanted), "reading pictures")
                part = wanted[start : start + PIECE]
                for row, grey in zip(part, pool.map(self._shown, part), strict=True):
                    if grey is not None:
                        self._grey[row] = grey
        return np.array([row for row in rows.tolist() if row in self._grey], np.int64)

    def _shown(self, row: int) -> np.ndarray | None:
        """Return a picture in grey, stretched to a square; None where it cannot be read."""
        values = cast(dict[str, Any], self.records.iloc[row].to_dict())
        item = str(values["item_id"])
        data = self.workspace.thumbnails.get(item)
        try:
            if data is not None:
                return thumbnail_square(data)
            root = Path(self.opened.root)
            file = ItemFile(item, root / str(values["path"]), region_of(values), root)
            picture = load_picture(file.path, file.region, root=root, at_least=2 * SIDE)
            return grey_square(picture.image)
        except (DecodeError, OSError, ValueError):
            return None


def alike_of(comparer: Comparer, neighbors: Neighbors, turned: bool, workspace: Workspace) -> Alike:
    """Return candidates compared by their pixels; stored, since no threshold changes them.

    Parameters
    ----------
    comparer
        Of the set.
    neighbors
        Its neighbour graph: the nearest are candidates, whatever their distance.
    turned
        Whether to look for mirrored and turned copies.
    """
    key = artefact_key(
        "duplicates", "alike", FORMAT, comparer.opened.key, comparer.pixels.key, neighbors.key,
        turned,
    )  # fmt: skip
    if not workspace.has("duplicates", key):
        found = _candidates(comparer, neighbors, turned)
        alike = comparer.compare(found[:, :2], found[:, 2], found[:, 3])
        arrays = {"pairs": alike.pairs, "apart": alike.apart, "way": alike.way, "bits": alike.bits}
        meta = {"limits": comparer.limits.tolist(), "candidates": len(found)}
        workspace.write("duplicates", key, meta=meta, arrays=arrays)
    stored = workspace.read("duplicates", key)
    comparer.limits = np.array(stored.meta["limits"])
    arrays = {name: np.asarray(array) for name, array in stored.arrays.items()}
    return Alike(arrays["pairs"], arrays["apart"], arrays["way"], arrays["bits"])


def _candidates(comparer: Comparer, neighbors: Neighbors, turned: bool) -> np.ndarray:
    """Return pairs of rows to compare with way and bits `(k, 4)` int64.

    Each pair comes once as it is, and once in the best of the other ways where these count.
    """
    usable, hashes = comparer.usable, comparer.hashes
    found = []
    for ways in (1, 8)[: 1 + turned]:
        pairs = candidate_pairs(hashes[:, :ways], usable, BITS)
        bits = hamming(hashes[pairs[:, 0], 0], hashes[pairs[:, 1], pairs[:, 2]])
        found.append(np.column_stack([pairs, bits.astype(np.int64)]))
    first = np.unique(comparer.pictures, return_index=True, return_inverse=True)
    stands = first[1][first[2]]  # the row that stands for each picture
    near = stands[np.asarray(neighbors.indices[:, :NEIGHBOURS])]
    limits = ((UPRIGHT, NEIGHBOUR_BITS), (TURNED, TURNED_BITS))
    for column in near.T:
        pairs = np.sort(np.stack([stands, column], axis=1), axis=1)
        pairs = pairs[(pairs[:, 0] != pairs[:, 1]) & comparer.comparable[pairs].all(axis=1)]
        for some, most in limits[: 1 + turned]:
            bits, way = comparer.bits(pairs, some)
            few = (comparer.sides[pairs].max(axis=1) < FEW_PIXELS) & (some == UPRIGHT)
            found.append(np.column_stack([pairs, way, bits])[bits <= np.where(few, FEW_BITS, most)])
    joined = np.concatenate(found)
    kind = joined[:, 2] > 0
    joined = joined[np.lexsort((joined[:, 2], joined[:, 3], kind, joined[:, 1], joined[:, 0]))]
    kind = joined[:, 2] > 0
    fresh = np.ones(len(joined), bool)
    fresh[1:] = (joined[1:, :2] != joined[:-1, :2]).any(axis=1) | (kind[1:] != kind[:-1])
    return joined[fresh]


def closed(comparer: Comparer, alike: Alike, pairs: np.ndarray) -> Alike:
    """Compare also the pairs that were no candidates, within what hangs together.

    Without them complete linkage would part pictures that are copies of a third one.

    Parameters
    ----------
    pairs
        Pairs of rows `(m, 2)` whose vectors are near.
    """
    from core.curate.duplicates import join

    linked = alike.pairs[alike.apart <= 1]
    first = np.unique(comparer.pictures, return_index=True, return_inverse=True)
    links = np.concatenate([first[2][pairs], first[2][linked]])
    groups = join(links[:, 0], links[:, 1], len(first[1]))
    known = set(map(tuple, alike.upright().pairs.tolist()))
    missing: list[tuple[int, int]] = []
    for points in _small(groups):
        rows = first[1][points]
        rows = np.sort(rows[comparer.comparable[rows]]).tolist()
        missing += [pair for pair in combinations(rows, 2) if pair not in known]
        if len(missing) > MOST_PAIRS:
            break
    if not missing:
        return alike
    wanted = np.array(missing, np.int64)
    bits, way = comparer.bits(wanted, UPRIGHT)
    more = comparer.compare(wanted, way, bits)
    fields = ("pairs", "apart", "way", "bits")
    return Alike(*(np.concatenate([getattr(alike, f), getattr(more, f)]) for f in fields))


def _small(groups: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the points of every group of three to `WHOLE`."""
    sizes = np.bincount(groups, minlength=1)
    order = np.argsort(groups, kind="stable")
    ends = np.cumsum(sizes)
    for group in np.flatnonzero((sizes > 2) & (sizes <= WHOLE)).tolist():
        yield order[ends[group] - sizes[group] : ends[group]]

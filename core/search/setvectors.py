"""The vectors of a set, read block by block from the shards: never all of them at once.

What is kept of a set is where each vector lies and its length, 16 bytes an item; the vectors stay
in their files, where the system's page cache has them after the first search.
"""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from core.errors import ArtifactCorruptError, NotFoundError
from core.model import EncoderSpec
from core.space import blocks
from core.storage.shards import Shards, damaged, row_checksums
from core.storage.vectorindex import Index
from core.storage.vectors import VectorCache

#: Items looked up at a time when a set is opened.
_STEP = 2000

#: Values that are widened to float64 at a time: 1.6 MB.
_PIECE = 200_000

#: Sets that stay open.
KEPT = 4


class SetVectors:
    """The vectors of some items of one encoder, in row order.

    Parameters
    ----------
    folder
        The vector cache of the encoder.
    spec
        The encoder.
    item_ids
        One id a row; an id may come more than once.

    Raises
    ------
    NotFoundError
        An item has no vector.
    ArtifactCorruptError
        A vector differs from its checksum or has no direction; the message names the file.
    """

    def __init__(self, folder: Path, spec: EncoderSpec, item_ids: Sequence[str]):
        self.dims = spec.dims
        self._shards = Shards(folder, spec.dims)
        self._positions = np.empty(len(item_ids), np.int64)
        self._norms = np.empty(len(item_ids), np.float64)
        VectorCache(folder, spec)  # says so if the folder is another encoder's
        index = Index(folder / "index.sqlite")
        for start in range(0, len(item_ids), _STEP):
            part = list(item_ids[start : start + _STEP])
            self._look_up(index, slice(start, start + len(part)), part)

    def _look_up(self, index: Index, rows: slice, ids: list[str]) -> None:
        """Find where some items' vectors lie, and check these."""
        stored = index.select("SELECT item_id, position, crc FROM vectors", list(set(ids)))
        places = {item: (position, crc) for item, position, crc in stored}
        absent = next((item for item in ids if item not in places), None)
        if absent is not None:
            raise NotFoundError(f"item {absent} has no vector any more; run the set again")
        positions, expected = zip(*(places[item] for item in ids), strict=True)
        self._positions[rows] = positions
        vectors = self._shards.gather(self._positions[rows])
        norms = _lengths(vectors)
        self._norms[rows] = norms
        sound = np.array(row_checksums(ids, vectors)) == np.array(expected)
        sound &= np.isfinite(norms) & (norms > 0)
        if not sound.all():
            at = int(np.argmin(sound))
            file, row = self._shards.where(positions[at]).rsplit(", ", 1)
            what = f"{row} (item {ids[at]}) differs from its checksum"
            raise ArtifactCorruptError(damaged(Path(file), what))

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self._positions)

    def unit(self, rows: Sequence[int]) -> np.ndarray:
        """Return the unit vectors `(m, d)` float64 of some rows."""
        at = np.asarray(rows, dtype=np.int64)
        return self._shards.gather(self._positions[at]) / self._norms[at, None]

    def cosines(self, examples: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
        """Yield all rows in slices, with their cosines `(rows, m)` to unit examples `(m, d)`.

        In float64, a piece at a time that stays in the processor's cache: six times as fast as
        widening a whole block of 4 million values first.
        """
        step = max(1, _PIECE // max(1, self.dims))
        wide = np.empty((step, self.dims), np.float64)
        for part in blocks(len(self), self.dims):
            vectors = self._shards.gather(self._positions[part])
            for start in range(0, len(vectors), step):
                piece = vectors[start : start + step]
                rows = slice(part.start + start, part.start + start + len(piece))
                np.copyto(wide[: len(piece)], piece)
                yield rows, (wide[: len(piece)] @ examples.T) / self._norms[rows, None]


def _lengths(vectors: np.ndarray) -> np.ndarray:
    """Return the lengths `(n,)` of vectors `(n, d)`, added up in float64."""
    wide = vectors.astype(np.float64)
    found: np.ndarray = np.sqrt(np.einsum("ij,ij->i", wide, wide))
    return found


class Shelf:
    """The sets searched last, kept open; safe for several threads."""

    def __init__(self, vectors_folder: Path):
        self._folder = vectors_folder
        self._open: OrderedDict[tuple[Any, ...], SetVectors] = OrderedDict()
        self._lock = Lock()

    def open(self, opened: Any) -> SetVectors:
        """Return the vectors of an open set or part (`OpenSet`)."""
        folder = self._folder / opened.spec.key
        key = (opened.key, opened.spec.key, _made(folder))
        with self._lock:
            if key in self._open:
                self._open.move_to_end(key)
                return self._open[key]
        found = SetVectors(folder, opened.spec, opened.items["item_id"].tolist())
        with self._lock:
            self._open[key] = found
            while len(self._open) > KEPT:
                self._open.popitem(last=False)
        return found


def _made(folder: Path) -> tuple[int, int] | None:
    """Return which making of a cache this is: one deleted and encoded again has other places."""
    try:
        record = (folder / "encoder.json").stat()
    except OSError:
        return None
    return record.st_ino, record.st_mtime_ns

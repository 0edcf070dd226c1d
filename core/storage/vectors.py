"""The vector cache: what an encoder said about each item, kept for good.

One folder for each encoder, named by its key::

    encoder.json      what made the vectors
    shard-00000.npy   true .npy, float32 (rows of a shard, dims); made sparse, filled row by row
    index.sqlite      item_id -> position and CRC-32 of the row; items quarantined, with reasons
    writer.lock       held by the one process that is encoding

A batch's rows are on disk before its ids are committed in one transaction, and positions are
counted from the committed ones: a process killed anywhere loses the batch in hand and no more,
and rows that never got their ids are written over. Readers need no lock.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from filelock import FileLock, Timeout

from core.encoders.base import spec_from_dict, spec_to_dict
from core.errors import ArtifactCorruptError, InputError, NotFoundError
from core.model import EncoderSpec
from core.progress import Progress
from core.storage.shards import Shards, damaged, row_checksums
from core.storage.store import read_json, storage_errors, write_json
from core.storage.vectorindex import Index

FORMAT = 2


def read_spec(folder: Path) -> EncoderSpec:
    """Return the encoder whose vectors lie in `folder`.

    Raises
    ------
    NotFoundError
        There is no cache in the folder.
    ArtifactCorruptError
        Its `encoder.json` is damaged.
    """
    path = Path(folder) / "encoder.json"
    if not path.is_file():
        raise NotFoundError(f"no vectors in {folder}")
    record = read_json(path, delete=path.parent)
    try:
        return spec_from_dict(record["spec"])
    except (AttributeError, KeyError, TypeError) as error:
        raise ArtifactCorruptError(damaged(path, f"it lacks {error}")) from None


class VectorCache:
    """The vectors of one encoder by item id.

    Every method may be called from any thread and process; `append` and `quarantine` only inside
    `writer()`.

    Parameters
    ----------
    folder
        Where the vectors lie, one folder an encoder; made by the first writer.
    spec
        The encoder. `spec.dims` is the length of a vector.

    Raises
    ------
    ArtifactCorruptError
        The folder holds another encoder's vectors, or its `encoder.json` is damaged.
    """

    def __init__(self, folder: Path, spec: EncoderSpec):
        self.folder = Path(folder)
        self.spec = spec
        self._shards = Shards(self.folder, spec.dims)
        self._index = Index(self.folder / "index.sqlite")
        self._lock = FileLock(self.folder / "writer.lock", thread_local=False)
        if self._record.is_file():
            self._check_encoder()

    @property
    def _record(self) -> Path:
        return self.folder / "encoder.json"

    # -- writing ------------------------------------------------------------------------------

    @contextmanager
    def writer(self, progress: Progress | None = None) -> Iterator["VectorCache"]:
        """Be the only writer, waiting for any other; the lock dies with its process.

        Ask `missing` again inside: another process may have encoded the items meanwhile.

        Parameters
        ----------
        progress
            Told, in stage "embed", that another process is waited for.

        Raises
        ------
        JobCancelled
            `progress` was cancelled while waiting.
        StorageError
            The folder cannot be written.
        """
        with storage_errors(f"opening the vector cache {self.folder}"):
            self.folder.mkdir(parents=True, exist_ok=True)
            self._acquire(progress or Progress())
        try:
            if not self._record.is_file():
                self._describe()
            self._check_encoder()
            with self._index.writing():
                yield self
        finally:
            self._lock.release()

    def _acquire(self, progress: Progress) -> None:
        while True:
            try:
                self._lock.acquire(timeout=0.2)
            except Timeout:
                progress.report("embed", note="waiting for another process that is encoding")
            else:
                return

    def _describe(self) -> None:
        """Write `encoder.json`; an index without one belongs to nobody and is not guessed at."""
        if self._index.path.is_file():
            raise ArtifactCorruptError(damaged(self._record, "it is missing beside index.sqlite"))
        record = {
            "format": FORMAT,
            "key": self.spec.key,
            "dtype": "<f4",
            "shard_rows": self._shards.rows,
            "spec": spec_to_dict(self.spec),
        }
        write_json(self._record, record)

    def append(self, item_ids: Sequence[str], vectors: np.ndarray) -> None:
        """Store a batch: rows first, then, in one transaction, the ids that make them count.

        Parameters
        ----------
        item_ids
            Ids not stored yet.
        vectors
            float32 `(len(item_ids), dims)`, in the order of `item_ids`, finite.

        Raises
        ------
        InputError
            Shapes do not match, a value is not finite, or an id is stored already.
        StorageError
            The disk is full or refuses; nothing of the batch is stored and the cache stays usable.
        """
        self._must_write()
        rows = np.ascontiguousarray(vectors, dtype="<f4")
        if rows.shape != (len(item_ids), self.spec.dims):
            raise InputError(
                f"vectors have shape {rows.shape}; "
                f"{len(item_ids)} ids need ({len(item_ids)}, {self.spec.dims})"
            )
        finite = np.isfinite(rows).all(axis=1)
        if not finite.all():
            bad = item_ids[int(np.argmin(finite))]
            raise InputError(f"the vector of item {bad} is not finite")
        if not len(rows):
            return
        first = self._end()
        with storage_errors(f"storing vectors in {self.folder}"):
            self._shards.write(first, rows)
        places = range(first, first + len(rows))
        entries = zip(places, item_ids, row_checksums(item_ids, rows), strict=True)
        try:
            self._index.insert("INSERT INTO vectors VALUES (?, ?, ?)", entries)
        except sqlite3.IntegrityError:
            for line in self._index.problems():
                raise ArtifactCorruptError(damaged(self._index.path, line)) from None
            raise InputError("an item id of the batch is stored already or given twice") from None

    def quarantine(self, reasons: Mapping[str, str]) -> None:
        """Remember items that have no usable vector, with the reason; `missing` skips them.

        Raises
        ------
        StorageError
            The disk is full or refuses.
        """
        self._must_write()
        if reasons:
            self._index.insert("INSERT OR REPLACE INTO quarantine VALUES (?, ?)", reasons.items())

    def _must_write(self) -> None:
        if not self._index.is_writing:
            raise RuntimeError("append() and quarantine() are called inside writer()")

    def _end(self) -> int:
        """Return the position after the last committed one."""
        found = self._index.query("SELECT MAX(position) FROM vectors")
        return 0 if not found or found[0][0] is None else int(found[0][0]) + 1

    # -- reading ------------------------------------------------------------------------------

    def __len__(self) -> int:
        """Return the number of vectors stored."""
        found = self._index.query("SELECT COUNT(*) FROM vectors")
        return int(found[0][0]) if found else 0

    def missing(self, item_ids: Sequence[str]) -> list[str]:
        """Return the ids neither stored nor quarantined, each once, in the order given."""
        unique = list(dict.fromkeys(item_ids))
        known = {row[0] for row in self._index.select("SELECT item_id FROM vectors", unique)}
        known |= {row[0] for row in self._index.select("SELECT item_id FROM quarantine", unique)}
        return [item for item in unique if item not in known]

    def quarantined(self, item_ids: Sequence[str]) -> dict[str, str]:
        """Return the reasons of those of the ids that are quarantined, in the order given."""
        unique = list(dict.fromkeys(item_ids))
        rows = self._index.select("SELECT item_id, reason FROM quarantine", unique)
        found: dict[str, str] = {row[0]: row[1] for row in rows}
        return {item: found[item] for item in unique if item in found}

    def load(self, item_ids: Sequence[str]) -> np.ndarray:
        """Return the vectors of the ids, checked against their checksums.

        Returns
        -------
        np.ndarray
            float32 `(len(item_ids), dims)`, in the order given; a copy.

        Raises
        ------
        NotFoundError
            An id is not stored.
        ArtifactCorruptError
            A row differs from its checksum, or a shard is missing or cut off; the message names
            the shard file, the row in it and the item.
        """
        rows = self._index.select("SELECT item_id, position, crc FROM vectors", list(item_ids))
        places = {item: (position, crc) for item, position, crc in rows}
        absent = [item for item in item_ids if item not in places]
        if absent:
            raise NotFoundError(
                f"{len(absent)} of {len(item_ids)} items have no vector in {self.folder}, "
                f"the first {absent[0]}; encode them first"
            )
        if not len(item_ids):
            return np.empty((0, self.spec.dims), np.float32)
        positions, expected = zip(*(places[item] for item in item_ids), strict=True)
        vectors = self._shards.gather(np.array(positions, dtype=np.int64))
        checksums = row_checksums(item_ids, vectors)
        if checksums != list(expected):
            at = next(i for i, crc in enumerate(checksums) if crc != expected[i])
            raise ArtifactCorruptError(self._wrong_row(positions[at], item_ids[at]))
        return vectors

    # -- checking -----------------------------------------------------------------------------

    def verify(self) -> list[str]:
        """Check everything stored and return the problems in words; none is an empty list.

        Memory is bounded by one shard, however many vectors there are.
        """
        if not self._record.is_file():
            return [f"{self._record} is missing"] if self._index.path.is_file() else []
        try:
            self._check_encoder()
            lines = self._index.problems()
            end = self._end()
        except ArtifactCorruptError as error:
            return [str(error)]
        problems = [damaged(self._index.path, line) for line in lines]
        for start in range(0, end, self._shards.rows):
            try:
                problems += self._verify_shard(start)
            except ArtifactCorruptError as error:
                problems.append(str(error))
        return problems

    def _verify_shard(self, start: int) -> list[str]:
        rows = self._index.query(
            "SELECT position, item_id, crc FROM vectors WHERE position >= ? AND position < ?",
            (start, start + self._shards.rows),
        )
        vectors = self._shards.gather(np.array([row[0] for row in rows], dtype=np.int64))
        checksums = row_checksums([row[1] for row in rows], vectors)
        return [
            self._wrong_row(position, item)
            for (position, item, expected), crc in zip(rows, checksums, strict=True)
            if crc != expected
        ]

    def _wrong_row(self, position: int, item: str) -> str:
        return (
            f"{self._shards.where(position)} (item {item}) differs from its checksum; "
            f"delete the folder {self.folder} and run again"
        )

    def _check_encoder(self) -> None:
        path, record = self._record, read_json(self._record, delete=self.folder)
        if record.get("format") != FORMAT:
            raise ArtifactCorruptError(damaged(path, "it is not an encoder record of this version"))
        if record.get("key") != self.spec.key:
            raise ArtifactCorruptError(
                f"{path} belongs to another encoder ({record.get('key')}, not {self.spec.key}); "
                "delete the folder or restore the right one"
            )
        if record.get("shard_rows") != self._shards.rows or record.get("dtype") != "<f4":
            raise ArtifactCorruptError(damaged(path, "its layout is not this encoder's"))

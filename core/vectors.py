"""The vector cache: what an encoder said about each item, kept for good.

One folder for each encoder, named by its key::

    encoder.json      what made the vectors
    shard-00000.npy   true .npy, float32 (shard_rows, dims); allocated sparse, filled row by row
    index.sqlite      item_id -> position and CRC-32 of the row; items quarantined, with reasons
    writer.lock       held by the one process that is encoding

A batch's rows are on disk before its ids are committed in one transaction, and positions are
counted from the committed ones: a process killed anywhere loses the batch in hand and no more,
and rows that never got their ids are written over. Readers need no lock.
"""

import os
import sqlite3
import tempfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from filelock import FileLock, Timeout

from core.encoders.base import spec_from_dict, spec_to_dict
from core.errors import ArtifactCorruptError, InputError, NotFoundError, StorageError
from core.model import EncoderSpec
from core.progress import Progress
from core.store import read_json, storage_errors, write_json

FORMAT = 1

#: Bytes that one shard may grow to. Large enough that a million vectors are a few dozen files,
#: small enough that a file system without sparse files is not asked for much at once.
SHARD_BYTES = 64 * 2**20

#: Seconds a reader waits for a commit in another process.
BUSY_SECONDS = 30.0

_SCHEMA = """
CREATE TABLE IF NOT EXISTS vectors (
    position INTEGER PRIMARY KEY, item_id TEXT NOT NULL UNIQUE, crc INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS quarantine (item_id TEXT PRIMARY KEY, reason TEXT NOT NULL);
"""

_T = TypeVar("_T")

_sync = getattr(os, "fdatasync", os.fsync)


def shard_rows(dims: int) -> int:
    """Return how many rows of `dims` float32 one shard holds: a power of two, at least 256."""
    rows = max(256, SHARD_BYTES // (4 * max(1, dims)))
    return 1 << (rows.bit_length() - 1)


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
    record = read_json(path)
    try:
        return spec_from_dict(record["spec"])
    except (KeyError, TypeError, ValueError) as error:
        raise ArtifactCorruptError(_damaged(path, f"it lacks {error}")) from None


def _damaged(path: Path, what: str) -> str:
    return f"{path} is damaged: {what}; delete the folder {path.parent} and run again"


def _row_checksums(rows: np.ndarray) -> list[int]:
    """Return the CRC-32 of each row's bytes; `rows` is C-contiguous float32."""
    data, width = memoryview(rows).cast("B"), rows.shape[1] * 4
    crc = zlib.crc32
    return [crc(data[start : start + width]) for start in range(0, len(data), width)]


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
        self.shard_rows = shard_rows(spec.dims)
        self._lock = FileLock(self.folder / "writer.lock", thread_local=False)
        self._writing: sqlite3.Connection | None = None
        if (self.folder / "encoder.json").is_file():
            self._check_encoder()

    # -- writing ------------------------------------------------------------------------------

    @contextmanager
    def writer(self, progress: Progress | None = None) -> Iterator["VectorCache"]:
        """Be the only writer, waiting for any other; the lock dies with its process.

        Ask `missing` again inside: another process may have encoded the items meanwhile.

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
            if not (self.folder / "encoder.json").is_file():
                self._describe()
            self._check_encoder()
            with closing(self._sql(self._connect)) as self._writing:
                self._sql(self._prepare)
                yield self
        finally:
            self._writing = None
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
        if (self.folder / "index.sqlite").is_file():
            path = self.folder / "encoder.json"
            raise ArtifactCorruptError(_damaged(path, "it is missing beside index.sqlite"))
        record = {
            "format": FORMAT,
            "key": self.spec.key,
            "dtype": "<f4",
            "shard_rows": self.shard_rows,
            "spec": spec_to_dict(self.spec),
        }
        write_json(self.folder / "encoder.json", record)

    def _prepare(self) -> None:
        assert self._writing is not None
        self._writing.executescript(_SCHEMA)

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
        if self._writing is None:
            raise RuntimeError("append() is called inside writer()")
        rows = np.ascontiguousarray(vectors, dtype="<f4")
        if rows.shape != (len(item_ids), self.spec.dims):
            raise InputError(
                f"vectors have shape {rows.shape}; "
                f"{len(item_ids)} ids need ({len(item_ids)}, {self.spec.dims})"
            )
        if not np.isfinite(rows).all():
            bad = int(np.flatnonzero(~np.isfinite(rows).all(axis=1))[0])
            raise InputError(f"the vector of item {item_ids[bad]} is not finite")
        if not len(rows):
            return
        first = self._sql(self._next_position)
        with storage_errors(f"storing vectors in {self.folder}"):
            self._write_rows(first, rows)
        entries = zip(range(first, first + len(rows)), item_ids, _row_checksums(rows), strict=True)
        try:
            self._commit("INSERT INTO vectors VALUES (?, ?, ?)", entries)
        except sqlite3.IntegrityError:
            raise InputError("an item id of the batch is stored already or given twice") from None

    def quarantine(self, reasons: Mapping[str, str]) -> None:
        """Remember items that have no usable vector, with the reason; `missing` skips them."""
        if self._writing is None:
            raise RuntimeError("quarantine() is called inside writer()")
        if reasons:
            self._commit("INSERT OR REPLACE INTO quarantine VALUES (?, ?)", reasons.items())

    def _next_position(self) -> int:
        assert self._writing is not None
        return self._writing.execute(
            "SELECT COALESCE(MAX(position), -1) + 1 FROM vectors"
        ).fetchone()[0]

    def _commit(self, statement: str, rows: Any) -> None:
        """Insert rows in one transaction, all or none."""
        connection = self._writing
        assert connection is not None

        def insert() -> None:
            connection.execute("BEGIN IMMEDIATE")
            try:
                connection.executemany(statement, rows)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

        self._sql(insert)

    def _write_rows(self, first: int, rows: np.ndarray) -> None:
        """Write rows at consecutive positions and flush every shard touched."""
        done = 0
        while done < len(rows):
            shard, row = divmod(first + done, self.shard_rows)
            part = rows[done : done + self.shard_rows - row]
            path = self._shard_path(shard)
            if not path.is_file():
                self._new_shard(path)
            offset = self._shard_offset(path) + row * self.spec.dims * 4
            with path.open("r+b", buffering=0) as file:
                file.seek(offset)
                data = memoryview(part).cast("B")
                while data:
                    data = data[_write(file.fileno(), data) :]
                _sync(file.fileno())
            done += len(part)

    def _new_shard(self, path: Path) -> None:
        """Make an empty shard under its name only once its header is on disk."""
        shape = (self.shard_rows, self.spec.dims)
        handle, name = tempfile.mkstemp(dir=self.folder, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "r+b") as file:
                header = {"descr": "<f4", "fortran_order": False, "shape": shape}
                np.lib.format.write_array_header_1_0(file, header)
                file.truncate(file.tell() + shape[0] * shape[1] * 4)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    # -- reading ------------------------------------------------------------------------------

    def __len__(self) -> int:
        """Return the number of vectors stored."""
        return self._read(lambda c: c.execute("SELECT COUNT(*) FROM vectors").fetchone()[0], 0)

    def missing(self, item_ids: Sequence[str]) -> list[str]:
        """Return the ids neither stored nor quarantined, each once, in the order given."""
        unique = list(dict.fromkeys(item_ids))
        known = {row[0] for row in self._select("SELECT item_id FROM vectors", unique)}
        known |= {row[0] for row in self._select("SELECT item_id FROM quarantine", unique)}
        return [item for item in unique if item not in known]

    def quarantined(self, item_ids: Sequence[str]) -> dict[str, str]:
        """Return the reasons of those of the ids that are quarantined, in the order given."""
        unique = list(dict.fromkeys(item_ids))
        found = dict(self._select("SELECT item_id, reason FROM quarantine", unique))
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
        unique = list(dict.fromkeys(item_ids))
        rows = self._select("SELECT item_id, position, crc FROM vectors", unique)
        places = {item: (position, crc) for item, position, crc in rows}
        try:
            found = [places[item] for item in item_ids]
        except KeyError as error:
            absent = sum(item not in places for item in unique)
            raise NotFoundError(
                f"{absent} of {len(unique)} items have no vector in {self.folder}, "
                f"the first {error.args[0]}; encode them first"
            ) from None
        positions = np.fromiter((p for p, _ in found), np.int64, len(found))
        vectors = self._gather(positions)
        for at, (crc, (position, expected)) in enumerate(
            zip(_row_checksums(vectors), found, strict=True)
        ):
            if crc != expected:
                raise ArtifactCorruptError(self._wrong_row(position, item_ids[at]))
        return vectors

    def verify(self) -> list[str]:
        """Check everything stored and return the problems in words; none is an empty list.

        Memory is bounded by one shard, however many vectors there are.
        """
        if not (self.folder / "encoder.json").is_file():
            return [f"{self.folder / 'encoder.json'} is missing"] if self._has_index() else []
        problems: list[str] = []
        try:
            self._check_encoder()
            for (line,) in self._read(lambda c: c.execute("PRAGMA quick_check").fetchall(), []):
                if line != "ok":
                    problems.append(_damaged(self.folder / "index.sqlite", line))
            last = self._read(
                lambda c: c.execute("SELECT MAX(position) FROM vectors").fetchone(), (None,)
            )
        except ArtifactCorruptError as error:
            return [*problems, str(error)]
        for shard in range(0 if last[0] is None else last[0] // self.shard_rows + 1):
            try:
                problems += self._verify_shard(shard)
            except ArtifactCorruptError as error:
                problems.append(str(error))
        return problems

    def _verify_shard(self, shard: int) -> list[str]:
        start = shard * self.shard_rows
        rows = self._read(
            lambda c: c.execute(
                "SELECT position, item_id, crc FROM vectors WHERE position >= ? AND position < ?",
                (start, start + self.shard_rows),
            ).fetchall(),
            [],
        )
        vectors = self._gather(np.array([row[0] for row in rows], dtype=np.int64))
        return [
            self._wrong_row(position, item)
            for (position, item, expected), crc in zip(rows, _row_checksums(vectors), strict=True)
            if crc != expected
        ]

    def _gather(self, positions: np.ndarray) -> np.ndarray:
        """Return the rows at `positions` `(n,)` int64, in that order, from the mapped shards."""
        vectors = np.empty((len(positions), self.spec.dims), dtype="<f4")
        shards = positions // self.shard_rows
        for shard in np.unique(shards):
            at = np.flatnonzero(shards == shard)
            rows = positions[at] - shard * self.shard_rows
            mapped = self._map_shard(int(shard), int(rows.max()) + 1)
            if len(rows) > 1 and (np.diff(rows) == 1).all() and at[-1] - at[0] == len(at) - 1:
                vectors[at[0] : at[-1] + 1] = mapped[rows[0] : rows[-1] + 1]
            else:
                order = np.argsort(rows)  # read the file from front to back
                vectors[at[order]] = mapped[rows[order]]
        return vectors

    def _map_shard(self, shard: int, rows: int) -> np.ndarray:
        """Map the first `rows` rows of a shard, having checked that they are all there."""
        path = self._shard_path(shard)
        if not path.is_file():
            raise ArtifactCorruptError(_damaged(path, "it is missing"))
        offset, size = self._shard_offset(path), path.stat().st_size
        if size < offset + rows * self.spec.dims * 4:
            raise ArtifactCorruptError(_damaged(path, f"cut off at {size} bytes"))
        return np.memmap(path, "<f4", "r", offset, (rows, self.spec.dims))

    def _shard_path(self, shard: int) -> Path:
        return self.folder / f"shard-{shard:05d}.npy"

    def _shard_offset(self, path: Path) -> int:
        """Return where a shard's rows begin, having compared its header with what it must say."""
        try:
            with path.open("rb") as file:
                if np.lib.format.read_magic(file) != (1, 0):
                    raise ValueError("another .npy version")
                shape, fortran, dtype = np.lib.format.read_array_header_1_0(file)
                offset = file.tell()
        except (ValueError, EOFError, SyntaxError) as error:
            raise ArtifactCorruptError(
                _damaged(path, f"its header is unreadable ({error})")
            ) from None
        if shape != (self.shard_rows, self.spec.dims) or fortran or dtype != np.dtype("<f4"):
            raise ArtifactCorruptError(_damaged(path, f"its header says {dtype} {shape}"))
        return offset

    def _wrong_row(self, position: int, item: str) -> str:
        shard, row = divmod(position, self.shard_rows)
        return _damaged(
            self._shard_path(shard), f"row {row} (item {item}) differs from its checksum"
        )

    # -- encoder and index --------------------------------------------------------------------

    def _check_encoder(self) -> None:
        path = self.folder / "encoder.json"
        record = read_json(path)
        if not isinstance(record, dict) or record.get("format") != FORMAT:
            raise ArtifactCorruptError(_damaged(path, "it is not a Vitrine encoder record"))
        if record.get("key") != self.spec.key:
            raise ArtifactCorruptError(
                f"{path} belongs to another encoder ({record.get('key')}, not {self.spec.key}); "
                "delete the folder or restore the right one"
            )
        if record.get("shard_rows") != self.shard_rows or record.get("dtype") != "<f4":
            raise ArtifactCorruptError(_damaged(path, "its layout is not this encoder's"))

    def _has_index(self) -> bool:
        return (self.folder / "index.sqlite").is_file()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self.folder / "index.sqlite",
            timeout=BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
        except BaseException:
            connection.close()
            raise
        return connection

    def _read(self, query: Callable[[sqlite3.Connection], _T], empty: _T) -> _T:
        """Run a query on a connection of its own; `empty` where nothing was ever stored."""
        if not self._has_index():
            return empty
        with closing(self._sql(self._connect)) as connection:
            try:
                return self._sql(lambda: query(connection))
            except ArtifactCorruptError as error:
                if "no such table" in str(error):  # a writer died before the schema was committed
                    return empty
                raise

    def _select(self, statement: str, item_ids: list[str]) -> list[tuple[Any, ...]]:
        """Run `statement` for the given ids: by id where they are few, else in one scan."""
        if len(item_ids) > 2000:
            wanted = set(item_ids)
            rows = self._read(lambda c: c.execute(statement).fetchall(), [])
            return [row for row in rows if row[0] in wanted]

        def by_id(connection: sqlite3.Connection) -> list[tuple[Any, ...]]:
            found: list[tuple[Any, ...]] = []
            for start in range(0, len(item_ids), 500):
                part = item_ids[start : start + 500]
                marks = ",".join("?" * len(part))
                found += connection.execute(f"{statement} WHERE item_id IN ({marks})", part)
            return found

        return self._read(by_id, [])

    def _sql(self, action: Callable[[], _T]) -> _T:
        """Run `action`, telling a full disk, a damaged index and a bug apart."""
        path = self.folder / "index.sqlite"
        try:
            return action()
        except sqlite3.IntegrityError:
            raise
        except sqlite3.OperationalError as error:
            code = error.sqlite_errorcode & 0xFF
            if code == sqlite3.SQLITE_FULL:
                raise StorageError(
                    f"storing vectors in {self.folder}: the disk is full; free some space and run again"
                ) from error
            if code in {sqlite3.SQLITE_IOERR, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN,
                        sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:  # fmt: skip
                raise StorageError(f"{path}: {error}") from error
            raise ArtifactCorruptError(_damaged(path, str(error))) from error
        except sqlite3.DatabaseError as error:
            raise ArtifactCorruptError(_damaged(path, str(error))) from error


def _write(handle: int, data: memoryview) -> int:
    """Write to a file; apart so that a test can stand in for a full disk."""
    return os.write(handle, data)

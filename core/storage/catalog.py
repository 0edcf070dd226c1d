"""What is known about files and items: content hashes and picture facts, in one SQLite file.

A cache: everything in it can be found out again. A hash is trusted only while the file's size,
modification time, change time and inode are all as they were when it was read.
"""

import errno
import json
import os
import sqlite3
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import RLock
from typing import Any

from core.errors import DecodeError, StorageError
from core.imaging.files import fetched, sha256_of_file, sha256_of_files
from core.progress import Progress
from core.storage.database import connect
from core.storage.trouble import passing_trouble

#: Of the tables below; a file of another version is emptied, since all in it is found out again.
_VERSION = 2
_TABLES = {
    "files": "path BLOB PRIMARY KEY, size INTEGER NOT NULL, mtime_ns INTEGER NOT NULL,"
    " ctime_ns INTEGER NOT NULL, inode INTEGER NOT NULL, sha256 TEXT NOT NULL,"
    " seal INTEGER NOT NULL",
    "facts": "item_id TEXT PRIMARY KEY, fact TEXT NOT NULL, seal INTEGER NOT NULL",
}
#: Came later than version 2, and is made where it is missing, so that nothing has to be emptied.
_LATER = {
    "looks": "item_id TEXT PRIMARY KEY, version INTEGER NOT NULL, look BLOB NOT NULL,"
    " seal INTEGER NOT NULL",
}
#: Values in one query; below SQLite's oldest limit of 999.
_CHUNK = 900
#: A file changed less than this before it was read may change again within one tick of the clock
#: and look the same: its hash is not kept.
_SETTLED_NS = 20_000_000

_Stamp = tuple[int, int, int, int]


def _stamp(path: Path) -> _Stamp:
    state = path.stat()
    # SQLite's integers are signed; some file systems number inodes beyond.
    inode = state.st_ino if state.st_ino < 2**63 else state.st_ino - 2**64
    return state.st_size, state.st_mtime_ns, state.st_ctime_ns, inode


class Catalog:
    """File hashes and picture facts; one object serves all threads, one file many processes.

    Parameters
    ----------
    path
        The database file; made when it is missing, with its folder.

    Raises
    ------
    StorageError
        The file cannot be opened, is no database, or is damaged. So do all methods.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = RLock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StorageError(f"{path.parent}: cannot be made: {error.strerror}") from error
        self._connection: sqlite3.Connection | None = None
        with self._in_words():
            self._connection = connect(path, synchronous="NORMAL")
            if not self._is_current(self._connection):
                self._make_tables(self._connection)
            self._make_later(self._connection)

    @staticmethod
    def _is_current(connection: sqlite3.Connection) -> bool:
        return bool(connection.execute("PRAGMA user_version").fetchone()[0] == _VERSION)

    def _make_tables(self, connection: sqlite3.Connection) -> None:
        """Make the tables anew, unless another process has just done so."""
        connection.execute("BEGIN IMMEDIATE")
        if not self._is_current(connection):
            for name, columns in _TABLES.items():
                connection.execute(f"DROP TABLE IF EXISTS {name}")
                connection.execute(f"CREATE TABLE {name} ({columns}) WITHOUT ROWID")
            connection.execute(f"PRAGMA user_version = {_VERSION}")
        connection.execute("COMMIT")

    @staticmethod
    def _make_later(connection: sqlite3.Connection) -> None:
        """Make the tables that an older file lacks; one that has them is only read."""
        rows = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
        there = {name for (name,) in rows}
        for name, columns in _LATER.items():
            if name not in there:
                connection.execute(f"CREATE TABLE IF NOT EXISTS {name} ({columns}) WITHOUT ROWID")

    def close(self) -> None:
        """Close the database; the object cannot be used any more."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def __enter__(self) -> "Catalog":
        """Return the catalog itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the database."""
        self.close()

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        """Turn SQLite's errors into a `StorageError` that says what to do."""
        try:
            yield
        except sqlite3.Error as error:
            if self._connection is not None and self._connection.in_transaction:
                self._connection.rollback()
            reason = passing_trouble(error)
            if reason is None:
                raise self._damaged(str(error)) from error
            raise StorageError(f"{self._path}: {reason}") from error

    def _damaged(self, text: str) -> StorageError:
        """Close the database and return the error that says what to do."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        return StorageError(
            f"{self._path}: damaged ({text}): it is a cache, delete it and run again"
        )

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with self._lock, self._in_words():
            if self._connection is None:
                raise StorageError(f"{self._path}: closed, open the catalog again")
            yield self._connection

    def _read(self, query: str, keys: Sequence[Any]) -> list[tuple]:
        """Return the rows of a query with `IN (%s)`, asked in chunks of keys."""
        rows: list[tuple] = []
        for start in range(0, len(keys), _CHUNK):
            part = keys[start : start + _CHUNK]
            marks = ",".join("?" * len(part))
            with self._open() as connection:
                rows += connection.execute(query % marks, part).fetchall()
        return rows

    def _write(self, query: str, rows: Iterable[Sequence[Any]]) -> None:
        """Run a query for many rows in one transaction."""
        with self._open() as connection:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(query, rows)
            connection.execute("COMMIT")

    def sha256_of(self, path: Path) -> str:
        """Return the SHA-256 of a file's bytes, read only when it may have changed.

        Raises
        ------
        OSError
            It cannot be read.
        """
        found = self.sha256_of_many([path])[path]
        if isinstance(found, OSError):
            raise found
        return found

    def sha256_of_many(
        self, paths: Iterable[Path], progress: Progress | None = None
    ) -> dict[Path, str | OSError]:
        """Return the SHA-256 of every file, or the error that reading it raised."""
        found: dict[Path, str | OSError] = {}
        stamps: dict[Path, _Stamp] = {}
        for path in dict.fromkeys(paths):
            try:
                stamps[path] = _stamp(fetched(path))
            except DecodeError as error:  # a copy that cannot be made again
                found[path] = OSError(errno.EIO, str(error))
            except OSError as error:
                found[path] = error
        names = {os.fsencode(path.absolute()): path for path in stamps}
        rows = self._read(
            "SELECT path, size, mtime_ns, ctime_ns, inode, sha256, seal FROM files"
            " WHERE path IN (%s)",
            list(names),
        )
        for *row, seal in rows:
            if seal != _seal(*row):
                raise self._damaged(f"the entry of {os.fsdecode(row[0])} is not what was written")
            name, *stamp, content = row
            if stamps[names[name]] == tuple(stamp):
                found[names[name]] = content
        unknown = [path for path in stamps if path not in found]
        if unknown:
            found |= self._hash_and_keep(unknown, stamps, progress)
        return found

    def _hash_and_keep(
        self, paths: Sequence[Path], before: Mapping[Path, _Stamp], progress: Progress | None
    ) -> dict[Path, str | OSError]:
        """Hash files and keep what was settled before and did not change meanwhile."""
        read: dict[Path, str | OSError] = {}
        step = 4096  # kept in steps: a run that is stopped has not read everything in vain
        for start in range(0, len(paths), step):
            part = paths[start : start + step]
            began = time.time_ns()
            hashes = sha256_of_files(part, progress) if len(part) > 1 else {part[0]: _try(part[0])}
            kept = []
            for path, content in hashes.items():
                stamp = before[path]
                settled = max(stamp[1], stamp[2]) < began - _SETTLED_NS
                if isinstance(content, str) and settled and _unchanged(path, stamp):
                    row = (os.fsencode(path.absolute()), *stamp, content)
                    kept.append((*row, _seal(*row)))
            self._write("INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?)", kept)
            read |= hashes
        return read

    def get_facts(self, item_ids: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Return what is known of the items that anything is known of."""
        rows = self._read(
            "SELECT item_id, fact, seal FROM facts WHERE item_id IN (%s)",
            list(dict.fromkeys(item_ids)),
        )
        for item_id, fact, seal in rows:
            if seal != _seal(item_id, fact):
                raise self._damaged(f"the facts of item {item_id} are not what was written")
        return {item_id: json.loads(fact) for item_id, fact, _ in rows}

    def put_facts(self, facts: Mapping[str, dict[str, Any]]) -> None:
        """Keep facts of items, replacing older ones, in one transaction.

        A fact is `{"width", "height", "mode", "format", "notes"}` or `{"broken": reason}`.
        """
        texts = {item_id: json.dumps(fact) for item_id, fact in facts.items()}
        rows = [(item_id, fact, _seal(item_id, fact)) for item_id, fact in texts.items()]
        if rows:
            self._write("INSERT OR REPLACE INTO facts VALUES (?, ?, ?)", rows)

    def get_looks(self, item_ids: Sequence[str], version: int) -> dict[str, bytes]:
        """Return what was measured of pictures, by item, where it was measured in this way."""
        rows = self._read(
            "SELECT item_id, version, look, seal FROM looks WHERE item_id IN (%s)",
            list(dict.fromkeys(item_ids)),
        )
        for *row, seal in rows:
            if seal != _seal(*row):
                raise self._damaged(f"the measures of item {row[0]} are not what was written")
        return {item_id: look for item_id, found, look, _ in rows if found == version}

    def put_looks(self, looks: Mapping[str, bytes], version: int) -> None:
        """Keep what was measured of pictures, replacing older measures, in one transaction.

        Parameters
        ----------
        looks
            The packed measures by item (`core.imaging.pixels.pack`).
        version
            Of the way of measuring and packing.
        """
        rows = [(key, version, look, _seal(key, version, look)) for key, look in looks.items()]
        if rows:
            self._write("INSERT OR REPLACE INTO looks VALUES (?, ?, ?, ?)", rows)


def _seal(*values: Any) -> int:
    """Return the CRC-32 of a row, by which a changed byte in it is found."""
    return zlib.crc32(repr(values).encode())


def _try(path: Path) -> str | OSError:
    try:
        return sha256_of_file(path)
    except OSError as error:
        return error


def _unchanged(path: Path, stamp: _Stamp) -> bool:
    try:
        return _stamp(path) == stamp
    except OSError:
        return False

"""Local copies of pictures that lie in archives, in tables or elsewhere, limited in size.

A source whose pictures are no files of their own has a folder here, its root; a picture's path
below it is what the item table says. A database knows of each picture its content hash, the
version it was read from and where it can be read again. So one that was dropped to make room is
fetched again when it is opened (`core.imaging.files`), and none is read twice to be hashed.
"""

import errno
import hashlib
import math
import os
import secrets
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path

from core.errors import StorageError

FOLDER = "copies"
DATABASE = "copies.sqlite"
#: Folder of fetched archives in a source's root; hidden, so that no picture's path meets it.
ARCHIVES = ".archives"
#: Bytes that all copies of a workspace may take, where nobody said otherwise.
DEFAULT_LIMIT = 20 * 2**30
#: A copy used less than this many seconds ago may be in use and is not dropped.
_IN_USE = 10.0
#: Seconds after which the bytes of all copies are counted again.
_RECOUNT = 5.0
#: What writing a file fails of for its name; anything else ends the run.
_OF_THE_NAME = frozenset({
    errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENAMETOOLONG, errno.EINVAL, errno.EILSEQ,
})  # fmt: skip
_TABLES = """
CREATE TABLE IF NOT EXISTS copies (
    root TEXT NOT NULL, path TEXT NOT NULL, version TEXT NOT NULL, size INTEGER NOT NULL,
    sha256 TEXT NOT NULL, place TEXT NOT NULL, used REAL NOT NULL, here INTEGER NOT NULL,
    PRIMARY KEY (root, path)) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS oldest ON copies (here, used, size);
CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Copy:
    """One picture: its version, size in bytes, SHA-256, where it is read again, if it is here."""

    version: str
    size: int
    sha256: str
    place: str
    here: bool


class Copies:
    """The copies of one workspace; one object serves all threads, one folder many processes.

    Parameters
    ----------
    files_folder
        The workspace's folder of files that can be made again; copies lie in its "copies".

    Raises
    ------
    StorageError
        The database cannot be opened or is damaged. So do all methods.
    """

    def __init__(self, files_folder: Path) -> None:
        self.folder = files_folder / FOLDER
        self._lock = threading.RLock()
        self._began = time.time()
        self._counted = (-math.inf, 0, DEFAULT_LIMIT)  # when, bytes here, limit
        with self._in_words():
            self.folder.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(
                self.folder / DATABASE, timeout=60, check_same_thread=False, isolation_level=None
            )
            self._connection.execute("PRAGMA journal_mode=WAL")
            self._connection.execute("PRAGMA synchronous=NORMAL")
            self._connection.executescript(_TABLES)

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise StorageError(
                f"{self.folder / DATABASE}: {error}: it is a cache; if this goes on, delete the "
                f"folder {FOLDER} and run again"
            ) from error
        except OSError as error:
            raise StorageError(
                f"{self.folder}: cannot be written: {error.strerror or error}"
            ) from error

    def close(self) -> None:
        """Close the database; the object cannot be used any more."""
        with self._lock:
            self._connection.close()

    def __enter__(self) -> "Copies":
        """Return the object itself."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close the database."""
        self.close()

    # -- what is known ---------------------------------------------------------------------------

    def limit(self) -> int:
        """Return the bytes that all copies may take."""
        with self._lock, self._in_words():
            row = self._connection.execute("SELECT value FROM facts WHERE name='limit'").fetchone()
        return int(row[0]) if row else DEFAULT_LIMIT

    def set_limit(self, limit: int) -> None:
        """Say how many bytes all copies may take, and drop the oldest until they do."""
        with self._lock, self._in_words():
            self._connection.execute("INSERT OR REPLACE INTO facts VALUES ('limit', ?)", [limit])
            self._counted = (-math.inf, 0, limit)
        self._make_room(0, time.time() - _IN_USE)

    def size(self) -> int:
        """Return the bytes that all copies take."""
        with self._lock, self._in_words():
            query = "SELECT COALESCE(SUM(size), 0) FROM copies WHERE here = 1"
            return int(self._connection.execute(query).fetchone()[0])

    def known(self, root: str) -> dict[str, Copy]:
        """Return what is known of a root's pictures, by path."""
        with self._lock, self._in_words():
            rows = self._connection.execute(
                "SELECT path, version, size, sha256, place, here FROM copies WHERE root = ?", [root]
            ).fetchall()
        return {row[0]: Copy(row[1], row[2], row[3], row[4], bool(row[5])) for row in rows}

    def find(self, root: str, path: str) -> Copy | None:
        """Return what is known of one picture; None if nothing is."""
        with self._lock, self._in_words():
            row = self._connection.execute(
                "SELECT version, size, sha256, place, here FROM copies WHERE root=? AND path=?",
                [root, path],
            ).fetchone()
        return Copy(row[0], row[1], row[2], row[3], bool(row[4])) if row else None

    def forget_others(self, root: str, paths: Iterable[str]) -> None:
        """Drop what a root has beside these paths: its source has it no more.

        Archives that it was read from stay.
        """
        known = {path for path in self.known(root) if not path.startswith(f"{ARCHIVES}/")}
        gone = known - set(paths)
        with self._lock, self._in_words():
            self._connection.executemany(
                "DELETE FROM copies WHERE root = ? AND path = ?", [(root, path) for path in gone]
            )
        for path in gone:
            with suppress(OSError):
                (self.folder / root / path).unlink()

    # -- what is kept ----------------------------------------------------------------------------

    def put(
        self,
        root: str,
        path: str,
        data: bytes | Path,
        version: str,
        place: str,
        *,
        keep: bool = False,
    ) -> str:
        """Take a picture in, and return the SHA-256 of its bytes.

        Its bytes are kept if there is room beside what was taken in since this object was made:
        a source larger than the limit does not push out its own first pictures.

        Parameters
        ----------
        root, path
            The folder of its source, and its place there.
        data
            Its bytes, or a file below `folder` that is moved to its place, or removed.
        version, place
            Of what it was read, and where that can be read again.
        keep
            Keep it even if there is no room.

        Raises
        ------
        OSError
            The file cannot be written for its name, as where that of a folder is taken by a file.
        StorageError
            The disk is full or cannot be written.
        """
        size = len(data) if isinstance(data, bytes) else data.stat().st_size
        content = _sha256(data)
        keep = self._make_room(size, self._began) or keep
        if keep:
            self._write(self.folder / root / path, data)
        elif isinstance(data, Path):
            data.unlink()
        self._note(root, path, Copy(version, size, content, place, keep))
        return content

    def put_back(self, root: str, path: str, data: bytes | Path, *, squeeze: bool = True) -> None:
        """Keep the bytes of a picture that is known; the oldest others go for it.

        Not to `squeeze` leaves it out where there is no room.
        """
        known = self.find(root, path)
        assert known is not None
        before = time.time() - _IN_USE if squeeze else 0.0
        if self._make_room(known.size, before) or squeeze:
            self._write(self.folder / root / path, data)
            self._note(root, path, replace(known, here=True))

    @contextmanager
    def part(self) -> Iterator[Path]:
        """Give a path to write a file to that `put` may move; what is left there is removed."""
        path = self.folder / f".{os.getpid()}-{threading.get_ident()}-{secrets.token_hex(4)}.part"
        try:
            yield path
        finally:
            path.unlink(missing_ok=True)

    def note_version(self, root: str, path: str, version: str, place: str) -> None:
        """Note that a picture is unchanged in a later version of what it is read from."""
        with self._lock, self._in_words():
            self._connection.execute(
                "UPDATE copies SET version = ?, place = ? WHERE root = ? AND path = ?",
                [version, place, root, path],
            )

    def _note(self, root: str, path: str, copy: Copy) -> None:
        values = [root, path, copy.version, copy.size, copy.sha256, copy.place, time.time(),
                  int(copy.here)]  # fmt: skip
        with self._lock, self._in_words():
            self._connection.execute(
                "INSERT OR REPLACE INTO copies VALUES (?, ?, ?, ?, ?, ?, ?, ?)", values
            )
            when, size, limit = self._counted
            self._counted = (when, size + copy.size * copy.here, limit)

    def _write(self, target: Path, data: bytes | Path) -> None:
        """Write a file beside its place and move it there: it is never seen half written."""
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(data, Path):
                data.replace(target)
                return
            with self.part() as part:
                part.write_bytes(data)
                part.replace(target)
        except OSError as error:
            if error.errno in _OF_THE_NAME:
                raise
            raise StorageError(
                f"{self.folder}: cannot be written: {error.strerror or error}: free some space or "
                "lower copies_mb, and run again"
            ) from error

    def _count(self) -> tuple[int, int]:
        """Return the bytes here and the limit, counted again now and then: others write too."""
        when, size, limit = self._counted
        if time.monotonic() - when > _RECOUNT:
            size, limit = self.size(), self.limit()
            self._counted = (time.monotonic(), size, limit)
        return size, limit

    def _make_room(self, wanted: int, before: float) -> bool:
        """Drop the oldest copies used before a moment; tell whether `wanted` bytes fit then."""
        with self._lock:
            size, limit = self._count()
            while size + wanted > limit:
                with self._in_words():
                    rows = self._connection.execute(
                        "SELECT root, path, size FROM copies WHERE here = 1 AND used < ?"
                        " ORDER BY used LIMIT 64",
                        [before],
                    ).fetchall()
                for root, path, bytes_ in rows:
                    if size + wanted > limit:
                        self._drop(root, path)
                        size -= bytes_
                self._counted = (self._counted[0], size, limit)
                if not rows:
                    return False
            return True

    def _drop(self, root: str, path: str) -> None:
        with suppress(OSError):  # gone already, or open on a system that keeps open files
            (self.folder / root / path).unlink()
        with self._in_words():
            self._connection.execute(
                "UPDATE copies SET here = 0 WHERE root = ? AND path = ?", [root, path]
            )


def _sha256(data: bytes | Path) -> str:
    if isinstance(data, bytes):
        return hashlib.sha256(data).hexdigest()
    with data.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()

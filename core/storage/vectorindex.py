"""The index of a vector cache: which item lies where, in SQLite."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, TypeVar

from core.errors import ArtifactCorruptError, StorageError
from core.storage.database import connect
from core.storage.shards import damaged
from core.storage.trouble import passing_trouble

#: Above this many ids one scan of a table is faster than asking for each.
_SCAN_ABOVE = 2000

_SCHEMA = """
CREATE TABLE IF NOT EXISTS vectors (
    position INTEGER PRIMARY KEY, item_id TEXT NOT NULL UNIQUE, crc INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS quarantine (item_id TEXT PRIMARY KEY, reason TEXT NOT NULL);
"""

Rows = list[tuple[Any, ...]]
_T = TypeVar("_T")


class Index:
    """An SQLite file in write-ahead mode, flushed at each commit.

    Reads open a connection of their own and so may come from any thread; writes are made inside
    `writing`, by one process at a time.
    """

    def __init__(self, path: Path):
        self.path = path
        self._writing: sqlite3.Connection | None = None

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold a connection to write with; makes the tables where they are missing."""
        with closing(self._guard(self._connect)) as connection:
            self._guard(lambda: connection.executescript(_SCHEMA))
            self._writing = connection
            try:
                yield
            finally:
                self._writing = None

    @property
    def is_writing(self) -> bool:
        """Tell whether `writing` is entered."""
        return self._writing is not None

    def insert(self, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Insert rows in one transaction, all or none.

        Raises
        ------
        sqlite3.IntegrityError
            A row is there already.
        StorageError
            The disk is full or refuses.
        """
        connection = self._writing
        assert connection is not None

        def run() -> None:
            connection.execute("BEGIN IMMEDIATE")
            try:
                connection.executemany(statement, rows)
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise

        self._guard(run)

    def problems(self) -> list[str]:
        """Return what SQLite finds wrong with the file, in words; none is an empty list."""
        return [row[0] for row in self.query("PRAGMA integrity_check") if row[0] != "ok"]

    def query(self, statement: str, values: tuple[Any, ...] = ()) -> Rows:
        """Return the rows of a query; none where nothing was ever stored."""
        return self._read(lambda connection: connection.execute(statement, values).fetchall())

    def select(self, statement: str, item_ids: list[str]) -> Rows:
        """Return the rows of `statement` for the ids given; for many ids, those of others too."""
        if len(item_ids) > _SCAN_ABOVE:
            return self.query(statement)

        def by_id(connection: sqlite3.Connection) -> Rows:
            found: Rows = []
            for start in range(0, len(item_ids), 500):
                part = item_ids[start : start + 500]
                marks = ",".join("?" * len(part))
                found += connection.execute(f"{statement} WHERE item_id IN ({marks})", part)
            return found

        return self._read(by_id)

    def _read(self, query: Callable[[sqlite3.Connection], Rows]) -> Rows:
        if not self.path.is_file():
            return []
        with closing(self._guard(self._connect)) as connection:
            tables = self._guard(
                lambda: connection.execute("SELECT COUNT(*) FROM sqlite_master").fetchone()
            )
            if not tables[0]:  # a first writer has not come to commit them yet
                return []
            return self._guard(lambda: query(connection))

    def _connect(self) -> sqlite3.Connection:
        return connect(self.path, synchronous="FULL")

    def _guard(self, action: Callable[[], _T]) -> _T:
        """Run `action`, telling a full disk, a refusing system and a damaged file apart."""
        try:
            return action()
        except sqlite3.IntegrityError:
            raise
        except sqlite3.DatabaseError as error:
            trouble = passing_trouble(error)
            if trouble is not None:
                raise StorageError(f"storing vectors, {self.path}: {trouble}") from error
            raise ArtifactCorruptError(damaged(self.path, str(error))) from error

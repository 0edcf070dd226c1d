"""Opening an SQLite file that several threads and processes share."""

import random
import sqlite3
import time
from pathlib import Path

#: Seconds that a statement waits for another process's lock.
BUSY_SECONDS = 30.0


def connect(path: Path, synchronous: str, busy_seconds: float = BUSY_SECONDS) -> sqlite3.Connection:
    """Open `path` with a write-ahead log, in autocommit mode.

    Parameters
    ----------
    path
        The database file; made when it is missing.
    synchronous
        ``FULL``: a commit outlives a power cut; ``NORMAL``: it outlives the process.
    busy_seconds
        How long to wait for another process's lock, here and in later statements.

    Raises
    ------
    sqlite3.Error
        The file cannot be opened, is no database, or stays locked.
    """
    connection = sqlite3.connect(
        path, timeout=busy_seconds, isolation_level=None, check_same_thread=False
    )
    try:
        _use_write_ahead_log(connection, time.monotonic() + busy_seconds)
        connection.execute(f"PRAGMA synchronous = {synchronous}")
    except BaseException:
        connection.close()
        raise
    return connection


def _use_write_ahead_log(connection: sqlite3.Connection, deadline: float) -> None:
    """Switch the file to a write-ahead log, unless it has one.

    The switch needs the file for itself, and SQLite then answers "locked" at once, without its
    usual wait, to each of two processes that open a new file together.
    """
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not busy or time.monotonic() >= deadline:
                raise
        time.sleep(random.uniform(0.001, 0.02))

"""Opening one SQLite file from several places at once."""

import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from core.storage.database import connect


def a_reader(path):
    """Return a connection, as of an older program, with a read of the file under way."""
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("CREATE TABLE t (x)")
    other.execute("INSERT INTO t VALUES (1)")
    other.execute("BEGIN")
    other.execute("SELECT * FROM t").fetchall()
    return other


def test_waits_for_a_reader_before_the_switch_to_a_log(tmp_path):
    reader = a_reader(tmp_path / "a.sqlite")
    timer = threading.Timer(0.3, reader.close)
    timer.start()
    connection = connect(tmp_path / "a.sqlite", "FULL", busy_seconds=60)
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert connection.execute("PRAGMA synchronous").fetchone() == (2,)
    connection.close()
    timer.join()


def test_gives_up_on_a_file_that_stays_locked(tmp_path):
    reader = a_reader(tmp_path / "a.sqlite")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        connect(tmp_path / "a.sqlite", "FULL", busy_seconds=0.1)
    reader.close()


def test_a_file_that_is_no_database_is_not_waited_for(tmp_path):
    (tmp_path / "a.sqlite").write_bytes(b"no database" * 500)
    with pytest.raises(sqlite3.DatabaseError, match="not a database"):
        connect(tmp_path / "a.sqlite", "FULL", busy_seconds=60)


def test_many_open_a_new_file_at_the_same_moment(tmp_path):
    barrier = threading.Barrier(6)

    def work(k):
        barrier.wait()
        connect(tmp_path / f"{k}.sqlite", "NORMAL").close()

    with ThreadPoolExecutor(6) as pool:
        for k in range(40):
            list(pool.map(work, [k] * 6))

"""What SQLite's errors mean for a person: trouble of the system that may pass, or damage."""

import sqlite3

_WORDS = {
    sqlite3.SQLITE_FULL: "the disk is full: free some space and run again",
    sqlite3.SQLITE_IOERR: "the disk is full or fails: check it and run again",
    sqlite3.SQLITE_READONLY: "it cannot be written: check the permissions of its folder",
    sqlite3.SQLITE_CANTOPEN: "it cannot be opened: check the folder and its permissions",
    sqlite3.SQLITE_PERM: "it cannot be written: check the permissions of its folder",
    sqlite3.SQLITE_BUSY: "another process keeps it locked: wait for it to end and run again",
    sqlite3.SQLITE_LOCKED: "another process keeps it locked: wait for it to end and run again",
    sqlite3.SQLITE_NOMEM: "there is not enough memory: end other programs and run again",
}


def passing_trouble(error: sqlite3.Error) -> str | None:
    """Return what to do about trouble that is the system's; None where the file is damaged."""
    return _WORDS.get(getattr(error, "sqlite_errorcode", 0) & 0xFF)

"""The thumbnail cache of a workspace: bytes by item id, limited in size, checked when read."""

import shutil
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import diskcache

from core.errors import ArtifactCorruptError, StorageError
from core.storage.trouble import passing_trouble


class RawDisk(diskcache.Disk):
    """A diskcache backend that holds bytes, text and numbers and refuses to unpickle anything."""

    def put(self, key: Any) -> tuple[Any, bool]:
        """Accept text keys only."""
        if not isinstance(key, str):
            raise TypeError("keys are text")
        return key, True

    def get(self, key: Any, raw: bool) -> Any:
        """Return a key as it is stored."""
        return key

    def store(self, value: Any, read: bool, key: Any = None) -> tuple[Any, ...]:
        """Store bytes as they are."""
        if not isinstance(value, bytes):
            raise TypeError("values are bytes")
        return super().store(value, read, key)

    def fetch(self, mode: int, filename: str | None, value: Any, read: bool) -> Any:
        """Return a value; refuse one that would have to be unpickled."""
        if mode not in {diskcache.core.MODE_RAW, diskcache.core.MODE_BINARY}:
            raise ArtifactCorruptError("a cache entry is of a kind Vitrine never writes")
        return super().fetch(mode, filename, value, read)


def _checksum(data: bytes) -> bytes:
    return zlib.crc32(data).to_bytes(4, "little")


class Thumbnails:
    """JPEG or PNG bytes by item id; the one stored longest ago makes room for new ones.

    Parameters
    ----------
    folder
        Where they lie; made if missing.
    size_limit
        Bytes that it may take.

    Raises
    ------
    StorageError
        The disk is full or refuses, or the index is damaged; the message says what to delete. So
        do all methods.
    """

    def __init__(self, folder: Path, size_limit: int):
        self._folder = folder
        with self._in_words():
            self._cache = diskcache.Cache(
                str(folder),
                disk=RawDisk,
                size_limit=size_limit,
                eviction_policy="least-recently-stored",
            )

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except (StorageError, ArtifactCorruptError):
            raise
        except diskcache.Timeout as error:
            raise StorageError(f"{self._folder}: another process keeps it locked") from error
        except sqlite3.Error as error:
            what = passing_trouble(error)
            if what is None:
                what = f"damaged ({error}); it is a cache: delete {self._folder} and run again"
            raise StorageError(f"{self._folder}: {what}") from error
        except OSError as error:
            full = shutil.disk_usage(self._folder).free < 2**20 if self._folder.is_dir() else False
            what = "the disk is full; free some space and run again" if full else str(error)
            raise StorageError(f"storing thumbnails in {self._folder}: {what}") from error

    def __contains__(self, item_id: str) -> bool:
        """Tell whether an item's thumbnail is kept."""
        with self._in_words():
            return item_id in self._cache

    def get(self, item_id: str) -> bytes | None:
        """Return an item's thumbnail; None if there is none, or a damaged one to be made again."""
        with self._in_words():
            try:
                data = self._cache.get(item_id)
            except ArtifactCorruptError:
                return None
        whole = isinstance(data, bytes) and data[:4] == _checksum(data[4:])
        return data[4:] if whole else None

    def set(self, item_id: str, data: bytes) -> None:
        """Keep an item's thumbnail."""
        if not isinstance(data, bytes):
            raise TypeError("values are bytes")
        with self._in_words():
            self._cache.set(item_id, _checksum(data) + data)

    def delete(self, item_id: str) -> None:
        """Drop an item's thumbnail."""
        with self._in_words():
            self._cache.delete(item_id)

    def clear(self) -> None:
        """Drop all thumbnails."""
        with self._in_words():
            self._cache.clear()

    def close(self) -> None:
        """Close the cache."""
        self._cache.close()

"""Decoded pictures of which several regions are wanted one after the other, kept for a moment.

A picture with a hundred objects is decoded once, not a hundred times. Only pictures whose regions
are asked for are kept, the ones used last, up to a number of bytes.
"""

import os
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import IO, Any

#: Bytes of decoded pixels that are kept in a process; a larger picture is not kept.
KEPT = 192 * 2**20

Key = tuple[Any, ...]


def state_of(file: IO[bytes]) -> Key:
    """Return what tells an open file as it is now from any other and from what it was."""
    found = os.fstat(file.fileno())
    return found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns


class Recent:
    """Values made a moment ago, by key; may be asked from many threads.

    Parameters
    ----------
    size_of
        Bytes that a value holds.
    limit
        Bytes that are kept.
    """

    def __init__(self, size_of: Callable[[Any], int], limit: int = KEPT):
        self._size_of, self._limit = size_of, limit
        self._held: OrderedDict[Key, Any] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def get(self, key: Key, make: Callable[[], Any]) -> Any:
        """Return the value of a key, made where it is not at hand; nobody may change it."""
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
                return self._held[key]
        made = make()
        size = self._size_of(made)
        with self._lock:
            if size <= self._limit and key not in self._held:
                self._held[key] = made
                self._bytes += size
                while self._bytes > self._limit:
                    _, old = self._held.popitem(last=False)
                    self._bytes -= self._size_of(old)
        return made

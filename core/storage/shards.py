"""Rows of float32 in numbered `.npy` files: written and flushed, mapped to be read."""

import os
import tempfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from core.errors import ArtifactCorruptError
from core.storage.flushed import sync_folder

#: Bytes that one shard may grow to: a million vectors are a few dozen files.
SHARD_BYTES = 64 * 2**20

#: Rows of a shard that was just made. It doubles from there, so that a file system or a copy that
#: fills holes is asked for no more than twice what is stored.
FIRST_ROWS = 256

_sync = getattr(os, "fdatasync", os.fsync)


def damaged(path: Path, what: str) -> str:
    """Return the sentence about a damaged file of a vector cache."""
    return f"{path} is damaged: {what}; delete the folder {path.parent} and run again"


def bytes_of(rows: np.ndarray) -> memoryview:
    """Return the bytes of a C-contiguous array, not copied."""
    data: Any = rows
    return memoryview(data).cast("B")


def row_checksums(item_ids: Sequence[str], rows: np.ndarray) -> list[int]:
    """Return the CRC-32 of each item's id and row; `rows` is C-contiguous float32 `(n, dims)`."""
    data, width, crc = bytes_of(rows) if rows.size else b"", rows.shape[1] * 4, zlib.crc32
    return [
        crc(data[at * width : (at + 1) * width], crc(item.encode()))
        for at, item in enumerate(item_ids)
    ]


class Shards:
    """The shard files of one folder: true `.npy` files of up to `rows` x `dims` float32.

    A shard grows as it fills. One process writes at a time (the writer's lock); a reader sees a
    file that is at least as long as its header says.

    Parameters
    ----------
    folder
        Where they lie.
    dims
        Length of a row.
    """

    def __init__(self, folder: Path, dims: int):
        self._folder = folder
        self._dims = dims
        rows = max(FIRST_ROWS, SHARD_BYTES // (4 * max(1, dims)))
        self.rows = 1 << (rows.bit_length() - 1)

    def path(self, shard: int) -> Path:
        """Return the file of shard number `shard`."""
        return self._folder / f"shard-{shard:05d}.npy"

    def where(self, position: int) -> str:
        """Return the file and row of a position, in words."""
        shard, row = divmod(position, self.rows)
        return f"{self.path(shard)}, row {row}"

    def write(self, first: int, rows: np.ndarray) -> None:
        """Write rows at consecutive positions from `first`, and flush every shard touched.

        Raises
        ------
        OSError
            The disk is full or refuses.
        ArtifactCorruptError
            A shard that is there has another header.
        """
        done = 0
        while done < len(rows):
            shard, row = divmod(first + done, self.rows)
            part = rows[done : done + self.rows - row]
            path = self.path(shard)
            offset = self._room(path, row + len(part)) + row * self._dims * 4
            with path.open("r+b", buffering=0) as file:
                file.seek(offset)
                data = bytes_of(part)
                while data:
                    data = data[_write(file.fileno(), data) :]
                _sync(file.fileno())
            done += len(part)

    def gather(self, positions: np.ndarray) -> np.ndarray:
        """Return the rows at `positions` `(n,)` int64, in that order; a copy.

        Raises
        ------
        ArtifactCorruptError
            A shard is missing, cut off or has another header; the message names it.
        """
        vectors = np.empty((len(positions), self._dims), dtype="<f4")
        shards = positions // self.rows
        for shard in np.unique(shards):
            at = np.flatnonzero(shards == shard)
            rows = positions[at] - shard * self.rows
            mapped = self._map(int(shard), int(rows.max()) + 1)
            if _consecutive(at) and _consecutive(rows):
                vectors[at[0] : at[-1] + 1] = mapped[rows[0] : rows[-1] + 1]
            else:
                order = np.argsort(rows)  # read the file from front to back
                vectors[at[order]] = mapped[rows[order]]
        return vectors

    def _room(self, path: Path, rows: int) -> int:
        """Make or lengthen a shard to hold `rows` rows; return where its rows begin."""
        if not path.is_file():
            self._create(path, self._rounded(rows))
        capacity, offset = self._header(path)
        if rows > capacity:
            self._grow(path, self._rounded(rows), offset)
        return offset

    def _rounded(self, rows: int) -> int:
        """Return the least capacity of the doubling series that holds `rows` rows."""
        return min(self.rows, max(FIRST_ROWS, 1 << (rows - 1).bit_length()))

    def _create(self, path: Path, rows: int) -> None:
        """Make an empty shard under its name only once its header is on disk."""
        handle, name = tempfile.mkstemp(dir=self._folder, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "r+b") as file:
                self._write_header(file, rows)
                file.truncate(file.tell() + rows * self._dims * 4)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
            sync_folder(self._folder)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def _grow(self, path: Path, rows: int, offset: int) -> None:
        """Lengthen a shard: first the file, then the header, which numpy pads to be rewritten."""
        with path.open("r+b") as file:
            file.truncate(offset + rows * self._dims * 4)
            os.fsync(file.fileno())
            self._write_header(file, rows)
            file.flush()
            os.fsync(file.fileno())

    def _write_header(self, file: BinaryIO, rows: int) -> None:
        header = {"descr": "<f4", "fortran_order": False, "shape": (rows, self._dims)}
        np.lib.format.write_array_header_1_0(file, header)

    def _map(self, shard: int, rows: int) -> np.ndarray:
        """Map the first `rows` rows of a shard, having checked that they are all there."""
        path = self.path(shard)
        if not path.is_file():
            raise ArtifactCorruptError(damaged(path, "it is missing"))
        capacity, offset = self._header(path)
        size = path.stat().st_size
        if capacity < rows:
            raise ArtifactCorruptError(damaged(path, f"its header says only {capacity} rows"))
        if size < offset + rows * self._dims * 4:
            raise ArtifactCorruptError(damaged(path, f"it is cut off at {size} bytes"))
        return np.memmap(path, "<f4", "r", offset, (rows, self._dims))

    def _header(self, path: Path) -> tuple[int, int]:
        """Return a shard's rows and where they begin, having checked what its header says."""
        try:
            with path.open("rb") as file:
                if np.lib.format.read_magic(file) != (1, 0):
                    raise ValueError("another .npy version")
                shape, fortran, dtype = np.lib.format.read_array_header_1_0(file)
                offset = file.tell()
        except (ValueError, EOFError, SyntaxError) as error:
            raise ArtifactCorruptError(damaged(path, f"unreadable header ({error})")) from None
        fits = len(shape) == 2 and 0 < shape[0] <= self.rows and shape[1] == self._dims
        if not fits or fortran or dtype != np.dtype("<f4"):
            raise ArtifactCorruptError(damaged(path, f"its header says {dtype} {shape}"))
        return shape[0], offset


def _consecutive(numbers: np.ndarray) -> bool:
    return bool((np.diff(numbers) == 1).all())


def _write(handle: int, data: memoryview) -> int:
    """Write to a file; apart, so that a test can stand in for a full disk."""
    return os.write(handle, data)

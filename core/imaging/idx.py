"""The IDX array format of MNIST and its successors (http://yann.lecun.com/exdb/mnist/).

Two zero bytes, a type code, the number of dimensions, each dimension as a big-endian 32-bit
number, then the values in C order, big-endian. Often gzipped, often as a pair of files: images
(three or four dimensions) and labels (one).
"""

import gzip
import io
import os
import re
import struct
import zlib
from collections import OrderedDict
from dataclasses import dataclass
from math import prod
from pathlib import Path
from threading import Lock

import numpy as np

from core.errors import InputError
from core.imaging.files import open_regular

DTYPES: dict[int, np.dtype] = {
    0x08: np.dtype("u1"),
    0x09: np.dtype("i1"),
    0x0B: np.dtype(">i2"),
    0x0C: np.dtype(">i4"),
    0x0D: np.dtype(">f4"),
    0x0E: np.dtype(">f8"),
}
GZIP_MAGIC = b"\x1f\x8b"
#: A gzipped file is unpacked in memory; one that claims more than this is refused.
MAX_UNPACKED_BYTES = 4 * 2**30


@dataclass(frozen=True, slots=True)
class IdxHeader:
    """What an IDX file says about itself: value type, shape and where the values begin."""

    dtype: np.dtype
    shape: tuple[int, ...]

    @property
    def offset(self) -> int:
        """Return the position of the first value in the unpacked file."""
        return 4 + 4 * len(self.shape)

    @property
    def nbytes(self) -> int:
        """Return the number of bytes that the values take."""
        return prod(self.shape) * self.dtype.itemsize


def looks_like_idx(prefix: bytes) -> bool:
    """Tell whether the first bytes of an unpacked file could be an IDX header."""
    if len(prefix) < 4 or prefix[:2] != b"\0\0":
        return False
    return prefix[2] in DTYPES and 1 <= prefix[3] <= 4


def is_idx_file(path: Path) -> bool:
    """Tell whether a file, gzipped or not, begins like an IDX file; False if it cannot be read."""
    try:
        with open_regular(path) as file:
            prefix = file.read(4)
            if prefix[:2] == GZIP_MAGIC:
                file.seek(0)
                with gzip.GzipFile(fileobj=file) as unpacked:
                    prefix = unpacked.read(4)
    except (OSError, EOFError, zlib.error, ValueError):
        return False
    return looks_like_idx(prefix)


def parse_header(prefix: bytes, name: str) -> IdxHeader:
    """Read an IDX header from a file's first bytes; `name` goes into the `InputError`."""
    if not looks_like_idx(prefix):
        raise InputError(f"{name}: not an IDX file (the first four bytes are {prefix[:4].hex()})")
    n_dims = prefix[3]
    if len(prefix) < 4 + 4 * n_dims:
        raise InputError(f"{name}: ends inside its header of {4 + 4 * n_dims} bytes")
    shape = struct.unpack(f">{n_dims}I", prefix[4 : 4 + 4 * n_dims])
    return IdxHeader(DTYPES[prefix[2]], tuple(shape))


def _check_length(header: IdxHeader, actual: int, name: str) -> None:
    if actual != header.nbytes:
        shape = " × ".join(map(str, header.shape))
        fault = "truncated" if actual < header.nbytes else "too long"
        raise InputError(
            f"{name}: {fault}: {actual} bytes of values where its header"
            f" ({shape} {header.dtype.name}) needs {header.nbytes}"
        )


def load_idx(path: Path) -> np.ndarray:
    """Return the array of an IDX file, gzipped or not, in the file's own dtype and shape.

    Raises
    ------
    InputError
        It is no IDX file, or holds fewer or more bytes than its header says.
    OSError
        It cannot be read.
    """
    with open_regular(path) as file:
        packed = file.read(2) == GZIP_MAGIC
        file.seek(0)
        if not packed:
            header = parse_header(file.read(20), path.name)
            _check_length(header, os.fstat(file.fileno()).st_size - header.offset, path.name)
            file.seek(header.offset)
            return np.fromfile(file, header.dtype, prod(header.shape)).reshape(header.shape)
        try:
            with gzip.GzipFile(fileobj=file) as unpacked:
                return _read_unpacked(io.BufferedReader(unpacked), path.name)  # type: ignore[arg-type]
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise InputError(f"{path.name}: damaged gzip file ({error})") from error


def _read_unpacked(stream: io.BufferedReader, name: str) -> np.ndarray:
    """Read header and values from a stream whose length is not known beforehand."""
    prefix = stream.read(4)
    prefix += stream.read(4 * prefix[3]) if looks_like_idx(prefix) else b""
    header = parse_header(prefix, name)
    if header.nbytes > MAX_UNPACKED_BYTES:
        raise InputError(
            f"{name}: unpacks to {header.nbytes / 2**30:.1f} GiB, more than the limit of"
            f" {MAX_UNPACKED_BYTES / 2**30:.0f} GiB: unpack it with gunzip and give that file"
        )
    values = stream.read(header.nbytes)
    _check_length(header, len(values) + len(stream.read(1)), name)
    return np.frombuffer(values, header.dtype).reshape(header.shape)


def write_idx(path: Path, array: np.ndarray) -> None:
    """Write an array as an IDX file, gzipped when `path` ends in ".gz", equal bytes each time."""
    codes = {dtype.newbyteorder("="): code for code, dtype in DTYPES.items()}
    code = codes[array.dtype.newbyteorder("=")]
    head = bytes((0, 0, code, array.ndim)) + struct.pack(f">{array.ndim}I", *array.shape)
    data = head + np.ascontiguousarray(array, DTYPES[code]).tobytes()
    path.write_bytes(gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)


def find_labels(images: Path) -> Path | None:
    """Return the label file that lies beside an images file, by MNIST's way of naming; or None."""
    plain = images.name.removesuffix(".gz")
    wanted = plain.replace("images", "labels").replace("Images", "Labels")
    wanted = re.sub(r"idx[34]", "idx1", wanted)
    if wanted == plain:
        return None
    for name in (wanted, f"{wanted}.gz"):
        candidate = images.with_name(name)
        if candidate.is_file():
            return candidate
    return None


class _UnpackedFiles:
    """The few gzipped arrays read last, kept unpacked for reading frame by frame."""

    def __init__(self, size: int = 2) -> None:
        self._size = size
        self._lock = Lock()
        self._arrays: OrderedDict[tuple, np.ndarray] = OrderedDict()

    def get(self, path: Path, identity: tuple) -> np.ndarray:
        """Return the whole array of `path`; one thread unpacks, the others wait for it."""
        with self._lock:
            if identity in self._arrays:
                self._arrays.move_to_end(identity)
            else:
                self._arrays[identity] = load_idx(path)
                while len(self._arrays) > self._size:
                    self._arrays.popitem(last=False)
            return self._arrays[identity]


_unpacked_files = _UnpackedFiles()


def read_frame(
    path: Path, frame: int | None, *, max_pixels: int = 200_000_000
) -> tuple[np.ndarray, int]:
    """Return one image of an IDX file and how many it holds.

    Parameters
    ----------
    path
        The file, gzipped or not.
    frame
        Index of the image; None is the first.
    max_pixels
        Larger images are refused before they are read.

    Returns
    -------
    array
        `(height, width)` or `(height, width, 3)`, in the file's dtype.
    count
        Number of images in the file.

    Raises
    ------
    InputError
        It is no IDX file of images, is cut short or has no such frame.
    OSError
        It cannot be read.
    """
    with open_regular(path) as file:
        prefix = file.read(20)
        if prefix[:2] == GZIP_MAGIC:
            state = os.fstat(file.fileno())
            identity = (str(path), state.st_ino, state.st_size, state.st_mtime_ns)
            array = _unpacked_files.get(path, identity)
            index = _check_frame(array.shape, frame, path.name)
            return _as_picture(array[index], path.name), array.shape[0]
        header = parse_header(prefix, path.name)
        index = _check_frame(header.shape, frame, path.name)
        shape = header.shape[1:]
        if shape[0] * shape[1] > max_pixels:
            raise InputError(
                f"{path.name}: {shape[0] * shape[1] / 1e6:.1f} megapixels, more than the limit of"
                f" {max_pixels / 1e6:.1f}: raise max_pixels if you trust the file"
            )
        # Read rather than mapped: a file cut short meanwhile is an error, not a crash.
        size = prod(shape) * header.dtype.itemsize
        file.seek(header.offset + index * size)
        values = file.read(size)
        if len(values) < size:
            raise InputError(f"{path.name}: truncated: frame {index} is not there in full")
        array = np.frombuffer(values, header.dtype).reshape(shape)
        return _as_picture(array, path.name), header.shape[0]


def check_image_shape(shape: tuple[int, ...], name: str) -> None:
    """Raise `InputError` unless `(n, height, width)` or `(n, height, width, 1 or 3)`."""
    good = len(shape) == 3 or (len(shape) == 4 and shape[3] in (1, 3))
    if not good or 0 in shape[1:]:
        raise InputError(
            f"{name}: holds {' × '.join(map(str, shape))} values; images need"
            " (n, height, width) or (n, height, width, 3): give the images file, not the labels"
        )


def _check_frame(shape: tuple[int, ...], frame: int | None, name: str) -> int:
    check_image_shape(shape, name)
    index = frame or 0
    if not 0 <= index < shape[0]:
        raise InputError(f"{name}: has no frame {index}, only {shape[0]} (counted from 0)")
    return index


def _as_picture(array: np.ndarray, name: str) -> np.ndarray:
    """Drop a single trailing channel."""
    return array[..., 0] if array.ndim == 3 and array.shape[2] == 1 else array

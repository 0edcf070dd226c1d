"""Files and folders whose bytes have reached the disk when a function returns."""

import os
import tempfile
from pathlib import Path


def write_flushed(path: Path, data: bytes) -> None:
    """Write a file, whole or not at all: through a temporary sibling, flushed and renamed.

    Its folder is made if it is missing.

    Raises
    ------
    OSError
        The disk is full, or the place cannot be written; what was there before still is.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def sync_folder(folder: Path) -> None:
    """Flush a folder's entries, where the system allows it."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

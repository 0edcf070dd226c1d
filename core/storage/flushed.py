"""Files and folders whose bytes have reached the disk when a function returns."""

import os
import secrets
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
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{secrets.token_hex(6)}")
    try:
        with temporary.open("xb") as file:  # for those to read whom the process lets read its files
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def sync_folder(folder: Path) -> None:
    """Flush a folder's entries, where the system allows it."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)

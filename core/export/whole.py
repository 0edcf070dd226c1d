"""Files written whole or not at all."""

import tempfile
from collections.abc import Callable
from pathlib import Path

from core.storage.store import storage_errors


def write_whole(target: Path, write: Callable[[Path], None]) -> None:
    """Write beside the target and move it there, so that a full disk spoils no earlier export."""
    if target.is_symlink():
        target = target.resolve()
    if target.exists() and not target.is_file():  # a pipe or a device, such as /dev/stdout
        with storage_errors(f"writing {target}"):
            write(target)
        return
    with (
        storage_errors(f"writing {target}"),
        tempfile.TemporaryDirectory(dir=target.parent, prefix=".writing-") as folder,
    ):
        part = Path(folder) / "part"
        write(part)
        part.replace(target)

"""What every `--out FILE` of a report does: the name is checked first, each kind is made once."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from core.errors import InputError


def target(file: str, kinds: Sequence[str], opened: Sequence[Any], workspace: Any) -> Path:
    """Return where to write, absolute; never over an image of a set.

    Parameters
    ----------
    file
        As it was given.
    kinds
        What names may end with: ".html".
    opened
        The sets whose images must not be written over.
    workspace
        Nothing is written inside it.

    Raises
    ------
    InputError
        The name ends otherwise, is a folder's, or is that of an image.
    """
    from core.export.folder import checked_file

    path = Path(file).expanduser().absolute()
    if path.suffix.lower() not in kinds:
        raise InputError(f"--out {file}: its name must end with {', '.join(kinds)}")
    if path.is_dir():
        raise InputError(f"{path} is a folder: name a file")
    for one in opened:
        checked_file(path, one, workspace, picture=False)
    return path


def write_all(files: Sequence[Path], make: Mapping[str, Callable[[], bytes]]) -> None:
    """Write each file by the end of its name; what several need is made once.

    Raises
    ------
    StorageError
        A file cannot be written.
    """
    from core.storage.flushed import write_flushed
    from core.storage.store import storage_errors

    made: dict[str, bytes] = {}
    for file in files:
        kind = file.suffix.lower()
        if kind not in made:
            made[kind] = make[kind]()
        with storage_errors(f"writing {file}"):
            file.parent.mkdir(parents=True, exist_ok=True)
            write_flushed(file, made[kind])

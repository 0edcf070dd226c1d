"""A file of labels, of whichever form it is."""

import stat
from pathlib import Path

from core.errors import InputError
from core.imaging.files import FileHashes, reason_of_os_error
from core.labelfiles.coco import read_coco
from core.labelfiles.model import LabelFile
from core.labelfiles.tables import read_parquet_table, read_text_table
from core.labelfiles.tree import read_tree
from core.progress import Progress

ACCEPTED = "a table (.csv, .tsv, .txt, .parquet), JSON in COCO's form, or a folder of folders"
_TEXT = frozenset({".csv", ".tsv", ".txt", ".tab", ".lst", ""})


def read_labels(
    path: Path | str,
    column: str | None = None,
    *,
    hashes: FileHashes | None = None,
    progress: Progress | None = None,
) -> LabelFile:
    """Return what a file or folder says of labels; nothing is written, no set is needed.

    Parameters
    ----------
    path
        A CSV (any separator, with or without a header), Parquet, COCO JSON, or a folder whose
        sub-folders are the labels.
    column
        Which column of a table holds the labels; None finds it by its name.
    hashes
        Gives content hashes of the pictures in a folder.

    Raises
    ------
    InputError
        It cannot be read as one of these; the message names the file and what is wrong with it.
    """
    path = Path(path).expanduser()
    try:
        state = path.stat()
        if stat.S_ISDIR(state.st_mode):
            if column:
                raise InputError(
                    f"{path.name}: a folder has no columns; its folders are the labels"
                )
            return read_tree(path, hashes, progress)
        if not stat.S_ISREG(state.st_mode):
            raise InputError(f"{path.name}: not a regular file; labels are read from {ACCEPTED}")
        return _read_file(path, column)
    except InputError:
        raise
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        reason = reason_of_os_error(error) if isinstance(error, OSError) else str(error)
        raise InputError(f"{path.name}: {reason}; labels are read from {ACCEPTED}") from error


def _read_file(path: Path, column: str | None) -> LabelFile:
    suffix = path.suffix.lower()
    if suffix in {".parquet", ".pq"}:
        return read_parquet_table(path, column)
    if suffix == ".json":
        if column:
            raise InputError(f"{path.name}: JSON has no columns; its categories are the labels")
        return read_coco(path)
    if suffix in _TEXT:
        return read_text_table(path, column)
    raise InputError(f"{path.name}: {suffix} is not read; labels are read from {ACCEPTED}")

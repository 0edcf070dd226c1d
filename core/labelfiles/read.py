"""A file of labels, of whichever form it is."""

import json
import stat
from pathlib import Path

from core.errors import InputError
from core.imaging.files import FileHashes, reason_of_os_error
from core.labelfiles.coco import read_coco
from core.labelfiles.cvat import read_cvat
from core.labelfiles.fiftyone import LABELS, SAMPLES, holds_fiftyone, read_fiftyone
from core.labelfiles.labelstudio import is_label_studio, read_label_studio
from core.labelfiles.model import LabelFile
from core.labelfiles.regions import holds_voc, holds_yolo, read_voc, read_yolo
from core.labelfiles.tables import read_parquet_table, read_text_table
from core.labelfiles.tree import read_tree
from core.progress import Progress

ACCEPTED = (
    "a table (.csv, .tsv, .txt, .parquet), JSON in COCO's or Label Studio's form, XML in CVAT's, "
    "a folder of FiftyOne's, YOLO's or VOC's, or a folder of folders"
)
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
        A CSV (any separator, with or without a header), Parquet, JSON of COCO or Label Studio,
        XML of CVAT, a data set of FiftyOne's, YOLO's or VOC's, or a folder whose sub-folders are
        the labels.
    column
        Which column of a table, control of Label Studio or field of FiftyOne holds the labels;
        None finds it by its name.
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
            return _read_folder(path, column, hashes, progress)
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
        return _read_json(path, column)
    if suffix == ".xml":
        if column:
            raise InputError(f"{path.name}: XML has no columns; its tags and boxes are the labels")
        return read_cvat(path)
    if suffix in _TEXT:
        return read_text_table(path, column)
    raise InputError(f"{path.name}: {suffix} is not read; labels are read from {ACCEPTED}")


def _read_json(path: Path, column: str | None) -> LabelFile:
    """Return the labels of JSON of whichever form: a list is Label Studio's, an object COCO's."""
    try:
        value = json.loads(path.read_bytes().decode("utf-8-sig"))
    except (ValueError, RecursionError):
        value = None  # COCO's reader says what is wrong
    if is_label_studio(value):
        return read_label_studio(path.name, value, column)
    coco = isinstance(value, dict) and isinstance(value.get("annotations"), list)
    if path.name in {SAMPLES, LABELS} and holds_fiftyone(path.parent) and not coco:
        return read_fiftyone(path.parent, column)
    if column:
        raise InputError(f"{path.name}: JSON has no columns; its categories are the labels")
    return read_coco(path)


def _read_folder(
    path: Path, column: str | None, hashes: FileHashes | None, progress: Progress | None
) -> LabelFile:
    """Return the labels of a folder: a data set that says what it is, else a tree."""
    if holds_fiftyone(path):
        return read_fiftyone(path, column)
    if column:
        raise InputError(f"{path.name}: a folder has no columns; its folders are the labels")
    if holds_voc(path):
        return read_voc(path)
    return read_yolo(path) if holds_yolo(path) else read_tree(path, hashes, progress)

"""From what a person names, a folder, a table, an array, to the table of items.

Only cheap checks are made here: files are listed, looked at by name or first bytes, and hashed;
every picture is decoded once, later, where its vector is computed.
"""

import stat
from pathlib import Path

from core.errors import InputError, VitrineError
from core.imaging import idx
from core.imaging.files import FileHashes, PlainHashes, reason_of_os_error
from core.imaging.imagefile import Limits
from core.ingest.addressed import scan_addressed
from core.ingest.archives import (
    archive_kind,
    expand,
    kind_by_name,
    scan_archive,
    scan_shards,
    shards_in,
)
from core.ingest.copies import Copies
from core.ingest.credentials import put_away
from core.ingest.folders import printable, scan_folder
from core.ingest.given import holds_vectors, scan_vectors
from core.ingest.items import item_table
from core.ingest.originals import keep
from core.ingest.parquet_images import holds_pictures
from core.ingest.samples import SAMPLES, materialise_sample
from core.ingest.schemes import Reading, reader_of
from core.ingest.tables import scan_table
from core.keys import digest
from core.model import Scan
from core.progress import Progress

__all__ = ["FileHashes", "PlainHashes", "Scan", "scan"]

ACCEPTED = (
    "a folder of images, a .csv or .parquet table with a column of paths, a .zip or .tar of"
    " images, a .parquet with the bytes of images, an IDX images file, a .npy, .npz or .parquet of"
    " vectors, an s3://, gs:// or https:// address of any of these, or"
    f" {', '.join(f'sample:{n}' for n in SAMPLES)}"
)
_PARQUET = frozenset({".parquet", ".pq"})
_TABLES = _PARQUET | {".csv", ".tsv"}
_ARRAYS = frozenset({".npy", ".npz"})


def scan(
    source: str,
    *,
    samples_folder: Path | None = None,
    files_folder: Path | None = None,
    known_hashes: FileHashes | None = None,
    limits: Limits | None = None,
    progress: Progress | None = None,
    copies_bytes: int | None = None,
) -> Scan:
    """Return what a source holds.

    Parameters
    ----------
    source
        A folder, a CSV or Parquet table with a column of paths, an IDX images file (gzipped or
        not), a .npy, .npz or Parquet of vectors, or "sample:digits".
    samples_folder
        Where sample sets are written; needed for "sample:…" only.
    files_folder
        Where files are kept that are made from a source: masks, members of archives, frames.
    known_hashes
        Remembers hashes of files; without it every file is read.
    limits
        Files larger than `max_bytes` are listed as broken.
    progress
        Told the stage "scan".
    copies_bytes
        Bytes that local copies of pictures from archives and elsewhere may take; None leaves the
        workspace's limit as it is.

    Returns
    -------
    Scan
        Items in a stable order, and each file or row that cannot be used, with the reason.

    Raises
    ------
    InputError
        The source as a whole cannot be used; the message says what was given and what is taken.
    """
    hashes, limits = known_hashes or PlainHashes(), limits or Limits()
    progress = progress or Progress()
    if source.startswith("sample:"):
        if samples_folder is None:
            raise InputError(f"{source}: a folder to write the sample into is needed")
        images = materialise_sample(source.removeprefix("sample:"), samples_folder)
        return scan_idx(source, images, progress)
    if not source:
        raise InputError(f"no source given; Vitrine takes {ACCEPTED}")
    if files_folder is not None:
        keep(files_folder)
        if copies_bytes is not None:
            with Copies(files_folder) as copies:
                copies.set_limit(copies_bytes)
    reading = Reading(hashes, limits, progress, files_folder)
    source = put_away(source)
    reader = reader_of(source)
    if reader is not None:
        return reader(source, reading)
    path = Path(source).expanduser()
    try:
        return _scan_path(source, path.absolute(), reading)
    except VitrineError:
        raise
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        reason = reason_of_os_error(error) if isinstance(error, OSError) else str(error)
        raise InputError(f"{printable(source)}: {reason}; Vitrine takes {ACCEPTED}") from error


def _scan_path(source: str, path: Path, reading: Reading) -> Scan:
    """Send a path to the reader of its kind."""
    hashes, limits, progress = reading.hashes, reading.limits, reading.progress
    if not path.exists() and set("{*?") & set(path.name):
        found, missing = expand(str(path))
        if found:
            return scan_shards(source, found, missing, str(path), reading)
    state = path.stat()  # says why, if it is missing or cannot be reached
    if path.is_dir():
        next(path.iterdir(), None)  # says why, if it cannot be listed
        shards, beside = shards_in(path) if reading.files_folder is not None else ([], [])
        if shards:
            return scan_shards(source, shards, beside, str(path.resolve()), reading)
        return scan_folder(source, path, hashes, limits, progress)
    if not stat.S_ISREG(state.st_mode):  # reading a pipe or a device may never end
        raise InputError(f"{printable(source)}: not a regular file; Vitrine takes {ACCEPTED}")
    suffix = path.suffix.lower()
    if suffix in _ARRAYS or (suffix in _PARQUET and holds_vectors(path)):
        return scan_vectors(source, path, hashes, limits, progress)
    if suffix in _TABLES and not (suffix in _PARQUET and holds_pictures(path)):
        addressed = scan_addressed(source, path, reading)
        if addressed is not None:
            return addressed
        return scan_table(source, path, hashes, limits, progress)
    if not kind_by_name(path.name) and idx.is_idx_file(path):
        return scan_idx(source, path, progress)
    kind = archive_kind(path)
    if kind:
        return scan_archive(source, path, kind, reading)
    raise InputError(f"{printable(source)}: not a source; Vitrine takes {ACCEPTED}")


def scan_idx(source: str, path: Path, progress: Progress) -> Scan:
    """Return the images of an IDX file, with labels where their file lies beside it.

    An item's identity covers the image alone: it stays when the file is renamed, gzipped or holds
    other images as well.

    Raises
    ------
    InputError
        The file, or its label file, is damaged, or they do not fit together.
    """
    path = path.resolve(strict=True)
    images = idx.load_idx(path)
    idx.check_image_shape(images.shape, path.name)
    if images.ndim == 4 and images.shape[3] == 1:
        images = images[..., 0]
    notes: list[str] = []
    if images.dtype.itemsize > 1 or images.dtype.kind != "u":
        notes.append(f"{images.dtype.name} values: each image is scaled by its own range")
    labels: list[str] | None = None
    labels_file = idx.find_labels(path)
    if labels_file is None:
        notes.append("no label file beside it")
    else:
        values = idx.load_idx(labels_file)
        if values.shape != images.shape[:1]:
            raise InputError(
                f"{labels_file.name}: holds {' × '.join(map(str, values.shape))} labels for"
                f" {len(images)} images of {path.name}"
            )
        labels = [str(value) for value in values.tolist()]
    head = (images.dtype.str, *images.shape[1:])
    ids = []
    for index, image in enumerate(images):
        ids.append(digest("idx-item", head, image.tobytes()))
        if index % 1000 == 0:
            progress.report("scan", index, len(images))
    progress.report("scan", len(images), len(images))
    known = {"item_id": ids, "path": [path.name] * len(ids), "frame": range(len(ids))}
    return Scan(
        kind="idx",
        source=source,
        root=str(path.parent),
        items=item_table(len(ids), known | {"label": labels}),
        notes=tuple(notes),
    )

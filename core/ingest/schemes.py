"""Sources named by a scheme, as `coco:annotations.json`: which module reads each.

A reader is a module with `scan_named(source, reading) -> Scan`; it is imported when it is asked.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import cast

from core.imaging.files import FileHashes, PlainHashes
from core.imaging.imagefile import Limits
from core.model import Scan
from core.progress import Progress

#: Module that reads the sources of a scheme.
SCHEMES: dict[str, str] = {
    **dict.fromkeys(("coco", "voc", "yolo", "boxes", "masks"), "core.ingest.objects"),
    **dict.fromkeys(("video", "sequence"), "core.ingest.video"),
    **dict.fromkeys(("s3", "gs", "http", "https", "memory", "fsspec"), "core.ingest.remote"),
    "roots": "core.ingest.roots",
    "vectors": "core.ingest.matched",
}


@dataclass(frozen=True, slots=True)
class Reading:
    """What a reader is given.

    Attributes
    ----------
    hashes
        Remembers hashes of files.
    limits
        Largest files and pictures that are read.
    progress
        Told the stage "scan".
    files_folder
        Where files are kept that are made from a source and can be made again (masks, members of
        archives, frames); None where nothing may be written.
    """

    hashes: FileHashes = field(default_factory=PlainHashes)
    limits: Limits = field(default_factory=Limits)
    progress: Progress = field(default_factory=Progress)
    files_folder: Path | None = None


def reader_of(source: str) -> Callable[[str, Reading], Scan] | None:
    """Return what reads a source that begins with a scheme; None if it is a path."""
    module = SCHEMES.get(source.partition(":")[0])
    if module is None or ":" not in source:
        return None
    return cast(Callable[[str, Reading], Scan], import_module(module).scan_named)

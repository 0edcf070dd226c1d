"""Pictures written as files beside labels, for tools that open nothing else."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from core.curation.words import counted
from core.errors import DecodeError, InputError
from core.export.folder import Folder
from core.export.makers import Copies, Crops, Maker
from core.export.sources import Source
from core.imaging.decode import WHOLE
from core.imaging.imagefile import Limits
from core.labelfiles.handed import Key
from core.model import Region
from core.progress import Progress

_NAMED = 3


@dataclass(slots=True)
class Album:
    """A folder for the pictures that labels are about.

    Attributes
    ----------
    folder
        New, empty, or holding the same pictures from an earlier time.
    missing
        Path and reason of each picture that could not be read; known after `put`.
    written
        How many pictures there are now.
    """

    folder: Path
    limits: Limits = field(default_factory=Limits)
    progress: Progress = field(default_factory=Progress)
    missing: list[tuple[str, str]] = field(default_factory=list)
    written: int = 0

    def put(self, opened: Any, keys: Sequence[Key], names: Mapping[Key, str]) -> set[Key]:
        """Write files and frames of a set under their names, and return those that are there.

        A file is copied with its bytes; of a file of several a frame is written as PNG. One that
        is there already with the same content is kept.

        Raises
        ------
        InputError
            The folder holds something else under one of the names, or no picture can be read;
            nothing was replaced.
        OSError
            The disk is full or refuses.
        """
        self.folder.parent.mkdir(exist_ok=True)
        folder, there = Folder(self.folder), set[Key]()
        copies, frames = Copies(opened.root), Crops(opened.root, self.limits)
        for number, key in enumerate(keys):
            self.progress.report("writing pictures", number, len(keys))
            path, frame = key
            region = WHOLE if frame is None else Region(frame=frame)
            maker: Maker = copies if frame is None else frames
            try:
                _put(maker, Source(-1, "", path, region, ""), folder, names[key])
            except DecodeError as error:
                self.miss(_told(key), error)
                continue
            there.add(key)
        self.progress.report("writing pictures", len(keys), len(keys))
        self.written = len(there)
        if keys and not there:
            raise InputError(f"no picture can be read; the first: {': '.join(self.missing[0])}")
        return there

    def miss(self, told: str, error: DecodeError) -> None:
        """Note a picture that cannot be read."""
        self.missing.append((told, str(error)))

    @property
    def notes(self) -> tuple[str, ...]:
        """What was left out, in words."""
        if not self.missing:
            return ()
        named = ", ".join(f"{path} ({why})" for path, why in self.missing[:_NAMED])
        more = f" and {len(self.missing) - _NAMED:,} more" if len(self.missing) > _NAMED else ""
        return (f"left out: {counted(len(self.missing), 'file')}: {named}{more}",)


def _put(maker: Maker, source: Source, folder: Folder, name: str) -> None:
    path = folder.prepare(name)
    if not os.path.lexists(path):
        maker.make(source, path)
    elif not maker.same(source, path):
        raise InputError(f"{path} is there already with other content; name an empty folder")


def _told(key: Key) -> str:
    path, frame = key
    return path if frame is None else f"{path}, frame {frame}"

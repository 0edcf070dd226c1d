"""Videos and sequences of pictures: each frame that is taken an item, each clip a unit."""

from core.errors import InputError
from core.ingest.schemes import Reading
from core.ingest.video.clips import scan_videos
from core.ingest.video.options import read_options
from core.ingest.video.sequences import scan_sequences
from core.model import Scan

__all__ = ["scan_named"]


def scan_named(source: str, reading: Reading) -> Scan:
    """Return the frames that a source names.

    Parameters
    ----------
    source
        "video:FILE or FOLDER" or "sequence:FOLDER", with options behind a question mark:
        `rate` frames a second, `every` so many frames, `keyframes=1`, `stream` distance; for a
        sequence `fps`, how many of its pictures are a second.
    reading
        As `core.ingest.source.scan` gives it.

    Returns
    -------
    Scan
        Frames in natural order of the clips; `unit` is the clip, `time` seconds after its first
        frame. Files that are damaged or cut off are listed with what is used of them.

    Raises
    ------
    InputError
        The path or an option cannot be used, or no frame is left.
    """
    path, asked = read_options(source)
    found = (scan_videos if asked.scheme == "video" else scan_sequences)(
        source, path, asked, reading
    )
    if not len(found.items):
        first = f": {found.broken[0].path}: {found.broken[0].reason}" if found.broken else ""
        raise InputError(f"{source}: no frame in it can be used{first}")
    return found

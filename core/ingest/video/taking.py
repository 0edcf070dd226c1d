"""Which frames of one clip are taken: by rate, by count, key frames, and without repeats."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from core.encoders.base import parse_name
from core.encoders.pixels import PixelsEncoder
from core.errors import DecodeError
from core.imaging.decode import load_picture
from core.imaging.imagefile import Limits
from core.ingest.repeats import filter_stream
from core.ingest.video.options import Wanted
from core.model import Region
from core.progress import Progress

#: What repeats are told by: pictures of 16 × 16 pixels in colour.
SMALL = "pixels?side=16&colour=1"
#: Part of a frame's duration by which times may be off, as containers round them.
_OFF = 0.01


def frames_by(wanted: Wanted, seconds: np.ndarray, keys: np.ndarray) -> np.ndarray:
    """Return the places of the frames that are asked for, ascending int64.

    Parameters
    ----------
    wanted
        What is asked for; `stream` does not count here.
    seconds
        When each frame is shown `(n,)`, ascending from 0.
    keys
        Whether each frame is stored whole `(n,)`.

    Notes
    -----
    A rate takes the frame that is shown at 0, 1/rate, 2/rate … seconds, each once.
    """
    n = len(seconds)
    if wanted.keyframes:
        return np.flatnonzero(keys)
    if wanted.every:
        return np.arange(0, n, wanted.every)
    if not wanted.rate or n < 2:
        return np.arange(n)
    step = float(np.median(np.diff(seconds)))
    moments = np.arange(int(seconds[-1] * wanted.rate + 1e-9) + 1) / wanted.rate
    shown = np.searchsorted(seconds, moments + _OFF * step, side="right") - 1
    return np.unique(np.clip(shown, 0, n - 1)).astype(np.int64)


def without_repeats(
    files: Sequence[tuple[Path, Region]],
    threshold: float,
    *,
    root: Path,
    limits: Limits,
    progress: Progress,
    note: str = "",
) -> np.ndarray:
    """Return which frames are left when those near an earlier one are dropped `(n,)` bool.

    Parameters
    ----------
    files
        The frames of one clip in order.
    threshold
        Chordal distance of pictures of 16 × 16 pixels in colour. Every frame that is dropped lies
        within it of one that is left.

    Notes
    -----
    A frame that cannot be decoded is left: where it is encoded it is named with its reason.
    """
    encoder = PixelsEncoder(parse_name(SMALL))
    small = np.ones((len(files), encoder.spec.dims), np.float32)
    seen = np.zeros(len(files), bool)
    for place, (path, region) in enumerate(files):
        if place % 25 == 0:
            progress.report("scan", place, len(files), note)
        try:
            picture = load_picture(path, region, root=root, at_least=32, limits=limits)
        except DecodeError:
            continue
        small[place] += encoder.prepare(picture)  # by one brighter: black has a direction too
        seen[place] = True
    kept = ~seen
    rows = np.flatnonzero(seen)
    kept[rows[filter_stream(small[rows], threshold).kept]] = True
    return kept


def remembered(folder: Path | None, key: str, make: Callable[[], np.ndarray]) -> np.ndarray:
    """Return an array from a file of the workspace, or made and written there.

    A file that cannot be read or written is no fault: everything can be made again.
    """
    path = folder / "videos" / f"{key[:32]}.npy" if folder is not None else None
    if path is not None:
        try:
            found: np.ndarray = np.load(path, allow_pickle=False)
            return found
        except (OSError, ValueError, EOFError):
            pass
    made = make()
    if path is not None:
        _write(path, made)
    return made


def _write(path: Path, array: np.ndarray) -> None:
    import os
    from contextlib import suppress
    from threading import get_ident

    part = path.with_name(f"{path.stem}.{os.getpid()}-{get_ident()}.tmp")
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        with part.open("wb") as file:
            np.save(file, array, allow_pickle=False)
        part.replace(path)
    with suppress(OSError):
        part.unlink(missing_ok=True)

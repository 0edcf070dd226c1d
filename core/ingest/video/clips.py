"""Video files to frames: indexes are read, frames chosen; pixels only where repeats are dropped."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from core.errors import DecodeError
from core.imaging.files import reason_of_os_error
from core.imaging.video import NOT_A_VIDEO, VIDEO_SUFFIXES, VideoIndex, index_video
from core.ingest.folders import Listing, labels_and_splits, list_files, natural_key, printable
from core.ingest.items import item_table
from core.ingest.schemes import Reading
from core.ingest.video.options import Wanted
from core.ingest.video.taking import frames_by, remembered, without_repeats
from core.keys import digest, item_id
from core.model import Region, Scan

#: A pause is told of where it is so many times as long as a usual frame, and in seconds.
PAUSE, PAUSE_SECONDS = 10, 1.0
_NAMED = 5


@dataclass(frozen=True, slots=True)
class Clip:
    """A video, and which of its frames are taken."""

    path: str
    sha256: str
    index: VideoIndex
    frames: np.ndarray


def scan_videos(source: str, path: Path, wanted: Wanted, reading: Reading) -> Scan:
    """Return the frames of a video, or of every video below a folder."""
    path = path.resolve(strict=True)
    root = path if path.is_dir() else path.parent
    listing = list_files(root) if path.is_dir() else Listing({path.name: path.stat().st_size})
    names = sorted(listing.sizes, key=natural_key)
    reading.progress.report("scan", 0, len(names), "reading files")
    usable = [name for name in names if _may_be_video(root / name, name, listing)]
    hashes = reading.hashes.sha256_of_many([root / name for name in usable], reading.progress)
    clips, notes = [], list[str]()
    for number, name in enumerate(usable):
        reading.progress.report("scan", number, len(usable), name)
        sha256 = hashes[root / name]
        if isinstance(sha256, OSError):
            listing.refuse(name, reason_of_os_error(sha256))
            continue
        try:
            clips.append(_clip(root, name, sha256, wanted, reading))
        except DecodeError as error:
            listing.refuse(name, str(error))
            continue
        except OSError as error:
            listing.refuse(name, reason_of_os_error(error))
            continue
        _tell(clips[-1], listing, notes)
    reading.progress.report("scan", len(usable), len(usable))
    if listing.links_not_followed:
        notes.append(f"{listing.links_not_followed} links to folders inside were not followed")
    broken = tuple(sorted(listing.broken, key=lambda file: natural_key(file.path)))
    return Scan("table", source, str(root), _table(clips), broken, None, tuple(notes))


def _may_be_video(path: Path, name: str, listing: Listing) -> bool:
    """Tell whether to look into a file, and list it with the reason if not."""
    from core.imaging.files import open_regular
    from core.imaging.video import container_of_file

    try:
        with open_regular(path) as file:
            if Path(name).suffix.lower() in VIDEO_SUFFIXES or container_of_file(file):
                return True
    except DecodeError as error:
        listing.refuse(name, str(error))
        return False
    except OSError as error:
        listing.refuse(name, reason_of_os_error(error))
        return False
    listing.refuse(name, NOT_A_VIDEO)
    return False


def _clip(root: Path, name: str, sha256: str, wanted: Wanted, reading: Reading) -> Clip:
    """Return a video's index and the frames that are taken of it."""
    index = index_video(root / name, reading.limits)
    frames = frames_by(wanted, index.seconds, index.keys)
    if wanted.stream is None:
        return Clip(name, sha256, index, frames)
    threshold = wanted.stream

    def thin() -> np.ndarray:
        return without_repeats(
            [(root / name, Region(frame=int(frame))) for frame in frames], threshold, root=root,
            limits=reading.limits, progress=reading.progress, note=f"repeats of {name}",
        )  # fmt: skip

    key = digest("video without repeats", 1, sha256, frames, threshold)
    kept = remembered(reading.files_folder, key, thin)
    if kept.shape != frames.shape or kept.dtype != bool:
        kept = thin()
    return Clip(name, sha256, index, frames[kept])


def _tell(clip: Clip, listing: Listing, notes: list[str]) -> None:
    """Name what is missing in a video that can be used otherwise."""
    index, n = clip.index, len(clip.index)
    if index.announced > n + index.damaged:
        listing.refuse(
            clip.path,
            f"cut off or damaged: {n:,} of {index.announced:,} frames are there and can be used",
        )
    elif index.damaged:
        frames = "frame is" if index.damaged == 1 else "frames are"
        listing.refuse(clip.path, f"{index.damaged:,} {frames} damaged; {n:,} can be used")
    told = []
    if not index.timed:
        told.append(f"gives no times; they are those of {1 / index.base:.4g} frames a second")
    told += _pauses(index)
    if told and len(notes) < _NAMED:
        notes.append(f"{printable(clip.path)}: {'; '.join(told)}")


def _pauses(index: VideoIndex) -> list[str]:
    """Return the longest time without a frame, if it is a pause; damage may have made it."""
    if len(index) < 3:
        return []
    steps = np.diff(index.seconds)
    place = int(steps.argmax())
    if steps[place] < max(PAUSE_SECONDS, PAUSE * float(np.median(steps))):
        return []
    at = index.seconds[place : place + 2]
    return [f"no frame between {at[0]:.1f} and {at[1]:.1f} seconds"]


def _table(clips: list[Clip]) -> pd.DataFrame:
    """Return a row for each frame that is taken, clip after clip."""
    counts = [len(clip.frames) for clip in clips]
    paths = [clip.path for clip in clips]
    labels, splits = labels_and_splits(paths)
    ids, frames = [], list[int]()
    for clip in clips:
        ids += [item_id(clip.sha256, Region(frame=frame)) for frame in clip.frames.tolist()]
        frames += clip.frames.tolist()

    def each(values: list[str] | list[str | None]) -> list[str | None]:
        return [value for value, count in zip(values, counts, strict=True) for _ in range(count)]

    seconds = [clip.index.seconds[clip.frames] for clip in clips]
    keys = [clip.index.keys[clip.frames] for clip in clips]
    given = {"key frame": pd.Series(np.concatenate(keys or [np.zeros(0, bool)]), dtype="boolean")}
    if splits is not None:
        given["split"] = pd.Series(each(splits), dtype="string")
    known = {
        "item_id": ids, "path": each(paths), "frame": frames, "unit": each(paths),
        "label": each(labels), "time": times_of(seconds),
    }  # fmt: skip
    return item_table(len(ids), known, given)


def times_of(seconds: list[np.ndarray]) -> pd.Series:
    """Return the column of seconds, to a millisecond."""
    values = np.concatenate(seconds or [np.zeros(0)])
    return pd.Series(np.round(values, 3), dtype="Float64")

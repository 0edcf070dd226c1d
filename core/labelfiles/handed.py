"""What a picture is called where it is handed over as a file of its own.

A frame of a video, a page of a file or an array of an idx file has no name of its own: it gets its
file's whole name and its number, which say again which it is. A name depends on the set alone, not
on what of it is written, so that labels of it come back to the same item.
"""

from collections import Counter
from collections.abc import Iterable
from pathlib import PurePosixPath

import pandas as pd

from core.export.names import safe_name, without_clashes

#: A file of a set, and which of its frames; None is the file itself.
Key = tuple[str, int | None]


def frame_name(path: str, frame: int) -> str:
    """Return what a frame of a file is called as a picture of its own.

    >>> frame_name("walk/clip.mp4", 12)
    'walk/clip.mp4_frame000012.png'
    """
    return f"{path}_frame{frame:06d}.png"


def has_frames(items: pd.DataFrame) -> bool:
    """Tell whether some items of a table are frames or pages of a file."""
    return "frame" in items and bool(items["frame"].notna().any())


def keys_of(items: pd.DataFrame) -> list[Key]:
    """Return the file and frame of each item of a table; "" for an item without a file."""
    if "path" not in items:
        return [("", None)] * len(items)
    paths = [str(path) for path in items["path"].astype("string").fillna("")]
    if "frame" not in items:
        return [(path, None) for path in paths]
    frames = items["frame"].astype("Int64")
    numbers = [None if pd.isna(one) else int(one) for one in frames]
    return list(zip(paths, numbers, strict=True))


def handed_names(items: pd.DataFrame) -> dict[Key, str]:
    """Return the name of each picture of a set where it is handed over: safe, and each its own.

    A file keeps its path but for what some system refuses. Where two differ in their ending only,
    as in labels that lie beside them, each has its ending twice (`1.png.png`). Frames of files of
    one name have their folders in the name too, so that a frame is known by its name alone.
    """
    keys = [key for key in dict.fromkeys(keys_of(items)) if key[0]]
    wanted = [_safe(path if frame is None else frame_name(path, frame)) for path, frame in keys]
    lasts = Counter(_last(name) for name in wanted)
    wanted = [
        _with_folders(name) if frame is not None and lasts[_last(name)] > 1 else name
        for (_, frame), name in zip(keys, wanted, strict=True)
    ]
    stems = Counter(_stem(name) for name in wanted)
    apart = [_doubled(name) if stems[_stem(name)] > 1 else name for name in wanted]
    return dict(zip(keys, without_clashes(apart), strict=True))


def other_names(items: pd.DataFrame) -> Iterable[tuple[Key, str]]:
    """Return the pictures whose name, when handed over, is not their path."""
    return (((path, frame), name) for (path, frame), name in handed_names(items).items()
            if frame is not None or name != path)  # fmt: skip


def _safe(path: str) -> str:
    """Return a path of names that every system takes."""
    parts = [part for part in path.split("/") if part not in {"", ".", ".."}]
    return "/".join(map(safe_name, parts)) or "_"


def _last(name: str) -> str:
    return name.rpartition("/")[2].casefold()


def _with_folders(name: str) -> str:
    """Return a path whose last name tells its folders too."""
    folder, slash, _ = name.rpartition("/")
    return f"{folder}{slash}{safe_name(name.replace('/', '_'))}"


def _stem(name: str) -> str:
    folder, slash, last = name.rpartition("/")
    return f"{folder}{slash}{last.rpartition('.')[0] or last}".casefold()


def _doubled(name: str) -> str:
    return f"{name}{PurePosixPath(name).suffix}"

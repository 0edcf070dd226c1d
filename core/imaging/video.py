"""Video files: which frames one has and when each is shown, read without decoding any.

The container is told from a file's first bytes and never guessed by FFmpeg: what it would guess
from content includes play lists, which name other files and addresses to open.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import DecodeError
from core.imaging.files import EMPTY, open_regular
from core.imaging.imagefile import Limits, check_pixels

#: Endings that video files have; what a file is, its first bytes tell.
VIDEO_SUFFIXES = frozenset({
    ".3g2", ".3gp", ".asf", ".avi", ".flv", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg",
    ".mpg", ".mts", ".ogg", ".ogv", ".qt", ".ts", ".vob", ".webm", ".wmv", ".y4m",
})  # fmt: skip
NOT_A_VIDEO = "not a video Vitrine can read"
#: First bytes of a container, where they begin, and FFmpeg's name of its reader.
_SIGNATURES = (
    (0, b"\x1a\x45\xdf\xa3", "matroska"),
    (0, b"FLV\x01", "flv"),
    (0, b"OggS", "ogg"),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", "asf"),
    (0, b"\x00\x00\x01\xba", "mpeg"),
    (0, b"YUV4MPEG2", "yuv4mpegpipe"),
    (8, b"AVI ", "avi"),
)
#: Names of the first box of a film in Apple's form; `ftyp` is looked into, pictures have it too.
_BOXES = (b"moov", b"mdat", b"wide", b"free", b"skip", b"pnot")
_PICTURE_BRANDS = frozenset({
    b"avif", b"avis", b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs",
    b"mif1", b"msf1",
})  # fmt: skip
_HEAD = 400


@dataclass(frozen=True, slots=True)
class VideoIndex:
    """The frames of a video in the order in which they are shown.

    Attributes
    ----------
    container
        FFmpeg's name of the form of the file, and `codec` that of its pictures.
    width, height
        Of a stored frame, in pixels.
    times
        Shape `(n,)` int64, ascending: when each frame is shown, in units of `base` seconds. Empty
        values stand for a file that does not say; its frames can be counted only.
    keys
        Shape `(n,)` bool: frames that can be decoded without any other.
    base
        Seconds of one unit of `times`.
    announced
        Frames that the header announces; 0 where it says nothing.
    damaged
        Frames that the container itself calls damaged and that are left out of `times`.
    timed
        Whether `times` are the file's own.
    """

    container: str
    codec: str
    width: int
    height: int
    times: np.ndarray
    keys: np.ndarray
    base: float
    announced: int
    damaged: int
    timed: bool = True

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self.times)

    @property
    def seconds(self) -> np.ndarray:
        """When each frame is shown, in seconds after the first `(n,)` float64."""
        return (self.times - self.times[:1]) * self.base


def container_of(prefix: bytes) -> str | None:
    """Return FFmpeg's reader for a file that begins with these bytes; None if it is no video.

    Parameters
    ----------
    prefix
        The first 400 bytes; of a shorter file all.
    """
    for start, mark, name in _SIGNATURES:
        if prefix[start : start + len(mark)] == mark:
            return name
    if prefix[4:8] == b"ftyp":
        return None if prefix[8:12] in _PICTURE_BRANDS else "mp4"
    if prefix[4:8] in _BOXES:
        return "mp4"
    for step, first in ((188, 0), (192, 4)):  # transport streams repeat their mark, "G"
        marks = prefix[first : first + 2 * step + 1 : step]
        if marks == b"GGG" and prefix[:4] != b"GIF8":
            return "mpegts"
    return None


def container_of_file(file: BufferedReader) -> str | None:
    """Return the same of an open file, which is left at its beginning."""
    file.seek(0)
    prefix = file.read(_HEAD)
    file.seek(0)
    return container_of(prefix)


@contextmanager
def video_failures() -> Iterator[None]:
    """Turn what FFmpeg says into a `DecodeError` in words, without a path."""
    import av

    try:
        yield
    except av.FFmpegError as error:
        if isinstance(error, MemoryError):
            raise DecodeError("needs more memory than is free") from error
        if isinstance(error, av.InvalidDataError):
            raise DecodeError("damaged or cut off: where its frames lie cannot be read") from error
        raise DecodeError("damaged or cut off: it ends too early") from error


def open_container(file: BufferedReader, container: str, limits: Limits) -> tuple[Any, Any]:
    """Return a video opened for reading and its stream of pictures, with one thread.

    Raises
    ------
    DecodeError
        It has no pictures, or larger ones than allowed.
    """
    import av
    import av.logging

    av.logging.set_level(None)  # what is wrong is told by us, once
    with video_failures():
        opened = av.open(file, "r", format=container, metadata_errors="replace")
    stream = opened.streams.best("video")
    if stream is None:
        opened.close()
        raise DecodeError("no pictures in it: it has sound only")
    context: Any = stream.codec_context
    try:
        if context is None:
            raise DecodeError("its pictures are in a form that Vitrine cannot decode")
        check_pixels(context.width, context.height, limits)
    except DecodeError:
        opened.close()
        raise
    context.thread_count = 1
    context.options = {"max_pixels": str(limits.max_pixels), "err_detect": "explode"}
    return opened, stream


def index_video(path: Path, limits: Limits | None = None) -> VideoIndex:
    """Return which frames a video has, by reading its packets; none is decoded.

    Frames that the container hides (edit lists) do not count.

    Raises
    ------
    DecodeError
        It is no video, or is damaged so that nothing of it can be read.
    OSError
        It cannot be opened.
    """
    with open_regular(path) as file:
        return index_file(file, limits or Limits())


def index_file(file: BufferedReader, limits: Limits) -> VideoIndex:
    """Return the same of a file that is open."""
    if os.fstat(file.fileno()).st_size == 0:
        raise DecodeError(EMPTY)
    container = container_of_file(file)
    if container is None:
        raise DecodeError(NOT_A_VIDEO)
    opened, stream = open_container(file, container, limits)
    try:
        times, keys, damaged, timed = _packets(opened, stream)
        if not len(times):
            raise DecodeError("cut off: none of its frames is there")
        context = stream.codec_context
        return VideoIndex(
            container, str(context.name), context.width, context.height, times, keys,
            float(stream.time_base or 0) if timed else _frame_seconds(stream),
            int(stream.frames or 0), damaged, timed,
        )  # fmt: skip
    finally:
        opened.close()


def _packets(opened: Any, stream: Any) -> tuple[np.ndarray, np.ndarray, int, bool]:
    """Return times and key frames in the order of showing, the damaged ones' count, and timed."""
    import av

    found: list[tuple[int | None, bool]] = []
    damaged = 0
    try:
        for packet in opened.demux(stream):
            if not packet.size or packet.is_discard:
                continue
            if packet.is_corrupt:
                damaged += 1
            else:
                found.append((packet.pts, bool(packet.is_keyframe)))
    except av.FFmpegError:
        damaged += 1  # what was read before stays
    timed = all(time is not None for time, _ in found) and not _in_stored_order(opened, stream)
    if not timed or len({time for time, _ in found}) < len(found):
        return np.arange(len(found)), np.array([key for _, key in found], bool), damaged, False
    found.sort()
    return (
        np.array([time for time, _ in found], np.int64),
        np.array([key for _, key in found], bool), damaged, True,
    )  # fmt: skip


def _in_stored_order(opened: Any, stream: Any) -> bool:
    """Tell whether times are those of storing, not of showing: AVI has no others."""
    reordered = int(getattr(stream.codec_context, "has_b_frames", 0)) > 0
    return opened.format.name == "avi" and stream.codec_context.name != "mpeg4" and reordered


def _frame_seconds(stream: Any) -> float:
    """Return how long a frame is shown where only the rate tells."""
    rate = stream.average_rate or stream.guessed_rate
    return float(1 / rate) if rate else 1.0

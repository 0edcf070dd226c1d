"""Frames of videos, decoded: the next one where neighbours are asked, else from a key frame on.

Decoders stay open for a while, since a frame needs the ones before it: a piece of a video that is
read in order is decoded once. Which frame is which is told by its time, so that a damaged one is
missed and never mistaken for its neighbour.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from io import BufferedReader
from threading import Lock
from typing import Any

import numpy as np
from PIL import Image

from core.errors import DecodeError
from core.imaging.imagefile import Limits, check_pixels
from core.imaging.video import VideoIndex, index_file, open_container, video_failures

#: Decoders that stay open, and indexes that are kept.
IDLE, INDEXES = 6, 64
#: Frames up to which going on costs less than a jump.
NEAR = 8

#: Transfer functions of high dynamic range: PQ and HLG (ITU-T H.273).
_WIDE_RANGE = (16, 18)

_lock = Lock()
_idle: list["_Reader"] = []
_indexes: dict[tuple[Any, ...], VideoIndex] = {}


class FrameMissingError(DecodeError):
    """A frame that a video announces and that cannot be decoded."""


def read_frame(
    file: BufferedReader, frame: int, limits: Limits
) -> tuple[Image.Image, VideoIndex, tuple[str, ...]]:
    """Return a frame, upright and in RGB, the index of its video, and notes.

    Parameters
    ----------
    file
        An open video; it is left as it is.
    frame
        Zero-based, in the order in which frames are shown.

    Raises
    ------
    DecodeError
        There is no such frame, or it is damaged; others of the video may well be read.
    """
    identity = _identity(file)
    index = _index(identity, file, limits)
    if not 0 <= frame < len(index):
        raise DecodeError(f"has no frame {frame}, only {len(index):,} (counted from 0)")
    reader = _take(identity, index, frame) or _Reader(identity, file, index, limits)
    try:
        found = reader.read(frame)
        check_pixels(found.width, found.height, limits)
        image, notes = _upright(found)
    except BaseException:
        reader.close()
        raise
    _give(reader)
    return image, index, notes


def close_readers() -> None:
    """Close every decoder that is open and not in use."""
    with _lock:
        idle, _idle[:] = list(_idle), []
        _indexes.clear()
    for reader in idle:
        reader.close()


def _identity(file: BufferedReader) -> tuple[int, ...]:
    """Return what tells one state of a file from any other."""
    state = os.fstat(file.fileno())
    return state.st_dev, state.st_ino, state.st_size, state.st_mtime_ns


def _index(identity: tuple[Any, ...], file: BufferedReader, limits: Limits) -> VideoIndex:
    with _lock:
        index = _indexes.get(identity)
    if index is None:
        index = index_file(file, limits)
        with _lock:
            _indexes[identity] = index
            while len(_indexes) > INDEXES:
                del _indexes[next(iter(_indexes))]
    return index


def _take(identity: tuple[Any, ...], index: VideoIndex, frame: int) -> "_Reader | None":
    """Take an idle decoder of this file that is nearest before the frame; None if there is none."""
    with _lock:
        mine = [reader for reader in _idle if reader.identity == identity]
        if not mine:
            return None
        before = [reader for reader in mine if reader.at <= frame]
        best = max(before or mine, key=lambda reader: reader.at)
        _idle.remove(best)
    return best


def _give(reader: "_Reader") -> None:
    """Keep a decoder for what is asked next; close the one that waited longest."""
    old = None
    with _lock:
        _idle.append(reader)
        if len(_idle) > IDLE:
            old = _idle.pop(0)
    if old is not None:
        old.close()


class _Reader:
    """One open decoder and where it stands."""

    def __init__(
        self, identity: tuple[Any, ...], file: BufferedReader, index: VideoIndex, limits: Limits
    ):
        self.identity, self.index, self.limits = identity, index, limits
        self.at, self._doubtful = -1, False
        self._file = _opened_again(file)
        self._last: Any = None
        self._container: Any = None
        self._open()

    def _open(self) -> None:
        """Begin at the beginning."""
        if self._container is not None:
            self._container.close()
        self._file.seek(0)
        self._container, self._stream = open_container(
            self._file, self.index.container, self.limits
        )
        self._frames = self._decoded()
        self._passed, self.at, self._last, self._whole = -1, -1, None, True

    def close(self) -> None:
        """Let go of the file."""
        with suppress(Exception):
            self._container.close()
        self._file.close()

    def read(self, frame: int) -> Any:
        """Return a decoded frame by its place."""
        if frame == self.at and self._last is not None:
            return self._checked(self._last, frame)
        if not self.index.timed:
            return self._counted(frame)
        wanted = int(self.index.times[frame])
        for start in self._starts(frame):
            start()
            found, whole = self._next_from(wanted)
            if found is not None and found.pts == wanted:
                self.at, self._last = frame, found
                return self._checked(found, frame)
            if whole:  # the frames before it came, and it did not
                break
        raise FrameMissingError(f"frame {frame} of the video is damaged and cannot be decoded")

    def _checked(self, found: Any, frame: int) -> Any:
        """Return a frame that is whole; decoders fill what is damaged with what they guess."""
        if self._doubtful:
            raise FrameMissingError(
                f"frame {frame} of the video is damaged, or one it is made from"
            )
        return found

    def _starts(self, frame: int) -> Iterator[Callable[[], None]]:
        """Give the ways to stand before a frame, the cheapest first.

        Some containers jump too far, and a key frame may be damaged: then the one before it, and
        at last the beginning.
        """
        keys = np.flatnonzero(self.index.keys[: frame + 1]).tolist()
        if -1 < self.at < frame and (frame - self.at <= NEAR or not keys or keys[-1] <= self.at):
            self._whole = True
            yield lambda: None
            return
        for key in [key for key in keys[:-3:-1] if key]:
            yield partial(self._jump, key)
        yield self._open

    def _jump(self, key: int) -> None:
        """Stand at or before a key frame."""
        with video_failures():
            self._container.seek(int(self.index.times[key]), stream=self._stream, backward=True)
        self._frames, self._whole = self._decoded(), False

    def _next_from(self, wanted: int) -> tuple[Any, bool]:
        """Return the first frame to come that is not shown before a time, and if one before came.

        The frame is None at the end of the file.
        """
        for found in self._frames:
            if found.pts is not None and found.pts >= wanted:
                return found, self._whole
            self._whole = True
        return None, self._whole

    def _counted(self, frame: int) -> Any:
        """Return a frame of a video that gives no times: by counting what is decoded."""
        if frame <= self._passed:
            self._open()
        for found in self._frames:
            self._passed += 1
            if self._passed == frame:
                self.at, self._last = frame, found
                return self._checked(found, frame)
        raise FrameMissingError(f"frame {frame} of the video is damaged and cannot be decoded")

    def _decoded(self) -> Iterator[Any]:
        """Give the frames to come; a packet that cannot be decoded is passed over.

        What follows damage is doubtful until the next frame that needs no other.
        """
        import av

        self._doubtful, since = False, None
        try:
            for packet in self._container.demux(self._stream):
                try:
                    decoded = packet.decode()
                except av.FFmpegError:
                    self._doubtful, since = True, packet.pts
                    continue
                for found in decoded:
                    if found.is_corrupt:
                        self._doubtful, since = True, found.pts
                    elif found.key_frame and _later(found.pts, since):
                        self._doubtful = False
                    yield found
        except av.FFmpegError:
            return


def _later(time: int | None, than: int | None) -> bool:
    """Tell whether a frame comes after damage, as decoders give frames later than they take them.

    One that says no time is believed to.
    """
    return time is None or than is None or time > than


def _opened_again(file: BufferedReader) -> BufferedReader:
    """Return another handle of an open file, which stays when the caller closes its own.

    Both stand at one place in the file, so the caller reads no further.
    """
    descriptor = os.dup(file.fileno())
    return open(descriptor, "rb")  # noqa: PTH123 - a descriptor, closed by the reader


def _upright(found: Any) -> tuple[Image.Image, tuple[str, ...]]:
    """Return a frame as it is to be seen, and what a person should know of it."""
    notes: tuple[str, ...] = ()
    image = Image.fromarray(found.to_ndarray(format="rgb24"))
    turned = int(getattr(found, "rotation", 0) or 0) % 360
    if turned % 90 == 0 and turned:
        image = image.rotate(turned, expand=True)
    if found.interlaced_frame:
        notes += ("interlaced",)
    if int(found.color_trc or 0) in _WIDE_RANGE:
        notes += ("high dynamic range, shown flat",)
    return image, notes

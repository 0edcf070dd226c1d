"""Frames of videos decoded in a process of their own, for programs that must not run a decoder.

The web process asks here: FFmpeg is not loaded there, and what crashes a decoder ends the child and
not the dashboard. The child waits for more, so that frames after one another are quick, and ends
when the process that asked does.
"""

import json
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from threading import Lock, Timer
from typing import IO, Any

from PIL import Image

from core.errors import DecodeError
from core.imaging.files import open_regular
from core.imaging.imagefile import Limits, failures_in_words

#: Seconds after which a frame is given up.
PATIENCE = 60.0

_lock = Lock()
_state: dict[str, Any] = {"apart": False, "child": None}

Frame = tuple[Image.Image, str, tuple[str, ...]]


def decode_apart(wanted: bool = True) -> None:
    """Let this process have its frames decoded by another from now on, or by itself again."""
    with _lock:
        _state["apart"] = wanted
        if not wanted:
            _end()


def is_apart() -> bool:
    """Tell whether frames are decoded by another process."""
    return bool(_state["apart"])


def read_apart(path: Path, frame: int, limits: Limits) -> Frame:
    """Return a frame in RGB, the name of its codec and notes, from the other process.

    Parameters
    ----------
    path
        A video, free of links.
    frame, limits
        As `core.imaging.video_frames.read_frame` takes them.

    Raises
    ------
    DecodeError
        It cannot be decoded, or the other process ended over it or took more than a minute.
    """
    asked = {"path": str(path), "frame": frame, "limits": [limits.max_pixels, limits.max_bytes]}
    with _lock:
        child = _child()
        late = Timer(PATIENCE, child.kill)
        late.start()
        try:
            assert child.stdin is not None
            assert child.stdout is not None
            child.stdin.write(json.dumps(asked).encode() + b"\n")
            child.stdin.flush()
            told = json.loads(child.stdout.readline())
            width, height = told.get("size", (0, 0))
            data = child.stdout.read(3 * width * height)
            if len(data) < 3 * width * height:
                raise OSError("it ended")
        except (OSError, ValueError) as error:
            _end()
            raise DecodeError(
                "damaged: the decoder ended over it or took longer than a minute"
            ) from error
        finally:
            late.cancel()
    if "reason" in told:
        raise DecodeError(told["reason"])
    image = Image.frombytes("RGB", (width, height), data)
    return image, str(told["codec"]), tuple(told["notes"])


def _child() -> "subprocess.Popen[bytes]":
    """Return the process that decodes, started if there is none."""
    child = _state["child"]
    if child is None or child.poll() is not None:
        child = subprocess.Popen(
            [sys.executable, "-m", "core.imaging.video_apart"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=Path(__file__).parents[2],
        )  # fmt: skip
        _state["child"] = child
    return child  # type: ignore[no-any-return]


def _end() -> None:
    """End the process that decodes."""
    child, _state["child"] = _state["child"], None
    if child is not None:
        child.kill()
        for pipe in (child.stdin, child.stdout):
            with suppress(OSError):
                pipe.close()
        child.wait()


def answer(asking: IO[bytes], answers: IO[bytes]) -> None:
    """Decode what is asked for, a line each, until there is no more: the other side."""
    from core.imaging.video_frames import read_frame

    for line in asking:
        asked = json.loads(line)
        try:
            with failures_in_words(), open_regular(Path(asked["path"]), follow=False) as file:
                image, index, notes = read_frame(file, asked["frame"], Limits(*asked["limits"]))
        except DecodeError as error:
            answers.write(json.dumps({"reason": str(error)}).encode() + b"\n")
        else:
            told = {"size": image.size, "codec": index.codec, "notes": notes}
            answers.write(json.dumps(told).encode() + b"\n" + image.tobytes())
        answers.flush()


if __name__ == "__main__":
    with suppress(BrokenPipeError, KeyboardInterrupt):
        answer(sys.stdin.buffer, sys.stdout.buffer)

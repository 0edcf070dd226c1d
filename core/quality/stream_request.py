"""What thinning a sequence is asked for: the JSON of its job."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from core.errors import InputError
from core.quality.request import known_fields


def _check_text(field: str, value: Any, *, empty: bool = False) -> None:
    good = isinstance(value, str) and (empty or bool(value.strip()))
    if value is not None and not good:
        raise InputError(f"{field}: needs a text, or null, not {value!r:.40}")


@dataclass(frozen=True, slots=True)
class StreamRequest:
    """A sequence to thin; the JSON form of a job's request and of the command line.

    Attributes
    ----------
    name
        A set or a part of one.
    tau
        Chordal distance, above 0 and at most 2: a frame is dropped where a kept one is at most
        this far. None takes that of the set's check, or of its neighbours where it has none.
    window
        Compare with this many of the frames kept last; with all of them if None.
    by
        The column that puts frames in order; None takes the time, where every frame has one, else
        the path and the frame in it.
    within
        The column that tells sequences apart, such as the video; each is walked on its own. None
        takes the clips of a set whose times begin anew with each, else all frames as one.
    slice
        Name of the slice of the frames that are kept; None gives it one, "" makes none.
    """

    name: str
    tau: float | None = None
    window: int | None = None
    by: str | None = None
    within: str | None = None
    slice: str | None = None

    def __post_init__(self) -> None:
        """Check what can be checked without opening anything."""
        if not (isinstance(self.name, str) and self.name):
            raise InputError("name: needs a set or a part of one")
        tau, window = self.tau, self.window
        if tau is not None:
            plain = isinstance(tau, int | float) and not isinstance(tau, bool)
            if not (plain and math.isfinite(tau) and 0 < tau <= 2):
                raise InputError(f"tau {tau!r:.40}: a distance above 0 and at most 2")
        if window is not None and (type(window) is not int or window < 1):
            raise InputError(f"window {window!r:.40}: 1 or more frames, or null for all")
        _check_text("by", self.by)
        _check_text("within", self.within)
        _check_text("slice", self.slice, empty=True)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "StreamRequest":
        """Build a request from a job's JSON.

        Raises
        ------
        InputError
            A field is unknown, missing or cannot be used as given; the message names it.
        """
        return cls(**known_fields(cls, value, "a stream filter"))

    def to_json(self) -> dict[str, Any]:
        """Return the request as JSON values."""
        return asdict(self)

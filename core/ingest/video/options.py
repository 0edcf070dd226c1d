"""Which frames of a clip are wanted, as written behind the question mark of a source."""

import math
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

from core.errors import InputError
from core.imaging.files import reason_of_os_error

#: Frames a second where nothing is asked for.
RATE = 2.0
_TAKES = {
    "video": ("rate", "every", "keyframes", "stream"),
    "sequence": ("fps", "rate", "every", "stream"),
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which frames are taken.

    Attributes
    ----------
    scheme
        "video" or "sequence".
    rate
        Frames a second.
    every
        Each so manieth frame.
    keyframes
        Only frames that are stored whole.
    stream
        Of these only frames whose small picture is farther than this from all that were taken
        before in the clip: chordal distance, above 0 and at most 2.
    fps
        Pictures of a sequence that are one second.
    """

    scheme: str
    rate: float | None = None
    every: int | None = None
    keyframes: bool = False
    stream: float | None = None
    fps: float | None = None


def read_options(source: str) -> tuple[Path, Wanted]:
    """Take a source apart.

    Returns
    -------
    path : Path
        Absolute, and there.
    wanted : Wanted
        What is asked for.

    Raises
    ------
    InputError
        The path is not there, or an option is unknown, given twice or out of range.
    """
    scheme, _, rest = source.partition(":")
    given, values = rest, {}
    base, mark, query = rest.rpartition("?")
    if mark and not _exists(rest):
        given, values = base, _values(source, query)
    if not given:
        raise InputError(f"{source}: name a {'file or folder' if scheme == 'video' else 'folder'}")
    path = Path(given).expanduser().absolute()
    try:
        path.stat()
    except (OSError, ValueError) as error:
        reason = reason_of_os_error(error) if isinstance(error, OSError) else str(error)
        raise InputError(f"{source}: {reason}") from error
    return path, _wanted(source, scheme, values)


def _exists(text: str) -> bool:
    try:
        return Path(text).expanduser().exists()
    except (OSError, ValueError):
        return False


def _values(source: str, query: str) -> dict[str, str]:
    values: dict[str, str] = {}
    for part in query.split("&"):
        name, equals, value = part.partition("=")
        if not (name and equals and value):
            raise InputError(
                f"{source}: options are written ?name=value&name=value, not {part[:40]!r}"
            )
        if name in values:
            raise InputError(f"{source}: {name} is given twice")
        values[name] = unquote(value)
    return values


def _wanted(source: str, scheme: str, values: dict[str, str]) -> Wanted:
    """Return options that were checked, each alone and together."""
    for name in values:
        if name not in _TAKES[scheme]:
            takes = ", ".join(_TAKES[scheme])
            raise InputError(f"{source}: {name[:40]!r} is no option of {scheme}: it takes {takes}")
    ways = [name for name in ("rate", "every", "keyframes") if name in values]
    if len(ways) > 1:
        raise InputError(f"{source}: {' and '.join(ways)} choose frames in two ways; give one")
    rate = _number(source, "rate", values.get("rate"), 1000)
    fps = _number(source, "fps", values.get("fps"), 100_000)
    if scheme == "sequence" and rate is not None and fps is None:
        raise InputError(f"{source}: rate is in frames a second: say with fps how many there are")
    every = values.get("every")
    if every is not None and not (every.isascii() and every.isdigit() and int(every) > 0):
        raise InputError(f"{source}: every must be a whole number above 0, not {every[:40]!r}")
    keys = values.get("keyframes", "0")
    if keys not in {"0", "1"}:
        raise InputError(f"{source}: keyframes must be 1 or 0, not {keys[:40]!r}")
    stream = _number(source, "stream", values.get("stream"), 2)
    if scheme == "video" and not (rate or every or keys == "1" or stream):
        rate = RATE
    return Wanted(scheme, rate, int(every) if every else None, keys == "1", stream, fps)


def _number(source: str, name: str, text: str | None, most: float) -> float | None:
    """Return a number above 0 and at most `most`; None where none is given."""
    if text is None:
        return None
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 < value <= most:
        raise InputError(
            f"{source}: {name} must be a number above 0 and at most {most:,}, not {text[:40]!r}"
        )
    return value

"""Text for a report's file: escaped, without the paths of a machine, numbers as a person reads."""

import html
import math
import re
from datetime import UTC, datetime
from typing import Any

from core.report.words import figure

#: Part of a path between two slashes.
_PART = r"[^\s\\/\"'<>|;,]+"

#: A path from the root of a machine: /a/b, C:\\a, \\\\server\\a, ~/a, file:///a.
_PATH = re.compile(
    rf"(?:file:/{{2,3}}|(?<![\w./\\])(?:[A-Za-z]:[\\/]|\\\\|~[\\/]))(?:{_PART}[\\/])*({_PART})?"
    rf"|(?<![\w./\\])/(?:{_PART}/)+({_PART})?"
)

#: What HTML cannot hold, not even escaped.
_CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")


def escape(value: Any) -> str:
    """Return a value as text that is safe between tags and inside quotes."""
    return html.escape(_CONTROLS.sub("\ufffd", str(value)), quote=True)


def without_paths(text: Any) -> str:
    """Return a text in which a path of this machine is only its last part."""
    return _PATH.sub(lambda found: found[1] or found[2] or "…", str(text))


def plain(value: Any) -> str:
    """Return a text of ours, escaped and without the paths of a machine."""
    return escape(without_paths(value))


def named(value: Any) -> str:
    """Return a name that people gave, escaped, in its own direction of writing."""
    return f"<bdi>{escape(value)}</bdi>"


def absent(value: Any) -> bool:
    """Tell whether a number is missing: None, NaN or infinite."""
    return value is None or (isinstance(value, float) and not math.isfinite(value))


def count(value: float | None) -> str:
    """Return a count with thousands separated, "–" where there is none."""
    return "–" if absent(value) else f"{value:,.0f}"


def about(value: float | None) -> str:
    """Return a mean of counts, with a decimal below a thousand."""
    if value is None or absent(value):
        return "–"
    return count(value) if abs(value) >= 1000 else f"{value:.1f}"


def share(value: float | None) -> str:
    """Return a share as a percentage; never 0 % or 100 % for what is only close to it."""
    if value is None or absent(value):
        return "–"
    percent = 100 * value
    if 0 < percent < 0.1:
        return "< 0.1 %"
    if 99.9 < percent < 100:
        return "> 99.9 %"
    return f"{percent:.1f} %" if 0 < percent < 9.95 or 99 < percent < 100 else f"{percent:.0f} %"


def measure(value: float | None) -> str:
    """Return a measured number with three digits that count."""
    if value is None or absent(value):
        return "–"
    return figure(value)


def plural(value: float, one: str, many: str = "") -> str:
    """Return a count with its noun: 1 image, 2 images."""
    return f"{count(value)} {one if value == 1 else many or one + 's'}"


def moment(value: Any) -> str:
    """Return a moment given as ISO text or seconds: "21 November 2026, 13:05 UTC"; "" if none."""
    if value in (None, ""):
        return ""
    try:
        when = (
            datetime.fromtimestamp(value, UTC)
            if isinstance(value, int | float)
            else datetime.fromisoformat(str(value))
        )
    except (ValueError, OverflowError, OSError):
        return escape(value)
    if when.tzinfo:
        when = when.astimezone(UTC)
    return f"{when.day} {when:%B %Y, %H:%M} UTC"

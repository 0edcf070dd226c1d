"""Numbers as a report writes them, the same way everywhere."""

from collections.abc import Mapping, Sequence
from typing import Any


def count(value: float) -> str:
    """Return a whole number: "1,797"."""
    return f"{round(value):,}"


def about(value: float) -> str:
    """Return an expectation of a count: a digit behind the point below 10, else whole."""
    whole = abs(value) >= 10 or abs(value - round(value)) < 1e-9
    return f"{round(value):,}" if whole else f"{value:.1f}"


def figure(value: float) -> str:
    """Return a measured number with three digits that count: "0.410", "0.00213", "9.50·10⁻⁵"."""
    if value == 0:
        return "0"
    if abs(value) >= 999.5:
        return f"{value:,.0f}".replace("-", "−")
    mantissa, power = f"{value:.2e}".split("e")
    if int(power) >= -4:
        return f"{value:.{2 - int(power)}f}".replace("-", "−")
    raised = str(int(power)).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))
    return f"{mantissa}·10{raised}".replace("-", "−")


def percent(share: float) -> str:
    """Return a share as a percentage; never 0 % or 100 % unless it is exactly that."""
    value = 100 * share
    if 0 < value < 0.1:
        return "less than 0.1 %"
    if 99.9 < value < 100:
        return "more than 99.9 %"
    return f"{value:.0f} %" if abs(value - round(value)) < 0.05 else f"{value:.1f} %"


def nouns(noun: str, many: float) -> str:
    """Return "1 image" or "1,797 images"."""
    return f"{count(many)} {noun if round(many) == 1 else noun + 's'}"


def plural(noun: str, many: float) -> str:
    """Return "image" for one and "images" for any other number."""
    return noun if round(many) == 1 else noun + "s"


def between(band: Mapping[str, Any], *, counts: bool) -> str:
    """Return the range of a band: "217 to 245", or "1" where both ends are that."""
    say = about if counts else figure
    low, high = say(band["low"]), say(band["high"])
    return low if low == high else f"{low} to {high}"


def joined(parts: Sequence[str]) -> str:
    """Return parts as in a sentence: "a", "a and b", "a, b and c"."""
    return " and ".join([", ".join(parts[:-1]), parts[-1]] if len(parts) > 1 else parts)

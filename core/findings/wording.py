"""Numbers and nouns of findings, as a person reads them."""

from collections.abc import Sequence

#: What each of the eight ways is called in which a copy may be turned (`core.imaging.perceptual`).
WAYS = (
    "as it is", "turned by 90°", "turned by 180°", "turned by 270°", "mirrored",
    "mirrored and turned by 90°", "mirrored and turned by 180°", "mirrored and turned by 270°",
)  # fmt: skip


def counted(count: int, one: str, many: str = "") -> str:
    """Return a number with its noun: "1 image", "1,200 images"."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def share(value: float) -> str:
    """Return a share as a percentage that is never rounded to all or nothing."""
    percent = 100 * value
    if 0 < percent < 0.1:
        return "less than 0.1 %"
    if 99.9 < percent < 100:
        return "more than 99.9 %"
    if percent < 1 or percent > 99:
        return f"{percent:.1f} %".replace(".0 %", " %")
    return f"{percent:.0f} %"


def listed(words: Sequence[str]) -> str:
    """Join words as in a sentence: a, b and c."""
    if len(words) < 2:
        return "".join(words)
    return f"{', '.join(words[:-1])} and {words[-1]}"


def quoted(words: Sequence[str], most: int = 4) -> str:
    """Join labels in quotation marks: “a”, “b” and 3 more."""
    told = [f"“{word}”" for word in words[:most]]
    more = len(words) - most
    return listed([*told, f"{more:,} more"] if more > 0 else told)


def distance(value: float) -> str:
    """Return a distance with as many digits as it needs: 0.043, 0.0002."""
    if value == 0 or value != value:
        return "0"
    return f"{value:.3f}" if value >= 0.001 else f"{value:.1g}"


def below(value: float, bound: float) -> str:
    """Return two numbers, the first the lower, with as many decimals as tell them apart."""
    for decimals in range(2, 6):
        low, high = f"{value:.{decimals}f}", f"{bound:.{decimals}f}"
        if low != high:
            break
    return f"{low}, below {high}"


def part_of_frame(across: float, down: float) -> str:
    """Return a place of a picture in words, from shares of its sides."""
    sides = ("left", "middle", "right")[min(2, int(3 * across))]
    heights = ("top", "middle", "bottom")[min(2, int(3 * down))]
    if sides == heights:
        return "middle"
    if "middle" in (sides, heights):
        return f"{sides if heights == 'middle' else heights} side"
    return f"{heights} {sides}"

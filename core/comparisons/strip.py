"""A gradient as one picture: real images from end to end over an axis with everyone's positions.

What is drawn is laid out once, as plain parts, and then written as PNG or SVG (`strip_files`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.comparisons.drawing import Bar, Drawing, Line, Part, Photo, Words, fitted_text, wrapped
from core.comparisons.gradients import Gradient
from core.report.words import nouns

INK, SOFT, GREY, PAPER, MOUNT = "#1c2226", "#566067", "#9aa3a9", "#ffffff", "#f4f4f0"
#: Colours of the first and of the second group.
ENDS = ("#2f74b9", "#b4581c")

MARGIN, GUTTER, CAPTION, FOOT = 48, 16, 52, 46
TITLE, TEXT, LABEL, SMALL = 32, 18, 16, 14
#: Height of the heading, of the lines down to the axis, of the bars on each side of it.
HEAD, DROP, BARS = 138, 40, 54
#: Bars across the axis; of each side (−1 is neither) their colour, and −1 for upwards.
BINS = 90
SIDES = {-1: (GREY, -1), 0: (ENDS[0], -1), 1: (ENDS[1], 1)}


@dataclass(frozen=True, slots=True)
class Shown:
    """The picture at a place: a JPEG or PNG file, or None and why there is none."""

    picture: bytes | None
    reason: str = ""


def lay_out(gradient: Gradient, pictures: Sequence[Shown], foot: str = "") -> Drawing:
    """Return a strip as a drawing.

    Parameters
    ----------
    gradient
        What is drawn.
    pictures
        One for each place that has an image, in order.
    foot
        A small line at the bottom: of which set, by which encoder.
    """
    meta = gradient.meta
    count = len(meta["places"])
    side = 220 if count <= 9 else 160 if count <= 15 else 120
    width = max(2 * MARGIN + count * side + (count - 1) * GUTTER, 720)
    parts: list[Part] = _head(meta, width)
    slots = _slots(count, side, width)
    parts += _pictures(meta, pictures, slots, side)
    axis = HEAD + side + CAPTION + DROP
    scale = _Scale(*gradient.reach, slots[0], slots[-1] + side)
    parts += _axis(gradient, scale, axis + BARS)
    parts += _drops(meta["places"], slots, side, scale, axis)
    parts += _ends(meta, axis + 2 * BARS + 44, width)
    height = axis + 2 * BARS + 62 + FOOT
    parts.append(Words(MARGIN, height - 22, fitted_text(foot, width - 2 * MARGIN, SMALL), SMALL,
                       SOFT))  # fmt: skip
    return Drawing(width, height, PAPER, parts, f"{meta['title']}. {meta['text']}")


@dataclass(frozen=True, slots=True)
class _Scale:
    """Where positions lie on the picture."""

    low: float
    high: float
    left: float
    right: float

    def __call__(self, position: float) -> float:
        span = self.high - self.low or 1.0
        return self.left + (position - self.low) / span * (self.right - self.left)


def _head(meta: dict[str, Any], width: int) -> list[Part]:
    """Return the title and what was found."""
    room = width - 2 * MARGIN
    lines = wrapped(meta["text"], room, TEXT, most=2)
    return [
        Words(MARGIN, 52, fitted_text(meta["title"], room, TITLE), TITLE, INK),
        *(Words(MARGIN, 84 + 24 * at, line, TEXT, SOFT) for at, line in enumerate(lines)),
    ]


def _slots(count: int, side: int, width: int) -> list[float]:
    """Return the left edge of every place."""
    used = count * side + (count - 1) * GUTTER
    return [(width - used) / 2 + at * (side + GUTTER) for at in range(count)]


def _pictures(
    meta: dict[str, Any], pictures: Sequence[Shown], slots: Sequence[float], side: int
) -> list[Part]:
    """Return the pictures with what is under them; an empty place is an empty frame."""
    parts: list[Part] = []
    waiting, none = iter(pictures), f"no {meta['noun']} here"
    for place, left in zip(meta["places"], slots, strict=True):
        middle = left + side / 2
        if place["row"] is None:
            parts.append(Bar(left, HEAD, side, side, None, GREY, dashed=True))
            parts.append(Words(middle, HEAD + side / 2, none, SMALL, SOFT, "middle"))
            continue
        shown = next(waiting)
        parts.append(Bar(left, HEAD, side, side, MOUNT))
        if shown.picture is None:
            why = fitted_text(shown.reason, side - 12, SMALL)
            parts.append(Words(middle, HEAD + side / 2, why, SMALL, SOFT, "middle"))
        else:
            parts.append(Photo(left, HEAD, side, side, shown.picture))
        told = "–" if place["t"] is None else f"{round(place['t'], 2) or 0.0:.2f}"
        if place["bridge"]:
            told += ", after a bridge"
        text = fitted_text(place["text"], side, LABEL)
        parts.append(Words(middle, HEAD + side + 20, text, LABEL, INK, "middle"))
        parts.append(Words(middle, HEAD + side + 40, fitted_text(told, side, SMALL), SMALL, SOFT,
                           "middle"))  # fmt: skip
    return parts


def _drops(
    places: Sequence[dict[str, Any]], slots: Sequence[float], side: int, scale: _Scale, axis: float
) -> list[Part]:
    """Return a line from every picture down to where it lies on the axis."""
    parts: list[Part] = []
    for place, left in zip(places, slots, strict=True):
        if place["t"] is not None:
            top, to = HEAD + side + CAPTION, scale(place["t"])
            parts.append(Line(left + side / 2, top, to, axis + BARS, SOFT, 1))
            parts.append(Bar(to - 4, axis + BARS - 4, 8, 8, INK))
    return parts


def _axis(gradient: Gradient, scale: _Scale, level: float) -> list[Part]:
    """Return the axis with its numbers, and how many images lie where, each end on its side."""
    step = (scale.right - scale.left) / BINS
    parts: list[Part] = []
    for side, counts in gradient.counted(BINS).items():
        colour, way = SIDES[side]
        most = max(1, int(counts.max()))
        for at in np.flatnonzero(counts).tolist():
            tall = max(2.0, BARS * float(counts[at]) / most)
            top = level - tall if way < 0 else level
            parts.append(Bar(scale.left + at * step, top, step - 0.6, tall, colour))
    parts.append(Line(scale.left, level, scale.right, level, INK, 2))
    below = level + (BARS + 18 if gradient.meta["a"] else 18)
    for tick in _ticks(gradient.meta):
        x = scale(tick)
        parts.append(Line(x, level - 5, x, level + 6, INK, 2))
        parts.append(Words(x, below, f"{tick:g}", SMALL, SOFT, "middle"))
    return parts


def _ticks(meta: dict[str, Any]) -> list[float]:
    """Return the numbers on the axis: of the way from 0 to 1, else whole standard deviations."""
    if meta["kind"] != "principal":
        return [0.0, 0.25, 0.5, 0.75, 1.0]
    found = [float(n) for n in range(int(np.ceil(meta["low"])), int(np.floor(meta["high"])) + 1)]
    return found or [round(meta["low"], 2), round(meta["high"], 2)]


def _ends(meta: dict[str, Any], top: float, width: int) -> list[Part]:
    """Return what lies at both ends, in the colours of the bars."""
    room = (width - 2 * MARGIN) / 2 - 12
    if meta["a"] is None:
        told = "positions in standard deviations of the units from their mean; bars: all images"
        return [Words(width / 2, top, told, LABEL, SOFT, "middle")]
    first, second = (fitted_text(_end(meta, end), room, LABEL) for end in "ab")
    return [
        Words(MARGIN, top, first, LABEL, ENDS[0]),
        Words(width - MARGIN, top, second, LABEL, ENDS[1], "end"),
    ]


def _end(meta: dict[str, Any], end: str) -> str:
    """Return the title of an end, of a group with how many images it has."""
    told = meta[end]
    if told["row"] is not None:
        return str(told["title"])
    return f"{told['title']} ({nouns(meta['noun'], told['images'])})"

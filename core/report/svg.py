"""Drawing charts as SVG text: scales, axes, lines, bands and marks, each chart with a text.

Nothing is named by colour alone, and colours come from classes, so that one drawing is right on
light, on dark and on paper.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from core.report.text import absent, escape

#: Width of a character against the size of the type, about.
LETTER = 0.56


@dataclass(frozen=True, slots=True)
class Scale:
    """A linear scale from values `low`..`high` to places `start`..`end` in the drawing."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Return the place of a value; values outside are put at the nearer end."""
        if self.high <= self.low:
            return (self.start + self.end) / 2
        part = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return self.start + part * (self.end - self.start)


def ticks(low: float, high: float, wanted: int = 5) -> list[float]:
    """Return round numbers from `low` to `high`, about as many as wanted, at least one."""
    if not (math.isfinite(low) and math.isfinite(high)) or high <= low:
        return [low] if math.isfinite(low) else [0.0]
    rough = (high - low) / max(1, wanted)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next((m * power for m in (1, 2, 2.5, 5, 10) if m * power >= rough * 0.999), rough)
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(i * step, 12) for i in range(first, last + 1)] or [low]


def tick_text(value: float) -> str:
    """Return an axis number in as few characters as it needs."""
    if value and abs(value) < 1e-3:
        return f"{value:.1e}".replace("e-0", "e−").replace("e-", "e−").replace("-", "−")
    text = f"{value:,.4f}".rstrip("0").rstrip(".") if value % 1 else f"{value:,.0f}"
    return text.replace("-", "−")


def _at(value: float) -> str:
    """Return a coordinate in few characters."""
    return f"{value:.1f}".removesuffix(".0")


def path(points: Sequence[tuple[float, float]]) -> str:
    """Return the path through points."""
    return "M" + "L".join(f"{_at(x)} {_at(y)}" for x, y in points) if points else ""


@dataclass(slots=True)
class Drawing:
    """An SVG drawing of a size in its own units, with a title and a description for all.

    `name` is unique in the file; `title` says what is shown and `text` the same in words.
    """

    name: str
    width: float
    height: float
    title: str
    text: str
    parts: list[str] = field(default_factory=list)

    def line(self, points: Sequence[tuple[float, float]], look: str) -> None:
        """Draw a line through points."""
        if len(points) > 1:
            self.parts.append(f'<path class="{look}" d="{path(points)}"/>')

    def area(
        self, upper: Sequence[tuple[float, float]], lower: Sequence[tuple[float, float]], look: str
    ) -> None:
        """Fill what lies between two lines."""
        if upper and lower:
            outline = path([*upper, *reversed(lower)])
            self.parts.append(f'<path class="{look}" d="{outline}Z"/>')

    def box(self, x: float, y: float, width: float, height: float, look: str) -> None:
        """Draw a rectangle; one without width still shows."""
        self.parts.append(
            f'<rect class="{look}" x="{_at(x)}" y="{_at(y)}" '
            f'width="{_at(max(width, 0.6))}" height="{_at(max(height, 0.6))}"/>'
        )

    def dots(self, points: Sequence[tuple[float, float]], look: str) -> None:
        """Draw round dots as one path; their size is the width of the line."""
        if points:
            dotted = "".join(f"M{_at(x)} {_at(y)}h0" for x, y in points)
            self.parts.append(f'<path class="{look}" d="{dotted}"/>')

    def diamond(self, x: float, y: float, reach: float, look: str) -> None:
        """Draw a diamond, the mark of what was chosen."""
        corners = [(x, y - reach), (x + reach, y), (x, y + reach), (x - reach, y)]
        self.parts.append(f'<path class="{look}" d="{path(corners)}Z"/>')

    def words(self, x: float, y: float, text: str, look: str = "t", anchor: str = "start") -> None:
        """Write text; `anchor` is start, middle or end."""
        self.parts.append(
            f'<text class="{look}" x="{_at(x)}" y="{_at(y)}" text-anchor="{anchor}">'
            f"{escape(text)}</text>"
        )

    def turned(self, x: float, y: float, text: str) -> None:
        """Write text upwards, in the middle of a place."""
        self.parts.append(
            f'<text class="t" transform="translate({_at(x)} {_at(y)}) rotate(-90)" '
            f'text-anchor="middle">{escape(text)}</text>'
        )

    def svg(self, look: str = "", *, stretched: bool = False) -> str:
        """Return the drawing as an element for an HTML page; stretched it fills any shape."""
        shape = ' preserveAspectRatio="none"' if stretched else ""
        known = f'{self.name}-t {self.name}-d"'
        return (
            f'<svg class="chart {look}" viewBox="0 0 {_at(self.width)} {_at(self.height)}" '
            f'role="img"{shape} aria-labelledby="{known}><title id="{self.name}-t">'
            f'{escape(self.title)}</title><desc id="{self.name}-d">{escape(self.text)}</desc>'
            f"{''.join(self.parts)}</svg>"
        )


@dataclass(frozen=True, slots=True)
class Frame:
    """The frame of a chart with two axes: its drawing and both scales."""

    drawing: Drawing
    x: Scale
    y: Scale

    def places(self, xs: Sequence[float], ys: Sequence[float | None]) -> list[tuple[float, float]]:
        """Return the places of values; those that are missing are left out."""
        return [
            (self.x(x), self.y(y))
            for x, y in zip(xs, ys, strict=False)
            if y is not None and not absent(y)
        ]


def framed(drawing: Drawing, x: tuple[float, float] | None, y: tuple[float, float],
           x_name: str, y_name: str, *, percent: bool = False) -> Frame:  # fmt: skip
    """Return a frame with axes from `x[0]` to `x[1]` and `y[0]` to `y[1]`, numbered and named.

    Without `x` the x axis has no numbers: its places are named by who draws there.
    """
    y_ticks = ticks(*y, 4)
    y_texts = [f"{tick_text(t)} %" if percent else tick_text(t) for t in y_ticks]
    left = 26 + 12 * LETTER * max(len(t) for t in y_texts)
    low, high = x or (0.0, 1.0)
    across = Scale(low, high, left, drawing.width - 14)
    up = Scale(y[0], y[1], drawing.height - 38, 12)
    for value, text in zip(y_ticks, y_texts, strict=True):
        at = up(value)
        drawing.line([(across.start, at), (across.end, at)], "grid")
        drawing.words(across.start - 6, at + 4, text, "t", "end")
    for value in _across_ticks(across) if x else []:
        drawing.words(across(value), up.start + 16, tick_text(value), "t", "middle")
    drawing.line([(across.start, up.start), (across.end, up.start)], "axis")
    drawing.words((across.start + across.end) / 2, drawing.height - 5, x_name, "t", "middle")
    drawing.turned(12, (up.start + up.end) / 2, y_name)
    return Frame(drawing, across, up)


def _across_ticks(across: Scale) -> list[float]:
    """Return as many numbers for an x axis as stand beside each other."""
    widest = max(len(tick_text(t)) for t in ticks(across.low, across.high, 5))
    room = int((across.end - across.start) / (widest * 12 * LETTER + 16))
    return ticks(across.low, across.high, max(2, min(5, room)))

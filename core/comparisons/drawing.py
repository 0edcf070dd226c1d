"""A drawing of few kinds of parts, written as PNG by Pillow or as SVG: the same twice."""

import base64
import html
import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal

from PIL import Image, ImageDraw, ImageFont

from core.export.sheet import fitted, written
from core.export.sheet_png import has_glyph
from core.imaging.thumbnails import thumbnail_type

Anchor = Literal["start", "middle", "end"]

#: Pixels of a dash and of a gap.
DASH = (6, 5)
FONT = "Aileron, 'Helvetica Neue', Helvetica, Arial, sans-serif"


@dataclass(frozen=True, slots=True)
class Bar:
    """A rectangle, filled or framed."""

    x: float
    y: float
    width: float
    height: float
    fill: str | None = None
    line: str | None = None
    dashed: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A straight line."""

    x: float
    y: float
    to_x: float
    to_y: float
    colour: str
    width: float = 1.0


@dataclass(frozen=True, slots=True)
class Words:
    """A line of text; `y` is its middle."""

    x: float
    y: float
    text: str
    size: int
    colour: str
    anchor: Anchor = "start"


@dataclass(frozen=True, slots=True)
class Photo:
    """A JPEG or PNG file, as large as it fits a frame, in its middle."""

    x: float
    y: float
    width: float
    height: float
    data: bytes


Part = Bar | Line | Words | Photo


@dataclass(frozen=True, slots=True)
class Drawing:
    """Parts on a ground, drawn in order; `told` says in words what they show."""

    width: int
    height: int
    ground: str
    parts: Sequence[Part]
    told: str = ""


# -- text ------------------------------------------------------------------------------------------


@cache
def font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Return Pillow's own font at a size."""
    return ImageFont.load_default(size)


def fitted_text(text: str, room: float, size: int) -> str:
    """Return a text in characters the font has, cut to a width in pixels."""
    return fitted(written(text, has_glyph), room, font(size).getlength)


def wrapped(text: str, room: float, size: int, most: int) -> list[str]:
    """Return a text as lines of a width, `most` at most; the last is cut where it is too long."""
    lines: list[str] = []
    words = written(text, has_glyph).split()
    while words and len(lines) < most:
        if len(lines) == most - 1:
            lines.append(fitted(" ".join(words), room, font(size).getlength))
            break
        taken = len(words)
        while taken > 1 and font(size).getlength(" ".join(words[:taken])) > room:
            taken -= 1
        lines.append(fitted(" ".join(words[:taken]), room, font(size).getlength))
        words = words[taken:]
    return lines


def fit(data: bytes, width: float, height: float) -> Image.Image:
    """Return a picture scaled into a frame; a tiny one is enlarged in whole pixels."""
    with Image.open(io.BytesIO(data)) as opened:
        picture = opened.convert("RGB")
    scale = min(width / picture.width, height / picture.height)
    if scale >= 2:
        size = (picture.width * int(scale), picture.height * int(scale))
        return picture.resize(size, Image.Resampling.NEAREST)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return picture.resize(size, Image.Resampling.LANCZOS)


# -- PNG -------------------------------------------------------------------------------------------


def png(drawing: Drawing) -> bytes:
    """Return a drawing as a PNG file; the same drawing gives the same bytes."""
    canvas = Image.new("RGB", (drawing.width, drawing.height), drawing.ground)
    draw = ImageDraw.Draw(canvas)
    for part in drawing.parts:
        if isinstance(part, Photo):
            picture = fit(part.data, part.width, part.height)
            left = round(part.x + (part.width - picture.width) / 2)
            canvas.paste(picture, (left, round(part.y + (part.height - picture.height) / 2)))
        elif isinstance(part, Words):
            anchor = {"start": "lm", "middle": "mm", "end": "rm"}[part.anchor]
            draw.text((part.x, part.y), part.text, part.colour, font(part.size), anchor=anchor)
        elif isinstance(part, Line):
            ends = [(part.x, part.y), (part.to_x, part.to_y)]
            draw.line(ends, part.colour, max(1, round(part.width)))
        else:
            _paint_bar(draw, part)
    buffer = io.BytesIO()
    canvas.save(buffer, "PNG", dpi=(150, 150))
    return buffer.getvalue()


def _paint_bar(draw: ImageDraw.ImageDraw, bar: Bar) -> None:
    """Draw a rectangle; Pillow itself knows no dashes."""
    box = [bar.x, bar.y, bar.x + max(bar.width - 1, 0), bar.y + max(bar.height - 1, 0)]
    if bar.fill:
        draw.rectangle(box, bar.fill)
    if not bar.line:
        return
    if not bar.dashed:
        draw.rectangle(box, outline=bar.line)
        return
    left, top, right, bottom = box
    for start, end in _dashes(left, right):
        draw.line([(start, top), (end, top)], bar.line)
        draw.line([(start, bottom), (end, bottom)], bar.line)
    for start, end in _dashes(top, bottom):
        draw.line([(left, start), (left, end)], bar.line)
        draw.line([(right, start), (right, end)], bar.line)


def _dashes(start: float, end: float) -> list[tuple[float, float]]:
    """Return where dashes begin and end between two places."""
    on, off = DASH
    count = int((end - start) // (on + off)) + 1
    return [(at, min(at + on, end)) for at in (start + i * (on + off) for i in range(count))]


# -- SVG -------------------------------------------------------------------------------------------


def svg(drawing: Drawing) -> bytes:
    """Return a drawing as an SVG file that holds its pictures; the same gives the same bytes."""
    told = html.escape(drawing.told)
    size = f'width="{drawing.width}" height="{drawing.height}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} '
        f'viewBox="0 0 {drawing.width} {drawing.height}" role="img" font-family="{FONT}">',
        f"<title>{told}</title>",
        f'<rect {size} fill="{drawing.ground}"/>',
        *(_svg_part(part) for part in drawing.parts),
        "</svg>",
    ]
    return "\n".join(parts).encode("utf-8", errors="replace")


def _svg_part(part: Part) -> str:
    """Return one part as SVG."""
    if isinstance(part, Photo):
        data = base64.b64encode(part.data).decode("ascii")
        return (
            f'<image {_box(part)} preserveAspectRatio="xMidYMid meet" '
            f'href="data:{thumbnail_type(part.data)};base64,{data}"/>'
        )
    if isinstance(part, Words):
        return (
            f'<text x="{part.x:.1f}" y="{part.y:.1f}" font-size="{part.size}" '
            f'fill="{part.colour}" text-anchor="{part.anchor}" dominant-baseline="central">'
            f"{html.escape(part.text)}</text>"
        )
    if isinstance(part, Line):
        return (
            f'<line x1="{part.x:.1f}" y1="{part.y:.1f}" x2="{part.to_x:.1f}" '
            f'y2="{part.to_y:.1f}" stroke="{part.colour}" stroke-width="{part.width:g}"/>'
        )
    dashes = f' stroke-dasharray="{DASH[0]} {DASH[1]}"' if part.dashed else ""
    line = f' stroke="{part.line}"{dashes}' if part.line else ""
    return f'<rect {_box(part)} fill="{part.fill or "none"}"{line}/>'


def _box(part: Bar | Photo) -> str:
    return f'x="{part.x:.1f}" y="{part.y:.1f}" width="{part.width:.1f}" height="{part.height:.1f}"'

"""A contact sheet as one PNG."""

import io
from functools import cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from core.export.sheet import Cell, Sheet, caption, columns_for, fitted, written
from core.export.whole import write_whole

INK, SOFT, LINE, PAPER, MOUNT = "#1c2226", "#566067", "#dedfd8", "#ffffff", "#f4f4f0"

MARGIN, GUTTER, HEAD, FOOT = 48, 20, 118, 32
TITLE, ABOUT, LABEL, NAME = 36, 20, 17, 15
#: Height of a caption under its picture.
CAPTION = 60


@cache
def _font(size: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


@cache
def _missing() -> bytes:
    """Return how the font draws what it does not have."""
    return bytes(_font(20).getmask("\uffff"))


@cache
def has_glyph(character: str) -> bool:
    """Tell whether Pillow's own font has a character."""
    return character == " " or bytes(_font(20).getmask(character)) != _missing()


def write_png(target: Path, sheet: Sheet) -> None:
    """Write the sheet; the same sheet gives the same bytes."""
    picture = paint(sheet)
    write_whole(target, lambda part: picture.save(part, "PNG"))


def paint(sheet: Sheet) -> Image.Image:
    """Return the sheet as a picture."""
    count = len(sheet.cells)
    side = 240 if count <= 60 else 200 if count <= 160 else 160
    columns = columns_for(count, 20, 4)
    rows = -(-count // columns)
    width = 2 * MARGIN + columns * side + (columns - 1) * GUTTER
    body = rows * (side + CAPTION) if rows else CAPTION
    canvas = Image.new("RGB", (width, HEAD + MARGIN // 2 + body + FOOT), PAPER)
    draw = ImageDraw.Draw(canvas)
    _head(draw, sheet, width)
    top = HEAD + MARGIN // 2
    if not rows:
        draw.text((MARGIN, top), "There is nothing to show.", SOFT, _font(ABOUT))
    for number, cell in enumerate(sheet.cells):
        row, column = divmod(number, columns)
        place = (MARGIN + column * (side + GUTTER), top + row * (side + CAPTION))
        _cell(canvas, draw, cell, place, side)
    return canvas


def _head(draw: ImageDraw.ImageDraw, sheet: Sheet, width: int) -> None:
    """Draw the title, what is shown, and a line below."""
    room = width - 2 * MARGIN
    for text, top, size, colour in (
        (sheet.title, 30, TITLE, INK), (sheet.about, 78, ABOUT, SOFT),
    ):  # fmt: skip
        font = _font(size)
        shown = fitted(written(text, has_glyph), room, font.getlength)
        draw.text((MARGIN, top), shown, colour, font)
    draw.line([(MARGIN, HEAD), (width - MARGIN - 1, HEAD)], LINE, 1)


def _cell(
    canvas: Image.Image, draw: ImageDraw.ImageDraw, cell: Cell, place: tuple[int, int], side: int
) -> None:
    """Draw one picture on its mount, and its caption."""
    left, top = place
    draw.rectangle([left, top, left + side - 1, top + side - 1], MOUNT)
    if cell.picture is None:
        reason = fitted(written(cell.reason, has_glyph), side - 16, _font(NAME).getlength)
        draw.text((left + side // 2, top + side // 2), reason, SOFT, _font(NAME), anchor="mm")
    else:
        picture = _scaled(cell.picture, side)
        x, y = left + (side - picture.width) // 2, top + (side - picture.height) // 2
        canvas.paste(picture, (x, y))
    first, second = caption(cell, has_glyph)
    label, name = _font(LABEL), _font(NAME)
    only = not second  # the file's name stands alone
    draw.text((left, top + side + 5), fitted(first, side, label.getlength, middle=only), INK, label)
    shown = fitted(second, side, name.getlength, middle=True)
    draw.text((left, top + side + 27), shown, SOFT, name)


def _scaled(data: bytes, side: int) -> Image.Image:
    """Return a thumbnail that fits its mount; a tiny one is enlarged in whole pixels."""
    with Image.open(io.BytesIO(data)) as opened:
        picture = opened.convert("RGB")
    longest = max(picture.size)
    if longest * 2 <= side:
        factor = side // longest
        size = (picture.width * factor, picture.height * factor)
        return picture.resize(size, Image.Resampling.NEAREST)
    scale = side / longest
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return picture.resize(size, Image.Resampling.LANCZOS) if size != picture.size else picture

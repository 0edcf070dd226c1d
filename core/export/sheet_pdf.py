"""A contact sheet as a PDF of A4 pages; pictures as they are cached, captions as real text."""

from pathlib import Path
from typing import BinaryIO

from core.export.pdf import HEIGHT, WIDTH, Page, Pdf, fits, has_glyph, text_width
from core.export.sheet import Cell, Sheet, caption, columns_for, fitted, written
from core.export.sheet_png import INK, LINE, MOUNT, SOFT
from core.export.whole import write_whole

MARGIN, GUTTER, HEAD, RUNNING, FOOT = 40.0, 10.0, 62.0, 26.0, 30.0
TITLE, ABOUT, LABEL, NAME, SMALL = 18.0, 10.0, 8.0, 7.0, 8.0
#: Height of a caption under its picture, with the room below it.
CAPTION = 26.0


def write_pdf(target: Path, sheet: Sheet) -> None:
    """Write the sheet; the same sheet gives the same bytes."""

    def write(part: Path) -> None:
        with part.open("wb") as file:
            _draw(file, sheet)

    write_whole(target, write)


def _draw(file: BinaryIO, sheet: Sheet) -> None:
    """Draw page after page."""
    columns = columns_for(len(sheet.cells), 6, 3)
    side = (WIDTH - 2 * MARGIN - (columns - 1) * GUTTER) / columns
    pages = _pages(sheet.cells, columns, side + CAPTION)
    pdf = Pdf(file, sheet.title)
    for number, cells in enumerate(pages):
        page = Page()
        top = _head(page, sheet) if number == 0 else _running(page, sheet)
        if not sheet.cells:
            page.text(MARGIN, top + ABOUT, "There is nothing to show.", ABOUT, SOFT)
        for place, cell in enumerate(cells):
            row, column = divmod(place, columns)
            left = MARGIN + column * (side + GUTTER)
            _cell(pdf, page, cell, left, top + row * (side + CAPTION), side)
        told = f"{number + 1} of {len(pages)}"
        right = WIDTH - MARGIN - text_width(told, SMALL)
        page.text(right, HEIGHT - FOOT + 4, told, SMALL, SOFT)
        pdf.page(page)
    pdf.finish()


def _pages(cells: list[Cell], columns: int, height: float) -> list[list[Cell]]:
    """Return the cells of each page; the first page has less room, for the title."""
    pages: list[list[Cell]] = []
    start = 0
    while start < len(cells) or not pages:
        top = MARGIN + (RUNNING if pages else HEAD)
        rows = max(1, int((HEIGHT - top - FOOT - 8) // height))
        pages.append(cells[start : start + rows * columns])
        start += rows * columns
    return pages


def _line(text: str, room: float, size: float, *, bold: bool = False, middle: bool = False) -> str:
    """Return a text in the font's characters, cut to the room there is."""
    shown = written(text, has_glyph)
    return fitted(shown, room, lambda t: text_width(t, size, bold=bold), middle=middle)


def _head(page: Page, sheet: Sheet) -> float:
    """Draw the title and what is shown; return where the pictures begin."""
    room = WIDTH - 2 * MARGIN
    page.text(MARGIN, MARGIN + 16, _line(sheet.title, room, TITLE, bold=True), TITLE, INK,
              bold=True)  # fmt: skip
    page.text(MARGIN, MARGIN + 33, _line(sheet.about, room, ABOUT), ABOUT, SOFT)
    page.rectangle(MARGIN, MARGIN + 45, room, 0.6, LINE)
    return MARGIN + HEAD


def _running(page: Page, sheet: Sheet) -> float:
    """Draw the title of a further page; return where the pictures begin."""
    room = WIDTH - 2 * MARGIN
    page.text(MARGIN, MARGIN + 4, _line(sheet.title, room, SMALL), SMALL, SOFT)
    page.rectangle(MARGIN, MARGIN + 12, room, 0.6, LINE)
    return MARGIN + RUNNING


def _cell(pdf: Pdf, page: Page, cell: Cell, left: float, top: float, side: float) -> None:
    """Draw one picture on its mount, and its caption."""
    page.rectangle(left, top, side, side, MOUNT)
    if cell.picture is None:
        reason = _line(cell.reason, side - 8, NAME)
        inset = (side - text_width(reason, NAME)) / 2
        page.text(left + inset, top + side / 2, reason, NAME, SOFT)
    else:
        number, *size = pdf.picture(cell.picture)
        width, height = fits(size, side)
        place = left + (side - width) / 2, top + (side - height) / 2
        page.picture(number, *place, width, height)
    first, second = caption(cell, has_glyph)
    shown = _line(first, side, LABEL, bold=True, middle=not second)
    page.text(left, top + side + 9.5, shown, LABEL, INK, bold=True)
    page.text(left, top + side + 18, _line(second, side, NAME, middle=True), NAME, SOFT)

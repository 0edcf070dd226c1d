"""Just enough of PDF: pages of pictures, lines and Helvetica, written as they come.

The base fonts are named, not embedded: every reader brings them or their like, so widths come
from their published metrics. Text is in cp1252 (WinAnsi) and stays searchable.
"""

import io
import unicodedata
import zlib
from collections.abc import Sequence
from functools import cache
from typing import BinaryIO

from PIL import Image

#: A4 in points.
WIDTH, HEIGHT = 595.28, 841.89

# Helvetica's advance widths in thousandths, U+0020 to U+007E (Adobe font metrics).
_WIDTHS = [
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278,
    556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
    1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
    333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,
    556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
]  # fmt: skip
#: Helvetica-Bold is nowhere wider than this times Helvetica, on whole words.
_BOLD = 1.1
#: The width taken for a character that is neither of these nor an accented one.
_OTHER = 1000


def has_glyph(character: str) -> bool:
    """Tell whether Helvetica in cp1252 has a character."""
    try:
        return bool(character.encode("cp1252")) and character >= " " and character != "\x7f"
    except UnicodeEncodeError:
        return False


def text_width(text: str, size: float, *, bold: bool = False) -> float:
    """Return a text's width in points, never less than it is drawn."""
    total = sum(map(_advance, text))
    return total * size / 1000 * (_BOLD if bold else 1)


@cache
def _advance(character: str) -> int:
    """Return a character's width in thousandths; an accent adds nothing to its letter."""
    base = unicodedata.normalize("NFD", character)[0]
    return _WIDTHS[ord(base) - 32] if " " <= base <= "~" else _OTHER


def _text(value: str) -> bytes:
    """Return a text as a PDF string."""
    data = value.encode("cp1252", "replace")
    for special in (b"\\", b"(", b")"):
        data = data.replace(special, b"\\" + special)
    return b"(" + data + b")"


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _colour(value: str) -> str:
    """Return "#rrggbb" as three numbers from 0 to 1."""
    return " ".join(_number(int(value[i : i + 2], 16) / 255) for i in (1, 3, 5))


class Page:
    """One page under way: what is drawn on it; lengths in points from the top left."""

    def __init__(self) -> None:
        self.drawn: list[bytes] = []
        self.pictures: list[int] = []

    def text(
        self, left: float, base: float, text: str, size: float, colour: str, *, bold: bool = False
    ) -> None:
        """Write a line whose baseline is `base` below the page's top."""
        font = "/B" if bold else "/R"
        place = f"{_number(left)} {_number(HEIGHT - base)}"
        head = f"BT {_colour(colour)} rg {font} {_number(size)} Tf {place} Td "
        self.drawn.append(head.encode() + _text(text) + b" Tj ET")

    def rectangle(self, left: float, top: float, width: float, height: float, colour: str) -> None:
        """Fill a rectangle."""
        place = " ".join(map(_number, (left, HEIGHT - top - height, width, height)))
        self.drawn.append(f"{_colour(colour)} rg {place} re f".encode())

    def picture(self, number: int, left: float, top: float, width: float, height: float) -> None:
        """Draw a picture that `Pdf.picture` has stored."""
        self.pictures.append(number)
        place = " ".join(map(_number, (width, 0, 0, height, left, HEIGHT - top - height)))
        self.drawn.append(f"q {place} cm /P{number} Do Q".encode())


class Pdf:
    """A PDF written to a file page by page; without dates, so that it depends on its content only.

    Parameters
    ----------
    file
        Written from its beginning.
    title
        What readers show as the document's name.
    """

    def __init__(self, file: BinaryIO, title: str):
        self._file, self._title = file, title
        self._offsets: dict[int, int] = {}
        self._pages: list[int] = []
        self._next = 5  # 1 catalogue, 2 pages, 3 and 4 the fonts
        self._at = 0
        self._put(b"%PDF-1.4\n%\xe2\xe3\xcf\xd3\n")

    def _put(self, data: bytes) -> None:
        self._file.write(data)
        self._at += len(data)

    def _object(self, number: int, body: bytes, stream: bytes | None = None) -> int:
        """Write one object."""
        self._offsets[number] = self._at
        if stream is not None:
            body = body[:-2] + b" /Length %d >>\nstream\n" % len(stream) + stream + b"\nendstream"
        self._put(b"%d 0 obj\n" % number + body + b"\nendobj\n")
        return number

    def _new(self) -> int:
        self._next += 1
        return self._next - 1

    def picture(self, data: bytes) -> tuple[int, int, int]:
        """Store a JPEG as it is, or another picture without loss; return number, width, height."""
        with Image.open(io.BytesIO(data)) as found:
            size, jpeg = found.size, found.format == "JPEG" and found.mode in {"RGB", "L"}
            space = "DeviceGray" if jpeg and found.mode == "L" else "DeviceRGB"
            pixels = data if jpeg else zlib.compress(found.convert("RGB").tobytes(), 9)
        coding = "DCTDecode" if jpeg else "FlateDecode"
        head = (
            f"<< /Type /XObject /Subtype /Image /Width {size[0]} /Height {size[1]}"
            f" /ColorSpace /{space} /BitsPerComponent 8 /Filter /{coding} >>"
        )
        return self._object(self._new(), head.encode(), pixels), *size

    def page(self, page: Page) -> None:
        """Write a finished page."""
        content = self._object(
            self._new(), b"<< /Filter /FlateDecode >>", zlib.compress(b"\n".join(page.drawn), 9)
        )
        names = " ".join(f"/P{n} {n} 0 R" for n in dict.fromkeys(page.pictures))
        body = (
            f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 {WIDTH} {HEIGHT}]"
            f" /Contents {content} 0 R"
            f" /Resources << /Font << /R 3 0 R /B 4 0 R >> /XObject << {names} >> >> >>"
        )
        self._pages.append(self._object(self._new(), body.encode()))

    def finish(self) -> None:
        """Write what holds the pages together."""
        kids = " ".join(f"{number} 0 R" for number in self._pages)
        self._object(1, b"<< /Type /Catalog /Pages 2 0 R >>")
        self._object(2, f"<< /Type /Pages /Kids [{kids}] /Count {len(self._pages)} >>".encode())
        for number, name in ((3, "Helvetica"), (4, "Helvetica-Bold")):
            font = f"<< /Type /Font /Subtype /Type1 /BaseFont /{name} /Encoding /WinAnsiEncoding >>"
            self._object(number, font.encode())
        title = b"\xfe\xff" + self._title.encode("utf-16-be", "replace")
        info = self._object(
            self._new(), f"<< /Title <{title.hex()}> /Producer (Vitrine) >>".encode()
        )
        start = self._at
        self._put(b"xref\n0 %d\n0000000000 65535 f \n" % self._next)
        for number in range(1, self._next):
            self._put(b"%010d 00000 n \n" % self._offsets[number])
        trailer = f"trailer\n<< /Size {self._next} /Root 1 0 R /Info {info} 0 R >>\n"
        self._put(f"{trailer}startxref\n{start}\n%%EOF\n".encode())


def fits(size: Sequence[int], side: float) -> tuple[float, float]:
    """Return a picture's width and height when its longest side is `side`."""
    scale = side / max(size)
    return size[0] * scale, size[1] * scale

"""Contact sheets: what is on them, in which order, and that the same input gives the same bytes."""

import io
import re
import zlib

import numpy as np
import pytest
from making import picture
from PIL import Image

from core.errors import InputError
from core.export import pdf, sheet_png
from core.export.sheet import (
    Cell,
    Sheet,
    caption,
    collect,
    even_sample,
    fitted,
    written,
)
from core.export.sheet_pdf import write_pdf
from core.export.sheet_png import paint, write_png
from core.export.sources import Source
from core.imaging.decode import WHOLE, encode_thumbnail
from core.model import Region
from core.storage.store import Workspace


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path / "ws")


def many(workspace, count, colour=None):
    """Return sources whose thumbnails are cached: one picture, or a colour, for all."""
    data = encode_thumbnail(Image.new("RGB", (100, 80), colour) if colour else picture(1))
    items = [Source(i, f"{i:064x}", f"{i}.png", WHOLE, "moth") for i in range(count)]
    for item in items:
        workspace.thumbnails.set(item.item_id, data)
    return items


def gathered(workspace, sources, to="sheet-pdf", **more):
    return collect(sources, workspace.root, workspace, to, title="moths", **more)


def pages(data):
    return re.findall(rb"/Type /Page\b(?!s)", data)


def streams(data):
    """Return a PDF's page contents, unpacked."""
    found = re.findall(rb"<< /Filter /FlateDecode +/Length \d+ >>\nstream\n(.*?)\nendstream", data,
                       re.S)  # fmt: skip
    return b"\n".join(zlib.decompress(part) for part in found).decode("cp1252")


def words(data):
    return [
        re.sub(r"\\(.)", r"\1", w) for w in re.findall(r"\(((?:\\.|[^()])*)\) Tj", streams(data))
    ]


@pytest.mark.parametrize("count", [0, 1, 401])
def test_the_same_input_gives_the_same_bytes(workspace, tmp_path, count):
    sources = many(workspace, count)
    for to, write in (("sheet-png", write_png), ("sheet-pdf", write_pdf)):
        data = []
        for name in ("a", "b"):
            write(tmp_path / name, gathered(workspace, sources, to, of=max(1, count)))
            data.append((tmp_path / name).read_bytes())
        assert data[0] == data[1]
        assert b"CreationDate" not in data[0]


def test_a_png_holds_400_of_more_evenly_and_says_so(workspace):
    sheet = gathered(workspace, many(workspace, 401), "sheet-png", of=401)
    rows = [cell.row for cell in sheet.cells]
    assert (len(rows), rows[0], rows == sorted(set(rows))) == (400, 0, True)
    assert "400 of 401" in sheet.about
    assert len(gathered(workspace, many(workspace, 401), "sheet-pdf", of=401).cells) == 401


@pytest.mark.parametrize(("total", "most"), [(12_345, 400), (2001, 2000), (5, 400), (0, 400)])
def test_an_even_sample_has_no_gap_larger_than_it_must(total, most):
    found = even_sample(total, most)
    assert len(found) == min(total, most)
    assert len(set(found)) == len(found)
    if total > most:
        gaps = np.diff([*found, total])
        assert gaps.max() - gaps.min() <= 1


@pytest.mark.parametrize(
    ("about", "chosen", "of", "said"),
    [
        ("", 3, 3, "3 images"),
        ("", 1, 1, "1 image"),
        ("", 3, 1200, "3 selected of 1,200 images"),
        ("slice “x”", 3, 1200, "slice “x” · 3 images"),
        ("", 0, 5, "0 selected of 5 images"),
        ("", 2300, 2300, "2,300 images · an even sample, 2,000 of 2,300"),
    ],
)
def test_the_second_line_says_how_many_of_what(workspace, about, chosen, of, said):
    sources = many(workspace, min(chosen, 5)) + [
        Source(i, f"{0:064x}", "0.png", WHOLE, "") for i in range(5, chosen)
    ]
    assert gathered(workspace, sources, about=about, of=of).about == said


@pytest.mark.parametrize(
    ("count", "expected"), [(0, 1), (1, 1), (36, 1), (37, 2), (36 + 42, 2), (36 + 42 + 1, 3)]
)
def test_a_pdf_has_as_many_pages_as_its_pictures_need(workspace, tmp_path, count, expected):
    write_pdf(tmp_path / "s.pdf", gathered(workspace, many(workspace, count), of=count))
    data = (tmp_path / "s.pdf").read_bytes()
    assert len(pages(data)) == expected
    assert f"/Count {expected} ".encode() in data
    shown = words(data)
    assert shown.count("moth") == count
    assert [w for w in shown if w.endswith(".png")] == [f"{i}.png" for i in range(count)]
    assert f"{expected} of {expected}" in shown


def test_a_pdf_is_well_formed(workspace, tmp_path):
    write_pdf(tmp_path / "s.pdf", gathered(workspace, many(workspace, 3), of=3))
    data = (tmp_path / "s.pdf").read_bytes()
    start = int(data.rsplit(b"startxref\n", 1)[1].split()[0])
    assert data[start : start + 5] == b"xref\n"
    entries = re.findall(rb"^(\d{10}) 00000 n $", data[start:], re.M)
    for number, offset in enumerate(entries, 1):
        at = int(offset)
        assert data[at:].startswith(b"%d 0 obj\n" % number)
    for length, body in re.findall(rb"/Length (\d+) >>\nstream\n(.*?)\nendstream", data, re.S):
        assert int(length) == len(body)


def test_a_jpeg_goes_into_a_pdf_as_it_is(workspace, tmp_path):
    thumb = encode_thumbnail(picture(2, (200, 150)))
    assert thumb[:3] == b"\xff\xd8\xff"
    write_pdf(tmp_path / "s.pdf", Sheet("t", "", [Cell(thumb, "", "a.jpg", 0)]))
    assert thumb in (tmp_path / "s.pdf").read_bytes()


def test_pictures_stand_in_the_order_of_the_rows(workspace):
    sources = []
    colours = [(250, 0, 0), (0, 250, 0), (0, 0, 250), (250, 250, 0), (0, 250, 250)]
    for row, colour in enumerate(colours):
        item = Source(row, f"{row:064x}", f"{row}.png", WHOLE, "")
        workspace.thumbnails.set(item.item_id, encode_thumbnail(Image.new("RGB", (60, 60), colour)))
        sources.append(item)
    order = [4, 0, 3, 1, 2]
    sheet = gathered(workspace, [sources[i] for i in order], "sheet-png", of=5)
    image = paint(sheet)
    found = []
    side, top = 240, sheet_png.HEAD + sheet_png.MARGIN // 2 + 120
    for number in range(4):  # the first line of four
        left = sheet_png.MARGIN + number * (side + sheet_png.GUTTER) + side // 2
        found.append(image.getpixel((left, top)))
    assert found == [colours[i] for i in order[:4]]


def test_tiny_pictures_are_enlarged_in_whole_pixels():
    tiny = Image.fromarray(np.array([[0, 255], [255, 0]], np.uint8)).convert("RGB")
    image = paint(Sheet("t", "", [Cell(encode_thumbnail(tiny), "", "a", 0)]))
    top, left = sheet_png.HEAD + sheet_png.MARGIN // 2, sheet_png.MARGIN
    mount = np.asarray(image)[top : top + 240, left : left + 240, 0]
    expected = np.kron(np.asarray(tiny)[:, :, 0], np.ones((120, 120), np.uint8))
    np.testing.assert_array_equal(mount, expected)


def test_a_picture_without_a_thumbnail_is_made_and_kept(workspace, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    picture(3).save(folder / "a.png")
    items = [Source(0, "a" * 64, "a.png", WHOLE, ""), Source(1, "b" * 64, "gone.png", WHOLE, "")]
    sheet = collect(items, folder, workspace, "sheet-png", title="t", of=2)
    assert workspace.thumbnails.get("a" * 64) == sheet.cells[0].picture
    assert (sheet.cells[1].picture, sheet.cells[1].reason) == (None, "file not found")
    paint(sheet)
    write_pdf(tmp_path / "s.pdf", sheet)
    assert "file not found" in words((tmp_path / "s.pdf").read_bytes())


def test_vectors_have_no_sheet(workspace):
    with pytest.raises(InputError, match="without pictures"):
        gathered(workspace, [Source(0, "0" * 64, "", WHOLE, "")])


# -- captions --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "plain", "in_pdf"),
    [
        ("moth", "moth", "moth"),
        ("Ökosystem é", "Okosystem e", "Ökosystem é"),
        ("e\u0301te\u0301", "ete", "été"),
        ("ő ł", "o l", "o l"),
        ("蛾の羽.png", "….png", "….png"),
        ("蛾 蛾", "… …", "… …"),
        ("a\nb\x07", "a b…", "a b…"),
        ("ﬁn ½", "fin …", "fin ½"),
    ],
)
def test_a_caption_is_in_the_characters_its_font_has(text, plain, in_pdf):
    assert written(text, lambda c: " " <= c <= "~") == plain
    assert written(text, pdf.has_glyph) == in_pdf
    assert all(sheet_png.has_glyph(c) for c in written(text, sheet_png.has_glyph))


def test_the_built_in_font_says_what_it_lacks():
    assert all(sheet_png.has_glyph(chr(code)) for code in range(32, 127))
    assert sheet_png.has_glyph("…")
    assert not sheet_png.has_glyph("蛾")


def test_a_caption_that_cannot_be_shown_is_called_by_its_row():
    cell = Cell(None, "蝶", "蛾.", 12)
    assert caption(cell, pdf.has_glyph) == ("row 12", "")
    assert caption(Cell(None, "moth", "蛾", 3), pdf.has_glyph) == ("moth", "row 3")
    assert caption(Cell(None, "", "a.png", 3), pdf.has_glyph) == ("a.png", "")


@pytest.mark.parametrize("middle", [False, True])
@pytest.mark.parametrize("room", [0, 1, 5, 9, 10, 50])
def test_a_text_is_cut_to_its_room(middle, room):
    found = fitted("0123456789", room, len, middle=middle)
    assert len(found) <= max(1, room)
    assert found == "0123456789" or "…" in found
    if middle and room == 9:
        assert found == "0123…6789"


def test_no_caption_is_wider_than_its_picture(workspace, tmp_path):
    name = "W" * 90 + "_Ünï_蛾_" + "m" * 90 + ".png"
    cells = [Cell(None, "Very Long Label " * 9, name, 0, "reason " * 30)]
    image = np.asarray(paint(Sheet("T" * 300, "a" * 300, cells * 4)))
    assert (image[:, -sheet_png.MARGIN + 1 :] == 255).all()
    gap = sheet_png.MARGIN + 240
    assert (image[sheet_png.HEAD + 2 :, gap + 1 : gap + sheet_png.GUTTER - 1] == 255).all()
    write_pdf(tmp_path / "s.pdf", Sheet("T" * 300, "a" * 300, cells))
    drawn = re.findall(r"/([BR]) ([\d.]+) Tf ([\d.]+) [\d.]+ Td \(((?:\\.|[^()])*)\)",
                       streams((tmp_path / "s.pdf").read_bytes()))  # fmt: skip
    assert len(drawn) == 6
    for font, size, left, text in drawn:
        right = float(left) + pdf.text_width(text, float(size), bold=font == "B")
        assert right <= pdf.WIDTH - 39.9


def test_widths_are_those_of_helvetica():
    # From Adobe's published font metrics (Helvetica.afm), summed by hand.
    assert pdf.text_width("Hello", 1000) == 722 + 556 + 222 + 222 + 556
    assert pdf.text_width("W. (10)", 1000) == 944 + 278 + 278 + 333 + 556 + 556 + 333
    assert pdf.text_width("é", 10) == pdf.text_width("e", 10)


def test_parentheses_and_backslashes_are_escaped(tmp_path):
    write_pdf(tmp_path / "s.pdf", Sheet(r"a (b) \ c", "", [Cell(None, "", "x) Tj (y.png", 0)]))
    found = words((tmp_path / "s.pdf").read_bytes())
    assert found[0] == r"a (b) \ c"
    assert "x) Tj (y.png" in found


def test_frames_are_named_by_their_number(workspace):
    item = Source(0, "0" * 64, "film.tif", Region(frame=7), "")
    workspace.thumbnails.set(item.item_id, encode_thumbnail(picture(1)))
    assert gathered(workspace, [item], of=1).cells[0].name == "film.tif #7"


def test_a_sheet_opens_as_a_png(workspace, tmp_path):
    write_png(tmp_path / "s.png", gathered(workspace, many(workspace, 30), "sheet-png", of=30))
    with Image.open(io.BytesIO((tmp_path / "s.png").read_bytes())) as image:
        assert (image.format, image.mode) == ("PNG", "RGB")

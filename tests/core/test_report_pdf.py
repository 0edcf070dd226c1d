"""Printing the report's file: what comes out, and what happens where it cannot."""

import re
import stat
import sys
import time
import zlib

import psutil
import pytest
from report_example import example

from core.config import load_settings
from core.errors import InputError
from core.report import pdf
from core.report.html import render_html
from core.report.pdf import PdfUnavailableError, find_chromium, render_pdf

A4, LETTER = (595, 842), (612, 792)

browser = pytest.mark.skipif(find_chromium() is None, reason="no Chromium on this computer")
posix = pytest.mark.skipif(sys.platform == "win32", reason="a shell script stands for the browser")


@pytest.fixture
def settings(tmp_path):
    return load_settings({"workspace": str(tmp_path / "ws")}, {})


def pages(data):
    """Return the sizes of the pages in points."""
    found = re.findall(rb"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]", data)
    return [(round(float(w)), round(float(h))) for w, h in found]


def words(data):
    """Return the text of a PDF as Chromium writes it, page after page, without blanks."""
    objects = dict(re.findall(rb"(?:^|\n)(\d+) 0 obj\n(.*?)\nendobj", data, re.S))

    def stream(number):
        return zlib.decompress(re.search(rb"stream\n(.*)\nendstream", objects[number], re.S)[1])

    def letters(font):
        """The letter of each code of a font, by its ToUnicode table."""
        table, found = stream(re.search(rb"/ToUnicode (\d+)", objects[font])[1]), {}
        for low, high, first in re.findall(rb"<(\w{4})> <(\w{4})> <(\w{4})>", table):
            for step in range(int(high, 16) - int(low, 16) + 1):
                found[int(low, 16) + step] = chr(int(first, 16) + step)
        singles = b"".join(re.findall(rb"beginbfchar(.*?)endbfchar", table, re.S))
        for code, letter in re.findall(rb"<(\w{4})> <(\w+)>", singles):
            found[int(code, 16)] = bytes.fromhex(letter.decode()).decode("utf-16-be")
        return found

    fonts, said = {}, []
    for body in list(objects.values()):
        if not body.startswith(b"<</Type /Page\n"):
            continue
        font = None
        shown = stream(re.search(rb"/Contents (\d+)", body)[1])
        for named, codes in re.findall(rb"/F(\d+) [\d.]+ Tf|<(\w+)> Tj", shown):
            font = named or font
            if font not in fonts:
                fonts[font] = letters(font)
            for at in range(0, len(codes), 4):
                said.append(fonts[font].get(int(codes[at : at + 4], 16), "?"))
    return "".join("".join(said).split())


@browser
@pytest.mark.browser
def test_a_report_is_printed_on_a4_with_its_words_and_pictures(settings):
    data = render_pdf(render_html(example(), lambda row: None, {}), settings)
    assert data.startswith(b"%PDF-")
    assert data.rstrip().endswith(b"%%EOF")
    sizes = pages(data)
    assert 3 <= len(sizes) <= 9
    assert set(sizes) == {A4}
    assert int(re.search(rb"/Count (\d+)", data)[1]) == len(sizes)
    assert b"(Report on first sixty of moths)" in data
    assert b"/StructTreeRoot" in data  # it can be read aloud
    said = words(data)
    assert "The60chosenimagesreach70of90independentgroups." in said
    assert said.index("Whatthisdoesnotshow") < said.index("Hashes")
    assert not re.search(rb"/(JavaScript|JS|URI|EmbeddedFile)\b", data)
    assert str(settings.workspace_path).encode() not in data
    assert list((settings.workspace_path / "exports").iterdir()) == []


@browser
@pytest.mark.browser
def test_letter_is_another_paper_and_others_are_refused(settings):
    assert set(pages(render_pdf(b"<html><head></head>x</html>", settings, paper="letter"))) == {
        LETTER
    }
    with pytest.raises(InputError, match="A4, letter"):
        render_pdf(b"", settings, paper="A4; } * { display: none")


def test_without_a_browser_the_error_says_what_to_do(settings, monkeypatch):
    monkeypatch.setattr(pdf, "find_chromium", lambda: None)
    with pytest.raises(PdfUnavailableError, match=r"install one, or open the HTML file"):
        render_pdf(b"", settings)


def test_a_browser_is_found_on_the_path_or_where_it_is_installed(monkeypatch, tmp_path):
    monkeypatch.setattr(pdf.shutil, "which", lambda name: None)
    monkeypatch.setattr(pdf, "PLACES", (str(tmp_path / "none"),))
    assert find_chromium() is None
    app = tmp_path / "Chrome"
    app.write_text("")
    monkeypatch.setattr(pdf, "PLACES", (str(tmp_path / "none"), str(app)))
    assert find_chromium() == str(app)
    monkeypatch.setattr(pdf.shutil, "which", lambda name: f"/bin/{name}")
    assert find_chromium() == "/bin/chromium"


def script(tmp_path, text):
    file = tmp_path / "chromium"
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(file.stat().st_mode | stat.S_IXUSR)
    return str(file)


@posix
def test_a_browser_that_hangs_is_ended_with_its_children(settings, monkeypatch, tmp_path):
    noted = tmp_path / "pids"
    hangs = script(tmp_path, f"sleep 300 & echo $! $$ > {noted}; wait")
    monkeypatch.setattr(pdf, "find_chromium", lambda: hangs)
    with pytest.raises(PdfUnavailableError, match="did not print within"):
        render_pdf(b"", settings, patience=1.5)
    pids = [int(p) for p in noted.read_text().split()]
    assert len(pids) == 2
    until = time.monotonic() + 10
    while any(map(psutil.pid_exists, pids)) and time.monotonic() < until:
        time.sleep(0.05)
    assert not any(
        psutil.pid_exists(p) and psutil.Process(p).status() != psutil.STATUS_ZOMBIE for p in pids
    )


@posix
@pytest.mark.parametrize("text", ["echo it is broken >&2; exit 3", "exit 0"])
def test_a_browser_that_prints_nothing_is_explained(settings, monkeypatch, tmp_path, text):
    monkeypatch.setattr(pdf, "find_chromium", lambda: script(tmp_path, text))
    with pytest.raises(PdfUnavailableError, match=r"printed no PDF \(it (is broken|said nothing)"):
        render_pdf(b"", settings)


@posix
def test_the_browser_is_told_to_fetch_nothing_and_keep_its_profile_apart(
    settings, monkeypatch, tmp_path
):
    noted = tmp_path / "told"
    monkeypatch.setattr(pdf, "find_chromium", lambda: script(tmp_path, f'echo "$@" > {noted}'))
    with pytest.raises(PdfUnavailableError):
        render_pdf(b"", settings)
    told = noted.read_text()
    assert "--host-resolver-rules=MAP * ~NOTFOUND" in told
    assert f"--user-data-dir={settings.workspace_path}" in told

"""A report's HTML file as PDF, printed by the Chromium that this computer has."""

import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path

import psutil

from core.config import Settings
from core.errors import InputError, StorageError, VitrineError

#: Seconds after which printing is given up; a report takes a few.
PATIENCE = 60.0

#: What the programs are called, the preferred ones first.
NAMES = (
    "chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome",
    "microsoft-edge", "microsoft-edge-stable", "msedge", "brave-browser",
)  # fmt: skip

#: Where they lie when they are not on the path.
PLACES = (
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
    r"C:\Program Files (x86)\Microsoft\Edge\Application\msedge.exe",
)

PAPERS = ("A4", "letter")

_FLAGS = (
    "--headless", "--disable-gpu", "--no-first-run", "--no-default-browser-check",
    "--disable-extensions", "--disable-sync", "--disable-background-networking",
    "--disable-component-update", "--disable-default-apps", "--disable-breakpad",
    "--disable-crash-reporter", "--disable-dev-shm-usage", "--metrics-recording-only",
    # nothing is fetched: no name resolves, and what is not a name goes to a proxy that is not there
    "--host-resolver-rules=MAP * ~NOTFOUND", "--proxy-server=127.0.0.1:9",
    "--no-pdf-header-footer",
)  # fmt: skip


class PdfUnavailableError(VitrineError, RuntimeError):
    """There is no PDF: no Chromium on this computer, or it failed; the message says what to do."""


def find_chromium() -> str | None:
    """Return the path of a Chromium, Chrome or Edge of this computer; None where there is none."""
    for name in NAMES:
        found = shutil.which(name)
        if found:
            return found
    return next((place for place in PLACES if Path(place).is_file()), None)


def render_pdf(
    html: bytes, settings: Settings, *, paper: str = "A4", patience: float = PATIENCE
) -> bytes:
    """Return an HTML file as PDF.

    Parameters
    ----------
    html
        A file of `render_html`.
    settings
        The page and a profile of its own lie in its workspace for as long as this takes.
    paper
        "A4" or "letter".
    patience
        Seconds after which the browser is ended with all its processes.

    Returns
    -------
    bytes
        The PDF.

    Raises
    ------
    InputError
        There is no such paper.
    PdfUnavailableError
        There is no Chromium, or it did not print; the message says what to do.
    StorageError
        The workspace cannot be written.
    """
    if paper not in PAPERS:
        raise InputError(f"paper: give one of {', '.join(PAPERS)}, not {paper!r}")
    program = find_chromium()
    if program is None:
        raise PdfUnavailableError(
            "no PDF, since this computer has no Chromium, Chrome or Edge: install one, or open the "
            "HTML file in any browser and print it there to PDF"
        )
    sized = html.replace(
        b"</head>", f"<style>@page {{ size: {paper} portrait; }}</style></head>".encode(), 1
    )
    try:
        place = settings.workspace_path / "exports"
        place.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(
            dir=place, prefix=".pdf-", ignore_cleanup_errors=True
        ) as folder:
            return _print(program, Path(folder), sized, patience)
    except OSError as error:
        if isinstance(error, VitrineError):
            raise
        raise StorageError(f"printing in {settings.workspace_path}: {error}") from error


def _print(program: str, folder: Path, html: bytes, patience: float) -> bytes:
    """Print in a folder and return the PDF."""
    page, target = folder / "report.html", folder / "report.pdf"
    page.write_bytes(html)
    command = [program, *_FLAGS, f"--user-data-dir={folder / 'profile'}",
               f"--print-to-pdf={target}", page.as_uri()]  # fmt: skip
    if _is_root():  # its sandbox refuses to run as root; the page has no script and no address
        command.insert(1, "--no-sandbox")
    said = _run(command, folder, patience)
    if not target.is_file() or not (data := target.read_bytes()).startswith(b"%PDF-"):
        last = said.strip().splitlines()[-1:] or ["it said nothing"]
        raise PdfUnavailableError(
            f"{Path(program).name} printed no PDF ({last[0][:200]}): open the HTML file in a "
            "browser and print it there to PDF"
        )
    return data


def _is_root() -> bool:
    return sys.platform != "win32" and os.geteuid() == 0


def _run(command: list[str], folder: Path, patience: float) -> str:
    """Run the browser to its end and return what it said; end it with its children when late."""
    log = folder / "said.txt"
    with log.open("wb") as said, subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=said, stderr=subprocess.STDOUT, cwd=folder,
        start_new_session=True,
    ) as browser:  # fmt: skip
        try:
            browser.wait(patience)
        except subprocess.TimeoutExpired:
            raise PdfUnavailableError(
                f"{Path(command[0]).name} did not print within {patience:.0f} seconds and was "
                "ended: try again, or open the HTML file in a browser and print it there to PDF"
            ) from None
        finally:
            _end(browser)
    return log.read_text(encoding="utf-8", errors="replace")


def _end(browser: "subprocess.Popen[bytes]") -> None:
    """End a browser and every process it started, if they are still there."""
    family: list[psutil.Process] = []
    with suppress(psutil.Error):
        parent = psutil.Process(browser.pid)
        family = [*parent.children(recursive=True), parent]
    if browser.poll() is None:
        for process in family:
            with suppress(psutil.Error):
                process.kill()
        browser.wait()
    psutil.wait_procs(family, timeout=5)

"""Take the pictures of the documentation: serve the sample set and write docs/images.

`uv run python -m docs.make_screenshots` computes the set in a temporary workspace, which takes
about a minute, and replaces every picture; each is a PNG of at most 400 KiB.
"""

import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
LARGEST = 400 * 1024
DESKTOP, PHONE = (1440, 900), (390, 844)

#: Software WebGL, so that the pictures look the same on every computer.
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--use-gl=angle", "--use-angle=swiftshader",
             "--enable-unsafe-swiftshader")  # fmt: skip

#: Picture: address, and what must be there before it is taken.
PAGES = {
    "explore": ("/explore?set=digits&color=label", ".vt-map[data-state=ready]"),
    "clusters": ("/clusters?set=digits", ".vt-cluster"),
    "quality": ("/quality?set=digits", ".vt-topics"),
    "labels": ("/quality?set=digits&view=labels", "#quality-case"),
    "curate": ("/curate?set=digits", ".vt-figure .main-svg"),
    "morphology": ("/morphology?set=digits&view=distances", ".vt-figure .main-svg"),
    "drift": ("/drift?set=digits&view=where", ".vt-figure .main-svg"),
    "encoders": ("/encoders?set=digits&view=court", ".vt-tab-here"),
    "sets": ("/", ".vt-set"),
    "jobs": ("/jobs", ".vt-job"),
}


def environment() -> dict[str, str]:
    """Return this process's environment without Vitrine's own settings."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("VITRINE_")}
    return kept | {"VITRINE_WARM_WORKER": "0"}


@contextmanager
def served(workspace: str) -> Iterator[str]:
    """Serve a workspace on a free port and yield its address."""
    command = [sys.executable, "app.py", "serve", "--no-browser", "--port", "0"]
    with subprocess.Popen(
        [*command, "--workspace", workspace],
        cwd=ROOT, stdout=subprocess.PIPE, text=True, env=environment(),
    ) as server:  # fmt: skip
        try:
            line = server.stdout.readline() if server.stdout else ""
            found = re.search(r"http://[\d.:]+", line)
            if found is None:
                raise SystemExit(f"the server did not start: {line}")
            yield found.group()
        finally:
            server.terminate()


def arrive(page: Any, address: str, selector: str) -> None:
    """Go to a page and wait until all of it is drawn."""
    page.goto(address)
    page.wait_for_selector(selector, timeout=60_000)
    page.wait_for_load_state("networkidle")
    page.wait_for_function(
        "() =>"
        "[...document.querySelectorAll('.vt-gallery')].every(g => g.dataset.state === 'ready') &&"
        "[...document.querySelectorAll('img')].every(i => !i.getAttribute('src') || i.complete) &&"
        "!document.querySelector('[aria-busy=true]')"
    )


def save(shot: bytes, name: str) -> Path:
    """Write a picture in no more colours than its size allows; the first that fits is taken."""
    path = IMAGES / f"{name}.png"
    picture = Image.open(io.BytesIO(shot)).convert("RGB")
    for colours in (256, 128, 64):
        buffer = io.BytesIO()
        picture.quantize(colours, dither=Image.Dither.NONE).save(buffer, "PNG", optimize=True)
        if buffer.tell() <= LARGEST:
            path.write_bytes(buffer.getvalue())
            return path
    raise SystemExit(f"{name} does not fit into {LARGEST} bytes")


def run(workspace: str, *command: str) -> dict[str, Any]:
    """Run a command that a person would type and return its JSON."""
    done = subprocess.run(
        [sys.executable, "app.py", *command, "--json", "--workspace", workspace],
        cwd=ROOT, check=True, env=environment(), stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def prepare(workspace: str) -> dict[str, tuple[str, str]]:
    """Compute what the pages show; return the pictures whose address is known only then."""
    run(workspace, "run", "sample:digits", "--name", "digits", "--encoder", "pixels",
        "--map", "umap", "--map", "tsne")  # fmt: skip
    run(workspace, "clusters", "digits", "--stability")
    run(workspace, "quality", "digits", "--turned")
    run(workspace, "curate", "digits", "--slice", "first to label")
    run(workspace, "morphology", "digits", "--by", "label")
    gradient = run(workspace, "gradient", "digits", "--by", "label", "--from", "1", "--to", "7")
    run(workspace, "drift", "digits:label=3", "digits:label=8", "--no-changes")
    run(workspace, "court", "digits", "--encoder", "colour-texture")
    report = run(workspace, "report", "digits", "--slice", "first to label")
    return {
        "gradient": (f"/gradient?set=digits&key={gradient['gradient']}", ".vt-gradient-strip img"),
        "report": (f"/report/{report['id']}", ".vt-report, main h1"),
    }


def take(browser: Any, site: str, name: str, theme: str, size: tuple[int, int]) -> Iterator[Path]:
    """Take the pictures of one theme and size."""
    context = browser.new_context(
        viewport={"width": size[0], "height": size[1]}, color_scheme=theme
    )
    page = context.new_page()
    for picture in PAGES if not name else [name]:
        address, selector = PAGES[picture]
        arrive(page, site + address, selector)
        yield save(page.screenshot(), "explore-phone" if name else f"{picture}-{theme}")
    context.close()


def main() -> None:
    """Compute the sample set, serve it, and take every picture."""
    from playwright.sync_api import sync_playwright

    IMAGES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as workspace:
        PAGES.update(prepare(workspace))
        with served(workspace) as site, sync_playwright() as playwright:
            browser = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=list(ARGUMENTS)
            )
            for theme in ("light", "dark"):
                for path in take(browser, site, "", theme, DESKTOP):
                    print(f"{path.name}: {path.stat().st_size:,} bytes")
            for path in take(browser, site, "explore", "light", PHONE):
                print(f"{path.name}: {path.stat().st_size:,} bytes")
            browser.close()


if __name__ == "__main__":
    main()

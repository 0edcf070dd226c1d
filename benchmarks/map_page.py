"""From letting go of a lasso to its images in the gallery, in the real app (`benchmarks.map`)."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from playwright.sync_api import Page

ROOT = Path(__file__).parents[1]

#: Resolves when the gallery shows the first page of another selection than it shows now.
WATCH = """() => {
  const gallery = () => document.querySelector('.vt-gallery');
  const before = gallery().dataset.total;
  document.addEventListener('pointerup', () => { window.up = performance.now(); }, true);
  window.shown = new Promise((resolve) => {
    const look = () => {
      const now = gallery();
      const other = now && now.dataset.state === 'ready' && now.dataset.total !== before;
      if (other && now.querySelector('[data-index="0"]')) resolve(performance.now());
      else setTimeout(look, 2);
    };
    look();
  });
}"""


@contextmanager
def app(workspace: Path) -> Iterator[str]:
    """Serve a workspace by the command a person types; yield its address."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith("VITRINE_")}
    command = [sys.executable, "app.py", "--no-browser", "--port", "0", "--workspace"]
    with subprocess.Popen(
        [*command, str(workspace)], cwd=ROOT, stdout=subprocess.PIPE, text=True,
        env=environ | {"VITRINE_WARM_WORKER": "0"},
    ) as server:  # fmt: skip
        try:
            yield re.search(r"http://[\d.:]+", server.stdout.readline()).group()
        finally:
            server.terminate()


def first_page(page: Page, site: str, name: str) -> float:
    """Return milliseconds from letting go of a lasso to the first gallery page of its images."""
    page.goto(f"{site}/explore?set={name}")
    page.locator(".vt-map[data-state=ready]").wait_for(timeout=120_000)
    page.locator(".vt-gallery[data-state=ready]").wait_for(timeout=120_000)
    page.evaluate("() => document.querySelector('.vt-map').vitrineMap.settled()")
    box = page.locator(".vt-map-stage").bounding_box()
    middle = np.array([box["x"] + box["width"] / 2, box["y"] + box["height"] / 2])
    turn = np.linspace(0, 2 * np.pi, 24)
    path = middle + 0.3 * min(box["width"], box["height"]) * np.column_stack(
        [np.cos(turn), np.sin(turn)]
    )
    page.locator(".vt-map").press("l")
    page.mouse.move(*path[0])
    page.mouse.down()
    for place in path[1:]:
        page.mouse.move(*place)
    page.evaluate(WATCH)
    page.mouse.up()
    return float(page.evaluate("async () => (await window.shown) - window.up"))

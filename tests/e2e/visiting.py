"""How browser tests serve the real app and visit it: shared by the tests of pages."""

import os
import re
import subprocess
import sys
from contextlib import contextmanager
from urllib.parse import urlsplit

from making import ROOT

from core.jobs import JobBoard

SIZES = {"desktop": (1440, 900), "phone": (390, 844)}


@contextmanager
def served(root, *arguments):
    """Serve a workspace on a free port of loopback, by the command a person types."""
    environ = {k: v for k, v in os.environ.items() if not k.startswith("VITRINE_")}
    command = [sys.executable, "app.py", *arguments, "--no-browser", "--port", "0"]
    with subprocess.Popen(
        [*command, "--workspace", str(root)],
        cwd=ROOT, stdout=subprocess.PIPE, text=True, env=environ | {"VITRINE_WARM_WORKER": "0"},
    ) as server:  # fmt: skip
        try:
            found = re.search(r"http://[\d.:]+", server.stdout.readline())
            yield found.group()
        finally:
            board = JobBoard(root)
            for job in board.list():
                if job.live:
                    board.cancel(job.id)
            server.terminate()


@contextmanager
def visitor(browser, size="desktop", scheme="light", *, forgiven=()):
    """A page in a fresh context that fails on any complaint or foreign request.

    `forgiven` are words of complaints that the browser itself writes and the page deals with.
    """
    width, height = SIZES[size]
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    page = context.new_page()
    complaints = []

    def hear(message):
        known = any(word in message.text for word in ("favicon", *forgiven))
        if message.type == "error" and not known:
            complaints.append(message.text)

    def watch(request):
        host = urlsplit(request.url).hostname
        if request.url.startswith("http") and host != "127.0.0.1":
            complaints.append(f"foreign request {request.url}")

    page.on("console", hear)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", watch)
    try:
        yield page
    finally:
        context.close()
    assert complaints == [], complaints


def ready(page, selector):
    """Wait until a map or a gallery says that it is ready."""
    page.wait_for_selector(f'{selector}[data-state="ready"]', timeout=60_000)


def explore(page, site, query="set=digits"):
    page.goto(f"{site}/explore?{query}")
    ready(page, ".vt-map")
    ready(page, ".vt-gallery")


def lasso(page, corners):
    """Draw a lasso through corners given as shares of the map's width and height."""
    box = page.locator(".vt-map-stage").bounding_box()
    at = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in corners]
    page.locator(".vt-map").focus()
    page.keyboard.press("p")  # a second "l" would put the lasso away
    page.keyboard.press("l")
    page.mouse.move(*at[0])
    page.mouse.down()
    for x, y in [*at[1:], at[0]]:
        page.mouse.move(x, y, steps=6)
    page.mouse.up()

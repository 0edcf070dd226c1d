"""The browser that the tests of this folder share."""

import os
import shutil

import pytest
from map_server import ARGUMENTS
from visiting import served


@pytest.fixture(scope="session")
def browser():
    """Headless Chromium: the system's, or Playwright's own."""
    from playwright.sync_api import Error, sync_playwright

    with sync_playwright() as playwright:
        try:
            launched = playwright.chromium.launch(
                executable_path=shutil.which("chromium"), args=list(ARGUMENTS)
            )
        except Error:
            wanted = "no Chromium: `apt-get install chromium` or `playwright install chromium`"
            if os.environ.get("CI") == "true":
                pytest.fail(wanted)
            pytest.skip(wanted)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def site(digits, tmp_path_factory):
    """The sample set, in a copy of its workspace that these tests may change."""
    root = tmp_path_factory.mktemp("site") / "ws"
    shutil.copytree(digits.root, root)
    with served(root) as address:
        yield address

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


@pytest.fixture(scope="module")
def site(digits):
    """The sample set, served from a workspace that the tests of one file may change."""
    with served(digits.root) as address:
        yield address

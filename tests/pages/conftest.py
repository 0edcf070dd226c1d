import importlib
import sys

import dash
import flask
import pytest

from tests.fakes import FakeServices


@pytest.fixture(scope="session")
def pages():
    """The page modules by name, registered with one Dash app as Dash requires."""
    names = ("home", "explore", "clusters", "quality", "labels", "curate", "morphology",
             "gradient", "drift", "encoders", "slices", "report", "jobs")  # fmt: skip
    if any(f"pages.{name}" not in sys.modules for name in names):
        dash.Dash("pages-under-test", use_pages=True, pages_folder="")
    return {name: importlib.import_module(f"pages.{name}") for name in names}


@pytest.fixture
def inside():
    """Give a function that makes a workspace of these sets the one of the current app."""
    contexts = []

    def enter(*sets, **given):
        server = flask.Flask("test")
        server.config["VITRINE"] = FakeServices(*sets, **given)
        contexts.append(server.app_context())
        contexts[-1].push()
        return server.config["VITRINE"]

    yield enter
    for context in reversed(contexts):
        context.pop()

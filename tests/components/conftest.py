import flask
import pytest

from tests.fakes import FakeServices, FakeSet


@pytest.fixture
def inside():
    """Give a function that makes these services the ones of the current app."""
    contexts = []

    def enter(services):
        server = flask.Flask("test")
        server.config["VITRINE"] = services
        context = server.app_context()
        context.push()
        contexts.append(context)
        return services

    yield enter
    for context in reversed(contexts):
        context.pop()


@pytest.fixture
def moths(inside):
    """A workspace with one finished set."""
    return inside(FakeServices(FakeSet()))

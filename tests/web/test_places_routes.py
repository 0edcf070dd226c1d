"""The routes that show where two images differ, through the encoding process."""

import io
from types import SimpleNamespace

import flask
import numpy as np
import pytest
from making import picture
from PIL import Image

from components import places_routes
from components.security import protect
from core.config import load_settings
from core.findings.wording import part_of_frame
from core.library import Library
from core.pipeline import run
from core.request import RunRequest
from core.search import Searches
from core.search.encoding import EncoderBusyError
from core.storage.store import Workspace

BODY = {"set": "small", "row": 0, "beside": 1}


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The routes over one folder as two sets: of pixels, and of an encoder without places."""
    root = tmp_path_factory.mktemp("places")
    (root / "pictures").mkdir()
    for seed in range(8):
        picture(seed, (64, 64)).save(root / "pictures" / f"{seed:02d}.png")
    settings = load_settings({"workspace": str(root / "ws")}, {})
    workspace = Workspace(settings.workspace_path)
    for name, encoder in (("texture", "colour-texture"), ("small", "pixels?side=8&colour=1")):
        run(RunRequest(str(root / "pictures"), name, encoder, ("pca",)), workspace, settings)
    services = SimpleNamespace(
        settings=settings, library=Library(workspace), search=Searches(workspace, settings)
    )
    server = flask.Flask("test")
    server.config["VITRINE"] = services
    server.register_blueprint(places_routes.routes)
    protect(server, settings, list)
    yield services, server.test_client()
    services.search.close()


@pytest.fixture
def client(served):
    return served[1]


def ask(client, **body):
    return client.post("/api/places", json={**BODY, **body})


def test_two_images_are_looked_at_told_of_and_shown(served, client):
    told = ask(client).json
    assert told["text"].startswith("Most unlike, as pixels?side=8&colour=1 sees them, in 8 × 8")
    assert "of 00.png (" in told["text"]
    assert "1 is what 95 % of the places of two images of this set stay below." in told["text"]
    shown = client.get(told["pictures"][0])
    assert (shown.mimetype, "immutable" in shown.headers["Cache-Control"]) == ("image/jpeg", True)
    image = np.asarray(Image.open(io.BytesIO(shown.data)), float)
    assert image.shape == (720, 720, 3)
    same = ask(client, beside=0).json
    assert same["text"].startswith("The two are the same, as pixels?side=8&colour=1 sees them")
    plain = np.asarray(Image.open(io.BytesIO(client.get(same["pictures"][0]).data)), float)
    redder = (image - plain)[..., 0] - (image - plain)[..., 2]
    assert redder.max() > 50  # towards orange where they differ,
    assert np.abs(redder).min() < 3  # and as it was elsewhere


def test_another_set_of_the_same_images_has_its_own_encoder(client):
    answer = ask(client, set="texture")
    assert (answer.status_code, "texture gives one vector" in answer.json["error"]) == (400, True)


@pytest.mark.parametrize(("body", "status", "words"), [
    ({"row": "0"}, 400, "row, beside"), ({"beside": None}, 400, "row, beside"),
    ({"row": 8}, 404, "no item 8"), ({"set": "gone"}, 404, "gone"),
])  # fmt: skip
def test_what_cannot_be_asked_is_explained(client, body, status, words):
    answer = ask(client, **body)
    assert (answer.status_code, words in answer.json["error"]) == (status, True)


def test_pictures_are_of_what_is_kept_and_of_the_set_as_it_is(served, client):
    key = served[0].library.open("small").key
    assert client.get(f"/api/places/{key}/0/7.jpg?set=small").status_code == 404
    assert client.get(f"/api/places/{key[::-1]}/0/1.jpg?set=small").status_code == 404
    assert client.get(f"/api/places/{key}/0/99.jpg?set=small").status_code == 404


def test_what_is_not_ready_is_asked_for_again(served, client, monkeypatch):
    def busy(*_):
        raise EncoderBusyError("still at work")

    monkeypatch.setattr(served[0].search.process, "look", busy)
    answer = ask(client, beside=6)
    assert (answer.status_code, answer.json["again"]) == (202, True)


@pytest.mark.parametrize(("across", "down", "words"), [
    (0.1, 0.1, "top left"), (0.5, 0.5, "middle"), (0.9, 0.5, "right side"),
    (0.5, 0.9, "bottom side"), (0.99, 0.99, "bottom right"),
])  # fmt: skip
def test_a_place_is_told_in_words(across, down, words):
    assert part_of_frame(across, down) == words

"""The routes of the search by picture."""

import io
from types import SimpleNamespace

import flask
import numpy as np
import pytest
from making import picture
from PIL import Image

from components import search_routes, selection_routes
from components.security import protect
from core.config import load_settings
from core.library import Library
from core.pipeline import run
from core.request import RunRequest
from core.search import Searches
from core.search.encoding import EncoderBusyError
from core.selection import Selections
from core.storage.store import Workspace


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The routes over a set of pictures and a set of vectors."""
    root = tmp_path_factory.mktemp("served")
    (root / "pictures").mkdir()
    for seed in range(30):
        picture(seed).save(root / "pictures" / f"{seed:02d}.png")
    np.save(root / "v.npy", np.random.default_rng(0).normal(size=(9, 4)).astype(np.float32))
    settings = load_settings({"workspace": str(root / "ws"), "max_file_mb": 12}, {})
    workspace = Workspace(settings.workspace_path)
    for source, name in ((root / "pictures", "small"), (root / "v.npy", "given")):
        run(RunRequest(str(source), name, "pixels", ("pca",)), workspace, settings)
    services = SimpleNamespace(
        settings=settings, library=Library(workspace), selections=Selections(workspace),
        search=Searches(workspace, settings), jobs=None,
    )  # fmt: skip
    server = flask.Flask("test")
    server.config["VITRINE"] = services
    for module in (search_routes, selection_routes):
        server.register_blueprint(module.routes)
    protect(server, settings, list)
    yield root, services, server.test_client()
    services.search.close()


@pytest.fixture
def client(served):
    return served[2]


def give(client, data, name="small", kind="image/png", **more):
    return client.post(f"/api/search/picture?set={name}", data=data, content_type=kind, **more)


def bytes_of(served, row):
    return (served[0] / "pictures" / f"{row:02d}.png").read_bytes()


def test_a_given_picture_is_shown_searched_with_and_selected(served, client):
    key = give(client, bytes_of(served, 7)).json["picture"]
    shown = client.get(f"/api/search/picture/{key}/thumb?set=small")
    assert Image.open(io.BytesIO(shown.data)).size == (48, 32)
    assert (shown.mimetype, "immutable" in shown.headers["Cache-Control"]) == ("image/png", True)

    done = client.post("/api/search", json={"set": "small", "pictures": [key]}).json
    opened = served[1].library.open("small")
    found = served[1].search.found(opened, done["query"])
    assert found.order[0] == 7
    assert (done["pictures"], done["positives"], done["total"]) == ([key], [], 30)
    assert done["usual"] == pytest.approx(found.usual)
    assert done["within"] == found.count(found.usual)

    body = {"set": "small", "query": done["query"]}
    near = client.post("/api/search/within", json={**body, "distance": 0.3}).json
    assert near["count"] == int((found.distances <= np.float32(0.3)).sum())
    rows = served[1].selections.load(near["selection"], opened.key)
    np.testing.assert_array_equal(rows, np.sort(rows))
    usual = client.post("/api/search/within", json=body).json
    assert usual["count"] == done["within"]
    rest = client.post(
        "/api/search/within",
        json={**body, "distance": 9, "base": usual["selection"], "mode": "subtract"},
    ).json
    assert (rest["count"], rest["total"]) == (0, 30)


def test_rows_are_searched_with(client):
    body = {"set": "small", "positives": [4], "negatives": [9]}
    done = client.post("/api/search", json=body).json
    assert (done["positives"], done["negatives"], done["pictures"]) == ([4], [9], [])


@pytest.mark.parametrize(
    ("data", "kind", "status", "said"),
    [
        (b"only words", "image/png", 400, "not an image Vitrine can read"),
        (b"only words", "application/octet-stream", 400, "not an image Vitrine can read"),
        (b"", "image/png", 400, "empty"),
        (b"x", "text/plain", 400, "Content-Type"),
        (b"a=b", "application/x-www-form-urlencoded", 400, "Content-Type"),
        (b"x" * (12 * 2**20 + 1), "image/png", 400, "12 MiB"),
    ],
)
def test_what_is_no_picture_is_refused_with_words(client, data, kind, status, said):
    done = give(client, data, kind=kind)
    assert done.status_code == status
    assert said in done.json["error"]


def test_a_picture_may_be_larger_than_other_bodies_and_the_others_may_not(client):
    noise = np.random.default_rng(0).integers(0, 256, (1800, 1800, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, "PNG", compress_level=0)
    assert buffer.tell() > 9 * 2**20
    assert give(client, buffer.getvalue()).status_code == 200
    huge = client.post("/api/search", json={"set": "small", "x": "x" * 9 * 2**20})
    assert huge.status_code in {400, 413}


@pytest.mark.parametrize(
    "headers", [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}]
)
@pytest.mark.parametrize("path", ["/api/search/picture?set=small", "/api/search"])
def test_a_post_from_another_site_is_refused(served, client, path, headers):
    done = client.post(path, data=bytes_of(served, 0), content_type="image/png", headers=headers)
    assert done.status_code == 403


def test_vectors_without_an_encoder_say_that_no_picture_can_be_given(served, client):
    done = give(client, bytes_of(served, 0), name="given")
    assert (done.status_code, "More like this" in done.json["error"]) == (400, True)
    assert client.post("/api/search", json={"set": "given", "positives": [1]}).status_code == 200


def test_a_page_is_told_to_ask_again_while_the_encoder_loads(served, client, monkeypatch):
    def busy(*_):
        raise EncoderBusyError("still loading")

    monkeypatch.setattr(served[1].search, "encode", busy)
    done = give(client, b"x")
    assert (done.status_code, done.json["again"]) == (503, True)
    assert int(done.headers["Retry-After"]) >= 1


@pytest.mark.parametrize(
    ("path", "body", "status", "said"),
    [
        ("/api/search", {"set": "none", "positives": [1]}, 404, "none"),
        ("/api/search", {"set": "small"}, 400, "at least one"),
        ("/api/search", {"set": "small", "positives": [1, 99]}, 404, "99"),
        ("/api/search", {"set": "small", "positives": 1}, 400, "list of rows"),
        ("/api/search", {"set": "small", "positives": ["1"]}, 400, "list of rows"),
        ("/api/search", {"set": "small", "positives": [True]}, 400, "list of rows"),
        ("/api/search", {"set": "small", "pictures": [3]}, 400, "list of picture ids"),
        ("/api/search", {"set": "small", "pictures": ["3"]}, 404, "picture"),
        ("/api/search/within", {"set": "small", "query": "../x"}, 404, "start it again"),
    ],
)
def test_a_bad_search_says_what_is_wrong(client, path, body, status, said):
    done = client.post(path, json=body)
    assert (done.status_code, said in done.json["error"]) == (status, True)


@pytest.mark.parametrize("distance", ["x", True, [1], float("nan")])
def test_a_distance_that_is_no_number_is_refused(client, distance):
    query = client.post("/api/search", json={"set": "small", "positives": [1]}).json["query"]
    body = {"set": "small", "query": query, "distance": distance}
    done = client.post("/api/search/within", json=body)
    assert (done.status_code, "distance" in done.json["error"]) == (400, True)


def test_a_search_of_another_set_is_explained(client):
    query = client.post("/api/search", json={"set": "small", "positives": [1]}).json["query"]
    done = client.post("/api/search/within", json={"set": "given", "query": query, "distance": 1})
    assert (done.status_code, "another set" in done.json["error"]) == (404, True)


@pytest.mark.parametrize("key", ["0" * 64, "x", "%2e%2e"])
def test_a_thumbnail_of_no_picture_is_not_found(client, key):
    assert client.get(f"/api/search/picture/{key}/thumb?set=small").status_code == 404

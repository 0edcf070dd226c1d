"""The routes of two linked maps, through the whole app."""

import numpy as np
import pytest
from linking import HALF, TOTAL, make_linked

from app import create_app
from components import link_routes
from core.link import Links, Side
from core.selection import Selections


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return make_linked(tmp_path_factory)


@pytest.fixture(scope="module")
def client(workspace):
    server = create_app(workspace.settings).server
    if "link" not in server.blueprints:
        server.register_blueprint(link_routes.routes)
    return server.test_client()


@pytest.fixture(scope="module")
def links(workspace):
    root = workspace.library.workspace
    return Links(root, Selections(root))


@pytest.fixture(scope="module")
def opened(workspace):
    library = workspace.library
    return {name: library.open(name) for name in library.names()}


def test_matching_rows_are_whole_numbers_that_the_browser_keeps(client, links, opened):
    source, target = opened["half"], opened["moths"]
    key = links.key(source, target)
    answer = client.get(f"/api/link/rows/{key}?from=half&to=moths")

    assert np.frombuffer(answer.data, "<i4").tolist() == links.rows(source, target).tolist()
    assert "immutable" in answer.headers["Cache-Control"]
    again = client.get(
        f"/api/link/rows/{key}?from=half&to=moths",
        headers={"If-None-Match": answer.headers["ETag"]},
    )
    assert again.status_code == 304


@pytest.mark.parametrize(
    ("query", "status", "told"),
    [("from=moths&to=half", 404, "one of the two sets has changed"),
     ("from=half&to=gone", 404, "no set named"), ("from=half", 400, "to: name a set"),
     ("to=..%2Fx&from=half", 400, "set name")],
)  # fmt: skip
def test_rows_of_sets_that_changed_or_are_not_there_are_refused(
    client, links, opened, query, status, told
):
    answer = client.get(f"/api/link/rows/{links.key(opened['half'], opened['moths'])}?{query}")
    assert answer.status_code == status
    assert told in answer.json["error"]


def test_a_selection_of_one_set_becomes_one_of_the_other(client, opened):
    board = Selections(opened["moths"]._workspace)
    made = board.save(opened["moths"].key, np.arange(TOTAL), {})
    answer = client.post(
        "/api/link/selection", json={"from": "moths", "to": "half", "selection": made}
    )

    found = answer.json
    assert (found["count"], found["total"], found["missing"]) == (HALF, 36, TOTAL - HALF)
    mask = client.get(f"/api/selection/{found['selection']}/mask").data
    bits = np.flatnonzero(np.unpackbits(np.frombuffer(mask, np.uint8), bitorder="little"))
    assert len(bits) == HALF
    kept = opened["half"].items["item_id"].iloc[bits]
    assert set(kept) <= set(opened["moths"].items["item_id"])


@pytest.mark.parametrize(
    "body",
    [{"from": "moths", "to": "half", "selection": "0" * 32}, {"from": "moths", "to": "half"},
     {"from": "moths", "selection": "0" * 32}, {"to": 3, "from": ["x"]}, []],
)  # fmt: skip
def test_a_selection_that_cannot_be_translated_is_explained(client, body):
    answer = client.post("/api/link/selection", json=body)
    assert answer.status_code in {400, 404}
    assert answer.json["error"]


def test_colours_of_the_first_set_are_those_of_the_same_pictures(client, links, opened):
    answer = client.get("/api/link/colour?set=half&from=moths&column=label")
    expected = links.colouring(opened["moths"], "label", opened["half"]).codes
    assert answer.data == expected.tobytes()
    assert answer.headers["Cache-Control"] == "private, no-cache"
    assert client.get("/api/link/colour?set=half&from=moths&column=wings").status_code == 404


def test_agreement_comes_as_one_byte_an_item_of_either_set(client, links, opened):
    url = "/api/link/agreement?set=moths&map=pca&beside=half:pca&side="
    left, right = (np.frombuffer(client.get(url + side).data, np.uint8) for side in
                   ("left", "right"))  # fmt: skip
    sides = Side(opened["moths"], "pca"), Side(opened["half"], "pca")
    shares = np.nan_to_num(links.agreement(*sides).shares, nan=-1)
    assert [len(left), len(right)] == [TOTAL, 36]
    np.testing.assert_array_equal(left == 0, shares < 0)
    np.testing.assert_allclose((left[left > 0] - 1) / 254, shares[shares >= 0], atol=1 / 254)
    assert (right > 0).sum() == HALF
    own = "/api/link/agreement?set=moths&map=pca&beside=tsne&side="
    assert client.get(own + "left").data == client.get(own + "right").data


@pytest.mark.parametrize(
    ("query", "status", "told"),
    [("set=moths&map=pca", 400, "beside"), ("set=moths&beside=tsne", 400, "map"),
     ("set=moths&map=umap&beside=tsne", 404, "no map 'umap'"),
     ("set=moths&map=pca&beside=half:umap", 404, "half has no map"),
     ("set=moths&map=pca&beside=tsne&side=up", 400, "left or right")],
)  # fmt: skip
def test_agreement_of_what_is_not_there_is_refused(client, query, status, told):
    answer = client.get(f"/api/link/agreement?{query}")
    assert answer.status_code == status
    assert told in answer.json["error"]

"""Requests that no page of ours sends: each is answered with 4xx and a sentence with the field."""

import json

import pytest

from app import create_app

#: What a field may be sent as, beside what it should be.
ODD = [
    True, 0, -1, 2**70, 10**400, 1.5, float("nan"), float("inf"), "\0", "\ud800", "é'\"<b>/../",
    "a" * 5000, "1e999", [[]], [-1], ["x"], [None], [float("nan")], [2**70], [[1, 2]], {"a": 1},
    {"a": {"b": [1]}}, [{}],
]  # fmt: skip


@pytest.fixture(scope="module")
def app(digits):
    return create_app(digits.settings)


@pytest.fixture(scope="module")
def client(app):
    app.server.config["PROPAGATE_EXCEPTIONS"] = False  # a fault is a 500, as it is served
    return app.server.test_client()


@pytest.fixture(scope="module")
def bodies(client, digits, tmp_path_factory):
    """A good request for each route that takes JSON."""
    opened = digits.library.open("digits")
    made = client.post("/api/selection", json={"set": "digits", "op": "rows", "rows": [1, 2]})
    key = made.get_json()["selection"]
    query = client.post("/api/search", json={"set": "digits", "positives": [1]}).get_json()["query"]
    target = str(tmp_path_factory.mktemp("out") / "files")
    joined = {"set": "digits", "base": key, "mode": "add"}
    corners = [[0, 0], [1, 0], [1, 1]]
    return {
        "/api/select": joined | {"projection": opened.projections["pca"], "polygon": corners},
        "/api/filter": joined | {"by": "label", "names": ["1"]},
        "/api/selection": joined | {"op": "nearest", "row": 1, "k": 3, "query": None},
        "/api/selection#union": joined | {"op": "union", "with": key, "slice": ""},
        "/api/selection#cluster": joined | {"op": "cluster", "cluster": 0, "kind": "themes"},
        "/api/search": {"set": "digits", "positives": [1], "negatives": [2], "pictures": []},
        "/api/search/within": joined | {"query": query, "distance": 0.1},
        "/api/link/selection": {"from": "digits", "to": "digits", "selection": key},
        "/api/export": {"set": "digits", "slice": "", "to": "copies", "target": target,
                        "cluster": 10**6, "options": {}},
    }  # fmt: skip


ROUTES = ["/api/select", "/api/filter", "/api/selection", "/api/selection#union",
          "/api/selection#cluster", "/api/search", "/api/search/within", "/api/link/selection",
          "/api/export"]  # fmt: skip


def send(client, route, data):
    return client.post(route.partition("#")[0], data=data, content_type="application/json")


@pytest.mark.parametrize("route", ROUTES)
def test_odd_values_are_refused_in_words(client, bodies, route):
    for field in bodies[route]:
        for value in ODD:
            answer = send(client, route, json.dumps(bodies[route] | {field: value}))
            assert answer.status_code < 500, (field, value)
            if answer.status_code >= 400:
                said = answer.get_json()["error"]
                assert 5 < len(said) < 3000
        absent = {name: value for name, value in bodies[route].items() if name != field}
        assert send(client, route, json.dumps(absent)).status_code < 500, field


@pytest.mark.parametrize("column", ["label", "cluster", "width", "outlier score"])
@pytest.mark.parametrize("field", ["names", "low", "high", "text", "missing"])
def test_a_filter_takes_odd_values_or_names_the_field(client, column, field):
    for value in ODD:
        body = json.dumps({"set": "digits", "by": column, field: value})
        answer = send(client, "/api/filter", body)
        assert answer.status_code in {200, 400}, value
    if field in {"names", "text"}:
        answer = send(client, "/api/filter", body.replace(json.dumps(value), "5"))
        assert answer.get_json()["error"].startswith(f"{field}: needs")


@pytest.mark.parametrize("route", ROUTES)
def test_a_list_for_a_text_is_named_by_its_field(client, bodies, route):
    names = {"set", "base", "projection", "by", "op", "query", "with", "kind", "from", "to",
             "selection", "slice"}  # fmt: skip
    for field in names & set(bodies[route]):
        answer = send(client, route, json.dumps(bodies[route] | {field: [1]}))
        assert answer.status_code == 400
        said = answer.get_json()["error"]
        assert field in said or (route == "/api/export" and "format" in said)


@pytest.mark.parametrize("route", [*ROUTES, "/_dash-update-component"])
@pytest.mark.parametrize(
    "data", [b"", b"[]", b"null", b"{", b"\xff\xfe", b"[" * 100_000, b'{"a":' * 50_000]
)
def test_what_is_no_object_is_refused(client, route, data):
    answer = send(client, route, data)
    assert answer.status_code == 400
    assert "JSON object" in answer.get_json()["error"]


def test_a_callback_that_there_is_not_is_refused_in_words(client, app):
    known = next(iter(app.callback_map))
    for body, field in [
        ({}, "output"),
        ({"output": "explore-x.children", "inputs": [], "outputs": []}, "output"),
        ({"output": [1]}, "output"),
        ({"output": known, "inputs": 1}, "inputs"),
        ({"output": known, "inputs": [1]}, "inputs"),
        ({"output": known, "inputs": [], "state": {}}, "state"),
        ({"output": known, "inputs": [], "changedPropIds": [{}]}, "changedPropIds"),
        ({"output": known, "inputs": [], "outputs": "x"}, "outputs"),
    ]:
        answer = send(client, "/_dash-update-component", json.dumps(body))
        assert answer.status_code == 400
        assert answer.get_json()["error"].startswith(f"{field}: ")

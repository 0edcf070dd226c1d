"""Selections made by request: every operation, over the real sample set, and what is refused."""

from types import SimpleNamespace

import numpy as np
import pytest

from app import create_app
from core.curation import Desk
from core.errors import NotFoundError
from core.selection import Selections


class Searches:
    """Searches whose answer a test knows: the nearest are the rows counted down."""

    def found(self, opened, query):
        if query != "q":
            raise NotFoundError(f"no search {query!r}; search again")
        order = np.arange(len(opened))[::-1]
        return SimpleNamespace(order=order, distances=(order[0] - order).astype(np.float32) / 1000)

    def nearest(self, opened, of, k):
        return (self.found(opened, of).order if of == "q" else np.arange(of, of + k))[:k]


@pytest.fixture(scope="module")
def opened(digits):
    return digits.library.open("digits")


@pytest.fixture
def desk(digits, tmp_path):
    """A log of its own for each test."""
    from core.storage.store import Workspace

    return Desk(Workspace(tmp_path / "log"))


@pytest.fixture(scope="module")
def server(digits):
    return create_app(digits.settings).server


@pytest.fixture
def client(server, desk):
    given = server.config["VITRINE"]
    names = ("settings", "library", "jobs", "selections")
    kept = {name: getattr(given, name) for name in names}
    server.config["VITRINE"] = SimpleNamespace(**kept, curation=desk, search=Searches())
    yield server.test_client()
    server.config["VITRINE"] = given


@pytest.fixture
def bare(server):
    """An app in which nothing is decided and nothing searched."""
    given = server.config["VITRINE"]
    names = ("settings", "library", "jobs", "selections")
    server.config["VITRINE"] = SimpleNamespace(**{n: getattr(given, n) for n in names})
    yield server.test_client()
    server.config["VITRINE"] = given


def make(client, op, **given):
    return client.post("/api/selection", json={"set": "digits", "op": op, **given})


def rows_of(client, key):
    mask = client.get(f"/api/selection/{key}/mask").data
    return np.flatnonzero(np.unpackbits(np.frombuffer(mask, np.uint8), bitorder="little"))


def selected(client, op, **given):
    """Return the rows that an operation selects, as the map gets them."""
    done = make(client, op, **given)
    assert done.status_code == 200, done.json
    rows = rows_of(client, done.json["selection"])
    assert (done.json["count"], done.json["total"]) == (len(rows), 1797)
    return rows


def picked(client, rows):
    return make(client, "rows", rows=[int(r) for r in rows]).json["selection"]


def test_rows_and_their_inverse_part_the_set(client):
    key = picked(client, [5, 3, 3, 1796])
    assert rows_of(client, key).tolist() == [3, 5, 1796]
    rest = selected(client, "invert", base=key)
    assert sorted([*rest, 3, 5, 1796]) == list(range(1797))


@pytest.mark.parametrize(
    ("op", "join"),
    [("union", np.union1d), ("intersect", np.intersect1d), ("difference", np.setdiff1d)],
)
def test_two_selections_are_combined(client, op, join):
    one, two = np.arange(0, 60, 2), np.arange(0, 60, 3)
    found = selected(client, op, base=picked(client, one), **{"with": picked(client, two)})
    np.testing.assert_array_equal(found, join(one, two))


def test_slices_and_decisions_are_selections(client, desk, opened):
    desk.act(opened, "slice.create", np.array([4, 8]), name="odd ones")
    desk.act(opened, "exclude", np.array([8, 9]), reason="blurred")
    assert selected(client, "slice", slice="odd ones").tolist() == [4, 8]
    assert selected(client, "excluded").tolist() == [8, 9]
    assert selected(client, "working").tolist() == [r for r in range(1797) if r not in {8, 9}]
    assert selected(client, "slice", slice=":excluded").tolist() == [8, 9]
    base = picked(client, [7, 8])
    assert selected(client, "union", base=base, slice="odd ones").tolist() == [4, 7, 8]
    assert selected(client, "slice", slice=":working", base=base, mode="intersect").tolist() == [7]


def test_a_cluster_is_a_selection(client, opened):
    expected = opened.cluster_rows(1)
    np.testing.assert_array_equal(selected(client, "cluster", cluster=1), expected)
    with_it = selected(client, "cluster", cluster=1, base=picked(client, [0, 1]), mode="add")
    np.testing.assert_array_equal(with_it, np.union1d([0, 1], expected))


def test_the_nearest_to_a_selection_come_from_the_graph(client, opened):
    near = opened.neighbors
    found = selected(client, "nearest", base=picked(client, [10]), k=4)
    assert set(found) == set(near.indices[10, :4].tolist())
    grown = selected(client, "nearest", base=picked(client, [10]), k=4, mode="add")
    assert set(grown) == {10, *near.indices[10, :4].tolist()}


def test_the_nearest_to_a_row_or_a_search_come_from_the_search(client):
    assert selected(client, "nearest", row=7, k=3).tolist() == [7, 8, 9]
    assert selected(client, "nearest", query="q", k=2).tolist() == [1795, 1796]


def test_all_of_a_gallery_but_some_are_ticked(client):
    base = picked(client, [2, 4, 6])
    assert selected(client, "rows", all=True, selection=base).tolist() == [2, 4, 6]
    kept = selected(client, "rows", all=True, selection=base, **{"except": [4]})
    assert kept.tolist() == [2, 6]
    assert len(selected(client, "rows", all=True)) == 1797


def test_a_selection_is_a_link_that_outlives_the_process(client, digits, opened):
    key = picked(client, [1, 2, 3])
    inverse = make(client, "invert", base=key).json["selection"]
    other = Selections(digits.library.workspace)  # as another process opens them
    assert other.load(key, opened.key).tolist() == [1, 2, 3]
    assert other.describe(inverse) == "all but 3 picked images"
    window = client.get(f"/api/window?set=digits&selection={key}").json
    assert window["rows"] == [1, 2, 3]


def test_what_was_drawn_and_filtered_is_told(client, digits, opened):
    threes = opened.points("umap")[(opened.items["label"] == "3").to_numpy(), 0]
    edge = float(np.quantile(threes, 0.37)) / 65535  # through them: no other test has this choice
    body = {"set": "digits", "projection": opened.projections["umap"],
            "polygon": [[0, 0], [edge, 0], [edge, 1], [0, 1]]}  # fmt: skip
    box = client.post("/api/select", json=body).json["selection"]
    body = {"set": "digits", "by": "label", "names": ["3"], "base": box, "mode": "intersect"}
    threes = client.post("/api/filter", json=body).json["selection"]
    assert Selections(digits.library.workspace).describe(threes) == "box on UMAP, then label = 3"
    body = {"set": "digits", "by": "label", "missing": False}
    assert client.post("/api/filter", json=body).json["count"] == 1797


@pytest.mark.parametrize(
    ("op", "given", "status", "field"),
    [
        ("xor", {}, 400, "op: 'xor'"),
        ("invert", {}, 400, "base"),
        ("union", {}, 400, "base"),
        ("union", {"base": "one"}, 400, "with"),
        ("union", {"base": "one", "with": "0" * 32}, 404, "no selection"),
        ("invert", {"base": "0" * 32}, 404, "no selection"),
        ("rows", {}, 400, "rows"),
        ("rows", {"rows": [1797]}, 400, "rows"),
        ("rows", {"rows": [1], "base": "one", "mode": "xor"}, 400, "xor"),
        ("rows", {"all": True, "except": "x"}, 400, "except"),
        ("nearest", {"row": 1}, 400, "k: "),
        ("nearest", {"row": 1, "k": 0}, 400, "k: "),
        ("nearest", {"k": 3}, 400, "row, query or base"),
        ("nearest", {"row": -1, "k": 3}, 400, "row: "),
        ("slice", {}, 400, "slice"),
        ("slice", {"slice": "none"}, 404, "no slice"),
        ("cluster", {"cluster": "x"}, 400, "cluster"),
        ("cluster", {"cluster": 999}, 404, "no cluster 999"),
        ("working", {"set": "none"}, 404, "none"),
    ],
)
def test_what_cannot_be_done_names_its_field(client, op, given, status, field):
    if given.get("base") == "one":
        given = given | {"base": picked(client, [1])}
    done = make(client, op, **given)
    assert done.status_code == status
    assert field in done.json["error"]


def test_without_slices_and_search_the_others_still_work(bare):
    assert make(bare, "rows", rows=[1]).json["count"] == 1
    assert "not kept" in make(bare, "working").json["error"]
    assert "not available" in make(bare, "nearest", row=1, k=2).json["error"]
    window = bare.get("/api/window?set=digits&count=3").json
    assert "marks" not in window
    assert bare.get("/api/window?set=digits&query=q").status_code == 404


# -- windows ---------------------------------------------------------------------------------------


def test_a_window_says_what_was_decided_and_shows_edited_labels(client, desk, opened):
    desk.act(opened, "exclude", np.array([1]))
    desk.act(opened, "keep", np.array([2]))
    desk.act(opened, "drop", np.array([3]))
    desk.act(opened, "relabel", np.array([4]), label="odd")
    window = client.get("/api/window?set=digits&count=6").json
    assert window["marks"] == ["", "excluded", "kept", "dropped", "", ""]
    given = opened.items["label"].astype(str).tolist()[:6]
    assert window["labels"] == [*given[:4], "odd", given[5]]
    desk.undo(opened)
    assert client.get("/api/window?set=digits&count=6").json["labels"] == given


def test_a_search_orders_the_gallery_and_gives_distances(client):
    window = client.get("/api/window?set=digits&query=q&start=2&count=3").json
    assert window["rows"] == [1794, 1793, 1792]
    assert window["distances"] == [0.002, 0.003, 0.004]
    key = picked(client, [5, 1000])
    among = client.get(f"/api/window?set=digits&query=q&selection={key}").json
    assert (among["rows"], among["distances"], among["total"]) == ([1000, 5], [0.796, 1.791], 2)
    assert client.get("/api/window?set=digits&query=other").status_code == 404


def test_the_bits_of_an_unknown_selection_are_not_there(client):
    answer = client.get(f"/api/selection/{'0' * 32}/mask")
    assert answer.status_code == 404
    assert answer.json["error"] == "no selection with this id is kept here; select again"

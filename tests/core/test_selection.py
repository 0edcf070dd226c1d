"""Selections: polygons against an independent oracle, set algebra, and ids that stay."""

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from core import selection
from core.errors import ArtifactCorruptError, InputError, NotFoundError
from core.selection import (
    EARLIER,
    LETTERS,
    SPAN,
    Selections,
    bitmap,
    checked_rows,
    combine,
    describe,
    inverse,
    nearest_by_graph,
    of_polygon,
    quantise,
    rows_in_polygon,
)
from core.storage.store import Workspace

ROWS = st.lists(st.integers(0, 40), unique=True).map(lambda r: np.array(sorted(r), np.int64))


@pytest.mark.parametrize("seed", range(20))
def test_polygon_agrees_with_shapely(seed):
    random = np.random.default_rng(seed)
    points = random.integers(0, SPAN + 1, (5000, 2)).astype(np.uint16)
    angles = np.sort(random.uniform(0, 2 * np.pi, random.integers(3, 40)))
    radii = random.uniform(0.05, 0.5, len(angles))
    corners = 0.5 + np.column_stack([np.cos(angles), np.sin(angles)]) * radii[:, None]
    polygon = shapely.Polygon(corners * SPAN)
    expected = np.flatnonzero(shapely.contains_xy(polygon.buffer(0), points.astype(float)))
    found = rows_in_polygon(points, corners.tolist())
    if polygon.is_valid:
        np.testing.assert_array_equal(found, expected)
    else:
        pytest.fail("the star-shaped polygon of this test is always valid")


def test_a_box_holds_what_lies_between_its_sides():
    points = quantise(np.array([[0.0, 0.0], [1.0, 1.0], [0.5, 0.5]]))
    box = [[0.4, 0.4], [0.6, 0.4], [0.6, 0.6], [0.4, 0.6]]
    assert rows_in_polygon(points, box).tolist() == [2]


@pytest.mark.parametrize(
    "polygon",
    [[], [[0, 0], [1, 1]], [[0, 0], [1, 1], [1]], "abc", [[0, 0], [1, 0], [float("nan"), 1]],
     [[0, 0]] * 600, [[[0, 0]]] * 4],
)  # fmt: skip
def test_a_bad_polygon_is_refused(polygon):
    with pytest.raises(InputError, match="polygon"):
        rows_in_polygon(np.zeros((3, 2), np.uint16), polygon)


def test_quantised_points_keep_shape_and_scale():
    coordinates = np.array([[0.0, 0.0], [10.0, 0.0], [0.0, 5.0]])
    x, y = quantise(coordinates).astype(float).T
    assert (x[1] - x[0]) == pytest.approx(2 * (y[2] - y[0]), abs=2)
    assert x.min() == pytest.approx(0.02 * SPAN, abs=1)
    assert (y.min() + y.max()) / 2 == pytest.approx(SPAN / 2, abs=1)


@pytest.mark.parametrize("n", [0, 1, 2])
def test_maps_without_extent_are_placed_in_the_middle(n):
    points = quantise(np.ones((n, 2)))
    assert points.shape == (n, 2)
    assert ((points > 32000) & (points < 33500)).all()


@given(ROWS, ROWS)
def test_modes_are_set_operations(rows, base):
    a, b = set(rows.tolist()), set(base.tolist())
    assert set(combine(rows, base, "add").tolist()) == a | b
    assert set(combine(rows, base, "subtract").tolist()) == b - a
    assert set(combine(rows, base, "intersect").tolist()) == a & b
    assert set(combine(rows, base, "replace").tolist()) == a


def test_an_unknown_mode_is_named():
    with pytest.raises(InputError, match="banana"):
        combine(np.zeros(0, np.int64), None, "banana")


@given(ROWS)
def test_bitmap_has_one_bit_a_row(rows):
    bits = np.unpackbits(np.frombuffer(bitmap(rows, 41), np.uint8), bitorder="little")
    assert len(bitmap(rows, 41)) == 6
    np.testing.assert_array_equal(np.flatnonzero(bits), rows)


def test_a_selection_keeps_its_id_and_belongs_to_its_set(tmp_path):
    selections = Selections(Workspace(tmp_path))
    one = selections.save("a" * 32, np.array([1, 5]), {"how": "polygon"})
    assert selections.save("a" * 32, np.array([1, 5]), {"how": "filter"}) == one
    assert selections.save("b" * 32, np.array([1, 5]), {}) != one
    assert Selections(Workspace(tmp_path)).load(one, "a" * 32).tolist() == [1, 5]
    with pytest.raises(NotFoundError, match="another set"):
        selections.load(one, "b" * 32)
    with pytest.raises(NotFoundError):
        selections.load("../../etc/passwd", "a" * 32)


def test_a_damaged_selection_is_named(tmp_path):
    key = Selections(Workspace(tmp_path)).save("a" * 32, np.arange(9), {})
    file = tmp_path / "artefacts" / "selection" / key / "rows.npy"
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    with pytest.raises(ArtifactCorruptError, match=r"rows\.npy"):
        Selections(Workspace(tmp_path)).load(key, "a" * 32)


# -- algebra ---------------------------------------------------------------------------------------


@given(ROWS)
def test_the_inverse_is_all_others_and_its_own_inverse(rows):
    other = inverse(rows, 41)
    assert set(other.tolist()) == set(range(41)) - set(rows.tolist())
    np.testing.assert_array_equal(inverse(other, 41), rows)


@given(ROWS, ROWS, ROWS)
def test_laws_of_sets_hold(a, b, c):
    def same(one, two):
        np.testing.assert_array_equal(one, two)

    same(combine(a, b, "add"), combine(b, a, "add"))
    same(combine(a, b, "intersect"), combine(b, a, "intersect"))
    same(
        inverse(combine(a, b, "add"), 41),
        combine(inverse(a, 41), inverse(b, 41), "intersect"),
    )
    same(combine(a, b, "subtract"), combine(inverse(a, 41), b, "intersect"))
    same(
        combine(combine(a, b, "add"), c, "intersect"),
        combine(combine(a, c, "intersect"), combine(b, c, "intersect"), "add"),
    )


@given(st.lists(st.integers(0, 9)))
def test_rows_of_a_request_come_back_ascending_and_once(rows):
    assert checked_rows(rows, 10).tolist() == sorted(set(rows))


@pytest.mark.parametrize("rows", [None, "1", {"0": 1}, [1.0], ["1"], [True], [-1], [10], [[1]]])
def test_what_is_no_list_of_rows_is_refused_by_name(rows):
    with pytest.raises(InputError, match=r"^ticked: needs a list of rows"):
        checked_rows(rows, 10, "ticked")


@pytest.mark.parametrize("seed", range(10))
def test_the_nearest_by_the_graph_agree_with_a_search_over_all_pairs(seed):
    random = np.random.default_rng(seed)
    points = random.normal(size=(30, 3))
    away = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(away, np.inf)
    indices = np.argsort(away, axis=1)[:, :29]  # the whole order: the graph knows all
    distances = np.take_along_axis(away, indices, axis=1)
    rows = np.sort(random.choice(30, random.integers(1, 8), replace=False))
    others = np.setdiff1d(np.arange(30), rows)
    least = away[np.ix_(rows, others)].min(axis=0)
    expected = np.sort(others[np.argsort(least)[:5]])
    np.testing.assert_array_equal(nearest_by_graph(indices, distances, rows, 5), expected)


def test_the_neighbours_of_a_large_selection_are_looked_at_in_blocks(monkeypatch):
    random = np.random.default_rng(3)
    indices = random.integers(0, 60, (60, 7)).astype(np.int32)
    distances = random.integers(1, 9, (60, 7)).astype(np.float32)  # with ties
    rows = np.sort(random.choice(60, 20, replace=False))
    least = {}
    for row in rows.tolist():
        for near, away in zip(indices[row].tolist(), distances[row].tolist(), strict=True):
            if near not in rows:
                least[near] = min(away, least.get(near, np.inf))
    expected = sorted(sorted(least, key=lambda row: (least[row], row))[:9])
    for block in (1, 6, 20, 100):
        monkeypatch.setattr(selection, "_BLOCK", block)
        assert nearest_by_graph(indices, distances, rows, 9).tolist() == expected


def test_a_graph_that_ends_gives_fewer_and_never_the_selection_itself():
    indices = np.array([[1, 2], [0, 2], [1, 0], [2, -1]])
    distances = np.array([[0.1, 0.2], [0.1, 0.3], [0.3, 0.2], [0.5, np.inf]])
    assert nearest_by_graph(indices, distances, np.array([0, 1]), 5).tolist() == [2]
    assert nearest_by_graph(indices, distances, np.array([3]), 5).tolist() == [2]
    assert nearest_by_graph(indices, distances, np.array([], np.int64), 5).tolist() == []


# -- how a selection was made ----------------------------------------------------------------------

LASSO = [[0.1, 0.1], [0.7, 0.2], [0.5, 0.9]]


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (of_polygon("umap", LASSO), "lasso on UMAP"),
        (of_polygon("tsne", [[0, 0], [1, 0], [1, 1], [0, 1]]), "box on t-SNE"),
        ({"how": "filter", "column": "label", "names": ["moth"]}, "label = moth"),
        ({"how": "filter", "column": "label", "names": ["a", ""]}, "label = a or missing"),
        (
            {"how": "filter", "column": "label", "names": list("abcdef")},
            "label = a or b or 4 other values",
        ),
        ({"how": "filter", "column": "label", "missing": True}, "label missing"),
        ({"how": "filter", "column": "label", "missing": False}, "label known"),
        ({"how": "filter", "column": "width", "low": 10.0, "high": 20.5}, "width from 10 to 20.5"),
        ({"how": "filter", "column": "time", "low": "2026-01-31"}, "time at least 2026-01-31"),
        ({"how": "filter", "column": "width", "high": 0}, "width at most 0"),
        ({"how": "filter", "column": "notes", "text": "blur"}, "notes containing “blur”"),
        ({"how": "cluster", "cluster": 3, "kind": "themes"}, "Theme 4"),
        ({"how": "cluster", "cluster": 3, "kind": "micro"}, "Group 4"),
        ({"how": "cluster", "cluster": -1, "kind": "themes"}, "unassigned"),
        ({"how": "rows", "count": 1}, "1 picked image"),
        ({"how": "nearest", "k": 9, "row": 4}, "the 9 nearest to image 4"),
        ({"how": "nearest", "k": 9, "query": "q"}, "the 9 nearest to a search"),
        ({"how": "slice", "slice": "odd"}, "slice “odd”"),
        ({"how": "working"}, "the working set"),
        ({"how": "filter by label"}, "filter by label"),
        ({}, "a selection"),
    ],
)
def test_every_way_to_select_is_told_in_words(made, told):
    assert describe(made) == told


def test_a_polygon_is_known_by_its_corners():
    assert of_polygon("umap", LASSO)["polygon"] == of_polygon("umap", LASSO)["polygon"]
    assert of_polygon("umap", LASSO) != of_polygon("umap", LASSO[::-1])


def chain(tmp_path):
    """Give a function that selects over an earlier selection, and the selections."""
    board = Selections(Workspace(tmp_path))

    def choose(rows, made, base=None, mode="replace"):
        made_id = board.choose("a" * 32, 41, np.array(rows), made, base=base, mode=mode)
        return made_id["selection"]

    return board, choose


def test_a_sentence_is_built_through_the_chain(tmp_path):
    board, choose = chain(tmp_path)
    lasso = choose(range(20), of_polygon("umap", LASSO))
    moths = {"how": "filter", "column": "label", "names": ["moth"]}
    both = choose(range(0, 40, 2), moths, base=lasso, mode="intersect")
    assert board.describe(both) == "lasso on UMAP, then label = moth"
    without = choose([2], {"how": "rows", "count": 1}, base=both, mode="subtract")
    assert board.describe(without) == "lasso on UMAP, then label = moth, without 1 picked image"
    more = choose([39], {"how": "cluster", "cluster": 0, "kind": "themes"}, base=lasso, mode="add")
    assert board.describe(more) == "lasso on UMAP, and Theme 1"


def test_one_selection_within_another_stands_in_brackets(tmp_path):
    board, choose = chain(tmp_path)
    lasso = choose(range(20), of_polygon("umap", LASSO))
    both = choose([1, 2], {"how": "working"}, base=lasso, mode="intersect")
    rest = choose(inverse(np.array([1, 2]), 41), {"how": "invert", "base": both})
    assert board.describe(rest) == "all but (lasso on UMAP, then the working set)"
    theme = choose([1, 5], {"how": "cluster", "cluster": 0, "kind": "themes"})
    joined = choose([1, 2], {"how": "selection", "with": both}, base=theme, mode="add")
    assert board.describe(joined) == "Theme 1, and (lasso on UMAP, then the working set)"
    near = choose([7], {"how": "nearest", "k": 5, "of": lasso})
    assert board.describe(near) == "the 5 nearest to lasso on UMAP"


def test_a_long_chain_is_told_from_where_it_fits(tmp_path):
    board, choose = chain(tmp_path)
    key = None
    for row in range(30):
        made = {"how": "filter", "column": "a column of a long name", "names": [f"value {row}"]}
        key = choose([row], made, base=key, mode="add")
    told = board.describe(key)
    assert told.endswith("a column of a long name = value 29")
    assert told.startswith(EARLIER)
    assert len(told) < 2 * LETTERS


def test_a_parent_that_is_gone_is_an_earlier_selection(tmp_path):
    board, choose = chain(tmp_path)
    made = {"how": "working"}
    key = choose([1], made, base=choose([1, 2], of_polygon("umap", LASSO)), mode="intersect")
    (
        tmp_path / "artefacts" / "selection" / board.provenance(key)["base"] / "manifest.json"
    ).unlink()
    assert board.describe(key) == f"{EARLIER}, then the working set"


def test_rows_selected_twice_keep_their_first_provenance_so_that_no_chain_is_a_circle(tmp_path):
    board, choose = chain(tmp_path)
    first = choose([1, 2], {"how": "working"})
    rest = choose(inverse(np.array([1, 2]), 41), {"how": "invert", "base": first})
    again = choose([1, 2], {"how": "invert", "base": rest})
    assert again == first
    assert board.describe(again) == "the working set"

"""What links two sets, against what their item tables say."""

import numpy as np
import pytest
from linking import HALF, TOTAL, make_linked

from core.errors import NotFoundError
from core.link import Links, Side, identity, translate
from core.maps.agreement import Graph, Plane, measure_agreement
from core.selection import Selections


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    return make_linked(tmp_path_factory).library


@pytest.fixture(scope="module")
def links(library):
    return Links(library.workspace, Selections(library.workspace))


@pytest.fixture(scope="module")
def opened(library):
    return {name: library.open(name) for name in library.names()}


def expected_rows(source, target):
    """Match by the pictures' bytes, the first with the first, the second with the second."""
    left = {}
    for row, key in enumerate(target.items["item_id"]):
        left.setdefault(key, []).append(row)
    return [left.get(key).pop(0) if left.get(key) else -1 for key in source.items["item_id"]]


@pytest.mark.parametrize(
    ("source", "target"), [("moths", "half"), ("half", "moths"), ("moths", "texture")]
)
def test_rows_are_matched_by_their_pictures(links, opened, source, target):
    rows = links.rows(opened[source], opened[target])

    assert rows.dtype == np.int32
    assert rows.tolist() == expected_rows(opened[source], opened[target])


def test_how_many_items_are_in_both_is_counted(links, opened):
    assert links.common(opened["moths"], opened["texture"]) == TOTAL
    assert links.common(opened["moths"], opened["half"]) == HALF
    assert links.common(opened["half"], opened["moths"]) == HALF
    assert links.common(opened["moths"], opened["other"]) == 0


def test_sets_of_the_same_rows_have_one_identity(opened):
    assert identity(opened["moths"]) == identity(opened["texture"])
    assert identity(opened["moths"]) != identity(opened["half"])


def test_most_items_are_at_least_half_of_those_of_the_first(links, opened):
    assert links.holds_most(opened["moths"], opened["texture"])
    assert links.holds_most(opened["moths"], opened["half"]), "30 of 48"
    assert links.holds_most(opened["half"], opened["moths"]), "30 of 36"
    assert not links.holds_most(opened["moths"], opened["other"])


def test_whether_a_set_holds_most_is_told_without_its_item_table(links, library, opened):
    fresh = type(library)(library.workspace).open("half")

    assert links.holds_most(opened["moths"], fresh)
    assert "items" not in vars(fresh), "fifty sets need not be read for a list of names"


def test_what_was_worked_out_is_read_by_the_next_process(links, library, opened, monkeypatch):
    first = links.rows(opened["moths"], opened["half"]).tolist()
    fresh = type(library)(library.workspace).open("half")
    monkeypatch.setattr(type(fresh), "find_rows", lambda *given: pytest.fail("worked out again"))

    again = Links(library.workspace, Selections(library.workspace)).rows(opened["moths"], fresh)

    assert again.tolist() == first


def test_a_selection_is_translated_to_the_same_items_elsewhere(links, library, opened):
    board = Selections(library.workspace)
    source, target = opened["moths"], opened["half"]
    rows = np.arange(0, TOTAL, 3)
    made = board.save(source.key, rows, {"how": "test"})

    done = links.translate(source, target, made)

    found = board.load(done["selection"], target.key)
    ids, there = (o.items["item_id"] for o in (source, target))
    assert set(there.iloc[found]) == set(ids.iloc[rows]) & set(there)
    assert sorted(found) == found.tolist()
    assert (done["count"], done["total"]) == (len(found), len(target))
    assert done["missing"] == len(rows) - len(found) > 0
    assert translate(links, source, target, made) == done["selection"]
    kept = library.workspace.read("selection", done["selection"]).meta["provenance"]
    assert (kept["set"], kept["from"]) == ("moths", made)


def test_the_second_of_two_equal_pictures_stays_the_second(links, library, opened):
    source, target = opened["moths"], opened["texture"]
    ids = source.items["item_id"]
    twin = int(np.flatnonzero(ids.duplicated())[0])
    board = Selections(library.workspace)

    done = links.translate(source, target, board.save(source.key, np.array([twin]), {}))

    assert board.load(done["selection"], target.key).tolist() == [twin]


def test_sets_of_the_same_images_share_the_selection_itself(links, library, opened):
    board = Selections(library.workspace)
    made = board.save(opened["moths"].key, np.array([1, 2]), {})

    done = links.translate(opened["moths"], opened["texture"], made)

    assert (done["selection"], done["count"], done["missing"]) == (made, 2, 0)


def test_a_selection_that_is_not_there_cannot_be_translated(links, opened):
    with pytest.raises(NotFoundError):
        links.translate(opened["moths"], opened["half"], "0" * 32)


def test_colours_are_those_of_the_same_picture(links, opened):
    source, target = opened["moths"], opened["half"]

    found = links.colouring(source, "label", target)

    own = source.colouring("label")
    names = {0: ""} | {e.index: e.label for e in own.entries}
    told = dict(zip(source.items["item_id"], source.items["label"], strict=True))
    expected = [told.get(key, "") for key in target.items["item_id"]]
    assert [names[c] for c in found.codes.tolist()] == expected
    assert (found.entries, found.kind) == (own.entries, own.kind)


def test_two_maps_of_one_set_agree_as_their_points_do(links, opened):
    moths = opened["moths"]

    found = links.agreement(Side(moths, "pca"), Side(moths, "tsne"))
    again = links.agreement(Side(moths, "pca"), Side(moths, "tsne"))

    planes = (Plane(moths.projection(name).coordinates) for name in ("pca", "tsne"))
    expected = measure_agreement(*planes, TOTAL)
    np.testing.assert_array_equal(found.shares, expected.shares)
    assert (found.mean, found.low, found.chance) == (
        expected.mean, expected.low, expected.chance,
    )  # fmt: skip
    np.testing.assert_array_equal(again.shares, found.shares)
    assert 0 < found.mean < 1


def test_agreement_is_computed_once(links, opened, monkeypatch):
    sides = (Side(opened["moths"], "tsne"), Side(opened["moths"], "pca"))
    first = links.agreement(*sides)
    monkeypatch.setattr("core.link.measure_agreement", lambda *given: pytest.fail("again"))

    assert links.agreement(*sides).mean == first.mean


def test_maps_of_two_sets_are_compared_on_what_both_hold(links, opened):
    source, target = opened["moths"], opened["half"]

    found = links.agreement(Side(source, "pca"), Side(target, "pca"))

    link = np.array(expected_rows(source, target))
    here = np.flatnonzero(link >= 0)
    places = (source.projection("pca").coordinates[here],
              target.projection("pca").coordinates[link[here]])  # fmt: skip
    expected = measure_agreement(*(Plane(p) for p in places), len(here))
    np.testing.assert_array_equal(found.shares[here], expected.shares)
    assert np.isnan(np.delete(found.shares, here)).all()
    assert (found.measured, found.k) == (HALF, (HALF - 1) // 2)


def test_encoders_are_compared_by_their_vectors(links, opened):
    found = links.agreement(Side(opened["moths"]), Side(opened["texture"]))

    graphs = [opened[name].neighbors for name in ("moths", "texture")]
    expected = measure_agreement(*(Graph(g.indices, g.distances) for g in graphs), TOTAL)
    np.testing.assert_array_equal(found.shares, expected.shares)
    assert found.mean > found.chance / 2


def test_agreement_as_colours_runs_from_none_to_all(links, opened):
    source, target = opened["moths"], opened["half"]
    sides = (Side(source, "pca"), Side(target, "pca"))
    shares = links.agreement(*sides).shares

    left = links.agreement_colouring(*sides)
    right = links.agreement_colouring(*sides, target)

    assert (left.low, left.high, left.kind) == (0.0, 1.0, "number")
    known = ~np.isnan(shares)
    assert (left.codes[~known] == 0).all()
    np.testing.assert_allclose((left.codes[known] - 1) / 254, shares[known], atol=1 / 254)
    for row, mate in enumerate(expected_rows(target, source)):
        assert right.codes[row] == (left.codes[mate] if mate >= 0 else 0)


def test_a_set_of_few_images_has_no_agreement(links, opened):
    found = links.agreement(Side(opened["moths"], "pca"), Side(opened["other"], "pca"))

    assert found.measured == 0
    assert np.isnan(found.mean)

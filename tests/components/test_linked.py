"""Two maps side by side, as component trees; and what is said around a map."""

import dataclasses
import json
from types import SimpleNamespace

import numpy as np
import pytest
from dash import no_update
from linking import TOTAL, make_linked

from components import beside as choice
from components import linked, map_view, words
from components.scatter import ATTRIBUTES
from core.errors import NotFoundError
from core.selection import Selections
from tests.fakes import FakeSet
from tests.trees import data, find, ids, nodes, text

STORES = {"selection_store": "sel", "inspect_store": "insp"}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return make_linked(tmp_path_factory)


@pytest.fixture
def opened(workspace, inside):
    """Open sets by name, in an app that serves them."""
    library = workspace.library
    inside(SimpleNamespace(library=library, selections=Selections(library.workspace)))
    return {name: library.open(name) for name in library.names()}


def hosts(tree):
    return [n["props"] for n in nodes(tree) if n["props"].get("className") == "vt-map"]


def pair(opened, value, colour="label", selection=None, name="pca", **given):
    found = opened["moths"]
    beside = choice.resolve(found, value, name)
    return linked.pair(found, name, beside, colour, selection, **STORES, **given)


# -- choosing --------------------------------------------------------------------------------------


def test_a_map_can_be_compared_with_the_set_s_others_and_those_of_sets_with_most_of_its_images(
    opened,
):
    found = {o["value"]: o["label"] for o in choice.options(opened["moths"], "pca")}

    assert found == {
        "tsne": "t-SNE", "half:pca": "PCA of half",
        "texture:pca": "PCA of texture (colour-texture)",
    }  # fmt: skip


def test_a_damaged_set_hides_no_other(opened, workspace, monkeypatch):
    library = type(workspace.library)

    def stumble(self, name, real=library.open):
        if name == "half":
            raise NotFoundError("its record is damaged")
        return real(self, name)

    monkeypatch.setattr(library, "open", stumble)
    values = [o["value"] for o in choice.options(opened["moths"], "pca")]
    assert values == ["tsne", "texture:pca"]


def test_the_picker_is_labelled_and_hidden_where_there_is_nothing_to_compare_with(opened):
    tree = choice.picker("p", opened["moths"], "pca", "texture:pca")
    label, field = tree.children
    assert (label.htmlFor, field.id, field.value) == ("p", "p", "texture:pca")
    assert field.options[0] == {"label": "nothing", "value": "-"}
    assert not tree.hidden
    assert choice.picker("p", opened["other"], "pca", "").hidden
    assert choice.picker("p", opened["moths"], "pca", "gone:pca").children[1].value == "-"


def test_the_address_names_a_map_of_this_set_or_of_another(opened):
    moths = opened["moths"]
    own, other = (choice.resolve(moths, v, "pca") for v in ("tsne", "texture:pca"))
    assert (own.map, own.foreign, own.value, own.title) == ("tsne", False, "tsne", "t-SNE")
    assert (other.found.name, other.foreign, other.value) == ("texture", True, "texture:pca")
    assert other.title == "PCA of texture (colour-texture)"
    assert choice.resolve(moths, "moths:tsne").value == "tsne"
    assert choice.resolve(moths, "", "pca") is None
    assert choice.resolve(moths, "pca", "pca") is None, "a map is not compared with itself"


@pytest.mark.parametrize(
    ("value", "told"),
    [("umap", "moths has no map 'umap'"), ("gone:pca", "no set named 'gone'"),
     ("other:pca", "other holds none of the images of moths"), ("texture:", "has no map ''")],
)  # fmt: skip
def test_an_address_that_leads_nowhere_is_explained(opened, value, told):
    with pytest.raises(NotFoundError, match=told):
        choice.resolve(opened["moths"], value)


# -- the pair --------------------------------------------------------------------------------------


def test_two_maps_of_one_set_share_stores_colours_and_selection(opened):
    rows = np.array([1, 4])
    board = Selections(opened["moths"]._workspace)
    made = board.save(opened["moths"].key, rows, {})
    tree = pair(opened, "tsne", selection={"selection": made, "count": 2, "total": TOTAL}, marked=4)

    left, right = hosts(tree)
    assert left["id"] == data(map_view.HOST)
    assert right["id"] == data(linked.HOST)
    for name in ("data-selection-store", "data-inspect-store", "data-base", "data-mask",
                 "data-names", "data-set", "data-link", "data-marked", "data-thumbs"):  # fmt: skip
        assert left[name] == right[name], name
    assert left["data-base"] == made
    assert "data-link-rows" not in right
    assert left["data-points"] != right["data-points"]
    assert [n.split("?")[1] for n in (left["data-colour"], right["data-colour"])] == [
        "set=moths&by=label"
    ] * 2
    assert len(set(ids(tree))) == len(ids(tree))


def test_a_map_of_another_set_is_tied_by_the_routes_and_keeps_its_own_stores(opened):
    board = Selections(opened["moths"]._workspace)
    made = board.save(opened["moths"].key, np.arange(TOTAL), {})
    selection = {"selection": made, "count": TOTAL, "total": TOTAL}
    tree = pair(opened, "half:pca", selection=selection, marked=4)

    left, right = hosts(tree)
    assert left["data-inspect-store"] == "insp"
    assert json.loads(right["data-inspect-store"])["name"] == linked.NAME
    assert right["data-set"] == "half"
    assert right["data-marked"] == "", "rows of one set mean nothing in another"
    assert right["data-link-rows"].startswith("/api/link/rows/")
    assert right["data-link-rows"].endswith("?from=half&to=moths")
    assert right["data-base"] not in {"", made}
    assert len(board.load(right["data-base"], opened["half"].key)) == 30
    assert right["data-colour"] == "/api/link/colour?set=half&from=moths&column=label&by=label"
    assert right["data-names"] == left["data-names"]
    assert "PCA of half" in text(tree)


def test_a_column_that_only_the_first_set_has_gives_no_names_to_select_by(opened):
    left, right = hosts(pair(opened, "half:pca", colour="cluster"))

    assert "by=" not in right["data-colour"].replace("column=", "")
    assert right["data-labels"] == "[]"
    assert left["data-palette"] == right["data-palette"]


def test_both_hosts_have_every_attribute_that_a_page_may_write(opened):
    for value in ("tsne", "half:pca"):
        for colour in ("label", "agreement", None):
            beside = choice.resolve(opened["moths"], value)
            both = linked.shown(opened["moths"], "pca", beside, colour, None)
            assert all(set(made) == set(ATTRIBUTES) for made in both)


def test_agreement_is_a_colour_of_both_maps(opened):
    left, right = hosts(pair(opened, "half:pca", colour="agreement"))
    query = "/api/link/agreement?set=moths&map=pca&beside=half%3Apca&side="
    assert (left["data-colour"], right["data-colour"]) == (query + "left", query + "right")
    assert left["data-labels"] == right["data-labels"] == "[]"
    beside = choice.resolve(opened["moths"], "half:pca")
    offered = choice.colour_columns(opened["moths"].columns(), beside)
    assert offered[0].name == choice.AGREEMENT
    assert words.column_name(offered[0].name, offered[0].label) == "Agreement with PCA of half"
    assert choice.colour_columns([], None) == []


def test_the_legend_is_shown_once_and_each_map_has_its_caption(opened):
    beside = choice.resolve(opened["moths"], "tsne")
    tree = linked.notes(opened["moths"], "pca", beside, "label")
    assert sum(n["props"].get("className") == "vt-legend" for n in nodes(tree)) == 1
    assert "A straight projection" in text(tree)
    assert "Close neighbours are kept best" in text(tree)
    agreed = linked.notes(opened["moths"], "pca", beside, "agreement")
    assert "Bright: the same neighbours on both maps" in text(agreed)
    assert "No value" not in text(agreed)


# -- the sentence ----------------------------------------------------------------------------------


def test_the_sentence_tells_agreement_beside_chance(opened):
    beside = choice.resolve(opened["moths"], "tsne")
    (told,) = linked.agreement_text(opened["moths"], "pca", beside)

    found = choice.links().agreement(
        linked.Side(opened["moths"], "pca"), linked.Side(opened["moths"], "tsne")
    )
    assert told == (
        f"On average {words.share(found.mean)} of an image’s 15 nearest on one map are among its "
        "15 nearest on the other; by chance 32 %."
    )


def test_two_sets_are_compared_on_what_is_in_both_and_by_their_encoders(opened):
    whole = linked.agreement_text(
        opened["moths"], "pca", choice.resolve(opened["moths"], "texture:pca")
    )
    part = linked.agreement_text(
        opened["moths"], "pca", choice.resolve(opened["moths"], "half:pca")
    )
    assert whole[0] == "All 48 images are in both."
    assert whole[-1].startswith("Of the encoders themselves, before any map: ")
    assert part[0] == "30 of 48 images are in both."
    assert "encoders" not in " ".join(part), "one encoder agrees with itself"


def test_the_callback_says_it_for_the_pair_on_the_page_and_names_its_left_map(opened):
    beside = choice.resolve(opened["moths"], "tsne", "pca")
    under = linked.notes(opened["moths"], "pca", beside, "label")
    wanted = {"component": "linked", "part": "asked", "name": linked.NAME}
    asked = find(under, id=wanted)[0]["data"]
    assert asked == {"set": "moths", "map": "pca", "beside": "tsne"}
    told, head = linked.say(asked)
    assert "by chance 32 %" in text(told)
    assert head == "PCA"
    assert linked.say({**asked, "beside": "half:pca"})[1] == "PCA of moths"
    assert linked.say(None) == (no_update, no_update)


# -- around one map --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("colour", "told"),
    [("torn umap", "the UMAP map took an image's true neighbours away"),
     ("squeezed tsne", "the t-SNE map put images beside each other that are not alike"),
     ("faithfulness pca", "the nearest on the PCA map are truly the nearest"),
     ("torn wings", ""), ("label", ""), (None, "")],
)  # fmt: skip
def test_a_measure_of_every_point_is_explained_where_it_colours_the_map(colour, told):
    note = map_view.colour_note(colour)
    assert told in note
    assert bool(note) == bool(told)


@pytest.mark.parametrize(
    ("name", "shown"),
    [("torn umap", "Torn apart (UMAP)"), ("squeezed tsne3d", "Squeezed together (t-SNE, 3-D)"),
     ("torn wings", "torn wings"), ("placement", "Placement")],
)  # fmt: skip
def test_columns_of_a_map_have_names_for_people(name, shown):
    assert words.column_name(name, name) == shown


def level(title, **m2):
    return SimpleNamespace(name=title, title=title, count=12, m2=m2)


def test_a_part_says_which_map_its_own_was_started_from_and_how_far_they_agree(monkeypatch):
    found = FakeSet()
    assert map_view.started_note(found, "umap") == ""
    monkeypatch.setattr(FakeSet, "lineage", (level("leeds"), level("12 of leeds", umap=0.031)))
    begun = dataclasses.replace(found.projection("umap"), parent="key")
    monkeypatch.setattr(FakeSet, "projection", lambda self, name: begun)
    assert map_view.started_note(found, "umap") == (
        "This map was started from the map of leeds: m² = 0.03 (0: same arrangement, 1: none)."
    )
    assert map_view.started_note(found, "pca") == "", "measured for UMAP only"
    assert "m² = 0.03" in text(map_view.notes(found, "umap", "label"))


def test_a_map_made_afresh_does_not_claim_to_have_been_started_from_another(monkeypatch):
    found = FakeSet()
    monkeypatch.setattr(FakeSet, "lineage", (level("leeds"), level("12 of leeds", pca=0.5)))
    assert "was made afresh, not from the map of leeds: m² = 0.50" in map_view.started_note(
        found, "pca"
    )


def test_images_placed_later_are_told_and_those_off_the_map():
    found = FakeSet()
    assert map_view.placed_note(found) == ""
    found.placement = (np.array([0, 0, 1, 1, 2]), np.zeros(5, np.float32))
    told = map_view.placed_note(found)
    assert told.startswith("3 images were added later and placed on the map as it was.")
    assert "1 of them is unlike everything on it (off the map)" in told
    found.placement = (np.zeros(5, np.uint8), np.zeros(5, np.float32))
    assert map_view.placed_note(found) == ""

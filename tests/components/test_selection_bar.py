"""The bar over the gallery: what it offers, what each act does, what it answers."""

import types as python_types

import numpy as np
import pytest
from dash import no_update

from components import selection_acts, selection_bar
from components.selection_bar import act_id, bar, field_id, keeper, told
from core.errors import InputError, NotFoundError
from core.selection import combine, describe
from tests.fakes import FakeDesk, FakeLine, FakeSelections, FakeServices, FakeSet, FakeSlice
from tests.trees import find, ids, nodes, text

NAME = "explore"


class Set(FakeSet):
    """The fake set with a neighbour graph: the nearest of a row are the next ones."""

    embeddings = "vectors"

    @property
    def neighbors(self):
        rows = np.arange(12)
        indices = np.stack([(rows + 1) % 12, (rows + 2) % 12], axis=1)
        return python_types.SimpleNamespace(indices=indices, distances=np.tile([0.1, 0.2], (12, 1)))


class Desk(FakeDesk):
    """A desk that says in words what was done, and undoes it."""

    def act(self, opened, kind, rows=None, **fields):
        super().act(opened, kind, rows, **fields)
        text = f"{kind} of {len(rows)}" + (f": {fields['reason']}" if fields.get("reason") else "")
        number = len(self.shown.lines) + 1
        self.shown.lines.insert(0, FakeLine(number, text, kind=kind))
        self.shown.can_undo, self.shown.can_redo = text, None

    def undo(self, opened):
        super().undo(opened)
        if self.shown.can_undo:
            self.shown.can_undo, self.shown.can_redo = None, self.shown.can_undo


class Board(FakeSelections):
    """Selections that know how they were made."""

    def __init__(self):
        super().__init__()
        self.made = {}

    def choose(self, set_key, total, rows, provenance, *, base=None, mode="replace"):
        before = np.asarray(self.kept[base]) if base else None
        found = combine(np.asarray(rows), before, mode)
        key = self.save(set_key, found, provenance)
        self.made[key] = {**provenance, "base": base, "mode": mode}
        return {"selection": key, "count": len(found), "total": total}

    def describe(self, key):
        return describe(self.made.get(key, {}), self.made.get)


@pytest.fixture
def here(inside):
    """A workspace with one set, of which rows 1, 2 and 3 are selected."""
    services = FakeServices(Set())
    services.curation, services.selections = Desk(), Board()
    services.selections.choose("key-moths", 12, [1, 2, 3],
                               {"how": "filter", "column": "label", "names": ["moth"]})  # fmt: skip
    return inside(services)


THREE = {"selection": "s0", "count": 3, "total": 12}
NOW = {"set": "moths", "selection": THREE}


def do(act, now=NOW, ticks=None, **fields):
    return selection_acts.perform(act, now, ticks, fields)


def rows_of(here, outcome):
    return here.selections.kept[outcome.changed["selection"]["selection"]].tolist()


def drawn(here, selection=THREE, **more):
    found = here.library.open("moths")
    return bar(found, selection, here.curation.view(found), NAME, **more)


# -- what is offered -------------------------------------------------------------------------------


def acts_in(tree):
    found = [n["props"].get("id") for n in nodes(tree)]
    return {i["act"] for i in found if isinstance(i, dict) and i.get("part") == "act"}


def test_with_nothing_selected_it_is_slim(here):
    for nothing in (None, {}):
        tree = drawn(here, nothing)
        assert "All 12 images" in text(tree)
        assert acts_in(tree) == {"undo", "redo"}


def test_a_selection_can_be_refined_saved_decided_about_and_mapped(here):
    tree = drawn(here)
    assert "3 selected of 12" in text(tree)
    assert acts_in(tree) == {
        "clear", "invert", "nearest", "nearest-add", "save", "exclude", "include", "keep",
        "drop", "relabel", "map", "undo", "redo",
    }  # fmt: skip
    here.curation.shown.slices = [FakeSlice("odd", np.array([3, 4]))]
    assert acts_in(drawn(here)) - acts_in(tree) == {
        "join", "take", "common", "slice-add", "slice-remove", "slice-set"
    }  # fmt: skip


def test_two_images_lead_to_the_gradient_between_them(here):
    two = here.selections.choose("k", 12, [2, 7], {"how": "ticked"})
    way = f"/gradient?set=moths&kind=geodesic&sel={two['selection']}"
    ways = [[str(n["props"].get("href")) for n in nodes(drawn(here, one))] for one in (two, THREE)]
    assert way in ways[0]
    assert not [one for one in ways[1] if one.startswith("/gradient")]


def test_without_a_graph_nothing_is_nearest(here):
    here.library.opened["moths"] = FakeSet()
    assert "nearest" not in acts_in(drawn(here))


def test_the_slim_bar_shows_slices_and_what_was_excluded(here):
    here.curation.shown.slices = [FakeSlice("odd", np.array([3, 4]))]
    here.curation.shown.excluded = np.array([0])
    tree = drawn(here, None)
    (field,) = find(tree, id=field_id("show", NAME))
    assert [o["value"] for o in field["options"]] == ["odd", ":working", ":excluded"]
    assert field["options"][1]["label"] == "Working set (11)"
    assert "1 excluded" in text(tree)


def test_a_new_slice_is_named_after_how_it_was_selected(here):
    (field,) = find(drawn(here), id=field_id("name", NAME))
    assert field["value"] == "Label = moth"
    here.curation.shown.slices = [FakeSlice("Label = moth", np.array([3]))]
    (field,) = find(drawn(here), id=field_id("name", NAME))
    assert field["value"] == "Label = moth 2"


def test_reasons_and_labels_in_use_are_offered(here):
    do("exclude", reason="too dark")
    here.curation.shown.labels = {0: "owl", 1: ""}
    tree = drawn(here)
    (reasons,) = find(tree, id="bar-reasons-explore")
    values = [o["props"]["value"] for o in reasons["children"]]
    assert values[0] == "too dark"
    assert values.count("blurred") == 1
    (labels,) = find(tree, id="bar-labels-explore")
    assert [o["props"]["value"] for o in labels["children"]] == ["owl", "moth", "wasp"]


def test_undo_says_what_it_takes_back_and_is_off_where_there_is_nothing(here):
    (undo,) = find(drawn(here), id=act_id("undo", NAME))
    assert (undo["disabled"], undo["aria-label"]) == (True, "Nothing to undo")
    do("exclude")
    (undo,) = find(drawn(here), id=act_id("undo", NAME))
    assert (undo["disabled"], undo["aria-label"]) == (False, "Undo: exclude of 3")


def test_every_field_has_a_label_and_no_id_is_used_twice(here):
    here.curation.shown.slices = [FakeSlice("odd", np.array([3, 4]))]
    tree = [drawn(here), keeper(NAME, "moths", "explore-selection")]
    assert len(ids(tree)) == len(set(ids(tree)))
    labels = [n["props"]["children"] for n in nodes(tree) if n["type"] == "Label"]
    labelled = [part["props"]["id"] for label in labels for part in label[1:]]
    fields = [n["props"]["id"] for n in nodes(tree) if n["type"] in {"Input", "Select"}]
    assert labelled == fields


def test_what_stays_on_the_page_holds_the_stores_and_the_keys(here):
    tree = keeper(NAME, "moths", "explore-selection")
    assert find(tree, id=selection_bar.outcome_id(NAME))[0]["data"] == {}
    assert find(tree, id=selection_bar.ticks_id(NAME))
    keys = {b["data-vt-key"]: b["id"]["act"] for b in find(tree, type="button")
            if "data-vt-key" in b}  # fmt: skip
    assert keys == {"x": "exclude", "k": "keep", "z": "undo", "Z": "redo"}
    (ticks,) = find(tree, className="vt-ticks")
    assert (ticks["hidden"], ticks["data-selection-store"]) == (True, "explore-selection")


def test_what_the_page_adds_has_its_place(here):
    tree = drawn(here, export="EXPORT HERE", tail=["SIZES HERE"])
    assert "SIZES HERE" in text(tree)
    assert "EXPORT HERE" in text(tree)


# -- what the acts do ------------------------------------------------------------------------------


def test_a_selection_is_inverted_and_cleared(here):
    outcome = do("invert")
    assert rows_of(here, outcome) == [0, *range(4, 12)]
    assert outcome.message == "Inverted: 9 selected."
    assert do("clear").data["selection"] is None


def test_the_nearest_are_shown_or_added(here):
    assert rows_of(here, do("nearest", k=1)) == [4]
    assert rows_of(here, do("nearest-add", k=2)) == [1, 2, 3, 4, 5]
    with pytest.raises(InputError, match=r"^k: needs a whole number from 1 to 12"):
        do("nearest", k=None)


def test_a_slice_is_added_taken_away_and_kept_common(here):
    here.curation.shown.slices = [FakeSlice("odd", np.array([3, 4]))]
    assert rows_of(here, do("join", **{"with": "odd"})) == [1, 2, 3, 4]
    assert rows_of(here, do("take", **{"with": "odd"})) == [1, 2]
    common = do("common", **{"with": "odd"})
    assert rows_of(here, common) == [3]
    made = selection_acts.in_words(common.changed["selection"])
    assert made == "label = moth, then slice “odd”"
    assert rows_of(here, do("show", {"set": "moths", "selection": None}, show="odd")) == [3, 4]


def test_a_selection_is_saved_with_how_it_was_made(here):
    outcome = do("save", name="  night  ")
    assert here.curation.acts == [
        ("slice.create", [1, 2, 3], {"name": "night", "how": "label = moth"})
    ]
    assert (outcome.again, outcome.changed) == ("undo", {"curation": 1})
    do("save", name="")
    assert here.curation.acts[1][2]["name"] == "Label = moth"


@pytest.mark.parametrize(
    ("act", "fields", "kind", "said"),
    [
        ("exclude", {"reason": "blurred"}, "exclude", {"reason": "blurred"}),
        ("include", {}, "include", {"reason": ""}),
        ("keep", {"reason": "best"}, "keep", {"reason": "best"}),
        ("drop", {"reason": "worst"}, "drop", {"reason": "worst"}),
        ("relabel", {"label": "owl"}, "relabel", {"label": "owl"}),
        ("slice-add", {"slice": "odd"}, "slice.add", {"name": "odd"}),
        ("slice-remove", {"slice": "odd"}, "slice.remove", {"name": "odd"}),
        ("slice-set", {"slice": "odd"}, "slice.set", {"name": "odd"}),
    ],
)
def test_a_decision_is_one_event_with_a_way_back(here, act, fields, kind, said):
    outcome = do(act, **fields)
    assert here.curation.acts == [(kind, [1, 2, 3], said)]
    assert outcome.message.startswith(f"{kind} of 3")
    assert outcome.again == "undo"


def test_undo_and_redo_say_what_they_did(here):
    do("exclude", reason="blurred")
    back = do("undo")
    assert (back.message, back.again) == ("Undid: exclude of 3: blurred.", "redo")
    assert here.curation.acts[-1][0] == "undo"
    assert do("undo").message == "Nothing to undo."
    assert do("redo").message == "Did again: exclude of 3: blurred."


def test_what_is_ticked_goes_before_what_is_selected(here):
    do("exclude", ticks={"rows": [7, 5], "count": 2})
    assert here.curation.acts[-1][1] == [5, 7]
    do("exclude", ticks={"all": True, "except": [0, 1], "count": 10})
    assert here.curation.acts[-1][1] == list(range(2, 12))
    do("exclude", ticks={"all": True, "except": [2], "selection": "s0", "count": 2})
    assert here.curation.acts[-1][1] == [1, 3]
    do("exclude", ticks={"rows": [], "count": 0})
    assert here.curation.acts[-1][1] == [1, 2, 3]


def test_an_act_about_nothing_says_what_to_do(here):
    with pytest.raises(InputError, match="Nothing is selected"):
        do("exclude", {"set": "moths", "selection": None})
    empty = here.selections.choose("key-moths", 12, [], {"how": "rows", "count": 0})
    with pytest.raises(InputError, match="empty"):
        do("exclude", {"set": "moths", "selection": empty})
    with pytest.raises(NotFoundError):
        do("exclude", {"set": "none", "selection": THREE})
    assert here.curation.acts == []


def test_a_map_of_the_selection_is_a_job_whose_place_is_known_at_once(here):
    outcome = do("map", map="tsne")
    ((kind, request, title),) = here.jobs.submitted
    assert (kind, title) == ("part", "t-SNE map of 3 of moths")
    assert (request["name"], request["selection"], request["maps"]) == ("moths", "s0", ["tsne"])
    said, address = outcome.way
    assert said == "Open when ready"
    assert address.startswith("/explore?set=moths%2F")
    assert do("map", map="umap").way[1].split("&")[0] == address.split("&")[0]
    assert outcome.job == "new"


# -- the callback ----------------------------------------------------------------------------------


def press(monkeypatch, act, value=1, **fields):
    """Call the callback as Dash does when a button was clicked."""
    fake = python_types.SimpleNamespace(
        triggered=[{"prop_id": "x.n_clicks", "value": value}], triggered_id=act_id(act, NAME)
    )
    monkeypatch.setattr(selection_bar, "ctx", fake)
    ids = [field_id(name, NAME) for name in fields]
    return selection_bar.act([value], list(fields.values()), ids, NOW, None)


def test_a_click_changes_the_stores_and_says_so(here, monkeypatch):
    data, said = press(monkeypatch, "exclude", reason="blurred")
    assert data["curation"] == 1
    assert "selection" not in data
    assert text(said) == "exclude of 3: blurred. Undo"
    again, _ = press(monkeypatch, "clear")
    assert again["selection"] is None
    assert again["at"] != data["at"]


def test_buttons_that_only_just_appeared_do_nothing(here, monkeypatch):
    assert press(monkeypatch, "exclude", value=None) == (no_update, no_update)
    assert here.curation.acts == []


def test_a_started_job_is_told_to_the_page(here, monkeypatch):
    sent = {}
    monkeypatch.setattr(selection_bar, "set_props", lambda i, props: sent.update({i: props}))
    _, said = press(monkeypatch, "map", map="umap")
    assert sent == {"vt-nudge": {"data": "new"}}
    assert text(said).startswith("UMAP map of 3 of moths: started. Open when ready")


def test_the_way_back_is_a_button_of_its_own(here):
    (button,) = find(told(do("exclude"), NAME), id=act_id("undo", NAME, "told"))
    assert button["children"] == "Undo"

"""Labelling in use, over a real workspace: every view, every act, what each leaves in the log."""

import dataclasses
import importlib
import shutil
from contextvars import copy_context
from types import SimpleNamespace

import flask
import numpy as np
import pandas as pd
import pytest
from dash import no_update
from dash._callback_context import context_value
from dash._utils import AttributeDict
from vectorsets import vector_set

from app import open_services
from components import (
    label_balance,
    label_batch,
    label_files,
    label_frame,
    label_many,
    label_propagate,
    label_spot,
)
from core.config import load_settings
from core.errors import InputError
from core.labelling import run_label
from core.storage.store import Workspace
from tests.fakes import FakeBoard
from tests.trees import data, find, text

TOTAL, KNOWN = 240, 120
NAMES = ("ant", "bee", "cat")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Three far groups of vectors, the first half of them labelled, with what jobs made of them."""
    root = tmp_path_factory.mktemp("labels") / "workspace"
    workspace = Workspace(root)
    random = np.random.default_rng(3)
    kind = np.arange(TOTAL) % 3
    vectors = np.eye(3, 12)[kind] * 4 + 0.5 * random.standard_normal((TOTAL, 12))
    labels = [NAMES[k] if row < KNOWN else None for row, k in enumerate(kind)]
    vector_set(workspace, vectors, name="pets", themes=kind,
               label=pd.Series(labels, dtype="string"))  # fmt: skip
    workspace.write_set("pets", {**workspace.read_set("pets"), "summary": {"set": "pets"}})
    settings = load_settings({"workspace": str(root)})
    keys = {
        do: run_label({"name": "pets", "do": do, "n": 20}, workspace, settings)[kept]
        for do, kept in (("propagate", "propagation"), ("probe", "probe"), ("batch", "batch"))
    }
    return root, keys, kind


@pytest.fixture
def keys(made):
    return made[1]


@pytest.fixture
def kind(made):
    return made[2]


@pytest.fixture
def pets(made, tmp_path):
    """A copy of the workspace, as the one of the current app."""
    root = shutil.copytree(made[0], tmp_path / "workspace")
    settings = load_settings({"workspace": str(root)})
    server = flask.Flask("test")
    server.config["VITRINE"] = dataclasses.replace(open_services(settings), jobs=FakeBoard())
    context = server.app_context()
    context.push()
    yield server.config["VITRINE"]
    context.pop()


@pytest.fixture
def labels(pages):
    return importlib.import_module("pages.labels")


def pressed(button, call, *args, field="n_clicks", value=1):
    """Call a callback as Dash would after a click on a button."""
    name = button if isinstance(button, str) else str(button).replace("'", '"').replace(" ", "")

    def run():
        context_value.set(
            AttributeDict(triggered_inputs=[{"prop_id": f"{name}.{field}", "value": value}])
        )
        return call(*args)

    return copy_context().run(run)


def at(**given):
    return label_frame.cleaned({"set": "pets", **given})


def now(services):
    found = services.library.open("pets")
    return found, services.curation.view(found)


# -- every view ------------------------------------------------------------------------------------


@pytest.mark.parametrize("view", list(label_frame.VIEWS))
def test_every_view_opens_and_says_where_one_is(labels, pets, view):
    tree = data(labels.layout(set="pets", view=view))
    assert f"{label_frame.VIEWS[view]} (this page)" in text(tree)
    assert "Labelling (this page)" in text(tree)


def test_without_a_set_the_way_to_the_first_is_shown(labels, tmp_path, inside):
    inside()
    assert find(data(labels.layout()), href="/")


@pytest.mark.parametrize("view", list(label_frame.VIEWS))
def test_every_view_opens_of_a_set_without_a_single_label(labels, pets, view):
    workspace = pets.library.workspace
    vector_set(workspace, np.eye(12), name="bare")
    tree = data(labels.layout(set="bare", view=view))
    assert f"{label_frame.VIEWS[view]} (this page)" in text(tree)
    assert ("No labels yet" in text(tree)) == (view == "")
    assert ("Nothing to label at once" in text(tree)) == (view == "many")


@pytest.mark.parametrize("view", ["propagate", "probe", "batch"])
def test_what_a_job_made_is_shown_by_its_address(labels, pets, keys, view):
    tree = data(labels.layout(set="pets", view=view, key=keys[view]))
    said = {"propagate": "of 120 vectors without a label get one", "probe": "it told 100 % right",
            "batch": "20 vectors chosen; 0 labelled by now"}  # fmt: skip
    assert said[view] in text(tree)


@pytest.mark.parametrize("view", ["propagate", "probe", "batch"])
def test_an_unknown_result_is_explained_with_a_way_on(labels, pets, view):
    tree = data(labels.layout(set="pets", view=view, key="nope"))
    assert "This cannot be shown" in text(tree)
    assert find(tree, href="/")


def test_a_result_of_another_kind_is_no_result(labels, pets, keys):
    tree = text(data(labels.layout(set="pets", view="probe", key=keys["batch"])))
    assert "There is no probe with this id" in tree


# -- balance ---------------------------------------------------------------------------------------


def test_balance_tells_sizes_against_equal_classes(labels, pets):
    tree = text(data(labels.layout(set="pets")))
    assert "3 classes carry as much variety as 3.0 equal ones" in tree
    assert "No class differs from equal classes by more than chance" in tree
    assert "Labelled 120 Without a label 120" in tree


def test_shares_of_ones_own_are_in_the_address_and_change_the_verdict(labels, pets):
    go = pressed(label_balance.APPLY, label_balance.compare, None, "own", 1, None,
                 "ant 5, others 1", at())  # fmt: skip
    assert go == "/labels?set=pets&target=own%3Aant+5%2C+others+1"
    tree = text(data(labels.layout(set="pets", target="own:ant 5, others 1")))
    assert "3 of 3 differ from the shares given" in tree


def test_fields_that_only_appeared_go_nowhere(pets):
    assert label_balance.compare("-", "equal", None, None, "", at()) is no_update


def test_a_slice_is_a_target_and_one_without_a_class_is_told(labels, pets, kind):
    found, _ = now(pets)
    pets.curation.act(found, "slice.create", np.arange(60), name="even")
    pets.curation.act(found, "slice.create", np.flatnonzero(kind < 2)[:20], name="two")
    assert "the shares of the slice “even”" in text(
        data(labels.layout(set="pets", target="slice:even"))
    )
    assert "has no cat" in text(data(labels.layout(set="pets", target="slice:two")))


# -- propagation -----------------------------------------------------------------------------------


def test_accepting_gives_all_but_the_marked_ones_in_one_act(labels, pets, keys, kind):
    where = at(view="propagate", key=keys["propagate"])
    made = pets.labelled.propagation(keys["propagate"])
    wrong = [int(row) for row in made.proposals["row"][:2]]
    marks = {"wrong": wrong, "shown": wrong}
    told, disabled = label_propagate.count_open(None, marks, where)
    count = len(made.proposals) - 2
    assert told == f"Accept {count} labels, but the 2 marked"
    assert not disabled
    done = pressed(label_propagate.ACCEPT, label_propagate.take_over, 1, [], None, marks, where)
    _found, view = now(pets)
    given = {row: NAMES[kind[row]] for row in made.proposals["row"] if row not in wrong}
    assert view.labels == given
    assert f"Labelled {count} vectors" in done["told"]
    assert len(view.history()) == len([e for e in view.history() if e.kind != "relabel.each"]) + 1
    shown = labels.redraw(done, where)[0]
    assert "Still open 2" in text(data(shown))
    pressed(label_frame.UNDO, labels.step, 1, None, where)
    assert now(pets)[1].labels == {}


def test_one_label_alone_can_be_accepted(pets, keys, kind):
    where = at(view="propagate", key=keys["propagate"])
    button = label_propagate.only_id("bee")
    ident = '{"component":"propagate","label":"bee","part":"only"}'
    assert button == {"component": "propagate", "part": "only", "label": "bee"}
    pressed(ident, label_propagate.take_over, None, [1], None, None, where)
    assert set(now(pets)[1].labels.values()) == {"bee"}
    assert all(kind[row] == 1 for row in now(pets)[1].labels)


def test_a_button_that_only_appeared_accepts_nothing(pets, keys):
    where = at(view="propagate", key=keys["propagate"])
    assert pressed(label_propagate.ACCEPT, label_propagate.take_over, None, [None], None, None,
                   where, value=None) is no_update  # fmt: skip
    assert now(pets)[1].labels == {}


# -- jobs ------------------------------------------------------------------------------------------


def test_a_form_starts_one_job_and_a_wrong_field_none(labels, pets):
    nudge, waiting, _ = labels.start("batch", {label_batch.COUNT: "7", label_batch.LOT: "50"}, at())
    ((job_kind, request, title),) = pets.jobs.submitted
    assert (job_kind, request["do"], request["n"], request["by_lot"]) == ("label", "batch", 7, 0.5)
    assert (nudge, waiting["from"]) == ("new", "/quality")
    assert title == "Choose what to label next in pets"
    for view, given, said in (
        ("batch", {label_batch.COUNT: "many"}, "How many"),
        ("batch", {label_batch.LOT: "x"}, "Drawn by lot"),
        ("propagate", {label_propagate.PRECISION: "100"}, "precision"),
        ("propagate", {label_propagate.PRECISION: "-5"}, "Promised precision"),
    ):
        assert said in text(data(labels.start(view, given, at())[2]))
    assert len(pets.jobs.submitted) == 1


# -- many at once ----------------------------------------------------------------------------------


def checking(pets, pool="theme:0", label="ant"):
    found, view = now(pets)
    rows = label_spot.rows_of(found, view, pool)
    look = label_spot.drawn(rows)[: label_spot.FIRST].tolist()
    return {"pool": pool, "label": label, "count": len(look)}, rows, look


def test_the_label_is_asked_for_before_anything_is_drawn(pets):
    go, told = label_many.look(1, None, "theme:0", " ", at(view="many"))
    assert go is no_update
    assert "Type the label first" in text(data(told))
    go, _ = label_many.look(1, None, "theme:0", "ant", at(view="many"))
    assert go == "/labels?set=pets&view=many&pool=theme%3A0&label=ant"


def test_all_right_labels_the_theme_in_one_act_with_the_reason(labels, pets, kind):
    asked, rows, _look = checking(pets)
    tree = data(labels.layout(set="pets", view="many", pool="theme:0", label="ant"))
    assert len(find(tree, className="vt-judge")) == label_spot.FIRST
    assert "30 of 30 are right" in text(tree)
    done = pressed(label_many.APPLY, label_many.go_on, None, 1, None, None, asked,
                   at(view="many"))  # fmt: skip
    _, view = now(pets)
    assert sorted(view.labels) == np.flatnonzero(kind == 0).tolist() == rows.tolist()
    assert set(view.labels.values()) == {"ant"}
    assert "30 of 30 checked at random were right" in view.history(1)[0].text
    assert done["keys"] == {"label": "", "page": ""}


def test_marked_ones_are_left_out_and_more_are_shown_first(labels, pets):
    asked, rows, look = checking(pets)
    marks = {"wrong": look[:2], "shown": look}
    said = text(data(label_many.judge(marks, asked, at(view="many"))))
    assert "28 of 30 are right" in said
    with pytest.raises(InputError, match="check some again"):
        pressed(label_many.APPLY, label_many.go_on, None, 1, None, marks, asked, at(view="many"))
    done = pressed(label_many.MORE, label_many.go_on, 1, None, None, marks, asked, at(view="many"))
    assert int(done["keys"]["page"]) > 30
    where = at(view="many", pool="theme:0", label="ant")
    shown, keys, _ = labels.redraw(done, where)
    tree = data(shown)
    assert len(find(tree, className="vt-judge")) == int(keys["page"])
    assert len(find(tree, **{"aria-pressed": "true"})) == 2
    pressed(label_many.ANYWAY, label_many.go_on, None, None, 1, marks, asked, at(view="many"))
    assert set(now(pets)[1].labels) == set(rows.tolist()) - set(look[:2])


def test_too_many_wrong_ones_leave_only_the_folded_way(pets):
    asked, _rows, look = checking(pets)
    tree = data(label_many.judge({"wrong": look[:25], "shown": look}, asked, at(view="many")))
    assert "Too many are wrong" in text(tree)
    for button in (label_many.APPLY, label_many.MORE):
        assert find(tree, id=button)[0]["hidden"]


def test_rows_that_were_taken_out_are_not_labelled(pets, kind):
    found, _ = now(pets)
    pets.curation.act(found, "exclude", [0, 3])
    _asked, rows, _ = checking(pets)
    assert not set(rows.tolist()) & {0, 3}
    pets.curation.act(found, "exclude", np.flatnonzero(kind == 0))
    with pytest.raises(InputError, match="Nothing is left"):
        checking(pets)


def test_a_slice_or_selection_in_the_address_is_what_is_labelled(labels, pets):
    found, _ = now(pets)
    pets.curation.act(found, "slice.create", [3, 6, 9], name="three")
    chosen = pets.selections.save(found.key, np.array([1, 4]), {"how": "rows"})
    for query, pool, rows in (
        ({"slice": "three"}, "slice:three", [3, 6, 9]),
        ({"sel": chosen}, f"selection:{chosen}", [1, 4]),
    ):
        tree = data(labels.layout(set="pets", view="many", **query))
        assert find(tree, id=label_many.POOL)[0]["value"] == pool
        assert label_spot.rows_of(*now(pets), pool).tolist() == rows
        tree = data(labels.layout(set="pets", view="many", label="ant", **query))
        assert len(find(tree, className="vt-judge")) == len(rows)


def test_what_is_looked_through_bears_the_label_that_it_has_now(labels, pets):
    found, _ = now(pets)
    pets.curation.act(found, "slice.create", rows=list(range(6)), name="some")
    pets.curation.act(found, "relabel", rows=list(range(6)), label="bee")
    tree = data(labels.layout(set="pets", view="many", pool="slice:some", label="ant"))
    assert [one["aria-label"].endswith(", bee: wrong") for one in
            find(tree, className="vt-judge")] == [True] * 6  # fmt: skip


@pytest.mark.parametrize("pool", ["", "all", "theme:x", "nope:1"])
def test_a_pool_that_is_none_is_refused(pets, pool):
    found, view = now(pets)
    with pytest.raises(InputError, match="Choose what to label"):
        label_spot.rows_of(found, view, pool)


# -- a batch, one by one ---------------------------------------------------------------------------


def test_a_batch_is_labelled_image_by_image(labels, pets, keys):
    batch = pets.labelled.open(keys["batch"])
    line = label_batch.plain(batch.chosen.iloc[0].to_dict())
    row, where = line["row"], at(view="batch", key=keys["batch"])
    button = f'{{"component":"one-label","label":"{line["likeliest"]}","part":"give","row":{row}}}'
    card = pressed(button, label_batch.give, [1], None, "", line, where)
    assert f"Label: {line['likeliest']}" in text(data(card))
    assert now(pets)[1].labels == {row: line["likeliest"]}
    other = f'{{"component":"one-label","part":"other","row":{row}}}'
    pressed(other, label_batch.give, [None], 1, " dog ", line, where, field="n_submit")
    assert now(pets)[1].labels == {row: "dog"}
    before = len(now(pets)[1].history())
    pressed(other, label_batch.give, [None], 2, "dog", line, where, field="n_submit")
    assert len(now(pets)[1].history()) == before  # it has this label already
    done, steps = pressed(other.replace("other", "card"), label_batch.told, [card], where,
                          field="children")  # fmt: skip
    assert done == "1 labelled by now"
    assert "Undo: labelled 1 vector “dog”" in text(data(steps))
    tree = text(data(labels.layout(set="pets", view="batch", key=keys["batch"])))
    assert "1 labelled by now" in tree


# -- files -----------------------------------------------------------------------------------------


def test_a_file_is_looked_at_taken_over_and_undone(labels, pets, tmp_path, kind):
    found, view = now(pets)
    table = pd.DataFrame({"item_id": found.items["item_id"], "label": [NAMES[k] for k in kind]})
    table.loc[TOTAL] = ["ff" * 32, "ant"]
    path = tmp_path / "more.csv"
    table.to_csv(path, index=False)
    tree = data(label_files.look(1, None, f'"{path}"', "", at(view="files")))
    assert "120 vectors would get another label" in text(tree)
    assert "120 have the file's label already" in text(tree)
    assert "1 line not in this set" in text(tree)
    (wanted,) = find(tree, id=label_files.WANTED)
    done = label_files.import_labels(1, wanted["data"], at(view="files"))
    assert done["told"] == "Imported 120 labels"
    view = now(pets)[1]
    assert view.labels == {row: NAMES[kind[row]] for row in range(KNOWN, TOTAL)}
    assert "imported from more.csv" in view.history(1)[0].text
    with pytest.raises(InputError, match="look at it again"):
        label_files.import_labels(1, wanted["data"], at(view="files"))
    pressed(label_frame.UNDO, labels.step, 1, None, at())
    assert now(pets)[1].labels == {}


@pytest.mark.parametrize(("path", "said"), [("", "Give the path"), ("/nope.csv", "nope.csv")])
def test_a_file_that_cannot_be_read_is_told_beside_the_field(pets, path, said):
    assert said in text(data(label_files.look(1, None, path, "", at(view="files"))))


def test_labels_are_written_and_read_again_and_nothing_is_replaced(pets, tmp_path, kind):
    path = tmp_path / "out.csv"
    told = label_files.write_labels_out(1, str(path), "csv", label_files.WHOLE, at(view="files"))
    assert "240 vectors written, 120 of them with a label" in text(data(told))
    held = pd.read_csv(path)
    assert held["label"].notna().sum() == KNOWN
    again = label_files.write_labels_out(1, str(path), "csv", label_files.WHOLE, at(view="files"))
    assert "there already" in text(data(again))
    assert pd.read_csv(path).equals(held)


def test_labels_that_need_pictures_are_written_by_a_job(pets, tmp_path, monkeypatch):
    given, told = [], []

    def begin(asked):
        given.append(asked)
        return SimpleNamespace(id="j1"), "pets: labels for CVAT of 240 frames", asked.target

    monkeypatch.setattr(label_files, "start_export", begin)
    monkeypatch.setattr(label_files, "set_props", lambda *a: told.append(a))
    monkeypatch.setattr(label_files, "needs_pictures", lambda *_: True)
    path = str(tmp_path / "out.xml")
    shown = label_files.write_labels_out(1, path, "cvat", label_files.WHOLE, at(view="files"))
    (asked,) = given
    assert (asked.to, asked.target, asked.slice) == ("cvat", str(tmp_path / "out"), None)
    assert "See the jobs" in text(data(shown))
    assert told[0][1] == {"data": "j1"}
    assert not list(tmp_path.glob("out*"))


def test_the_fields_of_every_form_are_those_its_callback_asks_for(labels, pets):
    for view, module in labels.FORMS.items():
        tree = data(labels.layout(set="pets", view=view))
        for field in module.FIELDS:
            assert find(tree, id=field), (view, field)

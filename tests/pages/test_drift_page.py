"""Drift in use: the form of two sides with its live preview, what starts a job, every view."""

import importlib
from dataclasses import replace

import dash
import flask
import pytest
from dash import no_update

from app import open_services
from components import drift_form, drift_frame, drift_images, drift_view, follow_up, job_results
from components.drift_frame import VIEWS
from components.fields import AUTO
from core.curation import Desk
from core.drift.request import DriftRequest
from core.drifts.sides import second_name
from core.errors import InputError
from tests.drift_example import GONE, NEW, A, B, settings_of, two_sets
from tests.fakes import FakeBoard, FakeServices, job
from tests.trees import data, find, text


@pytest.fixture
def page(pages):
    return importlib.import_module("pages.drift")


@pytest.fixture
def enter():
    """Give a function that makes services those of the current app, with a board of our own."""
    contexts = []

    def go(services):
        server = flask.Flask("test")
        server.config["VITRINE"] = services
        contexts.append(server.app_context())
        contexts[-1].push()
        return services

    yield go
    for context in reversed(contexts):
        context.pop()


@pytest.fixture
def app(made_drift, enter):
    """The workspace of the example as the current app's; jobs are noted and not run."""
    return enter(replace(open_services(settings_of(made_drift.workspace)), jobs=FakeBoard([])))


def fields(**changed):
    usual = {
        "a_set": A, "a_by": AUTO, "a_value": AUTO, "b_set": B, "b_by": AUTO, "b_value": AUTO,
        "unit": AUTO, "label": AUTO, "permutations": "999", "approximate": False, "explain": True,
        "seed": "0", "spatial": False, "map": "pca",
    }  # fmt: skip
    assert set(usual) == set(drift_form.FIELDS)
    return {**usual, **changed}


# -- the form --------------------------------------------------------------------------------------


def test_the_fields_ask_for_two_sets_or_for_values_of_a_column():
    assert drift_form.request(fields()) == DriftRequest(A, B)
    asked = drift_form.request(fields(
        b_set=A, a_by="label", a_value="moth", b_by="slice", b_value="late ones", unit="trap",
        permutations="199", seed="7", approximate=True, explain=False, spatial=True, map="umap",
    ))  # fmt: skip
    assert asked == DriftRequest(
        f"{A}:label=moth", f"{A}:slice=late ones", unit="trap", permutations=199, seed=7,
        approximate=True, explain=False, spatial=200, map="umap",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"b_set": A}, "Both sides are the same"),
        ({"a_set": ""}, "A, the reference: choose a set"),
        ({"b_by": "label"}, "B, held against it: choose which images"),
        ({"permutations": "12"}, "Permutations: a whole number from 99"),
        ({"permutations": "many"}, "Permutations"),
        ({"permutations": "99.5"}, "Permutations"),
        ({"seed": "x"}, "Seed"),
    ],
)
def test_a_wrong_field_is_named(changed, named):
    with pytest.raises(InputError, match=named):
        drift_form.request(fields(**changed))


def test_the_form_begins_with_the_set_against_another_of_its_encoder(app, page):
    tree = data(page.layout(set=A, view="design"))
    assert find(tree, id="drift-a-set")[0]["value"] == A
    assert find(tree, id="drift-b-set")[0]["value"] == B
    assert find(tree, id="drift-a-value-part")[0]["hidden"] is True
    assert find(tree, id="drift-map")[0]["value"] == "pca"
    assert find(tree, id="drift-spatial")[0]["value"] is False
    units = [one["value"] for one in find(tree, id="drift-unit")[0]["options"]]
    assert units[0] == AUTO
    assert "trap" in units


def test_the_form_begins_with_the_comparison_and_with_what_the_address_says(app, page, made_drift):
    tree = data(page.layout(set=A, view="design", key=made_drift.key, b=f"{A}:label=moth"))
    assert find(tree, id="drift-permutations")[0]["value"] == "199"
    assert [find(tree, id=f"drift-b-{part}")[0]["value"] for part in ("set", "by", "value")] == [
        A, "label", "moth",
    ]  # fmt: skip
    assert "the form begins with it" in text(tree)


def test_the_fields_of_a_side_follow_its_set(app):
    from components.drift_sides import followers

    options, by, values, value = followers(A, "label", GONE)
    assert (by, value) == ("label", GONE)
    assert {one["value"]: one["label"] for one in values} == {
        "moth": "moth (40)", "fly": "fly (30)", "wasp": "wasp (30)",
    }  # fmt: skip
    # the other set has no wasp: the first of its values is offered
    assert followers(B, "label", GONE)[3] in {"moth", "fly", NEW}
    assert followers(B, "no such column", GONE)[1:] == (AUTO, [{"label": "–", "value": AUTO}], AUTO)
    assert options[0]["label"] == "All images"


def test_the_preview_tells_both_sides_and_a_wrong_field(app, page):
    shown, told = page.preview(**fields())
    assert "after, held against before." in text(data(shown))
    assert "100 images" in text(data(shown))
    assert told == []
    shown, _ = page.preview(**fields(b_set=A, b_by="label", b_value="moth"))
    assert "label moth (before), held against the rest of before." in text(data(shown))
    assert "All of label moth (before) is in before too" in text(data(shown))
    shown, _ = page.preview(**fields(a_by="label", a_value="moth", b_set=A, b_by="label",
                                     b_value="fly"))  # fmt: skip
    assert "label fly (before), held against label moth (before)." in text(data(shown))


def test_a_click_starts_the_job_and_the_page_waits_for_it(app, page):
    nudge, waiting, told = page.compare(1, fields(unit="trap"))
    kind, request, title = app.jobs.submitted[-1]
    assert kind == "drift"
    assert request == DriftRequest(A, B, unit="trap").to_json()
    assert title == f"Compare {B} with {A}"
    assert waiting == {"job": nudge, "from": "/drift", "report": None}
    assert "Comparing" in text(data(told))


def test_no_click_starts_nothing_and_a_wrong_field_is_told_beside_the_button(app, page):
    assert page.compare(None, fields()) == (no_update,) * 3
    assert page.encode([], fields()) == (no_update,) * 3
    nudge, waiting, told = page.compare(1, fields(b_set=A))
    assert (nudge, waiting) == (no_update, no_update)
    assert "Both sides are the same" in text(data(told))
    assert app.jobs.submitted == []


# -- two encoders ----------------------------------------------------------------------------------


@pytest.fixture
def two_encoders(tmp_path, enter):
    """Two sets of which each says that an encoder of its own made it."""
    workspace = two_sets(tmp_path, pictures=False)
    for name in (A, B):
        record = workspace.read_set(name)
        encoder = {**record["encoder"], "name": f"encoder-{name}", "weights_digest": name,
                   "model_type": "classification"}  # fmt: skip
        request = {"source": f"/pictures/{name}", "name": name, "encoder": f"encoder-{name}",
                   "maps": ["umap"], "dims": 2, "seed": 0, "place": True}  # fmt: skip
        workspace.write_set(name, {**record, "encoder": encoder, "request": request})
    return enter(replace(open_services(settings_of(workspace)), jobs=FakeBoard([])))


def test_another_encoder_is_remedied_by_one_click(two_encoders, page):
    shown, _ = page.preview(**fields())
    tree = data(shown)
    assert "were encoded by different encoders" in text(tree)
    assert f"Encode “{B}” as “{A}” is" in text(tree)
    nudge, waiting, _ = page.encode([1], fields())
    kind, request, _ = two_encoders.jobs.submitted[-1]
    assert kind == "run"
    assert request["source"] == f"/pictures/{B}"
    assert request["encoder"] == f"encoder-{A}"
    assert request["name"] == second_name(B)
    assert "place" not in request
    # when it is done, the form opens with the new set
    done = job(nudge, "done", kind="run", request=request, result={"set": request["name"]})
    after, where = follow_up.step(waiting, [done], "/drift", None)
    assert after is None
    assert where == f"/drift?set={A}&view=design&a={A}&b=after+again"
    assert follow_up.step(waiting, [done], "/explore", None) == (None, None)


# -- what an address shows -------------------------------------------------------------------------


def test_an_unknown_view_and_odd_keys_are_left_out():
    keys = drift_frame.cleaned({"set": "x", "view": "nonsense", "Bad key": "1", "group": "3"})
    assert keys == {"set": "x", "view": "", "key": "", "group": "3"}
    # keys of one view end with it
    assert drift_frame.address(keys, view="where") == "/drift?set=x&view=where"


def test_in_an_empty_workspace_the_way_to_a_first_set_is_shown(page, enter):
    enter(FakeServices())
    tree = data(page.layout())
    assert "No set yet" in text(tree)
    assert find(tree, href="/")


def test_a_comparison_that_is_not_here_is_said_above_the_form(app, page):
    assert "no longer kept here" in text(data(page.layout(set=A, key="0" * 32)))


@pytest.mark.parametrize("view", [view for view in VIEWS if view != "design"])
def test_every_view_of_a_real_comparison_opens_and_says_where_one_is(app, page, made_drift, view):
    tree = data(page.layout(set=A, key=made_drift.key, view=view))
    assert f"{VIEWS[view]} (this page)" in text(tree)
    assert find(tree, id=drift_frame.PLACE)[0]["data"]["view"] == view


def test_without_a_view_the_newest_comparison_of_either_side_is_shown(app, page, made_drift):
    for name in (A, B):
        tree = data(page.layout(set=name))
        assert made_drift.result["verdict"]["sentence"] in text(tree)
        assert "Drift: after against before" in text(tree)


def test_an_older_set_is_said_on_every_view(app, page, made_drift, monkeypatch):
    monkeypatch.setattr(type(app.drifts), "stale", lambda *given: "'after' has changed since: x.")
    for view in ("verdict", "where", "clusters", "images", "explain"):
        tree = data(page.layout(set=A, key=made_drift.key, view=view))
        assert "'after' has changed since: x. Compare again" in text(tree)


# -- jobs ------------------------------------------------------------------------------------------


def test_whoever_waits_is_led_to_the_comparison_and_its_card_tells_it(made_drift):
    done = job("j", "done", kind="drift", request={"name": A}, result=made_drift.result)
    waiting = follow_up.expect("j", "/drift")
    where = f"/drift?set={A}&view=verdict&key={made_drift.key}"
    assert follow_up.step(waiting, [done], "/drift", None) == (None, where)
    card = data(job_results.result(done))
    assert made_drift.result["verdict"]["sentence"] in text(card)
    assert find(card, href=where)


def test_batches_and_plans_are_led_to_where_they_are_seen():
    assert "view=time" in job_results.series_at({"series": "k", "batches": [{}]}, A)
    assert "view=planning" in job_results.series_at({"series": "k", "batches": []}, A)


# -- a slice of what drifted -----------------------------------------------------------------------


def test_the_most_drifted_become_a_slice_of_their_set(made_drift, tmp_path, enter):
    made = made_drift.copy(tmp_path)
    services = enter(open_services(settings_of(made.workspace)))
    from components.drift_pictures import pair_of

    drift = services.drifts.open(made.key)
    told = drift_images.keep(pair_of(drift), "b", "strangers", "24", None)
    assert "Saved 24 images as “strangers”" in text(data(told))
    found = services.library.open(B)
    rows = Desk(made.workspace).view(found).slice("strangers").rows
    wanted = drift.of("b").sort_values("score", ascending=False)["row"][:24]
    assert sorted(rows.tolist()) == sorted(wanted.tolist())
    assert set(found.items["label"].iloc[rows]) == {NEW}  # what was planted
    with pytest.raises(InputError, match="whole number from 1 to 100"):
        drift_images.keep(pair_of(drift), "b", "more", "101", None)
    with pytest.raises(InputError):
        drift_images.keep(pair_of(drift), "b", "strangers", "3", None)  # the name is taken


def test_the_callback_of_the_slice_starts_nothing_without_a_click(page):
    assert page.keep(None, "x", "3", None, {"key": "0" * 32}) is no_update


def test_the_page_is_registered():
    assert "pages.drift" in dash.page_registry
    assert drift_view.PREVIEW

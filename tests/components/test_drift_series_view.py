"""The views "over time" and "planning": forms, requests, chart, table, and the way on."""

from urllib.parse import parse_qs, urlsplit

import flask
import numpy as np
import pandas as pd
import pytest

from app import open_services
from components import drift_planning, drift_series, drift_series_form, drift_sides
from core.config import load_settings
from core.drifting import run_series, series_planning
from core.drifts.series import KeptSeries
from core.errors import InputError
from core.storage.store import Workspace
from tests.trees import data, find, ids, text
from tests.vectorsets import vector_set

MONTHS = ("2025-12", "2026-01", "2026-02", "2026-03")


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A set of a reference month and three batches, the last of which drifted; and a plan."""
    root = tmp_path_factory.mktemp("view")
    workspace = Workspace(root)
    settings = load_settings({"workspace": str(root), "warm_worker": False}, {})
    rng = np.random.default_rng(0)
    sizes = (100, 20, 20, 20)
    vectors = np.r_[4.0, 0, 0, 0] + rng.normal(size=(sum(sizes), 4)) * 0.6
    vectors[-20:] += [0, 2, 0, 0]
    times = [
        pd.Timestamp(f"{month}-01", tz="UTC") + pd.Timedelta(hours=6 * at)
        for month, count in zip(MONTHS, sizes, strict=True)
        for at in range(count)
    ]
    names = np.repeat([month[:4] for month in MONTHS], sizes).tolist()
    vector_set(workspace, vectors, name="moths", time=pd.to_datetime(times), year=names)
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (("GROUPS", 1), ("NULLS", 100), ("REPEATS", 20)):
            patch.setattr(series_planning, name, value)
        batches = run_series(
            {"reference": "moths:year=2025", "of": "moths", "by": "time", "every": "month"},
            workspace, settings,
        )  # fmt: skip
    return workspace, settings, batches


@pytest.fixture
def app(made):
    server = flask.Flask("test")
    server.config["VITRINE"] = open_services(made[1])
    with server.app_context():
        yield server.config["VITRINE"]


def shown(app, module, view, **keys):
    found = app.library.open("moths")
    return data(module.view_of(found, app.curation.view(found), {"set": "moths", "view": view,
                                                                 "key": "", **keys}))  # fmt: skip


def test_batches_are_told_charted_and_linked(app, made):
    tree = shown(app, drift_series, "time")
    said = text(tree)
    assert "1 of 3 batches differs from year 2025 (moths): 2026-03." in said
    assert "A trend needs four batches" in said
    assert "Of the reference, so no batch: 2025-12." in said
    links = [one["href"] for one in find(tree, className="vt-link") if "a=" in one.get("href", "")]
    assert len(links) == 3
    query = parse_qs(urlsplit(links[-1]).query)
    assert query["a"] == ["moths:year=2025"]
    assert query["b"] == ["moths:time=2026-03"]
    assert query["view"] == ["design"]


def test_the_chart_marks_what_differs_by_a_sign_of_its_own(made):
    batches = made[2]["batches"]
    meta = {**made[2], "change": {"batch": "2026-03", "p": 0.01, "text": ""}}
    figure = drift_series.control_chart(meta, batches)
    usual, differs = figure["data"][-2:]
    assert usual["x"] == ["2026-01", "2026-02"]
    assert differs["x"] == ["2026-03"]
    assert differs["marker"]["symbol"] == "square"
    assert differs["y"] == [batches[2]["distance"]]
    assert figure["data"][1]["y"] == [one["high"] for one in batches]
    assert figure["layout"]["shapes"][0]["x0"] == 1.5
    none = drift_series.control_chart({**meta, "change": {"batch": "2026-03", "p": 0.4}}, batches)
    assert "shapes" not in none["layout"]


def test_a_batch_that_was_not_tested_is_in_the_table_and_not_in_the_chart(app, made):
    nothing = dict.fromkeys(("distance", "low", "high", "p", "p_adjusted"))
    meta = {**made[2], "name": "moths", "batches": [{**made[2]["batches"][0], **nothing}]}
    series = KeptSeries("f" * 32, "", meta, pd.DataFrame())
    assert drift_series.chart_card(series) is None
    assert "not tested – –" in text(data(drift_series.table_card(series)))


def test_a_plan_tells_how_many_images_and_where_that_is_from(app, made):
    tree = shown(app, drift_planning, "planning", key=made[2]["series"])
    said = text(tree)
    assert made[2]["plan"]["text"] in said
    for one in made[2]["plan"]["needed"]:
        assert f"{drift_planning.number(one['images'])} {drift_planning._how(one['how'])}" in said
    assert "5 % new" in said
    figure = drift_planning.power_curve(made[2]["plan"])
    assert [line["name"] for line in figure["data"]] == [
        "1 % new", "2 % new", "5 % new", "10 % new", "20 % new", "40 % new",
    ]  # fmt: skip
    last = [row[-1] for row in made[2]["plan"]["power"]]
    assert figure["data"][-1]["y"] == [None if one is None else 100 * one for one in last]


def test_where_nothing_was_made_there_is_the_form_and_the_command(app, made, tmp_path):
    settings = load_settings({"workspace": str(tmp_path), "warm_worker": False}, {})
    rng = np.random.default_rng(1)
    vector_set(Workspace(tmp_path), rng.normal(size=(30, 4)), name="moths", year=["a", "b"] * 15)
    server = flask.Flask("empty")
    server.config["VITRINE"] = open_services(settings)
    with server.app_context():
        tree = shown(server.config["VITRINE"], drift_series, "time")
        assert 'drift-series "moths, new" --reference "moths" --folder FOLDER' in text(tree)
        assert {drift_series_form.field_id("time", one) for one in drift_series_form.TIME} <= set(
            ids(tree)
        )
        plan = shown(server.config["VITRINE"], drift_planning, "planning")
        assert {drift_series_form.field_id("plan", one) for one in drift_series_form.PLAN} <= set(
            ids(plan)
        )


def test_the_form_offers_dates_values_and_other_sets(app):
    found = app.library.open("moths")
    view = app.curation.view(found)
    assert [one["value"] for one in drift_series_form.batch_columns(found, view)] == [
        "time", "year",
    ]  # fmt: skip
    parts = drift_series_form.parts_of(found, view)
    assert [one["value"] for one in parts] == ["moths:year=2025", "moths:year=2026"]


def test_the_form_of_a_comparison_begins_with_the_batch(app, made):
    """The link of a batch leads to its own period, not to the whole set."""
    for one in made[2]["batches"]:
        side = drift_sides.read(one["side"])
        _, by, listed, value = drift_sides.followers("moths", side["by"], side["value"])
        assert (by, value) == ("time", one["name"])
        assert {"2025", "2025-Q4", "2026-01", "2026-01-02"} <= {each["value"] for each in listed}


def test_the_forms_ask_for_what_their_fields_say(app):
    wanted = drift_series_form.time_request("moths", {
        "reference": "moths:year=2025", "by": "time", "every": "-", "unit": "-",
        "permutations": "499", "seed": "3",
    })  # fmt: skip
    assert (wanted.reference, wanted.of, wanted.by) == ("moths:year=2025", "moths", "time")
    assert (wanted.every, wanted.permutations, wanted.seed) == (None, 499, 3)
    plan = drift_series_form.plan_request({"reference": "moths", "share": "2 %", "like": "-"})
    assert plan.plan_only
    assert (plan.share, plan.like) == (0.02, None)


@pytest.mark.parametrize(
    ("changed", "told"),
    [({"by": "-"}, "Batches: choose"), ({"reference": "-"}, "Reference: choose what"),
     ({"reference": "moths"}, "Reference: choose a part"), ({"permutations": "9"}, "Permutations"),
     ({"seed": "x"}, "Seed")],
)  # fmt: skip
def test_a_wrong_field_is_named_as_the_page_does(changed, told):
    given = {"reference": "moths:year=2025", "by": "time", **changed}
    with pytest.raises(InputError, match=told):
        drift_series_form.time_request("moths", given)
    with pytest.raises(InputError, match="New images"):
        drift_series_form.plan_request({"reference": "moths", "share": "0"})
    with pytest.raises(InputError, match="other than the reference"):
        drift_series_form.plan_request({"reference": "moths", "like": "moths"})


def test_a_series_of_an_older_set_says_so(app, made):
    series = drift_series.kept().series(made[2]["series"])
    assert drift_series.old(series) is None
    meta = {**series.meta, "imagesets": {"other": "x"}}
    gone = KeptSeries(series.key, series.created, meta, series.batches)
    assert "no longer here" in text(data(drift_series.old(gone)))

"""Encoders in use: the forms of a court and of a test, what they start, and every view."""

import importlib
from dataclasses import replace

import dash
import flask
import pytest
from dash import no_update

from app import open_services
from components import (
    court_form,
    court_neighbours,
    encoder_frame,
    encoder_sets,
    nuisance_form,
    quality_items,
)
from components.encoder_notice import encoder_notice, noticed
from components.fields import AUTO
from core.courts import Courts
from core.courts.request import CourtRequest, NuisanceRequest
from core.encoders.fitted.names import residual_name
from core.errors import InputError
from tests.court_example import SEEN, sets
from tests.fakes import FakeBoard, FakeServices, FakeSet, job
from tests.trees import data, nodes, text


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    made = sets(tmp_path_factory.mktemp("encoders"))
    made.court()
    made.nuisance()
    return made


@pytest.fixture
def page(pages):
    return importlib.import_module("pages.encoders")


@pytest.fixture
def app(example):
    """The workspace of the example as the current app's; jobs are noted and not run."""
    server = flask.Flask("test")
    found = replace(open_services(example.settings), jobs=FakeBoard([]))
    server.config["VITRINE"] = found
    with server.app_context():
        yield found


def court_fields(**changed):
    usual = {"encoders": ["colour-texture"], "others": "", "column": AUTO, "unit": AUTO,
             "copies": AUTO, "clusters": "themes", "sample": "2000", "seed": "0"}  # fmt: skip
    assert set(usual) == set(court_form.FIELDS)
    return {**usual, **changed}


def nuisance_fields(**changed):
    usual = {"columns": [], "column": AUTO, "unit": AUTO, "masks": "", "against": AUTO,
             "permutations": "499", "sample": "5000", "seed": "0"}  # fmt: skip
    assert set(usual) == set(nuisance_form.FIELDS)
    return {**usual, **changed}


def triggered(monkeypatch, page, value):
    monkeypatch.setattr(page, "ctx", type("Ctx", (), {"triggered_id": value}))


# -- the forms -------------------------------------------------------------------------------------


def test_the_fields_ask_for_a_court():
    assert court_form.request("a", court_fields()) == CourtRequest("a", ("colour-texture",))
    asked = court_form.request("a", court_fields(
        others="timm:x\n pixels , colour-texture", column="species", unit="nest", copies="photo",
        clusters="micro", sample="500", seed="7",
    ))  # fmt: skip
    assert asked == CourtRequest(
        "a", ("colour-texture", "timm:x", "pixels"), "species", "nest", "photo", "micro", 500, 7
    )


def test_the_fields_ask_for_a_test():
    assert nuisance_form.request("a", nuisance_fields()) == NuisanceRequest("a")
    asked = nuisance_form.request("a", nuisance_fields(
        columns=["site"], masks=" masks ", against="cut", permutations="99", unit="nest",
    ))  # fmt: skip
    assert asked == NuisanceRequest("a", ("site",), None, "nest", "masks", "cut", 99)


@pytest.mark.parametrize(
    ("changed", "named"),
    [
        ({"encoders": [], "others": "1\n2\n3\n4\n5\n6"}, "Encoders: 6"),
        ({"sample": "few"}, "Most images"),
        ({"sample": "5"}, "sample"),
        ({"seed": "x"}, "Seed"),
    ],
)
def test_a_wrong_field_of_a_court_is_named(changed, named):
    with pytest.raises(InputError, match=named):
        court_form.request("a", court_fields(**changed))


def test_too_many_with_the_sets_own_and_the_baseline_are_refused_before_a_job(app):
    four = court_fields(encoders=["a", "b", "c"], others="d")
    assert len(encoder_sets.court("shapes", four).encoders) == 4  # its own are pixels
    with pytest.raises(InputError, match="take away 1"):
        encoder_sets.court("colours", court_fields(encoders=["a", "b", "c", "d", "e"]))
    with pytest.raises(InputError, match="beside the set's own"):
        encoder_sets.court("colours", court_fields(encoders=[]))


def test_encoders_of_the_same_images_are_offered(app):
    found = app.library.open("colours")
    assert court_form.offered(found) == ["colour-texture"]
    tree = data(court_form.form(found, app.curation.view(found), {}, 0))
    (ticks,) = (one["props"] for one in nodes(tree) if one["type"] == "Checklist")
    assert ticks["value"] == ["colour-texture"]


# -- what starts jobs ------------------------------------------------------------------------------


def test_a_click_starts_the_court_that_is_described(app, page):
    keys = {"set": "colours", "view": "court", "key": ""}
    nudged, follow, told = page.hold_court(1, court_fields(), keys)
    kind, request, title = app.jobs.submitted[-1]
    assert (kind, title) == ("court", "Compare encoders on colours")
    assert CourtRequest.from_json(request) == CourtRequest("colours", ("colour-texture",))
    assert nudged == follow["job"]
    assert "view=court" in follow["to"]
    assert f"done={nudged}" in follow["to"]
    assert "Comparing" in text(data(told))
    assert page.hold_court(None, court_fields(), keys) == (no_update,) * 3
    assert len(app.jobs.submitted) == 1


def test_a_click_starts_the_test_that_is_described(app, page):
    keys = {"set": "shapes", "view": "nuisance", "key": ""}
    page.look_for_nuisances(1, nuisance_fields(), keys)
    kind, request, _ = app.jobs.submitted[-1]
    assert kind == "nuisance"
    assert NuisanceRequest.from_json(request) == NuisanceRequest("shapes")
    _, follow, told = page.look_for_nuisances(1, nuisance_fields(permutations="3"), keys)
    assert follow is no_update
    assert "permutations" in text(data(told))
    assert len(app.jobs.submitted) == 1


def test_a_map_in_another_encoder_of_the_court_is_a_run_of_the_same_source(app, page, monkeypatch):
    court = app.library and Courts(app.library.workspace).latest(app.library.open("colours"))
    key = next(one["key"] for one in court.meta["encoders"] if one["name"] == "colour-texture")
    triggered(monkeypatch, page, {"key": key})
    page.make_map([1], {"set": "colours", "view": "court", "key": court.key})
    kind, request, _ = app.jobs.submitted[-1]
    assert kind == "run"
    assert request["encoder"] == "colour-texture"
    assert request["name"] == "colours colour-texture"
    assert request["source"] == app.library.open("colours").request["source"]
    triggered(monkeypatch, page, {"key": "none"})
    _, told = page.make_map([1], {"set": "colours", "view": "court", "key": court.key})
    assert "did not hear" in text(data(told))


def test_a_column_regressed_out_is_a_run_in_an_encoder_of_its_own(app, page, monkeypatch):
    triggered(monkeypatch, page, {"columns": "site,day"})
    page.regress_out([1], {"set": "shapes", "view": "nuisance", "key": ""})
    kind, request, _ = app.jobs.submitted[-1]
    assert kind == "run"
    assert request["encoder"] == residual_name(SEEN, ["site", "day"])
    assert request["name"] == "shapes without site, day".replace(",", "-")


# -- what is shown ---------------------------------------------------------------------------------


def test_a_court_is_shown_with_its_recommendations_figures_and_neighbours(app, page):
    tree = data(page.layout(set="colours", view="court"))
    told = text(tree)
    for part in ("What suits these images", "One encoder for each question", "Alike in meaning",
                 "Shared neighbours", "Metric card", "CPU for 1,000 images",
                 "Telling classes apart"):  # fmt: skip
        assert part in told
    assert "colour-texture for telling classes apart" in told
    assert sum(node["type"] == "H1" for node in nodes(tree)) == 1
    strips = [one for one in nodes(tree) if "vt-court-strip" in str(one["props"].get("className"))]
    assert len(strips) == 2
    graphs = [one["props"] for one in nodes(tree) if one["type"] == "Graph"]
    assert {trace["name"] for trace in graphs[0]["figure"]["data"]} == {"pixels", "colour-texture"}


def test_the_picture_in_the_address_is_the_one_whose_neighbours_are_shown(app):
    found = app.library.open("colours")
    court = Courts(app.library.workspace).latest(found)
    keys = {"set": "colours", "view": "court", "key": court.key, "row": "5"}
    told = text(data(court_neighbours.view(found, court, keys)))
    assert told.index(quality_items.name_of(found, 5)) < told.index("pixels")
    first = data(court_neighbours.view(found, court, {**keys, "row": "no"}))
    offered = court_neighbours.telling(court)
    assert len(set(offered)) == len(offered) > 1
    assert quality_items.name_of(found, offered[0]) in text(first)
    assert court.contrast[offered[0]] == court.contrast.max()


def test_a_test_is_shown_with_what_explains_the_clusters_and_what_to_do(app, page):
    told = text(data(page.layout(set="shapes", view="nuisance")))
    for part in ("Background", "Explains the clusters", "What to do", "Cut out by masks",
                 "The labels", "It is the same in all images"):  # fmt: skip
        assert part in told


def test_a_result_that_is_gone_is_told_and_the_form_is_there(app, page):
    told = text(data(page.layout(set="colours", view="court", key="gone")))
    assert "No court with" in told
    assert "Encoders to compare" in told


def test_the_result_of_the_job_in_the_address_is_shown(app, page, example):
    line = Courts(example.workspace).list("colours")[-1]
    done = job("j7", "done", kind="court", request={"name": "colours"})
    app.jobs.jobs[:] = [replace(done, result={"court": line.key})]
    tree = data(page.layout(set="colours", view="court", done="j7"))
    assert "What suits these images" in text(tree)


def test_vectors_alone_cannot_be_seen_by_another_encoder(inside, page):
    inside(FakeSet("vectors").without_pictures())
    assert "vectors only" in text(data(page.layout(set="vectors", view="court")))


@pytest.mark.parametrize("view", [*encoder_frame.VIEWS, "nonsense"])
def test_every_view_builds_without_a_set(inside, page, view):
    inside()
    tree = data(page.layout(view=view))
    assert sum(node["type"] == "H1" for node in nodes(tree)) == 1


def test_pages_are_told_where_the_encoder_does_not_suit(app):
    grey = app.library.open("colours")
    told = text(data(encoder_notice("/clusters", grey)))
    assert "place by place" in told
    assert "On these images colour-texture" in told  # the court was held
    assert "See the court" in told
    other = text(data(encoder_notice("/clusters", app.library.open("shapes"))))
    assert "Compare encoders on these images" in other
    assert encoder_notice("/quality/defects", app.library.open("shapes")) is None
    head = dash.html.H1("Clusters")
    assert noticed(head, "/quality/defects", app.library.open("shapes")) is head
    assert text(data(noticed(head, "/clusters", grey))).startswith("Clusters Pixel distances")


def test_a_set_in_memory_without_a_court_has_its_notice(inside):
    services = inside(FakeSet())
    assert isinstance(services, FakeServices)
    found = encoder_notice("/drift", services.library.open("moths"))
    assert "place by place" in text(data(found))
    assert dash.html.P is type(found)

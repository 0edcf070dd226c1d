"""Morphology in use: the form with its live preview, what starts a job, every view, dead ends."""

import dataclasses
import importlib
import time

import flask
import pytest
from dash import no_update

from app import open_services
from components import follow_up, job_results, morphology_cutout, morphology_form, morphology_frame
from components.morphology_columns import SLICES
from components.morphology_frame import VIEWS
from tests.fakes import FakeBoard, FakeSlice, job
from tests.morphology_example import compared
from tests.morphology_fake import KEY, META, FakeComparisons, FormSet, comparison, serving
from tests.trees import data, find, ids, text


@pytest.fixture
def page(pages):
    return importlib.import_module("pages.morphology")


@pytest.fixture
def enter(monkeypatch):
    """Give a function that makes services those of the current app, without cut-outs."""
    contexts = []
    monkeypatch.setattr(morphology_cutout, "cutout_part", lambda found: None)

    def go(services):
        server = flask.Flask("test")
        server.config["VITRINE"] = services
        contexts.append(server.app_context())
        contexts[-1].push()
        return services

    yield go
    for context in reversed(contexts):
        context.pop()


def keys(**given):
    return morphology_frame.cleaned({"set": "moths", **given})


def fields(**changed):
    usual = {**morphology_form.filled({"by": "label", "seed": 0}), **changed}
    assert set(usual) == set(morphology_form.FIELDS)
    return usual


# -- what an address shows -------------------------------------------------------------------------


def test_without_a_comparison_there_is_the_form_and_what_it_needs(page, enter):
    enter(serving())
    tree = data(page.layout(set="moths"))
    assert "What it needs, and what it tells" in text(tree)
    assert "12 images in 2 groups." in text(tree)
    assert "Design (this page) Gradient" in text(tree)  # no tabs that lead nowhere
    assert "Overview" not in text(tree)


def test_with_comparisons_the_newest_is_shown_and_the_others_are_one_click_away(page, enter):
    older = comparison("d" * 32, title="moths by site")
    enter(serving(comparison(), older))
    tree = data(page.layout(set="moths"))
    assert "Groups by label explain 56 %" in text(tree)
    assert "Other comparisons (1)" in text(tree)
    assert find(tree, href=f"/morphology?set=moths&view=overview&key={'d' * 32}")
    assert find(tree, id=morphology_frame.PLACE)[0]["data"]["key"] == KEY


def test_the_form_begins_with_the_comparison_in_the_address_and_with_what_else_it_says(page, enter):
    request = {**META["request"], "by": "specimen", "permutations": 199}
    enter(serving(comparison(request=request)))

    def value(tree, field):
        return find(tree, id=morphology_form.field_id(field))[0]["value"]

    begun = data(page.layout(set="moths", view="design", key=KEY))
    assert (value(begun, "by"), value(begun, "permutations")) == ("specimen", "199")
    fresh = data(page.layout(set="moths", view="design"))
    assert (value(fresh, "by"), value(fresh, "permutations")) == ("label", "999")
    said = data(page.layout(set="moths", view="design", by="label", unit="specimen"))
    assert (value(said, "by"), value(said, "unit")) == ("label", "specimen")
    assert "12 images of 6 units in 2 groups." in text(said)


@pytest.mark.parametrize(
    ("key", "told"),
    [
        ("e" * 32, "This comparison is no longer kept here."),
        ("f" * 32, "This comparison is of the set “wasps”, not of “moths”"),
    ],
)
def test_a_comparison_that_is_not_here_is_said_above_the_form(page, enter, key, told):
    enter(serving(comparison(), comparison("f" * 32, name="wasps")))
    tree = data(page.layout(set="moths", key=key))
    assert told in text(tree)
    assert morphology_form.GO in ids(tree)
    assert find(tree, href=f"/morphology?set=moths&view=overview&key={KEY}")  # the tabs lead on


def test_a_set_that_is_not_here_says_so(page, enter):
    enter(serving())
    assert "There is no set named “gone” here" in text(page.layout(set="gone"))


def test_an_unknown_view_and_odd_keys_are_left_out():
    found = morphology_frame.cleaned(
        {"set": "moths", "view": "none", "x": "3", "Bad": "1", "y": ""}
    )
    assert found == {"set": "moths", "view": "", "key": "", "x": "3"}
    assert "x=3" in morphology_frame.address({**found, "view": "ordination"}, y="2")
    assert "x=3" not in morphology_frame.address({**found, "view": "ordination"}, view="card")


def test_in_an_empty_workspace_the_way_to_a_first_set_is_shown(page, enter):
    services = serving()
    services.library.opened = {}
    enter(services)
    assert "No set yet" in text(page.layout())


def test_where_nothing_makes_groups_the_ways_to_some_are_shown(page, enter):
    found = FormSet()
    found.clustered = False
    found.items["label"] = "moth"
    found.items["specimen"] = "s1"
    enter(serving(found=found))
    tree = data(page.layout(set="moths"))
    assert "Nothing to compare yet" in text(tree)
    assert morphology_form.GO not in ids(tree)


def test_an_older_set_is_said_on_every_view(page, enter):
    enter(serving(comparison(), old="The set has changed since: compare again."))
    for view in ("overview", "card"):
        assert "The set has changed since" in text(page.layout(set="moths", view=view))


# -- the form --------------------------------------------------------------------------------------


def test_another_column_offers_its_groups_and_ticks_none(page, enter):
    enter(serving())
    groups, ticked, first, _, second, _ = page.regroup("specimen", keys())
    assert [one["value"] for one in groups] == [f"s{at}" for at in range(6)]
    assert ticked == []
    assert first == second
    assert first[0]["label"] == "the two farthest apart"


def test_the_preview_follows_the_fields_and_a_wrong_one_is_named(page, enter):
    enter(serving())
    shown, told = page.preview(keys(), **fields(unit="specimen"))
    assert "12 images of 6 units in 2 groups." in text(shown)
    assert told == []
    shown, _ = page.preview(keys(), **fields(permutations="5"))
    assert "permutations 5: a whole number from 99 to 9,999" in text(shown)


def test_groups_made_from_the_vectors_are_warned_of_before_anything_is_computed(page, enter):
    enter(serving())
    shown, _ = page.preview(keys(), **fields(by="cluster"))
    assert "Problem:" in text(shown)
    assert "made from the vectors that are compared" in text(shown)


def test_a_click_starts_the_job_and_the_page_waits_for_it(page, enter):
    services = enter(serving())
    nudge, waiting, told = page.compare(1, fields(unit="specimen"), keys())
    ((kind, request, title),) = services.jobs.submitted
    assert (kind, title) == ("morphology", "Compare forms of moths by label")
    assert request == {**META["request"], "unit": "specimen"}
    assert nudge == "new"
    assert waiting == follow_up.expect("new", "/morphology")
    assert "Comparing" in text(told)


def test_no_click_starts_nothing_and_a_wrong_field_is_told_beside_the_button(page, enter):
    services = enter(serving())
    assert page.compare(None, fields(), keys()) == (no_update,) * 3
    _, _, told = page.compare(1, fields(unit="label"), keys())
    assert "'label' is by already" in text(told)
    assert services.jobs.submitted == []


def test_slices_are_compared_by_name(page, enter):
    services = serving()
    services.curation.shown.slices = [FakeSlice("left", range(4)), FakeSlice("right", range(6, 12))]
    enter(services)
    page.compare(1, fields(by=SLICES), keys())
    assert services.jobs.submitted[0][1]["slices"] == ["left", "right"]


# -- the job ---------------------------------------------------------------------------------------


def test_jobs_about_the_set_are_shown_while_they_are_at_work(page, enter):
    services = serving()
    services.jobs.jobs = [job("j1", kind="morphology", title="Compare forms of moths"),
                          job("j2", kind="quality", title="Check of moths")]  # fmt: skip
    enter(services)
    shown = text(page.show_jobs(None, keys()))
    assert "Compare forms of moths" in shown
    assert "Check of moths" not in shown


def test_a_job_that_just_failed_says_why_and_an_old_one_is_over(page, enter):
    services = serving()
    failed = {"kind": "morphology", "error": "the disk is full"}
    services.jobs.jobs = [job("j1", "failed", ended=time.time() - 5, **failed)]
    enter(services)
    assert "The disk is full" in text(page.show_jobs(None, keys()))
    services.jobs.jobs = [job("j1", "failed", ended=time.time() - 3600, **failed)]
    assert page.show_jobs(None, keys()) == []


def test_whoever_waits_is_led_to_the_comparison_and_its_card_tells_it():
    result = {"set": "moths", "comparison": KEY, "design": META["design"], "tests": META["tests"]}
    done = job("j1", "done", kind="morphology", result=result)
    place = f"/morphology?set=moths&view=overview&key={KEY}"
    waiting = follow_up.expect("j1", "/morphology")
    assert follow_up.step(waiting, [done], "/morphology", FakeBoard()) == (None, place)
    shown = job_results.result(done)
    assert text(shown) == "Groups 2 Units 12 ω² 55 % R² 56 % p 0.001 See the comparison"
    assert find(shown, href=place)


def test_a_gradient_is_led_to_and_told_in_words():
    done = job("j1", "done", kind="gradient", result={"gradient": "g1", "text": "They differ."})
    waiting = follow_up.expect("j1", "/gradient")
    assert follow_up.step(waiting, [done], "/gradient", FakeBoard())[1] == (
        "/gradient?set=moths&key=g1"
    )
    assert text(job_results.result(done)) == "They differ. See the gradient"


# -- over a workspace ------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    return compared(tmp_path_factory.mktemp("morphology"), gradient=False)


@pytest.fixture
def butterflies(example, enter):
    services = open_services(example.settings)
    return enter(dataclasses.replace(services, jobs=FakeBoard()))


@pytest.mark.parametrize("view", list(VIEWS))
def test_every_view_of_a_real_comparison_opens_and_says_where_one_is(
    page, butterflies, example, view
):
    tree = data(page.layout(set=example.name, view=view, key=example.key))
    assert f"{VIEWS[view]} (this page)" in text(tree)
    if view not in {"design", "card"}:
        assert "Metric card:" in text(tree)


def test_what_the_page_says_first_is_what_the_job_found(page, butterflies, example):
    shown = text(page.layout(set=example.name))
    classic = next(one for one in example.result["tests"] if one["name"] == "PERMANOVA")
    assert f"Groups by label explain {100 * classic['effect']:.0f} %" in shown
    assert example.result["methods"] in shown


def test_the_form_asks_for_the_very_request_that_was_made(page, butterflies, example):
    given = morphology_form.filled(example.comparison.meta["request"])
    page.compare(1, given, keys(set=example.name))
    ((_, request, _),) = butterflies.jobs.submitted
    assert example.compare(**{k: v for k, v in request.items() if k != "name"})["comparison"] == (
        example.key
    )


def test_comparisons_of_another_set_are_not_listed(enter, page):
    services = enter(serving(found=FormSet("wasps")))
    services.comparisons = FakeComparisons(comparison())
    assert "What it needs" in text(page.layout(set="wasps"))

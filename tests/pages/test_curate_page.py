"""Curate and Report in use: callbacks as plain functions over a workspace in memory."""

from contextvars import copy_context
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from dash import no_update
from dash._callback_context import context_value
from dash._utils import AttributeDict

from components import curate_form, curate_splits, follow_up, report_compare
from core.curate.coverage import random_coverage
from core.selection import Selections
from core.storage.store import Workspace
from tests.fakes import FakeSet, FakeSlice, job
from tests.reports_fake import Line, report
from tests.trees import data, find, text

KEYS = {"set": "moths", "view": "", "choice": "", "splits": "", "role": "", "page": "",
        "pool": "all"}  # fmt: skip
GIVEN = {"amount": "25", "unit": "share", "strategy": "representative", "scenario": "first",
         "pool": "all"}  # fmt: skip


def pressed(button, call, *args, **kwargs):
    """Call a callback as Dash would after a click on a button."""

    def run():
        context_value.set(AttributeDict(triggered_inputs=[{"prop_id": f"{button}.n_clicks",
                                                           "value": 1}]))  # fmt: skip
        return call(*args, **kwargs)

    return copy_context().run(run)


def test_one_click_starts_one_choice_and_waits_for_its_report(pages, inside):
    services = inside(FakeSet())
    curate = pages["curate"]
    nudge, waiting, told = pressed(
        curate_form.GO_REPORT, curate.choose, None, 1, dict(GIVEN), dict(KEYS)
    )
    ((kind, request, title),) = services.jobs.submitted
    assert kind == "curate"
    assert (request["name"], request["budget"]) == ("moths", "25%")
    assert title == "Choose 25% of moths: Representative"
    assert nudge == "new"
    assert waiting == follow_up.expect("new", "/curate", report_seed=0)
    assert "report follows" in text(told)


def test_choosing_only_asks_for_no_report(pages, inside):
    inside(FakeSet())
    waiting = pressed(curate_form.GO, pages["curate"].choose, 1, None, dict(GIVEN), KEYS)[1]
    assert waiting["report"] is None


def test_a_page_that_only_appeared_starts_nothing(pages, inside):
    services = inside(FakeSet())
    curate = pages["curate"]
    assert curate.choose(None, None, dict(GIVEN), KEYS) == (no_update, no_update, no_update)
    assert curate.divide(None, {}, KEYS) == (no_update, no_update, no_update)
    assert curate.report(None, KEYS) == (no_update, no_update)
    assert pages["report"].make(None, "choice:c1", {"set": "moths"}) == (no_update, no_update)
    assert services.jobs.submitted == []


@pytest.mark.parametrize(
    ("given", "said"),
    [({"amount": "99", "unit": "count"}, "only 12"), ({"amount": "x"}, "budget"),
     ({"pool": "slice:nope"}, "nope")],
)  # fmt: skip
def test_what_cannot_be_chosen_is_said_beside_the_fields_and_starts_nothing(
    pages, inside, given, said
):
    services = inside(FakeSet())
    curate = pages["curate"]
    told = pressed(curate_form.GO, curate.choose, 1, None, {**GIVEN, **given}, KEYS)[2]
    assert said in text(told)
    assert services.jobs.submitted == []
    shown, cleared = curate.preview(KEYS, **{**GIVEN, **given})
    assert said in text(shown)
    assert cleared == []


def test_the_preview_follows_the_budget(pages, inside):
    inside(FakeSet())
    shown, _ = pages["curate"].preview(KEYS, **GIVEN)
    random = random_coverage([3, 2, 2, 1, 1, 1, 1, 1], 12, 3)  # the micro-clusters of the moths
    told = f"would cover {random.mean:.1f} ± {random.sd:.1f} of 8 micro-clusters"
    assert f"3 random images, out of 12 (all images), {told}" in text(shown)


def test_a_set_that_is_not_clustered_says_what_is_missing(pages, inside):
    fresh = FakeSet()
    fresh.clustered = False
    inside(fresh)
    tree = data(pages["curate"].layout(set="moths"))
    assert "Not clustered yet" in text(tree)
    assert not find(tree, id=curate_form.GO)


def test_a_slice_or_selection_in_the_address_is_the_pool(pages, inside, tmp_path):
    services = inside(FakeSet())
    services.library.workspace = Workspace(tmp_path)
    services.selections = Selections(services.library.workspace)
    services.curation.shown.slices = [FakeSlice("old", np.arange(3))]
    (field,) = find(data(pages["curate"].layout(set="moths", slice="old")), id="curate-pool")
    assert field["value"] == "slice:old"
    key = services.selections.save("key-moths", np.array([1]), {"how": "rows"})
    (field,) = find(data(pages["curate"].layout(set="moths", sel=key)), id="curate-pool")
    assert field["value"] == f"selection:{key}"


@pytest.mark.parametrize("query", [{"choice": "nope"}, {"splits": "nope"}])
def test_an_unknown_choice_is_explained_with_a_way_on(pages, inside, query):
    inside(FakeSet())
    tree = data(pages["curate"].layout(set="moths", **query))
    assert "is kept here" in text(tree)
    assert find(tree, href="/")


def test_dividing_starts_one_job(pages, inside):
    services = inside(FakeSet())
    given = {"train": "70", "validation": "15", "test": "15", "column": "-", "unit": "-"}
    pages["curate"].divide(1, given, KEYS)
    ((kind, request, title),) = services.jobs.submitted
    assert (kind, request["train"]) == ("split", 70.0)
    assert title == "Divide moths: 70, 15, 15 %"
    assert "no number" in text(pages["curate"].divide(1, {**given, "train": "x"}, KEYS)[2])
    assert len(services.jobs.submitted) == 1


def divided():
    strata = pd.DataFrame([["label", "moth", 4, 1, 1, 6, True, True]], columns=[
        "kind", "value", "train", "validation", "test", "groups", "enough", "in_all"])  # fmt: skip
    proof = {"method": "exact", "tau": 0.1, "pairs_across": 40, "pairs_within_tau": 0,
             "groups_cut": 0, "units_cut": 0}  # fmt: skip
    meta = {"counts": {"train": 8, "validation": 2, "test": 2}, "notes": ["a note"],
            "slices": {"train": "Split train", "test": "gone"}, "proof": proof, "groups": 12,
            "largest_group": 1, "seed": 3, "candidates": 200,
            "stratified_by": ["label"]}  # fmt: skip
    return SimpleNamespace(meta=meta, search=range(200), strata=strata)


def test_a_division_shows_its_parts_its_proof_and_only_slices_that_are_there(pages, inside):
    services = inside(FakeSet())
    services.choices.divided["s1"] = divided()
    services.curation.shown.slices = [FakeSlice("Split train", np.arange(8))]
    tree = data(pages["curate"].layout(set="moths", splits="s1"))
    assert "Of 40 pairs of images in different parts, none are within 0.1000" in text(tree)
    assert find(tree, href="/explore?set=moths&slice=Split+train")
    assert "slice=gone" not in str(tree)
    assert "label moth 4 1 1" in text(tree)


def test_only_some_strategies_and_scenarios_ask_more(pages):
    ask = pages["curate"].ask_more
    assert ask("representative", "first") == (True, True, True)
    assert ask("balanced", "next") == (False, True, False)
    assert ask("edges", "test") == (True, False, False)


def test_the_fields_of_the_form_are_those_the_callbacks_ask_for(pages, inside):
    inside(FakeSet())
    for view, module in (("", curate_form), ("split", curate_splits)):
        tree = data(pages["curate"].layout(set="moths", view=view))
        for field in module.FIELDS:
            assert find(tree, id=module.field_id(field)), field


# -- reports ---------------------------------------------------------------------------------------


def test_a_report_opens_from_its_address_and_an_unknown_one_is_explained(pages, inside):
    services = inside(FakeSet())
    services.reports.made["r1"] = report()
    one = pages["report"].one
    assert "The choice covers 4 of 8 clusters" in text(data(one(report="r1", set="moths")))
    tree = data(one(report="nope", set="moths"))
    assert "This report is not here" in text(tree)
    assert find(tree, href="/report?set=moths")


def test_a_report_whose_set_is_gone_still_opens(pages, inside):
    services = inside()
    services.reports.made["r1"] = report()
    assert "is not here any more" in text(data(pages["report"].one(report="r1")))


def test_two_reports_are_compared_by_the_address(pages, inside):
    services = inside(FakeSet())
    services.reports.made = {"r1": report("r1"), "r2": report("r2")}
    services.reports.lines = [Line("r1"), Line("r2")]
    services.reports.compared = {"rows": [], "same": {}, "sentences": ["They are alike."]}
    one = pages["report"].one
    assert "They are alike." in text(data(one(report="r1", **{"with": "r2"})))
    assert "No comparison" in text(data(one(report="r1", **{"with": "nope"})))
    assert "They are alike." not in text(data(one(report="r1", **{"with": "r1"})))


def test_choosing_another_report_goes_to_the_comparison_and_back(pages):
    go, place = pages["report"].compare_with, {"report": "r1", "set": "moths", "with": ""}
    assert go("r2", place) == "/report/r1?set=moths&with=r2"
    assert go(report_compare.NOTHING, place) is no_update
    assert go(report_compare.NOTHING, {**place, "with": "r2"}) == "/report/r1?set=moths"


def test_a_report_is_made_on_what_the_form_names(pages, inside):
    services = inside(FakeSet())
    _, waiting = pages["report"].make(1, "slice:by hand", {"set": "moths"})
    ((kind, request, title),) = services.jobs.submitted
    assert (kind, request) == ("report", {"name": "moths", "slice": "by hand", "seed": 0})
    assert title == "Report on by hand of moths"
    assert waiting == follow_up.expect("new", "/report")


def test_the_history_lists_reports_and_offers_what_the_address_names(pages, inside):
    services = inside(FakeSet())
    services.reports.lines = [Line("r2"), Line("r1")]
    services.curation.shown.slices = [FakeSlice("by hand", np.arange(3))]
    tree = data(pages["report"].layout(set="moths", slice="by hand"))
    assert "2 reports" in text(tree)
    assert find(tree, href="/report/r2?set=moths")
    (field,) = find(tree, id="report-subject")
    assert field["value"] == "slice:by hand"


def test_progress_of_this_set_only_is_shown(pages, inside):
    jobs = [job("a", kind="curate", title="mine"),
            job("b", kind="curate", title="other", request={"name": "bees"}),
            job("c", kind="run", title="run")]  # fmt: skip
    inside(FakeSet(), jobs=jobs)
    told = text(pages["curate"].show_jobs("x", KEYS))
    assert "mine" in told
    assert "other" not in told
    assert "run" not in told.split()


def test_a_choice_is_reported_on_from_its_own_page(pages, inside):
    services = inside(FakeSet())
    pages["curate"].report(1, {**KEYS, "choice": "c1"})
    assert services.jobs.submitted[0][:2] == (
        "report", {"name": "moths", "choice": "c1", "seed": 0},
    )  # fmt: skip

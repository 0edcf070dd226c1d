"""Choosing: the form, what has to be beaten, what was chosen and how a set was divided."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from components import (
    curate_form,
    curate_pool,
    curate_preview,
    curate_result,
    curate_splits,
    report_charts,
)
from core.choices import CurateRequest, SplitRequest
from core.choices.stored import mark_of
from core.curate.coverage import random_coverage
from core.errors import InputError
from tests.fakes import FakeSet, FakeSlice, FakeView
from tests.reports_fake import Line
from tests.trees import data, find, nodes, text

# -- the form --------------------------------------------------------------------------------------


def test_one_click_asks_for_a_representative_tenth_of_the_whole_set():
    wanted = curate_form.request(
        "moths", {"amount": "10", "unit": "share"}, 3)  # fmt: skip
    assert wanted == CurateRequest("moths", seed=3)


@pytest.mark.parametrize(
    ("amount", "unit", "budget"),
    [("10", "share", "10%"), ("2.5 %", "share", "2.5%"), ("500", "count", "500"),
     (500, "count", "500"), ("1", "until", "until 1%"), (" 1% ", "until", "until 1%")],
)  # fmt: skip
def test_the_two_fields_of_the_budget_make_one(amount, unit, budget):
    assert curate_form.budget_text(amount, unit) == budget


@pytest.mark.parametrize(
    ("given", "said"),
    [({"amount": ""}, "give a number"), ({"amount": "many"}, "budget"),
     ({"amount": "0"}, "at least one"), ({"seed": "x"}, "Seed"), ({"alpha": "x"}, "α"),
     ({"strategy": "edges", "edge": "half"}, "edge cases")],
)  # fmt: skip
def test_a_field_that_cannot_be_used_is_named(given, said):
    with pytest.raises(InputError, match=said):
        curate_form.request("moths", {"amount": "10", "unit": "share", **given})


def test_fields_of_another_strategy_or_scenario_ask_for_nothing():
    left = {"amount": "5", "unit": "count", "column": "site", "labelled": "done"}
    wanted = curate_form.request("moths", {**left, "strategy": "extremes", "scenario": "first"})
    assert (wanted.column, wanted.labelled) == (None, None)
    wanted = curate_form.request("moths", {**left, "strategy": "balanced", "scenario": "next"})
    assert (wanted.column, wanted.labelled) == ("site", "done")


def test_every_strategy_is_offered_with_a_line_on_when_it_is_best():
    tree = data(curate_form.form(FakeView(), [], [{"label": "all", "value": "all"}], "all", 0))
    (field,) = find(tree, id="curate-strategy")
    assert [o["value"] for o in field["options"]] == list(curate_form.STRATEGIES)
    for one in curate_form.STRATEGIES.values():
        assert one.best_for in str(field)


def test_a_selection_in_the_address_is_the_first_pool():
    view = FakeView([FakeSlice("old", np.arange(3))])
    options = curate_form.pool_options(view, ("s1", "lasso on UMAP"))
    assert [o["value"] for o in options] == ["selection:s1", "all", "unlabelled", "slice:old"]


def test_a_selection_that_is_gone_is_no_pool(moths):
    assert curate_pool.selection_in(moths.library.open("moths"), "selection:nope") is None


# -- what has to be beaten -------------------------------------------------------------------------


def test_the_preview_tells_the_exact_expectation():
    labels = np.repeat(np.arange(4), [1, 2, 3, 4])
    found = curate_preview.prospect(labels, np.arange(10), np.zeros(0, np.int64))
    tree = text(curate_preview.preview(found, 4, "image", "all images"))
    assert "2.8 ± 0.6 of 4 micro-clusters" in tree  # 2.828571, .616552 by enumeration
    assert "The most that any 4 images can cover is 4." in tree


def test_the_preview_counts_only_what_is_left_to_cover():
    labels = np.repeat(np.arange(4), [1, 2, 3, 4])
    already = np.array([0, 3])  # clusters 0 and 2
    pool = np.setdiff1d(np.arange(10), already)
    found = curate_preview.prospect(labels, pool, already)
    assert (found.covered, sorted(found.sizes)) == (2, [2, 4])
    expected = random_coverage([2, 4], 8, 3)
    told = text(curate_preview.preview(found, 3, "image", "all images"))
    assert f"{expected.mean:.1f} ± {expected.sd:.1f} of 2 micro-clusters" in told
    assert "2 covered already" in told


def test_the_curve_of_the_preview_is_the_expectation_at_each_budget():
    sizes = np.array([1, 2, 3, 4])
    tree = data(curate_preview.curve(curate_preview.Prospect(10, sizes), 4, "image"))
    (graph,) = [n["props"] for n in nodes(tree) if n["type"] == "Graph"]
    expected = next(t for t in graph["figure"]["data"] if t.get("name") == "random, expected")
    for budget, mean in zip(expected["x"], expected["y"], strict=True):
        assert mean == pytest.approx(random_coverage(sizes, 10, budget).mean)
    assert max(expected["x"]) == 10
    assert 4 in expected["x"]


def test_a_budget_that_only_the_gains_tell_has_a_curve_and_no_figure():
    found = curate_preview.Prospect(10, np.array([1, 2, 3, 4]))
    tree = curate_preview.preview(found, None, "image", "all images")
    assert "found while choosing" in text(tree)
    assert find(tree, className="vt-figure")


@pytest.mark.parametrize("n", [1, None])
def test_a_pool_of_one_image_has_a_preview(n):
    found = curate_preview.Prospect(1, np.array([1]))
    assert find(
        curate_preview.preview(found, n, "image", "a selection of 1"), className="vt-figure"
    )


def test_where_everything_is_covered_the_preview_says_so():
    found = curate_preview.Prospect(10, np.zeros(0, np.int64), covered=4)
    assert "covers every" in text(curate_preview.preview(found, 2, "image", "all images"))


# -- what was chosen -------------------------------------------------------------------------------


def chosen(**meta):
    table = pd.DataFrame({
        "order": [1, 2, 3], "row": [0, 5, 10], "role": ["centre", "edge", "gap filler"],
        "cluster": [0, 3, 4], "theme": [0, 1, -1], "gain": [2.0, 1.0, 0.5],
        "reason": ["The middle of 3", "One of 1", "Fills a gap"],
    })  # fmt: skip
    told = {
        "imageset": "key-moths", "strategy": "representative", "n_pool": 12, "total": 3.5,
        "objective": "similarity", "clusters": 8, "covered": 3, "notes": ["2 left out"],
        "random": {"mean": 2.4, "sd": 0.5}, "verdict": {"level": "better", "sentence": "Better."},
        "saturation": None,
    }  # fmt: skip
    return SimpleNamespace(
        key="c1", meta=told | meta, chosen=table, already=np.zeros(0), saturation=None,
        request=CurateRequest("moths"),
    )  # fmt: skip


def kept_view():
    return FakeView([FakeSlice("best", np.array([0, 5, 10]), how=f"x, {mark_of('c1')}")])


def shown(choice, role="", page=1, report=None, found=None):
    return data(curate_result.view_of(found or FakeSet(), choice, kept_view(), report, role, page))


def test_every_chosen_image_is_shown_with_its_reason():
    tree = shown(chosen())
    told = text(tree)
    for reason in ("1. centre", "The middle of 3", "2. edge", "3. gap filler", "Fills a gap"):
        assert reason in told
    assert "Micro-cluster 4 · Theme 2" in told
    assert "2 left out" in told
    assert "Random covers 2.4 ± 0.5" in told
    assert find(tree, href="/explore?set=moths&slice=best")


def test_one_role_shows_only_its_images():
    told = text(shown(chosen(), role="edge"))
    assert "One of 1" in told
    assert "Fills a gap" not in told


def test_the_report_is_offered_until_it_is_there():
    assert find(shown(chosen()), id=curate_result.REPORT)
    tree = shown(chosen(), report=Line("r9"))
    assert not find(tree, id=curate_result.REPORT)
    assert find(tree, href="/report/r9?set=moths")


def test_rows_of_a_set_that_changed_are_not_shown_as_if_they_were_the_same():
    tree = shown(chosen(imageset="older"))
    assert "has changed since" in text(tree)
    assert "/thumb/" not in str(tree)


def test_a_choice_whose_slice_was_taken_back_says_so():
    tree = curate_result.view_of(FakeSet(), chosen(), FakeView(), None, "", 1)
    assert "taken back" in text(tree)
    assert not find(tree, href="/explore?set=moths&slice=best")


def test_the_edge_case_curve_marks_where_enough_is_taken():
    curve = {"budgets": [0, 5, 10], "s": [0.0, 0.6, 0.9], "gain_next": [0.1, 0.1, 0.0],
             "drift": [0.0, 0.1, 0.2], "new_cluster_probability": [0.5, 0.4, 0.3],
             "suggested": 10, "text": "Ten are enough."}  # fmt: skip
    tree = data(report_charts.saturation_chart(curve))
    (graph,) = [n["props"] for n in nodes(tree) if n["type"] == "Graph"]
    assert graph["figure"]["layout"]["shapes"][0]["x0"] == 10
    assert graph["figure"]["data"][0]["y"] == pytest.approx([0, 60, 90])


# -- splits ----------------------------------------------------------------------------------------


def test_the_form_divides_seventy_fifteen_fifteen():
    given = {"train": "70", "validation": "15", "test": "15"}
    wanted = curate_splits.request("moths", given, 2)
    assert wanted == SplitRequest("moths", 70.0, 15.0, 15.0, seed=2)
    assert wanted.shares == pytest.approx((0.7, 0.15, 0.15))


@pytest.mark.parametrize(("value", "column"), [("-", None), ("none", ""), ("site", "site")])
def test_no_column_and_the_programs_own_are_told_apart(value, column):
    given = {"train": "80", "validation": "20", "test": "0", "column": value, "unit": value}
    wanted = curate_splits.request("moths", given)
    assert (wanted.column, wanted.unit) == (column, column)


@pytest.mark.parametrize("given", [{"train": "x"}, {"train": "0"}, {"seed": "x"}])
def test_shares_that_cannot_be_used_are_named(given):
    with pytest.raises(InputError):
        curate_splits.request("moths", {"train": "70", "validation": "30", "test": "0", **given})


def proof(**given):
    found = {"method": "exact search", "tau": 0.05, "pairs_across": 27, "pairs_within_tau": 0,
             "groups_cut": 0, "units_cut": 0, "joined_after_search": 0}  # fmt: skip
    meta = {"proof": found | given, "groups": 11, "largest_group": 2, "seed": 4,
            "candidates": 200, "stratified_by": ["themes", "label"]}  # fmt: skip
    return curate_splits.proof(meta, "image")


def test_the_proof_says_what_was_searched_and_what_was_found():
    tree = data(proof())
    assert "Of 27 pairs of images in different parts, none are within 0.0500" in text(tree)
    assert find(tree, className="vt-proof-sound")


@pytest.mark.parametrize("given", [{"pairs_within_tau": 1}, {"units_cut": 2}])
def test_a_proof_with_a_leak_is_not_shown_as_sound(given):
    tree = data(proof(**given))
    assert find(tree, className="vt-proof-broken")
    assert not find(tree, className="vt-proof-sound")


def test_objects_are_asked_for_as_objects():
    told = data(curate_form.scenario(SimpleNamespace(noun="object", slices=[])))
    assert "First objects to label" in json.dumps(told)
    (unit,) = find(curate_form.budget(one="object"), id="curate-unit")
    assert [one["label"] for one in unit["options"]] == [
        "% of the pool", "objects", "% gain, then stop",
    ]  # fmt: skip

"""Parts of Quality: what its address says, links from case to case, the form, the threshold."""

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from components import (
    job_results,
    quality_duplicates,
    quality_form,
    quality_frame,
    quality_outliers,
    quality_queue,
    quality_stream,
    quality_threshold,
)
from core.errors import InputError
from core.findings.model import Case
from core.quality.request import QualityRequest
from tests.fakes import FakeSet, FakeSlice, FakeView, job
from tests.trees import data, find, text

KEYS = quality_frame.cleaned({"set": "moths", "view": "duplicates", "kind": "near"})


def case(key="near-4", rows=(3, 4, 5), **given):
    fields = {"topic": "duplicates", "kind": "near", "score": 0.04, "confidence": "likely",
              "state": "", "reason": "", "keeper": 3}  # fmt: skip
    return Case(key=key, rows=list(rows), **{**fields, **given})


# -- the address -----------------------------------------------------------------------------------


def test_what_an_address_says_wrong_is_left_out():
    keys = quality_frame.cleaned({"set": "a", "view": "nope", "state": "?", "utm": "x"})
    assert keys == dict.fromkeys(quality_frame.KEYS, "") | {
        "set": "a", "view": "overview", "state": "open",
    }  # fmt: skip


def test_another_list_begins_at_its_start_and_another_case_without_a_keeper():
    deep = {**KEYS, "start": "50", "case": "near-70", "keeper": "9", "confidence": "likely"}
    other = quality_frame.moved(deep, {"kind": "pixels"})
    assert (other["kind"], other["start"], other["case"], other["keeper"]) == ("pixels", "", "", "")
    assert other["confidence"] == "likely"
    assert quality_frame.moved(deep, {"case": "near-71"}) == {
        **deep, "case": "near-71", "keeper": "",
    }  # fmt: skip
    assert quality_frame.moved(deep, {"keeper": "8"}) == {**deep, "keeper": "8"}
    view = quality_frame.moved(deep, {"view": "labels"})
    assert [view[k] for k in ("kind", "confidence", "start", "case")] == [""] * 4


def test_a_step_is_a_link_to_what_it_shows():
    link = data(quality_frame.step("Next", KEYS, case="near-5", aria_label="Next one"))["props"]
    assert link["href"] == "/quality?set=moths&view=duplicates&kind=near&case=near-5"
    assert json.loads(link["data-vt-to"]) == {"case": "near-5"}
    assert link["aria-label"] == "Next one"
    home = quality_frame.address(KEYS, view="overview")
    assert home == "/quality?set=moths"


def test_chips_tell_which_is_in_force_and_how_many_each_has():
    options = [("", "All", 7), ("near", "Near", 1200), ("leaks", "Leaks", None)]
    shown = data(quality_frame.chips("Which", "kind", options, KEYS))
    assert "All 7 Near 1,200 Leaks" in text(shown)
    (here,) = find(shown, **{"aria__current": "true"})
    assert "Near" in text(here["children"])


def test_the_tab_that_is_shown_leads_back_to_its_whole_list():
    head = data(quality_frame.head("moths", {**KEYS, "case": "near-4"}, {"duplicates": 3}))
    (here,) = find(head, **{"aria__current": "page"})
    assert here["href"] == "/quality?set=moths&view=duplicates"
    assert json.loads(here["data-vt-to"])["case"] == ""
    assert find(head, href="/labels?set=moths")


# -- the list --------------------------------------------------------------------------------------


def listed(count, start, total):
    cases = [case(f"near-{start + n}") for n in range(count)]
    return SimpleNamespace(cases=cases, shown=total, open=total, decided=0, total=total)


@pytest.mark.parametrize(
    ("at", "way", "wanted"),
    [
        ("near-51", 1, {"case": "near-52"}),
        ("near-51", -1, {"case": "near-50"}),
        ("near-52", 1, {"start": "100", "case": ""}),
        ("near-50", -1, {"start": "", "case": ""}),
        ("near-99", 1, {"case": "near-50"}),  # decided meanwhile: the list begins anew
    ],
)
def test_next_and_previous_walk_through_the_pages_of_the_list(at, way, wanted):
    keys = {**KEYS, "start": "50", "case": at, "keeper": "4"}
    found = quality_queue.beside(listed(3, 50, 103), keys, way)
    assert {name: found[name] for name in wanted} == wanted
    assert found["keeper"] == ""


def test_the_last_case_stays_where_nothing_follows():
    keys = {**KEYS, "case": "near-2"}
    assert quality_queue.beside(listed(3, 0, 3), keys, 1)["case"] == "near-2"


def test_the_keeper_is_the_one_clicked_if_it_is_in_the_group():
    assert quality_queue.keeper_of(case(), {**KEYS, "keeper": "5"}) == 5
    assert quality_queue.keeper_of(case(), {**KEYS, "keeper": "7"}) == 3
    assert quality_queue.keeper_of(case(), {**KEYS, "keeper": "x"}) == 3
    assert quality_queue.keeper_of(case(topic="labels", keeper=None), KEYS) is None
    assert quality_queue.keeper_of(None, KEYS) is None


def test_the_buttons_say_what_they_do_and_only_fitting_ones_have_a_key():
    view = FakeView(can_undo="Excluded 2 images")
    copies = data(quality_queue.actions(FakeSet(), case(), view))
    assert "Keep all 3 k Drop 2 copies x" in text(copies)
    assert [p.get("data-vt-key") for p in find(copies, id=quality_queue.ACCEPT)] == [None]
    assert [p["data-vt-key"] for p in find(copies, id=quality_queue.UNDO)] == ["z"]
    label = case(topic="labels", rows=[4], given="moth", proposed="wasp", keeper=None)
    shown = data(quality_queue.actions(FakeSet(), label, FakeView()))
    assert "Change to “wasp” a Keep “moth” k Drop x" in text(shown)
    assert find(shown, id=quality_queue.ACCEPT)[0]["data-vt-key"] == "a"
    none = data(quality_queue.actions(FakeSet(), None, FakeView()))
    assert {p["id"] for p in find(none, type="button")} == set(quality_queue.BUTTONS)
    assert not [p for p in find(none, type="button") if p.get("data-vt-key")]


def test_a_bulk_button_names_how_many_groups_and_is_missing_where_none_is_open():
    keys = {**KEYS, "confidence": "certain"}
    button = data(quality_queue.at_once(listed(3, 0, 3), (3, 5, ""), keys))["props"]
    assert button["children"] == "Drop the copies of 3 certain groups …"
    assert button["id"] == quality_frame.bulk_id("duplicates", "near", "certain")
    assert quality_queue.at_once(listed(0, 0, 0), (0, 0, ""), keys) is None
    assert quality_queue.at_once(listed(1, 0, 1), (0, 0, ""), keys) is None
    assert quality_queue.at_once(listed(3, 0, 3), (3, 5, ""), {**keys, "state": "decided"}) is None


def test_what_would_be_dropped_leaves_out_the_one_to_keep():
    cases = [case(), case("near-5", (8, 9), keeper=9)]
    assert quality_queue.concerned(cases) == [4, 5, 8]


# -- the form --------------------------------------------------------------------------------------

GIVEN = {"topics": ["duplicates", "labels"], "column": "-", "turned": True, "tau": "", "q": "5",
         "method": "rank", "share": "1", "reference": "-", "per_class": False, "unit": "-",
         "others": [], "seed": "0"}  # fmt: skip


def test_the_form_asks_for_what_its_fields_say():
    asked = quality_form.request("moths", GIVEN)
    assert asked == QualityRequest("moths", turned=True, topics=("duplicates", "labels"))
    other = {**GIVEN, "tau": "0.05", "reference": "clean", "q": "10", "share": "2.5 %",
             "others": ["bees"], "column": "species", "unit": "plate", "seed": "3"}  # fmt: skip
    asked = quality_form.request("moths", other)
    assert (asked.tau, asked.reference, asked.q, asked.share) == (0.05, "clean", 0.1, 0.025)
    assert (asked.others, asked.column, asked.unit, asked.seed) == (
        ("bees",),
        "species",
        "plate",
        3,
    )


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [("topics", [], "Look for"), ("tau", "x", "Threshold: 'x' is no number"), ("tau", "9", "tau"),
     ("share", "0", "share"), ("q", "100", "q"), ("seed", "1.5", "no whole number")],
)  # fmt: skip
def test_a_field_that_cannot_be_used_is_named(field, value, said):
    with pytest.raises(InputError, match=said):
        quality_form.request("moths", {**GIVEN, field: value})


def test_the_form_begins_with_what_was_asked_for_last(inside):
    view = FakeView(slices=[FakeSlice("clean", np.arange(4))])
    last = QualityRequest("moths", tau=0.0625, turned=True, reference="clean", others=("bees",),
                          topics=("outliers",)).to_json()  # fmt: skip
    tree = data(quality_form.form(FakeSet(), view, ["bees", "wasps"], last, 0, again=True))
    fields = {one: find(tree, id=quality_form.field_id(one))[0] for one in quality_form.FIELDS}
    assert fields["topics"]["value"] == ["outliers"]
    assert fields["tau"]["value"] == "0.0625"
    assert fields["reference"]["value"] == "clean"
    assert fields["others"]["value"] == ["bees"]
    assert fields["turned"]["value"] is True


def test_without_labels_wrong_labels_are_not_ticked(inside):
    bare = FakeSet()
    del bare.items["label"]
    tree = data(quality_form.form(bare, FakeView(), [], {}, 0))
    (topics,) = find(tree, id=quality_form.field_id("topics"))
    assert topics["value"] == ["duplicates", "outliers", "pictures"]


def test_a_check_s_end_is_told_only_where_the_page_does_not_show_it():
    done = job("a", "done", kind="quality", ended=100.0, result={})
    assert quality_form.progress([done], now=110.0) == []
    failed = job("b", "failed", kind="quality", ended=100.0, error="no disk")
    assert "No disk" in text(quality_form.progress([failed], now=110.0))
    assert quality_form.progress([failed], now=1000.0) == []
    running = job("c", kind="quality", title="Check of moths")
    assert "Check of moths" in text(quality_form.progress([running, failed], now=110.0))


# -- sequences -------------------------------------------------------------------------------------


def test_a_sequence_is_compared_with_all_frames_or_with_the_last_ones():
    plain = {"by": "-", "within": "-", "compare": "all", "window": 30, "stau": "", "slice": " "}
    asked = quality_stream.request("belt", plain)
    assert (asked.window, asked.tau, asked.by, asked.slice) == (None, None, None, None)
    asked = quality_stream.request("belt", {**plain, "compare": "window", "stau": "0.2"})
    assert (asked.window, asked.tau) == (30, 0.2)
    with pytest.raises(InputError, match="Frames kept last"):
        quality_stream.request("belt", {**plain, "compare": "window", "window": "2.5"})


# -- the threshold ---------------------------------------------------------------------------------


def stored(nearest, pairs, tau=0.1):
    arrays = {"nearest": np.asarray(nearest, np.float32), "pair_distance": np.asarray(pairs)}
    return SimpleNamespace(arrays=arrays, meta={"tau": tau, "source": "learned", "text": ""})


def test_the_counts_at_the_line_are_those_of_a_plain_count():
    random = np.random.default_rng(4)
    nearest, pairs = random.uniform(0, 1, 300), np.sort(random.uniform(0, 0.3, 900))
    kept = stored(nearest, pairs)
    top = quality_threshold.scale(kept.arrays["nearest"], 0.1)
    assert top == pytest.approx(float(np.median(nearest)), abs=1e-6)
    counts = {**quality_threshold.counts(kept, top), "noun": "image"}
    for tau in (0.0, 0.1, 0.234, 0.3):
        at = round(quality_threshold.STEPS * tau / top) * top / quality_threshold.STEPS
        told = quality_threshold.counted(counts, tau)
        wanted = int((pairs <= at).sum()), int((nearest.astype(np.float32) <= at).sum())
        assert told.startswith(f"{wanted[0]:,} pairs; {wanted[1]:,} images")
    assert quality_threshold.counted(counts, 0.4).startswith("at least 900 pairs")


def test_a_set_of_equal_vectors_still_has_a_line():
    kept = stored([0.0, 0.0], [0.0], tau=1e-6)
    top = quality_threshold.scale(kept.arrays["nearest"], 1e-6)
    assert top > 0
    told = quality_threshold.counted({**quality_threshold.counts(kept, top), "noun": "image"}, 0.0)
    assert told == "1 pair; 2 images (100 %) have a different one this near."


# -- what finished jobs say ------------------------------------------------------------------------


def test_finished_checks_labellings_and_sequences_lead_to_what_they_made():
    check = {"duplicates": {"counts": {"identical": {"groups": 2}, "near": {"groups": 1}},
                            "leaks": 3},
             "outliers": {"listed": 4},
             "pictures": {"issues": {"dark": {"count": 5, "unsuited": ""},
                                     "grey": {"count": 90, "unsuited": "most are"}}},
             "labels": {"issues": 6}}  # fmt: skip
    shown = data(job_results.result(job("a", "done", kind="quality", result=check)))
    for told in ("Identical files 2 groups", "Near-duplicates 1 group", "Leaks 3",
                 "Outliers listed 4", "Picture issues 5", "Labels in doubt 6"):  # fmt: skip
        assert told in text(shown)
    assert find(shown, href="/quality?set=moths")
    made = {"do": "propagate", "propagation": "p1", "proposed": 7, "unsure": 2}
    shown = data(job_results.result(job("b", "done", kind="label", result=made)))
    assert "Proposed 7 Left open 2" in text(shown)
    assert find(shown, href="/labels?set=moths&view=propagate&key=p1")
    for by, told in (("", "Too far 3"), ("words", "None of these 3")):
        shown = job("b", "done", kind="label", result=made | {"far": 3, "by": by})
        assert told in text(data(job_results.result(shown)))
    kept = {"frames": 100, "kept": 20, "share": 0.2, "slice": "Frames that differ"}
    shown = data(job_results.result(job("c", "done", kind="stream", result=kept)))
    assert "Frames 100 Kept 20 Share kept 20 %" in text(shown)
    assert find(shown, href="/explore?set=moths&slice=Frames+that+differ")


def test_a_vector_has_no_size_and_one_that_equals_the_kept_one_is_no_picture():
    sides = pd.DataFrame({"width": pd.array([pd.NA, 4], dtype="Int64"),
                          "height": pd.array([pd.NA, 3], dtype="Int64")})  # fmt: skip
    found = SimpleNamespace(items=sides)
    assert [quality_duplicates.sizes(found, row) for row in (0, 1)] == ["", "4 × 3"]
    told = [quality_duplicates.apart({"distance": far, "apart": apart}, kept=False)
            for far, apart in ((0.0, 0.0), (0.0, None), (0.5, None), (None, None))]  # fmt: skip
    assert told == ["same picture", "same vector", "distance 0.500", ""]


@pytest.mark.parametrize(
    ("listed", "told"),
    [(0, "None of 40 images is more alone than the others."),
     (1, "The highest of 40 images is listed, faulty or not"),
     (3, "The 3 highest of 40 images are listed, faulty or not")],
)  # fmt: skip
def test_how_many_outliers_are_listed_is_told_in_good_english(listed, told):
    assert told in quality_outliers.how({"method": "rank", "listed": listed, "n": 40})

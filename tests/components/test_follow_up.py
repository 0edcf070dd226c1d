"""After a job that a page started: its report, the page of what it made, and what a card offers."""

import pytest

from components import follow_up, job_results, set_cards
from tests.fakes import FakeBoard, FakeLibrary, FakeReports, FakeSet, job
from tests.reports_fake import Line
from tests.trees import find, nodes, text

CHOSEN = {"set": "moths", "choice": "c1", "slice": "best four", "count": 4, "covered": 4,
          "random": {"mean": 2.9}}  # fmt: skip


def made(kind, state="done", result=None, job_id="j1", **given):
    return job(job_id, state, kind=kind, request={"name": "moths"}, result=result, **given)


def test_a_choice_that_is_to_be_reported_on_is_followed_by_its_report():
    board = FakeBoard([made("curate", result=CHOSEN)])
    waiting = follow_up.expect("j1", "/curate", report_seed=7)
    following, place = follow_up.step(waiting, board.jobs, "/explore", board)
    assert board.submitted == [
        ("report", {"name": "moths", "choice": "c1", "seed": 7}, "Report on best four of moths")
    ]
    assert following == follow_up.expect("new", "/curate")
    assert place is None


@pytest.mark.parametrize(
    ("kind", "result", "place"),
    [
        ("curate", CHOSEN, "/curate?set=moths&choice=c1"),
        ("split", {"splits": "s1"}, "/curate?set=moths&splits=s1"),
        ("report", {"report": "r1"}, "/report/r1?set=moths"),
    ],
)
def test_whoever_waits_on_the_page_is_led_to_what_was_made_and_others_are_left(kind, result, place):
    board = FakeBoard([made(kind, result=result)])
    waiting = follow_up.expect("j1", "/curate")
    assert follow_up.step(waiting, board.jobs, "/curate", board) == (None, place)
    assert follow_up.step(waiting, board.jobs, "/explore", board) == (None, None)
    assert board.submitted == []


@pytest.mark.parametrize("state", ["queued", "running"])
def test_while_the_job_is_at_work_one_waits(state):
    waiting = follow_up.expect("j1", "/curate", report_seed=0)
    board = FakeBoard([made("curate", state)])
    assert follow_up.step(waiting, board.jobs, "/curate", board) == (waiting, None)


@pytest.mark.parametrize("state", ["failed", "cancelled", "lost"])
def test_a_job_that_did_not_end_well_is_followed_by_nothing(state):
    waiting = follow_up.expect("j1", "/curate", report_seed=0)
    board = FakeBoard([made("curate", state)])
    assert follow_up.step(waiting, board.jobs, "/curate", board) == (None, None)
    assert board.submitted == []


def test_a_job_that_nobody_knows_any_more_is_not_waited_for():
    waiting = follow_up.expect("gone", "/curate")
    assert follow_up.step(waiting, [], "/curate", FakeBoard()) == (None, None)


def test_a_finished_choice_offers_its_report_and_its_slice():
    tree = job_results.result(made("curate", result=CHOSEN))
    assert find(tree, href="/report?set=moths&choice=c1")
    assert find(tree, href="/explore?set=moths&slice=best+four")
    assert "Random covers 2.9" in text(tree)


def test_a_choice_that_made_no_slice_offers_none():
    tree = job_results.result(made("curate", result={**CHOSEN, "slice": ""}))
    assert "slice" not in text(tree)


def test_a_finished_report_tells_its_verdict_and_leads_to_it():
    told = {"report": "r1", "verdict": {"sentence": "No better than random."}}
    tree = job_results.result(made("report", result=told))
    assert "No better than random." in text(tree)
    assert find(tree, href="/report/r1?set=moths")


def test_a_finished_division_leads_to_its_proof():
    told = {"splits": "s1", "counts": {"train": 8, "validation": 2, "test": 2}}
    tree = job_results.result(made("split", result=told))
    assert find(tree, href="/curate?set=moths&splits=s1")
    assert "Train 8" in text(tree)


@pytest.mark.parametrize("result", [{"stability": {"state": "firm"}}, {"clusters": 4}, {"x": []}])
def test_a_job_on_clusters_leads_on_whatever_it_tells(result):
    tree = job_results.result(made("clusters", result=result))
    assert find(tree, href="/clusters?set=moths&kind=themes")
    assert find(tree, href="/curate?set=moths")


def steps_of(library, jobs, reports=None):
    (card,) = set_cards.grid(library, jobs, reports)
    return [p["className"].split("-")[-1] for p in find_all(card, "Li", "vt-step")]


def find_all(tree, kind, look):
    return [
        n["props"] for n in nodes(tree)
        if n["type"] == kind and str(n["props"].get("className", "")).startswith(look)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("kind", "last"), [("curate", "running"), ("report", "running"), ("clusters", "next")]
)
def test_the_last_step_is_at_work_while_images_are_chosen_or_reported_on(kind, last):
    at_work = [made(kind, "running")]
    assert steps_of(FakeLibrary(FakeSet()), at_work) == ["done", "done", "done", last]


def test_a_set_with_a_report_has_taken_the_last_step():
    reports = FakeReports()
    reports.lines = [Line("r1")]
    assert steps_of(FakeLibrary(FakeSet()), [], reports) == ["done"] * 4
    (card,) = set_cards.grid(FakeLibrary(FakeSet()), [], reports)
    assert find(card, href="/report?set=moths")

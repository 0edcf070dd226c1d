from components import job_panel
from tests.fakes import job
from tests.trees import find, nodes, text, types


def test_pace_and_time_left_follow_from_the_stage():
    running = job(done=30, total=120, stage_began=100.0)
    assert job_panel.pace_text(running, now=110.0) == ("30 of 120 · 3 a second · about 30 s left")


def test_a_slow_stage_is_told_by_the_minute():
    assert "6 a minute" in job_panel.pace_text(job(done=1, total=9, stage_began=100.0), now=110.0)


def test_a_stage_without_an_end_promises_none():
    assert job_panel.pace_text(job(total=0, note="listing files")) == "listing files"


def test_progress_has_a_name_and_a_value_only_where_the_end_is_known():
    (known,) = (n["props"] for n in nodes(job_panel.progress_bar(job())))
    assert (known["value"], known["max"]) == ("25", "100")
    assert known["aria-label"] == "moths: pixels: Embedding the pictures"
    (unknown,) = (n["props"] for n in nodes(job_panel.progress_bar(job(total=0))))
    assert "value" not in unknown
    assert unknown["aria-label"]


def test_a_stage_that_has_not_moved_shows_no_share():
    told = job_panel.indicator([job(stage="map: umap", done=0, total=1797)])
    assert text(told) == "Making the UMAP map"


def test_only_live_jobs_can_be_stopped():
    assert find(job_panel.card(job()), id=job_panel.cancel_id("j1"))
    assert not find(job_panel.card(job(state="done")), id=job_panel.cancel_id("j1"))


def test_a_failed_job_shows_its_error_and_log():
    card = job_panel.card(job(state="failed", error="the disk is full"), "Traceback …")
    assert "The disk is full" in text(card)
    assert "Traceback …" in text(card)


def test_a_finished_job_shows_what_it_made_and_where():
    result = {
        "set": "moths", "items": 12, "encoded": 2, "reused": 10, "broken": [{}],
        "clusters": {"count": 3, "noise_share": 0.25}, "seconds": {"embed": 61.0},
    }  # fmt: skip
    card = job_panel.card(job(state="done", result=result))
    assert "25 %" in text(card)
    assert "1 min 1 s" in text(card)
    assert find(card, href="/explore?set=moths")


def test_the_indicator_is_empty_without_work_and_prefers_what_runs():
    assert find(job_panel.indicator([job(state="done")]), hidden=True)
    waiting, running = job("a", "queued"), job("b", "running", stage="map: umap", done=1, total=2)
    told = job_panel.indicator([waiting, running])
    assert "Making the UMAP map 50 % (+1)" in text(told)
    assert find(told, href="/jobs")


def test_the_signature_changes_with_progress_only():
    assert job_panel.signature([job()]) == job_panel.signature([job()])
    assert job_panel.signature([job()]) != job_panel.signature([job(done=31)])
    assert job_panel.signature([job()]) != job_panel.signature([job(state="done")])


def test_every_state_of_the_table_has_a_word():
    from typing import get_args

    from core.jobs import JobState

    assert set(job_panel.STATES) == set(get_args(JobState))


def test_logs_are_folded():
    assert "Details" in types(job_panel.card(job(), "words"))


def test_a_stopped_job_is_no_error_and_can_run_again():
    card = job_panel.card(job(state="cancelled", error="cancelled during embed"))
    assert "What was done is kept" in text(card)
    assert not find(card, className="vt-job-error")
    assert find(card, id=job_panel.again_id("j1"))
    assert not find(job_panel.card(job(state="done")), id=job_panel.again_id("j1"))


def test_all_jobs_are_summed_up_in_words():
    states = ("running", "done", "done", "failed", "cancelled")
    told = job_panel.summary([job(str(i), state) for i, state in enumerate(states)])
    assert told == "1 job at work, 2 done, 1 failed, 1 stopped"
    assert job_panel.summary([job("a", "done")]) == "No job at work, 1 done"

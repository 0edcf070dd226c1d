from types import SimpleNamespace

import pytest
from dash import no_update

from components import shell
from tests.fakes import FakeServices, FakeSet, job
from tests.trees import find, nodes, text


def test_links_keep_the_current_set_and_mark_the_page():
    links = shell.nav_links("/explore", "my set")
    hrefs = [n["props"]["href"] for n in nodes(links) if n["type"] == "Link"]
    shown = [
        f"/{page}?set=my+set"
        for page in (
            "explore",
            "clusters",
            "quality",
            "curate",
            "morphology",
            "drift",
            "encoders",
            "slices",
            "report",
        )
    ]
    assert hrefs == ["/", *shown, "/jobs"]
    assert "Explore (this page)" in text(links).replace("  ", " ")


@pytest.fixture
def page(monkeypatch):
    monkeypatch.setattr(shell.dash, "page_container", None)


def test_the_frame_knows_jobs_and_library_as_it_is_loaded(moths, page):
    frame = shell.layout()
    (jobs,), (version,) = find(frame, id=shell.JOBS), find(frame, id=shell.VERSION)
    assert shell.poll(1, None, jobs["data"], version["data"])[1:3] == (no_update, no_update)


def test_landmarks_and_the_skip_link_are_there(moths, page):
    frame = shell.layout()
    kinds = [n["type"] for n in nodes(frame)]
    assert {"Header", "Nav", "Main", "Dialog"} <= set(kinds)
    assert find(frame, href="#vt-main")


def test_polling_is_fast_only_while_something_runs(inside):
    inside(FakeServices(FakeSet(), jobs=[job()]))
    assert shell.poll(1, None, "", "")[3] == shell.LIVE_MS
    inside(FakeServices(FakeSet(), jobs=[job(state="done")]))
    assert shell.poll(1, None, "", "")[3] == shell.IDLE_MS


def test_a_new_map_changes_the_version(moths):
    before = shell.library_version(moths.library)
    moths.library.opened["moths"].projections["tsne"] = "new"
    assert shell.library_version(moths.library) != before


def test_a_damaged_set_does_not_stop_the_clock(inside):
    inside(FakeServices(FakeSet(), damaged="bad"))
    assert shell.poll(1, None, None, None)[2]


def test_a_picker_that_only_says_where_one_is_goes_nowhere(moths):
    assert shell.choose_set("moths", "/explore", "?set=moths&map=umap") is no_update
    assert shell.choose_set("moths", "/explore", "") is no_update
    assert shell.choose_set("", "/", "") is no_update


def test_choosing_a_set_goes_to_it(inside):
    inside(FakeServices(FakeSet("moths"), FakeSet("bees")))
    assert shell.choose_set("bees", "/clusters", "?set=moths") == "/clusters?set=bees"
    assert shell.choose_set("bees", "/", "") == "/explore?set=bees"


def test_notices_go_with_the_page_they_belong_to_and_stay_through_a_refresh(moths, monkeypatch):
    def triggered(name):
        monkeypatch.setattr(
            shell.dash, "callback_context", SimpleNamespace(triggered_id=name), raising=False
        )

    triggered(shell.LOCATION)
    assert shell.follow_address("/explore", "?set=moths", "v")[2] == []
    triggered(shell.VERSION)
    assert shell.follow_address("/explore", "?set=moths", "v")[2] is no_update


def test_the_help_lists_a_way_to_switch_the_keys_off():
    assert find(shell.help_dialog(), id="vt-keys-on")


def test_one_report_belongs_to_the_page_of_all_reports(moths):
    assert "Report (this page)" in text(shell.nav_links("/report/r1", "moths")).replace("  ", " ")
    assert shell.choose_set("wasps", "/report/r1", "?set=moths") == "/report?set=wasps"
    assert shell.choose_set("moths", "/report/r1", "?set=moths") is no_update


def test_the_keys_of_the_help_are_those_of_the_pages():
    told = " ".join(keys[1] for keys, _ in shell.KEYS if keys[0] == "g").split()
    assert sorted(told) == sorted(key for _, _, key in shell.PAGES)


def test_after_a_choice_its_report_is_started_and_the_clock_goes_fast(inside):
    done = job("j1", "done", kind="curate", result={"choice": "c1", "slice": "best"})
    services = inside(FakeServices(FakeSet(), jobs=[done]))
    waiting = {"job": "j1", "from": "/curate", "report": 0}
    following, place, pace = shell.take_next_step("x", waiting, "/explore")
    assert (following["job"], place, pace) == ("new", no_update, shell.LIVE_MS)
    assert [kind for kind, _, _ in services.jobs.submitted] == ["report"]
    assert shell.take_next_step("x", None, "/explore") == (no_update,) * 3

"""Jobs about clusters: what they are asked, and what is told of their end."""

import time
from types import SimpleNamespace

import pytest

from components import cluster_jobs
from core.errors import InputError
from core.regroup import RegroupRequest
from tests.fakes import FakeServices, FakeSet, job
from tests.trees import text

KEYS = {"set": "moths", "kind": "themes"}


def ended(do, result=None, state="done", **given):
    request = {"name": "moths", "do": do, "kind": "themes"}
    return job("c1", state, kind="clusters", request=request, title="moths", result=result,
               ended=time.time(), **given)  # fmt: skip


@pytest.mark.parametrize(
    ("do", "given", "title"),
    [
        ("stability", {"kind": "micro"}, "Stability of the micro-clusters of moths"),
        ("sweep", {}, "Other sizes of the themes of moths"),
        ("themes", {"size": 9}, "Themes of moths, least size 9"),
        ("themes", {}, "Themes of moths, usual least size"),
        ("split", {"cluster": 1, "theme": "hawks", "size": 4}, "Split of hawks in moths"),
    ],
)
def test_the_job_takes_what_the_page_asks(inside, do, given, title):
    services = inside(FakeServices(FakeSet()))
    cluster_jobs.start(services.library.open("moths"), do, **given)
    ((kind, request, told),) = services.jobs.submitted
    asked = RegroupRequest.from_json(request)  # refuses what it does not know
    assert (kind, asked.do, asked.name, told) == ("clusters", do, "moths", title)
    assert asked.kind == given.get("kind", "themes")
    assert asked.min_cluster_size == given.get("size")
    assert asked.cluster == given.get("cluster")
    assert asked.seed == 0


def test_buttons_that_only_appeared_start_nothing(inside, monkeypatch):
    services = inside(FakeServices(FakeSet()))
    for start in (cluster_jobs.measure, cluster_jobs.try_sizes, cluster_jobs.use_usual_size):
        start(None, KEYS)
    cluster_jobs.use_own_size(None, None, 7, KEYS)
    cluster_jobs.use_size([None, None])
    assert services.jobs.submitted == []


def test_a_click_starts_one_job(inside):
    services = inside(FakeServices(FakeSet()))
    assert cluster_jobs.measure(1, {**KEYS, "kind": "sparse"}) == "new"
    cluster_jobs.try_sizes(1, KEYS)
    cluster_jobs.use_own_size(1, None, 7, KEYS)
    asked = [(r["do"], r["kind"], r.get("min_cluster_size"))
             for _, r, _ in services.jobs.submitted]  # fmt: skip
    assert asked == [("stability", "micro", None), ("sweep", "themes", None),
                     ("themes", "themes", 7)]  # fmt: skip


def test_a_size_of_the_table_is_used_for_the_set_its_button_names(inside, monkeypatch):
    services = inside(FakeServices(FakeSet(), FakeSet("wasps")))
    pressed = {"size": 29, "name": "wasps"}
    told = SimpleNamespace(triggered=[{"value": 1}], triggered_id=pressed)
    monkeypatch.setattr(cluster_jobs, "ctx", told)
    cluster_jobs.use_size([None, 1])
    ((_, request, _),) = services.jobs.submitted
    assert (request["name"], request["min_cluster_size"]) == ("wasps", 29)


@pytest.mark.parametrize("size", [None, 1, 0])
def test_a_size_that_cannot_be_is_refused(inside, size):
    services = inside(FakeServices(FakeSet()))
    with pytest.raises(InputError, match="2 or more"):
        cluster_jobs.use_own_size(1, None, size, KEYS)
    assert services.jobs.submitted == []


@pytest.mark.parametrize(
    ("do", "said", "given"),
    [
        ("split", "2 parts of 40 and 30; 2 are in none of them and become unassigned.",
         {"result": {"sizes": [40, 30], "rest": 2, "notice": ""}}),
        ("split", "it stays whole. Nothing lies apart.",
         {"result": {"sizes": [], "rest": 72, "notice": "Nothing lies apart."}}),
        ("stability", "5 firm and 1 dissolved.",
         {"result": {"firm": 5, "shaky": 0, "dissolved": 1, "notice": ""}}),
        ("themes", "1 theme now.", {"result": {"count": 1}}),
        ("sweep", "14 sizes tried.", {"result": {"sizes": [{}] * 14}}),
        ("split", "stopped.", {"state": "cancelled"}),
        ("split", "no themes yet", {"state": "failed", "error": "no themes yet"}),
    ],
)  # fmt: skip
def test_how_a_job_ended_is_told_in_words(do, said, given):
    one = ended(do, **given)
    assert text(cluster_jobs.progress([one], "moths")) == f"moths: {said}"


def test_only_jobs_of_this_set_and_only_fresh_ends_are_told():
    old = ended("sweep", {"sizes": []})
    assert cluster_jobs.progress([old], "wasps") == []
    assert cluster_jobs.progress([old], "moths", now=time.time() + 1000) == []
    assert cluster_jobs.progress([job(request={"name": "moths"})], "moths") == []


def test_a_running_job_shows_its_progress_and_can_be_stopped():
    running = job("c2", kind="clusters", request={"name": "moths", "do": "sweep"}, stage="sweep")
    (card,) = cluster_jobs.progress([running, ended("sweep", {})], "moths")
    assert "Stop" in text(card)
    assert cluster_jobs.live([running], "moths", "sweep")
    assert not cluster_jobs.live([running], "moths", "stability")

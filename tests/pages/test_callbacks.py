"""Callbacks called as the plain functions they are."""

from types import SimpleNamespace

import pytest
from dash import no_update

from components import scatter
from core.errors import InputError, NotFoundError
from tests.fakes import FakeSet, job
from tests.trees import find, text


def test_start_does_nothing_until_clicked_and_then_one_job(pages, inside):
    services = inside()
    start = pages["home"].start
    assert start(None, "sample:digits", "d", "pixels", "", ["umap"]) == (no_update, no_update)
    nudge, said = start(1, "sample:digits", "d", "pixels", "", ["umap"])
    ((kind, request, title),) = services.jobs.submitted
    assert (kind, request["name"], title, nudge) == ("run", "d", "d: pixels", "new")
    assert "Started" in text(said)


def test_a_bad_form_says_beside_its_fields_what_to_enter(pages, inside):
    services = inside()
    nudge, said = pages["home"].start(1, "", "", "pixels", "", [])
    assert nudge is no_update
    assert "where the images are" in text(said)
    assert services.jobs.submitted == []


@pytest.mark.parametrize("name", ["open_sample", "open_sample_first"])
def test_the_sample_set_opens_on_a_click_only(pages, inside, name):
    services = inside()
    assert getattr(pages["home"], name)(None) is no_update
    assert getattr(pages["home"], name)(0) is no_update
    assert services.jobs.submitted == []
    getattr(pages["home"], name)(1)
    assert services.jobs.submitted[0][1]["source"] == "sample:digits"


def test_the_model_is_asked_for_only_where_one_is_needed(pages):
    assert pages["home"].ask_for_model("pixels") is True
    assert pages["home"].ask_for_model("timm") is False


def test_another_map_is_computed_from_the_sets_own_request(pages, inside):
    services = inside(FakeSet())
    compute = pages["explore"].compute
    assert compute(None, "tsne", {"set": "moths"}) is no_update
    assert compute(1, "", {"set": "moths"}) is no_update
    compute(1, "tsne", {"set": "moths"})
    ((_, request, title),) = services.jobs.submitted
    assert request["maps"] == ["tsne"]
    assert request["source"] == "/pictures"
    assert title == "t-SNE map of moths"


KEYS = {"set": "moths", "map": "umap", "color": "cluster", "sel": "", "row": "", "view": "",
        "page": "", "cluster": "", "kind": "themes"}  # fmt: skip


def test_a_selection_dims_the_map_and_fills_the_gallery(pages, inside):
    services = inside(FakeSet())
    key = services.selections.save("key-moths", [1, 2], {})
    chosen = {"selection": key, "count": 2, "total": 12}
    shown = pages["explore"].redraw("umap", "cluster", chosen, {}, KEYS)
    assert shown["data-base"] == key
    assert shown.keys() == set(scatter.ATTRIBUTES)
    filled = pages["explore"].fill(chosen, "umap", "cluster", None, {}, KEYS)
    assert find(filled, **{"data__window": f"/api/window?set=moths&selection={key}"})


def test_no_selection_shows_everything(pages, inside):
    inside(FakeSet())
    for nothing in (None, {}):
        filled = pages["explore"].fill(nothing, "umap", "cluster", None, {}, KEYS)
        assert "All 12 images" in text(filled)


def test_links_in_the_gallery_keep_the_map_and_colour_just_chosen(pages, inside):
    inside(FakeSet())
    filled = pages["explore"].fill(None, "pca", "label", None, {}, KEYS)
    assert find(filled, href="/explore?set=moths&map=pca&color=label&view=pages")


def press(pages, monkeypatch, code, selection=None, clicks=1):
    told = SimpleNamespace(triggered=[{"value": clicks}], triggered_id={"code": str(code)})
    monkeypatch.setattr(pages["explore"], "ctx", told)
    return pages["explore"].select_category([clicks], "label", selection, KEYS)


def test_a_legend_entry_selects_its_category_and_lets_it_go(pages, inside, monkeypatch):
    services = inside(FakeSet())
    moths = press(pages, monkeypatch, 1)
    assert (moths["count"], moths["total"]) == (6, 12)
    told = pages["explore"].explain("umap", "label", {}, moths, KEYS)
    pressed = [b["aria-pressed"] for b in find(told, className="vt-legend-entry")]
    assert pressed == ["true", "false"]
    entries = [{"code": "1"}, {"code": "2"}]
    assert pages["explore"].press(moths, entries, "label", KEYS) == ["true", "false"]
    assert pages["explore"].press(None, entries, "label", KEYS) == ["false", "false"]
    assert pages["explore"].press(moths, [], "width", KEYS) == []
    assert press(pages, monkeypatch, 2, moths)["count"] == 6
    assert press(pages, monkeypatch, 1, moths) is None
    both = {"selection": services.selections.save("key-moths", range(12), {})}
    assert press(pages, monkeypatch, 2, both)["count"] == 6
    assert press(pages, monkeypatch, 1, moths, clicks=None) is no_update


def test_an_act_of_the_bar_changes_the_selection_only_where_it_says_so(pages):
    follow = pages["explore"].follow
    assert follow({}) is no_update
    assert follow({"message": "Excluded 2 images.", "curation": 3}) is no_update
    assert follow({"message": "Cleared", "selection": None}) is None
    assert follow({"selection": {"selection": "s1"}}) == {"selection": "s1"}


def test_a_set_that_vanished_is_told_not_crashed(pages, inside):
    inside()
    with pytest.raises(NotFoundError):
        pages["explore"].refresh("v", KEYS, {"state": "x"})


def test_the_page_follows_when_a_job_adds_a_map(pages, inside):
    services = inside(FakeSet(maps=("pca",)))
    keys = {**KEYS, "map": "pca"}
    before = pages["explore"].refresh("1", keys, None)
    (shown,) = find(before, id="explore-shown")
    assert pages["explore"].refresh("2", keys, shown["data"]) is no_update
    services.library.opened["moths"].projections["umap"] = "umap-key"
    after = pages["explore"].refresh("3", keys, shown["data"])
    assert "UMAP" not in [o["label"] for o in find(before, id="explore-map-choice")[0]["options"]]
    assert "UMAP" in [o["label"] for o in find(after, id="explore-map-choice")[0]["options"]]
    assert find(after, id="explore-map-choice")[0]["value"] == "pca"


@pytest.mark.parametrize(
    ("clicks", "value", "stopped"),
    [([], None, []), ([None, None], None, []), ([None, 1], 1, ["b"])],
)
def test_only_a_clicked_stop_button_stops_its_job(
    pages, inside, monkeypatch, clicks, value, stopped
):
    services = inside(jobs=[job("a"), job("b")])
    told = SimpleNamespace(triggered=[{"value": value}], triggered_id={"name": "b"})
    monkeypatch.setattr(pages["jobs"], "ctx", told)
    pages["jobs"].stop(clicks)
    assert services.jobs.cancelled == stopped


@pytest.mark.parametrize(("value", "asked"), [(None, 0), (1, 1)])
def test_a_failed_job_runs_again_on_a_click(pages, inside, monkeypatch, value, asked):
    services = inside(jobs=[job("a", "failed", error="no weights")])
    told = SimpleNamespace(triggered=[{"value": value}], triggered_id={"name": "a"})
    monkeypatch.setattr(pages["jobs"], "ctx", told)
    pages["jobs"].again([value])
    assert services.jobs.submitted == [("run", {"name": "moths"}, "moths: pixels")] * asked


def test_jobs_and_home_show_progress_in_place(pages, inside):
    inside(FakeSet(), jobs=[job()])
    assert "Embedding the pictures" in text(pages["jobs"].show_jobs("x"))
    assert "Embedding the pictures" in text(pages["home"].show_progress("x"))
    assert "log of j1" in text(pages["jobs"].show_jobs("x"))


def test_a_filter_selects_and_narrows(pages, inside):
    services = inside(FakeSet())
    choose = pages["explore"].filter_images
    found = choose(1, "label", ["moth"], None, None, "", "", False, None, KEYS)
    assert (found["count"], found["total"]) == (6, 12)
    before = {"selection": services.selections.save("key-moths", [0, 1, 2], {})}
    assert choose(1, "label", ["moth"], None, None, "", "", True, before, KEYS)["count"] == 2
    assert choose(None, "label", ["moth"], None, None, "", "", False, None, KEYS) is no_update


def test_an_empty_filter_says_what_to_give(pages, inside):
    inside(FakeSet())
    with pytest.raises(InputError, match="filter"):
        pages["explore"].filter_images(1, "label", [], None, "", "", "", False, None, KEYS)


def test_the_fields_of_the_filter_suit_the_column(pages, inside):
    inside(FakeSet())
    shown = pages["explore"].ask("label", KEYS)
    (choices,) = find(shown, id="explore-filter-names")
    assert {o["value"] for o in choices["options"]} == {"moth", "wasp"}

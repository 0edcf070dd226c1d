"""Quality in use, over a real workspace in which a check is written: every view, every decision."""

import dataclasses
import importlib
import shutil
from contextvars import copy_context

import flask
import pytest
from dash import no_update
from dash._callback_context import context_value
from dash._utils import AttributeDict

from app import open_services
from components import quality_form, quality_frame, quality_queue, quality_stream, quality_threshold
from core.config import load_settings
from core.storage.store import Workspace
from core.streaming import run_stream
from tests.fakes import FakeBoard, job
from tests.quality_example import CONFLICT, IDENTICAL, NEAR, TAU, WRONG, checked, write_check
from tests.trees import data, find, ids, nodes, text

TOPICS = ("duplicates", "outliers", "pictures", "labels")


@pytest.fixture
def quality(pages):
    """The page module, registered with the app of the other pages."""
    return importlib.import_module("pages.quality")


@pytest.fixture
def enter(inside):
    """Give a function that makes a workspace, by its folder, the one of the current app."""
    contexts = []

    def make(root, jobs=()):
        contexts.append(context_of(services_of(root, jobs)))
        return contexts[-1].app.config["VITRINE"]

    yield make
    for context in reversed(contexts):
        context.pop()


def services_of(root, jobs=()):
    """Real services over a workspace, with a job table that starts nothing."""
    settings = load_settings({"workspace": str(root)})
    return dataclasses.replace(open_services(settings), jobs=FakeBoard(list(jobs)))


def context_of(services):
    """An app of these services, entered."""
    server = flask.Flask("test")
    server.config["VITRINE"] = services
    context = server.app_context()
    context.push()
    return context


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    """The example set, checked, to be copied."""
    return checked(tmp_path_factory.mktemp("example")).workspace.root


@pytest.fixture(scope="module")
def opened_once(example):
    return services_of(example)


@pytest.fixture
def reading(opened_once):
    """The example set, for tests that only look."""
    context = context_of(opened_once)
    yield opened_once
    context.pop()


@pytest.fixture
def copied(example, tmp_path):
    """A workspace of its own with the example set."""
    return Workspace(shutil.copytree(example, tmp_path / "workspace"))


@pytest.fixture
def moths(enter, copied):
    """The example set, checked."""
    return enter(copied.root)


def pressed(button, call, *args, value=1):
    """Call a callback as Dash would after a click on a button."""
    name = button if isinstance(button, str) else str(data(button)).replace("'", '"')

    def run():
        context_value.set(
            AttributeDict(triggered_inputs=[{"prop_id": f"{name}.n_clicks", "value": value}])
        )
        return call(*args)

    return copy_context().run(run)


def at(**given):
    return quality_frame.cleaned({"set": "moths", **given})


def decide(quality, button, keys, trail=()):
    clicks = [1 if one == button else None for one in (quality_queue.KEEP, quality_queue.DROP,
                                                       quality_queue.ACCEPT)]  # fmt: skip
    return pressed(button, quality.decide, *clicks, keys, list(trail))


# -- what is shown ---------------------------------------------------------------------------------


@pytest.mark.parametrize("view", ["", *TOPICS])
@pytest.mark.parametrize("state", ["open", "decided", "all"])
def test_every_view_has_one_heading_and_unique_ids(quality, reading, view, state):
    tree = data(quality.layout(set="moths", view=view, state=state))
    assert sum(n["type"] == "H1" for n in nodes(tree)) == 1
    assert len(ids(tree)) == len(set(ids(tree)))
    assert reading.jobs.submitted == []


def test_the_overview_tells_what_was_found_and_leads_to_it(quality, reading):
    tree = data(quality.layout(set="moths"))
    told = text(tree)
    assert "5 of 5 groups to decide" in told
    assert "2 of 2 images to decide" in told
    assert "3 of 3 labels to decide" in told
    assert "1 leak: copies across splits, slices or sets." in told
    for topic in TOPICS:
        assert find(tree, href=f"/quality?set=moths&view={topic}")
    assert find(tree, id=quality_form.GO)


@pytest.mark.parametrize("view", TOPICS)
def test_a_worklist_shows_its_first_open_case_and_the_keys_name_it(quality, reading, view):
    inside, keys = quality.shown(at(view=view))
    found, view_of = reading.library.open("moths"), reading.curation
    check = reading.findings.check(found)
    first = reading.findings.worklist(found, view_of.view(found), check, view).cases[0]
    assert keys["case"] == first.key
    (here,) = [p for p in find(data(inside), **{"aria__current": "true"})
               if "vt-queue-line" in p["className"]]  # fmt: skip
    assert f"case={first.key}" in here["href"]


def test_a_group_shows_every_member_the_keeper_with_its_reason_and_the_conflict(quality, reading):
    (group,) = [c.key for c in cases(reading, "duplicates") if sorted(c.rows) == CONFLICT]
    inside, _ = quality.shown(at(view="duplicates", case=group))
    tree = data(inside)
    assert "The one to keep, by rule: most pixels: 1,536, the next has 1,535" in text(tree)
    assert "At least one of these labels is wrong: 1 × wasp and 1 × moth" in text(tree)
    (viewer,) = find(tree, className="vt-difference")
    assert f'"/image/{reading.library.open("moths").key}/7"' in viewer["data-first"]
    assert f'"/image/{reading.library.open("moths").key}/8"' in viewer["data-second"]
    assert len(find(tree, type="button", className="vt-copy-picture")) == 2


def test_another_keeper_is_a_click_and_stands_first(quality, reading):
    inside, keys = quality.shown(at(view="duplicates", kind="near", case="near-4", keeper="5"))
    tree = data(inside)
    assert "You chose the one to keep" in text(tree)
    (viewer,) = find(tree, className="vt-difference")
    assert '/5"' in viewer["data-first"]
    assert keys["keeper"] == "5"


def test_leaks_and_the_sequence_filter_take_the_place_of_the_list(quality, reading):
    tree = data(quality.layout(set="moths", view="duplicates", kind="leaks"))
    assert "Slices: train and test 1 pair" in text(tree)
    assert "05.png 06.png 0.0410 near-duplicates" in text(tree)
    tree = data(quality.layout(set="moths", view="duplicates", kind="sequence"))
    assert find(tree, id=quality_stream.GO)
    assert f"that of near-duplicates, {TAU:.3g}" in text(tree)


def test_a_case_that_is_gone_is_told_and_the_list_stays(quality, reading):
    inside, keys = quality.shown(at(view="duplicates", case="near-999"))
    assert "not on the list any more" in text(inside)
    assert keys["case"] == ""
    assert find(data(inside), className="vt-queue-list")


def test_a_list_that_became_shorter_begins_at_its_start(quality, reading):
    inside, keys = quality.shown(at(view="labels", start="50"))
    assert (keys["start"], keys["case"]) == ("", "label-16")
    assert "Nothing left" not in text(inside)


def test_a_set_that_was_never_checked_offers_the_check(quality, enter, copied):
    record = copied.read_set("moths")
    copied.write_set("moths", {k: v for k, v in record.items() if k != "quality"})
    enter(copied.root)
    for view in ("", *TOPICS):
        tree = data(quality.layout(set="moths", view=view))
        assert "What is wrong with this set?" in text(tree)
        assert find(tree, id=quality_form.GO)[0]["children"] == "Check this set"


def test_a_check_of_an_older_set_is_not_shown(quality, enter, copied):
    record = copied.read_set("moths")
    older = {**record["quality"], "imageset": "of another day"}
    copied.write_set("moths", {**record, "quality": older})
    enter(copied.root)
    tree = data(quality.layout(set="moths", view="duplicates"))
    assert "has changed since it was checked" in text(tree)
    assert not find(tree, className="vt-queue-list")
    assert find(tree, id=quality_form.field_id("turned"))[0]["value"] is True  # asked as before


def test_what_was_not_looked_for_says_so(quality, enter, copied):
    record = copied.read_set("moths")
    told = {k: v for k, v in record["quality"].items() if k != "outliers"}
    copied.write_set("moths", {**record, "quality": told})
    enter(copied.root)
    assert "Outliers: not checked" in text(quality.layout(set="moths", view="outliers"))
    assert "Not looked for in the last check." in text(quality.layout(set="moths"))


def test_a_set_of_vectors_asks_for_no_picture(quality, enter, tmp_path):
    made = checked(tmp_path, pictures=False)
    enter(made.workspace.root)
    for query in ({}, {"view": "duplicates"}, {"view": "duplicates", "kind": "leaks"}):
        tree = str(data(quality.layout(set="moths", **query)))
        assert "/thumb/" not in tree
        assert "/image/" not in tree


def test_an_empty_workspace_and_an_unknown_set_have_a_way_on(quality, enter, tmp_path):
    enter(tmp_path / "none")
    assert find(quality.layout(), href="/")
    assert "no set named “nope”" in text(quality.layout(set="nope"))


# -- what is decided -------------------------------------------------------------------------------


def cases(services, topic, **given):
    found = services.library.open("moths")
    view, check = services.curation.view(found), services.findings.check(found)
    return services.findings.worklist(found, view, check, topic, **given).cases


def test_dropping_copies_keeps_one_shows_the_next_and_undo_leads_back(quality, moths):
    first, second = cases(moths, "duplicates")[:2]
    keys = at(view="duplicates", case=first.key)
    inside, now, told, trail = decide(quality, quality_queue.DROP, keys)
    found = moths.library.open("moths")
    view = moths.curation.view(found)
    assert view.excluded.tolist() == [row for row in IDENTICAL if row != first.keeper]
    assert view.decided_about("duplicates")[view.excluded].all()
    assert now["case"] == second.key
    assert "Dropped 2 images" in text(told)
    (title,) = find(data(inside), className="vt-queue-title")
    assert "4 cases" in text(title["children"])
    _, now, told, trail, *asked = pressed(quality_queue.UNDO, quality.again, 1, None, now, trail)
    assert asked == [no_update] * 3  # it was made here
    assert now["case"] == first.key
    assert "Undid: dropped 2 images" in text(told)
    assert trail == []
    assert not len(moths.curation.view(found).excluded)
    told = pressed(quality_queue.REDO, quality.again, None, 1, now, trail)[2]
    assert "Did again: dropped 2 images" in text(told)
    assert len(moths.curation.view(found).excluded) == 2


@pytest.mark.parametrize("made", ["on another page", "about another topic", "before"])
def test_an_act_of_elsewhere_is_shown_before_it_is_taken_back(quality, moths, made):
    found, keys, trail = moths.library.open("moths"), at(view="outliers"), []
    if made == "on another page":
        _, _, _, trail = decide(quality, quality_queue.DROP, at(view="outliers", case="outlier-11"))
        moths.curation.act(found, "slice.create", rows=[20, 21], name="pale")
    else:
        decided = decide(quality, quality_queue.KEEP, at(view="labels", case="label-16"))
        trail = decided[3] if made == "about another topic" else []
    words = moths.curation.view(found).can_undo
    *page, body, button, wanted = pressed(quality_queue.UNDO, quality.again, 1, None, keys, trail)
    assert page == [no_update] * 4
    assert words in text(body)
    assert text(button) == "Take it back"
    assert moths.curation.view(found).can_undo == words  # asking does nothing
    _, _, told, _ = quality.confirmed(1, wanted, keys, trail)
    assert f"Undid: {words[:1].lower()}{words[1:]}" in text(told)
    assert moths.curation.view(found).can_redo == words


def test_what_was_done_since_it_was_asked_is_not_taken_back_instead(quality, moths):
    found, keys = moths.library.open("moths"), at(view="outliers")
    moths.curation.act(found, "drop", rows=[20])
    *_, wanted = pressed(quality_queue.UNDO, quality.again, 1, None, keys, [])
    moths.curation.act(found, "drop", rows=[21])
    _, _, told, _ = quality.confirmed(1, wanted, keys, [])
    assert "nothing was taken back" in text(told)
    assert moths.curation.view(found).excluded.tolist() == [20, 21]


@pytest.mark.parametrize(
    "query",
    [{}, {"view": "duplicates"}, {"view": "duplicates", "kind": "leaks"},
     {"view": "duplicates", "kind": "sequence"}, {"view": "labels", "state": "decided"}],
)  # fmt: skip
def test_undo_says_in_words_what_it_takes_back_and_has_no_key_without(quality, moths, query):
    def button():
        (found,) = find(quality.layout(set="moths", **query), id=quality_queue.UNDO)
        return found

    assert button()["hidden"]
    assert "data-vt-key" not in button()
    moths.curation.act(moths.library.open("moths"), "drop", rows=[20], reason="Torn")
    assert text(button()["children"]).startswith("Undo: dropped 1 image: Torn")
    assert button()["title"] == "Dropped 1 image: Torn"
    assert button()["data-vt-key"] == "z"
    assert not button()["hidden"]


def test_a_set_that_is_not_checked_offers_no_undo(quality, enter, tmp_path):
    made = checked(tmp_path, pictures=False)
    services = enter(made.workspace.root)
    found = services.library.open("moths")
    services.curation.act(found, "drop", rows=[20])
    record = made.workspace.read_set("moths")
    made.workspace.write_set("moths", {k: v for k, v in record.items() if k != "quality"})
    (undo,) = find(quality.layout(set="moths"), id=quality_queue.UNDO)
    assert undo["hidden"]
    assert "data-vt-key" not in undo


def test_the_keeper_that_was_clicked_is_the_one_that_stays(quality, moths):
    decide(quality, quality_queue.DROP, at(view="duplicates", case="near-4", keeper="5"))
    excluded = moths.curation.view(moths.library.open("moths")).excluded.tolist()
    assert excluded == [row for row in NEAR if row != 5]


def test_keeping_all_of_a_group_drops_nothing_and_is_decided(quality, moths):
    _, now, _, _ = decide(quality, quality_queue.KEEP, at(view="duplicates", case="near-4"))
    found = moths.library.open("moths")
    view = moths.curation.view(found)
    assert not len(view.excluded)
    assert view.decided_about("duplicates")[NEAR].all()
    assert now["case"] != "near-4"


def test_a_label_changes_only_when_its_proposal_is_accepted(quality, moths):
    found = moths.library.open("moths")
    first = cases(moths, "labels")[0]
    decide(quality, quality_queue.KEEP, at(view="labels", case=first.key))
    assert moths.curation.view(found).labels == {}
    second = cases(moths, "labels")[0]
    decide(quality, quality_queue.ACCEPT, at(view="labels", case=second.key))
    assert moths.curation.view(found).labels == {second.rows[0]: second.proposed}


def test_the_last_open_case_is_said_to_be_the_last(quality, moths):
    for _ in range(2):
        first = cases(moths, "outliers")[0]
        inside, now, told, _ = decide(
            quality, quality_queue.DROP, at(view="outliers", case=first.key)
        )
    assert "That was the last open case of this list." in text(told)
    assert now["case"] == ""
    assert "Nothing left to decide" in text(inside)


def test_buttons_that_only_appeared_decide_nothing(quality, moths):
    keys = at(view="labels", case="label-16")
    for call, count in ((quality.decide, 4), (quality.again, 7)):
        clicks = [None] * (3 if call is quality.decide else 2)
        found = pressed(quality_queue.KEEP, call, *clicks, keys, [], value=None)
        assert found == (no_update,) * count
    assert quality.confirmed(None, None, keys, []) == (no_update,) * 4
    assert quality.check(None, {}, keys) == (no_update, no_update)
    assert quality.go(None, keys) == (no_update,) * 3
    bulk = quality_frame.bulk_id("labels")
    assert pressed(bulk, quality.ask, [None], keys, value=None) == (no_update,) * 3
    assert pressed(quality_queue.NEXT, quality.walk, None, None, keys, value=None) == (
        no_update, no_update,
    )  # fmt: skip
    assert moths.curation.view(moths.library.open("moths")).can_undo is None


def test_many_at_once_asks_first_and_is_one_step(quality, moths):
    keys, found = at(view="duplicates"), moths.library.open("moths")
    bulk = quality_frame.bulk_id("duplicates", "", "certain")
    body, button, wanted = pressed(bulk, quality.ask, [1], keys)
    assert "Leave out" in text(body)
    assert moths.curation.view(found).can_undo is None  # asking does nothing
    _, _, told, trail = quality.confirmed(1, wanted, keys, [])
    gone = len(moths.curation.view(found).excluded)
    assert button == f"Leave out {gone} images"
    assert f"Dropped {gone} images" in text(told)
    pressed(quality_queue.UNDO, quality.again, 1, None, keys, trail)
    assert not len(moths.curation.view(found).excluded)


def test_all_proposed_labels_are_accepted_in_one_step(quality, moths):
    wanted = {"topic": "labels", "kind": "", "confidence": ""}
    proposed = {c.rows[0]: c.proposed for c in cases(moths, "labels")}
    quality.confirmed(1, wanted, at(view="labels"), [])
    found = moths.library.open("moths")
    assert moths.curation.view(found).labels == proposed
    assert sorted(proposed) == WRONG
    moths.curation.undo(found)
    assert moths.curation.view(found).labels == {}


def test_next_and_previous_walk_through_the_list(quality, moths):
    first, second = (c.key for c in cases(moths, "duplicates")[:2])
    keys = at(view="duplicates", case=first)
    _, now = pressed(quality_queue.NEXT, quality.walk, 1, None, keys)
    assert now["case"] == second
    _, now = pressed(quality_queue.BEFORE, quality.walk, None, 1, now)
    assert now["case"] == first


def test_a_link_to_another_list_shows_it_without_loading_the_page(quality, moths):
    keys = at(view="duplicates", case="near-4", keeper="5")
    _, now, _ = quality.go({"view": "labels", "at": 1}, keys)
    assert (now["view"], now["case"], now["keeper"]) == ("labels", "label-16", "")


# -- jobs ------------------------------------------------------------------------------------------


def given(**fields):
    plain = {"topics": list(TOPICS), "column": "-", "turned": False, "tau": "", "method": "rank",
             "share": "1", "reference": "-", "q": "5", "per_class": False, "unit": "-",
             "others": [], "seed": "0"}  # fmt: skip
    return {**plain, **fields}


def test_a_check_starts_one_job_and_a_wrong_field_starts_none(quality, moths):
    nudge, _ = quality.check(1, given(turned=True), at())
    ((kind, request, title),) = moths.jobs.submitted
    assert (kind, request["name"], request["turned"], title) == (
        "quality", "moths", True, "Check of moths",
    )  # fmt: skip
    assert nudge == "new"
    assert "no number" in text(quality.check(1, given(tau="x"), at())[1])
    assert len(moths.jobs.submitted) == 1


def test_a_threshold_starts_a_check_that_asks_for_the_rest_as_before(quality, moths):
    use = quality_threshold.use
    assert pressed(quality_threshold.USE, use, None, None, 0.1, at(), value=None) is no_update
    pressed(quality_threshold.USE, use, 1, None, 0.1, at())
    pressed(quality_threshold.USUAL, use, None, 1, 0.1, at())
    (_, first, title), (_, second, _) = moths.jobs.submitted
    assert (first["tau"], first["turned"], title) == (0.1, True, "Check of moths, copies up to 0.1")
    assert second["tau"] is None


def test_a_sequence_filter_starts_one_job(quality, moths):
    fields = {"by": "-", "within": "-", "compare": "window", "window": 5, "stau": "0.2",
              "slice": "kept"}  # fmt: skip
    assert quality_stream.start(None, fields, at()) == (no_update, no_update)
    quality_stream.start(1, fields, at())
    ((kind, request, _),) = moths.jobs.submitted
    assert (kind, request["window"], request["tau"], request["slice"]) == ("stream", 5, 0.2, "kept")
    assert "Frames kept last" in text(quality_stream.start(1, {**fields, "window": ""}, at())[1])
    assert len(moths.jobs.submitted) == 1


def test_a_thinned_sequence_is_shown_with_what_it_left_out_and_earlier_ones(quality, moths):
    found, workspace = moths.library.open("moths"), moths.library.workspace
    before = quality.state_of(found, moths.findings.check(found))
    first = run_stream({"name": "moths", "tau": 0.001}, workspace, moths.settings)
    second = run_stream({"name": "moths", "tau": 0.9, "within": "label"}, workspace, moths.settings)
    sequence = at(view="duplicates", kind="sequence")
    _, page, _ = quality.refresh("x", None, sequence, before)  # its end shows it by itself
    newest = data(page)
    assert second["text"] in text(newest)
    assert "2 sequences" in text(newest)
    assert find(newest, href=f"/explore?set=moths&slice={second['slice'].replace(' ', '+')}")
    left_out = second["frames"] - second["kept"]
    assert len(find(newest, className="vt-frame vt-frame-out")) == left_out > 0
    (link,) = [p for p in find(newest, className="vt-link") if first["stream"] in str(p["href"])]
    assert f"{first['kept']} of 40 kept" in text(link["children"])
    field = {one: quality_stream.field_id(one) for one in ("stau", "within")}
    assert find(newest, id=field["stau"])[0]["value"] == "0.9"  # asked as what is shown
    assert find(newest, id=field["within"])[0]["value"] == "label"
    earlier, _ = quality.shown({**sequence, "case": first["stream"]})
    assert first["text"] in text(earlier)
    assert find(earlier, id=field["stau"])[0]["value"] == "0.001"
    assert "Next to no frame was left out" in text(earlier)
    assert "Next to no frame was left out" not in text(newest)
    gone, _ = quality.shown({**sequence, "case": "nope"})
    assert "no thinned sequence with this id" in text(gone)


def test_a_finished_check_is_shown_by_itself_and_an_unchanged_one_leaves_the_page(quality, moths):
    found = moths.library.open("moths")
    before = quality.state_of(found, moths.findings.check(found))
    _, page, now = quality.refresh("x", None, at(view="labels"), before)
    assert (page, now) == (no_update, no_update)
    write_check(moths.library.workspace, found, [], updated="2026-11-22T09:00:00Z")
    _, page, now = quality.refresh("y", None, at(view="labels"), before)
    assert now["case"] == "label-16"


def test_progress_of_this_set_only_is_shown(quality, enter, copied):
    jobs = [job("a", kind="quality", title="mine"), job("b", kind="curate", title="other kind"),
            job("c", kind="quality", title="other", request={"name": "bees"})]  # fmt: skip
    enter(copied.root, jobs)
    told = text(quality.layout(set="moths"))
    assert "mine" in told
    assert "other" not in told.split("Quality of moths")[0]

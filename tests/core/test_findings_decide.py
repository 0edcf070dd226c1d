"""Decisions about findings: what each act holds, what many at once do, and that undo is exact."""

import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from curating import SmallPart, SmallSet, named
from hypothesis import given, settings
from hypothesis import strategies as st
from quality_example import check_of, group_tables

from core.curation import Desk
from core.errors import InputError, NotFoundError
from core.findings import LEVELS, Findings, bulk, decide
from core.storage.store import Workspace

LETTERS = "abcdefghijkl"
GROUPS = [
    ("identical", [0, 1]),
    ("pixels", [0, 1, 2]),
    ("near", [2, 0, 1, 3]),
    ("near", [4, 5]),
    ("turned", [5, 6]),
]


class Bench:
    """A small set with given groups, outliers and labels, in a workspace of its own."""

    def __init__(self, root, groups=GROUPS, opened=None, **changes):
        workspace = Workspace(root / "workspace")
        self.opened = opened or named(workspace, SmallSet(LETTERS))
        self.opened.embeddings = "e"
        self.opened.items["label"] = "moth"
        self.opened.neighbors = None
        self.desk, self.findings = Desk(workspace), Findings(workspace)
        n = len(self.opened)
        tables = group_tables(groups)
        for name, values in changes.items():
            tables["groups" if name == "confidence" else "members"][name] = values
        scores = np.arange(n) / n
        outliers = pd.DataFrame({"score": scores, "listed": np.arange(n) >= n - 3})
        near = np.zeros((n, 1), np.int32)
        issues = pd.DataFrame(
            {"row": [7, 8, 9], "given": ["moth", "moth", "moth"],
             "proposed": ["wasp", "bee", "wasp"], "score": [0.3, 0.1, 0.2],
             "wrong": [0.5, 0.9, 0.6]}
        )[: 3 if n > 9 else 0]  # fmt: skip
        self.check = check_of(
            self.opened,
            duplicates=({"tau": 0.05}, {"nearest": scores}, tables),
            outliers=(
                {"method": "rank"},
                {"near": near, "near_distance": near.astype(np.float32)},
                {"outliers": outliers},
            ),
            labelcheck=({"column": "label"}, {"quality": scores}, {"issues": issues}),
        )

    @property
    def view(self):
        return self.desk.view(self.opened)

    def of(self, what, *given, **options):
        return getattr(self.findings, what)(self.opened, self.view, self.check, *given, **options)

    def decide(self, key, decision, **options):
        return decide(self.desk, self.opened, self.of("case", key), decision, **options)

    def bulk(self, topic, **options):
        return bulk(self.desk, self.opened, self.view, self.check, topic, **options)

    def states(self, topic="duplicates"):
        cases = self.of("worklist", topic, state="all", limit=1000).cases
        return {case.key: case.state for case in cases}

    @property
    def out(self):
        return set(self.view.excluded.tolist())


@pytest.fixture
def bench(tmp_path):
    return Bench(tmp_path)


# -- one case --------------------------------------------------------------------------------------


def test_dropping_a_group_takes_out_all_but_the_one_to_keep_with_the_reason(bench):
    event = bench.decide("near-2", "drop")
    assert bench.out == {0, 1, 3}
    assert event.fields["about"] == "duplicates"
    assert event.fields["reason"].startswith("4 images that are almost the same")
    assert bench.view.decision_of(3) == ("drop", event.fields["reason"])
    assert bench.of("case", "near-2").state == "out"


def test_keeping_a_group_keeps_all_of_it_and_decides_it(bench):
    bench.decide("near-3", "keep")
    assert bench.out == set()
    assert bench.states()["near-3"] == "kept"
    bench.desk.undo(bench.opened)
    assert bench.states()["near-3"] == ""


def test_another_image_can_be_kept(bench):
    bench.decide("near-3", "drop", keeper=5)
    assert bench.out == {4}
    with pytest.raises(InputError, match="one of the images of this group"):
        bench.decide("near-2", "drop", keeper=7)


def test_the_one_to_keep_can_be_changed_after_the_decision(bench):
    bench.decide("near-3", "drop")
    assert bench.out == {5}
    bench.decide("near-3", "drop", keeper=5)
    assert bench.out == {4}
    assert bench.of("case", "near-3").keeper == 5
    assert bench.of("case", "near-3").state == "out"


def test_keeping_an_open_group_brings_nothing_back_that_was_left_out_elsewhere(bench):
    bench.desk.act(bench.opened, "exclude", rows=[3], reason="blurred")
    bench.decide("near-2", "keep")
    assert bench.out == {3}
    assert bench.states()["near-2"] == "part"
    bench.decide("near-2", "keep")  # decided: now a person wants all of it
    assert bench.out == set()


def test_dropping_what_is_left_out_already_is_refused(bench):
    bench.decide("near-3", "drop")
    with pytest.raises(InputError, match="left out already"):
        bench.decide("near-3", "drop")


def test_dropping_does_not_change_why_an_image_was_left_out_before(bench):
    bench.desk.act(bench.opened, "exclude", rows=[3], reason="blurred")
    bench.decide("near-2", "drop")
    assert bench.view.decision_of(3) == ("exclude", "blurred")


def test_a_label_is_changed_to_the_proposed_one_or_another_or_kept(bench):
    event = bench.decide("label-7", "relabel")
    assert (event.kind, event.fields["label"], event.fields["about"]) == (
        "relabel",
        "wasp",
        "labels",
    )
    assert event.fields["reason"].startswith("Labelled ")
    other = bench.decide("label-8", "relabel", label="fly")
    assert other.fields["reason"] == "Chosen by a person"  # not why the check proposed another
    bench.decide("label-9", "keep")
    assert bench.view.labels == {7: "wasp", 8: "fly"}
    assert bench.states("labels") == {
        "label-8": "relabelled", "label-9": "kept", "label-7": "relabelled",
    }  # fmt: skip


def test_changing_the_labels_of_a_group_leaves_its_copies_undecided(bench):
    event = bench.decide("near-3", "relabel", label="moth")
    assert (event.count, event.fields["about"]) == (2, "labels")
    assert bench.states()["near-3"] == ""


@pytest.mark.parametrize(
    ("key", "decision", "options", "told"),
    [("outlier-11", "relabel", {}, "no label is proposed"),
     ("outlier-11", "burn", {}, "use one of keep, drop, relabel"),
     ("label-7", "relabel", {"label": "a\nb"}, "control characters")],
)  # fmt: skip
def test_what_cannot_be_decided_is_refused_and_nothing_is_written(
    bench, key, decision, options, told
):
    with pytest.raises(InputError, match=told):
        bench.decide(key, decision, **options)
    assert bench.view.can_undo is None


def test_labels_of_a_column_that_cannot_be_edited_are_not_changed(bench):
    bench.check.labels.meta["column"] = "species"
    bench.opened.values = lambda name: pd.Series(["ant"] * len(bench.opened))
    bench.desk.act(bench.opened, "relabel", rows=[7], label="bee")  # of the label, not of this
    assert bench.of("case", "label-7").state == "kept"
    assert bench.of("case", "label-7").detail["label_now"] == "ant"
    bench.desk.undo(bench.opened)
    with pytest.raises(InputError, match="“species” was checked"):
        bench.decide("label-7", "relabel")
    with pytest.raises(InputError, match="“species” was checked"):
        bench.bulk("labels")
    bench.decide("label-7", "keep")
    assert bench.states("labels")["label-7"] == "kept"


# -- many at once ----------------------------------------------------------------------------------


def test_all_copies_are_dropped_in_one_act_that_one_undo_takes_back(bench):
    before = bench.states()
    cases, images, sentence = bench.of("bulk_preview", "duplicates")
    event = bench.bulk("duplicates")
    # identical keeps 0, pixels drops 2, so of the near ones 0 stays; of 4, 5 and 6 one
    assert bench.out == {1, 2, 3, 5}
    assert (cases, images) == (5, 4) == (5, event.count)
    assert sentence == (
        "Leave out 4 images and keep one of each of 5 groups. One undo takes it all back."
    )
    assert set(bench.states().values()) == {"out"}
    assert bench.view.can_undo == "Dropped 4 images as duplicates: Copies of others (5 at once)"
    bench.desk.undo(bench.opened)
    assert bench.states() == before
    assert bench.view.can_undo is None


def test_only_the_kind_and_confidence_asked_for_are_decided(tmp_path):
    sure = ["certain", "certain", "likely", "possible", "likely"]
    bench = Bench(tmp_path, confidence=sure)
    assert bench.of("bulk_preview", "duplicates", kind="near", confidence="possible").images == 1
    bench.bulk("duplicates", kind="near", confidence="possible")
    assert bench.out == {5}
    assert bench.bulk("duplicates", kind="near", confidence="certain") is None
    bench.bulk("duplicates", confidence="certain", most=1)
    assert bench.out == {5, 1}


def test_nothing_left_to_decide_is_said_and_writes_nothing(bench):
    bench.bulk("outliers")
    assert bench.bulk("outliers") is None
    assert tuple(bench.of("bulk_preview", "outliers")) == (
        0, 0, "Nothing is left to decide here.",
    )  # fmt: skip


def test_labels_become_the_proposed_ones_in_one_act(bench):
    assert bench.of("bulk_preview", "labels").sentence == (
        "Give 3 images the labels proposed for them: “bee” and “wasp”. One undo takes it all back."
    )
    event = bench.bulk("labels")
    assert event.kind == "relabel.each"
    assert bench.view.labels == {7: "wasp", 8: "bee", 9: "wasp"}
    assert set(bench.states("labels").values()) == {"relabelled"}
    bench.desk.undo(bench.opened)
    assert bench.view.labels == {}


def test_an_image_that_a_person_kept_is_the_one_that_stays(bench):
    bench.desk.act(bench.opened, "keep", rows=[1])
    case = bench.of("case", "identical-0")
    assert (case.keeper, case.rows) == (1, [1, 0])
    assert case.detail["keeper_reason"] == "a person kept it"
    bench.bulk("duplicates")
    assert 1 not in bench.out


def test_groups_with_several_images_that_a_person_kept_are_left_to_a_person(bench):
    bench.desk.act(bench.opened, "keep", rows=[0, 3])
    assert bench.of("bulk_preview", "duplicates").cases == 4
    bench.bulk("duplicates")
    assert not bench.out & {0, 3}
    assert bench.states()["near-2"] == ""
    assert bench.states()["identical-0"] == "out"


def test_groups_with_different_labels_are_left_to_a_person(bench):
    bench.desk.act(bench.opened, "relabel", rows=[5, 0], label="bee")
    # 0 is alone with its label in three groups, 5 in two; nothing is left for one act
    assert tuple(bench.of("bulk_preview", "duplicates")) == (0, 0, (
        "5 groups are left to look at: their labels differ, or several of their images were kept "
        "by a person."
    ))  # fmt: skip
    assert bench.bulk("duplicates") is None
    bench.desk.act(bench.opened, "relabel", rows=[1], label="")  # no label contradicts none
    assert bench.of("bulk_preview", "duplicates", kind="identical").cases == 1
    bench.bulk("duplicates", kind="identical")
    assert bench.out == {1}
    bench.desk.act(bench.opened, "exclude", rows=[0], reason="blurred")
    assert bench.of("bulk_preview", "duplicates", kind="near").cases == 1  # 2 and 3 are moths
    assert bench.of("bulk_preview", "duplicates", kind="turned").sentence == (
        "1 group is left to look at: its labels differ, or several of its images were kept by a "
        "person."
    )
    bench.decide("near-3", "drop", keeper=5)  # a person may
    assert 4 in bench.out
    bench.desk.act(bench.opened, "relabel", rows=[5, 6], label="")
    assert bench.of("bulk_preview", "duplicates", kind="turned").cases == 1


def test_the_one_to_keep_is_one_that_has_to_stay_where_the_first_is_out(tmp_path):
    stays = [row in {1} for _, rows in GROUPS for row in rows]
    bench = Bench(tmp_path, stays=stays)
    bench.desk.act(bench.opened, "exclude", rows=[2], reason="blurred")
    assert bench.of("case", "near-2").rows == [1, 2, 0, 3]


def test_images_that_are_always_kept_are_not_dropped_with_others(tmp_path):
    stays = [row in {4, 5} for _, rows in GROUPS for row in rows]
    bench = Bench(tmp_path, stays=stays)  # 4 and 5 have labels where others have none
    bench.bulk("duplicates", kind="near")
    assert bench.out == {0, 1, 3}
    assert bench.states()["near-3"] == ""
    bench.decide("near-3", "drop")
    assert bench.out == {0, 1, 3, 5}


def test_a_bulk_decision_needs_a_topic_that_was_checked_and_a_number_of_cases(bench):
    with pytest.raises(NotFoundError, match="not checked"):
        bench.bulk("pictures")
    with pytest.raises(NotFoundError, match="no kind"):
        bench.bulk("outliers", kind="near")
    with pytest.raises(InputError, match="1 case or more"):
        bench.bulk("outliers", most=0)


def test_decisions_in_a_part_are_decisions_in_its_set(tmp_path):
    workspace = Workspace(tmp_path / "workspace")
    base = named(workspace, SmallSet(LETTERS))
    bench = Bench(tmp_path, [("near", [0, 1])], SmallPart(base, [4, 5, 6]))
    bench.decide("near-0", "drop")
    assert bench.out == {1}
    assert bench.desk.view(base).excluded.tolist() == [5]
    bench.desk.act(base, "include", rows=[5])
    assert bench.states() == {"near-0": ""}


# -- properties ------------------------------------------------------------------------------------


@st.composite
def nested_groups(draw):
    """Groups of all levels over twelve rows, each level made of those of the one before it."""
    n, lines = len(LETTERS), []
    code = np.arange(n)
    for level in LEVELS[:3]:
        joins = draw(st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=4))
        for first, second in joins:
            code[code == code[first]] = code[second]
        lines += _lines(draw, level, code)
    turned = np.array(draw(st.lists(st.integers(0, 20), min_size=n, max_size=n)))
    return lines + _lines(draw, "turned", turned)


def _lines(draw, level, code):
    groups = [np.flatnonzero(code == one).tolist() for one in np.unique(code)]
    return [(level, draw(st.permutations(rows))) for rows in groups if len(rows) > 1]


ROWS = st.lists(st.integers(0, len(LETTERS) - 1), min_size=1, max_size=4, unique=True)
ACTS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["drop", "exclude", "include"]), ROWS, st.none()),
        st.tuples(
            st.just("keep"), ROWS, st.sampled_from([None, "duplicates", "outliers", "labels"])
        ),
        st.tuples(st.just("undo"), ROWS, st.none()),
    ),
    max_size=6,
)


def prepared(root, groups, acts):
    bench = Bench(Path(root), groups)
    for kind, rows, about in acts:
        if kind == "undo":
            bench.desk.undo(bench.opened)
        else:
            bench.desk.act(bench.opened, kind, rows=rows, about=about)
    return bench


def snapshot(bench):
    lists = {
        (topic, state): bench.of("worklist", topic, state=state, limit=1000)
        for topic in ("duplicates", "outliers", "labels")
        for state in ("open", "decided", "all")
    }
    return lists, bench.of("summary")


@settings(max_examples=40, deadline=None)
@given(nested_groups(), ACTS)
def test_what_is_found_is_open_or_decided_whatever_was_done(groups, acts):
    with tempfile.TemporaryDirectory() as root:
        bench = prepared(root, groups, acts)
        lists, summary = snapshot(bench)
        for topic, line in summary.topics.items():
            assert line.found == line.open + line.decided
            assert line.decided == line.kept + line.out + line.part + line.relabelled
            keys = {
                state: [case.key for case in lists[topic, state].cases]
                for state in ("open", "decided", "all")
            }
            assert (len(keys["all"]), len(keys["open"])) == (line.found, line.open)
            assert sorted(keys["open"] + keys["decided"]) == sorted(keys["all"])
            assert all(case.open for case in lists[topic, "open"].cases)
            assert sum(found for found, _ in line.kinds.values()) == line.found
            seen, key = [], bench.of("next_key", topic)
            while key is not None:
                seen.append(key)
                key = bench.of("next_key", topic, after=key)
            assert seen == keys["open"]
        out, kept = bench.out, bench.view.decided_about("duplicates")
        for case in lists["duplicates", "all"].cases:
            left = [row for row in case.rows if row not in out]
            assert case.open == (len(left) > 1 and not all(kept[row] for row in left))
            assert set(left) >= {case.keeper} or not left


@settings(max_examples=40, deadline=None)
@given(nested_groups(), ACTS, st.sampled_from([None, *LEVELS]))
def test_many_at_once_is_what_a_person_does_one_by_one_and_undo_restores_it(groups, acts, kind):
    with tempfile.TemporaryDirectory() as root:
        bench = prepared(root, groups, acts)
        before = snapshot(bench)
        open_cases = bench.of("worklist", "duplicates", kind=kind, limit=1000).cases
        kept = set(bench.view.decisions["keep"].tolist()) - bench.out
        mine = [case for case in open_cases if len(kept & set(case.rows)) < 2]
        preview = bench.of("bulk_preview", "duplicates", kind=kind)
        assert preview.cases == len(mine)
        out = bench.out
        event = bench.bulk("duplicates", kind=kind)
        at_once, count = bench.out, len(bench.out) - len(out)
        assert preview.images == count == (event.count if event else 0)
        for case in mine:
            assert bench.of("case", case.key).state == "out"
        assert not at_once & kept
        if event is not None:
            bench.desk.undo(bench.opened)
        assert snapshot(bench) == before
        for case in mine:
            if bench.of("case", case.key).open:
                bench.decide(case.key, "drop")
        assert bench.out == at_once

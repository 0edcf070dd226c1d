"""What pages are told of a check: cases, their states, counts, words, and where to go on."""

import json
import shutil

import numpy as np
import pandas as pd
import pytest
from quality_example import (
    CONFLICT,
    DARK,
    DARK_AND_SMALL,
    IDENTICAL,
    LIGHT,
    NEAR,
    OUTLIERS,
    PIXELS,
    TAU,
    TOTAL,
    TURNED,
    WRONG,
    checked,
    group_tables,
    part_of,
    write_check,
)

from core.errors import InputError, NotFoundError
from core.findings import TOPICS, Check, histogram, reach
from core.findings.wording import below, counted, quoted, share
from core.quality.pictures import ISSUES
from core.storage.partrecords import read_part, write_part


class Bench:
    """The example, opened; `view` and `check` are those of now."""

    def __init__(self, made):
        self.made, self.desk, self.findings = made, made.desk, made.findings
        self.opened = made.open(self.desk)

    @property
    def view(self):
        return self.desk.view(self.opened)

    @property
    def check(self):
        return self.findings.check(self.opened)

    def of(self, what, *given, **options):
        return getattr(self.findings, what)(self.opened, self.view, self.check, *given, **options)

    def keys(self, topic, **options):
        return [case.key for case in self.of("worklist", topic, limit=1000, **options).cases]

    def line(self, topic):
        return self.of("summary").topics[topic]


@pytest.fixture(scope="module")
def example(tmp_path_factory):
    """The example set with its check; nobody writes into it."""
    return checked(tmp_path_factory.mktemp("quality"))


@pytest.fixture
def bench(example, tmp_path):
    """A copy of it to decide in."""
    shutil.copytree(example.workspace.root, tmp_path / "workspace")
    made = type(example)(type(example.workspace)(tmp_path / "workspace"))
    return Bench(made)


# -- what is listed --------------------------------------------------------------------------------


def test_groups_are_listed_by_level_and_only_where_a_surer_level_does_not_say_it_all(bench):
    cases = bench.of("worklist", "duplicates").cases
    assert [(case.kind, case.rows) for case in cases] == [
        ("identical", IDENTICAL), ("pixels", PIXELS), ("near", NEAR), ("near", CONFLICT),
        ("turned", TURNED),
    ]  # fmt: skip
    assert [case.confidence for case in cases[2:]] == ["likely", "possible", "certain"]
    assert bench.line("duplicates").kinds == {
        "identical": (1, 1), "pixels": (1, 1), "near": (2, 2), "turned": (1, 1),
    }  # fmt: skip


def test_a_list_can_be_narrowed_by_kind_and_confidence(bench):
    assert bench.keys("duplicates", kind="near") == ["near-4", "near-5"]
    assert bench.keys("duplicates", kind="near", confidence="possible") == ["near-5"]
    assert bench.keys("duplicates", confidence="certain") == ["identical-0", "pixels-2", "turned-6"]
    window = bench.of("worklist", "duplicates", start=1, limit=2)
    assert [case.key for case in window.cases] == ["pixels-2", "near-4"]
    assert (window.total, window.open, window.decided, window.shown) == (5, 5, 0, 5)


def test_the_worst_come_first(bench):
    outliers = bench.of("worklist", "outliers").cases
    assert [case.rows[0] for case in outliers] == OUTLIERS[::-1]
    labels = bench.of("worklist", "labels").cases
    assert [case.rows[0] for case in labels] == WRONG
    assert [case.score for case in labels] == [0.05, 0.1, 0.2]
    pictures = bench.of("worklist", "pictures", limit=1000).cases
    rates = [
        min(i["value"] / i["threshold"] for i in case.detail["issues"] if i["flagged"])
        for case in pictures
    ]
    assert rates == sorted(rates)


def test_a_picture_with_several_issues_is_one_case_that_each_of_them_lists(bench):
    key = f"picture-{DARK_AND_SMALL}"
    assert bench.keys("pictures").count(key) == 1
    for kind in ("dark", "odd_aspect", "odd_size"):
        assert key in bench.keys("pictures", kind=kind)
    assert bench.keys("pictures", kind="dark") == [key, f"picture-{DARK}"]
    assert bench.keys("pictures", kind="light") == [f"picture-{LIGHT}"]
    case = bench.of("case", key)
    flagged = {i["name"] for i in case.detail["issues"] if i["flagged"]}
    assert {"dark", "odd_aspect", "odd_size"} <= flagged
    assert case.kind in flagged
    assert case.detail["measures"]["height"] == 8
    assert "Odd shape (48 × 8 pixels): 0.17, below 0.35" in case.reason


def test_picture_cases_are_those_that_the_thresholds_flag(bench):
    found = bench.check.pictures
    wanted = {int(row) for one in found.values() if not one.unsuited for row in one.rows}
    assert {int(key.split("-")[1]) for key in bench.keys("pictures")} == wanted
    for name in ISSUES:
        assert len(bench.keys("pictures", kind=name)) == len(found[name].rows)


# -- one case --------------------------------------------------------------------------------------


def test_a_group_tells_its_images_distances_labels_and_the_one_to_keep(bench):
    case = bench.of("case", "near-5")
    assert (case.keeper, case.rows, case.score) == (7, CONFLICT, 0.048)
    assert case.detail["conflict"]
    assert case.detail["labels"] == {"wasp": 1, "moth": 1}
    assert case.detail["keeper_reason"] == "most pixels: 1,536, the next has 1,535"
    assert [one["distance"] for one in case.detail["members"]] == [0.0, 0.048]
    assert case.reason == (
        "2 images that are almost the same, 0.048 apart; pairs up to 0.050 apart count as "
        "near-duplicates. Their labels differ: “wasp” and “moth”."
    )
    turned = bench.of("case", "turned-6")
    assert turned.detail["members"][1]["turned"] == "mirrored"
    assert turned.reason == "2 images that show the same, mirrored."


def test_a_conflict_ends_when_one_label_is_changed(bench):
    bench.desk.act(bench.opened, "relabel", rows=[CONFLICT[1]], label="wasp")
    case = bench.of("case", "near-5")
    assert not case.detail["conflict"]
    assert "labels differ" not in case.reason


def test_an_outlier_is_shown_with_what_it_was_compared_with(bench):
    case = bench.of("case", f"outlier-{OUTLIERS[0]}")
    near = bench.opened.neighbors
    assert [one["row"] for one in case.detail["neighbours"]] == (
        near.indices[OUTLIERS[0], :12].tolist()
    )
    assert case.detail["neighbours"][0]["label"] in {"moth", "wasp"}
    assert case.reason == "Only 1 of 40 images lies further from its neighbours."
    assert bench.of("case", f"outlier-{OUTLIERS[1]}").reason == (
        "No image lies further from its neighbours."
    )


@pytest.mark.parametrize(
    ("meta", "values", "told"),
    [({"reference": "clean"}, {"p": 0.004},
      "At most 0.4 % of the clean images of “clean” lie as far from their neighbours (p = 0.004)."),
     ({"reference": "clean", "method": "glosh"}, {"p": 0.02},
      "At most 2 % of the clean images of “clean” stand out as much (p = 0.02)."),
     ({"method": "isolation"}, {}, "Only 1 of 40 images stands out more."),
     ({}, {"class_score": 0.99},
      "Only 1 of 40 images lies further from its neighbours. Compared within its own label.")],
)  # fmt: skip
def test_an_outlier_tells_why_it_is_listed_by_how_it_was_found(bench, meta, values, told):
    stored = bench.check.outliers
    stored.meta.update(meta)
    for name, value in values.items():
        stored.tables["outliers"].loc[OUTLIERS[0], name] = value
    assert bench.of("case", f"outlier-{OUTLIERS[0]}").reason == told


def test_a_label_tells_what_was_given_and_what_is_proposed(bench):
    case = bench.of("case", "label-17")
    assert (case.given, case.proposed) == ("moth", "wasp")
    assert case.reason == (
        "Labelled “moth”, but the images most like it speak for “wasp”. The chance that the label "
        "is wrong is 70 %."
    )
    bench.desk.act(bench.opened, "relabel", rows=[case.detail["neighbours"][0]["row"]], label="bee")
    assert bench.of("case", "label-17").detail["neighbours"][0]["label"] == "bee"


def test_a_label_is_shown_with_images_in_use_that_have_one_and_are_no_copies(bench):
    graph = bench.opened.neighbors
    issues = bench.check.labels.tables["issues"]
    issues.loc[issues.index[0], "row"] = NEAR[2]  # row 5 is a copy of 3, 4 and 6
    check = Check(bench.opened, bench.check._record, lambda kind, key: (
        bench.check.labels if kind == "labelcheck" else bench.made.workspace.read(kind, key)
    ))  # fmt: skip
    order = [row for row in graph.indices[NEAR[2]].tolist() if row not in NEAR]
    bench.desk.act(bench.opened, "exclude", rows=order[:1])
    bench.desk.act(bench.opened, "relabel", rows=order[2:3], label="")
    case = bench.findings.case(bench.opened, bench.view, check, f"label-{NEAR[2]}")
    wanted = [row for row in order if row not in (order[0], order[2])][:12]
    assert [one["row"] for one in case.detail["neighbours"]] == wanted


@pytest.mark.parametrize("key", ["near-99", "outlier-0", "picture-x", "nonsense", "", "label-"])
def test_a_case_that_is_not_there_is_said_to_be_gone(bench, key):
    with pytest.raises(NotFoundError, match="not on the list any more"):
        bench.of("case", key)


# -- going on --------------------------------------------------------------------------------------


@pytest.mark.parametrize("topic", TOPICS)
def test_going_on_visits_every_open_case_once_in_the_order_of_the_list(bench, topic):
    first = bench.keys(topic)[0]
    bench.findings.decide(bench.desk, bench.opened, bench.of("case", first), "keep")
    seen, key = [], bench.of("next_key", topic)
    while key is not None:
        seen.append(key)
        key = bench.of("next_key", topic, after=key)
    assert seen == bench.keys(topic)
    assert first not in seen
    back, key = [], bench.of("previous_key", topic)
    while key is not None:
        back.append(key)
        key = bench.of("previous_key", topic, before=key)
    assert back == seen[::-1]
    assert bench.of("next_key", topic, after=first) == (seen[0] if seen else None)


def test_a_case_knows_its_place_in_a_list(bench):
    assert bench.of("place", "duplicates", "near-5") == 3
    assert bench.of("place", "duplicates", "near-5", kind="near") == 1
    assert bench.of("place", "duplicates", "near-5", state="decided") is None
    assert bench.of("place", "duplicates", "near-77") is None
    assert bench.of("next_key", "duplicates", after="near-77") == "identical-0"


# -- states ----------------------------------------------------------------------------------------


def test_a_group_is_decided_where_at_most_one_image_is_left(bench):
    bench.desk.act(bench.opened, "exclude", rows=[0], reason="blurred")  # elsewhere
    case = bench.of("case", "identical-0")
    assert case.open
    assert (case.keeper, case.rows) == (1, [1, 0, 2])
    assert case.reason.endswith("1 of the 3 is left out already.")
    assert case.detail["keeper_reason"] == "the first of those that are not left out"
    bench.desk.act(bench.opened, "drop", rows=[2])
    assert bench.of("case", "identical-0").state == "out"
    bench.desk.undo(bench.opened)
    assert bench.of("case", "identical-0").open


def test_a_group_of_which_some_are_out_and_the_others_kept_is_decided_in_part(bench):
    bench.desk.act(bench.opened, "drop", rows=[6])
    bench.desk.act(bench.opened, "keep", rows=[3, 4, 5], about="duplicates")
    assert bench.of("case", "near-4").state == "part"
    assert bench.of("case", "pixels-2").state == "kept"
    line = bench.line("duplicates")
    assert (line.part, line.kept, line.open) == (1, 1, 3)


def test_keeping_about_another_topic_decides_nothing_here(bench):
    bench.desk.act(bench.opened, "keep", rows=OUTLIERS, about="pictures")
    bench.desk.act(bench.opened, "keep", rows=OUTLIERS)
    assert bench.line("outliers").open == 2
    bench.desk.act(bench.opened, "keep", rows=OUTLIERS[:1], about="outliers")
    assert bench.of("case", f"outlier-{OUTLIERS[0]}").state == "kept"
    assert bench.line("outliers").open == 1


def test_an_image_that_is_taken_out_elsewhere_is_decided_until_it_is_included_again(bench):
    bench.desk.act(bench.opened, "exclude", rows=[DARK], reason="elsewhere")
    assert bench.of("case", f"picture-{DARK}").state == "out"
    assert f"picture-{DARK}" in bench.keys("pictures", state="decided")
    bench.desk.act(bench.opened, "include", rows=[DARK])
    assert bench.of("case", f"picture-{DARK}").open


def test_a_label_is_relabelled_where_it_is_another_than_the_one_that_was_checked(bench):
    bench.desk.act(bench.opened, "relabel", rows=[16], label="moth")
    assert bench.of("case", "label-16").state == "relabelled"
    bench.desk.act(bench.opened, "relabel", rows=[16], label="wasp")  # as it was
    assert bench.of("case", "label-16").state == "kept"
    assert bench.line("labels").open == 2


# -- words -----------------------------------------------------------------------------------------


def test_the_set_is_told_before_and_after(bench):
    told = bench.of("summary")
    pictures = told.topics["pictures"].found
    assert told.before == (
        f"Before: {TOTAL} images with 7 copies to spare in 5 groups, 2 outliers, {pictures} "
        "pictures that may be faulty and 3 labels that may be wrong."
    )
    assert told.after.startswith(f"Now: {TOTAL} images in use. Still to decide: 7 copies to spare")
    bench.findings.decide(bench.desk, bench.opened, bench.of("case", "identical-0"), "drop")
    bench.findings.decide(bench.desk, bench.opened, bench.of("case", "outlier-11"), "keep")
    bench.findings.decide(bench.desk, bench.opened, bench.of("case", "label-16"), "relabel")
    after = bench.of("summary")
    assert after.before == told.before
    assert after.after == (
        f"Now: {TOTAL - 2} images in use, 2 left out, 1 label changed, 1 finding looked at and "
        f"kept. Still to decide: 5 copies to spare in 4 groups, 1 outlier, {pictures} pictures "
        "that may be faulty and 2 labels that may be wrong."
    )


def test_labels_that_a_new_check_does_not_list_are_still_counted(bench):
    """Rows 20 and 21 are no finding, as relabelled images are none once they were checked again."""
    bench.findings.decide(bench.desk, bench.opened, bench.of("case", "label-16"), "relabel")
    own = str(bench.opened.items["label"].iat[20])
    bench.desk.act(bench.opened, "relabel", rows=[20, 21], label="bee")
    assert "images in use, 3 labels changed. Still" in bench.of("summary").after
    bench.desk.act(bench.opened, "relabel", rows=[20], label=own)  # as it came
    assert "images in use, 2 labels changed. Still" in bench.of("summary").after
    bench.desk.act(bench.opened, "drop", rows=[21])  # what is left out has no label in use
    assert "images in use, 1 left out, 1 label changed. Still" in bench.of("summary").after


def test_first_labels_are_given_and_not_changed(bench):
    bench.desk.act(bench.opened, "relabel", rows=[20], label="")
    assert "1 label changed" in bench.of("summary").after  # it had one
    bench.opened.items.loc[[22, 23], "label"] = None
    bench.desk.act(bench.opened, "relabel", rows=[22, 23], label="bee")
    assert "1 label changed, 2 labels given. Still" in bench.of("summary").after


def test_there_is_an_after_once_something_was_done(bench):
    assert not bench.of("summary").acted
    bench.desk.act(bench.opened, "relabel", rows=[20], label="bee")
    assert bench.of("summary").acted
    bench.desk.undo(bench.opened)
    bench.desk.act(bench.opened, "keep", rows=[11], about="outliers")
    assert bench.of("summary").acted


def test_all_decided_is_said(bench):
    bench.findings.decide(bench.desk, bench.opened, bench.of("case", "near-5"), "drop")
    for topic in TOPICS:
        bench.findings.bulk(bench.desk, bench.opened, bench.view, bench.check, topic)
    assert bench.of("summary").after.endswith("everything is decided.")
    assert sum(line.open for line in bench.of("summary").topics.values()) == 0


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0 %"), (1, "100 %"), (0.0004, "less than 0.1 %"), (0.9996, "more than 99.9 %"),
     (0.005, "0.5 %"), (0.24, "24 %"), (0.992, "99.2 %"), (0.99, "99 %"), (0.9951, "99.5 %")],
)  # fmt: skip
def test_shares_are_never_rounded_to_all_or_nothing(value, text):
    assert share(value) == text


def test_numbers_have_the_decimals_that_tell_them_apart():
    assert below(0.12, 0.32) == "0.12, below 0.32"
    assert below(0.2881, 0.29) == "0.288, below 0.290"


def test_words_agree_with_their_numbers():
    assert (counted(1, "copy", "copies"), counted(1200, "image")) == ("1 copy", "1,200 images")
    assert quoted(["a"]) == "“a”"
    assert quoted(list("abcdef")) == "“a”, “b”, “c”, “d” and 2 more"


# -- checks that are old, partial or damaged -------------------------------------------------------


def test_a_set_that_was_never_checked_has_no_check(bench):
    record = bench.made.workspace.read_set("moths")
    del record["quality"]
    bench.made.workspace.write_set("moths", record)
    assert bench.check is None
    with pytest.raises(NotFoundError, match="not checked yet"):
        bench.findings.set_thresholds(bench.opened, {"dark": 0.5})


@pytest.mark.parametrize("what", ["imageset", "embeddings"])
def test_a_check_of_an_older_set_shows_nothing_and_says_why(bench, what):
    record = bench.made.workspace.read_set("moths")
    record["quality"][what] = "0" * 32
    bench.made.workspace.write_set("moths", record)
    assert "changed since it was checked" in bench.check.stale
    assert bench.of("summary").topics == {}
    assert [bench.of("worklist", topic).total for topic in TOPICS] == [0, 0, 0, 0]
    assert bench.check.duplicates is None
    assert bench.check.pictures is None


def test_a_topic_that_was_not_checked_is_missing_and_hides_no_other(bench):
    record = bench.made.workspace.read_set("moths")
    record["quality"]["outliers"] = None
    bench.made.workspace.write_set("moths", record)
    assert set(bench.of("summary").topics) == {"duplicates", "pictures", "labels"}
    assert bench.check.notice("outliers") == ""
    assert bench.of("next_key", "outliers") is None
    with pytest.raises(NotFoundError, match="not checked"):
        bench.of("bulk_preview", "outliers")


def test_a_lost_or_damaged_result_is_told_and_hides_no_other(bench):
    before = bench.of("summary").topics
    workspace, key = bench.made.workspace, bench.check.outliers.key
    shutil.rmtree(workspace.folder("outliers", key))
    assert "check again" in bench.check.notice("outliers")
    assert set(bench.of("summary").topics) == set(before) - {"outliers"}
    table = workspace.folder("labelcheck", bench.check.labels.key) / "issues.parquet"
    table.write_bytes(table.read_bytes()[:-1])
    fresh = Bench(type(bench.made)(type(workspace)(workspace.root)))
    assert "issues.parquet differs from its checksum" in fresh.check.notice("labels")
    assert set(fresh.of("summary").topics) == {"duplicates", "pictures"}


def test_results_of_another_set_are_not_shown(bench):
    opened, stored = bench.opened, bench.check.outliers
    record = bench.made.workspace.read_set("moths")["quality"]
    short = type(stored)("outliers", "k", {}, {}, {"outliers": stored.tables["outliers"][:-1]})
    check = Check(opened, record, lambda kind, key: short)
    assert check.outliers is None
    assert "of another set" in check.notice("outliers")


def test_a_new_check_is_seen_at_once_and_the_same_one_is_kept(bench):
    first = bench.check
    assert bench.check is first
    write_check(bench.made.workspace, bench.opened, [], updated="2026-11-22T08:00:00Z")
    assert bench.check is not first
    assert bench.check.updated == "2026-11-22T08:00:00Z"


def test_a_set_without_pictures_says_so(tmp_path):
    bench = Bench(checked(tmp_path, pictures=False))
    line = bench.line("pictures")
    assert (line.found, line.notice) == (
        0, "The set has vectors and no pictures, so pictures were not looked at.",
    )  # fmt: skip
    assert bench.of("case", "identical-0").reason == "3 vectors with the same bytes."
    assert "faulty" not in bench.of("summary").before


def test_a_part_has_a_check_of_its_own(bench):
    part = Bench(part_of(bench.made, [0, 1, 5, 7, 8, 20]))
    workspace, name = bench.made.workspace, part.opened.name
    assert part.check is None
    tables = group_tables([("near", [3, 4])])
    tables["leaks"] = pd.DataFrame()
    measures = bench.check.pixels.tables["measures"].iloc[[0, 1, 5, 7, 8, 20]]
    meta = {"imageset": part.opened.key, "tau": TAU}
    workspace.write("duplicates", "d" * 32, meta=meta, tables=tables,
                    arrays={"nearest": np.zeros(6, np.float32)})  # fmt: skip
    workspace.write("pixels", "e" * 32, meta=meta, tables={"measures": measures})
    quality = {"duplicates": "d" * 32, "pixels": "e" * 32, "imageset": part.opened.key}
    write_part(workspace, name, {**read_part(workspace, name), "quality": quality})
    part = Bench(part.made)
    case = part.of("case", "near-0")
    assert [one["label"] for one in case.detail["members"]] == ["wasp", "moth"]
    part.findings.decide(part.desk, part.opened, case, "drop")
    assert part.line("duplicates").out == 1
    assert bench.view.excluded.tolist() == [8]
    assert bench.of("case", "near-5").state == "out"  # the set's own check sees it too
    part.findings.set_thresholds(part.opened, {"dark": 0.0})
    assert (part.check.limits, bench.check.limits) == ({"dark": 0.0}, {})
    assert part.made.open().values("duplicate group")[3] == "near-0"


# -- thresholds ------------------------------------------------------------------------------------


def test_a_threshold_is_moved_for_good_and_taken_back(bench):
    assert bench.findings.set_thresholds(bench.opened, {"dark": 0.0}) == {"dark": 0.0}
    assert bench.keys("pictures", kind="dark") == []
    assert bench.check.limits == {"dark": 0.0}
    fresh = Bench(type(bench.made)(type(bench.made.workspace)(bench.made.workspace.root)))
    assert fresh.check.pictures["dark"].threshold == 0.0
    assert bench.findings.set_thresholds(bench.opened, {"dark": None}) == {}
    assert len(bench.keys("pictures", kind="dark")) == 2


def test_a_case_that_a_moved_threshold_no_longer_lists_is_gone(bench):
    (key,) = bench.keys("pictures", kind="light")
    for name in ISSUES:
        bench.findings.set_thresholds(bench.opened, {name: 0.0})
    with pytest.raises(NotFoundError, match="a threshold was moved"):
        bench.of("case", key)
    assert bench.line("pictures").found == 0


@pytest.mark.parametrize(
    "values", [{"dark": 1.5}, {"dark": "0.3"}, {"dark": float("nan")}, {"foggy": 0.3},
               {"light": True}],
)  # fmt: skip
def test_a_threshold_that_can_be_none_is_refused_and_none_is_moved(bench, values):
    with pytest.raises(InputError):
        bench.findings.set_thresholds(bench.opened, {"border": 0.5, **values})
    assert bench.check.limits == {}


def test_issues_that_most_of_the_set_has_are_said_aloud_and_listed_only_when_asked_for(bench):
    before = bench.keys("pictures")
    bench.findings.set_thresholds(bench.opened, {"border": 1.0, "blurry": 1.0})
    line = bench.line("pictures")
    assert "the threshold does not suit it" in line.unsuited["blurry"]
    found, left = line.kinds["blurry"]
    assert found == left > 0.3 * TOTAL
    assert len(bench.keys("pictures", kind="blurry")) == found
    blurred = {key for key in before if bench.of("case", key).reason.startswith("Blurred")}
    assert set(bench.keys("pictures")) == set(before) - blurred
    assert line.found == len(set(before) - blurred)
    assert line.unsuited["blurry"] in bench.of("bulk_preview", "pictures", kind="blurry").sentence
    # what is wrong with a picture apart from that goes first, and is what it is listed for
    of_issue = bench.keys("pictures", kind="blurry")
    dark = f"picture-{DARK_AND_SMALL}"
    usual = [key in set(before) - blurred for key in of_issue]
    assert usual == sorted(usual, reverse=True)
    assert 0 < sum(usual) < len(usual)
    assert bench.of("case", dark).kind not in line.unsuited
    assert bench.of("case", f"picture-{DARK}").kind == "dark"
    assert "Blurred" not in bench.of("case", dark).reason
    assert bench.of("case", of_issue[-1]).reason.startswith("Blurred: ")


# -- distances -------------------------------------------------------------------------------------


def test_pairs_and_images_at_a_threshold_are_those_counted_one_by_one(bench):
    arrays = bench.check.duplicates.arrays
    for tau in (0.0, 0.01, TAU, 0.1, 3 * TAU):
        near = arrays["pairs"][np.asarray(arrays["pair_distance"]) <= tau]
        counted_here = (len(near), len({int(row) for pair in near for row in pair}))
        assert bench.findings.at_threshold(bench.check, tau) == counted_here
    assert reach(bench.check) == pytest.approx(3 * TAU)
    pairs, images = bench.findings.at_threshold(bench.check, 1.9)
    assert (pairs, images) == (len(arrays["pairs"]), TOTAL)


def test_the_histogram_counts_every_image_once(bench):
    edges, counts = bench.findings.histogram(bench.check, 10)
    nearest = np.asarray(bench.check.duplicates.arrays["nearest"], np.float64)
    assert counts.sum() == TOTAL
    assert (edges[0], edges[-1]) == (0.0, pytest.approx(nearest.max()))
    low, high = edges[3], edges[4]
    assert counts[3] == ((nearest >= low) & (nearest < high)).sum()


def test_distances_of_a_set_without_duplicates_are_none(bench):
    check = Check(bench.opened, {}, lambda kind, key: None)
    assert bench.findings.at_threshold(check, 0.1) == (0, 0)
    assert histogram(check)[1].sum() == 0
    assert reach(check) == 0.0


@pytest.mark.parametrize(
    ("options", "error"),
    [({"kind": "dark"}, NotFoundError), ({"state": "done"}, InputError),
     ({"confidence": "sure"}, InputError)],
)  # fmt: skip
def test_lists_that_there_are_not_are_refused(bench, options, error):
    with pytest.raises(error):
        bench.of("worklist", "duplicates", **options)
    with pytest.raises(NotFoundError, match="no topic"):
        bench.of("worklist", "faces")


def test_details_are_plain_values_that_json_can_hold(bench):
    for topic in TOPICS:
        for case in bench.of("worklist", topic, limit=1000).cases:
            json.dumps([case.rows, case.detail, case.score], allow_nan=False)


@pytest.mark.parametrize(
    ("far", "told"),
    [(0.4, "2 images that are almost the same: laid over each other, their pixels match."),
     (0.0, "2 images with the same vector.")],
)  # fmt: skip
def test_a_group_is_told_by_what_it_was_found_by(bench, far, told):
    members = bench.check.duplicates.tables["members"]
    groups = bench.check.duplicates.tables["groups"]
    members.loc[members["row"].isin(CONFLICT), "distance"] = far
    groups.loc[groups["group"] == 5, "diameter"] = min(far, 0.05)
    assert bench.of("case", "near-5").reason.startswith(told)

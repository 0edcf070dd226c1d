"""What a decision is about, and many labels in one act."""

import json
import zipfile
from types import SimpleNamespace

import numpy as np
import pytest
from curating import SmallPart, SmallSet, named
from test_curation_form import forged, put

from core.curation import Desk
from core.curation.acts import LABELS, TOPICS
from core.curation.bundle import read_log
from core.curation.fold import fold
from core.curation.manifest import build_manifest
from core.curation.roster import Roster, Universe
from core.errors import ArtifactCorruptError, InputError
from core.storage.store import Workspace

MOTHS = SmallSet()


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path / "ws")


@pytest.fixture
def desk(workspace):
    return Desk(workspace)


def decided(view, topic):
    return view.decided_about(topic).nonzero()[0].tolist()


def each(desk, opened, given, **fields):
    """Give rows their labels in one act."""
    rows = sorted(given, key=given.get)
    labels = sorted(set(given.values()))
    sizes = [list(given.values()).count(label) for label in labels]
    return desk.act(opened, "relabel.each", rows, labels=labels, sizes=sizes, **fields)


# -- about -----------------------------------------------------------------------------------------


def test_a_decision_counts_for_the_topic_it_is_about(desk):
    desk.act(MOTHS, "keep", [0, 1], about="duplicates", reason="another pose")
    desk.act(MOTHS, "include", [2], about="outliers")
    desk.act(MOTHS, "keep", [3])
    view = desk.view(MOTHS)
    assert {topic: decided(view, topic) for topic in TOPICS} == {
        "duplicates": [0, 1], "outliers": [2], "pictures": [], "labels": [],
    }  # fmt: skip
    assert view.about_reason(1, "duplicates") == "another pose"
    assert view.about_reason(2, "outliers") == ""
    assert view.about_reason(3, "outliers") is None
    assert view.decision_about(0, "duplicates") == ("keep", "another pose")


def test_what_is_out_of_the_working_set_is_decided_for_every_topic(desk):
    desk.act(MOTHS, "drop", [0], about="duplicates", reason="a copy")
    desk.act(MOTHS, "exclude", [1], reason="blurred")
    view = desk.view(MOTHS)
    assert all(decided(view, topic) == [0, 1] for topic in TOPICS)
    assert view.about_reason(0, "labels") == "a copy"
    assert view.decision_about(1, "pictures") == ("exclude", "blurred")


def test_taking_an_exclusion_back_leaves_what_was_kept_before(desk):
    desk.act(MOTHS, "keep", [0], about="duplicates", reason="another pose")
    desk.act(MOTHS, "drop", [0, 1], about="duplicates", reason="a copy")
    desk.act(MOTHS, "include", [0, 1])
    view = desk.view(MOTHS)
    assert decided(view, "duplicates") == [0]
    assert view.about_reason(0, "duplicates") == "another pose"
    assert decided(view, "outliers") == []


def test_a_label_given_by_a_person_is_a_decision_about_the_label(desk):
    desk.act(MOTHS, "relabel", [0], label="bee", reason="by its stripes")
    desk.act(MOTHS, "relabel", [1, 2], label="bee", about="duplicates")
    view = desk.view(MOTHS)
    assert decided(view, "labels") == [0, 1, 2]
    assert decided(view, "duplicates") == [1, 2]
    assert view.decision_about(0, "labels") == ("relabel", "by its stripes")


def test_undo_and_redo_restore_what_was_decided_about_exactly(desk):
    desk.act(MOTHS, "keep", [0, 1, 2], about="labels", reason="first")
    desk.act(MOTHS, "keep", [1], about="labels", reason="second")
    each(desk, MOTHS, {2: "bee", 5: "bee"})
    seen = [[desk.view(MOTHS).about_reason(row, "labels") for row in range(6)]]
    for _ in range(3):
        desk.undo(MOTHS)
        seen.append([desk.view(MOTHS).about_reason(row, "labels") for row in range(6)])
    for _ in range(3):
        desk.redo(MOTHS)
        seen.append([desk.view(MOTHS).about_reason(row, "labels") for row in range(6)])
    steps = [
        ["first", "second", None, None, None, None],
        ["first", "second", "first", None, None, None],
        ["first", "first", "first", None, None, None],
        [None] * 6,
    ]
    assert seen == [*steps, *steps[2::-1]]


def test_a_view_does_not_change_when_the_log_goes_on(desk):
    desk.act(MOTHS, "keep", [0], about="labels")
    before = desk.view(MOTHS)
    desk.act(MOTHS, "keep", [1], about="labels")
    each(desk, MOTHS, {0: "bee", 2: "bee"})
    assert decided(before, "labels") == [0]
    assert (before.label_of(2), before.labels) == (None, {})
    assert decided(desk.view(MOTHS), "labels") == [1]


def test_what_was_decided_about_cannot_be_written_into(desk):
    desk.act(MOTHS, "keep", [0], about="labels")
    found = desk.view(MOTHS).decided_about("labels")
    with pytest.raises(ValueError, match="read-only"):
        found[3] = True
    with pytest.raises(InputError, match="about 'colours': use one of duplicates, outliers"):
        desk.view(MOTHS).decided_about("colours")


@pytest.mark.parametrize(
    ("kind", "fields", "why"),
    [
        ("keep", {"about": "colours"}, "use one of duplicates, outliers, pictures, labels"),
        ("keep", {"about": ["labels"]}, "use one of"),
        ("slice.create", {"name": "x", "about": "labels"}, "unknown field 'about'"),
        ("relabel.each", {"labels": ["a"]}, "sizes is missing"),
        ("relabel.each", {"sizes": [2]}, "labels is missing"),
        ("relabel.each", {"labels": ["a", "b"], "sizes": [2]}, "2 labels and 1 sizes"),
        ("relabel.each", {"labels": ["a"], "sizes": [3]}, "add up to 3, not to 2 items"),
        ("relabel.each", {"labels": [], "sizes": []}, "add up to 0|1 to 10,000 labels, not 0"),
        ("relabel.each", {"labels": ["é", "e\u0301"], "sizes": [1, 1]}, "'é' comes twice"),
        ("relabel.each", {"labels": ["a", 3], "sizes": [1, 1]}, "must be text"),
        ("relabel.each", {"labels": "ab", "sizes": [1, 1]}, "must be a list of texts"),
        ("relabel.each", {"labels": ["a\n", "b\x07"], "sizes": [1, 1]}, "control characters"),
        ("relabel.each", {"labels": map(str, range(LABELS + 1)), "sizes": [2]}, "not 10,001"),
    ],
)
def test_what_cannot_be_done_is_said_and_not_written(desk, workspace, kind, fields, why):
    with pytest.raises(InputError, match=why):
        desk.act(MOTHS, kind, [4, 2], **fields)
    assert not (workspace.root / "curation" / "moths" / "log.jsonl").exists()


# -- many labels in one act ------------------------------------------------------------------------


def test_each_part_gets_its_label_and_one_undo_takes_all_back(desk):
    desk.act(MOTHS, "relabel", [1], label="fly")
    event = desk.act(
        MOTHS, "relabel.each", [7, 1, 4, 0], labels=["wasp", "bee", ""], sizes=[2, 1, 1]
    )
    assert event.items["addresses"] == [MOTHS.addresses[row] for row in (1, 7, 4, 0)]
    view = desk.view(MOTHS)
    assert view.labels == {0: "", 1: "wasp", 4: "bee", 7: "wasp"}
    assert [view.label_of(row) for row in (0, 1, 2, 4)] == ["", "wasp", None, "bee"]
    _, column = desk.columns(MOTHS)["label, edited"]
    assert column.fillna("-").tolist()[:8] == [
        "-", "wasp", "moth", "wasp", "bee", "wasp", "moth", "wasp",
    ]  # fmt: skip
    desk.act(MOTHS, "relabel", [7], label="fly")
    assert desk.view(MOTHS).label_of(7) == "fly"
    for _ in range(2):
        desk.undo(MOTHS)
    assert desk.view(MOTHS).labels == {1: "fly"}


def test_labels_given_to_many_are_no_decision_unless_they_say_so(desk):
    desk.act(MOTHS, "keep", [0], about="labels")
    each(desk, MOTHS, {0: "bee", 1: "bee"}, reason="from labels.csv")
    assert decided(desk.view(MOTHS), "labels") == []
    each(desk, MOTHS, {1: "wasp", 2: "bee"}, about="labels", reason="proposals")
    assert decided(desk.view(MOTHS), "labels") == [1, 2]
    assert desk.view(MOTHS).about_reason(2, "labels") == "proposals"


def test_an_item_cannot_have_two_labels(desk):
    with pytest.raises(InputError, match="comes twice"):
        desk.act(MOTHS, "relabel.each", [1, 1], labels=["a", "b"], sizes=[1, 1])


def test_a_part_relabels_items_of_the_set(desk):
    part = SmallPart(MOTHS, [8, 2, 5])
    each(desk, part, {0: "bee", 2: "wasp"}, about="labels")
    assert desk.view(MOTHS).labels == {5: "wasp", 8: "bee"}
    assert decided(desk.view(part), "labels") == [0, 2]
    assert decided(desk.view(MOTHS), "labels") == [5, 8]


def test_ten_thousand_labels_are_one_act(desk, workspace):
    many = SmallSet("".join(map(chr, range(0x4E00, 0x4E00 + LABELS))))
    given = {row: f"class {row}" for row in range(LABELS)}
    each(desk, many, given)
    assert desk.view(many).labels == given
    assert Desk(workspace).view(many).labels == given


def test_labels_of_items_that_went_and_came_back(desk):
    each(desk, MOTHS, {0: "bee", 1: "wasp", 11: "bee"}, about="labels")
    fewer = SmallSet("zcba")
    assert desk.view(fewer).labels == {2: "wasp", 3: "bee"}
    assert decided(desk.view(fewer), "labels") == [2, 3]
    assert desk.view(MOTHS).labels == {0: "bee", 1: "wasp", 11: "bee"}


# -- words -----------------------------------------------------------------------------------------


def test_decisions_say_what_they_are_about(desk):
    desk.act(MOTHS, "keep", [0, 1, 2], about="duplicates", reason="other poses")
    desk.act(MOTHS, "drop", [3], about="duplicates")
    desk.act(MOTHS, "exclude", [4], about="pictures", reason="blurry, .91")
    desk.act(MOTHS, "keep", [5, 6], about="labels")
    desk.act(MOTHS, "include", [4], about="outliers")
    each(desk, MOTHS, {0: "bee", 1: "wasp", 2: "wasp", 3: ""}, reason="from labels.csv")
    each(desk, MOTHS, {0: "bee", 1: "bee"})
    each(desk, MOTHS, {0: ""})
    each(desk, MOTHS, {row: str(row) for row in range(6)})
    desk.undo(MOTHS)
    assert [line.text for line in desk.view(MOTHS).history()][::-1] == [
        "Began with 12 images",
        "Kept 3 images as not duplicates: other poses",
        "Dropped 1 image as a duplicate",
        "Excluded 1 image as a faulty picture: blurry, .91",
        "Kept 2 images as rightly labelled",
        "Included 1 image as not an outlier",
        "Labelled 4 images (no label 1, “bee” 1, “wasp” 2): from labels.csv",
        "Labelled 2 images “bee”",
        "Took the label off 1 image",
        "Labelled 6 images with 6 labels",
        "Undid: Labelled 6 images with 6 labels",
    ]


# -- manifest, bundle and replay -------------------------------------------------------------------


def test_the_manifest_tells_both(desk):
    desk.act(MOTHS, "keep", [0, 1], about="duplicates", reason="another pose")
    desk.act(MOTHS, "keep", [1], about="outliers")
    desk.act(MOTHS, "drop", [2], about="pictures", reason="dark")
    each(desk, MOTHS, {3: "wasp", 4: "bee", 5: "wasp"}, reason="from labels.csv")
    told, at = json.loads(desk.manifest(MOTHS)), MOTHS.addresses
    assert told["decisions"] == [
        {"event": 2, "decision": "keep", "reason": "another pose", "about": "duplicates",
         "addresses": [at[0]]},
        {"event": 3, "decision": "keep", "reason": "", "about": "outliers", "addresses": [at[1]]},
        {"event": 4, "decision": "drop", "reason": "dark", "about": "pictures",
         "addresses": [at[2]]},
    ]  # fmt: skip
    assert told["labels"] == [
        {"event": 5, "label": "bee", "reason": "from labels.csv", "addresses": [at[4]]},
        {"event": 5, "label": "wasp", "reason": "from labels.csv", "addresses": [at[3], at[5]]},
    ]
    assert told["about"] == {
        "duplicates": [
            {"event": 2, "decision": "keep", "reason": "another pose", "addresses": at[:2]}
        ],
        "outliers": [{"event": 3, "decision": "keep", "reason": "", "addresses": [at[1]]}],
    }


def test_a_label_for_all_after_one_for_each_is_one_line_of_the_manifest(desk):
    each(desk, MOTHS, {0: "bee", 1: "wasp", 2: "fly"})
    desk.act(MOTHS, "relabel", [0, 1, 2], label="moth")
    assert json.loads(desk.manifest(MOTHS))["labels"] == [
        {"event": 3, "label": "moth", "reason": "", "addresses": MOTHS.addresses[:3]}
    ]


def test_a_log_without_either_has_the_manifest_it_had_before(desk):
    desk.act(MOTHS, "keep", [0])
    desk.act(MOTHS, "relabel", [1], label="bee", reason="seen")
    told = json.loads(desk.manifest(MOTHS))
    assert "about" not in told
    assert told["decisions"] == [
        {"event": 2, "decision": "keep", "reason": "", "addresses": [MOTHS.addresses[0]]}
    ]
    assert told["labels"] == [
        {"event": 3, "label": "bee", "reason": "seen", "addresses": [MOTHS.addresses[1]]}
    ]


def test_a_bundle_holds_long_parts_in_their_order(desk, workspace):
    letters = SmallSet("abcdefghijklmnopqrstuvwxyz")
    named(workspace, letters)
    each(desk, letters, {row: "even" if row % 2 == 0 else "odd" for row in range(26)})
    desk.act(letters, "slice.create", range(26), name="all")  # the same items in another order
    path = workspace.root / "bundle.zip"
    path.write_bytes(desk.bundle(letters))
    found = read_log(path)
    _, state = fold(
        found.events, Universe(Roster.of_items(letters.items, letters.addresses), found.lists)
    )
    assert build_manifest(found.events, state) == desk.manifest(letters)
    with zipfile.ZipFile(path) as archive:
        told = json.loads(archive.read("manifest.json"))
    assert [one["label"] for one in told["labels"]] == ["even", "odd"]
    assert told["labels"][0]["addresses"] == letters.addresses[::2]


# -- logs that somebody else made ------------------------------------------------------------------


def relabelled(**fields):
    """Make an event a relabel.each of its two items."""

    def change(record):
        del record["name"]
        record.update({"kind": "relabel.each", "labels": ["a", "b"], "sizes": [1, 1], **fields})

    return change


@pytest.mark.parametrize(
    ("kind", "change", "said"),
    [
        ("exclude", put(about="colours"), "event 3: about 'colours'"),
        ("exclude", put(about=""), "event 3: about ''"),
        ("slice.create", relabelled(labels=["a"]), "event 2: .*1 labels and 2 sizes"),
        ("slice.create", relabelled(labels=["a", "a"]), "event 2: .*'a' comes twice"),
        ("slice.create", relabelled(labels={"a": 1, "b": 2}), "event 2: labels: must be a list"),
        ("slice.create", relabelled(labels=5), "event 2: labels: must be a list"),
        ("slice.create", relabelled(sizes=[2, 1]), "event 2: .*add up to 3"),
        ("slice.create",
         relabelled(items={"count": 2, "digest": "x", "addresses": ["a", "a"]}),
         "event 2: an item is in its parts twice"),
        ("slice.create",
         relabelled(items={"count": 2, "digest": "x", "addresses": ["a"]}),
         "event 2: its parts do not add up"),
    ],
)  # fmt: skip
def test_a_forged_event_is_named(workspace, kind, change, said):
    forged(workspace, kind, change)
    with pytest.raises(ArtifactCorruptError, match=said):
        Desk(workspace).view(SmallSet())


def test_numpy_numbers_and_vectors(desk):
    vectors = SmallSet(name="numbers")
    vectors.items["path"] = None
    vectors.clusterings = {"themes": SimpleNamespace(key="k", table=range(1))}
    labels = np.array(["a", "b"])
    event = desk.act(
        vectors, "relabel.each", np.array([3, 1, 2]), labels=labels, sizes=np.array([1, 2])
    )
    assert json.loads(event.line())["sizes"] == [1, 2]
    assert desk.view(vectors).can_undo == "Labelled 3 vectors (“a” 1, “b” 2)"

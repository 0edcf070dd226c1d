"""Acts, undo and redo, and what a page is told of them."""

import json
import sys
import zipfile
from io import BytesIO
from types import SimpleNamespace

import numpy as np
import pytest
from curating import SmallPart, SmallSet, item, named
from hypothesis import given, settings
from hypothesis import strategies as st

from core.curation import Desk
from core.curation.bundle import read_log
from core.curation.manifest import Selection, indented
from core.curation.source import portable_name
from core.errors import InputError, NotFoundError
from core.storage.store import Workspace


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path / "ws")


@pytest.fixture
def desk(workspace):
    return Desk(workspace)


MOTHS = SmallSet()


# -- slices ----------------------------------------------------------------------------------------


def test_a_slice_is_saved_changed_renamed_and_deleted(desk):
    desk.act(MOTHS, "slice.create", [5, 1, 3, 1], name="night", how="lasso on UMAP")
    desk.act(MOTHS, "slice.add", [0], name="night")
    desk.act(MOTHS, "slice.remove", [5], name="night")
    one = desk.view(MOTHS).slice("night")
    assert (one.rows.tolist(), one.count, one.total, one.missing) == ([0, 1, 3], 3, 3, 0)
    assert one.how == "lasso on UMAP"
    assert one.created.endswith("Z")
    desk.act(MOTHS, "slice.rename", name="night", to="dusk")
    desk.act(MOTHS, "slice.set", [9], name="dusk", how="typed")
    one = desk.view(MOTHS).slice("dusk")
    assert (one.rows.tolist(), one.how) == ([9], "typed")
    desk.act(MOTHS, "slice.delete", name="dusk")
    assert desk.view(MOTHS).slices == []
    with pytest.raises(NotFoundError, match="no slice “dusk”; the slices are: none yet"):
        desk.view(MOTHS).slice("dusk")


def test_slices_keep_the_order_they_were_made_in(desk):
    for name in ("c", "a", "b"):
        desk.act(MOTHS, "slice.create", [0], name=name)
    desk.act(MOTHS, "slice.rename", name="c", to="z")
    assert [one.name for one in desk.view(MOTHS).slices] == ["z", "a", "b"]


@pytest.mark.parametrize(
    ("kind", "rows", "fields", "why"),
    [
        ("slice.create", [], {"name": "x"}, "nothing is selected"),
        ("slice.create", None, {"name": "x"}, "nothing is selected"),
        ("slice.create", [0], {}, "name is missing"),
        ("slice.create", [0], {"name": " "}, "slice name is empty"),
        ("slice.create", [0], {"name": "x" * 81}, "81 characters"),
        ("slice.create", [0], {"name": "a\nb"}, "control characters"),
        ("slice.create", [0], {"name": "a\x1bb"}, "control characters"),
        ("slice.create", [0], {"name": "a\ud800"}, "control characters"),
        ("slice.create", [0], {"name": ":working"}, "colon"),
        ("slice.create", [0], {"name": "there"}, "is a slice “there” already"),
        ("slice.create", [0], {"name": "There"}, "is a slice “there” already"),
        ("slice.create", [0], {"name": 3}, "must be text"),
        ("slice.create", [12], {"name": "x"}, "from 0 to 11"),
        ("slice.create", [-1], {"name": "x"}, "from 0 to 11"),
        ("slice.create", [0.5], {"name": "x"}, "whole numbers"),
        ("slice.create", [0], {"name": "x", "colour": "red"}, "unknown field 'colour'"),
        ("slice.add", [0], {"name": "gone"}, "no slice “gone”; the slices are: “there”"),
        ("slice.delete", None, {"name": "gone"}, "no slice “gone”"),
        ("slice.delete", [0], {"name": "there"}, "takes no rows"),
        ("slice.rename", None, {"name": "there", "to": "other"}, "is a slice “other” already"),
        ("slice.rename", None, {"name": "there", "to": "there"}, "is called “there” already"),
        ("exclude", [], {}, "nothing is selected"),
        ("exclude", [0], {"reason": "x" * 501}, "501 characters"),
        ("relabel", [0], {}, "label is missing"),
        ("undo", None, {"event": 2}, "act 'undo' is unknown"),
        ("start", None, {}, "act 'start' is unknown"),
        ("theme.rename", None, {"clustering": "old", "cluster": 0, "to": "x"}, "reload the page"),
        ("theme.rename", None, {"clustering": "themes-key", "cluster": 6, "to": "x"}, "no theme 7"),
        ("theme.rename", None, {"clustering": "themes-key", "cluster": -1, "to": "x"}, "0 or more"),
        ("theme.merge", None, {"clustering": "themes-key", "clusters": [1, 1]}, "2 to 1000"),
        ("theme.merge", None, {"clustering": "themes-key", "clusters": "12"}, "must be a list"),
    ],
)
def test_what_cannot_be_done_is_said_and_not_written(desk, workspace, kind, rows, fields, why):
    desk.act(MOTHS, "slice.create", [0], name="there")
    desk.act(MOTHS, "slice.create", [0], name="other")
    path = workspace.root / "curation" / "moths" / "log.jsonl"
    before = path.read_bytes()
    with pytest.raises(InputError, match=why):
        desk.act(MOTHS, kind, rows, **fields)
    assert path.read_bytes() == before


class Themed(SmallSet):
    """A set of twenty items whose themes hold ten each."""

    def __init__(self):
        super().__init__("abcdefghijklmnopqrst")
        labels = np.repeat([0, 1], 10)
        self.clusterings = {
            "themes": SimpleNamespace(
                key="themes-key", kind="themes", table=range(2), labels=labels
            )
        }


SPLIT = {"clustering": "themes-key", "cluster": 0}


def test_a_split_keeps_which_part_each_item_is_in(desk, workspace):
    themed = Themed()
    event = desk.act(themed, "theme.split", [9, 2, 0, 1, 8], sizes=[3, 2], **SPLIT)
    named = [themed.addresses[row] for row in (0, 2, 9, 1, 8)]  # sorted in each part
    assert event.items["addresses"] == named
    (one,) = desk.view(themed).theme_splits("themes-key")
    assert [part.tolist() for part in one.parts] == [[0, 2, 9], [1, 8]]
    assert (one.themes, one.mark) == ((0,), event.checksum)
    assert desk.view(themed).theme_splits("other") == ()
    assert desk.view(themed).can_undo == "Split theme 1 into 2 parts: 3 and 2 images"
    (again,) = Desk(workspace).view(themed).theme_splits("themes-key")
    assert [part.tolist() for part in again.parts] == [[0, 2, 9], [1, 8]]
    desk.undo(themed)
    assert desk.view(themed).theme_splits("themes-key") == ()
    desk.redo(themed)
    assert len(desk.view(themed).theme_splits("themes-key")) == 1


def test_long_parts_are_a_list_in_their_own_order(desk, workspace):
    themed = Themed()
    themed.clusterings["themes"].labels = np.zeros(20, int)
    parts = np.r_[np.arange(19, 9, -1), np.arange(0, 10)]
    event = desk.act(themed, "theme.split", parts, sizes=[10, 10], **SPLIT)
    assert "addresses" not in event.items
    lines = (workspace.root / "curation" / "moths" / "ids" / event.items["digest"]).read_text()
    wanted = [themed.addresses[row] for row in [*range(10, 20), *range(10)]]
    assert lines.split() == wanted
    desk.act(themed, "slice.create", range(20), name="all")  # the same items, in another order
    (one,) = Desk(workspace).view(themed).theme_splits("themes-key")
    assert [part.tolist() for part in one.parts] == [list(range(10, 20)), list(range(10))]


def test_new_themes_can_be_named_and_merged_as_long_as_they_are_there(desk):
    themed = Themed()
    rename = {"clustering": "themes-key", "cluster": 3, "to": "x"}
    desk.act(themed, "theme.split", [0, 1, 2, 3], sizes=[2, 1, 1], **SPLIT)
    desk.act(themed, "theme.rename", **rename)
    desk.act(themed, "theme.merge", clustering="themes-key", clusters=[1, 3])
    assert desk.view(themed).theme_names("themes-key") == {1: "x", 3: "x"}
    with pytest.raises(InputError, match="no theme 5 among 4"):
        desk.act(themed, "theme.rename", **{**rename, "cluster": 4})
    desk.act(themed, "theme.split", [5, 6], sizes=[1, 1], **SPLIT)
    desk.act(themed, "theme.rename", **{**rename, "cluster": 4})
    for _ in range(5):
        desk.undo(themed)
    with pytest.raises(InputError, match="no theme 4 among 2"):
        desk.act(themed, "theme.rename", **rename)


@pytest.mark.parametrize(
    ("sizes", "rows", "why"),
    [
        ([2, 1], [0, 1], "add up to 3, not to 2 items"),
        ([2], [0, 1], "2 to 1000 parts"),
        ([2, 0], [0, 1], "1 item or more"),
        ([True, 1], [0, 1], "1 item or more"),
        ("11", [0, 1], "must be a list"),
        ([1, 1], None, "nothing is selected"),
        ([1, 1], [0, 0], "comes twice"),
        ([1, 1], [0, 15], "1 of 2 items are not in theme 1"),
    ],
)
def test_a_split_that_does_not_add_up_is_refused(desk, workspace, sizes, rows, why):
    with pytest.raises(InputError, match=why):
        desk.act(Themed(), "theme.split", rows, sizes=sizes, **SPLIT)
    assert not (workspace.root / "curation" / "moths" / "log.jsonl").exists()


def test_a_manifest_tells_of_splits_only_where_there_are_some(desk, workspace):
    themed = named(workspace, Themed())
    desk.act(themed, "theme.rename", clustering="themes-key", cluster=0, to="x")
    assert json.loads(desk.manifest(themed))["themes"]["themes-key"].keys() == {"names", "merged"}
    event = desk.act(themed, "theme.split", [4, 0, 1], sizes=[1, 2], **SPLIT)
    told = json.loads(desk.manifest(themed))["themes"]["themes-key"]
    addresses = themed.addresses
    assert told["splits"] == [
        {"event": event.number, "themes": [0], "parts": [[addresses[4]], addresses[:2]]}
    ]


def test_capitals_of_a_slice_name_can_be_changed(desk):
    desk.act(MOTHS, "slice.create", [0], name="night")
    desk.act(MOTHS, "slice.rename", name="night", to="Night")
    assert [one.name for one in desk.view(MOTHS).slices] == ["Night"]


def test_names_are_kept_without_spaces_around_them_and_composed(desk):
    event = desk.act(MOTHS, "slice.create", [0], name="  u\u0308ber  ", how="two\n lines")
    assert (event.fields["name"], event.fields["how"]) == ("\u00fcber", "two lines")


# -- decisions and labels --------------------------------------------------------------------------


def test_the_last_decision_about_an_image_counts(desk):
    desk.act(MOTHS, "exclude", [0, 1, 2, 3], reason="blurred")
    desk.act(MOTHS, "keep", [1])
    desk.act(MOTHS, "include", [2])
    desk.act(MOTHS, "drop", [3, 4])
    view = desk.view(MOTHS)
    assert {kind: rows.tolist() for kind, rows in view.decisions.items()} == {
        "include": [2], "exclude": [0], "keep": [1], "drop": [3, 4],
    }  # fmt: skip
    assert view.excluded.tolist() == [0, 3, 4]
    assert view.working.tolist() == [1, 2, 5, 6, 7, 8, 9, 10, 11]
    assert view.decision_of(0) == ("exclude", "blurred")
    assert view.decision_of(11) is None


def test_labels_are_edited_and_taken_off(desk):
    desk.act(MOTHS, "relabel", [0, 1, 2], label="bee")
    desk.act(MOTHS, "relabel", [1], label="")
    view = desk.view(MOTHS)
    assert view.labels == {0: "bee", 1: "", 2: "bee"}
    assert [view.label_of(row) for row in (0, 1, 3)] == ["bee", "", None]
    _, column = desk.columns(MOTHS)["label, edited"]
    assert column.iloc[[0, 2, 3, 4]].tolist() == ["bee", "bee", "wasp", "moth"]
    assert column.isna().tolist() == [row == 1 for row in range(12)]


def test_the_columns_say_what_was_decided_and_only_that(desk):
    assert desk.columns(MOTHS) == {}
    desk.act(MOTHS, "include", [0])
    assert desk.columns(MOTHS) == {}
    desk.act(MOTHS, "slice.create", [0, 1], name="a")
    desk.act(MOTHS, "slice.create", [1, 2], name="b")
    desk.act(MOTHS, "slice.create", [1, 5], name="c")
    desk.act(MOTHS, "keep", [3])
    desk.act(MOTHS, "drop", [4])
    desk.act(MOTHS, "exclude", [5])
    found = desk.columns(MOTHS)
    assert {name: kind for name, (kind, _) in found.items()} == {
        "decision": "category",
        "slice": "category",
    }
    words = found["decision"][1].fillna("-").tolist()
    assert words[:6] == ["-", "-", "-", "kept", "dropped", "excluded"]
    assert found["slice"][1].fillna("-").tolist()[:6] == ["a", "a + b + c", "b", "-", "-", "c"]
    assert desk.columns(MOTHS)["slice"][1] is found["slice"][1]


# -- themes ----------------------------------------------------------------------------------------


def test_themes_are_named_and_merged_for_one_clustering(desk):
    where = {"clustering": "themes-key"}
    desk.act(MOTHS, "theme.rename", cluster=2, to="wasps", **where)
    desk.act(MOTHS, "theme.merge", clusters=[4, 2, 0], **where)
    view = desk.view(MOTHS)
    assert view.theme_names("themes-key") == dict.fromkeys((0, 2, 4), "wasps")
    assert view.theme_merges("themes-key") == [(0, 2, 4)]
    assert view.theme_names("other") == {}
    desk.act(MOTHS, "theme.rename", cluster=4, to="hornets", **where)
    desk.act(MOTHS, "theme.merge", clusters=[1, 0], to="all", **where)
    assert desk.view(MOTHS).theme_names("themes-key") == dict.fromkeys((0, 1, 2, 4), "all")
    desk.act(MOTHS, "theme.rename", cluster=1, to="", **where)
    assert desk.view(MOTHS).theme_names("themes-key")[2] == "Themes 1 + 2 + 3 + 5"
    for _ in range(5):
        desk.undo(MOTHS)
    assert desk.view(MOTHS).theme_names("themes-key") == {}


def test_numbers_from_numpy_are_numbers(desk):
    event = desk.act(MOTHS, "theme.rename", clustering="themes-key", cluster=np.int32(3), to="x")
    assert json.loads(event.line())["cluster"] == 3


# -- undo and redo ---------------------------------------------------------------------------------


def test_undo_takes_back_the_last_act_that_counts_and_redo_does_it_again(desk):
    desk.act(MOTHS, "exclude", [0])
    desk.act(MOTHS, "exclude", [1])
    assert desk.undo(MOTHS).fields["event"] == 3
    assert desk.undo(MOTHS).fields["event"] == 2
    assert desk.undo(MOTHS) is None
    assert len(desk.view(MOTHS).excluded) == 0
    assert desk.redo(MOTHS).fields["event"] == 2
    assert desk.view(MOTHS).excluded.tolist() == [0]
    desk.act(MOTHS, "exclude", [5])
    assert desk.redo(MOTHS) is None
    assert desk.view(MOTHS).excluded.tolist() == [0, 5]


def test_undo_brings_back_a_deleted_slice_as_it_was(desk):
    desk.act(MOTHS, "slice.create", [1, 2], name="a", how="by hand")
    before = desk.view(MOTHS).slice("a")
    desk.act(MOTHS, "slice.delete", name="a")
    desk.undo(MOTHS)
    after = desk.view(MOTHS).slice("a")
    assert after.rows.tolist() == before.rows.tolist()
    assert (after.how, after.created) == (before.how, before.created)


def test_nothing_to_undo_writes_nothing(desk, workspace):
    assert desk.undo(MOTHS) is None
    assert desk.redo(MOTHS) is None
    assert not (workspace.root / "curation" / "moths").exists()


def test_acts_are_told_in_words(desk):
    where = {"clustering": "themes-key"}
    desk.act(MOTHS, "exclude", range(12), reason="blurred")
    desk.act(MOTHS, "slice.create", [0], name="night")
    desk.act(MOTHS, "slice.add", [1, 2], name="night")
    desk.act(MOTHS, "slice.rename", name="night", to="dusk")
    desk.act(MOTHS, "relabel", [0], label="bee")
    desk.act(MOTHS, "relabel", [0], label="")
    desk.act(MOTHS, "theme.rename", cluster=2, to="wasps", **where)
    desk.act(MOTHS, "theme.merge", clusters=[0, 3, 4], **where)
    desk.undo(MOTHS)
    view = desk.view(MOTHS)
    assert [(line.text, line.undone) for line in view.history()] == [
        ("Undid: Merged themes 1, 4 and 5", False),
        ("Merged themes 1, 4 and 5", True),
        ("Named theme 3 “wasps”", False),
        ("Took the label off 1 image", False),
        ("Labelled 1 image “bee”", False),
        ("Renamed slice “night” to “dusk”", False),
        ("Added 2 images to slice “night”", False),
        ("Saved slice “night” with 1 image", False),
        ("Excluded 12 images: blurred", False),
        ("Began with 12 images", False),
    ]
    assert (view.can_undo, view.can_redo) == ("Named theme 3 “wasps”", "Merged themes 1, 4 and 5")
    assert [line.number for line in view.history(limit=2)] == [10, 9]
    assert [line.kind for line in view.history(slice="dusk")] == [
        "slice.rename", "slice.add", "slice.create",
    ]  # fmt: skip


# -- parts, copies, changed sets -------------------------------------------------------------------


def test_an_act_in_a_part_is_an_act_in_the_set(desk):
    part = SmallPart(MOTHS, [8, 2, 5])
    desk.act(part, "exclude", [0, 1])
    assert desk.view(MOTHS).excluded.tolist() == [2, 8]
    assert desk.view(part).excluded.tolist() == [0, 1]
    assert desk.view(part).working.tolist() == [2]
    desk.act(MOTHS, "slice.create", [0, 5, 8], name="a")
    one = desk.view(part).slice("a")
    assert (one.rows.tolist(), one.count, one.total, one.missing) == ([0, 2], 2, 3, 0)
    desk.act(part, "relabel", [2], label="bee")
    assert desk.view(MOTHS).labels == {5: "bee"}
    assert desk.view(part).labels == {2: "bee"}
    assert desk.columns(part)["decision"][1].fillna("-").tolist() == ["excluded", "excluded", "-"]
    desk.act(part, "theme.rename", clustering="part-key", cluster=1, to="x")
    assert desk.view(part).theme_names("part-key") == {1: "x"}
    with pytest.raises(InputError, match="reload"):
        desk.act(MOTHS, "theme.rename", clustering="part-key", cluster=1, to="x")
    desk.undo(part)
    assert desk.view(MOTHS).can_redo == "Named theme 2 “x”"


def test_copies_of_a_file_are_decided_about_one_by_one(desk):
    copies = SmallSet("abaa")
    event = desk.act(copies, "exclude", [2])
    assert event.items["addresses"] == [f"{item('a')}:2"]
    assert desk.view(copies).excluded.tolist() == [2]
    desk.act(copies, "slice.create", [0, 3], name="ends")
    assert desk.view(copies).slice("ends").rows.tolist() == [0, 3]


def test_a_set_that_grew_shrank_and_was_reordered_keeps_what_was_decided(desk, workspace):
    desk.act(MOTHS, "slice.create", [0, 1, 2], name="abc")
    desk.act(MOTHS, "exclude", [1, 11])
    changed = SmallSet("zcba")
    view = desk.view(changed)
    one = view.slice("abc")
    assert (one.rows.tolist(), one.total, one.missing) == ([1, 2, 3], 3, 0)
    assert view.excluded.tolist() == [2]
    fewer = SmallSet("xcb")
    one = desk.view(fewer).slice("abc")
    assert (one.rows.tolist(), one.count, one.total, one.missing) == ([1, 2], 2, 3, 1)
    desk.act(fewer, "slice.remove", [2], name="abc")
    one = desk.view(MOTHS).slice("abc")  # the missing one was not lost
    assert one.rows.tolist() == [0, 2]
    lines = [json.loads(line) for line in
             (workspace.root / "curation/moths/log.jsonl").read_text().splitlines()]  # fmt: skip
    assert [line["kind"] for line in lines] == [
        "start", "slice.create", "exclude", "change", "slice.remove",
    ]  # fmt: skip
    assert lines[3]["items"]["count"] == 3


def test_the_manifest_names_missing_items_after_the_others_by_address(desk):
    desk.act(MOTHS, "slice.create", [11, 3], name="a")
    desk.act(MOTHS, "slice.add", [2, 1], name="a")
    fewer = SmallSet("zdba")
    value = json.loads(desk.manifest(fewer))
    assert value["slices"][0]["addresses"] == [item(letter) for letter in "dbcl"]
    assert sorted(value["paths"]) == sorted(fewer.addresses)


def test_two_sets_have_two_logs(desk):
    other = SmallSet(name="wasps")
    desk.act(MOTHS, "exclude", [0])
    assert desk.view(other).can_undo is None


def test_another_process_is_seen_at_once(workspace):
    here, there = Desk(workspace), Desk(workspace)
    before = here.view(MOTHS)
    there.act(MOTHS, "exclude", [3])
    assert here.view(MOTHS).excluded.tolist() == [3]
    assert len(before.excluded) == 0
    here.undo(MOTHS)
    assert len(there.view(MOTHS).excluded) == 0


def test_a_view_is_kept_while_nothing_happens(desk):
    desk.act(MOTHS, "exclude", [3])
    assert desk.view(MOTHS) is desk.view(SmallSet())


def test_a_view_does_not_change_when_the_log_goes_on(desk):
    desk.act(MOTHS, "exclude", [3])
    before = desk.view(MOTHS)
    desk.act(MOTHS, "exclude", [4])
    desk.act(MOTHS, "include", [3])
    assert before.excluded.tolist() == [3]


# -- bundles ---------------------------------------------------------------------------------------


def unzipped(data):
    with zipfile.ZipFile(BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_bundle_holds_manifest_log_and_provenance(desk, workspace):
    named(workspace, MOTHS)
    desk.act(MOTHS, "slice.create", [0, 1], name="ab")
    desk.act(MOTHS, "exclude", [1], reason="twice")
    files = unzipped(desk.bundle(MOTHS))
    assert sorted(files) == ["log.jsonl", "manifest.json", "provenance.json"]
    manifest = json.loads(files["manifest.json"])
    assert files["manifest.json"] == desk.manifest(MOTHS)
    assert manifest["working"] == [a for a in MOTHS.addresses if a != MOTHS.addresses[1]]
    assert manifest["decisions"] == [
        {"event": 3, "decision": "exclude", "reason": "twice", "addresses": [MOTHS.addresses[1]]}
    ]
    assert manifest["slices"][0]["addresses"] == MOTHS.addresses[:2]
    assert manifest["paths"] == dict(zip(MOTHS.addresses, MOTHS.items["path"], strict=True))
    assert manifest["selection"] is None
    text = b"".join(files.values()).decode()
    assert "secret" not in text
    about = json.loads(files["provenance.json"])
    assert about["encoder"]["name"] == "pixels"
    assert about["keys"]["imageset"] == MOTHS.key
    assert about["python"] == ".".join(map(str, sys.version_info[:3]))


def test_the_manifest_is_canonical_json(desk):
    desk.act(MOTHS, "relabel", [0], label="Käfer")
    data = desk.manifest(MOTHS)
    value = json.loads(data)
    text = json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False)
    assert data.decode() == f"{text}\n"
    assert "Käfer" in data.decode()


def test_a_bundle_can_be_restricted(desk, workspace):
    named(workspace, MOTHS)
    desk.act(MOTHS, "slice.create", [0, 1, 2], name="abc")
    desk.act(MOTHS, "drop", [1, 5])
    manifest = json.loads(unzipped(desk.bundle(MOTHS, slice="abc"))["manifest.json"])
    assert manifest["selection"] == {"name": "abc", "addresses": MOTHS.addresses[:3]}
    assert manifest["working"] == [MOTHS.addresses[0], MOTHS.addresses[2]]
    assert sorted(manifest["paths"]) == sorted(MOTHS.addresses[:3])
    part = SmallPart(MOTHS, [5, 6, 7])
    manifest = json.loads(unzipped(desk.bundle(part, rows=[0, 1]))["manifest.json"])
    assert manifest["selection"] == {"name": None, "addresses": MOTHS.addresses[5:7]}
    assert manifest["working"] == [MOTHS.addresses[6]]
    with pytest.raises(InputError, match="no slice “x”"):
        desk.bundle(MOTHS, slice="x")
    with pytest.raises(InputError, match="nothing is selected"):
        desk.bundle(MOTHS, rows=[])
    with pytest.raises(InputError, match="not to both"):
        desk.bundle(MOTHS, slice="abc", rows=[0])


def test_a_slice_that_was_emptied_can_be_bundled(desk, workspace):
    named(workspace, MOTHS)
    desk.act(MOTHS, "slice.create", [0], name="a")
    desk.act(MOTHS, "slice.remove", [0], name="a")
    (workspace.root / "b.zip").write_bytes(desk.bundle(MOTHS, slice="a"))
    assert read_log(workspace.root / "b.zip").selection == Selection("a", [])
    assert json.loads(desk.manifest(MOTHS, slice="a"))["working"] == []


PLAIN = st.none() | st.integers() | st.text(max_size=5)
NESTED = st.recursive(
    PLAIN,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=12,
)


@given(value=NESTED)
def test_the_quick_json_is_that_of_the_standard_library(value):
    expected = json.dumps(value, sort_keys=True, indent=1, ensure_ascii=False)
    assert indented(value) == expected


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("pixels", "pixels"),
        ("timm:resnet18?layer=layer3&pool=max", "timm:resnet18?layer=layer3&pool=max"),
        ("timm:local-dir:/home/me/nets/dino", "timm:local-dir:dino"),
        ("timm:local-dir:C:\\nets\\dino\\?pool=avg", "timm:local-dir:dino?pool=avg"),
        (
            "timm:vit?checkpoint=%2Fhome%2Fme%2Fnet.pth&size=32",
            "timm:vit?checkpoint=net.pth&size=32",
        ),
        ("onnx:/home/me/n.onnx?size=64", "onnx:n.onnx?size=64"),
        ("exported:C:\\nets\\n.pt2", "exported:n.pt2"),
        ("python:net:encode?path=/home/me/code", "python:net:encode?path=code"),
        ("open_clip:ViT-B-32:openai", "open_clip:ViT-B-32:openai"),
        ("open_clip:ViT-B-32:/home/me/clip", "open_clip:ViT-B-32:clip"),
        ("open_clip:hf-hub:owner/name", "open_clip:hf-hub:owner/name"),
        (
            "ensemble:timm:local-dir:/home/me/net+pixels?weights=2,1",
            "ensemble:timm:local-dir:net+pixels?weights=2,1",
        ),
    ],
)
def test_an_encoders_name_tells_no_folder(name, shown):
    assert portable_name(name) == shown


# -- names -----------------------------------------------------------------------------------------


@given(text=st.text(min_size=1, max_size=90))
@settings(max_examples=200, deadline=None)
def test_every_name_is_taken_as_it_is_shown_or_refused(text):
    from core.curation.acts import slice_name

    try:
        name = slice_name(text)
    except InputError:
        return
    assert 1 <= len(name) <= 80
    assert slice_name(name) == name
    assert name == name.strip()
    assert name.isprintable() or not any(ord(c) < 32 or 0xD800 <= ord(c) < 0xE000 for c in name)
    assert name.encode()


def test_vectors_are_called_vectors(desk):
    vectors = SmallSet(name="numbers")
    vectors.items["path"] = None
    vectors.clusterings = {"themes": SimpleNamespace(key="k", table=range(1))}
    desk.act(vectors, "exclude", [0, 1])
    assert desk.view(vectors).can_undo == "Excluded 2 vectors"

"""A box edited by a person: an act that is undone and replayed, and one item that is encoded."""

import json

import pytest
from objects_example import write_coco

from core.config import load_settings
from core.curation import Desk
from core.curation.boxes import edit_box
from core.errors import InputError
from core.keys import item_id
from core.library import Library
from core.model import Region
from core.pipeline import run
from core.replay import replay
from core.request import RunRequest
from core.storage.store import Workspace

BOX = (41.0, 12.0, 10.0, 11.0)


class Objects:
    """A set of twelve objects in four pictures, and what is done to it."""

    def __init__(self, folder, settings, options=""):
        self.settings = settings
        self.workspace = Workspace(folder / "workspace")
        self.file = write_coco(folder / "set")
        self.source = f"coco:{self.file}{options}"
        self.desk = Desk(self.workspace)
        self.library = Library.with_desk(self.workspace, self.desk)

    def run(self, *, place=False):
        wanted = RunRequest(self.source, "objects", "pixels", ("pca",), place=place)
        return run(wanted, self.workspace, self.settings)

    @property
    def opened(self):
        return self.library.open("objects")

    @property
    def view(self):
        return self.desk.view(self.opened)


@pytest.fixture
def objects(tmp_path):
    settings = load_settings({"workspace": str(tmp_path / "workspace")}, {})
    made = Objects(tmp_path, settings)
    made.run()
    return made


def test_an_edited_box_encodes_one_item_and_changes_nothing_else(objects):
    before = objects.opened.items
    edit_box(objects.desk, objects.opened, 4, BOX)
    assert objects.view.boxes == {4: BOX}
    assert objects.view.boxes_waiting.tolist() == [4]
    done = objects.run()
    assert (done["encoded"], done["reused"], done["items"]) == (1, 11, 12)
    after = objects.opened.items
    changed = [
        (row, name)
        for name in before.columns
        for row in range(12)
        if str(before[name].iat[row]) != str(after[name].iat[row])
    ]
    sides = [f"{of}_{side}" for of in ("box", "object") for side in "xywh"]
    assert {row for row, _ in changed} == {4}
    assert {name for _, name in changed} <= {"item_id", *sides}
    assert after["item_id"].iat[4] == item_id(after["picture"].iat[4], Region(BOX))
    assert objects.view.boxes_waiting.tolist() == []
    again = objects.run()
    assert (again["encoded"], again["key"]) == (0, done["key"])


def test_what_was_decided_of_an_object_holds_on_before_and_after(objects):
    desk, opened = objects.desk, objects.opened
    desk.act(opened, "exclude", [4], reason="cut off")
    desk.act(opened, "relabel", [4, 5], label="nut")
    desk.act(opened, "slice.create", [3, 4], name="look")
    edit_box(desk, opened, 4, BOX)
    objects.run()
    desk.act(objects.opened, "slice.add", [0], name="look")

    def decided():
        view = objects.view
        one = view.slice("look")
        return view.excluded.tolist(), view.labels, one.rows.tolist(), one.missing

    expected = ([4], {4: "nut", 5: "nut"}, [0, 3, 4], 0)
    assert decided() == expected
    desk.undo(objects.opened)
    desk.undo(objects.opened)
    assert objects.view.boxes == {}
    assert objects.view.boxes_waiting.tolist() == [4]  # it shows the edited box still
    done = objects.run()
    assert done["encoded"] == 0  # its first vector is still there
    assert decided() == ([4], {4: "nut", 5: "nut"}, [3, 4], 0)
    assert objects.opened.record(4)["object_x"] == 40
    desk.redo(objects.opened)
    desk.redo(objects.opened)
    objects.run()
    assert decided() == expected
    assert objects.view.boxes == {4: BOX}


def test_a_box_can_be_edited_again_and_back(objects):
    first = objects.opened.item_id(4)
    for box in (BOX, (39.0, 9.0, 15.0, 15.0), (40.0, 11.0, 12.0, 13.0)):
        edit_box(objects.desk, objects.opened, 4, box)
        objects.run()
        assert objects.opened.record(4)["object_x"] == box[0]
        assert objects.view.boxes_waiting.tolist() == []
    assert objects.opened.item_id(4) == first
    assert objects.view.boxes[4] == (40.0, 11.0, 12.0, 13.0)


def test_placing_keeps_the_map_and_places_the_one(objects):
    edit_box(objects.desk, objects.opened, 4, BOX)
    before = objects.opened.projection("pca").coordinates.copy()
    done = objects.run(place=True)
    after = objects.opened.projection("pca").coordinates
    assert (done["encoded"], done["placed"]["removed"]) == (1, 1)
    assert [row for row in range(12) if before[row].tolist() != after[row].tolist()] == [4]


@pytest.mark.parametrize(
    ("box", "said"),
    [
        ((200, 10, 5, 5), "lies outside the picture of 96 × 64"),
        ((5, 5, 0, 5), "a box of width 0 and height 5"),
        ((5, 5, float("nan"), 5), "a box of width nan"),
        ((5, 5, None, 5), "must be the four numbers"),
        ((40, 11, 12, 13), "this is its box already"),
        ((5, 6, 20, 16), "another object of this picture has this very box"),
    ],
)
def test_a_box_that_cannot_be_is_refused_and_nothing_is_written(objects, box, said):
    with pytest.raises(InputError, match=said):
        edit_box(objects.desk, objects.opened, 4, box)
    assert objects.view.history() == []


def test_objects_that_come_twice_are_edited_in_their_file(tmp_path):
    settings = load_settings({"workspace": str(tmp_path / "workspace")}, {})
    made = Objects(tmp_path, settings)
    value = json.loads(made.file.read_text())
    value["annotations"].append(value["annotations"][4] | {"id": 99})
    made.file.write_text(json.dumps(value))
    made.run()
    with pytest.raises(InputError, match="comes twice"):
        edit_box(made.desk, made.opened, 4, BOX)


def test_whole_pictures_have_no_boxes_to_edit(objects, folder):
    run(RunRequest(str(folder), "plain", "pixels", ("pca",)), objects.workspace, objects.settings)
    with pytest.raises(InputError, match="holds no objects"):
        edit_box(objects.desk, objects.library.open("plain"), 0, BOX)


def test_context_and_outline_stay_with_an_edited_box(tmp_path):
    settings = load_settings({"workspace": str(tmp_path / "workspace")}, {})
    made = Objects(tmp_path, settings, "?cut=mask&context=0.5")
    made.run()
    mask = made.opened.record(4)["mask"]
    edit_box(made.desk, made.opened, 4, BOX)
    made.run()
    record = made.opened.record(4)
    assert record["mask"] == mask
    assert [record[f"box_{side}"] for side in "xywh"] == [36, 6.5, 20, 22]
    assert [record[f"object_{side}"] for side in "xywh"] == list(BOX)


def test_a_log_with_boxes_replays_to_the_same_manifest(objects, tmp_path):
    desk = objects.desk
    edit_box(desk, objects.opened, 4, BOX)
    desk.act(objects.opened, "drop", [4], reason="torn")
    objects.run()
    edit_box(desk, objects.opened, 7, (42.0, 13.0, 9.0, 9.0))
    desk.undo(objects.opened)
    bundle = tmp_path / "bundle.zip"
    bundle.write_bytes(desk.bundle(objects.opened))
    other = Workspace(tmp_path / "other")
    done = replay(bundle, objects.source, other, objects.settings)
    assert done.manifest == desk.manifest(objects.opened)
    assert done.same
    told = json.loads(done.manifest)["boxes"]
    assert [(one["event"], one["box"]) for one in told] == [(2, list(BOX))]
    assert told[0]["to"] == objects.opened.item_id(4)


def test_a_log_that_names_another_picture_changes_no_box(objects):
    edit_box(objects.desk, objects.opened, 4, BOX)
    value = json.loads(objects.file.read_text())
    value["annotations"][4]["bbox"] = [38, 9, 12, 12]  # another box in the file itself
    objects.file.write_text(json.dumps(value))
    objects.run()
    assert objects.opened.record(4)["object_x"] == 38
    assert objects.view.boxes == {}

"""Objects out again: COCO with what was decided, and how many each picture has."""

import json

import pandas as pd
import pytest
from objects_example import SIZE, objects_of, write_coco

from core.config import load_settings
from core.curation import Desk
from core.curation.boxes import edit_box
from core.errors import InputError
from core.export import export_set
from core.export.folder import checked_file
from core.ingest import scan
from core.labelfiles import match_labels, read_labels
from core.library import Library
from core.pipeline import run
from core.request import RunRequest
from core.storage.store import Workspace

BOX = (41.0, 12.0, 10.0, 11.0)


@pytest.fixture(scope="module", params=["box", "mask"])
def decided(request, tmp_path_factory):
    """A set of objects of which something was decided, its desk and its folder."""
    folder = tmp_path_factory.mktemp("objects")
    workspace = Workspace(folder / "workspace")
    settings = load_settings({"workspace": str(workspace.root)}, {})
    source = f"coco:{write_coco(folder)}?cut={request.param}"
    run(RunRequest(source, "objects", "pixels", ("pca",)), workspace, settings)
    desk = Desk(workspace)
    opened = Library.with_desk(workspace, desk).open("objects")
    desk.act(opened, "drop", [2], reason="shadow")
    desk.act(opened, "keep", [3], about="outliers")
    desk.act(opened, "relabel", [1], label="nut")
    desk.act(opened, "relabel", [6], label="")
    edit_box(desk, opened, 4, BOX)
    return opened, desk, workspace, folder, request.param


def written(decided, rows=None):
    opened, _, workspace, folder, _ = decided
    export_set(opened, workspace, "coco", folder / "out.json", rows)
    return json.loads((folder / "out.json").read_text())


def test_the_working_set_is_written_as_edited_and_the_rest_beside_it(decided):
    value = written(decided)
    assert len(value["images"]) == 4
    assert [(i["width"], i["height"]) for i in value["images"]] == [SIZE] * 4
    names = {one["id"]: one["name"] for one in value["categories"]}
    kept = {one["id"]: one for one in value["annotations"]}
    assert sorted(kept) == [1, 2, 4, 5, 6, 8, 9, 10, 11, 12]  # ids of the source
    assert names[kept[2]["category_id"]] == "nut"
    assert kept[2]["attributes"] == {"label_given": "seed"}
    assert kept[4]["attributes"] == {"decision": "keep"}
    assert kept[5]["bbox"] == list(BOX)
    assert kept[5]["attributes"] == {"bbox_given": list(map(float, objects_of(1)[1][1]))}
    assert kept[1]["bbox"] == list(map(float, objects_of(0)[0][1]))
    assert "attributes" not in kept[1]
    x, y, w, h = objects_of(0)[0][1]
    assert kept[1]["area"] == w * h
    assert kept[1]["segmentation"] == [[x, y, x + w, y, x + w, y + h, x, y + h]]
    left = {one["id"]: one for one in value["left_out"]}
    assert left[3]["attributes"] == {"decision": "drop", "reason": "shadow"}
    assert left[7]["attributes"] == {"decision": "no label", "label_given": "leaf"}
    assert "category_id" not in left[7]


def test_what_was_written_opens_again_as_the_same_items(decided):
    opened, *_, folder, cut = decided
    written(decided)
    back = scan(f"coco:{folder / 'out.json'}?images={folder / 'images'}&cut={cut}").items
    was = opened.items
    same = [row for row in range(12) if row not in {2, 4, 6}]
    ids = back["item_id"].tolist()
    assert [was["item_id"].iat[row] for row in same] == [i for i in ids if i in set(was["item_id"])]
    moved = back[~back["item_id"].isin(was["item_id"])]
    assert moved[["object_x", "object_y", "object_w", "object_h"]].to_numpy().tolist() == [
        list(BOX)
    ]


def test_the_labels_in_it_are_those_of_the_set(decided):
    opened, desk, _, folder, _ = decided
    written(decided)
    matched = match_labels(opened, read_labels(folder / "out.json"), desk.view(opened))
    assert (len(matched.rows), matched.changed) == (10, 0)
    assert not matched.unmatched
    assert not matched.ambiguous


def test_some_rows_are_written_alone(decided):
    value = written(decided, rows=[0, 2])
    assert [one["id"] for one in value["annotations"]] == [1]
    assert [one["id"] for one in value["left_out"]] == [3]
    assert len(value["images"]) == 1


def test_counts_are_those_of_the_working_set(decided):
    opened, _, workspace, folder, _ = decided
    export_set(opened, workspace, "counts", folder / "counts.csv")
    table = pd.read_csv(folder / "counts.csv").set_index("path")
    assert table["objects"].tolist() == [2, 3, 3, 3]
    assert table["objects: nut"].tolist() == [1, 0, 0, 0]
    assert table["objects: stone"].tolist() == [0, 1, 1, 1]
    assert table["objects: no label"].tolist() == [0, 0, 1, 0]
    export_set(opened, workspace, "counts", folder / "counts.csv", rows=[2, 3, 4])
    table = pd.read_csv(folder / "counts.csv").set_index("path")
    assert table["objects"].to_dict() == {"0.png": 0, "1.png": 2}


def test_the_file_of_annotations_is_never_replaced(decided):
    opened, _, workspace, folder, _ = decided
    with pytest.raises(InputError, match=r"boxes\.json is a file that 'objects' was made from"):
        checked_file(folder / "boxes.json", opened, workspace, picture=False)


def test_whole_pictures_are_written_as_the_box_of_all_of_them(folder, tmp_path):
    workspace = Workspace(tmp_path / "workspace")
    settings = load_settings({"workspace": str(workspace.root)}, {})
    run(RunRequest(str(folder), "plain", "pixels", ("pca",)), workspace, settings)
    opened = Library(workspace).open("plain")
    export_set(opened, workspace, "coco", tmp_path / "plain.json")
    value = json.loads((tmp_path / "plain.json").read_text())
    assert len(value["images"]) == len(opened)
    sides = {one["id"]: [one["width"], one["height"]] for one in value["images"]}
    assert all(one["bbox"] == [0, 0, *sides[one["image_id"]]] for one in value["annotations"])
    assert {one["name"] for one in value["categories"]} == {"moth", "wasp"}
    found = match_labels(opened, read_labels(tmp_path / "plain.json"))
    assert (found.changed, len(found.rows)) == (0, len(value["annotations"]))

"""Labels of regions handed to CVAT, FiftyOne, Label Studio and YOLO, and what these hand back."""

import json
import shutil

import pandas as pd
import pytest
from labelling_files import FileSet
from PIL import Image

from core.curation import Desk
from core.curation.acts import stored
from core.errors import InputError
from core.labelfiles import apply_labels, match_labels, read_labels, write_labels
from core.labelfiles.pictures import proposals_of
from core.storage.store import Workspace

SUFFIX = {"cvat": ".xml", "labelstudio": ".json", "fiftyone": "", "yolo": "", "coco": ".json"}
#: path, box, label: two pictures of one name, touching boxes, one box twice as large as its place.
OBJECTS = [
    ("a/1.png", (10, 5, 20, 10), "red cell"),
    ("a/1.png", (40, 25, 15, 30), "white cell"),
    ("a/1.png", (0, 0, 80, 60), "red cell"),
    ("b/1.png", (10, 5, 20, 10), "platelet"),
    ("b/2.png", (3.5, 2.25, 7, 9.5), "a, \"b\" & <c>: ä"),
]  # fmt: skip


class ObjectSet(FileSet):
    """Regions of pictures of 80 × 60 pixels."""

    def __init__(self, root, labels):
        super().__init__(root, {path: path for path, _, _ in OBJECTS})
        for path, *_ in OBJECTS:
            Image.new("RGB", (80, 60), (len(path), 9, 9)).save(root / path)
        self.items = pd.DataFrame({
            "item_id": pd.Series([f"{at:064x}" for at in range(len(OBJECTS))], dtype="string"),
            "path": pd.Series([path for path, _, _ in OBJECTS], dtype="string"),
            **{f"box_{side}": pd.Series([box[at] for _, box, _ in OBJECTS], dtype="Float64")
               for at, side in enumerate("xywh")},
            "label": pd.Series(labels, dtype="string"),
            "width": pd.Series([80] * len(OBJECTS), dtype="Int32"),
            "height": pd.Series([60] * len(OBJECTS), dtype="Int32"),
        })  # fmt: skip
        self.addresses = self.items["item_id"].tolist()


def objects(tmp_path, labels=None):
    given = [label for *_, label in OBJECTS] if labels is None else labels
    opened = ObjectSet(tmp_path / "pictures", given)
    return opened, Desk(Workspace(tmp_path / "ws"))


def handed_back(tmp_path, target, column=None):
    """Read labels into a set of the same regions that has none; return these, and what was told."""
    other, over = objects(tmp_path / "other", [None] * len(OBJECTS))
    matched = match_labels(other, read_labels(target, column), over.view(other))
    apply_labels(over, other, matched)
    labels = over.view(other).edited(other.items["label"]).fillna("").tolist()
    return [stored(one) for one in labels], matched


@pytest.mark.parametrize("kind", sorted(SUFFIX))
def test_regions_there_and_back(tmp_path, kind):
    opened, desk = objects(tmp_path)
    target = tmp_path / f"labels{SUFFIX[kind]}"
    done = write_labels(opened, desk.view(opened), target, kind)
    assert (done.images, done.labelled, done.notes) == (5, 5, ())
    found, matched = handed_back(tmp_path, target)
    assert found == [label for *_, label in OBJECTS]
    assert (matched.unmatched, matched.ambiguous) == ([], [])


@pytest.mark.parametrize("kind", sorted(SUFFIX))
def test_regions_without_labels_stay_without(tmp_path, kind):
    labels = [None, "x", None, None, "y"]
    opened, desk = objects(tmp_path, labels)
    target = tmp_path / f"labels{SUFFIX[kind]}"
    write_labels(opened, desk.view(opened), target, kind)
    found, _ = handed_back(tmp_path, target)
    assert found == [label or "" for label in labels]


class Moved:
    """What was decided, with the box of the first region edited."""

    def __init__(self, view):
        self._view, self.boxes = view, {0: (12.0, 8.0, 25.0, 20.0)}

    def __getattr__(self, name):
        return getattr(self._view, name)


@pytest.mark.parametrize("kind", sorted(SUFFIX))
def test_boxes_go_out_as_edited_and_are_known_again_by_themselves(tmp_path, kind):
    opened, desk = objects(tmp_path)
    target = tmp_path / f"labels{SUFFIX[kind]}"
    write_labels(opened, Moved(desk.view(opened)), target, kind)
    file = read_labels(target)
    boxes = [tuple(round(side, 3) for side in entry.box) for entry in file.entries]
    assert (12, 8, 25, 20) in boxes
    assert (10, 5, 20, 10) in boxes  # that of the other picture
    other, over = objects(tmp_path / "other", [None] * len(OBJECTS))
    matched = match_labels(other, file, Moved(over.view(other)))
    assert matched.rows.tolist() == [0, 1, 2, 3, 4]


def test_an_object_is_written_with_its_own_box_not_with_what_is_cut_out_around_it(tmp_path):
    opened, desk = objects(tmp_path)
    for at, side in enumerate("xywh"):
        given = pd.Series([box[at] for _, box, _ in OBJECTS], dtype="Float64")
        opened.items[f"object_{side}"] = given
        opened.items[f"box_{side}"] = given + (-3 if side in "xy" else 6)
    write_labels(opened, desk.view(opened), tmp_path / "l.xml", "cvat")
    assert {entry.box for entry in read_labels(tmp_path / "l.xml").entries} == {
        tuple(map(float, box)) for _, box, _ in OBJECTS
    }
    matched = match_labels(opened, read_labels(tmp_path / "l.xml"), desk.view(opened))
    assert (matched.same, matched.changed) == (5, 0)


def test_yolo_writes_pictures_and_shares_of_their_sides(tmp_path):
    opened, desk = objects(tmp_path)
    write_labels(opened, desk.view(opened), tmp_path / "y", "yolo")
    lines = (tmp_path / "y" / "labels" / "a" / "1.txt").read_text().splitlines()
    assert [line.split()[0] for line in lines] == ["2", "3", "2"]  # in the order of the names
    assert [float(x) for x in lines[0].split()[1:]] == pytest.approx(
        [20 / 80, 10 / 60, 20 / 80, 10 / 60]
    )
    copied = (tmp_path / "y" / "images" / "a" / "1.png").read_bytes()
    assert copied == (opened.root / "a" / "1.png").read_bytes()
    with pytest.raises(InputError, match="not empty"):
        write_labels(opened, desk.view(opened), tmp_path / "y", "yolo")


def test_whole_pictures_are_folders_for_yolo_and_a_mixture_is_refused(tmp_path):
    opened = FileSet(tmp_path / "pictures", {"a.png": "1", "b.png": "2"}, ["moth", "wasp"])
    view = Desk(Workspace(tmp_path / "ws")).view(opened)
    write_labels(opened, view, tmp_path / "y", "yolo")
    made = sorted((tmp_path / "y").rglob("*.png"))
    assert [path.parent.name for path in made] == ["moth", "wasp"]
    mixed, desk = objects(tmp_path / "mixed")
    for side in "xywh":
        mixed.items.loc[0, f"box_{side}"] = pd.NA
    with pytest.raises(InputError, match="whole pictures and the others regions"):
        write_labels(mixed, desk.view(mixed), tmp_path / "x", "yolo")
    assert not (tmp_path / "x").exists()


PAGES = [("a/scan.tif", 0), ("a/scan.tif", 2), ("b/scan.tif", 0), ("b/scan.tif", 1)]


def pages(tmp_path, labels=(None,) * 4):
    """Pages of two files of one name, each page in a colour of its own."""
    files = {path: path for path, _ in PAGES}
    opened = FileSet(tmp_path / "pictures", files)
    for red, path in enumerate(files):
        first, *more = [Image.new("RGB", (8, 6), (90 * red, 80 * page, 7)) for page in range(3)]
        first.save(opened.root / path, save_all=True, append_images=more)
    opened.items = pd.DataFrame({
        "item_id": pd.Series([f"{at:064x}" for at in range(4)], dtype="string"),
        "path": pd.Series([path for path, _ in PAGES], dtype="string"),
        "frame": pd.array([page for _, page in PAGES], dtype="Int64"),
        "label": pd.Series(labels, dtype="string"),
    })  # fmt: skip
    opened.addresses = opened.items["item_id"].tolist()
    return opened, Desk(Workspace(tmp_path / "ws"))


@pytest.mark.parametrize("known", [True, False])
@pytest.mark.parametrize("kind", sorted(SUFFIX))
def test_frames_go_out_as_pictures_and_their_labels_come_back(tmp_path, kind, known):
    """Also where ids are not known again, as after a tool that keeps names only."""
    labels = ["one", "two", "two", None]
    opened, desk = pages(tmp_path, labels)
    target = tmp_path / f"x{SUFFIX[kind]}"
    done = write_labels(opened, desk.view(opened), target, kind, pictures=kind != "yolo")
    made = sorted(tmp_path.glob("x*/**/*.png"))
    assert (len(made), done.written) == (4, 4)
    colours = {Image.open(path).getpixel((0, 0)) for path in made}
    assert colours == {(0, 0, 7), (0, 160, 7), (90, 0, 7), (90, 80, 7)}
    other, over = pages(tmp_path / "other")
    if not known:
        other.items["item_id"] = [f"{at:064x}" for at in range(90, 94)]
        other.addresses = other.items["item_id"].tolist()
    matched = match_labels(other, read_labels(target), over.view(other))
    assert (matched.unmatched, matched.ambiguous) == ([], [])
    assert dict(zip(matched.rows.tolist(), matched.labels, strict=True)) == {
        0: "one", 1: "two", 2: "two"
    }  # fmt: skip


def test_frames_that_cannot_be_read_are_named_and_none_at_all_is_refused(tmp_path):
    opened, desk = pages(tmp_path, ["x"] * 4)
    (opened.root / "b" / "scan.tif").write_bytes(b"no picture")
    done = write_labels(opened, desk.view(opened), tmp_path / "x.xml", "cvat")
    assert [path for path, _ in done.missing] == ["b/scan.tif, frame 0", "b/scan.tif, frame 1"]
    assert len(read_labels(tmp_path / "x.xml").entries) == 2
    assert "left out: 2 files" in done.notes[0]
    (opened.root / "a" / "scan.tif").unlink()
    with pytest.raises(InputError, match="no picture can be read"):
        write_labels(opened, desk.view(opened), tmp_path / "y.xml", "cvat")
    assert not (tmp_path / "y.xml").exists()
    with pytest.raises(InputError, match="'csv' has no pictures"):
        write_labels(opened, desk.view(opened), tmp_path / "y.csv", "csv", pictures=True)


def test_names_that_differ_in_their_ending_come_back(tmp_path):
    opened, desk = objects(tmp_path)
    opened.items.loc[3:4, "path"] = ["a/1.jpg", "a/1.jpg"]
    Image.new("RGB", (80, 60)).save(opened.root / "a" / "1.jpg")
    write_labels(opened, desk.view(opened), tmp_path / "y", "yolo")
    assert (tmp_path / "y" / "labels" / "a" / "1.jpg.txt").is_file()
    matched = match_labels(opened, read_labels(tmp_path / "y"), desk.view(opened))
    assert (len(matched.rows), matched.changed, matched.unmatched) == (5, 0, [])


@pytest.mark.parametrize("kind", ["labelstudio", "fiftyone", "yolo"])
def test_a_picture_whose_size_is_not_known_is_named(tmp_path, kind):
    opened, desk = objects(tmp_path)
    opened.items.loc[4, "width"] = pd.NA
    with pytest.raises(InputError, match=r"b/2\.png: its width and height are not known"):
        write_labels(opened, desk.view(opened), tmp_path / f"x{SUFFIX[kind]}", kind)


# -- what the tools hand back ----------------------------------------------------------------------


def pictures(tmp_path):
    files = {"moth/0.png": "a", "wasp/0.png": "b", "bee/two words.png": "c"}
    opened = FileSet(tmp_path / "pictures", files)
    return opened, Desk(Workspace(tmp_path / "ws"))


def taken(opened, desk, target, column=None):
    matched = match_labels(opened, read_labels(target, column), desk.view(opened))
    apply_labels(desk, opened, matched)
    labels = desk.view(opened).edited(opened.items["label"]).fillna("").tolist()
    return [stored(one) for one in labels], matched


def test_what_cvat_exports(tmp_path):
    opened, desk = pictures(tmp_path)
    (tmp_path / "annotations.xml").write_text(
        """<?xml version="1.0" encoding="utf-8"?>
<annotations>
  <version>1.1</version>
  <meta><job><id>7</id><labels><label><name>moth</name></label></labels></job></meta>
  <image id="0" name="moth/0.png" subset="Train" task_id="3" width="8" height="8">
    <tag label="moth" source="manual"><attribute name="sure">true</attribute></tag>
    <polygon label="wing" points="1,1;2,2;3,1" occluded="0" z_order="0"></polygon>
  </image>
  <image id="1" name="wasp/0.png" width="8" height="8"></image>
  <image id="2" name="bee/two words.png" width="8" height="8">
    <tag label="bee" source="auto"/></image>
</annotations>"""
    )
    found, matched = taken(opened, desk, tmp_path / "annotations.xml")
    assert found == ["moth", "", "bee"]
    assert matched.without_label == 1
    file = read_labels(tmp_path / "annotations.xml")
    assert "1 shape" in file.notes[0]


def label_studio_task(image, label, **more):
    result = [{"id": "x1", "type": "choices", "from_name": "choice", "to_name": "image",
               "value": {"choices": [label]}}]  # fmt: skip
    return {"id": 1, "data": {"image": image}, "annotations": [{"id": 5, "result": result}], **more}


def test_what_label_studio_exports(tmp_path):
    opened, desk = pictures(tmp_path)
    cancelled = label_studio_task("/data/upload/1/cafe0123-two_words.png", "no")
    cancelled["annotations"][0]["was_cancelled"] = True
    tasks = [
        label_studio_task("/data/local-files/?d=moth/0.png", "moth"),
        label_studio_task("http://example.org/files/wasp/0.png?token=x", "wasp"),
        cancelled | {"data": {"image": "s3://bucket/bee/two%20words.png"}},
    ]
    (tmp_path / "export.json").write_text(json.dumps(tasks))
    assert taken(opened, desk, tmp_path / "export.json")[0] == ["moth", "wasp", ""]
    flat = [{"image": "/data/local-files/?d=bee/two%20words.png", "id": 4, "choice": "bee",
             "annotator": 1, "created_at": "2026-01-01"}]  # fmt: skip
    (tmp_path / "min.json").write_text(json.dumps(flat))
    assert taken(opened, desk, tmp_path / "min.json")[0] == ["moth", "wasp", "bee"]


def test_two_people_who_disagree_are_told_and_several_controls_asked(tmp_path):
    opened, desk = pictures(tmp_path)
    task = label_studio_task("/data/local-files/?d=moth/0.png", "moth")
    other = label_studio_task("", "wasp")["annotations"]
    (tmp_path / "two.json").write_text(json.dumps([task | {"annotations": [
        *task["annotations"], *other]}]))  # fmt: skip
    _, matched = taken(opened, desk, tmp_path / "two.json")
    assert "2 labels" in matched.ambiguous[0][1]
    task["annotations"][0]["result"] += [
        {"type": "choices", "from_name": "sharp", "value": {"choices": ["yes"]}},
    ]
    task["annotations"][0]["result"][0]["from_name"] = "insect"
    (tmp_path / "many.json").write_text(json.dumps([task]))
    with pytest.raises(InputError, match="insect, sharp: say which"):
        read_labels(tmp_path / "many.json")
    assert taken(opened, desk, tmp_path / "many.json", "insect")[0][0] == "moth"
    with pytest.raises(InputError, match="there are insect, sharp"):
        read_labels(tmp_path / "many.json", "colour")


def test_what_fiftyone_exports(tmp_path):
    opened, desk = pictures(tmp_path)
    folder = tmp_path / "export"
    (folder / "data").mkdir(parents=True)
    samples = [
        {"_id": {"$oid": "1"}, "filepath": "data/0.png", "item_id": opened.addresses[1],
         "ground_truth": {"_id": {"$oid": "2"}, "_cls": "Classification", "label": "wasp"},
         "predictions": {"_cls": "Classification", "label": "bee", "confidence": 0.5}},
        {"filepath": "data/two words.png", "ground_truth": None,
         "predictions": {"_cls": "Classification", "label": "bee"}},
    ]  # fmt: skip
    (folder / "samples.json").write_text(json.dumps({"samples": samples}))
    (folder / "metadata.json").write_text(json.dumps({"version": "1.4.0", "media_type": "image"}))
    assert taken(opened, desk, folder)[0] == ["", "wasp", ""]
    assert taken(opened, desk, folder / "samples.json", "predictions")[0] == ["", "bee", "bee"]
    shutil.rmtree(folder)
    (folder / "data").mkdir(parents=True)
    (folder / "labels.json").write_text(
        json.dumps({"classes": ["moth", "bee"], "labels": {"two words": 1, "absent": "x"}})
    )
    found, matched = taken(opened, desk, folder)
    assert found[2] == "bee"
    assert matched.unmatched == [("absent", "not in the set")]


def test_proposals_go_out_as_predictions_and_come_back_as_nothing(tmp_path, monkeypatch):
    opened, desk = pictures(tmp_path)
    desk.act(opened, "relabel", [0], label="moth")
    told = {0: ("wasp", 0.4), 2: ("bee", 0.9)}
    monkeypatch.setattr("core.labelfiles.write.proposals_of", lambda *_: told)
    view = desk.view(opened)
    done = write_labels(opened, view, tmp_path / "l.json", "labelstudio")
    tasks = json.loads((tmp_path / "l.json").read_text())
    assert [len(task["predictions"]) for task in tasks] == [0, 0, 1]
    assert tasks[2]["predictions"][0]["score"] == 0.9
    assert tasks[2]["predictions"][0]["result"][0]["value"] == {"choices": ["bee"]}
    assert done.notes == ("1 proposal written as predictions",)
    write_labels(opened, view, tmp_path / "f", "fiftyone")
    samples = json.loads((tmp_path / "f" / "samples.json").read_text())["samples"]
    assert samples[2]["proposal"]["label"] == "bee"
    for target in (tmp_path / "l.json", tmp_path / "f"):
        assert [e.label for e in read_labels(target).entries] == ["moth", None, None]


def test_a_set_without_a_propagation_has_no_proposals(tmp_path):
    opened, _ = pictures(tmp_path)
    assert proposals_of(Workspace(tmp_path / "ws"), opened) == {}
    assert proposals_of(None, opened) == {}


XML = {
    "not xml": ("<annotations><image", "not XML"),
    "an entity": (
        '<!DOCTYPE a [<!ENTITY x "y">]><annotations><image name="&x;"/></annotations>',
        "document type",
    ),
    "voc": ("<annotation><object/></annotation>", "VOC's form"),
    "a video": ("<annotations><track><box/></track></annotations>", "CVAT for images"),
    "no name": ('<annotations><image id="3"/></annotations>', "image 3 has no name"),
    "no label": ('<annotations><image name="a"><tag/></image></annotations>', "a tag has no label"),
    "a bad box": (
        '<annotations><image name="a"><box label="x" xtl="1"/></image></annotations>',
        "needs xtl, ytl",
    ),
}


@pytest.mark.parametrize("case", sorted(XML))
def test_xml_that_cannot_be_read_says_why(tmp_path, case):
    text, told = XML[case]
    (tmp_path / "a.xml").write_text(text)
    with pytest.raises(InputError, match=told):
        read_labels(tmp_path / "a.xml")


def test_json_and_folders_that_cannot_be_read_say_why(tmp_path):
    (tmp_path / "a.json").write_text('[{"data": {"text": "no picture"}}]')
    with pytest.raises(InputError, match="names no picture"):
        read_labels(tmp_path / "a.json")
    (tmp_path / "a.json").write_text('[{"data": 3}]')
    with pytest.raises(InputError, match="must be an object"):
        read_labels(tmp_path / "a.json")
    (tmp_path / "a.json").write_text('[{"image": "a.png", "annota')
    with pytest.raises(InputError, match="not JSON"):
        read_labels(tmp_path / "a.json")
    folder = tmp_path / "f"
    folder.mkdir()
    for text, told in (
        ("{", "not JSON"), ('{"samples": 3}', "no list “samples”"),
        ('{"samples": [{"x": {"_cls": "Classification", "label": "x"}}]}', "no filepath"),
        ('{"samples": [{"filepath": "a", "ground_truth": {"_cls": "Detections", "detections": '
         '[{"label": "x", "bounding_box": [0, 0, 1, 1]}]}}]}', "compute_metadata"),
        ('{"samples": [{"filepath": "a", "x": {"_cls": "Detections", "detections": '
         '[{"label": "x", "bounding_box": "?"}]}}]}', "four numbers"),
    ):  # fmt: skip
        (folder / "samples.json").write_text(text)
        with pytest.raises(InputError, match=told):
            read_labels(folder)


def test_yolo_with_damaged_lines_keeps_the_others_and_names_them(tmp_path):
    opened, desk = objects(tmp_path)
    write_labels(opened, desk.view(opened), tmp_path / "y", "yolo")
    broken = tmp_path / "y" / "labels" / "a" / "1.txt"
    lines = broken.read_text().splitlines()
    broken.write_text("\n".join([lines[0], "0 what", lines[2], "9 .5 .5 .1 .1"]))
    (tmp_path / "y" / "images" / "b" / "2.png").write_bytes(b"no picture")
    file = read_labels(tmp_path / "y")
    assert "4" not in {entry.label for entry in file.entries}
    assert "line 2" in file.notes[0]
    assert "no class 9" in file.notes[0]
    found, _ = handed_back(tmp_path, tmp_path / "y")
    assert found == ["red cell", "", "red cell", "platelet", ""]
    shutil.rmtree(tmp_path / "y" / "labels")
    with pytest.raises(InputError, match="no box"):
        read_labels(tmp_path / "y")


def test_a_label_that_xml_cannot_hold_is_refused(tmp_path):
    opened = FileSet(tmp_path / "pictures", {"a.png": "1"}, ["bad\x01label"])
    view = Desk(Workspace(tmp_path / "ws")).view(opened)
    with pytest.raises(InputError, match="character that XML cannot"):
        write_labels(opened, view, tmp_path / "x.xml", "cvat")
    assert not (tmp_path / "x.xml").exists()


# -- forms that are not what they look like --------------------------------------------------------


def test_a_folder_of_pictures_does_not_label_the_regions_in_them(tmp_path):
    opened, _desk = objects(tmp_path, [None] * len(OBJECTS))
    shutil.copytree(opened.root, tmp_path / "dump" / "JPEGImages")
    _, matched = handed_back(tmp_path, tmp_path / "dump")
    assert matched.rows.tolist() == [3, 4]  # the only regions of their pictures
    assert "a label of the whole picture, in which the set has 3 regions" in str(matched.ambiguous)


VOC = """<annotation><filename>2.png</filename><size><width>80</width><height>60</height></size>
<object><name>platelet</name><bndbox><xmin>4</xmin><ymin>3</ymin><xmax>11</xmax><ymax>12</ymax>
</bndbox></object></annotation>"""


@pytest.mark.parametrize("where", ["Annotations", "labels"])
def test_a_folder_of_vocs_form_gives_labels_by_its_boxes(tmp_path, where):
    (tmp_path / "voc" / where).mkdir(parents=True)
    (tmp_path / "voc" / where / "2.xml").write_text(VOC)
    found, _ = handed_back(tmp_path, tmp_path / "voc")
    assert found == ["", "", "", "", "platelet"]


def test_darknets_folder_is_yolos_too(tmp_path):
    opened, _desk = objects(tmp_path)
    folder = tmp_path / "darknet" / "obj_train_data"
    shutil.copytree(opened.root, folder)
    (folder.parent / "obj.names").write_text("red\nwhite\n")
    (folder / "b" / "1.txt").write_text("1 0.25 0.16666667 0.25 0.16666667\n")
    assert handed_back(tmp_path, folder.parent)[0] == ["", "", "", "white", ""]


def test_label_studios_coco_names_files_by_its_addresses_and_its_csv_of_regions_is_refused(
    tmp_path,
):
    value = {
        "images": [{"id": 0, "file_name": "/data/local-files/?d=b/1.png"}],
        "categories": [{"id": 0, "name": "x"}],
        "annotations": [{"image_id": 0, "category_id": 0, "bbox": [10, 5, 20, 10]}],
    }
    (tmp_path / "result.json").write_text(json.dumps(value))
    assert handed_back(tmp_path, tmp_path / "result.json")[0] == ["", "", "", "x", ""]
    cell = '"[{""x"":1,""rectanglelabels"":[""WBC""]}]"'
    (tmp_path / "result.csv").write_text(f'image,label\n"/data/1.png",{cell}\n')
    with pytest.raises(InputError, match="export them as JSON"):
        read_labels(tmp_path / "result.csv")


def test_fiftyones_folder_for_no_label_and_its_coco_are_known(tmp_path):
    (tmp_path / "tree" / "_unlabeled").mkdir(parents=True)
    (tmp_path / "tree" / "moth").mkdir()
    for name in ("_unlabeled", "moth"):
        Image.new("L", (4, 4)).save(tmp_path / "tree" / name / f"{name}.png")
    assert {e.label for e in read_labels(tmp_path / "tree").entries} == {None, "moth"}
    folder = tmp_path / "coco"
    (folder / "data").mkdir(parents=True)
    value = {"images": [], "annotations": [], "categories": []}
    (folder / "labels.json").write_text(json.dumps(value))
    assert read_labels(folder).format == read_labels(folder / "labels.json").format == "coco"

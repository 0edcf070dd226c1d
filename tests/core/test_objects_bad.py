"""What is wrong with annotations is named, left out, and costs nothing else."""

import json

import pandas as pd
import pytest
from objects_example import SIZE, coco_value, draw, write_coco
from PIL import Image

from core.errors import InputError
from core.ingest import scan


def reasons(found):
    return {file.reason for file in found.broken}


def changed(tmp_path, change, count=2):
    """Write annotations after `change` has been at their value, and scan them."""
    value = coco_value(count)
    change(value)
    return scan(f"coco:{write_coco(tmp_path, count, **value)}")


@pytest.mark.parametrize(
    ("box", "said"),
    [
        ([4, 6, 0, 16], "a box of width 0 and height 16"),
        ([4, 6, -3, 16], "a box of width -3 and height 16"),
        ([200, 6, 10, 10], "box x=200 y=6 w=10 h=10 lies outside the picture of 96 × 64"),
        ([4, 6, 20], "a box that is not four numbers: [4, 6, 20]"),
        (["a", 6, 20, 16], 'a box that is not four numbers: ["a", 6, 20, 16]'),
        ([4, 6, None, 16], "a box that is not four numbers: [4, 6, null, 16]"),
        ([4, 6, True, 16], "a box that is not four numbers: [4, 6, true, 16]"),
    ],
)
def test_a_box_that_is_none_is_named_and_the_others_stay(tmp_path, box, said):
    found = changed(tmp_path, lambda value: value["annotations"][1].update(bbox=box))
    assert len(found.items) == 5
    assert [(file.path, file.reason) for file in found.broken] == [
        ("0.png", f"object 2 (seed): {said}")
    ]


def test_numbers_that_came_as_text_are_numbers(tmp_path):
    def as_text(value):
        for name in ("images", "annotations", "categories"):
            for one in value[name]:
                for field, given in one.items():
                    if field in {"id", "image_id", "width", "category_id"}:
                        one[field] = str(given)
                    elif field == "bbox":
                        one[field] = [f" {side} " for side in given]

    plain = changed(tmp_path / "plain", lambda value: None)
    text = changed(tmp_path / "text", as_text)
    assert text.items["item_id"].tolist() == plain.items["item_id"].tolist()
    assert text.items["label"].tolist() == plain.items["label"].tolist()


def test_a_picture_that_is_missing_costs_its_objects_alone(tmp_path):
    value = coco_value(3)
    file = write_coco(tmp_path, 2, **value)
    (tmp_path / "images" / "2.png").write_bytes(b"no picture")
    value["images"][0]["file_name"] = "gone.png"
    file.write_text(json.dumps(value))
    found = scan(f"coco:{file}")
    assert found.items["path"].tolist() == ["1.png"] * 3
    assert len(found.broken) == 6
    assert {f.reason.partition(": ")[2] for f in found.broken if f.path == "gone.png"} == {
        "its picture cannot be used: file not found"
    }
    assert {f.reason.partition(": ")[2] for f in found.broken if f.path == "2.png"} == {
        "its picture cannot be used: not an image Vitrine can read"
    }


def test_ids_that_stand_for_two_things_are_never_guessed(tmp_path):
    def repeat(value):
        value["images"][1]["id"] = 1
        value["categories"].append({"id": 3, "name": "pebble"})

    found = changed(tmp_path, repeat, count=3)
    assert found.items["path"].tolist() == ["2.png"] * 2
    assert reasons(found) == {
        "object 1 (leaf): image id 1 stands for 0.png and for 1.png: which cannot be told",
        "object 2 (seed): image id 1 stands for 0.png and for 1.png: which cannot be told",
        "object 3 (stone): image id 1 stands for 0.png and for 1.png: which cannot be told",
        "its image id 2 is not in the file",
        "object 9 (stone): category id 3 stands for stone and for pebble",
    }


def test_the_same_id_twice_is_two_objects(tmp_path):
    found = changed(tmp_path, lambda value: value["annotations"][1].update(id=1))
    assert found.items["object"].tolist()[:3] == ["1", "1 (2)", "3"]
    assert "1 id comes more than once; the second is called “id (2)”" in found.notes


def test_categories_and_images_that_are_not_there_are_named(tmp_path):
    def lose(value):
        value["annotations"][0]["category_id"] = 77
        value["annotations"][1]["image_id"] = 99
        del value["annotations"][2]["bbox"]
        del value["annotations"][2]["segmentation"]
        value["annotations"].append("no annotation")
        value["images"].append({"id": 7})

    found = changed(tmp_path, lose)
    assert len(found.items) == 3
    assert reasons(found) == {
        "object 1: its category 77 is not in the file",
        "its image id 99 is not in the file",
        "object 3 (stone): neither a box nor an outline",
        "annotation 7: is no object of JSON",
        "image 3 has no id or no file_name",
    }


def test_annotations_of_a_picture_of_another_size_do_not_fit(tmp_path):
    def shrink(value):
        value["images"][0] |= {"width": 48, "height": 32}

    found = changed(tmp_path, shrink)
    assert len(found.items) == 3
    assert "annotated in a picture of 48 × 32, the file has 96 × 64" in found.broken[0].reason


def test_a_box_over_the_border_is_cut_there_and_told(tmp_path):
    found = changed(tmp_path, lambda value: value["annotations"][0].update(bbox=[-5, 6, 20, 16]))
    assert len(found.items) == 6
    assert found.items["box_x"].iloc[0] == 0
    assert found.items["box_w"].iloc[0] == 15
    assert found.items["object_x"].iloc[0] == -5
    assert "1 box reaches over the border of the picture, cut there" in found.notes


@pytest.mark.parametrize(
    ("outline", "said"),
    [
        ([[1, 2, 3, 4]], "its outline cannot be used: a polygon needs x and y of three corners"),
        ({"size": [64, 96], "counts": [5, 5]}, "its runs are 10 pixels long"),
        ({"size": [64], "counts": "00"}, "run lengths without a size of two numbers"),
        ({"size": [64, 96], "counts": "é"}, "compressed run lengths cannot hold 'é'"),
        ({"size": [64, 96], "counts": [1.5, 2]}, "run lengths that are not whole numbers"),
    ],
)
def test_an_outline_that_is_damaged_is_named_where_it_is_needed(tmp_path, outline, said):
    value = coco_value(2)
    value["annotations"][0]["segmentation"] = outline
    file = write_coco(tmp_path, 2, **value)
    by_mask = scan(f"coco:{file}?cut=mask")
    assert len(by_mask.items) == 5
    assert "no outline to cut it out by" in by_mask.broken[0].reason
    by_box = scan(f"coco:{file}")
    assert len(by_box.items) == 6
    assert said in by_box.items["outline_problem"].iloc[0]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "not JSON"),
        ("[]", "not in COCO's form"),
        ('{"images": []}', "no list “annotations”"),
        ('{"images": [], "annotations": [], "categories": []}', "holds no object"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_a_file_that_is_not_coco_is_refused(tmp_path, text, said):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(InputError, match=said):
        scan(f"coco:{tmp_path / 'a.json'}")


def test_pictures_that_are_all_elsewhere_are_asked_for(tmp_path):
    file = write_coco(tmp_path / "set", 2)
    (tmp_path / "set" / "images").rename(tmp_path / "elsewhere")
    with pytest.raises(InputError, match=r"none of the 2 pictures is there .*\?images=FOLDER"):
        scan(f"coco:{file}")
    assert len(scan(f"coco:{file}?images={tmp_path / 'elsewhere'}").items) == 6


def test_pictures_are_found_by_the_end_of_a_strange_path_and_never_outside(tmp_path):
    value = coco_value(3)
    value["images"][0]["file_name"] = "C:\\data\\images\\0.png"
    value["images"][1]["file_name"] = "/home/pi/set/1"
    value["images"][2]["file_name"] = "../../secret.png"
    file = write_coco(tmp_path / "set", 3, **value)
    draw(9).save(tmp_path / "secret.png")
    found = scan(f"coco:{file}?images={tmp_path / 'set' / 'images'}")
    assert found.items["path"].tolist() == ["0.png"] * 3 + ["1.png"] * 3
    assert len(found.broken) == 3
    assert all("file not found" in file.reason for file in found.broken)


VOC = (
    "<annotation><filename>0.png</filename><object><name>leaf</name><bndbox><xmin>{}</xmin>"
    "<ymin>7</ymin><xmax>24</xmax><ymax>22</ymax></bndbox></object></annotation>"
)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (VOC.format(24), "a box without an area: x from 24 to 24, y from 7 to 22"),
        (VOC.format("wide"), "a box that is not four numbers: xmin 'wide'"),
        (VOC.format(1)[:-20], "damaged XML"),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]>" + VOC.format(1), "XML with a document type"),
        ("<svg/>", "no VOC annotation: its first element is <svg>"),
    ],
)
def test_trouble_in_a_voc_folder_is_named(tmp_path, text, said):
    draw(0).save(tmp_path / "0.png")
    (tmp_path / "0.xml").write_text(VOC.format(5))
    (tmp_path / "1.xml").write_text(text)
    found = scan(f"voc:{tmp_path}")
    assert len(found.items) == 1
    assert len(found.broken) == 1
    assert said in found.broken[0].reason


def test_trouble_in_a_yolo_folder_is_named(tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "labels").mkdir()
    draw(0).save(tmp_path / "images" / "0.png")
    (tmp_path / "classes.txt").write_text("leaf\nseed\n")
    lines = ["0 .2 .2 .1 .1", "5 .2 .2 .1 .1", "0 .2 .2", "a b c", "1 9 9 9 9", "0 .2 .2 0 .1"]
    (tmp_path / "labels" / "0.txt").write_text("\n".join(lines))
    (tmp_path / "labels" / "9.txt").write_text(lines[0])
    found = scan(f"yolo:{tmp_path}")
    assert found.items["label"].tolist() == ["leaf"]
    told = " | ".join(file.reason for file in found.broken)
    for said in (
        "line 2: no class 5 is named", "line 3: 2 numbers behind the class",
        "line 4: not a class and numbers: a b c", "line 5: not shares of the picture's sides",
        "a box of width 0", "no picture has its name",
    ):  # fmt: skip
        assert said in told
    assert len(found.broken) == 6


def test_a_data_yaml_that_names_nothing_is_refused(tmp_path):
    (tmp_path / "data.yaml").write_text("- a\n- b\n")
    with pytest.raises(InputError, match="not in YOLO's form"):
        scan(f"yolo:{tmp_path}")
    (tmp_path / "data.yaml").write_text("train: &a [*a")
    with pytest.raises(InputError, match="damaged YAML"):
        scan(f"yolo:{tmp_path / 'data.yaml'}")


def test_trouble_in_a_table_of_boxes_is_named(tmp_path):
    draw(0).save(tmp_path / "0.png")
    frame = pd.DataFrame(
        {
            "image": ["0.png", "0.png", "0.png", None, "0.png"],
            "xmin": ["5", "many", 9, 5, 30], "ymin": [7, 7, 7, 7, 7],
            "xmax": [24, 24, 9, 24, 20], "ymax": [22, 22, 22, 22, 22], "class": list("abcde"),
        }
    )  # fmt: skip
    frame.to_csv(tmp_path / "boxes.csv", index=False)
    found = scan(f"boxes:{tmp_path / 'boxes.csv'}")
    assert found.items["label"].tolist() == ["a"]
    assert reasons(found) == {
        "object 2 (b): a box that is not four numbers: many, 7, 24, 22",
        "object 3 (c): a box without an area: x from 9 to 9, y from 7 to 22",
        "object 5 (e): a box without an area: x from 30 to 20, y from 7 to 22",
        "row 4: no picture given",
    }
    frame.drop(columns="xmin").to_csv(tmp_path / "boxes.csv", index=False)
    with pytest.raises(InputError, match="no columns of boxes: four such as xmin"):
        scan(f"boxes:{tmp_path / 'boxes.csv'}")


def test_trouble_with_masks_is_named(tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "masks").mkdir()
    for number in range(4):
        draw(number).save(tmp_path / "images" / f"{number}.png")
    blank = Image.new("L", SIZE)
    marked = blank.copy()
    marked.paste(255, (4, 6, 24, 22))
    marked.save(tmp_path / "masks" / "0.png")
    blank.save(tmp_path / "masks" / "1.png")
    marked.resize((10, 10)).save(tmp_path / "masks" / "2.png")
    (tmp_path / "masks" / "3.png").write_bytes(b"\x89PNG broken")
    marked.save(tmp_path / "masks" / "stranger.png")
    found = scan(f"masks:{tmp_path / 'masks'}?images={tmp_path / 'images'}")
    assert found.items["path"].tolist() == ["0.png"]
    told = {file.path: file.reason for file in found.broken}
    assert told["1.png"] == "mask: marks no pixel"
    assert "annotated in a picture of 10 × 10, the file has 96 × 64" in told["2.png"]
    assert told["3.png"].startswith("mask: ")
    assert told["stranger.png"] == "no picture has its name"
    with pytest.raises(InputError, match="name the folder of the pictures"):
        scan(f"masks:{tmp_path / 'masks'}")

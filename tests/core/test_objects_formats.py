"""Objects from COCO, VOC, YOLO, tables and masks: the same pictures, the same items."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from objects_example import COLOURS, SIZE, coco_value, draw, objects_of, write_coco
from PIL import Image

from core.errors import InputError
from core.imaging.decode import load_picture
from core.imaging.shapes import mask_text
from core.ingest import scan
from core.ingest.naming import canonical
from core.keys import item_id
from core.model import Region
from core.storage.records import region_of

PICTURES = 4
NAMES = list(COLOURS)


@pytest.fixture
def coco(tmp_path):
    return write_coco(tmp_path, PICTURES)


def known():
    """Return picture, label and box of every object, in order."""
    return [
        (f"{number}.png", label, tuple(map(float, box)))
        for number in range(PICTURES)
        for label, box in objects_of(number)
    ]


def told(found):
    """Return the same of a scan."""
    sides = found.items[["object_x", "object_y", "object_w", "object_h"]].astype(float)
    boxes = [tuple(row) for row in sides.to_numpy().tolist()]
    names = [Path(path).name for path in found.items["path"]]
    return list(zip(names, found.items["label"], boxes, strict=True))


def write_voc(folder):
    (folder / "JPEGImages").mkdir()
    (folder / "Annotations").mkdir()
    for number in range(PICTURES):
        draw(number).save(folder / "JPEGImages" / f"{number}.png")
        objects = "".join(
            f"<object><name>{label}</name><difficult>0</difficult><bndbox><xmin>{x + 1}</xmin>"
            f"<ymin>{y + 1}</ymin><xmax>{x + w}</xmax><ymax>{y + h}</ymax></bndbox></object>"
            for label, (x, y, w, h) in objects_of(number)
        )
        (folder / "Annotations" / f"{number}.xml").write_text(
            f"<annotation><filename>{number}.png</filename><size><width>{SIZE[0]}</width>"
            f"<height>{SIZE[1]}</height><depth>3</depth></size>{objects}</annotation>"
        )
    return f"voc:{folder}"


def write_yolo(folder):
    (folder / "images" / "train").mkdir(parents=True)
    (folder / "labels" / "train").mkdir(parents=True)
    (folder / "data.yaml").write_text(f"path: .\ntrain: images/train\nnames: {json.dumps(NAMES)}\n")
    for number in range(PICTURES):
        draw(number).save(folder / "images" / "train" / f"{number}.png")
        lines = [
            f"{NAMES.index(label)} {(x + w / 2) / SIZE[0]!r} {(y + h / 2) / SIZE[1]!r} "
            f"{w / SIZE[0]!r} {h / SIZE[1]!r}"
            for label, (x, y, w, h) in objects_of(number)
        ]
        (folder / "labels" / "train" / f"{number}.txt").write_text("\n".join(lines))
    return f"yolo:{folder}"


def write_table(folder, form, relative):
    (folder / "images").mkdir()
    rows = []
    for number in range(PICTURES):
        draw(number).save(folder / "images" / f"{number}.png")
        for label, (x, y, w, h) in objects_of(number):
            values = {
                "xyxy": (x, y, x + w, y + h),
                "xywh": (x, y, w, h),
                "cxcywh": (x + w / 2, y + h / 2, w, h),
            }[form]
            across = (*SIZE, *SIZE) if relative else (1, 1, 1, 1)
            shares = [value / side for value, side in zip(values, across, strict=True)]
            rows.append([f"{number}.png", *shares, label])
    names = {
        "xyxy": ["xmin", "ymin", "xmax", "ymax"],
        "xywh": ["x", "y", "width", "height"],
        "cxcywh": ["cx", "cy", "w", "h"],
    }[form]
    frame = pd.DataFrame(rows, columns=["filename", *names, "class"])
    frame.to_csv(folder / "boxes.csv", index=False)
    return f"boxes:{folder / 'boxes.csv'}"


@pytest.mark.parametrize(
    "write",
    [
        lambda folder: f"coco:{write_coco(folder, PICTURES)}",
        write_voc,
        write_yolo,
        *(
            lambda folder, form=form, relative=relative: write_table(folder, form, relative)
            for form in ("xyxy", "xywh", "cxcywh")
            for relative in (False, True)
        ),
    ],
    ids=["coco", "voc", "yolo", "xyxy", "xyxy-share", "xywh", "xywh-share", "cxcywh", "cx-share"],
)
def test_every_form_gives_the_same_items(tmp_path, write):
    found = scan(write(tmp_path))
    assert told(found) == known()
    assert found.broken == ()
    ids = []
    for row in found.items.to_dict("records"):
        file = Path(found.root) / row["path"]
        picture = np.asarray(Image.open(file))
        region = region_of(row)
        x, y, w, h = map(int, region.box)
        shown = load_picture(file, region, root=Path(found.root)).image
        assert np.array_equal(np.asarray(shown), picture[y : y + h, x : x + w])
        assert np.array_equal(picture[y, x], COLOURS[row["label"]])  # the box begins on its shape
        ids.append(item_id(row["picture"], Region((float(x), float(y), float(w), float(h)))))
    assert found.items["item_id"].tolist() == ids
    assert found.items["objects in picture"].tolist() == [3] * 12
    assert found.items["unit"].tolist() == found.items["path"].tolist()


def test_masks_give_an_object_a_value_a_part_or_a_file(tmp_path):
    for folder in ("images/leafy", "values", "parts", "files"):
        (tmp_path / folder).mkdir(parents=True)
    for number in range(PICTURES):
        draw(number).save(tmp_path / "images" / "leafy" / f"{number}.png")
        values = np.zeros(SIZE[::-1], np.uint8)
        for place, (_, (x, y, w, h)) in enumerate(objects_of(number), 1):
            values[y : y + h, x : x + w] = place
            mine = (values == place).astype(np.uint8)
            Image.fromarray(mine * 255).save(tmp_path / "files" / f"{number}_mask_{place}.png")
        Image.fromarray(values).save(tmp_path / "values" / f"{number}.png")
        binary = (values > 0).astype(np.uint8) * 255
        Image.fromarray(binary).save(tmp_path / "parts" / f"{number}_mask.png")
    found = {
        name: scan(f"masks:{tmp_path / name}?images={tmp_path / 'images'}")
        for name in ("values", "parts", "files")
    }
    boxes = {(name, box) for name, _, box in known()}
    for one in found.values():
        assert {(name, box) for name, _, box in told(one)} == boxes
        assert set(one.items["label"]) == {"leafy"}
        assert one.broken == ()
    assert set(found["values"].items["item_id"]) == set(found["parts"].items["item_id"])
    assert set(found["values"].items["item_id"]) == set(found["files"].items["item_id"])
    first = found["values"].items.iloc[0]
    x, y, w, h = objects_of(0)[0][1]
    mask = np.zeros(SIZE[::-1], bool)
    mask[y : y + h, x : x + w] = True
    assert first["mask"] == mask_text(mask)


def test_outlines_of_coco_cut_objects_out_however_they_are_written(tmp_path, coco):
    value = coco_value(PICTURES)
    for place, one in enumerate(value["annotations"]):
        x, y, w, h = one["bbox"]
        mask = np.zeros(SIZE[::-1], bool)
        mask[y : y + h, x : x + w] = True
        compressed = mask_text(mask).split(":", 2)[2]
        plain = []
        inside, run = False, 0
        for pixel in mask.ravel(order="F").tolist():
            if pixel != inside:
                plain.append(run)
                inside, run = pixel, 0
            run += 1
        counts = compressed if place % 2 else [*plain, run]
        one["segmentation"] = {"size": [SIZE[1], SIZE[0]], "counts": counts}
    (tmp_path / "runs.json").write_text(json.dumps(value))
    polygons = scan(f"coco:{coco}?cut=mask").items
    runs = scan(f"coco:{tmp_path / 'runs.json'}?cut=mask&images={tmp_path / 'images'}").items
    for one, other in zip(polygons.to_dict("records"), runs.to_dict("records"), strict=True):
        shown = [
            np.asarray(load_picture(tmp_path / "images" / row["path"], region_of(row)).image)
            for row in (one, other)
        ]
        assert np.array_equal(*shown)
    assert runs["mask"].str.startswith("rle:96x64:").all()


def test_context_is_added_around_the_box_and_stays_in_the_picture(coco):
    plain, wide = scan(f"coco:{coco}").items, scan(f"coco:{coco}?context=0.5").items
    for one, other in zip(plain.to_dict("records"), wide.to_dict("records"), strict=True):
        x, y, w, h = (one[f"object_{side}"] for side in "xywh")
        left, top = max(0, x - w / 2), max(0, y - h / 2)
        right, bottom = min(SIZE[0], x + 1.5 * w), min(SIZE[1], y + 1.5 * h)
        assert region_of(other).box == (left, top, right - left, bottom - top)
        assert [other[f"object_{side}"] for side in "xywh"] == [x, y, w, h]


def test_columns_of_the_annotations_are_kept_and_understood(tmp_path):
    value = coco_value(2)
    value["images"][0] |= {"date_captured": "2024-05-01 10:00:00", "specimen": "A", "place": "bog"}
    value["annotations"][0]["attributes"] = {"score": 0.5, "checked": True, "more": [1]}
    value["categories"][0]["supercategory"] = "plant"
    file = write_coco(tmp_path, 2, **value)
    items = scan(f"coco:{file}").items
    assert items["unit"].tolist() == ["A", "A", "A", "1.png", "1.png", "1.png"]
    assert items["place"].tolist()[:3] == ["bog"] * 3
    assert items["place"].isna().tolist()[3:] == [True] * 3
    assert items["score"].tolist()[0] == 0.5
    assert items["supercategory"].dropna().tolist() == ["plant"] * 2
    assert str(items["time"].iloc[0]) == "2024-05-01 10:00:00"


def test_columns_that_are_called_like_those_of_objects_keep_what_they_hold(tmp_path):
    value = coco_value(1)
    value["annotations"][0] |= {"picture": "mine", "object_x": 7, "label": "own", "path": "p"}
    items = scan(f"coco:{write_coco(tmp_path, 1, **value)}").items
    assert items["picture"].str.fullmatch("[0-9a-f]{64}").all()
    assert items["object_x"].tolist()[0] == 4
    assert items["picture_given"].tolist()[0] == "mine"
    assert items["object_x_given"].tolist()[0] == 7
    assert items["label"].tolist()[0] == "leaf"
    assert items["label_given"].tolist()[0] == "own"
    assert items["path"].tolist() == ["0.png"] * 3
    row = {"path": "0.png", "object": "a", "x": 4, "y": 6, "w": 9, "h": 9, "outline": "thick"}
    frame = pd.DataFrame([row])
    frame.to_csv(tmp_path / "boxes.csv", index=False)
    table = scan(f"boxes:{tmp_path / 'boxes.csv'}").items
    assert (table["object"].iloc[0], table["outline_given"].iloc[0]) == ("a", "thick")


def test_a_data_yaml_names_parts_and_classes_and_segments_are_outlines(tmp_path):
    source = write_yolo(tmp_path)
    lines = (tmp_path / "labels" / "train" / "0.txt").read_text().splitlines()
    lines[0] = "0 0.1 0.1 0.3 0.1 0.3 0.4"
    lines[1] += " 0.75"  # a confidence behind
    (tmp_path / "labels" / "train" / "0.txt").write_text("\n".join(lines))
    items = scan(source).items
    assert set(items["split"]) == {"train"}
    assert items["confidence"].tolist()[1] == 0.75
    box = items[["object_x", "object_y", "object_w", "object_h"]].astype(float).iloc[0].tolist()
    assert box == pytest.approx([9.6, 6.4, 19.2, 19.2])
    assert items["outline"].iloc[0] == "poly:9.6,6.4 28.8,6.4 28.8,25.6"


def test_a_source_can_be_written_out_for_any_process(coco, monkeypatch):
    monkeypatch.chdir(coco.parent)
    odd = coco.with_name("50%? & more.json")
    coco.rename(odd)
    written = canonical("coco:50%25%3F %26 more.json?images=images&context=0.1")
    monkeypatch.chdir("/")
    assert len(scan(written).items) == 12
    assert len(scan(f"coco:{odd}").items) == 12  # a whole name that is there needs no codes


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("?cut=oval", "cut=oval: use box or mask"),
        ("?context=-1", "context=-1: a share"),
        ("?context=wide", "context=wide: a share"),
        ("?image=x", "unknown option 'image'; its options are context, cut, images"),
        ("?cut=box&cut=box", "write each once"),
        ("?images=nowhere", "nowhere: file not found"),
    ],
)
def test_options_that_cannot_be_are_refused(coco, options, said):
    with pytest.raises(InputError, match=said.replace("?", r"\?")):
        scan(f"coco:{coco}{options}")

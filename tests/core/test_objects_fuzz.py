"""Annotations changed at random: objects or reasons come of it, never another failure."""

import copy
import json

import numpy as np
import pandas as pd
import pytest
from objects_example import coco_value, draw, write_coco

from core.errors import InputError
from core.ingest import scan

ODD = [None, "", "7", -1, 0, 1e308, float("nan"), float("inf"), True, [], {}, [[]], "é\n", [1, 2],
       "nan", "1e999", 10**30, {"size": [1, 1], "counts": "0"}, "../../x", "\0"]  # fmt: skip


def places(value, path=()):
    """Return where every value of a tree is."""
    found = [path] if path else []
    inside = value.items() if isinstance(value, dict) else enumerate(value)
    for key, one in inside if isinstance(value, dict | list) else ():
        found += places(one, (*path, key)) if isinstance(one, dict | list) else [(*path, key)]
    return found


def change(value, random):
    """Put something odd at one place of a tree, or take it out."""
    path = places(value)[random.integers(len(places(value)))]
    for key in path[:-1]:
        value = value[key]
    if random.random() < 0.2:
        del value[path[-1]]
    else:
        value[path[-1]] = copy.deepcopy(ODD[random.integers(len(ODD))])


@pytest.mark.parametrize("cut", ["box", "mask"])
def test_coco_of_any_content_gives_objects_or_reasons(tmp_path, cut):
    file = write_coco(tmp_path, 2)
    random = np.random.default_rng(5)
    wrong = 0
    for _ in range(100):
        value = coco_value(2)
        count = len(value["annotations"])
        for _ in range(random.integers(1, 4)):
            change(value, random)
        file.write_text(json.dumps(value))
        try:
            found = scan(f"coco:{file}?cut={cut}")
        except InputError:
            wrong += 1
            continue
        told = found.broken
        assert all(one.reason and "\n" not in one.reason for one in told)
        left = value.get("annotations")
        if isinstance(left, list) and len(left) == count:
            assert len(found.items) + len(told) >= count  # nothing is lost unsaid
        sides = found.items[["box_x", "box_y", "box_w", "box_h"]].astype(float).to_numpy()
        assert np.isfinite(sides).all()
        assert (sides[:, 2:] > 0).all()
        found.items.to_parquet(tmp_path / "items.parquet")  # every column can be stored
    assert 0 < wrong < 100


def test_yolo_lines_of_any_content_give_objects_or_reasons(tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / "labels").mkdir()
    draw(0).save(tmp_path / "images" / "0.png")
    random = np.random.default_rng(6)
    words = ["0", "1", "-1", "0.5", "nan", "inf", "1e9", "x", "", "0.2", "0.3", "7.5", "é"]
    lines = [" ".join(random.choice(words, random.integers(1, 10))) for _ in range(400)]
    (tmp_path / "labels" / "0.txt").write_text("\n".join([*lines, "0 .5 .5 .2 .2"]))
    found = scan(f"yolo:{tmp_path}")
    assert len(found.items) + len(found.broken) == sum(bool(one.split()) for one in lines) + 1


def test_tables_of_any_content_give_objects_or_reasons(tmp_path):
    draw(0).save(tmp_path / "0.png")
    random = np.random.default_rng(7)
    cells = ["1", "20", "-5", "nan", "", "x", "1e400", "30.5", "1,5", "inf"]
    rows = {name: random.choice(cells, 300) for name in ("xmin", "ymin", "xmax", "ymax")}
    frame = pd.DataFrame({"path": random.choice(["0.png", "1.png", ""], 300)} | rows)
    frame.loc[0] = ["0.png", "1", "1", "20", "20"]
    frame.to_csv(tmp_path / "boxes.csv", index=False)
    found = scan(f"boxes:{tmp_path / 'boxes.csv'}")
    assert len(found.items) + len(found.broken) == 300
    assert len(found.items) > 0

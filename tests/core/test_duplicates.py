"""Copies in a set of real files: levels, keepers, conflicts, leaks, turned ones, thresholds."""

from hashlib import sha256

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from test_aligned import shown
from vectorsets import vector_set

from core.checking.duplicates import duplicates_of, unit_groups
from core.checking.pixels import pixels_of
from core.choosing import data_of
from core.config import load_settings
from core.curation import Desk
from core.imaging.perturb import TRANSFORMS
from core.quality.threshold import given_threshold
from core.storage.store import Workspace

SETTINGS = load_settings({}, {})


def vector(image):
    """How a picture looks at 8 × 8, in grey: near for copies, however bright."""
    grey = np.asarray(image.convert("L").resize((8, 8), Image.Resampling.BOX), np.float64).ravel()
    return np.append(grey - grey.mean(), [1e-3, grey.mean() / 99])


def put(folder, pictures):
    """Write pictures by name; return a table of path, label and split."""
    lines = []
    for name, (image, label, split, options) in pictures.items():
        image.save(folder / name, **options)
        lines.append((name, label, split))
    return pd.DataFrame(lines, columns=["path", "label", "split"])


def build(workspace, folder, table, name="set"):
    ids = [sha256((folder / path).read_bytes()).hexdigest() for path in table["path"]]
    images = [Image.open(folder / path).convert("RGB") for path in table["path"]]
    vector_set(workspace, np.stack([vector(one) for one in images]), name=name, ids=ids,
               path=table["path"].tolist(), label=table["label"].tolist(),
               split=table["split"].tolist())  # fmt: skip
    record = workspace.read_set(name)
    workspace.write_set(name, record | {"root": str(folder), "kind": "folder"})
    return name


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    """Two dozen pictures, and of the first ones copies of every sort."""
    root = tmp_path_factory.mktemp("copies")
    folder = root / "pictures"
    folder.mkdir()
    plain = [shown(seed, 100) for seed in range(24)]
    held = {f"p{at:02}.png": (one, "moth" if at % 2 else "wasp", "train", {})
            for at, one in enumerate(plain)}  # fmt: skip
    held["same.png"] = (plain[0], "wasp", "test", {})
    held["pixels.bmp"] = (plain[0], "wasp", "train", {})
    held["half.png"] = (TRANSFORMS["half"](plain[1]), "moth", "test", {})
    held["crop.png"] = (TRANSFORMS["crop5"](plain[1]), "wasp", "train", {})
    held["bright.jpg"] = (TRANSFORMS["brighter"](plain[2]), "", "train", {"quality": 60})
    held["mirror.png"] = (TRANSFORMS["mirrored"](plain[3]), "moth", "train", {})
    held["turned.png"] = (TRANSFORMS["turned"](plain[4]), "wasp", "test", {})
    held["black.png"] = (Image.new("RGB", (90, 90)), "", "train", {})
    held["grey.png"] = (Image.new("RGB", (90, 90), (9, 9, 9)), "", "train", {})
    build(Workspace(root / "ws"), folder, put(folder, held))
    return root


@pytest.fixture
def workspace(root, tmp_path):
    import shutil

    shutil.copytree(root / "ws", tmp_path / "ws")
    return Workspace(tmp_path / "ws")


def found_in(workspace, tau=0.1, name="set", **options):
    data = data_of(name, workspace)
    pixels = pixels_of(data.opened, workspace, SETTINGS)
    return data, duplicates_of(
        data.opened, workspace, data.neighbors, data.unit(workspace), pixels, given_threshold(tau),
        labels=data.opened.items["label"], **options,
    )  # fmt: skip


def groups(data, found, level):
    paths = data.opened.items["path"].tolist()
    numbers = found.of_level(level)["group"].tolist()
    return sorted(sorted(paths[row] for row in found.rows_of(number)) for number in numbers)


def test_every_level_holds_what_it_should_and_nothing_else(workspace):
    data, found = found_in(workspace, turned=True)
    assert groups(data, found, "identical") == [["p00.png", "same.png"]]
    assert groups(data, found, "pixels") == [["p00.png", "pixels.bmp", "same.png"]]
    assert groups(data, found, "near") == [
        ["bright.jpg", "p02.png"],
        ["crop.png", "half.png", "p01.png"],
        ["p00.png", "pixels.bmp", "same.png"],
    ]
    assert groups(data, found, "turned") == [["mirror.png", "p03.png"], ["p04.png", "turned.png"]]
    assert found.meta["counts"]["near"] == {
        "groups": 3, "images": 8, "copies": 5, "news": 2, "conflicts": 1,
    }  # fmt: skip
    assert (found.groups["diameter"] <= 2 * found.tau + 1e-9).all()


def test_groups_tell_keeper_reason_conflict_and_how_sure_they_are(workspace):
    data, found = found_in(workspace)
    paths = data.opened.items["path"].tolist()
    lines = {paths[line["keeper"]]: line for line in found.of_level("near").to_dict("records")}
    assert lines["p01.png"]["keeper_reason"].startswith("most pixels: 10,000, the next has 8,100")
    assert lines["p01.png"]["conflict"]
    assert lines["p02.png"]["keeper_reason"] == "it has a label, others do not"
    assert not lines["p02.png"]["conflict"]
    assert lines["p01.png"]["distinct"] == 3
    assert set(found.of_level("pixels")["confidence"]) == {"certain"}
    assert lines["p01.png"]["confidence"] in {"likely", "certain"}
    members = found.members[found.members["group"] == lines["p01.png"]["group"]]
    assert members["row"].iat[0] == lines["p01.png"]["keeper"]
    assert (members["apart"] <= 1).all()
    assert members["stays"].tolist() == [True, False, False]
    first = members["distance"].iat[1]
    unit = data.unit(workspace).astype(np.float64)
    assert first == pytest.approx(np.linalg.norm(unit[members["row"].iat[0]]
                                                 - unit[members["row"].iat[1]]))  # fmt: skip


def test_near_copies_make_one_unit(workspace):
    data, found = found_in(workspace)
    units = unit_groups(found, len(data.opened))
    paths = data.opened.items["path"].tolist()
    assert units[paths.index("half.png")] == units[paths.index("p01.png")]
    assert units[paths.index("pixels.bmp")] == units[0] == 0
    assert len(np.unique(units)) == len(paths) - 5


def test_copies_in_two_splits_are_leaks(workspace):
    data, found = found_in(workspace)
    paths = data.opened.items["path"].tolist()
    told = {(paths[line["row"]], paths[line["other"]], line["level"])
            for line in found.leaks.to_dict("records")}  # fmt: skip
    assert told == {("same.png", "p00.png", "identical"), ("half.png", "p01.png", "near")}
    assert set(found.leaks["first"]) == {"test"}
    assert set(found.leaks["kind"]) == {"split"}


def test_copies_in_another_set_are_leaks_with_its_rows(workspace, root, tmp_path):
    folder = tmp_path / "others"
    folder.mkdir()
    held = {f"x{at}.png": (shown(90 + at, 100), "a", "", {}) for at in range(8)}
    held["again.png"] = (shown(7, 100), "a", "", {})
    held["dim.png"] = (TRANSFORMS["gain_down"](shown(8, 100)), "a", "", {})
    build(workspace, folder, put(folder, held), "others")
    data, found = found_in(workspace, tau=0.05, others=("others",))
    lines = found.leaks[found.leaks["kind"] == "set"]
    paths, there = data.opened.items["path"].tolist(), list(held)
    told = {(paths[line["row"]], there[line["other"]], line["level"])
            for line in lines.to_dict("records")}  # fmt: skip
    assert told == {("p07.png", "again.png", "identical"), ("p08.png", "dim.png", "near")}


def test_what_a_person_kept_is_the_keeper(workspace):
    data, found = found_in(workspace)
    row = data.opened.items["path"].tolist().index("half.png")
    Desk(workspace).act(data.opened, "keep", [row], reason="mine")
    again = found_in(workspace)[1]
    assert again.key != found.key
    assert again.units_key == found.units_key
    line = again.groups[again.groups["keeper"] == row].iloc[0]
    assert line["keeper_reason"] == "kept by a person"


def test_the_smallest_threshold_still_holds_every_group_of_equal_pixels(workspace):
    found = found_in(workspace, tau=1e-6)[1]
    near = [set(found.rows_of(g).tolist()) for g in found.of_level("near")["group"]]
    for group in found.of_level("pixels")["group"]:
        assert any(set(found.rows_of(group).tolist()) <= one for one in near)


def test_another_threshold_compares_no_picture_again(workspace, monkeypatch):
    from core.checking import alike

    first = found_in(workspace, tau=0.1)[1]
    monkeypatch.setattr(alike.Comparer, "_shown", lambda *_: pytest.fail("a picture was read"))
    assert found_in(workspace, tau=0.1)[1].key == first.key
    assert found_in(workspace, tau=0.02)[1].key != first.key


def test_pairs_and_nearest_are_for_the_histogram(workspace):
    data, found = found_in(workspace)
    assert (np.diff(found.pair_distance) >= 0).all()
    assert (found.pairs[:, 0] < found.pairs[:, 1]).all()
    assert len(np.unique(found.pairs, axis=0)) == len(found.pairs)
    unit = data.unit(workspace).astype(np.float64)
    away = np.linalg.norm(unit[:, None] - unit[None], axis=2)
    near = np.argwhere(np.triu(away <= 3 * found.tau, 1))
    assert sorted(map(tuple, found.pairs.tolist())) == sorted(map(tuple, near.tolist()))
    assert found.nearest[0] > 0.01  # its equals are not another picture

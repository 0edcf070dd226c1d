"""Sets of images cut out by their masks: which mask is whose, what is kept, and what is refused."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from making import picture
from PIL import Image

from core.config import load_settings
from core.curation import Desk
from core.cutting import CutoutRequest, about, cutouts_of, find_masks, run_cutout
from core.errors import InputError, NotFoundError
from core.library import Library
from core.pictures import picture_bytes
from core.pipeline import run
from core.request import RunRequest
from core.storage.store import Workspace

GREY = 128


def mask(path: Path, size=(48, 32), box=(12, 8, 36, 24), value=255) -> None:
    image = Image.new("L", size, 0)
    image.paste(value, box)
    path.parent.mkdir(parents=True, exist_ok=True)
    image.save(path)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A set of 14 pictures in two folders; masks under many names, some missing or doubled."""
    root = tmp_path_factory.mktemp("cut")
    for at in range(14):
        path = root / "images" / "ab"[at % 2] / f"{at}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        picture(at).save(path)
    masks = root / "masks"
    for at, name in enumerate(["0", "1_mask", "2-seg", "mask_3", "4.seg0", "5", "6", "7", "8"]):
        mask(masks / f"{name}.png", value=1 + at)
    mask(masks / "deep" / "9_segmentation.png")
    mask(masks / "a" / "10.png")  # two of this name: that of the picture's own folder counts
    mask(masks / "b" / "10.png", box=(0, 0, 4, 4))
    mask(masks / "x" / "11.png")
    mask(masks / "y" / "11.png")
    (masks / "12.txt").write_text("no mask")
    mask(masks / "13.png", size=(20, 20), box=(2, 2, 9, 9))  # another size than its picture
    workspace = Workspace(root / "ws")
    settings = load_settings({"workspace": str(root / "ws")}, {})
    run(RunRequest(str(root / "images"), "flies", "colour-texture", ("pca",)), workspace, settings)
    return root, workspace, settings


@pytest.fixture(scope="module")
def cut(made):
    root, workspace, settings = made
    asked = CutoutRequest("flies", "flies cut out", str(root / "masks")).to_json()
    return run_cutout(asked, workspace, settings)


def test_each_picture_gets_its_own_mask(made):
    root, workspace, _ = made
    opened = Library(workspace).open("flies")
    found = find_masks(opened, folder=root / "masks")
    names = [Path(opened.items["path"].iat[row]).stem for row in found.rows]
    pairs = dict(zip(names, (one.relative_to(root / "masks").as_posix() for one in found.files),
                     strict=True))  # fmt: skip
    assert pairs == {
        "0": "0.png", "1": "1_mask.png", "2": "2-seg.png", "3": "mask_3.png", "4": "4.seg0.png",
        "5": "5.png", "6": "6.png", "7": "7.png", "8": "8.png",
        "9": "deep/9_segmentation.png", "10": "a/10.png", "13": "13.png",
    }  # fmt: skip
    assert dict(found.without) == {
        "b/11.png": "2 masks are named 11.png", "a/12.png": "no mask has its name",
    }  # fmt: skip


def test_the_new_set_shows_the_objects_alone(made, cut):
    _, workspace, settings = made
    assert cut["of"] == "flies"
    assert (cut["images"], len(cut["without"])) == (12, 2)
    found = Library(workspace).open("flies cut out")
    assert len(found) == 11  # one mask has another size, which its run names
    assert [one.path for one in found.broken] == ["images/b/13.png"]
    assert "picture 48 × 32" in found.broken[0].reason
    whole = Library(workspace).open("flies")
    row = int(np.flatnonzero([Path(p).stem == "4" for p in found.items["path"]])[0])
    file = found.root / str(found.items["path"].iat[row])
    import io

    shown = Image.open(io.BytesIO(picture_bytes(found, row, settings)[0])).convert("RGB")
    pixels, original = np.asarray(shown, int), np.asarray(Image.open(file).convert("RGB"), int)
    assert abs(pixels[:6] - GREY).max() <= 3
    assert abs(pixels[10:22, 14:34] - original[10:22, 14:34]).mean() < 12
    assert found.items["label"].iat[row] == whole.items["label"].iat[4 // 2] == "a"
    assert about(workspace, "flies cut out")["of"] == "flies"
    assert cutouts_of(workspace, "flies") == ["flies cut out"]
    assert cutouts_of(workspace, "flies cut out") == []
    assert about(workspace, "flies") is None


def test_vectors_see_the_object_and_not_what_is_around_it(made, cut):
    """Another background changes the whole picture's vector, not that of the object."""
    root, workspace, settings = made
    other, table = root / "other", []
    other.mkdir()
    for at in range(9):
        pixels = np.array(Image.open(root / "images" / "ab"[at % 2] / f"{at}.png"))
        inside = np.zeros(pixels.shape[:2], bool)
        inside[8:24, 12:36] = True
        pixels[~inside] = [255, 0, 0]
        Image.fromarray(pixels).save(other / f"{at}.png")
        mask(root / "othermasks" / f"{at}.png")
        table.append({"path": f"{at}.png", "outline": f"../othermasks/{at}.png"})
    pd.DataFrame(table).to_csv(other / "t.csv", index=False)
    wanted = RunRequest(str(other / "t.csv"), "red", "colour-texture", ("pca",))
    run(wanted, workspace, settings)
    asked = CutoutRequest("red", "red cut", column="outline").to_json()
    run_cutout(asked, workspace, settings)
    from core.space import unit_rows
    from core.storage.vectors import VectorCache

    def vectors(name):
        opened = Library(workspace).open(name)
        stems = [int(Path(p).stem) for p in opened.items["path"]]
        cache = VectorCache(workspace.root / "vectors" / opened.spec.key, opened.spec)
        held = unit_rows(cache.load(opened.items["item_id"].tolist()))
        return {stem: held[at] for at, stem in enumerate(stems)}

    whole, own = vectors("flies"), vectors("flies cut out")
    red, red_own = vectors("red"), vectors("red cut")
    for stem in range(9):
        assert np.linalg.norm(own[stem] - red_own[stem]) < 1e-5
        assert np.linalg.norm(whole[stem] - red[stem]) > 0.2


def test_cropping_leaves_the_object_with_a_margin(made):
    root, workspace, settings = made
    asked = CutoutRequest("flies", "cropped", str(root / "masks"), crop=True)
    run_cutout(asked.to_json(), workspace, settings)
    items = Library(workspace).open("cropped").items
    assert items["box_x"].iat[0] == pytest.approx(12 - 0.05 * 24)
    assert items["box_h"].iat[0] == pytest.approx(16 + 0.1 * 16)
    assert not items["mask"].isna().any()


def test_what_people_decided_goes_with_it(made):
    root, workspace, settings = made
    desk = Desk(workspace)
    opened = Library.with_desk(workspace, desk).open("flies")
    desk.act(opened, "relabel", rows=[0], label="wasp")
    desk.act(opened, "exclude", rows=[1], reason="blurred")
    asked = CutoutRequest("flies", "decided", str(root / "masks")).to_json()
    run_cutout(asked, workspace, settings)
    items = Library(workspace).open("decided").items
    first, second = (opened.items["path"].iat[row] for row in (0, 1))
    labels = dict(zip(items["path"].str.removeprefix("images/"), items["label"], strict=True))
    assert labels[first] == "wasp"
    assert second not in labels


@pytest.mark.parametrize(
    ("fields", "what"),
    [
        ({"cutout": "flies", "folder": "m"}, "the set itself"),
        ({"cutout": "new"}, "folder they lie in"),
        ({"cutout": "new", "folder": "m", "column": "c"}, "folder they lie in"),
        ({"cutout": "../x", "folder": "m"}, "set name"),
        ({"cutout": "new", "folder": "m", "crop": 1}, "crop 1"),
        ({"cutout": "new", "folder": " "}, "folder"),
    ],
)
def test_requests_that_cannot_be(fields, what):
    with pytest.raises(InputError, match=what):
        CutoutRequest("flies", **fields)
    with pytest.raises(InputError, match=what):
        CutoutRequest.from_json(json.loads(json.dumps({"name": "flies", **fields})))


def test_faults_name_what_is_wrong_and_leave_nothing(made, tmp_path):
    root, workspace, settings = made
    opened = Library(workspace).open("flies")
    with pytest.raises(NotFoundError, match="no folder"):
        find_masks(opened, folder=tmp_path / "gone")
    with pytest.raises(InputError, match="no image of 'flies' has one; no mask has its name"):
        find_masks(opened, folder=tmp_path)
    with pytest.raises(NotFoundError, match="no column 'outline'"):
        find_masks(opened, column="outline")
    with pytest.raises(InputError, match="unknown field 'nme'"):
        CutoutRequest.from_json({"nme": "flies"})
    (workspace.root / "sources").mkdir(exist_ok=True)
    before = sorted(p.name for p in (workspace.root / "sources").iterdir())
    workspace.write_set("mine", workspace.read_set("flies") | {"name": "mine"})
    asked = CutoutRequest("flies", "mine", str(root / "masks")).to_json()
    with pytest.raises(InputError, match="another set of this name"):
        run_cutout(asked, workspace, settings)
    assert sorted(p.name for p in (workspace.root / "sources").iterdir()) == before

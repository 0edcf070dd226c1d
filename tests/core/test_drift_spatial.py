"""Drift by place: a mark in a corner is found there, kept compact, and shown on the pictures."""

import io
import json
import re

import numpy as np
import pytest
from drift_example import A, B, settings_of
from looking import gathered
from making import picture
from PIL import Image, ImageDraw
from scipy.spatial.distance import pdist

from core.commands import drift_words
from core.drift.request import DriftRequest
from core.drifting import patching, run_drift
from core.drifting.again import verify
from core.drifting.document import document_of
from core.drifts import Drifts
from core.drifts.file import drift_file
from core.drifts.overlay import heated, opened_picture
from core.errors import InputError, NotFoundError
from core.library import Library
from core.model import EncoderSpec
from core.storage.store import Workspace

#: The mark lies in the last of four columns and rows of the frame.
SIDE, COUNT = 64, 40


def _marked(seed: int, mark: bool) -> Image.Image:
    image = picture(seed, (SIDE, SIDE))
    if mark:
        ImageDraw.Draw(image).rectangle((50, 50, 61, 61), fill=(255, 255, 255))
    return image


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    """Three sets of smooth pictures; "marked" has a white square in one corner, "twin" none."""
    root = tmp_path_factory.mktemp("placed")
    made = Workspace(root / "workspace")
    for start, name in enumerate(("plain", "marked", "twin")):
        (root / name).mkdir()
        for row in range(COUNT):
            image = _marked(1000 * start + row, name == "marked")
            image.save(root / name / f"{row:02}.png")
        gathered(made, root / name, name, "pixels?side=16&colour=1")
    return made


def compared(workspace, **asked):
    request = {"a": "plain", "b": "marked", "permutations": 199, "explain": False, "spatial": 40}
    return run_drift({**request, **asked}, workspace, settings_of(workspace))


@pytest.fixture(scope="module")
def found(workspace):
    return compared(workspace)


@pytest.fixture(scope="module")
def drift(workspace, found):
    return Drifts(workspace).open(found["drift"])


@pytest.fixture(scope="module")
def kept(workspace, drift):
    return Drifts(workspace).patches(drift)


def test_the_mark_is_found_where_it_is(found):
    """The square covers places 12 to 15 of 16, its edges in part; nothing else differs."""
    told = found["spatial"]
    assert told["grid"] == [16, 16]
    assert told["images"] == [COUNT, COUNT]
    p = np.array(told["p"])
    assert (p[13:15, 13:15] <= 0.01).all()
    elsewhere = np.ones((16, 16), bool)
    elsewhere[12:16, 12:16] = False
    assert (p[elsewhere] > 0.05).all()
    assert told["places"] == (p < 0.05).sum()
    assert "most at the bottom on the right" in told["text"]
    assert told["bag"]["p"] < 0.05


def test_where_nothing_differs_no_place_does(workspace):
    told = compared(workspace, b="twin")["spatial"]
    assert told["places"] == 0
    assert told["bag"]["p"] > 0.05
    assert "No place of 256 differs" in told["text"]


def test_it_is_kept_compact_and_used_again(workspace, found, drift, monkeypatch):
    stored = workspace.read("patches", found["spatial"]["patches"])
    assert stored.arrays["patches"].dtype == np.float16
    assert stored.arrays["patches"].shape == (2 * COUNT, 16, 16, 3)
    assert stored.meta["kept"] == pytest.approx(1)
    images = stored.tables["images"]
    assert (images.groupby("side")["row"].nunique() == COUNT).all()

    def fail(*_):
        raise AssertionError("read again")

    monkeypatch.setattr(patching, "_made", fail)
    again = compared(workspace, permutations=99)
    assert again["drift"] != found["drift"]
    assert again["spatial"]["effect"] == found["spatial"]["effect"]


def test_mean_pictures_are_those_of_the_pictures(workspace, kept):
    opened = Library(workspace).open("marked")
    files = [np.asarray(Image.open(opened.root / path), float) for path in opened.items["path"]]
    mean = np.asarray(Image.fromarray(np.mean(files, 0).astype(np.uint8)).resize((160, 160)), float)
    assert np.abs(kept.means["b"].astype(float) - mean).mean() < 3


def test_what_an_image_shows_and_the_other_lacks_is_coloured(kept):
    """The mark is the strangest part, and an image has nothing that it lacks itself."""
    rows = [row for row, _ in kept.strangest("b", 10)]
    assert len(set(rows)) == 10
    at = [np.unravel_index(kept.strange("b", row).argmax(), (16, 16)) for row in rows]
    assert all(12 <= y <= 15 and 12 <= x <= 15 for y, x in at)
    assert min(kept.strange("b", row).max() for row in rows) > 1
    for row in rows[:3]:
        assert kept.between("b", row, "b", row).max() < 1e-2
        assert kept.contrast("b", row, "b", row).max() == 0
        colour = kept.contrast("b", row, "a", row)
        assert colour.shape == (16, 16)
        assert colour.max() == pytest.approx(1) or colour.max() < 1
    with pytest.raises(NotFoundError, match="patches of image 999 of A are not kept"):
        kept.between("b", rows[0], "a", 999)


@pytest.mark.parametrize("mode", ["squash", "center"])
def test_colour_lies_over_its_place(mode):
    """Of a grey picture one place of a 4 × 4 grid is coloured, and nothing far from it."""
    spec = EncoderSpec("x", "", "hand-made", 3, (64, 64), crop_mode=mode, crop_pct=1.0)
    heat = np.zeros((4, 4))
    heat[1, 3] = 1
    data = heated(Image.new("RGB", (120, 80), (90, 90, 90)), heat, spec, 160)
    pixels = np.asarray(opened_picture(data), int)
    assert pixels.shape == (160, 160, 3)
    assert pixels[60, 140, 0] - pixels[60, 140, 2] > 80
    assert abs(pixels[140, 20] - 90).max() < 8
    plain = np.asarray(opened_picture(heated(Image.new("RGB", (9, 9)), None, spec, 32)))
    assert plain.max() < 8


def test_only_what_was_asked_for_is_in_the_result(made_drift, found):
    assert "spatial" not in made_drift.result
    assert DriftRequest(A, B).to_json() == DriftRequest(A, B, spatial=0, map="pca").to_json()
    assert "spatial" not in DriftRequest(A, B).to_json()
    asked = DriftRequest(A, B, spatial=50, map="umap")
    assert DriftRequest.from_json(asked.to_json()) == asked
    for wrong in ({"spatial": 5}, {"spatial": True}, {"spatial": 1e3}, {"map": "tsne"}):
        with pytest.raises(InputError, match=next(iter(wrong))):
            DriftRequest(A, B, **wrong)


def test_an_encoder_without_places_and_sets_without_pictures_say_so(workspace, made_drift):
    root = workspace.root.parent
    for name in ("plain", "marked"):
        gathered(workspace, root / name, f"{name} colours", "colour-texture")
    told = compared(workspace, a="plain colours", b="marked colours")["spatial"]
    assert set(told) == {"notice"}
    assert "colour-texture gives one vector a picture and nothing by place" in told["notice"]
    other = made_drift.compare(spatial=40, permutations=99, explain=False)["spatial"]
    assert "came with the set" in other["notice"]


def test_pictures_that_are_gone_are_counted(workspace, tmp_path):
    root = tmp_path / "some"
    root.mkdir()
    for row in range(30):
        _marked(5000 + row, False).save(root / f"{row:02}.png")
    gathered(workspace, root, "some", "pixels?side=16&colour=1")
    for row in range(4):
        (root / f"{row:02}.png").unlink()
    told = compared(workspace, b="some")["spatial"]
    assert told["images"] == [COUNT, 26]
    assert told["unread"] == 4


def test_it_is_verified_with_the_rest(workspace, found, drift):
    document = document_of(drift.key, drift.meta, drift.images)
    checked = verify(json.loads(json.dumps(document)), workspace, settings_of(workspace))
    assert checked["same"], checked["differences"]


def test_the_command_and_the_file_say_it(workspace, found, drift):
    lines = drift_words.lines(document_of(drift.key, drift.meta, drift.images))
    assert f"in the frame: {found['spatial']['text']}" in lines
    library = Library(workspace)
    sets = library.open("plain"), library.open("marked")
    text = drift_file(drift, *sets, workspace, settings_of(workspace)).decode()
    assert "Where in the frame" in text
    assert len(re.findall(r'class="hot', text)) == 256
    assert len(re.findall(r'class="hot differs"', text)) == found["spatial"]["places"]
    assert len(re.findall(r"in colour what A has not", text)) == 8
    assert "compared place by place" in text
    assert not re.search(r">[^<]*\b(NaN|None)\b", text)


def test_labels_are_told_one_a_line(made_drift):
    document = document_of(made_drift.key, made_drift.drift.meta, made_drift.drift.images)
    lines = [dict(one) for one in document["conditional"]]
    quiet = drift_words.lines(document)
    tested = [one for one in lines if one["p_adjusted"] is not None]
    assert f"{len(tested)} labels of {len(tested)} tested not seen to look different" in quiet
    lines[0] |= {"label": "moth", "p_adjusted": 0.01, "effect": 0.25, "n_a": 40, "n_b": 41}
    told = drift_words.lines({**document, "conditional": lines})
    assert "label moth looks different: MMD² 0.25, p 0.01 (40 in A, 41 in B)" in told


def test_a_picture_from_the_overlay_is_a_jpeg():
    spec = EncoderSpec("x", "", "hand-made", 3, (32, 64), crop_mode="border", crop_pct=1.0)
    data = heated(Image.new("RGB", (30, 90), (200, 10, 10)), np.zeros((2, 4)), spec, 128)
    image = Image.open(io.BytesIO(data))
    assert (image.format, image.size) == ("JPEG", (128, 64))
    # a tall picture in a wide frame: a border on both sides
    assert np.abs(np.asarray(image, int)[32, 4] - 127).max() < 10


def test_the_map_may_be_umaps_and_nothing_else_changes(workspace, monkeypatch):
    """Oracle: a layout that only doubles the components doubles all distances on the map."""
    asked = {"b": "twin", "spatial": 0, "permutations": 99}
    usual, seen = compared(workspace, **asked), []

    def layout(indices, distances, start, **given):
        seen.append((indices.shape, given["n_neighbors"], given["seed"]))
        return 2 * np.asarray(start)

    monkeypatch.setattr("core.maps.projection.umap_layout", layout)
    found = compared(workspace, **asked, map="umap")
    assert seen == [((2 * COUNT, 15), 15, 0)]
    one, two = (Drifts(workspace).open(made["drift"]).images for made in (usual, found))
    far = [pdist(table[["x", "y"]]) for table in (one, two)]
    assert far[1] == pytest.approx(2 * far[0], abs=1e-4)
    same = [name for name in one.columns if name not in "xy"]
    assert one[same].equals(two[same])
    for name in ("tests", "clusters", "local", "power", "scale"):
        assert usual[name] == found[name]
    text = drift_file(Drifts(workspace).open(found["drift"]), None, None, workspace,
                      settings_of(workspace)).decode()  # fmt: skip
    assert "UMAP map of both sets" in text

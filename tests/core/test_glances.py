"""Copies looked for by thumbnails: the same ones as by full looks, and hardly a file is read."""

from dataclasses import astuple

import numpy as np
import pytest
from looking import gathered, settings_of
from PIL import Image
from test_aligned import shown

from core.checking import glances as checking
from core.checking import pixels as looking
from core.checking import run_quality
from core.checking.glances import glanced_pixels
from core.checking.pixels import pixels_of
from core.errors import JobCancelled
from core.findings import Findings
from core.imaging.glance import glances_at, grey_square, pack, thumbnail_square, unpack
from core.imaging.perturb import TRANSFORMS
from core.imaging.pixels import look_at, look_at_item
from core.imaging.thumbnails import encode_thumbnail
from core.library import Library
from core.pipeline import run
from core.progress import Progress
from core.quality.request import QualityRequest
from core.request import RunRequest
from core.storage.store import Workspace


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path / "ws")


@pytest.fixture
def looked(monkeypatch):
    """Every item that is truly decoded."""
    seen = []

    def look(item, *rest):
        seen.append(item.path.name)
        return look_at_item(item, *rest)

    monkeypatch.setattr(looking, "look_at_item", look)
    return seen


def glance(opened, workspace, **more):
    return glanced_pixels(opened, workspace, settings_of(workspace), **more)


def colourful(seed, size=(300, 220)):
    planes = [shown(seed + 100 * channel, max(size)).convert("L") for channel in range(3)]
    return Image.merge("RGB", planes).resize(size, Image.Resampling.BOX)


def some(folder, count=4):
    folder.mkdir(parents=True)
    for seed in range(count):
        colourful(seed).save(folder / f"{seed}.png")
    return folder


@pytest.fixture
def copies(tmp_path):
    """Ten pictures, and copies of most of them."""
    folder = some(tmp_path / "in", 10)
    plain = [colourful(seed) for seed in range(10)]
    plain[0].save(folder / "same.bmp")
    (folder / "again.png").write_bytes((folder / "1.png").read_bytes())
    plain[2].save(folder / "jpeg.jpg", quality=60)
    for at, name in enumerate(("half", "crop5", "brighter", "mirrored", "turned"), 3):
        TRANSFORMS[name](plain[at]).save(folder / f"{name}.png")
    return folder


def ran(workspace, folder):
    """Run a set, its neighbours too."""
    asked = RunRequest(str(folder), "set", "pixels", ("pca",))
    run(asked, workspace, settings_of(workspace), Progress())


def found_in(workspace, *topics):
    asked = QualityRequest("set", turned=True, topics=("duplicates", *topics))
    run_quality(asked.to_json(), workspace, settings_of(workspace))
    opened = Library(workspace).open("set")
    return Findings(workspace).check(opened), opened.items["path"]


def told(check, names):
    tables = check.duplicates.tables
    rows = tables["members"].groupby("group")["row"].apply(list)
    groups = tables["groups"]
    return {
        (level, frozenset(names.iloc[rows[number]]), sure)
        for number, level, sure in zip(groups["group"], groups["level"], groups["confidence"],
                                       strict=True)
    }  # fmt: skip


def test_groups_are_those_of_a_check_that_looks_at_every_picture(tmp_path, copies):
    quick, full = Workspace(tmp_path / "quick"), Workspace(tmp_path / "full")
    for one in (quick, full):
        ran(one, copies)
    first, names = found_in(quick)
    second, _ = found_in(full, "pictures")
    groups = told(first, names)
    assert groups == told(second, names)
    assert {frozenset(held) for level, held, _ in groups if level == "pixels"} == {
        frozenset({"0.png", "same.bmp"}), frozenset({"1.png", "again.png"}),
    }  # fmt: skip
    near = {held for level, held, _ in groups if level == "near"}
    for pair in (("2.png", "jpeg.jpg"), ("3.png", "half.png"), ("4.png", "crop5.png"),
                 ("5.png", "brighter.png")):  # fmt: skip
        assert frozenset(pair) in near
    assert {held for level, held, _ in groups if level == "turned"} == {
        frozenset({"6.png", "mirrored.png"}), frozenset({"7.png", "turned.png"}),
    }  # fmt: skip
    assert first.duplicates.meta["tau"] == pytest.approx(second.duplicates.meta["tau"])


def test_only_pictures_that_may_be_equal_are_read(workspace, copies, looked):
    found = glance(gathered(workspace, copies), workspace)
    assert sorted(looked) == ["0.png", "same.bmp"]
    assert found.known.all()
    assert found.table["digest"].notna().sum() == 2
    assert found.table["digest"].nunique() == 1


def test_large_jpegs_and_their_pixels_in_another_format_are_equal(workspace, tmp_path):
    """Their thumbnails differ, since one was decoded at half its size."""
    folder = some(tmp_path / "in", 2)
    colourful(7, (1400, 1100)).save(folder / "large.jpg", quality=90)
    with Image.open(folder / "large.jpg") as image:
        image.save(folder / "large.png")
    opened = gathered(workspace, folder)
    found = glance(opened, workspace)
    full = pixels_of(opened, workspace, settings_of(workspace))
    both = opened.items["path"].str.startswith("large").to_numpy(bool)
    assert found.table["digest"].notna().tolist() == both.tolist()
    assert found.table["digest"][both].tolist() == full.table["digest"][both].tolist()


def test_thumbnails_of_another_size_do_not_hide_equal_pixels(workspace, tmp_path):
    folder = some(tmp_path / "in", 3)
    colourful(1).save(folder / "same.bmp")
    opened = gathered(workspace, folder)
    at = opened.items["path"].tolist().index("same.bmp")
    other = encode_thumbnail(colourful(1), 128)
    workspace.thumbnails.set(opened.items["item_id"].iloc[at], other)
    digests = glance(opened, workspace).table["digest"]
    assert digests.notna().sum() == 2


def test_pictures_without_a_thumbnail_are_looked_at(workspace, copies, looked):
    opened = gathered(workspace, copies)
    row = opened.items["path"].tolist().index("5.png")
    workspace.thumbnails.delete(opened.items["item_id"].iloc[row])
    found = glance(opened, workspace)
    assert sorted(looked) == ["0.png", "5.png", "same.bmp"]
    full = pixels_of(opened, workspace, settings_of(workspace))
    assert found.known.all()
    assert found.table.loc[row].equals(full.table.loc[row])
    np.testing.assert_array_equal(found.hashes[row], full.hashes[row])


def test_full_looks_are_used_where_all_were_taken(workspace, copies):
    opened = gathered(workspace, copies)
    full = pixels_of(opened, workspace, settings_of(workspace))
    assert glance(opened, workspace).key == full.key


def test_a_glance_is_kept_by_item(workspace, copies, tmp_path, monkeypatch):
    first = glance(gathered(workspace, copies), workspace)
    colourful(30).save(copies / "new.png")
    opened = gathered(workspace, copies)
    taken = []
    monkeypatch.setattr(
        checking, "glances_at", lambda data: taken.append(len(data)) or glances_at(data)
    )
    second = glance(opened, workspace)
    assert sum(taken) == 1
    old = (opened.items["path"] != "new.png").to_numpy(bool)
    np.testing.assert_array_equal(second.hashes[old], first.hashes)


def test_a_file_that_is_gone_stops_nothing_and_it_is_said(workspace, copies):
    opened = gathered(workspace, copies)
    (copies / "same.bmp").unlink()
    found = glance(opened, workspace)
    assert found.known.all()
    assert "could not be read now" in found.notice
    copies.joinpath("4.png").unlink()  # which shares its pixels with none, so nobody asks
    assert glance(opened, workspace).key == found.key


def test_regions_have_the_size_that_they_are_cut_out_at(workspace, tmp_path):
    folder = some(tmp_path / "in", 1)
    lines = ["path,box_x,box_y,box_w,box_h", "0.png,4,6,120.4,100.6", "0.png,250,200,90,90",
             "0.png,,,,"]  # fmt: skip
    (folder / "items.csv").write_text("\n".join(lines) + "\n")
    opened = gathered(workspace, folder / "items.csv")
    found = glance(opened, workspace)
    full = pixels_of(opened, workspace, settings_of(workspace))
    sizes = ["width", "height"]
    assert found.table[sizes].to_numpy().tolist() == full.table[sizes].to_numpy().tolist()
    assert found.key != full.key


def test_cancelling_keeps_what_was_seen(workspace, copies, monkeypatch):
    opened = gathered(workspace, copies)
    taken = []
    monkeypatch.setattr(checking, "PIECE", 2)
    monkeypatch.setattr(
        checking, "glances_at", lambda data: taken.append(len(data)) or glances_at(data)
    )
    with pytest.raises(JobCancelled):
        glance(opened, workspace, progress=Progress(cancelled=lambda: sum(taken) > 6, interval=0))
    before = sum(taken)
    taken.clear()
    assert glance(opened, workspace).known.all()
    assert 0 < sum(taken) < opened.items["item_id"].nunique()
    assert before < opened.items["item_id"].nunique()


def test_a_check_for_copies_alone_has_no_findings_about_pictures(workspace, copies):
    ran(workspace, copies)
    check, _ = found_in(workspace)
    assert check.duplicates is not None
    assert check.pixels is None
    assert found_in(workspace, "pictures")[0].pixels is not None
    assert found_in(workspace)[0].pixels is not None  # what was found before stays


@pytest.mark.parametrize("size", [(300, 220), (60, 50), (900, 200), (28, 28)])
def test_a_glance_is_nearly_a_look(size):
    image = colourful(4, size)
    data = encode_thumbnail(image)
    (told, square), nothing = glances_at([data, b"\xff\xd8\xff\xe0nothing"])
    assert nothing is None
    look = look_at(image)
    assert np.bitwise_count(told.hashes ^ look.hashes).max() <= 6
    np.testing.assert_allclose(astuple(told.measures)[:2], astuple(look.measures)[:2], atol=0.06)
    assert told.measures.entropy == pytest.approx(look.measures.entropy, abs=0.7)
    assert told.measures.sharpness == pytest.approx(look.measures.sharpness, abs=0.06)
    assert told.measures.grey == pytest.approx(look.measures.grey, abs=0.03)
    assert told.measures.border == look.measures.border == 0
    np.testing.assert_array_equal(square, thumbnail_square(data))
    away = np.abs(square.astype(int) - grey_square(image))
    assert away.mean() < 3


def test_packing_loses_nothing():
    ((told, _),) = glances_at([encode_thumbnail(colourful(2))])
    again = unpack(pack(told))
    assert (again.measures, again.width, again.height, again.mark) == (
        told.measures, told.width, told.height, told.mark,
    )  # fmt: skip
    np.testing.assert_array_equal(again.hashes, told.hashes)
    assert unpack(pack(told)[:-1]) is None

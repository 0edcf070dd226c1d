"""One look at every picture: once an item, at what the item shows, through every kind of fault."""

import gzip
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from looking import gathered, settings_of
from making import ROOT, picture
from PIL import Image
from vectorsets import vector_set

from core.checking import pixels as checking
from core.checking.pixels import open_pixels, pixels_of
from core.errors import JobCancelled, StorageError
from core.imaging.decode import ItemFile, load_picture
from core.imaging.measures import measure_picture
from core.imaging.perceptual import perceptual_hashes, pixel_digest
from core.imaging.pixels import look_at, look_at_file, look_at_item, pack, unpack
from core.library import Library
from core.model import Region
from core.progress import Progress
from core.storage.store import Workspace


@pytest.fixture
def workspace(tmp_path) -> Workspace:
    return Workspace(tmp_path / "ws")


@pytest.fixture
def looked(monkeypatch) -> list[str]:
    """Every item that is truly decoded."""
    seen: list[str] = []

    def look(item: ItemFile, *rest):
        seen.append(item.path.name)
        return look_at_item(item, *rest)

    monkeypatch.setattr(checking, "look_at_item", look)
    return seen


def some(root: Path, count: int = 5, first: int = 0) -> Path:
    root.mkdir(parents=True, exist_ok=True)
    for seed in range(first, first + count):
        picture(seed).save(root / f"{seed}.png")
    return root


def look(opened, workspace, **more):
    return pixels_of(opened, workspace, settings_of(workspace), **more)


def test_a_look_is_what_measures_digest_and_hashes_say(tmp_path):
    picture(3, (700, 400)).save(tmp_path / "a.png")
    found = look_at_file(tmp_path / "a.png")
    with Image.open(tmp_path / "a.png") as image:
        assert found.measures == measure_picture(image)
        assert found.digest == pixel_digest(image)
        apart = np.bitwise_count(found.hashes ^ perceptual_hashes(image))
    assert apart.max() <= 2  # taken of the picture made smaller
    assert (found.width, found.height, found.orientation) == (700, 400, 1)


def test_a_set_is_looked_at_in_row_order_and_stored(workspace, tmp_path):
    opened = gathered(workspace, some(tmp_path / "in", 40))
    found = look(opened, workspace)
    assert found.known.all()
    assert found.notice == ""
    assert list(found.table.columns) == [
        "brightness_low", "brightness_high", "entropy", "sharpness", "grey", "border",
        "width", "height", "orientation", "digest",
    ]  # fmt: skip
    for row in (0, 17, 39):
        alone = look_at_file(opened.root / opened.items["path"].iat[row])
        assert found.table["digest"].iat[row] == alone.digest
        assert found.table["sharpness"].iat[row] == alone.measures.sharpness
        assert found.hashes[row].tolist() == alone.hashes.tolist()
    again = open_pixels(Workspace(workspace.root), found.key)
    pd.testing.assert_frame_equal(again.table, found.table)


def test_added_images_alone_are_read(workspace, tmp_path, looked):
    root = some(tmp_path / "in")
    first = look(gathered(workspace, root), workspace)
    assert sorted(looked) == [f"{seed}.png" for seed in range(5)]
    looked.clear()
    assert look(Library(workspace).open("set"), workspace).key == first.key
    some(root, 2, first=100)
    shutil.copy(root / "0.png", root / "twin.png")
    more = look(gathered(workspace, root), workspace)
    assert sorted(looked) == ["100.png", "101.png"]
    assert more.key != first.key
    assert len(more.table) == 8
    assert more.known.all()


def test_the_same_pictures_in_another_set_are_not_read_again(workspace, tmp_path, looked):
    root = some(tmp_path / "in")
    first = look(gathered(workspace, root), workspace)
    looked.clear()
    moved = shutil.copytree(root, tmp_path / "moved")
    (moved / "4.png").rename(moved / "9.png")
    other = look(gathered(workspace, moved, "other"), workspace)
    assert looked == []
    pd.testing.assert_frame_equal(other.table, first.table)


def test_equal_pixels_in_other_files_have_one_digest(workspace, tmp_path):
    root = tmp_path / "in"
    root.mkdir()
    sensor = picture(1, (60, 40))
    sensor.save(root / "a.png")
    sensor.save(root / "b.bmp")
    sensor.save(root / "c.tiff", compression="tiff_lzw")
    exif = Image.Exif()
    exif[0x0112] = 6  # shown turned clockwise
    sensor.transpose(Image.Transpose.ROTATE_90).save(root / "d.png", exif=exif)
    sensor.save(root / "e.jpg", quality=60)
    found = look(gathered(workspace, root), workspace)
    digests = found.table["digest"].tolist()
    assert len(set(digests[:4])) == 1
    assert digests[4] != digests[0]


def test_regions_are_looked_at_as_they_are_cut_out(workspace, tmp_path):
    root = some(tmp_path / "in", 1)
    mask = Image.new("L", (48, 32), 0)
    mask.paste(255, (0, 0, 24, 32))
    mask.save(root / "mask.png")
    lines = ["path,box_x,box_y,box_w,box_h,mask", "0.png,4,6,20,10,", "0.png,,,,,mask.png"]
    (root / "items.csv").write_text("\n".join([*lines, "0.png,,,,,"]) + "\n")
    opened = gathered(workspace, root / "items.csv")
    found = look(opened, workspace)
    assert found.known.all()
    assert found.table[["width", "height"]].to_numpy().tolist() == [[20, 10], [48, 32], [48, 32]]
    with Image.open(root / "0.png") as image:
        crop = image.convert("RGB").crop((4, 6, 24, 16))
    assert found.table["digest"].iat[0] == pixel_digest(crop)
    masked = load_picture(root / "0.png", Region(mask="mask.png"), root=root).image
    assert found.table["digest"].iat[1] == pixel_digest(masked)
    assert found.table["digest"].nunique() == 3


def idx_file(path: Path, images: np.ndarray) -> Path:
    head = b"\0\0\x08\x03" + b"".join(n.to_bytes(4, "big") for n in images.shape)
    path.write_bytes(gzip.compress(head + images.tobytes()))
    return path


def test_frames_of_an_idx_file_are_looked_at_one_by_one(workspace, tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (6, 9, 7), dtype=np.uint8)
    images[4] = images[1]
    opened = gathered(workspace, idx_file(tmp_path / "some-idx3-ubyte.gz", images))
    found = look(opened, workspace)
    assert found.known.all()
    assert found.table[["width", "height"]].iloc[0].tolist() == [7, 9]
    same = pd.factorize(found.table["digest"])[0].tolist()
    assert same == [0, 1, 2, 3, 1, 4]
    assert found.table["digest"].iat[2] == pixel_digest(Image.fromarray(images[2]))


def test_an_idx_file_with_other_images_is_not_taken_for_the_old_one(workspace, tmp_path):
    images = np.random.default_rng(0).integers(0, 256, (4, 9, 7), dtype=np.uint8)
    opened = gathered(workspace, idx_file(tmp_path / "some-idx3-ubyte.gz", images))
    images[2] = 255 - images[2]
    idx_file(tmp_path / "some-idx3-ubyte.gz", images)
    found = look(opened, workspace)
    assert found.known.tolist() == [True, True, False, True]
    assert "changed" in found.reasons[2]


def test_vectors_without_pictures_are_unknown_and_it_is_said(workspace):
    vector_set(workspace, np.random.default_rng(0).normal(size=(30, 8)))
    opened = Library(workspace).open("set")
    found = look(opened, workspace)
    assert not found.known.any()
    assert "no pictures" in found.notice
    assert found.table["entropy"].isna().all()
    assert look(opened, workspace).key == found.key


def test_one_bad_picture_stops_nothing_and_is_tried_again(workspace, tmp_path, looked):
    root = some(tmp_path / "in", 6)
    opened = gathered(workspace, root)
    kept = {seed: (root / f"{seed}.png").read_bytes() for seed in (1, 2, 3)}
    (root / "1.png").unlink()
    (root / "2.png").write_bytes(kept[2][:60])
    picture(99).save(root / "3.png")  # readable, but not what the set was made from
    found = look(opened, workspace)
    assert found.known.tolist() == [True, False, False, False, True, True]
    assert found.reasons[1] == "file not found"
    assert "changed since" in found.reasons[3]
    assert set(found.reasons) == {1, 2, 3}
    assert "3 pictures could not be read" in found.notice
    assert str(root) not in found.notice
    assert found.table.iloc[3].isna().all()
    assert not found.hashes[3].any()
    for seed, data in kept.items():
        (root / f"{seed}.png").write_bytes(data)
    looked.clear()
    whole = look(opened, workspace)
    assert sorted(looked) == ["1.png", "2.png", "3.png"]
    assert whole.known.all()
    assert whole.key != found.key
    fresh = look(gathered(Workspace(tmp_path / "other"), root), Workspace(tmp_path / "other"))
    pd.testing.assert_frame_equal(whole.table, fresh.table)


def test_a_missing_folder_leaves_all_unknown(workspace, tmp_path):
    opened = gathered(workspace, some(tmp_path / "in"))
    (tmp_path / "in").rename(tmp_path / "away")
    found = look(opened, workspace)
    assert not found.known.any()
    assert "5 pictures could not be read now" in found.notice
    (tmp_path / "away").rename(tmp_path / "in")
    assert look(opened, workspace).known.all()


def test_a_picture_that_leads_out_of_the_folder_is_not_read(workspace, tmp_path):
    root = some(tmp_path / "in", 3)
    opened = gathered(workspace, root)
    picture(77).save(tmp_path / "secret.png")
    (root / "1.png").unlink()
    (root / "1.png").symlink_to(tmp_path / "secret.png")
    found = look(opened, workspace)
    assert found.known.tolist() == [True, False, True]
    assert "out of the folder" in found.reasons[1]


def test_cancelling_keeps_what_was_read(workspace, tmp_path, looked):
    opened = gathered(workspace, some(tmp_path / "in", 200))
    stop = Progress(cancelled=lambda: len(looked) > 60, interval=0)
    with pytest.raises(JobCancelled):
        look(opened, workspace, progress=stop)
    before = len(looked)
    assert before < 200
    looked.clear()
    assert look(opened, workspace).known.all()
    assert 0 < len(looked) <= 200 - checking.PIECE  # three pieces in hand at most, one stored
    assert before + len(looked) < 200 + 8 * checking.PIECE


def test_a_killed_check_goes_on_where_it_was(workspace, tmp_path):
    root = some(tmp_path / "in", 400)
    opened = gathered(workspace, root)
    code = (
        "import sys; from pathlib import Path; sys.path[:0] = ['tests', '.'];"
        "from looking import settings_of; from core.library import Library;"
        "from core.storage.store import Workspace; from core.checking import pixels;"
        "from core.progress import Progress;"
        f"w = Workspace(Path({str(workspace.root)!r}));"
        "said = lambda step: print(step.done, flush=True);"
        "pixels.pixels_of(Library(w).open('set'), w, settings_of(w),"
        " Progress(listener=said, interval=0))"
    )
    run = [sys.executable, "-c", code]
    with subprocess.Popen(run, cwd=ROOT, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        for line in child.stdout:
            if int(line) >= 48:
                break
        os.kill(child.pid, signal.SIGKILL)
    assert child.returncode == -signal.SIGKILL
    assert not list((workspace.root / "artefacts").glob("pixels/*"))
    done: list[int] = []
    found = look(opened, workspace, progress=Progress(listener=lambda s: done.append(s.done)))
    assert found.known.all()
    assert done[1] >= 48  # what the dead process had stored was not read again


def test_a_changed_look_in_the_catalogue_is_noticed(workspace, tmp_path):
    opened = gathered(workspace, some(tmp_path / "in"))
    look(opened, workspace)
    with sqlite3.connect(workspace.root / "catalog.sqlite") as raw:
        raw.execute("UPDATE looks SET look = zeroblob(length(look))")
    raw.close()
    shutil.rmtree(workspace.root / "artefacts" / "pixels")
    with pytest.raises(StorageError, match=r"catalog\.sqlite: damaged .* delete it"):
        look(opened, Workspace(workspace.root))


def test_deep_pictures_that_only_look_alike_are_not_equal(workspace, tmp_path):
    root = tmp_path / "in"
    root.mkdir()
    ramp = np.arange(64 * 48, dtype=np.uint16).reshape(48, 64)
    Image.fromarray(ramp).save(root / "dim.png")
    Image.fromarray(ramp).save(root / "dim.tiff")
    Image.fromarray(ramp * 20).save(root / "bright.png")
    found = look(gathered(workspace, root), workspace)
    names = ["bright.png", "dim.png", "dim.tiff"]
    digests = dict(zip(names, found.table["digest"], strict=True))
    assert digests["dim.png"] == digests["dim.tiff"]
    assert digests["dim.png"] != digests["bright.png"]


def test_every_mode_and_format_is_looked_at(workspace, tmp_path):
    root = tmp_path / "in"
    root.mkdir()
    base = picture(4, (40, 30))
    base.convert("CMYK").save(root / "cmyk.jpg")
    base.convert("L").save(root / "grey.png")
    base.convert("1").save(root / "bits.png")
    base.quantize(16).save(root / "palette.gif")
    frames = [picture(seed, (40, 30)) for seed in range(3)]
    frames[0].save(root / "moving.gif", save_all=True, append_images=frames[1:])
    clear = base.convert("RGBA")
    clear.putalpha(Image.linear_gradient("L").resize((40, 30)))
    clear.save(root / "clear.png")
    clear.save(root / "clear.webp", lossless=True, exact=True)
    Image.fromarray(np.linspace(0, 1, 1200, dtype=np.float32).reshape(30, 40)).save(
        root / "float.tiff"
    )
    opened = gathered(workspace, root)
    found = look(opened, workspace)
    assert found.known.all(), found.notice
    digests = dict(zip(opened.items["path"], found.table["digest"], strict=True))
    assert digests["clear.png"] == digests["clear.webp"]
    assert len(set(digests.values())) == len(digests) - 1
    greys = dict(zip(opened.items["path"], found.table["grey"], strict=True))
    assert greys["grey.png"] == greys["bits.png"] == greys["float.tiff"] == 1


def test_pictures_beyond_the_limits_are_unknown(workspace, tmp_path):
    root = some(tmp_path / "in", 2)
    picture(9, (300, 200)).save(root / "large.png")
    opened = gathered(workspace, root)
    found = pixels_of(opened, workspace, settings_of(workspace, max_pixels=10_000))
    assert found.known.tolist() == [True, True, False]
    assert "megapixels" in found.reasons[2]


@given(st.integers(0, 2**32 - 1), st.integers(1, 30), st.integers(1, 30))
def test_packing_loses_nothing(seed, width, height):
    values = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    found = look_at(Image.fromarray(values), orientation=0.3)
    again = unpack(pack(found))
    assert again is not None
    assert again.hashes.tolist() == found.hashes.tolist()
    fields = ("measures", "width", "height", "digest", "orientation")
    assert [getattr(again, f) for f in fields] == [getattr(found, f) for f in fields]
    assert unpack(pack(found)[:-1]) is None

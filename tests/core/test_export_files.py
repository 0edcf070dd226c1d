"""Files exported into a folder: copies, links and crops, whatever they are called."""

import csv
import errno
import hashlib
import os
from pathlib import Path, PurePosixPath

import numpy as np
import pytest
from making import picture
from PIL import Image

from core.errors import InputError, JobCancelled, StorageError
from core.export import makers
from core.export.files import export_files
from core.export.formats import Options
from core.export.names import LONGEST, safe_name, wanted_name, without_clashes
from core.export.sources import Source
from core.imaging.decode import WHOLE
from core.model import Region
from core.progress import Progress


def source(root: Path, path: str, row: int = 0, label: str = "", region: Region = WHOLE) -> Source:
    """Return the item of a file, which is made if it is not there."""
    file = root / path
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        picture(row).save(file, "PNG")
    return Source(row, hashlib.sha256(file.read_bytes()).hexdigest(), path, region, label)


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "pictures"
    folder.mkdir()
    return folder


@pytest.fixture
def three(root):
    """Three files; two have one name."""
    named = [("moth/1.png", "moth"), ("wasp/1.png", "wasp"), ("wasp/Ünï 蛾.png", "")]
    return [source(root, path, row, label) for row, (path, label) in enumerate(named)]


def export(sources, root, folder, to="copies", progress=None, **options):
    return export_files(sources, root, folder, to, Options(**options), progress=progress)


def lines(folder, name="exported.csv"):
    with (folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def files(folder):
    """Return what lies in a folder, the list left out."""
    found = (p.relative_to(folder).as_posix() for p in folder.rglob("*") if not p.is_dir())
    return sorted(name for name in found if not name.startswith("exported"))


def content(folder):
    return {name: (folder / name).read_bytes() for name in files(folder)}


# -- copies ----------------------------------------------------------------------------------------


def test_copies_keep_structure_bytes_and_times(root, three, tmp_path):
    os.utime(root / "moth/1.png", ns=(10**18, 1_234_567_890_123_456_789))
    done = export(three, root, tmp_path / "out")
    assert (done.files, done.kept, done.missing) == (3, 0, [])
    assert content(tmp_path / "out") == content(root)
    stat = (tmp_path / "out/moth/1.png").stat()
    assert stat.st_mtime_ns == 1_234_567_890_123_456_789
    assert [line["name"] for line in lines(tmp_path / "out")] == [s.path for s in three]
    assert [line["item_id"] for line in lines(tmp_path / "out")] == [s.item_id for s in three]


@pytest.mark.parametrize(
    ("layout", "expected"),
    [
        ("flat", ["1.png", "1 (2).png", "Ünï 蛾.png"]),
        ("label", ["moth/1.png", "wasp/1.png", "Ünï 蛾.png"]),
    ],
)
def test_layouts_put_files_flat_or_by_label(root, three, tmp_path, layout, expected):
    export(three, root, tmp_path / "out", layout=layout)
    assert files(tmp_path / "out") == sorted(expected)
    assert [line["name"] for line in lines(tmp_path / "out")] == expected
    assert (tmp_path / "out" / expected[1]).read_bytes() == (root / "wasp/1.png").read_bytes()


def test_a_source_that_is_gone_is_listed_and_stops_nothing(root, three, tmp_path):
    (root / "wasp/1.png").unlink()
    done = export(three, root, tmp_path / "out")
    assert (done.files, done.missing) == (2, [("wasp/1.png", "file not found")])
    listed = lines(tmp_path / "out")
    assert [(line["name"], line["note"]) for line in listed] == [
        ("moth/1.png", ""), ("", "file not found"), ("wasp/Ünï 蛾.png", ""),
    ]  # fmt: skip


def test_a_folder_in_place_of_a_source_is_listed(root, three, tmp_path):
    (root / "wasp/1.png").unlink()
    (root / "wasp/1.png").mkdir()
    assert export(three, root, tmp_path / "out").missing == [("wasp/1.png", "not a regular file")]


def test_a_file_that_changed_since_is_copied_and_noted(root, three, tmp_path):
    (root / "moth/1.png").write_bytes(b"another picture")
    export(three, root, tmp_path / "out")
    assert (tmp_path / "out/moth/1.png").read_bytes() == b"another picture"
    assert "has changed" in lines(tmp_path / "out")[0]["note"]


def test_regions_and_frames_of_one_file_export_it_once(root, tmp_path):
    whole = source(root, "a.png")
    items = [
        Source(row, whole.item_id, "a.png", Region(box=(row, 0, 4, 4)), "") for row in range(3)
    ]
    done = export(items, root, tmp_path / "out")
    assert (done.files, files(tmp_path / "out")) == (1, ["a.png"])
    listed = lines(tmp_path / "out")
    assert [(line["row"], line["name"], line["note"]) for line in listed] == [
        (str(row), "a.png", "") for row in range(3)
    ]


def test_by_label_a_file_lies_under_each_label_of_its_regions(root, tmp_path):
    whole = source(root, "a.png")
    items = [
        Source(row, whole.item_id, "a.png", Region(box=(row, 0, 4, 4)), label)
        for row, label in enumerate(["moth", "wasp", "moth"])
    ]
    export(items, root, tmp_path / "out", layout="label")
    assert files(tmp_path / "out") == ["moth/a.png", "wasp/a.png"]
    listed = {line["row"]: line["name"] for line in lines(tmp_path / "out")}
    assert listed == {"0": "moth/a.png", "1": "wasp/a.png", "2": "moth/a.png"}


def test_vectors_without_pictures_cannot_be_copied(root, tmp_path):
    with pytest.raises(InputError, match="without pictures"):
        export([Source(0, "0" * 64, "", WHOLE, "")], root, tmp_path / "out")
    assert not (tmp_path / "out").exists()


# -- what is there already -------------------------------------------------------------------------


def test_a_second_export_keeps_what_is_there(root, three, tmp_path):
    export(three, root, tmp_path / "out")
    before = (tmp_path / "out/exported.csv").read_bytes()
    done = export(three, root, tmp_path / "out")
    assert (done.files, done.kept) == (0, 3)
    assert (tmp_path / "out/exported.csv").read_bytes() == before
    assert len(list((tmp_path / "out").rglob("exported*"))) == 1


def test_nothing_is_written_where_a_file_differs(root, three, tmp_path):
    (tmp_path / "out/wasp").mkdir(parents=True)
    (tmp_path / "out/wasp/1.png").write_bytes(b"mine")
    with pytest.raises(InputError, match=r"other content under 1 .*wasp/1\.png"):
        export(three, root, tmp_path / "out")
    assert content(tmp_path / "out") == {"wasp/1.png": b"mine"}


def test_a_file_of_equal_size_that_differs_is_seen(root, three, tmp_path):
    data = bytearray((root / "moth/1.png").read_bytes())
    data[-1] ^= 1
    (tmp_path / "out/moth").mkdir(parents=True)
    (tmp_path / "out/moth/1.png").write_bytes(data)
    with pytest.raises(InputError, match="other content"):
        export(three, root, tmp_path / "out")


def test_other_files_in_the_folder_stay_and_its_list_is_not_replaced(root, three, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out/exported.csv").write_text("my own list\n")
    (tmp_path / "out/notes.txt").write_text("mine")
    done = export(three, root, tmp_path / "out")
    assert (tmp_path / "out/exported.csv").read_text() == "my own list\n"
    assert (tmp_path / "out/notes.txt").read_text() == "mine"
    assert done.listing.name == "exported (2).csv"
    assert len(lines(tmp_path / "out", "exported (2).csv")) == 3


def test_an_export_that_was_cancelled_says_what_is_there_and_goes_on(root, three, tmp_path):
    seen = []

    def stop():
        seen.append(len(files(tmp_path / "out")) if (tmp_path / "out").exists() else 0)
        return seen[-1] == 2

    with pytest.raises(JobCancelled):
        export(three, root, tmp_path / "out", progress=Progress(cancelled=stop, interval=0))
    assert len(files(tmp_path / "out")) == 2
    assert len(lines(tmp_path / "out")) == 2
    done = export(three, root, tmp_path / "out")
    assert (done.files, done.kept) == (1, 2)
    assert len(lines(tmp_path / "out")) == 3
    assert len(list((tmp_path / "out").glob("exported*"))) == 1


# -- a full disk -----------------------------------------------------------------------------------


def test_a_full_disk_keeps_and_names_what_was_written(root, three, tmp_path, monkeypatch):
    publish, calls = makers.publish, []

    def full(part, target):
        calls.append(target)
        if len(calls) == 3:
            raise OSError(errno.ENOSPC, "No space left on device")
        publish(part, target)

    monkeypatch.setattr(makers, "publish", full)
    with pytest.raises(StorageError, match=r"the disk is full.*2 of 3 files.*last is wasp/1\.png"):
        export(three, root, tmp_path / "out")
    assert files(tmp_path / "out") == ["moth/1.png", "wasp/1.png"]
    assert len(lines(tmp_path / "out")) == 2
    monkeypatch.undo()
    assert export(three, root, tmp_path / "out").files == 1


# -- links -----------------------------------------------------------------------------------------


def test_links_lead_to_the_sources(root, three, tmp_path):
    export(three, root, tmp_path / "out", "links")
    link = tmp_path / "out/moth/1.png"
    assert link.is_symlink()
    assert link.resolve() == (root / "moth/1.png").resolve()
    assert link.readlink().is_absolute()
    assert export(three, root, tmp_path / "out", "links").kept == 3


def test_hard_links_are_the_same_files(root, three, tmp_path):
    export(three, root, tmp_path / "out", "links", hard=True)
    assert not (tmp_path / "out/moth/1.png").is_symlink()
    assert (tmp_path / "out/moth/1.png").samefile(root / "moth/1.png")
    assert export(three, root, tmp_path / "out", "links", hard=True).kept == 3


def test_hard_links_to_another_disk_are_refused_in_words(root, three, tmp_path, monkeypatch):
    def refuse(self, target):
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    with pytest.raises(StorageError, match=r"one disk.*cross-device"):
        export(three, root, tmp_path / "out", "links", hard=True)


def test_a_link_that_leads_elsewhere_is_not_replaced(root, three, tmp_path):
    (tmp_path / "out/moth").mkdir(parents=True)
    (tmp_path / "out/moth/1.png").symlink_to("/nowhere")
    for to in ("links", "copies"):
        with pytest.raises(InputError, match="other content"):
            export(three, root, tmp_path / "out", to)
    assert (tmp_path / "out/moth/1.png").readlink() == Path("/nowhere")


# -- crops -----------------------------------------------------------------------------------------


def test_crops_are_the_regions_pixel_for_pixel(root, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (20, 30, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(root / "a.png")
    boxes = [(0, 0, 10, 10), (5, 2, 8, 3)]
    items = [Source(i, "", "a.png", Region(box=box), "") for i, box in enumerate(boxes)]
    export(items, root, tmp_path / "out", "crops")
    assert files(tmp_path / "out") == ["a_0_0_10_10.png", "a_5_2_8_3.png"]
    for (x, y, w, h), name in zip(boxes, files(tmp_path / "out"), strict=True):
        found = np.asarray(Image.open(tmp_path / "out" / name))
        np.testing.assert_array_equal(found, pixels[y : y + h, x : x + w])
    before = content(tmp_path / "out")
    assert export(items, root, tmp_path / "out", "crops").kept == 2
    assert content(tmp_path / "out") == before


def test_frames_are_cropped_to_pictures_of_their_own(root, tmp_path):
    shots = [Image.new("RGB", (8, 8), colour) for colour in ("red", "lime", "blue")]
    shots[0].save(root / "film.tif", save_all=True, append_images=shots[1:])
    items = [Source(i, "", "film.tif", Region(frame=i), "") for i in range(3)]
    export(items, root, tmp_path / "out", "crops")
    assert files(tmp_path / "out") == [f"film_frame{i}.png" for i in range(3)]
    colours = [Image.open(tmp_path / "out" / f"film_frame{i}.png").getpixel((4, 4)) for i in (0, 2)]
    assert colours == [(255, 0, 0), (0, 0, 255)]


def test_a_picture_that_cannot_be_read_is_listed(root, tmp_path):
    (root / "bad.png").write_bytes(b"\x89PNG no")
    items = [Source(0, "", "bad.png", WHOLE, ""), source(root, "good.png", 1)]
    done = export(items, root, tmp_path / "out", "crops")
    assert (done.files, [path for path, _ in done.missing]) == (1, ["bad.png"])


# -- names and places ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "safe"),
    [
        ("plain.png", "plain.png"),
        ("Ünï 蛾.png", "Ünï 蛾.png"),
        ("two\nlines.png", "two_lines.png"),
        ("a/b\\c:d?.png", "a_b_c_d_.png"),
        ("..", "_"),
        (".", "_"),
        ("", "_"),
        (".hidden", "_hidden"),
        ("ends in dots. . ", "ends in dots"),
        ("nul", "_nul"),
        ("CON.txt", "_CON.txt"),
        ("console.txt", "console.txt"),
        ("a\x00b", "a_b"),
        ("line\u2028break", "line_break"),
    ],
)
def test_a_name_becomes_one_that_every_system_takes(given, safe):
    assert safe_name(given) == safe
    assert safe_name(safe) == safe


@pytest.mark.parametrize("given", ["x" * 400 + ".jpeg", "蛾" * 300 + ".png", "y" * 300])
def test_a_long_name_is_cut_and_keeps_its_suffix(given):
    name = safe_name(given)
    assert len(name.encode()) <= LONGEST
    assert PurePosixPath(name).suffix == PurePosixPath(given).suffix


@pytest.mark.parametrize(
    "path", ["../../etc/passwd", "/etc/passwd", "a/../../b", "a\\..\\..\\b", "..", "./x", "a//b"]
)
@pytest.mark.parametrize("layout", ["tree", "flat", "label"])
def test_no_name_leads_out_of_the_folder(path, layout):
    found = wanted_name(Source(0, "", path, WHOLE, "../../up/./.."), layout)
    parts = found.split("/")
    assert not {"", ".", ".."} & set(parts)
    assert not any("\\" in part for part in parts)


def test_a_path_out_of_the_set_is_not_read(root, tmp_path):
    (tmp_path / "secret.png").write_bytes(b"secret")
    (root / "link.png").symlink_to(tmp_path / "secret.png")
    items = [Source(i, "", p, WHOLE, "") for i, p in enumerate(["../secret.png", "link.png"])]
    done = export(items, root, tmp_path / "out")
    assert (done.files, len(done.missing)) == (0, 2)
    assert all("leading out" in why for _, why in done.missing)


def test_a_path_that_no_file_can_have_is_listed(root, tmp_path):
    items = [Source(0, "", "a\0b.png", WHOLE, ""), source(root, "good.png", 1)]
    for to in ("copies", "crops", "links"):
        done = export(items, root, tmp_path / to, to)
        assert (done.files, len(done.missing)) == (1, 1)


def test_a_folder_that_is_a_link_is_not_written_through(root, three, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out/wasp").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="no folder"):
        export(three, root, tmp_path / "out")
    assert files(tmp_path / "elsewhere") == []
    assert not (tmp_path / "out/moth").exists()


def test_clashes_are_numbered_in_order_without_regard_to_case():
    wanted = ["a.png", "A.png", "a.png", "a (2).png", "b/a.png", "B/A.PNG", "a.png/x.png"]
    found = without_clashes(wanted, ["taken.csv"])
    assert found == ["a (2).png", "A (3).png", "a (4).png", "a (2) (2).png", "b/a.png",
                     "B/A (2).PNG", "a.png/x.png"]  # fmt: skip
    assert without_clashes(["Taken.CSV"], ["taken.csv"]) == ["Taken (2).CSV"]
    assert without_clashes(["e\u0301.png", "\u00e9.png"])[1] == "\u00e9 (2).png"


def test_very_many_files_of_one_name_are_numbered_quickly():
    found = without_clashes(["a.png"] * 20_000)
    assert found[-1] == "a (20000).png"
    assert len(set(found)) == 20_000


def test_odd_names_are_copied_and_listed(root, tmp_path):
    odd = ["two\nlines.png", 'quote".png', "tab\t.png", "=1+1.png", " lead.png", "exported.csv"]
    items = [source(root, name, row) for row, name in enumerate(odd)]
    export(items, root, tmp_path / "out")
    listed = lines(tmp_path / "out")
    assert [line["path"] for line in listed] == odd
    for line in listed:
        assert (tmp_path / "out" / line["name"]).read_bytes() == (root / line["path"]).read_bytes()
    assert listed[-1]["name"] == "exported (2).csv"


def test_folders_whose_bytes_are_no_utf_8_are_read_and_written(tmp_path):
    base = os.fsencode(tmp_path)
    root, out = (Path(os.fsdecode(base + name)) for name in (b"/in\xff", b"/out\xfe"))
    try:
        root.mkdir()
    except OSError:
        pytest.skip("this file system takes UTF-8 only")
    done = export([source(root, "a.png")], root, out)
    assert (done.files, files(out)) == (1, ["a.png"])

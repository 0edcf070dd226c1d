"""Zip and tar archives as sources, and their bad twins: named, refused, nothing lost."""

import gzip
import io
import json
import struct
import tarfile
import zipfile
from pathlib import Path

import pytest
from packing import classes, named, png, tar_file, zip_file

from core.errors import InputError
from core.imaging.decode import load_picture
from core.imaging.imagefile import Limits
from core.ingest import scan
from core.ingest.archives import expand
from core.ingest.members import safe_name, too_large


def scanned(path, tmp_path, **options):
    return scan(str(path), files_folder=tmp_path / "files", **options)


def reasons(found):
    return {one.path: one.reason for one in found.broken}


def _zip(path, files):
    return zip_file(path, files)


def _tar(path, files):
    return tar_file(path, files)


def _tgz(path, files):
    return tar_file(path, files, "w:gz")


def _txz(path, files):
    return tar_file(path, files, "w:xz")


KINDS = {"a.zip": _zip, "a.tar": _tar, "a.tar.gz": _tgz, "a.tar.xz": _txz}


@pytest.mark.parametrize("name", KINDS)
def test_an_archive_holds_what_the_folder_would(name, tmp_path):
    files = classes()
    found = scanned(KINDS[name](tmp_path / name, files), tmp_path)
    assert found.kind == "folder"
    assert list(found.items["item_id"]) == [named(data) for data in files.values()]
    assert list(found.items["label"]) == ["moth"] * 3 + ["wasp"] * 3
    assert list(found.items["path"]) == list(files)
    assert found.broken == ()
    for path, data in files.items():
        assert (Path(found.root) / path).read_bytes() == data


@pytest.mark.parametrize("name", KINDS)
def test_a_dropped_copy_is_read_again_when_it_is_opened(name, tmp_path):
    files = classes()
    found = scanned(KINDS[name](tmp_path / name, files), tmp_path)
    root, path = Path(found.root), found.items["path"][4]
    (root / path).unlink()
    load_picture(root / path, root=root)
    assert (root / path).read_bytes() == files[path]


@pytest.mark.parametrize("name", KINDS)
def test_an_archive_that_changed_is_not_taken_for_the_one_that_was_read(name, tmp_path):
    found = scanned(KINDS[name](tmp_path / name, classes()), tmp_path)
    root, path = Path(found.root), found.items["path"][0]
    KINDS[name](tmp_path / name, {p: png(900 + i) for i, p in enumerate(classes())})
    (root / path).unlink()
    with pytest.raises(Exception, match=r"run the set again|damaged"):
        load_picture(root / path, root=root)
    again = scanned(tmp_path / name, tmp_path)
    assert list(again.items["item_id"]) == [named(png(900 + i)) for i in range(6)]


def test_an_archive_that_is_gone_is_named(tmp_path):
    found = scanned(zip_file(tmp_path / "a.zip", classes()), tmp_path)
    root, path = Path(found.root), found.items["path"][0]
    (root / path).unlink()
    (tmp_path / "a.zip").unlink()
    with pytest.raises(Exception, match=r"a\.zip file not found"):
        load_picture(root / path, root=root)


def test_a_second_scan_reads_no_picture_again(tmp_path, monkeypatch):
    path = zip_file(tmp_path / "a.zip", classes())
    first = scanned(path, tmp_path)
    read = []
    real = zipfile.ZipFile.open
    monkeypatch.setattr(
        zipfile.ZipFile, "open", lambda self, info, *a, **k: read.append(info) or real(self, info)
    )
    assert scanned(path, tmp_path).items.equals(first.items)
    assert read == []


def test_samples_of_web_dataset_become_items_with_columns(tmp_path):
    files = {
        "000.jpg": png(1), "000.cls": b"3", "000.json": b'{"site": "north", "n": 4, "tags": [1]}',
        "001.png": png(2), "001.cls": b"5\n", "001.txt": "ein Käfer".encode(),
        "002.png": png(3), "002.cls": b"3", "002.json": b'{"site": "south", "n": 7}',
    }  # fmt: skip
    found = scanned(tar_file(tmp_path / "shard.tar", files), tmp_path)
    items = found.items
    assert found.kind == "table"
    assert list(items["label"]) == ["3", "5", "3"]
    assert items["site"].tolist()[::2] == ["north", "south"]
    assert items["site"].isna().tolist() == [False, True, False]
    assert items["n"].dtype == "Int64"
    assert items["n"].tolist()[::2] == [4, 7]
    assert json.loads(items["tags"][0]) == [1]
    assert items["text"][1] == "ein Käfer"
    assert found.broken == ()


def test_two_pictures_of_one_sample_are_two_items_and_share_its_columns(tmp_path):
    files = {"7.in.png": png(1), "7.out.png": png(2), "7.json": b'{"unit": "a"}'}
    found = scanned(tar_file(tmp_path / "s.tar", files), tmp_path)
    assert list(found.items["unit"]) == ["a", "a"]
    assert len(found.items) == 2


def test_numbers_that_came_as_text_and_columns_of_two_types_are_kept(tmp_path):
    files = {"0.png": png(1), "0.json": b'{"n": "007"}', "1.png": png(2), "1.json": b'{"n": 8}'}
    found = scanned(tar_file(tmp_path / "s.tar", files), tmp_path)
    assert list(found.items["n"]) == ["007", "8"]


def test_side_files_that_cannot_be_read_or_belong_to_nothing_are_named(tmp_path):
    files = {"0.png": png(1), "0.json": b"{not json", "9.cls": b"1", "readme.md": b"# about"}
    found = scanned(tar_file(tmp_path / "s.tar", files), tmp_path)
    assert len(found.items) == 1
    told = reasons(found)
    assert told["0.json"].startswith("not JSON text")
    assert "belongs to no picture" in told["9.cls"]
    assert "not an image" in told["readme.md"]


def test_several_shards_are_one_set_and_a_damaged_one_is_named(tmp_path):
    shards = tmp_path / "shards"
    shards.mkdir()
    for number in range(3):
        tar_file(shards / f"train-{number:03}.tar", {"0.png": png(number), "1.png": png(9)})
    data = (shards / "train-001.tar").read_bytes()
    (shards / "train-001.tar").write_bytes(data[:100])
    (shards / "notes.md").write_text("about")
    found = scanned(shards, tmp_path)
    assert list(found.items["path"]) == [
        f"train-{n}/{i}.png" for n in ("000", "002") for i in (0, 1)
    ]
    assert set(found.items["split"]) == {"train"}
    told = reasons(found)
    assert "not a whole tar archive" in told["train-001.tar"]
    assert "notes.md" in told


def test_shards_are_named_by_braces_and_stars(tmp_path):
    for number in range(3):
        tar_file(tmp_path / f"s-{number:02}.tar", {"0.png": png(number)})
    found = scanned(tmp_path / "s-{00..03}.tar", tmp_path)
    assert len(found.items) == 3
    assert reasons(found) == {"s-03.tar": "file not found"}
    assert [p.name for p in expand(str(tmp_path / "s-*.tar"))[0]] == [
        "s-00.tar", "s-01.tar", "s-02.tar",
    ]  # fmt: skip
    with pytest.raises(InputError, match="no short range"):
        expand("x-{0..99999999}.tar")


# -- bad twins -----------------------------------------------------------------------------------


@pytest.mark.parametrize("share", [0.3, 0.7, 0.97])
def test_a_zip_that_was_cut_off_is_refused_by_name(share, tmp_path):
    path = zip_file(tmp_path / "a.zip", classes())
    data = path.read_bytes()
    path.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(InputError, match=r"a\.zip: not a whole zip archive.*cut off"):
        scanned(path, tmp_path)


@pytest.mark.parametrize("name", ["a.tar", "a.tar.gz", "a.tar.xz"])
def test_a_tar_that_was_cut_off_gives_what_is_whole_and_says_so(name, tmp_path):
    files = {f"{i}.png": png(i, 40) for i in range(6)}
    path = KINDS[name](tmp_path / name, files)
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])
    found = scanned(path, tmp_path)
    assert 0 < len(found.items) < 6
    assert [files[p] for p in found.items["path"]]
    assert {named(files[p]) for p in found.items["path"]} == set(found.items["item_id"])
    assert any("cut off" in one.reason or "truncated" in one.reason for one in found.broken)


def test_a_tar_cut_between_two_members_or_damaged_in_a_header_says_so(tmp_path):
    path = tar_file(tmp_path / "a.tar", {f"{i}.png": png(i) for i in range(4)})
    data = path.read_bytes()
    member = 512 + (len(png(0)) + 511) // 512 * 512
    path.write_bytes(data[: 2 * member])
    found = scanned(path, tmp_path)
    assert len(found.items) == 2
    assert "cut off" in found.broken[0].reason
    path.write_bytes(data[: 2 * member] + b"\xff" * 512 + data[2 * member + 512 :])
    found = scanned(path, tmp_path)
    assert len(found.items) == 2
    assert "cut off" in found.broken[0].reason


ESCAPING = ["../out.png", "a/../../out.png", "/etc/out.png", "C:\\out.png", "..\\out.png"]


@pytest.mark.parametrize("name", ESCAPING)
@pytest.mark.parametrize("make", [zip_file, tar_file])
def test_a_name_that_leads_out_is_refused_and_nothing_is_written_there(make, name, tmp_path):
    inside = tmp_path / "deep" / "inside"
    inside.mkdir(parents=True)
    path = make(
        inside / ("a.zip" if make is zip_file else "a.tar"), {name: png(1), "b.png": png(2)}
    )
    before = {p for p in tmp_path.rglob("*") if p.is_file()}
    found = scan(str(path), files_folder=inside / "files")
    assert list(found.items["path"]) == ["b.png"]
    assert "leads out" in found.broken[0].reason
    after = {p for p in tmp_path.rglob("*") if p.is_file()} - before
    assert all(inside / "files" in p.parents for p in after)
    assert not Path("/etc/out.png").exists()


def test_links_and_devices_in_a_tar_are_refused(tmp_path):
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as archive:
        for name, kind, target in (
            ("soft.png", tarfile.SYMTYPE, "/etc/passwd"), ("hard.png", tarfile.LNKTYPE, "b.png"),
            ("pipe.png", tarfile.FIFOTYPE, ""), ("disk.png", tarfile.BLKTYPE, ""),
        ):  # fmt: skip
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, target
            archive.addfile(info)
        info = tarfile.TarInfo("b.png")
        info.size = len(png(1))
        archive.addfile(info, io.BytesIO(png(1)))
    found = scanned(path, tmp_path)
    assert list(found.items["path"]) == ["b.png"]
    told = reasons(found)
    assert set(told) == {"soft.png", "hard.png", "pipe.png", "disk.png"}
    assert "link" in told["soft.png"]
    assert "not a regular file" in told["pipe.png"]


def test_a_link_and_an_encrypted_member_of_a_zip_are_refused(tmp_path):
    path = tmp_path / "a.zip"
    link = zipfile.ZipInfo("soft.png")
    link.external_attr = 0o120777 << 16
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(link, "/etc/passwd")
        archive.writestr("secret.png", png(1))
        archive.writestr("b.png", png(2))
    data = bytearray(path.read_bytes())
    for mark, shift in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):  # the bit that says encrypted
        at = [i for i in range(len(data)) if data[i : i + 4] == mark][1]
        data[at + shift] |= 1
    path.write_bytes(bytes(data))
    found = scanned(path, tmp_path)
    assert list(found.items["path"]) == ["b.png"]
    assert "link" in reasons(found)["soft.png"]
    assert "encrypted" in reasons(found)["secret.png"]


def test_a_member_whose_bytes_do_not_match_their_checksum_is_named(tmp_path):
    path = zip_file(tmp_path / "a.zip", {"a.png": png(1), "b.png": png(2)}, zipfile.ZIP_STORED)
    data = bytearray(path.read_bytes())
    data[60] ^= 0xFF
    path.write_bytes(bytes(data))
    found = scanned(path, tmp_path)
    assert list(found.items["path"]) == ["b.png"]
    assert "checksum" in reasons(found)["a.png"]


def test_a_name_used_twice_is_read_once(tmp_path):
    path = tmp_path / "a.tar"
    with tarfile.open(path, "w") as archive:
        for seed in (1, 2):
            info = tarfile.TarInfo("a.png")
            info.size = len(png(seed))
            archive.addfile(info, io.BytesIO(png(seed)))
    found = scanned(path, tmp_path)
    assert list(found.items["item_id"]) == [named(png(1))]
    assert "second member" in reasons(found)["a.png"]


def test_a_member_that_unpacks_to_more_than_the_limit_is_not_unpacked(tmp_path):
    path = zip_file(tmp_path / "a.zip", {"big.png": bytes(3 * 2**20), "b.png": png(1)})
    found = scanned(path, tmp_path, limits=Limits(max_bytes=2**20))
    assert list(found.items["path"]) == ["b.png"]
    assert "more than the limit" in reasons(found)["big.png"]
    assert sum(p.stat().st_size for p in (tmp_path / "files").rglob("*.png")) == len(png(1))


def test_an_archive_that_unpacks_to_far_more_than_it_holds_is_refused(tmp_path):
    assert too_large(2 * 2**30, 10 * 2**20) == ""
    assert "made to fill a disk" in too_large(4 * 2**30, 2**20)
    path = zip_file(tmp_path / "a.zip", {f"{i}.png": b"\0" * 1000 for i in range(3)})
    data = bytearray(path.read_bytes())
    for at in [i for i in range(len(data)) if data[i : i + 4] == b"PK\x01\x02"]:
        data[at + 24 : at + 28] = struct.pack("<I", 2**31 - 1)  # what the directory announces
    path.write_bytes(bytes(data))
    with pytest.raises(InputError, match="made to fill a disk"):
        scanned(path, tmp_path)


def test_a_small_gzip_that_never_ends_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr("core.ingest.members.FREE_BYTES", 2**16)
    path = tmp_path / "a.tgz"
    with gzip.open(path, "wb") as packed, tarfile.open(fileobj=packed, mode="w") as archive:
        for number in range(4):
            info = tarfile.TarInfo(f"{number}.bmp")
            info.size = 2**22
            archive.addfile(info, io.BytesIO(bytes(2**22)))
    found = scanned(path, tmp_path)
    assert any("made to fill a disk" in one.reason for one in found.broken)
    assert len(found.items) < 4


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.gz", "a.tgz"])
def test_a_file_that_is_no_archive_is_refused_by_name(name, tmp_path):
    (tmp_path / name).write_text("this is no archive, only text " * 40)
    with pytest.raises(InputError, match=r"not a whole (zip|tar) archive"):
        scanned(tmp_path / name, tmp_path)


def test_an_empty_file_and_text_under_a_picture_name_are_named(tmp_path):
    files = {"a.png": png(1), "empty.png": b"", "__MACOSX/a.png": b"x", ".hidden.png": png(3)}
    found = scanned(zip_file(tmp_path / "a.zip", files), tmp_path)
    assert list(found.items["path"]) == ["a.png"]
    assert reasons(found) == {"empty.png": "empty file (0 bytes)"}


def test_an_archive_without_pictures_names_what_it_holds(tmp_path):
    found = scanned(
        zip_file(tmp_path / "a.zip", {"a.csv": b"x,y\n", "b.bin": b"\1" * 40}), tmp_path
    )
    assert len(found.items) == 0
    assert set(reasons(found)) == {"a.csv", "b.bin"}


def test_without_a_folder_for_copies_an_archive_is_refused(tmp_path):
    with pytest.raises(InputError, match="a folder to keep copies"):
        scan(str(zip_file(tmp_path / "a.zip", classes())))


@pytest.mark.parametrize(
    ("name", "path"),
    [("a/b.png", "a/b.png"), ("./a//b.png", "a/b.png"), ("a\\b.png", "a/b.png")],
)
def test_names_are_made_plain(name, path):
    assert safe_name(name) == (path, "")


@pytest.mark.parametrize("name", ["", "/", "..", "a\0b.png", "a\nb.png", "x" * 300 + ".png"])
def test_names_that_are_none_are_refused(name):
    assert safe_name(name)[1]


def test_an_archive_among_pictures_is_named_as_what_it_is(tmp_path):
    (tmp_path / "in").mkdir()
    (tmp_path / "in/a.png").write_bytes(png(1))
    zip_file(tmp_path / "in/more.zip", classes())
    found = scanned(tmp_path / "in", tmp_path)
    assert len(found.items) == 1
    assert "a source of its own" in reasons(found)["more.zip"]

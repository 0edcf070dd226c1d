"""Local copies of pictures from elsewhere: bounded, whole, and made again when they are opened."""

import errno
import os
import threading
from pathlib import Path

import pytest
from packing import classes, named, png, tar_file, zip_file

from core.errors import DecodeError, JobCancelled, StorageError
from core.imaging.decode import load_picture
from core.imaging.files import open_regular, sha256_of_file
from core.ingest import scan
from core.ingest.copies import Copies
from core.progress import Progress


def taken(folder, count, size=1000, root="r"):
    with Copies(folder) as copies:
        for number in range(count):
            copies.put(root, f"{number}.bin", bytes([number]) * size, "v1", "{}")


def here(folder):
    return sorted(p.name for p in (folder / "copies" / "r").glob("*.bin"))


def test_what_is_put_is_found_with_its_hash(tmp_path):
    with Copies(tmp_path) as copies:
        content = copies.put("r", "a/b.png", b"abc", "v1", '{"kind": "zip"}')
        assert content == named(b"abc")
        known = copies.find("r", "a/b.png")
    assert known.version == "v1"
    assert known.here
    assert (tmp_path / "copies/r/a/b.png").read_bytes() == b"abc"


def test_all_copies_together_stay_within_the_limit(tmp_path):
    with Copies(tmp_path) as copies:
        copies.set_limit(3500)
    taken(tmp_path, 8)
    with Copies(tmp_path) as copies:
        assert copies.size() <= 3500
        assert len(copies.known("r")) == 8  # what is known of the others stays
    assert here(tmp_path) == ["0.bin", "1.bin", "2.bin"]  # a source does not push out its own first


def test_a_later_source_pushes_out_an_earlier_ones_oldest(tmp_path):
    with Copies(tmp_path) as copies:
        copies.set_limit(4000)
    taken(tmp_path, 4)
    taken(tmp_path, 2, root="s")
    with Copies(tmp_path) as copies:
        assert copies.size() <= 4000
        assert [p for p, one in copies.known("s").items() if one.here] == ["0.bin", "1.bin"]
    assert here(tmp_path) == ["2.bin", "3.bin"]


def test_a_lower_limit_drops_what_is_too_much(tmp_path, monkeypatch):
    monkeypatch.setattr("core.ingest.copies._IN_USE", 0.0)
    taken(tmp_path, 6)
    with Copies(tmp_path) as copies:
        copies.set_limit(2000)
        assert copies.size() == 2000
    assert here(tmp_path) == ["4.bin", "5.bin"]


def test_one_larger_than_the_limit_is_known_and_not_kept(tmp_path):
    with Copies(tmp_path) as copies:
        copies.set_limit(500)
    taken(tmp_path, 1)
    assert here(tmp_path) == []
    with Copies(tmp_path) as copies:
        assert copies.find("r", "0.bin").sha256 == named(bytes(1000))


def test_what_a_source_has_no_more_is_forgotten_and_its_file_removed(tmp_path):
    taken(tmp_path, 3)
    with Copies(tmp_path) as copies:
        copies.forget_others("r", ["1.bin"])
        assert list(copies.known("r")) == ["1.bin"]
    assert here(tmp_path) == ["1.bin"]


def test_a_part_that_was_not_used_is_removed(tmp_path):
    with Copies(tmp_path) as copies:
        with copies.part() as part:
            part.write_bytes(b"half")
        assert not part.exists()
    assert [p.name for p in (tmp_path / "copies").glob(".*")] == []


@pytest.mark.parametrize("packing", ["w", "w:gz"])
def test_a_set_larger_than_the_limit_can_be_decoded_by_many_threads(packing, tmp_path):
    files = {f"{i:02}.png": png(i, 30) for i in range(24)}
    size = sum(map(len, files.values()))
    path = tar_file(tmp_path / "a.tar", files, packing)
    found = scan(str(path), files_folder=tmp_path / "files", copies_bytes=size // 4)
    root = Path(found.root)
    held = sum(p.stat().st_size for p in root.glob("*.png"))
    assert 0 < held <= size // 4
    wrong = []

    def work(names):
        for name in names:
            load_picture(root / name, root=root)
            if sha256_of_file(root / name) != named(files[name]):
                wrong.append(name)

    names = list(found.items["path"])
    threads = [threading.Thread(target=work, args=(names[i::4],)) for i in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert wrong == []


def test_a_file_nobody_knows_of_is_just_missing(tmp_path):
    found = scan(str(zip_file(tmp_path / "a.zip", classes())), files_folder=tmp_path / "files")
    with pytest.raises(FileNotFoundError), open_regular(Path(found.root) / "other.png"):
        pass
    with pytest.raises(DecodeError, match="file not found"):
        load_picture(Path("other.png"), root=Path(found.root))


def test_the_whole_folder_of_copies_may_be_deleted_between_runs(tmp_path):
    import shutil

    path = zip_file(tmp_path / "a.zip", classes())
    first = scan(str(path), files_folder=tmp_path / "files")
    root, name = Path(first.root), first.items["path"][0]
    (root / name).unlink()
    load_picture(root / name, root=root)
    shutil.rmtree(tmp_path / "files")
    with pytest.raises(DecodeError, match="file not found"):
        load_picture(root / name, root=root)
    again = scan(str(path), files_folder=tmp_path / "files")
    assert again.items.equals(first.items)
    for _ in range(2):
        (root / name).unlink()
        load_picture(root / name, root=root)


def test_a_damaged_database_says_what_to_delete(tmp_path):
    (tmp_path / "copies").mkdir()
    (tmp_path / "copies" / "copies.sqlite").write_bytes(b"no database" * 200)
    with pytest.raises(OSError, match="delete the folder copies"):
        Copies(tmp_path)


class Stopping(Progress):
    """Progress that is cancelled after some reports."""

    def __init__(self, after):
        super().__init__(interval=0.0)
        self.left = after
        self.cancelled = self._count

    def _count(self):
        self.left -= 1
        return self.left < 0


@pytest.mark.parametrize("make", [zip_file, tar_file])
def test_a_scan_that_was_stopped_goes_on_where_it_was(make, tmp_path, monkeypatch):
    files = {f"{i:02}.png": png(i) for i in range(20)}
    path = make(tmp_path / f"a.{make.__name__[:3]}", files)
    with pytest.raises(JobCancelled):
        scan(str(path), files_folder=tmp_path / "files", progress=Stopping(12))
    read = []
    real = Copies.put
    monkeypatch.setattr(
        Copies,
        "put",
        lambda self, root, name, *a, **k: read.append(name) or real(self, root, name, *a, **k),
    )
    found = scan(str(path), files_folder=tmp_path / "files")
    assert len(found.items) == 20
    assert 0 < len(read) < 20


@pytest.mark.parametrize("make", [zip_file, tar_file])
def test_a_full_disk_ends_the_scan_and_loses_no_picture(make, tmp_path, monkeypatch):
    path = make(tmp_path / f"a.{make.__name__[:3]}", classes())

    def full(self, *_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", full)
        with pytest.raises(StorageError, match="No space left"):
            scan(str(path), files_folder=tmp_path / "files")
    assert len(scan(str(path), files_folder=tmp_path / "files").items) == 6


def test_a_file_and_a_folder_of_one_name_are_told_apart(tmp_path):
    path = tar_file(tmp_path / "a.tar", {"a.png": png(1), "a.png/b.png": png(2), "c.png": png(3)})
    found = scan(str(path), files_folder=tmp_path / "files")
    assert list(found.items["path"]) == ["a.png", "c.png"]
    assert found.broken[0].path == "a.png/b.png"
    assert "its copy cannot be" in found.broken[0].reason

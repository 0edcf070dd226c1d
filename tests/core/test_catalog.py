"""The catalog: hashes trusted only for untouched files, facts kept, failures in words."""

import hashlib
import multiprocessing
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.errors import StorageError
from core.storage import catalog as catalog_module
from core.storage.catalog import Catalog


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog(tmp_path / "deep" / "catalog.sqlite") as opened:
        yield opened


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Every file that is truly read."""
    seen: list[Path] = []
    one, many = catalog_module.sha256_of_file, catalog_module.sha256_of_files

    def count_one(path: Path) -> str:
        seen.append(path)
        return one(path)

    def count_many(paths: list[Path], progress: object = None) -> dict:
        seen.extend(paths)
        return many(paths)

    monkeypatch.setattr(catalog_module, "sha256_of_file", count_one)
    monkeypatch.setattr(catalog_module, "sha256_of_files", count_many)
    return seen


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def settle() -> None:
    """Let the clock move on from the last change, so that a hash may be kept."""
    time.sleep(0.05)


def test_untouched_file_is_read_once(catalog: Catalog, tmp_path: Path, reads: list[Path]) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"one")
    settle()
    assert catalog.sha256_of(path) == catalog.sha256_of(path) == sha256(b"one")
    assert reads == [path]


def test_hash_outlives_the_process(tmp_path: Path, reads: list[Path]) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"one")
    settle()
    for _ in range(2):
        with Catalog(tmp_path / "c.sqlite") as catalog:
            assert catalog.sha256_of(path) == sha256(b"one")
    assert reads == [path]


def test_same_size_and_time_but_other_bytes_are_noticed(catalog: Catalog, tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"one")
    settle()
    state = path.stat()
    assert catalog.sha256_of(path) == sha256(b"one")
    path.write_bytes(b"two")
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    assert catalog.sha256_of(path) == sha256(b"two")


def test_replaced_file_is_noticed(catalog: Catalog, tmp_path: Path) -> None:
    path, other = tmp_path / "a", tmp_path / "b"
    path.write_bytes(b"one")
    other.write_bytes(b"two")
    settle()
    assert catalog.sha256_of(path) == sha256(b"one")
    other.replace(path)
    assert catalog.sha256_of(path) == sha256(b"two")


def test_file_changed_just_now_is_not_trusted_yet(
    catalog: Catalog, tmp_path: Path, reads: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(catalog_module, "_SETTLED_NS", 10**12)
    path = tmp_path / "a"
    path.write_bytes(b"one")
    catalog.sha256_of(path)
    catalog.sha256_of(path)
    assert reads == [path, path]


def test_many_files_at_once_with_those_that_fail(
    catalog: Catalog, tmp_path: Path, reads: list[Path]
) -> None:
    paths = [tmp_path / f"f{i}" for i in range(2000)]
    for index, path in enumerate(paths):
        path.write_bytes(b"%d" % index)
    settle()
    gone, folder = tmp_path / "gone", tmp_path / "folder"
    folder.mkdir()
    for _ in range(2):
        found = catalog.sha256_of_many([*paths, gone, folder, paths[0]])
        assert [found[path] for path in paths] == [sha256(b"%d" % i) for i in range(2000)]
        assert isinstance(found[gone], FileNotFoundError)
        assert isinstance(found[folder], OSError)
    assert sum(path not in (gone, folder) for path in reads) == 2000
    with pytest.raises(FileNotFoundError):
        catalog.sha256_of(gone)


def test_file_names_that_are_no_utf8(catalog: Catalog, tmp_path: Path, reads: list[Path]) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe"))
    path.write_bytes(b"one")
    settle()
    assert catalog.sha256_of(path) == catalog.sha256_of(path) == sha256(b"one")
    assert len(reads) == 1


def test_facts_come_back_as_put(catalog: Catalog) -> None:
    facts = {f"i{k}": {"width": k, "notes": ["ä"], "mode": "L"} for k in range(2500)}
    facts["bad"] = {"broken": "empty file (0 bytes)"}
    catalog.put_facts(facts)
    assert catalog.get_facts([*facts, "unknown", "bad"]) == facts
    catalog.put_facts({"bad": {"width": 1}})
    assert catalog.get_facts(["bad"]) == {"bad": {"width": 1}}
    assert catalog.get_facts([]) == {}


def test_facts_are_all_or_nothing(catalog: Catalog) -> None:
    with pytest.raises(TypeError):
        catalog.put_facts({"a": {"width": 1}, "b": {"width": object()}})
    assert catalog.get_facts(["a", "b"]) == {}


def test_threads_share_one_catalog(catalog: Catalog) -> None:
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            for k in range(20):
                catalog.put_facts({f"{number}-{k}": {"k": k}})
                assert catalog.get_facts([f"{number}-{k}"])
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(catalog.get_facts([f"{n}-{k}" for n in range(6) for k in range(20)])) == 120


def put_many(path: Path, number: int) -> None:
    with Catalog(path) as catalog:
        for k in range(40):
            catalog.put_facts({f"{number}-{k}": {"k": k}})


def test_processes_share_one_file(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    path = tmp_path / "c.sqlite"
    processes = [context.Process(target=put_many, args=(path, number)) for number in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    with Catalog(path) as catalog:
        assert len(catalog.get_facts([f"{n}-{k}" for n in range(2) for k in range(40)])) == 80


def test_damaged_database_is_named_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    path.write_bytes(b"this is no database at all" * 100)
    with pytest.raises(StorageError, match=r"catalog\.sqlite: damaged .* cache, delete it"):
        Catalog(path)


def test_full_disk_is_an_error_and_leaves_the_catalog_usable(tmp_path: Path) -> None:
    with Catalog(tmp_path / "c.sqlite") as catalog:
        catalog.put_facts({"a": {"k": 1}})
        connection = catalog._connection
        assert connection is not None
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StorageError, match="the disk is full"):
            catalog.put_facts({f"x{k}": {"text": "y" * 500} for k in range(500)})
        assert catalog.get_facts(["a", "x0"]) == {"a": {"k": 1}}
        connection.execute("PRAGMA max_page_count = 1000000")
        catalog.put_facts({"b": {"k": 2}})
        assert catalog.get_facts(["b"]) == {"b": {"k": 2}}


def test_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="file"):
        Catalog(tmp_path / "file" / "catalog.sqlite")


def test_closed_catalog_says_so(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "c.sqlite")
    catalog.close()
    with pytest.raises(StorageError, match="closed"):
        catalog.get_facts(["a"])


def test_write_ahead_log_is_used(tmp_path: Path) -> None:
    Catalog(tmp_path / "c.sqlite").close()
    connection = sqlite3.connect(tmp_path / "c.sqlite")
    assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    connection.close()


def test_looks_come_back_as_put_if_taken_in_this_way(catalog: Catalog) -> None:
    looks = {f"i{k}": k.to_bytes(8, "little") for k in range(2500)}
    catalog.put_looks(looks, version=1)
    assert catalog.get_looks([*looks, "unknown"], version=1) == looks
    assert catalog.get_looks(list(looks), version=2) == {}
    catalog.put_looks({"i3": b"new"}, version=2)
    assert catalog.get_looks(["i3", "i4"], version=2) == {"i3": b"new"}
    assert catalog.get_looks(["i3", "i4"], version=1) == {"i4": looks["i4"]}
    catalog.put_looks({}, version=1)


def test_a_catalogue_from_before_looks_keeps_what_it_holds(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    with Catalog(path) as old:
        old.put_facts({"a": {"width": 3}})
    with sqlite3.connect(path) as raw:
        raw.execute("DROP TABLE looks")
    raw.close()
    for _ in range(2):
        with Catalog(path) as opened:
            assert opened.get_facts(["a"]) == {"a": {"width": 3}}
            opened.put_looks({"a": b"look"}, version=1)
            assert opened.get_looks(["a"], version=1) == {"a": b"look"}


def test_two_processes_may_open_an_older_catalogue_at_once(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    Catalog(path).close()
    with sqlite3.connect(path) as raw:
        raw.execute("DROP TABLE looks")
    raw.close()
    opened: list[Catalog] = []
    threads = [threading.Thread(target=lambda: opened.append(Catalog(path))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(opened) == 4
    for one in opened:
        one.close()


def test_a_changed_look_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "catalog.sqlite"
    with Catalog(path) as catalog:
        catalog.put_looks({"a": b"look"}, version=1)
    with sqlite3.connect(path) as raw:
        raw.execute("UPDATE looks SET version = 2")
    raw.close()
    with Catalog(path) as catalog, pytest.raises(StorageError, match=r"damaged .* delete it"):
        catalog.get_looks(["a"], version=2)

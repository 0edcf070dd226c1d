"""A byte flipped in any file of a workspace: named, with what to do, and that repairs it."""

import os
import re
import shutil
import sqlite3
import zlib
from pathlib import Path

import numpy as np
import pytest
from making import command, picture, run_json

from core.config import load_settings
from core.errors import ArtifactCorruptError, StorageError, VitrineError
from core.library import Library
from core.pipeline import run
from core.request import RunRequest
from core.storage.catalog import Catalog
from core.storage.store import Workspace
from core.storage.vectors import VectorCache, read_spec

IGNORED = ("seconds", "encoded", "reused")


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    root = tmp_path_factory.mktemp("pictures")
    for number in range(12):
        picture(number).save(root / f"{number}.png")
    old = 1_700_000_000
    for path in root.iterdir():
        os.utime(path, (old, old))
    return root


@pytest.fixture(scope="module")
def whole(tmp_path_factory, pictures):
    """A finished workspace and what its run returned."""
    root = tmp_path_factory.mktemp("whole") / "ws"
    return root, go(root, pictures)


@pytest.fixture
def copy(whole, tmp_path):
    return Path(shutil.copytree(whole[0], tmp_path / "ws"))


def go(root, source, **changes):
    request = RunRequest(str(source), "set", **({"encoder": "pixels", "maps": ("pca",)} | changes))
    settings = load_settings({"workspace": str(root), "workers": 2}, {})
    return run(request, Workspace(root), settings)


def same(found, wanted):
    return {k: v for k, v in found.items() if k not in IGNORED} == {
        k: v for k, v in wanted.items() if k not in IGNORED
    }


def follow_advice(message):
    """Delete what an error says to delete."""
    (told,) = re.findall(r"delete (?:the folder )?(/[^ ;]+)", message)
    path = Path(told)
    shutil.rmtree(path) if path.is_dir() else path.unlink()


def flip(path, position):
    data = bytearray(path.read_bytes())
    data[position % len(data)] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize(
    "pattern",
    ["sets/set.json", "artefacts/*/*/manifest.json", "artefacts/*/*/*.npy",
     "artefacts/*/*/*.parquet", "vectors/*/encoder.json", "vectors/*/shard-00000.npy"],
)  # fmt: skip
def test_a_flipped_byte_is_named_and_the_advice_repairs_it(whole, copy, pictures, pattern):
    # the space of themes is read only where themes are found again
    paths = [path for path in sorted(copy.glob(pattern)) if "themespace" not in path.parts]
    for number, path in enumerate(paths):
        size = 128 + 12 * 256 * 4 if path.name.startswith("shard") else path.stat().st_size
        flip(path, zlib.crc32(path.name.encode() + bytes([number])) % size)
        with pytest.raises(ArtifactCorruptError) as caught:
            go(copy, pictures)
        assert path.name in str(caught.value)
        follow_advice(str(caught.value))
        assert same(go(copy, pictures), whole[1])
    assert paths


def test_a_changed_number_in_a_manifest_or_a_record_is_found(copy, pictures):
    """Still valid JSON: only the checksum tells."""
    path = next(copy.glob("artefacts/faithfulness/*/manifest.json"))
    path.write_text(path.read_text().replace('"n_scored": 12', '"n_scored": 13'))
    with pytest.raises(ArtifactCorruptError, match="differs from its checksum"):
        go(copy, pictures)
    record = copy / "sets" / "set.json"
    record.write_text(record.read_text().replace('"dims": 256', '"dims": 257'))
    (line,) = Library(Workspace(copy)).sets()
    assert "set.json differs from its checksum; delete" in line.problem


def test_a_manifest_deleted_alone_is_made_again(whole, copy, pictures):
    next(copy.glob("artefacts/clustering/*/manifest.json")).unlink()
    assert same(go(copy, pictures), whole[1])


def test_an_artefact_deleted_since_does_not_stop_a_run_that_does_not_ask_for_it(copy, pictures):
    go(copy, pictures, maps=("tsne",))
    names = Library(Workspace(copy)).open("set").projections
    shutil.rmtree(copy / "artefacts" / "projection" / names["tsne"])
    assert [m["method"] for m in go(copy, pictures)["maps"]] == ["pca"]


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [("files", "sha256", "0" * 64), ("facts", "fact", '{"width": 1}'), ("facts", "fact", "{")],
)
def test_a_changed_value_in_the_catalogue_is_found(whole, copy, pictures, table, column, value):
    with sqlite3.connect(copy / "catalog.sqlite") as connection:
        connection.execute(f"UPDATE {table} SET {column} = ?", (value,))
    connection.close()
    with pytest.raises(StorageError, match="not what was written") as caught:
        go(copy, pictures)
    assert "delete it" in str(caught.value)
    (copy / "catalog.sqlite").unlink()
    assert same(go(copy, pictures), whole[1])


def test_a_catalogue_of_another_version_is_emptied(tmp_path):
    path = tmp_path / "catalog.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE facts (item_id TEXT PRIMARY KEY, fact TEXT)")
        connection.execute("INSERT INTO facts VALUES ('a', '{}')")
    connection.close()
    with Catalog(path) as catalog:
        assert catalog.get_facts(["a"]) == {}
        catalog.put_facts({"a": {"width": 1}})
        assert catalog.get_facts(["a"]) == {"a": {"width": 1}}


def test_vectors_swapped_between_two_items_are_found(copy):
    folder = next((copy / "vectors").iterdir())
    with sqlite3.connect(folder / "index.sqlite") as connection:
        (first, one), (second, two) = connection.execute(
            "SELECT item_id, crc FROM vectors ORDER BY position LIMIT 2"
        ).fetchall()
        connection.execute("UPDATE vectors SET item_id = 'x' WHERE item_id = ?", (first,))
        connection.execute("UPDATE vectors SET item_id = ? WHERE item_id = ?", (first, second))
        connection.execute("UPDATE vectors SET item_id = ? WHERE item_id = 'x'", (second,))
    connection.close()
    cache = VectorCache(folder, read_spec(folder))
    assert one != two
    with pytest.raises(ArtifactCorruptError, match="differs from its checksum"):
        cache.load([first])


def test_an_index_that_lost_an_id_is_called_damaged_and_not_a_persons_mistake(copy):
    folder = next((copy / "vectors").iterdir())
    with sqlite3.connect(folder / "index.sqlite") as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        item = connection.execute("SELECT item_id FROM vectors WHERE position = 5").fetchone()[0]
    connection.close()
    path = folder / "index.sqlite"
    data = path.read_bytes()
    places = [m.start() for m in re.finditer(item.encode(), data)]
    assert len(places) == 2  # in the table and in its index
    for place in places:
        wrong = bytearray(data)
        wrong[place] ^= 1
        path.write_bytes(wrong)
        cache = VectorCache(folder, read_spec(folder))
        with cache.writer(), pytest.raises(ArtifactCorruptError, match=r"index\.sqlite"):  # noqa: PT012
            for _ in range(2):  # as missing in one of the two places, and as there in the other
                cache.append([item], np.ones((1, 256), np.float32))


def test_a_damaged_thumbnail_index_is_named_and_no_picture_is_blamed(whole, copy, pictures):
    """Asking whether a thumbnail is there once made every picture "broken" for good."""
    (copy / "thumbnails" / "cache.db").write_bytes(b"not a database" * 1000)
    for file in copy.glob("catalog.sqlite*"):
        file.unlink()
    with pytest.raises(StorageError, match=r"delete .*thumbnails and run again") as caught:
        go(copy, pictures)
    follow_advice(str(caught.value))
    assert same(go(copy, pictures), whole[1])


def test_a_damaged_thumbnail_is_made_again(copy):
    cache = Workspace(copy).thumbnails
    cache.set("a", b"\x89PNG" * 5)
    with sqlite3.connect(copy / "thumbnails" / "cache.db") as connection:
        connection.execute("UPDATE Cache SET value = replace(value, 'P', 'Q') WHERE key = 'a'")
        connection.execute("UPDATE Cache SET value = x'00' WHERE key = 'a'")
    connection.close()
    assert cache.get("a") is None
    cache.close()


def test_a_damaged_job_list_is_named_by_the_command_line(copy, tmp_path):
    with sqlite3.connect(copy / "jobs.sqlite") as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS x (y)")
    connection.close()
    run_json("jobs", workspace=copy)
    with sqlite3.connect(copy / "jobs.sqlite") as connection:
        connection.execute(
            "INSERT INTO jobs (id, kind, title, request, request_key, state, created)"
            " VALUES ('a', 'run', 't', '{', 'k', 'done', 1)"
        )
    connection.close()
    done = command("jobs", workspace=copy, code=2)
    assert "jobs.sqlite" in done.stderr
    assert "delete the file" in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_damaged_memory_of_an_encoder_counts_as_none(tmp_path):
    from core.encoders.base import Memo

    memo = Memo(tmp_path)
    memo.put({"sha256": "abc"}, "file")
    assert memo.get("file") == {"sha256": "abc"}
    (path,) = tmp_path.iterdir()
    path.write_text(path.read_text().replace("abc", "abd"))
    assert memo.get("file") is None


def test_what_killed_processes_left_behind_is_removed_after_a_day(copy):
    folder = next(copy.glob("artefacts/projection"))
    old, new = folder / ".0123.old", folder / ".0123.new"
    for path in (old, new):
        path.mkdir()
        (path / "x.npy").write_bytes(b"x")
    os.utime(old, (1, 1))
    Workspace(copy).sweep()
    assert (old.exists(), new.exists()) == (False, True)


def test_every_error_of_damage_is_one_that_a_person_can_act_on():
    assert issubclass(ArtifactCorruptError, VitrineError)
    assert issubclass(StorageError, VitrineError)

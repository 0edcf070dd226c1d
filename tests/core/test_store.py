"""The workspace: what exists is whole, what is damaged is named, nothing is unpickled."""

import errno
import json
import pickle
import sqlite3
import threading

import numpy as np
import pandas as pd
import pytest

from core.errors import ArtifactCorruptError, InputError, NotFoundError, StorageError
from core.storage.store import Workspace, check_name, read_json, write_json


class Planted:
    """Ends the test if anything unpickles it."""

    def __reduce__(self):
        return pytest.fail, ("a pickle was read",)


KEY = "0123456789abcdef" * 2


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path / "ws")


def write(workspace, key=KEY, **changes):
    given = {
        "meta": {"k": 3},
        "arrays": {"x": np.arange(5.0)},
        "tables": {"t": pd.DataFrame({"a": [1, 2]})},
    } | changes
    workspace.write("neighbors", key, **given)


def test_an_artefact_comes_back_as_it_went_in(workspace):
    write(workspace)
    found = workspace.read("neighbors", KEY)
    assert found.meta == {"k": 3}
    np.testing.assert_array_equal(found.arrays["x"], np.arange(5.0))
    assert found.tables["t"]["a"].tolist() == [1, 2]
    assert list(workspace.artefacts()) == [("neighbors", KEY)]


def test_the_manifest_records_versions_and_checksums(workspace):
    write(workspace)
    manifest = json.loads((workspace.folder("neighbors", KEY) / "manifest.json").read_text())
    assert manifest["versions"]["numpy"] == np.__version__
    assert set(manifest["files"]) == {"x.npy", "t.parquet"}


@pytest.mark.parametrize("file", ["x.npy", "t.parquet"])
@pytest.mark.parametrize("damage", ["flip", "cut", "gone"])
def test_a_damaged_file_is_named(tmp_path, file, damage):
    write(Workspace(tmp_path))
    path = Workspace(tmp_path).folder("neighbors", KEY) / file
    data = bytearray(path.read_bytes())
    if damage == "gone":
        path.unlink()
    else:
        data[len(data) // 2] ^= 1
        path.write_bytes(data if damage == "flip" else data[:-1])
    with pytest.raises(ArtifactCorruptError, match=file):
        Workspace(tmp_path).read("neighbors", KEY)


def test_a_damaged_manifest_is_named(workspace):
    write(workspace)
    (workspace.folder("neighbors", KEY) / "manifest.json").write_text("{")
    with pytest.raises(ArtifactCorruptError, match=r"manifest\.json"):
        workspace.read("neighbors", KEY)


def test_objects_are_neither_written_nor_read(workspace):
    with pytest.raises(ValueError, match="Object arrays"):
        write(workspace, arrays={"x": np.array([{}], dtype=object)})
    assert not workspace.has("neighbors", KEY)
    assert list((workspace.root / "artefacts" / "neighbors").iterdir()) == []


def test_a_full_disk_leaves_nothing_behind(workspace, monkeypatch):
    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(np, "save", full)
        with pytest.raises(StorageError, match="disk is full"):
            write(workspace)
    assert list((workspace.root / "artefacts" / "neighbors").iterdir()) == []
    write(workspace)
    assert workspace.has("neighbors", KEY)


def test_of_two_writers_one_wins_and_neither_fails(workspace):
    failures = []

    def work():
        try:
            write(workspace)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert [p.name for p in (workspace.root / "artefacts" / "neighbors").iterdir()] == [KEY]


@pytest.mark.parametrize("key", ["../x", "", "ABCDEF0123456789", "0" * 15, "0" * 65])
def test_a_key_is_no_path(workspace, key):
    with pytest.raises(NotFoundError):
        workspace.has("neighbors", key)


@pytest.mark.parametrize("name", ["", ".", "../x", "a/b", "-x", "x" * 81, "a\n", "x.", "con|"])
def test_a_set_name_is_no_path(name):
    with pytest.raises(InputError, match="set name"):
        check_name(name)


@pytest.mark.parametrize("name", ["digits", "Schmetterlinge ä 1", "a_b-c.d+e", "1"])
def test_usual_set_names_are_taken(workspace, name):
    workspace.write_set(name, {"a": 1})
    assert workspace.set_names() == [name]
    assert workspace.read_set(name) == {"a": 1}


def test_an_unknown_set_is_answered_with_those_there_are(workspace):
    with pytest.raises(NotFoundError, match="no sets yet"):
        workspace.read_set("x")
    workspace.write_set("digits", {})
    with pytest.raises(NotFoundError, match="digits"):
        workspace.read_set("x")


def test_json_is_never_half_written(tmp_path):
    path = tmp_path / "a.json"
    write_json(path, {"a": 1})
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(path, {"a": float("nan")})
    assert read_json(path) == {"a": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


def test_thumbnails_hold_bytes_and_refuse_a_pickle(workspace):
    cache = workspace.thumbnails
    cache.set("a", b"\x89PNG")
    assert cache.get("a") == b"\x89PNG"
    with pytest.raises(TypeError):
        cache.set("b", {"not": "bytes"})
    cache.close()
    with sqlite3.connect(workspace.root / "thumbnails" / "cache.db") as connection:
        connection.execute("UPDATE Cache SET mode = 4, value = ?", (pickle.dumps(Planted()),))
    connection.close()
    assert Workspace(workspace.root).thumbnails.get("a") is None  # as if it were not there

"""Columns of a source that are called what Vitrine calls its own; sources that are no files."""

import os

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from making import picture

from core.config import load_settings
from core.errors import InputError
from core.export import export_set
from core.ingest import scan
from core.library import Library
from core.pipeline import run
from core.request import RunRequest
from core.storage.store import Workspace

NAMES = ("row", "item_id", "width", "height", "format", "mode", "notes", "cluster", "vector",
         "pca_x", "cluster_probability", "neighbour distance")  # fmt: skip


@pytest.fixture
def table(tmp_path):
    for number in range(6):
        picture(number).save(tmp_path / f"{number}.png")
    frame = pd.DataFrame({"path": [f"{n}.png" for n in range(6)]})
    for name in NAMES:
        frame[name] = [f"{name} {n}" for n in range(6)]
    frame.to_csv(tmp_path / "table.csv", index=False)
    return tmp_path / "table.csv"


def go(root, source, name="set"):
    request = RunRequest(str(source), name, encoder="pixels", maps=("pca",))
    workspace = Workspace(root)
    run(request, workspace, load_settings({"workspace": str(root), "workers": 2}, {}))
    return workspace, Library(workspace).open(name)


def test_given_columns_with_names_of_ours_are_kept_beside_them(table, tmp_path):
    _, opened = go(tmp_path / "ws", table)
    for name in NAMES:
        kept = [c for c in (name, f"{name}_given") if c in opened.items]
        assert any(opened.items[c].tolist() == [f"{name} {n}" for n in range(6)] for c in kept)
    assert opened.items["width"].tolist() == [48] * 6
    assert opened.items["format"].tolist() == ["PNG"] * 6
    names = [c.name for c in opened.columns()]
    assert len(names) == len(set(names))
    assert opened.record(3)["row"] == 3


@pytest.mark.parametrize("to", ["csv", "parquet", "npy"])
def test_such_a_set_is_exported_and_opens_again(table, tmp_path, to):
    workspace, opened = go(tmp_path / "ws", table)
    files = export_set(opened, workspace, to, tmp_path / f"out.{to}")
    if to == "parquet":
        names = pq.read_schema(files[0]).names
        assert len(names) == len(set(names))
    workspace, again = go(tmp_path / "ws", files[0], "again")
    assert len(again) == 6
    export_set(again, workspace, to, tmp_path / f"twice.{to}")


def test_an_export_that_fails_leaves_the_earlier_one(table, tmp_path, monkeypatch):
    workspace, opened = go(tmp_path / "ws", table)
    (out,) = export_set(opened, workspace, "parquet", tmp_path / "out.parquet")
    before = out.read_bytes()

    def full(table, path):
        path.write_bytes(b"some of it")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pq, "write_table", full)
    with pytest.raises(OSError, match="disk is full"):
        export_set(opened, workspace, "parquet", out)
    assert out.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir() if p.name.startswith(".")] == []


def test_an_export_into_a_pipe_does_not_replace_it(table, tmp_path):
    workspace, opened = go(tmp_path / "ws", table)
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    export_set(opened, workspace, "csv", pipe)
    assert os.read(reader, 10_000).startswith(b"row,")
    os.close(reader)
    assert pipe.is_fifo()


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".npy", ".npz", ".parquet", ".gz", ""])
def test_a_pipe_as_a_source_is_refused_and_not_waited_for(tmp_path, suffix):
    pipe = tmp_path / f"pipe{suffix}"
    os.mkfifo(pipe)
    with pytest.raises(InputError, match="not a regular file"):
        scan(str(pipe), samples_folder=tmp_path)


def test_a_parquet_table_may_use_a_name_twice_and_large_unsigned_numbers(table, tmp_path):
    paths = pa.array([str(n) + ".png" for n in range(6)])
    big = pa.array(np.arange(6, dtype="u8") + np.uint64(2**63))
    arrow = pa.Table.from_arrays([paths, big, big], names=["path", "x", "x"])
    pq.write_table(arrow, tmp_path / "t.parquet")
    items = scan(str(tmp_path / "t.parquet"), samples_folder=tmp_path).items
    assert items["x"].tolist() == items["x_2"].tolist() == [2**63 + n for n in range(6)]


def test_no_vectors_at_all_still_have_a_length(tmp_path):
    column = pa.FixedSizeListArray.from_arrays(pa.array([], pa.float32()), 4)
    pq.write_table(pa.table({"id": pa.array([], pa.string()), "vector": column}),
                   tmp_path / "v.parquet")  # fmt: skip
    given = scan(str(tmp_path / "v.parquet"), samples_folder=tmp_path).given
    assert given is not None
    assert given.vectors.shape == (0, 4)

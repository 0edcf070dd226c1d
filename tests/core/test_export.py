"""Exports of a set, a selection, a slice and a part: tables, paths, manifest, and the job."""

import argparse
import csv
import io
import json
import os
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from making import picture

from core.__main__ import Parser, perform
from core.commands.export import add
from core.config import load_settings
from core.curation import Desk
from core.errors import InputError, NotFoundError
from core.export import (
    FORMATS,
    Options,
    chosen_rows,
    export_folder,
    export_set,
    export_table,
    load_vectors,
)
from core.export.folder import checked_target
from core.export.job import run_export
from core.export.request import ExportRequest, checked_request, file_name
from core.export.sources import curated_columns
from core.export.tables import path_line, write_csv
from core.jobs import JobBoard
from core.labelfiles import match_labels, read_labels
from core.library import Library
from core.parts import PartRequest, run_part
from core.pipeline import run
from core.request import RunRequest
from core.selection import Selections
from core.storage.store import Workspace

ODD = "wasp/two\nlines.png"


def settings_of(root):
    return load_settings({"workspace": str(root), "workers": 2}, {})


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A workspace with a set of ten pictures of two labels, one with a line break in its name."""
    base = tmp_path_factory.mktemp("export")
    for label in ("moth", "wasp"):
        (base / "pictures" / label).mkdir(parents=True)
        for number in range(5):
            path = base / "pictures" / label / f"{number}.png"
            picture(number + 100 * (label == "wasp")).save(path)
    (base / "pictures/wasp/4.png").rename(base / "pictures" / ODD)
    request = RunRequest(str(base / "pictures"), "set", encoder="pixels", maps=("pca",))
    run(request, Workspace(base / "ws"), settings_of(base / "ws"))
    return base


@pytest.fixture
def workspace(made):
    return Workspace(made / "ws")


@pytest.fixture
def opened(workspace):
    return Library(workspace).open("set")


@pytest.fixture
def part(made, workspace, opened):
    """Six of the ten, mapped on their own."""
    chosen = Selections(workspace).save(opened.key, np.array([1, 2, 4, 5, 7, 8]), {"how": "test"})
    done = run_part(PartRequest("set", chosen, ("pca",)), workspace, settings_of(workspace.root))
    return Library(workspace).open(done["name"])


# -- which items -----------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", [[7, 0, 3], [2], []])
def test_rows_are_exported_in_the_order_given(opened, workspace, tmp_path, rows):
    items = opened.items.iloc[rows]
    export_set(opened, workspace, "csv", tmp_path / "t.csv", rows)
    found = pd.read_csv(tmp_path / "t.csv")
    assert found["row"].tolist() == rows
    assert found["item_id"].tolist() == items["item_id"].tolist()
    export_set(opened, workspace, "parquet", tmp_path / "t.parquet", rows)
    stored = pq.read_table(tmp_path / "t.parquet")
    assert stored["path"].to_pylist() == items["path"].tolist()
    wanted = load_vectors(opened, workspace)[rows]
    found = np.array(stored["vector"].to_pylist(), np.float32).reshape(wanted.shape)
    np.testing.assert_array_equal(found, wanted)
    export_set(opened, workspace, "npy", tmp_path / "t.npy", rows)
    np.testing.assert_array_equal(np.load(tmp_path / "t.npy"), wanted)
    export_set(opened, workspace, "paths", tmp_path / "t.txt", rows, options=Options(null=True))
    told = (tmp_path / "t.txt").read_bytes().split(b"\0")[:-1]
    assert [p.decode() for p in told] == items["path"].tolist()


@pytest.mark.parametrize("rows", [[-1], [10], [0, 99]])
def test_rows_that_the_set_has_not_are_refused(opened, workspace, tmp_path, rows):
    with pytest.raises(InputError, match="0 to 9"):
        export_set(opened, workspace, "csv", tmp_path / "t.csv", rows)


def test_a_selection_a_slice_and_a_cluster_name_rows(opened, workspace):
    key = Selections(workspace).save(opened.key, np.array([2, 5]), {})
    Desk(workspace).act(opened, "slice.create", [1, 8], name="odd ones", how="test")
    try:
        assert chosen_rows(opened, workspace) is None
        assert chosen_rows(opened, workspace, selection=key).tolist() == [2, 5]
        assert chosen_rows(opened, workspace, slice="odd ones").tolist() == [1, 8]
        noise = np.flatnonzero(opened.clustering("themes").labels == -1).tolist()
        assert chosen_rows(opened, workspace, cluster=-1).tolist() == noise
        with pytest.raises(InputError, match="not several"):
            chosen_rows(opened, workspace, selection=key, slice="odd ones")
        with pytest.raises(NotFoundError):
            chosen_rows(opened, workspace, slice="none")
        with pytest.raises(NotFoundError):
            chosen_rows(opened, workspace, selection="0" * 32)
    finally:
        Desk(workspace).undo(opened)


def test_a_part_exports_its_own_rows_and_where_they_are_in_the_set(part, workspace, tmp_path):
    export_set(part, workspace, "csv", tmp_path / "t.csv")
    found = pd.read_csv(tmp_path / "t.csv")
    assert found["row"].tolist() == list(range(6))
    assert found["base_row"].tolist() == [1, 2, 4, 5, 7, 8]
    assert found["path"].tolist() == part.items["path"].tolist()
    assert {"pca_x", "pca_y"} <= set(found)
    export_set(part, workspace, "npy", tmp_path / "v.npy", [5, 0])
    np.testing.assert_array_equal(
        np.load(tmp_path / "v.npy"), load_vectors(part.base, workspace)[[8, 1]]
    )
    folder = checked_target(tmp_path / "out", part, workspace, folder=True)
    done = export_folder(part, workspace, "copies", folder, [0, 3])
    assert done.files == 2
    names = {p.relative_to(tmp_path / "out").as_posix() for p in (tmp_path / "out").rglob("*.png")}
    assert names == set(part.items["path"].iloc[[0, 3]])


# -- tables ----------------------------------------------------------------------------------------


def test_what_people_decided_comes_as_columns(opened, workspace, tmp_path):
    assert "slice" not in export_table(opened)
    desk = Desk(workspace)
    desk.act(opened, "slice.create", [3, 4], name="a + b", how="test")
    desk.act(opened, "exclude", [0], reason="blurred")
    desk.act(opened, "relabel", [1], label="hornet")
    try:
        for to in ("csv", "parquet"):
            export_set(opened, workspace, to, tmp_path / f"t.{to}")
        found = pd.read_csv(tmp_path / "t.csv", keep_default_na=False)
        assert found["slice"].tolist() == ["", "", "", "a + b", "a + b", *[""] * 5]
        assert [bool(v) for v in found["decision"]] == [True] + [False] * 9
        assert found["label, edited"].iloc[1] == "hornet"
        stored = pq.read_table(tmp_path / "t.parquet")
        assert stored["slice"].to_pylist()[2:4] == [None, "a + b"]
        export_folder(opened, workspace, "copies", tmp_path / "by", options=Options(layout="label"))
        assert (tmp_path / "by/hornet/1.png").is_file()
    finally:
        for _ in range(3):
            desk.undo(opened)
    assert "slice" not in export_table(opened)


def test_names_that_people_gave_to_themes_come_as_a_column(monkeypatch):
    class Shown:
        def theme_names(self, key):
            return {1: "Monarchs"} if key == "k" else {}

    class FakeDesk:
        def __init__(self, workspace):
            self.columns, self.view = (lambda opened: {}), (lambda opened: Shown())

    monkeypatch.setattr("core.curation.Desk", FakeDesk)
    themes = SimpleNamespace(key="k", labels=np.array([0, 1, -1, 1]))
    found = curated_columns(SimpleNamespace(clustering=lambda kind: themes), None)
    assert found["theme_name"].fillna("").tolist() == ["", "Monarchs", "", "Monarchs"]
    themes.key = "other"
    assert curated_columns(SimpleNamespace(clustering=lambda kind: themes), None) == {}


def test_images_placed_later_are_told_from_those_before():
    opened = SimpleNamespace(
        items=pd.DataFrame({"item_id": list("abc")}), projections={},
        clustering=lambda kind: None,
        placement=(np.array([0, 1, 2], np.uint8), np.array([0, 0.5, 1.5], np.float32)),
    )  # fmt: skip
    found = export_table(opened)
    assert found["placement"].tolist() == ["on the map before", "placed later", "off the map"]
    assert found["placement_distance"].tolist() == [0, 0.5, 1.5]


def test_values_that_look_like_formulas_stay_unless_asked(tmp_path):
    table = pd.DataFrame({"=name": ["=1+1", "-x", "plain", None], "number": [-1, 2, -3, 4]})
    write_csv(tmp_path / "a.csv", table)
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "a.csv"), table, check_dtype=False)
    write_csv(tmp_path / "b.csv", table, escape_formulas=True)
    found = pd.read_csv(tmp_path / "b.csv")
    assert found.columns.tolist() == ["'=name", "number"]
    assert found.iloc[:3, 0].tolist() == ["'=1+1", "'-x", "plain"]
    assert found["number"].tolist() == [-1, 2, -3, 4]
    assert table.columns.tolist() == ["=name", "number"]


# -- paths -----------------------------------------------------------------------------------------


def test_a_line_is_a_path_and_a_line_break_in_one_is_escaped(opened, workspace, tmp_path):
    export_set(opened, workspace, "paths", tmp_path / "p.txt")
    lines = (tmp_path / "p.txt").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 10
    assert lines[:5] == [f"moth/{n}.png" for n in range(5)]
    assert '"wasp/two\\nlines.png"' in lines
    whole = Options(absolute=True, null=True)
    export_set(opened, workspace, "paths", tmp_path / "p.txt", options=whole)
    found = (tmp_path / "p.txt").read_bytes().split(b"\0")
    assert found.pop() == b""
    assert all(Path(os.fsdecode(path)).is_file() for path in found)


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("a b/ü 蛾.png", "a b/ü 蛾.png".encode()),
        ("a\nb", b'"a\\nb"'),
        ('"q".png', b'"\\"q\\".png"'),
        ('q"q.png', b'q"q.png'),
        ("back\\slash", b"back\\slash"),
        ("both\\\n", b'"both\\\\\\n"'),
        ("bell\x07", b'"bell\\007"'),
        (os.fsdecode(b"bad\xff.png"), b"bad\xff.png"),
    ],
)
def test_a_path_is_written_so_that_it_can_be_told_apart(path, line):
    assert path_line(path) == line


# -- manifest --------------------------------------------------------------------------------------


def test_the_manifest_comes_with_log_and_provenance(opened, part, workspace, tmp_path):
    names = []
    for number, (what, rows) in enumerate(((opened, None), (opened, [1, 2]), (part, None))):
        target = tmp_path / f"{number}.zip"
        export_set(what, workspace, "manifest", target, rows)
        with zipfile.ZipFile(target) as archive:
            names.append(sorted(archive.namelist()))
            text = archive.read("manifest.json").decode()
        ids = {i for i in opened.items["item_id"] if i in text}
        wanted = what.items["item_id"] if rows is None else what.items["item_id"].iloc[rows]
        assert ids == set(wanted)
    assert names == [["log.jsonl", "manifest.json", "provenance.json"]] * 3


# -- where to --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ("pictures", "own pictures"),
        ("pictures/out", "own pictures"),
        ("pictures/moth/../out", "own pictures"),
        ("link/out", "own pictures"),
        ("ws", "workspace"),
        ("ws/sets/out", "workspace"),
        (".", "own pictures"),
        ("none/out", "does not exist"),
        ("pictures/moth/0.png/out", "file"),
    ],
)
def test_a_target_among_pictures_or_in_the_workspace_is_refused(
    made, opened, workspace, place, said
):
    if not (made / "link").exists():
        (made / "link").symlink_to(made / "pictures")
    with pytest.raises(InputError, match=said):
        checked_target(f"{made}/{place}", opened, workspace, folder=True)


@pytest.mark.parametrize("target", ["", "out", "./out", "~/out", "a\0b"])
def test_a_target_must_be_a_whole_path(opened, workspace, target):
    with pytest.raises(InputError):
        checked_target(target, opened, workspace, folder=True)


def test_a_target_of_the_wrong_kind_is_refused(opened, workspace, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="is a file"):
        checked_target(tmp_path / "file", opened, workspace, folder=True)
    with pytest.raises(InputError, match="already"):
        checked_target(tmp_path / "file", opened, workspace, folder=False)
    assert checked_target(tmp_path / "new", opened, workspace, folder=True) == tmp_path / "new"


def test_files_of_a_table_may_be_anywhere_and_only_their_folders_are_kept(made, tmp_path):
    table = pd.DataFrame({"path": [str(made / "pictures/moth/0.png"), str(tmp_path / "b/1.png")]})
    (tmp_path / "b").mkdir()
    picture(9).save(tmp_path / "b/1.png")
    table.to_csv(tmp_path / "t.csv", index=False)
    workspace = Workspace(tmp_path / "ws")
    request = RunRequest(str(tmp_path / "t.csv"), "t", encoder="pixels", maps=("pca",))
    run(request, workspace, settings_of(tmp_path / "ws"))
    opened = Library(workspace).open("t")
    checked_target(tmp_path / "out", opened, workspace, folder=True)
    with pytest.raises(InputError, match="own pictures"):
        checked_target(tmp_path / "b/out", opened, workspace, folder=True)


# -- the job ---------------------------------------------------------------------------------------


def test_the_job_does_what_its_request_says(made, opened, workspace, tmp_path):
    key = Selections(workspace).save(opened.key, np.array([0, 9]), {})
    asked = ExportRequest("set", "copies", str(tmp_path / "out"), key)
    request, title = checked_request(asked, opened, workspace)
    assert title == "set: copies of 2 images"
    assert ExportRequest.from_json(json.loads(json.dumps(request))) == asked
    done = run_export(request, workspace, settings_of(workspace.root))
    assert (done["items"], done["written"], done["missing_count"]) == (2, 2, 0)
    assert json.loads(json.dumps(done)) == done
    assert (tmp_path / "out/exported.csv").is_file()


def test_a_target_that_no_request_can_hold_is_refused(opened, workspace, tmp_path):
    asked = ExportRequest("set", "copies", str(tmp_path / os.fsdecode(b"\xff")))
    with pytest.raises(InputError, match="UTF-8"):
        checked_request(asked, opened, workspace)


def test_a_sheet_is_made_by_the_job_too(opened, workspace, tmp_path):
    request = {"name": "set", "to": "sheet-pdf", "target": str(tmp_path / "sheet.pdf")}
    done = run_export(request, workspace, settings_of(workspace.root))
    assert done["files"] == [str(tmp_path / "sheet.pdf")]
    assert (tmp_path / "sheet.pdf").read_bytes().startswith(b"%PDF-")


def test_two_identical_requests_are_one_job(opened, workspace, tmp_path):
    board = JobBoard(tmp_path)
    asked = ExportRequest("set", "links", str(tmp_path / "out"), options=Options(hard=True))
    request, title = checked_request(asked, opened, workspace)
    (first, ours), (second, again) = (board.adopt("export", request, title) for _ in range(2))
    assert (ours, again) == (True, False)
    assert first.id == second.id


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"to": "tiff"}, "format 'tiff'"),
        ({"target": ""}, "target is empty"),
        ({"target": 5}, "target"),
        ({"more": 1}, "unknown field 'more'"),
        ({"options": {"layout": "heap"}}, "layout 'heap'"),
        ({"options": {"deep": True}}, "unknown option 'deep'"),
        ({"options": {"hard": "yes"}}, "option hard"),
        ({"options": ["hard"]}, "options"),
        ({"cluster": "one"}, "cluster"),
        ({"slice": 5}, "slice"),
        ({"name": None}, "name"),
    ],
)
def test_a_bad_request_says_what_is_wrong(tmp_path, change, said):
    with pytest.raises(InputError, match=said):
        ExportRequest.from_json({"name": "set", "to": "copies", "target": "/x", **change})


def test_a_request_without_a_target_is_refused():
    with pytest.raises(InputError, match="lacks 'target'"):
        ExportRequest.from_json({"name": "set", "to": "copies"})


@pytest.mark.parametrize(
    ("to", "more", "expected"),
    [
        ("csv", {}, "set.csv"),
        ("paths", {"count": 3}, "set - 3 selected.txt"),
        ("csv", {"count": 10}, "set.csv"),
        ("sheet-pdf", {"slice": "a/b: odd?"}, "set - a_b_ odd_.pdf"),
        ("manifest", {}, "set - manifest.zip"),
    ],
)
def test_a_download_is_named_after_what_it_holds(opened, to, more, expected):
    assert file_name(opened, to, **more) == expected


# -- the command line ------------------------------------------------------------------------------


@pytest.fixture
def command(workspace, capsysbinary):
    """Give a function that runs `export` in this process: its exit code, stdout and stderr."""

    def go(*arguments):
        parser, common = Parser(prog="app.py"), argparse.ArgumentParser(add_help=False)
        common.add_argument("--workspace")
        common.add_argument("--json", action="store_true")
        add(parser.add_subparsers(required=True), common)
        given = ["export", *map(str, arguments), "--workspace", str(workspace.root)]
        code = perform(parser.parse_args(given))
        out, err = capsysbinary.readouterr()
        return code, out.decode(), err.decode()

    return go


@pytest.mark.parametrize("to", FORMATS)
def test_the_command_exports_every_format(command, tmp_path, to):
    code, out, _ = command("set", "--to", to, "--out", tmp_path / "out", "--json")
    done = json.loads(out)
    assert (code, done["set"], done["items"]) == (0, "set", 10)
    assert all(Path(file).exists() for file in done["files"])


@pytest.mark.parametrize("to", ["cvat", "coco", "labelstudio", "fiftyone", "yolo"])
def test_labels_of_a_slice_go_to_other_tools_with_the_pictures(
    command, workspace, opened, tmp_path, to
):
    desk = Desk(workspace)
    desk.act(opened, "slice.create", [6, 2, 3], name="three", how="test")
    desk.act(opened, "exclude", [3])
    try:
        code, out, _ = command(
            "set", "--to", to, "--slice", "three", "--pictures", "--out", tmp_path / "o", "--json"
        )
        done = json.loads(out)
        file = Path(done["files"][0])
        assert (code, done["items"], done["written"]) == (0, 3, 3 if to == "coco" else 2)
        if to != "coco":  # which tells what was left out itself
            assert done["notes"] == ["left out: 1 that are not in the working set"]
        assert len(list((tmp_path / "o").rglob("*.png"))) == done["written"]
        matched = match_labels(opened, read_labels(file), desk.view(opened))
        assert (matched.rows.tolist(), matched.changed) == ([2, 6], 0)
        again = command("set", "--to", to, "--pictures", "--out", tmp_path / "o")
        assert again[0] == 2
        assert "is not empty" in again[2]
    finally:
        desk.undo(opened)
        desk.undo(opened)


def test_the_command_takes_a_slice_or_a_theme(command, workspace, opened, tmp_path):
    Desk(workspace).act(opened, "slice.create", [6, 2], name="two", how="test")
    try:
        command("set", "--to", "csv", "--slice", "two", "--out", tmp_path / "s.csv")
        assert pd.read_csv(tmp_path / "s.csv")["row"].tolist() == [2, 6]
    finally:
        Desk(workspace).undo(opened)
    noise = np.flatnonzero(opened.clustering("themes").labels == -1)
    command("set", "--to", "csv", "--cluster", "-1", "--out", tmp_path / "c.csv")
    assert pd.read_csv(tmp_path / "c.csv")["row"].tolist() == noise.tolist()


def test_the_command_writes_here_under_the_sets_name(command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert command("set", "--to", "csv")[1] == f"{tmp_path / 'set.csv'}\n"
    listing = tmp_path / "set-copies" / "exported.csv"
    assert command("set", "--to", "copies")[1] == f"{listing}\n"
    rows = list(csv.DictReader(io.StringIO(listing.read_text(encoding="utf-8"), newline="")))
    assert [int(row["row"]) for row in rows] == list(range(10))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("set", "--to", "tiff"), "format 'tiff'"),
        (("none", "--to", "csv"), "no set named 'none'"),
        (("set", "--to", "csv", "--slice", "none"), "none"),
        (("set", "--to", "csv", "--cluster", "99"), "cluster 99"),
        (("set", "--to", "copies", "--layout", "heap"), "layout 'heap'"),
        (("set", "--to", "csv", "--out", "/nowhere/at/all.csv"), "/nowhere/at"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(command, arguments, said):
    code, out, err = command(*arguments)
    assert (code, out, err.count("\n")) == (2, "", 1)
    assert said in err


def test_the_command_tells_of_files_that_are_gone(command, made, tmp_path):
    lost = made / "pictures/moth/2.png"
    data = lost.read_bytes()
    lost.unlink()
    try:
        code, _, err = command("set", "--to", "links", "--out", tmp_path / "out")
    finally:
        lost.write_bytes(data)
    assert code == 0
    assert "1 file could not be read" in err
    assert "moth/2.png: file not found" in err

"""A log replayed on another machine: the same manifest, byte for byte, or a plain word why not."""

import json
import os
import shutil
import subprocess
import sys
import textwrap
import zipfile
from argparse import ArgumentParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from making import picture
from PIL import Image

from core.commands import curation
from core.config import load_settings
from core.curation import Desk
from core.errors import ArtifactCorruptError, InputError
from core.library import Library
from core.pipeline import run
from core.replay import replay
from core.request import RunRequest
from core.storage.store import Workspace

ROOT = Path(__file__).parents[2]

#: The command line with these commands alone.
SCRIPT = textwrap.dedent(
    """
    import argparse, sys
    from core.__main__ import Parser, perform
    from core.commands import curation
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--workspace")
    common.add_argument("--json", action="store_true")
    parser = Parser(prog="test")
    curation.add(parser.add_subparsers(required=True), common)
    code = perform(parser.parse_args(sys.argv[1:]))
    heavy = {"torch", "umap", "numba", "hdbscan", "sklearn", "faiss"} & set(sys.modules)
    assert not heavy, heavy
    sys.exit(code)
    """
)


def go(root, source, name="set"):
    """Run a set in a workspace and return the desk and the opened set."""
    workspace = Workspace(root)
    request = RunRequest(str(source), name, encoder="pixels", maps=("pca",))
    run(request, workspace, load_settings({"workspace": str(root), "workers": 2}, {}))
    return Desk(workspace), Library(workspace).open(name)


def again(log, source, root, **options):
    """Replay in a workspace of its own."""
    found = load_settings({"workspace": str(root), "workers": 2}, {})
    return replay(Path(log), str(source), Workspace(root), found, **options)


def command(*arguments, workspace, code=0):
    """Run one of the commands in a process of its own and return what it said."""
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *map(str, arguments), "--workspace", str(workspace)],
        cwd=ROOT, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == code, done.stderr[-4000:]
    return done


def curate(desk, opened):
    """Do a dozen acts of every kind, some of them undone and done again."""
    themes = opened.clustering("themes")
    desk.act(opened, "exclude", [0, 3], reason="blurred")
    desk.act(opened, "slice.create", range(2, 9), name="night", how="lasso on PCA")
    desk.act(opened, "relabel", [1, 12], label="Käfer")
    desk.undo(opened)
    desk.redo(opened)
    desk.act(opened, "slice.add", [11], name="night")
    desk.act(opened, "keep", [4])
    desk.undo(opened)
    desk.act(opened, "keep", [6, 7], about="duplicates", reason="other poses")
    rows = np.r_[20:2:-1, 1, 2]  # more than are listed in a line, not in order
    desk.act(opened, "relabel.each", rows, labels=["wasp", "moth"], sizes=[18, 2], reason="file")
    desk.act(opened, "drop", [5], reason="twice")
    desk.act(opened, "include", [0])
    desk.act(opened, "slice.rename", name="night", to="dusk")
    desk.act(opened, "slice.create", [1], name="gone")
    desk.act(opened, "slice.delete", name="gone")
    desk.undo(opened)
    desk.undo(opened)
    desk.redo(opened)
    if themes is not None and len(themes.table):
        desk.act(opened, "theme.rename", clustering=themes.key, cluster=0, to="the first")
    desk.act(opened, "slice.remove", [2], name="dusk")


@pytest.fixture(scope="session")
def curated(tmp_path_factory):
    """A folder with copies and trouble in it, run and curated, and its bundle."""
    root = tmp_path_factory.mktemp("curated")
    source = root / "pictures"
    for label in ("moth", "wasp"):
        (source / label).mkdir(parents=True)
        for number in range(12):  # more than are listed in a line
            picture(number + 100 * (label == "wasp")).save(source / label / f"{number}.png")
    shutil.copy(source / "moth" / "0.png", source / "wasp" / "copy.png")
    shutil.copy(source / "moth" / "0.png", source / "a copy.png")
    Image.new("L", (8, 8), 0).save(source / "black.png")  # quarantined: its vector is zero
    shutil.copy(source / "black.png", source / "black too.png")
    (source / "empty.jpg").write_bytes(b"")
    (source / "words.png").write_text("not a picture")
    desk, opened = go(root / "ws", source)
    assert len(opened) == 26
    curate(desk, opened)
    desk.act(opened, "exclude", range(6, 26, 1), reason="many")
    desk.undo(opened)
    (root / "bundle.zip").write_bytes(desk.bundle(opened))
    (root / "dusk.zip").write_bytes(desk.bundle(opened, slice="dusk"))
    (root / "rows.zip").write_bytes(desk.bundle(opened, rows=range(20)))
    return root


def manifest_of(bundle):
    with zipfile.ZipFile(bundle) as archive:
        return archive.read("manifest.json")


def test_the_proof_another_process_place_and_workspace_give_the_identical_manifest(
    curated, tmp_path
):
    copy = tmp_path / "elsewhere" / "other name ü"
    shutil.copytree(curated / "pictures", copy)
    for path in copy.rglob("*"):
        os.utime(path, (1_000_000, 1_000_000))
    with zipfile.ZipFile(curated / "bundle.zip") as archive:
        archive.extract("log.jsonl", tmp_path)
    out = tmp_path / "manifest.json"
    done = command("replay", tmp_path / "log.jsonl", copy, "--out", out, workspace=tmp_path / "ws")
    assert out.read_bytes() == manifest_of(curated / "bundle.zip")
    assert done.stderr == ""
    manifest = json.loads(out.read_bytes())
    assert str(tmp_path) not in out.read_text()
    assert manifest["items"]["count"] == 26
    assert len(manifest["working"]) == 24  # 3 is excluded, 5 dropped


def test_it_does_not_matter_where_the_log_comes_from(curated, tmp_path):
    expected = manifest_of(curated / "bundle.zip")
    for log in (curated / "bundle.zip", curated / "ws" / "curation" / "set" / "log.jsonl"):
        found = again(log, curated / "pictures", tmp_path / "ws")
        assert found.manifest == expected
        assert (found.same, found.statement()) == (True, "")
        assert found.left_out == 3  # two black ones, and one that was and is no picture


def test_no_vectors_and_no_artefacts_are_made(curated, tmp_path):
    again(curated / "bundle.zip", curated / "pictures", tmp_path / "ws")
    for name in ("artefacts", "vectors", "sets"):
        assert not list((tmp_path / "ws" / name).iterdir())


def test_a_restricted_bundle_gives_the_restricted_manifest(curated, tmp_path):
    for name in ("dusk", "rows"):
        found = again(curated / f"{name}.zip", curated / "pictures", tmp_path / "ws")
        assert found.manifest == manifest_of(curated / f"{name}.zip")
    found = again(curated / "bundle.zip", curated / "pictures", tmp_path / "ws", slice="dusk")
    assert found.manifest == manifest_of(curated / "dusk.zip")
    with pytest.raises(InputError, match="no slice “x”; the slices are: “dusk”"):
        again(curated / "bundle.zip", curated / "pictures", tmp_path / "ws", slice="x")


def test_files_that_went_came_and_were_renamed_are_told(curated, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(curated / "pictures", copy)
    (copy / "moth" / "1.png").unlink()
    (copy / "wasp" / "3.png").rename(copy / "wasp" / "renamed.png")
    picture(999).save(copy / "new.png")
    (copy / "bad.png").write_bytes(b"\x89PNG\r\n\x1a\nbroken")
    out = tmp_path / "m.json"
    asked = ("replay", curated / "bundle.zip", copy, "--json", "--out", out)
    done = command(*asked, workspace=tmp_path / "ws", code=2)
    assert (
        "error: the source is not the set that the log was kept for: 1 missing (moth/1.png), "
        "1 new (new.png), 1 renamed (wasp/3.png is wasp/renamed.png now)"
    ) in done.stderr
    assert "1 file that the log does not know cannot be read" in done.stderr
    told = json.loads(done.stdout)
    assert not told["same"]
    assert told["missing"] == ["moth/1.png"]
    assert told["renamed"] == [["wasp/3.png", "wasp/renamed.png"]]
    manifest = json.loads(out.read_bytes())
    assert manifest["items"]["count"] == 26
    assert "new.png" in manifest["paths"].values()
    done = command(*asked, "--allow-changes", workspace=tmp_path / "ws")
    assert done.stderr.startswith("note: ")


def test_a_renamed_folder_of_images_is_told_and_decisions_stay(curated, tmp_path):
    copy = tmp_path / "copy"
    shutil.copytree(curated / "pictures", copy)
    (copy / "moth").rename(copy / "zebra")
    found = again(curated / "bundle.zip", copy, tmp_path / "ws")
    assert len(found.renamed) == 13  # a copy outside comes before the one inside now
    assert (found.missing, found.new) == ([], [])
    assert found.statement().endswith("and 8 more)")
    mine, theirs = json.loads(found.manifest), json.loads(manifest_of(curated / "bundle.zip"))
    assert sorted(mine["working"]) == sorted(theirs["working"])


def test_a_table_in_another_order_is_told(tmp_path):
    for number in range(8):
        picture(number).save(tmp_path / f"{number}.png")
    paths = [f"{number}.png" for number in range(8)]
    pd.DataFrame({"path": paths}).to_csv(tmp_path / "t.csv", index=False)
    desk, opened = go(tmp_path / "ws", tmp_path / "t.csv")
    desk.act(opened, "drop", [2])
    (tmp_path / "b.zip").write_bytes(desk.bundle(opened))
    assert again(tmp_path / "b.zip", tmp_path / "t.csv", tmp_path / "ws2").same
    pd.DataFrame({"path": paths[::-1]}).to_csv(tmp_path / "t.csv", index=False)
    found = again(tmp_path / "b.zip", tmp_path / "t.csv", tmp_path / "ws2")
    assert found.statement().endswith("the items come in another order")


def test_a_set_that_grew_after_its_first_act_replays_as_it_is_now(tmp_path):
    source = tmp_path / "pictures"
    source.mkdir()
    for number in range(6):
        picture(number).save(source / f"{number}.png")
    desk, opened = go(tmp_path / "ws", source)
    desk.act(opened, "exclude", [5])
    for number in range(20, 24):
        picture(number).save(source / f"{number}.png")
    (source / "0.png").unlink()
    desk, opened = go(tmp_path / "ws", source)
    desk.act(opened, "exclude", [8])
    (tmp_path / "b.zip").write_bytes(desk.bundle(opened))
    found = again(tmp_path / "b.zip", source, tmp_path / "ws2")
    assert found.same
    assert found.manifest == manifest_of(tmp_path / "b.zip")
    assert [line.kind for line in desk.view(opened).history()] == [
        "exclude", "change", "exclude", "start",
    ]  # fmt: skip


def test_a_set_nobody_decided_about_can_be_bundled_and_replayed(tmp_path):
    source = tmp_path / "pictures"
    source.mkdir()
    for number in range(5):
        picture(number).save(source / f"{number}.png")
    desk, opened = go(tmp_path / "ws", source)
    (tmp_path / "b.zip").write_bytes(desk.bundle(opened))
    found = again(tmp_path / "b.zip", source, tmp_path / "ws2")
    assert found.manifest == manifest_of(tmp_path / "b.zip")
    assert found.events == 1


def test_vectors_without_pictures_replay(tmp_path):
    vectors = np.random.default_rng(0).normal(size=(30, 8)).astype(np.float32)
    vectors[3] = np.nan
    vectors[4] = 0
    np.save(tmp_path / "v.npy", vectors)
    desk, opened = go(tmp_path / "ws", tmp_path / "v.npy")
    assert len(opened) == 28
    desk.act(opened, "keep", range(20))
    (tmp_path / "b.zip").write_bytes(desk.bundle(opened))
    shutil.copy(tmp_path / "v.npy", tmp_path / "other.npy")
    found = again(tmp_path / "b.zip", tmp_path / "other.npy", tmp_path / "ws2")
    assert (found.same, found.manifest) == (True, manifest_of(tmp_path / "b.zip"))


def test_frames_of_one_file_with_a_black_one_replay(tmp_path):
    from core.imaging.idx import write_idx

    images = np.random.default_rng(0).integers(0, 256, (20, 8, 8)).astype(np.uint8)
    images[[3, 9]] = 0
    write_idx(tmp_path / "x-images-idx3-ubyte", images)
    desk, opened = go(tmp_path / "ws", tmp_path / "x-images-idx3-ubyte")
    assert len(opened) == 18
    desk.act(opened, "drop", [17])
    (tmp_path / "b.zip").write_bytes(desk.bundle(opened))
    found = again(tmp_path / "b.zip", tmp_path / "x-images-idx3-ubyte", tmp_path / "ws2")
    assert (found.same, found.left_out) == (True, 2)
    assert found.manifest == manifest_of(tmp_path / "b.zip")


def test_a_file_that_could_not_be_read_then_does_not_come_in_now(tmp_path):
    source = tmp_path / "pictures"
    source.mkdir()
    for number in range(5):
        picture(number).save(source / f"{number}.png")
    data = (source / "4.png").read_bytes()
    (source / "4.png").write_bytes(data[: len(data) // 2])
    desk, opened = go(tmp_path / "ws", source)
    assert len(opened) == 4
    (tmp_path / "b.zip").write_bytes(desk.bundle(opened))
    (source / "4.png").write_bytes(data)
    found = again(tmp_path / "b.zip", source, tmp_path / "ws2")
    assert found.manifest == manifest_of(tmp_path / "b.zip")
    assert found.left_out == 1


# -- damage and mistakes ---------------------------------------------------------------------------


def relog(curated, tmp_path, change):
    """Write a bundle's log with its lines changed and return its path."""
    with zipfile.ZipFile(curated / "rows.zip") as archive:
        lines = archive.read("log.jsonl").splitlines(keepends=True)
    path = tmp_path / "log.jsonl"
    path.write_bytes(b"".join(change(lines)))
    return path


def test_every_line_of_a_bundles_log_is_checked(curated, tmp_path):
    with zipfile.ZipFile(curated / "rows.zip") as archive:
        count = len(archive.read("log.jsonl").splitlines())
    for number in range(count):

        def flip(lines, number=number):
            line = bytearray(lines[number])
            line[len(line) // 2] ^= 1
            return [*lines[:number], bytes(line), *lines[number + 1 :]]

        path = relog(curated, tmp_path, flip)
        with pytest.raises(ArtifactCorruptError, match=r"log\.jsonl"):
            again(path, curated / "pictures", tmp_path / "ws")


def test_a_log_without_its_lists_names_the_one_that_is_missing(curated, tmp_path):
    path = relog(curated, tmp_path, lambda lines: [x for x in lines if b'"kind":"list"' not in x])
    with pytest.raises(ArtifactCorruptError, match=r"ids/[0-9a-f]{64} is missing"):
        again(path, curated / "pictures", tmp_path / "ws")


def test_a_torn_last_line_does_not_count_and_is_told(curated, tmp_path):
    log = curated / "ws" / "curation" / "set"
    shutil.copytree(log, tmp_path / "log")
    with (tmp_path / "log" / "log.jsonl").open("ab") as file:
        file.write(b'{"checksum":"0')
    found = again(tmp_path / "log" / "log.jsonl", curated / "pictures", tmp_path / "ws")
    assert found.manifest == manifest_of(curated / "bundle.zip")
    assert "cut off" in found.notes[0]


@pytest.mark.parametrize("data", [b"", b"hello\nworld\n", b"\x89PNG\r\n"])
def test_a_file_that_is_no_log_is_refused(curated, tmp_path, data):
    (tmp_path / "x.jsonl").write_bytes(data)
    with pytest.raises(InputError, match="not a curation log"):
        again(tmp_path / "x.jsonl", curated / "pictures", tmp_path / "ws")
    with pytest.raises(InputError, match="cannot be read: No such file"):
        again(tmp_path / "y.jsonl", curated / "pictures", tmp_path / "ws")
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as archive:
        archive.writestr("other", "x")
    with pytest.raises(InputError, match=r"has no log\.jsonl"):
        again(tmp_path / "z.zip", curated / "pictures", tmp_path / "ws")
    with pytest.raises(InputError, match="file not found"):
        again(curated / "bundle.zip", tmp_path / "nowhere", tmp_path / "ws")


# -- the commands ----------------------------------------------------------------------------------


@pytest.fixture
def shell(tmp_path, capsysbinary):
    """Run a command in this process on a small set; return its code and output."""
    source = tmp_path / "pictures"
    source.mkdir()
    for number in range(6):
        picture(number).save(source / f"{number}.png")
    _, opened = go(tmp_path / "ws", source)
    common = ArgumentParser(add_help=False)
    common.add_argument("--workspace")
    common.add_argument("--json", action="store_true")
    parser = ArgumentParser()
    curation.add(parser.add_subparsers(required=True), common)

    def call(*arguments, json_too=True):
        given = [str(a) for a in arguments] + (["--json"] if json_too else [])
        options = parser.parse_args(given)
        settings = load_settings({"workspace": str(tmp_path / "ws")}, {})
        assert options.do(options, settings) == 0
        out = capsysbinary.readouterr().out.decode()
        return json.loads(out) if json_too else out

    call.opened, call.folder = opened, tmp_path
    return call


def test_slices_are_made_listed_renamed_and_deleted_by_commands(shell):
    names = shell.folder / "names.txt"
    names.write_text(f"2.png\n\n{shell.opened.addresses[4]}\n2.png\n")
    made = shell("slice", "set", "two", "--ids", names)
    assert made["items"] == [shell.opened.addresses[2], shell.opened.addresses[4]]
    assert made["how"] == "from the list names.txt"
    names.write_text("0.png\n")
    assert shell("slice", "set", "two", "--ids", names)["count"] == 1
    assert shell("slice", "set", "two", json_too=False) == f"{shell.opened.addresses[0]}\n"
    assert shell("slice", "set", "two", "--rename", "one")["name"] == "one"
    assert [one["name"] for one in shell("slices", "set")] == ["one"]
    assert "one: 1 image," in shell("slices", "set", json_too=False)
    assert shell("slice", "set", "one", "--delete")["deleted"]
    assert shell("undo", "set")["text"] == "Undid: Deleted slice “one”"
    assert shell("redo", "set", json_too=False) == "Did again: Deleted slice “one”\n"
    assert "makes one" in shell("slices", "set", json_too=False)
    lines = shell("log", "set", "--limit", 3)
    assert [line["text"] for line in lines][-1] == "Deleted slice “one”"
    assert "Saved slice “two” again, with 1 image" in shell("log", "set", json_too=False)


def test_a_list_that_names_no_item_is_refused_with_its_line(shell):
    names = shell.folder / "names.txt"
    names.write_text("2.png\nmissing.png\n")
    with pytest.raises(InputError, match=r"line 2: 'missing\.png' is no item of 'set'"):
        shell("slice", "set", "two", "--ids", names)
    names.write_text("\n")
    with pytest.raises(InputError, match="names no items"):
        shell("slice", "set", "two", "--ids", names)
    with pytest.raises(InputError, match="cannot be read"):
        shell("slice", "set", "two", "--ids", shell.folder / "no.txt")


def test_a_bundle_is_written_and_replayed_by_commands(shell):
    assert shell("undo", "set") == {"event": None, "text": "nothing to undo"}
    out = shell.folder / "out.zip"
    assert shell("bundle", "set", "--out", out)["file"] == str(out)
    found = shell("replay", out, shell.folder / "pictures")
    assert (found["same"], found["items"], found["events"]) == (True, 6, 1)
    text = shell("replay", out, shell.folder / "pictures", json_too=False)
    assert text.encode() == manifest_of(out)
    with pytest.raises(InputError, match="make it first"):
        shell("bundle", "set", "--out", shell.folder / "no" / "out.zip")

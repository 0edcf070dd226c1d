"""Where an export may not be written: over what the set was made from, or into the workspace."""

import argparse

import numpy as np
import pandas as pd
import pytest
from making import picture

from core.__main__ import Parser, perform
from core.commands import curation, export
from core.config import load_settings
from core.pipeline import run
from core.request import RunRequest
from core.storage.store import Workspace


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A set from a folder, one from a table, and one from vectors with a table beside them."""
    root = tmp_path_factory.mktemp("targets")
    (root / "pictures").mkdir()
    for seed in range(6):
        picture(seed).save(root / "pictures" / f"{seed}.png")
    paths = [f"pictures/{seed}.png" for seed in range(6)]
    pd.DataFrame({"path": paths, "weight": range(6)}).to_csv(root / "listed.csv", index=False)
    np.save(root / "given.npy", np.random.default_rng(0).normal(size=(6, 8)).astype(np.float32))
    pd.DataFrame({"label": list("aabbcc")}).to_csv(root / "given.csv", index=False)
    settings = load_settings({"workspace": str(root / "ws"), "workers": 2}, {})
    workspace = Workspace(root / "ws")
    for source, name in (("pictures", "folder"), ("listed.csv", "listed"), ("given.npy", "given")):
        run(RunRequest(str(root / source), name, "pixels", ("pca",)), workspace, settings)
    return root


@pytest.fixture
def ask(home, capsys, monkeypatch):
    """Run a command in the folder of the sources, and see that no file there changes."""
    monkeypatch.chdir(home)

    def contents():
        found = (p for p in home.rglob("*") if p.is_file() and "ws" not in p.parts)
        return {path: path.read_bytes() for path in found}

    def asked(*arguments):
        common = argparse.ArgumentParser(add_help=False)
        common.add_argument("--workspace", default=str(home / "ws"))
        common.add_argument("--json", action="store_true")
        parser = Parser(prog="t")
        commands = parser.add_subparsers(required=True)
        export.add(commands, common)
        curation.add(commands, common)
        before = contents()
        code = perform(parser.parse_args([str(argument) for argument in arguments]))
        assert contents() == before
        said = capsys.readouterr().err
        assert len(said.splitlines()) == 1
        return code, said

    return asked


@pytest.mark.parametrize(
    "arguments",
    [
        ("export", "listed", "--to", "csv"),  # its default is the very table it came from
        ("export", "given", "--to", "npy"),
        ("export", "given", "--to", "npy", "--out", "sub/../given.npy"),
        ("export", "given", "--to", "csv"),  # the table beside the vectors
        ("export", "folder", "--to", "sheet-png", "--out", "pictures/3.png"),
        ("export", "listed", "--to", "paths", "--out", "pictures/3.png"),
        ("bundle", "folder", "--out", "pictures/3.png"),
    ],
)
def test_no_file_that_a_set_was_made_from_is_replaced(ask, home, arguments):
    (home / "sub").mkdir(exist_ok=True)
    code, said = ask(*arguments)
    assert code == 2
    assert "was made from; name another" in said


def test_a_link_to_a_picture_is_not_written_through(ask, tmp_path, home):
    link = tmp_path / "link.png"
    link.symlink_to(home / "pictures" / "3.png")
    code, said = ask("export", "folder", "--to", "sheet-png", "--out", link)
    assert (code, "was made from" in said) == (2, True)


def test_a_sheet_among_the_pictures_would_be_one_of_them(ask):
    code, said = ask("export", "folder", "--to", "sheet-png", "--out", "pictures/sheet.png")
    assert (code, "would become part of the set" in said) == (2, True)


@pytest.mark.parametrize("arguments", [("export", "folder", "--to", "csv"), ("bundle", "folder")])
def test_nothing_is_written_over_the_workspace(ask, home, arguments):
    catalogue = home / "ws" / "catalog.sqlite"
    before = catalogue.read_bytes()
    code, said = ask(*arguments, "--out", catalogue)
    assert (code, "lies in Vitrine's workspace" in said) == (2, True)
    assert catalogue.read_bytes() == before


def test_a_replay_replaces_neither_the_log_nor_the_source(ask, home, tmp_path):
    from core.curation import Desk
    from core.library import Library

    workspace = Workspace(home / "ws")
    log = tmp_path / "b.zip"
    log.write_bytes(Desk(workspace).bundle(Library(workspace).open("folder")))
    before = log.read_bytes()
    for target in (log, home / "pictures" / "3.png"):
        code, said = ask("replay", log, home / "pictures", "--out", target)
        assert (code, "name another file" in said) == (2, True)
    assert log.read_bytes() == before


def test_an_earlier_export_is_replaced(home, tmp_path, monkeypatch):
    out = tmp_path / "out.csv"
    out.write_text("old")
    parser = Parser(prog="t")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--workspace", default=str(home / "ws"))
    common.add_argument("--json", action="store_true")
    export.add(parser.add_subparsers(required=True), common)
    assert perform(parser.parse_args(["export", "listed", "--to", "csv", "--out", str(out)])) == 0
    assert len(pd.read_csv(out)) == 6

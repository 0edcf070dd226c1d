"""`search` on the command line."""

import argparse
import json

import numpy as np
import pytest
from making import picture

from core.__main__ import Parser, perform
from core.commands import search as command
from core.config import load_settings
from core.library import Library
from core.pipeline import run
from core.request import RunRequest
from core.storage.store import Workspace


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    root = tmp_path_factory.mktemp("searched")
    (root / "pictures").mkdir()
    for seed in range(8):
        picture(seed).save(root / "pictures" / f"{seed}.png")
    settings = load_settings({"workspace": str(root / "ws")}, {})
    workspace = Workspace(settings.workspace_path)
    run(RunRequest(str(root / "pictures"), "small", "pixels", ("pca",)), workspace, settings)
    return root, Library(workspace).open("small")


@pytest.fixture
def ask(made, capsys):
    """Give a function that runs the command and returns exit code, stdout and stderr."""

    def asked(*arguments):
        common = argparse.ArgumentParser(add_help=False)
        common.add_argument("--workspace")
        common.add_argument("--json", action="store_true")
        parser = Parser(prog="t")
        command.add(parser.add_subparsers(required=True), common)
        code = perform(parser.parse_args([*arguments, "--workspace", str(made[0] / "ws")]))
        told = capsys.readouterr()
        return code, told.out, told.err

    return asked


def test_it_lists_what_is_nearest_to_an_item_as_json(ask, made):
    code, out, _ = ask("search", "small", "--item", "3", "--top", "4", "--json")
    found, opened = json.loads(out), made[1]
    assert (code, set(found)) == (0, {"set", "query", "results", "usual"})
    assert [r["row"] for r in found["results"]] == [3, *(n.row for n in opened.neighbors_of(3, 3))]
    assert set(found["results"][0]) == {"row", "item_id", "path", "distance"}
    first = found["results"][0]
    assert (first["item_id"], first["path"], first["distance"]) == (opened.item_id(3), "3.png", 0)
    assert np.allclose([r["distance"] for r in found["results"][1:]],
                       [n.distance for n in opened.neighbors_of(3, 3)], atol=1e-6)  # fmt: skip


def test_an_image_file_finds_itself(ask, made):
    code, out, _ = ask("search", "small", "--image", str(made[0] / "pictures" / "5.png"), "--json")
    assert (code, json.loads(out)["results"][0]["path"]) == (0, "5.png")


def test_items_may_be_named_by_their_id_and_be_unwanted(ask, made):
    like, unlike = made[1].item_id(2), made[1].item_id(6)
    _, by_id, _ = ask("search", "small", "--item", like, "--not", unlike, "--json")
    _, by_row, _ = ask("search", "small", "--item", "2", "--not", "6", "--json")
    assert by_id == by_row
    assert json.loads(by_id)["query"]


def test_a_person_gets_a_line_an_item_and_sees_where_similar_ends(ask):
    code, out, _ = ask("search", "small", "--item", "1", "--top", "8")
    lines = out.splitlines()
    assert (code, lines[0].split()) == (0, ["0.000", "1", "1.png"])
    assert len([line for line in lines if not line.startswith("--")]) == 8


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nothing", "--item", "1"], "nothing"),
        (["small"], "at least one"),
        (["small", "--item", "99"], "99"),
        (["small", "--item", "abc"], "neither a row nor an item id"),
        (["small", "--item", "1", "--top", "0"], "--top"),
        (["small", "--image", "/nowhere/x.png"], "file not found"),
        (["small", "--image", "/"], "cannot"),
        (["small", "--image", __file__], "not an image"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(ask, arguments, said):
    code, out, err = ask("search", *arguments)
    assert (code, out) == (2, "")
    assert said in err
    assert err.strip().count("\n") == 0

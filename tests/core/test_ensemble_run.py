"""A whole run with an ensemble: its maps and what is added to them, checks, search."""

from dataclasses import asdict

import numpy as np
import pytest
from making import picture

from core.checking.perturbations import perturbed
from core.config import load_settings
from core.fitting import agreement_of, stored_agreement, together
from core.library import Library
from core.pipeline import run
from core.request import RunRequest
from core.search import given, worker
from core.storage.store import Workspace
from core.storage.vectors import VectorCache

BOTH = "ensemble:pixels+colour-texture"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Thirty pictures in a set that was run, then five more placed on its maps."""
    root = tmp_path_factory.mktemp("ensemble")
    folder = root / "pictures"
    folder.mkdir()
    settings = load_settings({"workspace": str(root / "ws"), "workers": 2}, {})
    workspace = Workspace(settings.workspace_path)

    def go(**changes):
        asked = {"encoder": BOTH, "maps": ("pca",)} | changes
        return run(RunRequest(str(folder), "set", **asked), workspace, settings)

    for number in range(30):
        picture(number).save(folder / f"{number:02}.png")
    first = go()
    before = Library(workspace).open("set")
    points = dict(zip(before.items["path"], before.projection("pca").coordinates, strict=True))
    for number in range(30, 35):
        picture(number).save(folder / f"{number:02}.png")
    return workspace, settings, go, first, points, go(place=True)


def test_a_set_says_what_its_encoder_is_made_of(made):
    workspace, _, _, first, _, _ = made
    opened = Library(workspace).open("set")
    assert opened.request["encoder"] == BOTH
    assert opened.spec.name.startswith(BOTH + "?fit=")
    assert first["encoder_key"] == opened.spec.key
    assert any("join those of 2 encoders" in note for note in opened.notes)


def test_added_pictures_keep_encoder_and_maps(made):
    workspace, _, _, first, points, placed = made
    assert placed["encoder_key"] == first["encoder_key"]
    assert (placed["encoded"], placed["items"]) == (5, 35)
    assert placed["placed"]["placed"] + placed["placed"]["off_map"] == 5
    opened = Library(workspace).open("set")
    now = dict(zip(opened.items["path"], opened.projection("pca").coordinates, strict=True))
    for path, point in points.items():
        np.testing.assert_array_equal(now[path], point)


def test_changed_pictures_are_encoded_for_the_checks(made):
    workspace, settings, *_ = made
    found = perturbed(Library(workspace).open("set"), workspace, settings, seed=0)
    assert found.notice == ""
    assert set(found.distances["row"]) == set(range(35))
    assert found.distances["distance"].median() < 0.5


def test_a_picture_is_searched_with_the_fit(made, tmp_path):
    workspace, settings, *_ = made
    opened = Library(workspace).open("set")
    picture(7).save(tmp_path / "same.bmp")
    encoders = worker.Encoders(settings, workspace)
    asked = {"id": 1, "encoder": opened.spec.name, "key": opened.spec.key, "picture": "ab" * 32,
             "path": str(tmp_path / "same.bmp")}  # fmt: skip
    assert worker.answer(asked, encoders, settings, workspace) == {"id": 1}
    found = given.load(workspace, opened.spec, "ab" * 32).vector
    cache = VectorCache(workspace.root / "vectors" / opened.spec.key, opened.spec)
    row = opened.items["path"].tolist().index("07.png")
    np.testing.assert_allclose(found, cache.load([opened.item_id(row)])[0], atol=1e-6)


def test_its_agreement_is_there_for_a_page(made, monkeypatch):
    workspace, *_ = made
    opened = Library(workspace).open("set")
    found = stored_agreement(workspace, opened)
    assert found is not None
    assert found.names == ("pixels", "colour-texture")
    assert found == agreement_of(workspace, opened)
    assert found.in_pairs()["pairs"] == [{"a": 0, "b": 1, **asdict(found.overlap[0][1])}]
    monkeypatch.delattr(together, "_drawn")  # all ids are hashed once, not each time a page asks
    assert stored_agreement(workspace, opened) == found
    assert 0 <= found.overlap[0][1].value < 1

"""Vectors made elsewhere, given to images by item id, path, name, stem or a column."""

import hashlib

import numpy as np
import pandas as pd
import pytest
from making import picture

from core.config import load_settings
from core.errors import InputError
from core.ingest import schemes
from core.ingest.matched import scan_named
from core.ingest.schemes import Reading
from core.library import Library
from core.pipeline import run
from core.request import RunRequest
from core.storage.store import Workspace

N = 12


@pytest.fixture
def made(tmp_path):
    """Pictures in two folders, a table that names them, and a vector for each."""
    folder = tmp_path / "pictures"
    paths = []
    for number in range(N):
        path = folder / ("a" if number % 2 else "b") / f"wing{number:02}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        picture(number).save(path)
        paths.append(path)
    frame = pd.DataFrame({
        "path": [str(one) for one in paths], "specimen": [f"S{n}" for n in range(N)],
    })  # fmt: skip
    frame.to_csv(tmp_path / "table.csv", index=False)
    return tmp_path, paths, np.random.default_rng(0).normal(size=(N, 5)).astype(np.float32)


def given(made, ids, order=None) -> str:
    root, _, vectors = made
    order = np.arange(N)[::-1] if order is None else order
    np.savez(root / "v.npz", vectors=vectors[order], id=np.array(ids)[order])
    return f"vectors:{root / 'v.npz'}?images={root / 'pictures'}"


@pytest.mark.parametrize("by", ["item_id", "path", "name", "stem"])
@pytest.mark.parametrize("said", [True, False])
def test_ids_are_found_whatever_they_are(made, by, said):
    root, paths, vectors = made
    ids = {
        "item_id": [hashlib.sha256(one.read_bytes()).hexdigest() for one in paths],
        "path": [one.relative_to(root / "pictures").as_posix() for one in paths],
        "name": [one.name for one in paths],
        "stem": [one.stem for one in paths],
    }[by]
    found = scan_named(given(made, ids) + (f"&by={by}" if said else ""), Reading())
    assert found.given is not None
    assert found.broken == ()
    assert f"vectors were given by {by}" in found.notes
    assert len(found.items) == N
    for row, path in enumerate(found.items["path"]):
        number = int(path[-6:-4])
        assert np.array_equal(found.given.vectors[row], vectors[number])


def test_ids_may_be_a_column_of_a_table_of_images(made):
    root, _, vectors = made
    source = given(made, [f"S{n}" for n in range(N)])
    source = source.replace(str(root / "pictures"), str(root / "table.csv"))
    for more in ("", "&by=specimen"):
        found = scan_named(source + more, Reading())
        assert found.given is not None
        assert np.array_equal(found.given.vectors, vectors)
        assert found.items["specimen"].tolist() == [f"S{n}" for n in range(N)]


def test_what_has_no_partner_is_named_and_nothing_else_is_lost(made):
    root, paths, vectors = made
    names = [one.name for one in paths]
    names[3] = "stranger.png"
    vectors[5] = np.nan
    source = given((root, paths, vectors), names)
    found = scan_named(source, Reading())
    told = {one.path: one.reason for one in found.broken}
    assert len(found.items) == N - 2
    assert told["a/wing03.png"] == "no vector is given for its name"
    assert "no image has this name" in told["stranger.png"]
    assert "NaN" in told["a/wing05.png"]
    assert len(told) == 3


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("vectors:v.npz", "images=SOURCE"),
        ("vectors:?images=a", "images=SOURCE"),
        ("vectors:v.npz?images=a&how=b", "no option"),
        ("vectors:none.npz?images=a", "none.npz"),
    ],
)
def test_a_source_that_is_written_wrongly_says_how(source, words):
    with pytest.raises(InputError, match=words):
        scan_named(source, Reading())


def test_wrong_ids_say_what_they_are(made):
    root, paths, vectors = made
    with pytest.raises(InputError, match="no id is an image's; ids are 'x"):
        scan_named(given(made, [f"x{n}" for n in range(N)]), Reading())
    with pytest.raises(InputError, match="given twice: 'wing'"):
        scan_named(given(made, ["wing"] * N), Reading())
    stems = given(made, [one.stem for one in paths])
    with pytest.raises(InputError, match="no such column"):
        scan_named(f"{stems}&by=colour", Reading())
    with pytest.raises(InputError, match="no column 'key'"):
        scan_named(f"{stems}&id=key", Reading())
    picture(77).save(root / "pictures" / "a" / "wing00.png")
    with pytest.raises(InputError, match="several images are called 'wing00'"):
        scan_named(f"{stems}&by=stem", Reading())
    np.save(root / "bare.npy", vectors)
    with pytest.raises(InputError, match="no ids beside"):
        scan_named(f"vectors:{root / 'bare.npy'}?images={root / 'pictures'}", Reading())


def test_a_set_has_the_pictures_and_the_given_vectors(made, monkeypatch):
    root, paths, vectors = made
    monkeypatch.setitem(schemes.SCHEMES, "vectors", "core.ingest.matched")
    settings = load_settings({"workspace": str(root / "ws")}, {})
    workspace = Workspace(settings.workspace_path)
    source = given(made, [one.name for one in paths])
    summary = run(RunRequest(source, "wings", "pixels", ("pca",)), workspace, settings)
    assert (summary["items"], summary["dims"]) == (N, 5)
    opened = Library(workspace).open("wings")
    unit = vectors / np.linalg.norm(vectors, axis=1)[:, None]
    rows = {path: row for row, path in enumerate(opened.items["path"])}
    first, second = rows["b/wing00.png"], rows["a/wing01.png"]
    near = {one.row: one.distance for one in opened.neighbors_of(first, N - 1)}
    assert near[second] == pytest.approx(np.linalg.norm(unit[0] - unit[1]), abs=1e-5)
    assert opened.items["width"].tolist() == [48] * N

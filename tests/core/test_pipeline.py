"""The pipeline: what is there is not made again, what is broken is named, nothing is lost."""

import shutil

import numpy as np
import pandas as pd
import pytest
from making import picture

from core.config import load_settings
from core.errors import InputError, JobCancelled, StorageError
from core.library import Library
from core.pipeline import run
from core.progress import Progress
from core.request import RunRequest, name_for
from core.storage.store import Workspace


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path / "ws")


def go(workspace, source, name="set", maps=("pca",), progress=None, **changes):
    request = RunRequest(str(source), name, **({"encoder": "pixels", "maps": maps} | changes))
    settings = load_settings({"workspace": str(workspace.root), "workers": 2}, {})
    return run(request, workspace, settings, progress)


def test_every_unusable_file_is_listed_with_its_reason(workspace, folder):
    found = go(workspace, folder)
    reasons = {b["path"]: b["reason"] for b in found["broken"]}
    assert found["items"] == 12
    assert set(reasons) == {"moth/cut.jpg", "empty.jpg", "words.png", "readme.txt", "black.png"}
    assert "truncated" in reasons["moth/cut.jpg"]
    assert "empty" in reasons["empty.jpg"]
    assert "quarantined" in reasons["black.png"]
    assert found["quarantined"] == 1


def test_a_second_run_encodes_nothing_and_gives_the_same(workspace, folder):
    first, second = go(workspace, folder), go(workspace, folder)
    assert (first["encoded"], first["reused"]) == (12, 0)
    assert (second["encoded"], second["reused"]) == (0, 13)  # one of them quarantined
    for field in ("key", "items", "broken", "maps", "clusters", "micro_clusters"):
        assert first[field] == second[field]


def test_ten_added_files_encode_ten(workspace, folder):
    go(workspace, folder)
    for number in range(10):
        picture(500 + number).save(folder / "moth" / f"new{number}.png")
    found = go(workspace, folder)
    assert (found["items"], found["encoded"]) == (22, 10)


def test_a_renamed_file_and_a_moved_folder_encode_nothing(workspace, folder, tmp_path):
    go(workspace, folder)
    (folder / "moth" / "0.png").rename(folder / "wasp" / "other name.png")
    shutil.move(folder, tmp_path / "elsewhere")
    found = go(workspace, tmp_path / "elsewhere")
    assert (found["items"], found["encoded"]) == (12, 0)
    opened = Library(workspace).open("set")
    assert opened.root == tmp_path / "elsewhere"
    assert (opened.items["label"] == "wasp").sum() == 7


def test_another_encoder_keeps_its_own_vectors(workspace, folder):
    go(workspace, folder)
    assert go(workspace, folder, encoder="pixels?side=8")["encoded"] == 12
    assert go(workspace, folder)["encoded"] == 0


def test_a_cancelled_run_keeps_what_it_did(workspace, folder):
    steps = []

    def cancelled():
        return any(s.stage == "embed" and s.done for s in steps)

    with pytest.raises(JobCancelled):
        go(workspace, folder, progress=Progress(steps.append, cancelled, interval=0))
    found = go(workspace, folder)
    assert found["items"] == 12
    assert found["encoded"] + found["reused"] >= 12


def test_a_set_is_published_before_its_run_ends(workspace, folder):
    seen = {}

    def look(step):
        if step.stage == "neighbours" and not seen:
            opened = Library(workspace).open("set")
            seen["maps"] = list(opened.projections)
            seen["points"] = len(opened.points("pca"))

    go(workspace, folder, progress=Progress(look, interval=0))
    assert seen == {"maps": ["pca"], "points": 12}


def test_a_deleted_catalogue_is_made_again_without_encoding(workspace, folder):
    first = go(workspace, folder)
    for file in workspace.root.glob("catalog.sqlite*"):
        file.unlink()
    second = go(workspace, folder)
    assert (second["encoded"], second["broken"]) == (0, first["broken"])


@pytest.mark.parametrize("count", [0, 1, 2, 3, 5])
def test_tiny_folders_give_a_notice_and_no_traceback(workspace, tmp_path, count):
    root = tmp_path / "tiny"
    root.mkdir()
    for number in range(count):
        picture(number).save(root / f"{number}.png")
    found = go(workspace, root, maps=("umap", "tsne"))
    assert found["items"] == count
    assert found["clusters"]["count"] == 0
    assert found["clusters"]["notice"]


def test_identical_pictures_are_one_item_id_and_many_rows(workspace, tmp_path):
    root = tmp_path / "same"
    root.mkdir()
    for number in range(60):
        picture(7).save(root / f"{number}.png")
    found = go(workspace, root, maps=("umap",))
    assert (found["items"], found["encoded"]) == (60, 1)
    assert found["micro_clusters"] == {"count": 1, "singletons": 0}
    assert found["clusters"]["count"] == 1


def test_vectors_without_pictures_are_a_set(workspace, tmp_path):
    random = np.random.default_rng(0)
    vectors = random.normal(size=(30, 8)).astype(np.float32)
    vectors[3] = 0
    vectors[4, 2] = np.nan
    np.savez(tmp_path / "v.npz", vectors=vectors, ids=np.array([f"i{n}" for n in range(30)]))
    found = go(workspace, tmp_path / "v.npz")
    assert (found["items"], found["dims"]) == (28, 8)
    assert len(found["broken"]) == 2
    assert go(workspace, tmp_path / "v.npz")["encoded"] == 0


def test_every_column_of_a_table_is_kept(workspace, folder):
    table = pd.DataFrame(
        {
            "file": [f"{label}/{n}.png" for label in ("moth", "wasp") for n in range(6)],
            "species": ["a", "b"] * 6,
            "wing length": np.linspace(1, 2, 12),
            "caught": pd.date_range("2026-01-01", periods=12).astype(str),
        }
    )
    table.loc[12] = ["missing.png", "a", 3.0, "2026-02-01"]
    table.to_csv(folder / "table.csv", index=False)
    found = go(workspace, folder / "table.csv")
    assert found["items"] == 12
    assert [b["path"] for b in found["broken"]] == ["missing.png"]
    opened = Library(workspace).open("set")
    assert opened.items["label"].tolist() == ["a", "b"] * 6
    names = {c.name: c.kind for c in opened.columns()}
    assert names["wing length"] == "number"
    assert {"species", "caught", "label"} <= set(names)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": "../x"}, "set name"),
        ({"maps": ("pacmap",)}, "pacmap"),
        ({"dims": 4}, "dims"),
        ({"source": " "}, "source is empty"),
    ],
)
def test_a_bad_request_is_refused_with_its_field(change, said):
    with pytest.raises(InputError, match=said):
        RunRequest(**({"source": "x", "name": "x"} | change))


def test_an_unknown_field_of_a_request_is_named():
    with pytest.raises(InputError, match="banana"):
        RunRequest.from_json({"source": "x", "name": "x", "banana": 1})


def test_a_full_disk_ends_the_run_and_the_next_one_goes_on(workspace, folder, monkeypatch):
    def full(self, item_ids, vectors):
        raise StorageError("storing vectors: the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr("core.storage.vectors.VectorCache.append", full)
        with pytest.raises(StorageError, match="disk is full"):
            go(workspace, folder)
    assert go(workspace, folder)["items"] == 12


@pytest.mark.parametrize(
    ("source", "name"),
    [("/a/b/Leeds set", "Leeds set"), ("/a/b/x.tar.csv", "x"), ("sample:digits", "digits"),
     ("/a/§§§", "images")],
)  # fmt: skip
def test_a_set_is_named_after_its_source(source, name):
    assert name_for(source) == name

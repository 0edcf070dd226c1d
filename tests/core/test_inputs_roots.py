"""Several sources as one set."""

import json
from pathlib import Path

import pandas as pd
import pytest
from packing import classes, named, png, tar_file, zip_file

from core.errors import InputError
from core.imaging.decode import load_picture
from core.ingest import scan
from core.ingest.naming import canonical
from core.ingest.roots import names_of


def scanned(roots, tmp_path):
    return scan(canonical([str(root) for root in roots]), files_folder=tmp_path / "files")


@pytest.fixture
def folders(tmp_path):
    for place, seed in (("2023/cam", 1), ("2024/cam", 50)):
        for label in ("moth", "wasp"):
            folder = tmp_path / "data" / place / label
            folder.mkdir(parents=True)
            for number in range(2):
                (folder / f"{number}.png").write_bytes(png(seed + number + 10 * (label == "wasp")))
    return tmp_path / "data" / "2023/cam", tmp_path / "data" / "2024/cam"


def test_every_root_is_as_it_would_be_alone(folders, tmp_path):
    found = scanned(folders, tmp_path)
    alone = [scan(str(folder)) for folder in folders]
    assert list(found.items["item_id"]) == [i for one in alone for i in one.items["item_id"]]
    assert list(found.items["label"]) == [i for one in alone for i in one.items["label"]]
    assert set(found.items["source"]) == {"2023/cam", "2024/cam"}
    assert found.root == str(tmp_path / "data")
    for path in found.items["path"]:
        load_picture(Path(found.root) / path, root=Path(found.root))


def test_roots_without_labels_are_the_labels(tmp_path):
    for name in ("cats", "dogs"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "1.png").write_bytes(png(len(name) + ord(name[0])))
    found = scanned([tmp_path / "cats", tmp_path / "dogs"], tmp_path)
    assert list(found.items["label"]) == ["cats", "dogs"]


def test_a_folder_an_archive_and_a_table_make_one_set(folders, tmp_path):
    packed = zip_file(tmp_path / "a.zip", classes())
    (tmp_path / "t").mkdir()
    (tmp_path / "t/x.png").write_bytes(png(900))
    (tmp_path / "t/list.csv").write_text("path,species,site,n\nx.png,bee,north,4\n")
    found = scanned([folders[0], packed, tmp_path / "t/list.csv"], tmp_path)
    assert len(found.items) == 4 + 6 + 1
    assert set(found.items["label"]) == {"moth", "wasp", "bee"}
    assert found.items["n"].dropna().tolist() == [4]
    assert found.items["site"].isna().sum() == 10
    assert found.items["item_id"].iloc[-1] == named(png(900))
    for path in found.items["path"]:
        load_picture(Path(found.root) / path, root=Path(found.root))


def test_a_column_of_two_types_becomes_text(tmp_path):
    for number, value in enumerate(("5", "five")):
        (tmp_path / f"{number}").mkdir()
        (tmp_path / f"{number}/x.png").write_bytes(png(number))
        (tmp_path / f"{number}/t.csv").write_text(f"path,n\nx.png,{value}\n")
    found = scanned([tmp_path / "0/t.csv", tmp_path / "1/t.csv"], tmp_path)
    assert list(found.items["n"]) == ["5", "five"]
    assert isinstance(found.items["n"].dtype, pd.StringDtype)


def test_a_root_inside_another_counts_its_pictures_once(folders, tmp_path):
    found = scanned([folders[0], folders[0] / "moth"], tmp_path)
    assert len(found.items) == 4
    assert any("count once" in note for note in found.notes)


def test_copies_of_a_picture_in_two_roots_stay_two_items(folders, tmp_path):
    (folders[1] / "moth/copy.png").write_bytes(png(1))
    found = scanned(folders, tmp_path)
    assert (found.items["item_id"] == named(png(1))).sum() == 2


def test_what_cannot_be_used_is_named_with_its_root(folders, tmp_path):
    (folders[1] / "bad.png").write_bytes(b"")
    found = scanned(folders, tmp_path)
    assert [one.path for one in found.broken] == ["2024/cam: bad.png"]


@pytest.mark.parametrize("make", [zip_file, tar_file])
def test_a_root_that_cannot_be_read_is_refused_by_name(make, folders, tmp_path):
    path = make(tmp_path / "bad.zip", classes())
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(InputError, match=r"bad\.zip"):
        scanned([folders[0], path], tmp_path)
    with pytest.raises(InputError, match=r"gone.*not found"):
        scanned([folders[0], tmp_path / "gone"], tmp_path)


def test_vectors_and_idx_files_are_not_mixed_with_pictures(folders, tmp_path):
    import numpy as np

    np.save(tmp_path / "v.npy", np.eye(4, dtype=np.float32))
    with pytest.raises(InputError, match="brings vectors"):
        scanned([folders[0], tmp_path / "v.npy"], tmp_path)


@pytest.mark.parametrize("text", ["", "[]", "[1]", '["/a", ""]', '{"a": 1}', '["roots:[]"]', "[["])
def test_a_list_of_roots_that_is_none_is_refused(text):
    with pytest.raises(InputError, match="JSON list"):
        scan(f"roots:{text}")


def test_names_are_as_short_as_they_can_be():
    assert names_of(["/a/x", "/b/y"]) == ["x", "y"]
    assert names_of(["/a/x", "/b/x"]) == ["a/x", "b/x"]
    assert names_of(["/a/x", "/a/x"]) == ["a/x (1)", "a/x (2)"]
    assert names_of(["https://me:pw@host/", "/b"]) == ["host", "b"]


def test_the_source_is_kept_as_a_list(folders, tmp_path):
    found = scanned(folders, tmp_path)
    assert json.loads(found.source.removeprefix("roots:")) == [str(one) for one in folders]

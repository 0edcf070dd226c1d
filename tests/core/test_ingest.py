"""Sources: folders, IDX files, vectors and samples become items; what cannot be used is listed."""

import gzip
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from core.errors import InputError, JobCancelled
from core.imaging.decode import Limits, load_picture
from core.imaging.files import PlainHashes
from core.imaging.idx import write_idx
from core.ingest import scan
from core.model import ITEM_COLUMNS, Region, Scan
from core.progress import Progress
from core.storage.catalog import Catalog


def picture(path: Path, grey: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (8, 6), grey).save(path, "PNG")
    return path


def scanned(path: Path, **options: object) -> Scan:
    found = scan(str(path), **options)  # type: ignore[arg-type]
    pa.Table.from_pandas(found.items)  # every table must be storable
    "".join(file.path for file in found.broken).encode()
    return found


def reasons(found: Scan) -> dict[str, str]:
    return {file.path: file.reason for file in found.broken}


# --- folders -------------------------------------------------------------------------------------


def test_files_come_in_natural_order_with_their_folder_as_label(tmp_path: Path) -> None:
    for name in ("b/img10.png", "b/img2.png", "a/deep/x.png", "top.png", "B2/y.png", "b/Img1.png"):
        picture(tmp_path / name)
    found = scanned(tmp_path)
    assert found.kind == "folder"
    assert found.root == str(tmp_path.resolve())
    assert found.items["path"].tolist() == [
        "a/deep/x.png", "b/Img1.png", "b/img2.png", "b/img10.png", "B2/y.png", "top.png",
    ]  # fmt: skip
    assert found.items["label"].fillna("-").tolist() == ["a/deep", "b", "b", "b", "B2", "-"]
    assert tuple(found.items.columns) == ITEM_COLUMNS


def test_identity_is_the_bytes_and_not_the_name(tmp_path: Path) -> None:
    picture(tmp_path / "one" / "a.png", 5)
    before = scanned(tmp_path / "one").items["item_id"].tolist()
    (tmp_path / "one" / "a.png").rename(tmp_path / "one" / "renamed.png")
    (tmp_path / "one").rename(tmp_path / "moved")
    assert scanned(tmp_path / "moved").items["item_id"].tolist() == before


def test_split_folders_become_a_column(tmp_path: Path) -> None:
    for name in ("train/cat/1.png", "test/dog/2.png", "val/3.png"):
        picture(tmp_path / name)
    items = scanned(tmp_path).items.set_index("path")
    assert items["split"].to_dict() == {
        "train/cat/1.png": "train", "test/dog/2.png": "test", "val/3.png": "val",
    }  # fmt: skip
    assert items["label"].fillna("-").to_dict() == {
        "train/cat/1.png": "cat", "test/dog/2.png": "dog", "val/3.png": "-",
    }  # fmt: skip


def test_folder_named_test_among_others_is_a_label(tmp_path: Path) -> None:
    for name in ("test/1.png", "other/2.png"):
        picture(tmp_path / name)
    items = scanned(tmp_path).items
    assert "split" not in items
    assert set(items["label"]) == {"test", "other"}


def test_everything_that_is_no_image_is_listed_with_its_reason(tmp_path: Path) -> None:
    picture(tmp_path / "good.png")
    (tmp_path / "empty.jpg").touch()
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "table.csv").write_text("a,b\n")
    (tmp_path / "big.png").write_bytes(b"x" * 2000)
    os.mkfifo(tmp_path / "pipe.png")
    found = scanned(tmp_path, limits=Limits(max_bytes=1000))
    assert found.items["path"].tolist() == ["good.png"]
    listed = reasons(found)
    assert listed.pop("big.png").endswith("raise max_file_mb if you trust the file")
    assert listed == {
        "empty.jpg": "empty file (0 bytes)",
        "notes.txt": "not an image Vitrine can read",
        "table.csv": "not an image Vitrine can read",
        "pipe.png": "not a regular file",
    }


def test_image_with_another_or_no_ending_is_found_by_its_first_bytes(tmp_path: Path) -> None:
    picture(tmp_path / "photo.dat")
    picture(tmp_path / "photo")
    assert scanned(tmp_path).items["path"].tolist() == ["photo", "photo.dat"]


def test_hidden_and_system_files_are_passed_over(tmp_path: Path) -> None:
    for name in (".hidden.png", ".git/a.png", "__MACOSX/b.png", "Thumbs.db", "seen.png"):
        picture(tmp_path / name)
    found = scanned(tmp_path)
    assert found.items["path"].tolist() == ["seen.png"]
    assert found.broken == ()


def test_odd_names_are_kept_or_listed_in_a_printable_form(tmp_path: Path) -> None:
    names = ["with space.png", "übung ☃.png", "line\nbreak.png", "x" * 250 + ".png", "#%?.png"]
    for name in names:
        picture(tmp_path / name)
    picture(Path(os.fsdecode(os.fsencode(tmp_path) + b"/bad\xff.png")))
    found = scanned(tmp_path)
    assert set(found.items["path"]) == set(names)
    assert reasons(found) == {"bad\\xff.png": "file name is not valid UTF-8: rename it"}


def test_links_are_followed_only_inside(tmp_path: Path) -> None:
    root = tmp_path / "root"
    inside = picture(root / "sub" / "a.png")
    away = picture(tmp_path / "away" / "b.png")
    (root / "file.png").symlink_to(inside)
    (root / "out.png").symlink_to(away)
    (root / "outfolder").symlink_to(tmp_path / "away")
    (root / "dangling.png").symlink_to(root / "gone.png")
    (root / "sub" / "cycle").symlink_to(root)
    (root / "self.png").symlink_to(root / "self.png")
    found = scanned(root)
    assert found.items["path"].tolist() == ["file.png", "sub/a.png"]
    assert reasons(found) == {
        "out.png": "symbolic link leading out of the folder",
        "outfolder": "symbolic link leading out of the folder",
        "dangling.png": "symbolic link to nothing",
        "self.png": "symbolic link to nothing",
    }
    assert found.notes == ("1 links to folders inside were not followed",)


def test_root_that_is_a_link_itself_is_resolved(tmp_path: Path) -> None:
    picture(tmp_path / "real" / "a.png")
    (tmp_path / "link").symlink_to(tmp_path / "real")
    found = scanned(tmp_path / "link")
    assert found.root == str((tmp_path / "real").resolve())
    assert len(found.items) == 1


def test_file_that_vanishes_during_the_scan_is_listed(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    gone = picture(tmp_path / "b.png")

    class Vanishing(PlainHashes):
        def sha256_of_many(self, paths, progress=None):  # type: ignore[no-untyped-def]
            gone.unlink()
            return super().sha256_of_many(paths, progress)

    found = scanned(tmp_path, known_hashes=Vanishing())
    assert found.items["path"].tolist() == ["a.png"]
    assert reasons(found) == {"b.png": "file not found"}


def test_empty_folder_has_no_items(tmp_path: Path) -> None:
    found = scanned(tmp_path)
    assert len(found.items) == 0
    assert tuple(found.items.columns) == ITEM_COLUMNS
    assert found.broken == ()


def test_warm_catalog_gives_the_same_scan(tmp_path: Path) -> None:
    for index in range(5):
        picture(tmp_path / "set" / f"{index}.png", index)
    cold = scanned(tmp_path / "set")
    with Catalog(tmp_path / "c.sqlite") as catalog:
        for _ in range(2):
            warm = scanned(tmp_path / "set", known_hashes=catalog)
            pd.testing.assert_frame_equal(warm.items, cold.items)


def test_scan_can_be_cancelled(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    with pytest.raises(JobCancelled):
        scan(str(tmp_path), progress=Progress(cancelled=lambda: True))


@pytest.mark.parametrize("source", ["", "gone", "a\0b", "file.xyz", "x" * 5000])
def test_what_is_no_source_is_told_with_what_is_taken(
    tmp_path: Path, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file.xyz").write_text("hello")
    with pytest.raises(InputError, match="Vitrine takes a folder of images"):
        scan(source)


# --- IDX -----------------------------------------------------------------------------------------


def test_idx_pair_gives_frames_with_labels(tmp_path: Path) -> None:
    images = np.arange(3 * 4 * 5, dtype=np.uint8).reshape(3, 4, 5)
    write_idx(tmp_path / "train-images-idx3-ubyte", images)
    write_idx(tmp_path / "train-labels-idx1-ubyte.gz", np.array([7, 0, 7], np.uint8))
    found = scanned(tmp_path / "train-images-idx3-ubyte")
    assert found.kind == "idx"
    assert found.items["frame"].tolist() == [0, 1, 2]
    assert found.items["label"].tolist() == ["7", "0", "7"]
    assert set(found.items["path"]) == {"train-images-idx3-ubyte"}
    for row in found.items.itertuples():
        region = Region(frame=int(row.frame))  # type: ignore[arg-type]
        decoded = load_picture(Path(str(row.path)), region, root=Path(found.root))
        assert np.array_equal(np.asarray(decoded.image)[..., 0], images[row.Index])


def test_idx_identity_survives_renaming_packing_and_other_company(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 255, (4, 5, 6), np.uint8)
    write_idx(tmp_path / "a", images)
    ids = scanned(tmp_path / "a").items["item_id"].tolist()
    assert len(set(ids)) == 4
    (tmp_path / "b.gz").write_bytes(gzip.compress((tmp_path / "a").read_bytes()))
    write_idx(tmp_path / "c", images[::-1])
    write_idx(tmp_path / "d", images[..., None])
    write_idx(tmp_path / "e", images.reshape(4, 6, 5))
    assert scanned(tmp_path / "b.gz").items["item_id"].tolist() == ids
    assert scanned(tmp_path / "c").items["item_id"].tolist() == ids[::-1]
    assert scanned(tmp_path / "d").items["item_id"].tolist() == ids
    assert not set(scanned(tmp_path / "e").items["item_id"]) & set(ids)


def test_idx_faults_are_errors(tmp_path: Path) -> None:
    write_idx(tmp_path / "x-images-idx3-ubyte", np.zeros((3, 2, 2), np.uint8))
    write_idx(tmp_path / "x-labels-idx1-ubyte", np.zeros(4, np.uint8))
    with pytest.raises(InputError, match="x-labels-idx1-ubyte: holds 4 labels for 3 images"):
        scan(str(tmp_path / "x-images-idx3-ubyte"))
    with pytest.raises(InputError, match="give the images file"):
        scan(str(tmp_path / "x-labels-idx1-ubyte"))
    data = (tmp_path / "x-images-idx3-ubyte").read_bytes()
    (tmp_path / "short").write_bytes(data[:-1])
    with pytest.raises(InputError, match=r"short: truncated: 11 bytes .* needs 12"):
        scan(str(tmp_path / "short"))


def test_idx_without_labels_or_with_wide_values_is_noted(tmp_path: Path) -> None:
    write_idx(tmp_path / "a", np.zeros((2, 3, 3), ">i2"))
    found = scanned(tmp_path / "a")
    assert found.notes == (
        "int16 values: each image is scaled by its own range",
        "no label file beside it",
    )
    assert found.items["label"].isna().all()


def test_sample_is_ready_to_use(tmp_path: Path) -> None:
    found = scan("sample:digits", samples_folder=tmp_path)
    assert found.kind == "idx"
    assert found.source == "sample:digits"
    assert len(found.items) == 1797
    assert sorted(found.items["label"].unique()) == list("0123456789")
    with pytest.raises(InputError, match="there is: digits"):
        scan("sample:cats", samples_folder=tmp_path)


# --- vectors -------------------------------------------------------------------------------------


def rows(count: int = 4, dims: int = 3, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, dims)).astype(np.float32)


def test_npy_gives_items_without_images(tmp_path: Path) -> None:
    vectors = rows()
    np.save(tmp_path / "v.npy", vectors)
    found = scanned(tmp_path / "v.npy")
    assert found.kind == "vectors"
    assert found.given is not None
    assert np.array_equal(found.given.vectors, vectors)
    assert found.given.vectors.dtype == np.float32
    assert found.items["path"].isna().all()
    assert found.items["id"].tolist() == ["0", "1", "2", "3"]
    assert found.items["item_id"].nunique() == 4
    spec = found.given.spec
    assert (spec.name, spec.dims, spec.model_type, spec.metric) == (
        "vectors:v.npy",
        3,
        "given",
        True,
    )
    np.save(tmp_path / "w.npy", vectors + 1)
    other = scanned(tmp_path / "w.npy")
    assert other.given is not None
    assert other.given.spec.key != spec.key


def test_bad_vectors_are_quarantined_and_the_rest_stays_aligned(tmp_path: Path) -> None:
    vectors = rows(6).astype(np.float64)
    vectors[1, 0], vectors[2, 1], vectors[4], vectors[5, 2] = np.nan, -np.inf, 0, 1e300
    np.save(tmp_path / "v.npy", vectors)
    found = scanned(tmp_path / "v.npy")
    assert found.items["id"].tolist() == ["0", "3"]
    assert found.given is not None
    assert np.array_equal(found.given.vectors, vectors[[0, 3]].astype(np.float32))
    assert [(file.path, file.reason) for file in found.broken] == [
        ("1", "row 2: vector holds NaN"),
        ("2", "row 3: vector holds infinity"),
        ("4", "row 5: vector is all zero"),
        ("5", "row 6: vector holds infinity"),
    ]


def test_npz_brings_ids_labels_and_other_columns(tmp_path: Path) -> None:
    np.savez(
        tmp_path / "v.npz",
        embeddings=rows(3),
        ids=np.array(["a", "b", "c"]),
        labels=np.array([1, 2, 2]),
        weight=np.array([0.5, np.nan, 2.0]),
        other=np.zeros((5, 5)),
    )
    items = scanned(tmp_path / "v.npz").items
    assert items["id"].tolist() == ["a", "b", "c"]
    assert items["label"].tolist() == ["1", "2", "2"]
    assert items["weight"].isna().tolist() == [False, True, False]


def test_only_two_dimensional_array_is_taken_whatever_its_name(tmp_path: Path) -> None:
    np.savez(tmp_path / "v.npz", mine=rows(3), ids=np.arange(3))
    found = scanned(tmp_path / "v.npz")
    assert found.items["id"].tolist() == [0, 1, 2]
    np.savez(tmp_path / "two.npz", one=rows(3), two=rows(3))
    with pytest.raises(InputError, match=r"two\.npz: holds one, two; name the .* 'vectors'"):
        scan(str(tmp_path / "two.npz"))


@pytest.mark.parametrize("fixed", [True, False])
def test_parquet_of_vectors_with_images(tmp_path: Path, fixed: bool) -> None:
    for index in range(3):
        picture(tmp_path / f"{index}.png", index)
    vectors = rows(4)
    column = pa.array(vectors.tolist(), pa.list_(pa.float32(), 3 if fixed else -1))
    paths = ["0.png", "gone.png", "2.png", "1.png"]
    pq.write_table(
        pa.table({"path": paths, "embedding": column, "species": list("abca")}),
        tmp_path / "v.parquet",
    )
    found = scanned(tmp_path / "v.parquet")
    assert found.kind == "vectors"
    assert found.items["path"].tolist() == ["0.png", "2.png", "1.png"]
    assert found.items["label"].tolist() == ["a", "c", "a"]
    assert "embedding" not in found.items
    assert found.given is not None
    assert np.array_equal(found.given.vectors, vectors[[0, 2, 3]])
    assert reasons(found) == {"gone.png": "row 2: file not found"}
    assert scanned(tmp_path).items["item_id"][0] == found.items["item_id"][0]


def test_picture_given_twice_with_other_vectors_counts_once(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    vectors = rows(3)
    vectors[2] = vectors[0]
    np.savez(tmp_path / "v.npz", vectors=vectors, paths=np.array(["a.png"] * 3))
    found = scanned(tmp_path / "v.npz")
    assert found.given is not None
    assert np.array_equal(found.given.vectors, vectors[[0, 2]])
    assert found.broken[0].reason == "row 2: same picture as row 1 with another vector"


def test_parquet_with_outlines_beside_paths_is_a_table(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    outline = pa.array([[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]])
    pq.write_table(pa.table({"path": ["a.png"], "outline": outline}), tmp_path / "t.parquet")
    assert scanned(tmp_path / "t.parquet").kind == "table"


def test_table_of_the_same_name_describes_the_rows(tmp_path: Path) -> None:
    picture(tmp_path / "a.png", 1)
    picture(tmp_path / "b.png", 2)
    np.save(tmp_path / "v.npy", rows(2))
    (tmp_path / "v.csv").write_text("id,species\nx,one\ny,two\n")
    items = scanned(tmp_path / "v.npy").items
    assert items["id"].tolist() == ["x", "y"]
    assert items["label"].tolist() == ["one", "two"]
    (tmp_path / "v.csv").write_text("path,species\nb.png,one\na.png,two\n")
    assert scanned(tmp_path / "v.npy").items["path"].tolist() == ["b.png", "a.png"]


def test_table_of_another_length_is_not_used_and_noted(tmp_path: Path) -> None:
    np.save(tmp_path / "v.npy", rows(2))
    (tmp_path / "v.csv").write_text("id,species\nx,one\n")
    found = scanned(tmp_path / "v.npy")
    assert found.notes == ("v.csv has 1 rows for 2 vectors: not used",)
    assert found.items["label"].isna().all()


def test_ids_given_twice_are_named(tmp_path: Path) -> None:
    np.savez(tmp_path / "v.npz", vectors=rows(4), ids=np.array(["a", "b", "a", "b"]))
    with pytest.raises(InputError, match="ids must be unique; given twice: 'a', 'b'"):
        scan(str(tmp_path / "v.npz"))


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (np.zeros(5), "holds 5; vectors must be"),
        (np.zeros((2, 2, 2)), "holds 2 × 2 × 2; vectors must be"),
        (np.zeros((3, 0)), "vectors must be"),
        (np.array(1.0), "a single value"),
        (np.zeros((2, 2), complex), "complex128 values; vectors must be real"),
        (np.array([["a", "b"]]), "vectors must be real"),
    ],
)
def test_arrays_that_are_no_vectors_are_refused(
    tmp_path: Path, array: np.ndarray, reason: str
) -> None:
    np.save(tmp_path / "v.npy", array)
    with pytest.raises(InputError, match=rf"v\.npy: .*{reason}"):
        scan(str(tmp_path / "v.npy"))


class Trap:
    """Makes a file when it is unpickled."""

    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return Path.touch, (Path(self.path),)


@pytest.mark.parametrize("name", ["v.npy", "v.npz"])
def test_pickled_objects_are_never_loaded(tmp_path: Path, name: str) -> None:
    array = np.array([Trap(str(tmp_path / "sprung"))], object)
    (np.save if name == "v.npy" else np.savez)(tmp_path / name, array)
    with pytest.raises(InputError, match="Python objects, which are never loaded"):
        scan(str(tmp_path / name))
    assert not (tmp_path / "sprung").exists()


@pytest.mark.parametrize("name", ["v.npy", "v.npz"])
@pytest.mark.parametrize("content", [b"", b"no array at all", b"\x93NUMPY\x01\x00"])
def test_damaged_numpy_files_are_named(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=name.replace(".", r"\.")):
        scan(str(tmp_path / name))


def test_vectors_of_unequal_length_are_refused(tmp_path: Path) -> None:
    pq.write_table(pa.table({"vector": [[1.0, 2.0], [1.0]]}), tmp_path / "v.parquet")
    with pytest.raises(InputError, match="vectors of 1 to 2 numbers"):
        scan(str(tmp_path / "v.parquet"))


def test_missing_vector_is_quarantined(tmp_path: Path) -> None:
    pq.write_table(
        pa.table({"id": ["a", "b"], "vector": [[1.0, 2.0], None]}), tmp_path / "v.parquet"
    )
    found = scanned(tmp_path / "v.parquet")
    assert found.items["id"].tolist() == ["a"]
    assert reasons(found) == {"b": "row 2: vector holds NaN"}

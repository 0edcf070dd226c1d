"""Parquet files with the bytes of pictures, as data sets of the hub are kept."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from packing import hub_table, named, png

from core.errors import InputError
from core.imaging.decode import load_picture
from core.imaging.imagefile import Limits
from core.ingest import scan
from core.ingest.parquet_images import holds_pictures


def scanned(path, tmp_path, **options):
    return scan(str(path), files_folder=tmp_path / "files", **options)


@pytest.fixture
def table(tmp_path):
    pictures = [png(i) for i in range(7)]
    return hub_table(tmp_path / "a.parquet", pictures, [0, 1, 1, 0, 1, -1, 0], size=[*range(7)])


def test_pictures_names_of_classes_and_columns_are_read(table, tmp_path):
    found = scanned(table, tmp_path)
    items = found.items
    assert list(items["item_id"]) == [named(png(i)) for i in range(7)]
    assert items["label"].fillna("-").tolist() == [
        "moth", "wasp", "wasp", "moth", "wasp", "-", "moth",
    ]  # fmt: skip
    assert items["size"].tolist() == list(range(7))
    assert found.broken == ()
    for row, path in enumerate(items["path"]):
        assert (Path(found.root) / path).read_bytes() == png(row)


def test_any_row_is_read_again_when_its_copy_was_dropped(table, tmp_path):
    found = scanned(table, tmp_path)
    root = Path(found.root)
    for row, path in enumerate(found.items["path"]):
        (root / path).unlink()
        load_picture(root / path, root=root)
        assert (root / path).read_bytes() == png(row)


def test_a_second_scan_reads_no_picture_again(table, tmp_path, monkeypatch):
    first = scanned(table, tmp_path)
    monkeypatch.setattr("core.ingest.copies.Copies.put", lambda *_, **__: pytest.fail("read again"))
    assert scanned(table, tmp_path).items.equals(first.items)


def test_plain_bytes_are_pictures_too_and_other_bytes_are_not(tmp_path):
    pq.write_table(pa.table({"jpg": [png(1), png(2)], "n": [1, 2]}), tmp_path / "a.parquet")
    assert list(scanned(tmp_path / "a.parquet", tmp_path).items["n"]) == [1, 2]
    pq.write_table(pa.table({"blob": [b"\1\2", b""], "n": [1, 2]}), tmp_path / "b.parquet")
    assert not holds_pictures(tmp_path / "b.parquet")


def test_given_names_are_kept_where_they_are_safe_and_free(tmp_path):
    cells = [
        {"bytes": png(1), "path": "a/one.png"}, {"bytes": png(2), "path": "a/one.png"},
        {"bytes": png(3), "path": "../../escape.png"}, {"bytes": png(4), "path": "/etc/x.png"},
    ]  # fmt: skip
    found = scanned(hub_table(tmp_path / "a.parquet", cells, [0, 0, 1, 1]), tmp_path)
    paths = list(found.items["path"])
    assert paths[0] == "a/one.png"
    assert len(set(paths)) == 4
    root = Path(found.root).resolve()
    assert all(root in (root / path).resolve().parents for path in paths)
    assert not (tmp_path / "escape.png").exists()


def test_shards_of_one_data_set_are_one_set_with_its_parts(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    hub_table(folder / "train-00000-of-00002.parquet", [png(1), png(2)], [0, 1])
    hub_table(folder / "train-00001-of-00002.parquet", [png(3)], [0])
    hub_table(folder / "test-00000-of-00001.parquet", [png(4)], [1])
    found = scanned(folder, tmp_path)
    assert dict(found.items["split"].value_counts()) == {"train": 3, "test": 1}
    assert len(set(found.items["path"])) == 4


def test_links_of_the_hubs_cache_are_followed_and_others_are_not(tmp_path):
    cache = tmp_path / "datasets--some--set"
    folder = cache / "snapshots/abc/data"
    folder.mkdir(parents=True)
    (cache / "blobs").mkdir()
    hub_table(cache / "blobs/1f2e", [png(1)], [0])
    hub_table(tmp_path / "secret.parquet", [png(2)], [0])
    (folder / "train.parquet").symlink_to("../../../blobs/1f2e")
    (folder / "test.parquet").symlink_to(tmp_path / "secret.parquet")
    found = scanned(cache / "snapshots/abc", tmp_path)
    assert list(found.items["item_id"]) == [named(png(1))]
    assert [(one.path, one.reason) for one in found.broken] == [
        ("data/test.parquet", "symbolic link leading out of the folder")
    ]


# -- bad twins -----------------------------------------------------------------------------------


def test_rows_without_a_picture_are_named_with_their_number(tmp_path):
    cells = [png(1), {"bytes": None, "path": "gone.png"}, b"", b"text, no picture" * 4, png(5)]
    found = scanned(hub_table(tmp_path / "a.parquet", cells, [0] * 5), tmp_path)
    assert list(found.items["item_id"]) == [named(png(1)), named(png(5))]
    told = [one.reason for one in found.broken]
    assert [text.split(":")[0] for text in told] == ["row 2", "row 3", "row 4"]
    assert "no bytes" in told[0]
    assert "empty" in told[1]
    assert "not an image" in told[2]


def test_a_row_above_the_limit_is_named(tmp_path):
    table = hub_table(tmp_path / "a.parquet", [png(1), png(2, 80)], [0, 1])
    found = scanned(table, tmp_path, limits=Limits(max_bytes=5000))
    assert len(found.items) == 1
    assert "more than the limit" in found.broken[0].reason


@pytest.mark.parametrize("share", [0.2, 0.6, 0.95])
def test_a_table_that_was_cut_off_is_refused_by_name(share, table, tmp_path):
    data = table.read_bytes()
    table.write_bytes(data[: int(len(data) * share)])
    with pytest.raises(InputError, match=r"a\.parquet"):
        scanned(table, tmp_path)


def test_damage_inside_is_refused_by_name(table, tmp_path):
    scanned(table, tmp_path)
    data = bytearray(table.read_bytes())
    data[4:600] = b"\xff" * 596
    table.write_bytes(bytes(data))
    with pytest.raises(InputError, match=r"a\.parquet"):
        scanned(table, tmp_path)


def test_numbers_of_classes_beyond_the_names_stay_numbers(tmp_path):
    found = scanned(hub_table(tmp_path / "a.parquet", [png(1), png(2)], [0, 7]), tmp_path)
    assert list(found.items["label"]) == ["moth", "7"]

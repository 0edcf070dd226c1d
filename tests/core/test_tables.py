"""Tables: every column kept and typed, paths found, roles recognised, bad rows named."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from core.errors import InputError
from core.imaging.decode import load_picture
from core.ingest import scan
from core.ingest.tables import read_table
from core.keys import item_id
from core.model import ITEM_COLUMNS, Region, Scan


def picture(path: Path, grey: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (8, 6), grey).save(path)
    return path


def table(folder: Path, text: str, name: str = "table.csv") -> Path:
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


def scanned(path: Path) -> Scan:
    found = scan(str(path))
    found.items.to_parquet(path.parent / "stored.parquet")  # every table must be storable
    return found


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_separator_is_found(tmp_path: Path, separator: str) -> None:
    rows = [["path", "label", "n"], ["a.png", "x, y; z" if separator == "\t" else "xyz", "3"]]
    path = table(tmp_path, "\n".join(separator.join(row) for row in rows))
    frame, _ = read_table(path)
    assert frame.columns.tolist() == ["path", "label", "n"]
    assert frame["n"].tolist() == [3]


def test_quoted_cells_keep_separators_and_line_breaks(tmp_path: Path) -> None:
    frame, _ = read_table(table(tmp_path, 'path,note\na.png,"one, ""two""\nthree"\n'))
    assert frame["note"].tolist() == ['one, "two"\nthree']


def test_utf8_with_mark_and_latin1_are_read(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes("path,häufig\nx,ß\n".encode("utf-8-sig"))
    (tmp_path / "b.csv").write_bytes("path,häufig\nx,ß\n".encode("latin-1"))
    first, notes = read_table(tmp_path / "a.csv")
    second, more = read_table(tmp_path / "b.csv")
    assert first.columns.tolist() == second.columns.tolist() == ["path", "häufig"]
    assert notes == ()
    assert more == ("not UTF-8: read as Latin-1",)


def test_types_follow_the_cells(tmp_path: Path) -> None:
    text = "whole,real,zeros,mixed,gaps,none,big\n"
    text += "1,0.5,007,1,NA,,99999999999999999999\n-2,1e3,010,x,4,,1\n"
    frame, _ = read_table(table(tmp_path, text))
    assert {name: str(dtype) for name, dtype in frame.dtypes.items()} == {
        "whole": "Int64", "real": "Float64", "zeros": "string", "mixed": "string",
        "gaps": "Int64", "none": "string", "big": "Float64",
    }  # fmt: skip
    assert frame["zeros"].tolist() == ["007", "010"]
    assert frame["gaps"].isna().tolist() == [True, False]
    assert frame["none"].isna().all()


def test_text_na_is_a_name_and_not_a_gap(tmp_path: Path) -> None:
    frame, _ = read_table(table(tmp_path, "path,country\na,NA\nb,DE\n"))
    assert frame["country"].tolist() == ["NA", "DE"]


def test_row_that_is_too_long_is_named_by_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"table\.csv: line 3 has 3 cells, the header 2"):
        read_table(table(tmp_path, "path,label\na,b\nc,d,e\n"))


def test_row_names_of_r_are_kept(tmp_path: Path) -> None:
    frame, _ = read_table(table(tmp_path, '"path","label"\n"1","a","x"\n"2","b","y"\n'))
    assert frame["path"].tolist() == ["a", "b"]
    assert frame["row_name"].tolist() == [1, 2]


def test_columns_of_the_same_or_no_name_are_all_kept(tmp_path: Path) -> None:
    frame, _ = read_table(table(tmp_path, "path,v,v,\na,1,2,3\n"))
    assert frame.columns.tolist() == ["path", "v", "v_2", "column_4"]


@pytest.mark.parametrize("content", [b"", b"\n\n"])
def test_empty_table_is_an_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(InputError, match=r"a\.csv: empty"):
        scan(str(tmp_path / "a.csv"))


@pytest.mark.parametrize("content", [b"", b"PAR1 no parquet PAR1", b"path,label\n"])
def test_file_that_is_no_parquet_is_an_error(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.parquet").write_bytes(content)
    with pytest.raises(InputError, match=r"a\.parquet: .*Parquet"):
        scan(str(tmp_path / "a.parquet"))


def test_every_parquet_type_can_be_kept_and_stored(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    given = pa.table(
        {
            "path": ["a.png", "a.png"],
            "kind": pa.array(["x", None]).dictionary_encode(),
            "n": pa.array([1, None], pa.int8()),
            "real": pa.array([0.5, None], pa.float32()),
            "yes": pa.array([True, None]),
            "when": pa.array([0, None], pa.timestamp("us")),
            "tags": [["a", "b"], None],
            "more": [{"k": 1}, None],
            "raw": pa.array([b"x", None]),
        }
    )
    pq.write_table(given, tmp_path / "t.parquet")
    found = scanned(tmp_path / "t.parquet")
    row = found.items.iloc[0]
    assert (row["kind"], row["n"], row["real"], row["yes"]) == ("x", 1, 0.5, True)
    assert row["tags"] == '["a", "b"]'
    assert row["more"] == '{"k": 1}'
    assert found.items.loc[1, ["kind", "n", "real", "yes", "when", "tags"]].isna().all()
    assert found.notes == ("column 'raw' holds bytes and was left out",)


@pytest.mark.parametrize("name", ["path", "FilePath", "file", "filename", "Image", "image_path"])
def test_path_column_is_found_by_name(tmp_path: Path, name: str) -> None:
    picture(tmp_path / "a.png")
    found = scanned(table(tmp_path, f"id,{name}\nx,a.png\n"))
    assert found.items["path"].tolist() == ["a.png"]


def test_path_column_is_found_by_its_files(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        picture(tmp_path / "images" / name)
    found = scanned(table(tmp_path, "id,where,note\n1,a.png,x\n2,b.png,y\n3,c.png,z\n"))
    assert found.items["path"].tolist() == ["images/a.png", "images/b.png"]
    assert found.items["where"].tolist() == ["a.png", "b.png"]


def test_named_column_without_files_gives_way_to_one_with_files(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    found = scanned(table(tmp_path, "image,file_name\nfirst,a.png\n"))
    assert found.items["path"].tolist() == ["a.png"]


def test_table_without_paths_says_which_columns_it_has(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no column of image paths among id, weight"):
        scan(str(table(tmp_path, "id,weight\n1,2\n")))


def test_roles_are_recognised_and_every_column_is_kept(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    text = "file,Species,specimen,Source,date,area\na.png,vulgaris,s1,field,2021-03-04,2.5\n"
    found = scanned(table(tmp_path, text))
    row = found.items.iloc[0]
    assert (row["label"], row["unit"], row["source"]) == ("vulgaris", "s1", "field")
    assert row["time"] == pd.Timestamp("2021-03-04")
    assert tuple(found.items.columns[: len(ITEM_COLUMNS)]) == ITEM_COLUMNS
    assert {"file", "Species", "specimen", "Source", "date", "area"} <= set(found.items.columns)
    assert row["date"] == "2021-03-04"


def test_exact_name_wins_over_a_synonym_and_numbers_become_names(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    found = scanned(table(tmp_path, "path,class,label\na.png,shirt,7\n"))
    assert found.items["label"].tolist() == ["7"]
    assert found.items["class"].tolist() == ["shirt"]


@pytest.mark.parametrize(
    ("cell", "expected"),
    [
        ("2021-03-04T05:06:07Z", pd.Timestamp("2021-03-04T05:06:07Z")),
        ("2021:03:04 05:06:07", pd.Timestamp("2021-03-04T05:06:07")),
        ("03/04/2021", "03/04/2021"),
        ("12.5", 12.5),
    ],
)
def test_time_is_parsed_only_where_it_is_unambiguous(
    tmp_path: Path, cell: str, expected: object
) -> None:
    picture(tmp_path / "a.png")
    assert scanned(table(tmp_path, f"path,time\na.png,{cell}\n")).items["time"].tolist() == [
        expected
    ]


def test_column_with_a_taken_name_and_another_meaning_is_renamed(tmp_path: Path) -> None:
    picture(tmp_path / "a.jpg")
    found = scanned(table(tmp_path, "path,item_id,frame,mask\na.jpg,x9,5,0.4\n"))
    row = found.items.iloc[0]
    assert (row["item_id_given"], row["frame_given"], row["mask_given"]) == ("x9", 5, 0.4)
    assert len(row["item_id"]) == 64
    assert pd.isna(row["frame"])
    assert pd.isna(row["mask"])


def test_bad_rows_are_named_and_the_others_kept_in_order(tmp_path: Path) -> None:
    picture(tmp_path / "b.png", 1)
    picture(tmp_path / "a.png", 2)
    (tmp_path / "empty.png").touch()
    (tmp_path / "text.txt").write_text("hello")
    (tmp_path / "folder").mkdir()
    text = "path,k\nb.png,1\ngone.png,2\n,3\nempty.png,4\ntext.txt,5\nfolder,6\na.png,7\nb.png,8\n"
    found = scanned(table(tmp_path, text))
    assert found.items["path"].tolist() == ["b.png", "a.png", "b.png"]
    assert found.items["k"].tolist() == [1, 7, 8]
    assert [(file.path, file.reason) for file in found.broken] == [
        ("gone.png", "row 2: file not found"),
        ("row 3", "row 3: no path given"),
        ("empty.png", "row 4: empty file (0 bytes)"),
        ("text.txt", "row 5: not an image Vitrine can read"),
        ("folder", "row 6: not a regular file"),
    ]


def test_absolute_paths_outside_move_the_root_to_the_common_parent(tmp_path: Path) -> None:
    here = picture(tmp_path / "set" / "a.png")
    away = picture(tmp_path / "other" / "b.png")
    found = scanned(table(tmp_path / "set", f"path\n{here}\n{away}\n../other/b.png\n"))
    assert found.root == str(tmp_path.resolve())
    assert found.items["path"].tolist() == ["set/a.png", "other/b.png", "other/b.png"]
    for path in found.items["path"]:
        assert load_picture(Path(path), root=Path(found.root)).width == 8


def test_links_out_of_the_folder_are_refused(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    picture(folder / "a.png")
    picture(tmp_path / "away" / "b.png")
    (folder / "link.png").symlink_to(tmp_path / "away" / "b.png")
    (folder / "sub").symlink_to(tmp_path / "away")
    found = scanned(table(folder, "path\na.png\nlink.png\nsub/b.png\n"))
    assert found.items["path"].tolist() == ["a.png"]
    assert [file.reason.split(": ")[1] for file in found.broken] == [
        "symbolic link leading out of the folder"
    ] * 2


def test_windows_separators_are_understood(tmp_path: Path) -> None:
    picture(tmp_path / "sub" / "a.png")
    assert scanned(table(tmp_path, "path\nsub\\a.png\n")).items["path"].tolist() == ["sub/a.png"]


@pytest.mark.parametrize(
    ("header", "cells"),
    [
        ("x,y,w,h", "1,2,3,4"),
        ("box_x,box_y,box_w,box_h", "1,2,3,4"),
        ("xmin,ymin,xmax,ymax", "1,2,4,6"),
        ("bbox", '"[1, 2, 3, 4]"'),
    ],
)
def test_boxes_become_regions(tmp_path: Path, header: str, cells: str) -> None:
    picture(tmp_path / "a.png")
    found = scanned(table(tmp_path, f"path,{header}\na.png,{cells}\n"))
    row = found.items.iloc[0]
    assert [row[name] for name in ("box_x", "box_y", "box_w", "box_h")] == [1, 2, 3, 4]
    whole = scan(str(table(tmp_path, "path\na.png\n", "whole.csv"))).items["item_id"][0]
    assert row["item_id"] == item_id(whole, Region(box=(1.0, 2.0, 3.0, 4.0)))


def test_row_without_a_box_is_the_whole_picture_and_a_flat_box_is_broken(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    found = scanned(table(tmp_path, "path,x,y,w,h\na.png,1,2,3,4\na.png,,,,\na.png,1,1,0,2\n"))
    assert found.items["box_x"].isna().tolist() == [False, True]
    assert found.items["item_id"].nunique() == 2
    assert found.broken[0].reason == "row 3: box of width 0 and height 2"


def test_frames_count_for_files_that_can_have_them(tmp_path: Path) -> None:
    frames = [Image.new("L", (4, 4), grey) for grey in (0, 100, 200)]
    frames[0].save(tmp_path / "a.tif", save_all=True, append_images=frames[1:])
    found = scanned(table(tmp_path, "path,frame\na.tif,0\na.tif,2\n"))
    assert found.items["frame"].tolist() == [0, 2]
    assert found.items["item_id"].nunique() == 2
    region = Region(frame=int(found.items["frame"][1]))
    assert load_picture(tmp_path / "a.tif", region).image.getpixel((0, 0)) == (200, 200, 200)


def test_mask_column_of_files_becomes_a_region(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    picture(tmp_path / "masks" / "a.png", 1)
    found = scanned(table(tmp_path, "path,mask\na.png,masks/a.png\na.png,\na.png,masks/gone.png\n"))
    assert found.items["mask"].fillna("").tolist() == ["masks/a.png", ""]
    assert found.broken[0].reason == "row 3: mask masks/gone.png: file not found"


def test_same_bytes_have_the_same_id_whatever_the_name(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    picture(tmp_path / "b.png")
    items = scanned(table(tmp_path, "path\na.png\nb.png\n")).items
    assert items["item_id"].nunique() == 1


def test_table_of_only_bad_rows_has_no_items(tmp_path: Path) -> None:
    found = scanned(table(tmp_path, "path,label\ngone.png,x\n"))
    assert len(found.items) == 0
    assert len(found.broken) == 1


def test_numbers_survive_exactly(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    values = np.random.default_rng(0).normal(size=20).tolist()
    text = "path,v\n" + "".join(f"a.png,{value!r}\n" for value in values)
    assert scanned(table(tmp_path, text)).items["v"].tolist() == values


def test_zero_byte_in_a_path_is_a_broken_row(tmp_path: Path) -> None:
    picture(tmp_path / "a.png")
    found = scanned(table(tmp_path, "path\na.png\nb\0.png\n"))
    assert len(found.items) == 1
    assert found.broken[0].reason == "row 2: not a usable path"
    assert os.sep not in found.broken[0].reason

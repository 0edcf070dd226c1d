"""Labels as files: what exactly is written, where it may be, and the two commands."""

import csv
import io
import json
from argparse import ArgumentParser

import pandas as pd
import pytest
from curating import SmallSet
from labelling_files import FILES, FilePart, FileSet

from core.commands import labels as commands
from core.config import load_settings
from core.curation import Desk
from core.errors import InputError, NotFoundError, StorageError
from core.labelfiles import format_of, match_labels, read_labels, write_labels
from core.library import Library
from core.storage.store import Workspace


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path / "ws")


@pytest.fixture
def desk(workspace):
    return Desk(workspace)


@pytest.fixture
def opened(tmp_path):
    """Labelled `a, b` and `c` in turn, one image without."""
    labels = ["a, b", "c"] * 4 + ["c", None]
    return FileSet(tmp_path / "pictures", FILES, labels)


def lines(path):
    return list(csv.reader(io.StringIO(path.read_text(encoding="utf-8"), newline="")))


# -- tables and COCO -------------------------------------------------------------------------------


def test_a_table_holds_the_working_set_with_labels_as_edited(tmp_path, opened, desk):
    desk.act(opened, "relabel", [1], label='say "bee"')
    desk.act(opened, "relabel", [2], label="")
    desk.act(opened, "exclude", [5, 7], reason="blurred")
    done = write_labels(opened, desk.view(opened), tmp_path / "l.csv", "csv")
    ids, paths = opened.items["item_id"].tolist(), list(FILES)
    found = lines(tmp_path / "l.csv")
    assert found[:3] == [
        ["item_id", "path", "label"],
        [ids[0], paths[0], "a, b"],
        [ids[1], paths[1], 'say "bee"'],
    ]
    assert found[3] == [ids[2], paths[2], ""]
    assert found[4] == [f"{ids[3]}:2", paths[3], "c"]  # identical to the one before it
    assert found[5] == [f"{ids[4]}:1", paths[4], "a, b"]  # its copy is excluded
    assert len(found) == 9
    assert (done.images, done.labelled) == (8, 6)
    assert done.counts == {"a, b": 3, "c": 2, 'say "bee"': 1}


def test_text_stays_what_it_is_in_a_table(tmp_path, opened, desk):
    desk.act(opened, "relabel", [0], label="=1+1; x")
    write_labels(opened, desk.view(opened), tmp_path / "l.csv", "csv")
    text = (tmp_path / "l.csv").read_bytes()
    assert b'"=1+1; x"\n' in text
    assert b"\r" not in text
    assert not text.startswith(b"\xef\xbb\xbf")


def test_a_slice_is_written_without_what_is_excluded(tmp_path, opened, desk):
    desk.act(opened, "slice.create", [0, 1, 2], name="night")
    desk.act(opened, "exclude", [1])
    view = desk.view(opened)
    write_labels(opened, view, tmp_path / "l.parquet", "parquet", slice="night")
    frame = pd.read_parquet(tmp_path / "l.parquet")
    assert frame["path"].tolist() == ["moth/0.png", "moth/only.jpg"]
    assert frame["label"].tolist() == ["a, b", "a, b"]
    with pytest.raises(NotFoundError, match="no slice “day”"):
        write_labels(opened, view, tmp_path / "x.csv", "csv", slice="day")
    with pytest.raises(InputError, match="no image of this is in the working set"):
        write_labels(opened, view, tmp_path / "x.csv", "csv", rows=[1])
    with pytest.raises(InputError, match="not both"):
        write_labels(opened, view, tmp_path / "x.csv", "csv", rows=[1], slice="night")
    assert not (tmp_path / "x.csv").exists()


def test_coco_is_what_other_programs_expect(tmp_path, opened, desk):
    opened.items["width"], opened.items["height"] = 640, 480
    desk.act(opened, "relabel", [0], label="zebra")
    write_labels(opened, desk.view(opened), tmp_path / "l.json", "coco", rows=[0, 1, 9])
    value = json.loads((tmp_path / "l.json").read_text(encoding="utf-8"))
    ids = opened.items["item_id"]
    size = {"width": 640, "height": 480}
    whole = {"bbox": [0, 0, 640, 480], "area": 640 * 480, "segmentation": []}
    assert value == {
        "info": {"description": "labels of moths"},
        "images": [
            {"id": 1, "file_name": "moth/0.png", "item_id": ids[0], **size},
            {"id": 2, "file_name": "wasp/0.png", "item_id": ids[1], **size},
            {"id": 3, "file_name": "top.png", "item_id": ids[9], **size},
        ],
        "annotations": [
            {"id": 1, "image_id": 1, "category_id": 2, "iscrowd": 0, **whole},
            {"id": 2, "image_id": 2, "category_id": 1, "iscrowd": 0, **whole},
        ],
        "categories": [{"id": 1, "name": "c"}, {"id": 2, "name": "zebra"}],
    }


def test_regions_of_a_file_share_its_image(tmp_path, desk):
    boxes = {"box_x": [1.0, 5.0], "box_y": [2.0, 6.0], "box_w": [3.0, 3.0], "box_h": [4.0, 2.0]}
    opened = FileSet(tmp_path / "p", {"a.png": "a", "b.png": "b"}, ["x", "y"], **boxes)
    opened.items["path"] = ["a.png", "a.png"]
    write_labels(opened, desk.view(opened), tmp_path / "l.json", "coco")
    value = json.loads((tmp_path / "l.json").read_text())
    assert [image["file_name"] for image in value["images"]] == ["a.png"]
    assert [(one["bbox"], one["area"]) for one in value["annotations"]] == [
        ([1, 2, 3, 4], 12), ([5, 6, 3, 2], 6),
    ]  # fmt: skip
    with pytest.raises(InputError, match="parts of files or have none"):
        write_labels(opened, desk.view(opened), tmp_path / "tree", "folder")


def test_vectors_have_tables_only(tmp_path, desk):
    vectors = SmallSet("abc")
    vectors.items["path"], vectors.root = None, tmp_path
    view = desk.view(vectors)
    write_labels(vectors, view, tmp_path / "l.csv", "csv")
    assert lines(tmp_path / "l.csv")[0] == ["item_id", "label"]
    for kind, name in (("coco", "l.json"), ("folder", "tree")):
        with pytest.raises(InputError, match="csv"):
            write_labels(vectors, view, tmp_path / name, kind)
        assert not (tmp_path / name).exists()


# -- folders ---------------------------------------------------------------------------------------


def below(root):
    return sorted(p.relative_to(root).as_posix() for p in root.rglob("*") if not p.is_dir())


def test_a_tree_has_a_folder_for_each_label(tmp_path, desk):
    labels = ["moth", "bee", "moth", "moth", "bee", "bee", "x/y", "moth", "moth", None]
    opened = FileSet(tmp_path / "pictures", FILES, labels)
    done = write_labels(opened, desk.view(opened), tmp_path / "tree", "folder")
    assert below(tmp_path / "tree") == sorted([
        "moth/0.png", "bee/0.png", "moth/only.jpg", "moth/copy.png", "bee/1.png", "bee/1 (2).png",
        "x/y/IMG_7.JPG", "moth/two words.png", "moth/a\u0308.png", "top.png",
    ])  # fmt: skip
    assert (tmp_path / "tree/x/y/IMG_7.JPG").read_text() == FILES["bee/IMG_7.JPG"]
    assert done.notes == ()
    with pytest.raises(InputError, match="is not empty"):
        write_labels(opened, desk.view(opened), tmp_path / "tree", "links")


def test_what_a_person_sorts_anew_in_a_tree_comes_back(tmp_path, desk):
    """Also where the label cannot be a folder's name, and a folder was made by hand."""
    opened = FileSet(tmp_path / "pictures", FILES, ["what?", "a:b", "train", "moth"] + ["moth"] * 6)
    tree = tmp_path / "tree"
    write_labels(opened, desk.view(opened), tree, "folder")
    assert lines(tree / "folders.csv") == [
        ["folder", "label"], ["what_", "what?"], ["a_b", "a:b"], ["train", "train"],
        ["moth", "moth"],
    ]  # fmt: skip
    (tree / "moth" / "top.png").rename(tree / "what_" / "top.png")
    (tree / "by hand").mkdir()
    (tree / "moth" / "IMG_7.JPG").rename(tree / "by hand" / "IMG_7.JPG")
    found = match_labels(opened, read_labels(tree), desk.view(opened))
    changes = {row: found.labels[at] for at, row in enumerate(found.rows.tolist())}
    changes = {row: label for row, label in changes.items() if row in found.rows[found.differs]}
    assert changes == {6: "by hand", 9: "what?"}
    assert found.ambiguous == found.unmatched == []


def test_links_lead_to_the_files_and_a_lost_file_is_said(tmp_path, opened, desk):
    (opened.root / "top.png").unlink()
    done = write_labels(opened, desk.view(opened), tmp_path / "tree", "links")
    assert (tmp_path / "tree/a, b/0.png").readlink() == (opened.root / "moth/0.png").resolve()
    assert done.notes == ("left out: 1 file: top.png (file not found)",)


# -- where it may be written -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("where", "kind", "why"),
    [
        ("ws/l.csv", "csv", "lies in Vitrine's workspace"),
        ("ws/tree", "folder", "lies in Vitrine's workspace"),
        ("pictures/tree", "folder", "a folder of the set's own pictures"),
        ("pictures/top.png", "csv", "was made from"),
        ("nowhere/l.csv", "csv", "does not exist; make it first"),
        ("pictures", "csv", "is a folder; name a file in it"),
    ],
)
def test_no_harm_is_done(tmp_path, opened, desk, workspace, where, kind, why):
    (tmp_path / "ws").mkdir(exist_ok=True)
    before = below(tmp_path)
    with pytest.raises(InputError, match=why):
        write_labels(
            opened, desk.view(opened), tmp_path / where, kind, workspace=workspace, replace=True
        )
    assert below(tmp_path) == before


def test_a_file_is_replaced_only_where_that_is_asked_for(tmp_path, opened, desk, workspace):
    view, target = desk.view(opened), tmp_path / "l.csv"
    write_labels(opened, view, target, "csv", workspace=workspace)
    with pytest.raises(InputError, match="is there already; give another name"):
        write_labels(opened, view, target, "csv", workspace=workspace, rows=[0])
    assert len(lines(target)) == 11
    write_labels(opened, view, target, "csv", workspace=workspace, rows=[0], replace=True)
    assert len(lines(target)) == 2


def test_a_full_disk_leaves_the_earlier_file(tmp_path, opened, desk, monkeypatch):
    view, target = desk.view(opened), tmp_path / "l.csv"
    write_labels(opened, view, target, "csv")
    before = target.read_bytes()

    def full(self, data):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    with pytest.raises(StorageError, match=r"writing .*l\.csv"):
        write_labels(opened, view, target, "csv", rows=[0])
    assert target.read_bytes() == before
    assert below(tmp_path / "pictures") == sorted(FILES)


@pytest.mark.parametrize(
    ("name", "wanted", "found"),
    [
        ("l.csv", None, "csv"), ("l.JSON", None, "coco"), ("l.parquet", None, "parquet"),
        ("tree", None, "folder"), ("tree", "links", "links"), ("l.txt", "csv", "csv"),
    ],
)  # fmt: skip
def test_the_format_is_told_by_the_name(tmp_path, name, wanted, found):
    assert format_of(tmp_path / name, wanted) == found


def test_a_format_that_is_not_known(tmp_path):
    with pytest.raises(InputError, match=r"end it with \.csv, \.parquet, \.json or \.xml"):
        format_of(tmp_path / "l.xlsx", None)
    with pytest.raises(InputError, match="use one of csv, parquet, coco, labelstudio"):
        format_of(tmp_path / "l.csv", "excel")


def test_a_part_is_written_with_its_own_rows(tmp_path, opened, desk):
    part = FilePart(opened, [9, 0])
    desk.act(opened, "relabel", [9], label="new")
    write_labels(part, desk.view(part), tmp_path / "l.csv", "csv")
    assert [line[1:] for line in lines(tmp_path / "l.csv")[1:]] == [
        ["top.png", "new"], ["moth/0.png", "a, b"],
    ]  # fmt: skip


# -- the commands ----------------------------------------------------------------------------------


def command(*arguments, workspace):
    """Do a command and return its exit code."""
    common = ArgumentParser(add_help=False)
    common.add_argument("--json", action="store_true")
    parser = ArgumentParser()
    commands.add(parser.add_subparsers(required=True), common)
    options = parser.parse_args([str(one) for one in arguments])
    return options.do(options, load_settings({"workspace": str(workspace)}, {}))


def test_labels_go_out_are_changed_and_come_in(digits, tmp_path, capsys):
    path = tmp_path / "labels.csv"
    assert command("export-labels", "digits", path, "--json", workspace=digits.root) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["images"], told["labelled"], told["format"]) == (1797, 1797, "csv")
    text = path.read_text()
    first = text.splitlines()[1]
    path.write_text(text.replace(first, f"{first.rpartition(',')[0]},eight"))

    dry = ("import-labels", "digits", path, "--dry-run", "--json")
    assert command(*dry, workspace=digits.root) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["matched"], told["changed"], told["same"], told["event"]) == (1797, 1, 1796, None)
    assert told["new_labels"] == ["eight"]
    assert told["by"] == {"id": 1797}

    assert command("import-labels", "digits", path, workspace=digits.root) == 0
    said = capsys.readouterr().out
    assert "1 have another label now, 1,796 had it already" in said
    workspace = Workspace(digits.root)
    desk = Desk(workspace)
    view = desk.view(Library.with_desk(workspace, desk).open("digits"))
    assert view.labels == {0: "eight"}
    assert view.can_undo == "Labelled 1 image “eight”: from labels.csv"
    assert not view.decided_about("labels").any()

    assert command("import-labels", "digits", path, workspace=digits.root) == 0
    assert "every one has its label already: nothing was written" in capsys.readouterr().out


def test_a_file_of_other_images_is_refused(digits, tmp_path):
    path = tmp_path / "labels.csv"
    path.write_text("path,label\nfar.png,x\naway.png,y\n")
    with pytest.raises(InputError, match=r"none of its 2 images was found; the first: far\.png"):
        command("import-labels", "digits", path, workspace=digits.root)
    path.write_text("path,label\nfar.png,x\n")
    with pytest.raises(InputError, match=r"its one image was not found: far\.png"):
        command("import-labels", "digits", path, workspace=digits.root)
    none = tmp_path / "none.json"
    none.write_text('{"images": [], "annotations": [], "categories": []}')
    with pytest.raises(InputError, match="it names no images"):
        command("import-labels", "digits", none, workspace=digits.root)
    with pytest.raises(InputError, match="lies in Vitrine's workspace"):
        command("export-labels", "digits", digits.root / "l.csv", workspace=digits.root)

"""Files of labels as they come from people, spreadsheets and annotation tools."""

import json

import pandas as pd
import pytest
from curating import SmallSet
from labelling_files import FILES, FilePart, FileSet

from core.curation import Desk
from core.errors import InputError
from core.labelfiles import apply_labels, match_labels, read_labels
from core.storage.store import Workspace

ROWS = {path: row for row, path in enumerate(FILES)}


@pytest.fixture
def opened(tmp_path):
    return FileSet(tmp_path / "pictures", FILES)


@pytest.fixture
def desk(tmp_path):
    return Desk(Workspace(tmp_path / "ws"))


@pytest.fixture
def matched(tmp_path, opened, desk):
    """Write a file, read it, and match it with the set."""

    def match(content, name="labels.csv", column=None, **options):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        file = read_labels(path, column)
        return file, match_labels(opened, file, desk.view(opened), **options)

    return match


def labels_of(found):
    paths = list(FILES)
    return {paths[r]: label for r, label in zip(found.rows.tolist(), found.labels, strict=True)}


# -- tables: how they are written ------------------------------------------------------------------

TWO = {"moth/0.png": "Käfer, groß", "wasp/0.png": "bee"}


@pytest.mark.parametrize(
    "content",
    [
        '\ufeffpath;label\r\nmoth/0.png;"Käfer, groß"\r\nwasp/0.png;bee\r\n'.encode(),
        '\ufeffpath,label\nmoth/0.png,"Käfer, groß"\nwasp/0.png,bee'.encode("utf-16-le"),
        "path\tlabel\nmoth/0.png\tKäfer, groß\nwasp/0.png\tbee\n".encode("latin-1"),
        "\n \npath|label\nmoth/0.png|Käfer, groß\n\n \nwasp/0.png|bee\n".encode(),
        '"File","n","Species"\r"moth/0.png","1","Käfer, groß"\r"wasp/0.png","2","bee"\r'.encode(),
        'Filename, Class \nmoth\\0.png,"Käfer, groß",\n .\\wasp\\0.png , bee ,,\n'.encode(),
        '"path","label"\n"1","moth/0.png","Käfer, groß"\n"2","wasp/0.png","bee"\n'.encode(),
        'moth/0.png,"Käfer, groß"\nwasp/0.png,bee\n'.encode(),
        'key,verdict\nmoth/0.png,"Käfer, groß"\nwasp/0.png,bee\n'.encode(),
        'x,wer\nmoth/0.png,"Käfer, groß"\nwasp/0.png,bee\n'.encode(),
    ],
    ids=["excel", "utf-16", "latin-1", "pipes", "old mac", "spaces", "R", "bare", "key", "by look"],
)
def test_a_table_is_read_however_it_was_written(matched, content):
    file, found = matched(content)
    assert labels_of(found) == TWO
    assert file.format == "csv"
    assert (found.unmatched, found.ambiguous, found.changed) == ([], [], 2)


def test_what_was_guessed_is_said(matched):
    file, _ = matched("path,label\nmoth/0.png,K\xe4fer\n".encode("latin-1"))
    assert file.notes == ("not UTF-8: read as Latin-1",)
    file, _ = matched("moth/0.png,moth\n")
    assert file.notes == ("no line of column names: the first line is an image",)
    assert file.column == "column 2"
    file, _ = matched("path,label\nmoth/0.png,NA\n,moth\nwasp/0.png,nan\n")
    assert file.notes == (
        "left out: 1 line without the name of an image",
        "NA, nan taken for a label, on 2 lines",
    )


def test_a_list_of_names_and_labels_needs_no_separator(matched):
    file, found = matched("moth/0.png 3\nbee/two words.png   12\n", "list.txt")
    assert labels_of(found) == {"moth/0.png": "3", "bee/two words.png": "12"}
    assert file.counts == {"3": 1, "12": 1}


def test_labels_are_the_files_text(matched):
    text = "path,label\nmoth/0.png,007\nwasp/0.png,1.10\nmoth/1.png,TRUE\ntop.png,1e3\n"
    _, found = matched(text)
    wanted = {"moth/0.png": "007", "wasp/0.png": "1.10", "moth/1.png": "TRUE", "top.png": "1e3"}
    assert labels_of(found) == wanted


@pytest.mark.parametrize(
    ("content", "name", "column", "why"),
    [
        ("", "a.csv", None, "a.csv: empty"),
        ("\n\n", "a.csv", None, "a.csv: empty"),
        ("path,label\na.png,b,c\n", "a.csv", None, "line 2 has 3 cells, the header 2"),
        ('path,label\na.png,"b\n', "a.csv", "kind", "no column 'kind'; it has path, label"),
        ("path,size,width\na.png,1,2\n", "a.csv", None, "no column of labels among path, size"),
        ("size,label,width\n1,b,2\n", "a.csv", None, "no column of image names among size"),
        ("path,label\n", "a.xlsx", None, ".xlsx is not read"),
        ("PAR1", "a.parquet", None, "not a Parquet file"),
        ("{", "a.json", None, "not JSON"),
        ("[" * 100_000, "a.json", None, "not JSON"),
        ("[]", "a.json", None, "must be an object"),
        ('{"images": [], "annotations": []}', "a.json", None, "no list “categories”"),
        ("{}", "a.json", "label", "JSON has no columns"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said_in_words(matched, content, name, column, why):
    with pytest.raises(InputError, match=why):
        matched(content, name, column)


@pytest.mark.parametrize("name", ["no such file.csv", "a\0b.csv"])
def test_a_file_that_is_not_there(tmp_path, name):
    with pytest.raises(InputError, match="labels are read from a table"):
        read_labels(tmp_path / name)


def test_a_column_is_found_by_its_name_or_named(matched):
    text = "image_id,n,Species,sex\n0010.png,1,moth,m\n"
    file, _ = matched(text)
    assert (file.column, file.columns) == ("Species", ("image_id", "n", "Species", "sex"))
    assert matched(text, column="sex")[0].column == "sex"
    assert matched(text, column="SEX")[0].entries[0].label == "m"


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        (pd.array([3, None, 12], "Int64"), {"moth/0.png": "3", "top.png": "12"}),
        (pd.Categorical(["a b", None, "c"]), {"moth/0.png": "a b", "top.png": "c"}),
        ([True, None, False], {"moth/0.png": "True", "top.png": "False"}),
        (["ä", "", "b"], {"moth/0.png": "ä", "top.png": "b"}),
    ],
    ids=["numbers", "categories", "truth", "text"],
)
def test_parquet_labels_of_any_type(tmp_path, opened, desk, values, wanted):
    paths = ["moth/0.png", "wasp/0.png", "top.png"]
    frame = pd.DataFrame({"filepath": paths, "label": values, "bytes": [b"x"] * 3})
    frame.to_parquet(tmp_path / "labels.parquet")
    file = read_labels(tmp_path / "labels.parquet")
    assert file.format == "parquet"
    found = match_labels(opened, file, desk.view(opened))
    assert labels_of(found) == wanted
    assert found.without_label == 1


# -- which image is meant --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "path", "by"),
    [
        ("moth/only.jpg", "moth/only.jpg", "path"),
        ("only.jpg", "moth/only.jpg", "name"),
        ("/data/of/others/moth/0.png", "moth/0.png", "path"),
        ("C:\\Users\\me\\wasp\\0.png", "wasp/0.png", "path"),
        ("elsewhere/only.jpg", "moth/only.jpg", "name"),
        ("img_7.jpg", "bee/IMG_7.JPG", "name"),
        ("IMG_7", "bee/IMG_7.JPG", "name"),
        ("bee/two words", "bee/two words.png", "path"),
        ("\u00e4.png", "a\u0308.png", "name"),
        ("top.png", "top.png", "name"),
        ("1a2b3c4d-top.png", "top.png", "name"),
        ("images/1a2b3c4d-only.jpg", "moth/only.jpg", "name"),
    ],
)
def test_an_image_is_known_by_path_or_name(matched, key, path, by):
    _, found = matched(f"file_name,label\n{key},x\n")
    assert labels_of(found) == {path: "x"}
    assert found.by == {by: 1}


def test_an_absolute_path_in_the_sets_folder(matched, opened):
    _, found = matched(f"path,label\n{opened.root}/wasp/0.png,x\n")
    assert labels_of(found) == {"wasp/0.png": "x"}


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("0.png,x\n", "2 images of the set are called so: moth/0.png, wasp/0.png"),
        ("fly/0.png,x\n", "2 images of the set are called so"),
        ("a/only.jpg,x\nb/only.jpg,y\n", "two images of the file have this name"),
        ("moth/0.png,x\n./moth/0.png,y\n", "it has 2 labels in the file: “x”, “y”"),
    ],
)
def test_what_cannot_be_told_is_not_guessed(matched, text, why):
    _, found = matched(f"path,label\n{text}top.png,sure\n")
    assert labels_of(found) == {"top.png": "sure"}
    assert found.ambiguous[0][1].startswith(why)
    assert found.unmatched == []


def test_what_is_not_in_the_set_is_listed(matched):
    text = "item_id,path,label\n" + f"{'0' * 64},gone.png,x\n" + "nonsense,,x\n,top.png,y\n"
    _, found = matched(text)
    assert found.unmatched == [("gone.png", "not in the set"), ("nonsense", "not in the set")]
    assert labels_of(found) == {"top.png": "y"}


def test_an_id_goes_before_the_path(matched, opened):
    ids = opened.items["item_id"]
    _, found = matched(f"item_id,path,label\n{ids[0]},wasp/0.png,x\n{'0' * 64},top.png,y\n")
    assert labels_of(found) == {"moth/0.png": "x", "top.png": "y"}
    assert found.by == {"id": 1, "name": 1}


def test_identical_files_all_get_the_label_unless_they_are_told_apart(matched, opened):
    copy = opened.items["item_id"][ROWS["moth/1.png"]]
    _, found = matched(f"item_id,label\n{copy},x\n")
    assert labels_of(found) == {"moth/1.png": "x", "wasp/1.png": "x"}
    _, found = matched(f"item_id,path,label\n{copy},wasp/1.png,x\n")
    assert labels_of(found) == {"wasp/1.png": "x"}
    _, found = matched(f"item_id,label\n{copy},x\n{copy}:2,y\n")
    assert labels_of(found) == {"moth/1.png": "x", "wasp/1.png": "y"}
    _, found = matched(f"item_id,label\n{copy}:1,x\n")
    assert labels_of(found) == {"moth/1.png": "x"}
    _, found = matched(f"item_id,label\n{copy}:3,x\n")
    assert found.unmatched == [(f"{copy}:3", "not in the set")]


def test_a_part_knows_its_own_images_alone(tmp_path, opened, desk):
    part = FilePart(opened, [9, 1])
    (tmp_path / "l.csv").write_text("path,label\ntop.png,x\nmoth/0.png,y\n0.png,z\n")
    found = match_labels(part, read_labels(tmp_path / "l.csv"), desk.view(part))
    assert (found.rows.tolist(), found.labels) == ([0], ["x"])
    assert found.unmatched == [("moth/0.png", "not in this part of the set")]
    assert [key for key, _ in found.ambiguous] == ["0.png"]


def test_vectors_are_known_by_their_own_ids(tmp_path, desk):
    vectors = SmallSet("abc")
    vectors.root = tmp_path
    vectors.items["path"] = pd.Series([None] * 3, dtype="string")
    vectors.items["id"] = ["s1", "s2", "s3"]
    (tmp_path / "l.csv").write_text("id,label\ns3,x\ns4,y\n")
    found = match_labels(vectors, read_labels(tmp_path / "l.csv"), desk.view(vectors))
    assert (found.rows.tolist(), found.labels) == ([2], ["x"])
    assert found.unmatched == [("s4", "not in the set")]


# -- what changes ----------------------------------------------------------------------------------


def test_what_would_change_is_counted_and_done_in_one_act(tmp_path, desk):
    opened = FileSet(tmp_path / "pictures", FILES, ["moth"] * 5 + [None] * 5)
    desk.act(opened, "relabel", [1], label="wasp")
    path = tmp_path / "labels.csv"
    path.write_text(
        "path,label\nmoth/0.png,moth\nwasp/0.png,wasp\nmoth/only.jpg,bee\ntop.png,a new one\n"
        "wasp/copy.png,\nmoth/1.png,bee\n"
    )
    file = read_labels(path)
    found = match_labels(opened, file, desk.view(opened))
    assert found.rows.tolist() == [0, 1, 2, 4, 9]
    assert found.differs.tolist() == [False, False, True, True, True]
    assert (found.same, found.changed, found.without_label) == (2, 3, 1)
    assert found.unknown == ["bee", "a new one"]
    event = apply_labels(desk, opened, found, "from labels.csv")
    assert (event.kind, event.count) == ("relabel.each", 3)
    view = desk.view(opened)
    assert view.labels == {1: "wasp", 2: "bee", 4: "bee", 9: "a new one"}
    assert view.can_undo == "Labelled 3 images (“a new one” 1, “bee” 2): from labels.csv"
    assert apply_labels(desk, opened, found, "again") is None
    desk.undo(opened)
    assert desk.view(opened).labels == {1: "wasp"}
    cleared = match_labels(opened, file, desk.view(opened), clear=True)
    apply_labels(desk, opened, cleared, "all")
    assert desk.view(opened).label_of(3) == ""


def test_labels_that_cannot_be_kept_are_listed_and_the_others_taken(matched):
    text = f'path,label\nmoth/0.png,{"x" * 201}\nwasp/0.png,"a\nb"\ntop.png,fine\n'
    _, found = matched(text)
    assert labels_of(found) == {"top.png": "fine"}
    assert [key for key, _ in found.unmatched] == ["moth/0.png", "wasp/0.png"]
    assert "201 characters" in found.unmatched[0][1]
    assert "control characters" in found.unmatched[1][1]


def test_numbers_that_a_program_wrote_with_a_point(tmp_path, desk):
    path = tmp_path / "labels.csv"
    path.write_text("path,label\nmoth/0.png,1.0\nwasp/0.png,2.0\ntop.png,\n")
    numbers = FileSet(tmp_path / "pictures", FILES, ["1"] * 10)
    found = match_labels(numbers, read_labels(path), desk.view(numbers))
    assert (found.labels, found.same, found.changed) == (["1", "2"], 1, 1)
    assert found.notes == ("labels such as 1.0 were taken for 1, as in the set",)
    points = FileSet(tmp_path / "pictures", FILES, ["1.0"] * 10)
    found = match_labels(points, read_labels(path), Desk(Workspace(tmp_path / "x")).view(points))
    assert (found.labels, found.notes) == (["1.0", "2.0"], ())
    both = FileSet(tmp_path / "pictures", FILES, ["1", "1.0"] * 5)
    found = match_labels(both, read_labels(path), Desk(Workspace(tmp_path / "y")).view(both))
    assert (found.labels, found.notes) == (["1.0", "2.0"], ())


# -- COCO ------------------------------------------------------------------------------------------


def coco(images, annotations, categories):
    value = {"images": images, "annotations": annotations, "categories": categories}
    return json.dumps(value | {"info": {"year": 2024}, "licenses": []})


def test_coco_as_tools_write_it(matched):
    text = coco(
        [
            {"id": 1, "file_name": "moth/0.png", "width": 8, "height": 8},
            {"id": "2", "file_name": "images\\wasp\\0.png"},
            {"id": 3, "file_name": "only_jpg.rf.6f1b2c.jpg", "extra": {"name": "only.jpg"}},
            {"id": 4, "file_name": "IMG_7.JPG"},
            {"id": 5, "file_name": "top.png"},
            {"id": 6, "file_name": "two words.png"},
        ],
        [
            {"id": 1, "image_id": 1, "category_id": 0, "bbox": [1, 2, 3, 4], "iscrowd": 0},
            {"id": 2, "image_id": 1, "category_id": 0, "bbox": [3, 2, 3, 4]},
            {"id": 3, "image_id": 2, "category_id": "7", "bbox": []},
            {"id": 4, "image_id": "3", "category_id": 7, "segmentation": []},
            {"id": 5, "image_id": 4, "category_id": 99},
            {"id": 6, "image_id": 5, "category_id": 0},
            {"id": 7, "image_id": 5, "category_id": 7},
            {"id": 8, "image_id": 50, "category_id": 7},
        ],
        [{"id": 0, "name": " large moth "}, {"id": 7, "name": "bee", "supercategory": "x"}],
    )
    file, found = matched(text, "instances.json")
    assert labels_of(found) == {
        "moth/0.png": "large moth", "wasp/0.png": "bee", "moth/only.jpg": "bee",
    }  # fmt: skip
    assert found.ambiguous == [("top.png", "it has 2 labels in the file: “large moth”, “bee”")]
    assert found.without_label == 2
    assert file.notes == (
        "left out: annotations of categories that the file does not name: 99",
        "left out: 1 annotation of images that the file does not list",
    )


@pytest.mark.parametrize(
    ("images", "annotations", "categories", "why"),
    [
        ([{"id": 1}], [], [], "an image has no id or no file_name"),
        ([{"file_name": "a.png"}], [], [], "an image has no id or no file_name"),
        (["a.png"], [], [], "what is in “images” must be objects"),
        ([], [{"image_id": 1}], [], "an annotation has no image_id or no category_id"),
        ([], [], [{"name": "x"}], "a category has no id"),
    ],
)
def test_coco_that_lacks_something(matched, images, annotations, categories, why):
    with pytest.raises(InputError, match=why):
        matched(coco(images, annotations, categories), "a.json")


# -- folders ---------------------------------------------------------------------------------------


def tree(root, files):
    for path, content in files.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content.encode())
    return read_labels(root)


def test_pictures_in_a_tree_are_known_by_what_is_in_them(tmp_path, opened, desk):
    file = tree(tmp_path / "sorted", {
        "night/renamed.png": FILES["moth/0.png"],
        "night/0.png": FILES["wasp/0.png"],  # the set's moth/0.png has this name too
        "day/large ones/IMG_7.JPG": "saved anew",
        "top.png": FILES["top.png"],
        "day/gone.png": "not in the set",
        "day/notes.txt": "words",
        "day/.hidden.png": "x",
        "day/empty.png": "",
    })  # fmt: skip
    (tmp_path / "sorted" / "day" / "dangling.png").symlink_to(tmp_path / "nowhere.png")
    file = read_labels(tmp_path / "sorted")
    found = match_labels(opened, file, desk.view(opened))
    assert labels_of(found) == {
        "moth/0.png": "night", "wasp/0.png": "night", "bee/IMG_7.JPG": "day/large ones",
    }  # fmt: skip
    assert found.by == {"id": 2, "name": 1}
    assert found.unmatched == [("gone.png", "not in the set")]
    assert found.without_label == 1
    assert file.format == "folder"
    assert sorted(file.notes) == [
        "left out: 1 file: empty file (0 bytes)",
        "left out: 1 file: file not found",
        "left out: 1 file: not an image Vitrine can read",
    ]


def test_folders_of_splits_are_no_labels(tmp_path, opened, desk):
    file = tree(
        tmp_path / "s", {"train/a/x.png": FILES["top.png"], "val/b/0.png": FILES["moth/0.png"]}
    )
    found = match_labels(opened, file, desk.view(opened))
    assert labels_of(found) == {"moth/0.png": "b", "top.png": "a"}


def test_copies_that_lie_in_two_folders_are_told_by_their_names(tmp_path, opened, desk):
    file = tree(tmp_path / "s", {
        "x/only.jpg": FILES["moth/only.jpg"], "y/copy.png": FILES["wasp/copy.png"],
        "x/1.png": FILES["moth/1.png"], "y/1.png": FILES["wasp/1.png"],
    })  # fmt: skip
    found = match_labels(opened, file, desk.view(opened))
    assert labels_of(found) == {"moth/only.jpg": "x", "wasp/copy.png": "y"}
    assert {why for _, why in found.ambiguous} == {"it has 2 labels in the file: “x”, “y”"}


def test_a_folder_without_pictures(tmp_path):
    with pytest.raises(InputError, match="no pictures in this folder"):
        tree(tmp_path / "s", {"a/readme.txt": "words"})
    with pytest.raises(InputError, match="a folder has no columns"):
        read_labels(tmp_path, "label")

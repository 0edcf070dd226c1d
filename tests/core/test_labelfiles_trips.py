"""Labels written, read again and given to a set that has none: they are what they were."""

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from labelling_files import FILES, FilePart, FileSet

from core.curation import Desk
from core.curation.acts import stored
from core.labelfiles import apply_labels, match_labels, read_labels, write_labels
from core.storage.store import Workspace

#: Whatever a person can type, and what names of folders cannot be or tables could misread.
LABELS = st.one_of(
    st.sampled_from([
        "moth", "Moth", "a/b", "a", "/a", "a//b", "train", "test", "..", ".", "con", "a:b", "a_b",
        "007", "1.0", "1", "NA", "=1+1", "two words", "a,b;c", 'say "so"', "folders.csv", "0.png",
        "x.png", "folder", "null", "ä", "-", "~", "x (2)", "*",
    ]),
    st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=12).filter(
        lambda text: text.strip()
    ),
)  # fmt: skip
EDITS = st.dictionaries(st.integers(0, len(FILES) - 1), st.none() | LABELS)
SUFFIX = {
    "csv": ".csv", "parquet": ".parquet", "coco": ".json", "labelstudio": ".json", "cvat": ".xml",
    "fiftyone": "", "folder": "", "links": "",
}  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def quick():
    """Do without flushing to disk: every example writes a log."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("os.fsync", lambda _: None)
        yield


def blank(root):
    """A set of the same files and no labels, with a log of its own."""
    return FileSet(root / "pictures", FILES), Desk(Workspace(root / "other"))


def texts(view, opened):
    return [stored(text) for text in view.edited(opened.items["label"]).fillna("").tolist()]


def there_and_back(root, kind, edits, chosen, was):
    """Edit labels, write them, and read them into a set without any; return both sets' labels."""
    opened = FileSet(root / "pictures", FILES, was)
    desk = Desk(Workspace(root / "ws"))
    if edits:
        labels = sorted({stored(label or "") for label in edits.values()})
        rows = [[row for row, one in edits.items() if stored(one or "") == x] for x in labels]
        sizes = [len(part) for part in rows]
        desk.act(opened, "relabel.each", [r for p in rows for r in p], labels=labels, sizes=sizes)
    if chosen:
        desk.act(opened, "slice.create", sorted(chosen), name="chosen")
    view = desk.view(opened)
    target = root / f"labels{SUFFIX[kind]}"
    done = write_labels(opened, view, target, kind, slice="chosen" if chosen else None)
    other, over = blank(root)
    over.act(other, "relabel", range(len(FILES)), label="before")
    file = read_labels(target)
    assert len(file.entries) == done.images
    matched = match_labels(other, file, over.view(other), clear=True)
    assert (matched.unmatched, matched.ambiguous) == ([], [])
    apply_labels(over, other, matched, "a test")
    found = texts(over.view(other), other)
    assert match_labels(other, file, over.view(other), clear=True).changed == 0
    return texts(view, opened), found


@pytest.mark.parametrize("kind", sorted(SUFFIX))
@given(
    edits=EDITS,
    chosen=st.sets(st.integers(0, len(FILES) - 1)),
    was=st.lists(st.none() | LABELS, min_size=len(FILES), max_size=len(FILES)),
)
@settings(max_examples=25, deadline=None)
def test_labels_come_back_as_they_were(kind, edits, chosen, was):
    with tempfile.TemporaryDirectory() as folder:
        wanted, found = there_and_back(Path(folder), kind, edits, chosen, was)
        for row, (label, again) in enumerate(zip(wanted, found, strict=True)):
            assert again == (label if not chosen or row in chosen else "before"), row


@pytest.mark.parametrize("kind", ["csv", "parquet", "coco"])
@given(
    labels=st.lists(st.none() | LABELS, min_size=6, max_size=6),
    chosen=st.sets(st.integers(0, 5), min_size=1),
)
@settings(max_examples=25, deadline=None)
def test_frames_and_regions_of_one_file_keep_their_own_labels(kind, labels, chosen):
    """Known again without ids too, as after the file was saved anew."""
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        columns = {
            "frame": pd_int([0, 1, None, None, None, None]),
            **{
                f"box_{s}": pd_float([None, None, 0, 5 + p, None, None])
                for p, s in enumerate("xywh")
            },
        }
        files = {"film.tif": "a", "film2.tif": "b", "two.png": "c", "three.png": "d", "e.png": "e",
                 "f.png": "f"}  # fmt: skip
        opened = FileSet(root / "pictures", files, labels, **columns)
        opened.items["path"] = ["film.tif", "film.tif", "two.png", "two.png", "e.png", "f.png"]
        opened.items.loc[2, ["box_x", "box_y", "box_w", "box_h"]] = [1.0, 1, 4, 4]
        desk = Desk(Workspace(root / "ws"))
        target = root / f"labels{SUFFIX[kind]}"
        write_labels(opened, desk.view(opened), target, kind, rows=sorted(chosen))
        other = FileSet(root / "pictures", files, ["before"] * 6, **columns)
        other.items[["path", "box_x", "box_y", "box_w", "box_h"]] = opened.items[
            ["path", "box_x", "box_y", "box_w", "box_h"]
        ]
        for saved_anew in (False, True):
            if saved_anew:
                other.items["item_id"] = [f"{row:064x}" for row in range(6)]
                other.addresses = other.items["item_id"].tolist()
            matched = match_labels(
                other, read_labels(target), Desk(Workspace(root / "x")).view(other)
            )
            assert (matched.unmatched, matched.ambiguous) == ([], [])
            found = dict(zip(matched.rows.tolist(), matched.labels, strict=True))
            assert found == {row: stored(labels[row]) for row in chosen if labels[row]}


def pd_int(values):
    import pandas as pd

    return pd.array(values, dtype="Int64")


def pd_float(values):
    import pandas as pd

    return pd.array(values, dtype="Float64")


@pytest.mark.parametrize("kind", sorted(SUFFIX))
def test_a_part_and_its_set_agree(kind, tmp_path):
    base = FileSet(tmp_path / "pictures", FILES, [f"was {row}" for row in range(len(FILES))])
    part = FilePart(base, [4, 0, 3, 9])  # one of two identical files, twice
    desk = Desk(Workspace(tmp_path / "ws"))
    desk.act(part, "relabel", [0], label="new")
    write_labels(part, desk.view(part), tmp_path / f"x{SUFFIX[kind]}", kind)
    other, over = blank(tmp_path)
    apply_labels(over, other, match_labels(other, read_labels(tmp_path / f"x{SUFFIX[kind]}"),
                                           over.view(other)), "x")  # fmt: skip
    assert over.view(other).labels == {0: "was 0", 3: "was 3", 4: "new", 9: "was 9"}

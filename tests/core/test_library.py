"""What a page reads of a stored set: addresses, columns of every origin, names of themes."""

import json

import numpy as np
import pandas as pd
import pytest

from core.encoders.base import spec_to_dict
from core.errors import NotFoundError
from core.library import Library
from core.model import EncoderSpec
from core.opened.cards import name_themes
from core.storage.store import Workspace

PROJECTION, THEMES, IMAGES, PLACED = (letter * 32 for letter in "abcd")
ITEMS = 6


def write_set(workspace, items=None, name="moths", **more):
    """Store a set of six items with a map and two themes, without any pipeline."""
    if items is None:
        items = pd.DataFrame({"item_id": [f"{r:064x}" for r in range(ITEMS)], "path": "x.png"})
    broken = pd.DataFrame({"path": [], "reason": []}, dtype="str")
    workspace.write("imageset", IMAGES, meta={"items": len(items), "broken": 0},
                    tables={"items": items, "broken": broken})  # fmt: skip
    spec = {"method": "pca", "dims": 2, "seed": 0}
    workspace.write("projection", PROJECTION, meta={"spec": spec, "parent": None, "notice": ""},
                    arrays={"coordinates": np.zeros((ITEMS, 2), np.float32)})  # fmt: skip
    table = pd.DataFrame({"cluster": [0, 1], "size": [3, 2], "density": 0.1, "diameter": 0.5,
                          "medoid": [0, 3], "exemplars": [[0], [3]]})  # fmt: skip
    ones = np.ones(ITEMS, np.float32)
    workspace.write("clustering", THEMES, meta={"kind": "themes", "spec": {}, "notice": ""},
                    arrays={"labels": np.array([0, 0, 0, 1, 1, -1], np.int32),
                            "probabilities": ones, "outlier_scores": ones},
                    tables={"clusters": table})  # fmt: skip
    record = {
        "name": name, "imageset": IMAGES, "root": "/pictures", "kind": "folder",
        "request": {"source": "x"},
        "encoder": spec_to_dict(EncoderSpec("pixels", "", "hand-made", 4)), "embeddings": "e" * 32,
        "projections": {"pca": PROJECTION}, "clusterings": {"themes": THEMES}, "neighbors": None,
        "created": "", "updated": "", **more,
    }  # fmt: skip
    workspace.write_set(name, record)


@pytest.fixture
def workspace(tmp_path):
    return Workspace(tmp_path / "ws")


# -- addresses -------------------------------------------------------------------------------------


def with_ids(workspace, ids):
    write_set(workspace, pd.DataFrame({"item_id": ids, "path": "x.png"}))
    return Library(workspace).open("moths")


def test_the_second_and_third_row_of_an_item_are_numbered(workspace):
    opened = with_ids(workspace, ["a", "b", "a", "c", "a", "b"])
    assert opened.addresses == ["a", "b", "a:2", "c", "a:3", "b:2"]


def test_a_set_is_its_own_base_and_its_whole_lineage(workspace):
    opened = with_ids(workspace, list("abcdef"))
    assert opened.base is opened
    assert opened.base_rows.tolist() == [0, 1, 2, 3, 4, 5]
    assert (opened.is_part, opened.title) == (False, "moths")
    assert [(level.name, level.title, level.count, level.m2) for level in opened.lineage] == [
        ("moths", "moths", 6, {})
    ]


@pytest.mark.parametrize(
    ("wanted", "rows", "missing"),
    [
        (["b:2", "a"], [0, 5], 0),
        (["a:4", "z", "c"], [3], 2),
        (["a", "a", "z", "z"], [0], 1),
        (["a:1", "a:02", ""], [], 3),
        ([], [], 0),
    ],
)
def test_rows_are_found_by_their_addresses(workspace, wanted, rows, missing):
    opened = with_ids(workspace, ["a", "b", "a", "c", "a", "b"])
    found, gone = opened.rows_at(wanted)
    assert (found.tolist(), gone, found.dtype) == (rows, missing, np.int64)


def test_addresses_are_those_of_counting_by_hand_and_all_different(workspace):
    ids = np.random.default_rng(3).choice(list("abcdefgh"), 400).tolist()
    opened = with_ids(workspace, ids)
    seen, expected = {}, []
    for item in ids:
        seen[item] = seen.get(item, 0) + 1
        expected.append(item if seen[item] == 1 else f"{item}:{seen[item]}")
    assert opened.addresses == expected
    assert len(set(expected)) == 400
    rows, missing = opened.rows_at(reversed(expected))
    assert (rows.tolist(), missing) == (list(range(400)), 0)


# -- themes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "names"),
    [
        ({}, ("Theme 1", "Theme 2", "Theme 3")),
        ({1: "moths"}, ("Theme 1", "moths", "Theme 3")),
        ({0: "moths", 2: "moths"}, ("moths (1)", "Theme 2", "moths (3)")),
        ({0: "Theme 3"}, ("Theme 3 (1)", "Theme 2", "Theme 3 (3)")),
        ({0: "x", 1: "x (1)", 2: "x"}, ("x (1) (1)", "x (1)", "x (3)")),
        ({0: "unassigned"}, ("unassigned (1)", "Theme 2", "Theme 3")),
        ({0: "  "}, ("Theme 1", "Theme 2", "Theme 3")),
    ],
)
def test_no_two_themes_go_by_one_name(given, names):
    assert name_themes(3, given) == names


def test_merged_themes_share_a_name_and_a_colour(workspace):
    assert name_themes(4, {}, [(0, 2)]) == ("Theme 1", "Theme 2", "Theme 1", "Theme 4")
    assert name_themes(3, {0: "x", 1: "x", 2: "x"}, [(1, 2)]) == ("x (1)", "x (2)", "x (2)")
    write_set(workspace)
    library = Library(workspace, theme_names=lambda *_: {0: "x", 1: "x"},
                      theme_merges=lambda *_: [(0, 1)])  # fmt: skip
    colouring = library.open("moths").colouring("cluster")
    assert colouring.codes.tolist() == [1, 1, 1, 1, 1, 0]
    assert [(e.label, e.count) for e in colouring.entries] == [("x", 5), ("unassigned", 1)]


def test_merged_themes_are_one_cluster_for_who_looks_and_who_chooses(workspace):
    labelled = pd.DataFrame({"item_id": [f"{r:064x}" for r in range(ITEMS)], "path": "x.png",
                             "label": ["a", "a", "b", "b", "b", "a"]})  # fmt: skip
    write_set(workspace, labelled)
    apart = Library(workspace).open("moths")
    first, second, noise = apart.cluster_cards()
    groups = []
    one = Library(workspace, theme_merges=lambda *_: groups).open("moths")
    assert one.cluster_cards() == [first, second, noise]
    groups.append((0, 1))
    both, rest = one.cluster_cards()
    assert (both.cluster, both.name, both.size) == (0, "Theme 1", first.size + second.size)
    assert (both.density, both.diameter, rest) == (None, None, noise)
    assert both.exemplars == [0, 3]
    assert [c.purity["label"] for c in (first, second)] == [("a", 2 / 3), ("b", 1)]
    assert both.purity["label"] == ("b", 3 / 5)
    assert one.cluster_rows(0).tolist() == one.cluster_rows(1).tolist() == [0, 1, 2, 3, 4]
    assert apart.cluster_rows(1).tolist() == [3, 4]


def test_a_renamed_theme_has_its_name_everywhere_at_once(workspace):
    write_set(workspace)
    names = {}
    library = Library(workspace, theme_names=lambda opened, key: names if key == THEMES else {})
    opened = library.open("moths")
    assert [e.label for e in opened.colouring("cluster").entries] == [
        "Theme 1", "Theme 2", "unassigned",
    ]  # fmt: skip
    names[1] = "hawk moths"
    assert opened is library.open("moths")  # nothing on disk has changed
    assert [e.label for e in opened.colouring("cluster").entries] == [
        "Theme 1", "hawk moths", "unassigned",
    ]  # fmt: skip
    assert [c.name for c in opened.cluster_cards()] == ["Theme 1", "hawk moths", "unassigned"]
    assert opened.filter("cluster", names=["hawk moths"]).tolist() == [3, 4]
    assert [opened.record(row)["cluster"] for row in (0, 4, 5)] == [
        "Theme 1", "hawk moths", "unassigned",
    ]  # fmt: skip


def test_themes_that_a_person_calls_the_same_keep_their_colours_apart(workspace):
    write_set(workspace)
    opened = Library(workspace, theme_names=lambda *_: {0: "x", 1: "x"}).open("moths")
    colouring = opened.colouring("cluster")
    assert colouring.codes.tolist() == [1, 1, 1, 2, 2, 0]
    assert [e.label for e in colouring.entries] == ["x (1)", "x (2)", "unassigned"]


# -- columns ---------------------------------------------------------------------------------------


def test_columns_of_a_persons_decisions_change_when_they_do(workspace):
    write_set(workspace)
    decided = {}

    def extra(opened):
        assert len(opened) == ITEMS
        return {"decision": ("category", decided["now"])} if decided else {}

    opened = Library(workspace, extra_columns=extra).open("moths")
    assert "decision" not in [c.name for c in opened.columns()]
    decided["now"] = pd.Series([None, "kept", None, None, "kept", None], dtype="string")
    first = opened.colouring("decision")
    assert first.codes.tolist() == [0, 1, 0, 0, 1, 0]
    assert opened.colouring("decision") is first  # not made again while nothing changed
    assert opened.record(1)["decision"] == "kept"
    assert "decision" not in opened.record(0)
    decided["now"] = pd.Series(["dropped"] + [None] * 5, dtype="string")
    assert opened.colouring("decision").entries[0].label == "dropped"
    assert opened.filter("decision", names=["dropped"]).tolist() == [0]
    assert opened.categories("decision")[0][0].label == "dropped"
    decided.clear()
    with pytest.raises(NotFoundError, match="no column 'decision'"):
        opened.colouring("decision")


def test_a_given_column_with_the_name_of_a_computed_one_stays_reachable(workspace):
    items = pd.DataFrame(
        {"item_id": list("abcdef"), "path": "x.png", "slice": ["l", "r"] * 3, "slice_given": "no"}
    )
    write_set(workspace, items)
    values = pd.Series(["hard"] * 2 + [None] * 4, dtype="string")
    opened = Library(workspace, lambda _: {"slice": ("category", values)}).open("moths")
    names = [c.name for c in opened.columns()]
    assert len(names) == len(set(names))
    assert opened.filter("slice", names=["hard"]).tolist() == [0, 1]
    assert opened.filter("slice_given_2", names=["r"]).tolist() == [1, 3, 5]
    assert opened.filter("slice_given", names=["no"]).tolist() == [0, 1, 2, 3, 4, 5]
    assert opened.record(0)["slice"] == "hard"


@pytest.mark.parametrize("measured", [("per_point",), ("per_point", "torn", "squeezed")])
def test_what_was_measured_of_a_map_is_what_can_be_coloured(workspace, measured):
    write_set(workspace)
    arrays = {name: np.linspace(0, i + 1, ITEMS, dtype="f4") for i, name in enumerate(measured)}
    opened = Library(workspace).open("moths")
    assert "faithfulness pca" not in [c.name for c in opened.columns()]
    workspace.write("faithfulness", PROJECTION, meta={"scores": {}, "n_scored": 0}, arrays=arrays)
    names = {"per_point": "faithfulness", "torn": "torn", "squeezed": "squeezed"}
    found = [c.name for c in opened.columns() if c.name.endswith(" pca")]
    assert found == [f"{names[m]} pca" for m in measured]
    for name, values in arrays.items():
        np.testing.assert_array_equal(opened.values(f"{names[name]} pca"), values)


def test_placed_items_say_so_and_an_older_placement_is_not_believed(workspace):
    status = np.array([0, 0, 1, 2, 0, 1], np.uint8)
    arrays = {"status": status, "distance": np.linspace(0, 1, ITEMS, dtype="f4")}
    workspace.write("placement", PLACED, meta={}, arrays=arrays)
    write_set(workspace, placement=PLACED)
    opened = Library(workspace).open("moths")
    assert opened.filter("placement", names=["off the map"]).tolist() == [3]
    assert opened.filter("placement", names=["placed later"]).tolist() == [2, 5]
    assert opened.record(0)["placement"] == "on the map before"
    older = {"status": status[:4], "distance": arrays["distance"][:4]}
    workspace.write("placement", "f" * 32, meta={}, arrays=older)
    write_set(workspace, placement="f" * 32)
    assert "placement" not in [c.name for c in Library(workspace).open("moths").columns()]


def test_an_unknown_column_is_told_with_those_there_are(workspace):
    write_set(workspace)
    with pytest.raises(NotFoundError, match=r"no column 'wing'.*cluster, cluster probability"):
        Library(workspace).open("moths").column("wing")


# -- names -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["moths/0123456789abcdef", "moths/x", "moths/../moths", "none/x"])
def test_a_part_that_is_not_there_is_told(workspace, name):
    write_set(workspace)
    library = Library(workspace)
    assert not library.has(name)
    with pytest.raises(NotFoundError, match="no part"):
        library.open(name)


def test_a_damaged_record_of_a_part_hides_nothing_else(workspace):
    write_set(workspace)
    folder = workspace.root / "parts" / "moths"
    folder.mkdir(parents=True)
    (folder / f"{'0' * 16}.json").write_text("{")
    (folder / f"{'1' * 16}.json").write_text(json.dumps({"name": "x", "checksum": "y"}))
    library = Library(workspace)
    assert library.names() == ["moths"]
    assert [(s.name, s.problem) for s in library.sets()] == [("moths", "")]
    assert all("is damaged" in p.problem or "checksum" in p.problem for p in library.parts("moths"))
    assert len(library.parts("moths")) == 2
    assert library.find(IMAGES).name == "moths"
    with pytest.raises(NotFoundError, match="reload the page"):
        library.find("9" * 32)

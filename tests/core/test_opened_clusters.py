"""What a page reads of clusters: crowds, purity, members, nearest themes, splits, label checks."""

import numpy as np
import pandas as pd
import pytest

from core.encoders.base import spec_to_dict
from core.errors import InputError, NotFoundError
from core.library import Library
from core.model import Clustering, EncoderSpec, Neighbors
from core.opened.members import find_members
from core.opened.splits import ThemeSplit, apply_splits
from core.opened.trust import Check, check_label, commonest
from core.storage.records import pack_clustering, pack_neighbors
from core.storage.store import Workspace

THEMES, MICRO, GRAPH, IMAGES = (letter * 32 for letter in "abcd")

#: Ten images on a line: themes 0 (rows 0 to 4) and 1 (rows 5 to 7), two in none.
PLACES = np.array([0.0, 0.1, 0.2, 0.3, 0.4, 2.0, 2.1, 2.3, 1.0, 4.0])
LABELS = np.array([0, 0, 0, 0, 0, 1, 1, 1, -1, -1], np.int32)


def graph(places=PLACES, k=5):
    apart = np.abs(places[:, None] - places[None])
    np.fill_diagonal(apart, np.inf)
    near = np.argsort(apart, axis=1, kind="stable")[:, :k]
    return Neighbors(
        GRAPH, near.astype(np.int32), np.take_along_axis(apart, near, axis=1).astype("f4"), True, 1
    )


def table_of(labels, **more):
    count = labels.max() + 1
    sizes = np.bincount(labels[labels >= 0], minlength=count)
    firsts = [int(np.flatnonzero(labels == c)[0]) for c in range(count)]
    columns = {
        "cluster": np.arange(count, dtype=np.int32), "size": sizes, "share": sizes / len(labels),
        "density": np.linspace(9, 1, count), "diameter": 0.5, "diameter_exact": True,
        "medoid": firsts, "exemplars": [[row] for row in firsts], "probability": 1.0,
    }  # fmt: skip
    return pd.DataFrame(columns | more)


def clustering(kind="themes", labels=LABELS, **more):
    ones = np.ones(len(labels), np.float32)
    key = THEMES if kind == "themes" else MICRO
    return Clustering(key, kind, {}, labels, ones, 0 * ones, table_of(labels), "", **more)


def themes():
    nearest = np.where(LABELS < 0, [0] * 8 + [0, 1], LABELS).astype(np.int32)
    likely = np.array([1.0] * 8 + [0.5, 0.25], np.float32)
    tree = pd.DataFrame({"node": [0], "parent": [-1]})
    structure = {"verdict": "structure", "p": 0.01}
    return clustering(nearest=nearest, nearest_probability=likely, tree=tree, structure=structure)


@pytest.fixture
def workspace(tmp_path):
    workspace = Workspace(tmp_path / "ws")
    items = pd.DataFrame({
        "item_id": [f"{row:064x}" for row in range(10)], "path": "x.png",
        "label": ["moth", "moth", "wasp", None, "moth", "wasp", "wasp", "wasp", None, "moth"],
        "site": ["b", "a", "a", "b", None, "a", None, None, "b", "b"],
        "weight": np.linspace(0, 1, 10),
    })  # fmt: skip
    broken = pd.DataFrame({"path": [], "reason": []}, dtype="str")
    workspace.write("imageset", IMAGES, meta={"items": 10, "broken": 0},
                    tables={"items": items, "broken": broken})  # fmt: skip
    micro = np.array([0, 0, 0, 0, 1, 1, 1, 2, 3, 4], np.int32)
    workspace.write("clustering", THEMES, **pack_clustering(themes()))
    workspace.write("clustering", MICRO, **pack_clustering(clustering("micro", micro)))
    workspace.write("neighbors", GRAPH, **pack_neighbors(graph()))
    spec = EncoderSpec("pixels", "", "hand-made", 4)
    workspace.write_set("moths", {
        "name": "moths", "imageset": IMAGES, "root": "/pictures", "kind": "folder",
        "request": {"source": "x"}, "encoder": spec_to_dict(spec), "embeddings": "e" * 32,
        "projections": {}, "clusterings": {"themes": THEMES, "micro": MICRO}, "neighbors": GRAPH,
        "created": "", "updated": "",
    })  # fmt: skip
    return workspace


def opened(workspace, **hooks):
    return Library(workspace, **hooks).open("moths")


# -- crowds and members ----------------------------------------------------------------------------


def test_crowds_are_cards_of_micro_clusters_in_order(workspace):
    there = opened(workspace)
    # densities 9, 7, 5, 3, 1: the deciles are 1.8 and 8.2
    assert [card.cluster for card in there.crowd("single")] == [4, 3, 2]
    assert [card.cluster for card in there.crowd("sparse")] == [4, 3, 2, 1]
    assert [card.cluster for card in there.crowd("dense")] == [0]
    every = {card.cluster: card for card in there.cluster_cards("micro")}
    assert all(card == every[card.cluster] for card in there.crowd("sparse"))
    assert every[0].name == "Group 1"
    assert Library(workspace).open("moths").crowd("dense")[0].size == 4


def test_typical_images_are_crowded_and_border_images_have_strangers_near():
    near, labels = graph(k=4), LABELS
    found = find_members(labels, near)
    lonely = near.distances.mean(axis=1)
    for cluster in (0, 1):
        rows = np.flatnonzero(labels == cluster)
        assert found.typical[cluster] == sorted(rows, key=lambda r: (lonely[r], r))
    # in theme 0 all four nearest are of the theme; all three images of theme 1 have strangers
    assert 0 not in found.border
    strangers = {r: int((labels[near.indices[r]] != 1).sum()) for r in (5, 6, 7)}
    assert found.border[1] == sorted(strangers, key=lambda r: (-strangers[r], -lonely[r]))
    assert -1 not in found.typical
    assert find_members(labels, None).typical == {}
    assert find_members(np.full(10, -1), near).typical == {}


def test_at_most_nine_members_are_told():
    places = np.linspace(0, 1, 40)
    found = find_members(np.repeat([0, 1], 20).astype(np.int32), graph(places, 10))
    assert [len(found.typical[c]) for c in (0, 1)] == [9, 9]
    assert found.border[0][0] == 19


# -- purity ----------------------------------------------------------------------------------------


def test_purity_against_any_column_counts_only_who_has_a_value(workspace):
    there = opened(workspace)
    assert there.purity("themes", "site") == {
        0: ("a", 0.5, 4), 1: ("a", 1.0, 1), -1: ("b", 1.0, 2),
    }  # fmt: skip
    assert there.purity("themes", "label")[0] == ("moth", 0.75, 4)
    micro = there.purity("micro", "label")
    assert micro[1] == ("wasp", 2 / 3, 3)
    assert 3 not in micro  # its one image has no label
    assert there.purity("themes", "cluster")[1] == ("Theme 2", 1.0, 3)
    with pytest.raises(InputError, match="it holds numbers"):
        there.purity("themes", "weight")
    with pytest.raises(NotFoundError, match="no column 'colour'"):
        there.purity("themes", "colour")


def test_purity_of_merged_themes_is_that_of_their_union(workspace):
    there = opened(workspace, theme_merges=lambda *_: [(0, 1)])
    assert there.purity("themes", "label") == {0: ("wasp", 4 / 7, 7), -1: ("moth", 1.0, 1)}
    assert there.cluster_cards()[0].purity["label"] == ("wasp", 4 / 7)


@pytest.mark.parametrize("seed", range(4))
def test_the_commonest_value_is_that_of_counting_by_hand(seed):
    rng = np.random.default_rng(seed)
    groups = rng.integers(-1, 6, 300)
    values = pd.Series(rng.choice(["a", "b", "c", "", None], 300), dtype="string")
    found = commonest(groups, values)
    frame = pd.DataFrame({"group": groups, "value": values.replace("", pd.NA)}).dropna()
    for group, part in frame.groupby("group"):
        counts = part["value"].value_counts()
        top = sorted(counts[counts == counts.max()].index)[0]
        assert found[group] == (top, counts.max() / len(part), len(part))
    assert set(found) == set(frame["group"])
    assert commonest(groups, pd.Series([None] * 300, dtype="string")) == {}


# -- labelling a whole cluster ---------------------------------------------------------------------


def test_what_labelling_a_cluster_would_change(workspace):
    there = opened(workspace)
    assert there.relabel_check("themes", 0, "moth") == Check(5, 3, [("wasp", 1)], 1)
    assert there.relabel_check("themes", 0, "bee") == Check(5, 0, [("moth", 3), ("wasp", 1)], 1)
    assert there.relabel_check("themes", -1, "moth") == Check(2, 1, [], 1)
    assert there.relabel_check("micro", 1, "wasp") == Check(3, 2, [("moth", 1)], 0)
    edited = pd.Series(["bee"] * 10, dtype="string")
    hooked = opened(workspace, extra_columns=lambda _: {"label, edited": ("category", edited)})
    assert hooked.relabel_check("themes", 0, "bee") == Check(5, 5, [], 0)
    with pytest.raises(NotFoundError, match="no cluster 9"):
        there.relabel_check("themes", 9, "moth")


def test_labels_are_compared_as_texts():
    assert check_label(pd.Series([3, 3, 7]), "3") == Check(3, 2, [("7", 1)], 0)
    assert check_label(pd.Series(["", None], dtype=object), "x") == Check(2, 0, [], 2)


# -- themes ----------------------------------------------------------------------------------------


def test_the_nearest_theme_is_offered_and_never_forced(workspace):
    there = opened(workspace)
    assert there.nearest_theme(0) == (0, 1.0)
    assert there.nearest_theme(8) == (0, 0.5)
    assert there.nearest_theme(9) == (1, 0.25)
    assert there.record(9)["cluster"] == "unassigned"
    assert there.record(9)["nearest theme"] == "Theme 2 (25 % membership)"
    assert "nearest theme" not in there.record(0)
    assert there.structure()["verdict"] == "structure"
    assert there.tree()["node"].tolist() == [0]
    with pytest.raises(NotFoundError):
        there.nearest_theme(10)


def split_of(parts, themes=(0,), mark="m"):
    return ThemeSplit(mark, themes, tuple(np.array(part) for part in parts))


def test_a_split_moves_rows_and_measures_the_parts_without_vectors(workspace):
    """The workspace has no vectors: sizes, density and exemplars come from the graph."""
    splits = []
    there = opened(workspace, theme_splits=lambda *_: splits)
    before = there.colouring("cluster").codes.tolist()
    splits.append(split_of([[0, 1], [3, 4]]))
    assert there.clustering("themes").labels.tolist() == [0, 0, -1, 2, 2, 1, 1, 1, -1, -1]
    assert there.colouring("cluster").codes.tolist() != before
    cards = {card.cluster: card for card in there.cluster_cards()}
    assert {c: card.size for c, card in cards.items()} == {0: 2, 1: 3, 2: 2, -1: 3}
    assert set(cards[2].exemplars) == {3, 4}
    assert cards[2].diameter is None
    assert cards[2].density == pytest.approx(1 / graph().distances[[3, 4]].mean(), rel=1e-6)
    assert there.values("cluster probability").tolist()[:5] == [1, 1, 0, 1, 1]
    # rows 2 and 8 have two of each part among their nearest; row 4 is the nearer to row 8
    assert there.nearest_theme(2)[1] == pytest.approx(2 / 4)
    assert there.nearest_theme(8) == (2, pytest.approx(0.5 * 2 / 4))
    splits.clear()
    assert there.clustering("themes") is there.clustering_as_found("themes")
    assert there.colouring("cluster").codes.tolist() == before


def test_splits_of_splits_are_numbered_in_order(workspace):
    splits = [split_of([[0, 1, 2], [3, 4]]), split_of([[0], [1], [2]], mark="n"),
              split_of([[3], [4]], (2,), "o")]  # fmt: skip
    there = opened(workspace, theme_splits=lambda *_: splits)
    assert there.clustering("themes").labels.tolist() == [0, 3, 4, 2, 5, 1, 1, 1, -1, -1]
    assert there.theme_names() == tuple(f"Theme {n}" for n in range(1, 7))
    assert sum(card.size for card in there.cluster_cards()) == 10


def test_a_merged_theme_of_which_nothing_is_left_is_not_shown(workspace):
    hooks = {"theme_merges": lambda *_: [(0, 1)],
             "theme_splits": lambda *_: [split_of([[0, 1, 2], [3, 4]], (0, 1))]}  # fmt: skip
    there = opened(workspace, **hooks)
    assert there.clustering("themes").labels.tolist() == [0, 0, 0, 2, 2] + [-1] * 5
    table = there.clustering("themes").table
    assert table["size"].tolist() == [3, 0, 2]
    assert table["medoid"].between(0, 9).all()
    assert [(card.cluster, card.size) for card in there.cluster_cards()] == [
        (0, 3), (2, 2), (-1, 5),
    ]  # fmt: skip


def test_rows_that_are_not_in_the_theme_stay_where_they_are():
    """A log from elsewhere may name any rows."""
    found = apply_splits(themes(), [split_of([[0, 5], [6, 1]])], graph(), lambda rows: rows)
    assert found.labels.tolist() == [0, 2, -1, -1, -1, 1, 1, 1, -1, -1]


def test_parts_are_measured_by_their_vectors_where_there_are_some():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(10, 6)).astype(np.float32)
    found = apply_splits(
        themes(), [split_of([[0, 1, 2], [3, 4]])], graph(), lambda rows: vectors[rows]
    )
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    for number, rows in ((0, [0, 1, 2]), (2, [3, 4])):
        line = found.table.set_index("cluster").loc[number]
        apart = np.linalg.norm(unit[rows][:, None] - unit[rows][None], axis=2)
        assert line["diameter"] == pytest.approx(apart.max(), abs=1e-6)
        assert sorted(line["exemplars"]) == rows
        assert (line["size"], line["share"]) == (len(rows), len(rows) / 10)
    assert found.table["cluster"].tolist() == [0, 1, 2]
    assert found.table.dtypes["size"] == np.int64


def test_a_library_opened_with_a_desk_shows_what_was_split(workspace):
    class Desk:
        def columns(self, opened):
            return {}

        def view(self, opened):
            return self

        def theme_names(self, key):
            return {2: "the new one"}

        def theme_merges(self, key):
            return []

        def theme_splits(self, key):
            return [split_of([[0, 1], [3, 4]])] if key == THEMES else []

    there = Library.with_desk(workspace, Desk()).open("moths")
    assert there.theme_names() == ("Theme 1", "Theme 2", "the new one")
    assert there.cluster_rows(2).tolist() == [3, 4]

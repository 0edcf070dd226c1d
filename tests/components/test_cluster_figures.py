"""The sweep and the tree: what the charts hold, and what stands beside them in words."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from components import cluster_sweep, cluster_tree
from tests.fakes import FakeSet
from tests.trees import find, nodes, text

SWEEP = pd.DataFrame(
    {
        "min_cluster_size": [5, 10, 20, 40],
        "clusters": [9, 8, 3, 2],
        "noise_share": [0.02, 0.05, 0.3, 0.01],
        "largest_share": [0.2, 0.2, 0.4, 0.9],
        "persistence": [0.1, 0.2, 0.2, 0.3],
        "ari_next": [0.98, 0.4, 0.7, np.nan],
        "cliff": [False, False, True, False],
        "current": [False, True, False, False],
    }
)

#: A root that splits in two; one of them, theme 1, splits again inside; the other has two themes.
TREE = pd.DataFrame(
    {
        "node": [0, 1, 2, 3, 4, 5, 6],
        "parent": [-1, 0, 0, 1, 1, 2, 2],
        "birth": [0.0, 1.0, 1.0, 2.0, 2.0, 3.0, 3.0],
        "death": [1.0, 2.0, 5.0, 4.0, 4.5, 4.0, 9.0],
        "size": [100, 60, 30, 30, 20, 10, 12],
        "selected": [-1, -1, 1, 0, 2, -1, -1],
    }
)


def themes(size=10):
    """Themes of 400 images, which have a least size of 10 where nobody asks for another."""
    return SimpleNamespace(labels=np.zeros(400, np.int32), spec={"min_cluster_size": size})


def figure(tree):
    (found,) = (n["props"]["figure"] for n in nodes(tree) if n["type"] == "Graph")
    return found


# -- the sweep ---------------------------------------------------------------------------------


def test_before_a_sweep_there_is_the_button_that_starts_one():
    fresh = cluster_sweep.section(None, "moths", "image", themes(), at_work=False)
    assert find(fresh, id="clusters-sweep")[0]["disabled"] is False
    waiting = cluster_sweep.section(None, "moths", "image", themes(), at_work=True)
    assert find(waiting, id="clusters-sweep")[0]["disabled"] is True


def test_the_chart_marks_cliffs_and_the_size_in_use():
    shown = figure(cluster_sweep.section(SWEEP, "moths", "image", themes(), False))
    counts, noise = shown["data"]
    assert (counts["x"], counts["y"]) == ([5, 10, 20, 40], [9, 8, 3, 2])
    assert noise["y"] == [0.02, 0.05, 0.3, 0.01]
    lines = {line["x0"]: line["line"]["dash"] for line in shown["layout"]["shapes"]}
    cliff = pytest.approx(800**0.5)  # between 20 and 40, on a logarithmic axis
    assert list(lines) == [cliff, 10]
    assert list(lines.values()) == ["dash", "solid"]
    words = [(10 ** w["x"], w["text"]) for w in shown["layout"]["annotations"]]
    assert words == [(cliff, "cliff"), (pytest.approx(10), "in use")]
    assert all("gl" not in trace["type"] for trace in shown["data"])


def test_the_sweep_is_told_in_words_and_as_a_table():
    section = cluster_sweep.section(SWEEP, "moths", "image", themes(), False)
    told = text(section)
    assert "Least sizes from 5 to 40 give 2 to 9 themes." in told
    assert "There is a cliff, where the grouping changes abruptly: between 20 and 40." in told
    assert "Your themes use 10." in told
    rows = [n for n in nodes(section) if n["type"] == "Tr"]
    assert len(rows) == 5
    assert "20 · then a cliff" in " ".join(text(rows[3]).split())
    assert "in use now" in text(rows[2])
    assert "–" in text(rows[4])  # nothing follows the last


def test_every_size_but_the_present_one_can_be_used():
    section = cluster_sweep.section(SWEEP, "moths", "image", themes(), False)
    sizes = [n["props"]["id"]["size"] for n in nodes(section)
             if n["type"] == "Button" and isinstance(n["props"]["id"], dict)]  # fmt: skip
    assert sizes == [5, 20, 40]


def test_the_way_back_to_the_usual_size_is_there_when_it_is_not_in_use():
    at_usual = cluster_sweep.section(SWEEP, "moths", "image", themes(), False)
    assert find(at_usual, id="clusters-size-usual")[0]["hidden"] is True
    other = cluster_sweep.section(SWEEP, "moths", "image", themes(21), False)
    assert find(other, id="clusters-size-usual")[0]["hidden"] is False
    assert "Back to the usual size, 10" in text(other)


def test_a_size_at_a_cliff_warns():
    at = SWEEP.assign(cliff=[False, True, True, False])
    assert "beside a cliff: a slightly different size gives other themes" in cluster_sweep.told(at)
    assert "are 2 cliffs" in cluster_sweep.told(at)
    after = SWEEP.assign(cliff=[True, False, False, False])
    assert "beside a cliff" in cluster_sweep.told(after)
    calm = SWEEP.assign(cliff=False, current=False)
    assert "There is no cliff" in cluster_sweep.told(calm)
    assert "Your themes" not in cluster_sweep.told(calm)


def test_one_number_of_themes_at_every_size_is_told_as_one():
    assert "give 4 themes." in cluster_sweep.told(SWEEP.assign(clusters=4))


# -- the tree ----------------------------------------------------------------------------------


def test_children_lie_side_by_side_within_their_parent():
    placed = {b.node: b for b in cluster_tree.branches(TREE)}
    assert set(placed) == set(range(7))
    for branch in placed.values():
        assert branch.right - branch.left == branch.size
        above = placed.get(branch.parent)
        if above is not None:
            assert above.left <= branch.left
            assert branch.right <= above.right
    for first, second in ((1, 2), (3, 4), (5, 6)):
        assert placed[first].right <= placed[second].left


def test_what_lies_below_a_theme_is_inside_it():
    inside = {b.node for b in cluster_tree.branches(TREE) if b.inside}
    assert inside == {5, 6}


def test_a_large_tree_keeps_its_themes_and_what_leads_to_them(monkeypatch):
    monkeypatch.setattr(cluster_tree, "DRAWN", 5)
    kept = {b.node for b in cluster_tree.branches(TREE)}
    assert kept == {0, 1, 2, 3, 4}
    told = text(cluster_tree.section(FakeSet(), TREE, ("a", "b", "c")))
    assert "The 5 largest of 7 branches are shown." in told


def test_the_tree_is_drawn_as_blocks_and_told_as_a_list_of_links():
    section = cluster_tree.section(FakeSet(), TREE, ("Theme 1", "hawk moths", "Theme 3"))
    shown = figure(section)
    assert {trace["type"] for trace in shown["data"]} == {"bar"}
    themes = next(t for t in shown["data"] if t["name"] == "theme")
    assert sorted(themes["text"]) == ["Theme 1", "Theme 3", "hawk moths"]
    for trace in shown["data"]:
        assert all(height >= 0 for height in trace["y"])
    hrefs = [n["props"]["href"] for n in nodes(section) if n["type"] == "Link"]
    assert hrefs == [f"/clusters?set=moths&kind=themes&cluster={k}" for k in (0, 2, 1)]
    assert "hawk moths · 30 items · density 1.00 to 5.00" in text(section)


@pytest.mark.parametrize("tree", [None, TREE.iloc[:0], TREE.iloc[:1]])
def test_without_a_split_there_is_no_tree(tree):
    assert cluster_tree.section(FakeSet(), tree, ()) is None

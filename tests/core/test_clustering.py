"""Themes from a ready layout, and the table that describes clusters (whole runs: test_umap)."""

import json

import numpy as np
import pytest
from scipy.spatial.distance import pdist
from sklearn.cluster import HDBSCAN
from sklearn.datasets import make_blobs
from sklearn.metrics import adjusted_rand_score

from core.clusters import table as table_module
from core.clusters.density import commonest, dense_regions, duplicate_groups
from core.clusters.nearest import nearest_themes
from core.clusters.table import by_size, cluster_table
from core.clusters.themes import find_themes, theme_space
from core.errors import InputError
from core.neighbors import find_neighbors
from core.progress import Progress
from core.space import unit_rows


def test_separated_blobs_are_found_as_by_scikit_learn():
    points, truth = make_blobs([120, 80, 60, 40], centers=None, cluster_std=0.3, random_state=1)

    found = dense_regions(points, np.arange(300), 10, 5)
    labels, probabilities = found.labels, found.probabilities

    other = HDBSCAN(min_cluster_size=10, min_samples=5, copy=True).fit_predict(points)
    assert adjusted_rand_score(labels, truth) == 1.0
    assert adjusted_rand_score(labels, other) == 1.0
    assert np.bincount(labels).tolist() == [120, 80, 60, 40]
    assert len(found.persistence) == 4
    assert ((probabilities >= 0) & (probabilities <= 1)).all()
    assert ((found.outlier_scores >= 0) & (found.outlier_scores <= 1)).all()


def test_far_item_belongs_to_no_theme_and_is_the_likeliest_outlier():
    points, _ = make_blobs([100, 100], cluster_std=0.3, random_state=1)
    points = np.vstack([points, points.mean(axis=0) + np.array([0, 50])])

    found = dense_regions(points, np.arange(201), 10, 5)
    labels, probabilities, outlier_scores = found.labels, found.probabilities, found.outlier_scores

    assert labels[-1] == -1
    assert probabilities[-1] == 0
    assert outlier_scores.argmax() == 200


@pytest.fixture(scope="module")
def nested():
    """Two pairs of near groups, far from one another, and what is dense among them."""
    rng = np.random.default_rng(4)
    centres = np.array([[0, 0], [3, 0], [40, 0], [43, 0]])
    points = np.repeat(centres, [90, 80, 70, 60], axis=0) + rng.normal(scale=0.3, size=(300, 2))
    points = np.vstack([points, [[7.0, 0.5], [-9.0, 1.0]]])
    return points, dense_regions(points, np.arange(302), 10, 5)


def test_tree_tells_how_groups_split_and_which_are_themes(nested):
    found = nested[1]
    tree = found.tree.set_index("node")

    assert sorted(tree["selected"][tree["selected"] >= 0]) == [0, 1, 2, 3]
    assert tree["parent"].tolist()[0] == -1
    assert (tree["parent"] < tree.index).all()
    assert tree["size"][0] == 302
    assert (tree["birth"] <= tree["death"]).all()
    below = tree.iloc[1:]
    assert (below["birth"].to_numpy() == tree["death"][below["parent"]].to_numpy()).all()
    theme = tree[tree["selected"] >= 0].set_index("selected")
    assert theme["parent"][0] == theme["parent"][1] != theme["parent"][2] == theme["parent"][3]
    assert (theme["size"].sort_index() >= np.bincount(found.labels[found.labels >= 0])).all()


def test_every_split_keeps_no_more_items_than_there_were(nested):
    tree = nested[1].tree

    children = tree[tree["parent"] >= 0].groupby("parent")["size"].agg(["sum", "count"])
    assert (children["sum"] <= tree["size"].loc[children.index]).all()
    assert (children["count"] == 2).all()


def test_item_of_no_theme_has_a_nearest_one_and_the_chance_hdbscan_gives_it(nested):
    from hdbscan import HDBSCAN, approximate_predict

    points, found = nested
    outside = np.flatnonzero(found.labels < 0)

    theme, chance = nearest_themes(points, found.labels, found.probabilities, found.tree, 5)

    assert {300, 301} <= set(outside)
    inside = found.labels >= 0
    assert np.array_equal(theme[inside], found.labels[inside])
    assert np.array_equal(chance[inside], found.probabilities[inside])
    away = np.linalg.norm(points[outside][:, None] - points[inside][None], axis=2)
    assert np.array_equal(theme[outside], found.labels[inside][away.argmin(axis=1)])
    assert ((chance[outside] > 0) & (chance[outside] < 1)).all()
    # A new item beside a theme: what hdbscan predicts for it is what we say of it as noise.
    model = HDBSCAN(min_cluster_size=10, min_samples=5, prediction_data=True).fit(points)
    new = np.array([[3.0, 1.6]])
    predicted, likely = approximate_predict(model, new)
    number = found.labels[model.labels_ == predicted[0]][0]
    ours, share = nearest_themes(
        np.vstack([points, new]), np.append(found.labels, -1),
        np.append(found.probabilities, 0), found.tree, 5,
    )  # fmt: skip
    assert ours[-1] == number
    assert share[-1] == pytest.approx(likely[0], rel=0.35)


def test_without_themes_nothing_is_nearest():
    points = np.random.default_rng(0).normal(size=(30, 2))
    found = dense_regions(points, np.arange(30), 25, 5)

    theme, chance = nearest_themes(points, found.labels, found.probabilities, found.tree, 5)

    assert (theme == -1).all()
    assert (chance == 0).all()
    assert (found.tree["selected"] == -1).all()


def test_rows_of_a_pile_share_thecommonest_label():
    labels = np.array([3, 3, -1, 2, 2, 5, -1])
    groups = np.array([0, 0, 0, 1, 2, 2, 3])

    assert commonest(labels, groups).tolist() == [3, 3, 3, 2, 2, 2, -1]


def test_duplicate_groups_join_rows_at_distance_zero_only():
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 5, size=400)
    graph = find_neighbors(rng.normal(size=(5, 6))[truth], key="n", k=20)
    alone = find_neighbors(rng.normal(size=(40, 6)), key="n", k=20)

    assert adjusted_rand_score(duplicate_groups(graph), truth) == 1.0
    assert len(set(duplicate_groups(alone))) == 40


@pytest.mark.parametrize("n", [0, 1, 2, 49])
def test_small_sets_have_no_themes_and_say_so(n):
    vectors = np.random.default_rng(0).normal(size=(n, 4))

    found = find_themes(vectors, find_neighbors(vectors, key="n"), key="k")

    assert (found.labels == -1).all()
    assert found.labels.dtype == np.int32
    assert len(found.table) == 0
    assert "50 or more" in found.notice


@pytest.mark.parametrize("n", [0, 1, 49, 60])
def test_space_of_too_few_or_equal_items_is_flat(n):
    vectors = np.random.default_rng(0).normal(size=(n, 4)) if n < 50 else np.ones((n, 4))

    space = theme_space(vectors, find_neighbors(vectors, key="n"))

    assert space.shape == (n, 10)
    assert space.dtype == np.float32
    assert not space.any()


def test_identical_items_are_one_theme():
    vectors = np.tile([3.0, 1.0, 2.0], (200, 1))

    found = find_themes(vectors, find_neighbors(vectors, key="n"), key="k")

    assert (found.labels == 0).all()
    assert found.table[["size", "diameter"]].to_numpy().tolist() == [[200, 0]]
    assert np.isfinite(found.table["density"]).all()
    assert "same vector" in found.notice


def test_bad_arguments_are_refused():
    vectors = np.random.default_rng(0).normal(size=(60, 4))
    graph = find_neighbors(vectors, key="n")

    with pytest.raises(InputError, match="min_cluster_size"):
        find_themes(vectors, graph, key="k", min_cluster_size=1)
    with pytest.raises(InputError, match="neighbours of 60 items given for 59"):
        find_themes(vectors[:59], graph, key="k")
    vectors[4] = np.nan
    with pytest.raises(InputError, match="row 4"):
        find_themes(vectors, graph, key="k")


def test_clusters_are_numbered_by_size_then_first_row_and_noise_stays():
    labels = np.array([7, 4, 4, -1, 9, 9, 7, 2, 4, -1])

    assert by_size(labels).tolist() == [1, 0, 0, -1, 2, 2, 1, 3, 0, -1]
    assert by_size(np.full(3, -1)).tolist() == [-1, -1, -1]
    assert by_size(np.zeros(0, int)).tolist() == []


@pytest.fixture(scope="module")
def described():
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(4, 10)) * 3
    labels = by_size(np.repeat([0, 1, 2, 3, -1], [60, 30, 5, 1, 20]))
    vectors = np.vstack([centres, np.zeros((1, 10))])[labels] + 0.3 * rng.normal(size=(116, 10))
    unit = unit_rows(vectors)
    graph = find_neighbors(vectors, key="n", k=12)
    table = cluster_table(unit, labels, np.ones(116), graph, stage="themes", progress=Progress())
    return unit, labels, graph, table


def test_table_counts_sizes_shares_and_densities(described):
    _, labels, graph, table = described

    assert table["cluster"].tolist() == [0, 1, 2, 3]
    assert table["size"].tolist() == [60, 30, 5, 1]
    assert table["share"].to_numpy() == pytest.approx(np.array([60, 30, 5, 1]) / 116)
    mean = graph.distances[labels == 1][:, :10].astype(np.float64).mean()
    assert table["density"][1] == pytest.approx(1 / mean)


def test_diameter_is_the_largest_distance_of_two_members(described):
    unit, labels, _, table = described

    for cluster in range(3):
        members = unit[labels == cluster].astype(np.float64)
        assert table["diameter"][cluster] == pytest.approx(pdist(members).max(), abs=1e-6)
    assert table["diameter"][3] == 0
    assert table["diameter_exact"].all()


def test_diameter_of_a_large_cluster_is_a_bound_and_says_so(described, monkeypatch):
    unit, labels, graph, table = described
    monkeypatch.setattr(table_module, "EXACT_DIAMETER", 40)

    bounded = cluster_table(unit, labels, np.ones(116), graph, stage="themes", progress=Progress())

    assert bounded["diameter_exact"].tolist() == [False, True, True, True]
    assert table["diameter"][0] <= bounded["diameter"][0] <= 2 * table["diameter"][0]


def test_medoid_has_the_least_sum_of_squared_distances(described):
    unit, labels, _, table = described

    for cluster in range(4):
        rows = np.flatnonzero(labels == cluster)
        squared = ((unit[rows][:, None].astype(np.float64) - unit[rows][None]) ** 2).sum(axis=2)
        assert table["medoid"][cluster] == rows[squared.sum(axis=1).argmin()]


def test_exemplars_begin_with_the_medoid_and_spread_over_the_typical_members(described):
    unit, labels, _, table = described

    for cluster, size in enumerate([9, 9, 5, 1]):
        rows = table["exemplars"][cluster]
        assert len(rows) == len(set(rows)) == size
        assert rows[0] == table["medoid"][cluster]
        assert (labels[rows] == cluster).all()
    first = unit[labels == 0].astype(np.float64)
    shown = unit[table["exemplars"][0]].astype(np.float64)
    from_medoid = np.linalg.norm(first - shown[0], axis=1)
    assert np.linalg.norm(shown - shown[0], axis=1).max() <= np.quantile(from_medoid, 0.81)
    random = np.mean([pdist(first[np.random.default_rng(s).permutation(60)[:9]]).min()
                      for s in range(20)])  # fmt: skip
    assert pdist(shown).min() > random


def test_exemplars_of_duplicates_are_distinct_rows():
    unit = unit_rows(np.repeat([[1.0, 0.0], [0.99, 0.1]], [30, 2], axis=0))

    table = cluster_table(
        unit, np.zeros(32, np.int32), np.ones(32), None, stage="s", progress=Progress()
    )

    assert len(set(table["exemplars"][0])) == 9


def test_table_goes_through_json_and_parquet(described, tmp_path):
    table = described[3]

    table.to_parquet(tmp_path / "t.parquet")

    records = json.loads(json.dumps(table.to_dict("records")))
    assert records[2]["exemplars"] == table["exemplars"][2]
    assert records[0]["size"] == 60

"""Stability, sweep and crowds against hand-made examples, brute force and scikit-learn."""

import numpy as np
import pandas as pd
import pytest
from sklearn.metrics import adjusted_rand_score, jaccard_score

import core.clusters.stability as stability
from core.clusters.agree import adjusted_rand, best_jaccards
from core.clusters.density import dense_regions, duplicate_groups
from core.clusters.micro import find_micro_clusters
from core.clusters.sparse import crowd_of
from core.clusters.stability import (
    micro_stability,
    runs_with_maps,
    state_of,
    theme_stability,
)
from core.clusters.subset import draw, restrict, units_of
from core.clusters.sweep import sizes_to_try, sweep_sizes
from core.clusters.themes import find_themes
from core.errors import InputError, JobCancelled
from core.model import Clustering, Neighbors
from core.neighbors import find_neighbors
from core.progress import Progress
from core.space import unit_rows


def blobs(sizes, seed=0, spread=0.05, dims=10):
    """Return unit vectors in tight groups far from one another, and which group each is in."""
    rng = np.random.default_rng(seed)
    centres = np.linalg.qr(rng.normal(size=(dims, dims)))[0][: len(sizes)]
    rows = [c + spread * rng.normal(size=(n, dims)) for c, n in zip(centres, sizes, strict=True)]
    return np.concatenate(rows).astype(np.float32), np.repeat(np.arange(len(sizes)), sizes)


def grouped(labels, kind="themes", **spec):
    """Return a clustering of these labels, as if it had been found."""
    labels = np.asarray(labels, np.int32)
    ones = np.ones(len(labels), np.float32)
    table = pd.DataFrame({"cluster": range(labels.max(initial=-1) + 1)})
    return Clustering("c" * 32, kind, {"min_samples": 5, **spec}, labels, ones, ones, table)


# -- agreement -------------------------------------------------------------------------------------


def test_overlaps_of_a_hand_made_example():
    labels = np.array([0, 0, 0, 0, 1, 1, 2, -1])
    rows = np.arange(6)  # none of cluster 2 was drawn
    found = np.array([0, 0, 1, 1, 1, 1])
    # cluster 0: {0,1}/4 = .5, {2,3,4,5}: 2/6; cluster 1: {4,5} of four = .5
    assert best_jaccards(labels, rows, found)[:2].tolist() == [0.5, 0.5]
    assert np.isnan(best_jaccards(labels, rows, found)[2])
    lost = np.full(6, -1)
    assert best_jaccards(labels, rows, lost)[:2].tolist() == [0, 0]


@pytest.mark.parametrize("seed", range(5))
def test_overlaps_are_those_of_scikit_learn(seed):
    rng = np.random.default_rng(seed)
    labels = rng.integers(-1, 5, 80)
    rows = np.sort(rng.choice(80, 60, replace=False))
    found = rng.integers(-1, 7, 60)
    for cluster, value in enumerate(best_jaccards(labels, rows, found)):
        own = labels[rows] == cluster
        expected = max(jaccard_score(own, found == group) for group in range(7))
        assert value == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("seed", range(5))
def test_the_rand_index_is_that_of_scikit_learn_without_noise(seed):
    rng = np.random.default_rng(seed)
    first = rng.integers(-1, 4, 200)
    second = np.where(rng.random(200) < 0.6, first, rng.integers(-1, 6, 200))
    both = (first >= 0) & (second >= 0)
    expected = adjusted_rand_score(first[both], second[both])
    assert adjusted_rand(first, second) == pytest.approx(expected, abs=1e-12)
    assert adjusted_rand(second, first) == pytest.approx(expected, abs=1e-12)


def test_the_rand_index_of_the_same_of_one_group_and_of_nothing():
    assert adjusted_rand(np.array([0, 0, 1, 1]), np.array([5, 5, 2, 2])) == 1
    assert adjusted_rand(np.zeros(4, int), np.zeros(4, int)) == 1
    assert adjusted_rand(np.array([0, -1]), np.array([0, 0])) is None


@pytest.mark.parametrize(
    ("jaccard", "state"),
    [(1, "firm"), (0.75, "firm"), (0.7499, "shaky"), (0.5, "shaky"), (0.4999, "dissolved"),
     (0, "dissolved"), (np.nan, "")],
)  # fmt: skip
def test_what_an_overlap_is_called(jaccard, state):
    assert state_of(jaccard) == state


# -- drawing ---------------------------------------------------------------------------------------


def test_units_are_drawn_whole():
    units, notice = units_of(pd.DataFrame({"unit": [f"u{i // 4}" for i in range(40)] + [None] * 5}))
    assert notice == ""
    assert len(np.unique(units)) == 15  # an item without a unit is its own
    draws = draw(45, units, 0.8, np.random.default_rng(0))
    for rows in (next(draws) for _ in range(20)):
        inside = np.isin(np.arange(45), rows)
        assert len(np.unique(units[rows])) == 12
        assert not set(units[inside]) & set(units[~inside])


def test_few_units_are_not_drawn_and_that_is_said():
    units, notice = units_of(pd.DataFrame({"unit": ["a"] * 10 + ["b"] * 10}))
    assert units is None
    assert "only 2 units" in notice
    assert units_of(pd.DataFrame({"unit": [None, None]})) == (None, "")
    assert units_of(pd.DataFrame({"path": ["a", "b"]})) == (None, "")


def test_rows_are_drawn_without_repeats_and_differently_each_time():
    draws = draw(50, None, 0.8, np.random.default_rng(3))
    first, second = next(draws), next(draws)
    assert len(np.unique(first)) == len(first) == 40
    assert first.tolist() != second.tolist()
    again = draw(50, None, 0.8, np.random.default_rng(3))
    assert next(again).tolist() == first.tolist()


@pytest.mark.parametrize("known", [60, 10, 3])
def test_the_graph_of_a_subset_is_the_one_it_would_have_alone(known):
    vectors, _ = blobs([70, 50, 30], seed=4, spread=0.2)
    rows = np.sort(np.random.default_rng(0).choice(150, 120, replace=False))
    near = restrict(find_neighbors(vectors, key="", k=known), rows, vectors)
    alone = find_neighbors(vectors[rows], key="", k=15)
    assert near.indices.tolist() == alone.indices.tolist()
    np.testing.assert_allclose(near.distances, alone.distances, atol=1e-6)


def test_the_graph_of_a_tiny_subset_has_all_others():
    vectors, _ = blobs([20, 20])
    near = restrict(find_neighbors(vectors, key="", k=39), np.array([0, 3, 25]), vectors)
    assert sorted(near.indices[2].tolist()) == [0, 1]


# -- themes ----------------------------------------------------------------------------------------


def measure(vectors, found, monkeypatch, **more):
    """Return the stability of themes on the map they have: the vectors themselves."""
    monkeypatch.setattr(stability, "LAYOUT_WORK", 0)
    near = find_neighbors(vectors, key="", k=40)
    return theme_stability(vectors, near, found, unit_rows(vectors), **more)


def test_planted_themes_are_firm_and_thirds_of_one_are_dissolved(monkeypatch):
    vectors, truth = blobs([80, 60, 60, 100], seed=1)
    labels = truth.copy()
    labels[truth == 3] = np.random.default_rng(2).integers(3, 6, 100)
    measured = measure(vectors, grouped(labels, min_cluster_size=20), monkeypatch)
    assert measured.table["state"].tolist() == ["firm"] * 3 + ["dissolved"] * 3
    assert measured.table["runs"].tolist() == [20] * 6
    assert (measured.table["jaccard_mean"][:3] > 0.95).all()
    # the whole group is found, and a random third of it is a third of that
    assert measured.table["jaccard_mean"][3:].between(0.25, 0.42).all()
    assert (measured.table["jaccard_low"] <= measured.table["jaccard_mean"] + 1e-12).all()
    assert (measured.runs, measured.n_used) == (20, 240)
    assert 0.5 < measured.ari_mean < 0.95
    assert "map there is" in measured.method


@pytest.mark.parametrize(
    ("images", "runs"), [(100, 20), (7_500, 20), (10_000, 15), (70_000, 5), (76_000, 0)]
)
def test_the_cost_of_maps_is_bounded_by_fewer_runs_and_then_by_none(images, runs):
    assert runs_with_maps(images) == runs
    drawn = round(0.8 * images)
    assert runs * drawn * (500 if drawn <= 10_000 else 200) <= stability.LAYOUT_WORK


def test_the_same_seed_gives_the_same_stability_and_another_draws_others(monkeypatch):
    vectors, truth = blobs([40, 40, 40], seed=1, spread=0.35)
    found = grouped(truth, min_cluster_size=8)
    first = measure(vectors, found, monkeypatch, runs=4, seed=5)
    again = measure(vectors, found, monkeypatch, runs=4, seed=5)
    other = measure(vectors, found, monkeypatch, runs=4, seed=6)
    pd.testing.assert_frame_equal(first.table, again.table)
    assert first.table["jaccard_mean"].tolist() != other.table["jaccard_mean"].tolist()


def test_a_theme_that_one_unit_alone_makes_is_not_firm(monkeypatch):
    """Twelve frames of one clip are a theme only as long as that clip is drawn."""
    vectors, truth = blobs([60, 60, 12], seed=2)
    units = np.arange(132)
    units[truth == 2] = 999
    measured = measure(vectors, grouped(truth, min_cluster_size=8), monkeypatch, units=units)
    assert measured.table["state"].tolist()[:2] == ["firm", "firm"]
    assert measured.table["runs"].iloc[2] < 20
    assert "one unit" in measured.method


def test_runs_that_find_nothing_count_against_the_themes_and_are_told(monkeypatch):
    vectors, truth = blobs([60, 60])
    calls = []

    def blind_at_first(*arguments, **more):
        calls.append(1)
        found = find_themes(*arguments, **more)
        return found if len(calls) > 2 else grouped(np.full(len(found.labels), -1))

    monkeypatch.setattr(stability, "find_themes", blind_at_first)
    found = grouped(truth, min_cluster_size=8)
    measured = measure(vectors, found, monkeypatch, runs=8)
    assert measured.table["jaccard_mean"].tolist() == pytest.approx([6 / 8, 6 / 8])
    assert "2 of the runs found no clusters at all" in measured.method
    assert measured.noise_mean == pytest.approx(2 / 8)


def test_nothing_to_test_is_said(monkeypatch):
    vectors, truth = blobs([30, 30])
    none = measure(vectors, grouped(np.full(60, -1), min_cluster_size=5), monkeypatch)
    assert (none.runs, len(none.table), none.ari_mean) == (0, 0, None)
    assert none.notice == "There are no themes to test."
    few = measure(vectors, grouped(truth, min_cluster_size=5), monkeypatch)
    assert "needs 62 or more" in few.notice


def test_testing_can_be_cancelled_inside_a_run(monkeypatch):
    vectors, truth = blobs([60, 60])
    asked = []

    def cancelled():
        asked.append(1)
        return len(asked) > 3

    with pytest.raises(JobCancelled):
        measure(
            vectors, grouped(truth, min_cluster_size=5), monkeypatch,
            progress=Progress(cancelled=cancelled, interval=0),
        )  # fmt: skip


# -- micro-clusters --------------------------------------------------------------------------------


def test_tight_micro_clusters_are_firm_and_shuffled_ones_are_not():
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(40, 16))
    vectors = (np.repeat(centres, 10, axis=0) + 0.01 * rng.normal(size=(400, 16))).astype("f4")
    truth = np.repeat(np.arange(40), 10)
    firm = micro_stability(vectors, grouped(truth, "micro"), runs=5)
    assert set(firm.table["state"]) == {"firm"}
    assert firm.ari_mean == pytest.approx(1, abs=1e-9)
    assert firm.noise_mean == 0
    mixed = micro_stability(vectors, grouped(rng.permutation(truth), "micro"), runs=5)
    assert set(mixed.table["state"]) == {"dissolved"}
    assert abs(mixed.ari_mean) < 0.05


def test_micro_clusters_of_a_large_set_are_tested_in_fewer_runs(monkeypatch):
    monkeypatch.setattr(stability, "MICRO_WORK", 400)
    vectors, _ = blobs([50, 50])
    found = find_micro_clusters(vectors, key="m")
    assert micro_stability(vectors, found).runs == 4
    monkeypatch.setattr(stability, "MICRO_WORK", 1)
    assert micro_stability(vectors, found).runs == 3


# -- the sweep -------------------------------------------------------------------------------------


def test_sizes_are_in_equal_steps_with_the_current_one():
    sizes = sizes_to_try(1797, 21)
    assert 21 in sizes
    assert sizes == sorted(set(sizes))
    assert (sizes[0], sizes[-1]) == (4, 449)
    steps = np.diff(np.log([s for s in sizes if s != 21]))
    assert steps.max() / steps.min() < 1.4
    assert sizes_to_try(60, 5)[0] == 2


@pytest.fixture(scope="module")
def swept():
    """Three pairs of groups: six groups of 20, and three of 40 above that size."""
    rng = np.random.default_rng(0)
    centres = np.array([[0, 0], [1.5, 0], [10, 0], [11.5, 0], [5, 9], [5, 10.5]])
    space = np.repeat(centres, 20, axis=0) + 0.1 * rng.normal(size=(120, 2))
    space = np.hstack([space, np.zeros((120, 8))]).astype(np.float32)
    vectors = np.hstack([space, np.ones((120, 1), np.float32)])
    near = find_neighbors(vectors, key="", k=40)
    found = grouped(np.repeat(np.arange(6), 20), min_cluster_size=12)
    table, used = sweep_sizes(space, near, vectors, found)
    return space, near, table, used


def test_every_size_gives_what_hdbscan_gives_for_it(swept):
    space, near, table, used = swept
    assert used == 120
    for line in table.to_dict("records"):
        regions = dense_regions(space, duplicate_groups(near), line["min_cluster_size"], 5)
        assert line["clusters"] == len(regions.persistence)
        assert line["noise_share"] == pytest.approx((regions.labels < 0).mean())
        sizes = np.bincount(regions.labels[regions.labels >= 0])
        assert line["largest_share"] == pytest.approx(sizes.max(initial=0) / 120)
        if len(sizes):
            assert line["persistence"] == pytest.approx(regions.persistence.mean())


def test_the_cliff_is_where_the_planted_groups_merge(swept):
    table = swept[2]
    planted = table[table["min_cluster_size"].between(8, 20)]
    assert planted["clusters"].tolist() == [6] * len(planted)
    above = table[table["min_cluster_size"] > 20]
    assert above["clusters"].tolist() == [3] * len(above)
    assert planted["cliff"].tolist() == [False] * (len(planted) - 1) + [True]
    assert not above["cliff"].any()
    inside = planted.iloc[:-1]
    assert inside["ari_next"].eq(1).all()
    assert table["current"].sum() == 1
    assert np.isnan(table["ari_next"].iloc[-1])
    assert not table["cliff"].iloc[-1]


def test_the_sweep_can_be_cancelled(swept):
    space, near, _, _ = swept
    found = grouped(np.zeros(120), min_cluster_size=12)
    with pytest.raises(JobCancelled):
        sweep_sizes(space, near, space, found, progress=Progress(cancelled=lambda: True))


# -- crowds ----------------------------------------------------------------------------------------


def table_of(sizes, densities):
    return pd.DataFrame({"cluster": range(len(sizes)), "size": sizes, "density": densities})


def test_sparse_dense_and_single_by_their_definition():
    sizes = [9] * 17 + [3, 2, 1]
    densities = [*range(20, 3, -1), 30.0, 31.0, 1.0]
    table = table_of(sizes, densities)
    low, high = np.quantile(densities, [0.1, 0.9])
    sparse = {c for c in range(20) if sizes[c] <= 3 or densities[c] <= low}
    assert set(crowd_of(table, "sparse").tolist()) == sparse
    assert set(crowd_of(table, "dense").tolist()) == {c for c in range(20) if densities[c] >= high}
    assert crowd_of(table, "single").tolist() == [19]
    assert crowd_of(table, "sparse").tolist()[0] == 19  # the loneliest first
    assert crowd_of(table, "dense").tolist()[0] == 18


def test_equal_densities_are_neither_sparse_nor_dense_and_unknown_ones_go_by_size():
    assert crowd_of(table_of([9, 9, 9, 2], [5.0] * 4), "sparse").tolist() == [3]
    assert crowd_of(table_of([9, 9, 9, 2], [5.0] * 4), "dense").tolist() == []
    unknown = table_of([9, 2, 1, 0], [np.nan] * 4)
    assert crowd_of(unknown, "sparse").tolist() == [2, 1]
    assert crowd_of(unknown, "dense").tolist() == []
    with pytest.raises(InputError, match="sparse, dense, single"):
        crowd_of(unknown, "crowded")


def test_themes_given_their_map_find_the_same_again():
    """What `theme_stability` relies on: a given map is used, so no layout is made."""
    vectors, truth = blobs([60, 60, 60], seed=3)
    near = find_neighbors(vectors, key="", k=40)
    found = find_themes(vectors, near, key="", space=unit_rows(vectors), min_cluster_size=10)
    assert adjusted_rand_score(truth, found.labels) == 1
    assert isinstance(near, Neighbors)

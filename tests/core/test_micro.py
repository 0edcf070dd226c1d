"""Micro-clusters: complete linkage, its bound, and sets of duplicates."""

import numpy as np
import pytest
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import pdist
from sklearn.datasets import load_digits
from sklearn.metrics import adjusted_rand_score

from core.clusters import micro as module
from core.clusters.micro import find_micro_clusters
from core.errors import InputError, JobCancelled
from core.neighbors import find_neighbors
from core.progress import Progress
from core.space import unit_rows


@pytest.fixture(scope="module")
def digits():
    return load_digits().data.astype(np.float32)


def largest_distance(points, labels):
    found = 0.0
    for label in range(labels.max() + 1):
        members = points[labels == label]
        if len(members) > 1:
            found = max(found, pdist(members.astype(np.float64)).max())
    return found


def test_one_shard_is_scipy_complete_linkage_at_the_wanted_number(digits):
    found = find_micro_clusters(digits, key="k")

    tree = linkage(unit_rows(digits).astype(np.float64), method="complete")
    wanted = fcluster(tree, round(len(digits) / (70 / 15)), criterion="maxclust")
    assert found.spec["shards"] == 1
    assert found.spec["n_clusters"] == len(set(wanted)) == 385
    assert adjusted_rand_score(found.labels, wanted) == 1.0


@pytest.mark.parametrize("shard", [100, 5000])
def test_no_two_members_are_further_apart_than_tau(digits, monkeypatch, shard):
    monkeypatch.setattr(module, "SHARD", shard)
    monkeypatch.setattr(module, "LARGEST_SHARD", 2 * shard)

    found = find_micro_clusters(digits, key="k")

    assert (found.spec["shards"] > 8) == (shard == 100)
    assert largest_distance(unit_rows(digits), found.labels) <= found.spec["tau"] + 1e-6
    assert found.spec["n_clusters"] == 385  # K(τ) = n − #merges ≤ τ, one τ for all shards


def test_shards_are_never_larger_than_the_limit(monkeypatch):
    monkeypatch.setattr(module, "SHARD", 50)
    monkeypatch.setattr(module, "LARGEST_SHARD", 100)
    rng = np.random.default_rng(0)
    lopsided = np.vstack([rng.normal(size=(900, 5)) * 1e-3 + 1, rng.normal(size=(300, 5))])

    shards = module._shards(lopsided.astype(np.float32), 0, Progress())

    assert max(len(rows) for rows in shards) <= 100
    assert sorted(np.concatenate(shards).tolist()) == list(range(1200))


def test_wide_vectors_are_grouped_in_sixty_four_components():
    rng = np.random.default_rng(0)
    vectors = np.repeat(rng.normal(size=(50, 300)), 6, axis=0) + 0.05 * rng.normal(size=(300, 300))

    found = find_micro_clusters(vectors, key="k", mean_size=6)

    assert found.spec["dims"] == 64
    assert adjusted_rand_score(found.labels, np.repeat(np.arange(50), 6)) == 1.0


def test_same_seed_gives_identical_labels(digits, monkeypatch):
    monkeypatch.setattr(module, "SHARD", 200)
    monkeypatch.setattr(module, "LARGEST_SHARD", 400)

    first, second = (find_micro_clusters(digits, key="k", seed=4) for _ in "ab")

    assert np.array_equal(first.labels, second.labels)
    assert first.spec == second.spec


def test_nobody_is_noise_and_the_largest_group_is_number_zero(digits):
    found = find_micro_clusters(digits, key="k")

    sizes = np.bincount(found.labels)
    assert found.labels.min() == 0
    assert (np.diff(sizes) <= 0).all()
    assert found.table["size"].tolist() == sizes.tolist()
    assert found.spec["singletons"] == (sizes == 1).sum() > 0
    assert (found.probabilities == 1).all()


def test_density_comes_from_the_neighbour_graph(digits):
    graph = find_neighbors(digits, key="n", k=10)

    table = find_micro_clusters(digits, key="k", neighbors=graph).table
    without = find_micro_clusters(digits, key="k").table

    members = find_micro_clusters(digits, key="k").labels == 0
    assert table["density"][0] == pytest.approx(1 / graph.distances[members].mean(), rel=1e-5)
    assert without["density"].isna().all()


@pytest.mark.parametrize(("n", "groups"), [(0, 0), (1, 1), (2, 1), (4, 1)])
def test_tiny_sets_are_grouped_without_error(n, groups):
    found = find_micro_clusters(np.random.default_rng(0).normal(size=(n, 3)), key="k")

    assert found.labels.shape == (n,)
    assert len(found.table) == groups
    assert list(found.table["size"]) == [n] * groups


def test_identical_items_are_one_group(monkeypatch):
    monkeypatch.setattr(module, "SHARD", 10)
    monkeypatch.setattr(module, "LARGEST_SHARD", 20)

    found = find_micro_clusters(np.tile([1.0, 2.0, 3.0], (500, 1)), key="k")

    assert (found.labels == 0).all()
    assert found.table["diameter"][0] == 0


def test_piles_larger_than_a_shard_stay_whole(monkeypatch):
    monkeypatch.setattr(module, "SHARD", 10)
    monkeypatch.setattr(module, "LARGEST_SHARD", 20)
    truth = np.repeat([0, 1, 2], [100, 200, 50])
    vectors = np.random.default_rng(0).normal(size=(3, 90))[truth]

    found = find_micro_clusters(vectors, key="k")

    assert adjusted_rand_score(found.labels, truth) == 1.0
    assert np.bincount(found.labels).tolist() == [200, 100, 50]


def test_groups_of_one_are_kept_when_every_item_is_wanted_apart(digits):
    found = find_micro_clusters(digits[:100], key="k", mean_size=1)

    assert found.spec["n_clusters"] == found.spec["singletons"] == 100


def test_bad_arguments_are_refused(digits):
    with pytest.raises(InputError, match="mean_size must be 1 or more"):
        find_micro_clusters(digits, key="k", mean_size=0.5)
    with pytest.raises(InputError, match="row 0"):
        find_micro_clusters(np.full((3, 2), np.nan), key="k")


def test_work_stops_when_cancelled(digits):
    with pytest.raises(JobCancelled):
        find_micro_clusters(digits, key="k", progress=Progress(cancelled=lambda: True))

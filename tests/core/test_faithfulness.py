"""Faithfulness scores against scikit-learn and closed cases."""

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.datasets import load_digits
from sklearn.manifold import trustworthiness

from core.errors import InputError
from core.maps import faithfulness as module
from core.maps.faithfulness import measure_faithfulness, point_faithfulness, score_map
from core.maps.projection import project
from core.model import ProjectionSpec
from core.neighbors import find_neighbors
from core.space import unit_rows


@pytest.fixture(scope="module")
def points():
    rng = np.random.default_rng(0)
    original = rng.normal(size=(300, 20))
    return original, original[:, :2] + 0.3 * rng.normal(size=(300, 2))


@pytest.mark.parametrize("k", [5, 15, 60])
def test_trustworthiness_is_that_of_scikit_learn(points, k):
    scores = score_map(*points, k)

    assert scores["trustworthiness"] == pytest.approx(
        trustworthiness(*points, n_neighbors=k), abs=1e-9
    )


def test_continuity_is_trustworthiness_with_the_spaces_exchanged(points):
    original, mapped = points

    scores, exchanged = score_map(original, mapped), score_map(mapped, original)

    assert scores["continuity"] == pytest.approx(exchanged["trustworthiness"], abs=1e-9)
    assert scores["continuity"] == pytest.approx(
        trustworthiness(mapped, original, n_neighbors=15), abs=1e-9
    )


def test_shepard_is_the_spearman_correlation_of_all_distances(points):
    pairs = np.triu_indices(300, 1)
    original, mapped = (
        np.linalg.norm(p[:, None] - p[None], axis=2)[pairs] for p in points
    )  # fmt: skip

    assert score_map(*points)["shepard"] == pytest.approx(
        spearmanr(original, mapped).statistic, abs=1e-9
    )


def test_a_turned_and_enlarged_copy_is_perfectly_faithful(points):
    original = points[0]
    turn = np.linalg.qr(np.random.default_rng(1).normal(size=(20, 20)))[0]

    scores = score_map(original, 3 * original @ turn)

    assert scores["trustworthiness"] == scores["continuity"] == scores["knn_recall"] == 1.0
    assert scores["shepard"] == pytest.approx(1.0)


def test_random_placing_keeps_about_the_chance_share_of_neighbours():
    rng = np.random.default_rng(0)

    scores = score_map(rng.normal(size=(1000, 10)), rng.normal(size=(1000, 2)))

    assert scores["knn_recall_chance"] == pytest.approx(15 / 999)
    assert scores["knn_recall"] == pytest.approx(15 / 999, abs=0.005)
    assert scores["trustworthiness"] == pytest.approx(0.5, abs=0.02)
    assert abs(scores["shepard"]) < 0.05


@pytest.mark.parametrize("n", [5, 6, 9, 31])
def test_k_is_lowered_in_small_sets(n):
    rng = np.random.default_rng(0)
    original, mapped = rng.normal(size=(n, 4)), rng.normal(size=(n, 2))

    scores = score_map(original, mapped)

    k = min(15, (n - 1) // 2)
    assert scores["knn_recall_chance"] == pytest.approx(k / (n - 1))
    assert scores["trustworthiness"] == pytest.approx(
        trustworthiness(original, mapped, n_neighbors=k), abs=1e-9
    )


def test_per_point_share_counts_the_true_neighbours_kept():
    vectors = load_digits().data[:400]
    graph = find_neighbors(vectors, key="n")
    mapped = project(vectors, None, ProjectionSpec("pca"), key="k").coordinates

    found = measure_faithfulness(vectors, mapped, graph)

    near = find_nearest(mapped, 15)
    kept = [len(set(near[i]) & set(graph.indices[i, :15])) / 15 for i in range(400)]
    np.testing.assert_allclose(found.per_point, kept, atol=1e-6)
    assert found.per_point.mean() == pytest.approx(found.scores["knn_recall"], abs=0.002)
    assert found.n_scored == 400


def find_nearest(points, k):
    distances = np.linalg.norm(points[:, None].astype(np.float64) - points[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    return np.argsort(distances, axis=1)[:, :k]


def test_a_pile_of_duplicates_is_not_held_against_the_map():
    vectors = np.repeat(np.random.default_rng(0).normal(size=(3, 5)), 200, axis=0)
    graph = find_neighbors(vectors, key="n")
    piled = project(vectors, None, ProjectionSpec("pca"), key="k").coordinates

    found = point_faithfulness(unit_rows(vectors), piled, graph)

    assert (found == 1).all()


def test_large_sets_are_scored_on_a_seeded_sample(monkeypatch):
    monkeypatch.setattr(module, "SAMPLE", 100)
    vectors = load_digits().data[:500]
    graph = find_neighbors(vectors, key="n")
    mapped = project(vectors, None, ProjectionSpec("pca"), key="k").coordinates

    first, again, other = (measure_faithfulness(vectors, mapped, graph, seed=s) for s in (0, 0, 1))

    assert first.n_scored == 100
    assert first.scores == again.scores
    assert first.scores != other.scores
    assert len(first.per_point) == 500


@pytest.mark.parametrize("n", [0, 1, 4])
def test_maps_of_too_few_items_have_no_scores(n):
    vectors = np.random.default_rng(0).normal(size=(n, 3))

    found = measure_faithfulness(vectors, np.zeros((n, 2)), find_neighbors(vectors, key="n"))

    assert found.scores == {}
    assert found.n_scored == 0
    assert found.per_point.tolist() == [0.0] * n


def test_identical_items_have_no_scores():
    vectors = np.ones((50, 3))

    found = measure_faithfulness(
        vectors, np.random.default_rng(0).normal(size=(50, 2)), find_neighbors(vectors, key="n")
    )

    assert found.scores == {}
    assert (found.per_point == 0).all()


def test_a_map_of_another_set_is_refused():
    vectors = np.random.default_rng(0).normal(size=(20, 3))

    with pytest.raises(InputError, match="do not belong together"):
        measure_faithfulness(vectors, np.zeros((19, 2)), find_neighbors(vectors, key="n"))

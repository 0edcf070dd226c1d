"""Faithfulness scores against scikit-learn and closed cases."""

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn.datasets import load_digits
from sklearn.manifold import trustworthiness

from core.errors import InputError
from core.maps import faithfulness as module
from core.maps.distortion import point_distortion
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
    assert np.isnan(found.torn).all()
    assert np.isnan(found.squeezed).all()


def test_a_map_of_another_set_is_refused():
    vectors = np.random.default_rng(0).normal(size=(20, 3))

    with pytest.raises(InputError, match="do not belong together"):
        measure_faithfulness(vectors, np.zeros((19, 2)), find_neighbors(vectors, key="n"))


# -- torn and squeezed ---------------------------------------------------------------------------


def arc(angles):
    """Unit vectors on a circle: a strip with known neighbours."""
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def measured(vectors, mapped, **given):
    graph = find_neighbors(vectors, key="n", k=given.pop("known", 90))
    return measure_faithfulness(vectors, mapped, graph, **given)


def lacking(vectors, mapped, k=15):
    """What each point contributes to 1 − T and 1 − C, by the definition, one pair at a time."""
    n = len(vectors)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    true, shown = (np.linalg.norm(p[:, None] - p[None], axis=2) for p in (unit, mapped))
    found = np.zeros((2, n))
    for slot, (near, ranked) in enumerate([(true, shown), (shown, true)]):
        for i in range(n):
            others = [j for j in range(n) if j != i]
            chosen = sorted(others, key=lambda j: near[i, j])[:k]
            order = sorted(others, key=lambda j: ranked[i, j])
            excess = [max(0, order.index(j) + 1 - k) for j in chosen]
            found[slot, i] = 2 * sum(excess) / (k * (2 * n - 3 * k - 1))
    return found


@pytest.mark.parametrize("known", [15, 40, 199])
def test_torn_and_squeezed_are_the_summands_of_continuity_and_trustworthiness(known):
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(200, 8))
    mapped = vectors[:, :2] + 0.4 * rng.normal(size=(200, 2))

    found = measured(vectors, mapped, known=known)

    torn, squeezed = lacking(vectors, mapped)
    one_rank = 2 / (15 * (2 * 200 - 3 * 15 - 1))  # what ties within rounding may amount to
    for values, expected in ((found.torn, torn), (found.squeezed, squeezed)):
        np.testing.assert_allclose(values, expected, atol=1.01 * one_rank)
        assert np.isclose(values, expected, atol=1e-6).mean() > 0.9
    assert not np.allclose(torn, squeezed, atol=0.01)


def test_their_means_are_what_the_scores_of_the_map_lack_and_so_order_maps_alike():
    vectors = load_digits().data[:500] + np.random.default_rng(0).normal(0, 1e-3, (500, 64))
    rng = np.random.default_rng(1)
    plain = project(vectors, None, ProjectionSpec("pca"), key="k").coordinates
    maps = [plain + rng.normal(0, s, plain.shape) * plain.std() for s in (0, 0.1, 0.3, 1, 10)]
    unit = unit_rows(vectors)

    scored = [measured(vectors, mapped) for mapped in maps]

    for found, mapped in zip(scored, maps, strict=True):
        oracle = 1 - trustworthiness(unit, mapped, n_neighbors=15)
        assert found.squeezed.mean() == pytest.approx(oracle, abs=1e-5)
        assert found.torn.mean() == pytest.approx(1 - found.scores["continuity"], abs=1e-5)
    for name in ("torn", "squeezed"):
        means = [getattr(found, name).mean() for found in scored]
        assert means == sorted(means)
    assert scored[-1].torn.mean() == pytest.approx(0.5, abs=0.05)


def test_a_strip_that_is_cut_is_torn_at_the_cut_and_nowhere_squeezed():
    angles = np.linspace(0, 1.5, 300)
    places = np.stack([angles + 10 * (angles > 0.75), 0.01 * np.sin(9 * angles)], axis=1)

    found = measured(arc(angles), places)

    cut = np.abs(np.arange(300) - 149.5) < 7
    assert found.torn[cut].min() > 0.02
    assert found.torn[50:100].max() < 1e-3
    assert found.torn[cut].mean() > 3 * found.squeezed[cut].mean()
    assert found.squeezed.max() < 0.02


def test_two_sheets_laid_on_each_other_are_squeezed_together_and_hardly_torn():
    turn = np.linspace(0, 1, 150)
    vectors = arc(np.concatenate([turn, turn + 2]))
    places = np.concatenate([turn, turn + 1e-3])
    places = np.stack([places, np.zeros(300)], axis=1)

    found = measured(vectors, places)

    assert found.squeezed[20:130].min() > 0.2
    assert found.torn.max() < 0.05


def test_a_faithful_map_tears_and_squeezes_nothing():
    vectors = arc(np.linspace(0, 1.5, 200) ** 1.3)

    found = measured(vectors, vectors)

    assert (found.torn == 0).all()
    assert (found.squeezed == 0).all()


def test_neither_depends_on_turn_size_or_row_order():
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(250, 6))
    mapped = vectors[:, :2] + 0.3 * rng.normal(size=(250, 2))
    turn = np.linalg.qr(rng.normal(size=(2, 2)))[0]
    spin = np.linalg.qr(rng.normal(size=(6, 6)))[0]
    order = rng.permutation(250)

    plain = measured(vectors, mapped)
    moved = measured(7 * vectors @ spin, 1000 * mapped @ turn + 5)
    mixed = measured(vectors[order], mapped[order])

    for name in ("torn", "squeezed"):
        before, one_rank = getattr(plain, name), 2 / (15 * (2 * 250 - 3 * 15 - 1))
        np.testing.assert_allclose(getattr(moved, name), before, atol=1.01 * one_rank)
        np.testing.assert_allclose(getattr(mixed, name), before[order], atol=1.01 * one_rank)


def test_duplicates_are_not_held_against_a_map_that_keeps_them_together():
    vectors = np.repeat(np.random.default_rng(0).normal(size=(3, 5)), 120, axis=0)
    piled = project(vectors, None, ProjectionSpec("pca"), key="k").coordinates

    found = measured(vectors, piled)

    assert (found.torn == 0).all()
    assert (found.squeezed == 0).all()


def test_past_the_graph_ranks_are_estimated_from_a_sample(points):
    original, mapped = points
    graph = find_neighbors(original, key="n", k=20)
    unit = unit_rows(original)
    some = np.sort(np.random.default_rng(2).choice(300, 100, replace=False))

    exact = point_distortion(unit, mapped, graph, np.arange(300), 15)
    guessed = point_distortion(unit, mapped, graph, some, 15)

    for whole, part in zip(exact, guessed, strict=True):
        assert np.corrcoef(whole, part)[0, 1] > 0.95
        assert part.mean() == pytest.approx(whole.mean(), rel=0.05)


@pytest.mark.parametrize("n", [5, 6, 31])
def test_in_small_sets_they_stay_between_nought_and_one(n):
    rng = np.random.default_rng(0)

    found = measured(rng.normal(size=(n, 4)), rng.normal(size=(n, 2)))

    for values in (found.torn, found.squeezed):
        assert values.dtype == np.float32
        assert values.min() >= 0
        assert values.max() <= 1
    assert found.squeezed.mean() == pytest.approx(1 - found.scores["trustworthiness"], abs=1e-6)

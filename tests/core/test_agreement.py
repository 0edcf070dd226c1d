"""Neighbour agreement against scikit-learn and closed cases."""

import subprocess
import sys

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.neighbors import NearestNeighbors

from core.errors import InputError
from core.maps.agreement import Graph, Plane, measure_agreement
from core.maps.projection import project
from core.model import ProjectionSpec
from core.neighbors import find_neighbors


def nearest_of(points, k):
    """Sets of the k nearest by scikit-learn, itself left out."""
    found = NearestNeighbors(n_neighbors=k + 1).fit(points).kneighbors(points)[1]
    return [set(row) - {i} if i in row else set(row[:-1]) for i, row in enumerate(found)]


def shared(first, second, k=15):
    pairs = zip(nearest_of(first, k), nearest_of(second, k), strict=True)
    return np.array([len(a & b) / k for a, b in pairs])


def clumps(n, seed):
    """Crowds of very different density, and a few far away: a hard case for tiles."""
    rng = np.random.default_rng(seed)
    spread = 10.0 ** rng.integers(-4, 2, n)
    return rng.normal(size=(n, 2)) * spread[:, None] + rng.integers(0, 3, (n, 2)) * 5


@pytest.mark.parametrize("n", [31, 32, 33, 300, 3000])
@pytest.mark.parametrize("k", [1, 15])
def test_neighbours_on_a_map_are_those_of_scikit_learn(n, k):
    points = clumps(n, seed=n)

    near, reach = Plane(points).nearest(np.arange(n), k)

    assert [set(row) for row in near] == nearest_of(points, k)
    expected = NearestNeighbors(n_neighbors=k + 1).fit(points).kneighbors(points)[0][:, -1]
    np.testing.assert_allclose(reach, expected, rtol=1e-9)


def test_neighbours_are_found_for_some_rows_and_in_three_dimensions():
    points = np.random.default_rng(0).normal(size=(700, 3))
    rows = np.array([650, 3, 99])

    near, _ = Plane(points).nearest(rows, 7)

    expected = nearest_of(points, 7)
    assert [set(row) for row in near] == [expected[r] for r in rows]


def test_agreement_is_the_share_of_common_neighbours():
    first = clumps(500, seed=1)
    second = first + 0.2 * np.random.default_rng(2).normal(size=first.shape)

    found = measure_agreement(Plane(first), Plane(second), 500)

    expected = shared(first, second)
    np.testing.assert_allclose(found.shares, expected, atol=1e-6)
    assert found.mean == pytest.approx(expected.mean())
    half = 1.96 * expected.std(ddof=1) / np.sqrt(500)
    assert (found.low, found.high) == pytest.approx((found.mean - half, found.mean + half))
    assert (found.k, found.measured) == (15, 500)


def test_a_map_agrees_with_itself_turned_and_enlarged():
    points = clumps(400, seed=3)
    turned = 40 * points @ np.array([[0.6, -0.8], [0.8, 0.6]]) + 7

    found = measure_agreement(Plane(points), Plane(turned), 400)

    assert (found.shares == 1).all()
    assert (found.mean, found.low, found.high) == (1, 1, 1)


def test_maps_that_have_nothing_in_common_agree_as_chance_does():
    rng = np.random.default_rng(0)

    found = measure_agreement(
        Plane(rng.normal(size=(1500, 2))), Plane(rng.normal(size=(1500, 2))), 1500
    )

    assert found.chance == pytest.approx(15 / 1499)
    assert found.low <= found.chance <= found.high


def test_it_is_symmetric_and_moves_with_the_rows():
    first = clumps(300, seed=4)
    second = first + 0.1 * np.random.default_rng(5).normal(size=first.shape)
    order = np.random.default_rng(6).permutation(300)

    plain = measure_agreement(Plane(first), Plane(second), 300)
    swapped = measure_agreement(Plane(second), Plane(first), 300)
    mixed = measure_agreement(Plane(first[order]), Plane(second[order]), 300)

    np.testing.assert_array_equal(swapped.shares, plain.shares)
    np.testing.assert_array_equal(mixed.shares, plain.shares[order])


def test_duplicates_are_no_disagreement():
    rng = np.random.default_rng(0)
    piles = np.repeat(rng.normal(size=(4, 2)), 100, axis=0)

    same = measure_agreement(Plane(piles), Plane(3 * piles), 400)
    other = measure_agreement(Plane(piles), Plane(piles[rng.permutation(400)]), 400)

    assert (same.shares == 1).all()
    assert 0.15 < other.mean < 0.35, "of piles drawn anew a quarter stays together"


def test_two_vector_spaces_are_compared_by_their_graphs():
    vectors = load_digits().data[:600]
    blurred = vectors + np.random.default_rng(0).normal(0, 2, vectors.shape)
    graphs = [find_neighbors(v, key="n") for v in (vectors, blurred)]

    found = measure_agreement(*(Graph(g.indices, g.distances) for g in graphs), 600)

    expected = [
        len(set(a) & set(b)) / 15 for a, b in zip(*(g.indices[:, :15] for g in graphs), strict=True)
    ]
    np.testing.assert_allclose(found.shares, expected, atol=1e-6)


def test_items_of_one_set_only_are_left_out_of_both():
    vectors = load_digits().data[:500]
    rows = np.sort(np.random.default_rng(0).choice(500, 400, replace=False))
    whole, part = (find_neighbors(v, key="n") for v in (vectors, vectors[rows]))

    found = measure_agreement(
        Graph(whole.indices, whole.distances, rows), Graph(part.indices, part.distances), 400
    )

    assert (found.shares == 1).all()


def test_an_item_with_too_few_neighbours_left_is_not_measured():
    vectors = load_digits().data[:300]
    graph = find_neighbors(vectors, key="n", k=16)
    rows = np.arange(0, 300, 5)

    found = measure_agreement(
        Graph(graph.indices, graph.distances, rows), Graph(graph.indices, graph.distances, rows), 60
    )

    assert np.isnan(found.shares).any()
    assert found.measured == np.isfinite(found.shares).sum()


def test_large_sets_are_measured_on_a_seeded_sample_against_all():
    first = clumps(2000, seed=1)
    second = first + 0.2 * np.random.default_rng(2).normal(size=first.shape)

    whole = measure_agreement(Plane(first), Plane(second), 2000)
    part, again = (
        measure_agreement(Plane(first), Plane(second), 2000, every=1000, anchors=600)
        for _ in range(2)
    )

    known = np.isfinite(part.shares)
    assert known.sum() == part.measured == 600
    np.testing.assert_array_equal(part.shares[known], whole.shares[known])
    np.testing.assert_array_equal(part.shares, again.shares)
    assert part.low <= whole.mean <= part.high


@pytest.mark.parametrize("n", [1, 2, 5, 20])
def test_small_sets_compare_fewer_neighbours_or_none(n):
    points = np.random.default_rng(0).normal(size=(n, 2))

    found = measure_agreement(Plane(points), Plane(points), n)

    assert found.k == min(15, (n - 1) // 2)
    assert found.measured == (n if n > 2 else 0)
    assert np.isnan(found.shares).all() == (n <= 2)


def test_a_map_with_holes_is_refused():
    with pytest.raises(InputError, match="not finite"):
        Plane(np.array([[0, 1], [np.nan, 2]]))


def test_agreement_with_the_vectors_is_the_share_kept_by_the_map():
    vectors = load_digits().data[:400]
    graph = find_neighbors(vectors, key="n")
    mapped = project(vectors, None, ProjectionSpec("pca"), key="k").coordinates

    found = measure_agreement(Plane(mapped), Graph(graph.indices, graph.distances), 400)

    near = nearest_of(mapped.astype(np.float64), 15)
    expected = [len(near[i] & set(graph.indices[i, :15])) / 15 for i in range(400)]
    np.testing.assert_allclose(found.shares, expected, atol=1e-6)


def test_it_needs_nothing_that_the_web_process_must_not_load():
    script = (
        "import sys, numpy as np; from core.maps.agreement import Plane, measure_agreement;"
        "p = np.random.default_rng(0).normal(size=(200, 2));"
        "measure_agreement(Plane(p), Plane(p), 200);"
        "print([m for m in ('scipy', 'sklearn', 'faiss', 'numba') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"

"""The neighbour graph against exhaustive search, and its edge cases."""

import numpy as np
import pytest
from sklearn.datasets import load_digits
from sklearn.neighbors import NearestNeighbors

from core import neighbors as module
from core.errors import InputError, JobCancelled
from core.neighbors import find_neighbors
from core.progress import Progress


@pytest.fixture(scope="module")
def digits():
    return load_digits().data.astype(np.float32)


def brute_force(vectors, k):
    unit = vectors.astype(np.float64) / np.linalg.norm(vectors, axis=1, keepdims=True)
    return NearestNeighbors(n_neighbors=k, algorithm="brute").fit(unit).kneighbors()


def test_exact_graph_equals_brute_force_on_digits(digits):
    found = find_neighbors(digits, key="k", k=30)

    distances, indices = brute_force(digits, 30)
    assert found.exact
    assert found.recall == 1.0
    assert found.indices.dtype == np.int32
    assert found.distances.dtype == np.float32
    np.testing.assert_allclose(found.distances, distances, atol=2e-7)
    # Digits hold ties: rows may differ there, and only there.
    differ = found.indices != indices
    gaps = np.abs(np.diff(distances, axis=1, append=np.inf, prepend=-np.inf))
    tied = np.minimum(gaps[:, :-1], gaps[:, 1:]) < 1e-6
    assert not (differ & ~tied).any()


def test_rows_come_nearest_first_and_ties_by_lower_row():
    vectors = np.array([[1, 0], [0, 1], [0, -1], [0, 1], [-1, 0]], np.float32)

    found = find_neighbors(vectors, key="k")

    assert found.indices[0].tolist() == [1, 2, 3, 4]
    assert found.indices[1].tolist() == [3, 0, 4, 2]
    np.testing.assert_allclose(found.distances[0], [2**0.5] * 3 + [2.0], atol=1e-6)


def test_identical_twin_stays_and_the_item_itself_never_appears(digits):
    vectors = np.vstack([digits[:300], digits[:300]])

    found = find_neighbors(vectors, key="k", k=5)

    own = np.arange(600)
    assert not (found.indices == own[:, None]).any()
    assert (found.distances[:, 0] == 0).all()
    assert ((own + 300) % 600 == found.indices[:, 0]).all()


def test_item_is_left_out_of_its_own_pile_of_duplicates():
    vectors = np.repeat(np.array([[1.0, 2.0], [3.0, -1.0]], np.float32), 200, axis=0)

    found = find_neighbors(vectors, key="k", k=40)

    assert not (found.indices == np.arange(400)[:, None]).any()
    assert (found.indices[:200] < 200).all()
    assert (found.distances == 0).all()


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_tiny_sets_keep_all_others(n):
    vectors = np.random.default_rng(0).normal(size=(n, 4))

    found = find_neighbors(vectors, key="k")

    assert found.indices.shape == found.distances.shape == (n, max(0, n - 1))
    assert found.exact
    for row in range(n):
        assert sorted([*found.indices[row], row]) == list(range(n))


def test_approximate_graph_reports_the_recall_it_has(digits):
    found = find_neighbors(digits, key="k", k=15, exact_up_to=100)

    truth = brute_force(digits, 15)[0][:, -1:]
    assert not found.exact
    assert found.recall >= 0.98
    assert (found.distances <= truth + 1e-6).mean() == pytest.approx(found.recall, abs=0.01)
    assert not (found.indices == np.arange(len(digits))[:, None]).any()
    assert (np.diff(found.distances, axis=1) >= 0).all()


def test_search_is_widened_until_recall_is_as_wanted(monkeypatch):
    noise = np.random.default_rng(0).normal(size=(3000, 64)).astype(np.float32)
    monkeypatch.setattr(module, "WANTED_RECALL", 0.0)
    narrow = find_neighbors(noise, key="k", k=10, exact_up_to=0).recall
    monkeypatch.setattr(module, "WANTED_RECALL", 0.98)
    wide = find_neighbors(noise, key="k", k=10, exact_up_to=0).recall

    assert narrow < 0.9  # noise without groups is the hard case
    assert wide >= 0.98


def test_rows_whose_groups_hold_too_few_are_searched_exactly(monkeypatch):
    monkeypatch.setattr(module, "WANTED_RECALL", 0.0)
    vectors = np.random.default_rng(0).normal(size=(800, 8)).astype(np.float32)

    found = find_neighbors(vectors, key="k", k=700, exact_up_to=0)

    assert np.isfinite(found.distances).all()
    assert all(len(set(row)) == 700 for row in found.indices[:20].tolist())


@pytest.mark.parametrize("exact_up_to", [10_000, 100])
def test_same_vectors_give_the_same_graph_bit_for_bit(digits, exact_up_to):
    first, second = (find_neighbors(digits, key="k", k=20, exact_up_to=exact_up_to) for _ in "ab")

    assert np.array_equal(first.indices, second.indices)
    assert np.array_equal(first.distances, second.distances)


def test_work_is_reported_and_stops_when_cancelled(digits, monkeypatch):
    monkeypatch.setattr(module, "QUERIES", 500)
    steps = []
    find_neighbors(digits, key="k", progress=Progress(steps.append, interval=0))
    cancelled = Progress(cancelled=lambda: True, interval=0)

    assert {s.stage for s in steps} == {"neighbours"}
    assert [s.done for s in steps] == [0, 500, 1000, 1500, 1797]
    with pytest.raises(JobCancelled):
        find_neighbors(digits, key="k", progress=cancelled)


def test_non_finite_vectors_are_refused(digits):
    broken = digits.copy()
    broken[5, 5] = np.nan

    with pytest.raises(InputError, match="row 5"):
        find_neighbors(broken, key="k")

"""Distances of two sets, against closed forms, published tables and what chance gives."""

import numpy as np
import pytest
from scipy.linalg import sqrtm
from scipy.spatial.distance import jensenshannon
from sklearn.datasets import load_iris

from core.drift.frechet import frechet, frechet_distance, kernel_distance
from core.drift.manifold import coverage_null, overlap
from core.drift.shares import jensen_shannon, stability_index
from core.errors import InputError

IRIS = load_iris().data
FIRST, SECOND = IRIS[50:100], IRIS[100:]


def close(value):
    return pytest.approx(value, rel=1e-4)


def test_frechet_of_two_species_is_as_published():
    assert frechet_distance(FIRST, SECOND) == close(2.6745095608)


def test_frechet_is_that_by_a_matrix_root():
    rng = np.random.default_rng(0)
    one, two = rng.normal(size=(60, 5)) @ rng.normal(size=(5, 5)), rng.normal(size=(80, 5)) + 1
    a, b = np.cov(one.T), np.cov(two.T)
    gap = one.mean(axis=0) - two.mean(axis=0)
    expected = gap @ gap + np.trace(a + b - 2 * sqrtm(a @ b).real)
    assert frechet_distance(one, two) == pytest.approx(expected)
    assert frechet_distance(one, one) == pytest.approx(0, abs=1e-9)


def test_frechet_of_two_normals_is_the_closed_form():
    rng = np.random.default_rng(1)
    found = frechet_distance(rng.normal(size=(200_000, 3)), rng.normal(1, 2, size=(200_000, 3)))
    assert found == pytest.approx(6.0, abs=0.05)


def test_at_infinitely_many_images_nothing_is_left_of_nothing():
    rng = np.random.default_rng(2)
    found = [frechet(*rng.normal(size=(2, 400, 20)), seed=s) for s in range(20)]
    assert np.mean([one.value for one in found]) > 0.4
    assert abs(np.mean([one.unbiased for one in found])) < 0.1
    assert len(found[0].sizes) == 15


def test_frechet_is_refused_with_fewer_images_than_dimensions():
    rng = np.random.default_rng(3)
    assert frechet(rng.normal(size=(50, 60)), rng.normal(size=(500, 60))) is None
    with pytest.raises(InputError, match="two images"):
        frechet_distance(np.ones((1, 3)), np.ones((5, 3)))


def test_the_kernel_distance_is_unbiased_and_its_interval_holds():
    rng = np.random.default_rng(4)
    found = [kernel_distance(*rng.normal(size=(2, 40, 6))) for _ in range(120)]
    values = np.array([one.value for one in found])
    assert abs(values.mean()) < 3 * values.std() / np.sqrt(120)
    assert np.mean([one.low <= 0 <= one.high for one in found]) >= 0.9


def test_the_kernel_distance_is_its_definition():
    def kernel(a, b):
        return (a @ b.T / 4 + 1) ** 3

    one, two, across = kernel(FIRST, FIRST), kernel(SECOND, SECOND), kernel(FIRST, SECOND)
    expected = sum((t.sum() - np.trace(t)) / (50 * 49) for t in (one, two)) - 2 * across.mean()
    found = kernel_distance(FIRST, SECOND)
    assert found.value == pytest.approx(expected)
    rows = np.arange(50) != 7
    left = kernel_distance(FIRST[rows], SECOND).value
    without = [kernel_distance(FIRST[np.arange(50) != i], SECOND).value for i in range(50)]
    assert without[7] == pytest.approx(left)
    other = [kernel_distance(FIRST, SECOND[np.arange(50) != i]).value for i in range(50)]
    error = sum(49 / 50 * np.square(np.array(w) - np.mean(w)).sum() for w in (without, other))
    assert found.high - found.value == pytest.approx(1.959964 * np.sqrt(error))


def test_copies_widen_the_interval_only_as_units():
    rng = np.random.default_rng(5)
    one, two = rng.normal(size=(2, 20, 4))
    plain = kernel_distance(one, two)
    units = np.repeat(np.arange(20), 5)
    copied = kernel_distance(np.repeat(one, 5, axis=0), np.repeat(two, 5, axis=0), units, units)
    fooled = kernel_distance(np.repeat(one, 5, axis=0), np.repeat(two, 5, axis=0))
    assert fooled.high - fooled.low < 0.6 * (copied.high - copied.low)
    assert copied.high - copied.low == pytest.approx(plain.high - plain.low, rel=0.2)


def test_overlap_of_two_species_is_as_published():
    found = overlap(FIRST, SECOND)  # of tenths of millimetres: rounding decides the many ties
    assert (found.precision, found.coverage) == (pytest.approx(0.34), pytest.approx(0.12))
    assert found.recall == pytest.approx(0.54, abs=0.021)
    assert found.density == pytest.approx(0.132, abs=0.005)


def test_overlap_is_its_definition():
    rng = np.random.default_rng(9)
    one, two = rng.normal(size=(40, 3)), rng.normal(0.5, 0.7, size=(30, 3))
    apart = np.linalg.norm(one[:, None] - two[None], axis=2)
    reach = [
        np.sort(np.linalg.norm(x[:, None] - x[None], axis=2), axis=1)[:, 3] for x in (one, two)
    ]
    ball = apart < reach[0][:, None]
    found = overlap(one, two, k=3)
    assert found.precision == ball.any(axis=0).mean()
    assert found.recall == (apart < reach[1]).any(axis=1).mean()
    assert found.density == pytest.approx(ball.sum() / (3 * 30))
    assert found.coverage == ball.any(axis=1).mean()


def test_coverage_by_chance():
    assert coverage_null(1000, 1000, 5) == close(0.96898414)
    assert coverage_null(1000, 300, 5) == close(0.7316046314)
    rng = np.random.default_rng(6)
    found = [overlap(rng.normal(size=(300, 4)), rng.normal(size=(100, 4))) for _ in range(20)]
    assert np.mean([one.coverage for one in found]) == pytest.approx(
        found[0].coverage_null, abs=0.02
    )
    with pytest.raises(InputError, match="more than 5"):
        overlap(np.eye(5), np.eye(20))


def test_the_stability_index_and_its_chance():
    rng = np.random.default_rng(7)
    shares = np.full(50, 1 / 50)
    found = [
        stability_index(rng.multinomial(1000, shares), rng.multinomial(1000, shares))
        for _ in range(300)
    ]
    assert np.mean([one.value for one in found]) == pytest.approx(found[0].null, rel=0.05)
    assert found[0].null == pytest.approx(0.098)
    assert np.mean([one.value > 0.1 for one in found]) > 0.3  # what the rule of thumb does
    assert np.mean([one.p <= 0.05 for one in found]) <= 0.09


def test_the_stability_index_by_hand():
    found = stability_index(np.array([50, 50]), np.array([80, 20]))
    assert found.value == pytest.approx(0.3 * np.log(1.6) - 0.3 * np.log(0.4))
    assert stability_index(np.array([5, 0]), np.array([7, 0])) is None
    assert np.isfinite(stability_index(np.array([5, 0]), np.array([7, 3])).value)


def test_jensen_shannon_is_scipys_squared():
    rng = np.random.default_rng(8)
    one, two = rng.integers(0, 9, (2, 12)) + (np.arange(12) % 3)
    expected = jensenshannon(one / one.sum(), two / two.sum(), base=2) ** 2
    assert jensen_shannon(one, two) == pytest.approx(expected)
    assert jensen_shannon(np.array([3, 0]), np.array([0, 9])) == pytest.approx(1.0)
    with pytest.raises(InputError, match="no images"):
        jensen_shannon(np.zeros(2), np.ones(2))

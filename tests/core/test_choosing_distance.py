"""Choosing by distance: farthest first, and draws in proportion to squared distance."""

import numpy as np
import pytest
from sklearn.datasets import load_digits

from core.clusters.micro import find_micro_clusters
from core.curate import kcenter
from core.curate.cover import graph_of
from core.curate.dsquared import d_squared, density_of
from core.curate.kcenter import k_center
from core.curate.picks import PickSpace, StrategyOptions, make_pool
from core.curate.strategies import choose
from core.neighbors import find_neighbors
from core.progress import Progress
from core.space import unit_rows


def space_of(vectors):
    unit = unit_rows(vectors)
    neighbors = find_neighbors(unit, key="n", k=30)
    return PickSpace(unit, neighbors, find_micro_clusters(unit, key="m", neighbors=neighbors))


@pytest.fixture(scope="module")
def digits():
    return space_of(load_digits().data.astype(np.float32))


def blobs(n, dims, seed, groups=6):
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(groups, dims))
    return centres[rng.integers(groups, size=n)] + 0.3 * rng.normal(size=(n, dims))


# --- extremes ---------------------------------------------------------------------------------


def farthest(unit, n, already=()):
    """Take the farthest each time, all distances computed anew; return rows and radii."""
    wide = unit.astype(np.float64)
    rows = list(already)
    radii = []
    if not rows:
        rows.append(int(np.argmax(wide @ wide.mean(axis=0))))
    for _ in range(n + len(already) - len(rows) + 1):
        far = np.sqrt(((wide[:, None] - wide[rows]) ** 2).sum(axis=2).min(axis=1))
        radii.append(far.max())
        rows.append(int(np.argmax(far)))
    return rows[len(already) : len(already) + n], radii


@pytest.mark.parametrize("window", [16, 64, 10_000])
@pytest.mark.parametrize("already", [(), (3, 50, 200)])
def test_k_center_is_farthest_first_whatever_its_window(monkeypatch, window, already):
    monkeypatch.setattr(kcenter, "WINDOW_LEAST", window)
    monkeypatch.setattr(kcenter, "WINDOW_MOST", window)
    unit = unit_rows(blobs(400, 6, 1))

    found = k_center(unit, 60, make_pool(400, None, np.array(already, int)))

    rows, radii = farthest(unit, 60, already)
    assert found.rows.tolist() == rows
    start = radii[0] if already else 2.0
    assert np.allclose(start - np.cumsum(found.gains), radii[1:] if already else radii, atol=1e-7)


# --- D² ---------------------------------------------------------------------------------------


def test_d_squared_draws_with_the_chances_it_should():
    unit = unit_rows(np.array([[1, 0], [1, 0.1], [1, 1], [0, 1], [-1, 0.3]]))
    pool = make_pool(5, None, np.array([0]))
    weights = np.array([1.0, 2.0, 1.0, 0.5])
    squared = ((unit[1:].astype(float) - unit[0]) ** 2).sum(axis=1)
    chance = weights * squared / (weights @ squared)

    second = np.zeros((4, 4))
    for seed in range(4000):
        rows = d_squared(unit, 2, pool, weights=weights, seed=seed).rows - 1
        second[rows[0], rows[1]] += 1

    expected = np.zeros((4, 4))
    for i in range(4):
        near = np.minimum(squared, ((unit[1:].astype(float) - unit[1 + i]) ** 2).sum(axis=1))
        near[i] = 0
        expected[i] = chance[i] * weights * near / (weights @ near)
    error = np.sqrt(expected * (1 - expected) / 4000)
    assert (np.abs(second / 4000 - expected) <= 4 * error + 1e-9).all()


def test_d_squared_gains_are_what_the_potential_loses(digits):
    unit = digits.unit
    found = d_squared(unit, 50, make_pool(len(unit)), seed=4)

    wide = unit.astype(np.float64)
    near = ((wide[:, None] - wide[found.rows]) ** 2).sum(axis=2)
    path = np.minimum.accumulate(near, axis=1).sum(axis=0)
    assert np.allclose(np.cumsum(found.gains), 4 * len(unit) - path, rtol=1e-9)


def test_density_keeps_away_from_outliers():
    rng = np.random.default_rng(0)
    crowd = np.array([1.0, 0, 0, 0, 0, 0]) + 0.2 * rng.normal(size=(600, 6))
    strays = rng.normal(size=(30, 6)) - np.array([1.0, 0, 0, 0, 0, 0])
    space = space_of(np.vstack([crowd, strays]))

    def strays_taken(beta):
        options = StrategyOptions(beta=beta)
        runs = [choose("density", space, 40, seed=s, options=options).rows for s in range(10)]
        return np.mean([(rows >= 600).mean() for rows in runs])

    assert strays_taken(3.0) < strays_taken(1.0) < strays_taken(0.0)
    assert density_of(space, make_pool(630), Progress())[600:].mean() < 0.7


def test_the_best_of_several_draws_takes_off_more(digits):
    pool = make_pool(len(digits.unit))
    cover = graph_of(pool, digits.unit, digits.neighbors, Progress())

    def total(cover):
        return np.mean(
            [d_squared(digits.unit, 60, pool, cover=cover, seed=s).total for s in range(8)]
        )

    alone, best = total(None), total(cover)
    exact = choose("representative", digits, 60)
    wide = digits.unit.astype(np.float64)
    near = ((wide[:, None] - wide[exact.rows]) ** 2).sum(axis=2).min(axis=1)
    reached = 4 * len(wide) - near.sum()  # what facility location takes off
    assert reached - best < 0.6 * (reached - alone)

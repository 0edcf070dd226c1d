"""Groups of near-duplicates: bounded, never a chain, nothing missed, and of any size."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.model import Neighbors
from core.neighbors import find_neighbors
from core.quality import near
from core.quality.near import Alike, near_groups, near_pairs, same_vectors
from core.space import unit_rows


def grouped(unit, tau, k=90, same=None):
    graph = find_neighbors(unit, key="k", k=k)
    same = same_vectors(unit) if same is None else same
    return near_groups(unit, near_pairs(graph, unit, tau, same), tau, same=same)


def distances(unit):
    wide = unit.astype(np.float64)
    return np.linalg.norm(wide[:, None] - wide[None], axis=2)


def widest(away, groups):
    return max(away[np.ix_(groups == g, groups == g)].max() for g in np.unique(groups))


@settings(deadline=None, max_examples=40)
@given(
    st.integers(0, 2**32 - 1), st.integers(2, 70), st.integers(2, 6), st.floats(0.01, 0.8),
    st.sampled_from([3, 90]), st.sampled_from([5, 2000]),
)  # fmt: skip
def test_no_group_is_wider_than_twice_the_threshold(seed, n, dims, tau, k, largest):
    rng = np.random.default_rng(seed)
    walk = np.cumsum(rng.normal(scale=0.15, size=(n, dims)), axis=0) + 1
    walk[rng.integers(0, n, n // 4)] = walk[rng.integers(0, n, n // 4)]
    unit, before = unit_rows(walk), near.LARGEST
    near.LARGEST = largest
    try:
        groups = grouped(unit, tau, k)
    finally:
        near.LARGEST = before
    away = distances(unit)
    assert widest(away, groups) <= 2 * tau + 1e-9
    for group in np.unique(groups):
        rows = np.flatnonzero(groups == group)
        if len(rows) > 1:  # each has a near one of the same group
            inner = away[np.ix_(rows, rows)] + 9 * np.eye(len(rows))
            assert (inner.min(axis=1) <= tau + 1e-6).all()
    assert groups[0] == 0
    assert np.array_equal(np.unique(groups), np.arange(groups.max() + 1))


def test_pairs_alone_are_never_parted_and_strangers_never_joined():
    rng = np.random.default_rng(3)
    plain = rng.standard_normal((300, 16))
    unit = unit_rows(np.concatenate([plain, plain[:60] + 0.004 * rng.standard_normal((60, 16))]))
    away = distances(unit)
    tau = float(np.sort(away[np.triu_indices(360, 1)])[60]) * 0.9
    groups = grouped(unit, tau)
    assert all(groups[row] == groups[300 + row] for row in range(60))
    assert len(np.unique(groups)) == 300


def test_a_chain_of_many_is_cut_into_short_pieces(monkeypatch):
    monkeypatch.setattr(near, "LARGEST", 50)
    angle = np.arange(400) * 0.004
    unit = unit_rows(np.stack([np.cos(angle), np.sin(angle)], axis=1))
    groups = grouped(unit, 0.005)
    assert widest(distances(unit), groups) <= 0.01 + 1e-9
    assert len(np.unique(groups)) >= 400 / 3


def test_tens_of_thousands_of_one_picture_are_one_group_at_once():
    unit = unit_rows(np.tile(np.arange(1, 9.0), (50_000, 1)))
    unit[-1] = unit_rows(np.ones((1, 8)))[0]
    other = np.zeros((50_000, 5), np.int32) + np.arange(5, dtype=np.int32)
    graph = Neighbors("k", other, np.zeros((50_000, 5), np.float32), True, 1.0)
    graph.distances[-1] = 1.0
    same = same_vectors(unit)
    groups = near_groups(unit, near_pairs(graph, unit, 1e-6, same), 1e-6, same=same)
    assert groups[:-1].max() == 0
    assert groups[-1] == 1


def test_thousands_within_a_ball_need_no_table_of_all_distances(monkeypatch):
    """Frames of a standing camera: all near each other, none equal."""
    monkeypatch.setattr(near, "LARGEST", 200)
    rng = np.random.default_rng(0)
    unit = unit_rows(1 + 0.001 * rng.standard_normal((5000, 12)))
    groups = grouped(unit, 0.02, k=10)
    assert groups.max() == 0


def test_groups_larger_than_the_graph_are_still_linked():
    """Two bursts of 40 each, near each other; the graph of 8 neighbours never crosses."""
    rng = np.random.default_rng(1)
    centre = rng.standard_normal(10)
    one = centre + 0.001 * rng.standard_normal((40, 10))
    two = centre + 0.05 * rng.standard_normal(10) + 0.001 * rng.standard_normal((40, 10))
    unit = unit_rows(np.concatenate([one, two]))
    away = distances(unit)
    tau = float(away[:40, 40:].max()) * 1.01
    graph = find_neighbors(unit, key="k", k=8)
    assert (graph.indices[:40] < 40).all()
    assert grouped(unit, tau, k=8).max() == 0


def test_pictures_of_equal_pixels_stay_together_however_far_their_vectors_are():
    unit = unit_rows(np.array([[1, 0], [0, 1], [1, 0.001], [-1, 0]]))
    groups = grouped(unit, 0.01, same=np.array([0, 0, 2, 3]))
    assert groups.tolist() == [0, 0, 0, 1]


def test_pixels_bring_together_what_vectors_hold_apart():
    unit = unit_rows(np.eye(4))
    pairs = np.array([[0, 1], [0, 2], [1, 2], [2, 3]])
    alike = Alike(pairs, np.array([0.5, 0.9, 1.9, 1.01]), np.zeros(4, int), np.zeros(4, int))
    none = np.zeros((0, 2), np.int64)
    assert near_groups(unit, none, 0.1, alike=alike).tolist() == [0, 0, 0, 1]
    far = Alike(pairs, np.array([0.5, 0.9, 2.1, 1.01]), np.zeros(4, int), np.zeros(4, int))
    cut = near_groups(unit, none, 0.1, alike=far)
    assert cut[0] == cut[1] != cut[2]  # 1 and 2 are too far apart: the nearer pair stays
    silent = near_groups(unit, none, 0.1, alike=alike, linking=False)
    assert silent.tolist() == [0, 1, 2, 3]


@pytest.mark.parametrize("n", [0, 1, 2])
def test_tiny_sets(n):
    unit = unit_rows(np.ones((n, 3)))
    graph = find_neighbors(unit, key="k") if n else Neighbors(
        "k", np.zeros((0, 0), np.int32), np.zeros((0, 0), np.float32), True, 1.0
    )  # fmt: skip
    same = np.arange(n)
    groups = near_groups(unit, near_pairs(graph, unit, 0.1, same), 0.1, same=same)
    assert groups.tolist() == [0] * n

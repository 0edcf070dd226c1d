"""Edge cases, how many of them are enough, near-duplicates, and the exact search for them."""

import numpy as np
import pytest
from vectorsets import blobs

from core.clusters.micro import find_micro_clusters
from core.curate.coverage import expected_new_cluster_probability
from core.curate.duplicates import (
    cross_pairs,
    duplicate_groups,
    duplicate_threshold,
    graph_pairs,
    join,
    keepers,
)
from core.curate.edges import edge_radius, edge_rows, neighbor_distance
from core.curate.saturation import saturation
from core.neighbors import find_neighbors
from core.space import unit_rows


def space(vectors, k=90):
    unit = unit_rows(np.asarray(vectors, np.float32))
    graph = find_neighbors(unit, key="g", k=k)
    return unit, graph, find_micro_clusters(unit, key="m", neighbors=graph)


def planted(groups=20, size=5, common=900, seed=0):
    """Return a tight crowd and groups of edge cases far from it and from each other."""
    random = np.random.default_rng(seed)
    centres = np.eye(groups + 1)[1:] * 3
    crowd = np.eye(groups + 1)[0] * 3 + 0.05 * random.standard_normal((common, groups + 1))
    edges = np.repeat(centres, size, axis=0) + 0.01 * random.standard_normal(
        (groups * size, groups + 1)
    )
    return np.concatenate([crowd, edges])


# -- edge cases ------------------------------------------------------------------------------------


def test_edge_cases_are_small_groups_and_the_loneliest_tenth():
    unit, graph, micro = space(blobs([60, 60, 40, 3, 2, 1], spread=0.2)[0])
    found = edge_rows(graph, micro)
    away = np.linalg.norm(unit[:, None].astype(np.float64) - unit[None], axis=2)
    ten = np.sort(away, axis=1)[:, 1:11].mean(axis=1)
    assert neighbor_distance(graph) == pytest.approx(ten, abs=1e-6)
    assert edge_radius(graph) == pytest.approx(np.quantile(ten, 0.9), abs=1e-6)
    small = np.bincount(micro.labels)[micro.labels] <= 3
    assert np.array_equal(found, small | (ten > np.quantile(ten, 0.9)))


def test_what_is_the_same_throughout_has_no_edge_cases():
    unit, graph, micro = space(np.ones((40, 3)))
    assert not edge_rows(graph, micro).any()
    assert saturation(unit, graph, micro) is None


# -- saturation ------------------------------------------------------------------------------------


@pytest.mark.parametrize(("groups", "size"), [(20, 5), (10, 8), (30, 3)])
def test_saturation_finds_the_planted_number_of_groups_within_one_step(groups, size):
    unit, graph, micro = space(planted(groups, size, 9 * groups * size))
    is_edge = edge_rows(graph, micro)
    assert is_edge[-groups * size :].all()
    found = saturation(unit, graph, micro, pool=np.flatnonzero(
        np.arange(len(unit)) >= len(unit) - groups * size
    ))  # fmt: skip
    assert found.edges == groups * size
    step = max(1, round(found.edges / 100))
    assert abs(found.suggested - groups) <= step
    assert found.s[found.budgets.index(found.suggested)] == 1.0
    assert f"{found.suggested:,} of them" in found.text


def test_the_curve_is_the_share_of_edge_cases_near_one_that_was_taken():
    """Greedy by brute force over all pairs gives the same curve."""
    unit, graph, micro = space(np.random.default_rng(3).standard_normal((300, 6)), k=299)
    found = saturation(unit, graph, micro)
    edges = np.flatnonzero(edge_rows(graph, micro))
    away = np.linalg.norm(unit[edges][:, None].astype(np.float64) - unit[edges][None], axis=2)
    near = away <= found.radius
    hidden, shown = np.ones(len(edges), bool), [0.0]
    for _ in range(found.budgets[-1]):
        best = int(np.argmax((near & hidden).sum(axis=1)))
        hidden &= ~near[best]
        shown.append(1 - hidden.mean())
    assert found.s == pytest.approx([shown[m] for m in found.budgets])
    gains = np.diff([*found.s, 1.0])
    assert found.gain_next[:-2] == pytest.approx(gains[:-2])
    assert found.budgets[0] == 0
    assert found.s[-1] == 1.0


def test_the_chance_of_a_new_cluster_is_what_drawing_shows():
    unit, graph, micro = space(blobs([30] * 6 + [3] * 10 + [1] * 10, spread=0.15)[0])
    chosen = np.arange(0, 180, 6)
    found = saturation(unit, graph, micro, chosen=chosen)
    labels, sizes = np.asarray(micro.labels), np.bincount(micro.labels)
    edge = edge_rows(graph, micro)
    base = chosen[~edge[chosen]]
    hit = np.isin(labels, labels[base])
    rest = np.setdiff1d(np.arange(len(unit)), base)
    assert found.common == len(base)
    assert found.new_cluster_probability[0] == pytest.approx((~hit[rest]).mean())
    for budget, told in zip(found.budgets, found.random_new_cluster_probability, strict=True):
        exact = expected_new_cluster_probability(sizes, len(unit), len(base) + budget)
        assert told == pytest.approx(exact)
    random, n = np.random.default_rng(0), len(base)
    drawn = [random.permutation(len(unit))[: n + 1] for _ in range(4000)]
    new = np.mean([labels[one[-1]] not in labels[one[:-1]] for one in drawn])
    assert new == pytest.approx(found.random_new_cluster_probability[0], abs=0.03)


def test_the_drift_is_that_of_the_centre_of_the_mixture():
    unit, graph, micro = space(planted(common=900))
    found = saturation(unit, graph, micro)
    edge = edge_rows(graph, micro)
    wide = unit.astype(np.float64)
    common = wide[~edge]
    spread = np.sqrt(np.square(common - common.mean(axis=0)).sum(axis=1).mean())
    m = found.budgets[-1]
    share = m / (m + len(common))
    mixture = (1 - share) * common.mean(axis=0) + share * wide[edge].mean(axis=0)
    away = np.linalg.norm(mixture - common.mean(axis=0)) / spread
    assert found.drift[-1] == pytest.approx(away, rel=1e-5)
    assert found.drift[0] == 0


def test_a_choice_is_told_how_many_edge_cases_it_shows():
    unit, graph, micro = space(planted(10, 8, 720))
    edges = np.arange(720, 800)
    found = saturation(unit, graph, micro, chosen=np.array([0, 1, 720, 728]), pool=edges)
    assert (found.taken, found.taken_s) == (2, pytest.approx(16 / found.edges))


# -- near-duplicates -------------------------------------------------------------------------------


def test_the_threshold_is_a_third_of_the_median_nearest_distance():
    _, graph, _ = space(np.random.default_rng(0).standard_normal((60, 5)))
    assert duplicate_threshold(graph) == pytest.approx(np.median(graph.distances[:, 0]) / 3)


def test_copies_say_nothing_of_the_threshold():
    plain = np.random.default_rng(0).standard_normal((60, 5))
    alone = duplicate_threshold(space(plain)[1])
    copied = duplicate_threshold(space(np.concatenate([plain, plain]))[1])
    assert copied == pytest.approx(alone, rel=1e-3)
    assert duplicate_threshold(space(np.ones((5, 3)))[1]) == 0


def test_injected_duplicates_are_found_and_nothing_else():
    random = np.random.default_rng(1)
    plain = random.standard_normal((400, 16))
    copies = plain[:80] + 0.005 * random.standard_normal((80, 16))
    unit, graph, _ = space(np.concatenate([plain, copies]))
    groups = duplicate_groups(graph, duplicate_threshold(graph), unit)
    assert all(groups[row] == groups[400 + row] for row in range(80))
    assert len(np.unique(groups)) == 400


def test_a_chain_is_cut_where_its_ends_are_too_far_apart():
    angle = np.arange(40) * 0.02
    unit, graph, _ = space(np.stack([np.cos(angle), np.sin(angle)], axis=1))
    whole = duplicate_groups(graph, 0.021)
    assert len(np.unique(whole)) == 1
    cut = duplicate_groups(graph, 0.021, unit)
    for group in np.unique(cut):
        members = unit[cut == group].astype(np.float64)
        assert np.linalg.norm(members[:, None] - members[None], axis=2).max() <= 0.042 + 1e-6
    assert len(np.unique(cut)) > 10


def test_the_one_that_stays_is_the_labelled_one_else_the_middle_one():
    unit = unit_rows(np.array([[1, 0], [1, 0.01], [1, 0.02], [0, 1], [0.01, 1], [1, 1]]))
    groups = np.array([0, 0, 0, 1, 1, 2])
    none = np.zeros(6, bool)
    assert keepers(unit, groups, none).tolist() == [1, 3, 5]
    labelled = none.copy()
    labelled[[2, 4]] = True
    assert keepers(unit, groups, labelled).tolist() == [2, 4, 5]
    assert keepers(unit, np.array([0, -1, 0, -1, 1, -1]), none).tolist() == [0, 4]


def test_groups_are_numbered_by_their_first_item():
    assert join(np.array([4, 1]), np.array([1, 3]), 6).tolist() == [0, 1, 2, 1, 1, 3]


@pytest.mark.parametrize("tau", [0.0, 0.05, 0.4])
@pytest.mark.parametrize("dims", [2, 30])
def test_every_pair_across_within_a_distance_is_found(tau, dims):
    random = np.random.default_rng(dims)
    unit = unit_rows(random.standard_normal((700, dims)))
    unit[600:] = unit[:100]
    unit[500:540] = unit_rows(unit[:40] + 1e-4)
    side = random.integers(-1, 3, 700).astype(np.int8)
    wide = unit.astype(np.float64)
    away = np.linalg.norm(wide[:, None] - wide[None], axis=2)
    apart = (side[:, None] != side[None]) & (side[:, None] >= 0) & (side[None] >= 0)
    wanted = np.argwhere(np.triu(apart & (away <= tau)))
    assert len(wanted) > 10
    assert np.array_equal(cross_pairs(unit, side, tau), wanted)


def test_the_exact_search_finds_what_the_graph_does_not_know():
    """Ninety neighbours are not enough where a hundred and fifty items are the same."""
    vectors = np.concatenate([np.ones((150, 4)), np.eye(4)[np.arange(50) % 4] + 0.3])
    unit, graph, _ = space(vectors, k=20)
    side = (np.arange(200) % 2).astype(np.int8)
    known = {tuple(sorted(pair)) for pair in zip(*graph_pairs(graph, 1e-6), strict=True)}
    found = {tuple(pair) for pair in cross_pairs(unit, side, 1e-6).tolist()}
    assert len([pair for pair in found if pair[1] < 150]) == 75 * 75
    assert len(found - known) > 1000

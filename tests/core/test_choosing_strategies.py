"""Every strategy of choosing: what all keep to, and what each promises."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits

from core.clusters.micro import find_micro_clusters
from core.curate.balanced import strata
from core.curate.kcenter import k_center
from core.curate.picks import Budget, PickSpace, StrategyOptions, make_pool
from core.curate.quota import groups_for, uncovered
from core.curate.shares import allot, in_turn, shares
from core.curate.strategies import STRATEGIES, choose
from core.errors import InputError, JobCancelled
from core.neighbors import find_neighbors
from core.progress import Progress
from core.space import unit_rows

EVERY = sorted(STRATEGIES)


def space_of(vectors, labels=None):
    unit = unit_rows(vectors)
    neighbors = find_neighbors(unit, key="n", k=30)
    micro = find_micro_clusters(unit, key="m", neighbors=neighbors)
    return PickSpace(unit, neighbors, micro, labels)


@pytest.fixture(scope="module")
def digits():
    found = load_digits()
    return space_of(found.data.astype(np.float32), found.target.astype(str))


def blobs(n, dims, seed, groups=6):
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(groups, dims))
    which = rng.integers(groups, size=n)
    return centres[which] + 0.3 * rng.normal(size=(n, dims)), which


@pytest.mark.parametrize("strategy", EVERY)
@settings(max_examples=12, deadline=None)
@given(st.integers(3, 80), st.integers(0, 10**6), st.integers(1, 90), st.booleans())
def test_what_every_strategy_keeps_to(strategy, n, seed, wanted, copies):
    vectors, which = blobs(n, 4, seed)
    if copies:
        vectors[n // 2 :] = vectors[: n - n // 2]
    space = space_of(vectors, which.astype(object))
    rng = np.random.default_rng(seed)
    already, candidates = np.flatnonzero(rng.random(n) < 0.2), np.flatnonzero(rng.random(n) < 0.8)
    pool = make_pool(n, candidates, already)
    if not len(pool):
        return

    def run():
        return choose(strategy, space, wanted, candidates=candidates, already=already, seed=seed)

    found = run()
    assert len(found.rows) == len(found.gains) == min(wanted, len(pool))
    assert len(set(found.rows.tolist())) == len(found.rows)
    assert set(found.rows.tolist()) <= set(pool.rows.tolist())
    assert found.total == found.gains.sum()
    assert found.gains.min() >= -1e-5
    assert found.objective
    assert found.rows.tolist() == run().rows.tolist()
    if found.clusters is not None:
        assert len(found.clusters) == len(found.rows)


@pytest.mark.parametrize("strategy", EVERY)
def test_identical_images_are_chosen_without_complaint(strategy):
    space = space_of(np.ones((40, 3)), np.array(["a"] * 40))

    found = choose(strategy, space, 10)

    assert len(set(found.rows.tolist())) == 10
    assert np.isfinite(found.gains).all()
    assert np.abs(found.gains[1:]).max() < 1e-5


@pytest.mark.parametrize("strategy", EVERY)
def test_without_a_graph_or_clusters_what_is_needed_is_found(strategy):
    vectors, which = blobs(120, 5, 3)

    found = choose(strategy, PickSpace(unit_rows(vectors), labels=which), 12)

    assert len(set(found.rows.tolist())) == 12


@pytest.mark.parametrize("strategy", EVERY)
def test_stopping_early_takes_some_and_not_all(strategy, digits):
    found = choose(strategy, digits, None, until=0.02)

    assert 0 < len(found.rows) < len(digits.unit) / 2
    fewer = choose(strategy, digits, None, until=0.2)
    assert len(fewer.rows) < len(found.rows)


@pytest.mark.parametrize("strategy", EVERY)
def test_choosing_can_be_cancelled(strategy, digits):
    with pytest.raises(JobCancelled):
        choose(strategy, digits, 20, progress=Progress(cancelled=lambda: True))


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"strategy": "best"}, "best"), ({"n": 0}, "budget"), ({"n": None}, "budget"),
        ({"until": 1.5}, "budget"),
        ({"candidates": np.array([3]), "already": np.array([3])}, "pool"),
        ({"already": np.array([5000])}, "already"), ({"candidates": np.array([-1])}, "candidates"),
    ],
)  # fmt: skip
def test_a_request_that_makes_no_sense_is_explained(digits, given, named):
    request = {"strategy": "representative", "n": 5, **given}
    with pytest.raises(InputError, match=named):
        choose(request.pop("strategy"), digits, request.pop("n"), **request)


@pytest.mark.parametrize("wrong", [{"alpha": 2}, {"gamma": -1}, {"edge_share": 1.2}])
def test_an_option_out_of_range_is_explained(wrong):
    with pytest.raises(InputError, match=next(iter(wrong))):
        StrategyOptions(**wrong)


# --- full coverage ----------------------------------------------------------------------------


def planted(seed):
    """4,000 images, of which 1 % are in 20 tight groups of two; and the group of each."""
    rng = np.random.default_rng(seed)
    common = rng.normal(size=(5, 24))[rng.integers(5, size=3960)] + 0.5 * rng.normal(
        size=(3960, 24)
    )
    modes = 3 * rng.normal(size=(20, 24))
    rare = np.repeat(modes, 2, axis=0) + 0.02 * rng.normal(size=(40, 24))
    return np.vstack([common, rare]), np.r_[np.full(3960, -1), np.repeat(np.arange(20), 2)]


@pytest.mark.parametrize("seed", range(3))
def test_full_coverage_covers_every_group_and_every_planted_rare_mode(seed):
    vectors, mode = planted(seed)
    space = space_of(vectors)
    groups = int(space.micro.labels.max()) + 1

    found = choose("coverage", space, groups)

    assert set(space.micro.labels[found.rows]) == set(range(groups))
    assert set(mode[found.rows]) == {-1, *range(20)}
    more = choose("coverage", space, groups + 200)
    assert set(mode[more.rows]) == {-1, *range(20)}


def test_there_are_never_more_groups_than_places(digits):
    found = choose("coverage", digits, 60)

    assert found.notes
    assert "385" in found.notes[0]
    assert len(set(found.clusters.tolist())) == 60  # as many as places, one in each
    assert len(choose("coverage", digits, 385).notes) == 0


def test_groups_are_cut_until_all_that_wait_can_be_covered(digits):
    """What is chosen already sits in one corner and covers few of the new groups."""
    corner = np.argsort(((digits.unit - digits.unit[0]) ** 2).sum(axis=1))[:300]

    found = choose("coverage", digits, 50, already=corner)

    groups = set(found.clusters.tolist())
    assert len(groups) >= 25
    assert found.gains.min() > 0
    labels = groups_for(
        digits, 50, make_pool(len(digits.unit), None, corner), seed=0, progress=Progress()
    ).labels
    assert len(uncovered(labels, make_pool(len(labels), None, corner))) <= 50


def test_groups_that_are_covered_already_come_last(digits):
    labels = np.asarray(digits.micro.labels)
    already = np.array([np.flatnonzero(labels == c)[0] for c in range(200)])

    found = choose("coverage", digits, 185, already=already)

    assert set(labels[found.rows]) == set(range(200, 385))


def test_in_a_group_the_medoid_comes_first(digits):
    found = choose("coverage", digits, 385)

    medoids = digits.micro.table.set_index("cluster")["medoid"]
    for row, group in zip(found.rows[:40], found.clusters[:40], strict=True):
        members = digits.unit[digits.micro.labels == group].astype(np.float64)
        cost = ((members[:, None] - members) ** 2).sum(axis=2).sum(axis=1)
        mine = ((members - digits.unit[row]) ** 2).sum()
        assert mine == pytest.approx(cost.min(), rel=1e-5)
        assert medoids[group] == row or mine == pytest.approx(cost.min(), rel=1e-5)


@pytest.mark.parametrize(
    ("weights", "least", "most", "total", "expected"),
    [
        ([1, 1, 2], [0, 0, 0], [9, 9, 9], 4, [1, 1, 2]),
        ([1, 1, 8], [1, 1, 1], [9, 9, 3], 7, [2, 2, 3]),
        ([1, 2, 3], [1, 1, 1], [1, 2, 3], 6, [1, 2, 3]),
        ([5, 3, 1], [1, 1, 1], [5, 5, 5], 2, [1, 1, 0]),
        ([1, 1, 1], [0, 0, 0], [9, 9, 9], 4, [2, 1, 1]),
        ([6, 3, 1], [1, 1, 1], [99, 99, 99], 11, [7, 3, 1]),  # 6.67, 3.33, 1
    ],
)
def test_shares_by_hand(weights, least, most, total, expected):
    found = shares(np.array(weights, float), np.array(least), np.array(most), total)
    assert found.tolist() == expected


@given(
    st.lists(st.tuples(st.integers(1, 50), st.integers(0, 9)), min_size=1, max_size=30),
    st.floats(0, 1), st.integers(1, 400),
)  # fmt: skip
def test_allotted_numbers_fit(groups, power, n):
    sizes, have = np.array(groups).T

    found = allot(sizes, have, power, n)

    assert found.sum() == min(n, sizes.sum())
    assert (found >= 0).all()
    assert (found <= sizes).all()
    waiting = have == 0
    if n >= waiting.sum():
        assert (found[waiting] >= 1).all()
    else:
        assert found[waiting].max() == 1
        assert sizes[waiting & (found == 1)].min() >= sizes[waiting & (found == 0)].max()


def test_the_smallest_group_gets_its_one():
    none = np.zeros(4, int)

    assert allot(np.array([500, 1, 1, 1]), none, 1.0, 5).tolist() == [2, 1, 1, 1]
    assert allot(np.array([500, 1, 1, 1]), np.array([9, 0, 0, 1]), 1.0, 3).tolist() == [1, 1, 1, 0]
    assert allot(np.array([500, 1, 1, 1]), none, 1.0, 3).tolist() == [1, 1, 1, 0]


def test_turns_are_taken_in_proportion():
    group, turn = in_turn(np.array([4, 2, 0, 1]), np.array([0, 1, 2, 3]))

    assert group.tolist() == [0, 1, 0, 3, 0, 1, 0]
    assert turn.tolist() == [0, 0, 1, 0, 2, 1, 3]


# --- balanced, low budget, edges ----------------------------------------------------------------


def test_balanced_gives_each_value_the_same_and_missing_values_too():
    vectors, _ = blobs(300, 6, 0)
    labels = np.array(["a"] * 200 + ["b"] * 60 + ["c"] * 10 + [None] * 20 + [""] * 5 + [np.nan] * 5,
                      dtype=object)  # fmt: skip
    space = space_of(vectors, labels)
    codes = strata(labels)
    assert len(set(codes[270:])) == 1
    assert np.bincount(codes).tolist() == [200, 60, 10, 30]

    def counts(n, **options):
        rows = choose("balanced", space, n, options=StrategyOptions(**options)).rows
        return np.bincount(codes[rows], minlength=4).tolist()

    assert counts(40) == [10, 10, 10, 10]
    assert counts(61) == [17, 17, 10, 17]  # c has no more; the rest is shared
    assert counts(30, gamma=1.0) == [20, 6, 1, 3]
    assert counts(3) == [1, 1, 0, 1]
    assert counts(40, inside="extremes") == [10, 10, 10, 10]


def test_balanced_counts_what_is_labelled_already():
    vectors, which = blobs(300, 6, 0, groups=3)
    space = space_of(vectors, which)
    already = np.flatnonzero(which == 0)[:12]

    rows = choose("balanced", space, 24, already=already).rows

    assert np.bincount(which[rows], minlength=3).tolist() == [0, 12, 12]


def test_balanced_needs_a_column_and_another_strategy_inside(digits):
    nothing = PickSpace(digits.unit, digits.neighbors, digits.micro)
    with pytest.raises(InputError, match="species"):
        choose("balanced", nothing, 5, options=StrategyOptions(column="species"))
    with pytest.raises(InputError, match="inside"):
        choose("balanced", digits, 5, options=StrategyOptions(inside="balanced"))


def test_low_budget_takes_the_most_typical_of_every_blob():
    vectors, which = blobs(600, 12, 5, groups=6)
    space = space_of(vectors)

    found = choose("low-budget", space, 6)

    assert set(which[found.rows]) == set(range(6))
    lonely = space.neighbors.distances[:, :20].mean(axis=1)
    for row in found.rows:
        assert lonely[row] == lonely[which == which[row]].min()
    assert found.total == pytest.approx(1.0)
    rest = choose("low-budget", space, 3, already=found.rows[:3])
    assert set(which[rest.rows]) >= set(which[found.rows[3:]])


def test_edges_take_their_share_of_unlike_edge_cases(digits):
    from core.curate.edges import edge_rows

    edge = edge_rows(digits.neighbors, digits.micro)

    found = choose("edges", digits, 100, options=StrategyOptions(edge_share=0.3))

    common = choose("representative", digits, 70)
    assert found.rows[:70].tolist() == common.rows.tolist()
    assert edge[found.rows[70:]].all()
    left = np.setdiff1d(np.flatnonzero(edge), common.rows)
    alone = k_center(digits.unit, 30, make_pool(len(edge), left, common.rows))
    assert found.rows[70:].tolist() == alone.rows.tolist()
    assert choose("edges", digits, 9999).total == pytest.approx(len(digits.unit), abs=1e-3)


# --- when to stop -------------------------------------------------------------------------------


def test_the_rule_for_stopping_by_hand():
    budget = Budget(100, 0.1, 200)  # steps of two

    assert budget.kept([5, 5, 3, 3, 1, 1, 0.5, 0.5, 0.4, 0.4]) == 6
    assert budget.kept([5, 5]) == 2
    assert not budget.enough([5, 5, 3])
    assert budget.enough([5, 5, 3, 3, 1, 1, 0.5, 0.5])
    assert Budget(3, 0.1, 200).kept([5, 5, 5, 5]) == 3
    assert Budget(100, 0.1, 200, base=1000).kept([5, 5, 3]) == 0
    assert Budget(4, None, 200).enough([1, 1, 1, 1])

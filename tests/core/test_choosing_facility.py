"""Facility location: apricot's answer, a naive greedy, and the properties of submodularity."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.datasets import load_digits

from core.curate import cover, facility
from core.curate.facility import facility_location
from core.curate.picks import PickSpace, make_pool
from core.errors import JobCancelled
from core.neighbors import find_neighbors
from core.progress import Progress
from core.space import unit_rows

#: What apricot-select 0.6.1 chooses, in order, from the first 1,000 of scikit-learn's digits
#: (`FacilityLocationSelection(50, metric="precomputed", optimizer="lazy").fit(S)`, S the cosines
#: in float64; numpy 2.4.6 with `np.int` put back; its naive optimizer gives the same).
APRICOT = [
    424, 615, 185, 983, 339, 468, 692, 407, 331, 840, 514, 991, 396, 438, 938, 360, 765, 823, 213,
    959, 2, 785, 236, 410, 270, 117, 132, 556, 754, 619, 640, 460, 533, 449, 305, 370, 929, 451,
    200, 881, 797, 384, 885, 696, 233, 900, 558, 345, 629, 995,
]  # fmt: skip
APRICOT_OBJECTIVE = 939.4593945002857


@pytest.fixture(scope="module")
def digits():
    return unit_rows(load_digits().data.astype(np.float32))


def clusters(n, dims, seed, groups=8):
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(groups, dims))
    return unit_rows(centres[rng.integers(groups, size=n)] + 0.3 * rng.normal(size=(n, dims)))


def objective(unit, items, chosen):
    """Σ over items of the cosine to the most similar chosen row, 0 at least, in float64."""
    wide = unit.astype(np.float64)
    return float(np.maximum(wide[items] @ wide[chosen].T, 0).max(axis=1, initial=0).sum())


def naive(unit, n, candidates, already=()):
    """Take the largest gain each time, with everything computed anew."""
    wide = unit.astype(np.float64)
    similar = np.maximum(wide[candidates] @ wide[candidates].T, 0)
    best = np.zeros(len(candidates))
    if len(already):
        best = np.maximum(wide[candidates] @ wide[already].T, 0).max(axis=1)
    rows = []
    for _ in range(n):
        gains = np.maximum(similar - best, 0).sum(axis=1)
        gains[[list(candidates).index(r) for r in rows]] = -1
        at = int(np.argmax(gains))
        rows.append(int(candidates[at]))
        best = np.maximum(best, similar[at])
    return rows


def choose(unit, n, candidates=None, already=None, neighbors=None, **more):
    pool = make_pool(len(unit), candidates, already)
    return facility_location(PickSpace(unit, neighbors), n, pool, **more)


def test_apricot_chooses_the_same(digits):
    found = choose(digits[:1000], 50)

    assert found.rows.tolist() == APRICOT
    assert found.total == pytest.approx(APRICOT_OBJECTIVE, abs=1e-4)


def test_a_naive_greedy_chooses_the_same_with_images_already_chosen(digits):
    candidates, already = np.arange(100, 700), np.arange(0, 300, 20)

    found = choose(digits, 40, candidates, already)

    left = np.setdiff1d(candidates, already)
    assert found.rows.tolist() == naive(digits, 40, left, already)
    there = objective(digits, left, already)
    with_it = objective(digits, left, np.concatenate([already, found.rows]))
    assert found.total == pytest.approx(with_it - there, abs=1e-3)


@pytest.mark.parametrize("kept", [1, 60_000, 10**9])
def test_how_much_is_kept_in_memory_changes_nothing(digits, monkeypatch, kept):
    expected = naive(digits[:600], 30, np.arange(600))
    monkeypatch.setattr(facility, "KEPT", kept)
    monkeypatch.setattr(facility, "BATCH", 16)
    monkeypatch.setattr(cover, "BLOCK", 50_000)

    assert choose(digits[:600], 30).rows.tolist() == expected


def test_a_graph_with_every_neighbour_is_exact(digits):
    some = digits[:300]
    graph = find_neighbors(some, key="k", k=299)

    found = choose(some, 25, neighbors=graph, exact_up_to=0)

    assert found.rows.tolist() == naive(some, 25, np.arange(300))
    assert "near neighbours" in found.objective


def test_the_sparse_choice_is_nearly_as_good(digits):
    graph = find_neighbors(digits, key="k", k=90)

    sparse = choose(digits, 100, neighbors=graph, exact_up_to=0)
    exact = choose(digits, 100)

    everyone = np.arange(len(digits))
    assert objective(digits, everyone, sparse.rows) >= 0.99 * exact.total
    assert (np.diff(sparse.gains) <= 1e-4).all()


def test_a_small_pool_of_a_large_graph_gets_a_graph_of_its_own(digits):
    graph = find_neighbors(digits, key="k", k=30)
    candidates = np.arange(0, len(digits), 9)

    found = choose(digits, 20, candidates, neighbors=graph, exact_up_to=0)

    own = find_neighbors(digits[candidates], key="k", k=100)
    expected = choose(digits[candidates], 20, neighbors=own, exact_up_to=0)
    assert found.rows.tolist() == candidates[expected.rows].tolist()
    assert found.total == pytest.approx(expected.total)


@settings(max_examples=25, deadline=None)
@given(
    st.integers(2, 60), st.integers(1, 6), st.integers(0, 10**6), st.booleans(), st.integers(1, 70)
)
def test_gains_fall_and_sum_to_what_is_reached(n, dims, seed, sparse, wanted):
    unit = clusters(n, dims, seed)
    rng = np.random.default_rng(seed)
    already = np.flatnonzero(rng.random(n) < 0.2)
    candidates = np.flatnonzero(rng.random(n) < 0.8)
    pool = make_pool(n, candidates, already)
    if not len(pool):
        return
    found = choose(
        unit, min(wanted, len(pool)), candidates, already, exact_up_to=0 if sparse else n
    )

    assert len(set(found.rows.tolist())) == len(found.rows) == min(wanted, len(pool))
    assert set(found.rows.tolist()) <= set(pool.rows.tolist())
    assert (np.diff(found.gains) <= 1e-5).all()
    assert found.gains.min() >= -1e-6
    there = objective(unit, pool.rows, already)
    reached = objective(unit, pool.rows, np.concatenate([already, found.rows])) - there
    assert found.total == pytest.approx(found.gains.sum())
    if sparse:  # only near neighbours are stood for, so no more than what is really reached
        assert found.total <= reached + 1e-3
    else:
        assert found.total == pytest.approx(reached, abs=1e-3)


def test_it_stops_before_the_first_step_that_adds_too_little(digits):
    everything = choose(digits, len(digits))

    found = choose(digits, len(digits), until=0.05)

    step = 18  # 1 % of 1,797, rounded up
    middle = everything.gains[0]  # the first image is the one in the middle
    sums = np.cumsum(everything.gains) - middle
    ends = np.arange(2 * step, len(digits), step)
    little = sums[ends - 1] - sums[ends - step - 1] < 0.05 * sums[ends - step - 1]
    assert len(found.rows) == ends[np.argmax(little)] - step
    assert found.rows.tolist() == everything.rows[: len(found.rows)].tolist()


def test_copies_are_chosen_last_and_add_nothing():
    unit = np.repeat(clusters(20, 5, 0), 3, axis=0)

    found = choose(unit, 60)

    assert len(set(found.rows[:20].tolist())) == len(set((found.rows[:20] // 3).tolist())) == 20
    assert found.gains[:20].min() > 1e-3
    assert np.abs(found.gains[20:]).max() < 1e-5
    assert (found.rows[:20] % 3 == 0).all()  # of equals the lowest row


def test_work_can_be_cancelled(digits):
    with pytest.raises(JobCancelled):
        choose(digits, 10, progress=Progress(cancelled=lambda: True))

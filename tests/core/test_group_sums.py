"""Sums of arrangements in single precision decide as those in double precision do."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.morphology import groupsums
from core.morphology.groupsums import exact_sums, permuted_sums
from core.morphology.permanova import permanova
from core.morphology.permute import arrangements
from core.progress import Progress


def literal(points, groups):
    """Sums of squares between, and the denominator of F₂, written out."""
    n, between, weighted = len(points), 0.0, 0.0
    for code in np.unique(groups):
        own = points[groups == code]
        between += len(own) * ((own.mean(axis=0) - points.mean(axis=0)) ** 2).sum()
        spread = ((own - own.mean(axis=0)) ** 2).sum() / max(len(own) - 1, 1)
        weighted += (1 - len(own) / n) * spread
    return between, weighted


def made(seed, n=60, dims=5, groups=3, scale=1.0):
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(n, dims)) * scale
    return points - points.mean(axis=0), np.sort(rng.integers(0, groups, n))


def test_sums_are_those_written_out():
    points, groups = made(0)
    orders = arrangements(groups, None, 40, 0).orders
    found = exact_sums(points, groups, orders)
    for at, order in enumerate(orders):
        assert (found.between[at], found.weighted[at]) == pytest.approx(
            literal(points, groups[order]), rel=1e-10
        )


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 10_000),
    n=st.integers(9, 120),
    dims=st.sampled_from([1, 2, 17]),
    groups=st.integers(2, 5),
    scale=st.sampled_from([1e-20, 1.0, 1e15]),
    odd=st.sampled_from(["", "whole", "far", "tied"]),
)
def test_every_side_is_that_of_double_precision(seed, n, dims, groups, scale, odd):
    points, codes = made(seed, n, dims, groups, scale)
    codes = np.unique(codes, return_inverse=True)[1]
    if odd == "whole":  # many arrangements have exactly the value observed
        points = np.round(points / scale)
    elif odd == "far":
        points[seed % n] *= 1e6
    elif odd == "tied":
        points = np.repeat(points[: -(-n // 2)], 2, axis=0)[:n]
    points = points - points.mean(axis=0)
    orders = arrangements(codes, None, 99, seed).orders
    here = exact_sums(points, codes, np.arange(n)[None])
    if not here.weighted[0] > 0:
        return
    seen = float(here.between[0]), float(here.weighted[0])
    exact = exact_sums(points, codes, orders)
    quick = permuted_sums(points, codes, orders, seen, Progress())
    slack = 1e-10 * np.maximum(1, seen[0])
    assert np.array_equal(quick.between >= seen[0] - slack, exact.between >= seen[0] - slack)
    ratio = seen[0] / seen[1]
    slack = 1e-10 * max(1, ratio)
    with np.errstate(divide="ignore", invalid="ignore"):
        sides = [one.between / one.weighted >= ratio - slack for one in (quick, exact)]
    assert np.array_equal(*sides)
    assert quick.between == pytest.approx(exact.between, rel=1e-3, abs=1e-3 * seen[0])


def test_only_what_is_near_is_done_again(monkeypatch):
    again = []

    def counted(points, groups, orders):
        again.append(len(orders))
        return exact_sums(points, groups, orders)

    monkeypatch.setattr(groupsums, "exact_sums", counted)
    points, groups = made(1, n=400, dims=64, groups=4)
    points[groups == 0] += 0.5
    orders = arrangements(groups, None, 500, 0).orders
    here = exact_sums(points, groups, np.arange(400)[None])
    permuted_sums(points, groups, orders, (here.between[0], here.weighted[0]), Progress())
    assert again == []  # all far below what was observed
    again.clear()
    middle = exact_sums(points, groups, orders[:1])
    permuted_sums(points, groups, orders, (middle.between[0], middle.weighted[0]), Progress())
    assert 1 <= again[0] < 10  # itself, and hardly another


def test_memory_per_step_does_not_change_p(monkeypatch):
    points, groups = made(2, n=90, dims=8)
    before = permanova(points, groups, permutations=199, seed=3)
    monkeypatch.setattr(groupsums, "DEALT", 1)
    monkeypatch.setattr(groupsums, "SUMS", 1)
    after = permanova(points, groups, permutations=199, seed=3)
    assert (before.headline.p, before.classic.p) == (after.headline.p, after.classic.p)
    assert before.headline.statistic == after.headline.statistic

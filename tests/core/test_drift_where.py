"""Where two sets differ: attribution, clusters, columns, labels, places in the frame; scales."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist
from scipy.stats import chi2_contingency, mannwhitneyu

from core.drift.anchors import discrepancy, scale_of
from core.drift.approximate import approximate_mmd_test, feature_sums
from core.drift.attribution import attribute, counterparts
from core.drift.conditional import by_label
from core.drift.explain import explain
from core.drift.grown import changes
from core.drift.kernel import bandwidth, mmd_test, square_distances, witness
from core.drift.occupancy import occupancy_test, pooled_clusters
from core.drift.patches import patch_map
from core.drift.power import planted_power
from core.drift.units import sides_of
from core.errors import InputError

TWO = np.repeat([False, True], 150)


def blobs(seed, sizes, d=6, apart=6.0):
    """Return points of as many clusters as there are sizes, far from one another."""
    rng = np.random.default_rng(seed)
    middles = apart * np.eye(len(sizes), d)
    return np.concatenate([
        middle + 0.4 * rng.normal(size=(size, d))
        for middle, size in zip(middles, sizes, strict=True)
    ])  # fmt: skip


# -- attribution -----------------------------------------------------------------------------------


def test_shares_are_those_of_the_witness_and_sum_to_the_whole():
    rng = np.random.default_rng(0)
    points = rng.normal(size=(300, 5))
    points[TWO, 0] += 1
    found, known = attribute(points, TWO), witness(points, TWO)
    assert found.value == pytest.approx(known.value)
    assert found.share == pytest.approx(known.share)
    assert found.share.sum() == pytest.approx(found.total)
    groups = rng.integers(0, 7, 300)
    assert found.of_groups(groups, 7).sum() == pytest.approx(found.total)
    assert found.scale == pytest.approx(bandwidth(square_distances(points)))


def test_with_some_held_the_estimate_is_near():
    rng = np.random.default_rng(1)
    points = rng.normal(size=(4000, 4))
    second = np.arange(4000) % 2 == 1
    points[second, 0] += 1.5
    whole, part = attribute(points, second), attribute(points, second, held=500, seed=3)
    assert part.held == (500, 500)
    assert np.corrcoef(whole.value, part.value)[0, 1] > 0.99
    assert part.total == pytest.approx(whole.total, rel=0.15)


def test_an_empty_side_is_refused():
    with pytest.raises(InputError, match="empty"):
        attribute(np.eye(3), np.ones(3, bool))
    with pytest.raises(InputError, match="for 3 images"):
        attribute(np.eye(3), np.ones(2, bool))
    with pytest.raises(InputError, match="empty"):
        counterparts(np.eye(3), np.zeros((0, 3)))


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 30), st.integers(1, 30))
def test_counterparts_are_the_nearest(seed, n, m):
    rng = np.random.default_rng(seed)
    one, two = rng.normal(size=(n, 3)), rng.normal(size=(m, 3))
    nearest, distance = counterparts(one, two)
    apart = cdist(one, two)
    assert distance == pytest.approx(apart.min(axis=1), abs=1e-6)
    assert apart[np.arange(n), nearest] == pytest.approx(distance, abs=1e-12)


# -- clusters --------------------------------------------------------------------------------------


def changed(seed, first, second):
    """Return the changes of clusters of so many images on two sides, by code, sorted by place."""
    points = np.concatenate([blobs(seed, first), blobs(seed + 1, second)])
    side = np.repeat([False, True], [sum(first), sum(second)])
    sides = sides_of(side)
    clusters = pooled_clusters(points, len(first), 0)
    found = occupancy_test(clusters, sides, permutations=999)
    place = [int(points[clusters == code].mean(axis=0).argmax()) for code in range(len(first))]
    return {place[one.cluster]: one for one in changes(clusters, sides, found)}


def test_new_gone_and_grown_clusters_are_named():
    found = changed(3, [60, 60, 60, 0, 60], [60, 0, 120, 40, 60])
    assert [found[at].state for at in range(5)] == ["same", "gone", "grew", "new", "same"]
    assert (found[3].first, found[3].second) == (0, 40)
    assert found[3].share_second == 40 / 280
    for one in found.values():
        gap = one.share_second - one.share_first
        assert one.low < gap < one.high
        assert (one.low > 0) == (one.state in {"new", "grew"})
        assert (one.high < 0) == (one.state in {"gone", "shrank"})


def test_the_interval_of_single_images_is_newcombes():
    """Newcombe (1998), table II, example (a): 56/70 and 48/80, method 10: .0524 to .3339."""
    points = np.concatenate([np.zeros((80, 1)), np.zeros((70, 1))])
    clusters = np.r_[np.repeat([1, 0], [48, 32]), np.repeat([1, 0], [56, 14])]
    sides = sides_of(np.repeat([False, True], [80, 70]))
    found = changes(clusters, sides, occupancy_test(clusters, sides, permutations=99))[1]
    assert len(points) == len(clusters)
    assert found.low == pytest.approx(0.0524, abs=0.003)
    assert found.high == pytest.approx(0.3339, abs=0.003)


def test_images_of_one_unit_are_worth_less():
    rng = np.random.default_rng(5)
    units = np.repeat(np.arange(60), 10)
    clusters = np.repeat(rng.integers(0, 2, 60), 10)
    side = np.repeat(np.arange(60) % 2 == 1, 10)
    widths = []
    for given_units in (None, units):
        sides = sides_of(side, given_units)
        line = changes(clusters, sides, occupancy_test(clusters, sides, permutations=99))[0]
        widths.append(line.high - line.low)
    assert widths[1] > 2.5 * widths[0]  # √10 where units are all of one kind


def test_a_planted_mode_is_named_as_new():
    named = 0
    for seed in range(8):
        rng = np.random.default_rng(seed)
        old, new = rng.normal(size=(400, 6)), rng.normal(size=(380, 6))
        mode = rng.normal(0, 0.5, size=(20, 6)) + 9 * np.eye(6)[0]
        points = np.concatenate([old, new, mode])
        sides = sides_of(np.repeat([False, True], [400, 400]))
        clusters = pooled_clusters(points, 20, seed)
        lines = changes(clusters, sides, occupancy_test(clusters, sides, seed=seed))
        home = np.bincount(clusters[-20:]).argmax()
        named += lines[home].state == "new"
    assert named >= 7


# -- columns ---------------------------------------------------------------------------------------


def test_columns_are_judged_as_scipy_does_and_by_units():
    rng = np.random.default_rng(6)
    sides = sides_of(TWO)
    numbers = rng.normal(size=300) + 0.5 * TWO
    words = pd.Series(np.where(rng.random(300) < 0.3 + 0.3 * TWO, "day", "night"))
    columns = {
        "width": pd.Series(numbers), "light": words, "noise": pd.Series(rng.normal(size=300)),
        "same": pd.Series(np.ones(300)), "id": pd.Series([f"x{i}" for i in range(300)]),
        "empty": pd.Series([None] * 300, dtype="string"),
        "one side": pd.Series(np.where(TWO, numbers, np.nan)),
    }  # fmt: skip
    found = {line.column: line for line in explain(columns, sides, permutations=1999)}
    assert set(found) == {"width", "light", "noise"}
    test = mannwhitneyu(numbers[TWO], numbers[~TWO])
    assert found["width"].effect == pytest.approx(test.statistic / 150**2)
    assert found["width"].p == 1 / 2000  # SciPy: 4e-5
    assert test.pvalue < 1e-3
    table = pd.crosstab(words, TWO)
    chi = chi2_contingency(table, correction=False)
    assert found["light"].effect == pytest.approx(np.sqrt(chi.statistic / 300))
    shares = (words[TWO] == "day").mean(), (words[~TWO] == "day").mean()
    name, first, second = found["light"].most
    day = [share if name == "day" else 1 - share for share in shares]
    assert [second, first] == pytest.approx(day)
    noise = mannwhitneyu(columns["noise"][TWO], columns["noise"][~TWO]).pvalue
    assert found["noise"].p == pytest.approx(noise, abs=0.04)
    assert explain({}, sides) == []


def test_repeats_of_one_unit_are_no_evidence():
    rng = np.random.default_rng(7)
    units, side = np.repeat(np.arange(40), 20), np.repeat(np.arange(40) % 2 == 1, 20)
    values = pd.Series(np.repeat(rng.normal(size=40), 20) + 0.01 * rng.normal(size=800))
    alone = explain({"x": values}, sides_of(side))[0].p
    together = explain({"x": values}, sides_of(side, units))[0].p
    assert together > 10 * alone


# -- labels ----------------------------------------------------------------------------------------


def test_the_label_that_looks_different_comes_first():
    rng = np.random.default_rng(8)
    labels = np.tile(np.repeat([0, 1, 2, -1], [60, 60, 20, 10]), 2)
    points = rng.normal(size=(300, 4)) + 5 * (labels[:, None] == np.arange(4))
    moved = (labels == 1) & TWO
    points[moved, 3] += 1.5
    labels[(labels == 2) & TWO] = 0  # on one side only: cannot be tested
    found = by_label(points, TWO, labels, permutations=199)
    assert found[0].label == 1
    assert found[0].p_adjusted <= 0.01
    alone = next(line for line in found if line.label == 2)
    assert (alone.first, alone.second, alone.p_adjusted) == (20, 0, None)
    assert alone.test.status == "undefined"
    rows = labels == 1
    again = mmd_test(points[rows], sides_of(TWO[rows]), permutations=199)
    assert found[0].test.effect == pytest.approx(again.effect)


# -- without a table of all pairs ------------------------------------------------------------------


def test_random_features_give_the_kernel_and_an_honest_p():
    rng = np.random.default_rng(9)
    points = rng.normal(size=(600, 8))
    second = np.arange(600) % 2 == 1
    null = approximate_mmd_test(points, sides_of(second), permutations=199)
    points[second, 0] += 0.8
    found = approximate_mmd_test(points, sides_of(second), permutations=199, features=4096)
    exact = mmd_test(points, sides_of(second), permutations=199)
    assert found.effect == pytest.approx(exact.effect, rel=0.2)
    assert found.p == 1 / 200
    assert null.p > 0.05
    same = approximate_mmd_test(np.ones((40, 3)), sides_of(np.arange(40) < 20))
    assert same.status == "undefined"


def test_sums_of_features_are_products_of_the_kernel():
    rng = np.random.default_rng(10)
    points = rng.normal(size=(50, 3))
    units = np.repeat(np.arange(25), 2)
    sides = sides_of(np.arange(50) >= 24, units)
    sums = feature_sums(points, sides, features=20_000, seed=1)
    square = square_distances(points)
    kernel = np.exp(-square / bandwidth(square))
    by_unit = np.zeros((25, 50))
    by_unit[sides.unit, np.arange(50)] = 1
    assert sums @ sums.T == pytest.approx(by_unit @ kernel @ by_unit.T, abs=0.15)


def test_random_features_hold_their_level():
    rng = np.random.default_rng(11)
    seen = 0
    for seed in range(100):
        points = rng.normal(size=(60, 3))
        side = rng.permutation(60) < 30
        seen += approximate_mmd_test(
            points, sides_of(side), permutations=99, features=64, seed=seed
        ).p <= 0.05  # fmt: skip
    assert seen <= 12  # of 100, binomial 99 %


# -- places in the frame ---------------------------------------------------------------------------


def test_only_the_place_that_changed_is_found():
    rng = np.random.default_rng(12)
    patches = rng.normal(size=(120, 4, 5, 6)).astype(np.float32)
    second = np.arange(120) % 2 == 1
    patches[second, 1, 3] += 0.8
    found = patch_map(patches, sides_of(second), permutations=199)
    assert np.argwhere(found.p <= 0.05).tolist() == [[1, 3]]
    one, two = patches[~second, 1, 3].astype(float), patches[second, 1, 3].astype(float)
    gap = ((one.mean(axis=0) - two.mean(axis=0)) ** 2).sum()
    within = ((one - one.mean(0)) ** 2).sum() + ((two - two.mean(0)) ** 2).sum()
    assert found.effect[1, 3] == pytest.approx(gap / (within / 118), rel=1e-4)


def test_one_false_place_is_as_rare_over_the_frame_as_p_says():
    rng = np.random.default_rng(13)
    false = 0
    for seed in range(60):
        patches = rng.normal(size=(40, 3, 3, 4)).astype(np.float32)
        side = sides_of(rng.permutation(40) < 20)
        false += (patch_map(patches, side, permutations=99, seed=seed).p <= 0.05).any()
    assert false <= 9  # of 60 at .05, binomial 99.8 %


def test_frames_that_cannot_be_compared_say_so():
    few = patch_map(np.zeros((8, 2, 2, 3)), sides_of(np.arange(8) < 4))
    assert "a test needs 10" in few.notice
    assert (few.p == 1).all()
    with pytest.raises(InputError, match="patches: shape"):
        patch_map(np.zeros((8, 2, 2)), sides_of(np.arange(8) < 4))


# -- scale and power -------------------------------------------------------------------------------


def test_the_scale_is_in_order_and_nothing_is_near_nothing():
    rng = np.random.default_rng(14)
    one, two = rng.normal(size=(400, 5)), rng.normal(size=(300, 5)) + 1.5
    width = bandwidth(square_distances(np.concatenate([one, two])))
    found = scale_of(one, two, width, {"moved": (one[:100], one[:100] + 0.7)}, draws=10)
    halves, few, some, many, moved = (anchor.value for anchor in found.anchors)
    assert abs(halves) < 0.01 < many < found.value
    assert halves < some < many
    assert abs(few) < 0.02
    assert 0.01 < moved < found.value
    assert found.images == 200
    direct = discrepancy(one, two, width)
    assert found.value == pytest.approx(direct, rel=0.15)
    assert scale_of(one[:10], two, width) is None


def test_what_could_have_been_shown_grows_with_the_share_planted():
    rng = np.random.default_rng(15)
    known, new = rng.normal(size=(400, 4)), rng.normal(size=(100, 4)) + 3
    found = planted_power(known, new, 100, shares=(0.02, 0.1, 0.3), repeats=12)
    assert found.power[0] < 0.6 < found.power[2]
    assert list(found.power) == sorted(found.power)
    assert 0.02 < found.seen <= 0.3
    none = planted_power(known, rng.normal(size=(100, 4)), 100, shares=(0.3,), repeats=12)
    assert none.power[0] <= 0.4
    assert none.seen is None
    assert planted_power(known, new[:5], 100) is None

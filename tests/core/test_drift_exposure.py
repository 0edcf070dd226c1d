"""Brightness and sharpness that are matched; and the quick forms of measures, beside the slow."""

import numpy as np
import pytest
from making import picture
from PIL import Image, ImageFilter
from scipy.stats import hypergeom
from threadpoolctl import threadpool_limits

from core.drift.draws import chosen, discrepancies, kernel_table
from core.drift.exposure import (
    brightness,
    fineness,
    gained,
    matching,
    remaining,
    small,
    softened,
)
from core.drift.frechet import kernel_distance
from core.drift.kernel import (
    aggregated_mmd_test,
    bandwidth,
    energy_test,
    kernel_tests,
    mmd_test,
    square_distances,
)
from core.drift.local import local_map
from core.drift.shares import divergence_interval, jensen_shannon, stability_p
from core.drift.units import sides_of
from core.drifting.exposing import words
from core.model import Neighbors


@pytest.fixture(autouse=True)
def one_thread():
    with threadpool_limits(1):
        yield


def scenes(count: int, start: int = 0) -> list[Image.Image]:
    """Return pictures with detail: smooth colour, and noise on it."""
    found = []
    for seed in range(start, start + count):
        values = np.asarray(picture(seed, (96, 64)), np.float64) * 0.6 + 20
        noise = np.random.default_rng(seed).normal(0, 12, values.shape[:2])[:, :, None]
        found.append(Image.fromarray(np.clip(values + noise, 0, 255).astype(np.uint8)))
    return found


def test_brightness_and_fineness_mean_what_they_say():
    flat = Image.new("RGB", (40, 30), (51, 51, 51))
    assert brightness(flat) == pytest.approx(0.2)
    assert fineness(flat) == 0
    noise = np.random.default_rng(0).integers(0, 256, (200, 200), dtype=np.uint8)
    assert fineness(Image.fromarray(noise)) == pytest.approx(np.sqrt(2), rel=0.02)
    one = scenes(1)[0]
    # neither brightness nor contrast plays a part in how fine a picture is
    assert fineness(gained(one, 0.7)) == pytest.approx(fineness(one), rel=0.02)
    assert fineness(softened(one, 0.03)) < 0.5 * fineness(one)
    assert max(small(one).size) == 256


@pytest.mark.parametrize("gain", [0.5, 1.3])
def test_a_gain_is_found(gain):
    first, second = scenes(30), [gained(one, gain) for one in scenes(30, 100)]
    found = matching(first, second)
    assert found.gain == pytest.approx(gain, rel=0.08)
    assert found.blur == 0


@pytest.mark.parametrize("side", [1, 2])
def test_a_blur_is_found_on_the_side_that_is_sharper(side):
    sharp, other = scenes(30), scenes(30, 100)
    soft = [one.filter(ImageFilter.GaussianBlur(0.02 * min(one.size))) for one in other]
    pair = (sharp, soft) if side == 1 else (soft, sharp)
    found = matching(*pair)
    assert found.blurred == side
    assert found.blur == pytest.approx(0.02, rel=0.25)
    assert found.gain == 1


def test_equal_pictures_need_no_change():
    found = matching(scenes(30), scenes(30, 100))
    assert found.nothing
    assert "not exposure" in words(found, None)


def test_how_much_remains_is_told():
    rng = np.random.default_rng(0)
    one, two = rng.normal(size=(80, 5)), rng.normal(size=(80, 5))
    moved = two + np.array([1.5, 0, 0, 0, 0])
    match = matching(scenes(20), [gained(image, 0.5) for image in scenes(20, 50)])
    gone = remaining((one, moved), (one, two), permutations=199)
    assert gone.gone
    assert gone.share < 0.25
    assert words(match, gone) == (
        "The difference is gone once brightness is matched: it is exposure."
    )
    left = remaining((one, moved), (one, moved), permutations=199)
    assert (left.gone, left.share) == (False, 1.0)
    assert words(match, left).startswith("100 % of the difference remains once brightness")
    none = remaining((one, two), (one, two), permutations=199)
    assert not none.gone
    assert "not known" in words(match, none)


def test_many_samples_at_once_have_the_discrepancy_of_each():
    """Oracle: the definition, with loops."""
    rng = np.random.default_rng(1)
    points = rng.normal(size=(50, 4))
    table = kernel_table(points, 3.0)
    order = np.array([rng.permutation(50) for _ in range(4)])
    got = discrepancies(table, chosen(order[:, :12], 50), chosen(order[:, 12:30], 50))
    for value, rows in zip(got, order, strict=True):
        one, two = rows[:12], rows[12:30]

        def mean(first, second):
            pairs = [(i, j) for i in first for j in second if i != j]
            return np.mean([np.exp(-((points[i] - points[j]) ** 2).sum() / 3) for i, j in pairs])

        assert value == pytest.approx(mean(one, one) + mean(two, two) - 2 * mean(one, two),
                                      abs=1e-6)  # fmt: skip


def test_tests_of_one_table_are_those_of_their_own():
    rng = np.random.default_rng(2)
    points = np.concatenate([rng.normal(size=(30, 6)), rng.normal(size=(25, 6)) + 0.3])
    sides = sides_of(np.arange(55) >= 30, np.arange(55) // 2)
    some = {"permutations": 199, "seed": 3}
    alone = tuple(test(points, sides, **some) for test in (mmd_test, aggregated_mmd_test,
                                                           energy_test))  # fmt: skip
    assert kernel_tests(points, sides, **some) == alone
    few = kernel_tests(points[:14], sides_of(np.arange(14) >= 7), **some)
    assert {test.status for test in few} == {"undefined"}


def test_the_width_is_the_median_of_all_pairs():
    square = square_distances(np.random.default_rng(3).normal(size=(41, 3)))
    assert bandwidth(square) == np.median(square[np.triu_indices(41, 1)])


def test_the_jackknife_leaves_out_one_unit_at_a_time():
    """Oracle: the distance computed anew without each unit."""
    rng = np.random.default_rng(4)
    one, two = rng.normal(size=(24, 3)), rng.normal(size=(20, 3)) + 0.5
    units = np.arange(24) // 3, np.arange(20) // 2
    found = kernel_distance(one, two, *units)
    error = 0.0
    for side, names in enumerate(units):
        without = []
        for name in np.unique(names):
            kept = [one, two]
            kept[side] = kept[side][names != name]
            without.append(kernel_distance(*kept).value)
        n = len(without)
        error += (n - 1) / n * np.sum((np.array(without) - np.mean(without)) ** 2)
    assert found.high - found.value == pytest.approx(1.959964 * np.sqrt(error), rel=1e-9)


def test_the_interval_of_the_divergence_holds_what_it_is_for():
    """Shares .5 against .3 of two clusters: the true divergence lies in 95 % of the intervals."""
    rng = np.random.default_rng(5)
    truth = jensen_shannon(np.array([0.5, 0.5]), np.array([0.3, 0.7]))
    second, inside = np.repeat([False, True], 300), 0
    for seed in range(40):
        clusters = np.concatenate([rng.random(300) < 0.5, rng.random(300) < 0.7]).astype(np.int64)
        found = divergence_interval(clusters, sides_of(second), draws=100, seed=seed)
        inside += found.low <= truth <= found.high
    assert inside >= 34
    same = divergence_interval(np.arange(600) % 4, sides_of(second), draws=100)
    assert same.null == pytest.approx(3 * (2 / 300) / (8 * np.log(2)))
    assert same.low == 0


def test_the_stability_index_keeps_its_level_with_units():
    """Five equal images a unit: by units 5 % of cases, where the shares never differ."""
    rng = np.random.default_rng(8)
    sides = sides_of(np.arange(300) >= 150, np.arange(300) // 5)
    low = 0
    for seed in range(100):
        clusters = np.repeat(rng.integers(0, 6, 60), 5)
        p = stability_p(clusters, sides, permutations=99, seed=seed)
        low += p is not None and p < 0.05
    assert low <= 11
    moved = np.repeat(np.repeat([0, 1], 30), 5)
    assert stability_p(moved, sides, permutations=99) == 0.01
    assert stability_p(moved[:40], sides_of(np.arange(40) >= 20, np.arange(40) // 5)) is None


def graph_of(points: np.ndarray, k: int, held: np.ndarray) -> Neighbors:
    """Return the k nearest held rows of every row, itself left out."""
    square = square_distances(points)
    np.fill_diagonal(square, np.inf)
    square[:, ~held] = np.inf
    near = np.argsort(square, axis=1)[:, :k]
    apart = np.sqrt(np.take_along_axis(square, near, axis=1))
    return Neighbors("", near.astype(np.int32), apart.astype(np.float32), True, 1.0)


def test_a_region_is_found_through_a_sample_too():
    rng = np.random.default_rng(6)
    points = np.concatenate([rng.normal(size=(200, 4)), rng.normal(size=(160, 4)),
                             rng.normal(size=(40, 4)) + 8])  # fmt: skip
    sides, every = sides_of(np.arange(400) >= 200), np.ones(400, bool)
    whole = local_map(graph_of(points, 12, every), sides, k=12)
    same = local_map(graph_of(points, 12, every), sides, k=12, held=every)
    np.testing.assert_array_equal(whole.p, same.p)
    half = np.arange(400) % 2 == 0
    some = local_map(graph_of(points, 12, half), sides, k=12, held=half)
    for found in (whole, some):
        assert (found.state[360:] == 1).all()
        assert (found.state[:360] != 0).mean() < 0.05


def test_the_chance_of_a_sample_is_that_of_its_draw():
    """Oracle: the hypergeometric of what is held, the image itself not counted."""
    rng = np.random.default_rng(7)
    points, half = rng.normal(size=(60, 3)), np.arange(60) % 3 > 0
    sides = sides_of(np.arange(60) >= 25)
    graph = graph_of(points, 8, half)
    found = local_map(graph, sides, k=8, held=half)
    for row in range(60):
        others = half.copy()
        others[row] = False
        there = int(sides.second[graph.indices[row]].sum())
        law = hypergeom(int(others.sum()), int((others & sides.second).sum()), 8)
        assert found.p[row] == pytest.approx(min(1, 2 * min(law.cdf(there), law.sf(there - 1))))

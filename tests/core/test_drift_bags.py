"""Patches made compact, as bags, and held against the nearest of others."""

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from core.drift.bags import alignment, apart, bag_test, bank_of
from core.drift.compact import axes_of
from core.drift.patches import patch_map
from core.drift.units import sides_of


@pytest.mark.parametrize("shape", [(300, 12), (20, 60)])
def test_components_are_those_of_the_singular_values(shape):
    """Oracle: numpy's decomposition of the centred patches, more rows than columns and less."""
    patches = np.random.default_rng(0).normal(size=shape) * np.linspace(3, 0.2, shape[1]) + 2
    found = axes_of(patches, 8)
    centred = patches - patches.mean(axis=0)
    _, values, right = np.linalg.svd(centred, full_matrices=False)
    assert found.kept == pytest.approx((values[:8] ** 2).sum() / (values**2).sum())
    assert np.abs(np.einsum("kc,kc->k", found.axes, right[:8])) == pytest.approx(1, abs=1e-4)
    assert found.scale == pytest.approx(np.sqrt((centred**2).sum(1).mean()))
    compact = found.compact(patches)
    assert compact.dtype == np.float16
    assert compact == pytest.approx(centred @ found.axes.T / found.scale, abs=2e-3)


def test_distances_hold_where_all_components_are_kept():
    patches = np.random.default_rng(1).normal(size=(80, 6))
    found = axes_of(patches)
    compact = found.compact(patches).astype(float)
    assert cdist(compact, compact) * found.scale == pytest.approx(cdist(patches, patches), abs=0.02)


def test_equal_patches_are_compact_too():
    found = axes_of(np.full((50, 4), 3.0))
    assert found.compact(np.full((2, 3, 3, 4), 3.0)).shape == (2, 3, 3, 1)
    assert (found.compact(np.full((2, 4), 3.0)) == 0).all()


def _wandering(rng, count: int, odd: bool) -> np.ndarray:
    """Return maps of noise; in odd ones one place, another in each, shows something else."""
    patches = rng.normal(size=(count, 4, 4, 5)).astype(np.float32)
    if odd:
        at = rng.integers(0, 4, (count, 2))
        patches[np.arange(count), at[:, 0], at[:, 1]] += 4 * np.eye(5, dtype=np.float32)[0]
    return patches


def test_what_wanders_is_seen_by_bags():
    rng = np.random.default_rng(2)
    patches = np.concatenate([_wandering(rng, 40, False), _wandering(rng, 40, True)])
    sides = sides_of(np.arange(80) >= 40)
    assert bag_test(patches, sides, permutations=199).p <= 0.01
    # the same patches, shuffled over the places of each image, are the same bags
    shuffled = patches.reshape(80, 16, 5)[:, rng.permutation(16)].reshape(patches.shape)
    one, two = (bag_test(some, sides, permutations=99, seed=3) for some in (patches, shuffled))
    assert one.effect == pytest.approx(two.effect, rel=0.1)


def test_bags_do_not_see_where_things_lie():
    """Left and right swapped: every place differs, no bag does."""
    rng = np.random.default_rng(4)
    patches = rng.normal(size=(80, 4, 4, 3)).astype(np.float32)
    patches[:, :, :2, 0] += 1.5
    second = np.arange(80) >= 40
    patches[second] = patches[second][:, :, ::-1]
    sides = sides_of(second)
    assert (patch_map(patches, sides, permutations=199).p <= 0.05).sum() >= 14
    assert bag_test(patches, sides, permutations=199).p > 0.05


def _rejections(runs: int, repeated: int) -> float:
    rng, seen = np.random.default_rng(5), 0
    for seed in range(runs):
        own = rng.normal(size=(40, 3, 3, 4)) + 1.5 * rng.normal(size=(40, 1, 1, 4))
        patches = np.repeat(own, repeated, axis=0)
        patches = patches + 0.05 * rng.normal(size=patches.shape)
        side = np.repeat(rng.permutation(40) < 20, repeated)
        sides = sides_of(side, np.repeat(np.arange(40), repeated))
        seen += bag_test(patches, sides, permutations=99, seed=seed).p <= 0.05
    return seen / runs


@pytest.mark.parametrize("repeated", [1, 3])
def test_bags_of_one_image_and_frames_of_one_unit_count_once(repeated):
    """Patches of an image are alike, frames of a unit too: still no more than chance rejects."""
    assert _rejections(40, repeated) <= 0.175  # of 40 at .05, binomial 99.8 %


@pytest.mark.slow
@pytest.mark.parametrize("repeated", [1, 3])
def test_bags_hold_their_level_in_400_null_splits(repeated):
    found = _rejections(400, repeated)
    print(f"bags, {repeated} frames of a unit: {found}")
    assert found <= 0.0725


@pytest.mark.slow
def test_places_hold_their_level_over_the_frame_in_400_null_splits():
    """Frames of one unit, three of each: a false place anywhere is as rare as p says."""
    rng, false = np.random.default_rng(9), 0
    for seed in range(400):
        own = np.repeat(rng.normal(size=(40, 3, 3, 4)), 3, axis=0)
        patches = (own + 0.1 * rng.normal(size=own.shape)).astype(np.float32)
        side = np.repeat(rng.permutation(40) < 20, 3)
        sides = sides_of(side, np.repeat(np.arange(40), 3))
        false += (patch_map(patches, sides, permutations=99, seed=seed).p <= 0.05).any()
    print(f"places: {false / 400}")
    assert false / 400 <= 0.0725


def test_the_share_that_place_explains():
    """Oracle: a known share of the variance lies between places; without any it is near 0."""
    rng = np.random.default_rng(6)
    between = rng.normal(size=(1, 6, 6, 40))
    noise = rng.normal(size=(200, 6, 6, 40))
    assert alignment(noise) == pytest.approx(0, abs=0.005)
    for part in (0.1, 0.5):
        mixed = np.sqrt(part) * between + np.sqrt(1 - part) * noise
        assert alignment(mixed) == pytest.approx(part, abs=0.03)
    # what all places of an image share is no common frame
    assert alignment(noise + 3 * rng.normal(size=(200, 1, 1, 40))) == pytest.approx(0, abs=0.01)
    assert alignment(np.ones((5, 2, 2, 3))) == 0


def test_the_nearest_of_others_is_found():
    """Oracle: all distances."""
    rng = np.random.default_rng(7)
    patches = rng.normal(size=(5, 3, 2, 4)).astype(np.float32)
    bank, of = bank_of(patches, np.arange(5))
    far = cdist(patches.reshape(-1, 4), bank)
    assert apart(patches, bank).ravel() == pytest.approx(far.min(axis=1), abs=1e-3)
    far[np.repeat(np.arange(5), 6)[:, None] == of[None]] = np.inf
    without = apart(patches, bank, (np.arange(5), of))
    assert without.shape == (5, 3, 2)
    assert without.ravel() == pytest.approx(far.min(axis=1), abs=1e-4)
    assert np.isinf(apart(patches, bank, (np.zeros(5, int), np.zeros(len(bank), int)))).all()


def test_a_bank_of_many_patches_is_drawn_by_the_seed():
    patches = np.random.default_rng(8).normal(size=(60, 16, 16, 2)).astype(np.float16)
    bank, of = bank_of(patches, np.arange(60), seed=1)
    again, _ = bank_of(patches, np.arange(60), seed=1)
    assert bank.shape == (10_000, 2)
    assert (bank == again).all()
    assert set(of.tolist()) == set(range(60))

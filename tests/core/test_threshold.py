"""The threshold for copies: learned from known changes, held back by different pictures."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.errors import InputError
from core.imaging.perturb import LEARNED
from core.model import Neighbors
from core.neighbors import find_neighbors
from core.quality.threshold import given_threshold, learned_threshold
from core.quality.unlike import nearest_different
from core.space import unit_rows


@dataclass(frozen=True)
class Known:
    distances: pd.DataFrame
    notice: str = ""


@dataclass(frozen=True)
class Seen:
    table: pd.DataFrame
    hashes: np.ndarray
    known: np.ndarray


def changes(distances, images=50):
    """Return these distances as those of changed pictures, one transform after another."""
    count = len(distances)
    return Known(pd.DataFrame({
        "row": np.arange(count) % images,
        "transform": pd.array([LEARNED[i % 5] for i in range(count)], dtype="string"),
        "distance": np.asarray(distances, np.float64),
    }))  # fmt: skip


def seen(hashes, digests=None, entropy=8.0):
    count = len(hashes)
    digests = digests or [f"{row:064x}" for row in range(count)]
    table = pd.DataFrame({"digest": pd.array(digests, dtype="string")})
    table["entropy"] = entropy
    turned = np.repeat(np.asarray(hashes, np.uint64)[:, None], 8, axis=1)
    return Seen(table, turned, np.ones(count, bool))


def graph(unit, k=40):
    return find_neighbors(unit, key="0" * 32, k=k)


def random_unit(count, dims=24, seed=0):
    return unit_rows(np.random.default_rng(seed).normal(size=(count, dims)))


def moved(unit, by, seed=1):
    """Return rows moved by a chordal distance, exactly."""
    rng = np.random.default_rng(seed)
    side = rng.normal(size=unit.shape)
    side -= (side * unit).sum(1, keepdims=True) * unit
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    angle = 2 * np.arcsin(by / 2)
    return (np.cos(angle) * unit + np.sin(angle) * side).astype(np.float32)


def brute(unit, units=None):
    """Return each row's distance to the nearest row of another unit, by comparing all."""
    away = np.linalg.norm(unit[:, None].astype(np.float64) - unit[None], axis=2)
    same = np.eye(len(unit), dtype=bool) if units is None else units[:, None] == units[None]
    away[same | (away <= 1e-6)] = np.inf
    return away.min(axis=1)


def random_hashes(count, seed=3):
    return np.random.default_rng(seed).integers(0, 2**64, count, dtype=np.uint64)


def test_where_copies_lie_nearer_than_anything_else_it_is_what_changes_say():
    unit = random_unit(400)
    known = changes(np.linspace(0, 0.05, 1000))
    found = learned_threshold(known, graph(unit), unit)
    assert found.source == "learned"
    assert found.tau == found.q99 == pytest.approx(np.quantile(np.linspace(0, 0.05, 1000), 0.99))
    assert found.n == 1000
    assert "1,000 known small changes" in found.text
    assert found.cap > found.tau


def test_on_a_set_without_copies_hardly_any_picture_is_within_it():
    """The false rate: at most 0.1 % of the images have another within τ."""
    for count in (300, 900, 2500):
        unit = random_unit(count, 8, seed=count)
        known = changes(np.full(500, 1.0))  # changes as large as the space: only the cap is left
        for pixels in (None, seen(random_hashes(count))):
            nearest = graph(unit, 20)
            found = learned_threshold(known, nearest, unit, pixels=pixels)
            assert found.source == "capped"
            within = np.asarray(nearest.distances)[:, 0] <= np.float32(found.tau)
            assert within.sum() <= 0.001 * count
            assert found.tau > 0.5 * brute(unit).min()


def test_known_units_give_the_quantile_exactly():
    rng = np.random.default_rng(5)
    heads = random_unit(1500, 6)
    unit = np.concatenate([heads, moved(heads[:600], 0.01), moved(heads[:100], 0.02, seed=2)])
    units = np.concatenate([np.arange(1500), np.arange(600), np.arange(100)])
    order = rng.permutation(len(unit))
    unit, units = unit[order], units[order]
    nearest = nearest_different(graph(unit), unit, units)
    np.testing.assert_allclose(nearest.unlike, brute(unit, units), rtol=1e-6)
    found = learned_threshold(changes(np.full(500, 1.0)), graph(unit), unit, units)
    assert found.cap == pytest.approx(np.sort(brute(unit, units))[2], rel=1e-4)  # 2 of 2,200


def test_copies_in_the_set_do_not_spoil_the_cap_where_hashes_tell_them():
    clean = random_unit(900, 16)
    hashes = random_hashes(900)
    known = changes(np.full(500, 1.0))
    alone = learned_threshold(known, graph(clean), clean, pixels=seen(hashes))
    copies = moved(clean[:300], 0.05)
    unit = np.concatenate([clean, copies])
    flipped = hashes[:300] ^ np.uint64(0b101)  # copies differ in two bits
    found = learned_threshold(
        known, graph(unit), unit, pixels=seen(np.concatenate([hashes, flipped]))
    )
    assert found.tau == pytest.approx(alone.tau, rel=0.02)
    untold = learned_threshold(known, graph(unit), unit)
    assert untold.tau == pytest.approx(np.median(brute(unit)) / 3, rel=1e-6)
    assert "may or may not be copies" not in found.text


def test_copies_of_equal_pixels_need_no_hash_to_be_told():
    clean = random_unit(600, 16)
    unit = np.concatenate([clean, moved(clean[:200], 0.03)])
    digests = [f"{row % 600:064x}" for row in range(800)]
    plain = seen(random_hashes(800), digests, entropy=1.0)  # hashes say nothing
    near = nearest_different(graph(unit), unit, pixels=plain)
    np.testing.assert_allclose(near.unlike[:200], brute(clean)[:200], rtol=0.1)
    assert near.unlike.min() > 0.03
    assert np.isinf(near.different).all()


def test_alike_hashes_of_different_pictures_are_not_believed():
    """Pictures of one kind, all with nearly one hash: what hashes say is not used."""
    clean = random_unit(900, 8)
    alike = np.uint64(12345) ^ (np.uint64(1) << (np.arange(900) % 5).astype(np.uint64))
    found = learned_threshold(changes(np.full(500, 1.0)), graph(clean), clean, pixels=seen(alike))
    within = np.asarray(graph(clean).distances)[:, 0] <= np.float32(found.tau)
    assert not within.any()


def test_mirrored_copies_are_not_taken_for_different_pictures():
    clean = random_unit(900, 16)
    hashes = np.repeat(random_hashes(900)[:, None], 8, axis=1)
    hashes[:, 4] = random_hashes(900, seed=9)
    twins = hashes[:40].copy()
    twins[:, [0, 4]] = twins[:, [4, 0]] ^ np.uint64(0b10101)  # mirrored, and saved again
    unit = np.concatenate([clean, moved(clean[:40], 0.02)])
    pixels = seen(np.zeros(940, np.uint64))
    pixels = Seen(pixels.table, np.concatenate([hashes, twins]), pixels.known)
    found = learned_threshold(changes(np.full(500, 1.0)), graph(unit), unit, pixels=pixels)
    assert found.tau > 0.02


def test_copies_that_hashes_leave_open_do_not_spoil_the_cap_where_most_are_told():
    """Cropped copies differ in 15 bits: neither copies nor surely different, and few."""
    clean = random_unit(900, 16)
    hashes = random_hashes(900)
    known = changes(np.full(500, 1.0))
    alone = learned_threshold(known, graph(clean), clean, pixels=seen(hashes))
    unit = np.concatenate([clean, moved(clean[:60], 0.05)])
    cropped = hashes[:60] ^ np.uint64(0x7FFF)
    pixels = seen(np.concatenate([hashes, cropped]))
    found = learned_threshold(known, graph(unit), unit, pixels=pixels)
    assert found.tau == pytest.approx(alone.tau, rel=0.02)


def test_where_hashes_leave_most_open_a_third_of_the_usual_distance_decides():
    """All hashes within 15 bits or so of each other, and some near pairs that may be copies."""
    clean = random_unit(900, 16)
    rng = np.random.default_rng(4)
    flips = np.zeros(930, np.uint64)
    for bit in range(15):
        flips |= rng.integers(0, 2, 930).astype(np.uint64) << np.uint64(bit)
    unit = np.concatenate([clean, moved(clean[:30], 0.05)])
    found = learned_threshold(changes(np.full(500, 1.0)), graph(unit), unit, pixels=seen(flips))
    assert found.tau == pytest.approx(np.median(brute(unit)) / 3, rel=0.02)
    assert "may or may not be copies" in found.text


def test_plain_pictures_have_a_say_where_there_are_more_than_a_few():
    """Drawings on white lie near each other, and their hashes tell nothing."""
    photos, tight = random_unit(800, 16), random_unit(200, 16, seed=8)
    centre = tight[:1]
    drawings = unit_rows(centre + 0.05 * (tight - centre))
    unit = np.concatenate([photos, drawings])
    entropy = np.where(np.arange(1000) < 800, 8.0, 1.0)
    hashes = np.where(np.arange(1000) < 800, random_hashes(1000), np.uint64(0xFFFF0000))
    pixels = seen(hashes, entropy=entropy)
    known = changes(np.full(500, 1.0))
    found = learned_threshold(known, graph(unit), unit, pixels=pixels)
    assert found.tau == pytest.approx(brute(drawings).min(), rel=1e-3)
    few = np.concatenate([photos, drawings[:20]])
    some = Seen(pixels.table.iloc[:820], pixels.hashes[:820], pixels.known[:820])
    found = learned_threshold(known, graph(few), few, pixels=some)
    assert found.tau == pytest.approx(brute(photos).min(), rel=1e-3)


def test_without_changes_it_is_a_third_of_the_usual_distance():
    unit = random_unit(500, 32)
    empty = Known(pd.DataFrame({"row": [], "transform": [], "distance": []}), "No pictures.")
    for known, said in ((empty, "No pictures. The threshold is"), (None, "The threshold is")):
        found = learned_threshold(known, graph(unit), unit)
        assert found.source == "fallback"
        assert found.tau == pytest.approx(np.median(brute(unit)) / 3, rel=1e-6)
        assert found.text.startswith(said)
    few = changes(np.full(20, 0.5), images=4)
    assert "Fewer than 10 pictures" in learned_threshold(few, graph(unit), unit).text


def test_each_change_tells_how_much_of_it_is_found():
    unit = random_unit(300, 4)
    cap = learned_threshold(changes(np.full(500, 1.0)), graph(unit), unit).tau
    distances = np.where(np.arange(500) % 5 == 1, 1.5, cap / 2)  # the second moves them far
    found = learned_threshold(changes(distances), graph(unit), unit)
    assert {name: told["within"] for name, told in found.per_transform.items()} == {
        name: float(name != LEARNED[1]) for name in LEARNED
    }
    assert "80 % of the known changes" in found.text
    assert "most are not: resize ½" in found.text


def test_sets_too_small_or_all_alike_have_a_threshold_too():
    known = changes(np.linspace(0, 0.1, 100))
    same = unit_rows(np.ones((20, 4)))
    for unit in (same, same[:1], same[:2], random_unit(2)):
        found = learned_threshold(known, graph(unit), unit)
        assert 1e-6 <= found.tau <= 2
    assert learned_threshold(known, graph(same), same).tau == pytest.approx(0.099)
    none = Neighbors("0" * 32, np.zeros((1, 0), np.int32), np.zeros((1, 0), np.float32), True, 1)
    assert learned_threshold(None, none, same[:1]).tau == 1e-6


def test_a_threshold_can_be_given():
    found = given_threshold(0.25)
    assert (found.tau, found.source) == (0.25, "given")
    for bad in (0, -1, 2.1, float("nan")):
        with pytest.raises(InputError, match="tau"):
            given_threshold(bad)


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(20, 120))
def test_the_order_of_rows_changes_nothing(seed, count):
    rng = np.random.default_rng(seed)
    unit = random_unit(count, 5, seed)
    hashes = rng.integers(0, 2**64, count, dtype=np.uint64)
    known = changes(rng.uniform(0, 0.5, 200))
    order = rng.permutation(count)
    one = learned_threshold(known, graph(unit, 10), unit, pixels=seen(hashes))
    moved_rows = seen(hashes[order], [f"{row:064x}" for row in order])
    two = learned_threshold(known, graph(unit[order], 10), unit[order], pixels=moved_rows)
    assert two.tau == pytest.approx(one.tau, rel=1e-9)
    assert two.source == one.source

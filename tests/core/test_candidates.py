"""Which pictures are compared at all: by their hashes, and by their neighbours."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from core.checking.alike import (
    BITS,
    FEW_BITS,
    FEW_PIXELS,
    NEIGHBOUR_BITS,
    TURNED_BITS,
    Comparer,
    _candidates,
)
from core.checking.pixels import Pixels
from core.model import Neighbors
from core.progress import Progress

#: Half of the bits: as far from none of them as from all.
OTHER, ALL = 0xAAAAAAAAAAAAAAAA, 2**64 - 1


def differing(bits):
    """A hash that differs from 0 in so many bits, spread so that pieces of it differ too."""
    return sum(1 << (at * 13 % 64) for at in range(bits))


def candidates(hashes, *, side=200, entropy=7.0, near=True, turned=False, pictures=None):
    """Pairs that are compared, as {(row, row): (way, bits)}; two rows, neighbours or not."""
    count = len(hashes)
    table = pd.DataFrame({
        "entropy": np.full(count, entropy), "width": np.full(count, 900.0),
        "height": np.broadcast_to(np.asarray(side, float), count),
    })  # fmt: skip
    all_hashes = np.array([h if isinstance(h, list) else [h] + [OTHER] * 7 for h in hashes],
                          np.uint64)  # fmt: skip
    pixels = Pixels("k", table, all_hashes, np.ones(count, bool))
    codes = np.arange(count) if pictures is None else np.asarray(pictures)
    comparer = Comparer(
        SimpleNamespace(items=pd.DataFrame(index=range(count))), None, pixels, codes, Progress()
    )
    others = np.array([[(row + 1) % count] if near else [] for row in range(count)], np.int32)
    neighbors = Neighbors("n", others.reshape(count, -1), np.zeros(others.shape), True, 1.0)
    found = _candidates(comparer, neighbors, turned)
    return {(a, b): (way, bits) for a, b, way, bits in found.tolist()}


@pytest.mark.parametrize("bits", [0, BITS, BITS + 1])
def test_any_two_pictures_of_near_hashes_are_compared(bits):
    found = candidates([0, differing(bits)], near=False)
    assert found == ({(0, 1): (0, bits)} if bits <= BITS else {})


@pytest.mark.parametrize("bits", [BITS + 1, NEIGHBOUR_BITS, NEIGHBOUR_BITS + 1])
def test_neighbours_are_compared_unless_their_hashes_forbid_it(bits):
    found = candidates([0, differing(bits)])
    assert found == ({(0, 1): (0, bits)} if bits <= NEIGHBOUR_BITS else {})


@pytest.mark.parametrize(
    ("side", "bits", "compared"),
    [
        (28, NEIGHBOUR_BITS + 1, True),
        (28, FEW_BITS, True),
        (28, FEW_BITS + 1, False),
        (FEW_PIXELS - 1, FEW_BITS, True),
        (FEW_PIXELS, FEW_BITS, False),
    ],
)
def test_hashes_of_neighbours_of_few_pixels_forbid_less(side, bits, compared):
    """Half a pixel cut off moves them as far as 5 % of a photograph."""
    assert candidates([0, differing(bits)], side=side) == ({(0, 1): (0, bits)} if compared else {})


def test_both_must_have_few_pixels():
    far = differing(FEW_BITS)
    assert candidates([0, far], side=[28, 28])
    assert not candidates([0, far], side=[28, 200])


def test_few_pixels_allow_no_more_where_one_is_turned():
    turned = [ALL ^ differing(2)] + [differing(TURNED_BITS + 1)] + [OTHER] * 6
    assert not candidates([0, turned], side=28, turned=True)
    turned[1] = differing(TURNED_BITS)
    assert candidates([0, turned], side=28, turned=True) == {(0, 1): (1, TURNED_BITS)}
    assert not candidates([0, turned], side=28)


def test_drawings_are_compared_with_their_neighbours_and_with_no_other():
    """Little is in them: equal hashes say nothing, but what lies near may be a copy."""
    assert candidates([0, differing(3)], entropy=1.5) == {(0, 1): (0, 3)}
    assert candidates([0, differing(3)], entropy=1.5, near=False) == {}
    assert candidates([0, 0], entropy=1.5, near=False) == {}
    assert candidates([0, differing(3)], entropy=7.0, near=False) == {(0, 1): (0, 3)}


def test_the_first_of_equal_pixels_stands_for_them():
    found = candidates([0, 0, differing(4)], pictures=[0, 0, 2])
    assert found == {(0, 2): (0, 4)}

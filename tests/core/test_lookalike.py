"""Pairs of near hashes, against all pairs compared."""

import numpy as np
import pytest

from core.imaging.perceptual import hamming
from core.quality.lookalike import lookalike_pairs


def planted(n, seed, pairs):
    """Random hashes, some of them others with up to six bits changed."""
    rng = np.random.default_rng(seed)
    hashes = rng.integers(0, 2**63, n, dtype=np.uint64) * 2 + rng.integers(0, 2, n, dtype=np.uint64)
    for _ in range(pairs):
        one, two = rng.choice(n, 2, replace=False)
        value = int(hashes[one])
        for bit in rng.choice(64, rng.integers(0, 7), replace=False):
            value ^= 1 << int(bit)
        hashes[two] = value
    return hashes


@pytest.mark.parametrize("bits", [0, 3, 4, 7])
def test_no_pair_is_missed_and_none_invented(bits):
    hashes = planted(700, bits, 120)
    low, high = np.nonzero(np.triu(hamming(hashes[:, None], hashes[None, :]) <= bits, 1))
    found = lookalike_pairs(hashes, bits=bits)
    assert len(found) > 10
    assert found[:, :2].tolist() == np.stack([low, high], axis=1).tolist()
    assert (found[:, 2] == 0).all()


def test_empty_pictures_are_left_out():
    hashes = np.full(900, 2**63, np.uint64)
    assert len(lookalike_pairs(hashes, np.arange(900) < 3)) == 3
    assert len(lookalike_pairs(hashes[:0])) == 0
    assert len(lookalike_pairs(hashes[:700])) == 700 * 699 // 2


def test_turned_copies_are_found_with_how_they_are_turned():
    from PIL import Image

    from core.imaging.perceptual import TURNS, perceptual_hashes

    rng = np.random.default_rng(0)

    def shown(seed):
        coarse = np.random.default_rng(seed).integers(0, 255, (6, 6, 3), dtype=np.uint8)
        return Image.fromarray(coarse).resize((96, 96), Image.Resampling.BICUBIC)

    pictures = [shown(int(rng.integers(1_000_000))) for _ in range(40)]
    mirrored = pictures[3].transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    table = np.stack([perceptual_hashes(one) for one in [*pictures, mirrored]])
    found = lookalike_pairs(table)
    assert [3, 40, TURNS.index((True, 0))] in found.tolist()
    assert len(lookalike_pairs(table[:, 0])) == len(found) - 1

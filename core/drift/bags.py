"""Patches wherever they lie: images as bags of patches, and what of an image is unlike others."""

from dataclasses import replace

import numpy as np

from core.drift.approximate import approximate_mmd_test
from core.drift.result import DriftTest
from core.drift.units import Sides, sides_of
from core.progress import Progress

NAME = "Bags of patches"
#: Random features of the kernel, patches that stand for a set, and values of a table at a time.
FEATURES, BANK, VALUES = 512, 10_000, 2**23


def bag_test(
    patches: np.ndarray,
    sides: Sides,
    *,
    permutations: int = 999,
    seed: int = 0,
    progress: Progress | None = None,
) -> DriftTest:
    """Test two sets by what their patches are, not by where they lie.

    Parameters
    ----------
    patches
        Shape `(n, h, w, d)`: the feature map of each image.
    sides
        Which image is of which side; whole units are dealt anew.

    Notes
    -----
    The kernel of two images is the mean kernel of their patches (Gärtner and others 2002), in
    random Fourier features; MMD² of that kernel, with the permutations of images.
    """
    n, high, wide, d = patches.shape
    spread = sides_of(np.repeat(sides.second, high * wide), np.repeat(sides.unit, high * wide))
    found = approximate_mmd_test(
        np.asarray(patches, np.float32).reshape(n * high * wide, d), spread,
        permutations=permutations, features=FEATURES, seed=seed, progress=progress,
    )  # fmt: skip
    return replace(found, name=NAME)


def alignment(patches: np.ndarray) -> float:
    """Return which share of what patches show is explained by where they lie, −1/n … 1.

    Parameters
    ----------
    patches
        Shape `(n, h, w, d)`, of one set, n ≥ 2.

    Returns
    -------
    float
        ε², the share of variance between places less what chance gives; near 0 where the pictures
        have no common frame, or where all patches are the same.
    """
    n, high, wide, d = patches.shape
    flat = np.asarray(patches, np.float64).reshape(n, high * wide, d)
    places, total = high * wide, float(np.square(flat - flat.mean((0, 1))).sum())
    if n < 2 or places < 2 or total <= 0:
        return 0.0
    within = float(np.square(flat - flat.mean(0)).sum()) / (places * (n - 1))
    return (total - within * (n * places - 1)) / total


def bank_of(patches: np.ndarray, owner: np.ndarray, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return patches that stand for a set, drawn by the seed where there are more than 10,000.

    Parameters
    ----------
    patches
        Shape `(n, h, w, d)`.
    owner
        Shape `(n,)`: which unit each image belongs to.

    Returns
    -------
    bank, of
        `(b, d)` float32, and the owner of each `(b,)`.
    """
    n, high, wide, d = patches.shape
    flat = patches.reshape(n * high * wide, d)
    of = np.repeat(owner, high * wide)
    if len(flat) > BANK:
        rows = np.sort(np.random.default_rng(seed).choice(len(flat), BANK, replace=False))
        flat, of = flat[rows], of[rows]
    return np.asarray(flat, np.float32), of


def apart(
    patches: np.ndarray,
    bank: np.ndarray,
    own: tuple[np.ndarray, np.ndarray] | None = None,
    progress: Progress | None = None,
) -> np.ndarray:
    """Return how far each patch is from the nearest of others, float32, shaped as the patches.

    Parameters
    ----------
    patches
        Shape `(..., d)`.
    bank
        Shape `(b, d)`: patches of other images, at any place.
    own
        The owner of each image `(n,)`, patches then being `(n, h, w, d)`, and of the bank `(b,)`:
        a patch is not compared with those of its own. Infinite where there are no others.
    """
    shape, d = patches.shape[:-1], patches.shape[-1]
    flat = np.asarray(patches, np.float32).reshape(-1, d)
    mine = None if own is None else np.repeat(own[0], int(np.prod(shape[1:])))
    length = np.einsum("ij,ij->i", bank, bank)
    found = np.full(len(flat), np.inf, np.float32)
    step = max(1, VALUES // max(1, len(bank)))
    for start in range(0, len(flat) if len(bank) else 0, step):
        if progress is not None:
            progress.report("patches", start, len(flat))
        part = flat[start : start + step]
        square = length[None] - 2 * part @ bank.T
        if own is not None and mine is not None:
            square[mine[start : start + step, None] == own[1][None]] = np.inf
        least = square.min(axis=1) + np.einsum("ij,ij->i", part, part)
        found[start : start + step] = np.sqrt(np.maximum(least, 0))
    return found.reshape(shape)

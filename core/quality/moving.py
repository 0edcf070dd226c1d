"""How one picture is to be moved onto another: a scale and a shift along both sides.

Edges cut off shift and scale what is left. First roughly, on 16 × 16 values, by the inverse
compositional form of Lucas and Kanade's steps (Baker and Matthews 2004, "Lucas-Kanade 20 years
on", doi:10.1023/B:VISI.0000011205.11775.fd): what is derived from the first picture is derived
once, so that thousands of pairs take a fraction of a second and most are seen not to match. Then
finer, by Gauss-Newton steps (Lucas and Kanade 1981) in which only what overlaps counts.
"""

from collections.abc import Sequence
from functools import cache

import numpy as np

#: Side of the grey pictures that are compared, and of those that are moved onto each other.
SIDE, SMALL = 64, 32
#: Side, smoothing and steps of the rough search; values at each edge that it does not compare, so
#: that a picture read 1.3 times wider is not read beyond its edges.
ROUGH_SIDE, ROUGH_BLUR, ROUGH_STEPS, MARGIN = 16, 1.0, 6, 2
#: Furthest scales and shift (share of a side) that are followed, and the longest step.
LEAST, MOST, FURTHEST, STEP = 0.7, 1.4, 0.35, 0.055
#: Least gain that a step is divided by: what is turned into its negative is no copy.
LEAST_GAIN = 0.2


@cache
def _blur(sigma: float, side: int) -> np.ndarray:
    """Return the matrix that smooths columns of a side by a Gaussian."""
    places = np.arange(side)
    weights: np.ndarray = np.exp(-((places[:, None] - places) ** 2) / (2 * sigma * sigma))
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


def smooth(grey: np.ndarray, sigma: float) -> np.ndarray:
    """Return pictures `(k, s, s)` smoothed by a Gaussian."""
    kernel = _blur(sigma, grey.shape[1])
    found: np.ndarray = kernel @ grey @ kernel.T
    return found


def correlation(one: np.ndarray, two: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return the correlation of pictures where the mask is 1: `(k,)`."""
    count = np.maximum(mask.sum(axis=(1, 2)), 1)
    one = (one - ((one * mask).sum(axis=(1, 2)) / count)[:, None, None]) * mask
    two = (two - ((two * mask).sum(axis=(1, 2)) / count)[:, None, None]) * mask
    spread = np.sqrt((one * one).sum(axis=(1, 2)) * (two * two).sum(axis=(1, 2)))
    found: np.ndarray = (one * two).sum(axis=(1, 2)) / np.maximum(spread, 1e-6)
    return found


def weights(scale: np.ndarray, shift: np.ndarray, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the weights `(k, side, side)` that read a side scaled and shifted, and where it is."""
    centre = (side - 1) / 2
    places = scale[:, None] * (np.arange(side) - centre) + shift[:, None] * side + centre
    found = np.maximum(0, 1 - np.abs(places[:, :, None] - np.arange(side)))
    inside = (places >= 0) & (places <= side - 1)
    return found.astype(np.float32), inside


def _pooled(grey: np.ndarray, side: int) -> np.ndarray:
    """Return pictures `(k, 64, 64)` averaged down to a side."""
    while grey.shape[1] > side:
        rows = grey[:, ::2] + grey[:, 1::2]
        grey = (rows[:, :, ::2] + rows[:, :, 1::2]) / 4
    return grey


def roughly_placed(first: np.ndarray, second: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return roughly how the second are to be moved onto the first, and what is left apart.

    Parameters
    ----------
    first, second
        Grey values `(k, 64, 64)` float32.

    Returns
    -------
    place
        Scale across and down, shift across and down as shares of a side: `(k, 4)`.
    away
        1 − correlation of what is coarse in them, away from the edges, once moved `(k,)`.
    """
    one, two = (smooth(_pooled(grey, ROUGH_SIDE), ROUGH_BLUR) for grey in (first, second))
    one -= one.mean(axis=(1, 2), keepdims=True)
    two -= two.mean(axis=(1, 2), keepdims=True)
    inner = slice(MARGIN, ROUGH_SIDE - MARGIN)
    solve = _solver(one, inner)
    scale, shift = np.ones((len(one), 2), np.float32), np.zeros((len(one), 2), np.float32)
    for _ in range(ROUGH_STEPS):
        read = _read(two, scale, shift, inner)
        found = (solve @ read.reshape(len(one), -1, 1))[:, :, 0]
        gain = np.where(np.abs(found[:, 4]) < LEAST_GAIN, LEAST_GAIN, found[:, 4])
        change = np.clip(found[:, :4] / gain[:, None] / ROUGH_SIDE, -STEP, STEP)
        wider, along = 1 + change[:, :2], change[:, 2:]  # of the first: the second goes back
        shift = np.clip(shift - scale * along / wider, -FURTHEST, FURTHEST)
        scale = np.clip(scale / wider, LEAST, MOST)
    shown, moved = one[:, inner, inner], _read(two, scale, shift, inner)
    away = 1 - correlation(shown, moved, np.ones_like(shown))
    return np.concatenate([scale, shift], axis=1).astype(np.float64), away


def _solver(one: np.ndarray, inner: slice) -> np.ndarray:
    """Return what turns a picture into scale, shift, gain and offset against `one`: `(k, 6, m)`."""
    places = (np.arange(one.shape[1], dtype=np.float32) - (one.shape[1] - 1) / 2) / one.shape[1]
    across, down = np.gradient(one, axis=2), np.gradient(one, axis=1)
    parts = [across * places, down * places[:, None], across, down, one, np.ones_like(one)]
    columns = np.stack(parts, axis=1)[:, :, inner, inner].reshape(len(one), 6, -1)
    return np.linalg.inv(_normal(columns)).astype(np.float32) @ columns


def _normal(columns: np.ndarray) -> np.ndarray:
    """Return the normal equations `(k, 6, 6)` of columns `(k, 6, m)`, never singular."""
    found = (columns @ columns.transpose(0, 2, 1)).astype(np.float64)
    weight = np.trace(found, axis1=1, axis2=2) * 1e-7 + 1e-6
    found += weight[:, None, None] * np.eye(6)
    return found


def _read(two: np.ndarray, scale: np.ndarray, shift: np.ndarray, inner: slice) -> np.ndarray:
    """Return the inner part of pictures scaled and shifted; at an edge, what is at the edge."""
    side = two.shape[1]
    own = np.arange(side, dtype=np.float32)
    centre = np.float32((side - 1) / 2)
    places = scale[:, :, None] * (own[inner] - centre) + shift[:, :, None] * side + centre
    places = np.clip(places, 0, side - 1)
    read = np.maximum(0, 1 - np.abs(places[:, :, :, None] - own))
    found: np.ndarray = read[:, 1] @ two @ read[:, 0].transpose(0, 2, 1)
    return found


def placed(
    first: np.ndarray, second: np.ndarray, level: tuple[int, float, int], begin: np.ndarray
) -> np.ndarray:
    """Return how the second are to be moved onto the first `(k, 4)`, from where to begin.

    Parameters
    ----------
    first, second
        Grey values `(k, 64, 64)`.
    level
        Side, smoothing and steps.
    begin
        As `roughly_placed` returns it.
    """
    side, sigma, steps = level
    found = begin.copy()
    one, two = (smooth(_pooled(grey, side), sigma) for grey in (first, second))
    slopes = (np.gradient(two, axis=2), np.gradient(two, axis=1))
    for _ in range(steps):
        change = _step(one, two, slopes, found[:, :2], found[:, 2:])
        found += np.clip(change, -STEP, STEP)
        np.clip(found[:, :2], LEAST, MOST, out=found[:, :2])
        np.clip(found[:, 2:], -FURTHEST, FURTHEST, out=found[:, 2:])
    return found


def _step(
    one: np.ndarray,
    two: np.ndarray,
    slopes: Sequence[np.ndarray],
    scale: np.ndarray,
    shift: np.ndarray,
) -> np.ndarray:
    """Return one Gauss-Newton change `(k, 4)` of scale and shift; brightness is free as well."""
    side = one.shape[1]
    across, inside_x = weights(scale[:, 0], shift[:, 0], side)
    down, inside_y = weights(scale[:, 1], shift[:, 1], side)
    mask = (inside_y[:, :, None] & inside_x[:, None, :]).astype(np.float32)
    back = across.transpose(0, 2, 1)
    along, below = (down @ slope @ back for slope in slopes)
    places = (np.arange(side, dtype=np.float32) - (side - 1) / 2) / side
    parts = [along * places, below * places[:, None], along, below, down @ two @ back]
    columns = np.stack([*parts, np.ones_like(mask)], axis=1) * mask[:, None]
    columns = columns.reshape(len(one), 6, -1).astype(np.float64)
    right = columns @ (one * mask).reshape(len(one), -1, 1).astype(np.float64)
    found = np.linalg.solve(_normal(columns), right)[:, :, 0]
    gain = np.where(np.abs(found[:, 4]) < LEAST_GAIN, LEAST_GAIN, found[:, 4])
    change: np.ndarray = found[:, :4] / gain[:, None] / side
    return change

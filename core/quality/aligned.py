"""Whether two pictures show the same: their grey values compared, moved onto each other if need be.

Perceptual hashes and vectors find candidates; this decides. Correlation does not mind brightness
and contrast. Edges cut off shift and scale what is left, which is undone by Gauss-Newton steps on
scale and shift along both sides (Lucas and Kanade 1981).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from PIL import Image

#: Side of the grey pictures that are compared, and of those that are moved onto each other.
SIDE, SMALL = 64, 32
#: Smoothing of the picture that is compared, by the shorter side of the smaller original: what its
#: pixels cannot show is left out, and with enough of them also what is coarser than detail.
GRAINS = ((48, 1.0, 6.0), (20, 1.8, 0.0), (0, 3.7, 0.0))
#: What lies nearer to an edge than this many smoothings is not compared of small pictures that were
#: moved: there a cut picture was smoothed without what the other one still has.
EDGE = 2.0
#: Pictures of few pixels, one this much larger than the other: both are brought to the pixels of
#: the smaller one first, if that has as many as its smoothing leaves.
LARGER, FEWEST = 1.2, 12
#: Largest 1 − correlation of a copy, at most; and of pictures moved onto each other where a set is
#: too small to tell how alike its different pictures are.
LIMIT, MOVED = 0.12, 0.04
#: Where it can be told: moving makes different pictures this much more alike, by grain.
NEARER = (1 / 3, 1 / 6, 1 / 6)
#: Side, smoothing and steps of moving, coarse to fine; the fine ones only where they may decide: up
#: to this 1 − correlation before them.
COARSE, FINE = ((SMALL, 2.0, 6), (SMALL, 0.8, 5)), ((SIDE, 1.0, 4),)
HOPELESS = 0.35
#: Furthest scale and shift (share of a side), least share of the picture that must overlap.
SCALE, SHIFT, OVERLAP = 1.3, 0.2, 0.7
#: Spread of grey values below which there is nothing to compare.
FLAT = 1.0
#: Pairs compared at a time.
BLOCK = 256
#: Pairs of different pictures from which their likeness is estimated at least; the two shares of
#: them from which its tail is drawn, where there are many and where there are few.
LEAST_PAIRS, MANY_PAIRS = 1000, 20_000
TAIL, WIDE_TAIL = (0.01, 0.001), (0.1, 0.01)
#: False pairs for each picture that are tolerated among all pairs.
FALSE = 0.001


@dataclass(frozen=True, slots=True)
class Pictures:
    """Pictures to compare.

    Attributes
    ----------
    grey
        Grey values `(p, 64, 64)` uint8, stretched to a square.
    sides
        Shorter side of each in pixels `(p,)`, as it was.
    """

    grey: np.ndarray
    sides: np.ndarray


def grain_of(sides: np.ndarray) -> np.ndarray:
    """Return which of `GRAINS` pictures of these shorter sides are compared at."""
    found = np.full(len(sides), len(GRAINS) - 1)
    for number in range(len(GRAINS) - 1, -1, -1):
        found[sides >= GRAINS[number][0]] = number
    return found


def limits_of(pictures: Pictures, total: int, related: np.ndarray | None = None) -> np.ndarray:
    """Return up to which 1 − correlation two pictures of a set are copies, for each grain.

    Where different pictures are much alike (28 × 28 pixels of trousers) less is allowed: so little
    that among all pairs of the set about one in a thousand pictures has a false one. The share of
    pairs below x falls as a power of x towards 0 (its exponent is the dimension that the pictures
    fill); it is drawn on from where 1 % and .1 % of pairs lie, which a few copies hardly move.

    Parameters
    ----------
    pictures
        Some pictures of the set, drawn at random.
    total
        Pictures in the set.
    related
        Pairs among them that may be copies `(p, p)` bool, left out.

    Returns
    -------
    numpy.ndarray
        Shape `(grains, 2)`: as they are, and moved onto each other; at most `LIMIT`.
    """
    found = np.tile([LIMIT, MOVED], (len(GRAINS), 1))
    upper = np.triu(np.ones((len(pictures.grey),) * 2, bool), 1)
    if related is not None:
        upper &= ~related
    for grain in range(len(GRAINS)):
        if not (grain_of(pictures.sides) <= grain).any():
            continue
        values = _features(pictures.grey.astype(np.float32), grain).reshape(len(pictures.grey), -1)
        values -= values.mean(axis=1, keepdims=True)
        length = np.linalg.norm(values, axis=1)
        there = length > FLAT * SIDE
        values[there] /= length[there, None]
        away = 1 - (values @ values.T)[upper & there[:, None] & there[None, :]]
        if len(away) >= LEAST_PAIRS:
            tail = TAIL if len(away) >= MANY_PAIRS else WIDE_TAIL
            far, near = np.maximum(np.quantile(away, tail), 1e-6)
            power = np.log(tail[0] / tail[1]) / max(np.log(far / near), 1e-6)
            share = min(tail[1], 2 * FALSE / max(total, 2))
            most = near * (share / tail[1]) ** (1 / power)
            found[grain] = min(LIMIT, most), min(LIMIT, most * NEARER[grain])
    return found


def compare(
    pictures: Pictures, pairs: np.ndarray, ways: np.ndarray, limits: np.ndarray
) -> np.ndarray:
    """Return how far the pixels of pairs are apart, 1 the most that is still a copy.

    Parameters
    ----------
    pictures
        The pictures.
    pairs
        Places in them `(k, 2)`.
    ways
        How the second is to be turned `(k,)`, as in `core.imaging.perceptual.TURNS`.
    limits
        Largest 1 − correlation of a copy, as `limits_of` returns it.

    Returns
    -------
    numpy.ndarray
        Shape `(k,)`: √((1 − correlation) / limit), as distances of normalised pictures go; inf
        where there is nothing to compare.
    """
    found = np.full(len(pairs), np.inf)
    grains = grain_of(pictures.sides[pairs].min(axis=1))
    for grain in np.unique(grains):
        chosen = np.flatnonzero(grains == grain)
        for start in range(0, len(chosen), BLOCK):
            at = chosen[start : start + BLOCK]
            first = pictures.grey[pairs[at, 0]].astype(np.float32)
            second = turned(pictures.grey[pairs[at, 1]], ways[at]).astype(np.float32)
            if GRAINS[grain][2] == 0:
                first, second = _levelled(first, second, pictures.sides[pairs[at]])
            found[at] = _compared(first, second, int(grain), *limits[grain].tolist())
    return found


def _levelled(
    first: np.ndarray, second: np.ndarray, sides: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return pairs of pictures, those of unlike size both with the pixels of the smaller one.

    Making a picture smaller moves what its last pixels show; a copy made smaller has that behind
    it, so the other one goes the same way.
    """
    few = np.round(sides.min(axis=1)).astype(int)
    unlike = (sides.max(axis=1) >= LARGER * few) & (few >= FEWEST)
    for side in np.unique(few[unlike]).tolist():
        rows, back = unlike & (few == side), _there_and_back(side)
        first[rows] = back @ first[rows] @ back.T
        second[rows] = back @ second[rows] @ back.T
    return first, second


@cache
def _there_and_back(side: int) -> np.ndarray:
    """Return the matrix that brings columns of 64 values to fewer, and to 64 again."""
    lanczos = Image.Resampling.LANCZOS
    ones = Image.fromarray(np.eye(SIDE, dtype=np.float32))
    return np.asarray(ones.resize((SIDE, side), lanczos).resize((SIDE, SIDE), lanczos))


def turned(grey: np.ndarray, ways: np.ndarray) -> np.ndarray:
    """Return pictures `(k, s, s)` each turned in its way."""
    found = grey.copy()
    for way in np.unique(ways[ways > 0]).tolist():
        mirrored, quarters = divmod(way, 4)
        shown = grey[ways == way]
        shown = shown[:, :, ::-1] if mirrored else shown
        found[ways == way] = np.rot90(shown, quarters, axes=(1, 2))
    return found


def _compared(
    first: np.ndarray, second: np.ndarray, grain: int, limit: float, strict: float
) -> np.ndarray:
    """Return how far pairs of pictures of one grain are apart."""
    one, two = _features(first, grain), _features(second, grain)
    everywhere = np.ones_like(one)
    found = np.sqrt(np.maximum(1 - _correlation(one, two, everywhere), 0) / limit)
    bad = (one.std(axis=(1, 2)) <= FLAT) | (two.std(axis=(1, 2)) <= FLAT)
    again = np.flatnonzero((found > 1) & ~bad)
    if len(again):
        place = _aligned(first[again], second[again], COARSE)
        _, fine, coarse = GRAINS[grain]
        edge = 0.0 if coarse else EDGE * fine
        away = _moved(one[again], two[again], place, edge)
        undecided = np.flatnonzero((away > strict) & (away <= HOPELESS))
        if len(undecided):
            rows = again[undecided]
            finer = _aligned(first[rows], second[rows], FINE, place[undecided])
            away[undecided] = np.minimum(away[undecided], _moved(one[rows], two[rows], finer, edge))
        found[again] = np.minimum(found[again], np.sqrt(away / strict))
    found[bad] = np.inf
    return found


def _moved(one: np.ndarray, two: np.ndarray, place: np.ndarray, edge: float) -> np.ndarray:
    """Return 1 − correlation once the second are moved; inf where too little overlaps.

    What lies within `edge` of an edge of either picture is not compared.
    """
    scale, shift = place[:, :2], place[:, 2:]
    across, inside_x = _weights(scale[:, 0], shift[:, 0], SIDE)
    down, inside_y = _weights(scale[:, 1], shift[:, 1], SIDE)
    overlap = inside_y.mean(axis=1) * inside_x.mean(axis=1)
    if edge:
        inside_x, inside_y = (_within(scale[:, side], shift[:, side], edge) for side in (0, 1))
    mask = (inside_y[:, :, None] & inside_x[:, None, :]).astype(np.float32)
    away = np.maximum(1 - _correlation(one, down @ two @ across.transpose(0, 2, 1), mask), 0)
    good = (scale <= SCALE) & (scale >= 1 / SCALE) & (np.abs(shift) <= SHIFT)
    enough = good.all(axis=1) & (overlap >= OVERLAP)
    return np.where(enough, away, np.inf)


@cache
def _blur(sigma: float, side: int) -> np.ndarray:
    """Return the matrix that smooths columns of a side by a Gaussian."""
    places = np.arange(side)
    weights: np.ndarray = np.exp(-((places[:, None] - places) ** 2) / (2 * sigma * sigma))
    return (weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)


def _smooth(grey: np.ndarray, sigma: float) -> np.ndarray:
    kernel = _blur(sigma, grey.shape[1])
    found: np.ndarray = kernel @ grey @ kernel.T
    return found


def _features(grey: np.ndarray, grain: int) -> np.ndarray:
    """Return what is compared of pictures: smoothed, and where they are large enough, detail."""
    _, fine, coarse = GRAINS[grain]
    found = _smooth(grey, fine)
    return found - _smooth(grey, coarse) if coarse else found


def _correlation(one: np.ndarray, two: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Return the correlation of pictures where the mask is 1: `(k,)`."""
    count = np.maximum(mask.sum(axis=(1, 2)), 1)
    one = (one - ((one * mask).sum(axis=(1, 2)) / count)[:, None, None]) * mask
    two = (two - ((two * mask).sum(axis=(1, 2)) / count)[:, None, None]) * mask
    spread = np.sqrt((one * one).sum(axis=(1, 2)) * (two * two).sum(axis=(1, 2)))
    found: np.ndarray = (one * two).sum(axis=(1, 2)) / np.maximum(spread, 1e-6)
    return found


def _within(scale: np.ndarray, shift: np.ndarray, edge: float) -> np.ndarray:
    """Return which places `(k, 64)` are further than `edge` from the edges of both pictures."""
    centre = (SIDE - 1) / 2
    own = np.arange(SIDE)
    places = scale[:, None] * (own - centre) + shift[:, None] * SIDE + centre
    low, high = np.minimum(places, own), np.maximum(places, own)
    found: np.ndarray = (low >= edge) & (high <= SIDE - 1 - edge)
    return found


def _weights(scale: np.ndarray, shift: np.ndarray, side: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the weights `(k, side, side)` that read a side scaled and shifted, and where it is."""
    centre = (side - 1) / 2
    places = scale[:, None] * (np.arange(side) - centre) + shift[:, None] * side + centre
    weights = np.maximum(0, 1 - np.abs(places[:, :, None] - np.arange(side)))
    inside = (places >= 0) & (places <= side - 1)
    return weights.astype(np.float32), inside


def _aligned(
    first: np.ndarray,
    second: np.ndarray,
    levels: Sequence[tuple[int, float, int]],
    begin: np.ndarray | None = None,
) -> np.ndarray:
    """Return how the second are to be moved onto the first: `(k, 4)`.

    Parameters
    ----------
    begin
        Where to begin; as they are if None.

    Returns
    -------
    numpy.ndarray
        Scale across and down, shift across and down as shares of a side.
    """
    step = SIDE // SMALL
    shape = (len(first), SMALL, step, SMALL, step)
    found = np.tile([1.0, 1.0, 0.0, 0.0], (len(first), 1)) if begin is None else begin.copy()
    for side, sigma, steps in levels:
        shown = (first, second)
        if side == SMALL:
            shown = (first.reshape(shape).mean((2, 4)), second.reshape(shape).mean((2, 4)))
        one, two = (_smooth(grey, sigma) for grey in shown)
        slopes = (np.gradient(two, axis=2), np.gradient(two, axis=1))
        for _ in range(steps):
            change = _step(one, two, slopes, found[:, :2], found[:, 2:])
            found += np.clip(change, -0.055, 0.055)
            np.clip(found[:, :2], 0.7, 1.4, out=found[:, :2])
            np.clip(found[:, 2:], -0.35, 0.35, out=found[:, 2:])
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
    across, inside_x = _weights(scale[:, 0], shift[:, 0], side)
    down, inside_y = _weights(scale[:, 1], shift[:, 1], side)
    mask = (inside_y[:, :, None] & inside_x[:, None, :]).astype(np.float32)
    back = across.transpose(0, 2, 1)
    along, below = (down @ slope @ back for slope in slopes)
    places = (np.arange(side, dtype=np.float32) - (side - 1) / 2) / side
    parts = [along * places, below * places[:, None], along, below, down @ two @ back]
    columns = np.stack([*parts, np.ones_like(mask)], axis=1) * mask[:, None]
    columns = columns.reshape(len(one), 6, -1).astype(np.float64)
    normal = columns @ columns.transpose(0, 2, 1)
    weight = np.trace(normal, axis1=1, axis2=2) * 1e-7 + 1e-6
    normal += weight[:, None, None] * np.eye(6)
    right = columns @ (one * mask).reshape(len(one), -1, 1).astype(np.float64)
    found = np.linalg.solve(normal, right)[:, :, 0]
    gain = np.where(np.abs(found[:, 4]) < 0.2, 0.2, found[:, 4])
    change: np.ndarray = found[:, :4] / gain[:, None] / side
    return change

"""Whether two pictures show the same: their grey values compared, moved onto each other if need be.

Perceptual hashes and vectors find candidates; this decides. Correlation does not mind brightness
and contrast. Edges cut off shift and scale what is left, which is undone first
(`core.quality.moving`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.quality.detail import (
    BLOCK,
    FLAT,
    GRAINS,
    Features,
    features_of,
    grain_of,
    levelled,
    products,
    turned,
)
from core.quality.moving import (
    SIDE,
    SMALL,
    correlation,
    placed,
    roughly_placed,
    weights,
)

__all__ = ["SIDE", "Pictures", "compare", "grain_of", "limits_of", "turned"]

#: What lies nearer to an edge than this many smoothings is not compared of small pictures that were
#: moved: there a cut picture was smoothed without what the other one still has.
EDGE = 2.0
#: Largest 1 − correlation of a copy, at most; and of pictures moved onto each other where a set is
#: too small to tell how alike its different pictures are.
LIMIT, MOVED = 0.12, 0.04
#: Where it can be told: moving makes different pictures this much more alike, by grain.
NEARER = (1 / 3, 1 / 6, 1 / 6)
#: What is coarse in copies that were roughly moved onto each other differs by at most this
#: 1 − correlation (in the sets measured by .032; of other candidates one in ten is below .1).
ROUGH = 0.1
#: Side, smoothing and steps of moving from there; the fine ones only where they may decide: up to
#: this 1 − correlation before them.
COARSE, FINE = (SMALL, 0.8, 5), (SIDE, 1.0, 4)
HOPELESS = 0.35
#: Furthest scale and shift (share of a side), least share of the picture that must overlap.
SCALE, SHIFT, OVERLAP = 1.3, 0.2, 0.7
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


def limits_of(
    pictures: Pictures,
    total: int,
    related: np.ndarray | None = None,
    grains: Sequence[int] = range(len(GRAINS)),
) -> np.ndarray:
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
    grains
        The grains of the pictures of the set; others are not estimated.

    Returns
    -------
    numpy.ndarray
        Shape `(grains, 2)`: as they are, and moved onto each other; at most `LIMIT`.
    """
    found = np.tile([LIMIT, MOVED], (len(GRAINS), 1))
    upper = np.triu(np.ones((len(pictures.grey),) * 2, bool), 1)
    if related is not None:
        upper &= ~related
    for grain in grains:
        if not (grain_of(pictures.sides) <= grain).any():
            continue
        values = features_of(pictures.grey.astype(np.float32), grain).reshape(
            len(pictures.grey), -1
        )
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
    for grain in np.unique(grains).tolist():
        chosen = np.flatnonzero(grains == grain)
        known = None if GRAINS[grain][2] == 0 else Features.of(pictures.grey, pairs[chosen], grain)
        for start in range(0, len(chosen), BLOCK):
            at = chosen[start : start + BLOCK]
            block = _Block(pictures, pairs[at], ways[at], grain, limits[grain].tolist())
            found[at] = block.compared() if known is None else block.compared_by(known)
    return found


@dataclass(frozen=True, slots=True)
class _Block:
    """Some pairs of pictures of one grain, as `compare` is given them."""

    pictures: Pictures
    pairs: np.ndarray
    ways: np.ndarray
    grain: int
    limits: Sequence[float]

    def compared_by(self, known: Features) -> np.ndarray:
        """Return how far the pairs are apart by what is known of their pictures."""
        one, two = known.places(self.pairs.T)
        shown = turned(known.shown[two], self.ways)
        joint = products(known.shown[one], shown) - SIDE**2 * known.mean[one] * known.mean[two]
        likeness = joint / np.maximum(known.length[one] * known.length[two], 1e-6)
        bad = (known.length[np.stack([one, two])] <= FLAT * SIDE).any(axis=0)
        found = self.scaled(likeness)
        again = np.flatnonzero((found > 1) & ~bad)
        if len(again):
            first, second = self.grey(again)
            self.move(found, again, (first, second, known.shown[one[again]], shown[again]))
        found[bad] = np.inf
        return found

    def compared(self) -> np.ndarray:
        """Return how far the pairs are apart, each levelled on its own."""
        first, second = levelled(*self.grey(), self.pictures.sides[self.pairs])
        one, two = features_of(first, self.grain), features_of(second, self.grain)
        bad = (one.std(axis=(1, 2)) <= FLAT) | (two.std(axis=(1, 2)) <= FLAT)
        found = self.scaled(correlation(one, two, np.ones_like(one)))
        again = np.flatnonzero((found > 1) & ~bad)
        if len(again):
            self.move(found, again, (first[again], second[again], one[again], two[again]))
        found[bad] = np.inf
        return found

    def scaled(self, likeness: np.ndarray) -> np.ndarray:
        """Return correlations as distances, 1 the most that is still a copy."""
        found: np.ndarray = np.sqrt(np.maximum(1 - likeness, 0) / self.limits[0])
        return found

    def grey(self, some: np.ndarray | slice = slice(None)) -> tuple[np.ndarray, np.ndarray]:
        """Return the grey values of some pairs, the second turned: `(k, 64, 64)` float32."""
        one, two = self.pairs[some].T
        second = turned(self.pictures.grey[two], self.ways[some])
        return self.pictures.grey[one].astype(np.float32), second.astype(np.float32)

    def move(self, found: np.ndarray, again: np.ndarray, shown: Sequence[np.ndarray]) -> None:
        """Put in how far some pairs are apart, `shown` in grey and as features, once moved."""
        place, rough = roughly_placed(shown[0], shown[1])
        good = rough <= ROUGH
        if good.any():
            parts = [part[good] for part in shown]
            away = _finely(parts, place[good], self.grain, self.limits[1])
            at = again[good]
            found[at] = np.minimum(found[at], np.sqrt(away / self.limits[1]))


def _finely(
    shown: Sequence[np.ndarray], place: np.ndarray, grain: int, strict: float
) -> np.ndarray:
    """Return 1 − correlation of pairs that were roughly moved onto each other, once well moved.

    Parameters
    ----------
    shown
        First and second pictures in grey, and what is compared of them: each `(k, 64, 64)`.
    """
    first, second, one, two = shown
    place = placed(first, second, COARSE, place)
    _, fine, coarse = GRAINS[grain]
    edge = 0.0 if coarse else EDGE * fine
    away = _moved(one, two, place, edge)
    rows = np.flatnonzero((away > strict) & (away <= HOPELESS))
    if len(rows):
        finer = placed(first[rows], second[rows], FINE, place[rows])
        away[rows] = np.minimum(away[rows], _moved(one[rows], two[rows], finer, edge))
    return away


def _moved(one: np.ndarray, two: np.ndarray, place: np.ndarray, edge: float) -> np.ndarray:
    """Return 1 − correlation once the second are moved; inf where too little overlaps.

    What lies within `edge` of an edge of either picture is not compared.
    """
    scale, shift = place[:, :2], place[:, 2:]
    across, inside_x = weights(scale[:, 0], shift[:, 0], SIDE)
    down, inside_y = weights(scale[:, 1], shift[:, 1], SIDE)
    overlap = inside_y.mean(axis=1) * inside_x.mean(axis=1)
    if edge:
        inside_x, inside_y = (_within(scale[:, side], shift[:, side], edge) for side in (0, 1))
    mask = (inside_y[:, :, None] & inside_x[:, None, :]).astype(np.float32)
    away = np.maximum(1 - correlation(one, down @ two @ across.transpose(0, 2, 1), mask), 0)
    good = (scale <= SCALE) & (scale >= 1 / SCALE) & (np.abs(shift) <= SHIFT)
    enough = good.all(axis=1) & (overlap >= OVERLAP)
    return np.where(enough, away, np.inf)


def _within(scale: np.ndarray, shift: np.ndarray, edge: float) -> np.ndarray:
    """Return which places `(k, 64)` are further than `edge` from the edges of both pictures."""
    centre = (SIDE - 1) / 2
    own = np.arange(SIDE)
    places = scale[:, None] * (own - centre) + shift[:, None] * SIDE + centre
    low, high = np.minimum(places, own), np.maximum(places, own)
    found: np.ndarray = (low >= edge) & (high <= SIDE - 1 - edge)
    return found

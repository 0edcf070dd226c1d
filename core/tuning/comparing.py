"""Is the tuned encoder better than the one it began with? Measured on images held out by unit.

Every figure is measured twice on the same images, and the interval of the difference is taken over
units from the differences of each, so that what makes an image hard for both does not blur it.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from core.errors import InputError
from core.morphology.metric import found_again, usual_distance
from core.neighbors import find_neighbors
from core.quality.probe import linear_probe

#: Neighbours that are asked for their label.
K = 10
Z = 1.959964
#: Fewest units for an interval.
FEWEST = 10


@dataclass(frozen=True, slots=True)
class Line:
    """One figure before and after.

    Attributes
    ----------
    measure, title
        As a key, and for a person.
    before, after
        The figure of the base and of the tuned encoder.
    difference, low, high
        After minus before, with its 95 % interval; NaN where there are too few units.
    more
        Whether more is better.
    """

    measure: str
    title: str
    before: float
    after: float
    difference: float
    low: float
    high: float
    more: bool = True

    @property
    def verdict(self) -> str:
        """Return better, worse, or not told apart."""
        good, bad = (self.low > 0, self.high < 0) if self.more else (self.high < 0, self.low > 0)
        return "better" if good else "worse" if bad else "not told apart"

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values, with its verdict."""
        return {**asdict(self), "verdict": self.verdict}


@dataclass(frozen=True, slots=True)
class Side:
    """What one encoder makes of the held-out images: unit vectors, and those after each change."""

    vectors: np.ndarray
    moved: Mapping[str, np.ndarray]


def compare(
    before: Side, after: Side, codes: np.ndarray | None, units: np.ndarray, seed: int
) -> dict[str, Any]:
    """Compare two encoders on the same images.

    Parameters
    ----------
    before, after
        Vectors `(n, d)` of each, in the same order; the first m of them also after changes.
    codes
        Label of each image `(n,)`, below 0 for none; None where there are no labels.
    units
        Unit of each image `(n,)`.
    seed
        Of the folds of the probe and the pairs of the usual distance.

    Returns
    -------
    dict
        images, units, labels (how many have one), lines (`Line.to_json`), verdict ("better", "not
        better", "worse" or "not told") and text.
    """
    lines: list[Line] = []
    notes: list[str] = []
    known = np.zeros(0, np.int64) if codes is None else np.flatnonzero(codes >= 0)
    if codes is not None and len(known):
        near = _agreement(before, after, codes, units)
        lines += [near] if near is not None else []
        try:
            lines.append(_probe(before, after, codes, units, seed))
        except InputError as error:
            notes.append(str(error))
    if before.moved and len(next(iter(before.moved.values()))):
        lines += _steadiness(before, after, codes, units, seed)
    verdict, text = judged(lines)
    return {
        "images": len(units), "units": len(np.unique(units)), "labels": len(known),
        "lines": [line.to_json() for line in lines], "notes": notes, "verdict": verdict,
        "text": text,
    }  # fmt: skip


def judged(lines: list[Line]) -> tuple[str, str]:
    """Return the verdict and the sentence that says it.

    Neighbours decide: better only if their interval lies above nothing and the probe is not worse.
    Without labels nothing but steadiness can be measured, and that alone makes no better encoder: a
    network that gives every picture one vector is the steadiest.
    """
    by = {line.measure: line for line in lines}
    near = by.get("agreement")
    if near is None:
        return "not told", (
            "Not shown to be better: without labels of the held-out images, whether neighbours are "
            "of one kind cannot be measured."
        )
    probe = by.get("probe")
    if not np.isfinite(near.low):
        return "not better", "Not better: too few units are held out for an interval."
    figures = (
        f"neighbour agreement κ {near.before:.3f} before, {near.after:.3f} after, difference "
        f"{near.difference:+.3f} ({near.low:+.3f} to {near.high:+.3f})"
    )
    if near.verdict == "worse" or (probe is not None and probe.verdict == "worse"):
        also = "" if near.verdict == "worse" else "; a linear probe does worse"
        return "worse", f"Not better, worse: {figures}{also}."
    if near.verdict == "better":
        return "better", f"Better on held-out images: {figures}."
    return "not better", f"Not better: {figures}."


def _agreement(before: Side, after: Side, codes: np.ndarray, units: np.ndarray) -> Line | None:
    """Return how often the nearest of other units share a label, beyond chance (κ)."""
    shares = [_shares(side.vectors, codes, units) for side in (before, after)]
    rows = np.flatnonzero(np.isfinite(shares[0]) & np.isfinite(shares[1]))
    if not len(rows):
        return None
    p = np.bincount(codes[codes >= 0]) / (codes >= 0).sum()
    chance = float((p**2).sum())
    if chance >= 1:
        return None
    means = [_unit_means(share[rows], units[rows]) for share in shares]
    return _line("agreement", f"Neighbour agreement κ ({K} nearest)", means[0], means[1],
                 more=True, scale=1 / (1 - chance), shift=-chance / (1 - chance))  # fmt: skip


def _shares(vectors: np.ndarray, codes: np.ndarray, units: np.ndarray) -> np.ndarray:
    """Return the share of each image's nearest others, of other units, that have its label."""
    n = len(vectors)
    found = find_neighbors(vectors, key="", k=min(n - 1, 4 * K)).indices
    looked = units[found] != units[:, None]
    looked &= codes[found] >= 0
    looked &= looked.cumsum(axis=1) <= K
    same = (codes[found] == codes[:, None]) & looked
    counted = looked.sum(axis=1)
    share = np.full(n, np.nan)
    good = (counted > 0) & (codes >= 0)
    share[good] = same[good].sum(axis=1) / counted[good]
    return share


def _probe(before: Side, after: Side, codes: np.ndarray, units: np.ndarray, seed: int) -> Line:
    """Return a linear probe's balanced accuracy; its interval is wide, the two taken apart."""
    sides = [linear_probe(side.vectors, codes, units=units, seed=seed) for side in (before, after)]
    halves = [(probe.high - probe.low) / 2 for probe in sides]
    half = float(np.hypot(halves[0], halves[1]))
    apart = sides[1].accuracy - sides[0].accuracy
    return Line("probe", "Linear probe, balanced accuracy", sides[0].accuracy, sides[1].accuracy,
                apart, apart - half, apart + half)  # fmt: skip


def _steadiness(
    before: Side, after: Side, codes: np.ndarray | None, units: np.ndarray, seed: int
) -> list[Line]:
    """Return how far changes move a vector, against the usual distance, and what is found again."""
    moves, found = [], []
    for side in (before, after):
        usual = usual_distance(side.vectors, codes, seed, units)
        names = list(side.moved)
        rows = np.arange(len(side.moved[names[0]]))
        pairs = [found_again(side.vectors, rows, side.moved[name]) for name in names]
        apart = np.mean([pair[0] for pair in pairs], axis=0)
        moves.append(apart / usual if usual > 0 else np.full(len(rows), np.nan))
        found.append(np.mean([pair[1] for pair in pairs], axis=0))
    mine = units[: len(moves[0])]
    means = [_unit_means(values, mine) for values in (*moves, *found)]
    return [
        _line("invariance", "Moved by changes that keep the form, in usual distances",
              means[0], means[1], more=False),
        _line("retrieval", "Changed pictures that find themselves", means[2], means[3],
              more=True),
    ]  # fmt: skip


def _unit_means(values: np.ndarray, units: np.ndarray) -> np.ndarray:
    _, place = np.unique(units, return_inverse=True)
    means: np.ndarray = np.bincount(place, values) / np.bincount(place)
    return means


def _line(
    measure: str,
    title: str,
    before: np.ndarray,
    after: np.ndarray,
    *,
    more: bool,
    scale: float = 1.0,
    shift: float = 0.0,
) -> Line:
    """Return a line of two means over units, with the interval of their difference."""
    apart = (after - before) * scale
    few = len(apart) < FEWEST
    half = np.nan if few else Z * float(apart.std(ddof=1) / np.sqrt(len(apart)))
    middle = float(apart.mean())
    return Line(measure, title, float(before.mean() * scale + shift),
                float(after.mean() * scale + shift), middle, middle - half, middle + half,
                more)  # fmt: skip

"""How far encoders agree on who is near whom, and what each adds to an ensemble of them.

For images drawn by unit, the nearest others of other units in each encoder's vectors, in all
together, and in all but one; and how many they share. Arrays in, a frozen result out.
"""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from core.encoders.fitted.maths import scaled
from core.errors import InputError
from core.fitting.sampling import codes, one_each
from core.progress import Progress

STAGE = "agreement"

#: Neighbours compared, and images at which they are.
K, ANCHORS = 10, 2000

#: Values of one block of similarities, over all encoders: 128 MB in float32.
BLOCK = 32_000_000

#: Similarities that differ by less than this are a tie: float32 sums of a thousand products.
TIE = 1e-5


@dataclass(frozen=True, slots=True)
class Share:
    """A share of neighbours, and its 95 % interval over units."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Left:
    """What an ensemble is without one of its encoders.

    Attributes
    ----------
    name, weight
        The encoder and its weight.
    kept
        Neighbours that the ensemble and the ensemble without it share.
    alone
        Neighbours that the ensemble and this encoder alone share.
    label
        Share of neighbours with an image's own label in the ensemble without it; None where there
        are no labels.
    """

    name: str
    weight: float
    kept: Share
    alone: Share
    label: Share | None


@dataclass(frozen=True, slots=True)
class EncoderAgreement:
    """How far encoders agree on the same images.

    Attributes
    ----------
    names
        The encoders.
    overlap
        `overlap[i][j]`: the share of an image's nearest others that encoders i and j have in
        common; symmetric, 1 on the diagonal.
    chance
        The share that random neighbours would have in common.
    k, images, units, of
        Neighbours compared, images and units measured at, and images searched.
    label
        Share of nearest others with an image's own label, for each encoder, then for all together
        under its weights; empty where there are no labels. `label_chance` is Σ p².
    without
        For each encoder what the ensemble is without it; empty for fewer than two.
    """

    names: tuple[str, ...]
    overlap: tuple[tuple[Share, ...], ...]
    chance: float
    k: int
    images: int
    units: int
    of: int
    label: tuple[Share, ...]
    label_chance: float | None
    without: tuple[Left, ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self)

    def in_pairs(self) -> dict[str, Any]:
        """Return it as JSON values in which each pair stands once.

        Returns
        -------
        dict
            "k", "chance", "pairs" (places of both encoders, share with its interval), "without"
            (what is left without each) and "label" (of each encoder and of all together).
        """
        count = len(self.names)
        pairs = [
            {"a": one, "b": two, **asdict(self.overlap[one][two])}
            for one in range(count)
            for two in range(one + 1, count)
        ]
        return {
            "k": self.k, "chance": self.chance, "pairs": pairs,
            "without": [asdict(left) for left in self.without],
            "label": [asdict(share) for share in self.label],
        }  # fmt: skip

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "EncoderAgreement":
        """Return what `to_json` wrote."""
        made = {
            "names": tuple(value["names"]),
            "overlap": tuple(tuple(Share(**s) for s in row) for row in value["overlap"]),
            "label": tuple(Share(**share) for share in value["label"]),
            "without": tuple(_left(one) for one in value["without"]),
        }
        return cls(**{**value, **made})


def _left(value: dict[str, Any]) -> Left:
    label = value["label"]
    return Left(value["name"], value["weight"], Share(**value["kept"]), Share(**value["alone"]),
                None if label is None else Share(**label))  # fmt: skip


def measure_agreement(
    names: Sequence[str],
    vectors: Sequence[np.ndarray],
    *,
    weights: Sequence[float] | None = None,
    units: np.ndarray | None = None,
    labels: np.ndarray | None = None,
    k: int = K,
    anchors: int = ANCHORS,
    seed: int = 0,
    progress: Progress | None = None,
) -> EncoderAgreement:
    """Measure how far encoders agree on nearest neighbours, and what each adds to all together.

    Parameters
    ----------
    names, vectors
        The encoders and, for each, an array `(n, d_m)`; row r is the same image in all.
    weights
        Of the ensemble, adding up to 1; equal by default.
    units
        What belongs together `(n,)`: no neighbour is of an image's own unit. By default every
        image is its own.
    labels
        A label an image `(n,)`, "" where it has none.
    k, anchors, seed
        Neighbours compared, lowered to half of what there is; images measured at, one of each unit
        where there are more.

    Returns
    -------
    EncoderAgreement
        Shares |N₁ ∩ N₂| / k, an image as near as the k-th counting as a neighbour in either, so
        that copies are no disagreement. Intervals are normal, over the means of units.

    Raises
    ------
    InputError
        There are fewer than three units, or rows do not match.
    """
    n = len(vectors[0])
    if any(len(rows) != n for rows in vectors):
        raise InputError("vectors: every encoder needs a row for the same images")
    number = np.arange(n) if units is None else codes(units)
    sizes = np.bincount(number) if n else np.zeros(0, np.int64)
    if len(sizes) < 3:
        raise InputError(f"agreement: 3 independent images are needed, here are {len(sizes)}")
    k = max(1, min(k, (n - int(sizes.max())) // 2))
    rows = one_each(number, anchors, seed)
    if labels is not None and not (labels[rows] != "").any():
        labels = None
    shares = tuple(weights) if weights is not None else (1 / len(names),) * len(names)
    whole = _Spaces([scaled(v).astype(np.float32) for v in vectors], shares)
    told = _measured(whole, rows, number, labels, k, progress or Progress())
    means = {name: _share(values, number[rows]) for name, values in told.items()}
    places = range(len(names))
    return EncoderAgreement(
        tuple(names),
        tuple(tuple(means[f"{min(i, j)} {max(i, j)}"] for j in places) for i in places),
        k / (n - 1), k, len(rows), len(np.unique(number[rows])), n,
        () if labels is None else tuple(means[f"label {i}"] for i in [*places, "all"]),
        None if labels is None else _by_chance(labels),
        tuple(
            Left(names[i], float(shares[i]), means[f"kept {i}"], means[f"alone {i}"],
                 None if labels is None else means[f"label -{i}"])
            for i in places if len(names) > 1
        ),
    )  # fmt: skip


class _Spaces:
    """Similarities in each encoder's vectors, in all, and in all but each."""

    def __init__(self, unit: list[np.ndarray], weights: Sequence[float]):
        self.unit, self.weights = unit, weights
        self.names = [str(i) for i in range(len(unit))]
        if len(unit) > 1:
            self.names += ["all", *(f"-{i}" for i in range(len(unit)))]
        else:
            self.names.append("all")

    def at(self, rows: np.ndarray) -> dict[str, np.ndarray]:
        """Return the similarities `(len(rows), n)` of rows to all, for each space."""
        found = {str(i): unit[rows] @ unit.T for i, unit in enumerate(self.unit)}
        parts = [weight * found[str(i)] for i, weight in enumerate(self.weights)]
        found["all"] = np.sum(parts, axis=0)
        if len(parts) > 1:
            for i, part in enumerate(parts):
                found[f"-{i}"] = (found["all"] - part) / (1 - self.weights[i])
        return found


def _measured(
    spaces: _Spaces,
    rows: np.ndarray,
    number: np.ndarray,
    labels: np.ndarray | None,
    k: int,
    progress: Progress,
) -> dict[str, np.ndarray]:
    """Return each share at every anchor `(len(rows),)`, by its name."""
    pairs = list(_pairs(spaces.names))
    told = {name: np.empty(len(rows)) for name, _, _ in pairs}
    if labels is not None:
        told |= {f"label {name}": np.full(len(rows), np.nan) for name in spaces.names}
    step = max(1, BLOCK // (len(number) * len(spaces.names)))
    for start in range(0, len(rows), step):
        part = slice(start, start + step)
        own = number[rows[part], None] == number
        near = {name: _nearest(alike, own, k) for name, alike in spaces.at(rows[part]).items()}
        for name, first, second in pairs:
            told[name][part] = (_within(near[first], near[second]) +
                                _within(near[second], near[first])) / 2  # fmt: skip
        if labels is not None:
            mine = labels[rows[part], None]
            for name, one in near.items():
                same = (labels[one.rows] == mine).mean(axis=1)
                told[f"label {name}"][part] = np.where(mine[:, 0] != "", same, np.nan)
        progress.report(STAGE, min(start + step, len(rows)), len(rows))
    return told


def _pairs(names: Sequence[str]) -> Iterator[tuple[str, str, str]]:
    """Yield what is compared: its name and two spaces."""
    members = [name for name in names if name.isdigit()]
    for i in members:
        for j in members[int(i) :]:
            yield f"{i} {j}", i, j
        if len(members) > 1:
            yield f"kept {i}", "all", f"-{i}"
            yield f"alone {i}", "all", i


@dataclass(frozen=True, slots=True)
class _Near:
    """The nearest `rows` `(m, k)`, all similarities `(m, n)`, and that of the k-th `(m, 1)`."""

    rows: np.ndarray
    alike: np.ndarray
    least: np.ndarray


def _nearest(alike: np.ndarray, own: np.ndarray, k: int) -> _Near:
    alike[own] = -np.inf
    rows = np.argpartition(-alike, k - 1, axis=1)[:, :k]
    return _Near(rows, alike, np.take_along_axis(alike, rows, axis=1).min(axis=1, keepdims=True))


def _within(first: _Near, second: _Near) -> np.ndarray:
    """Return the share `(m,)` of the first's neighbours that are the second's, ties included."""
    there = np.take_along_axis(second.alike, first.rows, axis=1) >= second.least - TIE
    return np.asarray(there.mean(axis=1))


def _share(values: np.ndarray, units: np.ndarray) -> Share:
    """Return the mean over units of their images' values, and its normal interval."""
    known = ~np.isnan(values)
    if not known.any():
        return Share(float("nan"), float("nan"), float("nan"))
    number = codes(units[known])
    means = np.bincount(number, values[known]) / np.bincount(number)
    middle = float(means.mean())
    half = 1.96 * float(means.std(ddof=1)) / len(means) ** 0.5 if len(means) > 1 else 0.0
    return Share(middle, max(0.0, middle - half), min(1.0, middle + half))


def _by_chance(labels: np.ndarray) -> float:
    """Return the chance that two images drawn from those with labels have the same."""
    counts = np.unique(labels[labels != ""], return_counts=True)[1]
    return float(np.square(counts / counts.sum()).sum()) if len(counts) else float("nan")

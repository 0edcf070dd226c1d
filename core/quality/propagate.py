"""From a few labels to many, and none where it would be a guess.

Every image is voted on by its nearest labelled ones. How sure a vote must be is learned from the
labelled images themselves, each voted on by others: the lowest confidence above which the share of
right votes is, with 95 % confidence, what was promised. Images further from every labelled one
than labelled ones are from each other are left alone in any case.
"""

from dataclasses import dataclass

import numpy as np

from core.errors import InputError
from core.progress import Progress
from core.quality.balance import wilson
from core.quality.labels import CLASS_UNITS, large_classes
from core.quality.votes import Verdict, nearest_labelled, verdict, weights_of
from core.space import unit_rows

STAGE = "propagating labels"

#: Neighbours that vote; the precision promised, and z of its one-sided confidence of 95 %.
K, PRECISION, Z = 15, 0.95, 1.644854
#: Share of labelled items whose nearest other labelled one is within reach.
REACH = 0.99


@dataclass(frozen=True, slots=True)
class Propagated:
    """Labels proposed for items that have none.

    Attributes
    ----------
    rows
        Items that get a proposal, the surest first.
    known
        Labelled items that voted, ascending.
    proposed, confidence
        Their label codes and the share of the vote, 0 to 1.
    threshold
        Confidence below which nothing is proposed; None where no confidence is enough.
    reach
        Distance to the nearest labelled item beyond which nothing is proposed.
    precision, low, tried
        Share of labelled items at or above the threshold whose own label the others found, its
        lower bound (one-sided, 95 %), and how many they were.
    unsure, far
        Items left alone because the vote was unsure, or because they are beyond reach.
    notice
        Why nothing is proposed; "" else.
    """

    rows: np.ndarray
    known: np.ndarray
    proposed: np.ndarray
    confidence: np.ndarray
    threshold: float | None
    reach: float
    precision: float | None
    low: float | None
    tried: int
    unsure: int
    far: int
    notice: str = ""


def propagate_labels(
    vectors: np.ndarray,
    labels: np.ndarray,
    *,
    units: np.ndarray | None = None,
    waiting: np.ndarray | None = None,
    k: int = K,
    precision: float = PRECISION,
    seed: int = 0,
    progress: Progress | None = None,
) -> Propagated:
    """Propose labels for items that have none, keeping a promised precision.

    Parameters
    ----------
    vectors
        Shape `(n, d)`; scaled to unit length here.
    labels
        Codes `(n,)`, below 0 for items without one. The labelled ones must be a fair sample of
        the others, or the promise does not hold.
    units
        Unit of each item `(n,)`: items of one unit never vouch for one another's label.
    waiting
        Rows without a label that may get one; all of them if None.
    k
        Labelled neighbours that vote, weighted by 1 / distance.
    precision
        Share of proposals that must be right.

    Raises
    ------
    InputError
        Lengths differ, fewer than two classes have five labelled units, or the precision is none.
    """
    progress = progress or Progress()
    if not 0 < precision < 1:
        raise InputError(f"precision must lie between 0 and 1, not {precision}")
    unit = unit_rows(vectors)
    labels = np.asarray(labels, dtype=np.int64)
    places = np.arange(len(unit)) if units is None else np.asarray(units)
    known = _known(unit, labels, places)
    near, away = nearest_labelled(unit, known, known, places, k, progress, STAGE)
    again = verdict(_labels_of(labels, near), weights_of(away))
    threshold, right, tried = sure_enough(
        again.share, again.best == labels[known], places[known], precision
    )
    nearest = away[:, 0][np.isfinite(away[:, 0])]
    reach = float(np.quantile(nearest, REACH)) if len(nearest) else 0.0
    waiting = np.flatnonzero(labels < 0) if waiting is None else np.asarray(waiting, np.int64)
    near, away = nearest_labelled(unit, waiting, known, None, k, progress, STAGE)
    told = verdict(_labels_of(labels, near), weights_of(away))
    within = away[:, 0] <= reach
    enough = told.share >= (2 if threshold is None else threshold)
    take = np.flatnonzero(within & enough)
    take = take[np.lexsort((take, -told.share[take]))]
    part = None if threshold is None else right / tried
    return Propagated(
        waiting[take], known, told.best[take], told.share[take], threshold, reach, part,
        None if part is None else wilson(part, tried, Z)[0], tried,
        int((within & ~enough).sum()), int((~within).sum()),
        "" if threshold is not None else _too_few(len(known), precision),
    )  # fmt: skip


def _labels_of(labels: np.ndarray, near: np.ndarray) -> np.ndarray:
    """Return the labels of neighbours; −1 where there is none."""
    found: np.ndarray = np.where(near >= 0, labels[near], -1)
    return found


def _known(unit: np.ndarray, labels: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Return the labelled rows of classes that can be learned."""
    if len(labels) != len(unit) or len(places) != len(unit):
        raise InputError(
            f"labels: {len(labels)} labels and {len(places)} units for {len(unit)} vectors"
        )
    judged, few = large_classes(labels, places)
    if len(judged) < 2:
        raise InputError(
            f"labels: two classes or more need {CLASS_UNITS} labelled images each; "
            f"{len(judged)} of {len(judged) + len(few)} have them. Label some more first"
        )
    return np.flatnonzero(np.isin(labels, judged))


def sure_enough(
    sure: np.ndarray, right: np.ndarray, places: np.ndarray, precision: float
) -> tuple[float | None, int, int]:
    """Return the lowest confidence that keeps a promise, with how many were right and tried.

    Copies of one unit say the same: what they tell counts as that of their units.
    """
    order = np.argsort(-sure, kind="stable")
    tried, hits = np.arange(1, len(order) + 1), np.cumsum(right[order])
    _, first = np.unique(places[order], return_index=True)
    fresh = np.zeros(len(order), bool)
    fresh[first] = True
    units = np.cumsum(fresh)
    ends = np.flatnonzero(np.append(np.diff(sure[order]) < 0, True))  # equals go together
    for at in ends[::-1].tolist():
        if wilson(float(hits[at] / tried[at]), int(units[at]), Z)[0] >= precision:
            return float(sure[order[at]]), int(hits[at]), int(tried[at])
    return None, 0, 0


def _too_few(known: int, precision: float) -> str:
    """Return what to do where no confidence is enough."""
    least = int(np.ceil(Z * Z * precision / (1 - precision)))
    return (
        f"From {known} labelled images no confidence is known to be right "
        f"{100 * precision:.3g} % of the time; at least {least} of them would have to be "
        "found again without a mistake. Label more, or promise less."
    )


def nearest_known(
    unit: np.ndarray, rows: np.ndarray, known: np.ndarray, k: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the k nearest known rows of some rows, nearest first, and their distances.

    Shapes `(m, k)`, int64 and float32; −1 and NaN where there are fewer than k.
    """
    near, away = nearest_labelled(unit, rows, known, None, k)
    return near, np.where(near >= 0, away, np.nan).astype(np.float32)


def verdict_of(
    unit: np.ndarray,
    labels: np.ndarray,
    waiting: np.ndarray,
    *,
    k: int = K,
    progress: Progress | None = None,
) -> Verdict | None:
    """Return what labelled neighbours say of waiting rows; None where no two classes are known."""
    known = np.flatnonzero(labels >= 0)
    if len(np.unique(labels[known])) < 2:
        return None
    near, away = nearest_labelled(unit, waiting, known, None, k, progress, STAGE)
    return verdict(_labels_of(labels, near), weights_of(away))

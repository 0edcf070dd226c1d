"""From a few labels to many, and none where it would be a guess.

Every image is voted on by its nearest labelled ones. How sure a vote must be is learned from the
labelled images themselves, each voted on by others: the lowest confidence above which the share of
right votes is, with 90 % confidence, what was promised. Images further from every labelled one
than labelled ones are from each other are left alone in any case.
"""

from dataclasses import dataclass

import numpy as np

from core.errors import InputError
from core.progress import Progress
from core.quality.balance import wilson
from core.quality.labels import CLASS_UNITS, held_out_votes
from core.space import blocks, unit_rows

STAGE = "propagating labels"

#: Neighbours that vote; the precision promised, and z of its one-sided confidence of 90 %.
K, PRECISION, Z = 15, 0.95, 1.281552
#: Share of labelled items whose nearest other labelled one is within reach.
REACH = 0.99


@dataclass(frozen=True, slots=True)
class Propagated:
    """Labels proposed for items that have none.

    Attributes
    ----------
    rows
        Items that get a proposal, the surest first.
    proposed, confidence
        Their label codes and the share of the vote, 0 to 1.
    threshold
        Confidence below which nothing is proposed; None where no confidence is enough.
    reach
        Distance to the nearest labelled item beyond which nothing is proposed.
    precision, low, tried
        Share of labelled items at or above the threshold whose own label the others found, its
        lower bound (one-sided, 90 %), and how many they were.
    unsure, far
        Items left alone because the vote was unsure, or because they are beyond reach.
    notice
        Why nothing is proposed; "" else.
    """

    rows: np.ndarray
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
    k
        Labelled neighbours that vote, weighted by 1 / distance.
    precision
        Share of proposals that must be right.

    Raises
    ------
    InputError
        Lengths differ, fewer than two classes have five labelled units, or the precision is none.
    """
    from sklearn.neighbors import KNeighborsClassifier

    progress = progress or Progress()
    if not 0 < precision < 1:
        raise InputError(f"precision must lie between 0 and 1, not {precision}")
    unit = unit_rows(vectors)
    labels = np.asarray(labels, dtype=np.int64)
    places = np.arange(len(unit)) if units is None else np.asarray(units)
    known, judged = _known(unit, labels, places)
    codes = np.searchsorted(judged, labels[known])
    progress.report(STAGE, 0, len(unit))
    votes = held_out_votes(unit[known], codes, len(judged), places[known], k, seed, progress)
    threshold, right, tried = _threshold(votes, codes, precision)
    reach = float(np.quantile(_nearest(unit[known], unit[known], places[known]), REACH))
    waiting = np.flatnonzero(labels < 0)
    judge = KNeighborsClassifier(min(k, len(known)), weights="distance", algorithm="brute")
    judge.fit(unit[known], codes)
    found = judge.predict_proba(unit[waiting]) if len(waiting) else np.zeros((0, len(judged)))
    sure, best = found.max(axis=1, initial=0), found.argmax(axis=1)
    near = _nearest(unit[waiting], unit[known]) <= reach
    enough = sure >= (2 if threshold is None else threshold)
    take = np.flatnonzero(near & enough)
    take = take[np.lexsort((take, -sure[take]))]
    part = None if threshold is None else right / tried
    return Propagated(
        waiting[take], judged[best[take]], sure[take], threshold, reach, part,
        None if part is None else wilson(part, tried, Z)[0], tried,
        int((near & ~enough).sum()), int((~near).sum()),
        "" if threshold is not None else _too_few(len(known), precision),
    )  # fmt: skip


def _known(
    unit: np.ndarray, labels: np.ndarray, places: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return the labelled rows of classes that can be learned, and the codes of these."""
    if len(labels) != len(unit) or len(places) != len(unit):
        raise InputError(
            f"labels: {len(labels)} labels and {len(places)} units for {len(unit)} vectors"
        )
    codes = np.unique(labels[labels >= 0])
    units = np.array([len(np.unique(places[labels == code])) for code in codes], dtype=np.int64)
    judged = codes[units >= CLASS_UNITS]
    if len(judged) < 2:
        raise InputError(
            f"labels: two classes or more need {CLASS_UNITS} labelled images each; "
            f"{len(judged)} of {len(codes)} have them. Label some more first"
        )
    return np.flatnonzero(np.isin(labels, judged)), judged


def _threshold(
    votes: np.ndarray, codes: np.ndarray, precision: float
) -> tuple[float | None, int, int]:
    """Return the lowest confidence that keeps the promise, with how many were right and tried."""
    sure, right = votes.max(axis=1), votes.argmax(axis=1) == codes
    order = np.argsort(-sure, kind="stable")
    tried, hits = np.arange(1, len(order) + 1), np.cumsum(right[order])
    ends = np.flatnonzero(np.append(np.diff(sure[order]) < 0, True))  # equals go together
    for at in ends[::-1].tolist():
        if wilson(float(hits[at] / tried[at]), int(tried[at]), Z)[0] >= precision:
            return float(sure[order[at]]), int(hits[at]), int(tried[at])
    return None, 0, 0


def _too_few(known: int, precision: float) -> str:
    """Return what to do where no confidence is enough."""
    least = int(np.ceil(Z * Z * precision / (1 - precision)))
    return (
        f"From {known} labelled images no confidence is known to be right {precision:.0%} of the "
        f"time; at least {least} of them would have to be found again without a mistake. Label "
        "more, or promise less."
    )


def _nearest(points: np.ndarray, known: np.ndarray, places: np.ndarray | None = None) -> np.ndarray:
    """Return the distance of each point to the nearest known one, of another unit if given."""
    found = np.empty(len(points))
    for part in blocks(len(points), len(known)):
        cosines = points[part] @ known.T
        if places is not None:
            cosines[places[part][:, None] == places] = -1
        best = cosines.argmax(axis=1)
        gap = points[part].astype(np.float64) - known[best]
        found[part] = np.linalg.norm(gap, axis=1)
    return found

"""Labels by words alone, and none where the words do not tell.

Each image is as sure of a label as the softmax of its cosines with the labels' words says, at the
temperature that the encoder was trained with. How sure is enough is learned from images whose label
is known, where there are enough: the lowest confidence above which the share of right ones is, with
95 % confidence, what was promised. Where there are none, a confidence is set and nothing promised.
"""

from dataclasses import dataclass

import numpy as np

from core.quality.balance import wilson
from core.quality.propagate import Z, sure_enough

#: Confidence below which nothing is proposed where nothing is known to learn it from.
LEAST = 0.9


@dataclass(frozen=True, slots=True)
class ByWords:
    """Labels proposed by words.

    Attributes
    ----------
    rows
        Items that get a proposal, the surest first.
    proposed, confidence
        Their label codes and how sure they are, 0 to 1.
    threshold
        Confidence below which nothing is proposed; None where no confidence is enough.
    learned
        Whether the threshold was learned from known labels and so holds what was promised.
    precision, low, tried
        Share of known items at or above the threshold whose own label the words told, its lower
        bound (one-sided, 95 %), and how many they were; None, None, 0 where nothing is known.
    accuracy, known
        The same share of all known items, and how many they are.
    unsure, other
        Items left alone because no label was sure enough, or because the words for "none of
        these" were nearer.
    notice
        Why nothing is proposed or promised; "" else.
    """

    rows: np.ndarray
    proposed: np.ndarray
    confidence: np.ndarray
    threshold: float | None
    learned: bool
    precision: float | None
    low: float | None
    tried: int
    accuracy: float | None
    known: int
    unsure: int
    other: int
    notice: str = ""


def confidences(cosines: np.ndarray, scale: float) -> np.ndarray:
    """Return the softmax `(n, c)` float64 of scaled cosines `(n, c)`."""
    logits = scale * np.asarray(cosines, np.float64)
    logits -= logits.max(axis=1, keepdims=True)
    found: np.ndarray = np.exp(logits)
    return found / found.sum(axis=1, keepdims=True)


def labels_by_words(
    cosines: np.ndarray,
    n_labels: int,
    scale: float,
    truth: np.ndarray,
    *,
    waiting: np.ndarray,
    units: np.ndarray | None = None,
    precision: float = 0.95,
    least: float = LEAST,
) -> ByWords:
    """Propose labels from cosines between images and words.

    Parameters
    ----------
    cosines
        Shape `(n, c)`, `c >= n_labels`: of every item with each label's words, then with the
        words for "none of these".
    n_labels
        Labels that may be proposed: the first columns.
    scale
        The factor by which the encoder multiplies cosines in training.
    truth
        Which label each item is known to have `(n,)`: its column, −1 where nothing is known, −2
        where it is known to be none of these.
    waiting
        Rows that may get a label.
    units
        Unit of each item `(n,)`: what items of one unit tell counts as that of one.
    precision
        Share of proposals that must be right.
    least
        Confidence that is enough where too little is known to learn it.
    """
    sure = confidences(cosines, scale)
    best, share = sure.argmax(axis=1), sure.max(axis=1)
    places = np.arange(len(sure)) if units is None else np.asarray(units)
    known = np.flatnonzero(truth != -1)
    right = best[known] == truth[known]
    # A known item that the words call none of these gets no proposal: it is neither right nor wrong
    tells = best[known] < n_labels
    asked = known[tells]
    needed = int(np.ceil(Z * Z * precision / (1 - precision)))
    threshold: float | None = least
    learned = len(np.unique(places[asked])) >= needed and bool((truth[asked] >= 0).any())
    if learned:
        threshold, _, _ = sure_enough(share[asked], right[tells], places[asked], precision)
    above = share[asked] >= (2 if threshold is None else threshold)
    tried, hits = int(above.sum()), int(right[tells][above].sum())
    inside = best[waiting] < n_labels
    enough = share[waiting] >= (2 if threshold is None else threshold)
    take = np.flatnonzero(inside & enough)
    take = take[np.lexsort((take, -share[waiting][take]))]
    return ByWords(
        waiting[take], best[waiting][take], share[waiting][take], threshold, learned,
        hits / tried if tried else None,
        wilson(hits / tried, len(np.unique(places[asked][above])), Z)[0] if tried else None,
        tried, float(right.mean()) if len(known) else None, len(known),
        int((inside & ~enough).sum()), int((~inside).sum()),
        _notice(threshold, learned, len(known), needed, precision),
    )  # fmt: skip


def _notice(
    threshold: float | None, learned: bool, known: int, needed: int, precision: float
) -> str:
    """Return what a person should know of the threshold; "" where the promise holds."""
    if threshold is None:
        return (
            f"Judged by {known:,} images with a known label, no confidence is right "
            f"{100 * precision:.3g} % of the time. Describe the labels in other words, or promise "
            "less."
        )
    if learned:
        return ""
    told = f"only {known:,} images have" if known else "no image has"
    return (
        f"Nothing is promised: {told} a known label to measure against, and {needed:,} are "
        f"needed. Labels are proposed from a confidence of {threshold:.3g}; look through them."
    )

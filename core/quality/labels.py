"""Labels that are probably wrong: two judges that have not seen an item, and a model of noise.

Nothing here changes a label. What is returned is a ranked list for a person, each with the label
that is likelier.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.errors import InputError
from core.progress import Progress
from core.quality.judges import STAGE, judge
from core.space import unit_rows

#: Fewest units of a class that is judged; how likely wrong a label must be to be listed.
CLASS_UNITS, LISTED = 5, 0.2

#: Rounds in which the share of wrong labels is estimated, where it begins, and its limits: with
#: less than 1 % taken for granted, a single wrong label among hundreds would be explained away.
ROUNDS, BEGIN, LIMITS = 25, 0.03, (0.01, 0.5)


@dataclass(frozen=True, slots=True)
class LabelIssues:
    """Items whose label is probably wrong.

    Attributes
    ----------
    rows
        The worst first.
    given, proposed
        The label each has, and the likeliest without it: codes `(m,)`.
    score
        How likely the given label is, 0 to 1, `(m,)`; ascending.
    wrong
        Chance that it is wrong, by the model of noise, `(m,)`.
    quality
        The score of every item `(n,)`; NaN where it was not judged.
    judged
        Codes of the classes that were looked at.
    left_out
        Codes of the classes with too few units.
    noise
        Estimated share of wrong labels; NaN where undefined.
    status, notice
        "undefined" where there are not two classes to tell apart; why, or what was left out.
    """

    rows: np.ndarray
    given: np.ndarray
    proposed: np.ndarray
    score: np.ndarray
    wrong: np.ndarray
    quality: np.ndarray
    judged: np.ndarray
    left_out: np.ndarray
    noise: float
    status: Literal["ok", "undefined"]
    notice: str = ""


def find_label_issues(
    vectors: np.ndarray,
    labels: np.ndarray,
    *,
    units: np.ndarray | None = None,
    k: int | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> LabelIssues:
    """Find items whose label is probably wrong.

    Two judges tell how likely each label is for an item they have not seen: its nearest labelled
    items of other units, and a linear rule learned from other units. Their calibration and the
    share of wrong labels are fitted to the labels themselves; listed is what is wrong with a
    chance of more than one in five and has a likelier label.

    Parameters
    ----------
    vectors
        Shape `(n, d)`; scaled to unit length here.
    labels
        Codes `(n,)`, below 0 for none.
    units
        Unit of each item `(n,)`; each is its own if None. No item of a unit vouches for another.
    k
        Neighbours that vote; by the size of the classes if None (`core.quality.judges`).
    seed
        Seed of the folds.

    Raises
    ------
    InputError
        Lengths differ, or a vector is not finite or has no length.

    Notes
    -----
    The observed label is right with chance 1 − ε, else any of the other classes, all alike; ε and
    a power of the judges' odds are fitted by maximum likelihood. Northcutt, Jiang and Chuang
    (2021), doi:10.1613/jair.1.12125, whose filter this replaces: docs/methods/labels.md has the
    figures of both.
    """
    progress = progress or Progress()
    unit = unit_rows(vectors)
    n = len(unit)
    labels = np.asarray(labels, dtype=np.int64)
    places = np.arange(n) if units is None else np.asarray(units)
    if len(labels) != n or len(places) != n:
        raise InputError(f"labels: {len(labels)} labels and {len(places)} units for {n} vectors")
    judged, left_out = large_classes(labels, places)
    if len(judged) < 2:
        return _undefined(n, judged, left_out)
    rows = np.flatnonzero(np.isin(labels, judged))
    codes = np.searchsorted(judged, labels[rows])
    progress.report(STAGE, 0, len(rows))
    found = judge(unit[rows], codes, places[rows], len(judged), k=k, seed=seed, progress=progress)
    score, wrong, noise = _noise(found.given, len(judged))
    bad = np.flatnonzero((wrong > LISTED) & (found.likeliest != codes))
    bad = bad[np.lexsort((bad, score[bad]))]
    every = np.full(n, np.nan)
    every[rows] = score
    return LabelIssues(
        rows[bad], labels[rows[bad]], judged[found.likeliest[bad]], score[bad], wrong[bad], every,
        judged, left_out, noise, "ok", _left_out(left_out),
    )  # fmt: skip


def large_classes(labels: np.ndarray, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the codes of classes with enough units, and of the others; codes below 0 are none."""
    known = labels >= 0
    pairs = np.unique(np.stack([labels[known], np.asarray(places)[known]]), axis=1)
    codes, units = np.unique(pairs[0], return_counts=True)
    return codes[units >= CLASS_UNITS], codes[units < CLASS_UNITS]


def _left_out(codes: np.ndarray) -> str:
    if not len(codes):
        return ""
    kinds = "class has" if len(codes) == 1 else "classes have"
    return f"{len(codes):,} {kinds} fewer than {CLASS_UNITS} units and were not judged."


def _undefined(n: int, judged: np.ndarray, left_out: np.ndarray) -> LabelIssues:
    nothing, none = np.zeros(0, np.int64), np.zeros(0)
    notice = (
        f"Labels can be judged where two classes or more have {CLASS_UNITS} units; "
        f"{len(judged)} {'has' if len(judged) == 1 else 'have'} them here."
    )
    return LabelIssues(
        nothing, nothing, nothing, none, none, np.full(n, np.nan), judged, left_out, float("nan"),
        "undefined", notice,
    )  # fmt: skip


def _noise(given: np.ndarray, classes: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Fit the calibration and the share of wrong labels.

    Parameters
    ----------
    given
        How likely each given label is `(m, calibrations)`, for several calibrations.

    Returns
    -------
    score, wrong, noise
        How likely each label is under the best calibration, the chance that it is wrong, and the
        share of wrong labels.
    """
    best = None
    for column in range(given.shape[1]):
        likely = given[:, column]
        share = BEGIN
        for _ in range(ROUNDS):
            noisy = share * (1 - likely) / (classes - 1)
            total = noisy + (1 - share) * likely
            share = float(np.clip((noisy / total).mean(), *LIMITS))
        noisy = share * (1 - likely) / (classes - 1)
        total = noisy + (1 - share) * likely
        fit = float(np.log(total).sum())
        if best is None or fit > best[0]:
            best = (fit, likely, noisy / total, share)
    assert best is not None
    return best[1], best[2], best[3]

"""Labels that are probably wrong: confident learning on cross-validated neighbours.

Nothing here changes a label. What is returned is a ranked list for a person, each with the label
that its neighbours propose.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from core.errors import InputError
from core.progress import Progress
from core.space import unit_rows

STAGE = "labels"

#: Neighbours that vote, folds of the cross-validation, and the fewest units a class needs.
K, FOLDS, CLASS_UNITS = 15, 5, 5


@dataclass(frozen=True, slots=True)
class LabelIssues:
    """Items whose label is probably wrong.

    Attributes
    ----------
    rows
        The worst first.
    given, proposed
        The label each has, and the likeliest by its neighbours: codes `(m,)`.
    score
        How much the neighbours agree with the given label, 0 to 1, `(m,)`.
    quality
        The same of every item `(n,)`; NaN where it was not judged.
    probabilities
        Shape `(n, classes)`: what the neighbours say, each item unseen; NaN where not judged.
    judged
        Codes of the classes that were looked at; the columns of `probabilities`.
    left_out
        Codes of the classes with too few units.
    status, notice
        "undefined" where there are not two classes to tell apart; why, or what was left out.
    """

    rows: np.ndarray
    given: np.ndarray
    proposed: np.ndarray
    score: np.ndarray
    quality: np.ndarray
    probabilities: np.ndarray
    judged: np.ndarray
    left_out: np.ndarray
    status: Literal["ok", "undefined"]
    notice: str = ""


def find_label_issues(
    vectors: np.ndarray,
    labels: np.ndarray,
    *,
    units: np.ndarray | None = None,
    k: int = K,
    seed: int = 0,
    progress: Progress | None = None,
) -> LabelIssues:
    """Find items whose label is probably wrong.

    Every item is voted on by its k nearest labelled items in other folds, weighted by 1 / distance;
    whole units are in one fold, so that no copy of an item vouches for its label.

    Parameters
    ----------
    vectors
        Shape `(n, d)`; scaled to unit length here.
    labels
        Codes `(n,)`, below 0 for none.
    units
        Unit of each item `(n,)`; each is its own if None.
    k
        Neighbours that vote.
    seed
        Seed of the folds.

    Raises
    ------
    InputError
        Lengths differ, or a vector is not finite or has no length.

    Notes
    -----
    Northcutt, Jiang and Chuang (2021), doi:10.1613/jair.1.12125; `filter_by="both"` of cleanlab:
    what is both off the diagonal of the confident joint and among the least likely of its class.
    """
    progress = progress or Progress()
    unit = unit_rows(vectors)
    n = len(unit)
    labels = np.asarray(labels, dtype=np.int64)
    places = np.arange(n) if units is None else np.asarray(units)
    if len(labels) != n or len(places) != n:
        raise InputError(f"labels: {len(labels)} labels and {len(places)} units for {n} vectors")
    judged, left_out = _classes(labels, places)
    if len(judged) < 2:
        return _undefined(n, judged, left_out)
    rows = np.flatnonzero(np.isin(labels, judged))
    codes = np.searchsorted(judged, labels[rows])
    progress.report(STAGE, 0, len(rows))
    votes = held_out_votes(unit[rows], codes, len(judged), places[rows], k, seed, progress)
    bad, quality = _confident(codes, votes)
    every, table = np.full(n, np.nan), np.full((n, len(judged)), np.nan)
    every[rows], table[rows] = quality, votes
    notice = ""
    if len(left_out):
        kinds = "class has" if len(left_out) == 1 else "classes have"
        notice = f"{len(left_out)} {kinds} fewer than {CLASS_UNITS} units and were not judged."
    return LabelIssues(
        rows[bad], labels[rows[bad]], judged[votes[bad].argmax(axis=1)], quality[bad], every,
        table, judged, left_out, "ok", notice,
    )  # fmt: skip


def _classes(labels: np.ndarray, places: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the codes of classes with enough units, and of the others."""
    codes = np.unique(labels[labels >= 0])
    units = np.array([len(np.unique(places[labels == code])) for code in codes], dtype=np.int64)
    return codes[units >= CLASS_UNITS], codes[units < CLASS_UNITS]


def _undefined(n: int, judged: np.ndarray, left_out: np.ndarray) -> LabelIssues:
    nothing, none = np.zeros(0, np.int64), np.zeros(0)
    notice = (
        f"Labels can be judged where two classes or more have {CLASS_UNITS} units; "
        f"{len(judged)} {'has' if len(judged) == 1 else 'have'} them here."
    )
    return LabelIssues(
        nothing, nothing, nothing, none, np.full(n, np.nan), np.full((n, len(judged)), np.nan),
        judged, left_out, "undefined", notice,
    )  # fmt: skip


def held_out_votes(
    unit: np.ndarray,
    codes: np.ndarray,
    classes: int,
    places: np.ndarray,
    k: int,
    seed: int,
    progress: Progress,
) -> np.ndarray:
    """Return what the neighbours in other folds say of each item: `(n, classes)`, rows sum to 1."""
    from sklearn.model_selection import StratifiedGroupKFold
    from sklearn.neighbors import KNeighborsClassifier

    votes = np.zeros((len(unit), classes))
    folds = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed % 2**32)
    done = 0
    for others, mine in folds.split(unit, codes, places):
        judge = KNeighborsClassifier(
            min(k, len(others)), weights="distance", algorithm="brute"
        ).fit(unit[others], codes[others])
        votes[mine[:, None], judge.classes_] = judge.predict_proba(unit[mine])
        done += len(mine)
        progress.report(STAGE, done, len(unit))
    return votes


def _confident(codes: np.ndarray, votes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the places of issues, the worst first, and every item's quality."""
    from cleanlab.filter import find_label_issues as find
    from cleanlab.rank import get_label_quality_scores

    quality = get_label_quality_scores(codes, votes)
    bad = np.flatnonzero(find(codes, votes, filter_by="both", n_jobs=1))
    # an item whose neighbours propose its own label is no issue, however unsure they are
    bad = bad[votes[bad].argmax(axis=1) != codes[bad]]
    return bad[np.lexsort((bad, quality[bad]))], quality

"""How well labels can be told from the vectors: a linear probe, and what makes it honest.

Whole units are held out, the strength of the penalty is chosen inside each training part only, and
beside the result stand what always guessing the largest class and what shuffled labels reach.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from core.errors import InputError
from core.progress import Progress
from core.space import unit_rows

STAGE = "linear probe"

#: Outer and inner folds, strengths tried, bootstrap draws of units, and most items looked at.
FOLDS, INNER = 5, 3
STRENGTHS = (0.001, 0.01, 0.1, 1.0)
DRAWS = 1000
MOST = 20_000


@dataclass(frozen=True, slots=True)
class Probe:
    """What a linear classifier reaches on items it has not seen.

    Attributes
    ----------
    accuracy
        Balanced accuracy: the mean over classes of the share that was told right.
    low, high
        95 % interval of it, by drawing units again.
    majority, shuffled
        What guessing the largest class, and what labels dealt anew to the units, reach.
    recall
        Share told right of each class, by code.
    confusion
        Items `(m, m)`: of class i told to be class j.
    strengths
        The penalty strength C chosen in each fold.
    n_units, n_used, n
        Units; items used; items that have a label.
    """

    accuracy: float
    low: float
    high: float
    majority: float
    shuffled: float
    recall: dict[int, float]
    confusion: np.ndarray
    strengths: tuple[float, ...]
    n_units: int
    n_used: int
    n: int


def linear_probe(
    vectors: np.ndarray,
    labels: np.ndarray,
    *,
    units: np.ndarray | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> Probe:
    """Measure how well a linear classifier tells labels from vectors.

    Parameters
    ----------
    vectors
        Shape `(n, d)`; scaled to unit length, then each dimension to unit variance inside the
        training part.
    labels
        Codes `(n,)`, below 0 for none. Classes with fewer than 5 units are left out.
    units
        Unit of each item `(n,)`; each is its own if None.

    Raises
    ------
    InputError
        Fewer than two classes have 5 units.

    Notes
    -----
    Alain and Bengio (2017), arXiv:1610.01644 (linear probes); Varma and Simon (2006),
    doi:10.1186/1471-2105-7-91 (why the choice of the penalty must be nested).
    """
    progress = progress or Progress()
    unit, labels = unit_rows(vectors), np.asarray(labels, dtype=np.int64)
    places = np.arange(len(unit)) if units is None else np.asarray(units)
    codes = np.unique(labels[labels >= 0])
    held = [c for c in codes if len(np.unique(places[labels == c])) >= FOLDS]
    if len(held) < 2:
        raise InputError(
            f"linear probe: two classes or more need {FOLDS} units each; {len(held)} have them"
        )
    rows = np.flatnonzero(np.isin(labels, held))
    total = len(rows)
    rows = _sample(rows, places, seed)
    target = np.searchsorted(held, labels[rows])
    group = np.unique(places[rows], return_inverse=True)[1].reshape(-1)
    told, strengths = _told(unit[rows], target, group, seed, progress)
    dealt = _dealt(target, group, seed)
    other, _ = _told(unit[rows], dealt, group, seed, progress, strengths)
    confusion = np.zeros((len(held), len(held)), np.int64)
    np.add.at(confusion, (target, told), 1)
    recall = np.diag(confusion) / np.maximum(1, confusion.sum(axis=1))
    low, high = _interval(target, told, group, seed)
    return Probe(
        float(recall.mean()), low, high, 1 / len(held),
        balanced(dealt, other),
        {int(c): float(r) for c, r in zip(held, recall, strict=True)}, confusion,
        tuple(strengths), int(group.max()) + 1, len(rows), total,
    )  # fmt: skip


def balanced(target: np.ndarray, told: np.ndarray) -> float:
    """Return the mean over classes of the share that was told right."""
    sizes = np.bincount(target)
    right = np.bincount(target, weights=target == told, minlength=len(sizes))
    return float((right[sizes > 0] / sizes[sizes > 0]).mean())


def _sample(rows: np.ndarray, places: np.ndarray, seed: int) -> np.ndarray:
    """Return rows, or those of as many whole units, drawn by the seed, as there may be."""
    if len(rows) <= MOST:
        return rows
    names, place, sizes = np.unique(places[rows], return_inverse=True, return_counts=True)
    order = np.random.default_rng(seed).permutation(len(names))
    kept = np.zeros(len(names), bool)
    kept[order[np.cumsum(sizes[order]) <= MOST]] = True
    return rows[kept[place]]


def _model(strength: float) -> Any:
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    return make_pipeline(StandardScaler(), LogisticRegression(C=strength, max_iter=300, tol=1e-3))


def _told(
    points: np.ndarray,
    target: np.ndarray,
    group: np.ndarray,
    seed: int,
    progress: Progress,
    strengths: list[float] | None = None,
) -> tuple[np.ndarray, list[float]]:
    """Return what each item is told to be, unseen, and the strength of each fold.

    Strengths are chosen inside each training part unless given.
    """
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.model_selection import StratifiedGroupKFold

    told, used = np.zeros(len(points), np.int64), []
    outer = StratifiedGroupKFold(FOLDS, shuffle=True, random_state=seed % 2**32)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for fold, (train, test) in enumerate(outer.split(points, target, group)):
            progress.report(STAGE, fold, FOLDS, "" if strengths is None else "shuffled labels")
            if strengths is None:
                used.append(_strength(points[train], target[train], group[train], seed))
            else:
                used.append(strengths[fold])
            told[test] = _model(used[-1]).fit(points[train], target[train]).predict(points[test])
    return told, used


def _strength(points: np.ndarray, target: np.ndarray, group: np.ndarray, seed: int) -> float:
    """Return the strength that reaches most on held-out parts of a training part."""
    from sklearn.model_selection import StratifiedGroupKFold

    inner = StratifiedGroupKFold(INNER, shuffle=True, random_state=seed % 2**32)
    scores = np.zeros(len(STRENGTHS))
    for here, there in inner.split(points, target, group):
        for at, strength in enumerate(STRENGTHS):
            model = _model(strength).fit(points[here], target[here])
            scores[at] += balanced(target[there], model.predict(points[there]))
    return STRENGTHS[int(np.argmax(np.round(scores, 6)))]


def _dealt(target: np.ndarray, group: np.ndarray, seed: int) -> np.ndarray:
    """Return labels dealt anew to the units, each item with the one its unit got."""
    _, first = np.unique(group, return_index=True)
    mixed: np.ndarray = np.random.default_rng(seed).permutation(target[first])[group]
    return mixed


def _interval(
    target: np.ndarray, told: np.ndarray, group: np.ndarray, seed: int
) -> tuple[float, float]:
    """Return the 95 % interval of balanced accuracy from units drawn again, class by class."""
    rng = np.random.default_rng(seed)
    draws = np.zeros(DRAWS)
    classes = np.unique(target)
    for code in classes:
        mine = target == code
        _, place = np.unique(group[mine], return_inverse=True)
        right = np.bincount(place, weights=told[mine] == code)
        size = np.bincount(place)
        again = rng.integers(0, len(size), (DRAWS, len(size)))
        draws += right[again].sum(axis=1) / size[again].sum(axis=1)
    low, high = np.percentile(draws / len(classes), [2.5, 97.5])
    return float(low), float(high)

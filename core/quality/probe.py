"""How well labels can be told from the vectors: a linear probe, and what makes it honest.

Whole units are held out, the strength of the penalty is chosen inside each training part only, and
beside the result stand what always guessing the largest class and what shuffled labels reach.
"""

from dataclasses import dataclass

import numpy as np

from core.errors import InputError
from core.progress import Progress
from core.quality.judges import folds_of
from core.quality.labels import large_classes
from core.quality.threads import calm_threads
from core.space import unit_rows

STAGE = "linear probe"

#: Outer and inner folds, strengths tried, and most items and classes looked at. Up to so many units
#: there are more outer folds: with few, a classifier learned from four fifths is clearly worse than
#: one learned from all, which is what the figure stands for.
FOLDS, INNER = 5, 3
FEW, MANY_FOLDS = 500, 10
STRENGTHS = (0.001, 0.01, 0.1, 1.0)
MOST, CLASSES = 20_000, 100
#: Directions with a smaller share of the largest one's variance are not counted as spanned.
SPANNED = 1e-12
#: z of a two-sided 95 % interval, and how much larger the variance is for overlapping folds.
Z, OVERLAP = 1.959964, 1.25


@dataclass(frozen=True, slots=True)
class Probe:
    """What a linear classifier reaches on items it has not seen.

    Attributes
    ----------
    accuracy
        Balanced accuracy: the mean over classes of the share that was told right.
    low, high
        95 % interval of it, from the spread between units.
    majority, shuffled
        What guessing the largest class, and what labels dealt anew to the units, reach.
    recall
        Share told right of each class, by code.
    confusion
        Items `(m, m)`: of class i told to be class j.
    strengths
        The penalty strength C chosen in each fold.
    n_units, n_used, n
        Units; items used; items that have a label of a class with 5 units.
    notes
        What was left out, each a sentence.
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
    notes: tuple[str, ...] = ()


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
    held, few = large_classes(labels, places)
    if len(held) < 2:
        raise InputError(
            f"linear probe: two classes or more need {FOLDS} units each; "
            f"{len(held) or 'none'} has them"
        )
    total = int(np.isin(labels, held).sum())
    held, notes = _drawn(held, len(few), seed)
    rows = _sample(np.flatnonzero(np.isin(labels, held)), places, seed)
    if len(rows) < total:
        notes.append(f"{len(rows):,} of {total:,} images were looked at")
    held = np.unique(labels[rows])
    target = np.searchsorted(held, labels[rows])
    group = np.unique(places[rows], return_inverse=True)[1].reshape(-1)
    dealt = _dealt(target, group, seed)
    with calm_threads(len(rows) * unit.shape[1]):
        told, strengths = _told(unit[rows], target, group, seed, progress)
        other, _ = _told(unit[rows], dealt, group, seed, progress, strengths)
    confusion = np.zeros((len(held), len(held)), np.int64)
    np.add.at(confusion, (target, told), 1)
    recall = np.diag(confusion) / np.maximum(1, confusion.sum(axis=1))
    low, high = interval(target, told, group)
    return Probe(
        float(recall.mean()), low, high, 1 / len(held),
        balanced(dealt, other),
        {int(c): float(r) for c, r in zip(held, recall, strict=True)}, confusion,
        tuple(strengths), int(group.max()) + 1, len(rows), total, tuple(notes),
    )  # fmt: skip


def _drawn(held: np.ndarray, few: int, seed: int) -> tuple[np.ndarray, list[str]]:
    """Return the classes that are looked at, drawn by the seed if they are many, and notes."""
    notes = []
    if few:
        word = "class with fewer than" if few == 1 else "classes with fewer than"
        notes.append(f"{few:,} {word} {FOLDS} units left out")
    if len(held) > CLASSES:
        notes.append(f"{CLASSES} of {len(held):,} classes, drawn by lot, were looked at")
        held = np.sort(np.random.default_rng(seed).choice(held, CLASSES, replace=False))
    return held, notes


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


def turned(known: np.ndarray, asked: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return few points, and others, along the axes of the space that the few span.

    Inner products among the first, and between both, stay what they are; that is all that a
    classifier with a squared penalty depends on.
    """
    values, vectors = np.linalg.eigh(known @ known.T)
    held = values > SPANNED * max(values[-1], 1e-300)
    size, vectors = np.sqrt(values[held]), vectors[:, held]
    return vectors * size, (asked @ known.T) @ (vectors / size)


def _path(
    points: np.ndarray, target: np.ndarray, there: np.ndarray, strengths: tuple[float, ...]
) -> list[np.ndarray]:
    """Learn from some points and tell others, once for every strength, the weakest first.

    Every dimension has unit variance among what is learned from. The points are then turned into
    the space they span: a rotation changes no penalty, and few points need few dimensions.
    """
    from sklearn.linear_model import LogisticRegression

    middle, size = points.mean(axis=0), points.std(axis=0)
    size[size < 1e-9] = 1
    known, asked = (points - middle) / size, (there - middle) / size
    if len(known) < known.shape[1]:
        known, asked = turned(known, asked)
    if known.shape[1] == 0:  # all that is learned from lies in one place
        return [np.full(len(asked), np.bincount(target).argmax())] * len(strengths)
    model = LogisticRegression(max_iter=300, tol=1e-3, warm_start=True)
    told = []
    for strength in strengths:
        model.set_params(C=strength)
        told.append(model.fit(known, target).predict(asked))
    return told


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

    told, used = np.zeros(len(points), np.int64), []
    points = points.astype(np.float64)
    folds = MANY_FOLDS if len(np.unique(group)) <= FEW else FOLDS
    fold = folds_of(target, group, seed, folds)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        for number in range(folds):
            progress.report(STAGE, number, folds, "" if strengths is None else "shuffled labels")
            train, test = fold != number, fold == number
            if strengths is None:
                used.append(_strength(points[train], target[train], group[train], seed, progress))
            else:
                used.append(strengths[number])
            (told[test],) = _path(points[train], target[train], points[test], (used[-1],))
    return told, used


def _strength(
    points: np.ndarray, target: np.ndarray, group: np.ndarray, seed: int, progress: Progress
) -> float:
    """Return the strength that reaches most on held-out parts of a training part."""
    fold = folds_of(target, group, seed + 1, INNER)
    scores = np.zeros(len(STRENGTHS))
    for number in range(INNER):
        here, there = fold != number, fold == number
        found = _path(points[here], target[here], points[there], STRENGTHS)
        scores += [balanced(target[there], told) for told in found]
        progress.report(STAGE)
    return STRENGTHS[int(np.argmax(np.round(scores, 6)))]


def _dealt(target: np.ndarray, group: np.ndarray, seed: int) -> np.ndarray:
    """Return labels dealt anew to the units, each item with the one its unit got."""
    _, first = np.unique(group, return_index=True)
    mixed: np.ndarray = np.random.default_rng(seed).permutation(target[first])[group]
    return mixed


def interval(target: np.ndarray, told: np.ndarray, group: np.ndarray) -> tuple[float, float]:
    """Return the 95 % interval of balanced accuracy.

    The variance of each class's recall is taken between units (a ratio of sums), and never below
    that of Agresti and Coull's interval for as many units: a class without a mistake is not known
    to have none. It is a quarter larger for the folds: what they learn from overlaps.
    """
    classes, total, shares = np.unique(target), 0.0, []
    for code in classes.tolist():
        mine = target == code
        _, place = np.unique(group[mine], return_inverse=True)
        right = np.bincount(place, weights=told[mine] == code)
        size = np.bincount(place)
        share, units = right.sum() / size.sum(), len(size)
        rest = right - share * size
        between = (rest**2).sum() / size.sum() ** 2 * units / max(1, units - 1)
        middle = (share * units + 2) / (units + 4)
        total += max(between, middle * (1 - middle) / (units + 4))
        shares.append(share)
    total *= OVERLAP
    accuracy, half = float(np.mean(shares)), Z * float(np.sqrt(total)) / len(classes)
    return max(0.0, accuracy - half), min(1.0, accuracy + half)

"""The figures of one choice and of random ones of the same size, all measured alike."""

from dataclasses import dataclass

import numpy as np

from core.curate.coverage import covered
from core.model import Neighbors
from core.progress import Progress
from core.report.nearest import NearestChosen, ask_rows
from core.report.shift import squared_mmd
from core.report.subject import Subject, random_choices

STAGE = "comparing with random"

#: The figures in which a low value is a good one, and those in which a high one is.
LOWER = ("coverage_radius", "mean_distance", "q95_distance", "mmd2", "label_js", "near_duplicates")
HIGHER = ("covered", "independent")


@dataclass(frozen=True, slots=True)
class Measured:
    """What was measured.

    Attributes
    ----------
    chosen
        Each figure of the choice, by name; `label_js` only where there are labels.
    random
        The same of every random choice `(draws,)`.
    drawn
        The rows of the random choices `(draws, n)`.
    asked, of
        For how many of how many items the nearest chosen one was looked for.
    exact
        Whether the neighbour graph used for that is exact.
    """

    chosen: dict[str, float]
    random: dict[str, np.ndarray]
    drawn: np.ndarray
    asked: int
    of: int
    exact: bool


def measure(subject: Subject, progress: Progress | None = None) -> Measured:
    """Measure a choice and random ones of the same size from the same pool."""
    progress = progress or Progress()
    drawn = random_choices(subject)
    choices = [_with(subject, subject.chosen), *(_with(subject, rows) for rows in drawn)]
    universe = subject.universe
    rows = ask_rows(
        universe, subject.n, len(subject.pool), subject.neighbors.indices.shape[1],
        subject.unit.shape[1], len(choices), subject.seed,
    )  # fmt: skip
    found: dict[str, np.ndarray] = _distances(subject, rows, choices, progress)
    found["mmd2"] = squared_mmd(subject.unit, universe, choices, subject.seed, progress, STAGE)
    if subject.labels is not None:
        found["label_js"] = label_divergences(subject.labels, universe, choices)
    pairs = near_duplicate_pairs(subject.neighbors, subject.tau)
    found["near_duplicates"] = count_pairs(pairs, len(subject.unit), choices)
    for name, groups in (("covered", subject.micro), ("independent", subject.independent)):
        count = int(groups.max(initial=-1)) + 1
        found[name] = np.array([covered(groups, one, count).sum() for one in choices], float)
    return Measured(
        {name: float(values[0]) for name, values in found.items()},
        {name: values[1:] for name, values in found.items()},
        drawn,
        len(rows),
        len(universe),
        subject.neighbors.exact,
    )


def _with(subject: Subject, rows: np.ndarray) -> np.ndarray:
    """Return a choice together with what is taken already."""
    if not len(subject.already):
        return rows
    return np.concatenate([rows, subject.already]).astype(np.int64)


def _distances(
    subject: Subject, rows: np.ndarray, choices: list[np.ndarray], progress: Progress
) -> dict[str, np.ndarray]:
    """Return the largest, mean and 95 % distance to the nearest chosen item, for each choice."""
    nearest = NearestChosen(subject.unit, subject.neighbors, rows)
    found = np.empty((3, len(choices)))
    for at, chosen in enumerate(choices):
        far = nearest(chosen)
        found[:, at] = far.max(), far.mean(), np.quantile(far, 0.95)
        progress.report(STAGE, at + 1, len(choices), "distances to the nearest chosen image")
    return dict(zip(("coverage_radius", "mean_distance", "q95_distance"), found, strict=True))


def label_divergences(
    labels: np.ndarray, universe: np.ndarray, choices: list[np.ndarray]
) -> np.ndarray:
    """Return the Jensen–Shannon divergence (base 2, 0 to 1) of each choice's labels from all's.

    Items without a label are left out; a choice that has no labelled item is at 1.
    """
    codes, count = label_codes(labels)
    whole = _shares(codes[universe], count)
    found = np.empty(len(choices))
    for at, rows in enumerate(choices):
        found[at] = _js(_shares(codes[rows], count), whole)
    return found


def label_codes(labels: np.ndarray) -> tuple[np.ndarray, int]:
    """Return a number `(N,)` for each label, in the order of their texts, −1 for none; how many."""
    values = sorted({str(v) for v in labels if v is not None})
    place = {value: at for at, value in enumerate(values)}
    codes = np.array([-1 if v is None else place[str(v)] for v in labels], np.int64)
    return codes, len(values)


def _shares(codes: np.ndarray, count: int) -> np.ndarray | None:
    """Return the share of each label; None where nothing has a label."""
    counts = np.bincount(codes[codes >= 0], minlength=count).astype(float)
    return counts / counts.sum() if counts.sum() else None


def _js(p: np.ndarray | None, q: np.ndarray | None) -> float:
    """Return the Jensen–Shannon divergence of two distributions in bits."""
    if p is None or q is None:
        return 1.0
    middle = 0.5 * (p + q)
    total = 0.0
    for one in (p, q):
        some = one > 0
        total += 0.5 * float((one[some] * np.log2(one[some] / middle[some])).sum())
    return min(1.0, max(0.0, total))


def near_duplicate_pairs(neighbors: Neighbors, tau: float) -> np.ndarray:
    """Return the pairs `(m, 2)` of rows no further apart than `tau`, as the graph has them."""
    near, far = neighbors.indices, neighbors.distances
    width = int((far <= tau).sum(axis=1).max(initial=0)) if len(far) else 0
    rows, columns = np.nonzero(far[:, :width] <= tau)
    pairs = np.stack([rows, near[rows, columns]], axis=1).astype(np.int64)
    pairs.sort(axis=1)
    return np.unique(pairs, axis=0) if len(pairs) else pairs.reshape(0, 2)


def count_pairs(pairs: np.ndarray, total: int, choices: list[np.ndarray]) -> np.ndarray:
    """Return how many of some pairs lie in each choice with both rows."""
    found = np.zeros(len(choices))
    for at, rows in enumerate(choices):
        mask = np.zeros(total, bool)
        mask[rows] = True
        found[at] = int((mask[pairs[:, 0]] & mask[pairs[:, 1]]).sum())
    return found


def median_threshold(neighbors: Neighbors) -> float:
    """Return a third of the median distance to the nearest neighbour; 0 where there is none."""
    if not neighbors.distances.size:
        return 0.0
    return float(np.median(neighbors.distances[:, 0].astype(np.float64))) / 3


def standing_of(value: float, random: np.ndarray, *, higher: bool) -> tuple[float, float, int]:
    """Return how a figure of the choice stands among the random ones.

    Returns
    -------
    p_better, p_worse : float
        (1 + random choices as good as it or better, or as bad or worse) / (1 + random choices):
        for a choice that is itself random, each is at most x with chance at most x.
    beaten : int
        Random choices that it is strictly better than.
    """
    sign = 1.0 if higher else -1.0
    gap = sign * (value - np.asarray(random, float))
    same = np.abs(gap) <= 1e-9 * max(1.0, abs(value))
    above, below = (gap > 0) & ~same, (gap < 0) & ~same
    draws = len(gap)
    return (
        (1 + draws - int(above.sum())) / (1 + draws),
        (1 + draws - int(below.sum())) / (1 + draws),
        int(above.sum()),
    )

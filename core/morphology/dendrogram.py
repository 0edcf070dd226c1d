"""Which groups are alike: a tree over their distances, and how firm its branches are."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.morphology.centroids import group_distances
from core.progress import Progress

STAGE = "support of branches"


@dataclass(frozen=True, slots=True)
class Tree:
    """A dendrogram.

    Attributes
    ----------
    links
        Shape `(m − 1, 4)`, as `scipy.cluster.hierarchy.linkage` returns it.
    cophenetic
        Correlation between distances and heights in the tree; NaN for fewer than three groups.
    support
        Shape `(m − 1,)`: share of trees from units drawn again that have the same branch.
    draws
        How many of those trees there were.
    """

    links: np.ndarray
    cophenetic: float
    support: np.ndarray
    draws: int


def average_tree(distances: np.ndarray) -> tuple[np.ndarray, float]:
    """Return the tree of average linkage over distances `(m, m)`, and its cophenetic correlation.

    Sokal and Michener (1958) for the linkage; Sokal and Rohlf (1962), doi:10.2307/1217208.
    """
    from scipy.cluster.hierarchy import cophenet, linkage
    from scipy.spatial.distance import squareform

    flat = squareform(np.asarray(distances, np.float64), checks=False)
    links = linkage(flat, "average")
    if len(flat) < 2 or np.ptp(flat) == 0:
        return links, float("nan")
    return links, float(cophenet(links, flat)[0])


def branches(links: np.ndarray) -> list[frozenset[int]]:
    """Return the leaves under each of the inner nodes of a tree, in the order of `links`."""
    leaves = len(links) + 1
    held: list[frozenset[int]] = [frozenset([leaf]) for leaf in range(leaves)]
    for one, two in links[:, :2].astype(int).tolist():
        held.append(held[one] | held[two])
    return held[leaves:]


def group_tree(
    points: np.ndarray,
    groups: np.ndarray,
    *,
    draws: int = 1000,
    seed: int = 0,
    progress: Progress | None = None,
) -> Tree:
    """Return the tree of groups over the distances of their means, with its support.

    Parameters
    ----------
    points
        Shape `(n, d)`, one row a unit.
    groups
        Codes `(n,)` from 0, each with two units or more.
    draws
        Trees of units drawn again within each group (Felsenstein 1985, doi:10.2307/2408678).
    """
    points, groups = np.asarray(points, np.float64), np.asarray(groups, np.int64)
    links, fit = average_tree(group_distances(points, groups).distance)
    rng, progress = np.random.default_rng(seed), progress or Progress()
    members = [np.flatnonzero(groups == code) for code in range(int(groups.max()) + 1)]
    parts = [points[rows] - points.mean(axis=0) for rows in members]
    squares = [np.einsum("ij,ij->i", part, part) for part in parts]
    wanted = branches(links)
    hits = np.zeros(len(wanted))
    for draw in range(draws):
        progress.report(STAGE, draw, draws)
        taken = [np.bincount(rng.choice(len(p), len(p)), minlength=len(p)) * 1.0 for p in parts]
        apart = _apart(parts, squares, taken)
        found = set(branches(average_tree(apart)[0]))
        hits += [branch in found for branch in wanted]
    return Tree(links, fit, hits / max(1, draws), draws)


def _apart(
    parts: Sequence[np.ndarray], squares: Sequence[np.ndarray], taken: Sequence[np.ndarray]
) -> np.ndarray:
    """Return the distances between the means of parts, freed of their variance.

    `taken` is how often each row of a part counts, in all as often as it has rows; `squares` are
    the rows' squared lengths.
    """
    means = np.array([count @ part / len(part) for part, count in zip(parts, taken, strict=True)])
    sizes = np.array([len(part) for part in parts], np.float64)
    whole = np.array([count @ own for own, count in zip(squares, taken, strict=True)])
    noise = np.maximum(whole - sizes * (means**2).sum(axis=1), 0) / (sizes - 1) / sizes
    square = ((means[:, None] - means[None]) ** 2).sum(axis=2) - noise[:, None] - noise[None]
    np.fill_diagonal(square, 0)
    found: np.ndarray = np.sqrt(np.maximum(square, 0))
    return found

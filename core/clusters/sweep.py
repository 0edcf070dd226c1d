"""What other least sizes of a theme would give, and where the answer breaks.

Themes depend on one number that nobody knows beforehand: how few images may be a theme. Where many
sizes agree, the themes are in the data; a cliff is where one more step gives something else.
See `docs/methods/trust.md`.
"""

from itertools import pairwise

import numpy as np
import pandas as pd

from core.clusters.agree import adjusted_rand
from core.clusters.density import commonest, duplicate_groups
from core.clusters.subset import restrict
from core.clusters.table import by_size
from core.keys import artefact_key
from core.model import Clustering, Neighbors
from core.progress import Progress

STAGE = "sweep"

#: Sizes tried; the smallest is this share of the set's own, the largest this share of its images.
SIZES, SMALLEST, LARGEST = 14, 1 / 6, 1 / 4
#: A cliff: the next size agrees less than this, or moves this share of images into or out of
#: themes, or into or out of the largest.
AGREES, MOVES = 0.6, 0.2
#: Images looked at; of more a random part.
IMAGES = 200_000

TABLE = {
    "min_cluster_size": "int64", "clusters": "int64", "noise_share": "float64",
    "largest_share": "float64", "persistence": "float64", "ari_next": "float64",
    "cliff": "bool", "current": "bool",
}  # fmt: skip


def sweep_key(clustering: str) -> str:
    """Return the key of the sweep of a clustering."""
    return artefact_key("sweep", clustering)


def sizes_to_try(n: int, current: int) -> list[int]:
    """Return about 14 least sizes of a theme, in equal steps of the logarithm, ascending.

    The current one is among them.
    """
    low = max(2, min(round(current * SMALLEST), current))
    high = max(low + 1, current, round(n * LARGEST))
    steps = np.round(np.geomspace(low, high, SIZES - 1)).astype(int)
    return sorted({*steps.tolist(), current})


def sweep_sizes(
    space: np.ndarray,
    neighbors: Neighbors,
    vectors: np.ndarray,
    found: Clustering,
    *,
    seed: int = 0,
    progress: Progress | None = None,
) -> tuple[pd.DataFrame, int]:
    """Find the dense regions of a map for one least size after another.

    Parameters
    ----------
    space
        The map on which the themes were found `(n, 10)`.
    neighbors, vectors
        Those of the set; equal rows stay together.
    found
        The themes, for their least size and `min_samples`.
    seed
        Chooses the images where there are more than 200,000.
    progress
        Told about sizes tried, as stage "sweep".

    Returns
    -------
    table : pandas.DataFrame
        One row a size, ascending: `min_cluster_size`, `clusters`, `noise_share`, `largest_share`
        (of all images, in the largest cluster), `persistence` (mean of the clusters'; NaN without
        any), `ari_next` (adjusted Rand index with the next size, over images that both put into a
        cluster; NaN for the last and where there are none), `cliff` (the next size gives something
        else) and `current`. They are dense regions, before the test whether they are more than
        noise makes.
    n_used : int
        Images looked at.
    """
    progress = progress or Progress()
    n, current = len(space), int(found.spec["min_cluster_size"])
    rows = np.arange(n)
    if n > IMAGES:
        rows = np.sort(np.random.default_rng([seed, 21]).choice(n, IMAGES, replace=False))
        neighbors = restrict(neighbors, rows, vectors)
    groups = duplicate_groups(neighbors)
    progress.report(STAGE, 0, 0, "linking images by density")
    tree = _single_linkage(np.asarray(space)[rows], int(found.spec["min_samples"]))
    lines, labelled = [], []
    sizes = sizes_to_try(n, current)
    for done, size in enumerate(sizes):
        progress.report(STAGE, done, len(sizes))
        labels, lasting = _cut(tree, max(2, round(size * len(rows) / n)), groups)
        labelled.append(labels)
        counts = np.bincount(labels[labels >= 0])
        lines.append(
            {
                "min_cluster_size": size, "clusters": len(counts),
                "noise_share": float((labels < 0).mean()),
                "largest_share": float(counts.max(initial=0) / len(rows)),
                "persistence": float(np.mean(lasting)) if len(lasting) else np.nan,
                "ari_next": np.nan, "cliff": False, "current": size == current,
            }
        )  # fmt: skip
    progress.report(STAGE, len(sizes), len(sizes))
    return _mark_cliffs(pd.DataFrame(lines).astype(TABLE), labelled), len(rows)


def _single_linkage(space: np.ndarray, min_samples: int) -> np.ndarray:
    """Return HDBSCAN's tree of mutual reachability: it is the same for every least size."""
    from hdbscan import HDBSCAN

    fitted = HDBSCAN(
        min_cluster_size=2, min_samples=min(min_samples, len(space) - 1), core_dist_n_jobs=1
    ).fit(space.astype(np.float64))
    tree: np.ndarray = fitted.single_linkage_tree_.to_numpy()
    return tree


def _cut(tree: np.ndarray, size: int, groups: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the clusters of at least `size` rows, numbered by size, and how long each lasts."""
    from hdbscan.hdbscan_ import _tree_to_labels

    columns = ("left", "right", "distance", "size")
    plain = np.column_stack([tree[name] for name in columns]) if tree.dtype.names else tree
    found, _, lasting, _, _ = _tree_to_labels(None, plain.astype(np.float64), size)
    labels = by_size(commonest(found, groups))
    return labels, np.nan_to_num(np.asarray(lasting, np.float64), posinf=1.0)


def _mark_cliffs(table: pd.DataFrame, labelled: list[np.ndarray]) -> pd.DataFrame:
    """Fill in how far each size agrees with the next, and whether that is a cliff."""
    agree = [adjusted_rand(a, b) for a, b in pairwise(labelled)]
    table["ari_next"] = [*(np.nan if value is None else value for value in agree), np.nan]
    moved = pd.concat(
        [table[name].diff(-1).abs() for name in ("noise_share", "largest_share")], axis=1
    ).max(axis=1)
    ends = (table["clusters"] > 0) & (table["clusters"].shift(-1) == 0)
    begins = (table["clusters"] == 0) & (table["clusters"].shift(-1) > 0)
    table["cliff"] = (table["ari_next"] < AGREES) | (moved > MOVES) | ends | begins
    return table

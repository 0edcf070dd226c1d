"""Themes: a few groups that a person can name, and the items that belong to none.

HDBSCAN finds dense regions but fails in hundreds of dimensions, so it works on a ten-dimensional
UMAP of the neighbour graph, made for clustering and not for looking at. What lies in no dense
region stays unassigned (−1). UMAP makes groups even of noise, so what was found is tested in the
vectors themselves. See `docs/methods/clusters.md`.
"""

from typing import Any

import numpy as np

from core.clusters.density import Regions, dense_regions, duplicate_groups
from core.clusters.nearest import nearest_themes
from core.clusters.structure import judge_themes, undefined
from core.clusters.table import cluster_table
from core.clusters.tree import no_tree
from core.errors import InputError
from core.maps.pca import principal_components
from core.maps.umap_layout import umap_layout
from core.model import Clustering, Neighbors
from core.progress import Progress
from core.space import SAME, spread, unit_rows

STAGE = "themes"

#: Fewer items than this have no themes.
FEWEST = 50
#: Dimensions and neighbours of the map that is clustered.
DIMS, NEIGHBOURS = 10, 15


def theme_space(
    vectors: np.ndarray,
    neighbors: Neighbors,
    seed: int = 0,
    progress: Progress | None = None,
) -> np.ndarray:
    """Return the coordinates in which themes are found, `(n, 10)` float32 in row order.

    A UMAP layout of the neighbour graph with least distance 0, started from the principal
    components. Sets of fewer than 50 items and sets of identical items have no themes to look for;
    their coordinates are all 0.

    Parameters
    ----------
    vectors
        Shape `(n, d)`; scaled to unit length here.
    neighbors
        The neighbour graph of the same rows.
    seed
        The same seed gives the same coordinates on one machine.
    progress
        Told about stage "themes".

    Raises
    ------
    InputError
        A vector is not finite or has no length, or the graph is of other rows.
    """
    _check_rows(vectors, neighbors)
    unit = unit_rows(vectors)
    if _why_none(unit):
        return np.zeros((len(unit), DIMS), np.float32)
    start = principal_components(unit, DIMS, seed=seed).scores
    return umap_layout(
        neighbors.indices, neighbors.distances, start,
        n_neighbors=NEIGHBOURS, min_dist=0.0, seed=seed, progress=progress, stage=STAGE,
    )  # fmt: skip


def find_themes(
    vectors: np.ndarray,
    neighbors: Neighbors,
    *,
    key: str,
    seed: int = 0,
    min_cluster_size: int | None = None,
    min_samples: int = 5,
    space: np.ndarray | None = None,
    progress: Progress | None = None,
) -> Clustering:
    """Group items into themes.

    Parameters
    ----------
    vectors
        Shape `(n, d)`; scaled to unit length here.
    neighbors
        The neighbour graph of the same rows.
    key
        The artefact's key, passed on.
    seed
        The same seed gives the same themes on one machine.
    min_cluster_size
        Fewest items of a theme; max(5, ½√n rounded) if None.
    min_samples
        Neighbours that make a place dense: larger leaves more items unassigned.
    space
        What `theme_space` returned for the same arguments; computed here if None.
    progress
        Told about stage "themes".

    Returns
    -------
    Clustering
        Labels by size (0 is the largest theme), −1 for items in none; HDBSCAN's membership
        probabilities and GLOSH outlier scores; a table as `core.clusters.table` describes, with
        `persistence` (HDBSCAN's stability of each theme); each item's nearest theme, the condensed
        tree, and the verdict of `core.clusters.structure`. Sets of fewer than 50 items and sets
        without structure have no themes, identical items make one, and `notice` says so.

    Raises
    ------
    InputError
        A vector is not finite or has no length, or the arguments do not fit.

    Notes
    -----
    Campello, Moulavi, Zimek and Sander (2015), doi:10.1145/2733381 (HDBSCAN and GLOSH); excess of
    mass selects the clusters.
    """
    progress = progress or Progress()
    progress.report(STAGE)
    n = len(vectors)
    size = usual_size(n) if min_cluster_size is None else min_cluster_size
    if size < 2 or min_samples < 1:
        raise InputError("themes: min_cluster_size must be ≥ 2 and min_samples ≥ 1")
    _check_rows(vectors, neighbors)
    unit = unit_rows(vectors)
    notice, structure = _why_none(unit), undefined()
    if notice:
        found = _without_looking(n)
        nearest, nearest_probability = found.labels, found.probabilities
    else:
        if space is None:
            space = theme_space(vectors, neighbors, seed, progress)
        progress.report(STAGE, 0, 0, "finding dense regions")
        groups = duplicate_groups(neighbors)
        found = dense_regions(space, groups, size, min_samples)
        nearest, nearest_probability = nearest_themes(
            space, found.labels, found.probabilities, found.tree, min_samples
        )
        progress.report(STAGE, 0, 0, "looking between the themes")
        structure = judge_themes(unit, found.labels, nearest, groups, neighbors, seed=seed)
        if structure["verdict"] == "no structure":
            found, notice = _unassigned(found), structure["text"]
            nearest, nearest_probability = found.labels, found.probabilities
    table = cluster_table(
        unit, found.labels, found.probabilities, neighbors, stage=STAGE, progress=progress
    )
    table["persistence"] = found.persistence
    spec: dict[str, Any] = {
        "method": "umap+hdbscan", "dims": DIMS, "n_neighbors": NEIGHBOURS, "seed": seed,
        "min_cluster_size": size, "min_samples": min_samples, "selection": "eom",
        "n_clusters": len(table),
    }  # fmt: skip
    return Clustering(
        key, "themes", spec, found.labels, found.probabilities, found.outlier_scores, table, notice,
        nearest, nearest_probability, found.tree, structure,
    )  # fmt: skip


def _unassigned(found: Regions) -> Regions:
    """Return the same without its themes; outlier scores and the tree stay."""
    none = np.full(len(found.labels), -1, np.int32)
    tree = found.tree.assign(selected=np.int32(-1))
    return Regions(none, np.zeros(len(none), np.float32), found.outlier_scores, np.zeros(0), tree)


def usual_size(n: int) -> int:
    """Return the least size of a theme among n items unless another is asked for."""
    return max(5, round(0.5 * float(n) ** 0.5))


def _check_rows(vectors: np.ndarray, neighbors: Neighbors) -> None:
    """Refuse the neighbour graph of other rows."""
    if len(neighbors.indices) != len(vectors):
        raise InputError(
            f"themes: neighbours of {len(neighbors.indices)} items given for {len(vectors)} vectors"
        )


def _why_none(unit: np.ndarray) -> str:
    """Say why there is nothing to look for among these unit rows; "" if there is."""
    n = len(unit)
    if n < FEWEST:
        there = "is 1" if n == 1 else f"are {n or 'none'}"
        return f"Themes need {FEWEST} or more images; there {there}."
    if spread(unit) < SAME:
        return "All images have the same vector; they are one theme."
    return ""


def _without_looking(n: int) -> Regions:
    """Return the themes of a set too small, or of identical items: none, or one."""
    none = np.zeros(n, np.float32)
    if n < FEWEST:
        return Regions(np.full(n, -1, np.int32), none, none, np.zeros(0), no_tree())
    return Regions(np.zeros(n, np.int32), none + 1, none, np.ones(1), no_tree())

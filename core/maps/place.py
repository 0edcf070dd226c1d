"""New items on a finished map: the old ones stay where they are, each new one finds its place.

A new item is placed from its nearest among the items the map was made from, and from nothing else:
its place does not depend on which other new items come with it, nor on their order. Those further
from everything than old items are from one another are said to be off the map. See
`docs/methods/placing.md`.
"""

from dataclasses import dataclass

import numpy as np

from core.errors import InputError
from core.maps.pca import principal_components
from core.maps.projection import FEWEST
from core.maps.umap_layout import EpochReports, load_umap
from core.model import ProjectionSpec
from core.progress import Progress
from core.space import SAME, blocks, spread, unit_rows

STAGE = "placing"

#: Status of an item of a map that was added to.
THERE, PLACED, OFF_MAP = 0, 1, 2
#: An item is off the map if it is further from its nearest old item than this share of the old
#: items are from theirs.
QUANTILE = 0.99
#: Nearest old items that placing needs: 25 for t-SNE's start, 15 for its forces and for UMAP's.
NEAREST = 25
#: openTSNE's choices for `transform`.
TSNE_PERPLEXITY, TSNE_ROUNDS, TSNE_RATE, TSNE_EXAGGERATION, TSNE_CLIP = 5.0, 250, 0.1, 1.5, 0.25
#: umap-learn's choice for `transform` of up to 10,000 items; never lowered here, so that an item's
#: place is the same whether it comes alone or with many.
UMAP_EPOCHS = 100

#: Candidates beyond those wanted that are ranked again exactly, and queries handed to faiss.
_MARGIN, _QUERIES = 8, 4096


@dataclass(frozen=True, slots=True)
class Nearest:
    """The nearest old items of each new one.

    `indices` `(m, k)` int32 are rows of the old items, `distances` `(m, k)` float32 chordal,
    ascending, ties by lower row; exact.
    """

    indices: np.ndarray
    distances: np.ndarray


def find_nearest(
    old: np.ndarray, new: np.ndarray, *, k: int = NEAREST, progress: Progress | None = None
) -> Nearest:
    """Find the nearest old items of every new one, comparing all pairs.

    Parameters
    ----------
    old, new
        Vectors `(n, d)` and `(m, d)`; scaled to unit length here.
    k
        Neighbours for each new item; at most n are kept.
    progress
        Told about finished rows as stage "placing".

    Raises
    ------
    InputError
        A vector is not finite or has no length, or the two are of different dimensions.
    """
    progress = progress or Progress()
    here, there = _unit_new(new), unit_rows(old)
    if here.shape[1] != there.shape[1]:
        raise InputError(
            f"new vectors: they have {here.shape[1]} dimensions, those of the map {there.shape[1]}"
        )
    m, k = len(here), min(k, len(there))
    indices, distances = np.empty((m, k), np.int32), np.empty((m, k), np.float32)
    for start in range(0, m, _QUERIES):
        rows = slice(start, min(start + _QUERIES, m))
        indices[rows], distances[rows] = _ranked(here[rows], there, k)
        progress.report(STAGE, rows.stop, m)
    return Nearest(indices, distances)


def _unit_new(new: np.ndarray) -> np.ndarray:
    """Return the new vectors at unit length; what is wrong with one is said of the new ones."""
    try:
        return unit_rows(new)
    except InputError as error:
        raise InputError(f"new {error}") from None


def _ranked(here: np.ndarray, there: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the k nearest of `there` for each of `here`, ordered by distances in float64."""
    import faiss

    if not k:
        return np.zeros((len(here), 0), np.int32), np.zeros((len(here), 0), np.float32)
    wanted = min(len(there), k + _MARGIN)
    candidates = faiss.knn(here, there, wanted, metric=faiss.METRIC_INNER_PRODUCT)[1]
    distances = np.empty(candidates.shape, np.float64)
    for part in blocks(len(here), wanted * here.shape[1]):
        difference = there[candidates[part]] - here[part].astype(np.float64)[:, None, :]
        distances[part] = np.sqrt(np.einsum("ijk,ijk->ij", difference, difference))
    order = np.lexsort((candidates, distances.astype(np.float32)), axis=1)[:, :k]
    return (
        np.take_along_axis(candidates, order, axis=1).astype(np.int32),
        np.take_along_axis(distances, order, axis=1).astype(np.float32),
    )


def reach(own: np.ndarray) -> float:
    """Return how far from its nearest old item a new one may be and still be on the map.

    Parameters
    ----------
    own
        The distance `(n,)` of each old item to its nearest other old item.

    Returns
    -------
    float
        The 0.99 quantile, between the two nearest values where it falls between; 0 without items.
    """
    return float(np.quantile(np.asarray(own, np.float64), QUANTILE)) if len(own) else 0.0


def standing(distances: np.ndarray, limit: float) -> np.ndarray:
    """Return `(m,)` uint8: `PLACED`, or `OFF_MAP` where the nearest old item is beyond `limit`."""
    return np.where(np.asarray(distances) > limit, OFF_MAP, PLACED).astype(np.uint8)


def place(
    old: np.ndarray,
    coordinates: np.ndarray,
    spec: ProjectionSpec,
    new: np.ndarray,
    *,
    nearest: Nearest | None = None,
    progress: Progress | None = None,
) -> np.ndarray:
    """Give new items a place on a map that was made without them.

    Parameters
    ----------
    old
        Vectors `(n, d)` of all the items that the map was made from.
    coordinates
        The map `(n, 2 or 3)`, same rows; not changed.
    spec
        How the map was made.
    new
        Vectors `(m, d)`.
    nearest
        What `find_nearest(old, new)` returned, where it is at hand.
    progress
        Told about stage "placing"; cancels between two rounds.

    Returns
    -------
    numpy.ndarray
        Shape `(m, 2 or 3)` float32, in the order of `new`. A copy of an old item (distance 0)
        lies exactly on it, on the lowest row if there are several.

    Raises
    ------
    InputError
        A vector is not finite or has no length, the arguments do not fit together, or the map is
        degenerate (fewer than five items, or all the same).

    Notes
    -----
    PCA: the new items' scores on the old items' components. UMAP: what `umap.UMAP.transform`
    does with each item alone. t-SNE: what `openTSNE.TSNEEmbedding.transform` does. In both, the
    new items are drawn to their nearest old ones, pushed from the rest, and do not feel each
    other; umap-learn, arXiv:1802.03426; openTSNE, doi:10.18637/jss.v109.i03.
    """
    progress = progress or Progress()
    unit, fresh = unit_rows(old), _unit_new(new)
    _check(unit, coordinates, spec)
    if not len(fresh):
        return np.zeros((0, spec.dims), np.float32)
    if nearest is None:
        nearest = find_nearest(old, new, progress=progress)
    _check_nearest(nearest, len(unit), len(fresh))
    fixed = np.array(coordinates, np.float32)  # a copy that numba may be given: it is writable
    places = fixed[nearest.indices[:, 0]]
    moved = np.flatnonzero(nearest.distances[:, 0] > 0)
    if not len(moved):
        return places
    around = Nearest(nearest.indices[moved], nearest.distances[moved])
    if spec.method == "pca":
        places[moved] = _on_components(unit, fixed, fresh[moved], spec, progress)
    elif spec.method == "umap":
        places[moved] = _as_umap(fixed, around, spec, progress)
    else:
        places[moved] = _as_tsne(fixed, around, progress)
    return places


def _check(unit: np.ndarray, coordinates: np.ndarray, spec: ProjectionSpec) -> None:
    """Raise `InputError` where there is no map to place anything on."""
    if coordinates.shape != (len(unit), spec.dims) or not np.isfinite(coordinates).all():
        raise InputError(
            f"map: needs finite coordinates of shape {(len(unit), spec.dims)}, "
            f"not {coordinates.shape}"
        )
    if len(unit) < FEWEST or spread(unit) < SAME:
        raise InputError(
            f"map: it was made from fewer than {FEWEST} items, or from items that are all the "
            "same; make a fresh one of all items"
        )


def _check_nearest(nearest: Nearest, n: int, m: int) -> None:
    """Raise `InputError` where neighbours and vectors do not belong together."""
    rows, k = nearest.indices.shape
    if rows != m or k < min(NEAREST, n) or int(nearest.indices.max()) >= n:
        raise InputError(
            f"nearest: needs {min(NEAREST, n)} of {n} old rows for each of {m} new items, "
            f"got {k} for {rows}"
        )


def _on_components(
    unit: np.ndarray, fixed: np.ndarray, fresh: np.ndarray, spec: ProjectionSpec, progress: Progress
) -> np.ndarray:
    """Return the scores of new unit rows on the principal components of the old ones."""
    pca = principal_components(unit, spec.dims, seed=spec.seed, progress=progress)
    if np.abs(pca.scores - fixed).max() > 1e-3 * np.abs(fixed).max():
        raise InputError(
            "map pca: its coordinates are not those of these vectors; run the set again to make "
            "a fresh map"
        )
    scores = np.empty((len(fresh), spec.dims), np.float32)
    for part in blocks(*fresh.shape):
        scores[part] = (fresh[part] - pca.mean) @ pca.components.T
    return scores


def _as_umap(
    fixed: np.ndarray, around: Nearest, spec: ProjectionSpec, progress: Progress
) -> np.ndarray:
    """Place items as `umap.UMAP.transform` places each of them alone.

    umap-learn scales the forces of all items that come together by the strongest among them;
    here each has its own scale. The random numbers of its optimiser are drawn for each item from
    the seed and where the item starts, so they too are the same in any company.
    """
    progress.report(STAGE, 0, UMAP_EPOCHS, "starting UMAP")
    umap = load_umap()
    from scipy.sparse import csr_matrix
    from umap.layouts import optimize_layout_euclidean

    k = min(spec.n_neighbors, around.indices.shape[1])
    indices = np.ascontiguousarray(around.indices[:, :k])
    distances = np.ascontiguousarray(around.distances[:, :k])
    alone = [umap.smooth_knn_dist(row[None], float(k), local_connectivity=0.0) for row in distances]
    sigmas, rhos = (np.concatenate(part) for part in zip(*alone, strict=True))
    heads, tails, weights, _ = umap.compute_membership_strengths(
        indices, distances, sigmas, rhos, bipartite=True
    )
    graph = csr_matrix((weights, (heads, tails)), shape=(len(indices), len(fixed)))
    start = umap.init_graph_transform(graph, fixed)  # the weighted mean of its neighbours' places
    strongest = weights.reshape(distances.shape).max(axis=1)[heads]
    kept = weights >= strongest / UMAP_EPOCHS  # a weaker one would not have its turn
    turns = UMAP_EPOCHS * (weights[kept] / strongest[kept])
    a, b = umap.find_ab_params(1.0, spec.min_dist)
    state = np.random.RandomState(spec.seed % 2**32).randint(umap.INT32_MIN, umap.INT32_MAX, 3)
    layout: np.ndarray = optimize_layout_euclidean(
        start, fixed, heads[kept], tails[kept], UMAP_EPOCHS, len(fixed),
        UMAP_EPOCHS / turns.astype(np.float64), a, b, state.astype(np.int64), 1.0, 0.25, 5,
        tqdm_kwds={
            "disable": False,
            "file": EpochReports(lambda done: progress.report(STAGE, done, UMAP_EPOCHS)),
            "bar_format": "{n_fmt}",
        },
        move_other=False,
    )  # fmt: skip
    return layout


def _as_tsne(fixed: np.ndarray, around: Nearest, progress: Progress) -> np.ndarray:
    """Place items as openTSNE's `transform` does, from ready neighbours.

    Repulsion is summed over a tree (Barnes–Hut) for any number of items: openTSNE's choice of
    method by the number of new items would make places depend on it.
    """
    progress.report(STAGE, 0, TSNE_ROUNDS)
    from openTSNE import PartialTSNEEmbedding, TSNEEmbedding
    from openTSNE.affinity import PrecomputedAffinities, joint_probabilities_nn
    from scipy.sparse import csr_matrix

    n, k = len(fixed), min(round(3 * TSNE_PERPLEXITY), around.indices.shape[1])
    strengths = joint_probabilities_nn(
        np.ascontiguousarray(around.indices[:, :k]),
        np.ascontiguousarray(around.distances[:, :k], np.float64),
        [max(1.0, min(TSNE_PERPLEXITY, k / 3))],
        symmetrize=False,
        normalization="point-wise",
        n_reference_samples=n,
    )
    # The old points do not move, so what draws them to each other is not asked for.
    none = PrecomputedAffinities(csr_matrix((n, n)), normalize=False)
    reference = TSNEEmbedding(fixed, none, negative_gradient_method="bh")
    finished = 0

    def tell(iteration: int, error: float, embedding: np.ndarray) -> bool:
        nonlocal finished
        finished += 10
        progress.report(STAGE, finished, TSNE_ROUNDS)
        return False  # go on

    start = np.median(fixed[around.indices[:, :NEAREST]].astype(np.float64), axis=1)
    layout = PartialTSNEEmbedding(start, reference, strengths).optimize(
        TSNE_ROUNDS, learning_rate=TSNE_RATE, exaggeration=TSNE_EXAGGERATION, momentum=0.8,
        max_grad_norm=TSNE_CLIP, max_step_norm=None, negative_gradient_method="bh",
        callbacks=tell, callbacks_every_iters=10, propagate_exception=True,
    )  # fmt: skip
    return np.asarray(layout, np.float32)

"""Maps: every item a point in two or three dimensions, by PCA, t-SNE or UMAP.

All three work on unit vectors; t-SNE and UMAP share the set's one neighbour graph and start from
the principal components, so that a seed gives the same map again and disconnected graphs and
duplicates do no harm. `core.maps.faithfulness` measures how far a map may be believed.
"""

import numpy as np

from core.errors import InputError
from core.maps.pca import principal_components
from core.maps.tsne_layout import tsne_layout
from core.maps.umap_layout import umap_layout, warm_umap
from core.model import Neighbors, Projection, ProjectionSpec
from core.progress import Progress
from core.space import SAME, spread, unit_rows

__all__ = ["FEWEST", "align", "project", "warm_umap"]

#: Fewer items than this are set in a line: a map of them would say nothing.
FEWEST = 5


def project(
    vectors: np.ndarray,
    neighbors: Neighbors | None,
    spec: ProjectionSpec,
    *,
    key: str,
    init: np.ndarray | None = None,
    parent: str | None = None,
    progress: Progress | None = None,
) -> Projection:
    """Make a map.

    Parameters
    ----------
    vectors
        Shape `(n, d)`; scaled to unit length here.
    neighbors
        The set's neighbour graph; PCA needs none.
    spec
        Method, dimensions, seed and the method's parameters.
    key
        The artefact's key, passed on.
    init
        Coordinates `(n, dims)` to start t-SNE or UMAP from, for example those of the map that a
        subset was taken from; the result is turned (not scaled) to lie on them as well as it can.
        PCA does not use it.
    parent
        Key of the projection that `init` comes from.
    progress
        Told about stage "map: pca", "map: tsne" or "map: umap".

    Returns
    -------
    Projection
        Coordinates `(n, dims)` float32 in row order. Faithfulness is NaN and `scores` empty until
        `core.maps.faithfulness` has measured them. Fewer than five items, or items that are all
        the same, are set in a jittered line and `notice` says so.

    Raises
    ------
    InputError
        A vector is not finite or has no length, or neighbours, `init` or `spec` do not fit.
    """
    progress = progress or Progress()
    stage = f"map: {spec.method}"
    progress.report(stage, 0, len(vectors))
    unit = unit_rows(vectors)
    _check(unit, neighbors, spec, init)
    notice = _degenerate(unit)
    if notice:
        return _projection(key, spec, _line(len(unit), spec), parent, notice)
    if spec.method == "pca" or neighbors is None:
        pca = principal_components(unit, spec.dims, seed=spec.seed, progress=progress)
        return _projection(key, spec, pca.scores, parent)
    if init is None:
        start = principal_components(unit, spec.dims, seed=spec.seed).scores
    else:
        start = np.asarray(init, dtype=np.float32)
    if spec.method == "umap":
        layout = umap_layout(
            neighbors.indices, neighbors.distances, start,
            n_neighbors=spec.n_neighbors, min_dist=spec.min_dist, seed=spec.seed,
            progress=progress, stage=stage,
        )  # fmt: skip
    else:
        layout = tsne_layout(
            neighbors.indices, neighbors.distances, start,
            perplexity=spec.perplexity, seed=spec.seed, progress=progress, stage=stage,
        )  # fmt: skip
    if init is not None:
        layout = align(layout, start)[0]
    return _projection(key, spec, layout, parent)


def align(layout: np.ndarray, target: np.ndarray) -> tuple[np.ndarray, float]:
    """Turn and shift a map onto another of the same items (orthogonal Procrustes).

    Parameters
    ----------
    layout, target
        Coordinates `(n, m)` of the same rows.

    Returns
    -------
    turned : numpy.ndarray
        `layout`, rotated or mirrored and shifted, its scale kept, float32.
    m2 : float
        Procrustes statistic in [0, 1]: 0 when the two agree up to scale.

    Notes
    -----
    m² is that of `scipy.spatial.procrustes` and vegan's `protest`: both maps are centred and
    scaled to unit sum of squares.
    """
    here = layout - layout.mean(axis=0, dtype=np.float64)
    there = target - target.mean(axis=0, dtype=np.float64)
    left, values, right = np.linalg.svd(here.T @ there)
    sizes = float(np.linalg.norm(here) * np.linalg.norm(there))
    m2 = 1.0 - (values.sum() / sizes) ** 2 if sizes > 0 else 1.0
    turned = here @ (left @ right) + target.mean(axis=0, dtype=np.float64)
    return turned.astype(np.float32), float(max(0.0, m2))


def _check(
    unit: np.ndarray, neighbors: Neighbors | None, spec: ProjectionSpec, init: np.ndarray | None
) -> None:
    """Raise `InputError` when the arguments do not fit together."""
    if spec.method not in {"pca", "tsne", "umap"}:
        raise InputError(f"map {spec.method!r}: choose pca, tsne or umap")
    if spec.dims not in {2, 3}:
        raise InputError(f"map dimensions {spec.dims}: choose 2 or 3")
    if not (spec.n_neighbors >= 2 and spec.perplexity >= 1 and 0 <= spec.min_dist <= 1):
        raise InputError("map: n_neighbors must be ≥ 2, perplexity ≥ 1 and min_dist from 0 to 1")
    if neighbors is None and spec.method != "pca":
        raise InputError(f"map {spec.method}: needs the neighbour graph; find neighbours first")
    if neighbors is not None and len(neighbors.indices) != len(unit):
        raise InputError(
            f"map: neighbours of {len(neighbors.indices)} items given for {len(unit)} vectors"
        )
    if init is not None and (init.shape != (len(unit), spec.dims) or not np.isfinite(init).all()):
        raise InputError(
            f"map: init must be finite coordinates of shape {(len(unit), spec.dims)}, "
            f"not {init.shape}"
        )


def _degenerate(unit: np.ndarray) -> str:
    """Say why these vectors have no map; "" if they have one."""
    n = len(unit)
    if n == 0:
        return "There are no images to map."
    if n < FEWEST:
        images = "image is" if n == 1 else "images are"
        return f"Only {n} {images} here, set in a line; a map needs {FEWEST} or more."
    if spread(unit) < SAME:
        return "All images have the same vector; they are set in a line."
    return ""


def _line(n: int, spec: ProjectionSpec) -> np.ndarray:
    """Return n points in a line, a little jittered so that none hides another."""
    points = np.random.default_rng(spec.seed).uniform(-0.05, 0.05, (n, spec.dims))
    points[:, 0] = np.linspace(-1, 1, n) if n > 1 else 0.0
    return points.astype(np.float32)


def _projection(
    key: str, spec: ProjectionSpec, coordinates: np.ndarray, parent: str | None, notice: str = ""
) -> Projection:
    """Return a projection whose faithfulness is still to be measured."""
    unmeasured = np.full(len(coordinates), np.nan, np.float32)
    return Projection(key, spec, coordinates, unmeasured, {}, 0, parent, notice)

"""t-SNE's layout from the ready neighbour graph, by openTSNE."""

import os

import numpy as np

from core.progress import Progress

#: Iterations with early exaggeration, then without: openTSNE's defaults.
EARLY, LATE = 250, 500
#: From this many points, on a flat map, repulsion is interpolated on a grid (FIt-SNE), and from
#: this many all processors are used: on fewer points they mostly wait for each other, and on a
#: busy machine very long.
MANY = 10_000


def tsne_layout(
    indices: np.ndarray,
    distances: np.ndarray,
    start: np.ndarray,
    *,
    perplexity: float = 30.0,
    seed: int = 0,
    progress: Progress | None = None,
    stage: str = "map: tsne",
) -> np.ndarray:
    """Lay out a neighbour graph with t-SNE.

    Parameters
    ----------
    indices, distances
        Neighbours `(n, k)` of each row, itself left out, nearest first.
    start
        Coordinates `(n, 2 or 3)` to start from; their scale does not matter.
    perplexity
        Lowered to a third of the neighbours there are.
    seed
        Parts points that start at one place; the same seed gives the same coordinates, whatever
        the number of processors.
    progress, stage
        Told about each ten iterations; cancels between them.

    Returns
    -------
    numpy.ndarray
        Shape `(n, 2 or 3)` float32, in row order.

    Notes
    -----
    Poličar, Stražar and Zupan (2024), openTSNE, doi:10.18637/jss.v109.i03. Starting from
    principal components keeps the large-scale order: Kobak and Berens (2019),
    doi:10.1038/s41467-019-13056-x.
    """
    progress = progress or Progress()
    progress.report(stage, 0, EARLY + LATE)
    from openTSNE import TSNE
    from openTSNE.affinity import PerplexityBasedNN
    from openTSNE.nearest_neighbors import PrecomputedNeighbors

    n, dims = start.shape
    n_jobs = (os.cpu_count() or 1) if n >= MANY else 1
    wide = max(2, min(indices.shape[1], round(3 * perplexity)))
    affinities = PerplexityBasedNN(
        knn_index=PrecomputedNeighbors(
            np.ascontiguousarray(indices[:, :wide]),
            np.ascontiguousarray(distances[:, :wide], dtype=np.float64),
        ),
        perplexity=max(1.0, min(perplexity, wide / 3)),
        n_jobs=n_jobs,
    )
    finished = 0

    def tell(iteration: int, error: float, embedding: np.ndarray) -> bool:
        nonlocal finished
        finished += 10
        progress.report(stage, min(finished, EARLY + LATE), EARLY + LATE)
        return False  # go on

    layout = TSNE(
        n_components=dims,
        early_exaggeration_iter=EARLY,
        n_iter=LATE,
        initialization=_shrunk(start, seed),
        negative_gradient_method="fft" if n >= MANY and dims < 3 else "bh",
        n_jobs=n_jobs,
        random_state=seed % 2**32,
        callbacks=tell,
        callbacks_every_iters=10,
    ).fit(affinities=affinities)
    return np.asarray(layout, dtype=np.float32)


def _shrunk(start: np.ndarray, seed: int) -> np.ndarray:
    """Scale to a standard deviation of 1e-4, as t-SNE needs, and part what coincides."""
    centred = start - start.mean(axis=0, dtype=np.float64)
    scale = float(centred.std(axis=0).max())
    noise = np.random.default_rng(seed).normal(scale=1e-6, size=start.shape)
    return centred * (1e-4 / scale if scale > 0 else 1.0) + noise

"""UMAP's layout from the ready neighbour graph, through umap-learn's own functions.

Starting UMAP, not running it, is what costs a person time, so this module takes four short cuts
that change no coordinate:

- the neighbours are given, so that umap-learn's search (a minute of compiling) never runs;
- pynndescent, that search, is imported without compiling it (13 s in a fresh installation);
- umap-learn's functions are called without its `UMAP` class, which copies and hashes the vectors;
- numba keeps the three compiled functions on disk, as umap-learn itself asks for others.

In a process that used this module `pynndescent`, and so `UMAP.transform` and a `UMAP.fit` without
neighbours, works but is not compiled: far too slow to use. Nothing in Vitrine calls them.
"""

import sys
from collections.abc import Callable
from typing import Any
from warnings import catch_warnings, filterwarnings

import numpy as np

from core.progress import Progress

#: umap-learn uses 500 epochs up to this many points and 200 beyond.
MANY = 10_000


def warm_umap() -> None:
    """Import and compile what `project` and `find_themes` need, on tiny data.

    About 8 s in a fresh installation and 4 s afterwards; a map in the same process then costs its
    bare fit.
    """
    import hdbscan  # noqa: F401 - imported for later use
    import scipy.spatial  # noqa: F401

    n, k = 30, 5
    start = np.random.default_rng(0).normal(size=(n, 2)).astype(np.float32)
    indices = (np.arange(n)[:, None] + np.arange(1, k)) % n
    distances = np.tile(np.arange(1, k, dtype=np.float32), (n, 1))
    umap_layout(indices.astype(np.int32), distances, start, n_neighbors=k, n_epochs=2)


def umap_layout(
    indices: np.ndarray,
    distances: np.ndarray,
    start: np.ndarray,
    *,
    n_neighbors: int = 15,
    min_dist: float = 0.1,
    seed: int = 0,
    n_epochs: int | None = None,
    progress: Progress | None = None,
    stage: str = "map: umap",
) -> np.ndarray:
    """Lay out a neighbour graph with UMAP.

    Parameters
    ----------
    indices, distances
        Neighbours `(n, k)` of each row, itself left out, nearest first; n ≥ 3, k ≥ 2.
    start
        Coordinates `(n, m)` to start from; m is the number of dimensions.
    n_neighbors
        Neighbours used, the point itself counted as umap-learn does; lowered to k + 1.
    min_dist
        Least distance of points on the map.
    seed
        The same seed gives the same coordinates, bit for bit, on one machine.
    n_epochs
        Rounds of optimisation; umap-learn's own choice (500, or 200 from 10,000 points) if None.
    progress, stage
        Told about each tenth of a second's epochs; cancels between two of them.

    Returns
    -------
    numpy.ndarray
        Shape `(n, m)` float32, in row order.

    Notes
    -----
    McInnes, Healy and Melville (2018), UMAP, arXiv:1802.03426.
    """
    progress = progress or Progress()
    progress.report(stage, 0, 0, "starting UMAP")
    n = len(start)
    used = min(n_neighbors, indices.shape[1] + 1)
    umap = load_umap()
    random_state = np.random.RandomState(seed % 2**32)
    # umap-learn wants each point itself in the first column.
    own = np.arange(n, dtype=np.int32)[:, None]
    knn = np.hstack([own, indices[:, : used - 1].astype(np.int32, copy=False)])
    away = np.hstack([np.zeros((n, 1), np.float32), distances[:, : used - 1]])
    graph = umap.fuzzy_simplicial_set(
        start, used, random_state, "euclidean", knn_indices=knn, knn_dists=away
    )[0]
    a, b = umap.find_ab_params(1.0, min_dist)
    epochs = n_epochs or (500 if n <= MANY else 200)
    layout: np.ndarray = umap.simplicial_set_embedding(
        None, graph, start.shape[1], 1.0, a, b, 1.0, 5, epochs,
        _spaced(start, random_state), random_state, "euclidean", {}, False, {}, False,
        tqdm_kwds={
            "disable": False,
            "file": EpochReports(lambda done: progress.report(stage, done, epochs)),
            "bar_format": "{n_fmt}",
        },
    )[0]  # fmt: skip
    progress.report(stage, epochs, epochs)
    return layout


class EpochReports:
    """The text stream that umap-learn's progress bar writes to: each text is an epoch number."""

    def __init__(self, report: Callable[[int], None]) -> None:
        self._report = report

    def write(self, text: str) -> None:
        """Pass on the epoch; raises when the work was cancelled, which ends the layout."""
        number = text.strip()
        if number.isdigit():
            self._report(int(number))

    def flush(self) -> None:
        """Do nothing: nothing is held back."""


def load_umap() -> Any:
    """Import umap-learn and let numba keep on disk what it compiles for it."""
    _import_search_uncompiled()
    with catch_warnings():
        # umap-learn says that its TensorFlow part, unused here, is missing.
        filterwarnings("ignore", "Tensorflow not installed", ImportWarning)
        import umap.layouts
        import umap.umap_

    compiled: tuple[Any, ...] = (
        umap.umap_.smooth_knn_dist,
        umap.umap_.compute_membership_strengths,
        getattr(umap.layouts, "_nb_optimize_layout_euclidean_single_epoch", None),
    )
    for function in compiled:
        # Only a saving: a numba or umap-learn without these still gives the same map.
        if hasattr(function, "enable_caching") and not function.signatures:
            try:
                function.enable_caching()
            except RuntimeError:  # no folder that numba may write to
                break
    return umap.umap_


def _import_search_uncompiled() -> None:
    """Import pynndescent, which compiles forty functions as it is imported, without doing so."""
    import numba
    import numba.typed  # must itself be compiled

    if "pynndescent" in sys.modules:
        return
    config: Any = numba.config
    before = config.DISABLE_JIT
    config.DISABLE_JIT = True
    try:
        import pynndescent  # noqa: F401 - umap-learn imports it again
    finally:
        config.DISABLE_JIT = before


def _spaced(start: np.ndarray, random_state: np.random.RandomState) -> np.ndarray:
    """Scale starting coordinates to ±10 and part those that coincide, as umap-learn does."""
    largest = float(np.abs(start).max())
    scaled = start * (10.0 / largest if largest > 0 else 1.0)
    spaced: np.ndarray = scaled + random_state.normal(scale=1e-4, size=start.shape)
    return spaced.astype(np.float32)

"""Principal components of unit vectors, from numpy alone so that the first map appears at once."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from core.progress import Progress
from core.space import blocks, mean_row

#: Up to this many rows or columns the components come from an exact eigendecomposition.
EXACT_UP_TO = 2048
#: Extra directions and power steps of the randomised method beyond it (Halko et al. 2011).
OVERSAMPLE, POWER_STEPS = 16, 6


@dataclass(frozen=True, slots=True)
class Pca:
    """Components of a table of n rows and d columns.

    Attributes
    ----------
    scores
        Coordinates `(n, m)` float32 of the rows, in row order; columns beyond the rank are zero.
    components
        Directions `(m, d)` float64, orthonormal, largest variance first; the loading of largest
        size is positive in each.
    mean
        The centre `(d,)` float64.
    variance_share
        Share `(m,)` of the whole variance that each component explains.
    """

    scores: np.ndarray
    components: np.ndarray
    mean: np.ndarray
    variance_share: np.ndarray


def principal_components(
    rows: np.ndarray, count: int, *, seed: int = 0, progress: Progress | None = None
) -> Pca:
    """Find the directions of largest variance.

    The covariance matrix (or, with fewer rows than columns, the Gram matrix) is added up in
    float64 and decomposed exactly while its side is at most `EXACT_UP_TO`; beyond, a seeded
    randomised subspace iteration is used.

    Parameters
    ----------
    rows
        Shape `(n, d)` float32, n ≥ 1.
    count
        Components wanted; columns beyond min(n, d) are filled with zeros.
    seed
        Seed of the randomised method; the exact ones do not use it.
    progress
        Told about the blocks of rows done, as stage "map: pca".

    Notes
    -----
    Halko, Martinsson and Tropp (2011), Finding structure with randomness,
    doi:10.1137/090771806.
    """
    progress = progress or Progress()
    n, dims = rows.shape
    mean = mean_row(rows)

    def tell(part: slice) -> None:
        progress.report("map: pca", part.stop, n)

    if dims <= EXACT_UP_TO and dims <= n:
        directions = _leading(_covariance(rows, mean, tell), count)
    elif n <= EXACT_UP_TO:
        directions = _from_gram(rows, mean, count)
    else:
        directions = _randomised(rows, mean, count, seed, tell)
    directions = _oriented(directions)
    scores = np.zeros((n, count), np.float32)
    total = 0.0
    for part in blocks(n, dims):
        centred = rows[part] - mean
        scores[part, : len(directions)] = centred @ directions.T
        total += float(np.einsum("ij,ij->", centred, centred))
        tell(part)
    components = np.zeros((count, dims))
    components[: len(directions)] = directions
    explained = np.square(scores, dtype=np.float64).sum(axis=0)
    return Pca(scores, components, mean, explained / total if total > 0 else explained)


def _covariance(rows: np.ndarray, mean: np.ndarray, tell: Callable[[slice], None]) -> np.ndarray:
    """Return n times the covariance matrix `(d, d)`."""
    total = np.zeros((rows.shape[1], rows.shape[1]))
    for part in blocks(*rows.shape):
        centred = rows[part] - mean
        total += centred.T @ centred
        tell(part)
    return total


def _leading(symmetric: np.ndarray, count: int) -> np.ndarray:
    """Return the eigenvectors, as rows, of the `count` largest eigenvalues."""
    vectors: np.ndarray = np.linalg.eigh(symmetric)[1][:, ::-1]
    return vectors[:, :count].T


def _from_gram(rows: np.ndarray, mean: np.ndarray, count: int) -> np.ndarray:
    """Return the components when there are fewer rows than columns."""
    centred = rows - mean
    values, vectors = np.linalg.eigh(centred @ centred.T)
    keep = np.flatnonzero(values[::-1][:count] > values[-1] * 1e-12)
    directions = vectors[:, ::-1][:, keep].T @ centred
    norms = np.linalg.norm(directions, axis=1, keepdims=True)
    scaled: np.ndarray = directions / np.where(norms > 0, norms, 1)
    return scaled


def _randomised(
    rows: np.ndarray, mean: np.ndarray, count: int, seed: int, tell: Callable[[slice], None]
) -> np.ndarray:
    """Return the components of a table large both ways by randomised subspace iteration."""
    rng = np.random.default_rng(seed)
    basis = rng.normal(size=(rows.shape[1], count + OVERSAMPLE))
    for _ in range(POWER_STEPS):
        image = np.zeros_like(basis)
        for part in blocks(*rows.shape):
            centred = rows[part] - mean
            image += centred.T @ (centred @ basis)
            tell(part)
        basis = np.linalg.qr(image)[0]
    small = np.zeros((basis.shape[1], basis.shape[1]))
    for part in blocks(*rows.shape):
        projected = (rows[part] - mean) @ basis
        small += projected.T @ projected
    return _leading(small, count) @ basis.T


def _oriented(directions: np.ndarray) -> np.ndarray:
    """Turn each direction so that its loading of largest size is positive."""
    largest = np.abs(directions).argmax(axis=1)
    signs = np.sign(directions[np.arange(len(directions)), largest])
    turned: np.ndarray = directions * np.where(signs == 0, 1, signs)[:, None]
    return turned

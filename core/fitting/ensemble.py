"""The fit of an ensemble: which directions of the joined vectors are kept (section I)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.encoders.fitted.maths import concatenated
from core.maps.pca import EXACT_UP_TO, principal_components
from core.progress import Progress
from core.space import blocks, mean_row

#: Share of the variance that the kept components hold, and rows they are fitted on at most.
VARIANCE, FIT_ON = 0.99, 50_000

#: Columns up to which a covariance matrix is decomposed whole.
DECOMPOSED = 4096

#: A length below which the mean has no direction of its own beside the components.
NONE = 1e-9


@dataclass(frozen=True, slots=True)
class EnsembleFit:
    """The projection of joined vectors.

    Attributes
    ----------
    arrays
        `basis` `(dims, D)` float32; with a power also `mean` `(D,)` and `scale` `(dims,)`.
    items
        Rows it was fitted on.
    explained
        Share of the variance about the mean that the components hold; 1 where there is none.
    """

    arrays: dict[str, np.ndarray]
    items: int
    explained: float


def fit_ensemble(
    members: Sequence[np.ndarray],
    weights: Sequence[float],
    *,
    dims: int = 1024,
    power: float = 0.0,
    seed: int = 0,
    progress: Progress | None = None,
) -> EnsembleFit:
    """Fit the projection of an ensemble.

    The joined vectors' principal components are found about their mean, as many as hold 99 % of
    the variance. Without a power the rows are then turned, and not moved: the basis is the
    components and what of the mean lies beside them, so inner products, and the distances between
    unit vectors that all else here is made of, stay what they were, but for the 1 %. With a power
    p the rows are taken from the mean and component j is multiplied by (λ₁/λⱼ)^p.

    Parameters
    ----------
    members
        One array `(n, d_m)` an encoder, row-aligned; every row finite and not zero.
    weights
        A weight for each, adding up to 1.
    dims
        Most dimensions of the result, 2 or more.
    power
        0 to 0.4.
    seed
        Seed of the randomised components, used where D exceeds 4,096, or 2,048 and n, and n
        exceeds 2,048.

    Returns
    -------
    EnsembleFit
        Its basis has min(dims, n, as many as hold 99 %) rows, and one at least.

    Notes
    -----
    Full whitening (p = 0.5) makes the many small components, which are mostly noise, count as
    much as the few large ones; it is not offered.
    """
    joined = np.empty((len(members[0]), sum(rows.shape[1] for rows in members)), np.float32)
    for part in blocks(*joined.shape):
        joined[part] = concatenated([rows[part] for rows in members], weights)
    n, width = joined.shape
    if n == 0:
        return EnsembleFit({"basis": np.eye(1, width, dtype=np.float32)}, 0, 1.0)
    room = dims if power else dims - 1  # one is the mean's
    mean = mean_row(joined)
    components, share = _components(joined, max(1, min(room, n - 1, width)), seed, progress)
    shares = np.cumsum(share)
    real = np.einsum("ij,ij->i", components, components) > 0.5
    enough = int(np.searchsorted(shares, VARIANCE * (1 - 1e-12)) + 1)
    kept = min(enough, int(real.sum()), room, n - 1) if share.sum() > 0 else 0
    explained = float(shares[kept - 1]) if kept else 1.0
    components, variance = components[:kept], share[:kept]
    if power and kept:
        arrays = {"basis": components.astype(np.float32), "mean": mean,
                  "scale": (variance[0] / variance) ** power}  # fmt: skip
        return EnsembleFit(arrays, n, min(1.0, explained))
    beside = mean - components.T @ (components @ mean)
    length = float(np.linalg.norm(beside))
    if length > NONE:
        components = np.concatenate([components, beside[None] / length])
    return EnsembleFit({"basis": components.astype(np.float32)}, n, min(1.0, explained))


def _components(
    joined: np.ndarray, count: int, seed: int, progress: Progress | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return directions `(count, D)` of largest variance, zero beyond the rank, and its shares."""
    n, width = joined.shape
    if not EXACT_UP_TO < width <= min(n, DECOMPOSED):
        found = principal_components(joined, count, seed=seed, progress=progress)
        return found.components, found.variance_share
    # A thousand directions of some thousand: decomposing all is cheaper than looking for them.
    covariance, mean = np.zeros((width, width)), mean_row(joined)
    for part in blocks(n, width):
        centred = joined[part] - mean
        covariance += centred.T @ centred
        (progress or Progress()).report("map: pca", part.stop, n)
    values, vectors = np.linalg.eigh(covariance)
    values = np.maximum(values[::-1], 0.0)
    whole = float(values.sum())
    real = values[:count] > values[0] * 1e-12
    return vectors[:, ::-1].T[:count] * real[:, None], values[:count] / (whole or 1.0)


def uses_seed(n: int, width: int) -> bool:
    """Tell whether the components of `n` rows of `width` columns depend on the seed."""
    return min(n, width) > EXACT_UP_TO and not width <= min(n, DECOMPOSED)

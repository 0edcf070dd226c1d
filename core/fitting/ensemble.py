"""The fit of an ensemble: which directions of the joined vectors are kept (section I)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.encoders.fitted_maths import concatenated
from core.maps.pca import EXACT_UP_TO, principal_components
from core.progress import Progress
from core.space import blocks

#: Share of the variance that the kept components hold, and rows they are fitted on at most.
VARIANCE, FIT_ON = 0.99, 50_000

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
        Seed of the randomised components, used where n and D both exceed 2,048.

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
    found = principal_components(joined, max(1, min(room, n - 1, width)), seed=seed,
                                 progress=progress)  # fmt: skip
    shares = np.cumsum(found.variance_share)
    real = np.einsum("ij,ij->i", found.components, found.components) > 0.5
    enough = int(np.searchsorted(shares, VARIANCE * (1 - 1e-12)) + 1)
    kept = min(enough, int(real.sum()), room, n - 1)
    if found.variance_share.sum() <= 0:
        kept = 0
    explained = float(shares[kept - 1]) if kept else float(found.variance_share.sum() <= 0)
    components = found.components[:kept]
    if power and kept:
        variance = found.variance_share[:kept]
        arrays = {"basis": components.astype(np.float32), "mean": found.mean,
                  "scale": (variance[0] / variance) ** power}  # fmt: skip
        return EnsembleFit(arrays, n, min(1.0, explained))
    beside = found.mean - components.T @ (components @ found.mean)
    length = float(np.linalg.norm(beside))
    if length > NONE:
        components = np.concatenate([components, beside[None] / length])
    return EnsembleFit({"basis": components.astype(np.float32)}, n, min(1.0, explained))


def uses_seed(n: int, width: int) -> bool:
    """Tell whether the components of `n` rows of `width` columns depend on the seed."""
    return min(n, width) > EXACT_UP_TO

"""How vectors of several encoders become one, and how a fit changes them: arrays in, arrays out.

Rows that cannot be used (zero, or not finite, in a member) come out as NaN, so that whoever stores
them sets them aside; they are never filled in.
"""

from collections.abc import Mapping, Sequence

import numpy as np

from core.space import blocks


def scaled(vectors: np.ndarray) -> np.ndarray:
    """Return rows `(n, d)` at length one, in float64; NaN where a row has no direction."""
    rows = np.asarray(vectors, dtype=np.float64)
    largest = np.abs(rows).max(axis=1, initial=0.0)  # its square must not run over
    with np.errstate(divide="ignore", invalid="ignore"):
        near = rows / largest[:, None]
        norms = np.sqrt(np.einsum("ij,ij->i", near, near))
        found: np.ndarray = near / norms[:, None]
    found[~np.isfinite(found).all(axis=1)] = np.nan
    return found


def concatenated(members: Sequence[np.ndarray], weights: Sequence[float]) -> np.ndarray:
    """Put the vectors of several encoders side by side, each at length √weight.

    Parameters
    ----------
    members
        One array `(n, d_m)` for each encoder; row r is the same item in all.
    weights
        A weight for each, adding up to 1.

    Returns
    -------
    numpy.ndarray
        Shape `(n, Σ d_m)` float64, rows of length one. Their inner products are the weighted means
        of the members' cosines, whatever the length of a member's vectors.
    """
    parts = [np.sqrt(weight) * scaled(rows) for rows, weight in zip(members, weights, strict=True)]
    return np.concatenate(parts, axis=1)


def projected(joined: np.ndarray, fit: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return joined rows `(n, D)` in the fitted space `(n, dims)`, float32 of length one.

    `fit` has `basis` `(dims, D)`, orthonormal rows; with `mean` `(D,)` and `scale` `(dims,)` the
    rows are taken from the mean and each component is multiplied by its scale.
    """
    basis = np.asarray(fit["basis"], dtype=np.float64)
    found = np.empty((len(joined), len(basis)), np.float32)
    for part in blocks(len(joined), joined.shape[1]):
        rows = joined[part]
        if "mean" in fit:
            rows = rows - fit["mean"]
        found[part] = scaled((rows @ basis.T) * fit.get("scale", 1.0))
    return found


def without(vectors: np.ndarray, fit: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return rows `(n, d)` without the directions in which columns showed, float32.

    `fit` has `mean` `(d,)` and `basis` `(r, d)`, orthonormal. A row keeps the mean's part in these
    directions in place of its own, so all rows have the same there.
    """
    rows = scaled(vectors)
    basis = np.asarray(fit["basis"], dtype=np.float64)
    changed: np.ndarray = rows - ((rows - fit["mean"]) @ basis.T) @ basis
    return changed.astype(np.float32)


def regressed(vectors: np.ndarray, design: np.ndarray, fit: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return rows `(n, d)` less what the design `(n, p)` foretells of them, float32.

    `fit` has `centre` `(p,)`, the design's mean, and `effects` `(p, d)`.
    """
    changed: np.ndarray = scaled(vectors) - (design - fit["centre"]) @ fit["effects"]
    return changed.astype(np.float32)

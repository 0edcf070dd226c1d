"""The discrepancy of many pairs of samples at once, from one table of a kernel's values."""

import numpy as np

from core.drift.kernel import square_distances


def kernel_table(points: np.ndarray, scale: float) -> np.ndarray:
    """Return exp(−d² / scale) of all pairs of rows `(n, n)` float32."""
    square = square_distances(points)
    square /= -(scale or 1.0)
    return np.exp(square, out=square).astype(np.float32)


def chosen(rows: np.ndarray, total: int) -> np.ndarray:
    """Return which of `total` rows each sample holds `(b, total)` float32, from `(b, size)`."""
    held = np.zeros((len(rows), total), np.float32)
    np.put_along_axis(held, np.asarray(rows, np.int64), 1.0, axis=1)
    return held


def discrepancies(table: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the unbiased MMD² of pairs of samples `(b,)`.

    Parameters
    ----------
    table
        Kernel of all pairs of rows `(n, n)`, 1 on the diagonal.
    first, second
        Which rows each sample holds `(b, n)`, 1 or 0; no row in both.

    Notes
    -----
    The table's mean is taken off first, so that float32 keeps what is left.
    """
    middle = float(table.mean(dtype=np.float64))
    centred = np.asarray(table - np.float32(middle))
    one, two = np.asarray(first, np.float32), np.asarray(second, np.float32)
    n, m = (side.sum(axis=1, dtype=np.float64) for side in (one, two))
    near = one @ centred
    own = np.einsum("ij,ij->i", near, one, dtype=np.float64)
    across = np.einsum("ij,ij->i", near, two, dtype=np.float64)
    other = np.einsum("ij,ij->i", two @ centred, two, dtype=np.float64)
    freed = 1 - middle  # of each row with itself
    found: np.ndarray = (
        (own - n * freed) / (n * (n - 1)) + (other - m * freed) / (m * (m - 1))
        - 2 * across / (n * m)
    )  # fmt: skip
    return found

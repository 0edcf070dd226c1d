"""The space every analysis lives in: unit vectors and the straight (chordal) distance between them.

The distance of x and y is ‖x/‖x‖ − y/‖y‖‖ = √(2 − 2 cos), between 0 and 2. It orders neighbours as
cosine similarity does and, unlike 1 − cos, obeys the triangle inequality.
"""

from collections.abc import Iterator

import numpy as np

from core.errors import InputError

#: Values (rows × columns) that one step of a blocked loop holds in float64: 32 MB.
BLOCK_VALUES = 4_000_000

#: Mean squared distance from the centre below which all vectors count as one.
SAME = 1e-12


def blocks(n_rows: int, n_columns: int) -> Iterator[slice]:
    """Yield slices over `n_rows` rows, each small enough for a float64 copy."""
    step = max(1, BLOCK_VALUES // max(1, n_columns))
    for start in range(0, n_rows, step):
        yield slice(start, min(start + step, n_rows))


def unit_rows(vectors: np.ndarray) -> np.ndarray:
    """Scale every row to length one.

    Parameters
    ----------
    vectors
        Shape `(n, d)`, any real dtype, in row order.

    Returns
    -------
    numpy.ndarray
        Shape `(n, d)` float32, C order, in the same row order; norms are taken in float64.

    Raises
    ------
    InputError
        The array is not two-dimensional, or a row holds NaN or infinity or has no length; the
        message names the first such row.
    """
    vectors = np.asarray(vectors)
    if vectors.ndim != 2:
        raise InputError(f"vectors: need a table of rows × dimensions, not shape {vectors.shape}")
    unit = np.empty(vectors.shape, np.float32)
    for part in blocks(*vectors.shape):
        rows = vectors[part].astype(np.float64)
        norms = np.sqrt(np.einsum("ij,ij->i", rows, rows))
        bad = np.flatnonzero(~(np.isfinite(norms) & (norms > 0)))
        if len(bad):
            row, norm = part.start + int(bad[0]), norms[bad[0]]
            what = "has zero length" if norm == 0 else "holds NaN or infinite values"
            raise InputError(f"vectors: row {row} {what}; leave it out or encode it again")
        unit[part] = rows / norms[:, None]
    return unit


def spread(unit: np.ndarray) -> float:
    """Return the mean squared chordal distance of unit rows `(n, d)` from their centre."""
    if not len(unit):
        return 0.0
    centre = mean_row(unit)
    total = 0.0
    for part in blocks(*unit.shape):
        rows = unit[part] - centre
        total += float(np.einsum("ij,ij->", rows, rows))
    return total / len(unit)


def mean_row(rows: np.ndarray) -> np.ndarray:
    """Return the mean `(d,)` of rows `(n, d)`, added up in float64."""
    return rows.mean(axis=0, dtype=np.float64)


def pair_distances(unit: np.ndarray, rows: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Return the distances between unit rows and some others of the same table.

    Taken as ‖x − y‖ in float64: √(2 − 2 cos) in float32 cannot tell distances below about 5e-4
    from zero.

    Parameters
    ----------
    unit
        Unit rows `(n, d)` float32.
    rows
        The row numbers `(m,)` to measure from.
    others
        Row numbers `(m, k)` to measure to.

    Returns
    -------
    numpy.ndarray
        Shape `(m, k)` float64.
    """
    found = np.empty(others.shape, np.float64)
    for part in blocks(len(others), others.shape[1] * unit.shape[1]):
        here = unit[rows[part]].astype(np.float64)
        difference = unit[others[part]] - here[:, None, :]
        found[part] = np.sqrt(np.einsum("ijk,ijk->ij", difference, difference))
    return found

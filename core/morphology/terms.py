"""Groups beside covariates: what each term explains that the others do not.

Marginal sums of squares, as vegan's adonis2 with by = "margin" gives them, and p-values by
permuting the residuals of the model without the term.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from core.errors import InputError
from core.morphology.permanova import small
from core.morphology.permute import arrangements
from core.morphology.result import NOTHING, TestResult, p_error, p_value, undefined
from core.progress import Progress

STAGE = "permutations"
#: Values of columns in other orders that one step holds in float64: 32 MB.
VALUES = 4_000_000


@dataclass(frozen=True, slots=True)
class Terms:
    """The table of a model.

    Attributes
    ----------
    tests
        By term: effect R² (marginal), statistic F.
    sums
        Marginal sum of squares of each term.
    freedom
        Degrees of freedom of each.
    residual, residual_freedom, total
        What no term explains, its degrees of freedom, and the sum of squares of all.
    """

    tests: dict[str, TestResult]
    sums: dict[str, float]
    freedom: dict[str, int]
    residual: float
    residual_freedom: int
    total: float


def indicators(groups: np.ndarray) -> np.ndarray:
    """Return a column for every group but the first, `(n, groups − 1)`."""
    codes = np.unique(groups)
    return (np.asarray(groups)[:, None] == codes[1:]).astype(np.float64)


def marginal_terms(
    points: np.ndarray,
    terms: Mapping[str, np.ndarray],
    *,
    blocks: np.ndarray | None = None,
    permutations: int = 999,
    seed: int = 0,
    progress: Progress | None = None,
) -> Terms:
    """Test every term of a linear model of points, given the others.

    Parameters
    ----------
    points
        Shape `(n, d)`, one row a unit.
    terms
        Columns of each `(n,)` or `(n, k)`: numbers, or what `indicators` makes of groups.
    blocks
        Residuals are exchanged within blocks only.

    Raises
    ------
    InputError
        A term has values that are not finite, or another length.

    Notes
    -----
    Freedman and Lane (1983), doi:10.1080/07350015.1983.10509354; Anderson and Legendre (1999),
    doi:10.1080/00949659908811936.
    """
    points = np.asarray(points, np.float64)
    columns = {name: _column(name, values, len(points)) for name, values in terms.items()}
    progress = progress or Progress()
    moved = small(points)
    total = float(np.einsum("ij,ij->", moved, moved))
    whole = _basis(np.concatenate(list(columns.values()), axis=1), len(points))
    freedom = len(points) - whole.shape[1]
    residual = total - _explained(whole, moved)
    tests, sums, own = {}, {}, {}
    for place, name in enumerate(columns):
        progress.report(STAGE, place, len(columns))
        others = [values for other, values in columns.items() if other != name]
        reduced = _basis(np.concatenate(others, axis=1) if others else None, len(points))
        added = _added(whole, reduced)
        own[name], sums[name] = added.shape[1], _explained(added, moved)
        why = _why_not(total, residual, freedom, own[name])
        if why:
            tests[name] = undefined("PERMANOVA, marginal", len(points), why)
            continue
        tests[name] = _test(
            moved, reduced, added, freedom, blocks, permutations, seed, total, progress
        )
    return Terms(tests, sums, own, residual, freedom, total)


def _column(name: str, values: np.ndarray, n: int) -> np.ndarray:
    """Return a term's columns, centred."""
    table = np.asarray(values, np.float64)
    table = table[:, None] if table.ndim == 1 else table
    if len(table) != n:
        raise InputError(f"term {name!r}: {len(table)} values for {n} units")
    if not np.isfinite(table).all():
        raise InputError(f"term {name!r}: missing values; leave those units out")
    return np.asarray(table - table.mean(axis=0))


def _basis(columns: np.ndarray | None, n: int) -> np.ndarray:
    """Return an orthonormal basis of the intercept and centred columns, `(n, rank)`."""
    first = np.full((n, 1), 1 / np.sqrt(n))
    if columns is None or not columns.size:
        return first
    vectors, values, _ = np.linalg.svd(columns, full_matrices=False)
    kept = values > max(columns.shape) * np.finfo(float).eps * max(values.max(initial=0.0), 1e-300)
    return np.concatenate([first, vectors[:, kept]], axis=1)


def _added(whole: np.ndarray, reduced: np.ndarray) -> np.ndarray:
    """Return a basis of what the whole model has beyond the reduced one."""
    rest = whole - reduced @ (reduced.T @ whole)
    vectors, values, _ = np.linalg.svd(rest, full_matrices=False)
    return np.asarray(vectors[:, : int((values > 1e-7).sum())])


def _explained(basis: np.ndarray, points: np.ndarray) -> float:
    """Return the sum of squares of points along a basis."""
    return float((np.asarray(basis.T @ points) ** 2).sum())


def _why_not(total: float, residual: float, freedom: int, own: int) -> str:
    if total < NOTHING:
        return "all units lie in one place"
    if own == 0:
        return "the term says nothing that the others do not"
    if freedom < 1 or residual < NOTHING * total:
        return "there are as many terms as units: nothing is left to compare with"
    return ""


def _test(
    points: np.ndarray,
    reduced: np.ndarray,
    added: np.ndarray,
    freedom: int,
    blocks: np.ndarray | None,
    permutations: int,
    seed: int,
    total: float,
    progress: Progress,
) -> TestResult:
    """Permute the residuals of the reduced model, and compare."""
    n, own = len(points), added.shape[1]
    rest = points - reduced @ (reduced.T @ points)
    ways = arrangements(np.arange(n), blocks, permutations, seed, names=True)
    whole_square = float((rest**2).sum())
    spanned = np.concatenate([added, reduced], axis=1)  # the whole model

    def ratios(orders: np.ndarray) -> np.ndarray:
        square = _dealt(spanned, orders, rest)
        gained, left = square[:, :own].sum(axis=1), whole_square - square.sum(axis=1)
        return np.asarray((gained / own) / (left / freedom))

    observed = float(ratios(np.arange(n)[None])[0])
    permuted = np.empty(len(ways.orders))
    step = max(1, VALUES // (n * spanned.shape[1]))
    for start in range(0, len(permuted), step):
        progress.report(STAGE, start, len(permuted))
        permuted[start : start + step] = ratios(ways.orders[start : start + step])
    p = p_value(observed, permuted)
    gained = _explained(added, points)
    return TestResult(
        "PERMANOVA, marginal", gained / total, "R²", None, observed, "F", p, ways.p_min,
        0.0 if ways.complete else p_error(p, len(permuted)), len(permuted), n, "ok",
    )  # fmt: skip


def _dealt(columns: np.ndarray, orders: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return the sum of squares along each column `(b, k)` of points in other orders `(b, n)`.

    Exchanging rows of the few columns the other way is exchanging those of the many dimensions.
    """
    b, n = orders.shape
    back = np.empty((n, b), np.int64)
    np.put_along_axis(back, orders.T, np.arange(n)[:, None], axis=0)
    wide = np.asarray(columns[back]).reshape(n, -1)
    return ((points.T @ wide) ** 2).sum(axis=0).reshape(b, -1)

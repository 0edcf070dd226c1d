"""Do forms that are far apart also have values that are far apart? Mantel's correlation.

Descriptive: units that lie near each other in space or descent make it significant by themselves.
The headline for a covariate is its marginal term.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np

from core.errors import InputError
from core.morphology.result import FEWEST, TestResult, least_p, p_error, p_value, undefined
from core.morphology.supplementary import FEW, orders
from core.progress import Progress

STAGE = "Mantel"
#: Units up to which all pairs are measured.
MOST = 5000
#: Distances that are put into another order at a time: they stay in the processor's cache.
VALUES = 100_000

Method = Literal["pearson", "spearman"]

DESCRIPTIVE = (
    "descriptive: where near units resemble each other (space, descent), Mantel's p is far too "
    "small; the covariate's marginal term is the test"
)


def mantel(
    points: np.ndarray,
    values: np.ndarray,
    method: Method = "pearson",
    permutations: int = 999,
    seed: int = 0,
    *,
    given: np.ndarray | None = None,
    blocks: np.ndarray | None = None,
    progress: Progress | None = None,
) -> TestResult:
    """Correlate the distances of forms with the differences of a variable.

    Parameters
    ----------
    points
        Shape `(n, d)`, one row a unit, 5,000 at most.
    values
        Numbers `(n,)`, or several `(n, q)`, whose straight distances are taken.
    method
        Correlation of the distances, or of their ranks.
    given
        A third variable `(n,)` or `(n, q)`: the correlation is then partial, given its distances.
    blocks
        Units are exchanged within blocks only.

    Returns
    -------
    TestResult
        Effect and statistic r; p is of r being as large or larger (one-sided).

    Raises
    ------
    InputError
        A variable has another length or values that are not finite, or the method is unknown.

    Notes
    -----
    Mantel (1967); partial: Smouse et al. (1986), doi:10.2307/2413122, with the forms' table
    permuted as vegan does. Why it is descriptive: Guillot and Rousset (2013),
    doi:10.1111/2041-210x.12018.
    """
    if method not in ("pearson", "spearman"):
        raise InputError(f"Mantel: method must be pearson or spearman, not {method!r}")
    name = "Mantel" if given is None else "partial Mantel"
    n = len(points)
    tables = [_table(points, "points", n), _table(values, "values", n)]
    if given is not None:
        tables.append(_table(given, "given", n))
    why = _why_not(tables)
    if why:
        return undefined(name, n, why)
    from scipy.spatial.distance import pdist, squareform

    return mantel_of_distances(
        [squareform(pdist(table)) for table in tables], method, permutations, seed, blocks,
        progress=progress,
    )  # fmt: skip


def mantel_of_distances(
    tables: Sequence[np.ndarray],
    method: Method = "pearson",
    permutations: int = 999,
    seed: int = 0,
    blocks: np.ndarray | None = None,
    *,
    progress: Progress | None = None,
) -> TestResult:
    """Correlate any two tables of distances `(n, n)`, given the third where there is one.

    As `mantel` does: the first is permuted.
    """
    first, *others = [_standard(np.asarray(table, np.float64), method) for table in tables]
    n, name = len(first), "Mantel" if len(tables) == 2 else "partial Mantel"
    if not all(table.any() for table in (first, *others)):
        return undefined(name, n, "all distances of one table are equal")
    shared = float(np.einsum("ij,ij->", *others)) if len(others) == 2 else 0.0
    if abs(shared) > 1 - 1e-9:
        return undefined(name, n, "the values and what is given are the same")
    found: list[float] = []
    progress = progress or Progress()
    for order in orders(n, blocks, permutations, seed):
        progress.report(STAGE, len(found), permutations)
        found.append(_r(first, order, others, shared))
    observed, complete, count = _r(first, np.arange(n), others, shared), n <= FEW, len(found)
    p, least = p_value(observed, np.array(found)), 1 / (count + 1)
    return TestResult(
        name, observed, "r", 0.0, observed, "r", p, least,
        0.0 if complete else p_error(p, count), count, n, "ok", (DESCRIPTIVE, *least_p(least)),
    )  # fmt: skip


def _table(values: np.ndarray, what: str, n: int) -> np.ndarray:
    """Return a variable as a table `(n, q)` of finite numbers."""
    table = np.asarray(values, np.float64)
    table = table[:, None] if table.ndim == 1 else table
    if table.ndim != 2 or len(table) != n:
        raise InputError(f"Mantel: {what} of shape {np.shape(values)} for {n} units")
    if not np.isfinite(table).all():
        raise InputError(f"Mantel: {what} are missing for some units; leave those units out")
    return table


def _why_not(tables: list[np.ndarray]) -> str:
    """Return why tables have no correlation; "" where they have."""
    n = len(tables[0])
    if n < FEWEST:
        return f"{n} units, and it needs {FEWEST}"
    if n > MOST:
        return f"{n:,} units, and all pairs are measured for {MOST:,} at most"
    if any(float(np.ptp(table, axis=0).max()) == 0 for table in tables):
        return "all units have one value or lie in one place"
    return ""


def _standard(distances: np.ndarray, method: Method) -> np.ndarray:
    """Return distances (or ranks) less their mean, scaled so that a product sums to r: `(n, n)`."""
    from scipy.spatial.distance import squareform
    from scipy.stats import rankdata

    apart = squareform(distances, checks=False)
    if method == "spearman":
        apart = rankdata(apart)
    if float(np.ptp(apart)) <= 1e-12 * float(np.abs(apart).max()):
        return np.zeros(distances.shape)
    apart = apart - apart.mean()
    return np.asarray(squareform(apart / np.sqrt(2 * (apart @ apart))))


def _r(first: np.ndarray, order: np.ndarray, others: list[np.ndarray], shared: float) -> float:
    """Return the correlation of a table in another order, given the third where there is one.

    `shared` is the correlation of the two others.
    """
    sums = np.zeros(len(others))
    step = max(1, VALUES // len(first))
    for start in range(0, len(first), step):
        part = slice(start, start + step)
        dealt = first[order[part]].take(order, axis=1)
        sums += [np.einsum("ij,ij->", dealt, other[part]) for other in others]
    r = float(sums[0])
    if len(others) == 1:
        return r
    own = float(sums[1])
    return (r - own * shared) / float(np.sqrt(max((1 - own**2) * (1 - shared**2), 1e-300)))

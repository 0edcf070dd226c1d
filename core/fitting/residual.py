"""The fit of a residual: what columns tell of the vectors, and the vectors without it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from core.encoders.fitted.maths import regressed, scaled, without
from core.encoders.fitted.names import How
from core.errors import InputError
from core.fitting.design import Term, design_of, terms_of
from core.fitting.sampling import codes

#: Of the largest singular value, what counts as none.
NONE = 1e-9


@dataclass(frozen=True, slots=True)
class ResidualFit:
    """What columns tell of vectors.

    Attributes
    ----------
    terms
        How each column enters.
    arrays
        To regress: `centre` `(p,)` and `effects` `(p, d)`; to project: `mean` `(d,)` and `basis`
        `(r, d)`. All float64.
    units, images
        What it was fitted on.
    rank
        Directions of the design.
    explained, adjusted
        Share of the variance of the unit vectors, every unit counting the same, that the columns
        explain; and the same less what as many columns of chance would (Ezekiel's adjustment).
    """

    terms: tuple[Term, ...]
    arrays: dict[str, np.ndarray]
    units: int
    images: int
    rank: int
    explained: float
    adjusted: float


def fit_residual(
    vectors: np.ndarray,
    values: dict[str, np.ndarray],
    units: np.ndarray,
    how: How = "regress",
    keep: dict[str, np.ndarray] | None = None,
) -> ResidualFit:
    """Regress unit vectors on columns.

    Least squares with an intercept, each image weighted by one over the images of its unit: a unit
    of many images says no more than one of few, and what a column does within a unit counts too.

    Parameters
    ----------
    vectors
        Shape `(n, d)`, finite and not zero.
    values
        What `core.fitting.design.values_of` returned for the same rows, all known.
    units
        The unit of each row `(n,)`.
    how
        "regress": a row loses what its columns foretell, and needs them. "project": every row
        loses the directions in which the columns show at all, and needs none.
    keep
        The same of columns that are to stay: they are in the regression too, so what goes is only
        what the others tell beside them.

    Returns
    -------
    ResidualFit
        Where nothing is to stay, vectors and columns are uncorrelated on these rows after either,
        so no linear classifier that is fitted on all of them does better than one that knows no
        vectors (Belrose et al. 2023, theorem 3.1).

    Raises
    ------
    InputError
        A column says nothing, or nothing beside those that stay, or the columns have more
        directions than half the units.

    Notes
    -----
    Belrose et al. (2023), LEACE: Perfect linear concept erasure in closed form, arXiv:2306.03819.
    Partial effects are those of Frisch, Waugh and Lovell.
    """
    number = codes(units)
    share = 1.0 / np.bincount(number)[number]
    terms = tuple(terms_of(values, number, share))
    design = design_of(values, terms)
    stay = design_of(keep, terms_of(keep, number, share)) if keep else np.empty((len(units), 0))
    usable = np.asarray(~(np.isnan(design).any(axis=1) | np.isnan(stay).any(axis=1)))
    number, share, rows = codes(number[usable]), share[usable], scaled(vectors[usable])
    root = np.sqrt(share / share.sum())[:, None]
    centre, mean = (root**2).T @ design[usable], (root**2).T @ rows
    found = _regression(
        root * (design[usable] - centre), root * (rows - mean), _span(stay[usable], root)
    )
    n_units = int(number.max()) + 1
    _check_rank(found, n_units, ", ".join(map(repr, values)), ", ".join(map(repr, keep or {})))
    if how == "regress":
        arrays = {"centre": centre[0], "effects": found.effects}
    else:
        arrays = {"mean": mean[0], "basis": _directions(found.foretold)}
    return ResidualFit(terms, arrays, n_units, len(rows), found.rank, *found.explained(n_units))


@dataclass(frozen=True, slots=True)
class _Regression:
    """What a design tells of targets beside what stays.

    `effects` `(p, d)`; `foretold` `(rank, d)`, in an orthonormal basis; sums of squares: `whole`
    of the targets, `left` of what does not follow from what stays, of `stays` directions.
    """

    effects: np.ndarray
    foretold: np.ndarray
    rank: int
    stays: int
    whole: float
    left: float

    def explained(self, n_units: int) -> tuple[float, float]:
        """Return the share of the variance that the design alone explains; and less chance."""
        if self.whole <= 0 or self.left <= 0:
            return 0.0, 0.0
        share = float(np.square(self.foretold).sum()) / self.left
        free = n_units - 1 - self.stays
        adjusted = 1 - (1 - share) * free / max(1, free - self.rank)
        return share * self.left / self.whole, adjusted * self.left / self.whole


def _regression(design: np.ndarray, targets: np.ndarray, stay: np.ndarray) -> _Regression:
    """Regress on a design, all weighted and centred; `stay` is orthonormal `(n, s)`."""
    whole = float(np.square(targets).sum())
    largest = np.linalg.norm(design, 2)
    design, targets = design - stay @ (stay.T @ design), targets - stay @ (stay.T @ targets)
    left, sizes, right = np.linalg.svd(design, full_matrices=False)
    rank = int((sizes > NONE * largest).sum())
    foretold = left[:, :rank].T @ targets
    effects = right[:rank].T @ (foretold / sizes[:rank, None])
    return _Regression(effects, foretold, rank, stay.shape[1], whole,
                       float(np.square(targets).sum()))  # fmt: skip


def _span(design: np.ndarray, root: np.ndarray) -> np.ndarray:
    """Return an orthonormal basis `(n, s)` of a design's columns, weighted and centred."""
    if not design.shape[1]:
        return design
    left, sizes, _ = np.linalg.svd(root * (design - (root**2).T @ design), full_matrices=False)
    return np.asarray(left[:, sizes > NONE * sizes[0]])


def _check_rank(found: _Regression, n_units: int, columns: str, keep: str) -> None:
    if found.rank == 0:
        raise InputError(
            f"columns: {columns} go wholly with {keep}, so what the one tells cannot be taken out "
            "and the other stay"
        )
    if 2 * (found.rank + found.stays) > n_units - 2:
        raise InputError(
            f"columns: they have {found.rank + found.stays} directions, and the set has only "
            f"{n_units} independent images; name fewer columns, or some with fewer values"
        )


def _directions(foretold: np.ndarray) -> np.ndarray:
    """Return an orthonormal basis `(r, d)` of all that the columns do to the vectors."""
    _, sizes, directions = np.linalg.svd(foretold, full_matrices=False)
    kept = int((sizes > NONE * max(float(sizes.max(initial=0.0)), NONE)).sum())
    basis: np.ndarray = directions[:kept]
    return basis


def residuals(
    vectors: np.ndarray, values: dict[str, np.ndarray], terms: Sequence[Term],
    arrays: dict[str, np.ndarray],
) -> np.ndarray:  # fmt: skip
    """Return the vectors `(n, d)` float32 without what the columns tell of them.

    A row with a rare value that has no effect of its own is left as the columns' mean would leave
    it. Rows that the terms do not know come out as NaN where columns are needed.
    """
    if "effects" not in arrays:
        return without(vectors, arrays)
    design = design_of(values, terms)
    start = 0
    for term in terms:
        part = slice(start, start + term.width)
        if term.rare and not term.pooled:
            alone = np.isin(values[term.name].astype(str), term.rare)
            design[alone, part] = arrays["centre"][part]
        start += term.width
    return regressed(vectors, design, arrays)

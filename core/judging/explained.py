"""How much of which cluster an image is in goes with something else, beyond chance and labels.

The share of the clusters' entropy that a factor explains is their mutual information, less what
the same values dealt at random to the units have, over the entropy, less the same. It is 0 where
they have nothing to do with each other, and 1 where the factor decides the cluster.
"""

from dataclasses import dataclass

import numpy as np

from core.judging.figure import Z

#: Parts that units are dealt to for an interval; fewest units.
PARTS, FEWEST = 20, 20


@dataclass(frozen=True, slots=True)
class Explained:
    """How much a factor explains.

    Attributes
    ----------
    share, low, high
        Share of the clusters' entropy, less chance, and its 95 % interval.
    p
        Of arrangements that explain as much: (1 + b) / (1 + B).
    beyond, beyond_p
        What the factor explains that labels do not: the share, of the same whole, that it explains
        among images of one label; None without labels.
    n
        Units it rests on.
    """

    share: float
    low: float
    high: float
    p: float
    beyond: float | None
    beyond_p: float | None
    n: int


def explained(
    clusters: np.ndarray,
    factor: np.ndarray,
    labels: np.ndarray | None,
    units: np.ndarray,
    *,
    permutations: int = 499,
    seed: int = 0,
) -> Explained | None:
    """Return how much of the clusters a factor explains; None where nothing can be told.

    Null hypothesis: a unit's value of the factor says nothing of its cluster (for `beyond_p`:
    nothing among images of one label). Values are dealt anew to units, inside labels for the
    second.

    Parameters
    ----------
    clusters, factor
        Codes `(m,)`, below 0 for none.
    labels
        Codes `(m,)`, below 0 for none; None without labels.
    units
        Unit of each `(m,)`; one image of each is looked at.

    Notes
    -----
    Mutual information adjusted for chance as Vinh, Epps and Bailey (2010), JMLR 11, 2837, with
    the expectation taken from the arrangements that are drawn, and the clusters' entropy as the
    most it can be.
    """
    clusters, factor = np.asarray(clusters), np.asarray(factor)
    rows = np.flatnonzero((clusters >= 0) & (factor >= 0))
    rng = np.random.default_rng(seed)
    rows = rng.permutation(rows)
    rows = np.sort(rows[np.unique(np.asarray(units)[rows], return_index=True)[1]])
    if len(rows) < FEWEST:
        return None
    one, two = _codes(clusters[rows]), _codes(factor[rows])
    if one.max() == 0 or two.max() == 0:
        return None
    whole = np.zeros(len(rows), np.int64)
    found = _held(one, two, whole, permutations, rng)
    if found is None:
        return None
    share, p, null = found
    low, high = _interval(one, two, null, share, rng)
    inside: tuple[float, float, float] | None = None
    if labels is not None:
        known = np.asarray(labels)[rows] >= 0
        strata = _codes(np.asarray(labels)[rows][known])
        if known.sum() >= FEWEST and strata.max() > 0:
            inside = _held(one[known], two[known], strata, permutations, rng)
    beyond, beyond_p = (None, None) if inside is None else inside[:2]
    return Explained(share, low, high, p, beyond, beyond_p, len(rows))


def _held(
    one: np.ndarray,
    two: np.ndarray,
    strata: np.ndarray,
    permutations: int,
    rng: np.random.Generator,
) -> tuple[float, float, float] | None:
    """Return the share of all entropy explained inside strata, its p, and chance in nats."""
    found, most = information(one, two, strata), entropy(one)
    order = np.argsort(strata, kind="stable")
    dealt = np.empty(permutations)
    for at in range(permutations):
        mixed = np.empty_like(two)  # inside each stratum in a random order
        mixed[order] = two[np.lexsort((rng.random(len(two)), strata))]
        dealt[at] = information(one, mixed, strata)
    null = float(dealt.mean())
    if most - null < 1e-9:
        return None
    p = float((1 + (dealt >= found - 1e-10).sum()) / (permutations + 1))
    return (found - null) / (most - null), p, null


def entropy(one: np.ndarray) -> float:
    """Return the entropy of codes, in nats."""
    return _joint(one)


def information(one: np.ndarray, two: np.ndarray, strata: np.ndarray) -> float:
    """Return the mutual information of codes inside strata, in nats.

    >>> a = np.array([0, 0, 1, 1])
    >>> round(information(a, a, np.zeros(4, int)), 6)
    0.693147
    """
    return _joint(one, strata) + _joint(two, strata) - _joint(one, two, strata) - _joint(strata)


def _joint(*codes: np.ndarray) -> float:
    """Return the entropy of several codes together, in nats."""
    key = np.zeros(len(codes[0]), np.int64)
    for values in codes:
        key = key * (int(values.max(initial=0)) + 1) + values
    counts = np.bincount(np.unique(key, return_inverse=True)[1].reshape(-1))
    share = counts / len(key)
    return float(-(share * np.log(share)).sum())


def _interval(
    one: np.ndarray, two: np.ndarray, null: float, share: float, rng: np.random.Generator
) -> tuple[float, float]:
    """Return the 95 % interval of the share: a twentieth of the units left out at a time."""
    dealt = rng.permutation(len(one)) % PARTS
    whole = np.zeros(len(one), np.int64)
    found = []
    for part in range(PARTS):
        kept = dealt != part
        chance = null * len(one) / kept.sum()  # what chance has falls with the number of units
        most = entropy(one[kept])
        told = information(one[kept], two[kept], whole[kept])
        found.append((told - chance) / (most - chance) if most > chance else 0.0)
    values = np.array(found)
    error = float(np.sqrt((PARTS - 1) / PARTS * ((values - values.mean()) ** 2).sum()))
    return max(0.0, share - Z * error), min(1.0, share + Z * error)


def _codes(values: np.ndarray) -> np.ndarray:
    """Return codes from 0 without gaps."""
    codes: np.ndarray = np.unique(values, return_inverse=True)[1].reshape(-1)
    return codes

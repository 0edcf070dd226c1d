"""The same pictures on both sides, changed: found by their names and vectors, and dealt in halves.

Where a picture and its changed copy are on two sides, the sides are more alike than two draws are:
discrepancies come out below 0 and differences are missed. So of each such pair only one is tested.
"""

from collections.abc import Sequence
from pathlib import PurePosixPath

import numpy as np

from core.drift.units import FEWEST, Sides

#: Pairs that are looked at, and the part of them in which each is the nearest of the other.
LOOKED, NEAREST = 300, 0.5
#: The part of the smaller side's images that must have a namesake.
NAMED = 0.5


def namesakes(first: Sequence[str], second: Sequence[str]) -> np.ndarray:
    """Return which files of two sides have the same name `(k, 2)`, as places on each side.

    Parameters
    ----------
    first, second
        Paths. Folders and endings do not count; a name that is on one side twice is no name.
    """
    sides = [_once([PurePosixPath(path).stem.casefold() for path in one])
             for one in (first, second)]  # fmt: skip
    shared = [name for name in sides[0] if name in sides[1]]
    return np.array([(sides[0][name], sides[1][name]) for name in shared], np.int64).reshape(-1, 2)


def _once(names: Sequence[str]) -> dict[str, int]:
    """Return the place of each name that occurs once."""
    found: dict[str, int] = {}
    twice: set[str] = set()
    for at, name in enumerate(names):
        if not name or name in found:
            twice.add(name)
        found[name] = at
    return {name: at for name, at in found.items() if name not in twice}


def same_pictures(first: np.ndarray, second: np.ndarray, least: int, *, seed: int = 0) -> bool:
    """Tell whether namesakes show the same pictures, and not only count alike.

    Parameters
    ----------
    first, second
        Unit vectors of the namesakes of both sides `(k, d)`, in one order.
    least
        Images of the smaller side.

    Returns
    -------
    bool
        Half of the smaller side have a namesake, ten at least, and in half of up to 300 pairs it is
        the nearest of all namesakes: of k other pictures it would be in one of k.
    """
    k = len(first)
    if k < max(FEWEST, NAMED * least):
        return False
    looked = np.sort(np.random.default_rng(seed).permutation(k)[:LOOKED])
    nearest = (first[looked] @ second.T).argmax(axis=1)
    return bool((nearest == looked).mean() >= NEAREST)


def standing(sides: Sides, pairs: np.ndarray, *, seed: int = 0) -> np.ndarray:
    """Return the units that are tested, ascending, so that no picture is on both sides of a test.

    Units that hold changed copies of one another, and each unit that has none, are dealt to one
    side or the other, half to each; a unit is tested where it was dealt to its own side. So each
    side keeps the shares of all that it shows.

    Parameters
    ----------
    sides
        Of all images.
    pairs
        Places of the two images of each pair `(k, 2)`.
    """
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    count = len(sides.of_unit)
    one, two = sides.unit[pairs[:, 0]], sides.unit[pairs[:, 1]]
    table = coo_array((np.ones(len(pairs)), (one, two)), shape=(count, count))
    groups, code = connected_components(table, directed=False)
    order = np.random.default_rng(seed).permutation(groups)
    # pairs first, so that as many of them are dealt to each side, then those that are alone
    alone = np.bincount(code, minlength=groups)[order] == 1
    order = np.concatenate([order[~alone], order[alone]])
    dealt = np.empty(groups, bool)
    dealt[order] = np.arange(groups) % 2 == 1
    return np.flatnonzero(dealt[code] == sides.of_unit)

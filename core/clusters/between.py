"""Where the items between two neighbouring themes lie, on the line that parts the two best.

Any linear projection of a log-concave density (a Gaussian, a uniform convex body) restricted to a
convex region has one hump (Prékopa 1973). So the region here is made of half-spaces, takes items
of no theme in, and the line is found from other items than those projected on it.
"""

from collections.abc import Iterator

import numpy as np

from core.maps.pca import principal_components

#: Components kept, and parts of the items of which each is projected by a line from the others.
COMPONENTS, FOLDS = 64, 10
#: Nearest other themes that bound the region of a pair.
BOUNDING = 24
#: How far beyond the two centres (their distance is 1) the line is looked at, and how many times
#: more items than on the other side one side may have: the larger is cut to what is nearer.
REACH, BALANCE = 1.0, 1.5


def project_between(
    unit: np.ndarray, labels: np.ndarray, pairs: list[tuple[int, int]], seed: int
) -> list[np.ndarray]:
    """Project the items around each pair of themes on the line between them.

    Parameters
    ----------
    unit
        Unit rows `(n, d)` float32, all different.
    labels
        Theme of each row `(n,)`; below 0 is in none. Every theme of a pair has rows.
    pairs
        Themes to look between.
    seed
        Deals the rows into `FOLDS` parts.

    Returns
    -------
    list of numpy.ndarray
        For each pair the places of the items around it, any number of them; 0 is the centre of
        its first theme and 1 that of its second.

    Notes
    -----
    The line is Fisher's discriminant of the two with the covariance within all themes, shrunk
    (Ledoit and Wolf 2004, doi:10.1016/S0047-259X(03)00096-4), in the leading 64 principal
    components.
    """
    n = len(unit)
    points = principal_components(unit, max(1, min(COMPONENTS, *unit.shape)), seed=seed).scores
    points = points.astype(np.float64)
    fold = np.random.default_rng(seed).permutation(n) % FOLDS
    places: list[list[np.ndarray]] = [[] for _ in pairs]
    for part in range(FOLDS):
        known = (fold != part) & (labels >= 0)
        model = _Discriminant(points[known], labels[known])
        held_out = model.along(points[fold == part])
        for pair, found in zip(pairs, places, strict=True):
            found.append(model.places(*pair, held_out))
    return [np.concatenate(found) for found in places]


class _Discriminant:
    """Lines between the centres of themes, straightened by the covariance within them.

    Every direction that is asked for is a difference of few, c · S⁻¹ for each centre c, so each
    item's place along those is taken once.
    """

    def __init__(self, points: np.ndarray, labels: np.ndarray) -> None:
        themes, inverse = np.unique(labels, return_inverse=True)
        counts = np.bincount(inverse)
        sums = np.zeros((len(counts), points.shape[1]))
        np.add.at(sums, inverse, points)
        centres = sums / counts[:, None]
        within = shrunk_covariance(points - centres[inverse], len(counts))
        self._directions = centres @ np.linalg.pinv(within, hermitian=True)
        self._index = {int(theme): i for i, theme in enumerate(themes)}
        self._known = self.along(points)
        self._between = self._directions @ centres.T

    def along(self, points: np.ndarray) -> np.ndarray:
        """Return the places `(k, n)` of points `(n, p)` along the direction of each centre."""
        places: np.ndarray = self._directions @ points.T
        return places

    def places(self, first: int, second: int, along: np.ndarray) -> np.ndarray:
        """Return the places, on the line between two themes, of the points around them."""
        if first not in self._index or second not in self._index:
            return np.zeros(0)
        a, b = self._index[first], self._index[second]
        low, high = _balanced(self._around(a, b, self._known))
        found = self._around(a, b, along)
        between: np.ndarray = found[(found > low) & (found < high)]
        return between

    def _around(self, a: int, b: int, along: np.ndarray) -> np.ndarray:
        """Return the places of the points in the region of two themes; 0 and 1 are the centres."""
        dots = self._between
        length = dots[a, a] + dots[b, b] - 2 * dots[a, b]
        if length <= 0:
            return np.zeros(0)
        place = (along[b] - along[a] - (dots[b, a] - dots[a, a])) / length
        near = np.flatnonzero((place > -REACH) & (place < 1 + REACH))
        for other, limit in self._bounds(a, b):
            here = along[other][near] - (along[a][near] + along[b][near]) / 2
            near = near[here <= limit]
        inside: np.ndarray = place[near]
        return inside

    def _bounds(self, a: int, b: int) -> Iterator[tuple[int, float]]:
        """Yield half-spaces that hold both centres and leave out another theme, nearest first.

        The direction is from the middle of the two to the other; the limit lies halfway between
        its centre and the nearer of the two.
        """
        dots = self._between
        towards = dots - (dots[a] + dots[b]) / 2  # row k: of every centre, on the way to k
        away = np.diag(towards) - (towards[:, a] + towards[:, b]) / 2
        for other in np.argsort(away, kind="stable")[: BOUNDING + 2]:
            inner = max(towards[other, a], towards[other, b])
            outer = towards[other, other]
            if other not in (a, b) and outer > inner:
                yield int(other), float(inner + outer) / 2


def _balanced(places: np.ndarray) -> tuple[float, float]:
    """Return where to cut the line for its two halves to hold comparable numbers of items."""
    left = np.sort(places[places < 0.5])[::-1]
    right = np.sort(places[places >= 0.5])
    low, high = -REACH, 1 + REACH
    if len(left) > BALANCE * len(right) > 0:
        low = float(left[int(BALANCE * len(right))])
    if len(right) > BALANCE * len(left) > 0:
        high = float(right[int(BALANCE * len(left))])
    return low, high


def shrunk_covariance(centred: np.ndarray, groups: int) -> np.ndarray:
    """Return the covariance `(p, p)` of rows centred in their groups, shrunk towards a sphere."""
    n, p = centred.shape
    found = centred.T @ centred / max(n - groups, 1)
    mean = np.trace(found) / p
    if mean <= 0:
        return np.eye(p)
    sphere = mean * np.eye(p)
    spread = np.square(found - sphere).sum()
    noise = (np.square(np.square(centred).sum(axis=1)).sum() / n - np.square(found).sum()) / n
    share = 1.0 if spread <= 0 else min(1.0, max(noise / spread, 1e-3))
    shrunk: np.ndarray = (1 - share) * found + share * sphere
    return shrunk

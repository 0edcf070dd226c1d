"""Hartigans' dip test: is a sample of numbers drawn from one hump, or from more?"""

import numpy as np

#: Chances for which `CRITICAL` holds √n · dip of n uniform numbers.
CHANCES = (0.5, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005, 0.0002, 0.0001)
#: By n; 100,000 to 400,000 samples each.
CRITICAL: dict[int, tuple[float, ...]] = {
    8: (0.314, 0.355, 0.401, 0.436, 0.470, 0.489, 0.506, 0.527, 0.549, 0.568, 0.589, 0.606),
    12: (0.316, 0.381, 0.416, 0.451, 0.490, 0.515, 0.537, 0.565, 0.584, 0.603, 0.626, 0.644),
    16: (0.325, 0.389, 0.428, 0.462, 0.502, 0.529, 0.553, 0.586, 0.608, 0.630, 0.656, 0.674),
    32: (0.338, 0.407, 0.448, 0.485, 0.529, 0.559, 0.587, 0.619, 0.643, 0.664, 0.692, 0.707),
    64: (0.349, 0.420, 0.464, 0.502, 0.548, 0.579, 0.609, 0.646, 0.669, 0.701, 0.734, 0.749),
    128: (0.358, 0.430, 0.476, 0.515, 0.563, 0.596, 0.626, 0.665, 0.689, 0.716, 0.747, 0.773),
    256: (0.364, 0.438, 0.483, 0.524, 0.573, 0.606, 0.636, 0.676, 0.704, 0.730, 0.769, 0.789),
    512: (0.368, 0.443, 0.490, 0.530, 0.580, 0.615, 0.646, 0.686, 0.715, 0.744, 0.783, 0.805),
    1024: (0.372, 0.448, 0.493, 0.535, 0.585, 0.619, 0.655, 0.700, 0.730, 0.762, 0.804, 0.831),
}  # fmt: skip


def dip(values: np.ndarray) -> float:
    """Return Hartigans' dip of numbers `(n,)`, n ≥ 1.

    The largest difference between the empirical distribution and the unimodal one that is nearest
    to it: 1/(2n) at least, ¼ for two far points of equal mass. Equal numbers raise it slightly.

    Notes
    -----
    Hartigan and Hartigan (1985), doi:10.1214/aos/1176346577: the modal interval is narrowed to
    where the greatest convex minorant and the least concave majorant are furthest apart, until
    the parts outside it differ by more than they do inside.
    """
    ordered, counts = np.unique(values, return_counts=True)
    x = ordered.tolist()
    above = np.cumsum(counts).tolist()  # n · distribution just after and just before each value
    below = [0, *above[:-1]]
    low, high, found = 0, len(x) - 1, 1.0
    while low < high:
        minorant = _hull(x, below, low, high, 1)
        majorant = _hull(x, above, low, high, -1)
        gap, start, end = _widest(x, below, above, minorant, majorant)
        if gap <= found:
            break
        found = max(
            found,
            _furthest(x, below, above, [k for k in minorant if k <= start], 1),
            _furthest(x, above, below, [k for k in majorant if k >= end], -1),
        )
        if (start, end) == (low, high):
            break
        low, high = start, end
    return found / (2 * len(values))


def _hull(x: list[float], y: list[int], low: int, high: int, side: int) -> list[int]:
    """Return the corners of the lower (`side` 1) or upper (−1) hull of points low … high."""
    kept: list[int] = []
    for i in range(low, high + 1):
        while len(kept) > 1:
            a, b = kept[-2], kept[-1]
            if side * ((y[b] - y[a]) * (x[i] - x[a]) - (y[i] - y[a]) * (x[b] - x[a])) < 0:
                break
            kept.pop()
        kept.append(i)
    return kept


def _widest(
    x: list[float], below: list[int], above: list[int], minorant: list[int], majorant: list[int]
) -> tuple[float, int, int]:
    """Return the largest gap between the hulls, and the modal interval it leaves."""
    xs = np.asarray(x)
    lower, upper = np.asarray(minorant), np.asarray(majorant)
    up = np.interp(xs[lower], xs[upper], np.asarray(above)[upper]) - np.asarray(below)[lower]
    down = np.asarray(above)[upper] - np.interp(xs[upper], xs[lower], np.asarray(below)[lower])
    i, j = int(up.argmax()), int(down.argmax())
    if up[i] >= down[j]:
        start = minorant[i]
        return float(up[i]), start, majorant[int(np.searchsorted(upper, start))]
    end = majorant[j]
    return float(down[j]), minorant[int(np.searchsorted(lower, end, side="right")) - 1], end


def _furthest(
    x: list[float], hull: list[int], other: list[int], corners: list[int], side: int
) -> float:
    """Return how far the distribution `other` goes from the hull through these corners."""
    if len(corners) < 2:
        return 0.0
    xs = np.asarray(x[corners[0] : corners[-1] + 1])
    there = np.asarray(other[corners[0] : corners[-1] + 1])
    line = np.interp(xs, [x[k] for k in corners], [hull[k] for k in corners])
    return float((side * (there - line)).max())


def dip_chance(found: float, n: int) -> float:
    """Return the chance that n uniform numbers have a dip of at least `found`.

    Uniform numbers dip most of all samples with one hump (asymptotically), so the chance is an
    upper bound for the others. Between tabulated sizes √n · dip is interpolated in 1/√n; beyond
    the smallest tabulated chance the logarithm is taken to go on falling with the square.
    """
    sizes = np.array(sorted(CRITICAL))
    where = 1 / np.sqrt(np.clip(n, sizes[0], sizes[-1]))
    table = np.array([CRITICAL[size] for size in sizes])[::-1]
    critical = np.array([np.interp(where, 1 / np.sqrt(sizes[::-1]), column) for column in table.T])
    square, squares = n * found**2, critical**2
    logs = np.log(CHANCES)
    if square <= squares[0]:
        return 1.0 if square <= 0 else float(1 - 0.5 * min(1.0, square / squares[0]))
    if square <= squares[-1]:
        return float(np.exp(np.interp(square, squares, logs)))
    slope = (logs[-1] - logs[-4]) / (squares[-1] - squares[-4])
    return float(np.exp(logs[-1] + slope * (square - squares[-1])))

"""The theme that an item in none would join: offered, never forced."""

import numpy as np
import pandas as pd


def nearest_themes(
    space: np.ndarray,
    labels: np.ndarray,
    probabilities: np.ndarray,
    tree: pd.DataFrame,
    min_samples: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Return the nearest theme of every row, and the membership it would have there.

    Parameters
    ----------
    space
        The coordinates `(n, m)` in which the themes were found.
    labels, probabilities
        Theme of each row `(n,)`, −1 for none, and its membership.
    tree
        The condensed tree, with every theme among its nodes as `selected`.
    min_samples
        As the themes were found with.

    Returns
    -------
    tuple of numpy.ndarray
        Theme `(n,)` int32 and probability `(n,)` float32. A row in a theme has its own. Another
        has that of the assigned row at the least mutual reachability distance, and λ of that
        distance over the largest λ of the theme, as hdbscan's `approximate_predict` defines
        both. Without themes −1 and 0.

    Notes
    -----
    McInnes and Healy (2017), doi:10.1109/ICDMW.2017.12. The mutual reachability distance of two
    rows is the largest of their distance and the two distances to the `min_samples`-th neighbour.
    It is sought among the 2 `min_samples` nearest assigned rows.
    """
    from scipy.spatial import cKDTree

    nearest, chance = labels.astype(np.int32), probabilities.astype(np.float32)
    inside, outside = np.flatnonzero(labels >= 0), np.flatnonzero(labels < 0)
    if not len(inside) or not len(outside):
        return nearest, chance
    points = space.astype(np.float64)
    k = min(min_samples + 1, len(points))
    core = cKDTree(points).query(points, k=[k])[0][:, 0]
    asked = np.arange(1, min(2 * min_samples, len(inside)) + 1)
    away, place = cKDTree(points[inside]).query(points[outside], k=asked)
    reach = np.maximum(np.maximum(away, core[outside][:, None]), core[inside][place])
    best = reach.argmin(axis=1)  # of equals the nearest
    rows = np.arange(len(outside))
    theme = labels[inside][place[rows, best]]
    deaths = np.zeros(int(labels.max()) + 1)
    chosen = tree[tree["selected"] >= 0]
    deaths[chosen["selected"]] = chosen["death"]
    least = np.maximum(reach[rows, best], np.finfo(np.float64).tiny)
    largest = np.where(deaths[theme] > 0, deaths[theme], np.inf)
    nearest[outside] = theme
    chance[outside] = np.minimum(1.0 / least / largest, 1.0)
    return nearest, chance

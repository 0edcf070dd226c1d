"""Which pictures stand for a map: those of its themes first, then those of its tight groups."""

from dataclasses import dataclass

import numpy as np

from core.model import Clustering

#: Themes of which one picture each is named.
THEMES = 64

#: Ranks of groups by size, and of single items by how surely they belong to their theme.
GROUP, SINGLE, LAST = 1, 64, 255


@dataclass(frozen=True, slots=True)
class Representatives:
    """What to show first.

    `exemplars` `(m,)` int64: one row a theme, the largest theme first. `ranks` `(n,)` uint8: how
    early the picture of each row comes; 0 stands for a theme, 1 to 63 for a group of nearly equal
    images, the largest first, 64 to 255 for itself, the most typical first.
    """

    exemplars: np.ndarray
    ranks: np.ndarray


def representatives(n: int, themes: Clustering | None, micro: Clustering | None) -> Representatives:
    """Rank the rows of a set by how well they stand for others.

    Parameters
    ----------
    n
        Items of the set.
    themes, micro
        Its clusterings, None where they are not computed.
    """
    ranks = np.full(n, LAST, np.uint8)
    if themes is not None:
        doubt = 1 - np.nan_to_num(np.clip(themes.probabilities, 0, 1))
        ranks[:] = SINGLE + np.rint(doubt * (LAST - SINGLE)).astype(np.uint8)
    if micro is not None:
        groups = micro.table[micro.table["size"] > 1]
        sizes = groups["size"].to_numpy(np.float64)
        later = np.clip(4 * np.log2(sizes), 0, SINGLE - 1 - GROUP).astype(np.uint8)
        ranks[groups["medoid"].to_numpy(np.int64)] = SINGLE - 1 - later
    if themes is None or not len(themes.table):
        return Representatives(np.zeros(0, np.int64), ranks)
    for rows in themes.table["exemplars"]:
        ranks[np.asarray(rows, np.int64)] = 0
    order = themes.table.sort_values(["size", "cluster"], ascending=[False, True])
    return Representatives(order["medoid"].to_numpy(np.int64)[:THEMES], ranks)

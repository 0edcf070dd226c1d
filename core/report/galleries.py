"""Ten sparse and ten dense clusters: what was taken of each, and what random would have missed."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from core.report.covering import Groups, missed_by_random
from core.report.words import count, nouns, percent, plural

#: Clusters of each kind, pictures of a cluster, and the largest that is sparse by its size.
SHOWN, PICTURES, SMALL = 10, 9, 3
#: Share of clusters, by density, that are sparse at one end and dense at the other.
TAIL = 0.1
#: A dense cluster from which more than this share was taken has more than it needs.
MANY = 0.5


def galleries(
    groups: Groups, table: pd.DataFrame, chosen: np.ndarray, addresses: Sequence[str], noun: str
) -> dict[str, list[dict[str, Any]]]:
    """Return the ten sparsest and the ten densest clusters with an item here.

    Parameters
    ----------
    groups
        The micro-clusters.
    table
        Their table: `density` and `exemplars` by cluster number.
    chosen
        Rows chosen.
    addresses
        Durable address of every row.
    noun
        What one item is called.

    Returns
    -------
    dict
        "sparse" and "dense". Sparse are clusters of three items or fewer and the least dense tenth,
        dense the densest tenth of the others; the list goes by density and does not look at what
        was chosen.
    """
    pictured: list[list[int]] = table["exemplars"].tolist()
    density = table["density"].to_numpy(float)[groups.there]
    known = np.where(np.isfinite(density), density, 0.0)
    edges = np.quantile(known, [TAIL, 1 - TAIL]) if len(known) else (0.0, 0.0)
    sparse = (groups.sizes <= SMALL) | (known <= edges[0])
    dense = (known >= edges[1]) & ~sparse
    by_density = np.lexsort((groups.there, known))
    missed = missed_by_random(groups, len(chosen))
    taken = np.zeros(len(groups.labels), bool)
    taken[chosen] = True

    def described(at: int, kind: str) -> dict[str, Any]:
        cluster = int(groups.there[at])
        members = np.flatnonzero(groups.labels == cluster)
        mine = members[taken[members]]
        exemplars = [int(row) for row in pictured[cluster]]
        rows = list(dict.fromkeys([*mine.tolist()[:PICTURES], *exemplars]))[:PICTURES]
        size, had = int(groups.sizes[at]), bool(groups.taken[at])
        return {
            "cluster": cluster, "size": size, "density": _number(density[at]),
            "rows": rows, "ids": [addresses[row] for row in rows],
            "chosen": [row for row in rows if taken[row]], "chosen_count": len(mine),
            "already": had, "missed_by_random": float(missed[at]),
            "text": _told(size, len(mine), float(missed[at]), len(chosen), had, noun),
            "advice": _advice(kind, size, len(mine), had, noun),
        }  # fmt: skip

    return {
        "sparse": [described(int(at), "sparse") for at in by_density[sparse[by_density]][:SHOWN]],
        "dense": [
            described(int(at), "dense") for at in by_density[dense[by_density]][::-1][:SHOWN]
        ],
    }


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _told(size: int, taken: int, missed: float, n: int, had: bool, noun: str) -> str:
    """Return what was taken of a cluster, and the chance that random would have missed it."""
    first = f"{nouns(noun, size)}, {count(taken) if taken else 'none'} of them chosen."
    if size == 1:
        first = f"{nouns(noun, size)}, {'chosen' if taken else 'not chosen'}."
    if had:
        return f"{first} What was taken before is in it already."
    who = f"{count(n)} random {plural(noun, n)}"
    misses = "misses" if n == 1 else "miss"
    if missed == 0:
        return f"{first} {who} cannot miss it."
    return f"{first} {who} {misses} it with chance {percent(missed)}."


def _advice(kind: str, size: int, taken: int, had: bool, noun: str) -> str:
    """Return what a person might do about a cluster."""
    if kind == "sparse" and not taken and not had:
        return (
            f"Not covered. Look at {'it' if size == 1 else 'them'}: if this is a real case, add "
            f"{'it' if size == 1 else 'one'} to the choice; if it is a fault, exclude it."
        )
    if kind == "sparse" and size == 1:
        return f"One of a kind: make sure that it is a real {noun} and not a fault, then keep it."
    if kind == "sparse":
        return "Rare and covered. If such cases matter, collect more of them."
    if not taken and not had:
        return "Common and not covered: one or two of these are enough."
    if taken > max(1, MANY * size):
        return "Very alike, and most were taken: fewer would tell the same."
    return "Very alike: what is taken stands for the rest."

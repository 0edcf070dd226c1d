"""Why each image was chosen: its role, its group, what it added, and that in words."""

import numpy as np
import pandas as pd

from core.curate.edges import edge_radius, edge_rows, neighbor_distance
from core.model import Clustering, Neighbors

ROLES = ("centre", "edge", "gap filler")


def chosen_table(
    unit: np.ndarray,
    neighbors: Neighbors,
    micro: Clustering,
    themes: np.ndarray | None,
    rows: np.ndarray,
    gains: np.ndarray,
    already: np.ndarray,
) -> pd.DataFrame:
    """Return the table of chosen images, with a reason for each.

    Parameters
    ----------
    unit, neighbors, micro
        Unit vectors `(n, d)`, graph and micro-clusters of the set.
    themes
        Theme of every row `(n,)`, −1 for none; None where there are none.
    rows, gains
        Rows `(m,)` in the order of choice, and what each added to the objective.
    already
        Rows that counted as taken before the first.

    Returns
    -------
    pandas.DataFrame
        One row an image: order (from 1), row, role, cluster, theme, gain, reason. An image is an
        "edge" if it is an edge case; else a "centre" if it is the first taken of its group; else a
        "gap filler".
    """
    labels = np.asarray(micro.labels)
    sizes = np.bincount(labels, minlength=1)
    edge = edge_rows(neighbors, micro)
    before = _nearest_before(unit, labels, rows, already)
    roles = np.where(edge[rows], 0, np.where(np.isnan(before), 1, 2))
    medoids = np.zeros(len(labels), bool)
    medoids[micro.table["medoid"].to_numpy(np.int64)] = True
    lonely, radius = neighbor_distance(neighbors), edge_radius(neighbors)
    total = float(np.sum(gains))
    reasons = [
        _reason(int(role), int(sizes[labels[row]]), bool(medoids[row]), float(near),
                float(lonely[row]), radius) + _added(float(gain), total)
        for role, row, near, gain in zip(roles, rows, before, gains, strict=True)
    ]  # fmt: skip
    return pd.DataFrame(
        {
            "order": np.arange(1, len(rows) + 1),
            "row": np.asarray(rows, np.int64),
            "role": np.array(["edge", "centre", "gap filler"], dtype=object)[roles],
            "cluster": labels[rows].astype(np.int32),
            "theme": np.full(len(rows), -1, np.int32) if themes is None else themes[rows],
            "gain": np.asarray(gains, np.float64),
            "reason": reasons,
        }
    )


def _nearest_before(
    unit: np.ndarray, labels: np.ndarray, rows: np.ndarray, already: np.ndarray
) -> np.ndarray:
    """Return each row's distance to the nearest one of its group taken before it; NaN for none."""
    taken = np.concatenate([already, rows]).astype(np.int64)
    found = np.full(len(taken), np.nan)
    order = np.argsort(labels[taken], kind="stable")
    ends = np.flatnonzero(np.diff(labels[taken[order]])) + 1
    for places in np.split(order, ends) if len(order) else []:
        for at in range(1, len(places)):
            if places[at] < len(already):  # what was taken before needs no reason
                continue
            here = unit[taken[places[at]]].astype(np.float64)
            away = unit[taken[places[:at]]] - here
            found[places[at]] = np.sqrt(np.einsum("ij,ij->i", away, away).min())
    return found[len(already) :]


def _reason(
    role: int, size: int, medoid: bool, near: float, lonely: float, radius: float
) -> str:  # fmt: skip
    """Return why an image is there, without what it added."""
    if role == 0 and size == 1:
        return "Edge case: alone in its group"
    if role == 0 and lonely > radius:
        return (
            f"Edge case: {lonely:.3f} from its nearest images on average, where 90 % of all are "
            f"within {radius:.3f}"
        )
    if role == 0:
        return f"Edge case: one of a group of {size}"
    if role == 1:
        first = "The middle" if medoid else "First taken"
        return f"{first} of a group of {size:,} alike"
    return f"Fills a gap in a group of {size:,}: {near:.3f} from the nearest taken before"


def _added(gain: float, total: float) -> str:
    """Return what an image added, in words; "" where nothing can be said."""
    if total <= 0:
        return ""
    share = gain / total
    if share <= 0:
        return "; adds nothing more"
    return (
        f"; adds {share * 100:.2f} % of the whole" if share >= 0.0001 else "; adds less than 0.01 %"
    )

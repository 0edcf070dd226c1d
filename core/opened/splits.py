"""Themes that a person split, as they are shown: each part a theme, numbered behind the others.

What the clustering found stays as it is stored; a split names the rows of its parts, so it is
applied without computing clusters again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from core.clusters.table import DENSITY_NEIGHBOURS, EXEMPLARS, NEAREST, cluster_table
from core.errors import VitrineError
from core.model import Clustering, Neighbors
from core.progress import Progress
from core.space import unit_rows

#: Rows of a part that are measured for its medoid, exemplars and diameter; more are thinned.
MEASURED = 20_000

Load = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, slots=True)
class ThemeSplit:
    """One split.

    Attributes
    ----------
    mark
        Names the act, so that equal marks are equal splits.
    themes
        The theme that was split, and those that were merged with it then; ascending.
    parts
        Rows of each part. The first part keeps the theme's number, the others get new ones; rows
        of the theme that are in no part become unassigned.
    """

    mark: str
    themes: tuple[int, ...]
    parts: tuple[np.ndarray, ...]


def apply_splits(
    found: Clustering, splits: Sequence[ThemeSplit], neighbors: Neighbors | None, load: Load
) -> Clustering:
    """Return a clustering with its themes split.

    Parameters
    ----------
    found
        The themes as they were found.
    splits
        In the order they were done; new themes are numbered from `len(found.table)` on.
    neighbors
        The neighbour graph, for density and for the nearest theme; None where there is none.
    load
        Returns the vectors `(m, d)` of some rows.

    Returns
    -------
    Clustering
        With the same key. The rows of the table that belong to split themes are measured anew;
        membership stays what it was in the theme that was split, 0 for what became unassigned.
    """
    if not splits:
        return found
    labels, changed = np.array(found.labels), set()
    count = len(found.table)
    for split in splits:
        inside = np.isin(labels, split.themes)
        before = labels.copy()
        labels[inside] = -1
        for number, part in enumerate(split.parts):
            rows = part[inside[part]]
            labels[rows] = before[rows] if number == 0 else count + number - 1
        changed |= {*split.themes, *range(count, count + len(split.parts) - 1)}
        count += len(split.parts) - 1
    freed = (labels < 0) & (found.labels >= 0)
    probabilities = np.where(freed, np.float32(0), found.probabilities)
    numbers = sorted(changed)
    table = _renewed(found, labels, probabilities, numbers, neighbors, load)
    made = replace(found, labels=labels, probabilities=probabilities, table=table)
    if len(getattr(found, "nearest", ())) != len(labels):
        return made
    nearest, likely = _nearest(found, labels, numbers, neighbors)
    return replace(made, nearest=nearest, nearest_probability=likely)


def _renewed(
    found: Clustering,
    labels: np.ndarray,
    probabilities: np.ndarray,
    numbers: list[int],
    neighbors: Neighbors | None,
    load: Load,
) -> pd.DataFrame:
    """Return the table with the rows of some themes measured anew."""
    crowding = _crowding(neighbors, len(labels))
    lines = []
    for number in numbers:
        rows = np.flatnonzero(labels == number)
        line = _measured(rows, probabilities, neighbors, crowding, load) if len(rows) else {}
        density = 1.0 / max(float(crowding[rows].mean()), NEAREST) if len(rows) else np.nan
        likely = float(probabilities[rows].mean()) if len(rows) else np.nan
        lines.append(
            {
                "diameter": np.nan, "diameter_exact": False, "medoid": -1, "exemplars": [], **line,
                "cluster": number, "size": len(rows), "share": len(rows) / len(labels),
                "density": density, "probability": likely,
            }
        )  # fmt: skip
    some = next((line["medoid"] for line in lines if line["size"]), 0)
    for line in lines:
        if not line[
            "size"
        ]:  # of a merged theme nothing is left; a row must stand here all the same
            line["medoid"] = some
    fresh = pd.DataFrame(lines).reindex(columns=found.table.columns)
    kept = found.table[~found.table["cluster"].isin(numbers)]
    table = pd.concat([kept, fresh]) if len(kept) else fresh
    for name, kind in found.table.dtypes.items():
        if name in {"cluster", "size", "medoid", "diameter_exact"}:
            table[name] = table[name].astype(kind)
    return table.sort_values("cluster", ignore_index=True)


def _crowding(neighbors: Neighbors | None, n: int) -> np.ndarray:
    """Return every row's mean distance `(n,)` to its nearest neighbours; NaN without a graph."""
    if neighbors is None or not neighbors.distances.shape[1]:
        return np.full(n, np.nan)
    near = np.asarray(neighbors.distances[:, :DENSITY_NEIGHBOURS])
    crowding: np.ndarray = near.mean(axis=1, dtype=np.float64)
    return crowding


def _measured(
    rows: np.ndarray,
    probabilities: np.ndarray,
    neighbors: Neighbors | None,
    crowding: np.ndarray,
    load: Load,
) -> dict[str, object]:
    """Return what a theme's vectors tell of it; less where the vectors are gone."""
    some = rows[np.unique(np.linspace(0, len(rows) - 1, min(len(rows), MEASURED)).astype(int))]
    try:
        unit = unit_rows(load(some))
    except VitrineError:
        order = some[np.argsort(crowding[some], kind="stable")][:EXEMPLARS].tolist()
        return {"medoid": order[0], "exemplars": order}
    alike = np.zeros(len(some), np.int32)
    table = cluster_table(
        unit, alike, probabilities[some], None, stage="themes", progress=Progress()
    )
    line = table.iloc[0]
    exact = bool(line["diameter_exact"]) and len(some) == len(rows)
    return {
        "diameter": float(line["diameter"]), "diameter_exact": exact,
        "medoid": int(some[line["medoid"]]),
        "exemplars": [int(some[place]) for place in line["exemplars"]],
    }  # fmt: skip


def _nearest(
    found: Clustering, labels: np.ndarray, numbers: list[int], neighbors: Neighbors | None
) -> tuple[np.ndarray, np.ndarray]:
    """Return the nearest theme of each row, and how likely, now that some were split.

    A row that would join a theme that was split goes to the part that most of its neighbours are
    in (of equals the nearer), as likely as its theme was, times the share that are.
    """
    nearest, likely = np.array(found.nearest), np.array(found.nearest_probability)
    inside = np.isin(labels, numbers)
    nearest[inside] = labels[inside]
    rows = np.flatnonzero(np.isin(nearest, numbers) & (labels < 0))
    if not len(rows):
        return nearest, likely
    if neighbors is None or not neighbors.indices.shape[1]:
        nearest[rows], likely[rows] = -1, 0
        return nearest, likely
    around = labels[np.asarray(neighbors.indices[rows])]
    there = [around == number for number in numbers]
    counts = np.stack([one.sum(axis=1) for one in there], axis=1)
    first = np.stack([one.argmax(axis=1) for one in there], axis=1)
    best = (counts - first / around.shape[1]).argmax(axis=1)  # of equals the nearer
    total = np.maximum(counts.sum(axis=1), 1)
    some = counts.max(axis=1) > 0
    nearest[rows] = np.where(some, np.array(numbers, nearest.dtype)[best], -1)
    was = np.where(found.labels[rows] >= 0, 1.0, likely[rows])  # it was a member of the theme
    likely[rows] = was * counts.max(axis=1) / total
    return nearest, likely

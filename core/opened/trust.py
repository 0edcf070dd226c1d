"""How firm each cluster is, and what labelling one would change: as a page reads it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from core.storage.store import Artefact

State = Literal["firm", "shaky", "dissolved"]


@dataclass(frozen=True, slots=True)
class Stability:
    """How well a cluster is found again in part of the set.

    `jaccard` is the mean overlap, 0 to 1, with the cluster most like it; a tenth of the runs are
    at `low` or below. `state` is "firm" from .75, "dissolved" below .5, else "shaky".
    """

    jaccard: float
    low: float
    state: State


@dataclass(frozen=True, slots=True)
class Trust:
    """How firm the clusters of a set are.

    Attributes
    ----------
    stability
        By cluster, as it was found; themes that a person split have none.
    ari
        Mean adjusted Rand index of the set's clusters and those of a run, over items that neither
        left unassigned; None where there was nothing to compare.
    noise
        Mean share of items that a run left unassigned; None where nothing was run.
    runs, used
        How many runs, and items drawn in each.
    method
        What was done again in each run, in words.
    notice
        Why there is nothing to tell, or what limits it; "" for nothing.
    """

    stability: dict[int, Stability]
    ari: float | None
    noise: float | None
    runs: int
    used: int
    method: str
    notice: str


@dataclass(frozen=True, slots=True)
class Check:
    """What labelling a whole cluster would change.

    `count` items, `same` of which have the label already; `other` are the labels of those that
    have another, the commonest first, with how many; `unlabelled` have none.
    """

    count: int
    same: int
    other: list[tuple[str, int]]
    unlabelled: int


def trust_of(stored: Artefact, gone: Sequence[int] = ()) -> Trust:
    """Return what was measured of a clustering, less the clusters `gone` since."""
    table, meta = stored.tables["stability"], stored.meta
    found = {
        int(line["cluster"]): Stability(
            float(line["jaccard_mean"]), float(line["jaccard_low"]), line["state"]
        )
        for line in table.to_dict("records")
        if line["state"]
    }
    for cluster in gone:
        found.pop(cluster, None)
    return Trust(
        found, meta["ari_mean"], meta["noise_mean"], int(meta["runs"]), int(meta["n_used"]),
        meta["method"], meta["notice"],
    )  # fmt: skip


def commonest(groups: np.ndarray, values: pd.Series) -> dict[int, tuple[str, float, int]]:
    """Return each group's commonest value.

    Parameters
    ----------
    groups
        Group of each row `(n,)`.
    values
        One value a row; missing and empty ones do not count.

    Returns
    -------
    dict
        By group: the value, its share of the rows that have one, and how many have one. Of values
        that are equally common the first by name; groups without any value are left out.
    """
    texts = values.astype("string").to_numpy(dtype=object, na_value="")
    codes, names = pd.factorize(np.array(texts, dtype=object), sort=True)
    known = np.array([name != "" for name in names], bool)[codes] if len(names) else np.zeros(0)
    rows = np.flatnonzero(known)
    if not len(rows):
        return {}
    low = int(groups.min())
    pairs, counts = np.unique(
        (groups[rows].astype(np.int64) - low) * len(names) + codes[rows], return_counts=True
    )
    group, code = pairs // len(names), pairs % len(names)
    total = np.bincount(group, weights=counts)
    order = np.lexsort((code, -counts, group))
    _, first = np.unique(group[order], return_index=True)
    best = order[first]
    return {
        int(group[at]) + low: (str(names[code[at]]), counts[at] / total[group[at]],
                               int(total[group[at]]))
        for at in best.tolist()
    }  # fmt: skip


def check_label(labels: pd.Series, label: str) -> Check:
    """Return what giving some items, with these labels, one label would change."""
    texts = labels.astype("string").fillna("")
    given = texts[texts != ""]
    counts: Mapping[Any, int] = given.value_counts().to_dict()
    same = int(counts.get(label, 0))
    other = sorted(
        ((str(value), int(n)) for value, n in counts.items() if value != label),
        key=lambda pair: (-pair[1], pair[0]),
    )
    return Check(len(texts), same, other, len(texts) - len(given))

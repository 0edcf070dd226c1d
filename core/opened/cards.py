"""Clusters and neighbours as a page shows them: names, sizes, exemplars, the commonest label."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import cast

import numpy as np
import pandas as pd

from core.model import Clustering

#: What an item that no theme holds is called.
NOISE = "unassigned"


@dataclass(frozen=True, slots=True)
class Near:
    """A neighbour of an item: its row, its identity and its chordal distance (0 to 2)."""

    row: int
    item_id: str
    distance: float


@dataclass(frozen=True, slots=True)
class ClusterCard:
    """One cluster as a page shows it; `purity` is a column's commonest value and its share."""

    cluster: int
    name: str
    size: int
    share: float
    density: float | None
    diameter: float | None
    exemplars: list[int]
    purity: dict[str, tuple[str, float]]


def name_themes(
    count: int, given: Mapping[int, str], merged: Sequence[Sequence[int]] = ()
) -> tuple[str, ...]:
    """Return every theme's name; only merged ones share one.

    Parameters
    ----------
    count
        Number of themes.
    given
        Names that a person gave, by theme; the others are called "Theme 1", "Theme 2", ….
    merged
        Groups of themes that a person made one; each is called as its first.

    Returns
    -------
    tuple of str
        The names; where several themes happen to share one, or one is called as what no theme
        holds, the theme's number is put behind it, so that they are never taken for each other.
    """
    first = list(range(count))
    for group in merged:
        for theme in group:
            if theme < count:
                first[theme] = group[0]
    wanted = {i: given.get(i, "").strip() or f"Theme {i + 1}" for i in sorted(set(first))}
    shared = Counter([*wanted.values(), NOISE])
    taken = {NOISE} | {name for name in wanted.values() if shared[name] == 1}
    names: dict[int, str] = {}
    for theme, name in wanted.items():
        names[theme] = name
        while shared[name] > 1 and (names[theme] == name or names[theme] in taken):
            names[theme] = f"{names[theme]} ({theme + 1})"
        taken.add(names[theme])
    return tuple(names[theme] for theme in first)


def cards_of(
    clustering: Clustering,
    names: tuple[str, ...],
    purity: Mapping[int, dict[str, tuple[str, float]]],
    merged: Sequence[Sequence[int]] = (),
) -> list[ClusterCard]:
    """Return a card for every cluster, the largest first, and last for what none holds (-1).

    Those of a group in `merged` are one card; `purity` goes by the group's first.
    """
    total = len(clustering.labels)
    cards = [
        ClusterCard(
            cluster=int(c["cluster"]),
            name=names[int(c["cluster"])],
            size=int(c["size"]),
            share=int(c["size"]) / max(1, total),
            density=None if pd.isna(c["density"]) else float(c["density"]),
            diameter=None if pd.isna(c["diameter"]) else float(c["diameter"]),
            exemplars=[int(r) for r in c["exemplars"]],
            purity=purity.get(group_of(int(c["cluster"]), merged)[0], {}),
        )
        for c in clustering.table.to_dict("records")
    ]
    if merged:
        cards = _joined(cards, merged)
    noise = np.flatnonzero(clustering.labels < 0)
    if len(noise):
        few = [int(r) for r in noise[np.linspace(0, len(noise) - 1, 9).astype(int)]]
        exemplars, share = list(dict.fromkeys(few)), len(noise) / total
        cards.append(
            ClusterCard(-1, NOISE, len(noise), share, None, None, exemplars, purity.get(-1, {}))
        )
    return cards


def _joined(cards: list[ClusterCard], merged: Sequence[Sequence[int]]) -> list[ClusterCard]:
    """Return the cards with those of each group as one, the largest first.

    It has pictures of each of them in turn; density and diameter are of a cluster as found, so it
    has none.
    """
    groups: dict[int, list[ClusterCard]] = {}
    for card in cards:
        groups.setdefault(group_of(card.cluster, merged)[0], []).append(card)
    found = []
    for first, parts in groups.items():
        if len(parts) == 1:
            found += parts
            continue
        turns = zip_longest(*(part.exemplars for part in parts))
        rows = [row for turn in turns for row in turn if row is not None]
        size, share = sum(p.size for p in parts), sum(p.share for p in parts)
        found.append(ClusterCard(first, parts[0].name, size, share, None, None, rows,
                                 parts[0].purity))  # fmt: skip
    return sorted(found, key=lambda card: -card.size)


def group_of(cluster: int, merged: Sequence[Sequence[int]]) -> Sequence[int]:
    """Return the clusters that are one with this one, ascending; itself alone if none is."""
    return next((group for group in merged if cluster in group), (cluster,))


def purity_of(
    clustering: Clustering, items: pd.DataFrame, merged: Sequence[Sequence[int]] = ()
) -> dict[int, dict[str, tuple[str, float]]]:
    """Return, for each cluster, the commonest label among its labelled items.

    Those of a group in `merged` are one, called as the group's first.
    """
    if "label" not in items or items["label"].isna().all():
        return {}
    labels = np.array(clustering.labels)
    for group in merged:
        labels[np.isin(clustering.labels, list(group))] = group[0]
    frame = pd.DataFrame({"cluster": labels, "label": items["label"].astype("string")}).dropna()
    counts = frame.groupby(["cluster", "label"]).size()
    found = {}
    for cluster, part in counts.groupby(level=0):
        _, label = cast(tuple[int, str], part.idxmax())
        share = int(part.max()) / int(part.sum())
        found[int(cast(int, cluster))] = {"label": (label, share)}
    return found

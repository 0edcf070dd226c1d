"""Clusters and neighbours as a page shows them: names, sizes, exemplars, the commonest label."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any

import numpy as np
import pandas as pd

from core.model import Clustering
from core.opened.members import Members
from core.opened.trust import Stability

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
    """One cluster as a page shows it.

    `purity` is a column's commonest value and its share; `stability` is None while it is not
    measured. `medoid` (None where a person merged clusters), up to nine `typical` items and up to
    nine at its `border` are rows; see `core.opened.members`.
    """

    cluster: int
    name: str
    size: int
    share: float
    density: float | None
    diameter: float | None
    exemplars: list[int]
    purity: dict[str, tuple[str, float]]
    stability: Stability | None = None
    medoid: int | None = None
    border: list[int] = field(default_factory=list)
    typical: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Details:
    """What is known of clusters beside their table, each by cluster; merged ones by their first."""

    purity: Mapping[int, dict[str, tuple[str, float]]]
    members: Members
    stability: Mapping[int, Stability]


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
    names: Sequence[str],
    details: Details,
    merged: Sequence[Sequence[int]] = (),
    only: Sequence[int] | None = None,
) -> list[ClusterCard]:
    """Return a card for every cluster, the largest first, and last for what none holds (-1).

    Those of a group in `merged` are one card. `only` asks for some clusters instead, in its order.
    """
    total = len(clustering.labels)
    table = clustering.table if only is None else clustering.table.iloc[list(only)]
    cards = [_card(line, names, details, total) for line in table.to_dict("records")]
    if merged:
        cards = _joined(cards, merged)
    cards = [card for card in cards if card.size]
    if only is not None:
        return cards
    cards.sort(key=lambda card: -card.size)
    noise = np.flatnonzero(clustering.labels < 0)
    if len(noise):
        few = [int(r) for r in noise[np.linspace(0, len(noise) - 1, 9).astype(int)]]
        exemplars, share = list(dict.fromkeys(few)), len(noise) / total
        purity = details.purity.get(-1, {})
        cards.append(ClusterCard(-1, NOISE, len(noise), share, None, None, exemplars, purity))
    return cards


def _card(
    line: Mapping[Any, Any], names: Sequence[str], details: Details, total: int
) -> ClusterCard:
    """Return the card of one line of a table."""
    cluster, medoid = int(line["cluster"]), int(line.get("medoid", -1))
    return ClusterCard(
        cluster=cluster,
        name=names[cluster],
        size=int(line["size"]),
        share=int(line["size"]) / max(1, total),
        density=None if pd.isna(line["density"]) else float(line["density"]),
        diameter=None if pd.isna(line["diameter"]) else float(line["diameter"]),
        exemplars=[int(row) for row in line["exemplars"]],
        purity=details.purity.get(cluster, {}),
        stability=details.stability.get(cluster),
        medoid=None if medoid < 0 else medoid,
        border=details.members.border.get(cluster, []),
        typical=details.members.typical.get(cluster, []),
    )


def _joined(cards: list[ClusterCard], merged: Sequence[Sequence[int]]) -> list[ClusterCard]:
    """Return the cards with those of each group as one.

    It has pictures of each of them in turn; density, diameter, stability and medoid are of a
    cluster as found, so it has none.
    """
    groups: dict[int, list[ClusterCard]] = {}
    for card in cards:
        groups.setdefault(group_of(card.cluster, merged)[0], []).append(card)
    found = []
    for first, parts in groups.items():
        if len(parts) == 1:
            found += parts
            continue
        head = next((part for part in parts if part.cluster == first), parts[0])
        turns = zip_longest(*(part.exemplars for part in parts))
        rows = [row for turn in turns for row in turn if row is not None]
        size, share = sum(p.size for p in parts), sum(p.share for p in parts)
        found.append(
            ClusterCard(
                first, head.name, size, share, None, None, rows, head.purity,
                border=head.border, typical=head.typical,
            )
        )  # fmt: skip
    return found


def group_of(cluster: int, merged: Sequence[Sequence[int]]) -> Sequence[int]:
    """Return the clusters that are one with this one, ascending; itself alone if none is."""
    return next((group for group in merged if cluster in group), (cluster,))


def joined_labels(labels: np.ndarray, merged: Sequence[Sequence[int]]) -> np.ndarray:
    """Return the cluster of each row, where merged clusters go by their first."""
    found: np.ndarray = np.array(labels)
    for group in merged:
        found[np.isin(labels, list(group))] = group[0]
    return found

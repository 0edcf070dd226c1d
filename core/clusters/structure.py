"""Whether themes are more than what noise makes: is anything less crowded between them?

UMAP draws the chance crowdings of any sample together, and HDBSCAN finds them. So each theme is
compared with its neighbours in the vectors themselves: on the line that parts the two best, drawn
from other items, is there a valley? See `docs/methods/clusters.md`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.clusters.between import project_between
from core.clusters.dip import dip, dip_chance
from core.model import Neighbors

#: A valley has at most this share of the lower of the two humps beside it, and at most this
#: chance in one hump, over all pairs looked at.
DEEPEST, LEVEL = 0.4, 0.01
#: Neighbours that link themes, and the most linked themes each is compared with.
LINKS, COMPARED = 15, 3
#: Themes of fewer different items are piles and not compared; fewer items between two tell nothing.
FEWEST_DIFFERENT, FEWEST_BETWEEN = 5, 8
#: Items between two themes that are looked at; of more a random share.
MOST_BETWEEN = 1000

METHOD = "dip test between neighbouring themes on held-out items, Bonferroni"


@dataclass(frozen=True, slots=True)
class Between:
    """Two neighbouring themes: the dip between them, its chance, and how deep the valley is."""

    first: int
    second: int
    dip: float
    chance: float
    valley: float


def judge_themes(
    unit: np.ndarray,
    labels: np.ndarray,
    nearest: np.ndarray,
    groups: np.ndarray,
    neighbors: Neighbors,
    *,
    seed: int = 0,
) -> dict[str, Any]:
    """Say whether themes are set apart from one another.

    Parameters
    ----------
    unit
        Unit rows `(n, d)` float32.
    labels
        Theme of each row `(n,)`, −1 for none.
    nearest
        The same, with the nearest theme where there is none.
    groups
        Which rows are equal `(n,)`; equal rows count once.
    neighbors
        The neighbour graph.
    seed
        Deals rows into parts.

    Returns
    -------
    dict
        `verdict`: "structure" if two themes are set apart and no chain of neighbours without
        valleys joins them, "no structure" if not or without themes, "undefined" if there is only
        one theme or too few different items. `p`: Bonferroni over the pairs compared; None if none
        could be.
        `statistic`, `valley`: the dip and the valley that decide. `separated`: for each theme
        whether it runs into no neighbour and is surely set apart from one. `joined`: a number for
        each theme, equal for those that run into each other. `themes`, `pairs`: numbers looked
        at. `text` says it in words, `method` names the test.

    Notes
    -----
    Null hypothesis: around each pair of themes the items come from a log-concave density.
    """
    count = int(labels.max(initial=-1)) + 1
    rows = np.unique(groups, return_index=True)[1]
    different = np.bincount(labels[rows][labels[rows] >= 0], minlength=count)
    piles = different < FEWEST_DIFFERENT
    if count < 2:
        alone = "structure" if piles.any() else "undefined"
        return _told([], piles, alone if count else "no structure")
    compared = np.where(piles[labels] | (labels < 0), -1, labels)[rows]
    pairs: list[tuple[int, int]] = []
    if count - piles.sum() > 1:
        themes = np.flatnonzero(~piles)
        pairs = _neighbouring(unit[rows], compared, nearest, neighbors, themes)
    places = project_between(unit[rows], compared, pairs, seed) if pairs else []
    found = [_between(*pair, at, seed) for pair, at in zip(pairs, places, strict=True)]
    return _told(found, piles)


def undefined() -> dict[str, Any]:
    """Return what is said where there is nothing to test."""
    return _told([], np.zeros(0, bool), "undefined")


def _neighbouring(
    unit: np.ndarray,
    labels: np.ndarray,
    nearest: np.ndarray,
    neighbors: Neighbors,
    themes: np.ndarray,
) -> list[tuple[int, int]]:
    """Return the pairs of themes to compare: the most linked, and what joins them all."""
    count = int(nearest.max()) + 1
    linked = neighbors.indices[:, :LINKS]
    links = np.zeros((count, count), np.int64)
    np.add.at(links, (np.repeat(nearest, linked.shape[1]), nearest[linked].ravel()), 1)
    links += links.T
    pairs = set()
    for theme in themes:
        others = themes[themes != theme]
        order = others[np.argsort(-links[theme, others], kind="stable")][:COMPARED]
        pairs |= {_pair(theme, other) for other in order if links[theme, other] > 0}
    centres = np.stack([unit[labels == t].mean(axis=0, dtype=np.float64) for t in themes])
    lengths = np.square(centres).sum(axis=1)
    away = lengths[:, None] + lengths - 2 * centres @ centres.T
    parts = _Parts(count, pairs)
    for i, j in zip(*np.unravel_index(np.argsort(away, axis=None), away.shape), strict=True):
        if parts.join(themes[i], themes[j]):
            pairs.add(_pair(themes[i], themes[j]))
    return sorted(pairs)


def _pair(first: int, second: int) -> tuple[int, int]:
    return (int(min(first, second)), int(max(first, second)))


class _Parts:
    """Numbers 0 … n − 1, joined into parts."""

    def __init__(self, n: int, pairs: Iterable[tuple[int, int]] = ()) -> None:
        self._above = list(range(n))
        for first, second in pairs:
            self.join(first, second)

    def of(self, one: int) -> int:
        """Return the number that stands for a number's part."""
        while self._above[one] != one:
            one = self._above[one]
        return one

    def join(self, first: int, second: int) -> bool:
        """Join the parts of two numbers; False if they were one."""
        first, second = self.of(first), self.of(second)
        self._above[max(first, second)] = min(first, second)
        return first != second


def _between(first: int, second: int, places: np.ndarray, seed: int) -> Between:
    """Measure the valley between two themes from the places of the items around them."""
    if len(places) < FEWEST_BETWEEN:
        return Between(first, second, 0.0, 1.0, 1.0)
    if len(places) > MOST_BETWEEN:
        places = np.random.default_rng([seed, first, second]).choice(places, MOST_BETWEEN, False)
    found = dip(places)
    return Between(first, second, found, dip_chance(found, len(places)), valley(places))


def valley(places: np.ndarray) -> float:
    """Return how crowded the emptiest place between 0 and 1 is, against the humps beside it.

    Parameters
    ----------
    places
        Shape `(n,)`; smoothed by a Gaussian kernel as wide as suits the narrower side.

    Returns
    -------
    float
        0 where nothing lies between two humps, 1 where there is no valley.
    """
    sides = [side for side in (places[places < 0.5], places[places >= 0.5]) if len(side) > 1]
    if len(sides) < 2:
        return 1.0
    width = 1.06 * min(s.std() for s in sides) * min(len(s) for s in sides) ** -0.2
    grid = np.linspace(-1, 2, 151)
    scaled = (grid[:, None] - places[None]) / max(float(width), 1e-3)
    crowd = np.exp(-0.5 * np.square(scaled)).sum(axis=1)
    left = np.maximum.accumulate(crowd)
    right = np.maximum.accumulate(crowd[::-1])[::-1]
    lower = np.minimum(left, right)
    share = np.divide(crowd, lower, out=np.ones_like(crowd), where=lower > 0)
    return float(share[(grid > 0.1) & (grid < 0.9)].min())


def _told(pairs: list[Between], piles: np.ndarray, verdict: str = "") -> dict[str, Any]:
    """Put the verdict on themes and pairs of them into numbers and words."""
    count = len(piles)
    running = [(b.first, b.second) for b in pairs if b.valley > DEEPEST]
    parts = _Parts(count, running)
    joined = [parts.of(theme) for theme in range(count)]
    crossing = [b for b in pairs if joined[b.first] != joined[b.second]]
    best = min(crossing or pairs, key=lambda b: b.chance, default=None)
    p = min(1.0, len(pairs) * min((b.chance for b in crossing), default=1.0)) if pairs else None
    if not verdict:
        apart = (p is not None and p < LEVEL) or bool(piles.any())
        verdict = "structure" if apart else "no structure" if pairs else "undefined"
    sure = {t for b in crossing if b.chance * len(pairs) < LEVEL for t in (b.first, b.second)}
    separated = [
        bool(piles[theme]) or (theme in sure and joined.count(joined[theme]) == 1)
        for theme in range(count)
    ]
    return {
        "verdict": verdict,
        "statistic": None if best is None else round(best.dip, 6),
        "valley": None if best is None else round(best.valley, 4),
        "p": p,
        "separated": separated,
        "joined": joined,
        "themes": count,
        "pairs": len(pairs),
        "text": _words(verdict, count, separated),
        "method": METHOD,
    }


def _words(verdict: str, count: int, separated: list[bool]) -> str:
    """Say the verdict for a person."""
    if verdict == "undefined":
        return "Whether the themes are set apart could not be tested."
    if verdict == "no structure":
        if not count:
            return "No themes: nowhere is denser than elsewhere."
        return (
            f"No structure: everything looks like one continuous cloud. {count} groups were tried, "
            "but between none of them is a gap that chance would not make. Islands on a map are "
            "made by the map."
        )
    apart = sum(separated)
    if apart == count:
        return "Every theme is set apart from its neighbours."
    if not apart:
        return "Groups of themes are set apart from one another, but no single theme is."
    return (
        f"{apart} of {count} themes are set apart from all their neighbours; the others run into "
        "one another, and where one of those ends and the next begins is arbitrary."
    )

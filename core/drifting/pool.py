"""The pool of two sides: vectors, units, and the sample of units that is tested."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from core.config import Settings, load_settings
from core.curation import Desk
from core.drift.request import DriftRequest
from core.drift.twins import namesakes, same_pictures, standing
from core.drift.units import FEWEST, sides_of
from core.drift.units import Sides as UnitSides
from core.drifts.sides import OpenSide, Sides, open_sides
from core.findings import Findings
from core.library import Library
from core.space import unit_rows
from core.storage.store import Workspace
from core.storage.vectors import VectorCache

#: Units of each side in the tests; more are drawn by the seed.
TESTED = 3000
#: A column of texts with more values than this part of the images names them one by one.
NAMES = 0.3
#: Components of the pool that the classifier and the clusters see.
COMPONENTS = 256


@dataclass(frozen=True)
class Pool:
    """Both sides together: the reference's images first.

    Attributes
    ----------
    asked, sides
        What is asked for, and both sides.
    workspace
        Where vectors and results lie.
    settings
        The device and limits on pictures; those of this computer if None.
    """

    asked: DriftRequest
    sides: Sides
    workspace: Workspace
    settings: Settings | None = None

    @cached_property
    def used_settings(self) -> Settings:
        """The settings given, or those of this computer."""
        return self.settings or load_settings({"workspace": str(self.workspace.root)})

    @property
    def parts(self) -> tuple[OpenSide, OpenSide]:
        """The reference and the other side."""
        return self.sides.first, self.sides.second

    @cached_property
    def second(self) -> np.ndarray:
        """Whether each image of the pool is of the second side `(n,)` bool."""
        return np.repeat([False, True], [len(part.rows) for part in self.parts])

    @cached_property
    def units(self) -> np.ndarray:
        """The unit of each image of the pool `(n,)` int64, other codes on each side."""
        first, second = (
            np.unique(part.units, return_inverse=True)[1].reshape(-1).astype(np.int64)
            for part in self.parts
        )
        return np.concatenate([first, second + (first.max(initial=-1) + 1)])

    @cached_property
    def item_ids(self) -> list[str]:
        """The id of each image of the pool."""
        return [
            one for part in self.parts
            for one in part.opened.items["item_id"].iloc[part.rows].tolist()
        ]  # fmt: skip

    @cached_property
    def points(self) -> np.ndarray:
        """The unit vectors of the pool `(n, d)` float32."""
        return np.concatenate([self._vectors(part) for part in self.parts])

    def _vectors(self, part: OpenSide) -> np.ndarray:
        spec = part.opened.spec
        cache = VectorCache(self.workspace.root / "vectors" / spec.key, spec)
        return unit_rows(cache.load(part.opened.items["item_id"].iloc[part.rows].tolist()))

    @cached_property
    def of_images(self) -> UnitSides:
        """The sides of the pool's images."""
        return sides_of(self.second, self.units)

    @cached_property
    def unit_second(self) -> np.ndarray:
        """Whether each unit is of the second side `(u,)` bool."""
        return self.of_images.of_unit

    @cached_property
    def unit_points(self) -> np.ndarray:
        """The mean vector of each unit `(u, d)` float32."""
        place = self.of_images.unit
        count = np.bincount(place)
        if len(count) == len(place):
            found = np.empty_like(self.points)
            found[place] = self.points
            return found
        order = np.argsort(place, kind="stable")
        starts = np.concatenate([[0], np.cumsum(count)[:-1]])
        sums = np.add.reduceat(self.points[order], starts, axis=0)
        return np.asarray(sums / count[:, None], np.float32)

    @cached_property
    def twins(self) -> np.ndarray:
        """Places in the pool of pictures of A and the same ones, changed, of B `(k, 2)`."""
        first, second = (
            part.opened.items["path"].iloc[part.rows].fillna("").astype(str).tolist()
            for part in self.parts
        )
        pairs = namesakes(first, second)
        pairs[:, 1] += len(first)
        one, two = (self.points[pairs[:, side]] for side in (0, 1))
        same = same_pictures(one, two, min(len(first), len(second)), seed=self.asked.seed)
        return pairs if same else pairs[:0]

    @cached_property
    def standing(self) -> np.ndarray:
        """The units that may be tested, ascending: all, but one of each pair of twins."""
        everyone = np.arange(len(self.unit_second))
        if not len(self.twins):
            return everyone
        found = standing(self.of_images, self.twins, seed=self.asked.seed)
        there = int(self.unit_second[found].sum())
        return found if min(there, len(found) - there) >= FEWEST else everyone

    @property
    def notes(self) -> tuple[str, ...]:
        """What is to be said of the pool."""
        if not len(self.twins):
            return ()
        told = f"{len(self.twins):,} pictures are on both sides, the same but changed"
        if len(self.standing) == len(self.unit_second):
            return (f"{told}: tests may miss a difference.",)
        return (f"{told}. The tests take each from one side only, half from either, so that no "
                "picture is held against itself.",)  # fmt: skip

    @cached_property
    def stands(self) -> np.ndarray:
        """Whether each image of the pool may be tested `(n,)` bool."""
        return np.isin(self.of_images.unit, self.standing)

    @cached_property
    def tested(self) -> np.ndarray:
        """The units that are tested, ascending: at most 3,000 a side, drawn by the seed."""
        return self.drawn(TESTED)

    def drawn(self, most: int) -> np.ndarray:
        """Return units, ascending: at most so many a side, drawn by the seed."""
        rng = np.random.default_rng(self.asked.seed)
        chosen = []
        for side in (False, True):
            mine = self.standing[self.unit_second[self.standing] == side]
            if len(mine) > most:
                mine = np.sort(rng.choice(mine, most, replace=False))
            chosen.append(mine)
        return np.concatenate(chosen)

    @cached_property
    def components(self) -> np.ndarray:
        """The tested units on the pool's principal components `(t, ≤ 256)` float64."""
        return principal(self.unit_points[self.tested], COMPONENTS)

    @property
    def counts(self) -> tuple[int, int]:
        """Units of each side."""
        there = int(self.unit_second.sum())
        return len(self.unit_second) - there, there

    def split(self, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the points of tested units of the first and of the second side."""
        side = self.unit_second[rows]
        points = self.unit_points[rows].astype(np.float64)
        return points[~side], points[side]


def principal(points: np.ndarray, most: int) -> np.ndarray:
    """Return rows on their first principal components `(n, ≤ most)` float64, signs fixed."""
    centred = np.asarray(points, np.float64)
    centred = centred - centred.mean(axis=0)
    if centred.shape[1] <= most and centred.shape[1] <= len(centred):
        return centred
    if len(centred) <= centred.shape[1]:
        values, vectors = np.linalg.eigh(centred @ centred.T)
        order = np.argsort(-values)[:most]
        kept = order[values[order] > 1e-12 * max(float(values.max()), 1e-300)]
        return np.asarray(_signed(vectors[:, kept] * np.sqrt(values[kept])))
    values, vectors = np.linalg.eigh(centred.T @ centred)
    order = np.argsort(-values)[:most]
    kept = order[values[order] > 1e-12 * max(float(values.max()), 1e-300)]
    return np.asarray(_signed(centred @ vectors[:, kept]))


def _signed(scores: np.ndarray) -> np.ndarray:
    """Return scores of which the largest of each column is positive."""
    if not scores.size:
        return scores
    largest = scores[np.abs(scores).argmax(axis=0), np.arange(scores.shape[1])]
    return np.asarray(scores * np.where(largest < 0, -1.0, 1.0))


def open_pool(asked: DriftRequest, workspace: Workspace, settings: Settings | None = None) -> Pool:
    """Open what a request names; see `core.drifts.sides.open_sides` for the errors."""
    desk = Desk(workspace)
    library = Library.with_desk(workspace, desk)
    sides = open_sides(asked, library.open, desk.view, Findings(workspace))
    return Pool(asked, sides, workspace, settings)


def pooled_columns(pool: Pool) -> dict[str, Any]:
    """Return the columns that both sides have, in the order of the pool, as pandas Series.

    Without those by which the sides were chosen, and without names: columns of texts of which
    nearly every unit has its own.
    """
    import pandas as pd

    from core.columns import column_kind

    first, second = (part.opened.items.iloc[part.rows] for part in pool.parts)
    chosen = {part.side.column for part in pool.parts} | {pool.asked.unit}
    found: dict[str, Any] = {}
    for name in first.columns:
        if name not in second.columns or name in _OWN or name in chosen:
            continue
        kinds = {column_kind(part[name]) for part in (first, second)}
        both = [part[name].reset_index(drop=True) for part in (first, second)]
        if kinds != {"number"}:
            both = [values.astype("string") for values in both]
        values = pd.concat(both, ignore_index=True)
        if kinds == {"number"} or values.nunique() <= NAMES * values.notna().sum():
            found[str(name)] = values
    return found


#: Columns that say which file an image is, or where in it, not what it shows.
_OWN = frozenset({
    "item_id", "path", "frame", "box_x", "box_y", "box_w", "box_h", "mask", "unit", "notes",
    "path_given",
})  # fmt: skip

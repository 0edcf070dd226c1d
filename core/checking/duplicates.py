"""Copies in a set: equal bytes, equal pixels, near-duplicates, turned copies; stored as one."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from core.checking.alike import Comparer, alike_of, closed
from core.checking.leaks import Sides, leaks_of, leaks_to_sets, sides_key, sides_of
from core.checking.pixels import Pixels
from core.curation import Desk
from core.keys import artefact_key
from core.model import Neighbors
from core.opened.openset import OpenSet
from core.progress import Progress
from core.quality.conflicts import label_codes
from core.quality.copies import Duplicates, unit_groups
from core.quality.groups import Evidence, level_tables
from core.quality.keeper import merits_of
from core.quality.near import Alike, near_groups, near_pairs, same_vectors
from core.quality.pictures import picture_issues
from core.quality.threshold import Threshold
from core.storage.store import Workspace

__all__ = ["Duplicates", "duplicates_of", "unit_groups"]

FORMAT = 5
STAGE = "duplicates"

#: Pairs kept for the histogram: up to this many times τ, and at most this many.
REACH, MOST_PAIRS = 3.0, 1_000_000


def duplicates_of(
    opened: OpenSet,
    workspace: Workspace,
    neighbors: Neighbors,
    unit: np.ndarray,
    pixels: Pixels,
    threshold: Threshold,
    *,
    turned: bool = False,
    labels: pd.Series | np.ndarray | list[str | None] | None = None,
    progress: Progress | None = None,
    view: Any = None,
    others: Sequence[str] = (),
    workers: int = 2,
) -> Duplicates:
    """Find the copies in a set and store them, unless they are stored already.

    Parameters
    ----------
    opened, workspace
        The set or part, and where it lies.
    neighbors, unit
        Its neighbour graph and unit vectors `(n, d)` float32.
    pixels
        What was seen of its pictures.
    threshold
        Up to which distance two images are near-duplicates.
    turned
        Also look for mirrored and turned copies.
    labels
        Label of each row `(n,)`, missing or "" where it has none.
    progress
        Told about stage "duplicates".
    view
        What was decided about the set (`Desk.view`); read from the log if None.
    others
        Names of other sets in which to look for copies.
    workers
        Threads that read and compare pictures.

    Returns
    -------
    Duplicates
        The artefact "duplicates".
    """
    progress = progress or Progress()
    progress.report(STAGE)
    view = Desk(workspace).view(opened) if view is None else view
    codes = label_codes(labels, len(unit))
    pinned = np.zeros(len(unit), bool)
    pinned[view.decisions["keep"]] = True
    search = _Search(opened, workspace, neighbors, unit, pixels, threshold, turned, progress,
                     workers)  # fmt: skip
    sides = sides_of(opened, view, workspace)
    key = artefact_key(
        "duplicates", FORMAT, opened.key, neighbors.key, pixels.key, threshold.tau, turned,
        threshold.source, codes, np.flatnonzero(pinned), sides_key(sides, others, workspace),
    )  # fmt: skip
    if not workspace.has("duplicates", key):
        with workspace.lock(f"duplicates/{opened.key}", progress):
            if not workspace.has("duplicates", key):
                found = search.run(codes, pinned, sides, others)
                progress.report("storing")
                workspace.write("duplicates", key, **found)
    return Duplicates.stored(workspace.read("duplicates", key))


@dataclass(frozen=True, slots=True)
class _Search:
    """What copies are looked for in."""

    opened: OpenSet
    workspace: Workspace
    neighbors: Neighbors
    unit: np.ndarray
    pixels: Pixels
    threshold: Threshold
    turned: bool
    progress: Progress
    workers: int

    def run(
        self, codes: np.ndarray, pinned: np.ndarray, sides: Sequence[Sides], others: Sequence[str]
    ) -> dict[str, Any]:
        """Return what the artefact holds: meta, arrays and tables."""
        tau, unit = self.threshold.tau, self.unit
        evidence = self.evidence()
        ids = self.opened.items["item_id"].to_numpy(object)
        merits = merits_of(ids, self.pixels.table, _issues(self.pixels), codes >= 0, pinned)
        groups, members = level_tables(evidence, unit, merits, codes, tau)
        links = evidence.links(unit)
        inside = leaks_of(sides, links, self.neighbors, unit, tau, self.progress)
        outside, notes = leaks_to_sets(
            self.opened, unit, others, tau, self.workspace, self.progress
        )
        leaks = pd.concat([one for one in (inside, outside) if len(one)] or [inside])
        pairs, distance = _pairs(self.neighbors, tau)
        nearest = _nearest(self.neighbors, evidence.pictures)
        return {
            "meta": self.meta(groups, evidence) | {"notice": " ".join(notes)},
            "arrays": {"pairs": pairs, "pair_distance": distance, "nearest": nearest},
            "tables": {"groups": groups, "members": members, "leaks": leaks},
        }

    def evidence(self) -> Evidence:
        """Return which rows belong together, on every level."""
        from core.curate.splits import whole_groups

        unit, tau, progress = self.unit, self.threshold.tau, self.progress
        known = np.asarray(self.pixels.known)
        files = pd.factorize(self.opened.items["item_id"])[0].astype(np.int64)
        digests = np.where(known, pd.factorize(self.pixels.table["digest"])[0], -1)
        pictures = whole_groups(len(unit), files, digests)
        progress.report(STAGE, note="comparing vectors")
        same = whole_groups(len(unit), pictures, same_vectors(unit))
        pairs = near_pairs(self.neighbors, unit, tau, same, progress)
        alike = Alike()
        if known.any():
            comparer = Comparer(self.opened, self.workspace, self.pixels, pictures, progress,
                                self.workers)  # fmt: skip
            candidates = alike_of(comparer, self.neighbors, self.turned, self.workspace)
            alike = closed(comparer, candidates, pairs)
        upright = alike.upright()
        near = near_groups(unit, pairs, tau, same=same, alike=upright, progress=progress)
        levels = {"identical": files, "pixels": pictures, "near": near}
        if self.turned:
            levels["turned"] = self.turned_groups(alike, pictures, near)
        hashes = np.asarray(self.pixels.hashes)
        return Evidence(levels, files, pictures, same, alike, pairs, hashes)

    def turned_groups(self, alike: Alike, pictures: np.ndarray, near: np.ndarray) -> np.ndarray:
        """Return groups of pictures that are copies when turned, and were none without."""
        unit = self.unit
        links = alike.pairs[(alike.way > 0) & (alike.apart <= 1)]
        links = links[near[links[:, 0]] != near[links[:, 1]]]
        found = near_groups(
            unit, links, self.threshold.tau, same=pictures, alike=alike, linking=False,
            progress=self.progress,
        )  # fmt: skip
        held = np.isin(found, found[links])
        return np.where(held, found, len(unit) + np.arange(len(unit)))

    def meta(self, groups: pd.DataFrame, evidence: Evidence) -> dict[str, Any]:
        """Return what is told of the copies in a set as a whole."""
        counts = {
            level: _counts(groups[groups["level"] == level], level) for level in evidence.levels
        }
        threshold = self.threshold
        return {
            "format": FORMAT, "name": self.opened.name, "imageset": self.opened.key,
            "neighbors": self.neighbors.key, "pixels": self.pixels.key, "tau": threshold.tau,
            "source": threshold.source, "text": threshold.text, "turned": self.turned,
            "counts": counts, "reach": REACH,
            "units_key": artefact_key("duplicates", "units", evidence.levels["near"]),
        }  # fmt: skip


def _counts(groups: pd.DataFrame, level: str) -> dict[str, int]:
    """Return how many groups, images and copies a level has, and what the surer ones lack."""
    news = groups if level == "identical" else groups[groups["distinct"] > 1]
    return {
        "groups": len(groups), "images": int(groups["size"].sum()),
        "copies": int((groups["size"] - 1).sum()), "news": len(news),
        "conflicts": int(groups["conflict"].sum()),
    }  # fmt: skip


def _issues(pixels: Pixels) -> np.ndarray:
    """Return the number of picture issues of every row; thresholds that do not suit are left."""
    found = np.zeros(len(pixels.table), np.int64)
    for one in picture_issues(pixels.table).values():
        if not one.unsuited:
            found[one.rows] += 1
    return found


def _pairs(neighbors: Neighbors, tau: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the nearest pairs of the graph, each once, ascending by distance."""
    distances = np.asarray(neighbors.distances)
    reach = np.float32(REACH * tau)
    row, column = np.nonzero(distances <= reach)
    other = np.asarray(neighbors.indices)[row, column].astype(np.int64)
    far = distances[row, column]
    low, high = np.minimum(row, other), np.maximum(row, other)
    order = np.unique(low * len(distances) + high, return_index=True)[1]
    low, high, far = low[order], high[order], far[order]
    order = np.argsort(far, kind="stable")[:MOST_PAIRS]
    return np.stack([low[order], high[order]], axis=1).astype(np.int64), far[order]


def _nearest(neighbors: Neighbors, pictures: np.ndarray) -> np.ndarray:
    """Return the distance to the nearest other picture; where all known are the same one, 0."""
    if not neighbors.indices.shape[1]:
        return np.full(len(pictures), 2.0, np.float32)
    other = pictures[np.asarray(neighbors.indices)] != pictures[:, None]
    found = np.asarray(neighbors.distances)[np.arange(len(pictures)), other.argmax(axis=1)]
    return np.where(other.any(axis=1), found, np.float32(0)).astype(np.float32)

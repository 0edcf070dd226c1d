"""Comparisons of forms as they are stored: the list of a set's, and one with all its numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from threading import RLock
from typing import Any

import numpy as np
import pandas as pd

from core.comparisons.gradients import Gradients
from core.errors import NotFoundError, VitrineError
from core.morphology.request import MorphologyRequest
from core.storage.lines import Lines
from core.storage.store import Workspace

#: Comparisons kept, so that pages may ask often.
_KEPT = 16


@dataclass(frozen=True, slots=True)
class ComparisonLine:
    """One line about a comparison; with another `imageset` now, the set has changed since.

    `groups` and `units` are counts; `headline` says what was found, effect first.
    """

    key: str
    created: str
    title: str
    by: str
    groups: int
    units: int
    headline: str
    imageset: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """A comparison as it is stored.

    Attributes
    ----------
    meta
        title, request, imageset, embeddings, neighbors, encoder, noun, design, tests, pairwise,
        dispersion, distances, disparity, distinct, tree, ordination, lurig, card, methods,
        citations, headline, seconds, versions; JSON values only, null where a number is undefined.
    tables
        "units": unit, group, images, head (the row nearest its mean), four measures of being
        unusual with two percentiles each, centroid, axis1 and on. "rows": row, unit (the position
        in "units"). "distances", "pairwise", "disparity", "groups": as they are downloaded.
    arrays
        "matrix" `(m, m)` distances of groups, NaN unknown; "axes" `(k, d)` of the ordination.
    """

    key: str
    created: str
    meta: dict[str, Any]
    tables: dict[str, pd.DataFrame]
    arrays: dict[str, np.ndarray]

    @property
    def request(self) -> MorphologyRequest:
        """What was asked for."""
        return MorphologyRequest.from_json(self.meta["request"])

    @property
    def names(self) -> list[str]:
        """The groups by code."""
        return [str(one["name"]) for one in self.meta["design"]["groups"]]

    def rows_of(self, unit: int) -> np.ndarray:
        """Return the rows of a unit by its position, ascending int64."""
        table = self.tables["rows"]
        rows: np.ndarray = table["row"].to_numpy(np.int64)[table["unit"].to_numpy() == unit]
        return rows


class Comparisons(Gradients):
    """The comparisons and gradients kept in a workspace; may be asked from any thread."""

    def __init__(self, workspace: Workspace):
        super().__init__(workspace)
        self._lines = Lines(workspace, "morphology", _line)
        self._opened: dict[str, Comparison] = {}
        self._lock = RLock()

    def list(self, name: str) -> Sequence[ComparisonLine]:
        """Return a line about every comparison of a set or part, the newest first."""
        return self._lines.of(name)

    def open(self, key: str) -> Comparison:
        """Return a comparison.

        Raises
        ------
        NotFoundError
            No comparison has this key.
        ArtifactCorruptError
            It is damaged; the message names the file.
        """
        if not self._workspace.has("morphology", key):
            raise NotFoundError("no comparison with this id is kept here; make it again")
        with self._lock:
            kept = self._opened.pop(key, None)
        if kept is None:
            stored = self._workspace.read("morphology", key)
            created = str(stored.meta.get("created", ""))
            kept = Comparison(key, created, stored.meta, stored.tables, stored.arrays)
        with self._lock:
            self._opened[key] = kept
            while len(self._opened) > _KEPT:
                del self._opened[next(iter(self._opened))]
        return kept

    def card_of(self, name: str, embeddings: str) -> tuple[str, dict[str, Any]] | None:
        """Return the newest metric card of a set's vectors; None where none was made.

        Parameters
        ----------
        name
            The set or part.
        embeddings
            Key of its vectors: of others a card says nothing.

        Returns
        -------
        tuple
            Key of the comparison that it was made for, and the card: verdict, text, checks.
        """
        for line in self.list(name):
            try:
                meta = self.open(line.key).meta
            except VitrineError:  # a damaged one hides no others
                continue
            if meta["embeddings"] == embeddings and (meta.get("card") or {}).get("verdict"):
                return line.key, meta["card"]
        return None

    def stale(self, comparison: Comparison, opened: Any) -> str:
        """Return why a comparison is of an older set; "" where it is of this one."""
        if comparison.meta["imageset"] != opened.key:
            return "The set has changed since: this compares the images it had. Compare again."
        if comparison.meta["embeddings"] != opened.embeddings:
            return (
                "The set was encoded anew since: this compares the vectors it had. Compare again."
            )
        return ""


def _line(key: str, manifest: dict[str, Any]) -> tuple[Sequence[str], ComparisonLine]:
    """Return the set of a comparison, and a line about it, from its manifest."""
    meta = manifest["meta"]
    design = meta["design"]
    line = ComparisonLine(
        key, manifest["created"], meta["title"], meta["request"]["by"], len(design["groups"]),
        design["n_units"], meta["headline"], meta["imageset"],
    )  # fmt: skip
    return (meta["name"],), line

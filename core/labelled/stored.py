"""Propagations, probes and batches as they are stored."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from core.errors import NotFoundError
from core.storage.lines import Lines, whole
from core.storage.store import Artefact, Workspace

#: Kind of artefact by what was done.
KINDS = {"propagate": "propagation", "probe": "probe", "batch": "batch"}


@dataclass(frozen=True, slots=True)
class LabelledLine:
    """One line about a propagation, probe or batch; `text` says what came of it.

    `imageset` is the key of the set it is about: with another one now, the set has changed since.
    """

    key: str
    do: str
    created: str
    text: str
    column: str
    pool: str
    imageset: str


@dataclass(frozen=True, slots=True)
class Propagation:
    """Labels proposed for images that have none.

    Attributes
    ----------
    meta
        request, column, pool (in words), precision (promised), threshold, reach, found (share of
        labelled images at or above the threshold whose own label the others found), low (its lower
        bound), tried, proposed, unsure, far, known, counts (proposals by label), notice, notes,
        text.
    proposals
        The surest first: row, proposed, confidence.
    witnesses
        Rows `(m, 5)` of the nearest labelled images of each proposal, nearest first; −1 for none.
    distances
        How far they are.
    """

    key: str
    meta: dict[str, Any]
    proposals: pd.DataFrame
    witnesses: np.ndarray
    distances: np.ndarray


@dataclass(frozen=True, slots=True)
class ProbeResult:
    """How well a linear classifier tells the labels.

    Attributes
    ----------
    meta
        request, column, pool, accuracy, low, high, majority, shuffled, strengths, n_units, n_used,
        n, classes, left_out, notes, text.
    classes
        A row a class: label, units, count, recall.
    confusion
        Mistakes, the commonest first: given, told, count.
    """

    key: str
    meta: dict[str, Any]
    classes: pd.DataFrame
    confusion: pd.DataFrame


@dataclass(frozen=True, slots=True)
class NextBatch:
    """Images to label next.

    Attributes
    ----------
    meta
        request, column, pool, n, to_label and by_lot (numbers), slices {"label", "evaluate"}
        (names as first given), notes, text.
    chosen
        In the order of choice: row, why ("unsure", "spread" where nothing is known, or "by
        lot"), margin (NaN where by lot), likeliest and second label (missing where nothing is
        known).
    """

    key: str
    meta: dict[str, Any]
    chosen: pd.DataFrame

    def rows(self, why: str) -> np.ndarray:
        """Return the rows chosen for one reason ("unsure", "spread", "by lot"), in order."""
        mine = self.chosen["why"] == why
        return self.chosen.loc[mine, "row"].to_numpy(np.int64)


class Labelled:
    """The propagations, probes and batches kept in a workspace."""

    def __init__(self, workspace: Workspace):
        self._workspace = workspace
        self._kept = {kind: Lines(workspace, kind, whole) for kind in KINDS.values()}

    def list(self, name: str, do: str | None = None) -> Sequence[LabelledLine]:
        """Return a line about everything kept of a set or part, the newest first.

        Parameters
        ----------
        do
            Only "propagate", "probe" or "batch"; all of them if None.
        """
        lines = [
            LabelledLine(
                key, one, manifest["created"], meta["text"], meta["column"], meta["pool"],
                meta["imageset"],
            )
            for one, kind in KINDS.items()
            if do in {None, one}
            for key, manifest in self._kept[kind].of(name)
            if (meta := manifest["meta"])
        ]  # fmt: skip
        return sorted(lines, key=lambda line: (line.created, line.key), reverse=True)

    def open(self, key: str) -> Propagation | ProbeResult | NextBatch:
        """Return what is kept under a key.

        Raises
        ------
        NotFoundError
            Nothing is.
        ArtifactCorruptError
            It is damaged.
        """
        for kind in KINDS.values():
            if self._workspace.has(kind, key):
                return _opened(self._workspace.read(kind, key))
        raise NotFoundError(
            "no propagation, probe or batch with this id is kept here; make it again"
        )

    def propagation(self, key: str) -> Propagation:
        """Return a propagation; `NotFoundError` where the key is none of one."""
        found = self.open(key)
        if not isinstance(found, Propagation):
            raise NotFoundError("no propagation with this id is kept here; make it again")
        return found


def _opened(stored: Artefact) -> Propagation | ProbeResult | NextBatch:
    """Return an artefact as what it is."""
    tables, arrays = stored.tables, stored.arrays
    if stored.kind == "propagation":
        return Propagation(
            stored.key, stored.meta, tables["proposals"], arrays["witnesses"], arrays["distances"]
        )
    if stored.kind == "probe":
        return ProbeResult(stored.key, stored.meta, tables["classes"], tables["confusion"])
    return NextBatch(stored.key, stored.meta, tables["chosen"])

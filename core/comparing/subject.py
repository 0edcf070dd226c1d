"""What a comparison looks at: a set, its design, and the mean vector of every observation."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from core.comparisons.design import describe, planned, settled
from core.curation import Desk
from core.errors import InputError, NotFoundError
from core.findings import Findings
from core.labelled.values import label_column
from core.library import Library, OpenSet
from core.morphology.design import Design
from core.morphology.request import MorphologyRequest
from core.space import blocks, unit_rows
from core.storage.store import Workspace
from core.storage.vectors import VectorCache


@dataclass(frozen=True)
class Subject:
    """A set or part, opened to be compared.

    Attributes
    ----------
    asked
        What is asked for.
    opened, view
        The set, and what was decided about it.
    design
        The observations.
    """

    asked: MorphologyRequest
    opened: OpenSet
    view: Any
    design: Design
    workspace: Workspace

    @cached_property
    def told(self) -> dict[str, Any]:
        """The design as JSON values."""
        return describe(self.asked, self.design)

    @cached_property
    def unit(self) -> np.ndarray:
        """The unit vectors `(n, d)` float32 of all rows."""
        folder = self.workspace.root / "vectors" / self.opened.spec.key
        ids = self.opened.items["item_id"].tolist()
        return unit_rows(VectorCache(folder, self.opened.spec).load(ids))

    @cached_property
    def points(self) -> np.ndarray:
        """The mean vector of each observation `(m, d)` float64, not scaled to length one again."""
        design = self.design
        return means_of(self.unit, design.rows, design.place, len(design.group))

    @cached_property
    def heads(self) -> np.ndarray:
        """The row nearest the mean of each observation `(m,)` int64."""
        design = self.design
        apart = np.zeros(len(design.rows))
        for part in blocks(len(apart), self.unit.shape[1]):
            away = self.unit[design.rows[part]] - self.points[design.place[part]]
            apart[part] = np.einsum("ij,ij->i", away, away)
        order = np.lexsort((design.rows, apart, design.place))
        first = np.unique(design.place[order], return_index=True)[1]
        heads: np.ndarray = design.rows[order][first]
        return heads

    @cached_property
    def labels(self) -> np.ndarray | None:
        """Codes of the set's own labels `(n,)`; None where it has none."""
        found = label_column(self.opened, self.view)
        return found.codes if len(found.known) else None

    def units_of_all(self) -> np.ndarray:
        """Return the unit of every row of the set `(n,)`; of those not used, one of its own."""
        design, n = self.design, len(self.opened)
        units = np.arange(n, dtype=np.int64) + len(design.group)
        units[design.rows] = np.unique(design.unit, return_inverse=True)[1].reshape(-1)[
            design.place
        ]
        return units


def means_of(unit: np.ndarray, rows: np.ndarray, place: np.ndarray, m: int) -> np.ndarray:
    """Return the means `(m, d)` float64 of rows of a table by the place that each belongs to."""
    order = np.argsort(place, kind="stable")
    ordered, counts = rows[order], np.bincount(place, minlength=m)
    starts = np.concatenate([[0], np.cumsum(counts)])
    found = np.zeros((m, unit.shape[1]))
    widest = int(counts.max(initial=1))
    for part in blocks(m, unit.shape[1] * max(1, min(widest, 64))):
        low, high = starts[part.start], starts[part.stop]
        held = unit[ordered[low:high]].astype(np.float64)
        found[part] = np.add.reduceat(held, starts[part] - low, axis=0)
    return found / np.maximum(counts, 1)[:, None]


def open_subject(asked: MorphologyRequest, workspace: Workspace) -> Subject:
    """Open what a request names, and make its design.

    Raises
    ------
    NotFoundError
        There is no such set, column, slice or group, or the set has no neighbours yet.
    InputError
        A column cannot be used as asked, or nothing is left to compare.
    """
    desk = Desk(workspace)
    opened = Library.with_desk(workspace, desk).open(asked.name)
    if opened.neighbors is None:
        raise NotFoundError(f"{asked.name!r} has no neighbours yet: run the set to its end first")
    view = desk.view(opened)
    asked = settled(asked, opened)
    design = planned(asked, opened, view, Findings(workspace))
    if not len(design.rows):
        why = ", ".join(f"{count:,} {reason}" for reason, count in design.left_out.items())
        raise InputError(f"no {view.noun} is left to compare: {why or 'the set is empty'}")
    return Subject(asked, opened, view, design, workspace)

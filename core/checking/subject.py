"""What a check looks at: a set, its vectors and labels, who belongs together and who is out.

Everything that a request names is found here, before any work, so that a wrong name costs nothing.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from core.clusters.subset import FEWEST_UNITS
from core.curate.duplicates import join
from core.curation import Desk
from core.errors import InputError, NotFoundError
from core.labelled.values import LabelColumn, label_column
from core.library import Library, OpenSet
from core.model import Neighbors
from core.quality.request import QualityRequest
from core.space import unit_rows
from core.storage.partrecords import is_part_name
from core.storage.store import Workspace
from core.storage.vectors import VectorCache


@dataclass(frozen=True, slots=True)
class Checked:
    """A set or part, opened to be checked.

    Attributes
    ----------
    opened, view
        The set, and what was decided about it.
    neighbors
        Its neighbour graph.
    labels
        The column of labels; None where there is none and none is asked for.
    declared
        The unit that each row is said to be of `(n,)`, its own where none; None where the set
        says nothing of units.
    reference
        Rows of the slice that is known to be clean, in the working set, ascending.
    notes
        What is to be said of the units.
    """

    opened: OpenSet
    view: Any
    neighbors: Neighbors
    labels: LabelColumn | None
    declared: np.ndarray | None
    reference: np.ndarray
    notes: tuple[str, ...] = ()

    def unit(self, workspace: Workspace) -> np.ndarray:
        """Return the unit vectors `(n, d)` float32 of all rows."""
        folder = workspace.root / "vectors" / self.opened.spec.key
        ids = self.opened.items["item_id"].tolist()
        return unit_rows(VectorCache(folder, self.opened.spec).load(ids))

    def label_texts(self) -> np.ndarray | None:
        """Return the label of each row `(n,)` as a text, None where it has none."""
        if self.labels is None:
            return None
        names = np.array([*self.labels.names, None], dtype=object)
        texts: np.ndarray = names[self.labels.codes]  # −1 is the last
        return texts

    def joined(self, groups: np.ndarray) -> np.ndarray:
        """Return units `(n,)`: what is near-duplicate or said to belong together is one.

        Parameters
        ----------
        groups
            Near-duplicate group of each row `(n,)`.
        """
        if self.declared is None:
            return groups
        n, rows = len(groups), np.arange(len(groups))
        heads = [_heads(np.asarray(codes)) for codes in (groups, self.declared)]
        return join(np.concatenate([rows, rows]), np.concatenate(heads), n)


def _heads(codes: np.ndarray) -> np.ndarray:
    """Return the first row of each row's code `(n,)`."""
    _, first, place = np.unique(codes, return_index=True, return_inverse=True)
    heads: np.ndarray = first[place]
    return heads


def open_to_check(asked: QualityRequest, workspace: Workspace) -> Checked:
    """Open what a request names.

    Raises
    ------
    NotFoundError
        There is no such set, slice, column or other set, or the set has no neighbours yet.
    InputError
        A column holds no categories, or another set is a part.
    """
    desk = Desk(workspace)
    library = Library.with_desk(workspace, desk)
    opened = library.open(asked.name)
    neighbors = opened.neighbors
    if neighbors is None:
        raise NotFoundError(f"{asked.name!r} has no neighbours yet: run the set to its end first")
    for other in asked.others:
        if is_part_name(other):
            raise InputError(f"others: {other!r} is a part; name whole sets")
        library.open(other)
    view = desk.view(opened)
    reference = np.zeros(0, np.int64)
    if asked.reference is not None:
        reference = np.intersect1d(view.slice(asked.reference).rows, view.working)
    declared, notes = _declared(asked, opened)
    labels = label_column(opened, view, asked.column)
    held = labels if asked.column or len(labels.known) else None
    return Checked(opened, view, neighbors, held, declared, reference, notes)


def _declared(asked: QualityRequest, opened: OpenSet) -> tuple[np.ndarray | None, tuple[str, ...]]:
    """Return the unit that each row is said to be of, and what is to be said of that."""
    items: pd.DataFrame = opened.items
    if asked.unit is None and ("unit" not in items or items["unit"].isna().all()):
        return None, ()
    if asked.unit is not None:
        kind = opened.column(asked.unit).kind  # NotFoundError lists the columns there are
        if kind != "category" and opened.values(asked.unit).nunique() == len(items):
            raise InputError(f"unit {asked.unit!r}: every image has a value of its own there")
        values = opened.values(asked.unit)
    else:
        values = items["unit"]
    codes, names = pd.factorize(values.astype("string"))
    units = codes.astype(np.int64)
    alone = np.flatnonzero(units < 0)
    units[alone] = len(names) + np.arange(len(alone))
    count = len(names) + len(alone)
    if count < FEWEST_UNITS:
        column = asked.unit or "unit"
        return None, (
            f"Column {column!r} has only {count} units, so only near-duplicates count as one; "
            "images of one unit may vouch for each other.",
        )
    return units, ()

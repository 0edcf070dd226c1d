"""The labels of a set as they are now: a column, with a person's edits, as codes and names."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from core.curation.acts import stored
from core.errors import InputError

#: The set's own label, and the same with a person's edits.
OWN, EDITED = "label", "label, edited"


@dataclass(frozen=True, slots=True)
class LabelColumn:
    """The labels of every row.

    Attributes
    ----------
    name
        The column; "label" stands for the label as edited.
    codes
        Place in `names` of each row's label `(n,)` int64; −1 where it has none.
    names
        The labels that occur, sorted.
    """

    name: str
    codes: np.ndarray
    names: tuple[str, ...]

    @property
    def known(self) -> np.ndarray:
        """Rows that have a label, ascending int64."""
        return np.flatnonzero(self.codes >= 0)

    def texts(self, codes: np.ndarray) -> list[str]:
        """Return the labels of codes."""
        return [self.names[code] for code in np.asarray(codes).tolist()]


def label_column(opened: Any, view: Any, column: str | None = None) -> LabelColumn:
    """Return the labels of all rows of a set or part.

    Two ways to write one text (spaces around it, composed or decomposed letters) are one label,
    as in the curation log.

    Parameters
    ----------
    opened, view
        The set or part, and what was decided about it (`Desk.view`).
    column
        None, "label" and "label, edited" are the label with a person's edits; any other column
        must hold categories.

    Raises
    ------
    NotFoundError
        There is no such column.
    InputError
        It holds no categories.
    """
    if column in {None, OWN, EDITED}:
        values = own_labels(opened, view)
        return coded(OWN, values)
    if opened.column(column).kind != "category":
        raise InputError(
            f"column {column!r} does not hold categories: use one that does, such as a label"
        )
    return coded(str(column), opened.values(column))


def own_labels(opened: Any, view: Any) -> pd.Series:
    """Return the label of every row, with a person's edits; all missing where there are none."""
    edited = view.columns(lambda: opened.items.get(OWN)).get(EDITED)
    if edited is not None:
        values: pd.Series = edited[1]
        return values
    if OWN in opened.items:
        given: pd.Series = opened.items[OWN]
        return given
    return pd.Series(np.full(len(opened), None, dtype=object), dtype="string")


def coded(name: str, values: pd.Series) -> LabelColumn:
    """Return a column of values as codes and names."""
    codes, held = pd.factorize(values.astype("string"))
    texts = [stored(str(one)) for one in held]
    names = sorted({text for text in texts if text})
    place = {text: at for at, text in enumerate(names)}
    table = np.array([*(place.get(text, -1) for text in texts), -1], dtype=np.int64)
    return LabelColumn(name, table[np.asarray(codes)], tuple(names))

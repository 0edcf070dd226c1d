"""What an encoder is fitted on: the items that have a vector of every encoder it is made from."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from core.model import EncoderSpec
from core.storage.vectors import VectorCache

#: A member's description and where its vectors are.
Input = tuple[EncoderSpec, VectorCache]


@dataclass
class Material:
    """Items by id, each once, in the order of their set, with their members' vectors.

    Attributes
    ----------
    table
        The rows of the item table, the first of each id, that can be used: with a vector of every
        member.
    inputs
        The members.
    lacking
        Why an item has none: which member, and its reason.
    unread
        Ids whose picture could not be read this time, with the reason.
    unsure
        Ids that are there more than once with different values of a column, with the column.
    """

    table: pd.DataFrame
    inputs: Sequence[Input]
    lacking: dict[str, str]
    unread: dict[str, str]
    unsure: dict[str, str]

    @cached_property
    def sure(self) -> np.ndarray:
        """Which have one value in each column `(n,)` bool."""
        return np.array([key not in self.unsure for key in self.ids], dtype=bool)

    @cached_property
    def ids(self) -> list[str]:
        """Their ids."""
        return [str(key) for key in self.table["item_id"]]

    @cached_property
    def units(self) -> np.ndarray:
        """The unit of each `(n,)`, text; an item of none is its own."""
        return units_of(self.table)

    @cached_property
    def by_id(self) -> np.ndarray:
        """The places of all in order of their ids, so that a fit does not depend on theirs."""
        return np.argsort(np.array(self.ids, dtype=object), kind="stable")

    def load(self, places: np.ndarray) -> list[np.ndarray]:
        """Return each member's vectors of some places."""
        ids = [self.ids[place] for place in places]
        return [cache.load(ids) for _, cache in self.inputs]


def units_of(table: pd.DataFrame) -> np.ndarray:
    """Return the unit of each item `(n,)`, text: what `unit` says, else its own id."""
    own = ("\0" + table["item_id"].astype("string")).to_numpy(dtype=object)
    if "unit" not in table:
        return own
    said = table["unit"].astype("string").fillna("").to_numpy(dtype=object)
    return np.where(said != "", said, own)


def labels_of(table: pd.DataFrame) -> np.ndarray | None:
    """Return the label of each item `(n,)`, "" for none; None where no two images have one."""
    if "label" not in table:
        return None
    said = table["label"].astype("string").fillna("").to_numpy(dtype=object)
    return said if len(set(said[said != ""])) >= 2 else None


def gather_material(
    items: pd.DataFrame,
    inputs: Sequence[Input],
    unread: dict[str, str],
    given: bool,
    columns: Sequence[str] = (),
) -> Material:
    """Return the items that have a vector of every member, and why the others have not.

    Parameters
    ----------
    items
        The item table of a source.
    inputs
        The members.
    unread
        Pictures that cannot be read, by id, with the reason: they are told of elsewhere, but where
        the vectors of another member came with the source.
    given
        Whether they did.
    columns
        The columns that matter.
    """
    table = items.drop_duplicates("item_id", ignore_index=True)
    ids = [str(key) for key in table["item_id"]]
    lacking: dict[str, str] = {}
    gone: dict[str, str] = {}
    for spec, cache in inputs:
        reasons, absent = cache.quarantined(ids), set(cache.missing(ids))
        for key, reason in reasons.items():
            lacking.setdefault(key, f"no vector of {spec.name}: {reason}")
        for key in absent:
            gone.setdefault(key, f"no vector of {spec.name}: {unread.get(key, 'it was not read')}")
    lacking = {key: reason for key, reason in lacking.items() if key not in gone}
    usable = [key not in lacking and key not in gone for key in ids]
    kept = table[usable].reset_index(drop=True)
    return Material(kept, inputs, lacking, gone if given else {}, _unsure(items, columns))


def _unsure(items: pd.DataFrame, columns: Sequence[str]) -> dict[str, str]:
    again = items[items["item_id"].duplicated(keep=False)]
    found: dict[str, str] = {}
    for name in columns:
        if name in again:
            values = again.groupby("item_id")[name].nunique(dropna=False)
            found |= {str(key): name for key in values.index[values > 1]}
    return found

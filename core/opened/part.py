"""A part of a set: some of its rows, mapped and clustered on their own."""

from collections.abc import Callable, Mapping
from contextlib import suppress
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from core.errors import NotFoundError, VitrineError
from core.opened.addresses import make_addresses
from core.opened.openset import Hooks, Level, OpenSet
from core.storage.store import Workspace


def part_title(record: Mapping[str, Any]) -> str:
    """Return what a part is called: its given title, else "420 of leeds"."""
    given = str(record.get("title") or "")
    above = record["lineage"][-1]
    whole = above["title"] if above.get("named") else record["base"]
    return given or f"{record['count']:,} of {whole}"


def part_level(record: Mapping[str, Any]) -> Level:
    """Return a part's own step of its lineage."""
    return Level(record["name"], part_title(record), record["count"], dict(record["m2"]))


class PartSet(OpenSet):
    """A part as it is stored now; to a page it is a set like any other.

    A part follows its items. While the set is as it was, its rows are those noted; once the set
    was run again they are found by their addresses, and paths and columns are those of now.

    Parameters
    ----------
    workspace, record, hooks
        As for a set; `record` is a part's.
    base
        The set, as it is now.
    rows
        What was noted of its rows, int64 `(2, m)`; see `core.storage.partrecords`.
    read
        Returns the record of another part, for the lineage.

    Raises
    ------
    NotFoundError
        The set no longer holds all of the part's items.
    """

    is_part = True
    noted: Mapping[str, Any]  # its record

    def __init__(
        self,
        workspace: Workspace,
        record: Mapping[str, Any],
        base: OpenSet,
        rows: np.ndarray,
        read: Callable[[str], Mapping[str, Any]],
        hooks: Hooks | None = None,
    ):
        super().__init__(workspace, record, hooks)
        self.noted = record
        self._base = base
        self._noted_rows = rows
        self._read_part = read
        self.root, self.kind = base.root, base.kind
        if record["base_imageset"] != base.key:
            self.base_rows = self._find_again()
        if base.spec.key != self.spec.key:
            self.notes.append(
                f"made with the encoder {self.spec.name}; {base.name} now has {base.spec.name}"
            )

    def _find_again(self) -> np.ndarray:
        """Return where the part's items are in the set, which has changed since."""
        ids = self._workspace.read("imageset", self.key).tables["items"]["item_id"]
        wanted = make_addresses(ids, self._noted_rows[1])
        rows = self._base.find_rows(wanted)
        gone = int((rows < 0).sum())
        if gone:
            raise NotFoundError(
                f"{gone:,} of the {len(rows):,} images of {part_title(self._record)!r} are no "
                f"longer in {self._base.name!r}, which was run again since; open it and select "
                "again"
            )
        return rows

    @property
    def title(self) -> str:
        """What a person calls it."""
        return part_title(self._record)

    @property
    def base(self) -> OpenSet:
        """The set it is a part of."""
        return self._base

    @cached_property
    def base_rows(self) -> np.ndarray:
        """The row in `base` of each row: int64 `(n,)`."""
        return self._noted_rows[0]

    @property
    def parent_name(self) -> str:
        """The name of the set or part that it was selected in."""
        return str(self._record["parent"])

    @property
    def lineage(self) -> tuple[Level, ...]:
        """The levels from the set down to this one, each as it is now where it still exists."""
        levels = [Level(self._base.name, self._base.title, len(self._base))]
        for noted in self._record["lineage"][1:]:
            level = Level(noted["name"], noted["title"], noted["count"])
            with suppress(VitrineError):
                level = part_level(self._read_part(noted["name"]))
            levels.append(level)
        return (*levels, part_level(self._record))

    @cached_property
    def items(self) -> pd.DataFrame:
        """The item table, one row an item, in row order: rows of the set's."""
        return self._base.items.iloc[self.base_rows].reset_index(drop=True)

    @cached_property
    def occurrences(self) -> np.ndarray:
        """The how-many-eth row of `base` with its item id each row is: int64 `(n,)`, from 1."""
        return self._base.occurrences[self.base_rows]

    @cached_property
    def placement(self) -> tuple[np.ndarray, np.ndarray] | None:
        """How each item came onto the maps of the set; None where none was added later."""
        placed = self._base.placement
        return placed and (placed[0][self.base_rows], placed[1][self.base_rows])

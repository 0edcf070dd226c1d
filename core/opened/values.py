"""What a set can be coloured and filtered by: computed columns, a person's own, and those given."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from core.columns import (
    Colouring,
    Column,
    Entry,
    Kind,
    colour_by,
    filter_rows,
    find_categories,
    list_columns,
    name_counts,
)
from core.errors import NotFoundError
from core.ingest.items import free_name
from core.opened.cards import NOISE

if TYPE_CHECKING:
    from core.findings.check import Check
    from core.opened.openset import OpenSet

ExtraColumns = Callable[["OpenSet"], Mapping[str, tuple[Kind, pd.Series]]]

#: What the stored status of a placed item (0, 1, 2) means.
PLACEMENT = ("on the map before", "placed later", "off the map")
#: Neighbours whose mean distance is the column "neighbour distance".
NEAREST = 10


@dataclass(frozen=True, slots=True)
class Source:
    """Where a computed column comes from.

    `state` is equal, or the same object, for as long as the values are the same.
    """

    label: str
    kind: Kind
    read: Callable[[], pd.Series]
    state: object = None
    dates: bool = False


class Values:
    """The columns of an open set.

    Parameters
    ----------
    opened
        The set.
    extra
        Asked, each time, for further columns whose values may change at any time. It returns the
        same Series object for as long as they have not.
    """

    def __init__(self, opened: "OpenSet", extra: ExtraColumns | None = None):
        self._opened = opened
        self._extra = extra
        self._made: dict[tuple[str, str], tuple[object, Any]] = {}

    @cached_property
    def _listed(self) -> list[Column]:
        """The columns of the item table; looking through a large one takes seconds."""
        return list_columns(self._opened.items)

    def _clusters(self) -> dict[str, Source]:
        """Return the columns that come from clusters."""
        opened = self._opened
        found: dict[str, Source] = {}
        themes, micro = opened.clustering("themes"), opened.clustering("micro")
        if themes is not None:
            names, marks = opened.theme_names(), opened.split_marks()
            labels = np.array([*names, None], object)
            found["cluster"] = Source(
                "cluster",
                "category",
                lambda: pd.Series(labels[themes.labels], dtype="string"),
                (names, marks),
            )
        if micro is not None:
            found["micro cluster size"] = Source(
                "micro cluster size",
                "number",
                lambda: pd.Series(np.bincount(micro.labels, minlength=1)[micro.labels]),
            )
        if themes is not None:
            for name, array in (
                ("cluster probability", themes.probabilities),
                ("outlier score", themes.outlier_scores),
            ):
                found[name] = _numbers(name, array, marks)
        return found

    def _maps(self) -> dict[str, Source]:
        """Return the columns that tell how far each map may be believed at each point."""
        found = {}
        for name in self._opened.projections:
            stored = self._opened.faithfulness(name)
            if stored is None:
                continue
            arrays = stored.arrays
            found[f"faithfulness {name}"] = _numbers(
                f"faithfulness of the {name} map", arrays["per_point"]
            )
            for word in ("torn", "squeezed"):
                if word in arrays:  # maps measured by earlier versions have none
                    found[f"{word} {name}"] = _numbers(f"{word} on the {name} map", arrays[word])
        return found

    @cached_property
    def check(self) -> "Check | None":
        """What the last check of the set found; None where there was none, or of another set."""
        from core.findings.check import Check  # it needs what is opened, not the other way round

        opened = self._opened
        record = opened._record.get("quality")
        if not isinstance(record, Mapping):
            return None
        found = Check(opened, record, opened._workspace.read)
        return None if found.stale else found

    @cached_property
    def _checked(self) -> dict[str, Source]:
        """The columns that come from the last check."""
        from core.findings.columns import check_columns

        if self.check is None:
            return {}
        return {
            one.name: Source(one.label, one.kind, one.read, one.name)
            for one in check_columns(self.check)
        }

    def computed(self) -> dict[str, Source]:
        """Return every column that is not in the item table, clusters first."""
        opened = self._opened
        found = self._clusters()
        near = opened.neighbors
        if near is not None and near.indices.shape[1] >= 1:
            found["neighbour distance"] = Source(
                "distance to neighbours",
                "number",
                lambda: pd.Series(np.asarray(near.distances[:, :NEAREST]).mean(axis=1)),
            )
        found |= self._checked | self._maps()
        placed = opened.placement
        if placed is not None:
            found["placement"] = Source(
                "placement",
                "category",
                lambda: pd.Series(np.array(PLACEMENT, object)[placed[0]], dtype="string"),
            )
        if self._extra is not None:
            for name, (kind, values) in self._extra(opened).items():
                found[name] = Source(name, kind, partial(_itself, values), values)
        return found

    def _given(self, computed: Mapping[str, Source]) -> dict[str, Column]:
        """Return the given columns by the names they go by here: "_given" where one is taken."""
        found: dict[str, Column] = {}
        for column in self._listed:
            name = column.name
            if name in computed:
                taken = {**computed, **dict.fromkeys(map(str, self._opened.items.columns))}
                name = free_name(f"{name}_given", taken)
            found[name] = column
        return found

    def columns(self) -> list[Column]:
        """Return what the map can be coloured and filtered by, clusters first."""
        computed = self.computed()
        return [Column(name, source.label, source.kind) for name, source in computed.items()] + [
            Column(name, name, column.kind, column.dates)
            for name, column in self._given(computed).items()
        ]

    def source(self, name: str) -> Source:
        """Return one of `columns()`; `NotFoundError`, listing those there are, if it is none."""
        computed = self.computed()
        if name in computed:
            return computed[name]
        given = self._given(computed)
        if name in given:
            column = given[name]
            return Source(
                name,
                column.kind,
                lambda: self._opened.items[column.name],
                column.name,
                column.dates,
            )
        names = ", ".join([*computed, *given]) or "none"
        raise NotFoundError(
            f"no column {name!r} in {self._opened.name!r}; its columns are: {names}"
        )

    def _keep(self, what: str, source: Source, by: str, make: Callable[[], Any]) -> Any:
        """Return what is made from a column, kept for as long as its values are the same."""
        kept = self._made.get((what, by))
        if kept is None or not _same(kept[0], source.state):
            kept = (source.state, make())
            self._made[what, by] = kept
        return kept[1]

    def colouring(self, by: str) -> Colouring:
        """Return the colour codes of a column."""
        source = self.source(by)
        missing = NOISE if by == "cluster" else "no value"
        made: Colouring = self._keep(
            "colours", source, by, lambda: colour_by(source.read(), by, source.kind, missing)
        )
        return made

    def categories(self, by: str, text: str, limit: int) -> tuple[list[Entry], int]:
        """Return a column's commonest values that contain a text, and how many do."""
        source = self.source(by)
        counts: pd.Series = self._keep("counts", source, by, lambda: name_counts(source.read()))
        return find_categories(counts, text, limit)

    def filter(self, by: str, **wanted: Any) -> np.ndarray:
        """Return the rows whose value in a column is wanted; see `core.columns.filter_rows`."""
        source = self.source(by)
        return filter_rows(source.read(), source.kind, **wanted)

    def of_row(self, row: int) -> dict[str, Any]:
        """Return what is computed of one item and fits beside its record; missing ones left out."""
        opened = self._opened
        found: dict[str, Any] = {}
        themes, micro = opened.clustering("themes"), opened.clustering("micro")
        if themes is not None:
            names = (*opened.theme_names(), NOISE)
            found["cluster"] = names[int(themes.labels[row])]
            near = opened.nearest_theme(row) if themes.labels[row] < 0 else None
            if near is not None:
                found["nearest theme"] = f"{names[near[0]]} ({100 * near[1]:.0f} % membership)"
        if micro is not None:
            found["micro cluster size"] = int((micro.labels == micro.labels[row]).sum())
        if opened.placement is not None:
            found["placement"] = PLACEMENT[int(opened.placement[0][row])]
        group = self._checked.get("duplicate group")
        if group is not None and not is_missing(group.read().iat[row]):
            found["duplicate group"] = group.read().iat[row]
        if self._extra is not None:
            for name, (_, values) in self._extra(opened).items():
                if not is_missing(values.iat[row]):
                    found[name] = values.iat[row]
        return found


def _itself(values: pd.Series) -> pd.Series:
    return values


def _numbers(label: str, values: np.ndarray, state: object = None) -> Source:
    """Return a column of stored numbers; the array, memory-mapped, is read when it is needed."""
    return Source(label, "number", lambda: pd.Series(np.asarray(values)), state)


def _same(kept: object, state: object) -> bool:
    """Tell whether a column's values are still those that were kept."""
    return kept is state or (isinstance(kept, tuple | str) and kept == state)


def is_missing(value: Any) -> bool:
    """Tell whether one value of an item table says nothing."""
    return value is None or value is pd.NA or value == "" or value != value  # NaN, NaT

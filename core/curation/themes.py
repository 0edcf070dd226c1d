"""Which acts on themes can be done: they are about themes that there are, as they are now."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from core.curation.fold import State, ThemeState
from core.errors import InputError


def check_themes(
    opened: Any,
    state: State,
    fields: Mapping[str, Any],
    rows: Sequence[int] | np.ndarray | None = None,
) -> None:
    """Refuse a theme act that speaks of themes, or of items in them, that there are not.

    Parameters
    ----------
    opened
        A set or part.
    state
        What the log comes to now.
    fields
        The act's, checked.
    rows
        Of a split: the rows of its parts.

    Raises
    ------
    InputError
        The themes are others now, there is no such theme, or a row is not in the theme.
    """
    known = [opened.clustering_as_found(kind) for kind in ("themes", "micro")]
    found = next((c for c in known if c and c.key == fields["clustering"]), None)
    if found is None:
        raise InputError("these themes are not those of the set now: reload the page")
    themes = state.themes.get(found.key, ThemeState())
    count = len(found.table) + sum(len(split.parts) - 1 for split in themes.splits)
    last = max(fields.get("clusters", [fields.get("cluster", 0)]))
    if last >= count:
        raise InputError(f"there is no theme {last + 1} among {count}")
    if rows is not None:
        _check_rows(opened, found, np.asarray(rows, dtype=np.int64), themes.group(last))


def _check_rows(opened: Any, found: Any, rows: np.ndarray, themes: tuple[int, ...]) -> None:
    """Refuse a split of what is no theme, or with rows that are not in it."""
    if found.kind != "themes":
        raise InputError("only themes can be split: micro-clusters are the smallest groups")
    labels = opened.clustering("themes").labels
    outside = int((~np.isin(labels[rows], themes)).sum())
    if outside:
        raise InputError(
            f"{outside:,} of {len(rows):,} items are not in theme {themes[0] + 1} now: "
            "reload the page"
        )

"""Which columns of a set may make groups, units, blocks and covariates of a comparison."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from components.words import column_name, number
from core.errors import VitrineError
from core.labelled.values import EDITED, OWN, label_column

#: Values of a column that makes groups or blocks: two at least, and not more than this.
MOST_GROUPS = 200
#: Values of a column that may tell two sides or sexes apart.
MOST_SIDES = 10

#: What people decided or a check found: no description of a form.
_MADE = {"decision", "slice", "placement", "duplicate group", EDITED}
#: What a file is like, and not what it shows: no groups, though perhaps something to allow for.
_FILES = {"format", "mode", "width", "height", "notes"}
#: What the picture itself gives without being a form: brightness, blur, borders.
_MEASURED = "picture "

SLICES, IMAGE = ":slices", ":image"


def option(name: str, text: str = "") -> dict[str, str]:
    """Return one line of a select."""
    return {"label": text or column_name(name), "value": name}


def counted(found: Any, name: str) -> int:
    """Return how many values a column has."""
    return int(found.categories(name, "", 1)[1])


def given(found: Any) -> list[Any]:
    """Return the columns that a set came with; no clusters, scores or decisions."""
    own = {str(name) for name in found.items.columns}
    return [c for c in found.columns()
            if c.name not in _MADE and (c.name in own or c.name.endswith("_given"))]  # fmt: skip


def for_groups(found: Any, view: Any) -> list[dict[str, str]]:
    """Return what can make groups: columns of 2 to 200 values, slices, at last the themes."""
    options = [option(name) for name in _categories(found) if name not in _FILES]
    if OWN not in {one["value"] for one in options} and _edited(found, view):
        options.insert(0, option(OWN, "Label, with your edits"))
    if len([one for one in view.slices if one.count]) > 1:
        options.append(option(SLICES, "Slices"))
    if found.clustering("themes") is not None:
        options.append(option("cluster", "Theme (made from these vectors)"))
    return options


def _edited(found: Any, view: Any) -> bool:
    """Tell whether people gave labels of two kinds or more."""
    try:
        return len(label_column(found, view).names) > 1
    except VitrineError:
        return False


def _categories(found: Any, most: int = MOST_GROUPS) -> list[str]:
    """Return the given columns of categories with 2 to `most` values."""
    return [c.name for c in given(found)
            if c.kind == "category" and 2 <= counted(found, c.name) <= most]  # fmt: skip


def for_units(found: Any) -> list[dict[str, str]]:
    """Return the columns whose values may each be one specimen: fewer than there are images."""
    return [option(c.name) for c in given(found)
            if c.kind in {"category", "text"}
            and 2 <= counted(found, c.name) < len(found.items)]  # fmt: skip


def for_blocks(found: Any) -> list[dict[str, str]]:
    """Return the columns within whose values groups may be exchanged."""
    return [option(name) for name in _categories(found)]


def for_sides(found: Any) -> list[dict[str, str]]:
    """Return the columns that may tell sides or sexes apart."""
    return [option(name) for name in _categories(found, MOST_SIDES) if name not in _FILES]


def for_covariates(found: Any) -> list[dict[str, str]]:
    """Return what may explain differences beside the groups: numbers and categories."""
    few = set(_categories(found))
    measured = [c for c in found.columns() if c.name.startswith(_MEASURED)]
    return [option(c.name) for c in [*given(found), *measured]
            if c.kind == "number" or c.name in few]  # fmt: skip


def groups_of(found: Any, view: Any, by: str) -> list[dict[str, str]]:
    """Return the groups that a column or the slices make, each with its number of images."""
    if by == SLICES:
        return [option(one.name, f"{one.name} ({number(one.count)})")
                for one in view.slices if one.count]  # fmt: skip
    held = label_column(found, view, by)
    counts = np.bincount(held.codes[held.codes >= 0], minlength=len(held.names))
    return [option(name, f"{name} ({number(int(counts[at]))})")
            for at, name in enumerate(held.names)]  # fmt: skip


def chosen(value: Any, options: Sequence[dict[str, str]], usual: str) -> str:
    """Return a value that is among the options, else the usual one."""
    return str(value) if value in {one["value"] for one in options} else usual

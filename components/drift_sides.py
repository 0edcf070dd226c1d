"""The two sides of a comparison in its form: which set, which of its images."""

from collections.abc import Mapping, Sequence
from typing import Any

import dash_bootstrap_components as dbc
import numpy as np
from dash import html
from dash.development.base_component import Component

from components import morphology_columns as columns
from components import pickers
from components.fields import AUTO
from components.morphology_columns import chosen, option
from components.state import noun, services
from components.words import column_name, number
from core.drift.periods import PERIODS, period_texts
from core.drift.request import SLICE, Side
from core.drift.series_request import MOST
from core.errors import InputError, VitrineError
from core.labelled.values import OWN, coded, label_column

#: The fields of a side.
PARTS = ("set", "by", "value")
SIDES = ("a", "b")
LEGENDS = {"a": "A, the reference", "b": "B, held against it"}


def field_id(field: str) -> str:
    """Return the id of a field of the form."""
    return f"drift-{field}"


def side_id(side: str, part: str) -> str:
    """Return the id of a field of a side."""
    return field_id(f"{side}-{part}")


def opened(name: str) -> tuple[Any, Any]:
    """Return a set or part with what was decided about it."""
    app = services()
    found = app.library.open(name)
    return found, app.curation.view(found)


# -- what can be chosen ----------------------------------------------------------------------------


def sets() -> list[dict[str, str]]:
    """Return every sound set with its parts, as the options of a choice."""
    library = services().library
    found = []
    for one in library.sets():
        if one.problem:
            continue
        found.append(option(one.name, f"{one.name} ({number(one.items)})"))
        found += [option(part.name, f"{part.title} ({number(part.count)})")
                  for part in library.parts(one.name) if not part.problem]  # fmt: skip
    return found


def ways(found: Any, view: Any) -> list[dict[str, str]]:
    """Return what can single out images of a set: all of them, a slice, a column's value."""
    made = [one for one in columns.for_groups(found, view) if one["value"] != columns.SLICES]
    slices = [option(SLICE, "Slice")] if any(one.count for one in view.slices) else []
    dates = [option(one.name, f"{column_name(one.name)} (dates)") for one in found.columns()
             if one.dates]  # fmt: skip
    return [option(AUTO, f"All {noun(found)}s"), *slices, *dates, *made]


def values(found: Any, view: Any, by: str) -> list[dict[str, str]]:
    """Return the slices, or the values of a column, each with its number of images."""
    if by == AUTO:
        return [option(AUTO, "–")]
    if by == SLICE:
        return [option(one.name, f"{one.name} ({number(one.count)})")
                for one in view.slices if one.count]  # fmt: skip
    if any(one.dates and one.name == by for one in found.columns()):
        return _periods(found, view, by)
    held = label_column(found, view) if by == OWN else coded(by, found.values(by))
    codes = np.asarray(held.codes)[view.working]
    counts = np.bincount(codes[codes >= 0], minlength=len(held.names))
    return [option(name, f"{name} ({number(int(counts[at]))})")
            for at, name in enumerate(held.names) if counts[at]]  # fmt: skip


def _periods(found: Any, view: Any, by: str) -> list[dict[str, str]]:
    """Return years, quarters, … and hours of a column of dates, those of at most 200 each."""
    lines = []
    for every in reversed(PERIODS):
        texts = period_texts(found.values(by), every)[view.working].astype(str)
        names, counts = np.unique(texts[texts != ""], return_counts=True)
        if len(names) <= MOST:
            pairs = zip(names.tolist(), counts.tolist(), strict=True)
            lines += [option(name, f"{name} ({number(count)})") for name, count in pairs]
    return lines


def followers(name: str, by: str | None, value: str | None) -> tuple[Any, str, Any, str]:
    """Return the options and values of the two fields that follow from the set.

    What was chosen stays where the set has it.
    """
    found, view = opened(name)
    offered = ways(found, view)
    by = chosen(by, offered, AUTO)
    listed = values(found, view, by)
    return offered, by, listed, chosen(value, listed, listed[0]["value"] if listed else AUTO)


def other_of(name: str) -> str:
    """Return the set to hold against another at first: of the same encoder, else the set itself."""
    library = services().library
    base = name.partition("/")[0]
    lines = library.sets()
    encoder = next((one.encoder for one in lines if one.name == base), "")
    alike = [one.name for one in lines
             if one.encoder == encoder and one.name != base and not one.problem]  # fmt: skip
    return alike[0] if alike else name


# -- what was chosen -------------------------------------------------------------------------------


def text_of(given: Mapping[str, Any], side: str) -> str:
    """Return a side as a request has it.

    Raises
    ------
    InputError
        No set or no value is chosen.
    """
    name, by, value = (str(given.get(f"{side}_{part}") or "") for part in PARTS)
    if not name:
        raise InputError(f"{LEGENDS[side]}: choose a set.")
    if by in ("", AUTO):
        return name
    if value in ("", AUTO):
        raise InputError(f"{LEGENDS[side]}: choose which images of “{name}”.")
    return Side(name, by, value).text


def read(text: str) -> dict[str, str]:
    """Return the fields of a side from a request; what cannot be read is no choice."""
    try:
        side = Side.read(text)
    except VitrineError:
        return {"set": "", "by": AUTO, "value": AUTO}
    return {"set": side.name, "by": side.column or AUTO, "value": side.value or AUTO}


# -- the fields ------------------------------------------------------------------------------------


def fields(side: str, last: str, usual: str, offered: Sequence[dict[str, str]]) -> Component:
    """Return the fields of one side.

    Parameters
    ----------
    side
        "a" or "b".
    last
        The side to begin with, as a request has it; "" for none.
    usual
        The set to begin with where there is none.
    offered
        The sets there are.
    """
    begun = read(last) if last else {"set": "", "by": AUTO, "value": AUTO}
    name = chosen(begun["set"], offered, usual)
    same = name == begun["set"]
    by_options, by, value_options, value = followers(
        name, begun["by"] if same else AUTO, begun["value"] if same else AUTO
    )
    made = {
        "set": ("Set", offered, name),
        "by": ("Which images", by_options, by),
        "value": ("Of them, those of", value_options, value),
    }
    boxes = [
        html.Div(
            pickers.labelled(label, dbc.Select(id=side_id(side, part), options=list(options),
                                               value=now, size="sm")),
            id=f"{side_id(side, part)}-part",
            hidden=part == "value" and by == AUTO,
        )
        for part, (label, options, now) in made.items()
    ]  # fmt: skip
    return html.Fieldset([html.Legend(LEGENDS[side], className="vt-drift-legend"), *boxes],
                         className=f"vt-drift-fields vt-drift-fields-{side}")  # fmt: skip

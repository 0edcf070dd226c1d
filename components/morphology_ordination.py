"""Along what forms vary: axes read through the pictures at their ends, and through columns."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from dash import html
from dash.development.base_component import Component

from components import morphology_tables as parts
from components.morphology_axes import COLOURED, axis_name, chart, extremes, sure
from components.morphology_frame import card, p_text, statistic, unit_word
from components.state import whole
from components.words import number, plural, share

#: Images at each end of an axis under the chart, columns told of beside an axis, and groups that
#: listed in the open.
ENDS, BESIDE, LISTED = 6, 3, 40


def view_of(found: Any, view: Any, comparison: Any, keys: Mapping[str, str]) -> Component:
    """Return the view of the ordination.

    Parameters are those of `morphology_distances.view_of`; of the keys, `x` and `y` are the axes
    drawn, from 1, and `group` one that is set off from all others.
    """
    meta, units = comparison.meta["ordination"], comparison.tables["units"]
    total = axes_of(comparison)
    if not total or len(units) < 3:
        return card("Along what forms vary", parts.nothing(
            "Axes need three units or more that differ."
        ))  # fmt: skip
    x, y = chosen_axes(keys, total)
    focus = focused(comparison, keys.get("group", ""))
    options = [(str(axis), axis_name(meta, axis)) for axis in range(1, total + 1)]
    choices = [
        parts.chips("Across", options, str(x), keys, "x"),
        parts.chips("Up", options, str(y), keys, "y") if total > 1 else None,
        group_chips(comparison, keys),
    ]
    return html.Div(
        [
            card(
                "Along what forms vary",
                html.P(sentence(comparison, x, y), className="vt-lead"),
                html.Div(
                    [
                        html.Div([part for part in choices if part is not None],
                                 className="vt-shape-choices"),
                        chart(found, comparison, x, y, focus),
                    ],
                    className="vt-shape-side",
                ),
                html.P(meta["note"], className="vt-small") if meta.get("note") else None,
            ),
            card("What the axes show", *[axis_part(found, comparison, axis)
                                         for axis in range(1, total + 1)]),
            correlations(comparison),
        ],
        className="vt-shape-view",
    )  # fmt: skip


# -- which axes and groups -------------------------------------------------------------------------


def axes_of(comparison: Any) -> int:
    """Return how many axes there are with any variance along them."""
    shares = [parts.known(one) or 0.0 for one in comparison.meta["ordination"]["explained"]]
    held = [f"axis{at}" in comparison.tables["units"] for at in range(1, len(shares) + 1)]
    return sum(one > 0 and here for one, here in zip(shares, held, strict=True))


def chosen_axes(keys: Mapping[str, str], total: int) -> tuple[int, int]:
    """Return the axes that the address names, each within the number there is, not twice one."""
    x = min(max(1, whole(keys.get("x"), 1) or 1), total)
    y = min(max(1, whole(keys.get("y"), 2) or 2), total)
    if x == y and total > 1:
        y = 1 if x > 1 else 2
    return x, y


def focused(comparison: Any, group: str) -> list[int]:
    """Return the codes of the groups that get a colour: all of few, else one or the largest.

    They come in the order of the codes, so that a group keeps its colour on every axis.
    """
    names = parts.group_names(comparison)
    if group in names:
        return [names.index(group)]
    counts = comparison.tables["units"]["group"].value_counts(sort=False)
    largest = sorted(counts.index, key=lambda code: (-int(counts[code]), int(code)))
    return sorted(int(code) for code in largest[:COLOURED])


def group_chips(comparison: Any, keys: Mapping[str, str]) -> Component:
    """Return the choice of a group to set off; that of many is folded."""
    names = parts.group_names(comparison)
    here = keys.get("group", "")
    every = "all" if len(names) <= COLOURED else f"the {COLOURED} largest"
    options = [("", every), *((name, name) for name in names)]
    shown = parts.chips("Groups", options, here if here in names else "", keys, "group")
    if len(names) <= LISTED:
        return shown
    return html.Details([html.Summary(f"One of {number(len(names))} groups"), shown])


def sentence(comparison: Any, x: int, y: int) -> str:
    """Return how much of the variance is drawn, and what the units are."""
    meta = comparison.meta["ordination"]
    both = sum(parts.known(meta["explained"][axis - 1]) or 0.0 for axis in {x, y})
    design = comparison.meta["design"]
    word = unit_word(
        design, comparison.meta.get("noun") or "image", len(comparison.tables["units"])
    )
    return (
        f"{number(len(comparison.tables['units']))} {word} along principal components; the two "
        f"drawn hold {share(both)} of the variance. Distances in the chart are shadows of the "
        "true ones: every test and distance uses all dimensions."
    )


# -- the ends --------------------------------------------------------------------------------------


def axis_part(found: Any, comparison: Any, axis: int) -> Component:
    """Return an axis: the images at its ends, and the columns that go with it."""
    low, high = extremes(comparison.tables["units"], axis, ENDS)
    meta = comparison.meta["ordination"]
    return html.Div(
        [
            html.H3(axis_name(meta, axis)),
            html.P(beside(comparison, axis), className="vt-small"),
            _end(found, comparison, low, axis, "Low end"),
            _end(found, comparison, high, axis, "High end"),
        ],
        className="vt-shape-axis",
    )


def _end(found: Any, comparison: Any, table: pd.DataFrame, axis: int, title: str) -> Component:
    """Return the images at one end of an axis."""
    notes = [
        f"{name} · {statistic(at, 2)}"
        for name, at in zip(parts.unit_names(comparison, table), table[f"axis{axis}"], strict=True)
    ]
    rows = table["head"].astype(int).tolist()
    shown = parts.strip(found, comparison, rows, notes, label=f"{title} of PC {axis}")
    return html.Div([html.Span(title, className="vt-small"), shown])


def beside(comparison: Any, axis: int) -> str:
    """Return which columns go with an axis, in words."""
    given = comparison.meta["ordination"].get("supplementary") or []
    own = [one for one in given if one["axis"] == axis and parts.known(one["r"]) is not None]
    if not own:
        return ""
    going = [one for one in own if sure(one)]
    if not going:
        return f"None of {plural(len(own), 'column')} goes with it (adjusted p above 0.05)."
    best = sorted(going, key=lambda one: -abs(float(one["r"])))[:BESIDE]
    words = [
        f"{parts.column_word(str(one['column']))} (r {statistic(one['r'], 2)}, "
        f"p {p_text(one['p_adjusted'])})"
        for one in best
    ]
    more = len(going) - len(best)
    return "Goes with " + ", ".join(words) + (f" and {number(more)} more." if more else ".")


def correlations(comparison: Any) -> Component:
    """Return every column against every axis."""
    given = comparison.meta["ordination"].get("supplementary") or []
    title = "Columns against axes"
    if not given:
        return card(title, parts.nothing(
            "No numeric column of this set could be laid beside the axes."
        ))  # fmt: skip
    total = axes_of(comparison)
    columns = list(dict.fromkeys(str(one["column"]) for one in given))
    cells = {(str(one["column"]), int(one["axis"])): one for one in given}
    rows = []
    for column in columns:
        own = [cells.get((column, axis)) for axis in range(1, total + 1)]
        n = max((int(one["n"]) for one in own if one), default=0)
        rows.append((parts.column_word(column), number(n), *(correlation(one) for one in own)))
    head = ("Column", "Units", *(f"PC {axis}" for axis in range(1, total + 1)))
    return card(
        title,
        html.P("Spearman's rank correlation with p in brackets, by dealing the values to other "
               "units and adjusted for all cells (Benjamini and Hochberg). Units that resemble "
               "each other by descent or place make p too small.", className="vt-small"),
        parts.listing(comparison, head, rows, name="Columns against axes", csv="supplementary"),
    )  # fmt: skip


def correlation(one: Mapping[str, Any] | None) -> Any:
    """Return a correlation with its p; set off where it is more than chance."""
    r = parts.known(one["r"]) if one else None
    if one is None or r is None:
        return "–"
    told = f"{statistic(r, 2)} ({p_text(parts.known(one.get('p_adjusted')))})"
    return html.Strong(told) if sure(one) else told

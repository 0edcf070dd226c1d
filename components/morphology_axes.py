"""The chart of an ordination: units on two axes, pictures at the ends, arrows of columns."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from dash import html
from dash.development.base_component import Component

from components import morphology_figures as drawn
from components import morphology_tables as parts
from components.morphology_frame import statistic
from components.words import number, share

#: Images at each end of an axis, points drawn at most, groups that get a colour, and arrows.
CORNERS, POINTS, COLOURED, ARROWS = 3, 3000, len(drawn.SYMBOLS), 6

#: Height of the chart, and how far the longest arrow reaches, as a share of half the cloud.
HEIGHT, REACH = 640, 0.8

#: Where the cloud begins in the chart, and the size of a picture beside it: shares of the whole, so
#: that both keep their places on any screen.
LEFT, BELOW, WIDE, HIGH = 0.2, 0.21, 0.095, 0.125

#: The largest adjusted p of a column that gets an arrow.
SURE = 0.05


def sure(one: Mapping[str, Any]) -> bool:
    """Tell whether a column goes with an axis by more than chance."""
    adjusted = parts.known(one.get("p_adjusted"))
    return adjusted is not None and adjusted <= SURE


def axis_name(meta: Mapping[str, Any], axis: int) -> str:
    """Return what an axis is called, with its share of the variance."""
    return f"PC {axis} · {share(parts.known(meta['explained'][axis - 1]))}"


# -- the chart -------------------------------------------------------------------------------------


def chart(found: Any, comparison: Any, x: int, y: int, focus: Sequence[int]) -> Component:
    """Return units on two axes, with pictures at the ends of both and arrows of columns."""
    units = comparison.tables["units"]
    drawn_units = sample(units)
    pictured = parts.pictured(found, comparison)
    arrows = supplements(comparison, x, y)
    meta = comparison.meta["ordination"]
    edge = {"l": 8, "r": 12, "t": 8, "b": 8} if pictured else {"l": 64, "r": 12, "t": 8, "b": 52}
    layout = {
        "margin": edge,
        "xaxis": {**_axis(axis_name(meta, x)), "domain": [LEFT if pictured else 0, 1]},
        "yaxis": {**_axis(axis_name(meta, y)), "domain": [BELOW if pictured else 0, 1],
                  "scaleanchor": "x"},
        "images": corners(found, units, x, y) if pictured else [],
        "annotations": arrowed(arrows, reach(units, x, y)),
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom",
                   "font": {"size": 11}, "itemsizing": "constant"},
    }  # fmt: skip
    title = f"PC {x} and PC {y}"
    few = "" if len(drawn_units) == len(units) else (
        f" {number(len(drawn_units))} of {number(len(units))} are drawn."
    )  # fmt: skip
    label = (f"Units on PC {x} and PC {y}, coloured by group.{few} "
             "What lies at the ends of the axes is listed below.")  # fmt: skip
    shown = drawn.figure(
        f"morph-ordination-{x}-{y}", title, traces(comparison, drawn_units, x, y, focus), layout,
        label=label, height=HEIGHT, file=parts.file_name(comparison, f"ordination-{x}-{y}"),
        links=[parts.csv_link(comparison, "units", what="Units on all axes")], least=600,
        pictures=f"/thumb/{found.key}/" if pictured else "",
    )  # fmt: skip
    notes = [few.strip(), arrow_note(arrows)]
    told = html.P(" ".join(note for note in notes if note), className="vt-small")
    return html.Div([shown, told])


def _axis(title: str) -> dict[str, Any]:
    """Return an axis with the origin marked."""
    return {"title": {"text": title, "standoff": 6}, "zeroline": True, "zerolinewidth": 1,
            "showgrid": False, "ticks": "outside", "ticklen": 3, "nticks": 6}  # fmt: skip


def sample(units: pd.DataFrame) -> pd.DataFrame:
    """Return the units that are drawn: all, or an even sample of every group."""
    if len(units) <= POINTS:
        return units
    place = units.groupby("group").cumcount()
    size = units.groupby("group")["unit"].transform("size")
    wanted = np.maximum(1, np.floor(POINTS * size / len(units))).astype(int)
    # evenly through each group: where the number taken so far grows
    taken = (place + 1) * wanted // size > place * wanted // size
    kept: pd.DataFrame = units[taken.to_numpy(bool)]
    return kept


def traces(
    comparison: Any, units: pd.DataFrame, x: int, y: int, focus: Sequence[int]
) -> list[dict[str, Any]]:
    """Return the points: other groups in grey first, then each group in focus, then their means."""
    names = parts.group_names(comparison)
    across, up = f"axis{x}", f"axis{y}"
    rest = units[~units["group"].isin(list(focus))]
    found: list[dict[str, Any]] = []
    if len(rest):
        found.append(_points(comparison, rest, across, up, "other groups",
                             {"color": drawn.PALE, "size": 5}))  # fmt: skip
    hues = list(drawn.HUES)
    for at, code in enumerate(focus):
        own = units[units["group"] == code]
        look = {"color": hues[at], "symbol": drawn.SYMBOLS[at], "size": 7, "opacity": 0.8}
        found.append(_points(comparison, own, across, up, drawn.short(names[code]), look))
    whole_table = comparison.tables["units"]
    means = whole_table.groupby("group")[[across, up]].mean()
    shown = [code for code in focus if code in means.index]
    found.append({
        "type": "scatter", "mode": "markers", "name": "mean of a group",
        "x": [float(means.at[code, across]) for code in shown],
        "y": [float(means.at[code, up]) for code in shown],
        "text": [f"mean of {drawn.short(names[code])}" for code in shown],
        "hovertemplate": "%{text}<extra></extra>", "showlegend": False,
        "marker": {"size": 15, "symbol": [drawn.SYMBOLS[focus.index(c)] for c in shown],
                   "color": [hues[focus.index(c)] for c in shown],
                   "line": {"width": 2, "color": "#ffffff"}},
    })  # fmt: skip
    return found


def _points(
    comparison: Any, units: pd.DataFrame, across: str, up: str, name: str, marker: dict[str, Any]
) -> dict[str, Any]:  # fmt: skip
    """Return the points of a group, or of all groups that have no colour."""
    groups = parts.group_names(comparison)
    words = [
        f"{drawn.short(unit)}, {drawn.short(groups[code])}"
        for unit, code in zip(parts.unit_names(comparison, units, own=True), units["group"],
                              strict=True)
    ]  # fmt: skip
    return {
        "type": "scatter", "mode": "markers", "name": name, "text": words,
        "x": units[across].astype(float).tolist(), "y": units[up].astype(float).tolist(),
        "customdata": units["head"].astype(int).tolist(), "marker": marker,
        "hovertemplate": "%{text}<extra></extra>",
    }  # fmt: skip


def extremes(units: pd.DataFrame, axis: int, count: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the units at the low and at the high end of an axis, the outermost first.

    No unit is at both ends.
    """
    order = units.sort_values(f"axis{axis}", kind="stable")
    count = min(count, len(order) // 2)
    return order.head(count), order.iloc[len(order) - count :][::-1]


def corners(found: Any, units: pd.DataFrame, x: int, y: int) -> list[dict[str, Any]]:
    """Return the pictures at the ends of both axes, the outermost at the corners."""
    images = []
    for axis, flat in ((x, True), (y, False))[: 1 if x == y else 2]:
        for high, table in enumerate(extremes(units, axis, CORNERS)):
            for at, row in enumerate(table["head"].astype(int)):
                images.append(_corner(found, row, at, flat=flat, high=bool(high)))
    return images


def _corner(found: Any, row: int, at: int, *, flat: bool, high: bool) -> dict[str, Any]:
    """Return the picture at a place from an end: under the axis across, or left of the one up."""
    image = {"source": parts.source(found, row), "xref": "paper", "yref": "paper",
             "sizex": WIDE, "sizey": HIGH, "sizing": "contain", "yanchor": "bottom",
             "xanchor": "left"}  # fmt: skip
    if flat:
        step = at * WIDE * 1.04
        return image | {"x": 1 - WIDE - step if high else LEFT + step, "y": 0.0}
    step = at * HIGH * 1.04
    return image | {"x": 0.0, "y": 1 - HIGH - step if high else BELOW + step}


def reach(units: pd.DataFrame, x: int, y: int) -> float:
    """Return how far arrows reach: most of the shorter half of the cloud."""
    halves = [float(np.abs(units[f"axis{axis}"]).max()) for axis in (x, y)]
    return REACH * (min(halves) or max(halves))


def supplements(comparison: Any, x: int, y: int) -> list[dict[str, Any]]:
    """Return columns that go with one of the two axes and point different ways, strongest first."""
    given = comparison.meta["ordination"].get("supplementary") or []
    found: dict[str, dict[str, Any]] = {}
    for one in given:
        if one["axis"] in {x, y} and parts.known(one["r"]) is not None:
            held = found.setdefault(
                str(one["column"]), {"column": str(one["column"]), "sure": False}
            )
            held["x" if one["axis"] == x else "y"] = float(one["r"])
            held["sure"] |= sure(one)
    order = sorted((one for one in found.values() if one["sure"]), key=lambda one: -_length(one))
    kept: list[dict[str, Any]] = []
    for one in order:  # of columns that point the same way the strongest stands for all
        if len(kept) < ARROWS and not any(_alike(one, other) for other in kept):
            kept.append(one)
    return kept


def _alike(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Tell whether two arrows lie within some 14° of one another."""
    across = one.get("x", 0.0) * other.get("x", 0.0) + one.get("y", 0.0) * other.get("y", 0.0)
    return bool(across > 0.97 * _length(one) * _length(other))


def _length(one: Mapping[str, Any]) -> float:
    """Return how long a column's arrow is, as a correlation."""
    return float(np.hypot(one.get("x", 0.0), one.get("y", 0.0)))


def arrowed(columns: Sequence[Mapping[str, Any]], far: float) -> list[dict[str, Any]]:
    """Return the arrows of columns with their names.

    Along each axis an arrow is as long as the column's correlation with it; the longest one of all
    reaches `far`.
    """
    longest = max((_length(one) for one in columns), default=0.0)
    return [part for one in columns for part in _arrow(one, far / longest)]


def _arrow(one: Mapping[str, Any], scale: float) -> list[dict[str, Any]]:
    """Return one arrow and its name."""
    x, y = one.get("x", 0.0) * scale, one.get("y", 0.0) * scale
    place = {"x": x, "y": y, "xref": "x", "yref": "y"}
    name = parts.column_word(one["column"])
    told = f"{name}: r {statistic(one.get('x'), 2)} across, {statistic(one.get('y'), 2)} up"
    return [
        {**place, "ax": 0, "ay": 0, "axref": "x", "ayref": "y", "text": "", "showarrow": True,
         "arrowhead": 2, "arrowsize": 1.1, "arrowwidth": 2, "arrowcolor": drawn.GREY},
        {**place, "text": drawn.short(name), "showarrow": False, "hovertext": drawn.short(told, 80),
         "xanchor": "right" if x < 0 else "left", "yanchor": "top" if y < 0 else "bottom",
         "font": {"size": 11}, "bgcolor": "rgba(255,255,255,0.8)", "borderpad": 1},
    ]  # fmt: skip


def arrow_note(arrows: Sequence[Mapping[str, Any]]) -> str:
    """Return how arrows are to be read; "" where there are none."""
    if not arrows:
        return ""
    longest = max(_length(one) for one in arrows)
    return (
        "Arrows are columns that go with these axes (adjusted p ≤ 0.05), of several that point the "
        "same way the strongest: the longer, the larger the rank correlation; the longest is "
        f"{statistic(longest, 2)}."
    )

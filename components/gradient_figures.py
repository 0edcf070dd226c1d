"""The charts of a gradient: where its images lie along it, and which columns go with it."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash.development.base_component import Component

from components import report_charts
from components.morphology_figures import GREY, HUES, PALE, figure, short
from components.morphology_frame import statistic
from components.words import number, share
from core.comparisons.strip_files import file_name

#: Bars along the axis, and groups of them in the table under the chart.
BINS, TOLD = 60, 10

_FIRST, _SECOND = list(HUES)[:2]


def spread(gradient: Any) -> Component:
    """Return how the images of each end lie along a gradient, with where those shown lie."""
    meta = gradient.meta
    counted = gradient.counted(BINS)
    low, high = gradient.reach
    wide = (high - low) / BINS
    middles = [low + (at + 0.5) * wide for at in range(BINS)]
    data = [
        {"type": "bar", "name": _name(meta, side), "x": middles, "width": [wide] * BINS,
         "y": (100 * counts / counts.sum()).tolist(), "marker": {"color": _colour(meta, side)},
         "opacity": 0.8, "hovertemplate": "%{x:.2f}: %{y:.1f} %<extra></extra>"}
        for side, counts in counted.items()
    ]  # fmt: skip
    most = max(max(one["y"]) for one in data)
    shown = [place for place in meta["places"] if place["t"] is not None]
    data.append({
        "type": "scatter", "mode": "markers", "name": "on the strip",
        "x": [place["t"] for place in shown], "y": [-0.05 * most] * len(shown),
        "text": [short(place["text"]) for place in shown],
        "marker": {"symbol": "triangle-up", "size": 11, "color": GREY},
        "hovertemplate": "%{text}, at %{x:.2f}<extra></extra>", "cliponaxis": False,
    })  # fmt: skip
    unit = "standard deviations" if meta["kind"] == "principal" else "0 to 1 is the strip"
    layout = {
        "xaxis": {"title": {"text": f"position ({unit})"}, "range": [low, high], "zeroline": False},
        "yaxis": {
            "title": {"text": "% of each group"},
            "ticksuffix": " %",
            "range": [-0.1 * most, 1.06 * most],
            "zeroline": True,
        },
        "barmode": "overlay",
        "bargap": 0,
        "legend": report_charts.LEGEND,
        "showlegend": True,
        "margin": {"l": 56, "r": 12, "t": 44, "b": 48},
    }
    told = f"How the images lie along {meta['title']}"
    chart = figure(
        "gradient-spread", "Share of each group by position", data, layout,
        label=_told(gradient, told), height=260,
        file=f"{file_name(gradient, '').rstrip('.')} positions",
    )  # fmt: skip
    return report_charts.with_table(chart, *_table(gradient), told)


def _name(meta: Mapping[str, Any], side: int) -> str:
    if side < 0:
        return "other images" if meta["a"] else "all images"
    return short(str(meta["ab"[side]]["title"]))


def _colour(meta: Mapping[str, Any], side: int) -> str:
    """Return the colour of a side; where there are no ends, all images have the first."""
    return {0: _FIRST, 1: _SECOND}.get(side, PALE if meta["a"] else _FIRST)


def _table(gradient: Any) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Return how many images of each side lie in ten stretches of the axis."""
    counted = gradient.counted(TOLD)
    low, high = gradient.reach
    step = (high - low) / TOLD
    head = ("Position", *(_name(gradient.meta, side) for side in counted))
    rows = [
        (f"{statistic(low + at * step)} to {statistic(low + (at + 1) * step)}",
         *(number(int(counts[at])) for counts in counted.values()))
        for at in range(TOLD)
    ]  # fmt: skip
    return head, rows


def _told(gradient: Any, title: str) -> str:
    """Return the chart in words."""
    parts = []
    sides, position = gradient.sides, gradient.positions["t"].to_numpy()
    for side, counts in gradient.counted(BINS).items():
        mine = position[(sides == side) & (position == position)]
        middle = statistic(float(sorted(mine.tolist())[len(mine) // 2]))
        parts.append(f"{_name(gradient.meta, side)}: {number(int(counts.sum()))} images around "
                     f"{middle}")  # fmt: skip
    return f"{title}. {'; '.join(parts)}."


def correlated(rows: Sequence[Mapping[str, Any]], file: str) -> Component:
    """Return the correlations as bars, the strongest on top; sure ones in colour."""
    names = [short(str(one["column"])) for one in rows][::-1]
    values = [one["r"] for one in rows][::-1]
    sure = [(one["p_adjusted"] or 1) <= 0.05 for one in rows][::-1]
    data = [{
        "type": "bar", "orientation": "h", "x": values, "y": list(range(len(rows))),
        "marker": {"color": [_FIRST if one else PALE for one in sure]},
        "customdata": names, "hovertemplate": "%{customdata}: %{x:.2f}<extra></extra>",
    }]  # fmt: skip
    layout = {
        "xaxis": {"title": {"text": "Spearman r with the position"}, "range": [-1, 1],
                  "zeroline": True},
        "yaxis": {"tickmode": "array", "tickvals": list(range(len(rows))), "ticktext": names,
                  "automargin": True, "showgrid": False},
        "bargap": 0.35, "margin": {"l": 120, "r": 12, "t": 8, "b": 48},
    }  # fmt: skip
    told = "; ".join(f"{one['column']}: {statistic(one['r'])}" for one in rows[:6])
    few = share(sum(sure) / len(sure))
    label = f"Correlation of columns with the position. {told}. {few} are below p = 0.05, adjusted."
    return figure("gradient-columns", "Columns against the position; in colour: adjusted p ≤ 0.05",
                  data, layout, label=label, height=70 + 24 * len(rows),
                  file=f"{file} columns")  # fmt: skip

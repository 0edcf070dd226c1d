"""What other least sizes of a theme would give: as a chart with its cliffs, and as a table."""

from itertools import pairwise
from math import log10
from typing import Any

import dash_bootstrap_components as dbc
import pandas as pd
from dash import html
from dash.development.base_component import Component

from components import figures, tables
from components.attributes import attrs
from components.cluster_jobs import SIZE, SWEEP, USE, USUAL, use_id
from components.words import listed, number, plural, score, share
from core.clusters.themes import usual_size

GREY = "#868e94"


def section(
    sweep: pd.DataFrame | None, name: str, noun: str, themes: Any, at_work: bool
) -> Component:
    """Return the part of the page on other sizes of themes.

    Parameters
    ----------
    sweep
        As `OpenSet.sweep` gives it; None before it was computed.
    name, noun
        The set's name, and what one item of it is called.
    themes
        The themes as they are, for the least size that they have.
    at_work
        Whether the job that computes it is under way.
    """
    size, usual = sizes_of(themes)
    if sweep is None or not len(sweep):
        inside: list[Component | None] = [
            html.P(
                f"A theme has a least size: smaller groups of {noun}s stay unassigned or become "
                "part of a larger theme. See how many themes other sizes would give, before you "
                "believe in their number.",
                className="vt-lead",
            ),
            html.Button("Try other sizes", id=SWEEP, type="button",
                        className="btn btn-primary btn-sm", disabled=at_work),
            own_size(size, usual) if size != usual else None,
        ]  # fmt: skip
    else:
        inside = [
            html.P(told(sweep), className="vt-lead"),
            html.Div(
                [chart(sweep), table(sweep, name)],
                className="vt-sweep",
            ),
            own_size(size, usual),
        ]
    return html.Section(
        [html.H2("Other sizes of themes", id="sizes"), *(p for p in inside if p is not None)],
        className="vt-card vt-panel",
    )


def sizes_of(themes: Any) -> tuple[int, int]:
    """Return the least size that themes have, and the one they have where nobody asked."""
    usual = usual_size(len(themes.labels))
    return int(themes.spec.get("min_cluster_size") or usual), usual


def back_to_usual(themes: Any) -> list[Component]:
    """Return the way back from a least size that leaves no theme; [] where it is the usual one."""
    size, usual = sizes_of(themes)
    if size == usual:
        return []
    told = f"The least size of a theme is {number(size)} now; the usual one is {number(usual)}."
    return [
        html.Section(
            [
                html.H2("Other sizes of themes", id="sizes"),
                html.P(told, className="vt-lead"),
                own_size(size, usual),
            ],
            className="vt-card vt-panel",
        )
    ]


def current(sweep: pd.DataFrame) -> int | None:
    """Return the least size that the set's themes have; None if it is not among those tried."""
    here = sweep.loc[sweep["current"].astype(bool), "min_cluster_size"]
    return int(here.iloc[0]) if len(here) else None


def cliffs(sweep: pd.DataFrame) -> list[tuple[int, int]]:
    """Return the pairs of neighbouring sizes between which the themes change abruptly."""
    sizes = [int(size) for size in sweep["min_cluster_size"]]
    marked = sweep["cliff"].astype(bool).tolist()
    return [pair for pair, cliff in zip(pairwise(sizes), marked, strict=False) if cliff]


def told(sweep: pd.DataFrame) -> str:
    """Return what the sweep shows, in words."""
    low, high = int(sweep["clusters"].min()), int(sweep["clusters"].max())
    sizes = sweep["min_cluster_size"]
    between = f"Least sizes from {number(int(sizes.min()))} to {number(int(sizes.max()))}"
    parts = [
        f"{between} give {plural(low, 'theme')}."
        if low == high
        else f"{between} give {number(low)} to {plural(high, 'theme')}."
    ]
    found, here = cliffs(sweep), current(sweep)
    if found:
        at = listed([f"between {number(low)} and {number(high)}" for low, high in found])
        many = "is a cliff" if len(found) == 1 else f"are {number(len(found))} cliffs"
        parts.append(f"There {many}, where the grouping changes abruptly: {at}.")
    else:
        parts.append("There is no cliff: the grouping changes little by little.")
    if here is not None:
        near = any(here in pair for pair in found)
        parts.append(
            f"Your themes use {number(here)}"
            + (", beside a cliff: a slightly different size gives other themes." if near else ".")
        )
    return " ".join(parts)


def chart(sweep: pd.DataFrame) -> Component:
    """Return themes and the share of unassigned images against the least size."""
    sizes = [int(s) for s in sweep["min_cluster_size"]]
    counts = [int(c) for c in sweep["clusters"]]
    noise = [float(s) for s in sweep["noise_share"]]
    here, cracks = current(sweep), [(low * high) ** 0.5 for low, high in cliffs(sweep)]
    marked = [13 if size == here else 7 for size in sizes]
    traces = [
        {
            "type": "scatter", "mode": "lines+markers", "x": sizes, "y": counts, "name": "themes",
            "marker": {"size": marked}, "xaxis": "x", "yaxis": "y",
            "hovertemplate": "least size %{x}: %{y} themes<extra></extra>",
        },
        {
            "type": "scatter", "mode": "lines+markers", "x": sizes, "y": noise,
            "name": "unassigned", "line": {"dash": "dot"}, "xaxis": "x", "yaxis": "y2",
            "marker": {"size": marked, "symbol": "square"},
            "hovertemplate": "least size %{x}: %{y:.1%} unassigned<extra></extra>",
        },
    ]  # fmt: skip
    layout = {
        "showlegend": False,
        "margin": {"l": 60, "r": 12, "t": 26, "b": 44},
        "xaxis": {"title": {"text": "least size of a theme"}, "type": "log", "anchor": "y2",
                  "tickvals": _ticks(sizes), "ticktext": [number(s) for s in _ticks(sizes)]},
        "yaxis": {"title": {"text": "themes"}, "domain": [0.44, 1], "rangemode": "tozero",
                  "tickformat": ",d", "nticks": 5},
        "yaxis2": {"title": {"text": "unassigned"}, "domain": [0, 0.34], "rangemode": "tozero",
                   "tickformat": ".0%", "nticks": 4},
        "shapes": [_line(size, "dash", 1) for size in cracks]
        + ([_line(here, "solid", 2)] if here else []),
        "annotations": [_word(size, "cliff", "left") for size in cracks]
        + ([_word(here, "in use", "right")] if here else []),
    }  # fmt: skip
    label = "Themes and unassigned images against the least size of a theme. " + told(sweep)
    return figures.graph("clusters-sweep", {"data": traces, "layout": layout},
                         label=label, height=420)  # fmt: skip


def _ticks(sizes: list[int]) -> list[int]:
    """Return up to seven of the sizes, to write at the axis."""
    step = max(1, -(-len(sizes) // 7))
    return sizes[::step]


def _line(size: float, dash: str, width: int) -> dict[str, Any]:
    """Return a line across both charts at a size."""
    return {"type": "line", "x0": size, "x1": size, "xref": "x", "y0": 0, "y1": 1,
            "yref": "paper", "line": {"color": GREY, "dash": dash, "width": width}}  # fmt: skip


def _word(size: float, text: str, anchor: str) -> dict[str, Any]:
    """Return a word at the top of the line at a size; a logarithmic axis takes the exponent."""
    return {"x": log10(size), "xref": "x", "y": 1, "yref": "paper", "yanchor": "bottom",
            "xanchor": anchor, "text": text, "showarrow": False, "font": {"size": 11}}  # fmt: skip


def table(sweep: pd.DataFrame, name: str) -> Component:
    """Return the sweep as a table, each size with the button that uses it."""
    here, before = current(sweep), {low for low, _ in cliffs(sweep)}
    rows = []
    for line in sweep.to_dict("records"):
        size = int(line["min_cluster_size"])
        use: Component = html.Button(
            "Use this size", id=use_id(size, name), type="button", className="btn btn-quiet btn-sm",
            **attrs(aria_label=f"Use least size {number(size)}"),
        )  # fmt: skip
        mark = " · then a cliff" if size in before else ""
        rows.append(
            (
                html.Span([html.Strong(number(size)), mark]), number(int(line["clusters"])),
                share(line["noise_share"]), share(line["largest_share"]),
                score(line["ari_next"], 2),
                html.Span("in use now", className="vt-small") if size == here else use,
            )
        )  # fmt: skip
    head = ("Least size", "Themes", "Unassigned", "Largest", "Like the next", "")
    shown = tables.table(head, rows, caption="Themes at each least size")
    return html.Div(
        [
            shown,
            html.P(
                "“Like the next” compares a grouping with that of the next size: 1 is the same, 0 "
                "no more alike than by chance (adjusted Rand index).",
                className="vt-small",
            ),
        ],
        className="vt-sweep-table",
    )


def own_size(size: int, usual: int) -> Component:
    """Return the field for a size that the table does not have, and the way back to the usual."""
    field = dbc.Input(id=SIZE, type="number", min=2, step=1, size="sm", value=size)
    back = html.Button(
        f"Back to the usual size, {number(usual)}", id=USUAL, type="button",
        className="btn btn-quiet btn-sm", hidden=size == usual,
    )  # fmt: skip
    return html.Div(
        [
            html.Div(
                [
                    html.Label(["Another least size", field],
                               className="vt-menu-field vt-short-field"),
                    html.Button("Use this size", id=USE, type="button",
                                className="btn btn-quiet btn-sm"),
                    back,
                ],
                className="vt-form-line",
            ),
            html.P(
                "Another size makes new themes: names, merges and splits belong to the themes they "
                "were made for, and are back when their size is.",
                className="vt-small",
            ),
        ]
    )  # fmt: skip

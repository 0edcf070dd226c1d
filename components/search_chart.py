"""How far all images are from what was searched for: a histogram with a line that can be moved."""

import math
from typing import Any

import dash_bootstrap_components as dbc
import numpy as np
from dash import Patch, html
from dash.development.base_component import Component

from components import figures
from components.words import number, plural


def chart(name: str, query: Any, distance: float, one: str = "image") -> Component:
    """Return the histogram of distances with a line at `distance`; the counts are logarithmic.

    `one` is what an item of the set is called, here and below.
    """
    bars = query.histogram()
    edges, counts = np.asarray(bars.edges), np.asarray(bars.counts)
    trace = {
        "type": "bar",
        "x": ((edges[:-1] + edges[1:]) / 2).round(4).tolist(),
        "y": counts.tolist(),
        "width": float(edges[1] - edges[0]) * 0.9,
        "hovertemplate": f"distance %{{x:.2f}}: %{{y:,d}} {one}s<extra></extra>",
    }
    most = max(1, int(counts.max(initial=1)))
    layout = {
        "xaxis": {"title": {"text": "distance"}, "range": [float(edges[0]), float(edges[-1])]},
        "yaxis": {"title": {"text": f"{one}s"}, "type": "log", "dtick": 1, "tickformat": ",d",
                  "range": [-0.3, math.log10(most) + 0.15]},
        "bargap": 0,
        "shapes": [
            {"type": "line", "xref": "x", "yref": "paper", "x0": distance, "x1": distance,
             "y0": 0, "y1": 1, "line": {"width": 2, "dash": "dash", "color": "#c25a12"}}
        ],
    }  # fmt: skip
    middle = float(np.median(query.distances)) if len(query.distances) else 0.0
    label = (
        f"Histogram of the distances of {plural(len(query.order), one)}, from "
        f"{edges[0]:.2f} to {edges[-1]:.2f}, half of them below {middle:.2f}. "
        f"{count_text(query, distance, one)}"
    )
    return figures.graph(name, {"data": [trace], "layout": layout}, label=label, height=150)


def moved(distance: float) -> Patch:
    """Return what moves the chart's line to another distance."""
    patch = Patch()
    patch["layout"]["shapes"][0]["x0"] = distance
    patch["layout"]["shapes"][0]["x1"] = distance
    return patch


def distance_field(field_id: Any, query: Any, distance: float, one: str = "image") -> Component:
    """Return the native slider that moves the line."""
    edges = query.histogram().edges
    field = dbc.Input(
        id=field_id, type="range", min=float(edges[0]), max=float(edges[-1]), step="any",
        value=distance, className="form-range",
    )  # fmt: skip
    return html.Div(
        [html.Label(["“Similar” ends at", field], className="vt-search-distance"),
         html.P(where_it_begins(query, one), className="vt-small")]
    )  # fmt: skip


def where_it_begins(query: Any, one: str = "image") -> str:
    """Return in words why the line begins where it does."""
    if query.spoken or query.every:
        if query.usual is None:
            return (
                f"No {one}s stand out here from the rest: these may not be in the set. The line "
                f"begins behind the nearest {query.count(query.begin)}."
            )
        return (
            f"{one.capitalize()}s up to {query.usual:.2f} stand out: there the distances fall into "
            "two groups with the least error."
        )
    if query.usual is None:
        return "Where “similar” usually ends is known once the set has a neighbour graph."
    return f"{one.capitalize()}s are usually this near to their neighbours here: {query.usual:.2f}"


def count_text(query: Any, distance: float, one: str = "image") -> str:
    """Return how many items lie nearer than a distance, in words."""
    near = query.count(distance)
    return f"{plural(near, one)} of {number(len(query.order))} not further than {distance:.2f}."

"""Charts: plotly SVG figures as plain data, through one `graph` helper."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from components.attributes import attrs
from components.theme import template
from components.words import number

CONFIG: Any = {
    "displaylogo": False,
    "displayModeBar": False,
    "showSendToCloud": False,
    "plotlyServerURL": "",
    "responsive": True,
}


def graph(name: str, figure: dict[str, Any], *, label: str, height: int = 160) -> Component:
    """Return a chart with an accessible name; it never offers to send data anywhere."""
    layout = {
        "margin": {"l": 48, "r": 8, "t": 8, "b": 40},
        "height": height,
        "template": template("light"),
        **figure.get("layout", {}),
    }
    chart = dcc.Graph(
        id={"component": "figure", "part": "graph", "name": name},
        figure={"data": figure["data"], "layout": layout},
        config=CONFIG,
        style={"height": f"{height}px"},
    )
    return html.Div(chart, role="img", className="vt-figure", **attrs(aria_label=label))


def size_bins(sizes: Sequence[int]) -> list[tuple[str, int]]:
    """Count clusters by size: each size up to 4, then doubling ranges (5–8, 9–16, …)."""
    counts: Counter[int] = Counter(max(0, (int(s) - 1).bit_length()) for s in sizes if s > 4)
    bins = [(str(s), sum(1 for size in sizes if size == s)) for s in range(1, 5)]
    for power in range(3, max(counts, default=2) + 1):
        low, high = 2 ** (power - 1) + 1, 2**power
        bins.append((f"{number(low)}–{number(high)}", counts[power]))
    while bins and bins[0][1] == 0:
        bins.pop(0)
    return bins


def size_histogram(name: str, sizes: Sequence[int], noun: str = "clusters") -> Component:
    """Return how many clusters have which size, as bars."""
    bins = size_bins(sizes)
    trace = {
        "type": "bar",
        "x": [b[0] for b in bins],
        "y": [b[1] for b in bins],
        "hovertemplate": f"size %{{x}}: %{{y}} {noun}<extra></extra>",
    }
    layout = {
        "xaxis": {"title": {"text": "size"}, "type": "category"},
        "yaxis": {"title": {"text": noun}, "rangemode": "tozero", "tickformat": ",d",
                  **({"dtick": 1} if max((b[1] for b in bins), default=0) < 5 else {})},
        "bargap": 0.45,
    }  # fmt: skip
    text = "; ".join(f"size {low}: {many}" for low, many in bins)
    label = f"Number of {noun} by size. {text}"
    return graph(name, {"data": [trace], "layout": layout}, label=label)

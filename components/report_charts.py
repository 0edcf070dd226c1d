"""The charts of a report, each with the same numbers as a table under it."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from components import figures, tables
from components.words import number, score, share

#: Random is grey in both themes; what was chosen has the accent, which follows the theme.
GREY, BAND, BAR = "#7d878e", "rgba(125,135,142,0.25)", "rgba(125,135,142,0.4)"

LEGEND = {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "font": {"size": 11}}


def with_table(chart: Component, head: Sequence[str], rows: Sequence[Any], name: str) -> Component:
    """Return a chart with its numbers folded under it."""
    inside = tables.table(head, rows, caption=name)
    folded = html.Details([html.Summary("As a table"), inside], className="vt-as-table")
    return html.Div([chart, folded], className="vt-chart")


def line(name: str, x: Sequence[Any], y: Sequence[Any], **look: Any) -> dict[str, Any]:
    """Return a line of a chart."""
    return {"type": "scatter", "mode": "lines", "name": name, "x": list(x), "y": list(y),
            "hovertemplate": "%{x:,d}: %{y:,.4~g}<extra>" + name + "</extra>", **look}  # fmt: skip


def band(name: str, x: Sequence[Any], low: Sequence[Any], high: Sequence[Any]) -> list[Any]:
    """Return a shaded band between two lines."""
    bare = {"mode": "lines", "line": {"width": 0}, "hoverinfo": "skip", "type": "scatter"}
    return [
        {**bare, "x": list(x), "y": list(low), "showlegend": False},
        {**bare, "x": list(x), "y": list(high), "name": name, "fill": "tonexty",
         "fillcolor": BAND},
    ]  # fmt: skip


def grey(name: str, x: Sequence[Any], y: Sequence[Any], dash: str = "solid") -> dict[str, Any]:
    """Return a grey line: random choices, or a ceiling."""
    return line(name, x, y, line={"color": GREY, "width": 1.5, "dash": dash})


def mark(x: float, text: str, last: float = 0) -> dict[str, Any]:
    """Return the parts of a layout that mark a place on an x axis that ends at `last`."""
    side = "right" if last and x > 0.6 * last else "left"
    return {
        "shapes": [{"type": "line", "x0": x, "x1": x, "yref": "paper", "y0": 0, "y1": 1,
                    "line": {"color": GREY, "width": 1, "dash": "dot"}}],
        "annotations": [{"x": x, "yref": "paper", "y": 0.02, "text": text, "showarrow": False,
                         "xanchor": side, "yanchor": "bottom", "font": {"size": 11}}],
    }  # fmt: skip


def axes(x: str, y: str, **more: Any) -> dict[str, Any]:
    """Return a layout with named axes that begin at zero, and a legend above."""
    return {
        "xaxis": {"title": {"text": x}, "rangemode": "tozero", "tickformat": ",d"},
        "yaxis": {"title": {"text": y}, "rangemode": "tozero"},
        "legend": LEGEND,
        "margin": {"l": 56, "r": 12, "t": 44, "b": 44},
        **more,
    }


def coverage_curve(curve: Mapping[str, Any], noun: str = "image") -> Component:
    """Return clusters covered against budget: chosen, random with its band, and the ceiling."""
    x = curve["budgets"]
    data = [
        *band("random, 95 %", x, curve["random_low"], curve["random_high"]),
        grey("random, expected", x, curve["random_mean"]),
        grey("ceiling", x, curve["ceiling"], "dash"),
        line("chosen", x, curve["curated"], line={"width": 2.5}),
    ]
    layout = axes(
        f"{noun}s taken", "clusters covered", **mark(curve["chosen"], " this choice ", max(x))
    )
    told = (
        f"Clusters covered against the number of {noun}s taken. All {number(curve['clusters'])} "
        f"clusters cannot be covered by fewer than as many {noun}s."
    )
    chart = figures.graph("report-curve", {"data": data, "layout": layout}, label=told, height=300)
    other = curve.get("independent_curated"), curve.get("independent_random_mean")
    head = [f"{noun.capitalize()}s", "Chosen", "Random", "Random, 95 %", "Ceiling"]
    rows = [
        [number(n), number(c), score(m, 1), f"{score(low, 1)} – {score(high, 1)}", number(top)]
        for n, c, m, low, high, top in zip(
            x, curve["curated"], curve["random_mean"], curve["random_low"], curve["random_high"],
            curve["ceiling"], strict=True,
        )
    ]  # fmt: skip
    if other[0] and other[1]:
        head += ["Chosen, other grouping", "Random, other grouping"]
        pairs = zip(other[0], other[1], strict=True)
        rows = [[*r, number(c), score(m, 1)] for r, (c, m) in zip(rows, pairs, strict=True)]
    return with_table(chart, head, rows, told)


def bins_chart(name: str, part: Mapping[str, Any]) -> Component:
    """Return the share of clusters covered by size of the cluster, chosen beside random."""
    bins = [b for b in part["bins"] if b["clusters"]]
    sizes = [str(b["size"]).replace(" or more", "+") for b in bins]

    def shares(field: str) -> list[float]:
        return [100 * float(b[field]) / b["clusters"] for b in bins]

    mean = shares("random_mean")
    above = [h - m for h, m in zip(shares("random_high"), mean, strict=True)]
    below = [m - low for m, low in zip(mean, shares("random_low"), strict=True)]
    hover = "size %{x}: %{y:.0f} %<extra></extra>"
    data = [
        {"type": "bar", "name": "chosen", "x": sizes, "y": shares("covered"),
         "hovertemplate": hover},
        {"type": "bar", "name": "random, 95 %", "x": sizes, "y": mean, "hovertemplate": hover,
         "marker": {"color": BAR},
         "error_y": {"array": above, "arrayminus": below, "thickness": 1.5, "width": 4,
                     "color": GREY}},
    ]  # fmt: skip
    layout = axes("images in the cluster", "% covered", bargap=0.3)
    layout["xaxis"] = {"title": {"text": "size of the cluster"}, "type": "category"}
    layout["yaxis"] = {"title": {"text": "% covered"}, "range": [0, 104]}
    told = "Share of clusters covered by their size. " + "; ".join(
        f"{b['size']}: {number(b['covered'])} of {number(b['clusters'])}" for b in bins
    )
    chart = figures.graph(f"report-bins-{name}", {"data": data, "layout": layout}, label=told,
                          height=240)  # fmt: skip
    rows = [
        [str(b["size"]), number(b["clusters"]), number(b["covered"]), score(b["random_mean"], 1),
         f"{score(b['random_low'], 1)} – {score(b['random_high'], 1)}"]
        for b in bins
    ]  # fmt: skip
    head = ("Size", "Clusters", "Chosen covers", "Random covers", "Random, 95 %")
    return with_table(chart, head, rows, told)


def saturation_chart(found: Mapping[str, Any]) -> Component:
    """Return how far the edge cases are covered as more of them are taken, and where to stop."""
    x, known = found["budgets"], found.get("random_new_cluster_probability")
    data = [
        line("edge cases within reach", x, [100 * v for v in found["s"]], line={"width": 2.5}),
        grey("chance of a new cluster", x, [100 * v for v in found["new_cluster_probability"]]),
    ]
    if known:
        data.append(grey("the same after a random choice", x, [100 * v for v in known], "dot"))
    layout = axes("edge cases taken", "%")
    layout["yaxis"]["range"] = [0, 104]
    if found.get("suggested"):
        layout |= mark(found["suggested"], f" enough at {number(found['suggested'])} ", max(x))
    told = str(found.get("text") or "Edge cases within reach against how many are taken.")
    chart = figures.graph("report-saturation", {"data": data, "layout": layout}, label=told,
                          height=260)  # fmt: skip
    rows = [
        [number(n), share(s), score(g, 4), score(d, 3), share(p)]
        for n, s, g, d, p in zip(
            x, found["s"], found["gain_next"], found["drift"], found["new_cluster_probability"],
            strict=True,
        )
    ]  # fmt: skip
    head = ("Edge cases taken", "Within reach", "Gain of the next 1 %", "Drift of the centre",
            "Chance of a new cluster")  # fmt: skip
    return with_table(chart, head, rows, told)

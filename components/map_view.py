"""What stands around a map: its legend, and what may be read from it."""

from collections.abc import Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from components.attributes import attrs
from components.words import map_name, number, score, value_text

READING = {
    "umap": "Neighbours on the map are mostly neighbours in the data, and separate islands are "
    "mostly separate groups. Distances between islands, their sizes and their shapes mean little.",
    "tsne": "Close neighbours are kept best. Distances between groups, their sizes and how dense "
    "they look mean nothing.",
    "pca": "A straight projection: directions and large distances can be read, but groups that "
    "differ in other directions lie on top of each other.",
}

SCORES = (
    ("trustworthiness", "Trustworthiness", "share of map neighbours that are true, ranked"),
    ("continuity", "Continuity", "share of true neighbours that stayed near, ranked"),
    ("knn_recall", "kNN recall", "share of true nearest neighbours that stayed nearest"),
)


def caption(projection: Any, total: int) -> Component:
    """Return what may be read from a map, and how faithful it was measured to be."""
    method = projection.spec.method
    parts: list[Any] = [html.P([html.Strong(f"{map_name(method)}. "), READING.get(method, "")])]
    if projection.notice:
        parts.append(html.P(projection.notice, className="vt-hint"))
    measured = [
        html.Span([f"{name} ", html.Strong(score(projection.scores[key]))], title=told)
        for key, name, told in SCORES
        if key in projection.scores
    ]
    if measured:
        chance = projection.scores.get("knn_recall_chance")
        if chance is not None:
            measured.append(html.Span(["by chance ", html.Strong(score(chance))]))
        if projection.n_scored < total:
            measured.append(html.Span(f"measured on {number(projection.n_scored)} images"))
        parts.append(html.P(measured, className="vt-scores"))
    else:
        parts.append(html.P("Not measured yet how faithful it is.", className="vt-scores"))
    return html.Div(parts, className="vt-caption")


def legend(colouring: Any, palette: Sequence[str]) -> Component:
    """Return what the colours of a map mean; `palette` holds one colour for each code."""
    if colouring.kind == "number":
        stops = ", ".join(palette[1:256:32])
        ramp = html.Span(
            className="vt-ramp", style={"background": f"linear-gradient(90deg, {stops})"}
        )
        low, high = value_text(colouring.low), value_text(colouring.high)
        return html.Div(
            [html.Span(low), ramp, html.Span(high), _swatch(palette[0]), "no value"],
            className="vt-legend",
        )
    entries = [
        html.Li([_swatch(palette[e.index]), f"{e.label} ", html.Span(number(e.count))])
        for e in colouring.entries
    ]
    return html.Ul(entries, className="vt-legend", tabIndex=0, **attrs(aria_label="Legend"))


def _swatch(colour: str) -> Component:
    """Return a spot of one colour."""
    return html.Span(
        className="vt-swatch", style={"background": colour}, **attrs(aria_hidden="true")
    )

"""What stands around a map: its legend, and what may be read from it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from dash import html
from dash.development.base_component import Component

from components import scatter
from components.palette import MISSING, OTHER
from components.words import MAP_NAMES, map_name, number, score
from core.columns import Colouring

MAP = "explore"

#: The element that the map is drawn in.
HOST = scatter.part_id(MAP, "graph")

#: What a map is coloured by when there is nothing to colour by.
PLAIN = Colouring("", "category", np.zeros(0, np.uint8), ())

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


def flat_maps(projections: Mapping[str, str]) -> list[str]:
    """Return the names of a set's 2-D maps, the one to show first at the front."""
    order = list(MAP_NAMES)
    flat = [name for name in projections if not name.endswith("3d")]
    return sorted(flat, key=lambda n: order.index(n) if n in order else len(order))


def shown(
    found: Any, name: str, colour: str | None, selection: dict[str, Any] | None
) -> dict[str, str]:
    """Return the attributes of the map's host: which map of an open set, in which colours."""
    colouring = found.colouring(colour) if colour else PLAIN
    return scatter.attributes(
        set_name=found.name,
        imageset_key=found.key,
        projection_key=found.projections[name],
        n=len(found.items),
        colouring=colouring,
        labels=labels(found.points(name), colouring),
        selection=selection["selection"] if selection else "",
        pictures=bool(found.items["width"].notna().any()),
    )


def host(
    found: Any, attributes: Mapping[str, str], selection_store: Any, inspect_store: Any
) -> Component:
    """Return the host of a map; what it shows is changed by writing `shown` onto `HOST`."""
    return scatter.scatter(
        MAP,
        attributes,
        label=f"Map of {found.name}",
        selection_store=selection_store,
        inspect_store=inspect_store,
    )


def notes(found: Any, name: str, colour: str | None) -> list[Component]:
    """Return the legend and the caption of a map."""
    colouring = found.colouring(colour) if colour else PLAIN
    return [scatter.legend(colouring), caption(found.projection(name), len(found.items))]


def labels(points: np.ndarray, colouring: Any) -> list[dict[str, Any]]:
    """Return the names of the groups at the middle (median) of their points.

    `points` `(n, 2)` uint16 in row order. Numbers have no names on the map.
    """
    if colouring.kind == "number" or not len(points):
        return []
    placed = []
    for entry in colouring.entries:
        if entry.index in {MISSING, OTHER}:
            continue
        x, y = np.median(points[colouring.codes == entry.index], axis=0) / 65535
        placed.append({"x": round(float(x), 4), "y": round(float(y), 4),
                       "text": entry.label, "index": entry.index})  # fmt: skip
    return placed


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

"""A map in three dimensions: the same host as a flat map, drawn by `assets/map_cube.js`."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from dash import html
from dash.development.base_component import Component

from components import scatter
from components.words import number, plural
from core.maps.sample import CUBE

HOW = "Drag it or use the arrow keys to turn it, the wheel to come nearer. A click shows the image."
NO_LASSO = (
    "There is no lasso here: what it would hold behind the points that are seen, nobody sees. "
    "Select by the legend, the gallery or a filter, or on a map in two dimensions; the selection "
    "is shown here."
)
SAMPLED = (
    "taken evenly: each small cell of the cube gives at least one, crowded cells are thinned, so "
    "how dense a place looks means little. Colours and selections count all of them."
)


def attributes(**given: Any) -> dict[str, str]:
    """Return the attributes of the host; the arguments are those of `scatter.attributes`."""
    return scatter.attributes(**given, dims=3)


def cube(
    name: str,
    shown: Mapping[str, str],
    *,
    label: str = "Map of images in three dimensions",
    selection_store: scatter.Id | None = None,
    inspect_store: scatter.Id | None = None,
    marked: int | None = None,
) -> Component:
    """Return a map in three dimensions and the stores that it fills, as `scatter.scatter` does.

    The host has the same id, stores and attributes as a flat map: writing other `shown` onto it
    changes one into the other.
    """
    return scatter.scatter(
        name, {**shown, "data-dims": "3"}, label=label, selection_store=selection_store,
        inspect_store=inspect_store, marked=marked,
    )  # fmt: skip


def host(
    found: Any,
    shown: Mapping[str, str],
    selection_store: Any,
    inspect_store: Any,
    marked: int | None = None,
    name: str = "explore",
) -> Component:
    """Return the host of a set's map in three dimensions."""
    return cube(
        name, shown, label=f"Map of {found.name} in three dimensions",
        selection_store=selection_store, inspect_store=inspect_store, marked=marked,
    )  # fmt: skip


def shown(
    found: Any,
    name: str,
    colouring: Any,
    selection: Mapping[str, Any] | None,
    *,
    pictures: bool = True,
    flat: str = "",
) -> dict[str, str]:
    """Return the attributes of the host: which map of an open set, in which colours.

    Parameters
    ----------
    found, name
        The open set and its map.
    colouring
        What the points are coloured by (`OpenSet.colouring`, or one without codes).
    selection
        {"selection": id} to show; None for none.
    pictures
        Whether the items have pictures.
    flat
        Address of the page with a map in two dimensions, for browsers without WebGL2.
    """
    return attributes(
        set_name=found.name,
        imageset_key=found.key,
        projection_key=found.projections[name],
        n=len(found.items),
        colouring=colouring,
        selection=selection["selection"] if selection else "",
        pictures=pictures,
        flat=flat,
    )


def is_deep(projection: Any) -> bool:
    """Tell whether a map has three dimensions."""
    return bool(np.shape(projection.coordinates)[1] == 3)


def caption(total: int, one: str = "image") -> Component:
    """Return what is drawn of a map of `total` points, and how to work with it."""
    if total > CUBE:
        drawn = f"{number(CUBE)} of {plural(total, one)} drawn, {SAMPLED}"
    else:
        drawn = f"All {plural(total, one)} drawn." if total != 1 else f"1 {one} drawn."
    return html.Div(
        [html.P([html.Strong("3-D. "), drawn]), html.P(f"{HOW} {NO_LASSO}")],
        className="vt-caption",
    )

"""The map of a set as a component: the host that `assets/map.js` draws in, and its legend.

The component owns its ids. A page reads the selection and the inspected row from the two stores,
and changes a map that is shown by writing the attributes that `attributes` returns.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import quote, urlencode

from dash import dcc, html
from dash.development.base_component import Component

from components.attributes import attrs
from components.palette import OTHER, palette_for
from components.words import entry_name

Id = str | dict[str, str]

#: What `attributes` returns, in its order.
ATTRIBUTES = (
    "data-dims", "data-points", "data-colour", "data-palette", "data-palette-dark", "data-names",
    "data-mask",
    "data-base", "data-thumbs", "data-select", "data-set", "data-projection", "data-total",
    "data-labels", "data-flat",
)  # fmt: skip


class Entry(Protocol):
    """One line of a legend (core.columns.Entry)."""

    @property
    def index(self) -> int: ...  # noqa: D102
    @property
    def label(self) -> str: ...  # noqa: D102
    @property
    def count(self) -> int: ...  # noqa: D102


class Colouring(Protocol):
    """What the colour codes mean (core.columns.Colouring)."""

    @property
    def by(self) -> str: ...  # noqa: D102
    @property
    def kind(self) -> str: ...  # noqa: D102
    @property
    def entries(self) -> Sequence[Entry]: ...  # noqa: D102
    @property
    def low(self) -> float | None: ...  # noqa: D102
    @property
    def high(self) -> float | None: ...  # noqa: D102


def part_id(name: str, part: str) -> dict[str, str]:
    """Return the id of a part, "graph", "selection" or "inspect", of the map called `name`."""
    return {"component": "scatter", "part": part, "name": name}


def attributes(
    *,
    set_name: str,
    imageset_key: str,
    projection_key: str,
    n: int,
    colouring: Colouring,
    labels: Sequence[Mapping[str, Any]] = (),
    selection: str = "",
    pictures: bool = True,
    prefix: str = "/",
    dims: int = 2,
    flat: str = "",
) -> dict[str, str]:
    """Return the attributes that tell `assets/map.js` what to draw.

    Parameters
    ----------
    set_name, imageset_key, projection_key
        The set, its image set and the projection.
    n
        Number of points.
    colouring
        What the points are coloured by.
    labels
        Names on the map, the most important first: {"x", "y" in 0..1 map units, "text",
        "index": the colour code}.
    selection
        Id of the selection to show, "" for none.
    pictures
        Whether the set has images to show at the points.
    prefix
        Path that the app is served under, with both slashes.
    dims
        Dimensions of the map, 2 or 3; see `components.cube` for those of three.
    flat
        Address of a page with a map in two dimensions, where one in three cannot be drawn.
    """
    layer = f"{prefix}map/{quote(projection_key, safe='')}"
    colour = urlencode({"set": set_name, "by": colouring.by})
    mask = f"{prefix}api/selection/{quote(selection, safe='')}/mask" if selection else ""
    return {
        "data-dims": str(dims),
        "data-points": f"{layer}/points?{urlencode({'set': set_name})}",
        "data-colour": f"{layer}/colour?{colour}",
        "data-palette": _compact(palette_for(colouring.kind)),
        "data-palette-dark": _compact(palette_for(colouring.kind, dark=True)),
        "data-names": _compact({e.index: entry_name(e.label, e.index) for e in colouring.entries}),
        "data-mask": mask,
        "data-base": selection,
        "data-thumbs": f"{prefix}thumb/{quote(imageset_key, safe='')}/" if pictures else "",
        "data-select": f"{prefix}api/select",
        "data-set": set_name,
        "data-projection": projection_key,
        "data-total": str(n),
        "data-labels": _compact([dict(label) for label in labels]),
        "data-flat": flat,
    }


def scatter(
    name: str,
    shown: Mapping[str, str],
    *,
    label: str = "Map of images",
    selection_store: Id | None = None,
    inspect_store: Id | None = None,
    marked: int | None = None,
) -> Component:
    """Return a map and the stores that it fills.

    Parameters
    ----------
    name
        Tells this map from others on the page.
    shown
        What `attributes` returns.
    label
        What a screen reader calls the map.
    selection_store, inspect_store
        Ids of stores of the page to fill instead of the map's own.
    marked
        Row of the point to ring at first; the page's script moves the ring.

    Returns
    -------
    Component
        The host, with id `part_id(name, "graph")`. The selection store gets {"selection",
        "count", "total"}, or None when it is cleared; the inspect store gets {"row"}.
    """
    stores = {"selection": selection_store, "inspect": inspect_store}
    own = [dcc.Store(id=part_id(name, part)) for part, given in stores.items() if given is None]
    targets = {
        f"data-{part}-store": _dom_id(part_id(name, part) if given is None else given)
        for part, given in stores.items()
    }
    host = html.Div(
        id=part_id(name, "graph"),
        className="vt-map",
        tabIndex=0,
        **attrs(aria_label=label, data_marked="" if marked is None else str(marked),
                **targets, **shown),
    )  # fmt: skip
    return html.Div([host, *own], className="vt-map-frame")


def entry_id(name: str, code: int) -> dict[str, str]:
    """Return the id of the button of one category in the legend of the map called `name`."""
    return {"component": "scatter", "part": "entry", "name": name, "code": str(code)}


def legend(
    colouring: Colouring,
    name: str = "",
    *,
    pressed: Collection[int] = (),
    missing: bool = True,
) -> Component:
    """Return what the colours mean: a list of swatches, or a ramp for numbers.

    Parameters
    ----------
    colouring
        What the points are coloured by.
    name
        The map whose categories can be selected here; "" is a legend to read only.
    pressed
        Codes of the categories that are selected.
    missing
        Whether some points of a number have no value.
    """
    light, dark = (palette_for(colouring.kind, dark=d) for d in (False, True))
    both = [f"light-dark({a}, {b})" for a, b in zip(light, dark, strict=True)]
    if colouring.kind == "number":
        stops = ", ".join([*both[1:255:32], both[255]])
        ramp = html.Span(
            className="vt-ramp", style={"background": f"linear-gradient(90deg, {stops})"}
        )
        low, high = (_short(value) for value in (colouring.low, colouring.high))
        ends: list[Component] = [html.Span(low), ramp, html.Span(high)]
        ends += [_swatch(both[0]), html.Span("No value")] if missing else []
        return html.Div(ends, className="vt-legend", role="group", **attrs(aria_label="Legend"))
    lines = []
    for e in colouring.entries:
        told: list[Any] = [
            _swatch(both[e.index]),
            f"{entry_name(e.label, e.index)} ",
            html.Span(f"{e.count:,}"),
        ]
        if name and e.index != OTHER:
            on = e.index in pressed
            told = [html.Button(
                told, id=entry_id(name, e.index), type="button", className="vt-legend-entry",
                **attrs(aria_pressed="true" if on else "false"),
            )]  # fmt: skip
        lines.append(html.Li(told))
    focus: dict[str, Any] = {} if name else {"tabIndex": 0}  # a list that scrolls is reached by key
    return html.Ul(lines, className="vt-legend", **focus, **attrs(aria_label="Legend"))


def _swatch(colour: str) -> Component:
    """Return a spot of one colour."""
    return html.Span(
        className="vt-swatch", style={"background": colour}, **attrs(aria_hidden="true")
    )


def _short(value: float | None) -> str:
    """Return a number as a legend shows it."""
    if value is None:
        return "–"
    return f"{value:,.0f}" if value == round(value) or abs(value) >= 1e4 else f"{value:.4g}"


def _compact(value: Any) -> str:
    """Return JSON without spaces."""
    return json.dumps(value, separators=(",", ":"))


def _dom_id(component_id: Id) -> str:
    """Return an id as Dash writes it into the page: JSON with sorted keys for a pattern id."""
    if isinstance(component_id, str):
        return component_id
    return json.dumps(component_id, sort_keys=True, separators=(",", ":"))

"""Two maps side by side that show the same items: the same colours, selection and pointed-at item.

The right map is another of the same set, or one of another set that holds the same images (under
another encoder, or a part). The left map is the page's: its set, selection and inspector count.
`assets/map_link.js` relays between the two; items are matched by the routes of `link_routes`.
"""

from typing import Any
from urllib.parse import urlencode

import numpy as np
from dash import (
    MATCH,
    ClientsideFunction,
    Input,
    Output,
    callback,
    clientside_callback,
    dcc,
    html,
    no_update,
)
from dash.development.base_component import Component

from components import map_view, scatter
from components.attributes import attrs
from components.beside import AGREEMENT, Beside, links, resolve
from components.state import has_pictures, noun, services
from components.words import map_name, number, plural, share
from core.columns import Colouring
from core.errors import NotFoundError
from core.link import Side

NAME = "explore-beside"

#: The host of the right map; the left one is `map_view.HOST`.
HOST = scatter.part_id(NAME, "graph")

#: Hosts with the same group are linked.
GROUP = "explore"

NOTE = "vt-caption vt-map-note"

_SCALE = Colouring(AGREEMENT, "number", np.zeros(0, np.uint8), (), 0.0, 1.0)


def _id(part: str, name: Any = NAME) -> dict[str, Any]:
    return {"component": "linked", "part": part, "name": name}


# -- drawing ---------------------------------------------------------------------------------------


def shown(
    found: Any, name: str, beside: Beside, colour: str | None, selection: dict[str, Any] | None
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the attributes of the left and the right host."""
    if colour == AGREEMENT:
        left = _attributes(found, name, _SCALE, selection)
        right = _attributes(beside.found, beside.map, _SCALE, _there(found, beside, selection))
        sides = (_agreement_query(found, name, beside, side) for side in ("left", "right"))
        left["data-colour"], right["data-colour"] = (f"/api/link/agreement?{q}" for q in sides)
        return left, right
    left = map_view.shown(found, name, colour, selection)
    if not beside.foreign:
        return left, map_view.shown(found, beside.map, colour, selection)
    colours = links().colouring(found, colour, beside.found) if colour else map_view.PLAIN
    right = _attributes(beside.found, beside.map, colours, _there(found, beside, selection))
    if colour:
        same = colour in found.items and colour in beside.found.items
        query = {"set": beside.found.name, "from": found.name, "column": colour}
        # A name on the map selects by `by`, which only a column of both sets may stand in.
        query |= {"by": colour} if same else {}
        right["data-colour"] = f"/api/link/colour?{urlencode(query)}"
        right |= {} if same else {"data-labels": "[]"}
    return left, right


def _attributes(
    found: Any, name: str, colours: Colouring, selection: dict[str, Any] | None
) -> dict[str, str]:
    """Return the attributes of a map in given colours."""
    return scatter.attributes(
        set_name=found.name,
        imageset_key=found.key,
        projection_key=found.projections[name],
        n=len(found.items),
        colouring=colours,
        labels=map_view.labels(found.points(name), colours),
        selection=selection["selection"] if selection else "",
        pictures=has_pictures(found),
    )


def _agreement_query(found: Any, name: str, beside: Beside, side: str) -> str:
    return urlencode({"set": found.name, "map": name, "beside": beside.value, "side": side})


def _there(found: Any, beside: Beside, selection: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return the page's selection as one of the right set; None where there is none."""
    if not selection or not selection.get("selection") or not beside.foreign:
        return selection or None
    try:
        return links().translate(found, beside.found, selection["selection"])
    except NotFoundError:  # the page says so itself
        return None


def pair(
    found: Any,
    name: str,
    beside: Beside,
    colour: str | None,
    selection: dict[str, Any] | None,
    *,
    selection_store: Any,
    inspect_store: Any,
    marked: int | None = None,
) -> Component:
    """Return two linked maps and what is said about the two of them.

    Parameters
    ----------
    found, name
        The page's set and map, on the left, in the host `map_view.HOST`.
    beside
        The map on the right, in the host `HOST`.
    colour, selection
        The page's.
    selection_store, inspect_store
        The page's stores. They are told rows and selections of `found`, whichever map was used.
    marked
        Row of the item that the page shows.
    """
    left, right = shown(found, name, beside, colour, selection)
    foreign = beside.foreign
    tied = {"data-link": GROUP}
    stores = {"selection_store": selection_store, "inspect_store": inspect_store}
    hosts = (
        map_view.host(found, left | tied, marked=marked, **stores),
        scatter.scatter(
            NAME, right | tied | (_tie(found, beside) if foreign else {}),
            label=f"Map beside it: {beside.title}",
            marked=None if foreign else marked, **({} if foreign else stores),
        ),
    )  # fmt: skip
    heads = (_own_title(found, name, beside), beside.title)
    sides = [
        html.Div(
            [html.H2(head, id=_id(f"head-{side}"), className="vt-linked-head"), host],
            className="vt-linked-side",
        )
        for side, head, host in zip(("left", "right"), heads, hosts, strict=True)
    ]
    return html.Div(
        [
            html.Div(sides, className="vt-linked"),
            html.P("", className="vt-caption vt-linked-notice", role="status"),
            *([dcc.Store(id=_id("inspected"))] if foreign else []),
        ],
        className="vt-linked-frame",
    )


def _own_title(found: Any, name: str, beside: Beside) -> str:
    """Return what the left map is called."""
    return f"{map_name(name)} of {found.title}" if beside.foreign else map_name(name)


def _tie(found: Any, beside: Beside) -> dict[str, str]:
    """Return the attributes that tie the host of another set to the page's."""
    query = {"from": beside.found.name, "to": found.name}
    key = links().key(beside.found, found)
    return {
        "data-link-rows": f"/api/link/rows/{key}?{urlencode(query)}",
        "data-link-translate": "/api/link/selection",
    }


def notes(
    found: Any, name: str, beside: Beside, colour: str | None, rows: np.ndarray | None = None
) -> list[Component]:
    """Return what stands under both maps: the legend, how far they agree, and a caption of each."""
    if colour == AGREEMENT:
        legend: Component = scatter.legend(_SCALE, missing=beside.foreign)
        same = beside.found.spec.key == found.spec.key
        why = "at most one of them is right" if same else "the encoders or the maps differ"
        told = f"Bright: the same neighbours on both maps. Dark: others; there {why}."
        left = [map_view.caption(*_projected(found, name)), html.P(told, className=NOTE)]
    else:
        legend, *left = map_view.notes(found, name, colour, rows)
    right = [map_view.caption(*_projected(beside.found, beside.map))]
    asked = {"set": found.name, "map": name, "beside": beside.value}
    return [
        legend,
        html.Div(
            html.P("Comparing neighbours…"), id=_id("agreement"),
            className="vt-caption vt-linked-told", **attrs(aria_live="polite"),
        ),
        html.Div([html.Div(left), html.Div(right)], className="vt-linked-captions"),
        dcc.Store(id=_id("asked"), data=asked),
    ]  # fmt: skip


def _projected(found: Any, name: str) -> tuple[Any, int, str]:
    return found.projection(name), len(found.items), noun(found)


# -- what is said about the two --------------------------------------------------------------------


def agreement_text(found: Any, name: str, beside: Beside) -> list[str]:
    """Return, in sentences, how many items both hold and how far the two maps agree."""
    one, other = noun(found), beside.found
    told = []
    if beside.foreign:
        common = links().common(found, other)
        of = "All" if common == len(found) else f"{number(common)} of"
        told.append(f"{of} {plural(len(found), one)} are in both.")
    maps = links().agreement(Side(found, name), Side(other, beside.map))
    if not maps.measured:
        return [*told, "Too few to compare neighbours."]
    article = "an" if one[0] in "aeiou" else "a"
    told.append(
        f"On average {share(maps.mean)} of {article} {one}’s {maps.k} nearest on one map are among "
        f"its {maps.k} nearest on the other; by chance {share(maps.chance)}."
    )
    told += _vectors_text(found, other)
    if maps.measured < len(found) and not beside.foreign:
        told.append(f"Measured on {plural(maps.measured, one)}.")
    return told


def _vectors_text(found: Any, other: Any) -> list[str]:
    """Return how far two encoders agree before any map is drawn; [] for one encoder."""
    if other.spec.key == found.spec.key:
        return []
    try:
        vectors = links().agreement(Side(found), Side(other))
    except NotFoundError:
        return []
    if not vectors.measured:
        return []
    return [f"Of the encoders themselves, before any map: {share(vectors.mean)}."]


@callback(
    Output(_id("agreement", MATCH), "children"),
    Output(_id("head-left", MATCH), "children"),
    Input(_id("asked", MATCH), "data"),
)
def say(asked: dict[str, str] | None) -> tuple[Any, Any]:
    """Say how far two maps agree once they are shown: the first time it takes a moment."""
    if not asked:
        return no_update, no_update
    found = services().library.open(asked["set"])
    beside = resolve(found, asked["beside"])
    if beside is None:
        return no_update, no_update
    told = html.P(" ".join(agreement_text(found, asked["map"], beside)))
    return told, _own_title(found, asked["map"], beside)


clientside_callback(
    ClientsideFunction("vitrineLink", "inspected"),
    Output(_id("inspected", MATCH), "data"),
    Input({"component": "scatter", "part": "inspect", "name": MATCH}, "data"),
    prevent_initial_call=True,
)

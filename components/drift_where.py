"""One map of both sides, with the regions that are new or thinned out in colour."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from dash import dcc, html
from dash.development.base_component import Component

from components import morphology_figures as drawn
from components import tables
from components.drift_frame import address, chips, csv_link, file_name, label_of
from components.drift_pictures import Pair
from components.morphology_frame import card
from components.notices import hint
from components.words import number, plural, share

#: Points drawn at most, and the height of the map.
POINTS, HEIGHT = 3000, 600

_HUES = list(drawn.HUES)
#: The colour of each side, and its mark.
COLOURS, MARKS = {"a": _HUES[0], "b": _HUES[1]}, {"a": "circle", "b": "diamond"}

#: What the map can be coloured by.
COLOURINGS = (("", "Regions"), ("set", "Sets"))


def body(pair: Pair, keys: Mapping[str, str]) -> list[Component]:
    """Return the shared map, and how much of each side lies where."""
    return [_map(pair, keys), regions(pair.drift, keys)]


def _map(pair: Pair, keys: Mapping[str, str]) -> Component:
    """Return the card of the map."""
    drift, by = pair.drift, "set" if keys.get("by") == "set" else ""
    images = drift.images
    shown = sample(images)
    few = "" if len(shown) == len(images) else (
        f" {number(len(shown))} of {number(len(images))} are drawn, evenly from every region."
    )  # fmt: skip
    data = by_set(drift, shown) if by else by_region(drift, shown)
    umap = drift.meta["request"].get("map") == "umap"
    axes, what = ("UMAP", "a UMAP map") if umap else ("PC", "two components")
    layout = {
        "xaxis": {**_axis(f"{axes} 1 of both sets")},
        "yaxis": {**_axis(f"{axes} 2 of both sets"), "scaleanchor": "x"},
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom",
                   "font": {"size": 11}, "itemsizing": "constant"},
        "margin": {"l": 48, "r": 12, "t": 8, "b": 48},
    }  # fmt: skip
    pictures = "/thumb/" if any(pair.pictured(side) for side in ("a", "b")) else ""
    chart = drawn.figure(
        "drift-map", "Both sets on one map", data, layout,
        label=f"Images of both sets on {what}.{few} The table below has the numbers.",
        height=HEIGHT, file=file_name(drift, "map"), pictures=pictures,
        links=[csv_link(drift, "images", "All images of both sets")],
    )  # fmt: skip
    return card(
        "Where they differ",
        html.P(_sentence(drift), className="vt-lead"),
        chips("Colour", COLOURINGS, by, {**keys, "key": drift.key}, "by"),
        chart,
        hint("Regions are found among all dimensions, not on this map, which "
             + ("lays neighbours out flat: sizes of gaps mean little." if umap else
                "shows two of them: what overlaps here may lie apart.") + few),
    )  # fmt: skip


def _axis(title: str) -> dict[str, Any]:
    """Return an axis without a scale: distances on a map mean little."""
    return {"title": {"text": title, "standoff": 6}, "zeroline": False, "showgrid": False,
            "showticklabels": False}  # fmt: skip


def _sentence(drift: Any) -> str:
    """Return how many images lie in regions that are new or thinned out."""
    local = drift.meta["local"]
    new, gone = int(local.get("new_images") or 0), int(local.get("vanished_images") or 0)
    a, b = label_of(drift, "a"), label_of(drift, "b")
    if not new and not gone:
        return (f"No region was found where {a} or {b} crowds out the other more than chance "
                "allows.")  # fmt: skip
    told = []
    if new:
        told.append(f"{plural(new, 'image')} of {b} where it crowds out {a} (new)")
    if gone:
        told.append(f"{plural(gone, 'image')} of {a} where {b} is rare or missing (vanished)")
    return f"More than chance allows: {' and '.join(told)}."


def sample(images: pd.DataFrame, most: int = POINTS) -> pd.DataFrame:
    """Return the images that are drawn: all, or an even sample of each side and state.

    Images in new or vanished regions are thinned no more than the others, and never to none.
    """
    if len(images) <= most:
        return images
    groups = images.groupby(["side", "local"], sort=True)
    place, count = groups.cumcount(), groups["row"].transform("size")
    wanted = np.maximum(1, np.floor(most * count / len(images))).astype(int)
    # evenly through each: where the number taken so far grows
    taken = (place + 1) * wanted // count > place * wanted // count
    kept: pd.DataFrame = images[taken.to_numpy(bool)]
    return kept


def by_region(drift: Any, images: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the points: what is shared in grey, what is new or vanished in its side's colour."""
    a, b = label_of(drift, "a"), label_of(drift, "b")
    state, side = images["local"], images["side"]
    gone, new = (state < 0) & (side == "a"), (state > 0) & (side == "b")
    rest = ~(gone | new)
    return [
        *(
            _points(images[rest & (side == one)], f"{drawn.short(name)}, elsewhere",
                    drawn.GREY, MARKS[one], 5, 0.4)
            for one, name in (("a", a), ("b", b))
        ),
        _points(images[gone], f"vanished: {drawn.short(a)}", COLOURS["a"], MARKS["a"], 6),
        _points(images[new], f"new: {drawn.short(b)}", COLOURS["b"], MARKS["b"], 6),
    ]  # fmt: skip


def by_set(drift: Any, images: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the points in the colour of their side."""
    return [
        _points(images[images["side"] == side], drawn.short(label_of(drift, side)), COLOURS[side],
                MARKS[side], 6)
        for side in ("a", "b")
    ]  # fmt: skip


def _points(
    images: pd.DataFrame, name: str, colour: str, mark: str, wide: int, solid: float = 0.75
) -> dict[str, Any]:  # fmt: skip
    """Return images as points that know their picture."""
    return {
        "type": "scatter", "mode": "markers", "name": f"{name} ({number(len(images))})",
        "x": images["x"].astype(float).round(5).tolist(),
        "y": images["y"].astype(float).round(5).tolist(),
        "customdata": images["item_id"].astype(str).tolist(),
        "hovertemplate": f"{name}<extra></extra>",
        "marker": {"color": colour, "symbol": mark, "size": wide, "opacity": solid},
        "showlegend": len(images) > 0,
    }  # fmt: skip


def regions(drift: Any, keys: Mapping[str, str]) -> Component:
    """Return how much of each side lies where, as a table."""
    images, meta = drift.images, drift.meta
    rows = []
    for state, words in ((1, "where B outweighs A (new)"), (0, "where both are as expected"),
                         (-1, "where A outweighs B (vanished)")):  # fmt: skip
        cells = []
        for side in ("a", "b"):
            mine = images[images["side"] == side]
            count = int((mine["local"] == state).sum())
            cells.append(f"{number(count)} ({share(count / max(1, len(mine)))})")
        rows.append([words[:1].upper() + words[1:], *cells])
    head = ("Region", f"A: {label_of(drift, 'a')}", f"B: {label_of(drift, 'b')}")
    k, tested = meta["local"].get("k"), meta["local"].get("tested")
    note = ""
    if k and tested:
        note = (f"Each of {number(tested)} images was asked how many of its {number(k)} nearest "
                "are of each side; what is told is adjusted for that many questions "
                "(false discovery rate 0.05).")  # fmt: skip
    ways = [("The images that drifted most", "images"), ("The groups they are in", "clusters")]
    now = {**keys, "key": drift.key}
    links = [dcc.Link(text, href=address(now, view=view), className="vt-link")
             for text, view in ways]  # fmt: skip
    return card("How much of each set", tables.table(head, rows, caption="Images by region"),
                html.P(note, className="vt-small") if note else None,
                html.Div(links, className="vt-actions"))  # fmt: skip

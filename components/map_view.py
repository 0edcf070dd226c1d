"""What stands around a map: its legend, and what may be read from it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from dash import html
from dash.development.base_component import Component

from components import scatter
from components.palette import MISSING, OTHER
from components.state import has_pictures, noun
from components.words import MAP_NAMES, map_name, number, plural, score
from core.columns import Colouring

MAP = "explore"

#: The element that the map is drawn in.
HOST = scatter.part_id(MAP, "graph")

#: How far from a place its surroundings reach, in map units of 65,536 a side.
NEAR = 2048

#: What a map is coloured by when there is nothing to colour by.
PLAIN = Colouring("", "category", np.zeros(0, np.uint8), ())

READING = {
    "umap": "Neighbours on the map are mostly neighbours in the data, and separate islands are "
    "mostly separate groups. Distances between islands, their sizes and their shapes mean little.",
    "tsne": "Close neighbours are kept best. Distances between groups, their sizes and how dense "
    "they look mean nothing.",
    "pca": "A straight projection: what lies far apart is different, and directions can be read. "
    "What lies close may still differ, in directions that the map leaves out.",
}

#: What the colours say when they are a measure of every point of a map: high is bright.
MEASURES = {
    "faithfulness": "Bright: the nearest on the {} map are truly the nearest. Dark: they are not; "
    "look at the neighbours in the inspector instead.",
    "torn": "Bright: the {} map took an image's true neighbours away from it, so look for them "
    "elsewhere on the map. 0: none; random placing gives about 0.5.",
    "squeezed": "Bright: the {} map put images beside each other that are not alike, so do not "
    "read them as neighbours. 0: none; random placing gives about 0.5.",
}

SCORES = (
    ("trustworthiness", "Trustworthiness", "share of map neighbours that are true, ranked"),
    ("continuity", "Continuity", "share of true neighbours that stayed near, ranked"),
    ("knn_recall", "Neighbour recall", "share of true nearest neighbours that stayed nearest"),
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
        pictures=has_pictures(found),
    )


def host(
    found: Any,
    attributes: Mapping[str, str],
    selection_store: Any,
    inspect_store: Any,
    marked: int | None = None,
) -> Component:
    """Return the host of a map; what it shows is changed by writing `shown` onto `HOST`."""
    return scatter.scatter(
        MAP,
        attributes,
        label=f"Map of {found.name}",
        selection_store=selection_store,
        inspect_store=inspect_store,
        marked=marked,
    )


def notes(
    found: Any, name: str, colour: str | None, rows: np.ndarray | None = None
) -> list[Component]:
    """Return the legend and the caption of a map; `rows` are those selected, None for all."""
    colouring = found.colouring(colour) if colour else PLAIN
    legend = scatter.legend(
        colouring, MAP, pressed=whole_categories(colouring, rows),
        missing=bool((colouring.codes == MISSING).any()),
    )  # fmt: skip
    parts = [legend, caption(found.projection(name), len(found.items), noun(found))]
    told = [colour_note(colour), started_note(found, name), placed_note(found)]
    parts += [html.P(text, className="vt-caption vt-map-note") for text in told if text]
    return parts


def colour_note(colour: str | None) -> str:
    """Return what the colours say when they are a measure of every point; "" if they are not."""
    measure, _, of = (colour or "").partition(" ")
    known = measure in MEASURES and of.removesuffix("3d") in MAP_NAMES
    return MEASURES[measure].format(map_name(of)) if known else ""


def started_note(found: Any, name: str) -> str:
    """Return from which map this one was started, and how alike the two are; "" if from none."""
    levels = found.lineage
    measured = levels[-1].m2.get(name) if len(levels) > 1 else None
    if measured is None:
        return ""
    begun = found.projection(name).parent
    how = "was started from" if begun else "was made afresh, not from"
    return (
        f"This map {how} the map of {levels[-2].title}: m² = {score(measured, 2)} "
        "(0: same arrangement, 1: none)."
    )


def placed_note(found: Any) -> str:
    """Return how many items were added later and only placed on the maps; "" if none was."""
    placed = getattr(found, "placement", None)
    if placed is None:
        return ""
    status = np.asarray(placed[0])
    later, off = int((status > 0).sum()), int((status == 2).sum())
    if not later:
        return ""
    were = "was" if later == 1 else "were"
    text = f"{plural(later, noun(found))} {were} added later and placed on the map as it was."
    if off:
        text += (
            f" {number(off)} of them {'is' if off == 1 else 'are'} unlike everything on it (off "
            "the map): where they lie says nothing."
        )
    return text


def entry_label(colouring: Any, code: int) -> str:
    """Return the name of one category as a filter takes it: "" for no value."""
    named = (entry.label for entry in colouring.entries if entry.index == code)
    return "" if code == MISSING else next(named, "")


def rows_of(colouring: Any, code: int) -> np.ndarray:
    """Return the rows of one category."""
    return np.flatnonzero(colouring.codes == code)


def whole_categories(colouring: Any, rows: np.ndarray | None) -> set[int]:
    """Return the codes of the categories that a selection consists of; none if it cuts through."""
    if rows is None or colouring.kind == "number" or not len(rows):
        return set()
    total = np.bincount(colouring.codes, minlength=256)
    chosen = np.bincount(colouring.codes[np.asarray(rows)], minlength=256)
    if ((chosen > 0) & (chosen < total)).any():
        return set()
    return {int(code) for code in np.flatnonzero(chosen)}


def labels(points: np.ndarray, colouring: Any) -> list[dict[str, Any]]:
    """Return the names of the groups where their points are.

    `points` `(n, 2)` uint16 in row order. Numbers have no names on the map.
    """
    if colouring.kind == "number" or not len(points):
        return []
    placed = []
    for entry in colouring.entries:
        if entry.index in {MISSING, OTHER}:
            continue
        x, y = middle(points[colouring.codes == entry.index]) / 65535
        placed.append({"x": round(float(x), 4), "y": round(float(y), 4),
                       "text": entry.label, "index": entry.index})  # fmt: skip
    return placed


def middle(points: np.ndarray) -> np.ndarray:
    """Return the middle of a group `(m, 2)` uint16: its median, if some of it lies there.

    The median of a group in two parts lies between them, where nothing is: then it is the median
    of its fullest part.
    """
    centre = np.median(points, axis=0)
    near = np.abs(points - centre).max(axis=1) < NEAR
    if near.mean() >= 0.05:
        return centre
    cells = (points // NEAR) @ np.array([65536 // NEAR + 1, 1])
    found, counts = np.unique(cells, return_counts=True)
    return np.median(points[cells == found[counts.argmax()]], axis=0)


def caption(projection: Any, total: int, one: str = "image") -> Component:
    """Return what may be read from a map, and how faithful it was measured to be.

    Of points that were only set in a line nothing can be read: their notice stands alone.
    """
    method = projection.spec.method
    if projection.notice and not projection.scores:
        return html.Div(html.P(projection.notice), className="vt-caption")
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
            measured.append(html.Span([f"by chance {score(chance)}"], className="vt-scores-chance"))
        if projection.n_scored < total:
            measured.append(html.Span(f"measured on {plural(projection.n_scored, one)}"))
        parts.append(html.P(measured, className="vt-scores"))
    else:
        parts.append(html.P("Not measured yet how faithful it is.", className="vt-scores"))
    return html.Div(parts, className="vt-caption")

"""Where in the frame two sets differ: a map over the mean picture, and parts the other lacks."""

import base64
from collections.abc import Mapping
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component
from PIL import Image

from components import drift_pictures, tables
from components import morphology_figures as drawn
from components.attributes import attrs
from components.drift_frame import address, csv_link, file_name, label_of, side_mark
from components.drift_pictures import Pair
from components.morphology_frame import card, p_text, sentence, statistic
from components.morphology_tables import nothing
from components.notices import button_link, hint
from components.state import link
from components.words import number, plural, share
from core.drifts.overlay import jpeg

ALPHA = 0.05
#: Height of the map, places in its table, and pictures of each side with strange parts.
HEIGHT, LISTED, STRANGE = 460, 10, 12

#: What images of the list can be shown as, by the address's "heat".
HEATS = (("", "As they are"), ("pair", "Where the two differ"), ("set", "What the other set lacks"))


def body(pair: Pair, keys: Mapping[str, str]) -> list[Component]:
    """Return what features by place say of a comparison."""
    drift = pair.drift
    found = drift.meta.get("spatial")
    if not found:
        return [_not_asked(drift, keys)]
    if "effect" not in found:
        return [card("Where in the frame", nothing(sentence(found.get("notice"))))]
    kept = pair.patches
    parts = [_over_frame(drift, found, kept), _table(found)]
    if kept is None:
        gone = "The features by place were deleted; compare again to see them on pictures."
        parts.append(card("Pictures", nothing(gone)))
    else:
        parts.append(_strange(pair, kept, keys))
    return parts


def _not_asked(drift: Any, keys: Mapping[str, str]) -> Component:
    """Return how to compare by place, where that was not done."""
    form = link("/drift", set=keys["set"], view="design", key=drift.key)
    return card(
        "Where in the frame",
        html.P("This comparison looked at whole pictures. It can also be made place by place: for "
               "sets of one frame (a fixed camera, scans, plates) it shows where they differ; for "
               "any others it finds the parts that the other set has not.", className="vt-lead"),
        html.P("Choose “Compare where in the frame” under More.", className="vt-small"),
        html.Div(button_link("Compare again", form, primary=True), className="vt-actions"),
    )  # fmt: skip


def _over_frame(drift: Any, found: Mapping[str, Any], kept: Any) -> Component:
    """Return the map of the frame over the mean picture, with what it rests on."""
    counts = found["images"]
    bag = found["bag"]
    facts = [
        ("Images", " and ".join(f"{number(n)} of {side}" for n, side in zip(counts, "AB",
                                                                            strict=True))),
        ("Places", f"{found['grid'][0]} × {found['grid'][1]}"),
        ("Places that differ", f"{number(found['places'])} (p {p_text(found['least'])} over the "
                               "whole frame)"),
        ("Patches wherever they lie", f"MMD² {statistic(bag['effect'], 4)}, p {p_text(bag['p'])}"),
        ("Explained by place", share(max(0.0, found["alignment"]))),
        ("Kept of the features", f"{found['dims']} of {number(found['of_dims'])} components, "
                                 f"{share(found['kept'])} of the variance"),
    ]  # fmt: skip
    unread = int(found.get("unread") or 0)
    return card(
        "Where in the frame",
        html.P(found["text"], className="vt-lead"),
        html.Div([_means(drift, kept), _chart(drift, found, kept)], className="vt-drift-frame"),
        tables.facts(facts, "vt-facts vt-record"),
        html.P(f"{plural(unread, 'picture')} could not be read.", className="vt-small")
        if unread else None,
        hint("The frame is what the encoder sees of a picture. Outlined places differ: one outline "
             "anywhere by chance is as rare as p says."),
    )  # fmt: skip


def _means(drift: Any, kept: Any) -> Component | None:
    """Return the mean picture of each side."""
    if kept is None:
        return None
    shown = [
        html.Figure([
            html.Img(src=f"/api/drift/{drift.key}/mean-{side}.jpg", className="vt-drift-mean",
                     alt=f"Mean picture of {label_of(drift, side)}"),
            html.Figcaption(side_mark(side, f"{label_of(drift, side)}, the mean of its pictures"),
                            className="vt-small"),
        ])
        for side in "ab" if side in kept.means
    ]  # fmt: skip
    return html.Div(shown, className="vt-drift-means")


def _chart(drift: Any, found: Mapping[str, Any], kept: Any) -> Component:
    """Return the effect at each place as colour over B's mean picture."""
    effect, p = found["effect"], found["p"]
    high, wide = len(effect), len(effect[0])
    outlines = [
        {"type": "rect", "x0": x - 0.46, "x1": x + 0.46, "y0": y - 0.46, "y1": y + 0.46,
         "line": {"color": colour, "width": thick}}
        for colour, thick in (("#ffffff", 4), ("#16323a", 1.5))
        for y in range(high) for x in range(wide) if p[y][x] < ALPHA
    ]  # fmt: skip
    behind = []
    if kept is not None and "b" in kept.means:
        data = base64.b64encode(jpeg(Image.fromarray(kept.means["b"]))).decode("ascii")
        behind = [{"source": f"data:image/jpeg;base64,{data}", "xref": "x", "yref": "y",
                   "x": -0.5, "y": -0.5, "sizex": wide, "sizey": high, "sizing": "stretch",
                   "layer": "below"}]  # fmt: skip
    trace = {
        "type": "heatmap", "z": effect, "customdata": p,
        "zmin": 0, "zmax": max(1e-9, *(max(line) for line in effect)),
        "colorscale": [[0, "rgba(255,64,0,0)"], [1, "rgba(255,64,0,0.85)"]],
        "colorbar": {"title": {"text": "effect", "side": "right"}, "thickness": 12, "len": 0.9},
        "hovertemplate": "row %{y}, column %{x}<br>effect %{z:.3f}, p %{customdata:.3f}"
        "<extra></extra>",
    }  # fmt: skip
    axis = {"showgrid": False, "zeroline": False, "showticklabels": False, "fixedrange": True}
    layout = {
        "xaxis": {**axis, "range": [-0.5, wide - 0.5], "constrain": "domain"},
        "yaxis": {**axis, "range": [high - 0.5, -0.5], "scaleanchor": "x", "constrain": "domain"},
        "images": behind, "shapes": outlines, "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
    }  # fmt: skip
    return drawn.figure(
        "drift-places", "Difference by place, over the mean of B", [trace], layout,
        label=f"Difference at each of {high} × {wide} places; the table below lists the largest.",
        height=HEIGHT, wide=560, file=file_name(drift, "places"),
        links=[csv_link(drift, "places", "All places")],
    )  # fmt: skip


def _table(found: Mapping[str, Any]) -> Component:
    """Return the places with the largest difference."""
    effect, p = found["effect"], found["p"]
    every = [
        (effect[y][x], p[y][x], y, x) for y in range(len(effect)) for x in range(len(effect[0]))
    ]
    every.sort(key=lambda one: (-one[0], one[2], one[3]))
    rows = [
        [str(y + 1), str(x + 1), statistic(value, 3), p_text(chance),
         "differs" if chance < ALPHA else "not seen to differ"]
        for value, chance, y, x in every[:LISTED]
    ]  # fmt: skip
    head = ("Row, from the top", "Column, from the left", "Effect", "p, whole frame", "Verdict")
    few = f"The {min(LISTED, len(every))} largest of {number(len(every))}."
    return card(
        "Places",
        html.P(few, className="vt-small"),
        tables.table(head, rows, caption="Places of the frame by their difference"),
        hint("Effect: squared distance of the mean features over their variance inside the sets; "
             "p: against the largest effect anywhere in other splits of the images."),
    )  # fmt: skip


def _strange(pair: Pair, kept: Any, keys: Mapping[str, str]) -> Component:
    """Return images of both sides with the parts that the other side has not."""
    drift = pair.drift
    sides = []
    for side in ("b", "a"):
        other = label_of(drift, "a" if side == "b" else "b")
        shown = kept.strangest(side, STRANGE)
        items = [html.Li(heated(pair, side, row, how=f"{statistic(score)} times usual"))
                 for row, score in shown]  # fmt: skip
        sides.append(html.Div([
            html.H3(f"In {label_of(drift, side)}, not in {other}"),
            html.Ul(items, className="vt-drift-strange", **attrs(
                aria_label=f"Images of {label_of(drift, side)} with parts unlike {other}")),
        ]))  # fmt: skip
    return card(
        "Parts that the other set has not",
        hint("In colour: what is further from anything in the other set than 95 % of A's own parts "
             "are from other images of A; full at 1.6 times that."),
        html.Div(sides, className="vt-drift-both"),
        html.P(["Of the images that were tested or drifted most. ",
                dcc.Link("Drifted images beside their counterparts", className="vt-link",
                         href=address({**keys, "key": drift.key}, view="images", heat="pair"))],
               className="vt-small"),
    )  # fmt: skip


def heated(
    pair: Pair, side: str, row: int, *, beside: int = -1, how: str = "", size: str = "small"
) -> Component:
    """Return a picture with what is unlike in colour, as a link to the image in Explore.

    Parameters
    ----------
    beside
        The row of the other side that it is held against; −1 is all of that side.
    how
        What is told of it besides its label.
    """
    note = side_mark(side, " · ".join(one for one in (pair.word(side, row), how) if one))
    kept = pair.patches
    if not pair.pictured(side) or kept is None or not kept.has(side, row):
        return drift_pictures.picture(pair, side, row, note)
    other = "b" if side == "a" else "a"
    if beside >= 0 and not kept.has(other, beside):
        return drift_pictures.picture(pair, side, row, note)
    where = f"/api/drift/{pair.drift.key}/places/{side}/{row}.jpg?size={size}"
    src = where + (f"&beside={beside}" if beside >= 0 else "")
    said = "its counterpart lacks" if beside >= 0 else "the other set lacks"
    return drift_pictures.linked(pair, side, row, html.Img(
        src=src, alt=f"In colour: what {said}", className="vt-thumb"), note)  # fmt: skip

"""Semantic against visual likeness: the neighbours of one picture by each encoder."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from dash import dcc, html
from dash.development.base_component import Component

from components import quality_items
from components.attributes import attrs
from components.encoder_frame import address, card, said
from components.state import captions, whole

#: Neighbours shown of each encoder, and pictures offered on which encoders disagree most.
SHOWN, OFFERED = 8, 12


def telling(court: Any, count: int = OFFERED) -> list[int]:
    """Return rows on which encoders disagree most, spread over their neighbourhoods.

    A picture whose neighbours by the first encoder hold one that is listed already is passed over,
    so that not all are of one place.
    """
    order = np.argsort(-court.contrast, kind="stable")
    found: list[int] = []
    seen: set[int] = set()
    for place in order.tolist():
        if len(found) == count:
            break
        if int(court.rows[place]) in seen:
            continue
        found.append(int(court.rows[place]))
        seen |= {int(row) for row in court.near[0, place].tolist()}
    return found


def view(found: Any, court: Any, keys: Mapping[str, str]) -> Component | None:
    """Return the nearest of one picture by every encoder, a strip each.

    Parameters
    ----------
    found
        The open set; where it has changed since, nothing can be shown.
    court
        The court.
    keys
        The keys in the address; `row` is the picture.
    """
    if court.meta["imageset"] != found.key or not len(court.rows):
        return None
    offered = telling(court)
    row = whole(keys.get("row"))
    if row is None or not np.isin(row, court.rows):
        row = offered[0]
    place = int(np.searchsorted(court.rows, row))
    strips = [_strip(found, court, at, place, row) for at in range(len(court.near))]
    others = [
        dcc.Link(quality_items.name_of(found, one), href=address(keys, row=one),
                 className="vt-link")
        for one in offered if one != row
    ]  # fmt: skip
    return card(
        "Alike in meaning, or to the eye",
        html.P("The same picture and its nearest images by each encoder. Pictures on which they "
               "differ most come first.", className="vt-small"),
        html.Div([quality_items.figure(found, row)], className="vt-court-picture"),
        *strips,
        html.Nav([html.Span("Others that they see differently: ", className="vt-small"),
                  html.Ul([html.Li(one) for one in others], className="vt-court-others")],
                 **attrs(aria_label="Other pictures")),
        look="vt-court-near",
    )  # fmt: skip


def _strip(found: Any, court: Any, at: int, place: int, row: int) -> Component:
    """Return the nearest by one encoder, and how many have the picture's label."""
    rows = [int(one) for one in court.near[at, place, :SHOWN]]
    apart = court.apart[at, place, :SHOWN]
    own, labels = captions(found, [row])[0], captions(found, rows)
    under = [f"{label} · {far:.2f}" if label else f"{far:.2f}"
             for label, far in zip(labels, apart, strict=True)]  # fmt: skip
    same = sum(1 for label in labels if label and label == own)
    name = said(court.meta["encoders"][at]["name"])
    told = f"{same} of {len(rows)} with its label" if own else ""
    return html.Section(
        [html.H3([name, html.Span(f" {told}", className="vt-small")]),
         quality_items.strip(found, rows, under)],
        className="vt-court-strip",
    )  # fmt: skip

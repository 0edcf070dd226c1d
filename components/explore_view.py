"""The frame of the Explore page: map and gallery side by side, or as tabs where it is narrow."""

from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from components import gallery
from components.attributes import attrs
from components.state import PAGE_SIZE, has_pictures, link, noun, whole
from components.words import map_name, number, plural

CLEAR = "explore-clear"
NAME = "explore"


def frame(
    *,
    notices: list[Component],
    toolbar: list[Component],
    map_part: Component,
    gallery_part: Component,
) -> Component:
    """Return the page's frame; which tab shows is set by `assets/pages.js`."""
    tabs = [
        html.Button(text, type="button", className="vt-tab",
                    **attrs(data_vt_tab=value, aria_pressed="true" if value == "map" else "false"))
        for value, text in (("map", "Map"), ("gallery", "Gallery"))
    ]  # fmt: skip
    return html.Div(
        [
            html.Div(notices, className="vt-explore-notices"),
            html.Div(toolbar, className="vt-toolbar"),
            html.Div(tabs, className="vt-tabs vt-explore-tabs", role="group",
                     **attrs(aria_label="Show")),
            html.Section(map_part, className="vt-pane vt-pane-map", **attrs(aria_label="Map")),
            html.Section(gallery_part, className="vt-pane vt-pane-gallery",
                         **attrs(aria_label="Gallery")),
        ],
        className="vt-explore",
        **attrs(data_tab="map"),
    )  # fmt: skip


def compute_map(select_id: str, button_id: str, missing: list[str]) -> Component:
    """Return the choice of a map to compute; hidden when the set has all."""
    options = [{"label": map_name(name), "value": name} for name in missing]
    field = dbc.Select(
        id=select_id, options=options, value=missing[0] if missing else "", size="sm"
    )
    return html.Div(
        [
            html.Label("Another map", htmlFor=select_id, className="vt-inline-label"),
            field,
            html.Button("Compute", id=button_id, type="button", className="btn btn-quiet btn-sm"),
        ],
        className="vt-inline-field",
        hidden=not missing,
    )


def gallery_part(
    found: Any, selection: dict[str, Any] | None, keys: dict[str, Any], store: Any, kept: Any
) -> list[Component]:
    """Return the gallery of all images or of the selection, virtual or in pages."""
    chosen = selection["selection"] if selection else ""
    query = {"set": found.name, "map": keys["map"], "color": keys["color"], "sel": chosen}
    paged = keys.get("view") == "pages"
    switch = dcc.Link(
        "As a grid" if paged else "As pages",
        href=link("/explore", **query, view="" if paged else "pages"),
        className="vt-link",
    )
    head = html.Div([count(found, selection), switch, gallery.size_buttons(NAME)],
                    className="vt-gallery-head")  # fmt: skip
    if not paged:
        window = gallery.window_url(found.name, selection=chosen)
        return [head, gallery.host(NAME, window, store, label=f"Images of {found.name}",
                                   pictures=has_pictures(found))]  # fmt: skip
    total = selection["count"] if selection else len(found.items)
    page = min(max(1, whole(keys["page"], 1) or 1), max(1, -(-total // PAGE_SIZE)))
    places = range((page - 1) * PAGE_SIZE, min(page * PAGE_SIZE, total))
    rows = [int(r) for r in kept.load(chosen, found.key)[places.start : places.stop]] if chosen \
        else list(places)  # fmt: skip
    query["view"] = "pages"
    return [head, gallery.page_of(found, rows, page, "/explore", query, total=total,
                                  inspect_store=store)]  # fmt: skip


def count(found: Any, selection: dict[str, Any] | None) -> Component:
    """Return how many images are shown, and the way back to all of them."""
    total = len(found.items)
    if selection:
        text: list[Any] = [html.Strong(f"{number(selection['count'])} selected"),
                           f" of {number(total)}"]  # fmt: skip
    else:
        one = noun(found) if total else "image"
        text = [
            html.Strong(
                f"All {plural(total, one)}"
                if total > 1
                else plural(total, one)
                if total
                else "No images"
            )
        ]
    clear = html.Button(
        "Clear", id=CLEAR, type="button", className="btn btn-quiet btn-sm", hidden=not selection,
        **attrs(aria_label="Clear the selection"),
    )  # fmt: skip
    return html.Div([html.Span(text, role="status"), clear], className="vt-count")

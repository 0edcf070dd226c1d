"""The frame of the Explore page: map and gallery side by side, or as tabs where it is narrow."""

from typing import Any

import dash_bootstrap_components as dbc
import numpy as np
from dash import dcc, html
from dash.development.base_component import Component

from components import (
    cube,
    explore_table,
    export_menu,
    filters,
    gallery,
    lineage,
    linked,
    map_view,
    notices,
    pickers,
    quality_difference,
    search,
    search_words,
    selection_bar,
)
from components.attributes import attrs
from components.beside import AGREEMENT
from components.beside import picker as beside_picker
from components.explore_state import Explored, drawn
from components.notices import button_link
from components.selection_ops import marks_of
from components.state import PAGE_SIZE, has_pictures, link, noun, services, whole
from components.words import map_name

NAME = "explore"

#: How the images are shown, by the key `view`.
VIEWS = {"": "As a grid", "pages": "As pages", "table": "As a table"}

#: Items below which every map is only a line of points (core.maps.projection).
FEWEST = 5


def frame(
    *,
    notices: list[Component],
    toolbar: list[Component],
    map_part: Component,
    gallery_part: list[Component],
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


def no_set() -> Component:
    """Return the page of an empty workspace."""
    empty = notices.empty_state(
        "Nothing to explore yet", "Add a folder of images, or open the sample set.",
        button_link("Add a set", "/", primary=True), heading=html.H1,
    )  # fmt: skip
    return html.Div(empty, className="vt-page")


# -- above the map ---------------------------------------------------------------------------------


def toolbar(e: Explored, ids: dict[str, str]) -> list[Component]:
    """Return what is chosen above the map; `ids` names the fields map, colour, beside, parts,
    missing, compute.
    """
    found = e.found
    usable = len(found.items) > 0
    hidden = not (e.maps and usable)
    missing = pickers.missing_maps(e.maps) if len(found.items) >= FEWEST else []
    parts = services().library.parts(found.name)
    value = e.beside.value if e.beside else ""
    shown = [
        lineage.breadcrumb(found),
        html.Div(pickers.map_picker(ids["map"], e.maps, e.map), hidden=hidden),
        html.Div(pickers.colour_picker(ids["colour"], e.columns, e.colour), hidden=hidden),
        beside_picker(ids["beside"], found, None if e.deep or hidden else e.map, value),
        filters.panel(found, own_columns(e) if usable else [], own_colour(e)),
        html.Div(lineage.parts_menu(found, parts), id=ids["parts"]),
        compute_map(ids["missing"], ids["compute"], missing),
    ]
    return [part for part in shown if part is not None]


def own_columns(e: Explored) -> list[Any]:
    """Return the columns of the set itself, which can be filtered by."""
    return list(e.found.columns())


def own_colour(e: Explored) -> str | None:
    """Return the colour if it is a column of the set; the agreement of two maps is none."""
    return None if e.colour == AGREEMENT else e.colour


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


# -- the map ---------------------------------------------------------------------------------------


def map_part(
    e: Explored, notes_id: str, selection_store: Any, inspect_store: Any
) -> list[Component]:
    """Return the map, or two of them, with legend and caption; or why there is none."""
    if e.map is None or not len(e.found.items):
        return [no_map(e.found)]
    stores: Any = {"selection_store": selection_store, "inspect_store": inspect_store}
    if e.beside is not None:
        shown = linked.pair(e.found, e.map, e.beside, e.colour, e.selection, marked=e.row, **stores)
    else:
        host = cube.host if e.deep else map_view.host
        shown = host(e.found, drawn(e)[0], marked=e.row, **stores)
    return [shown, html.Div(notes(e), id=notes_id)]


def notes(e: Explored) -> list[Component]:
    """Return the legend and what may be read from the map."""
    assert e.map is not None
    rows = selected_rows(e.found, e.selection)
    if e.beside is not None:
        return linked.notes(e.found, e.map, e.beside, e.colour, rows)
    told = map_view.notes(e.found, e.map, e.colour, rows)
    return [*told, cube.caption(len(e.found.items), noun(e.found))] if e.deep else told


def selected_rows(found: Any, selection: dict[str, Any] | None) -> Any:
    """Return the rows of a selection; None for none."""
    if not selection or not selection.get("selection"):
        return None
    return services().selections.load(selection["selection"], found.key)


def no_map(found: Any) -> Component:
    """Return why a set has no map to draw, and what to do."""
    if not len(found.items):
        return notices.empty_state(
            "This set is empty",
            "Its source held nothing that could be used. The reasons, file by file, are on the "
            "set's card." if len(found.broken) else "Its source held no image at all.",
            button_link("See the set", "/", primary=True),
        )  # fmt: skip
    return notices.empty_state(
        "No map yet", "Its map is being computed, or no run has finished. The gallery works "
        "already.", button_link("See the jobs", "/jobs"),
    )  # fmt: skip


# -- the gallery -----------------------------------------------------------------------------------


def gallery_part(e: Explored, store: Any) -> list[Component]:
    """Return the gallery of all images or of the selection, virtual or in pages."""
    found, selection = e.found, e.selection
    sel = selection["selection"] if selection else ""
    query: dict[str, Any] = {"set": found.name}
    query |= {name: e.keys.get(name) for name in ("map", "color", "beside", "query")} | {"sel": sel}
    view = e.keys.get("view") or ""
    ways = [
        dcc.Link(text, href=link("/explore", **query, view=value), className="vt-link")
        for value, text in VIEWS.items()
        if value != view
    ]
    bar = selection_bar.bar(
        found, selection, e.view, NAME,
        export=export_menu.menu(found, selection, NAME),
        tail=[*ways, *([gallery.size_buttons(NAME)] if view != "table" else [])],
    )  # fmt: skip
    ticks = selection_bar.ticks_id(NAME)
    above = [bar, *two_of(found, selected_rows(found, selection))]
    if view not in {"pages", "table"}:
        ranked = e.query.id if e.query else ""
        window = gallery.window_url(found.name, selection=sel, query=ranked, v=e.version or "")
        one = noun(found).capitalize()
        host = gallery.host(NAME, window, store, label=f"{one}s of {found.title}", one=one,
                            pictures=has_pictures(found), ticks_store=ticks)  # fmt: skip
        return [*above, host]
    rows = in_order(e)
    page = min(max(1, whole(e.keys.get("page"), 1) or 1), max(1, -(-len(rows) // PAGE_SIZE)))
    part = [int(r) for r in rows[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]]
    query["view"] = view
    if view == "table":
        marks = marks_of(e.view, np.asarray(part))
        shown = explore_table.table(found, part, e.map, store, marks)
        pages = max(1, -(-len(rows) // PAGE_SIZE))
        pager = gallery.pager("/explore", query, page, pages)
        return [*above, html.Div([shown, pager], className="vt-explore-table")]
    return [*above, gallery.page_of(
        found, part, page, "/explore", query, total=len(rows), inspect_store=store,
        ticks_store=ticks, name=NAME, marks=marks_of(e.view, np.asarray(part)),
    )]  # fmt: skip


def two_of(found: Any, rows: Any) -> list[Component]:
    """Return how two selected images compare, folded; nothing where not just two are selected."""
    if rows is None or len(rows) != 2 or not has_pictures(found):
        return []
    first, second = (int(row) for row in rows)
    words = f"Where do these two {noun(found)}s differ?"
    return [html.Details(
        [html.Summary(words, className="vt-link"),
         quality_difference.of_two(found, first, second)],
        className="vt-two",
    )]  # fmt: skip


def in_order(e: Explored) -> Any:
    """Return the rows that the gallery shows, in its order."""
    rows = selected_rows(e.found, e.selection)
    if e.query is not None:
        return e.query.order if rows is None else e.query.arrange(rows)
    return range(len(e.found.items)) if rows is None else rows


def search_fold(e: Explored, selection_store: Any, fold_id: str) -> Component:
    """Return the search by picture and words, folded until it is used."""
    speaking = search_words.speaking(e.found)
    return html.Details(
        [
            html.Summary("Search by picture or words", className="vt-link"),
            search.panel(e.found, e.query, NAME, selection_store, speaking),
        ],
        id=fold_id,
        open=e.query is not None,
        className="vt-search-fold",
    )

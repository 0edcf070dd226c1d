"""Pictures in a grid: the virtual gallery that `assets/gallery.js` fills, and its paged twin."""

import json
from collections.abc import Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from components.attributes import attrs
from components.state import PAGE_SIZE, captions, has_pictures, link, titled
from components.words import number

SIZES = {"s": "Small", "m": "Medium", "l": "Large"}


def window_url(set_name: str, **narrow: Any) -> str:
    """Return where the gallery asks for its items: all of a set, a selection or a cluster.

    `query` puts the nearest to a search first. `v` is the number of the last decision: where only
    it changes, the gallery stays where it is and shows what has changed.
    """
    return link("/api/window", set=set_name, **narrow)


def host(
    name: str,
    window: str,
    inspect_store: Any,
    *,
    label: str = "Images",
    one: str = "Image",
    size: str = "m",
    pictures: bool = True,
    ticks_store: Any = None,
) -> Component:
    """Return the element that becomes a virtual grid, of words where there are no pictures.

    `one` begins the name of each item. With `ticks_store` its cells can be ticked; `ticks_bar`
    then says how many are.
    """
    ticking = attrs(data_ticks_store=_dom_id(ticks_store)) if ticks_store else {}
    return html.Div(
        id=host_id(name),
        className="vt-gallery",
        role="group",  # until the script has its cells
        tabIndex=0,
        **attrs(
            aria_label=label,
            data_window=window,
            data_inspect_store=json.dumps(inspect_store),
            data_size=size,
            data_pictures="1" if pictures else "",
            data_one=one,
        ),
        **ticking,
    )


def _dom_id(component_id: Any) -> str:
    """Return a component's id as scripts are given it."""
    return component_id if isinstance(component_id, str) else json.dumps(component_id)


def ticks_bar(
    name: str, set_name: str, ticks_store: Any, selection_store: Any, *actions: Component
) -> Component:
    """Return what says how many cells of a gallery are ticked, with what can be done with them.

    It is hidden until something is ticked; `assets/selection.js` fills it. `actions` are further
    buttons; `ticks_store` gets {"rows", "count"}, or {"all", "except", "count"}, or None, and
    `selection_store` the selection that "Select these" makes.
    """

    def button(text: str, act: str, look: str) -> Component:
        return html.Button(text, type="button", className=f"btn {look} btn-sm",
                           **attrs(data_vt_ticks=act))  # fmt: skip

    return html.Div(
        [
            html.Strong(className="vt-ticks-count", role="status"),
            button("Select these", "select", "btn-primary"),
            *actions,
            button("Untick", "clear", "btn-quiet"),
        ],
        className="vt-ticks",
        hidden=True,
        role="group",
        **attrs(
            aria_label="Ticked images",
            data_gallery=host_id(name),
            data_set=set_name,
            data_ticks_store=_dom_id(ticks_store),
            data_selection_store=_dom_id(selection_store),
        ),
    )


def host_id(name: str) -> str:
    """Return the DOM id of a gallery."""
    return f"gallery-{name}"


def size_buttons(name: str) -> Component:
    """Return the buttons that set the size of the pictures of a gallery."""
    buttons = [
        html.Button(
            size.upper(),
            type="button",
            className="btn btn-quiet btn-sm",
            **attrs(
                aria_label=f"{label} pictures",
                aria_pressed="true" if size == "m" else "false",
                data_gallery_size=size,
                data_gallery=host_id(name),
            ),
        )
        for size, label in SIZES.items()
    ]
    named = attrs(aria_label="Size of the pictures")
    return html.Div(buttons, className="btn-group", role="group", **named)


def thumb(item: str, alt: str, *, row: int | None = None, inspect_store: Any = None) -> Component:
    """Return one thumbnail; with a row and a store it is a button that opens the inspector.

    `item` is an item id, or `<imageset key>/<row>`.
    """
    picture = html.Img(src=f"/thumb/{item}", alt=alt, className="vt-thumb")
    if row is None or inspect_store is None:
        return picture
    return inspect_button(picture, row, inspect_store)


def inspect_button(
    inside: Any, row: int, inspect_store: Any, name: str = "", look: str = "vt-thumb-button"
) -> Component:
    """Return a button that opens the inspector on a row."""
    return html.Button(
        inside,
        type="button",
        className=look,
        **(attrs(aria_label=name) if name else {}),
        **attrs(data_inspect_row=str(row), data_inspect_store=json.dumps(inspect_store)),
    )


def thumbs(
    found: Any, rows: Sequence[int], inspect_store: Any, names: Sequence[str] = ()
) -> list[Component]:
    """Return a button a row that opens the inspector: its picture, or its label in words.

    `names` is what a screen reader calls them; by default "Image 5", "Object 5".
    """
    names = names or [titled(found, row) for row in rows]
    if has_pictures(found):
        ids = [str(found.items["item_id"].iat[row]) for row in rows]
        return [
            thumb(item, name, row=row, inspect_store=inspect_store)
            for item, row, name in zip(ids, rows, names, strict=True)
        ]
    told = captions(found, rows)
    return [
        inspect_button(html.Span(word or f"no. {row}", className="vt-word"), row, inspect_store,
                       f"{name}, {word}" if word else name)
        for row, word, name in zip(rows, told, names, strict=True)
    ]  # fmt: skip


def mosaic(found: Any, rows: Sequence[int], alt: str = "") -> Component | None:
    """Return a strip of thumbnails as one picture; None for a set without pictures."""
    if not has_pictures(found):
        return None
    pictures = [thumb(f"{found.key}/{row}", "") for row in rows]
    told = attrs(role="img", aria_label=alt) if alt else attrs(aria_hidden="true")
    return html.Div(pictures, className="vt-mosaic", **told)


def page_of(
    found: Any,
    rows: Sequence[int],
    page: int,
    path: str,
    query: dict[str, Any],
    *,
    total: int,
    inspect_store: Any,
    ticks_store: Any = None,
    name: str = "",
    marks: Sequence[str] = (),
) -> Component:
    """Return one page of pictures as a plain list: linkable, printable, readable without script.

    `rows` are the page's own rows; `total` counts those of all pages. With `ticks_store` each has
    a checkbox, and `name` is that of the `ticks_bar`. `marks` says in a word what was decided
    about each row, "" for nothing.
    """
    pages = max(1, -(-total // PAGE_SIZE))
    items = [
        html.Li(
            [shown,
             _tick(name, row) if ticks_store else html.Span(number(row), className="vt-small"),
             html.Span(mark, className="vt-mark-word") if mark else None],
            **attrs(data_row=str(row), **({"data_mark": mark} if mark else {})),
        )
        for row, shown, mark in zip(rows, thumbs(found, rows, inspect_store),
                                    marks or [""] * len(rows), strict=True)
    ]  # fmt: skip
    more: Any = attrs(data_ticks_store=_dom_id(ticks_store)) if ticks_store else {}
    if name:
        more = {**more, "id": host_id(name)}
    return html.Div(
        [html.Ul(items, className="vt-paged"), pager(path, query, page, pages)],
        className="vt-paged-wrap",
        **more,
    )


def _tick(name: str, row: int) -> Component:
    """Return the checkbox of one picture."""
    label = html.Span([html.Span("Tick image ", className="visually-hidden"), number(row)])
    box = dbc.Checkbox(id=f"{host_id(name)}-tick-{row}", label=label, value=False)
    return html.Div(box, className="vt-tick")


def pager(path: str, query: dict[str, Any], page: int, pages: int) -> Component | None:
    """Return the links from page to page; None where there is only one."""
    if pages < 2:
        return None

    def step(text: str, to: int, usable: bool) -> Component:
        if not usable:
            return html.Span(
                text, className="btn btn-quiet disabled", **attrs(aria_disabled="true")
            )
        return dcc.Link(text, href=link(path, **{**query, "page": to}), className="btn btn-quiet")

    return html.Nav(
        [
            step("Previous", page - 1, page > 1),
            html.Span(f"Page {number(page)} of {number(pages)}", className="vt-small"),
            step("Next", page + 1, page < pages),
        ],
        className="vt-pager",
        **attrs(aria_label="More pictures"),
    )

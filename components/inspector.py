"""The inspector: one item large, with all that is known of it and what lies near it."""

from typing import Any

from dash import MATCH, Input, Output, State, callback, dcc, html, no_update
from dash.development.base_component import Component

from components import gallery, object_view, tables
from components.attributes import attrs
from components.state import captions, has_pictures, link, services, titled
from components.words import column_name, plural
from core.imaging.shapes import is_shape
from core.opened.objects import has_objects

NEIGHBOURS = 12

#: Columns that the inspector shows elsewhere or that mean nothing to a person.
HIDDEN = {"item_id", "box_x", "box_y", "box_w", "box_h", "notes", "row"}
#: The same of objects in pictures.
OF_OBJECTS = {"picture", "outline", "object_x", "object_y", "object_w", "object_h"}


def store_id(name: Any) -> dict[str, Any]:
    """Return the id of the store that says which row is inspected: `{"row": 5}` or None."""
    return {"component": "inspector", "part": "row", "name": name}


def _id(part: str, name: Any) -> dict[str, Any]:
    return {"component": "inspector", "part": part, "name": name}


def panel(
    name: str, set_name: str, row: int | None = None, *, actions: Component | None = None
) -> Component:
    """Return the inspector of a page; it opens when its store receives a row.

    `actions` are buttons about the inspected item.

    A store that begins with None would report a change as soon as it is shown: it begins with {}.
    """
    return html.Div(
        [
            dcc.Store(id=store_id(name), data={} if row is None else {"row": row}),
            dcc.Store(id=_id("set", name), data=set_name),
            html.Aside(
                [
                    html.Div(
                        [
                            html.H2("Inspector", className="vt-inspector-title"),
                            html.Button(
                                html.Span(className="vt-icon vt-icon-close"),
                                id=_id("close", name),
                                type="button",
                                className="vt-icon-button",
                                **attrs(aria_label="Close the inspector", data_vt_close="true"),
                            ),
                        ],
                        className="vt-inspector-head",
                    ),
                    *([actions] if actions is not None else []),
                    html.Div(id=_id("body", name), **attrs(aria_live="polite")),
                ],
                id=_id("aside", name),
                className="vt-inspector",
                hidden=True,
                **attrs(aria_label="Inspector"),
            ),
        ]
    )


def box_text(record: dict[str, Any]) -> str:
    """Return an item's region in words; "" where it is a whole file."""
    sides = [record.get(f"box_{side}") for side in "xywh"]
    if any(side is None or side != side for side in sides):
        return ""
    x, y, w, h = (float(side or 0) for side in sides)
    return f"{w:g} × {h:g} px at {x:g}, {y:g}"


def body(found: Any, row: int, inspect_store: dict[str, Any], told: str = "") -> list[Component]:
    """Return what the inspector shows of one row of an open set.

    `told` says what was done to it in the inspector just now.
    """
    record = found.record(row)
    labels = {c.name: column_name(c.name, c.label) for c in found.columns()}
    hidden = HIDDEN | (OF_OBJECTS if has_objects(found) else set())
    shown = {k: v for k, v in record.items() if k not in hidden}
    if is_shape(str(shown.get("mask", ""))):
        shown["mask"] = "its outline"
    region = box_text(record)
    parts: list[Component | None] = [
        _figure(found, row, record),
        html.P(str(record["notes"]), className="vt-hint") if _told(record, "notes") else None,
        object_view.section(found, row, inspect_store, told),
        _near(found, row, inspect_store),
        html.Section(
            [
                html.H3("What is known"),
                tables.record_table(shown | ({"Region": region} if region else {}), labels),
            ]
        ),
    ]
    return [part for part in parts if part is not None]


def _figure(found: Any, row: int, record: dict[str, Any]) -> Component:
    """Return the picture of a row, if it has one, with its name."""
    told: list[Any] = [html.Strong(titled(found, row)), f" of {found.name}"]
    if not has_pictures(found):
        word = captions(found, [row])[0]
        return html.P([*told, f": {word}" if word else ""], className="vt-inspector-word")
    shape = [record.get(name) for name in ("box_w", "box_h")]
    if any(side is None or side != side or not side for side in shape):
        shape = [record.get(name) for name in ("width", "height")]
    known = all(side is not None and side == side and side for side in shape)
    room = {"aspectRatio": f"{shape[0]} / {shape[1]}"} if known else {}
    picture = html.Img(
        src=f"/image/{found.key}/{row}", alt=f"{titled(found, row)} of {found.name}",
        className="vt-large",
        style=room,  # nothing moves when the picture arrives
    )  # fmt: skip
    return html.Figure([picture, html.Figcaption(told)], className="vt-inspector-figure")


def _told(record: dict[str, Any], name: str) -> bool:
    """Tell whether a record has words under a name."""
    value = record.get(name)
    return isinstance(value, str) and bool(value)


def _near(found: Any, row: int, inspect_store: dict[str, Any]) -> Component:
    """Return the nearest neighbours, each a button that inspects it."""
    near = found.neighbors_of(row, NEIGHBOURS)
    if not near:
        return html.P("Neighbours appear here once the set has a neighbour graph.",
                      className="vt-hint")  # fmt: skip
    names = [f"{titled(found, n.row)}, distance {n.distance:.3f}" for n in near]
    shown = gallery.thumbs(found, [n.row for n in near], inspect_store, names)
    items = [
        html.Li([button, html.Span(f"{n.distance:.3f}", className="vt-small")])
        for n, button in zip(near, shown, strict=True)
    ]
    return html.Section(
        [
            html.H3(f"{plural(len(near), 'nearest neighbour')}"),
            html.Ul(items, className="vt-near"),
            html.P(
                "Chordal distance between vectors: 0 is the same direction, 1.41 unrelated.",
                className="vt-small",
            ),
        ]
    )


@callback(
    Output(_id("body", MATCH), "children"),
    Output(_id("aside", MATCH), "hidden"),
    Input(store_id(MATCH), "data"),
    State(_id("set", MATCH), "data"),
    State(store_id(MATCH), "id"),
)
def show(data: dict[str, Any] | None, set_name: str, store: dict[str, Any]) -> tuple[Any, bool]:
    """Open the inspector on the row in its store, or close it."""
    if not data or data.get("row") is None:
        return no_update, True
    found = services().library.open(set_name)
    if not 0 <= data["row"] < len(found.items):
        return no_update, True
    return body(found, data["row"], store, str(data.get("told") or "")), False


@callback(
    Output(store_id(MATCH), "data"),
    Input(_id("close", MATCH), "n_clicks"),
    prevent_initial_call=True,
)
def close(clicks: int | None) -> Any:
    """Close the inspector."""
    return None if clicks else no_update


def item_link(set_name: str, row: int) -> str:
    """Return the address of one item."""
    return link("/explore", set=set_name, row=row)

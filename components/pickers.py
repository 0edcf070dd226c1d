"""Labelled native inputs: which set, which map, which colour, which encoder."""

from collections.abc import Iterable, Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from components.words import MAP_NAMES, column_name, map_name
from core.encoders import ENCODERS

SET_PICKER = "vt-set"

#: Encoders that are offered by name; the rest of timm is typed.
OFFERED = {"pixels": "pixels", "colour-texture": "colour-texture", "timm": "timm:<name>"}


def labelled(
    label: str, field: Component, *, hidden: bool = False, help_text: str = ""
) -> Component:
    """Return a field with its label, and help under it that screen readers announce."""
    look, field_id = "visually-hidden" if hidden else "form-label", getattr(field, "id", "")
    parts = [html.Label(label, htmlFor=field_id, className=look), field]
    if help_text:
        parts.append(html.Div(help_text, id=f"{field_id}-help", className="form-text"))
    return html.Div(parts, className="vt-field")


def select(
    select_id: str,
    label: str,
    options: Sequence[dict[str, Any]],
    value: Any,
    *,
    inline: bool = False,
) -> Component:
    """Return a native select with its label, above or before it."""
    field = dbc.Select(id=select_id, options=list(options), value=value, size="sm")
    if not inline:
        return labelled(label, field)
    return html.Div(
        [html.Label(label, htmlFor=select_id, className="vt-inline-label"), field],
        className="vt-inline-field",
    )


def set_picker(names: Sequence[str], current: str | None) -> Component:
    """Return the top bar's choice of the current set."""
    options = [{"label": name, "value": name} for name in names]
    field = dbc.Select(
        id=SET_PICKER, options=options, value=current or "", size="sm", disabled=not names,
        placeholder="No set yet" if not names else "Choose a set",
    )  # fmt: skip
    return labelled("Current set", field, hidden=True)


def map_picker(select_id: str, available: Sequence[str], current: str | None) -> Component:
    """Return the choice of a map among those a set has."""
    options = [{"label": map_name(name), "value": name} for name in available]
    if not options:
        options = [{"label": "none", "value": ""}]
    return select(select_id, "Map", options, current, inline=True)


def all_maps(projections: Iterable[str]) -> list[str]:
    """Return the names of a set's maps, the one to show first at the front, 3-D ones behind."""
    order = [*MAP_NAMES, *(f"{name}3d" for name in MAP_NAMES)]
    return sorted(projections, key=lambda n: order.index(n) if n in order else len(order))


def missing_maps(available: Sequence[str]) -> list[str]:
    """Return the maps that a set does not have yet, those in two dimensions first."""
    every = [*MAP_NAMES, *(f"{name}3d" for name in MAP_NAMES)]
    return [name for name in every if name not in available]


def column_options(columns: Sequence[Any]) -> list[dict[str, str]]:
    """Return columns as the options of a choice."""
    return [{"label": column_name(c.name, c.label), "value": c.name} for c in columns]


def colour_picker(select_id: str, columns: Sequence[Any], current: str | None) -> Component:
    """Return the choice of the column that colours the map."""
    return select(select_id, "Colour by", column_options(columns), current, inline=True)


def encoder_picker(radio_id: str) -> Component:
    """Return the choice of the encoder, each with what it is good for."""
    known = {listing.name: listing for listing in ENCODERS}
    options = [
        {
            "value": value,
            "label": html.Span(
                [html.Strong(name), html.Span(told, className="vt-small")],
                className="vt-choice",
            ),
        }
        for value, listed in OFFERED.items()
        for name, told in [(known[listed].title, known[listed].good_for)]
    ]
    return html.Fieldset(
        [
            html.Legend("What to compare pictures by", className="form-label"),
            dbc.RadioItems(id=radio_id, options=options, value="pixels", className="vt-choices"),
        ],
        className="vt-field",
    )


def maps_picker(list_id: str) -> Component:
    """Return the choice of the maps to make."""
    options = [
        {"value": "umap", "label": "UMAP: groups and their shape"},
        {"value": "tsne", "label": "t-SNE: fine neighbourhoods"},
    ]
    return html.Fieldset(
        [
            html.Legend("Maps to make", className="form-label"),
            dbc.Checklist(id=list_id, options=options, value=["umap"]),
            html.Div("A PCA map is always made; it is there first.", className="form-text"),
        ],
        className="vt-field",
    )


def encoder_name(choice: str, timm_name: str | None) -> str:
    """Return the encoder's full name from the form's two fields."""
    if choice != "timm":
        return choice
    name = (timm_name or "").strip()
    return name if name.startswith("timm:") or not name else f"timm:{name}"

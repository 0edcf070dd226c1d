"""Choosing images by a column: categories, a range, or a part of a text."""

from collections.abc import Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from components import pickers
from components.palette import MISSING, OTHER
from components.words import column_name, entry_name, number

COLUMN, FIELDS, APPLY = "explore-filter-column", "explore-filter-fields", "explore-filter-apply"
NAMES, LOW, HIGH = "explore-filter-names", "explore-filter-low", "explore-filter-high"
TEXT, WITHIN = "explore-filter-text", "explore-filter-within"


def panel(found: Any, columns: Sequence[Any], column: str | None) -> Component:
    """Return the filter of a set: closed until someone opens it; hidden if there is no column."""
    options = [{"label": column_name(c.name, c.label), "value": c.name} for c in columns]
    chosen = column or (columns[0].name if columns else "")
    return html.Details(
        [
            html.Summary("Filter", className="btn btn-quiet btn-sm"),
            html.Div(
                [
                    pickers.select(COLUMN, "Show images by", options, chosen),
                    html.Div(fields(found, chosen), id=FIELDS),
                    dbc.Checkbox(id=WITHIN, label="Only among those selected now", value=False),
                    html.Button(
                        "Show", id=APPLY, type="button", className="btn btn-primary btn-sm"
                    ),
                ],
                className="vt-filter-body vt-card",
            ),
        ],
        className="vt-filter",
        hidden=not columns,
    )


def fields(found: Any, column: str) -> list[Component]:
    """Return the fields for a column; those that do not suit it are there and hidden."""
    if not column:
        return []
    kind = found.column(column).kind
    colouring = found.colouring(column)
    named = [e for e in colouring.entries if e.index != OTHER]
    options = [
        {
            "label": f"{entry_name(e.label, e.index)} ({number(e.count)})",
            "value": "" if e.index == MISSING else e.label,
        }
        for e in named
    ]
    more = kind == "text" or len(named) < len(colouring.entries)
    span = [_short(value) for value in (colouring.low, colouring.high)]
    return [
        html.Fieldset(
            [
                html.Legend("Values", className="form-label"),
                dbc.Checklist(id=NAMES, options=options, value=[], className="vt-filter-names"),
            ],
            hidden=kind != "category",
        ),
        html.Div(
            [
                pickers.labelled("From", _number(LOW, span[0])),
                pickers.labelled("To", _number(HIGH, span[1])),
            ],
            className="vt-filter-range",
            hidden=kind != "number",
        ),
        html.Div(
            pickers.labelled("Containing", dbc.Input(id=TEXT, type="text", size="sm", value="")),
            hidden=not more,
        ),
    ]


def wanted(names: list[str] | None, low: Any, high: Any, text: str | None) -> dict[str, Any]:
    """Return what the fields ask for, as `OpenSet.filter` takes it."""
    if names:
        return {"names": names}
    if text:
        return {"text": text}
    return {"low": _as_number(low), "high": _as_number(high)}


def _number(field_id: str, hint: str) -> Component:
    """Return a field for one end of a range."""
    return dbc.Input(id=field_id, type="number", size="sm", placeholder=hint, step="any")


def _short(value: float | None) -> str:
    """Return an end of a column's own range."""
    return "" if value is None else f"{value:.4g}"


def _as_number(value: Any) -> float | None:
    """Return a field's number; None where it is empty."""
    return None if value in (None, "") else float(value)

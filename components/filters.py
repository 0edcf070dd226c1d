"""Choosing images by a column: categories, a range of numbers or dates, a text, or no value."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import dash_bootstrap_components as dbc
from dash import Input, Output, State, callback, dcc, html
from dash.development.base_component import Component

from components import pickers
from components.attributes import attrs
from components.palette import MISSING
from components.state import services
from components.words import column_name, entry_name, number

COLUMN, FIELDS, APPLY = "explore-filter-column", "explore-filter-fields", "explore-filter-apply"
NAMES, LOW, HIGH = "explore-filter-names", "explore-filter-low", "explore-filter-high"
TEXT, WITHIN, KNOWN = "explore-filter-text", "explore-filter-within", "explore-filter-known"
SET, FOUND = "explore-filter-set", "explore-filter-found"

#: Categories listed at once; a search brings up the others.
LISTED = 40

#: Milliseconds of rest before typing searches the categories.
REST = 250


def panel(found: Any, columns: Sequence[Any], column: str | None) -> Component:
    """Return the filter of a set: closed until someone opens it; hidden if there is no column."""
    options = [{"label": column_name(c.name, c.label), "value": c.name} for c in columns]
    chosen = column or (columns[0].name if columns else "")
    return html.Details(
        [
            html.Summary("Filter", className="btn btn-quiet btn-sm"),
            html.Div(
                [
                    dcc.Store(id=SET, data=found.name),
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
    one, colouring = found.column(column), found.colouring(column)
    # A range is asked for, and a column of numbers has nearly as many values as the set has items.
    options, count = options_of(found, column) if one.kind != "number" else ([], 0)
    ends = [_end(value, one.dates) for value in (colouring.low, colouring.high)]
    ranged = one.kind == "number" or one.dates
    many = one.kind == "text" or count > LISTED
    gaps = bool((colouring.codes == MISSING).any())
    return [
        html.Div(
            pickers.labelled("Containing", _search(), help_text=_found(count, many, one.kind)),
            hidden=not many or one.kind == "number",
        ),
        html.Fieldset(
            [
                html.Legend("Values", className="form-label"),
                dbc.Checklist(id=NAMES, options=options, value=[], className="vt-filter-names"),
            ],
            hidden=one.kind != "category",
        ),
        html.Div(
            [
                pickers.labelled("From", _range_field(LOW, ends, 0, one.dates)),
                pickers.labelled("To", _range_field(HIGH, ends, 1, one.dates)),
            ],
            className="vt-filter-range",
            hidden=not ranged,
        ),
        html.Div(pickers.select(KNOWN, "With or without a value", KNOWN_OPTIONS, "any"),
                 hidden=not gaps),
    ]  # fmt: skip


KNOWN_OPTIONS = [
    {"label": "As chosen above", "value": "any"},
    {"label": "All that have a value", "value": "known"},
    {"label": "Only those without a value", "value": "missing"},
]


def options_of(
    found: Any, column: str, text: str = "", ticked: Sequence[str] = ()
) -> tuple[list[dict[str, str]], int]:
    """Return the largest categories with `text` in their name, and how many have it.

    Ticked ones stay in the list, first. What has no value is one more category of its own.
    """
    entries = found.colouring(column).entries
    gap = next((e for e in entries if e.index == MISSING), None)
    listed, count = found.categories(column, text, LISTED)
    kept = [name for name in ticked if name and name not in {e.label for e in listed}]
    options = [{"label": name, "value": name} for name in kept]
    options += [{"label": f"{e.label} ({number(e.count)})", "value": e.label} for e in listed]
    if gap is not None and not text:
        label = f"{entry_name(gap.label, MISSING)} ({number(gap.count)})"
        options.append({"label": label, "value": ""})
    return options, count


@callback(
    Output(NAMES, "options"),
    Output(FOUND, "children"),
    Input(TEXT, "value"),
    State(NAMES, "value"),
    State(COLUMN, "value"),
    State(SET, "data"),
    prevent_initial_call=True,
)
def narrow(
    text: str | None, ticked: list[str] | None, column: str, set_name: str
) -> tuple[list[dict[str, str]], str]:
    """List the categories that contain what was typed; ticked ones stay."""
    found = services().library.open(set_name)
    options, count = options_of(found, column, (text or "").strip(), ticked or ())
    return options, _told(count, found.column(column).kind)


def wanted(
    names: list[str] | None, low: Any, high: Any, text: str | None, known: str | None = None
) -> dict[str, Any]:
    """Return what the fields ask for, as `OpenSet.filter` takes it.

    Whether there is a value at all goes before all else, ticked categories before a text.
    """
    if known in {"known", "missing"}:
        return {"missing": known == "missing"}
    if names:
        return {"names": names}
    if text and text.strip():
        return {"text": text.strip()}
    return {"low": _as_bound(low), "high": _as_bound(high)}


def _search() -> Component:
    """Return the field that searches the categories, or finds a part of a text."""
    field = dbc.Input(id=TEXT, type="text", size="sm", value="", debounce=REST, autocomplete="off")
    return field


def _found(count: int, many: bool, kind: str) -> Any:
    """Return the line under the search that says how many categories there are."""
    return html.Span(_told(count, kind) if many else "", id=FOUND, **attrs(aria_live="polite"))


def _told(count: int, kind: str) -> str:
    """Return in words how many categories a search found, and what is listed of them."""
    if kind == "text":
        return ""
    if not count:
        return "No value contains this."
    if count <= LISTED:
        return f"{number(count)} {'value contains' if count == 1 else 'values contain'} this."
    return f"{number(LISTED)} of {number(count)} values are listed, the commonest first."


def _range_field(field_id: str, ends: list[str], end: int, dates: bool) -> Component:
    """Return a field for one end of a range of numbers or days."""
    if dates:
        return dbc.Input(id=field_id, type="date", size="sm", min=ends[0], max=ends[1])
    return dbc.Input(id=field_id, type="number", size="sm", placeholder=ends[end], step="any")


def _end(value: float | None, dates: bool) -> str:
    """Return an end of a column's own range."""
    if value is None:
        return ""
    if not dates:
        return f"{value:.4g}"
    return datetime.fromtimestamp(value, UTC).date().isoformat()


def _as_bound(value: Any) -> float | str | None:
    """Return a field's number, or its date as text; None where it is empty."""
    if value in (None, ""):
        return None
    try:
        return float(value)
    except (TypeError, ValueError):
        return str(value)

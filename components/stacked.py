"""Tables whose rows become blocks on narrow screens, each cell with the name of its column."""

from collections.abc import Iterable, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from components.attributes import attrs
from components.words import value_text


def stacked(head: Sequence[str], rows: Iterable[Sequence[Any]], *, caption: str) -> Component:
    """Return a table with a header row; the first cell of a row names it.

    Roles are said, since a table that is laid out as blocks is none to a screen reader.
    """
    body = [html.Tr([_cell(name, cell) for name, cell in zip(head, row, strict=True)], role="row")
            for row in rows]  # fmt: skip
    names = [html.Th(name, scope="col", role="columnheader") for name in head]
    made = html.Table(
        [
            html.Caption(caption, className="visually-hidden"),
            html.Thead(html.Tr(names, role="row"), role="rowgroup"),
            html.Tbody(body, role="rowgroup"),
        ],
        className="vt-table vt-stacked",
        role="table",
    )
    return html.Div(made, className="vt-table-wrap", tabIndex=0)


def _cell(name: str, cell: Any) -> Component:
    """Return a cell that knows its column; one without content is hidden where rows are blocks."""
    shown = cell if isinstance(cell, Component) else value_text(cell)
    empty = "vt-stacked-empty" if shown == "" else ""
    return html.Td(shown, role="cell", className=empty, **attrs(data_label=name))

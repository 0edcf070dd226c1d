"""Small native tables."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from components.attributes import attrs
from components.words import number, plural, value_text

BROKEN_SHOWN = 200


def facts(pairs: Iterable[tuple[str, Any]], className: str = "vt-facts") -> Component:
    """Return name and value pairs as a description list; missing values are left out."""
    rows: list[Component] = []
    for name, value in pairs:
        shown = value if isinstance(value, Component) else value_text(value)
        if shown != "":
            rows.append(html.Div([html.Dt(name), html.Dd(shown)]))
    return html.Dl(rows, className=className)


def table(head: Sequence[str], rows: Iterable[Sequence[Any]], *, caption: str = "") -> Component:
    """Return a table with a header row; a caption names it for screen readers."""
    body = [html.Tr([html.Td(c if isinstance(c, Component) else value_text(c)) for c in row])
            for row in rows]  # fmt: skip
    parts: list[Component] = [
        html.Thead(html.Tr([html.Th(h, scope="col") for h in head])),
        html.Tbody(body),
    ]
    if caption:
        parts.insert(0, html.Caption(caption, className="visually-hidden"))
    return html.Div(html.Table(parts, className="vt-table"), className="vt-table-wrap", tabIndex=0)


def record_table(record: Mapping[str, Any], labels: Mapping[str, str]) -> Component:
    """Return all of one item's columns that hold a value, under their labels."""
    return facts(((labels.get(k, k), v) for k, v in record.items()), "vt-facts vt-record")


def broken_files(broken: Sequence[Any]) -> Component | None:
    """Return the files of a set that could not be used, folded; None where all were fine."""
    if not broken:
        return None
    rows = [(html.Code(b.path), b.reason) for b in broken[:BROKEN_SHOWN]]
    inside: list[Component] = [table(("File", "Why"), rows, caption="Files that could not be used")]
    if len(broken) > BROKEN_SHOWN:
        inside.append(
            html.P(f"First {BROKEN_SHOWN} of {number(len(broken))}.", className="vt-small")
        )
    summary = html.Summary(
        [
            html.Span(className="vt-icon vt-icon-warning", **attrs(aria_hidden="true")),
            f"{plural(len(broken), 'file')} could not be used",
        ]
    )
    return html.Details([summary, *inside], className="vt-broken")

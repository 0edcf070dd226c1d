"""The comparisons made of a set so far."""

from collections.abc import Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from components.morphology_frame import card
from components.state import link
from components.words import ago, column_name, number, plural

#: Comparisons listed; older ones are folded.
SHOWN = 8


def made_before(found: Any, lines: Sequence[Any], key: str = "") -> Component | None:
    """Return the comparisons of a set, the newest first; None where there is none.

    `key` is that of the comparison the form begins with.
    """
    if not lines:
        return None
    rows = [_line(found, line, key) for line in lines]
    parts: list[Component] = [html.Ul(rows[:SHOWN], className="vt-made vt-morph-made")]
    if len(rows) > SHOWN:
        older = html.Summary(f"{plural(len(rows) - SHOWN, 'older one')}")
        parts.append(
            html.Details([older, html.Ul(rows[SHOWN:], className="vt-made vt-morph-made")])
        )
    return card("Compared before", *parts, look="vt-recent")


def title_of(line: Any) -> str:
    """Return what a comparison is called, its column by the name that pages give it."""
    return str(line.title).replace(line.by, column_name(line.by), 1)


def _line(found: Any, line: Any, key: str) -> Component:
    """Return one comparison: what it is of, what it found, when, and how to begin from it."""
    where = link("/morphology", set=found.name, view="overview", key=line.key)
    again = link("/morphology", set=found.name, view="design", key=line.key)
    told = f"{plural(line.groups, 'group')}, {number(line.units)} units · {ago(line.created)}"
    if line.imageset != found.key:
        told += " · the set has changed since"
    begin: Any = (
        html.Span("the form begins with it", className="vt-small")
        if line.key == key
        else dcc.Link("Begin with it", href=again, className="vt-link vt-small")
    )
    return html.Li(
        [html.Div([dcc.Link(title_of(line), href=where, className="vt-morph-name"), begin],
                  className="vt-bar-line"),
         html.Span(line.headline), html.Span(told, className="vt-small")],
    )  # fmt: skip


def switcher(found: Any, lines: Sequence[Any], key: str, view: str) -> Component | None:
    """Return the other comparisons of a set, folded, as links to the same view of each."""
    others = [line for line in lines if line.key != key]
    if not others:
        return None
    rows = [
        html.Li([
            dcc.Link(title_of(line), href=link("/morphology", set=found.name, view=view,
                                               key=line.key)),
            html.Span(f" {line.headline} · {ago(line.created)}", className="vt-small"),
        ])
        for line in others
    ]  # fmt: skip
    return html.Details(
        [
            html.Summary(f"Other comparisons ({number(len(others))})"),
            html.Ul(rows, className="vt-made"),
        ],
        className="vt-morph-others",
    )

"""Where a part of a set comes from: a breadcrumb from the whole set down, with a way back."""

from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from components.attributes import attrs
from components.state import link, noun
from components.words import plural


def breadcrumb(found: Any) -> Component:
    """Return the page's title: a set's name, or the way from the set down to this part of it."""
    if not found.is_part:
        return html.H1(found.title, className="vt-toolbar-title")
    steps: list[Component] = [
        html.Li(
            dcc.Link(level.title, href=link("/explore", set=level.name),
                     title=plural(level.count, noun(found)))
        )
        for level in found.lineage[:-1]
    ]  # fmt: skip
    steps.append(html.Li(html.H1(found.title, className="vt-toolbar-title")))
    return html.Nav(html.Ol(steps, className="vt-lineage"), **attrs(aria_label="Part of"))


def parts_menu(found: Any, parts: list[Any]) -> Component | None:
    """Return the parts of a set that were mapped on their own; None if there is none."""
    others = [part for part in parts if part.name != found.name]
    if not others:
        return None
    one = noun(found)
    items = [
        html.Li([dcc.Link(part.title, href=link("/explore", set=part.name)),
                 html.Span(plural(part.count, one), className="vt-small")])
        for part in others
    ]  # fmt: skip
    return html.Details(
        [
            html.Summary("Parts", className="btn btn-quiet btn-sm"),
            html.Div(html.Ul(items, className="vt-parts"), className="vt-filter-body vt-card"),
        ],
        className="vt-filter vt-parts-menu",
    )

"""Two reports side by side: the same measures of both, and what else is not the same."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from components import pickers, tables
from components.report_head import choice_name, page_link
from components.report_text import listing
from components.words import ago, number, value_text

NOTHING = "-"


def picker(select_id: str, lines: Sequence[Any], report_id: str, other: str) -> Component | None:
    """Return the choice of a second report; None where there is no other."""
    options = [
        {"label": f"{one.slice or 'Selected images'} ({number(one.n)}, {ago(one.created)})",
         "value": one.id}
        for one in lines if one.id != report_id
    ]  # fmt: skip
    if not options:
        return None
    options.insert(0, {"label": "no other report", "value": NOTHING})
    return pickers.select(select_id, "Compare with", options, other or NOTHING, inline=True)


def _title(report: Mapping[str, Any]) -> str:
    """Return what heads a report's column."""
    return f"{choice_name(report)} ({number(report['choice']['count'])})"


def _cell(value: Any, best: bool) -> Component:
    """Return one side of a measure, the better one marked in words and in bold."""
    text = value_text(value) or "–"
    if not best:
        return html.Span(text)
    return html.Strong([text, html.Span(" (better)", className="vt-better-word")])


def comparison(
    first: Mapping[str, Any], second: Mapping[str, Any], found: Mapping[str, Any]
) -> Component:
    """Return two reports side by side, as `Reports.compare` has compared them."""
    rows = [
        [one["title"], _cell(one["a"], one.get("better") == "a"),
         _cell(one["b"], one.get("better") == "b")]
        for one in found["rows"]
    ]  # fmt: skip
    differing = [
        [str(name).replace("_", " "), *(_side(told, at) for at in ("a", "b"))]
        for name, told in (found.get("same") or {}).items()
    ]
    parts: list[Component | None] = [
        html.H2(["Compared with ", dcc.Link(_title(second),
                 href=page_link(second["id"], second["set"]["name"]))]),
        listing(found.get("sentences") or []),
        tables.table(("Measure", _title(first), _title(second)), rows,
                     caption="Two reports compared"),
        html.Details(
            [html.Summary("What else differs"),
             tables.table(("What", _title(first), _title(second)), differing,
                          caption="Settings and data that differ")],
        ) if differing else None,
    ]  # fmt: skip
    return html.Section([p for p in parts if p is not None], className="vt-card vt-report-compared")


def _side(told: Any, at: str) -> str:
    """Return one side of what differs."""
    if isinstance(told, Mapping):
        return value_text(told.get(at)) or "–"
    if isinstance(told, list | tuple) and len(told) == 2:
        return value_text(told[0 if at == "a" else 1]) or "–"
    return "the same" if told else "differs"

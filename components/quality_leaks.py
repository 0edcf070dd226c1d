"""Leaks: copies across splits, slices or sets, where a test would be answered by heart."""

from collections.abc import Mapping
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from components import gallery, notices, tables
from components.inspector import item_link
from components.quality_frame import step
from components.quality_items import name_of
from components.state import has_pictures, link, noun, services
from components.words import number, plural, score
from core.errors import VitrineError
from core.findings.model import TITLES

#: Pairs shown of each pair of slices or sets.
SHOWN = 40

KINDS = {"split": "Splits", "slice": "Slices", "set": "Sets"}


def count(check: Any) -> int | None:
    """Return the number of leaks that a check found; None where it did not look."""
    stored = check.duplicates
    return None if stored is None or "leaks" not in stored.tables else len(stored.tables["leaks"])


def leaks(found: Any, check: Any, keys: Mapping[str, str]) -> Component:
    """Return the copies that lie in two splits, slices or sets at once."""
    stored = check.duplicates
    table = None if stored is None else stored.tables.get("leaks")
    if table is None or not len(table):
        return none(found, check, keys)
    groups = [
        group(found, str(kind), str(first), str(second), lines)
        for (kind, first, second), lines in table.groupby(["kind", "first", "second"], sort=False)
    ]
    told = (
        f"{plural(len(table), 'pair')} of copies lie on both sides. What is trained on one side "
        "and tested on the other is answered by heart: drop one of each, or divide again."
    )
    way = dcc.Link("Divide again", href=link("/curate", set=found.name, view="split"),
                   className="btn btn-quiet btn-sm")  # fmt: skip
    head = [html.P(told, className="vt-lead"), html.Div(way, className="vt-actions")]
    return html.Div([*head, *groups], className="vt-leaks")


def none(found: Any, check: Any, keys: Mapping[str, str]) -> Component:
    """Return what is said where there are no leaks."""
    others = check.request.get("others") or []
    looked = f", or in {', '.join(others)}" if others else ""
    return html.Div(
        [
            html.H2("No leaks"),
            html.P(
                f"No {noun(found)} has a copy in another split or slice of this set{looked}. "
                "Splits come from the set's own column or from Curate; other sets are named in "
                "the options of a check.",
                className="vt-lead",
            ),
            html.Div(
                [step("To the check", keys, "btn btn-quiet", view="overview"),
                 dcc.Link("Divide into splits", className="btn btn-quiet",
                          href=link("/curate", set=found.name, view="split"))],
                className="vt-actions",
            ),
        ],
        className="vt-card vt-case-none",
    )  # fmt: skip


def group(found: Any, kind: str, first: str, second: str, lines: Any) -> Component:
    """Return the pairs of copies between two splits, slices or sets."""
    other: Any = found
    problem = ""
    if kind == "set":
        try:
            other = services().library.open(second)
        except VitrineError as error:
            other, problem = None, str(error)
    shown = lines.head(SHOWN).to_dict("records")
    rows = [_pair(found, other, one) for one in shown]
    more = len(lines) - len(shown)
    parts: list[Component | None] = [
        html.H2([f"{KINDS.get(kind, kind)}: {first} and {second} ",
                 html.Span(plural(len(lines), "pair"), className="vt-small")]),
        notices.hint(problem) if problem else None,
        tables.table((first, second, "Distance", "Alike as"), rows,
                     caption=f"Copies in both {first} and {second}"),
        html.P(f"and {number(more)} more pairs", className="vt-small") if more > 0 else None,
    ]  # fmt: skip
    return html.Section([p for p in parts if p is not None], className="vt-card vt-leak-group")


def _pair(found: Any, other: Any, one: Mapping[str, Any]) -> tuple[Any, ...]:
    """Return one pair as a line of a table."""
    level = str(one["level"])
    return (
        _side(found, int(one["row"])),
        _side(other, int(one["other"])) if other is not None else f"row {int(one['other'])}",
        score(float(one["distance"]), 4),
        TITLES.get(level, level).lower(),
    )


def _side(found: Any, row: int) -> Component:
    """Return one side of a pair: its picture and name, as a link to it."""
    if not 0 <= row < len(found.items):
        return html.Span(f"row {row}", className="vt-small")
    inside: list[Component] = [html.Span(name_of(found, row), className="vt-leak-name")]
    if has_pictures(found):
        inside.insert(0, gallery.thumb(f"{found.key}/{row}", ""))
    return dcc.Link(inside, href=item_link(found.name, row), className="vt-leak-side")

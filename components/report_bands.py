"""A measured value on the range that random choices of the same size give: a strip, and words."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from components.attributes import attrs
from components.report_head import badge
from components.words import number, score, share
from core.report.words import figure

#: Head of the column that draws what the others say.
STRIP = "Where it lies"

WISHES = {"lower": "lower is better", "higher": "higher is better"}


def strip(value: float | None, mean: float, low: float, high: float,
          draws: Sequence[float] = ()) -> Component:  # fmt: skip
    """Return a track with the random band, its mean and the value that was reached."""
    known = [v for v in (value, mean, low, high, *draws) if v is not None]
    first, last = min(known), max(known)
    pad = 0.06 * (last - first) or 1.0
    first, span = first - pad, last - first + 2 * pad

    def at(v: float) -> str:
        return f"{100 * (v - first) / span:.2f}%"

    parts = [
        html.Span(className="vt-strip-band", style={"left": at(low),
                  "width": f"{100 * (high - low) / span:.2f}%"}),
        html.Span(className="vt-strip-mean", style={"left": at(mean)}),
    ]  # fmt: skip
    if value is not None:
        parts.append(html.Span(className="vt-strip-value", style={"left": at(value)}))
    return html.Div(parts, className="vt-strip", **attrs(aria_hidden="true"))


def _shown(value: float | None, unit: str) -> str:
    """Return a measure: a share as a percentage, a count whole, others with three figures."""
    if value is None:
        return "–"
    if unit in {"share", "%"}:
        return share(value)
    if abs(value) >= 100 or (unit == "pairs" and float(value).is_integer()):
        return number(value)
    return figure(value)


def _head(text: str) -> Component:
    """Return the head of a column; narrow screens leave out strips and their head."""
    return html.Th(text, scope="col", className="vt-band-strip" if text == STRIP else None)


def _table(head: Sequence[str], rows: Sequence[Component], caption: str) -> Component:
    """Return a table that may hold strips."""
    return html.Div(
        html.Table(
            [
                html.Caption(caption, className="visually-hidden"),
                html.Thead(html.Tr([_head(h) for h in head])),
                html.Tbody(list(rows)),
            ],
            className="vt-table vt-bands",
        ),
        className="vt-table-wrap vt-bands-wrap",
        tabIndex=0,
    )


def bands(found: Sequence[Mapping[str, Any]]) -> Component:
    """Return each measure beside its 200 random draws."""
    rows = []
    for one in found:
        random, unit = one["random"], str(one.get("unit") or "")
        low, high = _shown(random["low"], unit), _shown(random["high"], unit)
        told = "; ".join(t for t in (unit, WISHES.get(one["better"], "")) if t)
        title = html.Th([one["title"], html.Span(told, className="vt-small")], scope="row")
        drawn = strip(one["curated"], random["mean"], random["low"], random["high"],
                      random.get("draws") or ())  # fmt: skip
        rows.append(html.Tr([
            title,
            html.Td(_shown(one["curated"], unit), className="vt-band-value"),
            html.Td(f"{_shown(random['mean'], unit)} ({low} to {high})"),
            html.Td(drawn, className="vt-band-strip"),
            html.Td(badge(one.get("standing"))),
        ]))  # fmt: skip
    head = ("Measure", "Chosen", "Random (95 %)", STRIP, "Verdict")
    return _table(head, rows, "Measures of the choice beside random choices")


#: Values shown before the rest is folded.
LABELS = 24


def labels(found: Mapping[str, Any], items: int, count: int) -> Component:
    """Return how the values of a column are kept: in the set, chosen, in random choices."""
    rows = [_label_row(one, items, count) for one in found["rows"]]
    head = (str(found["column"]).capitalize(), "In the set", "Chosen", "Random (95 %)",
            STRIP)  # fmt: skip
    told = f"How often each {found['column']} was chosen"
    shown = _table(head, rows[:LABELS], told)
    if len(rows) <= LABELS:
        return shown
    rest = _table(head, rows[LABELS:], f"{told}, the rest")
    more = html.Summary(f"{number(len(rows) - LABELS)} more values")
    return html.Div([shown, html.Details([more, rest])])


def _label_row(one: Mapping[str, Any], items: int, count: int) -> Component:
    """Return one value's row."""
    mean, low, high = one["random_mean"], one["random_low"], one["random_high"]
    chosen = one["curated"]
    here = f"{number(one['set'])} ({share(one['set'] / max(1, items))})"
    taken = f"{number(chosen)} ({share(chosen / max(1, count))})"
    return html.Tr([
        html.Th(str(one["value"]), scope="row"),
        html.Td(here),
        html.Td(taken, className="vt-band-value"),
        html.Td(f"{score(mean, 1)} ({score(low, 0)} to {score(high, 0)})"),
        html.Td(strip(chosen, mean, low, high), className="vt-band-strip"),
    ])  # fmt: skip

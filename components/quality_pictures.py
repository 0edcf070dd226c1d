"""Faulty pictures: raw values against thresholds that can be moved, and what is above or below."""

import json
import time
from collections.abc import Mapping
from typing import Any

import dash_bootstrap_components as dbc
import numpy as np
from dash import Input, Output, State, callback, ctx, dcc, html, no_update
from dash.development.base_component import Component

from components import notices, quality_frame, quality_items
from components.attributes import attrs
from components.quality_frame import GO, NOW
from components.state import services
from components.words import number, plural, score, share
from core.quality.pictures import UNSUITED

#: What the browser says when a threshold was let go: {"issue", "value"}; and the way back.
MOVED, USUAL = "quality-threshold-moved", "quality-threshold-usual"
LINE, VALUE = "quality-threshold-line", "quality-threshold-value"

#: Bars behind the line, steps at which the browser knows the count, pictures on each side of it.
BARS, STEPS, SIDE = 50, 1000, 8


def bar(found: Any, view: Any, check: Any, keys: Mapping[str, str]) -> Component:
    """Return what stands over the worklist: the issues, and the threshold of the one chosen.

    Parameters
    ----------
    found, view, check
        The open set, what was decided about it, and what its check found.
    keys
        The keys in the address.
    """
    issues = check.pictures or {}
    line = services().findings.summary(found, view, check).topics.get("pictures")
    if line is None or not any(np.isfinite(one.score).any() for one in issues.values()):
        told = line.notice if line is not None else ""
        return quality_frame.bar(notices.hint(told or "No picture of this set was measured."))
    kind = keys["kind"] if keys["kind"] in issues else ""
    parts: list[Component | None] = [kinds(issues, line, keys), *unsuited(issues, kind)]
    if kind:
        parts.append(threshold(found, issues[kind]))
    told = html.P("Choose an issue to see its threshold, and to move it.", className="vt-small")
    narrow = [quality_frame.state_chips(keys), at_once(found, view, check, keys, kind),
              None if kind else told]  # fmt: skip
    parts.append(html.Div([one for one in narrow if one is not None], className="vt-narrow"))
    if line.notice:
        parts.append(notices.hint(line.notice))
    return quality_frame.bar(*parts)


def kinds(issues: Any, line: Any, keys: Mapping[str, str]) -> Component:
    """Return the choice of an issue, each with how many pictures are open."""
    options: list[tuple[str, str, int | None]] = [("", "All issues", line.open)]
    for name, one in issues.items():
        options.append((name, one.issue.title, line.kinds.get(name, (0, 0))[1]))
    return quality_frame.chips("Which issue", "kind", options, keys)


def at_once(
    found: Any, view: Any, check: Any, keys: Mapping[str, str], kind: str
) -> Component | None:
    """Return the button that drops all open pictures of an issue; None where none is open.

    Where the threshold does not suit the set there is none: it would empty the set.
    """
    if not kind or keys["state"] == "decided" or check.pictures[kind].unsuited:
        return None
    cases, images, _ = services().findings.bulk_preview(found, view, check, "pictures", kind=kind)
    if cases < 2 or not images:
        return None
    text = f"Drop all {number(images)} of “{check.pictures[kind].issue.title}” …"
    return html.Div(quality_frame.bulk_button(text, "pictures", kind=kind), className="vt-actions")


def unsuited(issues: Any, kind: str) -> list[Component]:
    """Return aloud which thresholds do not suit the set: that of the issue shown, else of all."""
    told = [one for name, one in issues.items() if one.unsuited and (not kind or name == kind)]
    return [
        html.Div(
            [html.Strong(f"{one.issue.title}: threshold unsuited. "), one.unsuited],
            className="vt-unsuited",
            role="alert",
        )
        for one in told
    ]


def threshold(found: Any, one: Any) -> Component:
    """Return the threshold of an issue as a line over the scores of all pictures.

    Parameters
    ----------
    found
        The open set.
    one
        What was found of the issue: its score of every picture, and the threshold in use.
    """
    known = np.sort(one.score[np.isfinite(one.score)])
    if not len(known):
        return notices.hint(f"{one.issue.title}: no picture was measured.")
    value = float(one.threshold)
    below = np.searchsorted(known, np.arange(STEPS + 1) / STEPS, side="left")
    count = int(np.searchsorted(known, value, side="left"))
    text: list[Any] = [
        html.Strong(number(count), className="vt-threshold-count"), " of ",
        f"{plural(len(known), 'picture')} (",
        html.Span(share(count / len(known)), className="vt-threshold-share"),
        ") are below the line.",
    ]  # fmt: skip
    wide = (
        f"More than {share(UNSUITED)} of the set would be like this: that says more about the "
        "threshold than about the pictures."
    )
    inside = [
        html.P([html.Strong(one.issue.title), f": {one.issue.explain}. Low is bad."],
               className="vt-small"),
        html.Div([_bars(known, value), _line(one.issue.title, value)],
                 className="vt-threshold-plot"),
        html.Div([html.Span("0"), html.Span("1")], className="vt-threshold-ends",
                 **attrs(aria_hidden="true")),
        html.Div([_number(value), html.P(text, role="status"), _usual(one.issue, value)],
                 className="vt-threshold-fields"),
        html.P(wide, className="vt-threshold-warning"),
    ]  # fmt: skip
    return html.Section(
        [html.Div(inside, className="vt-threshold-line"), _sides(found, one), dcc.Store(id=MOVED)],
        className="vt-threshold",
        **attrs(
            aria_label=f"Threshold of {one.issue.title}",
            data_below=json.dumps(below.tolist(), separators=(",", ":")),
            data_total=str(len(known)),
            data_most=str(UNSUITED),
            data_issue=one.issue.name,
            data_store=MOVED,
        ),
    )  # fmt: skip


def _bars(known: np.ndarray, value: float) -> Component:
    """Return how many pictures have which score, as bars; those below the line stand out."""
    counts, edges = np.histogram(known, bins=BARS, range=(0.0, 1.0))
    tall = np.sqrt(counts / max(1, counts.max()))
    middles = (edges[:-1] + edges[1:]) / 2
    bars = [
        html.Span(
            className="vt-threshold-bar" + (" vt-below" if middle < value else ""),
            style={"height": f"{max(2.0, 100 * h) if n else 0:.1f}%"},
        )
        for h, n, middle in zip(tall, counts, middles, strict=True)
    ]
    return html.Div(bars, className="vt-threshold-bars", **attrs(aria_hidden="true"))


def _line(title: str, value: float) -> Component:
    """Return the line that can be dragged, and moved by the arrow keys."""
    line = dbc.Input(id=LINE, type="range", min=0, max=1, step=1 / STEPS, value=value)
    return html.Label([html.Span(f"Threshold of {title}", className="visually-hidden"), line])


def _number(value: float) -> Component:
    field = dbc.Input(id=VALUE, type="number", min=0, max=1, step="any", value=round(value, 4),
                      size="sm")  # fmt: skip
    return html.Label(["Threshold", field], className="vt-inline-label")


def _usual(issue: Any, value: float) -> Component:
    """Return the way back to the usual threshold."""
    return html.Button(
        f"Back to {score(issue.threshold, 2)}", id=USUAL, type="button",
        className="btn btn-quiet btn-sm", hidden=abs(value - issue.threshold) < 1e-9,
    )  # fmt: skip


def _sides(found: Any, one: Any) -> Component:
    """Return the pictures just below and just above the line."""
    order = np.argsort(np.where(np.isfinite(one.score), one.score, np.inf), kind="stable")
    order = order[: int(np.isfinite(one.score).sum())]
    at = int(np.searchsorted(one.score[order], one.threshold, side="left"))
    groups = (("Just below the line", order[max(0, at - SIDE) : at]),
              ("Just above", order[at : at + SIDE]))  # fmt: skip
    parts = [
        html.Div([html.P(html.Strong(title)),
                  quality_items.strip(found, rows.tolist(),
                                      [score(float(v)) for v in one.score[rows]])
                  if len(rows) else html.P("None.", className="vt-small")])
        for title, rows in groups
    ]  # fmt: skip
    return html.Div(parts, className="vt-threshold-sides")


# -- one picture -----------------------------------------------------------------------------------


def case_view(found: Any, view: Any, check: Any, case: Any) -> Component:
    """Return one faulty picture with its raw values beside their thresholds.

    Parameters
    ----------
    found, view, check
        The open set, what was decided about it, and what its check found.
    case
        The case, as `core.findings` has it.
    """
    row = int(case.rows[0])
    main = html.Div([quality_items.figure(found, row)], className="vt-item-main")
    side = html.Div([quality_items.reason(case), values(case)], className="vt-item-side")
    return html.Article([html.Div([main, side], className="vt-item-pair")],
                        className="vt-case-body")  # fmt: skip


def values(case: Any) -> Component:
    """Return every raw value of a picture with its threshold, those below it first."""
    lines = sorted(case.detail["issues"], key=lambda one: not one["flagged"])
    if not lines:
        return notices.hint("This picture could not be measured.")
    rows = [
        (
            html.Strong(one["title"]) if one["flagged"] else one["title"],
            score(float(one["value"])),
            score(float(one["threshold"])),
            html.Span("below" if one["flagged"] else "fine",
                      className="vt-verdict-bad" if one["flagged"] else "vt-soft"),
            one["explain"],
        )
        for one in lines
    ]  # fmt: skip
    return quality_items.section(
        "Raw values",
        quality_items.measured(("Issue", "Value", "Threshold", "Verdict", "What it is"), rows,
                               "Raw values of this picture"),
        facts(case),
    )  # fmt: skip


def facts(case: Any) -> Component | None:
    """Return the size of a picture; None where it is not known."""
    measures = case.detail.get("measures") or {}
    width, height = measures.get("width"), measures.get("height")
    if not width or not height:
        return None
    return html.P(f"{number(int(width))} × {number(int(height))} pixels", className="vt-small")


# -- thresholds ------------------------------------------------------------------------------------


@callback(
    Output(GO, "data", allow_duplicate=True),
    Input(MOVED, "data"),
    Input(USUAL, "n_clicks"),
    State(NOW, "data"),
    prevent_initial_call=True,
)
def move(moved: dict[str, Any] | None, usual: int | None, keys: dict[str, str]) -> Any:
    """Use another threshold from now on, and list anew."""
    if ctx.triggered_id == USUAL:
        if not usual:
            return no_update
        given: dict[str, float | None] = {keys["kind"]: None}
    elif moved and moved.get("issue") == keys["kind"]:
        given = {keys["kind"]: float(moved["value"])}
    else:
        return no_update
    found = services().library.open(keys["set"])
    services().findings.set_thresholds(found, given)
    return {"case": "", "start": "", "at": time.time_ns()}

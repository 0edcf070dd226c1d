"""The threshold of near-duplicates: a line over the distances of the set, which can be moved."""

from typing import Any

import dash_bootstrap_components as dbc
import numpy as np
from dash import (
    ClientsideFunction,
    Input,
    Output,
    State,
    callback,
    clientside_callback,
    ctx,
    dcc,
    html,
    no_update,
)
from dash.development.base_component import Component

from components import figures, quality_form, shell, tables
from components.quality_frame import NOW
from components.state import noun, services
from components.words import number, plural, share
from core.quality.request import QualityRequest

LINE, VALUE, TOLD, DATA = "quality-tau-line", "quality-tau-value", "quality-tau-told", "quality-tau"
USE, USUAL = "quality-tau-use", "quality-tau-usual"

#: Bars of the chart, and steps of the line at which the browser knows the counts.
BARS, STEPS = 60, 600

#: Width of the line's handle in pixels, as in quality.css: the chart's margins are half of it.
HANDLE = 16

SOURCES = {
    "learned": "learned from this set",
    "capped": "learned from this set, and capped",
    "fallback": "a guess from this set's distances",
    "given": "chosen by hand",
}


def section(found: Any, check: Any) -> Component | None:
    """Return the threshold with its chart, folded; None where there is none."""
    stored = check.duplicates
    if stored is None or "nearest" not in stored.arrays or not len(stored.arrays["nearest"]):
        return None
    tau = float(stored.meta["tau"])
    told: list[Any] = [
        "Near-duplicates: up to ",
        html.Strong(words(tau)),
        f" apart, {SOURCES.get(str(stored.meta.get('source')), '')}",
        html.Span("Change it", className="vt-fold"),
    ]
    inside = _inside(found, check, stored, tau)
    return html.Details([html.Summary(told), *inside], className="vt-tau vt-card")


def words(tau: float) -> str:
    """Return a distance with the digits that matter."""
    return f"{tau:.3g}"


def scale(nearest: np.ndarray, tau: float) -> float:
    """Return the largest distance of the chart: room right of the line, or half of the set."""
    known = np.asarray(nearest)[np.isfinite(nearest)]
    middle = float(np.median(known)) if len(known) else 0.0
    return float(min(2.0, max(3 * tau, middle, 1e-6)))


def counts(stored: Any, top: float) -> dict[str, Any]:
    """Return how many pairs and images lie within each step of the line.

    Pairs are known up to `reach` only; images beyond it too.
    """
    steps = np.linspace(0, top, STEPS + 1)
    near = np.sort(np.asarray(stored.arrays["nearest"], np.float64))
    pairs = np.asarray(stored.arrays["pair_distance"], np.float64)
    tau = float(stored.meta["tau"])
    return {
        "top": top,
        "now": tau,
        "reach": float(stored.meta.get("reach", 3.0)) * tau,
        "pairs": np.searchsorted(pairs, steps, side="right").tolist(),
        "images": np.searchsorted(near, steps, side="right").tolist(),
        "total": len(near),
    }


def _inside(found: Any, check: Any, stored: Any, tau: float) -> list[Component]:
    """Return the chart with its line, the fields and what they would find."""
    nearest = np.asarray(stored.arrays["nearest"])
    top = scale(nearest, tau)
    data = {**counts(stored, top), "noun": noun(found)}
    line = dbc.Input(id=LINE, type="range", min=0, max=top, step=top / STEPS, value=tau)
    field = dbc.Input(id=VALUE, type="number", min=0, max=2, step="any", value=float(words(tau)),
                      size="sm")  # fmt: skip
    given = check.request.get("tau") is not None
    return [
        dcc.Store(id=DATA, data=data),
        html.P(str(stored.meta.get("text") or ""), className="vt-small"),
        html.Div(
            [
                chart(nearest, top, found),
                html.Label(
                    [html.Span("Threshold of near-duplicates", className="visually-hidden"), line],
                    className="vt-tau-line",
                ),
            ],
            className="vt-tau-plot",
        ),
        html.Div(
            [
                html.Label(["Threshold ", field], className="vt-inline-label vt-tau-field"),
                html.P(counted(data, tau), id=TOLD, className="vt-tau-told", role="status"),
                html.Button("Use this threshold", id=USE, type="button",
                            className="btn btn-primary btn-sm", disabled=True),
                html.Button("Back to the learned one", id=USUAL, type="button",
                            className="btn btn-quiet btn-sm", hidden=not given),
            ],
            className="vt-form-line",
        ),
        html.Details([html.Summary("As a table"), table(data, tau, noun(found))],
                     className="vt-tau-table"),
    ]  # fmt: skip


def chart(nearest: np.ndarray, top: float, found: Any) -> Component:
    """Return how far each image is from the nearest other picture, as bars."""
    edges = np.linspace(0, top, BARS + 1)
    heights, _ = np.histogram(np.asarray(nearest, np.float64), bins=edges)
    middles = (edges[:-1] + edges[1:]) / 2
    beyond = int((np.asarray(nearest) > top).sum())
    one = noun(found)
    trace = {
        "type": "bar", "x": middles.tolist(), "y": np.sqrt(heights).tolist(),
        "hoverinfo": "skip",
    }  # fmt: skip
    layout = {
        "margin": {"l": HANDLE // 2, "r": HANDLE // 2, "t": 4, "b": 40},
        "xaxis": {"range": [0, top], "fixedrange": True, "nticks": 8,
                  "title": {"text": f"distance to the nearest other {one}"}},
        "yaxis": {"visible": False, "fixedrange": True, "rangemode": "tozero"},
        "bargap": 0.12, "dragmode": False,
    }  # fmt: skip
    low = int(heights[: BARS // 2].sum())
    label = (
        f"Distances of {one}s to the nearest other one, as bars whose height grows with the square "
        f"root of the number: {number(low)} up to {words(top / 2)}, "
        f"{number(int(heights.sum()) - low)} from there to {words(top)}, "
        f"{number(beyond)} further away."
    )
    made = {"data": [trace], "layout": layout}
    return figures.graph("quality-tau", made, label=label, height=150)


def counted(data: dict[str, Any], tau: float) -> str:
    """Return how much lies within a threshold, in words; `quality_tau.js` says the same."""
    at = min(STEPS, max(0, round(STEPS * tau / data["top"])))
    pairs, images = data["pairs"][at], data["images"][at]
    least = "at least " if tau > data["reach"] else ""
    told = plural(images, data["noun"])
    has = "has" if images == 1 else "have"
    return (
        f"{least}{plural(pairs, 'pair')}; {told} ({share(images / max(1, data['total']))}) {has} a "
        "different one this near."
    )


def table(data: dict[str, Any], tau: float, one: str) -> Component:
    """Return what some thresholds would find."""
    wanted = [t for t in (tau / 4, tau / 2, tau, 1.5 * tau, 2 * tau, 3 * tau) if t <= data["top"]]
    rows = []
    for value in wanted:
        at = min(STEPS, round(STEPS * value / data["top"]))
        mark = " (in use)" if value == tau else ""
        found = (number(data["pairs"][at]), number(data["images"][at]))
        rows.append((f"{words(value)}{mark}", *found))
    return tables.table(("Threshold", "Pairs", f"{one.capitalize()}s with a near one"), rows,
                        caption="Near pairs at other thresholds")  # fmt: skip


# -- what it does ----------------------------------------------------------------------------------

clientside_callback(
    ClientsideFunction("vitrine_tau", "tau"),
    Output(LINE, "value"),
    Output(VALUE, "value"),
    Output(TOLD, "children"),
    Output(USE, "disabled"),
    Input(LINE, "value"),
    Input(VALUE, "value"),
    State(DATA, "data"),
    prevent_initial_call=True,
)


@callback(
    Output(shell.NUDGE, "data", allow_duplicate=True),
    Input(USE, "n_clicks"),
    Input(USUAL, "n_clicks"),
    State(VALUE, "value"),
    State(NOW, "data"),
    prevent_initial_call=True,
)
def use(clicks: int | None, usual: int | None, tau: Any, keys: dict[str, str]) -> Any:
    """Group the copies anew with another threshold; what else is stored is not computed again."""
    if not ctx.triggered or not ctx.triggered[0]["value"]:
        return no_update
    found = services().library.open(keys["set"])
    last = services().findings.check(found).request
    given = float(tau) if ctx.triggered_id == USE and tau not in (None, "") else None
    wanted = QualityRequest.from_json({**last, "name": found.name, "tau": given})
    title = quality_form.title(found.title, given)
    return services().jobs.submit("quality", wanted.to_json(), title).id

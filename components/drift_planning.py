"""Planning: what a batch of some size could show, and how many images one needs."""

from collections.abc import Mapping
from typing import Any

from dash import html
from dash.development.base_component import Component

from components import drift_series, drift_series_form, figures, tables
from components.morphology_frame import card
from components.report_charts import GREY, LEGEND
from components.state import services
from components.words import ago, number, plural
from core.drift.series_words import percent

#: Dashes of the lines of other shares.
_DASHES = ("dot", "dash", "dashdot", "longdash", "solid")


def view_of(found: Any, view: Any, keys: Mapping[str, str]) -> list[Component]:
    """Return the view "planning": the plan that is shown, the form, and earlier plans.

    Parameters
    ----------
    found, view
        The open set, and what was decided about it.
    keys
        The keys in the address; `key` may be that of a series or a plan.
    """
    lines = [line for line in drift_series.kept().series_list(found.name)
             if line.planned or not line.batches]  # fmt: skip
    series = drift_series.opened(keys.get("key", ""), lines)
    last = series.meta["request"] if series is not None else {}
    form = drift_series_form.plan_form(found, view, last, services().settings.seed)
    if series is None:
        return [html.Div([html.Div(form), html.Div(explained(), className="vt-curate-beside")],
                         className="vt-curate")]  # fmt: skip
    plan = series.meta["plan"]
    shown = [too_few(series)] if plan is None else [
        answer_card(series, plan), curve_card(series, plan), explained(),
    ]  # fmt: skip
    again = html.Details([html.Summary("Plan for something else"), form], className="vt-advanced")
    parts = [drift_series.others(found.name, lines, series.key, "planning"),
             drift_series.old(series), *shown, again]  # fmt: skip
    return [part for part in parts if part is not None]


def too_few(series: Any) -> Component:
    """Return that a reference is too small for a plan."""
    units = series.meta["reference"]["n_units"]
    return card("No plan", html.P(
        f"The reference has {plural(units, 'unit')}; a plan needs 50 of the reference, and 10 that "
        "look like what may come."
    ))  # fmt: skip


def answer_card(series: Any, plan: Mapping[str, Any]) -> Component:
    """Return how many images a batch needs, for the share asked for and for others."""
    reference = series.meta["reference"]
    units = plan["units"] != plan["images"]
    rows = []
    for one in plan["needed"]:
        line = [percent(one["share"]), number(one["images"]), _how(one["how"])]
        if units:
            line.insert(2, number(one["units"]))
        rows.append(line)
    head = ["New images in the batch", "Images it needs", *(["Units"] if units else []), "From"]
    return card(
        "How many images a batch needs",
        html.P(plan["text"], className="vt-lead"),
        tables.table(head, rows, caption="Images that a batch needs"),
        html.P(f"Reference: {reference['label']}, {plural(plan['images'], 'image')}"
               + (f" as {plural(plan['units'], 'unit')}" if units else "")
               + f" · {ago(series.meta.get('created'))}", className="vt-small"),
    )  # fmt: skip


def _how(how: str) -> str:
    return {"measured": "measured on this reference", "formula": "formula; more than could be "
            "measured here"}.get(how, "no size is enough")  # fmt: skip


def curve_card(series: Any, plan: Mapping[str, Any]) -> Component:
    """Return how often new images are seen against the size of a batch, as curve and table."""
    head = ["Units in the batch", *(f"{percent(share)} new" for share in plan["shares"])]
    rows = [
        [number(size), *("–" if value is None else f"{100 * value:.0f} %" for value in line)]
        for size, line in zip(plan["sizes"], plan["power"], strict=True)
    ]
    chart = figures.graph(f"drift-plan-{series.key[:8]}", power_curve(plan),
                          label=f"Power curve. {plan['text']}", height=340)  # fmt: skip
    folded = html.Details([html.Summary("As a table"),
                           tables.table(head, rows, caption="How often new images are seen")],
                          className="vt-as-table")  # fmt: skip
    return card("How often new images are seen", html.Div([chart, folded], className="vt-chart"))


def power_curve(plan: Mapping[str, Any]) -> dict[str, Any]:
    """Return the figure of power against the size of a batch, a line a share, as plain data."""
    data: list[dict[str, Any]] = []
    for at, share in enumerate(plan["shares"]):
        mine = share == plan["share"]
        look = {"width": 3} if mine else {"width": 1.5, "color": GREY, "dash": _DASHES[at % 5]}
        data.append({
            "type": "scatter", "mode": "lines+markers", "name": f"{percent(share)} new",
            "x": plan["sizes"], "y": [_percents(line[at]) for line in plan["power"]], "line": look,
            "marker": {"size": 7 if mine else 4}, "connectgaps": False,
            "hovertemplate": "%{x} units: %{y:.0f} %<extra>%{fullData.name}</extra>",
        })  # fmt: skip
    layout = {
        "xaxis": {"type": "log", "title": {"text": "units in the batch"},
                  "tickvals": plan["sizes"], "ticktext": [number(n) for n in plan["sizes"]]},
        "yaxis": {"title": {"text": "seen"}, "range": [0, 103], "ticksuffix": " %"},
        "legend": LEGEND,
        "margin": {"l": 60, "r": 12, "t": 64, "b": 48},
        "shapes": [{"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": 80, "y1": 80,
                    "line": {"color": GREY, "width": 1, "dash": "dot"}}],
    }  # fmt: skip
    return {"data": data, "layout": layout}


def _percents(value: float | None) -> float | None:
    return None if value is None else 100 * value


def explained() -> Component:
    """Return how a plan is made."""
    return card(
        "How this is measured",
        html.P("New images are put into batches drawn from the reference, and each batch is held "
               "against the rest of it (MMD², level 5 %). How often it is then found to differ is "
               "its power; four times in five is what people usually ask for. Where even half of "
               "the reference is too small a batch, the formula for the classifier test is used, "
               "with how well a model tells new from known images here.", className="vt-small"),
    )  # fmt: skip

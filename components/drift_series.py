"""Batches over time: which differ from the reference, whether they drift away, and since when."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from components import drift_frame, drift_series_form, figures, tables
from components.attributes import attrs
from components.morphology_frame import card, p_text
from components.report_charts import BAND, GREY, LEGEND
from components.state import link, services
from components.words import ago, number, plural
from core.drifts.series import SeriesKept
from core.errors import NotFoundError, VitrineError

#: A batch that differs, in both themes; it has a sign of its own too.
RED = "#c0392b"
#: Names of batches on the axis up to which all are written.
NAMES = 40


def view_of(found: Any, view: Any, keys: Mapping[str, str]) -> list[Component]:
    """Return the view "over time": the series that is shown, the form, and earlier series.

    Parameters
    ----------
    found, view
        The open set, and what was decided about it.
    keys
        The keys in the address; `key` may be that of a series.
    """
    lines = [line for line in kept().series_list(found.name) if line.batches]
    series = opened(keys.get("key", ""), lines)
    last = series.meta["request"] if series is not None else {}
    form = drift_series_form.time_form(found, view, last, services().settings.seed)
    beside: list[Component] = [explained(found.name)]
    if series is None:
        return [html.Div([html.Div(form), html.Div(beside, className="vt-curate-beside")],
                         className="vt-curate")]  # fmt: skip
    again = html.Details([html.Summary("Compare other batches"), form], className="vt-advanced")
    parts = [
        others(found.name, lines, series.key, "time"), old(series), verdict_card(series),
        chart_card(series), table_card(series), *beside, again,
    ]  # fmt: skip
    return [part for part in parts if part is not None]


def kept() -> SeriesKept:
    """Return the series of the workspace."""
    return SeriesKept(services().library.workspace)


def opened(key: str, lines: Sequence[Any]) -> Any:
    """Return the series with this key if it is among the lines, else the newest; None without."""
    known = {line.key for line in lines}
    wanted = key if key in known else lines[0].key if lines else ""
    try:
        return kept().series(wanted) if wanted else None
    except NotFoundError:
        return None


def old(series: Any) -> Component | None:
    """Return that a series is of older sets than there are now; None where it is of them."""
    now = {}
    for name in series.meta["imagesets"]:
        try:
            now[name] = services().library.open(name)
        except VitrineError:
            continue
    why = kept().series_stale(series, now)
    return html.P(why, className="vt-small vt-stale", role="status") if why else None


def others(name: str, lines: Sequence[Any], key: str, view: str) -> Component | None:
    """Return the other series of a set, folded, as links; None where there are none."""
    rest = [line for line in lines if line.key != key]
    if not rest:
        return None
    rows = [
        html.Li([
            dcc.Link(line.title, href=link("/drift", set=name, view=view, key=line.key)),
            html.Span(f" {line.sentence} · {ago(line.created)}", className="vt-small"),
        ])
        for line in rest
    ]  # fmt: skip
    summary = html.Summary(f"Others made before ({number(len(rest))})")
    return html.Details([summary, html.Ul(rows, className="vt-made")],
                        className="vt-morph-others")  # fmt: skip


# -- what was found --------------------------------------------------------------------------------


def verdict_card(series: Any) -> Component:
    """Return the verdict on the batches, the trend and the change point in words."""
    meta = series.meta
    reference = meta["reference"]
    told = (
        f"Reference: {reference['label']}, {plural(reference['n_images'], 'image')}"
        + (f" as {plural(reference['n_units'], 'unit')}"
           if reference["n_units"] != reference["n_images"] else "")
        + f" · {plural(len(meta['batches']), 'batch', 'batches')} · {ago(meta.get('created'))}"
    )  # fmt: skip
    return card(
        "Verdict",
        html.P([drift_frame.badge_of_level(meta["verdict"]["level"]), " ",
                meta["verdict"]["sentence"]], className="vt-lead"),
        html.P(meta["trend"]["text"]),
        html.P(meta["change"]["text"]),
        html.Ul([html.Li(note) for note in meta["notes"]], className="vt-small")
        if meta["notes"] else None,
        html.P(told, className="vt-small"),
        files(series),
    )  # fmt: skip


def files(series: Any) -> Component:
    """Return the links that download a series."""
    where = f"/api/drift-series/{series.key}"
    links = [
        html.A(text, href=f"{where}.{kind}", className="btn btn-quiet btn-sm", download="",
               **attrs(aria_label=f"Batches as {text}"))
        for kind, text in (("html", "HTML"), ("pdf", "PDF"), ("csv", "CSV"), ("json", "JSON"))
    ]  # fmt: skip
    return html.Div(links, className="vt-actions", role="group",
                    **attrs(aria_label="Download"))  # fmt: skip


def chart_card(series: Any) -> Component | None:
    """Return the control chart; None where no batch could be tested."""
    lines = [one for one in series.meta["batches"] if one["distance"] is not None]
    if not lines:
        return None
    told = (
        "Each point is a batch: its distance (MMD²) to the reference. The grey band is where 95 % "
        "of draws of as many units of the reference itself lie. Red squares differ, after Holm's "
        "correction for all batches; a round point above the band does not."
    )
    chart = figures.graph(f"drift-series-{series.key[:8]}", control_chart(series.meta, lines),
                          label=f"Control chart. {series.meta['verdict']['sentence']}",
                          height=340)  # fmt: skip
    return card("Distance to the reference, batch by batch", chart,
                html.P(told, className="vt-small"))  # fmt: skip


def control_chart(meta: Mapping[str, Any], lines: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the figure of batches against the band of the reference, as plain data."""
    names = [str(one["name"]) for one in lines]
    bare = {"type": "scatter", "mode": "lines", "line": {"width": 0, "shape": "hvh"},
            "hoverinfo": "skip", "x": names}  # fmt: skip
    data: list[dict[str, Any]] = [
        {**bare, "y": [one["low"] for one in lines], "showlegend": False},
        {**bare, "y": [one["high"] for one in lines], "fill": "tonexty", "fillcolor": BAND,
         "name": "reference, 95 %"},
        {"type": "scatter", "mode": "lines", "x": names, "y": [one["distance"] for one in lines],
         "line": {"color": GREY, "width": 1}, "hoverinfo": "skip", "showlegend": False},
    ]  # fmt: skip
    for outside, name, look in (
        (False, "as the reference", {"size": 9}),
        (True, "differs", {"size": 11, "symbol": "square", "color": RED}),
    ):
        mine = [one for one in lines if bool(one["outside"]) is outside]
        data.append({
            "type": "scatter", "mode": "markers", "name": name, "marker": look,
            "x": [str(one["name"]) for one in mine], "y": [one["distance"] for one in mine],
            "customdata": [[one["units"], p_text(one["p_adjusted"])] for one in mine],
            "hovertemplate": "%{x}: %{y:.4~g}<br>%{customdata[0]} units, p %{customdata[1]} after "
                             "Holm<extra></extra>",
        })  # fmt: skip
    step = max(1, -(-len(names) // NAMES))
    layout = {
        "xaxis": {"type": "category", "categoryorder": "array", "categoryarray": names,
                  "tickvals": names[::step], "automargin": True},
        "yaxis": {"title": {"text": "MMD²"}, "zeroline": True},
        "legend": LEGEND,
        "margin": {"l": 64, "r": 12, "t": 44, "b": 64},
        **_change(meta, names),
    }  # fmt: skip
    return {"data": data, "layout": layout}


def _change(meta: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """Return the mark of a change point that its test names; {} where there is none."""
    change = meta["change"]
    if change["p"] is None or change["p"] >= 0.05 or change["batch"] not in names:
        return {}
    place = names.index(change["batch"]) - 0.5
    return {
        "shapes": [{"type": "line", "x0": place, "x1": place, "yref": "paper", "y0": 0, "y1": 1,
                    "line": {"color": GREY, "width": 1.5, "dash": "dot"}}],
        "annotations": [{"x": place, "yref": "paper", "y": 0.98, "text": " change point ",
                         "showarrow": False, "xanchor": "right" if place > 1 else "left",
                         "yanchor": "top", "font": {"size": 11}}],
    }  # fmt: skip


def table_card(series: Any) -> Component:
    """Return every batch with its numbers, and the way to its comparison with the reference."""
    meta = series.meta
    reference = meta["reference"]["text"]
    rows = []
    for one in meta["batches"]:
        way = link("/drift", set=meta["name"], view="design", a=reference, b=one["side"])
        rows.append((
            str(one["name"]), _state(one), _value(one["distance"]),
            "–" if one["low"] is None else f"{_value(one['low'])} to {_value(one['high'])}",
            p_text(one["p"]), p_text(one["p_adjusted"]), number(one["images"]),
            number(one["units"]),
            dcc.Link(
                ["Compare", html.Span(f" {one['name']} with the reference",
                                      className="visually-hidden")],
                href=way, className="vt-link",
            ),
        ))  # fmt: skip
    head = ("Batch", "Verdict", "MMD²", "Reference, 95 %", "p", "p after Holm", "Images", "Units",
            "Where it differs")  # fmt: skip
    return card("Batches", tables.table(head, rows, caption="Batches against the reference"))


def _state(one: Mapping[str, Any]) -> str:
    if one["p"] is None:
        return "not tested"
    return "differs" if one["outside"] else "as the reference"


def _value(value: float | None) -> str:
    """Return a discrepancy with three digits that count."""
    return "–" if value is None else f"{value:.3g}".replace("-", "−")


def explained(name: str) -> Component:
    """Return how a pipeline does the same: a watched folder, and a condition that stops it."""
    command = (
        f'drift-series "{name}, new" --reference "{name}" --folder FOLDER --watch 60 '
        '--fail-on "p<0.01"'
    )
    return card(
        "New images that arrive",
        html.P("A watched folder: each new sub-folder is a batch. It is encoded as the reference "
               "was, and held against it when nothing more is being copied. Batches come in the "
               "order in which their pictures were last written."),
        html.Code(f"app.py {command}", className="vt-command"),
        html.P("The command ends with exit code 3 at the first batch for which the condition "
               "holds; its figures are p (after Holm), mmd2, outside and batch_units.",
               className="vt-small"),
    )  # fmt: skip

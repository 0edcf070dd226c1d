"""How well labels can be told from the vectors: a linear probe beside what chance reaches."""

from collections.abc import Mapping
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from components import fields, figures, label_frame, notices, report_charts, tables
from components.state import link, noun
from components.words import number, plural, share
from core.quality.label_request import LabelRequest

COLUMN, POOL, GO = "probe-column", "probe-pool", "probe-go"
FIELDS = (COLUMN, POOL)

#: Kinds of mistakes that are listed.
MISTAKES = 12


def request(name: str, given: Mapping[str, Any], seed: int) -> LabelRequest:
    """Return what the form asks for."""
    return LabelRequest(
        name, "probe", column=fields.named(given.get(COLUMN)),
        pool=str(given.get(POOL) or "all"), seed=seed,
    )  # fmt: skip


def body(found: Any, view: Any, labelled: Any, keys: Mapping[str, str]) -> list[Component]:
    """Return the form, what was probed before, and the result that is shown.

    Parameters
    ----------
    found, view
        The open set, and what was decided about it.
    labelled
        The probes that are kept.
    keys
        The keys in the address.
    """
    return label_frame.with_result(
        found, keys, list(labelled.list(found.name, "probe")), "Probed before",
        form(found, view, keys), explained,
        lambda: result(found, labelled.open(keys["key"])),
    )  # fmt: skip


def form(found: Any, view: Any, keys: Mapping[str, str]) -> Component:
    """Return the form that asks for a probe."""
    whole = f"all labelled {noun(found)}s"
    return label_frame.card(
        "Probe the labels",
        label_frame.columns(COLUMN, "Labels of", found, keys),
        label_frame.pool_field(POOL, "Among", found, view, keys, whole),
        fields.go("Probe", GO, f"{GO}-told"),
        form=True,
    )  # fmt: skip


def explained() -> Component:
    """Return what a probe does."""
    return label_frame.card(
        "How it works",
        html.P("A linear classifier learns the labels from the vectors of four fifths of the set "
               "and is asked about the fifth it has not seen, in turn. Copies and frames of one "
               "unit stay on one side; how strongly it is held back is chosen inside the learning "
               "part only. A high figure says that this encoder sees what the labels mean; one "
               "near the baselines that it does not, or that the labels are wrong."),
    )  # fmt: skip


def result(found: Any, made: Any) -> Component:
    """Return one probe: its accuracy beside the baselines, and which classes are told."""
    if not hasattr(made, "confusion"):
        return notices.alert("There is no probe with this id: make it again.", "warning",
                             dismissable=False)  # fmt: skip
    meta = made.meta
    stale = meta["imageset"] != found.key
    parts: list[Component | None] = [
        notices.alert("The set has changed since: this is about the set as it was.", "warning",
                      dismissable=False) if stale else None,
        html.P(sentence(meta, noun(found)), className="vt-preview-sentence"),
        chart(meta, noun(found)),
        *[html.P(str(note), className="vt-hint") for note in meta["notes"]],
        left_out(meta),
        html.Div([recalls(made), mistakes(found, made)], className="vt-probe-tables"),
    ]  # fmt: skip
    return label_frame.card("What the probe reaches", *parts)


def sentence(meta: Mapping[str, Any], one: str = "image") -> str:
    """Return what a probe reached, in words."""
    told = (
        f"Of {one}s it had not seen, it told {share(meta['accuracy'])} right (95 % interval "
        f"{share(meta['low'])} to {share(meta['high'])}; the mean over "
        f"{plural(meta['classes'], 'class', 'classes')})."
    )
    if meta["low"] <= max(meta["majority"], meta["shuffled"]):
        return f"{told} That is no better than chance."
    return f"{told} Shuffled labels reach {share(meta['shuffled'])}."


def chart(meta: Mapping[str, Any], one: str) -> Component:
    """Return the accuracy with its interval over the two baselines."""
    names = ["largest class", "shuffled labels", "probe"]
    values = [100 * meta["majority"], 100 * meta["shuffled"], 100 * meta["accuracy"]]
    above, below = 100 * (meta["high"] - meta["accuracy"]), 100 * (meta["accuracy"] - meta["low"])
    data = [
        {"type": "scatter", "mode": "markers", "x": values[:2], "y": names[:2],
         "marker": {"size": 10, "color": report_charts.GREY, "symbol": "line-ns-open",
                    "line": {"width": 3}},
         "hovertemplate": "%{y}: %{x:.1f} %<extra></extra>"},
        {"type": "scatter", "mode": "markers", "x": values[2:], "y": names[2:],
         "marker": {"size": 11},
         "error_x": {"type": "data", "array": [above], "arrayminus": [below], "thickness": 2,
                     "width": 7},
         "hovertemplate": "%{y}: %{x:.1f} %<extra></extra>"},
    ]  # fmt: skip
    layout = {
        "xaxis": {"title": {"text": "balanced accuracy, %"}, "range": [0, 102]},
        "yaxis": {"type": "category", "automargin": True},
        "showlegend": False,
        "margin": {"l": 110, "r": 12, "t": 8, "b": 44},
    }
    figure = {"data": data, "layout": layout}
    made = figures.graph("labels-probe", figure, label=sentence(meta, one), height=170)
    rows = [
        ("probe", share(meta["accuracy"]), f"{share(meta['low'])} – {share(meta['high'])}"),
        ("shuffled labels", share(meta["shuffled"]), ""),
        ("always the largest class", share(meta["majority"]), ""),
    ]
    return report_charts.with_table(made, ("What", "Balanced accuracy", "95 %"), rows,
                                    "What the probe reaches")  # fmt: skip


def left_out(meta: Mapping[str, Any]) -> Component | None:
    """Return which classes were too small; None where all were used."""
    names = [str(name) for name in meta["left_out"]]
    if not names:
        return None
    shown = ", ".join(names[:8]) + (f" and {number(len(names) - 8)} more" if len(names) > 8 else "")
    few = f"{plural(len(names), 'class', 'classes')} with fewer than 5 units"
    return html.P(f"Left out: {few}: {shown}.", className="vt-small")


def recalls(made: Any) -> Component:
    """Return how many of each class were told right, the worst first."""
    table = made.classes.sort_values(["recall", "label"], kind="stable")
    rows = [
        (str(line.label), share(float(line.recall)), number(int(line.count_)),
         number(int(line.units)))
        for line in table.rename(columns={"count": "count_"}).itertuples()
    ]  # fmt: skip
    return html.Div(
        [html.H3("By class, the worst first"),
         tables.table(("Class", "Told right", "Images", "Units"), rows,
                      caption="Share told right of each class")]
    )  # fmt: skip


def mistakes(found: Any, made: Any) -> Component:
    """Return which classes were taken for which, the commonest first."""
    table = made.confusion.head(MISTAKES)
    rows = [
        (dcc.Link(str(line.given), className="vt-link",
                  href=link("/quality", set=found.name, view="labels")),
         str(line.told), number(int(line.times)))
        for line in table.rename(columns={"count": "times"}).itertuples()
    ]  # fmt: skip
    inside = tables.table(("Class", "Told to be", "Images"), rows, caption="Commonest mistakes")
    none = html.P("None.", className="vt-small")
    return html.Div([html.H3("Commonest mistakes"), inside if rows else none])

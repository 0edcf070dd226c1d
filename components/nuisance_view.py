"""What a test of nuisances found: what explains the clusters, and what to do about it."""

from collections.abc import Mapping
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from components import figures
from components.encoder_frame import badge, card, courts, figure, said
from components.stacked import stacked
from components.state import link
from components.words import ago, number, plural

#: What a state is called, and its look.
STATES = {
    "explains": ("fail", "Explains the clusters"),
    "with labels": ("caution", "Goes with the labels"),
    "held": ("caution", "In the vectors only"),
    "none": ("pass", "No sign"),
    "unknown": ("unknown", "Not tested"),
}
#: Colours of before and after and of intervals, which show on light and on dark.
LOOKS, BETWEEN = {"before": "#2f74b9", "after": "#ba7025"}, "#8b9499"


def residual_id(what: Any) -> dict[str, Any]:
    """Return the id of the button that makes a set with columns regressed out."""
    return {"component": "nuisance", "part": "residual", "columns": what}


def result(found: Any, nuisance: Any) -> list[Component]:
    """Return everything of a test.

    Parameters
    ----------
    found
        The open set.
    nuisance
        The test that is shown.
    """
    meta = nuisance.meta
    parts = [_verdict(found, nuisance), _chart(meta), _table(meta), _labels(meta),
             _remedies(found, meta)]  # fmt: skip
    return [part for part in parts if part is not None]


def _verdict(found: Any, nuisance: Any) -> Component:
    meta = nuisance.meta
    look, word = STATES[meta["level"]]
    stale = courts().stale(nuisance, found)
    counts = f"{plural(meta['n'], 'image')} of {number(meta['total'])} · {meta['clusters']}"
    if meta["column"]:
        counts += f" · labels by {meta['column']}"
    return card(
        "What explains the clusters",
        html.P([badge(look, word), " ", meta["text"]], className="vt-lead"),
        html.P(stale, className="vt-warned") if stale else None,
        html.P(f"{counts} · {ago(meta['created'])}", className="vt-small"),
        *(html.P(note, className="vt-small") for note in meta["notes"]),
    )


def _share(found: Mapping[str, Any] | None) -> tuple[float, float, float] | None:
    """Return a share explained with its interval, none of them below 0."""
    if found is None or found["clusters"] is None:
        return None
    one = found["clusters"]
    value, low, high = (max(0.0, float(one[name])) for name in ("share", "low", "high"))
    return value, low, high


def _chart(meta: Mapping[str, Any]) -> Component | None:
    """Return the shares explained as bars, before and after, the labels among them."""
    lines = [(one["title"], one) for one in meta["factors"] if one["before"] is not None]
    if meta["label"] is not None:
        lines.insert(0, ("The labels", meta["label"]))
    traces, spoken = [], []
    for when, word in (("before", "Before"), ("after", "After")):
        if meta[when] is None:
            continue
        held = [(title, _share(one.get(when))) for title, one in lines]
        known = [(title, told) for title, told in held if told is not None]
        if not known:
            continue
        name = word if meta["after"] is not None else "Share explained"
        traces.append({
            "type": "bar", "orientation": "h", "name": name, "y": [one for one, _ in known],
            **({"marker": {"color": LOOKS[when]}} if meta["after"] is not None else {}),
            "x": [100 * told[0] for _, told in known],
            "error_x": {
                "type": "data", "symmetric": False, "thickness": 1.2, "width": 3,
                "color": BETWEEN,
                "array": [100 * max(0.0, told[2] - told[0]) for _, told in known],
                "arrayminus": [100 * max(0.0, told[0] - told[1]) for _, told in known],
            },
            "hovertemplate": "%{y}: %{x:.1f} %<extra>%{fullData.name}</extra>",
        })  # fmt: skip
        spoken.append(f"{name}: " + ", ".join(f"{title} {figure(told[0])}"
                                              for title, told in known))  # fmt: skip
    if not traces:
        return None
    layout = {
        "xaxis": {"range": [0, 103], "ticksuffix": " %",
                  "title": {"text": "of the clusters explained"}},
        "yaxis": {"autorange": "reversed", "automargin": True},
        "showlegend": len(traces) > 1, "legend": {"orientation": "h", "y": 1.15},
        "margin": {"l": 8, "r": 16, "t": 8, "b": 44},
    }  # fmt: skip
    chart = figures.graph("nuisance", {"data": traces, "layout": layout},
                          height=110 + 34 * len(lines),
                          label=f"What explains the clusters. {'; '.join(spoken)}")  # fmt: skip
    return card("How much each explains", chart)


def _table(meta: Mapping[str, Any]) -> Component:
    head = ["What", "Found", "Of the clusters", "Beyond the labels", "A classifier tells it"]
    both = meta["after"] is not None
    if both:
        head = [*head, "Clusters after", "A classifier after"]
    rows = [_row(one, both) for one in meta["factors"]]
    return card(
        "Each factor",
        stacked(head, rows, caption="What explains the clusters, factor by factor"),
        html.P("A share counts what chance would not explain: 0 is nothing, 100 % decides the "
               "cluster. A classifier never learns from a unit it tells.",
               className="vt-small"),
    )  # fmt: skip


def _row(one: Mapping[str, Any], both: bool) -> list[Any]:
    look, word = STATES[one["state"]]
    kinds = ", ".join(f"{kind['name']} {number(kind['count'])}" for kind in one["kinds"][:5])
    more = len(one["kinds"]) - 5
    kinds += f" and {more} more" if more > 0 else ""
    said = kinds if one["kinds"] else one["what"]
    cells: list[Any] = [
        html.Span([html.Strong(one["title"]), html.Span(f" {said}", className="vt-small")]),
        html.Span([badge(look, word),
                   html.Span(f" {one['advice']}", className="vt-small") if one["advice"]
                   else ""]),
        *_cells(one["before"]),
    ]  # fmt: skip
    if both:
        clusters, _, told = _cells(one.get("after"))
        cells += [clusters, told]
    return cells


def _cells(found: Mapping[str, Any] | None) -> tuple[str, str, str]:
    """Return the share of the clusters, that beyond labels, and what a classifier reaches."""
    if found is None:
        return "–", "–", "–"
    clusters, probe = found["clusters"], found["probe"]
    share = beyond = told = "–"
    if clusters is not None:
        low, high = max(0.0, clusters["low"]), max(0.0, clusters["high"])
        share = f"{figure(max(0.0, clusters['share']), low, high)}, p {_p(clusters, 'p')}"
        if clusters["beyond"] is not None:
            beyond = f"{figure(max(0.0, clusters['beyond']))}, p {_p(clusters, 'beyond_p')}"
    if probe is not None:
        chance = max(probe["majority"], probe["shuffled"])
        told = f"{figure(probe['accuracy'], probe['low'], probe['high'])}; chance {figure(chance)}"
    return share, beyond, told


def _p(clusters: Mapping[str, Any], name: str) -> str:
    value = clusters.get(f"{name}_adjusted", clusters[name])
    return "–" if value is None else f"{value:.2g}"


def _labels(meta: Mapping[str, Any]) -> Component | None:
    """Return how well labels are told, before and after: what a remedy must not lose."""
    if meta["label"] is None:
        return None
    rows = []
    for when, word in (("before", "Before"), ("after", "After")):
        one = meta["label"].get(when)
        if one is None or meta[when] is None:
            continue
        near = one["neighbours"]
        probe = one["probe"]
        rows.append([
            html.Strong(f"{word}: {meta[when]['title']}"), said(meta[when]["encoder"]),
            _cells(one)[0],
            "–" if probe is None else figure(probe["accuracy"], probe["low"], probe["high"]),
            "–" if near is None else f"{figure(near['share'])}; chance {figure(near['chance'])}",
        ])  # fmt: skip
    head = ("Set", "Encoder", "Labels of the clusters", "A classifier tells them",
            "Neighbours with the label")  # fmt: skip
    return card("The labels", stacked(head, rows, caption="How well labels are told"))


def _remedies(found: Any, meta: Mapping[str, Any]) -> Component:
    """Return what can be done: cut out by masks, or regress columns out; then test again."""
    named = [one["name"].partition(":")[2] or "source" for one in meta["factors"]
             if one["state"] in {"explains", "held"}
             and (one["name"].startswith("column:") or one["name"] == "source")]  # fmt: skip
    named = [one for one in named if one in found.items]
    cut = dcc.Link("Cut out by masks", href=link("/morphology", set=found.name, view="design"),
                   className="btn btn-quiet")  # fmt: skip
    buttons: list[Component] = [cut]
    if named and not found.is_part:
        buttons.append(html.Button(f"Regress out {', '.join(named)}", type="button",
                                   id=residual_id(",".join(named)),
                                   className="btn btn-quiet"))  # fmt: skip
    return card(
        "What to do",
        html.P("Masks hide the ground, so no vector can hold it. A column can be regressed out of "
               "the vectors: that makes another set, with an encoder of its own. It also removes "
               "what labels share with the column. Then test again, with that set as after."),
        html.Div(buttons, className="vt-actions"),
    )  # fmt: skip

"""What a court found: what is recommended for what, and every encoder's figures beside it."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from components import court_neighbours, encoder_overlap, figures
from components.encoder_frame import badge, card, courts, figure, said, shorter
from components.morphology_card import STATES
from components.stacked import stacked
from components.state import link, services
from components.words import ago, number, plural
from core.courts.suits import QUESTIONS
from core.errors import VitrineError

#: Colour and sign of each encoder, which show on light and on dark; and how far apart their rows.
LOOKS = (("#2f74b9", "circle"), ("#ba7025", "diamond"), ("#7c9e16", "square"),
         ("#cc759b", "triangle-up"), ("#0f9ccc", "x"))  # fmt: skip
APART = 0.14


def set_id(key: Any) -> dict[str, Any]:
    """Return the id of the button that makes a set of the images in an encoder, by its key."""
    return {"component": "court", "part": "make", "key": key}


def result(found: Any, court: Any, keys: Mapping[str, str]) -> list[Component]:
    """Return everything of a court.

    Parameters
    ----------
    found
        The open set.
    court
        The court that is shown.
    keys
        The keys in the address; `row` is the picture whose neighbours are shown.
    """
    meta = court.meta
    stale = courts().stale(court, found)
    parts = [
        _verdict(meta, stale),
        _questions(meta),
        _figures(meta),
        court_neighbours.view(found, court, keys),
        _encoders(found, meta),
        encoder_overlap.view([one["name"] for one in meta["encoders"]], meta["overlap"]),
    ]
    return [part for part in parts if part is not None]


def _verdict(meta: Mapping[str, Any], stale: str) -> Component:
    counts = f"{plural(meta['n'], 'image')} of {number(meta['total'])}"
    labels = f"labels by {meta['column']}" if meta["column"] else "no labels"
    told = [html.P(f"{counts} · {labels} · {ago(meta['created'])}", className="vt-small")]
    if stale:
        told.insert(0, html.P(stale, className="vt-warned"))
    cautions = [html.Li(said(text)) for text in meta["warnings"]]
    return card(
        "What suits these images",
        html.P(said(meta["text"]), className="vt-lead"),
        html.Ul(cautions, className="vt-court-cautions") if cautions else None,
        *told,
        *(html.P(note, className="vt-small") for note in meta["notes"]),
    )


def _questions(meta: Mapping[str, Any]) -> Component:
    rows = []
    for one in meta["recommendations"]:
        look, word = ("pass", "Clear") if one["clear"] else ("caution", "Close")
        if not one["name"]:
            look, word = "unknown", "None"
        rows.append([
            html.Strong(one["title"]),
            html.Span([said(one["name"]) or "none", " ", badge(look, word)]),
            html.Span(said(one["text"])),
            html.Span(said(f"{one['table']['name'] or '–'}: {one['why']}"), className="vt-small"),
        ])  # fmt: skip
    return card(
        "One encoder for each question",
        stacked(("Question", "Recommended", "Because, measured here", "By its kind alone"), rows,
                caption="Recommended encoder for each question"),
    )  # fmt: skip


def _figures(meta: Mapping[str, Any]) -> Component:
    """Return the figures that recommendations rest on: a chart, and the same as a table."""
    encoders = meta["encoders"]
    rows = [
        [html.Strong(question.title),
         *(_cell(one["figures"][question.figure]) for one in encoders)]
        for question in QUESTIONS
    ]  # fmt: skip
    if any(one["figures"]["clusters"]["value"] is not None for one in encoders):
        rows.append([html.Strong("Firmness of clusters"),
                     *(_firm(one["figures"]["clusters"]) for one in encoders)])  # fmt: skip
    if any(one["figures"]["named_copies"]["value"] is not None for one in encoders):
        rows.append([html.Strong("Known copies of a column"),
                     *(_cell(one["figures"]["named_copies"]) for one in encoders)])  # fmt: skip
    names = shorter([one["name"] for one in encoders])
    meanings = [html.Li([html.Strong(f"{question.title}: "), question.measures, "."])
                for question in QUESTIONS]  # fmt: skip
    return card(
        "Measured on these images",
        _chart(encoders),
        stacked(
            ("Question", *names), rows, caption="Figures of every encoder, with 95 % intervals"
        ),
        html.Details([html.Summary("What is measured"), html.Ul(meanings)]),
    )


def _cell(one: Mapping[str, Any]) -> Component:
    return html.Span(figure(one["value"], one["low"], one["high"]), title=one["text"])


def _firm(one: Mapping[str, Any]) -> Component:
    if one["value"] is None:
        return html.Span("–", title=one["text"])
    told = f"{one['value']:.2f}, {plural(one['details']['count'], 'cluster')}"
    return html.Span(told, title=one["text"])


def _chart(encoders: Sequence[Mapping[str, Any]]) -> Component:
    """Return the figures as points with intervals, a row a question, one below the other."""
    traces, spoken = [], []
    called = shorter([one["name"] for one in encoders])
    for at, one in enumerate(encoders):
        held = [(row, one["figures"][question.figure]) for row, question in enumerate(QUESTIONS)]
        held = [(row, line) for row, line in held if line["value"] is not None]
        values = [100 * line["value"] for _, line in held]
        lows, highs = ([100 * (line["value"] if line[end] is None else line[end])
                        for _, line in held] for end in ("low", "high"))  # fmt: skip
        names = [QUESTIONS[row].title for row, _ in held]
        traces.append({
            "type": "scatter", "mode": "markers", "name": called[at], "x": values,
            "y": [row + (at - (len(encoders) - 1) / 2) * APART for row, _ in held],
            "customdata": names,
            "marker": {"size": 10, "color": LOOKS[at][0], "symbol": LOOKS[at][1]},
            "error_x": {
                "type": "data", "symmetric": False, "thickness": 1.5, "width": 3,
                "color": LOOKS[at][0],
                "array": [end - value for end, value in zip(highs, values, strict=True)],
                "arrayminus": [value - end for end, value in zip(lows, values, strict=True)],
            },
            "hovertemplate": "%{customdata}: %{x:.1f} %<extra>%{fullData.name}</extra>",
        })  # fmt: skip
        told = ", ".join(f"{name} {value:.0f} %" for name, value in zip(names, values,
                                                                          strict=True))  # fmt: skip
        spoken.append(f"{said(one['name'])}: {told}")
    layout = {
        "xaxis": {"range": [-1, 103], "ticksuffix": " %"},
        "yaxis": {"range": [len(QUESTIONS) - 0.4, -0.6], "automargin": True, "zeroline": False,
                  "tickvals": list(range(len(QUESTIONS))),
                  "ticktext": [question.title for question in QUESTIONS]},
        "legend": {"orientation": "h", "y": -0.12}, "showlegend": True,
        "margin": {"l": 8, "r": 16, "t": 8, "b": 40},
    }  # fmt: skip
    return figures.graph("court", {"data": traces, "layout": layout}, height=420,
                         label=f"Figures of every encoder. {'; '.join(spoken)}")  # fmt: skip


def _encoders(found: Any, meta: Mapping[str, Any]) -> Component:
    rows = []
    for one in meta["encoders"]:
        cost = one["cost"]
        took = "–" if cost["cpu_seconds"] is None else f"{cost['cpu_seconds']:.1f} s"
        sign, word = STATES.get(one["card"]["verdict"], STATES["unknown"])
        rows.append([
            html.Strong(said(one["name"])),
            html.Span([badge(one["card"]["verdict"], f"{sign} {word}"), " ",
                       html.Span(one["card"]["text"], className="vt-small")]),
            number(cost["dims"]), _bytes(cost["bytes_all"]), took,
            _map(found, meta, one),
        ])  # fmt: skip
    return card(
        "What each encoder is like",
        stacked(("Encoder", "Metric card", "Numbers an image", "Bytes for all",
                 "CPU for 1,000 images", "Map"), rows, caption="Cost and metric card"),
        html.P("Seconds are of one processor, after pictures were read.", className="vt-small"),
    )  # fmt: skip


def _bytes(count: int) -> str:
    return f"{count / 1e6:,.1f} MB" if count >= 1e5 else f"{count / 1e3:,.1f} kB"


def sets_of(found: Any, key: str) -> Any:
    """Return a set with a map that holds these images in an encoder; None where there is none."""
    from components.beside import links

    library = services().library
    for name in library.names():
        try:
            other = library.open(name)
            if other.spec.key == key and other.projections and links().holds_most(found, other):
                return other
        except (VitrineError, KeyError, OSError):  # it must not hide the others
            continue
    return None


def _map(found: Any, meta: Mapping[str, Any], one: Mapping[str, Any]) -> Component:
    """Return the way to this set's map and that of an encoder side by side."""
    if one["key"] == meta["own"]:
        return html.Span("this set")
    other = sets_of(found, one["key"])
    if other is not None:
        flat = [name for name in other.projections if not name.endswith("3d")]
        best = next((name for name in ("umap", "tsne", "pca") if name in flat), "")
        if best:
            href = link("/explore", set=found.name, beside=f"{other.name}:{best}")
            return dcc.Link("Two linked maps", href=href, className="vt-link")
    return html.Button(
        ["Make its map", html.Span(f" of {said(one['name'])}", className="visually-hidden")],
        id=set_id(one["key"]), type="button", className="btn btn-quiet btn-sm",
    )  # fmt: skip

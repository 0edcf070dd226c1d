"""Thinned sequences: what was kept of each, and what other thresholds would keep."""

from collections.abc import Mapping
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from components import gallery, notices, tables
from components.attributes import attrs
from components.quality_frame import step
from components.state import captions, has_pictures, link, services
from components.words import ago, number, plural, share
from core.choices.stored import slice_of
from core.errors import NotFoundError
from core.findings.streams import Stream, Streams

#: Frames shown, results listed, and sequences told of.
FRAMES, LISTED, TOLD_OF = 60, 6, 50

#: Share of kept frames from which the threshold is said to be low for a sequence.
MUCH = 0.9


def newest(found: Any) -> str:
    """Return the key of the sequence of a set that was thinned last; "" where there is none."""
    lines = _streams().list(found.name)
    return str(lines[0].key) if lines else ""


def results(found: Any, view: Any, keys: Mapping[str, str]) -> list[Component]:
    """Return the sequence that the address names or the last one, and a list of all of them."""
    lines = _streams().list(found.name)
    if not lines:
        return []
    wanted = keys["case"] or lines[0].key
    try:
        shown = [result(found, view, _streams().open(wanted))]
    except NotFoundError as error:
        shown, wanted = [notices.hint(str(error))], ""
    if len(lines) > 1:
        shown.append(earlier(found, lines[:LISTED], wanted, keys))
    return shown


def asked(found: Any, keys: Mapping[str, str]) -> dict[str, Any]:
    """Return the request of the sequence that is shown, in its JSON form; {} where none is."""
    lines = _streams().list(found.name)
    wanted = keys["case"] or (lines[0].key if lines else "")
    try:
        return dict(_streams().open(wanted).meta.get("request") or {}) if wanted else {}
    except NotFoundError:
        return {}


def _streams() -> Streams:
    return Streams(services().library.workspace)


#: What is said where next to nothing was left out.
LOW = (
    "Next to no frame was left out: the threshold is one for copies. A higher one thins a sequence "
    "more; what others would keep is told below."
)


def result(found: Any, view: Any, stream: Stream) -> Component:
    """Return one thinned sequence: what was kept in words, its first frames, and the tables."""
    meta = stream.meta
    old = str(meta.get("imageset") or found.key) != found.key
    kept = slice_of(stream.key, view)
    ways = (
        [
            dcc.Link(
                "Explore what was kept",
                className="btn btn-primary btn-sm",
                href=link("/explore", set=found.name, slice=kept),
            )
        ]
        if kept
        else []
    )
    parts: list[Component | None] = [
        html.H2([share(float(meta["share"])), " kept"], className="vt-card-title"),
        html.P(stream.text, className="vt-lead"),
        notices.hint("The set has changed since; its rows may be others.") if old else None,
        html.Div(ways, className="vt-actions") if ways else None,
        notices.hint(LOW) if float(meta["share"]) >= MUCH else None,
        None if old else frames(found, stream),
        sequences(stream),
        curve(stream),
    ]  # fmt: skip
    return html.Section([part for part in parts if part is not None], className="vt-card vt-stream")


def frames(found: Any, stream: Stream) -> Component:
    """Return the first frames in order; those that were left out are dimmed."""
    order = [int(row) for row in stream.order[:FRAMES]]
    kept = [bool(one) for one in stream.kept[:FRAMES]]
    words = captions(found, order)
    cells = []
    for row, stays, word in zip(order, kept, words, strict=True):
        told = f"Frame {number(row)}, {'kept' if stays else 'left out'}"
        inside: Any = html.Span(word or f"no. {number(row)}", className="vt-word")
        if has_pictures(found):
            inside = gallery.thumb(f"{found.key}/{row}", told)
        cells.append(html.Li(inside, className="vt-frame" + ("" if stays else " vt-frame-out"),
                             title=told))  # fmt: skip
    count = len(stream.order)
    told = f"The first {number(FRAMES)} of {number(count)}" if count > FRAMES else "All frames"
    return html.Div(
        [html.P(f"{told} in order; those left out are dimmed.", className="vt-small"),
         html.Ul(cells, className="vt-frames", **attrs(aria_label="Frames in order"))]
    )  # fmt: skip


def sequences(stream: Stream) -> Component | None:
    """Return how much of each sequence was kept; None where there is one."""
    lines = stream.sequences.to_dict("records")
    if len(lines) < 2:
        return None
    rows = [
        (str(one["sequence"]), number(one["frames"]), number(one["kept"]), share(one["share"]))
        for one in lines[:TOLD_OF]
    ]
    more = len(lines) - len(rows)
    parts = [tables.table(("Sequence", "Frames", "Kept", "Share"), rows,
                          caption="Frames kept of each sequence")]  # fmt: skip
    if more > 0:
        parts.append(html.P(f"and {plural(more, 'more sequence')}", className="vt-small"))
    return html.Details([html.Summary(plural(len(lines), "sequence")), *parts])


def curve(stream: Stream) -> Component:
    """Return what other thresholds would keep."""
    tau = float(stream.meta["tau"])
    rows = [
        (f"{one['tau']:.3g}" + (" (used)" if abs(one["tau"] - tau) < 1e-12 else ""),
         number(one["kept"]), share(one["share"]))
        for one in stream.curve.to_dict("records")
    ]  # fmt: skip
    return html.Details(
        [html.Summary("What other thresholds would keep"),
         tables.table(("Threshold", "Kept", "Share"), rows, caption="Kept at other thresholds")],
        open=float(stream.meta["share"]) >= MUCH,
    )  # fmt: skip


def earlier(found: Any, lines: Any, wanted: str, keys: Mapping[str, str]) -> Component:
    """Return the list of what was thinned before, each a link."""
    rows = []
    for line in lines:
        told = f"{number(line.kept)} of {number(line.frames)} kept, up to {line.tau:.3g}"
        current: dict[str, Any] = {"aria_current": "true"} if line.key == wanted else {}
        when = html.Span(f" {ago(line.created)}", className="vt-small")
        rows.append(html.Li([step(told, keys, case=line.key, **current), when]))
    return html.Section(
        [html.H2("Thinned before", className="vt-card-title"), html.Ul(rows, className="vt-lines")],
        className="vt-card",
    )

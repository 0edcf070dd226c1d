"""The timeline of a set of clips: a strip of each clip's frames, to look along and to select from.

The page puts `fold` on itself and calls `wire` once; `assets/timeline.js` lets a person draw over
the strip, which fills the fields "from" and "to" and presses the button behind them.
"""

from typing import Any

import dash_bootstrap_components as dbc
import numpy as np
from dash import Input, Output, State, callback, dcc, html, no_update
from dash.development.base_component import Component

from components import gallery, notices, pickers
from components.attributes import attrs
from components.beside import AGREEMENT
from components.palette import palette_for
from components.state import captions, choose_set, services, spread, whole
from components.words import number, plural
from core.errors import InputError
from core.opened.clips import Clips, clips_of

CLIP, STRIP, SHOWN = "timeline-clip", "timeline-strip", "timeline-set"
FROM, TO, SELECT, TOLD = "timeline-from", "timeline-to", "timeline-select", "timeline-told"

#: Pictures of a strip, and pieces that its band is cut into at most.
PICTURES, PIECES = 24, 400
#: Clips that are offered; more are reached by selecting them in the gallery.
OFFERED = 500


def fold(found: Any, colour: str | None, selected: Any, inspect_store: Any) -> Component:
    """Return the timeline of a set, folded; hidden where the set has no clips.

    Parameters
    ----------
    found
        The open set or part.
    colour
        The column that the band is coloured by.
    selected
        Rows that are selected, or None.
    inspect_store
        The store of the inspector, which the pictures open.
    """
    clips = clips_of(found.items)
    names = clips.names[:OFFERED] if clips else ()
    options = [{"label": name, "value": str(place)} for place, name in enumerate(names)]
    inside: list[Component] = [
        dcc.Store(id=SHOWN, data={"inspect": inspect_store}),
        html.Div(
            pickers.select(CLIP, "Clip", options, "0" if names else None, inline=True),
            className="vt-timeline-clip",
            hidden=len(names) < 2,
        ),
        html.Div(
            strip(found, clips, 0, colour, selected, inspect_store) if clips else [],
            id=STRIP, className="vt-timeline-strip",
        ),
        _range(clips.dates if clips else False),
    ]  # fmt: skip
    if clips and len(clips.names) > OFFERED:
        inside.append(notices.hint(f"The first {number(OFFERED)} of {number(len(clips.names))}."))
    head = plural(len(clips.names), "clip") if clips else ""
    return html.Details(
        [html.Summary(f"Timeline: {head}", className="vt-link"), *inside],
        className="vt-timeline",
        hidden=clips is None,
    )


def _range(dates: bool) -> Component:
    """Return the fields of a range of time and the button that selects it."""

    def field(label: str, id: str) -> Component:
        return html.Label(
            [html.Span(label), dbc.Input(id=id, type="number", step="any", size="sm",
                                         className="vt-timeline-number")],
            className="vt-inline-label",
        )  # fmt: skip

    told = "Draw over the band, or give seconds after the beginning of the clip."
    return html.Div(
        [
            field("From", FROM),
            field("to", TO),
            html.Button("Select these frames", id=SELECT, type="button",
                        className="btn btn-quiet btn-sm"),
            html.Span(told, className="vt-small"),
            html.Div(id=TOLD, role="status"),
        ],
        className="vt-timeline-range",
    )  # fmt: skip


def strip(
    found: Any, clips: Clips, clip: int, colour: str | None, selected: Any, inspect_store: Any
) -> list[Component]:
    """Return the pictures, the band and the words of one clip."""
    rows = clips.rows(clip)
    seconds = clips.time[rows] - clips.time[rows[0]]
    length = float(seconds[-1])
    shown = [int(rows[place]) for place in spread(len(rows), min(PICTURES, len(rows)))]
    times = {int(row): float(at) for row, at in zip(rows, seconds, strict=True)}
    words = captions(found, shown)
    names = [
        f"{clock(times[row])}{f', {word}' if word else ''}"
        for row, word in zip(shown, words, strict=True)
    ]
    chosen = np.zeros(len(found.items), bool)
    if selected is not None:
        chosen[np.asarray(selected, np.int64)] = True
    inside = int(chosen[rows].sum())
    told = f"{plural(len(rows), 'frame')}, {clock(length)}"
    told += f"; {number(inside)} selected" if inside else ""
    return [
        html.Ul(
            [
                html.Li([button, html.Span(clock(times[row]), className="vt-small")])
                for row, button in zip(
                    shown, gallery.thumbs(found, shown, inspect_store, names), strict=True
                )
            ],
            className="vt-timeline-pictures",
            **attrs(aria_label=f"Frames of {clips.names[clip]}"),
        ),
        html.Div(
            _pieces(found, rows, seconds, colour, chosen),
            className="vt-timeline-band",
            **attrs(
                aria_hidden="true", data_length=f"{length:.6f}", data_from=FROM, data_to=TO,
                data_select=SELECT,
            ),
        ),
        html.P(told, className="vt-small"),
    ]  # fmt: skip


def _pieces(
    found: Any, rows: np.ndarray, seconds: np.ndarray, colour: str | None, chosen: np.ndarray
) -> list[Component]:
    """Return the band: stretches of one colour; of a long clip its first frame in each piece."""
    places = np.asarray(spread(len(rows), min(PIECES, len(rows))))
    codes = np.ones(len(rows), np.int64)
    light = dark = ["var(--vt-accent)"] * 256
    if colour not in {None, "", AGREEMENT}:
        colouring = found.colouring(colour)
        codes = np.asarray(colouring.codes)[rows].astype(np.int64)
        light, dark = palette_for(colouring.kind), palette_for(colouring.kind, dark=True)
    ends = np.append(seconds[places][1:], seconds[-1])
    total = max(float(seconds[-1]), 1e-9)
    marks = np.stack([codes[places], chosen[rows[places]]], axis=1)
    starts = np.flatnonzero(np.r_[True, (marks[1:] != marks[:-1]).any(axis=1)])
    pieces: list[Component] = []
    for first, last in zip(starts, [*starts[1:], len(places)], strict=True):
        code, on = marks[first]
        begin, end = float(seconds[places[first]]), float(ends[last - 1])
        style = {
            "left": f"{100 * begin / total:.3f}%", "width": f"{100 * (end - begin) / total:.3f}%",
            "background": f"light-dark({light[code]}, {dark[code]})",
        }  # fmt: skip
        pieces.append(html.Span(className="vt-timeline-on" if on else "", style=style))
    return pieces


def clock(seconds: float) -> str:
    """Return seconds as a clock shows them: "7.5 s", "1:02", "1:00:05"."""
    if seconds < 60:
        return f"{seconds:.3g} s" if seconds < 10 else f"{seconds:.1f} s"
    whole_seconds = round(seconds)
    hours, minutes = whole_seconds // 3600, whole_seconds // 60 % 60
    rest = f"{whole_seconds % 60:02d}"
    return f"{hours}:{minutes:02d}:{rest}" if hours else f"{minutes}:{rest}"


def rows_between(clips: Clips, clip: int, start: Any, end: Any) -> np.ndarray:
    """Return the rows of a clip from one time to another, both counted from its beginning.

    Raises
    ------
    InputError
        A time is no number, or no frame lies between them.
    """
    rows = clips.rows(clip)
    seconds = clips.time[rows] - clips.time[rows[0]]
    low = 0.0 if start in (None, "") else _seconds(start, "From")
    high = float(seconds[-1]) if end in (None, "") else _seconds(end, "to")
    low, high = min(low, high), max(low, high)
    found = rows[(seconds >= low - 1e-6) & (seconds <= high + 1e-6)]
    if not len(found):
        raise InputError(f"No frame lies between {low:g} and {high:g} seconds of this clip.")
    return np.sort(found)


def _seconds(value: Any, what: str) -> float:
    try:
        found = float(value)
    except (TypeError, ValueError):
        found = float("nan")
    if not np.isfinite(found):
        raise InputError(f"{what}: {str(value)[:40]!r} is no number of seconds.")
    return found


def show_clip(
    clip: str | None, chosen: Any, colour: str | None, shown: dict[str, Any], keys: dict[str, Any]
) -> Any:
    """Return the strip of the chosen clip with what is selected of it."""
    found, clips, place = _chosen(clip, keys)
    if clips is None:
        return no_update
    key = (chosen or {}).get("selection")
    rows = services().selections.load(key, found.key) if key else None
    return strip(found, clips, place, colour, rows, shown["inspect"])


def choose_frames(
    clicks: int | None, clip: str | None, start: Any, end: Any, keys: dict[str, Any]
) -> Any:
    """Return the selection of the frames between two times, and what is to be said."""
    if not clicks:
        return no_update, no_update
    found, clips, place = _chosen(clip, keys)
    if clips is None:
        return no_update, no_update
    try:
        rows = rows_between(clips, place, start, end)
    except InputError as error:
        return no_update, notices.alert(str(error))
    at = clips.time[rows] - clips.time[clips.rows(place)[0]]
    made = {"how": "filter", "column": f"seconds of {clips.names[place]}",
            "low": round(float(at.min()), 3), "high": round(float(at.max()), 3)}  # fmt: skip
    return services().selections.choose(found.key, len(found.items), rows, made), []


def _chosen(clip: str | None, keys: dict[str, Any]) -> tuple[Any, Clips | None, int]:
    """Return the set in the address, its clips and the place of one; None where it has no such."""
    found = services().library.open(choose_set(keys["set"]))
    clips, place = clips_of(found.items), whole(clip, 0) or 0
    return found, clips if clips and 0 <= place < len(clips.names) else None, place


def wire(selection: Any, colour: Any, now: Any) -> None:
    """Connect the timeline to a page.

    Parameters
    ----------
    selection, colour, now
        Ids of the page's store of the selection, of its choice of colour, and of its address.
    """
    callback(
        Output(STRIP, "children"),
        Input(CLIP, "value"),
        Input(selection, "data"),
        Input(colour, "value"),
        State(SHOWN, "data"),
        State(now, "data"),
        prevent_initial_call=True,
    )(show_clip)
    callback(
        Output(selection, "data", allow_duplicate=True),
        Output(TOLD, "children"),
        Input(SELECT, "n_clicks"),
        State(CLIP, "value"),
        State(FROM, "value"),
        State(TO, "value"),
        State(now, "data"),
        prevent_initial_call=True,
    )(choose_frames)

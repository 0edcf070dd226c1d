"""The filter of sequences: keep a frame only if it differs from those that were kept."""

from collections.abc import Mapping
from typing import Any

from dash import Input, Output, State, callback, html, no_update
from dash.development.base_component import Component

from components import fields, notices, pickers, quality_sequences, shell
from components.attributes import attrs
from components.quality_frame import NOW
from components.state import noun, services
from components.words import column_name
from core.errors import InputError, VitrineError
from core.quality.stream_request import StreamRequest

GO, TOLD = "quality-stream-go", "quality-stream-told"

#: The form's fields, in the order in which a person meets them.
FIELDS = ("by", "within", "compare", "window", "stau", "slice")


def field_id(field: str) -> str:
    """Return the id of a field."""
    return f"quality-stream-{field}"


def request(set_name: str, given: Mapping[str, Any]) -> StreamRequest:
    """Return what the form's fields ask for.

    Raises
    ------
    InputError
        A field cannot be used; the message names it and says what to enter.
    """
    window = None
    if given.get("compare") == "window":
        frames = fields.number(given.get("window"), "Frames kept last", None)
        if frames is None or frames < 1 or frames != int(frames):
            raise InputError("Frames kept last: enter a whole number of 1 or more.")
        window = int(frames)
    return StreamRequest(
        name=set_name,
        tau=fields.number(given.get("stau"), "Threshold", None),
        window=window,
        by=fields.named(given.get("by")),
        within=fields.named(given.get("within")),
        slice=(str(given.get("slice") or "").strip() or None),
    )


def title(name: str) -> str:
    """Return the title of the job."""
    return f"Frames of {name} that differ"


def section(found: Any, view: Any, check: Any, keys: Mapping[str, str]) -> Component:
    """Return the form beside what it made, or what it does."""
    one = noun(found)
    told = (
        f"For video frames, conveyor belts, camera traps: walks through the {one}s in order and "
        f"keeps one only if it lies further than the threshold from those kept before. Every {one} "
        "left out is near to one that was kept. What is kept becomes a slice; nothing is dropped."
    )
    beside = quality_sequences.results(found, view, keys) or [
        html.Section(
            [html.H2("A sequence without repeats", className="vt-card-title"),
             html.P(told, className="vt-lead"),
             html.P("The result depends on the order: the first of several alike stays.",
                    className="vt-small")],
            className="vt-card",
        )
    ]  # fmt: skip
    return html.Div(
        [
            html.Div(form(found, check, quality_sequences.asked(found, keys))),
            html.Div(beside, className="vt-curate-beside"),
        ],
        className="vt-curate",
    )


def form(found: Any, check: Any, last: Mapping[str, Any]) -> Component:
    """Return the form's fields; everything has a default.

    Parameters
    ----------
    found, check
        The open set and its check.
    last
        The request of the sequence that is shown beside it, so that one thing can be varied.
    """
    columns = [(column_name(c.name, c.label), c) for c in found.columns()]
    orders = [{"label": "time, where all have one, else path", "value": fields.AUTO}]
    orders += [{"label": text, "value": c.name} for text, c in columns
               if c.kind in {"number", "category"}]  # fmt: skip
    groups = [{"label": "each clip of a video, else all are one", "value": fields.AUTO}]
    groups += [{"label": text, "value": c.name} for text, c in columns if c.kind == "category"]
    tau = (check.threshold or {}).get("tau")
    window, given = last.get("window"), last.get("tau")
    usual = f"Empty: that of near-duplicates, {tau:.3g}." if tau else "Empty: learned from the set."
    compare = [
        {"label": "all frames that were kept", "value": "all"},
        {"label": "the frames kept last", "value": "window"},
    ]
    return html.Section(
        [
            html.H2("Sequence", className="vt-card-title"),
            pickers.select(field_id("by"), "In the order of", orders,
                           last.get("by") or fields.AUTO),
            pickers.select(field_id("within"), "Each sequence is one", groups,
                           last.get("within") or fields.AUTO),
            pickers.select(field_id("compare"), "Compare with", compare,
                           "window" if window else "all"),
            fields.text(field_id("window"), "Frames kept last", window or 30,
                        "Only where it is compared with these.", type="number", min=1, step=1),
            fields.text(field_id("stau"), "Threshold", "" if given is None else f"{given:.4g}",
                        usual, inputMode="decimal"),
            fields.text(field_id("slice"), "Name of the slice", "",
                        "Empty: named after what was asked.", maxLength=80),
            html.Div(
                [html.Div(id=TOLD, role="status"),
                 html.Button("Filter", id=GO, type="button", className="btn btn-primary")],
                className="vt-go",
            ),
        ],
        className="vt-card vt-form",
        **attrs(aria_label="Sequence filter"),
    )  # fmt: skip


@callback(
    output=(Output(shell.NUDGE, "data", allow_duplicate=True), Output(TOLD, "children")),
    inputs={"clicks": Input(GO, "n_clicks")},
    state={"given": {field: State(field_id(field), "value") for field in FIELDS},
           "keys": State(NOW, "data")},
    prevent_initial_call=True,
)  # fmt: skip
def start(clicks: int | None, given: dict[str, Any], keys: dict[str, str]) -> Any:
    """Start the filter that the form describes."""
    if not clicks:
        return no_update, no_update
    try:
        wanted = request(keys["set"], given)
    except VitrineError as error:
        return no_update, notices.alert(str(error))  # beside the fields
    found = services().library.open(keys["set"])
    job = services().jobs.submit("stream", wanted.to_json(), title(found.title))
    return job.id, notices.alert("Filtering. The slice is told of here when it is made.", "success")

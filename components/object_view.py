"""One object on its whole picture: its box, those of the others, how many, and another box."""

import time
from collections import Counter
from typing import Any

import dash_bootstrap_components as dbc
from dash import MATCH, Input, Output, State, callback, ctx, html, no_update, set_props
from dash.development.base_component import Component

from components import gallery, notices, shell
from components.attributes import attrs
from components.state import services
from components.words import number, plural
from core.curation.boxes import can_edit, edit_box
from core.errors import VitrineError
from core.opened.objects import Neighbourhood, around, has_objects
from core.request import RunRequest

#: Classes that are listed with their numbers.
LISTED = 8
SIDES = (("x", "Left"), ("y", "Top"), ("w", "Width"), ("h", "Height"))


def _id(part: str, name: Any) -> dict[str, Any]:
    return {"component": "object", "part": part, "name": name}


def _field(side: str, name: Any) -> dict[str, Any]:
    return {"component": "object", "part": f"side-{side}", "name": name}


def section(
    found: Any, row: int, inspect_store: dict[str, Any], told: str = ""
) -> Component | None:
    """Return what the inspector shows of an object's picture; None where the item is no object.

    `told` is what was done just now; the form is then open.
    """
    if not has_objects(found):
        return None
    view = services().curation.view(found)
    near = around(found, row, view)
    if near is None:
        return None
    name = inspect_store["name"]
    return html.Section(
        [
            html.H3("In its picture"),
            _stage(found, row, near, inspect_store),
            html.P(counts_text(near), className="vt-small"),
            _waiting(found, view, name),
            _form(near, row, name, told) if can_edit(found) else _no_form(name),
        ],
        className="vt-object",
    )


def counts_text(near: Neighbourhood) -> str:
    """Return how many objects a picture has, and of which classes, in words."""
    counts = Counter(label or "no label" for label in near.labels)
    told = [f"{number(count)} {label}" for label, count in counts.most_common(LISTED)]
    more = len(counts) - LISTED
    listed = ", ".join(told) + (f" and {plural(more, 'other class', 'other classes')}"
                                if more > 0 else "")  # fmt: skip
    return f"{plural(len(near.rows), 'object')} in this picture: {listed}."


def _stage(found: Any, row: int, near: Neighbourhood, inspect_store: dict[str, Any]) -> Component:
    """Return the whole picture with the box of each object; those of the others are buttons."""
    width, height = near.size
    drawn = sorted(
        zip(near.rows, near.boxes, near.labels, strict=True), key=lambda o: -o[1][2] * o[1][3]
    )  # small ones above large ones, so that each can be pressed
    marks: list[Component] = []
    own: Component | None = None
    for other, box, label in drawn:
        place = box_style(box, near.size)
        if other == row:
            own = html.Div(className="vt-object-own", style=place, **attrs(aria_hidden="true"))
            continue
        told = f"Object at {box[0]:g}, {box[1]:g}" + (f", {label}" if label else "")
        button = gallery.inspect_button("", other, inspect_store, told, "vt-object-other")
        marks.append(html.Div(button, style=place, title=label or None,
                              className="vt-object-place"))  # fmt: skip
    picture = html.Img(
        src=f"/whole/{found.key}/{row}", alt=f"The whole picture of image {row}",
        className="vt-object-picture", draggable="false",
    )  # fmt: skip
    return html.Div(
        [picture, *marks, *([own] if own is not None else [])],
        className="vt-object-stage",
        style={"aspectRatio": f"{width} / {height}"},
        **attrs(data_object_size=f"{width},{height}"),
    )


def box_style(box: tuple[float, ...], size: tuple[int, int]) -> dict[str, str]:
    """Return where a box lies on its picture, in percent of its sides, cut at the border."""
    left, top = max(0.0, box[0] / size[0]), max(0.0, box[1] / size[1])
    right = min(1.0, (box[0] + box[2]) / size[0])
    bottom = min(1.0, (box[1] + box[3]) / size[1])
    shares = {"left": left, "top": top, "width": right - left, "height": bottom - top}
    return {side: f"{100 * max(0.0, share):.3f}%" for side, share in shares.items()}


def _waiting(found: Any, view: Any, name: Any) -> Component:
    """Return what says that boxes wait for the set's next run; hidden where none does."""
    count = len(services().curation.view(found.base).boxes_waiting) if can_edit(found) else 0
    return html.Div(
        [
            html.P(
                f"{plural(count, 'box', 'boxes')} changed since this set was made. Until it is"
                " brought up to date, pictures and places are those of before; only what changed"
                " is embedded.",
            ),
            html.Button(
                "Bring up to date", id=_id("run", name), type="button",
                className="btn btn-quiet btn-sm",
            ),
        ],
        className="vt-object-waiting",
        hidden=not count,
    )  # fmt: skip


def _form(near: Neighbourhood, row: int, name: Any, told: str) -> Component:
    """Return the fields for another box."""
    box = near.boxes[near.rows.index(row)]
    fields = [
        html.Label(
            [html.Span(word), _input(side, name, value)], className="vt-object-field"
        )
        for (side, word), value in zip(SIDES, box, strict=True)
    ]  # fmt: skip
    return html.Details(
        [
            html.Summary("Edit the box", className="btn btn-quiet btn-sm"),
            html.P("Drag on the picture above to draw the box anew, or type it, in pixels.",
                   className="vt-small"),
            html.Div(fields, className="vt-object-fields"),
            html.Div(
                [
                    html.Button("Save box", id=_id("save", name), type="button",
                                className="btn btn-primary btn-sm"),
                    html.Button("Undo", id=_id("undo", name), type="button",
                                className="btn btn-quiet btn-sm"),
                ],
                className="vt-object-buttons",
            ),
            html.Div(notices.alert(told, "success") if told else None, id=_id("told", name),
                     role="status"),
        ],
        className="vt-object-form",
        open=bool(told),
    )  # fmt: skip


def _input(side: str, name: Any, value: float) -> Component:
    return dbc.Input(id=_field(side, name), type="number", value=round(value, 2), step="any",
                     size="sm", debounce=False)  # fmt: skip


def _no_form(name: Any) -> Component:
    """Return the form's parts, hidden, so that its callbacks find them."""
    parts = [dbc.Input(id=_field(side, name), type="number") for side, _ in SIDES]
    buttons = [html.Button(id=_id(part, name), type="button") for part in ("save", "undo")]
    return html.Div([*parts, *buttons, html.Div(id=_id("told", name))], hidden=True)


# -- acts ------------------------------------------------------------------------------------------


@callback(
    Output(_id("told", MATCH), "children"),
    Output({"component": "inspector", "part": "row", "name": MATCH}, "data", allow_duplicate=True),
    Input(_id("save", MATCH), "n_clicks"),
    Input(_id("undo", MATCH), "n_clicks"),
    *(State(_field(side, MATCH), "value") for side, _ in SIDES),
    State({"component": "inspector", "part": "row", "name": MATCH}, "data"),
    State({"component": "inspector", "part": "set", "name": MATCH}, "data"),
    prevent_initial_call=True,
)
def save(
    saves: int | None, undos: int | None, x: Any, y: Any, w: Any, h: Any, at: Any, set_name: str
) -> Any:
    """Write another box of the inspected object into the log, or take the last act back."""
    if not ctx.triggered or not ctx.triggered[0]["value"] or not at or at.get("row") is None:
        return no_update, no_update
    return act(ctx.triggered_id["part"], set_name, at["row"], (x, y, w, h))


def act(what: str, set_name: str, row: int, box: tuple[Any, ...]) -> tuple[Any, Any]:
    """Save a box, or undo; return what is said where it failed, and what the inspector is told."""
    found, desk = services().library.open(set_name), services().curation
    try:
        told = "Saved. Undo takes it back."
        if what == "undo":
            told = take_back(desk, found)
        else:
            edit_box(desk, found, row, box)
    except VitrineError as error:
        return notices.alert(sentence(str(error)), "danger"), no_update
    return no_update, {"row": row, "told": told, "at": time.time_ns()}


def sentence(text: str) -> str:
    """Return an error's words as a sentence."""
    return f"{text[:1].upper()}{text[1:]}" + ("" if text.endswith(".") else ".")


def take_back(desk: Any, found: Any) -> str:
    """Undo the log's last act if it is the edit of a box, and return that in words."""
    view = desk.view(found)
    last = next((line for line in view.history(50) if line.kind not in {"undo", "redo", "change",
                 "start"} and not line.undone), None)  # fmt: skip
    if last is None or last.kind != "box":
        return "Nothing to undo here: the last thing done in this set was not a box."
    desk.undo(found)
    return f"Undone: {last.text}."


@callback(
    Output(_id("run", MATCH), "children"),
    Input(_id("run", MATCH), "n_clicks"),
    State({"component": "inspector", "part": "set", "name": MATCH}, "data"),
    prevent_initial_call=True,
)
def bring_up_to_date(clicks: int | None, set_name: str) -> Any:
    """Start the run that embeds the objects whose boxes were edited; maps stay as they are."""
    if not clicks:
        return no_update
    set_props(shell.NUDGE, {"data": run_again(set_name).id})
    return "Started"


def run_again(set_name: str) -> Any:
    """Start the run of the whole set on the maps that it has, and return the job."""
    base = services().library.open(set_name).base
    wanted = RunRequest.from_json({**base.request, "place": True})
    return services().jobs.submit("run", wanted.to_json(), f"Edited boxes of {base.name}")

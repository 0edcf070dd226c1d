"""The part of Morphology's form that cuts objects out of their pictures."""

from typing import Any

import dash_bootstrap_components as dbc
from dash import Input, Output, State, callback, dcc, html, no_update
from dash.development.base_component import Component

from components import follow_up, notices, pickers, shell
from components.state import has_pictures, link, services
from components.words import plural
from core.cutting import CutoutRequest, about, cutouts_of, find_masks
from core.errors import VitrineError

#: The set whose images are cut out, and the form's fields.
OF, FOLDER, COLUMN, NAME, CROP = (
    "cutout-of", "cutout-folder", "cutout-column", "cutout-name", "cutout-crop",
)  # fmt: skip
GO, TOLD = "cutout-go", "cutout-told"

WHY = (
    "Where masks mark the objects, distances between whole pictures are also distances between "
    "backgrounds. Cut out on neutral grey, the objects alone are compared."
)


def cutout_part(found: Any) -> Component:
    """Return what offers to compare cut-out objects; nothing where a set has no pictures.

    A set that is a cut-out links to the whole pictures, and one that has cut-outs to them.
    """
    of = about(services().library.workspace, found.base.name) or {}
    if of:
        told = "These are objects cut out by their masks. "
        where = dcc.Link(f"The whole pictures: {of['of']}", className="vt-link",
                         href=link("/morphology", set=of["of"]))  # fmt: skip
        return html.P([told, where], className="vt-small")
    if found.is_part or not has_pictures(found) or found.kind not in {"folder", "table", "vectors"}:
        return html.Div(hidden=True)
    made = [
        html.Li(dcc.Link(name, href=link("/morphology", set=name), className="vt-link"))
        for name in cutouts_of(services().library.workspace, found.name)
    ]
    there = [html.P("Cut out already:", className="vt-small"), html.Ul(made)] if made else []
    return html.Details(
        [html.Summary("Objects cut out by masks"), html.P(WHY, className="vt-small"), *there,
         *_form(found)],
        className="vt-advanced",
    )  # fmt: skip


def _form(found: Any) -> list[Component]:
    """Return the fields that say where the masks are."""
    texts = [str(name) for name in found.items.columns if "mask" in str(name).lower()]
    return [
        dcc.Store(id=OF, data=found.name),
        pickers.labelled(
            "Folder of masks on this computer",
            dbc.Input(id=FOLDER, type="text", size="sm", autoComplete="off",
                      placeholder="/data/masks"),
            help_text="A mask is not black where the object is, as large as its picture, and has "
            "its name, perhaps with _mask or -seg.",
        ),
        pickers.labelled(
            "or the column that names them",
            dbc.Input(id=COLUMN, type="text", size="sm", autoComplete="off",
                      placeholder=texts[0] if texts else "mask"),
        ),
        pickers.labelled(
            "Name of the new set",
            dbc.Input(id=NAME, type="text", size="sm", autoComplete="off",
                      placeholder=f"{found.name} cut out"),
        ),
        dbc.Checkbox(id=CROP, label="Also cut each picture to its object"),
        html.Div(id=TOLD, role="status"),
        html.Div(html.Button("Cut out", id=GO, type="button", className="btn btn-quiet"),
                 className="vt-actions"),
    ]  # fmt: skip


def request(
    name: str, folder: str | None, column: str | None, cutout: str | None, crop: bool | None
) -> CutoutRequest:
    """Return what the fields ask for; `InputError` names what is missing."""
    where = (folder or "").strip().strip("\"'") or None
    return CutoutRequest(
        name, (cutout or "").strip() or f"{name} cut out", where, (column or "").strip() or None,
        bool(crop),
    )  # fmt: skip


@callback(
    Output(shell.NUDGE, "data", allow_duplicate=True),
    Output(follow_up.STORE, "data", allow_duplicate=True),
    Output(TOLD, "children"),
    Input(GO, "n_clicks"),
    State(OF, "data"),
    State(FOLDER, "value"),
    State(COLUMN, "value"),
    State(NAME, "value"),
    State(CROP, "value"),
    prevent_initial_call=True,
)
def start(clicks: int | None, name: str, *given: Any) -> Any:
    """Start the job that cuts out, after a look at whether there are masks."""
    if not clicks:
        return no_update, no_update, no_update
    try:
        wanted = request(name, *given)
        found = services().library.open(name)
        masks = find_masks(found, folder=wanted.folder, column=wanted.column)
    except VitrineError as error:
        return no_update, no_update, notices.alert(str(error))  # beside the fields
    job = services().jobs.submit("cutout", wanted.to_json(), f"{name}: cut out")
    told = f"Cutting out {plural(len(masks.rows), 'image')}."
    if masks.without:
        told += f" {plural(len(masks.without), 'image')} without a mask will not be in the new set."
    return job.id, follow_up.expect(job.id, "/morphology"), notices.alert(told, "success")

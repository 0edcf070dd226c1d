"""The panel "Export…": files to download, and files written into a folder on this computer."""

from typing import Any

import dash_bootstrap_components as dbc
from dash import MATCH, Input, Output, State, callback, dcc, html, no_update, set_props
from dash.development.base_component import Component

from components import notices, shell
from components.attributes import attrs
from components.export_routes import start_export
from components.state import has_pictures, link, noun
from components.words import number, plural
from core.errors import VitrineError
from core.export import MOST, Options
from core.export.request import ExportRequest
from core.labelfiles.handed import has_frames
from core.opened.objects import has_objects


def _id(part: str, name: Any) -> dict[str, Any]:
    return {"component": "export", "part": part, "name": name}


def menu(
    found: Any, selection: dict[str, Any] | None, name: str, *, slice: Any = None
) -> Component:
    """Return the panel that exports a set, a selection of it or a slice.

    Parameters
    ----------
    found
        The open set or part.
    selection
        {"selection", "count", "total"} as the pages keep it; None exports all, or the slice.
    name
        Tells this panel from others on the page.
    slice
        A slice as `core.curation` shows it, with `.name` and `.count`; it goes before a selection.
    """
    return html.Details(
        [
            html.Summary("Export…", className="btn btn-quiet btn-sm"),
            html.Div(body(found, selection, name, slice=slice), className="vt-export-body vt-card"),
        ],
        className="vt-export",
    )


def body(
    found: Any, selection: dict[str, Any] | None, name: str, *, slice: Any = None
) -> list[Component]:
    """Return what the panel holds; see `menu`."""
    which, count = _which(found, selection, slice)
    store = dcc.Store(id=_id("which", name), data={"name": found.name, **which})
    told = html.P(sentence(found, count, slice), className="vt-export-told")
    if not count:
        return [store, told]
    parts = [store, told, *_downloads(found, which, count)]
    return [*parts, _folder_form(found, name)] if has_pictures(found) else parts


def _which(found: Any, selection: dict[str, Any] | None, slice: Any) -> tuple[dict[str, str], int]:
    """Return what names the items in an address, and how many they are."""
    if slice is not None:
        return {"slice": slice.name}, int(slice.count)
    if selection and selection.get("selection"):
        return {"selection": selection["selection"]}, int(selection["count"])
    return {}, len(found.items)


def sentence(found: Any, count: int, slice: Any = None) -> str:
    """Return what is exported, in words."""
    one = noun(found) if count else "image"
    what = one if count == 1 else f"{one}s"
    if not count:
        return f"There is nothing to export: no {what} chosen."
    if slice is not None:
        return f"Exports the {plural(count, one)} of the slice “{slice.name}”."
    if count == len(found.items):
        return f"Exports all {number(count)} {what}." if count > 1 else f"Exports the one {what}."
    return f"Exports the {number(count)} selected {what}."


# -- downloads -------------------------------------------------------------------------------------


def _downloads(found: Any, which: dict[str, str], count: int) -> list[Component]:
    """Return the links: each leads to a file, so they work without scripts."""

    def file(text: str, to: str, label: str, **more: str) -> Component:
        address = link(f"/export/{to}", set=found.name, **which, **more)
        return html.A(text, href=address, className="btn btn-quiet btn-sm",
                      **attrs(aria_label=label))  # fmt: skip

    rows = [
        _row("Table", "Labels, themes and map places, row by row.",
             file("CSV", "csv", "Table as CSV"),
             file("Parquet", "parquet", "Table with vectors as Parquet")),
        _row("Vectors", "A NumPy array, and its table beside it.",
             file("NumPy (zip)", "npy", "Vectors as NumPy (zip), with their table")),
    ]  # fmt: skip
    if has_pictures(found):
        if has_objects(found):
            rows.append(
                _row("Objects", "How many each picture has.",
                     file("Counts (CSV)", "counts", "Counts (CSV) of objects by picture and class"))
            )  # fmt: skip
        rows += [
            _row("Labels for other tools", _tools_words(found),
                 file("COCO", "coco", "Labels as COCO, with your decisions"),
                 *([] if has_frames(found.items) else [
                     file("CVAT", "cvat", "Labels for CVAT, as XML"),
                     file("Label Studio", "labelstudio", "Tasks for Label Studio, as JSON"),
                 ])),
            _row("List of paths", "One path a line.",
                 file("From the folder", "paths", "Paths from the folder of the set"),
                 file("Whole paths", "paths", "Whole paths", absolute="1")),
            _row("Contact sheet", _sheet_words(count),
                 file("PNG", "sheet-png", "Contact sheet as PNG"),
                 file("PDF", "sheet-pdf", "Contact sheet as PDF")),
        ]  # fmt: skip
    bundle = file("Manifest (zip)", "manifest", "Manifest (zip) with log and provenance")
    rows.append(_row("Manifest", "What was decided: manifest, log and provenance.", bundle))
    return [html.Ul(rows, className="vt-export-list", **attrs(aria_label="Download"))]


def _row(title: str, told: str, *actions: Component) -> Component:
    """Return one line: what it is, and the links."""
    words = html.Div([html.Strong(title), html.Span(told, className="vt-small")],
                     className="vt-export-words")  # fmt: skip
    return html.Li([words, html.Div(list(actions), className="vt-export-actions")])


def _tools_words(found: Any) -> str:
    """Return what is written for other tools, and where the rest is."""
    if has_frames(found.items):
        return "As edited. CVAT and others need the frames as pictures: see below."
    return "As edited. With the pictures: below."


def _sheet_words(count: int) -> str:
    """Return what a contact sheet shows; of many images a sample."""
    most = [MOST["sheet-png"], MOST["sheet-pdf"]]
    if count <= most[0]:
        return "The pictures with their names, to print or to send."
    shown = f"PNG: {number(most[0])} of {number(count)}, evenly; PDF: "
    return f"{shown}{number(most[1])}." if count > most[1] else f"{shown}all."


# -- into a folder ---------------------------------------------------------------------------------


#: What goes into a folder: the format, what it is called, and whether pictures are asked for.
KINDS = {
    "copies": ("Copies of the files", False),
    "links": ("Links to the files", False),
    "crops": ("Cropped pictures (PNG)", False),
    "yolo": ("For YOLO, with the pictures", False),
    "fiftyone": ("For FiftyOne, the pictures staying where they are", False),
    "coco": ("COCO, with the pictures", True),
    "cvat": ("For CVAT, with the pictures", True),
    "labelstudio": ("For Label Studio, with the pictures", True),
}


def _folder_form(found: Any, name: str) -> Component:
    """Return the form that writes files into a folder on this computer."""
    field = dbc.Input(id=_id("folder", name), type="text", size="sm", autoComplete="off",
                      placeholder="/data/chosen")  # fmt: skip
    told = {key: words for key, (words, _) in KINDS.items()}
    if has_frames(found.items):
        told["fiftyone"] = "For FiftyOne, with the pictures"
    kinds = dbc.RadioItems(
        id=_id("kind", name), value="copies",
        options=[{"label": words, "value": key} for key, words in told.items()],
    )  # fmt: skip
    start = html.Button("Write the files", id=_id("start", name), type="button",
                        className="btn btn-primary btn-sm")  # fmt: skip
    return html.Section(
        [
            html.H2("Into a folder on this computer"),
            html.Div(
                [
                    html.Label("Folder", htmlFor=_text(_id("folder", name)),
                               className="form-label"),
                    field,
                    html.Div("A new or an empty one; no file is ever replaced.",
                             className="form-text"),
                ],
                className="vt-field",
            ),
            html.Fieldset([html.Legend("Write", className="form-label"), kinds]),
            dbc.Checkbox(id=_id("label", name), label="One folder a label (copies, links, cropped)",
                         value=False),
            html.Div(id=_id("status", name), role="status"),
            html.Div(start, className="vt-actions"),
        ],
        className="vt-export-folder",
    )  # fmt: skip


def _text(component_id: dict[str, Any]) -> str:
    """Return a component's id as Dash writes it into the page, for a label to name it."""
    pairs = ",".join(f'"{k}":"{component_id[k]}"' for k in sorted(component_id))
    return f"{{{pairs}}}"


def request(
    which: dict[str, Any], folder: str | None, kind: str, by_label: bool | None
) -> ExportRequest:
    """Return what the form asks for; its folder as typed, quotes around it dropped."""
    pictures = kind in KINDS and KINDS[kind][1]
    options = Options(layout="label" if by_label else "tree", pictures=pictures)
    return ExportRequest(
        which["name"], kind, (folder or "").strip().strip("\"'"), which.get("selection"),
        which.get("slice"), options=options,
    )  # fmt: skip


@callback(
    Output(_id("status", MATCH), "children"),
    Input(_id("start", MATCH), "n_clicks"),
    State(_id("which", MATCH), "data"),
    State(_id("folder", MATCH), "value"),
    State(_id("kind", MATCH), "value"),
    State(_id("label", MATCH), "value"),
    prevent_initial_call=True,
)
def start(
    clicks: int | None, which: dict[str, Any], folder: str | None, kind: str, by_label: bool | None
) -> Any:
    """Start the job, and say where the files go, or why not."""
    if not clicks:
        return no_update
    try:
        job, title, target = start_export(request(which, folder, kind, by_label))
    except VitrineError as error:
        return notices.alert(_sentence(str(error)))
    set_props(shell.NUDGE, {"data": job.id})
    return started(title, target)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def started(title: str, target: str) -> Component:
    """Return the word that a job has begun."""
    return dbc.Alert(
        [f"{title} → ", html.Code(target), ". ", dcc.Link("See the jobs", href="/jobs")],
        color="success", className="vt-alert",
    )  # fmt: skip

"""Labels from a file, looked at before they are taken over, and labels into a file."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import dash_bootstrap_components as dbc
from dash import Input, Output, State, callback, dcc, html, no_update, set_props
from dash.development.base_component import Component

from components import export_menu, fields, label_frame, notices, pickers, shell, tables
from components.export_routes import start_export
from components.state import noun, services
from components.words import listed, number, plural
from core.errors import InputError, VitrineError
from core.export.handing import needs_pictures
from core.export.request import ExportRequest
from core.labelfiles import apply_labels, match_labels, read_labels, write_labels

PATH, COLUMN, LOOK, SEEN = "import-path", "import-column", "import-look", "import-seen"
IMPORT, WANTED = "import-go", "import-wanted"
TARGET, FORMAT, SLICE, WRITE, WRITTEN = (
    "export-target", "export-format", "export-slice", "export-go", "export-written",
)  # fmt: skip

FORMATS = {
    "csv": ("CSV", "One line an image: its id, path and label."),
    "parquet": ("Parquet", "The same, for programs."),
    "coco": ("COCO, JSON", "Images, categories, and one annotation an image."),
    "labelstudio": ("Label Studio, JSON", "A task an image; proposals become predictions."),
    "cvat": ("CVAT, XML", "For images: a tag or the boxes of each."),
    "fiftyone": ("FiftyOne", "A folder that FiftyOne opens; pictures stay where they are."),
    "yolo": ("YOLO", "Boxes with copies of the pictures; whole pictures as folders."),
    "folder": ("Folders", "One folder a label, with copies of the pictures."),
    "links": ("Folders of links", "The same with symbolic links, which take no space."),
}

#: Lines of a file that are listed with what is wrong with them.
SHOWN = 200

WHOLE = "-"


def body(found: Any, view: Any, keys: Mapping[str, str]) -> list[Component]:
    """Return the form that reads labels and the one that writes them.

    Parameters
    ----------
    found, view
        The open set, and what was decided about it.
    keys
        The keys in the address.
    """
    return [html.Div([reading(), writing(found, view, keys)], className="vt-label-files")]


def reading() -> Component:
    """Return the form that looks at a file of labels."""
    return label_frame.card(
        "Import labels",
        fields.text(PATH, "File or folder on this computer",
                               placeholder="/data/labels.csv",
                               help_text="A table (CSV, TSV, Parquet), JSON of COCO or Label "
                               "Studio, XML of CVAT, a folder of FiftyOne, YOLO or VOC, or a "
                               "folder whose sub-folders are the labels."),
        fields.text(COLUMN, "Column with the labels",
                               help_text="Of a table; empty: found by its name."),
        html.Div(label_frame.button("Look at it", LOOK, primary=True), className="vt-actions"),
        html.Div(id=SEEN, role="status", className="vt-file-seen"),
        form=True,
    )  # fmt: skip


def _place(text: str | None) -> Path:
    """Return the path that was typed, quotes around it dropped.

    Raises
    ------
    InputError
        Nothing was typed.
    """
    plain = (text or "").strip().strip("\"'")
    if not plain:
        raise InputError("Give the path of a file or folder on this computer.")
    return Path(plain).expanduser().absolute()


def preview(found: Any, view: Any, path: str | None, column: str | None) -> list[Component]:
    """Return what a file would change, and the button that takes it over.

    Raises
    ------
    InputError
        It cannot be read; the message says why.
    """
    place, named = _place(path), (column or "").strip() or None
    file = read_labels(place, named)
    matched = match_labels(found, file, view)
    one = noun(found)
    told = [
        html.Li(f"{plural(matched.changed, one)} would get another label or their first."),
        html.Li(f"{number(matched.same)} have the file's label already.") if matched.same else None,
        html.Li(f"{plural(matched.without_label, 'line')} without a label: nothing changes there.")
        if matched.without_label
        else None,
        html.Li(recognised(matched.by)) if matched.by else None,
        html.Li(f"New labels: {listed(matched.unknown[:8])}"
                + (f" and {number(len(matched.unknown) - 8)} more" if len(matched.unknown) > 8
                   else "") + ".")
        if matched.unknown
        else None,
        *[html.Li(f"{note[:1].upper()}{note[1:]}.") for note in (*file.notes, *matched.notes)],
    ]  # fmt: skip
    column_text = f", labels in the column “{file.column}”" if file.column else ""
    parts: list[Component | None] = [
        html.H3(f"{file.name}: {plural(len(file.entries), 'line')}{column_text}"),
        html.Ul([line for line in told if line is not None], className="vt-check-list"),
        trouble("not in this set, or with a label that cannot be kept", matched.unmatched),
        trouble("not clear", matched.ambiguous),
        dcc.Store(id=WANTED, data={"path": str(place), "column": named or "",
                                   "changed": matched.changed}),
    ]  # fmt: skip
    if matched.changed:
        text = f"Import {plural(matched.changed, 'label')}"
        parts.append(html.Div(label_frame.button(text, IMPORT, primary=True),
                              className="vt-actions"))  # fmt: skip
        parts.append(html.P("One step; undo takes all of it back.", className="vt-small"))
    else:
        parts.append(html.P("There is nothing to import.", className="vt-hint"))
        parts.append(html.Button(id=IMPORT, hidden=True))
    return [part for part in parts if part is not None]


def recognised(by: Mapping[str, int]) -> str:
    """Return how images were recognised, in words."""
    words = {"id": "by their id", "path": "by their path", "name": "by their file name"}
    told = [f"{number(count)} {words.get(how, how)}" for how, count in by.items() if count]
    return f"Recognised: {listed(told)}."


def trouble(told: str, pairs: Any) -> Component | None:
    """Return the lines of a file that nothing is done about, folded; None where all are clear."""
    if not pairs:
        return None
    rows = [(html.Code(key), why) for key, why in pairs[:SHOWN]]
    inside: list[Component] = [tables.table(("In the file", "Why"), rows, caption=told)]
    if len(pairs) > SHOWN:
        inside.append(html.P(f"First {SHOWN} of {number(len(pairs))}.", className="vt-small"))
    return html.Details(
        [html.Summary(f"{plural(len(pairs), 'line')} {told}"), *inside], className="vt-file-trouble"
    )


def take_over(desk: Any, found: Any, view: Any, wanted: Mapping[str, str]) -> int:
    """Give the set the labels of the file that was looked at; return how many changed.

    Raises
    ------
    InputError
        The file cannot be read any more, or says something else now.
    """
    file = read_labels(Path(wanted["path"]), wanted["column"] or None)
    matched = match_labels(found, file, view)
    if matched.changed != wanted["changed"]:
        raise InputError(f"{file.name} or the set has changed since you looked: look at it again.")
    event = apply_labels(desk, found, matched, reason=f"imported from {file.name}")
    return matched.changed if event is not None else 0


# -- into a file -----------------------------------------------------------------------------------


def writing(found: Any, view: Any, keys: Mapping[str, str]) -> Component:
    """Return the form that writes the labels as they are now."""
    slices = [{"label": "the working set", "value": WHOLE}]
    slices += [{"label": f"slice: {one.name} ({number(one.count)})", "value": one.name}
               for one in view.slices]  # fmt: skip
    wanted = keys["pool"].removeprefix("slice:") if keys["pool"].startswith("slice:") else WHOLE
    known = {option["value"] for option in slices}
    words = {
        key: html.Span([html.Strong(name), html.Span(told, className="vt-small")],
                       className="vt-choice")
        for key, (name, told) in FORMATS.items()
    }  # fmt: skip
    kinds = [{"value": key, "label": label} for key, label in words.items()]
    return label_frame.card(
        "Export labels",
        html.Fieldset(
            [html.Legend("As", className="form-label"),
             dbc.RadioItems(id=FORMAT, options=kinds, value="csv", className="vt-choices")],
            className="vt-field",
        ),
        pickers.select(SLICE, "Of", slices, wanted if wanted in known else WHOLE),
        fields.text(TARGET, "New file or folder on this computer",
                               placeholder="/data/labels-edited.csv",
                               help_text="Nothing is replaced."),
        html.Div(label_frame.button("Write it", WRITE, primary=True), className="vt-actions"),
        html.Div(id=WRITTEN, role="status", className="vt-file-seen"),
        form=True,
    )  # fmt: skip


def write(found: Any, view: Any, target: str | None, form: str, slice: str) -> Component:
    """Write the labels as they are now, and return what was written, in words.

    Raises
    ------
    VitrineError
        The place cannot be written to, or is taken.
    """
    place = _place(target)
    if place.is_file():
        raise InputError(f"{place} is there already: name another file.")
    workspace = services().library.workspace
    if form == "yolo" or needs_pictures(found, workspace, form):
        return _as_job(found.name, form, place, None if slice == WHOLE else slice)
    made = write_labels(
        found, view, place, form, slice=None if slice == WHOLE else slice,
        workspace=workspace,
    )  # fmt: skip
    told = (
        f"{plural(made.images, noun(found))} written, {number(made.labelled)} of them with a "
        f"label: {made.path}"
    )
    parts: list[Any] = [told, *[html.P(f"{n[:1].upper()}{n[1:]}.") for n in made.notes]]
    return dbc.Alert(parts, color="success", className="vt-alert")


def _as_job(name: str, form: str, place: Path, slice: str | None) -> Component:
    """Start the job that writes labels and pictures into a folder, and say where they go."""
    folder = place.with_suffix("") if place.suffix in {".xml", ".json"} else place
    asked = ExportRequest(name, form, str(folder), slice=slice)
    job, title, target = start_export(asked)
    set_props(shell.NUDGE, {"data": job.id})
    return export_menu.started(title, target)


# -- what a person does ----------------------------------------------------------------------------


@callback(
    Output(SEEN, "children"),
    Input(LOOK, "n_clicks"),
    Input(PATH, "n_submit"),
    State(PATH, "value"),
    State(COLUMN, "value"),
    State(label_frame.PLACE, "data"),
    prevent_initial_call=True,
)
def look(
    clicks: int | None,
    entered: int | None,
    path: str | None,
    column: str | None,
    keys: dict[str, str],
) -> Any:
    """Show what a file of labels would change, before anything is done."""
    if not clicks and not entered:
        return no_update
    found, _, view = label_frame.opened(keys)
    try:
        return preview(found, view, path, column)
    except VitrineError as error:
        return notices.alert(str(error))  # beside the fields


@callback(
    Output(label_frame.DONE, "data", allow_duplicate=True),
    Input(IMPORT, "n_clicks"),
    State(WANTED, "data"),
    State(label_frame.PLACE, "data"),
    prevent_initial_call=True,
)
def import_labels(clicks: int | None, wanted: dict[str, str], keys: dict[str, str]) -> Any:
    """Take the labels of the file that was looked at over, as one act."""
    if not clicks:
        return no_update
    found, desk, view = label_frame.opened(keys)
    count = take_over(desk, found, view, wanted)
    return label_frame.done(f"Imported {plural(count, 'label')}" if count else "Nothing changed")


@callback(
    Output(WRITTEN, "children"),
    Input(WRITE, "n_clicks"),
    State(TARGET, "value"),
    State(FORMAT, "value"),
    State(SLICE, "value"),
    State(label_frame.PLACE, "data"),
    prevent_initial_call=True,
)
def write_labels_out(
    clicks: int | None, target: str | None, form: str, slice: str, keys: dict[str, str]
) -> Any:
    """Write the labels into a file or folder on this computer."""
    if not clicks:
        return no_update
    found, _, view = label_frame.opened(keys)
    try:
        return write(found, view, target, form, slice)
    except VitrineError as error:
        return notices.alert(str(error))

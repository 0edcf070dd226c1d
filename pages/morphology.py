"""Do forms differ, by how much, and along what?"""

from typing import Any

from dash import (
    ALL,
    ClientsideFunction,
    Input,
    Output,
    State,
    callback,
    clientside_callback,
    ctx,
    dcc,
    html,
    no_update,
    register_page,
)
from dash.development.base_component import Component

from components import (
    follow_up,
    morphology_design,
    morphology_form,
    morphology_frame,
    morphology_view,
    notices,
    quality_form,
    shell,
)
from components.morphology_frame import JOBS, PAGE, PLACE
from components.morphology_view import PREVIEW
from components.state import choose_set, services
from core.errors import VitrineError

register_page(
    __name__, path="/morphology", name="Morphology", title="Morphology · Vitrine", order=4
)

#: The jobs that are told of here.
JOB_KINDS = ("morphology", "cutout")


@notices.explained
def layout(**query: str) -> Component:
    """Return the page for the keys in the address."""
    keys = morphology_frame.cleaned(query)
    keys["set"] = choose_set(keys["set"]) or ""
    inside, keys = morphology_view.shown(keys)
    return html.Div(
        [
            dcc.Store(id=PLACE, data=keys),
            dcc.Store(id=morphology_frame.FOLLOWED),
            html.Div(live_jobs(keys["set"]), id=JOBS),
            html.Div(inside, id=PAGE),
        ],
        className="vt-page vt-morph",
    )


def live_jobs(name: str) -> list[Component]:
    """Return the cards of the comparisons being made of a set, and of one that just failed."""
    return quality_form.progress(follow_up.jobs_of(services().jobs.list(), name, JOB_KINDS))


# -- the form --------------------------------------------------------------------------------------


@callback(
    Output(morphology_form.field_id("groups"), "options"),
    Output(morphology_form.field_id("groups"), "value"),
    Output(morphology_form.field_id("first"), "options"),
    Output(morphology_form.field_id("first"), "value"),
    Output(morphology_form.field_id("second"), "options"),
    Output(morphology_form.field_id("second"), "value"),
    Input(morphology_form.field_id("by"), "value"),
    State(PLACE, "data"),
    prevent_initial_call=True,
)
def regroup(by: str | None, keys: dict[str, str]) -> Any:
    """Offer the groups of another column; none of them is ticked, which compares all."""
    found = services().library.open(keys["set"])
    groups, ends = morphology_form.followers(found, services().curation.view(found), by or "")
    first = ends[0]["value"]
    return groups, [], ends, first, ends, first


@callback(
    Output(morphology_form.field_id("unit"), "value"),
    Input(morphology_design.unit_id(ALL), "n_clicks"),
    prevent_initial_call=True,
)
def take_unit(clicks: list[int | None]) -> Any:
    """Take the column that a warning named as the unit."""
    return ctx.triggered_id["name"] if any(clicks) and ctx.triggered_id else no_update


@callback(
    output=(
        Output(PREVIEW, "children"),
        Output(morphology_form.TOLD, "children", allow_duplicate=True),
    ),
    inputs={field: Input(morphology_form.field_id(field), "value")
            for field in morphology_form.FIELDS},
    state={"keys": State(PLACE, "data")},
    prevent_initial_call=True,
)  # fmt: skip
def preview(keys: dict[str, str], **given: Any) -> Any:
    """Show at once what would be compared; what was said of the fields before is over."""
    found = services().library.open(keys["set"])
    return morphology_view.preview_of(found, services().curation.view(found), given), []


@callback(
    output=(
        Output(shell.NUDGE, "data", allow_duplicate=True),
        Output(follow_up.STORE, "data", allow_duplicate=True),
        Output(morphology_form.TOLD, "children"),
    ),
    inputs={"clicks": Input(morphology_form.GO, "n_clicks")},
    state={"given": {field: State(morphology_form.field_id(field), "value")
                     for field in morphology_form.FIELDS},
           "keys": State(PLACE, "data")},
    prevent_initial_call=True,
)  # fmt: skip
def compare(clicks: int | None, given: dict[str, Any], keys: dict[str, str]) -> Any:
    """Start the comparison that the form describes; a wrong field is told beside it."""
    if not clicks:
        return no_update, no_update, no_update
    found = services().library.open(keys["set"])
    view = services().curation.view(found)
    try:
        wanted = morphology_view.wanted(found, view, given)
        morphology_view.design_of(wanted, found, view)
    except VitrineError as error:
        return no_update, no_update, notices.alert(str(error))
    title = morphology_form.title(wanted, found.title)
    job = services().jobs.submit("morphology", wanted.to_json(), title)
    told = "Comparing; the result opens here when it is done."
    return job.id, follow_up.expect(job.id, "/morphology"), notices.alert(told, "success")


# -- while jobs are at work ------------------------------------------------------------------------


@callback(
    Output(JOBS, "children"),
    Input(shell.JOBS, "data"),
    State(PLACE, "data"),
    prevent_initial_call=True,
)
def show_jobs(changed: str | None, keys: dict[str, str]) -> list[Component]:
    """Show the progress of what was started."""
    return live_jobs(keys["set"])


clientside_callback(
    ClientsideFunction("vitrine_tabs", "follow"),
    Output(morphology_frame.FOLLOWED, "data"),
    Input(PLACE, "data"),
)

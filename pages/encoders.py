"""Which encoder suits which question on these images, and what explains their clusters?"""

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
    court_form,
    court_view,
    encoder_frame,
    encoder_sets,
    encoder_view,
    follow_up,
    notices,
    nuisance_form,
    nuisance_view,
    quality_form,
    set_form,
    shell,
)
from components.encoder_frame import JOBS, PAGE, PLACE, courts
from components.job_panel import is_live
from components.state import choose_set, services
from core.errors import VitrineError

register_page(__name__, path="/encoders", name="Encoders", title="Encoders · Vitrine", order=4)

#: The jobs that are told of here.
JOB_KINDS = ("court", "nuisance", "tune")


@notices.explained
def layout(**query: str) -> Component:
    """Return the page for the keys in the address."""
    keys = encoder_frame.cleaned(query)
    keys["set"] = choose_set(keys["set"]) or ""
    return html.Div(
        [
            dcc.Store(id=PLACE, data=keys),
            dcc.Store(id=encoder_frame.FOLLOWED),
            html.Div(id=encoder_frame.SAID, role="status"),
            html.Div(live_jobs(keys["set"]), id=JOBS),
            html.Div(encoder_view.shown(keys), id=PAGE),
        ],
        className="vt-page vt-morph vt-encoders",
    )


def live_jobs(name: str) -> list[Component]:
    """Return the cards of what is at work for a set, of what just failed, and of live runs."""
    jobs = services().jobs.list()
    mine = follow_up.jobs_of(jobs, name, JOB_KINDS)
    encoded = [job for job in jobs if job.kind == "run" and is_live(job)]
    return quality_form.progress([*encoded, *mine], seen=JOB_KINDS)


# -- the forms -------------------------------------------------------------------------------------


@callback(
    output=(
        Output(shell.NUDGE, "data", allow_duplicate=True),
        Output(follow_up.STORE, "data", allow_duplicate=True),
        Output(court_form.TOLD, "children"),
    ),
    inputs={"clicks": Input(court_form.GO, "n_clicks")},
    state={"given": {field: State(court_form.field_id(field), "value")
                     for field in court_form.FIELDS},
           "keys": State(PLACE, "data")},
    prevent_initial_call=True,
)  # fmt: skip
def hold_court(clicks: int | None, given: dict[str, Any], keys: dict[str, str]) -> Any:
    """Start the court that the form describes; a wrong field is told beside it."""
    if not clicks:
        return no_update, no_update, no_update
    try:
        wanted = encoder_sets.court(keys["set"], given)
    except VitrineError as error:
        return no_update, no_update, notices.alert(str(error))
    title = court_form.title(wanted, services().library.open(wanted.name).title)
    job = services().jobs.submit("court", wanted.to_json(), title)
    told = "Comparing; the result opens here when it is done."
    return job.id, encoder_sets.expect(job.id, keys, "court"), notices.alert(told, "success")


@callback(
    output=(
        Output(shell.NUDGE, "data", allow_duplicate=True),
        Output(follow_up.STORE, "data", allow_duplicate=True),
        Output(nuisance_form.TOLD, "children"),
    ),
    inputs={"clicks": Input(nuisance_form.GO, "n_clicks")},
    state={"given": {field: State(nuisance_form.field_id(field), "value")
                     for field in nuisance_form.FIELDS},
           "keys": State(PLACE, "data")},
    prevent_initial_call=True,
)  # fmt: skip
def look_for_nuisances(clicks: int | None, given: dict[str, Any], keys: dict[str, str]) -> Any:
    """Start the test that the form describes; a wrong field is told beside it."""
    if not clicks:
        return no_update, no_update, no_update
    try:
        wanted = nuisance_form.request(keys["set"], given, services().settings.seed)
    except VitrineError as error:
        return no_update, no_update, notices.alert(str(error))
    title = nuisance_form.title(wanted, services().library.open(wanted.name).title)
    job = services().jobs.submit("nuisance", wanted.to_json(), title)
    told = "Testing; the result opens here when it is done."
    return job.id, encoder_sets.expect(job.id, keys, "nuisance"), notices.alert(told, "success")


# -- sets that a result leads to -------------------------------------------------------------------


@callback(
    Output(shell.NUDGE, "data", allow_duplicate=True),
    Output(encoder_frame.SAID, "children", allow_duplicate=True),
    Input(court_view.set_id(ALL), "n_clicks"),
    State(PLACE, "data"),
    prevent_initial_call=True,
)
def make_map(clicks: list[int | None], keys: dict[str, str]) -> Any:
    """Make a set of the same images in another encoder of the court; its vectors are there."""
    if not any(clicks):
        return no_update, no_update
    try:
        found = services().library.open(keys["set"])
        wanted = encoder_sets.other_encoder(found, courts(), keys, ctx.triggered_id["key"])
    except VitrineError as error:
        return no_update, notices.alert(str(error))
    job = services().jobs.submit("run", wanted.to_json(), set_form.title(wanted))
    told = f"Making “{wanted.name}”; then both maps can be seen side by side."
    return job.id, notices.alert(told, "success")


@callback(
    Output(shell.NUDGE, "data", allow_duplicate=True),
    Output(encoder_frame.SAID, "children", allow_duplicate=True),
    Input(nuisance_view.residual_id(ALL), "n_clicks"),
    State(PLACE, "data"),
    prevent_initial_call=True,
)
def regress_out(clicks: list[int | None], keys: dict[str, str]) -> Any:
    """Make a set of the same images with columns regressed out of their vectors."""
    if not any(clicks):
        return no_update, no_update
    try:
        found = services().library.open(keys["set"])
        wanted = encoder_sets.residual(found, ctx.triggered_id["columns"])
    except VitrineError as error:
        return no_update, notices.alert(str(error))
    job = services().jobs.submit("run", wanted.to_json(), set_form.title(wanted))
    told = f"Making “{wanted.name}”; then test again with it as “after”."
    return job.id, notices.alert(told, "success")


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
    Output(encoder_frame.FOLLOWED, "data"),
    Input(PLACE, "data"),
)

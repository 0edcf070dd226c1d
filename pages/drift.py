"""Are these two sets the same, and where do they differ?"""

from typing import Any

from dash import (
    ALL,
    MATCH,
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
    drift_form,
    drift_frame,
    drift_images,
    drift_pictures,
    drift_preview,
    drift_sides,
    drift_view,
    follow_up,
    notices,
    quality_form,
    set_form,
    shell,
)
from components.drift_frame import JOBS, PAGE, PLACE
from components.drift_sides import SIDES, side_id
from components.drift_view import PREVIEW
from components.fields import AUTO
from components.job_panel import is_live
from components.state import choose_set, services
from core.errors import VitrineError

register_page(__name__, path="/drift", name="Drift", title="Drift · Vitrine", order=4)

#: The jobs that are told of here.
JOB_KINDS = ("drift", "series")


@notices.explained
def layout(**query: str) -> Component:
    """Return the page for the keys in the address."""
    keys = drift_frame.cleaned(query)
    keys["set"] = choose_set(keys["set"]) or ""
    inside, keys = drift_view.shown(keys)
    return html.Div(
        [
            dcc.Store(id=PLACE, data=keys),
            dcc.Store(id=drift_frame.FOLLOWED),
            html.Div(live_jobs(keys["set"]), id=JOBS),
            html.Div(inside, id=PAGE),
        ],
        className="vt-page vt-morph vt-drift",
    )


def live_jobs(name: str) -> list[Component]:
    """Return the cards of the comparisons being made of a set, of one that just failed, and of
    sets being encoded."""
    jobs = services().jobs.list()
    mine = follow_up.jobs_of(jobs, name, JOB_KINDS)
    encoded = [job for job in jobs if job.kind == "run" and is_live(job)]
    return quality_form.progress([*encoded, *mine])


# -- the form --------------------------------------------------------------------------------------


def _follow(side: str) -> None:
    """Let the fields of a side follow its set."""

    @callback(
        Output(side_id(side, "by"), "options"),
        Output(side_id(side, "by"), "value"),
        Output(side_id(side, "value"), "options"),
        Output(side_id(side, "value"), "value"),
        Output(f"{side_id(side, 'value')}-part", "hidden"),
        Input(side_id(side, "set"), "value"),
        Input(side_id(side, "by"), "value"),
        State(side_id(side, "value"), "value"),
        prevent_initial_call=True,
    )
    def follow(name: str, by: str | None, value: str | None) -> Any:
        """Offer what singles out images of this set; what was chosen stays where it can."""
        options, by, values, value = drift_sides.followers(name, by, value)
        return options, by, values, value, by == AUTO


for _side in SIDES:
    _follow(_side)


@callback(
    Output(drift_form.component_id("unit"), "options"),
    Output(drift_form.component_id("unit"), "value"),
    Output(drift_form.component_id("label"), "options"),
    Output(drift_form.component_id("label"), "value"),
    Input(side_id("a", "set"), "value"),
    Input(side_id("b", "set"), "value"),
    State(drift_form.component_id("unit"), "value"),
    State(drift_form.component_id("label"), "value"),
    prevent_initial_call=True,
)
def share_columns(a: str, b: str, unit: str | None, label: str | None) -> Any:
    """Offer the columns that both sets have."""
    units, labels = drift_form.shared(a, b)
    return (units, drift_sides.chosen(unit, units, AUTO),
            labels, drift_sides.chosen(label, labels, AUTO))  # fmt: skip


@callback(
    output=(
        Output(PREVIEW, "children"),
        Output(drift_form.TOLD, "children", allow_duplicate=True),
    ),
    inputs={field: Input(drift_form.component_id(field), "value") for field in drift_form.FIELDS},
    prevent_initial_call="initial_duplicate",
)
def preview(**given: Any) -> Any:
    """Show at once what would be compared; what was said of the fields before is over."""
    return drift_view.preview_of(given), []


@callback(
    output=(
        Output(shell.NUDGE, "data", allow_duplicate=True),
        Output(follow_up.STORE, "data", allow_duplicate=True),
        Output(drift_form.TOLD, "children"),
    ),
    inputs={"clicks": Input(drift_form.GO, "n_clicks")},
    state={"given": {field: State(drift_form.component_id(field), "value")
                     for field in drift_form.FIELDS}},
    prevent_initial_call=True,
)  # fmt: skip
def compare(clicks: int | None, given: dict[str, Any]) -> Any:
    """Start the comparison that the form describes; a wrong field is told beside it."""
    if not clicks:
        return no_update, no_update, no_update
    try:
        wanted = drift_form.request(given, services().settings.seed)
        drift_preview.design_of(wanted)
    except VitrineError as error:
        return no_update, no_update, notices.alert(str(error))
    job = services().jobs.submit("drift", wanted.to_json(), drift_form.title(wanted))
    told = "Comparing; the result opens here when it is done."
    return job.id, follow_up.expect(job.id, "/drift"), notices.alert(told, "success")


@callback(
    output=(
        Output(shell.NUDGE, "data", allow_duplicate=True),
        Output(follow_up.STORE, "data", allow_duplicate=True),
        Output(drift_form.TOLD, "children", allow_duplicate=True),
    ),
    inputs={"clicks": Input(drift_preview.encode_id(ALL), "n_clicks")},
    state={"given": {field: State(drift_form.component_id(field), "value")
                     for field in drift_form.FIELDS}},
    prevent_initial_call=True,
)  # fmt: skip
def encode(clicks: list[int | None], given: dict[str, Any]) -> Any:
    """Encode the pictures of B as those of A were; the form opens with them when it is done."""
    if not any(clicks):
        return no_update, no_update, no_update
    try:
        two = drift_preview.differ(drift_form.request(given, services().settings.seed))
        if two is None:
            return no_update, no_update, no_update
        wanted = drift_preview.run_request(*two)
    except VitrineError as error:
        return no_update, no_update, notices.alert(str(error))
    job = services().jobs.submit("run", wanted.to_json(), set_form.title(wanted))
    after = drift_frame.address({"set": two[0].name, "view": "design"}, a=two[0].name,
                                b=wanted.name)  # fmt: skip
    told = f"Encoding “{two[1].base.name}”; the form opens with it when it is done."
    return (job.id, follow_up.expect(job.id, "/drift", to=after),
            notices.alert(told, "success"))  # fmt: skip


# -- a slice of what drifted -----------------------------------------------------------------------


@callback(
    Output(drift_images.slice_id("told", MATCH), "children"),
    Input(drift_images.slice_id("go", MATCH), "n_clicks"),
    State(drift_images.slice_id("name", MATCH), "value"),
    State(drift_images.slice_id("count", MATCH), "value"),
    State(drift_images.slice_id("group", MATCH), "data"),
    State(PLACE, "data"),
    prevent_initial_call=True,
)
def keep(
    clicks: int | None, name: str | None, count: str | None, group: int | None, keys: dict[str, str]
) -> Any:
    """Keep the most drifted images of a side as a slice; a wrong field is told beside it."""
    if not clicks:
        return no_update
    pair = drift_pictures.pair_of(services().drifts.open(keys["key"]))
    try:
        return drift_images.keep(pair, ctx.triggered_id["side"], name or "", count or "", group)
    except VitrineError as error:
        return notices.alert(str(error))


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
    Output(drift_frame.FOLLOWED, "data"),
    Input(PLACE, "data"),
)

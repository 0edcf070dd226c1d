"""Which images should I take?"""

from typing import Any

from dash import Input, Output, State, callback, ctx, dcc, html, no_update, register_page
from dash.development.base_component import Component

from components import (
    curate_form,
    curate_pool,
    curate_preview,
    curate_result,
    curate_splits,
    follow_up,
    job_panel,
    notices,
    shell,
)
from components.attributes import attrs
from components.notices import button_link
from components.state import choose_set, link, noun, services, whole
from core.errors import InputError, VitrineError

register_page(__name__, path="/curate", name="Curate", title="Curate · Vitrine", order=4)

PAGE, PLACE, JOBS, PREVIEW = "curate-page", "curate-place", "curate-jobs", "curate-preview"
KINDS = ("curate", "split", "report")
VIEWS = {"": "Choose {}s", "split": "Train, validation and test"}


@notices.explained
def layout(
    set: str = "", view: str = "", choice: str = "", splits: str = "", role: str = "",
    page: str = "", sel: str = "", slice: str = "", pool: str = "", **query: str,
) -> Component:  # fmt: skip
    """Return the page for the keys in the address."""
    keys = {"set": set, "view": view, "choice": choice, "splits": splits, "role": role,
            "page": page, "pool": pool or wanted_pool(sel, slice)}  # fmt: skip
    return html.Div(
        [dcc.Store(id=PLACE, data=keys), html.Div(body(keys), id=PAGE)], className="vt-page"
    )


def wanted_pool(sel: str, slice: str) -> str:
    """Return the pool that the address names: a selection, a slice, or the whole set."""
    return f"selection:{sel}" if sel else f"slice:{slice}" if slice else "all"


def body(keys: dict[str, str]) -> list[Component]:
    """Return the forms, or a choice or division that was made."""
    name = choose_set(keys["set"])
    if name is None:
        return [html.H1("Curate"), notices.empty_state(
            "No set yet", "Add a set first; then Vitrine can choose from it.",
            button_link("Add a set", "/", primary=True),
        )]  # fmt: skip
    found = services().library.open(name)
    view = services().curation.view(found)
    progress = html.Div(live_jobs(name), id=JOBS)
    if keys["choice"]:
        made = services().choices.open(keys["choice"])
        report = reports_of(name).get(made.key)
        page = whole(keys["page"], 1) or 1
        return [progress,
                *curate_result.view_of(found, made, view, report, keys["role"], page)]  # fmt: skip
    if keys["splits"]:
        kept = services().choices.open_splits(keys["splits"])
        return [progress, *curate_splits.shown(found, kept, view)]
    if found.clustering("micro") is None:
        return [head(found, keys["view"]), notices.empty_state(
            "Not clustered yet",
            "Choosing needs the micro-clusters of this set; they are still being computed, or the "
            "run that makes them was stopped.",
            button_link("See the jobs", "/jobs", primary=True),
        )]  # fmt: skip
    return [head(found, keys["view"]), progress, *forms(found, view, keys)]


def head(found: Any, view: str) -> Component:
    """Return the title and the switch between choosing and dividing."""
    tabs = [
        dcc.Link(text.format(noun(found)), href=link("/curate", set=found.name, view=value),
                 className="vt-tab" + (" vt-tab-here" if value == view else ""))
        for value, text in VIEWS.items()
    ]  # fmt: skip
    told = "Take a part that stands for the whole, and see whether it beats a random one."
    return html.Div(
        [html.H1(f"Curate {found.title}"), html.P(told, className="vt-lead"),
         html.Nav(tabs, className="vt-tabs", **attrs(aria_label="What to do"))],
        className="vt-page-head",
    )  # fmt: skip


def forms(found: Any, view: Any, keys: dict[str, str]) -> list[Component]:
    """Return the form beside what it would have to beat and what was made before."""
    seed, kept, columns = services().settings.seed, services().choices, found.columns()
    pools = curate_form.pool_options(view, curate_pool.selection_in(found, keys["pool"]))
    if keys["view"] == "split":
        form = curate_splits.form(columns, pools, keys["pool"], seed)
        beside = [
            curate_splits.explained(),
            curate_splits.recent(found, kept.list_splits(found.name)),
        ]
    else:
        form = curate_form.form(view, columns, pools, keys["pool"], seed)
        beside = [
            html.Div(preview_of(found, view, {"pool": keys["pool"], "amount": "10"}), id=PREVIEW),
            curate_result.recent(found, kept.list(found.name, view), reports_of(found.name)),
        ]  # fmt: skip
    shown = [part for part in beside if part is not None]
    return [
        html.Div([html.Div(form), html.Div(shown, className="vt-curate-beside")],
                 className="vt-curate")
    ]  # fmt: skip


def preview_of(found: Any, view: Any, given: dict[str, Any]) -> Component:
    """Return what random choices give for the form's fields; a wrong field says so."""
    try:
        wanted = curate_form.request(found.name, given, services().settings.seed)
        pool, n = curate_pool.prospects(found, view, wanted)
    except VitrineError as error:
        return curate_preview.unknown(str(error))
    labels = found.clustering("micro").labels
    prospect = curate_preview.prospect(labels, pool.rows, pool.already)
    return curate_preview.preview(prospect, n, noun(found), pool.title, pool.notes)


def reports_of(name: str) -> dict[str, Any]:
    """Return the newest report on each choice of a set, by the key of the choice."""
    lines = reversed(services().reports.list(name))
    return {line.choice: line for line in lines if line.choice}


def live_jobs(name: str) -> list[Component]:
    """Return the cards of the choices, divisions and reports being made of a set."""
    return job_panel.live_cards(follow_up.jobs_of(services().jobs.list(), name, KINDS))


@callback(
    Output("curate-column-field", "hidden"),
    Output("curate-edge-field", "hidden"),
    Output("curate-labelled-field", "hidden"),
    Input(curate_form.field_id("strategy"), "value"),
    Input(curate_form.field_id("scenario"), "value"),
)
def ask_more(strategy: str, scenario: str) -> tuple[bool, bool, bool]:
    """Ask what only some strategies and scenarios need."""
    return strategy != "balanced", strategy != "edges", scenario == "first"


@callback(
    output=(
        Output(PREVIEW, "children"),
        Output(curate_form.TOLD, "children", allow_duplicate=True),
    ),
    inputs={field: Input(curate_form.field_id(field), "value") for field in curate_form.FIELDS},
    state={"keys": State(PLACE, "data")},
    prevent_initial_call=True,
)
def preview(keys: dict[str, str], **given: Any) -> Any:
    """Show at once what has to be beaten; what was said of the fields before is over."""
    found = services().library.open(choose_set(keys["set"]))
    return preview_of(found, services().curation.view(found), given), []


@callback(
    output=(
        Output(shell.NUDGE, "data", allow_duplicate=True),
        Output(follow_up.STORE, "data", allow_duplicate=True),
        Output(curate_form.TOLD, "children"),
    ),
    inputs={"only": Input(curate_form.GO, "n_clicks"),
            "both": Input(curate_form.GO_REPORT, "n_clicks")},
    state={"given": {field: State(curate_form.field_id(field), "value")
                     for field in curate_form.FIELDS},
           "keys": State(PLACE, "data")},
    prevent_initial_call=True,
)  # fmt: skip
def choose(only: int | None, both: int | None, given: dict[str, Any], keys: dict[str, str]) -> Any:
    """Start the choice that the form describes, with a report after it if that was asked for."""
    if not (only or both):
        return no_update, no_update, no_update
    seed = services().settings.seed
    found = services().library.open(choose_set(keys["set"]))
    try:
        wanted = curate_form.request(found.name, given, seed)
        curate_pool.prospects(found, services().curation.view(found), wanted)
    except VitrineError as error:
        return no_update, no_update, notices.alert(str(error))  # beside the fields
    job = services().jobs.submit("curate", wanted.to_json(), curate_form.title(wanted))
    reporting = seed if ctx.triggered_id == curate_form.GO_REPORT else None
    told = "Choosing; its report follows." if reporting is not None else "Choosing."
    return job.id, follow_up.expect(job.id, "/curate", report_seed=reporting), notices.alert(
        told, "success")  # fmt: skip


@callback(
    output=(
        Output(shell.NUDGE, "data", allow_duplicate=True),
        Output(follow_up.STORE, "data", allow_duplicate=True),
        Output(curate_splits.TOLD, "children"),
    ),
    inputs={"clicks": Input(curate_splits.GO, "n_clicks")},
    state={"given": {field: State(curate_splits.field_id(field), "value")
                     for field in curate_splits.FIELDS},
           "keys": State(PLACE, "data")},
    prevent_initial_call=True,
)  # fmt: skip
def divide(clicks: int | None, given: dict[str, Any], keys: dict[str, str]) -> Any:
    """Start the division that the form describes."""
    if not clicks:
        return no_update, no_update, no_update
    name = str(choose_set(keys["set"]))
    try:
        wanted = curate_splits.request(name, given, services().settings.seed)
    except InputError as error:
        return no_update, no_update, notices.alert(str(error))
    job = services().jobs.submit("split", wanted.to_json(), curate_splits.title(wanted))
    return job.id, follow_up.expect(job.id, "/curate"), notices.alert("Dividing.", "success")


@callback(
    Output(shell.NUDGE, "data", allow_duplicate=True),
    Output(follow_up.STORE, "data", allow_duplicate=True),
    Input(curate_result.REPORT, "n_clicks"),
    State(PLACE, "data"),
    prevent_initial_call=True,
)
def report(clicks: int | None, keys: dict[str, str]) -> Any:
    """Start the report on the choice that is shown."""
    if not clicks:
        return no_update, no_update
    name = str(choose_set(keys["set"]))
    request = {"name": name, "choice": keys["choice"], "seed": services().settings.seed}
    job = services().jobs.submit("report", request, follow_up.report_title(name, request))
    return job.id, follow_up.expect(job.id, "/curate")


@callback(
    Output(JOBS, "children"),
    Input(shell.JOBS, "data"),
    State(PLACE, "data"),
    prevent_initial_call=True,
)
def show_jobs(changed: str | None, keys: dict[str, str]) -> list[Component]:
    """Show the progress of what was started."""
    return live_jobs(str(choose_set(keys["set"])))

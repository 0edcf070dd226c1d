"""What do I have, and what next?"""

from typing import Any

from dash import ALL, Input, Output, State, callback, ctx, html, no_update, register_page
from dash.development.base_component import Component

from components import job_panel, notices, set_cards, set_form, shell
from components.state import services
from core.errors import InputError

register_page(__name__, path="/", name="Sets", title="Sets · Vitrine", order=0)

SETS, LIVE, STARTED = "home-sets", "home-jobs", set_form.STARTED


def sets_view() -> list[Component]:
    """Return the cards of all sets, or what to do when there is none."""
    found = services()
    cards = set_cards.grid(found.library, found.jobs.list(), found.reports)
    if cards:
        return [html.Div(cards, className="vt-sets")]
    return [
        notices.empty_state(
            "No set yet",
            "Point Vitrine at a folder of images, or look around in the built-in digits first: "
            "1,797 small pictures, ready in under a minute, no download.",
            set_form.sample_button(set_form.SAMPLE_HERO, primary=True),
        )
    ]


@notices.explained
def layout(**query: str) -> Component:
    """Return the page; it reads nothing from the address."""
    return html.Div(
        [
            html.Div(
                [
                    html.H1("Sets"),
                    html.P("Each set is a folder, table or file of images with its vectors, maps "
                           "and clusters.", className="vt-lead"),
                ],
                className="vt-page-head",
            ),
            html.Div(
                [
                    html.Div(
                        [
                            html.Div(job_panel.live_cards(services().jobs.list()), id=LIVE),
                            html.Div(sets_view(), id=SETS),
                        ],
                        className="vt-main-column",
                    ),
                    html.Div(set_form.form(), className="vt-side-column"),
                ],
                className="vt-columns",
            ),
        ],
        className="vt-page",
    )  # fmt: skip


@callback(Output("home-timm-field", "hidden"), Input(set_form.ENCODER, "value"))
def ask_for_model(encoder: str) -> bool:
    """Ask for a model's name only where a trained network is chosen."""
    return encoder != "timm"


@callback(
    Output(shell.NUDGE, "data", allow_duplicate=True),
    Output(STARTED, "children", allow_duplicate=True),
    Input(set_form.START, "n_clicks"),
    State(set_form.SOURCE, "value"),
    State(set_form.NAME, "value"),
    State(set_form.ENCODER, "value"),
    State(set_form.TIMM, "value"),
    State(set_form.MAPS, "value"),
    prevent_initial_call=True,
)
def start(
    clicks: int | None, source: str, name: str, encoder: str, timm: str, maps: list[str]
) -> Any:
    """Start the job that the form describes."""
    if not clicks:
        return no_update, no_update
    seed = services().settings.seed
    try:
        wanted = set_form.request(source, name, encoder, timm, maps or [], seed)
    except InputError as error:
        return no_update, notices.alert(str(error))  # beside the field, not over it
    job = services().jobs.submit("run", wanted.to_json(), set_form.title(wanted))
    return job.id, notices.alert(f"Started: {job.title}.", "success")


@callback(
    Output(shell.NUDGE, "data", allow_duplicate=True),
    Input(set_form.SAMPLE_BUTTON, "n_clicks"),
    prevent_initial_call=True,
)
def open_sample(clicks: int | None) -> Any:
    """Start the sample set's job, from the form."""
    if not clicks:
        return no_update
    wanted = set_form.sample(services().settings.seed)
    return services().jobs.submit("run", wanted.to_json(), set_form.title(wanted)).id


@callback(
    Output(shell.NUDGE, "data", allow_duplicate=True),
    Input(set_form.SAMPLE_HERO, "n_clicks"),
    prevent_initial_call=True,
)
def open_sample_first(clicks: int | None) -> Any:
    """Start the sample set's job, from the empty page."""
    return open_sample(clicks)


@callback(
    Output(shell.NUDGE, "data", allow_duplicate=True),
    Output(STARTED, "children", allow_duplicate=True),
    Input({"component": "set", "part": "look", "name": ALL}, "n_clicks"),
    prevent_initial_call=True,
)
def look_for_new(clicks: list[int | None]) -> Any:
    """Start the job that places a set's new images; buttons that only just appeared start none."""
    if not any(clicks) or not ctx.triggered or not ctx.triggered[0]["value"]:
        return no_update, no_update
    name = ctx.triggered_id["name"]
    wanted = set_cards.look_request(services().library.open(name))
    job = services().jobs.submit("run", wanted.to_json(), set_cards.look_title(name))
    return job.id, notices.alert(f"Started: {job.title}.", "success")


@callback(Output(LIVE, "children"), Input(shell.JOBS, "data"), prevent_initial_call=True)
def show_progress(changed: str | None) -> list[Component]:
    """Show the running jobs in place."""
    return job_panel.live_cards(services().jobs.list())


@callback(Output(SETS, "children"), Input(shell.VERSION, "data"), prevent_initial_call=True)
def show_sets(changed: str | None) -> list[Component]:
    """Show the sets anew when a job has changed one."""
    return sets_view()

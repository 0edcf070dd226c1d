"""What is running, and how did it end?"""

from typing import Any

from dash import ALL, Input, Output, callback, ctx, html, no_update, register_page
from dash.development.base_component import Component

from components import job_panel, notices, shell
from components.notices import button_link
from components.state import services

register_page(__name__, path="/jobs", name="Jobs", title="Jobs · Vitrine", order=3)

LIST = "jobs-list"
SHOWN = 50


def jobs_view() -> list[Component]:
    """Return the newest jobs as cards, live ones with their progress."""
    board = services().jobs
    jobs = board.list()
    if not jobs:
        return [
            notices.empty_state(
                "Nothing has run yet",
                "Jobs appear here when you add a set or ask for another map. They go on when you "
                "close this window.",
                button_link("Add a set", "/", primary=True),
            )
        ]
    cards = [job_panel.card(job, board.log_tail(job.id)) for job in jobs[:SHOWN]]
    return [html.P(job_panel.summary(jobs), className="vt-lead"), *cards]


@notices.explained
def layout(**query: str) -> Component:
    """Return the page; it reads nothing from the address."""
    return html.Div(
        [html.Div(html.H1("Jobs"), className="vt-page-head"), html.Div(jobs_view(), id=LIST)],
        className="vt-page vt-page-narrow",
    )


@callback(Output(LIST, "children"), Input(shell.JOBS, "data"), prevent_initial_call=True)
def show_jobs(changed: str | None) -> list[Component]:
    """Show the jobs anew when one has changed."""
    return jobs_view()


@callback(
    Output(shell.NUDGE, "data", allow_duplicate=True),
    Input({"component": "job", "part": "cancel", "name": ALL}, "n_clicks"),
    prevent_initial_call=True,
)
def stop(clicks: list[int | None]) -> Any:
    """Ask a job to stop; buttons that only just appeared stop nothing."""
    if not any(clicks) or not ctx.triggered or not ctx.triggered[0]["value"]:
        return no_update
    services().jobs.cancel(ctx.triggered_id["name"])
    return f"stop {ctx.triggered_id['name']}"


@callback(
    Output(shell.NUDGE, "data", allow_duplicate=True),
    Input({"component": "job", "part": "again", "name": ALL}, "n_clicks"),
    prevent_initial_call=True,
)
def again(clicks: list[int | None]) -> Any:
    """Ask for the work of a job that did not end well once more."""
    if not any(clicks) or not ctx.triggered or not ctx.triggered[0]["value"]:
        return no_update
    board = services().jobs
    for job in board.list():
        if job.id == ctx.triggered_id["name"]:
            return board.submit(job.kind, job.request, job.title).id
    return no_update

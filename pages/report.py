"""What do I tell others?"""

from typing import Any

from dash import Input, Output, State, callback, dcc, html, no_update, register_page
from dash.development.base_component import Component

from components import (
    follow_up,
    job_panel,
    notices,
    report_compare,
    report_head,
    report_list,
    report_view,
    shell,
)
from components.notices import button_link
from components.state import choose_set, link, services
from core.errors import NotFoundError, VitrineError

register_page(__name__, path="/report", name="Reports", title="Reports · Vitrine", order=5)

PAGE, PLACE = "report-page", "report-place"
SUBJECT, MAKE, JOBS = "report-subject", "report-make", "report-jobs"
OTHER, OTHER_PLACE = "report-other", "report-other-place"


@notices.explained
def layout(set: str = "", sel: str = "", slice: str = "", choice: str = "", **query: str) -> Any:
    """Return the reports of a set, with the form on what the address names."""
    keys = {"set": set, "sel": sel, "slice": slice, "choice": choice}
    return html.Div(
        [dcc.Store(id=PLACE, data=keys), html.Div(body(keys), id=PAGE)], className="vt-page"
    )


def body(keys: dict[str, str]) -> list[Component]:
    """Return the history of a set's reports, and the form that makes one."""
    name = choose_set(keys["set"])
    if name is None:
        return [html.H1("Reports"), notices.empty_state(
            "No set yet", "Add a set first; then let Vitrine choose from it and report on that.",
            button_link("Add a set", "/", primary=True),
        )]  # fmt: skip
    found = services().library.open(name)
    view = services().curation.view(found)
    choices = services().choices.list(name)
    options = report_list.subjects(view, choices, selection_in(found, keys["sel"]))
    side = report_list.form(options, wanted(keys), (SUBJECT, MAKE), name)
    return [
        html.Div([html.H1(f"Reports on {found.title}")], className="vt-page-head"),
        html.Div(
            [
                html.Div(
                    [html.Div(live_jobs(name), id=JOBS),
                     report_list.history(services().reports.list(name), found)],
                    className="vt-main-column",
                ),
                html.Div(side, className="vt-side-column"),
            ],
            className="vt-columns",
        ),
    ]  # fmt: skip


def wanted(keys: dict[str, str]) -> str | None:
    """Return what the address asks a report on, as the form's value."""
    for field, kind in (("sel", "selection"), ("choice", "choice"), ("slice", "slice")):
        if keys[field]:
            return f"{kind}:{keys[field]}"
    return None


def selection_in(found: Any, key: str) -> tuple[str, str] | None:
    """Return the selection that the address names, with its words; None where it is gone."""
    if not key:
        return None
    try:
        services().selections.load(key, found.key)
        return key, services().selections.describe(key)
    except VitrineError:
        return None


def live_jobs(name: str) -> list[Component]:
    """Return the cards of the reports being made of a set."""
    return job_panel.live_cards(follow_up.jobs_of(services().jobs.list(), name, ("report",)))


@callback(
    Output(shell.NUDGE, "data", allow_duplicate=True),
    Output(follow_up.STORE, "data", allow_duplicate=True),
    Input(MAKE, "n_clicks"),
    State(SUBJECT, "value"),
    State(PLACE, "data"),
    prevent_initial_call=True,
)
def make(clicks: int | None, subject: str | None, keys: dict[str, str]) -> Any:
    """Start the report on what the form names."""
    if not clicks or not subject:
        return no_update, no_update
    name, seed = choose_set(keys["set"]), services().settings.seed
    request = report_list.request_of(str(name), subject, seed)
    job = services().jobs.submit("report", request, follow_up.report_title(str(name), request))
    return job.id, follow_up.expect(job.id, "/report")


@callback(
    Output(JOBS, "children"),
    Input(shell.JOBS, "data"),
    State(PLACE, "data"),
    prevent_initial_call=True,
)
def show_jobs(changed: str | None, keys: dict[str, str]) -> list[Component]:
    """Show the progress of reports being made."""
    return live_jobs(str(choose_set(keys["set"])))


# -- one report ------------------------------------------------------------------------------------


def unknown(report: str, set_name: str, error: NotFoundError) -> Component:
    """Return the page for a report that is not here."""
    told = str(error)
    body = notices.empty_state(
        "This report is not here",
        f"{told[:1].upper()}{told[1:]}. It may belong to another workspace, or its files were "
        "deleted; a report can be made again from the same choice and comes out the same.",
        button_link("All reports", link("/report", set=set_name), primary=True),
        button_link("All sets", "/"),
        heading=html.H1,
    )
    return html.Div(body, className="vt-page")


@notices.explained
def one(report: str = "", set: str = "", **query: str) -> Component:
    """Return one report, beside another one where the address names it (`with`)."""
    kept = services().reports
    try:
        shown = kept.open(report)
    except NotFoundError as error:
        return unknown(report, set, error)
    name, other = shown["set"]["name"], query.get("with", "")
    found = opened(name)
    lines = kept.list(name)
    second, note = compared(shown, other)
    slices = [s.name for s in services().curation.view(found).slices] if found else []
    choose = report_compare.picker(OTHER, lines, report, other)
    return html.Div(
        [
            dcc.Store(id=OTHER_PLACE, data={"report": report, "set": name, "with": other}),
            html.Div([report_head.heading(shown), choose], className="vt-report-top"),
            *note,
            *second,
            *report_view.body(shown, found, slices),
        ],
        className="vt-page vt-report",
    )


def opened(name: str) -> Any:
    """Return the set of a report as it is now; None where it is gone or damaged."""
    try:
        return services().library.open(name)
    except VitrineError:
        return None


def compared(shown: dict[str, Any], other: str) -> tuple[list[Component], list[Component]]:
    """Return the comparison with another report, or why there is none."""
    if not other or other == shown["id"]:
        return [], []
    try:
        second = services().reports.open(other)
        found = services().reports.compare(shown["id"], other)
    except VitrineError as error:
        return [], [notices.alert(f"No comparison: {error}", "warning")]
    return [report_compare.comparison(shown, second, found)], []


register_page(
    "pages.report_one", path_template="/report/<report>", name="Report", order=6,
    title="Report · Vitrine", layout=one,
)  # fmt: skip


@callback(
    Output(shell.LOCATION, "href", allow_duplicate=True),
    Input(OTHER, "value"),
    State(OTHER_PLACE, "data"),
    prevent_initial_call=True,
)
def compare_with(other: str | None, place: dict[str, str]) -> Any:
    """Go to the comparison with the chosen report; a picker that only appeared does nothing."""
    chosen = "" if other in (None, report_compare.NOTHING) else str(other)
    if chosen == place["with"]:
        return no_update
    return report_head.page_link(place["report"], place["set"], **{"with": chosen})

"""How are the labels, and how do I get more of them?"""

from collections.abc import Sequence
from typing import Any

from dash import Input, Output, State, callback, ctx, dcc, html, no_update, register_page
from dash.development.base_component import Component

from components import (
    follow_up,
    job_panel,
    label_balance,
    label_batch,
    label_files,
    label_frame,
    label_many,
    label_probe,
    label_propagate,
    notices,
    shell,
)
from components.label_frame import JOBS, PAGE, PLACE, REDO, TOLD, UNDO
from components.notices import button_link
from components.state import choose_set, services
from core.errors import InputError

register_page(__name__, path="/labels", name="Labelling", title="Labelling · Vitrine", order=20)

#: What starts a job: the form of each view.
FORMS: dict[str, Any] = {
    "propagate": label_propagate, "probe": label_probe, "batch": label_batch,
}  # fmt: skip
TITLES = {"propagate": "Propose labels of {}", "probe": "Probe the labels of {}",
          "batch": "Choose what to label next in {}"}  # fmt: skip


@notices.explained
def layout(**query: str) -> Component:
    """Return the page for the keys in the address."""
    keys = label_frame.cleaned(query)
    name = choose_set(keys["set"])
    keys = {**keys, "set": name or ""}
    return html.Div(
        [
            dcc.Store(id=PLACE, data=keys),
            dcc.Store(id=label_frame.DONE),
            html.Div(live_jobs(keys["set"]), id=JOBS),
            html.Div(id=TOLD, className="vt-told", role="status"),
            html.Div(body(keys), id=PAGE),
        ],
        className="vt-page vt-labels",
    )


def body(keys: dict[str, str], wrong: Sequence[int] = ()) -> list[Component]:
    """Return the view that the keys name; `wrong` are images that are marked already."""
    if not keys["set"]:
        return [html.H1("Labels"), notices.empty_state(
            "No set yet", "Add a set first; then its images can be labelled.",
            button_link("Add a set", "/", primary=True),
        )]  # fmt: skip
    found = services().library.open(keys["set"])
    view = services().curation.view(found)
    head = label_frame.head(found, view, keys)
    if keys["view"] in FORMS:
        return [head, *FORMS[keys["view"]].body(found, view, services().labelled, keys)]
    if keys["view"] == "many":
        return [head, *label_many.body(found, view, keys, wrong)]
    if keys["view"] == "files":
        return [head, *label_files.body(found, view, keys)]
    check = services().findings.check(found)
    return [head, *label_balance.body(found, view, check, keys)]


def live_jobs(name: str) -> list[Component]:
    """Return the cards of what is being done with the labels of a set."""
    return job_panel.live_cards(follow_up.jobs_of(services().jobs.list(), name, ("label",)))


def said(text: str | None) -> list[Component]:
    """Return the line that says what was done."""
    return [html.Span(f"{text.rstrip('.')}.")] if text else []


# -- jobs ------------------------------------------------------------------------------------------


def start(view: str, given: dict[str, Any], keys: dict[str, str]) -> Any:
    """Start the job that a form describes; a wrong field is told beside it."""
    try:
        wanted = FORMS[view].request(keys["set"], given, services().settings.seed)
    except InputError as error:
        return no_update, no_update, notices.alert(str(error))
    found = services().library.open(keys["set"])
    job = services().jobs.submit("label", wanted.to_json(), TITLES[view].format(found.title))
    return job.id, follow_up.expect(job.id, "/quality"), notices.alert("Started.", "success")


def _starts(view: str) -> None:
    """Register the callback that starts the job of a view."""
    module = FORMS[view]

    @callback(
        output=(
            Output(shell.NUDGE, "data", allow_duplicate=True),
            Output(follow_up.STORE, "data", allow_duplicate=True),
            Output(f"{module.GO}-told", "children"),
        ),
        inputs={"clicks": Input(module.GO, "n_clicks")},
        state={"given": {field: State(field, "value") for field in module.FIELDS},
               "keys": State(PLACE, "data")},
        prevent_initial_call=True,
    )  # fmt: skip
    def begin(clicks: int | None, given: dict[str, Any], keys: dict[str, str]) -> Any:
        return start(view, given, keys) if clicks else (no_update, no_update, no_update)


for one in FORMS:
    _starts(one)


# -- any view --------------------------------------------------------------------------------------


@callback(
    Output(PAGE, "children", allow_duplicate=True),
    Output(PLACE, "data", allow_duplicate=True),
    Output(TOLD, "children", allow_duplicate=True),
    Input(label_frame.DONE, "data"),
    State(PLACE, "data"),
    prevent_initial_call=True,
)
def redraw(done: dict[str, Any] | None, keys: dict[str, str]) -> Any:
    """Show the page anew after an act, and say what was done."""
    if not done:
        return no_update, no_update, no_update
    now = {**keys, **done["keys"]}
    return body(now, done["wrong"]), now, said(done["told"])


@callback(
    Output(label_frame.DONE, "data", allow_duplicate=True),
    Input(UNDO, "n_clicks"),
    Input(REDO, "n_clicks"),
    State(PLACE, "data"),
    prevent_initial_call=True,
)
def step(undo: int | None, redo: int | None, keys: dict[str, str]) -> Any:
    """Take back the last act, or do it again."""
    if not ctx.triggered or not ctx.triggered[0]["value"]:
        return no_update
    found, desk, view = label_frame.opened(keys)
    back = ctx.triggered_id == UNDO
    words = view.can_undo if back else view.can_redo
    (desk.undo if back else desk.redo)(found)
    return label_frame.done(
        f"{'Undid' if back else 'Did again'}: {words[:1].lower()}{words[1:]}" if words else ""
    )


@callback(
    Output(JOBS, "children"),
    Input(shell.JOBS, "data"),
    State(PLACE, "data"),
    prevent_initial_call=True,
)
def show_jobs(changed: str | None, keys: dict[str, str]) -> list[Component]:
    """Show the progress of what was started."""
    return live_jobs(keys["set"])


@callback(
    Output(PAGE, "children", allow_duplicate=True),
    Input(shell.VERSION, "data"),
    State(PLACE, "data"),
    prevent_initial_call=True,
)
def refresh(changed: str | None, keys: dict[str, str]) -> list[Component]:
    """Show the page anew when a job has changed the set."""
    return body(keys)

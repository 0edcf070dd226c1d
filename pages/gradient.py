"""Along what do forms change, from one to another?"""

from typing import Any

from dash import Input, Output, State, callback, dcc, html, no_update, register_page
from dash.development.base_component import Component

from components import (
    follow_up,
    gradient_form,
    gradient_frame,
    gradient_view,
    job_panel,
    label_frame,
    notices,
    shell,
)
from components.gradient_form import GO, TOLD, field_id, part_id
from components.gradient_frame import JOBS, PAGE, PLACE
from components.notices import button_link
from components.state import choose_set, services
from core.errors import NotFoundError, VitrineError

register_page(__name__, path="/gradient", name="Gradient", title="Gradient · Vitrine", order=21)


@notices.explained
def layout(**query: str) -> Component:
    """Return the page for the keys in the address."""
    keys = gradient_frame.cleaned(query)
    keys["set"] = choose_set(keys["set"]) or ""
    return html.Div(
        [
            dcc.Store(id=PLACE, data=keys),
            html.Div(live_jobs(keys["set"]), id=JOBS),
            html.Div(body(keys), id=PAGE),
        ],
        className="vt-page vt-morph vt-gradient",
    )


def body(keys: dict[str, str]) -> list[Component]:
    """Return the form beside the gradient that the keys name."""
    if not keys["set"]:
        return [html.H1("Morphology"), notices.empty_state(
            "No set yet", "Add a set first; then its images can be laid along a gradient.",
            button_link("Add a set", "/", primary=True),
        )]  # fmt: skip
    found, kept = services().library.open(keys["set"]), services().comparisons
    view = services().curation.view(found)
    gradient = kept.open_gradient(keys["key"]) if keys["key"] else None
    if gradient is not None and gradient.meta["name"] != found.name:
        raise NotFoundError(f"this gradient is of “{gradient.meta['name']}”, not of {found.title}")
    last = {} if gradient is None else gradient.meta["request"]
    form = gradient_form.form(found, view, gradient_form.begun(found, view, keys, last))
    before = gradient_view.made_before(found, kept.list_gradients(found.name), keys["key"])
    head = gradient_frame.head(found)
    if gradient is None:
        return [head, label_frame.beside(form, gradient_view.explained(), before)]
    shown = gradient_view.view_of(found, gradient)
    return [
        head,
        gradient_view.strip_of(found, gradient),
        label_frame.beside(form, shown, before, made=True),
    ]


def live_jobs(name: str) -> list[Component]:
    """Return the cards of the gradients being made of a set."""
    return job_panel.live_cards(follow_up.jobs_of(services().jobs.list(), name, ("gradient",)))


# -- the form --------------------------------------------------------------------------------------


@callback(
    *(Output(part_id(part), "hidden") for part in gradient_form.PARTS),
    Input(field_id("kind"), "value"),
    Input(field_id("by"), "value"),
    prevent_initial_call=True,
)
def fields(kind: str | None, by: str | None) -> list[bool]:
    """Show the fields that the kind and the ends need."""
    return gradient_form.hidden(kind or "means", by or "")


@callback(
    Output(field_id("a"), "options"),
    Output(field_id("a"), "value"),
    Output(field_id("b"), "options"),
    Output(field_id("b"), "value"),
    Input(field_id("by"), "value"),
    State(PLACE, "data"),
    prevent_initial_call=True,
)
def regroup(by: str | None, keys: dict[str, str]) -> Any:
    """Offer the groups of another column, the first two of them chosen."""
    found = services().library.open(keys["set"])
    options = gradient_form.groups(found, services().curation.view(found), by or "")
    first, second = [*(one["value"] for one in options[:2]), None, None][:2]
    return options, first, options, second


@callback(
    output=(
        Output(shell.NUDGE, "data", allow_duplicate=True),
        Output(follow_up.STORE, "data", allow_duplicate=True),
        Output(TOLD, "children"),
    ),
    inputs={"clicks": Input(GO, "n_clicks")},
    state={"given": {field: State(field_id(field), "value") for field in gradient_form.FIELDS},
           "keys": State(PLACE, "data")},
    prevent_initial_call=True,
)  # fmt: skip
def lay_out(clicks: int | None, given: dict[str, Any], keys: dict[str, str]) -> Any:
    """Start the gradient that the form describes; a wrong field is told beside it."""
    if not clicks:
        return no_update, no_update, no_update
    found = services().library.open(keys["set"])
    try:
        wanted = gradient_form.request(keys["set"], given, services().settings.seed)
        gradient_form.check(wanted, found)
    except VitrineError as error:
        return no_update, no_update, notices.alert(str(error))
    job = services().jobs.submit("gradient", wanted.to_json(), f"{found.title}: gradient")
    told = "Laying images out; the strip opens here when it is done."
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

"""What is wrong with this set?"""

import time
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
    notices,
    quality_form,
    quality_frame,
    quality_queue,
    quality_undo,
    shell,
)
from components.quality_frame import GO, JOBS, NOW, PAGE, SHOWN, TOLD, TRAIL
from components.quality_queue import ACCEPT, BEFORE, BUTTONS, DROP, KEEP, LIMIT, NEXT, REDO, UNDO
from components.quality_view import listed, narrowed, shown, state_of
from components.state import choose_set, noun, services
from core.errors import VitrineError

register_page(__name__, path="/quality", name="Quality", title="Quality · Vitrine", order=3)

#: The jobs that are told of here.
JOB_KINDS = ("quality", "stream")

#: Buttons that do nothing while a decision is being written.
BUSY = [(Output(button, "disabled"), True, False) for button in BUTTONS]


@notices.explained
def layout(**query: str) -> Component:
    """Return the page for the keys in the address."""
    keys = quality_frame.cleaned(query)
    inside, keys = shown({**keys, "set": choose_set(keys["set"]) or ""})
    return html.Div(
        [
            dcc.Store(id=NOW, data=keys),
            dcc.Store(id=GO),
            dcc.Store(id=TRAIL, data=[]),
            dcc.Store(id=quality_frame.ADDRESS),
            dcc.Store(id=quality_frame.WANTED),
            html.Div(live_jobs(keys), id=JOBS),
            html.Div(id=TOLD, className="vt-quality-said", role="status"),
            html.Div(inside, id=PAGE),
            quality_frame.confirm_dialog(),
        ],
        className="vt-page vt-quality",
    )


def live_jobs(keys: dict[str, str]) -> list[Component]:
    """Return the jobs about a set that are under way, and how the last one ended."""
    jobs = follow_up.jobs_of(services().jobs.list(), keys["set"], JOB_KINDS)
    return quality_form.progress(jobs, seen=("stream",) * (keys["kind"] == "sequence"))


# -- what a person does, in order ------------------------------------------------------------------


@callback(
    output=(
        Output(shell.NUDGE, "data", allow_duplicate=True),
        Output(quality_form.TOLD, "children"),
    ),
    inputs={"clicks": Input(quality_form.GO, "n_clicks")},
    state={"given": {field: State(quality_form.field_id(field), "value")
                     for field in quality_form.FIELDS},
           "keys": State(NOW, "data")},
    prevent_initial_call=True,
)  # fmt: skip
def check(clicks: int | None, given: dict[str, Any], keys: dict[str, str]) -> Any:
    """Start the check that the form describes."""
    if not clicks:
        return no_update, no_update
    try:
        wanted = quality_form.request(keys["set"], given, services().settings.seed)
    except VitrineError as error:
        return no_update, notices.alert(str(error))  # beside the fields
    found = services().library.open(keys["set"])
    job = services().jobs.submit("quality", wanted.to_json(), quality_form.title(found.title))
    return job.id, notices.alert("Checking; what it finds will be shown here.", "success")


@callback(
    Output(PAGE, "children", allow_duplicate=True),
    Output(NOW, "data", allow_duplicate=True),
    Output(TOLD, "children", allow_duplicate=True),
    Input(GO, "data"),
    State(NOW, "data"),
    prevent_initial_call=True,
)
def go(changes: dict[str, Any] | None, keys: dict[str, str]) -> Any:
    """Show another list, another case, or another image to keep."""
    if not changes:
        return no_update, no_update, no_update
    inside, keys = shown(quality_frame.moved(keys, changes))
    return inside, keys, quality_queue.told(changes.get("told"))


@callback(
    Output(PAGE, "children", allow_duplicate=True),
    Output(NOW, "data", allow_duplicate=True),
    Input(NEXT, "n_clicks"),
    Input(BEFORE, "n_clicks"),
    State(NOW, "data"),
    prevent_initial_call=True,
)
def walk(onward: int | None, back: int | None, keys: dict[str, str]) -> Any:
    """Show the next or the previous case of the list."""
    if not ctx.triggered or not ctx.triggered[0]["value"]:
        return no_update, no_update
    found = services().library.open(keys["set"])
    view, check = services().curation.view(found), services().findings.check(found)
    worklist = listed(found, view, check, keys)
    inside, keys = shown(quality_queue.beside(worklist, keys, 1 if onward_pressed() else -1))
    return inside, keys


def onward_pressed() -> bool:
    """Tell whether the button that was pressed goes on rather than back."""
    return bool(ctx.triggered_id == NEXT)


@callback(
    Output(PAGE, "children", allow_duplicate=True),
    Output(NOW, "data", allow_duplicate=True),
    Output(TOLD, "children", allow_duplicate=True),
    Output(TRAIL, "data", allow_duplicate=True),
    Input(KEEP, "n_clicks"),
    Input(DROP, "n_clicks"),
    Input(ACCEPT, "n_clicks"),
    State(NOW, "data"),
    State(TRAIL, "data"),
    running=BUSY,
    prevent_initial_call=True,
)
def decide(
    keep: int | None, drop: int | None, accept: int | None, keys: dict[str, str], trail: list[Any]
) -> Any:
    """Write a decision about the case that is shown into the log, and show the next open one."""
    if not ctx.triggered or not ctx.triggered[0]["value"] or not keys["case"]:
        return no_update, no_update, no_update, no_update
    act = {KEEP: "keep", DROP: "drop", ACCEPT: "relabel"}[str(ctx.triggered_id)]
    found, desk, findings = opened(keys)
    view, check = desk.view(found), findings.check(found)
    case = findings.case(found, view, check, keys["case"])
    event = findings.decide(
        desk, found, case, act, keeper=quality_queue.keeper_of(case, keys),
        label=case.proposed if act == "relabel" else None,
    )  # fmt: skip
    view = desk.view(found)
    after = findings.next_key(found, view, check, after=keys["case"], **narrowed(keys))
    inside, now = shown({**keys, "case": after or "", "keeper": ""})
    told = quality_queue.told(view.can_undo, last=after is None)
    return inside, now, told, [*trail[-200:], {"event": event.number, "keys": keys}]


def opened(keys: dict[str, str]) -> tuple[Any, Any, Any]:
    """Return the set that is shown, the desk, and what checks found."""
    return services().library.open(keys["set"]), services().curation, services().findings


@callback(
    Output(PAGE, "children", allow_duplicate=True),
    Output(NOW, "data", allow_duplicate=True),
    Output(TOLD, "children", allow_duplicate=True),
    Output(TRAIL, "data", allow_duplicate=True),
    Output(quality_frame.CONFIRM_BODY, "children", allow_duplicate=True),
    Output(quality_frame.CONFIRM_DO, "children", allow_duplicate=True),
    Output(quality_frame.WANTED, "data", allow_duplicate=True),
    Input(UNDO, "n_clicks"),
    Input(REDO, "n_clicks"),
    State(NOW, "data"),
    State(TRAIL, "data"),
    running=BUSY,
    prevent_initial_call=True,
)
def again(undo: int | None, redo: int | None, keys: dict[str, str], trail: list[Any]) -> Any:
    """Take the last act back and show the case it was about, or do again what was taken back.

    An act that was not made here is shown in words first.
    """
    if not ctx.triggered or not ctx.triggered[0]["value"]:
        return (no_update,) * 7
    found, desk, _ = opened(keys)
    back, view = ctx.triggered_id == UNDO, desk.view(found)
    if back and view.can_undo and not quality_undo.is_own(view, keys, trail):
        wanted = {"undo": quality_undo.last_act(view), "at": time.time_ns()}
        return (*(no_update,) * 4, quality_undo.question(view), quality_undo.AGREED, wanted)
    return (*step(found, desk, keys, trail, back), *(no_update,) * 3)


def step(found: Any, desk: Any, keys: dict[str, str], trail: list[Any], back: bool) -> Any:
    """Take back the last act, or do it again, and return what the page shows then."""
    before = desk.view(found)
    event = (desk.undo if back else desk.redo)(found)
    words = before.can_undo if back else before.can_redo
    if event is not None and back and trail and trail[-1]["event"] == event.fields.get("event"):
        keys, trail = trail[-1]["keys"], trail[:-1]
    inside, now = shown(keys)
    return inside, now, quality_undo.undone(words if event is not None else None, back), trail


# -- many at once ----------------------------------------------------------------------------------


@callback(
    Output(quality_frame.CONFIRM_BODY, "children"),
    Output(quality_frame.CONFIRM_DO, "children"),
    Output(quality_frame.WANTED, "data"),
    Input(quality_frame.bulk_id(ALL, ALL, ALL), "n_clicks"),
    State(NOW, "data"),
    prevent_initial_call=True,
)
def ask(clicks: list[int | None], keys: dict[str, str]) -> Any:
    """Show what deciding all cases of a kind would do, before it is done."""
    if not any(clicks) or not ctx.triggered or not ctx.triggered[0]["value"]:
        return no_update, no_update, no_update
    wanted = {name: ctx.triggered_id[name] for name in ("topic", "kind", "confidence")}
    found, desk, findings = opened(keys)
    view, check = desk.view(found), findings.check(found)
    narrow = {name: wanted[name] or None for name in ("kind", "confidence")}
    _, images, sentence = findings.bulk_preview(found, view, check, wanted["topic"], **narrow)
    cases = findings.worklist(found, view, check, wanted["topic"], state="open", limit=LIMIT,
                              **narrow).cases  # fmt: skip
    rows = quality_queue.concerned(cases)
    body = quality_frame.asked(found, sentence, images, rows)
    agreed = quality_frame.agreed(wanted["topic"], images, noun(found))
    return body, agreed, {**wanted, "at": time.time_ns()}


@callback(
    Output(PAGE, "children", allow_duplicate=True),
    Output(NOW, "data", allow_duplicate=True),
    Output(TOLD, "children", allow_duplicate=True),
    Output(TRAIL, "data", allow_duplicate=True),
    Input(quality_frame.CONFIRM_DO, "n_clicks"),
    State(quality_frame.WANTED, "data"),
    State(NOW, "data"),
    State(TRAIL, "data"),
    prevent_initial_call=True,
)
def confirmed(
    clicks: int | None, wanted: dict[str, Any] | None, keys: dict[str, str], trail: list[Any]
) -> Any:
    """Decide all open cases of a kind as one act that can be undone, or take back what was asked.

    What was done since it was asked is never taken back instead.
    """
    if not clicks or not wanted:
        return no_update, no_update, no_update, no_update
    found, desk, findings = opened(keys)
    view, check = desk.view(found), findings.check(found)
    if "undo" in wanted:
        if quality_undo.last_act(view) != wanted["undo"]:
            return *shown(keys), quality_undo.changed(), trail
        return step(found, desk, keys, trail, back=True)
    event = findings.bulk(
        desk, found, view, check, wanted["topic"], kind=wanted["kind"] or None,
        confidence=wanted["confidence"] or None,
    )  # fmt: skip
    inside, now = shown({**keys, "case": "", "keeper": "", "start": ""})
    words = desk.view(found).can_undo if event is not None else None
    made = [{"event": event.number, "keys": keys}] if event is not None else []
    return inside, now, quality_queue.told(words), [*trail[-200:], *made]


@callback(
    Output(JOBS, "children"),
    Output(PAGE, "children", allow_duplicate=True),
    Output(NOW, "data", allow_duplicate=True),
    Input(shell.JOBS, "data"),
    Input(shell.VERSION, "data"),
    State(NOW, "data"),
    State(SHOWN, "data"),
    prevent_initial_call=True,
)
def refresh(jobs: str | None, version: str | None, keys: dict[str, str], before: str | None) -> Any:
    """Show how far the jobs are, and what a check found once it is done."""
    progress = live_jobs(keys)
    if not keys["set"]:
        return progress, no_update, no_update
    found = services().library.open(keys["set"])
    if state_of(found, services().findings.check(found)) == before:
        return progress, no_update, no_update
    return progress, *shown({**keys, "case": "", "keeper": "", "start": ""})


clientside_callback(
    ClientsideFunction("vitrine_quality", "reflect"),
    Output(quality_frame.ADDRESS, "data"),
    Input(NOW, "data"),
)

clientside_callback(
    ClientsideFunction("vitrine_quality", "confirm"),
    Output(quality_frame.CONFIRM_DO, "title"),
    Input(quality_frame.WANTED, "data"),
    prevent_initial_call=True,
)

"""What Encoders shows for the keys of its address: the list, a court, tuning, or a test."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from components import (
    court_form,
    court_view,
    encoder_frame,
    encoder_list,
    notices,
    nuisance_form,
    nuisance_view,
    tuning_view,
)
from components.encoder_frame import card, courts, said
from components.notices import button_link
from components.state import has_pictures, link, services
from components.words import ago
from core.errors import NotFoundError

COURT_TELLS = (
    "Which encoder parts your classes, finds similar pictures, finds copies, sees drift and sees "
    "small marks best, each measured on these images, with an interval.",
    "Whether distances of each encoder mean anything here: its metric card.",
    "The neighbours of one picture by each encoder, side by side: alike in meaning, or to the eye.",
    "What each costs: numbers and bytes an image, and seconds.",
)
NUISANCE_TELLS = (
    "Whether background, exposure, contrast, size, source or a column explains the clusters, with "
    "an interval, and how much of that the labels do not explain.",
    "Whether the vectors hold it at all: what a classifier tells of units it has not seen.",
    "The same in another set of these pictures, cut out or with a column regressed out.",
)


def shown(keys: dict[str, str]) -> list[Component]:
    """Return what the page shows for these keys."""
    app = services()
    if keys["view"] == "list":
        return [encoder_frame.head("Encoders", keys), encoder_list.view(app, keys)]
    if not keys["set"]:
        return [encoder_frame.head("Encoders", keys), notices.empty_state(
            "No set yet", "Add a set first; then encoders can be compared on its images.",
            button_link("Add a set", "/", primary=True),
        )]  # fmt: skip
    found = app.library.open(keys["set"])
    if keys["view"] == "tuning":
        head = encoder_frame.head(f"Tuning to {found.title}", keys)
        return [head, tuning_view.view(app, keys)]
    return _court(found, keys) if keys["view"] == "court" else _nuisance(found, keys)


def _court(found: Any, keys: dict[str, str]) -> list[Component]:
    """Return the court of a set that is shown, with the form for another."""
    lines = list(courts().list(found.name))
    wanted = keys["key"] or _made(keys, "court") or (lines[0].key if lines else "")
    court, lost = _opened(courts().open, wanted)
    head = encoder_frame.head(f"Court on {found.title}", keys)
    last = court.meta["request"] if court is not None else {}
    if not has_pictures(found):
        return [head, notices.empty_state(
            "No pictures", "This set has vectors only, so no other encoder can see its images.",
            button_link("All sets", "/"),
        )]  # fmt: skip
    app = services()
    form = court_form.form(found, app.curation.view(found), last, app.settings.seed)
    if court is None:
        return [head, *lost, _begin(form, COURT_TELLS)]
    keys = {**keys, "key": court.key}
    again = html.Details([html.Summary("Hold another court"), form], className="vt-again")
    shown = court_view.result(found, court, keys)
    return [head, *lost, *shown, _others(lines, keys), again]


def _nuisance(found: Any, keys: dict[str, str]) -> list[Component]:
    """Return the test of a set that is shown, with the form for another."""
    lines = list(courts().nuisances(found.name))
    wanted = keys["key"] or _made(keys, "nuisance") or (lines[0].key if lines else "")
    nuisance, lost = _opened(courts().nuisance, wanted)
    head = encoder_frame.head(f"What explains the clusters of {found.title}", keys)
    last = nuisance.meta["request"] if nuisance is not None else {}
    view = services().curation.view(found)
    form = nuisance_form.form(found, view, last, services().settings.seed)
    if nuisance is None:
        return [head, *lost, _begin(form, NUISANCE_TELLS)]
    keys = {**keys, "key": nuisance.key}
    again = html.Details([html.Summary("Test again"), form], className="vt-again")
    return [head, *lost, *nuisance_view.result(found, nuisance), _others(lines, keys), again]


def _made(keys: Mapping[str, str], kind: str) -> str:
    """Return the key of what the job in the address made; "" where there is none."""
    job = next((one for one in services().jobs.list() if one.id == keys.get("done")), None)
    return str((job.result or {}).get(kind) or "") if job is not None else ""


def _opened(read: Callable[[str], Any], key: str) -> tuple[Any, list[Component]]:
    """Return what is stored under a key, None where nothing is, and why, as an alert."""
    if not key:
        return None, []
    try:
        return read(key), []
    except NotFoundError as error:
        return None, [notices.alert(f"{str(error)[:1].upper()}{str(error)[1:]}.", "warning")]


def _begin(form: Component, tells: Sequence[str]) -> Component:
    """Return the form beside what it will tell, for who has asked for nothing yet."""
    told = card("What this tells", html.Ul([html.Li(one) for one in tells],
                                           className="vt-morph-explained"))  # fmt: skip
    return html.Div([form, told], className="vt-encoders-begin")


def _others(lines: Sequence[Any], keys: Mapping[str, str]) -> Component:
    """Return the other results of a set, folded, as links."""
    rows = [
        html.Li([
            dcc.Link(said(line.text), href=link("/encoders", set=keys["set"], view=keys["view"],
                                          key=line.key)),
            html.Span(f" {ago(line.created)}", className="vt-small"),
        ])
        for line in lines if line.key != keys["key"]
    ]  # fmt: skip
    told = html.Summary(f"Earlier ones ({len(rows)})")
    return html.Details([told, html.Ul(rows, className="vt-made")], hidden=not rows,
                        className="vt-morph-others")  # fmt: skip

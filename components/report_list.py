"""The reports of a set: those made so far, and the form that makes one of any choice."""

from collections.abc import Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from components import notices, pickers
from components.curate_form import strategy_title
from components.report_head import page_link
from components.state import link, noun
from components.words import ago, number, plural

#: What begins the value of the form's choice: a slice, a selection or an automatic choice.
SLICE, SELECTION, CHOICE = "slice:", "selection:", "choice:"


def request_of(set_name: str, value: str, seed: int) -> dict[str, Any]:
    """Return a report job's request from the value of the form's choice."""
    kind, _, name = value.partition(":")
    return {"name": set_name, kind: name, "seed": seed}


def subjects(view: Any, choices: Sequence[Any], selection: tuple[str, str] | None) -> list[Any]:
    """Return what a report can be made on: a selection, automatic choices, slices."""
    options = []
    if selection:
        options.append({"label": f"Selection: {selection[1]}", "value": SELECTION + selection[0]})
    made = {line.slice for line in choices if line.slice}
    for line in choices:
        told = f"{line.slice or 'Choice'} · {number(line.count)} of {number(line.pool)}"
        options.append({"label": told, "value": CHOICE + line.key})
    options += [
        {"label": f"{one.name} · slice of {number(one.count)}", "value": SLICE + one.name}
        for one in view.slices
        if one.name not in made and one.count
    ]
    return options


def form(options: Sequence[Any], value: str | None, ids: tuple[str, str], set_name: str) -> Any:
    """Return the form that makes a report on a choice that exists."""
    if not options:
        return html.Section(
            [
                html.H2("Make a report", className="vt-card-title"),
                html.P("There is nothing to report on yet: let Vitrine choose images, or select "
                       "some in Explore and keep them as a slice.", className="vt-small"),
                html.Div([notices.button_link("Choose images", link("/curate", set=set_name),
                                              primary=True)], className="vt-actions"),
            ],
            className="vt-card vt-form",
        )  # fmt: skip
    known = [option["value"] for option in options]
    picked = value if value in known else known[0]
    return html.Section(
        [
            html.H2("Make a report", className="vt-card-title"),
            pickers.select(ids[0], "On", options, picked),
            html.Div(
                [
                    html.Button("Make the report", id=ids[1], type="button",
                                className="btn btn-primary"),
                    notices.button_link("Choose other images", link("/curate", set=set_name)),
                ],
                className="vt-actions",
            ),
            html.P("Any choice can be judged, also one made by hand: it is set against 200 random "
                   "choices of the same size.", className="vt-small"),
        ],
        className="vt-card vt-form",
    )  # fmt: skip


def line(one: Any, set_name: str) -> Component:
    """Return one report as a card that leads to it."""
    return html.Li(
        dcc.Link(
            [
                html.H2(one.slice or "Selected images", className="vt-card-title"),
                html.P(one.verdict, className="vt-history-sentence"),
                html.P(" · ".join((f"{number(one.n)} taken", strategy_title(one.strategy),
                                   ago(one.created))), className="vt-small"),
            ],
            href=page_link(one.id, set_name),
            className="vt-cluster-link",
        ),
        className="vt-card vt-history-line",
    )  # fmt: skip


def history(lines: Sequence[Any], found: Any) -> Component:
    """Return all reports of a set, newest first."""
    if not lines:
        return notices.empty_state(
            "No report yet",
            f"A report tells in a minute whether a choice of {noun(found)}s is better than a "
            "random one, and where it is not.",
            notices.button_link("Choose images", link("/curate", set=found.name), primary=True),
        )
    told = html.P(f"{plural(len(lines), 'report')}, the newest first.", className="vt-lead")
    cards = html.Ul([line(one, found.name) for one in lines], className="vt-history")
    return html.Div([told, cards])

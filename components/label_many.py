"""One label for many images in one act: a slice, a theme or a selection, after a spot check."""

from collections.abc import Mapping, Sequence
from typing import Any

import dash_bootstrap_components as dbc
import numpy as np
from dash import Input, Output, State, callback, ctx, dcc, html, no_update
from dash.development.base_component import Component

from components import (
    fields,
    label_frame,
    label_marks,
    label_spot,
    notices,
    pickers,
    selection_bar,
    shell,
)
from components.notices import button_link
from components.state import link, noun
from components.words import number, plural, share
from core.errors import InputError, NotFoundError
from core.labelled.values import label_column
from core.quality.spotcheck import LEAST, SpotCheck

POOL, LABEL, GO, GO_TOLD = "many-pool", "many-label", "many-go", "many-told"
MARKS, MORE, VERDICT, APPLY, ANYWAY = (
    "many-marks", "many-more", "many-verdict", "many-apply", "many-anyway",
)  # fmt: skip
#: What is being checked: {"pool", "label", "count"}.
ASKED = "many-asked"


def options(found: Any, view: Any, pool: str) -> list[dict[str, str]]:
    """Return what can be labelled in one act: a selection, slices, themes."""
    made = label_frame.pools(found, view, pool)
    if found.clustering("themes") is not None:
        made += [
            {"label": f"theme: {card.name} ({number(card.size)})", "value": f"theme:{card.cluster}"}
            for card in found.cluster_cards("themes")
            if card.cluster >= 0
        ]
    return made


def body(
    found: Any, view: Any, keys: Mapping[str, str], wrong: Sequence[int] = ()
) -> list[Component]:
    """Return the form, and the check of what it names.

    Parameters
    ----------
    found, view
        The open set, and what was decided about it.
    keys
        The keys in the address.
    wrong
        Images that are marked already.
    """
    offered = options(found, view, keys["pool"])
    if not offered:
        explore = button_link("Open Explore", link("/explore", set=found.name), primary=True)
        return [notices.empty_state(
            "Nothing to label at once", "Select images in Explore and save them as a slice, or "
            "let themes be found; then all of them can be labelled in one act.", explore,
        )]  # fmt: skip
    checking: Component = explained()
    if keys["pool"] and keys["label"]:
        checking = checked(found, view, keys, wrong)
    made = bool(keys["pool"] and keys["label"])
    return [label_frame.beside(form(found, view, keys, offered), checking, made=made)]


def form(
    found: Any, view: Any, keys: Mapping[str, str], offered: Sequence[dict[str, str]]
) -> Component:
    """Return the form: what to label, and with which label."""
    known = [option["value"] for option in offered]
    names = selection_bar.labels(found, view)
    field = dbc.Input(id=LABEL, type="text", size="sm", value=keys["label"], list="many-labels",
                      autoComplete="off", maxLength=200)  # fmt: skip
    return label_frame.card(
        "Label many at once",
        pickers.select(POOL, "What", offered, keys["pool"] if keys["pool"] in known else known[0]),
        label_frame.field("Label for all of them", field),
        html.Datalist([html.Option(value=text) for text in names], id="many-labels"),
        html.P("Some are shown first, drawn at random: you mark those that are wrong. All of it "
               "becomes one step, and undo takes it back.", className="vt-small vt-promise"),
        fields.go("Check some of them", GO, GO_TOLD),
        form=True,
    )  # fmt: skip


def explained() -> Component:
    """Return why some are looked at first."""
    return label_frame.card(
        "Why some are checked first",
        html.P("A cluster or a slice is seldom pure. A few images drawn at random tell how pure it "
               f"is: when it is sure that {share(LEAST)} or more bear the label, all get it in "
               f"one act. {number(label_spot.FIRST)} right ones in a row are enough for that."),
    )  # fmt: skip


# -- the check -------------------------------------------------------------------------------------


def checked(found: Any, view: Any, keys: Mapping[str, str], wrong: Sequence[int]) -> Component:
    """Return the images to look through, and what can be done after."""
    try:
        rows = label_spot.rows_of(found, view, keys["pool"])
    except (InputError, NotFoundError) as error:
        return notices.alert(str(error), dismissable=False)
    count = min(len(rows), int(keys["page"]) if keys["page"].isdigit() else label_spot.FIRST)
    look = label_spot.drawn(rows)[: max(1, count)].tolist()
    title = label_frame.title_of(found, view, keys["pool"])
    label = keys["label"]
    return label_frame.card(
        f"Which of these are not “{label}”?",
        html.P(f"{number(len(look))} of the {plural(len(rows), noun(found))} of {title}, drawn at "
               "random. Click the wrong ones; leave the right ones alone.", className="vt-small"),
        changes(found, view, rows, label),
        label_marks.grid(found, look, MARKS, marked=wrong),
        dcc.Store(id=ASKED, data={"pool": keys["pool"], "label": label, "count": len(look)}),
        html.Div(verdict(found, rows, look, wrong, label), id=VERDICT, role="status",
                 className="vt-spot-verdict"),
    )  # fmt: skip


def changes(found: Any, view: Any, rows: np.ndarray, label: str) -> Component:
    """Return how many of the images have this label, another, or none."""
    held = label_column(found, view)
    codes = held.codes[rows]
    mine = held.names.index(label) if label in held.names else -2
    same, none = int((codes == mine).sum()), int((codes < 0).sum())
    other = len(rows) - same - none
    told = [
        f"{number(none)} have no label" if none else "",
        f"{number(same)} have it already" if same else "",
        f"{number(other)} have another, and would lose it" if other else "",
    ]
    look = "vt-warned" if other else "vt-small"
    return html.P("; ".join(one for one in told if one) + ".", className=look)


def verdict(
    found: Any, rows: np.ndarray, look: Sequence[int], wrong: Sequence[int], label: str
) -> list[Component]:
    """Return what the check tells, and the buttons that go on.

    Parameters
    ----------
    found
        The open set.
    rows
        All that would be labelled.
    look
        Those that were looked at.
    wrong
        Those of them that are marked.
    label
        The label.
    """
    told = label_spot.judged(rows, len(look), wrong)
    more = label_spot.more(told)
    left = len(rows) - len(wrong)
    parts: list[Component] = [
        html.P(sentence(told, wrong), className="vt-spot-good" if told.enough else "vt-spot-open")
    ]
    all_text = f"Label {plural(left, noun(found))} “{label}”"
    buttons = [
        html.Button(all_text, id=APPLY, type="button", className="btn btn-primary",
                    hidden=not told.enough),
        html.Button(f"Show {number(more)} more", id=MORE, type="button",
                    className="btn btn-primary", hidden=not more),
    ]  # fmt: skip
    parts.append(html.Div(buttons, className="vt-actions"))
    parts.append(
        html.Details(
            [
                html.Summary("Label them all the same", className="vt-link"),
                html.P("It is not sure that most of them bear this label. Those you marked as "
                       "wrong are left out.", className="vt-small"),
                html.Button(all_text, id=ANYWAY, type="button", className="btn btn-quiet btn-sm"),
            ],
            hidden=told.enough,
            className="vt-anyway",
        )
    )  # fmt: skip
    return parts


def sentence(told: SpotCheck, wrong: Sequence[int]) -> str:
    """Return what a check tells, in words."""
    checked_, left = told.right + told.wrong, told.total - told.right - told.wrong
    marked = f"You marked {number(told.wrong) if told.wrong else 'none'} as wrong"
    seen = f"{marked}: {number(told.right)} of {number(checked_)} are right"
    if told.enough and not left:
        return f"{seen}, and all were looked at."
    if told.enough:
        rest = ", and the wrong ones are left out" if wrong else ""
        return f"{seen}, so {share(told.low)} or more of all are (95 % sure){rest}."
    if told.more is None:
        return (
            f"{seen}. Too many are wrong to label all of it at once: take out what does not "
            "belong, or label a smaller group."
        )
    return (
        f"{seen}, which makes {share(told.low)} of all sure. Look at {number(told.more)} more: if "
        f"they are right, {share(told.least)} are sure."
    )


# -- what a person does ----------------------------------------------------------------------------


@callback(
    Output(shell.LOCATION, "href", allow_duplicate=True),
    Output(GO_TOLD, "children"),
    Input(GO, "n_clicks"),
    Input(LABEL, "n_submit"),
    State(POOL, "value"),
    State(LABEL, "value"),
    State(label_frame.PLACE, "data"),
    prevent_initial_call=True,
)
def look(
    clicks: int | None,
    entered: int | None,
    pool: str | None,
    label: str | None,
    keys: dict[str, str],
) -> Any:
    """Show some of what would be labelled, drawn at random."""
    if not clicks and not entered:
        return no_update, no_update
    wanted = (label or "").strip()
    if not wanted:
        return no_update, notices.alert("Type the label first.")
    return label_frame.address(keys, pool=pool, label=wanted, page=""), []


@callback(
    Output(VERDICT, "children"),
    Input(MARKS, "data"),
    State(ASKED, "data"),
    State(label_frame.PLACE, "data"),
    prevent_initial_call=True,
)
def judge(marks: dict[str, Any] | None, asked: dict[str, Any], keys: dict[str, str]) -> Any:
    """Say what the check tells so far."""
    found, _, view = label_frame.opened(keys)
    rows = label_spot.rows_of(found, view, asked["pool"])
    shown = label_spot.drawn(rows)[: asked["count"]].tolist()
    return verdict(found, rows, shown, label_marks.wrong(marks), asked["label"])


@callback(
    Output(label_frame.DONE, "data", allow_duplicate=True),
    Input(MORE, "n_clicks"),
    Input(APPLY, "n_clicks"),
    Input(ANYWAY, "n_clicks"),
    State(MARKS, "data"),
    State(ASKED, "data"),
    State(label_frame.PLACE, "data"),
    prevent_initial_call=True,
)
def go_on(
    more: int | None,
    apply: int | None,
    anyway: int | None,
    marks: dict[str, Any] | None,
    asked: dict[str, Any],
    keys: dict[str, str],
) -> Any:
    """Show further images, or give all but the marked ones the label as one act."""
    if not ctx.triggered or not ctx.triggered[0]["value"]:
        return no_update
    found, desk, view = label_frame.opened(keys)
    wrong = label_marks.wrong(marks)
    if ctx.triggered_id == MORE:
        count = asked["count"] + label_spot.further(found, view, asked, wrong)
        return label_frame.done(wrong=wrong, page=str(count))
    label_spot.apply(desk, found, asked, wrong, sure=ctx.triggered_id == APPLY)
    return label_frame.done(desk.view(found).can_undo, label="", page="")

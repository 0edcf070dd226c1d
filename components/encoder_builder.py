"""The part of the run form that makes one encoder of others: several together, or without columns.

What it makes is a name, put where the name of an encoder is typed: nothing is hidden from a person
who would rather type it.
"""

import re
from typing import Any

import dash_bootstrap_components as dbc
from dash import Input, Output, State, callback, html, no_update
from dash.development.base_component import Component

from components import notices, pickers
from core.encoders.fitted.names import derived, ensemble_name, is_derived, residual_name
from core.errors import EncoderUnavailableError, InputError

SEVERAL, COLUMNS, HOW = "home-several", "home-columns", "home-how"
KEEP = "home-keep"
USE, USED = "home-compose", "home-composed"

#: Choice of the form under which an encoder's name is typed.
BY_NAME = "timm"

_HOWS = [
    {"value": "regress", "label": "what they foretell of each image"},
    {"value": "project", "label": "all directions they show in (new pictures need no columns)"},
]


def full_name(typed: str | None) -> str:
    """Return an encoder's full name from what was typed: one without a kind is timm's.

    >>> full_name("resnet18"), full_name("local-dir:/w"), full_name("onnx:net.onnx")
    ('timm:resnet18', 'timm:local-dir:/w', 'onnx:net.onnx')
    """
    name = (typed or "").strip()
    own = name.partition("?")[0] in {"pixels", "colour-texture"} or re.match(r"[a-z_]+:", name)
    return name if own or not name else f"timm:{name}"


def checked(name: str) -> str:
    """Return the name of an encoder, one made from others with its parts looked at.

    Raises
    ------
    InputError
        It is made from others in a way that cannot be.
    """
    try:
        if is_derived(name):
            for member in derived(name).members:
                checked(member)
    except EncoderUnavailableError as error:
        raise InputError(str(error)) from None
    return name


def compose(
    several: str | None, columns: str | None, how: str, chosen: str, keep: str | None = ""
) -> str:
    """Return the name of the encoder that the fields describe.

    Parameters
    ----------
    several
        An encoder a line, each with a weight behind a space where they do not count the same.
    columns
        Names of columns to take out, with commas.
    how
        In which way: regress or project.
    chosen
        The encoder that the form has now, for where no line says one.
    keep
        Names of columns whose effects stay.

    Raises
    ------
    InputError
        Nothing is asked for, or it cannot be.
    """
    lines = [line.strip() for line in (several or "").splitlines() if line.strip()]
    named, stay = _columns(columns), _columns(keep)
    if not named and len(lines) < 2:
        raise InputError("Name two encoders or more, one a line, or columns to take out.")
    if not lines and not chosen:
        raise InputError("Name the encoder that the columns are taken out of.")
    members, weights = zip(*map(_weighted, lines), strict=True) if lines else ((chosen,), (1.0,))
    name = ensemble_name(members, weights) if len(members) > 1 else members[0]
    return checked(residual_name(name, named, how, stay) if named else name)


def _columns(typed: str | None) -> list[str]:
    return [column.strip() for column in (typed or "").split(",") if column.strip()]


def _weighted(line: str) -> tuple[str, float]:
    """Return the encoder and the weight that a line says; a weight of 1 if it says none."""
    name, _, last = line.rpartition(" ")
    try:
        return full_name(name), float(last)
    except ValueError:
        return full_name(line), 1.0


def fields() -> Component:
    """Return the fields, folded: few people need them."""
    lines = dbc.Textarea(id=SEVERAL, rows=3, size="sm",
                         placeholder="mobilenetv2_100.ra_in1k 2\ncolour-texture")  # fmt: skip
    columns = dbc.Input(id=COLUMNS, type="text", size="sm", autoComplete="off",
                        placeholder="batch, camera")  # fmt: skip
    keep = dbc.Input(id=KEEP, type="text", size="sm", autoComplete="off", placeholder="label")
    return html.Details(
        [
            html.Summary("Several encoders together, or without what columns tell"),
            pickers.labelled(
                "Encoders, one a line", lines,
                help_text="Behind a space a weight, if they do not count the same. Pictures that "
                "one of them has encoded before are not encoded again.",
            ),
            pickers.labelled(
                "Columns to take out", columns,
                help_text="As batch or camera: what images have in common with others of theirs "
                "no longer counts. Without a line above, of the encoder chosen.",
            ),
            pickers.labelled(
                "Columns that stay", keep,
                help_text="What goes together with one of these is not taken for the others'.",
            ),
            pickers.select(HOW, "Take out", _HOWS, "regress"),
            html.Div(
                html.Button("Use this encoder", id=USE, type="button",
                            className="btn btn-quiet btn-sm"),
                className="vt-actions",
            ),
            html.Div(id=USED, role="status"),
        ],
        className="vt-advanced",
    )  # fmt: skip


def register(choice: str, typed: str) -> None:
    """Let the button put the name into a form's field and choose it there.

    Parameters
    ----------
    choice, typed
        Ids of the choice of an encoder and of the field for its name.
    """

    @callback(
        Output(choice, "value"),
        Output(typed, "value"),
        Output(USED, "children"),
        Input(USE, "n_clicks"),
        State(SEVERAL, "value"),
        State(COLUMNS, "value"),
        State(HOW, "value"),
        State(KEEP, "value"),
        State(choice, "value"),
        State(typed, "value"),
        prevent_initial_call=True,
    )
    def use(
        clicks: int | None,
        several: str,
        columns: str,
        how: str,
        keep: str,
        chosen: str,
        name: str,
    ) -> tuple[Any, Any, Any]:
        if not clicks:
            return no_update, no_update, no_update
        return used(several, columns, how, chosen, name, keep)


def used(
    several: str | None,
    columns: str | None,
    how: str,
    chosen: str,
    name: str | None,
    keep: str | None = "",
) -> tuple[Any, Any, Component]:
    """Return what the form's choice and name become, and what is said of it."""
    now = full_name(name) if chosen == BY_NAME else chosen
    try:
        made = compose(several, columns, how, now, keep)
    except InputError as error:
        return no_update, no_update, notices.alert(str(error))
    return BY_NAME, made, notices.alert("The encoder's name is filled in above.", "success")

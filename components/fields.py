"""What forms that start a job share: text fields, the button at the end, and values read from them.

A value that cannot be used raises an `InputError` that names its field as the page does.
"""

from collections.abc import Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from components import pickers
from core.errors import InputError

#: Stands for "as the program thinks best" in a select, which treats "" as no answer.
AUTO = "-"

#: Most characters of a wrong value that are repeated.
_REPEATED = 40


# -- what was entered ------------------------------------------------------------------------------


def named(value: Any) -> str | None:
    """Return a select's value, None where it says "as the program thinks best"."""
    return None if value in (None, "", AUTO) else str(value)


def number(value: Any, what: str, default: float | None) -> float | None:
    """Return a number from a text field, also one with a percent sign; its default where empty.

    Raises
    ------
    InputError
        It is no number.
    """
    text = _plain(value)
    if not text:
        return default
    try:
        return float(text)
    except ValueError:
        raise InputError(f"{what}: {text[:_REPEATED]!r} is no number.") from None


def seed(value: Any, default: int) -> int:
    """Return a seed from its text field.

    Raises
    ------
    InputError
        It is no whole number.
    """
    if value in (None, ""):
        return default
    try:
        return int(value)
    except (TypeError, ValueError):
        raise InputError(f"Seed: {str(value)[:_REPEATED]!r} is no whole number.") from None


def percent(value: Any, what: str, default: float) -> float:
    """Return a share from a field in percent.

    Raises
    ------
    InputError
        It is no number of percent.
    """
    text = _plain(value) or str(default)
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 <= found <= 100:
        raise InputError(f"{what}: {text[:_REPEATED]!r} is no percentage from 0 to 100.")
    return found / 100


def _plain(value: Any) -> str:
    """Return what was entered without spaces and a percent sign around it."""
    return str(value if value is not None else "").strip().rstrip("%").strip()


# -- the fields ------------------------------------------------------------------------------------


def text(field_id: str, label: str, value: Any = "", help_text: str = "", **more: Any) -> Component:
    """Return a text field with its label, and help under it."""
    box = dbc.Input(**{"id": field_id, "type": "text", "size": "sm", "value": value,
                       "autoComplete": "off", **more})  # fmt: skip
    return pickers.labelled(label, box, help_text=help_text)


def choice(
    field_id: str,
    label: str,
    options: Sequence[dict[str, str]],
    value: Any,
    help_text: str = "",
) -> Component:
    """Return a labelled select; its value is the first option where the one given is none of them.

    Parameters
    ----------
    field_id, label, help_text
        The id of the select, and what is written above and below it.
    options
        What can be chosen: "value" and "label" of each.
    value
        What is chosen at first; of any type, as a stored request may hold another.
    """
    known = [one["value"] for one in options]
    made = dbc.Select(id=field_id, options=list(options), size="sm",
                      value=value if value in known else known[0])  # fmt: skip
    return pickers.labelled(label, made, help_text=help_text)


def go(words: str, button_id: str, told_id: str) -> Component:
    """Return the end of a form: the button that starts it, and what it says of the fields."""
    button = html.Button(words, id=button_id, type="button", className="btn btn-primary")
    return html.Div(
        [html.Div(id=told_id, role="status"), html.Div(button, className="vt-actions")],
        className="vt-go",
    )

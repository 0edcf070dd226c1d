"""What the app says: alerts, empty states and the one place where errors become words."""

from collections.abc import Callable
from functools import wraps
from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html, set_props
from dash.development.base_component import Component

from components.attributes import attrs
from core.errors import VitrineError

NOTICES = "vt-notices"


def alert(message: str, kind: str = "danger", *, dismissable: bool = True) -> Component:
    """Return one message; `kind` is a Bootstrap colour."""
    return dbc.Alert(message, color=kind, dismissable=dismissable, className="vt-alert")


def hint(*children: Any) -> Component:
    """Return a quiet explanation inside a page."""
    return html.P(list(children), className="vt-hint")


def empty_state(title: str, reason: str, *actions: Component, heading: Any = html.H2) -> Component:
    """Return what stands where nothing can be shown: the reason and the next action."""
    return html.Section(
        [
            html.Div(className="vt-icon vt-icon-frame", **attrs(aria_hidden="true")),
            heading(title, className="vt-empty-title"),
            html.P(reason, className="vt-empty-reason"),
            html.Div(list(actions), className="vt-actions"),
        ],
        className="vt-empty",
    )


def button_link(text: str, href: str, *, primary: bool = False) -> Component:
    """Return a link that looks like a button."""
    look = "btn btn-primary" if primary else "btn btn-quiet"
    return dcc.Link(text, href=href, className=look)


def dead_end(error: VitrineError) -> Component:
    """Return the page for an address that leads nowhere: why, and a way on."""
    body = empty_state(
        "This cannot be shown",
        str(error),
        button_link("All sets", "/", primary=True),
        button_link("Jobs", "/jobs"),
        heading=html.H1,
    )
    return html.Div(body, className="vt-page")


def explained(layout: Callable[..., Any]) -> Callable[..., Any]:
    """Make a page's layout answer a `VitrineError` with `dead_end` instead of failing."""

    @wraps(layout)
    def guarded(**query: Any) -> Any:
        try:
            return layout(**query)
        except VitrineError as error:
            return dead_end(error)

    return guarded


def show_error(error: Exception) -> None:
    """Show a `VitrineError` raised in any callback as an alert; anything else is a bug.

    Give it to `dash.Dash(on_error=show_error)`.
    """
    if not isinstance(error, VitrineError):
        raise error
    set_props(NOTICES, {"children": alert(str(error))})


def quiet(message: str) -> Component:
    """Return a short word in the top bar, the whole message as its title."""
    return html.Span("Workspace cannot be read", title=message, className="vt-small")

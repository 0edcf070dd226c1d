"""Light and dark: the toggle, and plotly templates that follow it.

`assets/theme.js` sets `data-bs-theme` on `<html>` and tells the store which theme is in force;
`assets/theme_figures.js` restyles the figures of the page.
"""

from typing import Any

from dash import (
    ALL,
    ClientsideFunction,
    Input,
    Output,
    State,
    clientside_callback,
    dcc,
    html,
)
from dash.development.base_component import Component

from components.attributes import attrs

STORE, TEMPLATES = "vt-theme", "vt-theme-templates"
FONT = 'ui-sans-serif, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif'

_INK = {"light": ("#555f66", "#d9dad4", "#0e6670"), "dark": ("#a9b2b8", "#343b41", "#63c5ca")}


def template(theme: str) -> dict[str, Any]:
    """Return the plotly template of a theme, as plain data."""
    ink, line, accent = _INK["dark" if theme == "dark" else "light"]
    axis = {"gridcolor": line, "linecolor": line, "zerolinecolor": line, "ticks": ""}
    return {
        "layout": {
            "font": {"family": FONT, "size": 12, "color": ink},
            "paper_bgcolor": "rgba(0,0,0,0)",
            "plot_bgcolor": "rgba(0,0,0,0)",
            "colorway": [accent],
            "xaxis": {**axis, "showgrid": False},
            "yaxis": axis,
            "hoverlabel": {"font": {"family": FONT}},
        }
    }


def store() -> Component:
    """Return the stores that hold "light" or "dark", and the templates of both."""
    templates = {theme: template(theme) for theme in _INK}
    return html.Div([dcc.Store(id=STORE, data="light"), dcc.Store(id=TEMPLATES, data=templates)])


def toggle() -> Component:
    """Return the button that switches between light and dark."""
    return html.Button(
        html.Span(className="vt-icon vt-icon-theme", **attrs(aria_hidden="true")),
        type="button",
        className="vt-icon-button",
        title="Light or dark",
        **attrs(aria_label="Switch between light and dark", data_vt_action="theme"),
    )


# In the browser, at once: by the time a server had answered, a figure may have left the page.
clientside_callback(
    ClientsideFunction("vitrine_theme", "follow"),
    Output({"component": "figure", "part": "graph", "name": ALL}, "figure"),
    Input(STORE, "data"),
    Input({"component": "figure", "part": "graph", "name": ALL}, "id"),
    State(TEMPLATES, "data"),
    State({"component": "figure", "part": "graph", "name": ALL}, "figure"),
)

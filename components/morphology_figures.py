"""Charts of Morphology: each with its title, and buttons that download it as SVG or PNG.

The browser draws the files (`assets/morphology_figures.js`): always in the light theme on white
and at one size, so that a figure for a paper does not depend on the screen it was asked from.
"""

import json
from collections.abc import Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from components import figures
from components.attributes import attrs
from components.palette import HUES_DARK, HUES_LIGHT
from components.theme import template

#: Colours of groups in focus. `assets/morphology_figures.css` turns each into its dark form.
HUES = dict(zip(HUES_LIGHT, HUES_DARK, strict=True))

#: What stands behind groups in focus, and lines that are not data; seen on both grounds.
GREY, PALE = "#7d878e", "rgba(125,135,142,0.35)"

#: Marks that tell groups apart where colours do not.
SYMBOLS = ("circle", "square", "diamond", "triangle-up", "cross", "x", "star", "triangle-down",
           "pentagon", "hexagram")  # fmt: skip

#: Characters of a name in a chart.
LONGEST = 26


def short(name: str, longest: int = LONGEST) -> str:
    """Return a name as a chart has room for it; what plotly takes for markup is plain text."""
    text = name if len(name) <= longest else f"{name[: longest - 1]}…"
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def names_axis(names: Sequence[str], **more: Any) -> dict[str, Any]:
    """Return an axis with a name at each whole number from 0.

    Names are ticks of a linear axis: two that are shortened to the same text stay two, and names
    that look like numbers are not placed by their value.
    """
    return {
        "type": "linear", "tickmode": "array", "tickvals": list(range(len(names))),
        "ticktext": [short(name) for name in names], "showgrid": False, "zeroline": False,
        "automargin": True, **more,
    }  # fmt: skip


def figure(
    name: str,
    title: str,
    data: Sequence[dict[str, Any]],
    layout: dict[str, Any],
    *,
    label: str,
    height: int,
    file: str,
    links: Sequence[Component] = (),
    wide: int = 900,
    least: int = 0,
    pictures: str = "",
) -> Component:
    """Return a chart under its title, with its downloads.

    Parameters
    ----------
    name
        Of the chart on its page.
    title
        What it shows, in a few words.
    data, layout
        Plotly traces and layout, as plain data.
    label
        What it shows, for those who cannot see it.
    height
        In pixels, on the page and in the files.
    file
        Name of the files without their ending.
    links
        Further downloads, such as the numbers as CSV.
    wide
        Width of the files in pixels; a PNG has three times as many.
    least
        Width in pixels that the chart needs to be read; on narrower screens it is scrolled.
    pictures
        Address before a row's number that gives its thumbnail: points whose `customdata` is a row
        then show their picture. "" for none.
    """
    buttons = [
        html.Button(
            kind.upper(), type="button", className="btn btn-quiet btn-sm",
            **attrs(data_vt_figure=kind, aria_label=f"{title} as {kind.upper()}"),
        )
        for kind in ("svg", "png")
    ]  # fmt: skip
    bar = html.Div([*buttons, *links], className="vt-shape-downloads", role="group",
                   **attrs(aria_label=f"Download: {title}"))  # fmt: skip
    chart = figures.graph(name, {"data": list(data), "layout": layout}, label=label, height=height)
    if least:
        inside = html.Div(chart, style={"minWidth": f"{least}px"})
        chart = html.Div(inside, className="vt-shape-scroll", tabIndex=0, role="group",
                         **attrs(aria_label=title))  # fmt: skip
    return html.Div(
        [html.Div([html.H3(title), bar], className="vt-shape-head"), chart],
        className="vt-shape-figure",
        **attrs(data_file=file, data_wide=str(wide), data_high=str(height), data_pictures=pictures,
                data_template=json.dumps(template("light"))),
    )  # fmt: skip

"""The two maps of a report: what was chosen, and one random choice, on the same axes."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from dash import html
from dash.development.base_component import Component

from components.attributes import attrs
from components.state import link, services
from components.words import column_name, map_name, number, plural, share

WIDTH, HEIGHT = 720, 540


def same_set(report: Mapping[str, Any], found: Any) -> bool:
    """Tell whether an open set still is the one that a report is about, row by row."""
    return found is not None and report["hashes"].get("imageset") == found.key


def selection_of(found: Any, rows: Sequence[int], how: Mapping[str, Any]) -> str:
    """Return the id of the selection of rows; the same rows have the same id."""
    ascending = np.unique(np.asarray(rows, dtype=np.int64))
    return str(services().selections.save(found.key, ascending, how))


def raster_link(found: Any, key: str, selection: str, by: str | None, *, dark: bool) -> str:
    """Return the address of a drawn map with a selection in colour and the rest dimmed."""
    return link(
        f"/map/{key}/raster.png", set=found.name, by=by, selection=selection, w=WIDTH, h=HEIGHT,
        dark="1" if dark else None,
    )  # fmt: skip


def _drawn(found: Any, key: str, selection: str, by: str | None, title: str) -> Component:
    """Return one map in both themes; the page shows the one that fits."""
    pictures = [
        html.Img(
            src=raster_link(found, key, selection, by, dark=dark),
            alt=f"Map, {title}",
            className=f"vt-report-map vt-only-{'dark' if dark else 'light'}",
            width=WIDTH,
            height=HEIGHT,
        )
        for dark in (False, True)
    ]
    return html.Figure([html.Figcaption(title), *pictures])


def colour_of(columns: Sequence[Any]) -> str | None:
    """Return the column that colours the maps: the theme, else the label, else any category."""
    kinds = {column.name: column.kind for column in columns}
    wanted = [name for name in ("cluster", "label, edited", "label") if name in kinds]
    return next(iter([*wanted, *(n for n, kind in kinds.items() if kind == "category")]), None)


def maps(report: Mapping[str, Any], found: Any) -> Component | None:
    """Return the maps of the chosen and of random images; None where there is no map any more."""
    told = report.get("maps")
    if not told or not same_set(report, found):
        return None
    if told["projection"] not in found.projections.values():
        return html.P("The map that this report was made with has been made anew since; "
                      "make the report again to see it.", className="vt-hint")  # fmt: skip
    by = colour_of(found.columns())
    one, count = report["set"].get("noun") or "image", report["choice"]["count"]
    chosen = selection_of(found, report["choice"]["rows"], {"how": "rows"})
    random = selection_of(found, told["random_rows"], {"how": "rows"})
    word = column_name(by).lower() if by else "group"
    noise, key = told.get("noise_share"), told["projection"]
    lines = [f"{map_name(told['method'])} map of all {plural(len(found.items), one)}; taken ones "
             f"in the colour of their {word}, the others faint."]  # fmt: skip
    if noise:
        lines.append(f"{share(noise)} of the set belong to no theme and are grey.")
    return html.Div(
        [
            html.Div(
                [
                    _drawn(found, key, chosen, by, f"Chosen: {number(count)} {one}s"),
                    _drawn(found, key, random, by, f"Random: {number(count)} {one}s, one draw"),
                ],
                className="vt-report-maps",
                role="group",
                **attrs(aria_label="Maps of the chosen and of random images"),
            ),
            html.P(" ".join(lines), className="vt-small"),
        ]
    )  # fmt: skip

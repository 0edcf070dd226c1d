"""Which images are unusual and which are typical: of all, and of each group."""

from collections.abc import Mapping
from typing import Any

import pandas as pd
from dash import html
from dash.development.base_component import Component

from components import gallery
from components import morphology_tables as parts
from components.morphology_frame import card, p_text, unit_word
from components.state import whole
from components.words import plural

#: The measures: column, title, what it is.
MEASURES = {
    "distinctiveness": ("Distinctiveness", "the mean distance to all other {units}"),
    "uniqueness": ("Uniqueness", "the distance to the nearest other {unit}"),
    "originality": ("Originality", "the distance to the mean of all {units}"),
    "specialisation": ("Specialisation", "the distance to the mean of its own group"),
}

#: Images shown of all and of a group, and groups on a page.
OVERALL, OWN, GROUPS = 10, 5, 8


def view_of(found: Any, view: Any, comparison: Any, keys: Mapping[str, str]) -> Component:
    """Return the view of distinctive images.

    Parameters are those of `morphology_distances.view_of`; of the keys, `measure` says what is
    measured and `page` which groups are shown.
    """
    measure = keys.get("measure", "")
    measure = measure if measure in MEASURES else "distinctiveness"
    units = comparison.tables["units"]
    if not len(units):
        return card("Distinctive images", parts.nothing("There are no units to compare."))
    title, told = MEASURES[measure]
    told = told.format(units=_unit(comparison, 2), unit=_unit(comparison, 1))
    return html.Div(
        [
            card(
                "Which are unusual",
                parts.chips("By", [(m, t) for m, (t, _) in MEASURES.items()], measure, keys,
                            "measure", page=""),
                html.P(f"{title} is {told}. Each picture stands for one {_unit(comparison, 1)}: "
                       "the image nearest its mean.", className="vt-lead"),
                ends(found, comparison, units, measure, OVERALL),
            ),
            group_means(comparison),
            groups(found, comparison, units, measure, keys),
        ],
        className="vt-shape-view",
    )  # fmt: skip


def _unit(comparison: Any, count: int) -> str:
    """Return what is compared, in a word."""
    meta = comparison.meta
    return unit_word(meta["design"], meta.get("noun") or "image", count)


def ordered(units: pd.DataFrame, measure: str) -> pd.DataFrame:
    """Return the units that have a measure, the largest first; the first of equal ones first."""
    known = units[units[measure].notna()]
    return known.sort_values(measure, ascending=False, kind="stable")


def ends(
    found: Any, comparison: Any, units: pd.DataFrame, measure: str, shown: int, of: str = ""
) -> Component:
    """Return the images with the largest and the smallest measure, of all or of a group."""
    table = ordered(units, measure)
    most, least = table.head(shown), table.iloc[max(shown, len(table) - shown) :][::-1]
    title = MEASURES[measure][0].lower()
    where, own = (f"in {of}", True) if of else ("of all", False)
    made = [_end(found, comparison, most, measure, f"Most {_word(measure)}",
                 f"Largest {title} {where}", own=own)]  # fmt: skip
    if len(least):
        made.append(_end(found, comparison, least, measure, f"Least {_word(measure)}",
                         f"Smallest {title} {where}", own=own))  # fmt: skip
    return html.Div(made, className="vt-shape-ends")


def _word(measure: str) -> str:
    """Return how a unit with much of a measure is called."""
    return {"distinctiveness": "distinct", "uniqueness": "unique", "originality": "original",
            "specialisation": "specialised"}[measure]  # fmt: skip


def _end(
    found: Any, comparison: Any, table: pd.DataFrame, measure: str, title: str, label: str,
    *, own: bool,
) -> Component:  # fmt: skip
    """Return one end: a heading and its images."""
    notes = [
        f"{name} · {parts.value(value)}"
        for name, value in zip(parts.unit_names(comparison, table, own=own), table[measure],
                               strict=True)
    ]  # fmt: skip
    shown = parts.strip(found, comparison, table["head"].astype(int).tolist(), notes, label=label)
    return html.Div([html.H3(title), shown])


def group_means(comparison: Any) -> Component:
    """Return the means of every group, with the test of its distinctiveness."""
    given = comparison.meta["distinct"]["groups"]
    order = sorted(given, key=lambda one: -(parts.known(one["distinctiveness"]) or -1.0))
    rows = [
        (str(one["name"]), *(parts.value(one.get(m)) for m in MEASURES),
         p_text(parts.known(one.get("p"))), p_text(parts.known(one.get("p_adjusted"))))
        for one in order
    ]  # fmt: skip
    head = ("Group", *(title for title, _ in MEASURES.values()), "p", "p adjusted")
    return card(
        "Which groups are unusual",
        html.P("Means over the units of a group. p is of its distinctiveness against that of "
               "all other units, more or less, by dealing units to groups anew; it is adjusted "
               "for all groups (Benjamini and Hochberg).", className="vt-small"),
        parts.listing(comparison, head, rows, name="Means of the groups", csv="distinct"),
    )  # fmt: skip


def groups(
    found: Any, comparison: Any, units: pd.DataFrame, measure: str, keys: Mapping[str, str]
) -> Component:
    """Return the most and least unusual of each group, a page of groups at a time."""
    names = parts.group_names(comparison)
    means = units.groupby("group")[measure].mean().sort_values(ascending=False, kind="stable")
    codes = [int(code) for code in means.index]
    pages = max(1, -(-len(codes) // GROUPS))
    page = min(max(1, whole(keys.get("page"), 1) or 1), pages)
    shown = []
    for code in codes[(page - 1) * GROUPS : page * GROUPS]:
        own = units[units["group"] == code]
        told = f"{plural(len(own), _unit(comparison, 1))}, mean {parts.value(means[code])}"
        shown.append(html.Section(
            [html.H3([names[code], html.Span(f" {told}", className="vt-small")]),
             ends(found, comparison, own, measure, OWN, names[code])],
            className="vt-shape-group",
        ))  # fmt: skip
    return card(
        "In each group",
        html.Div(
            [parts.csv_link(comparison, "units", "CSV of all units", "All units")],
            className="vt-shape-downloads",
        ),
        *shown,
        pager(keys, page, pages),
    )


def pager(keys: Mapping[str, str], page: int, pages: int) -> Component | None:
    """Return the links from page to page of groups; None where there is one."""
    query = {name: value for name, value in keys.items() if name != "page"}
    return gallery.pager("/morphology", query, page, pages)

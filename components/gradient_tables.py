"""The tables of a gradient: what goes with the position, and how the way hangs on neighbours."""

from collections.abc import Mapping
from typing import Any

from dash import html
from dash.development.base_component import Component

from components import gradient_figures, tables
from components.attributes import attrs
from components.morphology_frame import p_text, statistic
from components.words import number, plural

#: Tables that can be downloaded, by their names in the address.
TABLES = {"correlations": "Columns against the position", "neighbours": "The way by neighbours"}

#: Correlations shown before the rest is left to the files.
CORRELATED = 12


def by_k(meta: Mapping[str, Any], key: str) -> Component | None:
    """Return how the way changes with fewer and with more neighbours; None of other kinds."""
    if not meta["by_k"]:
        return None
    rows = [
        (k, "no way", "–", "–", "–") if one["length"] is None else
        (k, statistic(one["length"]), statistic(one["straightness"]), number(one["images"]),
         number(one["bridges"]))
        for k, one in sorted(meta["by_k"].items(), key=lambda pair: int(pair[0]))
    ]  # fmt: skip
    head = ("Neighbours linked", "Length", "Straightness", "Images", "Bridges")
    told = "The way with fewer and with more neighbours: one that gets much shorter took short cuts"
    return html.Div([html.H3("With fewer and with more neighbours"), csv_link(key, "neighbours"),
                     tables.table(head, rows, caption=told),
                     html.P(f"{told}.", className="vt-small")])  # fmt: skip


def correlations(meta: Mapping[str, Any], key: str) -> Component:
    """Return which columns of numbers go with the position, the strongest first."""
    known = [one for one in meta["correlations"] if one["r"] is not None]
    if not known:
        return html.P("This set has no column of numbers that varies here.", className="vt-small")
    known.sort(key=lambda one: (-abs(one["r"]), one["column"]))
    shown = known[:CORRELATED]
    chart = gradient_figures.correlated(shown, f"{meta['name']} {meta['title']}")
    rows = [
        (one["column"], statistic(one["r"]), p_text(one["p_adjusted"]), p_text(one["p"]),
         number(one["n"]))
        for one in shown
    ]  # fmt: skip
    head = ("Column", "Spearman r", "p, adjusted", "p", "Units")
    more = len(known) - len(shown)
    told = (
        "Each unit counts once. p comes from 999 permutations of units, adjusted over all columns "
        "(Benjamini and Hochberg). Between two groups a column that differs between them goes "
        "with the position, whatever the cause."
    )
    if more:
        told += f" {plural(more, 'weaker one')} in the CSV."
    table = tables.table(head, rows, caption="Columns that go with the position")
    below = html.P(told, className="vt-small")
    return html.Div([chart, csv_link(key, "correlations"), table, below])


def csv_link(key: str, table: str) -> Component:
    """Return the link that downloads a table of a gradient as CSV."""
    to = html.A(
        "CSV",
        href=f"/api/gradient/{key}/{table}.csv",
        download="",
        className="btn btn-quiet btn-sm",
        **attrs(aria_label=f"{TABLES[table]} as CSV"),
    )
    return html.Div(to, className="vt-shape-downloads vt-shape-table-bar")

"""Clusters as cards: exemplars first, then size, density and purity."""

from collections.abc import Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from components import gallery, pickers, tables
from components.state import link, noun
from components.words import number, plural, score, share

SORTS = {"size": "Size", "density": "Density", "purity": "Purity"}
KINDS = {"themes": "Themes", "micro": "Micro-clusters"}

#: What `card` says of its figures, for whoever rests on or asks for them.
DENSITY = "1 / mean distance to the 10 nearest neighbours: higher is tighter"
DIAMETER = "largest distance between two of its images"


def purity(card: Any, column: str | None) -> tuple[Any, float] | None:
    """Return a cluster's commonest value of a column and its share; None where unknown."""
    found = card.purity.get(column) if column else None
    return found if found else None


def purity_column(cards: Sequence[Any]) -> str | None:
    """Return the column by which purity is told: the label if there is one."""
    names = [name for c in cards for name in c.purity]
    if len({(name, value) for c in cards for name, (value, _) in c.purity.items()}) < 2 and all(
        part >= 1 for c in cards for _, part in c.purity.values()
    ):
        return None  # all images carry the same value: it says nothing of any cluster
    return "label" if "label" in names else names[0] if names else None


def is_noise(card: Any) -> bool:
    """Tell whether a card stands for the images that no cluster took."""
    return int(card.cluster) < 0


def ordered(cards: Sequence[Any], sort: str, column: str | None) -> list[Any]:
    """Return the cards sorted, high values first, the unassigned always at the end."""

    def value(card: Any) -> float:
        if sort == "purity":
            found = purity(card, column)
            return found[1] if found else -1.0
        return float(card.density or 0) if sort == "density" else float(card.size)

    return sorted(cards, key=lambda c: (is_noise(c), -value(c), int(c.cluster)))


def title(card: Any) -> str:
    """Return what a cluster is called."""
    name = str(card.name)
    return "Unassigned" if is_noise(card) else name.replace("Group ", "Micro-cluster ")


def commonest(found: tuple[Any, float], column: str | None) -> str:
    """Return a cluster's commonest value in words: 60 % labelled 8."""
    value, part = found
    told = "labelled" if column == "label" else f"{column}"
    return f"{share(part)} {told} {value}"


def figures(card: Any, column: str | None, one: str = "image") -> Component:
    """Return a cluster's figures."""
    found = purity(card, column)
    many = one.capitalize() + "s"
    pairs: list[tuple[str, Any]] = [(many, number(card.size)), ("Share", share(card.share))]
    if not is_noise(card):
        pairs.append(("Density", html.Span(score(card.density, 2), title=DENSITY)))
        pairs.append(("Diameter", html.Span(score(card.diameter, 2), title=DIAMETER)))
    if found:
        pairs.append((f"Commonest {column}", f"{found[0]} ({share(found[1])})"))
    return tables.facts(pairs, "vt-facts vt-facts-row")


def rename_form(card: Any, field_id: str, button_id: str) -> Component | None:
    """Return the form that names a theme; None for what no theme holds."""
    if is_noise(card):
        return None
    field = dbc.Input(id=field_id, type="text", size="sm", maxLength=80, value=title(card))
    button = html.Button("Rename", id=button_id, type="button", className="btn btn-quiet btn-sm")
    return html.Details(
        [
            html.Summary("Rename this theme", className="vt-link"),
            html.Div(
                [pickers.labelled("Name of this theme", field, hidden=True), button],
                className="vt-bar-line vt-rename",
            ),
            html.P("Leave it empty to have the number back.", className="vt-small"),
        ]
    )


def merge_form(card: Any, cards: Sequence[Any], field_id: str, button_id: str) -> Component | None:
    """Return the form that makes a theme one with another; None where there is no other."""
    others = [one for one in cards if not is_noise(one) and one.cluster != card.cluster]
    if is_noise(card) or not others:
        return None
    options = [
        {"label": f"{title(one)} ({number(one.size)})", "value": str(one.cluster)} for one in others
    ]
    field = dbc.Select(id=field_id, options=options, size="sm", value=options[0]["value"])
    button = html.Button("Merge", id=button_id, type="button", className="btn btn-quiet btn-sm")
    return html.Details(
        [
            html.Summary("Merge with another theme", className="vt-link"),
            html.Div(
                [pickers.labelled("The other theme", field, hidden=True), button],
                className="vt-bar-line vt-rename",
            ),
            html.P("From then on they are one everywhere; it can be undone on the page Slices.",
                   className="vt-small"),
        ]
    )  # fmt: skip


def card(found: Any, one: Any, kind: str, column: str | None) -> Component:
    """Return the card of one cluster of an open set."""
    href = link("/clusters", set=found.name, kind=kind, cluster=one.cluster)
    noise = is_noise(one)
    told = purity(one, column)
    line = [plural(one.size, noun(found)), share(one.share)]
    if not noise and one.size > 1:
        line.append(f"density {score(one.density, 2)}")
    return html.Li(
        dcc.Link(
            [
                gallery.mosaic(found, one.exemplars[:6]),
                html.Div(
                    [
                        html.H2(title(one), className="vt-card-title"),
                        html.P(commonest(told, column) if told else "", className="vt-common"),
                        html.P(" · ".join(line)),
                        html.P("In no theme: too far from others.") if noise else None,
                    ],
                    className="vt-cluster-text",
                ),
            ],
            href=href,
            className="vt-cluster-link",
        ),
        className="vt-card vt-cluster" + (" vt-cluster-noise" if noise else ""),
    )


def grid(found: Any, cards: Sequence[Any], kind: str, column: str | None) -> Component:
    """Return the cards of clusters of an open set."""
    return html.Ul([card(found, one, kind, column) for one in cards], className="vt-clusters")

"""Clusters as cards: exemplars first, then size, density and purity."""

from collections.abc import Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from components import gallery, tables
from components.state import link
from components.words import number, plural, score, share

SORTS = {"size": "Size", "density": "Density", "purity": "Purity"}
KINDS = {"themes": "Clusters", "micro": "Micro-clusters"}


def purity(card: Any, column: str | None) -> tuple[Any, float] | None:
    """Return a cluster's commonest value of a column and its share; None where unknown."""
    found = card.purity.get(column) if column else None
    return found if found else None


def purity_column(cards: Sequence[Any]) -> str | None:
    """Return the column by which purity is told: the label if there is one."""
    names = [name for c in cards for name in c.purity]
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
    return "Unassigned" if is_noise(card) else str(card.name)


def figures(card: Any, column: str | None) -> Component:
    """Return a cluster's figures."""
    found = purity(card, column)
    pairs: list[tuple[str, Any]] = [("Images", number(card.size)), ("Share", share(card.share))]
    if not is_noise(card):
        pairs.append(("Density", score(card.density, 2)))
        pairs.append(("Diameter", score(card.diameter, 2)))
    if found:
        pairs.append((f"Commonest {column}", f"{found[0]} ({share(found[1])})"))
    return tables.facts(pairs, "vt-facts vt-facts-row")


def card(found: Any, one: Any, kind: str, column: str | None) -> Component:
    """Return the card of one cluster of an open set."""
    href = link("/clusters", set=found.name, kind=kind, cluster=one.cluster)
    noise = is_noise(one)
    told = purity(one, column)
    line = [plural(one.size, "image"), share(one.share)]
    if not noise and one.size > 1:
        line.append(f"density {score(one.density, 2)}")
    return html.Li(
        dcc.Link(
            [
                gallery.mosaic(found.key, one.exemplars[:6]),
                html.Div(
                    [
                        html.H2(title(one), className="vt-card-title"),
                        html.P(" · ".join(line)),
                        html.P(f"{told[0]}, {share(told[1])} pure" if told else ""),
                        html.P("In no cluster: too sparse to belong to one.") if noise else None,
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

"""One cluster: its figures, what stands for it, what lies at its border, and all its images."""

from collections.abc import Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from components import cluster_acts, cluster_cards, gallery
from components.cluster_cards import Purity, is_noise, title
from components.notices import button_link
from components.state import captions, has_pictures, link, noun
from components.words import number, score

#: Pictures of each kind of exemplar.
SHOWN = 6

#: The kinds of exemplars: the heading, what it means.
TYPICAL = ("Most typical", "closest to others of their kind: the least distance to their ten "
           "nearest neighbours")  # fmt: skip
BORDER = ("At the border", "with most neighbours that lie outside of it: look here for what does "
          "not belong")  # fmt: skip


def head(
    found: Any, one: Any, tab: str, name: str, by: str, *, gallery_below: bool = True
) -> Component:
    """Return the way back, the title with the badge, and the ways on."""
    base = cluster_cards.BASES[tab]
    explore = link("/explore", set=found.name, cluster=one.cluster, kind=base)
    return html.Div(
        [
            dcc.Link("All clusters", href=link("/clusters", set=found.name, kind=tab, by=by),
                     className="vt-back"),
            html.H1(title(one)),
            cluster_cards.badge(one.stability),
            html.Div(
                [button_link("Show in Explore", explore),
                 *([gallery.size_buttons(name)] if gallery_below else [])],
                className="vt-actions vt-push",
            ),
        ],
        className="vt-page-head vt-bar-line",
    )  # fmt: skip


def firmness(one: Any, trust: Any) -> Component | None:
    """Return how firm a cluster is, as a sentence; None where it was not measured."""
    if one.stability is None or trust is None:
        return None
    word, meaning = cluster_cards.STATES[one.stability.state]
    return html.P(
        [
            html.Strong(f"{word}: "),
            f"{meaning}. In {number(trust.runs)} subsamples of the set its overlap with the "
            f"cluster most like it was {score(one.stability.jaccard, 2)} on average and "
            f"{score(one.stability.low, 2)} or less in a tenth of them (Jaccard, 1 is the same).",
        ],
        className="vt-lead",
    )


def joined(one: Any) -> Component | None:
    """Return what is said of a theme that a person made of several."""
    if is_noise(one) or one.density is not None or one.diameter is not None or one.size < 2:
        return None
    return html.P("Made of several themes by a person, so it has no density, diameter and medoid "
                  "of its own.", className="vt-hint")  # fmt: skip


def exemplars(found: Any, one: Any, store: Any) -> Component | None:
    """Return the medoid, the most typical images and those at the border."""
    if is_noise(one) or one.size < 2:
        return None
    parts = []
    if one.medoid is not None:
        told = "nearest to the middle: the one that stands for all"
        parts.append(_strip(found, "Medoid", told, [one.medoid], store, "vt-exemplar-one"))
    for (word, told), rows in ((TYPICAL, one.typical), (BORDER, one.border)):
        if rows:
            parts.append(_strip(found, word, told, rows[:SHOWN], store))
    if not parts:
        return None
    return html.Section(parts, className="vt-exemplars")


def _strip(
    found: Any, word: str, told: str, rows: Sequence[int], store: Any, look: str = ""
) -> Component:
    """Return one kind of exemplars."""
    pictures = has_pictures(found)  # a vector's own button is its label already
    item = "Image" if pictures else "Vector"
    labels = captions(found, rows)
    names = [
        f"{word}: {item.lower()} {row}" + (f", {label}" if label else "")
        for row, label in zip(rows, labels, strict=True)
    ]
    shown = gallery.thumbs(found, rows, store, names)
    items = [
        html.Li([button, html.Span(label, className="vt-small") if label and pictures else None])
        for button, label in zip(shown, labels, strict=True)
    ]
    return html.Div(
        [
            html.H2(word),
            html.P(f"{told[:1].upper()}{told[1:]}.", className="vt-small"),
            html.Ul(items, className="vt-strip-row"),
        ],
        className=f"vt-exemplar {look}".strip(),
    )


def figures(
    found: Any, one: Any, purity: Purity | None, column: str, trust: Any
) -> list[Component]:
    """Return a cluster's figures in a row, and what is said of them."""
    parts = [
        cluster_cards.figures(one, purity, column, noun(found)),
        firmness(one, trust),
        joined(one),
    ]
    return [part for part in parts if part is not None]


def images(found: Any, one: Any, base: str, name: str, store: Any) -> Component:
    """Return the gallery of all images of a cluster."""
    window = gallery.window_url(found.name, cluster=one.cluster, kind=base)
    return html.Section(
        [
            html.H2(f"All {number(one.size)}", className="vt-gallery-title"),
            html.Div(
                gallery.host(name, window, store, label=f"Images of {title(one)}",
                             pictures=has_pictures(found)),
                className="vt-gallery-frame",
            ),
        ]
    )  # fmt: skip


def acts(found: Any, one: Any, base: str, cards: Sequence[Any], view: Any) -> Component:
    """Return the menus of what can be done to it."""
    return cluster_acts.forms(found, one, base, cards, view)

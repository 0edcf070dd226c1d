"""What the page shows of a gradient: the strip, what was found, what to mind, and its files."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from components import (
    gallery,
    gradient_figures,
    gradient_tables,
    morphology_card,
    morphology_design,
    notices,
    tables,
)
from components.attributes import attrs
from components.gradient_frame import address
from components.inspector import item_link
from components.morphology_frame import statistic
from components.state import has_pictures, link, services
from components.words import ago, number, plural, share
from core.morphology.citations import cited_in
from core.morphology.gradient_request import KINDS

#: The element whose text the button "Copy" takes.
METHODS = "gradient-methods"

#: Gradients that are listed.
LISTED = 10

_AGAIN = "“from” and “to” fill the form with a gradient that begins or ends at an image."

FILES = (("Strip as PNG", "png"), ("Strip as SVG", "svg"), ("Positions as CSV", "csv"),
         ("JSON", "json"))  # fmt: skip


def strip_of(found: Any, gradient: Any) -> Component:
    """Return the strip of a gradient with what was found, the width of the page.

    Parameters
    ----------
    found
        The open set.
    gradient
        As `core.comparisons.gradients.Gradient`.
    """
    meta = gradient.meta
    stale = gradient.stale(found)
    parts: list[Component | None] = [
        notices.alert(stale, "warning", dismissable=False) if stale else None,
        metric(found, gradient),
        _card(
            meta["title"],
            html.P(meta["text"], className="vt-preview-sentence"),
            strip(found, gradient),
            html.P(f"{legend(meta)} {_AGAIN}", className="vt-small"),
            downloads(gradient),
        ),
    ]
    return html.Div([part for part in parts if part is not None], className="vt-gradient-top")


def metric(found: Any, gradient: Any) -> Component:
    """Return whether distances mean anything here, as a comparison of this set found."""
    held = services().comparisons.card_of(found.name, gradient.meta["embeddings"])
    if held is None:
        way = dcc.Link(
            "Compare groups to look",
            href=link("/morphology", set=found.name, view="design"),
            className="vt-link",
        )
        told = "Whether distances mean anything here was not looked at yet. "
        return html.P([told, way], className="vt-morph-metric vt-warned")
    keys = {"set": found.name, "view": "card", "key": held[0]}
    line: Component = morphology_card.badge_line({"card": held[1]}, keys)
    return line


def view_of(found: Any, gradient: Any) -> Component:
    """Return what there is to know of a gradient beside its strip: warnings first."""
    meta = gradient.meta
    parts: list[Component | None] = [
        *morphology_design.warnings(meta["warnings"], found.name),
        _card("Where the images lie", gradient_figures.spread(gradient)),
        _card(
            "Figures",
            facts(meta),
            gradient_tables.by_k(meta, gradient.key),
            left_out(meta),
            notes(meta),
        ),
        _card("What goes with the position", gradient_tables.correlations(meta, gradient.key)),
        methods(meta),
    ]
    return html.Div([part for part in parts if part is not None], className="vt-gradient-view")


def _card(title: str, *inside: Component | None) -> Component:
    """Return a part of the page under a heading."""
    return html.Section(
        [html.H2(title, className="vt-card-title"), *(one for one in inside if one is not None)],
        className="vt-card vt-gradient-card", **attrs(aria_label=title),
    )  # fmt: skip


# -- the strip -------------------------------------------------------------------------------------


def strip(found: Any, gradient: Any) -> Component:
    """Return the images in order, each a link to it in Explore; empty places stay empty.

    Images that the set does not have any more, since it has changed, are left out in words.
    """
    places = gradient.meta["places"]
    wanted = [place["item_id"] for place in places if place["row"] is not None]
    rows = dict(zip(wanted, found.find_rows(wanted).tolist(), strict=True))
    ends = (wanted[0], wanted[-1]) if wanted else ("", "")
    items = [
        _place(found, place, rows.get(place["item_id"], -1), gradient.meta, ends)
        for place in places
    ]
    return html.Ol(
        items, className="vt-gradient-strip", tabIndex=0,
        **attrs(aria_label=f"{gradient.meta['title']}, {plural(len(items), 'place')}"),
    )  # fmt: skip


def _place(
    found: Any, place: Mapping[str, Any], row: int, meta: Mapping[str, Any], ends: tuple[str, str]
) -> Component:
    """Return one place of the strip."""
    if place["row"] is None:
        told = html.Span(f"no {meta['noun']} near {statistic(place['target'])}",
                         className="vt-small")  # fmt: skip
        return html.Li(html.Div(told, className="vt-gradient-none"))
    caption = [html.Span(place["text"], className="vt-gradient-name"),
               html.Span(f"at {_at(place['t'])}", className="vt-small")]  # fmt: skip
    if place["bridge"]:
        caption.append(html.Span("after a bridge", className="vt-small vt-gradient-bridge"))
    if row < 0:
        gone = html.Div(html.Span("not in the set any more", className="vt-small"),
                        className="vt-gradient-none")  # fmt: skip
        return html.Li([gone, *caption])
    inside: Any = (
        gallery.thumb(str(found.items["item_id"].iat[row]), f"Image {row}")
        if has_pictures(found)
        else html.Span(f"no. {row}", className="vt-word")
    )
    shown = dcc.Link(inside, href=item_link(found.name, row))
    return html.Li([shown, *caption, _again(found, row, meta["kind"], ends)])


def _at(position: float | None) -> str:
    """Return a position with two decimals, without a sign where it rounds to 0."""
    return statistic(None if position is None else round(position, 2) or 0.0)


def _again(found: Any, row: int, kind: str, ends: tuple[str, str]) -> Component:
    """Return the links that fill the form with another gradient, which begins or ends here."""
    here = found.addresses[row]
    kind = kind if kind in {"means", "geodesic"} else "means"
    pairs = (("from", "begin", here, ends[1]), ("to", "end", ends[0], here))
    links = [
        dcc.Link([word, html.Span(f" image {row}: {does} another gradient here",
                                  className="visually-hidden")],
                 href=address(found.name, kind=kind, from_item=first, to_item=last),
                 className="vt-link")
        for word, does, first, last in pairs
        if first != last
    ]  # fmt: skip
    return html.Span(links, className="vt-small vt-gradient-again")


def legend(meta: Mapping[str, Any]) -> str:
    """Return how the numbers under the pictures are to be read."""
    if meta["kind"] == "principal":
        return (
            "The numbers are positions, in standard deviations of the units from their mean; the "
            "places are evenly spaced quantiles, from the 2nd to the 98th percentile."
        )
    if meta["kind"] == "geodesic":
        return "The numbers are the share of the way walked so far."
    held = " Each image of the groups is placed by an axis made without it."
    return (
        f"0 is {_end(meta, 'a')}, 1 is {_end(meta, 'b')}. Of the {meta['noun']}s within half a "
        "step of a place, the one nearest to the axis is shown."
        + (held if meta["kind"] == "discriminant" and meta["auc"] is not None else "")
    )


def _end(meta: Mapping[str, Any], end: str) -> str:
    told = meta[end]
    return (
        f"the image {told['title']}" if told["row"] is not None else f"the mean of {told['title']}"
    )


def downloads(gradient: Any) -> Component:
    """Return the links to the files of a gradient."""
    links = [
        html.A(text, href=f"/api/gradient/{gradient.key}.{kind}", download="",
               className="btn btn-quiet btn-sm")
        for text, kind in FILES
    ]  # fmt: skip
    return html.Div(links, className="vt-actions")


# -- figures ---------------------------------------------------------------------------------------


def facts(meta: Mapping[str, Any]) -> Component:
    """Return the figures of a gradient, the strength of the axis first."""
    auc = ""
    if meta["auc"] is not None:
        folds = meta["auc_folds"]
        auc = (
            f"{statistic(meta['auc'])} (chance 0.50; {plural(meta['auc_units'], 'unit')}, "
            f"{plural(len(folds), 'fold')}: {statistic(min(folds))} to {statistic(max(folds))})"
        )
    pairs = [
        ("Tells the groups apart, AUC on units held out", auc),
        ("Share of the variance along it", _share(meta["share"])),
        ("Longest step" if meta["kind"] == "geodesic" else "Longest empty stretch",
         _share(meta["gap"])),
        ("Straightness", "" if meta["straightness"] is None else
         f"{statistic(meta['straightness'])} (1 is straight)"),
        ("Bridges", "" if meta["bridges"] is None else number(meta["bridges"])),
        (f"{meta['noun'].capitalize()}s placed", number(meta["n_images"])),
        ("Units", number(meta["n_units"])),
        *((f"{word} {meta[end]['title']}",
           f"{plural(meta[end]['images'], meta['noun'])}, {plural(meta[end]['units'], 'unit')}")
          for word, end in (("From", "a"), ("To", "b")) if meta[end]),
        ("Seed", str(meta["request"]["seed"])),
        ("Made", ago(meta["created"])),
    ]  # fmt: skip
    return tables.facts(pairs, "vt-facts vt-gradient-facts")


def _share(value: float | None) -> str:
    return "" if value is None else share(value)


def left_out(meta: Mapping[str, Any]) -> Component | None:
    """Return how many images are not placed, and why; None where all are."""
    if not meta["left_out"]:
        return None
    told = "; ".join(f"{plural(n, meta['noun'])} {why}" for why, n in meta["left_out"].items())
    return html.P(f"Not placed: {told}.", className="vt-small")


def notes(meta: Mapping[str, Any]) -> Component | None:
    """Return what else is to be known; None where there is nothing."""
    return morphology_design.notes({"notes": meta["notes"]})


def methods(meta: Mapping[str, Any]) -> Component:
    """Return the methods paragraph, with a button that copies it."""
    copy = html.Button(
        "Copy",
        type="button",
        className="btn btn-quiet btn-sm",
        **attrs(data_vt_copy=METHODS, aria_label="Copy the methods paragraph"),
    )
    cited = cited_in(meta["methods"])
    fold = html.Details(
        [
            html.Summary(plural(len(cited), "reference")),
            html.Ol([html.Li(one) for one in cited], className="vt-small"),
        ]
    )
    return _card(
        "Methods",
        html.P("Written from the settings of this gradient, ready for a paper. Copying takes the "
               "references along.", className="vt-small"),
        html.Div([html.P(meta["methods"]), fold if cited else None], id=METHODS),
        html.Div(copy, className="vt-actions"),
    )  # fmt: skip


# -- without one, and others -----------------------------------------------------------------------


def explained() -> Component:
    """Return what a gradient is, where none is shown yet."""
    return _card(
        "How it works",
        html.P("A gradient puts images in order from one form to another and shows real ones at "
               "evenly spaced places. Nothing is drawn or blended: where no image lies, the place "
               "stays empty."),
        html.P("Between two groups it is told how well the order holds for specimens that it was "
               "not made from; an axis that merely looks convincing is unmasked by that. Which "
               "columns of numbers go with the position is tested too."),
    )  # fmt: skip


def made_before(found: Any, lines: Sequence[Any], key: str) -> Component | None:
    """Return the gradients that were made before, the newest first; None where there is none."""
    if not lines:
        return None
    rows = []
    for line in lines[:LISTED]:
        shown = (
            html.Strong(line.title)
            if line.key == key
            else dcc.Link(line.title, href=address(found.name, key=line.key), className="vt-link")
        )
        old = " · the set has changed since" if line.imageset != found.key else ""
        told = (f" {KINDS[line.kind]} · {line.filled} of {line.places} places · "
                f"{ago(line.created)}{old}")  # fmt: skip
        rows.append(html.Li([shown, html.Span(told, className="vt-small")]))
    return html.Details(
        [html.Summary(f"Made before ({number(len(lines))})"), html.Ul(rows, className="vt-made")],
        className="vt-card", open=not key,
    )  # fmt: skip

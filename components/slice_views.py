"""What a person put aside and decided: slices as cards, two of them compared, the history."""

from collections.abc import Sequence
from typing import Any

import dash_bootstrap_components as dbc
import numpy as np
from dash import dcc, html
from dash.development.base_component import Component

from components import gallery, pickers, tables
from components.attributes import attrs
from components.notices import button_link
from components.state import link, noun
from components.words import ago, number, plural, share

#: Pictures on the card of a slice.
SHOWN = 6


def part(kind: str, name: Any) -> dict[str, Any]:
    """Return the id of a part, "rename", "new-name", "delete" or "delete-sure", of a slice."""
    return {"component": "slice", "part": kind, "name": name}


def working(found: Any, view: Any) -> Component:
    """Return how many images are in the working set, with ways to look at both sides."""
    total, out = len(found.items), len(view.excluded)
    one = noun(found)
    if not out:
        return html.P(f"All {plural(total, one)} are in the working set.", className="vt-lead")
    kept = total - out
    return html.P(
        [
            html.Strong(f"{number(kept)} of {plural(total, one)}"),
            f" are in the working set; {number(out)} were taken out. ",
            dcc.Link("See those left", href=link("/explore", set=found.name, slice=":working")),
            " · ",
            dcc.Link("See those taken out",
                     href=link("/explore", set=found.name, slice=":excluded")),
        ],
        className="vt-lead",
    )  # fmt: skip


def steps(view: Any, undo_id: str, redo_id: str) -> Component:
    """Return the buttons that take back the last act, or do it again."""

    def button(text: str, told: str | None, button_id: str, key: str) -> Component:
        return html.Button(
            f"{text}: {told[:1].lower()}{told[1:]}" if told else text,
            id=button_id, type="button", className="btn btn-quiet btn-sm vt-step-back",
            disabled=not told, title=told or "", **attrs(data_vt_key=key),
        )  # fmt: skip

    return html.Div(
        [
            button("Undo", view.can_undo, undo_id, "z"),
            button("Redo", view.can_redo, redo_id, "Z"),
        ],
        className="vt-actions",
    )


def cards(found: Any, slices: Sequence[Any]) -> Component:
    """Return the slices of a set, the one changed last first."""
    ordered = sorted(slices, key=lambda s: (s.updated, s.name), reverse=True)
    return html.Ul([card(found, one) for one in ordered], className="vt-clusters")


def card(found: Any, one: Any) -> Component:
    """Return one slice: some of its pictures, its size, where it comes from, what to do."""
    places = np.linspace(0, len(one.rows) - 1, min(SHOWN, len(one.rows))).astype(int)
    missing = (
        f"{plural(one.missing, noun(found))} of it {'is' if one.missing == 1 else 'are'} not in "
        "this set any more."
    )
    return html.Li(
        [
            dcc.Link(
                [
                    gallery.mosaic(found, [int(r) for r in np.asarray(one.rows)[places]]),
                    html.Div(
                        [
                            html.H2(one.name, className="vt-card-title"),
                            html.P(f"{plural(one.count, noun(found))} · "
                                   f"{share(one.count / max(1, len(found.items)))}"),
                            html.P(one.how, className="vt-small") if one.how else None,
                            html.P(missing, className="vt-small") if one.missing else None,
                            html.P(f"Changed {ago(one.updated)}", className="vt-small"),
                        ],
                        className="vt-cluster-text",
                    ),
                ],
                href=link("/explore", set=found.name, slice=one.name),
                className="vt-cluster-link",
            ),
            html.Div([_rename(one.name), _delete(one.name),
                      dcc.Link("Label all", href=link("/labels", set=found.name, view="many",
                                                      pool=f"slice:{one.name}"),
                               className="vt-link"),
                      dcc.Link("Report", href=link("/report", set=found.name, slice=one.name),
                               className="vt-link"),
                      dcc.Link("History", href=link("/slices", set=found.name, of=one.name),
                               className="vt-link")], className="vt-slice-acts"),
        ],
        className="vt-card vt-cluster vt-slice",
    )  # fmt: skip


def _rename(name: str) -> Component:
    """Return the form that gives a slice another name."""
    field = dbc.Input(id=part("new-name", name), type="text", value=name, size="sm", maxLength=80)
    label = html.Label([html.Span(f"New name of {name}", className="visually-hidden"), field])
    button = html.Button("Rename", id=part("rename", name), type="button",
                         className="btn btn-primary btn-sm")  # fmt: skip
    return html.Details(
        [html.Summary("Rename", className="vt-link"), html.Div([label, button])],
        className="vt-slice-act",
    )


def _delete(name: str) -> Component:
    """Return the button that deletes a slice; undo brings it back."""
    return html.Button(
        "Delete", id=part("delete", name), type="button", className="vt-link vt-link-button",
        **attrs(aria_label=f"Delete {name}"),
    )  # fmt: skip


def chooser(slices: Sequence[Any], first: str, second: str, ids: tuple[str, str]) -> Component:
    """Return the choice of two slices to compare."""
    options = [{"label": s.name, "value": s.name} for s in slices]
    return html.Div(
        [
            pickers.select(ids[0], "Compare", options, first, inline=True),
            pickers.select(ids[1], "with", options, second, inline=True),
        ],
        className="vt-bar-line",
    )


def comparison(found: Any, first: Any, second: Any) -> Component:
    """Return what two slices have in common and what only one of them has."""
    a, b = np.asarray(first.rows), np.asarray(second.rows)
    both = np.intersect1d(a, b)
    sides = (
        (f"Only in {first.name}", np.setdiff1d(a, b), {"slice": first.name,
                                                       "without": second.name}),
        ("In both", both, {"slice": first.name, "within": second.name}),
        (f"Only in {second.name}", np.setdiff1d(b, a), {"slice": second.name,
                                                        "without": first.name}),
    )  # fmt: skip
    union = len(a) + len(b) - len(both)
    told = (
        f"{plural(union, noun(found))} in either; {share(len(both) / union)} of them in both."
        if union
        else "Both slices are empty here."
    )
    return html.Div(
        [
            html.P(told),
            html.Ul([_side(found, *side) for side in sides], className="vt-clusters"),
        ]
    )


def _side(found: Any, title: str, rows: np.ndarray, query: dict[str, str]) -> Component:
    """Return one part of a comparison, linked to its pictures where it has any."""
    places = np.linspace(0, len(rows) - 1, min(SHOWN, len(rows))).astype(int)
    inside = [
        gallery.mosaic(found, [int(r) for r in rows[places]]),
        html.Div([html.H3(title, className="vt-card-title"),
                  html.P(plural(len(rows), noun(found)))], className="vt-cluster-text"),
    ]  # fmt: skip
    if not len(rows):
        return html.Li(inside, className="vt-card vt-cluster")
    href = link("/explore", set=found.name, **query)
    return html.Li(
        dcc.Link(inside, href=href, className="vt-cluster-link"), className="vt-card vt-cluster"
    )


def history(lines: Sequence[Any]) -> Component:
    """Return the acts, the last one first; what was undone is struck through."""
    rows = [
        (
            number(line.number),
            html.Time(ago(line.when), dateTime=str(line.when), title=str(line.when)),
            html.S([html.Span("Undone: ", className="visually-hidden"), line.text])
            if line.undone
            else html.Span(line.text),
        )
        for line in lines
    ]
    return tables.table(("Act", "When", "What"), rows, caption="History of decisions")


def nothing(found: Any) -> Component:
    """Return what stands where a set has no slice yet."""
    return html.Div(
        [
            html.P(
                "A slice is a named choice of images that stays as it is, whatever happens to "
                "maps and clusters. Select images in Explore and choose “Save as slice”."
            ),
            button_link("Open Explore", link("/explore", set=found.name), primary=True),
        ],
        className="vt-hint",
    )

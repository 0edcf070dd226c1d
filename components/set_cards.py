"""A set as a card: its pictures, its figures, how far it is, and where to go from it."""

from collections.abc import Callable, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from components import gallery, tables
from components.attributes import attrs
from components.notices import button_link
from components.state import link, noun, spread
from components.words import (
    MODEL_TYPES,
    ago,
    encoder_name,
    listed,
    map_name,
    number,
    plural,
    share,
)
from core.errors import ArtifactCorruptError, VitrineError

THUMBS = 8


def steps(embedded: bool, mapped: bool, clustered: bool, *, busy: bool = False) -> Component:
    """Return the checklist embed → map → cluster; the first open step is the next one."""
    items, open_seen = [], False
    for name, done in (("Embed", embedded), ("Map", mapped), ("Cluster", clustered)):
        state = "done" if done else "later" if open_seen else "running" if busy else "next"
        open_seen = open_seen or not done
        word = {"done": "done", "running": "at work", "next": "next", "later": "later"}[state]
        items.append(
            html.Li([name, html.Span(f" ({word})", className="visually-hidden")],
                    className=f"vt-step vt-step-{state}")
        )  # fmt: skip
    return html.Ol(items, className="vt-steps", **attrs(aria_label="Steps"))


def _facts(summary: Any, found: Any) -> Component:
    """Return a set's counts."""
    return tables.facts(
        (
            (noun(found).capitalize() + "s", number(summary.items)),
            ("Themes", number(summary.clusters)),
            ("Unassigned", share(summary.noise_share) if summary.clusters else "–"),
            ("Not usable", number(summary.broken)),
        ),
        "vt-facts vt-facts-row",
    )


def _origin(summary: Any, found: Any) -> Component:
    """Return which encoder and maps a set has and where it came from."""
    kind = MODEL_TYPES.get(found.spec.model_type, found.spec.model_type)
    maps = listed([map_name(name) for name in summary.maps]) or "none yet"
    lines: list[Any] = [
        html.P(
            [
                html.Strong(encoder_name(summary.encoder)),
                f": {kind}, {plural(summary.dims, 'dimension')}",
            ]
        ),
        html.P(f"Maps: {maps}"),
        html.P(["From ", html.Code(summary.source)]) if summary.source else None,
    ]
    return html.Div([line for line in lines if line is not None], className="vt-origin")


def _unreadable(summary: Any, error: VitrineError) -> Component:
    """Return the card of a set whose files cannot be read."""
    return html.Article(
        [
            html.H2(summary.name, className="vt-card-title"),
            html.P(str(error), className="vt-job-error"),
            html.P("Run it again to rebuild what is damaged; vectors that are sound are kept.",
                   className="vt-small"),
        ],
        className="vt-card vt-set",
    )  # fmt: skip


def card(summary: Any, open_set: Callable[[str], Any], *, busy: bool = False) -> Component:
    """Return the card of one set."""
    try:
        if summary.problem:
            raise ArtifactCorruptError(summary.problem)
        found = open_set(summary.name)
        rows = spread(len(found.items), THUMBS)
        broken = tables.broken_files(found.broken)
    except VitrineError as error:
        return _unreadable(summary, error)
    explore, clusters = (link(path, set=summary.name) for path in ("/explore", "/clusters"))
    updated = ago(summary.updated)
    parts = [
        html.Div(
            [
                html.H2(summary.name, className="vt-card-title"),
                html.Span(f"updated {updated}" if updated else "", className="vt-small vt-push"),
            ],
            className="vt-card-head",
        ),
        gallery.mosaic(found, rows, f"Pictures of {summary.name}") if rows else None,
        _facts(summary, found),
        _origin(summary, found),
        html.Div(
            [
                button_link("Explore", explore, primary=True),
                button_link("Clusters", clusters),
                steps(True, bool(summary.maps), summary.clusters is not None, busy=busy),
            ],
            className="vt-actions",
        ),
        broken,
    ]
    return html.Article([p for p in parts if p is not None], className="vt-card vt-set")


def grid(library: Any, jobs: Sequence[Any]) -> list[Component]:
    """Return the cards of all sets."""
    busy = {job.request.get("name") for job in jobs if job.state in {"queued", "running"}}
    newest = sorted(library.sets(), key=lambda s: s.updated, reverse=True)
    return [card(s, library.open, busy=s.name in busy) for s in newest]

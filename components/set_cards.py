"""A set as a card: its pictures, its figures, how far it is, and where to go from it."""

from collections.abc import Callable, Sequence
from typing import Any

from dash import dcc, html
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
from core.request import RunRequest

THUMBS = 8

#: Jobs that lead to the last step, a report.
REPORTING = ("curate", "report")

#: Sources that new images can come into; a file of vectors that changed is another encoder's.
GROWING = ("folder", "table", "idx")

LOOK_HINT = (
    "Looks at the source again: images added since are embedded and placed on the maps, which stay "
    "as they are. To make fresh maps, start the set again under the same name."
)


def steps(
    embedded: bool, mapped: bool, clustered: bool, reported: bool = False, *, busy: bool = False
) -> Component:
    """Return the checklist embed → map → cluster → report; the first open step is the next one."""
    items, open_seen = [], False
    named = (("Embed", embedded), ("Map", mapped), ("Cluster", clustered), ("Report", reported))
    for name, done in named:
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


def look_id(name: str) -> dict[str, str]:
    """Return the id of the button that looks for new images of a set."""
    return {"component": "set", "part": "look", "name": name}


def look_request(found: Any) -> RunRequest:
    """Return the run that places what is new in a set's source on the maps that the set has."""
    return RunRequest.from_json({**found.request, "place": True})


def look_title(name: str) -> str:
    """Return the title of the job that looks for new images."""
    return f"New images of {name}"


def _look(summary: Any, found: Any, busy: bool) -> Component | None:
    """Return the button that looks for new images; None where none can come or none be placed."""
    if found.kind not in GROWING or summary.source.startswith("sample:") or not summary.maps:
        return None
    return html.Button(
        "Look for new images", id=look_id(summary.name), type="button", title=LOOK_HINT,
        className="btn btn-quiet", disabled=busy,
        **attrs(aria_label=f"Look for new images of {summary.name}"),
    )  # fmt: skip


def _placed(summary: Any, found: Any) -> Component | None:
    """Return how many images came onto finished maps, with what the run noted; None if none did."""
    counts = found.summary.get("placed") or {}
    placed, off = counts.get("placed", 0), counts.get("off_map", 0)
    if not placed + off:
        return None
    told = f"{plural(placed + off, noun(found))} added later and placed on the maps"
    told += f", {number(off)} of them off the map. " if off else ". "
    where = link("/explore", set=summary.name, color="placement")
    notes = [html.P(note, className="vt-small") for note in found.notes]
    shown = html.P([told, dcc.Link("Show them", href=where, className="vt-link")])
    return html.Div([shown, *notes], className="vt-origin")


def _ways(summary: Any, reports: int) -> list[Component]:
    """Return the ways on from a set; the first leads to the next thing to do."""
    explore, clusters, quality, curate, morphology, drift, report = (
        link(path, set=summary.name)
        for path in (
            "/explore",
            "/clusters",
            "/quality",
            "/curate",
            "/morphology",
            "/drift",
            "/report",
        )
    )
    ways = [button_link("Explore", explore, primary=True), button_link("Clusters", clusters),
            button_link("Quality", quality)]  # fmt: skip
    if summary.clusters is not None:
        ways.append(button_link("Curate", curate))
    ways += [button_link("Morphology", morphology), button_link("Drift", drift)]
    if reports:
        ways.append(button_link("Reports" if reports > 1 else "Report", report))
    return ways


def _head(summary: Any) -> Component:
    """Return a set's name and when it was updated."""
    updated = ago(summary.updated)
    told = html.Span(f"updated {updated}" if updated else "", className="vt-small vt-push")
    return html.Div(
        [html.H2(summary.name, className="vt-card-title"), told], className="vt-card-head"
    )


def card(
    summary: Any, open_set: Callable[[str], Any], *, busy: Sequence[str] = (), reports: int = 0
) -> Component:
    """Return the card of one set, of which there are so many reports.

    `busy` holds the kinds of jobs at work on it.
    """
    try:
        if summary.problem:
            raise ArtifactCorruptError(summary.problem)
        found = open_set(summary.name)
        rows = spread(len(found.items), THUMBS)
        broken = tables.broken_files(found.broken)
    except VitrineError as error:
        return _unreadable(summary, error)
    clustered = summary.clusters is not None
    ready = clustered and bool(summary.maps)
    actions = [
        *_ways(summary, reports),
        _look(summary, found, bool(busy)),
        steps(
            True,
            bool(summary.maps),
            clustered,
            bool(reports),
            busy=any((kind in REPORTING) == ready for kind in busy),
        ),
    ]
    parts = [
        _head(summary),
        gallery.mosaic(found, rows, f"Pictures of {summary.name}") if rows else None,
        _facts(summary, found),
        _origin(summary, found),
        _placed(summary, found),
        html.Div([a for a in actions if a is not None], className="vt-actions"),
        broken,
    ]
    return html.Article([p for p in parts if p is not None], className="vt-card vt-set")


def grid(library: Any, jobs: Sequence[Any], reports: Any = None) -> list[Component]:
    """Return the cards of all sets; `reports` is the workspace's, where there are any."""
    live = [job for job in jobs if job.state in {"queued", "running"}]
    newest = sorted(library.sets(), key=lambda s: s.updated, reverse=True)
    return [
        card(
            one,
            library.open,
            busy=[job.kind for job in live if job.request.get("name") == one.name],
            reports=len(reports.list(one.name)) if reports else 0,
        )
        for one in newest
    ]

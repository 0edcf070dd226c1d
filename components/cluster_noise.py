"""What no theme holds: each image with the theme it would join, offered and never forced."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from dash import dcc, html
from dash.development.base_component import Component

from components import gallery
from components.attributes import attrs
from components.cluster_crowd import show_button
from components.state import PAGE_SIZE, has_pictures, link, noun
from components.words import plural, share
from core.errors import NotFoundError

#: Pictures of a group on the page of all unassigned.
SHOWN = 12


@dataclass(frozen=True, slots=True)
class Group:
    """The unassigned rows `(m,)` whose nearest theme this is, the likeliest first.

    `theme` is the first of those that were merged; -1 where no theme is near. `likely` `(m,)` is
    the membership each would have.
    """

    theme: int
    name: str
    rows: np.ndarray
    likely: np.ndarray


def groups(found: Any) -> list[Group]:
    """Return the unassigned images of an open set by their nearest theme, the largest first."""
    themes, names = found.clustering("themes"), found.theme_names()
    rows = np.flatnonzero(themes.labels < 0)
    if len(themes.nearest) != len(themes.labels):  # found by an earlier version, which did not ask
        return []
    near = np.array(themes.nearest)
    for merged in found.merged():
        near[np.isin(near, list(merged))] = merged[0]
    near, likely = near[rows], np.asarray(themes.nearest_probability)[rows]
    made = []
    for theme in np.unique(near).tolist():
        mine = np.flatnonzero(near == theme)
        mine = mine[np.lexsort((rows[mine], -likely[mine]))]
        name = names[theme] if 0 <= theme < len(names) else "No theme near"
        made.append(Group(theme, name, rows[mine], likely[mine]))
    return sorted(made, key=lambda group: (group.theme < 0, -len(group.rows), group.theme))


def rows_of(found: Any, what: str) -> list[int]:
    """Return the rows that a button of `cluster_crowd.show_button` is about.

    Raises
    ------
    NotFoundError
        There are none, or no longer.
    """
    rows: list[int] = []
    if what.startswith("near-"):
        group = next((g for g in groups(found) if f"near-{g.theme}" == what), None)
        rows = group.rows.tolist() if group is not None else []
    elif what in {"sparse", "dense", "single"}:
        clusters = [card.cluster for card in found.crowd(what)]
        micro = found.clustering("micro")
        rows = np.flatnonzero(np.isin(micro.labels, clusters)).tolist() if clusters else []
    if not rows:
        raise NotFoundError("these clusters are no longer there: reload the page")
    return rows


def section(found: Any, made: Sequence[Group], store: Any, query: dict[str, Any]) -> Component:
    """Return all groups, a strip of pictures each."""
    one = noun(found)
    return html.Section(
        [
            html.H2("The theme each would join", id="nearest"),
            html.P(
                f"These {one}s lie too far from every theme to belong to one, and stay where they "
                "are. Under each is how likely it would be in the nearest theme: 100 % is as "
                "firmly as the theme's core.",
                className="vt-lead",
            ),
            *(_strip(found, group, store, query) for group in made),
        ],
        className="vt-near-groups",
    )


def _strip(found: Any, group: Group, store: Any, query: dict[str, Any]) -> Component:
    """Return one group: its theme, how many, the likeliest, and the way to all of them."""
    count = len(group.rows)
    more = (
        dcc.Link(f"All {plural(count, noun(found))}", className="vt-link",
                 href=link("/clusters", **query, near=group.theme))
        if count > SHOWN
        else None
    )  # fmt: skip
    parts = [
        html.Div(
            [
                html.H3(heading(found, group)),
                html.Span(f"{plural(count, noun(found))}, {likelihood(group)}",
                          className="vt-small"),
                more,
                show_button("Show in Explore", found.name, f"near-{group.theme}"),
            ],
            className="vt-form-line",
        ),
        pictures(found, group, store, 0, SHOWN),
    ]  # fmt: skip
    return html.Article(parts, className="vt-card vt-near-group")


def heading(found: Any, group: Group) -> Any:
    """Return what a group is called, as a link to its theme."""
    if group.theme < 0:
        return group.name
    href = link("/clusters", set=found.name, kind="themes", cluster=group.theme)
    return [html.Span("Nearest to ", className="vt-soft"), dcc.Link(group.name, href=href)]


def likelihood(group: Group) -> str:
    """Return the range of a group's probabilities in words."""
    low, high = float(group.likely.min()), float(group.likely.max())
    if share(low) == share(high):
        return f"likely by {share(high)}"
    return f"likely by {share(low)} to {share(high)}"


def pictures(found: Any, group: Group, store: Any, start: int, count: int) -> Component:
    """Return some pictures of a group, each with its probability."""
    rows = [int(row) for row in group.rows[start : start + count]]
    told = [share(float(p)) for p in group.likely[start : start + count]]
    word = "Image" if has_pictures(found) else "Vector"
    names = [f"{word} {row}, {likely} likely" for row, likely in zip(rows, told, strict=True)]
    items = [
        html.Li([button, html.Span(likely, className="vt-small")], **attrs(data_row=str(row)))
        for button, likely, row in zip(gallery.thumbs(found, rows, store, names), told, rows,
                                       strict=True)
    ]  # fmt: skip
    return html.Ul(items, className="vt-paged vt-near-strip")


def one_group(
    found: Any, group: Group, store: Any, query: dict[str, Any], page: int
) -> list[Component]:
    """Return all pictures of one group, a page at a time."""
    pages = max(1, -(-len(group.rows) // PAGE_SIZE))
    page = min(max(1, page), pages)
    parts = [
        html.Div(
            [
                html.H2(heading(found, group)),
                html.Span(f"{plural(len(group.rows), noun(found))}, {likelihood(group)}",
                          className="vt-small"),
                dcc.Link("All unassigned", href=link("/clusters", **query), className="vt-link"),
                show_button("Show in Explore", found.name, f"near-{group.theme}"),
            ],
            className="vt-form-line",
        ),
        pictures(found, group, store, (page - 1) * PAGE_SIZE, PAGE_SIZE),
        gallery.pager("/clusters", {**query, "near": group.theme}, page, pages),
    ]  # fmt: skip
    return [part for part in parts if part is not None]

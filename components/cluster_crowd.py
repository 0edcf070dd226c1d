"""Sparse and dense micro-clusters, and the clusters of one: where a set is thin or repeats."""

from collections.abc import Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from components import gallery
from components.attributes import attrs
from components.state import PAGE_SIZE, has_pictures, noun
from components.words import number, plural, share

#: What the clusters of each tab are, after their number.
MEANING = {
    "sparse": "have at most 3 {one}s, or a density in the lowest tenth: rare things, edge cases, "
    "and mistakes.",
    "dense": "have a density in the highest tenth: what the set repeats most.",
}


def told(found: Any, tab: str, cards: Sequence[Any]) -> str:
    """Return one sentence on the clusters of a tab."""
    one, items = noun(found), sum(card.size for card in cards)
    if tab == "single":
        if not cards:
            return f"Every {one} has another that is nearly the same: there are no clusters of one."
        return (
            f"{plural(len(cards), one)} ({share(items / max(1, len(found)))}) unlike any other, "
            "the loneliest first: each is a micro-cluster of its own."
        )
    if not cards:
        return f"There are no {tab} micro-clusters here."
    held = f"{plural(items, one)} ({share(items / max(1, len(found)))})"
    rest = MEANING[tab].format(one=one)
    alone = sum(card.size == 1 for card in cards)
    more = ""
    if tab == "sparse" and alone:
        many = "is a cluster" if alone == 1 else "are clusters"
        more = f" {number(alone)} of them {many} of one, listed in a tab of their own."
    return f"{plural(len(cards), 'micro-cluster')} with {held} {rest}{more}"


def show_id(rows: Any, name: Any) -> dict[str, Any]:
    """Return the id of such a button; it names the set, as that of `cluster_jobs.use_id` does."""
    return {"component": "clusters", "part": "show", "rows": rows, "name": name}


def show_button(text: str, name: str, rows: str) -> Component:
    """Return the button that selects the rows of a tab or of a group, and shows them in Explore.

    `name` is the set's; `rows` says which: a tab, or "near-" and a theme.
    """
    return html.Button(
        text, id=show_id(rows, name), type="button", className="btn btn-quiet btn-sm",
    )  # fmt: skip


def singles(
    found: Any, cards: Sequence[Any], page: int, query: dict[str, Any], store: Any
) -> Component:
    """Return one page of the clusters of one, each with how far its neighbours are."""
    pages = max(1, -(-len(cards) // PAGE_SIZE))
    page = min(max(1, page), pages)
    shown = cards[(page - 1) * PAGE_SIZE : page * PAGE_SIZE]
    rows = [card.exemplars[0] for card in shown]
    word = "Image" if has_pictures(found) else "Vector"
    away = [_away(card) for card in shown]
    names = [f"{word} {row}, {far}" if far else f"{word} {row}"
             for row, far in zip(rows, away, strict=True)]  # fmt: skip
    items = [
        html.Li([button, html.Span(far, className="vt-small")], **attrs(data_row=str(row)))
        for button, far, row in zip(gallery.thumbs(found, rows, store, names), away, rows,
                                    strict=True)
    ]  # fmt: skip
    return html.Div(
        [
            html.Ul(items, className="vt-paged vt-singles"),
            html.P(
                "Under each: its mean distance to its ten nearest neighbours; 0 is the same "
                "direction, 1.41 unrelated.",
                className="vt-small",
            ),
            gallery.pager("/clusters", query, page, pages),
        ],
        className="vt-paged-wrap",
    )


def _away(card: Any) -> str:
    """Return how far the ten nearest of a cluster of one are; "" where nobody knows."""
    return f"{1 / card.density:.3f}" if card.density else ""

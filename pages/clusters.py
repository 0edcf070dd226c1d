"""Which groups exist, and how firm are they?"""

from typing import Any

from dash import Input, Output, State, callback, dcc, html, no_update, register_page
from dash.development.base_component import Component

from components import cluster_cards, figures, gallery, inspector, notices, pickers, shell
from components.attributes import attrs
from components.notices import button_link
from components.state import (
    PAGE_SIZE,
    choose_set,
    chosen,
    has_pictures,
    link,
    noun,
    services,
    whole,
)
from components.words import number, plural, share
from core.opened.cards import group_of

register_page(__name__, path="/clusters", name="Clusters", title="Clusters · Vitrine", order=2)

PAGE, SORT, PLACE = "clusters-page", "clusters-sort", "clusters-place"
NEW_NAME, RENAME = "clusters-new-name", "clusters-rename"
OTHER, MERGE = "clusters-other", "clusters-merge"
NAME = "clusters"
STORE = inspector.store_id(NAME)
CARDS = 48


@notices.explained
def layout(
    set: str = "", kind: str = "themes", cluster: str = "", sort: str = "size", page: str = "",
    view: str = "", **query: str,
) -> Component:  # fmt: skip
    """Return the page for the keys in the address."""
    keys = {"set": set, "kind": kind, "cluster": cluster, "sort": sort, "page": page, "view": view}
    return html.Div(
        [dcc.Store(id=PLACE, data=keys), html.Div(body(keys), id=PAGE)], className="vt-page"
    )


def body(keys: dict[str, str]) -> list[Component]:
    """Return the clusters of a set, or one of them."""
    name = choose_set(keys["set"])
    if name is None:
        return [html.H1("Clusters"), no_set()]
    found = services().library.open(name)
    kind = chosen(keys["kind"], list(cluster_cards.KINDS)) or "themes"
    clustering = found.clustering(kind)
    if clustering is None:
        return [head(name, kind), notices.empty_state(
            "Not clustered yet",
            "The clusters of this set are still being computed, or the run that makes them was "
            "stopped.",
            button_link("See the jobs", "/jobs", primary=True),
        )]  # fmt: skip
    cards = found.cluster_cards(kind)
    if keys["cluster"]:
        one = card_of(found, kind, cards, whole(keys["cluster"]))
        return one_cluster(found, one, kind, cards, keys) if one else unknown(name, kind, keys)
    return overview(found, clustering, kind, cards, keys)


def card_of(found: Any, kind: str, cards: list[Any], label: int | None) -> Any:
    """Return the card of a cluster, or of what it was merged into; None if there is none."""
    if label is None:
        return None
    first = group_of(label, found.merged() if kind == "themes" else ())[0]
    return next((c for c in cards if int(c.cluster) == first), None)


def no_set() -> Component:
    """Return the page of an empty workspace."""
    return notices.empty_state(
        "No set yet", "Add a set first; its clusters are found together with its map.",
        button_link("Add a set", "/", primary=True),
    )  # fmt: skip


def unknown(name: str, kind: str, keys: dict[str, str]) -> list[Component]:
    """Return the page for a cluster that is not there (any more)."""
    return [head(name, kind), notices.empty_state(
        "This cluster does not exist",
        f"“{keys['cluster']}” is not a cluster of {name}; it may have been renumbered by a newer "
        "run.",
        button_link("All clusters", link("/clusters", set=name, kind=kind), primary=True),
    )]  # fmt: skip


def head(name: str, kind: str) -> Component:
    """Return the title and the switch between clusters and micro-clusters."""
    tabs = [
        dcc.Link(text, href=link("/clusters", set=name, kind=value),
                 className="vt-tab" + (" vt-tab-here" if value == kind else ""))
        for value, text in cluster_cards.KINDS.items()
    ]  # fmt: skip
    return html.Div(
        [html.H1(f"Clusters of {name}"), html.Nav(tabs, className="vt-tabs",
                                                  **attrs(aria_label="Kind of clusters"))],
        className="vt-page-head",
    )  # fmt: skip


def overview(
    found: Any, clustering: Any, kind: str, cards: list[Any], keys: dict[str, str]
) -> list[Component]:
    """Return what the clustering is, its sizes and a page of its clusters."""
    column = cluster_cards.purity_column(cards)
    sorts = {k: v for k, v in cluster_cards.SORTS.items() if k != "purity" or column}
    sort = chosen(keys["sort"], list(sorts)) or "size"
    real = [c for c in cards if not cluster_cards.is_noise(c)]
    single = [c for c in real if c.size == 1] if kind == "micro" else []
    listed = [c for c in cluster_cards.ordered(cards, sort, column) if c not in single]
    pages = max(1, -(-len(listed) // CARDS))
    page = min(max(1, whole(keys["page"], 1) or 1), pages)
    options = [{"label": text, "value": value} for value, text in sorts.items()]
    query = {"set": found.name, "kind": kind, "sort": sort}
    parts = [
        head(found.name, kind),
        notices.hint(clustering.notice) if clustering.notice else None,
        html.Div(
            [
                html.P(told(found, kind, real, cards, single), className="vt-lead"),
                pickers.select(SORT, "Sort by", options, sort, inline=True),
            ],
            className="vt-bar-line",
        ),
        figures.size_histogram("clusters-sizes", [c.size for c in real], words(kind))
        if len(real) > 3
        else None,
        cluster_cards.grid(found, listed[(page - 1) * CARDS : page * CARDS], kind, column),
        gallery.pager("/clusters", query, page, pages),
        singletons(found, single),
    ]
    if single:
        parts.append(inspector.panel(NAME, found.name))
    return [part for part in parts if part is not None]


def words(kind: str) -> str:
    """Return what clusters of a kind are called."""
    return cluster_cards.KINDS[kind].lower()


def told(found: Any, kind: str, real: list[Any], cards: list[Any], single: list[Any]) -> str:
    """Return one sentence on a clustering."""
    one = noun(found)
    if kind == "micro":
        hold = "holds" if len(single) == 1 else "hold"
        return (
            f"{plural(len(real), 'micro-cluster')} of near-identical {one}s; "
            f"{number(len(single))} {hold} a single {one}."
        )
    noise = next((c for c in cards if cluster_cards.is_noise(c)), None)
    rest = f"{plural(noise.size, one)} ({share(noise.share)})" if noise else f"no {one}"
    inside = plural(len(found.items), one)
    return f"{plural(len(real), 'theme')} in {inside}; {rest} unassigned."


def singletons(found: Any, single: list[Any]) -> Component | None:
    """Return the clusters of one, folded."""
    if not single:
        return None
    shown = [c.exemplars[0] for c in single[:PAGE_SIZE]]
    pictures = [html.Li(button) for button in gallery.thumbs(found, shown, STORE)]
    more = f"First {len(shown)} of {number(len(single))}." if len(single) > len(shown) else ""
    return html.Details(
        [
            html.Summary(f"Clusters of one: {plural(len(single), noun(found))} unlike any other"),
            html.Ul(pictures, className="vt-paged"),
            html.P(more, className="vt-small"),
        ],
        className="vt-card",
    )


def one_cluster(
    found: Any, one: Any, kind: str, cards: list[Any], keys: dict[str, str]
) -> list[Component]:
    """Return one cluster: its figures and all its pictures."""
    column = cluster_cards.purity_column(cards)
    window = gallery.window_url(found.name, cluster=one.cluster, kind=kind)
    explore = link("/explore", set=found.name, cluster=one.cluster, kind=kind)
    parts = [
        html.Div(
            [
                dcc.Link("All clusters", href=link("/clusters", set=found.name, kind=kind),
                         className="vt-back"),
                html.H1(cluster_cards.title(one)),
                html.Div([button_link("Show in Explore", explore), gallery.size_buttons(NAME)],
                         className="vt-actions vt-push"),
            ],
            className="vt-page-head vt-bar-line",
        ),
        cluster_cards.figures(one, column, noun(found)),
        cluster_cards.rename_form(one, NEW_NAME, RENAME) if kind == "themes" else None,
        cluster_cards.merge_form(one, cards, OTHER, MERGE) if kind == "themes" else None,
        html.Div(gallery.host(NAME, window, STORE, label=f"Images of {cluster_cards.title(one)}",
                              pictures=has_pictures(found)),
                 className="vt-gallery-frame"),
        inspector.panel(NAME, found.name),
    ]  # fmt: skip
    return [part for part in parts if part is not None]


@callback(
    Output(PAGE, "children", allow_duplicate=True),
    Input(RENAME, "n_clicks"),
    State(NEW_NAME, "value"),
    State(PLACE, "data"),
    prevent_initial_call=True,
)
def rename(clicks: int | None, name: str | None, keys: dict[str, str]) -> Any:
    """Give the shown theme the name in the field; an empty one takes it back."""
    if not clicks:
        return no_update
    found = services().library.open(choose_set(keys["set"]))
    services().curation.act(
        found, "theme.rename", clustering=found.clustering("themes").key,
        cluster=whole(keys["cluster"]), to=(name or "").strip(),
    )  # fmt: skip
    return body(keys)


@callback(
    Output(PAGE, "children", allow_duplicate=True),
    Input(MERGE, "n_clicks"),
    State(OTHER, "value"),
    State(PLACE, "data"),
    prevent_initial_call=True,
)
def merge(clicks: int | None, other: str | None, keys: dict[str, str]) -> Any:
    """Make the shown theme one with the chosen one."""
    if not clicks or not other:
        return no_update
    found = services().library.open(choose_set(keys["set"]))
    services().curation.act(
        found, "theme.merge", clustering=found.clustering("themes").key,
        clusters=[whole(keys["cluster"]), whole(other)],
    )  # fmt: skip
    return body(keys)


@callback(
    Output(shell.LOCATION, "href", allow_duplicate=True),
    Input(SORT, "value"),
    State(PLACE, "data"),
    prevent_initial_call=True,
)
def sort_by(sort: str | None, keys: dict[str, str]) -> Any:
    """Go to the same clusters in another order; a picker that only appeared does nothing."""
    if not sort or sort == keys["sort"] or (keys["sort"] not in cluster_cards.SORTS):
        return no_update
    return link("/clusters", set=keys["set"], kind=keys["kind"], sort=sort)


@callback(
    Output(PAGE, "children"),
    Input(shell.VERSION, "data"),
    State(PLACE, "data"),
    prevent_initial_call=True,
)
def refresh(changed: str | None, keys: dict[str, str]) -> list[Component]:
    """Show the clusters anew when a job has changed the set."""
    return body(keys)

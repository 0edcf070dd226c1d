"""Which groups exist, and how firm are they?"""

from typing import Any

from dash import ALL, Input, Output, State, callback, ctx, dcc, html, no_update, register_page
from dash.development.base_component import Component

from components import (
    cluster_acts,
    cluster_cards,
    cluster_crowd,
    cluster_jobs,
    cluster_noise,
    cluster_overview,
    cluster_page,
    cluster_sweep,
    cluster_tree,
    gallery,
    inspector,
    notices,
    pickers,
    selection_acts,
    shell,
)
from components.encoder_notice import noticed
from components.notices import button_link
from components.selection_ops import select
from components.state import choose_set, chosen, link, noun, services, whole
from components.words import plural
from core.opened.cards import group_of

register_page(__name__, path="/clusters", name="Clusters", title="Clusters · Vitrine", order=2)

PAGE, SORT, BY, ORDERED = "clusters-page", "clusters-sort", "clusters-by", "clusters-ordered"
LIVE, TOLD, SHOWN = "clusters-live", "clusters-told", "clusters-shown"
NAME = "clusters"
STORE = inspector.store_id(NAME)
CARDS = 48
#: The order of each tab's cards where the address says none; the crowds come in their own.
ORDERS = {"themes": "size", "micro": "size", "sparse": "sparse", "dense": "density"}


@notices.explained
def layout(
    set: str = "", kind: str = "themes", cluster: str = "", sort: str = "", page: str = "",
    by: str = "", near: str = "", **query: str,
) -> Component:  # fmt: skip
    """Return the page for the keys in the address."""
    keys = {"set": set, "kind": kind, "cluster": cluster, "sort": sort, "page": page, "by": by,
            "near": near}  # fmt: skip
    return html.Div(
        [
            dcc.Store(id=cluster_jobs.PLACE, data=keys),
            dcc.Store(id=cluster_acts.DONE),
            html.Div(live(keys), id=LIVE, className="vt-cluster-live"),
            html.Div(id=TOLD, className="vt-told vt-cluster-told", role="status"),
            html.Div(body(keys), id=PAGE),
        ],
        className="vt-page",
    )


def body(keys: dict[str, str]) -> list[Component]:
    """Return the clusters of a set, or one of them."""
    name = choose_set(keys["set"])
    if name is None:
        return [html.H1("Clusters"), no_set()]
    found = services().library.open(name)
    tab = chosen(keys["kind"], list(cluster_cards.TABS)) or "themes"
    base = cluster_cards.BASES[tab]
    shown = dcc.Store(id=SHOWN, data=state_of(found))
    clustering = found.clustering(base)
    if clustering is None:
        return [shown, cluster_overview.head(found, tab, keys["by"], {}), notices.empty_state(
            "Not clustered yet",
            "The clusters of this set are still being computed, or the run that makes them was "
            "stopped.",
            button_link("See the jobs", "/jobs", primary=True),
        )]  # fmt: skip
    if keys["cluster"]:
        cards = found.cluster_cards(base)
        one = card_of(found, base, cards, whole(keys["cluster"]))
        made = one_cluster(found, one, tab, cards, keys) if one else unknown(found, tab, keys)
    else:
        made = overview(found, clustering, tab, keys)
    return [shown, *made, inspector.panel(NAME, found.name)]


def state_of(found: Any) -> str:
    """Return what changes whenever something that this page shows of a set does."""
    keys = [one.key for one in map(found.clustering, ("themes", "micro")) if one is not None]
    known = [found.trust("themes"), found.trust("micro"), found.sweep()]
    log = selection_acts.version(services().curation.view(found))
    return f"{found.key} {keys} {[one is not None for one in known]} {log}"


def card_of(found: Any, base: str, cards: list[Any], label: int | None) -> Any:
    """Return the card of a cluster, or of what it was merged into; None if there is none."""
    if label is None:
        return None
    first = group_of(label, found.merged() if base == "themes" else ())[0]
    return next((c for c in cards if int(c.cluster) == first), None)


def no_set() -> Component:
    """Return the page of an empty workspace."""
    return notices.empty_state(
        "No set yet", "Add a set first; its clusters are found together with its map.",
        button_link("Add a set", "/", primary=True),
    )  # fmt: skip


def unknown(found: Any, tab: str, keys: dict[str, str]) -> list[Component]:
    """Return the page for a cluster that is not there (any more)."""
    head = cluster_overview.head(found, tab, keys["by"], cluster_overview.counts(found))
    back = button_link("All clusters", link("/clusters", set=found.name, kind=tab), primary=True)
    if keys["cluster"] == "-1":
        told = f"Every {noun(found)} of {found.name} is in a cluster."
        return [head, notices.empty_state("None is unassigned", told, back)]
    return [head, notices.empty_state(
        "This cluster does not exist",
        f"“{keys['cluster']}” is not a cluster of {found.name}; it may have been renumbered by a "
        "newer run.",
        back,
    )]  # fmt: skip


# -- all clusters ----------------------------------------------------------------------------------


def overview(found: Any, clustering: Any, tab: str, keys: dict[str, str]) -> list[Component]:
    """Return what the clustering is, and a page of its clusters."""
    base = cluster_cards.BASES[tab]
    cards = found.cluster_cards(base) if tab == base else found.crowd(tab)
    head = cluster_overview.head(found, tab, keys["by"], cluster_overview.counts(found))
    head = noticed(head, "/clusters", found)
    if tab == "single":
        return [head, *lonely(found, cards, keys)]
    structure = found.structure() if tab == "themes" else None
    size, usual = cluster_sweep.sizes_of(clustering)
    none = cluster_overview.no_structure(
        found, structure, clustering.notice, None if size == usual else size
    )
    if none is not None:
        return [head, none, *cluster_sweep.back_to_usual(clustering)]
    columns = cluster_overview.purity_columns(found)
    by, purity = cluster_overview.purity_of(found, base, keys["by"], [name for name, _ in columns])
    if tab == base:
        told = cluster_overview.told(found, tab, cards)
    else:
        told = cluster_crowd.told(found, tab, cards)
    parts = [
        head,
        *[notices.alert(damaged, "warning") for damaged in found.damage()],
        notices.hint(clustering.notice) if clustering.notice else None,
        html.P(told, className="vt-lead"),
        measured(found, tab, cards) if tab == base else None,
        *card_list(found, tab, cards, keys, by, purity, columns, structure),
        *more(found, tab, cards),
    ]
    return [part for part in parts if part is not None]


def measured(found: Any, tab: str, cards: list[Any]) -> Component | None:
    """Return how firm the clusters are, where there are some."""
    base = cluster_cards.BASES[tab]
    real = [card for card in cards if not cluster_cards.is_noise(card)]
    if not real:
        return None
    at_work = cluster_jobs.live(services().jobs.list(), found.name, "stability")
    return cluster_overview.firmness(found.trust(base), tab, real, at_work)


def card_list(
    found: Any, tab: str, cards: list[Any], keys: dict[str, str], by: str, purity: Any,
    columns: list[tuple[str, str]], structure: Any,
) -> list[Component | None]:  # fmt: skip
    """Return one page of cards in the wanted order, with the pickers of order and column."""
    listed = [c for c in cards if tab == "themes" or c.size > 1]
    sorts = cluster_cards.usable_sorts(listed, purity)
    sort = chosen(keys["sort"], list(sorts), ORDERS[tab]) or "size"
    listed = cluster_cards.ordered(listed, sort, purity)
    pages = max(1, -(-len(listed) // CARDS))
    page = min(max(1, whole(keys["page"], 1) or 1), pages)
    query = {"set": found.name, "kind": tab, "sort": sort, "by": by}
    shown = listed[(page - 1) * CARDS : page * CARDS]
    orders = [{"label": text, "value": value} for value, text in sorts.items()]
    values = [{"label": "nothing", "value": "-"}] if not by else []
    values += [{"label": text, "value": name} for name, text in columns]
    column = pickers.select(BY, "Purity by", values, by or "-", inline=True)
    bar = [
        pickers.select(SORT, "Order", orders, sort, inline=True),
        column if columns else html.Div(column, hidden=True),  # a callback asks for it
        cluster_crowd.show_button("Show all in Explore", found.name, tab)
        if cards and tab in cluster_crowd.MEANING
        else None,
        alone(found, tab, cards),
    ]
    notes = cluster_overview.notes(shown, structure)
    return [
        dcc.Store(id=ORDERED, data={"sort": sort, "by": by or "-"}),
        html.Div([part for part in bar if part is not None], className="vt-form-line vt-pickers"),
        cluster_cards.grid(found, shown, tab, purity, by, notes),
        gallery.pager("/clusters", query, page, pages),
    ]


def alone(found: Any, tab: str, cards: list[Any]) -> Component | None:
    """Return the way to the clusters of one, which the cards leave out."""
    single = sum(card.size == 1 for card in cards)
    if tab == "themes" or not single:
        return None
    href = link("/clusters", set=found.name, kind="single")
    told = plural(single, "cluster of one", "clusters of one")
    return dcc.Link(told, href=href, className="vt-link")


def lonely(found: Any, cards: list[Any], keys: dict[str, str]) -> list[Component]:
    """Return the clusters of one, a page at a time."""
    told = html.P(cluster_crowd.told(found, "single", cards), className="vt-lead")
    if not cards:
        return [told]
    query = {"set": found.name, "kind": "single"}
    page = whole(keys["page"], 1) or 1
    acts = html.Div(cluster_crowd.show_button("Show all in Explore", found.name, "single"),
                    className="vt-form-line")  # fmt: skip
    return [told, acts, cluster_crowd.singles(found, cards, page, query, STORE)]


def more(found: Any, tab: str, cards: list[Any]) -> list[Component | None]:
    """Return what lies behind the themes, other least sizes and the tree, or all sizes."""
    real = [card for card in cards if not cluster_cards.is_noise(card)]
    if tab == "themes" and real:
        at_work = cluster_jobs.live(services().jobs.list(), found.name, "sweep")
        themes = found.clustering("themes")
        return [
            cluster_sweep.section(found.sweep(), found.name, noun(found), themes, at_work),
            cluster_tree.section(found, found.tree(), found.theme_names()),
        ]
    if tab == "themes":
        return list(cluster_sweep.back_to_usual(found.clustering("themes")))
    return [cluster_overview.sizes(real)] if tab == "micro" else []


# -- one cluster -----------------------------------------------------------------------------------


def one_cluster(
    found: Any, one: Any, tab: str, cards: list[Any], keys: dict[str, str]
) -> list[Component]:
    """Return one cluster: its figures, what can be done to it, exemplars and all its pictures."""
    base = cluster_cards.BASES[tab]
    columns = [name for name, _ in cluster_overview.purity_columns(found)]
    by, purity = cluster_overview.purity_of(found, base, keys["by"], columns)
    near = cluster_noise.groups(found) if cluster_cards.is_noise(one) else []
    parts: list[Component | None] = [
        cluster_page.head(found, one, tab, NAME, keys["by"], gallery_below=not near),
        *cluster_page.figures(found, one, purity.get(int(one.cluster)), by, found.trust(base)),
        cluster_page.acts(found, one, base, cards, services().curation.view(found)),
        cluster_page.exemplars(found, one, STORE),
    ]
    if near:
        parts += unassigned(found, near, keys)
    else:
        parts.append(cluster_page.images(found, one, base, NAME, STORE))
    return [part for part in parts if part is not None]


def unassigned(found: Any, near: list[Any], keys: dict[str, str]) -> list[Component]:
    """Return the unassigned images by the theme each would join, or all of one such group."""
    query = {"set": found.name, "kind": "themes", "cluster": -1}
    group = next((g for g in near if g.theme == whole(keys["near"])), None)
    if group is not None:
        page = whole(keys["page"], 1) or 1
        return cluster_noise.one_group(found, group, STORE, query, page)
    return [cluster_noise.section(found, near, STORE, query)]


def live(keys: dict[str, str]) -> list[Component]:
    """Return the jobs about these clusters that are under way or have just ended."""
    name = choose_set(keys["set"])
    return cluster_jobs.progress(services().jobs.list(), name) if name else []


# -- what a person does, in order ------------------------------------------------------------------


@callback(
    Output(shell.LOCATION, "href", allow_duplicate=True),
    Input(SORT, "value"),
    Input(BY, "value"),
    State(ORDERED, "data"),
    State(cluster_jobs.PLACE, "data"),
    prevent_initial_call=True,
)
def choose(sort: str | None, by: str | None, ordered: dict[str, str], keys: dict[str, str]) -> Any:
    """Go to the same clusters in another order or by another column; pickers that only appeared
    say what is shown already.
    """
    if not sort or not ordered or {"sort": sort, "by": by or "-"} == ordered:
        return no_update
    column = by if by != "-" else ""
    return link("/clusters", set=keys["set"], kind=keys["kind"], sort=sort, by=column)


@callback(
    Output(shell.LOCATION, "href", allow_duplicate=True),
    Input(cluster_crowd.show_id(ALL, ALL), "n_clicks"),
    prevent_initial_call=True,
)
def show_in_explore(clicks: list[int | None]) -> Any:
    """Select the images of a tab or of a group of unassigned ones, and show them on the map."""
    if not any(clicks) or not ctx.triggered or not ctx.triggered[0]["value"]:
        return no_update
    found = services().library.open(ctx.triggered_id["name"])
    rows = cluster_noise.rows_of(found, ctx.triggered_id["rows"])
    made = select(found, "rows", {"rows": rows})
    return link("/explore", set=found.name, sel=made["selection"])


@callback(
    Output(PAGE, "children", allow_duplicate=True),
    Output(TOLD, "children"),
    Input(cluster_acts.DONE, "data"),
    State(cluster_jobs.PLACE, "data"),
    prevent_initial_call=True,
)
def follow(done: dict[str, Any] | None, keys: dict[str, str]) -> Any:
    """Show what an act has changed, and say what it was."""
    if not done:
        return no_update, no_update
    return body(keys), cluster_acts.told(done)


@callback(
    Output(LIVE, "children"),
    Output(PAGE, "children"),
    Input(shell.JOBS, "data"),
    Input(shell.VERSION, "data"),
    State(cluster_jobs.PLACE, "data"),
    State(SHOWN, "data"),
    prevent_initial_call=True,
)
def refresh(
    jobs: str | None, version: str | None, keys: dict[str, str], shown: str | None
) -> tuple[Any, Any]:
    """Show how far the jobs are, and the clusters anew once one has changed them."""
    name = choose_set(keys["set"])
    same = name is not None and state_of(services().library.open(name)) == shown
    return live(keys), no_update if same else body(keys)

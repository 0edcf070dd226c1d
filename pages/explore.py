"""What is in here?"""

from typing import Any

from dash import (
    ALL,
    ClientsideFunction,
    Input,
    Output,
    State,
    callback,
    clientside_callback,
    ctx,
    dcc,
    html,
    no_update,
    register_page,
    set_props,
)
from dash.development.base_component import Component

from components import (
    beside,
    explore_state,
    explore_view,
    filters,
    inspector,
    lineage,
    linked,
    map_view,
    notices,
    pickers,
    scatter,
    search,
    selection_bar,
    shell,
    timeline,
)
from components.explore_state import Explored
from components.state import choose_set, link, services

register_page(__name__, path="/explore", name="Explore", title="Explore · Vitrine", order=1)

PAGE, NOW, SHOWN = "explore-page", "explore-now", "explore-shown"
SELECTION = "explore-selection"
MAP, COLOUR, MAP_SLOT = "explore-map-choice", "explore-colour-choice", "explore-map-slot"
BESIDE, FOLD = "explore-beside-choice", "explore-search-fold"
NOTES = "explore-map-notes"
GALLERY_SLOT = "explore-gallery-slot"
MISSING, COMPUTE = "explore-missing", "explore-compute"
NAME = explore_view.NAME
STORE, QUERY = inspector.store_id(NAME), search.store_id(NAME)
OUTCOME = selection_bar.outcome_id(NAME)
PARTS = "explore-parts"
FIELDS = {
    "parts": PARTS,
    "map": MAP,
    "colour": COLOUR,
    "beside": BESIDE,
    "missing": MISSING,
    "compute": COMPUTE,
}

#: The buttons of the legend.
ENTRIES = {**scatter.entry_id(map_view.MAP, 0), "code": ALL}


@notices.explained
def layout(
    set: str = "", map: str = "", color: str = "", kind: str = "themes", **query: str
) -> Component:
    """Return the page for the keys in the address."""
    keys = {name: query.get(name, "") for name in explore_state.KEYS}
    keys |= {"set": set, "map": map, "color": color, "kind": kind}
    return html.Div([dcc.Store(id=NOW, data=keys), html.Div(body(keys), id=PAGE)])


def body(keys: dict[str, Any]) -> list[Component]:
    """Return the map and the gallery of a set."""
    name = choose_set(keys["set"])
    if name is None:
        return [explore_view.no_set()]
    e = explore_state.read(services().library.open(name), keys)
    keys["sel"] = e.keys["sel"]
    return [
        dcc.Store(id=SELECTION, data=e.selection or {}),
        dcc.Store(id=SHOWN, data={"map": e.map, "color": e.colour, "state": e.state}),
        explore_view.frame(
            notices=[notices.alert(text, "warning") for text in e.told],
            toolbar=explore_view.toolbar(e, FIELDS),
            map_part=html.Div(explore_view.map_part(e, NOTES, SELECTION, STORE), id=MAP_SLOT),
            gallery_part=[
                selection_bar.keeper(NAME, name, SELECTION),
                timeline.fold(e.found, e.colour, explore_view.selected_rows(e.found, e.selection),
                              STORE),
                explore_view.search_fold(e, SELECTION, FOLD),
                html.Div(explore_view.gallery_part(e, STORE), id=GALLERY_SLOT,
                         className="vt-gallery-slot"),
            ],
        ),
        inspector.panel(NAME, name, e.row, actions=search.inspector_actions(NAME)),
    ]  # fmt: skip


def shown_now(keys: dict[str, Any], **over: Any) -> Explored:
    """Return what is shown, from the keys as they were with what has changed since."""
    present = {name: keys.get(name, "") for name in explore_state.KEYS}
    present |= {"cluster": "", "slice": "", "without": "", "within": "", "row": ""}
    found = services().library.open(choose_set(keys["set"]))
    return explore_state.read(found, present | {k: v or "" for k, v in over.items()})


def made_by(column: str, **wanted: Any) -> dict[str, Any]:
    """Return how a selection by a column was made."""
    given = {name: value for name, value in wanted.items() if value is not None}
    return {"how": "filter", "column": column, **given}


def selection_id(selection: dict[str, Any] | None) -> str:
    """Return the id in the page's selection store; "" for none."""
    return str((selection or {}).get("selection") or "")


# -- choosing a map, a colour, a selection ---------------------------------------------------------


@callback(
    output={name: Output(map_view.HOST, name) for name in scatter.ATTRIBUTES},
    inputs=[Input(MAP, "value"), Input(COLOUR, "value"), Input(SELECTION, "data"),
            Input(OUTCOME, "data")],
    state=[State(NOW, "data")],
    prevent_initial_call=True,
)  # fmt: skip
def redraw(
    name: str, colour: str, selection: Any, outcome: Any, keys: dict[str, Any]
) -> dict[str, Any]:
    """Show the chosen map, colour and selection in the hosts that are there, which keep views."""
    e = shown_now(keys, map=name, color=colour, sel=selection_id(selection))
    left, right = explore_state.drawn(e)
    if right is not None:
        for attribute, value in right.items():
            set_props(linked.HOST, {attribute: value})
    elif keys.get("beside"):  # the map chosen cannot stand beside the other one
        set_props(shell.LOCATION, {"href": link("/explore", **{**e.keys, "beside": ""})})
    return left


@callback(
    Output(NOTES, "children"),
    Input(MAP, "value"),
    Input(COLOUR, "value"),
    Input(OUTCOME, "data"),
    State(SELECTION, "data"),
    State(NOW, "data"),
    prevent_initial_call=True,
)
def explain(
    name: str, colour: str, outcome: Any, selection: Any, keys: dict[str, Any]
) -> list[Component]:
    """Show the legend and the caption of the chosen map and colour."""
    return explore_view.notes(shown_now(keys, map=name, color=colour, sel=selection_id(selection)))


@callback(
    Output(ENTRIES, "aria-pressed"),
    Input(SELECTION, "data"),
    State(ENTRIES, "id"),
    State(COLOUR, "value"),
    State(NOW, "data"),
    prevent_initial_call=True,
)
def press(
    selection: Any, entries: list[dict[str, str]], colour: str, keys: dict[str, Any]
) -> list[str]:
    """Tell which categories are selected in the legend that is there, which keeps the focus."""
    if not entries:
        return []
    found = services().library.open(choose_set(keys["set"]))
    rows = explore_view.selected_rows(found, selection)
    pressed = map_view.whole_categories(found.colouring(colour), rows)
    return ["true" if int(entry["code"]) in pressed else "false" for entry in entries]


@callback(
    Output(GALLERY_SLOT, "children"),
    Input(SELECTION, "data"),
    Input(MAP, "value"),
    Input(COLOUR, "value"),
    Input(QUERY, "data"),
    Input(OUTCOME, "data"),
    State(NOW, "data"),
    prevent_initial_call=True,
)
def fill(
    selection: dict[str, Any] | None, name: str, colour: str, query: dict[str, Any] | None,
    outcome: Any, keys: dict[str, Any],
) -> list[Component]:  # fmt: skip
    """Show the selected pictures, or all; links to pages of them keep map and colour."""
    sel, ranked = selection_id(selection), (query or {}).get("query") or ""
    page = keys.get("page") if (sel, ranked) == (keys["sel"], keys.get("query") or "") else ""
    e = shown_now(keys, map=name, color=colour, sel=sel, query=ranked, page=page)
    return explore_view.gallery_part(e, STORE)


@callback(
    Output(SELECTION, "data", allow_duplicate=True),
    Input(ENTRIES, "n_clicks"),
    State(COLOUR, "value"),
    State(SELECTION, "data"),
    State(NOW, "data"),
    prevent_initial_call=True,
)
def select_category(
    clicks: list[int | None], colour: str, selection: dict[str, Any] | None, keys: dict[str, Any]
) -> Any:
    """Select the category whose legend entry was clicked, or take it off if it is selected."""
    if not ctx.triggered or not ctx.triggered[0]["value"]:
        return no_update  # a legend that only just appeared
    found = services().library.open(choose_set(keys["set"]))
    code, colouring = int(ctx.triggered_id["code"]), found.colouring(colour)
    rows = explore_view.selected_rows(found, selection)
    pressed = map_view.whole_categories(colouring, rows)
    if pressed == {code}:
        return None
    on = code in pressed
    return services().selections.choose(
        found.key, len(found.items), map_view.rows_of(colouring, code),
        made_by(colour, names=[map_view.entry_label(colouring, code)]),
        base=selection_id(selection) if on else None, mode="subtract" if on else "replace",
    )  # fmt: skip


@callback(
    Output(SELECTION, "data", allow_duplicate=True),
    Input(OUTCOME, "data"),
    prevent_initial_call=True,
)
def follow(outcome: dict[str, Any] | None) -> Any:
    """Take over the selection that an act of the bar has made."""
    return outcome["selection"] if outcome and "selection" in outcome else no_update


@callback(
    Output(COLOUR, "options"),
    Output(filters.COLUMN, "options"),
    Input(OUTCOME, "data"),
    State(NOW, "data"),
    prevent_initial_call=True,
)
def list_columns(outcome: dict[str, Any] | None, keys: dict[str, Any]) -> Any:
    """Offer the columns that decisions have made or changed."""
    if not outcome or "curation" not in outcome:
        return no_update, no_update
    e = shown_now(keys)
    return pickers.column_options(e.columns), pickers.column_options(explore_view.own_columns(e))


@callback(
    Output(filters.FIELDS, "children"),
    Input(filters.COLUMN, "value"),
    State(NOW, "data"),
    prevent_initial_call=True,
)
def ask(column: str, keys: dict[str, Any]) -> list[Component]:
    """Show the fields that suit the column to filter by."""
    return filters.fields(services().library.open(choose_set(keys["set"])), column)


@callback(
    Output(SELECTION, "data", allow_duplicate=True),
    Input(filters.APPLY, "n_clicks"),
    State(filters.COLUMN, "value"),
    State(filters.NAMES, "value"),
    State(filters.LOW, "value"),
    State(filters.HIGH, "value"),
    State(filters.TEXT, "value"),
    State(filters.KNOWN, "value"),
    State(filters.WITHIN, "value"),
    State(SELECTION, "data"),
    State(NOW, "data"),
    prevent_initial_call=True,
)
def filter_images(
    clicks: int | None, column: str, names: list[str], low: Any, high: Any, text: str,
    known: str, within: bool, selection: dict[str, Any] | None, keys: dict[str, Any],
) -> Any:  # fmt: skip
    """Select the images that the filter asks for."""
    if not clicks:
        return no_update
    found = services().library.open(choose_set(keys["set"]))
    wanted = filters.wanted(names, low, high, text, known)
    base = selection_id(selection) if within else ""
    return services().selections.choose(
        found.key, len(found.items), found.filter(column, **wanted), made_by(column, **wanted),
        base=base or None, mode="intersect" if base else "replace",
    )  # fmt: skip


@callback(Output(FOLD, "open"), Input(QUERY, "data"), prevent_initial_call=True)
def unfold(query: dict[str, Any] | None) -> Any:
    """Open the search when one has begun elsewhere, as in the inspector."""
    return True if query and query.get("query") else no_update


clientside_callback(
    ClientsideFunction("vitrine", "reflect"),
    Output(NOW, "data"),
    Input(MAP, "value"),
    Input(COLOUR, "value"),
    Input(SELECTION, "data"),
    Input(STORE, "data"),
    Input(QUERY, "data"),
    State(NOW, "data"),
    State(SHOWN, "data"),
    prevent_initial_call=True,
)

timeline.wire(SELECTION, COLOUR, NOW)

# -- another map, and what jobs change -------------------------------------------------------------


@callback(
    Output(shell.LOCATION, "href", allow_duplicate=True),
    Input(BESIDE, "value"),
    State(NOW, "data"),
    prevent_initial_call=True,
)
def compare(value: str | None, keys: dict[str, Any]) -> Any:
    """Show another map beside this one, or this one alone again."""
    e = shown_now(keys)
    wanted = "" if value in {None, beside.NOTHING} else value
    if wanted == (e.beside.value if e.beside else ""):
        return no_update  # the choice only just appeared
    colour = "" if keys["color"] == beside.AGREEMENT and not wanted else keys["color"]
    return link("/explore", **{**e.keys, "beside": wanted, "color": colour})


@callback(
    Output(shell.NUDGE, "data", allow_duplicate=True),
    Input(COMPUTE, "n_clicks"),
    State(MISSING, "value"),
    State(NOW, "data"),
    prevent_initial_call=True,
)
def compute(clicks: int | None, name: str | None, keys: dict[str, Any]) -> Any:
    """Start the job that adds a map to the set or part."""
    if not clicks or not name:
        return no_update
    found = services().library.open(choose_set(keys["set"]))
    wanted = {**found.request, "maps": [name.removesuffix("3d")],
              "dims": 3 if name.endswith("3d") else 2}  # fmt: skip
    title = f"{pickers.map_name(name)} map of {found.title}"
    return services().jobs.submit("part" if found.is_part else "run", wanted, title).id


@callback(
    Output(PAGE, "children"),
    Input(shell.VERSION, "data"),
    State(NOW, "data"),
    State(SHOWN, "data"),
    prevent_initial_call=True,
)
def refresh(changed: str | None, keys: dict[str, Any], shown: dict[str, Any] | None) -> Any:
    """Show the page anew when a job has changed this set; other sets leave it as it is."""
    name = choose_set(keys["set"])
    if name and shown and explore_state.state_of(services().library.open(name)) == shown["state"]:
        return no_update
    return body(keys)


@callback(
    Output(PARTS, "children"),
    Input(shell.VERSION, "data"),
    State(NOW, "data"),
    prevent_initial_call=True,
)
def list_parts(changed: str | None, keys: dict[str, Any]) -> Any:
    """List the parts of the set, one of which a job may have made."""
    found = services().library.open(choose_set(keys["set"]))
    return lineage.parts_menu(found, services().library.parts(found.name))

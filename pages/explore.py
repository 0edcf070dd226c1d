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
)
from dash.development.base_component import Component

from components import (
    explore_view,
    filters,
    inspector,
    map_view,
    notices,
    pickers,
    scatter,
    shell,
)
from components.notices import button_link
from components.state import choose_set, chosen, services, whole
from components.words import map_name
from core.errors import NotFoundError

register_page(__name__, path="/explore", name="Explore", title="Explore · Vitrine", order=1)

PAGE, NOW, SHOWN = "explore-page", "explore-now", "explore-shown"
SELECTION = "explore-selection"
MAP, COLOUR, MAP_SLOT = "explore-map-choice", "explore-colour-choice", "explore-map-slot"
NOTES = "explore-map-notes"
GALLERY_SLOT, CLEAR = "explore-gallery-slot", explore_view.CLEAR
MISSING, COMPUTE = "explore-missing", "explore-compute"
NAME = "explore"
STORE = inspector.store_id(NAME)

#: The buttons of the legend.
ENTRIES = {**scatter.entry_id(map_view.MAP, 0), "code": ALL}

#: Items below which every map is only a line of points (core.maps.projection).
FEWEST = 5


@notices.explained
def layout(
    set: str = "", map: str = "", color: str = "", sel: str = "", row: str = "",
    cluster: str = "", kind: str = "themes", view: str = "", page: str = "", **query: str,
) -> Component:  # fmt: skip
    """Return the page for the keys in the address."""
    keys = {"set": set, "map": map, "color": color, "sel": sel, "row": row,
            "cluster": cluster, "kind": kind, "view": view, "page": page}  # fmt: skip
    return html.Div([dcc.Store(id=NOW, data=keys), html.Div(body(keys), id=PAGE)])


def body(keys: dict[str, Any]) -> list[Component]:
    """Return the map and the gallery of a set."""
    name = choose_set(keys["set"])
    if name is None:
        return [no_set()]
    found = services().library.open(name)
    told: list[str] = []
    maps = map_view.flat_maps(found.projections)
    columns = found.columns()
    current = known(keys["map"], maps, "map", told)
    names = [c.name for c in columns]
    colour = known(keys["color"], names, "column", told, chosen("cluster", names, "label"))
    selection = selected(found, keys, told)
    row = whole(keys["row"])
    if keys["row"] and (row is None or not 0 <= row < len(found.items)):
        told.append(f"There is no image {keys['row']} in {name}.")
        row = None
    return [
        dcc.Store(id=SELECTION, data=selection or {}),
        dcc.Store(id=SHOWN, data={"map": current, "color": colour}),
        explore_view.frame(
            notices=[notices.alert(text, "warning") for text in told],
            toolbar=toolbar(found, maps, current, columns, colour),
            map_part=html.Div(map_part(found, current, colour, selection, row), id=MAP_SLOT),
            gallery_part=html.Div(
                explore_view.gallery_part(found, selection, keys, STORE, services().selections),
                id=GALLERY_SLOT,
            ),
        ),
        inspector.panel(NAME, name, row),
    ]


def known(
    value: str, among: list[str], noun: str, told: list[str], default: str | None = None
) -> str | None:
    """Return the value if it exists, else the default, noting what was not there."""
    if value and value not in among:
        told.append(f"This set has no {noun} “{value}”; showing another one instead.")
    return chosen(value, among, default)


def selected(found: Any, keys: dict[str, Any], told: list[str]) -> dict[str, Any] | None:
    """Return the selection that the address names, by its id or as a cluster."""
    board = services().selections
    try:
        if keys["cluster"]:
            label = whole(keys["cluster"], -2)
            rows = found.cluster_rows(label, keys["kind"])
            made = {"how": "cluster", "cluster": label, "kind": keys["kind"]}
            keys["sel"] = board.save(found.key, rows, made)
        elif keys["sel"]:
            rows = board.load(keys["sel"], found.key)
        else:
            return None
    except NotFoundError as error:
        told.append(f"{str(error)[:1].upper()}{str(error)[1:]}. Showing all images.")
        return None
    return {"selection": keys["sel"], "count": len(rows), "total": len(found.items)}


def no_set() -> Component:
    """Return the page of an empty workspace."""
    empty = notices.empty_state(
        "Nothing to explore yet", "Add a folder of images, or open the sample set.",
        button_link("Add a set", "/", primary=True), heading=html.H1,
    )  # fmt: skip
    return html.Div(empty, className="vt-page")


def toolbar(
    found: Any, maps: list[str], current: str | None, columns: list[Any], colour: str | None
) -> list[Component]:
    """Return the pickers above the map."""
    usable = len(found.items) > 0
    missing = pickers.missing_maps(maps) if len(found.items) >= FEWEST else []
    return [
        html.H1(found.name, className="vt-toolbar-title"),
        html.Div(pickers.map_picker(MAP, maps, current), hidden=not (maps and usable)),
        html.Div(pickers.colour_picker(COLOUR, columns, colour), hidden=not (maps and usable)),
        filters.panel(found, columns if usable else [], colour),
        explore_view.compute_map(MISSING, COMPUTE, missing),
    ]


def map_part(
    found: Any, name: str | None, colour: str | None, selection: Any, row: int | None = None
) -> list[Component]:
    """Return the map with its legend and caption, or why there is none."""
    if name is None or not len(found.items):
        return [no_map(found)]
    shown = map_view.shown(found, name, colour, selection)
    return [
        map_view.host(found, shown, SELECTION, STORE, row),
        html.Div(map_view.notes(found, name, colour, selected_rows(found, selection)), id=NOTES),
    ]


def no_map(found: Any) -> Component:
    """Return why a set has no map to draw, and what to do."""
    if not len(found.items):
        return notices.empty_state(
            "This set is empty",
            "Its source held nothing that could be used. The reasons, file by file, are on the "
            "set's card." if len(found.broken) else "Its source held no image at all.",
            button_link("See the set", "/", primary=True),
        )  # fmt: skip
    deep = [map_name(n) for n in found.projections if n.endswith("3d")]
    if deep:
        return notices.empty_state(
            "No map in two dimensions yet",
            f"{map_view.deep_note(deep)} Choose one above and compute it.",
            button_link("See the jobs", "/jobs"),
        )
    return notices.empty_state(
        "No map yet", "Its map is being computed, or no run has finished. The gallery works "
        "already.", button_link("See the jobs", "/jobs"),
    )  # fmt: skip


def selected_rows(found: Any, selection: dict[str, Any] | None) -> Any:
    """Return the rows of a selection; None for no selection, or one that is gone."""
    if not selection or not selection.get("selection"):
        return None
    try:
        return services().selections.load(selection["selection"], found.key)
    except NotFoundError:
        return None


# -- choosing a map, a colour, a selection ---------------------------------------------------------


@callback(
    output={name: Output(map_view.HOST, name) for name in scatter.ATTRIBUTES},
    inputs=[Input(MAP, "value"), Input(COLOUR, "value"), Input(SELECTION, "data")],
    state=[State(NOW, "data")],
    prevent_initial_call=True,
)
def redraw(name: str, colour: str, selection: Any, keys: dict[str, Any]) -> dict[str, Any]:
    """Show the chosen map, colour and selection in the host that is there, which keeps its view."""
    found = services().library.open(choose_set(keys["set"]))
    return map_view.shown(found, name, colour, selection)


@callback(
    Output(NOTES, "children"),
    Input(MAP, "value"),
    Input(COLOUR, "value"),
    State(SELECTION, "data"),
    State(NOW, "data"),
    prevent_initial_call=True,
)
def explain(name: str, colour: str, selection: Any, keys: dict[str, Any]) -> list[Component]:
    """Show the legend and the caption of the chosen map and colour."""
    found = services().library.open(choose_set(keys["set"]))
    return map_view.notes(found, name, colour, selected_rows(found, selection))


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
    rows = selected_rows(found, selection)
    pressed = map_view.whole_categories(found.colouring(colour), rows)
    return ["true" if int(entry["code"]) in pressed else "false" for entry in entries]


@callback(
    Output(GALLERY_SLOT, "children"),
    Input(SELECTION, "data"),
    Input(MAP, "value"),
    Input(COLOUR, "value"),
    State(NOW, "data"),
    prevent_initial_call=True,
)
def fill(
    selection: dict[str, Any] | None, name: str, colour: str, keys: dict[str, Any]
) -> list[Component]:
    """Show the selected pictures, or all; links to pages of them keep map and colour."""
    found = services().library.open(choose_set(keys["set"]))
    same = (selection or {}).get("selection", "") == keys["sel"]
    now = {**keys, "map": name, "color": colour, "page": keys["page"] if same else ""}
    return explore_view.gallery_part(found, selection, now, STORE, services().selections)


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
    code = int(ctx.triggered_id["code"])
    pressed = map_view.whole_categories(found.colouring(colour), selected_rows(found, selection))
    if pressed == {code}:
        return None
    on = code in pressed
    return services().selections.choose(
        found.key, len(found.items), map_view.rows_of(found.colouring(colour), code),
        {"how": f"legend of {colour}", "code": code},
        base=(selection or {}).get("selection") if on else None,
        mode="subtract" if on else "replace",
    )  # fmt: skip


@callback(Output(SELECTION, "data"), Input(CLEAR, "n_clicks"), prevent_initial_call=True)
def clear(clicks: int | None) -> Any:
    """Clear the selection."""
    return None if clicks else no_update


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
    State(filters.WITHIN, "value"),
    State(SELECTION, "data"),
    State(NOW, "data"),
    prevent_initial_call=True,
)
def filter_images(
    clicks: int | None, column: str, names: list[str], low: Any, high: Any, text: str,
    within: bool, selection: dict[str, Any] | None, keys: dict[str, Any],
) -> Any:  # fmt: skip
    """Select the images that the filter asks for."""
    if not clicks:
        return no_update
    found = services().library.open(choose_set(keys["set"]))
    rows = found.filter(column, **filters.wanted(names, low, high, text))
    base = (selection or {}).get("selection") if within else None
    return services().selections.choose(
        found.key, len(found.items), rows, {"how": "filter", "column": column},
        base=base, mode="intersect" if base else "replace",
    )  # fmt: skip


clientside_callback(
    ClientsideFunction("vitrine", "reflect"),
    Output(NOW, "data"),
    Input(MAP, "value"),
    Input(COLOUR, "value"),
    Input(SELECTION, "data"),
    Input(STORE, "data"),
    State(NOW, "data"),
    State(SHOWN, "data"),
    prevent_initial_call=True,
)

# -- another map, and what jobs change -------------------------------------------------------------


@callback(
    Output(shell.NUDGE, "data", allow_duplicate=True),
    Input(COMPUTE, "n_clicks"),
    State(MISSING, "value"),
    State(NOW, "data"),
    prevent_initial_call=True,
)
def compute(clicks: int | None, method: str | None, keys: dict[str, Any]) -> Any:
    """Start the job that adds a map to the set."""
    if not clicks or not method:
        return no_update
    found = services().library.open(choose_set(keys["set"]))
    wanted = {**found.request, "maps": [method], "dims": 2}
    title = f"{pickers.map_name(method)} map of {found.name}"
    return services().jobs.submit("run", wanted, title).id


@callback(
    Output(PAGE, "children"),
    Input(shell.VERSION, "data"),
    State(NOW, "data"),
    prevent_initial_call=True,
)
def refresh(changed: str | None, keys: dict[str, Any]) -> list[Component]:
    """Show the page anew, where one is, when a job has changed the set."""
    return body(keys)

"""What have I put aside, and what have I decided?"""

from typing import Any

from dash import ALL, Input, Output, State, callback, ctx, dcc, html, no_update, register_page
from dash.development.base_component import Component

from components import export_menu, notices, shell, slice_views
from components.notices import button_link
from components.state import choose_set, link, services

register_page(__name__, path="/slices", name="Slices", title="Slices · Vitrine", order=3)

PAGE, PLACE = "slices-page", "slices-place"
UNDO, REDO = "slices-undo", "slices-redo"
FIRST, SECOND = "slices-first", "slices-second"
HISTORY = 200


@notices.explained
def layout(set: str = "", a: str = "", b: str = "", of: str = "", **query: str) -> Component:
    """Return the page for the keys in the address."""
    keys = {"set": set, "a": a, "b": b, "of": of}
    return html.Div(
        [dcc.Store(id=PLACE, data=keys), html.Div(body(keys), id=PAGE)], className="vt-page"
    )


def body(keys: dict[str, str]) -> list[Component]:
    """Return the slices and the history of a set."""
    name = choose_set(keys["set"])
    if name is None:
        return [html.H1("Slices"), notices.empty_state(
            "No set yet", "Add a set first; what you choose and decide is kept here.",
            button_link("Add a set", "/", primary=True),
        )]  # fmt: skip
    found = services().library.open(name).base
    view = services().curation.view(found)
    of = keys["of"] if keys["of"] in {one.name for one in view.slices} else ""
    lines = view.history(HISTORY, slice=of or None)
    parts = [
        html.Div(
            [html.H1(f"Slices of {found.name}"), slice_views.steps(view, UNDO, REDO)],
            className="vt-page-head vt-bar-line",
        ),
        slice_views.working(found, view),
        slice_views.cards(found, view.slices) if view.slices else slice_views.nothing(found),
        *compared(found, view, keys),
        html.H2(f"History of {of}" if of else "History"),
        dcc.Link("The whole history", href=link("/slices", set=found.name)) if of else None,
        slice_views.history(lines) if lines else notices.hint("Nothing was decided yet."),
        export_menu.menu(found, None, "slices"),
    ]
    return [part for part in parts if part is not None]


def compared(found: Any, view: Any, keys: dict[str, str]) -> list[Component]:
    """Return the comparison of two slices, where there are two."""
    names = [one.name for one in view.slices]
    if len(names) < 2:
        return []
    first = keys["a"] if keys["a"] in names else names[0]
    second = keys["b"] if keys["b"] in names else next(n for n in names if n != first)
    return [
        html.H2("Two slices compared"),
        slice_views.chooser(view.slices, first, second, (FIRST, SECOND)),
        slice_views.comparison(found, view.slice(first), view.slice(second)),
    ]


@callback(
    Output(shell.LOCATION, "href", allow_duplicate=True),
    Input(FIRST, "value"),
    Input(SECOND, "value"),
    State(PLACE, "data"),
    prevent_initial_call=True,
)
def compare(first: str, second: str, keys: dict[str, str]) -> Any:
    """Go to the comparison of two slices; pickers that only appeared do nothing."""
    if not ctx.triggered or len(ctx.triggered) > 1:
        return no_update
    return link("/slices", set=keys["set"], a=first, b=second)


@callback(
    Output(PAGE, "children", allow_duplicate=True),
    Input(UNDO, "n_clicks"),
    Input(REDO, "n_clicks"),
    State(PLACE, "data"),
    prevent_initial_call=True,
)
def step(undo: int | None, redo: int | None, keys: dict[str, str]) -> Any:
    """Take back the last act, or do it again."""
    if not (undo if ctx.triggered_id == UNDO else redo):
        return no_update
    found = services().library.open(choose_set(keys["set"])).base
    desk = services().curation
    (desk.undo if ctx.triggered_id == UNDO else desk.redo)(found)
    return body(keys)


@callback(
    Output(PAGE, "children", allow_duplicate=True),
    Input(slice_views.part("rename", ALL), "n_clicks"),
    State(slice_views.part("new-name", ALL), "value"),
    State(slice_views.part("new-name", ALL), "id"),
    State(PLACE, "data"),
    prevent_initial_call=True,
)
def rename(
    clicks: list[int | None], names: list[str], ids: list[dict[str, str]], keys: dict[str, str]
) -> Any:
    """Give a slice the name in its field."""
    if not ctx.triggered or not ctx.triggered[0]["value"]:
        return no_update
    old = ctx.triggered_id["name"]
    new = next(text for text, one in zip(names, ids, strict=True) if one["name"] == old)
    if (new or "").strip() != old:
        found = services().library.open(choose_set(keys["set"])).base
        services().curation.act(found, "slice.rename", name=old, to=(new or "").strip())
    return body(keys)


@callback(
    Output(PAGE, "children", allow_duplicate=True),
    Input(slice_views.part("delete", ALL), "n_clicks"),
    State(PLACE, "data"),
    prevent_initial_call=True,
)
def delete(clicks: list[int | None], keys: dict[str, str]) -> Any:
    """Delete a slice; undo brings it back."""
    if not ctx.triggered or not ctx.triggered[0]["value"]:
        return no_update
    found = services().library.open(choose_set(keys["set"])).base
    services().curation.act(found, "slice.delete", name=ctx.triggered_id["name"])
    return body(keys)


@callback(
    Output(PAGE, "children"),
    Input(shell.VERSION, "data"),
    State(PLACE, "data"),
    prevent_initial_call=True,
)
def refresh(changed: str | None, keys: dict[str, str]) -> list[Component]:
    """Show the page anew when a job has changed the set."""
    return body(keys)

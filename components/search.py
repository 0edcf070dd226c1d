"""Search by picture and words: the examples, how far all images are, and where "similar" ends.

The page puts `panel` on itself and `inspector_actions` into its inspector, and follows the store
`store_id(name)`: `{"query": id, "positives": [rows], "negatives": [rows], "pictures": [ids],
"words": [texts], "unwords": [texts], "templates": [texts], "every": bool}`, or {} or None without a
search. `assets/search.js` takes dropped, pasted and chosen pictures, and typed words.
"""

import json
from collections.abc import Sequence
from typing import Any

from dash import ALL, MATCH, Input, Output, State, callback, ctx, dcc, html, no_update
from dash.development.base_component import Component

from components import inspector, search_words
from components.attributes import attrs
from components.search_chart import chart, count_text, distance_field, moved
from components.state import captions, has_pictures, link, noun, services
from core.encoders.prompts import has_text

_SIDES = {"positives": "+", "negatives": "−", "pictures": "+", "words": "+", "unwords": "−"}


def store_id(name: Any) -> dict[str, Any]:
    """Return the id of the store that holds a page's search."""
    return _id("query", name)


def _id(part: str, name: Any, **more: Any) -> dict[str, Any]:
    return {"component": "search", "part": part, "name": name, **more}


def panel(
    found: Any, query: Any, name: str, selection_store: Any, speaking: Sequence[Any] = ()
) -> Component:
    """Return the search area of a page.

    Parameters
    ----------
    found
        The open set or part.
    query
        What the search in the page's address found (`core.search.Found`); None without one.
    name
        The page's name for its components.
    selection_store
        The id of the store that receives "Select these".
    speaking
        Open sets of the same items that can be searched by words where this one cannot.
    """
    usable = found.spec.model_type != "given"
    if usable and has_text(found.spec):
        words = search_words.box(lambda part: _id(part, name), query.templates if query else ())
    else:
        words = search_words.cannot(found, speaking)
    return html.Section(
        [
            dcc.Store(id=store_id(name), data=query.definition() if query else {}),
            dcc.Store(id=_id("set", name), data=found.name),
            words,
            _drop_target(usable),
            html.Div(className="vt-search-status", role="status"),
            html.Div(results(found, query, name), id=_id("body", name), className="vt-search-body"),
        ],
        className="vt-search",
        **attrs(
            aria_label="Search by picture or words",
            data_search_set=found.name,
            data_search_store=json.dumps(store_id(name)),
            data_selection_store=json.dumps(selection_store),
            data_search_usable="1" if usable else "",
        ),
    )


def _drop_target(usable: bool) -> Component:
    """Return where a picture is given, or why none can be."""
    if not usable:
        return html.P(
            "These vectors came without their encoder, so a new picture cannot be put among "
            "them. “More like this” in the inspector works.",
            className="vt-hint",
        )
    choose = html.Button(
        "Choose a picture", type="button", className="btn btn-quiet btn-sm",
        **attrs(data_search_choose="1"),
    )  # fmt: skip
    return html.Div(["Drop or paste a picture, or", choose], className="vt-search-drop")


def results(found: Any, query: Any, name: str) -> list[Component]:
    """Return the examples of a search, the histogram of distances and what can be done."""
    if query is None:
        return [
            html.P(
                f"Ranks all {noun(found)}s by how alike they are to words, to a picture, or to one "
                "of the set: press “More like this” in the inspector.",
                className="vt-hint",
            )
        ]
    start, one = query.begin, noun(found)
    clear = html.Button(
        "End search", id=_id("clear", name), type="button", className="btn btn-quiet btn-sm"
    )
    select = html.Button(
        "Select these", type="button", className="btn btn-primary btn-sm",
        **attrs(data_search_select="1"),
    )  # fmt: skip
    return [
        html.Ul(_chips(found, query, name), className="vt-search-chips",
                **attrs(aria_label="Searched with")),
        search_words.together(_id("every", name), query) or html.Div(hidden=True),
        chart(name, query, start, one),
        distance_field(_id("distance", name), query, start, one),
        html.P(count_text(query, start, one), id=_id("count", name), className="vt-small",
               role="status"),
        html.Div([select, clear], className="vt-actions"),
        html.Div(hidden=True, **attrs(data_search_state=json.dumps(query.definition()))),
    ]  # fmt: skip


def _chips(found: Any, query: Any, name: str) -> list[Component]:
    """Return the examples, each with a button that takes it out."""
    chips = [_chip(name, "pictures", key, "the picture given",
                   html.Img(src=link(f"/api/search/picture/{key}/thumb", set=found.name),
                            alt="", className="vt-thumb"))
             for key in query.pictures]  # fmt: skip
    pictures = has_pictures(found)
    for side in ("positives", "negatives"):
        rows = list(getattr(query, side))
        for row, word in zip(rows, captions(found, rows), strict=True):
            told = f"image {row}" if pictures else f"vector {row}"
            address = f"/thumb/{found.items['item_id'].iat[row]}"
            shown = (
                html.Img(src=address, alt="", className="vt-thumb")
                if pictures
                else html.Span(word or f"no. {row}", className="vt-word")
            )
            chips.append(_chip(name, side, str(row), told, shown))
    for side in ("words", "unwords"):
        for text in getattr(query, side):
            shown = html.Span(text, className="vt-word")
            chips.append(_chip(name, side, text, f"“{text}”", shown))
    return chips


def _chip(name: str, side: str, what: str, told: str, shown: Component) -> Component:
    """Return one example: its sign, its picture, and the button that takes it out."""
    unlike = _SIDES[side] == "−"
    remove = html.Button(
        "×", id=_id("remove", name, side=side, what=what), type="button",
        className="vt-search-remove", **attrs(aria_label=f"Take {told} out of the search"),
    )  # fmt: skip
    return html.Li(
        [
            html.Span(_SIDES[side], className="vt-search-sign", **attrs(aria_hidden="true")),
            html.Span(f"{'Less' if unlike else 'More'} like {told}", className="visually-hidden"),
            shown,
            remove,
        ],
        className="vt-search-chip vt-search-unlike" if unlike else "vt-search-chip",
    )


def inspector_actions(name: str) -> Component:
    """Return the buttons that take the inspected item into the search, for the inspector."""
    buttons = [
        html.Button(text, id=_id(part, name), type="button", className="btn btn-quiet btn-sm")
        for part, text in (("more", "More like this"), ("less", "Less like this"))
    ]
    return html.Div(buttons, className="vt-actions vt-search-actions")


# -- what a person changes -------------------------------------------------------------------------


def with_row(query: dict[str, Any] | None, row: int, less: bool) -> dict[str, Any]:
    """Return the examples of a search with a row added on one side, and gone from the other."""
    examples = _examples(query)
    to, other = ("negatives", "positives") if less else ("positives", "negatives")
    examples[to] = sorted({*examples[to], row})
    examples[other] = [kept for kept in examples[other] if kept != row]
    return examples


def without(query: dict[str, Any] | None, side: str, what: str) -> dict[str, Any] | None:
    """Return the examples without one; None if nothing to be like is left."""
    examples = _examples(query)
    examples[side] = [kept for kept in examples[side] if str(kept) != what]
    wanted = any(examples[side] for side in ("positives", "pictures", "words"))
    return examples if wanted else None


def _examples(query: dict[str, Any] | None) -> dict[str, Any]:
    known = query or {}
    examples: dict[str, Any] = {side: list(known.get(side) or []) for side in _SIDES}
    if examples["words"] or examples["unwords"]:
        examples["templates"] = list(known.get("templates") or [])
    if known.get("every"):
        examples["every"] = True
    return examples


def _start(set_name: str, examples: dict[str, Any] | None) -> dict[str, Any] | None:
    """Search with examples and return what the store gets; None ends the search."""
    if examples is None:
        return None
    opened = services().library.open(set_name)
    made: dict[str, Any] = services().search.start(opened, **examples).definition()
    return made


@callback(
    Output(store_id(MATCH), "data", allow_duplicate=True),
    Input(_id("more", MATCH), "n_clicks"),
    Input(_id("less", MATCH), "n_clicks"),
    State(inspector.store_id(MATCH), "data"),
    State(store_id(MATCH), "data"),
    State(_id("set", MATCH), "data"),
    prevent_initial_call=True,
)
def like_this(more: Any, less: Any, inspected: Any, query: Any, set_name: str) -> Any:
    """Take the inspected item into the search."""
    row = (inspected or {}).get("row")
    if not (ctx.triggered and ctx.triggered[0]["value"]) or row is None:
        return no_update
    return _start(set_name, with_row(query, int(row), ctx.triggered_id["part"] == "less"))


@callback(
    Output(store_id(MATCH), "data", allow_duplicate=True),
    Input(_id("remove", MATCH, side=ALL, what=ALL), "n_clicks"),
    State(store_id(MATCH), "data"),
    State(_id("set", MATCH), "data"),
    prevent_initial_call=True,
)
def take_out(clicks: list[int | None], query: Any, set_name: str) -> Any:
    """Take an example out of the search; the last one to be like ends it."""
    if not ctx.triggered or not ctx.triggered[0]["value"]:
        return no_update  # chips that only just appeared
    gone = ctx.triggered_id
    return _start(set_name, without(query, gone["side"], gone["what"]))


@callback(
    Output(store_id(MATCH), "data", allow_duplicate=True),
    Input(_id("clear", MATCH), "n_clicks"),
    prevent_initial_call=True,
)
def end(clicks: int | None) -> Any:
    """End the search."""
    return None if clicks else no_update


@callback(
    Output(_id("body", MATCH), "children"),
    Input(store_id(MATCH), "data"),
    State(_id("set", MATCH), "data"),
    State(store_id(MATCH), "id"),
    prevent_initial_call=True,
)
def show(data: dict[str, Any] | None, set_name: str, store: dict[str, Any]) -> list[Component]:
    """Show what the search found."""
    found = services().library.open(set_name)
    query = services().search.found(found, data["query"]) if data and data.get("query") else None
    return results(found, query, store["name"])


@callback(
    Output({"component": "figure", "part": "graph", "name": MATCH}, "figure", allow_duplicate=True),
    Output(_id("count", MATCH), "children"),
    Input(_id("distance", MATCH), "value"),
    State(store_id(MATCH), "data"),
    State(_id("set", MATCH), "data"),
    prevent_initial_call=True,
)
def move(value: Any, data: dict[str, Any] | None, set_name: str) -> tuple[Any, Any]:
    """Move the line where "similar" ends, and count what is nearer."""
    if value in (None, "") or not data or not data.get("query"):
        return no_update, no_update
    opened = services().library.open(set_name)
    query = services().search.found(opened, data["query"])
    return moved(float(value)), count_text(query, float(value), noun(opened))

"""The bar over the gallery: how much is selected, and all that can be done with it."""

from collections.abc import Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import ALL, MATCH, Input, Output, State, callback, ctx, dcc, html, no_update, set_props
from dash.development.base_component import Component

from components import gallery, selection_acts, shell
from components.attributes import attrs
from components.selection_ops import EXCLUDED, WORKING
from components.state import link, noun
from components.words import MAP_NAMES, number, plural

#: Nearest images asked for at first.
NEAREST = 50

#: Reasons offered before anyone has given one.
REASONS = ("blurred", "duplicate", "wrong label", "not of interest")


def _id(part: str, name: Any) -> dict[str, Any]:
    return {"component": "selection-bar", "part": part, "name": name}


def outcome_id(name: Any) -> dict[str, Any]:
    """Return the id of the store that says what the last act changed.

    It holds {"message", "at"}, with "selection" ({"selection", "count", "total"} or None) where
    the selection changed, and "curation" (the number of the log's last event) where the log did.
    """
    return _id("outcome", name)


def ticks_id(name: Any) -> dict[str, Any]:
    """Return the id of the store of what is ticked in the gallery."""
    return _id("ticks", name)


def act_id(act: Any, name: Any, at: Any = "bar") -> dict[str, Any]:
    """Return the id of a button; `at` tells those of the same act apart."""
    return {**_id("act", name), "act": act, "at": at}


def field_id(field: Any, name: Any) -> dict[str, Any]:
    """Return the id of a field of the bar."""
    return {**_id("field", name), "field": field}


# -- what stays on the page ------------------------------------------------------------------------


def keeper(name: str, set_name: str, selection_store: Any) -> Component:
    """Return what the bar needs on the page once, outside of what is drawn anew: its stores, the
    status line, the bar of what is ticked, and what the keys x, k, z and Z press.
    """
    keys = [("exclude", "x"), ("keep", "k"), ("undo", "z"), ("redo", "Z")]
    pressed = [
        html.Button(act, id=act_id(act, name, "key"), type="button", **attrs(data_vt_key=key))
        for act, key in keys
    ]
    ticked = [
        _button("Exclude", "exclude", name, at="ticks"),
        _button("Keep", "keep", name, at="ticks"),
    ]
    return html.Div(
        [
            dcc.Store(id=outcome_id(name), data={}),
            dcc.Store(id=ticks_id(name)),
            html.Div(id=_id("told", name), className="vt-told", role="status"),
            gallery.ticks_bar(name, set_name, ticks_id(name), selection_store, *ticked),
            html.Div(pressed, hidden=True),
        ],
        className="vt-bar-keeper",
    )


def told(outcome: selection_acts.Outcome, name: str) -> list[Component]:
    """Return the status line after an act: what it did, and the way back or on."""
    parts: list[Component] = [html.Span(outcome.message)]
    if outcome.again:
        word = "Undo" if outcome.again == "undo" else "Do again"
        parts.append(_button(word, outcome.again, name, at="told", look="btn-link"))
    if outcome.way:
        parts.append(dcc.Link(outcome.way[0], href=outcome.way[1]))
    return parts


# -- the bar ---------------------------------------------------------------------------------------


def bar(
    found: Any,
    selection: dict[str, Any] | None,
    view: Any,
    name: str,
    *,
    export: Component | None = None,
    tail: Sequence[Component] = (),
) -> Component:
    """Return the bar of an open set and what is selected in it.

    Parameters
    ----------
    found
        The open set or part.
    selection
        {"selection", "count", "total"}; None or {} where nothing is selected.
    view
        What was decided about it, as `services().curation.view(found)` gives it.
    name
        Whose bar it is; that of the gallery and of the `keeper`.
    export
        What is offered to write files, if anything.
    tail
        What stands at the end of its first line: how the gallery is shown.
    """
    chosen = selection if selection and selection.get("selection") else None
    shown = [_show(found, view, name)]
    if chosen:
        shown = [menu(found, chosen, view, name) for menu in (_refine, _slice, _decide, _map)]
    acts = html.Div(
        [part for part in (*shown, export, *_steps(view, name)) if part is not None],
        className="vt-bar-acts",
        role="group",
        **attrs(aria_label="What to do with them"),
    )
    end = html.Div(list(tail), className="vt-bar-tail")
    return html.Div(
        [
            dcc.Store(id=_id("now", name), data={"set": found.name, "selection": chosen}),
            _count(found, chosen, view, name),
            *((end, acts) if chosen else (acts, end)),
        ],
        className="vt-selection-bar",
        **attrs(data_selected="true" if chosen else "false"),
    )


def _count(found: Any, selection: dict[str, Any] | None, view: Any, name: str) -> Component:
    """Return how many images are selected, or how many there are."""
    total, out = len(found), len(view.excluded)
    if selection:
        text: list[Any] = [html.Strong(f"{number(selection['count'])} selected"),
                           f" of {number(total)}"]  # fmt: skip
    else:
        words = plural(total, noun(found)) if total else "No images"
        text = [html.Strong(f"All {words}" if total > 1 else words)]
        text += [f" · {number(out)} excluded"] if out else []
    parts: list[Component] = [html.Span(text, role="status")]
    if selection:
        parts.append(_button("Clear", "clear", name, label="Clear the selection"))
    return html.Div(parts, className="vt-count")


def _menu(text: str, *inside: Any, target: str = "") -> Component:
    """Return a button that opens a small panel; `target` says what its acts are about."""
    about = [
        html.P(
            [html.Span(target, className="vt-for-selected"), html.Span(className="vt-for-ticked")],
            className="vt-small",
        )
    ]
    return html.Details(
        [
            html.Summary(text, className="btn btn-quiet btn-sm"),
            html.Div([*(about if target else []), *inside], className="vt-menu-body vt-card"),
        ],
        className="vt-menu",
    )


def _for(selection: dict[str, Any]) -> str:
    return f"For the {number(selection['count'])} selected"


def _show(found: Any, view: Any, name: str) -> Component | None:
    """Return the choice of a slice to look at; None where there is none."""
    options = [{"label": f"{s.name} ({number(s.count)})", "value": s.name} for s in view.slices]
    if len(view.excluded):
        left = number(len(found) - len(view.excluded))
        options += [
            {"label": f"Working set ({left})", "value": WORKING},
            {"label": f"Excluded ({number(len(view.excluded))})", "value": EXCLUDED},
        ]
    if not options:
        return None
    field = _select("Slice, or working set", "show", name, options)
    return _menu("Show", field, _row(_button("Show", "show", name, look="btn-primary")))


def _refine(found: Any, selection: dict[str, Any], view: Any, name: str) -> Component:
    """Return the ways from this selection to another one."""
    near = _field("How many nearest", "k", name, type="number", value=NEAREST, min=1, step=1,
                  max=len(found), enter="nearest")  # fmt: skip
    parts: list[Component] = [_row(_button("Invert", "invert", name))]
    if getattr(found, "neighbors", None) is not None:
        parts += [near, _row(_button("Show nearest", "nearest", name),
                             _button("Add nearest", "nearest-add", name))]  # fmt: skip
    if view.slices:
        options = [{"label": s.name, "value": s.name} for s in view.slices]
        parts += [_select("Combine with slice", "with", name, options),
                  _row(_button("Add", "join", name), _button("Take away", "take", name),
                       _button("Keep common", "common", name))]  # fmt: skip
    if selection["count"] == 2 and getattr(found, "neighbors", None) is not None:
        ends = {"set": found.name, "kind": "geodesic", "sel": selection["selection"]}
        way = dcc.Link("What lies between these two", href=link("/gradient", **ends))
        parts.append(_row(way))
    return _menu("Refine", *parts, target=_for(selection))


def _slice(found: Any, selection: dict[str, Any], view: Any, name: str) -> Component:
    """Return what puts the selection into slices."""
    named = selection_acts.default_name(selection, view)
    parts: list[Component] = [
        _field("Name of a new slice", "name", name, type="text", value=named, enter="save",
               maxlength=selection_acts.NAME_LENGTH),
        _row(_button("Save as slice", "save", name, look="btn-primary")),
    ]  # fmt: skip
    if view.slices:
        options = [{"label": f"{s.name} ({number(s.count)})", "value": s.name}
                   for s in view.slices]  # fmt: skip
        parts += [_select("Or a slice there is", "slice", name, options),
                  _row(_button("Add to it", "slice-add", name),
                       _button("Remove from it", "slice-remove", name),
                       _button("Make it these", "slice-set", name))]  # fmt: skip
    asked = {"set": found.name, "sel": selection["selection"]}
    parts.append(_row(dcc.Link("Choose among these", href=link("/curate", **asked)),
                      dcc.Link("Report on these", href=link("/report", **asked))))  # fmt: skip
    return _menu("Slice", *parts, target=_for(selection))


def _decide(found: Any, selection: dict[str, Any], view: Any, name: str) -> Component:
    """Return what takes images out of the working set, puts them back, and labels them."""
    lists = {"reason": f"bar-reasons-{name}", "label": f"bar-labels-{name}"}
    some = {"set": found.name, "view": "many", "sel": selection.get("selection")}
    return _menu(
        "Decide",
        _field("Reason (may be empty)", "reason", name, type="text", value="",
               list=lists["reason"], enter="exclude"),
        _row(_button("Exclude", "exclude", name), _button("Include", "include", name),
             _button("Keep", "keep", name), _button("Drop", "drop", name)),
        _field("New label", "label", name, type="text", value="", list=lists["label"],
               enter="relabel"),
        _row(_button("Relabel", "relabel", name),
             dcc.Link("Look at some first", href=link("/labels", **some))),
        html.Datalist([html.Option(value=v) for v in reasons(view)], id=lists["reason"]),
        html.Datalist([html.Option(value=v) for v in labels(found, view)], id=lists["label"]),
        target=_for(selection),
    )  # fmt: skip


def _map(found: Any, selection: dict[str, Any], view: Any, name: str) -> Component:
    """Return what makes a map of the selection alone."""
    options = [{"label": text, "value": method} for method, text in MAP_NAMES.items()]
    return _menu(
        "Map",
        _select("Method", "map", name, options),
        _row(_button("Map these alone", "map", name, look="btn-primary")),
        html.P(f"A map of these {noun(found)}s from their vectors, with their own themes. "
               "This one stays as it is.", className="vt-small"),
        target=_for(selection),
    )  # fmt: skip


def _steps(view: Any, name: str) -> list[Component]:
    """Return the buttons that take back the last decision, or make it again."""

    def button(word: str, act: str, what: str | None) -> Component:
        text = f"{word}: {what[:1].lower()}{what[1:]}" if what else f"Nothing to {word.lower()}"
        return _button(word, act, name, label=text, disabled=not what)

    return [button("Undo", "undo", view.can_undo), button("Redo", "redo", view.can_redo)]


def reasons(view: Any) -> list[str]:
    """Return the reasons given so far, the newest first, then some that are common."""
    given = [
        line.text.split(": ", 1)[1]
        for line in view.history(200)
        if line.kind in {"exclude", "include", "keep", "drop"} and ": " in line.text
    ]
    return list(dict.fromkeys([*given, *REASONS]))[:20]


def labels(found: Any, view: Any) -> list[str]:
    """Return the labels in use: those given by hand, then the commonest of the set."""
    edited = sorted({label for label in view.labels.values() if label})
    own: Sequence[Any] = ()
    if any(column.name == "label" for column in found.columns()):
        own = [e for e in found.colouring("label").entries if 0 < e.index < 255]
    return list(dict.fromkeys([*edited, *(e.label for e in own)]))[:100]


# -- its parts -------------------------------------------------------------------------------------


def _button(
    text: str,
    act: str,
    name: str,
    *,
    at: str = "bar",
    look: str = "btn-quiet",
    label: str = "",
    disabled: bool = False,
) -> Component:
    named = attrs(aria_label=label, title=label) if label else {}
    return html.Button(text, id=act_id(act, name, at), type="button", disabled=disabled,
                       className=f"btn {look} btn-sm", **named,
                       **attrs(data_vt_act=act))  # fmt: skip


def _row(*buttons: Component) -> Component:
    return html.Div(list(buttons), className="vt-menu-row")


def _field(text: str, field: str, name: str, *, enter: str = "", **more: Any) -> Component:
    """Return a field in its label; Enter presses the button of the act `enter`."""
    told = attrs(data_vt_enter=enter) if enter else {}
    made = dbc.Input(id=field_id(field, name), size="sm", autocomplete="off", **more)
    return html.Label([text, made], className="vt-menu-field", **told)


def _select(text: str, field: str, name: str, options: Sequence[dict[str, str]]) -> Component:
    """Return a choice in its label; its first option is chosen."""
    made = dbc.Select(id=field_id(field, name), options=list(options), size="sm",
                      value=options[0]["value"])  # fmt: skip
    return html.Label([text, made], className="vt-menu-field")


# -- what a click does -----------------------------------------------------------------------------


@callback(
    Output(outcome_id(MATCH), "data"),
    Output(_id("told", MATCH), "children"),
    Input(act_id(ALL, MATCH, ALL), "n_clicks"),
    State(field_id(ALL, MATCH), "value"),
    State(field_id(ALL, MATCH), "id"),
    State(_id("now", MATCH), "data"),
    State(ticks_id(MATCH), "data"),
    prevent_initial_call=True,
)
def act(
    clicks: list[int | None], values: list[Any], fields: list[dict[str, str]],
    now: dict[str, Any], ticks: dict[str, Any] | None,
) -> tuple[Any, Any]:  # fmt: skip
    """Do what was clicked; buttons that only just appeared do nothing."""
    if not ctx.triggered or not ctx.triggered[0]["value"]:
        return no_update, no_update
    pressed = ctx.triggered_id
    given = {one["field"]: value for one, value in zip(fields, values, strict=True)}
    outcome = selection_acts.perform(pressed["act"], now, ticks, given)
    if outcome.job:
        set_props(shell.NUDGE, {"data": outcome.job})
    return outcome.data, told(outcome, pressed["name"])

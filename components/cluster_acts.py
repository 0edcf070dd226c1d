"""What a person does to one cluster: name it, join it with another, split it, label all of it.

Each is one act of the curation log, or a job that ends in one; it can be undone.
"""

import time
from collections.abc import Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import Input, Output, State, callback, dcc, html, no_update
from dash.development.base_component import Component

from components import cluster_jobs, selection_bar, shell
from components.attributes import attrs
from components.cluster_cards import is_noise, title
from components.state import link, noun, services
from components.words import number, plural, share
from core.errors import InputError

#: What was done last: {"message", "at"} and, where it can be taken back, "undo": what the log calls
#: it. The page redraws.
DONE = "clusters-done"
#: Which cluster the forms are about: {"set", "kind", "cluster"} of "clustering", its key.
NOW = "clusters-now"

NEW_NAME, RENAME = "clusters-new-name", "clusters-rename"
OTHER, MERGE = "clusters-other", "clusters-merge"
INSIDE, SPLIT = "clusters-inside-size", "clusters-split"
LABEL, CHECK, CHECKED = "clusters-label", "clusters-label-check", "clusters-label-checked"
WANTED, APPLY = "clusters-label-wanted", "clusters-label-apply"
UNDO = "clusters-undo"

#: Other labels that a check names before it counts the rest.
NAMED = 5


# -- the forms -------------------------------------------------------------------------------------


def forms(found: Any, one: Any, kind: str, cards: Sequence[Any], view: Any) -> Component:
    """Return the menus of what can be done to a cluster of an open set.

    Parameters
    ----------
    found, one
        The open set, and the card of the cluster.
    kind
        "themes" or "micro".
    cards
        Those of all clusters of this kind, for what it can be merged with.
    view
        What was decided about the set, for the labels in use.
    """
    theme = kind == "themes" and not is_noise(one)
    menus = [
        _rename(one) if theme else None,
        _merge(one, cards) if theme else None,
        _split(one, noun(found)) if theme else None,
        _label(found, one, view, kind) if not is_noise(one) else None,
    ]
    now = {"set": found.name, "kind": kind, "cluster": int(one.cluster),
           "clustering": found.clustering(kind).key}  # fmt: skip
    return html.Div(
        [dcc.Store(id=NOW, data=now), *(menu for menu in menus if menu is not None)],
        className="vt-cluster-acts",
        role="group",
        **attrs(aria_label=f"What to do with {title(one)}"),
    )


def _menu(summary: str, *inside: Component) -> Component:
    """Return a button that opens a small panel."""
    return html.Details(
        [
            html.Summary(summary, className="btn btn-quiet btn-sm"),
            html.Div(list(inside), className="vt-menu-body vt-card"),
        ],
        className="vt-menu",
    )


def _button(text: str, button_id: str, look: str = "btn-primary") -> Component:
    button = html.Button(text, id=button_id, type="button", className=f"btn {look} btn-sm",
                         **attrs(data_vt_act=button_id))  # fmt: skip
    return html.Div(button, className="vt-menu-row")


def _field(text: str, field: Component, enter: str = "") -> Component:
    """Return a field in its label; Enter presses a button of the same menu."""
    return html.Label([text, field], className="vt-menu-field",
                      **(attrs(data_vt_enter=enter) if enter else {}))  # fmt: skip


def _rename(one: Any) -> Component:
    field = dbc.Input(id=NEW_NAME, type="text", size="sm", maxLength=80, value=title(one))
    return _menu(
        "Rename this theme",
        _field("Name of this theme", field, RENAME),
        _button("Rename", RENAME),
        html.P("Leave it empty to have the number back.", className="vt-small"),
    )


def _merge(one: Any, cards: Sequence[Any]) -> Component | None:
    """Return the form that makes a theme one with another; None where there is no other."""
    others = [card for card in cards if not is_noise(card) and card.cluster != one.cluster]
    if not others:
        return None
    options = [
        {"label": f"{title(card)} ({number(card.size)})", "value": str(card.cluster)}
        for card in others
    ]
    field = dbc.Select(id=OTHER, options=options, size="sm", value=options[0]["value"])
    return _menu(
        "Merge with another theme",
        _field("The other theme", field),
        _button("Merge", MERGE),
        html.P("From then on they are one everywhere; it can be undone.", className="vt-small"),
    )


def _split(one: Any, item: str) -> Component:
    field = dbc.Input(id=INSIDE, type="number", size="sm", min=2, step=1, max=int(one.size),
                      placeholder="chosen by size")  # fmt: skip
    return _menu(
        "Split",
        html.P(
            f"Looks for groups among the {plural(one.size, item)} of {title(one)} alone. Each "
            f"becomes a theme; {item}s between them become unassigned. It can be undone.",
            className="vt-small",
        ),
        _field("Least size of a part (may be empty)", field, SPLIT),
        _button("Split", SPLIT),
    )


def _some_first(found: Any, one: Any, kind: str) -> list[Component]:
    """Return the way to looking at some images, drawn by lot, before all are labelled."""
    if kind != "themes":
        return []
    href = link("/labels", set=found.name, view="many", pool=f"theme:{int(one.cluster)}")
    return [dcc.Link("Look at some first", href=href, className="vt-link")]


def _label(found: Any, one: Any, view: Any, kind: str) -> Component:
    known = selection_bar.labels(found, view)
    field = dbc.Input(id=LABEL, type="text", size="sm", list="clusters-labels", autocomplete="off")
    return _menu(
        "Label all",
        _field(f"Label for all {plural(one.size, noun(found))}", field),
        html.Datalist([html.Option(value=text) for text in known], id="clusters-labels"),
        html.Div(
            [html.Button("Check first", id=CHECK, type="button", className="btn btn-quiet btn-sm"),
             *_some_first(found, one, kind)],
            className="vt-menu-row",
        ),
        dcc.Store(id=WANTED),
        html.Div(id=CHECKED, role="status"),
    )  # fmt: skip


def checked(check: Any, label: str, item: str) -> list[Component]:
    """Return what labelling a whole cluster would change, with the button that does it."""
    other = sum(count for _, count in check.other)
    changed = other + check.unlabelled
    lines = [f"{number(check.same)} have the label “{label}” already."] if check.same else []
    if check.unlabelled:
        lines.append(f"{number(check.unlabelled)} have no label and get it.")
    if check.other:
        named = [f"{number(count)} × {value}" for value, count in check.other[:NAMED]]
        rest = other - sum(count for _, count in check.other[:NAMED])
        named += [f"{number(rest)} × others"] if rest else []
        lines.append(f"{number(other)} have another label and lose it: {', '.join(named)}.")
    labelled = check.same + other
    mixed = other > check.same and other > check.unlabelled
    verdict = None
    if labelled:
        several = bool(check.same) or len(check.other) > 1  # else it is pure, of another label
        word = "This cluster is mixed: " if mixed and several else ""
        verdict = html.P(
            f"{word}{share(check.same / labelled)} of its labelled {item}s agree with “{label}”.",
            className="vt-warned" if mixed else "vt-small",
        )
    if not changed:
        return [html.P(f"All {plural(check.count, item)} have the label “{label}” already: nothing "
                       "to do.", className="vt-small")]  # fmt: skip
    parts = [
        html.Ul([html.Li(line) for line in lines], className="vt-check-list"),
        verdict,
        _button(f"Label all {number(check.count)} “{label}”", APPLY),
    ]
    return [part for part in parts if part is not None]


def told(done: dict[str, Any] | None) -> list[Component]:
    """Return the status line after an act, with the way back."""
    if not done or not done.get("message"):
        return []
    parts: list[Component] = [html.Span(done["message"])]
    if done.get("undo"):
        parts.append(html.Button("Undo", id=UNDO, type="button", className="btn btn-link btn-sm"))
    return parts


# -- what they do ----------------------------------------------------------------------------------


def _done(message: str, undo: str = "") -> dict[str, Any]:
    return {"message": message, "undo": undo, "at": time.time_ns()}


def _opened(now: dict[str, Any]) -> Any:
    """Return the set; `InputError` where the page shows clusters that are others by now."""
    found = services().library.open(now["set"])
    made = found.clustering(now["kind"])
    if made is None or made.key != now["clustering"]:
        raise InputError("cluster: these are others by now; reload the page and look again")
    return found


def _theme_act(now: dict[str, Any], act: str, **fields: Any) -> dict[str, Any]:
    """Write an act about themes into the log."""
    found, desk = _opened(now), services().curation
    desk.act(found, act, clustering=found.clustering("themes").key, **fields)
    words = desk.view(found).can_undo
    return _done(f"{words or 'Done'}.", words)


@callback(
    Output(DONE, "data", allow_duplicate=True),
    Input(RENAME, "n_clicks"),
    State(NEW_NAME, "value"),
    State(NOW, "data"),
    prevent_initial_call=True,
)
def rename(clicks: int | None, name: str | None, now: dict[str, Any]) -> Any:
    """Give the shown theme the name in the field; an empty one takes it back."""
    if not clicks:
        return no_update
    return _theme_act(now, "theme.rename", cluster=now["cluster"], to=(name or "").strip())


@callback(
    Output(DONE, "data", allow_duplicate=True),
    Input(MERGE, "n_clicks"),
    State(OTHER, "value"),
    State(NOW, "data"),
    prevent_initial_call=True,
)
def merge(clicks: int | None, other: str | None, now: dict[str, Any]) -> Any:
    """Make the shown theme one with the chosen one."""
    if not clicks or not other:
        return no_update
    return _theme_act(now, "theme.merge", clusters=[now["cluster"], int(other)])


@callback(
    Output(shell.NUDGE, "data", allow_duplicate=True),
    Input(SPLIT, "n_clicks"),
    State(INSIDE, "value"),
    State(NOW, "data"),
    prevent_initial_call=True,
)
def split(clicks: int | None, size: int | None, now: dict[str, Any]) -> Any:
    """Start the job that clusters again inside the shown theme."""
    if not clicks:
        return no_update
    found, cluster = _opened(now), now["cluster"]
    themes, names = found.clustering("themes"), found.theme_names()
    return cluster_jobs.start(
        found, "split", cluster=cluster, theme=names[cluster], size=size or None,
        clustering=themes.key,
    ).id  # fmt: skip


@callback(
    Output(CHECKED, "children"),
    Output(WANTED, "data"),
    Input(CHECK, "n_clicks"),
    Input(LABEL, "n_submit"),
    State(LABEL, "value"),
    State(NOW, "data"),
    prevent_initial_call=True,
)
def check(
    clicks: int | None, entered: int | None, label: str | None, now: dict[str, Any]
) -> tuple[Any, Any]:
    """Show what the label would change, before anything is done."""
    if not clicks and not entered:
        return no_update, no_update
    wanted = (label or "").strip()
    if not wanted:
        return [html.P("Enter the label first.", className="vt-warned")], None
    found = _opened(now)
    result = found.relabel_check(now["kind"], now["cluster"], wanted)
    return checked(result, wanted, noun(found)), wanted


@callback(
    Output(DONE, "data", allow_duplicate=True),
    Input(APPLY, "n_clicks"),
    State(WANTED, "data"),
    State(NOW, "data"),
    prevent_initial_call=True,
)
def apply(clicks: int | None, label: str | None, now: dict[str, Any]) -> Any:
    """Give every image of the shown cluster the label that was checked, as one act."""
    if not clicks:
        return no_update
    if not label:
        raise InputError("label: check a label first, then apply it")
    found = _opened(now)
    rows = found.cluster_rows(now["cluster"], now["kind"])
    desk = services().curation
    desk.act(found, "relabel", rows, label=label)
    told = f"Labelled {plural(len(rows), noun(found))} “{label}”."
    return _done(told, desk.view(found).can_undo)


@callback(
    Output(DONE, "data", allow_duplicate=True),
    Input(UNDO, "n_clicks"),
    State(DONE, "data"),
    State(NOW, "data"),
    prevent_initial_call=True,
)
def undo(clicks: int | None, done: dict[str, Any], now: dict[str, Any]) -> Any:
    """Take the act back that the status line names, unless another came after it."""
    if not clicks:
        return no_update
    found, desk = services().library.open(now["set"]), services().curation
    words = desk.view(found).can_undo
    if words and words != done.get("undo"):
        return _done(f"Not undone, since another act came after it: {lower(words)}.")
    desk.undo(found)
    return _done(f"Undid: {lower(words)}." if words else "There is nothing to undo.")


def lower(words: str) -> str:
    """Return a sentence as it reads within another."""
    return f"{words[:1].lower()}{words[1:]}"

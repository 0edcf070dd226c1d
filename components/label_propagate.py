"""From a few labels to many: labels proposed with a promised precision, and their acceptance."""

from collections.abc import Mapping
from typing import Any

import dash_bootstrap_components as dbc
from dash import ALL, Input, Output, State, callback, ctx, dcc, html, no_update
from dash.development.base_component import Component

from components import fields, gallery, label_frame, label_marks, label_words, notices, tables
from components.attributes import attrs
from components.state import noun, services
from components.words import number, plural, score, share
from core.labelled.accept import accept, open_proposals
from core.quality.label_request import LabelRequest

COLUMN, POOL, PRECISION, GO = (
    "propagate-column", "propagate-pool", "propagate-precision", "propagate-go",
)  # fmt: skip
FIELDS = (COLUMN, POOL, PRECISION)
LEAST, ACCEPT, MARKS = "propagate-least", "propagate-accept", "propagate-marks"

#: Proposals looked through on one page.
SHOWN = 48


def only_id(label: Any) -> dict[str, Any]:
    """Return the id of the button that accepts the proposals of one label."""
    return {"component": "propagate", "part": "only", "label": label}


def request(name: str, given: Mapping[str, Any], seed: int) -> LabelRequest:
    """Return what the form asks for.

    Raises
    ------
    InputError
        The precision is no share.
    """
    return LabelRequest(
        name, "propagate", column=fields.named(given.get(COLUMN)),
        pool=str(given.get(POOL) or "all"), seed=seed,
        precision=fields.percent(given.get(PRECISION), "Promised precision", 95.0),
    )  # fmt: skip


def body(found: Any, view: Any, labelled: Any, keys: Mapping[str, str]) -> list[Component]:
    """Return the form, what was proposed before, and the proposals that are shown.

    Parameters
    ----------
    found, view
        The open set, and what was decided about it.
    labelled
        The propagations that are kept.
    keys
        The keys in the address.
    """
    return label_frame.with_result(
        found, keys, list(labelled.list(found.name, "propagate")), "Proposed before",
        html.Div([form(found, view, keys), label_words.form(found, view, keys)]), explained,
        lambda: result(found, view, labelled.propagation(keys["key"]), keys),
    )  # fmt: skip


def form(found: Any, view: Any, keys: Mapping[str, str]) -> Component:
    """Return the form that asks for proposals."""
    whole = f"all {noun(found)}s without a label"
    return label_frame.card(
        "Propose labels",
        label_frame.columns(COLUMN, "Learn from", found, keys),
        label_frame.pool_field(POOL, "Propose for", found, view, keys, whole),
        fields.text(PRECISION, "Promised precision, %", "95",
                    "The share of proposals that must be right. Where that cannot be promised, "
                    "nothing is proposed."),
        html.P("No label changes before you accept it; accepting is one step, and undo takes it "
               "back.", className="vt-small vt-promise"),
        fields.go("Propose labels", GO, f"{GO}-told"),
        form=True,
    )  # fmt: skip


def explained() -> Component:
    """Return what propagation does."""
    return label_frame.card(
        "How it works",
        html.P("Each image without a label is voted on by its 15 nearest labelled ones. How sure a "
               "vote must be is learned from the labelled images themselves, each voted on by the "
               "others: the lowest confidence above which the promised share was right. Images far "
               "from every labelled one are left alone. The labelled images must be a fair sample "
               "of the others; a batch drawn partly by lot is."),
    )  # fmt: skip


# -- what was proposed -----------------------------------------------------------------------------


def result(found: Any, view: Any, made: Any, keys: Mapping[str, str]) -> Component:
    """Return one propagation: its promise, what it proposes, and how to accept it."""
    meta = made.meta
    if meta["imageset"] != found.key:
        return notices.alert(
            "The set has changed since these labels were proposed: propose them again.",
            "warning", dismissable=False,
        )  # fmt: skip
    left, words = open_proposals(view, found, made), label_words.is_by_words(meta)
    parts: list[Component | None] = [
        html.P(told_of(meta, noun(found)), className="vt-preview-sentence"),
        tables.facts(
            [("Proposed", number(meta["proposed"])), ("Still open", number(len(left))),
             ("Left alone, unsure", number(meta["unsure"])),
             ("Left alone, none of these" if words else "Left alone, too far",
              number(meta["far"])),
             ("Measured with" if words else "Learned from", number(meta["known"]))],
            "vt-facts vt-facts-row",
        ),
        label_words.measured(meta) if words else None,
        *[html.P(str(note), className="vt-hint") for note in meta["notes"]],
    ]  # fmt: skip
    if meta["proposed"] and len(left):
        parts += [
            acceptance(left, meta),
            by_label(left, keys),
            look(found, made, left, keys),
        ]
    elif meta["proposed"]:
        parts.append(
            html.P(
                "Nothing is left to accept: every image that was to get a label has "
                "one by now, or was taken out.",
                className="vt-hint",
            )
        )
    return label_frame.card("Proposed labels", *parts)


def told_of(meta: Mapping[str, Any], one: str) -> str:
    """Return what is known of proposals, in words."""
    return label_words.promise(meta, one) if label_words.is_by_words(meta) else promise(meta, one)


def promise(meta: Mapping[str, Any], one: str = "image") -> str:
    """Return what was promised and how it is known, in words."""
    if meta["threshold"] is None:
        return str(meta["notice"])
    return (
        f"{number(meta['proposed'])} of {plural(meta['waiting'], one)} without a label get "
        f"one, {share(meta['precision'])} of them right as promised: of {number(meta['tried'])} "
        f"labelled {one}s that were voted on as surely, {share(meta['found'])} had their own label "
        f"found again (at least {share(meta['low'])}, with 90 % confidence)."
    )


def acceptance(left: Any, meta: Mapping[str, Any]) -> Component:
    """Return the button that accepts what is still open, and how sure it must be."""
    field = dbc.Input(id=LEAST, type="number", min=0, max=1, step="any", size="sm",
                      value=round(float(meta["threshold"]), 3))  # fmt: skip
    return html.Div(
        [
            html.Label(["Least confidence", field], className="vt-inline-label"),
            label_frame.button(accept_text(len(left), 0), ACCEPT, primary=True),
        ],
        className="vt-form-line",
        **attrs(data_state="acceptance"),
    )


def accept_text(count: int, wrong: int) -> str:
    """Return what the button says."""
    told = f"Accept {plural(count, 'label')}"
    return f"{told}, but the {number(wrong)} marked" if wrong else told


def by_label(left: Any, keys: Mapping[str, str]) -> Component:
    """Return how many of each label are open, each with the way to look at them or accept them."""
    rows = []
    for name, mine in left.groupby("proposed", sort=False):
        label = str(name)
        least, most = float(mine["confidence"].min()), float(mine["confidence"].max())
        button = html.Button("Accept these", id=only_id(label), type="button",
                             className="btn btn-quiet btn-sm",
                             **attrs(aria_label=f"Accept all {label}"))  # fmt: skip
        shown = dcc.Link(label, href=label_frame.address(keys, label=label, page=""))
        rows.append((len(mine), (shown, number(len(mine)), f"{score(least, 2)} – "
                                 f"{score(most, 2)}", button)))  # fmt: skip
    rows.sort(key=lambda one: -one[0])
    return tables.table(("Label", "Open", "Confidence", "Accept"), [row for _, row in rows],
                        caption="Proposed labels that are open")  # fmt: skip


def look(found: Any, made: Any, left: Any, keys: Mapping[str, str]) -> Component:
    """Return proposals to look through, the least sure first, so that doubtful ones are seen."""
    wanted = keys["label"]
    mine = left[left["proposed"] == wanted] if wanted else left
    mine = mine.sort_values(["confidence", "row"], kind="stable")
    pages = max(1, -(-len(mine) // SHOWN))
    page = min(max(1, int(keys["page"] or 1) if str(keys["page"]).isdigit() else 1), pages)
    part = mine.iloc[(page - 1) * SHOWN : page * SHOWN]
    rows = [int(row) for row in part["row"]]
    under = [f"{p} · {score(float(c), 2)}"
             for p, c in zip(part["proposed"], part["confidence"], strict=True)]  # fmt: skip
    place = {int(row): at for at, row in enumerate(made.proposals["row"])}
    near = {row: int(made.witnesses[place[row], 0]) for row in rows if
            made.witnesses.shape[1] and made.witnesses[place[row], 0] >= 0}  # fmt: skip
    query = {name: keys[name] for name in ("set", "view", "key", "label")}
    title = f"Proposed as “{wanted}”" if wanted else "The least sure first"
    every = dcc.Link("Show all labels", className="vt-link",
                     href=label_frame.address(keys, label="", page=""))  # fmt: skip
    return html.Div(
        [
            html.Div([html.H3(title), every if wanted else None], className="vt-bar-line"),
            html.P("Click those that are wrong: they are left out when you accept. The small "
                   "picture is the nearest labelled one.", className="vt-small"),
            label_marks.grid(found, rows, MARKS, under=under, witnesses=near),
            gallery.pager("/labels", query, page, pages),
        ]
    )  # fmt: skip


# -- what a person does ----------------------------------------------------------------------------


@callback(
    Output(ACCEPT, "children"),
    Output(ACCEPT, "disabled"),
    Input(LEAST, "value"),
    Input(MARKS, "data"),
    State(label_frame.PLACE, "data"),
)
def count_open(least: float | None, marks: dict[str, Any] | None, keys: dict[str, str]) -> Any:
    """Say how many labels would be accepted."""
    found, _, view = label_frame.opened(keys)
    made = services().labelled.propagation(keys["key"])
    rows = set(open_proposals(view, found, made, least=least)["row"].tolist())
    left_out = rows & set(label_marks.wrong(marks))
    count = len(rows) - len(left_out)
    return accept_text(count, len(left_out)), count == 0


@callback(
    Output(label_frame.DONE, "data", allow_duplicate=True),
    Input(ACCEPT, "n_clicks"),
    Input(only_id(ALL), "n_clicks"),
    State(LEAST, "value"),
    State(MARKS, "data"),
    State(label_frame.PLACE, "data"),
    prevent_initial_call=True,
)
def take_over(
    clicks: int | None,
    only: list[int | None],
    least: float | None,
    marks: dict[str, Any] | None,
    keys: dict[str, str],
) -> Any:
    """Give the proposed labels, all or those of one label, but the marked ones."""
    if not ctx.triggered or not ctx.triggered[0]["value"]:
        return no_update
    found, desk, view = label_frame.opened(keys)
    made = services().labelled.propagation(keys["key"])
    table = open_proposals(view, found, made, least=least)
    if isinstance(ctx.triggered_id, dict):
        table = table[table["proposed"] == ctx.triggered_id["label"]]
    rows = table["row"][~table["row"].isin(label_marks.wrong(marks))].to_numpy()
    accept(desk, found, made, rows=rows, least=least)
    return label_frame.done(desk.view(found).can_undo, page="")

"""Which images to label next, and their labels, given one by one."""

from collections.abc import Mapping, Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import ALL, MATCH, Input, Output, State, callback, ctx, dcc, html, no_update
from dash.development.base_component import Component

from components import fields, gallery, label_frame, notices, selection_bar
from components.attributes import attrs
from components.notices import button_link
from components.quality_items import labels_now, name_of
from components.state import has_pictures, link, noun, services
from components.words import number, plural, score
from core.choices import slice_of
from core.errors import InputError
from core.labelled.values import OWN, label_column
from core.quality.label_request import LabelRequest

COLUMN, POOL, COUNT, LOT, GO = (
    "batch-column", "batch-pool", "batch-count", "batch-lot", "batch-go",
)  # fmt: skip
FIELDS = (COLUMN, POOL, COUNT, LOT)
DONE = "batch-done"

#: Images labelled on one page.
SHOWN = 24

#: Lead of the likeliest label over the second below which neighbours are said to disagree.
CLOSE = 0.5


def one_id(part: str, row: Any, label: Any = "") -> dict[str, Any]:
    """Return the id of a part of an image's card: "card", "give", "other" or "row"."""
    made = {"component": "one-label", "part": part, "row": row}
    return {**made, "label": label} if part == "give" else made


def request(name: str, given: Mapping[str, Any], seed: int) -> LabelRequest:
    """Return what the form asks for.

    Raises
    ------
    InputError
        A number cannot be used.
    """
    text = str(given.get(COUNT) if given.get(COUNT) not in (None, "") else 100).strip()
    if not text.isdigit() or not int(text):
        raise InputError(f"How many: {text[:40]!r} is no whole number of 1 or more.")
    return LabelRequest(
        name, "batch", column=fields.named(given.get(COLUMN)),
        pool=str(given.get(POOL) or "all"), n=int(text),
        by_lot=fields.percent(given.get(LOT), "Drawn by lot", 20.0), seed=seed,
    )  # fmt: skip


def body(found: Any, view: Any, labelled: Any, keys: Mapping[str, str]) -> list[Component]:
    """Return the form, the batches before, and the batch that is shown.

    Parameters
    ----------
    found, view
        The open set, and what was decided about it.
    labelled
        The batches that are kept.
    keys
        The keys in the address.
    """
    return label_frame.with_result(
        found, keys, list(labelled.list(found.name, "batch")), "Batches before",
        form(found, view, keys), explained,
        lambda: result(found, view, labelled.open(keys["key"]), keys),
    )  # fmt: skip


def form(found: Any, view: Any, keys: Mapping[str, str]) -> Component:
    """Return the form that asks for a batch."""
    whole = f"all {noun(found)}s without a label"
    return label_frame.card(
        "Choose what to label next",
        fields.text(COUNT, "How many", "100", inputMode="numeric"),
        fields.text(LOT, "Drawn by lot, %", "20",
                    "These are a fair sample: keep them to evaluate on."),
        label_frame.columns(COLUMN, "Labels so far", found, keys),
        label_frame.pool_field(POOL, "Out of", found, view, keys, whole),
        html.P("They become two slices, “To label …” and “For evaluation …”; undo takes them "
               "back.", className="vt-small vt-promise"),
        fields.go("Choose the batch", GO, f"{GO}-told"),
        form=True,
    )  # fmt: skip


def explained() -> Component:
    """Return how a batch is chosen."""
    return label_frame.card(
        "How it works",
        html.P("Most of the batch are images whose labelled neighbours disagree, spread out so "
               "that no two teach the same. They are no fair sample, so a share is drawn by lot "
               "from all that wait: measure on those. Without labels yet, the batch is spread "
               "over the set."),
    )  # fmt: skip


# -- one batch -------------------------------------------------------------------------------------


def result(found: Any, view: Any, made: Any, keys: Mapping[str, str]) -> Component:
    """Return one batch: its slices, how many are labelled by now, and a page of its images."""
    if not hasattr(made, "chosen"):
        return notices.alert("There is no batch with this id: make it again.", "warning",
                             dismissable=False)  # fmt: skip
    if made.meta["imageset"] != found.key:
        return notices.alert("The set has changed since this batch was chosen; its slices still "
                             "hold the images.", "warning", dismissable=False)  # fmt: skip
    rows = made.chosen["row"].astype(int).tolist()
    parts: list[Component | None] = [
        html.P([f"{plural(len(rows), noun(found))} chosen; ",
                html.Strong(done_by_now(found, view, rows), id=DONE), "."],
               className="vt-preview-sentence"),
        ways(found, view, made),
        *[html.P(str(note), className="vt-hint") for note in made.meta["notes"]],
        cards(found, view, made, keys) if made.meta["column"] == OWN else html.P(
            "Its labels are those of another column; label its slices in Explore.",
            className="vt-hint"),
    ]  # fmt: skip
    return label_frame.card("The batch", *parts)


def done_by_now(found: Any, view: Any, rows: Sequence[int]) -> str:
    """Return how many images of a batch have a label, in words."""
    held = label_column(found, view).codes[list(rows)] >= 0
    return f"{number(int(held.sum()))} labelled by now"


def ways(found: Any, view: Any, made: Any) -> Component:
    """Return the links to its slices, as far as they are still there."""
    names = [one.name for one in view.slices if made.key and made.key[:8] in one.how]
    kept = slice_of(made.key, view)
    names = names or ([kept] if kept else [])
    links = [button_link(name, link("/explore", set=found.name, slice=name)) for name in names]
    return html.Div(links or [html.Span("Its slices were taken back.", className="vt-small")],
                    className="vt-actions")  # fmt: skip


def cards(found: Any, view: Any, made: Any, keys: Mapping[str, str]) -> Component:
    """Return a page of the batch, each image with the labels it probably has as buttons."""
    table = made.chosen
    pages = max(1, -(-len(table) // SHOWN))
    page = min(max(1, int(keys["page"]) if keys["page"].isdigit() else 1), pages)
    part = table.iloc[(page - 1) * SHOWN : page * SHOWN]
    known = selection_bar.labels(found, view)
    now = labels_now(found, part["row"].tolist(), view)
    shown = [
        html.Li(
            [
                html.Div(card(found, label, line), id=one_id("card", int(line["row"]))),
                dcc.Store(id=one_id("row", int(line["row"])), data=plain(line)),
            ],
            className="vt-one-label",
        )
        for line, label in zip(part.to_dict("records"), now, strict=True)
    ]
    query = {name: keys[name] for name in ("set", "view", "key")}
    return html.Div(
        [
            html.P("Give each its label: by a button, or by typing another and pressing Enter.",
                   className="vt-small"),
            html.Datalist([html.Option(value=text) for text in known], id="batch-labels"),
            html.Ul(shown, className="vt-one-labels"),
            gallery.pager("/labels", query, page, pages),
        ]
    )  # fmt: skip


def plain(line: Mapping[str, Any]) -> dict[str, Any]:
    """Return a line of a batch as JSON values."""

    def text(value: Any) -> str:
        return "" if value is None or value != value or str(value) == "<NA>" else str(value)

    margin = line.get("margin")
    return {
        "row": int(line["row"]), "why": text(line.get("why")),
        "margin": None if margin is None or margin != margin else float(margin),
        "likeliest": text(line.get("likeliest")), "second": text(line.get("second")),
    }  # fmt: skip


def why(told: Mapping[str, Any]) -> str:
    """Return why an image is in the batch, in words."""
    if told["why"] == "by lot":
        return "By lot: for evaluation"
    if told["margin"] is None:
        return "Spread out: too little is labelled to be unsure"
    lead = score(told["margin"], 2)
    if told["margin"] < CLOSE:
        return f"Its neighbours disagree (lead {lead})"
    return f"Among the least sure of those left (lead {lead})"


def card(found: Any, now: str, line: Mapping[str, Any]) -> list[Component]:
    """Return one image with its label now ("" for none) and the buttons that give it one."""
    told = plain(line)
    row = told["row"]
    picture: Component = html.Span(f"no. {number(row)}", className="vt-word")
    if has_pictures(found):
        picture = gallery.thumb(f"{found.key}/{row}", name_of(found, row))
    offered = [name for name in (told["likeliest"], told["second"]) if name]
    buttons = [
        html.Button(name, id=one_id("give", row, name), type="button",
                    className="btn btn-sm " + ("btn-primary" if name == now else "btn-quiet"),
                    **attrs(aria_pressed="true" if name == now else "false"))
        for name in offered
    ]  # fmt: skip
    field = dbc.Input(id=one_id("other", row), type="text", size="sm", list="batch-labels",
                      autoComplete="off", maxLength=200, placeholder="another label",
                      value="" if now in offered or not now else now)  # fmt: skip
    label = html.Label([html.Span(f"Label of {name_of(found, row)}", className="visually-hidden"),
                        field])  # fmt: skip
    state = html.P(["Label: ", html.Strong(now)], className="vt-one-now") if now else None
    return [
        part
        for part in (picture, state, html.P(why(told), className="vt-small") if not now else None,
                     html.Div(buttons, className="vt-actions") if buttons else None, label)
        if part is not None
    ]  # fmt: skip


@callback(
    Output(one_id("card", MATCH), "children"),
    Input(one_id("give", MATCH, ALL), "n_clicks"),
    Input(one_id("other", MATCH), "n_submit"),
    State(one_id("other", MATCH), "value"),
    State(one_id("row", MATCH), "data"),
    State(label_frame.PLACE, "data"),
    prevent_initial_call=True,
)
def give(
    clicks: list[int | None],
    entered: int | None,
    other: str | None,
    line: dict[str, Any],
    keys: dict[str, str],
) -> Any:
    """Give one image of a batch its label; an empty one takes it off."""
    if not ctx.triggered or not ctx.triggered[0]["value"]:
        return no_update
    pressed = ctx.triggered_id
    label = str(pressed["label"] if pressed["part"] == "give" else other or "").strip()
    found, desk, view = label_frame.opened(keys)
    rows = [int(line["row"])]
    if [label] != labels_now(found, rows, view):
        desk.act(found, "relabel", rows, label=label, about="labels")
    return card(found, labels_now(found, rows)[0], line)


@callback(
    Output(DONE, "children"),
    Output(label_frame.STEPS, "children", allow_duplicate=True),
    Input(one_id("card", ALL), "children"),
    State(label_frame.PLACE, "data"),
    prevent_initial_call=True,
)
def told(cards_now: list[Any], keys: dict[str, str]) -> Any:
    """Say how many of the batch are labelled now, and what undo would take back."""
    if not any(one["value"] for one in ctx.triggered or []):
        return no_update, no_update
    found, _, view = label_frame.opened(keys)
    rows = services().labelled.open(keys["key"]).chosen["row"].astype(int).tolist()
    return done_by_now(found, view, rows), label_frame.steps(view)

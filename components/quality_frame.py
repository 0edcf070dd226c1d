"""The frame of Quality: what its address says, its tabs, and the parts that its views share.

A view is a module with two functions: `bar(found, view, check, keys)`, what stands above the list
of cases (filters, thresholds, bulk buttons), and `case_view(found, view, check, case)`, one case.
The list, the buttons that decide and their keys are the page's. Links from one list or case to
another are made by `step` and `chips`, so that the page shows them without being loaded anew; bulk
buttons by `bulk_button`.
"""

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from components import gallery
from components.attributes import attrs
from components.state import link, noun
from components.words import number, plural

PAGE, NOW, GO, TOLD = "quality-page", "quality-now", "quality-go", "quality-told"
JOBS, SHOWN, TRAIL = "quality-jobs", "quality-shown", "quality-trail"
ADDRESS = "quality-address"
#: The dialog that asks first, and what it was opened for.
CONFIRM, CONFIRM_BODY, CONFIRM_DO = "quality-confirm", "quality-confirm-body", "quality-confirm-do"
DIALOG_TITLE = "quality-confirm-title"
WANTED = "quality-wanted"

#: Pictures that the dialog shows.
ASKED = 16

#: What the address may say. `kind`, `state` and `confidence` narrow the list of cases, `start` is
#: where it begins, `case` the one shown, `keeper` the row that was clicked to be kept of it.
KEYS = ("set", "view", "kind", "state", "confidence", "start", "case", "keeper")

#: The views in the order of the tabs. The first is no topic.
VIEWS = {
    "overview": "Overview",
    "duplicates": "Duplicates",
    "outliers": "Outliers",
    "pictures": "Pictures",
    "labels": "Wrong labels",
}

#: Which cases are listed.
STATES = {"open": "Open", "decided": "Decided", "all": "All"}


def cleaned(query: Mapping[str, Any]) -> dict[str, str]:
    """Return what the address says, with what is said wrong left out."""
    keys = {name: str(query.get(name) or "") for name in KEYS}
    keys["view"] = keys["view"] if keys["view"] in VIEWS else "overview"
    keys["state"] = keys["state"] if keys["state"] in STATES else "open"
    return keys


def moved(keys: Mapping[str, str], changes: Mapping[str, Any]) -> dict[str, str]:
    """Return the keys after a step: another list begins at its start and at its first open case.

    Another case has no keeper clicked yet.
    """
    new = {**keys, **{name: str(value or "") for name, value in changes.items() if name in KEYS}}
    if any(new[name] != keys.get(name, "") for name in ("view", "kind", "state", "confidence")):
        new |= {name: "" for name in ("start", "case", "keeper") if name not in changes}
    if new["view"] != keys.get("view"):
        new |= {name: "" for name in ("kind", "state", "confidence") if name not in changes}
    if new["case"] != keys.get("case", "") and "keeper" not in changes:
        new["keeper"] = ""
    return cleaned(new)


def address(keys: Mapping[str, str], **changes: Any) -> str:
    """Return the address of Quality after a step."""
    new = moved(keys, changes)
    plain = {"view": "overview", "state": "open"}
    return link("/quality", **{k: v for k, v in new.items() if v != plain.get(k)})


def step(inside: Any, keys: Mapping[str, str], look: str = "vt-link", **changes: Any) -> Component:
    """Return a link to another list or case, which is shown without loading the page anew.

    Parameters
    ----------
    inside
        Its text or children.
    keys
        What is shown now.
    look
        Class names.
    changes
        Keys of the address that are others there; those that begin with aria_ are attributes.
    """
    named = {name: changes.pop(name) for name in list(changes) if name.startswith("aria_")}
    return html.A(
        inside, href=address(keys, **changes), className=look,
        **attrs(data_vt_to=json.dumps(changes), **named),
    )  # fmt: skip


def chips(
    legend: str,
    field: str,
    options: Sequence[tuple[str, str, int | None]],
    keys: Mapping[str, str],
) -> Component:
    """Return a row of links that narrow the list by one key.

    Parameters
    ----------
    legend
        What they choose, for screen readers.
    field
        "kind", "state" or "confidence".
    options
        Value, text and count (None: not told) of each; the value "" is no narrowing.
    """
    shown = []
    for value, text, count in options:
        here = keys.get(field, "") == value
        inside: list[Any] = [text, *_counted(count)]
        current: dict[str, Any] = {"aria_current": "true"} if here else {}
        shown.append(step(inside, keys, "vt-chip", **{field: value}, **current))
    return html.Nav(shown, className="vt-chips", **attrs(aria_label=legend))


def _counted(count: int | None) -> list[Component]:
    """Return a count behind a word; nothing where there is none."""
    return [] if count is None else [html.Span(number(count), className="vt-chip-n")]


def state_chips(keys: Mapping[str, str], line: Any = None) -> Component:
    """Return the choice of open, decided or all cases; `line` counts them (open, decided)."""
    counts: dict[str, int | None] = dict.fromkeys(STATES)
    if line is not None:
        counts |= {"open": line.open, "decided": line.decided, "all": line.open + line.decided}
    options = [(value, text, counts[value]) for value, text in STATES.items()]
    return chips("Which cases", "state", options, keys)


def bulk_id(topic: Any, kind: Any = "", confidence: Any = "") -> dict[str, Any]:
    """Return the id of a button that decides all open cases of a kind at once."""
    return {"component": "quality", "part": "bulk", "topic": topic, "kind": kind,
            "confidence": confidence}  # fmt: skip


def bulk_button(
    text: str, topic: str, *, kind: str = "", confidence: str = "", look: str = "btn-quiet"
) -> Component:
    """Return the button that decides all open cases of a kind and confidence at once.

    It asks first: the page shows what would be done (`findings.bulk_preview`) and does it
    (`findings.bulk`) when that is confirmed. "" stands for every kind, or every confidence.
    """
    return html.Button(
        text, id=bulk_id(topic, kind, confidence), type="button",
        className=f"btn {look} btn-sm", **attrs(aria_haspopup="dialog"),
    )  # fmt: skip


def said(text: str) -> Component:
    """Return a line that fades; another one with the same words appears anew."""
    return html.P(html.Span(text), className="vt-said", key=str(time.time_ns()))


def bar(*parts: Component | None) -> Component:
    """Return what stands above a list of cases, from its parts."""
    return html.Div([part for part in parts if part is not None], className="vt-quality-bar")


def head(title: str, keys: Mapping[str, str], left: Mapping[str, int] | None = None) -> Component:
    """Return the title of the page and its tabs.

    Parameters
    ----------
    title
        What the set is called.
    left
        Open cases of each topic; None before there was a check.
    """
    tabs: list[Component] = []
    for view, text in VIEWS.items():
        count = (left or {}).get(view)
        inside: list[Any] = [text, *_counted(count or None)]
        if view == keys["view"]:  # Dash does not follow a link to where it believes to be
            tabs.append(step(inside, keys, "vt-tab vt-tab-here", view=view, kind="", state="",
                             confidence="", start="", case="", aria_current="page"))  # fmt: skip
        else:
            where = link("/quality", set=keys["set"], view="" if view == "overview" else view)
            tabs.append(dcc.Link(inside, href=where, className="vt-tab"))
    tabs.append(dcc.Link("Labelling", href=link("/labels", set=keys["set"]), className="vt-tab"))
    return html.Div(
        [html.H1(f"Quality of {title}"),
         html.Nav(tabs, className="vt-tabs vt-quality-tabs", **attrs(aria_label="Quality"))],
        className="vt-page-head vt-quality-head",
    )  # fmt: skip


def confirm_dialog() -> Component:
    """Return the dialog that asks before many cases are decided at once, or another page's act is
    taken back; `quality.js` opens it."""
    return html.Dialog(
        [
            html.Div(html.H2("Decide many at once", id=DIALOG_TITLE), id=CONFIRM_BODY),
            html.Div(
                [
                    html.Button("Do it", id=CONFIRM_DO, type="button", className="btn btn-primary"),
                    html.Button("Cancel", type="button", className="btn btn-quiet",
                                **attrs(data_vt_cancel="true")),
                ],
                className="vt-actions",
            ),
        ],
        id=CONFIRM,
        className="vt-dialog vt-confirm",
        **attrs(aria_labelledby=DIALOG_TITLE),
    )  # fmt: skip


def asked(found: Any, sentence: str, images: int, rows: Sequence[int]) -> list[Component]:
    """Return what the dialog says: what would be done, with some of the pictures it is about."""
    shown = list(rows)[:ASKED]
    strip = gallery.mosaic(found, shown, f"Some of the {noun(found)}s") if shown else None
    more = images - len(shown)
    parts: list[Component | None] = [
        html.H2("Decide many at once", id=DIALOG_TITLE),
        html.P(sentence, className="vt-confirm-sentence"),
        strip,
        html.P(f"and {number(more)} more", className="vt-small") if strip and more > 0 else None,
    ]
    return [part for part in parts if part is not None]


def agreed(topic: str, images: int, one: str = "image") -> str:
    """Return what the button says that does it; `one` is what an item is called."""
    if topic == "labels":
        return f"Change the labels of {plural(images, one)}"
    return f"Leave out {plural(images, one)}"

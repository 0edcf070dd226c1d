"""Labels that are probably wrong, each with its neighbours and the label that they propose."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import dash_bootstrap_components as dbc
from dash import Input, Output, State, callback, html, no_update
from dash.development.base_component import Component

from components import notices, quality_frame, quality_items, selection_bar
from components.attributes import attrs
from components.quality_frame import GO, NOW, TRAIL
from components.state import noun, services
from components.words import column_name, number, score
from core.errors import InputError

#: The field and the button for a label that is neither the given nor the proposed one.
OTHER, USE_OTHER = "quality-other-label", "quality-use-other"


def bar(found: Any, view: Any, check: Any, keys: Mapping[str, str]) -> Component:
    """Return what stands over the worklist: which labels are shown, and how they were judged.

    Parameters
    ----------
    found, view, check
        The open set, what was decided about it, and what its check found.
    keys
        The keys in the address.
    """
    line = services().findings.summary(found, view, check).topics.get("labels")
    parts: list[Component | None] = [quality_frame.state_chips(keys, line)]
    if check.labels is not None and check.labels.meta.get("status") != "undefined":
        parts.append(html.P(how(check.labels.meta, noun(found)), className="vt-small"))
    if line is not None and line.notice:
        parts.append(notices.hint(line.notice))
    if line is not None and line.open and keys["state"] != "decided":
        parts.append(
            html.Div(
                quality_frame.bulk_button(f"Accept all {number(line.open)} proposed labels …"
                                          if line.open > 1 else "Accept the proposed label …",
                                          "labels"),
                className="vt-actions",
            )
        )  # fmt: skip
    return quality_frame.bar(*parts)


def how(meta: Mapping[str, Any], one: str = "image") -> str:
    """Return how labels were judged, in words."""
    column = str(meta.get("column") or "label")
    told = (
        f"The label of each {one} was judged by those nearest to it and by a linear rule learned "
        "from all others; copies do not vouch for each other"
    )
    if column == "label":
        return f"{told}. Nothing changes unless you accept it."
    return f"{told}; the labels are those of “{column_name(column)}”."


def case_view(found: Any, view: Any, check: Any, case: Any) -> Component:
    """Return one suspicious label: the item, both labels, its neighbours, and another label.

    Parameters
    ----------
    found, view, check
        The open set, what was decided about it, and what its check found.
    case
        The case, as `core.findings` has it.
    """
    row = int(case.rows[0])
    figure = quality_items.figure(found, row, label=False)
    main = html.Div([figure, labels(case), other(found, view)], className="vt-item-main")
    side = html.Div(
        [quality_items.reason(case), beside(found, case, quality_items.neighbours(case))],
        className="vt-item-side",
    )
    return html.Article([html.Div([main, side], className="vt-item-pair")],
                        className="vt-case-body")  # fmt: skip


def labels(case: Any) -> Component:
    """Return the given and the proposed label, and that of now where it is another."""
    now = case.detail.get("label_now", case.given)
    changed = now != case.given
    parts = [_label("Label before" if changed else "Label now", case.given, "given")]
    parts.append(_label("Proposed", case.proposed, "proposed"))
    if changed:
        parts.append(_label("Label now", now, "now"))
    return html.Dl(parts, className="vt-label-pair")  # fmt: skip


def _label(title: str, name: str | None, look: str) -> Component:
    inside = [html.Dt(title), html.Dd(name or "none")]
    return html.Div(inside, className=f"vt-label-{look}")


def other(found: Any, view: Any) -> Component:
    """Return the form that gives another label than the proposed one."""
    known = selection_bar.labels(found, view)
    field = dbc.Input(id=OTHER, type="text", size="sm", list="quality-known-labels",
                      autoComplete="off", maxLength=200)  # fmt: skip
    button = html.Button("Give this label", id=USE_OTHER, type="button",
                         className="btn btn-quiet btn-sm")  # fmt: skip
    return html.Div(
        [
            html.Label(["Neither? Type another label", field], className="vt-menu-field"),
            html.Datalist([html.Option(value=text) for text in known], id="quality-known-labels"),
            button,
        ],
        className="vt-other-label",
        role="group",
        **attrs(aria_label="Another label"),
    )


def beside(found: Any, case: Any, near: list[dict[str, Any]]) -> Component:
    """Return the neighbours, marked by whose label they bear."""
    if not near:
        return notices.hint("Its neighbours are not known.")
    rows = [int(one["row"]) for one in near]
    names = [str(one.get("label") or "") for one in near]
    marks = ["given" if n == case.given else "proposed" if n == case.proposed else ""
             for n in names]  # fmt: skip
    under = [f"{name or 'no label'} · {score(float(one['distance']), 2)}"
             for name, one in zip(names, near, strict=True)]  # fmt: skip
    counts = Counter(name for name in names if name).most_common(4)
    told = ", ".join(f"{number(count)} × {name}" for name, count in counts)
    return quality_items.section(
        "The nearest to it",
        html.P(told, className="vt-item-votes") if told else None,
        quality_items.strip(found, rows, under, marks=marks),
    )


@callback(
    Output(GO, "data", allow_duplicate=True),
    Output(TRAIL, "data", allow_duplicate=True),
    Input(USE_OTHER, "n_clicks"),
    Input(OTHER, "n_submit"),
    State(OTHER, "value"),
    State(NOW, "data"),
    State(TRAIL, "data"),
    prevent_initial_call=True,
)
def use_other(
    clicks: int | None,
    entered: int | None,
    label: str | None,
    keys: dict[str, str],
    trail: list[Any],
) -> Any:
    """Give the image shown the label in the field, and show the next open case."""
    if not clicks and not entered:
        return no_update, no_update
    wanted = (label or "").strip()
    if not wanted:
        raise InputError("Type the label first, or press k to keep the one it has.")
    found = services().library.open(keys["set"])
    desk, findings = services().curation, services().findings
    view, check = desk.view(found), findings.check(found)
    case = findings.case(found, view, check, keys["case"])
    event = findings.decide(desk, found, case, "relabel", label=wanted)
    view = desk.view(found)
    after = findings.next_key(found, view, check, "labels", after=case.key)
    going = {"case": after or "", "told": view.can_undo or "", "event": event.number}
    return going, [*trail[-200:], {"event": event.number, "keys": keys}]

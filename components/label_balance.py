"""How even the classes are against what is wanted, and how well they could be told apart."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from dash import Input, Output, State, callback, html, no_update
from dash.development.base_component import Component

from components import (
    fields,
    figures,
    label_error,
    label_frame,
    notices,
    pickers,
    report_charts,
    shell,
    tables,
)
from components.state import noun
from components.words import number, plural, score, share
from core.errors import InputError
from core.labelled.values import LabelColumn, label_column
from core.quality.target import AgainstTarget, against_target

COLUMN, TARGET, OWN, APPLY = "labels-column", "labels-target", "labels-own", "labels-target-set"

#: Classes that a chart shows; the table has all.
SHOWN = 30

#: Pixels of a class in the chart.
BAR = 24

EQUAL, SHARES = "equal", "own"

#: What is wanted, over bars in the accent of either theme.
WANTED = "#d9822b"


def body(found: Any, view: Any, check: Any, keys: Mapping[str, str]) -> list[Component]:
    """Return the sizes of classes, and the least error against the number of images.

    Parameters
    ----------
    found, view, check
        The open set, what was decided about it, and what the last check found (or None).
    keys
        The keys in the address.
    """
    held = label_column(found, view, fields.named(keys["column"]))
    if not len(held.names):
        return [columns_alone(found, keys), label_frame.no_labels(found)]
    counts = sizes(held, view)
    try:
        wanted = target_of(keys["target"], held, view)
        trouble: list[Component] = []
    except InputError as error:
        wanted, trouble = None, [notices.alert(str(error), dismissable=False)]
    found_against = against_target(counts, wanted)
    return [
        label_frame.beside(
            form(found, view, held, keys, trouble),
            balance(found, view, held, found_against, keys),
            label_error.section(found, check),
            made=True,
        )
    ]


def sizes(held: LabelColumn, view: Any) -> np.ndarray:
    """Return how many images of the working set have each label, `(m,)`."""
    codes = held.codes[view.working]
    return np.bincount(codes[codes >= 0], minlength=len(held.names))


def target_of(target: str, held: LabelColumn, view: Any) -> np.ndarray | None:
    """Return the shares that the address asks for, one a label; None for equal ones.

    Raises
    ------
    InputError
        A slice has none of a label, or the shares given cannot be read.
    """
    kind, _, rest = target.partition(":")
    if kind == "slice" and rest:
        codes = held.codes[view.slice(rest).rows]
        counts = np.bincount(codes[codes >= 0], minlength=len(held.names)).astype(float)
        without = [held.names[at] for at in np.flatnonzero(counts == 0).tolist()]
        if without:
            raise InputError(f"The slice “{rest}” has no {_some(without)}: nothing can be compared "
                             "with a share of none. Equal classes are shown.")  # fmt: skip
        return counts
    return own_shares(rest, held.names) if kind == SHARES else None


def own_shares(text: str, names: Sequence[str]) -> np.ndarray:
    """Return shares from "moth 3, wasp 1"; labels that are not named share what "others" says.

    Raises
    ------
    InputError
        A label is unknown or not named, or its number is none.
    """
    given: dict[str, float] = {}
    for part in re.split(r"[,;\n]+", text):
        if not part.strip():
            continue
        match = re.fullmatch(r"\s*(.+?)[\s:=]+([0-9]*[.]?[0-9]+)\s*%?\s*", part)
        if match is None or float(match[2]) <= 0:
            raise InputError(f"Shares: {part.strip()!r} is no label with a number above 0, such "
                             f"as “{names[0]} 2”.")  # fmt: skip
        if match[1] not in names and match[1] != "others":
            raise InputError(f"Shares: no class is called “{match[1]}”. There are {_some(names)}.")
        given[match[1]] = float(match[2])
    missing = [name for name in names if name not in given]
    if missing and "others" not in given:
        raise InputError(f"Shares: {_some(missing)} {'has' if len(missing) == 1 else 'have'} none. "
                         "Name them, or give “others 1” for each of the rest.")  # fmt: skip
    return np.array([given.get(name, given.get("others", 0.0)) for name in names])


def _some(names: Sequence[str]) -> str:
    """Return the first names of a list, and how many more there are."""
    shown = ", ".join(names[:4])
    return shown if len(names) <= 4 else f"{shown} and {number(len(names) - 4)} more"


# -- the form --------------------------------------------------------------------------------------


def columns_alone(found: Any, keys: Mapping[str, str]) -> Component:
    """Return the choice of another column, for a set whose label is empty."""
    return html.Div(
        [label_frame.columns(COLUMN, "Labels of", found, keys, inline=True),
         html.Div([_target(EQUAL, []), _own("")], hidden=True)],
        className="vt-bar-line vt-pickers",
    )  # fmt: skip


def form(
    found: Any, view: Any, held: LabelColumn, keys: Mapping[str, str], trouble: list[Component]
) -> Component:
    """Return what is compared: which labels, and with what."""
    kind, _, rest = keys["target"].partition(":")
    slices = [one for one in view.slices if one.count]
    return label_frame.card(
        "What is wanted",
        label_frame.columns(COLUMN, "Labels of", found, keys),
        _target(keys["target"] if kind == "slice" else kind or EQUAL, slices),
        html.Div(_own(rest if kind == SHARES else "", held.names), id=f"{OWN}-part",
                 hidden=kind != SHARES),
        *trouble,
        html.P("A residual says by how many standard deviations a class is above or below what "
               "is wanted; ±3 and more is no chance.", className="vt-small"),
        form=True,
    )  # fmt: skip


def _target(value: str, slices: Sequence[Any]) -> Component:
    options = [{"label": "equal classes", "value": EQUAL}]
    options += [{"label": f"as in the slice {one.name}", "value": f"slice:{one.name}"}
                for one in slices]  # fmt: skip
    options.append({"label": "shares of my own", "value": SHARES})
    known = {option["value"] for option in options}
    return pickers.select(TARGET, "Compare with", options, value if value in known else EQUAL)


def _own(value: str, names: Sequence[str] = ()) -> Component:
    example = f"{names[0]} 2, others 1" if names else "moth 2, others 1"
    return html.Div(
        [
            fields.text(OWN, "Shares", value, f"Such as “{example}”.",
                                   placeholder=example, maxLength=900),
            label_frame.button("Compare", APPLY),
        ],
        className="vt-own-shares",
    )  # fmt: skip


# -- what came of it -------------------------------------------------------------------------------


def balance(
    found: Any, view: Any, held: LabelColumn, told: AgainstTarget, keys: Mapping[str, str]
) -> Component:
    """Return the sizes of classes as figures, a chart and a table."""
    total, out = int(told.counts.sum()), len(view.working) - int(told.counts.sum())
    facts = tables.facts(
        [
            ("Labelled", number(total)),
            ("Without a label", number(out) if out else ""),
            ("Classes", number(len(held.names))),
            ("Effective classes", score(told.effective, 1)),
            ("Largest over smallest", "∞" if np.isinf(told.ratio) else f"{told.ratio:,.1f}"),
        ],
        "vt-facts vt-facts-row",
    )
    one = noun(found)
    return label_frame.card(
        "Balance", html.P(sentence(told, keys)), facts, chart(held, told, one),
        table(held, told, one),
    )  # fmt: skip


def sentence(told: AgainstTarget, keys: Mapping[str, str]) -> str:
    """Return how even the classes are, in words."""
    m = len(told.counts)
    if m < 2:
        return "There is one class: nothing can be balanced."
    kind, _, rest = keys["target"].partition(":")
    wanted = {"slice": f"the shares of the slice “{rest}”", SHARES: "the shares given"}.get(
        kind, "equal classes")  # fmt: skip
    far = int((told.residual_p < 0.05).sum())
    even = (
        f"{plural(m, 'class', 'classes')} carry as much variety as "
        f"{score(told.effective, 1)} equal ones."
    )
    if not far:
        return f"{even} No class differs from {wanted} by more than chance."
    verb = "differs" if far == 1 else "differ"
    return f"{even} {number(far)} of {number(m)} {verb} from {wanted} by more than chance."


def _order(told: AgainstTarget) -> np.ndarray:
    """Return the classes, the largest first."""
    return np.lexsort((np.arange(len(told.counts)), -told.counts))


def chart(held: LabelColumn, told: AgainstTarget, one: str) -> Component:
    """Return the sizes of classes as bars, with what is wanted as marks."""
    order = _order(told)[:SHOWN]
    names = [held.names[at] for at in order]
    data = [
        {"type": "bar", "orientation": "h", "name": f"{one}s", "y": names,
         "x": told.counts[order].tolist(), "hovertemplate": "%{y}: %{x:,d}<extra></extra>"},
        {"type": "scatter", "mode": "markers", "name": "wanted", "y": names,
         "x": told.expected[order].round(1).tolist(),
         "marker": {"symbol": "line-ns-open", "size": 14, "color": WANTED,
                    "line": {"width": 3}},
         "hovertemplate": "wanted: %{x:,.1f}<extra></extra>"},
    ]  # fmt: skip
    layout = report_charts.axes(f"{one}s", "", bargap=0.3)
    layout["yaxis"] = {"type": "category", "automargin": True, "autorange": "reversed"}
    layout["margin"] = {"l": 8, "r": 12, "t": 30, "b": 44}
    more = len(told.counts) - len(order)
    largest = f"the {number(len(order))} largest first"
    label = f"{one.capitalize()}s of each class against what is wanted, {largest}."
    parts = [figures.graph("labels-balance", {"data": data, "layout": layout}, label=label,
                           height=90 + BAR * max(3, len(order)))]  # fmt: skip
    if more > 0:
        parts.append(html.P(f"The {number(SHOWN)} largest are drawn; the table has all.",
                            className="vt-small"))  # fmt: skip
    return html.Div(parts, className="vt-chart")


def table(held: LabelColumn, told: AgainstTarget, one: str) -> Component:
    """Return every class with its size, what is wanted, and the residual."""
    total = told.counts.sum()
    rows = []
    for at in _order(told).tolist():
        residual, p = float(told.residual[at]), float(told.residual_p[at])
        far = p < 0.05
        word = html.Span(
            f"{round(residual, 1) + 0:+.1f}".replace("-", "−"),
            className="vt-far" if far else "vt-soft",
        )
        rows.append((held.names[at], number(int(told.counts[at])),
                     share(float(told.counts[at] / total)), f"{told.expected[at]:,.1f}", word,
                     "< 0.001" if p < 0.001 else score(p)))  # fmt: skip
    head = ("Class", f"{one.capitalize()}s", "Share", "Wanted", "Residual", "p, Holm")
    return tables.table(head, rows, caption="Classes against what is wanted")


# -- what a person chooses -------------------------------------------------------------------------


@callback(
    Output(shell.LOCATION, "href", allow_duplicate=True),
    Input(COLUMN, "value"),
    Input(TARGET, "value"),
    Input(APPLY, "n_clicks"),
    Input(OWN, "n_submit"),
    State(OWN, "value"),
    State(label_frame.PLACE, "data"),
    prevent_initial_call=True,
)
def compare(
    column: str | None,
    target: str | None,
    clicks: int | None,
    entered: int | None,
    own: str | None,
    keys: dict[str, str],
) -> Any:
    """Go to the comparison of other labels, or with other shares."""
    target = target or EQUAL
    if target == SHARES:
        target = f"{SHARES}:{(own or '').strip()}"
    now = {**keys, "column": fields.named(column) or "",
           "target": "" if target == EQUAL else target}  # fmt: skip
    return no_update if now == keys else label_frame.address(now)

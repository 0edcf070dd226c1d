"""Groups of alike images that grew, shrank, are new or are gone, with pictures of both sides."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from components import drift_pictures
from components import morphology_figures as drawn
from components.drift_frame import (
    STATES,
    address,
    badge,
    chips,
    csv_link,
    file_name,
    label_of,
    side_mark,
)
from components.drift_pictures import Pair
from components.drift_scale import around
from components.drift_where import COLOURS, MARKS
from components.morphology_frame import card, p_text
from components.morphology_tables import known, nothing
from components.notices import hint
from components.stacked import stacked
from components.words import number, plural, share

#: Groups with pictures before the rest is folded.
PICTURED = 12


def name_of(one: Mapping[str, Any]) -> str:
    """Return what a group of images is called: by its number in files and on the command line."""
    return f"Group {int(one['id'])}"


def body(pair: Pair, keys: Mapping[str, str]) -> list[Component]:
    """Return the groups of a comparison: their shares, and each with its pictures."""
    drift = pair.drift
    found = drift.meta["clusters"]
    counts = {state: sum(one["state"] == state for one in found) for state in STATES}
    state = keys.get("state", "")
    state = state if counts.get(state) else ""
    shown = [one for one in found if not state or one["state"] == state]
    options = [("", f"All ({number(len(found))})")]
    options += [(name, f"{STATES[name]} ({number(n)})") for name, n in counts.items() if n]
    now = {**keys, "key": drift.key}
    return [
        card(
            "Groups of alike images",
            html.P(_sentence(drift, counts), className="vt-lead"),
            hint("Groups were made of both sets together, from their vectors. Parts of the "
                 "difference add up to the whole."),
            _chart(drift, found),
            _table(drift, found),
        ),
        card(
            "Pictures of both sets",
            chips("Show", options, state, now, "state"),
            *([_group(pair, one, now) for one in shown[:PICTURED]] or [nothing("None.")]),
            _rest(pair, shown[PICTURED:], now),
            look="vt-drift-groups",
        ),
    ]  # fmt: skip


def _sentence(drift: Any, counts: Mapping[str, int]) -> str:
    """Return how many groups changed."""
    told = [f"{number(counts[state])} {STATES[state].lower()}"
            for state in ("new", "gone", "grew", "shrank") if counts[state]]  # fmt: skip
    whole = sum(counts.values())
    if not told:
        return (f"None of {plural(whole, 'group')} holds a share that differs more than chance "
                "allows, taken one by one.")  # fmt: skip
    return (f"Of {plural(whole, 'group')} {', '.join(told)} in {label_of(drift, 'b')}, as held "
            f"against {label_of(drift, 'a')}.")  # fmt: skip


def _order(found: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return groups by how much their share changed, the grown first."""
    return sorted(found, key=lambda one: one["share_a"] - one["share_b"])


def _chart(drift: Any, found: Sequence[Mapping[str, Any]]) -> Component:
    """Return the share of every group in both sets, joined by a line."""
    lines = _order(found)[::-1]
    names = [name_of(one) for one in lines]
    joins: dict[str, list[Any]] = {"x": [], "y": []}
    for at, one in enumerate(lines):
        joins["x"] += [100 * one["share_a"], 100 * one["share_b"], None]
        joins["y"] += [at, at, None]
    data: list[dict[str, Any]] = [{
        "type": "scatter", "mode": "lines", **joins, "line": {"color": drawn.GREY, "width": 2},
        "hoverinfo": "skip", "showlegend": False,
    }]  # fmt: skip
    data += [
        {
            "type": "scatter", "mode": "markers", "cliponaxis": False,
            "name": drawn.short(label_of(drift, side)),
            "x": [100 * one[f"share_{side}"] for one in lines], "y": list(range(len(lines))),
            "text": names, "hovertemplate": "%{text}: %{x:.1f} %<extra></extra>",
            "marker": {"color": COLOURS[side], "symbol": MARKS[side], "size": 10},
        }
        for side in ("a", "b")
    ]  # fmt: skip
    layout = {
        "xaxis": {"title": {"text": "share of the set, %"},
                  "range": around([100 * one[f"share_{side}"] for one in lines for side in "ab"])},
        "yaxis": drawn.names_axis(names, range=[-0.7, len(lines) - 0.3]),
        "legend": {"orientation": "h", "x": 0, "y": 1.01, "yanchor": "bottom"},
        "margin": {"l": 8, "r": 16, "t": 8, "b": 48},
    }  # fmt: skip
    return drawn.figure(
        "drift-groups", "Share of each group in both sets", data, layout,
        label="Share of each group in both sets; the table below tells the same.",
        height=120 + 20 * len(lines), file=file_name(drift, "groups"),
        links=[csv_link(drift, "clusters", "Groups of images")],
    )  # fmt: skip


def _table(drift: Any, found: Sequence[Mapping[str, Any]]) -> Component:
    """Return the same as a table, folded."""
    rows = [
        [name_of(one), badge(one["state"]), _share(one, "a"), _share(one, "b"), _change(one),
         p_text(known(one.get("p_adjusted"))), share(known(one.get("part")))]
        for one in _order(found)
    ]  # fmt: skip
    head = ("Group", "State", f"In {label_of(drift, 'a')}", f"In {label_of(drift, 'b')}",
            "Change, 95 % interval", "p, adjusted", "Part of the difference")  # fmt: skip
    table = stacked(head, rows, caption="Groups of images in both sets")
    return html.Details([html.Summary("As a table"), table])


def _share(one: Mapping[str, Any], side: str) -> str:
    """Return a group's share of a side with its count."""
    return f"{share(one[f'share_{side}'])} ({number(one[f'count_{side}'])})"


def points(value: float) -> str:
    """Return a difference of shares in percentage points, with its sign."""
    text = f"{100 * value:+.1f}"
    return "0" if text in {"+0.0", "-0.0"} else text.replace("-", "−")


def _change(one: Mapping[str, Any]) -> str:
    """Return how much a group's share changed, with its interval."""
    told = points(one["share_b"] - one["share_a"])
    ends = one.get("ci")
    if ends and None not in ends:
        told += f" ({points(ends[0])} to {points(ends[1])})"
    return f"{told} points"


def _group(pair: Pair, one: Mapping[str, Any], keys: Mapping[str, str]) -> Component:
    """Return one group: what became of it, and its pictures of both sides."""
    of = html.Span(f" ({name_of(one)})", className="visually-hidden")
    most = "a" if one["state"] in {"gone", "shrank"} else "b"
    see = dcc.Link(["See its images", of], className="vt-link",
                   href=address(keys, view="images", group=one["id"], side=most))  # fmt: skip
    part = known(one.get("part"))
    told = [_change(one)]
    if known(one.get("p_adjusted")) is not None:
        told.append(f"p = {p_text(one['p_adjusted'])}, adjusted")
    if part is not None:
        told.append(f"{share(part).replace('-', '−')} of the difference")
    return html.Article(
        [
            html.Div([html.H3(name_of(one)), badge(one["state"]), see],
                     className="vt-drift-group-head"),
            html.P(" · ".join(told), className="vt-small"),
            html.Div([_side(pair, one, side) for side in ("a", "b")], className="vt-drift-two"),
        ],
        className="vt-drift-group",
    )  # fmt: skip


def _side(pair: Pair, one: Mapping[str, Any], side: str) -> Component:
    """Return what a group is in one side: its share and pictures."""
    rows = [int(row) for row in one.get(f"exemplars_{side}") or ()]
    label = label_of(pair.drift, side)
    head = html.P([side_mark(side, label), f" {_share(one, side)}"], className="vt-small")
    if not rows:
        return html.Div([head, html.P("None here.", className="vt-drift-none")])
    return html.Div([head, drift_pictures.strip(
        pair, side, rows, label=f"{name_of(one)}: images of {label}")])  # fmt: skip


def _rest(
    pair: Pair, found: Sequence[Mapping[str, Any]], keys: Mapping[str, str]
) -> Component | None:
    """Return the groups that add least to the difference, folded."""
    if not found:
        return None
    inside = [_group(pair, one, keys) for one in found]
    return html.Details([html.Summary(f"{plural(len(found), 'more group')}"), *inside])

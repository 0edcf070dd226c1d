"""How varied each group is, with intervals, and which groups differ in it."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from components import morphology_figures as drawn
from components import morphology_tables as parts
from components.morphology_frame import card, p_text
from components.words import number, plural

#: The measures: field, title, what it is.
MEASURES = {
    "variance": ("Sum of variances", "the mean squared distance to the group's centre"),
    "distance": ("Mean pairwise distance", "how far two units of the group lie apart"),
}

#: Pixels a group.
ROW = 26


def view_of(found: Any, view: Any, comparison: Any, keys: Mapping[str, str]) -> Component:
    """Return the view of disparity; see `morphology_distances.view_of` for the parameters."""
    meta = comparison.meta["disparity"]
    groups = [one for one in meta["groups"] if parts.known(one["variance"]) is not None]
    if not groups:
        return card("How varied the groups are", parts.nothing(
            "Variety needs groups that have two units or more."
        ))  # fmt: skip
    charts = [chart(comparison, groups, measure) for measure in MEASURES]
    return html.Div(
        [
            card(
                "How varied the groups are",
                html.P(sentence(groups, meta.get("pairs") or []), className="vt-lead"),
                html.Div(charts, className="vt-shape-two"),
                group_table(comparison, meta["groups"]),
            ),
            pair_table(comparison, meta.get("pairs") or []),
        ],
        className="vt-shape-view",
    )


def sentence(groups: Sequence[Mapping[str, Any]], pairs: Sequence[Mapping[str, Any]]) -> str:
    """Return which groups vary most and least, and in how many pairs that is more than chance."""
    most = max(groups, key=lambda one: float(one["variance"]))
    least = min(groups, key=lambda one: float(one["variance"]))
    told = "Neither measure depends on how many units a group has."
    if most is least:
        return f"{most['name']} has a sum of variances of {parts.value(most['variance'])}. {told}"
    told = (
        f"{most['name']} varies most ({parts.value(most['variance'])}), {least['name']} least "
        f"({parts.value(least['variance'])}). {told}"
    )
    tested = [one for one in pairs if parts.known(one.get("p_adjusted")) is not None]
    if not tested:
        return told
    sure = sum(float(one["p_adjusted"]) <= 0.05 for one in tested)
    return (
        f"{told} In {number(sure)} of {plural(len(tested), 'pair')} the difference is more than "
        "chance (adjusted p ≤ 0.05)."
    )


def chart(comparison: Any, groups: Sequence[Mapping[str, Any]], measure: str) -> Component:
    """Return a measure of every group with its interval, the most varied on top."""
    title, told = MEASURES[measure]
    shown = sorted(
        (one for one in groups if parts.known(one[measure]) is not None),
        key=lambda one: -float(one[measure]),
    )
    names = [str(one["name"]) for one in shown]
    values = [float(one[measure]) for one in shown]
    ends = [_ends(one, measure) for one in shown]
    trace = {
        "type": "scatter", "mode": "markers", "x": values, "y": list(range(len(shown))),
        "marker": {"size": 8},
        "error_x": {"type": "data", "symmetric": False, "thickness": 1.5, "width": 4,
                    "array": [high - v for v, (_, high) in zip(values, ends, strict=True)],
                    "arrayminus": [v - low for v, (low, _) in zip(values, ends, strict=True)]},
        "text": [f"{drawn.short(n)}: {parts.value(v)} ({parts.interval(one.get(f'{measure}_ci'))})"
                 for n, v, one in zip(names, values, shown, strict=True)],
        "hovertemplate": "%{text}<extra></extra>",
    }  # fmt: skip
    layout = {
        "margin": {"l": 8, "r": 12, "t": 8, "b": 44},
        "xaxis": {"title": {"text": title.lower()}, "showgrid": True},
        "yaxis": drawn.names_axis(names, range=[len(shown) - 0.5, -0.5]),
        "showlegend": False,
    }
    label = f"{title} of {plural(len(shown), 'group')} with 95 % intervals: {told}."
    return drawn.figure(
        f"morph-disparity-{measure}", title, [trace], layout, label=label,
        height=64 + ROW * max(3, len(shown)),
        file=parts.file_name(comparison, f"disparity-{measure}"),
    )  # fmt: skip


def _ends(one: Mapping[str, Any], measure: str) -> tuple[float, float]:
    """Return the ends of an interval; both the value itself where there is none."""
    value = float(one[measure])
    ends = [parts.known(end) for end in (one.get(f"{measure}_ci") or (None, None))]
    return (
        value if ends[0] is None else min(ends[0], value),
        value if ends[1] is None else max(ends[1], value),
    )


def group_table(comparison: Any, groups: Sequence[Mapping[str, Any]]) -> Component:
    """Return both measures of every group, and its hull where there is one."""
    order = sorted(groups, key=lambda one: -(parts.known(one["variance"]) or -1.0))
    hulls = any(one.get("hull") for one in groups)
    head = ["Group", "Units", "Sum of variances", "95 %", "Mean pairwise distance", "95 %"]
    head += ["Hull"] if hulls else []
    rows = []
    for one in order:
        cells: list[Any] = [
            str(one["name"]), number(one["units"]),
            parts.value(one["variance"]), parts.interval(one.get("variance_ci")),
            parts.value(one["distance"]), parts.interval(one.get("distance_ci")),
        ]  # fmt: skip
        rows.append(cells + ([hull(one.get("hull"))] if hulls else []))
    notes = [str(one["hull"]["note"]) for one in groups if (one.get("hull") or {}).get("note")]
    said = html.P(hull_note(notes[0]), className="vt-small") if notes else None
    table = parts.listing(comparison, head, rows, name="Variety of the groups", csv="disparity")
    return html.Div([table, *([said] if said else [])])


def hull_note(note: str) -> str:
    """Return what a hull and its range are."""
    return (
        f"Hull: volume along the first axes, of as many units as the smallest group has; "
        f"{note.rstrip('.')}. Its range is over draws of units: it is no interval."
    )


def hull(found: Mapping[str, Any] | None) -> str:
    """Return the volume of a hull with its range, "–" where a group has too few units."""
    if not found or parts.known(found.get("volume")) is None:
        return "–"
    told, ci = parts.value(found["volume"]), found.get("ci") or (None, None)
    ends = parts.interval(found.get("ci"))
    only = ends == "–" or ci[0] == ci[1]  # of the smallest group there is one sample
    return told if only else f"{told} ({ends})"


def pair_table(comparison: Any, pairs: Sequence[Mapping[str, Any]]) -> Component | None:
    """Return the differences of pairs of groups in the sum of variances, the largest first."""
    if not pairs:
        return card("Differences between groups", parts.nothing(
            "Differences are tested between groups that have three units or more each."
        ))  # fmt: skip
    order = sorted(pairs, key=lambda one: -abs(parts.known(one["estimate"]) or 0.0))
    rows = [
        (f"{one['a']} – {one['b']}", parts.value(one["estimate"]), parts.interval(one.get("ci")),
         p_text(parts.known(one.get("p"))), p_text(parts.known(one.get("p_adjusted"))))
        for one in order
    ]  # fmt: skip
    head = ("Groups", "Difference", "95 % interval", "p", "p adjusted")
    return card(
        f"Differences between groups ({number(len(pairs))})",
        html.P("Difference in the sum of variances, first group less second. p comes from units "
               "moved onto a common centre and dealt to the two groups anew, and is adjusted for "
               "all pairs (Benjamini and Hochberg).", className="vt-small"),
        parts.listing(comparison, head, rows, name="Differences in variety",
                      csv="disparity-pairs"),
    )  # fmt: skip

"""The preset after Lürig and others: the axis between two groups, and likeness inside groups."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from components import morphology_figures as drawn
from components import morphology_tables as parts
from components.morphology_frame import card, statistic
from components.words import listed, number, plural, share

#: Pixels a group in the chart of the axis, and pictures in the strip along it.
ROW, PICTURES = 26, 24


def view_of(found: Any, view: Any, comparison: Any, keys: Mapping[str, str]) -> Component:
    """Return the view of the preset; see `morphology_distances.view_of` for the parameters."""
    made = comparison.meta.get("lurig")
    if not made:
        return card("Preset after Lürig and others", parts.nothing(
            "This comparison was made without the preset: choose it in the design to have it."
        ))  # fmt: skip
    if "discriminant" not in made:
        return card(
            "Preset after Lürig and others",
            parts.nothing(str(made.get("why") or "The preset could not be computed.")),
        )
    return html.Div(
        [
            part
            for part in (
                axis_card(found, comparison, made),
                exemplar_card(found, comparison, made),
                likeness_card(comparison, made),
                cautions(made),
            )
            if part is not None
        ],
        className="vt-shape-view",
    )


# -- the axis --------------------------------------------------------------------------------------


def axis_card(found: Any, comparison: Any, made: Mapping[str, Any]) -> Component:
    """Return the discriminant axis: how well it tells its ends apart, and where groups lie."""
    axis = made["discriminant"]
    return card(
        "The axis between two groups",
        html.P(verdict(axis), className="vt-lead"),
        chart(comparison, axis),
        group_table(comparison, axis),
        html.P(method(made), className="vt-small"),
    )


def verdict(axis: Mapping[str, Any]) -> str:
    """Return how well the axis tells its ends apart on units it was not made from."""
    first, second = axis["poles"]
    auc = parts.known(axis.get("auc"))
    if auc is None:
        return (
            f"From {first} (0) to {second} (1). An end has too few units for a check on units held "
            "out, so how well the axis tells them apart is not known."
        )
    folds = [
        value for one in axis.get("auc_folds") or [] if (value := parts.known(one)) is not None
    ]
    spread = ""
    if folds and statistic(min(folds), 2) != statistic(max(folds), 2):
        spread = f", {statistic(min(folds), 2)} to {statistic(max(folds), 2)} over folds"
    word = "well" if auc >= 0.9 else "fairly well" if auc >= 0.75 else "barely"
    return (
        f"From {first} (0) to {second} (1), units that the axis was not made from are told apart "
        f"{word}: AUC {statistic(auc, 2)}{spread} (chance 0.5)."
    )


def method(made: Mapping[str, Any]) -> str:
    """Return how the axis was made."""
    axis = made["discriminant"]
    left = [int(one) for one in axis.get("trimmed") or ()]
    told = (
        f"{plural(int(made['components']), 'component')} of standardised vectors hold "
        f"{share(parts.known(made['explained']))} of the variance; the axis is linear "
        f"discriminant analysis on the first {number(axis['components'])}."
    )
    if sum(left):
        ends = listed(
            [f"{number(n)} of {name}" for n, name in zip(left, axis["poles"], strict=True)]
        )
        told += f" Left out of the fit as far from their own group: {ends}"
        far = parts.known(axis.get("trimmed_auc"))
        told += f" (these alone: AUC {statistic(far, 2)})." if far is not None else "."
    return told


def ordered(axis: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the groups along the axis."""
    return sorted(axis["groups"], key=lambda one: float(one["mean"]))


def chart(comparison: Any, axis: Mapping[str, Any]) -> Component:
    """Return where each group lies on the axis: its mean and its middle half."""
    shown = ordered(axis)
    data = []
    for pole, name, look in ((True, "end of the axis", "circle"),
                             (False, "not used to make it", "circle-open")):  # fmt: skip
        own = [(at, one) for at, one in enumerate(shown) if bool(one["pole"]) == pole]
        if not own:
            continue
        data.append({
            "type": "scatter", "mode": "markers", "name": name,
            "x": [float(one["mean"]) for _, one in own], "y": [at for at, _ in own],
            "marker": {"size": 10, "symbol": look, "line": {"width": 2}},
            "error_x": {"type": "data", "symmetric": False, "thickness": 1.5, "width": 4,
                        "array": [max(0.0, one["high"] - one["mean"]) for _, one in own],
                        "arrayminus": [max(0.0, one["mean"] - one["low"]) for _, one in own]},
            "text": [f"{drawn.short(str(one['group']))}: {parts.value(one['mean'], 2)}"
                     for _, one in own],
            "hovertemplate": "%{text}<extra></extra>",
        })  # fmt: skip
    first, second = axis["poles"]
    layout = {
        "margin": {"l": 8, "r": 12, "t": 40, "b": 44},
        "xaxis": {"title": {"text": f"{drawn.short(first)} = 0, {drawn.short(second)} = 1"},
                  "zeroline": False, "showgrid": True},
        "yaxis": drawn.names_axis([str(one["group"]) for one in shown],
                                  range=[-0.5, len(shown) - 0.5]),
        "shapes": [{"type": "line", "x0": at, "x1": at, "yref": "paper", "y0": 0, "y1": 1,
                    "line": {"color": drawn.GREY, "width": 1, "dash": "dot"}} for at in (0, 1)],
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom",
                   "font": {"size": 11}},
    }  # fmt: skip
    label = f"Where {plural(len(shown), 'group')} lie on the axis from {first} to {second}."
    return drawn.figure(
        "morph-axis", "Groups along the axis", data, layout, label=label,
        height=100 + ROW * max(3, len(shown)), file=parts.file_name(comparison, "preset-axis"),
        least=480,
    )  # fmt: skip


def group_table(comparison: Any, axis: Mapping[str, Any]) -> Component:
    """Return where each group lies on the axis, as numbers."""
    rows = [
        (str(one["group"]), number(one["units"]), parts.value(one["mean"], 3),
         f"{parts.value(one['low'], 3)} to {parts.value(one['high'], 3)}",
         share(parts.known(one["second"])),
         "end, units held out" if one["pole"] and one["unseen"] else
         "end, not held out" if one["pole"] else "never seen")
        for one in ordered(axis)
    ]  # fmt: skip
    head = ("Group", "Units", "Mean", "Middle half", f"Nearer {axis['poles'][1]}",
            "In making the axis")  # fmt: skip
    return parts.listing(comparison, head, rows, name="Groups along the axis", csv="preset-axis",
                         fold="The groups as a table")  # fmt: skip


# -- exemplars and likeness ------------------------------------------------------------------------


def exemplar_rows(comparison: Any, made: Mapping[str, Any]) -> dict[str, int]:
    """Return the row that stands for each group."""
    heads = comparison.tables["units"]["head"].astype(int).tolist()
    found = {}
    for one in made.get("exemplars") or []:
        row = one.get("row")
        if row is None and 0 <= int(one["unit"]) < len(heads):
            row = heads[int(one["unit"])]
        if row is not None:
            found[str(one["group"])] = int(row)
    return found


def exemplar_card(found: Any, comparison: Any, made: Mapping[str, Any]) -> Component | None:
    """Return the image nearest the mean of each group, along the axis."""
    rows = exemplar_rows(comparison, made)
    axis = made["discriminant"]
    shown = [one for one in ordered(axis) if str(one["group"]) in rows][:PICTURES]
    if not shown:
        return None
    notes = [f"{one['group']} · {statistic(one['mean'], 2)}" for one in shown]
    pictures = parts.strip(found, comparison, [rows[str(one["group"])] for one in shown], notes,
                           label="The image nearest the mean of each group")  # fmt: skip
    first, second = axis["poles"]
    return card("The image nearest each group's mean",
                html.P(f"In the order of the axis, from {first} to {second}.",
                       className="vt-small"), pictures)  # fmt: skip


def likeness_card(comparison: Any, made: Mapping[str, Any]) -> Component:
    """Return likeness between the values of the pair inside each group, and within groups."""
    within = {str(one["group"]): one for one in made.get("within") or []}
    pair = list(made.get("similarity") or [])
    said = [between(one) for one in made.get("between") or []]
    rows: list[Sequence[Any]] = []
    if pair:
        head: tuple[str, ...] = ("Group", "Between", "Units", "Likeness",
                                 "On the axis's components", "Within the group")  # fmt: skip
        for one in sorted(pair, key=lambda one: -float(one["all"])):
            own = within.get(str(one["group"]), {})
            rows.append((str(one["group"]), f"{one['a']} and {one['b']}",
                         f"{number(one['units_a'])} and {number(one['units_b'])}",
                         parts.value(one["all"], 3), parts.value(one["axis"], 3),
                         parts.value(own.get("mean"), 3)))  # fmt: skip
    else:
        head = ("Group", "Units", "Likeness within the group")
        order = sorted(within.values(), key=lambda one: -(parts.known(one["mean"]) or 0.0))
        rows = [(str(one["group"]), number(one["units"]), parts.value(one["mean"], 3))
                for one in order]  # fmt: skip
    return card(
        "Likeness inside groups",
        html.P(" ".join(["Likeness is (cos + 1) / 2: 1 the same, 0.5 unrelated, 0 opposite.",
                         *said]), className="vt-small"),
        parts.listing(comparison, head, rows, name="Likeness inside groups",
                      csv="preset-likeness" if pair else "preset-within"),
    )  # fmt: skip


def between(one: Mapping[str, Any]) -> str:
    """Return the level to compare the likeness of a pair with."""
    return (
        f"{one['a']} and {one['b']} of different groups have {parts.value(one['all'], 3)} on "
        "average."
    )


def cautions(made: Mapping[str, Any]) -> Component | None:
    """Return what to be careful of."""
    told = [str(one) for one in made.get("warnings") or []]
    if not told:
        return None
    return card(
        "What to be careful of",
        html.Ul([html.Li(f"{one[:1].upper()}{one[1:].rstrip('.')}.") for one in told]),
    )

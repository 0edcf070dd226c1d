"""How large a difference is beside known ones, and what this sample could have shown."""

from collections.abc import Mapping, Sequence
from math import sqrt
from typing import Any

from dash import html
from dash.development.base_component import Component

from components import morphology_figures as drawn
from components import tables
from components.drift_frame import file_name
from components.morphology_frame import card
from components.morphology_tables import value
from components.words import number, share

#: Colours of the difference itself and of those beside it.
_HUES = list(drawn.HUES)
OWN, KNOWN = _HUES[1], _HUES[0]


#: What the sets themselves differ by chance.
HALVES = "two halves of the first set"

#: Parts of the names of differences, and what stands for them where there is little room.
SHORTER = {
    " by the second set": "", HALVES: "half against half", " of the shorter side": "",
    "saved as JPEG at quality": "JPEG, quality",
}  # fmt: skip


def root(squared: float | None) -> float:
    """Return the discrepancy from its square; estimates below 0 are 0.

    The discrepancy grows in proportion with the share of images that are replaced.
    """
    return sqrt(max(0.0, float(squared or 0.0)))


def lines(meta: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the difference and the known ones, the smallest first."""
    scale = meta.get("scale") or {}
    known = [dict(one) for one in scale.get("anchors") or ()]
    own = {"name": "these two sets", "value": scale["value"], "low": scale["low"],
           "high": scale["high"], "own": True}  # fmt: skip
    return sorted([*known, own], key=lambda one: float(one["value"]))


def place(meta: Mapping[str, Any]) -> str:
    """Return where the difference stands among the known ones, as a sentence; "" if unknown."""
    if not meta.get("scale"):
        return ""
    found = lines(meta)
    at = next(place for place, one in enumerate(found) if one.get("own"))
    own = found[at]
    half = next((one for one in found if one["name"] == HALVES), None)
    if half is not None and own["value"] <= half["high"]:
        return f"The difference is no larger than that of {HALVES}."
    inside = [one for one in found if not one.get("own") and one["low"] <= own["value"] <=
              one["high"]]  # fmt: skip
    if inside:
        near = min(inside, key=lambda one: abs(one["value"] - own["value"]))
        return f"The difference is as large as that of {worded(near)}."
    if at == 0:
        return f"The difference is smaller than that of {worded(found[1])}."
    below = found[at - 1]
    times = root(own["value"]) / root(below["value"]) if root(below["value"]) > 0 else 0
    if at == len(found) - 1:
        if 1.05 <= times < 100:
            return f"The difference is {times:.1f} times that of {worded(below)}."
        return f"The difference is larger than that of {worded(below)}."
    return f"The difference lies between that of {worded(below)} and {worded(found[at + 1])}."


def short(name: str) -> str:
    """Return the name of a difference as a chart has room for it."""
    for long, brief in SHORTER.items():
        name = name.replace(long, brief)
    return name


def worded(one: Mapping[str, Any]) -> str:
    """Return a known difference as a sentence has it."""
    name = str(one["name"])
    return name if name[:1].isdigit() or name == HALVES else f"pictures {name}"


def around(values: Sequence[float]) -> list[float]:
    """Return an axis from just below 0, so that marks at 0 cover no names, to above the largest."""
    most = max([*values, 0.0]) or 1.0
    return [-0.03 * most, 1.04 * most]


def scale(drift: Any) -> Component | None:
    """Return the card of the scale; None where there are too few units for one."""
    meta = drift.meta
    if not meta.get("scale"):
        return None
    found = lines(meta)
    names = [short(str(one["name"])) for one in found]
    traces = [_points(found, own=own) for own in (False, True)]
    layout = {
        "xaxis": {"title": {"text": "discrepancy (MMD)"}, "zeroline": True,
                  "range": around([root(one["high"]) for one in found])},
        "yaxis": drawn.names_axis(names, range=[-0.6, len(found) - 0.4]),
        "margin": {"l": 8, "r": 16, "t": 8, "b": 48}, "showlegend": False,
    }  # fmt: skip
    told = "; ".join(f"{one['name']} {value(root(one['value']), 2)}" for one in found)
    chart = drawn.figure(
        "drift-scale", "The difference beside known ones", traces, layout,
        label=f"Discrepancy of these two sets and of known differences: {told}.",
        height=90 + 34 * len(found), file=file_name(drift, "scale"),
    )  # fmt: skip
    rows = [
        [html.Strong(one["name"]) if one.get("own") else one["name"],
         value(root(one["value"]), 2),
         f"{value(root(one['low']), 2)} to {value(root(one['high']), 2)}"]
        for one in found
    ]  # fmt: skip
    table = tables.table(("Difference", "Discrepancy", "95 % of the draws"), rows,
                         caption="The difference beside known ones")  # fmt: skip
    images = meta["scale"].get("images")
    drawn_from = f", from draws of {number(images)} units a side" if images else ""
    note = (f"Every line is measured in the same way{drawn_from}. The discrepancy doubles when "
            "twice as many images are replaced.")  # fmt: skip
    return card(
        "How large is it?", html.P(place(meta), className="vt-lead"), chart,
        html.P(note, className="vt-small"),
        html.Details([html.Summary("As a table"), table]),
    )  # fmt: skip


def _points(found: list[dict[str, Any]], *, own: bool) -> dict[str, Any]:
    """Return the differences as points with the range of their draws."""
    shown = [(at, one) for at, one in enumerate(found) if bool(one.get("own")) == own]
    middle = [root(one["value"]) for _, one in shown]
    return {
        "type": "scatter", "mode": "markers", "cliponaxis": False,
        "x": middle, "y": [at for at, _ in shown],
        "text": [str(one["name"]) for _, one in shown],
        "hovertemplate": "%{text}: %{x:.3f}<extra></extra>",
        "marker": {"size": 13 if own else 9, "color": OWN if own else KNOWN,
                   "symbol": "diamond" if own else "circle"},
        "error_x": {
            "type": "data", "symmetric": False, "thickness": 1.5, "width": 4,
            "color": OWN if own else KNOWN,
            "array": [max(0.0, root(one["high"]) - x) for (_, one), x in
                      zip(shown, middle, strict=True)],
            "arrayminus": [max(0.0, x - root(one["low"])) for (_, one), x in
                           zip(shown, middle, strict=True)],
        },
    }  # fmt: skip


# -- what could have been seen ---------------------------------------------------------------------


def power_text(meta: Mapping[str, Any]) -> str:
    """Return what these many images could have shown, as a sentence."""
    found = meta.get("power")
    if not found:
        return ("There are too few units to say how small a difference they could have shown: "
                "twenty a side are needed.")  # fmt: skip
    held = found.get("like") == "held back"
    what = "of a group that the reference lacks" if held else "like those of the second set"
    if found.get("seen") is None:
        most = share(max(found["shares"]))
        return (f"Even with {most} of images {what} among the reference's, fewer than four in "
                "five such samples would show it.")  # fmt: skip
    return (
        f"If only {share(found['seen'])} of the images were {what} and the rest like the "
        "reference, four in five such samples would still show it."
    )


def power(drift: Any) -> Component:
    """Return the card of what this sample could have shown."""
    found = drift.meta.get("power")
    words = html.P(power_text(drift.meta))
    if not found:
        return card("What could have been seen?", words)
    shares, powers = found["shares"], found["power"]
    line = {
        "type": "scatter", "mode": "lines+markers", "x": [100 * one for one in shares],
        "y": [100 * one for one in powers], "line": {"color": KNOWN, "width": 2},
        "marker": {"size": 8, "color": KNOWN},
        "hovertemplate": "%{x:g} % planted: seen in %{y:.0f} %<extra></extra>",
    }  # fmt: skip
    wanted = {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": 80, "y1": 80,
              "line": {"color": drawn.GREY, "width": 1, "dash": "dot"}}  # fmt: skip
    layout = {
        "xaxis": {"title": {"text": "images replaced, %"}, "type": "log",
                  "tickvals": [100 * one for one in shares],
                  "ticktext": [f"{100 * one:g}" for one in shares]},
        "yaxis": {"title": {"text": "seen, %"}, "range": [0, 104]},
        "shapes": [wanted], "showlegend": False, "margin": {"l": 56, "r": 16, "t": 8, "b": 48},
    }  # fmt: skip
    told = "; ".join(f"{share(s)} planted: {share(p)}" for s, p in zip(shares, powers, strict=True))
    chart = drawn.figure(
        "drift-power", "How often a small difference is seen", [line], layout,
        label=f"How often a share of strangers is seen: {told}.", height=280,
        file=file_name(drift, "power"),
    )  # fmt: skip
    rows = [[share(s), share(p)] for s, p in zip(shares, powers, strict=True)]
    table = tables.table(("Images replaced", "Seen"), rows, caption="How often it is seen")
    units = found.get("units")
    size = "" if not units else (f" Batches of {number(units[0])} units against "
                                 f"{number(units[1])} of the reference.")  # fmt: skip
    what = ("Groups of the reference were held back in turn and their images"
            if found.get("like") == "held back" else "Images of the second set were")  # fmt: skip
    note = (f"{what} planted into samples of the reference, and the first test was asked at 0.05. "
            f"The dotted line is four in five.{size}")  # fmt: skip
    return card(
        "What could have been seen?", words, chart, html.P(note, className="vt-small"),
        html.Details([html.Summary("As a table"), table]),
    )  # fmt: skip

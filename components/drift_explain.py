"""What explains a difference: columns, picture measures, exposure, labels one by one."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from components import morphology_figures as drawn
from components.drift_frame import file_name, label_of
from components.drift_pictures import Pair
from components.morphology_frame import card, p_text, sentence
from components.morphology_tables import known, value
from components.notices import hint
from components.stacked import stacked
from components.words import column_name, number, plural, share

#: Columns drawn; the table has all.
DRAWN = 14
ALPHA = 0.05
KINDS = {"number": "number", "category": "category", "measure": "measure of the picture"}


def exposure_text(meta: Mapping[str, Any]) -> str:
    """Return whether the difference is one of exposure, in words; "" where that is not known."""
    found = meta.get("exposure")
    if isinstance(found, Mapping):
        found = found.get("text")
    return str(found or "")


def body(pair: Pair) -> list[Component]:
    """Return what explains the difference of a comparison."""
    drift = pair.drift
    exposure = exposure_text(drift.meta)
    shown = [
        card("Is it only exposure?", html.P(sentence(exposure))) if exposure else None,
        columns(drift),
        labels(drift),
    ]
    return [part for part in shown if part is not None]


# -- columns and measures --------------------------------------------------------------------------


def size(one: Mapping[str, Any]) -> float:
    """Return an effect on one scale for both kinds: 0 is none, 1 is all."""
    effect = float(one["effect"])
    return abs(2 * effect - 1) if one.get("first") is not None else effect


def in_words(one: Mapping[str, Any], a: str, b: str) -> str:
    """Return how a column differs between two sides."""
    most = one.get("most")
    if one.get("first") is None and most:
        name, before, now = most
        return f"“{name}”: {share(before)} of {a}, {share(now)} of {b}"
    if one.get("first") is None:
        return ""
    chance = float(one["effect"])
    larger = f"higher in {b}" if chance >= 0.5 else f"lower in {b}"
    return (f"median {value(one['first'])} in {a}, {value(one['second'])} in {b}; {larger} in "
            f"{share(max(chance, 1 - chance))} of pairs")  # fmt: skip


def columns(drift: Any) -> Component:
    """Return the columns and measures that differ, the most different first."""
    meta = drift.meta
    found = meta.get("explain") or []
    title = "Columns and picture measures"
    if not found:
        return card(title, html.P(
            "The two sets share no column that could explain the difference. Check both on "
            "Quality: then brightness, sharpness and size are compared here.",
            className="vt-hint"))  # fmt: skip
    a, b = label_of(drift, "a"), label_of(drift, "b")
    differ = [one for one in found if float(one["p_adjusted"]) < ALPHA]
    rows = [
        [html.Strong(word(one)), KINDS.get(str(one.get("kind")), str(one.get("kind") or "")),
         f"{size(one):.2f}", p_text(known(one["p_adjusted"])), in_words(one, a, b)]
        for one in found
    ]  # fmt: skip
    told = f"{number(len(differ))} of {plural(len(found), 'column')} differ after adjustment"
    told += f", most of all {word(differ[0])}." if differ else "."
    measured = any(one.get("kind") == "measure" for one in found)
    note = "" if measured else (" Brightness and sharpness are not here: check both sets on "
                                "Quality to have them compared.")  # fmt: skip
    return card(
        title,
        html.P(told, className="vt-lead"),
        hint("A column that differs need not be the cause: it may only go with it. Sizes are on "
             f"one scale, 0 none, 1 complete; p is adjusted (Benjamini and Hochberg).{note}"),
        _chart(drift, found) if len(found) > 1 else None,
        stacked(("Column", "Kind", "Size", "p, adjusted", "In words"), rows,
                caption="Columns that differ between the two sets"),
    )  # fmt: skip


def word(one: Mapping[str, Any]) -> str:
    """Return what a column is called."""
    return column_name(str(one["column"]))


def _chart(drift: Any, found: Sequence[Mapping[str, Any]]) -> Component:
    """Return the sizes of the differences as bars, the largest on top."""
    shown = sorted(found, key=size, reverse=True)[:DRAWN][::-1]
    names = [word(one) for one in shown]
    sure = [float(one["p_adjusted"]) < ALPHA for one in shown]
    bars = {
        "type": "bar", "orientation": "h", "x": [size(one) for one in shown],
        "y": list(range(len(shown))),
        "marker": {"color": [next(iter(drawn.HUES)) if one else drawn.GREY for one in sure]},
        "text": names, "textposition": "none", "hovertemplate": "%{text}: %{x:.2f}<extra></extra>",
    }  # fmt: skip
    layout = {
        "xaxis": {"title": {"text": "size of the difference"}, "range": [0, 1]},
        "yaxis": drawn.names_axis(names), "margin": {"l": 8, "r": 16, "t": 8, "b": 48},
        "bargap": 0.35, "showlegend": False,
    }  # fmt: skip
    told = "; ".join(f"{name} {size(one):.2f}" for name, one in zip(names, shown, strict=True))
    return drawn.figure(
        "drift-columns", "How much each column differs", [bars], layout,
        label=f"Size of the difference by column: {told}. Grey ones may be chance.",
        height=90 + 26 * len(shown), file=file_name(drift, "columns"),
    )  # fmt: skip


# -- labels ----------------------------------------------------------------------------------------


def labels(drift: Any) -> Component:
    """Return whether the images of one label look different in the two sets."""
    found = drift.meta.get("conditional") or []
    title = "Within each label"
    if not found:
        return card(title, html.P("One of the sets has no labels.", className="vt-hint"))
    a, b = label_of(drift, "a"), label_of(drift, "b")
    done = [one for one in found if one.get("p") is not None]
    alone = [one for one in found if one.get("p") is None]
    parts: list[Component | None] = [
        hint("Do images of the same label look different? A difference here is not one of how "
             "many images each label has. p is adjusted (Holm).")
    ]  # fmt: skip
    if done:
        order = sorted(done, key=lambda one: (float(one["p_adjusted"]), -float(one["effect"])))
        differ = sum(float(one["p_adjusted"]) < ALPHA for one in done)
        parts.append(html.P(f"{number(differ)} of {plural(len(done), 'label')} look different.",
                            className="vt-lead"))  # fmt: skip
        rows = [
            [html.Strong(str(one["label"])), number(one["n_a"]), number(one["n_b"]),
             f"MMD² {value(one['effect'], 2)}", p_text(known(one["p_adjusted"]))]
            for one in order
        ]  # fmt: skip
        parts.append(stacked(("Label", f"Images of {a}", f"Images of {b}", "Effect", "p, adjusted"),
                             rows, caption="Labels whose images differ"))  # fmt: skip
    else:
        parts.append(html.P("No label has enough images in both sets.", className="vt-lead"))
    if alone:
        parts.append(_alone(alone, a, b))
    return card(title, *parts)


def _alone(found: Sequence[Mapping[str, Any]], a: str, b: str) -> Component:
    """Return the labels that could not be compared, folded."""
    rows = [[str(one["label"]), number(one["n_a"]), number(one["n_b"])] for one in found]
    table = stacked(("Label", f"Images of {a}", f"Images of {b}"), rows,
                    caption="Labels with too few images in one of the sets")  # fmt: skip
    return html.Details([html.Summary(f"{plural(len(found), 'label')} with too few images in one "
                                      "of the sets"), table])  # fmt: skip

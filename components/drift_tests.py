"""The tests of two sets as tables: effect before p, the headline three first, then the details."""

from collections.abc import Mapping
from typing import Any

from dash import html
from dash.development.base_component import Component

from components import tables
from components.morphology_frame import between, card, p_text, sentence
from components.morphology_tables import value
from components.notices import hint
from components.stacked import stacked
from components.words import number, plural, share

#: What a test asks, by its key.
ASKED = {
    "mmd": "Do the two sets lie alike in the space of vectors, in every respect?",
    "classifier": "Can a model tell from its vector which set an image is from? 0.5 is a guess.",
    "occupancy": "Do groups of alike images hold the same share of both sets?",
    "mmd_scales": "As the first, on four scales: small differences within groups count too.",
    "energy": "Are images of different sets farther apart than images of one set?",
}

#: Components listed.
COMPONENTS = 8


def effect_text(one: Mapping[str, Any]) -> str:
    """Return an effect with its name: "AUC 0.98"."""
    if one.get("effect") is None:
        return "–"
    name, size = str(one["effect_name"]), float(one["effect"])
    return f"{name} {size:.3f}" if abs(size) >= 0.0005 else f"{name} {value(size, 2)}"


def headline(meta: Mapping[str, Any]) -> Component:
    """Return the card of the three tests that the verdict stands on."""
    rows = [_row(one) for one in meta["tests"]]
    head = ("Test", "Effect", "p, adjusted", "p", "What it asks")
    return card(
        "The three tests of the verdict",
        hint("Effects come first: p says only how often chance alone gives as much. p is adjusted "
             "for three tests (Holm); below 0.05 in any of them is drift."),
        stacked(head, rows, caption="Tests of the verdict: effect and p"),
        look="vt-morph-tests",
    )  # fmt: skip


def _row(one: Mapping[str, Any]) -> list[Any]:
    """Return a headline test as a row."""
    name = html.Strong(str(one["name"]))
    if one["status"] != "ok":
        why = html.Span(f"Undefined: {one.get('notice') or 'there is nothing to test'}.",
                        className="vt-soft")  # fmt: skip
        return [name, "–", "–", "–", why]
    interval = between(one.get("ci"), 3)
    effect = html.Span([effect_text(one), _under(interval)])
    adjusted = html.Strong(p_text(one.get("p_adjusted")))
    told = [html.Span(ASKED.get(str(one.get("key")), ""))]
    if one.get("notice"):
        told.append(html.Span(sentence(one["notice"]), className="vt-warned"))
    return [name, effect, adjusted, p_of(one), html.Span(told, className="vt-morph-asked")]


def _under(text: str) -> Any:
    """Return a smaller line under a value."""
    return html.Span(text, className="vt-small vt-morph-ci") if text else ""


def p_of(one: Mapping[str, Any]) -> Component:
    """Return a p-value with what it is limited by."""
    least, splits = one.get("p_min"), one.get("permutations") or 0
    under = [plural(splits, "split")] if splits else ["no splits needed"]
    if least is not None:
        under.append(f"least possible {p_text(least)}")
    return html.Span([p_text(one.get("p")), _under(", ".join(under))])


# -- what else tells two sets apart ----------------------------------------------------------------


def details(meta: Mapping[str, Any]) -> Component:
    """Return the other tests and distances, folded."""
    found = meta.get("details") or {}
    lines = [
        _test(found.get("mmd_scales")), _test(found.get("energy")),
        *_distances(found), *_overlap(found.get("overlap") or {}), *_shares(found),
    ]  # fmt: skip
    rows = [line for line in lines if line is not None]
    head = ("Measure", "Value", "By chance", "In words")
    inside: list[Component] = [
        html.Summary("Other tests and distances"),
        hint("None of these decides. They are here for those who know or need them, each beside "
             "what two samples of one set would give, where that is known."),
        stacked(head, rows, caption="Other tests and distances"),
    ]  # fmt: skip
    components = _components(found.get("components") or [])
    if components is not None:
        inside.append(components)
    return html.Details(inside, className="vt-card vt-morph-card vt-drift-details")


def _test(one: Mapping[str, Any] | None) -> list[Any] | None:
    """Return a further test as a row."""
    if not one:
        return None
    told = ASKED.get(str(one.get("key")), "")
    if one["status"] != "ok":
        return [str(one["name"]), "–", "", str(one.get("notice") or "")]
    chance = f"p = {p_text(one.get('p'))}, not adjusted"
    return [str(one["name"]), effect_text(one), chance, told]


def _distances(found: Mapping[str, Any]) -> list[list[Any]]:
    """Return the distances between the two clouds as rows."""
    rows: list[list[Any]] = []
    if one := found.get("sliced"):
        rows.append(["Sliced Wasserstein distance", value(one["value"]), "",
                     "Mean distance of the two along random directions."])  # fmt: skip
    if one := found.get("frechet"):
        infinite = one.get("unbiased")
        told = ("Distance of two normal clouds. The plain value, kept for comparison, is "
                f"{value(one['value'])}: it falls as images are added.")  # fmt: skip
        shown = infinite if infinite is not None else one["value"]
        rows.append(["Fréchet distance, as if images were without end", value(shown), "0", told])
    else:
        rows.append(["Fréchet distance", "–", "", "It needs more units a side than dimensions."])
    if one := found.get("kernel"):
        ends = between([one.get("low"), one.get("high")], 5)
        shown = html.Span([value(one["value"]), _under(ends)])
        rows.append(["Kernel distance (KID)", shown, "0", "With a jackknife interval."])
    return rows


def _overlap(one: Mapping[str, Any]) -> list[list[Any]]:
    """Return how far the two clouds cover each other as rows."""
    told = {
        "precision": "Share of the second set inside the reference's neighbourhoods.",
        "recall": "Share of the reference inside the second set's neighbourhoods.",
        "density": "How densely the second set lies where the reference is; 1 is alike.",
        "coverage": "Share of the reference's neighbourhoods that the second set reaches.",
    }
    rows = []
    for name, words in told.items():
        if one.get(name) is None:
            continue
        shown = value(one[name], 2) if name == "density" else share(one[name])
        null = one.get(f"{name}_null")
        chance = "" if null is None else value(null, 2) if name == "density" else share(null)
        rows.append([name.capitalize(), shown, chance, words])
    return rows


def _shares(found: Mapping[str, Any]) -> list[list[Any]]:
    """Return what the shares of groups say as rows."""
    rows: list[list[Any]] = []
    if one := found.get("stability"):
        told = f"p = {p_text(one.get('p'))}. The usual limit of 0.1 is not used."
        rows.append(["Population stability index", value(one["value"]), value(one.get("null"), 2),
                     told])  # fmt: skip
    if one := found.get("divergence"):
        ends = between(one.get("ci") or [one.get("low"), one.get("high")])
        told = "Of the shares of groups, in bits: 0 is alike, 1 has none in common."
        shown = html.Span([value(one["value"]), _under(ends)])
        rows.append(["Jensen–Shannon divergence", shown, "", told])
    return rows


def _components(found: list[Mapping[str, Any]]) -> Component | None:
    """Return the components along which the two sets differ most."""
    known = [one for one in found if one.get("p_adjusted") is not None]
    if not known:
        return None
    differ = sum(one["p_adjusted"] < 0.05 for one in known)
    rows = [
        [f"PC {one['component']}", share(one.get("share")), value(one["statistic"], 2),
         p_text(one["p_adjusted"])]
        for one in known[:COMPONENTS]
    ]  # fmt: skip
    told = (f"On {number(differ)} of the {number(len(known))} largest components of both the two "
            "sets differ (Kolmogorov–Smirnov, adjusted).")  # fmt: skip
    table = tables.table(("Component", "Variance", "Largest gap", "p, adjusted"), rows,
                         caption="Components along which the sets differ")  # fmt: skip
    return html.Div([html.H3("Along single components"), html.P(told), table])

"""The tests of a comparison as a table: effect before p, and what each assumes beside it."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from components.morphology_frame import card, p_text, sentence, statistic
from components.notices import hint
from components.stacked import stacked
from components.words import column_name, number, plural, share

#: What a test asks and what it takes for granted, by its name.
ASKED = {
    "PERMANOVA, unequal spread": "Do groups differ in their means? Holds where spreads differ.",
    "PERMANOVA": "Do groups differ in their means? Right only where spreads are alike.",
    "PERMANOVA, marginal": "What this explains beyond all else that is taken into account.",
    "PERMDISP": "Do groups differ in their spread? Read it beside every test of means.",
    "ANOSIM": "Are distances between groups of higher rank than those inside them?",
    "Mantel": "Do units that differ in this lie far apart?",
    "Mantel, partial": "The same, with something held fixed.",
}
CLASSIC, MARGINAL = "PERMANOVA", "PERMANOVA, marginal"

#: Effects that are a share of all difference.
SHARES = ("R²", "η²", "ω²")


def headline(meta: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the test that answers the question of the comparison; None where there is none."""
    tests = meta.get("tests") or []
    return next((one for one in tests if one.get("headline")), tests[0] if tests else None)


def classic(meta: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the test whose effect is the share that groups explain; None where undefined."""
    for one in meta.get("tests") or []:
        if one["name"] == CLASSIC and one["status"] == "ok":
            return one
    return None


def figure(one: Mapping[str, Any], value: float | None) -> str:
    """Return a value on the scale of a test's effect: a share in percent, else a number."""
    if value is None:
        return ""
    told = share(value) if one["effect_name"] in SHARES else statistic(value)
    return told.replace("-", "−")


def effect_text(one: Mapping[str, Any]) -> str:
    """Return an effect with its name: "R² 56 %"."""
    if one.get("effect") is None:
        return "–"
    return f"{one['effect_name']} {figure(one, one['effect'])}"


def interval_text(one: Mapping[str, Any]) -> str:
    """Return the interval of an effect, "" where there is none."""
    ends = one.get("ci")
    if not ends or None in ends:
        return ""
    return " to ".join(figure(one, end) for end in ends)


def table(meta: Mapping[str, Any]) -> Component:
    """Return all tests, those that only describe last, with what each takes for granted."""
    tests = sorted(meta["tests"], key=lambda one: bool(one.get("descriptive")))
    terms = {one.get("term") for one in tests} - {None, ""}
    head = ("Test", *(("Of",) if len(terms) > 1 else ()), "Effect", "By chance", "Statistic",
            "p", "Units", "What it asks")  # fmt: skip
    rows = [_row(one, len(terms) > 1) for one in tests]
    return stacked(head, rows, caption="Tests: effect, statistic and p")


def _row(one: Mapping[str, Any], terms: bool) -> list[Any]:
    """Return one test as a row."""
    term = [column_name(str(one.get("term") or ""))] if terms else []
    care = [sentence(text) for text in one.get("warnings") or ()]
    name = html.Span([
        html.Strong(str(one["name"])) if one.get("headline") else str(one["name"]),
        html.Span(" (descriptive)", className="vt-small") if one.get("descriptive") else "",
    ])  # fmt: skip
    if one["status"] != "ok":
        told = " ".join(care) or "There is nothing to test."
        why = html.Span(f"Undefined. {told}", className="vt-soft")
        return [name, *term, "–", "", "–", "–", number(one.get("n_units")), why]
    asked = [html.Span(ASKED.get(str(one["name"]), "")),
             *(html.Span(text, className="vt-warned") for text in care)]  # fmt: skip
    interval = interval_text(one)
    effect = html.Span(
        [
            effect_text(one),
            html.Span(interval, className="vt-small vt-morph-ci") if interval else "",
        ]
    )
    stat = f"{one['statistic_name']} {statistic(one['statistic'])}"
    return [name, *term, effect, figure(one, one.get("effect_null")), stat, _p(one),
            number(one["n_units"]), html.Span(asked, className="vt-morph-asked")]  # fmt: skip


def _p(one: Mapping[str, Any]) -> Component:
    """Return a p-value, the adjusted one where there is one, and what it is limited by."""
    shown = one.get("p_adjusted")
    told = p_text(one["p"]) if shown is None else f"{p_text(shown)} (adjusted)"
    least = one.get("p_min")
    under = [f"{plural(one['permutations'], 'permutation')}"]
    if least is not None:
        under.append(f"least possible {p_text(least)}")
    return html.Span([told, html.Span(", ".join(under), className="vt-small vt-morph-ci")])


def shown(meta: Mapping[str, Any], *beside: Component | None) -> Component:
    """Return the card of the tests; `beside` stands below the table."""
    return card(
        "Tests",
        hint("Effects come first: p says only how often chance alone gives as much. No p is "
             "adjusted here but where it says so."),
        table(meta), *beside, look="vt-morph-tests",
    )  # fmt: skip


def beyond_text(meta: Mapping[str, Any]) -> str:
    """Return what groups and covariates explain beyond each other; "" without covariates."""
    told = [
        f"{column_name(str(one['term']))} {figure(one, one['effect'])} (p = {p_text(one['p'])})"
        for one in meta.get("tests") or []
        if one["name"] == MARGINAL and one["status"] == "ok"
    ]
    return f"Explained beyond all the others: {'; '.join(told)}." if told else ""


def pairs_text(pairs: Sequence[Mapping[str, Any]], level: float = 0.05) -> str:
    """Return how many pairs of groups differ, after adjustment; "" where none was tested."""
    judged = [one for one in pairs if one["status"] == "ok" and one.get("p_adjusted") is not None]
    if not judged:
        return ""
    differ = sum(one["p_adjusted"] <= level for one in judged)
    if len(judged) == 1:
        return ""
    return (f"{number(differ)} of {plural(len(judged), 'pair')} of groups differ at "
            f"{level:g} after adjustment (Benjamini and Hochberg).")  # fmt: skip

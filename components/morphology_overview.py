"""What a comparison found, effect first: the sentence, what to beware of, tests, methods, files."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from components import morphology_card, morphology_design, morphology_tests, tables
from components import morphology_tables as parts
from components.attributes import attrs
from components.morphology_frame import (
    address,
    between,
    by_name,
    card,
    p_text,
    sentence,
    statistic,
    unit_word,
)
from components.words import encoder_name, number, plural, share

#: Tables that can be downloaded: the name in the address, what it is called, and where the
#: comparison keeps what is in it ("" always).
TABLES = (
    ("tests", "Tests", "tests"), ("groups", "Groups", ""), ("card", "Metric card", "card"),
    ("distances", "Distances", "distances"),
    ("matrix", "Matrix of distances", "distances"), ("pairwise", "Pairs of groups", "pairwise"),
    ("dispersion", "Spread", "dispersion"), ("disparity", "Variety", "disparity"),
    ("disparity-pairs", "Differences in variety", "disparity"), ("tree", "Tree", "tree"),
    ("distinct", "Distinctiveness", "distinct"),
    ("supplementary", "Columns against axes", "ordination"),
    ("preset-axis", "Preset: axis", "lurig discriminant"),
    ("preset-likeness", "Preset: likeness", "lurig similarity"),
    ("preset-within", "Preset: within groups", "lurig within"),
    ("units", "Units", ""), ("rows", "Images", ""),
)  # fmt: skip

#: Groups of which a picture is shown.
PICTURED = 14
METHODS = "morph-methods"

#: Said in the place of p where the groups come from the vectors themselves.
CIRCULAR = (
    "The groups were made from the vectors that are compared: they differ by construction, and a "
    "p says nothing."
)


def body(found: Any, comparison: Any, keys: Mapping[str, str], stale: str) -> list[Component]:
    """Return the overview of a comparison.

    Parameters
    ----------
    found
        The open set.
    comparison
        As `core.comparisons` opens it.
    keys
        The keys in the address.
    stale
        Why it is of an older set, "" if it is of this one.
    """
    meta = comparison.meta
    care = [one for one in meta["design"]["warnings"] if one["code"] != "metric"]  # said before it
    cautions = morphology_design.warnings(care, found.name, comparison.key)
    shown = [
        old(found, comparison, stale),
        answer(comparison, keys),
        card("Beware", *cautions, look="vt-morph-beware") if cautions else None,
        faces(found, comparison),
        morphology_tests.shown(meta, pairs(comparison, keys)),
        _design(comparison, keys),
        methods(meta),
        downloads(comparison),
        provenance(comparison),
    ]
    return [part for part in shown if part is not None]


def old(found: Any, comparison: Any, stale: str) -> Component | None:
    """Return the notice that the set has changed since; None where it has not."""
    if not stale:
        return None
    again = address({"set": found.name, "view": "design", "key": comparison.key})
    return html.P([f"{sentence(stale)} ",
                   dcc.Link("Compare again", href=again, className="vt-link")],
                  className="vt-morph-warning vt-morph-caution", role="status")  # fmt: skip


# -- the answer ------------------------------------------------------------------------------------


def answer(comparison: Any, keys: Mapping[str, str]) -> Component:
    """Return what was found in words: the effect, its interval, then p, then spread."""
    meta = comparison.meta
    test = morphology_tests.headline(meta)
    if test is None or test["status"] != "ok":
        why = sentence("; ".join((test or {}).get("warnings") or ()) or "there is nothing to test")
        said: list[Any] = [
            html.P("Nothing could be tested.", className="vt-morph-effect"),
            html.P(f"{why} What can be measured is shown.", className="vt-lead"),
        ]  # fmt: skip
    else:
        circular = _circular(meta)
        said = [html.P(effect(meta), className="vt-morph-effect"),
                html.P(CIRCULAR if circular else confidence(test, meta),
                       className="vt-morph-p")]  # fmt: skip
    said += [html.P(text, className="vt-morph-line") for text in lines(meta) if text]
    metric = morphology_card.badge_line(meta, keys, whole=True)
    order = [html.Div(said), metric]
    return html.Section(
        order[::-1] if (meta.get("card") or {}).get("verdict") == "fail" else order,
        className="vt-card vt-morph-answer", **attrs(aria_label="What was found"),
    )  # fmt: skip


def _circular(meta: Mapping[str, Any]) -> bool:
    """Tell whether the groups come from the vectors themselves."""
    return any(one["code"] == "circular" for one in meta["design"]["warnings"])


def effect(meta: Mapping[str, Any]) -> list[Any]:
    """Return the size of the difference in words, as the children of a sentence.

    The share is R² of the classic test; the headline's ω² leaves out what chance explains.
    """
    test, whole = morphology_tests.headline(meta), morphology_tests.classic(meta)
    by = by_name(meta["request"])
    groups = "The slices" if by == "slices" else f"Groups by {by[:1].lower()}{by[1:]}"
    where = "between " + unit_word(meta["design"], meta.get("noun") or "image")
    where = "within units" if meta["design"].get("paired") else where
    if whole is None:
        told = morphology_tests.effect_text(test or {})
        return [f"{groups}: {told} of the differences {where}."]
    chance = share(whole["effect_null"])
    told = (f"; chance alone explains {chance}." if whole["effect"] > whole["effect_null"]
            else f", no more than chance alone ({chance}).")  # fmt: skip
    return [html.Strong(f"{groups} explain {share(whole['effect'])}"),
            f" of the differences {where}{told}"]  # fmt: skip


def confidence(test: Mapping[str, Any], meta: Mapping[str, Any]) -> str:
    """Return the effect without chance with its interval, then p and what it rests on."""
    told = f"Without what chance explains: {morphology_tests.effect_text(test)}"
    interval = morphology_tests.interval_text(test)
    told += f" (95 % interval {interval}). " if interval else ". "
    p, least = test["p"], test.get("p_min")
    units = unit_word(meta["design"], meta.get("noun") or "image", test["n_units"])
    told += f"p = {p_text(p)} by {plural(test['permutations'], 'permutation')} of "
    told += f"{number(test['n_units'])} {units}"
    if least is not None and p <= least * (1 + 1e-9):
        return f"{told}, the smallest that so many can give."
    return f"{told}." if p <= 0.05 else f"{told}: as much comes about by chance alone."


def lines(meta: Mapping[str, Any]) -> list[str]:
    """Return what else was found, each as one sentence."""
    return [morphology_tests.beyond_text(meta), spread(meta), apart(meta)]


def spread(meta: Mapping[str, Any]) -> str:
    """Return whether groups differ in their spread, which decides how tests of means are read."""
    test = (meta.get("dispersion") or {}).get("test") or {}
    if test.get("status") != "ok" or test.get("p") is None:
        return ""
    if test["p"] > 0.05:
        return f"Spread does not differ measurably (PERMDISP, p = {p_text(test['p'])})."
    groups = sorted((one for one in meta["dispersion"].get("groups") or []
                     if one.get("distance") is not None),
                    key=lambda one: one["distance"])  # fmt: skip
    told = f"Spread differs too (PERMDISP, p = {p_text(test['p'])})"
    if len(groups) > 1:
        told += (
            f": {groups[-1]['name']} varies most ({statistic(groups[-1]['distance'])} from "
            f"its centre), {groups[0]['name']} least ({statistic(groups[0]['distance'])})"
        )
    return f"{told}. The headline test allows for that; classic PERMANOVA does not."


def apart(meta: Mapping[str, Any]) -> str:
    """Return which two groups lie farthest apart and which nearest."""
    known = sorted((one for one in meta.get("distances") or []
                    if one.get("distance") is not None),
                   key=lambda one: one["distance"])  # fmt: skip
    if not known:
        return ""
    if len(known) == 1:
        return f"Distance between the two: {_pair(known[0])}."
    far, near = known[-1], known[0]
    return (f"Farthest apart: {far['a']} and {far['b']}, {_pair(far)}. "
            f"Nearest: {near['a']} and {near['b']}, {_pair(near)}.")  # fmt: skip


def _pair(one: Mapping[str, Any]) -> str:
    """Return a distance with its interval."""
    interval = between(one.get("ci"))
    return statistic(one["distance"]) + (f" ({interval})" if interval else "")


def pairs(comparison: Any, keys: Mapping[str, str]) -> Component | None:
    """Return the way to the table of pairs; None where no two groups were tested."""
    told = morphology_tests.pairs_text(comparison.meta.get("pairwise") or [])
    if not told:
        return None
    where = address({**keys, "key": comparison.key}, view="distances")
    way = dcc.Link("See every pair", href=where, className="vt-link")
    return html.P(way if _circular(comparison.meta) else [f"{told} ", way])


def faces(found: Any, comparison: Any) -> Component | None:
    """Return a picture of each group, the largest first; None where there are none to show."""
    if not parts.pictured(found, comparison):
        return None
    rows = parts.exemplars(comparison)
    groups = sorted((one for one in comparison.meta["design"]["groups"] if one["code"] in rows),
                    key=lambda one: -one["units"])  # fmt: skip
    if not groups:
        return None
    shown = groups[:PICTURED]
    design, noun = comparison.meta["design"], comparison.meta.get("noun") or "image"
    notes = [f"{one['name']}, {plural(one['units'], unit_word(design, noun, 1))}" for one in shown]
    told = "The image nearest the mean of each group."
    if len(groups) > len(shown):
        told = f"The image nearest the mean of each of the {len(shown)} largest groups."
    pictures = parts.strip(found, comparison, [rows[one["code"]] for one in shown], notes,
                           label="A picture of each group")  # fmt: skip
    return card("The groups", html.P(told, className="vt-small"), pictures, look="vt-morph-faces")


# -- what it rests on ------------------------------------------------------------------------------


def _design(comparison: Any, keys: Mapping[str, str]) -> Component:
    """Return the design of a comparison, with the way to another one like it."""
    meta, design = comparison.meta, comparison.meta["design"]
    noun = meta.get("noun") or "image"
    change = dcc.Link("Change it", href=address({**keys, "key": comparison.key}, view="design"),
                      className="vt-link")  # fmt: skip
    return card(
        "Design",
        html.P([morphology_design.sentence(design, noun), " ", change]),
        html.P(morphology_design.units_text(design, noun), className="vt-lead"),
        morphology_design.groups_table(design, noun),
        morphology_design.left_out(design, noun),
        morphology_design.notes(design),
    )  # fmt: skip


def methods(meta: Mapping[str, Any]) -> Component | None:
    """Return the methods paragraph, ready for a paper, with a button that copies it."""
    if not meta.get("methods"):
        return None
    copy = html.Button(
        "Copy",
        type="button",
        className="btn btn-quiet btn-sm",
        **attrs(data_vt_copy=METHODS, aria_label="Copy the methods paragraph"),
    )
    cited = [html.Li(text) for text in meta.get("citations") or ()]
    fold = html.Details([html.Summary(f"{plural(len(cited), 'reference')}"),
                         html.Ol(cited, className="vt-small vt-morph-cited")])  # fmt: skip
    return card(
        "Methods",
        html.P("Written from the settings of this comparison, ready for a paper. Copying takes "
               "the references along.", className="vt-small"),
        html.Div([html.P(str(meta["methods"]), className="vt-morph-methods"),
                  fold if cited else None], id=METHODS),
        html.Div(copy, className="vt-actions"),
    )  # fmt: skip


def downloads(comparison: Any) -> Component:
    """Return the files of a comparison: all of it, and each table on its own."""
    key, meta = comparison.key, comparison.meta
    files = [("Report, one HTML file", "html"), ("JSON", "json")]
    whole = [html.A(text, href=f"/api/morphology/{key}.{kind}", className="btn btn-quiet")
             for text, kind in files]  # fmt: skip
    held = [html.A(text, href=f"/api/morphology/{key}/{name}.csv", className="vt-link", download="")
            for name, text, where in TABLES if not where or _held(meta, where)]  # fmt: skip
    return card(
        "Take it along",
        html.Div(whole, className="vt-actions"),
        html.P([html.Span("Tables as CSV: ", className="vt-small"), *_spaced(held)],
               className="vt-morph-tables"),
    )  # fmt: skip


def _held(meta: Mapping[str, Any], where: str) -> bool:
    """Tell whether a comparison has what a table is made of."""
    found: Any = meta
    for name in where.split():
        found = (found or {}).get(name)
    return bool(found)


def _spaced(links: Sequence[Component]) -> list[Any]:
    """Return links with commas between them."""
    found: list[Any] = []
    for one in links:
        found += [", ", one] if found else [one]
    return found


def provenance(comparison: Any) -> Component:
    """Return settings, hashes and versions, folded, and how to compute it again."""
    meta = comparison.meta
    encoder = meta.get("encoder") or {}
    facts = [
        ("Encoder", encoder_name(str(encoder.get("name") or ""))),
        ("Seed", str(meta.get("seed", ""))),
        ("Permutations", number(meta["request"].get("permutations"))),
        ("Comparison", html.Code(comparison.key)),
        ("Image set", html.Code(str(meta.get("imageset") or ""))),
        ("Vectors", html.Code(str(meta.get("embeddings") or ""))),
        *((name, str(version)) for name, version in (meta.get("versions") or {}).items()),
    ]
    check = html.P(
        ["To compute it again and compare every number: ",
         html.Code("app.py morphology --verify FILE.json"), ", with the JSON of this page."],
        className="vt-small",
    )  # fmt: skip
    return html.Details(
        [html.Summary("Settings, seeds and hashes"), tables.facts(facts, "vt-facts vt-record"),
         check],
        className="vt-card vt-morph-card",
    )  # fmt: skip

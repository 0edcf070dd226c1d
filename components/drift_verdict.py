"""What a comparison of two sets found, effect first: the sentence, tests, scale, power, files."""

from collections.abc import Mapping
from shlex import join
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from components import drift_explain, drift_scale, drift_tests, morphology_design, tables
from components.attributes import attrs
from components.drift_frame import address, badge_of_level, counted, side_mark
from components.drift_pictures import Pair
from components.morphology_frame import between, card, p_text, sentence
from components.words import encoder_name, number, plural, share
from core.drift.classifier import BY_CHANCE
from core.drift.request import DriftRequest

#: What an effect is, by the key of its test.
EFFECTS = {
    "classifier": "how well a model tells the two sets apart; 0.5 is a guess.",
    "occupancy": "how much the shares of groups of alike images differ; 1 is none in common.",
    "mmd": "how far apart the two sets lie; the scale below compares it with known differences.",
}


def body(pair: Pair, keys: Mapping[str, str]) -> list[Component]:
    """Return the overview of a comparison.

    Parameters
    ----------
    pair
        The comparison with its sets.
    keys
        The keys in the address.
    """
    drift = pair.drift
    shown = [
        answer(drift, keys),
        drift_tests.headline(drift.meta),
        drift_scale.scale(drift),
        drift_scale.power(drift),
        design(drift, keys),
        drift_tests.details(drift.meta),
        downloads(drift),
        provenance(drift),
    ]
    return [part for part in shown if part is not None]


def old(pair: Pair, keys: Mapping[str, str]) -> Component | None:
    """Return the notice that a set has changed since; None where none has."""
    if not pair.stale:
        return None
    again = address({**keys, "key": pair.drift.key}, view="design")
    return html.P(
        [f"{sentence(pair.stale)} ", dcc.Link("Compare again", href=again, className="vt-link")],
        className="vt-morph-warning vt-morph-caution", role="status",
    )  # fmt: skip


# -- the answer ------------------------------------------------------------------------------------


def answer(drift: Any, keys: Mapping[str, str]) -> Component:
    """Return what was found in words: effects, then the verdict, then where to look."""
    meta, verdict = drift.meta, drift.meta["verdict"]
    said = [
        html.P(
            [badge_of_level(verdict["level"]), " ", html.Span(effect(meta))],
            className="vt-morph-effect",
        ),
        html.P(verdict["sentence"], className="vt-morph-p"),
        *(html.P(text, className="vt-morph-line") for text in lines(meta) if text),
    ]
    exposure = drift_explain.exposure_text(meta)
    if exposure and verdict["level"] == "drift":
        said.append(html.P([html.Strong("Exposure: "), exposure], className="vt-morph-line"))
    ways = _ways(drift, keys)
    return html.Section([html.Div(said), ways], className="vt-card vt-morph-answer",
                        **attrs(aria_label="What was found"))  # fmt: skip


def effect(meta: Mapping[str, Any]) -> list[Any]:
    """Return how large the difference is, as the children of a sentence."""
    test = leading(meta)
    if test is None:
        return [html.Strong("Nothing could be tested.")]
    ends = between(test.get("ci"), 3)
    told = f" (95 % interval {ends})" if ends else ""
    return [html.Strong(drift_tests.effect_text(test)),
            f"{told}: {EFFECTS.get(str(test['key']), '')}"]  # fmt: skip


def leading(meta: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return the test whose effect is told first; None where there is none.

    It is the classifier's, which everybody can read, unless others see what it hardly sees.
    """
    known = {str(one["key"]): one for one in meta["tests"] if one.get("effect") is not None}
    sure = [key for key, one in known.items() if (one.get("p_adjusted") or 1) < drift_explain.ALPHA]
    area = float(known["classifier"]["effect"]) if "classifier" in known else 0.0
    if area < BY_CHANCE and "occupancy" in sure:
        return known["occupancy"]
    for key in ("classifier", "occupancy", "mmd"):
        if key in known and (not sure or key in sure):
            return known[key]
    return None


def lines(meta: Mapping[str, Any]) -> list[str]:
    """Return what else was found, each as one sentence."""
    return [drift_scale.place(meta), least(meta), regions(meta)]


def least(meta: Mapping[str, Any]) -> str:
    """Return the smallest adjusted p and what gave it."""
    known = [one for one in meta["tests"] if one.get("p_adjusted") is not None]
    if not known:
        return ""
    one = min(known, key=lambda test: float(test["p_adjusted"]))
    return (f"Smallest p of the {number(len(known))} tests: {p_text(one['p_adjusted'])} after "
            f"Holm's adjustment ({one['name']}).")  # fmt: skip


def regions(meta: Mapping[str, Any]) -> str:
    """Return how many images lie where the other side has next to none."""
    local, a, b = meta.get("local") or {}, meta["a"], meta["b"]
    if not local.get("tested"):
        return ""
    new, gone = int(local.get("new_images") or 0), int(local.get("vanished_images") or 0)
    if not new and not gone:
        return "Nowhere does one set crowd out the other more than chance allows."
    return (f"{share(new / b['n_images'])} of {b['label']} lies in regions that are new, "
            f"{share(gone / a['n_images'])} of {a['label']} in regions that are thinned out or "
            "empty now.")  # fmt: skip


def _ways(drift: Any, keys: Mapping[str, str]) -> Component:
    """Return the ways to what makes the difference."""
    now = {**keys, "key": drift.key}
    ways = [("See where", "where"), ("See the groups", "clusters"), ("See the images", "images"),
            ("See what explains it", "explain")]  # fmt: skip
    links = [dcc.Link(text, href=address(now, view=view), className="btn btn-quiet")
             for text, view in ways]  # fmt: skip
    return html.Div(links, className="vt-actions")


# -- what it rests on ------------------------------------------------------------------------------


def design(drift: Any, keys: Mapping[str, str]) -> Component:
    """Return what was compared, with the way to another comparison like it."""
    meta = drift.meta
    change = dcc.Link("Change it", href=address({**keys, "key": drift.key}, view="design"),
                      className="vt-link")  # fmt: skip
    return card("Design", sides_table(meta), left_out(meta), tested(meta),
                morphology_design.notes(meta), html.P(change))  # fmt: skip


def sides_table(meta: Mapping[str, Any]) -> Component:
    """Return both sides with their images and what counts as one."""
    kinds = {"column": "the values of a column", "copies": "images; copies count as one",
             "file": "images"}  # fmt: skip
    rows = [
        [side_mark(side, meta[side]["label"]), counted(meta[side]),
         kinds.get(str(meta[side].get("unit_kind")), "")]
        for side in ("a", "b")
    ]  # fmt: skip
    return tables.table(("Side", "Size", "Units are"), rows, caption="The two sides")


def left_out(meta: Mapping[str, Any]) -> Component | None:
    """Return how many images are left out, and why; None where none are."""
    reasons = {why: n for why, n in (meta.get("left_out") or {}).items() if n}
    told = "; ".join(f"{plural(n, 'image')} {why}" for why, n in reasons.items())
    return html.P(f"Left out: {told}.", className="vt-small") if told else None


def tested(meta: Mapping[str, Any]) -> Component | None:
    """Return that a sample of the units was tested; None where all were."""
    found = meta.get("units_tested")
    units = [meta[side]["n_units"] for side in ("a", "b")]
    if not found or list(found) == units:
        return None
    said = " and ".join(f"{number(n)} of {number(of)}" for n, of in zip(found, units, strict=True))
    return html.P(f"The tests saw a sample drawn by the seed: {said} units.", className="vt-small")


def downloads(drift: Any) -> Component:
    """Return the files of a comparison: all of it, and its tables."""
    files = [("Report, one HTML file", "html"), ("PDF", "pdf"), ("JSON", "json")]
    whole = [html.A(text, href=f"/api/drift/{drift.key}.{kind}", className="btn btn-quiet")
             for text, kind in files]  # fmt: skip
    named = [
        html.A(text, href=f"/api/drift/{drift.key}/{name}.csv", className="vt-link", download="")
        for text, name in (("images", "images"), ("groups", "clusters"))
    ]
    inside: list[Any] = ["Tables as CSV: ", named[0], ", ", named[1], "."]
    return card("Take it along", html.Div(whole, className="vt-actions"),
                html.P(inside, className="vt-small"))  # fmt: skip


def provenance(drift: Any) -> Component:
    """Return settings, hashes and versions, folded, and how to compute it again."""
    meta = drift.meta
    encoder, asked = meta.get("encoder") or {}, meta["request"]
    facts = [
        ("Encoder", encoder_name(str(encoder.get("name") or ""))),
        ("Seed", str(meta.get("seed", ""))),
        ("Permutations", number(asked.get("permutations"))),
        ("Comparison", html.Code(drift.key)),
        *((f"Image set {side.upper()}", html.Code(str(meta[side]["imageset"])))
          for side in ("a", "b")),
        *((name, str(version)) for name, version in (meta.get("versions") or {}).items()),
    ]  # fmt: skip
    again = f"app.py drift {join(DriftRequest.from_json(asked).arguments)}"
    check = [
        html.P(["The same from a terminal: ", html.Code(again, className="vt-command")],
               className="vt-small"),
        html.P(["To compute it again and compare: ", html.Code("app.py drift --verify FILE.json"),
                ", with the JSON of this page."], className="vt-small"),
    ]  # fmt: skip
    return html.Details(
        [html.Summary("Settings, seeds and hashes"), tables.facts(facts, "vt-facts vt-record"),
         *check],
        className="vt-card vt-morph-card",
    )  # fmt: skip

"""The words of a report: sentences, limits, method, and what makes it reproducible."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from components import tables
from components.words import MODEL_TYPES, encoder_name, number


def listing(lines: Sequence[str], look: str = "vt-report-lines") -> Component:
    """Return sentences as a list."""
    return html.Ul([html.Li(line) for line in lines], className=look)


def method(report: Mapping[str, Any]) -> Component:
    """Return how it was measured, folded."""
    parts = [
        html.Div([html.H3(one["title"]), html.P(one["text"])]) for one in report["method"]
    ]  # fmt: skip
    return fold("Method", html.Div(parts, className="vt-report-method"))


def fold(title: str, *inside: Component) -> Component:
    """Return a folded part of a report."""
    return html.Details([html.Summary(html.H2(title)), *inside], className="vt-report-folded")


def _flat(values: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Return names and values in words, what is nested as JSON."""
    return [
        (str(name).replace("_", " "),
         "none" if value is None else value if isinstance(value, str | int | float)
         else html.Code(json.dumps(value, ensure_ascii=False)))
        for name, value in values.items()
    ]  # fmt: skip


def choice_facts(report: Mapping[str, Any]) -> Component:
    """Return what was chosen, from what, and what was left out before."""
    choice = report["choice"]
    pool, taken = choice.get("pool") or {}, choice.get("taken_out") or {}
    already = choice.get("already") or 0
    there = already if isinstance(already, int) else len(already)
    pairs = [
        ("Chosen", number(choice["count"])),
        ("Budget", choice.get("budget") or ""),
        ("Strategy", choice.get("strategy_title") or "by hand"),
        ("Out of", f"{pool.get('title', 'the whole set')} ({number(pool.get('count'))})"),
        ("Already there", number(there) if there else ""),
        ("Near-duplicates taken out", number(taken["near_duplicates"])
         if taken.get("near_duplicates") else ""),
        ("Poor pictures taken out", number(taken["quality"]) if taken.get("quality") else ""),
        ("Seed", "–" if choice.get("seed") is None else str(choice["seed"])),
    ]  # fmt: skip
    return tables.facts(pairs, "vt-facts vt-facts-row")


def encoder(report: Mapping[str, Any]) -> Component:
    """Return with which eyes all this was seen."""
    found = report["encoder"]
    kind = MODEL_TYPES.get(found.get("model_type") or "", found.get("model_type") or "")
    good = f"Good for {found['good_for']}." if found.get("good_for") else ""
    return html.P(
        ["Seen through ", html.Strong(encoder_name(str(found["name"]))),
         f": {kind}. " if kind else ". ", good],
        className="vt-report-encoder",
    )  # fmt: skip


def provenance(report: Mapping[str, Any]) -> Component:
    """Return settings, seeds, versions and hashes, folded, with how to check the report."""
    parts = [
        html.Div([html.H3(title), tables.facts(_flat(report.get(key) or {}), "vt-facts vt-record")])
        for title, key in (("Settings", "settings"), ("Seeds", "seeds"), ("Versions", "versions"),
                           ("Hashes", "hashes"))
    ]  # fmt: skip
    check = html.P(
        ["To compute it again and compare: ", html.Code("app.py report --verify FILE.json"),
         ", with the JSON of this report. Its checksum is ", html.Code(str(report["checksum"])),
         "."],
        className="vt-small",
    )  # fmt: skip
    return fold("Settings, seeds and hashes", check, *parts)

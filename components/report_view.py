"""A report from its JSON, in the order in which one reads it; the first screen is the minute."""

from collections.abc import Mapping
from typing import Any

from dash import html
from dash.development.base_component import Component

from components import report_bands, report_charts, report_clusters, report_head, report_maps
from components import report_text as words
from components.attributes import attrs
from components.state import link
from components.words import number, plural, score

SPARSE = (
    "Small or thinly filled groups, where a random choice misses most. Each says what to do about "
    "it."
)
DENSE = "The most crowded groups, where a random choice takes more than is needed."


def section(title: str, *inside: Component | None, note: str = "") -> Component | None:
    """Return a titled part of a report; None where there is nothing to show."""
    shown = [part for part in inside if part is not None]
    if not shown:
        return None
    told = [html.P(note, className="vt-small vt-section-note")] if note else []
    return html.Section([html.H2(title), *told, *shown], className="vt-report-section")


def explore_link(report: Mapping[str, Any], found: Any, slices: list[str]) -> str | None:
    """Return where the chosen images are seen: their slice, else the rows themselves."""
    if found is None:
        return None
    named = report["choice"].get("slice")
    if named and named in slices:
        return link("/explore", set=found.name, slice=named)
    if not report_maps.same_set(report, found):
        return None
    selection = report_maps.selection_of(found, report["choice"]["rows"], {"how": "rows"})
    return link("/explore", set=found.name, sel=selection)


def coverage(report: Mapping[str, Any]) -> Component:
    """Return coverage by size of cluster, on both groupings."""
    own, other = report["coverage"], report["coverage"]["independent"]
    return html.Div(
        [_grouping("own", "Micro-clusters", own, report),
         _grouping("other", "An independent grouping: the honest figure", other, report)],
        className="vt-report-two",
    )  # fmt: skip


def _grouping(name: str, title: str, part: Mapping[str, Any], report: Mapping[str, Any]) -> Any:
    """Return coverage on one grouping."""
    random, noun = part["random"], report["set"].get("noun") or "image"
    reached = f"{number(part['covered'])} of {plural(part['clusters'], 'cluster')} covered"
    told = (
        f"{reached}; random choices cover {score(random['mean'], 1)} ± {score(random['sd'], 1)}. "
        f"With {plural(report['choice']['count'], noun)}, {number(part['ceiling'])} is the most."
    )
    by_design = "; choosing looks at them" if report["choice"].get("key") else ""
    how = str(part.get("method") or f"Groups of {noun}s that are nearly alike{by_design}.")
    return html.Div(
        [
            html.H3(title),
            html.P(told),
            html.P(how, className="vt-small"),
            report_charts.bins_chart(name, part),
        ]
    )


def drawn(report: Mapping[str, Any]) -> str:
    """Return how many random choices were drawn, in figures."""
    draws = next((len(one["random"].get("draws") or ()) for one in report["bands"]), 0)
    return number(draws) if draws else "many"


def body(report: Mapping[str, Any], found: Any, slices: list[str]) -> list[Component]:
    """Return a report; `found` is its set as it is now, None where it is gone."""
    noun = report["set"].get("noun") or "image"
    items, count = report["set"]["items"], report["choice"]["count"]
    saturation, balance = report.get("saturation"), report.get("labels")
    parts = [
        report_head.verdict(report),
        report_head.figures(report),
        report_head.downloads(report, explore_link(report, found, slices)),
        _changed(report, found),
        section("In plain words", words.listing(report["sentences"])),
        section("Chosen and random, on one map", report_maps.maps(report, found)),
        section("Which clusters are covered", coverage(report)),
        section("Coverage against budget", report_charts.coverage_curve(report["curve"], noun),
                note="The exact expectation of random choices; nobody can get above the ceiling."),
        section(f"Beside {drawn(report)} random choices", report_bands.bands(report["bands"])),
        section(
            "Where it matters",
            report_clusters.clusters(report, found, "sparse", SPARSE),
            report_clusters.clusters(report, found, "dense", DENSE, folded=True),
        ),
        section("Are the edge cases covered?", html.P(saturation["text"]),
                report_charts.saturation_chart(saturation)) if saturation else None,
        section(f"Balance of {balance['column']}", report_bands.labels(balance, items, count))
        if balance else None,
        section("What this does not show", words.listing(report["limits"]),
                words.encoder(report)),
        section("What was chosen", words.choice_facts(report)),
        words.method(report),
        words.provenance(report),
    ]  # fmt: skip
    return [part for part in parts if part is not None]


def _changed(report: Mapping[str, Any], found: Any) -> Component | None:
    """Return the word on a set that is not what it was; None where it is."""
    if report_maps.same_set(report, found):
        return None
    told = "is not here any more" if found is None else "has changed since this report was made"
    return html.P(
        f"The set {report['set']['title']} {told}. The figures are those of then; pictures and "
        "maps cannot be shown.",
        className="vt-hint",
        **attrs(data_report_state="changed"),
    )

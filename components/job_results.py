"""What a finished job made: figures, and the way to it."""

from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from components.state import link
from components.tables import facts
from components.words import map_name, number, plural, score, seconds, share


def result(job: Any) -> Component | None:
    """Return what a finished job made; None if it says nothing."""
    if not job.result:
        return None
    makers = {"export": exported, "part": analysed}
    return makers.get(job.kind, analysed)(job.result)


def analysed(found: dict[str, Any]) -> Component:
    """Return what a run made of a set, or of a part of one."""
    clusters = found.get("clusters") or {}
    took = sum((found.get("seconds") or {}).values())
    pairs = [("Images", number(found.get("items")))]
    if "encoded" in found:
        pairs += [
            ("Newly embedded", number(found["encoded"])),
            ("From the cache", number(found.get("reused"))),
            ("Not usable", number(len(found.get("broken") or []))),
        ]
    if "placed" in found:
        pairs += [
            ("Placed on the maps", number(found["placed"].get("placed"))),
            ("Off the map", number(found["placed"].get("off_map"))),
        ]
    pairs += [
        (f"{map_name(str(line['method']))}, m² to the map before", score(line["m2"], 2))
        for line in found.get("maps") or []
        if line.get("m2") is not None
    ]
    pairs += [
        ("Themes", number(clusters.get("count"))),
        ("Unassigned", share(clusters.get("noise_share")) if clusters.get("count") else "–"),
        ("Took", seconds(took) if took >= 1 else "under 1 s"),
    ]
    links = [
        dcc.Link(text, href=link(path, set=found.get("set")), className="vt-link")
        for text, path in (("Explore", "/explore"), ("Clusters", "/clusters"))
    ]
    return html.Div(
        [facts(pairs, "vt-facts vt-facts-row"), html.Div(links, className="vt-actions")],
        className="vt-job-result",
    )


def exported(done: dict[str, Any]) -> Component:
    """Return what a finished export wrote, for its job's card."""
    missing = int(done.get("missing_count") or 0)
    pairs = [
        ("Images", number(done.get("items"))),
        ("Files written", number(done.get("written"))),
        ("There already", number(done.get("kept"))),
        ("Not readable", number(missing)),
    ]
    parts: list[Component] = [
        facts(pairs, "vt-facts vt-facts-row"),
        html.P(["In ", html.Code(str(done.get("target")))], className="vt-small"),
    ]
    if missing:
        lines = [html.Li(f"{m['path']}: {m['reason']}") for m in done.get("missing") or []]
        more = missing - len(lines)
        if more > 0:
            lines.append(html.Li(f"and {number(more)} more, in exported.csv"))
        told = html.Summary(f"{plural(missing, 'file')} could not be read")
        parts.append(html.Details([told, html.Ul(lines)]))
    return html.Div(parts, className="vt-job-result")

"""What a finished job made: figures, and the way to it."""

from collections.abc import Callable
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from components.morphology_tests import figure
from components.state import link
from components.tables import facts
from components.words import map_name, number, plural, score, seconds, share
from core.findings.model import TITLES


def result(job: Any) -> Component | None:
    """Return what a finished job made; None if it says nothing."""
    if not job.result:
        return None
    if job.kind in MAKERS:
        return MAKERS[job.kind](job.result, str(job.request.get("name") or ""))
    return exported(job.result) if job.kind == "export" else analysed(job.result)


def _made(pairs: list[tuple[str, Any]], *ways: tuple[str, str]) -> Component:
    """Return figures with the ways on from them."""
    links = [dcc.Link(text, href=href, className="vt-link") for text, href in ways]
    return html.Div(
        [facts(pairs, "vt-facts vt-facts-row"), html.Div(links, className="vt-actions")],
        className="vt-job-result",
    )


def chosen(found: dict[str, Any], name: str) -> Component:
    """Return what a choice took, with the way to it and to its report."""
    random = found.get("random") or {}
    pairs = [
        ("Chosen", number(found.get("count"))),
        ("Clusters covered", number(found.get("covered"))),
        ("Random covers", score(random.get("mean"), 1) if random else ""),
    ]
    key, kept = found.get("choice"), found.get("slice")
    ways = [("See what was chosen", link("/curate", set=name, choice=key)),
            ("Report on it", link("/report", set=name, choice=key))]  # fmt: skip
    if kept:
        ways.append(("Explore the slice", link("/explore", set=name, slice=kept)))
    return _made(pairs, *ways)


def divided(found: dict[str, Any], name: str) -> Component:
    """Return how a set was divided, with the way to the proof."""
    pairs = [(part.capitalize(), number(n)) for part, n in (found.get("counts") or {}).items()]
    return _made(pairs, ("See the division", link("/curate", set=name, splits=found.get("splits"))))


def reported(found: dict[str, Any], name: str) -> Component:
    """Return a report's verdict, with the way to it."""
    told = (found.get("verdict") or {}).get("sentence") or ""
    where = link(f"/report/{report_id(found)}", set=name)
    way = html.Div(dcc.Link("Read the report", href=where, className="vt-link"),
                   className="vt-actions")  # fmt: skip
    return html.Div([html.P(told), way], className="vt-job-result")


def grouped(found: dict[str, Any], name: str) -> Component:
    """Return what a job on clusters found, with the way to them."""
    count, into = found.get("count"), found.get("into") or []
    pairs: list[tuple[str, Any]] = [
        (word, number(found[word.lower()]))
        for word in ("Firm", "Shaky", "Dissolved")
        if isinstance(found.get(word.lower()), int)
    ]
    if isinstance(count, int):
        pairs += [("Themes", number(count)), ("Unassigned", share(found.get("noise_share")))]
    if into:
        pairs.append(("Split into", number(len(into))))
    if found.get("do") == "sweep":
        pairs.append(("Least sizes tried", number(len(found.get("sizes") or []))))
    kind = str(found.get("kind") or "themes")
    return _made(pairs, ("See the clusters", link("/clusters", set=name, kind=kind)),
                 ("Choose images", link("/curate", set=name)))  # fmt: skip


def report_id(found: dict[str, Any]) -> str | None:
    """Return the id of the report that a job made."""
    made = found.get("report") or found.get("id")
    return made.get("id") if isinstance(made, dict) else made


def checked(found: dict[str, Any], name: str) -> Component:
    """Return what a check found of each topic, with the way to it."""
    copies, labels = found.get("duplicates") or {}, found.get("labels") or {}
    pictures = (found.get("pictures") or {}).get("issues") or {}
    pairs = [
        (TITLES[level], plural(int(one.get("groups") or 0), "group"))
        for level, one in (copies.get("counts") or {}).items()
        if level in TITLES
    ]
    if copies.get("leaks"):
        pairs.append(("Leaks", number(copies["leaks"])))
    if "outliers" in found:
        pairs.append(("Outliers listed", number(found["outliers"].get("listed"))))
    if "pictures" in found:
        suited = [one for one in pictures.values() if not one.get("unsuited")]
        pairs.append(("Picture issues", number(sum(int(one.get("count") or 0) for one in suited))))
    if labels:
        pairs.append(("Labels in doubt", number(labels.get("issues"))))
    return _made(pairs, ("Decide", link("/quality", set=name)))


#: What a job on labels was asked to do: the figures it tells, and under which name it is kept.
LABELLING = {
    "propagate": ("propagation", {"proposed": "Proposed", "unsure": "Left open", "far": "Too far"}),
    "probe": ("probe", {"n_used": "Images", "classes": "Labels"}),
    "batch": ("batch", {"to_label": "To label", "by_lot": "By lot"}),
}


def labelled(found: dict[str, Any], name: str) -> Component:
    """Return what a propagation, a probe or a batch made, with the way to it."""
    do = str(found.get("do") or "")
    _, told = LABELLING.get(do, ("", {}))
    if found.get("by") == "words":  # by words nothing is too far, but something may be none of them
        told = {**told, "far": "None of these"}
    pairs: list[tuple[str, Any]] = [
        (text, number(found[field]))
        for field, text in told.items()
        if isinstance(found.get(field), int)
    ]
    if isinstance(found.get("accuracy"), float):
        between = f" ({share(found.get('low'))} to {share(found.get('high'))})"
        pairs.insert(0, ("Balanced accuracy", share(found["accuracy"]) + between))
    return _made(pairs, ("See it", labelled_at(found, name)))


def labelled_at(found: dict[str, Any], name: str) -> str:
    """Return where a propagation, a probe or a batch is seen."""
    do = str(found.get("do") or "")
    kept, _ = LABELLING.get(do, ("", {}))
    return link("/labels", set=name, view=do, key=found.get(kept))


def thinned(found: dict[str, Any], name: str) -> Component:
    """Return how much of a sequence was kept, with the way to it."""
    several = len(found.get("sequences") or [])
    pairs = [
        ("Frames", number(found.get("frames"))),
        ("Kept", number(found.get("kept"))),
        ("Share kept", share(found.get("share"))),
        ("Sequences", number(several) if several > 1 else ""),
    ]  # fmt: skip
    kept = found.get("slice")
    ways = [("Explore what was kept", link("/explore", set=name, slice=kept))] if kept else []
    ways.append(("See the frames", link("/quality", set=name, view="duplicates", kind="sequence",
                                        case=found.get("stream"))))  # fmt: skip
    return _made([(text, value) for text, value in pairs if value != "–"], *ways)


def compared(found: dict[str, Any], name: str) -> Component:
    """Return what a comparison of forms found, effect first, with the way to it."""
    design, tests = found.get("design") or {}, found.get("tests") or []
    pairs: list[tuple[str, Any]] = [
        ("Groups", number(len(design.get("groups") or []))),
        ("Units", number(design.get("n_units"))),
    ]
    for one in tests[:2]:
        if one.get("effect") is not None:
            pairs.append((one["effect_name"], figure(one, one["effect"])))
    if tests and tests[0].get("p") is not None:
        pairs.append(("p", f"{tests[0]['p']:.2g}"))
    where = link("/morphology", set=name, view="overview", key=found.get("comparison"))
    return _made(pairs, ("See the comparison", where))


def laid_out(found: dict[str, Any], name: str) -> Component:
    """Return what a gradient showed, with the way to it."""
    where = link("/gradient", set=name, key=found.get("gradient"))
    way = html.Div(dcc.Link("See the gradient", href=where, className="vt-link"),
                   className="vt-actions")  # fmt: skip
    return html.Div([html.P(str(found.get("text") or "")), way], className="vt-job-result")


def held_against(found: dict[str, Any], name: str) -> Component:
    """Return what a comparison of two sets found, with the way to it."""
    told = (found.get("verdict") or {}).get("sentence") or ""
    where = link("/drift", set=name, view="verdict", key=found.get("drift"))
    way = html.Div(dcc.Link("See the comparison", href=where, className="vt-link"),
                   className="vt-actions")  # fmt: skip
    return html.Div([html.P(told), way], className="vt-job-result")


def over_time(found: dict[str, Any], name: str) -> Component:
    """Return what a comparison of batches found, with the way to it."""
    verdict = found.get("verdict")
    told = verdict.get("sentence") if isinstance(verdict, dict) else found.get("text")
    way = html.Div(dcc.Link("See the batches", href=series_at(found, name), className="vt-link"),
                   className="vt-actions")  # fmt: skip
    return html.Div([html.P(str(told or "")), way], className="vt-job-result")


def series_at(found: dict[str, Any], name: str) -> str:
    """Return where a comparison of batches is seen."""
    view = "time" if found.get("batches") else "planning"
    return link("/drift", set=name, view=view, key=found.get("series"))


def judged(kind: str, words: str) -> Callable[[dict[str, Any], str], Component]:
    """Return what tells what was found of encoders, with the way to it."""

    def told(found: dict[str, Any], name: str) -> Component:
        where = link("/encoders", set=name, view=kind, key=found.get(kind))
        way = html.Div(dcc.Link(words, href=where, className="vt-link"), className="vt-actions")
        return html.Div([html.P(str(found.get("text") or "")), way], className="vt-job-result")

    return told


#: What tells the result of a job about a set, by the job's kind; given the set's name too.
MAKERS = {
    "curate": chosen, "split": divided, "report": reported, "clusters": grouped,
    "quality": checked, "label": labelled, "stream": thinned, "morphology": compared,
    "gradient": laid_out, "drift": held_against, "series": over_time,
    "court": judged("court", "See the court"),
    "nuisance": judged("nuisance", "See what explains the clusters"),
    "tune": judged("tuning", "See before and after"),
}  # fmt: skip


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
        for text, path in (("Explore", "/explore"), ("Clusters", "/clusters"),
                           ("Choose images", "/curate"))
    ]  # fmt: skip
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
        *(html.P(note, className="vt-small") for note in done.get("notes") or ()),
    ]
    if missing:
        lines = [html.Li(f"{m['path']}: {m['reason']}") for m in done.get("missing") or []]
        more = missing - len(lines)
        if more > 0:
            lines.append(html.Li(f"and {number(more)} more, in exported.csv"))
        told = html.Summary(f"{plural(missing, 'file')} could not be read")
        parts.append(html.Details([told, html.Ul(lines)]))
    return html.Div(parts, className="vt-job-result")

"""What Quality shows for the keys of its address: the overview, or the worklist of a topic."""

from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from components import (
    notices,
    quality_duplicates,
    quality_frame,
    quality_labels,
    quality_outliers,
    quality_overview,
    quality_pictures,
    quality_queue,
    quality_sequences,
)
from components.encoder_notice import noticed
from components.notices import button_link
from components.quality_frame import SHOWN
from components.state import services, whole
from core.errors import NotFoundError
from core.findings.model import KINDS

TOPICS: dict[str, Any] = {
    "duplicates": quality_duplicates,
    "outliers": quality_outliers,
    "pictures": quality_pictures,
    "labels": quality_labels,
}


def shown(keys: dict[str, str]) -> tuple[list[Component], dict[str, str]]:
    """Return what the page shows for these keys, and the keys with the case that is shown."""
    if not keys["set"]:
        return [html.H1("Quality"), notices.empty_state(
            "No set yet", "Add a set first; then Vitrine can look for what is wrong in it.",
            button_link("Add a set", "/", primary=True),
        )], keys  # fmt: skip
    found, findings = services().library.open(keys["set"]), services().findings
    view, check = services().curation.view(found), findings.check(found)
    mark = dcc.Store(id=SHOWN, data=state_of(found, check))
    if check is None or check.stale:
        head = quality_frame.head(found.title, {**keys, "view": "overview"})
        idle = quality_queue.actions(found, None, None)
        return [mark, head, *quality_overview.unchecked(found, check), idle], keys
    summary = findings.summary(found, view, check)
    left = {topic: line.open for topic, line in summary.topics.items()}
    page = "/quality/defects" if keys["view"] == "pictures" else "/quality"
    head = noticed(quality_frame.head(found.title, keys, left), page, found)
    acts = quality_queue.actions(found, None, view)
    if keys["view"] == "overview":
        return [mark, head, acts, *quality_overview.overview(found, check, summary, keys)], keys
    if keys["view"] not in summary.topics:
        return [mark, head, acts, quality_overview.unlooked(keys, check)], keys
    made, keys = topic(found, view, check, summary.topics[keys["view"]], keys)
    return [mark, head, *made], keys


def topic(
    found: Any, view: Any, check: Any, line: Any, keys: dict[str, str]
) -> tuple[list[Component], dict[str, str]]:
    """Return the worklist of a topic: its bar, the list of cases, and one of them."""
    module = TOPICS[keys["view"]]
    panel = module.panel(found, view, check, keys) if hasattr(module, "panel") else None
    if panel is not None:  # it takes the place of the list
        acts = quality_queue.actions(found, None, view)
        return [module.bar(found, view, check, keys), acts, panel], keys
    worklist = listed(found, view, check, keys)
    if not worklist.cases and worklist.shown:  # it has become shorter than where it began
        keys = {**keys, "start": ""}
        worklist = listed(found, view, check, keys)
    case, lost = None, None
    wanted = keys["case"] or (worklist.cases[0].key if worklist.cases else "")
    if wanted:
        try:
            case = services().findings.case(found, view, check, wanted)
        except NotFoundError as error:
            lost = notices.hint(str(error))
    keys = {**keys, "case": case.key if case is not None else ""}
    keeper = quality_queue.keeper_of(case, keys)
    inside = [lost] if lost is not None else []
    inside.append(quality_queue.actions(found, case, view))
    if case is None:
        inside.append(quality_queue.nothing(keys, line.kinds.get(keys["kind"], (line.found,))[0]))
    elif keys["view"] == "duplicates":
        inside.append(module.case_view(found, view, check, case, keys=keys, keeper=keeper))
    else:
        inside.append(module.case_view(found, view, check, case))
    at_once = None
    if keys["view"] == "duplicates":  # the others have theirs in their bars
        preview = services().findings.bulk_preview(found, view, check, **narrowed(keys))
        at_once = quality_queue.at_once(worklist, preview, keys)
    pane = html.Section(inside, id="quality-case", className="vt-case-pane", tabIndex=-1)
    cases = [quality_queue.queue(found, worklist, keys, at_once)] if worklist.cases else []
    work = html.Div([*cases, pane], className="vt-work")
    return [module.bar(found, view, check, keys), work], keys


def listed(found: Any, view: Any, check: Any, keys: dict[str, str]) -> Any:
    """Return the page of the list that the keys name."""
    return services().findings.worklist(
        found, view, check, state=keys["state"], start=max(0, whole(keys["start"], 0) or 0),
        limit=quality_queue.LIMIT, **narrowed(keys),
    )  # fmt: skip


def narrowed(keys: dict[str, str]) -> dict[str, Any]:
    """Return the topic, kind and confidence that the keys name; None for all of them."""
    kind = keys["kind"] if keys["kind"] in KINDS[keys["view"]] else None
    return {"topic": keys["view"], "kind": kind, "confidence": keys["confidence"] or None}


def state_of(found: Any, check: Any) -> str:
    """Return what changes whenever what the page shows of a set does, but for decisions."""
    if check is None:
        return f"{found.key} not checked"
    told = (check.updated, check.stale, sorted(check.limits.items()))
    return f"{found.key} {told} {quality_sequences.newest(found)}"

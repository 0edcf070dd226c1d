"""Copies: groups side by side, which image to keep and why, leaks, and sequences."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from components import quality_difference, quality_leaks, quality_stream, quality_threshold
from components.attributes import attrs
from components.inspector import item_link
from components.quality_frame import bar as framed
from components.quality_frame import chips, state_chips, step
from components.quality_items import name_of, reason
from components.state import has_pictures, link, noun, services
from components.words import listed, number, plural, score
from core.findings.model import LEVELS, TITLES
from core.opened.values import is_missing

#: What stands in the place of the list of groups, by the address's kind.
PANELS = {"leaks": "Leaks", "sequence": "Sequence filter"}

CONFIDENCES = {"certain": "Certain", "likely": "Likely", "possible": "Possible"}

#: Members of a group that are shown; the rest is told, and seen in Explore.
SHOWN = 24


# -- above the list --------------------------------------------------------------------------------


def bar(found: Any, view: Any, check: Any, keys: Mapping[str, str]) -> Component:
    """Return the levels, the threshold of near-duplicates, and what can be decided at once."""
    line = services().findings.summary(found, view, check).topics["duplicates"]
    levels = [(kind, TITLES[kind], line.kinds.get(kind, (0, 0))[1]) for kind in LEVELS
              if kind != "turned" or line.kinds.get(kind, (0, 0))[0]]  # fmt: skip
    leaking = quality_leaks.count(check)
    others = [("leaks", PANELS["leaks"], leaking), ("sequence", PANELS["sequence"], None)]
    options = [("", "All groups", line.open), *levels, *others]
    parts: list[Component | None] = [chips("Which copies", "kind", options, keys)]
    if keys["kind"] not in PANELS:
        sure = [("", "Any confidence", None), *((c, t, None) for c, t in CONFIDENCES.items())]
        narrow = html.Div(
            [state_chips(keys), chips("How sure", "confidence", sure, keys)], className="vt-narrow"
        )
        parts.append(narrow)
    if keys["kind"] in {"", "near"}:
        parts.append(quality_threshold.section(found, check))
    return framed(*parts)


def panel(found: Any, view: Any, check: Any, keys: Mapping[str, str]) -> Component | None:
    """Return what stands in the place of the list of groups: leaks, or the filter of sequences."""
    if keys["kind"] == "leaks":
        return quality_leaks.leaks(found, check, keys)
    if keys["kind"] == "sequence":
        return quality_stream.section(found, view, check, keys)
    return None


# -- one group -------------------------------------------------------------------------------------


def case_view(
    found: Any, view: Any, check: Any, case: Any, *, keys: Mapping[str, str], keeper: int | None
) -> Component:
    """Return a group: the image to keep beside a copy, and every member of it.

    Parameters
    ----------
    found, view, check
        The open set, what was decided about it, and what its check found.
    case
        The group.
    keys
        What the page shows, for the links that choose another keeper.
    keeper
        The row that is to be kept.
    """
    members = case.detail["members"]
    kept = next((one for one in members if one["row"] == keeper), members[0])
    copies = [one for one in members if one["row"] != kept["row"]]
    parts: list[Component | None] = [
        html.Header(
            [html.H2(heading(found, case)),
             html.Span(case.confidence, className=f"vt-sure vt-sure-{case.confidence}")
             if case.confidence else None],
            className="vt-case-head",
        ),
        reason(case),
        conflict(case),
        quality_difference.viewer(found, kept, copies[:SHOWN]) if has_pictures(found) else None,
        keeping(case, kept, keys),
        roster(found, case, kept, [kept, *copies][:SHOWN], keys),
        more(found, case),
    ]  # fmt: skip
    return html.Article([part for part in parts if part is not None], className="vt-case-body")


def heading(found: Any, case: Any) -> str:
    """Return what a group is called."""
    return f"{TITLES[case.kind]}: {plural(len(case.rows), noun(found))}"


def conflict(case: Any) -> Component | None:
    """Return the labels of a group that contradict each other; None where they agree."""
    if not case.detail.get("conflict"):
        return None
    told = [f"{number(count)} × {name}" for name, count in case.detail["labels"].items()]
    return html.P(f"At least one of these labels is wrong: {listed(told)}.", className="vt-warned")


def keeping(case: Any, kept: Mapping[str, Any], keys: Mapping[str, str]) -> Component:
    """Return which image is to be kept, and why."""
    if kept["row"] == case.keeper:
        why = case.detail.get("keeper_reason") or "the first by rule"
        told: list[Any] = ["The one to keep, by rule: ", html.Strong(why), "."]
    else:
        told = ["You chose the one to keep. ",
                step("Back to the one by rule", keys, keeper="")]  # fmt: skip
    return html.P(told, className="vt-keeping")


def roster(
    found: Any, case: Any, kept: Mapping[str, Any], members: Sequence[Mapping[str, Any]],
    keys: Mapping[str, str],
) -> Component:  # fmt: skip
    """Return every member of a group with what is known of it, the one to keep first."""
    return html.Ul(
        [member(found, one, one["row"] == kept["row"], keys) for one in members],
        className="vt-copies",
        **attrs(aria_label="Images of this group"),
    )


def member(found: Any, one: Mapping[str, Any], kept: bool, keys: Mapping[str, str]) -> Component:
    """Return one member: its picture, its name and size, how far it is, and what can be done."""
    row = int(one["row"])
    name = name_of(found, row)
    picture: Any = html.Span(one["label"] or f"no. {number(row)}", className="vt-word")
    if has_pictures(found):
        picture = html.Img(src=f"/thumb/{found.key}/{row}", alt="", className="vt-thumb")
    looked = {} if kept else {"data_vt_compare": str(row)}
    shown: Component = html.Button(
        picture, type="button", className="vt-copy-picture", disabled=kept,
        **attrs(aria_label=f"Compare {name} with the one to keep", **looked),
    )  # fmt: skip
    facts = [one["label"], sizes(found, row), apart(one, kept), one.get("turned")]
    lines: list[Any] = [
        dcc.Link(name, href=item_link(found.name, row), className="vt-copy-name", title=name),
        html.Span(" · ".join(str(fact) for fact in facts if fact), className="vt-small"),
        html.Span("Left out already", className="vt-small vt-warned") if one["out"] else None,
        html.Span("To keep", className="vt-sure vt-sure-certain")
        if kept
        else step("Keep this one", keys, "vt-link", keeper=str(row),
                  aria_label=f"Keep {name} instead"),
    ]  # fmt: skip
    looks = ["vt-copy", *["vt-copy-kept"] * kept, *["vt-copy-out"] * bool(one["out"])]
    return html.Li([shown, *(p for p in lines if p is not None)], className=" ".join(looks))


def sizes(found: Any, row: int) -> str:
    """Return the width and height of a picture in pixels; "" where they are not known."""
    if not {"width", "height"} <= set(found.items.columns):
        return ""
    width, height = found.items["width"].iat[row], found.items["height"].iat[row]
    if any(is_missing(side) or not side for side in (width, height)):
        return ""
    return f"{int(width)} × {int(height)}"


def apart(one: Mapping[str, Any], kept: bool) -> str:
    """Return how far a member is from the one to keep by rule; "" of itself or where not known."""
    far = one.get("distance")
    if kept or far is None:
        return ""
    if far < 1e-6:
        return "same picture" if one.get("apart") == 0 else "same vector"
    return f"distance {score(far, 4 if far < 0.01 else 3)}"


def more(found: Any, case: Any) -> Component | None:
    """Return the way to the members that are not shown; None where all are."""
    hidden = len(case.rows) - SHOWN
    if hidden <= 0:
        return None
    where = link("/explore", set=found.name, color="duplicate group")
    told = f"and {plural(hidden, 'more', 'more')}; "
    return html.P([told, dcc.Link("groups on the map", href=where, className="vt-link")],
                  className="vt-small")  # fmt: skip

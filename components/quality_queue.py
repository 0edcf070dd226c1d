"""The worklist of Quality: the list of cases, the one that is shown, and what can be decided."""

from collections.abc import Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from components import gallery
from components.attributes import attrs
from components.quality_frame import bulk_button, said, step
from components.quality_items import labels_now
from components.quality_undo import REDO, UNDO, is_any, steps
from components.state import has_pictures, noun, whole
from components.words import number, plural, score

KEEP, DROP, ACCEPT = "quality-keep", "quality-drop", "quality-accept"
NEXT, BEFORE = "quality-next", "quality-before"
BUTTONS = (KEEP, DROP, ACCEPT, UNDO, REDO, NEXT, BEFORE)

#: Cases in the list at once.
LIMIT = 50

#: What a decision about a case is called, by its state.
DECIDED = {"kept": "kept", "out": "taken out", "part": "partly decided", "relabelled": "relabelled"}

#: What is said of the cases that are listed.
WORDS = {"open": "to decide", "decided": "decided", "all": "in all"}

EMPTY = {
    "open": ("Nothing left to decide", "Every case of this kind is decided."),
    "decided": ("Nothing decided yet", "Decide some cases first; they are listed here then."),
    "all": ("Nothing found", "The check found no case of this kind."),
}


def place_of(worklist: Any, case: str) -> int:
    """Return the place of a case in a page of the list; -1 where it is not in it."""
    return next((at for at, one in enumerate(worklist.cases) if one.key == case), -1)


def title(case: Any, label: str, one: str) -> str:
    """Return what a case is called in the list.

    `label` is that of its first image, "" where it has none; `one` is what an image is called.
    """
    if case.topic == "duplicates":
        return plural(len(case.rows), one)
    if case.topic == "labels":
        return str(case.given or "no label")
    return label or f"{one.capitalize()} {number(case.rows[0])}"


def under(case: Any, kind: str = "") -> str:
    """Return the line under a case's name in the list, about the kind that is listed."""
    if case.state:
        return DECIDED.get(case.state, case.state)
    if case.topic == "duplicates":
        return str(case.confidence or "")
    if case.topic == "labels":
        return f"→ {case.proposed}"
    for one in case.detail.get("issues") or []:
        if one["name"] == (kind or case.kind):
            return f"{one['title']} {score(one['value'])}"
    return f"score {score(case.score)}" if case.score == case.score else ""


def line(case: Any, name: str, thumb: str, keys: Mapping[str, str]) -> Component:
    """Return one case of the list as a link; `thumb` is its picture, "" where there is none."""
    picture = gallery.thumb(thumb, "") if thumb else html.Span(name[:2], className="vt-word")
    inside = [
        html.Span(picture, className="vt-queue-picture"),
        html.Span(
            [html.Strong(name), html.Span(under(case, keys["kind"]), className="vt-small")],
            className="vt-queue-text",
        ),
    ]
    current: dict[str, Any] = {"aria_current": "true"} if case.key == keys["case"] else {}
    look = "vt-queue-line" + (f" vt-queue-{case.state}" if case.state else "")
    return html.Li(step(inside, keys, look, case=case.key, **current))


def lines(found: Any, cases: Sequence[Any], keys: Mapping[str, str]) -> list[Component]:
    """Return the cases of the list."""
    rows, one = [case.rows[0] for case in cases], noun(found)
    named = has_pictures(found)
    return [
        line(case, title(case, label, one), f"{found.key}/{case.rows[0]}" if named else "", keys)
        for case, label in zip(cases, labels_now(found, rows), strict=True)
    ]


def queue(
    found: Any, worklist: Any, keys: Mapping[str, str], at_once: Component | None = None
) -> Component:
    """Return the list of cases with the way to more of them, and the button that decides all."""
    start = whole(keys["start"], 0) or 0
    last = start + len(worklist.cases)
    told = f"{number(start + 1)} to {number(last)} of {number(worklist.shown)}"
    ways = [
        step("Earlier", keys, "btn btn-quiet btn-sm", start=max(0, start - LIMIT) or "", case="")
        if start
        else None,
        step("More", keys, "btn btn-quiet btn-sm", start=start + LIMIT, case="")
        if last < worklist.shown
        else None,
    ]
    return html.Nav(
        [
            html.H2([plural(worklist.shown, "case"), html.Span(WORDS[keys["state"]],
                    className="vt-small")], className="vt-queue-title"),
            html.Ol(lines(found, worklist.cases, keys), className="vt-queue-list",
                    start=str(start + 1)),
            html.Div(
                [html.Span(told, className="vt-small"), *(way for way in ways if way is not None)],
                className="vt-actions", hidden=worklist.shown <= len(worklist.cases),
            ),
            *([at_once] if at_once is not None else []),
        ],
        className="vt-queue",
        **attrs(aria_label="Cases"),
    )  # fmt: skip


def at_once(worklist: Any, preview: Any, keys: Mapping[str, str]) -> Component | None:
    """Return the button that drops the copies of all open groups of the list, after it has asked.

    None where there are none; the other views have their own, beside what they set.

    Parameters
    ----------
    worklist
        The page of the list that is shown.
    preview
        What `findings.bulk_preview` gives: cases, images, a sentence.
    """
    cases, images, _ = preview
    if not worklist.open or not cases or not images or keys["state"] == "decided":
        return None
    groups = plural(cases, f"{keys['confidence']} group".strip())
    return bulk_button(f"Drop the copies of {groups} …", "duplicates", kind=keys["kind"],
                       confidence=keys["confidence"])  # fmt: skip


# -- what can be decided ---------------------------------------------------------------------------


def _button(text: str, button_id: str, key: str, look: str, *, hidden: bool = False) -> Component:
    """Return a button with the key that presses it."""
    return html.Button(
        [text, html.Kbd(key, **attrs(aria_hidden="true"))], id=button_id, type="button",
        className=f"btn {look}", hidden=hidden,
        **({} if hidden else attrs(data_vt_key=key, aria_keyshortcuts=key)),
    )  # fmt: skip


def words(found: Any, case: Any) -> tuple[str, str]:
    """Return what the buttons that keep and drop say of a case."""
    if case.topic == "duplicates":
        out = len(case.rows) - 1
        kept = "Keep both" if len(case.rows) == 2 else f"Keep all {number(len(case.rows))}"
        return kept, f"Drop {plural(out, 'copy', 'copies')}"
    if case.topic == "labels":
        return f"Keep “{case.given}”" if case.given else "Keep it without a label", "Drop"
    if case.topic == "pictures":
        return f"Keep, this {noun(found)} is fine", "Drop"
    return "Keep, it belongs here", "Drop"


def actions(found: Any, case: Any, view: Any) -> Component:
    """Return the buttons that decide the case shown, take back, and go on.

    Buttons that do not fit the case are there and hidden, since callbacks ask for them. Without a
    case (None) only taking back is offered, and without a `view` (None) nothing.
    """
    keep, drop = words(found, case) if case is not None else ("", "")
    proposed = case.proposed if case is not None and case.topic == "labels" else None
    copies = case is not None and case.topic == "duplicates"
    keep_look = "btn-quiet" if proposed or copies else "btn-primary"
    drop_look = "btn-primary" if copies else "btn-quiet"
    return html.Div(
        [
            html.Div(
                [
                    _button(f"Change to “{proposed}”", ACCEPT, "a", "btn-primary",
                            hidden=not proposed),
                    _button(keep, KEEP, "k", keep_look, hidden=case is None),
                    _button(drop, DROP, "x", drop_look, hidden=case is None),
                ],
                className="vt-actions",
            ),
            html.Div(
                [
                    *steps(view),
                    _button("Previous", BEFORE, "p", "btn-quiet btn-sm", hidden=case is None),
                    _button("Next", NEXT, "n", "btn-quiet btn-sm", hidden=case is None),
                ],
                className="vt-actions vt-push",
            ),
        ],
        className="vt-case-acts" + (" vt-case-back" if case is None else ""),
        role="group",
        hidden=case is None and not is_any(view),
        **attrs(aria_label="Decide" if case is not None else "Undo"),
    )  # fmt: skip


def nothing(keys: Mapping[str, str], found_any: int) -> Component:
    """Return what stands where no case is listed, with the way on."""
    heading, told = EMPTY[keys["state"]] if found_any else EMPTY["all"]
    ways = [step("Back to the overview", keys, "btn btn-quiet", view="overview")]
    if found_any and keys["state"] != "all":
        ways.insert(0, step("Show all", keys, "btn btn-quiet", state="all"))
    return html.Div(
        [html.H2(heading), html.P(told, className="vt-lead"),
         html.Div(ways, className="vt-actions")],
        className="vt-case-none",
    )  # fmt: skip


# -- from case to case -----------------------------------------------------------------------------


def keeper_of(case: Any, keys: Mapping[str, str]) -> int | None:
    """Return the image of a group that is to be kept: the one clicked, else the one by rule."""
    if case is None or case.topic != "duplicates":
        return None
    clicked = whole(keys["keeper"])
    return clicked if clicked in case.rows else case.keeper


def beside(worklist: Any, keys: Mapping[str, str], way: int) -> dict[str, str]:
    """Return the keys of the next case of the list (way 1) or the one before (-1)."""
    cases, start = worklist.cases, whole(keys["start"], 0) or 0
    at = place_of(worklist, keys["case"])
    new: dict[str, Any] = {"keeper": ""}
    if at < 0:
        new["case"] = cases[0].key if cases else keys["case"]
    elif 0 <= at + way < len(cases):
        new["case"] = cases[at + way].key
    elif way > 0 and start + len(cases) < worklist.shown:
        new |= {"start": str(start + LIMIT), "case": ""}
    elif way < 0 and start:
        new |= {"start": str(start - LIMIT) if start > LIMIT else "", "case": ""}
    return {**keys, **new}


def concerned(cases: Sequence[Any]) -> list[int]:
    """Return the images that deciding these cases at once would change: of a group, the copies."""
    return [row for case in cases for row in case.rows if row != case.keeper]


def told(words: str | None, *, last: bool = False) -> list[Component]:
    """Return the line that says what was decided."""
    if not words:
        return []
    more = " That was the last open case of this list." if last else ""
    return [said(f"{words.rstrip('.')}.{more}")]

"""The frame of Drift: what its address says, its tabs, and the parts its views share."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from components.attributes import attrs
from components.state import link
from components.words import ago, plural

PAGE, PLACE, JOBS = "drift-page", "drift-place", "drift-jobs"
#: Told when the tab that is shown was brought into sight.
FOLLOWED = "drift-followed"

#: What every view knows from the address: the set, the view, and the comparison that is shown.
KEYS = ("set", "view", "key")

#: The tabs in their order, and those that need no comparison of two sets.
VIEWS = {
    "design": "Design",
    "verdict": "Verdict",
    "where": "Where",
    "frame": "In the frame",
    "clusters": "Groups",
    "images": "Images",
    "explain": "What explains it",
    "time": "Over time",
    "planning": "Planning",
}
ALONE = ("design", "time", "planning")

#: The two sides in the order in which they are told, and what each is.
SIDES = {"a": "Reference", "b": "Held against it"}

#: What the state of a group of images is called.
STATES = {
    "new": "New",
    "gone": "Gone",
    "grew": "Grew",
    "shrank": "Shrank",
    "same": "No change seen",
}

#: A verdict as a sign with its word.
LEVELS = {
    "drift": ("≠", "Drift"),
    "none seen": ("≈", "None seen"),
    "too few": ("?", "Too few to test"),
}

_NAME, _MOST = re.compile(r"[a-z][a-z0-9_]{0,19}"), 200


def cleaned(query: Mapping[str, Any]) -> dict[str, str]:
    """Return what the address says: the keys of every page, and those of one view as they are."""
    keys = {
        name: str(value)[:_MOST]
        for name, value in query.items()
        if value not in (None, "") and _NAME.fullmatch(name)
    }
    keys = {**dict.fromkeys(KEYS, ""), **keys}
    keys["view"] = keys["view"] if keys["view"] in VIEWS else ""
    return keys


def address(keys: Mapping[str, str], **changes: Any) -> str:
    """Return the address of Drift after a step; a step to another view drops its keys."""
    now = {name: keys.get(name, "") for name in KEYS}
    if changes.get("view", now["view"]) == now["view"]:
        now = {**keys, **now}
    return link("/drift", **{**now, **changes})


def head(found: Any, keys: Mapping[str, str], drift: Any = None) -> Component:
    """Return the title of the page and its tabs; those of results only where there are some.

    Parameters
    ----------
    found
        The open set.
    keys
        The keys in the address.
    drift
        The comparison that is shown, or that the tabs lead to; None where there is none yet.
    """
    alone = keys["view"] in ALONE
    title = f"Drift of {found.title}" if alone or drift is None else f"Drift: {title_of(drift)}"
    tabs = [_tab(view, text, found, keys, drift) for view, text in VIEWS.items()
            if view in ALONE or drift is not None]  # fmt: skip
    parts: list[Component] = [html.H1(title)]
    if drift is not None and not alone:
        parts.append(html.P(told(drift.meta), className="vt-lead"))
    bar = html.Nav(tabs, className="vt-tabs vt-tab-row", **attrs(aria_label="Drift"))
    return html.Div([*parts, bar], className="vt-page-head")


def _tab(view: str, text: str, found: Any, keys: Mapping[str, str], drift: Any) -> Component:
    """Return the link to a view; that of the one shown says so."""
    href = link("/drift", set=found.name, view=view, key=drift.key if drift is not None else "")
    if view != keys["view"]:
        return dcc.Link(text, href=href, className="vt-tab")
    inside: list[Any] = [text, html.Span(" (this page)", className="visually-hidden")]
    return dcc.Link(inside, href=href, className="vt-tab vt-tab-here")


def label_of(drift: Any, side: str) -> str:
    """Return what side "a" or "b" of a comparison is called."""
    return str(drift.meta[side]["label"])


def title_of(drift: Any) -> str:
    """Return what a comparison is called."""
    return f"{label_of(drift, 'b')} against {label_of(drift, 'a')}"


def counted(side: Mapping[str, Any]) -> str:
    """Return how many images a side has, and as how many units they count."""
    noun = str(side.get("noun") or "image")
    told = plural(side["n_images"], noun)
    if side["n_units"] != side["n_images"]:
        told += f" as {plural(side['n_units'], 'unit')}"
    return told


def told(meta: Mapping[str, Any]) -> str:
    """Return what a comparison is of, in one line."""
    parts = [f"{meta[side]['label']}: {counted(meta[side])}" for side in ("a", "b")]
    when = ago(meta.get("created"))
    return " · ".join([*parts, when] if when else parts)


def badge(state: str) -> Component:
    """Return the state of a group of images as a word in its colour."""
    return html.Span(STATES.get(state, state), className=f"vt-drift-badge vt-drift-{state}")


def badge_of_level(level: str) -> Component:
    """Return a verdict as a sign with its word."""
    sign, word = LEVELS.get(level, ("?", level))
    look = f"vt-drift-level-{level.replace(' ', '-')}"
    return html.Span([html.Span(f"{sign} ", **attrs(aria_hidden="true")), word],
                     className=f"vt-drift-badge {look}")  # fmt: skip


def title_of_line(line: Any) -> str:
    """Return what a comparison in a list is called."""
    return f"{line.b} against {line.a}"


def side_mark(side: str, text: str) -> Component:
    """Return a side's name with its letter in its colour; a long name breaks after "_"."""
    words: list[Any] = []
    for word in f" {text}".split("_"):
        words += ["_", html.Wbr(), word] if words else [word]
    mark = html.Span(side.upper(), className=f"vt-drift-mark vt-drift-mark-{side}")
    return html.Span([mark, *words], className="vt-drift-side")


def chips(
    legend: str,
    options: Sequence[tuple[str, str]],
    here: str,
    keys: Mapping[str, str],
    field: str,
    **changes: Any,
) -> Component:
    """Return a row of links that set one key of the address.

    Parameters
    ----------
    legend
        What they choose; it is shown before them.
    options
        Value and text of each.
    here
        The value that is shown now.
    field
        The key.
    changes
        Other keys that such a step sets.
    """
    shown = [
        dcc.Link(
            [text, html.Span(" (shown)", className="visually-hidden")] if said == here else text,
            href=address(keys, **{**changes, field: said}),
            className="vt-chip" + (" vt-chip-here" if said == here else ""),
        )
        for said, text in options
    ]
    return html.Nav([html.Span(legend, className="vt-shape-legend"), *shown],
                    className="vt-chips vt-shape-chips", **attrs(aria_label=legend))  # fmt: skip


def csv_link(drift: Any, table: str, what: str, text: str = "CSV") -> Component:
    """Return the link that downloads a table of a comparison as CSV."""
    return html.A(text, href=f"/api/drift/{drift.key}/{table}.csv",
                  className="btn btn-quiet btn-sm", download="",
                  **attrs(aria_label=f"{what} as CSV"))  # fmt: skip


def file_name(drift: Any, what: str) -> str:
    """Return the name of a file of a comparison, without its ending."""
    plain = "".join(c if c.isalnum() else "-" for c in title_of(drift))
    return f"{plain}-{what}"[:120]

"""The frame of Morphology: what its address says, its tabs, and the parts its views share."""

import re
from collections.abc import Mapping
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from components.attributes import attrs
from components.state import link
from components.words import ago, column_name, plural

PAGE, PLACE, JOBS = "morph-page", "morph-place", "morph-jobs"
#: Told when the tab that is shown was brought into sight.
FOLLOWED = "morph-followed"

#: What every view knows from the address: the set, the view, and the comparison that is shown.
KEYS = ("set", "view", "key")

#: The tabs in their order; those after the first show a comparison.
VIEWS = {
    "design": "Design",
    "overview": "Overview",
    "card": "Metric card",
    "distances": "Distances",
    "disparity": "Variety",
    "distinct": "Distinctive images",
    "ordination": "Ordination",
    "preset": "Preset",
}

#: Stands for "none" or "as usual" in a select, which treats "" as no answer.
AUTO = "-"

#: The name of a key in the address, and the most that is read of its value.
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
    """Return the address of Morphology after a step; a step to another view drops its keys."""
    now = {name: keys.get(name, "") for name in KEYS}
    if changes.get("view", now["view"]) == now["view"]:
        now = {**keys, **now}
    return link("/morphology", **{**now, **changes})


def by_name(request: Mapping[str, Any]) -> str:
    """Return what groups are made from, in words: a column's name, or "slices"."""
    by = str(request.get("by") or "")
    return "slices" if by == "slices" else column_name(by)


def unit_word(design: Mapping[str, Any], noun: str, count: int = 2) -> str:
    """Return what one thing that is compared is called: a unit, or the noun of the set."""
    word = noun if design.get("unit_kind") == "image" else "unit"
    return word if count == 1 else f"{word}s"


def head(found: Any, keys: Mapping[str, str], comparison: Any = None) -> Component:
    """Return the title of the page and its tabs; those of results only where there are some.

    Parameters
    ----------
    found
        The open set.
    keys
        The keys in the address.
    comparison
        The comparison that is shown, or that the tabs lead to; None where there is none yet.
    """
    tabs = [_tab(view, text, found, keys, comparison) for view, text in VIEWS.items()
            if view == "design" or _has(comparison, view)]  # fmt: skip
    tabs.append(dcc.Link("Gradient", href=link("/gradient", set=found.name), className="vt-tab"))
    parts: list[Component] = [html.H1(f"Morphology of {found.title}")]
    if comparison is not None and keys["view"] != "design":
        parts.append(html.P(told(comparison), className="vt-lead"))
    tab_bar = html.Nav(tabs, className="vt-tabs vt-tab-row", **attrs(aria_label="Morphology"))
    return html.Div([*parts, tab_bar], className="vt-page-head")


def _has(comparison: Any, view: str) -> bool:
    """Tell whether a comparison holds what a view shows."""
    if comparison is None:
        return False
    return view != "preset" or bool(comparison.meta.get("lurig"))


def _tab(view: str, text: str, found: Any, keys: Mapping[str, str], comparison: Any) -> Component:
    """Return the link to a view; that of the one shown says so."""
    key = comparison.key if comparison is not None else ""
    href = link("/morphology", set=found.name, view=view, key=key)
    if view != keys["view"]:
        return dcc.Link(text, href=href, className="vt-tab")
    inside: list[Any] = [text, html.Span(" (this page)", className="visually-hidden")]
    return dcc.Link(inside, href=href, className="vt-tab vt-tab-here")


def told(comparison: Any) -> str:
    """Return what a comparison is of, in one line."""
    meta = comparison.meta
    design = meta["design"]
    noun, images, units = meta.get("noun") or "image", design["n_images"], design["n_units"]
    counts = plural(images, noun)
    if units != images:
        counts += f" as {plural(units, 'unit')}"
    parts = [f"By {by_name(meta['request'])}: {plural(len(design['groups']), 'group')}", counts]
    when = ago(meta.get("created") or getattr(comparison, "created", None))
    return " · ".join([*parts, when] if when else parts)


def card(title: str, *inside: Component | None, look: str = "", **more: Any) -> Component:
    """Return a part of the page under a heading."""
    return html.Section(
        [html.H2(title, className="vt-card-title"), *(one for one in inside if one is not None)],
        className=f"vt-card vt-morph-card {look}".strip(),
        **attrs(aria_label=title), **more,
    )  # fmt: skip


def sentence(text: Any) -> str:
    """Return a text as a sentence: with a capital and one full stop."""
    told = str(text).strip().rstrip(".")
    return f"{told[:1].upper()}{told[1:]}{'' if told.endswith('…') else '.'}" if told else ""


def statistic(value: float | None, decimals: int = 2) -> str:
    """Return a statistic or an effect as people write it: .55 is "0.55", none is "–"."""
    if value is None or value != value:
        return "–"
    text = f"{value:,.{decimals}f}" if abs(value) < 1000 else f"{value:,.0f}"
    return text.replace("-", "−")


def p_text(value: float | None) -> str:
    """Return a p-value with two digits that count; "–" where there is none."""
    if value is None or value != value:
        return "–"
    return f"{value:.3f}" if value >= 0.0995 else f"{value:.2g}"


def between(interval: Any, decimals: int = 2) -> str:
    """Return an interval in words, "" where there is none."""
    if not interval or any(end is None for end in interval):
        return ""
    low, high = interval
    return f"{statistic(low, decimals)} to {statistic(high, decimals)}"

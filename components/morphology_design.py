"""The design of a comparison: its groups with their units, what is left out, what to beware of.

The same before anything is computed, beside the form, and afterwards, below the results.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from components import tables
from components.attributes import attrs
from components.morphology_frame import card, unit_word
from components.morphology_frame import sentence as told
from components.state import link
from components.words import listed, number, plural

#: What to do about a warning: its code, the text of the link and where it leads.
WAYS = {
    "copies_unchecked": ("Look for copies", "/quality", {}),
    "metric": ("See the metric card", "/morphology", {"view": "card"}),
}

#: The column that a warning is about: the first that it quotes, where it begins with one.
_ABOUT = re.compile(r"'([^']+)'")

LEVELS = {"fail": "Problem", "caution": "Caution", "note": "Note"}

#: Groups that are listed before the rest is folded.
SHOWN = 12


def unit_id(name: Any) -> dict[str, Any]:
    """Return the id of the button that makes a column the unit."""
    return {"component": "morphology", "part": "unit", "name": name}


def preview(design: Mapping[str, Any], name: str, noun: str) -> Component:
    """Return what would be compared, as the form stands.

    Parameters
    ----------
    design
        As `core.comparisons.design.preview` returns it.
    name
        The set's.
    noun
        What one of its items is called.
    """
    ready = sum(bool(one["tested"]) for one in design["groups"]) > 1
    return card(
        "What would be compared",
        html.P(sentence(design, noun), className="vt-preview-sentence"),
        html.P(units_text(design, noun), className="vt-lead"),
        None if ready else html.P(
            "There are not two groups of three units or more: nothing could be tested, only shown.",
            className="vt-job-error"),
        *warnings(design.get("warnings") or (), name),
        groups_table(design, noun),
        left_out(design, noun),
        notes(design),
        look="vt-preview",
    )  # fmt: skip


def unknown(why: str) -> Component:
    """Return the preview where a field cannot be used."""
    return card("What would be compared", html.P(why, className="vt-job-error"), look="vt-preview")


def sentence(design: Mapping[str, Any], noun: str) -> str:
    """Return the design in one sentence."""
    images, units = design["n_images"], design["n_units"]
    said = plural(images, noun)
    if design.get("unit_kind") == "column":
        said += f" of {plural(design.get('specimens', units), 'unit')}"
        if design.get("specimens", units) != units:  # several groups of one unit
            said += f", {number(units)} in all groups together,"
    elif units != images:
        said += f", which count as {plural(units, 'unit')},"
    said += f" in {plural(len(design['groups']), 'group')}"
    if design.get("paired"):
        said += ", compared inside each unit"
    elif design.get("blocks"):
        said += f", compared within {plural(design['blocks'], 'block')} ({design.get('block')})"
    if design.get("covariates"):
        said += f", with {listed(list(design['covariates']))} taken into account"
    return f"{said}."


def units_text(design: Mapping[str, Any], noun: str) -> str:
    """Return what counts as one, as a sentence."""
    kind = design.get("unit_kind")
    if kind == "column":
        return (f"A unit is one value of “{design['unit']}”: its {noun}s in a group count as one, "
                "at their mean.")  # fmt: skip
    if kind == "copies":
        return f"Each {noun} counts as one; copies of one picture count as one together."
    return f"Each {noun} counts as one, even where several show the same specimen."


def warnings(given: Sequence[Mapping[str, Any]], name: str, key: str = "") -> list[Component]:
    """Return warnings, problems first, each with what can be done about it.

    `key` is that of the comparison they are about, "" before there is one.
    """
    order = list(LEVELS)
    found = sorted(given, key=lambda one: order.index(one.get("level", "caution")))
    return [_warning(one, name, key) for one in found]


def _warning(one: Mapping[str, Any], name: str, key: str) -> Component:
    """Return one warning with its level in words."""
    level = str(one.get("level") or "caution")
    parts: list[Any] = [html.Strong(f"{LEVELS.get(level, 'Caution')}: "), told(one["text"])]
    way = _way(one, name, key)
    if way is not None:
        parts += [" ", way]
    return html.P(parts, className=f"vt-morph-warning vt-morph-{level}")


def _way(one: Mapping[str, Any], name: str, key: str) -> Component | None:
    """Return what can be done about a warning at a click; None where nothing can."""
    code, about = str(one.get("code")), _ABOUT.match(str(one["text"]))
    if code == "pseudo_replication" and about:
        text = f"Take “{about[1]}” as the unit"
        if not key:  # the form is beside it
            return html.Button(text, id=unit_id(about[1]), type="button",
                               className="btn btn-quiet btn-sm")  # fmt: skip
        where = link("/morphology", set=name, view="design", key=key, unit=about[1])
        return dcc.Link(text, href=where, className="vt-link")
    if code not in WAYS or (WAYS[code][1] == "/morphology" and not key):
        return None
    text, path, more = WAYS[code]
    more = {**more, "key": key} if path == "/morphology" else more
    return dcc.Link(text, href=link(path, set=name, **more), className="vt-link")


def groups_table(design: Mapping[str, Any], noun: str) -> Component:
    """Return the groups with their images and units; those too small for a test say so."""
    groups = sorted(design["groups"], key=lambda one: (-one["units"], str(one["name"])))
    alone = design.get("unit_kind") == "image"
    head = ("Group", f"{noun.capitalize()}s", *(() if alone else ("Units",)), "Size")
    most = max((one["units"] for one in groups), default=1) or 1
    rows = [
        [str(one["name"]), number(one["images"]), *(() if alone else (number(one["units"]),)),
         _bar(one, most, design, noun)]
        for one in groups
    ]  # fmt: skip
    table = tables.table(head, rows[:SHOWN], caption="Groups to compare")
    if len(rows) <= SHOWN:
        return html.Div(table, className="vt-morph-groups")
    rest = tables.table(head, rows[SHOWN:], caption="More groups to compare")
    more = html.Summary(f"{plural(len(rows) - SHOWN, 'smaller group')}")
    return html.Div([table, html.Details([more, rest])], className="vt-morph-groups")


def _bar(one: Mapping[str, Any], most: int, design: Mapping[str, Any], noun: str) -> Component:
    """Return the size of a group as a bar, or why it is not tested."""
    if not one["tested"]:
        least = unit_word(design, noun)
        return html.Span(f"fewer than 3 {least}: shown, not tested", className="vt-small")
    wide = max(1, round(100 * one["units"] / most))
    return html.Span(
        html.Span(className="vt-morph-bar", style={"width": f"{wide}%"}),
        className="vt-morph-bar-line", **attrs(aria_hidden="true"),
    )  # fmt: skip


def left_out(design: Mapping[str, Any], noun: str) -> Component | None:
    """Return how many images are left out, and why; None where none are."""
    reasons = {why: n for why, n in (design.get("left_out") or {}).items() if n}
    if not reasons:
        return None
    out = sum(reasons.values())
    alone = len(reasons) == 1
    why_out = "; ".join(why if alone else f"{number(n)} {why}" for why, n in reasons.items())
    verb = "is" if out == 1 else "are"
    return html.P(f"{plural(out, noun)} {verb} left out: {why_out}.", className="vt-small")


def notes(design: Mapping[str, Any]) -> Component | None:
    """Return what else is to be known of the design; None where there is nothing."""
    given = [told(note) for note in design.get("notes") or ()]
    return (
        html.Ul(list(map(html.Li, given)), className="vt-small vt-morph-notes") if given else None
    )


def explained() -> Component:
    """Return what a comparison needs and what it tells, for who has made none yet."""
    needs = (
        "Groups: a column such as species, sex or site, or slices you made. Two at least, with "
        "three units each.",
        "Units: the column that names the specimen, if one has several pictures. Without it, "
        "near-copies that a quality check found count as one.",
        "Vectors whose distances mean something. That is checked first, and said beside every "
        "result.",
    )
    tells = (
        "How much of all difference lies between groups, with its interval, before any p-value.",
        "Whether groups differ in their means, in their spread, or in both.",
        "How far each group lies from each other one, which images are the most unlike, and what "
        "the axes show in pictures.",
    )
    return card(
        "What it needs, and what it tells",
        html.H3("It needs"), html.Ul([html.Li(text) for text in needs]),
        html.H3("It tells"), html.Ul([html.Li(text) for text in tells]),
        html.P("Distances are measured between the vectors of the encoder, never on a map.",
               className="vt-small"),
        look="vt-morph-explained",
    )  # fmt: skip

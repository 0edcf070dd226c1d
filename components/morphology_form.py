"""The form that asks for a comparison, and the request it makes."""

from collections.abc import Mapping, Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from components import morphology_columns as columns
from components import morphology_cutout, pickers
from components.attributes import attrs
from components.morphology_columns import IMAGE, SLICES
from components.morphology_frame import AUTO, by_name
from components.state import noun
from components.words import number
from core.errors import InputError
from core.morphology.request import MorphologyRequest
from core.opened.units import own_unit

GO, TOLD = "morph-go", "morph-told"

#: The form's fields, in the order in which a person meets them.
FIELDS = ("by", "groups", "unit", "block", "covariates", "within", "preset", "pair", "first",
          "second", "permutations", "draws", "seed")  # fmt: skip

#: Fields whose options follow from what the groups are made from.
FOLLOWING = ("groups", "first", "second")


def field_id(field: str) -> str:
    """Return the id of a field."""
    return f"morph-{field}"


# -- what the fields ask for -----------------------------------------------------------------------


def request(
    set_name: str, given: Mapping[str, Any], seed: int = 0, slices: Sequence[str] = ()
) -> MorphologyRequest:
    """Return what the form's fields ask for; `slices` are those of the set.

    Raises
    ------
    InputError
        A field cannot be used; the message names it and says what to enter.
    """
    by = str(given.get("by") or "")
    if not by:
        raise InputError("Groups by: choose a column, or make two slices first.")
    unit = _named(given.get("unit"))
    ticked = tuple(given.get("groups") or ())
    lurig = bool(given.get("preset"))
    return MorphologyRequest(
        name=set_name,
        by="slices" if by == SLICES else by,
        groups=() if by == SLICES else ticked,
        slices=(ticked or tuple(slices)) if by == SLICES else (),
        unit=None if unit == IMAGE else unit,
        aggregate="image" if unit == IMAGE else "unit",
        block=_named(given.get("block")),
        covariates=tuple(given.get("covariates") or ()),
        within=_named(given.get("within")),
        preset="lurig" if lurig else None,
        pair=_named(given.get("pair")) if lurig else None,
        poles=_poles(given) if lurig else (),
        permutations=_whole(given.get("permutations"), "Permutations", 999),
        draws=_whole(given.get("draws"), "Bootstraps of the tree", 1000),
        seed=_whole(given.get("seed"), "Seed", seed),
    )


def _named(value: Any) -> str | None:
    """Return a select's value, None where it says "none" or "as usual"."""
    return None if value in (None, "", AUTO) else str(value)


def _whole(value: Any, field: str, default: int) -> int:
    """Return a whole number from a text field; its default where it is empty."""
    text = str(value if value is not None else "").replace(",", "").strip()
    if not text:
        return default
    try:
        return int(text)
    except ValueError:
        raise InputError(f"{field}: {text[:40]!r} is no whole number.") from None


def _poles(given: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the two groups that the axis of the preset runs between; () for the farthest."""
    ends = [_named(given.get(field)) for field in ("first", "second")]
    if ends == [None, None]:
        return ()
    if None in ends or ends[0] == ends[1]:
        raise InputError("Axis of the preset: choose two groups, or leave both as they are.")
    return tuple(str(end) for end in ends)


def title(wanted: MorphologyRequest, set_title: str) -> str:
    """Return a job's title from its request."""
    return f"Compare forms of {set_title} by {by_name(wanted.to_json())}"


# -- the fields ------------------------------------------------------------------------------------


def filled(last: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of the fields from a request in its JSON form; {} gives what is usual."""
    ends = [*(last.get("poles") or ()), AUTO, AUTO]
    by_slices = last.get("by") == "slices"
    return {
        "by": SLICES if by_slices else last.get("by"),
        "groups": list(last.get("slices" if by_slices else "groups") or ()),
        "unit": IMAGE if last.get("aggregate") == "image" else last.get("unit") or AUTO,
        "block": last.get("block") or AUTO,
        "covariates": list(last.get("covariates") or ()),
        "within": last.get("within") or AUTO,
        "preset": last.get("preset") == "lurig",
        "pair": last.get("pair") or AUTO,
        "first": ends[0],
        "second": ends[1],
        "permutations": str(last.get("permutations", 999)),
        "draws": str(last.get("draws", 1000)),
        "seed": str(last.get("seed", "")),
    }


def usable(found: Any, view: Any, last: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """Return the values of the fields, those that the set does not offer left as usual."""
    offered = columns.for_groups(found, view)
    values = filled({"seed": seed, **last})
    first = offered[0]["value"] if offered else ""
    values["by"] = columns.chosen(values["by"], offered, first)
    groups = {one["value"] for one in columns.groups_of(found, view, values["by"])} if (
        values["by"]) else set()  # fmt: skip
    values["groups"] = [name for name in values["groups"] if name in groups]
    for end in ("first", "second"):
        values[end] = values[end] if values[end] in groups else AUTO
    return values


def followers(found: Any, view: Any, by: str) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """Return the groups to tick, and the groups that the axis of the preset may run between."""
    groups = columns.groups_of(found, view, by) if by else []
    ends = [columns.option(one["value"]) for one in groups]
    return groups, [columns.option(AUTO, "the two farthest apart"), *ends]


def form(found: Any, view: Any, last: Mapping[str, Any], seed: int) -> Component:
    """Return the form; everything has a default, so that one click is enough.

    Parameters
    ----------
    found, view
        The open set, and what was decided about it.
    last
        The request to begin with, in its JSON form; {} for what is usual.
    seed
        The seed of the workspace.
    """
    values = usable(found, view, last, seed)
    groups, ends = followers(found, view, values["by"])
    return html.Section(
        [
            html.H2("What to compare", className="vt-card-title"),
            _by(found, view, values, groups),
            _units(found, values),
            _blocks(found, values),
            _covariates(found, values),
            _within(found, view, values),
            morphology_cutout.cutout_part(found),
            _preset(found, values, ends),
            _more(values),
            html.P("Nothing is changed: a comparison only looks.",
                   className="vt-small vt-promise"),
            html.Div(
                [html.Div(id=TOLD, role="status"),
                 html.Button("Compare", id=GO, type="button",
                             className="btn btn-primary")],
                className="vt-go",
            ),
        ],
        className="vt-card vt-form",
        **attrs(aria_label="What to compare"),
    )  # fmt: skip


def _select(
    field: str, label: str, options: Sequence[dict[str, str]], value: str, help_text: str = ""
) -> Component:
    """Return a labelled select whose value is one of its options."""
    value = columns.chosen(value, options, options[0]["value"] if options else "")
    made = dbc.Select(id=field_id(field), options=list(options), value=value, size="sm")
    return pickers.labelled(label, made, help_text=help_text)


def _text(field: str, label: str, value: str, help_text: str = "") -> Component:
    """Return a labelled field for a whole number."""
    box = dbc.Input(id=field_id(field), type="text", size="sm", value=value, autoComplete="off",
                    debounce=0.4, inputMode="numeric")  # fmt: skip
    return pickers.labelled(label, box, help_text=help_text)


def _ticks(
    field: str, legend: str, options: list[dict[str, str]], value: list[str], help_text: str
) -> Component:
    """Return a choice of several in a box that scrolls."""
    return html.Fieldset(
        [html.Legend(legend, className="form-label"),
         dbc.Checklist(id=field_id(field), options=options, value=value,
                       className="vt-morph-ticks"),
         html.Div(help_text, className="form-text")],
        className="vt-field",
    )  # fmt: skip


def _by(
    found: Any, view: Any, values: Mapping[str, Any], groups: list[dict[str, str]]
) -> Component:
    """Return what makes the groups, and which of them are compared."""
    return html.Div([
        _select("by", "Groups by", columns.for_groups(found, view), values["by"]),
        html.Details(
            [html.Summary("Only some of the groups"),
             _ticks("groups", "Groups to compare", groups, values["groups"],
                    "None ticked: all of them.")],
            className="vt-advanced", open=bool(values["groups"]),
        ),
    ])  # fmt: skip


def _units(found: Any, values: Mapping[str, Any]) -> Component:
    """Return what counts as one."""
    one = noun(found)
    usual = f"{one}s; near-copies together"
    if own_unit(found.items):
        usual = f"as the set says: {one}s of one unit"
    options = [columns.option(AUTO, usual),
               *columns.for_units(found),
               columns.option(IMAGE, f"every {one}, even copies (not advised)")]  # fmt: skip
    return _select(
        "unit", "What counts as one", options, values["unit"],
        "The specimen, so that ten photographs of one animal are one animal and not ten.",
    )  # fmt: skip


def _blocks(found: Any, values: Mapping[str, Any]) -> Component:
    options = [columns.option(AUTO, "none"), *columns.for_blocks(found)]
    return _select(
        "block", "Compare within", options, values["block"],
        "A block such as a site, a day or a photographer: groups are then compared inside each.",
    )  # fmt: skip


def _covariates(found: Any, values: Mapping[str, Any]) -> Component:
    """Return what else may explain differences, folded."""
    options = columns.for_covariates(found)
    known = {one["value"] for one in options}
    ticked = [name for name in values["covariates"] if name in known]
    options = sorted(options, key=lambda one: one["value"] not in ticked)  # the others as they come
    told = (f" ({number(len(ticked))})" if ticked else "") if options else ": none in this set"
    return html.Details(
        [html.Summary(f"Taken into account{told}"),
         _ticks("covariates", "Covariates", options, ticked,
                "What each explains beyond all others is tested beside the groups.")],
        className="vt-advanced", open=bool(ticked),
    )  # fmt: skip


def _within(found: Any, view: Any, values: Mapping[str, Any]) -> Component:
    options = [columns.option(AUTO, "the whole working set")]
    options += [columns.option(one.name, f"slice: {one.name} ({number(one.count)})")
                for one in view.slices if one.count]  # fmt: skip
    hidden = len(options) == 1
    return html.Div(_select("within", "Images of", options, values["within"]), hidden=hidden)


def _preset(found: Any, values: Mapping[str, Any], ends: Sequence[dict[str, str]]) -> Component:
    """Return the preset for segmented specimens, folded."""
    pairs = [columns.option(AUTO, "none"), *columns.for_sides(found)]
    return html.Details(
        [
            html.Summary("Preset for segmented specimens (Lürig)"),
            html.P("The workflow of Lürig and others (2025): standardised components that hold "
                   "95 % of the variance, trimmed groups, one axis between two of them that is "
                   "checked on groups left out. It is shown beside the rest.",
                   className="form-text"),
            html.Div(dbc.Switch(id=field_id("preset"), label="Compute it too",
                                value=values["preset"]), className="vt-field"),
            _select("pair", "Sides or sexes", pairs, values["pair"],
                    "Similarity between them is told inside each group."),
            _select("first", "Axis from", ends, values["first"]),
            _select("second", "Axis to", ends, values["second"]),
        ],
        className="vt-advanced", open=values["preset"],
    )  # fmt: skip


def _more(values: Mapping[str, Any]) -> Component:
    """Return what few people need, folded."""
    return html.Details(
        [
            html.Summary("More"),
            _text("permutations", "Permutations", values["permutations"],
                  "99 to 9,999. The smallest p they can give is one part in one more than these."),
            _text("draws", "Bootstraps of the tree", values["draws"],
                  "How often units are drawn again to see which branches stay."),
            _text("seed", "Seed", values["seed"], "The same seed gives the same numbers."),
        ],
        className="vt-advanced",
    )  # fmt: skip

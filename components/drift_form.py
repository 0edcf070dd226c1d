"""The form that asks for a comparison of two sets, what it would compare, and the request."""

from collections.abc import Mapping
from typing import Any

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from components import drift_sides, fields, pickers
from components import morphology_columns as columns
from components.attributes import attrs
from components.drift_sides import SIDES, field_id
from components.fields import AUTO
from components.morphology_columns import chosen, option
from core.drift.request import MAPS, PERMUTATIONS, PLACED, DriftRequest
from core.errors import InputError
from core.opened.units import own_unit

GO, TOLD = "drift-go", "drift-told"

#: Fields of the form: those of the two sides, then the others.
OF_SIDES = tuple(f"{side}_{part}" for side in SIDES for part in drift_sides.PARTS)
OTHERS = ("unit", "label", "permutations", "approximate", "explain", "seed", "spatial", "map")
FIELDS = (*OF_SIDES, *OTHERS)


def component_id(field: str) -> str:
    """Return the id of a field by its name in `FIELDS`."""
    return field_id(field.replace("_", "-"))


# -- what the fields ask for -----------------------------------------------------------------------


def request(given: Mapping[str, Any], seed: int = 0) -> DriftRequest:
    """Return what the form's fields ask for.

    Raises
    ------
    InputError
        A field cannot be used; the message names it and says what to enter.
    """
    a, b = (drift_sides.text_of(given, side) for side in SIDES)
    if a == b:
        raise InputError("Both sides are the same: choose another set, slice or value for B.")
    low, high = PERMUTATIONS
    permutations = fields.number(given.get("permutations"), "Permutations", 999)
    if permutations is None or permutations % 1 or not low <= permutations <= high:
        raise InputError(f"Permutations: a whole number from {low} to {high:,}.")
    return DriftRequest(
        a=a, b=b, unit=fields.named(given.get("unit")), label=fields.named(given.get("label")),
        permutations=int(permutations), approximate=bool(given.get("approximate")),
        explain=bool(given.get("explain")), seed=fields.seed(given.get("seed"), seed),
        spatial=PLACED if given.get("spatial") else 0, map=given.get("map") or MAPS[0],
    )  # fmt: skip


def title(wanted: DriftRequest) -> str:
    """Return a job's title from its request."""
    return f"Compare {wanted.b} with {wanted.a}"


# -- the fields ------------------------------------------------------------------------------------


def form(name: str, last: Mapping[str, Any], seed: int) -> Component:
    """Return the form; everything has a default, so that one click is enough.

    Parameters
    ----------
    name
        The set to begin with.
    last
        The request to begin with, in its JSON form; {} for what is usual.
    seed
        The seed of the workspace.
    """
    offered = drift_sides.sets()
    a, b = str(last.get("a") or name), str(last.get("b") or "")
    first = drift_sides.read(a)["set"]
    known = {one["value"] for one in offered}
    first = first if first in known else name
    usual = drift_sides.other_of(first)
    second = drift_sides.read(b)["set"] if b else usual
    second = second if second in known else usual
    units, labels = shared(first, second)
    return html.Section(
        [
            html.H2("What to compare", className="vt-card-title"),
            drift_sides.fields("a", a, first, offered),
            drift_sides.fields("b", b, second, offered),
            _select("unit", "What counts as one", units, last.get("unit"),
                    "The column that names what belongs together, so that ten pictures of one "
                    "animal are one and not ten."),
            _more(last, labels, seed),
            html.P("Nothing is changed: a comparison only looks.",
                   className="vt-small vt-promise"),
            fields.go("Compare", GO, TOLD),
        ],
        className="vt-card vt-form",
        **attrs(aria_label="What to compare"),
    )  # fmt: skip


def shared(first: str, second: str) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """Return the columns of both sets that may name units, and those that may be labels."""
    sets = [drift_sides.opened(name) for name in (first, second)]
    units = [columns.for_units(found) for found, _ in sets]
    labels = [[one for one in columns.for_groups(found, view) if one["value"] not in
               {columns.SLICES, "cluster"}] for found, view in sets]  # fmt: skip
    told = any(own_unit(found.items) for found, _ in sets)
    usual = "as the set says, else images" if told else "images; near-copies together"
    return (
        [option(AUTO, usual), *_both(units)],
        [option(AUTO, "the label, where both have one"), *_both(labels)],
    )


def _both(offered: list[list[dict[str, str]]]) -> list[dict[str, str]]:
    """Return the options that both lists have."""
    there = {one["value"] for one in offered[1]}
    return [one for one in offered[0] if one["value"] in there]


def _select(
    field: str, label: str, options: list[dict[str, str]], value: Any, help_text: str
) -> Component:
    """Return a labelled select whose value is one of its options."""
    made = dbc.Select(id=field_id(field), options=options, value=chosen(value, options, AUTO),
                      size="sm")  # fmt: skip
    return pickers.labelled(label, made, help_text=help_text)


def _more(last: Mapping[str, Any], labels: list[dict[str, str]], seed: int) -> Component:
    """Return what few people need, folded."""
    low, high = PERMUTATIONS
    return html.Details(
        [
            html.Summary("More"),
            _select("label", "Labels", labels, last.get("label"),
                    "Images of each label are compared on their own too."),
            _switch("explain", "Encode some changed pictures", bool(last.get("explain", True)),
                    "To see whether only exposure or sharpness differ. Takes longer."),
            _switch("spatial", "Compare where in the frame", bool(last.get("spatial")),
                    f"Features by place of up to {PLACED} images a side: where they differ, and "
                    "parts that the other set has not. Takes longer."),
            _select("map", "Map of both sets", [
                {"value": "pca", "label": "Principal components"},
                {"value": "umap", "label": "UMAP: follows groups, takes longer"},
            ], last.get("map") or MAPS[0], "Only how both are shown; no test rests on it."),
            _switch("approximate", "Use all of a large set", bool(last.get("approximate")),
                    "By random features, in place of a sample of 3,000 units a side."),
            fields.text(field_id("permutations"), "Permutations",
                        str(last.get("permutations", 999)),
                        f"{low} to {high:,}. The smallest p is one part in one more than these.",
                        inputMode="numeric", debounce=0.4),
            fields.text(field_id("seed"), "Seed", str(last.get("seed", seed)),
                        "The same seed gives the same numbers.", inputMode="numeric",
                        debounce=0.4),
        ],
        className="vt-advanced",
    )  # fmt: skip


def _switch(field: str, label: str, value: bool, help_text: str) -> Component:
    """Return a switch with help under it."""
    return html.Div([dbc.Switch(id=field_id(field), label=label, value=value),
                     html.Div(help_text, className="form-text")], className="vt-field")  # fmt: skip

"""The form that asks what explains the clusters, and the request it makes."""

from collections.abc import Mapping
from typing import Any

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from components import fields
from components import morphology_columns as columns
from components.attributes import attrs
from components.beside import links
from components.fields import AUTO
from components.morphology_columns import option
from components.state import services
from core.courts.request import NuisanceRequest
from core.cutting.job import about, cutouts_of
from core.errors import InputError, VitrineError

GO, TOLD = "nuisance-go", "nuisance-told"
FIELDS = ("columns", "column", "unit", "masks", "against", "permutations", "sample", "seed")


def field_id(field: str) -> str:
    """Return the id of a field by its name in `FIELDS`."""
    return f"nuisance-{field}"


def request(name: str, given: Mapping[str, Any], seed: int = 0) -> NuisanceRequest:
    """Return what the form's fields ask for.

    Raises
    ------
    InputError
        A field cannot be used; the message names it and says what to enter.
    """
    whole = {}
    for field, words, usual in (("permutations", "Arrangements", 499), ("sample", "Most images",
                                                                       5_000)):  # fmt: skip
        value = fields.number(given.get(field), words, usual)
        if value is None or value % 1:
            raise InputError(f"{words}: a whole number.")
        whole[field] = int(value)
    masks = str(given.get("masks") or "").strip()
    return NuisanceRequest(
        name, tuple(str(one) for one in given.get("columns") or ()),
        fields.named(given.get("column")), fields.named(given.get("unit")), masks or None,
        fields.named(given.get("against")), whole["permutations"], whole["sample"],
        fields.seed(given.get("seed"), seed),
    )  # fmt: skip


def title(wanted: NuisanceRequest, set_title: str) -> str:
    """Return a job's title from its request."""
    return f"What explains the clusters of {set_title}"


def others(found: Any) -> list[dict[str, str]]:
    """Return the sets of the same pictures: of the same items, cut out of them, or the reverse."""
    app, listed = services(), []
    library, ties = app.library, links()
    try:
        cut = {*cutouts_of(library.workspace, found.base.name)}
        cut |= {str((about(library.workspace, found.base.name) or {}).get("of") or "")}
    except (VitrineError, OSError, AttributeError):
        cut = set()
    for name in library.names():
        if name == found.name:
            continue
        try:
            other = library.open(name)
            if name in cut or ties.holds_most(found, other):
                listed.append(option(name, f"{name} ({other.spec.name.rpartition('/')[2]})"))
        except (VitrineError, KeyError, OSError, AttributeError):  # it must not hide the others
            continue
    return listed


def form(found: Any, view: Any, last: Mapping[str, Any], seed: int) -> Component:
    """Return the form; every field has a default, so that one click is enough.

    Parameters
    ----------
    found, view
        The open set, and what was decided about it.
    last
        The request to begin with, in its JSON form; {} for what is usual.
    seed
        The seed of the workspace.
    """
    labels = [one for one in columns.for_groups(found, view)
              if one["value"] not in {columns.SLICES, "cluster"}]  # fmt: skip
    return html.Section(
        [
            html.H2("What to test", className="vt-card-title"),
            html.P("Background, exposure, contrast, size and source are tested in any case.",
                   className="vt-small"),
            _columns(found, last),
            fields.choice(field_id("column"), "Labels that may explain the clusters",
                          [option(AUTO, "the label, where there is one"), *labels],
                          last.get("column"), "What goes with the labels only is told apart."),
            fields.choice(field_id("against"), "Before and after",
                          [option(AUTO, "this set only"), *others(found)], last.get("against"),
                          "The same is measured in another set of these pictures: cut out by "
                          "masks, or with a column regressed out."),
            _more(found, last, seed),
            html.P("Nothing is changed: a test only looks.", className="vt-small vt-promise"),
            fields.go("Test", GO, TOLD),
        ],
        className="vt-card vt-form",
        **attrs(aria_label="What to test"),
    )  # fmt: skip


def _columns(found: Any, last: Mapping[str, Any]) -> Component:
    """Return the columns that can be tested; the labels themselves are not offered."""
    options = [one for one in columns.for_covariates(found)
               if one["value"] not in {"label", "width", "height", "source"}]  # fmt: skip
    known = {one["value"] for one in options}
    ticked = [one for one in last.get("columns") or () if one in known]
    return html.Fieldset(
        [html.Legend("Columns to test too", className="form-label"),
         dbc.Checklist(id=field_id("columns"), options=options, value=ticked,
                       className="vt-morph-ticks"),
         html.Div("Site, day, camera, photographer: what should not matter."
                  if options else "This set has no column to test.", className="form-text")],
        className="vt-field",
    )  # fmt: skip


def _more(found: Any, last: Mapping[str, Any], seed: int) -> Component:
    """Return what few people need, folded; open where masks were named."""
    units = [option(AUTO, "images; near-copies together"), *columns.for_units(found)]
    return html.Details(
        [
            html.Summary("More"),
            fields.text(field_id("masks"), "Masks of the objects", str(last.get("masks") or ""),
                        "A folder, or a column that names them: the ground is what lies around "
                        "the object. Empty: the rim of each picture."),
            fields.choice(field_id("unit"), "What counts as one", units, last.get("unit"),
                          "Images of one unit are one image here."),
            fields.text(field_id("permutations"), "Arrangements",
                        str(last.get("permutations", 499)), "99 to 9,999.", inputMode="numeric"),
            fields.text(field_id("sample"), "Most images", str(last.get("sample", 5_000)),
                        "Whole units are drawn from every label in proportion.",
                        inputMode="numeric"),
            fields.text(field_id("seed"), "Seed", str(last.get("seed", seed)),
                        "The same seed gives the same numbers.", inputMode="numeric"),
        ],
        className="vt-advanced", open=bool(last.get("masks")),
    )  # fmt: skip

"""The form that asks for a court of encoders, and the request it makes."""

from collections.abc import Mapping, Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from components import fields, pickers
from components import morphology_columns as columns
from components.attributes import attrs
from components.beside import links
from components.fields import AUTO
from components.morphology_columns import option
from components.state import services
from components.words import encoder_name
from core.courts.request import BASELINE, MOST, CourtRequest
from core.errors import InputError, VitrineError

GO, TOLD = "court-go", "court-told"
FIELDS = ("encoders", "others", "column", "unit", "copies", "clusters", "sample", "seed")
#: Encoders offered that need no weights.
READY = ("pixels", "colour-texture")
CLUSTERS = (
    option("themes", "Themes: each is searched five times more"),
    option("micro", "Micro-clusters: quicker"),
    option("none", "None"),
)


def field_id(field: str) -> str:
    """Return the id of a field by its name in `FIELDS`."""
    return f"court-{field}"


def request(name: str, given: Mapping[str, Any], seed: int = 0) -> CourtRequest:
    """Return what the form's fields ask for.

    Raises
    ------
    InputError
        A field cannot be used; the message names it and says what to enter.
    """
    typed = str(given.get("others") or "").replace(",", "\n").split("\n")
    ticked = [str(one) for one in given.get("encoders") or ()]
    names = list(dict.fromkeys([*ticked, *(one.strip() for one in typed if one.strip())]))
    if len(names) > MOST:
        raise InputError(f"Encoders: {len(names)} are named; a court hears {MOST} at most.")
    sample = fields.number(given.get("sample"), "Most images", 2_000)
    if sample is None or sample % 1:
        raise InputError("Most images: a whole number.")
    clusters: Any = given.get("clusters") or "themes"
    return CourtRequest(
        name, tuple(names), fields.named(given.get("column")), fields.named(given.get("unit")),
        fields.named(given.get("copies")), clusters, int(sample),
        fields.seed(given.get("seed"), seed),
    )  # fmt: skip


def title(wanted: CourtRequest, set_title: str) -> str:
    """Return a job's title from its request."""
    return f"Compare encoders on {set_title}"


def offered(found: Any) -> list[str]:
    """Return encoders that can be ticked: those of sets of the same images, and ready ones."""
    names = []
    library, ties = services().library, links()
    for name in library.names():
        if name == found.name:
            continue
        try:
            other = library.open(name)
            if other.spec.model_type != "given" and ties.holds_most(found, other):
                names.append(other.spec.name)
        except (VitrineError, KeyError, OSError, AttributeError):  # it must not hide the others
            continue
    return [one for one in dict.fromkeys([*names, *READY]) if one != found.spec.name]


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
    listed = offered(found)
    before = [str(one) for one in last.get("encoders") or ()]
    ticked = [one for one in before if one in listed] if before else listed[: MOST - 1]
    if not before and found.spec.name != BASELINE and BASELINE in listed:
        ticked = list(dict.fromkeys([*[one for one in ticked if one != BASELINE][: MOST - 2],
                                     BASELINE]))  # fmt: skip
    others = "\n".join(one for one in before if one not in listed)
    return html.Section(
        [
            html.H2("Encoders to compare", className="vt-card-title"),
            html.P([html.Strong("This set's own: "), encoder_name(found.spec.name),
                    ". It and the pixel baseline are heard in any case."],
                   className="vt-small"),
            _ticks(listed, ticked),
            pickers.labelled(
                "Others, one a line",
                dbc.Textarea(id=field_id("others"), value=others, rows=2, size="sm"),
                help_text="As in the list of encoders, such as timm:resnet18.a1_in1k. What has no "
                "vector yet is encoded, and kept.",
            ),
            _labels(found, view, last),
            _more(found, last, seed),
            html.P("Nothing is changed: a court only looks.", className="vt-small vt-promise"),
            fields.go("Compare encoders", GO, TOLD),
        ],
        className="vt-card vt-form",
        **attrs(aria_label="Encoders to compare"),
    )  # fmt: skip


def _ticks(listed: Sequence[str], ticked: Sequence[str]) -> Component:
    options = [{"label": encoder_name(one), "value": one} for one in listed]
    return html.Fieldset(
        [html.Legend("Encoders", className="form-label"),
         dbc.Checklist(id=field_id("encoders"), options=options, value=list(ticked)),
         html.Div(f"Two to {MOST} in all.", className="form-text")],
        className="vt-field",
    )  # fmt: skip


def _labels(found: Any, view: Any, last: Mapping[str, Any]) -> Component:
    options = [option(AUTO, "the label, where there is one")]
    options += [one for one in columns.for_groups(found, view)
                if one["value"] not in {columns.SLICES, "cluster"}]  # fmt: skip
    return fields.choice(
        field_id("column"), "Which images are alike", options, last.get("column"),
        "The column of labels. Without any, classes, likeness and drift cannot be judged.",
    )  # fmt: skip


def _more(found: Any, last: Mapping[str, Any], seed: int) -> Component:
    """Return what few people need, folded."""
    units = columns.for_units(found)
    return html.Details(
        [
            html.Summary("More"),
            fields.choice(field_id("unit"), "What counts as one",
                          [option(AUTO, "images; near-copies together"), *units],
                          last.get("unit"),
                          "Images of one unit are never on both sides of a test."),
            fields.choice(field_id("copies"), "Known copies",
                          [option(AUTO, "planted ones only"), *units], last.get("copies"),
                          "A column in which copies of one picture share a value."),
            fields.choice(field_id("clusters"), "Firmness of clusters", CLUSTERS,
                          last.get("clusters")),
            fields.text(field_id("sample"), "Most images", str(last.get("sample", 2_000)),
                        "Whole units are drawn from every label in proportion.",
                        inputMode="numeric"),
            fields.text(field_id("seed"), "Seed", str(last.get("seed", seed)),
                        "The same seed gives the same numbers.", inputMode="numeric"),
        ],
        className="vt-advanced",
    )  # fmt: skip

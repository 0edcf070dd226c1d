"""The form that asks for a gradient, and the request it makes."""

from collections.abc import Mapping
from typing import Any

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from components import morphology_columns as columns
from components import pickers
from components.attributes import attrs
from components.morphology_columns import SLICES
from components.state import noun, services
from core.comparisons.gradient_subject import subject_of
from core.errors import InputError, VitrineError
from core.morphology.gradient_request import GradientRequest

GO, TOLD = "gradient-go", "gradient-told"

#: The form's fields, in the order in which a person meets them.
FIELDS = ("kind", "by", "a", "b", "from_item", "to_item", "axis", "unit", "within", "among",
          "places", "k", "seed")  # fmt: skip

#: Fields that are there for some kinds, or some ends, only.
PARTS = ("ends", "groups", "items", "axis", "k")

#: What each kind is good for.
KINDS = {
    "means": ("Difference of means", "Straight from the one mean to the other. The plain choice."),
    "discriminant": ("Discriminant", "The direction that tells two groups apart best. Each image "
                     "is placed by an axis made without it."),
    "geodesic": ("Through neighbours", "From image to most similar image, so that it passes "
                 "through forms that exist."),
    "principal": ("Principal axis", "Where these images vary most. Has no ends to choose."),
}  # fmt: skip

#: Stands for "two images" where groups are chosen, and for "none" or "as usual".
ITEMS, AUTO = ":items", "-"


def field_id(field: str) -> str:
    """Return the id of a field."""
    return f"gradient-{field.replace('_', '-')}"


def part_id(part: str) -> str:
    """Return the id of a part of the form that can be hidden."""
    return f"gradient-part-{part}"


# -- what the fields ask for -----------------------------------------------------------------------


def request(name: str, given: Mapping[str, Any], seed: int = 0) -> GradientRequest:
    """Return what the form's fields ask for.

    Raises
    ------
    InputError
        A field cannot be used; the message names it and says what to enter.
    """
    kind = str(given.get("kind") or "means")
    by = str(given.get("by") or "")
    ends: dict[str, Any] = {}
    if kind != "principal" and by == ITEMS:
        ends = {"from_item": _text(given.get("from_item")), "to_item": _text(given.get("to_item"))}
        if None in ends.values():
            raise InputError("From and To: enter a number, file name or id in both.")
    elif kind != "principal":
        ends = {"by": "slices" if by == SLICES else by or None,
                "a": _text(given.get("a")), "b": _text(given.get("b"))}  # fmt: skip
        if not by or None in (ends["a"], ends["b"]):
            raise InputError("From and To: choose a group in both.")
        if ends["a"] == ends["b"]:
            raise InputError("From and To: choose two different groups.")
    elif by not in {ITEMS, SLICES, ""}:
        ends = {"by": by}
    return GradientRequest(
        name, kind, **ends,
        axis=_whole(given.get("axis"), "Axis", 1) if kind == "principal" else 1,
        unit=_named(given.get("unit")), within=_named(given.get("within")),
        among=_named(given.get("among")), places=_whole(given.get("places"), "Places", 9),
        k=_whole(given.get("k"), "Neighbours", 15) if kind == "geodesic" else 15,
        seed=_whole(given.get("seed"), "Seed", seed),
    )  # fmt: skip


def check(wanted: GradientRequest, found: Any) -> None:
    """Raise what is wrong with a request for an open set, before any work."""
    app = services()
    subject_of(wanted, found, app.curation.view(found), app.findings)


def _text(value: Any) -> str | None:
    text = str(value if value is not None else "").strip()
    return text or None


def _named(value: Any) -> str | None:
    """Return a select's value, None where it says "none" or "as usual"."""
    return None if value in (None, "", AUTO) else str(value)


def _whole(value: Any, field: str, default: int) -> int:
    """Return a whole number from a text field; its default where it is empty."""
    text = str(value if value is not None else "").strip()
    if not text:
        return default
    try:
        return int(text)
    except ValueError:
        raise InputError(f"{field}: {text[:40]!r} is no whole number.") from None


def hidden(kind: str, by: str) -> list[bool]:
    """Return which of `PARTS` are not there for a kind and for what the ends are."""
    principal = kind == "principal"
    return [
        principal,
        principal or by == ITEMS,
        principal or by != ITEMS,
        not principal,
        kind != "geodesic",
    ]


def groups(found: Any, view: Any, by: str) -> list[dict[str, str]]:
    """Return the groups that can be chosen; [] where the ends are images."""
    if by in {"", ITEMS}:
        return []
    try:
        return columns.groups_of(found, view, by)
    except VitrineError:  # a column that went while the page was open
        return []


# -- the fields ------------------------------------------------------------------------------------


def begun(found: Any, view: Any, keys: Mapping[str, str], last: Mapping[str, Any]) -> Any:
    """Return what the fields begin with: the address, else the gradient shown, else what is usual.

    Parameters
    ----------
    found, view
        The open set, and what was decided about it.
    keys
        The keys in the address.
    last
        The request of the gradient that is shown, as JSON; {} where none is.
    """
    named = {field: keys.get(field) or last.get(field) for field in ("a", "b", "by", "kind")}
    items = _items(found, keys, last)
    options = columns.for_groups(found, view)
    by = SLICES if named["by"] == "slices" else str(named["by"] or "")
    if any(items) and not (keys.get("a") or keys.get("b")):
        by = ITEMS
    elif by not in {one["value"] for one in options}:
        by = options[0]["value"] if options else ITEMS
    offered = [one["value"] for one in groups(found, view, by)]
    first = named["a"] if named["a"] in offered else (offered[0] if offered else None)
    rest = [one for one in offered if one != first]
    second = named["b"] if named["b"] in rest else (rest[0] if rest else None)
    return {
        "kind": named["kind"] if named["kind"] in KINDS else "means", "by": by,
        "a": first, "b": second, "from_item": items[0], "to_item": items[1],
        **{field: last.get(field) for field in ("axis", "places", "k", "seed")},
        **{field: last.get(field) or AUTO for field in ("unit", "within", "among")},
    }  # fmt: skip


def _items(found: Any, keys: Mapping[str, str], last: Mapping[str, Any]) -> tuple[str, str]:
    """Return the images at both ends that the address names, a selection of two of them included.

    An image that the address does not name is that of the gradient shown.
    """
    if keys.get("sel"):
        try:
            rows = services().selections.load(keys["sel"], found.key)
        except VitrineError:
            rows = []
        if len(rows) == 2:
            return tuple(found.addresses[int(row)] for row in rows)  # type: ignore[return-value]
    one, two = (keys.get(field) or last.get(field) or "" for field in ("from_item", "to_item"))
    return str(one), str(two)


def form(found: Any, view: Any, values: Mapping[str, Any]) -> Component:
    """Return the form; `values` are those of `begun`."""
    gone = dict(zip(PARTS, hidden(values["kind"], values["by"]), strict=True))
    parts: dict[str, Any] = {
        "ends": _ends(found, view, values),
        "groups": _groups(found, view, values),
        "items": _images(found, values),
        "axis": _number("axis", "Axis", values, 1, 10),
    }
    return html.Section(
        [
            html.H2("From one form to another", className="vt-card-title"),
            _kinds(values["kind"]),
            *(html.Div(inside, id=part_id(part), hidden=gone[part])
              for part, inside in parts.items()),
            _more(found, view, values, hide_k=gone["k"]),
            html.Div(
                [html.Div(id=TOLD, role="status"),
                 html.Div(html.Button("Lay it out", id=GO, type="button",
                                      className="btn btn-primary"), className="vt-actions")],
                className="vt-go",
            ),
        ],
        className="vt-card vt-form",
        **attrs(aria_label="Gradient"),
    )  # fmt: skip


def _kinds(value: str) -> Component:
    """Return the choice of the kind, each in a line."""
    options = [
        {"value": kind,
         "label": html.Span([html.Strong(name), html.Span(told, className="vt-small")],
                            className="vt-choice")}
        for kind, (name, told) in KINDS.items()
    ]  # fmt: skip
    return html.Fieldset(
        [
            html.Legend("How images are put in order", className="form-label"),
            dbc.RadioItems(id=field_id("kind"), options=options, value=value,
                           className="vt-choices"),
        ],
        className="vt-field",
    )  # fmt: skip


def _ends(found: Any, view: Any, values: Mapping[str, Any]) -> list[Component]:
    options = [*columns.for_groups(found, view), {"label": f"Two {noun(found)}s", "value": ITEMS}]
    return [pickers.select(field_id("by"), "Between groups by", options, values["by"])]


def _groups(found: Any, view: Any, values: Mapping[str, Any]) -> list[Component]:
    options = groups(found, view, values["by"])
    return [
        pickers.select(field_id("a"), "From", options, values["a"]),
        pickers.select(field_id("b"), "To", options, values["b"]),
    ]


def _images(found: Any, values: Mapping[str, Any]) -> list[Component]:
    told = f"Number, file name or id of the {noun(found)}."
    return [
        pickers.labelled(
            label,
            dbc.Input(id=field_id(field), type="text", size="sm", autoComplete="off",
                      value=values[field]),
            help_text=told,
        )
        for field, label in (("from_item", "From"), ("to_item", "To"))
    ]  # fmt: skip


def _number(
    field: str, label: str, values: Mapping[str, Any], usual: int, most: int, help_text: str = ""
) -> Component:
    """Return a field for a whole number."""
    made = dbc.Input(id=field_id(field), type="number", size="sm", min=1, max=most, step=1,
                     value=values.get(field) or usual)  # fmt: skip
    return pickers.labelled(label, made, help_text=help_text)


def _more(found: Any, view: Any, values: Mapping[str, Any], *, hide_k: bool) -> Component:
    """Return the fields that are seldom changed, folded."""
    units = [
        {"label": f"{noun(found)}s; near-copies together", "value": AUTO},
        *columns.for_units(found),
    ]
    within = [
        {"label": f"All {noun(found)}s", "value": AUTO},
        *({"label": one.name, "value": one.name} for one in view.slices if one.count),
    ]
    among = [{"label": "As usual for its kind", "value": AUTO},
             {"label": "Only those of both groups", "value": "ends"},
             {"label": "All of them", "value": "all"}]  # fmt: skip
    seed = values.get("seed")
    return html.Details(
        [
            html.Summary("More"),
            pickers.select(field_id("unit"), "What counts as one", units, values["unit"]),
            html.Div("What has one value of it, such as a specimen, counts once and is held out "
                     "as a whole.", className="form-text"),
            pickers.select(field_id("within"), "Within", within, values["within"]),
            pickers.select(field_id("among"), "Placed on the strip", among, values["among"]),
            _number("places", "Places", values, 9, 25),
            html.Div(_number("k", "Neighbours", values, 15, 45,
                             "Linked to each image. Too many take short cuts."),
                     id=part_id("k"), hidden=hide_k),
            pickers.labelled(
                "Seed",
                dbc.Input(id=field_id("seed"), type="number", size="sm", min=0, step=1,
                          value=services().settings.seed if seed is None else seed),
            ),
        ],
        className="vt-advanced",
    )  # fmt: skip

"""The form that tunes an encoder to one's own images, and the request it makes."""

from collections.abc import Mapping
from typing import Any

import dash_bootstrap_components as dbc
from dash import html
from dash.development.base_component import Component

from components import fields, pickers
from components.attributes import attrs
from components.fields import AUTO
from components.state import services
from core.encoders.tuned import tuned_encoders
from core.errors import InputError
from core.tuning.request import METHODS, TuneRequest

GO, TOLD = "tune-go", "tune-told"

#: Number fields: name, label, usual value, help.
_NUMBERS: tuple[tuple[str, str, str, str], ...] = (
    ("epochs", "Epochs", "by the work", "How often each image is seen."),
    ("minutes", "At most minutes", "30", "Training then ends with what it has."),
    ("size", "Side of the views", "128", "In pixels; more is slower."),
    ("batch", "Images in a step", "64", "No two of them are copies or of one sequence."),
    ("rate", "Learning rate", "0.0001", ""),
    ("held", "Share held out", "0.2", "Never trained on; used for the comparison."),
    ("jitter", "Colour changes", "0.5", "0 where colour tells your images apart, up to 1."),
    ("crop", "Least share in a view", "0.2", "More where the whole object must be seen."),
    ("seed", "Seed", "", ""),
)
_WHOLE = frozenset({"epochs", "size", "batch", "seed"})
FIELDS = ("to", "base", "method", "column", *(one[0] for one in _NUMBERS))


def field_id(field: str) -> str:
    """Return the id of a field by its name in `FIELDS`."""
    return f"tune-{field}"


def request(name: str, given: Mapping[str, Any], seed: int = 0) -> TuneRequest:
    """Return what the form's fields ask for.

    Raises
    ------
    InputError
        A field cannot be used; the message names it.
    """
    numbers: dict[str, Any] = {"seed": seed}
    for field, words, _, _ in _NUMBERS:
        value = fields.number(given.get(field), words, None)
        if value is None:
            continue
        if field in _WHOLE and value % 1:
            raise InputError(f"{words}: a whole number.")
        numbers[field] = int(value) if field in _WHOLE else value
    to = str(given.get("to") or "").strip()
    if not to:
        raise InputError("Name the new encoder.")
    return TuneRequest(
        name, to, str(given.get("base") or "").strip(), str(given.get("method") or "simclr"),
        column=fields.named(given.get("column")), **numbers,
    )  # fmt: skip


def form(found: Any, last: Mapping[str, Any], seed: int) -> Component:
    """Return the form; `last` is the request of the tuning made last."""
    own = found.spec.name.partition(":")[0] in {"timm", "tuned"}
    base = str(last.get("base") or (found.spec.name if own else ""))
    known = [one.name for one in tuned_encoders(_memo())]
    methods = [{"value": key, "label": told} for key, told in METHODS.items()]
    labels = [{"value": AUTO, "label": "the label, as edited"}]
    labels += [
        {"value": one.name, "label": one.label}
        for one in found.columns() if one.kind == "category" and one.name != "label"
    ]  # fmt: skip
    placeholder = "timm:mobilenetv2_100.ra_in1k or timm:local-dir:/models/net"
    return html.Section(
        [
            html.H2("Tune an encoder to these images", className="vt-card-title"),
            fields.text(field_id("to"), "Name of the new encoder", _free(found),
                        help_text="It is then used as tuned:NAME."),
            fields.text(field_id("base"), "Encoder to begin with", base, placeholder=placeholder,
                        help_text="A timm model, or one tuned before.", list="tune-known"),
            html.Datalist([html.Option(value=name) for name in known], id="tune-known"),
            html.Fieldset(
                [html.Legend("How it learns", className="form-label"),
                 dbc.RadioItems(id=field_id("method"), options=methods,
                                value=last.get("method", "simclr"), className="vt-choices")],
                className="vt-field",
            ),
            pickers.select(field_id("column"), "Labels for the comparison only", labels, AUTO),
            html.Details(
                [
                    html.Summary("More"),
                    *(fields.text(field_id(name), words, seed if name == "seed" else "", told,
                                  placeholder=usual) for name, words, usual, told in _NUMBERS),
                ],
                className="vt-more",
            ),
            fields.go("Tune", GO, TOLD),
        ],
        className="vt-card vt-form",
        **attrs(aria_label="Tune an encoder to these images"),
    )  # fmt: skip


def _memo() -> Any:
    return services().library.workspace.root / "encoders"


def _free(found: Any) -> str:
    """Return a name that no tuned encoder has, made from the set's."""
    plain = "".join(one if one.isascii() and (one.isalnum() or one in "._-") else "-"
                    for one in found.name).strip("-._")[:60] or "mine"  # fmt: skip
    taken = {one.name.removeprefix("tuned:") for one in tuned_encoders(_memo())}
    name, at = plain, 2
    while name in taken:
        name, at = f"{plain}-{at}", at + 1
    return name

"""Encoders, the list: which there are here, and the form that checks and registers one's own."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import dash_bootstrap_components as dbc
from dash import ALL, Input, Output, State, callback, ctx, dcc, html, no_update
from dash.development.base_component import Component

from components import encoder_frame, encoder_overlap, fields, notices, pickers
from components.attributes import attrs
from components.notices import button_link
from components.stacked import stacked
from components.state import link, services
from components.words import MODEL_TYPES, number, plural
from core.curation.source import portable_name
from core.encoders import ENCODERS
from core.encoders.own.asking import ask
from core.encoders.own.preprocessing import COLOURS, FITS, INTERPOLATIONS
from core.encoders.own.registering import Registered, forget, registered
from core.encoders.tuned import tuned_encoders
from core.errors import InputError, VitrineError
from core.fitting.together import stored_agreement

OWN, OWN_TITLE = "vt-own-encoders", "Your own"
CHECK, REGISTER, TOLD = "own-check", "own-register", "own-told"
TARGET, KIND = "own-target", "own-kind"

#: Fields of preprocessing: option, label, what is typed where nothing is chosen.
_TYPED = (
    ("size", "Size in pixels", "224"),
    ("crop", "Share kept by the crop", "1"),
    ("mean", "Mean", "imagenet, clip or numbers"),
    ("std", "Standard deviation", "imagenet, clip or numbers"),
)
_CHOSEN: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("fit", "How a picture is fitted", FITS),
    ("interpolation", "Interpolation", INTERPOLATIONS),
    ("colour", "Colour", COLOURS),
    ("pool", "If it gives a map or a sequence", ("avg", "max", "token")),
)
_KINDS = {
    "onnx": "ONNX file", "torchscript": "TorchScript program",
    "exported": "Exported program (.pt2)",
}  # fmt: skip
_STATES = {"ready": "ready", "changed": "changed", "missing": "missing"}
#: What each check is called.
_CHECKS = {
    "shape": "one vector a picture", "finite": "finite values", "values": "pictures differ",
    "determinism": "the same twice", "batch": "independent of its batch", "call": "runs",
}  # fmt: skip


def view(app: Any, query: Mapping[str, str]) -> Component:
    """Return the view: what a set's ensemble is made of, encoders that are always there, one's own,
    tuned ones, and the form.

    Parameters
    ----------
    app
        The app's services.
    query
        The keys of the address; `set` is kept in links.
    """
    memo = app.library.workspace.root / "encoders"
    parts = [_joined(app, str(query.get("set") or "")), _always(app),
             html.Div(_own(memo), id=OWN), _tuned(memo, query), form()]  # fmt: skip
    return html.Div([one for one in parts if one is not None], className="vt-encoder-list")


def name_of(kind: str, target: str | None, given: Mapping[str, Any]) -> str:
    """Return the encoder's name that the form's fields say.

    Raises
    ------
    InputError
        No file is named.
    """
    path = (target or "").strip().strip("\"'")
    if not path:
        raise InputError("Name the encoder's file on this computer.")
    options = [
        f"{option}={quote(str(value).strip(), safe=',.')}"
        for option, value in given.items()
        if str(value or "").strip() not in {"", fields.AUTO}
    ]
    return f"{kind}:{path}" + (f"?{'&'.join(options)}" if options else "")


# -- what there is ---------------------------------------------------------------------------------


def _joined(app: Any, name: str) -> Component | None:
    """Return how far the encoders agree that a set's ensemble is made of; None where none is."""
    if not name:
        return None
    found = app.library.open(name)
    agreement = stored_agreement(app.library.workspace, found)
    if agreement is None:
        return None
    told = agreement.in_pairs()
    told["without"] = [{**one, "name": portable_name(one["name"])} for one in told["without"]]
    return encoder_overlap.view([portable_name(name) for name in agreement.names], told,
                                f"How far the encoders of {found.title} agree")  # fmt: skip


def _always(app: Any) -> Component:
    """Return the families of encoders, and which sets use which."""
    used: dict[str, list[str]] = {}
    for line in app.library.sets():
        if not line.problem:
            used.setdefault(listing_of(line.encoder), []).append(line.name)
    rows = [[_named(one.name, one.title), one.good_for, _sets(used.get(one.name, ()))]
            for one in ENCODERS]  # fmt: skip
    title = "Encoders that are always here"
    return encoder_frame.card(title, stacked(("Encoder", "Good for", "Used by"), rows,
                                             caption=title))  # fmt: skip


def listing_of(encoder: str) -> str:
    """Return the name of the line of the list that an encoder is of; "" where none is.

    >>> listing_of("pixels?side=8"), listing_of("timm:resnet18"), listing_of("timm:local-dir:/w/n")
    ('pixels', 'timm:<name>', 'timm:local-dir:<folder>')
    """
    base = encoder.partition("?")[0].strip()
    family, _, rest = base.partition(":")
    stems = (base, f"{family}:local-dir:") if rest.startswith("local-dir:") else (base,)
    names = [one.name.partition("?")[0] for one in ENCODERS]
    own = [name for name in names if name.partition("<")[0] in stems]
    same = [name for name in names if name.partition(":")[0] == family]
    found = (own or same or [""])[0]
    return next((one.name for one in ENCODERS if one.name.partition("?")[0] == found), "")


def _named(name: str, under: str) -> Component:
    """Return an encoder's name with what it is below."""
    return html.Div([html.Code(name), html.Div(under, className="vt-small")])


def _sets(names: Sequence[str]) -> Component | str:
    links = [dcc.Link(name, href=link("/explore", set=name), className="vt-link") for name in names]
    return html.Div(links, className="vt-encoder-sets") if links else ""


def _own(memo: Any) -> list[Component]:
    """Return the encoders that were registered here."""
    lines = registered(memo)
    if not lines:
        told = notices.hint(
            "None yet. A file is checked and registered below; a Python function is code and is "
            "registered from the command line: ",
            html.Code("uv run app.py encoders register python:module:function"), ".",
        )  # fmt: skip
        return [encoder_frame.card(OWN_TITLE, told)]
    names = ("Encoder", "Vectors", "Checks", "State", "Take away")
    table = stacked(names, [_own_row(line) for line in lines], caption="Your own encoders")
    return [encoder_frame.card(OWN_TITLE, table)]


def _own_row(line: Registered) -> list[Component]:
    day = datetime.fromtimestamp(line.registered, UTC).strftime("%d %b %Y")
    passed = [one for one in line.checks if one["passed"]]
    checks = html.Details(
        [html.Summary(f"{len(passed)} of {plural(len(line.checks), 'check')} passed"),
         _proofs(line.checks)]
    )  # fmt: skip
    forget = html.Button(
        "Forget", id={"component": "encoder-list", "part": "forget", "name": line.name},
        type="button", className="btn btn-sm btn-quiet",
        **attrs(aria_label=f"Forget {line.name}"),
    )  # fmt: skip
    kind = html.Div(MODEL_TYPES.get(line.model_type, ""), className="vt-small")
    return [
        _named(line.name, f"registered {day}"),
        html.Div([f"{number(line.dims)} numbers", kind]),
        checks,
        html.Div([html.Span(_STATES[line.state], className=f"vt-state-{line.state}"),
                  html.Div(line.problem, className="vt-small")]),
        html.Div(forget),
    ]  # fmt: skip


def _tuned(memo: Any, query: Mapping[str, str]) -> Component:
    """Return the encoders that were tuned to one's own images."""
    lines = tuned_encoders(memo)
    to = link("/encoders", set=query.get("set"), view="tuning")
    title = "Tuned to your images"
    way = html.Div(button_link("Tune an encoder", to), className="vt-actions")
    if not lines:
        return encoder_frame.card(title, notices.hint("None yet."), way)
    rows = [[html.Code(one.name), one.sentence] for one in lines]
    return encoder_frame.card(title, stacked(("Encoder", "What it is"), rows, caption=title), way)


def _proofs(checks: Any) -> Component:
    """Return what was checked, each with what was found."""
    return html.Ul(
        [
            html.Li([html.Strong(f"{_CHECKS.get(one['name'], one['name'])}: "),
                     "" if one["passed"] else "fails, ", one["told"]])
            for one in checks
        ],
        className="vt-proofs",
    )  # fmt: skip


# -- the form --------------------------------------------------------------------------------------


def form() -> Component:
    """Return the form that checks an encoder of one's own, and registers it."""
    kinds = [{"label": told, "value": kind} for kind, told in _KINDS.items()]
    typed = [fields.text(_field(option), label, placeholder=known)
             for option, label, known in _TYPED]  # fmt: skip
    chosen = []
    for option, label, known in _CHOSEN:
        usual = "as it is" if option == "pool" else "bicubic" if option[0] == "i" else known[0]
        options = [{"label": f"usual ({usual})", "value": fields.AUTO}]
        options += [{"label": value, "value": value} for value in known]
        chosen.append(pickers.select(_field(option), label, options, fields.AUTO))
    return html.Section(
        [
            html.H2("Add one of your own", className="vt-card-title"),
            notices.hint(
                "It is tried on made pictures: one finite vector a picture, the same each time and "
                "in every batch. A pickled model is refused, since loading one can run any code."
            ),
            pickers.select(KIND, "What it is", kinds, "onnx"),
            fields.text(TARGET, "File on this computer", placeholder="/models/wings.onnx"),
            html.Details(
                [html.Summary("How pictures are prepared for it"),
                 html.Div([*typed, *chosen], className="vt-own-fields")],
                className="vt-advanced",
            ),
            html.Div(id=TOLD, role="status"),
            html.Div(
                [
                    html.Button("Register", id=REGISTER, type="button",
                                className="btn btn-primary"),
                    html.Button("Check only", id=CHECK, type="button", className="btn btn-quiet"),
                ],
                className="vt-actions",
            ),
        ],
        className="vt-card vt-form vt-own-form",
        **attrs(aria_label="Add an encoder of your own"),
    )  # fmt: skip


def _field(option: str) -> str:
    return f"own-{option}"


def told(found: Mapping[str, Any], action: str) -> Component:
    """Return what a check found, in words."""
    good = bool(found["passed"])
    first = "Registered" if action == "register" and good else "It passes" if good else "It fails"
    line = f"{first}: {found['dims']} numbers, {1000 * found['seconds']:.3g} ms a picture."
    parts = [line, _proofs(found["checks"])]
    return dbc.Alert(parts, color="success" if good else "danger", className="vt-alert")


@callback(
    output=(Output(TOLD, "children"), Output(OWN, "children")),
    inputs={"check": Input(CHECK, "n_clicks"), "register": Input(REGISTER, "n_clicks")},
    state={
        "kind": State(KIND, "value"),
        "target": State(TARGET, "value"),
        "given": {one[0]: State(_field(one[0]), "value") for one in (*_TYPED, *_CHOSEN)},
    },
    prevent_initial_call=True,
)
def try_own(
    check: int | None,
    register: int | None,
    kind: str,
    target: str | None,
    given: dict[str, Any],
) -> Any:
    """Check an encoder of one's own in a process of its own; register it if that is asked for."""
    if not check and not register:
        return no_update, no_update
    action = "register" if ctx.triggered_id == REGISTER else "check"
    root = services().library.workspace.root
    try:
        found = ask(action, name_of(kind, target, given), root)
    except VitrineError as error:
        return notices.alert(str(error)), no_update
    return told(found, action), _own(root / "encoders")


@callback(
    Output(OWN, "children", allow_duplicate=True),
    Input({"component": "encoder-list", "part": "forget", "name": ALL}, "n_clicks"),
    prevent_initial_call=True,
)
def forget_own(clicks: list[int | None]) -> Any:
    """Take an encoder off the list."""
    if not any(clicks):
        return no_update
    memo = services().library.workspace.root / "encoders"
    forget(ctx.triggered_id["name"], memo)
    return _own(memo)

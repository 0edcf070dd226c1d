"""What the form would compare, live, and the way out where two encoders differ."""

from collections.abc import Mapping
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from components import morphology_design
from components.drift_frame import address, badge_of_level, title_of_line
from components.drift_verdict import left_out, sides_table
from components.morphology_frame import card
from components.notices import button_link
from components.state import services
from components.words import ago, encoder_name, number, plural
from core.drift.request import DriftRequest
from core.drifts.sides import FEWEST, open_sides, other_encoder, second_name
from core.errors import InputError, VitrineError
from core.request import RunRequest

#: Comparisons listed before the older ones are folded.
SHOWN = 8


def encode_id(which: Any) -> dict[str, Any]:
    """Return the id of the button that encodes the pictures of a side as the other's were."""
    return {"component": "drift", "part": "encode", "side": which}


def design_of(asked: DriftRequest) -> dict[str, Any]:
    """Return the design of a comparison before it is made; see `open_sides` for the errors."""
    app = services()
    return open_sides(asked, app.library.open, app.curation.view, app.findings).told()


def preview(design: Mapping[str, Any]) -> Component:
    """Return what would be compared, as the form stands."""
    few = [design[side]["label"] for side in ("a", "b") if design[side]["n_units"] < FEWEST]
    warned = None if not few else html.P(
        f"{' and '.join(few)}: fewer than {FEWEST} units. Nothing can be tested, only shown.",
        className="vt-job-error")  # fmt: skip
    return card(
        "What would be compared",
        html.P(f"{design['b']['label']}, held against {design['a']['label']}.",
               className="vt-preview-sentence"),
        sides_table(design), warned, left_out(design), morphology_design.notes(design),
        look="vt-preview",
    )  # fmt: skip


def unknown(why: str, remedy: Component | None = None) -> Component:
    """Return the preview where a field cannot be used, with the way out where there is one."""
    return card("What would be compared", html.P(why, className="vt-job-error"), remedy,
                look="vt-preview")  # fmt: skip


# -- two encoders ----------------------------------------------------------------------------------


def differ(asked: DriftRequest) -> tuple[Any, Any] | None:
    """Return both sets where they were encoded by different encoders; None where by one."""
    one, two = (services().library.open(side.name) for side in asked.sides)
    return (one, two) if other_encoder(one, two) else None


def encoded_already(one: Any, two: Any) -> str:
    """Return the set that holds B's pictures by A's encoder already; "" where there is none."""
    library = services().library
    for name in library.names():
        if name in {one.base.name, two.base.name}:
            continue
        try:
            found = library.open(name)
        except VitrineError:
            continue
        same = found.base.request.get("source") == two.base.request.get("source")
        if same and found.spec.key == one.spec.key:
            return str(name)
    return ""


def run_request(one: Any, two: Any) -> RunRequest:
    """Return the run that encodes B's pictures as A's were.

    Raises
    ------
    InputError
        The vectors of one of them were given, and not made here.
    """
    last, encoder = dict(two.base.request), one.base.request.get("encoder")
    if not last.get("source") or not encoder or _given(one) or _given(two):
        raise InputError(
            f"The vectors of “{one.name}” or “{two.name}” were brought along: add a set of vectors "
            "of the same encoder."
        )
    name, at = second_name(two.base.name), 2
    while services().library.has(name):
        name, at = f"{second_name(two.base.name)[:76]} {at}", at + 1
    wanted = {**last, "name": name, "encoder": encoder}
    wanted.pop("place", None)
    return RunRequest.from_json(wanted)


def _given(found: Any) -> bool:
    """Tell whether a set came with its vectors."""
    return str(getattr(found.spec, "model_type", "")) == "given"


def other_encoders(one: Any, two: Any) -> Component:
    """Return the preview of two sets that were encoded differently, with the one step to take."""
    names = [encoder_name(str(found.spec.name)) for found in (one, two)]
    what = " and ".join(names) if names[0] != names[1] else f"{names[0]} with other weights"
    why = (f"“{one.name}” and “{two.name}” were encoded by different encoders ({what}): their "
           "vectors cannot be compared.")  # fmt: skip
    if one.base.request.get("source") == two.base.request.get("source"):
        return unknown(why, html.P("Both hold the same pictures: there is nothing to compare."))
    ready = encoded_already(one, two)
    if ready:
        way = button_link(f"Compare with “{ready}”", address(
            {"set": one.name, "view": "design"}, a=one.name, b=ready), primary=True)  # fmt: skip
        told = f"“{ready}” holds the same pictures as “{two.name}”, encoded as “{one.name}” is."
        return unknown(
            why, html.Div([html.P(told), html.Div(way, className="vt-actions vt-drift-remedy")])
        )
    try:
        wanted = run_request(one, two)
    except InputError as error:
        return unknown(why, html.P(str(error)))
    button = html.Button(f"Encode “{two.base.name}” as “{one.base.name}” is", id=encode_id("b"),
                         type="button", className="btn btn-primary")  # fmt: skip
    told = (f"Its {plural(len(two.base), 'image')} become a further set, “{wanted.name}”; nothing "
            "else changes. The form opens with it when it is ready.")  # fmt: skip
    return unknown(
        why,
        html.Div(
            [
                html.P(told, className="vt-small"),
                html.Div(button, className="vt-actions vt-drift-remedy"),
            ]
        ),
    )


# -- what was compared before ----------------------------------------------------------------------


def made_before(name: str, lines: list[Any], key: str = "") -> Component | None:
    """Return the comparisons of a set, the newest first; None where there is none.

    `key` is that of the comparison the form begins with.
    """
    if not lines:
        return None
    rows = [_line(name, line, key) for line in lines]
    parts: list[Component] = [html.Ul(rows[:SHOWN], className="vt-made vt-morph-made")]
    if len(rows) > SHOWN:
        older = html.Summary(plural(len(rows) - SHOWN, "older one"))
        parts.append(html.Details([older, html.Ul(rows[SHOWN:], className="vt-made")]))
    return card("Compared before", *parts, look="vt-recent")


def _line(name: str, line: Any, key: str) -> Component:
    """Return one comparison: what it is of, what it found, when, and how to begin from it."""
    keys = {"set": name, "key": line.key}
    begin: Any = (
        html.Span("the form begins with it", className="vt-small") if line.key == key else
        dcc.Link("Begin with it", href=address(keys, view="design"), className="vt-link vt-small")
    )  # fmt: skip
    return html.Li([
        html.Div([dcc.Link(title_of_line(line), href=address(keys, view="verdict"),
                           className="vt-morph-name"), begin], className="vt-bar-line"),
        html.Span([badge_of_level(line.level), f" {line.sentence}"]),
        html.Span(ago(line.created), className="vt-small"),
    ])  # fmt: skip


def switcher(name: str, lines: list[Any], key: str, view: str) -> Component | None:
    """Return the other comparisons of a set, folded, as links to the same view of each."""
    others = [line for line in lines if line.key != key]
    if not others:
        return None
    rows = [
        html.Li([
            dcc.Link(title_of_line(line), href=address({"set": name, "key": line.key}, view=view)),
            " ", badge_of_level(line.level),
            html.Span(f" {ago(line.created)}", className="vt-small"),
        ])
        for line in others
    ]  # fmt: skip
    told = html.Summary(f"Other comparisons ({number(len(others))})")
    return html.Details([told, html.Ul(rows, className="vt-made")], className="vt-morph-others")


def explained() -> Component:
    """Return what a comparison needs and what it tells, for who has made none yet."""
    needs = (
        "Two sides: two sets of one encoder, a set and a slice of it, or two values of a column "
        "such as site or season.",
        "It tells how large the difference is beside known ones, whether chance explains it, and "
        "how small a difference these images could have shown.",
        "It shows where the sides differ: groups of images that are new, gone, larger or smaller, "
        "and the images that drifted most beside their nearest counterparts.",
    )
    return card("What this tells", html.Ul([html.Li(text) for text in needs],
                                           className="vt-morph-explained"))  # fmt: skip

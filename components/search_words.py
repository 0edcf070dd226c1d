"""Search by words: where they are typed, what stands around them, and which sets can be asked."""

from collections.abc import Sequence
from typing import Any

import dash_bootstrap_components as dbc
from dash import dcc, html
from dash.development.base_component import Component

from components import beside
from components.attributes import attrs
from components.state import link, noun, services
from components.words import encoder_name
from core.encoders.prompts import DEFAULT, TITLES, has_text, name_of
from core.errors import VitrineError

#: The value of the choice of templates that stands for a text of one's own.
OWN = "own"

#: Other sets that are named at most.
SHOWN = 5


def box(field_id: Any, templates: Sequence[str]) -> Component:
    """Return the field for words with its two buttons, and the choice of what stands around them.

    Parameters
    ----------
    field_id
        Makes the ids of its fields: a function from a part's name to an id.
    templates
        Those of the search that is shown; () without one.
    """
    field = dbc.Input(
        id=field_id("words"), type="text", size="sm", autoComplete="off",
        placeholder="what to look for; several apart by ;", maxLength=500,
    )  # fmt: skip
    buttons = [
        html.Button(text, type="button", className=f"btn {look} btn-sm",
                    **attrs(data_search_say=side))
        for side, text, look in (("words", "Search words", "btn-primary"),
                                 ("unwords", "Less of this", "btn-quiet"))
    ]  # fmt: skip
    return html.Div(
        [
            html.Div(
                [html.Label(["Words", field], className="vt-search-field",
                            **attrs(data_search_words="1")), *buttons],
                className="vt-search-line",
            ),
            _around(field_id, templates),
        ],
        className="vt-search-words",
    )  # fmt: skip


def _around(field_id: Any, templates: Sequence[str]) -> Component:
    """Return the choice of templates, with a field for one's own."""
    name = name_of(templates) if templates else DEFAULT
    options = [{"label": TITLES[one], "value": one} for one in TITLES]
    choice = dbc.Select(
        id=field_id("template"), size="sm", value=name or OWN,
        options=[*options, {"label": "a text of my own", "value": OWN}],
    )  # fmt: skip
    own = dbc.Input(
        id=field_id("own"), type="text", size="sm", autoComplete="off", maxLength=500,
        value="" if name else " ; ".join(templates), placeholder="an X-ray image of {}",
    )  # fmt: skip
    return html.Details(
        [
            html.Summary("How the words are read", className="vt-small"),
            html.Label(["Read as", choice], className="vt-search-field",
                       **attrs(data_search_template="1")),
            html.Label(["A text of my own, with {} for the words", own],
                       className="vt-search-field", **attrs(data_search_own="1")),
            html.P("The encoder was trained on captions: words in a caption find more than words "
                   "alone. Several captions are averaged.", className="vt-small"),
        ],
    )  # fmt: skip


def cannot(found: Any, speaking: Sequence[Any]) -> Component:
    """Return why words cannot be searched for in a set, and where they can.

    Parameters
    ----------
    found
        The open set.
    speaking
        Open sets of the same items whose encoder has a text tower.
    """
    if found.spec.model_type == "given":
        has = "these vectors came without an encoder"
    else:
        has = f"{encoder_name(found.spec.name)} has none"
    told = (
        f"Search by words needs an encoder with a text tower; {has}. Those of open_clip have one: "
        "CLIP, SigLIP, MobileCLIP, BioCLIP and others, as open_clip:<model>:<weights>."
    )
    if not speaking:
        return html.P(told, className="vt-hint")
    links = [
        html.Li(dcc.Link(beside.set_title(found, other), className="vt-link",
                         href=link("/explore", set=other.name)))
        for other in speaking[:SHOWN]
    ]  # fmt: skip
    told = f"{told} The same {noun(found)}s can be searched by words in:"
    return html.Div(
        [html.P(told, className="vt-hint"),
         html.Ul(links, className="vt-search-speaking")]
    )  # fmt: skip


def speaking(found: Any) -> list[Any]:
    """Return the open sets that hold most items of this one and whose encoder reads words."""
    if found.spec.model_type != "given" and has_text(found.spec):
        return []
    library, ties = services().library, None
    kept = []
    for name in library.names():
        try:
            other = library.open(name)
            if name == found.name or not has_text(other.spec):
                continue
            ties = ties or beside.links()
            if ties.holds_most(found, other):
                kept.append(other)
        except (VitrineError, KeyError, OSError):  # it must not hide the others
            continue
    return kept


def together(name_id: Any, query: Any) -> Component | None:
    """Return the choice between one example and all of them; None with fewer than two."""
    if len(query.positives) + len(query.pictures) + len(query.words) < 2:
        return None
    options = [{"label": "any one of them", "value": "any"},
               {"label": "all of them together", "value": "all"}]  # fmt: skip
    field = dbc.Select(id=name_id, options=options, value="all" if query.every else "any",
                       size="sm")  # fmt: skip
    return html.Label(["Near to", field], className="vt-search-field",
                      **attrs(data_search_every="1"))  # fmt: skip

"""Two pictures side by side, and where they differ; `quality_difference.js` draws it.

The browser draws both on one canvas of the same size, the copy turned back where it is a turned
one, so that nothing is computed or stored for it. Only what the encoder sees differ is asked of
the server (`places.js`, `places_routes`), which has another process look.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from dash import html
from dash.development.base_component import Component

from components.attributes import attrs
from components.quality_items import name_of
from components.state import noun

MODES = {
    "side": "Side by side",
    "difference": "Difference",
    "blink": "Blink",
    "swipe": "Swipe",
    "places": "By the encoder",
}

#: What the two are called where one is to be kept, and where they are any two of a set.
KEPT, ANY = ("To keep", "Copy"), ("First", "Second")

PLACES_HINT = (
    "In colour: parts of one {} that the encoder finds nowhere in the other, wherever they lie. "
    "The frame is what the encoder sees of it."
)


def of_two(found: Any, first: int, second: int) -> Component:
    """Return any two images of a set with the ways to compare them."""
    return viewer(found, {"row": first}, [{"row": second}], words=ANY)


def viewer(
    found: Any, kept: Mapping[str, Any], copies: Sequence[Mapping[str, Any]], *,
    words: tuple[str, str] = KEPT,
) -> Component:  # fmt: skip
    """Return the one to keep beside a copy, with the ways to compare them.

    Parameters
    ----------
    found
        The open set.
    kept
        The image to keep, as `Case.detail["members"]` has it.
    copies
        The others; the first is compared until another is chosen.
    words
        What the two are called.
    """
    others = {str(one["row"]): _told(found, one, kept) for one in copies}
    first, second = _told(found, kept, kept), next(iter(others.values()))
    modes = [
        html.Button(
            text, type="button", className="btn btn-quiet btn-sm",
            **attrs(data_vt_mode=mode, aria_pressed="true" if mode == "side" else "false"),
        )
        for mode, text in MODES.items()
    ]  # fmt: skip
    return html.Div(
        [
            html.Div(modes, className="btn-group vt-modes", role="group",
                     **attrs(aria_label="How to compare")),
            html.Div(
                [_pane(first, "first", words[0]), _pane(second, "second", words[1])],
                className="vt-pair",
            ),
            html.Div(
                [
                    html.Canvas(className="vt-difference-canvas", width="640", height="480",
                                role="img", **attrs(aria_label="Where the two pictures differ")),
                    html.Label(
                        ["Between the two",
                         html.Span(className="vt-swipe-slot")],
                        className="vt-swipe vt-small",
                    ),
                    html.Div(className="vt-places"),
                    html.P(className="vt-small vt-difference-told", role="status"),
                    html.Div(
                        [html.Span(className=f"vt-places-{at}") for at in ("low", "ramp", "high")],
                        className="vt-places-scale vt-small", **attrs(aria_hidden="true")),
                    html.P(PLACES_HINT.format(noun(found)), className="vt-small vt-places-hint"),
                ],
                className="vt-difference-stage",
            ),
        ],
        className="vt-difference",
        key=f"difference-{kept['row']}-{'-'.join(others)}",
        **attrs(data_mode="side", data_set=found.name, data_first=json.dumps(first),
                data_second=json.dumps(second), data_others=json.dumps(others)),
    )  # fmt: skip


def _told(found: Any, one: Mapping[str, Any], kept: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the browser needs of one picture.

    A copy's way of being turned is told against the one to keep by rule; where a person chose
    another, which is turned itself, the two are compared as they are.
    """
    way = int(one.get("way") or 0) if not kept.get("way") else 0
    row = int(one["row"])
    return {"row": row, "src": f"/image/{found.key}/{row}", "name": name_of(found, row), "way": way}


def _pane(one: Mapping[str, Any], part: str, word: str) -> Component:
    """Return one of the two pictures with its name."""
    return html.Figure(
        [
            html.Img(src=one["src"], alt=f"{word}: {one['name']}", className="vt-pair-picture"),
            html.Figcaption([html.Strong(word), " ",
                             html.Span(one["name"], className="vt-pair-name")]),
        ],
        className=f"vt-pair-pane vt-pair-{part}",
    )  # fmt: skip

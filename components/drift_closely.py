"""Two images large beside each other, with what each has and the other lacks in colour."""

from collections.abc import Mapping
from typing import Any

from dash import dcc, html
from dash.development.base_component import Component

from components import drift_pictures
from components.attributes import attrs
from components.drift_frame import address, chips, label_of, side_mark
from components.drift_pictures import Pair
from components.drift_places import HEATS, heated
from components.morphology_frame import card, statistic
from components.morphology_tables import nothing
from components.notices import hint
from components.state import whole

#: Other images that are offered to be held against.
OTHERS = 8


def closely(pair: Pair, keys: Mapping[str, str], side: str) -> Component | None:
    """Return the two images that the address names, large; None where it names none.

    The address has `row`, an image of `side`, and may have `beside`, one of the other side.
    """
    row = whole(keys.get("row"))
    if row is None:
        return None
    mine = pair.drift.of(side).set_index("row")
    back = dcc.Link("Back to the list", className="vt-link",
                    href=address(keys, row="", beside=""))  # fmt: skip
    if row not in mine.index:
        return card("Two images", nothing("This image is not in the comparison."), back)
    other = "b" if side == "a" else "a"
    beside = whole(keys.get("beside"))
    if beside is None or beside not in pair.drift.of(other).set_index("row").index:
        beside = int(mine.loc[row, "counterpart"])
    kept = pair.patches
    known = kept is not None and kept.has(side, row) and kept.has(other, beside)
    heat = keys.get("heat", "")
    heat = heat if heat in dict(HEATS) and known else ""
    shown = [_large(pair, *one, heat) for one in ((side, row, beside), (other, beside, row))]
    return card(
        f"{_name(pair, side, row, 'No.')} beside {_name(pair, other, beside)}",
        chips("Show the two", HEATS, heat, keys, "heat") if known else None,
        html.Div(shown, className="vt-drift-large"),
        hint("In colour: what of one is furthest from anything in the other." if heat == "pair"
             else "In colour: what the whole other set lacks.") if heat else None,
        None if known else html.P(
            "Features by place are kept of tested and of the most drifted images only.",
            className="vt-small"),
        _others(pair, keys, side, row, beside) if known else None,
        html.Div(back, className="vt-actions"),
    )  # fmt: skip


def _name(pair: Pair, side: str, row: int, no: str = "no.") -> str:
    """Return what an image is called: its number, its set and its name."""
    word, number = pair.word(side, row), f"no. {row + 1}"
    told = f"{no} {row + 1} of {label_of(pair.drift, side)}"
    return told if word == number else f"{told} ({word})"


def _large(pair: Pair, side: str, row: int, beside: int, heat: str) -> Component:
    """Return one of the two images, large, with what is unlike in colour where that was chosen."""
    if heat:
        shown = heated(pair, side, row, beside=beside if heat == "pair" else -1, size="large")
    elif pair.pictured(side):
        image = html.Img(src=f"/image/{pair.sets[side].key}/{row}", className="vt-thumb",
                         alt=_name(pair, side, row))  # fmt: skip
        shown = drift_pictures.linked(pair, side, row, image, side_mark(side, f"no. {row + 1}"))
    else:
        shown = drift_pictures.picture(pair, side, row, side_mark(side, f"no. {row + 1}"))
    return html.Div(shown)


def _others(pair: Pair, keys: Mapping[str, str], side: str, row: int, here: int) -> Component:
    """Return images of the other side that it can be held against instead."""
    other = "b" if side == "a" else "a"
    opened: Any = pair.sets[other]
    items = []
    for at, far in pair.patches.nearest(side, row, OTHERS):
        inside: list[Any] = [html.Span(statistic(far), className="vt-small")]
        if pair.pictured(other):
            source = f"/thumb/{opened.items['item_id'].iat[at]}"
            inside.insert(0, html.Img(src=source, alt="", className="vt-thumb"))
        told = f"Hold against {_name(pair, other, at)}"
        items.append(html.Li(dcc.Link(
            [*inside, html.Span(told, className="visually-hidden")],
            href=address(keys, beside=at), className="vt-chip-here" if at == here else "",
        )))  # fmt: skip
    return html.Div([
        html.H3(f"Nearest by their parts in {label_of(pair.drift, other)}"),
        html.Ul(items, className="vt-drift-strange", **attrs(
            aria_label="Other images to hold it against")),
    ])  # fmt: skip

"""Both sides of a comparison as they are now: their sets, and pictures of their images."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

import pandas as pd
from dash import dcc, html
from dash.development.base_component import Component

from components import gallery
from components.attributes import attrs
from components.inspector import item_link
from components.state import captions, has_pictures, services
from core.errors import VitrineError


@dataclass(frozen=True)
class Pair:
    """A comparison with the sets of its sides.

    Attributes
    ----------
    drift
        The comparison.
    sets
        By side, "a" and "b": the open set; None where it is gone, or its rows are others now.
    stale
        Why the comparison is of older sets, "" where it is of these.
    patches
        Its features by place; None where it has none, or they were deleted.
    named
        By side, whether all images have one label, so that their files tell them apart better.
    """

    drift: Any
    sets: dict[str, Any]
    stale: str
    patches: Any = None
    named: dict[str, bool] = field(default_factory=dict)

    def word(self, side: str, row: int) -> str:
        """Return what an image is called: its label where there are several, else its file.

        A number, from 1, where there is neither.
        """
        opened = self.sets[side]
        if opened is None:
            return f"no. {row + 1}"
        label = captions(opened, [row])[0]
        if label and not self.named.get(side):
            return label
        frame, path = opened.items["frame"].iat[row], opened.items["path"].iat[row]
        if not pd.isna(frame) or pd.isna(path) or not str(path):
            return label or f"no. {row + 1}"
        return PurePosixPath(str(path)).stem

    def pictured(self, side: str) -> bool:
        """Tell whether the images of a side can be shown."""
        return self.sets[side] is not None and has_pictures(self.sets[side])


def pair_of(drift: Any) -> Pair:
    """Return a comparison with its sets as they are now."""
    app, lost = services(), ""
    found: dict[str, Any] = {}
    for side in ("a", "b"):
        name = str(drift.meta[side]["set"])
        try:
            opened = app.library.open(name)
        except VitrineError:
            found[side], lost = None, f"The set “{name}” is no longer here."
            continue
        found[side] = opened
    stale = lost or app.drifts.stale(drift, found["a"], found["b"])
    for side, opened in found.items():
        if opened is not None and opened.key != drift.meta[side]["imageset"]:
            found[side] = None
    named = {side: _one_label(opened) for side, opened in found.items()}
    return Pair(drift, found, stale, app.drifts.patches(drift), named)


def _one_label(opened: Any) -> bool:
    """Tell whether all images of a set have the same label, as those of one folder have."""
    return opened is not None and "label" in opened.items and opened.items["label"].nunique() < 2


def picture(pair: Pair, side: str, row: int, note: Any, *, alt: str = "") -> Component:
    """Return one image as a link to it in Explore, with a note under it.

    Parameters
    ----------
    side
        "a" or "b": which set the row is of.
    row
        Its row.
    note
        What is told of it.
    alt
        What the picture shows, where the note does not say it.
    """
    opened = pair.sets[side]
    if opened is None:
        return html.Span(html.Span(note, className="vt-small"))
    inside: list[Component] = []
    if pair.pictured(side):
        inside.append(gallery.thumb(str(opened.items["item_id"].iat[row]), alt))
    else:
        inside.append(html.Span(pair.word(side, row), className="vt-word"))
    inside.append(html.Span(note, className="vt-small"))
    return dcc.Link(inside, href=item_link(opened.name, row))


def linked(pair: Pair, side: str, row: int, shown: Component, note: Any) -> Component:
    """Return something that stands for one image as a link to it in Explore, with a note."""
    inside = [shown, html.Span(note, className="vt-small")]
    return dcc.Link(inside, href=item_link(pair.sets[side].name, row))


def strip(
    pair: Pair, side: str, rows: Sequence[int], notes: Sequence[Any] = (), *, label: str
) -> Component:
    """Return images of a side in a row; without notes, what their labels say stands under them."""
    words = list(notes) or [pair.word(side, row) for row in rows]
    items = [html.Li(picture(pair, side, row, word)) for row, word in zip(rows, words, strict=True)]
    return html.Ul(items, className="vt-shape-strip vt-drift-strip", **attrs(aria_label=label))

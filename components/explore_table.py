"""The images of Explore as a table: what the map and the gallery show, for whoever reads it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from dash.development.base_component import Component

from components import gallery, tables
from components.state import captions, noun
from components.words import score
from core.opened.cards import NOISE

#: Map units a side, as points are stored.
SIDE = 65535


def table(
    found: Any, rows: Sequence[int], name: str | None, inspect_store: Any, marks: Sequence[str]
) -> Component:
    """Return a table of these rows: number, label, theme, decision and place on the map `name`."""
    label = captions(found, rows)
    themes = theme_of(found, rows)
    x, y = places(found, rows, name)
    one = noun(found).capitalize()
    lines = []
    for at, row in enumerate(rows):
        button = gallery.inspect_button(f"{one} {row}", row, inspect_store, look="vt-link-button")
        lines.append((button, label[at], themes[at], marks[at] if marks else "", x[at], y[at]))
    head = (one, "Label", "Theme", "Decision", "From the left", "From the bottom")
    return tables.table(
        head, lines, caption=f"The {noun(found)}s shown, with their places on the map"
    )


def theme_of(found: Any, rows: Sequence[int]) -> list[str]:
    """Return the name of each row's theme; "" where there are no themes yet."""
    clustering = found.clustering("themes")
    if clustering is None:
        return [""] * len(rows)
    names = (*found.theme_names(), NOISE)  # -1 is what no theme holds
    return [str(names[int(clustering.labels[row])]) for row in rows]


def places(found: Any, rows: Sequence[int], name: str | None) -> tuple[list[str], list[str]]:
    """Return where rows lie on a flat map, in shares of its side; "" where there is none."""
    if name is None or name.endswith("3d") or not len(rows):
        return [""] * len(rows), [""] * len(rows)
    points = found.points(name)[np.asarray(rows)] / SIDE
    return [score(v, 3) for v in points[:, 0]], [score(v, 3) for v in points[:, 1]]

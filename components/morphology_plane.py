"""Groups in a plane: principal coordinates of the distances between their means."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from dash import html
from dash.development.base_component import Component

from components import morphology_figures as drawn
from components import morphology_tables as parts
from components.morphology_frame import card
from components.words import share
from core.morphology.ordination import Coordinates, coordinates

#: Groups that a plane says something of, and up to which each has its name beside it.
FEWEST, NAMED = 3, 40
#: Share of negative eigenvalues from which a plane is said to fit badly.
BENT = 0.1

HEIGHT = 560
#: Room beside the outermost groups for their names, as a share of the width.
ROOM = 0.2
#: Width of a letter and half the height of a line, as shares of the longer side of the plane.
NAME_WIDE, NAME_HIGH = 0.017, 0.02


def plane_of(names: Sequence[str], matrix: np.ndarray) -> Coordinates | None:
    """Return the principal coordinates of groups; None where there is nothing to draw.

    Parameters
    ----------
    names, matrix
        As `morphology_distances.arranged` returns them.
    """
    if len(names) < FEWEST or not np.isfinite(matrix).all() or not matrix.any():
        return None
    return coordinates(matrix, 2)


def section(comparison: Any, names: Sequence[str], matrix: np.ndarray) -> Component | None:
    """Return the chart of groups in a plane with its sentence; None where there is none."""
    found = plane_of(names, matrix)
    if found is None:
        return None
    told = html.P(sentence(found), className="vt-lead")
    return card("Groups in a plane", told, chart(comparison, names, found))


def sentence(found: Coordinates) -> str:
    """Return how much of the distances the plane holds."""
    told = (
        f"Principal coordinates of the distances above: the plane holds {share(_held(found))} of "
        "what they span. Distances are debiased, so they need not be those of any points: "
        f"{share(found.negative)} of the whole is negative."
    )
    if found.negative > BENT:
        return f"{told} That is much: trust the table of pairs, not the plane."
    return told


def _held(found: Coordinates) -> float:
    return float(found.explained.sum())


def sides(scores: np.ndarray, names: Sequence[str]) -> list[str]:
    """Return where the name of each point stands: where it covers least of points and names."""
    extent = max(float(np.ptp(scores, axis=0).max()), 1e-9)
    points = scores / extent
    taken: list[tuple[float, ...]] = [
        (x - NAME_HIGH, y - NAME_HIGH, x + NAME_HIGH, y + NAME_HIGH) for x, y in points.tolist()
    ]
    found = []
    for (x, y), name in zip(points.tolist(), names, strict=True):
        wide = NAME_WIDE * len(name)
        boxes = {
            "top center": (x - wide / 2, y, x + wide / 2, y + 2 * NAME_HIGH),
            "bottom center": (x - wide / 2, y - 2 * NAME_HIGH, x + wide / 2, y),
            "middle right": (x, y - NAME_HIGH, x + wide, y + NAME_HIGH),
            "middle left": (x - wide, y - NAME_HIGH, x, y + NAME_HIGH),
        }
        cost = {side: sum(_shared(box, one) for one in taken) for side, box in boxes.items()}
        best = min(cost, key=lambda side: cost[side])
        taken.append(boxes[best])
        found.append(best)
    return found


def _shared(one: Sequence[float], two: Sequence[float]) -> float:
    """Return the area that two boxes (left, low, right, high) share."""
    across = min(one[2], two[2]) - max(one[0], two[0])
    up = min(one[3], two[3]) - max(one[1], two[1])
    return max(0.0, across) * max(0.0, up)


def _range(values: np.ndarray) -> list[float]:
    low, high = float(values.min()), float(values.max())
    room = ROOM * max(high - low, 1e-6)
    return [round(low - room, 5), round(high + room, 5)]


def chart(comparison: Any, names: Sequence[str], found: Coordinates) -> Component:
    """Return the chart: a point a group, both axes in the same unit."""
    shown = [drawn.short(name) for name in names]
    few = len(names) <= NAMED
    data = [{
        "type": "scatter", "mode": "markers+text" if few else "markers",
        "x": [round(float(x), 5) for x in found.scores[:, 0]],
        "y": [round(float(y), 5) for y in found.scores[:, 1]],
        "text": shown, "textposition": sides(found.scores, shown), "cliponaxis": False,
        "hovertemplate": "%{text}<extra></extra>",
        "marker": {"size": 9, "color": next(iter(drawn.HUES))},
    }]  # fmt: skip
    titles = [f"coordinate {at + 1} ({share(float(found.explained[at]))})" for at in (0, 1)]
    layout = {
        "margin": {"l": 8, "r": 24, "t": 24, "b": 8}, "showlegend": False,
        "xaxis": {"title": {"text": titles[0]}, "zeroline": False, "automargin": True,
                  "constrain": "domain", "range": _range(found.scores[:, 0])},
        "yaxis": {"title": {"text": titles[1]}, "zeroline": False, "automargin": True,
                  "scaleanchor": "x", "constrain": "domain", "range": _range(found.scores[:, 1])},
    }  # fmt: skip
    label = f"{len(names)} groups in a plane; the table of pairs tells their distances."
    return drawn.figure(
        "morph-plane", "Groups by principal coordinates", data, layout, label=label, height=HEIGHT,
        file=parts.file_name(comparison, "plane"), least=600,
        links=[parts.csv_link(comparison, "plane", what="The coordinates of the groups")],
    )  # fmt: skip

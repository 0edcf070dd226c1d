"""The figures of a comparison as SVG text: nothing is computed here but places on paper.

Colours come from classes, so that one drawing is right on light, on dark and on paper; no group is
told by its colour alone.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from core.report.svg import LETTER, Drawing, Scale, framed, tick_text, ticks
from core.report.text import absent, measure, plain

Meta = Mapping[str, Any]

WIDTH = 640
#: Groups that have a colour of their own; more are one grey.
HUES = 8
#: Cells of a heat map up to which each shows its number.
NUMBERED = 144
#: Longest name of a group in a figure.
NAME = 26
#: Units drawn in an ordination; more are thinned evenly.
DOTS = 4000


def short(name: Any) -> str:
    """Return a name that fits beside a figure."""
    text = str(name)
    return text if len(text) <= NAME else f"{text[: NAME - 1]}…"


def heat_map(names: Sequence[str], matrix: np.ndarray) -> str:
    """Return the distances of groups as a heat map; the numbers are in the table below it."""
    m = len(names)
    known = np.asarray(matrix, np.float64)
    off = known[~np.eye(m, dtype=bool) & np.isfinite(known)]
    most = float(off.max()) if off.size else 1.0
    told = [f"{at} {short(name)}" for at, name in enumerate(names, 1)]
    left = 10 + 12 * LETTER * max(map(len, told))
    side = min(44.0, (WIDTH - left - 10) / m)
    drawing = Drawing(
        "distances", left + m * side + 10, m * side + 34, "Distances between groups",
        f"{m} groups; the largest distance is {measure(most)}. The table has all of them.",
    )  # fmt: skip
    for row in range(m):
        middle = (row + 0.5) * side + 4
        drawing.words(left - 6, middle + 4, told[row], "t", "end")
        drawing.words(left + (row + 0.5) * side, m * side + 20, str(row + 1), "t", "middle")
        for column in range(m):
            value = known[row, column]
            if row == column or not np.isfinite(value):
                continue
            step = min(8, int(9 * value / most)) if most > 0 else 0
            x, y = left + column * side, row * side
            drawing.box(x, y, side - 1, side - 1, f"heat h{step}")
            if m * m <= NUMBERED:
                look = "t cell dark" if step > 4 else "t cell"
                drawing.words(x + side / 2, middle + 3, f"{value:.2f}", look, "middle")
    return drawing.svg("wide")


def tree(found: Meta) -> str:
    """Return a dendrogram: groups beside each other, joined at their mean distance."""
    links, names = np.asarray(found["links"], np.float64), [str(one) for one in found["leaves"]]
    m = len(names)
    order = _order(links, m)
    place = {leaf: at for at, leaf in enumerate(order)}
    left = 10 + 12 * LETTER * max(len(short(name)) for name in names)
    top, row = float(links[:, 2].max()), 24.0
    across = Scale(0.0, top, left + 4, WIDTH - 46)
    drawing = Drawing(
        "tree", WIDTH, m * row + 40, "Tree of the groups",
        f"Average linkage; cophenetic correlation {measure(found.get('cophenetic'))}. Numbers at "
        "the joints: how often that branch came back when units were drawn again.",
    )  # fmt: skip
    at: dict[int, tuple[float, float]] = {}
    for leaf in range(m):
        y = (place[leaf] + 0.5) * row
        at[leaf] = (across(0.0), y)
        drawing.words(left - 2, y + 4, short(names[leaf]), "t", "end")
    support = found.get("support") or []
    for joint, (one, two, height, _) in enumerate(links.tolist()):
        (x1, y1), (x2, y2) = at[int(one)], at[int(two)]
        x = across(height)
        drawing.line([(x1, y1), (x, y1), (x, y2), (x2, y2)], "branch")
        at[m + joint] = (x, (y1 + y2) / 2)
        held = support[joint] if joint < len(support) else None
        if held is not None and not absent(held) and joint < m - 2:
            drawing.words(x - 4, (y1 + y2) / 2 + 4, f"{100 * float(held):.0f}", "t", "end")
    base = m * row + 8
    drawing.line([(across.start, base), (across.end, base)], "axis")
    for value in ticks(0.0, top, 4):
        drawing.words(across(value), base + 16, tick_text(value), "t", "middle")
    return drawing.svg("wide")


def _order(links: np.ndarray, m: int) -> list[int]:
    """Return the leaves in the order in which no branches cross."""
    held: dict[int, list[int]] = {leaf: [leaf] for leaf in range(m)}
    for joint, (one, two) in enumerate(links[:, :2].astype(int).tolist()):
        held[m + joint] = held[one] + held[two]
    return held[m + len(links) - 1]


def intervals(name: str, title: str, rows: Sequence[tuple[str, Any, Any]], axis: str) -> str:
    """Return values with their intervals, one a line.

    Parameters
    ----------
    name, title
        Of the drawing.
    rows
        Name, value, and [low, high] or None.
    axis
        What the values are.
    """
    bounds = [v for _, value, ci in rows for v in (value, *(ci or ())) if not absent(v)]
    if not bounds:
        return ""
    high = max(bounds) * 1.04 or 1.0
    left = 10 + 12 * LETTER * max(len(short(one)) for one, _, _ in rows)
    row = 22.0
    across = Scale(min(0.0, min(bounds)), high, left + 4, WIDTH - 14)
    text = "; ".join(f"{short(one)}: {measure(value)}" for one, value, _ in rows[:20])
    drawing = Drawing(name, WIDTH, len(rows) * row + 44, title, text)
    base = len(rows) * row + 6
    for value in ticks(across.low, high, 5):
        drawing.line([(across(value), 0), (across(value), base)], "grid")
        drawing.words(across(value), base + 15, tick_text(value), "t", "middle")
    for at, (one, value, ci) in enumerate(rows):
        y = (at + 0.5) * row
        drawing.words(left - 2, y + 4, short(one), "t", "end")
        if ci and not any(absent(v) for v in ci):
            drawing.line([(across(ci[0]), y), (across(ci[1]), y)], "whisker")
        if not absent(value):
            drawing.diamond(across(float(value)), y, 5, "mark")
    drawing.words((across.start + across.end) / 2, base + 31, axis, "t", "middle")
    return drawing.svg("wide")


def ordination(
    scores: np.ndarray, groups: np.ndarray, names: Sequence[str], explained: Sequence[float]
) -> str:
    """Return units on the first two axes, each group with its number at its mean.

    Parameters
    ----------
    scores
        `(n, 2)` or more.
    groups
        Code of each unit `(n,)`.
    names
        Of the groups, by code.
    explained
        Share of the variance of each axis.
    """
    step = max(1, -(-len(scores) // DOTS))
    flat = np.asarray(scores, np.float64)[:, :2]
    low, high = flat.min(axis=0), flat.max(axis=0)
    room = np.maximum((high - low) * 0.04, 1e-9)
    shares = [f"axis {i + 1}, {100 * float(explained[i]):.0f} %" for i in range(2)]
    frame = framed(
        Drawing("ordination", WIDTH, 440, "Units on the first two axes",
                f"{len(flat)} units of {len(names)} groups; the number of a group stands at its "
                "mean."),
        (low[0] - room[0], high[0] + room[0]), (low[1] - room[1], high[1] + room[1]), *shares,
    )  # fmt: skip
    for code in range(len(names)):
        mine = flat[groups == code][::step]
        look = f"unit u{code}" if code < HUES else "unit"
        frame.drawing.dots([(frame.x(x), frame.y(y)) for x, y in mine.tolist()], look)
    for code in range(len(names)):
        if (groups == code).any():
            x, y = flat[groups == code].mean(axis=0).tolist()
            frame.drawing.words(frame.x(x), frame.y(y) + 4, str(code + 1), "t strong", "middle")
    return frame.drawing.svg("wide")


def legend(names: Sequence[str]) -> str:
    """Return the numbers and colours of groups as a list."""
    lines = [
        f'<li><span class="dot{f" d{code}" if code < HUES else ""}" aria-hidden="true"></span>'
        f"{code + 1} {plain(name)}</li>"
        for code, name in enumerate(names)
    ]
    return f'<ul class="legend">{"".join(lines)}</ul>'

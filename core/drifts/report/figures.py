"""The figures of two sets as SVG text: how different, which groups, where on the map, power.

Colours come from classes, so that one drawing is right on light, on dark and on paper; A is a round
dot and B a diamond, or each has a panel of its own: nothing is told by colour alone.
"""

from collections.abc import Mapping, Sequence
from math import copysign, sqrt
from typing import Any

import numpy as np
import pandas as pd

from core.report.svg import LETTER, Drawing, Scale, framed, tick_text, ticks
from core.report.text import absent, count, measure, share

Meta = Mapping[str, Any]

#: Narrow, so that text that is 12 px here is no smaller than 11 on a phone.
WIDTH, PANEL = 360, 350
#: Longest name beside a figure; images drawn of each side; groups drawn.
NAME, DOTS, CLUSTERS = 24, 3000, 24


#: Parts of names, and what stands for them beside a figure.
_SHORTER = {"the second set": "B", "the first set": "A", " of the shorter side": "",
            "saved as JPEG at quality": "JPEG, quality"}  # fmt: skip


def short(name: Any) -> str:
    """Return a name that fits beside a figure, sides by their letters."""
    text = str(name)
    for long, brief in _SHORTER.items():
        text = text.replace(long, brief)
    return text if len(text) <= NAME else f"{text[: NAME - 1]}…"


def scale_bar(found: Meta, what: str) -> str:
    """Return a difference among known ones, one a line, on an axis of square roots.

    Parameters
    ----------
    found
        {"value", "low", "high", "anchors": [{"name", "value", "low", "high"}]}.
    what
        What the difference is called.
    """
    rows = sorted([{**found, "name": what, "own": True}, *found["anchors"]],
                  key=lambda one: one["value"])  # fmt: skip
    rooted = [_root(one[end]) for one in rows for end in ("low", "value", "high")]
    left, row = 12 + 12 * LETTER * max(len(short(one["name"])) for one in rows), 24.0
    across = Scale(min(0.0, *rooted), max(rooted) * 1.04 or 1.0, left, WIDTH - 14)
    text = "; ".join(f"{one['name']}: {measure(one['value'])}" for one in rows)
    drawing = Drawing("scale", WIDTH, len(rows) * row + 44, "The difference among known ones", text)
    base = len(rows) * row + 6
    for value in _square_ticks(across):
        at = across(sqrt(value))
        drawing.line([(at, 0), (at, base)], "grid")
        drawing.words(at, base + 15, tick_text(value), "t", "middle")
    for place, one in enumerate(rows):
        y = (place + 0.5) * row
        look = "t strong" if one.get("own") else "t"
        drawing.words(left - 6, y + 4, short(one["name"]), look, "end")
        low, value, high = (across(_root(one[end])) for end in ("low", "value", "high"))
        drawing.line([(low, y), (high, y)], "whisker")
        if one.get("own"):
            drawing.diamond(value, y, 6.5, "mark")
        else:
            drawing.box(value - 1.5, y - 5, 3, 10, "bar")
    drawing.words((across.start + across.end) / 2, base + 32, "MMD², axis of square roots", "t",
                  "middle")  # fmt: skip
    return drawing.svg()


def _root(value: float) -> float:
    """Return the square root with the sign kept: small differences are told apart."""
    return copysign(sqrt(abs(value)), value)


def _square_ticks(across: Scale) -> list[float]:
    """Return round values on an axis of square roots whose numbers stand beside each other."""
    found = [0.0]
    for value in (m * 10.0**power for power in range(-6, 3) for m in (1, 2, 5)):
        room = 12 * LETTER * (len(tick_text(value)) + len(tick_text(found[-1]))) / 2 + 8
        if value <= across.high**2 and across(sqrt(value)) - across(sqrt(found[-1])) >= room:
            found.append(value)
    return found


def cluster_shares(clusters: Sequence[Meta]) -> str:
    """Return each group's share on both sides, the largest part of the difference first."""
    rows = clusters[:CLUSTERS]
    most = max([one[side] for one in rows for side in ("share_a", "share_b")], default=0) or 1.0
    left, row = 104.0, 20.0
    across = Scale(0.0, 100 * most * 1.04, left, WIDTH - 14)
    text = "; ".join(
        f"group {one['id']}: {share(one['share_a'])} and {share(one['share_b'])}" for one in rows
    )
    drawing = Drawing("shares", WIDTH, len(rows) * row + 44, "Shares of groups in A and B", text)
    base = len(rows) * row + 6
    for value in ticks(0.0, across.high, 5):
        drawing.line([(across(value), 0), (across(value), base)], "grid")
        drawing.words(across(value), base + 15, f"{tick_text(value)} %", "t", "middle")
    for place, one in enumerate(rows):
        y = (place + 0.5) * row
        same = one["state"] == "same"
        state = "" if same else f", {one['state']}"
        drawing.words(left - 8, y + 4, f"{one['id']}{state}", "t" if same else "t strong", "end")
        here, there = across(100 * one["share_a"]), across(100 * one["share_b"])
        drawing.line([(here, y), (there, y)], "between" if same else "between changed")
        drawing.parts.append(f'<circle class="of-a" cx="{here:.1f}" cy="{y:.1f}" r="4.5"/>')
        drawing.diamond(there, y, 6, "of-b")
    name = "share of the side's images; round is A, diamond is B"
    drawing.words((across.start + across.end) / 2, base + 32, name, "t", "middle")
    return drawing.svg()


def map_panel(images: pd.DataFrame, side: str, label: str) -> str:
    """Return one side on the shared map, over both in grey; dots in changed regions are larger.

    Parameters
    ----------
    images
        As a `Drift` holds them.
    side
        "a" or "b"; changed are vanished regions of A and new ones of B.
    label
        What the side is called.
    """
    x, y = images["x"].to_numpy(np.float64), images["y"].to_numpy(np.float64)
    if not len(x) or not (np.isfinite(x).all() and np.isfinite(y).all()):
        return ""
    room = max(np.ptp(x), np.ptp(y), 1e-9)
    tall = PANEL * float(np.clip(np.ptp(y) / max(float(np.ptp(x)), 1e-9), 0.5, 1.0))
    across = Scale(float(x.min()) - 0.02 * room, float(x.max()) + 0.02 * room, 6, PANEL - 6)
    up = Scale(float(y.min()) - 0.02 * room, float(y.max()) + 0.02 * room, tall - 6, 6)
    mine = (images["side"] == side).to_numpy()
    changed = mine & (images["local"].to_numpy() == (1 if side == "b" else -1))
    word = "new" if side == "b" else "vanished"
    drawing = Drawing(
        f"map-{side}", PANEL, tall, f"{label} on the shared map",
        f"{count(float(mine.sum()))} images over both sides in grey; "
        f"{count(float(changed.sum()))} of them lie in {word} regions and are larger.",
    )  # fmt: skip
    drawing.parts.append(
        f'<rect class="frame" x="0.5" y="0.5" width="{PANEL - 1}" height="{tall - 1:.1f}"/>'
    )
    looks = (~mine, "dots-all"), (mine & ~changed, f"dots-{side}"), (changed, f"dots-{side} region")
    for which, look in looks:
        some = _thinned(np.flatnonzero(which))
        drawing.dots([(across(x[at]), up(y[at])) for at in some], look)
    return drawing.svg()


def _thinned(rows: np.ndarray) -> list[int]:
    """Return at most `DOTS` of some rows, evenly."""
    found: list[int] = rows[:: max(1, -(-len(rows) // DOTS))].tolist()
    return found


def power_curve(found: Meta) -> str:
    """Return how often planted shares of strangers are seen."""
    shares = [100 * one for one in found["shares"]]
    text = "; ".join(
        f"{tick_text(part)} %: {share(power)}"
        for part, power in zip(shares, found["power"], strict=True)
    )
    frame = framed(
        Drawing("power", WIDTH, 250, "What this sample could have shown", text),
        (0.0, max(shares)), (0.0, 100.0), "images like B's among A's, %", "seen, %",
    )  # fmt: skip
    frame.drawing.line([(frame.x.start, frame.y(80)), (frame.x.end, frame.y(80))], "here")
    places = frame.places(shares, [100 * one for one in found["power"]])
    frame.drawing.line(places, "chosen")
    for x, y in places:
        frame.drawing.diamond(x, y, 5, "mark")
    seen = found.get("seen")
    if seen is not None and not absent(seen):
        at = frame.x(100 * seen)
        frame.drawing.line([(at, frame.y.start), (at, frame.y(80))], "here")
    return frame.drawing.svg()

"""Where in the frame two sets differ: the map of places, and parts that the other side has not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from core.comparisons.report.tables import table
from core.report.minute import data_uri
from core.report.svg import Drawing
from core.report.text import count, measure, plain, share

Meta = Mapping[str, Any]
ALPHA, SIDE, LISTED = 0.05, 340, 8


@dataclass(frozen=True)
class Places:
    """Pictures of a comparison by place.

    Attributes
    ----------
    means
        By side, "a" and "b": the mean picture as JPEG.
    strange
        By side: row, how strange, and the picture with its strange parts in colour.
    """

    means: Mapping[str, bytes] = field(default_factory=dict)
    strange: Mapping[str, Sequence[tuple[int, float, bytes]]] = field(default_factory=dict)


def in_the_frame(meta: Meta, places: Places | None) -> str:
    """Return the section about places; "" where it was not asked for."""
    found = meta.get("spatial") or {}
    if not found:
        return ""
    if "effect" not in found:
        return f'<p class="lead">{plain(str(found.get("notice") or ""))}</p>'
    places = places or Places()
    means = "".join(
        f'<div class="card"><h3>Mean picture of {side.upper()}</h3>'
        f'<img class="mean" src="{data_uri(places.means[side])}" '
        f'alt="Mean of the pictures of {side.upper()}"></div>'
        for side in "ab" if side in places.means
    )  # fmt: skip
    heat = f'<div class="card"><h3>Difference by place</h3>{_map(found, places)}</div>'
    lead = f'<p class="lead">{plain(found["text"])} The frame is what the encoder sees.</p>'
    facts = (
        f'<p class="small">{count(found["images"][0])} images of A and '
        f"{count(found['images'][1])} of B; place explains {share(max(0.0, found['alignment']))} "
        f"of what patches show; {found['dims']} components hold {share(found['kept'])} of the "
        "features' variance.</p>"
    )
    return f'{lead}<div class="three">{heat}{means}</div>{facts}{_table(found)}{_strange(places)}'


def _map(found: Meta, places: Places) -> str:
    """Return the effect at each place as colour over the mean picture of B."""
    effect, p = found["effect"], found["p"]
    high, wide = len(effect), len(effect[0])
    cell = SIDE / max(high, wide)
    most = max(max(line) for line in effect) or 1.0
    different = int(found["places"])
    drawing = Drawing(
        "places", cell * wide, cell * high, "Difference by place of the frame",
        f"{different} of {high * wide} places differ; the table lists the largest.",
    )  # fmt: skip
    if "b" in places.means:
        drawing.parts.append(
            f'<image href="{data_uri(places.means["b"])}" x="0" y="0" width="{cell * wide:.1f}" '
            f'height="{cell * high:.1f}" preserveAspectRatio="none"/>'
        )
    for y, line in enumerate(effect):
        for x, value in enumerate(line):
            look = "hot differs" if p[y][x] < ALPHA else "hot"
            part = 0.75 * max(0.0, value) / most
            drawing.parts.append(
                f'<rect class="{look}" x="{cell * x + 1:.1f}" y="{cell * y + 1:.1f}" '
                f'width="{cell - 2:.1f}" height="{cell - 2:.1f}" fill-opacity="{part:.2f}"/>'
            )
    return drawing.svg() + (
        '<p class="small">The stronger the colour, the larger the difference; outlined places '
        "differ (p below .05 over the whole frame).</p>"
    )


def _table(found: Meta) -> str:
    """Return the places with the largest difference."""
    every = sorted(
        (
            (-value, y, x, found["p"][y][x])
            for y, line in enumerate(found["effect"]) for x, value in enumerate(line)
        )
    )  # fmt: skip
    rows = [[str(y + 1), str(x + 1), measure(-value), measure(p)]
            for value, y, x, p in every[:LISTED]]  # fmt: skip
    head = ("Row, from the top", "Column, from the left", "Effect", "p, whole frame")
    return table("Places with the largest difference", head, rows)


def _strange(places: Places) -> str:
    """Return images with the parts in colour that the other side has not."""
    sides = ""
    for side, other in (("b", "A"), ("a", "B")):
        shown = "".join(
            f'<li class="match"><span class="picture"><img src="{data_uri(data)}" '
            f'alt="{side.upper()}, row {row}: in colour what {other} has not"></span>'
            f'<span class="small">{measure(score)} times usual</span></li>'
            for row, score, data in places.strange.get(side) or ()
        )
        if shown:
            sides += (
                f'<div class="card"><h3>In {side.upper()}, not in {other}</h3>'
                f'<ul class="matches">{shown}</ul></div>'
            )
    if not sides:
        return ""
    return (
        '<p class="lead">In colour: parts further from anything in the other set than 95 % of A\'s '
        f'own parts are from other images of A.</p><div class="two">{sides}</div>'
    )

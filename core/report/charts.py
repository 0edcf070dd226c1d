"""The charts of a report, from its numbers: nothing is computed here but places on paper.

What was chosen is a thick line, a filled bar or a diamond; random choices are a band with a dashed
line, so that the two are told apart without colour.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from core.report.svg import Drawing, Scale, framed
from core.report.text import about, absent, count, measure

Table = Mapping[str, Any]

#: Drawings are this wide in their own units; text in them is 12 high.
WIDTH, HEIGHT = 400, 216


def coverage_curve(curve: Table, noun: str, of: str = "") -> str:
    """Return clusters covered against budget: chosen, the random band, the ceiling.

    `of` is "independent_" for those of the independent grouping, which have no band.
    """
    budgets = curve["budgets"]
    text = (
        f"The choice of {count(curve['chosen'])} covers {_near(curve, f'{of}curated')} of "
        f"{count(curve.get(f'{of}clusters'))} clusters; random choices of that size cover "
        f"{_near(curve, f'{of}random_mean')} on average. The numbers are in the tables at the end."
    )
    lines = {
        field: curve.get(f"{of}{field}") or []
        for field in ("curated", "random_mean", "random_low", "random_high", "ceiling")
    }
    most = max((v for values in lines.values() for v in values if not absent(v)), default=1)
    drawing = Drawing(
        f"{of or 'own_'}curve", WIDTH, HEIGHT, "Clusters covered against budget", text
    )
    frame = framed(drawing, (0, max(budgets)), (0, max(1, most) * 1.04),
                   f"{noun}s taken", "clusters covered")  # fmt: skip
    at = frame.x(curve["chosen"])
    drawing.line([(at, frame.y.start), (at, frame.y.end)], "here")
    drawing.area(
        frame.places(budgets, lines["random_high"]),
        frame.places(budgets, lines["random_low"]), "band",
    )  # fmt: skip
    drawing.line(frame.places(budgets, lines["ceiling"]), "ceiling")
    drawing.line(frame.places(budgets, lines["random_mean"]), "random")
    drawing.line(frame.places(budgets, lines["curated"]), "chosen")
    covered = _value_at(curve, f"{of}curated")
    if covered is not None:
        drawing.diamond(at, frame.y(covered), 6, "mark")
    end = at > (frame.x.start + frame.x.end) / 2
    words, anchor = f"this choice: {count(curve['chosen'])}", "end" if end else "start"
    drawing.words(at + (-6 if end else 6), frame.y.start - 7, words, "t strong", anchor)
    return drawing.svg()


def _value_at(curve: Table, field: str) -> float | None:
    """Return a line's value at the budget nearest to what was chosen."""
    values = curve.get(field) or []
    known = [
        (abs(b - curve["chosen"]), v)
        for b, v in zip(curve["budgets"], values, strict=False)
        if not absent(v)
    ]
    return min(known, key=lambda pair: pair[0])[1] if known else None


def _near(curve: Table, field: str) -> str:
    return about(_value_at(curve, field))


def size_bins(bins: Sequence[Table], name: str, noun: str) -> str:
    """Return the share of clusters covered by size: a bar for the choice, random as a band."""
    shown = [b for b in bins if b["clusters"]]
    text = "; ".join(
        f"clusters of {b['size']} {noun}s: {count(b['covered'])} of {count(b['clusters'])} covered,"
        f" random {about(b['random_mean'])}"
        for b in shown
    )
    drawing = Drawing(
        name, WIDTH, HEIGHT, "Share of clusters covered, by size of the cluster", text
    )
    frame = framed(drawing, None, (0, 100), f"size of the cluster, in {noun}s", "covered",
                   percent=True)  # fmt: skip
    step = (frame.x.end - frame.x.start) / max(1, len(shown))
    for index, one in enumerate(shown):
        middle = frame.x.start + step * (index + 0.5)
        _bin(drawing, frame.y, one, middle, min(step * 0.66, 44))
        drawing.words(middle, frame.y.start + 16, str(one["size"]), "t", "middle")
    return drawing.svg()


def _bin(drawing: Drawing, up: Scale, one: Table, middle: float, width: float) -> None:
    """Draw one bin: the bar of the choice at the left, what random covers at the right."""
    whole, half = one["clusters"], width / 2
    top = up(100 * one["covered"] / whole)
    drawing.box(middle - half, top, half - 1, up.start - top, "bar")
    if absent(one.get("random_mean")):
        return
    mean = up(100 * one["random_mean"] / whole)
    drawing.box(middle + 1, mean, half - 1, up.start - mean, "bar-random")
    if not absent(one.get("random_low")) and not absent(one.get("random_high")):
        low, high = (up(100 * one[f] / whole) for f in ("random_low", "random_high"))
        at = middle + half / 2
        drawing.line([(at, low), (at, high)], "whisker")
        for edge in (low, high):
            drawing.line([(at - 3, edge), (at + 3, edge)], "whisker")


def words_of(band: Table) -> Callable[[float | None], str]:
    """Return what writes a band's numbers: counts as counts, all else as measured."""

    def counted(value: float | None) -> str:
        return count(value) if value is None or absent(value) or value % 1 == 0 else about(value)

    return counted if band.get("unit") == "pairs" else measure


def strip(band: Table, name: str) -> str:
    """Return the random draws as dots on a line, their middle 95 % as a band, the choice on it."""
    random, draws = band["random"], [d for d in band["random"].get("draws") or [] if not absent(d)]
    chosen, say = band["curated"], words_of(band)
    values = [v for v in (*draws, random.get("low"), random.get("high"), chosen) if not absent(v)]
    text = (
        f"Chosen {say(chosen)}; random {say(random.get('mean'))}, 95 % of draws from "
        f"{say(random.get('low'))} to {say(random.get('high'))}."
    )
    drawing = Drawing(name, WIDTH, 56, str(band["title"]), text)
    if not values:
        return drawing.svg()
    low, high = min(values), max(values)
    room = (high - low) * 0.04 or abs(high) * 0.04 or 1.0
    across = Scale(low - room, high + room, 12, WIDTH - 12)
    drawing.line([(12, 34), (WIDTH - 12, 34)], "axis")
    if not absent(random.get("low")) and not absent(random.get("high")):
        left = across(random["low"])
        drawing.box(left, 8, across(random["high"]) - left, 26, "band")
    # a golden-ratio sequence spreads the dots evenly without chance
    drawing.dots([(across(v), 11 + 20 * (i * 0.618034 % 1)) for i, v in enumerate(draws)], "draws")
    if not absent(random.get("mean")):
        drawing.line([(across(random["mean"]), 6), (across(random["mean"]), 34)], "random")
    if not absent(chosen):
        drawing.line([(across(chosen), 4), (across(chosen), 38)], "chosen")
        drawing.diamond(across(chosen), 21, 6.5, "mark")
    if high == low:
        drawing.words(across(low), 50, say(low), "t", "middle")
        return drawing.svg("strip")
    drawing.words(across(low), 50, say(low), "t", "start")
    drawing.words(across(high), 50, say(high), "t", "end")
    return drawing.svg("strip")


def saturation_chart(found: Table) -> str:
    """Return how many edge cases are shown as more of them are taken, where to stop, the choice."""
    text = str(found.get("text") or "")
    drawing = Drawing("saturation", WIDTH, HEIGHT, "Edge cases shown against those taken", text)
    most = max(found["budgets"] + [found.get("taken") or 0])
    frame = framed(drawing, (0, most), (0, 100), "edge cases taken", "share", percent=True)
    stop = found.get("suggested")
    if stop:
        at = frame.x(stop)
        drawing.line([(at, frame.y.start), (at, frame.y.end)], "here")
        end = at > (frame.x.start + frame.x.end) / 2
        words, anchor = f"stop here: {count(stop)}", "end" if end else "start"
        drawing.words(at + (-6 if end else 6), frame.y.start - 7, words, "t strong", anchor)

    def percents(field: str) -> list[float | None]:
        return [None if absent(v) else 100 * v for v in found.get(field) or []]

    drawing.line(frame.places(found["budgets"], percents("new_cluster_probability")), "random")
    drawing.line(frame.places(found["budgets"], percents("s")), "chosen")
    if not absent(found.get("taken")) and not absent(found.get("taken_s")):
        drawing.diamond(frame.x(found["taken"]), frame.y(100 * found["taken_s"]), 6, "mark")
    return drawing.svg()


def label_bar(row: Table, most: float, name: str, title: str) -> str:
    """Return one label: the bar of the choice, and what random choices have of it as a band."""
    text = (
        f"chosen {count(row['curated'])}, random {about(row.get('random_mean'))}, in the set "
        f"{count(row['set'])}"
    )
    drawing = Drawing(name, 240, 18, title, text)
    across = Scale(0, max(most, 1e-9), 1, 236)
    drawing.line([(1, 1), (1, 17)], "axis")
    drawing.box(1, 5, across(row["curated"]) - 1, 8, "bar")
    if not absent(row.get("random_low")) and not absent(row.get("random_high")):
        left = across(row["random_low"])
        drawing.box(left, 2, across(row["random_high"]) - left, 14, "band outlined")
    if not absent(row.get("random_mean")):
        at = across(row["random_mean"])
        drawing.line([(at, 1), (at, 17)], "random solid")
    return drawing.svg("label-bar", stretched=True)


def swatch(look: str) -> str:
    """Return a small sample of a look, for a legend."""
    shapes = {
        "chosen": '<path class="chosen" d="M1 6L23 6"/>'
        '<path class="mark" d="M12 1L17 6L12 11L7 6Z"/>',
        "random": '<path class="random" d="M1 6L23 6"/>',
        "band": '<rect class="band" x="1" y="1" width="22" height="10"/>'
        '<path class="random" d="M1 6L23 6"/>',
        "line": '<path class="chosen" d="M1 6L23 6"/>',
        "mark": '<path class="mark" d="M12 1L17 6L12 11L7 6Z"/>',
        "ceiling": '<path class="ceiling" d="M1 6L23 6"/>',
        "bar": '<rect class="bar" x="4" y="1" width="16" height="10"/>',
        "bar-random": '<rect class="bar-random" x="4" y="1" width="16" height="10"/>'
        '<path class="whisker" d="M12 0L12 5M9 0L15 0M9 5L15 5"/>',
        "draws": '<path class="draws" d="M4 4h0M9 8h0M14 3h0M19 7h0"/>',
    }  # fmt: skip
    return f'<svg class="swatch" viewBox="0 0 24 12" aria-hidden="true">{shapes[look]}</svg>'


def legend(*entries: tuple[str, str]) -> str:
    """Return a legend: (look, words) each."""
    inside = "".join(f"<li>{swatch(look)} {words}</li>" for look, words in entries)
    return f'<ul class="legend">{inside}</ul>'

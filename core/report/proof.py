"""What a report's verdict stands on: an independent grouping, other measures, edges, labels."""

from collections.abc import Mapping
from typing import Any

from core.report.charts import (
    coverage_curve,
    label_bar,
    legend,
    saturation_chart,
    size_bins,
    strip,
    words_of,
)
from core.report.minute import noun_of, standing
from core.report.text import about, absent, count, measure, named, plain

Report = Mapping[str, Any]

#: Labels that the chart shows; the table at the end has them all.
LABELS = 24


def sections(report: Report) -> list[str]:
    """Return the independent grouping, bands, edge cases and labels, each "" where missing."""
    return [_independent(report), _bands(report), _saturation(report), _labels(report)]


def _independent(report: Report) -> str:
    found, curve = (report.get("coverage") or {}).get("independent"), report.get("curve") or {}
    if not found:
        return ""
    noun, cards = noun_of(report), []
    if curve.get("independent_curated"):
        cards.append(
            '<div class="card"><h3>Independent groups covered against budget</h3>'
            + coverage_curve(curve, noun, "independent_")
            + legend(("chosen", "chosen"), ("random", "random, mean"))
            + "</div>"
        )
    if found.get("bins"):
        cards.append(
            '<div class="card"><h3>By size of the independent group</h3>'
            + size_bins(found["bins"], "independent-bins", noun)
            + legend(("bar", "chosen"), ("bar-random", "random, 95 %"))
            + "</div>"
        )
    method = f" Made by {plain(found['method'])}." if found.get("method") else ""
    return (
        '<section id="independent"><h2>Does it hold on an independent grouping?</h2>'
        '<p class="lead">The clusters above may be those the choice was made to cover; then a good '
        "figure there is its own doing. Here the set was grouped again, in a way that the choice "
        f'knew nothing of: this is the honest figure.{method}</p><div class="two">{"".join(cards)}'
        "</div></section>"
    )


def _bands(report: Report) -> str:
    bands = report.get("bands") or []
    if not bands:
        return ""
    draws = max((len(b["random"].get("draws") or []) for b in bands), default=0)
    cards = "".join(_band(band, index) for index, band in enumerate(bands))
    return (
        '<section id="bands"><h2>Other measures against random choices</h2>'
        f'<p class="lead">Each dot is one of {count(draws)} random choices of the same size; the '
        "shaded part holds the middle 95 % of them. The diamond is this choice.</p>"
        + legend(("draws", "random choices"), ("band", "their mean and middle 95 %"),
                 ("chosen", "this choice"))
        + f'<ul class="two strips">{cards}</ul></section>'
    )  # fmt: skip


def _band(band: Mapping[str, Any], index: int) -> str:
    random, say = band["random"], words_of(band)
    told = (
        f"{say(band['curated'])} · random {say(random.get('mean'))} "
        f"({say(random.get('low'))} – {say(random.get('high'))})"
    )
    rules = {"lower": " · lower is better", "higher": " · higher is better"}
    rule = rules.get(str(band.get("better")), "")
    return (
        f'<li class="card"><div class="group-head"><h3>{plain(band["title"])}</h3>'
        f'{standing(band.get("standing"))}</div><p class="small">{told}{rule}</p>'
        f"{strip(band, f'strip-{index}')}</li>"
    )


def _saturation(report: Report) -> str:
    """Return how far the edge cases are covered, "" where it was not computed."""
    found = report.get("saturation")
    if not found or not found.get("budgets"):
        return ""
    noun = noun_of(report)
    near = [("Edge cases in the set", count(found.get("edges")))]
    if not absent(found.get("radius")):
        near.append(("Within reach", f"nearer than {measure(found['radius'])}"))
    if found.get("suggested"):
        near.append(("Suggested stopping point", f"{count(found['suggested'])} edge cases"))
    facts = "".join(f"<div><dt>{name}</dt><dd>{plain(v)}</dd></div>" for name, v in near)
    shown = [
        ("line", "edge cases within reach of those taken, in the best order"),
        ("random", f"chance that one more random {plain(noun)} opens a new cluster"),
    ]
    if not absent(found.get("taken_s")):
        shown.insert(1, ("mark", f"this choice: {count(found.get('taken'))} edge cases"))
    return (
        '<section id="saturation"><h2>Are the edge cases in?</h2><div class="two">'
        f'<div class="card">{saturation_chart(found)}'
        + legend(*shown)
        + f'</div><div class="card"><p>{plain(found.get("text") or "")}</p>'
        f'<dl class="facts">{facts}</dl></div></div></section>'
    )  # fmt: skip


def _labels(report: Report) -> str:
    """Return how the labels are balanced, "" where the set has none."""
    found = report.get("labels")
    if not found or not found.get("rows"):
        return ""
    rows = found["rows"]
    shown = rows[:LABELS]
    most = max(v for r in shown for v in (r["curated"], r.get("random_high") or 0))
    lines = "".join(
        f'<div class="label-row"><span class="name">{named(row["value"])}</span>'
        f"{label_bar(row, most, f'label-{index}', str(row['value']))}"
        f'<span class="small">{count(row["curated"])} · random {about(row.get("random_mean"))}'
        f"</span></div>"
        for index, row in enumerate(shown)
    )
    more = (
        f'<p class="small">The first {len(shown)} of {count(len(rows))}; all are in the tables at '
        "the end.</p>"
        if len(rows) > len(shown)
        else ""
    )
    column = f" ({named(found['column'])})" if found.get("column") else ""
    return (
        f'<section id="labels"><h2>Labels{column}</h2><div class="card">'
        + legend(("bar", "chosen"), ("band", "random, 95 %"))
        + f'<div class="labels">{lines}</div>{more}</div></section>'
    )

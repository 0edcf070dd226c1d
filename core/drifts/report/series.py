"""The file of batches against one reference: the verdict, the control chart, every batch."""

from collections.abc import Mapping, Sequence
from typing import Any

from core.comparisons.report.tables import table
from core.drifts.report.shell import page_of
from core.drifts.report.tables import chance
from core.report.svg import Drawing, framed
from core.report.text import absent, count, escape, measure, moment, named, plain, plural, share

Meta = Mapping[str, Any]

WIDTH, HEIGHT = 360, 230
LEVELS = {
    "drift": ("▲", "Batches differ"),
    "none seen": ("●", "No difference seen"),
    "too few": ("◆", "Too few to tell"),
}
CITATIONS = (
    "Gretton, A. and others (2012). A kernel two-sample test. Journal of Machine Learning Research "
    "13, 723–773.",
    "Holm, S. (1979). A simple sequentially rejective multiple test procedure. Scandinavian "
    "Journal of Statistics 6, 65–70.",
)


def render_series(meta: Meta, *, key: str = "", created: str = "") -> bytes:
    """Return a series of batches as one self-contained HTML file.

    Parameters
    ----------
    meta
        As a `KeptSeries` holds it.
    key, created
        Id of the series, and when it was computed, ISO 8601.

    Returns
    -------
    bytes
        UTF-8, without scripts or addresses; all text is escaped.
    """
    sections = {
        "batches": ("Batch by batch", _batches(meta)),
        "order": ("Over time", _order(meta)),
        "plan": ("How large a batch must be", _plan(meta.get("plan"))),
        "method": ("Methods", _method(meta)),
    }
    number = f" Series <code>{plain(key)}</code>." if key else ""
    foot = (
        f'<footer class="small">Made by Vitrine.{number} The JSON file of this series can be '
        "verified: drift-series --verify FILE.</footer>"
    )
    return page_of(meta["title"], _head(meta, created), sections, foot)


def _head(meta: Meta, created: str) -> str:
    """Return what was compared, and the verdict."""
    reference, verdict = meta["reference"], meta.get("verdict")
    notes = "".join(f'<li><span class="caution">Note:</span> {plain(n)}</li>'
                    for n in meta.get("notes") or [])  # fmt: skip
    card = ""
    if verdict:
        sign, level = LEVELS.get(verdict["level"], ("", str(verdict["level"])))
        look = plain(str(verdict["level"]).replace(" ", "-"))
        card = (
            f'<div class="card verdict {look}"><p class="level"><span aria-hidden="true">{sign}'
            f'</span> {plain(level)}</p><p class="sentence">{plain(verdict["sentence"])}</p>'
            f'<ul class="warnings">{notes}</ul></div>'
        )
    facts = [
        ("Reference", f"{reference['text']}: {plural(reference['n_images'], 'image')}, "
                      f"{plural(reference['n_units'], 'unit')}"),
        ("Batches", count(len(meta["batches"]))), ("Encoder", meta["encoder"]["name"]),
        ("Seed", str(meta["seed"])),
    ]  # fmt: skip
    shown = "".join(
        f"<div><dt>{escape(name)}</dt><dd>{named(value)}</dd></div>" for name, value in facts
    )
    return (
        f'<header class="mast"><h1>{named(meta["title"])}</h1><p>{moment(created)}</p></header>'
        f'{card}<dl class="facts">{shown}</dl>'
    )


def _batches(meta: Meta) -> str:
    """Return the control chart and the table of batches."""
    lines: Sequence[Meta] = meta["batches"]
    if not lines:
        return ""
    rows = [
        [plain(str(one["name"])), state(one), measure(one["distance"]), _band(one),
         chance(one["p"]), chance(one["p_adjusted"]), count(one["images"]), count(one["units"])]
        for one in lines
    ]  # fmt: skip
    head = ("Batch", "Verdict", "MMD²", "Reference, 95 %", "p", "p after Holm", "Images", "Units")
    told = [one for one in lines if one["distance"] is not None]
    drawn = ""
    if told:
        drawn = (
            f'<div class="card"><h3>Distance to the reference</h3>{control_chart(told)}'
            '<p class="small">The band is where 95 % of draws of as many units of the reference '
            "itself lie. A diamond differs after Holm's correction; a dot above the band does "
            "not.</p></div>"
        )
    return drawn + table("Batches against the reference", head, rows)


def state(one: Meta) -> str:
    """Return what is said of a batch, in words."""
    if one["p"] is None:
        return "not tested"
    return "differs" if one["outside"] else "as the reference"


def _band(one: Meta) -> str:
    if absent(one["low"]) or absent(one["high"]):
        return "–"
    return f"{measure(one['low'])} – {measure(one['high'])}"


def control_chart(lines: Sequence[Meta]) -> str:
    """Return batches in their order against the band of the reference, as SVG."""
    values = [one[end] for one in lines for end in ("distance", "low", "high")
              if one[end] is not None]  # fmt: skip
    low, high = min(0.0, *values), max(values)
    room = 0.05 * (high - low or 1.0)
    text = "; ".join(f"{one['name']}: {measure(one['distance'])}, {state(one)}" for one in lines)
    drawing = Drawing("control", WIDTH, HEIGHT, "Distance of each batch to the reference", text)
    frame = framed(drawing, None, (low - room, high + room), "batches in their order", "MMD²")
    step = 1 / len(lines)
    upper, lower = [], []
    for at, one in enumerate(lines):
        for end in (at * step, (at + 1) * step):
            upper.append((frame.x(end), frame.y(one["high"])))
            lower.append((frame.x(end), frame.y(one["low"])))
    drawing.area(upper, lower, "band")
    middle = [(frame.x((at + 0.5) * step), frame.y(one["distance"]))
              for at, one in enumerate(lines)]  # fmt: skip
    drawing.line(middle, "between")
    for (x, y), one in zip(middle, lines, strict=True):
        if one["outside"]:
            drawing.diamond(x, y, 6.5, "outside")
        else:
            drawing.parts.append(f'<circle class="of-a" cx="{x:.1f}" cy="{y:.1f}" r="4"/>')
    first, last = (str(lines[at]["name"])[:18] for at in (0, -1))
    drawing.words(frame.x.start, frame.y.start + 16, first, "t", "start")
    if len(lines) > 1:
        drawing.words(frame.x.end, frame.y.start + 16, last, "t", "end")
    return drawing.svg()


def _order(meta: Meta) -> str:
    """Return the trend and the change point in words."""
    told = [meta[name]["text"] for name in ("trend", "change") if meta.get(name)]
    return "".join(f'<p class="paragraph">{plain(one)}</p>' for one in told)


def _plan(plan: Meta | None) -> str:
    """Return how many images a batch needs; "" where no plan was made."""
    if not plan:
        return ""
    how = {"measured": "measured here", "formula": "by formula"}
    rows = [
        [share(one["share"]), count(one["images"]) if one["images"] is not None else "–",
         how.get(one["how"], "no size is enough")]
        for one in plan["needed"]
    ]  # fmt: skip
    head = ("New images in the batch", "Images it needs", "From")
    return f'<p class="lead">{plain(plan["text"])}</p>' + table(
        "Images that a batch needs", head, rows
    )


def _method(meta: Meta) -> str:
    """Return how the series was made, as a paragraph, with its references."""
    told = (
        "Each batch is held against one fixed reference by the unbiased maximum mean discrepancy "
        "of unit means, with a Gaussian kernel whose width is the reference's median distance. p "
        f"is by dealing the units of batch and reference anew, {meta.get('permutations', 0):,} "
        "times, and adjusted by Holm's procedure over the batches. The band is where 95 % of 200 "
        "draws, without replacement, of as many units of the reference lie. The trend is "
        "Spearman's correlation of distance and order, permuted; the change point the largest "
        "standardised step of the mean, against the same in any order."
    )
    cited = "".join(f"<li>{plain(one)}</li>" for one in CITATIONS)
    used = "; ".join(f"{name} {value}" for name, value in (meta.get("versions") or {}).items())
    made = f'<p class="small">Made with {plain(used)}.</p>' if used else ""
    return f'<p class="paragraph">{told}</p><ol class="citations">{cited}</ol>{made}'

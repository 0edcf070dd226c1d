"""The file of a comparison: effect first, then tests, figures, tables and the method."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.comparisons.report import figures, metric, preset, tables
from core.report.html import POLICY
from core.report.minute import data_uri
from core.report.text import absent, count, escape, moment, named, plain, plural

Meta = Mapping[str, Any]

#: Gives the picture of a row as a JPEG or PNG file, None where there is none.
Pictures = Callable[[int], bytes | None]

_STYLES = (
    Path(__file__).parents[2] / "report" / "report.css",
    Path(__file__).with_name("report.css"),
)
#: Pictures of each group, and of the most and least distinctive.
SHOWN = 6
#: Axes of the ordination whose ends are shown in pictures.
AXES = 4


def render_html(
    meta: Meta,
    units: pd.DataFrame,
    arrays: Mapping[str, np.ndarray],
    pictures: Pictures,
    *,
    created: str = "",
) -> bytes:
    """Return a comparison as one self-contained HTML file.

    Parameters
    ----------
    meta, units, arrays
        As a `Comparison` holds them.
    pictures
        Gives the picture of a row as JPEG or PNG bytes, None where there is none.
    created
        When it was computed, ISO 8601.

    Returns
    -------
    bytes
        UTF-8, without scripts or addresses; all text is escaped, every picture is inside.
    """
    names = [str(group["name"]) for group in meta["design"]["groups"]]
    sections = [
        _metric(meta),
        _groups(meta, units, names, pictures),
        _tests(meta),
        _distances(meta, arrays),
        _ordination(meta, units, names, pictures),
        _variety(meta),
        _distinct(meta, units, pictures),
        _preset(meta, pictures),
        _method(meta),
    ]
    title = f"{meta['title']} · {meta['name']}"
    style = "\n".join(one.read_text(encoding="utf-8") for one in _STYLES)
    body = "\n".join([*_head(meta, created), *(s for s in sections if s), _foot()])
    page = (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="color-scheme" content="light dark">\n'
        '<meta name="generator" content="Vitrine">\n'
        f"<title>{escape(title)}</title>\n<style>\n{style}</style>\n</head>\n"
        f"<body>\n<main>\n{body}\n</main>\n</body>\n</html>\n"
    )
    return page.encode("utf-8")


def _section(name: str, title: str, *parts: str, lead: str = "") -> str:
    """Return a section; "" where nothing is in it."""
    inside = "".join(part for part in parts if part)
    first = f'<p class="lead">{plain(lead)}</p>' if lead else ""
    return f'<section id="{name}"><h2>{title}</h2>{first}{inside}</section>' if inside else ""


def _head(meta: Meta, created: str) -> list[str]:
    """Return what it is about, what was found, and what to be careful of."""
    design, request = meta["design"], meta["request"]
    mast = (
        f'<header class="mast"><h1>{named(meta["title"])} in {named(meta["name"])}</h1>'
        f"<p>{plain(plural(design['n_images'], meta.get('noun') or 'image'))}, "
        f"{plain(plural(design['n_units'], 'unit'))} · {moment(created)}</p></header>"
    )
    warned = "".join(
        f'<li><span class="{plain(one["level"])}">{plain(str(one["level"]).capitalize())}:</span> '
        f"{plain(one['text'])}</li>"
        for one in design.get("warnings") or []
    )
    notes = "".join(f"<li>{plain(one)}</li>" for one in design.get("notes") or [])
    verdict = (
        f'<div class="card verdict"><p class="sentence">{plain(meta["headline"])}</p>'
        + (f'<ul class="warnings">{warned}{notes}</ul>' if warned or notes else "")
        + "</div>"
    )
    card = meta.get("card") or {}
    facts = [
        ("Groups by", request.get("by")), ("Unit", design.get("unit")),
        ("Blocks", design.get("block")), ("Covariates", ", ".join(design.get("covariates") or [])),
        ("Only", request.get("within")), ("Encoder", (meta.get("encoder") or {}).get("name")),
        ("Is it metric here?", card.get("verdict")), ("Permutations", request.get("permutations")),
        ("Seed", request.get("seed")),
    ]  # fmt: skip
    lines = "".join(
        f"<div><dt>{name}</dt><dd>{named(value)}</dd></div>"
        for name, value in facts
        if value not in (None, "")
    )
    return [mast, verdict, f'<dl class="facts">{lines}</dl>']


def _metric(meta: Meta) -> str:
    """Return whether distances mean anything here, before every result."""
    card = meta.get("card") or {}
    if not card.get("verdict"):
        return ""
    verdict = metric.STATES.get(card["verdict"], metric.STATES["unknown"])
    said = any(one["code"] == "metric" for one in meta["design"].get("warnings") or [])
    text = "The reasons are above." if said else card.get("text") or ""
    told = f"<p><strong>{verdict}.</strong> {plain(text)}</p>"
    checks = metric.checks(card)
    shown = f"<details><summary>The checks</summary>{checks}</details>" if checks else ""
    return _section("metric", "Is this encoder metric here?", told, shown)


def _groups(meta: Meta, units: pd.DataFrame, names: Sequence[str], pictures: Pictures) -> str:
    """Return each group with its size and the images nearest to its mean."""
    cards = []
    for group in meta["design"]["groups"]:
        mine = units[units["group"] == group["code"]]
        near = mine.sort_values("centroid") if "centroid" in mine else mine
        shown = _strip(near["head"].tolist()[:SHOWN], pictures)
        size = f"{plural(group['units'], 'unit')}, {plural(group['images'], 'image')}"
        left = "" if group.get("tested", True) else " · too few to be tested"
        cards.append(
            f'<article class="card group"><div class="group-head"><h3>{named(group["name"])} '
            f'<span class="soft">· {plain(size)}{left}</span></h3></div>'
            f'<div class="group-body">{shown}</div></article>'
        )
    lead = "The images nearest to the mean of each group."
    return _section("groups", "Groups", f'<div class="two">{"".join(cards)}</div>', lead=lead)


def _strip(rows: Sequence[Any], pictures: Pictures) -> str:
    found = [(int(row), pictures(int(row))) for row in rows]
    shown = "".join(
        f'<li class="picture"><img src="{data_uri(data)}" alt="row {row}"></li>'
        if data
        else f'<li class="picture"><span class="no-picture">no<br>picture<br>{row}</span></li>'
        for row, data in found
    )
    return f'<ul class="pictures">{shown}</ul>' if shown else ""


def _tests(meta: Meta) -> str:
    lead = (
        "Effect first. The headline is the test for groups of unequal spread; the test of spread "
        "stands beside it, since a difference in spread alone can look like one in place."
    )
    return _section(
        "tests", "Tests", tables.tests(meta["tests"]), tables.pairs(meta["pairwise"]), lead=lead
    )


def _distances(meta: Meta, arrays: Mapping[str, np.ndarray]) -> str:
    matrix = arrays.get("matrix")
    names = [str(group["name"]) for group in meta["design"]["groups"]]
    drawn = ""
    if matrix is not None and len(matrix) == len(names) > 1 and np.isfinite(matrix).any():
        drawn = f'<div class="card">{figures.heat_map(names, matrix)}</div>'
    grown = meta.get("tree")
    tree = f'<div class="card"><h3>Tree</h3>{figures.tree(grown)}</div>' if grown else ""
    lead = (
        "Distances between the means of groups, less what units scatter by chance; 95 % jackknife "
        "intervals. A distance that is less than nothing after that is shown as 0."
    )
    return _section(
        "distances", "Distances between groups", drawn, tree, tables.distances(meta["distances"]),
        lead=lead,
    )  # fmt: skip


def _ordination(meta: Meta, units: pd.DataFrame, names: Sequence[str], pictures: Pictures) -> str:
    found = meta.get("ordination") or {}
    axes = [name for name in ("axis1", "axis2") if name in units]
    if len(axes) < 2 or not len(units) or len(found.get("explained") or []) < 2:
        return ""
    scores, groups = units[axes].to_numpy(np.float64), units["group"].to_numpy(np.int64)
    if not np.isfinite(scores).all():
        return ""
    drawn = figures.ordination(scores, groups, names, found["explained"])
    return _section(
        "ordination", "Ordination",
        f'<div class="card">{drawn}{figures.legend(names)}</div>',
        _axes(units, found["explained"], pictures),
        tables.supplementary(found.get("supplementary") or []),
        lead="Principal components of the units. Nothing is measured on this picture.",
    )  # fmt: skip


def _axes(units: pd.DataFrame, explained: Sequence[float], pictures: Pictures) -> str:
    """Return what the first axes are: pictures at their ends."""
    shown = []
    for at, share in enumerate(explained[:AXES], 1):
        if f"axis{at}" not in units:
            break
        heads = units.sort_values(f"axis{at}", kind="stable")["head"].tolist()
        low, high = (_strip(ends, pictures) for ends in (heads[:SHOWN], heads[::-1][:SHOWN]))
        shown.append(
            f'<div class="card"><h3>Axis {at}, {100 * float(share):.0f} %</h3>'
            f'<p class="small">Low end</p>{low}<p class="small">High end</p>{high}</div>'
        )
    return f'<div class="two">{"".join(shown)}</div>'


def _preset(meta: Meta, pictures: Pictures) -> str:
    """Return the analysis of the preset; "" where it was not asked for."""
    if not meta.get("lurig"):
        return ""
    made = preset.parts(meta["lurig"], lambda rows: _strip(rows, pictures))
    return _section("preset", "Preset after Lürig and others", *made)


def _variety(meta: Meta) -> str:
    found = meta.get("disparity") or {}
    rows = [(g["name"], g["variance"], g.get("variance_ci")) for g in found.get("groups") or []]
    drawn = figures.intervals("variety", "Variety of each group", rows, "sum of variances")
    shown = f'<div class="card">{drawn}</div>' if drawn else ""
    return _section(
        "variety", "Variety within groups", shown, tables.disparity(found),
        lead="How much the units of a group differ from one another, with 95 % intervals.",
    )  # fmt: skip


def _distinct(meta: Meta, units: pd.DataFrame, pictures: Pictures) -> str:
    if "distinctiveness" not in units or not len(units):
        return ""
    ordered = units.sort_values("distinctiveness", kind="stable")
    most = _strip(ordered["head"].tolist()[::-1][: 2 * SHOWN], pictures)
    least = _strip(ordered["head"].tolist()[: 2 * SHOWN], pictures)
    shown = (
        f'<div class="two"><div class="card"><h3>Most distinctive</h3>{most}</div>'
        f'<div class="card"><h3>Least distinctive</h3>{least}</div></div>'
    )
    return _section(
        "distinct", "Distinctive images", shown, tables.distinct(meta.get("distinct") or {}),
        lead="Units by their mean distance to all others.",
    )  # fmt: skip


def _method(meta: Meta) -> str:
    cited = "".join(f"<li>{plain(one)}</li>" for one in meta.get("citations") or [])
    hashes = "".join(
        f"<div><dt>{name}</dt><dd><code>{plain(meta[field])}</code></dd></div>"
        for name, field in (("Images", "imageset"), ("Vectors", "embeddings"))
        if meta.get(field)
    )
    left = meta["design"].get("left_out") or {}
    told = "; ".join(f"{count(n)} {why}" for why, n in left.items() if not absent(n) and n)
    out = f'<p class="small">Left out: {plain(told)}.</p>' if told else ""
    return _section(
        "method", "Methods", f'<p class="paragraph">{plain(meta.get("methods") or "")}</p>', out,
        f'<ol class="citations">{cited}</ol>' if cited else "",
        f'<dl class="facts">{hashes}</dl>' if hashes else "",
    )  # fmt: skip


def _foot() -> str:
    told = "Made by Vitrine. The JSON file of this comparison can be verified."
    return f'<footer class="small">{told}</footer>'

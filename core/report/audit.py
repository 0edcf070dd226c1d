"""What an auditor asks a report for: limits, method, settings, hashes, and every number."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from core.report.charts import words_of
from core.report.minute import noun_of
from core.report.text import about, absent, count, measure, moment, named, plain, share

Report = Mapping[str, Any]

#: Tables of up to so many rows are not broken between pages.
WHOLE = 12


def sections(report: Report) -> list[str]:
    """Return the limits, the method, what identifies the report, and its tables."""
    return [_limits(report), _method(report), _identity(report), _tables(report)]


def _limits(report: Report) -> str:
    said = "".join(f"<li>{plain(line)}</li>" for line in report.get("limits") or [])
    if not said:
        return ""
    return (
        '<section id="limits"><h2>What this does not show</h2>'
        f'<ul class="said">{said}</ul></section>'
    )


def _method(report: Report) -> str:
    told = "".join(
        f'<div class="keep"><h3>{plain(one["title"])}</h3><p>{plain(one["text"])}</p></div>'
        for one in report.get("method") or []
    )
    if not told:
        return ""
    return f'<section id="method" class="method"><h2>Method</h2>{told}</section>'


# -- what identifies it ----------------------------------------------------------------------------


def _identity(report: Report) -> str:
    of, encoder = report["set"], report.get("encoder") or {}
    about_it = {
        "set": of.get("name"),
        "items": count(of.get("items")),
        "choice": report["choice"].get("key"),
        "report": report.get("id"),
        "format": report.get("format"),
        "created": moment(report.get("created")),
        "checksum": report.get("checksum"),
    }
    groups = [
        ("Set and choice", about_it),
        ("Encoder", encoder),
        ("Settings", report.get("settings")),
        ("Seeds", report.get("seeds")),
        ("Hashes", report.get("hashes")),
        ("Versions", report.get("versions")),
    ]
    told = "".join(
        f'<div class="card"><h3>{name}</h3>{_pairs(_flat(values))}</div>'
        for name, values in groups
        if values
    )
    return (
        '<section id="audit" class="facts-of"><h2>For the auditor</h2><p class="lead">The JSON '
        f"file of this report lists every chosen {plain(noun_of(report))} and what each random "
        "choice reached; <code>report --verify</code> computes it again from the set and compares."
        "</p>"
        f'<div class="identity">{told}</div></section>'
    )


def _flat(values: Mapping[str, Any], before: str = "") -> Iterable[tuple[str, Any]]:
    """Yield the entries of a mapping and of those inside it, named one after another."""
    for key, value in values.items():
        name = f"{before}{key}"
        if isinstance(value, Mapping):
            yield from _flat(value, f"{name} · ")
        elif isinstance(value, list | tuple):
            yield name, ", ".join(str(v) for v in value)
        else:
            yield name, value


def _pairs(pairs: Iterable[tuple[str, Any]]) -> str:
    told = "".join(
        f"<dt>{plain(name.replace('_', ' '))}</dt><dd><code>{plain(value)}</code></dd>"
        for name, value in pairs
        if value not in (None, "")
    )
    return f'<dl class="pairs">{told}</dl>'


# -- tables ----------------------------------------------------------------------------------------


def _tables(report: Report) -> str:
    coverage = report.get("coverage") or {}
    independent = coverage.get("independent") or {}
    found = [
        _bins("Clusters covered, by size", coverage.get("bins")),
        _bins("Clusters covered by size, independent grouping", independent.get("bins")),
        _curve(report),
        _bands(report.get("bands") or []),
        _saturation(report),
        _labels(report),
    ]
    tables = [table for table in found if table]
    if not tables:
        return ""
    return (
        '<section id="tables" class="tables"><h2>The numbers behind the charts</h2>'
        f"{''.join(tables)}</section>"
    )


def _table(caption: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table that a keyboard can scroll sideways; cells are escaped already."""
    top = "".join(f'<th scope="col">{name}</th>' for name in head)
    rows = list(rows)
    whole = "" if len(rows) > WHOLE else " keep"
    body = "".join(
        f'<tr><th scope="row">{row[0]}</th>{"".join(f"<td>{cell}</td>" for cell in row[1:])}</tr>'
        for row in rows
    )
    return (
        f'<div class="scroll{whole}" tabindex="0" role="region" aria-label="{caption}"><table>'
        f"<caption>{caption}</caption><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _between(low: Any, high: Any, words: Any = about) -> str:
    return "–" if absent(low) or absent(high) else f"{words(low)} – {words(high)}"


def _bins(caption: str, bins: Any) -> str:
    if not bins:
        return ""
    rows = [
        [plain(b["size"]), count(b["clusters"]), count(b["covered"]),
         share(b["covered"] / b["clusters"] if b["clusters"] else None),
         about(b.get("random_mean")), measure(b.get("random_sd")),
         _between(b.get("random_low"), b.get("random_high"))]
        for b in bins
    ]  # fmt: skip
    head = ("Size", "Clusters", "Covered", "Share", "Random", "SD", "95 %")
    return _table(caption, head, rows)


def _curve(report: Report) -> str:
    curve = report.get("curve")
    if not curve:
        return ""
    noun = noun_of(report)
    fields = [
        ("Chosen", "curated", count), ("Random", "random_mean", about),
        ("Low", "random_low", about), ("High", "random_high", about),
        ("Most possible", "ceiling", count),
        ("Chosen, independent", "independent_curated", count),
        ("Random, independent", "independent_random_mean", about),
    ]  # fmt: skip
    there = [(title, curve[name], words) for title, name, words in fields if curve.get(name)]
    rows = [
        [count(budget), *(words(values[at]) for _, values, words in there)]
        for at, budget in enumerate(curve["budgets"])
    ]
    head = [f"{plain(noun).capitalize()}s", *(title for title, _, _ in there)]
    return _table("Clusters covered against budget", head, rows)


def _bands(bands: Sequence[Mapping[str, Any]]) -> str:
    if not bands:
        return ""
    rows = []
    for band in bands:
        say, random = words_of(band), band["random"]
        percentile = band.get("percentile")
        rows.append([
            plain(band["title"]), say(band["curated"]), say(random.get("mean")),
            _between(random.get("low"), random.get("high"), say), plain(band.get("better") or "–"),
            "–" if percentile is None else share(percentile / 100), plain(band.get("unit") or "–"),
        ])  # fmt: skip
    head = ("Measure", "Chosen", "Random", "95 %", "Better", "Random better", "Unit")
    return _table("Other measures", head, rows)


def _saturation(report: Report) -> str:
    found = report.get("saturation")
    if not found or not found.get("budgets"):
        return ""
    fields = [
        ("Within reach", "s", share), ("Gain of the next 1 %", "gain_next", measure),
        ("Drift of the centre", "drift", measure),
        ("New cluster", "new_cluster_probability", share),
    ]  # fmt: skip
    there = [(title, found[name], words) for title, name, words in fields if found.get(name)]
    rows = [
        [count(budget), *(words(values[at]) if at < len(values) else "–"
                          for _, values, words in there)]
        for at, budget in enumerate(found["budgets"])
    ]  # fmt: skip
    head = [f"{plain(noun_of(report)).capitalize()}s", *(title for title, _, _ in there)]
    return _table("Edge cases within reach", head, rows)


def _labels(report: Report) -> str:
    found = report.get("labels")
    if not found or not found.get("rows"):
        return ""
    rows = [
        [named(row["value"]), count(row["set"]), count(row["curated"]),
         about(row.get("random_mean")), _between(row.get("random_low"), row.get("random_high"))]
        for row in found["rows"]
    ]  # fmt: skip
    return _table("Labels", ("Label", "In the set", "Chosen", "Random", "95 %"), rows)

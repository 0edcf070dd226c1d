"""The tables of a comparison's file."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from core.report.text import absent, count, measure, named, plain

Meta = Mapping[str, Any]

#: Lines up to which a table is shown at once.
OPEN = 15


def table(caption: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table that a keyboard can scroll sideways; cells are escaped already."""
    top = "".join(f'<th scope="col">{name}</th>' for name in head)
    body = "".join(
        f'<tr><th scope="row">{row[0]}</th>{"".join(f"<td>{cell}</td>" for cell in row[1:])}</tr>'
        for row in rows
    )
    if not body:
        return ""
    count = body.count("<tr>")
    shown = (
        f'<div class="scroll" tabindex="0" role="region" aria-label="{caption}"><table>'
        f"<caption>{caption}</caption><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table></div>"
    )
    if count <= OPEN:
        return shown
    return f"<details><summary>{caption}: {count} lines</summary>{shown}</details>"


def probability(p: float | None, least: float | None = None) -> str:
    """Return a p-value with two digits that count, and "the least possible" where it is that."""
    if p is None or absent(p):
        return "–"
    told = f"{p:.2g}" if p >= 1e-4 else f"{p:.0e}"
    return f"{told} (the least possible)" if least is not None and p <= least * 1.0001 else told


def between(ci: Any) -> str:
    """Return an interval."""
    if not ci or any(absent(value) for value in ci):
        return "–"
    return f"{measure(ci[0])} – {measure(ci[1])}"


def tests(found: Sequence[Meta]) -> str:
    """Return the tests: effect, statistic, p, what to be careful of."""
    rows: list[list[str]] = []
    notes: list[str] = []
    for one in found:
        name = plain(one["name"]) + (f", {named(one['term'])}" if one.get("term") else "")
        beside = (
            "" if absent(one.get("effect_null")) else f" (chance {measure(one['effect_null'])})"
        )
        effect = (
            f"{plain(one.get('effect_name') or '')} {measure(one['effect'])}{beside}"
            if not absent(one.get("effect"))
            else "–"
        )
        said = one.get("warnings") or ([] if one["status"] == "ok" else [one["status"]])
        notes += [f"<li>{name}: {plain(text)}.</li>" for text in said]
        kind = " · descriptive" if one.get("descriptive") else ""
        statistic = f"{plain(one.get('statistic_name') or '')} {measure(one.get('statistic'))}"
        rows.append([
            name + kind, effect, between(one.get("ci")), statistic,
            probability(one.get("p"), one.get("p_min")), count(one.get("permutations")),
            count(one.get("n_units")),
        ])  # fmt: skip
    head = ("Test", "Effect", "95 %", "Statistic", "p", "Permutations", "Units")
    below = f'<ul class="said small">{"".join(notes)}</ul>' if notes else ""
    return table("Tests", head, rows) + below


def pairs(found: Sequence[Meta]) -> str:
    """Return the tests of pairs of groups."""
    rows = [
        [f"{named(one['a'])} – {named(one['b'])}", measure(one.get("effect")),
         measure(one.get("statistic")), probability(one.get("p"), one.get("p_min")),
         probability(one.get("p_adjusted")), count(one.get("n_units"))]
        for one in found
    ]  # fmt: skip
    head = ("Pair", "ω²", "F", "p", "p, adjusted", "Units")
    return table("Pairs of groups, p adjusted by Benjamini and Hochberg", head, rows)


def distances(found: Sequence[Meta]) -> str:
    """Return the distances between groups with their intervals."""
    rows = [
        [f"{named(one['a'])} – {named(one['b'])}",
         measure(one["distance"]) + (" (cut at 0)" if one.get("truncated") else ""),
         between(one.get("ci"))]
        for one in found
    ]  # fmt: skip
    return table("Distances between groups", ("Pair", "Distance", "95 %"), rows)


def supplementary(found: Sequence[Meta]) -> str:
    """Return how measured columns go along the axes."""
    rows = [
        [named(one["column"]), str(int(one["axis"])), measure(one["r"]),
         probability(one.get("p_adjusted")), count(one.get("n"))]
        for one in found
        if not absent(one.get("r"))
    ]  # fmt: skip
    head = ("Column", "Axis", "Spearman", "p, adjusted", "Units")
    return table("Columns along the axes", head, rows)


def disparity(found: Meta) -> str:
    """Return the variety of each group, and the differences."""
    rows = [
        [named(one["name"]), measure(one.get("variance")), between(one.get("variance_ci")),
         measure(one.get("distance")), between(one.get("distance_ci")),
         measure((one.get("hull") or {}).get("volume")), count(one.get("units"))]
        for one in found.get("groups") or []
    ]  # fmt: skip
    head = ("Group", "Sum of variances", "95 %", "Mean distance", "95 %", "Hull (illustrative)",
            "Units")  # fmt: skip
    pairs = [
        [f"{named(one['a'])} – {named(one['b'])}", measure(one["estimate"]),
         between(one.get("ci")), probability(one.get("p")), probability(one.get("p_adjusted"))]
        for one in found.get("pairs") or []
    ]  # fmt: skip
    below = ("Pair", "Difference", "95 %", "p", "p, adjusted")
    return table("Variety", head, rows) + table("Differences in variety", below, pairs)


def distinct(found: Meta) -> str:
    """Return how distinctive each group is."""
    rows = [
        [named(one["name"]), measure(one.get("distinctiveness")), probability(one.get("p")),
         probability(one.get("p_adjusted")), measure(one.get("uniqueness")),
         measure(one.get("originality")), measure(one.get("specialisation"))]
        for one in found.get("groups") or []
    ]  # fmt: skip
    head = ("Group", "Distinctiveness", "p", "p, adjusted", "Uniqueness", "Originality",
            "Specialisation")  # fmt: skip
    return table("Groups by their means", head, rows)

"""The tables of two sets' file: cells are numbers as they were kept, three digits that count."""

from collections.abc import Mapping, Sequence
from typing import Any

from core.comparisons.report.tables import between, probability, table
from core.report.text import absent, count, measure, named, plain, share

Meta = Mapping[str, Any]

STATES = {"new": "new", "gone": "gone", "grew": "grew", "shrank": "shrank", "same": "–"}
#: p-values that a computer's numbers cannot hold.
LEAST = 1e-300


def chance(p: Any, least: Any = None) -> str:
    """Return a p-value; never 0, for that is only less than numbers can hold."""
    if not absent(p) and p < LEAST:
        return "&lt; 1e-300"
    return probability(p, least)


def tests(found: Sequence[Meta]) -> str:
    """Return the headline tests: effect first, then p alone and after Holm."""
    rows = [
        [plain(one["name"]),
         "–" if absent(one["effect"])
         else f"{plain(one['effect_name'])} {measure(one['effect'])}",
         between(one.get("ci")), chance(one.get("p"), one.get("p_min")),
         chance(one.get("p_adjusted")), _splits(one)]
        for one in found
    ]  # fmt: skip
    notes = "".join(
        f"<li>{plain(one['name'])}: {plain(one['notice'])}.</li>" for one in found if one["notice"]
    )
    head = ("Test", "Effect", "95 %", "p", "p after Holm", "Splits")
    below = f'<ul class="said small">{notes}</ul>' if notes else ""
    return table("The three tests of the verdict", head, rows) + below


def _splits(one: Meta) -> str:
    if absent(one.get("p")):
        return "–"
    return count(one["permutations"]) if one["permutations"] else "exact"


def scale(found: Meta, what: str) -> str:
    """Return a difference beside known ones, the smallest first."""
    lines = sorted([{**found, "name": what}, *found["anchors"]], key=lambda one: one["value"])
    rows = [
        [plain(one["name"]), measure(one["value"]), between([one.get("low"), one.get("high")])]
        for one in lines
    ]
    return table("Beside known differences", ("Difference", "MMD²", "95 %"), rows)


def clusters(found: Sequence[Meta]) -> str:
    """Return every group with its counts, shares and part of the difference."""
    rows = [
        [str(int(one["id"])), STATES.get(one["state"], plain(one["state"])),
         count(one["count_a"]), count(one["count_b"]), share(one["share_a"]),
         share(one["share_b"]), points(one.get("ci")), chance(one.get("p_adjusted")),
         part(one.get("part"))]
        for one in found
    ]  # fmt: skip
    head = ("Group", "Change", "A", "B", "Share of A", "Share of B", "B − A, 95 %",
            "p, adjusted", "Part of MMD²")  # fmt: skip
    return table("Groups of both sets together", head, rows)


def part(value: Any) -> str:
    """Return a part of a whole, which may be less than nothing."""
    if absent(value):
        return "–"
    return f"{100 * value:.1f} %".replace("-0.0", "0.0").replace("-", "−")


def points(ci: Any) -> str:
    """Return an interval of a difference of shares, in percentage points."""
    if not ci or any(absent(value) for value in ci):
        return "–"
    low, high = (f"{100 * value:+.1f}".replace("-", "−") for value in ci)
    return f"{low} to {high}"


def explanations(found: Sequence[Meta]) -> str:
    """Return how columns and measures differ between the sides."""
    rows = []
    for one in found:
        if one["kind"] == "category":
            value, chanced = one.get("most"), f"Cramér's V {measure(one['effect'])}"
            what = "" if not value else f": {named(value[0])}"
            ends = ("–", "–") if not value else (share(value[1]), share(value[2]))
        else:
            what, chanced = "", f"P(B > A) {measure(one['effect'])}"
            ends = (measure(one.get("first")), measure(one.get("second")))
        rows.append([named(one["column"]) + what, chanced, *ends, chance(one.get("p_adjusted")),
                     count(one.get("n"))])  # fmt: skip
    head = ("What", "Effect", "A", "B", "p, adjusted", "Images")
    return table("Columns and measures of pictures", head, rows)


def exposure(found: Meta) -> str:
    """Return how bright and fine both sides are, and what is left once they are made alike."""
    if not found.get("brightness"):
        return ""
    rows = [
        ["Brightness, median (0 to 1)", *map(measure, found["brightness"])],
        ["Fineness, median", *map(measure, found["fineness"])],
        ["Images compared", *map(count, found.get("images") or [None, None])],
    ]  # fmt: skip
    told = table("Exposure of the pictures", ("", "A", "B"), rows)
    if absent(found.get("remains")):
        return told
    return told + (
        f'<p class="small">Of the MMD² of these images {share(found["remains"])} remains once '
        f"pictures are made equally bright and sharp: p {chance(found.get('p_before'))} before, "
        f"{chance(found.get('p_after'))} after.</p>"
    )


def labels(found: Sequence[Meta]) -> str:
    """Return how the images of each label differ between the sides."""
    rows = [
        [named(one["label"]), count(one["n_a"]), count(one["n_b"]), measure(one.get("effect")),
         chance(one.get("p")), chance(one.get("p_adjusted"))]
        for one in found
    ]  # fmt: skip
    head = ("Label", "A", "B", "MMD²", "p", "p, adjusted")
    told = table("Each label alone", head, rows)
    if any(absent(one.get("p")) for one in found):
        told += '<p class="small">– where a side has too few units of a label to be tested.</p>'
    return told


def components(found: Sequence[Meta], most: int = 10) -> str:
    """Return the components along which the sides differ most."""
    rows = [
        [str(int(one["component"])), share(one.get("share")), measure(one.get("statistic")),
         chance(one.get("p_adjusted"))]
        for one in found[:most]
    ]  # fmt: skip
    head = ("Component", "Share of the variance", "Kolmogorov–Smirnov", "p, adjusted")
    return table("Principal components that differ most", head, rows)


def measures(details: Meta) -> str:
    """Return the other measures of two sets, each beside what two equal sets would give."""
    head = ("Measure", "Value", "95 %", "Of two equal sets", "p")
    told = table("Other measures", head, [*_tested(details), *_distances(details)])
    if not details.get("frechet"):
        told += '<p class="small">A Fréchet distance needs more units a side than dimensions.</p>'
    return told


def _tested(details: Meta) -> list[list[str]]:
    rows = []
    for key in ("mmd_scales", "energy"):
        if one := details.get(key):
            rows.append([
                plain(one["name"]), measure(one["effect"]), between(one.get("ci")), "0",
                chance(one.get("p"), one.get("p_min")),
            ])  # fmt: skip
    if found := details.get("stability"):
        rows.append(["Population stability index", measure(found["value"]), "–",
                     measure(found.get("null")), chance(found.get("p"))])  # fmt: skip
    if found := details.get("divergence"):
        rows.append(["Jensen–Shannon divergence of groups, bits", measure(found["value"]),
                     between(found.get("ci")), "–", "–"])  # fmt: skip
    return rows


def _distances(details: Meta) -> list[list[str]]:
    rows = []
    if found := details.get("sliced"):
        rows.append(["Sliced Wasserstein distance", measure(found["value"]), "–", "–", "–"])
    found = details.get("frechet") or {}
    rows += [
        ["Fréchet distance (FID of these vectors)", measure(found.get("value")), "–", "–", "–"],
        ["Fréchet distance at infinitely many images", measure(found.get("unbiased")), "–", "0",
         "–"],
    ]  # fmt: skip
    if found := details.get("kernel"):
        ci = [found.get("low"), found.get("high")]
        rows.append(
            ["Kernel distance (KID of these vectors)", measure(found["value"]), between(ci), "0",
             "–"]
        )  # fmt: skip
    if found := details.get("overlap"):
        for name in ("precision", "recall", "density", "coverage"):
            null = measure(found.get(f"{name}_null"))
            rows.append([name.capitalize(), measure(found[name]), "–", null, "–"])
    return rows

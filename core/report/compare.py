"""Two reports side by side: what can be compared, and what is not the same in them."""

from collections.abc import Mapping
from typing import Any

from core.report.words import about, count, figure, percent

Report = Mapping[str, Any]

#: Where each of the things that two reports may share lies in them, with what it is called.
_SHARED = {
    "set": ("hashes", "imageset"),
    "vectors": ("hashes", "embeddings"),
    "micro-clusters": ("hashes", "micro"),
    "independent groups": ("hashes", "partition"),
    "pool": ("hashes", "pool"),
    "images chosen": ("choice", "count"),
    "strategy": ("choice", "strategy"),
    "seed of the choice": ("choice", "seed"),
    "random choices": ("settings", "draws"),
}
#: Shared things without which no measure of two reports can be compared.
_NEEDED = ("set", "vectors", "pool")


def compare_reports(a: Report, b: Report) -> dict[str, Any]:
    """Return two reports side by side.

    Parameters
    ----------
    a, b
        Reports as JSON.

    Returns
    -------
    dict
        "rows": {"title", "a", "b" (as text), "better" ("a", "b", "same", or null where they cannot
        be compared)}; "same": for each thing that differs, its value in both, as [a, b];
        "sentences".

    Notes
    -----
    One is "better" only by its number, and of two sizes only the smaller choice can be.
    Whether that is more than chance each report says for itself, against random choices.
    """
    other = {
        name: [_short(a[part].get(key)), _short(b[part].get(key))]
        for name, (part, key) in _SHARED.items()
        if a[part].get(key) != b[part].get(key)
    }
    comparable = not any(name in other for name in _NEEDED)
    rows = [
        *_described(a, b),
        *_coverage(a, b, "micro-clusters", comparable and "micro-clusters" not in other),
        *_coverage(a, b, "independent", comparable and "independent groups" not in other),
        *_bands(a, b, comparable),
    ]
    _spare_the_smaller(rows, a["choice"]["count"], b["choice"]["count"])
    return {"rows": rows, "same": other, "sentences": _sentences(a, b, rows, other)}


def _spare_the_smaller(rows: list[dict[str, Any]], first: int, second: int) -> None:
    """Leave a row unranked where the better choice is the larger one: it would be in any case."""
    larger = "a" if first > second else "b" if second > first else None
    for row in rows:
        if larger is not None and row["better"] in {larger, "same"}:
            row["better"] = None


def _short(value: Any) -> Any:
    """Return a value, or the first digits of a key."""
    return value[:12] if isinstance(value, str) and len(value) >= 32 else value


def _row(title: str, a: str, b: str, better: str | None) -> dict[str, Any]:
    return {"title": title, "a": a, "b": b, "better": better}


def _described(a: Report, b: Report) -> list[dict[str, Any]]:
    """Return the rows that describe and do not rank."""

    def chosen(report: Report) -> str:
        choice = report["choice"]
        return f"{count(choice['count'])} ({percent(choice['share'])} of the pool)"

    return [
        _row("Verdict", a["verdict"]["sentence"], b["verdict"]["sentence"], None),
        _row("Chosen", chosen(a), chosen(b), None),
    ]


def _better(a: float, b: float, *, higher: bool) -> str:
    """Return which of two numbers is better."""
    if abs(a - b) <= 1e-9 * max(1.0, abs(a)):
        return "same"
    return "a" if (a > b) == higher else "b"


def _coverage(a: Report, b: Report, which: str, comparable: bool) -> list[dict[str, Any]]:
    """Return the rows on clusters covered: the number, and how far it is from random."""
    title = "Independent groups covered" if which == "independent" else "Micro-clusters covered"
    one, two = (
        report["coverage"]["independent"] if which == "independent" else report["coverage"]
        for report in (a, b)
    )

    def covered(found: Report) -> str:
        return (
            f"{count(found['covered'])} of {count(found['clusters'])}; "
            f"random {about(found['random']['mean'])}"
        )

    better = _better(one["covered"], two["covered"], higher=True) if comparable else None
    return [_row(title, covered(one), covered(two), better)]


def _bands(a: Report, b: Report, comparable: bool) -> list[dict[str, Any]]:
    """Return a row for each band that both have."""
    others = {band["name"]: band for band in b["bands"]}
    rows = []
    for one in a["bands"]:
        two = others.get(one["name"])
        if two is None:
            continue
        better = _better(one["curated"], two["curated"], higher=one["better"] == "higher")
        # Of fewer images fewer are near-duplicates, and shares differ more by chance.
        ranked = comparable and one["name"] != "near_duplicates"
        if a["choice"]["count"] == b["choice"]["count"]:
            ranked = comparable
        rows.append(_row(one["title"], _said(one), _said(two),
                         better if ranked else None))  # fmt: skip
    return rows


def _said(band: Report) -> str:
    return f"{figure(band['curated'])}; random {figure(band['random']['mean'])}"


def _sentences(
    a: Report, b: Report, rows: list[dict[str, Any]], other: Mapping[str, list[Any]]
) -> list[str]:
    """Return what can be said of both."""
    unlike = [name for name in _NEEDED if name in other]
    if unlike:
        return [
            f"The two reports are about a different {' and a different '.join(unlike)}: their "
            "numbers stand side by side, but neither can be called better."
        ]
    ranked = [row for row in rows if row["better"] is not None]
    said = [
        f"Of {count(len(ranked))} measures that can be compared the first is better in "
        f"{count(sum(row['better'] == 'a' for row in ranked))}, the second in "
        f"{count(sum(row['better'] == 'b' for row in ranked))}."
    ]
    n, m = a["choice"]["count"], b["choice"]["count"]
    if n != m:
        said.append(
            f"The first has {count(n)} images and the second {count(m)}: more images cover more, "
            "whoever chooses them, so the larger choice is nowhere called better. Compare each "
            "with its own random choices."
        )
    if "independent groups" in other:
        said.append("Their independent groups are different ones, so those are not ranked.")
    return said

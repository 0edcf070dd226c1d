"""A report as JSON values, from a choice and what is known of its set.

`build_report` is a function of its arguments alone: the same give the same report, which is what
lets `core.report.check` find a number that was changed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from core.keys import sealed
from core.progress import Progress
from core.report.bands import bands_of, figures_of
from core.report.covering import SIDES, coverage_of, curve_of, groups_of
from core.report.galleries import galleries
from core.report.measure import Measured, label_codes, measure
from core.report.notes import limits_of, method_of
from core.report.sentences import sentences_of, verdict_detail, verdict_sentence
from core.report.subject import Subject
from core.report.verdict import level_of, place_of

KIND, FORMAT = "vitrine.report", 1
#: Labels listed, the commonest ones.
LABELS = 200


@dataclass(frozen=True, slots=True)
class About:
    """What a report says beside its numbers; every mapping as in `docs/methods/report.md`.

    `choice` lacks what is counted (`count`, `share`, `rows`, `ids`); `maps` lacks `random_rows`;
    `table` is the table of the micro-clusters and `addresses` the durable address of every row.
    """

    id: str
    created: str
    set: Mapping[str, Any]
    choice: Mapping[str, Any]
    table: pd.DataFrame
    addresses: Sequence[str]
    encoder: Mapping[str, Any]
    hashes: Mapping[str, Any]
    settings: Mapping[str, Any]
    versions: Mapping[str, str]
    label_column: str | None = None
    maps: Mapping[str, Any] | None = None
    saturation: Mapping[str, Any] | None = None
    metric: bool = True
    partition_method: str = "k-means on unit vectors (64 principal components), top down"


def build_report(
    subject: Subject, about: About, progress: Progress | None = None
) -> dict[str, Any]:
    """Return a report as JSON values, sealed by a checksum.

    Raises
    ------
    JobCancelled
        Somebody asked to stop.
    """
    found = measure(subject, progress)
    micro = groups_of(subject, subject.micro)
    independent = groups_of(subject, subject.independent)
    places = {name: place_of(found, name) for name in found.chosen}
    noun = str(about.set["noun"])
    coverage = coverage_of(micro, subject.chosen)
    coverage["independent"] = {
        "method": about.partition_method, **coverage_of(independent, subject.chosen)
    }  # fmt: skip
    bands = bands_of(found, places, noun)
    report: dict[str, Any] = {
        "kind": KIND, "format": FORMAT, "id": about.id, "created": about.created,
        "set": dict(about.set),
        "choice": _choice(subject, about),
        "verdict": {"level": level_of(places), "sentence": "", "detail": []},
        "figures": figures_of(coverage, bands, places, noun),
        "coverage": coverage,
        "bands": bands,
        "curve": curve_of(subject, micro, independent),
        "labels": _labels(subject, about.label_column),
        "maps": _maps(about, found),
        **galleries(micro, about.table, subject.chosen, about.addresses, noun),
        "saturation": None if about.saturation is None else dict(about.saturation),
        "settings": {**about.settings, "tau": subject.tau, "asked": found.asked, "of": found.of},
        "hashes": dict(about.hashes),
        "encoder": dict(about.encoder),
        "versions": dict(about.versions),
        "seeds": {"random": subject.seed, "independent": subject.seed},
    }  # fmt: skip
    return sealed(_worded(report, found, about.metric))


def _worded(report: dict[str, Any], found: Measured, metric: bool) -> dict[str, Any]:
    """Return a report with its sentences, which are made from its numbers."""
    report["verdict"]["sentence"] = verdict_sentence(report)
    report["verdict"]["detail"] = verdict_detail(report)
    report["sentences"] = sentences_of(report)
    context = {"asked": found.asked, "of": found.of, "exact": found.exact, "metric": metric}
    report["limits"] = limits_of(report, context)
    report["method"] = method_of(report)
    return report


def _choice(subject: Subject, about: About) -> dict[str, Any]:
    """Return what is said of the choice."""
    rows = [int(row) for row in subject.chosen]
    pool = {**about.choice["pool"], "count": len(subject.pool)}
    pool["ranges"] = None if len(subject.pool) == len(subject.unit) else ranges_of(subject.pool)
    return {
        **about.choice, "pool": pool, "count": subject.n, "share": subject.n / len(subject.pool),
        "already": len(subject.already), "already_ranges": ranges_of(subject.already),
        "rows": rows, "ids": [about.addresses[row] for row in rows],
    }  # fmt: skip


def ranges_of(rows: np.ndarray) -> list[list[int]]:
    """Return ascending rows as [first, last] pairs."""
    if not len(rows):
        return []
    rows = np.sort(rows)
    breaks = np.flatnonzero(np.diff(rows) > 1)
    firsts, lasts = rows[np.r_[0, breaks + 1]], rows[np.r_[breaks, len(rows) - 1]]
    return [[int(a), int(b)] for a, b in zip(firsts, lasts, strict=True)]


def rows_of(ranges: Sequence[Sequence[int]], total: int) -> np.ndarray:
    """Return the rows that `ranges_of` was given, ascending int64.

    Raises
    ------
    ValueError
        They are not ascending ranges of rows below `total`.
    """
    ends = [end for pair in ranges for end in pair]
    if ends != sorted(ends) or any(not 0 <= end < total for end in ends):
        raise ValueError(f"ranges must ascend and lie below {total}")
    parts = [np.arange(a, b + 1, dtype=np.int64) for a, b in ranges]
    return np.concatenate(parts) if parts else np.zeros(0, np.int64)


def _maps(about: About, found: Measured) -> dict[str, Any] | None:
    """Return which map is shown, and one random choice for it: the first that was drawn."""
    if about.maps is None:
        return None
    return {**about.maps, "random_rows": [int(row) for row in np.sort(found.drawn[0])]}


def _labels(subject: Subject, column: str | None) -> dict[str, Any] | None:
    """Return how often each label is in the whole, in the choice, and in random choices.

    A random choice of n of N has n·m/N of m items on average, with the hypergeometric variance.
    """
    if subject.labels is None or column is None:
        return None
    codes, values = label_codes(subject.labels)
    texts = sorted({str(v) for v in subject.labels if v is not None})
    whole, pool, mine, sure = (
        np.bincount(codes[rows][codes[rows] >= 0], minlength=values)
        for rows in (subject.universe, subject.pool, subject.chosen, subject.already)
    )
    n, total = subject.n, len(subject.pool)
    share = pool / total
    mean = n * share + sure
    spread = np.sqrt(n * share * (1 - share) * (total - n) / max(1, total - 1))
    there = np.flatnonzero(whole)
    order = there[np.lexsort((there, -whole[there]))]
    return {
        "column": column, "values": len(there), "listed": min(LABELS, len(there)),
        "without": int(((mine + sure)[there] == 0).sum()),
        "unlabelled": int((codes[subject.universe] < 0).sum()),
        "rows": [
            {
                "value": texts[at], "set": int(whole[at]), "curated": int(mine[at] + sure[at]),
                "random_mean": float(mean[at]),
                "random_low": float(max(sure[at], mean[at] - SIDES * spread[at])),
                "random_high": float(
                    min(sure[at] + min(n, pool[at]), mean[at] + SIDES * spread[at])
                ),
            }
            for at in order[:LABELS].tolist()
        ],
    }  # fmt: skip

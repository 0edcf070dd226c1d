"""What explains a difference: columns, labels, picture measures, exposure; and how large it is."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from core.drift.anchors import scale_of
from core.drift.conditional import by_label
from core.drift.explain import explain
from core.drift.occupancy import pooled_clusters
from core.drift.power import REPEATS, planted_power, reached
from core.drifting.pool import Pool, pooled_columns
from core.errors import NotFoundError
from core.findings import Findings
from core.labelled.values import label_column
from core.progress import Progress
from core.quality.threads import calm_threads

#: Groups of the reference that are held back, and the fewest units of one.
HELD, LEAST = 3, 20

#: Measures of pictures by the names of the check's table.
MEASURES = {
    "brightness_low": "Brightness of the dark parts", "brightness_high": "Brightness of the light "
    "parts", "entropy": "Information", "sharpness": "Sharpness", "width": "Width of the picture",
    "height": "Height of the picture",
}  # fmt: skip


def measures_of(pool: Pool) -> dict[str, pd.Series]:
    """Return the measures of pictures in the pool's order; {} where a set was not checked."""
    findings, tables = Findings(pool.workspace), []
    for part in pool.parts:
        check = findings.check(part.opened)
        stored = None if check is None or check.stale else check.pixels
        if stored is None:
            return {}
        tables.append(stored.tables["measures"].iloc[part.rows])
    both = pd.concat(tables, ignore_index=True)
    return {text: both[name] for name, text in MEASURES.items() if name in both}


def explained(pool: Pool, progress: Progress) -> list[dict[str, Any]]:
    """Return how columns and measures differ between the sides, the most different first."""
    progress.report("columns")
    columns = pooled_columns(pool)
    measures = measures_of(pool)
    found = explain(
        {**columns, **measures}, pool.of_images, permutations=min(999, pool.asked.permutations),
        seed=pool.asked.seed,
    )  # fmt: skip
    return [
        {**asdict(line), "kind": "measure" if line.column in measures else line.kind}
        for line in found
    ]


def by_labels(pool: Pool, progress: Progress) -> list[dict[str, Any]]:
    """Return how the images of each label differ between the sides; [] where there are none."""
    codes = _labels(pool)
    if codes is None:
        return []
    names, places = codes
    stands = pool.stands
    with calm_threads(1_000_000):
        found = by_label(
            pool.points[stands], pool.second[stands], places[stands], pool.units[stands],
            permutations=min(999, pool.asked.permutations), seed=pool.asked.seed,
            progress=progress,
        )  # fmt: skip
    return [
        {"label": names[one.label], "n_a": one.first, "n_b": one.second,
         "effect": one.test.effect, "p": one.test.p, "p_adjusted": one.p_adjusted,
         "status": one.test.status}
        for one in found
    ]  # fmt: skip


def _labels(pool: Pool) -> tuple[list[str], np.ndarray] | None:
    """Return the labels that occur, and each image's as a code; None where a side has none."""
    sides = []
    for part in pool.parts:
        try:
            found = label_column(part.opened, part.view, pool.asked.label)
        except NotFoundError:
            return None
        if not len(found.known):
            return None
        texts = np.array([*found.names, ""], dtype=object)[found.codes][part.rows]
        sides.append(texts)
    values = np.concatenate(sides)
    names = sorted({str(one) for one in values.tolist() if one})
    place = {name: at for at, name in enumerate(names)}
    return names, np.array([place.get(str(one), -1) for one in values.tolist()], np.int64)


def sized(
    pool: Pool,
    width: float,
    changed: Mapping[str, tuple[np.ndarray, np.ndarray]],
    progress: Progress,
) -> dict[str, Any] | None:
    """Return the difference beside known ones; None where there are too few units."""
    first, second = pool.split(pool.tested)
    found = scale_of(first, second, width, changed, seed=pool.asked.seed, progress=progress)
    if found is None:
        return None
    return {**asdict(found), "anchors": [asdict(one) for one in found.anchors]}


def power_of(pool: Pool, progress: Progress, *, differ: bool) -> dict[str, Any] | None:
    """Return which share of other images could have been seen; None with too few units.

    Parameters
    ----------
    differ
        Whether the sides were found to differ: then images of the second are planted among those
        of the first. Else they would be too alike to tell anything, and groups of the first side
        are held back and planted, three from small to large, of which the mean is returned.
    """
    first, second = pool.split(pool.tested)
    units = min(len(second), len(first) // 2)
    pairs = [(first, second)] if differ else list(_held_back(first, pool.asked.seed))
    repeats = REPEATS // max(1, len(pairs))
    powers = [
        planted_power(
            known, new, units, repeats=repeats, seed=pool.asked.seed, progress=progress
        )
        for known, new in pairs
    ]  # fmt: skip
    found = [one for one in powers if one is not None]
    if not found:
        return None
    power = np.mean([one.power for one in found], axis=0).tolist()
    return {
        "shares": list(found[0].shares), "power": power, "seen": reached(found[0].shares, power),
        "units": list(found[0].units), "like": "second" if differ else "held back",
    }  # fmt: skip


def _held_back(first: np.ndarray, seed: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the first side without one of its groups, and that group."""
    if len(first) < 4 * LEAST:
        return
    with calm_threads(first.size):
        codes = pooled_clusters(first, min(20, len(first) // LEAST), seed=seed)
    sizes = np.bincount(codes)
    large = np.argsort(sizes, kind="stable")
    large = large[sizes[large] >= LEAST]
    at = np.unique(np.linspace(0, len(large) - 1, HELD).round().astype(int))
    for code in large[at].tolist() if len(large) else []:
        if (codes != code).sum() >= 2 * LEAST:
            yield first[codes != code], first[codes == code]

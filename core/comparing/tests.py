"""The tests of a comparison: do means differ, do spreads, and what explains how much."""

from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from core.comparing.result import between, plain, told_test
from core.comparing.subject import Subject
from core.morphology.adjust import adjusted
from core.morphology.design import TESTED, Told
from core.morphology.result import undefined
from core.progress import Progress

#: Groups whose pairs are all tested; units whose spread is taken about the median.
PAIRED, MEDIAN = 40, 20_000
#: Values of the table of arrangements: 800 MB as int64.
ARRANGED = 100_000_000
STAGE = "tests"


@dataclass(frozen=True, slots=True)
class Tested:
    """What the tests say, as JSON values.

    `warnings` and `notes` belong to the design's.
    """

    tests: list[dict[str, Any]]
    pairwise: list[dict[str, Any]]
    dispersion: dict[str, Any]
    warnings: tuple[Told, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Compared:
    """The observations that are tested.

    `units` is the unit of each where groups are compared within units, None else.
    """

    points: np.ndarray
    groups: np.ndarray
    names: tuple[str, ...]
    rows: np.ndarray
    blocks: np.ndarray | None
    units: np.ndarray | None
    permutations: int
    seed: int

    def of_pair(self, a: int, b: int) -> "Compared":
        """Return the observations of two groups; of units in both, where units are compared."""
        here = np.flatnonzero((self.groups == a) | (self.groups == b))
        if self.units is not None:
            kinds, times = np.unique(self.units[here], return_counts=True)
            here = here[np.isin(self.units[here], kinds[times > 1])]
        return Compared(
            self.points[here], (self.groups[here] == b).astype(np.int64),
            (self.names[a], self.names[b]), self.rows[here],
            None if self.blocks is None else self.blocks[here],
            None if self.units is None else self.units[here], self.permutations, self.seed,
        )  # fmt: skip


def compared(subject: Subject) -> Compared:
    """Return the observations of the groups that are large enough to be tested."""
    design, asked = subject.design, subject.asked
    codes = design.tested
    if design.paired:
        rows, codes = _in_several(subject, codes)
        groups = np.searchsorted(codes, design.group[rows])
    else:
        rows, groups = design.of_groups(codes)
    whole = len(rows) == len(design.group)
    points = subject.points if whole else subject.points[rows]
    blocks = None if design.blocks is None else design.blocks[rows]
    units = design.unit[rows] if design.paired else None
    count = min(asked.permutations, max(99, ARRANGED // max(1, len(rows))))
    names = tuple(design.names[code] for code in codes.tolist())
    return Compared(points, groups, names, rows, blocks, units, count, asked.seed)


def _in_several(subject: Subject, codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the observations of units in two groups or more, and the groups with enough."""
    design = subject.design
    while True:
        rows = np.flatnonzero(np.isin(design.group, codes))
        kinds, times = np.unique(design.unit[rows], return_counts=True)
        rows = rows[np.isin(design.unit[rows], kinds[times > 1])]
        sizes = np.bincount(design.group[rows], minlength=len(design.names))
        left = codes[sizes[codes] >= TESTED]
        if len(left) == len(codes):
            return rows, codes
        codes = left


def tested(subject: Subject, held: Compared, progress: Progress) -> Tested:
    """Test what a request asks for; the order is that of the page."""
    by = subject.asked.by
    if len(held.names) < 2:
        return _nothing(subject, held)
    from core.morphology.effect import effect_intervals

    progress.report(STAGE)
    whole, (first, classic) = _means(held, by, progress)
    ci = effect_intervals(held.points, held.groups, held.units)
    if ci is not None:
        first["ci"], classic["ci"] = between(*ci.omega2), between(*ci.r2)
    tests = [first | {"headline": True}, classic]
    spread, dispersion = _dispersion(subject, held, progress)
    tests.append(spread)
    tests.extend(_terms(subject, held, progress))
    tests.extend(_descriptive(subject, held, progress))
    pairs, told = _pairwise(subject, held, progress)
    return Tested(tests, pairs, dispersion, _unequal(whole), (*told, *_limits(subject, held)))


def _means(
    held: Compared, by: str, progress: Progress
) -> tuple[Any, tuple[dict[str, Any], dict[str, Any]]]:
    """Test means, and return both tests; within units what units have in common is taken off."""
    from core.morphology.paired import partial_effects, within_units
    from core.morphology.permanova import permanova

    points = held.points if held.units is None else within_units(held.points, held.units)
    whole = permanova(
        points, held.groups, blocks=held.blocks, permutations=held.permutations, seed=held.seed,
        progress=progress,
    )  # fmt: skip
    first, classic = told_test(whole.headline, by), told_test(whole.classic, by)
    if held.units is not None and whole.headline.status == "ok":
        found = partial_effects(held.points, held.groups, held.units)
        n, units = len(points), len(np.unique(held.units))
        first |= {"effect": found.omega2, "effect_name": "partial ω²",
                  "statistic": (whole.headline.statistic or 0.0) * (n - units) / n}  # fmt: skip
        classic |= {"effect": found.r2, "effect_name": "partial R²", "effect_null": found.null,
                    "statistic": found.f}  # fmt: skip
    return whole, (first, classic)


def _nothing(subject: Subject, held: Compared) -> Tested:
    """Return tests without an answer, and why."""
    from core.morphology.dispersion import NAME
    from core.morphology.permanova import F1_NAME, F2_NAME

    why = "fewer than two groups have three units: there is nothing to compare"
    by, n = subject.asked.by, len(held.rows)
    tests = [
        told_test(undefined(name, n, why), by, headline=name == F2_NAME)
        for name in (F2_NAME, F1_NAME, NAME)
    ]
    return Tested(tests, [], {"test": tests[2], "groups": []}, (), ())


def _dispersion(
    subject: Subject, held: Compared, progress: Progress
) -> tuple[dict[str, Any], dict[str, Any]]:
    from core.morphology.dispersion import dispersion

    progress.report("spread of groups")
    found = dispersion(
        held.points, held.groups, middle="median" if len(held.rows) <= MEDIAN else "centroid",
        permutations=held.permutations, seed=subject.asked.seed,
    )  # fmt: skip
    test = told_test(found.test, subject.asked.by)
    sizes = np.bincount(held.groups, minlength=len(held.names)).tolist()
    groups = [
        {"name": name, "distance": plain(float(mean)), "units": size}
        for name, mean, size in zip(held.names, found.mean, sizes, strict=True)
    ]
    middle = "median" if len(held.rows) <= MEDIAN else "centroid"
    return test, {"test": test, "groups": groups, "middle": middle}


def _terms(subject: Subject, held: Compared, progress: Progress) -> list[dict[str, Any]]:
    """Test groups and covariates, each given all the others."""
    covariates = subject.design.covariates
    if not covariates:
        return []
    from core.morphology.paired import within_units
    from core.morphology.terms import indicators, marginal_terms

    columns = {name: values[held.rows] for name, values in covariates.items()}
    columns = {subject.asked.by: indicators(held.groups), **columns}
    points, lost = held.points, 0
    if held.units is not None:
        points, lost = within_units(points, held.units), len(np.unique(held.units)) - 1
        columns = {name: within_units(values, held.units) for name, values in columns.items()}
    found = marginal_terms(
        points, columns, blocks=held.blocks, permutations=held.permutations, seed=held.seed,
        progress=progress,
    )  # fmt: skip
    tests = [told_test(test, term) for term, test in found.tests.items()]
    share = (found.residual_freedom - lost) / max(1, found.residual_freedom)
    for test in tests if lost else ():
        if test["status"] == "ok":  # what units have in common took degrees of freedom too
            test |= {"statistic": test["statistic"] * share, "effect_name": "partial R²"}
    return tests


def _descriptive(subject: Subject, held: Compared, progress: Progress) -> list[dict[str, Any]]:
    """Return the tests of ranks and of all distances, which only describe."""
    from core.morphology.anosim import anosim
    from core.morphology.mantel import mantel

    asked, design = subject.asked, subject.design
    ranks = anosim(
        held.points, held.groups, held.permutations, asked.seed, held.blocks, progress=progress
    )
    found = [told_test(ranks, asked.by, descriptive=True)]
    for name in design.numeric:
        test = mantel(
            held.points, design.covariates[name][held.rows], permutations=held.permutations,
            seed=asked.seed, blocks=held.blocks, progress=progress,
        )  # fmt: skip
        found.append(told_test(test, name, descriptive=True))
    return found


def _pairwise(
    subject: Subject, held: Compared, progress: Progress
) -> tuple[list[dict[str, Any]], tuple[str, ...]]:
    """Test every two groups, with p-values adjusted over the table."""
    m = len(held.names)
    if m > PAIRED:
        return [], (
            f"Pairs of groups are tested for {PAIRED} groups at most; here are {m}: choose some "
            "groups to test their pairs.",
        )
    kept = ("effect", "effect_name", "statistic", "statistic_name", "p", "p_min", "n_units",
            "status", "warnings")  # fmt: skip
    lines = []
    for a, b in combinations(range(m), 2):
        _, (test, classic) = _means(held.of_pair(a, b), subject.asked.by, progress)
        line = {name: test[name] for name in kept}
        lines.append({"a": held.names[a], "b": held.names[b], **line, "r2": classic["effect"]})
    family = adjusted([line["p"] for line in lines])
    return [line | {"p_adjusted": p} for line, p in zip(lines, family, strict=True)], ()


def _unequal(whole: Any) -> tuple[Told, ...]:
    """Return the warning that sizes and spreads differ so much that the headline is approximate."""
    from core.morphology.permanova import UNEVEN, UNLIKE

    if whole.headline.status != "ok":
        return ()
    ratio = whole.sizes.max() / whole.sizes.min()
    least = whole.spreads.min()
    wide = whole.spreads.max() / least if least > 0 else np.inf
    if ratio <= UNEVEN or wide <= UNLIKE:
        return ()
    return (
        Told(
            "unequal", "caution",
            f"The largest group has {ratio:.1f} times the units of the smallest and spreads differ "
            f"{wide:.1f} times: p of the headline test is approximate, that of the classic one "
            "cannot be used.",
        ),
    )  # fmt: skip


def _limits(subject: Subject, held: Compared) -> tuple[str, ...]:
    """Return in words what blocks are not used for, and what so many units make different."""
    found = []
    if held.units is not None:
        found.append(
            "The mean of each unit was taken off before means were tested: effects are shares of "
            "what differs within units, and distances of groups those of units with themselves."
        )
    if held.blocks is not None:
        found.append(
            "Blocks count in the tests of means and ranks. Spread, variety and distinctiveness of "
            "groups are tested as if all observations were independent."
        )
    if held.permutations < subject.asked.permutations:
        found.append(
            f"Of so many units {held.permutations:,} arrangements are drawn, not "
            f"{subject.asked.permutations:,}."
        )
    if len(held.rows) > MEDIAN:
        found.append(
            f"Of more than {MEDIAN:,} units spread is measured about the mean of a group, not "
            "about its spatial median."
        )
    return tuple(found)

"""How often the tests cry wolf: designs without a difference, drawn again and again.

Every design draws Gaussian points whose groups have one mean. What a test rejects there at p ≤ .05
is a false positive; a sound one rejects 5 %. `benchmarks/false_positives.py` prints the table of
`docs/methods/false-positives.md`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from core.errors import InputError
from core.morphology.dispersion import dispersion
from core.morphology.permanova import permanova
from core.morphology.terms import indicators, marginal_terms

ALPHA = 0.05
#: Dimensions of the points, and arrangements of each test: (199 + 1) × .05 is whole, so that a
#: test by 199 has its level exactly.
DIMS, PERMUTATIONS = 64, 199


@dataclass(frozen=True, slots=True)
class Sample:
    """One draw: points `(n, d)`, groups `(n,)`, and units, blocks or a covariate where there are.

    Units are those of rows (several images of one specimen); blocks and `covariate` are of rows.
    """

    points: np.ndarray
    groups: np.ndarray
    units: np.ndarray | None = None
    blocks: np.ndarray | None = None
    covariate: np.ndarray | None = None


Draw = Callable[[np.random.Generator], Sample]
#: p-value of a test of a draw; None where it is undefined.
Test = Callable[[Sample, int], float | None]


@dataclass(frozen=True, slots=True)
class Study:
    """One line of the table.

    Attributes
    ----------
    title
        The design, in words.
    draw
        Draws from it.
    tests
        By name: what is asked of each draw.
    """

    title: str
    draw: Draw
    tests: Mapping[str, Test]


def spreads(sizes: tuple[int, ...], wide: tuple[float, ...], shift: float = 0.0) -> Draw:
    """Return draws of groups of these sizes and standard deviations.

    Parameters
    ----------
    shift
        How far the mean of the second group lies from that of the others, along one axis: 0 is the
        null, more is for power.
    """

    def draw(rng: np.random.Generator) -> Sample:
        groups = np.repeat(np.arange(len(sizes)), sizes)
        points = rng.normal(size=(len(groups), DIMS)) * np.array(wide)[groups][:, None]
        points[groups == 1, 0] += shift
        return Sample(points, groups)

    return draw


def specimens(count: int, images: int, between: float = 1.0, within: float = 0.3) -> Draw:
    """Return draws of specimens, half of them in each of two groups, with several images each."""

    def draw(rng: np.random.Generator) -> Sample:
        middles = rng.normal(size=(count, DIMS)) * between
        units = np.repeat(np.arange(count), images)
        points = middles[units] + rng.normal(size=(len(units), DIMS)) * within
        return Sample(points, (units >= count // 2).astype(np.int64), units)

    return draw


def sites(effect: float = 0.25) -> Draw:
    """Return draws of two groups at two sites that differ: 15 and 5 units at one, 5 and 15."""

    def draw(rng: np.random.Generator) -> Sample:
        blocks = np.repeat([0, 1], 20)
        groups = np.repeat([0, 1, 0, 1], [15, 5, 5, 15])
        at = rng.normal(size=(2, DIMS)) * effect
        return Sample(rng.normal(size=(40, DIMS)) + at[blocks], groups, blocks=blocks)

    return draw


def sized(effect: float = 0.5) -> Draw:
    """Return draws where a covariate (size) moves the points, and one group has the larger ones."""

    def draw(rng: np.random.Generator) -> Sample:
        groups = np.repeat([0, 1], 20)
        size = rng.normal(size=40) + groups
        along = rng.normal(size=DIMS)
        along /= np.linalg.norm(along)
        points = rng.normal(size=(40, DIMS)) + 4 * effect * size[:, None] * along
        return Sample(points, groups, covariate=size)

    return draw


def circular(count: int = 60) -> Draw:
    """Return draws of one cloud whose groups are its two halves along its longest axis."""

    def draw(rng: np.random.Generator) -> Sample:
        points = rng.normal(size=(count, DIMS))
        centred = points - points.mean(axis=0)
        longest = np.linalg.svd(centred, full_matrices=False)[2][0]
        place = centred @ longest
        return Sample(points, (place > np.median(place)).astype(np.int64))

    return draw


def averaged(sample: Sample) -> Sample:
    """Return the units of a draw as its points: the mean of each one's images.

    Raises
    ------
    InputError
        The draw has no units.
    """
    if sample.units is None:
        raise InputError("units: the draw has none")
    count = np.bincount(sample.units)
    means = np.zeros((len(count), sample.points.shape[1]))
    np.add.at(means, sample.units, sample.points)
    first = np.unique(sample.units, return_index=True)[1]
    return Sample(means / count[:, None], sample.groups[first])


def classic(sample: Sample, seed: int) -> float | None:
    """Anderson's F."""
    return permanova(sample.points, sample.groups, permutations=PERMUTATIONS, seed=seed).classic.p


def headline(sample: Sample, seed: int) -> float | None:
    """Brown and Forsythe's ratio, blocks ignored."""
    return permanova(sample.points, sample.groups, permutations=PERMUTATIONS, seed=seed).headline.p


def of_units(sample: Sample, seed: int) -> float | None:
    """The headline of the units' means."""
    return headline(averaged(sample), seed)


def in_blocks(sample: Sample, seed: int) -> float | None:
    """The headline, groups exchanged within blocks."""
    found = permanova(
        sample.points, sample.groups, blocks=sample.blocks, permutations=PERMUTATIONS, seed=seed
    )
    return found.headline.p


def beside(sample: Sample, seed: int) -> float | None:
    """The marginal test of the group, beside the covariate."""
    if sample.covariate is None:
        raise InputError("covariate: the draw has none")
    terms = {"group": indicators(sample.groups), "size": sample.covariate}
    found = marginal_terms(sample.points, terms, permutations=PERMUTATIONS, seed=seed)
    return found.tests["group"].p


def spread_test(sample: Sample, seed: int) -> float | None:
    """PERMDISP, about spatial medians."""
    return dispersion(sample.points, sample.groups, permutations=PERMUTATIONS, seed=seed).test.p


_BOTH: Mapping[str, Test] = {"F": classic, "F₂": headline}
#: The table, by the names of its lines.
STUDIES: dict[str, Study] = {
    "equal": Study(
        "30 and 30, equal spread",
        spreads((30, 30), (1, 1)),
        {**_BOTH, "PERMDISP": spread_test},
    ),
    "equal3": Study(
        "50, 20 and 8, equal spread",
        spreads((50, 20, 8), (1, 1, 1)),
        {**_BOTH, "PERMDISP": spread_test},
    ),
    "small_wide": Study("50 and 10, spread 1 and 2", spreads((50, 10), (1, 2)), _BOTH),
    "large_wide": Study("50 and 10, spread 2 and 1", spreads((50, 10), (2, 1)), _BOTH),
    "three_small_wide": Study(
        "50, 20 and 8, spread 1, 1.5 and 2", spreads((50, 20, 8), (1, 1.5, 2)), _BOTH
    ),
    "three_large_wide": Study(
        "50, 20 and 8, spread 2, 1.5 and 1", spreads((50, 20, 8), (2, 1.5, 1)), _BOTH
    ),
    "extreme": Study("200, 20 and 5, spread 1, 2 and 3", spreads((200, 20, 5), (1, 2, 3)), _BOTH),
    "specimens": Study(
        "8 specimens with 10 images each, 4 in each group",
        specimens(8, 10),
        {"F₂ of images": headline, "F₂ of specimens": of_units},
    ),
    "more_specimens": Study(
        "16 specimens with 10 images each, 8 in each group",
        specimens(16, 10),
        {"F₂ of images": headline, "F₂ of specimens": of_units},
    ),
    "sites": Study(
        "15 and 5 at one site, 5 and 15 at another",
        sites(),
        {"F₂, sites ignored": headline, "F₂ within sites": in_blocks},
    ),
    "sized": Study(
        "20 and 20, one group larger, and size moves the points",
        sized(),
        {"F₂, size ignored": headline, "marginal F beside size": beside},
    ),
    "circular": Study(
        "60, cut in two halves along their own longest axis", circular(), {"F₂": headline}
    ),
}


def rejections(study: Study, runs: int, seed: int = 0) -> dict[str, int]:
    """Return how many of some draws each test of a study rejects at p ≤ .05.

    Each draw has a seed of its own, so that the first draws of a longer study are those of a
    shorter one.
    """
    found = dict.fromkeys(study.tests, 0)
    for run in range(runs):
        sample = study.draw(np.random.default_rng([seed, run]))
        for name, test in study.tests.items():
            p = test(sample, run)
            found[name] += p is not None and p <= ALPHA + 1e-12
    return found


def band(rate: float, runs: int, level: float = 0.99) -> tuple[int, int]:
    """Return how many rejections of some runs a true rate gives, in a share `level` of studies."""
    from scipy.stats import binom

    low, high = binom.interval(level, runs, rate)
    return int(low), int(high)

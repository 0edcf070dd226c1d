"""Train, validation and test: whole groups, in proportion within every theme and label.

Many divisions are made at once, one a candidate seed, by the rule of scikit-learn's
`StratifiedGroupKFold`: the largest group first, each to the split that lacks most of what it
holds. The division whose splits resemble the whole most is taken. See `docs/methods/splits.md`.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from core.curate.duplicates import join
from core.curate.meanmap import MeanMap
from core.errors import InputError
from core.progress import Progress

STAGE = "splits"
NAMES = ("train", "validation", "test")

#: Chance in where a group goes, in units of its size.
NOISE = 0.5
#: How far from the best candidate's sizes (as a share of the items) another may be.
OFF = 0.005


@dataclass(frozen=True, slots=True)
class Division:
    """A set divided.

    Attributes
    ----------
    split
        Split of every item `(n,)` int8: 0 train, 1 validation, 2 test.
    seed
        The candidate seed that was taken.
    search
        A row a candidate: seed, max_mmd2 (largest squared MMD of a split to the whole), uncovered
        (pairs of class and split that could be covered and are not), off (largest error of a
        split's share).
    """

    split: np.ndarray
    seed: int
    search: pd.DataFrame


def whole_groups(total: int, *keys: np.ndarray) -> np.ndarray:
    """Return the groups that stay whole: items that share any key, directly or through others.

    Parameters
    ----------
    total
        Number of items.
    keys
        Arrays `(n,)` of integers, such as units and near-duplicate groups; −1 shares nothing.

    Returns
    -------
    numpy.ndarray
        Shape `(n,)` int64, numbered from 0 by the first item of each.
    """
    first, second = [], []
    for key in keys:
        rows = np.flatnonzero(key >= 0)
        rows = rows[np.argsort(key[rows], kind="stable")]
        same = key[rows[1:]] == key[rows[:-1]]
        first.append(rows[:-1][same])
        second.append(rows[1:][same])
    none = np.zeros(0, np.int64)
    return join(np.concatenate([none, *first]), np.concatenate([none, *second]), total)


def divide(
    unit: np.ndarray,
    groups: np.ndarray,
    classes: tuple[np.ndarray, ...],
    shares: tuple[float, ...],
    *,
    seed: int = 0,
    candidates: int = 200,
    progress: Progress | None = None,
) -> Division:
    """Divide items into splits that keep groups whole.

    Parameters
    ----------
    unit
        Unit vectors `(n, d)` float32, by which splits are compared with the whole.
    groups
        Group of every item `(n,)`, numbered from 0.
    classes
        Arrays `(n,)` of integers from 0, such as themes and labels: each split gets its share of
        every class, and at least one group where the class has as many groups as there are splits.
    shares
        Share of each split; 0 leaves it empty.
    seed, candidates
        Divisions are made for `candidates` seeds from `seed` on.

    Raises
    ------
    InputError
        There are fewer groups than splits.
    """
    progress = progress or Progress()
    wanted = np.asarray(shares, np.float64)
    used = int((wanted > 0).sum())
    total = int(groups.max(initial=-1)) + 1
    if total < used:
        raise InputError(
            f"{used} splits need at least {used} groups of images that stay whole, and here there "
            f"{'is 1' if total == 1 else f'are {total}'}: take a smaller distance for "
            "near-duplicates, another column of units, or more images"
        )
    seeds = np.arange(seed, seed + candidates)
    progress.report(STAGE, 0, candidates)
    picked = _assign(groups, classes, wanted, seeds, progress)
    found, uncovered = [], []
    holds = [_holds(groups, one) for one in (np.zeros(len(groups), np.int64), *classes)]
    for at in range(candidates):
        split, missing = _cover(picked[at], holds, wanted > 0, np.random.default_rng(seeds[at]))
        found.append(split)
        uncovered.append(missing)
    splits = np.array(found, np.int8)
    sizes = np.bincount(groups, minlength=total)
    got = np.stack([(splits == s) @ sizes for s in range(len(wanted))], axis=1) / len(groups)
    off = np.abs(got - wanted).max(axis=1)
    far = MeanMap(unit, seed).distances(splits[:, groups], len(wanted), progress).max(axis=1)
    search = pd.DataFrame(
        {"seed": seeds, "max_mmd2": far, "uncovered": np.array(uncovered), "off": off}
    )
    best = _best(search)
    return Division(splits[best][groups], int(seeds[best]), search)


def _best(search: pd.DataFrame) -> int:
    """Return the candidate that covers most, is about as wanted in size, and resembles most."""
    covers = search["uncovered"] == search["uncovered"].min()
    off = search["off"].where(covers)
    good = covers & (off <= off.min() + OFF)
    return int(np.argmin(search["max_mmd2"].where(good, np.inf).to_numpy()))


@dataclass(frozen=True, slots=True)
class _Level:
    """What the groups hold of some classes: of group g `classes[ends[g]:ends[g + 1]]`."""

    ends: list[int]
    classes: np.ndarray
    counts: np.ndarray
    weights: np.ndarray  # of each class of a group, the rare ones more; they sum to 1
    lack: np.ndarray  # (classes, candidates, splits): items owed to each split so far

    @classmethod
    def of(cls, groups: np.ndarray, codes: np.ndarray, candidates: int, splits: int) -> "_Level":
        """Return the level of classes `(n,)`."""
        width, total = int(codes.max(initial=0)) + 1, int(groups.max()) + 1
        pairs, counts = np.unique(groups * width + codes, return_counts=True)
        group, held = pairs // width, pairs % width
        rare = counts / np.bincount(codes, minlength=width)[held]
        weights = rare / np.bincount(group, rare, minlength=total)[group]
        ends = np.searchsorted(group, np.arange(total + 1)).tolist()
        lack = np.zeros((width, candidates, splits))
        return cls(ends, held, counts.astype(np.float64), weights, lack)

    def owe(self, group: int, shares: np.ndarray) -> np.ndarray:
        """Count a group in and return what each split lacks of its classes, as a mean."""
        start, end = self.ends[group], self.ends[group + 1]
        if end == start + 1:
            own: np.ndarray = self.lack[self.classes[start]]
            own += self.counts[start] * shares
            return own
        held = self.classes[start:end]
        self.lack[held] += self.counts[start:end, None, None] * shares
        mean: np.ndarray = np.tensordot(self.weights[start:end], self.lack[held], axes=1)
        return mean

    def give(self, group: int, lanes: np.ndarray, split: np.ndarray) -> None:
        """Put a group into a split of each candidate."""
        start, end = self.ends[group], self.ends[group + 1]
        if end == start + 1:
            self.lack[self.classes[start], lanes, split] -= self.counts[start]
            return
        held, counts = self.classes[start:end], self.counts[start:end]
        self.lack[held[:, None], lanes, split] -= counts[:, None]


def _assign(
    groups: np.ndarray,
    classes: tuple[np.ndarray, ...],
    shares: np.ndarray,
    seeds: np.ndarray,
    progress: Progress,
) -> np.ndarray:
    """Return the split of each group for every seed: int8 `(candidates, groups)`.

    Each group, the largest first, goes to the split that lacks most: in all, in each of its
    classes, and in their combination. A little noise makes the candidates differ.
    """
    total = int(groups.max()) + 1
    sizes = np.bincount(groups, minlength=total)
    codes = [np.zeros(len(groups), np.int64), *classes]
    if len(classes) > 1:
        codes.append(np.unique(np.stack(classes), axis=1, return_inverse=True)[1].reshape(-1))
    levels = [_Level.of(groups, one, len(seeds), len(shares)) for one in codes]
    order = np.lexsort((np.random.default_rng(seeds[0]).random(total), -sizes))
    noise = np.random.default_rng(seeds[0] + 1)
    lanes, shut = np.arange(len(seeds)), np.where(shares > 0, 0.0, -np.inf)
    picked = np.zeros((len(seeds), total), np.int8)
    for done, group in enumerate(order.tolist()):
        if done % 1000 == 0:
            progress.report(STAGE, done, total)
        score = noise.random((len(seeds), len(shares))) * (NOISE * sizes[group]) + shut
        for level in levels:
            score += level.owe(group, shares)
        best = score.argmax(axis=1)
        for level in levels:
            level.give(group, lanes, best)
        picked[:, group] = best
    return picked


def _holds(groups: np.ndarray, one: np.ndarray) -> list[np.ndarray]:
    """Return the groups that hold items of each class."""
    width = int(one.max(initial=-1)) + 1
    pairs = np.unique(one.astype(np.int64) * (int(groups.max()) + 1) + groups)
    held, member = pairs // (int(groups.max()) + 1), pairs % (int(groups.max()) + 1)
    ends = np.searchsorted(held, np.arange(1, width + 1))
    return np.split(member, ends[:-1]) if width else []


def _cover(
    picked: np.ndarray, holds: list[list[np.ndarray]], used: np.ndarray, random: np.random.Generator
) -> tuple[np.ndarray, int]:
    """Move groups until every class with enough of them is in every split, as far as it goes.

    Returns
    -------
    picked : numpy.ndarray
        The split of each group.
    missing : int
        Pairs of class and split that are still empty.
    """
    picked, missing = picked.copy(), 0
    enough = [members for column in holds for members in column if len(members) >= used.sum()]
    of_group: dict[int, list[int]] = {}
    counts = np.array([np.bincount(picked[m], minlength=len(used)) for m in enough])
    poor = [at for at in range(len(enough)) if (counts[at][used] == 0).any()]
    if not poor:
        return picked, 0
    for at, members in enumerate(enough):
        for group in members.tolist():
            of_group.setdefault(group, []).append(at)
    for at in poor:
        for split in np.flatnonzero(used & (counts[at] == 0)):
            movable = [
                group
                for group in random.permutation(enough[at]).tolist()
                if all(counts[other][picked[group]] > 1 for other in of_group[group])
            ]
            if not movable:
                missing += 1
                continue
            group = max(movable, key=lambda one: int(counts[at][picked[one]]))
            for other in of_group[group]:
                counts[other][picked[group]] -= 1
                counts[other][split] += 1
            picked[group] = split
    return picked, missing

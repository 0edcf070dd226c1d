"""All cases of a topic as arrays, in the order they are listed: quick to count and to filter."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from core.findings.model import CONFIDENCES, KINDS, LEVELS, STATES
from core.quality.pictures import Found

OPEN, KEPT, OUT, PART, RELABELLED = range(len(STATES))


@dataclass(frozen=True)
class Cases:
    """All cases of a topic.

    Attributes
    ----------
    topic
        One of `core.findings.model.TOPICS`.
    number
        The group or image of each, by which its key names it: int64 `(c,)`.
    kind
        Its kind as a place in `KINDS[topic]`: int64 `(c,)`.
    flags
        Which kinds it has, bool `(c, kinds)`: a picture may have several.
    usual
        Whether it is listed where no kind is asked for, bool `(c,)`.
    score
        float64 `(c,)`.
    confidence
        A place in `CONFIDENCES`: int64 `(c,)`.
    rows
        The images of one case after another, the one to keep first: int64 `(m,)`.
    starts
        Where each begins in `rows`, with the end behind: int64 `(c + 1,)`.
    places
        Where each of `rows` is in the table it comes from: int64 `(m,)`.
    table
        The line of its own table that tells of each case: int64 `(c,)`.
    given
        The label that each image had when it was checked; None but for labels.
    stays
        Which of `rows` are never dropped with others, bool `(m,)`: kept or labelled by a person
        where the check ran; None but for groups.
    """

    topic: str
    number: np.ndarray
    kind: np.ndarray
    flags: np.ndarray
    usual: np.ndarray
    score: np.ndarray
    confidence: np.ndarray
    rows: np.ndarray
    starts: np.ndarray
    places: np.ndarray
    table: np.ndarray
    given: np.ndarray | None = None
    stays: np.ndarray | None = None

    def __len__(self) -> int:
        """Return the number of cases."""
        return len(self.number)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of its topic."""
        return KINDS[self.topic]

    def members(self, at: int) -> np.ndarray:
        """Return the images of one case, int64."""
        return self.rows[self.starts[at] : self.starts[at + 1]]

    def key(self, at: int) -> str:
        """Return the key of one case."""
        word = self.kinds[self.kind[at]] if self.topic == "duplicates" else _WORD[self.topic]
        return f"{word}-{self.number[at]}"

    @cached_property
    def _where(self) -> dict[str, int]:
        return {self.key(at): at for at in range(len(self))}

    def find(self, key: str) -> int | None:
        """Return where the case with this key is; None if there is none."""
        return self._where.get(key)

    def wanted(self, kind: str | None = None, confidence: str | None = None) -> np.ndarray:
        """Return which cases are of a kind and a confidence: bool `(c,)`."""
        mask = self.usual if kind is None else self.flags[:, self.kinds.index(kind)]
        if confidence is not None:
            mask = mask & (self.confidence == CONFIDENCES.index(confidence))
        return mask

    @cached_property
    def owner(self) -> np.ndarray:
        """The case of each of `rows`: int64 `(m,)`."""
        return np.repeat(np.arange(len(self)), np.diff(self.starts))

    def states(self, view: Any) -> np.ndarray:
        """Return what became of each case, as a place in `STATES`: int64 `(c,)`."""
        out = np.zeros(len(view), bool)
        out[view.excluded] = True
        decided = view.decided_about(self.topic)
        if self.topic == "duplicates":
            return self._group_states(out, decided)
        states = np.where(out[self.rows], OUT, np.where(decided[self.rows], KEPT, OPEN))
        if self.topic == "labels" and self.given is not None:
            for at in np.flatnonzero(states != OUT).tolist():
                label = view.label_of(int(self.rows[at]))
                if label is not None and label != self.given[at]:
                    states[at] = RELABELLED
        return states

    def _group_states(self, out: np.ndarray, decided: np.ndarray) -> np.ndarray:
        """Return what became of groups: one is decided where at most one image is left to judge."""
        size = np.diff(self.starts)
        gone = self._count(out[self.rows])
        settled = self._count(decided[self.rows] & ~out[self.rows])
        left = size - gone
        states = np.full(len(self), OPEN)
        states[settled == left] = PART
        states[(settled == left) & (gone == 0)] = KEPT
        states[left <= 1] = OUT
        return states

    def _count(self, mask: np.ndarray) -> np.ndarray:
        return np.bincount(self.owner[mask], minlength=len(self))

    def keepers(self, out: np.ndarray, pinned: np.ndarray) -> np.ndarray:
        """Return which image of each group stays as things are now: int64 `(c,)`.

        The one that the check chose, unless it is out or a person pinned another: then the first
        pinned one, else the first that is not out.

        Parameters
        ----------
        out, pinned
            Bool `(n,)`: images out of the working set, and those a person wants to keep.
        """
        first = np.zeros(len(self.rows), bool)
        first[self.starts[:-1]] = True
        held = first if self.stays is None else first | self.stays
        rank = np.where(pinned[self.rows], 0, np.where(held, 1, 2))
        rank[out[self.rows]] = 3
        best = np.lexsort((np.arange(len(self.rows)), rank, self.owner))[self.starts[:-1]]
        gone = rank[best] == 3  # all are out: it is the one that the check chose
        found: np.ndarray = self.rows[np.where(gone, self.starts[:-1], best)]
        return found

    def held(self, out: np.ndarray, pinned: np.ndarray) -> np.ndarray:
        """Return which groups hold several images that nobody but a person may drop: bool `(c,)`.

        Parameters
        ----------
        out, pinned
            As for `keepers`.
        """
        here = ~out[self.rows]
        stays = np.zeros(len(self.rows), bool) if self.stays is None else self.stays
        several = self._count((pinned[self.rows] | stays) & here) > 1
        chosen = self._count(stays & here) > 0
        return several | (chosen & ~out[self.rows[self.starts[:-1]]])

    def differ(self, codes: np.ndarray) -> np.ndarray:
        """Return which cases have images of different codes, those below 0 apart: bool `(c,)`."""
        if not len(self):
            return np.zeros(0, bool)
        own = codes[self.rows]
        least = np.minimum.reduceat(
            np.where(own < 0, np.iinfo(np.int64).max, own), self.starts[:-1]
        )
        most = np.maximum.reduceat(own, self.starts[:-1])
        return (most >= 0) & (least != most)

    def joined(self, n: int) -> np.ndarray:
        """Return one number for each set of images that groups hold together: int64 `(n,)`."""
        label = np.arange(n, dtype=np.int64)
        if not len(self):
            return label
        while True:  # groups of one level lie within those of the next: two or three rounds
            least = np.minimum.reduceat(label[self.rows], self.starts[:-1])
            new = label.copy()
            np.minimum.at(new, self.rows, least[self.owner])
            new = new[new]
            if np.array_equal(new, label):
                return label
            label = new


_WORD = {"outliers": "outlier", "pictures": "picture", "labels": "label"}


def _singles(topic: str, rows: np.ndarray, score: np.ndarray, **given: Any) -> Cases:
    """Return cases of one image each."""
    total = len(rows)
    whole: dict[str, Any] = {
        "number": rows, "kind": np.zeros(total, np.int64),
        "flags": np.ones((total, len(KINDS[topic])), bool), "usual": np.ones(total, bool),
        "score": score, "confidence": np.full(total, CONFIDENCES.index("")), "rows": rows,
        "starts": np.arange(total + 1), "places": np.arange(total), "table": np.arange(total),
    }  # fmt: skip
    return Cases(topic, **{**whole, **given})


def outlier_cases(table: pd.DataFrame) -> Cases:
    """Return the images that are listed as outliers, the most alone first."""
    score = table["score"].to_numpy(np.float64)
    rows = np.flatnonzero(table["listed"].to_numpy(dtype=bool))
    rows = rows[np.argsort(-score[rows], kind="stable")]
    return _singles("outliers", rows, score[rows], table=rows)


def label_cases(issues: pd.DataFrame, own: bool = True) -> Cases:
    """Return the labels that are probably wrong, the least likely first.

    `own` tells that they are the labels that a person edits, and not another column.
    """
    score = issues["score"].to_numpy(np.float64)
    order = np.argsort(score, kind="stable")
    rows = issues["row"].to_numpy(np.int64)[order]
    given = issues["given"].astype("string").fillna("").to_numpy(dtype=object)[order]
    return _singles("labels", rows, score[order], table=order, given=given if own else None)


def picture_cases(issues: Mapping[str, Found]) -> Cases:
    """Return the pictures that have an issue, the worst for its threshold first.

    Where an issue's threshold does not suit the set, its pictures are listed only where the issue
    is asked for.
    """
    kinds = KINDS["pictures"]
    n = max((len(found.score) for found in issues.values()), default=0)
    flags = np.zeros((n, len(kinds)), bool)
    rate = np.full((n, len(kinds)), np.inf)
    suited = np.zeros(len(kinds), bool)
    for at, name in enumerate(kinds):
        found = issues.get(name)
        if found is None:
            continue
        flags[found.rows, at] = True
        rate[found.rows, at] = found.score[found.rows] / found.threshold
        suited[at] = not found.unsuited
    usual = np.asarray((flags & suited).any(axis=1))
    rate[usual[:, None] & ~suited] = np.inf  # the worst of those that count
    rows = np.flatnonzero(flags.any(axis=1))
    kind = rate[rows].argmin(axis=1) if len(rows) else np.zeros(0, np.int64)
    worst = rate[rows, kind]
    order = np.lexsort((rows, worst, ~usual[rows]))
    rows, kind = rows[order], kind[order]
    score = np.zeros(len(rows))
    for at, name in enumerate(kinds):
        mine = kind == at
        if mine.any():
            score[mine] = issues[name].score[rows[mine]]
    return _singles(
        "pictures", rows, score, kind=kind, flags=flags[rows], usual=usual[rows], table=rows
    )


def group_cases(groups: pd.DataFrame, members: pd.DataFrame, n: int) -> Cases:
    """Return the groups of copies, the surest level first, then the surest and closest groups.

    A group of which a surer level says all is left out: near-duplicates that are all the same
    picture are listed as such, once.
    """
    level = groups["level"].map(LEVELS.index).to_numpy(np.int64)
    sure = groups["confidence"].map(_confidence).to_numpy(np.int64)
    diameter = groups["diameter"].to_numpy(np.float64, na_value=np.nan)
    number = groups["group"].to_numpy(np.int64)
    rows = members["row"].to_numpy(np.int64)
    owner = pd.Index(number).get_indexer(members["group"].to_numpy(np.int64))
    fresh = _is_news(level, owner, rows, n)
    order = np.lexsort((number, np.nan_to_num(diameter), sure, level))
    order = order[fresh[order]]
    rank = np.full(len(groups), -1)
    rank[order] = np.arange(len(order))
    places = np.argsort(rank[owner], kind="stable")
    places = places[rank[owner[places]] >= 0]
    sizes = np.bincount(rank[owner[places]], minlength=len(order))
    kind = level[order]
    flags = np.zeros((len(order), len(LEVELS)), bool)
    flags[np.arange(len(order)), kind] = True
    starts = np.concatenate([[0], np.cumsum(sizes)])
    stays = members["stays"].to_numpy(bool)[places]
    stays[starts[:-1]] = False  # the one to keep is the first of each
    return Cases(
        "duplicates", number[order], kind, flags, np.ones(len(order), bool), diameter[order],
        sure[order], rows[places], starts, places, order, stays=stays,
    )  # fmt: skip


def _confidence(word: Any) -> int:
    return CONFIDENCES.index(word) if word in CONFIDENCES else CONFIDENCES.index("")


def _is_news(level: np.ndarray, owner: np.ndarray, rows: np.ndarray, n: int) -> np.ndarray:
    """Return which groups hold more than one group of a surer level already says: bool `(g,)`."""
    alike = np.arange(n, dtype=np.int64)  # the group that each image is known to be in so far
    fresh = np.ones(len(level), bool)
    for at in range(len(LEVELS)):
        mine = level[owner] == at
        pairs = np.unique(np.stack([owner[mine], alike[rows[mine]]], axis=1), axis=0)
        different = np.bincount(pairs[:, 0], minlength=len(level))
        fresh[(level == at) & (different < 2)] = False
        alike[rows[mine]] = n + owner[mine]
    return fresh

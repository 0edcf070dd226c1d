"""Choices of images and divisions of a set, as they are stored."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from core.curate.requests import CurateRequest
from core.errors import NotFoundError
from core.storage.lines import Lines, whole
from core.storage.store import Artefact, Workspace

#: The splits, by their number.
SPLITS = ("train", "validation", "test")

#: Digits of a key by which a slice's history names the choice that made it.
MARK = 12


@dataclass(frozen=True, slots=True)
class ChoiceLine:
    """One line about a choice: `count` images taken for `budget`.

    `slice` is the slice that holds them, "" where none does; `scenario` as in `CurateRequest`;
    `pool` is how many images there were to choose from; `imageset` is the key of the set they are
    rows of: with another one now, the set has changed since.
    """

    key: str
    created: str
    slice: str
    strategy: str
    count: int
    budget: str
    scenario: str = "first"
    pool: int = 0
    imageset: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice as it is stored.

    Attributes
    ----------
    meta
        request, keys of what it was made from, n, n_pool, objective and total, tau, taken_out,
        clusters and covered with random, bins and independent, verdict, saturation, notes.
    chosen
        One row an image in the order of choice: order, row, address, role, cluster, theme, gain,
        reason.
    pool, already
        Rows that could be chosen, and rows that counted as taken; ascending int64.
    saturation
        The edge-case curve, a row a budget; None where the set has no edge cases.
    """

    key: str
    meta: dict[str, Any]
    chosen: pd.DataFrame
    pool: np.ndarray
    already: np.ndarray
    saturation: pd.DataFrame | None = None

    @property
    def rows(self) -> np.ndarray:
        """The rows chosen, int64, in the order of choice."""
        return self.chosen["row"].to_numpy(np.int64)

    @property
    def request(self) -> CurateRequest:
        """What was asked for."""
        return CurateRequest.from_json(self.meta["request"])


@dataclass(frozen=True, slots=True)
class SplitLine:
    """One line about a division: `counts` and `slices` by train, validation and test."""

    key: str
    created: str
    counts: dict[str, int]
    slices: dict[str, str]
    imageset: str = ""


@dataclass(frozen=True, slots=True)
class Splits:
    """A division as it is stored.

    Attributes
    ----------
    meta
        Request, counts, the proof that nothing leaks, the chosen seed, notes.
    split, group
        For every row of the set, int8 and int64: 0 train, 1 validation, 2 test; the number of the
        group that had to stay whole. −1 is not in the pool.
    search
        Every candidate that was tried: seed, max_mmd2, uncovered, off.
    strata
        One row for every theme and every value stratified by, with its images in each split.
    """

    key: str
    meta: dict[str, Any]
    split: np.ndarray
    group: np.ndarray
    search: pd.DataFrame
    strata: pd.DataFrame

    def rows(self, name: str) -> np.ndarray:
        """Return the rows of "train", "validation" or "test", ascending int64."""
        return np.flatnonzero(self.split == SPLITS.index(name))


class Choices:
    """The choices and divisions kept in a workspace."""

    def __init__(self, workspace: Workspace):
        self._workspace = workspace
        self._kept = {kind: Lines(workspace, kind, whole) for kind in ("choice", "splits")}

    def list(self, name: str, view: Any = None) -> Sequence[ChoiceLine]:
        """Return a line about every choice of a set or part, the newest first.

        Parameters
        ----------
        name
            The set or part.
        view
            What was decided about it (`Desk.view`): with it, each line tells the name that its
            slice has now; without it, the name that it was first given.
        """
        lines = [_choice_line(key, m, view) for key, m in self._kept["choice"].of(name)]
        return sorted(lines, key=lambda line: (line.created, line.key), reverse=True)

    def open(self, key: str) -> Choice:
        """Return a choice.

        Raises
        ------
        NotFoundError
            No choice has this key.
        ArtifactCorruptError
            It is damaged; the message names the file.
        """
        stored = self._read("choice", key)
        arrays, tables = stored.arrays, stored.tables
        return Choice(
            key, stored.meta, tables["chosen"], np.asarray(arrays["pool"]),
            np.asarray(arrays["already"]), tables.get("saturation"),
        )  # fmt: skip

    def list_splits(self, name: str) -> Sequence[SplitLine]:
        """Return a line about every division of a set or part, the newest first."""
        lines = [
            SplitLine(key, m["created"], meta["counts"], meta["slices"], meta["imageset"])
            for key, m in self._kept["splits"].of(name)
            if (meta := m["meta"])
        ]
        return sorted(lines, key=lambda line: (line.created, line.key), reverse=True)

    def open_splits(self, key: str) -> Splits:
        """Return a division; see `open` for the errors."""
        stored = self._read("splits", key)
        arrays, tables = stored.arrays, stored.tables
        return Splits(
            key, stored.meta, np.asarray(arrays["split"]), np.asarray(arrays["group"]),
            tables["search"], tables["strata"],
        )  # fmt: skip

    def _read(self, kind: str, key: str) -> Artefact:
        try:
            return self._workspace.read(kind, key)
        except NotFoundError:
            what = "choice" if kind == "choice" else "division into splits"
            raise NotFoundError(f"no {what} with this id is kept here; make it again") from None


def _choice_line(key: str, manifest: Mapping[str, Any], view: Any) -> ChoiceLine:
    """Return a line about a choice from its manifest."""
    meta = manifest["meta"]
    named = meta["slice"] if view is None else slice_of(key, view)
    request = meta["request"]
    return ChoiceLine(
        key, manifest["created"], named, meta["strategy"], meta["n"], meta["budget"],
        request["scenario"], meta["n_pool"], meta["imageset"],
    )  # fmt: skip


def mark_of(key: str) -> str:
    """Return how the history of a slice names the choice or division that made it."""
    return f"id {key[:MARK]}"


def slice_of(key: str, view: Any) -> str:
    """Return the name that the slice made by a choice has now; "" where there is none."""
    mark = mark_of(key)
    return next((one.name for one in view.slices if mark in one.how), "")

"""Series of batches as they are stored: the list of a set's, and one with its numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from core.drift.series_request import SeriesRequest
from core.errors import NotFoundError
from core.storage.lines import Lines
from core.storage.store import Workspace


@dataclass(frozen=True, slots=True)
class SeriesLine:
    """One line about a series: `level` and `sentence` are "" where only a plan was made.

    `batches` is their number, `planned` whether it holds a plan.
    """

    key: str
    created: str
    title: str
    reference: str
    batches: int
    level: str
    sentence: str
    planned: bool


@dataclass(frozen=True, slots=True)
class KeptSeries:
    """A series as it is stored.

    Attributes
    ----------
    meta
        reference, request, verdict, batches, trend, change, plan, notes, every, encoder; JSON
        values only (`core.drifting.series.make`).
    batches
        One row a batch, as it is downloaded.
    """

    key: str
    created: str
    meta: dict[str, Any]
    batches: pd.DataFrame

    @property
    def request(self) -> SeriesRequest:
        """What was asked for."""
        return SeriesRequest.from_json(self.meta["request"])


class SeriesKept:
    """The series kept in a workspace; may be asked from any thread."""

    _workspace: Workspace

    def __init__(self, workspace: Workspace):
        self._workspace = workspace
        self._series_lines = Lines(workspace, "driftseries", _line)

    def series_list(self, name: str) -> Sequence[SeriesLine]:
        """Return a line about every series whose reference or batches are of a set, newest first.

        A damaged one is left out, so that it hides no others.
        """
        return self._series_lines.of(name)

    def series(self, key: str) -> KeptSeries:
        """Return a series.

        Raises
        ------
        NotFoundError
            None has this key.
        ArtifactCorruptError
            It is damaged; the message names the file.
        """
        if not self._workspace.has("driftseries", key):
            raise NotFoundError("no series with this id is kept here; make it again")
        stored = self._workspace.read("driftseries", key)
        created = str(stored.meta.get("created", ""))
        return KeptSeries(key, created, stored.meta, stored.tables["batches"])

    def series_stale(self, series: KeptSeries, opened: dict[str, Any]) -> str:
        """Return why a series is of older sets than these; "" where it is of them.

        Parameters
        ----------
        opened
            The sets it is of as they are now, by name; those that are gone are missing.
        """
        for name, key in series.meta["imagesets"].items():
            if name not in opened:
                return f"{name!r} is no longer here."
            if opened[name].key != key:
                return f"{name!r} has changed since: hold the batches against the reference again."
        return ""


def _line(key: str, manifest: dict[str, Any]) -> tuple[set[str], SeriesLine]:
    """Return the sets of a series, and a line about it, from its manifest."""
    meta = manifest["meta"]
    told = meta["verdict"] or {"level": "", "sentence": ""}
    line = SeriesLine(
        key, manifest["created"], meta["title"], meta["reference"]["label"], len(meta["batches"]),
        told["level"], told["sentence"], meta["plan"] is not None,
    )  # fmt: skip
    return set(meta["imagesets"]), line

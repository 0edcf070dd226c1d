"""Comparisons of two sets as they are stored: the list of a set's, and one with its numbers."""

from collections.abc import Sequence
from dataclasses import dataclass
from threading import RLock
from typing import Any

import pandas as pd

from core.drift.request import DriftRequest
from core.drifts.patches import Patches, patches_of_drift
from core.drifts.series import SeriesKept
from core.errors import NotFoundError
from core.storage.lines import Lines
from core.storage.store import Workspace

#: Comparisons kept, so that pages may ask often.
_KEPT = 8


@dataclass(frozen=True, slots=True)
class DriftLine:
    """One line about a comparison: `a` is the reference, `level` and `sentence` the verdict.

    `imagesets` are the keys of both sets: with others now, a set has changed since.
    """

    key: str
    created: str
    title: str
    a: str
    b: str
    level: str
    sentence: str
    imagesets: tuple[str, str]


@dataclass(frozen=True, slots=True)
class Drift:
    """A comparison as it is stored.

    Attributes
    ----------
    meta
        a, b, request, verdict, tests, details, clusters, local, explain, conditional, scale,
        power, left_out, notes, encoder, seconds, versions; JSON values only.
    images
        One row an image: side ("a" or "b"), row, item_id, cluster, score, share, counterpart,
        distance, local, x, y.
    clusters
        One row a cluster, as it is downloaded.
    """

    key: str
    created: str
    meta: dict[str, Any]
    images: pd.DataFrame
    clusters: pd.DataFrame

    @property
    def request(self) -> DriftRequest:
        """What was asked for."""
        return DriftRequest.from_json(self.meta["request"])

    def of(self, side: str) -> pd.DataFrame:
        """Return the images of side "a" or "b"."""
        return self.images[self.images["side"] == side]


class Drifts(SeriesKept):
    """The comparisons of two sets kept in a workspace; may be asked from any thread."""

    def __init__(self, workspace: Workspace):
        super().__init__(workspace)
        self._lines = Lines(workspace, "drift", _line)
        self._opened: dict[str, Drift] = {}
        self._patches: dict[str, Patches] = {}
        self._lock = RLock()

    def list(self, name: str) -> Sequence[DriftLine]:
        """Return a line about every comparison that a set or part is a side of, newest first."""
        return self._lines.of(name)

    def open(self, key: str) -> Drift:
        """Return a comparison.

        Raises
        ------
        NotFoundError
            None has this key.
        ArtifactCorruptError
            It is damaged; the message names the file.
        """
        if not self._workspace.has("drift", key):
            raise NotFoundError("no comparison with this id is kept here; make it again")
        with self._lock:
            kept = self._opened.pop(key, None)
        if kept is None:
            stored = self._workspace.read("drift", key)
            created = str(stored.meta.get("created", ""))
            tables = stored.tables
            kept = Drift(key, created, stored.meta, tables["images"], tables["clusters"])
        with self._lock:
            self._opened[key] = kept
            while len(self._opened) > _KEPT:
                del self._opened[next(iter(self._opened))]
        return kept

    def patches(self, drift: Drift) -> Patches | None:
        """Return the patches of a comparison; None where it has none, or they were deleted."""
        with self._lock:
            kept = self._patches.pop(drift.key, None)
        kept = kept or patches_of_drift(drift, self._workspace)
        if kept is not None:
            with self._lock:
                self._patches[drift.key] = kept
                while len(self._patches) > _KEPT // 2:
                    del self._patches[next(iter(self._patches))]
        return kept

    def stale(self, drift: Drift, first: Any, second: Any) -> str:
        """Return why a comparison is of older sets than these two; "" where it is of them."""
        for side, opened in (("a", first), ("b", second)):
            told = drift.meta[side]
            if told["imageset"] != opened.key:
                return f"{opened.name!r} has changed since: compare again."
            if told["embeddings"] != opened.embeddings:
                return f"{opened.name!r} was encoded anew since: compare again."
        return ""


def _line(key: str, manifest: dict[str, Any]) -> tuple[set[str], DriftLine]:
    """Return the sets of a comparison, and a line about it, from its manifest."""
    meta = manifest["meta"]
    one, two, told = meta["a"], meta["b"], meta["verdict"]
    line = DriftLine(
        key, manifest["created"], meta["title"], one["label"], two["label"], told["level"],
        told["sentence"], (one["imageset"], two["imageset"]),
    )  # fmt: skip
    return {one["set"], two["set"]}, line

"""Courts and tests of nuisances as they are stored: the lists of a set's, and one with all of it.

Both are told in the metadata of their artefacts as JSON; the neighbours are arrays.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from threading import RLock
from typing import Any, Literal

import numpy as np

from core.courts.request import CourtRequest, NuisanceRequest
from core.errors import NotFoundError, VitrineError
from core.storage.lines import Lines
from core.storage.store import Workspace, read_json

Kind = Literal["court", "nuisance"]
#: Raised when the numbers of a court or a test, or what is stored of one, change. Those of another
#: format are neither listed nor opened: pages would look for what they do not hold.
FORMATS: dict[Kind, int] = {"court": 2, "nuisance": 2}
#: What is kept open, so that pages may ask often.
_KEPT = 8


@dataclass(frozen=True, slots=True)
class CourtLine:
    """One line about a court: which encoders it heard of which set, and what it says."""

    key: str
    created: str
    name: str
    encoders: tuple[str, ...]
    text: str
    imageset: str


@dataclass(frozen=True, slots=True)
class NuisanceLine:
    """One line about a test of nuisances: of which set, and what it says."""

    key: str
    created: str
    name: str
    text: str
    level: str
    imageset: str


@dataclass(frozen=True, slots=True)
class Court:
    """A court as it is stored.

    Attributes
    ----------
    meta
        name, request, encoders (one record each), overlap, recommendations, warnings, text, n,
        total, seed, versions, seconds; JSON values only.
    rows
        Rows of the set that were looked at `(m,)` int64, ascending.
    near, apart
        The nearest of them by each encoder `(e, m, k)`: rows of the set int64, −1 for none, and
        chordal distances float32.
    contrast
        How far the encoders disagree about each one's neighbours `(m,)`, 0 to 1.
    """

    key: str
    created: str
    meta: dict[str, Any]
    rows: np.ndarray
    near: np.ndarray
    apart: np.ndarray
    contrast: np.ndarray

    @property
    def request(self) -> CourtRequest:
        """What was asked for."""
        return CourtRequest.from_json(self.meta["request"])


@dataclass(frozen=True, slots=True)
class Nuisance:
    """A test of nuisances as it is stored; `meta` holds all of it as JSON values.

    `meta` has name, request, factors (one record each), label, before, after, clusters, text,
    level, left_out, n, total, seed, versions and seconds.
    """

    key: str
    created: str
    meta: dict[str, Any]

    @property
    def request(self) -> NuisanceRequest:
        """What was asked for."""
        return NuisanceRequest.from_json(self.meta["request"])


class Courts:
    """The courts and tests of nuisances kept in a workspace; may be asked from any thread."""

    def __init__(self, workspace: Workspace):
        self._workspace = workspace
        self._courts = Lines(workspace, "court", _court_line)
        self._nuisances = Lines(workspace, "nuisance", _nuisance_line)
        self._opened: dict[str, Any] = {}
        self._lock = RLock()

    def list(self, name: str) -> Sequence[CourtLine]:
        """Return a line about every court held on a set or part, newest first."""
        return self._courts.of(name)

    def nuisances(self, name: str) -> Sequence[NuisanceLine]:
        """Return a line about every test of nuisances of a set or part, newest first."""
        return self._nuisances.of(name)

    def open(self, key: str) -> Court:
        """Return a court; `NotFoundError` if none has this key."""
        found: Court = self._open("court", key)
        return found

    def nuisance(self, key: str) -> Nuisance:
        """Return a test of nuisances; `NotFoundError` if none has this key."""
        found: Nuisance = self._open("nuisance", key)
        return found

    def latest(self, opened: Any) -> Court | None:
        """Return the newest court held on the images that a set has now; None where none was."""
        for line in self.list(opened.name):
            if line.imageset == opened.key:
                try:
                    return self.open(line.key)
                except VitrineError:  # a damaged one hides no others
                    continue
        return None

    def measured(self, opened: Any) -> Mapping[str, Any] | None:
        """Return what the newest court on a set's images says, without its neighbours; or None.

        Cheap enough to be asked by every page.
        """
        for line in self.list(opened.name):
            if line.imageset == opened.key:
                path = self._workspace.root / "artefacts" / "court" / line.key / "manifest.json"
                try:
                    meta: Mapping[str, Any] = read_json(path)["meta"]
                    return meta
                except (VitrineError, KeyError, TypeError):  # a damaged one hides no others
                    continue
        return None

    @staticmethod
    def stale(found: Court | Nuisance, opened: Any) -> str:
        """Return why what was found is of older images or vectors than a set has; "" if not."""
        if found.meta["imageset"] != opened.key:
            return f"{opened.title!r} has other images now than then: run this again."
        if found.meta["embeddings"] != opened.embeddings:
            return f"{opened.title!r} was encoded anew since: run this again."
        return ""

    def _open(self, kind: Kind, key: str) -> Any:
        what = "court" if kind == "court" else "test of nuisances"
        if not self._workspace.has(kind, key):
            raise NotFoundError(f"no {what} with this id is kept here; run it again")
        with self._lock:
            kept = self._opened.pop(key, None)
        if kept is None:
            stored = self._workspace.read(kind, key)
            if stored.meta.get("format") != FORMATS[kind]:
                raise NotFoundError(f"another version of Vitrine made this {what}; run it again")
            created, arrays = str(stored.meta.get("created", "")), stored.arrays
            if kind == "court":
                kept = Court(key, created, stored.meta, arrays["rows"], arrays["near"],
                             arrays["apart"], arrays["contrast"])  # fmt: skip
            else:
                kept = Nuisance(key, created, stored.meta)
        with self._lock:
            self._opened[key] = kept
            while len(self._opened) > _KEPT:
                del self._opened[next(iter(self._opened))]
        return kept


def _meta(kind: Kind, manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return what a manifest tells; `NotFoundError` if it has another format."""
    meta: Mapping[str, Any] = manifest["meta"]
    if meta.get("format") != FORMATS[kind]:
        raise NotFoundError(f"this {kind} has another format")
    return meta


def _court_line(key: str, manifest: Mapping[str, Any]) -> tuple[Sequence[str], CourtLine]:
    meta = _meta("court", manifest)
    line = CourtLine(
        key, manifest["created"], meta["name"], tuple(one["name"] for one in meta["encoders"]),
        meta["text"], meta["imageset"],
    )  # fmt: skip
    return (line.name,), line


def _nuisance_line(key: str, manifest: Mapping[str, Any]) -> tuple[Sequence[str], NuisanceLine]:
    meta = _meta("nuisance", manifest)
    line = NuisanceLine(
        key, manifest["created"], meta["name"], meta["text"], meta["level"], meta["imageset"]
    )
    return (line.name,), line

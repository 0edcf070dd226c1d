"""What the last check of a set found, as it is stored: tables and arrays, read when they are asked
for."""

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from core.errors import NotFoundError, VitrineError
from core.findings.cases import Cases, group_cases, label_cases, outlier_cases, picture_cases
from core.findings.describe import label_codes, masks
from core.findings.model import TOPICS
from core.quality.pictures import ISSUES, Found, picture_issues
from core.storage.store import Artefact

#: Which artefact tells of each topic.
ARTEFACTS = {
    "duplicates": "duplicates",
    "outliers": "outliers",
    "pictures": "pixels",
    "labels": "labelcheck",
}

#: The table or array of each artefact that has one line or value an image.
_WHOLE = {"duplicates": "nearest", "outliers": "outliers", "pixels": "measures",
          "labelcheck": "quality"}  # fmt: skip

Read = Callable[[str, str], Artefact]


class Check:
    """What a check found of one set or part; never changes.

    Parameters
    ----------
    opened
        The set or part that it is of.
    record
        What its record says under "quality".
    read
        Returns an artefact by its kind and key.

    Attributes
    ----------
    request
        What was asked for, as JSON.
    updated
        When it ended: UTC, ISO 8601; "" where it is not known.
    limits
        The thresholds of picture issues that a person moved.
    stale
        Why it is of an older set; "" where it is of this one. Nothing it found is shown then,
        since its rows may be others.
    """

    def __init__(self, opened: Any, record: Mapping[str, Any], read: Read):
        self.name, self.key, self.n = opened.name, opened.key, len(opened)
        self.request: dict[str, Any] = dict(record.get("request") or {})
        self.updated = str(record.get("updated") or "")
        moved = record.get("pictures") or {}
        self.limits = {name: float(moved[name]) for name in ISSUES if name in moved}
        self._lost: dict[str, str] = {}
        self.stale = ""
        self._read, self._record = read, record
        self._made: dict[str, Any] = {}
        for name, own in (("imageset", self.key), ("embeddings", opened.embeddings)):
            if record.get(name, own) != own:
                self.stale = _STALE
        self._stored: dict[str, Artefact | None] = {}

    def _get(self, kind: str) -> Artefact | None:
        """Return an artefact of this check; None where it has none, or it cannot be used."""
        if kind not in self._stored:
            self._stored[kind] = self._open(kind)
        return self._stored[kind]

    def _open(self, kind: str) -> Artefact | None:
        key = self._record.get(kind)
        if self.stale or not key:
            return None
        try:
            stored = self._read(kind, key)
        except NotFoundError:
            self._lost[kind] = "What the check found is not kept any more: check again."
            return None
        except VitrineError as error:
            self._lost[kind] = str(error)
            return None
        if self._is_of_another(kind, stored):
            self._lost[kind] = "What the check found is of another set: check again."
            return None
        return stored

    def _is_of_another(self, kind: str, stored: Artefact) -> bool:
        """Tell whether an artefact is of another set, or of other images, than this one."""
        whole = _WHOLE.get(kind, "")
        held = stored.arrays.get(whole, stored.tables.get(whole))
        other = stored.meta.get("imageset", self.key) != self.key
        return other or (held is not None and len(held) != self.n)

    def notice(self, topic: str) -> str:
        """Return what the check could not do about a topic, in words; "" where it did all."""
        kind = ARTEFACTS[topic]
        stored = self._get(kind)
        told = self._lost.get(kind) if stored is None else stored.meta.get("notice")
        return str(told or "")

    # -- what is stored ------------------------------------------------------------------------

    @property
    def duplicates(self) -> Artefact | None:
        """Groups of copies: tables "groups", "members" and "leaks", arrays "pairs", "nearest"."""
        return self._get("duplicates")

    @property
    def outliers(self) -> Artefact | None:
        """How alone each image lies: the table "outliers", a line an image."""
        return self._get("outliers")

    @property
    def labels(self) -> Artefact | None:
        """Tables "issues", "balance" and "ber", and the array "quality", a value an image."""
        return self._get("labelcheck")

    @property
    def pixels(self) -> Artefact | None:
        """What was measured of each picture: the table "measures", a line an image."""
        return self._get("pixels")

    @property
    def perturbations(self) -> Artefact | None:
        """How far small changes move the vectors of this set."""
        return self._get("perturbations")

    @cached_property
    def pictures(self) -> dict[str, Found] | None:
        """What each issue finds with the thresholds of now; None where nothing was measured."""
        if self.pixels is None:
            return None
        return picture_issues(self.pixels.tables["measures"], self.limits)

    @property
    def threshold(self) -> dict[str, Any] | None:
        """Up to which distance two images are near-duplicates: tau, source, text and the rest."""
        if self.duplicates is None:
            return None
        meta = self.duplicates.meta
        given = meta.get("threshold")
        found = dict(given) if isinstance(given, Mapping) else {}
        return found | {name: meta[name] for name in ("tau", "source", "text") if name in meta}

    @cached_property
    def outlier_table(self) -> pd.DataFrame | None:
        """What was measured of how alone each image lies, a line an image."""
        return None if self.outliers is None else self.outliers.tables["outliers"]

    def higher(self, score: float) -> tuple[int, int]:
        """Return how many images have a higher outlier score, and how many have one at all."""

        def make() -> np.ndarray:
            table = self.outlier_table
            scores = np.zeros(0) if table is None else table["score"].to_numpy(np.float64)
            return np.sort(scores[np.isfinite(scores)])

        known = self.once("scores", make)
        return len(known) - int(np.searchsorted(known, score, side="right")), len(known)

    # -- cases ---------------------------------------------------------------------------------

    def cases(self, topic: str) -> Cases | None:
        """Return what there is to decide about a topic; None where it was not checked."""
        if topic not in TOPICS:
            raise NotFoundError(f"no topic {topic!r}: there are {', '.join(TOPICS)}")
        if topic not in self._made:
            self._made[topic] = self._make(topic)
        found: Cases | None = self._made[topic]
        return found

    def _make(self, topic: str) -> Cases | None:
        stored = self._get(ARTEFACTS[topic])
        if stored is None:
            return None
        if topic == "duplicates":
            return group_cases(stored.tables["groups"], stored.tables["members"], self.n)
        if topic == "outliers":
            return outlier_cases(stored.tables["outliers"])
        if topic == "pictures":
            return picture_cases(self.pictures or {})
        own = (stored.meta.get("column") or "label") == "label"
        return label_cases(stored.tables["issues"], own)

    def states(self, topic: str, view: Any) -> np.ndarray:
        """Return what became of each case of a topic, as a place in `STATES`: int64 `(c,)`."""
        cases = self.cases(topic)
        assert cases is not None
        found: np.ndarray = self.of_view(f"states {topic}", view, lambda: cases.states(view))
        return found

    def keepers(self, view: Any) -> np.ndarray:
        """Return which image of each group stays as things are now: int64 `(c,)`."""
        cases = self.cases("duplicates")
        assert cases is not None
        found: np.ndarray = self.of_view("keepers", view, lambda: cases.keepers(*masks(view)))
        return found

    def conflicts(self, opened: Any, view: Any) -> np.ndarray:
        """Return which groups have members in use with different labels now: bool `(c,)`."""
        cases = self.cases("duplicates")
        assert cases is not None

        def make() -> np.ndarray:
            return cases.differ(np.where(self.out(view), -1, label_codes(opened, view)))

        found: np.ndarray = self.of_view("conflicts", view, make)
        return found

    def out(self, view: Any) -> np.ndarray:
        """Return which images are out of the working set: bool `(n,)`."""
        found: np.ndarray = self.of_view("out", view, lambda: masks(view)[0])
        return found

    def once(self, what: str, make: Callable[[], Any]) -> Any:
        """Return what is made from the stored results, made once."""
        if what not in self._made:
            self._made[what] = make()
        return self._made[what]

    def of_view(self, what: str, view: Any, make: Callable[[], Any]) -> Any:
        """Return what is made from the decisions, kept until there are others."""
        kept = self._made.get(what)
        if kept is None or kept[0] is not view:
            kept = (view, make())
            self._made[what] = kept
        return kept[1]

    @cached_property
    def copies(self) -> np.ndarray:
        """Which images are copies of another: int64 `(n,)`, one number for each that are alike."""
        cases = self.cases("duplicates")
        if cases is None:
            return np.arange(self.n, dtype=np.int64)
        return cases.joined(self.n)


_STALE = (
    "The set has changed since it was checked, so what was found does not fit it any more. "
    "Check again; pictures that were read before are not read again."
)

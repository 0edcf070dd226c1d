"""The part of a quality check that is about outliers: scores, tests against a clean slice, a list.

Kept under a key of the vectors, the units, the working set and what is asked for. What a person
took out of the working set is scored against it all the same, so that a decided outlier keeps its
line in the worklist, but it vouches for nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
import pandas as pd

from core.checking.fine import VERSION, Fine
from core.checking.outlier_text import MOST, TITLES, text_of
from core.errors import InputError
from core.keys import artefact_key
from core.model import Neighbors
from core.progress import Progress
from core.quality.around import unit_places
from core.quality.conformal import STAGE as TESTING
from core.quality.conformal import conformal_outliers, conformal_test, halves
from core.quality.density import glosh_scores, isolation_scores
from core.quality.outliers import (
    STAGE,
    OutlierScores,
    class_outlier_scores,
    outlier_scores,
    percentiles,
)
from core.quality.request import QualityRequest
from core.storage.store import Workspace

FORMAT = 2

#: Witnesses of each image that are kept to be shown.
SHOWN = 12


@dataclass(frozen=True, slots=True)
class Outliers:
    """How alone each item of a set lies, as it is stored.

    Attributes
    ----------
    key
        Of the artefact "outliers".
    meta
        method, status ("ok" or "undefined"), notice, text (what is listed and why, in words),
        reference (slice or ""), n_reference, n_fitted, n_clean, p_least, q, share, n (items),
        compared (of the working set), units, k, cut, listed, listed_out (of those, how many are out
        of the working set), per_class, column, left_out, seed,
        imageset.
    table
        A row an item, in row order: score (what the list is sorted by, 1 or the largest is the
        most alone), percentile (of it in the working set), distance, lof, class_score, p,
        discovered, listed; NaN where a method has no such value. By places also across and down,
        where the most unlike place lies in what the encoder sees, 0 to 1.
    near, near_distance
        The nearest witnesses of each item `(n, ≤ 12)` int32, nearest first, and how far they are.
    """

    key: str
    meta: dict[str, Any]
    table: pd.DataFrame
    near: np.ndarray
    near_distance: np.ndarray

    @property
    def rows(self) -> np.ndarray:
        """The rows listed, the most alone first."""
        rows = np.flatnonzero(self.table["listed"].to_numpy(dtype=bool))
        score = self.table["score"].to_numpy(np.float64)[rows]
        found: np.ndarray = rows[np.argsort(-score, kind="stable")]
        return found


@dataclass(frozen=True, slots=True)
class Subject:
    """What is looked at: a set's vectors, and who belongs together and who vouches.

    Attributes
    ----------
    unit, neighbors
        Unit rows `(n, d)` float32, and their neighbour graph.
    units
        Unit of each row `(n,)`: near-duplicates, specimens, videos.
    working
        Rows of the working set, ascending.
    reference
        Rows of the slice that is known to be clean; empty where there is none.
    labels, column, names
        Label of each row as a number, −1 for none; the column they are of, and their texts.
    notes
        What is to be said of the units.
    places
        Finds the most unlike place of each picture, held against those that vouch, bool `(n,)`;
        None where pictures are not at hand.
    """

    unit: np.ndarray
    neighbors: Neighbors
    units: np.ndarray
    working: np.ndarray
    reference: np.ndarray = field(default_factory=lambda: np.zeros(0, np.int64))
    labels: np.ndarray | None = None
    column: str = ""
    names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    places: Callable[[np.ndarray], Fine] | None = None

    @property
    def vouching(self) -> np.ndarray:
        """Who is in the working set, bool `(n,)`."""
        found = np.zeros(len(self.unit), bool)
        found[self.working] = True
        return found


def read_outliers(workspace: Workspace, key: str) -> Outliers:
    """Return stored outliers.

    Raises
    ------
    NotFoundError
        They are not there.
    ArtifactCorruptError
        They are damaged.
    """
    stored = workspace.read("outliers", key)
    arrays = stored.arrays
    return Outliers(
        key, stored.meta, stored.tables["outliers"], arrays["near"], arrays["near_distance"]
    )


def outliers_of(
    opened: Any,
    workspace: Workspace,
    subject: Subject,
    asked: QualityRequest,
    progress: Progress | None = None,
) -> Outliers:
    """Find what lies alone in a set, unless just this was found before.

    Raises
    ------
    InputError
        The clean slice is too small, or holds the whole working set.
    JobCancelled
        `progress` was cancelled; nothing is stored then.
    """
    progress = progress or Progress()
    _check_reference(asked, subject)
    key = _key(opened, subject, asked)
    if not workspace.has("outliers", key):
        with workspace.lock(f"outliers/{key}", progress):
            if not workspace.has("outliers", key):
                _compute(opened, workspace, key, subject, asked, progress)
    return read_outliers(workspace, key)


def _check_reference(asked: QualityRequest, subject: Subject) -> None:
    if asked.reference is None:
        return
    name, working = f"reference: slice “{asked.reference}”", subject.working
    units = len(np.unique(subject.units[subject.reference]))
    if units < 10:
        raise InputError(
            f"{name} holds {units} different images of the working set: a clean reference needs 10 "
            "or more, better hundreds"
        )
    if len(subject.reference) == len(working):
        raise InputError(f"{name} holds every image: there is none left to test against it")


def _key(opened: Any, subject: Subject, asked: QualityRequest) -> str:
    """Return the key of what is found: of the data, of who vouches, and of what is asked for."""
    tested = {"q": asked.q, "reference": subject.reference} if asked.reference else {}
    listed = {} if asked.reference else {"share": asked.share}
    drawn = asked.reference is not None or asked.outliers in {"isolation", "places"}
    classes = [subject.labels] if asked.per_class else []
    method = f"places-{VERSION}" if asked.outliers == "places" else asked.outliers
    return artefact_key(
        "outliers", FORMAT, opened.key, opened.embeddings, opened.spec.key, subject.neighbors.key,
        unit_places(subject.units, len(subject.unit)), subject.working, method,
        asked.per_class, tested, listed, asked.seed if drawn else 0, asked.reference, *classes,
    )  # fmt: skip


def _compute(
    opened: Any,
    workspace: Workspace,
    key: str,
    subject: Subject,
    asked: QualityRequest,
    progress: Progress,
) -> None:
    """Score, test where there is a reference, list, and store it all as one artefact."""
    progress.report(STAGE, 0, len(subject.unit))
    found = outlier_scores(
        subject.unit, subject.neighbors, units=subject.units, vouching=subject.vouching,
        progress=progress,
    )  # fmt: skip
    table = pd.DataFrame({"score": _method(found, subject, asked, progress)})
    notes = [found.notice, *subject.notes]
    if asked.outliers == "places":
        notes.append(_by_place(table, subject, asked))
    table["percentile"] = 0.5
    table["distance"], table["lof"] = found.distance, found.lof
    table["class_score"], table["p"] = np.nan, np.nan
    table["discovered"] = False
    meta: dict[str, Any] = {"left_out": []}
    if asked.per_class and found.status == "ok":
        notes += _by_class(table, subject, meta, progress)
    table["percentile"] = _percentiles(table, subject.working)
    if asked.reference:
        notes += _test(table, subject, asked, meta, progress)
    else:
        status = "ok" if asked.outliers == "places" else found.status
        meta |= _list(table, subject, asked, status)
    meta |= _told(opened, subject, asked, found)
    listed = table["listed"].to_numpy(dtype=bool)
    meta |= {"listed": int(listed.sum()), "listed_out": int((listed & ~subject.vouching).sum())}
    meta["text"] = text_of(meta)
    meta["notice"] = " ".join(note for note in notes if note)
    shown = min(SHOWN, found.k)
    arrays = {
        "near": found.around.indices[:, :shown].astype(np.int32).reshape(len(table), shown),
        "near_distance": found.around.distances[:, :shown]
        .astype(np.float32)
        .reshape(len(table), shown),
    }
    progress.report("storing")
    workspace.write("outliers", key, meta=meta, arrays=arrays, tables={"outliers": table})


def _percentiles(table: pd.DataFrame, working: np.ndarray) -> np.ndarray:
    """Return how large a share of the working set has a lower score `(n,)`."""
    score = table["score"].to_numpy(np.float64)
    return percentiles(score, score[working])


def _method(
    found: OutlierScores, subject: Subject, asked: QualityRequest, progress: Progress
) -> np.ndarray:
    """Return the score of the method that is asked for `(n,)`; .5 where nothing differs."""
    if asked.outliers in {"rank", "places"} or found.status == "undefined":
        return found.score
    if asked.outliers == "glosh":
        progress.report(STAGE, 0, len(subject.unit), "GLOSH")
        return glosh_scores(found.around, subject.vouching)
    places = unit_places(subject.units, len(subject.unit))
    return isolation_scores(
        subject.unit, places, subject.vouching, seed=asked.seed, progress=progress
    )


def _by_place(table: pd.DataFrame, subject: Subject, asked: QualityRequest) -> str:
    """Score items by the most unlike place of their pictures; return what is to be said of it.

    Held against the working set, or against one half of the clean reference.
    """
    if subject.places is None:
        raise InputError("outliers=places: needs the pictures of the set")
    vouching = subject.vouching
    if asked.reference:
        fitted, _ = _halves(subject, asked)
        vouching = np.isin(np.arange(len(vouching)), fitted)
    found = subject.places(vouching)
    table["score"], table["across"], table["down"] = found.score, found.across, found.down
    return found.notice


def _halves(subject: Subject, asked: QualityRequest) -> tuple[np.ndarray, np.ndarray]:
    """Return which rows of the clean reference say what is usual, and which are held out."""
    places = unit_places(subject.units, len(subject.unit))
    return halves(np.unique(subject.reference), places, asked.seed)


def _by_class(
    table: pd.DataFrame, subject: Subject, meta: dict[str, Any], progress: Progress
) -> list[str]:
    """Score items among those of their label, and rank by that where there is one."""
    labels = subject.labels
    if labels is None or not (labels[subject.working] >= 0).any():
        return ["Nothing in the working set has a label, so none was compared with its class."]
    inside = class_outlier_scores(
        subject.unit, labels, subject.neighbors, units=subject.units,
        vouching=subject.vouching, progress=progress,
    )  # fmt: skip
    table["class_score"] = inside.score
    known = np.isfinite(inside.score)
    table.loc[known, "score"] = inside.score[known]
    small = np.setdiff1d(labels[labels >= 0], labels[known & (labels >= 0)])
    meta["left_out"] = [subject.names[label] for label in small.tolist()][:MOST]
    without = int((~known[subject.working]).sum())
    more = f"{without:,} images were compared with the whole set instead." if without else ""
    return [inside.notice, more]


def _list(
    table: pd.DataFrame, subject: Subject, asked: QualityRequest, status: Literal["ok", "undefined"]
) -> dict[str, Any]:
    """Mark the top share of the working set as listed, and what was taken out and lies as far."""
    score, working = table["score"].to_numpy(np.float64), subject.working
    listed = np.zeros(len(table), bool)
    cut = None
    if status == "ok" and len(working):
        count = min(MOST, max(1, round(asked.share * len(working))))
        order = working[np.argsort(-score[working], kind="stable")]
        listed[order[:count]] = True
        cut = float(score[order[count - 1]])
        out = ~subject.vouching
        listed[out & (score >= cut)] = True
    table["listed"] = listed
    return {"cut": cut, "status": status, "p_least": None, "n_fitted": 0, "n_clean": 0}


def _test(
    table: pd.DataFrame,
    subject: Subject,
    asked: QualityRequest,
    meta: dict[str, Any],
    progress: Progress,
) -> list[str]:
    """Test items against the clean reference, and list the discoveries."""
    progress.report(TESTING)
    rows = np.setdiff1d(np.arange(len(table)), subject.reference)
    if asked.outliers == "places":
        seen = np.isfinite(table["across"].to_numpy(np.float64))
        fitted, clean = _halves(subject, asked)
        score, clean, rows = table["score"].to_numpy(), clean[seen[clean]], rows[seen[rows]]
        found = conformal_test(
            score[clean], score[rows], len(fitted), q=asked.q, counted=subject.vouching[rows]
        )
    else:
        found = conformal_outliers(
            subject.unit, subject.reference, rows, units=subject.units, q=asked.q,
            counted=subject.vouching[rows], seed=asked.seed, progress=progress,
        )  # fmt: skip
    table.loc[rows, "p"] = found.p
    table.loc[rows, "discovered"] = found.discovered
    table["listed"] = table["discovered"]
    meta |= {
        "cut": None, "status": "ok", "p_least": found.p_least, "n_fitted": found.n_fitted,
        "n_clean": found.n_clean,
    }  # fmt: skip
    return [] if found.discovered.any() else [found.notice]


def _told(
    opened: Any, subject: Subject, asked: QualityRequest, found: OutlierScores
) -> dict[str, Any]:
    """Return what is kept of what was asked for and looked at."""
    return {
        "format": FORMAT, "name": opened.name, "imageset": opened.key, "method": asked.outliers,
        "title": TITLES[asked.outliers], "reference": asked.reference or "",
        "n_reference": len(subject.reference), "q": asked.q if asked.reference else None,
        "share": None if asked.reference else asked.share, "n": len(subject.unit),
        "compared": len(subject.working), "units": len(np.unique(subject.units)), "k": found.k,
        "per_class": asked.per_class, "column": subject.column, "seed": asked.seed,
    }  # fmt: skip

"""Labels proposed by words (zero-shot), kept for a person to accept like propagated ones."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from core.config import Settings
from core.curation.acts import stored as as_label
from core.curation.source import portable_name
from core.encoders import open_encoder
from core.encoders.prompts import mean_direction, templates_of
from core.errors import EncoderUnavailableError, InputError
from core.labelled.stored import Labelled
from core.labelling.data import Data
from core.labelling.propagating import WITNESSES
from core.progress import Progress
from core.quality.propagate import nearest_known
from core.quality.words_request import WordsRequest, own_words
from core.quality.zero_shot import ByWords, labels_by_words
from core.search import words as spoken
from core.space import unit_rows
from core.storage.store import Workspace

_TOLD = ("by", "column", "pool", "labels", "known", "waiting", "proposed", "unsure", "far",
         "precision", "threshold", "learned", "found", "low", "tried", "accuracy", "by_label",
         "counts", "notice", "notes", "text")  # fmt: skip

#: The factor of cosines where an encoder does not say which it was trained with: CLIP's.
_SCALE = 100.0


def by_words(
    asked: WordsRequest, data: Data, settings: Settings, progress: Progress
) -> dict[str, Any]:
    """Propose labels by words, keep them, and return what a job says of them.

    Raises
    ------
    InputError
        Every image has a label, there are no labels to tell apart, or the encoder has no text
        tower.
    EncoderUnavailableError
        The encoder cannot be loaded.
    """
    workspace, waiting = data.workspace, data.waiting
    spoken.need_text(data.opened.spec, data.opened.name)
    labels, around = _labels(asked, data), templates_of(asked.templates)
    if not len(waiting):
        raise InputError(f"{data.title}: every one has a label already")
    key = data.key(
        "propagation", "words", labels, list(asked.others), list(around), waiting,
        float(asked.precision), float(asked.least),
    )  # fmt: skip
    if not workspace.has("propagation", key):
        with workspace.lock(f"propagation/{key}", progress):
            if not workspace.has("propagation", key):
                directions = _directions(asked, data, labels, around, settings, progress)
                _compute(asked, data, labels, directions, key, progress)
    meta = Labelled(workspace).propagation(key).meta
    return {"propagation": key, **{name: meta[name] for name in _TOLD}}


def _labels(asked: WordsRequest, data: Data) -> list[tuple[str, tuple[str, ...]]]:
    """Return the labels, as the log writes them, with the words for each."""
    given = asked.labels or tuple((name, ()) for name in data.labels.names)
    found = [(as_label(label), words or own_words(label)) for label, words in given]
    if len(found) + len(asked.others) < 2:
        raise InputError(
            f"{data.opened.title!r} has fewer than two labels to tell apart: give each label with "
            "the words for it"
        )
    return found


def _directions(
    asked: WordsRequest,
    data: Data,
    labels: Sequence[tuple[str, tuple[str, ...]]],
    around: Sequence[str],
    settings: Settings,
    progress: Progress,
) -> np.ndarray:
    """Return the unit vectors `(labels + others, d)` of what is told apart, encoded if need be."""
    progress.report("words")
    workspace, spec = data.workspace, data.opened.spec
    every = list(dict.fromkeys([w for _, words in labels for w in words] + [*asked.others]))
    if spoken.missing(workspace, spec, every, around):
        encoder = open_encoder(spec.name, memo=_memo(workspace), device=settings.device)
        if encoder.spec.key != spec.key:
            raise EncoderUnavailableError(
                f"the encoder {spec.name} has other weights or options now than when the set was "
                "encoded; run the set again"
            )
        spoken.encode(workspace, encoder, every, around)
    of_labels = [mean_direction(spoken.load(workspace, spec, words, around)) for _, words in labels]
    of_others = spoken.load(workspace, spec, asked.others, around)
    return np.concatenate([np.array(of_labels).reshape(-1, spec.dims), of_others])


def _memo(workspace: Workspace) -> Path:
    return workspace.root / "encoders"


def _compute(
    asked: WordsRequest,
    data: Data,
    labels: Sequence[tuple[str, tuple[str, ...]]],
    directions: np.ndarray,
    key: str,
    progress: Progress,
) -> None:
    progress.report("vectors")
    unit = unit_rows(data.vectors())
    truth, names = _truth(data, labels), [label for label, _ in labels]
    found = labels_by_words(
        np.asarray(unit @ directions.T), len(labels),
        float(data.opened.spec.extra.get("scale") or _SCALE), truth, waiting=data.waiting,
        units=data.units, precision=asked.precision, least=asked.least,
    )  # fmt: skip
    known = np.flatnonzero(truth >= 0)
    if len(known):
        near, away = nearest_known(unit, found.rows, known, WITNESSES)
    else:
        near = np.empty((len(found.rows), 0), np.int64)
        away = np.empty((len(found.rows), 0), np.float32)
    told = pd.Series([names[code] for code in found.proposed.tolist()], dtype="string")
    table = pd.DataFrame({"row": found.rows, "proposed": told, "confidence": found.confidence})
    meta = data.meta() | _meta(asked, data, labels, found) | {
        "counts": {str(name): int(n) for name, n in told.value_counts().items()},
        "by_label": _by_label(unit @ directions.T, truth, names),
    }  # fmt: skip
    progress.report("storing")
    data.workspace.write(
        "propagation", key, meta=meta, tables={"proposals": table},
        arrays={"witnesses": near, "distances": away},
    )  # fmt: skip


def _truth(data: Data, labels: Sequence[tuple[str, tuple[str, ...]]]) -> np.ndarray:
    """Return which of the labels each row is known to have; −1 nothing is known, −2 another."""
    place = {label.casefold(): at for at, (label, _) in enumerate(labels)}
    codes = [place.get(name.casefold(), -2) for name in data.labels.names]
    found = np.array([*codes, -1], np.int64)[data.codes]
    # Labels of which none is among those asked for say nothing about these.
    return found if (found >= 0).any() else np.full(len(found), -1, np.int64)


def _by_label(cosines: np.ndarray, truth: np.ndarray, names: Sequence[str]) -> list[dict[str, Any]]:
    """Return, of each label with known images, how many there are and how many the words told."""
    best = np.asarray(cosines).argmax(axis=1)
    found = []
    for at, name in enumerate(names):
        mine = truth == at
        if mine.any():
            found.append({"label": name, "known": int(mine.sum()),
                          "told": int((best[mine] == at).sum())})  # fmt: skip
    return found


def _meta(
    asked: WordsRequest, data: Data, labels: Sequence[tuple[str, tuple[str, ...]]], found: ByWords
) -> dict[str, Any]:
    """Return what is kept of how labels were told by words."""
    waiting = len(data.waiting)
    return {
        "request": asked.to_json(), "by": "words",
        "encoder": portable_name(data.opened.spec.name),
        "labels": [[label, list(words)] for label, words in labels],
        "precision": float(asked.precision), "threshold": found.threshold, "reach": None,
        "learned": found.learned, "found": found.precision, "low": found.low,
        "tried": found.tried, "accuracy": found.accuracy, "known": found.known,
        "waiting": waiting, "proposed": len(found.rows), "unsure": found.unsure,
        "far": found.other, "notice": found.notice, "notes": list(data.notes),
        "text": _text(found, waiting, len(labels)),
    }  # fmt: skip


def _text(found: ByWords, waiting: int, labels: int) -> str:
    """Return what came of it in a sentence."""
    if found.threshold is None:
        return f"no label proposed by words for {waiting:,} images: {found.notice}"
    return (
        f"{len(found.rows):,} of {waiting:,} images get one of {labels:,} labels by words; "
        f"{found.unsure:,} are left alone as unsure, {found.other:,} as none of these"
    )

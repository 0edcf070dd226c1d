"""Labels proposed for images that have none, kept for a person to accept."""

from typing import Any

import numpy as np
import pandas as pd

from core.errors import InputError
from core.labelled.stored import Labelled
from core.labelling.data import Data
from core.progress import Progress
from core.quality.propagate import Propagated, nearest_known, propagate_labels
from core.space import unit_rows

#: Labelled images shown beside each proposal.
WITNESSES = 5


def propagate(data: Data, progress: Progress) -> dict[str, Any]:
    """Propose labels as a request asks, keep them, and return what a job says of them.

    Raises
    ------
    InputError
        Every image has a label, or too few have one.
    """
    asked, workspace = data.asked, data.workspace
    waiting = data.waiting
    if not len(waiting):
        raise InputError(f"{data.title}: every one has a label already")
    key = data.key("propagation", waiting, float(asked.precision))
    if not workspace.has("propagation", key):
        with workspace.lock(f"propagation/{key}", progress):
            if not workspace.has("propagation", key):
                _compute(data, waiting, key, progress)
    meta = Labelled(workspace).propagation(key).meta
    told = ("column", "pool", "known", "waiting", "proposed", "unsure", "far", "precision",
            "threshold", "reach", "found", "low", "tried", "counts", "notice", "notes",
            "text")  # fmt: skip
    return {"propagation": key, **{name: meta[name] for name in told}}


def _compute(data: Data, waiting: np.ndarray, key: str, progress: Progress) -> None:
    asked = data.asked
    progress.report("vectors")
    unit = unit_rows(data.vectors())
    found = propagate_labels(
        unit, data.codes, units=data.units, waiting=waiting, precision=asked.precision,
        seed=asked.seed, progress=progress,
    )  # fmt: skip
    near, away = nearest_known(unit, found.rows, found.known, WITNESSES)
    labels = data.labels.texts(found.proposed)
    table = pd.DataFrame(
        {"row": found.rows, "proposed": pd.Series(labels, dtype="string"),
         "confidence": found.confidence}
    )  # fmt: skip
    counts = table["proposed"].value_counts()
    meta = data.meta() | {
        "precision": float(asked.precision), "threshold": found.threshold, "reach": found.reach,
        "found": found.precision, "low": found.low, "tried": found.tried,
        "proposed": len(table), "unsure": found.unsure, "far": found.far,
        "known": len(found.known), "waiting": len(waiting),
        "counts": {str(name): int(count) for name, count in counts.items()},
        "notice": found.notice, "notes": list(data.notes), "text": _text(found, len(waiting)),
    }  # fmt: skip
    progress.report("storing")
    data.workspace.write(
        "propagation", key, meta=meta, tables={"proposals": table},
        arrays={"witnesses": near, "distances": away},
    )  # fmt: skip


def _text(found: Propagated, waiting: int) -> str:
    """Return what came of a propagation in a sentence."""
    if found.threshold is None:
        return f"no label proposed for {waiting:,} images: {found.notice}"
    return (
        f"{len(found.rows):,} of {waiting:,} images get a label from {len(found.known):,}; "
        f"{found.unsure:,} are left alone as unsure, {found.far:,} as too far from any labelled one"
    )

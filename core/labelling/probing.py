"""How well a linear classifier tells the labels from the vectors, kept with its baselines."""

from typing import Any

import numpy as np
import pandas as pd

from core.labelled.stored import Labelled, ProbeResult
from core.labelling.data import Data
from core.progress import Progress
from core.quality.probe import Probe, linear_probe


def probe(data: Data, progress: Progress) -> dict[str, Any]:
    """Probe the labels of the pool, keep the result, and return what a job says of it.

    Raises
    ------
    InputError
        Fewer than two classes have five units.
    """
    workspace = data.workspace
    codes = np.full(len(data.codes), -1, np.int64)
    codes[data.pool] = data.codes[data.pool]
    key = data.key("probe", codes)
    if not workspace.has("probe", key):
        with workspace.lock(f"probe/{key}", progress):
            if not workspace.has("probe", key):
                _compute(data, codes, key, progress)
    found = Labelled(workspace).open(key)
    assert isinstance(found, ProbeResult)
    told = ("column", "pool", "accuracy", "low", "high", "majority", "shuffled", "classes",
            "left_out", "n_units", "n_used", "n", "notes", "text")  # fmt: skip
    recall = {str(line.label): line.recall for line in found.classes.itertuples()}
    return {"probe": key, **{name: found.meta[name] for name in told}, "recall": recall}


def _compute(data: Data, codes: np.ndarray, key: str, progress: Progress) -> None:
    found = linear_probe(
        data.vectors(), codes, units=data.units, seed=data.asked.seed, progress=progress
    )
    held = np.array(sorted(found.recall), dtype=np.int64)
    names = data.labels.texts(held)
    units = [len(np.unique(data.units[codes == code])) for code in held.tolist()]
    classes = pd.DataFrame(
        {"label": pd.Series(names, dtype="string"), "units": units,
         "count": found.confusion.sum(axis=1), "recall": [found.recall[c] for c in held.tolist()]}
    )  # fmt: skip
    every = np.unique(codes[codes >= 0])
    meta = data.meta() | {
        "accuracy": found.accuracy, "low": found.low, "high": found.high,
        "majority": found.majority, "shuffled": found.shuffled,
        "strengths": list(found.strengths), "n_units": found.n_units, "n_used": found.n_used,
        "n": found.n, "classes": len(held),
        "left_out": data.labels.texts(np.setdiff1d(every, held)[:1000]),
        "notes": [*data.notes, *found.notes], "text": _text(found),
    }  # fmt: skip
    progress.report("storing")
    data.workspace.write(
        "probe", key, meta=meta,
        tables={"classes": classes, "confusion": _mistakes(found.confusion, names)},
    )  # fmt: skip


def _mistakes(confusion: np.ndarray, names: list[str]) -> pd.DataFrame:
    """Return what was told to be what, all that is not right, the commonest first."""
    given, told = np.nonzero(confusion * (1 - np.eye(len(confusion), dtype=np.int64)))
    count = confusion[given, told]
    order = np.lexsort((told, given, -count))
    text = pd.array(names, dtype="string")
    return pd.DataFrame(
        {"given": text[given[order]], "told": text[told[order]], "count": count[order]}
    )


def _text(found: Probe) -> str:
    """Return what came of a probe in a sentence."""
    return (
        f"balanced accuracy {100 * found.accuracy:.1f} % ({100 * found.low:.1f} % to "
        f"{100 * found.high:.1f} %) over {len(found.recall):,} classes; always the largest class "
        f"{100 * found.majority:.1f} %, shuffled labels {100 * found.shuffled:.1f} %"
    )

"""The job that compares forms: from a request to a stored comparison.

A comparison is computed once: its key covers the request, the data, the design and what is said of
it. Killed at any moment, either nothing is stored or the whole comparison is.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from core.comparing.making import Made, make
from core.comparing.result import result_of
from core.comparing.subject import Subject, open_subject
from core.config import Settings
from core.keys import artefact_key
from core.morphology.request import MorphologyRequest
from core.progress import Progress
from core.storage.store import Workspace

#: Raised when the numbers of a comparison, or what is stored of one, change.
FORMAT = 1


def run_morphology(
    request: Mapping[str, Any],
    workspace: Workspace,
    settings: Settings,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Compare groups of a set or part as a request asks, and keep the comparison.

    Parameters
    ----------
    request
        As `MorphologyRequest.to_json` returns it.
    workspace, settings
        Where results are looked up and kept; limits, threads and the device.
    progress
        Told the stage and the count; may cancel.

    Returns
    -------
    dict
        set, comparison (its key), by, seed, request, hashes, headline, tests, distances,
        dispersion, pairwise, disparity, distinct, tree, ordination, lurig, design, metric_card,
        methods, citations, versions, seconds; JSON values only, null where a number is undefined.

    Raises
    ------
    VitrineError
        What is asked for does not exist or cannot be done; nothing is stored then.
    """
    progress = progress or Progress()
    asked = MorphologyRequest.from_json(request)
    workspace.sweep()
    progress.report("design")
    subject = open_subject(asked, workspace)
    key = key_of(subject)
    if not workspace.has("morphology", key):
        with workspace.lock(f"morphology/{key}", progress):
            if not workspace.has("morphology", key):
                made = make(subject, settings, progress)
                _store(made, key, workspace, progress)
    return result_of(key, workspace.read("morphology", key).meta)


def key_of(subject: Subject) -> str:
    """Return the key of a comparison: of what is asked, the data and the design."""
    opened, design = subject.opened, subject.design
    asked = {name: value for name, value in subject.asked.to_json().items() if name != "name"}
    neighbors = opened.neighbors
    pair = None
    if subject.asked.pair is not None:
        from core.labelled.values import label_column

        pair = label_column(opened, subject.view, subject.asked.pair).codes
    return artefact_key(
        "morphology", FORMAT, opened.name, asked, opened.key, opened.embeddings, opened.spec.key,
        None if neighbors is None else neighbors.key, design.rows, design.place, design.group,
        design.unit, design.blocks, dict(design.covariates), pair, subject.labels, subject.told,
    )  # fmt: skip


def _store(made: Made, key: str, workspace: Workspace, progress: Progress) -> None:
    progress.report("storing")
    meta = {**made.meta, "format": FORMAT, "seconds": progress.finish()}
    arrays = {name: np.asarray(values) for name, values in made.arrays.items()}
    workspace.write("morphology", key, meta=meta, arrays=arrays, tables=made.tables)

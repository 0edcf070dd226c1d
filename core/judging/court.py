"""The job that holds encoders against each other: from a request to a stored court.

Killed at any moment, either nothing is stored or the whole is; what was encoded stays.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from core.config import Settings
from core.courts.request import CourtRequest
from core.courts.stored import FORMATS
from core.curation import Desk
from core.curation.source import portable_name
from core.drifting.job import plain
from core.encoders.base import spec_to_dict
from core.errors import InputError
from core.fitting.agreement import measure_agreement
from core.judging.bench import Case, Seat, names_of, open_case, seats_of
from core.judging.copies import pictures_of
from core.judging.figures import Bench, heard
from core.judging.keeping import Made, keep
from core.judging.verdicts import headline, recommendations, warnings
from core.keys import artefact_key
from core.labelled.values import LabelColumn, label_column
from core.progress import Progress
from core.storage.store import Workspace, library_versions, now

#: Neighbours kept of each picture.
NEAR = 12
#: What a job tells of a court.
TOLD = ("text", "encoders", "overlap", "recommendations", "warnings", "n", "total", "notes",
        "column", "seed", "versions", "created", "seconds")  # fmt: skip


def run_court(
    request: Mapping[str, Any],
    workspace: Workspace,
    settings: Settings,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Hold encoders against each other on the same images, and keep what was found.

    Parameters
    ----------
    request
        As `CourtRequest.to_json` returns it.
    workspace, settings
        Where vectors and results are looked up and kept; limits, threads and the device.
    progress
        Told the stage and the count; may cancel.

    Returns
    -------
    dict
        {"court": its key, "set", "request", "text", "encoders" (card, cost and figures of each),
        "overlap", "recommendations", "warnings", "n", "total", "notes", "column", "seed",
        "versions", "created", "seconds"}; JSON values only.

    Raises
    ------
    VitrineError
        What is asked for does not exist or cannot be done; nothing is stored then.
    """
    progress = progress or Progress()
    asked = CourtRequest.from_json(request)
    workspace.sweep()
    progress.report("images")
    case = open_case(asked.name, workspace, column=asked.column, unit=asked.unit,
                     sample=asked.sample, seed=asked.seed)  # fmt: skip
    copies = None
    if asked.copies is not None:
        copies = label_column(case.opened, Desk(workspace).view(case.opened), asked.copies)
    names = names_of(asked, case.opened)
    case, seats = seats_of(names, case, workspace, settings, progress, asked.seed)
    key = key_of(asked, case, seats, copies)

    def found() -> Made:
        bench = Bench(case, workspace, settings, progress, asked.seed)
        return make(asked, seats, bench, copies)

    return result_of(key, keep("court", key, workspace, progress, found))


def key_of(
    asked: CourtRequest, case: Case, seats: Sequence[Seat], copies: LabelColumn | None
) -> str:
    """Return the key of a court: of what is asked, the images, and every encoder's vectors."""
    named = {name: value for name, value in asked.to_json().items() if name != "encoders"}
    return artefact_key(
        "court", FORMATS["court"], named, case.opened.key, case.opened.embeddings, case.rows,
        case.codes, case.units, list(case.labels.names), None if copies is None else copies.codes,
        [(seat.spec.key, seat.neighbors.key) for seat in seats],
    )  # fmt: skip


def make(
    asked: CourtRequest, seats: Sequence[Seat], bench: Bench, copies: LabelColumn | None
) -> Made:
    """Compute a court; nothing is stored.

    Returns
    -------
    meta, arrays
        As they are stored, but for format and seconds.
    """
    case, progress = bench.case, bench.progress
    pixels = pictures_of(seats[0], bench.workspace, bench.settings, progress)
    told = []
    for at, seat in enumerate(seats):
        progress.report("court", at, len(seats), seat.name)
        told.append(heard(seat, bench, pixels, asked, copies))
    specs = {seat.spec.key: seat.spec for seat in seats}
    made = recommendations(told)
    near, apart = neighbours_of(seats, case.rows)
    meta = {
        "name": asked.name, "title": case.opened.title, "request": asked.to_json(),
        "imageset": case.opened.key, "embeddings": case.opened.embeddings,
        "own": case.opened.spec.key, "encoders": [one.to_json() for one in told],
        "specs": {key: spec_to_dict(spec) for key, spec in specs.items()},
        "overlap": overlap_of(case, seats, bench), "recommendations": made,
        "warnings": warnings(case.opened.spec, told, made), "text": headline(made),
        "column": case.labels.name if case.labelled else "", "n": len(case.rows),
        "total": case.total, "notes": list(case.notes), "seed": asked.seed,
        "versions": library_versions(), "created": now(),
    }  # fmt: skip
    arrays = {"rows": case.rows, "near": near, "apart": apart, "contrast": contrast_of(near)}
    return plain(meta), arrays


def overlap_of(case: Case, seats: Sequence[Seat], bench: Bench) -> dict[str, Any]:
    """Return how many neighbours of other units encoders agree on, and what each adds to all.

    Returns
    -------
    dict
        "k", "chance", "pairs" (places of both encoders, share with its interval), "without" (an
        ensemble of all, left without each: share of neighbours that stay, share it has alone, and
        of neighbours with the label), "label" of each encoder and of all together.
    """
    names = np.array(["", *case.labels.names], dtype=object)
    texts = names[case.codes + 1].astype(str) if case.labelled else None
    try:
        found = measure_agreement(
            [seat.name for seat in seats], [seat.unit for seat in seats], units=case.units,
            labels=texts, seed=bench.seed, progress=bench.progress,
        )  # fmt: skip
    except InputError:  # fewer than three units
        return {"k": 0, "chance": None, "pairs": [], "without": [], "label": []}
    return found.in_pairs()


def neighbours_of(seats: Sequence[Seat], rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the nearest of each image by every encoder `(e, m, k)`: rows of the set, distances."""
    width = min(NEAR, min(seat.neighbors.indices.shape[1] for seat in seats))
    near = np.stack([rows[np.asarray(seat.neighbors.indices)[:, :width]] for seat in seats])
    apart = np.stack([np.asarray(seat.neighbors.distances)[:, :width] for seat in seats])
    return near.astype(np.int64), apart.astype(np.float32)


def contrast_of(near: np.ndarray) -> np.ndarray:
    """Return how little encoders agree about each image `(m,)`: 1 less the mean overlap."""
    count, total, width = near.shape
    if count < 2 or width == 0:
        return np.zeros(total, np.float32)
    shares = []
    for one in range(count):
        for two in range(one + 1, count):
            both = (near[one][:, :, None] == near[two][:, None, :]).any(axis=2)
            shares.append(both.mean(axis=1))
    contrast: np.ndarray = 1 - np.mean(shares, axis=0)
    return contrast.astype(np.float32)


def result_of(key: str, meta: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a job and the command say of a stored court: JSON values."""
    request = dict(meta["request"])
    request["encoders"] = [portable_name(name) for name in request["encoders"]]
    return {"court": key, "set": meta["name"], "request": request,
            **{name: meta.get(name) for name in TOLD}}  # fmt: skip

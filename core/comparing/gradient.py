"""The job "gradient": a strip of real images from one form to another, stored with its figures.

Its key covers the request, the vectors, the images that are placed and what is known of them, so
that the same question computes nothing again.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from core.comparing.gradient_measure import Measured, measure
from core.comparing.gradient_words import methods, sentence, title, warned
from core.comparisons.ends import image_title
from core.comparisons.gradient_subject import Subject, open_subject
from core.comparisons.gradients import Gradients
from core.config import Settings
from core.curation import Desk
from core.curation.source import portable_name
from core.findings import Findings
from core.keys import artefact_key
from core.library import Library
from core.model import Neighbors
from core.morphology.gradient_request import GradientRequest
from core.neighbors import find_neighbors
from core.progress import Progress
from core.space import unit_rows
from core.storage.store import Workspace, library_versions, now
from core.storage.vectors import VectorCache

FORMAT = 1


def run_gradient(
    request: Mapping[str, Any],
    workspace: Workspace,
    settings: Settings,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Lay images along a gradient as a request asks, and keep it.

    Parameters
    ----------
    request
        As `GradientRequest.to_json` returns it.
    workspace, settings
        Where the set lies and the result is kept.
    progress
        Told the stage; may cancel.

    Returns
    -------
    dict
        {"set", "gradient": its key, and what `Gradient.told` says, "seconds"}; JSON values only,
        null where a number is not defined.

    Raises
    ------
    VitrineError
        What is asked for does not exist or cannot be done; nothing is stored then.
    """
    progress = progress or Progress()
    asked = GradientRequest.from_json(request)
    workspace.sweep()
    progress.report("gradient")
    desk = Desk(workspace)
    subject = open_subject(asked, Library.with_desk(workspace, desk), desk, Findings(workspace))
    key = key_of(subject)
    if not workspace.has("gradient", key):
        with workspace.lock(f"gradient/{key}", progress):
            if not workspace.has("gradient", key):
                _compute(subject, key, workspace, progress)
    return Gradients(workspace).open_gradient(key).told() | {"seconds": progress.finish()}


def key_of(subject: Subject) -> str:
    """Return the key of a gradient: equal where all that it is computed from is."""
    opened = subject.opened
    return artefact_key(
        "gradient", FORMAT, subject.asked.to_json(), opened.key, opened.embeddings, subject.rows,
        subject.side, subject.units, subject.captions.tolist(), dict(subject.columns),
        [end.title for end in subject.ends],
    )  # fmt: skip


def _compute(subject: Subject, key: str, workspace: Workspace, progress: Progress) -> None:
    """Compute a gradient and store it."""
    progress.report("vectors")
    opened, rows = subject.opened, subject.rows
    ids = opened.items["item_id"].iloc[rows].tolist()
    folder = workspace.root / "vectors" / opened.spec.key
    points = unit_rows(VectorCache(folder, opened.spec).load(ids))
    found = measure(subject, points, lambda: _graph(subject, points, progress), progress)
    progress.report("storing")
    positions = pd.DataFrame({
        "row": rows, "t": found.position, "residual": found.residual,
        "group": pd.Series(subject.groups, dtype="string"), "unit": subject.units,
    })  # fmt: skip
    workspace.write("gradient", key, meta=_meta(subject, found), tables={"positions": positions})


def _graph(subject: Subject, points: np.ndarray, progress: Progress) -> Neighbors:
    """Return the neighbours of the placed images: those of the set, or found among them anew."""
    opened = subject.opened
    if len(subject.rows) == len(opened):
        found: Neighbors = opened.neighbors
        return found
    return find_neighbors(
        points, key="", k=2 * subject.asked.k, seed=subject.asked.seed, progress=progress
    )


def _meta(subject: Subject, found: Measured) -> dict[str, Any]:
    """Return all of a gradient but the table of positions, as JSON values."""
    opened, path = subject.opened, found.path
    pictures = bool(opened.items["path"].notna().any()) if "path" in opened.items else False
    meta: dict[str, Any] = {
        "format": FORMAT, "request": subject.asked.to_json(), "name": opened.name,
        "imageset": opened.key, "embeddings": opened.embeddings, "kind": subject.asked.kind,
        "encoder": {"name": portable_name(opened.spec.name), "key": opened.spec.key,
                    "type": opened.spec.model_type, "dims": opened.spec.dims},
        "noun": "image" if pictures else "vector", "title": title(subject),
        **_ends(subject), "low": found.low, "high": found.high, "n_images": len(subject.rows),
        "n_units": len(np.unique(subject.units)), "unit": subject.asked.unit,
        "unit_kind": subject.unit_kind, "auc": found.auc, "auc_folds": list(found.folds),
        "auc_units": _tested_units(subject) if found.auc is not None else None,
        "share": found.share, "gap": found.gap,
        "straightness": None if path is None or not len(path.rows) else path.straightness,
        "bridges": None if path is None else int(path.bridges.sum()), "by_k": found.by_k,
        "correlations": found.correlations, "places": _places(subject, found),
        "warnings": warned(subject, found), "notes": list(subject.notes),
        "left_out": subject.left_out, "versions": library_versions(), "created": now(),
    }  # fmt: skip
    meta["text"], meta["methods"] = sentence(meta), methods(meta)
    return meta


def _ends(subject: Subject) -> dict[str, Any]:
    """Return both ends, with how many images and units each has."""
    told: dict[str, Any] = {"a": None, "b": None}
    for place, (name, end) in enumerate(zip("ab", subject.ends, strict=False)):
        units = len(np.unique(subject.units[subject.side == place]))
        row = int(end.rows[0]) if end.image else None
        told[name] = {"title": end.title, "images": len(end.rows), "units": units, "row": row}
    return told


def _tested_units(subject: Subject) -> int:
    """Return how many units both groups have."""
    return len(np.unique(subject.units[subject.side >= 0]))


def _places(subject: Subject, found: Measured) -> list[dict[str, Any]]:
    """Return the places of the strip, with the image that each shows."""
    opened = subject.opened
    shown, bridges = [], _after_bridges(found)
    for number, (target, at) in enumerate(found.stops):
        if at < 0:
            shown.append({"target": target, "row": None, "item_id": None, "t": None,
                          "residual": None, "text": "", "group": "", "bridge": False})  # fmt: skip
            continue
        row = int(subject.rows[at])
        shown.append({
            "target": target, "row": row, "item_id": opened.addresses[row],
            "t": _number(found.position[at]), "residual": _number(found.residual[at]),
            "text": str(subject.captions[at]) or image_title(opened, row),
            "group": str(subject.groups[at]), "bridge": number in bridges,
        })  # fmt: skip
    return shown


def _number(value: float) -> float | None:
    """Return a number for JSON; None where it is not finite."""
    return float(value) if np.isfinite(value) else None


def _after_bridges(found: Measured) -> set[int]:
    """Return the places that a bridge leads to from the one shown before."""
    if found.path is None or not found.path.bridges.any():
        return set()
    order = {int(row): number for number, row in enumerate(found.path.rows)}
    last, after = 0, set()
    for place, (_, at) in enumerate(found.stops):
        if at >= 0:
            here = order[at]
            if found.path.bridges[last:here].any():
                after.add(place)
            last = here
    return after

"""The metric card of a set: pictures changed, distances held against labels; kept."""

import numpy as np

from core.comparing.invariance import Invariances, invariance_of
from core.config import Settings
from core.errors import NotFoundError
from core.imaging.nuisance import NUISANCES
from core.keys import artefact_key
from core.model import Neighbors
from core.morphology.card import (
    Card,
    agreement_check,
    calibration_check,
    card,
    dimension_checks,
    hubness_check,
    invariance_checks,
)
from core.morphology.metric import (
    Invariance,
    agreement,
    calibration,
    hubness,
    judged,
    participation_ratio,
    two_nn,
    usual_distance,
)
from core.opened.openset import OpenSet
from core.progress import Progress
from core.space import unit_rows
from core.storage.store import Workspace
from core.storage.vectors import VectorCache

STAGE = "metric card"
#: Raised when a check or the rule of the verdict changes.
FORMAT = 2


def metric_card(
    opened: OpenSet,
    workspace: Workspace,
    settings: Settings,
    labels: np.ndarray | None = None,
    units: np.ndarray | None = None,
    progress: Progress | None = None,
    seed: int = 0,
) -> Card:
    """Look whether distances of a set's encoder mean anything for this set.

    Parameters
    ----------
    opened
        A set or part with its neighbours.
    workspace, settings
        Where vectors and results lie; the device, threads and limits on pictures.
    labels
        Codes `(n,)` of labels that are known to tell forms apart, below 0 for none; None where
        nothing is known. The set's own labels, rather than groups that are to be compared.
    units
        Codes `(n,)`: images of one unit (specimen, or near-duplicates) never vouch for each other.
        None makes each image a unit.
    progress
        Told about stages "invariance" and "metric card"; may cancel.
    seed
        Of the sample that is changed, and of the pairs that are drawn.

    Returns
    -------
    Card
        Stored as artefact "metriccard"; `open_card` reads it again.

    Raises
    ------
    NotFoundError
        The set has no neighbours yet.
    JobCancelled
        `progress` was cancelled.
    """
    progress = progress or Progress()
    neighbors = opened.neighbors
    if neighbors is None:
        raise NotFoundError(f"{opened.name!r} has no neighbours yet: run the set to its end first")
    changed = invariance_of(opened, workspace, settings, progress, seed)
    none = np.zeros(0, np.int64)
    key = artefact_key(
        "metriccard", opened.key, opened.embeddings, neighbors.key, changed.key, seed, FORMAT,
        none if labels is None else np.asarray(labels, np.int64),
        none if units is None else _numbered(units),
    )  # fmt: skip
    if not workspace.has("metriccard", key):
        progress.report(STAGE)
        folder = workspace.root / "vectors" / opened.spec.key
        cache = VectorCache(folder, opened.spec)
        unit = unit_rows(cache.load(opened.items["item_id"].tolist()))
        made = _made(key, unit, neighbors, changed, labels, units, seed)
        workspace.write("metriccard", key, meta=made.to_json())
    return open_card(workspace, key)


def open_card(workspace: Workspace, key: str) -> Card:
    """Return a stored card by its artefact's key; `NotFoundError` if there is none."""
    return Card.from_json(workspace.read("metriccard", key).meta)


def _numbered(units: np.ndarray) -> np.ndarray:
    """Return which images are of one unit, whatever its code: each one's first image."""
    _, first, place = np.unique(units, return_index=True, return_inverse=True)
    return np.asarray(first[place], np.int64)


def _made(
    key: str,
    unit: np.ndarray,
    neighbors: Neighbors,
    changed: Invariances,
    labels: np.ndarray | None,
    units: np.ndarray | None,
    seed: int,
) -> Card:
    """Compute the card."""
    known = labels if labels is not None and (np.asarray(labels) >= 0).any() else None
    usual = usual_distance(unit, known, seed, units)
    found: dict[str, Invariance] = {}
    for name in NUISANCES:
        lines = changed.distances[changed.distances["transform"] == name]
        if len(lines):
            found[name] = judged(lines["distance"].to_numpy(), lines["own"].to_numpy(bool), usual)
    like = calibration(unit, known, seed, units) if known is not None else None
    near = agreement(neighbors, known, units, own=units is None) if known is not None else None
    checks = [
        *invariance_checks(found, changed.notice, labelled=known is not None),
        calibration_check(like),
        agreement_check(near),
        *dimension_checks(two_nn(neighbors), participation_ratio(unit), unit.shape[1]),
        hubness_check(*hubness(neighbors)),
    ]
    return card(key, checks, changed.notice)

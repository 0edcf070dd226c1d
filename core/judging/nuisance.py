"""The job that tests what explains the clusters of a set: from a request to a stored result.

Killed at any moment, either nothing is stored or the whole is.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.clusters.partition import independent_partition
from core.config import Settings
from core.courts.request import NuisanceRequest
from core.courts.stored import FORMATS
from core.curation import Desk
from core.curation.source import portable_name
from core.drifting.job import plain
from core.errors import InputError
from core.judging.bench import Case, open_case
from core.judging.explained import Explained, explained
from core.judging.factors import Factor, factors_of
from core.judging.keeping import Made, keep
from core.judging.nuisance_words import judged, level_of, sentence, told_factor
from core.keys import artefact_key
from core.library import Library, OpenSet
from core.link import Links
from core.morphology.adjust import adjusted
from core.morphology.metric import agreement
from core.neighbors import find_neighbors
from core.progress import Progress
from core.quality.probe import linear_probe
from core.selection import Selections
from core.space import SAME, spread, unit_rows
from core.storage.store import Workspace, library_versions, now
from core.storage.vectors import VectorCache

#: Groups where a set has no themes, and neighbours looked at.
GROUPS, K = 8, 10
TOLD = ("text", "level", "factors", "label", "clusters", "before", "after", "n", "total", "notes",
        "column", "seed", "versions", "created", "seconds")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Side:
    """A set whose clusters and vectors factors are held against.

    Attributes
    ----------
    opened
        The set.
    unit, clusters
        Unit vectors `(m, d)` and clusters, below 0 for none, of the images looked at.
    told
        What its clusters are, in words.
    """

    opened: OpenSet
    unit: np.ndarray
    clusters: np.ndarray
    told: str


def run_nuisance(
    request: Mapping[str, Any],
    workspace: Workspace,
    settings: Settings,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Test what explains the clusters of a set as a request asks, and keep what was found.

    Parameters
    ----------
    request
        As `NuisanceRequest.to_json` returns it.
    workspace, settings
        Where results are looked up and kept; limits and threads.
    progress
        Told the stage and the count; may cancel.

    Returns
    -------
    dict
        {"nuisance": its key, "set", "request", "text", "level" ("explained", "with labels",
        "none"), "factors" (each before and, with `against`, after), "label", "clusters", "before",
        "after", "n", "total", "notes", "column", "seed", "versions", "created", "seconds"}; JSON
        values only.

    Raises
    ------
    VitrineError
        What is asked for does not exist or cannot be done; nothing is stored then.
    """
    progress = progress or Progress()
    asked = NuisanceRequest.from_json(request)
    workspace.sweep()
    progress.report("images")
    case = open_case(asked.name, workspace, column=asked.column, unit=asked.unit,
                     sample=asked.sample, seed=asked.seed)  # fmt: skip
    other, places, case = _other(asked, case, workspace)
    factors = factors_of(
        case, asked.columns, asked.masks, workspace, settings, progress, asked.seed
    )
    key = key_of(asked, case, other, factors)

    def found() -> Made:
        sides = [_side(case.opened, case.rows, workspace, asked.seed, progress)]
        if other is not None:
            sides.append(_side(other, places, workspace, asked.seed, progress))
        return make(asked, case, factors, sides, progress), {}

    return result_of(key, keep("nuisance", key, workspace, progress, found))


def key_of(
    asked: NuisanceRequest, case: Case, other: OpenSet | None, factors: Sequence[Factor]
) -> str:
    """Return the key of a test: of what is asked, the images, their clusters, and each factor."""
    themes = [one.clustering("themes") for one in (case.opened, other) if one is not None]
    return artefact_key(
        "nuisance", FORMATS["nuisance"], asked.to_json(), case.opened.key,
        case.opened.embeddings, case.rows, case.codes, case.units,
        [(one.name, one.codes, list(one.kinds)) for one in factors],
        None if other is None else (other.key, other.embeddings),
        [None if one is None else one.labels for one in themes],
    )  # fmt: skip


def make(
    asked: NuisanceRequest,
    case: Case,
    factors: Sequence[Factor],
    sides: Sequence[Side],
    progress: Progress,
) -> dict[str, Any]:
    """Compute a test; nothing is stored. Returns what is stored, but for format and seconds."""
    labels = case.codes if case.labelled else None
    lines: list[dict[str, Any]] = [told_factor(one, case.codes) for one in factors]
    for at, side in enumerate(sides):
        name = "after" if at else "before"
        found = _held(asked, case, factors, side, labels, progress)
        for line, one in zip(lines, found, strict=True):
            line[name] = one
    for line in lines:
        line.update(judged(line, labels is not None))
    label = None
    if labels is not None:
        label = {("after" if at else "before"): _labelled(asked, case, side, progress)
                 for at, side in enumerate(sides)}  # fmt: skip
    meta = {
        "name": asked.name, "title": case.opened.title, "request": asked.to_json(),
        "imageset": case.opened.key, "embeddings": case.opened.embeddings,
        "factors": lines, "label": label, "clusters": sides[0].told,
        "before": _about(sides[0]), "after": _about(sides[1]) if len(sides) > 1 else None,
        "column": case.labels.name if labels is not None else "", "n": len(case.rows),
        "total": case.total, "notes": list(case.notes), "seed": asked.seed,
        "level": level_of(lines), "versions": library_versions(), "created": now(),
    }  # fmt: skip
    return plain(meta | {"text": sentence(meta)})


def _held(
    asked: NuisanceRequest,
    case: Case,
    factors: Sequence[Factor],
    side: Side,
    labels: np.ndarray | None,
    progress: Progress,
) -> list[dict[str, Any] | None]:
    """Hold every factor against one set: the clusters it explains, and whether vectors tell it."""
    made: list[dict[str, Any] | None] = []
    for at, factor in enumerate(factors):
        progress.report("factors", at, len(factors), factor.title)
        if not factor.testable:
            made.append(None)
            continue
        found = explained(side.clusters, factor.codes, labels, case.units,
                          permutations=asked.permutations, seed=asked.seed)  # fmt: skip
        made.append({"clusters": None if found is None else asdict(found),
                     "probe": _probe(side, factor.codes, case, asked.seed, progress)})  # fmt: skip
    tested = [one for one in made if one is not None and one["clusters"] is not None]
    for name in ("p", "beyond_p"):
        values = adjusted([one["clusters"][name] for one in tested])
        for one, value in zip(tested, values, strict=True):
            one["clusters"][f"{name}_adjusted"] = value
    return made


def _probe(
    side: Side, codes: np.ndarray, case: Case, seed: int, progress: Progress
) -> dict[str, Any] | None:
    """Return how well a linear classifier tells a factor from the vectors, units held out."""
    if spread(side.unit) < SAME:  # vectors that are all the same tell nothing
        return None
    try:
        found = linear_probe(side.unit, codes, units=case.units, seed=seed, progress=progress)
    except InputError:  # fewer than two kinds have five units
        return None
    return {
        "accuracy": found.accuracy, "low": found.low, "high": found.high,
        "majority": found.majority, "shuffled": found.shuffled, "units": found.n_units,
    }  # fmt: skip


def _labelled(asked: NuisanceRequest, case: Case, side: Side, progress: Progress) -> dict[str, Any]:
    """Return what labels explain of the clusters, for comparison, and how well they are told."""
    found: Explained | None = explained(
        side.clusters, case.codes, None, case.units, permutations=asked.permutations,
        seed=asked.seed,
    )  # fmt: skip
    graph = find_neighbors(side.unit, key="", k=90)
    near = agreement(graph, case.codes, case.units, K, own=False)
    return {
        "clusters": None if found is None else asdict(found),
        "probe": _probe(side, case.codes, case, asked.seed, progress),
        "neighbours": None if near is None else asdict(near),
    }


def _about(side: Side) -> dict[str, Any]:
    opened = side.opened
    return {"set": opened.name, "title": opened.title, "encoder": portable_name(opened.spec.name),
            "key": opened.spec.key, "clusters": side.told}  # fmt: skip


def _side(
    opened: OpenSet, rows: np.ndarray, workspace: Workspace, seed: int, progress: Progress
) -> Side:
    """Return the vectors of rows of a set with their clusters: its themes, or groups by k-means."""
    progress.report("vectors")
    cache = VectorCache(workspace.root / "vectors" / opened.spec.key, opened.spec)
    unit = unit_rows(cache.load(opened.items["item_id"].iloc[rows].tolist()))
    themes = opened.clustering("themes")
    if themes is not None and len(themes.table) > 1:
        told = f"its {len(themes.table)} themes"
        return Side(opened, unit, np.asarray(themes.labels)[rows], told)
    groups = independent_partition(unit, min(GROUPS, max(2, len(unit) // 20)), seed, progress)
    count = len(np.unique(groups))
    return Side(opened, unit, groups, f"{count} groups by k-means, since it has no two themes")


def _other(
    asked: NuisanceRequest, case: Case, workspace: Workspace
) -> tuple[OpenSet | None, np.ndarray, Case]:
    """Return the set that is "after", its rows of the images, and the images that both hold.

    Items are the same by their ids, or, as of a cut-out set, by the file of their picture.

    Raises
    ------
    InputError
        It holds fewer than half of the images.
    """
    if asked.against is None:
        return None, case.rows, case
    other = Library.with_desk(workspace, Desk(workspace)).open(asked.against)
    there = Links(workspace, Selections(workspace)).rows(case.opened, other)[case.rows]
    if (there >= 0).mean() < 0.5:
        files = _files(other, np.arange(len(other)))
        once = {path for path, count in Counter(files).items() if path and count == 1}
        place = {path: row for row, path in enumerate(files) if path in once}
        there = np.array([place.get(path, -1) for path in _files(case.opened, case.rows)], np.int64)
    good = there >= 0
    if good.mean() < 0.5 or good.sum() < 10:
        raise InputError(
            f"against {asked.against!r}: it holds {int(good.sum()):,} of {len(good):,} of these "
            "images; name a set of the same pictures"
        )
    if good.all():
        return other, there, case
    units = np.unique(case.units[good], return_inverse=True)[1].reshape(-1)
    note = f"{int((~good).sum()):,} images that {asked.against!r} lacks are left out."
    return other, there[good], Case(case.opened, case.rows[good], case.labels, case.codes[good],
                                    units, case.total, (*case.notes, note))  # fmt: skip


def _files(opened: OpenSet, rows: np.ndarray) -> list[str]:
    """Return the file of each row, "" where it has none; sets may have different roots."""
    paths = opened.items["path"].astype("string").fillna("").iloc[rows]
    return [str(Path(opened.root, path)) if path else "" for path in paths]


def result_of(key: str, meta: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a job and the command say of a stored test: JSON values."""
    return {"nuisance": key, "set": meta["name"], "request": meta["request"],
            **{name: meta.get(name) for name in TOLD}}  # fmt: skip

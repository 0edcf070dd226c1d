"""One report, made from a set and a choice."""

from dataclasses import asdict, replace
from typing import Any

import numpy as np

from core.curation.source import portable_name
from core.keys import digest
from core.library import OpenSet
from core.progress import Progress
from core.reporting.chosen import Chosen
from core.reporting.data import PARTITION, Data, data_keys, independent_of
from core.storage.store import library_versions, now

#: Maps that a report may show, the first that there is.
MAPS = ("umap", "tsne", "pca")


def make_report(
    key: str, seed: int, draws: int, data: Data, chosen: Chosen, progress: Progress
) -> dict[str, Any]:
    """Return a report as JSON values; see `docs/methods/report.md`."""
    from core.curate.duplicates import duplicate_threshold
    from core.report.build import build_report
    from core.report.subject import Subject

    progress.report("vectors")
    unit = data.unit()
    labels = data.labels
    universe = np.union1d(chosen.pool, chosen.already)
    partition, independent = independent_of(
        data, unit, universe, len(chosen.rows) + len(chosen.already), seed, progress
    )
    subject = Subject(
        unit, data.neighbors, np.asarray(data.micro.labels), independent, chosen.rows, chosen.pool,
        chosen.already, None if labels is None else labels[1], chosen.ordered,
        duplicate_threshold(data.neighbors), seed, draws,
    )  # fmt: skip
    about = _about(key, data, chosen, partition, {"draws": draws, "seed": seed})
    about = replace(
        about,
        label_column=None if labels is None else labels[0],
        saturation=_saturation(unit, data, chosen, progress),
    )
    return build_report(subject, about, progress)


def _saturation(
    unit: np.ndarray, data: Data, chosen: Chosen, progress: Progress
) -> dict[str, Any] | None:
    """Return the edge-case curve of a choice as JSON values; None where there are no edge cases."""
    from core.curate.saturation import saturation

    taken = np.concatenate([chosen.rows, chosen.already])
    pool = np.union1d(chosen.pool, chosen.already)
    found = saturation(unit, data.neighbors, data.micro, chosen=taken, pool=pool, progress=progress)
    return None if found is None else asdict(found)


def _about(key: str, data: Data, chosen: Chosen, partition: str, settings: dict[str, Any]) -> Any:
    """Return what a report says beside its numbers."""
    from core.report.build import About

    opened, spec = data.opened, data.opened.spec
    rows = {"rows": digest(chosen.rows), "pool": digest(chosen.pool, chosen.already)}
    hashes = {
        **data_keys(data), "weights": spec.weights_digest, "partition": partition,
        "choice": chosen.told["key"], **rows,
    }  # fmt: skip
    return About(
        id=key,
        created=now(),
        set={
            "name": opened.name, "title": opened.title, "items": len(opened), "kind": opened.kind,
            "noun": data.view.noun,
        },
        choice=chosen.told,
        table=data.micro.table,
        addresses=opened.addresses,
        encoder={
            "name": portable_name(spec.name), "weights_digest": spec.weights_digest,
            "model_type": spec.model_type, "good_for": spec.good_for,
        },
        hashes=hashes,
        settings=settings,
        versions=library_versions(),
        maps=_map(opened),
        metric=spec.metric,
        partition_method=PARTITION,
    )  # fmt: skip


def _map(opened: OpenSet) -> dict[str, Any] | None:
    """Return the map a report shows; None where there is none."""
    method = next((name for name in MAPS if name in opened.projections), None)
    if method is None:
        return None
    themes = opened.clustering("themes")
    noise = None
    if themes is not None and len(themes.labels):
        noise = float((np.asarray(themes.labels) < 0).mean())
    return {"method": method, "projection": opened.projections[method], "noise_share": noise}

"""The job that compares two sets: from a request to a stored comparison.

Killed at any moment, either nothing is stored or the whole is.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from core.config import Settings
from core.curation.source import portable_name
from core.drift.kernel import bandwidth, square_distances
from core.drift.request import DriftRequest
from core.drifting.explaining import by_labels, explained, power_of, sized
from core.drifting.exposing import exposed
from core.drifting.pool import Pool, open_pool
from core.drifting.spatial import in_the_frame
from core.drifting.tests import clusters_of, detail_tests, headline_tests
from core.drifting.where import Where, where_they_differ
from core.drifting.words import ALPHA, verdict
from core.keys import artefact_key
from core.progress import Progress
from core.quality.threads import calm_threads
from core.storage.store import Workspace, library_versions, now

FORMAT = 1
#: Units from which the kernel's width is taken for the scale; images listed as most drifted.
WIDTH, LISTED = 1000, 100
#: What a result has only where it was asked for.
ASKED_FOR = ("spatial",)


def run_drift(
    request: Mapping[str, Any],
    workspace: Workspace,
    settings: Settings,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Compare two sets as a request asks, and keep what was found.

    Parameters
    ----------
    request
        As `DriftRequest.to_json` returns it.

    Returns
    -------
    dict
        {"drift": its key, "a", "b", "verdict", "tests", "details", "clusters", "local", "images"
        (the most drifted of each side), "explain", "conditional", "exposure", "scale",
        "power", "left_out", "notes", "seed", "request", "seconds"}; JSON values only.

    Raises
    ------
    VitrineError
        What is asked for does not exist or cannot be done; nothing is stored then.
    """
    progress = progress or Progress()
    asked = DriftRequest.from_json(request)
    workspace.sweep()
    progress.report("sides")
    pool = open_pool(asked, workspace, settings)
    key = key_of(pool)
    if not workspace.has("drift", key):
        with workspace.lock(f"drift/{key}", progress):
            if not workspace.has("drift", key):
                with calm_threads(len(pool.tested) ** 2):
                    meta, tables = make(pool, progress)
                progress.report("storing")
                meta |= {"format": FORMAT, "seconds": progress.finish()}
                workspace.write("drift", key, meta=meta, tables=tables)
    stored = workspace.read("drift", key)
    return result_of(key, stored.meta, stored.tables["images"])


def key_of(pool: Pool) -> str:
    """Return the key of a comparison: of what is asked, the data, and what was decided of it."""
    asked = {name: value for name, value in pool.asked.to_json().items() if name != "name"}
    parts = [
        (part.opened.key, part.opened.embeddings, part.opened.spec.key, part.rows, part.units)
        for part in pool.parts
    ]
    return artefact_key("drift", FORMAT, asked, parts)


def make(pool: Pool, progress: Progress) -> tuple[dict[str, Any], dict[str, pd.DataFrame]]:
    """Compute a comparison; nothing is stored.

    Returns
    -------
    meta, tables
        As they are stored, but for format and seconds.
    """
    progress.report("vectors")
    clusters = clusters_of(pool, progress)
    tested = headline_tests(pool, clusters, progress)
    where = where_they_differ(pool, clusters, tested.occupancy, progress)
    details = detail_tests(pool, tested, clusters, progress)
    drifts = any(line["p_adjusted"] is not None and line["p_adjusted"] < ALPHA
                 for line in tested.lines)  # fmt: skip
    pictures = exposed(pool, drifts, progress)
    scale = sized(pool, _width(pool), pictures.changed, progress)
    power = power_of(pool, progress, differ=drifts)
    labels = [part.label for part in pool.parts]
    meta = {
        **pool.sides.told(), "notes": [*pool.sides.notes, *pool.notes],
        "request": pool.asked.to_json(), "seed": pool.asked.seed,
        "name": pool.asked.name, "title": f"{labels[1]} against {labels[0]}",
        "encoder": {"name": portable_name(pool.parts[0].opened.spec.name),
                    "key": pool.parts[0].opened.spec.key, "dims": int(pool.points.shape[1])},
        "units_tested": [int((pool.unit_second[pool.tested] == side).sum()) for side in (0, 1)],
        "verdict": verdict(labels[0], labels[1], tested.lines, where.clusters, power),
        "tests": tested.lines, "details": details, "clusters": where.clusters, "local": where.local,
        "total": where.total, "explain": explained(pool, progress),
        "conditional": by_labels(pool, progress), "scale": scale, "power": power,
        "exposure": pictures.exposure,
        **_asked_for(pool, where, progress),
        "versions": library_versions(), "created": now(),
    }  # fmt: skip
    return plain(meta), {"images": where.images, "clusters": _flat(where)}


def _asked_for(pool: Pool, where: Where, progress: Progress) -> dict[str, Any]:
    """Return what is only computed where it is asked for."""
    spatial = in_the_frame(pool, where.images, where.clusters, progress)
    return {} if spatial is None else {"spatial": spatial}


def _width(pool: Pool) -> float:
    """Return the kernel's squared width: the median squared distance of units of the pool."""
    rows = pool.tested
    if len(rows) > WIDTH:
        rows = np.sort(np.random.default_rng(pool.asked.seed).choice(rows, WIDTH, replace=False))
    return bandwidth(square_distances(pool.unit_points[rows])) or 1.0


def _flat(where: Where) -> pd.DataFrame:
    """Return the lines of clusters as a table."""
    names = ("id", "state", "count_a", "count_b", "share_a", "share_b", "residual", "p_adjusted",
             "attribution", "part")  # fmt: skip
    table = pd.DataFrame([{name: one[name] for name in names} for one in where.clusters])
    low, high = zip(*[one["ci"] for one in where.clusters], strict=True)
    return table.assign(low=low, high=high)


def result_of(key: str, meta: Mapping[str, Any], images: pd.DataFrame) -> dict[str, Any]:
    """Return what a job says of a comparison, with the most drifted images of each side."""
    names = (
        "a", "b", "verdict", "tests", "details", "clusters", "local", "explain", "conditional",
        "exposure", "scale", "power", "left_out", "notes", "seed", "request", "encoder",
        "units_tested", "versions", "seconds",
    )  # fmt: skip
    told = {name: meta.get(name) for name in names}
    told |= {name: meta[name] for name in ASKED_FOR if name in meta}
    return {"drift": key, **told, "images": most_drifted(images)}


def most_drifted(images: pd.DataFrame, most: int = LISTED) -> list[dict[str, Any]]:
    """Return the images of each side that are most unlike the other, with their counterparts."""
    ids = {side: table.set_index("row")["item_id"] for side, table in images.groupby("side")}
    lines = []
    for side in ("a", "b"):
        mine = images[images["side"] == side].sort_values(
            ["score", "row"], ascending=[False, True], kind="stable"
        )
        there = ids["b" if side == "a" else "a"]
        for one in mine.head(most).to_dict("records"):
            other = int(one["counterpart"])
            lines.append({
                "item_id": str(one["item_id"]), "set": side, "row": int(one["row"]),
                "score": float(one["score"]), "cluster": int(one["cluster"]),
                "counterpart": str(there.loc[other]) if other in there.index else None,
                "counterpart_row": other, "distance": float(one["distance"]),
                "local": int(one["local"]),
            })  # fmt: skip
    return lines


def plain(value: Any) -> Any:
    """Return a value as JSON has it: numpy numbers as Python's, what is not finite as None."""
    if isinstance(value, Mapping):
        return {str(name): plain(one) for name, one in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, list | tuple):
        return [plain(one) for one in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value

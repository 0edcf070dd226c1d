"""Where two sets differ: clusters, images with their counterparts, places on a shared map."""

from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from core.drift.attribution import Attribution, attribute, counterparts
from core.drift.grown import changes
from core.drift.local import local_map, neighbours_wanted
from core.drift.occupancy import Occupancy
from core.drifting.pool import Pool, principal
from core.model import Neighbors, ProjectionSpec
from core.neighbors import find_neighbors
from core.progress import Progress
from core.space import SAME, spread

#: Images up to which everything is compared with everything; images shown as the most drifted;
#: values of a table of products at a time.
HELD, SHOWN, VALUES = 20_000, 100, 2**23
#: Exemplars of a cluster from each side.
EXEMPLARS = 6


@dataclass(frozen=True)
class Where:
    """Where two sets differ.

    Attributes
    ----------
    clusters
        A line a cluster, the largest part of the difference first.
    local
        Counts of images in new and vanished regions, how many were tested, and k.
    images
        One row an image of the pool: side ("a", "b"), row, item_id, cluster, score, share,
        counterpart (row on the other side), distance, local (−1, 0, 1), x, y.
    total
        The biased MMD² that shares add up to.
    """

    clusters: list[dict[str, Any]]
    local: dict[str, Any]
    images: pd.DataFrame
    total: float


def where_they_differ(
    pool: Pool, clusters: np.ndarray, occupancy: Occupancy, progress: Progress
) -> Where:
    """Return where the two sides of a pool differ, image by image.

    Parameters
    ----------
    pool
        Both sides.
    clusters
        Cluster of every image `(n,)`.
    occupancy
        The test of these clusters.
    """
    found = attribute(pool.points, pool.second, seed=pool.asked.seed, progress=progress)
    # like the own side and unlike the other one
    score = np.where(pool.second, -found.value, found.value)
    other, distance = _counterparts(pool, score, progress)
    local, state = _local(pool, progress)
    progress.report("shared map")
    places = _map(pool, progress)
    rows = np.concatenate([part.rows for part in pool.parts])
    images = pd.DataFrame({
        "side": np.where(pool.second, "b", "a"), "row": rows, "item_id": pool.item_ids,
        "cluster": clusters,
        "score": score,
        "share": found.share, "counterpart": rows[other], "distance": distance, "local": state,
        "x": places[:, 0], "y": places[:, 1],
    })  # fmt: skip
    lines = _clusters(pool, clusters, occupancy, found)
    return Where(lines, local, images, found.total)


def _counterparts(
    pool: Pool, score: np.ndarray, progress: Progress
) -> tuple[np.ndarray, np.ndarray]:
    """Return the nearest image of the other side, as a place in the pool, and its distance.

    Of sides with more than 20,000 images, the nearest of 20,000 drawn by the seed; but of all for
    the images that are shown as the most drifted.
    """
    rng = np.random.default_rng(pool.asked.seed)
    sides = np.flatnonzero(~pool.second), np.flatnonzero(pool.second)
    other, distance = np.zeros(len(score), np.int64), np.zeros(len(score))
    for mine, there in (sides, sides[::-1]):
        drawn = there
        if len(there) > HELD:
            drawn = np.sort(rng.choice(there, HELD, replace=False))
        _nearest(pool.points, mine, drawn, other, distance, progress)
        if len(drawn) < len(there):
            most = mine[np.argsort(-score[mine], kind="stable")[:SHOWN]]
            _nearest(pool.points, most, there, other, distance, progress)
    return other, distance


def _nearest(
    points: np.ndarray,
    mine: np.ndarray,
    there: np.ndarray,
    other: np.ndarray,
    distance: np.ndarray,
    progress: Progress,
) -> None:
    """Write the nearest of `there` to each of `mine`."""
    to, far = counterparts(points[mine], points[there], progress=progress)
    other[mine], distance[mine] = there[to], far


def _local(pool: Pool, progress: Progress) -> tuple[dict[str, Any], np.ndarray]:
    """Return the regions where one side outweighs the other, and each image's state."""
    held = _held(pool)
    if spread(pool.points) < SAME:
        nothing = np.zeros(len(held), np.int8)
        counts = dict.fromkeys(("new", "vanished", "new_images", "vanished_images"), 0)
        return {**counts, "tested": 0, "k": 0, "held": int(held.sum())}, nothing
    if held.all():
        wanted = neighbours_wanted(len(held))
        graph = _mixed(pool, wanted, progress)
    else:
        wanted = neighbours_wanted(int(held.sum()))
        graph = _to_held(pool, np.flatnonzero(held), wanted, progress)
    found = local_map(graph, pool.of_images, k=wanted, held=held)
    told = {
        "new": int((found.state > 0).sum()), "vanished": int((found.state < 0).sum()),
        "tested": len(found.state), "k": found.k, "held": int(held.sum()),
        "new_images": int(((found.state > 0) & pool.second).sum()),
        "vanished_images": int(((found.state < 0) & ~pool.second).sum()),
    }  # fmt: skip
    return told, found.state


def _mixed(pool: Pool, k: int, progress: Progress) -> Neighbors:
    """Return the k nearest of every image, of equally near ones any: not those of one side first.

    Ties go by row, and rows by side.
    """
    order = np.random.default_rng(pool.asked.seed).permutation(len(pool.second))
    found = find_neighbors(
        pool.points[order], key="", k=k, seed=pool.asked.seed, progress=progress
    )  # fmt: skip
    indices, distances = np.empty_like(found.indices), np.empty_like(found.distances)
    indices[order], distances[order] = order[found.indices], found.distances
    return replace(found, indices=indices, distances=distances)


def _held(pool: Pool) -> np.ndarray:
    """Return which images may be neighbours: all, or of large pools those of the tested units."""
    if len(pool.second) <= HELD:
        return np.ones(len(pool.second), bool)
    return np.isin(pool.of_images.unit, pool.tested)


def _to_held(pool: Pool, held: np.ndarray, k: int, progress: Progress) -> Neighbors:
    """Return the k nearest of some images to every image, itself not counted."""
    n, points = len(pool.second), pool.points
    indices, distances = np.empty((n, k), np.int32), np.zeros((n, k), np.float32)
    mine = np.full(n, -1)
    mine[held] = np.arange(len(held))
    step = max(1, VALUES // len(held))
    for start in range(0, n, step):
        progress.report("neighbours", start, n)
        part = slice(start, min(start + step, n))
        near = points[part] @ points[held].T
        own = mine[part]
        rows = np.flatnonzero(own >= 0)
        near[rows, own[rows]] = -np.inf
        best = np.argpartition(-near, k - 1, axis=1)[:, :k]
        apart = 2 - 2 * np.take_along_axis(near, best, axis=1)
        order = np.argsort(apart, axis=1, kind="stable")
        best, apart = (np.take_along_axis(one, order, axis=1) for one in (best, apart))
        indices[part] = held[best]
        distances[part] = np.sqrt(np.maximum(apart, 0))
    return Neighbors("", indices, distances, True, 1.0)


def _map(pool: Pool, progress: Progress) -> np.ndarray:
    """Return the map of the pool that was asked for `(n, 2)`."""
    return _umap(pool, progress) if pool.asked.map == "umap" else _components(pool)


def _umap(pool: Pool, progress: Progress) -> np.ndarray:
    """Return the pool laid out by UMAP, begun with its principal components."""
    from core.maps.projection import project

    points, spec = pool.points, ProjectionSpec("umap", seed=pool.asked.seed)
    graph = find_neighbors(
        points, key="", k=min(spec.n_neighbors, len(points) - 1), seed=pool.asked.seed,
        progress=progress,
    )  # fmt: skip
    start = _components(pool)
    made = project(points, graph, spec, key="", init=start, progress=progress)
    return np.asarray(made.coordinates, np.float64)


def _components(pool: Pool) -> np.ndarray:
    """Return the pool on its first two principal components `(n, 2)`, fitted on tested units."""
    points = pool.unit_points[pool.tested].astype(np.float64)
    centre = points.mean(axis=0)
    scores = principal(points, 2)
    if scores.shape[1] < 2:
        return np.zeros((len(pool.second), 2))
    axes = np.linalg.lstsq(scores[:, :2], points - centre, rcond=None)[0]
    axes /= np.maximum(np.linalg.norm(axes, axis=1, keepdims=True), 1e-300)
    return np.asarray((pool.points - centre) @ axes.T)


def _clusters(
    pool: Pool, clusters: np.ndarray, occupancy: Occupancy, found: Attribution
) -> list[dict[str, Any]]:
    """Return a line a cluster with its exemplars from both sides."""
    shares = found.of_groups(clusters, len(occupancy.first))
    rows = np.concatenate([part.rows for part in pool.parts])
    lines = []
    for change in changes(clusters, pool.of_images, occupancy):
        mine = np.flatnonzero(clusters == change.cluster)
        centre = pool.points[mine].mean(axis=0, dtype=np.float64)
        away = np.linalg.norm(pool.points[mine] - centre, axis=1)
        order = mine[np.argsort(away, kind="stable")]
        told = asdict(change)
        part = float(shares[change.cluster])
        lines.append({
            "id": told["cluster"], "count_a": told["first"], "count_b": told["second"],
            "share_a": told["share_first"], "share_b": told["share_second"],
            "ci": [told["low"], told["high"]], "residual": told["residual"],
            "p_adjusted": told["p_adjusted"], "state": told["state"], "attribution": part,
            "part": part / found.total if found.total > 0 else None,
            "exemplars_a": rows[order[~pool.second[order]][:EXEMPLARS]].tolist(),
            "exemplars_b": rows[order[pool.second[order]][:EXEMPLARS]].tolist(),
        })  # fmt: skip
    return sorted(lines, key=lambda one: (-one["attribution"], one["id"]))

"""Maps and clusters of a stored image set, each looked up before it is computed."""

from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any, Literal, TypeVar, cast

import numpy as np

from core.encoders.base import spec_to_dict
from core.keys import artefact_key
from core.model import (
    Clustering,
    EncoderSpec,
    ImageSet,
    Neighbors,
    Projection,
    ProjectionSpec,
    Scan,
)
from core.run import Run
from core.storage.records import (
    pack_clustering,
    pack_neighbors,
    pack_projection,
    unpack_clustering,
    unpack_neighbors,
    unpack_projection,
)
from core.storage.store import Artefact, now

T = TypeVar("T")


def begin_record(state: Run, found: Scan, images: ImageSet, spec: EncoderSpec) -> None:
    """Name the set, keeping from an earlier run what still belongs to the same vectors."""
    request, workspace = state.request, state.workspace
    old = workspace.read_set(request.name) if request.name in workspace.set_names() else {}
    embeddings = artefact_key("embeddings", list(images.items["item_id"]), spec.key)
    same = old.get("embeddings") == embeddings and old.get("imageset") == images.key
    state.record = {
        "name": request.name,
        "created": old.get("created", now()),
        "kind": found.kind,
        "root": images.root,
        "notes": list(found.notes),
        "request": request.to_json(),
        "imageset": images.key,
        "embeddings": embeddings,
        "encoder": spec_to_dict(spec),
        "neighbors": old.get("neighbors") if same else None,
        "projections": _still_there(state, "projection", old) if same else {},
        "clusterings": _still_there(state, "clustering", old) if same else {},
        "summary": old.get("summary") if same else None,
    }
    state.save()


def _still_there(state: Run, kind: str, old: dict[str, Any]) -> dict[str, str]:
    """Return the artefacts that an earlier record names, less those that were deleted since."""
    named: dict[str, str] = old.get(f"{kind}s", {})
    return {name: key for name, key in named.items() if state.workspace.has(kind, key)}


def analyse(state: Run, images: ImageSet, vectors: np.ndarray) -> None:
    """Make the maps and clusters that were asked for; the quick ones come first."""
    from core.clusters.micro import find_micro_clusters
    from core.clusters.themes import find_themes

    request, record = state.request, state.record
    _map(state, "pca", 2, vectors)  # the one that every set has, whatever else was asked for
    if request.dims != 2:
        _map(state, "pca", request.dims, vectors)
    neighbors = _neighbors(state, vectors)
    parent = neighbors.key  # itself made from the embeddings and how they were searched
    key = artefact_key("clustering", parent, {"kind": "micro", "seed": request.seed})
    record["clusterings"]["micro"] = key
    _cached_clustering(
        state,
        key,
        lambda: find_micro_clusters(
            vectors, key=key, seed=request.seed, neighbors=neighbors, progress=state.progress
        ),
    )
    state.save()
    for method in request.maps:
        if method != "pca":
            _map(state, method, request.dims, vectors, neighbors)
    themes = artefact_key("clustering", parent, {"kind": "themes", "seed": request.seed})
    _cached_clustering(
        state,
        themes,
        lambda: find_themes(
            vectors, neighbors, key=themes, seed=request.seed, progress=state.progress
        ),
    )
    record["clusterings"]["themes"] = themes
    state.save()
    for projection in record["projections"].values():
        _faithfulness(state, projection, vectors, neighbors)


def _cached(
    state: Run,
    kind: str,
    key: str,
    compute: Callable[[], T],
    pack: Callable[[T], dict[str, Any]],
    unpack: Callable[[Artefact], T],
) -> T:
    """Return an artefact, computing it under its lock if no other process did so meanwhile."""
    workspace = state.workspace
    if not workspace.has(kind, key):
        with workspace.lock(f"{kind}/{key}", state.progress):
            if not workspace.has(kind, key):
                workspace.write(kind, key, **pack(compute()))
    return unpack(workspace.read(kind, key))


def _cached_clustering(state: Run, key: str, compute: Callable[[], Clustering]) -> Clustering:
    """Return a clustering, stored or computed."""
    return _cached(state, "clustering", key, compute, pack_clustering, unpack_clustering)


def _neighbors(state: Run, vectors: np.ndarray) -> Neighbors:
    """Return the set's one neighbour graph."""
    from core.neighbors import find_neighbors

    settings = state.settings
    k = min(settings.neighbors, max(0, len(vectors) - 1))
    exact = len(vectors) <= settings.exact_neighbors_up_to
    spec = {"k": k, "exact": exact, "seed": state.request.seed if not exact else 0}
    key = artefact_key("neighbors", state.record["embeddings"], spec)
    found = _cached(
        state,
        "neighbors",
        key,
        lambda: find_neighbors(
            vectors,
            key=key,
            k=settings.neighbors,
            exact_up_to=settings.exact_neighbors_up_to,
            seed=state.request.seed,
            progress=state.progress,
        ),
        pack_neighbors,
        unpack_neighbors,
    )
    state.record["neighbors"] = key
    return found


def _map(
    state: Run, method: str, dims: int, vectors: np.ndarray, neighbors: Neighbors | None = None
) -> Projection:
    """Return one map, stored or computed, and publish it."""
    from core.maps.projection import project

    seed = state.request.seed
    spec = ProjectionSpec(cast(Literal["pca", "tsne", "umap"], method), dims, seed)
    if method == "pca":
        spec = replace(spec, seed=0)
    parent = state.record["embeddings"] if neighbors is None else neighbors.key
    key = artefact_key("projection", parent, asdict(spec))
    found = _cached(
        state,
        "projection",
        key,
        lambda: project(vectors, neighbors, spec, key=key, progress=state.progress),
        pack_projection,
        unpack_projection,
    )
    name = method if dims == 2 else f"{method}3d"
    state.record["projections"] = {**state.record["projections"], name: key}
    state.save()
    return found


def _faithfulness(state: Run, key: str, vectors: np.ndarray, neighbors: Neighbors) -> None:
    """Measure how far a map may be believed; stored beside it, since a PCA map comes earlier."""
    from core.maps.faithfulness import measure_faithfulness

    if state.workspace.has("faithfulness", key):
        return
    projection = unpack_projection(state.workspace.read("projection", key))
    state.progress.report("faithfulness")
    result = measure_faithfulness(
        vectors, projection.coordinates, neighbors, seed=projection.spec.seed
    )
    state.workspace.write(
        "faithfulness",
        key,
        meta={"scores": result.scores, "n_scored": result.n_scored},
        arrays={"per_point": result.per_point},
    )

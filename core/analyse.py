"""Maps and clusters of a stored image set, each looked up before it is computed.

A set and a part of one go through the same steps here, under the same keys.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, Protocol, TypeVar, cast

import numpy as np

from core.config import Settings
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
from core.progress import Progress
from core.run import Run
from core.storage.records import (
    pack_clustering,
    pack_neighbors,
    pack_projection,
    pack_space,
    unpack_clustering,
    unpack_neighbors,
    unpack_projection,
    unpack_space,
)
from core.storage.store import Artefact, Workspace, now

T = TypeVar("T")

#: What a map that is too small or degenerate to be measured says.
NO_SCORES: dict[str, float | None] = dict.fromkeys(
    ("trustworthiness", "continuity", "knn_recall", "knn_recall_chance", "shepard")
)


class Asked(Protocol):
    """What a request says of maps and clusters."""

    @property
    def maps(self) -> tuple[str, ...]:
        """Any of umap, tsne, pca."""

    @property
    def dims(self) -> int:
        """2 or 3."""

    @property
    def seed(self) -> int:
        """The seed of maps and clusters."""


class State(Protocol):
    """What the steps below work on: a run of a set, or of a part.

    `record` names the artefacts and has `embeddings`; `save` publishes it.
    """

    record: dict[str, Any]

    @property
    def request(self) -> Asked:
        """What was asked for."""

    @property
    def workspace(self) -> Workspace:
        """Where results are looked up and kept."""

    @property
    def settings(self) -> Settings:
        """Numbers of neighbours, and limits."""

    @property
    def progress(self) -> Progress:
        """Told the stages; may cancel."""

    def save(self) -> None:
        """Publish what is there so far."""


@dataclass(frozen=True, slots=True)
class Start:
    """Where a map is started from: the rows of another map that the items are.

    `coordinates` `(n, dims)` are those of `rows` `(n,)` of the projection `key`.
    """

    key: str
    rows: np.ndarray
    coordinates: np.ndarray


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
        "notes": [*found.notes, *state.notes],
        "request": request.to_json(),
        "imageset": images.key,
        "embeddings": embeddings,
        "encoder": spec_to_dict(spec),
        "neighbors": old.get("neighbors") if same else None,
        "projections": _still_there(state, "projection", old) if same else {},
        "clusterings": _still_there(state, "clustering", old) if same else {},
        "summary": old.get("summary") if same else None,
    }
    if old.get("theme_options"):
        state.record["theme_options"] = old["theme_options"]
    if old.get("quality"):  # it says which images and vectors it is of, and is stale for others
        state.record["quality"] = old["quality"]
    placed = old.get("placement")
    if same and placed and workspace.has("placement", placed):
        state.record["placement"] = placed
    state.save()


def _still_there(state: Run, kind: str, old: dict[str, Any]) -> dict[str, str]:
    """Return the artefacts that an earlier record names, less those that were deleted since."""
    named: dict[str, str] = old.get(f"{kind}s", {})
    return {name: key for name, key in named.items() if state.workspace.has(kind, key)}


def analyse(state: Run, images: ImageSet, vectors: np.ndarray) -> None:
    """Make the maps and clusters that were asked for; the quick ones come first."""
    map_and_cluster(state, vectors)


def map_and_cluster(
    state: State, vectors: np.ndarray, starts: Mapping[str, Start] | None = None
) -> None:
    """Make the maps and clusters that were asked for; the quick ones come first.

    Parameters
    ----------
    state
        What is worked on; its record gets the keys.
    vectors
        Shape `(n, d)` float32, in row order.
    starts
        Where a map ("umap", "tsne3d", …) is started from; the others start from PCA.
    """
    request, starts = state.request, starts or {}
    map_of(state, "pca", 2, vectors)  # the one that every set has, whatever else was asked for
    if request.dims != 2:
        map_of(state, "pca", request.dims, vectors)
    neighbors = neighbors_of(state, vectors)
    clusters_of(state, "micro", vectors, neighbors)
    for method in request.maps:
        if method != "pca":
            start = starts.get(map_name(method, request.dims))
            map_of(state, method, request.dims, vectors, neighbors, start)
    clusters_of(state, "themes", vectors, neighbors)
    for projection in state.record["projections"].values():
        measure(state, projection, vectors, neighbors)


def map_name(method: str, dims: int) -> str:
    """Return what a set calls a map: its method, with "3d" behind for three dimensions."""
    return method if dims == 2 else f"{method}3d"


def _cached(
    state: State,
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


def clusters_of(
    state: State, kind: Literal["micro", "themes"], vectors: np.ndarray, neighbors: Neighbors
) -> Clustering:
    """Return the micro-clusters or the themes, stored or computed, and publish them."""
    from core.clusters.micro import find_micro_clusters
    from core.clusters.themes import find_themes

    seed, progress = state.request.seed, state.progress
    options = theme_options(state.record) if kind == "themes" else {}
    # The graph's key is itself made from the embeddings and how they were searched.
    key = artefact_key("clustering", neighbors.key, {"kind": kind, "seed": seed, **options})

    def compute() -> Clustering:
        if kind == "micro":
            return find_micro_clusters(
                vectors, key=key, seed=seed, neighbors=neighbors, progress=progress
            )
        space = theme_space_of(state, vectors, neighbors)
        return find_themes(
            vectors, neighbors, key=key, seed=seed, space=space, progress=progress, **options
        )

    found = _cached(state, "clustering", key, compute, pack_clustering, unpack_clustering)
    state.record["clusterings"] = {**state.record["clusterings"], kind: key}
    state.save()
    return found


def theme_options(record: Mapping[str, Any]) -> dict[str, int]:
    """Return what a person chose for the themes of a set: any of min_cluster_size, min_samples."""
    chosen = record.get("theme_options") or {}
    names = ("min_cluster_size", "min_samples")
    return {name: int(chosen[name]) for name in names if chosen.get(name) is not None}


def theme_space_of(state: State, vectors: np.ndarray, neighbors: Neighbors) -> np.ndarray:
    """Return the coordinates in which themes are found `(n, 10)`, stored or computed."""
    from core.clusters.themes import DIMS, NEIGHBOURS, theme_space

    seed = state.request.seed
    spec = {"dims": DIMS, "n_neighbors": NEIGHBOURS, "seed": seed}
    return _cached(
        state,
        "themespace",
        artefact_key("themespace", neighbors.key, spec),
        lambda: theme_space(vectors, neighbors, seed, state.progress),
        pack_space,
        unpack_space,
    )


def neighbors_of(state: State, vectors: np.ndarray) -> Neighbors:
    """Return the one neighbour graph, stored or computed."""
    from core.neighbors import find_neighbors

    settings = state.settings
    k = min(settings.neighbors, max(0, len(vectors) - 1))
    exact = len(vectors) <= settings.exact_neighbors_up_to
    spec = {"k": k, "exact": exact, "seed": state.request.seed if not exact else 0}
    key = artefact_key("neighbors", state.record["embeddings"], spec)
    found = _cached(
        state, "neighbors", key,
        lambda: find_neighbors(
            vectors, key=key, k=settings.neighbors, exact_up_to=settings.exact_neighbors_up_to,
            seed=state.request.seed, progress=state.progress,
        ),
        pack_neighbors, unpack_neighbors,
    )  # fmt: skip
    state.record["neighbors"] = key
    return found


def map_of(
    state: State,
    method: str,
    dims: int,
    vectors: np.ndarray,
    neighbors: Neighbors | None = None,
    start: Start | None = None,
) -> Projection:
    """Return one map, stored or computed, and publish it.

    A map that was started from another has a key that covers where it started.
    """
    from core.maps.projection import project

    seed = state.request.seed
    spec = ProjectionSpec(cast(Literal["pca", "tsne", "umap"], method), dims, seed)
    if method == "pca":
        spec = replace(spec, seed=0)
    parent = state.record["embeddings"] if neighbors is None else neighbors.key
    begun = () if start is None else ({"start": start.key, "rows": start.rows},)
    key = artefact_key("projection", parent, asdict(spec), *begun)

    def compute() -> Projection:
        return project(
            vectors,
            neighbors,
            spec,
            key=key,
            init=None if start is None else start.coordinates,
            parent=None if start is None else start.key,
            progress=state.progress,
        )

    found = _cached(state, "projection", key, compute, pack_projection, unpack_projection)
    state.record["projections"] = {**state.record["projections"], map_name(method, dims): key}
    state.save()
    return found


def measure(state: State, key: str, vectors: np.ndarray, neighbors: Neighbors) -> None:
    """Measure how far a map may be believed; stored beside it, since a PCA map comes earlier."""
    from core.maps.faithfulness import measure_faithfulness

    if state.workspace.has("faithfulness", key):
        return
    projection = unpack_projection(state.workspace.read("projection", key))
    state.progress.report("faithfulness")
    result = measure_faithfulness(
        vectors, projection.coordinates, neighbors, seed=projection.spec.seed
    )
    arrays = {"per_point": result.per_point}
    for word in ("torn", "squeezed"):
        values = getattr(result, word, None)
        if values is not None:
            arrays[word] = np.asarray(values, dtype=np.float32)
    scored = {"scores": result.scores, "n_scored": result.n_scored}
    state.workspace.write("faithfulness", key, meta=scored, arrays=arrays)


def results_of(state: State) -> dict[str, Any]:
    """Return the figures of the neighbours, maps and clusters that a record names, as JSON."""
    workspace, record, maps = state.workspace, state.record, []
    for name, key in record["projections"].items():
        scores = workspace.read("faithfulness", key).meta["scores"]
        notice = workspace.read("projection", key).meta.get("notice", "")
        maps.append({"method": name, "key": key, **NO_SCORES, **scores, "notice": notice})
    themes = unpack_clustering(workspace.read("clustering", record["clusterings"]["themes"]))
    micro = unpack_clustering(workspace.read("clustering", record["clusterings"]["micro"]))
    graph = workspace.read("neighbors", record["neighbors"]).meta
    noise = round(float((themes.labels < 0).mean()), 6) if len(themes.labels) else 0.0
    sizes = [int(s) for s in themes.table["size"]]
    return {
        "neighbors": {"k": graph["k"], "exact": graph["exact"], "recall": graph["recall"]},
        "maps": maps,
        "clusters": {
            "count": len(sizes),
            "noise_share": noise,
            "sizes": sizes,
            "notice": themes.notice,
            "structure": {name: themes.structure.get(name) for name in ("verdict", "p", "text")},
        },
        "micro_clusters": {
            "count": len(micro.table),
            "singletons": int((micro.table["size"] == 1).sum()),
        },
    }

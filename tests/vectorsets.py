"""Sets of given vectors, stored as a run stores them, without the run: seconds less a test."""

from typing import Any

import numpy as np
import pandas as pd

from core.clusters.micro import find_micro_clusters
from core.clusters.table import cluster_table
from core.encoders.base import spec_to_dict
from core.keys import artefact_key
from core.model import ITEM_COLUMNS, Clustering, EncoderSpec
from core.neighbors import find_neighbors
from core.progress import Progress
from core.space import unit_rows
from core.storage.records import imageset_key, pack_clustering, pack_neighbors
from core.storage.store import Workspace, now
from core.storage.vectors import VectorCache


def vector_set(
    workspace: Workspace,
    vectors: np.ndarray,
    *,
    name: str = "set",
    themes: np.ndarray | None = None,
    ids: list[str] | None = None,
    spec: EncoderSpec | None = None,
    **columns: Any,
) -> str:
    """Store a set of vectors `(n, d)` with neighbours, micro-clusters and given themes.

    `columns` are metadata such as label or unit; `ids` are item ids, by default one a row; `spec`
    is the encoder, by default none.
    """
    vectors = np.asarray(vectors, np.float32)
    total, dims = vectors.shape
    spec = spec or EncoderSpec("given", "", "given", dims)
    ids = ids or [f"{row:064x}" for row in range(total)]
    texts = [column for column in ITEM_COLUMNS if column not in {"frame", "time"}]
    none = pd.Series([None] * total, dtype="string")
    items = pd.DataFrame(dict.fromkeys(texts, none))
    items["item_id"] = pd.Series(ids, dtype="string")
    for column, values in columns.items():
        items[column] = pd.Series(values)
    key = imageset_key(items, ())
    broken = pd.DataFrame({"path": [], "reason": []}, dtype="str")
    workspace.write("imageset", key, meta={"items": total, "broken": 0},
                    tables={"items": items, "broken": broken})  # fmt: skip
    with VectorCache(workspace.root / "vectors" / spec.key, spec).writer() as cache:
        first = sorted({item: row for row, item in reversed(list(enumerate(ids)))}.values())
        first = [row for row in first if ids[row] in set(cache.missing(ids))]
        cache.append([ids[row] for row in first], vectors[first])
    embeddings = artefact_key("embeddings", ids, spec.key)
    graph_key = artefact_key("neighbors", embeddings, {"k": 90})
    graph = find_neighbors(vectors, key=graph_key)
    if not workspace.has("neighbors", graph_key):
        workspace.write("neighbors", graph_key, **pack_neighbors(graph))
    clusterings = {"micro": artefact_key("clustering", graph_key, {"kind": "micro", "seed": 0})}
    micro = find_micro_clusters(vectors, key=clusterings["micro"], seed=0, neighbors=graph)
    workspace.write("clustering", micro.key, **pack_clustering(micro))
    if themes is not None:
        clusterings["themes"] = artefact_key("clustering", graph_key, np.asarray(themes))
        given = _themes(clusterings["themes"], unit_rows(vectors), np.asarray(themes), graph)
        workspace.write("clustering", given.key, **pack_clustering(given))
    workspace.write_set(name, {
        "name": name, "imageset": key, "root": "", "kind": "vectors", "notes": [],
        "request": {"source": "given", "name": name, "seed": 0}, "encoder": spec_to_dict(spec),
        "embeddings": embeddings, "projections": {}, "clusterings": clusterings,
        "neighbors": graph_key, "summary": None, "created": now(), "updated": now(),
    })  # fmt: skip
    return name


def _themes(key: str, unit: np.ndarray, labels: np.ndarray, graph: Any) -> Clustering:
    """Return given themes as a run finds them."""
    labels = labels.astype(np.int32)
    ones = np.ones(len(labels), np.float32)
    table = cluster_table(unit, labels, ones, graph, stage="themes", progress=Progress())
    return Clustering(key, "themes", {}, labels, ones, ones, table, "", labels, ones,
                      pd.DataFrame({"node": [0]}), {"verdict": "structure"})  # fmt: skip


def blobs(
    sizes: list[int], dims: int = 16, spread: float = 0.1, seed: int = 0
) -> tuple[np.ndarray, np.ndarray]:
    """Return vectors in groups of these sizes around random directions, and each one's group."""
    random = np.random.default_rng(seed)
    group = np.repeat(np.arange(len(sizes)), sizes)
    centres = unit_rows(random.standard_normal((len(sizes), dims)))
    return centres[group] + spread * random.standard_normal((len(group), dims)), group

"""A finished set of synthetic points, as large as one likes, put into a workspace within seconds.

Its vectors were never computed: it is for what shows and selects the points of a map.
"""

import json
from dataclasses import asdict

import numpy as np
import pandas as pd

from core.keys import artefact_key
from core.model import EncoderSpec, Projection, ProjectionSpec
from core.storage.records import pack_projection
from core.storage.store import Workspace, now
from tests.e2e.map_server import blobs


def make_set(root, name: str, n: int, *, seed: int = 0, groups: int = 30) -> np.ndarray:
    """Store a set of `n` points with a "umap" map and a label; return its points uint16 `(n, 2)`.

    The points that the map has are those the coordinates quantise to, not these exactly.
    """
    workspace = Workspace(root)
    xy, codes = blobs(n, seed=seed, groups=groups)
    items = pd.DataFrame({
        "item_id": [f"{row:064x}" for row in range(n)],
        "path": pd.Series([None] * n, dtype="string"),
        "label": np.array([f"group {g}" for g in range(groups + 1)], object)[codes],
    })  # fmt: skip
    imageset = artefact_key("imageset", name, n, seed)
    broken = pd.DataFrame({"path": pd.Series(dtype=str), "reason": pd.Series(dtype=str)})
    meta = {"items": n, "broken": 0}
    workspace.write("imageset", imageset, meta=meta, tables={"items": items, "broken": broken})
    key = artefact_key("projection", imageset, "umap", seed)
    coordinates = xy.astype(np.float32)
    scores = np.full(n, np.nan, np.float32)
    made = Projection(key, ProjectionSpec("umap"), coordinates, scores, {}, 0)
    workspace.write("projection", key, **pack_projection(made))
    spec = json.loads(json.dumps(asdict(EncoderSpec("given", "0" * 32, "given", 2))))
    workspace.write_set(name, {
        "name": name, "created": now(), "updated": now(), "kind": "vectors", "root": str(root),
        "notes": [], "request": {"source": "synthetic", "name": name}, "imageset": imageset,
        "embeddings": None, "encoder": spec, "neighbors": None, "projections": {"umap": key},
        "clusterings": {}, "summary": {},
    })  # fmt: skip
    return xy

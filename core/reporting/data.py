"""The set that a report is about, and all that its numbers are made from."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from core.curation import Desk
from core.errors import NotFoundError
from core.keys import artefact_key
from core.library import Library, OpenSet
from core.model import Clustering, Neighbors
from core.progress import Progress
from core.storage.store import Workspace

PARTITION = "k-means on unit vectors (64 principal components), top down"


@dataclass(frozen=True, slots=True)
class Data:
    """The set that a report is about, with all that its numbers are made from."""

    opened: OpenSet
    view: Any
    neighbors: Neighbors
    micro: Clustering
    workspace: Workspace

    @property
    def labels(self) -> tuple[str, np.ndarray] | None:
        """The labels with their edits: the column and a label of objects a row, or None."""
        known = {column.name for column in self.opened.columns()}
        name = next((n for n in ("label, edited", "label") if n in known), None)
        if name is None:
            return None
        texts = self.opened.values(name).astype("string").fillna("")
        values = np.array([text or None for text in texts], dtype=object)
        return (name, values) if any(v is not None for v in values) else None

    def unit(self) -> np.ndarray:
        """Return the unit vectors `(n, d)` float32 of all rows."""
        from core.space import unit_rows
        from core.storage.vectors import VectorCache

        folder = self.workspace.root / "vectors" / self.opened.spec.key
        ids = self.opened.items["item_id"].tolist()
        return unit_rows(VectorCache(folder, self.opened.spec).load(ids))


def data_of(name: str, workspace: Workspace) -> Data:
    """Open a set or part for a report.

    Raises
    ------
    NotFoundError
        There is no such set, or it has no neighbours and micro-clusters yet.
    """
    desk = Desk(workspace)
    opened = Library.with_desk(workspace, desk).open(name)
    neighbors, micro = opened.neighbors, opened.clustering("micro")
    if neighbors is None or micro is None:
        raise NotFoundError(f"{name!r} has no neighbours and clusters yet: run the set first")
    return Data(opened, desk.view(opened), neighbors, micro, workspace)


def data_keys(data: Data) -> dict[str, Any]:
    """Return the keys of the artefacts that a report is made from."""
    opened = data.opened
    themes = opened.clustering("themes")
    return {
        "imageset": opened.key, "embeddings": opened.embeddings, "encoder": opened.spec.key,
        "neighbors": data.neighbors.key, "micro": data.micro.key,
        "themes": None if themes is None else themes.key,
    }  # fmt: skip


def independent_of(
    data: Data, unit: np.ndarray, universe: np.ndarray, n: int, seed: int, progress: Progress
) -> tuple[str, np.ndarray]:
    """Return the independent grouping of some rows, stored or made, and its key.

    See `core.clusters.partition.independent_labels`.
    """
    from core.clusters.partition import independent_groups, independent_labels

    micro = np.asarray(data.micro.labels)
    k = independent_groups(len(np.unique(micro[universe])), n)
    spec = {"k": k, "seed": seed, "rows": universe}
    key = artefact_key("partition", data.opened.embeddings, spec)
    workspace = data.workspace
    if not workspace.has("partition", key):
        with workspace.lock(f"partition/{key}", progress):
            if not workspace.has("partition", key):
                labels = independent_labels(unit, micro, universe, n, seed, progress)
                meta = {"method": PARTITION, "k": k, "seed": seed, "rows": len(universe)}
                workspace.write("partition", key, meta=meta, arrays={"labels": labels})
    return key, np.asarray(workspace.read("partition", key).arrays["labels"])

"""How each result is laid out as an artefact, and read back from one."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from core.keys import artefact_key, digest
from core.model import (
    BrokenFile,
    Clustering,
    Neighbors,
    Projection,
    ProjectionSpec,
    Region,
)
from core.storage.store import Artefact


def region_of(row: Mapping[str, Any]) -> Region:
    """Return the region that a row of an item table stands for."""
    box = tuple(row.get(name) for name in ("box_x", "box_y", "box_w", "box_h"))
    mask, frame = row.get("mask"), row.get("frame")
    return Region(
        box=None if any(pd.isna(v) for v in box) else tuple(float(v) for v in box),  # type: ignore[arg-type]
        mask=None if pd.isna(mask) or not mask else str(mask),
        frame=None if pd.isna(frame) else int(frame),  # type: ignore[arg-type]
    )


def imageset_key(items: pd.DataFrame, broken: Sequence[BrokenFile]) -> str:
    """Return a set's key: ordered ids, paths, labels and every other column, and what is broken.

    The folder it lies in is left out, so a moved folder is the same set.
    """
    columns = {
        str(name): digest(json.dumps([None if pd.isna(v) else str(v) for v in items[name]]))
        for name in items.columns
    }
    return artefact_key(
        "imageset", list(items.columns), columns, sorted((b.path, b.reason) for b in broken)
    )


def pack_neighbors(found: Neighbors) -> dict[str, Any]:
    """Lay out a neighbour graph."""
    return {
        "meta": {
            "exact": found.exact,
            "recall": float(found.recall),
            "k": int(found.indices.shape[1]),
        },
        "arrays": {"indices": found.indices, "distances": found.distances},
    }


def unpack_neighbors(stored: Artefact) -> Neighbors:
    """Read a neighbour graph."""
    arrays, meta = stored.arrays, stored.meta
    return Neighbors(
        stored.key, arrays["indices"], arrays["distances"], meta["exact"], meta["recall"]
    )


def pack_projection(found: Projection) -> dict[str, Any]:
    """Lay out a map."""
    return {
        "meta": {"spec": asdict(found.spec), "parent": found.parent, "notice": found.notice},
        "arrays": {"coordinates": found.coordinates.astype(np.float32, copy=False)},
    }


def unpack_projection(stored: Artefact, faithfulness: Artefact | None = None) -> Projection:
    """Read a map, with its faithfulness where that has been measured."""
    coordinates = stored.arrays["coordinates"]
    return Projection(
        key=stored.key,
        spec=ProjectionSpec(**stored.meta["spec"]),
        coordinates=coordinates,
        faithfulness=faithfulness.arrays["per_point"]
        if faithfulness
        else np.full(len(coordinates), np.nan, np.float32),
        scores=faithfulness.meta["scores"] if faithfulness else {},
        n_scored=faithfulness.meta["n_scored"] if faithfulness else 0,
        parent=stored.meta["parent"],
        notice=stored.meta["notice"],
    )


def pack_clustering(found: Clustering) -> dict[str, Any]:
    """Lay out a clustering."""
    packed: dict[str, Any] = {
        "meta": {
            "kind": found.kind,
            "spec": found.spec,
            "notice": found.notice,
            "structure": found.structure,
        },
        "arrays": {
            "labels": found.labels,
            "probabilities": found.probabilities,
            "outlier_scores": found.outlier_scores,
        },
        "tables": {"clusters": found.table},
    }
    if found.kind == "themes":
        packed["arrays"] |= {
            "nearest": found.nearest,
            "nearest_probability": found.nearest_probability,
        }
        packed["tables"]["tree"] = found.tree
    return packed


def unpack_clustering(stored: Artefact) -> Clustering:
    """Read a clustering; one stored before themes were tested lacks what came with it."""
    arrays, meta = stored.arrays, stored.meta
    return Clustering(
        stored.key,
        meta["kind"],
        meta["spec"],
        arrays["labels"],
        arrays["probabilities"],
        arrays["outlier_scores"],
        stored.tables["clusters"],
        meta["notice"],
        arrays.get("nearest", np.zeros(0, np.int32)),
        arrays.get("nearest_probability", np.zeros(0, np.float32)),
        stored.tables.get("tree", pd.DataFrame()),
        meta.get("structure", {}),
    )


def pack_space(space: np.ndarray) -> dict[str, Any]:
    """Lay out the coordinates in which themes are found."""
    return {"meta": {"dims": int(space.shape[1])}, "arrays": {"space": space}}


def unpack_space(stored: Artefact) -> np.ndarray:
    """Read the coordinates in which themes are found."""
    return stored.arrays["space"]
